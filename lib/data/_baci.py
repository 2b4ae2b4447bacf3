"""BACI: bilateral trade by six-digit product, in the format in which CEPII gives it out."""

import io
import re
import zipfile
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from lib.errors import DataError

COLUMNS = ["t", "i", "j", "k", "v", "q"]

WITHOUT_ISO3 = {"490": "TWN"}
"""Codes that the country file leaves without alpha-3: "Other Asia, nes" is Taiwan in BACI."""

EITHER = {56: "BEL", 58: "BEL", 250: "FRA", 251: "FRA", 356: "IND", 699: "IND", 380: "ITA",
          381: "ITA", 578: "NOR", 579: "NOR", 756: "CHE", 757: "CHE", 840: "USA", 842: "USA",
          710: "ZAF", 711: "ZAF"}  # fmt: skip
"""Releases differ in whether they use the code of ISO or that of the UN's trade statistics."""

# Old alpha-3 codes of earlier country files.
RECODED = {"BLX": "BEL", "ZA1": "ZAF", "ROM": "ROU", "ZAR": "COD", "TMP": "TLS"}

# A single product flow of 1,000 billion USD does not exist: such a number is in USD.
LARGEST = 1e9


def country_codes(stream, name: str) -> dict[int, str]:
    """Return alpha-3 by BACI's numeric code; codes without one are left out.

    Belgium-Luxembourg is BEL, the Southern African Customs Union ZAF, as in the file itself.
    """
    text = stream.read()
    try:
        text = text.decode("utf-8-sig")
    except UnicodeDecodeError:  # files before 2023 are Latin-1
        text = text.decode("latin-1")
    frame = pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False)
    code = next((c for c in frame if c.startswith("country_code")), None)
    iso3 = next((c for c in ("country_iso3", "iso_3digit_alpha", "iso3") if c in frame), None)
    if code is None or iso3 is None:
        raise DataError(
            f"{name} lacks the columns country_code and country_iso3 (it has "
            f"{', '.join(frame.columns)}); take the country_codes file of the same BACI release."
        )
    alpha = frame[iso3].mask(~frame[iso3].str.fullmatch("[A-Z][A-Z0-9]{2}"), "").replace(RECODED)
    alpha = alpha.mask(alpha == "", frame[code].map(WITHOUT_ISO3)).dropna()
    return EITHER | dict(zip(frame.loc[alpha.index, code].astype(int), alpha, strict=True))


def _numbers(column: pa.ChunkedArray, name: str, file) -> pa.ChunkedArray:
    """Parse text such as ``"       13.235"`` or ``"           NA"``."""
    text = pc.utf8_trim_whitespace(column)
    text = pc.if_else(pc.is_in(text, pa.array(["NA", ""])), None, text)
    try:
        return text.cast(pa.float64())
    except pa.ArrowInvalid as error:
        example = re.search(r"'(.*?)'", str(error))
        raise DataError(
            f"{file}, column {name!r}: {example[1] if example else '?'!r} is not a number; replace "
            "it with the file as CEPII gives it out."
        ) from error


def _table(stream, file) -> pa.Table:
    """Read one year's file as text and numbers, refusing what is not BACI's format."""
    text = dict.fromkeys(["k", "v", "q"], pa.string())
    integers = dict.fromkeys(["t", "i", "j"], pa.int32())
    try:
        table = csv.read_csv(
            stream,
            convert_options=csv.ConvertOptions(
                column_types=text | integers, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        message = str(error).split("\n")[0]
        raise DataError(
            f"{file} is not in BACI's format ({message}); replace it with the file as CEPII gives "
            "it out."
        ) from error
    if missing := [c for c in COLUMNS if c not in table.column_names]:
        raise DataError(
            f"{file} lacks the column {missing[0]!r} (it has {', '.join(table.column_names)}); "
            "replace it with the file as CEPII gives it out."
        )
    product = pc.utf8_trim_whitespace(table["k"])
    wrong = pc.invert(pc.match_substring_regex(product, r"^\d{1,6}$"))
    if pc.any(wrong).as_py():
        raise DataError(
            f"{file}, column 'k': {product.filter(wrong)[0].as_py()!r} is not a product of six "
            "digits; replace it with the file as CEPII gives it out."
        )
    value = _numbers(table["v"], "v", file)
    bounds = pc.min_max(value).as_py()
    if value.null_count or (len(value) and not 0 <= bounds["min"] <= bounds["max"] < LARGEST):
        example = "NA" if value.null_count else bounds["min" if bounds["min"] < 0 else "max"]
        raise DataError(
            f"{file}, column 'v': {example} is not a trade value in thousand USD; replace it with "
            "the file as CEPII gives it out."
        )
    # Spreadsheets and R drop the leading zero of chapters 01 to 09.
    return pa.table(
        {
            **{name: table[name] for name in ("t", "i", "j")},
            "k": pc.utf8_lpad(product, 6, "0"),
            "v": pc.divide(value, 1000.0),
            "q": _numbers(table["q"], "q", file),
        }
    )


def _alpha(column: pa.ChunkedArray, codes: dict[int, str]) -> pa.ChunkedArray:
    numbers = pa.array(list(codes), pa.int32())
    return pc.take(pa.array(list(codes.values())), pc.index_in(column, numbers))


def _canonical(table: pa.Table, codes: dict[int, str]) -> tuple[pa.Table, dict[int, list]]:
    """Return flows between known countries, and [rows, million USD] lost by unknown code."""
    exporter, importer = _alpha(table["i"], codes), _alpha(table["j"], codes)
    lost: dict[int, list] = {}
    for side, alpha in (("i", exporter), ("j", importer)):
        rows = table.filter(pc.is_null(alpha))
        for code in pc.unique(rows[side]).to_pylist():
            values = rows.filter(pc.equal(rows[side], code))["v"]
            entry = lost.setdefault(code, [0, 0.0])
            entry[0] += len(values)
            entry[1] += pc.sum(values).as_py()
    flows = pa.table(
        {
            "exporter": exporter,
            "importer": importer,
            "year": table["t"].cast(pa.int64()),
            "product": table["k"],
            "value": table["v"],
            "quantity": table["q"],
        }
    )
    known = pc.and_(pc.is_valid(exporter), pc.is_valid(importer))
    return flows.filter(known), lost


def _frame(tables: Iterable[pa.Table], codes: dict[int, str]) -> pd.DataFrame:
    parts, lost = [], {}
    total = 0.0
    for table in tables:
        total += pc.sum(table["v"]).as_py() or 0.0
        part, missed = _canonical(table, codes)
        parts.append(part)
        for code, (rows, value) in missed.items():
            entry = lost.setdefault(code, [0, 0.0])
            entry[0] += rows
            entry[1] += value
    frame = pa.concat_tables(parts).to_pandas()
    frame.attrs["dropped"] = [
        {"code": code, "rows": rows, "value": value, "share": value / total if total else np.nan}
        for code, (rows, value) in sorted(lost.items())
    ]
    return frame


_YEAR = re.compile(r"BACI_HS\d\d_Y(\d{4})_V[^/]*\.csv$")


@contextmanager
def _zip(path: Path):
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError) as error:
        raise DataError(
            f"{path} is not a whole zip file ({error}); download it again from CEPII's page."
        ) from error


def _sources(paths: list[Path]) -> tuple[dict[int, tuple], tuple | None]:
    """Return where each year and the country codes are: (file, member of the zip or None).

    Files are taken in order of name, so that a later version or an unpacked file wins.
    """
    years, codes = {}, None
    for path in sorted(paths, key=lambda path: (path.suffix != ".zip", path.name)):
        members = [(path, None, path.name)]
        if path.suffix == ".zip":
            with _zip(path) as archive:
                members = [(path, name, name) for name in sorted(archive.namelist())]
        for file, member, name in members:
            if match := _YEAR.search(name):
                years[int(match[1])] = (file, member)
            elif re.search(r"country_codes_V[^/]*\.csv$", name):
                codes = (file, member)
    return years, codes


@contextmanager
def _opened(source: tuple):
    path, member = source
    if member is None:
        with open(path, "rb") as stream:
            yield stream
    else:
        with _zip(path) as archive, archive.open(member) as stream:
            yield stream


def _label(source: tuple) -> str:
    path, member = source
    return f"{path}" if member is None else f"{path} ({member})"


def read(files, years: int | Iterable[int] | None = None) -> pd.DataFrame:
    """Read BACI from ``BACI_HS92_V*.zip`` or the yearly csv files unpacked from it.

    A full year, six million rows, takes a few seconds and about 0.5 GB.

    Parameters
    ----------
    files : mapping of str to Path
        The zip, or yearly files with ``country_codes_V*.csv`` beside them.
    years : int or iterable of int, optional
        Years to read; all that are there if not given.

    Returns
    -------
    DataFrame
        `exporter`, `importer`, `year`, `product` (text of six digits, leading zeros kept),
        `value` (million USD, free on board; BACI has thousands) and `quantity` (tonnes; often
        missing). Numeric codes become alpha-3 by the release's own country file; 490, "Other
        Asia, nes", is TWN. ``attrs["dropped"]`` lists codes without an alpha-3 (such as 697,
        "Europe EFTA, nes") with their rows, value in million USD and share of all trade.

    Raises
    ------
    DataError
        If a year or the country file is missing, or a file is not in BACI's format.

    References
    ----------
    Gaulier and Zignago (2010), BACI, CEPII working paper 2010-23.
    """
    sources, code_source = _sources([files[name] for name in files])
    wanted = sorted(sources) if years is None else [int(year) for year in np.atleast_1d(years)]
    if absent := [year for year in wanted if year not in sources]:
        raise DataError(
            f"BACI has no file for {absent[0]} among {', '.join(files)} (years there: "
            f"{', '.join(map(str, sorted(sources))) or 'none'}); put BACI_HS92_Y{absent[0]}_V*.csv "
            "beside them."
        )
    if code_source is None:
        raise DataError(
            "BACI's country_codes_V*.csv is missing; take it from the same zip and put it beside "
            f"{', '.join(files)}."
        )
    with _opened(code_source) as stream:
        codes = country_codes(stream, _label(code_source))

    def tables():
        for year in wanted:
            with _opened(sources[year]) as stream:
                table = _table(stream, _label(sources[year]))
            found = pc.unique(table["t"]).to_pylist()
            if found != [year]:
                raise DataError(
                    f"{_label(sources[year])}, column 't': holds {found} where its name says "
                    f"{year}; replace it with the file as CEPII gives it out."
                )
            yield table

    return _frame(tables(), codes)


def read_example(files) -> pd.DataFrame:
    """Read the real rows of 2021 for two exporters, AFG and ZAF, as :func:`read` does."""
    data = next(name for name in files if "_Y2021_" in name)
    codes = next(name for name in files if name.startswith("country_codes"))
    with open(files[codes], "rb") as stream:
        mapping = country_codes(stream, codes)
    with open(files[data], "rb") as stream:
        return _frame([_table(stream, data)], mapping)
