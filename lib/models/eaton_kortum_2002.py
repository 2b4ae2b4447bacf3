r"""Eaton and Kortum (2002) on 19 countries: trade equation, elasticity, technology, parameters.

Their trade equation follows from shares once prices of inputs are substituted out,

.. math::
    \ln \frac{X'_{ni}}{X'_{nn}} = S_i - S_n - \theta \ln d_{ni}, \qquad
    S_i = \tfrac{1}{\beta} \ln T_i - \theta \ln w_i, \qquad
    \ln X'_{ni} = \ln X_{ni} - \tfrac{1-\beta}{\beta} \ln (X_i / X_{ii}),

with barriers :math:`\ln d_{ni} = d_k + b + l + e_h + m_n + \delta_{ni}`: six intervals of distance,
border, language, two trade areas, the openness of the importer, and an error with a part that is
common to both directions of a pair (their equations 26 to 30).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from linearmodels.iv import IV2SLS

from lib.errors import BookError
from lib.models.eaton_kortum import Equilibrium, solve

BETA = 0.21221
"""Share of labour in the costs of manufacturing, the paper's mean over countries."""
INTERVALS = ("0–375", "375–750", "750–1,500", "1,500–3,000", "3,000–6,000", "6,000 or more")
TIES = ("border", "language", "ec", "efta")


@dataclass(frozen=True, eq=False)
class TradeEquation:
    """An estimated trade equation.

    Attributes
    ----------
    effects : DataFrame
        `estimate` and `se` of the six intervals and four ties, each times −θ.
    competitiveness, openness : DataFrame
        `estimate` and `se` of S_i and of −θ m_n by country; each sums to zero.
    barrier : DataFrame
        Fitted ln d^-θ, importer by exporter; zero at home.
    variance, covariance : float
        Of the error, and between the two directions of a pair.
    """

    effects: pd.DataFrame
    competitiveness: pd.DataFrame
    openness: pd.DataFrame
    barrier: pd.DataFrame
    variance: float
    covariance: float


def _abroad(pairs: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Pairs of two countries and the countries, in the order in which they import."""
    countries = pairs["importer"].drop_duplicates().tolist()
    abroad = pairs[pairs["importer"] != pairs["exporter"]].reset_index(drop=True)
    if len(abroad) != len(countries) * (len(countries) - 1):
        raise BookError("The trade equation needs every pair of countries once, both ways.")
    return abroad, countries


def _dummies(column: pd.Series, countries) -> np.ndarray:
    """One column per country but the last, whose effect is minus the sum of the others."""
    each = (column.to_numpy()[:, None] == np.array(countries)).astype(float)
    return each[:, :-1] - each[:, -1:]


def _geography(abroad) -> np.ndarray:
    steps = np.arange(1, len(INTERVALS) + 1)
    interval = (abroad["interval"].to_numpy()[:, None] == steps).astype(float)
    return np.hstack([interval, abroad[list(TIES)].to_numpy(float)])


def _country_effects(abroad, countries):
    source = _dummies(abroad["exporter"], countries)
    destination = _dummies(abroad["importer"], countries)
    return source - destination, destination


def trade_equation(pairs: pd.DataFrame, method: str = "gls") -> TradeEquation:
    """Estimate the trade equation (their equation 30 and Table III).

    Parameters
    ----------
    pairs : DataFrame
        `exporter`, `importer`, `normalised_imports`, `interval`, `border`, `language`, `ec`,
        `efta`; own pairs are left out.
    method : {"gls", "ols"}
        With or without the covariance of the two directions of a pair, which is estimated from
        the residuals of least squares.

    Returns
    -------
    TradeEquation

    Raises
    ------
    BookError
        If a pair is missing or the method is another.
    """
    if method not in ("gls", "ols"):
        raise BookError(f"Method {method!r} does not exist; choose gls or ols.")
    abroad, countries = _abroad(pairs)
    X = np.hstack([_geography(abroad), *_country_effects(abroad, countries)])
    y = abroad["normalised_imports"].to_numpy()
    keys = list(zip(abroad["importer"], abroad["exporter"], strict=True))
    place = {key: row for row, key in enumerate(keys)}
    back = [place[i, n] for n, i in keys]
    residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    variance, covariance = (residual**2).mean(), (residual * residual[back]).mean()
    if method == "ols":
        scale, W = (residual**2).sum() / (len(y) - X.shape[1]), X
    else:
        # Ω = s I + r P with P swapping directions, so Ω⁻¹ = (s I - r P) / (s² - r²).
        scale, W = 1.0, (variance * X - covariance * X[back]) / (variance**2 - covariance**2)
    cov = scale * np.linalg.inv(X.T @ W)
    estimate = cov @ W.T @ y / scale
    return _tidy(abroad, countries, estimate, cov, variance, covariance)


def _tidy(abroad, countries, estimate, cov, variance, covariance) -> TradeEquation:
    k, n = len(INTERVALS) + len(TIES), len(countries)
    # The last country's effect closes the sum.
    close = np.vstack([np.eye(n - 1), -np.ones(n - 1)])
    blocks = [(np.eye(k), slice(k)), (close, slice(k, k + n - 1)), (close, slice(k + n - 1, None))]
    names = [[*INTERVALS, *TIES], countries, countries]
    effects, competitiveness, openness = (
        pd.DataFrame(
            {"estimate": C @ estimate[b], "se": np.sqrt(np.diag(C @ cov[b, b] @ C.T))}, index
        )
        for (C, b), index in zip(blocks, names, strict=True)
    )
    fitted = _geography(abroad) @ effects["estimate"].to_numpy()
    fitted = fitted + openness["estimate"].loc[abroad["importer"]].to_numpy()
    barrier = pd.Series(fitted, pd.MultiIndex.from_frame(abroad[["importer", "exporter"]]))
    barrier = barrier.unstack().loc[countries, countries].fillna(0.0)
    return TradeEquation(effects, competitiveness, openness, barrier, variance, covariance)


def theta_by_trade_and_prices(
    pairs: pd.DataFrame, gaps: pd.DataFrame, *, instruments: bool, destination: bool = True
):
    """Trade elasticity from the trade equation with price gaps for barriers (their § 5.3).

    Parameters
    ----------
    pairs : DataFrame
        As for :func:`trade_equation`.
    gaps : DataFrame
        ln(p_i d_ni / p_n) from prices of goods, importer by exporter (their equation 13).
    instruments : bool
        Instrument the gaps by distance, border, language and trade areas.
    destination : bool
        Keep effects of the importer besides those of competitiveness.

    Returns
    -------
    float, float
        Theta and its standard error.
    """
    abroad, countries = _abroad(pairs)
    keys = pd.MultiIndex.from_frame(abroad[["importer", "exporter"]])
    gap = pd.DataFrame({"gap": gaps.stack().loc[keys].to_numpy()})
    source, opens = _country_effects(abroad, countries)
    exogenous = np.hstack([np.ones((len(abroad), 1)), source, *([opens] if destination else [])])
    y = abroad["normalised_imports"].to_numpy()
    if instruments:
        found = IV2SLS(y, exogenous, gap, _geography(abroad)[:, 1:])
    else:
        found = IV2SLS(y, np.hstack([gap, exogenous]), None, None)
    found = found.fit(cov_type="unadjusted", debiased=True)
    name = "gap" if instruments else found.params.index[0]
    return -float(found.params[name]), float(found.std_errors[name])


def effective_wage(countries: pd.DataFrame, rate: float = 0.06) -> np.ndarray:
    """Wage per worker of no schooling, at a return of 6 % a year (their § 5.2)."""
    return (countries["wage"] * np.exp(-rate * countries["education"])).to_numpy()


def theta_by_wages(countries: pd.DataFrame, competitiveness: pd.Series, *, instruments: bool):
    """Trade elasticity from S_i on research, schooling and wages (their § 5.2 and Table V).

    Parameters
    ----------
    countries : DataFrame
    competitiveness : Series
        S_i by country, in any order.
    instruments : bool
        Instrument the wage by workforce and density of population.

    Returns
    -------
    float, float
        Theta and its standard error.
    """
    y = competitiveness.loc[countries["country"]].to_numpy(float)
    wage = pd.DataFrame({"wage": np.log(effective_wage(countries))})
    known = np.column_stack(
        [np.ones(len(y)), np.log(countries["research"]), 1 / countries["education"]]
    )
    if instruments:
        outside = np.log(countries[["workforce", "density"]].to_numpy())
        found = IV2SLS(y, known, wage, outside)
    else:
        found = IV2SLS(y, np.hstack([wage, known]), None, None)
    found = found.fit(cov_type="unadjusted", debiased=True)
    name = "wage" if instruments else found.params.index[0]
    return -float(found.params[name]), float(found.std_errors[name])


@dataclass(frozen=True, eq=False)
class Calibration:
    r"""The 19 countries as arguments of :func:`lib.models.eaton_kortum.solve`.

    Attributes
    ----------
    immobile, mobile : dict
        With the labour of manufacturing fixed, or moving between the sectors at given wages.
    baseline : Equilibrium
        The world of 1990, the same with both.
    observed_wage : ndarray, shape (N,)
    """

    immobile: dict
    mobile: dict
    baseline: Equilibrium
    observed_wage: np.ndarray


def calibrate(pairs, countries, equation: TradeEquation, theta, beta: float = BETA) -> Calibration:
    r"""Technology, barriers and the baseline of the counterfactuals (their § 5.4 and Table VIII).

    Labour is measured without schooling. Technology is :math:`T_i = \exp(\beta (S_i + \theta \ln
    w_i))`, barriers are those fitted by the trade equation, and :math:`\alpha` is final spending on
    manufactures over GDP, of all countries together. In the baseline GDP and the employment of
    manufacturing are observed and its wage is solved for; the rest of GDP is income from elsewhere.

    Parameters
    ----------
    pairs, countries : DataFrame
        As from the dataset ``eaton_kortum_2002``.
    equation : TradeEquation
    theta : float

    Raises
    ------
    BookError
        If manufacturing would earn more than GDP, or the baseline is not found.
    """
    wage, gdp = effective_wage(countries), countries["gdp"].to_numpy()
    workers = (countries["workers"] * countries["wage"]).to_numpy() / wage / 1e6
    order = countries["country"]
    value = pairs.set_index(["importer", "exporter"])["value"].unstack().loc[order, order]
    final = wage * workers + (value.sum(axis=1) - value.sum(axis=0)).to_numpy()
    competitiveness = equation.competitiveness["estimate"].loc[order].to_numpy()
    scaled = np.exp(beta * (competitiveness + theta * np.log(wage)))
    world = {
        "T": scaled / scaled.max(),
        "tau": np.exp(-equation.barrier.loc[order, order].to_numpy() / theta),
        "theta": theta,
        "beta": beta,
        "alpha": final.sum() / gdp.sum(),
    }
    solved = wage
    for _ in range(100):
        other = gdp - solved * workers
        if (other <= 0).any():
            raise BookError("A country would earn more in manufacturing than its whole GDP.")
        immobile = world | {"L": workers, "other_income": other}
        baseline = solve(**immobile)
        moved, solved = abs(baseline.wage / solved - 1).max(), baseline.wage
        if moved < 1e-12:
            mobile = world | {"L": gdp / solved, "mobile_wage": solved}
            return Calibration(immobile, mobile, baseline, wage)
    raise BookError("The baseline of the counterfactuals does not settle.")
