r"""A sample world with tariffs, by sector, in the schema of Caliendo and Parro (2015).

Countries, GDP, population, trade balances, technology and tastes are those of the sample world in
1995 (:mod:`lib.sample.world`), with its products added up to 35 sectors, of which services are not
traded. What differs:

Trade costs
    :math:`\tau^{-\theta} = b\,(d/100)^{-\rho} e^{\epsilon + \epsilon^k + \nu^k}` with the pair
    components of the sample world's size and an asymmetric part :math:`\nu` of standard deviation
    0.2. In each sector the twentieth of the cells that an index of cost and luck ranks highest is
    closed to trade.
Tariffs
    An importer's rate differs by sector and, around it, by partner; Europe is free within; Canada
    and the United States give each other half. In 2005 rates are at 60 per cent and North America
    is free within.

A seed makes one world; seed 0 is the one that stands in for the authors' data.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from lib.models import caliendo_parro
from lib.sample.world import (
    COUNTRIES,
    GOODS,
    SECTORS,
    distances,
    parameters,
    products,
    sectors,
    structure,
    targets,
)
from lib.sector_trade import SectorTrade

MACRO_YEAR, BASE, LATER = 1995, 1993, 2005
ASYMMETRY_SD, CLOSED = 0.2, 0.05
EUROPE = ("DEU", "ESP", "FRA", "GBR", "ITA", "NLD")
NORTH_AMERICA = ("CAN", "MEX", "USA")


@dataclass(frozen=True, eq=False)
class TariffWorld:
    """A world whose truth is known.

    Attributes
    ----------
    economy : Economy
        True technology, trade costs and elasticities, with the tariffs of the base year.
    equilibrium : Equilibrium
    data : SectorTrade
        What an observer sees of it.
    """

    economy: caliendo_parro.Economy
    equilibrium: caliendo_parro.Equilibrium
    data: SectorTrade

    def free_trade(self) -> np.ndarray:
        """True flows of the traded sectors, (J, N, N), without trade costs, tariffs, deficits."""
        e = self.economy
        tau = e.tau.copy()
        tau[: len(self.data.trade)] = 1
        free = replace(e, tau=tau, tariff=np.zeros_like(e.tariff), D=np.zeros_like(e.D))
        found = caliendo_parro.equilibrium(free, wage=self.equilibrium.wage)
        return (found.share * found.expenditure.T[:, :, None])[: len(self.data.trade)]


def _symmetric(draws):
    return (draws + draws.swapaxes(-1, -2)) / np.sqrt(2)


def _trade_costs(distance, theta, rng):
    """Iceberg costs of all sectors; infinite abroad for services and in closed cells."""
    p, n, k = parameters(), len(COUNTRIES), len(SECTORS)
    with np.errstate(divide="ignore"):
        log_trade = p.border_goods - p.distance_elasticity * np.log(distance / 100)
    log_trade = log_trade + p.pair_sd * _symmetric(rng.standard_normal((n, n)))
    log_trade = log_trade + p.pair_product_sd * _symmetric(rng.standard_normal((GOODS, n, n)))
    log_trade += ASYMMETRY_SD * rng.standard_normal((GOODS, n, n))
    luck = log_trade + rng.standard_normal((GOODS, n, n))
    home = np.eye(n, dtype=bool)
    luck[:, home] = np.inf
    closed = luck < np.quantile(luck[:, ~home], CLOSED, axis=1)[:, None, None]
    tau = np.full((k, n, n), np.inf)
    tau[:GOODS] = np.where(
        closed, np.inf, np.exp(-np.minimum(log_trade, 0) / theta[:GOODS, None, None])
    )
    tau[:, home] = 1
    return tau


def _tariffs(rng):
    """Ad valorem rates by year, (GOODS, importer, exporter)."""
    n = len(COUNTRIES)
    mfn = rng.lognormal(np.log(0.06), 0.4, (1, n, 1)) * rng.lognormal(0, 0.6, (GOODS, n, 1))
    rate = mfn * rng.lognormal(0, 0.5, (GOODS, n, n))
    within = {
        b: np.ix_(range(GOODS), *2 * [[COUNTRIES.index(c) for c in b]])
        for b in (EUROPE, NORTH_AMERICA, ("CAN", "USA"))
    }
    rate[within["CAN", "USA"]] /= 2
    rate[within[EUROPE]] = 0
    np.einsum("kii->ki", rate)[:] = 0
    later = 0.6 * rate
    later[within[NORTH_AMERICA]] = 0
    return {BASE: rate, LATER: later}


@lru_cache(maxsize=16)
def _solve(target_values, distance_values, seed):
    n, k, s = len(COUNTRIES), len(SECTORS), structure()
    rng = np.random.default_rng([parameters().seed, seed])
    gdp, population, balance, household, government, gfcf = np.array(target_values).reshape(n, -1).T
    starts = np.flatnonzero(np.diff(products()["index"], prepend=-1))
    gamma_in = np.add.reduceat(s.gamma_in, starts, axis=1)
    baskets = np.add.reduceat(s.baskets, starts, axis=0)
    uses = np.stack([household, 0 * household, government, gfcf, 0 * gfcf], 1)
    theta = sectors()["theta"].to_numpy(float)
    p = parameters()
    income = np.log(gdp / population) - np.log(gdp.sum() / population.sum())
    pattern = p.advantage_sd * rng.standard_normal((n, k))
    pattern += p.income_slope * np.outer(income, rng.standard_normal(k))
    free = caliendo_parro.Economy(
        T=np.ones((n, k)),
        tau=_trade_costs(np.array(distance_values).reshape(n, n), theta, rng),
        theta=theta,
        gamma=s.gamma,
        gamma_in=gamma_in,
        alpha=uses @ baskets.T,
        L=population,
        D=-balance,
        sigma=p.sigma,
        world_gdp=gdp.sum(),
    )
    free, start = caliendo_parro.invert(free, gdp, np.exp(pattern))
    tariff = _tariffs(rng)
    duties = np.zeros((k, n, n))
    duties[:GOODS] = tariff[BASE]
    economy = replace(free, tariff=duties)
    found = caliendo_parro.equilibrium(economy, wage=start.wage)
    trade = (found.share / (1 + duties) * found.expenditure.T[:, :, None])[:GOODS]
    np.einsum("kii->ki", trade)[:] = 0
    data = SectorTrade(
        countries=COUNTRIES,
        sectors=SECTORS,
        year=BASE,
        trade=trade,
        tariff=tariff,
        output=found.output,
        value_added=s.gamma,
        inputs=gamma_in / gamma_in.sum(1, keepdims=True),
        theta=theta,
    )
    return TariffWorld(economy, found, data)


def tariff_world(*, pwt_91, capitals, seed: int = 0) -> TariffWorld:
    """Make a world with tariffs, its truth and what an observer sees of it.

    Parameters
    ----------
    pwt_91, capitals : DataFrame
        Embedded originals: Penn World Table 9.1 and positions of capitals.
    seed : int
        Draws trade costs, comparative advantage and tariffs.

    Returns
    -------
    TariffWorld
        24 countries and ROW; 35 sectors, of which the first 16 are traded; million USD.
    """
    target = targets(pwt_91, MACRO_YEAR).to_numpy(float)
    return _solve(tuple(target.ravel()), tuple(distances(capitals).ravel()), int(seed))


def sector_trade(*, pwt_91, capitals) -> SectorTrade:
    """Sector trade of the sample world with tariffs, in the schema of Caliendo and Parro (2015).

    Its elasticities are the true ones; the macroeconomic data are of 1995.
    """
    return tariff_world(pwt_91=pwt_91, capitals=capitals).data
