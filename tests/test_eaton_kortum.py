"""Eaton–Kortum: closed forms, simulated goods, independent solvers, batches."""

import numpy as np
import pytest
from scipy.optimize import root

from lib.errors import BookError
from lib.models import caliendo_parro
from lib.models.eaton_kortum import change, gains_from_trade, price_constant, shares, solve

# The solver stops where payments clear to 1e-11; wages inherit that divided by a trade elasticity
# of two or more, so agreement with closed forms is asked for at 1e-10.
CLOSE = {"rtol": 1e-10, "atol": 1e-14}


def random_world(n=5, seed=0, *, batch=(), low=0.1, high=1.5):
    rng = np.random.default_rng(seed)
    tau = 1 + rng.uniform(low, high, (*batch, n, n))
    tau[..., np.arange(n), np.arange(n)] = 1
    T, L = rng.lognormal(0, 1, (*batch, n)), rng.lognormal(0, 1, (*batch, n))
    return {"T": T, "tau": tau, "theta": rng.uniform(2, 9, batch), "L": L}


def costs(n, tau):
    return np.where(np.eye(n) == 1, 1.0, tau)


# -- closed forms --------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [1.0, 0.4])
def test_two_symmetric_countries_have_their_closed_form(beta):
    theta, tau, T = 4.0, 1.7, 3.0
    found = solve([T, T], costs(2, tau), theta, [2.0, 2.0], beta=beta, sigma=3.0)
    home = 1 / (1 + tau**-theta)
    np.testing.assert_allclose(found.wage, 1 / 4, **CLOSE)
    np.testing.assert_allclose(found.home_share, home, **CLOSE)
    # P = γ [T c^-θ / home]^(-1/θ) with c = w^β P^(1-β), solved for P.
    constant = price_constant(theta, 3.0)
    price = found.wage * (constant * (T / home) ** (-1 / theta)) ** (1 / beta)
    np.testing.assert_allclose(found.price, price, **CLOSE)
    np.testing.assert_allclose(found.welfare, 0.5 / price, **CLOSE)


def test_a_frictionless_world_buys_everywhere_alike():
    """Without costs π_ni = T_i w_i^-θ / Σ, and balance gives w_i ∝ (T_i / L_i)^(1/(1+θ))."""
    w = random_world(6) | {"tau": np.ones((6, 6))}
    found = solve(**w)
    wage = (w["T"] / w["L"]) ** (1 / (1 + w["theta"]))
    np.testing.assert_allclose(found.wage, wage / (wage @ w["L"]), **CLOSE)
    offer = w["T"] * found.wage ** -w["theta"]
    np.testing.assert_allclose(found.share, np.tile(offer / offer.sum(), (6, 1)), **CLOSE)
    np.testing.assert_allclose(found.price, found.price[0], **CLOSE)


@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_one_country_alone_is_autarky(beta):
    T, L, theta = 2.0, 5.0, 4.0
    found = solve([T], [[1.0]], theta, [L], beta=beta)
    real_wage = (price_constant(theta) * T ** (-1 / theta)) ** (-1 / beta)
    np.testing.assert_allclose(found.wage / found.price, real_wage, **CLOSE)
    assert found.residual == 0


@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_gains_from_trade_follow_from_the_home_share(beta):
    """Arkolakis, Costinot and Rodríguez-Clare: real wage over autarky is π_nn^(-1/(θβ))."""
    w = random_world(7, seed=3)
    found = solve(**w, beta=beta)
    # Seven worlds of one country each, in one batch.
    alone = solve(w["T"][:, None], np.ones((1, 1)), w["theta"], w["L"][:, None], beta=beta)
    ratio = (found.wage / found.price) / (alone.wage / alone.price)[:, 0]
    gains = gains_from_trade(found.home_share, w["theta"], beta=beta)
    np.testing.assert_allclose(ratio, gains, rtol=1e-9)
    assert (gains > 1.01).all()


def test_a_small_country_gains_more_than_a_large_one():
    """Equal technology per head: the country with more neighbours than own firms opens more."""
    L = np.array([1.0, 2.0, 4.0, 8.0])
    found = solve(L, costs(4, 1.4), 5.0, L)
    assert (np.diff(found.home_share) > 0).all()
    assert (np.diff(gains_from_trade(found.home_share, 5.0)) < 0).all()


def test_shares_at_the_wages_found_are_those_of_the_equilibrium():
    w = random_world(5, batch=(3,))
    found = solve(**w)
    np.testing.assert_allclose(
        shares(w["T"], w["tau"], w["theta"], found.wage), found.share, **CLOSE
    )
    # Equal costs and no barriers: technology alone decides.
    np.testing.assert_allclose(shares([1, 3], np.ones((2, 2)), 4, [1, 1]), [[0.25, 0.75]] * 2)


# -- the Fréchet goods behind the formulas -------------------------------------------------------


@pytest.mark.parametrize(("sigma", "theta"), [(1.5, 4.0), (1.0, 4.0), (3.0, 6.0)])
def test_simulated_goods_have_the_price_index_and_the_shares(sigma, theta):
    """A million goods drawn by country: the CES price over the cheapest sources, and who they are.

    The mean of P^(1-σ) over 10^6 goods has a standard error below 0.1 %, and a share one below
    0.05 points; four of them are allowed.
    """
    w = random_world(4, seed=2) | {"theta": theta}
    found = solve(**w, sigma=sigma)
    rng, goods = np.random.default_rng(1), 10**6
    z = (w["T"] / rng.exponential(size=(goods, 4))) ** (1 / theta)  # P(z ≤ x) = exp(-T x^-θ)
    for n in range(4):
        offers = found.wage * w["tau"][n] / z
        paid, seller = offers.min(1), offers.argmin(1)
        index = (
            np.exp(np.log(paid).mean())
            if sigma == 1
            else (paid ** (1 - sigma)).mean() ** (1 / (1 - sigma))
        )
        assert index == pytest.approx(found.price[n], rel=4e-3)
        sold = np.bincount(seller, paid ** (1 - sigma), 4) / (paid ** (1 - sigma)).sum()
        np.testing.assert_allclose(sold, found.share[n], atol=2e-3)


# -- against independent solvers -----------------------------------------------------------------


@pytest.mark.parametrize(("beta", "seed"), [(1.0, 1), (0.45, 2)])
def test_caliendo_parro_with_one_sector_is_the_same_economy(beta, seed):
    """An independent solver. Its cost constant β^-β (1-β)^-(1-β) scales prices: T undoes it."""
    n, w = 5, random_world(5, seed=seed)
    D = np.array([0.03, -0.01, -0.02, 0.01, -0.01])
    upsilon = beta**-beta * (1 - beta) ** -(1 - beta)
    other = caliendo_parro.equilibrium(
        caliendo_parro.Economy(
            T=(w["T"] * upsilon ** w["theta"])[:, None],
            tau=w["tau"][None],
            theta=w["theta"][None],
            gamma=np.full((n, 1), beta),
            gamma_in=np.full((n, 1, 1), 1 - beta),
            alpha=np.ones((n, 1)),
            L=w["L"],
            D=D,
        )
    )
    found = solve(**w, beta=beta, deficit=D)
    # The other solver asks for 1e-9 in excess demand.
    np.testing.assert_allclose(found.wage, other.wage, rtol=1e-8)
    np.testing.assert_allclose(found.price, other.price[:, 0], rtol=1e-8)
    np.testing.assert_allclose(found.share, other.share[0], rtol=1e-7)
    np.testing.assert_allclose(found.expenditure, other.expenditure[:, 0], rtol=1e-8)
    imports = found.trade.sum(1) - np.diag(found.trade)
    exports = found.trade.sum(0) - np.diag(found.trade)
    np.testing.assert_allclose(imports - exports, D, atol=1e-11)


def two_sectors(n=4, seed=4):
    w = random_world(n, seed=seed)
    other = np.random.default_rng(seed + 1).uniform(2, 6, n) * w["L"]
    return w | {"beta": 0.3, "alpha": 0.15, "other_income": other, "sigma": 2.5}


def printed_model(w, wage, payroll, price):
    """Residuals of the two-sector model, loop by loop as printed."""
    n, theta, beta, alpha = len(wage), w["theta"], w["beta"], w["alpha"]
    income = payroll["all"] + w["other_income"]
    phi = np.zeros(n)
    offer = np.zeros((n, n))
    for k in range(n):
        for i in range(n):
            cost = wage[i] ** beta * price[i] ** (1 - beta)
            offer[k, i] = w["T"][i] * (cost * w["tau"][k, i]) ** -theta
        phi[k] = offer[k].sum()
    labour = np.zeros(n)
    for i in range(n):
        demand = 0.0
        for k in range(n):
            spent = (1 - beta) * payroll["made"][k] + alpha * beta * income[k]
            demand += offer[k, i] / phi[k] * spent
        labour[i] = np.log(demand / payroll["made"][i])
    prices = np.log(price) - np.log(price_constant(theta, w["sigma"]) * phi ** (-1 / theta))
    return np.concatenate([labour, prices])


def test_immobile_labour_solves_the_printed_equations():
    w = two_sectors()
    n = len(w["L"])

    def residual(z):
        wage, price = np.exp(z[:n]), np.exp(z[n:])
        return printed_model(w, wage, dict.fromkeys(("made", "all"), wage * w["L"]), price)

    other = root(residual, np.zeros(2 * n), tol=1e-13)
    assert abs(other.fun).max() < 1e-10
    found = solve(**w)
    np.testing.assert_allclose(np.log(found.wage), other.x[:n], atol=1e-9)
    np.testing.assert_allclose(np.log(found.price), other.x[n:], atol=1e-9)


def test_mobile_labour_solves_the_printed_equations():
    w = two_sectors()
    n, wage = len(w["L"]), np.array([1.0, 0.7, 1.4, 0.9])

    def residual(z):
        payroll = {"made": np.exp(z[:n]), "all": wage * w["L"]}
        return printed_model(w, wage, payroll, np.exp(z[n:]))

    other = root(residual, np.zeros(2 * n), tol=1e-13)
    assert abs(other.fun).max() < 1e-10
    found = solve(**w, mobile_wage=wage)
    np.testing.assert_allclose(found.wage * found.labour, np.exp(other.x[:n]), rtol=1e-9)
    np.testing.assert_allclose(found.price, np.exp(other.x[n:]), rtol=1e-9)
    np.testing.assert_allclose(found.welfare, found.income / found.price ** w["alpha"], rtol=1e-12)


# -- changes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["labour", "inputs and deficits", "immobile", "mobile"])
def test_changes_equal_the_ratio_of_two_solutions_in_levels(case):
    w, rng = random_world(5, seed=6), np.random.default_rng(9)
    how, levels, mobile = {}, {}, False
    if case == "inputs and deficits":
        how = {"beta": 0.4, "deficit": np.array([0.02, -0.02, 0.01, 0.0, -0.01])}
    if case in ("immobile", "mobile"):
        how = {"beta": 0.3, "alpha": 0.2, "other_income": rng.uniform(1, 2, 5)}
        mobile = case == "mobile"
        levels = {"mobile_wage": rng.uniform(0.5, 1.5, 5)} if mobile else {}
    T_hat, tau_hat = (
        rng.uniform(0.5, 2, 5),
        np.where(np.eye(5) == 1, 1, rng.uniform(1, 1.5, (5, 5))),
    )
    old = solve(**w, **how, **levels)
    new = solve(**(w | {"T": w["T"] * T_hat, "tau": w["tau"] * tau_hat}), **how, **levels)
    payroll = old.wage * (w["L"] if mobile else old.labour)
    hat = change(old.share, payroll, w["theta"], T_hat=T_hat, tau_hat=tau_hat, mobile=mobile, **how)
    np.testing.assert_allclose(hat.wage, new.wage / old.wage, rtol=1e-9)
    np.testing.assert_allclose(hat.price, new.price / old.price, rtol=1e-9)
    np.testing.assert_allclose(hat.share, new.share, rtol=1e-8)
    np.testing.assert_allclose(hat.welfare, new.welfare / old.welfare, rtol=1e-9)
    assert abs(hat.welfare - 1).max() > 0.01


def test_closing_the_borders_gives_back_the_gains_from_trade():
    """Autarky as a change: its welfare is the inverse of the gains formula where labour is mobile.

    Only one country is closed off at a time in a world of one sector; with a second, freely traded
    one, all can be at once.
    """
    w = two_sectors()
    wage = np.array([1.0, 0.7, 1.4, 0.9])
    old = solve(**w, mobile_wage=wage)
    how = {name: w[name] for name in ("beta", "alpha", "other_income")}
    closed = np.where(np.eye(4) == 1, 1, np.inf)
    hat = change(old.share, wage * w["L"], w["theta"], tau_hat=closed, mobile=True, **how)
    shares = {"alpha": w["alpha"], "beta": w["beta"]}
    gains = gains_from_trade(old.home_share, w["theta"], **shares)
    np.testing.assert_allclose(1 / hat.welfare, gains, rtol=1e-10)
    np.testing.assert_allclose(hat.share, np.eye(4), atol=1e-14)


def test_nothing_changes_when_nothing_changes():
    w = random_world(5)
    old = solve(**w)
    hat = change(old.share, old.wage * w["L"], w["theta"])
    for ratio in (hat.wage, hat.price, hat.welfare):
        np.testing.assert_allclose(ratio, 1, rtol=1e-10)


# -- batches -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{}, {"beta": 0.5}, {"alpha": 0.3, "other_income": 1.0}])
def test_a_batch_is_the_same_worlds_one_by_one(how):
    w = random_world(6, seed=8, batch=(4, 5))
    found = solve(**w, **how)
    assert found.share.shape == (4, 5, 6, 6)
    for i in np.ndindex(4, 5):
        one = solve(**{name: x[i] for name, x in w.items()}, **how)
        np.testing.assert_allclose(found.wage[i], one.wage, **CLOSE)
        np.testing.assert_allclose(found.price[i], one.price, **CLOSE)
        assert found.iterations[i] == one.iterations


def test_arguments_broadcast_against_each_other():
    """A sweep over theta and one over costs, of one list of countries."""
    w = random_world(4, seed=5)
    thetas, h = np.array([2.0, 4.0, 8.0]), np.linspace(0, 1, 6)
    tau = 1 + h[:, None, None] * (w["tau"] - 1)
    found = solve(w["T"], tau[:, None], thetas, w["L"])
    assert found.wage.shape == (6, 3, 4)
    one = solve(w["T"], tau[4], 8.0, w["L"])
    np.testing.assert_allclose(found.share[4, 2], one.share, **CLOSE)
    assert (found.residual <= 1e-10).all()


def test_very_unequal_and_nearly_closed_worlds_are_solved():
    """Technology and size over four orders of magnitude, elasticities to 30, costs to 20 times."""
    rng = np.random.default_rng(5)
    for n, size, spread, theta, high in [
        (10, 500, 5, 30, 1),
        (10, 500, 2, 12, 20),
        (60, 20, 4, 20, 3),
    ]:
        tau = 1 + rng.uniform(0, high, (size, n, n))
        tau[:, np.arange(n), np.arange(n)] = 1
        T, L = rng.lognormal(0, spread, (2, size, n))
        for beta in (1.0, 0.5, 0.2):
            found = solve(T, tau, rng.uniform(1.2, theta, size), L, beta=beta)
            assert found.residual.max() <= 1e-10


def test_ten_thousand_ten_country_worlds_are_solved_in_one_call():
    found = solve(**random_world(10, batch=(10_000,)))
    assert found.wage.shape == (10_000, 10)
    assert found.residual.max() <= 1e-10
    np.testing.assert_allclose(found.share.sum(-1), 1, rtol=1e-12)


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change_", "message"),
    [
        ({"T": [1.0, 0.0, 1.0]}, "every T must be finite and positive"),
        ({"L": [1.0, -1.0, 1.0]}, "every L must be finite and positive"),
        ({"tau": costs(3, 0.9)}, "every tau must be at least one"),
        ({"theta": 1.0}, "theta must exceed sigma − 1 = 1"),
        ({"theta": 2.0, "sigma": 3.5}, "theta must exceed sigma − 1 = 2.5"),
        ({"beta": 0.0}, "beta must lie above zero"),
        ({"alpha": 1.2}, "alpha must lie above zero, up to one"),
        ({"alpha": 0.5}, "other income must be positive where alpha is below one"),
        ({"other_income": 1.0}, "zero where it is one"),
        ({"deficit": [0.1, 0.0, 0.0]}, "deficits must sum to zero"),
        ({"L": [1.0, 1.0]}, "shapes do not fit 3 countries"),
        ({"mobile_wage": [1.0, 1.0, 1.0]}, "mobile only if alpha is below one"),
        ({"deficit": [-5.0, 5.0, 0.0]}, "no equilibrium found|surplus exceeds"),
    ],
)
def test_impossible_worlds_are_refused_in_one_sentence(change_, message):
    good = {"T": np.ones(3), "tau": costs(3, 1.5), "theta": 4.0, "L": np.ones(3)}
    with pytest.raises(BookError, match=message) as error:
        solve(**(good | change_))
    assert "\n" not in str(error.value)


def test_the_first_failing_world_of_a_batch_is_named():
    T = np.ones((2, 3, 4))
    T[1, 2, 0] = -1
    with pytest.raises(BookError, match=r"world \(1, 2\): every T"):
        solve(T, costs(4, 1.5), 4.0, np.ones(4))
    with pytest.raises(BookError, match="world 2: theta must exceed"):
        solve(np.ones(4), costs(4, 1.5), [4.0, 3.0, 0.5], np.ones(4))


def test_a_disconnected_world_is_refused():
    tau = costs(4, 1.5)
    tau[:2, 2:] = tau[2:, :2] = np.inf
    with pytest.raises(BookError, match="from every country to every other"):
        solve(np.ones(4), tau, 4.0, np.ones(4))
    tau[0, 2] = 1.5  # sells across, never buys: no wage balances its trade
    with pytest.raises(BookError, match="from every country to every other"):
        solve(np.ones(4), tau, 4.0, np.ones(4))
    tau[3, 1] = 1.5
    assert solve(np.ones(4), tau, 4.0, np.ones(4)).share[0, 3] == 0


def test_a_solver_that_stops_short_says_so_and_where():
    w = random_world(4, batch=(3,))
    with pytest.raises(BookError, match="world 0: no equilibrium found in 1 rounds"):
        solve(**w, max_iter=1)


def test_a_baseline_that_does_not_clear_is_refused():
    w = random_world(4)
    old = solve(**w)
    with pytest.raises(BookError, match="baseline does not clear"):
        change(old.share, w["L"], w["theta"])
    with pytest.raises(BookError, match="must sum to one"):
        change(0.9 * old.share, old.wage * w["L"], w["theta"])
