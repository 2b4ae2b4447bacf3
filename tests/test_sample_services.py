"""The services world: the paper's size, what adds up, and a known effect that estimators find."""

import dataclasses
import time

import numpy as np
import pytest

from lib import data, estimation
from lib.errors import DataError
from lib.sample import services

EFFECTS = [("exporter", "sector", "year"), ("importer", "sector", "year")]
EFFECTS += [("exporter", "importer", "sector")]


@pytest.fixture(scope="module")
def needs():
    return {key: data.load(key) for key in ("pwt_91", "capitals", "borders")}


def make(needs, part="linkages", economies=16, **changes):
    p = dataclasses.replace(services.services_parameters(), **changes)
    return services.dang_yin_2024(**needs, part=part, economies=economies, parameters=p)


def panel(needs, **options):
    keys = ["exporter", "importer", "year"]
    rules = make(needs, "rules", **options).astype(dict.fromkeys(keys[:2], "category"))
    cells = make(needs, **options)
    for side in keys[:2]:
        rules[side] = rules[side].cat.set_categories(cells[side].cat.categories)
    return cells.merge(rules, on=keys, how="left").fillna({"depth": 0.0})


def test_the_panel_has_the_papers_rows(needs):
    began = time.perf_counter()
    frame = make(needs, economies=65)
    assert time.perf_counter() - began < 30  # seconds; about one on an idle machine
    assert len(frame) == 1_292_000
    assert (frame["sector"].isin(services.DIGITAL)).sum() == 408_000
    codes = frame[["exporter", "importer", "sector"]].apply(lambda c: c.cat.codes.astype(int))
    cell = (codes["exporter"] * 65 + codes["importer"]) * 19 + codes["sector"]
    seen = set(cell * 10_000 + frame["year"])
    lagged = cell * 10_000 + frame["year"] - 2
    assert lagged.isin(seen).sum() == 1_143_040
    economies = make(needs, "economies", economies=65)
    assert economies.groupby("country")["developed"].first().sum() == 29
    without = set(economies.loc[economies["tfp"].isna(), "country"])
    left = ~frame["exporter"].isin(without) & ~frame["importer"].isin(without)
    assert left.sum() == 1_111_500


def test_inputs_that_are_missing_leave_the_papers_rows(needs):
    frame = make(needs, economies=65)
    pairs = frame[["exporter", "importer", "year"]].drop_duplicates().astype({"year": int})
    pairs = pairs.astype({"exporter": "str", "importer": "str"})
    culture = services.cultural_distance(**needs)
    assert 19 * len(pairs.merge(culture)) == 1_025_582
    users = services.internet_users(pwt_91=needs["pwt_91"]).rename(columns={"country": "importer"})
    assert 19 * len(pairs.merge(users)) == 1_285_920


def test_forward_and_backward_linkages_add_up(needs):
    shares = np.expm1(make(needs).filter(like="ln_"))
    np.testing.assert_allclose(shares["ln_vs"], shares["ln_vsfor"] + shares["ln_vsback"], atol=1e-3)
    assert (shares >= 0).all(axis=None) and (shares["ln_vs1"] <= shares["ln_vs"]).all()


def test_rules_start_once_stay_and_differ_in_time(needs):
    rules = make(needs, "rules", economies=65)
    assert not rules.duplicated(["exporter", "importer", "year"]).any()
    spells = rules.groupby(["exporter", "importer"])["year"].agg(["min", "max", "size"])
    assert (spells["max"] - spells["min"] + 1 == spells["size"]).all()
    assert spells["min"].nunique() > 10
    np.testing.assert_allclose(
        rules["depth"], rules[["openness", "privacy", "cooperation"]].mean(axis=1)
    )
    assert rules["repeat"].between(0.02, 0.98).sum() == 0 and 0 < rules["repeat"].mean() < 0.3


def test_fixed_effects_find_the_effect_and_least_squares_without_them_do_not(needs):
    """Within three clustered standard errors; the noise is cut to a tenth to make that narrow."""
    frame = panel(needs, noise=0.015)
    pair = ("exporter", "importer")
    found = estimation.hdfe(frame, "ln_vs", "depth", EFFECTS, pair)
    error = found.std_errors["depth"]
    assert error < 1e-3 and found.params["depth"] == pytest.approx(0.002, abs=3 * error)
    forward = estimation.hdfe(frame, "ln_vsfor", "depth", EFFECTS, pair)
    assert forward.params["depth"] == pytest.approx(0.0015, abs=3 * forward.std_errors["depth"])
    naive = estimation.hdfe(frame, "ln_vs", "depth", [], pair)
    assert abs(naive.params["depth"] - 0.002) > 10 * error


def test_the_effect_sits_in_sectors_that_are_not_digital(needs):
    frame = panel(needs, noise=0.015)
    frame["digital"] = frame["depth"] * frame["sector"].isin(services.DIGITAL)
    frame["other"] = frame["depth"] - frame["digital"]
    pair = ("exporter", "importer")
    found = estimation.hdfe(frame, "ln_vs", ["digital", "other"], EFFECTS, pair)
    p = services.services_parameters()
    truth = {"digital": p.effect_digital, "other": p.by_sector.max()}
    for name, value in truth.items():
        assert found.params[name] == pytest.approx(value, abs=3 * found.std_errors[name])


def test_pairs_and_years_give_the_same_slope_as_all_sectors(needs):
    """Depth is one number for nineteen sectors, so their mean holds all that the slope needs."""
    frame = panel(needs)
    whole = estimation.hdfe(frame, "ln_vs", "depth", EFFECTS, ("exporter", "importer"))
    keys = ["exporter", "importer", "year"]
    means = frame.groupby(keys, observed=True)[["ln_vs", "depth"]].mean().reset_index()
    absorb = [("exporter", "year"), ("importer", "year"), ("exporter", "importer")]
    small = estimation.hdfe(means, "ln_vs", "depth", absorb, ("exporter", "importer"))
    assert small.params["depth"] == pytest.approx(whole.params["depth"], rel=1e-8)


@pytest.mark.slow
def test_intervals_cover_when_clusters_are_pairs_and_not_when_errors_are_shared(needs):
    """Twelve economies, eighty worlds. With half the variance common to a pair's sectors, clusters
    of pair-sectors take nineteen rows of one shock for nineteen shocks."""
    covered = {"pair": [], "pair-sector": []}
    clusters = {"pair": ("exporter", "importer"), "pair-sector": EFFECTS[2]}
    for seed in range(80):
        frame = panel(needs, economies=12, seed=seed, common=0.5)
        for name, cluster in clusters.items():
            found = estimation.hdfe(frame, "ln_vs", "depth", EFFECTS, cluster)
            low, high = found.conf_int().loc["depth"]
            covered[name].append(low <= 0.002 <= high)
    assert np.mean(covered["pair"]) > 0.85  # 95 % less three standard errors, and few clusters
    assert np.mean(covered["pair-sector"]) < np.mean(covered["pair"]) - 0.1


@pytest.mark.slow
def test_the_effect_is_found_at_full_size(needs):
    frame = panel(needs, economies=65)
    found = estimation.hdfe(frame, "ln_vs", "depth", EFFECTS, ("exporter", "importer"))
    assert found.nobs == 1_292_000 and found.singletons == 0
    assert found.params["depth"] == pytest.approx(0.002, abs=3 * found.std_errors["depth"])


@pytest.mark.parametrize(
    ("options", "told"),
    [({"part": "tariffs"}, "no part 'tariffs'"), ({"economies": 3}, "6 to 65 economies, not 3")],
)
def test_what_the_world_lacks_is_refused(needs, options, told):
    with pytest.raises(DataError, match=told):
        services.dang_yin_2024(**needs, **options)


def test_the_catalogue_reaches_every_part():
    assert len(data.load("dang_yin_2024", tier="sample", part="rules")) > 1000
    for key in ("oecd_digital_stri", "telephones_1990", "internet_users", "cultural_distance"):
        assert not data.load(key, tier="sample").isna().any(axis=None)
