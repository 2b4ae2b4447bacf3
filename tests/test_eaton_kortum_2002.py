"""Eaton and Kortum (2002) on its data: reader, sample, estimators, calibration."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.io import savemat

from lib import data
from lib.data import _eaton_kortum as reader
from lib.errors import BookError, DataError
from lib.models import eaton_kortum_2002 as paper
from lib.models.eaton_kortum import gains_from_trade, solve
from lib.sample import oecd

ORIGINAL = pytest.mark.originals("eaton_kortum_2002")
N = len(oecd.COUNTRIES)


def parts(tier):
    return tuple(data.load("eaton_kortum_2002", tier=tier, part=part) for part in reader.PARTS)


@pytest.fixture(scope="module")
def sample():
    return parts("sample")


@pytest.fixture(scope="module")
def original():
    return parts("original")


def without_noise(pairs, openness):
    """Normalised imports that fit the trade equation exactly, with the sample's geography."""
    S = pd.Series(np.linspace(-2, 2, N), oecd.COUNTRIES)
    y = S[pairs["exporter"]].to_numpy() - S[pairs["importer"]].to_numpy()
    y = y + np.array(oecd.EFFECTS["interval"])[pairs["interval"] - 1]
    for tie in paper.TIES:
        y = y + oecd.EFFECTS[tie] * pairs[tie].to_numpy()
    return S, y + openness[pairs["importer"]].to_numpy()


# -- the trade equation --------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["gls", "ols"])
def test_an_exact_trade_equation_is_recovered(sample, method):
    pairs, openness = sample[0], pd.Series(np.linspace(1, -1, N), oecd.COUNTRIES)
    S, y = without_noise(pairs, openness)
    # An error of one in a million keeps the covariance of GLS from vanishing.
    y = y + 1e-6 * np.random.default_rng(0).normal(size=len(y))
    found = paper.trade_equation(pairs.assign(normalised_imports=y), method)
    truth = [*oecd.EFFECTS["interval"], *(oecd.EFFECTS[tie] for tie in paper.TIES)]
    np.testing.assert_allclose(found.effects["estimate"], truth, atol=1e-5)
    np.testing.assert_allclose(found.competitiveness["estimate"], S, atol=1e-5)
    np.testing.assert_allclose(found.openness["estimate"], openness, atol=1e-5)


def test_least_squares_and_generalised_least_squares_equal_statsmodels(sample):
    """The same regression with its dummies written out and the whole covariance matrix."""
    pairs = sample[0]
    abroad = pairs[pairs["importer"] != pairs["exporter"]].reset_index(drop=True)
    X = pd.get_dummies(abroad["interval"]).astype(float)
    X[list(paper.TIES)] = abroad[list(paper.TIES)].astype(float)
    last = oecd.COUNTRIES[-1]
    is_ = {side: pd.get_dummies(abroad[side]).astype(float) for side in ("importer", "exporter")}
    for c in oecd.COUNTRIES[:-1]:
        source = is_["exporter"][c] - is_["importer"][c]
        X[f"S {c}"] = source - (is_["exporter"][last] - is_["importer"][last])
        X[f"m {c}"] = is_["importer"][c] - is_["importer"][last]
    X, y = X.to_numpy(), abroad["normalised_imports"].to_numpy()
    ols = sm.OLS(y, X).fit()
    mine = paper.trade_equation(pairs, "ols").effects
    np.testing.assert_allclose(mine["estimate"], ols.params[:10], rtol=1e-8)
    np.testing.assert_allclose(mine["se"], ols.bse[:10], rtol=1e-8)
    keys = list(zip(abroad["importer"], abroad["exporter"], strict=True))
    sigma = np.eye(len(y)) * (ols.resid**2).mean()
    back = [keys.index((i, n)) for n, i in keys]
    sigma[np.arange(len(y)), back] = (ols.resid * ols.resid[back]).mean()
    gls = sm.GLS(y, X, sigma=sigma).fit()
    mine = paper.trade_equation(pairs).effects
    np.testing.assert_allclose(mine["estimate"], gls.params[:10], rtol=1e-8)
    np.testing.assert_allclose(mine["se"], gls.bse[:10] / np.sqrt(gls.scale), rtol=1e-8)


def test_the_sample_world_is_recovered_within_its_standard_errors(sample):
    pairs, countries, _ = sample
    found = paper.trade_equation(pairs)
    truth = [*oecd.EFFECTS["interval"], *(oecd.EFFECTS[tie] for tie in paper.TIES)]
    t = (found.effects["estimate"] - truth) / found.effects["se"]
    assert abs(t).max() < 3.5  # the largest of ten
    t = found.competitiveness["estimate"].to_numpy() - countries["competitiveness"]
    t = t / found.competitiveness["se"].to_numpy()
    assert abs(t).max() < 3.5 and (abs(t) < 2).mean() > 0.8
    assert found.covariance == pytest.approx(oecd.COMMON**2, rel=0.5)
    assert found.variance == pytest.approx(oecd.COMMON**2 + oecd.NOISE**2, rel=0.3)


def test_a_missing_pair_and_an_unknown_method_are_refused(sample):
    with pytest.raises(BookError, match="every pair of countries once"):
        paper.trade_equation(sample[0].iloc[:-2])
    with pytest.raises(BookError, match="choose gls or ols"):
        paper.trade_equation(sample[0], "ppml")


# -- the elasticity ------------------------------------------------------------------------------


def test_instruments_undo_what_measurement_does_to_the_elasticity(sample):
    """Gaps with noise: least squares is pulled to zero, instruments come back to θ = 7.

    Four standard errors are allowed.
    """
    pairs, rng = sample[0], np.random.default_rng(3)
    S, y = without_noise(pairs, pd.Series(0.0, oecd.COUNTRIES))
    y = y + rng.normal(0, 0.2, len(y))
    source = S[pairs["exporter"]].to_numpy() - S[pairs["importer"]].to_numpy()
    gap = (source - y) / 7 + rng.normal(0, 0.05, len(y))
    gaps = pd.Series(gap, pd.MultiIndex.from_frame(pairs[["importer", "exporter"]])).unstack()
    changed = pairs.assign(normalised_imports=y)
    raw, _ = paper.theta_by_trade_and_prices(changed, gaps, instruments=False)
    theta, se = paper.theta_by_trade_and_prices(changed, gaps, instruments=True)
    assert raw < 6.5 and se < 0.25
    assert theta == pytest.approx(7, abs=4 * se)


def test_wages_reveal_the_elasticity(sample):
    countries = sample[1]
    wage = paper.effective_wage(countries)
    S = 2 + 1.1 * np.log(countries["research"]) - 5 / countries["education"] - 4.2 * np.log(wage)
    S = S.set_axis(countries["country"]).sort_values()  # in any order
    for instruments in (False, True):
        theta, se = paper.theta_by_wages(countries, S, instruments=instruments)
        assert theta == pytest.approx(4.2, rel=1e-6) and se < 1e-6


# -- calibration ---------------------------------------------------------------------------------


def truth(sample):
    """The trade equation of the sample world without estimation error."""
    pairs, countries, _ = sample
    known = countries.set_index("country")[["competitiveness"]].set_axis(["estimate"], axis=1)
    barrier = pairs.set_index(["importer", "exporter"])["barrier"].unstack()
    barrier = barrier.loc[countries["country"], countries["country"]]
    return paper.TradeEquation(None, known, None, barrier, 0.0, 0.0)


def test_the_true_parameters_give_back_the_sample_world(sample):
    pairs, countries, _ = sample
    found = paper.calibrate(pairs, countries, truth(sample), oecd.THETA)
    assert found.immobile["alpha"] == pytest.approx(oecd.ALPHA, rel=1e-9)
    np.testing.assert_allclose(found.baseline.wage, found.observed_wage, rtol=1e-8)
    value = pairs.set_index(["importer", "exporter"])["value"].unstack()
    value = value.loc[countries["country"], countries["country"]]
    np.testing.assert_allclose(found.baseline.trade, value, rtol=1e-7)


def test_both_kinds_of_labour_share_one_baseline_with_the_observed_gdp(sample):
    pairs, countries, _ = sample
    found = paper.calibrate(pairs, countries, paper.trade_equation(pairs), 5.0)
    mobile = solve(**found.mobile)
    np.testing.assert_allclose(mobile.labour, found.baseline.labour, rtol=1e-9)
    np.testing.assert_allclose(mobile.share, found.baseline.share, rtol=1e-9)
    np.testing.assert_allclose(found.baseline.income, countries["gdp"], rtol=1e-9)
    autarky = solve(**found.mobile | {"tau": np.where(np.eye(N) == 1, 1, np.inf)})
    gains = gains_from_trade(
        found.baseline.home_share, 5.0, alpha=found.mobile["alpha"], beta=paper.BETA
    )
    np.testing.assert_allclose(mobile.welfare / autarky.welfare, gains, rtol=1e-9)


def test_the_order_of_countries_does_not_matter(sample):
    pairs, countries, _ = sample
    equation = paper.trade_equation(pairs)
    found = paper.calibrate(pairs, countries, equation, 8.0)
    turned = paper.calibrate(pairs, countries.iloc[::-1], equation, 8.0)
    np.testing.assert_allclose(turned.baseline.wage[::-1], found.baseline.wage, rtol=1e-9)


def test_manufacturing_cannot_earn_more_than_gdp(sample):
    pairs, countries, _ = sample
    small = countries.assign(gdp=countries["gdp"] / 50)
    with pytest.raises(BookError, match="more in manufacturing than its whole GDP"):
        paper.calibrate(pairs, small, paper.trade_equation(pairs), 8.0)


# -- on the originals ----------------------------------------------------------------------------


@ORIGINAL
def test_estimates_are_those_in_the_authors_own_file(original):
    """Competitiveness and fitted barriers, which the file carries to seven digits."""
    pairs, countries, _ = original
    found = paper.trade_equation(pairs)
    ours = found.competitiveness["estimate"].to_numpy()
    np.testing.assert_allclose(ours, countries["competitiveness"], atol=1e-6)
    barrier = pairs.set_index(["importer", "exporter"])["barrier"].unstack()
    barrier = barrier.loc[countries["country"], countries["country"]]
    np.testing.assert_allclose(found.barrier, barrier, atol=1e-6)
    assert found.covariance / found.variance == pytest.approx(0.25, abs=0.02)  # "about a fourth"


@ORIGINAL
def test_the_estimated_elasticities_of_the_paper(original):
    pairs, countries, prices = original
    log_price = prices.pivot(index="country", columns="product", values="log_price")
    log_price = log_price.loc[countries["country"]]
    ratios = log_price.to_numpy()[:, None] - log_price.to_numpy()
    gaps = pd.DataFrame(np.sort(ratios)[..., -2] - ratios.mean(-1), *[log_price.index] * 2)
    theta, se = paper.theta_by_trade_and_prices(pairs, gaps, instruments=True)
    assert (round(theta, 2), round(se, 2)) == (12.86, 1.74)
    strength = paper.trade_equation(pairs).competitiveness["estimate"]
    assert paper.theta_by_wages(countries, strength, instruments=True)[0] == pytest.approx(
        3.60, abs=0.02
    )


@ORIGINAL
def test_counterfactuals_tell_the_papers_story(original):
    """Zero gravity multiplies trade by about five; 0.69 of barriers doubles it; four countries are
    natural manufacturers, whose manufacturing shrinks in autarky."""
    pairs, countries, _ = original
    found = paper.calibrate(pairs, countries, paper.trade_equation(pairs), 8.28)
    tau, base = found.mobile["tau"], found.baseline

    def trade(world):
        return world.trade.sum() - np.trace(world.trade)

    free = solve(**found.mobile | {"tau": np.ones((N, N))})
    lower = solve(**found.mobile | {"tau": 1 + 0.69 * (tau - 1)})
    assert trade(free) / trade(base) == pytest.approx(5, abs=0.5)
    assert trade(lower) / trade(base) == pytest.approx(2, abs=0.02)
    autarky = np.where(np.eye(N) == 1, 1, np.inf)
    shrinks = solve(**found.mobile | {"tau": autarky}).labour < base.labour
    falls = solve(**found.immobile | {"tau": autarky}).wage < base.wage
    four = {"DEU", "JPN", "SWE", "GBR"}
    assert set(countries["country"][shrinks]) == set(countries["country"][falls]) == four


@ORIGINAL
def test_original_and_sample_have_one_schema(original, sample):
    for one, other in zip(original, sample, strict=True):
        assert list(one.columns) == list(other.columns) and len(one) == len(other)
        assert one.dtypes.astype(str).tolist() == other.dtypes.astype(str).tolist()


# -- the reader ----------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    """Files of the documented form, filled from a seeded generator."""
    rng = np.random.default_rng(0)
    importer, exporter = np.repeat(np.arange(1, 20), 19), np.tile(np.arange(1, 20), 19)
    home = importer == exporter
    years = [np.column_stack([importer, exporter, np.full(361, y)]) for y in (89, 90)]
    logs = np.where(home, 0, -rng.uniform(1, 9, 361))
    tables = {
        "trade1": np.vstack(
            [np.hstack([y, np.c_[logs, logs], np.zeros((361, 12))]) for y in years]
        ),
        "trade2": np.full((722, 11), 9.0),
        "trade3": np.full((722, 9), 1000.0),
        "datafe": np.full((19, 43), 2.0),
        "pppdat1": rng.normal(0, 0.3, (900, 1)),
    }
    tables["datafe"][:, :5] = [[4e5, 2.0, 1e6, 2e4, 0.1]]
    tables["datafe"][:, 5:24] = np.where(np.eye(19) == 1, 0, -3.0)
    pair = pd.DataFrame({"distance": np.where(home, 0, 1000.0), "border": 0})
    pair[reader.INTERVALS] = 0
    pair["bin1500"] = 1
    pair["importer"], pair["exporter"] = importer, exporter
    ties = pd.DataFrame(1, range(342), ["sharedlanguage", "europeancom", "efta"])
    made = {"tables": tables, "ek-data.csv": pair, "ek-language.csv": ties}

    def write():
        savemat(tmp_path / "DATA_EK.mat", made["tables"])
        for name in ("ek-data.csv", "ek-language.csv"):
            made[name].to_csv(tmp_path / name, index=False)
        return {p.name: p for p in tmp_path.iterdir()}

    return made, write


def test_the_reader_gives_the_three_canonical_frames(files):
    _, write = files
    pairs, countries, prices = (reader.read(write(), part) for part in reader.PARTS)
    first = pairs.iloc[1]
    assert (first["importer"], first["exporter"]) == ("AUS", "AUT")
    assert first["distance"] == pytest.approx(1609.344) and first["interval"] == 3
    assert first["value"] == 1.0 and first["language"] == 1  # 2 units of a currency at 2 a dollar
    assert pairs.loc[pairs["importer"] == pairs["exporter"], "language"].sum() == 0
    assert countries["gdp"].iloc[0] == 2e5
    assert (prices.loc[prices["country"] == "USA", "log_price"] == 0).all()


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda m: m["tables"].pop("trade3"), "'trade3' is not of the documented form"),
        (lambda m: m["tables"].update(datafe=np.ones((18, 43))), "'datafe' is not of the"),
        (lambda m: m["tables"]["trade1"].__setitem__((361, 1), 5), "not ordered by importer"),
        (lambda m: m["ek-data.csv"].__setitem__("importer", 1), "are not the same"),
        (lambda m: m["ek-data.csv"].__setitem__("distance", 5e4), "'distance'.*from 0 to 20040 km"),
        (lambda m: m.update({"ek-language.csv": m["ek-language.csv"].iloc[:-1]}), "has 341 rows"),
    ],
)
def test_a_file_of_another_form_is_refused(files, harm, message):
    made, write = files
    harm(made)
    with pytest.raises(DataError, match=message):
        reader.read(write())


def test_another_part_or_a_broken_file_is_refused(files, tmp_path):
    _, write = files
    paths = write()
    with pytest.raises(DataError, match="choose one of pairs, countries, prices"):
        reader.read(paths, "wages")
    paths["DATA_EK.mat"].write_bytes(b"no matlab file")
    with pytest.raises(DataError, match="no MATLAB file that can be read"):
        reader.read(paths, "prices")
    with pytest.raises(DataError, match="choose one of pairs, countries, prices"):
        data.load("eaton_kortum_2002", tier="sample", part="wages")
