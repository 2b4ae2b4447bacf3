"""Effects of a treatment that starts at different times, without forbidden comparisons."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import lsmr

from lib.errors import BookError
from lib.estimation import _design
from lib.estimation._coefficients import Coefficients
from lib.estimation._design import Effect

ACCURACY = 1e-12


@dataclass(frozen=True)
class ImputationEstimate(Coefficients):
    """Average effects on the treated and what can be said of them.

    Attributes
    ----------
    params : Series
        ``effect``, or one average for each value of `by`.
    cov : DataFrame
    nobs : int
        Rows used, treated or not.
    treated : int
        Treated rows whose outcome without treatment can be imputed.
    impossible : int
        Treated rows left out because an effect of theirs is never seen without treatment: units
        that are treated from the first period on.
    clusters : int
    effects : Series
        Outcome less imputed outcome of each treated row, on the index of the data.
    """

    params: pd.Series
    cov: pd.DataFrame
    nobs: int
    treated: int
    impossible: int
    clusters: int
    effects: pd.Series


def imputation(
    data: pd.DataFrame,
    y: str,
    treatment: str,
    absorb: Effect | Sequence[Effect],
    cluster: Effect,
    *,
    by: str | None = None,
    dose: bool = False,
) -> ImputationEstimate:
    r"""Estimate the average effect on the treated by imputing what they would have been.

    Parameters
    ----------
    data : DataFrame
    y, treatment : str
        Numeric columns; a row is treated where `treatment` is not zero, and stays so.
    absorb, cluster
        As in :func:`lib.estimation.hdfe`. Errors are clustered.
    by : str, optional
        Column whose values part the treated rows, such as years since treatment; one average each.
    dose : bool
        Average the effect *per unit* of the treatment, with weights that make it the slope of the
        effects on the treatment through the origin.

    Returns
    -------
    ImputationEstimate

    Raises
    ------
    BookError
        If no row is untreated, none can be imputed, or a column is unusable.

    Notes
    -----
    The estimator of Borusyak, Jaravel and Spiess (2024, Review of Economic Studies 91). The effects
    of `absorb`, dummies Z, are estimated on the untreated rows 0 only; with weights w on treated
    rows 1,

    .. math::
        \hat\tau = w'(y_1 - Z_1\hat\lambda) = v'y, \qquad v_1 = w, \quad
        v_0 = -Z_0 (Z_0'Z_0)^{-} Z_1'w .

    Two-way fixed effects would compare the newly treated with those treated before, whose effect
    may still grow. The variance is :math:`\sum_g (\sum_{n \in g} v_n \tilde e_n)^2`, their eq. 7:
    e are the residuals of untreated rows and, for treated rows, the effects less their average,
    weighted by v², over rows of the same `by` (over all without it), which makes it conservative.
    The weights are w = 1/N, or d/Σd² with `dose`.
    """
    extra = [by] if by is not None else []
    found = _design.design(data, [y, treatment, *extra], absorb, cluster)
    numbers, d = found.numbers, found.numbers[treatment].to_numpy()
    on = d != 0
    if on.all() or not on.any():
        raise BookError(f"{treatment!r} needs rows at zero and rows that are not.")
    seen = _levels_seen(found.effects, ~on)
    rows = ~on | seen
    if not (on & seen).any():
        raise BookError("No treated row can be imputed: its effects are never seen untreated.")
    Z, outcome = _dummies(found.effects[rows]), numbers.loc[rows, y].to_numpy()
    on, d = on[rows], d[rows]
    fixed = _solve(Z[~on], outcome[~on])
    gap = outcome - Z @ fixed  # residuals of the untreated, effects of the treated
    parts = pd.Series(1.0, numbers.index[rows]) if by is None else numbers.loc[rows, by]
    labels = ["effect"] if by is None else sorted(parts[on].unique())
    groups = pd.factorize(found.cluster[rows])[0]
    values, scores = {}, []
    for label, value in zip(labels, sorted(parts[on].unique()), strict=True):
        inside = on & (parts == value).to_numpy()
        v = _weights(Z, on, inside * (d if dose else 1.0), (d if dose else inside * 1.0))
        values[label] = v[on] @ gap[on]
        error = gap - inside * _centre(gap, v, d, inside, dose)
        scores.append(np.bincount(groups, v * error))
    scores = np.column_stack(scores)
    return ImputationEstimate(
        params=pd.Series(values),
        cov=pd.DataFrame(scores.T @ scores, labels, labels),
        nobs=int(rows.sum()),
        treated=int(on.sum()),
        impossible=int((~rows).sum()),
        clusters=int(groups.max() + 1),
        effects=pd.Series(gap[on], numbers.index[rows][on]),
    )


def _levels_seen(effects: pd.DataFrame, untreated: np.ndarray) -> np.ndarray:
    """Mark the rows all of whose effects have an untreated row."""
    codes = effects.to_numpy().T
    return np.all([np.bincount(c[untreated], minlength=c.max() + 1)[c] > 0 for c in codes], axis=0)


def _dummies(effects: pd.DataFrame) -> sparse.csr_matrix:
    blocks = []
    for name in effects:
        code = pd.factorize(effects[name])[0]
        blocks.append(sparse.csr_matrix((np.ones(len(code)), (np.arange(len(code)), code))))
    return sparse.hstack(blocks, "csr")


def _solve(Z: sparse.csr_matrix, y: np.ndarray) -> np.ndarray:
    """Return a least-squares solution; which one does not matter to what can be estimated."""
    scale = 1 / np.sqrt(np.maximum(np.asarray(Z.sum(0)).ravel(), 1))
    limits = {"atol": ACCURACY, "btol": ACCURACY, "conlim": 0, "maxiter": 20_000}
    return scale * lsmr(Z @ sparse.diags(scale), y, **limits)[0]


def _weights(Z, on, weight, dose) -> np.ndarray:
    """Return v: the weights of treated rows, and what they imply for the untreated."""
    v = np.where(on, weight, 0.0)
    v /= v @ dose
    target = Z[on].T @ v[on]
    # The smallest v0 with Z0'v0 = −Z1'w lies in the span of Z0: it is −Z0 (Z0'Z0)^- Z1'w.
    scale = 1 / np.sqrt(np.maximum(np.asarray(Z[~on].sum(0)).ravel(), 1))
    transposed = (Z[~on] @ sparse.diags(scale)).T.tocsr()
    limits = {"atol": ACCURACY, "btol": ACCURACY, "conlim": 0, "maxiter": 20_000}
    v[~on] = -lsmr(transposed, scale * target, **limits)[0]
    if np.abs(Z.T @ v).max() > 1e-6 * np.abs(target).max():
        raise BookError("The untreated rows do not connect the effects of the treated ones.")
    return v


def _centre(gap, v, d, inside, dose) -> np.ndarray:
    """Return the average effect at each treated row, in proportion to a dose."""
    size = d if dose else 1.0
    weight = inside * v**2
    return size * (weight @ (gap * size)) / (weight @ (np.ones_like(gap) * size**2))
