"""Caliendo–Parro in changes: identities, the solver in levels, and the published NAFTA results."""

from dataclasses import replace

import numpy as np
import pytest

from lib import data
from lib.errors import BookError
from lib.models import caliendo_parro as cp
from lib.sector_trade import SectorTrade

# Both solvers stop at 1e-13 in excess demand for labour; agreement is asked for at 1e-9.
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def economy(n=4, k=3, seed=0):
    """A random world in levels, with tariffs, deficits, and a sector that is not traded."""
    rng = np.random.default_rng(seed)
    home = np.arange(n)
    tau = 1 + rng.uniform(0.2, 1.0, (k, n, n))
    tau[-1] = np.inf
    tau[:, home, home] = 1
    tariff = rng.uniform(0, 0.3, (k, n, n))
    tariff[:, home, home] = tariff[-1] = 0
    gamma = rng.uniform(0.3, 0.6, (n, k))
    inputs = rng.dirichlet(np.ones(k), (n, k)).transpose(0, 2, 1)
    D = rng.normal(0, 0.02 / n, n)
    return cp.Economy(
        T=rng.lognormal(0, 1, (n, k)),
        tau=tau,
        theta=rng.uniform(3, 9, k),
        gamma=gamma,
        gamma_in=(1 - gamma)[:, None, :] * inputs,
        alpha=rng.dirichlet(np.ones(k), n),
        L=rng.lognormal(0, 1, n),
        D=D - D.mean(),
        tariff=tariff,
    )


def observed(e, found, later):
    """What an observer sees of a solved world, with `later` tariffs of the year 2005."""
    trade = (found.share / (1 + e.tariff) * found.expenditure.T[:, :, None])[:-1]
    np.einsum("kii->ki", trade)[:] = 0
    n, k = e.alpha.shape
    return SectorTrade(
        countries=("CAN", "MEX", "USA", "ROW")[:n],
        sectors=tuple(f"s{i}" for i in range(k)),
        year=1993,
        trade=trade,
        tariff={1993: e.tariff[:-1], 2005: later[:-1]},
        output=found.output,
        value_added=e.gamma,
        inputs=e.gamma_in / e.gamma_in.sum(1, keepdims=True),
        theta=e.theta,
    )


@pytest.fixture(scope="module")
def world():
    e = economy()
    found = cp.equilibrium(e)
    return e, found, observed(e, found, 0.4 * e.tariff)


def test_a_calibrated_world_is_the_economy_that_made_its_data(world):
    e, found, seen = world
    calibrated = cp.calibrate(seen)
    np.testing.assert_allclose(calibrated.alpha, e.alpha, **CLOSE)
    np.testing.assert_allclose(calibrated.L, found.wage * e.L, **CLOSE)
    np.testing.assert_allclose(calibrated.D, e.D, rtol=1e-8, atol=1e-12)
    again = cp.equilibrium(calibrated)
    np.testing.assert_allclose(again.wage, 1, **CLOSE)
    np.testing.assert_allclose(again.price, 1, **CLOSE)


def test_no_change_leaves_every_hat_at_one(world):
    _, _, seen = world
    for deficit in ("zero", "kept"):
        same = cp.counterfactual(seen, cp.calibrate(seen), deficit=deficit)
        np.testing.assert_allclose(same.after.wage, same.before.wage, **CLOSE)
        np.testing.assert_allclose(same.after.price, same.before.price, **CLOSE)
        for effect in (same.welfare, same.real_income, same.real_wage):
            np.testing.assert_allclose(effect, 0, atol=1e-8)


@pytest.mark.parametrize("deficit", ["zero", "kept"])
def test_changes_are_the_ratio_of_two_worlds_in_levels(world, deficit):
    """Technology, trade costs and labour that the solver in changes never sees."""
    e, _, seen = world
    change = cp.nafta(seen, scope="all", deficit=deficit)
    D = 0 * e.D if deficit == "zero" else e.D
    before = cp.equilibrium(replace(e, D=D))
    after = cp.equilibrium(replace(e, D=D, tariff=0.4 * e.tariff))
    for name in ("wage", "price", "unit_cost", "expenditure", "output", "income", "final_price"):
        ours = getattr(change.after, name) / getattr(change.before, name)
        theirs = getattr(after, name) / getattr(before, name)
        np.testing.assert_allclose(ours, theirs, err_msg=name, **CLOSE)
    np.testing.assert_allclose(change.after.share, after.share, **CLOSE)


def test_iceberg_changes_equal_levels(world):
    e, _, seen = world
    factor = np.full(e.tau.shape, 1.3)
    np.einsum("kii->ki", factor)[:] = 1
    change = cp.counterfactual(seen, cp.calibrate(seen), cost=factor, deficit="kept")
    after = cp.equilibrium(replace(e, tau=factor * e.tau))
    np.testing.assert_allclose(change.after.share, after.share, **CLOSE)
    assert (change.real_wage < -0.1).all()


def test_trade_is_as_unbalanced_as_assumed(world):
    _, _, seen = world
    for deficit in ("zero", "kept"):
        change = cp.nafta(seen, deficit=deficit)
        for flow, e in zip(change.flows, change.economies, strict=True):
            gap = flow.sum((0, 2)) - flow.sum((0, 1))
            np.testing.assert_allclose(gap, e.D, atol=1e-10 * e.world_gdp)


def test_values_scale_with_the_currency_and_effects_do_not(world):
    _, _, seen = world
    dollars = replace(seen, trade=1e6 * seen.trade, output=1e6 * seen.output)
    one, other = cp.nafta(seen), cp.nafta(dollars)
    np.testing.assert_allclose(other.after.income, 1e6 * one.after.income, **CLOSE)
    np.testing.assert_allclose(other.welfare, one.welfare, rtol=1e-7)


def test_welfare_of_a_small_reform_is_the_first_order_sum(world):
    """Real income changes by terms and volume of trade, up to the square of the reform."""
    e, found, _ = world
    missed = []
    for size in (0.02, 0.01):
        seen = observed(e, found, (1 - size) * e.tariff)
        change = cp.nafta(seen, scope="all", deficit="kept")
        missed.append(abs(change.welfare - change.real_income).max())
        assert abs(change.real_income).max() > 1e-3
    assert missed[0] < 1e-3
    assert missed[0] / missed[1] == pytest.approx(4, rel=0.2)


def test_first_order_effects_of_small_steps_add_up_to_the_exact_change(world):
    """A sum over n steps misses an integral by the order of 1/n: halved by twice the steps."""
    change = cp.nafta(world[2], scope="all")
    exact = 100 * np.log1p(change.real_income / 100)
    missed = [
        abs(sum(step.welfare for step in change.in_steps(count)) - exact).max()
        for count in (1, 8, 16)
    ]
    assert missed[0] > 5 * missed[1]
    assert missed[1] / missed[2] == pytest.approx(2, rel=0.1)
    with pytest.raises(BookError, match="into 0 steps"):
        change.in_steps(0)


def test_without_linkages_or_with_own_inputs_the_trade_data_are_met(world):
    _, _, seen = world
    for linkages in ("own", "none"):
        e = cp.calibrate(seen, linkages=linkages)
        np.testing.assert_allclose(e.gamma + e.gamma_in.sum(1), 1, rtol=1e-12)
        found = cp.equilibrium(e)
        abroad = cp.flows(e, found)[:-1] * (1 - np.eye(4))
        np.testing.assert_allclose(abroad, seen.trade, rtol=1e-8)
    assert (cp.calibrate(seen, linkages="none").gamma == 1).all()


def test_negative_final_spending_is_cut_and_the_shares_rescaled(world):
    _, _, seen = world
    output = seen.output.copy()
    output[0, 1] = seen.trade[1, :, 0].sum()  # all of it exported: inputs exceed what is left
    inputs = seen.inputs.copy()
    inputs[0] = 0.0
    inputs[0, 1] = 1.0
    e = cp.calibrate(replace(seen, output=output, inputs=inputs))
    assert e.alpha[0, 1] == 0
    np.testing.assert_allclose(e.alpha.sum(1), 1, rtol=1e-12)


def test_output_below_exports_is_raised_to_them(world):
    _, _, seen = world
    output = seen.output.copy()
    output[2, 0] = 0.5 * seen.trade[0, :, 2].sum()
    e = cp.calibrate(replace(seen, output=output))
    assert e.access[0, 2, 2] == 0
    np.testing.assert_allclose(e.access.sum(2), 1, rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"year": 2001}, "no tariffs of 2001; choose one of 1993, 2005"),
        ({"scope": "some"}, "scope='some' is not one of nafta, all"),
        ({"deficit": "half"}, "deficit='half' is not one of zero, kept"),
        ({"linkages": "some"}, "linkages='some' is not one of full, own, none"),
        ({"theta_scale": 0.0}, "theta_scale=0.0 must be positive"),
    ],
)
def test_bad_arguments_end_in_one_sentence(world, arguments, message):
    with pytest.raises(BookError, match=message):
        cp.nafta(world[2], **arguments)


def test_a_missing_member_is_named(world):
    with pytest.raises(BookError, match="The data lack CAN"):
        cp.nafta(replace(world[2], countries=("FRA", "MEX", "USA", "ROW")))


@pytest.mark.parametrize(
    ("field", "change", "message"),
    [
        ("trade", lambda t: t[:, :3], "trade has shape"),
        ("trade", lambda t: t - 1, "trade has negative cells"),
        ("output", lambda t: t * np.nan, "output has missing or infinite cells"),
        ("value_added", lambda t: t * 0, "value_added must lie above zero"),
    ],
)
def test_sector_trade_refuses_what_is_none(world, field, change, message):
    seen = world[2]
    with pytest.raises(BookError, match=message):
        replace(seen, **{field: change(getattr(seen, field))})


@pytest.fixture(scope="module")
def sample():
    return data.load("caliendo_parro_2015", tier="sample")


class TestSample:
    def test_schema_and_accounts(self, sample):
        assert sample.countries[-1] == "ROW" and {"CAN", "MEX", "USA"} <= set(sample.countries)
        assert (len(sample.sectors), len(sample.traded)) == (35, 16)
        assert list(sample.tariff) == [1993, 2005]
        assert 0.03 < (sample.trade == 0).mean() - 1 / 25 < 0.07
        e = cp.calibrate(sample)
        # an equilibrium already: nothing is cut or raised, wages stay at one
        np.testing.assert_allclose(cp.equilibrium(e).wage, 1, rtol=1e-9)

    def test_nafta_frees_trade_between_the_three(self, sample):
        change = cp.nafta(sample)
        assert change.residual < 1e-9
        growth = change.trade_growth(["CAN", "MEX", "USA"])
        assert (growth["all"] > 10).all()
        assert (change.real_wage[["CAN", "MEX", "USA"]] > 0).all()


@pytest.fixture(scope="module")
def original():
    return data.load("caliendo_parro_2015", tier="original")


@pytest.fixture(scope="module")
def change(original):
    return cp.nafta(original)


@pytest.mark.originals("caliendo_parro_2015")
class TestPublished:
    def test_residuals_are_below_a_billionth(self, change):
        assert change.residual < 1e-9

    def test_the_welfare_effects_of_the_abstract(self, change):
        printed = {"MEX": 1.31, "CAN": -0.06, "USA": 0.08}
        assert change.welfare[list(printed)].round(2).to_dict() == printed

    def test_the_trade_effects_of_the_abstract(self, change):
        growth = change.trade_growth(["MEX", "CAN", "USA"])["all"]
        assert growth.drop("all").round().to_dict() == {"MEX": 118, "CAN": 11, "USA": 41}

    def test_components_agree_with_an_independent_package(self, change):
        """The R package cp2015 prints these on its front page, to three digits."""
        peer = {
            "terms_of_trade": {"CAN": -0.108, "MEX": -0.412, "USA": 0.0435},
            "volume_of_trade": {"CAN": 0.0443, "MEX": 1.72, "USA": 0.0412},
            "welfare": {"CAN": -0.0638, "MEX": 1.31, "USA": 0.0848},
            "real_wage": {"CAN": 0.323, "MEX": 1.72, "USA": 0.112},
        }
        for name, printed in peer.items():
            ours = getattr(change, name)
            for country, value in printed.items():
                assert float(f"{ours[country]:.3g}") == pytest.approx(value, abs=1e-12), name

    def test_the_exact_change_of_real_income_is_another_number(self, change):
        assert change.real_income["MEX"] == pytest.approx(0.007, abs=0.0005)

    def test_the_economy_has_the_cuts_that_the_data_need(self, original):
        exports = original.trade.sum(1)
        assert (exports > original.output.T[:20]).sum() == 26
        assert (cp.calibrate(original).alpha == 0).sum() == 185
