"""Two accounts of the same network: how far they agree, and where and why they do not."""

import numpy as np
import pandas as pd

from lib.agreements._network import FREE, KEYS
from lib.errors import BookError

CAUSES = {
    "partial scope": "the other has only a treaty of partial or uncoded scope then",
    "starts later": "the other has the agreement, from a later year",
    "ends earlier": "the other has the agreement, until an earlier year",
    "gap": "the other has the agreement before and after, but not then",
    "absent": "the other has no agreement in the years next to these",
}
"""Why one source has a free-trade agreement between two countries and another has not."""


def agreement(one: pd.DataFrame, other: pd.DataFrame, countries=None) -> pd.DataFrame:
    """Return by year on how many pairs of countries two networks agree.

    Parameters
    ----------
    one, other : DataFrame
        ``exporter, importer, year, fta``, from :func:`network` or :func:`from_dummies`; a pair
        without a row has no agreement.
    countries : iterable of str, optional
        Economies to compare; all that appear in either if not given.

    Returns
    -------
    DataFrame
        Indexed by `year`, those that both have: `both`, `only_one`, `only_other`, `neither`
        (numbers of unordered pairs) and `share`: of all pairs, those on which the two agree.

    Raises
    ------
    BookError
        If the two have no year in common.
    """
    codes = _codes(one, other, countries)
    a, b = _aligned([one, other], "fta", codes)
    pairs = len(codes) * (len(codes) - 1) // 2
    cells = {"both": a & b, "only_one": a & ~b, "only_other": ~a & b}
    out = pd.DataFrame({name: table.sum() for name, table in cells.items()})
    out["neither"] = pairs - out.sum(axis=1)
    return out.assign(share=(out["both"] + out["neither"]) / pairs)


def compare(one: pd.DataFrame, other: pd.DataFrame, countries=None, treaties=None) -> pd.DataFrame:
    """List the free-trade agreements that one of two networks has and the other has not.

    Parameters
    ----------
    one, other, countries
        As for :func:`agreement`; the column `partial_scope` is used where it is there.
    treaties : tuple of two DataFrames, optional
        What :func:`pairs` returns for the one and the other source (None if it has none): names the
        treaties.

    Returns
    -------
    DataFrame
        One row for each unordered pair and run of consecutive years (of those that both have):
        `exporter`, `importer` (in alphabetical order), `held_by` ("one" or "other"), `first`,
        `last`, `years` (how many) and `cause`, a key of :data:`CAUSES`. With `treaties`, `held_as`
        and `known_as`: the free-trade agreements of whoever has them, and all treaties of whoever
        has not, in the first of these years.

    Raises
    ------
    BookError
        If the two have no year in common.
    """
    codes = _codes(one, other, countries)
    free = _aligned([one, other], "fta", codes)
    partial = _aligned([one, other], "partial_scope", codes)
    runs = [
        _runs(free[i] & ~free[1 - i], free[1 - i], partial[1 - i]).assign(held_by=name)
        for i, name in enumerate(["one", "other"])
    ]
    columns = ["exporter", "importer", "held_by", "first", "last", "years", "cause"]
    found = pd.concat(runs)[columns].sort_values(columns[:4], ignore_index=True)
    if treaties is None:
        return found
    free = [t if t is None else t[t["kind"].isin(FREE)] for t in treaties]
    by_one = found["held_by"] == "one"
    names = [_names(found, spells) for spells in (*free, *treaties)]
    return found.assign(
        held_as=names[0].where(by_one, names[1]), known_as=names[3].where(by_one, names[2])
    )


def _names(found: pd.DataFrame, spells: pd.DataFrame | None) -> pd.Series:
    """Return the names of the treaties in force in the first year of each run."""
    if spells is None:
        return pd.Series("", found.index)
    both = found.reset_index().merge(spells, on=["exporter", "importer"])
    both = both[(both["entry"] <= both["first"]) & (both["first"] < both["exit"])]
    return both.groupby("index")["name"].agg("; ".join).reindex(found.index, fill_value="")


def _runs(odd: pd.DataFrame, lacking: pd.DataFrame, partial: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of true cells in the rows of `odd`, with their cause."""
    years, values = odd.columns.to_numpy(), np.pad(odd.to_numpy(int), ((0, 0), (1, 1)))
    step = np.diff(values, axis=1)
    row, start = np.nonzero(step == 1)
    _, stop = np.nonzero(step == -1)
    has = np.pad(lacking.to_numpy(), ((0, 0), (1, 1)))
    before, after = has[row, start], has[row, stop + 1]
    until = np.pad(partial.to_numpy(int).cumsum(axis=1), ((0, 0), (1, 0)))
    part = until[row, stop] > until[row, start]
    cause = np.select(
        [part, before & after, after, before],
        ["partial scope", "gap", "starts later", "ends earlier"],
        "absent",
    )
    found = odd.index[row].to_frame(index=False)
    return found.assign(first=years[start], last=years[stop - 1], years=stop - start, cause=cause)


def _codes(one, other, countries) -> list[str]:
    if countries is None:
        return sorted({*one["exporter"], *one["importer"], *other["exporter"], *other["importer"]})
    return sorted(set(countries))


def _aligned(networks, flag: str, codes) -> list[pd.DataFrame]:
    """Return for each network a table of unordered pairs by common year, true where it has `flag`.

    All have the same rows and columns.
    """
    years = sorted(set.intersection(*(set(found["year"]) for found in networks)))
    if not years:
        raise BookError("The two networks have no year in common; make both for the same years.")
    i, j = np.triu_indices(len(codes), 1)
    names = np.array(codes, dtype="str")
    rows = pd.MultiIndex.from_arrays([names[i], names[j]], names=KEYS[:2])
    tables = []
    for found in networks:
        values = np.zeros((len(rows), len(years)), bool)
        if flag in found:
            here = found[(found[flag] == 1) & found["year"].isin(years)]
            row = rows.get_indexer(pd.MultiIndex.from_frame(here[KEYS[:2]]))
            column = np.searchsorted(years, here["year"])
            values[row[row >= 0], column[row >= 0]] = True
        tables.append(pd.DataFrame(values, rows, pd.Index(years, name="year")))
    return tables
