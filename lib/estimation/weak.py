"""What can be said with instruments that may be weak, and with more than one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from linearmodels.iv import IV2SLS, IVGMM
from scipy import linalg, stats

from lib.errors import BookError
from lib.estimation import _design
from lib.estimation._design import Design, Effect

INFINITE = 1e12
"""Root of the determinant, in units of the coefficient's spread, that counts as infinite."""


@dataclass(frozen=True)
class ConfidenceSet:
    """Values of a coefficient that a test does not refuse: a union of intervals, may be rays.

    Attributes
    ----------
    intervals : tuple of (float, float)
        In rising order; ends may be infinite. Empty if every value is refused, which says that
        the instruments disagree.
    level : float
    """

    intervals: tuple[tuple[float, float], ...]
    level: float

    @property
    def bounded(self) -> bool:
        """Tell whether the set is bounded on both sides."""
        return all(np.isfinite(end) for interval in self.intervals for end in interval)

    def __contains__(self, value: float) -> bool:
        return any(low <= value <= high for low, high in self.intervals)

    def text(self, digits: int = 2) -> str:
        """Return the set as it is printed: ``[0.12, 0.90]`` or ``(−∞, −1.00] ∪ [0.30, ∞)``."""

        def end(value):
            return f"{value:.{digits}f}".replace("-", "−")

        parts = [
            ("(−∞" if low == -np.inf else f"[{end(low)}")
            + ", "
            + ("∞)" if high == np.inf else f"{end(high)}]")
            for low, high in self.intervals
        ]
        return " ∪ ".join(parts) or "empty"


def anderson_rubin_set(
    data: pd.DataFrame,
    y: str,
    x: str | Sequence[str],
    endogenous: str,
    instruments: str | Sequence[str],
    absorb: Effect | Sequence[Effect] = (),
    cluster: Effect | None = None,
    *,
    level: float = 0.95,
) -> ConfidenceSet:
    r"""Return the values of a coefficient that the instruments' reduced form does not refuse.

    The set covers the truth with the stated probability however weak the instruments are. It is
    unbounded where they say too little.

    Parameters
    ----------
    data, y, x, endogenous, instruments, absorb, cluster
        As in :func:`lib.estimation.iv`; without clusters errors are robust to heteroskedasticity.
    level : float

    Returns
    -------
    ConfidenceSet

    Raises
    ------
    BookError
        As :func:`lib.estimation.iv`, and if the level lies outside (0, 1).

    Notes
    -----
    Regress :math:`y - bd` on the L instruments; let :math:`\hat\pi(b) = \hat\pi_y - b\hat\pi_d`
    and V(b) its robust covariance with the small-sample factor of ``hdfe``. The set is

    .. math:: \{b : \hat\pi(b)'V(b)^{-1}\hat\pi(b) \le L\,F_{1-\alpha}(L, df)\}
              = \{b : \det(V(b) - \hat\pi(b)\hat\pi(b)'/c) \ge 0\},

    the second form because :math:`\det(V - \pi\pi'/c) = \det V\,(1 - \pi'V^{-1}\pi/c)`. The matrix
    is quadratic in b, so its ends are the real roots of a quadratic eigenvalue problem. See
    Anderson and Rubin (1949) and Andrews, Stock and Sun (2019, Annual Review of Economics 11).
    """
    if not 0 < level < 1:
        raise BookError(f"A confidence level lies between 0 and 1, not at {level}.")
    found, outcome, d, Z = _reduced(data, y, x, endogenous, instruments, absorb, cluster)
    factor, df = _correction(found, Z.shape[1] + len(_list(x)))
    pinv = np.linalg.pinv(Z)
    pi = np.column_stack([pinv @ outcome, pinv @ d])
    unit = np.linalg.norm(pi[:, 0]) / np.linalg.norm(pi[:, 1])  # of b: makes the roots order one
    residual = np.column_stack([outcome - Z @ pi[:, 0], unit * (d - Z @ pi[:, 1])])
    pi[:, 1] *= unit
    score = [
        _design.sums(Z * residual[:, [i]], found.cluster) @ np.linalg.inv(Z.T @ Z) for i in (0, 1)
    ]
    c = Z.shape[1] * stats.f.ppf(level, Z.shape[1], df)

    def part(i, j):
        return factor * score[i].T @ score[j] - np.outer(pi[:, i], pi[:, j]) / c

    constant, linear, square = part(0, 0), -part(0, 1) - part(1, 0), part(1, 1)

    def inside(b):
        return np.linalg.det(constant + b * linear + b**2 * square) >= 0

    return ConfidenceSet(_where(inside, _roots(constant, linear, square), unit), level)


def two_stage(
    data: pd.DataFrame,
    y: str,
    x: str | Sequence[str],
    endogenous: Sequence[str],
    instruments: Sequence[str],
    absorb: Effect | Sequence[Effect] = (),
    cluster: Effect | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    r"""Estimate a regression with several endogenous regressors by two-stage least squares.

    Parameters
    ----------
    data, y, x, absorb, cluster
        As in :func:`lib.estimation.hdfe`.
    endogenous, instruments : sequence of str
        At least as many instruments as endogenous regressors.

    Returns
    -------
    estimates : DataFrame
        By regressor, the endogenous first: ``coef``, ``std_error``, ``t``, ``p``, ``nobs``.
    first_stages : DataFrame
        By endogenous regressor: robust ``F`` of all instruments and Shea's partial R²
        (``shea_r2``), which falls to zero where the instruments move one regressor only through
        the other.

    Raises
    ------
    BookError
        If there are fewer instruments than endogenous regressors, or as
        :func:`lib.estimation.hdfe`.

    Notes
    -----
    All columns are taken net of the effects; linearmodels solves the rest. The small-sample factor
    is that of ``hdfe``.
    """
    x, endogenous, z = _list(x), _list(endogenous), _list(instruments)
    if len(z) < len(endogenous) or not endogenous:
        raise BookError(f"{len(endogenous)} endogenous regressors need as many instruments.")
    found = _design.design(data, [y, *endogenous, *x, *z], absorb, cluster)
    _design.refuse_collinear(found.numbers[[*endogenous, *x]], found.effects)
    _design.refuse_collinear(found.numbers[[*z, *x]], found.effects)
    net = pd.DataFrame(
        _design.partial_out(found.numbers, found.effects), columns=found.numbers.columns
    )
    fit = IV2SLS(net[y], net[x] if x else None, net[endogenous], net[z]).fit(
        debiased=False, **_errors(found)
    )
    factor, df = _correction(found, len(endogenous) + len(x))
    names = [*endogenous, *x]
    table = pd.DataFrame({"coef": fit.params, "std_error": fit.std_errors * np.sqrt(factor)})
    table = table.loc[names].assign(t=lambda f: f["coef"] / f["std_error"])
    table["p"] = 2 * stats.t.sf(table["t"].abs(), df)
    diagnostics = fit.first_stage.diagnostics
    factor, _ = _correction(found, len(z) + len(x))
    first = pd.DataFrame(
        {
            "F": diagnostics["f.stat"] / factor / len(z),  # linearmodels prints a chi-square
            "shea_r2": diagnostics["shea.rsquared"],
        }
    )
    return table.assign(nobs=len(net)), first.loc[endogenous]


def overidentification(
    data: pd.DataFrame,
    y: str,
    x: str | Sequence[str],
    endogenous: str,
    instruments: Sequence[str],
    absorb: Effect | Sequence[Effect] = (),
    cluster: Effect | None = None,
) -> pd.Series:
    """Test whether several instruments tell the same story: Hansen's J after two-step GMM.

    Parameters
    ----------
    data, y, x, endogenous, instruments, absorb, cluster
        As in :func:`anderson_rubin_set`, with two instruments or more.

    Returns
    -------
    Series
        ``statistic``, ``df``, ``p``, and ``coef``, the GMM estimate. A small p says that one
        instrument at least is not excluded. A large one says little where they are weak.

    Raises
    ------
    BookError
        If there are not more instruments than endogenous regressors.
    """
    if len(_list(instruments)) < 2:
        raise BookError("One instrument for one regressor leaves nothing to test.")
    found, outcome, d, Z = _reduced(data, y, x, endogenous, instruments, absorb, cluster)
    errors = _errors(found)
    weights = {
        "weight_type": errors["cov_type"],
        **{k: errors[k] for k in errors.keys() - {"cov_type"}},
    }
    fit = IVGMM(outcome, None, d, Z, **weights).fit(iter_limit=2, **errors)
    j = fit.j_stat
    return pd.Series({"statistic": j.stat, "df": j.df, "p": j.pval, "coef": fit.params.iloc[0]})


def _list(names) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _reduced(data, y, x, endogenous, instruments, absorb, cluster):
    """Return outcome, endogenous regressor and instruments net of effects and other regressors."""
    x, z = _list(x), _list(instruments)
    if not z:
        raise BookError("An instrument is needed.")
    found = _design.design(data, [y, endogenous, *x, *z], absorb, cluster)
    _design.refuse_collinear(found.numbers[[*x, *z]], found.effects)
    net = _design.partial_out(found.numbers, found.effects)
    end = 2 + len(x)
    left = _design.residuals(np.delete(net, np.s_[2:end], 1), net[:, 2:end])
    return found, left[:, 0], left[:, 1], left[:, 2:]


def _correction(found: Design, k: int) -> tuple[float, int]:
    """Return the factor on the sandwich and the degrees of freedom, by the rule of ``hdfe``."""
    n, k = len(found.numbers), k + 1
    k += sum(found.levels(e) - 1 for e in found.effects if not found.nested(e))
    if n <= k:
        raise BookError(f"{n} observations cannot identify {k} parameters; absorb less.")
    if found.cluster is None:
        return n / (n - k), n - k
    g = found.cluster.nunique()
    return g / (g - 1) * (n - 1) / (n - k), g - 1


def _errors(found: Design) -> dict:
    if found.cluster is None:
        return {"cov_type": "robust"}
    return {"cov_type": "clustered", "clusters": found.cluster.to_numpy()}


def _roots(constant, linear, square) -> np.ndarray:
    """Return the real b at which det(constant + b linear + b² square) is zero."""
    size = len(constant)
    one, zero = np.eye(size), np.zeros((size, size))
    left = np.block([[zero, one], [-constant, -linear]])
    right = np.block([[one, zero], [zero, square]])
    found = linalg.eigvals(left, right)
    found = found[np.isfinite(found)]
    real = found[np.abs(found.imag) < 1e-7 * np.maximum(1, np.abs(found))].real
    return np.sort(real[np.abs(real) < INFINITE])


def _where(inside, roots, unit) -> tuple[tuple[float, float], ...]:
    """Return the stretches between roots on which `inside` holds, neighbours joined."""
    ends = [-np.inf, *roots, np.inf]
    found = []
    for low, high in zip(ends, ends[1:], strict=False):
        if not inside(_between(low, high)):
            continue
        if found and found[-1][1] == low:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return tuple((float(low * unit), float(high * unit)) for low, high in found)


def _between(low, high) -> float:
    if np.isinf(low) and np.isinf(high):
        return 0.0
    if np.isinf(low):
        return high - 1 - abs(high)
    if np.isinf(high):
        return low + 1 + abs(low)
    return (low + high) / 2
