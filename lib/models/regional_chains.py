r"""The ten countries of Li and Chen (2023, § 2.3): geography, costs, technology, agreements.

Countries are numbered 1, …, N by productivity. Bilateral arrays are importer by exporter.
"""

import numpy as np
from scipy.stats import spearmanr

from lib.errors import BookError
from lib.models import eaton_kortum

TECHNOLOGIES = ("number", "location", "equal", "declining", "random")
SHARES_OF_REGIONS = (0.4, 0.3, 0.3)


def ring_distance(n: int) -> np.ndarray:
    """Steps between n countries on a circle, shape (n, n)."""
    gap = abs(np.subtract.outer(np.arange(n), np.arange(n)))
    return np.minimum(gap, n - gap)


def regions(n: int) -> np.ndarray:
    """Region of each country, shape (n,): the first 40 %, the next 30 %, the last 30 %."""
    ends = np.round(np.cumsum(SHARES_OF_REGIONS) * n).astype(int)
    return np.searchsorted(ends, np.arange(n), side="right")


def chain_costs(h, region, tau_in, tau_out) -> np.ndarray:
    r"""Costs between the ideal and the regional chain, :math:`(1-h)\tau^O + h\tau^R` (eq. 14).

    Parameters
    ----------
    h : array_like, shape (...)
        Weight of the regional chain, from zero to one.
    region : array_like, shape (N,)
    tau_in, tau_out : float or array_like, shape (...)
        Regional costs within and between regions; home trade is free, as all trade is at h = 0.

    Returns
    -------
    ndarray, shape (..., N, N)
    """
    h, tau_in, tau_out = (np.asarray(x, float)[..., None, None] for x in (h, tau_in, tau_out))
    region = np.asarray(region)
    regional = np.where(region[:, None] == region, tau_in, tau_out)
    return 1 - h + h * np.where(np.eye(len(region), dtype=bool), 1.0, regional)


def technology(kind: str, n: int, theta: float) -> np.ndarray:
    r"""Fréchet locations T of n countries, shape (n,).

    Average productivity is proportional to :math:`T^{1/\theta}`.

    Parameters
    ----------
    kind : {"number", "location", "equal", "declining", "random"}
        Average productivity is a country's number; or T itself is; or all are alike; or
        productivity falls with the number; or the numbers are dealt out at random (always alike).

    Raises
    ------
    BookError
        On another kind.
    """
    number = np.arange(1.0, n + 1)
    if kind == "number":
        return number**theta
    if kind == "location":
        return number
    if kind == "equal":
        return np.ones(n)
    if kind == "declining":
        return number[::-1] ** theta
    if kind == "random":
        return np.random.default_rng(2023).permutation(number) ** theta
    raise BookError(f"Technology {kind!r} does not exist; choose one of {', '.join(TECHNOLOGIES)}.")


def both_closures(T, tau, theta) -> dict[str, np.ndarray]:
    """Trade shares of countries of one size: at input costs of one, and in general equilibrium.

    Parameters
    ----------
    T : array_like, shape (..., N)
    tau : array_like, shape (..., N, N)
    theta : array_like, shape (...)

    Returns
    -------
    dict
        ``"costs given"`` and ``"wages adjust"``, each of shape (..., N, N).
    """
    ones = np.ones(np.shape(T)[-1])
    return {
        "costs given": eaton_kortum.shares(T, tau, theta, ones),
        "wages adjust": eaton_kortum.solve(T, tau, theta, ones).share,
    }


def average_distance(share, distance) -> np.ndarray:
    r"""Average import distance :math:`\sum_i \pi_{ji} d_{ji}`, home trade included (eq. 15).

    Parameters
    ----------
    share : array_like, shape (..., N, N)
    distance : array_like, shape (N, N)

    Returns
    -------
    ndarray, shape (..., N)
    """
    return (np.asarray(share) * distance).sum(-1)


def agreement_gains(share, labour_income, theta, cut) -> np.ndarray:
    """What each agreement between two countries is worth to all, from a solved world on.

    Parameters
    ----------
    share : array_like, shape (N, N)
    labour_income : array_like, shape (N,)
    theta : float
    cut : array_like, shape (N, N) or float
        Factor on the trade costs of the two partners, both ways.

    Returns
    -------
    ndarray, shape (N (N - 1) / 2, N)
        Gain of real income in per cent of each country (last axis), one row for each pair in the
        order of ``numpy.triu_indices(N, 1)``.
    """
    n = len(labour_income)
    one, other = np.triu_indices(n, 1)
    pair = np.arange(len(one))
    tau_hat = np.ones((len(one), n, n))
    cut = np.broadcast_to(cut, (n, n))
    tau_hat[pair, one, other] = cut[one, other]
    tau_hat[pair, other, one] = cut[other, one]
    return 100 * (eaton_kortum.change(share, labour_income, theta, tau_hat=tau_hat).welfare - 1)


def partner_distance(gains, distance) -> np.ndarray:
    """Average distance of each country's possible partners, weighted by what each is worth to it.

    Parameters
    ----------
    gains : array_like, shape (N (N - 1) / 2, N)
        As from :func:`agreement_gains`; losses and gains below 1e-6 % have no weight.
    distance : array_like, shape (N, N)

    Returns
    -------
    ndarray, shape (N,)
        NaN for a country that no agreement helps.
    """
    n = len(distance)
    one, other = np.triu_indices(n, 1)
    pair, own = np.arange(len(one)), np.zeros((n, n))
    own[one, other], own[other, one] = gains[pair, one], gains[pair, other]
    own = np.where(own > 1e-6, own, 0)
    total = own.sum(1)
    return np.divide((own * distance).sum(1), total, out=np.full(n, np.nan), where=total > 0)


def maps() -> dict[str, np.ndarray]:
    """Return arrangements of ten countries, each a matrix of distances in steps (10 × 10)."""
    n = 10
    place = np.arange(n)
    gap = abs(place[:, None] - place)
    strip = np.stack([np.r_[:5, :5], np.repeat([0, 1], 5)])
    folded = np.stack([np.r_[:5, 4:-1:-1], np.repeat([0, 1], 5)])
    return {
        "circle": ring_distance(n),
        "straight line": gap,
        "straight line, no distance above 5": np.minimum(gap, 5),
        "two rows of five, both from the left": abs(strip[:, :, None] - strip[:, None]).sum(0),
        "two rows of five, back and forth": abs(folded[:, :, None] - folded[:, None]).sum(0),
    }


def claims(
    share: np.ndarray, distance: np.ndarray, region: np.ndarray, T: np.ndarray
) -> dict[str, np.ndarray]:
    """Tell for which countries each statement of Li and Chen's section 2.3 holds.

    Parameters
    ----------
    share : array, (steps of h, importer, exporter)
        Trade shares, from the ideal chain to the regional one.
    distance : array, (importer, exporter)
    region : array, (country,)
    T : array, (country,)
        Technology.

    Returns
    -------
    dict of str to array of bool, (country,)
    """
    length = average_distance(share, distance)
    slack = 1e-9  # rounding of the solver
    ranked = np.argsort(T, kind="stable")
    rising = (np.diff(share[0][:, ranked], axis=1) >= -slack).all(axis=1)
    at_home = (share * (region[:, None] == region)).sum(axis=-1)
    return {
        "at h = 0, buys like all others": (abs(share[0] - share[0, :1]) < slack).all(axis=1),
        "at h = 0, buys more where productivity is higher": rising,
        "buys more within its region at h = 1": at_home[-1] > at_home[0],
        "at h = 1, its largest source lies in its region": region[share[-1].argmax(axis=1)]
        == region,
        "imports travel farthest at h = 0": (length <= length[0] + slack).all(axis=0),
        "distance falls at every step of h": (np.diff(length, axis=0) < slack).all(axis=0),
    }


def scenario(
    h: np.ndarray,
    theta: float,
    *,
    kind: str,
    n: int,
    inner: float,
    outer: float,
    where: np.ndarray | None = None,
) -> dict[str, float]:
    """Say how far imports travel in one setting, and for how many farthest in the ideal chain.

    Parameters
    ----------
    h : array
        Steps of the dial from the ideal chain to the regional one.
    kind, n, inner, outer
        Technology, number of countries, trade cost within and between regions.
    where : array, optional
        Distances; a circle by default.
    """
    where = ring_distance(n) if where is None else where
    costs = chain_costs(h, regions(n), inner, outer)
    solved = both_closures(technology(kind, n, theta), costs, theta)
    length = {how: average_distance(s, where) / where.max() for how, s in solved.items()}
    ideal, regional = 100 * length["wages adjust"][[0, -1]].mean(axis=1)
    found = {
        "ideal (% of largest)": ideal,
        "regional (% of largest)": regional,
        "change (%)": 100 * (regional / ideal - 1),
        "countries": n,
    }
    most = {how: (x <= x[0] + 1e-9).all(axis=0).sum() for how, x in length.items()}
    return found | {f"farthest, {how}": float(count) for how, count in most.items()}


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's coefficient; zero where one of the two does not vary."""
    there = np.isfinite(a) & np.isfinite(b)
    a, b = a[there], b[there]
    flat = len(a) < 3 or np.ptp(a) < 1e-6 or np.ptp(b) < 1e-6
    return 0.0 if flat else float(spearmanr(a, b).statistic)
