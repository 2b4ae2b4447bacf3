"""What the estimators of chapter 15 do in worlds whose rule is known."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from lib import data, sample
from lib.errors import BookError
from lib.estimation import glm, hdfe, omitted, slopes

N = 40
"""Countries, on a sphere-like spread of distances from 150 to 19,000 km."""


def pairs(seed, gaps=3):
    """Return pairs of N countries with log distance and changes of shares that shrink with it."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(-1, 1, (N, 3))
    place /= np.linalg.norm(place, axis=1)[:, None]
    km = 6371 * np.arccos(np.clip(place @ place.T, -1, 1))
    i, j, t = np.meshgrid(np.arange(N), np.arange(N), np.arange(gaps), indexing="ij")
    frame = pd.DataFrame({"exporter": i.ravel(), "importer": j.ravel(), "year": t.ravel()})
    frame = frame[frame["exporter"] != frame["importer"]].reset_index(drop=True)
    distance = np.log(np.maximum(km[frame["exporter"], frame["importer"]], 150))
    size = np.exp(-(distance - distance.mean()))
    frame["centred"] = distance - distance.mean()
    frame["distance"] = distance
    frame["share"] = np.minimum(size, 3) * rng.uniform(-1, 1, len(frame))
    frame["pair"] = frame["exporter"] * N + frame["importer"]
    frame["interaction"] = distance * frame["share"]
    return frame.assign(centred_interaction=frame["centred"] * frame["share"])


def formed(frame, near, share, interaction, seed):
    """Draw agreements from a linear probability rule in centred terms."""
    chance = 0.4 - near * frame["centred"] + share * frame["share"]
    chance += interaction * frame["centred_interaction"]
    assert chance.between(0, 1).all()
    return (np.random.default_rng(seed).uniform(size=len(frame)) < chance).astype(float)


PRINTED = ["interaction"]
FULL = ["centred_interaction", "share", "centred"]


def test_the_interaction_alone_is_nearly_the_share_itself():
    frame = pairs(0)
    assert np.corrcoef(frame["interaction"], frame["share"])[0, 1] > 0.97


@pytest.mark.parametrize("interaction", [-0.01, 0.0, 0.01])
def test_the_printed_specification_reports_the_sign_of_the_share_whatever_the_interaction(
    interaction,
):
    """Rule: a supplier that grows becomes a partner, more or less so when near.

    The printed regression finds a positive coefficient in each case, and a negative one when the
    effect of the share is turned round; the full one finds the interaction itself. A hundred draws
    on one set of pairs; means must lie within four standard errors of the mean.
    """
    frame = pairs(1)
    for share in (0.04, -0.04):
        draws = {f"y{d}": formed(frame, 0.03, share, interaction, d) for d in range(100)}
        outcomes = pd.DataFrame(draws)
        printed = slopes(frame, outcomes, PRINTED, ["exporter", "year"]).loc["interaction"]
        full = slopes(frame, outcomes, FULL, ["exporter", "year"])
        assert np.sign(printed.mean()) == np.sign(share)
        assert (np.sign(printed) == np.sign(share)).mean() > 0.9
        for name, truth in (("centred_interaction", interaction), ("share", share)):
            error = full.loc[name].std() / 10
            assert full.loc[name].mean() == pytest.approx(truth, abs=4 * error)


def test_the_printed_specification_finds_nothing_where_only_distance_matters():
    """Its t statistic then has the size that it should: it is not biased under this null."""
    frame = pairs(2)
    rejected = 0
    for seed in range(60):
        world = frame.assign(y=formed(frame, 0.04, 0.0, 0.0, seed))
        rejected += hdfe(world, "y", PRINTED, ["exporter", "year"], "pair").pvalues.iloc[0] < 0.05
    assert rejected <= 9  # binomial(60, 0.05) exceeds 9 with probability 0.001


def test_centring_moves_the_main_effect_and_not_the_interaction():
    frame = pairs(3).assign(y=lambda f: formed(f, 0.03, 0.04, -0.01, 3))
    raw = slopes(frame, ["y"], ["interaction", "share", "distance"], ["exporter", "year"])["y"]
    centred = slopes(frame, ["y"], FULL, ["exporter", "year"])["y"]
    assert raw["interaction"] == pytest.approx(centred["centred_interaction"], rel=1e-8)
    mean = frame["distance"].mean()
    assert raw["share"] + mean * raw["interaction"] == pytest.approx(centred["share"], rel=1e-8)


def test_the_parts_of_a_short_coefficient_add_up_and_agree_with_statsmodels():
    frame = pairs(4).assign(y=lambda f: formed(f, 0.03, 0.04, -0.01, 4))
    parts = omitted(frame, "y", PRINTED, ["share", "distance"], ["exporter", "year"])
    row = parts.loc["interaction"]
    assert row["own"] + row["share"] + row["distance"] == pytest.approx(row["short"], rel=1e-10)
    dummies = "C(exporter) + C(year)"
    short = smf.ols(f"y ~ interaction + {dummies}", frame).fit().params["interaction"]
    long = smf.ols(f"y ~ interaction + share + distance + {dummies}", frame).fit().params
    assert row["short"] == pytest.approx(short, rel=1e-8)
    assert row["own"] == pytest.approx(long["interaction"], rel=1e-8)


def test_a_hazard_in_distance_and_share_is_recovered_with_two_way_effects():
    """Logit rule with country-year effects; 95 % intervals of both slopes hold the truth."""
    rng = np.random.default_rng(7)
    frame = pairs(5, gaps=4)
    frame["importance"] = -frame["centred"] + rng.normal(size=len(frame))
    linear = -1.2 - 1.0 * frame["centred"] + 0.5 * frame["importance"]
    linear += rng.normal(size=(N, 4))[frame["exporter"], frame["year"]]
    linear += rng.normal(size=(N, 4))[frame["importer"], frame["year"]]
    frame["y"] = (rng.uniform(size=len(frame)) < 1 / (1 + np.exp(-linear))).astype(int)
    effects = [("exporter", "year"), ("importer", "year")]
    fit = glm(frame, "y", ["centred", "importance"], effects, "pair")
    # Some 300 effects on 6,240 rows blow slopes up by a few per cent, below one standard error.
    assert abs(fit.params["centred"] + 1.0) < 3 * fit.std_errors["centred"]
    assert abs(fit.params["importance"] - 0.5) < 3 * fit.std_errors["importance"]


def test_many_outcomes_at_once_are_each_outcome_alone():
    frame = pairs(6)
    frame = frame.assign(**{f"y{d}": formed(frame, 0.03, 0.02, 0.0, d) for d in range(3)})
    together = slopes(frame, ["y0", "y1", "y2"], FULL, ["exporter", "year"])
    for name in together:
        alone = hdfe(frame, name, FULL, ["exporter", "year"], "pair")
        np.testing.assert_allclose(together[name], alone.params, rtol=1e-8)
    with pytest.raises(BookError, match="no column 'y9'"):
        slopes(frame, ["y9"], FULL)


# -- the sample world: the hypothesis of Li & Chen (2023) with main effects ------------------------


@pytest.fixture(scope="module")
def sample_world():
    truth = sample.agreement_parameters()
    made = sample.agreement_formation(pwt_91=data.load("pwt_91"), capitals=data.load("capitals"))
    made = made[made["year"] > truth.years[0]].assign(pair=made["country"] + made["partner"])
    made["growth_x_km"] = made["d_share"] * made["log_distance"]
    made["printed"] = made["d_share"] * (made["log_distance"] + np.log(truth.reference_km))
    return made, truth


@pytest.mark.slow
def test_in_the_sample_world_the_printed_specification_has_the_wrong_sign(sample_world):
    made, truth = sample_world
    effects = ["country", "year"]
    assert truth.interaction < 0 < truth.importance
    printed = hdfe(made, "formed", ["printed"], effects, "pair")
    assert printed.tstats["printed"] > 2
    x = ["growth_x_km", "d_share", "log_distance"]
    assert hdfe(made, "formed", x, effects, "pair").tstats["growth_x_km"] < -2


@pytest.mark.slow
def test_in_the_sample_world_the_logit_with_main_effects_recovers_the_rule(sample_world):
    made, truth = sample_world
    new = made[made["held"] == 0]
    rule = {
        "growth_x_km": truth.interaction,
        "d_share": truth.importance,
        "log_distance": truth.distance,
        "log_size": truth.size,
    }
    fit = glm(new, "formed", list(rule), ["year"], "pair")
    # One draw: each estimate lies within three of its standard errors.
    assert ((fit.params - pd.Series(rule)).abs() < 3 * fit.std_errors).all()
    assert fit.params["growth_x_km"] < -2 * fit.std_errors["growth_x_km"]
