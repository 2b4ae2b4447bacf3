"""Eaton and Kortum (2002): trade, barriers, prices and technology of 19 OECD countries, 1990."""

import numpy as np
import pandas as pd
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from lib.data import _schema
from lib.errors import DataError

# fmt: off
COUNTRIES = (
    "AUS", "AUT", "BEL", "CAN", "DNK", "FIN", "FRA", "DEU", "GRC", "ITA",
    "JPN", "NLD", "NZL", "NOR", "PRT", "ESP", "SWE", "GBR", "USA",
)
# fmt: on
"""The source numbers them 1 to 19 in this order; DEU is West Germany."""

YEAR = 90
GOODS = 50
MILE = 1.609344
SHAPES = {
    "trade1": (None, 17),
    "trade2": (None, 11),
    "trade3": (None, 9),
    "datafe": (19, 43),
    "pppdat1": (18 * GOODS, 1),
}
INTERVALS = ["bin375", "bin750", "bin1500", "bin3000", "bin6000", "binmax"]
PARTS = ("pairs", "countries", "prices")

_PAIRS = {
    "value": _schema.number(0, 1e7, "million USD"),
    "relative_imports": _schema.number(-20, 5, "in logs"),
    "normalised_imports": _schema.number(-20, 10, "in logs"),
    "distance": _schema.number(0, 20_040, "km"),
    "interval": _schema.number(1, 6),
    **{tie: _schema.dummy() for tie in ("border", "language", "ec", "efta")},
    "barrier": _schema.number(-20, 0, "in logs"),
}
_COUNTRIES = {
    "gdp": _schema.number(1e4, 1e8, "million USD"),
    "workers": _schema.number(1e5, 1e8),
    "wage": _schema.number(1e3, 1e5, "USD per year"),
    "education": _schema.number(1, 20, "years"),
    "research": _schema.number(0),
    "density": _schema.number(0, 2e4, "persons per square km"),
    "workforce": _schema.number(1e2, 1e6, "thousand"),
    "competitiveness": _schema.number(-20, 20, "in logs"),
}


def read(files, part="pairs") -> pd.DataFrame:
    """Read one part of the data behind the paper's tables, all of 1990.

    Parameters
    ----------
    files : mapping of str to Path
    part : {"pairs", "countries", "prices"}

    Returns
    -------
    DataFrame
        *pairs*, 361 rows, own pairs included: `exporter`, `importer`;

        * `value`: spending on manufactures, million USD, home sales included;
        * `relative_imports`: ln(X_ni / X_nn), importer n's purchases from i over those at home;
        * `normalised_imports`: the same of X′ (their equation 26), the left side of their trade
          equation. It rests on total spending, so it counts imports from outside the sample too;
        * `distance` (km, zero at home; the source has miles); `interval`: 1 to 6, below 375, 750,
          1,500, 3,000, 6,000 miles and beyond;
        * `border`, `language` (shared), `ec`, `efta` (both members), 0 or 1;
        * `barrier`: ln d_ni^-θ as the authors estimated it, zero at home.

        *countries*, 19 rows: `country`; `gdp` (million USD); `workers` and `wage` of manufacturing
        (persons, USD per year); `education` (mean years); `research` (stock of research and
        development); `density`; `workforce`; `competitiveness`: S_i as the authors estimated it.

        *prices*, 950 rows: `country`, `product` (1 to 50), `log_price` relative to the United
        States.

    Raises
    ------
    DataError
        On another part, or a file that is not of this form.
    """
    if part not in PARTS:
        raise DataError(f"This dataset has no part {part!r}; choose one of {', '.join(PARTS)}.")
    path = files["DATA_EK.mat"]
    try:
        tables = loadmat(path, variable_names=list(SHAPES))
    # scipy refuses MATLAB files of version 7.3, which are HDF5, with the last of these.
    except (MatReadError, ValueError, TypeError, OSError, NotImplementedError) as error:
        raise DataError(f"{path} is no MATLAB file that can be read ({error}).") from error
    for name, (rows, columns) in SHAPES.items():
        shape = np.shape(tables.get(name, 0))
        if len(shape) != 2 or shape[1] != columns or rows not in (None, shape[0]):
            raise DataError(f"{path}: the table {name!r} is not of the documented form.")
    if part == "pairs":
        frame = pd.read_csv(files["ek-data.csv"]), pd.read_csv(files["ek-language.csv"])
        return pairs(tables, *frame, path)
    return countries(tables, path) if part == "countries" else prices(tables)


def pairs(tables, geography: pd.DataFrame, ties: pd.DataFrame, file) -> pd.DataFrame:
    """Return the canonical pairs; `ties` has a row for each pair of two countries."""
    trade, by_country = _of_1990(tables, "trade1"), tables["datafe"]
    n = len(COUNTRIES)
    order = np.repeat(np.arange(1, n + 1), n), np.tile(np.arange(1, n + 1), n)
    for place, numbers in enumerate(order):
        column = geography.get(("importer", "exporter")[place])
        if column is None or len(column) != n * n or (column.to_numpy() != numbers).any():
            raise DataError(f"The pairs of {file} and ek-data.csv are not the same.")
        if (trade[:, place] != numbers).any():
            raise DataError(f"{file}: the table 'trade1' is not ordered by importer and exporter.")
    abroad = order[0] != order[1]
    if len(ties) != abroad.sum():
        raise DataError(f"ek-language.csv has {len(ties)} rows, not {abroad.sum()}.")
    frame = pd.DataFrame(
        {
            "exporter": pd.Series(COUNTRIES, dtype="str").take(order[1] - 1).array,
            "importer": pd.Series(COUNTRIES, dtype="str").take(order[0] - 1).array,
            "value": (by_country[:, 24:] / by_country[:, 1:2]).ravel(),
            "relative_imports": trade[:, 3],
            "normalised_imports": trade[:, 4],
            "distance": geography["distance"].to_numpy() * MILE,
            "interval": geography[INTERVALS].to_numpy() @ np.arange(1, 7),
            "border": geography["border"].to_numpy(),
        }
    )
    source = {"language": "sharedlanguage", "ec": "europeancom", "efta": "efta"}
    for name, column in source.items():
        frame[name] = 0
        frame.loc[abroad, name] = ties[column].to_numpy()
    frame["barrier"] = by_country[:, 5:24].ravel()
    _schema.checked(frame, _PAIRS, file)
    return frame.astype({name: int for name in ("interval", "border", "language", "ec", "efta")})


def countries(tables, file) -> pd.DataFrame:
    """Return the canonical countries."""
    own = slice(None, None, len(COUNTRIES))  # each importer's first row
    education, stocks = _of_1990(tables, "trade2")[own, 4], _of_1990(tables, "trade3")[own]
    gdp, rate, workers, wage, competitiveness = tables["datafe"][:, :5].T
    frame = pd.DataFrame(
        {
            "country": pd.Series(COUNTRIES, dtype="str"),
            "gdp": gdp / rate,
            "workers": workers,
            "wage": wage,
            "education": education,
            "research": stocks[:, 3],
            "density": stocks[:, 8],
            "workforce": stocks[:, 7],
            "competitiveness": competitiveness,
        }
    )
    return _schema.checked(frame, _COUNTRIES, file)


def prices(tables) -> pd.DataFrame:
    """Return the canonical prices; those of the last country are the base."""
    log_price = np.zeros((len(COUNTRIES), GOODS))
    log_price[:-1] = tables["pppdat1"].reshape(-1, GOODS)
    return pd.DataFrame(
        {
            "country": pd.Series(COUNTRIES, dtype="str").repeat(GOODS).array,
            "product": np.tile(np.arange(1, GOODS + 1), len(COUNTRIES)),
            "log_price": log_price.ravel(),
        }
    )


def _of_1990(tables, name):
    return tables[name][tables["trade1"][:, 2] == YEAR]
