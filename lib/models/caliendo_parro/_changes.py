"""Exact hat algebra: the world in units in which today's wages, costs and prices are one.

In those units technology and trade costs need no name: today's shares are the weights of the
exporters, and a counterfactual multiplies them. So one solver serves levels and changes.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from lib.errors import BookError
from lib.models.caliendo_parro._levels import Equilibrium, equilibrium, products_by_sector
from lib.sector_trade import SectorTrade

DEFICITS = ("zero", "kept")
LINKAGES = ("full", "own", "none")
NAFTA = ("CAN", "MEX", "USA")


@dataclass(frozen=True, eq=False)
class Calibrated:
    r"""A Caliendo–Parro economy in units of its data.

    Parameters
    ----------
    access : ndarray, shape (K, N, N)
        Weight of each exporter (last axis) with an importer at today's unit costs: the observed
        expenditure shares times :math:`\hat\kappa^{-\theta}`.
    tariff : ndarray, shape (K, N, N)
        Ad valorem rates.
    theta : ndarray, shape (K,)
    gamma : ndarray, shape (N, K)
    gamma_in : ndarray, shape (N, K, K)
    alpha : ndarray, shape (N, K)
    L : ndarray, shape (N,)
        Labour in the units in which its wage is one: value added, million USD.
    D : ndarray, shape (N,)
        Trade deficits, million USD at constant world value added.

    Notes
    -----
    Li and Chen (2023), eqs 8, 12 and 13 in changes (Caliendo and Parro 2015, section 2):

    .. math:: \hat c_i^h = \hat w_i^{\gamma_i^h} \prod_k (\hat P_i^k)^{\gamma_i^{k,h}}, \qquad
              \hat P_j^k = \Bigl[\sum_i \pi_{ji}^k (\hat c_i^k \hat\kappa_{ji}^k)^{-\theta^k}
                           \Bigr]^{-1/\theta^k}, \qquad
              \pi_{ji}^{k\prime} = \pi_{ji}^k
                  \Bigl(\frac{\hat c_i^k \hat\kappa_{ji}^k}{\hat P_j^k}\Bigr)^{-\theta^k} .
    """

    access: np.ndarray
    tariff: np.ndarray
    theta: np.ndarray
    gamma: np.ndarray
    gamma_in: np.ndarray
    alpha: np.ndarray
    L: np.ndarray
    D: np.ndarray

    def __post_init__(self):
        n, k = self.alpha.shape
        fixed = {
            "world_gdp": self.L.sum(),
            "sector": np.arange(k),
            "products_of": products_by_sector(np.arange(k), k),
            "T": np.ones((n, k)),
            "constant": np.ones(k),
            "log_upsilon": np.zeros((n, k)),
        }
        for name, value in fixed.items():
            object.__setattr__(self, name, value)

    def shocked(self, *, tariff=None, cost=1.0) -> "Calibrated":
        r"""The same technology under other tariffs or trade costs.

        Parameters
        ----------
        tariff : ndarray, shape (K, N, N), optional
            New ad valorem rates.
        cost : float or ndarray, broadcast to (K, N, N)
            Factor of the iceberg costs.

        Returns
        -------
        Calibrated
        """
        tariff = self.tariff if tariff is None else np.asarray(tariff, float)
        if tariff.shape != self.tariff.shape or not (np.isfinite(tariff) & (tariff > -1)).all():
            raise BookError(
                f"Counterfactual: tariffs must have shape {self.tariff.shape} and exceed -1."
            )
        if not np.all(np.asarray(cost) > 0):
            raise BookError("Counterfactual: every factor of the trade costs must be positive.")
        dearer = cost * (1 + tariff) / (1 + self.tariff)
        weight = self.access * dearer ** -self.theta[:, None, None]
        return replace(self, access=weight, tariff=tariff)


def calibrate(data: SectorTrade, *, linkages: str = "full", theta_scale: float = 1.0) -> Calibrated:
    """Turn sector trade into the economy that it is an equilibrium of.

    Parameters
    ----------
    data : SectorTrade
    linkages : {"full", "own", "none"}
        Inputs from every sector, from the own sector only, or none (value added is all of output).
        The trade data are met in each case.
    theta_scale : float
        Factor of every trade elasticity.

    Returns
    -------
    Calibrated
        With the deficits of the data.

    Raises
    ------
    BookError
        For an unknown linkage or a factor that is not positive.

    Notes
    -----
    Output below exports is raised to them. Final spending is what inputs leave of total spending;
    where that is negative it is set to zero and the shares are scaled to one, so that the data are
    an equilibrium but for these cells. Input shares are scaled to add up with value added.
    """
    if linkages not in LINKAGES:
        raise BookError(f"linkages={linkages!r} is not one of {', '.join(LINKAGES)}.")
    if not theta_scale > 0:
        raise BookError(f"theta_scale={theta_scale} must be positive.")
    flow, tariff = with_home(data)
    n, k = data.output.shape
    gamma, inputs = data.value_added, np.maximum(data.inputs, 0)
    if linkages == "own":
        inputs = np.broadcast_to(np.eye(k), inputs.shape)
    if linkages == "none":
        gamma = np.ones((n, k))
    gamma_in = (1 - gamma)[:, None, :] * inputs
    bought = gamma_in.sum(1)
    gamma_in *= ((1 - gamma) / np.where(bought > 0, bought, 1))[:, None, :]
    gamma = 1 - gamma_in.sum(1)

    spent = flow * (1 + tariff)
    expenditure, output = spent.sum(2), flow.sum(1).T
    if not (expenditure > 0).all():
        s, c = np.argwhere(expenditure <= 0)[0]
        raise BookError(
            f"{data.countries[c]} spends nothing on {data.sectors[s]}: it has neither imports nor "
            "sales at home."
        )
    final = expenditure.T - np.matmul(gamma_in, output[:, :, None])[:, :, 0]
    alpha = np.maximum(final, 0)
    return Calibrated(
        access=spent / expenditure[:, :, None],
        tariff=tariff,
        theta=theta_scale * data.theta,
        gamma=gamma,
        gamma_in=gamma_in,
        alpha=alpha / alpha.sum(1, keepdims=True),
        L=(gamma * output).sum(1),
        D=flow.sum((0, 2)) - flow.sum((0, 1)),
    )


def with_home(data: SectorTrade):
    """Flows and tariffs of all sectors, (K, N, N), with sales at home: output less exports."""
    j, n, k = len(data.trade), len(data.countries), len(data.sectors)
    flow, tariff = np.zeros((k, n, n)), np.zeros((k, n, n))
    flow[:j], tariff[:j] = data.trade, data.tariff[data.year]
    exports = flow.sum(1)
    home = np.arange(n)
    flow[:, home, home] = np.maximum(data.output.T, exports) - exports
    return flow, tariff


def balanced(e: Calibrated, deficit: str) -> Calibrated:
    """Set deficits to zero, or keep them as they are relative to world value added."""
    if deficit not in DEFICITS:
        raise BookError(f"deficit={deficit!r} is not one of {', '.join(DEFICITS)}.")
    return replace(e, D=np.zeros_like(e.D)) if deficit == "zero" else e


def flows(e: Calibrated, found: Equilibrium) -> np.ndarray:
    """Trade before duties, sales at home included, (K, N, N), million USD."""
    return found.share / (1 + e.tariff) * found.expenditure.T[:, :, None]


@dataclass(frozen=True, eq=False)
class Change:
    """Two equilibria of one world; series by country in per cent unless said otherwise.

    Attributes
    ----------
    countries, sectors : tuple of str
    economies : tuple of Calibrated
        Before and after.
    before, after : Equilibrium
    """

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    economies: tuple[Calibrated, Calibrated]
    before: Equilibrium
    after: Equilibrium

    @property
    def residual(self) -> float:
        """Largest relative excess demand for labour in either equilibrium."""
        return max(self.before.residual, self.after.residual)

    @cached_property
    def flows(self) -> tuple[np.ndarray, np.ndarray]:
        """Trade before duties (K, N, N) before and after."""
        before, after = self.economies
        return flows(before, self.before), flows(after, self.after)

    @cached_property
    def _cost(self) -> np.ndarray:
        """Relative change of unit costs, (K, N)."""
        return (self.after.unit_cost / self.before.unit_cost).T - 1

    def _per_cent(self, values) -> pd.Series:
        index = pd.Index(self.countries, dtype="str", name="country")
        return pd.Series(100 * np.asarray(values), index)

    @cached_property
    def terms_of_trade(self) -> pd.Series:
        r"""First-order effect of prices.

        :math:`\sum_{ki} \bigl(E_{ni}^k (\hat c_n^k - 1) - M_{ni}^k (\hat c_i^k - 1)\bigr) / I_n`.
        """
        trade = self.flows[0]
        sold = (trade.sum(1) * self._cost).sum(0)
        bought = np.matmul(trade, self._cost[:, :, None]).sum(0)[:, 0]
        return self._per_cent((sold - bought) / self.before.income)

    @cached_property
    def volume_of_trade(self) -> pd.Series:
        r"""First-order effect of dutiable quantities.

        :math:`\sum_{ki} t_{ni}^k M_{ni}^k (\hat M_{ni}^k - \hat c_i^k) / I_n`.
        """
        before, after = self.flows
        duties = self.economies[0].tariff
        gained = duties * (after - before * (1 + self._cost)[:, None, :])
        return self._per_cent(gained.sum((0, 2)) / self.before.income)

    @property
    def welfare(self) -> pd.Series:
        """First-order welfare: terms of trade plus volume of trade."""
        return self.terms_of_trade + self.volume_of_trade

    def _real(self, name) -> pd.Series:
        ratio = getattr(self.after, name) / getattr(self.before, name)
        return self._per_cent(ratio * self.before.final_price / self.after.final_price - 1)

    @property
    def real_income(self) -> pd.Series:
        """Exact change of household income over the price of final consumption."""
        return self._real("income")

    @property
    def real_wage(self) -> pd.Series:
        """Exact change of the wage over the price of final consumption."""
        return self._real("wage")

    def in_steps(self, count: int) -> list["Change"]:
        """Divide a tariff reform into equal steps, each from the equilibrium of the last.

        The first-order effects of the steps add up to the exact change as their number grows.

        Parameters
        ----------
        count : int
            Number of steps, at least one.

        Returns
        -------
        list of Change
        """
        if count < 1:
            raise BookError(f"A reform cannot be divided into {count} steps.")
        start, end = self.economies
        steps, world, solved = [], start, self.before
        for part in np.linspace(0, 1, count + 1)[1:]:
            tariff = start.tariff + part * (end.tariff - start.tariff)
            then = start.shocked(tariff=tariff)
            after = self.after if part == 1 else equilibrium(then, wage=solved.wage)
            pair = (world, then)
            steps.append(Change(self.countries, self.sectors, pair, solved, after))
            world, solved = then, after
        return steps

    def trade_growth(self, members=None) -> pd.DataFrame:
        """Growth of trade before duties within a group, importers in rows; columns are exporters.

        Parameters
        ----------
        members : sequence of str, optional
            Default all countries. The last row and column, ``all``, sum over the other members.
        """
        at = [self.countries.index(c) for c in members or self.countries]
        before, after = (f.sum(0)[np.ix_(at, at)] * (1 - np.eye(len(at))) for f in self.flows)
        label = [*(self.countries[i] for i in at), "all"]
        before, after = (
            np.block([[f, f.sum(1)[:, None]], [f.sum(0), f.sum()]]) for f in (before, after)
        )
        traded = before > 0
        growth = 100 * (np.divide(after, before, where=traded, out=np.full_like(after, np.nan)) - 1)
        return (
            pd.DataFrame(growth, label, label)
            .rename_axis("importer")
            .rename_axis("exporter", axis=1)
        )


def counterfactual(
    data: SectorTrade, e: Calibrated, *, tariff=None, cost=1.0, deficit: str = "zero"
) -> Change:
    """Solve a calibrated world as it is and under other tariffs or trade costs.

    Parameters
    ----------
    data : SectorTrade
        Names the countries and sectors.
    e : Calibrated
    tariff, cost
        As for :meth:`Calibrated.shocked`.
    deficit : {"zero", "kept"}
        Trade deficits in both worlds: none, or those of the data relative to world value added.

    Raises
    ------
    BookError
        If an argument is out of its range, or a world has no equilibrium.
    """
    today = balanced(e, deficit)
    before = equilibrium(today)
    then = today.shocked(tariff=tariff, cost=cost)
    after = equilibrium(then, wage=before.wage)
    return Change(data.countries, data.sectors, (today, then), before, after)


def nafta(
    data: SectorTrade,
    *,
    year: int = 2005,
    scope: str = "nafta",
    deficit: str = "zero",
    linkages: str = "full",
    theta_scale: float = 1.0,
) -> Change:
    """Trade and welfare effects of the tariff changes of the North American agreement.

    Parameters
    ----------
    data : SectorTrade
    year : int
        Whose tariffs replace those of the data's year.
    scope : {"nafta", "all"}
        Change the tariffs between the three members only, or all tariffs.
    deficit, linkages, theta_scale
        As for :func:`counterfactual` and :func:`calibrate`.

    Returns
    -------
    Change

    Raises
    ------
    BookError
        If the data lack a member or the year, or an argument is out of its range.

    References
    ----------
    Caliendo and Parro (2015), section 5: tariffs of 2005 between the members in the world of 1993
    without trade deficits.
    """
    if year not in data.tariff:
        known = ", ".join(map(str, data.tariff))
        raise BookError(f"There are no tariffs of {year}; choose one of {known}.")
    if missing := set(NAFTA) - set(data.countries):
        raise BookError(f"The data lack {', '.join(sorted(missing))}, which NAFTA needs.")
    if scope not in ("nafta", "all"):
        raise BookError(f"scope={scope!r} is not one of nafta, all.")
    e = calibrate(data, linkages=linkages, theta_scale=theta_scale)
    at = [data.countries.index(c) for c in NAFTA]
    changed = np.ix_(range(len(data.trade)), at, at) if scope == "nafta" else slice(len(data.trade))
    source = changed if scope == "nafta" else slice(None)
    tariff = e.tariff.copy()
    tariff[changed] = data.tariff[year][source]
    return counterfactual(data, e, tariff=tariff, deficit=deficit)
