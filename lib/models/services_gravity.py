r"""Gravity of services value chains: the panel and the regressions of Dang and Yin (2024).

With exporter i, importer j, service sector k and year t (their eq. 1),

.. math::
    \ln vs_{ijkt} = \alpha_0 + \alpha_1 rule_{ijt} + \alpha_2 \ln msize_{ijt}
                    + \mu_{ikt} + \sigma_{jkt} + \delta_{ijk} + \varepsilon_{ijkt} .

:func:`panel` brings the cells of linkage and the traits of pairs and years together, and
:func:`fit` estimates an equation that is written like the paper's:
``"ln_vs ~ 1 + rule + ln_msize | ikt + jkt + ijk"``.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lib import estimation
from lib.blocs import EU
from lib.errors import BookError

PAIR_YEAR = ["exporter", "importer", "year"]
EFFECTS = ("ikt", "jkt", "ijk")
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
LINKAGES = ("ln_vs", "ln_vs1", "ln_vs2", "ln_vsfor", "ln_vsback")


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


@dataclass(frozen=True)
class Source:
    """Input–output tables from which linkages can be measured.

    Attributes
    ----------
    name : str
    years : (int, int)
        First and last.
    services : tuple of str
        Service sectors, under the codes of all editions and of the made-up tables, which have the
        sectors of WIOD 2013: trade to other services, without utilities, construction and private
        households.
    digital : tuple of str
        The digital-intensive ones: publishing, telecommunications, computing, finance,
        professions, arts (ISIC 58, 61, 62, 64, 69, 90), or the nearest sectors.
    union : dict of str to (int, int)
        Whose pairs are left out: the Union as it was, or on the paper's own tables the membership
        that its numbers of rows fit.
    """

    name: str
    years: tuple[int, int]
    services: tuple[str, ...]
    digital: tuple[str, ...]
    union: dict[str, tuple[int, int]]


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
_WIOD_2013 = tuple(f"c{n}" for n in range(19, 35))
_DIGITAL_2013 = ("c27", "c28", "c30", "c34")
SOURCES = {
    "wiod_2013": Source("WIOD 2013", (1995, 2011), _WIOD_2013, _DIGITAL_2013, EU),
    "wiod_2016": Source(
        "WIOD 2016",
        (2000, 2014),
        (*_WIOD_2016.split(), *_WIOD_2013),
        (*_DIGITAL_2016.split(), *_DIGITAL_2013),
        EU,
    ),
    "oecd_icio": Source(
        "OECD ICIO",
        (2000, 2018),
        (*_OECD.split(), *_WIOD_2013),
        (*_DIGITAL_OECD.split(), *_DIGITAL_2013),
        fitted_union(),
    ),
}
"""Tables under their keys in the catalogue of data; the paper's are the OECD's."""

ROWS = {
    "rule": "depth",
    "lag1_rule": "depth, last year",
    "lag2_rule": "depth, two years ago",
    "rule1_openness": "openness",
    "rule2_privacy": "privacy",
    "rule3_cooperation": "cooperation",
    "interaction_rule_repeat": "depth × repeated",
    "interaction_rule_ln_chae": "depth × gap",
    "ln_chae": "gap to the first",
    "interaction_rule_ln_dstrih": "depth × divergence",
    "ln_dstrih": "divergence",
    "interaction_rule_cultural_distance": "depth × culture",
    "cultural_distance": "cultural distance",
    "interaction_rule_ict": "depth × internet",
    "interaction_rule_production_length": "depth × length",
    "interaction_rule_ln_tfp": "depth × TFP",
    "ln_tfp": "TFP",
    "ln_msize": "size",
    "constant": "constant",
}
"""Regressors under the names of the published rows → their names for a reader, in order."""


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
        """Return a column, by cell; ``"rule:ln_tfp"`` is the product of two."""
        if ":" in name:
            return np.prod([self[part].astype(float) for part in name.split(":")], axis=0)
        if name in self.cells:
            return self.cells[name].to_numpy()
        if name in self.pairs:
            return self.pairs[name].to_numpy()[self.at]
        raise BookError(f"The panel has no column {name!r}; join it first.")

    def where(self, condition: str) -> np.ndarray:
        """Mark the cells that meet a condition on pairs and years, or on cells.

        It is written as for ``DataFrame.eval``, such as ``"importer == 'CHN'"`` or ``"~digital"``.
        """
        names = re.findall(r"[A-Za-z_]\w*", condition)
        if any(name in self.cells for name in names):
            return self.cells.eval(condition, engine="python").to_numpy(bool)
        return self.pairs.eval(condition, engine="python").to_numpy(bool)[self.at]

    def frame(self, names: Iterable[str], where: str | None = None) -> pd.DataFrame:
        """Return columns by cell, of the cells that meet a condition."""
        rows = slice(None) if where is None else np.flatnonzero(self.where(where))
        return pd.DataFrame({name: self[name][rows] for name in dict.fromkeys(names)})

    def join(self, **columns) -> "Panel":
        """Return the panel with more traits of pairs and years, in the order of `pairs`."""
        values = {name: np.asarray(column) for name, column in columns.items()}
        return replace(self, pairs=self.pairs.assign(**values))

    def join_cells(self, **columns) -> "Panel":
        """Return the panel with more traits of cells, in the order of `cells`."""
        values = {name: np.asarray(column) for name, column in columns.items()}
        return replace(self, cells=self.cells.assign(**values))


# -- estimation ----------------------------------------------------------------------------------


def fit(found: Panel, equation: str, where: str | None = None, cluster: str = "ijk"):
    """Estimate an equation on a panel by least squares with fixed effects.

    Parameters
    ----------
    found : Panel
    equation : str
        ``"y ~ x + z | effect + effect"``. A term ``1`` asks for the constant, ``x:z`` is the
        product of two columns, under the name ``interaction_x_z``. A third part ``| x ~ w`` gives
        the instrument w to the regressor x.
    where : str, optional
        The cells used, see :meth:`Panel.where`.
    cluster : str
        Column of the clusters.

    Returns
    -------
    lib.estimation.Estimate
        An ``IVEstimate`` where the equation has an instrument.

    Raises
    ------
    BookError
        As :func:`lib.estimation.hdfe`: a column that the panel lacks, or a regressor that is
        absorbed or collinear, such as rules in a sample without any.
    """
    outcome, absorb, instrument = (*(part.strip() for part in equation.split("|")), "", "")[:3]
    y, terms = _sides(outcome)
    x, effects = [term for term in terms if term != "1"], _terms(absorb)
    endogenous, z = _sides(instrument) if instrument else ("", [])
    used = [y, *x, *([endogenous] if z else []), *effects, cluster, *z]
    data = found.frame(used, where)
    data.columns = [_written(name) for name in data]
    x = [_written(name) for name in x]
    if z:
        others = [name for name in x if name != endogenous]
        return estimation.iv(data, y, others, endogenous, z, effects, cluster)
    return estimation.hdfe(data, y, x, effects, cluster, constant="1" in terms)


def _sides(formula: str) -> tuple[str, list[str]]:
    left, tilde, right = formula.partition("~")
    if not tilde or not left.strip():
        raise BookError(f"An equation is written y ~ x | effects, not {formula!r}.")
    return left.strip(), _terms(right)


def _terms(text: str) -> list[str]:
    return [term.strip() for term in text.split("+") if term.strip()]


def _written(name: str) -> str:
    return f"interaction_{name.replace(':', '_')}" if ":" in name else name


def fits(
    found: Panel, equations: Mapping[str, str | tuple[str, str]], cluster: str = "ijk"
) -> dict[str, estimation.Estimate | BookError]:
    """Estimate several equations.

    Parameters
    ----------
    found : Panel
    equations : mapping
        Name → equation, or equation and condition, as for :func:`fit`.
    cluster : str

    Returns
    -------
    dict
        Name → estimate, or the error that says why the panel has none.
    """
    return {
        name: attempt(fit, found, *([said] if isinstance(said, str) else said), cluster=cluster)
        for name, said in equations.items()
    }


def estimated(
    found: Mapping[str, estimation.Estimate | BookError],
    but: Mapping[str, estimation.Estimate | BookError] | None = None,
) -> dict[str, estimation.Estimate]:
    """Return those of :func:`fits` that have an estimate, and have none in `but`."""
    real = {name: e for name, e in found.items() if not isinstance(e, BookError)}
    return {name: e for name, e in real.items() if name not in estimated(but or {})}


def attempt(function: Callable, *arguments, **options):
    """Return what a function returns, or the error that says why it cannot be computed."""
    try:
        return function(*arguments, **options)
    except BookError as error:
        return error


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
        By cell: the linkages, the lagged one and the winsorised one, and codes of the effects
        ``ikt``, ``jkt``, ``ijk`` and of the ``pair``. By pair and year: the log of the size of the
        pair in USD, the similarity of its two sizes, depth under the names of the paper's tables,
        its lags and lead (missing where the pair is not in the panel that year), whether any rules
        are in force (``treated``), and common membership after 2017 of ``apec`` and of the joint
        ``statement`` on e-commerce.

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
    pair_year = codes["pair"] * (codes["year"].max() + 1) + codes["year"]
    places, at = np.unique(pair_year, return_inverse=True)
    first = np.zeros(len(places), int)
    first[at] = np.arange(len(at))
    pairs = cells.iloc[first][PAIR_YEAR].reset_index(drop=True)
    pairs = pairs.astype({"exporter": "str", "importer": "str", "year": int})
    pairs = _with_rules(pairs, rules).assign(**_size(pairs, size))
    kept = cells[[name for name in LINKAGES if name in cells]].reset_index(drop=True)
    kept = kept.assign(
        ikt=_combined(codes, "exporter", "sector", "year"),
        jkt=_combined(codes, "importer", "sector", "year"),
        ijk=_combined(codes, "pair", "sector"),
        pair=codes["pair"].astype("int32"),
        digital=cells["sector"].isin(list(digital)).to_numpy(),
    )
    low, high = kept["ln_vs"].quantile([0.01, 0.99])
    kept = kept.assign(
        lag1_ln_vs=_lagged(kept, codes["year"]), ln_vs_winsorised=kept["ln_vs"].clip(low, high)
    )
    return Panel(kept, pairs, at.astype("int32"))


def _codes(cells: pd.DataFrame) -> dict[str, np.ndarray]:
    """Number exporters and importers alike, sectors, years from the first, and pairs."""
    names = sorted({*cells["exporter"].unique(), *cells["importer"].unique()})
    side = {
        name: pd.Categorical(cells[name], categories=names).codes.astype("int64")
        for name in ("exporter", "importer")
    }
    sector = pd.factorize(cells["sector"], sort=True)[0]
    year = cells["year"].to_numpy("int64") - cells["year"].min()
    pair = side["exporter"] * len(names) + side["importer"]
    return {**side, "pair": pair, "sector": sector.astype("int64"), "year": year}


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
    return pairs.assign(
        treated=(pairs["rule"] > 0).astype(float),
        apec=_both(pairs, APEC) & (pairs["year"] > 2017),
        statement=_both(pairs, STATEMENT) & (pairs["year"] > 2017),
    )


def _both(pairs: pd.DataFrame, members: str) -> pd.Series:
    return pairs[["exporter", "importer"]].isin(members.split()).all(axis=1)


def _size(pairs: pd.DataFrame, size: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the log of the sum of two GDP in USD, and of how alike they are."""
    gdp = sides(pairs, size, "gdp_usd")
    total = gdp.sum(axis=1, skipna=False)
    if total.isna().any():
        lost = pairs.loc[total.isna(), "exporter"].iloc[0]
        raise BookError(f"The size of a pair of {lost} is not known; leave the economy out.")
    return {"ln_msize": np.log(1e6 * total), "similarity": similarity(gdp)}


def _lagged(cells: pd.DataFrame, year: np.ndarray) -> np.ndarray:
    """Return last year's linkage of the same cell; missing where the panel has no such cell."""
    key = cells["ijk"].to_numpy("int64") * (int(year.max()) + 2) + year
    order = np.argsort(key)
    place = np.searchsorted(key[order], key - 1).clip(max=len(key) - 1)
    hit = (key[order][place] == key - 1) & (year > 0)
    return np.where(hit, cells["ln_vs"].to_numpy()[order][place], np.nan)


# -- pairs and what is known of them -------------------------------------------------------------


def pairs_of(economies: Iterable[str], years: Iterable[int]) -> pd.DataFrame:
    """Return every ordered pair of different economies in every year: exporter, importer, year."""
    names = list(economies)
    index = pd.MultiIndex.from_product([names, names, list(years)], names=PAIR_YEAR)
    frame = index.to_frame(index=False)
    return frame[frame["exporter"] != frame["importer"]].reset_index(drop=True)


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


def similarity(two: pd.DataFrame) -> pd.Series:
    r"""Return how alike two sizes are: :math:`\ln(1 - s^2 - (1-s)^2)`, s the exporter's share.

    Its absolute value is the paper's distance in globalisation (footnote 2).
    """
    share = two["exporter"] / two.sum(axis=1, skipna=False)
    return np.log(1 - share**2 - (1 - share) ** 2)


def squared_gap(pairs: pd.DataFrame, traits: pd.DataFrame, name: str) -> pd.Series:
    r"""Return :math:`(T_i - T_j)^2 / V(T)` by pair, V over the rows of `traits`; see :func:`sides`.

    Times the year it is the paper's second instrument (footnote 3).
    """
    two = sides(pairs, traits, name)
    return (two["exporter"] - two["importer"]) ** 2 / traits[name].var()


def institutional_distance(
    pairs: pd.DataFrame, traits: pd.DataFrame, names: Iterable[str]
) -> pd.Series:
    r"""Return the mean of :func:`squared_gap` over indicators (Kogut and Singh), by pair and year.

    Parameters
    ----------
    pairs : DataFrame
        exporter, importer, year.
    traits : DataFrame
        country, year and the indicators.
    names : iterable of str
        Columns of `traits`. Where one is missing the distance is.
    """
    gaps = [squared_gap(pairs, traits, name) for name in names]
    return pd.concat(gaps, axis=1).mean(axis=1, skipna=False)


def fitted(y: pd.Series, traits: pd.DataFrame) -> pd.Series:
    """Return the fitted values of a linear regression on traits.

    Parameters
    ----------
    y : Series
    traits : DataFrame
        On the same rows; one with a gap has no fitted value, and a constant trait is left out.
    """
    traits = traits.astype(float)
    names = [name for name in traits if traits[name].std() > 0]
    data = traits[names].assign(y=y.to_numpy())
    slopes = estimation.slopes(data, ["y"], names)["y"]
    return y.mean() + (data[names] - data[names].mean()) @ slopes


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
