"""Linking two releases of one measure."""

import numpy as np
import pandas as pd
import pytest

from lib import data, gvc, paths
from lib.errors import BookError


def release(country, values):
    return pd.DataFrame({"country": country, "year": list(values), "index": list(values.values())})


def test_the_gap_runs_straight_between_common_years_and_stays_outside():
    new = release("AAA", {2002: 0.30, 2005: 0.60})
    old = release("AAA", {2000: 0.0, 2002: 0.10, 2003: 0.5, 2004: 0.2, 2005: 0.10, 2006: 0.4})
    linked = gvc.link_releases(new, old, range(2000, 2008)).set_index("year")
    # Gaps: 0.2 in 2002 and 0.5 in 2005, so 0.3 and 0.4 between; nothing is known of 2001 and 2007.
    expected = [0.2, 0.25, 0.3, 0.8, 0.6, 0.6, 0.9, 0.9]
    np.testing.assert_allclose(linked["index"], expected)
    how = ["linked", "interpolated", "measured", "linked", "linked", "measured", "linked", "held"]
    assert list(linked["how"]) == how


def test_a_country_without_an_old_release_is_interpolated():
    new = release("BBB", {2002: 0.3, 2005: 0.6})
    linked = gvc.link_releases(new, release("AAA", {2003: 1.0}), range(2001, 2006))
    np.testing.assert_allclose(linked["index"], [0.3, 0.3, 0.4, 0.5, 0.6])
    assert list(linked["how"]) == ["held", "measured", "interpolated", "interpolated", "measured"]


def test_a_release_that_differs_by_a_constant_is_recovered_exactly():
    truth = release("AAA", {y: np.sin(y) for y in range(2000, 2012)})
    shifted = truth.assign(index=truth["index"] + 0.07)
    found = gvc.link_releases(truth[truth["year"].isin([2002, 2008])], shifted, range(2000, 2012))
    np.testing.assert_allclose(found["index"], truth["index"], atol=1e-12)


def test_unusable_releases_are_refused():
    one = release("AAA", {2000: 1.0})
    with pytest.raises(BookError, match="no column 'index'"):
        gvc.link_releases(one.rename(columns={"index": "tbi"}), one, [2000])
    with pytest.raises(BookError, match="twice"):
        gvc.link_releases(pd.concat([one, one]), one, [2000])
    with pytest.raises(BookError, match="no year"):
        gvc.link_releases(one, one, [])


@pytest.mark.slow
@pytest.mark.originals("wiod_2016_absorption", "wiod_2013")
def test_linking_comes_nearer_to_the_published_index_than_a_straight_line():
    """Gao, Li and Zhu print 8 economies in 15 years; 5 years are measured and 10 filled in."""
    rows = pd.read_csv(paths.PUBLISHED / "gao_li_zhu_2021.csv")
    rows = rows[(rows["item"] == "table_1") & rows["column"].str.isdigit()]
    table = rows.assign(country=rows["row"].str.upper(), year=rows["column"].astype(int))
    table = table.set_index(["country", "year"])["value"].astype(float)
    new = gvc.trade_benefit_panel(data.load("wiod_2016_absorption"))
    old = gvc.trade_benefit_panel(
        gvc.Table.of(data.load("wiod_2013", year=y), balance="row_sums") for y in range(2000, 2012)
    )
    nothing = old.iloc[:0]
    error = {}
    for name, movement in [("linked", old), ("line", nothing)]:
        found = gvc.link_releases(new, movement, range(2000, 2015)).set_index(["country", "year"])
        error[name] = (found["index"] - table).dropna().abs().mean()
    assert error["linked"] < 0.005 < 0.012 < error["line"]
