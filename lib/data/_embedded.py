"""Readers of the small originals that are shipped with the book."""

import geopandas as gpd
import pandas as pd
import pandera.pandas as pa

from lib.blocs import EU, EU_EXIT
from lib.data import _schema

CLUBS = ["eea", "apec", "g7", "g20", "bric", "cis"]


def _csv(path, **options) -> pd.DataFrame:
    # Namibia's ISO2 code is NA: only an empty cell is missing.
    return pd.read_csv(path, keep_default_na=False, na_values=[""], **options)


def pwt_91(files) -> pd.DataFrame:
    """Read the Penn World Table 9.1, 1970–2017, the columns that the book uses.

    Returns
    -------
    DataFrame
        `country`, `year` and, in million USD of the year 2011 at purchasing power parity:
        `rgdpe`, `rgdpo` (expenditure and output side, comparable over countries and years),
        `cgdpe`, `cgdpo`, `ccon`, `cda`, `cn` (the same at current parities: GDP, consumption,
        absorption, capital stock), `rgdpna`, `rnna` (at constant national prices: GDP, capital);
        `pop` and `emp` in millions, `avh` (hours a year per person engaged), `hc` (human capital
        index), `ck` (capital services, USA = 1), `rkna`, `rtfpna` (2011 = 1), `ctfp` (USA = 1),
        `labsh` (share of labour); `csh_c`, `csh_i`, `csh_g`, `csh_x`, `csh_m`, `csh_r` (shares of
        `cgdpo`: consumption, investment, government, exports, imports (negative), residual);
        `xr` (national currency per USD); `pl_gdpo`, `pl_c`, `pl_x`, `pl_m` (price levels, USA
        GDP 2011 = 1); and, made here, `gdp_usd` = `cgdpo` × `pl_gdpo`, GDP in million USD at
        market exchange rates.

    References
    ----------
    Feenstra, Inklaar and Timmer (2015), The next generation of the Penn World Table, American
    Economic Review 105(10).
    """
    path = files.only
    frame = pd.read_parquet(path)
    numbers = frame.columns.drop(["country", "year"])
    schema = {
        "country": _schema.code(),
        "year": pa.Column(int, pa.Check.in_range(1950, 2030, error="a year"), coerce=True),
        **{name: _schema.number(nullable=True) for name in numbers},
        "pop": _schema.number(0, 2000, "million", nullable=True),
        "cgdpo": _schema.number(0, 1e8, "million USD", nullable=True),
        "xr": _schema.number(0, nullable=True),
    }
    frame = _schema.checked(frame, schema, path)
    return frame.assign(gdp_usd=frame["cgdpo"] * frame["pl_gdpo"])


def factbook_partners(files) -> pd.DataFrame:
    """Read the main trade partners of 189 economies, mostly in 2014.

    Returns
    -------
    DataFrame
        `country`, `partner`, `flow` ("exports" or "imports"), `share` (of the country's total,
        from 0 to 1) and `year`. Only the few largest partners are named, so shares add up to
        0.65 on average.
    """
    path = files.only
    schema = {
        "country": _schema.code(),
        "partner": _schema.code(),
        "flow": pa.Column(str, pa.Check.isin(["exports", "imports"], error="exports or imports")),
        "share": _schema.number(0, 100, "per cent"),
        "year": pa.Column("Int64", nullable=True, coerce=True),
    }
    frame = _schema.checked(_csv(path), schema, path)
    return frame.assign(share=frame["share"] / 100)


def capitals(files) -> pd.DataFrame:
    """Read where 240 countries and territories have their capital.

    Returns
    -------
    DataFrame
        `country`, `name`, `capital`, `lat`, `lon` (decimal degrees, north and east positive),
        `area` (km², land and inland water) and
        `located_by`: "capital", or "territory" where the source locates only the territory (Hong
        Kong, Macao, Nauru, Palestine, South Sudan and a few without inhabitants). TZA and MMR are
        located at the seat of their governments before the move (Dar es Salaam, Yangon).
    """
    path = files.only
    schema = {
        "country": _schema.code(unique=True),
        "name": pa.Column(str),
        "capital": pa.Column(str, nullable=True),
        "lat": _schema.number(-90, 90, "degrees"),
        "lon": _schema.number(-180, 180, "degrees"),
        "area": _schema.number(0, 2e7, "km²", nullable=True),
    }
    return _schema.checked(_csv(path), schema, path)


def borders(files) -> pd.DataFrame:
    """Read land borders, each in both directions.

    Returns
    -------
    DataFrame
        `country`, `neighbour`, `km`. French Guiana (GUF) has its own borders.
    """
    path = files.only
    schema = {
        "country": _schema.code(),
        "neighbour": _schema.code(),
        "km": _schema.number(0, 10_000, "km"),
    }
    return _schema.checked(_csv(path), schema, path)


def countries(files) -> pd.DataFrame:
    """Read names, codes and memberships of countries and territories.

    Returns
    -------
    DataFrame
        `country` (ISO 3166 alpha-3; Kosovo is XKX), `iso2` (Namibia's is the text "NA"),
        `iso_numeric`, `name`, `official_name`, `continent`, `region` (of the United Nations),
        `oecd`, `un`, `euro`, `eu` (year of entry, missing if never a member; the euro's and the
        OECD's years are the source's, the EU's are set here), `eu_exit`, and 0/1 memberships
        `eea`, `apec`, `g7`, `g20`, `bric`, `cis`. Territories that are gone are left out.
    """
    path = files.only
    schema = {
        "country": _schema.code(unique=True),
        "iso2": pa.Column(str, nullable=True),
        "iso_numeric": pa.Column("Int64", nullable=True, coerce=True),
        "name": pa.Column(str),
        "continent": pa.Column(str),
        "region": pa.Column(str),
        **{name: pa.Column("Int64", nullable=True, coerce=True) for name in ("oecd", "un", "euro")},
    }
    frame = _schema.checked(_csv(path), schema, path)
    entry = {code: first for code, (first, _) in EU.items()}
    flags = {name: frame[name].notna().astype(int) for name in CLUBS}
    frame = frame.assign(eu=frame["country"].map(entry).astype("Int64"), **flags)
    frame["eu_exit"] = pd.Series(pd.NA, frame.index, dtype="Int64")
    for code, year in EU_EXIT.items():
        frame.loc[frame["country"] == code, "eu_exit"] = year
    names = "country iso2 iso_numeric name official_name continent region oecd un euro eu eu_exit"
    return frame[[*names.split(), *flags]]


_SHAPES = {"CYN": "CYP", "SOL": "SOM"}  # shapes of their own, parts of these countries in ISO 3166
_UNCODED = {"France": "FRA", "Norway": "NOR", "Kosovo": "XKX", "N. Cyprus": "CYP",
            "Somaliland": "SOM"}  # fmt: skip


def geometry(files) -> gpd.GeoDataFrame:
    """Read the shapes of 175 countries, Natural Earth 1:110m, one row each.

    Natural Earth marks shapes without an ISO code with -99 (Kosovo here; in other releases France
    and Norway too): they get theirs by name. Northern Cyprus and Somaliland join CYP and SOM.

    Returns
    -------
    GeoDataFrame
        `country`, `name`, `continent`, `geometry` (longitude and latitude, EPSG:4326). Small
        islands, Hong Kong, Singapore and Malta among them, have no shape at this scale.
    """
    path = files.only
    shapes = gpd.read_file(path)
    code = shapes["iso_a3"].mask(shapes["iso_a3"] == "-99", shapes["name"].map(_UNCODED))
    shapes = shapes.assign(country=code.replace(_SHAPES), part=code.isin(list(_SHAPES)))
    shapes = _schema.checked(shapes, {"country": _schema.code(), "name": pa.Column(str)}, path)
    # The main part first: a merged shape keeps the first name.
    shapes = shapes.sort_values(["country", "part"]).dissolve("country", as_index=False)
    return shapes[["country", "name", "continent", "geometry"]]
