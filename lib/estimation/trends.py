"""Where a trend breaks."""

import numpy as np
import pandas as pd

from lib.errors import BookError


def break_year(series: pd.Series) -> pd.Series:
    r"""Find the year in which a line with one kink fits a series best.

    Parameters
    ----------
    series : Series
        Indexed by year, five values or more.

    Returns
    -------
    Series
        ``year`` of the kink, never the first or last, and the slopes ``before`` and ``after`` it,
        per year.

    Raises
    ------
    BookError
        If there are fewer than five values, or one is missing.

    Notes
    -----
    Least squares of :math:`y_t = a + b t + c \max(t - k, 0)` for every inner year k.
    """
    if len(series) < 5 or series.isna().any():
        raise BookError("A break needs five years or more, and none may be missing.")
    years = series.index.to_numpy(float)
    fits = {}
    for k in years[1:-1]:
        line = np.column_stack([np.ones_like(years), years - k, np.maximum(years - k, 0)])
        b, *_ = np.linalg.lstsq(line, series.to_numpy(float), rcond=None)
        fits[k] = (((series - line @ b) ** 2).sum(), b)
    k = min(fits, key=lambda year: fits[year][0])
    _, slope, bend = fits[k][1]
    return pd.Series({"year": int(k), "before": slope, "after": slope + bend})
