"""Regressions written as formulas: the same numbers as a fit of dummies, written by hand."""

import numpy as np
import pandas as pd
import pytest

from lib import estimation
from lib.errors import BookError


@pytest.fixture
def panel():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        [(c, t, "north" if c in "abc" else "south") for c in "abcdefg" for t in range(6)],
        columns=["country", "year", "group"],
    )
    frame[["x", "z", "e"]] = rng.normal(size=(len(frame), 3))
    return frame.assign(y=2 * frame["x"] - frame["z"] + frame["year"] + frame["e"])


def by_dummies(frame, x, *effects):
    """Ordinary least squares with a dummy for each level of the effects."""
    dummies = [pd.get_dummies(e, dtype=float) for e in effects]
    matrix = np.column_stack([frame[x], *dummies])
    return np.linalg.lstsq(matrix, frame["y"], rcond=None)[0][: len(x)]


def test_a_formula_estimates_what_dummies_do(panel):
    group_year = panel["group"] + panel["year"].astype(str)
    found = estimation.fit(panel, "y ~ x + controls | country + group^year", controls=["z"])
    expected = by_dummies(panel, ["x", "z"], panel["country"], group_year)
    np.testing.assert_allclose(found.params, expected, rtol=1e-9)
    assert found.clusters == 7


def test_without_effects_named_it_is_the_two_way_regression(panel):
    table = estimation.estimates(panel, {"1": "y ~ x", "2": "y ~ x + controls"}, controls=["z"])
    assert [list(f.params.index) for f in table.values()] == [
        ["x", "constant"],
        ["x", "z", "constant"],
    ]
    expected = by_dummies(panel, ["x"], panel["country"], panel["year"])
    np.testing.assert_allclose(table["1"].params["x"], expected[0], rtol=1e-9)
    written = estimation.two_way(panel, "y", ["x", "z"])
    pd.testing.assert_frame_equal(table["2"].cov, written.cov)


@pytest.mark.parametrize("formula", ["y", "y ~", "~ x", "y ~ | country"])
def test_half_a_formula_is_refused(panel, formula):
    with pytest.raises(BookError, match="is no formula"):
        estimation.fit(panel, formula)
