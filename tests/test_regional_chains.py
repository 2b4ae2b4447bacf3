"""The simulated world of Li and Chen (2023, § 2.3): what its text states, and identities."""

import numpy as np
import pytest

from lib.errors import BookError
from lib.models import eaton_kortum
from lib.models.regional_chains import (
    TECHNOLOGIES,
    agreement_gains,
    average_distance,
    both_closures,
    chain_costs,
    partner_distance,
    regions,
    ring_distance,
    technology,
)


def test_the_ring_of_ten_has_the_distances_that_the_text_states():
    d = ring_distance(10)
    assert (d[0, 2], d[4, 8], d.max()) == (2, 4, 5)
    assert (np.diag(d) == 0).all() and (d == d.T).all()


def test_regions_are_those_of_the_paper_and_scale():
    members = [np.flatnonzero(regions(10) == r) + 1 for r in range(3)]
    assert [m.tolist() for m in members] == [[1, 2, 3, 4], [5, 6, 7], [8, 9, 10]]
    assert np.bincount(regions(30)).tolist() == [12, 9, 9]


def test_costs_run_from_none_to_the_regional_ones():
    """At h = 0 every cost is one; at h = 1 they are 1.1 within and 1.5 between regions."""
    tau = chain_costs([0, 0.5, 1], regions(10), 1.1, 1.5)
    assert (tau[0] == 1).all()
    assert (tau[2, 0, 0], tau[2, 0, 3], tau[2, 0, 4]) == (1, 1.1, 1.5)
    np.testing.assert_allclose(tau[1], (tau[0] + tau[2]) / 2)
    assert chain_costs(np.ones((2, 3)), regions(10), 1.1, np.full((2, 3), 1.5)).shape == (
        2,
        3,
        10,
        10,
    )


def test_average_productivity_is_the_number_of_the_country():
    """The mean of a Fréchet variable is T^(1/θ) Γ(1 − 1/θ), by simulation to 1 %."""
    theta, rng = 5.0, np.random.default_rng(0)
    T = technology("number", 10, theta)
    mean = ((T / rng.exponential(size=(200_000, 10))) ** (1 / theta)).mean(0)
    np.testing.assert_allclose(mean / mean[0], np.arange(1, 11), rtol=0.01)


def test_every_technology_is_positive_and_an_unknown_one_is_refused():
    drawn = {kind: technology(kind, 10, 4.0) for kind in TECHNOLOGIES}
    assert all((T > 0).all() and T.shape == (10,) for T in drawn.values())
    assert sorted(drawn["random"]) == sorted(drawn["number"]) == sorted(drawn["declining"])
    with pytest.raises(BookError, match="choose one of number"):
        technology("best", 10, 4.0)


def test_average_distance_counts_home_trade_at_zero():
    share = np.array([[0.5, 0.3, 0.2], [0.0, 1.0, 0.0], [0.25, 0.25, 0.5]])
    distance = np.array([[0, 10, 20], [10, 0, 30], [20, 30, 0]])
    np.testing.assert_allclose(average_distance(share, distance), [7, 0, 12.5])


def test_small_agreements_are_worth_what_the_envelope_theorem_says():
    """Summed over all countries terms of trade cancel: what is left is the trade that is freed."""
    n, theta, cut = 6, 4.0, 1e-5
    world = eaton_kortum.solve(np.ones(n), chain_costs(1, regions(n), 1.2, 1.4), theta, np.ones(n))
    income = world.wage
    gains = agreement_gains(world.share, income, theta, 1 - cut) / 100
    one, other = np.triu_indices(n, 1)
    freed = world.trade[one, other] + world.trade[other, one]
    np.testing.assert_allclose(gains @ income / cut, freed, rtol=1e-3)


def test_an_agreement_of_two_helps_them_and_hurts_the_rest_together():
    """Trade diversion: in a symmetric world the partners gain and all others lose."""
    n = 5
    world = eaton_kortum.solve(np.ones(n), chain_costs(1, np.arange(n), 1, 1.3), 5.0, np.ones(n))
    gains = agreement_gains(world.share, world.wage, 5.0, 0.9)
    one, other = np.triu_indices(n, 1)
    party = np.zeros((len(one), n), bool)
    party[np.arange(len(one)), one] = party[np.arange(len(one)), other] = True
    assert (gains[party] > 0).all() and (gains[~party] < 0).all()


def test_in_an_equal_world_without_costs_the_closures_agree():
    shares = both_closures(np.ones(5), np.ones((5, 5)), 4.0)
    for share in shares.values():
        np.testing.assert_allclose(share, 0.2, rtol=1e-12)
    uneven = both_closures(technology("number", 5, 4.0), np.ones((5, 5)), 4.0)
    # T^(1/(1+θ)) against T: wages that adjust even the shares out.
    np.testing.assert_allclose(uneven["costs given"][0, 4] / uneven["costs given"][0, 0], 5**4.0)
    adjusting = uneven["wages adjust"][0]
    np.testing.assert_allclose(adjusting[4] / adjusting[0], 5 ** (4 / 5), rtol=1e-10)


def test_partners_are_weighted_by_the_gains_of_the_country_itself():
    distance = np.array([[0, 1, 4], [1, 0, 2], [4, 2, 0]])
    gains = np.array([[3.0, 1.0, -1.0], [1.0, -2.0, 5.0], [-1.0, 0.0, 0.0]])  # pairs 12, 13, 23
    found = partner_distance(gains, distance)
    np.testing.assert_allclose(found, [(3 * 1 + 1 * 4) / 4, 1, 4])
    assert np.isnan(partner_distance(0 * gains, distance)).all()
