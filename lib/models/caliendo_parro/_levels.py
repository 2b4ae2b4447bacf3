r"""Eaton–Kortum with many sectors and input–output linkages, in levels.

The economy of Caliendo and Parro (2015, Review of Economic Studies 82), which Li and Chen (2023,
eqs 6–13) use. Country :math:`i` makes goods of sector :math:`h` from labour and from composites of
every product,

.. math:: c_i^h = \Upsilon_i^h\, w_i^{\gamma_i^h} \prod_k (P_i^k)^{\gamma_i^{k,h}},

each product is bought where it is cheapest,

.. math::
    \pi_{ji}^k = \frac{T_i^k (c_i^{h(k)} \kappa_{ji}^k)^{-\theta^k}}
                      {\sum_n T_n^k (c_n^{h(k)} \kappa_{jn}^k)^{-\theta^k}}, \qquad
    P_j^k = \Gamma^k \Bigl[\sum_i T_i^k (c_i^{h(k)} \kappa_{ji}^k)^{-\theta^k}\Bigr]^{-1/\theta^k},

with :math:`\kappa = \tau (1 + t)`, and wages clear the labour markets,
:math:`w_i L_i = \sum_h \gamma_i^h Y_i^h`.

Axes
----
Arrays by country and product are (N, K); bilateral arrays are (K, N, N) in the order product,
importer, exporter. A sector may make several products with one technology of production: `sector`
maps the K products to the H sectors (by default each product is a sector of its own, K = H).
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import lu_factor, lu_solve
from scipy.sparse.csgraph import connected_components
from scipy.special import gamma as gamma_function
from scipy.special import xlogy

from lib.errors import BookError

SHARE_TOLERANCE = 1e-8
PRECISION = 1e-13
"""Relative excess demand for labour at which the solver stops; rounding stops it near there."""


@dataclass(frozen=True, eq=False)
class Economy:
    r"""Primitives of a world of N countries, K products and H sectors.

    Parameters
    ----------
    T : ndarray, shape (N, K)
        Fréchet location of productivity, positive.
    tau : ndarray, shape (K, N, N)
        Iceberg cost from exporter (last axis) to importer; infinite where there is no trade.
    theta : ndarray, shape (K,)
        Fréchet shape, the trade elasticity.
    gamma : ndarray, shape (N, H)
        Value added in gross output.
    gamma_in : ndarray, shape (N, K, H)
        Cost share of product k in sector h; ``gamma + gamma_in.sum(1)`` is one.
    alpha : ndarray, shape (N, K)
        Final expenditure shares.
    L : ndarray, shape (N,)
        Labour.
    D : ndarray, shape (N,), optional
        Trade deficits in units of `world_gdp`; they sum to zero.
    tariff : ndarray, shape (K, N, N), optional
        Ad valorem rates, rebated to the importer's households.
    sector : ndarray of int, shape (K,), optional
        Sector that makes each product.
    sigma : float
        Elasticity of substitution within a product; it enters only the constant
        :math:`\Gamma^k = \Gamma(1 + (1-\sigma)/\theta^k)^{1/(1-\sigma)}`.
    world_gdp : float
        The numeraire: wages are scaled so that :math:`\sum_i w_i L_i` equals it.

    Raises
    ------
    BookError
        On wrong shapes, non-positive T, L or theta, trade costs below one, shares that are negative
        or do not sum to one, theta not above sigma - 1, or deficits that do not sum to zero.
    """

    T: np.ndarray
    tau: np.ndarray
    theta: np.ndarray
    gamma: np.ndarray
    gamma_in: np.ndarray
    alpha: np.ndarray
    L: np.ndarray
    D: np.ndarray | None = None
    tariff: np.ndarray | None = None
    sector: np.ndarray | None = None
    sigma: float = 2.0
    world_gdp: float = 1.0

    def __post_init__(self):
        n, k = np.shape(self.alpha)
        defaults = {"D": np.zeros(n), "tariff": np.zeros((1, 1, 1)), "sector": np.arange(k)}
        for name, default in defaults.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, default)
        for name in ("T", "tau", "theta", "gamma", "gamma_in", "alpha", "L", "D", "tariff"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), float))
        _check(self)

    @cached_property
    def constant(self) -> np.ndarray:
        """Price constant of each product, shape (K,)."""
        s, theta = self.sigma, self.theta
        return gamma_function(1 + (1 - s) / theta) ** (1 / (1 - s))

    @cached_property
    def log_upsilon(self) -> np.ndarray:
        """Log of the Cobb–Douglas cost constant, shape (N, H)."""
        return -xlogy(self.gamma, self.gamma) - xlogy(self.gamma_in, self.gamma_in).sum(1)

    @cached_property
    def access(self) -> np.ndarray:
        r"""Trade costs in the units of trade, :math:`(\tau(1+t))^{-\theta}`, shape (K, N, N)."""
        return (self.tau * (1 + self.tariff)) ** -self.theta[:, None, None]

    @cached_property
    def products_of(self) -> list[np.ndarray]:
        """Indices of the products of each sector."""
        return products_by_sector(self.sector, self.gamma.shape[1])


def products_by_sector(sector, count) -> list[np.ndarray]:
    """Indices of the products of each of `count` sectors."""
    return [np.flatnonzero(sector == h) for h in range(count)]


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """A solved world; nominal values in the numeraire of the economy.

    Attributes
    ----------
    wage, income, final_price : ndarray, shape (N,)
        Wage; household income (labour, tariff revenue and deficit); price of final consumption.
    unit_cost, output : ndarray, shape (N, H)
    price, expenditure : ndarray, shape (N, K)
    share : ndarray, shape (K, N, N)
        Product, importer, exporter; sums to one over exporters.
    residual : float
        Largest relative excess demand for labour.
    evaluations : int
        Evaluations of excess demand that the solver needed.
    """

    wage: np.ndarray
    income: np.ndarray
    final_price: np.ndarray
    unit_cost: np.ndarray
    output: np.ndarray
    price: np.ndarray
    expenditure: np.ndarray
    share: np.ndarray
    residual: float
    evaluations: int = 1

    @property
    def real_wage(self) -> np.ndarray:
        """Wage over the price of final consumption, shape (N,)."""
        return self.wage / self.final_price


def _require(condition, message):
    if not np.all(condition):
        raise BookError(f"Caliendo–Parro economy: {message}.")


def _check(e: Economy):
    n, k = e.alpha.shape
    h = np.shape(e.gamma)[-1]
    shapes = {
        "T": (n, k),
        "tau": (k, n, n),
        "theta": (k,),
        "gamma": (n, h),
        "gamma_in": (n, k, h),
        "L": (n,),
        "D": (n,),
        "sector": (k,),
    }
    for name, shape in shapes.items():
        found = np.shape(getattr(e, name))
        _require(found == shape, f"{name} has shape {found}; alpha and gamma imply {shape}")
    try:
        np.broadcast_shapes(e.tariff.shape, e.tau.shape)
    except ValueError:
        _require(False, f"tariff has shape {e.tariff.shape}; it must be {e.tau.shape}")
    _require(np.isin(e.sector, np.arange(h)), f"sector must hold whole numbers from 0 to {h - 1}")
    for name in ("T", "L", "theta"):
        values = getattr(e, name)
        _require(np.isfinite(values) & (values > 0), f"every {name} must be finite and positive")
    _require(e.tau >= 1, "every tau must be at least one (infinite where there is no trade)")
    _require(np.isfinite(e.tariff) & (e.tariff > -1), "every tariff must exceed -1")
    _require(
        e.theta > e.sigma - 1,
        f"theta must exceed sigma - 1 = {e.sigma - 1:g}, or prices are infinite; "
        f"the smallest theta is {e.theta.min():g}",
    )
    _require(e.sigma > 0 and e.sigma != 1, "sigma must be positive and differ from one")
    _require(e.gamma > 0, "every value-added share gamma must be positive")
    for name in ("gamma_in", "alpha"):
        _require(getattr(e, name) >= 0, f"{name} has a negative share")
    costs = e.gamma + e.gamma_in.sum(1)
    _require(abs(costs - 1) < SHARE_TOLERANCE, "gamma and gamma_in must add up to one by sector")
    _require(abs(e.alpha.sum(1) - 1) < SHARE_TOLERANCE, "alpha must add up to one by country")
    _require(
        abs(e.D.sum()) <= SHARE_TOLERANCE * max(e.world_gdp, abs(e.D).sum()),
        f"deficits must sum to zero, not to {e.D.sum():g}",
    )


def _check_connected(e: Economy):
    """Relative wages are pinned down only if trade links all countries."""
    reached = e.access > 0
    bought = e.alpha.T + e.gamma_in.sum(2).T > 0
    _require(
        reached.any(2), "an importer can buy some product from nobody; make one of its tau finite"
    )
    links = (reached & bought[:, :, None]).any(0)
    parts, _ = connected_components(links, directed=False)
    _require(parts == 1, f"trade costs split the world into {parts} parts; solve each by itself")


def _log_cost(e: Economy, log_wage, log_price):
    inputs = np.matmul(log_price[:, None, :], e.gamma_in)[:, 0]
    return e.log_upsilon + e.gamma * log_wage[:, None] + inputs


def _log_price(e: Economy, log_competitiveness):
    """Price of each product where sellers offer log(T c^-theta), both (N, K)."""
    top = log_competitiveness.max(0)
    offers = np.matmul(e.access, np.exp(log_competitiveness - top).T[:, :, None])[:, :, 0].T
    return np.log(e.constant) - (np.log(offers) + top) / e.theta


def _shares(e: Economy, log_competitiveness):
    top = log_competitiveness.max(0)
    offers = e.access * np.exp(log_competitiveness - top).T[:, None, :]
    return offers / offers.sum(2, keepdims=True)


def prices(e: Economy, wage, *, start=None, tol=1e-14, max_iter=20_000):
    """Unit costs, prices and shares at given wages (Li and Chen 2023, eqs 8, 12 and 13).

    Prices are the fixed point of a contraction in logs, whose modulus is one less the smallest
    value-added share.

    Returns
    -------
    unit_cost : ndarray, shape (N, H)
    price : ndarray, shape (N, K)
    share : ndarray, shape (K, N, N)

    Raises
    ------
    BookError
        If prices do not settle within `max_iter` rounds.
    """
    log_wage, log_T = np.log(wage), np.log(e.T)
    log_p = np.repeat(log_wage[:, None], e.T.shape[1], 1) if start is None else np.log(start)
    for _ in range(max_iter):
        log_c = _log_cost(e, log_wage, log_p)
        offer = log_T - e.theta * log_c[:, e.sector]
        new = _log_price(e, offer)
        step = abs(new - log_p).max()
        log_p = new
        if step <= tol * (1 + abs(log_p).max()):
            return np.exp(log_c), np.exp(log_p), _shares(e, offer)
    raise BookError(
        f"Caliendo–Parro prices still move by {step:.1e} after {max_iter} rounds; "
        "raise max_iter, or check that value-added shares are not close to zero."
    )


def _effective(e: Economy, share):
    """Shares net of tariffs, and the alpha and gamma_in that include spending of the revenue."""
    net = share / (1 + e.tariff)
    rate = (share - net).sum(2).T
    revenue = 1 - (rate * e.alpha).sum(1)
    alpha = e.alpha / revenue[:, None]
    through_inputs = np.matmul(rate[:, None, :], e.gamma_in)
    return net, alpha, e.gamma_in + alpha[:, :, None] * through_inputs


def sales(e: Economy, net, purchases):
    """Sales of each sector by destination column, from purchases of products.

    Parameters
    ----------
    net : ndarray, shape (K, N, N)
        Shares of exporters in importers' spending.
    purchases : ndarray, shape (N, K, M)
        Spending of each importer on each product by its M uses.

    Returns
    -------
    ndarray, shape (N, H, N, M)
        Exporter, sector, importer, use.
    """
    n, _, m = purchases.shape
    out = np.empty((n, len(e.products_of), n, m))
    for h, products in enumerate(e.products_of):
        by_importer = np.matmul(net[products].transpose(1, 2, 0), purchases[:, products])
        out[:, h] = by_importer.transpose(1, 0, 2)
    return out


class _Leontief:
    """The matrix I − A of input use between all sectors of all countries, factorised.

    Sectors that sell at home only use and supply inputs country by country; they are solved out in
    blocks, so that the dense part has the size of the traded sectors.
    """

    def __init__(self, e: Economy, share, gamma_in):
        used = sales(e, share, gamma_in)
        n, h = used.shape[:2]
        abroad = (share * (1 - np.eye(n))).any((1, 2))
        self.home = np.array([not abroad[k].any() for k in e.products_of])
        self.open = ~self.home
        matrix = np.eye(n * h).reshape(n, h, n, h) - used
        own = matrix[np.arange(n), :, np.arange(n)]
        self.inverse = np.linalg.inv(own[:, self.home][:, :, self.home])
        self.feeding = np.matmul(self.inverse, own[:, self.home][:, :, self.open])
        self.fed = matrix[:, self.open][:, :, :, self.home]  # open by exporter, home by country
        dense = matrix[:, self.open][:, :, :, self.open]
        through = np.matmul(self.fed.transpose(2, 0, 1, 3), self.feeding[:, None])
        size = n * self.open.sum()
        self.factors = lu_factor((dense - through.transpose(1, 2, 0, 3)).reshape(size, size))

    def solve(self, b):
        """Solve (I − A) y = b, both (N, H, M)."""
        y, home = np.empty_like(b), np.matmul(self.inverse, b[:, self.home])
        rest = b[:, self.open] - np.tensordot(self.fed, home, ((2, 3), (0, 1)))
        y[:, self.open] = self._dense(rest, 0)
        y[:, self.home] = home - np.matmul(self.feeding, y[:, self.open])
        return y

    def solve_transposed(self, b):
        """Solve (I − A)' y = b, both (N, H, M)."""
        y = np.empty_like(b)
        rest = b[:, self.open] - np.matmul(self.feeding.swapaxes(1, 2), b[:, self.home])
        y[:, self.open] = self._dense(rest, 1)
        supplied = np.tensordot(self.fed, y[:, self.open], ((0, 1), (0, 1)))
        y[:, self.home] = np.matmul(self.inverse.swapaxes(1, 2), b[:, self.home] - supplied)
        return y

    def _dense(self, b, transposed):
        return lu_solve(self.factors, b.reshape(-1, b.shape[2]), transposed).reshape(b.shape)


def _output(e: Economy, share, income):
    """Output (N, H) and expenditure (N, K) that a given income before revenue supports.

    Spending X = alpha·I + gamma_in·Y and sales Y = Σ share·X make one linear system in Y.
    """
    net, alpha, gamma_in = _effective(e, share)
    leontief = _Leontief(e, net, gamma_in)
    final = alpha * income[:, None]
    output = leontief.solve(sales(e, net, final[:, :, None]).sum(2))
    return output[:, :, 0], final + np.matmul(gamma_in, output)[:, :, 0], leontief


def evaluate(e: Economy, wage, *, start=None) -> Equilibrium:
    """Everything that follows from given wages; `residual` says how far labour is from clearing.

    Parameters
    ----------
    wage : ndarray, shape (N,)
    start : ndarray, shape (N, K), optional
        Prices to start from.
    """
    return _evaluate(e, np.asarray(wage, float), start)[0]


def _evaluate(e: Economy, wage, start):
    """The same, with the Leontief matrix that its Newton step needs again."""
    unit_cost, price, share = prices(e, wage, start=start)
    output, expenditure, leontief = _output(e, share, wage * e.L + e.D)
    revenue = (expenditure * (share * e.tariff / (1 + e.tariff)).sum(2).T).sum(1)
    final_price = np.exp((e.alpha * np.log(price)).sum(1) - xlogy(e.alpha, e.alpha).sum(1))
    found = Equilibrium(
        wage=wage,
        income=wage * e.L + e.D + revenue,
        final_price=final_price,
        unit_cost=unit_cost,
        output=output,
        price=price,
        expenditure=expenditure,
        share=share,
        residual=float(abs(_labour_demand(e, output) / (wage * e.L) - 1).max()),
    )
    return found, leontief


def _labour_demand(e, output):
    return (e.gamma * output).sum(1)


def _abroad(e: Economy, found: Equilibrium):
    """Shares net of tariffs and flows between countries, and what each receives and pays."""
    share = found.share / (1 + e.tariff) * (1 - np.eye(len(e.L)))
    flow = share * found.expenditure.T[:, :, None]
    tiny = 1e-200 * e.world_gdp
    receipts = np.maximum(flow.sum((0, 1)) + np.maximum(e.D, 0), tiny)
    payments = np.maximum(flow.sum((0, 2)) + np.maximum(-e.D, 0), tiny)
    return share, flow, receipts, payments


def _coverage(e: Economy, found: Equilibrium):
    """Log of exports and deficit over imports and surplus, zero where labour clears, (N,)."""
    *_, receipts, payments = _abroad(e, found)
    return np.log(receipts) - np.log(payments)


def _response(e: Economy, found: Equilibrium, leontief):
    """Derivative of :func:`_coverage` by every log wage, (N, N).

    Costs respond through all rounds of inputs, d log c = γ d log w + γ_in' Π d log c; flows through
    the shares at given spending, and spending through incomes and the Leontief inverse.
    """
    n = len(e.L)
    theta = e.theta[:, None, None]
    labour = e.gamma[:, :, None] * np.eye(n)[:, None, :]
    d_cost = _Leontief(e, found.share, e.gamma_in).solve_transposed(labour)
    d_cost = d_cost.transpose(1, 0, 2)[e.sector]
    d_price = np.matmul(found.share, d_cost)

    def substituted(flow):
        """Change of receipts and payments of each product at given spending, (K, N, N) each."""
        received = np.matmul(flow.transpose(0, 2, 1), d_price) - flow.sum(1)[:, :, None] * d_cost
        paid = flow.sum(2)[:, :, None] * d_price - np.matmul(flow, d_cost)
        return theta * received, theta * paid

    net, alpha, gamma_in = _effective(e, found.share)
    sold, bought = substituted(net * found.expenditure.T[:, :, None])
    # spending is given: what suppliers lose the treasury gains
    d_income = np.diag(found.wage * e.L) - bought.sum(0)
    d_final = alpha.T[:, :, None] * d_income
    d_sales = sold + np.matmul(net.transpose(0, 2, 1), d_final)
    direct = np.stack([d_sales[k].sum(0) for k in e.products_of], 1)
    d_output = leontief.solve(direct)
    d_spending = d_final + np.matmul(gamma_in, d_output).transpose(1, 0, 2)

    share, flow, receipts, payments = _abroad(e, found)
    d_received, d_paid = (change.sum(0) for change in substituted(flow))
    d_received += np.matmul(share.transpose(0, 2, 1), d_spending).sum(0)
    d_paid += (share.sum(2)[:, :, None] * d_spending).sum(0)
    return d_received / receipts[:, None] - d_paid / payments[:, None]


def equilibrium(e: Economy, *, wage=None, tol=1e-9) -> Equilibrium:
    r"""Solve the world for wages that clear every labour market.

    Parameters
    ----------
    e : Economy
    wage : ndarray, shape (N,), optional
        Wages to start from.
    tol : float
        Largest relative excess demand for labour that counts as solved.

    Returns
    -------
    Equilibrium
        In the numeraire :math:`\sum_i w_i L_i =` ``e.world_gdp``.

    Raises
    ------
    BookError
        If trade costs disconnect the world, a country cannot finance its surplus, or the solver
        does not reach `tol`.

    Notes
    -----
    Excess demand for labour is what a country receives from abroad less what it pays; the solver
    works on the log of their ratio, which is well scaled in nearly closed countries too. Damped
    tâtonnement (Alvarez and Lucas 2007) leads to logs below two, and Newton's method with the exact
    derivatives, halving steps that do not help, finishes; where no step helps, tâtonnement goes on
    for a while. Excess demands sum to zero, so one is left out and one wage is
    fixed until the world is rescaled.
    """
    _check_connected(e)
    n, calls, last = len(e.L), 0, None

    def scaled(log_wage):
        weights = np.exp(log_wage - log_wage.max())
        return weights * e.world_gdp / (weights @ e.L)

    def gap(log_wage):
        nonlocal calls, last
        calls += 1
        last = _evaluate(e, scaled(log_wage), None if last is None else last[0].price)
        return _coverage(e, last[0])

    def newton_step(found, leontief):
        jacobian = _response(e, found, leontief)
        # a common rise of wages is undone by the numeraire
        jacobian -= np.outer(jacobian.sum(1), found.wage * e.L / e.world_gdp)
        return np.append(np.linalg.solve(jacobian[:-1, :-1], -g[:-1]), 0.0)

    u = np.zeros(n) if wage is None else np.log(np.asarray(wage, float))
    g, patience = gap(u), 0
    damping = 1 / (1 + 2 * e.theta.max())
    while n > 1 and last[0].residual > PRECISION and calls < 700:
        error = abs(g).max()
        if error > 2 or patience:
            u, patience = u + damping * np.clip(g, -1, 1), max(patience - 1, 0)
            g = gap(u)
            continue
        step, state = newton_step(*last), last
        for halving in range(10 if state[0].residual > tol else 1):
            trial = u + step / 2**halving
            if abs(g_new := gap(trial)).max() < error:
                u, g = trial, g_new
                break
        else:
            last, patience = state, 20
            if state[0].residual <= tol:  # rounding is reached
                break
    solved = last[0]
    _require(solved.income > 0, "a country's surplus exceeds its income; lower |D|")
    if not solved.residual <= tol:
        raise BookError(
            f"Caliendo–Parro equilibrium not found: after {calls} evaluations labour demand is off "
            f"by {solved.residual:.1e} of supply; pass the wages of balanced trade as `wage`."
        )
    return replace(solved, evaluations=calls)


def invert(
    e: Economy, gdp, competitiveness, *, tol=1e-12, max_iter=100
) -> tuple[Economy, Equilibrium]:
    r"""Technologies with which the equilibrium has the observed GDP and trade deficits.

    Let :math:`S_i^k = T_i^k (c_i^{h(k)})^{-\theta^k}` be the competitiveness of country i in
    product k. Its pattern across products is given up to one factor per country, and the factors
    are found so that each country's value added equals its GDP when trade deficits are `e.D`.
    Shares depend on S alone, so prices, costs at wages GDP/L and finally :math:`T = S c^\theta`
    follow without a fixed point.

    Parameters
    ----------
    e : Economy
        Its `T` is not used; tariffs must be zero.
    gdp : ndarray, shape (N,)
        In the units of `e.D`; its sum becomes the numeraire.
    competitiveness : ndarray, shape (N, K)
        Pattern of S, positive.

    Returns
    -------
    Economy, Equilibrium
        `e` with the technologies found, and its equilibrium.

    Raises
    ------
    BookError
        If GDP, its excess over the trade surplus or the pattern is not positive, there are tariffs,
        the world is disconnected, or Newton's method fails.
    """
    gdp, pattern = np.asarray(gdp, float), np.asarray(competitiveness, float)
    _require(pattern.shape == e.alpha.shape, f"competitiveness must have shape {e.alpha.shape}")
    _require(gdp.shape == e.L.shape, f"gdp must have shape {e.L.shape}")
    _require(np.isfinite(pattern) & (pattern > 0), "competitiveness must be finite and positive")
    _require(np.isfinite(gdp) & (gdp > 0), "every GDP must be finite and positive")
    _require(gdp + e.D > 0, "a country's surplus exceeds its GDP")
    _require(e.tariff == 0, "invert needs an economy without tariffs")
    _check_connected(e)
    log_s, n = np.log(pattern), len(gdp)

    def excess(a):
        share = _shares(e, log_s + a[:, None])
        output, expenditure, leontief = _output(e, share, gdp + e.D)
        return _labour_demand(e, output) / gdp - 1, (share, output, expenditure, leontief)

    def newton_step(f, share, output, expenditure, leontief):
        # d sales_i / d a_m = 1(i=m) Y_i - Σ_jk π_ji π_jm X_j, then through the Leontief inverse
        spent = share * expenditure.T[:, :, None]
        crowding = np.matmul(share.transpose(0, 2, 1), spent)
        direct = -np.stack([crowding[k].sum(0) for k in e.products_of], 1)
        direct[np.arange(n), :, np.arange(n)] += output
        d_output = leontief.solve(direct[:, :, :-1])
        jacobian = (e.gamma[:, :, None] * d_output).sum(1) / gdp[:, None]
        return np.append(np.linalg.solve(jacobian[:-1], -f[:-1]), 0.0)

    a = np.log(gdp / gdp[-1])
    f, state = excess(a)
    calls = 1
    while (error := abs(f).max()) > tol and calls < max_iter:
        step = newton_step(f, *state)
        for halving in range(30):
            trial = a + step / 2**halving
            f_new, state_new = excess(trial)
            calls += 1
            if abs(f_new).max() < error:
                break
        else:
            break
        a, f, state = trial, f_new, state_new
    if not error <= tol * 100:
        raise BookError(
            f"Caliendo–Parro inversion failed: value added misses GDP by {error:.1e} after {calls} "
            "evaluations; make the pattern of competitiveness or the deficits less extreme."
        )
    log_s = log_s + a[:, None]
    wage, log_p = gdp / e.L, _log_price(e, log_s)
    log_c = _log_cost(e, np.log(wage), log_p)
    T = np.exp(log_s + e.theta * log_c[:, e.sector])
    found = replace(e, T=T, world_gdp=gdp.sum())
    share, output, expenditure, _ = state
    solved = Equilibrium(
        wage=wage,
        income=gdp + e.D,
        final_price=np.exp((e.alpha * log_p).sum(1) - xlogy(e.alpha, e.alpha).sum(1)),
        unit_cost=np.exp(log_c),
        output=output,
        price=np.exp(log_p),
        expenditure=expenditure,
        share=share,
        residual=float(error),
        evaluations=calls,
    )
    return found, solved
