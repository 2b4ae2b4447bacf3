"""How important a supplier is to an importer, how that changed, and what moved its distance.

Li & Chen (2023), section 3.3.
"""

from collections.abc import Sequence

import pandas as pd

from lib.errors import BookError
from lib.trade import _engine
from lib.trade.distance import check_columns, known, moments, priced, pulled

PAIR = ["exporter", "importer"]


def supplier_status(flows: pd.DataFrame, *, absent: str = "zero") -> pd.DataFrame:
    r"""Return the share of each exporter in each importer's imports, and in the world's exports.

    Parameters
    ----------
    flows : DataFrame
        ``exporter, importer, year, use, value`` (million USD). Give a frame without use classes
        one class, ``flows.assign(use="all")``.
    absent : {"zero", "missing"}
        What a pair without a flow is: a share of zero, where the source records every flow, or
        unknown, so that it gets no row.

    Returns
    -------
    DataFrame
        One row per `exporter`, `importer` and `year`, home pairs left out; for each class a column
        ``share_<use>`` (the exporter's share in the importer's imports of the class) and a column
        ``export_<use>`` (its share in all exports of the class), both in per cent.

    Raises
    ------
    BookError
        If a column is absent or `absent` is not one of its values.

    Notes
    -----
    .. math:: s_{jit} = \frac{v_{jit}}{\sum_i v_{jit}}, \qquad
              e_{it} = \frac{\sum_j v_{jit}}{\sum_{ij} v_{jit}}

    The bilateral status of i for j and the export status of i in Li & Chen (2023), eq. 17. The
    paper defines the first in words and the second not at all.
    """
    check_columns(flows, {*PAIR, "year", "use", "value"}, "flows")
    if absent not in ("zero", "missing"):
        raise BookError(f"absent={absent!r} is not one of zero, missing.")
    keys = [*PAIR, "year"]
    abroad = flows[flows["exporter"] != flows["importer"]]
    values = abroad.groupby([*keys, "use"])["value"].sum().unstack("use", fill_value=0.0)
    if absent == "zero":
        countries = sorted({*abroad["exporter"], *abroad["importer"]})
        every = [countries, countries, sorted(abroad["year"].unique())]
        values = values.reindex(pd.MultiIndex.from_product(every, names=keys), fill_value=0.0)
        values = values[values.index.get_level_values(0) != values.index.get_level_values(1)]
    share = 100 * values / values.groupby(["importer", "year"]).transform("sum")
    exports = values.groupby(["exporter", "year"]).transform("sum")
    export = 100 * exports / values.groupby("year").transform("sum")
    return share.add_prefix("share_").join(export.add_prefix("export_")).reset_index()


def changes(levels: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    """Return the change of every number of a pair from each year to the next one given.

    Parameters
    ----------
    levels : DataFrame
        `exporter`, `importer`, `year` and numbers.
    years : sequence of int
        At least two, in order.

    Returns
    -------
    DataFrame
        One row per pair and gap whose two ends are known: `exporter`, `importer`, `year` (the end
        of the gap), ``gap`` in years, and for each number ``x`` the level at the start
        ``x_start``, the change ``d_x`` and the change over the gap before, ``lag_d_x``, missing in
        the first gap.

    Raises
    ------
    BookError
        If fewer than two years are given, or one that the levels lack.
    """
    check_columns(levels, {*PAIR, "year"}, "levels")
    years = list(years)
    if len(years) < 2 or years != sorted(set(years)):
        raise BookError("changes needs two or more years in rising order.")
    if lacking := [y for y in years if y not in set(levels["year"])]:
        raise BookError(f"The levels have no year {lacking[0]}; choose years that they have.")
    at = {
        year: levels[levels["year"] == year].set_index(PAIR).drop(columns="year") for year in years
    }
    frames, before = [], None
    for first, last in zip(years, years[1:], strict=False):
        both = at[first].index.intersection(at[last].index, sort=False)
        change = at[last].loc[both] - at[first].loc[both]
        lag = change * float("nan") if before is None else before.reindex(both)
        parts = [at[first].loc[both].add_suffix("_start"), change.add_prefix("d_")]
        frame = pd.concat([*parts, lag.add_prefix("lag_d_")], axis=1)
        frames.append(frame.assign(year=last, gap=last - first).reset_index())
        before = change
    return pd.concat(frames, ignore_index=True)


def import_pull(
    flows: _engine.Flows,
    distance: pd.DataFrame,
    *,
    leave_out: bool = False,
    column: str = "distcap",
) -> pd.DataFrame:
    r"""Return the import distance that a country's mix of products predicts.

    Parameters
    ----------
    flows, distance, column
        As for :func:`lib.trade.import_distance`; `flows` with a `product`.
    leave_out : bool
        Leave the importer's own purchases out of the world's distance of each product. Without it
        the instrument holds a part of what it is to predict.

    Returns
    -------
    DataFrame
        ``importer, year, km``.

    Raises
    ------
    BookError
        If a needed column is absent.

    Notes
    -----
    .. math:: IV1_{jt} = \sum_p \gamma_{pjt} \, dist_{pt}, \qquad
              dist_{pt} = \sum_j \tilde\gamma_{pjt} \, dist_{pjt}

    Li & Chen (2023), eq. 19, a shift-share: :math:`\gamma_{pjt}` is product p's share in j's
    imports and :math:`\tilde\gamma_{pjt}` is j's share in the world's imports of p. The distance
    :math:`dist_{pjt}` is weighted by value, so that the world's distance of a product is that of
    all its trade. Only trade between countries with a distance enters. A product that nobody else
    imports has no distance to predict with and is left out.
    """
    check_columns(flows, {*PAIR, "year", "product", "value"}, "flows")
    weight, km = ("others", "others_km") if leave_out else ("value", "pull_km")
    query = f"""
        WITH priced AS ({priced()}), cells AS ({moments("year, importer, product", "priced")}),
        pulled AS ({pulled("cells")})
        SELECT importer, year, fsum({km}) / fsum({weight}) AS km FROM pulled
        WHERE {weight} > 0 GROUP BY importer, year ORDER BY importer, year
        """
    return _engine.run({"km": query}, flows, _distance=known(distance, column))
