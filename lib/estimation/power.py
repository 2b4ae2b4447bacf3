"""What a sample can decide: chances to find an effect of a given size."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from lib.errors import BookError
from lib.estimation import _design
from lib.estimation._design import Effect


def power(
    data: pd.DataFrame,
    y: str,
    x: Sequence[str],
    absorb: Effect | Sequence[Effect],
    cluster: Effect,
    *,
    param: str,
    effects: Sequence[float],
    draws: int = 999,
    level: float = 0.05,
    seed: int = 1,
) -> pd.DataFrame:
    r"""Simulate how often a regression would find an effect of a given size.

    Parameters
    ----------
    data, y, x, absorb, cluster
        As in :func:`lib.estimation.hdfe`.
    param : str
        The regressor whose coefficient is asked for.
    effects : sequence of float
        True coefficients.
    draws : int
        Simulated samples.
    level : float
        Of the two-sided test.
    seed : int

    Returns
    -------
    DataFrame
        By effect: ``rejects``, the share of draws whose t test finds the coefficient different
        from zero; ``wrong_sign``, that of those with the wrong sign among them; ``covers``, the
        share of confidence intervals that hold the truth; ``formula``, power as normal theory has
        it with the clustered error of the data.

    Raises
    ------
    BookError
        As :func:`lib.estimation.hdfe`, and if the parameter is not a regressor.

    Notes
    -----
    The residuals of the data, with the sign of each cluster drawn at random, stand for those of
    other samples (a wild bootstrap). With x net of the effects and other regressors,
    :math:`s_g = \sum_{n \in g} x_n e_n`, :math:`q_g = \sum_{n \in g} x_n^2` and signs
    :math:`w_g`, a draw has

    .. math::
        b^* = b + \frac{\sum_g w_g s_g}{\sum_g q_g}, \qquad
        V^* = \frac{\sum_g (w_g s_g - (b^* - b) q_g)^2}{(\sum_g q_g)^2} \frac{G}{G-1},

    so no draw is a regression of its own. The test compares with t(G − 1).
    """
    x = list(x)
    if param not in x:
        raise BookError(f"The regression has no regressor {param!r}; choose from {', '.join(x)}.")
    found = _design.design(data, [y, *x], absorb, cluster)
    net, scale = _design.scaled(found.numbers, found.effects)
    _design.refuse_absorbed(net[:, 1:], x, found.effects)
    at = 1 + x.index(param)
    own = _design.residuals(net[:, [at]], np.delete(net, [0, at], 1))[:, 0] * scale[at]
    error = _design.residuals(net[:, [0]], net[:, 1:])[:, 0] * scale[0]
    s, q = _design.sums(np.column_stack([own * error, own**2]), found.cluster).T
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (draws, len(s)))
    miss = signs @ s / q.sum()
    few = len(s) / (len(s) - 1)
    se = np.sqrt(few * ((signs * s - np.outer(miss, q)) ** 2).sum(1)) / q.sum()
    se_data = np.sqrt(few * (s**2).sum()) / q.sum()
    critical = stats.t.ppf(1 - level / 2, len(s) - 1)
    rows = {}
    for b in effects:
        far = b / se_data
        finds = np.abs(b + miss) > critical * se
        wrong = finds & ((b + miss) * b < 0)
        rows[b] = {
            "rejects": finds.mean(),
            "wrong_sign": wrong.sum() / max(finds.sum(), 1),
            "covers": (np.abs(miss) <= critical * se).mean(),
            "formula": stats.norm.sf(critical - far) + stats.norm.cdf(-critical - far),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("effect")
