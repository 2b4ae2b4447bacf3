"""The year in which a trend breaks."""

import numpy as np
import pandas as pd
import pytest

from lib.errors import BookError
from lib.estimation import break_year


def test_a_kink_is_found_with_its_slopes():
    years = np.arange(2000, 2015)
    broken = pd.Series(50 + 1.5 * (years - 2000) - 2 * np.maximum(years - 2008, 0), years)
    found = break_year(broken)
    assert found["year"] == 2008
    np.testing.assert_allclose(found[["before", "after"]], [1.5, -0.5])
    noise = np.random.default_rng(0).normal(scale=0.3, size=15)
    assert abs(break_year(broken + noise)["year"] - 2008) <= 1


def test_short_or_broken_series_are_refused():
    with pytest.raises(BookError, match="five years"):
        break_year(pd.Series([1.0, 2, 3, 4], range(4)))
    with pytest.raises(BookError, match="none may be missing"):
        break_year(pd.Series([1.0, 2, np.nan, 4, 5], range(5)))
