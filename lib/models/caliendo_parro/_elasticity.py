"""Trade elasticities from tariffs by triple differences (Caliendo and Parro 2015, section 4)."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from lib.errors import BookError
from lib.sector_trade import SectorTrade


def elasticities(
    data: SectorTrade,
    *,
    regions: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    coverage: float = 1.0,
    duties: bool = True,
) -> pd.DataFrame:
    r"""Estimate the trade elasticity of each traded sector.

    Parameters
    ----------
    data : SectorTrade
    regions : sequence of str, or mapping of str to sequence of str, optional
        Countries to use, or names of regions with their countries, which are added up (tariffs with
        trade weights). Default every country but ROW.
    coverage : float
        In each sector the smallest regions are left out, as long as the others have at least this
        share of its trade.
    duties : bool
        Value trade with the duties paid, as the model does. Without them every estimate is larger
        by exactly one.

    Returns
    -------
    DataFrame
        Indexed by sector: theta; se, robust to heteroskedasticity with triples taken as
        independent; se_pairs, which counts each pair of regions once; triples; regions. A sector
        without more triples than regions has no estimate.

    Raises
    ------
    BookError
        For an unknown country, a coverage outside (0, 1], or fewer than three regions.

    Notes
    -----
    For three regions n, i, h every cost that is symmetric in a pair or belongs to one region
    cancels from

    .. math:: \ln \frac{X_{ni}^k X_{ih}^k X_{hn}^k}{X_{in}^k X_{hi}^k X_{nh}^k} =
              -\theta^k \ln \frac{(1+t_{ni}^k)(1+t_{ih}^k)(1+t_{hn}^k)}
                               {(1+t_{in}^k)(1+t_{hi}^k)(1+t_{nh}^k)} + \varepsilon ,

    estimated by least squares without a constant, each triple once. N regions have N(N-1)(N-2)/6
    triples but only N(N-1)/2 pairs: the errors of triples that share a pair are correlated, and
    `se` is too small by a factor that grows with N. `se_pairs` is the sandwich over the pairs that
    the triples are made of.
    """
    if not 0 < coverage <= 1:
        raise BookError(f"coverage={coverage} must lie above zero and not above one.")
    trade, tariff = _by_region(data, regions)
    if trade.shape[1] < 3:
        raise BookError("Triple differences need at least three regions.")
    kept = _largest(trade, coverage)
    value = trade * (1 + tariff) if duties else trade
    triples = np.array(list(combinations(range(trade.shape[1]), 3))).T
    rows = [
        _estimate(*_sample(x, t, k, triples)) | {"regions": int(k.sum())}
        for x, t, k in zip(value, tariff, kept, strict=True)
    ]
    return pd.DataFrame(rows, pd.Index(data.traded, dtype="str", name="sector"))


def _by_region(data: SectorTrade, regions):
    """Trade and tariffs of the J sectors between regions."""
    if regions is None:
        regions = [c for c in data.countries if c != "ROW"]
    if not isinstance(regions, Mapping):
        regions = {c: [c] for c in regions}
    unknown = {c for members in regions.values() for c in members} - set(data.countries)
    if unknown:
        raise BookError(f"The data have no country {', '.join(sorted(unknown))}.")
    member = np.zeros((len(regions), len(data.countries)))
    for row, members in zip(member, regions.values(), strict=True):
        row[[data.countries.index(c) for c in members]] = 1
    abroad = 1 - np.eye(len(regions))
    tariff, cells = data.tariff[data.year], member.sum(1)
    trade = member @ data.trade @ member.T * abroad
    simple = member @ tariff @ member.T / np.outer(cells, cells)
    duty = member @ (tariff * data.trade) @ member.T * abroad
    traded = trade > 0
    return trade, np.where(traded, duty / np.where(traded, trade, 1), simple * abroad)


def _largest(trade, coverage):
    """Which regions stay in each sector, (J, N)."""
    size = trade.sum(1) + trade.sum(2)
    order = np.argsort(size, axis=1, kind="stable")
    below = np.take_along_axis(size, order, 1).cumsum(1) / size.sum(1, keepdims=True)
    kept = np.ones_like(size, dtype=bool)
    np.put_along_axis(kept, order, below > 1 - coverage, 1)
    return kept if coverage < 1 else np.ones_like(kept)


def _sample(value, tariff, kept, triples):
    """Antisymmetric logs of one sector, and the triples of whose six flows none is zero."""
    positive = (value > 0) & (value > 0).T & np.outer(kept, kept)
    log_value = np.log(np.where(positive, value, 1))
    a = log_value - log_value.T
    b = np.log1p(tariff) - np.log1p(tariff).T
    n, i, h = triples
    whole = positive[n, i] & positive[i, h] & positive[h, n]
    return a, b, triples[:, whole]


def _around(matrix, triples):
    n, i, h = triples
    return matrix[n, i] + matrix[i, h] + matrix[h, n]


def _estimate(a, b, triples):
    y, x = _around(a, triples), _around(b, triples)
    count, size = len(x), len(a)
    xx, xy = (x * x).sum(), (x * y).sum()
    if count <= size or not xx > 0:
        return dict.fromkeys(("theta", "se", "se_pairs"), np.nan) | {"triples": count}
    theta = -xy / xx
    residual = y + theta * x
    robust = count / (count - 1) * (x * x * residual * residual).sum()

    # the score of each pair: the regressors of the triples that it is part of, signed
    score = np.zeros((size, size))
    n, i, h = triples
    for one, other in ((n, i), (i, h), (h, n)):
        np.add.at(score, (one, other), x)
    score -= score.T
    pair = np.array([p for p in combinations(range(size), 2) if score[p] != 0]).T
    effects = np.zeros((pair.shape[1], size))
    at = np.arange(pair.shape[1])
    effects[at, pair[0]], effects[at, pair[1]] = 1, -1
    error = (a + theta * b)[pair[0], pair[1]]
    error = error - effects @ np.linalg.lstsq(effects, error, rcond=None)[0]
    # a slope and one effect less than there are regions are estimated
    spare = len(at) - len(np.unique(pair))
    pairs = len(at) / spare * (score[pair[0], pair[1]] ** 2 * error**2).sum()
    return {
        "theta": theta,
        "se": np.sqrt(robust) / xx,
        "se_pairs": np.sqrt(pairs) / xx,
        "triples": count,
    }
