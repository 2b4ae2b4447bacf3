r"""Gravity of services value chains: the regressions of Dang and Yin (2024) on one panel.

With exporter i, importer j, service sector k and year t (their eq. 1),

.. math::
    \ln vs_{ijkt} = \alpha_1 rule_{ijt} + \alpha_2 \ln msize_{ijt} + \mu_{ikt} + \sigma_{jkt}
                    + \delta_{ijk} + \varepsilon_{ijkt} .

:func:`panel` brings the cells of linkage and the traits of pairs and years together, ``TABLES``
states each column of each table, and :func:`estimate` runs one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lib import estimation
from lib.errors import BookError

PAIR_YEAR = ["exporter", "importer", "year"]
EFFECTS = ("exporter_sector_year", "importer_sector_year", "pair_sector")
RULES = {
    "depth": "rule",
    "openness": "rule1_openness",
    "privacy": "rule2_privacy",
    "cooperation": "rule3_cooperation",
}
_ECONOMIES = """
ARG AUS AUT BEL BGR BRA BRN CAN CHE CHL CHN COL CRI CYP CZE DEU DNK ESP EST FIN FRA GBR GRC HKG HRV
HUN IDN IND IRL ISL ISR ITA JPN KAZ KHM KOR LAO LTU LUX LVA MAR MEX MLT MMR MYS NLD NOR NZL PER PHL
POL PRT ROU RUS SAU SGP SVK SVN SWE THA TUN TUR USA VNM ZAF
"""
ECONOMIES = tuple(_ECONOMIES.split())
"""The 65 economies: those of the OECD's tables of 2021 without the rest of the world and Taiwan."""
_DEVELOPED = """
AUS AUT BEL CAN CHE CYP CZE DEU DNK ESP FIN FRA GBR GRC HRV IRL ISL ITA JPN KOR LUX MLT NLD NOR NZL
PRT SVN SWE USA
"""
DEVELOPED = tuple(_DEVELOPED.split())
"""Twenty-nine economies that give the paper's numbers of rows; it does not list its own."""
_WIOD_2016 = """
G45 G46 G47 H49 H50 H51 H52 H53 I J58 J59_J60 J61 J62_J63 K64 K65 K66 L68 M69_M70 M71 M72 M73
M74_M75 N O84 P85 Q R_S
"""
_OECD = """
45T47 49 50 51 52 53 55T56 58T60 61 62T63 64T66 68 69T75 77T82 84 85 86T88 90T93 94T96
G H49 H50 H51 H52 H53 I J58T60 J61 J62_63 K L M N O P Q R S
"""
_DIGITAL_2016 = "J58 J59_J60 J61 J62_J63 K64 K65 K66 M69_M70 M71 M72 M73 M74_M75 R_S"
_DIGITAL_OECD = "58T60 61 62T63 64T66 69T75 90T93 J58T60 J61 J62_63 K M R"
SERVICES = {
    "wiod_2013": tuple(f"c{n}" for n in range(19, 35)),
    "wiod_2016": tuple(_WIOD_2016.split()),
    "oecd_icio": tuple(_OECD.split()),
}
"""Service sectors by table, under the codes of its editions: trade to other services, without
utilities, construction and private households. The OECD's tables have nineteen."""
DIGITAL = {
    "wiod_2013": ("c27", "c28", "c30", "c34"),
    "wiod_2016": tuple(_DIGITAL_2016.split()),
    "oecd_icio": tuple(_DIGITAL_OECD.split()),
}
"""The digital-intensive ones: publishing, telecommunications, computing, finance, professions, arts
(ISIC 58, 61, 62, 64, 69, 90), and the nearest sectors of the releases of WIOD."""
LINKAGES = ("ln_vs", "ln_vs1", "ln_vs2", "ln_vsfor", "ln_vsback")


@dataclass(frozen=True, eq=False)
class Panel:
    """Cells, and the traits that all sectors of a pair and year share, kept once.

    Attributes
    ----------
    cells : DataFrame
        The linkages, codes of the fixed effects and clusters, and what varies by sector.
    pairs : DataFrame
        One row for each exporter, importer and year with a cell.
    at : ndarray
        Row of `pairs` of each cell.
    """

    cells: pd.DataFrame
    pairs: pd.DataFrame
    at: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a column, by cell."""
        if name in self.cells:
            return self.cells[name].to_numpy()
        if name in self.pairs:
            return self.pairs[name].to_numpy()[self.at]
        raise BookError(f"The panel has no column {name!r}; join it first.")

    def frame(self, names: Iterable[str], where: str | None = None) -> pd.DataFrame:
        """Return columns by cell, of the cells at which `where` is true."""
        rows = slice(None) if where is None else np.flatnonzero(self[where].astype(bool))
        return pd.DataFrame({name: self[name][rows] for name in dict.fromkeys(names)})

    def join(self, **columns) -> "Panel":
        """Return the panel with more traits of pairs and years: arrays in the order of `pairs`."""
        return replace(self, pairs=self.pairs.assign(**columns))

    def join_cells(self, **columns) -> "Panel":
        """Return the panel with more traits of cells: arrays in the order of `cells`."""
        return replace(self, cells=self.cells.assign(**columns))


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    x : tuple of str
        Regressors under the names of the published rows;.
    y : str
    where : str or None
        A column that is true for the cells used.
    absorb : tuple of str
    cluster : str
    instrument : str or None
        For the first regressor.
    constant : bool
    """

    x: tuple[str, ...] = ("rule", "ln_msize")
    y: str = "ln_vs"
    where: str | None = None
    absorb: tuple[str, ...] = EFFECTS
    cluster: str = "pair_sector"
    instrument: str | None = None
    constant: bool = False


def _interaction(trait: str, name: str, *, main: bool = False) -> Column:
    own = (trait,) if main else ()
    return Column(("rule", f"interaction_rule_{name}", *own, "ln_msize"))


_DSTRI = _interaction("ln_dstrih", "ln_dstrih", main=True)
_CHINA = {"where": "to_china", "absorb": EFFECTS[1:]}
TABLES: dict[str, dict[str, Column]] = {
    "table_3": {
        "1_no_fixed_effects": Column(absorb=(), constant=True),
        "2_fixed_effects": Column(constant=True),
        "3_fixed_effects_lags": Column(
            ("rule", "lag1_rule", "lag2_rule", "ln_msize"), constant=True
        ),
    },
    "table_4": {
        "1_different_development_stage": Column(where="different_stage"),
        "2_same_development_stage": Column(where="same_stage"),
        "3_digital_intensive": Column(where="digital"),
        "4_non_digital_intensive": Column(where="not_digital"),
    },
    "table_5": {
        "1_openness": Column(("rule1_openness", "ln_msize")),
        "2_privacy": Column(("rule2_privacy", "ln_msize")),
        "3_cooperation": Column(("rule3_cooperation", "ln_msize")),
        "4_repeated_agreements": _interaction("repeat", "repeat"),
    },
    "table_6": {
        "1_forward": Column(y="ln_vsfor"),
        "2_backward": Column(y="ln_vsback"),
        "3_first_mover": _interaction("ln_chae", "ln_chae", main=True),
    },
    "table_7": {
        "1_all": _DSTRI,
        "2_institutional_distance_large": replace(_DSTRI, where="institutions_far"),
        "3_institutional_distance_small": replace(_DSTRI, where="institutions_near"),
    },
    "table_8": {
        "1_information_cost_1": _interaction("cultural_distance", "cultural_distance", main=True),
        "2_information_cost_2": _interaction("ict", "ict"),
        "3_production_length": _interaction("production_length", "production_length"),
        "4_productivity": _interaction("ln_tfp", "ln_tfp", main=True),
    },
    "table_9": {
        "1_total": Column(**_CHINA),
        "2_openness": Column(("rule1_openness", "ln_msize"), **_CHINA),
        "3_privacy": Column(("rule2_privacy", "ln_msize"), **_CHINA),
        "4_cooperation": Column(("rule3_cooperation", "ln_msize"), **_CHINA),
    },
}
"""Every column of the paper's regression tables, with its own names."""

ROBUSTNESS: dict[str, Column] = {
    "baseline": Column(),
    "without double counting": Column(y="ln_vs1"),
    "importer's value added alone": Column(y="ln_vs2"),
    "APEC members after 2017": Column(("rule", "ln_msize", "apec")),
    "Joint Statement on e-commerce after 2017": Column(("rule", "ln_msize", "statement")),
    "distance in globalisation": Column(("rule", "ln_msize", "globalisation_distance")),
    "instrument: fitted depth": Column(instrument="fitted_depth"),
    "instrument: telephones in 1990": Column(instrument="telephones"),
    "multilateral agreements only": Column(where="not_bilateral"),
    "with a lead": Column(("rule", "lead1_rule", "ln_msize")),
    "every second year": Column(where="every_2"),
    "every third year": Column(where="every_3"),
    "every fourth year": Column(where="every_4"),
    "without 2008": Column(where="not_2008"),
    "with the lagged linkage": Column(("rule", "ln_msize", "lag1_ln_vs")),
    "winsorised at 1 %": Column(y="ln_vs_winsorised"),
    "a dummy of rules in force": Column(("treated", "ln_msize")),
    "clusters of pairs": Column(cluster="pair"),
}
"""The paper's robustness section, whose numbers it leaves to a working paper."""


def estimate(found: Panel, column: Column):
    """Estimate one column.

    Parameters
    ----------
    found : Panel
    column : Column

    Returns
    -------
    lib.estimation.Estimate
        An ``IVEstimate`` where the column has an instrument.

    Raises
    ------
    BookError
        As :func:`lib.estimation.hdfe`: a trait that the panel lacks, or a regressor that is
        absorbed or collinear, such as rules in a sample without any.
    """
    used = [column.y, *column.x, *column.absorb, column.cluster]
    used += [column.instrument] if column.instrument else []
    data = found.frame(used, column.where)
    absorb, x = list(column.absorb), list(column.x)
    if column.instrument:
        return estimation.iv(data, column.y, x[1:], x[0], column.instrument, absorb, column.cluster)
    return estimation.hdfe(data, column.y, x, absorb, column.cluster, constant=column.constant)


# -- the panel -----------------------------------------------------------------------------------


def panel(
    cells: pd.DataFrame, rules: pd.DataFrame, size: pd.DataFrame, digital: Iterable[str]
) -> Panel:
    """Bring linkages, rules and economic size together.

    Parameters
    ----------
    cells : DataFrame
        From :func:`lib.gvc.linkage`, with years: exporter, importer, sector, year, the linkages.
    rules : DataFrame
        From :func:`lib.agreements.rule_depth.depth_panel`; a pair and year that it lacks has none.
    size : DataFrame
        country, year, gdp_usd (million).
    digital : iterable of str
        The digital-intensive sectors.

    Returns
    -------
    Panel
        With the size of a pair, the similarity of its two sizes, depth under the names of the
        paper's tables, its lags and lead (missing where the pair is not in the panel that year),
        the lagged linkage, and flags of sectors and years.

    Raises
    ------
    BookError
        If cells or rules have a row twice, or no size is known of an economy.
    """
    if cells.duplicated(["exporter", "importer", "sector", "year"]).any():
        raise BookError("A cell of exporter, importer, sector and year is given twice.")
    if rules.duplicated(PAIR_YEAR).any():
        raise BookError("The rules name a pair and year twice.")
    codes = _codes(cells)
    pair_year = codes["pair"] * len(codes["years"]) + codes["year"]
    places, at = np.unique(pair_year, return_inverse=True)
    first = np.zeros(len(places), int)
    first[at] = np.arange(len(at))
    pairs = cells.iloc[first][PAIR_YEAR].reset_index(drop=True)
    pairs = pairs.astype({"exporter": "str", "importer": "str", "year": int})
    pairs = _with_rules(pairs, rules).assign(**_size(pairs, size))
    kept = cells[[name for name in LINKAGES if name in cells]].reset_index(drop=True)
    kept = kept.assign(
        exporter_sector_year=_combined(codes, "exporter", "sector", "year"),
        importer_sector_year=_combined(codes, "importer", "sector", "year"),
        pair_sector=_combined(codes, "pair", "sector"),
        pair=codes["pair"].astype("int32"),
        exporter_code=codes["exporter"].astype("int16"),
        importer_code=codes["importer"].astype("int16"),
        sector_code=codes["sector"].astype("int16"),
        digital=cells["sector"].isin(list(digital)).to_numpy(),
    )
    kept["not_digital"] = ~kept["digital"]
    made = Panel(kept, pairs, at.astype("int32"))
    low, high = kept["ln_vs"].quantile([0.01, 0.99])
    return made.join_cells(
        lag1_ln_vs=_lagged(made, codes["year"]), ln_vs_winsorised=kept["ln_vs"].clip(low, high)
    )


def _codes(cells: pd.DataFrame) -> dict[str, np.ndarray]:
    """Number exporters and importers alike, sectors and years, and pairs by them."""
    names = sorted({*cells["exporter"].unique(), *cells["importer"].unique()})
    side = {
        name: pd.Categorical(cells[name], categories=names).codes.astype("int64")
        for name in ("exporter", "importer")
    }
    sector = pd.factorize(cells["sector"], sort=True)[0]
    years, year = np.unique(cells["year"], return_inverse=True)
    pair = side["exporter"] * len(names) + side["importer"]
    return {**side, "pair": pair, "sector": sector.astype("int64"), "year": year, "years": years}


def _combined(codes, *names) -> np.ndarray:
    out = codes[names[0]]
    for name in names[1:]:
        out = out * (codes[name].max() + 1) + codes[name]
    return out.astype("int32")


def _with_rules(pairs: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    traits = [*RULES, "repeat", "multilateral"]
    rules = rules[[*PAIR_YEAR, *traits]].astype({"exporter": "str", "importer": "str", "year": int})
    pairs = pairs.merge(rules, on=PAIR_YEAR, how="left").fillna(dict.fromkeys(traits, 0))
    pairs = pairs.rename(columns=RULES)
    for name, years in {"lag1_rule": 1, "lag2_rule": 2, "lead1_rule": -1}.items():
        other = pairs[[*PAIR_YEAR, "rule"]].rename(columns={"rule": name})
        pairs = pairs.merge(other.assign(year=other["year"] + years), on=PAIR_YEAR, how="left")
    gap = pairs["year"] - pairs["year"].min()
    return pairs.assign(
        interaction_rule_repeat=pairs["rule"] * pairs["repeat"],
        treated=(pairs["rule"] > 0).astype(float),
        not_bilateral=(pairs["rule"] == 0) | (pairs["multilateral"] == 1),
        not_2008=pairs["year"] != 2008,
        **{f"every_{n}": gap % n == 0 for n in (2, 3, 4)},
        apec=_both(pairs, APEC) & (pairs["year"] > 2017),
        statement=_both(pairs, STATEMENT) & (pairs["year"] > 2017),
        to_china=pairs["importer"] == "CHN",
    )


def _both(pairs: pd.DataFrame, members: str) -> pd.Series:
    codes = members.split()
    return pairs["exporter"].isin(codes) & pairs["importer"].isin(codes)


def _size(pairs: pd.DataFrame, size: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the log of the sum of two GDP in USD, and of how alike they are."""
    gdp = sides(pairs, size, "gdp_usd")
    total = gdp.sum(axis=1, skipna=False)
    if total.isna().any():
        lost = pairs.loc[total.isna(), "exporter"].iloc[0]
        raise BookError(f"The size of a pair of {lost} is not known; leave the economy out.")
    share = gdp["exporter"] / total
    similarity = np.log(1 - share**2 - (1 - share) ** 2)
    return {"ln_msize": np.log(1e6 * total).to_numpy(), "similarity": similarity.to_numpy()}


def sides(pairs: pd.DataFrame, traits: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a trait of exporter and importer, in two columns, by pair and year.

    Parameters
    ----------
    pairs : DataFrame
        exporter, importer, year.
    traits : DataFrame
        country, `name` and, unless the trait does not change, year.
    """
    by = ["year"] if "year" in traits else []
    known = traits[["country", *by, name]]
    out = {}
    for side in ("exporter", "importer"):
        other = known.rename(columns={"country": side, name: "value"})
        merged = pairs[[side, "year"]].merge(other, on=[side, *by], how="left")
        out[side] = merged["value"].to_numpy(float)
    return pd.DataFrame(out, pairs.index)


def _lagged(found: Panel, year: np.ndarray) -> np.ndarray:
    """Return last year's linkage of the same cell; missing where the panel has no such cell."""
    span = int(year.max()) + 2
    key = found["pair_sector"].astype("int64") * span + year
    order = np.argsort(key)
    place = np.searchsorted(key[order], key - 1).clip(max=len(key) - 1)
    hit = (key[order][place] == key - 1) & (year > 0)
    return np.where(hit, found["ln_vs"][order][place], np.nan)


def within_union(cells: pd.DataFrame, spells: Mapping[str, tuple[int, int]]) -> np.ndarray:
    """Mark the cells of two members of a union.

    Parameters
    ----------
    cells : DataFrame
        exporter, importer, year.
    spells : mapping of str to (int, int)
        Country → first year in the union, first year out of it.
    """
    first, last = ({c: spell[end] for c, spell in spells.items()} for end in (0, 1))
    inside = np.ones(len(cells), bool)
    for side in ("exporter", "importer"):
        code = cells[side].astype("str")
        inside &= (cells["year"] >= code.map(first)) & (cells["year"] < code.map(last))
    return inside


def fitted_union() -> dict[str, tuple[int, int]]:
    """Return members and years that give the paper's numbers of rows; see chapter 42.

    Only the numbers are known: sixteen members before 2004, 24 before 2007, 27 after. They fit
    today's 27 members, Britain never one of them, Croatia from 2007, and two of the entrants of
    2004 from the start; which two is not known.
    """
    since = {
        2000: "AUT BEL DEU DNK ESP FIN FRA GRC IRL ITA LUX NLD PRT SWE EST LVA",
        2004: "CYP CZE HUN LTU MLT POL SVK SVN",
        2007: "BGR HRV ROU",
    }
    return {code: (year, 9999) for year, codes in since.items() for code in codes.split()}


# -- traits --------------------------------------------------------------------------------------

APEC = "AUS BRN CAN CHL CHN HKG IDN JPN KOR MEX MYS NZL PER PHL PNG RUS SGP THA TWN USA VNM"
STATEMENT = (
    "ALB ARG AUS AUT BEL BGR BHR BRA BRN CAN CHE CHL COL CRI CYP CZE DEU DNK ESP EST FIN FRA GBR "
    "GRC GTM HKG HRV HUN IRL ISL ISR ITA JPN KAZ KHM KOR KWT LAO LIE LTU LUX LVA MDA MEX MKD MLT "
    "MMR MNE MYS NGA NLD NOR NZL PAN PER POL PRT PRY QAT ROU RUS SGP SVK SVN SWE TUR TWN UKR URY "
    "USA"
)
"""Signatories of the WTO Joint Statement on Electronic Commerce of December 2017. That both are
members of the WTO, as the paper words it, is true of every pair of its economies in 2018, so that
the effects would absorb it."""


def with_stages(found: Panel, developed: Iterable[str]) -> Panel:
    """Add whether two economies are at the same stage: both developed or both developing."""
    rich = [found.pairs[side].isin(list(developed)) for side in ("exporter", "importer")]
    same = (rich[0] == rich[1]).to_numpy()
    return found.join(same_stage=same, different_stage=~same)


def with_gap(found: Panel, gap: np.ndarray) -> Panel:
    """Add the gap to the most linked exporter, by cell, and its interaction."""
    return found.join_cells(ln_chae=gap, interaction_rule_ln_chae=found["rule"] * gap)


def with_lengths(found: Panel, lengths: np.ndarray) -> Panel:
    """Add the production length of exporter and sector, by cell, in the interaction."""
    return found.join_cells(
        production_length=lengths,
        interaction_rule_production_length=found["rule"] * lengths,
    )


def with_productivity(found: Panel, tfp: pd.DataFrame) -> Panel:
    """Add the log of the mean productivity of two economies; tfp has country, year, tfp."""
    mean = sides(found.pairs, tfp, "tfp").mean(axis=1, skipna=False)
    return _interacted(found, "ln_tfp", np.log(mean))


def with_culture(found: Panel, culture: pd.DataFrame) -> Panel:
    """Add cultural distance: exporter, importer, distance, and year where it changes."""
    keys = [k for k in PAIR_YEAR if k in culture]
    distance = found.pairs[keys].merge(culture, on=keys, how="left")["distance"]
    return _interacted(found, "cultural_distance", distance)


def with_internet(found: Panel, users: pd.DataFrame) -> Panel:
    """Add the importer's share of internet users: country, year, users."""
    return _interacted(found, "ict", sides(found.pairs, users, "users")["importer"])


def with_regulation(found: Panel, divergence: pd.DataFrame) -> Panel:
    """Add the log of regulatory divergence: exporter, importer, year, heterogeneity."""
    merged = found.pairs[PAIR_YEAR].merge(divergence, on=PAIR_YEAR, how="left")
    apart = merged["heterogeneity"]
    return _interacted(found, "ln_dstrih", np.log(apart.where(apart > 0)))


def with_institutions(found: Panel, indicators: Mapping[str, pd.DataFrame]) -> Panel:
    r"""Add the institutional distance of pairs, and which lie above and below its median.

    Parameters
    ----------
    found : Panel
    indicators : mapping of str to DataFrame
        Name → country, year and the indicator.

    Notes
    -----
    :math:`D_{ijt} = \frac1M \sum_m (I_{imt} - I_{jmt})^2 / V_m`, with V the variance of an
    indicator (Kogut and Singh). The median is that of the pairs and years with rules or without for
    which regulatory divergence is known, if it is, and of all otherwise.
    """
    parts = []
    for name, traits in indicators.items():
        two = sides(found.pairs, traits, name)
        parts.append((two["exporter"] - two["importer"]) ** 2 / traits[name].var())
    distance = pd.concat(parts, axis=1).mean(axis=1, skipna=False)
    known = found.pairs.get("ln_dstrih", distance).notna()
    middle = distance[known].median()
    return found.join(
        institutional_distance=distance.to_numpy(),
        institutions_far=(distance > middle).to_numpy(),
        institutions_near=(distance <= middle).to_numpy(),
    )


def with_globalisation(found: Panel, index: pd.DataFrame) -> Panel:
    r"""Add the distance in globalisation: country, year, globalisation.

    Notes
    -----
    :math:`|\ln(1 - (g_i/(g_i+g_j))^2 - (g_j/(g_i+g_j))^2)|`, the paper's footnote 2.
    """
    two = sides(found.pairs, index, "globalisation")
    share = two["exporter"] / two.sum(axis=1, skipna=False)
    distance = np.abs(np.log(1 - share**2 - (1 - share) ** 2))
    return found.join(globalisation_distance=distance.to_numpy())


def with_telephones(found: Panel, telephones: pd.DataFrame) -> Panel:
    r"""Add the second instrument, from country and lines per hundred people in 1990.

    Notes
    -----
    :math:`(T_i - T_j)^2 / V(T) \cdot t`, the paper's footnote 3.
    """
    two = sides(found.pairs, telephones, "lines")
    gap = (two["exporter"] - two["importer"]) ** 2 / telephones["lines"].var()
    return found.join(telephones=(gap * found.pairs["year"]).to_numpy())


def with_fitted_depth(found: Panel, traits: pd.DataFrame) -> Panel:
    """Add the first instrument: depth as a linear function of traits of pairs and years.

    Parameters
    ----------
    found : Panel
    traits : DataFrame
        On the rows of ``found.pairs``; a pair and year with a gap has no fitted value.
    """
    names = [name for name in traits if traits[name].std() > 0]
    data = traits[names].assign(rule=found.pairs["rule"].to_numpy())
    slopes = estimation.slopes(data, ["rule"], names)["rule"]
    centred = data[names] - data[names].mean()
    return found.join(fitted_depth=(data["rule"].mean() + centred @ slopes).to_numpy())


def _interacted(found: Panel, name: str, values: pd.Series) -> Panel:
    values = values.to_numpy(float)
    product = found.pairs["rule"].to_numpy() * values
    return found.join(**{name: values, f"interaction_rule_{name}": product})


ADD = {
    "stages": with_stages,
    "gap": with_gap,
    "lengths": with_lengths,
    "productivity": with_productivity,
    "culture": with_culture,
    "internet": with_internet,
    "regulation": with_regulation,
    "institutions": with_institutions,
    "globalisation": with_globalisation,
    "telephones": with_telephones,
    "fitted_depth": with_fitted_depth,
}


def with_traits(found: Panel, **traits) -> Panel:
    """Add several traits, named as in ``ADD``, in the order given."""
    if unknown := set(traits) - set(ADD):
        raise BookError(f"No trait {unknown.pop()!r}; choose from {', '.join(ADD)}.")
    for name, values in traits.items():
        found = ADD[name](found, values)
    return found
