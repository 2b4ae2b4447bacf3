"""Instruments, wild bootstrap, permutations and influence against peers and enumeration."""

from itertools import product

import numpy as np
import pandas as pd
import pyfixest
import pytest
import statsmodels.api as sm
from linearmodels.iv import IV2SLS
from scipy import stats
from test_estimation_fixed_effects import X, panel

from lib import estimation
from lib.errors import BookError
from lib.estimation._design import quiet

ABSORB = ["country", "year"]


def instrumented(seed=1, strength=1.0, **size):
    """`trade` depends on what moves y too; `cost` and `wind` move trade only."""
    frame = panel(seed=seed, **size)
    rng = np.random.default_rng(seed + 100)
    hidden = rng.normal(size=len(frame))
    frame["cost"], frame["wind"] = rng.normal(size=(2, len(frame)))
    push = strength * (frame["cost"] + 0.5 * frame["wind"])
    frame["trade"] = push + hidden + rng.normal(size=len(frame))
    frame["y"] = 1.5 * frame["trade"] - frame["size"] + 3 * hidden + rng.normal(size=len(frame))
    return frame


def with_dummies(frame):
    parts = [pd.get_dummies(frame[e], dtype=float).iloc[:, 1:].add_prefix(e) for e in ABSORB]
    return sm.add_constant(pd.concat([frame[["size"]], *parts], axis=1))


@pytest.mark.parametrize("z", [["cost"], ["cost", "wind"]])
def test_two_stages_are_those_of_linearmodels_with_dummies(z):
    frame = instrumented()
    ours = estimation.iv(frame, "y", "size", "trade", z, ABSORB, "country", correction="none")
    groups = frame["country"].factorize()[0]
    peer = IV2SLS(frame["y"], with_dummies(frame), frame["trade"], frame[z])
    peer = peer.fit(cov_type="clustered", clusters=groups)
    names = ["trade", "size"]
    assert list(ours.params.index) == names
    np.testing.assert_allclose(ours.params, peer.params[names], rtol=1e-8)
    np.testing.assert_allclose(ours.std_errors, peer.std_errors[names], rtol=1e-8)
    np.testing.assert_allclose(ours.residuals, peer.resids, atol=1e-8)
    assert ours.r2 == pytest.approx(peer.rsquared, rel=1e-8)
    # linearmodels' first-stage statistic is the clustered Wald test of the instruments.
    wald = peer.first_stage.diagnostics.loc["trade", "f.stat"]
    assert ours.weak_f * len(z) == pytest.approx(wald, rel=1e-6)


def test_one_instrument_gives_the_ratio_of_reduced_form_and_first_stage():
    ours = estimation.iv(instrumented(), "y", "size", "trade", "cost", ABSORB, "country")
    first, reduced = ours.first_stage, ours.reduced_form
    ratio = reduced.params["cost"] / first.params["cost"]
    assert ours.params["trade"] == pytest.approx(ratio, rel=1e-9)
    assert ours.weak_f == pytest.approx(first.tstats["cost"] ** 2, rel=1e-9)
    assert ours.anderson_rubin["statistic"] == pytest.approx(reduced.tstats["cost"] ** 2, rel=1e-9)
    assert ours.anderson_rubin["p"] == pytest.approx(reduced.pvalues["cost"], rel=1e-7)


def test_the_lm_statistic_is_clusters_times_r2_of_one_on_the_scores():
    """A score test is G·R² (uncentred) of a constant on the clusters' scores: another road."""
    frame, z = instrumented(), ["cost", "wind"]
    ours = estimation.iv(frame, "y", "size", "trade", z, ABSORB, "country")
    other = with_dummies(frame)
    net = {name: sm.OLS(frame[name], other).fit().resid for name in ["trade", *z]}
    scores = pd.DataFrame({name: net[name] * net["trade"] for name in z})
    scores = scores.groupby(frame["country"]).sum()
    expected = len(scores) * sm.OLS(np.ones(len(scores)), scores).fit().rsquared
    assert ours.underidentification["statistic"] == pytest.approx(expected, rel=1e-8)
    assert ours.underidentification["df"] == 2


def test_instruments_recover_what_least_squares_misses():
    frame = instrumented(countries=60)
    ours = estimation.iv(frame, "y", [*X[1:]], "trade", "cost", ABSORB, "country")
    assert abs(ours.params["trade"] - 1.5) < 3 * ours.std_errors["trade"]
    plain = estimation.hdfe(frame, "y", X, ABSORB, "country")
    assert plain.params["trade"] - 1.5 > 5 * plain.std_errors["trade"]


def test_unusable_instruments_are_refused():
    frame = instrumented()
    with pytest.raises(BookError, match="at least one instrument"):
        estimation.iv(frame, "y", "size", "trade", [], ABSORB, "country")
    with pytest.raises(BookError, match="'size' is named twice"):
        estimation.iv(frame, "y", "size", "trade", "size", ABSORB, "country")


@pytest.mark.slow
def test_a_useless_instrument_passes_the_lm_test_at_its_level():
    """Under the null the statistic is χ²(1): 5 % of 500 worlds, give or take three binomial
    standard errors (2.9 points)."""
    worlds = (instrumented(s, strength=0.0, countries=40) for s in range(500))
    p = [
        estimation.iv(w, "y", "size", "trade", "cost", ABSORB, "country").underidentification["p"]
        for w in worlds
    ]
    assert abs(np.mean(np.array(p) < 0.05) - 0.05) < 0.029


def enumerated(frame, name):
    """The share of all 2^G sign flips of null residuals whose t is at least the data's."""
    dummies = [pd.get_dummies(frame[e], dtype=float).iloc[:, 1:] for e in ABSORB]
    full = np.column_stack([frame[X], np.ones(len(frame)), *dummies])
    at, groups = X.index(name), frame["country"].factorize()[0]
    null = np.delete(full, at, 1)
    y = frame["y"].to_numpy()
    fitted = null @ np.linalg.lstsq(null, y, rcond=None)[0]

    def t(outcome):
        b = np.linalg.solve(full.T @ full, full.T @ outcome)
        bread = np.linalg.inv(full.T @ full)
        scores = full * (outcome - full @ b)[:, None]
        sums = np.array([scores[groups == g].sum(0) for g in range(groups.max() + 1)])
        return b[at] / np.sqrt((bread @ sums.T @ sums @ bread)[at, at])

    flips = [
        t(fitted + np.array(v)[groups] * (y - fitted))
        for v in product([-1, 1], repeat=groups.max() + 1)
    ]
    return t(y), np.mean(np.abs(flips) >= abs(t(y)) - 1e-9)


@pytest.mark.filterwarnings("default:2\\^G")
def test_the_wild_bootstrap_is_the_enumeration_of_all_sign_flips():
    """With six countries there are 64 flips. The data's own and its mirror image (2 of 64) tie with
    the data; the library's strict comparison counts a tie or not as rounding falls."""
    frame = panel(6, 9, seed=4, noise=4.0)
    frame["y"] -= 1.8 * frame["trade"]
    t, p = enumerated(frame, "trade")
    ours = estimation.wild_bootstrap(frame, "y", X, ABSORB, "country", param="trade", draws=999)
    assert ours["t"] == pytest.approx(t, rel=1e-8)
    assert p - 2 / 64 - 1e-9 <= ours["p"] <= p + 1e-9


@pytest.mark.parametrize("weights", ["rademacher", "webb"])
def test_the_wild_bootstrap_is_pyfixests(weights):
    frame = panel(20, seed=2)
    frame["code"] = frame["country"].factorize()[0]
    with quiet():
        fit = pyfixest.feols("y ~ trade + size | code + year", frame, vcov={"CRV1": "code"})
        peer = fit.wildboottest(reps=499, param="size", weights_type=weights, seed=7)
    ours = estimation.wild_bootstrap(
        frame, "y", X, ABSORB, "country", param="size", draws=499, weights=weights, seed=7
    )
    assert ours["p"] == pytest.approx(float(peer["Pr(>|t|)"]), abs=1e-12)


def test_the_wild_bootstrap_stands_effects_that_overlap():
    """Regions of countries add nothing to countries, and neither do the units of a regressor."""
    frame = panel(12, seed=2)
    frame["region"], frame["euro"] = frame["country"] < "C06", 1e6 * frame["size"]
    options = {"cluster": "country", "param": "trade", "draws": 299}
    plain = estimation.wild_bootstrap(frame, "y", X, ABSORB, **options)
    more = [*ABSORB, "region", ("region", "country")]
    again = estimation.wild_bootstrap(frame, "y", ["trade", "euro"], more, **options)
    np.testing.assert_allclose(again, plain, rtol=1e-9)


def test_permuted_estimates_are_those_of_regressions_on_permuted_data():
    frame = panel(8, 6).sample(frac=1, random_state=0)
    found = estimation.randomisation_inference(frame, "y", "trade", ["size"], draws=3, seed=9)
    plain = estimation.hdfe(frame, "y", X, ABSORB, "country", correction="none")
    assert found.coef == pytest.approx(plain.params["trade"], rel=1e-9)
    assert found.t == pytest.approx(plain.tstats["trade"], rel=1e-9)
    rng, paths = np.random.default_rng(9), frame.pivot(index="country", columns="year")["trade"]
    for d in range(3):
        moved = paths.set_axis(paths.index[np.argsort(rng.permutation(8))]).stack()
        permuted = frame.drop(columns="trade").merge(
            moved.rename("trade").reset_index(), on=["country", "year"]
        )
        again = estimation.hdfe(permuted, "y", X, ABSORB, "country", correction="none")
        assert found.draws["coef"][d] == pytest.approx(again.params["trade"], rel=1e-8)
        assert found.draws["t"][d] == pytest.approx(again.tstats["trade"], rel=1e-8)


def test_permutation_finds_an_effect_and_no_effect():
    frame = panel(16, 8, noise=0.5)
    assert estimation.randomisation_inference(frame, "y", "trade", ["size"], draws=499).p_t < 0.01
    frame["noise"] = np.random.default_rng(3).normal(size=len(frame))
    idle = estimation.randomisation_inference(frame, "y", "noise", X, draws=499)
    assert idle.p_t > 0.05 and idle.p_coef > 0.05


@pytest.mark.slow
def test_permutation_rejects_a_true_null_at_its_level():
    """Paths drawn alike are exchangeable, so p is uniform: 5 % of 400 worlds, ± 3.3 points."""
    p = []
    for s in range(400):
        frame = panel(15, 6, seed=s)
        frame["idle"] = np.random.default_rng(10_000 + s).normal(size=(15, 6)).cumsum(1).ravel()
        p.append(estimation.randomisation_inference(frame, "y", "idle", draws=99, seed=s).p_t)
    assert abs(np.mean(np.array(p) <= 0.05) - 0.05) < 0.033
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_leaving_one_out_is_estimating_on_the_rest():
    frame = panel()
    found = estimation.leave_one_out(frame, "y", X, ABSORB, "country")
    rest = frame[frame["country"] != "C03"]
    again = estimation.hdfe(rest, "y", X, ABSORB, "country")
    expected = [again.params["trade"], again.std_errors["trade"], again.pvalues["trade"]]
    np.testing.assert_allclose(found.loc["C03"], [*expected, len(rest)], rtol=1e-12)
    assert len(found) == 12


def test_unusable_requests_are_refused():
    frame = panel()
    for options, message in [
        ({"param": "wage"}, "no regressor 'wage'"),
        ({"param": "trade", "weights": "normal"}, "No weights 'normal'"),
        ({"param": "trade", "draws": 9}, "9 draws are too few"),
    ]:
        with pytest.raises(BookError, match=message):
            estimation.wild_bootstrap(frame, "y", X, ABSORB, "country", **options)
    with pytest.raises(BookError, match="balanced panel"):
        estimation.randomisation_inference(frame[1:], "y", "trade")
    with pytest.raises(BookError, match="0 draws"):
        estimation.randomisation_inference(frame, "y", "trade", draws=0)
