"""The small originals that are shipped agree with facts anyone can look up."""

import pandas as pd
import pytest

from lib import data
from lib.blocs import EU
from lib.data import _embedded
from lib.errors import DataError
from lib.paths import DATA


@pytest.fixture(scope="module")
def pwt():
    return data.load("pwt_91").set_index(["country", "year"])


def test_pwt_sizes_are_the_published_ones(pwt):
    assert pwt.index.is_unique
    # Population in millions: China's 2010 census counted 1,340 million, the USA's 309.
    assert pwt.loc[("CHN", 2010), "pop"] == pytest.approx(1340, rel=0.03)
    assert pwt.loc[("USA", 2010), "pop"] == pytest.approx(309, rel=0.01)
    # Nominal GDP of the United States in 2010 was 14.99 thousand billion USD (BEA).
    assert pwt.loc[("USA", 2010), "gdp_usd"] == pytest.approx(14.99e6, rel=0.01)
    assert pwt.loc[("USA", 2010), "xr"] == 1
    # Imports are a negative share: the United States have a deficit, China a surplus.
    balance = pwt["csh_x"] + pwt["csh_m"]
    assert balance["USA", 2010] < 0 < balance["CHN", 2010]


def test_pwt_shares_of_gdp_add_up_to_one(pwt):
    shares = pwt[["csh_c", "csh_i", "csh_g", "csh_x", "csh_m", "csh_r"]].dropna()
    # Single precision: seven digits, and shares of small states reach 10.
    assert (shares.sum(axis=1) - 1).abs().max() < 1e-4


def test_world_gdp_of_pwt(pwt):
    # The World Bank has 66 thousand billion USD for 2010.
    assert pwt.xs(2010, level="year")["gdp_usd"].sum() == pytest.approx(66e6, rel=0.05)


def test_capitals():
    capitals = data.load("capitals").set_index("country")
    for country, capital, lat, lon in [
        ("FRA", "Paris", 48.86, 2.35),
        ("BRA", "Brasilia", -15.79, -47.88),
        ("CHN", "Beijing", 39.90, 116.40),
        ("NZL", "Wellington", -41.29, 174.78),
    ]:
        row = capitals.loc[country]
        assert row["capital"] == capital
        # The source gives whole minutes of arc and rounds some to a quarter of a degree.
        assert abs(row["lat"] - lat) < 0.3 and abs(row["lon"] - lon) < 0.3
    assert capitals.loc["HKG", "located_by"] == "territory"
    assert capitals.loc["FRA", "area"] == 643_801
    assert capitals.loc["MDA", "capital"] == "Chisinau"


def test_borders_are_symmetric():
    borders = data.load("borders")
    pairs = borders.set_index(["country", "neighbour"])["km"]
    assert pairs.index.is_unique
    mirrored = borders.set_index(["neighbour", "country"])["km"].rename_axis(pairs.index.names)
    assert pairs.sort_index().equals(mirrored.sort_index())
    assert ("FRA", "DEU") in pairs.index and ("GUF", "BRA") in pairs.index
    assert ("FRA", "BRA") not in pairs.index
    assert pairs["USA", "CAN"] == 8893  # the longest land border, with Alaska's


def test_every_partner_share_is_a_share():
    partners = data.load("factbook_partners")
    total = partners.groupby(["country", "flow"])["share"].sum()
    # Shares are rounded to a tenth of a per cent, so a full list can pass one a little.
    assert total.min() > 0 and total.max() < 1.01
    largest = partners[partners["flow"] == "exports"].set_index(["country", "partner"])["share"]
    assert largest["USA", "CAN"] == pytest.approx(0.192)


def test_countries_and_accession_years():
    countries = data.load("countries").set_index("country")
    assert countries.loc["NAM", "iso2"] == "NA"  # no missing value
    assert countries.loc["CHN", "iso_numeric"] == 156
    assert countries.loc["KOR", "oecd"] == 1996
    assert countries.loc["POL", "eu"] == 2004
    assert countries.loc["GBR", ["eu", "eu_exit"]].tolist() == [1973, 2020]
    assert countries["eu"].notna().sum() == 28
    assert countries["g7"].sum() == 7
    assert "XKX" in countries.index


def test_accession_years_agree_with_the_groups_of_the_source():
    path = DATA / "embedded" / "countries.csv"
    raw = pd.read_csv(path, keep_default_na=False).set_index("country")
    entry = {code: first for code, (first, _) in EU.items()}
    for group, until in [("eu12", 1986), ("eu15", 1995), ("eu25", 2004), ("eu28", 2013)]:
        members = set(raw.index[raw[group] != ""])
        assert members == {code for code, year in entry.items() if year <= until}, group


def test_shapes_have_one_row_a_country():
    shapes = data.load("geometry")
    assert shapes["country"].is_unique
    assert {"FRA", "NOR", "XKX", "CYP", "SOM"} <= set(shapes["country"])
    assert set(shapes["country"]) <= set(data.load("countries")["country"])
    assert shapes.is_valid.all()
    # Russia is the largest country and the projection keeps areas.
    area = shapes.set_index("country").to_crs("ESRI:54034").area / 1e6
    assert area.idxmax() == "RUS"
    # France with French Guiana, the shape has no other overseas parts.
    assert area["FRA"] == pytest.approx(551_500 + 83_500, rel=0.03)


def test_a_table_that_is_not_the_documented_one_is_refused(tmp_path):
    class Files:
        only = tmp_path / "borders.csv"

    Files.only.write_text("country,neighbour,km\nFRA,DE,418\n")
    with pytest.raises(DataError, match=r"borders\.csv, column 'neighbour': 'DE' is not a code"):
        _embedded.borders(Files)
