"""OECD Inter-Country Input-Output tables, the yearly csv files."""

import pandas as pd

from lib.data import _labelled, _members
from lib.errors import DataError
from lib.io_table import InputOutput

USES = {
    "HFCE": "household",
    "NPISH": "npish",
    "GGFC": "government",
    "GFCF": "gfcf",
    "INVNT": "inventories",
    "DPABR": "purchases_abroad",
    "P33": "purchases_abroad",  # its name in the 2018 edition
}
SPLIT = {"CN1": "CHN", "CN2": "CHN", "MX1": "MEX", "MX2": "MEX"}
"""China's processing exports and other production, Mexico's global manufacturing and the rest."""

EDITIONS = "only the layouts of the editions 2018 to 2025 are read"
_PRIMARY = r"(?:[A-Z0-9]{3}_)?(?:TLS|TAXSUB|VA|VALU)"


def read(files, year: int, file: str | None = None) -> InputOutput:
    """Read the inter-country table of one year, editions 2018, 2021, 2023 and 2025.

    Parameters
    ----------
    files : mapping of str to Path
        Yearly files, loose or in the provider's zips: ``<year>_SML.csv`` (2023 edition on),
        ``<year>.csv`` (their extended version), ``ICIO2021_<year>.csv``, ``ICIO2018_<year>.CSV``.
    year : int
    file : str, optional
        Name of the file to take when several describe the year.

    Returns
    -------
    InputOutput
        77 countries with ROW and 45 sectors in the 2023 edition, in the order of the file; uses
        household, npish, government, gfcf, inventories and purchases_abroad (of residents);
        million USD. `x` is the row of output. Where the edition splits China (CN1, CN2) and Mexico
        (MX1, MX2), they are one country again. Rows of taxes and of value added are left out, so
        that x − ΣZ is value added with net taxes on products.

    Raises
    ------
    DataError
        If no file or more than one describes the year, or a file has another layout.

    References
    ----------
    OECD (2023), OECD Inter-Country Input-Output Database.
    """
    places = _members.find(files, rf"(?:{year}(?:_SML)?|ICIO20\d\d_{year})\.csv")
    if file is not None:
        places = {name: place for name, place in places.items() if name == file}
    if not places:
        raise DataError(
            f"OECD ICIO has no file of {year} among {', '.join(files)}; put {year}_SML.csv beside "
            "them."
        )
    if len(places) > 1:
        raise DataError(
            f"OECD ICIO has several files of {year} ({', '.join(places)}); name one with file=…."
        )
    ((name, place),) = places.items()
    with _members.unpacked(place) as path:
        return tidy(_labelled.cells(path), name, year)


def tidy(frame: pd.DataFrame, file, year: int) -> InputOutput:
    """Return the canonical table from the source's own rows and columns."""
    totals = frame.index[frame.index.isin(["OUT", "OUTPUT"])]
    if len(totals) != 1:
        raise DataError(f"{file} has no single row of output, OUT or OUTPUT; {EDITIONS}.")
    primary = frame.index[frame.index.str.fullmatch(_PRIMARY)]
    frame = frame.drop(columns=["OUT", "TOTAL"], errors="ignore")
    values = frame.drop(index=totals.append(primary))
    values.index = _labelled.labels(values.index, file, "row", EDITIONS)
    values.columns = _labelled.labels(values.columns, file, "column", EDITIONS)
    output = pd.DataFrame({(_labelled.OUTPUT, ""): frame.loc[totals[0]]}).set_axis(values.columns)
    output = output[output.index.isin(values.index)]
    _check_uses(values, file)
    for part in (values, output):
        _labelled.filled(part, file)  # the sums below would take a gap for zero
    values = _fold(_fold(values).T).T.rename(columns=USES, level=1)
    x = _fold(output).reindex(values.index).to_numpy()[:, 0]
    return _labelled.assemble(values, x, file, year)


def _check_uses(values: pd.DataFrame, file) -> None:
    """Refuse a column that is neither an industry nor a use of the known editions."""
    known = values.columns.isin(values.index) | values.columns.isin(USES, level=1)
    if not known.all():
        country, item = values.columns[~known][0]
        raise DataError(
            f"{file} has the column {country}_{item}, which is no industry with a row and none of "
            f"the final uses {', '.join(USES)}; {EDITIONS}."
        )


def _fold(frame: pd.DataFrame) -> pd.DataFrame:
    """Add up the rows of the parts of a country."""
    if not frame.index.isin(SPLIT, level=0).any():
        return frame
    whole = [(SPLIT.get(country, country), item) for country, item in frame.index]
    return frame.set_axis(pd.MultiIndex.from_tuples(whole)).groupby(level=[0, 1], sort=False).sum()
