"""Poisson regressions with many effects against dummies, and on a simulated gravity world."""

import numpy as np
import pandas as pd
import pytest

from lib import estimation
from lib.errors import BookError


def trade(countries=10, years=6, seed=1):
    """Flows exp(0.4 depth − 0.2 gap + three effects) times an error of mean one, many zeros."""
    rng = np.random.default_rng(seed)
    i, j, t = (axis.ravel() for axis in np.indices((countries, countries, years)))
    frame = pd.DataFrame({"i": i, "j": j, "t": t})[i != j].reset_index(drop=True)
    i, j, t = frame["i"], frame["j"], frame["t"]
    started = rng.integers(1, 2 * years, (countries, countries))
    frame["depth"] = (t >= started[i, j]) * (1 + rng.random((countries, countries))[i, j])
    frame["gap"] = 1000 * rng.normal(size=len(frame))
    mean = 0.4 * frame["depth"] - 2e-4 * frame["gap"] + rng.normal(size=(countries, years))[i, t]
    mean += (
        rng.normal(size=(countries, years))[j, t] + rng.normal(size=(countries, countries))[i, j]
    )
    frame["flow"] = rng.poisson(np.exp(mean + 1) * rng.gamma(4, 0.25, len(frame)))
    return frame


TWO = [("i", "t"), ("j", "t")]
THREE = [*TWO, ("i", "j")]
X = ["depth", "gap"]


def test_two_sets_of_effects_give_what_dummies_give():
    """Our own Fisher scoring on dummies stops at 1e-16 of the gradient, pyfixest at 1e-10."""
    frame = trade()
    ours = estimation.ppml(frame, "flow", X, TWO, ("i", "j"))
    peer = estimation.glm(frame, "flow", X, TWO, ("i", "j"), family="poisson")
    np.testing.assert_allclose(ours.params, peer.params, rtol=1e-6)
    np.testing.assert_allclose(ours.std_errors, peer.std_errors, rtol=1e-5)
    assert ours.nobs == peer.nobs and ours.clusters == peer.clusters


@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
def test_three_sets_of_effects_give_what_dummies_give():
    """statsmodels on all dummies: its optimum is the same, whatever it does with redundant ones."""
    sm = pytest.importorskip("statsmodels.api")
    frame = trade()
    ours = estimation.ppml(frame, "flow", X, THREE, ("i", "j"))
    used = frame[frame.groupby(["i", "j"])["flow"].transform("sum") > 0]
    used = used[used.groupby(["i", "t"])["flow"].transform("sum") > 0]
    assert ours.nobs == len(used) and ours.separated == len(frame) - len(used)
    dummies = [
        pd.get_dummies(used.groupby(list(e)).ngroup(), dtype=float).iloc[:, 1:] for e in THREE
    ]
    matrix = np.column_stack([used[X] / used[X].std(), np.ones(len(used)), *dummies])
    peer = sm.GLM(used["flow"], matrix, family=sm.families.Poisson()).fit(tol=1e-12)
    np.testing.assert_allclose(ours.params * used[X].std(), peer.params[:2], rtol=1e-6)
    assert ours.pseudo_r2 == pytest.approx(1 - peer.deviance / peer.null_deviance, rel=1e-6)


def test_the_true_effect_lies_within_its_interval():
    found = estimation.ppml(trade(countries=25, seed=4), "flow", X, THREE, ("i", "j"))
    truth = pd.Series({"depth": 0.4, "gap": -2e-4})
    assert ((found.params - truth).abs() < 3 * found.std_errors).all()


@pytest.mark.parametrize(
    ("change", "absorb", "told"),
    [
        (lambda f: f, [], "at least one set of effects"),
        (lambda f: f.assign(flow=f["flow"] - 1), THREE, "negative values"),
        (lambda f: f.assign(gap=f["i"] * f["t"]), THREE, "'gap' does not vary once the fixed"),
        (lambda f: f.assign(flow=0), THREE, "does not vary within any effect"),
    ],
)
def test_what_cannot_be_estimated_is_refused(change, absorb, told):
    with pytest.raises(BookError, match=told):
        estimation.ppml(change(trade()), "flow", X, absorb, ("i", "j"))
