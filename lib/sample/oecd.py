r"""Nineteen countries in the schema of Eaton and Kortum's data, from their own model.

Populations and GDP are those of 1990 (Penn World Table 9.1), positions of capitals and land borders
those of the World Factbook. All else follows from stated parameters: barriers by distance, tie and
importer with an error that is partly common to both directions, technology from GDP per head, and
the equilibrium of :mod:`lib.models.eaton_kortum` with manufacturing labour fixed.
"""

from functools import cache

import numpy as np
import pandas as pd

from lib.errors import DataError
from lib.models.eaton_kortum import solve
from lib.sample.geography import great_circle

# fmt: off
COUNTRIES = (
    "AUS", "AUT", "BEL", "CAN", "DNK", "FIN", "FRA", "DEU", "GRC", "ITA",
    "JPN", "NLD", "NZL", "NOR", "PRT", "ESP", "SWE", "GBR", "USA",
)
ENGLISH = {"AUS", "CAN", "NZL", "GBR", "USA"}
SAME_LANGUAGE = (ENGLISH, {"AUT", "DEU"}, {"BEL", "FRA"})
EC = {"BEL", "DNK", "FRA", "DEU", "GRC", "ITA", "NLD", "PRT", "ESP", "GBR"}
EFTA = {"AUT", "FIN", "NOR", "SWE"}
# fmt: on
MILE = 1.609344
STEPS = (375, 750, 1500, 3000, 6000)  # miles
THETA, BETA, ALPHA = 8.0, 0.21221, 0.13
EFFECTS = {
    "interval": (-3.0, -3.5, -4.0, -4.5, -6.0, -6.5),
    "border": 0.3,
    "language": 0.5,
    "ec": 0.0,
    "efta": 0.5,
}
"""True effects on the log of trade, each −θ times that on the log of costs."""
OPENNESS, NOISE, COMMON = 0.8, 0.3, 0.2  # standard deviations; COMMON is that of a pair
GOODS, SEED = 50, 1990


def eaton_kortum_2002(*, pwt_91, capitals, borders, part="pairs") -> pd.DataFrame:
    """One part of the data of Eaton and Kortum (2002), from a world of known parameters.

    Parameters
    ----------
    pwt_91, capitals, borders : DataFrame
        Embedded originals.
    part : {"pairs", "countries", "prices"}

    Returns
    -------
    DataFrame
        In the schema of :func:`lib.data._eaton_kortum.read`. Research, schooling, density and
        workforce are drawn at random around values that fit population; they play no part in the
        world. `competitiveness` and `barrier` are the true ones.
    """
    pwt = pwt_91[pwt_91["year"] == 1990].set_index("country").loc[list(COUNTRIES)]
    places = capitals.drop_duplicates("country").set_index("country").loc[list(COUNTRIES)]
    touching = frozenset(borders.iloc[:, :2].itertuples(index=False, name=None))
    world = _world(
        tuple(pwt["pop"]),
        tuple(pwt["cgdpe"] / pwt["pop"]),
        tuple(places["lat"]),
        tuple(places["lon"]),
        touching,
    )
    if part not in world:
        raise DataError(f"This dataset has no part {part!r}; choose one of {', '.join(world)}.")
    return world[part].copy()


def _ties(lat, lon, touching):
    """Distance in miles, interval from 1 to 6, and the four ties, (N, N)."""
    miles = great_circle(np.array(lat), np.array(lon)) / MILE
    both = np.array([[(a, b) for b in COUNTRIES] for a in COUNTRIES])
    pairs = [[tuple(pair) for pair in row] for row in both]
    members = {
        "border": lambda a, b: (a, b) in touching or (b, a) in touching,
        "language": lambda a, b: any({a, b} <= group for group in SAME_LANGUAGE),
        "ec": lambda a, b: {a, b} <= EC,
        "efta": lambda a, b: {a, b} <= EFTA,
    }
    own = np.eye(len(COUNTRIES), dtype=bool)
    ties = {
        name: np.array([[test(*pair) for pair in row] for row in pairs]) & ~own
        for name, test in members.items()
    }
    return miles, np.searchsorted(STEPS, miles, side="right") + 1, ties


def _barriers(interval, ties, rng):
    """ln d^-θ, importer by exporter, zero at home: stated effects and an error that cannot help."""
    n = len(COUNTRIES)
    opens = rng.normal(0, OPENNESS, n)
    common = rng.normal(0, COMMON, (n, n))
    effect = np.array(EFFECTS["interval"])[interval - 1] + (opens - opens.mean())[:, None]
    effect = effect + sum(EFFECTS[name] * tie for name, tie in ties.items())
    effect = effect + np.triu(common, 1) + np.triu(common, 1).T
    effect = np.minimum(effect + rng.normal(0, NOISE, (n, n)), -0.05)
    np.fill_diagonal(effect, 0)
    return effect


@cache
def _world(population, income, lat, lon, touching) -> dict[str, pd.DataFrame]:
    rng, n = np.random.default_rng(SEED), len(COUNTRIES)
    population, income = np.array(population), np.array(income)
    miles, interval, ties = _ties(lat, lon, touching)
    barrier = _barriers(interval, ties, rng)
    workers = 0.07 * population * rng.lognormal(0, 0.1, n)  # million
    education = rng.uniform(7, 12, n)
    effective = workers * np.exp(0.06 * education)
    gdp = population * income
    T = effective * (income / income.max()) ** (THETA * BETA) * rng.lognormal(0, 0.2, n)
    found = solve(
        T,
        np.exp(-barrier / THETA),
        THETA,
        effective,
        beta=BETA,
        alpha=ALPHA,
        other_income=gdp - ALPHA * gdp,
    )
    share, home = np.log(found.share), np.log(found.home_share)
    relative = share - home[:, None]
    normalised = relative + (1 - BETA) / BETA * (home[None, :] - home[:, None])
    rows, columns = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
    codes = pd.Series(COUNTRIES, dtype="str")
    pairs = pd.DataFrame(
        {
            "exporter": codes.take(columns).array,
            "importer": codes.take(rows).array,
            "value": found.trade.ravel(),
            "relative_imports": relative.ravel(),
            "normalised_imports": normalised.ravel(),
            "distance": (miles * MILE).ravel(),
            "interval": interval.ravel(),
            **{name: tie.astype(int).ravel() for name, tie in ties.items()},
            "barrier": barrier.ravel(),
        }
    )
    strength = np.log(T) / BETA - THETA * np.log(found.wage)
    countries = pd.DataFrame(
        {
            "country": codes,
            "gdp": found.income,
            "workers": workers * 1e6,
            "wage": found.wage * np.exp(0.06 * education),
            "education": education,
            "research": population * rng.lognormal(0, 0.5, n),
            "density": rng.lognormal(4, 1.2, n),
            "workforce": 450 * population,
            "competitiveness": strength - strength.mean(),
        }
    )
    return {"pairs": pairs, "countries": countries, "prices": _prices(found, T, barrier, rng)}


def _prices(found, T, barrier, rng) -> pd.DataFrame:
    """Prices of goods drawn as the model has it: each bought where it is cheapest."""
    cost = found.wage**BETA * found.price ** (1 - BETA)
    z = (T / rng.exponential(size=(GOODS, len(T)))) ** (1 / THETA)
    offers = (cost * np.exp(-barrier / THETA))[None] / z[:, None, :]
    log_price = np.log(offers.min(-1)).T
    log_price = log_price - log_price[-1]
    return pd.DataFrame(
        {
            "country": pd.Series(COUNTRIES, dtype="str").repeat(GOODS).array,
            "product": np.tile(np.arange(1, GOODS + 1), len(COUNTRIES)),
            "log_price": log_price.ravel(),
        }
    )
