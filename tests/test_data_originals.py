"""The readers on the real files: counts, identities and known magnitudes."""

import numpy as np
import pytest
from linearmodels.iv import AbsorbingLS

from lib import data
from lib.data import wiod


def great_circle(a, b):
    """Return the distance in km between two frames of `lat` and `lon` in degrees."""
    lat1, lon1, lat2, lon2 = (np.radians(x.to_numpy()) for x in (a.lat, a.lon, b.lat, b.lon))
    h = np.sin((lat2 - lat1) / 2) ** 2
    h += np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371 * np.arcsin(np.sqrt(h))


@pytest.fixture(scope="module")
def pairs():
    return data.load("geodist", tier="original")


@pytest.mark.originals("geodist")
class TestGeoDist:
    def test_counts_codes_and_gaps(self, pairs):
        assert len(pairs) == 224**2
        assert not pairs.duplicated(["exporter", "importer"]).any()
        assert not {"ROM", "ZAR", "TMP", "PAL", "YUG"} & set(pairs["exporter"])
        assert {"ROU", "COD", "TLS", "PSE", "SRB", "NAM"} <= set(pairs["exporter"])
        assert not {"MNE", "LIE", "XKX", "MCO", "SSD"} & set(pairs["exporter"])
        assert pairs["distw"].isna().sum() == 2215
        assert pairs["distcap"].notna().all()

    def test_ties_are_symmetric(self, pairs):
        for name in ("contig", "distcap", "comlang_off"):
            square = pairs.pivot(index="exporter", columns="importer", values=name).to_numpy()
            np.testing.assert_allclose(square, square.T, rtol=1e-6)

    def test_capital_distance_is_the_great_circle(self, pairs):
        capitals = data.load("capitals").query("located_by == 'capital'").set_index("country")
        # Capitals that moved, or that the two sources place in different cities.
        moved = ["TZA", "MMR", "KAZ", "PLW", "CIV", "BOL", "BEN", "NGA", "LKA", "ZAF"]
        known = set(capitals.index) - set(moved)
        far = pairs[pairs["exporter"].isin(known) & pairs["importer"].isin(known)]
        far = far[far["distcap"] > 1000]
        error = (
            great_circle(capitals.loc[far["exporter"]], capitals.loc[far["importer"]])
            / far["distcap"]
            - 1
        ).abs()
        # Minutes of arc and a sphere: a small per cent; territories differ by more.
        assert error.median() < 0.003
        assert error.quantile(0.95) < 0.03

    def test_a_common_border_is_one_in_the_factbook(self, pairs):
        borders = set(data.load("borders")[["country", "neighbour"]].itertuples(index=False))
        borders = {tuple(pair) for pair in borders}
        real = pairs[(pairs["contig"] == 1) & (pairs["exporter"] != pairs["importer"])]
        listed = [pair in borders for pair in zip(real["exporter"], real["importer"], strict=True)]
        assert np.mean(listed) > 0.97


@pytest.mark.originals("wiod_2013")
class TestWiod:
    @pytest.mark.parametrize(
        ("year", "world_gdp"), [(1995, 29.2e6), (2000, 31.7e6), (2011, 69.3e6)]
    )
    def test_shape_and_world_gdp(self, year, world_gdp):
        table = data.load("wiod_2013", tier="original", year=year)
        assert table.Z.shape == (1435, 1435)
        assert table.Y.shape == (1435, 41, 5)
        assert table.countries[-1] == "ROW" and "ROU" in table.countries
        assert table.sectors == tuple(data.wiod_sectors().index)
        # Value added at basic prices with net taxes; the World Bank has 30.9, 33.6, 73.4.
        gdp = table.x.sum() - table.Z.sum()
        assert gdp == pytest.approx(world_gdp, rel=0.005)

    def test_output_exceeds_the_truncated_row_sums(self):
        table = data.load("wiod_2013", tier="original", year=2000)
        gap = table.x - table.Z.sum(axis=1) - table.Y.sum(axis=(1, 2))
        assert gap.mean() == pytest.approx(37.3, abs=0.1)
        # Truncation loses; only where negative stocks are cut toward zero can it add a little.
        assert gap.min() >= -4 and (gap < 0).sum() < 20
        assert 300 <= (gap > 0.01 * table.x).sum() <= 470

    def test_cells_are_whole_million_usd_and_only_stocks_fall(self):
        table = data.load("wiod_2013", tier="original", year=2009)
        assert (np.round(table.Z) == table.Z).all() and (table.Z >= 0).all()
        assert (table.Y[:, :, :4] >= 0).mean() > 0.999
        assert (table.Y[:, :, table.uses.index("inventories")] < 0).any()

    def test_germany_sells_cars_and_australia_ore(self):
        """A permuted reading of rows or columns would fail here."""
        table = data.load("wiod_2013", tier="original", year=2011)
        g, n = 41, 35
        sold = table.Z.reshape(g, n, g, n).sum(axis=3) + table.Y.sum(axis=2).reshape(g, n, g)
        for country, sector in [("DEU", "c15"), ("AUS", "c2"), ("TWN", "c14"), ("LUX", "c28")]:
            i = table.countries.index(country)
            exports = sold[i].sum(axis=1) - sold[i, :, i]
            assert table.sectors[exports.argmax()] == sector, country

    def test_a_households_use_is_the_largest(self):
        table = data.load("wiod_2013", tier="original", year=2011)
        usa = table.Y[:, table.countries.index("USA")].sum(axis=0)
        share = dict(zip(table.uses, usa / usa.sum(), strict=True))
        # National accounts 2011: households and NPISH 69, government 17, investment 14 per cent.
        assert share["household"] + share["npish"] == pytest.approx(0.69, abs=0.02)
        assert share["government"] == pytest.approx(0.165, abs=0.02)

    def test_every_year_is_there(self):
        files = data.catalogue()["wiod_2013"].files
        assert {file.name for file in files} == {f"wiot_{y}.RData" for y in wiod.YEARS}


@pytest.fixture(scope="module")
def panel():
    return data.load("bilateral_panel", tier="original")


@pytest.mark.originals("bilateral_panel")
@pytest.mark.slow
class TestBilateralPanel:
    def test_counts_and_codes(self, panel):
        assert len(panel) == 310_457
        assert not panel.duplicated(["exporter", "importer", "year"]).any()
        assert sorted(panel["year"].unique()) == list(range(1964, 2017, 4))
        known = set(data.load("countries")["country"]) | {"ANT"}
        gone = {"CSK", "DDR", "SUN", "VDR", "YMD", "YUG"}
        codes = set(panel["exporter"]) | set(panel["importer"])
        assert codes - known == gone - known
        assert not {"LUX", "BLX", "ROM"} & codes

    def test_dropped_destinations_are_reported(self, panel):
        dropped = {row["code"]: row for row in panel.attrs["dropped"]}
        assert set(dropped) == {
            "BAT", "BUN", "FRE", "NZE", "PCE", "PCZ", "RYU", "SIK", "SPE", "UNS", "USP", "ZPM",
            "ZW1",
        }  # fmt: skip
        # Unspecified destinations take 2.2 per cent of all trade.
        assert dropped["UNS"]["share"] == pytest.approx(0.0221, abs=1e-4)

    def test_world_exports_are_in_million_usd(self, panel):
        # The WTO has 16.0 thousand billion USD for 2016; not every exporter reports.
        world = panel.groupby("year")["value"].sum()
        assert world[2016] == pytest.approx(14e6, rel=0.05)
        big = panel.query("exporter == 'CHN' and importer == 'USA' and year == 2016")
        assert big["value"].item() == pytest.approx(385e3, rel=0.01)

    def test_pairs_under_agreements_since_replaced_are_missing(self, panel):
        """The trap of this source: the nearest partners are absent, not the farthest."""

        def rows(year, a, b):
            return len(panel.query("year == @year and exporter == @a and importer == @b"))

        for year, a, b in [
            (1992, "USA", "CAN"),
            (1992, "CAN", "USA"),
            (1996, "POL", "DEU"),
            (2000, "DEU", "HUN"),
            (2000, "ROU", "ITA"),
            (2004, "HRV", "ITA"),
        ]:
            assert rows(year, a, b) == 0, (year, a, b)
        for year, a, b in [(1996, "USA", "CAN"), (2008, "POL", "DEU"), (2008, "ROU", "ITA")]:
            assert rows(year, a, b) == 1, (year, a, b)

    def test_codes_read_off_the_trade(self, panel):
        """Each recoded country trades most with the partners that its neighbours tell."""
        sales = panel.groupby(["exporter", "importer"])["value"].sum()
        assert sales["MNE"].idxmax() == "SRB"
        assert sales["KNA"].idxmax() == "USA"
        assert sales["BEL"].idxmax() == "DEU"
        early = panel[(panel["importer"] == "VNM") & (panel["year"] < 1976)]
        assert early.groupby("exporter")["value"].sum().idxmax() == "USA"

    @pytest.mark.originals("bilateral_panel", "geodist")
    def test_gravity(self, panel, pairs):
        """The distance elasticity with ties and country effects is a usual one.

        Head and Mayer (2014, Handbook of International Economics 4) report a mean of -1.1 and a
        standard deviation of 0.4 over structural estimates: within two of them.
        """
        flows = panel[(panel["year"] == 2016) & (panel["value"] > 0)]
        flows = flows.merge(pairs, on=["exporter", "importer"])
        effects = flows[["exporter", "importer"]].astype("category")
        regressors = flows[["contig", "comlang_off", "colony"]].assign(log=np.log(flows["distcap"]))
        fit = AbsorbingLS(np.log(flows["value"]), regressors, absorb=effects).fit()
        assert -1.9 < fit.params["log"] < -0.3
        assert (fit.params[["contig", "comlang_off", "colony"]] > 0).all()


@pytest.mark.originals("baci_example")
def test_baci_example():
    flows = data.load("baci_example", tier="original")
    assert flows.attrs["dropped"] == []
    assert set(flows["exporter"]) == {"AFG", "ZAF"}
    assert flows["product"].str.fullmatch(r"\d{6}").all()
    assert (flows["product"].str[:2] == "08").any()  # Afghan fruit keeps its leading zero
    assert flows["quantity"].isna().sum() == 2306
    # Platinum, diamonds and gold, then ores: South Africa exported 120 billion USD of goods (WTO),
    # and the excerpt does not hold all of its rows.
    south = flows[flows["exporter"] == "ZAF"]
    chapters = south.groupby(south["product"].str[:2])["value"].sum().nlargest(2)
    assert chapters.index.tolist() == ["71", "26"]
    assert 60e3 < south["value"].sum() < 120e3


@pytest.mark.originals("hs_bec4")
@pytest.mark.parametrize("edition", ["HS92", "HS96", "HS02", "HS07", "HS12", "HS17", "HS22", "HS"])
def test_bec_of_every_edition(edition):
    table = data.load("hs_bec4", tier="original", edition=edition)
    assert table["product"].is_unique
    assert table["product"].str.fullmatch(r"\d{6}").all()
    shares = table["use"].value_counts(normalize=True)
    # Three products in five are intermediate; a few per cent belong to no one use.
    assert 0.58 < shares["intermediate"] < 0.64
    assert shares["unclassified"] < 0.05
    use = table.set_index("product")["use"]
    assert use["870323"] == "unclassified"  # passenger cars
    assert use["870830" if edition in ("HS07", "HS12", "HS17", "HS22") else "870810"] == (
        "intermediate"  # parts of cars
    )
    assert use["220421"] == "consumption"  # wine
    assert use["260111"] == "intermediate"  # iron ore
