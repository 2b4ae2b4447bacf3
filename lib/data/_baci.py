"""BACI: bilateral trade by six-digit product, in the format in which CEPII gives it out."""

from collections.abc import Iterable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lib.data import _baci_parquet, _store
from lib.data._baci_files import CHANGED, country_codes, sources
from lib.errors import DataError

EDITION = "HS92"
FORMS = ("frame", "relation", "contents")
MEMORY = "2GB"  # of the engine; what needs more goes to the disk


def read(
    files, years: int | Iterable[int] | None = None, form: str = "frame"
) -> pd.DataFrame | duckdb.DuckDBPyRelation:
    """Read BACI from ``BACI_HS92_V*.zip`` or the yearly csv files unpacked from it.

    The first reading of a year converts it to parquet beside the originals, under
    ``parquet/baci_hs92``: streamed, checked line by line, and there only when it is whole. A source
    that changes is converted anew.

    Parameters
    ----------
    files : mapping of str to Path
        The zip, or yearly files with ``country_codes_V*.csv`` beside them.
    years : int or iterable of int, optional
        Years to read; all that are there if not given. Contents leave out those that are not.
    form : {"frame", "relation", "contents"}
        A full year is six million rows and 0.7 GB as a frame. A relation is the same table left on
        the disk: the functions of ``lib.trade`` read it a year at a time. Contents are one row a
        year on what is there.

    Returns
    -------
    DataFrame or DuckDB relation
        `exporter`, `importer`, `year`, `product` (text of six digits, leading zeros kept),
        `value` (million USD, free on board; BACI has thousands) and `quantity` (tonnes; often
        missing). Numeric codes become alpha-3 by the release's own country file; 490, "Other
        Asia, nes", is TWN. Rows with codes without an alpha-3 (such as 697, "Europe EFTA, nes")
        are set aside; ``attrs["dropped"]`` of a frame lists them with their rows, value in million
        USD and share of all trade.

        Contents have `year`, `edition`, `release`, `rows`, `value` (million USD, of all rows),
        `without_quantity`, `set_aside` (rows), `set_aside_value`, `codes_set_aside` (with their
        first line), `changed` (rows with a code whose territory is not quite that of its alpha-3)
        and `file`.

    Raises
    ------
    DataError
        If a year or the country file is missing, the files are of another edition, a key stands
        twice, or a row is not in BACI's format: the sentence names file and line.

    References
    ----------
    Gaulier and Zignago (2010), BACI, CEPII working paper 2010-23.
    """
    if form not in FORMS:
        raise DataError(f"form={form!r} does not exist; choose one of {', '.join(FORMS)}.")
    there, codes = sources([files[name] for name in files], EDITION)
    wanted = sorted(there) if years is None else [int(year) for year in np.atleast_1d(years)]
    absent = [year for year in wanted if year not in there]
    if form == "contents" and set(wanted) & set(there):
        wanted, absent = sorted(set(wanted) & set(there)), []
    if absent or not wanted:
        absent = absent or ["any year"]
        raise DataError(
            f"BACI has no file for {absent[0]} among {', '.join(files)} (years there: "
            f"{', '.join(map(str, sorted(there))) or 'none'}); put BACI_HS92_Y{absent[0]}_V*.csv "
            "beside them."
        )
    paths = _baci_parquet.prepare(there, codes, wanted)
    return {"frame": _frame, "relation": _relation, "contents": _contents}[form](paths)


def _frame(paths: dict[int, Path]) -> pd.DataFrame:
    parts = []
    for year, path in paths.items():
        table = pq.ParquetFile(path).read()
        parts.append(table.add_column(2, "year", pa.repeat(pa.scalar(year), len(table))))
    frame = pa.concat_tables(parts).to_pandas(self_destruct=True)
    frame.attrs["dropped"] = _baci_parquet.dropped(_baci_parquet.accounts(paths).values())
    return frame


def _relation(paths: dict[int, Path]) -> duckdb.DuckDBPyRelation:
    spill = str(_store.CACHE / "parquet" / "spill")
    config = {"memory_limit": MEMORY, "temp_directory": spill, "preserve_insertion_order": False}
    table = duckdb.connect(config=config).read_parquet(
        [str(path) for path in paths.values()], hive_partitioning=True
    )
    return table.project("exporter, importer, year, product, value, quantity")


def _contents(paths: dict[int, Path]) -> pd.DataFrame:
    rows = []
    for year, found in _baci_parquet.accounts(paths).items():
        lost = found["dropped"]
        rows.append(
            {
                "year": year,
                "edition": found["edition"],
                "release": found["release"],
                "rows": found["rows"],
                "value": found["value"],
                "without_quantity": found["without_quantity"],
                "set_aside": sum(entry["rows"] for entry in lost.values()),
                "set_aside_value": sum(entry["value"] for entry in lost.values()),
                "codes_set_aside": ", ".join(f"{c} (line {e['line']})" for c, e in lost.items()),
                "changed": "; ".join(
                    f"{CHANGED[int(c)]} (rows: {n:,})" for c, n in sorted(found["changed"].items())
                ),
                "file": found["file"],
            }
        )
    return pd.DataFrame(rows)


def read_example(files) -> pd.DataFrame:
    """Read the real rows of 2021 for two exporters, AFG and ZAF, as :func:`read` does."""
    data = next(name for name in files if "_Y2021_" in name)
    codes = next(name for name in files if name.startswith("country_codes"))
    with open(files[codes], "rb") as stream:
        mapping = country_codes(stream, codes)
    account = _baci_parquet.Account()
    with open(files[data], "rb") as stream:
        tables = [account.canonical(t, mapping) for t in _baci_parquet.batches(stream, 2021)]
    table = pa.concat_tables(tables)
    table = table.add_column(2, "year", pa.repeat(pa.scalar(2021), len(table)))
    frame = table.to_pandas()
    frame.attrs["dropped"] = _baci_parquet.dropped([account.summary()])
    return frame
