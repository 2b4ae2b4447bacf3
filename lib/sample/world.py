r"""The economy behind the sample world.

Countries, GDP, population and trade balances are real (Penn World Table 9.1); so are the positions
of the capitals. Trade is that of a Caliendo–Parro economy (:mod:`lib.models.caliendo_parro`) whose
K products are 220 goods with genuine HS 1992 codes and 19 services, made by the 35 WIOD
sectors. The authors wrote the list of goods (``products.csv``) from the nomenclature: codes chosen
from the headings of the Harmonized System, named in the authors' words, and given to a sector and
to a class of BEC Rev. 4 by their nature. Nothing in it is taken from a data file; a check against
the correspondence table of the United Nations Statistics Division left out the candidates on which
the two disagreed. Technology and tastes (``sectors.csv``) are round numbers, not estimates.

Trade costs
    Outside a country, with d in km,
    :math:`\tau^{-\theta} = b_{st} (d_{ji}/100)^{-\rho} e^{\epsilon_{ji} + \epsilon^k_{ji}}`: one
    distance elasticity of trade :math:`\rho` for all sectors (so :math:`\delta_s =
    \rho/\theta_s`), a border factor b that rises by a fixed rate per year, and normal pair and
    pair-product components, symmetric and constant over time. A draw that would make tau less
    than one would be cut off there; none does. Inside a country tau is one. The rest of the world
    is, for each country, as far away as the others are on average in logs.
Comparative advantage
    Competitiveness :math:`S_i^k` is log-normal: a permanent country-product draw, an AR(1) draw and
    :math:`\beta q_k` times log income per head relative to the world. The level of each country
    is what gives it its GDP and its trade balance (:func:`lib.models.caliendo_parro.invert`).
Spending
    A sector buys a fixed share of each product of a supplying sector; the product mix differs by
    use (intermediate, consumption, investment) with the nature of the product in BEC. For one
    product and importer all uses share the same sources (proportionality).
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import numpy as np
import pandas as pd

from lib.errors import DataError
from lib.io_table import FINAL_USES
from lib.models import caliendo_parro
from lib.sample.geography import great_circle

# fmt: off
REAL = (
    "AUS", "BRA", "CAN", "CHL", "CHN", "CZE", "DEU", "ESP", "FRA", "GBR", "IDN", "IND",
    "ITA", "JPN", "KOR", "MEX", "NLD", "POL", "RUS", "SGP", "TUR", "USA", "VNM", "ZAF",
)
# fmt: on
COUNTRIES = (*REAL, "ROW")
SECTORS = tuple(f"c{s}" for s in range(1, 36))
YEARS = tuple(range(1995, 2015))
GOODS = 16


@dataclass(frozen=True)
class Parameters:
    """True parameters of the sample world; every standard deviation is in logs of trade.

    Attributes
    ----------
    theta : dict of str to float
        Trade elasticity by sector.
    distance_elasticity : float
        Elasticity of trade to distance, theta times delta, the same in every sector.
    border_goods, border_services, border_local : float
        Log of the fall of trade at a border in 1995, for goods (c1–c16), tradable services, and
        services that are mostly local (utilities, construction, real estate, public services).
    border_decline : float
        Yearly rise of the log of international relative to domestic trade.
    pair_sd, pair_product_sd : float
        Pair components of trade costs.
    advantage_sd, shock_sd, shock_persistence : float
        Permanent comparative advantage; the AR(1) part's standard deviation and autocorrelation.
    income_slope : float
        Effect of log relative income per head on the competitiveness of a product of unit
        sophistication.
    basket_noise, input_noise : float
        Dispersion of product weights and of input coefficients.
    off_nature : float
        Weight of a product in a use that is not its own in BEC.
    sigma : float
        Elasticity of substitution within a product.
    seed : int
    """

    theta: dict[str, float]
    distance_elasticity: float = 1.0
    border_goods: float = -1.1
    border_services: float = -3.0
    border_local: float = -6.0
    border_decline: float = 0.02
    pair_sd: float = 0.3
    pair_product_sd: float = 0.5
    advantage_sd: float = 1.2
    shock_sd: float = 0.6
    shock_persistence: float = 0.9
    income_slope: float = 0.4
    basket_noise: float = 0.8
    input_noise: float = 0.5
    off_nature: float = 0.1
    sigma: float = 2.0
    seed: int = 19952014

    @property
    def delta(self) -> dict[str, float]:
        """Elasticity of trade costs to distance by sector."""
        return {sector: self.distance_elasticity / t for sector, t in self.theta.items()}


def _read(name, **options):
    with (resources.files("lib.sample") / name).open() as file:
        return pd.read_csv(file, **options)


@cache
def sectors() -> pd.DataFrame:
    """Stylised technology and tastes of the 35 sectors, indexed c1–c35.

    Returns
    -------
    DataFrame
        kind (goods, services, or local for services that are hardly traded), theta, value_added
        (share in output), and weights as an intermediate input and in consumption, government and
        investment. Round numbers of plausible size, not estimates.
    """
    return _read("sectors.csv").set_index("sector")


@cache
def parameters() -> Parameters:
    """True parameters of the sample world."""
    return Parameters(theta=sectors()["theta"].to_dict())


@cache
def products() -> pd.DataFrame:
    """Products of the sample: product, sector, bec4, name, use, description, index of the sector.

    Goods are HS 1992 subheadings with a short name, eleven to fifteen for each sector; `use` is the
    end use of their BEC class in the System of National Accounts (capital, intermediate or
    consumption) and `description` says what the class holds. None is in a class of several uses,
    such as passenger cars. Each service sector makes one product, named after it, without a class.
    """
    goods = _read("products.csv", dtype="str")
    services = pd.DataFrame({"product": SECTORS[GOODS:], "sector": SECTORS[GOODS:]}, dtype="str")
    out = pd.concat([goods, services], ignore_index=True)
    out = out.merge(_read("bec4.csv", dtype="str"), how="left", on="bec4")
    out["index"] = out["sector"].str[1:].astype(int) - 1
    return out.sort_values(["index", "product"], ignore_index=True)


_MAIN_BEC = {
    "intermediate": "intermediate",
    "household": "consumption",
    "npish": "consumption",
    "government": "consumption",
    "gfcf": "capital",
}
_NPISH_SHARE = 0.02


@dataclass(frozen=True, eq=False)
class Structure:
    """What does not change over time: technology, baskets and the random parts of trade.

    Attributes
    ----------
    gamma : ndarray, shape (N, H)
    gamma_in : ndarray, shape (N, K, H)
    baskets : ndarray, shape (K, F)
        Product shares in each final use.
    pair : ndarray, shape (K, N, N)
        Random part of log trade between countries.
    advantage : ndarray, shape (years, N, K)
        Log comparative advantage without the effect of income.
    sophistication : ndarray, shape (K,)
    """

    gamma: np.ndarray
    gamma_in: np.ndarray
    baskets: np.ndarray
    pair: np.ndarray
    advantage: np.ndarray
    sophistication: np.ndarray


def _product_mix(p, rng):
    """Shares of products within their sector, for intermediate and each final use, (K, 1 + F)."""
    nature, index = products()["use"], products()["index"]
    size = rng.lognormal(0, p.basket_noise, len(nature))
    weight = pd.DataFrame(0.0, index=nature.index, columns=["intermediate", *FINAL_USES])
    for use, main in _MAIN_BEC.items():
        at_home = nature.eq(main) | nature.isna()
        weight[use] = size * np.where(at_home, 1.0, p.off_nature)
    return (weight / weight.groupby(index).transform("sum").replace(0, 1)).to_numpy()


def _symmetric(rng, *shape):
    draws = rng.standard_normal(shape)
    return (draws + draws.swapaxes(-1, -2)) / np.sqrt(2)


@cache
def structure() -> Structure:
    """Draw the time-invariant parts of the world."""
    p, stylised = parameters(), sectors()
    rng = np.random.default_rng(p.seed)
    sector = products()["index"].to_numpy()
    n, h, k = len(COUNTRIES), len(SECTORS), len(sector)
    mix = _product_mix(p, rng)

    inputs = stylised[["input"]].to_numpy() * rng.lognormal(0, p.input_noise, (h, h)) + 12 * np.eye(
        h
    )
    inputs = inputs * rng.lognormal(0, p.input_noise / 3, (n, h, h))
    inputs /= inputs.sum(1, keepdims=True)
    gamma = np.clip(stylised["value_added"].to_numpy() * rng.lognormal(0, 0.08, (n, h)), 0.1, 0.9)
    gamma_in = mix[:, 0, None] * ((1 - gamma)[:, None, :] * inputs)[:, sector]

    weight = stylised[["consumption", "consumption", "government", "investment"]].to_numpy()
    sector_weight = np.pad(weight / weight.sum(0), ((0, 0), (0, 1)))  # no inventories
    baskets = mix[:, 1:] * sector_weight[sector]

    pair = p.pair_sd * _symmetric(rng, n, n) + p.pair_product_sd * _symmetric(rng, k, n, n)
    permanent = p.advantage_sd * rng.standard_normal((n, k))
    shock = np.empty((len(YEARS), n, k))
    shock[0] = rng.standard_normal((n, k))
    rho = p.shock_persistence
    for t in range(1, len(YEARS)):
        shock[t] = rho * shock[t - 1] + np.sqrt(1 - rho**2) * rng.standard_normal((n, k))
    return Structure(
        gamma=gamma,
        gamma_in=gamma_in,
        baskets=baskets,
        pair=pair,
        advantage=permanent + p.shock_sd * shock,
        sophistication=rng.standard_normal(k),
    )


@dataclass(frozen=True, eq=False)
class World:
    """One solved year.

    Attributes
    ----------
    economy, equilibrium
        The Caliendo–Parro economy in million USD, and its solution.
    final : ndarray, shape (N, K, F)
        Final expenditure by importer, product and use.
    """

    year: int
    economy: caliendo_parro.Economy
    equilibrium: caliendo_parro.Equilibrium
    final: np.ndarray


def targets(pwt, year):
    """GDP, population, trade balance and final-use shares of each country in one year.

    Parameters
    ----------
    pwt : DataFrame
        Penn World Table 9.1 with columns country, year and its own variable names.
    year : int

    Returns
    -------
    DataFrame
        Indexed by country, `ROW` last: gdp (``cgdpo·pl_gdpo``, million USD at current prices and
        exchange rates), population (million), balance (merchandise trade, million USD:
        ``csh_x·cgdpo·pl_x + csh_m·cgdpo·pl_m``), and household, government and gfcf (`csh_c`,
        `csh_g` and `csh_i` over their sum). `ROW` has the GDP and population of all other
        economies of the table, the balance that closes the world, and the average shares.

    Raises
    ------
    DataError
        If the year is outside 1995–2014 or a country lacks a value.
    """
    if year not in YEARS:
        raise DataError(
            f"The sample world covers {YEARS[0]}–{YEARS[-1]}, not {year}; choose a year inside."
        )
    rows = pwt[pwt["year"] == year].set_index("country")
    missing = [c for c in REAL if c not in rows.index]
    if missing:
        raise DataError(
            f"PWT 9.1 has no row for {missing[0]} in {year}; restore the embedded file."
        )
    nominal = rows["cgdpo"] * rows["pl_gdpo"]
    real = rows.loc[list(REAL)]
    out = pd.DataFrame({"gdp": nominal[list(REAL)], "population": real["pop"]})
    out["balance"] = real["cgdpo"] * (real["csh_x"] * real["pl_x"] + real["csh_m"] * real["pl_m"])
    spending = real[["csh_c", "csh_g", "csh_i"]].set_axis(
        ["household", "government", "gfcf"], axis=1
    )
    out = out.join(spending.div(spending.sum(axis=1), axis=0))
    rest = ~rows.index.isin(REAL)
    out.loc["ROW"] = [nominal[rest].sum(), rows["pop"][rest].sum(), -out["balance"].sum()] + list(
        out[["household", "government", "gfcf"]].mean()
    )
    if not np.isfinite(out.to_numpy(float)).all():
        raise DataError(
            f"PWT 9.1 lacks a value of the sample's countries in {year}; restore the file."
        )
    return out


def distances(capitals):
    """Distances in km between capitals, (N, N); each country's log average stands for `ROW`."""
    places = capitals.drop_duplicates("country").set_index("country")
    missing = [c for c in REAL if c not in places.index or np.isnan(places.loc[c, "lat"])]
    if missing:
        raise DataError(f"capitals has no position for {missing[0]}; restore the embedded file.")
    places = places.loc[list(REAL)]
    known = great_circle(places["lat"].to_numpy(float), places["lon"].to_numpy(float))
    n = len(REAL)
    out = np.ones((n + 1, n + 1))
    out[:n, :n] = known
    to_rest = np.exp(np.log(known + np.eye(n)).sum(1) / (n - 1))
    out[n, :n] = out[:n, n] = to_rest
    return out


def _trade_costs(year, distance):
    """tau by product, importer and exporter."""
    p, sector = parameters(), products()["sector"]
    theta = sector.map(p.theta).to_numpy(float)
    by_kind = {"goods": p.border_goods, "services": p.border_services, "local": p.border_local}
    border = sector.map(sectors()["kind"]).map(by_kind).to_numpy(float)
    border = border + p.border_decline * (year - YEARS[0])
    with np.errstate(divide="ignore"):
        fall = p.distance_elasticity * np.log(distance / 100)
    log_trade = np.minimum(border[:, None, None] - fall + structure().pair, 0)
    np.einsum("kii->ki", log_trade)[:] = 0
    return theta, np.exp(-log_trade / theta[:, None, None])


@lru_cache(maxsize=len(YEARS))
def _solve(year, target_values, distance_values):
    n, s, p = len(COUNTRIES), structure(), parameters()
    target = np.array(target_values).reshape(n, -1)
    gdp, population, balance, household, government, gfcf = target.T
    theta, tau = _trade_costs(year, np.array(distance_values).reshape(n, n))
    npish = _NPISH_SHARE * household
    use_share = np.stack([household - npish, npish, government, gfcf, 0 * gfcf], 1)
    final = (gdp - balance)[:, None, None] * s.baskets * use_share[:, None, :]
    income = np.log(gdp / population) - np.log(gdp.sum() / population.sum())
    pattern = s.advantage[YEARS.index(year)] + p.income_slope * np.outer(income, s.sophistication)
    template = caliendo_parro.Economy(
        T=np.ones_like(pattern),
        tau=tau,
        theta=theta,
        gamma=s.gamma,
        gamma_in=s.gamma_in,
        alpha=final.sum(2) / (gdp - balance)[:, None],
        L=population,
        D=-balance,
        sector=products()["index"].to_numpy(),
        sigma=p.sigma,
        world_gdp=gdp.sum(),
    )
    return World(year, *caliendo_parro.invert(template, gdp, np.exp(pattern)), final)


def solve(pwt, capitals, year) -> World:
    """The world in one year; kept in memory for the process, by the values it was made from."""
    target = targets(pwt, year).to_numpy(float)
    return _solve(int(year), tuple(target.ravel()), tuple(distances(capitals).ravel()))


def economy(*, pwt_91, capitals, year) -> caliendo_parro.Economy:
    """The Caliendo–Parro economy of one year, in million USD (labour is population in millions)."""
    return solve(pwt_91, capitals, year).economy
