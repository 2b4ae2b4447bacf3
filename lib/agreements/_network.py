"""From the parties of treaties to pairs of countries."""

import numpy as np
import pandas as pd

from lib.agreements._memberships import memberships
from lib.errors import BookError

FREE = ("free trade", "customs union")
FLAGS = ["customs_union", "services", "partial_scope"]
KEYS = ["exporter", "importer", "year"]


def pairs(treaties: pd.DataFrame) -> pd.DataFrame:
    """Return which treaty binds which pair of countries, and when.

    Parameters
    ----------
    treaties : DataFrame
        As for :func:`memberships`.

    Returns
    -------
    DataFrame
        `exporter`, `importer` (each pair in both directions), `treaty`, `name`, `kind`, `services`,
        `entry` and `exit`: first year in force between the two, first year no more (9999: open).
    """
    one = memberships(treaties)
    both = one.merge(one[["treaty", "country", "side", "entry", "exit"]], on="treaty")
    both = both[(both["side_x"] != both["side_y"]) & (both["country_x"] != both["country_y"])]
    both = both.assign(
        entry=np.maximum(both["entry_x"], both["entry_y"]),
        exit=np.minimum(both["exit_x"], both["exit_y"]),
    ).rename(columns={"country_x": "exporter", "country_y": "importer"})
    columns = ["exporter", "importer", "treaty", "name", "kind", "services", "entry", "exit"]
    both = both.loc[both["entry"] < both["exit"], columns]
    return both.sort_values(["exporter", "importer", "entry", "treaty"], ignore_index=True)


def network(treaties: pd.DataFrame, years, countries=None) -> pd.DataFrame:
    """Return who has a trade agreement with whom in which year.

    Parameters
    ----------
    treaties : DataFrame
        ``data.load("tota")`` or ``data.load("desta")``, or what :func:`memberships` returns.
    years : int or iterable of int
        A treaty counts from the year of its entry into force to the year before its end: the state
        of things on 31 December.
    countries : iterable of str, optional
        Return every ordered pair of these in every year, zeros included. If not given, only pairs
        with an agreement of any kind have a row.

    Returns
    -------
    DataFrame
        `exporter`, `importer`, `year` and

        * `n`: number of free-trade agreements and customs unions in force between the two;
        * `fta`: 1 if there is any;
        * `customs_union`, `services`: 1 if one of them is a customs union; if any treaty between
          the two covers services;
        * `partial_scope`: 1 if there is a treaty of partial scope, or of a scope that the source
          does not code. It does not count in `n` or `fta`.

        The frame is symmetric: each pair has both directions.

    Raises
    ------
    BookError
        If `treaties` is not from a known source.

    See Also
    --------
    memberships : the rules by which parties are found.
    """
    years = np.unique(np.atleast_1d(years))
    spells = pairs(treaties)
    free, only_services = spells["kind"].isin(FREE), spells["kind"] == "services"
    spells = spells.assign(
        n=free,
        customs_union=spells["kind"] == "customs union",
        services=spells["services"] == 1,
        partial_scope=~free & ~only_services,
    )
    long = _by_year(spells[["exporter", "importer", "entry", "exit", "n", *FLAGS]], years)
    found = long.groupby(KEYS, as_index=False)[["n", *FLAGS]].sum()
    if countries is not None:
        square = pd.MultiIndex.from_product([countries, countries, years], names=KEYS).to_frame()
        square = square[square["exporter"] != square["importer"]]
        found = square.reset_index(drop=True).merge(found, on=KEYS, how="left").fillna(0)
    found[FLAGS] = found[FLAGS] > 0
    found = found.astype(dict.fromkeys(["n", *FLAGS], int))
    found.insert(4, "fta", found["n"].clip(upper=1))
    return found.sort_values(KEYS, ignore_index=True)


def _by_year(spells: pd.DataFrame, years: np.ndarray) -> pd.DataFrame:
    """Repeat each spell for the years from its entry to the year before its exit."""
    first, stop = (np.searchsorted(years, spells[column]) for column in ("entry", "exit"))
    length = stop - first
    row = np.repeat(np.arange(len(spells)), length)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    return spells.iloc[row].assign(year=years[first[row] + nth])


def from_dummies(gravity: pd.DataFrame) -> pd.DataFrame:
    """Bring the agreement dummies of ``data.load("wiod_2016_gravity")`` to a network.

    Returns
    -------
    DataFrame
        `exporter`, `importer`, `year`, `fta`, `customs_union`, `services`, `partial_scope` as in
        :func:`network`, every pair of two different countries.
    """
    cross = gravity[gravity["exporter"] != gravity["importer"]]
    flags = {
        "fta": ["cu", "fta", "cueia", "ftaeia"],
        "customs_union": ["cu", "cueia"],
        "services": ["eia", "cueia", "ftaeia", "psaeia"],
        "partial_scope": ["psa", "psaeia"],
    }
    if missing := {name for names in flags.values() for name in names} - set(gravity.columns):
        raise BookError(f"gravity lacks the column {min(missing)}.")
    found = cross[KEYS].assign(**{flag: cross[names].max(axis=1) for flag, names in flags.items()})
    return found.sort_values(KEYS, ignore_index=True)


def changes(found: pd.DataFrame, years=None) -> pd.DataFrame:
    """Return the pairs whose agreements change from one year to the next of `years`.

    Parameters
    ----------
    found : DataFrame
        From :func:`network`.
    years : iterable of int, optional
        Years of `found` to compare, in order; all of them if not given.

    Returns
    -------
    DataFrame
        `exporter`, `importer`, `since`, `year`; `formed`, `ended` (1 if the pair has a free-trade
        agreement in `year` only, in `since` only) and `change_n`. Pairs without any change have no
        row.

    Raises
    ------
    BookError
        If a year is not in `found`, or fewer than two are given.
    """
    years = np.unique(found["year"] if years is None else np.atleast_1d(years))
    if absent := sorted(set(years.tolist()) - set(found["year"])):
        raise BookError(f"The network has no year {absent[0]}; make it for the years compared.")
    if len(years) < 2:
        raise BookError("Changes need two years or more.")
    n = found.pivot(index=["exporter", "importer"], columns="year", values="n").fillna(0)
    before, after = n[years[:-1]].set_axis(years[1:], axis=1), n[years[1:]]
    both = pd.DataFrame({"before": before.stack(), "n": after.stack()}).astype(int).reset_index()
    moved = both[both["before"] != both["n"]].rename(columns={"level_2": "year"})
    return pd.DataFrame(
        {
            "exporter": moved["exporter"],
            "importer": moved["importer"],
            "since": moved["year"].map(dict(zip(years[1:], years[:-1], strict=True))),
            "year": moved["year"],
            "formed": ((moved["before"] == 0) & (moved["n"] > 0)).astype(int),
            "ended": ((moved["before"] > 0) & (moved["n"] == 0)).astype(int),
            "change_n": moved["n"] - moved["before"],
        }
    ).sort_values(["year", "exporter", "importer"], ignore_index=True)
