"""Trade costs read from trade, competitiveness, and the world without frictions."""

from dataclasses import replace

import numpy as np
import pytest

from lib import data, sample
from lib.errors import BookError
from lib.models import caliendo_parro as cp
from lib.models.caliendo_parro._frictions import METHODS
from lib.sector_trade import flow_frame
from lib.trade import import_distance

J = 16


@pytest.fixture(scope="module")
def embedded():
    return {"pwt_91": data.load("pwt_91"), "capitals": data.load("capitals")}


@pytest.fixture(scope="module")
def world(embedded):
    return sample.tariff_world(**embedded, seed=1)


@pytest.fixture(scope="module")
def pairs():
    return data.load("geodist", tier="sample")


@pytest.fixture(scope="module")
def costs(world, pairs):
    return cp.trade_costs(world.data, pairs)


def true_access(world):
    e = world.economy
    return np.log(e.access[:J], where=e.access[:J] > 0, out=np.full(e.access[:J].shape, -np.inf))


def competitiveness(world):
    """True S of the traded sectors, adding up to one, (J, N)."""
    e, found = world.economy, world.equilibrium
    S = (e.T * found.unit_cost**-e.theta).T[:J]
    return S / S.sum(1, keepdims=True)


def test_head_ries_is_the_mean_of_the_two_true_costs(world):
    index = cp.head_ries(world.data)
    access = true_access(world)
    both = np.isfinite(access) & np.isfinite(access.swapaxes(1, 2))
    np.testing.assert_array_equal(np.isfinite(index), both)
    mean = np.where(both, (access + access.swapaxes(1, 2)) / 2, 0)
    np.testing.assert_allclose(index[both], mean[both], atol=1e-8)


def test_costs_are_the_index_where_it_exists_and_an_estimate_elsewhere(world, costs):
    index = cp.head_ries(world.data)
    np.testing.assert_array_equal(costs.log_access[costs.measured], index[costs.measured])
    assert np.isfinite(costs.log_access).all()
    assert 0.8 < costs.measured.mean() < 0.96  # one in twenty cells is closed, each closes a pair
    np.testing.assert_allclose(costs.log_access, costs.log_access.swapaxes(1, 2))
    assert (np.einsum("kii->ki", costs.log_access) == 0).all()
    np.testing.assert_allclose(
        costs.kappa(world.economy.theta) ** -world.economy.theta[:J, None, None],
        np.exp(costs.log_access),
    )


@pytest.mark.parametrize("method", METHODS)
def test_the_distance_elasticity_of_trade_is_recovered(world, pairs, method):
    """True: one in every sector. The mean of 16 estimates has a standard error near 0.03."""
    gravity = cp.trade_costs(world.data, pairs, method=method).gravity
    assert gravity["distance"].mean() == pytest.approx(-1, abs=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_held_out_cells_are_not_used(world, pairs, method):
    """A thousandfold trade of two countries, sales at home as before, moves no estimate."""
    held = np.zeros(world.data.trade.shape, dtype=bool)
    held[:, 2, 5] = held[:, 5, 2] = True
    trade, output = world.data.trade.copy(), world.data.output.copy()
    trade[held] *= 1000
    output[:, :J] += (trade - world.data.trade).sum(1).T
    other = replace(world.data, trade=trade, output=output)
    one, two = (cp.trade_costs(d, pairs, method=method, held=held) for d in (world.data, other))
    assert not one.measured[held].any()
    np.testing.assert_allclose(two.log_access[held], one.log_access[held], rtol=1e-6)
    moved = cp.trade_costs(other, pairs, method=method).log_access - one.log_access
    assert abs(moved[held]).max() > 1


def test_hold_out_prefers_effects_of_flows_to_poisson(world, pairs):
    table = cp.hold_out(world.data, pairs)
    assert table.index.tolist() == list(METHODS)
    assert table.loc["flows", "rmse"] < table.loc["poisson", "rmse"]
    # the pair components of the sample world: 0.3 and 0.5, and half of the asymmetric 0.2
    floor = np.hypot(np.hypot(0.3, 0.5), 0.2 / np.sqrt(2))
    assert floor < table.loc["flows", "rmse"] < 1.35 * floor


def test_competitiveness_is_exact_where_costs_are(world):
    """At the true costs it is T c^-θ, with no error at all."""
    exact = cp.TradeCosts(true_access(world), np.ones(1, bool), None)
    S, phi = cp.competitiveness(world.data, exact)
    np.testing.assert_allclose(S, competitiveness(world), rtol=1e-8)
    share = S[:, None, :] * np.exp(exact.log_access) / phi[:, :, None]
    np.testing.assert_allclose(share, world.equilibrium.share[:J], atol=1e-9)


def test_free_trade_from_true_competitiveness_is_the_true_world(world):
    """Changes and levels meet: prices, wages and flows of the world that nobody observes."""
    exact = cp.TradeCosts(true_access(world), np.ones(1, bool), None)
    S, phi = cp.competitiveness(world.data, exact)
    e, found = cp.free_trade(cp.calibrate(world.data), S, phi)
    np.testing.assert_allclose(cp.flows(e, found)[:J], world.free_trade(), rtol=1e-7)
    np.testing.assert_allclose(found.share[:J], found.share[:J, :1].repeat(25, 1), rtol=1e-12)
    np.testing.assert_allclose(
        found.price[:, :J] / found.price[:1, :J], found.price[:, :J] / found.price[:1, :J]
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_estimated_free_trade_has_the_true_distances(embedded, pairs, seed):
    """Asymmetric costs and closed cells are unknown; distances by country come within 2 %."""
    world = sample.tariff_world(**embedded, seed=seed)
    S, phi = cp.competitiveness(world.data, cp.trade_costs(world.data, pairs))
    e, found = cp.free_trade(cp.calibrate(world.data), S, phi)
    estimate, truth = (
        import_distance(flow_frame(flow, world.data), pairs, by=("importer",))["km"]
        for flow in (cp.flows(e, found)[:J], world.free_trade())
    )
    assert abs(estimate / truth - 1).max() < 0.02


def test_services_stay_at_home(world, costs):
    S, phi = cp.competitiveness(world.data, costs)
    e, found = cp.free_trade(cp.calibrate(world.data), S, phi)
    assert found.residual < 1e-9
    np.testing.assert_allclose(found.share[J:], np.broadcast_to(np.eye(25), (19, 25, 25)))
    assert not e.tariff.any() and not e.D.any()


def test_bad_arguments_end_in_one_sentence(world, pairs):
    with pytest.raises(BookError, match="method='x' is not one of flows, indices, poisson"):
        cp.trade_costs(world.data, pairs, method="x")
    with pytest.raises(BookError, match="pairs lack the column contig"):
        cp.trade_costs(world.data, pairs.drop(columns="contig"))
    with pytest.raises(BookError, match="No pair of the data has a distance"):
        cp.trade_costs(world.data, pairs[pairs["exporter"] == "AFG"])


def test_a_region_without_output_is_named(world, costs):
    output, trade = world.data.output.copy(), world.data.trade.copy()
    output[3, 0] = trade[0, :, 3] = 0
    with pytest.raises(BookError, match="CHL makes no c1"):
        cp.competitiveness(replace(world.data, output=output, trade=trade), costs)


@pytest.mark.slow
@pytest.mark.originals("caliendo_parro_2015", "geodist")
def test_methods_agree_on_the_frictionless_distance():
    """On originals the way to fill cells without an index moves the world's mean by under 1 %."""
    seen = data.load("caliendo_parro_2015", tier="original")
    pairs = data.load("geodist", tier="original")
    world = []
    for method in METHODS:
        S, phi = cp.competitiveness(seen, cp.trade_costs(seen, pairs, method=method))
        e, found = cp.free_trade(cp.calibrate(seen), S, phi)
        frame = flow_frame(cp.flows(e, found)[: len(S)], seen)
        world.append(import_distance(frame, pairs)["km"][0])
    assert max(world) / min(world) < 1.01
