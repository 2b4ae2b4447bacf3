"""Gao, Li and Zhu (2021) on the originals: their sample, and their baseline on five years."""

import numpy as np
import pandas as pd
import pytest

from lib import data, estimation, gvc
from lib.book import regressions

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
