"""Least squares with any number of fixed effects, and Stata's two-way panel regression."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from linearmodels.iv import AbsorbingLS
from scipy import stats

from lib.errors import BookError
from lib.estimation import _design
from lib.estimation._coefficients import Coefficients
from lib.estimation._design import Design, Effect

CORRECTIONS = ("nested", "full", "none")


@dataclass(frozen=True)
class Estimate(Coefficients):
    """Coefficients of a linear regression and what can be said of them.

    Attributes
    ----------
    params : Series
        Coefficients by regressor.
    cov : DataFrame
        Their covariance, with the small-sample correction in it.
    nobs : int
        Rows used.
    clusters : int or None
        Number of clusters; None for errors that are robust to heteroskedasticity only.
    df : int
        Degrees of freedom of the t distribution: clusters − 1, or nobs − K.
    r2, r2_within : float
        Share of the variance of y explained with the effects counted in, and of what is left of y
        once all effects are absorbed.
    dropped, singletons : int
        Rows left out for a gap, and rows that an effect would have fitted alone.
    correction : float
        Factor by which the sandwich was multiplied.
    residuals : Series
        On the index of the data.
    """

    params: pd.Series
    cov: pd.DataFrame
    nobs: int
    clusters: int | None
    df: int
    r2: float
    r2_within: float
    dropped: int
    singletons: int
    correction: float
    residuals: pd.Series

    @property
    def law(self):
        """Student's t with `df` degrees of freedom."""
        return stats.t(self.df)

    def combination(self, weights: Mapping[str, float]) -> pd.Series:
        """Return value, std_error, t and p of a linear combination of coefficients.

        ``combination({"a": 1, "b": -1})`` tests that two coefficients are equal.
        """
        w = pd.Series(weights, dtype=float).reindex(self.params.index, fill_value=0.0)
        if unknown := set(weights) - set(self.params.index):
            raise BookError(f"The regression has no coefficient {unknown.pop()!r}.")
        value, error = w @ self.params, np.sqrt(w @ self.cov @ w)
        p = 2 * stats.t.sf(abs(value / error), self.df)
        return pd.Series({"value": value, "std_error": error, "t": value / error, "p": p})


def hdfe(
    data: pd.DataFrame,
    y: str,
    x: str | Sequence[str],
    absorb: Effect | Sequence[Effect],
    cluster: Effect | None = None,
    *,
    correction: str = "nested",
    engine: str = "pyfixest",
    constant: bool = False,
) -> Estimate:
    r"""Estimate a linear regression with high-dimensional fixed effects.

    Parameters
    ----------
    data : DataFrame
        One row per observation.
    y, x : str, str or sequence of str
        Numeric columns: the outcome and the regressors.
    absorb : sequence of str or of tuples of str
        Effects; a tuple is an interaction: ``["pair", ("exporter", "year")]``. An empty sequence
        leaves a constant only.
    cluster : str or tuple of str, optional
        Groups within which errors may depend on each other; without it errors are robust to
        heteroskedasticity.
    correction : {"nested", "full", "none"}
        Small-sample factor of the covariance, see Notes.
    engine : {"pyfixest", "linearmodels"}
        pyfixest takes the effects out by alternating projections, once for all columns;
        linearmodels solves the whole regression in its own way, more slowly. They agree to 1e-10.
    constant : bool
        Report a ``constant`` as well, see Notes.

    Returns
    -------
    Estimate

    Raises
    ------
    BookError
        If a column is absent or not numeric, a regressor is absorbed or collinear (named), fewer
        than two clusters are left, or an argument is not one of its values.

    Notes
    -----
    With G clusters, the sandwich :math:`(X'X)^{-1}\sum_g X_g'e_ge_g'X_g(X'X)^{-1}`, X net of the
    effects, is multiplied by

    .. math:: \frac{G}{G-1}\,\frac{N-1}{N-K}

    (N/(N−K) without clusters). K counts the regressors, one constant, and each effect's levels
    less one. ``nested``, the rule of Stata's xtreg and areg-type commands, leaves out effects that
    lie within clusters; ``full`` counts all; ``none`` takes the factor one. Effects beyond the
    second may be partly redundant, which makes K too large rather than too small. The t
    distribution has G − 1 degrees of freedom. See Cameron and Miller (2015), section II.

    With effects the constant is their mean, :math:`\bar y - \bar x'\hat b`, as Stata's reghdfe has
    it: all columns get their means back once they are net of the effects, and a column of ones
    joins the X of the sandwich. Without effects that is the ordinary constant.
    """
    x = [x] if isinstance(x, str) else list(x)
    if not x:
        raise BookError("hdfe needs at least one regressor.")
    if correction not in CORRECTIONS:
        raise BookError(f"No correction {correction!r}; choose from {', '.join(CORRECTIONS)}.")
    if engine not in ENGINES:
        raise BookError(f"No engine {engine!r}; choose from {', '.join(ENGINES)}.")
    found = _design.design(data, [y, *x], absorb, cluster)
    net, scale = _design.scaled(found.numbers, found.effects)
    _design.refuse_absorbed(net[:, 1:], x, found.effects)
    return solved(found, net * scale, correction, engine, constant)


def solved(found: Design, net, correction="nested", engine="pyfixest", constant=False) -> Estimate:
    """Regress the first column of a design on the others, given all of them net of the effects."""
    names = list(found.numbers.columns[1:])
    with _design.quiet():
        params, sandwich, residuals = ENGINES[engine](found, net)
    if constant:
        params, sandwich = _with_constant(found, net, params, residuals)
        names.append("constant")
    return summary(found, names, params, sandwich, residuals, net[:, 0], correction)


def summary(
    found: Design, names, params, sandwich, residuals, within, correction="nested"
) -> Estimate:
    """Put an estimate together: corrected covariance, degrees of freedom, shares explained."""
    n, k = len(found.numbers), len({*names} - {"constant"}) + 1
    k += sum(
        found.levels(e) - 1 for e in found.effects if correction == "full" or not found.nested(e)
    )
    groups = None if found.cluster is None else found.cluster.nunique()
    if groups == 1:
        raise BookError("Clustered errors need more than one cluster.")
    if n <= k:
        raise BookError(f"{n} observations cannot identify {k} parameters; absorb less.")
    factor = n / (n - k) if groups is None else groups / (groups - 1) * (n - 1) / (n - k)
    factor = 1.0 if correction == "none" else factor
    y = found.numbers.iloc[:, 0]
    unexplained = residuals @ residuals
    return Estimate(
        params=pd.Series(params, names),
        cov=pd.DataFrame(factor * sandwich, names, names),
        nobs=n,
        clusters=groups,
        df=n - k if groups is None else groups - 1,
        r2=1 - unexplained / ((y - y.mean()) ** 2).sum(),
        r2_within=1 - unexplained / (within**2).sum(),
        dropped=found.dropped,
        singletons=found.singletons,
        correction=factor,
        residuals=pd.Series(residuals, found.numbers.index),
    )


def _by_pyfixest(found: Design, net: np.ndarray):
    """Solve the normal equations of the columns that pyfixest took the effects out of."""
    outcome, x = net[:, 0], net[:, 1:]
    bread = np.linalg.inv(x.T @ x)
    params = np.linalg.lstsq(x, outcome, rcond=None)[0]
    residuals = outcome - x @ params
    scores = _design.sums(x * residuals[:, None], found.cluster)
    return params, bread @ (scores.T @ scores) @ bread, residuals


def _with_constant(found: Design, net, slopes, residuals):
    """Return slopes and constant, and the sandwich of both."""
    means = found.numbers.mean().to_numpy()
    x = np.column_stack([net[:, 1:] + means[1:], np.ones(len(net))])
    bread = np.linalg.inv(x.T @ x)
    scores = _design.sums(x * residuals[:, None], found.cluster)
    params = [*slopes, means[0] - means[1:] @ slopes]
    return params, bread @ (scores.T @ scores) @ bread


def _by_linearmodels(found: Design, _):
    frame, x = _renamed(found)
    effects = found.effects.astype("category")
    errors = (
        {"cov_type": "robust"}
        if found.cluster is None
        else {"cov_type": "clustered", "clusters": frame["g"]}
    )
    absorb = effects if effects.shape[1] else None
    exog = frame[x] if effects.shape[1] else frame[x].assign(constant=1.0)
    fit = AbsorbingLS(frame["y"], exog, absorb=absorb).fit(debiased=False, **errors)
    residuals = fit.resids.to_numpy().ravel()
    return fit.params[x].to_numpy(), fit.cov.loc[x, x].to_numpy(), residuals


ENGINES = {"pyfixest": _by_pyfixest, "linearmodels": _by_linearmodels}


def _renamed(found: Design) -> tuple[pd.DataFrame, list[str]]:
    """Return the design under names that a formula can hold: y, x0, …, f0, …, g."""
    x = [f"x{i}" for i in range(found.numbers.shape[1] - 1)]
    frame = found.numbers.set_axis(["y", *x], axis=1)
    frame[[f"f{i}" for i in range(found.effects.shape[1])]] = found.effects.to_numpy()
    if found.cluster is not None:
        frame["g"] = found.cluster.to_numpy()
    return frame.reset_index(drop=True), x


def two_way(
    data: pd.DataFrame,
    y: str,
    x: str | Sequence[str],
    *,
    entity: str = "country",
    time: str = "year",
    **options,
) -> Estimate:
    r"""Estimate a panel regression with entity effects and dummies of time, as Stata reports it.

    The slopes are those of ``hdfe(absorb=[entity, time], cluster=entity)``. Two numbers are added
    that `hdfe` has no use for: the constant, and an R² in which the dummies of time explain.

    Parameters
    ----------
    data, y, x
        As in :func:`hdfe`.
    entity, time : str
        Columns. Errors are clustered by entity. The first period is the base of the dummies.
    **options
        `correction` and `engine` of :func:`hdfe`.

    Returns
    -------
    Estimate
        Of `x` and ``constant``; `r2_within` is the share of the variance within entities that the
        regressors and the dummies of time explain.

    Raises
    ------
    BookError
        As :func:`hdfe`.

    Notes
    -----
    The constant is the mean of the entity effects in the base period:

    .. math:: \hat c = \bar y - \bar x'\hat b, \qquad se(\hat c) = \sqrt{\bar x' V(\hat b)\, \bar x}

    with means over all rows and dummies of time among the x. In a balanced panel
    :math:`\hat c = \bar y_1 - \bar x_1'\hat b`, the means of the first period. The variance is that
    of `xtreg, fe vce(cluster)`: residuals sum to zero in each entity, so the mean of y adds
    nothing.
    """
    x = [x] if isinstance(x, str) else list(x)
    columns = [name for name in (y, *x, entity, time) if name in data]
    used = data.loc[data[columns].notna().all(axis=1)]
    if time not in used or entity not in used:
        raise BookError(f"The data have no columns {entity!r} and {time!r}; check the names.")
    dummies = pd.get_dummies(used[time], prefix="time", dtype=float).iloc[:, 1:]
    frame = used[columns].join(dummies)
    found = hdfe(frame, y, [*x, *dummies], [entity], entity, **options)
    means = frame.loc[found.residuals.index, found.params.index].mean()
    weights = pd.DataFrame(np.eye(len(means)), means.index, means.index)[x].assign(constant=-means)
    params = weights.T @ found.params
    params["constant"] += frame.loc[found.residuals.index, y].mean()
    return replace(found, params=params, cov=weights.T @ found.cov @ weights)
