"""Poisson pseudo-maximum likelihood with any number of fixed effects: trade in levels, zeros in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyfixest
from pyfixest.errors import NonConvergenceError

from lib.errors import BookError
from lib.estimation import _design
from lib.estimation._coefficients import Coefficients
from lib.estimation._design import Effect

STEPS = 100


@dataclass(frozen=True)
class PPMLEstimate(Coefficients):
    """Coefficients of a Poisson regression with fixed effects.

    Attributes
    ----------
    params : Series
        Semi-elasticities: a unit of x multiplies the outcome by exp(b).
    cov : DataFrame
    nobs : int
        Rows used.
    clusters : int or None
    dropped, singletons, separated : int
        Rows left out for a gap, because an effect would have fitted them alone, and because all
        outcomes of an effect are zero, which fits them perfectly.
    pseudo_r2 : float
        One less the deviance over that of a constant mean.
    """

    params: pd.Series
    cov: pd.DataFrame
    nobs: int
    clusters: int | None
    dropped: int
    singletons: int
    separated: int
    pseudo_r2: float


def ppml(
    data: pd.DataFrame,
    y: str,
    x: str | Sequence[str],
    absorb: Effect | Sequence[Effect],
    cluster: Effect | None = None,
) -> PPMLEstimate:
    r"""Estimate an exponential mean with high-dimensional fixed effects.

    Parameters
    ----------
    data, x, absorb, cluster
        As in :func:`lib.estimation.hdfe`; at least one set of effects.
    y : str
        A flow or a share, zero or more.

    Returns
    -------
    PPMLEstimate

    Raises
    ------
    BookError
        As :func:`lib.estimation.hdfe`, if the outcome is negative, or if the fit does not converge
        (a regressor separates zeros from the rest).

    Notes
    -----
    :math:`E(y) = \exp(x'b + \text{effects})` by iterated weighted least squares, each step with
    the effects taken out (the package pyfixest). The sandwich has the factor G/(G − 1), that of
    :func:`lib.estimation.glm`, or one without clusters. See Santos Silva and Tenreyro (2006) and
    Correia, Guimarães and Zylkin (2020, Stata Journal 20).
    """
    x = [x] if isinstance(x, str) else list(x)
    found = _design.design(data, [y, *x], absorb, cluster)
    if not found.effects.shape[1]:
        raise BookError("ppml needs at least one set of effects; use glm without.")
    if (found.numbers[y] < 0).any():
        raise BookError(f"The outcome {y!r} has negative values; a flow or a share has none.")
    kept = _not_separated(found.numbers[y].to_numpy(), found.effects)
    if kept.sum() <= len(x):
        raise BookError(f"The outcome {y!r} does not vary within any effect; absorb less.")
    _design.refuse_collinear(found.numbers.loc[kept, x], found.effects[kept])
    fit = _fit(found, kept, y)
    at = [fit._coefnames.index(f"x{i}") for i in range(len(x))]
    groups = None if found.cluster is None else found.cluster[kept].nunique()
    factor = 1.0 if groups is None else groups / (groups - 1)
    scale = found.numbers.loc[kept, x].std(ddof=0).to_numpy()
    cov = factor * fit._vcov[np.ix_(at, at)] / np.outer(scale, scale)
    return PPMLEstimate(
        params=pd.Series(fit.coef().to_numpy()[at] / scale, x),
        cov=pd.DataFrame(cov, x, x),
        nobs=int(kept.sum()),
        clusters=groups,
        dropped=found.dropped,
        singletons=found.singletons,
        separated=int((~kept).sum()),
        pseudo_r2=1 - fit.deviance / _deviance_of_mean(found.numbers.loc[kept, y].to_numpy()),
    )


def _not_separated(outcome: np.ndarray, effects: pd.DataFrame) -> np.ndarray:
    """Mark the rows of effects that have some positive outcome, and are not alone among these."""
    kept = np.ones(len(outcome), bool)
    while True:
        out = np.zeros(len(outcome), bool)
        for code in effects.to_numpy().T:
            total = np.bincount(code[kept], outcome[kept], minlength=code.max() + 1)
            size = np.bincount(code[kept], minlength=code.max() + 1)
            out |= kept & ((total == 0) | (size == 1))[code]
        if not out.any():
            return kept
        kept &= ~out


def _fit(found, kept, name):
    x = found.numbers.loc[kept].iloc[:, 1:]
    frame = (x / x.std(ddof=0)).set_axis([f"x{i}" for i in range(x.shape[1])], axis=1)
    effects = [f"f{i}" for i in range(found.effects.shape[1])]
    frame[effects] = found.effects.loc[kept].to_numpy()
    frame["y"] = found.numbers.loc[kept].iloc[:, 0]
    if found.cluster is not None:
        frame["g"] = found.cluster[kept]
    formula = f"y ~ {' + '.join(c for c in frame if c.startswith('x'))} | {' + '.join(effects)}"
    try:
        with _design.quiet():
            return pyfixest.fepois(
                formula,
                frame.reset_index(drop=True),
                vcov="HC1" if found.cluster is None else {"CRV1": "g"},
                ssc=pyfixest.ssc(k_adj=False, k_fixef="none", G_adj=False),
                fixef_rm="none",
                iwls_tol=1e-10,
                iwls_maxiter=STEPS,
                separation_check=[],
                demeaner=pyfixest.MapDemeaner(fixef_tol=1e-10),
                copy_data=False,
                store_data=False,
            )
    except (NonConvergenceError, ValueError):  # the latter where weights run to zero
        raise BookError(
            f"The fit of {name!r} does not converge: regressors and effects together separate its "
            "zeros; absorb less, or add up cells."
        ) from None


def _deviance_of_mean(y: np.ndarray) -> float:
    mean = y.mean()
    positive = y[y > 0]
    return 2 * (positive * np.log(positive / mean)).sum()
