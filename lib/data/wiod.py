"""World Input-Output Database, 2013 release."""

import numpy as np
import pandas as pd

from lib.data._rdata import read_r
from lib.errors import DataError
from lib.io_table import FINAL_USES, InputOutput

__all__ = ["FINAL_USES", "YEARS", "InputOutput", "read_2013", "wiod_sectors"]

YEARS = range(1995, 2012)
RENAMED = {"ROM": "ROU", "RoW": "ROW"}

# Source code, NACE rev. 1 code, name, broad group
_SECTORS = """
c1 AtB agriculture Agriculture, hunting, forestry and fishing
c2 C mining Mining and quarrying
c3 15t16 manufacturing Food, beverages and tobacco
c4 17t18 manufacturing Textiles and textile products
c5 19 manufacturing Leather and footwear
c6 20 manufacturing Wood and products of wood and cork
c7 21t22 manufacturing Pulp, paper, printing and publishing
c8 23 manufacturing Coke, refined petroleum and nuclear fuel
c9 24 manufacturing Chemicals and chemical products
c10 25 manufacturing Rubber and plastics
c11 26 manufacturing Other non-metallic mineral products
c12 27t28 manufacturing Basic metals and fabricated metal
c13 29 manufacturing Machinery, not elsewhere classified
c14 30t33 manufacturing Electrical and optical equipment
c15 34t35 manufacturing Transport equipment
c16 36t37 manufacturing Manufacturing, not elsewhere classified; recycling
c17 E services Electricity, gas and water supply
c18 F services Construction
c19 50 services Sale and repair of motor vehicles; retail sale of fuel
c20 51 services Wholesale trade, except of motor vehicles
c21 52 services Retail trade, except of motor vehicles; repair
c22 H services Hotels and restaurants
c23 60 services Inland transport
c24 61 services Water transport
c25 62 services Air transport
c26 63 services Supporting transport activities; travel agencies
c27 64 services Post and telecommunications
c28 J services Financial intermediation
c29 70 services Real estate activities
c30 71t74 services Renting of equipment and other business activities
c31 L services Public administration and defence
c32 M services Education
c33 N services Health and social work
c34 O services Other community, social and personal services
c35 P services Private households with employed persons
"""


def wiod_sectors() -> pd.DataFrame:
    """Return the 35 sectors of the 2013 release.

    Returns
    -------
    DataFrame
        Indexed by `sector` (``c1`` … ``c35``, as in the tables) with `nace` (NACE rev. 1),
        `group` (agriculture, mining, manufacturing, services; utilities and construction count
        as services) and `name`.
    """
    rows = [line.split(maxsplit=3) for line in _SECTORS.strip().splitlines()]
    return pd.DataFrame(rows, columns=["sector", "nace", "group", "name"]).set_index("sector")


def read_2013(files, year: int) -> InputOutput:
    """Read the world input–output table of one year, 1995–2011.

    Cells are whole million USD, truncated by the source's copy, so that reported output exceeds
    the row sums by 35 to 44 million USD on average. Nothing is rebalanced here: `x` is the
    reported output. Inventories (the last use) can be negative. ``ROM`` becomes ROU, ``RoW`` ROW.

    Parameters
    ----------
    files : mapping of str to Path
        ``wiot_<year>.RData``.
    year : int

    Returns
    -------
    InputOutput
        41 countries (the last is ROW), 35 sectors, 5 final uses; million USD.

    Raises
    ------
    DataError
        If the release has no such year or a table has not the documented shape.

    References
    ----------
    Timmer, Dietzenbacher, Los, Stehrer and de Vries (2015), Review of International Economics.
    """
    if year not in YEARS:
        raise DataError(
            f"WIOD 2013 has no year {year!r}; choose one from {YEARS[0]} to {YEARS[-1]}."
        )
    path = files[f"wiot_{year}.RData"]
    table = read_r(path)
    countries = tuple(RENAMED.get(code, code) for code in map(str, table["countries"]))
    sectors = tuple(map(str, table["industries"]))
    g, n, f = len(countries), len(sectors), len(FINAL_USES)
    shapes = {"inter": (g * n, g * n), "final": (g * n, g * f), "output": (g * n,)}
    for name, shape in shapes.items():
        if np.shape(table[name]) != shape:
            raise DataError(
                f"{path}: {name} has shape {np.shape(table[name])} where {g} countries and {n} "
                f"sectors need {shape}; replace it with the documented file."
            )
    if int(table["year"][0]) != year:
        raise DataError(f"{path} holds the year {int(table['year'][0])}; fetch it again.")
    return InputOutput(
        Z=np.asarray(table["inter"], dtype=float),
        Y=np.asarray(table["final"], dtype=float).reshape(g * n, g, f),
        x=np.asarray(table["output"], dtype=float),
        countries=countries,
        sectors=sectors,
        uses=FINAL_USES,
        year=int(year),
    )
