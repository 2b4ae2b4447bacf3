"""World Input-Output Database, 2016 release, in the three formats in which it is given out."""

from pathlib import Path

import pandas as pd

from lib.data import _labelled, _members
from lib.data._rdata import read_r
from lib.data._stata import read_stata
from lib.errors import DataError
from lib.io_table import FINAL_USES, InputOutput

YEARS = range(2000, 2015)


def read(files, year: int) -> InputOutput:
    """Read the world input–output table of one year, 2000–2014, current prices.

    Parameters
    ----------
    files : mapping of str to Path
        ``WIOT<year>_October16_ROW.RData`` or ``.dta``, or ``WIOT<year>_Nov16_ROW.xlsb``, loose or
        in the provider's zips. R goes before Stata before Excel when several are there.
    year : int

    Returns
    -------
    InputOutput
        44 countries with ROW, 56 sectors by the codes of the source (ISIC rev. 4), 5 final uses;
        million USD. `x` is the column of gross output. The eight rows of totals, taxes, margins
        and value added are left out, so that x − ΣZ is value added with net taxes on products and
        international transport margins. Inventories and, rarely, capital formation are negative.

    Raises
    ------
    DataError
        If the release has no such year, no file describes it, or a file has another layout.

    References
    ----------
    Timmer, Dietzenbacher, Los, Stehrer and de Vries (2015), Review of International Economics.
    """
    if year not in YEARS:
        raise DataError(
            f"WIOD 2016 has no year {year!r}; choose one from {YEARS[0]} to {YEARS[-1]}."
        )
    readers = {
        f"WIOT{year}_October16_ROW.RData": read_r,
        f"WIOT{year}_October16_ROW.dta": _stata,
        f"WIOT{year}_Nov16_ROW.xlsb": _excel,
    }
    for name, reader in readers.items():
        if place := _members.find(files, name).get(name):
            with _members.unpacked(place) as path:
                return tidy(reader(path), name, year)
    raise DataError(
        f"WIOD 2016 has no file of {year} among {', '.join(files)}; put {' or '.join(readers)} "
        "beside them."
    )


def _stata(path: Path) -> pd.DataFrame:
    return read_stata(path).rename(columns=lambda name: name.removeprefix("v"))


def _excel(path: Path) -> pd.DataFrame:
    """Return the sheet with the columns of the R file.

    Lines 3 to 6 of the sheet head the columns: sector or use, its name, country, and c1 to c62;
    columns A to D head the rows: sector, its name, country, and r1 to r73.
    """
    try:
        sheet = pd.read_excel(path, header=None, engine="calamine")
    except ImportError as error:
        raise DataError(
            f"{path.name} needs the package python-calamine, which is not installed; take the "
            "tables in R format instead."
        ) from error
    except Exception as error:  # the reader's own type is not to be imported without it
        raise DataError(f"{path} is not a readable Excel file ({error}): get it again.") from error
    if sheet.shape[0] < 7 or sheet.shape[1] < 5:
        raise DataError(f"{path.name} has no table on its first sheet; get it again.")
    country, number = (sheet.iloc[line, 4:].astype("str") for line in (4, 5))
    heads = ["IndustryCode", "IndustryDescription", "Country", "RNr"]
    return sheet.iloc[6:].set_axis([*heads, *(country + number.str.removeprefix("c"))], axis=1)


def tidy(frame: pd.DataFrame, file, year: int) -> InputOutput:
    """Return the canonical table from the columns IndustryCode, Country, AUS1 … ROW61 and TOT."""
    total = [name for name in frame if str(name).startswith("TOT")]
    needed = ["IndustryCode", "Country"]
    if len(total) != 1 or not set(needed) <= set(frame):
        raise DataError(
            f"{file} has not the columns {', '.join(needed)} and TOT (it starts with "
            f"{', '.join(map(str, frame.columns[:6]))}); replace it with the file as given out."
        )
    frame = frame[frame["Country"].astype("str") != "TOT"]
    if "Year" in frame and set(frame["Year"]) != {year}:
        raise DataError(f"{file} holds the year {frame['Year'].iloc[0]:.0f}; get it again.")
    country, sector = (frame[name].astype("str") for name in reversed(needed))
    rows = pd.MultiIndex.from_arrays([country.replace(_labelled.RENAMED), sector])
    names = pd.Index(frame.columns.drop([*needed, *total])).drop(
        ["IndustryDescription", "RNr", "Year"], errors="ignore"
    )
    columns = _columns(names, [*rows.unique(1), *FINAL_USES], file)
    values = pd.DataFrame(_floats(frame[names], rows, file), rows, columns)
    x = _floats(frame[total], rows, file)[:, 0]
    return _labelled.assemble(values, x, file, year)


def _columns(names: pd.Index, items: list[str], file) -> pd.MultiIndex:
    """Return (country, sector or use) for AUS1 …: sectors are numbered first, uses after them."""
    parts = names.str.extract(r"^([A-Z]{3})(\d{1,2})$")
    number = parts[1].astype(float)
    if len(wrong := names[~number.between(1, len(items)).to_numpy()]):
        raise DataError(
            f"{file} has the column {wrong[0]!r}, which is not a country code and a number from 1 "
            f"to {len(items)}; replace it with the file as given out."
        )
    item = [items[int(n) - 1] for n in number]
    return pd.MultiIndex.from_arrays([parts[0].replace(_labelled.RENAMED), item])


def _floats(frame: pd.DataFrame, rows: pd.MultiIndex, file):
    try:
        return frame.to_numpy(float)
    except (TypeError, ValueError) as error:
        text = frame.map(lambda cell: isinstance(cell, str)).to_numpy()
        row, column = divmod(int(text.argmax()), text.shape[1])
        raise DataError(
            f"{file}, row {'_'.join(rows[row])}, column {frame.columns[column]}: "
            f"{frame.iat[row, column]!r} is not a number; get the file again."
        ) from error
