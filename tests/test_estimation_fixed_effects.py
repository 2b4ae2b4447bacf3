"""Fixed-effects regressions against dummy variables, two libraries and known truths."""

import numpy as np
import pandas as pd
import pyfixest
import pytest
import statsmodels.api as sm

from lib import estimation
from lib.errors import BookError
from lib.estimation._design import quiet

X = ["trade", "size"]


def panel(countries=12, years=9, seed=0, gaps=0, noise=1.0):
    """y = 2 trade − 3 size + effects of country and year + noise; regressors move with effects."""
    rng = np.random.default_rng(seed)
    names = [f"C{i:02d}" for i in range(countries)]
    frame = pd.DataFrame(
        [(c, 2000 + t) for c in names for t in range(years)], columns=["country", "year"]
    )
    c, t = frame["country"].factorize()[0], frame["year"] - 2000
    own, common = rng.normal(size=countries)[c], rng.normal(size=years)[t]
    frame["trade"] = rng.normal(size=len(frame)) + own
    frame["size"] = rng.normal(size=len(frame)) + common - 0.5 * frame["trade"]
    errors = noise * (rng.normal(size=countries)[c] * np.sin(t) + rng.normal(size=len(frame)))
    frame["y"] = 2 * frame["trade"] - 3 * frame["size"] + 5 * own + 4 * common + errors
    return frame.drop(rng.choice(len(frame), gaps, replace=False)).reset_index(drop=True)


def dummies(frame, effects=("country", "year")):
    parts = [pd.get_dummies(frame[e], dtype=float).iloc[:, 1:].add_prefix(e) for e in effects]
    return sm.add_constant(pd.concat([frame[X], *parts], axis=1))


@pytest.mark.parametrize("gaps", [0, 25])
def test_slopes_errors_and_r2_are_those_of_the_regression_on_dummies(gaps):
    """statsmodels' clustered errors use G/(G−1)·(N−1)/(N−K) with every dummy in K: "full"."""
    frame = panel(gaps=gaps)
    ours = estimation.hdfe(frame, "y", X, ["country", "year"], "country", correction="full")
    groups = frame["country"].factorize()[0]
    peer = sm.OLS(frame["y"], dummies(frame)).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    np.testing.assert_allclose(ours.params, peer.params[X], rtol=1e-9)
    np.testing.assert_allclose(ours.std_errors, peer.bse[X], rtol=1e-9)
    np.testing.assert_allclose(ours.pvalues, peer.pvalues[X], rtol=1e-7)
    np.testing.assert_allclose(ours.conf_int(), peer.conf_int().loc[X], rtol=1e-8)
    np.testing.assert_allclose(ours.residuals, peer.resid, atol=1e-9)
    assert ours.r2 == pytest.approx(peer.rsquared, rel=1e-9)
    assert (ours.nobs, ours.clusters, ours.df) == (len(frame), 12, 11)


def test_errors_without_clusters_are_whites_with_n_over_n_minus_k():
    frame = panel()
    ours = estimation.hdfe(frame, "y", X, ["country"])
    peer = sm.OLS(frame["y"], dummies(frame, ["country"])).fit(cov_type="HC1")
    np.testing.assert_allclose(ours.std_errors, peer.bse[X], rtol=1e-9)
    assert ours.df == peer.df_resid and ours.clusters is None


def test_no_effects_leave_a_constant():
    frame = panel()
    ours = estimation.hdfe(frame, "y", X, [])
    peer = sm.OLS(frame["y"], sm.add_constant(frame[X])).fit(cov_type="HC1")
    np.testing.assert_allclose(ours.params, peer.params[X], rtol=1e-10)
    np.testing.assert_allclose(ours.std_errors, peer.bse[X], rtol=1e-10)
    assert ours.r2_within == pytest.approx(ours.r2)


def many_effects(rows=4000, seed=3):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(0, (15, 15, 6, 5), (rows, 4)), columns=list("eist"))
    frame = frame.astype({"e": "str"})
    frame["pair"] = frame["e"] + "-" + frame["i"].astype("str")
    frame[["trade", "size", "y"]] = rng.normal(size=(rows, 3))
    frame["y"] += frame["trade"] + rng.normal(size=15)[frame["i"]]
    return frame


@pytest.mark.parametrize("cluster", ["pair", ("e", "s"), None])
def test_two_libraries_agree_on_interacted_effects(cluster):
    """Alternating projections against a sparse least-squares solver: 1e-10 on slopes and errors."""
    absorb = [("e", "s", "t"), ("i", "s", "t"), ("pair", "s")]
    one, two = (
        estimation.hdfe(many_effects(), "y", X, absorb, cluster, engine=engine)
        for engine in ("pyfixest", "linearmodels")
    )
    np.testing.assert_allclose(one.params, two.params, atol=1e-10)
    np.testing.assert_allclose(one.std_errors, two.std_errors, atol=1e-10)
    assert one.nobs == two.nobs and one.singletons == two.singletons > 0


def test_only_effects_outside_the_clusters_count_as_parameters():
    """Countries cluster, so their effects are free; K is 2 regressors, a constant and 8 years."""
    frame = panel()
    factor = {
        c: estimation.hdfe(frame, "y", X, ["country", "year"], "country", correction=c).correction
        for c in ("nested", "full", "none")
    }
    n, g = len(frame), 12
    assert factor["none"] == 1
    assert factor["nested"] == pytest.approx(g / (g - 1) * (n - 1) / (n - 11))
    assert factor["full"] == pytest.approx(g / (g - 1) * (n - 1) / (n - 11 - 11))


FIXEST = [
    (["country", "year"], "country", {"CRV1": "country"}),  # one effect within clusters, chapter 32
    (["country", "year"], ("country", "half"), {"CRV1": "cell"}),  # none, chapter 15
    ([], None, "hetero"),
]


@pytest.mark.parametrize(("absorb", "cluster", "vcov"), FIXEST)
def test_the_correction_is_the_default_of_fixest(absorb, cluster, vcov):
    """By its port to Python, for least squares and two stages: the tabs of R lean on this."""
    frame = panel().assign(half=lambda f: f["year"] % 2)
    frame["cell"] = frame["country"].astype(str) + frame["half"].astype(str)
    frame["z"] = frame["trade"] + np.random.default_rng(1).normal(size=len(frame))
    effects = f" | {' + '.join(absorb)}" if absorb else ""
    ours = estimation.hdfe(frame, "y", ["trade", "size"], absorb, cluster)
    with quiet():
        peer = pyfixest.feols(f"y ~ trade + size{effects}", frame, vcov=vcov)
    np.testing.assert_allclose(ours.std_errors, peer.se()[["trade", "size"]], rtol=1e-9)
    two, _ = estimation.two_stage(frame, "y", ["size"], "trade", "z", absorb, cluster)
    with quiet():
        peer = pyfixest.feols(f"y ~ size{effects} | trade ~ z", frame, vcov=vcov)
    np.testing.assert_allclose(two["std_error"], peer.se()[["trade", "size"]], rtol=1e-9)


def test_the_true_effect_is_found_exactly_without_noise_and_roughly_with_it():
    exact = estimation.hdfe(panel(noise=0, gaps=20), "y", X, ["country", "year"], "country")
    np.testing.assert_allclose(exact.params, [2, -3], atol=1e-9)
    assert exact.r2 == pytest.approx(1)
    noisy = estimation.hdfe(panel(60, 12), "y", X, ["country", "year"], "country")
    assert (abs(noisy.params - [2, -3]) < 4 * noisy.std_errors).all()


def test_singletons_go_in_rounds_and_change_no_slope():
    """A row alone in its pair goes; that leaves another alone in its year, and so on."""
    frame = panel()
    alone = pd.DataFrame(
        {"country": ["Z1", "Z1", "Z2"], "year": [2000, 1990, 1990], "trade": 1.0, "size": [2, 3, 9]}
    ).assign(y=[7.0, 8.0, 1.0])
    one = estimation.hdfe(frame, "y", X, ["country", "year"], "country")
    two = estimation.hdfe(pd.concat([frame, alone]), "y", X, ["country", "year"], "country")
    assert (one.singletons, two.singletons) == (0, 3)
    np.testing.assert_allclose(one.params, two.params, rtol=1e-10)
    np.testing.assert_allclose(one.std_errors, two.std_errors, rtol=1e-10)


def test_rows_with_gaps_are_dropped_and_counted():
    frame = panel()
    holes = frame.copy()
    holes.loc[3, "trade"], holes.loc[8, "year"], holes.loc[9, "y"] = np.nan, np.nan, np.inf
    found = estimation.hdfe(holes, "y", X, ["country", "year"], "country")
    rest = estimation.hdfe(frame.drop([3, 8, 9]), "y", X, ["country", "year"], "country")
    assert found.dropped == 3 and list(found.residuals.index) == list(rest.residuals.index)
    np.testing.assert_allclose(found.params, rest.params, rtol=1e-10)


def test_equal_coefficients_are_tested_as_statsmodels_does():
    frame = panel()
    ours = estimation.hdfe(frame, "y", X, [], correction="full")
    peer = sm.OLS(frame["y"], sm.add_constant(frame[X])).fit(cov_type="HC1", use_t=True)
    test = peer.t_test("trade - size = 0")
    found = ours.combination({"trade": 1, "size": -1})
    expected = [test.effect[0], test.sd[0, 0], test.tvalue[0, 0], test.pvalue]
    np.testing.assert_allclose(found, np.array(expected, float), rtol=1e-9)


@pytest.mark.parametrize("gaps", [0, 25])
def test_two_way_adds_statas_constant_and_r2(gaps):
    """Stata fits the constant on y − ȳ_i + ȳ and x − x̄_i + x̄ with dummies of time; so do we."""
    frame = panel(gaps=gaps)
    ours = estimation.two_way(frame, "y", X)
    full = dummies(frame, ["year"]).drop(columns="const").assign(y=frame["y"])
    own = full.groupby(frame["country"]).transform("mean")
    moved = full - own + full.mean()
    peer = sm.OLS(moved["y"], sm.add_constant(moved.drop(columns="y"))).fit(
        cov_type="cluster", cov_kwds={"groups": frame["country"].factorize()[0]}
    )
    names = ["trade", "size", "const"]
    np.testing.assert_allclose(ours.params, peer.params[names], rtol=1e-8)
    np.testing.assert_allclose(ours.std_errors, peer.bse[names], rtol=1e-8)
    assert ours.r2_within == pytest.approx(peer.rsquared, rel=1e-9)
    slopes = estimation.hdfe(frame, "y", X, ["country", "year"], "country")
    np.testing.assert_allclose(ours.std_errors[X], slopes.std_errors, rtol=1e-9)
    assert list(ours.stars) == [
        "***" if p < 0.01 else "**" if p < 0.05 else "*" if p < 0.1 else "" for p in ours.pvalues
    ]


def test_the_constant_of_a_balanced_panel_is_the_first_periods_mean():
    frame = panel()
    ours = estimation.two_way(frame, "y", X)
    first = frame[frame["year"] == 2000].mean(numeric_only=True)
    assert ours.params["constant"] == pytest.approx(first["y"] - first[X] @ ours.params[X])


REFUSED = {
    "absorbed": (["trade", "own"], "'own' does not vary once .*country, year"),
    "constant": (["one"], "'one' does not vary"),
    "collinear": (["trade", "size", "sum"], "'sum' is collinear with 'trade', 'size'"),
    "twice": (["trade", "trade"], "'trade' is named twice"),
    "absent": (["trade", "nothing"], "no column 'nothing'"),
    "text": (["country"], "not numeric"),
    "none": ([], "at least one regressor"),
}


@pytest.mark.parametrize("x, message", REFUSED.values(), ids=REFUSED)
def test_unusable_regressors_are_refused_by_name(x, message):
    frame = panel().assign(one=1.0)
    frame["own"] = frame["country"].factorize()[0] * 1e6
    frame["sum"] = frame["trade"] + 2 * frame["size"]
    with pytest.raises(BookError, match=message):
        estimation.hdfe(frame, "y", x, ["country", "year"], "country")


def test_a_regressor_of_small_but_real_variation_is_kept():
    """A regressor that varies within countries in its sixth digit only is not absorbed."""
    frame = panel()
    frame["tiny"] = 1e3 * frame["country"].factorize()[0] + 1e-3 * frame["trade"]
    found = estimation.hdfe(frame, "y", ["tiny", "size"], ["country", "year"], "country")
    whole = estimation.hdfe(frame, "y", X, ["country", "year"], "country")
    assert found.params["tiny"] / 1e3 == pytest.approx(whole.params["trade"], rel=1e-4)


def test_other_unusable_input_is_refused():
    frame = panel()
    for options, message in [
        ({"correction": "stata"}, "No correction 'stata'"),
        ({"engine": "reghdfe"}, "No engine 'reghdfe'"),
        ({"cluster": "kind"}, "no column 'kind'"),
    ]:
        with pytest.raises(BookError, match=message):
            estimation.hdfe(frame, "y", X, ["country"], **options)
    with pytest.raises(BookError, match="more than one cluster"):
        estimation.hdfe(frame.assign(all=1), "y", X, ["country"], "all")
    with pytest.raises(BookError, match="cannot identify"):
        estimation.hdfe(panel(3, 2), "y", X, ["country", "year"])
    with pytest.raises(BookError, match="Too few observations"):
        estimation.hdfe(frame, "y", X, [("country", "year")])
    with pytest.raises(BookError, match="no coefficient 'wage'"):
        estimation.hdfe(frame, "y", X, ["country"]).combination({"wage": 1})
    with pytest.raises(BookError, match="no columns 'land' and 'year'"):
        estimation.two_way(frame, "y", X, entity="land")


@pytest.mark.slow
def test_clustered_intervals_cover_the_truth_as_often_as_they_say():
    """40 countries, errors and regressor with autocorrelation 0.8: 95 % intervals cover in 91–98 %
    of 400 worlds (two binomial standard errors are 2 points; clustering at G = 40 still falls short
    of the level by a point or so); intervals without clusters cover far less often."""
    rng = np.random.default_rng(5)
    names = np.repeat([f"C{i:02d}" for i in range(40)], 15)
    frame = pd.DataFrame({"country": names, "year": np.tile(range(15), 40)})

    def walk():
        shocks, path = rng.normal(size=(15, 40)), np.zeros((15, 40))
        for t in range(15):
            path[t] = 0.8 * path[t - 1] + shocks[t]
        return path.T.ravel()

    hit = {"country": 0, None: 0}
    for _ in range(400):
        frame["trade"] = walk()
        frame["y"] = 1.5 * frame["trade"] + walk()
        for cluster in hit:
            found = estimation.hdfe(frame, "y", "trade", ["country", "year"], cluster)
            low, high = found.conf_int().loc["trade"]
            hit[cluster] += low < 1.5 < high
    assert 0.91 <= hit["country"] / 400 <= 0.98
    assert hit[None] / 400 < 0.85


# -- three sets of interacted effects ------------------------------------------------------------


def services(countries=9, sectors=4, years=7, seed=3):
    """Ordered pairs × sectors × years with effects of each pair-sector and both country-sides."""
    rng = np.random.default_rng(seed)
    shape = (countries, countries, sectors, years)
    i, j, k, t = (axis.ravel() for axis in np.indices(shape))
    frame = pd.DataFrame({"i": i, "j": j, "k": k, "t": t})
    started = rng.integers(1, 3 * years, (countries, countries))
    frame["depth"] = np.where(t >= started[i, j], 1 + rng.random((countries, countries))[i, j], 0)
    frame["size"] = 1e6 * (rng.random((countries, years))[i, t] + rng.random(len(frame)))
    effects = [
        rng.normal(size=(countries, sectors, years))[i, k, t],
        rng.normal(size=(countries, sectors, years))[j, k, t],
        rng.normal(size=shape[:3])[i, j, k],
    ]
    frame["y"] = 0.3 * frame["depth"] - 2e-7 * frame["size"] + sum(effects)
    frame["y"] += 0.05 * rng.normal(size=len(frame))
    return frame[frame["i"] != frame["j"]].reset_index(drop=True)


THREE_WAY = [("i", "k", "t"), ("j", "k", "t"), ("i", "j", "k")]


@pytest.mark.parametrize("cluster", [("i", "j", "k"), ("i", "j")])
def test_two_engines_agree_on_three_way_effects(cluster):
    """Alternating projections against a sparse solver, both to 1e-12: ten digits are left."""
    frame = services()
    ours, peer = (
        estimation.hdfe(frame, "y", ["depth", "size"], THREE_WAY, cluster, engine=engine)
        for engine in ("pyfixest", "linearmodels")
    )
    np.testing.assert_allclose(ours.params, peer.params, rtol=1e-10)
    np.testing.assert_allclose(ours.std_errors, peer.std_errors, rtol=1e-10)
    assert ours.params["depth"] == pytest.approx(0.3, abs=4 * ours.std_errors["depth"])


@pytest.mark.parametrize("cluster", [("i", "j", "k"), ("i", "j")])
def test_the_correction_of_three_way_effects_is_the_default_of_fixest(cluster):
    """By its port to Python, whose projections stop a little earlier than ours."""
    frame = services()
    for name, columns in zip(["ikt", "jkt", "ijk", "g"], [*THREE_WAY, cluster], strict=True):
        frame[name] = frame.groupby(list(columns)).ngroup()
    ours = estimation.hdfe(frame, "y", ["depth", "size"], THREE_WAY, cluster)
    with quiet():
        peer = pyfixest.feols("y ~ depth + size | ikt + jkt + ijk", frame, vcov={"CRV1": "g"})
    np.testing.assert_allclose(ours.std_errors, peer.se()[["depth", "size"]], rtol=1e-7)


def test_effects_within_clusters_do_not_count():
    """Pair-sector effects lie within clusters of pairs; the two sides' effects do not."""
    frame = services()
    found = estimation.hdfe(frame, "y", ["depth", "size"], THREE_WAY, ("i", "j"))
    n, g = len(frame), 9 * 8
    k = 1 + 2 + 2 * (9 * 4 * 7 - 1)
    assert found.correction == pytest.approx(g / (g - 1) * (n - 1) / (n - k), rel=1e-12)


def test_an_exporters_own_trait_is_refused_by_name():
    frame = services().assign(length=lambda f: f["i"] + f["t"] * f["k"])
    with pytest.raises(BookError, match="'length' does not vary once the fixed effects"):
        estimation.hdfe(frame, "y", ["depth", "length"], THREE_WAY, ("i", "j"))


def test_a_pair_seen_once_is_a_singleton():
    frame = services()
    once = frame[(frame["i"] != 0) | (frame["j"] != 1) | (frame["t"] == 2)]
    found = estimation.hdfe(once, "y", ["depth", "size"], THREE_WAY, ("i", "j"))
    assert found.singletons == 4
    without = frame[(frame["i"] != 0) | (frame["j"] != 1)]
    same = estimation.hdfe(without, "y", ["depth", "size"], THREE_WAY, ("i", "j"))
    np.testing.assert_allclose(found.params, same.params, rtol=1e-10)


def test_the_constant_without_effects_is_the_ordinary_one():
    frame = panel()
    groups = frame["country"].factorize()[0]
    ours = estimation.hdfe(frame, "y", X, [], "country", constant=True)
    peer = sm.OLS(frame["y"], sm.add_constant(frame[X])).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    np.testing.assert_allclose(ours.params[[*X, "constant"]], peer.params[[*X, "const"]], rtol=1e-9)
    errors = ours.std_errors[[*X, "constant"]]
    np.testing.assert_allclose(errors, peer.bse[[*X, "const"]], rtol=1e-9)


def test_the_constant_with_effects_is_their_mean_and_leaves_the_slopes_alone():
    """In Stata's areg the constant is the fit at the means; so is the mean of all dummies' fits."""
    frame = panel(gaps=20)
    ours = estimation.hdfe(frame, "y", X, ["country", "year"], "country", constant=True)
    plain = estimation.hdfe(frame, "y", X, ["country", "year"], "country")
    np.testing.assert_allclose(ours.params[X], plain.params, rtol=1e-12)
    np.testing.assert_allclose(ours.std_errors[X], plain.std_errors, rtol=1e-9)
    fitted = frame["y"] - plain.residuals - frame[X] @ plain.params
    assert ours.params["constant"] == pytest.approx(fitted.mean(), rel=1e-9)
