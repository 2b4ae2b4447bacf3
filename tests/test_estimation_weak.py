"""Sets that hold with weak instruments, several endogenous regressors, overidentification."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from linearmodels.iv import IV2SLS
from scipy import stats

from lib.errors import BookError
from lib.estimation import ConfidenceSet, anderson_rubin_set, iv, overidentification, two_stage


def world(strength, instruments=1, n=150, seed=0, beta=0.5, own=0.7):
    """y = βx + u with x endogenous; heteroskedastic; each row its own unit."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, instruments))
    u, v = rng.normal(size=(2, n))
    x = strength * z.sum(1) + 0.7 * u + own * v
    frame = pd.DataFrame(z, columns=[f"z{i}" for i in range(instruments)])
    frame["x"], frame["y"] = x, beta * x + u * (1 + 0.3 * np.abs(z[:, 0]))
    return frame.assign(unit=np.arange(n), w=rng.normal(size=n), group=np.arange(n) // 5)


def names(frame):
    return [c for c in frame if c.startswith("z")]


@pytest.mark.parametrize("instruments", [1, 2, 3])
@pytest.mark.parametrize("cluster", ["unit", "group"])
def test_the_ends_of_the_set_are_just_refused_by_the_reduced_form(instruments, cluster):
    """At an end b, the F test of the instruments for y − bx has a p-value of five per cent."""
    frame = world(0.6, instruments)
    found = anderson_rubin_set(frame, "y", ["w"], "x", names(frame), [], cluster)
    assert found.bounded and len(found.intervals) == 1
    for end in found.intervals[0]:
        moved = frame.assign(left=frame["y"] - end * frame["x"])
        test = iv(moved, "left", ["w"], "x", names(frame), [], cluster).anderson_rubin
        assert test["p"] == pytest.approx(0.05, abs=1e-9)


def test_without_clusters_the_ends_agree_with_statsmodels_robust_wald_test():
    frame = world(0.6, 2)
    found = anderson_rubin_set(frame, "y", [], "x", names(frame))
    for end in found.intervals[0]:
        fit = sm.OLS(frame["y"] - end * frame["x"], sm.add_constant(frame[names(frame)]))
        test = fit.fit(cov_type="HC1").f_test(np.eye(3)[1:])
        p = stats.f.sf(test.fvalue, 2, len(frame) - 3)
        assert p == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize("instruments", [1, 2, 3])
@pytest.mark.parametrize("seed", range(2))
def test_membership_agrees_with_the_test_on_a_grid(instruments, seed):
    """Whatever its shape, interval, rays, all or nothing, the set holds what the test accepts."""
    frame = world(0.12, instruments, n=60, seed=seed)
    found = anderson_rubin_set(frame, "y", [], "x", names(frame), [], "unit", level=0.9)
    for b in np.linspace(-30, 30, 16):
        moved = frame.assign(left=frame["y"] - b * frame["x"])
        p = iv(moved, "left", [], "x", names(frame), [], "unit").anderson_rubin["p"]
        assert (b in found) == (p >= 0.1)


def test_no_first_stage_gives_an_unbounded_set_and_a_strong_one_the_usual_interval():
    assert not anderson_rubin_set(world(0.0), "y", [], "x", "z0", [], "unit").bounded
    frame = world(3.0, n=4000)
    (low, high), *rest = anderson_rubin_set(frame, "y", [], "x", "z0", [], "unit").intervals
    wald = iv(frame, "y", [], "x", "z0", [], "unit").conf_int().loc["x"]
    assert not rest
    # The two differ by a term of order one over the first stage's F, here above 10,000.
    np.testing.assert_allclose([low, high], wald, atol=2e-4)


@pytest.mark.slow
def test_the_set_covers_with_a_hopeless_instrument_and_the_usual_interval_does_not():
    held, wald = [], []
    for seed in range(300):
        frame = world(0.05, seed=seed, own=0.05)
        held.append(0.5 in anderson_rubin_set(frame, "y", [], "x", "z0", [], "unit"))
        low, high = iv(frame, "y", [], "x", "z0", [], "unit").conf_int().loc["x"]
        wald.append(low <= 0.5 <= high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.04)  # three standard errors of 300 draws
    assert np.mean(wald) < np.mean(held) - 0.02


def test_instruments_that_contradict_each_other_leave_nothing_and_fail_the_test():
    frame = world(1.0, 2, n=2000)
    frame["y"] += 1.5 * frame["z1"]
    assert anderson_rubin_set(frame, "y", [], "x", ["z0", "z1"], [], "unit").text() == "empty"
    assert overidentification(frame, "y", [], "x", ["z0", "z1"], [], "unit")["p"] < 1e-6
    assert overidentification(world(1.0, 2), "y", [], "x", ["z0", "z1"])["p"] > 0.05


def test_the_printed_form_of_a_set():
    assert ConfidenceSet(((-0.0541, 0.8466),), 0.95).text(3) == "[−0.054, 0.847]"
    assert ConfidenceSet(((-np.inf, -1.0), (0.3, np.inf)), 0.95).text(1) == "(−∞, −1.0] ∪ [0.3, ∞)"
    assert anderson_rubin_set(world(0.0), "y", [], "x", "z0", [], "unit").text() == "(−∞, ∞)"


def test_two_endogenous_regressors_against_linearmodels_on_dummies():
    rng = np.random.default_rng(2)
    n = 900
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=["z0", "z1", "w", "u"])
    frame["e"], frame["t"], frame["pair"] = np.arange(n) % 9, np.arange(n) % 4, np.arange(n) // 3
    frame["x0"] = frame["z0"] + 0.3 * frame["z1"] + 0.5 * frame["u"] + rng.normal(size=n)
    frame["x1"] = 0.6 * frame["z1"] - 0.5 * frame["u"] + rng.normal(size=n) + 0.1 * frame["e"]
    frame["y"] = frame["x0"] - 2 * frame["x1"] + frame["w"] + frame["u"] + 0.2 * frame["e"]
    ours, first = two_stage(frame, "y", "w", ["x0", "x1"], ["z0", "z1"], ["e", "t"], "pair")
    dummies = [pd.get_dummies(frame[c], prefix=c, dtype=float) for c in "et"]
    exog = pd.concat([frame["w"], dummies[0], dummies[1].iloc[:, 1:]], axis=1)
    fit = IV2SLS(frame["y"], exog, frame[["x0", "x1"]], frame[["z0", "z1"]])
    fit = fit.fit(cov_type="clustered", clusters=frame["pair"], debiased=False)
    names = ["x0", "x1", "w"]
    g, k = frame["pair"].nunique(), 1 + len(names) + 8 + 3
    factor = np.sqrt(g / (g - 1) * (n - 1) / (n - k))
    np.testing.assert_allclose(ours["coef"], fit.params[names], rtol=1e-9)
    np.testing.assert_allclose(ours["std_error"], factor * fit.std_errors[names], rtol=1e-9)
    assert (ours["coef"] - [1, -2, 1]).abs().max() < 4 * ours["std_error"].max()
    for name in ("x0", "x1"):
        stage = iv(frame, "y", ["w"], name, ["z0", "z1"], ["e", "t"], "pair")
        assert first.loc[name, "F"] == pytest.approx(stage.weak_f, rel=1e-8)
    assert first["shea_r2"].between(0, 1).all()


def test_one_endogenous_regressor_is_the_room_s_own_iv():
    frame = world(0.6, 2)
    ours, first = two_stage(frame, "y", [], ["x"], ["z0", "z1"], [], "group")
    other = iv(frame, "y", [], "x", ["z0", "z1"], [], "group")
    assert ours.loc["x", "coef"] == pytest.approx(other.params["x"], rel=1e-10)
    assert ours.loc["x", "std_error"] == pytest.approx(other.std_errors["x"], rel=1e-10)
    assert ours.loc["x", "p"] == pytest.approx(other.pvalues["x"], rel=1e-8)
    assert first.loc["x", "F"] == pytest.approx(other.weak_f, rel=1e-8)


def test_too_few_instruments_or_a_senseless_level_are_refused():
    frame = world(0.6)
    with pytest.raises(BookError, match="need as many instruments"):
        two_stage(frame, "y", [], ["x", "w"], ["z0"])
    with pytest.raises(BookError, match="nothing to test"):
        overidentification(frame, "y", [], "x", "z0")
    with pytest.raises(BookError, match="between 0 and 1"):
        anderson_rubin_set(frame, "y", [], "x", "z0", level=1)
    with pytest.raises(BookError, match="instrument is needed"):
        anderson_rubin_set(frame, "y", [], "x", [])
