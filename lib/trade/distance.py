"""Average import distances as one relational expression (Li & Chen 2023, eqs 15–16, 19–20).

Every measure is a ratio of sums over flows, its *moments*; so flows can be summed in any order and
over any engine. The same text of SQL runs on a thousand rows of a data frame, a hundred million
rows on the disk (DuckDB) and more than that on a cluster (Spark).
"""

from collections.abc import Sequence

import duckdb
import pandas as pd

from lib.errors import BookError
from lib.trade import _engine

Flows = _engine.Flows

MEAN = {"value": "value_km / value", "simple": "n_km / n"}
RULES = ("largest_exporter", "rca")
OWN = {"zero": "0.0", "internal": "d.km", "drop": "NULL", "second": "d.km"}
"""Distance of a product that the importer leads; `second` joins d to the second-ranked exporter."""

WORLD = "WLD"
ALL = "all"
UNKNOWN = "unclassified"
WITHIN = 'year, "use"'
KEYS = 'year, "use", importer'


def import_distance(
    flows: Flows,
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
    flows : DataFrame, DuckDB relation or PySpark DataFrame
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
    mean, keys = _choose(MEAN, weights, "weights"), _names(by)
    query = f"""
        WITH priced AS ({priced(floor)}), trips AS ({moments(keys, "priced")})
        SELECT {keys}, {mean} AS km, value, value / total AS covered
        FROM trips WHERE n > 0 ORDER BY {keys}
        """
    return _engine.run({"km": query}, flows, _distance=known(distance, column))


def leading_exporters(flows: Flows, *, rule: str = "largest_exporter") -> pd.DataFrame:
    """Rank the exporters of each product and year.

    Parameters
    ----------
    flows : DataFrame, DuckDB relation or PySpark DataFrame
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
    query = f"""
        WITH exports AS (
            SELECT year, product, exporter, fsum(value) AS value FROM _flows
            WHERE exporter <> importer AND value > 0 GROUP BY year, product, exporter
        )
        SELECT year, product, exporter, value, rank FROM ({_ranked("exports", rule)})
        WHERE rank <= 2 ORDER BY year, product, rank
        """
    return _engine.run({"leaders": query}, flows)


def ideal_import_distance(
    flows: Flows,
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
    flows : DataFrame, DuckDB relation or PySpark DataFrame
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
    mean, keys = _choose(MEAN, weights, "weights"), _names(by)
    cells = _names(dict.fromkeys(["importer", "year", "product", *by]))
    query = f"""
        WITH priced AS ({priced()}),
        imports AS ({_traded(cells, "priced")}),
        exports AS ({_traded("year, product, exporter", "priced")}),
        leaders AS ({_leaders("exports", rule)}),
        sourced AS ({_sourced("imports", "leaders", own)}),
        trips AS ({moments(keys, "sourced", home=True)})
        SELECT {keys}, {mean} AS km, value, home / total AS own_share
        FROM trips WHERE n > 0 ORDER BY {keys}
        """
    return _engine.run({"km": query}, flows, _distance=known(distance, column))


def distance_measures(
    flows: Flows,
    distance: pd.DataFrame,
    classes: pd.DataFrame | None = None,
    *,
    own: str = "zero",
    floor: float = 0.0,
    column: str = "distcap",
) -> pd.DataFrame:
    r"""Return every import distance of the world and of each importer, in one pass per year.

    Parameters
    ----------
    flows, distance, column
        As for :func:`ideal_import_distance`. A DuckDB relation is read a year at a time, so that
        memory does not grow with the number of years.
    classes : DataFrame, optional
        ``product, use``, each product once. A product without a class is ``unclassified``.
    own : {"zero", "internal", "drop", "second"}
        As for :func:`ideal_import_distance`.
    floor : float
        Smallest flow, million USD, that enters the simple mean.

    Returns
    -------
    DataFrame
        One row per `year`, `use` (``all`` and each class) and `importer` (``WLD`` is the world).
        Each class is measured as if its flows were all flows, so the RCA of a product is that among
        the goods of its class. Columns:

        * ``value`` (million USD) and ``covered``, its share that has a distance;
        * ``actual``, weighted by value, and ``simple``, the mean over flows above the floor (km);
        * ``ideal`` and ``rca_ideal`` (km), ``own_share``, the share on which `own` decides;
        * ``pull``, ``pull_others`` and ``push`` (km): the instruments of :func:`import_pull`, with
          and without the importer's own purchases, and the simple mean of the distances to leading
          exporters, products that the importer leads left out.

    Raises
    ------
    BookError
        If a needed column is absent, a product has two classes, or an argument is not one of its
        values.

    Notes
    -----
    Li & Chen (2023), eqs 15, 16, 19 and 20. Every column equals what the function of one measure
    gives on the flows of the class: the texts are the same. The flows of a year leave two small
    tables, imports by importer and product and exports by exporter and product, from which all else
    follows.
    """
    check_columns(flows, {"exporter", "importer", "year", "product", "value"}, "flows")
    frames = {"_distance": known(distance, column)}
    if classes is not None:
        check_columns(classes, {"product", "use"}, "classes")
        if ALL in set(classes["use"]):
            raise BookError(f"classes calls a class {ALL!r}, which is the name of all goods.")
        frames["_classes"] = unique(classes[["product", "use"]], ["product"], "classes")
    if not isinstance(flows, duckdb.DuckDBPyRelation):
        return _engine.run(_measures(own, floor, classes is not None), flows, **frames)
    # A year is copied into the engine once: its size is then known, and joins are built on the
    # small side. What an engine guesses of the size of one file among twenty can be far off.
    read = "SELECT exporter, importer, year, product, value FROM _flows WHERE value > 0"
    steps = {"_year": read} | _measures(own, floor, classes is not None, "_year")
    years = sorted(year for (year,) in flows.project("year").distinct().fetchall())
    parts = [_engine.run(steps, flows.filter(f"year = {y!r}"), **frames) for y in years]
    return pd.concat(parts, ignore_index=True)


# -- the expression, in parts --------------------------------------------------------------------


def priced(floor: float = 0.0, flows: str = "_flows") -> str:
    """Flows between two countries, with the distance of the pair."""
    return f"""
        SELECT f.*, d.km FROM {flows} f
        LEFT JOIN _distance d ON f.exporter = d.exporter AND f.importer = d.importer
        WHERE f.exporter <> f.importer AND f.value > {float(floor)}"""


def moments(keys: str, rows: str, floor: float = 0.0, home: bool = False) -> str:
    """Sums over rows of a value and a distance, of which every mean is a ratio."""
    return f"""
        SELECT {keys}, {"fsum(home) AS home," if home else ""} fsum(value) AS total,
               fsum(CASE WHEN km IS NOT NULL THEN value END) AS value,
               fsum(value * km) AS value_km,
               count(CASE WHEN value > {float(floor)} THEN km END) AS n,
               fsum(CASE WHEN value > {float(floor)} THEN km END) AS n_km
        FROM {rows} GROUP BY {keys}"""


def _traded(keys: str, rows: str) -> str:
    """Trade by `keys`, of pairs that have a distance."""
    return f"SELECT {keys}, value FROM ({moments(keys, rows)}) WHERE value > 0"


def _ranked(exports: str, rule: str, world: str = "year") -> str:
    """Exporters of a product in order of their score; `world` holds those who compete."""
    if rule not in RULES:
        raise BookError(f"rule={rule!r} is not one of {', '.join(RULES)}.")
    scored = f"SELECT *, value AS score FROM {exports}"
    if rule == "rca":
        scored = f"""
            SELECT s.*, (s.value / e.total) / (p.total / w.total) AS score FROM {exports} s
            JOIN ({_totals(exports, f"{world}, exporter")}) e USING ({world}, exporter)
            JOIN ({_totals(exports, f"{world}, product")}) p USING ({world}, product)
            JOIN ({_totals(exports, world)}) w USING ({world})"""
    return f"""
        SELECT *, row_number() OVER (
            PARTITION BY {world}, product ORDER BY score DESC, value DESC, exporter) AS rank
        FROM ({scored})"""


def _totals(exports: str, keys: str) -> str:
    return f"SELECT {keys}, fsum(value) AS total FROM {exports} GROUP BY {keys}"


def _leaders(exports: str, rule: str, world: str = "year") -> str:
    """The first and the second exporter of each product, side by side."""
    return f"""
        SELECT {world}, product, max(CASE WHEN rank = 1 THEN exporter END) AS leader,
               max(CASE WHEN rank = 2 THEN exporter END) AS runner_up
        FROM ({_ranked(exports, rule, world)}) WHERE rank <= 2 GROUP BY {world}, product"""


def _sourced(imports: str, leaders: str, own: str, world: str = "year") -> str:
    """Imports, each with the distance to the leading exporter; `home` is what `own` decides on."""
    at_home = _choose(OWN, own, "own")
    other = "runner_up" if own == "second" else "leader"
    return f"""
        SELECT i.*, CASE WHEN i.importer = b.leader THEN i.value ELSE 0.0 END AS home,
               CASE WHEN i.importer = b.leader THEN {at_home} ELSE d.km END AS km
        FROM {imports} i JOIN {leaders} b USING ({world}, product)
        LEFT JOIN _distance d ON i.importer = d.importer
            AND d.exporter = CASE WHEN i.importer = b.leader THEN b.{other} ELSE b.leader END"""


SUMS = "total value value_km n n_km"


def _rolled(rows: str, sets: str, sums: str = SUMS) -> str:
    """Sums by importer and for the world, of each class and of all goods."""
    added = ", ".join(f"fsum({name}) AS {name}" for name in sums.split())
    return f"""
        SELECT year, coalesce("use", '{ALL}') AS "use", coalesce(importer, '{WORLD}') AS importer,
               {added}
        FROM (SELECT {KEYS}, {added} FROM {rows} GROUP BY {KEYS}) GROUP BY GROUPING SETS ({sets})"""


def pulled(cells: str) -> str:
    """Imports by importer with the world's distance of each product, own purchases in and out.

    A product that one country buys alone is left by subtraction with a rounding error, not zero.
    """
    others = "w.value - c.value > 1e-9 * c.value"
    return f"""
        SELECT c.*, c.value * w.value_km / w.value AS pull_km,
               CASE WHEN {others} THEN c.value END AS others,
               CASE WHEN {others} THEN c.value * (w.value_km - c.value_km) / (w.value - c.value)
               END AS others_km
        FROM {cells} c JOIN (
            SELECT year, product, fsum(value) AS value, fsum(value_km) AS value_km
            FROM {cells} WHERE value > 0 GROUP BY year, product
        ) w USING (year, product) WHERE c.value > 0"""


def _classed(table: str, classes: bool) -> str:
    """Rows with their class; without classes all goods are one."""
    if not classes:
        return f"""SELECT '{ALL}' AS "use", t.* FROM {table} t"""
    return f"""
        SELECT coalesce(c."use", '{UNKNOWN}') AS "use", t.* FROM {table} t
        LEFT JOIN _classes c ON t.product = c.product"""


def _measures(own: str, floor: float, classes: bool, flows: str = "_flows") -> dict[str, str]:
    """The steps of :func:`distance_measures`: small tables first, then every measure from them.

    The largest exporter of a product is the same among all goods and in its class, so classes add
    up to all goods. RCA depends on who else is counted, and is ranked in both.
    """
    parts = f'({KEYS}), (year, "use")'
    sets = f"{parts}, (year, importer), (year)" if classes else parts

    def both(table, columns):
        kept = f'SELECT {columns}, "use" FROM {table} WHERE value > 0'
        every = f"SELECT {columns}, '{ALL}' AS \"use\" FROM {table} WHERE value > 0"
        return f"({kept} UNION ALL {every})" if classes else f"({kept})"

    def ideal(sourced, sets):
        return _rolled(f"({moments(KEYS, f'({sourced})', home=True)})", sets, f"{SUMS} home")

    rows = f"WITH priced AS ({priced(flows=flows)}) "
    return {
        "_imports": rows + moments("year, importer, product", "priced", floor),
        "_exports": rows + _traded("year, product, exporter", "priced"),
        "_cells": _classed("_imports", classes),
        "_bought": f"SELECT {KEYS}, product, value FROM _cells WHERE value > 0",
        "_sold": _classed("_exports", classes),
        "_largest": _leaders("_exports", "largest_exporter"),
        "_rca": _leaders(both("_sold", "year, product, exporter, value"), "rca", WITHIN),
        "measures": f"""
        WITH trips AS ({_rolled("_cells", sets)}),
        ideal AS ({ideal(_sourced("_bought", "_largest", own), sets)}),
        push AS ({ideal(_sourced("_bought", "_largest", "drop"), sets)}),
        rca AS ({
            ideal(
                _sourced(both("_bought", "year, importer, product, value"), "_rca", own, WITHIN),
                parts,
            )
        }),
        pull AS ({_rolled(f"({pulled('_cells')})", sets, "value pull_km others others_km")})
        SELECT {KEYS}, t.value, t.value / t.total AS covered,
               t.value_km / t.value AS actual, t.n_km / nullif(t.n, 0) AS simple,
               i.value_km / i.value AS ideal, r.value_km / r.value AS rca_ideal,
               i.home / i.total AS own_share,
               p.pull_km / p.value AS pull, p.others_km / p.others AS pull_others,
               l.n_km / nullif(l.n, 0) AS push
        FROM trips t LEFT JOIN ideal i USING ({KEYS}) LEFT JOIN rca r USING ({KEYS})
        LEFT JOIN pull p USING ({KEYS}) LEFT JOIN push l USING ({KEYS})
        WHERE t.value > 0 ORDER BY {KEYS}
        """,
    }


# -- arguments -----------------------------------------------------------------------------------


def known(distance: pd.DataFrame, column: str) -> pd.DataFrame:
    """The pairs that have a distance, under the name ``km``."""
    check_columns(distance, {"exporter", "importer", column}, "distance")
    pairs = distance[["exporter", "importer", column]].dropna()
    return unique(pairs.rename(columns={column: "km"}), ["exporter", "importer"], "distance")


def unique(frame: pd.DataFrame, keys: list[str], argument: str) -> pd.DataFrame:
    """Refuse a frame that would count a flow twice."""
    if (twice := frame.duplicated(keys)).any():
        which = " ".join(frame.loc[twice, keys].iloc[0].astype(str))
        raise BookError(f"{argument} holds {which} twice; give each {' and '.join(keys)} one row.")
    return frame


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
