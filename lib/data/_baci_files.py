"""Where the files of BACI lie: years, editions and country codes, in a zip or unpacked."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lib.data import _store
from lib.errors import DataError

AGAIN = "replace it with the file as CEPII gives it out"

WITHOUT_ISO3 = {"490": "TWN"}
"""Codes that the country file leaves without alpha-3: "Other Asia, nes" is Taiwan in BACI."""

EITHER = {56: "BEL", 58: "BEL", 250: "FRA", 251: "FRA", 356: "IND", 699: "IND", 380: "ITA",
          381: "ITA", 578: "NOR", 579: "NOR", 756: "CHE", 757: "CHE", 840: "USA", 842: "USA",
          710: "ZAF", 711: "ZAF"}  # fmt: skip
"""Releases differ in whether they use the code of ISO or that of the UN's trade statistics."""

# Old alpha-3 codes of earlier country files. Serbia and Montenegro (SCG) is SRB, as in GeoDist.
RECODED = {"BLX": "BEL", "ZA1": "ZAF", "ROM": "ROU", "ZAR": "COD", "TMP": "TLS", "SCG": "SRB"}

CHANGED = {
    58: "Belgium-Luxembourg is BEL",
    490: "Other Asia, nes is TWN",
    711: "Southern African Customs Union is ZAF",
    736: "Sudan before 2011 is SDN",
    891: "Serbia and Montenegro is SRB",
}
"""Codes whose territory is not quite that of the alpha-3 code that stands for it."""


@dataclass(frozen=True)
class Source:
    """One csv file of BACI: a file of its own, or a member of a zip.

    Attributes
    ----------
    path : Path
    member : str
        Name in the zip; empty for a file of its own.
    edition, release : str
        Such as ``HS92`` and ``202501``, from the name.
    """

    path: Path
    member: str = ""
    edition: str = ""
    release: str = ""

    def __str__(self) -> str:
        return f"{self.path} ({self.member})" if self.member else f"{self.path}"

    @contextmanager
    def opened(self) -> Iterator[io.BufferedIOBase]:
        if not self.member:
            with open(self.path, "rb") as stream:
                yield stream
            return
        with whole_zip(self.path) as archive, archive.open(self.member) as stream:
            yield stream

    def size(self) -> int:
        """Return its size in bytes, unpacked."""
        if not self.member:
            return self.path.stat().st_size
        with whole_zip(self.path) as archive:
            return archive.getinfo(self.member).file_size

    def identity(self) -> list:
        """Return what changes when its content does: its sha256, or size and CRC in the zip."""
        if not self.member:
            return [self.path.name, _store.remembered(self.path)]
        with whole_zip(self.path) as archive:
            info = archive.getinfo(self.member)
            return [info.filename, info.file_size, info.CRC]


@contextmanager
def whole_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip; one that is cut short or damaged is refused, also while it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(
            f"{path} is not a whole zip file ({error}); download it again from CEPII's page."
        ) from error


_YEAR = re.compile(r"BACI_(HS\d\d)_Y(\d{4})_V([^/]*)\.csv$")
_CODES = re.compile(r"country_codes_V([^/]*)\.csv$")


def _members(path: Path) -> list[str]:
    if path.suffix != ".zip":
        return [""]
    with whole_zip(path) as archive:
        return sorted(archive.namelist())


def sources(paths: Iterable[Path], edition: str) -> tuple[dict[int, Source], Source]:
    """Return the csv file of each year and the country file.

    Files are taken in order of name, so that a later version or an unpacked file wins. Files of
    another edition are left aside if this one is there.

    Raises
    ------
    DataError
        If only other editions are there, or no country file.
    """
    years: dict[int, Source] = {}
    others: list[Source] = []
    codes = None
    files = sorted(paths, key=lambda path: (path.suffix != ".zip", path.name))
    for path, member in [(file, member) for file in files for member in _members(file)]:
        name = member or path.name
        if match := _YEAR.search(name):
            source = Source(path, member, match[1], match[3])
            if match[1] == edition:
                years[int(match[2])] = source
            else:
                others.append(source)
        elif match := _CODES.search(name):
            codes = Source(path, member, release=match[1])
    if others and not years:
        raise DataError(
            f"{others[0]} is of edition {others[0].edition}, and {edition} is needed; get the "
            f"{edition} zip from CEPII's page (products of other editions are other products)."
        )
    if codes is None:
        raise DataError(
            "BACI's country_codes_V*.csv is missing; take it from the same zip and put it beside "
            f"{', '.join(path.name for path in files)}."
        )
    return years, codes


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
    wrong = ~frame[code].str.fullmatch(r"\d+")
    if wrong.any():
        raise DataError(
            f"{name}, line {wrong.idxmax() + 2}: {frame[code][wrong.idxmax()]!r} is not a country "
            "number; take the country_codes file of the same BACI release."
        )
    alpha = frame[iso3].mask(~frame[iso3].str.fullmatch("[A-Z][A-Z0-9]{2}"), "").replace(RECODED)
    alpha = alpha.mask(alpha == "", frame[code].map(WITHOUT_ISO3)).dropna()
    return EITHER | dict(zip(frame.loc[alpha.index, code].astype(int), alpha, strict=True))
