"""Average import distances as one relational expression (Li & Chen 2023, eqs 15–16).

The engine is DuckDB: the same expression runs on a thousand rows of a data frame and on a hundred
million rows of a parquet file.
"""

from collections.abc import Sequence

import duckdb
import pandas as pd

from lib.errors import BookError

OWN = {"zero": "0", "internal": "first.km", "drop": "NULL", "second": "second.km"}
SCORE = {
    "largest_exporter": "value",
    "rca": """(value / sum(value) OVER (PARTITION BY year, exporter))
              / (sum(value) OVER (PARTITION BY year, product)
                 / sum(value) OVER (PARTITION BY year))""",
}
MEAN = {"value": "fsum(value * km) / fsum(value)", "simple": "avg(km)"}


def import_distance(
    flows: pd.DataFrame | duckdb.DuckDBPyRelation,
    distance: pd.DataFrame,
    *,
    by: Sequence[str] = ("year",),
    weights: str = "value",
    floor: float = 0.0,
    column: str = "distcap",
) -> pd.DataFrame:
    r"""Return the average distance that imports travel.

    Parameters
    ----------
    flows : DataFrame or DuckDB relation
        ``exporter, importer, year, value`` (million USD) and any column named in `by`.
    distance : DataFrame
        ``exporter, importer`` and `column` in km, both directions of each pair.
    by : sequence of str
        Columns of `flows` that define the groups.
    weights : {"value", "simple"}
        Weight each flow by its value, or count every positive flow once.
    floor : float
        Flows up to this value (million USD) are left out. Sources that truncate small cells carry
        a false trend in simple means; a floor above the truncation shows it.
    column : str
        Which distance.

    Returns
    -------
    DataFrame
        The columns of `by`, ``km``, ``value`` (million USD) and ``covered``: the share of the
        group's value that has a distance. Home trade is left out.

    Raises
    ------
    BookError
        If a needed column is absent or an argument is not one of its values.

    Notes
    -----
    .. math:: \bar d_{jt} = \sum_i \frac{v_{ijt}}{v_{jt}} d_{ij}

    Li & Chen (2023), eq. 15 with import data in place of expenditure shares: their simulation
    counts home trade at distance zero, import data have none.
    """
    check_columns(flows, {"exporter", "importer", "year", "value", *by}, "flows")
    check_columns(distance, {"exporter", "importer", column}, "distance")
    mean = _choose(MEAN, weights, "weights")
    keys = _names(by)
    return _query(
        f"""
        WITH priced AS (
            SELECT f.*, d.{column} AS km
            FROM flows f LEFT JOIN distance d USING (exporter, importer)
            WHERE f.exporter <> f.importer AND f.value > {float(floor)}
        )
        SELECT {keys}, {mean} AS km,
               fsum(value) AS value, fsum(value) / any_value(total) AS covered
        FROM (SELECT *, sum(value) OVER (PARTITION BY {keys}) AS total FROM priced)
        WHERE km IS NOT NULL
        GROUP BY {keys} ORDER BY {keys}
        """,
        flows=flows,
        distance=distance,
    )


def leading_exporters(
    flows: pd.DataFrame | duckdb.DuckDBPyRelation, *, rule: str = "largest_exporter"
) -> pd.DataFrame:
    """Rank the exporters of each product and year.

    Parameters
    ----------
    flows : DataFrame or DuckDB relation
        ``exporter, importer, year, product, value``.
    rule : {"largest_exporter", "rca"}
        Rank by the value of exports, or by the Balassa index of revealed comparative advantage
        (Li & Chen 2023, §3.2). Ties go to the larger exporter, then to the alphabet.

    Returns
    -------
    DataFrame
        ``year, product, exporter, value, rank`` (1 is the leader), the first two ranks.
    """
    check_columns(flows, {"exporter", "importer", "year", "product", "value"}, "flows")
    return _query(_leaders(rule) + " ORDER BY year, product, rank", flows=flows)


def ideal_import_distance(
    flows: pd.DataFrame | duckdb.DuckDBPyRelation,
    distance: pd.DataFrame,
    *,
    rule: str = "largest_exporter",
    own: str = "zero",
    by: Sequence[str] = ("year",),
    weights: str = "value",
    column: str = "distcap",
) -> pd.DataFrame:
    r"""Return the average import distance if every product came from its leading exporter.

    Parameters
    ----------
    flows : DataFrame or DuckDB relation
        ``exporter, importer, year, product, value`` and any column named in `by`.
    distance, by, weights, column
        As for :func:`import_distance`.
    rule : {"largest_exporter", "rca"}
        Who stands for the most productive country.
    own : {"zero", "internal", "drop", "second"}
        What an importer does that is itself the leading exporter: buys at home, at distance zero
        or at the country's internal distance (the own pair of `distance`), is left out for that
        product, or buys from the second-ranked exporter.

    Returns
    -------
    DataFrame
        The columns of `by`, ``km``, ``value`` (million USD) and ``own_share``: the share of the
        group's value on which `own` decides.

    Raises
    ------
    BookError
        If a needed column is absent or an argument is not one of its values.

    Notes
    -----
    .. math:: d^{EK}_{jt} = \sum_p \frac{v_{pjt}}{v_{jt}} d_{j I(p,t)}

    Li & Chen (2023), eq. 16. Only flows between countries that have a distance take part, so that
    the actual and the ideal distance rest on the same trade.
    """
    check_columns(flows, {"exporter", "importer", "year", "product", "value", *by}, "flows")
    check_columns(distance, {"exporter", "importer", column}, "distance")
    mean = _choose(MEAN, weights, "weights")
    keys = _names(by)
    extra = _names(dict.fromkeys(["importer", "year", "product", *by]))
    home = _choose(OWN, own, "own")
    return _query(
        f"""
        WITH known AS (
            SELECT exporter, importer, {column} AS km FROM distance WHERE {column} IS NOT NULL
        ), priced AS (
            SELECT f.* FROM flows f SEMI JOIN known USING (exporter, importer)
            WHERE f.exporter <> f.importer AND f.value > 0
        ), leaders AS ({_leaders(rule).replace("FROM flows", "FROM priced")}
        ), imports AS (
            SELECT {extra}, sum(value) AS value
            FROM priced GROUP BY ALL
        ), offers AS (
            SELECT year, product, rank, exporter, importer, km
            FROM leaders JOIN known USING (exporter)
        ), sourced AS (
            SELECT i.*, i.importer = leader.exporter AS is_leader,
                   CASE WHEN is_leader THEN {home} ELSE first.km END AS km
            FROM imports i
            JOIN (SELECT * FROM leaders WHERE rank = 1) leader USING (year, product)
            LEFT JOIN (SELECT * FROM offers WHERE rank = 1) first
                USING (year, product, importer)
            LEFT JOIN (SELECT * FROM offers WHERE rank = 2) second
                USING (year, product, importer)
        )
        SELECT {keys}, {mean} AS km, fsum(value) AS value,
               any_value(home) / any_value(total) AS own_share
        FROM (SELECT *, sum(value) OVER (PARTITION BY {keys}) AS total,
                     coalesce(sum(value) FILTER (is_leader) OVER (PARTITION BY {keys}), 0) AS home
              FROM sourced)
        WHERE km IS NOT NULL
        GROUP BY {keys} ORDER BY {keys}
        """,
        flows=flows,
        distance=distance,
    )


def _leaders(rule: str) -> str:
    return f"""
        SELECT year, product, exporter, value, rank FROM (
            SELECT *, row_number() OVER (
                PARTITION BY year, product ORDER BY score DESC, value DESC, exporter) AS rank
            FROM (
                SELECT *, {_choose(SCORE, rule, "rule")} AS score FROM (
                    SELECT year, product, exporter, sum(value) AS value FROM flows
                    WHERE exporter <> importer AND value > 0 GROUP BY ALL)))
        WHERE rank <= 2"""


def _choose(options: dict, name: str, argument: str) -> str:
    if name not in options:
        raise BookError(f"{argument}={name!r} is not one of {', '.join(options)}.")
    return options[name]


def _names(columns) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def check_columns(frame, needed: set[str], argument: str) -> None:
    """Refuse a frame that lacks a column."""
    missing = needed - set(frame.columns)
    if missing:
        raise BookError(f"{argument} lacks the column {', '.join(sorted(missing))}.")


def _query(sql: str, **tables) -> pd.DataFrame:
    with duckdb.connect() as engine:
        for name, table in tables.items():
            if isinstance(table, duckdb.DuckDBPyRelation):
                table = table.arrow()
            engine.register(name, table)
        return engine.sql(sql).df()
