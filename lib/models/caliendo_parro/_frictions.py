r"""Trade costs read from trade, and the world without them.

What a frictionless world needs is each country's competitiveness :math:`S_i^k = T_i^k
(c_i^k)^{-\theta^k}`; trade costs serve to strip it out of the flows. With
:math:`\pi_{ji}^k = S_i^k (\kappa_{ji}^k)^{-\theta^k} / \Phi_j^k`, the competitiveness that sells
every sector's output at given costs is unique up to scale.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lib.errors import BookError
from lib.models.caliendo_parro._changes import Calibrated, balanced, with_home
from lib.models.caliendo_parro._levels import Equilibrium, equilibrium
from lib.sector_trade import SectorTrade

METHODS = ("flows", "indices", "poisson")


@dataclass(frozen=True, eq=False)
class TradeCosts:
    r"""Symmetric trade costs between regions, tariffs included.

    Attributes
    ----------
    log_access : ndarray, shape (J, N, N)
        :math:`-\theta^k \ln \kappa_{ji}^k`, zero at home.
    measured : ndarray of bool, shape (J, N, N)
        Where the Head–Ries index is finite; elsewhere the cost is estimated.
    gravity : DataFrame
        Indexed by sector: the elasticities of trade to distance and the effect of a common border.
    """

    log_access: np.ndarray
    measured: np.ndarray
    gravity: pd.DataFrame

    def kappa(self, theta) -> np.ndarray:
        """Trade costs for elasticities `theta`, shape (J, N, N); one is no cost."""
        return np.exp(-self.log_access / np.asarray(theta)[: len(self.log_access), None, None])


def head_ries(data: SectorTrade) -> np.ndarray:
    r"""Head–Ries indices of trade, shape (J, N, N).

    Returns
    -------
    ndarray
        :math:`-\theta \ln\kappa_{ji} = \tfrac12 \ln \frac{X_{ji} X_{ij}}{X_{jj} X_{ii}}` with the
        duties paid, nan where one of the four is zero; zero at home.
    """
    log_flow = np.log(_spent(data), where=_spent(data) > 0, out=np.full(data.trade.shape, np.nan))
    home = np.einsum("kii->ki", log_flow)
    return (log_flow + log_flow.swapaxes(1, 2) - home[:, :, None] - home[:, None, :]) / 2


def trade_costs(
    data: SectorTrade, pairs: pd.DataFrame, *, method: str = "flows", held=None
) -> TradeCosts:
    r"""Head–Ries indices where they are finite, estimates from distance elsewhere.

    Parameters
    ----------
    data : SectorTrade
    pairs : DataFrame
        ``exporter, importer, distcap`` (km) and ``contig``. Pairs that are not listed, such as
        those of ROW, have an effect of their own in place of distance.
    method : {"flows", "indices", "poisson"}
        How the other cells are estimated: from each positive flow over the importer's purchases at
        home, :math:`\ln X_{ji}/X_{jj}`, with importer and exporter effects, whose sum for one and
        the same country is its border; from the indices themselves with a border for each country;
        or by Poisson pseudo-maximum likelihood from all flows with importer and exporter effects
        and a common border.
    held : ndarray of bool, shape (J, N, N), optional
        Symmetric cells whose flows and indices the estimates must not use.

    Returns
    -------
    TradeCosts

    Raises
    ------
    BookError
        For an unknown method, or without a distance for any pair.
    """
    if method not in METHODS:
        raise BookError(f"method={method!r} is not one of {', '.join(METHODS)}.")
    index, geography = head_ries(data), _geography(data, pairs)
    abroad = ~np.eye(len(data.countries), dtype=bool)
    measured = np.isfinite(index) & abroad
    use = np.broadcast_to(abroad, index.shape) if held is None else abroad & ~held
    fit = {"flows": _from_flows, "indices": _from_indices, "poisson": _from_poisson}[method]
    source = np.where(measured, index, np.nan) if method == "indices" else _spent(data)
    fitted = [fit(y, u, geography) for y, u in zip(source, use, strict=True)]
    estimate = np.array([access for access, _ in fitted]) * abroad
    gravity = pd.DataFrame(
        [slopes for _, slopes in fitted],
        pd.Index(data.traded, dtype="str", name="sector"),
        ["distance", "contiguity"],
    )
    measured_here = measured if held is None else measured & ~held
    return TradeCosts(np.where(measured_here, index, estimate), measured_here, gravity)


def hold_out(
    data: SectorTrade, pairs: pd.DataFrame, *, share: float = 0.2, seed: int = 0
) -> pd.DataFrame:
    """Test the estimates where the truth is at hand: pairs with an index, held out.

    Parameters
    ----------
    share : float
        Part of the pairs of each sector that is held out.
    seed : int
        Draws them.

    Returns
    -------
    DataFrame
        Indexed by method: root-mean-square error, median absolute error and bias of the log of
        trade, and the number of pairs.
    """
    index = head_ries(data)
    draws = np.triu(np.random.default_rng(seed).random(index.shape), 1)
    held = (draws > 0) & (draws < share) & np.isfinite(index)
    rows = {}
    for method in METHODS:
        costs = trade_costs(data, pairs, method=method, held=held | held.swapaxes(1, 2))
        error = (costs.log_access - index)[held]
        rows[method] = {
            "rmse": np.sqrt((error**2).mean()),
            "median": np.median(abs(error)),
            "bias": error.mean(),
            "pairs": error.size,
        }
    return pd.DataFrame(rows).T.rename_axis("method").astype({"pairs": int})


def _spent(data: SectorTrade):
    """What importers spend on each exporter, duties paid, in the J traded sectors."""
    flow, tariff = with_home(data)
    return (flow * (1 + tariff))[: len(data.trade)]


def _geography(data: SectorTrade, pairs):
    """Log distance, common border and a dummy for pairs without a distance, (3, N, N)."""
    if missing := {"exporter", "importer", "distcap", "contig"} - set(pairs.columns):
        raise BookError(f"pairs lack the column {', '.join(sorted(missing))}.")
    order = list(data.countries)

    def square(column):
        wide = pairs.pivot(index="importer", columns="exporter", values=column)
        return wide.reindex(index=order, columns=order).to_numpy(float)

    km, contig = square("distcap"), square("contig")
    known = (km > 0) & ~np.eye(len(order), dtype=bool)
    if not known.any():
        raise BookError("No pair of the data has a distance.")
    log_km = np.log(np.where(known, km, 1.0))
    unknown = ~known & ~np.eye(len(order), dtype=bool)
    return np.stack([log_km, np.where(known, contig, 0.0), unknown.astype(float)])


def _effects(n, size):
    return np.eye(size)[n]


def _from_flows(spent, use, geography):
    size, home = len(spent), np.diag(spent)
    n, i = np.nonzero(use & (spent > 0) & (home > 0)[:, None])
    x = np.hstack([_effects(n, size), _effects(i, size), geography[:2, n, i].T])
    b = np.linalg.lstsq(x, np.log(spent[n, i]) - np.log(home[n]), rcond=None)[0]
    border = b[:size] + b[size : 2 * size]
    seen = np.isin(np.arange(size), n) & np.isin(np.arange(size), i)
    border = np.where(seen, border, border[seen].mean())
    return _access(border, b[2 * size :], geography), b[2 * size :]


def _from_indices(index, use, geography):
    size = len(index)
    n, i = np.nonzero(np.triu(use & np.isfinite(index), 1))
    x = np.hstack([_effects(n, size) + _effects(i, size), geography[:2, n, i].T])
    b = np.linalg.lstsq(x, index[n, i], rcond=None)[0]
    seen = np.isin(np.arange(size), np.append(n, i))
    border = 2 * np.where(seen, b[:size], b[:size][seen].mean())
    return _access(border, b[size:], geography), b[size:]


def _access(border, slopes, geography):
    """Log access from a border of each country, shared by the two of a pair, and geography."""
    return (border[:, None] + border) / 2 + np.tensordot(slopes, geography[:2], 1)


def _from_poisson(spent, use, geography):
    # imported here: no other part of the models needs the library, which loads slowly
    import statsmodels.api as sm

    size = len(spent)
    n, i = np.nonzero(use | np.eye(size, dtype=bool))
    common = np.concatenate([geography, [1 - np.eye(size)]])
    x = np.hstack([_effects(n, size), _effects(i, size)[:, 1:], common[:, n, i].T])
    y = spent[n, i] / spent.mean()
    # an importer or exporter without trade has no finite effect
    idle = [c for c in range(x.shape[1]) if not (y * (x[:, c] != 0)).any()]
    rows = ~x[:, idle].any(1)
    columns = np.setdiff1d(np.arange(x.shape[1]), idle)
    fit = sm.GLM(y[rows], x[np.ix_(rows, columns)], family=sm.families.Poisson()).fit(maxiter=100)
    b = np.zeros(x.shape[1])
    b[columns] = fit.params
    return np.tensordot(b[-4:], common, 1), b[-4:-2]


def competitiveness(data: SectorTrade, costs: TradeCosts, *, tol=1e-12, max_iter=200):
    r"""Competitiveness with which each traded sector sells its output at given trade costs.

    Returns
    -------
    S : ndarray, shape (J, N)
        Adds up to one in each sector.
    phi : ndarray, shape (J, N)
        :math:`\Phi_j^k = \sum_i S_i^k (\kappa_{ji}^k)^{-\theta^k}`.

    Raises
    ------
    BookError
        If a region makes nothing of a traded sector, or Newton's method fails.

    Notes
    -----
    Spending X is that of the data. Solves :math:`\lambda^k Y_i^k = \sum_j S_i^k
    (\kappa_{ji}^k)^{-\theta^k} X_j^k / (\Phi_j^k (1 + t_{ji}^k))`; the common factor
    :math:`\lambda` is one without duties.
    """
    flow, tariff = with_home(data)
    j, n = len(data.trade), len(data.countries)
    net = 1 / (1 + tariff[:j])
    output, spending = flow[:j].sum(1), _spent(data).sum(2)
    if not (output > 0).all():
        k, i = np.argwhere(output <= 0)[0]
        raise BookError(f"{data.countries[i]} makes no {data.sectors[k]}: no competitiveness.")
    access = np.exp(costs.log_access)
    target = np.log(output / output.sum(1, keepdims=True))
    s = target.copy()
    for _ in range(max_iter):
        offer = access * np.exp(s)[:, None, :]
        phi = offer.sum(2)
        share = offer / phi[:, :, None]
        sold = share * net * spending[:, :, None]
        revenue = sold.sum(1)
        gap = np.log(revenue / revenue.sum(1, keepdims=True)) - target
        if abs(gap).max() < tol:
            scale = np.exp(s).sum(1, keepdims=True)
            return np.exp(s) / scale, phi / scale
        slope = -np.matmul(sold.swapaxes(1, 2), share) / revenue[:, :, None]
        slope[:, np.arange(n), np.arange(n)] += 1
        # the target fixes shares of the world, and the level of S is free: fix both at once
        weight = (revenue / revenue.sum(1, keepdims=True))[:, None, :]
        slope = slope - np.matmul(weight, slope) + 1 / n
        step = np.linalg.solve(slope, gap[:, :, None])[:, :, 0]
        s = s - step * 2 / np.maximum(2, abs(step).max(1, keepdims=True))
    raise BookError(
        f"Competitiveness not found: sales still miss output by {abs(gap).max():.1e} after "
        f"{max_iter} steps."
    )


def free_trade(
    e: Calibrated, S: np.ndarray, phi: np.ndarray, *, deficit: str = "zero"
) -> tuple[Calibrated, Equilibrium]:
    r"""The world with all trade costs of the traded sectors at one and no tariffs.

    Parameters
    ----------
    e : Calibrated
        Technology, tastes and linkages; services stay at home.
    S, phi : ndarray, shape (J, N)
        Competitiveness at today's wages and prices, and what it amounts to at today's trade costs.
    deficit : {"zero", "kept"}

    Returns
    -------
    Calibrated, Equilibrium
        Wages, costs and prices have adjusted and are relative to today's.

    Notes
    -----
    Li and Chen (2023), eq. 13 at :math:`\tau = 1`: :math:`\pi_{ji}^k \propto S_i^k
    (\hat c_i^k)^{-\theta^k}` for every importer.
    """
    access = e.access.copy()
    access[: len(S)] = S[:, None, :] / phi[:, :, None]
    world = balanced(replace(e, access=access, tariff=np.zeros_like(e.tariff)), deficit)
    return world, equilibrium(world)
