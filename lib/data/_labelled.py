"""Input–output tables whose rows and columns carry labels: checked, and put into order."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

from lib.data._codes import RETIRED
from lib.errors import DataError
from lib.io_table import InputOutput

RENAMED = RETIRED | {"RoW": "ROW", "ROM": "ROU"}
OUTPUT = "output"


def read_table(path, year: int) -> InputOutput:
    """Read an input–output table of your own from one file, csv or parquet.

    Parameters
    ----------
    path : str or Path
        A ``.csv`` (commas, point as the decimal mark, UTF-8) or ``.parquet`` file.
    year : int
        The year that the table describes; the file does not say.

    Returns
    -------
    InputOutput
        Countries, sectors and final uses in the order in which the file first names them.

    Raises
    ------
    DataError
        If a label, row, column or cell is missing, double or not of the form below.

    Notes
    -----
    The file has one line per industry and one column per industry and per final use of a country,
    in any order, and no line of totals, taxes or value added::

        label,FRA_A,FRA_B,ROW_A,ROW_B,FRA_household,FRA_gfcf,ROW_household,ROW_gfcf,output
        FRA_A,10,5,1,0,20,4,2,1,43
        FRA_B,3,15,0,1,25,2,1,0,47
        ROW_A,0,1,12,4,1,0,30,3,51
        ROW_B,1,0,3,10,2,1,20,2,39

    * A label is a country code of three capital letters, an underscore and the name of a sector or
      use, which may hold further underscores. ``ROW`` is the rest of the world; ROM and other
      retired codes are brought up to date.
    * The first column of text holds the labels of the lines; its own name is free.
    * A column with the label of a line holds intermediate deliveries to that industry; every other
      column but ``output`` is a final use, and each country has the same uses.
    * ``output`` is gross output. It need not equal the sum of its line: `lib.gvc.Table` keeps the
      difference apart or balances it away.
    * Values are in million USD; every cell is filled, zeros included. No measure depends on the
      unit as long as it is one.
    """
    path = Path(path)
    frame = cells(path)
    if OUTPUT not in frame:
        raise DataError(f"{path} lacks the column {OUTPUT!r}, gross output; add it.")
    values = frame.drop(columns=OUTPUT)
    values.index = labels(values.index, path, "row")
    values.columns = labels(values.columns, path, "column")
    return assemble(values, frame[OUTPUT].to_numpy(), path, year)


def cells(path: Path) -> pd.DataFrame:
    """Return the numbers of a file by row and column label, both as written there.

    An empty cell is NaN. A label that occurs twice is refused.
    """
    table = _arrow(path)
    text = [c for c in table.column_names if pa.types.is_string(_plain(table[c].type))]
    if not text or len(table.column_names) < 2:
        raise DataError(
            f"{path} has no column of row labels beside columns of numbers (its columns start with "
            f"{', '.join(table.column_names[:3])}); write it with commas and one label per line."
        )
    rows = pd.Index(table[text[0]].to_pylist(), dtype="str")
    names = [name for name in table.column_names if name != text[0]]
    for kind, index in (("row", rows), ("column", pd.Index(names))):
        if len(twice := index[index.duplicated()]):
            raise DataError(f"{path} has the {kind} {twice[0]!r} twice; keep one.")
    columns = [_numbers(table[name], rows, name, path) for name in names]
    return pd.DataFrame(np.column_stack(columns), index=rows, columns=pd.Index(names, dtype="str"))


def _arrow(path: Path) -> pa.Table:
    readers = {".csv": csv.read_csv, ".parquet": parquet.read_table}
    if path.suffix.lower() not in readers:
        raise DataError(f"{path} is neither a .csv nor a .parquet file; save it as one of them.")
    try:
        table = readers[path.suffix.lower()](path)
    except (OSError, pa.ArrowInvalid) as error:
        reason = str(error).split("\n")[0]
        raise DataError(f"{path} cannot be read ({reason}); save it again.") from error
    if len(set(table.column_names)) < len(table.column_names):
        twice = pd.Index(table.column_names)
        name = twice[twice.duplicated()][0]
        raise DataError(f"{path} has the column {name!r} twice; keep one.")
    return table


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return the type of text however it is stored."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.string() if pa.types.is_large_string(kind) else kind


def _numbers(column: pa.ChunkedArray, rows: pd.Index, name: str, path: Path) -> np.ndarray:
    numeric = (pa.types.is_integer, pa.types.is_floating, pa.types.is_null)
    if any(is_kind(column.type) for is_kind in numeric):
        return column.cast(pa.float64()).to_numpy()
    # One cell that is no number turns its whole column into text.
    as_text = pd.Series(column.to_pylist(), dtype="str")
    bad = int(pd.to_numeric(as_text, errors="coerce").isna().to_numpy().argmax())
    raise DataError(
        f"{path}, row {rows[bad]}, column {name}: {as_text[bad]!r} is not a number; write numbers "
        "with a point and nothing else."
    )


def labels(index: pd.Index, path, kind: str, advice="rename or drop it") -> pd.MultiIndex:
    """Split ``FRA_C10T12`` at its first underscore; codes are brought up to date."""
    parts = index.str.extract(r"^([A-Z][A-Z0-9]{2}|RoW)_(.+)$")
    if len(wrong := index[parts[0].isna().to_numpy()]):
        raise DataError(
            f"{path} has the {kind} label {wrong[0]!r}, which is not a country code of three "
            f"capital letters, an underscore and a name; {advice}."
        )
    return pd.MultiIndex.from_arrays([parts[0].replace(RENAMED), parts[1]])


def filled(values: pd.DataFrame, path) -> pd.DataFrame:
    """Return `values` if none is missing or infinite; name the first one otherwise."""
    finite = np.isfinite(values.to_numpy())
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise DataError(
            f"{path}, row {_name(values.index[row])}, column {_name(values.columns[column])}: "
            f"{values.iat[row, column]} is not a value; fill every cell, zeros included."
        )
    return values


def assemble(values: pd.DataFrame, output: np.ndarray, path, year: int) -> InputOutput:
    """Return the table in order, or refuse it by the label of the first fault.

    Parameters
    ----------
    values : DataFrame
        Rows (country, sector), columns (country, sector or final use), in any order.
    output : ndarray
        Gross output of each row.
    path
        File to name in a refusal.
    year : int
    """
    rows, columns = values.index, values.columns
    countries, sectors = rows.unique(0), rows.unique(1)
    industries = pd.MultiIndex.from_product([countries, sectors])
    final = columns.difference(industries, sort=False)
    uses = final.unique(1)
    demand = pd.MultiIndex.from_product([countries, uses])
    _refuse(
        path,
        ("has the row", rows[rows.duplicated()], " twice; keep one"),
        ("has the column", columns[columns.duplicated()], " twice; keep one"),
        ("lacks the row", industries.difference(rows, sort=False),
         f"; every country needs the same sectors ({', '.join(sectors[:4])}, …)"),
        ("lacks the column", industries.difference(columns, sort=False),
         ", though there is such a row; a line of totals does not belong here"),
        ("has the column", final[~final.get_level_values(0).isin(countries)],
         ", whose country has no row"),
        ("lacks the column", demand.difference(final, sort=False),
         f"; every country needs the same final uses ({', '.join(uses[:6])})"),
    )  # fmt: skip
    if not len(uses):
        raise DataError(f"{path} has no column of final use; add one for each country.")
    x = filled(pd.DataFrame({(OUTPUT, ""): output}, index=values.index), path)
    cell = filled(values, path).reindex(index=industries)
    g, n, f = len(countries), len(sectors), len(uses)
    return InputOutput(
        Z=cell.reindex(columns=industries).to_numpy(float),
        Y=cell.reindex(columns=demand).to_numpy(float).reshape(g * n, g, f),
        x=x.reindex(industries).to_numpy(float)[:, 0],
        countries=tuple(countries),
        sectors=tuple(sectors),
        uses=tuple(uses),
        year=int(year),
    )


def _refuse(path, *checks: tuple[str, pd.MultiIndex, str]) -> None:
    """Raise at the first check that has found a label: (fault, labels, advice)."""
    for fault, found, advice in checks:
        if len(found):
            raise DataError(f"{path} {fault} {_name(found[0])}{advice}.")


def _name(label) -> str:
    return "_".join(part for part in label if part)
