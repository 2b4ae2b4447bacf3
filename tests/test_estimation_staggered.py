"""Staggered treatment: a simulated truth, the package pyfixest, and the bias of fixed effects."""

import numpy as np
import pandas as pd
import pyfixest
import pytest

from lib import estimation
from lib.errors import BookError

EFFECTS = ["unit", "year"]


def adoption(units=120, years=14, seed=5, growth=0.3, noise=0.5):
    """Two thirds of the units start between years 3 and 11; the effect grows by `growth` a year.

    Early starters gain twice as much, so effects differ by cohort as well as by age.
    """
    rng = np.random.default_rng(seed)
    unit, year = (axis.ravel() for axis in np.indices((units, years)))
    start = np.where(rng.random(units) < 2 / 3, rng.integers(3, 12, units), 99)[unit]
    frame = pd.DataFrame({"unit": unit, "year": year, "start": start})
    frame["on"] = (year >= start).astype(float)
    frame["age"] = np.where(frame["on"] > 0, year - start, -1)
    frame["truth"] = frame["on"] * growth * (frame["age"] + 1) * np.where(start < 7, 2, 1)
    frame["y0"] = rng.normal(size=units)[unit] + rng.normal(size=years)[year]
    frame["y"] = frame["y0"] + frame["truth"] + noise * rng.normal(size=len(frame))
    return frame


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
def test_the_estimate_is_that_of_the_two_stage_package():
    """did2s of pyfixest imputes in the same way, its effects to 1e-6; dummies do it exactly."""
    frame = adoption()
    ours = estimation.imputation(frame, "y", "on", EFFECTS, "unit")
    Z = pd.concat([pd.get_dummies(frame[e], dtype=float, prefix=e) for e in EFFECTS], axis=1)
    on = frame["on"] > 0
    fixed = np.linalg.lstsq(Z[~on].to_numpy(), frame.loc[~on, "y"].to_numpy(), rcond=None)[0]
    exact = (frame["y"] - Z @ fixed)[on].mean()
    assert ours.params["effect"] == pytest.approx(exact, rel=1e-9)
    peer = pyfixest.did2s(frame, "y", "~ 0 | unit + year", "~ on", "on", "unit")
    assert ours.params["effect"] == pytest.approx(peer.coef()["on"], rel=1e-5)
    assert ours.std_errors["effect"] == pytest.approx(peer.se()["on"], rel=0.35)


def test_without_noise_every_effect_is_found():
    frame = adoption(noise=0.0)
    ours = estimation.imputation(frame, "y", "on", EFFECTS, "unit")
    truth = frame.loc[ours.effects.index, "truth"]
    np.testing.assert_allclose(ours.effects, truth, atol=1e-8)
    assert ours.treated == (frame["on"] > 0).sum() and ours.impossible == 0


def test_the_truth_is_found_where_two_way_fixed_effects_are_biased():
    """Early starters serve as controls of later ones while their effect still grows."""
    gaps = {"imputation": [], "fixed effects": []}
    for seed in range(40):
        frame = adoption(seed=seed)
        truth = frame.loc[frame["on"] > 0, "truth"].mean()
        ours = estimation.imputation(frame, "y", "on", EFFECTS, "unit").params["effect"]
        biased = estimation.hdfe(frame, "y", "on", EFFECTS, "unit").params["on"]
        gaps["imputation"].append(ours - truth)
        gaps["fixed effects"].append(biased - truth)
    mean, error = np.mean(gaps["imputation"]), np.std(gaps["imputation"]) / np.sqrt(40)
    assert abs(mean) < 3 * error
    assert np.mean(gaps["fixed effects"]) < -0.2


def test_intervals_cover_at_least_as_often_as_they_say():
    """The variance is conservative where effects differ within a group, so 95 % is a floor."""
    covered = []
    for seed in range(150):
        frame = adoption(units=60, years=8, seed=seed, growth=0.1)
        ours = estimation.imputation(frame, "y", "on", EFFECTS, "unit")
        low, high = ours.conf_int().loc["effect"]
        covered.append(low <= frame.loc[frame["on"] > 0, "truth"].mean() <= high)
    assert np.mean(covered) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 150)


def test_effects_by_age_and_per_unit_of_dose():
    frame = adoption(noise=0.0)
    by_age = estimation.imputation(frame, "y", "on", EFFECTS, "unit", by="age").params
    truth = frame[frame["on"] > 0].groupby("age")["truth"].mean()
    np.testing.assert_allclose(by_age, truth, atol=1e-8)
    frame["depth"] = frame["on"] * (1 + frame["unit"] % 3)
    frame["y"] = frame["y0"] + 0.7 * frame["depth"]
    slope = estimation.imputation(frame, "y", "depth", EFFECTS, "unit", dose=True)
    assert slope.params["effect"] == pytest.approx(0.7, abs=1e-8)


def test_who_is_always_treated_is_left_out_and_counted():
    frame = adoption()
    frame.loc[frame["unit"] < 3, "on"] = 1.0
    assert estimation.imputation(frame, "y", "on", EFFECTS, "unit").impossible == 3 * 14


def test_a_treatment_without_controls_is_refused():
    frame = adoption().assign(on=1.0)
    with pytest.raises(BookError, match="needs rows at zero"):
        estimation.imputation(frame, "y", "on", EFFECTS, "unit")


# -- power ---------------------------------------------------------------------------------------


def test_power_is_the_share_of_fresh_samples_that_find_the_effect():
    """Two hundred new draws of errors against the wild bootstrap of one sample."""
    rng = np.random.default_rng(0)
    base = adoption(growth=0.0, units=80, years=10)
    effect, found = 0.08, []
    for _ in range(200):
        y = base["y0"] + effect * base["on"] + 0.5 * rng.normal(size=len(base))
        fit = estimation.hdfe(base.assign(y=y), "y", "on", EFFECTS, "unit")
        found.append(fit.pvalues["on"] < 0.05)
    ours = estimation.power(
        base, "y", ["on"], EFFECTS, "unit", param="on", effects=[0.0, effect, 1.0]
    )
    assert ours.loc[effect, "rejects"] == pytest.approx(np.mean(found), abs=0.15)
    assert ours.loc[effect, "formula"] == pytest.approx(ours.loc[effect, "rejects"], abs=0.06)
    assert ours.loc[0.0, "rejects"] == pytest.approx(0.05, abs=0.03)
    assert ours.loc[1.0, "rejects"] == 1.0 and (ours["covers"] > 0.92).all()


def test_power_of_an_unknown_parameter_is_refused():
    with pytest.raises(BookError, match="no regressor 'depth'"):
        estimation.power(adoption(), "y", ["on"], EFFECTS, "unit", param="depth", effects=[1.0])
