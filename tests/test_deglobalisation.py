"""Gao, Li and Zhu (2021) on the originals: their sample, and their baseline on five years."""

import numpy as np
import pandas as pd
import pytest

from lib import data, estimation, gvc
from lib.book import regressions
from lib.errors import BookError
from lib.models import deglobalisation

PAPER = "gao_li_zhu_2021"
COLUMNS = {"1_kofgldj": "KOFGIdj", "2_kofecgldj": "KOFEcGIdj"}


@pytest.fixture
def panel():
    """The index of five years, KOF 2018 and the controls of 42 economies."""
    index = gvc.trade_benefit_panel(data.load("wiod_2016_absorption"))
    frame = index.rename(columns={"index": "tbi"}).merge(data.load("kof_2018"))
    quality = data.load("wgi")[["country", "year", "regulatory_quality"]]
    table = data.load("pwt_90")
    logs = {"ln_exchange_rate": "xr", "ln_capital_stock": "ck", "ln_gdp": "rgdpna"}
    logs |= {"ln_population": "pop"}
    names = [*logs.values(), "ctfp"]
    frame = frame.merge(table[["country", "year", *names]]).merge(quality)
    frame = frame.merge(data.load("inflation")[["country", "year", "inflation"]])
    frame = frame.assign(**{name: np.log(frame[column]) for name, column in logs.items()})
    return frame.rename(columns={"ctfp": "tfp"})


@pytest.mark.originals("wiod_2016_absorption", "kof_2018")
def test_only_without_romania_do_two_constants_imply_one_mean():
    """Both columns imply the mean index of 2000; their digits allow a gap of 7e-6."""
    coef = regressions.published(PAPER, "table_3")
    members = data.load("wiod_2016_absorption")["exporter"].unique()
    kof = data.load("kof_2018")
    start = kof[(kof["year"] == 2000) & kof["country"].isin(members)]
    y = start.set_index("country")[list(COLUMNS.values())].astype(float)
    assert len(y) == 42
    rest = (y.sum() - y) / 41
    implied = pd.DataFrame(
        {
            c: (rest[name] - coef.loc["constant", c]) / coef.loc["tbi", c]
            for c, name in COLUMNS.items()
        }
    )
    gap = (implied.iloc[:, 0] - implied.iloc[:, 1]).abs().sort_values()
    assert gap.index[0] == "ROU" and gap.iloc[0] < 7.2e-6 and gap.iloc[1] > 1e-3


@pytest.mark.originals("wiod_2016_absorption", "kof_2018", "pwt_90", "wgi", "inflation")
def test_the_baseline_on_five_years_is_near_the_published_one(panel):
    """A third of the years: the index's coefficient in each column of Table 3 lies within half a
    published standard error, and differs from zero at 5 % as in the paper."""
    coef, error = (regressions.published(PAPER, "table_3", stat) for stat in ("coef", "se"))
    rows = panel[panel["country"] != "ROU"]
    assert rows["country"].nunique() == 41
    controls = [r for r in coef.index if r not in ("tbi", "constant", "observations", "r2")]
    for column in coef:
        outcome = COLUMNS["1_kofgldj" if column.endswith("_kofgldj") else "2_kofecgldj"]
        x = ["tbi"] if column in COLUMNS else ["tbi", *controls]
        found = estimation.two_way(rows, outcome, x)
        miss = (found.params["tbi"] - coef.loc["tbi", column]) / error.loc["tbi", column]
        assert abs(miss) < 0.5 and found.pvalues["tbi"] < 0.05
        assert found.nobs == 5 * 41


def sources(years=range(1999, 2006)):
    """A small world of four economies with all that the panel is made of."""
    key = pd.MultiIndex.from_product(
        [["CHN", "DEU", "ROU", "TWN"], years], names=["country", "year"]
    )
    frame = key.to_frame(index=False)
    place = np.arange(len(frame), dtype=float)
    index = frame.assign(index=place / 100)
    sides = [f"{name}{side}" for name in deglobalisation.INDICES.values() for side in ("dj", "df")]
    kof = frame.assign(**{name: 50 + place + i for i, name in enumerate(sides)})
    pwt = frame.assign(xr=2.0, pop=place + 1, rgdpna=7.0, ck=3.0, rkna=4.0, ctfp=0.5)
    wgi = frame.assign(regulatory_quality=place)[frame["year"] != 2001]
    return index, kof, pwt, wgi, frame.assign(inflation=place, trade_to_gdp=1.0)


def test_the_panel_has_its_years_groups_and_the_value_before():
    panel = deglobalisation.panel(*sources(), first=2000, last=2004)
    assert panel.groupby("country").size().to_dict() == {"CHN": 5, "DEU": 5}
    assert set(panel.loc[panel["country"] == "DEU", "group"]) == {"developed"}
    china = panel[panel["country"] == "CHN"].set_index("year")
    assert np.isnan(china.loc[2000, "lag"]) and china.loc[2003, "lag"] == china.loc[2002, "tbi"]
    assert china.loc[2001, "regulatory_quality"] == 2.0  # the mean of 1 and 3
    assert china.loc[2004, "ln_population"] == pytest.approx(np.log(6))
    assert china.loc[2004, "economic_fact"] - china.loc[2004, "economic"] == 1
    with pytest.raises(BookError, match="No economy"):
        deglobalisation.panel(*sources(), first=2030, last=2031)


def test_later_releases_name_their_stocks_otherwise():
    pwt = sources()[2]
    later = pwt.assign(cn=30.0, rnna=40.0)
    for stock, old, new in (("ck", 3, 30), ("rkna", 4, 40)):
        for table, value in ((pwt, old), (later, new)):
            found = deglobalisation.controls(table, stock=stock)
            assert np.allclose(found["ln_capital_stock"], np.log(value))


def test_constants_of_a_balanced_panel_give_back_the_means_of_its_first_year():
    """What the paper prints is made here by dummies, so that the answer is known."""
    rng = np.random.default_rng(3)
    key = pd.MultiIndex.from_product([list("abcdefgh"), range(5)], names=["country", "year"])
    frame = pd.DataFrame(rng.normal(size=(len(key), 5)), key, ["y1", "y2", "y3", "x", "z"])
    frame = frame.reset_index()
    dummies = pd.get_dummies(frame["year"], dtype=float).iloc[:, 1:]
    country = pd.get_dummies(frame["country"], dtype=float)
    matrix = np.column_stack([frame[["x", "z"]], dummies, country])
    coefs = {}
    for y in ("y1", "y2", "y3"):
        b = np.linalg.lstsq(matrix, frame[y], rcond=None)[0]
        coefs[y] = {"x": b[0], "z": b[1], "constant": b[-country.shape[1] :].mean()}
    means = frame[frame["year"] == 0].mean(numeric_only=True)
    miss, found = deglobalisation.constants(pd.DataFrame(coefs), means, ["z"])
    assert miss < 1e-9 and found["z"] == pytest.approx(means["z"])
    assert deglobalisation.constants(pd.DataFrame(coefs), means + 1, ["z"])[0] > 1e-3


def test_the_index_fills_its_years_in_four_ways():
    """Two countries; the older release has every year, the new one the ends of four."""

    def flows(year, sold):
        pairs = [("AAA", "BBB", sold), ("BBB", "AAA", 1.0)]
        return pd.DataFrame(pairs, columns=["exporter", "importer", "value"]).assign(year=year)

    def table(year, sold):
        final = np.array([[1.0, sold], [1.0, 1.0]])
        return gvc.Table(np.zeros((2, 2)), final, ["AAA", "BBB"], ["all"], year=year)

    years = range(2000, 2004)
    older = [table(year, sold) for year, sold in zip(years, (1.0, 3.0, 1.0, 1.0), strict=True)]
    new = pd.concat([flows(2000, 1.0), flows(2003, 3.0)])
    found = deglobalisation.indices(new, older, years=years)
    ways = {
        name: frame[frame["country"] == "AAA"].set_index("year")["index"]
        for name, frame in found.items()
    }
    assert ways["five_years"].tolist() == [0, 0.5]
    assert ways["wiod_2013"].tolist() == [0, 0.5, 0, 0]
    np.testing.assert_allclose(ways["interpolated"], [0, 1 / 6, 1 / 3, 0.5])
    np.testing.assert_allclose(ways["linked"], [0, 0.5 + 1 / 6, 1 / 3, 0.5])
    more = deglobalisation.indices(new, older, [table(2001, 9.0), table(2003, 9.0)], years)
    linked = more["linked"].query("country == 'AAA'").set_index("year")["index"]
    assert linked[2001] == 0.8 and linked[2003] == 0.5  # measured years stay
