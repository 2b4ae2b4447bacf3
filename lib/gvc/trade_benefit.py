r"""The trade benefit index: the balance of a country's trade over its volume, in several accounts.

Notation as in :mod:`lib.gvc.value_added`; an *account* is a G × G matrix of what countries sell
each other: absorbed value added, gross exports, or the domestic value added in gross exports.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lib.errors import BookError
from lib.gvc.exports import five_groups, wwz
from lib.gvc.table import Table
from lib.gvc.value_added import value_added_exports

ACCOUNTS = ("absorbed", "gross", "dva", "dva_returned")


def trade_account(table: Table, account: str = "absorbed") -> pd.DataFrame:
    r"""Return what countries sell each other in one of four accounts.

    Parameters
    ----------
    table : Table
    account : {"absorbed", "gross", "dva", "dva_returned"}
        What the cell (s, r) counts:

        * ``absorbed``: value added of s that the final demand of r absorbs, whoever shipped it;
        * ``gross``: exports of s to r at full price;
        * ``dva``: value added of s in its exports to r that is absorbed abroad, in r or beyond;
        * ``dva_returned``: the same with the part that comes home to s in the end.

    Returns
    -------
    DataFrame, shape (G, G)
        `exporter` × `importer`, in the unit of the table; the diagonal is zero.

    Raises
    ------
    BookError
        If the account is none of the four.

    Notes
    -----
    .. math::
        VA_{sr} = \sum_t V_s B_{st} Y_{tr}, \qquad u'E_{sr}, \qquad
        DVA_{sr} = \sum_n (DVA\_FIN + \dots + DVA\_INTrexI2)_{s n r}, \qquad DVA_{sr} + RDV_{sr}

    Gao, Li and Zhu (2021), eq. 1; the terms of :func:`wwz`. By exporter, ``absorbed`` and ``dva``
    have the same sum; by importer they have not, because a country does not absorb all value that
    it imports, and absorbs value that reaches it through third countries.
    """
    names = ["exporter", "importer"]
    if account == "absorbed":
        return value_added_exports(table).rename_axis(columns="importer")
    if account == "gross":
        flows = table.by_country(table.E)
        return pd.DataFrame(flows, *(table.countries_index(name) for name in names))
    if account not in ACCOUNTS:
        raise BookError(f"account={account!r} is not one of {', '.join(ACCOUNTS)}.")
    groups = five_groups(wwz(table)).groupby(level=names, sort=False).sum()
    value = groups["DVA"] + groups["RDV"] if account == "dva_returned" else groups["DVA"]
    return value.unstack()[list(table.countries)].loc[list(table.countries)]


def trade_benefit_index(exports: Table | pd.DataFrame) -> pd.Series:
    r"""Return the trade benefit index: the balance of value-added trade over its volume.

    Parameters
    ----------
    exports : Table or DataFrame
        A table, or an account of trade: seller in rows, buyer in columns, with the same labels;
        the diagonal does not count.

    Returns
    -------
    Series by country
        Between -1 and 1; positive for a surplus, NaN for a country without such trade.

    Raises
    ------
    BookError
        If rows and columns of the frame are not the same countries.

    Notes
    -----
    .. math::
        TBI_i = \frac{\sum_{j \neq i} VA_{ij} - \sum_{j \neq i} VA_{ji}}
                     {\sum_{j \neq i} VA_{ij} + \sum_{j \neq i} VA_{ji}}

    Gao, Li and Zhu (2021), eq. 1.
    """
    return _trade(exports)["index"].rename("trade_benefit_index")


def trade_benefit_panel(
    source: Iterable[Table] | pd.DataFrame, account: str = "absorbed"
) -> pd.DataFrame:
    """Return the trade benefit index of every country and year.

    Parameters
    ----------
    source : iterable of Table, or DataFrame
        Tables, each with a `year`; or flows in the columns exporter, importer, year and value.
    account : {"absorbed", "gross", "dva", "dva_returned"}
        For tables, what counts as trade (:func:`trade_account`); flows are an account themselves.

    Returns
    -------
    DataFrame
        `country`, `year`, `exports` and `imports` in that account (unit of the source) and `index`,
        in order of year and of the source's countries.

    Raises
    ------
    BookError
        On a table without a year, a year given twice, no year at all, or flows that lack a pair.
    """
    if isinstance(source, pd.DataFrame):
        years = {year: _square(flows, year) for year, flows in source.groupby("year")}
    else:
        years = {}
        for table in source:
            if table.year is None or table.year in years:
                raise BookError(f"trade_benefit_panel: each table needs a year of its own "
                                f"({table.year} is none).")  # fmt: skip
            years[table.year] = trade_account(table, account)
    if not years:
        raise BookError("trade_benefit_panel: there is no table and no flow.")
    panel = pd.concat({year: _trade(flows) for year, flows in sorted(years.items())})
    panel = panel.rename_axis(["year", "country"]).reset_index()
    return panel[["country", "year", "exports", "imports", "index"]]


def index_change(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    r"""Split the change of the index into what exports and what imports contribute.

    Parameters
    ----------
    before, after : DataFrame
        Columns `exports` and `imports`, both positive, with the same index: two years, or two
        releases of one year.

    Returns
    -------
    DataFrame
        `change` of the trade benefit index, and the contributions `exports` and `imports`, which
        sum to it.

    Raises
    ------
    BookError
        If the two are not about the same rows, or trade is not positive.

    Notes
    -----
    The index is a function of the ratio of exports X to imports M alone,

    .. math::
        TBI = \frac{X - M}{X + M} = \tanh z, \qquad z = \tfrac12 (\ln X - \ln M),

    so that with the slope :math:`m = \Delta \tanh z / \Delta z` (its limit :math:`1 - \tanh^2 z`
    where z does not move)

    .. math::
        \Delta TBI = \tfrac{m}{2} \Delta \ln X - \tfrac{m}{2} \Delta \ln M .
    """
    if not before.index.equals(after.index):
        raise BookError("index_change: before and after need the same rows in the same order.")
    old, new = (part[["exports", "imports"]].to_numpy(float) for part in (before, after))
    if not (old.min(initial=1) > 0 and new.min(initial=1) > 0):
        raise BookError("index_change: exports and imports must be positive everywhere.")
    start, end = (np.log(part[:, 0] / part[:, 1]) / 2 for part in (old, new))
    moved = np.abs(end - start) > 1e-8
    secant = np.tanh(end) - np.tanh(start)
    slope = np.divide(secant, end - start, out=1 - np.tanh(start) ** 2, where=moved)
    exports, imports = (np.log(new / old) / 2 * slope[:, None] * [1, -1]).T
    parts = {"change": exports + imports, "exports": exports, "imports": imports}
    return pd.DataFrame(parts, before.index)


def _trade(source: Table | pd.DataFrame) -> pd.DataFrame:
    """Return exports, imports and the index by country."""
    flows = trade_account(source) if isinstance(source, Table) else source
    if set(flows.index) != set(flows.columns) or not flows.index.is_unique:
        raise BookError("Value-added exports need the same countries in rows and columns.")
    values = flows.loc[:, flows.index].to_numpy(float)
    abroad = np.where(np.eye(len(values), dtype=bool), 0.0, values)
    sold, bought = abroad.sum(1), abroad.sum(0)
    volume = sold + bought
    blank = np.full(len(volume), np.nan)
    index = np.divide(sold - bought, volume, out=blank, where=volume != 0)
    frame = pd.DataFrame({"exports": sold, "imports": bought, "index": index})
    return frame.set_index(flows.index.rename("country"))


def _square(flows: pd.DataFrame, year) -> pd.DataFrame:
    """Return the flows of one year as a matrix; a missing pair abroad is refused."""
    if flows.duplicated(["exporter", "importer"]).any():
        raise BookError(f"trade_benefit_panel: a pair of {year} is given twice.")
    matrix = flows.pivot(index="exporter", columns="importer", values="value")
    names = matrix.index.union(matrix.columns)
    matrix = matrix.reindex(index=names, columns=names)
    gaps = matrix.isna().to_numpy() & ~np.eye(len(names), dtype=bool)
    if gaps.any():
        seller, buyer = (names[place[0]] for place in np.nonzero(gaps))
        raise BookError(f"trade_benefit_panel: {year} has no flow from {seller} to {buyer}.")
    return matrix
