"""Pairs over gaps, and regressions side by side, against sums by hand and the estimators."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from lib import agreements, estimation
from lib.errors import BookError

KM = {("A", "B"): 1000.0, ("A", "C"): 2000.0, ("B", "C"): np.e**8}


@pytest.fixture
def world():
    """Return flows, network and distances of A, B and C in two years; A and B sign in between."""
    value = {("A", "B"): (6, 8), ("C", "B"): (4, 2), ("B", "A"): (5, 5), ("B", "C"): (1, 1)}
    flows = pd.DataFrame(
        [
            {"exporter": i, "importer": j, "year": y, "use": "all", "value": float(v)}
            for (i, j), values in value.items()
            for y, v in zip((2000, 2005), values, strict=True)
        ]
    )
    rows = [("A", "C", 2000, 2), ("A", "C", 2005, 1), ("A", "B", 2005, 1)]
    network = pd.DataFrame(
        [
            {"exporter": i, "importer": j, "year": y, "fta": 1, "n": n}
            for a, b, y, n in rows
            for i, j in ((a, b), (b, a))
        ]
    )
    distance = pd.DataFrame(
        [
            {"exporter": i, "importer": j, "km": km}
            for (a, b), km in KM.items()
            for i, j in ((a, b), (b, a))
        ]
    )
    return flows, network, distance


def test_changes_of_pairs_by_hand(world):
    found = agreements.pair_changes(*world, [2000, 2005], column="km").set_index("pair")
    assert len(found) == 6
    assert found.loc["AB", "ln_d"] == pytest.approx(np.log(1000))
    assert found.loc["CB", "ln_d"] == pytest.approx(8)
    assert found.loc["AB", ["share_all_start", "d_share_all"]].tolist() == pytest.approx([60, 20])
    outcomes = ["fta_start", "changed", "formed", "more", "d_n"]
    assert found.loc["AB", outcomes].tolist() == [0, 1, 1, 1, 1]
    assert found.loc["BA", outcomes].tolist() == [0, 1, 1, 1, 1]
    assert found.loc["AC", outcomes].tolist() == [1, 0, 0, 0, -1]
    assert found.loc["CB", outcomes].tolist() == [0, 0, 0, 0, 0]


def test_pairs_that_are_not_known_or_have_no_distance_are_left_out(world):
    flows, network, distance = world
    some = agreements.pair_changes(*world, [2000, 2005], column="km", absent="missing")
    assert sorted(some["pair"]) == ["AB", "BA", "BC", "CB"]
    near = distance[distance["km"] == 1000]
    found = agreements.pair_changes(flows, network, near, [2000, 2005], column="km")
    assert sorted(found["pair"]) == ["AB", "BA"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"column": "miles"}, "distance lacks the column miles"),
        ({"network": "short"}, "The network has no year 2000"),
        ({"network": "bare"}, "network lacks the column n"),
    ],
)
def test_what_is_missing_is_named(world, change, told):
    flows, network, distance = world
    network = {"short": network[network["year"] > 2000], "bare": network.drop(columns="n")}.get(
        change.get("network"), network
    )
    with pytest.raises(BookError, match=told):
        agreements.pair_changes(
            flows, network, distance, [2000, 2005], column=change.get("column", "km")
        )


def test_rows_without_some_countries(world):
    flows = world[0]
    left = agreements.without(flows, {"C"})
    assert set(left["exporter"]) | set(left["importer"]) == {"A", "B"}
    by_country = pd.DataFrame({"country": ["A", "B"], "x": [1, 2]})
    assert agreements.without(by_country, ["B"])["x"].tolist() == [1]
    with pytest.raises(BookError, match="none of the columns"):
        agreements.without(by_country[["x"]], ["B"])


@pytest.fixture
def draws():
    """Return outcomes of known rules on 400 rows in 20 groups, with an instrument."""
    rng = np.random.default_rng(5)
    n = 400
    z, u = rng.normal(size=(2, n))
    x = z + u
    frame = pd.DataFrame({"x": x, "w": rng.normal(size=n), "z": z, "group": np.arange(n) // 20})
    frame["y"] = 2 * frame["x"] - frame["w"] + u + rng.normal(size=n)
    chance = 1 / (1 + np.exp(-(0.5 * frame["x"] - frame["w"])))
    frame["event"] = (rng.uniform(size=n) < chance).astype(int)
    return frame.assign(row=np.arange(n), none=0)


def test_columns_are_those_of_statsmodels(draws):
    models = {
        "linear": ("y", "linear"),
        "logit": ("event", "logit"),
        "Poisson": ("none", "poisson"),
    }
    found = estimation.columns(draws, models, ["x", "w"], [], "group")
    groups = {"cov_type": "cluster", "cov_kwds": {"groups": draws["group"]}}
    line = smf.ols("y ~ x + w", draws).fit(**groups)
    logit = smf.logit("event ~ x + w", draws).fit(disp=0)
    assert found.loc["linear", "coef"].tolist() == pytest.approx(line.params[["x", "w"]].tolist())
    assert found.loc["linear", "std_error"].tolist() == pytest.approx(
        line.bse[["x", "w"]].tolist(), rel=1e-6
    )
    assert found.loc["logit", "coef"].tolist() == pytest.approx(
        logit.params[["x", "w"]].tolist(), rel=1e-5
    )
    assert found.loc["Poisson"].isna().all(axis=None)  # no event: a gap, not an error
    assert found.index.names == ["model", "term"]


def test_columns_refuse_what_no_data_can_mend(draws):
    with pytest.raises(BookError, match="no column 'v'"):
        estimation.columns(draws, {"linear": ("y", "linear")}, ["v"])
    with pytest.raises(BookError, match="No family 'cubic'"):
        estimation.columns(draws, {"cubic": ("y", "cubic")}, ["x"])


def test_a_coefficient_by_least_squares_and_by_two_stages(draws):
    ols = estimation.coefficient(draws, "y", "x", ["w"])
    line = smf.ols("y ~ x + w", draws).fit(cov_type="HC1", use_t=True)
    by_hand = [line.params["x"], line.bse["x"], line.tvalues["x"], line.pvalues["x"]]
    assert ols[["coef", "std_error", "t", "p"]].tolist() == pytest.approx(by_hand, rel=1e-6)
    assert ols["r2"] == pytest.approx(line.rsquared)
    assert ols["nobs"] == 400
    iv = estimation.coefficient(draws, "y", "x", ["w"], "z", cluster="row")
    residual = {c: smf.ols(f"{c} ~ w", draws).fit().resid for c in ("y", "x", "z")}
    wald = (residual["z"] @ residual["y"]) / (residual["z"] @ residual["x"])
    assert iv["coef"] == pytest.approx(wald)
    assert abs(iv["coef"] - 2) < 3 * iv["std_error"] < abs(ols["coef"] - 2)
    assert 2 in iv["set"]
    assert iv["F"] > 100


def test_a_coefficient_that_cannot_be_told_is_missing(draws):
    assert estimation.coefficient(draws, "y", "none").isna().all()
    assert estimation.coefficient(draws, "y", "x", [], "none", cluster="row").isna().all()
    with pytest.raises(BookError, match="no column 'v'"):
        estimation.coefficient(draws, "y", "v")
    with pytest.raises(BookError, match="clusters"):
        estimation.coefficient(draws, "y", "x", [], "z")
