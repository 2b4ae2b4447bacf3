"""Inference that does not lean on many clusters, and influence of single units."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from wildboottest.wildboottest import WildboottestCL

from lib.errors import BookError
from lib.estimation import _design
from lib.estimation._design import Effect
from lib.estimation.fixed_effects import hdfe

WEIGHTS = ("rademacher", "webb", "mammen")


def wild_bootstrap(
    data: pd.DataFrame,
    y: str,
    x: Sequence[str],
    absorb: Sequence[Effect],
    cluster: Effect,
    *,
    param: str,
    draws: int = 9999,
    weights: str = "rademacher",
    seed: int = 1,
) -> pd.Series:
    """Return the p-value of one coefficient by the wild cluster bootstrap, the null imposed.

    Parameters
    ----------
    data, y, x, absorb, cluster
        As in :func:`lib.estimation.hdfe`. The effects become dummies, so they should be few.
    param : str
        The regressor whose coefficient is zero under the null hypothesis.
    draws : int
        Bootstrap samples.
    weights : {"rademacher", "webb", "mammen"}
        What each cluster's residuals are multiplied by.
    seed : int

    Returns
    -------
    Series
        ``t`` (without a small-sample factor, which does not touch the p-value) and ``p``, two-sided
        and symmetric.

    Raises
    ------
    BookError
        As :func:`lib.estimation.hdfe`, and if the parameter, the weights or the draws are unusable.

    Notes
    -----
    The restricted wild cluster bootstrap "11" of Cameron, Gelbach and Miller (2008, Review of
    Economics and Statistics 90), computed by the package wildboottest. The dummies enter as an
    orthonormal basis of their span and the regressors in units of their length, which changes no t
    statistic and keeps the package's matrix inverse sound when effects overlap.
    """
    x = list(x)
    if param not in x:
        raise BookError(f"The regression has no regressor {param!r}; choose from {', '.join(x)}.")
    if weights not in WEIGHTS:
        raise BookError(f"No weights {weights!r}; choose from {', '.join(WEIGHTS)}.")
    if draws < 99:
        raise BookError(f"{draws} draws are too few for a p-value; take 99 or more.")
    found = _design.design(data, [y, *x], absorb, cluster)
    _design.refuse_collinear(found.numbers[x], found.effects)
    dummies = [pd.get_dummies(found.effects[e], dtype=float) for e in found.effects]
    space = np.column_stack([np.ones((len(found.numbers), 1)), *dummies])
    u, size, _ = np.linalg.svd(space, full_matrices=False)
    scaled = found.numbers[x] / np.sqrt((found.numbers[x] ** 2).sum())
    matrix = np.column_stack([scaled, u[:, size > 1e-9 * size[0]]])
    boot = WildboottestCL(
        X=matrix,
        Y=found.numbers[y].to_numpy(),
        cluster=found.cluster.to_numpy(),
        R=np.eye(1, matrix.shape[1], x.index(param)).ravel(),
        B=draws,
        seed=seed,
        parallel=False,
    )
    boot.get_scores(bootstrap_type="11", impose_null=True, adj=False, cluster_adj=False)
    boot.get_weights(weights_type=weights)
    for step in ("numer", "denom", "tboot", "vcov", "tstat"):
        getattr(boot, f"get_{step}")()
    boot.get_pvalue(pval_type="two-tailed")
    return pd.Series({"t": np.ravel(boot.t_stat)[0], "p": float(boot.pvalue)})


@dataclass(frozen=True)
class Permutation:
    """What randomisation inference found.

    Attributes
    ----------
    coef, t : float
        Estimate and clustered t statistic (no small-sample factor) on the data.
    draws : DataFrame
        Columns ``coef`` and ``t`` of each permutation.
    p_coef, p_t : float
        Share of permutations, the data's own counted in, at least as large in size.
    """

    coef: float
    t: float
    draws: pd.DataFrame
    p_coef: float
    p_t: float


def randomisation_inference(
    data: pd.DataFrame,
    y: str,
    x: str,
    controls: Sequence[str] = (),
    *,
    unit: str = "country",
    time: str = "year",
    draws: int = 4999,
    seed: int = 1,
) -> Permutation:
    r"""Give each unit the whole path of `x` of another, many times, and estimate again.

    Under the sharp hypothesis that x has no effect, and if its paths could as well have fallen to
    other units, the data's own estimate is one of the permuted ones. Keeping paths whole keeps
    their dependence over time.

    Parameters
    ----------
    data : DataFrame
        A balanced panel.
    y, x : str
        Outcome and the regressor that is permuted.
    controls : sequence of str
        Regressors that stay in place.
    unit, time : str
        Columns; both effects are absorbed.
    draws, seed : int

    Returns
    -------
    Permutation

    Raises
    ------
    BookError
        If the panel is not balanced, or as :func:`lib.estimation.hdfe`.

    Notes
    -----
    For all draws at once, with tildes for "net of effects and controls",
    :math:`b = \tilde x'\tilde y / \tilde x'\tilde x`. The t statistic divides by the clustered
    standard error of each draw; it is the safer of the two (DiCiccio and Romano 2017, Journal of
    the American Statistical Association 112).
    """
    if draws < 1:
        raise BookError(f"{draws} draws give no distribution; take one or more.")
    found = _design.design(data, [y, x, *controls], [unit, time], unit)
    rows = data.loc[found.numbers.index, [unit, time]].assign(
        position=np.arange(len(found.numbers))
    )
    place = rows.pivot(index=unit, columns=time, values="position")
    if place.isna().any(axis=None):
        raise BookError("Randomisation needs a balanced panel: every unit in every period, once.")
    _design.refuse_collinear(found.numbers[[x, *controls]], found.effects)
    place = place.to_numpy(int)
    paths = found.numbers[x].to_numpy()[place]
    rng = np.random.default_rng(seed)
    columns = np.empty((len(rows), draws + 1))
    for d in range(draws + 1):
        columns[place, d] = paths[rng.permutation(len(paths))] if d else paths
    net = _design.partial_out(
        np.column_stack([found.numbers[[y, *controls]], columns]), found.effects
    )
    others = net[:, 1 : 1 + len(controls)]
    outcome, moved = np.split(
        _design.residuals(np.delete(net, np.s_[1 : 1 + len(controls)], 1), others), [1], 1
    )
    squares = (moved**2).sum(0)
    coef = (moved * outcome).sum(0) / squares
    scores = (moved * (outcome - moved * coef))[place].sum(1)
    t = coef * squares / np.sqrt((scores**2).sum(0))
    share = {
        name: (np.abs(s[1:]) >= abs(s[0]) - 1e-12).sum() for name, s in (("coef", coef), ("t", t))
    }
    return Permutation(
        coef=float(coef[0]),
        t=float(t[0]),
        draws=pd.DataFrame({"coef": coef[1:], "t": t[1:]}),
        p_coef=float((1 + share["coef"]) / (draws + 1)),
        p_t=float((1 + share["t"]) / (draws + 1)),
    )


def leave_one_out(
    data: pd.DataFrame,
    y: str,
    x: Sequence[str],
    absorb: Sequence[Effect],
    cluster: Effect | None = None,
    *,
    by: str = "country",
    **options,
) -> pd.DataFrame:
    """Estimate again without each unit in turn.

    Parameters
    ----------
    data, y, x, absorb, cluster, **options
        As in :func:`lib.estimation.hdfe`.
    by : str
        Column of units.

    Returns
    -------
    DataFrame
        Indexed by the unit left out: ``coef``, ``std_error``, ``p`` of the first regressor, and
        ``nobs``.
    """
    x = [x] if isinstance(x, str) else list(x)
    rows = {}
    for unit in data[by].unique():
        found = hdfe(data[data[by] != unit], y, x, absorb, cluster, **options)
        rows[unit] = [found.params[x[0]], found.std_errors[x[0]], found.pvalues[x[0]], found.nobs]
    columns = ["coef", "std_error", "p", "nobs"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis(by)
