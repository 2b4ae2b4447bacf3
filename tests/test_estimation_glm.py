"""Logit, probit, Poisson and negative binomial with effects, against statsmodels on dummies."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from lib.errors import BookError
from lib.estimation import glm

EFFECTS = ["exporter", "year"]


@pytest.fixture(scope="module")
def world():
    """3,000 rows, 30 exporters, 3 years, 400 pairs; a regressor in other units than the other."""
    rng = np.random.default_rng(14)
    n = 3000
    frame = pd.DataFrame(
        {
            "exporter": rng.integers(0, 30, n),
            "year": rng.integers(0, 3, n),
            "pair": rng.integers(0, 400, n),
            "a": rng.normal(size=n),
            "b": 50 * rng.normal(size=n),
        }
    )
    linear = 0.5 * frame["a"] - 0.01 * frame["b"] + rng.normal(size=30)[frame["exporter"]] - 1
    frame["dummy"] = (rng.uniform(size=n) < 1 / (1 + np.exp(-linear))).astype(int)
    frame["count"] = rng.negative_binomial(2, 2 / (2 + np.exp(linear)))
    return frame


def with_dummies(frame, family, outcome, cluster=True):
    """Return statsmodels' fit of a GLM with every effect a column, and the same correction."""
    columns = [frame[["a", "b"]], pd.get_dummies(frame["exporter"], prefix="e", dtype=float)]
    columns.append(pd.get_dummies(frame["year"], prefix="t", dtype=float).iloc[:, 1:])
    x = pd.concat(columns, axis=1)
    errors = {"cov_type": "HC0"}
    if cluster:
        groups = {"groups": frame["pair"], "use_correction": False}
        errors = {"cov_type": "cluster", "cov_kwds": groups}
    return sm.GLM(frame[outcome], x, family).fit(tol=1e-13, maxiter=100, **errors)


FAMILIES = [
    ("logit", "dummy", sm.families.Binomial()),
    ("probit", "dummy", sm.families.Binomial(sm.families.links.Probit())),
    ("poisson", "count", sm.families.Poisson()),
]


@pytest.mark.parametrize(("family", "outcome", "reference"), FAMILIES)
@pytest.mark.parametrize("cluster", ["pair", None])
def test_coefficients_and_errors_are_those_of_statsmodels(
    world, family, outcome, reference, cluster
):
    ours = glm(world, outcome, ["a", "b"], EFFECTS, cluster, family=family)
    theirs = with_dummies(world, reference, outcome, cluster is not None)
    g = world["pair"].nunique() if cluster else len(world)
    factor = np.sqrt(g / (g - 1))
    # Both iterate to machine precision; what is left is rounding in the inverse of the Hessian.
    np.testing.assert_allclose(ours.params, theirs.params[["a", "b"]], rtol=1e-8)
    np.testing.assert_allclose(ours.std_errors, factor * theirs.bse[["a", "b"]], rtol=1e-7)
    assert ours.loglik == pytest.approx(theirs.llf, rel=1e-12)


def test_overdispersion_is_found_with_the_coefficients(world):
    ours = glm(world, "count", ["a", "b"], EFFECTS, "pair", family="negative_binomial")
    columns = [world[["a", "b"]], pd.get_dummies(world["exporter"], prefix="e", dtype=float)]
    columns.append(pd.get_dummies(world["year"], prefix="t", dtype=float).iloc[:, 1:])
    joint = sm.NegativeBinomial(world["count"], pd.concat(columns, axis=1))
    start = np.append(with_dummies(world, sm.families.Poisson(), "count").params, 0.5)
    joint = joint.fit(start, method="bfgs", gtol=1e-8, maxiter=500, disp=0)
    # Ours maximises over alpha on a line of tolerance 1e-5, theirs over all by gradients.
    np.testing.assert_allclose(ours.params, joint.params[["a", "b"]], rtol=1e-4)
    assert ours.alpha == pytest.approx(joint.params["alpha"], rel=1e-4)
    assert ours.loglik == pytest.approx(joint.llf, abs=1e-4)


def test_average_effect_of_a_small_step_is_statsmodels_marginal_effect(world):
    ours = glm(world, "dummy", ["a", "b"], EFFECTS, family="logit")
    step = 1e-5
    slope = ours.average_effect({"a": world["a"] + step}) / step
    columns = [world[["a", "b"]], pd.get_dummies(world["exporter"], prefix="e", dtype=float)]
    columns.append(pd.get_dummies(world["year"], prefix="t", dtype=float).iloc[:, 1:])
    fit = sm.Logit(world["dummy"], pd.concat(columns, axis=1)).fit(disp=0, cov_type="HC0")
    margins = fit.get_margeff()
    factor = np.sqrt(len(world) / (len(world) - 1))
    # A difference over 1e-5 stands for a derivative: error of order 1e-5.
    assert slope["value"] == pytest.approx(margins.margeff[0], rel=1e-4)
    assert slope["std_error"] == pytest.approx(factor * margins.margeff_se[0], rel=1e-4)


def test_average_effect_between_two_settings_by_hand(world):
    fit = glm(world, "dummy", "a", family="logit")
    odds = fit.linear - fit.params["a"] * world["a"]

    def mean_at(a):
        return (1 / (1 + np.exp(-(odds + fit.params["a"] * a)))).mean()

    ones, zeros = pd.Series(1.0, world.index), pd.Series(0.0, world.index)
    found = fit.average_effect({"a": ones}, {"a": zeros})
    assert found["value"] == pytest.approx(mean_at(1) - mean_at(0), rel=1e-10)


def test_rows_that_an_effect_predicts_perfectly_are_left_out_and_counted(world):
    dull = world.assign(dummy=world["dummy"].where(world["exporter"] > 4, 0))
    found = glm(dull, "dummy", ["a", "b"], EFFECTS, "pair")
    rest = glm(dull[dull["exporter"] > 4], "dummy", ["a", "b"], EFFECTS, "pair")
    assert found.uninformative == (dull["exporter"] <= 4).sum()
    pd.testing.assert_series_equal(found.params, rest.params)


def test_two_nested_sets_of_effects_are_told_apart_by_their_connected_parts(world):
    """Exporter-years and importer-years share one redundant level in each year."""
    rng = np.random.default_rng(5)
    frame = world.assign(importer=rng.integers(0, 20, len(world)))
    found = glm(frame, "dummy", ["a", "b"], [("exporter", "year"), ("importer", "year")], "pair")
    used = frame.loc[found.linear.index].astype({"exporter": str, "importer": str, "year": str})
    e, i = (used[side] + "-" + used["year"] for side in ("exporter", "importer"))
    redundant = i.groupby(used["year"]).min()
    x = [used[["a", "b"]], pd.get_dummies(e, dtype=float)]
    x.append(pd.get_dummies(i, dtype=float).drop(columns=redundant))
    theirs = sm.GLM(used["dummy"], pd.concat(x, axis=1), sm.families.Binomial()).fit(tol=1e-13)
    np.testing.assert_allclose(found.params, theirs.params[["a", "b"]], rtol=1e-7)


@pytest.mark.slow
def test_confidence_intervals_cover_the_truth():
    """300 worlds with pairs seen three times: 95 % intervals hold the slope in 92–98 %."""
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(300):
        pair = np.repeat(np.arange(200), 3)
        frame = pd.DataFrame({"pair": pair, "exporter": pair % 10, "a": rng.normal(size=600)})
        frame["a"] += rng.normal(size=200)[pair]
        u = rng.logistic(size=600)
        frame["y"] = (0.7 * frame["a"] + 0.1 * frame["exporter"] - 0.5 + u > 0).astype(int)
        low, high = glm(frame, "y", "a", ["exporter"], "pair").conf_int().loc["a"]
        held += low <= 0.7 <= high
    assert 0.92 <= held / 300 <= 0.98


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"family": "cloglog"}, "No family 'cloglog'"),
        ({"y": "b"}, "must be 0 or 1"),
        ({"y": "b", "family": "poisson"}, "negative values"),
        ({"absorb": ["exporter", "year", "pair"]}, "at most two"),
        ({"x": ["a", "twice"]}, "'twice' is collinear"),
        ({"x": ["a", "size"]}, "'size' does not vary"),
        ({"y": "never"}, "does not vary within any effect"),
        ({"x": ["split"]}, "does not converge"),
        ({"x": ["nowhere"]}, "no column 'nowhere'"),
    ],
)
def test_what_cannot_be_estimated_is_refused_in_a_sentence(world, change, told):
    frame = world.assign(
        twice=2 * world["a"], size=world["exporter"] ** 2, never=0, split=world["dummy"] * 2.0
    )
    arguments = {"y": "dummy", "x": ["a"], "absorb": ["exporter"], "cluster": "pair"} | change
    with pytest.raises(BookError, match=told) as caught:
        glm(frame, **arguments)
    assert "\n" not in str(caught.value)


def test_an_effect_of_an_unknown_or_missing_setting_is_refused(world):
    fit = glm(world, "dummy", "a")
    with pytest.raises(BookError, match="no regressor 'b'"):
        fit.average_effect({"b": world["b"]})
    with pytest.raises(BookError, match="missing for a row"):
        fit.average_effect({"a": world["a"].iloc[1:]})
