"""One regression for many outcomes at once: what simulations and decompositions need."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.estimation import _design
from lib.estimation._design import Effect


def slopes(
    data: pd.DataFrame,
    y: Sequence[str] | pd.DataFrame,
    x: Sequence[str],
    absorb: Effect | Sequence[Effect] = (),
) -> pd.DataFrame:
    r"""Return the least-squares coefficients of several outcomes on the same regressors.

    Parameters
    ----------
    data, x, absorb
        As in :func:`lib.estimation.hdfe`.
    y : sequence of str or DataFrame
        Outcomes: columns of the data, or a frame on their index. A row with a gap in one of them
        is left out of all.

    Returns
    -------
    DataFrame
        Regressors in rows, outcomes in columns; no standard errors.

    Raises
    ------
    BookError
        As :func:`lib.estimation.hdfe`.

    Notes
    -----
    :math:`(\tilde X'\tilde X)^{-1}\tilde X'\tilde Y`, tildes for "net of the effects".
    """
    if isinstance(y, pd.DataFrame):
        data = pd.concat([data.drop(columns=y.columns, errors="ignore"), y], axis=1)
    y, x = list(y), list(x)
    found = _design.design(data, [*y, *x], absorb, None)
    _design.refuse_collinear(found.numbers[x], found.effects)
    net = _design.partial_out(found.numbers, found.effects)
    solved = np.linalg.lstsq(net[:, len(y) :], net[:, : len(y)], rcond=None)[0]
    return pd.DataFrame(solved, x, y)


def omitted(
    data: pd.DataFrame,
    y: str,
    kept: Sequence[str],
    left_out: Sequence[str],
    absorb: Effect | Sequence[Effect] = (),
) -> pd.DataFrame:
    r"""Take a short regression's coefficients apart into what they are and what they stand in for.

    Parameters
    ----------
    data, y, absorb
        As in :func:`lib.estimation.hdfe`.
    kept, left_out : sequence of str
        Regressors of the short regression, and those that only the long one has.

    Returns
    -------
    DataFrame
        Indexed by the kept regressors: ``short``; ``own``, their coefficient in the long
        regression; and for each regressor left out what it contributes. The last add up to
        ``short``.

    Raises
    ------
    BookError
        As :func:`lib.estimation.hdfe`.

    Notes
    -----
    The formula of omitted variables: with :math:`\hat\delta_m` the coefficient of the kept
    regressor in a regression of the left-out one m on all kept ones,

    .. math:: \hat b^{short} = \hat b^{long} + \sum_m \hat\delta_m \, \hat b^{long}_m .
    """
    kept, left_out = list(kept), list(left_out)
    used = data[data[[y, *kept, *left_out]].notna().all(axis=1)]
    short = slopes(used, [y, *left_out], kept, absorb)
    long = slopes(used, [y], [*kept, *left_out], absorb)[y]
    parts = {"short": short[y], "own": long[kept]}
    return pd.DataFrame(parts | {m: short[m] * long[m] for m in left_out})
