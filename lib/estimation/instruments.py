"""Two-stage least squares with fixed effects, and how strong the instruments are."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from linearmodels.iv import IV2SLS
from scipy import stats

from lib.errors import BookError
from lib.estimation import _design
from lib.estimation._design import Effect
from lib.estimation.fixed_effects import CORRECTIONS, Estimate, solved, summary


@dataclass(frozen=True)
class IVEstimate(Estimate):
    """An :class:`Estimate` with its first stage, its reduced form and tests of the instruments.

    Attributes
    ----------
    first_stage, reduced_form : Estimate
        The endogenous regressor, and the outcome, on instruments and other regressors.
    underidentification : Series
        Kleibergen–Paap rk LM statistic, its degrees of freedom and p-value; the null hypothesis is
        that the instruments do not move the endogenous regressor.
    weak_f : float
        Kleibergen–Paap rk Wald F of the instruments in the first stage.
    anderson_rubin : Series
        F of the instruments in the reduced form, degrees of freedom and p-value: a test of no
        effect that holds however weak the instruments are.
    """

    first_stage: Estimate
    reduced_form: Estimate
    underidentification: pd.Series
    weak_f: float
    anderson_rubin: pd.Series


def iv(
    data: pd.DataFrame,
    y: str,
    x: str | Sequence[str],
    endogenous: str,
    instruments: str | Sequence[str],
    absorb: Effect | Sequence[Effect],
    cluster: Effect,
    *,
    correction: str = "nested",
) -> IVEstimate:
    r"""Estimate a regression with one endogenous regressor by two-stage least squares.

    Parameters
    ----------
    data, y, absorb, cluster, correction
        As in :func:`lib.estimation.hdfe`; errors are clustered.
    x : sequence of str
        Exogenous regressors; may be empty.
    endogenous : str
        One column.
    instruments : str or sequence of str
        Columns left out of the second stage.

    Returns
    -------
    IVEstimate
        The endogenous regressor comes first.

    Raises
    ------
    BookError
        As :func:`lib.estimation.hdfe`, and if there is no instrument.

    Notes
    -----
    All columns are taken net of the effects and the exogenous regressors (Frisch–Waugh–Lovell),
    and the libraries solve the rest. With one endogenous regressor d and instruments Z, both net,
    the rank statistics of Kleibergen and Paap (2006, Journal of Econometrics 133) are

    .. math::
        LM = d'Z \Big(\sum_g Z_g'd_gd_g'Z_g\Big)^{-1} Z'd \sim \chi^2(L), \qquad
        F = \hat\pi' V(\hat\pi)^{-1} \hat\pi / L,

    the score test of :math:`\pi = 0` with errors clustered, and the clustered Wald test of the
    first stage. With homoskedastic errors F is the familiar first-stage F.
    """
    x = [x] if isinstance(x, str) else list(x)
    z = [instruments] if isinstance(instruments, str) else list(instruments)
    if not z:
        raise BookError("Two-stage least squares needs at least one instrument.")
    if correction not in CORRECTIONS:
        raise BookError(f"No correction {correction!r}; choose from {', '.join(CORRECTIONS)}.")
    found = _design.design(data, [y, endogenous, *x, *z], absorb, cluster)
    net, scale = _design.scaled(found.numbers, found.effects)
    end = 2 + len(x)
    exogenous = [*range(end, end + len(z)), *range(2, end)]
    _design.refuse_absorbed(net[:, exogenous], [*z, *x], found.effects)
    net = net * scale
    first, reduced = (
        solved(
            replace(found, numbers=found.numbers.iloc[:, [left, *exogenous]]),
            net[:, [left, *exogenous]],
            correction,
        )
        for left in (1, 0)
    )
    others = net[:, 2:end]
    outcome, d, Z = np.split(_design.residuals(np.delete(net, np.s_[2:end], 1), others), [1, 2], 1)
    fit = _second_stage(net, end, found.cluster)
    estimate = summary(found, [endogenous, *x], *fit, net[:, 0], correction)
    scores = _design.sums(Z * d, found.cluster)
    total = scores.sum(0)
    lm = total @ np.linalg.pinv(scores.T @ scores) @ total
    return IVEstimate(
        **{field.name: getattr(estimate, field.name) for field in fields(Estimate)},
        first_stage=first,
        reduced_form=reduced,
        underidentification=pd.Series(
            {"statistic": lm, "df": len(z), "p": stats.chi2.sf(lm, len(z))}
        ),
        weak_f=_wald(first, z)["statistic"],
        anderson_rubin=_wald(reduced, z),
    )


def _second_stage(net, end, cluster):
    """Return coefficients, sandwich and residuals of y on d and x, with Z beside x."""
    fit = IV2SLS(net[:, 0], net[:, 2:end] if end > 2 else None, net[:, 1], net[:, end:]).fit(
        cov_type="clustered", clusters=cluster.to_numpy(), debiased=False
    )
    order = [end - 2, *range(end - 2)]  # linearmodels puts the endogenous regressor last
    cov = fit.cov.to_numpy()[np.ix_(order, order)]
    return fit.params.to_numpy()[order], cov, fit.resids.to_numpy()


def _wald(estimate: Estimate, names) -> pd.Series:
    """Return the F test that the named coefficients are all zero."""
    b, cov = estimate.params[names], estimate.cov.loc[names, names]
    f = float(b @ np.linalg.solve(cov, b)) / len(names)
    p = stats.f.sf(f, len(names), estimate.df)
    return pd.Series({"statistic": f, "df": len(names), "p": p})
