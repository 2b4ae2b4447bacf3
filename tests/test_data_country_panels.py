"""Country panels: KOF, the Penn World Table, governance, inflation and GDP."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import rdata

from lib import data
from lib.data import _country_panels as panels
from lib.errors import DataError

ECONOMIES = """
AUS AUT BEL BGR BRA CAN CHE CHN CYP CZE DEU DNK ESP EST FIN FRA GBR GRC HRV HUN IDN IND IRL
ITA JPN KOR LTU LUX LVA MEX MLT NLD NOR POL PRT ROU RUS SVK SVN SWE TUR TWN USA
"""
WIOD_2016 = ECONOMIES.split()


def files(path):
    return SimpleNamespace(only=path)


# -- the parsers, on made-up rows in the sources' own form ----------------------------------------


def kof_rows(**changes):
    rows = pd.DataFrame({"code": ["WLD", "ROM", "FRA", "FRA"], "year": [2000, 2001, 2001, 2000]})
    rows["country"] = ["World", "Romania", "France", "France"]
    for place, name in enumerate(panels.KOF_COLUMNS):
        rows[name] = [50.0, 40.0 + place, 60.0 + place, np.nan]
    return rows.assign(**changes)


class TestKof:
    def test_both_editions_give_one_frame(self, tmp_path):
        stata, excel = tmp_path / "kof.dta", tmp_path / "kof.xlsx"
        kof_rows().to_stata(stata, write_index=False)
        kof_rows().to_excel(excel, index=False)
        old, new = panels.kof_2018(files(stata)), panels.kof_2023(files(excel))
        pd.testing.assert_frame_equal(old, new)
        # Romania under today's code, the world apart, the row without any index gone.
        assert old[["country", "year"]].values.tolist() == [["FRA", 2001], ["ROU", 2001]]
        assert old.attrs["dropped"] == [{"code": "WLD", "rows": 1}]
        assert list(old.columns) == ["country", "year", *panels.KOF_COLUMNS]

    def test_a_gap_in_one_index_is_kept(self):
        rows = kof_rows(KOFTrGIdj=[1.0, np.nan, 2.0, np.nan])
        assert panels.kof(rows, "kof.dta")["KOFTrGIdj"].isna().tolist() == [False, True]

    def test_a_missing_index_is_refused(self):
        with pytest.raises(DataError, match=r"kof\.dta lacks the column 'KOFPoGIdj'"):
            panels.kof(kof_rows().drop(columns="KOFPoGIdj"), "kof.dta")

    def test_a_share_is_no_index(self):
        with pytest.raises(DataError, match=r"'KOFGI': 0\.5 is not a number from 1 to 100\.001"):
            panels.kof(kof_rows(KOFGI=0.5), "kof.dta")

    def test_a_year_twice_is_refused(self):
        rows = pd.concat([kof_rows(), kof_rows().iloc[[2]]])
        with pytest.raises(DataError, match=r"kof\.dta has two rows for FRA in 2001; keep one"):
            panels.kof(rows, "kof.dta")

    def test_an_old_and_a_new_code_of_one_country_are_refused(self):
        rows = kof_rows(code=["WLD", "ROM", "ROU", "FRA"])
        with pytest.raises(DataError, match="two rows for ROU in 2001"):
            panels.kof(rows, "kof.dta")


def pwt_rows(code, names):
    rows = pd.DataFrame({"country": ["Japan", "Japan"], code: ["JPN"] * 2}, dtype=object)
    rows["year"] = [2014.0, 2013.0]
    rows = rows.assign(**dict.fromkeys(names, 2.0), i_xm="interpolated")
    return rows.assign(pop=[127.0, 128.0], csh_m=-0.2)


class TestPwt:
    def test_numbers_under_their_own_names(self, tmp_path):
        pwt_rows("countrycode", panels._PWT_90).to_stata(tmp_path / "p.dta", write_index=False)
        rows = pwt_rows("isocode", panels._PWT_1001).astype({"i_xm": object})
        rdata.write_rda(tmp_path / "p.rda", {"pwt10.01": rows})
        old = panels.pwt_90(files(tmp_path / "p.dta"))
        new = panels.pwt_1001(files(tmp_path / "p.rda"))
        assert old["year"].tolist() == new["year"].tolist() == [2013, 2014]
        assert old["pop"].tolist() == new["pop"].tolist() == [128.0, 127.0]
        assert set(new.columns) - set(old.columns) == {"cn", "rnna", "irr", "pl_n"}
        assert "i_xm" not in new

    def test_persons_instead_of_millions_are_refused(self):
        rows = pwt_rows("country_code", panels._PWT_90).assign(country="JPN", pop=127e6)
        with pytest.raises(DataError, match=r"'pop': 127000000\.0 is not a number from 0 to 2000"):
            panels._pwt(rows, panels._PWT_90, "pwt.dta")


def wgi_sheet(years=(1996, 1998), legend=True):
    """Return a sheet as the workbook has it: years over statistics, gaps as text.

    One of its six sheets has no legend above, and names the first columns a row higher.
    """
    statistics = ["Estimate", "StdErr", "NumSrc", "Rank", "Lower", "Upper"]
    values = {"KSV": [0.5, 0.2, 4, 60, 50, 70], "AUT": [1.5, 0.1, 9, 95, 90, 99]}
    width = 2 + 6 * len(years)
    names, nothing = ["Country/Territory", "Code"], ["", ""]
    rows = [["Estimate", "what it is", *[""] * (width - 2)], [""] * width] if legend else []
    rows.append([*(nothing if legend else names), *np.repeat(years, 6).tolist()])
    rows.append([*(names if legend else nothing), *statistics * len(years)])
    for code, line in values.items():
        rows.append([code.title(), code, *line, *["#N/A" if code == "KSV" else x for x in line]])
    return pd.DataFrame(rows)


class TestWgi:
    @pytest.mark.parametrize("legend", [True, False])
    def test_two_header_rows_wherever_they_stand(self, tmp_path, legend):
        path = tmp_path / "wgi.xlsx"
        sheet = wgi_sheet(legend=legend)
        sheet.to_excel(path, sheet_name="RuleofLaw", header=False, index=False)
        panel = panels.wgi(files(path), "rule_of_law")
        assert panel.values.tolist() == [
            ["AUT", 1996, 1.5, 0.1, 9],
            ["AUT", 1998, 1.5, 0.1, 9],
            ["XKX", 1996, 0.5, 0.2, 4],  # the missing year is absent, 1997 is not filled
        ]
        assert list(panel.columns) == ["country", "year", "rule_of_law", "std_error", "sources"]

    def test_an_unknown_indicator(self):
        with pytest.raises(DataError, match="no indicator 'RQ'; choose from voice_and_account"):
            panels.wgi(files("wgi.xlsx"), "RQ")

    def test_another_sheet_is_refused(self):
        with pytest.raises(DataError, match=r"wgi\.xlsx: rule_of_law has no row with 'Estimate'"):
            panels.wgi_panel(pd.DataFrame([["Name", "Code"]]), "rule_of_law", "wgi.xlsx")
        sheet = wgi_sheet().replace("StdErr", "SE")
        with pytest.raises(DataError, match=r"wgi\.xlsx: rule_of_law lacks StdErr"):
            panels.wgi_panel(sheet, "rule_of_law", "wgi.xlsx")

    def test_a_rank_is_no_estimate(self):
        sheet = (
            wgi_sheet(legend=False)
            .replace("Estimate", "x")
            .replace("Rank", "Estimate")
            .replace("#N/A", 50)
        )
        with pytest.raises(DataError, match=r"'rule_of_law': 60\.0 is not a number from -4 to 4"):
            panels.wgi_panel(sheet, "rule_of_law", "wgi.xlsx")


def test_inflation_keeps_a_gap(tmp_path):
    path = tmp_path / "wdi.csv"
    path.write_text(
        '"year","inflation","Trade_to_GDP","population","iso3c"\n'
        '2001,NA,30.5,1e6,"NAM"\n2000,9.25,30,1e6,"NAM"\n'
    )
    panel = panels.inflation(files(path))
    assert panel["country"].tolist() == ["NAM", "NAM"] and panel["year"].tolist() == [2000, 2001]
    assert panel["inflation"].tolist()[0] == 9.25 and panel["inflation"].isna().tolist()[1]


def test_gdp_is_in_million_usd_without_groups(tmp_path):
    path = tmp_path / "gdp.csv"
    path.write_text(
        "Country Name,Country Code,Year,Value\n"
        "World,WLD,2000,3e13\nNamibia,NAM,2000,3.9e9\nChannel Islands,CHI,2000,6e9\n"
    )
    panel = panels.gdp(files(path))
    assert panel.values.tolist() == [["NAM", 2000, 3900.0]]
    assert panel.attrs["dropped"] == [{"code": "CHI", "rows": 1}, {"code": "WLD", "rows": 1}]
    path.write_text("Country Name,Country Code,Year,Value\nNamibia,NAM,2000,3900\n")
    with pytest.raises(DataError, match=r"'gdp_usd': 3900\.0 is not a number from 10000"):
        panels.gdp(files(path))


# -- the originals --------------------------------------------------------------------------------


@cache
def load(key):
    return data.load(key, tier="original")


def known():
    return set(data.load("countries")["country"])


def of_wiod(panel):
    return panel[panel["country"].isin(WIOD_2016) & panel["year"].between(2000, 2014)]


@pytest.mark.parametrize(
    ("key", "rows", "economies", "first", "last"),
    [
        pytest.param(*case, marks=pytest.mark.originals(case[0]), id=case[0])
        for case in [
            ("kof_2018", 8781, 203, 1970, 2016),
            ("kof_2023", 9796, 203, 1970, 2021),
            ("pwt_90", 9839, 182, 1950, 2014),
            ("pwt_1001", 10819, 183, 1950, 2019),
            ("wgi", 4908, 214, 1996, 2022),
            ("inflation", 12250, 213, 1960, 2017),
            ("gdp", 11129, 213, 1960, 2023),
        ]
    ],
)
def test_each_original_has_its_size_and_legal_codes(key, rows, economies, first, last):
    panel = load(key)
    assert (len(panel), panel["country"].nunique()) == (rows, economies)
    assert (panel["year"].min(), panel["year"].max()) == (first, last)
    # The Netherlands Antilles are gone, but WGI has them apart from their successors.
    assert set(panel["country"]) - known() == ({"ANT"} if key == "wgi" else set())
    assert not panel.duplicated(["country", "year"]).any()


EDITIONS = pytest.mark.parametrize("key", ["kof_2018", "kof_2023"])


@pytest.mark.originals("kof_2018", "kof_2023")
class TestKofOriginals:
    @EDITIONS
    def test_42_economies_of_wiod_are_complete_and_taiwan_is_absent(self, key):
        panel = of_wiod(load(key))
        assert set(WIOD_2016) - set(panel["country"]) == {"TWN"}
        assert len(panel) == 42 * 15 and panel.notna().all(axis=None)

    @EDITIONS
    def test_the_economic_index_is_the_mean_of_trade_and_financial(self, key):
        """Except in Belgium (one edition) and Luxembourg, for which the source gives no reason."""
        panel = of_wiod(load(key))
        gap = (panel["KOFTrGIdj"] + panel["KOFFiGIdj"]) / 2 - panel["KOFEcGIdj"]
        off = set(panel.loc[gap.abs() > 1e-3, "country"])
        assert off == ({"BEL", "LUX"} if key == "kof_2018" else {"LUX"})

    @EDITIONS
    def test_the_whole_is_the_mean_of_its_three_parts(self, key):
        """To single precision; three economies are off, by less than half a point."""
        panel = of_wiod(load(key))
        gap = panel["KOFGIdj"] - panel[["KOFEcGIdj", "KOFSoGIdj", "KOFPoGIdj"]].mean(axis=1)
        assert set(panel.loc[gap.abs() > 1e-3, "country"]) <= {"BEL", "LUX", "ROU"}
        assert gap.abs().max() < 0.5

    def test_the_editions_agree_on_who_is_open(self):
        both = load("kof_2018").merge(load("kof_2023"), on=["country", "year"])
        assert both["KOFGIdj_x"].corr(both["KOFGIdj_y"]) > 0.99
        assert both["KOFEcGIdj_x"].corr(both["KOFEcGIdj_y"]) > 0.97


@pytest.mark.originals("pwt_90", "pwt_1001", "gdp")
class TestPwtOriginals:
    def test_capital_is_a_stock_in_one_and_a_service_in_the_other(self):
        old, new = (load(key).set_index(["country", "year"]) for key in ("pwt_90", "pwt_1001"))
        # US capital is about three times GDP; services are relative to the United States.
        usa = old.loc[("USA", 2011)]
        assert 2.5 < usa["ck"] / usa["cgdpo"] < 4
        assert new.loc[("USA", 2017), "ck"] == pytest.approx(1)
        assert 2.5 < new.loc[("USA", 2011), "cn"] / new.loc[("USA", 2011), "cgdpo"] < 4.5

    @pytest.mark.parametrize("key", ["pwt_90", "pwt_1001"])
    def test_controls_of_the_43_economies_are_complete(self, key):
        panel = of_wiod(load(key))
        assert len(panel) == 43 * 15
        names = ["rgdpna", "cgdpo", "ck", "rtfpna", "ctfp", "pop", "xr", "pl_gdpo"]
        assert panel[names].notna().all(axis=None)

    def test_nominal_gdp_is_the_world_banks(self):
        """One checks the other: cgdpo × pl_gdpo is GDP at market exchange rates."""
        table = load("pwt_1001").query("year == 2014")
        both = table.merge(load("gdp"), on=["country", "year"])
        big = both[both["country"].isin(WIOD_2016)]
        ratio = big["cgdpo"] * big["pl_gdpo"] / big["gdp_usd"]
        # Revisions of national accounts between the two vintages, most of them under 5 per cent.
        assert (ratio - 1).abs().median() < 0.03 and (ratio - 1).abs().max() < 0.25


@pytest.mark.originals("wgi")
class TestWgiOriginal:
    def test_years_without_a_survey_are_absent(self):
        years = set(load("wgi")["year"])
        assert years == set(range(1996, 2023)) - {1997, 1999, 2001}

    @pytest.mark.parametrize("indicator", panels.WGI_SHEETS)
    def test_every_sheet_has_all_economies_and_mean_near_zero(self, indicator):
        panel = data.load("wgi", tier="original", indicator=indicator)
        assert panel["country"].nunique() == 214
        # Estimates are standardised in each year over the economies of that year.
        assert panel.groupby("year")[indicator].mean().abs().max() < 0.15
        assert panel.groupby("year")[indicator].std().between(0.9, 1.1).all()


@pytest.mark.originals("inflation")
def test_inflation_is_that_of_consumer_prices():
    panel = load("inflation").set_index(["country", "year"])["inflation"]
    # Consumer prices rose 0.3 per cent in Germany in 2009 and fell 1.4 in Japan; the GDP deflators
    # did not (1.8, -0.6).
    assert panel["DEU", 2009] == pytest.approx(0.3, abs=0.05)
    assert panel["JPN", 2009] == pytest.approx(-1.4, abs=0.06)
    assert np.isnan(panel["ARG", 2014])
