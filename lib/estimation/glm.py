"""Logit, probit, Poisson and negative binomial models with fixed effects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import optimize, sparse
from statsmodels.genmod import families
from statsmodels.genmod.families import links

from lib.errors import BookError
from lib.estimation import _design
from lib.estimation._coefficients import Coefficients
from lib.estimation._design import Effect

FAMILIES = {
    "logit": families.Binomial(),
    "probit": families.Binomial(links.Probit()),
    "poisson": families.Poisson(),
    "negative_binomial": families.NegativeBinomial(alpha=1.0),
}
STEPS = 60
LARGEST = 30.0
"""Linear predictor beyond which a fit has run away: an odds ratio of 1e13."""


@dataclass(frozen=True)
class GLMEstimate(Coefficients):
    """Coefficients of a generalised linear model and what can be said of them.

    Attributes
    ----------
    family : str
    params : Series
        Coefficients by regressor, on the scale of the linear predictor.
    cov : DataFrame
        Their covariance.
    nobs : int
        Rows used.
    clusters : int or None
    dropped : int
        Rows left out for a gap.
    uninformative : int
        Rows left out because an effect predicts them perfectly: all their outcomes are zero (or,
        of a dummy, all one).
    alpha : float
        Overdispersion of the negative binomial; zero elsewhere.
    loglik : float
    linear : Series
        Linear predictor, on the index of the data.
    """

    family: str
    params: pd.Series
    cov: pd.DataFrame
    nobs: int
    clusters: int | None
    dropped: int
    uninformative: int
    alpha: float
    loglik: float
    linear: pd.Series
    _matrix: sparse.csr_matrix = field(repr=False)
    _beta: np.ndarray = field(repr=False)
    _full_cov: np.ndarray = field(repr=False)

    def average_effect(
        self, to: Mapping[str, pd.Series], since: Mapping[str, pd.Series] | None = None
    ) -> pd.Series:
        r"""Return how much the mean outcome differs between two settings of the regressors.

        Parameters
        ----------
        to, since : mapping of str to Series
            New values of some regressors, on the index of the data; `since` by default none, the
            data as they are. Give an interaction its new values too.

        Returns
        -------
        Series
            ``value`` and ``std_error`` (delta method, the effects' own uncertainty in it).

        Notes
        -----
        .. math:: \frac1N \sum_n F(z_n^1{}'\beta) - F(z_n^0{}'\beta)

        over all N rows with :math:`z` holding regressors and dummies of the effects.
        """
        value, gradient = 0.0, 0.0
        for sign, new in ((1, to), (-1, since or {})):
            z = self._changed(new)
            linear = z @ self._beta
            link = FAMILIES[self.family].link
            value = value + sign * link.inverse(linear).mean()
            gradient = gradient + sign * (z.T @ link.inverse_deriv(linear)) / self.nobs
        return pd.Series(
            {"value": value, "std_error": np.sqrt(gradient @ self._full_cov @ gradient)}
        )

    def _changed(self, new: Mapping[str, pd.Series]) -> sparse.csr_matrix:
        if unknown := set(new) - set(self.params.index):
            raise BookError(f"The regression has no regressor {unknown.pop()!r}.")
        k = len(self.params)
        x = pd.DataFrame(self._matrix[:, :k].toarray(), self.linear.index, self.params.index)
        for name, values in new.items():
            x[name] = values.reindex(x.index)
        if x.isna().any(axis=None):
            raise BookError("A new value is missing for a row of the regression.")
        return sparse.hstack([sparse.csr_matrix(x.to_numpy()), self._matrix[:, k:]], "csr")


def glm(
    data: pd.DataFrame,
    y: str,
    x: str | Sequence[str],
    absorb: Effect | Sequence[Effect] = (),
    cluster: Effect | None = None,
    *,
    family: str = "logit",
) -> GLMEstimate:
    r"""Estimate a generalised linear model with up to two sets of fixed effects.

    Parameters
    ----------
    data, x, cluster
        As in :func:`lib.estimation.hdfe`.
    y : str
        The outcome: 0 or 1 for ``logit`` and ``probit``, not negative for ``poisson`` and
        ``negative_binomial``.
    absorb : sequence of str or of tuples of str
        None, one or two sets of effects, each a set of dummies.
    family : {"logit", "probit", "poisson", "negative_binomial"}
        ``poisson`` is the pseudo-maximum likelihood estimator of Santos Silva and Tenreyro (2006):
        only the mean needs to be right. ``negative_binomial`` has variance
        :math:`\mu + \alpha\mu^2` with :math:`\alpha` estimated.

    Returns
    -------
    GLMEstimate

    Raises
    ------
    BookError
        If a column is absent, the outcome does not fit the family, a regressor is absorbed or
        collinear (named), nothing is left to estimate from, or the fit does not converge.

    Notes
    -----
    Fisher scoring on sparse dummies. An effect whose outcomes are all zero (or all one, for a
    dummy) fits its rows perfectly; such rows are left out and counted. With z the regressors and
    dummies, u the derivative of a row's log likelihood by its linear predictor and h the negative
    of the second derivative (the observed information),

    .. math::
        V = H^{-1} \Big(\sum_g s_g s_g'\Big) H^{-1} \frac{G}{G-1}, \qquad
        H = \sum_n h_n z_n z_n', \quad s_g = \sum_{n \in g} u_n z_n .

    Without clusters each row is one. For the negative binomial the covariance is that given
    :math:`\alpha`, whose estimate is asymptotically independent of the mean's.
    """
    x = [x] if isinstance(x, str) else list(x)
    if family not in FAMILIES:
        raise BookError(f"No family {family!r}; choose from {', '.join(FAMILIES)}.")
    found = _design.design(data, [y, *x], absorb, cluster)
    if found.effects.shape[1] > 2:
        raise BookError("glm takes at most two sets of effects; absorb fewer.")
    outcome = found.numbers[y].to_numpy()
    _check_outcome(outcome, y, family)
    kept = _informative(outcome, found.effects.to_numpy(), family)
    if kept.sum() <= len(x) or np.ptp(outcome[kept]) == 0:
        raise BookError(f"The outcome {y!r} does not vary within any effect; absorb less.")
    left = found.effects[kept]
    effects = pd.DataFrame({e: pd.factorize(left[e])[0] for e in left}, left.index)
    _design.refuse_collinear(found.numbers.loc[kept, x], effects)
    z, scale = _matrix(found.numbers.loc[kept, x], effects)
    outcome = outcome[kept]
    groups = np.arange(len(outcome)) if found.cluster is None else found.cluster[kept].to_numpy()
    alpha = _overdispersion(outcome, z) if family == "negative_binomial" else 0.0
    model = _model(family, alpha)
    beta = _fit(outcome, z, model, y)
    cov = _sandwich(outcome, z, model, beta, pd.factorize(groups)[0]) / np.outer(scale, scale)
    k = len(x)
    clusters = None if found.cluster is None else len(np.unique(groups))
    return GLMEstimate(
        family=family,
        params=pd.Series(beta[:k] / scale[:k], x),
        cov=pd.DataFrame(cov[:k, :k], x, x),
        nobs=len(outcome),
        clusters=clusters,
        dropped=found.dropped,
        uninformative=int((~kept).sum()) + found.singletons,
        alpha=alpha,
        loglik=model.loglike(outcome, model.fitted(z @ beta)),
        linear=pd.Series(z @ beta, found.numbers.index[kept]),
        _matrix=z @ sparse.diags(scale),
        _beta=beta / scale,
        _full_cov=cov,
    )


def _check_outcome(outcome, name, family) -> None:
    if family in ("logit", "probit") and not np.isin(outcome, (0, 1)).all():
        raise BookError(f"The outcome {name!r} must be 0 or 1 for {family}.")
    if outcome.min() < 0:
        raise BookError(f"The outcome {name!r} has negative values, which {family} cannot have.")


def _informative(outcome, codes, family) -> np.ndarray:
    """Mark the rows that no effect predicts perfectly, after dropping those that one does."""
    kept = np.ones(len(outcome), bool)
    while True:
        fails = np.zeros(len(outcome), bool)
        for code in codes.T:
            size = np.bincount(code[kept], minlength=code.max() + 1)
            total = np.bincount(code[kept], outcome[kept], minlength=code.max() + 1)
            flat = total == 0
            if family in ("logit", "probit"):
                flat |= total == size
            fails |= kept & flat[code]
        if not fails.any():
            return kept
        kept &= ~fails


def _matrix(x: pd.DataFrame, effects: pd.DataFrame):
    """Return regressors, in units of their spread, beside dummies of full rank; and the units."""
    n = len(x)
    blocks = []
    for name in effects:
        code = effects[name].to_numpy()
        blocks.append(sparse.csr_matrix((np.ones(n), (np.arange(n), code))))
    if not blocks:
        blocks = [sparse.csr_matrix(np.ones((n, 1)))]
    if len(blocks) == 2:  # one level too many in each connected part of the two sets of effects
        ties = blocks[0].T @ blocks[1]
        both = sparse.bmat([[None, ties], [ties.T, None]])
        _, part = sparse.csgraph.connected_components(both)
        second = part[blocks[0].shape[1] :]
        _, first_of_part = np.unique(second, return_index=True)
        blocks[1] = blocks[1][:, np.setdiff1d(np.arange(len(second)), first_of_part)]
    dummies = sparse.hstack(blocks, "csr")
    spread = x.std(ddof=0).to_numpy()
    scale = np.concatenate([spread, np.ones(dummies.shape[1])])
    return sparse.hstack([sparse.csr_matrix(x.to_numpy() / spread), dummies], "csr"), scale


def _model(family, alpha):
    return families.NegativeBinomial(alpha=alpha) if alpha else FAMILIES[family]


def _weights(outcome, linear, model):
    """Return expected and observed weights, and the residuals that times z are the scores."""
    mu = model.fitted(linear)
    slope, bend = model.link.inverse_deriv(linear), model.link.inverse_deriv2(linear)
    variance = model.variance(mu)
    expected = slope**2 / variance
    turn = bend - expected * model.variance.deriv(mu)
    return expected, expected - (outcome - mu) * turn / variance, (outcome - mu) * slope / variance


def _fit(outcome, z, model, name, start=None) -> np.ndarray:
    """Maximise the likelihood by Fisher scoring, halving a step that does not raise it."""
    beta = np.zeros(z.shape[1]) if start is None else start
    level = model.loglike(outcome, model.fitted(z @ beta))
    for _ in range(STEPS):
        w, _, u = _weights(outcome, z @ beta, model)
        score = z.T @ u
        step = np.linalg.solve((z.T @ z.multiply(w[:, None])).toarray(), score)
        size = 1.0
        while size > 1e-8:
            tried = beta + size * step
            new = model.loglike(outcome, model.fitted(z @ tried))
            if np.isfinite(new) and new >= level - 1e-12 * abs(level):
                break
            size /= 2
        beta, level = tried, new
        if np.abs(z @ beta).max() > LARGEST:
            break
        if size * score @ step < 1e-16 * len(outcome):
            return beta
    raise BookError(
        f"The fit of {name!r} does not converge: some regressor separates its outcomes; leave it "
        "out or pool its values."
    )


def _sandwich(outcome, z, model, beta, groups) -> np.ndarray:
    _, w, u = _weights(outcome, z @ beta, model)
    bread = np.linalg.inv((z.T @ z.multiply(w[:, None])).toarray())
    count = groups.max() + 1
    member = sparse.csr_matrix((np.ones(len(groups)), (groups, np.arange(len(groups)))))
    scores = member @ z.multiply(u[:, None]).tocsr()
    return bread @ (scores.T @ scores).toarray() @ bread * count / (count - 1)


def _overdispersion(outcome, z) -> float:
    """Return the alpha that maximises the profile likelihood; almost zero if Poisson fits best."""
    start = _fit(outcome, z, FAMILIES["poisson"], "the outcome")

    def loss(log_alpha):
        model = families.NegativeBinomial(alpha=np.exp(log_alpha))
        beta = _fit(outcome, z, model, "the outcome", start)
        return -model.loglike(outcome, model.fitted(z @ beta))

    found = optimize.minimize_scalar(loss, bounds=(-12, 5), method="bounded")
    return float(np.exp(found.x))
