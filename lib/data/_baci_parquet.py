"""BACI once from csv to parquet: streamed, checked, a year at a time, resumable.

A year's parquet file appears under its final name only when it is whole, by one rename; a killed
conversion leaves at most a temporary file, which the next one removes. The name carries a hash of
the source, so that a changed source is converted anew.
"""

import csv as text_csv
import hashlib
import io
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from lib.data import _store
from lib.data._baci_files import AGAIN, CHANGED, Source, country_codes
from lib.errors import DataError

FORMAT = 1  # of what is kept: raise it when that changes
COLUMNS = ["t", "i", "j", "k", "v", "q"]
BLOCK = 1 << 24  # bytes of text held at a time
WORKERS = 2
SHARE = 0.35  # bytes of parquet per byte of csv, measured 0.27

# A single product flow of 1,000 billion USD does not exist: such a number is in USD.
LARGEST = 1e9

LATER = {
    "847130": "HS96",
    "271019": "HS02",
    "851712": "HS07",
    "271012": "HS12",
    "870380": "HS17",
    "851713": "HS22",
}
"""Products of much trade that did not exist before this edition of the Harmonized System."""

KEPT = pa.schema(
    {
        "exporter": pa.string(),
        "importer": pa.string(),
        "product": pa.string(),
        "value": pa.float64(),
        "quantity": pa.float64(),
    }
)


class _Fault(Exception):
    """Something in a file is not BACI's format; the slow reading finds out what and where."""


# -- reading -------------------------------------------------------------------------------------


def batches(stream, year: int | None) -> Iterator[pa.Table]:
    """Yield the rows of one csv file as t, i, j, k (six digits), v (million USD), q (tonnes).

    Raises
    ------
    _Fault
        At the first row that is not in BACI's format.
    """
    types = dict.fromkeys(["t", "i", "j"], pa.int32()) | dict.fromkeys(["k", "v", "q"], pa.string())
    convert = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    try:
        reader = csv.open_csv(stream, csv.ReadOptions(block_size=BLOCK), convert_options=convert)
        if missing := [c for c in COLUMNS if c not in reader.schema.names]:
            raise _Fault(
                f"lacks the column {missing[0]!r} (it has {', '.join(reader.schema.names)})"
            )
        for batch in reader:
            yield _checked(pa.Table.from_batches([batch]), year)
    except pa.ArrowInvalid as error:
        raise _Fault(f"is not in BACI's format ({str(error).splitlines()[0]})") from error


def _checked(table: pa.Table, year: int | None) -> pa.Table:
    product = pc.utf8_trim_whitespace(table["k"])
    value, quantity = (_number(table[name]) for name in ("v", "q"))
    held = pc.min_max(table["t"]).as_py()
    fine = (
        (year is None or held["min"] == held["max"] == year)
        and table["t"].null_count + table["i"].null_count + table["j"].null_count == 0
        and pc.all(pc.match_substring_regex(product, r"^\d{1,6}$")).as_py()
        and value.null_count == 0
        and pc.all(pc.and_(pc.greater_equal(value, 0), pc.less(value, LARGEST))).as_py()
        and not pc.any(pc.invert(pc.is_finite(quantity))).as_py()
    )
    if len(table) and not fine:
        raise _Fault("is not in BACI's format")
    columns = {name: table[name] for name in ("t", "i", "j")}
    # Spreadsheets and R drop the leading zero of chapters 01 to 09.
    product = pc.utf8_lpad(product, 6, "0")
    return pa.table(columns | {"k": product, "v": pc.divide(value, 1000.0), "q": quantity})


def _number(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Parse text such as ``"       13.235"`` or ``"           NA"``."""
    text = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(text, pa.array(["NA", ""])), None, text).cast(pa.float64())


def _is_number(text: str, low: float = -np.inf, high: float = np.inf) -> bool:
    try:
        return low <= float(text) < high
    except ValueError:
        return False


def fault(source: Source, year: int | None, found: str) -> DataError:
    """Say in one sentence what is wrong in a file, on which line first, and on how many.

    The fast reading only knows that something is; this one reads line by line.
    """
    rules = {
        "t": (lambda x: x.isdigit() and year in (None, int(x)), f"the year {year} of its name"),
        "i": (str.isdigit, "a country number"),
        "j": (str.isdigit, "a country number"),
        "k": (lambda x: re.fullmatch(r"\d{1,6}", x), "a product of six digits"),
        "v": (_is_number, "a number"),
        "q": (lambda x: x in ("NA", "") or _is_number(x), "a number"),
    }
    first, count = {}, Counter()
    with source.opened() as stream:
        lines = io.TextIOWrapper(stream, "utf-8", errors="replace", newline="")
        rows = text_csv.reader(lines)
        names = next(rows, [])
        if "lacks the column" in found or not set(COLUMNS) <= set(names):
            return DataError(f"{source} {found}; {AGAIN}.")
        for row in filter(None, rows):
            kind, text = "fields", len(row)
            if len(row) == len(names):
                cells = {name: cell.strip() for name, cell in zip(names, row, strict=True)}
                wrong = (c for c, (fits, _) in rules.items() if not fits(cells[c]))
                kind = next(wrong, None)
                if kind is None and not _is_number(cells["v"], 0, LARGEST):
                    kind = "v"
                if kind is None:
                    continue
                text = cells[kind]
            count[kind] += 1
            first.setdefault(kind, (rows.line_num, text))
    if not first:
        return DataError(f"{source} {found}; {AGAIN}.")
    kind, (line, text) = min(first.items(), key=lambda item: item[1][0])
    many = f"{count[kind]:,} such line{'s' * (count[kind] > 1)}"
    if kind == "fields":
        problem = f"{text} fields in place of {len(names)}"
        return DataError(f"{source}, line {line}: {problem} ({many}); {AGAIN}.")
    what = rules[kind][1]
    if kind == "v" and (text == "NA" or _is_number(text)):
        what = "a trade value in thousand USD"
    return DataError(
        f"{source}, line {line}, column {kind!r}: {text!r} is not {what} ({many}); {AGAIN}."
    )


def _twice(source: Source, keys: np.ndarray) -> DataError:
    """Name the two lines of the first key that stands twice."""
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(np.diff(keys[order]) == 0)
    one, two = min((order[n], order[n + 1]) for n in same)
    i, j, k = keys[one] // 10**9, keys[one] // 10**6 % 1000, keys[one] % 10**6
    return DataError(
        f"{source}, lines {one + 2:,} and {two + 2:,} both hold i={i}, j={j}, k={k:06d} "
        f"({len(same):,} such line{'s' * (len(same) > 1)}), and which is right cannot be known; "
        f"{AGAIN}."
    )


# -- one year ------------------------------------------------------------------------------------


def _alpha(column: pa.ChunkedArray, codes: dict[int, str]) -> pa.ChunkedArray:
    numbers = pa.array(list(codes), pa.int32())
    return pc.take(pa.array(list(codes.values())), pc.index_in(column, numbers))


class Account:
    """What stands in the rows of a file: counted, and what is set aside named with its line."""

    def __init__(self):
        self.rows, self.value, self.without_quantity = 0, 0.0, 0
        self.dropped: dict[int, dict] = {}
        self.changed: Counter[int] = Counter()

    def canonical(self, table: pa.Table, codes: dict[int, str]) -> pa.Table:
        """Return the flows of `table` between known countries, and count all of it."""
        exporter, importer = _alpha(table["i"], codes), _alpha(table["j"], codes)
        for side, alpha in (("i", exporter), ("j", importer)):
            self._set_aside(table, side, pc.is_null(alpha))
            present = pc.value_counts(table[side])
            for number in present.filter(
                pc.is_in(present.field(0), pa.array([*CHANGED], pa.int32()))
            ):
                self.changed[number["values"].as_py()] += number["counts"].as_py()
        self.rows += len(table)
        self.value += pc.sum(table["v"]).as_py() or 0.0
        self.without_quantity += table["q"].null_count
        known = pc.and_(pc.is_valid(exporter), pc.is_valid(importer))
        columns = [exporter, importer, table["k"], table["v"], table["q"]]
        return pa.table(columns, schema=KEPT).filter(known)

    def _set_aside(self, table, side, unknown) -> None:
        lines = np.flatnonzero(unknown)
        rows = table.select([side, "v"]).take(lines).to_pandas().assign(line=lines)
        for code, part in rows.groupby(side):
            entry = self.dropped.setdefault(
                int(code),
                {"line": int(part["line"].iloc[0]) + self.rows + 2, "rows": 0, "value": 0.0},
            )
            entry["rows"] += len(part)
            entry["value"] += part["v"].sum()

    def summary(self, **more) -> dict:
        """Return the counts, codes as text, as a file keeps them."""
        return json.loads(json.dumps(vars(self) | more))


def _convert(source: Source, year: int, codes: dict[int, str], target: Path) -> None:
    """Write one year under a temporary name, and rename it when it is whole and on the disk."""
    account, keys = Account(), []
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    target.parent.mkdir(parents=True, exist_ok=True)
    _ends_whole(source)
    try:
        with (
            source.opened() as stream,
            pq.ParquetWriter(partial, KEPT, compression="zstd") as writer,
        ):
            for table in batches(stream, year):
                _same_edition(table, source)
                writer.write_table(account.canonical(table, codes))
                number = [table[c].to_numpy().astype(np.int64) for c in "ij"]
                product = table["k"].cast(pa.int64()).to_numpy()
                keys.append((number[0] * 1000 + number[1]) * 10**6 + product)
            keys = np.concatenate([np.empty(0, np.int64), *keys])
            if not len(keys):
                raise DataError(f"{source} holds no row; {AGAIN}.")
            if (np.diff(keys) <= 0).any() and (np.diff(np.sort(keys)) == 0).any():
                raise _twice(source, keys)
            more = {"edition": source.edition, "release": source.release, "file": str(source)}
            writer.add_key_value_metadata({"baci": json.dumps(account.summary(**more))})
        with open(partial, "rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, target)
    except _Fault as error:
        raise fault(source, year, str(error)) from error
    finally:
        partial.unlink(missing_ok=True)
    for old in set(target.parent.glob("*.parquet")) - {target}:
        old.unlink(missing_ok=True)


def _same_edition(table: pa.Table, source: Source) -> None:
    """Refuse products that did not exist in the edition of the file's name."""
    if later := set(LATER) & set(pc.unique(table["k"]).to_pylist()):
        product = max(later, key=[*LATER].index)
        raise DataError(
            f"{source} holds product {product}, which exists since {LATER[product]}: it is not "
            f"{source.edition}; get the {source.edition} zip from CEPII's page."
        )


def _ends_whole(source: Source) -> None:
    """Refuse a file whose last line has no end: it was cut short. A zip has check sums."""
    if source.member or not source.size():
        return
    with open(source.path, "rb") as stream:
        stream.seek(-1, os.SEEK_END)
        if stream.read(1) not in b"\r\n":
            raise DataError(
                f"{source} stops in the middle of its last line: it was cut short; {AGAIN}."
            )


# -- all years -----------------------------------------------------------------------------------


def prepare(sources: dict[int, Source], codes: Source, years: Iterable[int]) -> dict[int, Path]:
    """Return the parquet file of each year, converting those that are not there yet.

    Raises
    ------
    DataError
        If a file is not in BACI's format, or the disk has no room or may not be written.
    """
    with codes.opened() as stream:
        mapping = country_codes(stream, str(codes))
    identity = json.dumps(sorted(mapping.items()))
    targets = {}
    for year in years:
        source = sources[year]
        about = json.dumps([FORMAT, source.edition, source.release, identity, *source.identity()])
        key = hashlib.sha256(about.encode()).hexdigest()[:16]
        folder = _store.CACHE / "parquet" / f"baci_{source.edition.lower()}"
        targets[year] = folder / f"year={year}" / f"{key}.parquet"
    if not (missing := {year: path for year, path in targets.items() if not _whole(path)}):
        return targets
    try:
        with _alone(folder):
            _convert_all(missing, sources, mapping)
    except OSError as error:
        raise DataError(
            f"The parquet copy of BACI cannot be written into {folder} "
            f"({error.strerror or error}); free space there or make it writable."
        ) from error
    return targets


def _whole(path: Path) -> bool:
    """Tell whether a year is there; one that something else has damaged is not."""
    try:
        return b"baci" in pq.read_metadata(path).metadata
    except (OSError, pa.ArrowInvalid):
        return False


def _convert_all(targets: dict[int, Path], sources, mapping) -> None:
    """Convert years, two at a time; those that another process has converted meanwhile are left."""
    targets = {year: path for year, path in targets.items() if not _whole(path)}
    if not targets:
        return
    folder = next(iter(targets.values())).parent.parent
    need = SHARE * sum(sources[year].size() for year in targets) / 1e9
    free = shutil.disk_usage(folder).free / 1e9
    if need > free:
        raise DataError(
            f"A parquet copy of BACI (years: {len(targets)}) needs about {need:.1f} GB in {folder} "
            f"and {free:.1f} GB are free; free some space and run this again."
        )
    for leftover in folder.glob("year=*/.*"):
        leftover.unlink(missing_ok=True)
    pool = ThreadPoolExecutor(WORKERS)
    try:
        jobs = [pool.submit(_convert, sources[y], y, mapping, p) for y, p in targets.items()]
        for job in jobs:
            job.result()
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time convert; the lock ends with the process, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        except ImportError:  # Windows: two at once do the same work twice, and no harm
            pass
        yield


def accounts(paths: dict[int, Path]) -> dict[int, dict]:
    """Return what each year's file says of the csv that it came from."""
    return {
        year: json.loads(pq.read_metadata(path).metadata[b"baci"]) for year, path in paths.items()
    }


def dropped(found: Iterable[dict]) -> list[dict]:
    """Add up the codes that were set aside over years: code, rows, million USD, share of trade."""
    found = list(found)
    total = sum(one["value"] for one in found)
    codes = sorted({int(code) for one in found for code in one["dropped"]})
    lists = [(code, [one["dropped"].get(str(code)) for one in found]) for code in codes]
    entries = [(code, [entry for entry in parts if entry]) for code, parts in lists]
    return [
        {
            "code": code,
            "rows": sum(entry["rows"] for entry in parts),
            "value": (value := sum(entry["value"] for entry in parts)),
            "share": value / total if total else np.nan,
        }
        for code, parts in entries
    ]
