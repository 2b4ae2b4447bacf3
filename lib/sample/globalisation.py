r"""Globalisation indices and their controls in the sample world, with a known effect of trade.

The trade benefit index of the sample world is that of its own input–output tables. Each de jure
part p of the globalisation index (trade, financial, three social ones, political) follows

.. math::
    y^p_{it} = c^p_i + \lambda^p_t + \beta^p_{d(i)} \, TBI_{it}
               + \gamma' (X_{it} - \bar X_i) + e^p_{it} ,

with effects of the group d, developed or developing, stated in :class:`Globalisation`. Country
effects rise with the country's mean index, so that least squares without them is biased; regulatory
quality and inflation are drawn to move with the index, so that leaving them out is, too; errors are
autocorrelated within a country, so that standard errors should be clustered. Economic, social and
overall indices are the means of their parts. De facto indices have no effect of trade.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd

from lib.errors import DataError
from lib.sample.datasets import absorbed, input_output
from lib.sample.world import REAL, YEARS, solve

DEVELOPED = ("AUS", "CAN", "DEU", "ESP", "FRA", "GBR", "ITA", "JPN", "KOR", "NLD", "SGP", "USA")
PARTS = ("Tr", "Fi", "Ip", "In", "Cu", "Po")
WHOLES = {"Ec": ("Tr", "Fi"), "So": ("Ip", "In", "Cu"), "": ("Ec", "So", "Po")}
INDICES = ("", "Ec", "Tr", "Fi", "So", "Ip", "In", "Cu", "Po")
NO_SURVEY = (1995, 1997, 1999, 2001)


@dataclass(frozen=True)
class Globalisation:
    """True parameters of the indices and of their controls.

    Attributes
    ----------
    benefit : dict of str to (float, float)
        Effect of the trade benefit index on each de jure part, in developed and in developing
        economies; parts that are not named have none. :meth:`effect` has those of the wholes.
    controls : dict of str to float
        Effect of each control, the same on every de jure part: `RQ` regulatory quality, `lnEXR`
        log of `xr`, `TFP` `rtfpna`, `INFR` inflation in per cent, `lnCK` log of the capital stock
        at constant national prices, `lnGDP` log of `rgdpna`, `lnPOP` log of `pop`. A country
        without TFP (Viet Nam) has no effect of it.
    level : (float, float)
        Mean country effect in developed and developing economies; `level_sd` around it.
    sorting : float
        Rise of a country's effect with its mean index.
    quality_slope, inflation_slope : float
        Rise of regulatory quality and of inflation with the index, within a country.
    error_sd, persistence : float
        Standard deviation and autocorrelation of the error; of `quality_sd` and `inflation_sd` too.
    revision_sd : float
        Independent measurement error that the later edition adds.
    seed : int
    """

    benefit: dict[str, tuple[float, float]] = field(
        default_factory=lambda: {"Tr": (0.0, 24.0), "Fi": (0.0, 18.0), "Po": (9.0, 0.0)}
    )
    controls: dict[str, float] = field(
        default_factory=lambda: {
            "RQ": 2.5,
            "lnEXR": 1.0,
            "TFP": -3.0,
            "INFR": -0.1,
            "lnCK": -2.0,
            "lnGDP": 6.0,
            "lnPOP": -3.0,
        }
    )
    level: tuple[float, float] = (72.0, 52.0)
    level_sd: float = 4.0
    sorting: float = 20.0
    quality_slope: float = 1.5
    inflation_slope: float = -15.0
    quality_sd: float = 0.1
    inflation_sd: float = 1.0
    error_sd: float = 0.5
    persistence: float = 0.5
    revision_sd: float = 0.3
    seed: int = 20002014

    def effect(self, index: str, developed: bool) -> float:
        """Return the effect on a de jure index, as in ``effect("KOFEcGIdj", developed=True)``."""
        part = index.removeprefix("KOF").removesuffix("GIdj")
        if part in WHOLES:
            parts = [self.effect(f"KOF{p}GIdj", developed) for p in WHOLES[part]]
            return float(np.mean(parts))
        return self.benefit.get(part, (0.0, 0.0))[0 if developed else 1]


def globalisation_parameters() -> Globalisation:
    """True parameters of the globalisation indices."""
    return Globalisation()


@lru_cache(maxsize=len(YEARS))
def _trade(world):
    """Trade benefit index and openness (trade over GDP) of the real economies in one year."""
    exports, value = absorbed(input_output(world))
    abroad = value * (1 - np.eye(len(value)))
    sold, bought = abroad.sum(1), abroad.sum(0)
    gross = exports.sum(1)
    gdp = (world.economy.gamma * world.equilibrium.output).sum(1)
    openness = (2 * gross - (sold - bought)) / gdp  # the balance is the same in both accounts
    n = len(REAL)
    return ((sold - bought) / (sold + bought))[:n], openness[:n]


def trade_benefit(*, pwt_91, capitals) -> pd.DataFrame:
    """Trade benefit index of the sample's own input–output tables.

    Returns
    -------
    DataFrame
        country, year, tbi, and trade_to_gdp (gross exports and imports, per cent of GDP), 24
        economies from 1995 to 2014. Solving the twenty years takes some seconds once per process.
    """
    index, openness = np.swapaxes([_trade(solve(pwt_91, capitals, y)) for y in YEARS], 0, 1)
    return _panel({"tbi": index.T, "trade_to_gdp": 100 * openness.T})


def kof_2018(*, pwt_91, capitals) -> pd.DataFrame:
    """Globalisation indices in the schema of the KOF index, de jure parts with a known effect.

    Returns
    -------
    DataFrame
        country, year and the 27 indices, 24 economies from 1995 to 2014; see the module and
        :class:`Globalisation` for how they are made.
    """
    p = globalisation_parameters()
    rng = np.random.default_rng(p.seed)
    tbi, quality, inflation = _drivers(pwt_91, capitals)
    benefit = np.array([p.benefit.get(part, (0.0, 0.0)) for part in PARTS])[:, _group()]
    controls = _control_effect(pwt_91, quality, inflation)
    n, t, k = len(REAL), len(YEARS), len(PARTS)
    level = np.array(p.level)[_group()] + p.sorting * tbi.mean(1)
    rise = np.minimum(0.5 * np.arange(t), 6.5)  # globalisation slows down after 2008

    def part():
        country = level + p.level_sd * rng.standard_normal((k, n))
        year = rise + 0.5 * rng.standard_normal((k, t))
        error = p.error_sd * _persistent(rng, (k, n), p.persistence)
        return country[:, :, None] + year[:, None, :] + error

    legal = part() + benefit[:, :, None] * tbi + controls
    actual = part()
    sides = {"": (legal + actual) / 2, "df": actual, "dj": legal}
    columns = {side: _aggregate(parts) for side, parts in sides.items()}
    return _panel({f"KOF{name}GI{s}": columns[s][name] for name in INDICES for s in sides})


def kof_2023(*, pwt_91, capitals) -> pd.DataFrame:
    """Return :func:`kof_2018` with the measurement error of a later edition in every number."""
    p = globalisation_parameters()
    panel = kof_2018(pwt_91=pwt_91, capitals=capitals)
    revision = np.random.default_rng(p.seed + 1).standard_normal((len(panel), panel.shape[1] - 2))
    panel.iloc[:, 2:] += p.revision_sd * revision
    return panel


def wgi(*, pwt_91, capitals, indicator="regulatory_quality") -> pd.DataFrame:
    """Regulatory quality in the schema of the Worldwide Governance Indicators.

    Returns
    -------
    DataFrame
        country, year (without 1995, 1997, 1999 and 2001, as in the original), regulatory_quality,
        std_error and sources (constants).

    Raises
    ------
    DataError
        For another indicator, which the sample world does not have.
    """
    if indicator != "regulatory_quality":
        raise DataError(
            f"The sample world has regulatory_quality only, not {indicator!r}; ask for that."
        )
    _, quality, _ = _drivers(pwt_91, capitals)
    panel = _panel({indicator: quality}).assign(std_error=0.15, sources=10.0)
    return panel[~panel["year"].isin(NO_SURVEY)].reset_index(drop=True)


def inflation(*, pwt_91, capitals) -> pd.DataFrame:
    """Inflation in the schema of the World Bank's series.

    Returns
    -------
    DataFrame
        country, year, inflation (per cent, drawn to move with the trade benefit index),
        trade_to_gdp (of the sample's tables, per cent) and population (Penn World Table 9.1).
    """
    _, _, rate = _drivers(pwt_91, capitals)
    openness = trade_benefit(pwt_91=pwt_91, capitals=capitals)["trade_to_gdp"]
    panel = _panel({"inflation": rate, "trade_to_gdp": openness.to_numpy().reshape(rate.shape)})
    return panel.assign(population=1e6 * _rows(pwt_91)["pop"].to_numpy())


def gdp(*, pwt_91) -> pd.DataFrame:
    """GDP of Penn World Table 9.1 at current prices and exchange rates: country, year, gdp_usd."""
    rows = _rows(pwt_91)
    nominal = rows["cgdpo"] * rows["pl_gdpo"]
    return _panel({"gdp_usd": nominal.to_numpy().reshape(len(REAL), -1)})


_NEVER = ["cwtfp", "rconna", "rdana", "rwtfpna", "delta", "pl_con", "pl_da", "cor_exp", "statcap"]
_NEVER += ["pl_i", "pl_g", "pl_k"]


def pwt_90(*, pwt_91) -> pd.DataFrame:
    """Penn World Table 9.1 for the sample's economies and years, in the schema of 9.0.

    `ck` and `rkna` are the capital stocks, as in 9.0. Columns that the embedded file lacks are
    missing throughout; Viet Nam has no TFP.
    """
    rows = _rows(pwt_91).assign(**dict.fromkeys(_NEVER, np.nan))
    rows = rows.assign(ck=rows["cn"], rkna=rows["rnna"])
    return rows.drop(columns=["cn", "rnna", "gdp_usd"], errors="ignore")


def pwt_1001(*, pwt_91) -> pd.DataFrame:
    """Penn World Table 9.1 for the sample's economies and years, in the schema of 10.01."""
    rows = _rows(pwt_91).assign(**dict.fromkeys([*_NEVER, "irr", "pl_n"], np.nan))
    return rows.drop(columns="gdp_usd", errors="ignore")


def _aggregate(parts) -> dict:
    """Name the parts and add the means of parts, each (N, T)."""
    made = dict(zip(PARTS, parts, strict=True))
    for whole, names in WHOLES.items():
        made[whole] = np.mean([made[name] for name in names], axis=0)
    return made


def _drivers(pwt_91, capitals):
    """Trade benefit index, regulatory quality and inflation, each (N, T)."""
    p = globalisation_parameters()
    rng = np.random.default_rng(p.seed + 2)
    panel = trade_benefit(pwt_91=pwt_91, capitals=capitals)
    tbi = panel["tbi"].to_numpy().reshape(len(REAL), len(YEARS))
    within = tbi - tbi.mean(1, keepdims=True)
    mean = np.array([1.3, 0.2])[_group()] + 0.3 * rng.standard_normal(len(REAL))
    noise = p.quality_sd * _persistent(rng, (len(REAL),), p.persistence)
    quality = mean[:, None] + p.quality_slope * within + noise
    mean = np.array([2.0, 6.0])[_group()] + rng.standard_normal(len(REAL))
    noise = p.inflation_sd * _persistent(rng, (len(REAL),), p.persistence)
    return tbi, quality, mean[:, None] + p.inflation_slope * within + noise


def _control_effect(pwt_91, quality, rate):
    """Effect of all controls as deviations from the country's mean, (N, T)."""
    rows = _rows(pwt_91)
    pwt = {
        "lnEXR": np.log(rows["xr"]),
        "TFP": rows["rtfpna"],
        "lnCK": np.log(rows["rnna"]),
        "lnGDP": np.log(rows["rgdpna"]),
        "lnPOP": np.log(rows["pop"]),
    }
    controls = {name: column.to_numpy().reshape(quality.shape) for name, column in pwt.items()}
    controls |= {"RQ": quality, "INFR": rate}
    effects = globalisation_parameters().controls
    within = {name: x - x.mean(1, keepdims=True) for name, x in controls.items()}
    return sum(effects[name] * np.nan_to_num(x) for name, x in within.items())


def _persistent(rng, shape, persistence):
    """Draw stationary first-order autoregressions of unit variance over the years."""
    years = np.arange(len(YEARS))
    correlation = persistence ** np.abs(years[:, None] - years)
    return rng.standard_normal((*shape, len(YEARS))) @ np.linalg.cholesky(correlation).T


def _group():
    """0 for a developed economy, 1 for a developing one."""
    return np.array([country not in DEVELOPED for country in REAL], int)


def _rows(pwt_91):
    """Rows of the sample's economies and years, by country and year."""
    rows = pwt_91[pwt_91["country"].isin(REAL) & pwt_91["year"].isin(YEARS)]
    return rows.sort_values(["country", "year"], ignore_index=True)


def _panel(columns) -> pd.DataFrame:
    """Return country, year and columns of shape (N, T) as one long frame."""
    country = pd.Series(np.repeat(REAL, len(YEARS)), dtype="str")
    years = np.tile(np.array(YEARS, int), len(REAL))
    values = {name: np.ravel(column) for name, column in columns.items()}
    return pd.DataFrame({"country": country, "year": years} | values)
