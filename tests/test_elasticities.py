"""Triple-difference elasticities: least squares by another hand, symmetry, simulated truth."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm

from lib import data
from lib.errors import BookError
from lib.models.caliendo_parro import elasticities
from lib.sector_trade import SectorTrade

NAMES = tuple(f"{a}{b}{c}" for a in "AB" for b in "ABCDE" for c in "AB")


def simulated(rng, n=12, j=2, theta=(4.0, 9.0), noise=0.0, zeros=0.0):
    """Gravity with symmetric costs, country effects and an asymmetric error of a given size."""
    abroad = 1 - np.eye(n)
    tariff = rng.uniform(0, 0.3, (j, n, n)) * abroad
    theta = np.array(theta)
    symmetric = rng.normal(0, 1, (j, n, n))
    log_flow = symmetric + symmetric.swapaxes(1, 2)
    log_flow += rng.normal(0, 1, (j, n, 1)) + rng.normal(0, 1, (j, 1, n))
    log_flow -= (theta[:, None, None] + 1) * np.log1p(tariff)  # before duties
    log_flow += noise * rng.normal(0, 1, (j, n, n))
    trade = np.exp(log_flow) * abroad * (rng.random((j, n, n)) >= zeros)
    return SectorTrade(
        countries=NAMES[:n],
        sectors=("a", "b"),
        year=1993,
        trade=trade,
        tariff={1993: tariff},
        output=trade.sum(1).T + 1,
        value_added=np.full((n, j), 0.5),
        inputs=np.full((n, j, j), 0.5),
        theta=theta,
    )


def test_symmetric_costs_and_country_effects_cancel():
    found = elasticities(simulated(np.random.default_rng(0)))
    np.testing.assert_allclose(found["theta"], [4, 9], rtol=1e-10)
    assert found["triples"].tolist() == [220, 220]


def test_least_squares_by_another_hand():
    """Loops over triples and statsmodels, with zero flows and small regions left out."""
    seen = simulated(np.random.default_rng(1), noise=0.5, zeros=0.05)
    found = elasticities(seen, coverage=0.95)
    for k, sector in enumerate(seen.sectors):
        x, t = seen.trade[k] * (1 + seen.tariff[1993][k]), 1 + seen.tariff[1993][k]
        size = seen.trade[k].sum(0) + seen.trade[k].sum(1)
        kept, total = list(np.argsort(size)), size.sum()
        while size[kept[1:]].sum() >= 0.95 * total:
            kept.pop(0)
        ys, xs = [], []
        for n, i, h in combinations(sorted(kept), 3):
            up, down = x[n, i] * x[i, h] * x[h, n], x[i, n] * x[h, i] * x[n, h]
            if up > 0 and down > 0:
                ys.append(np.log(up / down))
                xs.append(np.log(t[n, i] * t[i, h] * t[h, n] / (t[i, n] * t[h, i] * t[n, h])))
        fit = sm.OLS(ys, xs).fit(cov_type="HC1")
        row = found.loc[sector]
        assert (row["triples"], row["regions"]) == (len(ys), len(kept))
        assert row["theta"] == pytest.approx(-fit.params[0], rel=1e-10)
        assert row["se"] == pytest.approx(fit.bse[0], rel=1e-10)


def test_without_duties_every_estimate_is_larger_by_one():
    seen = simulated(np.random.default_rng(2), noise=0.5, zeros=0.05)
    with_duties, without = elasticities(seen), elasticities(seen, duties=False)
    np.testing.assert_allclose(without["theta"] - with_duties["theta"], 1, rtol=1e-10)


def test_complete_triples_equal_pairs_with_country_effects():
    """The sum over all triangles is the within estimator on antisymmetric pairs."""
    seen = simulated(np.random.default_rng(3), noise=0.5)
    found = elasticities(seen)
    n = len(seen.countries)
    for k, sector in enumerate(seen.sectors):
        x = np.log(seen.trade[k] + np.eye(n)) + np.log1p(seen.tariff[1993][k])
        t = np.log1p(seen.tariff[1993][k])
        pairs = np.array(list(combinations(range(n), 2)))
        effects = np.eye(n)[pairs[:, 0]] - np.eye(n)[pairs[:, 1]]
        a, b = (m[pairs[:, 0], pairs[:, 1]] - m[pairs[:, 1], pairs[:, 0]] for m in (x, t))
        fit = sm.OLS(a, np.column_stack([b, effects[:, 1:]])).fit(cov_type="HC1")
        assert found.loc[sector, "theta"] == pytest.approx(-fit.params[0], rel=1e-9)
        assert found.loc[sector, "se_pairs"] == pytest.approx(fit.bse[0], rel=1e-9)


def test_standard_errors_by_pair_cover_and_those_by_triple_do_not():
    """300 samples of 12 regions: 95 % intervals; the share covered has a standard error of 1 %.

    Robust intervals over a small sample of pairs cover a little less than they claim.
    """
    rng = np.random.default_rng(4)
    hits = {"se": [], "se_pairs": []}
    for _ in range(150):
        found = elasticities(simulated(rng, noise=0.5, zeros=0.03))
        for name, hit in hits.items():
            hit.extend(abs(found["theta"] - [4, 9]) < 1.96 * found[name])
    assert 0.90 < np.mean(hits["se_pairs"]) < 0.98
    assert np.mean(hits["se"]) < 0.75


def test_regions_add_up_trade_and_weight_tariffs():
    seen = simulated(np.random.default_rng(5), noise=0.5)
    groups = {"ONE": NAMES[:2]} | {c: [c] for c in NAMES[2:12]}
    assert elasticities(seen, regions=groups)["regions"].tolist() == [11, 11]
    # two countries with the same tariffs and trade in proportion are one country twice
    trade, tariff = seen.trade.copy(), seen.tariff[1993].copy()
    for array in (trade, tariff):
        array[:, 1] = array[:, 0]
        array[:, :, 1] = array[:, :, 0]
        array[:, 0, 1] = array[:, 1, 0] = 0
        np.einsum("kii->ki", array)[:] = 0
    twice = replace(seen, trade=trade, tariff={1993: tariff})
    merged = elasticities(twice, regions=groups)
    alone = elasticities(twice, regions=NAMES[1:12])
    np.testing.assert_allclose(merged["theta"], alone["theta"], rtol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"coverage": 0.0}, "coverage=0.0 must lie above zero"),
        ({"regions": ["AAA", "ZZZ", "AAB"]}, "no country ZZZ"),
        ({"regions": ["AAA", "AAB"]}, "at least three regions"),
    ],
)
def test_bad_arguments_end_in_one_sentence(arguments, message):
    with pytest.raises(BookError, match=message):
        elasticities(simulated(np.random.default_rng(0)), **arguments)


def test_a_sector_without_triples_has_no_estimate():
    seen = simulated(np.random.default_rng(0))
    trade = seen.trade.copy()
    trade[0, :, 3:] = 0
    found = elasticities(replace(seen, trade=trade))
    assert found["theta"].isna().tolist() == [True, False]


def test_the_sample_worlds_elasticities_are_recovered():
    """Sixteen sectors: errors by pair are the size that they claim."""
    seen = data.load("caliendo_parro_2015", tier="sample")
    found = elasticities(seen)
    t = (found["theta"] - seen.theta[:16]) / found["se_pairs"]
    assert abs(t).max() < 3
    assert 0.5 < np.sqrt((t**2).mean()) < 1.5


@pytest.mark.originals("caliendo_parro_2015")
def test_petroleum_is_the_most_elastic_sector_as_published():
    seen = data.load("caliendo_parro_2015", tier="original")
    found = elasticities(seen)
    assert found["theta"].idxmax() == seen.sectors[int(seen.theta.argmax())] == "Petroleum"
