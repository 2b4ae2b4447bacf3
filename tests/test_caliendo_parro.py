"""Caliendo–Parro in levels: closed forms, accounting, and a second solver."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import root
from scipy.special import gamma as gamma_function

from lib.errors import BookError
from lib.models.caliendo_parro import Economy, equilibrium, evaluate, invert

# The solver stops at 1e-9 or better in excess demand and in practice reaches 1e-12: agreement with
# closed forms is asked for at 1e-9.
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def one_sector(n=4, theta=4.0, tau=1.7, share=1.0, **fields):
    costs = np.full((1, n, n), tau)
    costs[0][np.diag_indices(n)] = 1.0
    defaults = {
        "T": np.ones((n, 1)),
        "tau": costs,
        "theta": np.array([theta]),
        "gamma": np.full((n, 1), share),
        "gamma_in": np.full((n, 1, 1), 1 - share),
        "alpha": np.ones((n, 1)),
        "L": np.ones(n),
    }
    return Economy(**defaults | fields)


def random_economy(n=3, k=2, *, seed=0, deficits=True, tariffs=False):
    rng = np.random.default_rng(seed)
    tau = 1 + rng.uniform(0.2, 1.0, (k, n, n))
    tau[:, np.arange(n), np.arange(n)] = 1
    gamma = rng.uniform(0.3, 0.6, (n, k))
    inputs = rng.dirichlet(np.ones(k), (n, k)).transpose(0, 2, 1)
    D = rng.normal(0, 0.02 / n, n) * deficits
    tariff = rng.uniform(0, 0.3, (k, n, n)) * tariffs
    tariff[:, np.arange(n), np.arange(n)] = 0
    return Economy(
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


def autarky(e, i):
    """Country i alone."""
    one = slice(i, i + 1)
    return Economy(
        T=e.T[one],
        tau=np.ones((len(e.theta), 1, 1)),
        theta=e.theta,
        gamma=e.gamma[one],
        gamma_in=e.gamma_in[one],
        alpha=e.alpha[one],
        L=e.L[one],
        sigma=e.sigma,
    )


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_symmetric_world_has_its_closed_form(share):
    n, theta, tau = 4, 4.0, 1.7
    found = equilibrium(one_sector(n, theta, tau, share))
    home = 1 / (1 + (n - 1) * tau**-theta)
    # sigma = 2: the price constant is 1/Γ(1 - 1/θ); with inputs, Υ = γ^-γ (1-γ)^-(1-γ).
    constant = 1 / gamma_function(1 - 1 / theta)
    if share < 1:
        constant *= share**-share * (1 - share) ** -(1 - share)
    real_wage = constant ** (-1 / share) * home ** (-1 / (theta * share))
    np.testing.assert_allclose(found.wage, 1 / n, **CLOSE)
    np.testing.assert_allclose(np.diag(found.share[0]), home, **CLOSE)
    np.testing.assert_allclose(found.real_wage, real_wage, **CLOSE)
    np.testing.assert_allclose(found.output.sum(), 1 / share, **CLOSE)


def test_real_wage_in_autarky_solves_the_linear_price_system():
    e = autarky(random_economy(k=4), 1)
    found = equilibrium(e)
    upsilon = -(e.gamma * np.log(e.gamma))[0] - (e.gamma_in * np.log(e.gamma_in)).sum(1)[0]
    constant = 1 / gamma_function(1 - 1 / e.theta)
    cost = np.log(constant) - np.log(e.T[0]) / e.theta + upsilon
    log_price = np.linalg.solve(np.eye(4) - e.gamma_in[0].T, cost + e.gamma[0] * np.log(found.wage))
    np.testing.assert_allclose(np.log(found.price[0]), log_price, **CLOSE)
    index = (e.alpha[0] * (log_price - np.log(e.alpha[0]))).sum()
    np.testing.assert_allclose(found.real_wage, found.wage / np.exp(index), **CLOSE)


def test_gains_from_trade_follow_from_the_home_share():
    """Arkolakis, Costinot and Rodríguez-Clare: real wage over autarky is π_ii^(-1/θ)."""
    rng = np.random.default_rng(3)
    e = one_sector(5, T=rng.lognormal(0, 1, (5, 1)), L=rng.lognormal(0, 1, 5))
    found = equilibrium(e)
    alone = np.array([equilibrium(autarky(e, i)).real_wage[0] for i in range(5)])
    gains = np.diag(found.share[0]) ** (-1 / e.theta[0])
    np.testing.assert_allclose(found.real_wage / alone, gains, **CLOSE)
    assert (gains > 1.01).all()


@pytest.mark.parametrize("tariffs", [False, True])
def test_excess_demand_sums_to_zero_at_any_wages(tariffs):
    e = random_economy(4, 3, tariffs=tariffs)
    wage = np.array([1.0, 0.3, 2.0, 0.7])
    wage /= wage @ e.L
    off = (e.gamma * evaluate(e, wage).output).sum(1) - wage * e.L
    assert abs(off).max() > 1e-3
    assert abs(off.sum()) < 1e-12


@pytest.mark.parametrize("tariffs", [False, True])
def test_trade_deficits_are_those_assumed(tariffs):
    e = random_economy(4, 3, tariffs=tariffs)
    found = equilibrium(e)
    flows = found.share / (1 + e.tariff) * found.expenditure.T[:, :, None]
    deficit = flows.sum((0, 2)) - flows.sum((0, 1))
    np.testing.assert_allclose(deficit, e.D, atol=1e-10)
    np.testing.assert_allclose(found.output, flows.sum(1).T, rtol=1e-9)
    np.testing.assert_allclose(found.share.sum(2), 1, rtol=1e-12)
    inputs = np.einsum("jkh,jh->jk", e.gamma_in, found.output)
    spending = e.alpha * found.income[:, None] + inputs
    np.testing.assert_allclose(found.expenditure, spending, rtol=1e-9)


def test_numeraire_scales_values_and_nothing_else():
    e = random_economy(4, 3)
    found, scaled = equilibrium(e), equilibrium(replace(e, D=7 * e.D, world_gdp=7.0))
    np.testing.assert_allclose(scaled.wage, 7 * found.wage, **CLOSE)
    np.testing.assert_allclose(scaled.expenditure, 7 * found.expenditure, **CLOSE)
    np.testing.assert_allclose(scaled.share, found.share, **CLOSE)
    np.testing.assert_allclose(scaled.real_wage, found.real_wage, **CLOSE)


def test_larger_countries_of_the_same_tastes_change_no_relative_wage():
    """Doubling every labour force leaves shares, and halves each wage in the fixed numeraire."""
    e = random_economy(4, 3)
    found, doubled = equilibrium(e), equilibrium(replace(e, L=2 * e.L))
    np.testing.assert_allclose(doubled.wage, found.wage / 2, **CLOSE)
    np.testing.assert_allclose(doubled.share, found.share, **CLOSE)


def test_without_trade_costs_every_importer_has_the_same_shares():
    """Li and Chen's ideal: technology and cost alone decide where a product comes from."""
    e = random_economy(4, 3)
    found = equilibrium(replace(e, tau=np.ones_like(e.tau)))
    np.testing.assert_allclose(found.share, found.share[:, :1].repeat(4, 1), rtol=1e-12)
    np.testing.assert_allclose(found.price, found.price[:1].repeat(4, 0), rtol=1e-12)


@pytest.mark.parametrize("tariffs", [False, True])
def test_second_solver_finds_the_same_world(tariffs):
    """All equations of the model, stacked as printed and given to scipy at once."""
    n, k = 3, 2
    e = random_economy(n, k, seed=5, tariffs=tariffs)
    constant = 1 / gamma_function(1 - 1 / e.theta)

    def split(z):
        return np.exp(z[:n]), np.exp(z[n : n + n * k].reshape(n, k)), z[n + n * k :].reshape(n, k)

    def model(z):
        w, P, X = split(z)
        c, Y, Phi, R = np.ones((n, k)), np.zeros((n, k)), np.zeros((n, k)), np.zeros(n)
        for i in range(n):
            for s in range(k):
                c[i, s] = (w[i] / e.gamma[i, s]) ** e.gamma[i, s]
                for h in range(k):
                    c[i, s] *= (P[i, h] / e.gamma_in[i, h, s]) ** e.gamma_in[i, h, s]
        pi = np.zeros((n, n, k))
        for j in range(n):
            for s in range(k):
                for i in range(n):
                    full = c[i, s] * e.tau[s, j, i] * (1 + e.tariff[s, j, i])
                    pi[j, i, s] = e.T[i, s] * full ** -e.theta[s]
                Phi[j, s] = pi[j, :, s].sum()
                pi[j, :, s] /= Phi[j, s]
                for i in range(n):
                    net = pi[j, i, s] * X[j, s] / (1 + e.tariff[s, j, i])
                    Y[i, s] += net
                    R[j] += net * e.tariff[s, j, i]
        price = np.log(P) - np.log(constant * Phi ** (-1 / e.theta))
        spending = np.empty((n, k))
        for j in range(n):
            for s in range(k):
                income = w[j] * e.L[j] + e.D[j] + R[j]
                spending[j, s] = X[j, s] - e.alpha[j, s] * income
                spending[j, s] -= sum(e.gamma_in[j, s, h] * Y[j, h] for h in range(k))
        labour = w * e.L - (e.gamma * Y).sum(1)
        labour[-1] = w @ e.L - 1  # Walras' law frees one equation for the numeraire
        return np.concatenate([labour, price.ravel(), spending.ravel()])

    start = np.concatenate([np.full(n, -np.log(e.L.sum())), np.zeros(n * k), np.full(n * k, 0.3)])
    other = root(model, start, tol=1e-13)
    assert abs(other.fun).max() < 1e-10
    w, P, X = split(other.x)
    found = equilibrium(e)
    np.testing.assert_allclose(found.wage, w, rtol=1e-8)
    np.testing.assert_allclose(found.price, P, rtol=1e-8)
    np.testing.assert_allclose(found.expenditure, X, rtol=1e-8)


def test_nearly_closed_and_very_unequal_worlds_are_solved():
    """Thirty countries of very different size behind high costs, trade elasticities up to 50."""
    e = random_economy(30, 12, seed=8)
    rng = np.random.default_rng(1)
    hard = replace(
        e,
        tau=np.where(e.tau > 1, 3 * e.tau, 1),
        theta=np.append(e.theta[:-1], 50.0),
        L=rng.lognormal(0, 3, 30),
        D=np.zeros(30),
    )
    assert equilibrium(hard).residual < 1e-9


def test_products_of_one_sector_equal_sectors_with_one_technology():
    """Splitting a sector into products with its technology leaves the same world."""
    e = random_economy(3, 2, seed=2)
    sector = np.array([0, 0, 1])
    half = np.array([0.5, 0.5, 1.0])
    nested = Economy(
        T=np.random.default_rng(4).lognormal(0, 1, (3, 3)),
        tau=e.tau[sector],
        theta=e.theta[sector],
        gamma=e.gamma,
        gamma_in=e.gamma_in[:, sector] * half[:, None],
        alpha=e.alpha[:, sector] * half,
        L=e.L,
        D=e.D,
        sector=sector,
    )
    flat = replace(
        nested,
        gamma=e.gamma[:, sector],
        gamma_in=nested.gamma_in[:, :, sector],
        sector=np.arange(3),
    )
    a, b = equilibrium(nested), equilibrium(flat)
    np.testing.assert_allclose(a.wage, b.wage, **CLOSE)
    np.testing.assert_allclose(a.expenditure, b.expenditure, **CLOSE)
    np.testing.assert_allclose(a.output[:, 0], b.output[:, :2].sum(1), **CLOSE)


def test_inversion_meets_gdp_and_deficits_and_is_an_equilibrium():
    e = random_economy(6, 4, seed=11)
    rng = np.random.default_rng(12)
    gdp = rng.lognormal(10, 1.5, 6)
    D = 0.05 * (gdp - gdp.sum() / 6) / 6
    pattern = rng.lognormal(0, 1, (6, 4))
    found, solved = invert(replace(e, D=D, world_gdp=gdp.sum()), gdp, pattern)
    np.testing.assert_allclose((found.gamma * solved.output).sum(1), gdp, rtol=1e-12)
    # technology reproduces the pattern up to one factor per country …
    ratio = found.T * solved.unit_cost**-found.theta / pattern
    np.testing.assert_allclose(ratio / ratio[:, :1], 1, rtol=1e-9)
    # … and solving the world from these technologies gives it back
    again = equilibrium(found)
    np.testing.assert_allclose(again.wage * e.L, gdp, rtol=1e-9)
    np.testing.assert_allclose(again.price, solved.price, rtol=1e-9)
    np.testing.assert_allclose(again.share, solved.share, rtol=1e-8)
    np.testing.assert_allclose(again.final_price, solved.final_price, rtol=1e-9)


def test_inversion_survives_deficits_measured_in_dollars():
    """The default numeraire does not stop a caller whose deficits are in dollars."""
    e = random_economy(4, 2, seed=1)
    gdp = np.array([4e6, 1e6, 2e5, 5e4])
    D = np.array([3e4, -1e4, -1.5e4, -5e3])
    found, _ = invert(replace(e, D=D), gdp, np.ones((4, 2)))
    assert found.world_gdp == gdp.sum()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"T": np.zeros((3, 2))}, "every T must be finite and positive"),
        ({"L": -np.ones(3)}, "every L must be finite and positive"),
        ({"tau": np.full((2, 3, 3), 0.9)}, "every tau must be at least one"),
        ({"tau": np.full((2, 3, 3), np.nan)}, "every tau must be at least one"),
        ({"alpha": np.full((3, 2), 0.4)}, "alpha must add up to one"),
        ({"alpha": np.array([[1.5, -0.5]] * 3)}, "alpha has a negative share"),
        ({"gamma": np.full((3, 2), 0.9)}, "gamma and gamma_in must add up to one"),
        ({"theta": np.array([0.9, 4.0])}, "theta must exceed sigma - 1 = 1"),
        ({"D": np.array([0.1, 0.0, 0.0])}, "deficits must sum to zero, not to 0.1"),
        ({"tariff": np.full((2, 3, 3), -1.0)}, "every tariff must exceed -1"),
        ({"tariff": np.zeros((5, 3, 3))}, "tariff has shape"),
        ({"L": np.ones(4)}, r"L has shape \(4,\); alpha and gamma imply \(3,\)"),
        ({"sector": np.array([0, 7])}, "sector must hold whole numbers from 0 to 1"),
        ({"sigma": 1.0}, "sigma must be positive and differ from one"),
    ],
)
def test_impossible_economies_are_refused_in_one_sentence(change, message):
    with pytest.raises(BookError, match=message):
        replace(random_economy(), **change)


def test_a_disconnected_world_is_refused():
    e = random_economy()
    tau = e.tau.copy()
    tau[:, 2, :2] = tau[:, :2, 2] = np.inf
    with pytest.raises(BookError, match="split the world into 2 parts"):
        equilibrium(replace(e, tau=tau, D=np.zeros(3)))


def test_a_product_that_nobody_sells_is_refused():
    e = random_economy()
    tau = e.tau.copy()
    tau[1, 2] = np.inf
    with pytest.raises(BookError, match="can buy some product from nobody"):
        equilibrium(replace(e, tau=tau))


def test_a_missing_flow_stays_missing():
    """An infinite cost is a zero flow, and the rest of the world still clears."""
    e = random_economy()
    tau = e.tau.copy()
    tau[0, 1, 2] = np.inf
    found = equilibrium(replace(e, tau=tau))
    assert found.share[0, 1, 2] == 0
    np.testing.assert_allclose(found.share.sum(2), 1, rtol=1e-12)


def test_a_surplus_beyond_income_is_refused():
    e = random_economy()
    with pytest.raises(BookError, match="surplus exceeds|not found"):
        equilibrium(replace(e, D=np.array([-1.5, 1.5, 0.0])))
    with pytest.raises(BookError, match="surplus exceeds"):
        invert(replace(e, D=np.array([-2.0, 2.0, 0.0])), np.ones(3), np.ones((3, 2)))


def test_a_solver_that_stops_short_says_so():
    with pytest.raises(BookError, match="equilibrium not found"):
        equilibrium(random_economy(), tol=-1.0)
