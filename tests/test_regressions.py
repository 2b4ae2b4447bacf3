"""Regression tables beside the paper's, and what printed stars say."""

import types

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lib.book import regressions, replication
from lib.errors import BookError

PAPER = "gao_li_zhu_2021"
ROWS = {"tbi": "TBI", "constant": "constant"}


def estimate(**params):
    b = pd.Series(params, dtype=float)
    error = b.abs() / 3
    return types.SimpleNamespace(
        params=b,
        std_errors=error,
        pvalues=pd.Series(0.004, b.index),
        stars=pd.Series("***", b.index),
        nobs=615,
        r2_within=0.4421,
    )


def test_a_published_table_comes_back_as_printed():
    coef = regressions.published(PAPER, "table_3")
    assert list(coef) == ["1_kofgldj", "2_kofecgldj", "3_kofgldj", "4_kofecgldj"]
    assert coef.loc["tbi", "1_kofgldj"] == 11.5545 and np.isnan(coef.loc["tfp", "1_kofgldj"])
    assert regressions.published(PAPER, "table_4", "n").loc["observations"].tolist() == [
        330, 330, 285, 285,
    ]  # fmt: skip
    with pytest.raises(BookError, match="no 'coef' in table_99"):
        regressions.published(PAPER, "table_99")


def test_columns_stand_side_by_side():
    columns = {"1_kofgldj": estimate(tbi=12.0, constant=78.0)}
    table = regressions.beside(PAPER, "table_3", columns, ROWS, {"kofgldj": "overall"})
    assert list(table) == ["variable", "1 overall, paper", "1 overall, ours"]
    assert table["1 overall, paper"].tolist() == [
        "11.55*** (3.52)", "78.85*** (0.67)", "615", "0.442",
    ]  # fmt: skip
    ours = table["1 overall, ours"].tolist()
    assert ours == ["12.00*** (4.00)", "78.00*** (26.00)", "615", "0.442"]


def test_printed_coefficients_come_with_error_and_stars():
    """The first column of Table 3 by hand, and as many rows as Tables 3 to 6 have coefficients."""
    printed = regressions.coefficients(PAPER)
    first = printed[printed["column"] == "1_kofgldj"].set_index("row")
    assert first.loc["tbi", ["coef", "se", "stars"]].tolist() == [11.5545, 3.5239, "***"]
    assert len(printed) == 139 and printed.notna().all(axis=None)


def test_a_table_in_lines_prints_what_the_paper_prints_and_ours():
    found = estimate(rule=0.0024, ln_msize=-0.001)
    found.tstats = pd.Series({"rule": 3.0, "ln_msize": -0.5})
    found.stars["ln_msize"] = ""
    found.r2 = 0.951
    table = regressions.lines(
        "dang_yin_2024",
        "table_3",
        {"ours": {"2_fixed_effects": found}, "other": {}},
        {"2_fixed_effects": "(2)"},
        {"rule": "rule", "ln_msize": "ln msize"},
    )
    assert table.to_numpy().tolist() == [
        ["(2)", "rule", "0.002*** (4.92)", "0.0024*** (3.00)", "–"],
        ["(2)", "ln msize", "0.001 (1.93)", "−0.0010 (−0.50)", "–"],
        ["(2)", "N", "1,292,000", "615", "–"],
        ["(2)", "R²", "0.947", "0.951", "–"],
    ]


def test_a_table_without_n_has_no_line_for_it():
    table = regressions.lines("dang_yin_2024", "table_9", {}, {"1_total": "all"}, {"rule": "rule"})
    assert table["variable"].tolist() == ["rule"]


def test_stars_follow_from_t_within_rounding():
    """The 10 % bound of t(18) is 1.734: a ratio of 1.734 may have a star or none, 1.70 none."""
    bound = stats.t(18).ppf(0.95)
    coef, error = pd.Series([bound, bound, 1.70, 1.70, 1.70]), pd.Series(1.0, range(5))
    printed = pd.Series(["", "*", "", "*", "**"])
    fits = regressions.stars_fit(coef.round(4), error, printed, 19)
    assert fits.tolist() == [True, True, True, False, False]
    assert regressions.stars_fit(coef, error, printed).tolist() == [False, True, False, True, False]


def test_the_papers_stars_tell_how_many_clusters_it_has():
    """All 139 stars of Tables 3 to 6 follow from t with 41, 22 and 19 clusters."""
    rows = replication.published()
    rows = rows[(rows["paper"] == PAPER) & rows["item"].isin([f"table_{n}" for n in (3, 4, 5, 6)])]
    key = ["item", "row", "column"]
    wide = rows[rows["stat"] == "coef"].merge(rows[rows["stat"] == "se"], on=key)
    size = np.select(
        [wide["column"].str.contains("developed"), wide["column"].str.contains("developing")],
        [22, 19],
        41,
    )
    assert len(wide) == 139
    for g in (41, 22, 19):
        part = wide[size == g]
        numbers = (part[f"value_{side}"].astype(float) for side in "xy")
        assert regressions.stars_fit(*numbers, part["stars_x"], g).all()
