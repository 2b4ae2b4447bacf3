"""Every measure for many years in one call."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from lib.errors import BookError
from lib.gvc import exports, position, trade_benefit, value_added
from lib.gvc.table import Table
from lib.io_table import InputOutput

DIRECTIONS = ("forward", "backward")


def panel(
    tables: Iterable[Table | InputOutput],
    balance: str = "reported",
    progress: Callable[[str], object] | None = None,
) -> dict[str, pd.DataFrame]:
    """Compute every measure of a series of yearly tables.

    Parameters
    ----------
    tables : iterable of Table or InputOutput
        Each with its year; a generator that reads them one by one keeps one in memory.
    balance : {"reported", "row_sums"}
        For the input–output tables; a Table keeps its own.
    progress : callable, optional
        Called with one line of text after each year, for example ``print``.

    Returns
    -------
    dict of str to DataFrame
        Keys: ``world``, ``country``, ``sector`` (measures of that level in columns),
        ``value_added_exports``, ``kww``, ``wwz``, ``borin_mancini_source``, ``borin_mancini_sink``,
        ``gvc_trade``, ``participation``, ``production_length``, ``border_crossings``,
        ``propagation_length`` (between countries). ``year`` is the first level of each index.
        Matrices of industries by industries (flows, average propagation length) are left to their
        own functions.

    Raises
    ------
    BookError
        If a table has no year, two have the same, or there is none.
    """
    years: dict[int, dict[str, pd.DataFrame]] = {}
    for given in tables:
        table = given if isinstance(given, Table) else Table.of(given, balance)
        if table.year is None or table.year in years:
            raise BookError(f"panel: every table needs a year of its own, not {table.year}.")
        years[table.year] = measures(table)
        if progress:
            progress(f"{table.year}: {table.G} × {table.N}, {len(years)} done")
        del given, table
    if not years:
        raise BookError("panel: there is no table.")
    names = next(iter(years.values()))
    return {
        name: pd.concat({year: years[year].pop(name) for year in years}, names=["year"])
        for name in list(names)
    }


def measures(table: Table) -> dict[str, pd.DataFrame]:
    """Return every measure of one table, with the keys of :func:`panel`."""
    vax = value_added.value_added_exports(table)
    stages = position.stages(table)
    lengths = {by: _both(position.production_length, table, by) for by in ("world", "country")}
    sector = stages.join(value_added.forward_linkages(table))
    sector["imbalance"] = table.imbalance
    sector["gvc_position"] = position.gvc_position(table)
    if table.uses and "inventories" in table.uses:
        sector["upstreamness_corrected"] = position.upstreamness(table, inventory_correction=True)
    country = value_added.vertical_specialisation(table).assign(
        value_added_exports=vax.sum(axis=1),
        vax_ratio=value_added.vax_ratio(table),
        trade_benefit_index=trade_benefit.trade_benefit_index(vax),
        value_added=table.value_added.groupby("country", sort=False).sum(),
    )
    world = pd.DataFrame(
        {
            "output": table.x.sum(),
            "value_added": table.value_added.sum(),
            "exports": table.E.sum(),
            "value_added_exports": vax.to_numpy().sum(),
            "vax_ratio": value_added.vax_ratio(table, "world"),
            "stages": table.x.sum() / table.value_added.sum(),
            "imbalance": np.abs(table.imbalance).sum(),
        },
        index=["WORLD"],
    )
    return {
        "world": world.join(lengths["world"]),
        "country": country.join(lengths["country"]),
        "sector": sector,
        "value_added_exports": vax,
        "kww": exports.kww(table),
        "wwz": exports.wwz(table),
        "borin_mancini_source": exports.borin_mancini(table, "source"),
        "borin_mancini_sink": exports.borin_mancini(table, "sink"),
        "gvc_trade": exports.gvc_trade(table),
        "participation": _both(position.participation, table),
        "production_length": _both(position.production_length, table),
        "border_crossings": _both(position.border_crossings, table),
        "propagation_length": position.value_added_propagation_length(table, "country", "country"),
    }


def _both(measure, table: Table, *arguments) -> pd.DataFrame:
    """Return a forward and a backward measure side by side, ``forward_…`` and ``backward_…``."""
    return pd.concat(
        [measure(table, way, *arguments).add_prefix(f"{way}_") for way in DIRECTIONS], axis=1
    )
