r"""Services value chains under digital trade rules, at the size of Dang and Yin (2024), invented.

Real are the economies, their GDP, population and total factor productivity (Penn World Table 9.1,
whose last growth rate is carried on to 2018) and the distances of their capitals. All else is drawn
from the parameters that :class:`Services` states. The linkage of exporter i, importer j, sector k
and year t follows

.. math::
    \ln vs_{ijkt} = \delta_{ijk} + a_{ikt} + g_{jkt} + \beta_k\, rule_{ijt} + e_{ijkt},

with an error that lasts (an autoregression of each pair-sector), is partly common to a pair, and
grows with the pair-sector's level. Who signs an agreement depends on size and distance, whose
effects :math:`\delta` absorbs, so fixed effects find :math:`\beta`; without them size misleads.

Rules start at different times, bilaterally or in agreements of many, and get deeper over the years.
Nothing but their depth has an effect: interactions with culture, internet, regulation, productivity
or a second agreement are zero in truth, so one regression in twenty should call each significant.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from lib.errors import DataError
from lib.sample.geography import great_circle

# fmt: off
ECONOMIES = (
    "ARG", "AUS", "AUT", "BEL", "BGR", "BRA", "BRN", "CAN", "CHE", "CHL", "CHN", "COL", "CRI",
    "CYP", "CZE", "DEU", "DNK", "ESP", "EST", "FIN", "FRA", "GBR", "GRC", "HKG", "HRV", "HUN",
    "IDN", "IND", "IRL", "ISL", "ISR", "ITA", "JPN", "KAZ", "KHM", "KOR", "LAO", "LTU", "LUX",
    "LVA", "MAR", "MEX", "MLT", "MMR", "MYS", "NLD", "NOR", "NZL", "PER", "PHL", "POL", "PRT",
    "ROU", "RUS", "SAU", "SGP", "SVK", "SVN", "SWE", "THA", "TUN", "TUR", "USA", "VNM", "ZAF",
)
SECTORS = (
    "45T47", "49", "50", "51", "52", "53", "55T56", "58T60", "61", "62T63", "64T66", "68",
    "69T75", "77T82", "84", "85", "86T88", "90T93", "94T96",
)
DIGITAL = ("58T60", "61", "62T63", "64T66", "69T75", "90T93")
YEARS = tuple(range(2000, 2019))
UNION = {
    2000: "AUT BEL DEU DNK ESP FIN FRA GRC IRL ITA LUX NLD PRT SWE EST LVA",
    2004: "CYP CZE HUN LTU MLT POL SVK SVN",
    2007: "BGR HRV ROU",
}
"""Year from which pairs within it are left out; its sizes give the paper's numbers of rows."""
WITHOUT_CULTURE = ("BRN", "KAZ", "KHM", "LAO", "MMR", "TUN")
WITHOUT_INTERNET = ("MMR", range(2000, 2005))
REGULATED = tuple(c for c in ECONOMIES if c not in ("BRN", "CYP", "HKG", "KHM", "LAO", "MMR"))
# fmt: on


@dataclass(frozen=True)
class Services:
    """True parameters of the world.

    Attributes
    ----------
    effect, effect_digital : float
        Effect of a unit of depth on ln vs: the mean over the nineteen sectors, and that in the six
        digital-intensive ones. The others have what makes the mean right.
    forward : float
        Part of the effect that works on the forward linkage.
    mean, sd : float
        Of a pair-sector's level.
    noise, persistence, common : float
        Standard deviation of the error as a share of the level, its autocorrelation, and the share
        of its variance that a pair's sectors have in common.
    treated : float
        Share of pairs with a bilateral agreement by 2018.
    plurilateral : tuple of (int, int)
        First year and number of parties of the agreements of many.
    seed : int
    """

    effect: float = 0.002
    effect_digital: float = 0.0005
    forward: float = 0.75
    mean: float = 0.11
    sd: float = 0.098
    noise: float = 0.15
    persistence: float = 0.6
    common: float = 0.1
    treated: float = 0.12
    plurilateral: tuple = ((2006, 7), (2011, 6), (2015, 9), (2018, 11))
    seed: int = 20002018

    @property
    def by_sector(self) -> np.ndarray:
        """Effect in each sector, in the order of SECTORS."""
        digital = np.isin(SECTORS, DIGITAL)
        rest = (len(SECTORS) * self.effect - digital.sum() * self.effect_digital) / (~digital).sum()
        return np.where(digital, self.effect_digital, rest)


def services_parameters() -> Services:
    """True parameters of the services world."""
    return Services()


@dataclass(frozen=True, eq=False)
class World:
    """The world of some economies: pairs (P, two positions), years T, sectors K."""

    economies: tuple[str, ...]
    gdp: np.ndarray  # (G, T), million USD
    tfp: np.ndarray  # (G, T)
    distance: np.ndarray  # (G, G), km
    touching: np.ndarray  # (G, G)
    pairs: np.ndarray  # (P, 2)
    outside: np.ndarray  # (P, T), False for a pair within the Union
    rules: pd.DataFrame


def dang_yin_2024(
    *, pwt_91, capitals, borders, part="linkages", economies=65, parameters=None
) -> pd.DataFrame:
    """One part of the sample world of services value chains.

    Parameters
    ----------
    pwt_91, capitals, borders : DataFrame
        Embedded originals.
    part : {"linkages", "rules", "economies", "pairs", "industries"}
    economies : int
        How many: the largest by GDP in 2010, up to 65.
    parameters : Services, optional

    Returns
    -------
    DataFrame
        * ``linkages``: exporter, importer, sector (categories), year, exports (million USD), and
          ln_vs, ln_vs1, ln_vs2, ln_vsfor, ln_vsback as :func:`lib.gvc.linkage` names them. Pairs of
          two members of the Union are left out: 1,292,000 rows with all economies.
        * ``rules``: exporter, importer, year, depth, openness, privacy, cooperation, repeat,
          multilateral, for pairs and years with rules in force.
        * ``economies``: country, year, gdp_usd, tfp (missing where PWT has none), governance (six
          indicators, ``wgi_1`` …), globalisation, developed (0 or 1).
        * ``pairs``: exporter, importer, dist (km), contig, comlang_off, colony.
        * ``industries``: country, sector, year, length (of production, stages).

    Raises
    ------
    DataError
        For an unknown part or a number of economies that is not between 6 and 65.
    """
    parts = {
        "linkages": _linkages,
        "rules": lambda world, p: world.rules.copy(),
        "economies": _economies,
        "pairs": _pairs,
        "industries": _industries,
    }
    if part not in parts:
        raise DataError(f"This dataset has no part {part!r}; choose one of {', '.join(parts)}.")
    p = parameters or services_parameters()
    return parts[part](_prepared(pwt_91, capitals, borders, economies, p), p)


def _prepared(pwt_91, capitals, borders, economies, p) -> World:
    if not 6 <= economies <= len(ECONOMIES):
        raise DataError(f"The services world has 6 to {len(ECONOMIES)} economies, not {economies}.")
    gdp = _over_years(pwt_91, pwt_91["cgdpo"] * pwt_91["pl_gdpo"])
    largest = gdp[2010].rank(ascending=False) <= economies
    chosen = tuple(c for c in ECONOMIES if largest[c])
    places = capitals.drop_duplicates("country").set_index("country").loc[list(chosen)]
    touching = frozenset(borders.iloc[:, :2].itertuples(index=False, name=None))
    return _world(
        chosen,
        tuple(gdp.loc[list(chosen)].to_numpy().ravel()),
        tuple(_over_years(pwt_91, pwt_91["ctfp"]).loc[list(chosen)].to_numpy().ravel()),
        tuple(places["lat"]),
        tuple(places["lon"]),
        touching,
        p,
    )


def _over_years(pwt, values) -> pd.DataFrame:
    """Return ECONOMIES × YEARS; what comes after the last year grows as in the last year."""
    frame = pwt.assign(value=values).pivot(index="country", columns="year", values="value")
    frame = frame.reindex(list(ECONOMIES))
    for year in YEARS:
        if year not in frame:
            frame[year] = frame[year - 1] ** 2 / frame[year - 2]
    return frame[list(YEARS)]


@lru_cache(maxsize=2)
def _world(economies, gdp, tfp, lat, lon, touching, p) -> World:
    n = len(economies)
    gdp, tfp = (np.array(values).reshape(n, len(YEARS)) for values in (gdp, tfp))
    distance = great_circle(np.array(lat), np.array(lon))
    touch = np.array(
        [[(a, b) in touching or (b, a) in touching for b in economies] for a in economies]
    )
    pairs = np.argwhere(~np.eye(n, dtype=bool))
    entry = {c: year for year, codes in UNION.items() for c in codes.split()}
    since = np.array([entry.get(c, 9999) for c in economies])
    outside = np.array(YEARS) < since[pairs].max(axis=1)[:, None]
    rules = _rules(economies, gdp, distance, pairs, outside, p)
    return World(economies, gdp, tfp, distance, touch, pairs, outside, rules)


# -- agreements ----------------------------------------------------------------------------------


def _rules(economies, gdp, distance, pairs, outside, p) -> pd.DataFrame:
    """Draw agreements, and return the deepest in force for each ordered pair and year."""
    rng = np.random.default_rng(p.seed)
    n, years = len(economies), np.array(YEARS)
    size = np.log(gdp[:, -1])
    log_distance = np.log(np.maximum(distance, 100))
    wish = 0.3 * (size[:, None] + size) - 0.5 * log_distance + rng.gumbel(size=(n, n))
    above = np.argwhere(np.triu(np.ones((n, n), bool), 1))
    ranked = above[np.argsort(-wish[tuple(above.T)])][: round(p.treated * len(above))]
    again = ranked[rng.random(len(ranked)) < 0.15]
    bilateral = [tuple(pair) for pair in [*ranked, *again]]
    starts = 2019 - np.ceil(17 * rng.random(len(bilateral)) ** 1.5).astype(int)
    treaties = [(start, pair) for start, pair in zip(starts, bilateral, strict=True)]
    for start, parties in p.plurilateral:
        centre = rng.integers(n)
        near = np.argsort(log_distance[centre] + rng.normal(size=n))[: min(parties, n)]
        treaties.append((start, tuple(near)))
    shape = (n, n, len(years))
    best, count = np.zeros((4, *shape)), np.zeros(shape, int)
    many = np.zeros(shape, int)
    for start, parties in treaties:
        pillars = np.clip(rng.normal(0.45 + 0.05 * (start - 2000), 0.35, 3), 0.05, 3.0)
        scores = np.array([pillars.mean(), *pillars])
        members = np.zeros((n, n), bool)
        members[np.ix_(parties, parties)] = True
        on = members[:, :, None] & (years >= start)
        deeper = on & (scores[0] > best[0])
        best[:, deeper] = scores[:, None]
        many[deeper] = len(parties) > 2
        count += on
    i, j = pairs.T
    at, year = np.nonzero((best[0, i, j] > 0) & outside)
    i, j = i[at], j[at]
    columns = dict(
        zip(["depth", "openness", "privacy", "cooperation"], best[:, i, j, year], strict=True)
    )
    names = np.array(economies)
    return pd.DataFrame(
        {
            "exporter": pd.Series(names[i], dtype="str"),
            "importer": pd.Series(names[j], dtype="str"),
            "year": years[year],
            **columns,
            "repeat": (count[i, j, year] > 1).astype(int),
            "multilateral": many[i, j, year],
        }
    )


# -- linkages ------------------------------------------------------------------------------------


def _linkages(world: World, p: Services) -> pd.DataFrame:
    rng = np.random.default_rng(p.seed + 1)
    (i, j), n = world.pairs.T, len(world.economies)
    P, K, T = len(world.pairs), len(SECTORS), len(YEARS)
    spread = np.sqrt(np.log1p((p.sd / p.mean) ** 2))
    level = rng.lognormal(np.log(p.mean) - spread**2 / 2, spread, (P, K, 1))
    level = np.clip(level, 0.03, 0.55)
    sides = [rng.uniform(-0.008, 0.008, (n, K, T)) for _ in range(2)]
    error = np.sqrt(1 - p.common) * _persistent(rng, (P, K), p.persistence)
    error += np.sqrt(p.common) * _persistent(rng, (P, 1), p.persistence)
    error = level * p.noise * np.clip(error, -3, 3)
    effect = _depth(world)[:, None, :] * p.by_sector[:, None]
    before = level + sides[0][i] + sides[1][j] + error
    kept = np.broadcast_to(world.outside[:, None, :], before.shape)
    at, sector, year = np.nonzero(kept)
    whole = (before + effect)[kept]
    onward = rng.uniform(0.4, 0.9, (P, K, 1)) * before + p.forward * effect
    share, forward = np.expm1(whole), np.expm1(onward[kept])
    backward = np.maximum(share - forward, 0.0)
    mass = np.sqrt(world.gdp[i] * world.gdp[j])[:, None, :] * rng.lognormal(-6, 1, (P, K, 1))
    return pd.DataFrame(
        {
            "exporter": pd.Categorical.from_codes(i[at], world.economies),
            "importer": pd.Categorical.from_codes(j[at], world.economies),
            "sector": pd.Categorical.from_codes(sector, SECTORS),
            "year": np.array(YEARS, "int16")[year],
            "exports": mass[kept],
            "ln_vs": whole,
            "ln_vs1": np.log1p(0.93 * share),
            "ln_vs2": np.log1p(0.6 * backward),
            "ln_vsfor": onward[kept],
            "ln_vsback": np.log1p(backward),
        }
    )


def _depth(world: World) -> np.ndarray:
    """Return the depth of each pair and year, (P, T)."""
    place = {c: at for at, c in enumerate(world.economies)}
    found = np.zeros((len(place), len(place), len(YEARS)))
    rules = world.rules
    i, j = (rules[side].map(place).to_numpy(int) for side in ("exporter", "importer"))
    found[i, j, rules["year"].to_numpy() - YEARS[0]] = rules["depth"]
    return found[tuple(world.pairs.T)]


def _persistent(rng, shape, persistence) -> np.ndarray:
    """Draw stationary autoregressions of unit variance over the years, (*shape, T)."""
    out = rng.standard_normal((*shape, len(YEARS)))
    for t in range(1, len(YEARS)):
        out[..., t] *= np.sqrt(1 - persistence**2)
        out[..., t] += persistence * out[..., t - 1]
    return out


# -- traits --------------------------------------------------------------------------------------


def _economies(world: World, p: Services) -> pd.DataFrame:
    rng = np.random.default_rng(p.seed + 2)
    n, T = world.gdp.shape
    rich = _developed(world)
    quality = 1.2 * rich[:, None, None] + 0.5 * rng.standard_normal((n, 1, 6))
    quality = quality + 0.1 * _persistent(rng, (n, 6), 0.9).transpose(0, 2, 1)
    frame = _country_years(world)
    frame["gdp_usd"], frame["tfp"] = world.gdp.ravel(), world.tfp.ravel()
    frame[[f"wgi_{m}" for m in range(1, 7)]] = quality.reshape(n * T, 6)
    globalisation = 55 + 25 * rich[:, None] + 4 * rng.standard_normal((n, 1)) + np.arange(T) / 3
    frame["globalisation"] = (globalisation + rng.standard_normal((n, T))).ravel()
    return frame.assign(developed=np.repeat(rich, T))


def _developed(world: World) -> np.ndarray:
    """Mark the richer economies; a stand-in for a list that the paper does not print."""
    known = "AUS AUT BEL CAN CHE CYP CZE DEU DNK ESP FIN FRA GBR GRC HRV IRL ISL ITA JPN KOR LUX "
    known += "MLT NLD NOR NZL PRT SVN SWE USA"
    return np.isin(world.economies, known.split()).astype(int)


def _pairs(world: World, p: Services) -> pd.DataFrame:
    rng = np.random.default_rng(p.seed + 3)
    n = len(world.economies)
    i, j = world.pairs.T
    language, colony = (np.triu(rng.random((n, n)) < share, 1) for share in (0.1, 0.03))
    return _pair_names(world).assign(
        dist=world.distance[i, j],
        contig=world.touching[i, j].astype(int),
        comlang_off=(language | language.T)[i, j].astype(int),
        colony=(colony | colony.T)[i, j].astype(int),
    )


def _industries(world: World, p: Services) -> pd.DataFrame:
    rng = np.random.default_rng(p.seed + 4)
    n, K, T = len(world.economies), len(SECTORS), len(YEARS)
    length = rng.normal(2.2, 0.3, (n, K, 1)) + 0.05 * _persistent(rng, (n, K), 0.8)
    at, sector, year = (axis.ravel() for axis in np.indices((n, K, T)))
    return pd.DataFrame(
        {
            "country": pd.Categorical.from_codes(at, world.economies),
            "sector": pd.Categorical.from_codes(sector, SECTORS),
            "year": np.array(YEARS)[year],
            "length": length.ravel(),
        }
    )


def _country_years(world: World) -> pd.DataFrame:
    country = pd.Series(np.repeat(world.economies, len(YEARS)), dtype="str")
    return pd.DataFrame({"country": country, "year": np.tile(YEARS, len(world.economies))})


def _pair_names(world: World) -> pd.DataFrame:
    names = np.array(world.economies)[world.pairs]
    return pd.DataFrame(names, columns=["exporter", "importer"]).astype("str")


# -- inputs that no public file at hand has ------------------------------------------------------


def digital_stri(*, pwt_91, capitals, borders) -> pd.DataFrame:
    """Regulatory divergence of pairs in digital services, invented.

    Returns
    -------
    DataFrame
        exporter, importer, year (2014–2018), heterogeneity (0 alike to 1 unlike): the mean of
        independent marks of two economies that change rarely.
    """
    world = _prepared(pwt_91, capitals, borders, len(ECONOMIES), services_parameters())
    rng = np.random.default_rng(20142018)
    marks = rng.random((len(world.economies), 40)) < 0.5
    kept = np.isin(world.economies, REGULATED)[world.pairs].all(axis=1)
    frames = []
    for year in range(2014, 2019):
        marks ^= rng.random(marks.shape) < 0.02
        i, j = world.pairs[kept].T
        apart = (marks[i] != marks[j]).mean(axis=1)
        frames.append(_pair_names(world)[kept].assign(year=year, heterogeneity=apart))
    return pd.concat(frames, ignore_index=True)


def telephones_1990(*, pwt_91) -> pd.DataFrame:
    """Fixed telephone lines per hundred people in 1990, invented to rise with income.

    Returns
    -------
    DataFrame
        country, lines.
    """
    rng = np.random.default_rng(1990)
    income = np.log(_over_years(pwt_91, pwt_91["cgdpo"] / pwt_91["pop"]))[2000]
    lines = 60 / (1 + np.exp(-1.4 * (income - 9.8) - 0.4 * rng.standard_normal(len(income))))
    return pd.DataFrame({"country": pd.Series(ECONOMIES, dtype="str"), "lines": lines.to_numpy()})


def internet_users(*, pwt_91) -> pd.DataFrame:
    """Share of people who use the internet, invented to rise with time and income.

    Returns
    -------
    DataFrame
        country, year (2000–2018), users (0 to 1); one economy has no value before 2005.
    """
    rng = np.random.default_rng(2000)
    income = np.log(_over_years(pwt_91, pwt_91["cgdpo"] / pwt_91["pop"]))
    rise = 0.22 * (np.array(YEARS) - 2008) + income - 9.8 + 0.3 * rng.standard_normal((65, 1))
    users = (1 / (1 + np.exp(-rise))).stack().rename("users").rename_axis(["country", "year"])
    users = users.reset_index().astype({"country": "str", "year": int})
    code, years = WITHOUT_INTERNET
    return users[(users["country"] != code) | ~users["year"].isin(years)].reset_index(drop=True)


def cultural_distance(*, pwt_91, capitals, borders) -> pd.DataFrame:
    """Cultural distance in the manner of Kogut and Singh, from invented scores.

    Returns
    -------
    DataFrame
        exporter, importer, year (2000–2018), distance: mean squared difference of six scores in
        units of their variances, with a trend of growing together; none for six economies.
    """
    world = _prepared(pwt_91, capitals, borders, len(ECONOMIES), services_parameters())
    scores = np.random.default_rng(1980).standard_normal((len(world.economies), 6))
    kept = ~np.isin(world.economies, WITHOUT_CULTURE)[world.pairs].any(axis=1)
    i, j = world.pairs[kept].T
    apart = ((scores[i] - scores[j]) ** 2).mean(axis=1)
    drift = np.random.default_rng(1981).normal(-0.01, 0.01, len(apart))
    frames = [
        _pair_names(world)[kept].assign(year=t, distance=apart * (1 + drift * (t - YEARS[0])))
        for t in YEARS
    ]
    return pd.concat(frames, ignore_index=True)
