r"""Eaton and Kortum (2002): one traded sector, in levels and in changes, many worlds at a time.

Country i draws its productivity in each good from a Fréchet distribution with location
:math:`T_i` and shape :math:`\theta`. A bundle of inputs costs :math:`c_i = w_i^\beta P_i^{1-\beta}`
and importer n buys each good where it is cheapest:

.. math::
    \pi_{ni} = \frac{T_i (c_i \tau_{ni})^{-\theta}}{\sum_k T_k (c_k \tau_{nk})^{-\theta}}, \qquad
    P_n = \gamma \Bigl[\sum_i T_i (c_i \tau_{ni})^{-\theta}\Bigr]^{-1/\theta}, \qquad
    w_i L_i = \sum_n \pi_{ni} \bigl[(1-\beta) w_n L_n + \alpha\beta Y_n\bigr],

with :math:`\gamma = \Gamma\bigl(\tfrac{\theta+1-\sigma}{\theta}\bigr)^{1/(1-\sigma)}` (their
equations 7 to 9, 17 and 20).

* **Labour only**: :math:`\beta = \alpha = 1`, the model of Li and Chen (2023, equations 4 and 5).
* **Intermediates**: :math:`\beta < 1`; goods are made of labour and of all other goods.
* **A second, freely traded sector**: :math:`\alpha < 1` is the share of final spending on the
  modelled sector, *manufactures*. The other sector is the numeraire. Either the labour of
  manufacturing is fixed and its wage adjusts to it (*immobile*), or wages are given by the other
  sector and employment in manufacturing adjusts (*mobile*).

Axes
----
Every argument may have leading batch dimensions, which broadcast. Country vectors are (..., N),
bilateral arrays (..., N, N) in the order importer, exporter, and `theta`, `alpha`, `beta` (...).
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.special import gamma as gamma_function

from lib.errors import BookError

TOLERANCE = 1e-11
LEAP, SHORTEST = 2.0, 1e-3  # longest step in a log wage; part of Newton's step not worth taking


@dataclass(frozen=True, eq=False)
class Equilibrium:
    r"""Solved worlds.

    Attributes
    ----------
    wage, price : ndarray, shape (..., N)
        Wage and price index of manufactures; ratios to the baseline from :func:`change`.
    share : ndarray, shape (..., N, N)
        Share of the exporter (last axis) in the importer's spending on manufactures.
    labour : ndarray, shape (..., N)
        Workers in manufacturing; their income in the baseline from :func:`change`.
    income, expenditure : ndarray, shape (..., N)
        Final spending :math:`Y_n` and spending on manufactures, inputs included, :math:`X_n`.
    welfare : ndarray, shape (..., N)
        Real income :math:`Y_n / P_n^\alpha`; its ratio to the baseline from :func:`change`.
    residual : ndarray, shape (...)
        Largest log difference, over countries, between exports (plus what is borrowed) and imports
        (plus what is lent); with a second sector, between sales of manufactures and their cost.
    iterations : ndarray of int, shape (...)
        Rounds of the solver.
    """

    wage: np.ndarray
    price: np.ndarray
    share: np.ndarray
    labour: np.ndarray
    income: np.ndarray
    expenditure: np.ndarray
    welfare: np.ndarray
    residual: np.ndarray
    iterations: np.ndarray

    @property
    def home_share(self) -> np.ndarray:
        """What each country buys from itself, shape (..., N)."""
        return np.diagonal(self.share, axis1=-2, axis2=-1)

    @property
    def trade(self) -> np.ndarray:
        """Value of each flow, importer by exporter, shape (..., N, N)."""
        return self.share * self.expenditure[..., None]


def price_constant(theta, sigma=2.0):
    r""":math:`\gamma = \Gamma((\theta+1-\sigma)/\theta)^{1/(1-\sigma)}` (2002, equation 9).

    At :math:`\sigma = 1` it is its limit, :math:`e^{-\gamma_E/\theta}` with Euler's constant.

    Raises
    ------
    BookError
        Unless theta exceeds sigma − 1, below which prices have no mean.
    """
    theta, sigma = np.asarray(theta, float), float(sigma)
    _require(
        theta > sigma - 1, f"theta must exceed sigma − 1 = {sigma - 1:g}, or prices are infinite"
    )
    if sigma == 1:
        return np.exp(-np.euler_gamma / theta)
    return gamma_function((theta + 1 - sigma) / theta) ** (1 / (1 - sigma))


def shares(T, tau, theta, cost):
    r"""Trade shares where costs are given: :math:`\pi_{ni} \propto T_i (c_i \tau_{ni})^{-\theta}`.

    Parameters
    ----------
    T, cost : array_like, shape (..., N)
    tau : array_like, shape (..., N, N)
        From exporter (last axis) to importer.
    theta : array_like, shape (...)

    Returns
    -------
    ndarray, shape (..., N, N)
        Importer by exporter; rows sum to one (Li and Chen 2023, equation 5).
    """
    T, tau, theta, cost = (np.asarray(x, float) for x in (T, tau, theta, cost))
    offer = np.log(T)[..., None, :] - theta[..., None, None] * np.log(cost[..., None, :] * tau)
    offer = np.exp(offer - offer.max(-1, keepdims=True))
    return offer / offer.sum(-1, keepdims=True)


def gains_from_trade(home_share, theta, *, alpha=1.0, beta=1.0):
    r"""Real income relative to autarky, :math:`\pi_{nn}^{-\alpha/(\theta\beta)}`.

    Arkolakis, Costinot and Rodríguez-Clare (2012). With a second sector this is the case of mobile
    labour (Eaton and Kortum 2002, § 6.1).
    """
    theta, alpha, beta = (np.asarray(x, float)[..., None] for x in (theta, alpha, beta))
    return np.asarray(home_share, float) ** (-alpha / (theta * beta))


def solve(
    T,
    tau,
    theta,
    L,
    *,
    beta=1.0,
    alpha=1.0,
    other_income=0.0,
    deficit=0.0,
    sigma=2.0,
    mobile_wage=None,
    tol=TOLERANCE,
    max_iter=2000,
) -> Equilibrium:
    r"""Solve worlds in levels.

    Parameters
    ----------
    T, L : array_like, shape (..., N)
        Fréchet location and labour, positive. Labour is that of manufacturing, or of the whole
        country where `mobile_wage` is given.
    tau : array_like, shape (..., N, N)
        Iceberg cost from exporter (last axis) to importer; infinite where there is no trade.
    theta : array_like, shape (...)
        Fréchet shape, the trade elasticity; above sigma − 1.
    beta : array_like, shape (...)
        Share of labour in costs, in (0, 1].
    alpha : array_like, shape (...)
        Share of manufactures in final spending, in (0, 1].
    other_income : array_like, shape (..., N)
        Income that is not earned by the labour in `L`; needs ``alpha < 1``.
    deficit : array_like, shape (..., N)
        Trade deficits of the whole economy, :math:`Y_n` less income; they sum to zero.
    sigma : float
        Elasticity of substitution; it enters only the price constant.
    mobile_wage : array_like, shape (..., N), optional
        Wages in units of the other sector's good: labour is mobile.
    tol : float
        Largest `residual` that counts as solved.
    max_iter : int

    Returns
    -------
    Equilibrium
        Where ``alpha`` is one, world labour income is the numeraire, one; else the other sector's
        good is.

    Raises
    ------
    BookError
        On arguments outside these bounds, a world that trade does not connect, or a world that is
        not solved; the sentence names the first one.

    Notes
    -----
    Newton's method on the log of what each country is paid over what it owes, with the analytical
    derivative. A step that does not lower the largest imbalance is cut to a quarter; where even a
    thousandth of it does not help, one step of tâtonnement, 1/(1 + 2θ) of the log imbalance, is
    taken instead. At given wages prices are the root of a convex function whose derivative is an
    M-matrix, so Newton's method finds them from any start. Worlds that are solved drop out of the
    batch. Equilibria exist and goods are gross substitutes in the case of labour only (Alvarez and
    Lucas 2007).
    """
    T, tau, L = (np.asarray(x, float) for x in (T, tau, L))
    theta = np.asarray(theta, float)
    _require(np.isfinite(T) & (T > 0), "every T must be finite and positive", 1)
    _require(tau >= 1, "every tau must be at least one (infinite where there is no trade)", 2)
    constant = price_constant(theta, sigma)
    with np.errstate(divide="ignore"):
        log_access = np.log(T)[..., None, :] - theta[..., None, None] * np.log(tau)
    world = _worlds(
        log_access, L, other_income, deficit, theta, alpha, beta, constant=constant, numeraire=1.0
    )
    if mobile_wage is not None:
        return world.employ(mobile_wage)
    # At free trade and with labour only, wages are proportional to (T / L)^(1 / (1 + θ)).
    return world.clear((np.log(T) - np.log(L)) / (1 + theta[..., None]), tol, max_iter)


def change(
    share,
    labour_income,
    theta,
    *,
    T_hat=1.0,
    tau_hat=1.0,
    beta=1.0,
    alpha=1.0,
    other_income=0.0,
    deficit=0.0,
    mobile=False,
    tol=TOLERANCE,
    max_iter=2000,
) -> Equilibrium:
    r"""Solve for changes from an observed baseline ("exact hat algebra"), without T, tau or L.

    Parameters
    ----------
    share : array_like, shape (..., N, N)
        Trade shares of the baseline, importer by exporter; rows sum to one.
    labour_income : array_like, shape (..., N)
        :math:`w_n L_n` of the baseline: of manufacturing, or of the whole country if `mobile`.
    T_hat : array_like, shape (..., N)
        Ratio of new to old technology.
    tau_hat : array_like, shape (..., N, N)
        Ratio of new to old trade costs; infinite where trade stops.
    mobile : bool
        Wages stay and employment adjusts.
    theta, beta, alpha, other_income, deficit, tol, max_iter
        As in :func:`solve`; the baseline must clear with them.

    Returns
    -------
    Equilibrium
        `wage`, `price` and `welfare` are ratios to the baseline, `labour` is the baseline's labour
        income (if `mobile`, manufacturing employment times the baseline wage), the rest new values
        in the baseline's units. Where ``alpha`` is one, world labour income stays as it was.

    Raises
    ------
    BookError
        As :func:`solve`, and where shares do not sum to one or the baseline does not clear.

    Notes
    -----
    Shares are to changes what :math:`T_i \tau_{ni}^{-\theta}` is to levels (Dekle, Eaton and Kortum
    2008), so both run through one solver.
    """
    share, labour_income = np.asarray(share, float), np.asarray(labour_income, float)
    theta, T_hat, tau_hat = (np.asarray(x, float) for x in (theta, T_hat, tau_hat))
    _require(share >= 0, "every share must be zero or more", 2)
    _require(abs(share.sum(-1) - 1) < 1e-8, "the shares of an importer must sum to one", 1)
    _require(np.isfinite(T_hat) & (T_hat > 0), "every T_hat must be finite and positive", 1)
    _require(tau_hat > 0, "every tau_hat must be positive", 2)
    with np.errstate(divide="ignore"):
        log_old = np.log(share)
        log_T, log_tau = np.log(np.atleast_1d(T_hat)), np.log(np.atleast_2d(tau_hat))
    log_hat = log_T[..., None, :] - theta[..., None, None] * log_tau
    rest = (labour_income, other_income, deficit, theta, alpha, beta)
    scale = {"constant": 1.0, "numeraire": labour_income.sum(-1)}
    old = _worlds(log_old, *rest, **scale)
    new = _worlds(log_old + log_hat, *rest, **scale)
    if mobile:
        before, after = old.employ(1.0), new.employ(1.0)
    else:
        before, after = old.finish(old.at(np.zeros(old.L.shape))), new.clear(0.0, tol, max_iter)
        _require(before.residual < 1e-6, "the baseline does not clear with these deficits")
    return replace(after, welfare=after.welfare / before.welfare)


def _require(condition, message, axes=0):
    """Refuse arguments, naming the first world of a batch; `axes` trailing axes are its own."""
    condition = np.asarray(condition)
    ok = condition.all(axis=tuple(range(-min(axes, condition.ndim), 0)))
    if not ok.all():
        where = np.argwhere(~ok)[0].tolist() if ok.ndim else []
        name = f" world {where[0] if len(where) == 1 else tuple(where)}" if where else ""
        raise BookError(f"Eaton–Kortum{name}: {message}.")


def _worlds(log_access, *arguments, constant, numeraire):
    """Broadcast the arguments of B worlds against each other, flatten the batch, and check."""
    arguments = [log_access, *arguments, constant, numeraire]
    arguments = [np.asarray(x, float) for x in arguments]
    n = log_access.shape[-1]
    own = [2, 1, 1, 1, 0, 0, 0, 0, 0]  # axes of a world, by argument
    try:
        batch = np.broadcast_shapes(
            *(x.shape[: max(x.ndim - k, 0)] for x, k in zip(arguments, own, strict=True))
        )
        flat = [
            np.broadcast_to(x, (*batch, *(n,) * k)).reshape(-1, *(n,) * k)
            for x, k in zip(arguments, own, strict=True)
        ]
    except ValueError:
        shapes = ", ".join(str(x.shape) for x in arguments)
        raise BookError(
            f"Eaton–Kortum: shapes do not fit {n} countries in every world: {shapes}."
        ) from None
    worlds = _Worlds(*flat[:4], *(x[:, None] for x in flat[4:]))
    return replace(worlds, batch=batch).checked()


class _Point(NamedTuple):
    """Worlds at given wages; (B, N), but share (B, N, N)."""

    log_wage: np.ndarray
    log_price: np.ndarray
    share: np.ndarray
    income: np.ndarray
    expenditure: np.ndarray
    paid: np.ndarray  # exports and what is borrowed; with a second sector, all sales
    due: np.ndarray  # imports and what is lent; with a second sector, the cost of what is sold
    imbalance: np.ndarray  # log of paid over due: zero where the labour market clears

    @property
    def residual(self):
        """Largest imbalance of each world."""
        return abs(self.imbalance).max(-1)

    def put(self, rows, other):
        """Overwrite some worlds."""
        for mine, new in zip(self, other, strict=True):
            mine[rows] = new

    def take(self, rows):
        return _Point(*(x[rows] for x in self))


@dataclass(frozen=True, eq=False)
class _Worlds:
    """Primitives of B worlds, flat."""

    log_access: np.ndarray  # log(T τ^-θ), (B, N, N)
    L: np.ndarray  # (B, N)
    other_income: np.ndarray
    deficit: np.ndarray
    theta: np.ndarray  # (B, 1)
    alpha: np.ndarray
    beta: np.ndarray
    constant: np.ndarray
    numeraire: np.ndarray
    batch: tuple[int, ...] = ()

    @property
    def closed(self):
        """Whether the modelled sector is all there is, so that wages need a numeraire."""
        return self.alpha[:, 0] == 1

    @cached_property
    def payroll(self):
        """World labour income of manufacturing: the numeraire, or else Σ wL = α Σ Y."""
        a = np.where(self.alpha == 1, 0.5, self.alpha)
        other = a / (1 - a) * self.other_income.sum(-1, keepdims=True)
        return np.where(self.alpha == 1, self.numeraire, other)

    def take(self, rows):
        names = [f.name for f in fields(self) if f.name != "batch"]
        return _Worlds(**{name: getattr(self, name)[rows] for name in names})

    def refuse(self, ok, message):
        _require(ok.reshape(self.batch + ok.shape[1:]), message, ok.ndim - 1)

    def checked(self):
        self.refuse(np.isfinite(self.L) & (self.L > 0), "every L must be finite and positive")
        self.refuse(np.isfinite(self.theta) & (self.theta > 0), "theta must be finite and positive")
        for name in ("alpha", "beta"):
            value = getattr(self, name)
            self.refuse((value > 0) & (value <= 1), f"{name} must lie above zero, up to one")
        self.refuse((self.other_income >= 0).all(-1), "other income must not be negative")
        size = self.numeraire[:, 0] + self.other_income.sum(-1)
        self.refuse(abs(self.deficit.sum(-1)) < 1e-8 * size, "deficits must sum to zero")
        if np.isneginf(self.log_access).any():
            trades = np.isfinite(self.log_access)
            self.refuse(trades.any(-1).all(-1), "an importer can buy from nobody")
            self.refuse(trades.any(-2).all(-1), "an exporter can sell to nobody")
            parts = [connected_components(t, connection="strong")[0] for t in trades]
            self.refuse(
                (np.array(parts) == 1) | ~self.closed,
                "trade must lead from every country to every other one, directly or through others",
            )
        return self

    # -- the model at given wages ----------------------------------------------------------------

    def shares(self, log_cost):
        """Prices without their constant, and trade shares."""
        offer = self.log_access - (self.theta * log_cost)[:, None, :]
        best = offer.max(-1, keepdims=True)
        share = np.exp(offer - best)
        total = share.sum(-1, keepdims=True)
        share /= total
        return -(best + np.log(total))[..., 0] / self.theta, share

    def prices(self, log_wage, guess):
        """Log prices and shares: Newton's method on P = γ [Σ T (w^β P^(1-β) τ)^-θ]^(-1/θ)."""
        log_price, rest = guess, 1 - self.beta
        for _ in range(200):
            index, share = self.shares(self.beta * log_wage + rest * log_price)
            gap = index + np.log(self.constant) - log_price
            if not rest.any():
                return log_price + gap, share
            # Rounding in gap grows by the inverse of the derivative, at most 1 / β.
            if (self.beta[:, 0] * abs(gap).max(-1) <= 1e-14 * (1 + abs(log_price).max(-1))).all():
                return log_price + gap, share
            derivative = np.eye(gap.shape[-1]) - rest[..., None] * share
            log_price = log_price + np.linalg.solve(derivative, gap[..., None])[..., 0]
        raise BookError("Eaton–Kortum: prices do not settle; beta is too close to zero.")

    def at(self, log_wage, guess=None) -> _Point:
        """Everything that follows from wages, brought to the numeraire first."""
        payroll = self.L * np.exp(log_wage)
        scale = self.payroll / payroll.sum(-1, keepdims=True)
        log_wage, payroll = log_wage + np.log(scale), payroll * scale
        log_price, share = self.prices(log_wage, log_wage if guess is None else guess)
        income = payroll + self.other_income + self.deficit
        spending = (1 - self.beta) / self.beta * payroll + self.alpha * income
        spending = np.maximum(spending, 1e-12 * payroll)  # on the way only: see finish
        flows, one = self.flows(share, spending), self.closed[:, None]
        paid = flows.sum(-2) + one * np.maximum(self.deficit, 0)
        due = np.where(one, flows.sum(-1) + np.maximum(-self.deficit, 0), payroll / self.beta)
        imbalance = np.log(np.where(due > 0, paid, 1) / np.where(due > 0, due, 1))  # N = 1: zero
        return _Point(log_wage, log_price, share, income, spending, paid, due, imbalance)

    def flows(self, share, spending):
        """Sales by destination; those at home are left out in a world of one sector.

        There they cancel between what a country sells and what it buys, and leaving them out keeps
        every digit of the trade of a nearly closed world.
        """
        flows = share * spending[..., None]
        np.einsum("bnn->bn", flows)[self.closed] = 0
        return flows

    def newton(self, at: _Point):
        """Newton's step in log wages from the derivative of the log imbalance."""
        eye, b, theta = np.eye(self.L.shape[-1]), self.beta[..., None], self.theta[..., None]
        payroll = self.L * np.exp(at.log_wage)
        # World labour income is given: other incomes and deficits are shares of it.
        world = (payroll / payroll.sum(-1, keepdims=True))[:, None, :]
        rest = (self.other_income + self.deficit)[..., None] * world
        cost = b * np.linalg.solve(eye - (1 - b) * at.share, np.broadcast_to(eye, at.share.shape))
        spends = eye * (((1 - self.beta) / self.beta + self.alpha) * payroll)[..., None]
        spends = spends + self.alpha[..., None] * rest
        demand = theta * (at.share @ cost) + spends / at.expenditure[..., None]
        flows, one = self.flows(at.share, at.expenditure), self.closed[:, None, None]
        sold = flows.swapaxes(-1, -2)
        paid = sold @ demand - theta * sold.sum(-1)[..., None] * cost + one * np.maximum(rest, 0)
        due = flows.sum(-1)[..., None] * demand - theta * (flows @ cost) + np.maximum(-rest, 0)
        due = np.where(one, due, eye * (payroll / self.beta)[..., None])
        slope = paid / at.paid[..., None] - due / at.due[..., None]
        goal = -at.imbalance
        # By Walras' law one market clears with the others: the largest; its wage stays.
        rows, large = np.arange(len(slope)), at.due.argmax(-1)
        slope[rows, large], goal[rows, large] = eye[large], 0
        try:
            return np.linalg.solve(slope, goal[..., None])[..., 0]
        except np.linalg.LinAlgError:  # trade of some world vanishes in double precision
            slope[np.linalg.slogdet(slope)[0] == 0] = -eye
            return np.linalg.solve(slope, goal[..., None])[..., 0]

    # -- equilibrium -----------------------------------------------------------------------------

    @np.errstate(divide="ignore", invalid="ignore", over="ignore")
    def clear(self, log_wage, tol, max_iter) -> Equilibrium:
        """Find the wages that clear every labour market."""
        self.refuse(
            (self.other_income.sum(-1) > 0) != self.closed,
            "other income must be positive where alpha is below one, and zero where it is one",
        )
        log_wage = np.broadcast_to(log_wage, (*self.batch, self.L.shape[-1])).reshape(self.L.shape)
        point = self.at(log_wage)
        rounds, length = np.zeros(len(self.L), int), np.ones(len(self.L))
        for _ in range(max_iter):
            rows = np.flatnonzero(~(point.residual <= tol))
            if not len(rows):
                break
            part, old = self.take(rows), point.take(rows)
            step, t = part.newton(old), length[rows]
            stuck = t < SHORTEST
            step[stuck] = (old.imbalance / (1 + 2 * part.theta))[stuck]
            t[stuck] = 1
            t *= np.minimum(1, LEAP / (abs(step).max(-1) + LEAP * (step == 0).all(-1)))
            new = part.at(old.log_wage + t[:, None] * step, old.log_price)
            kept = (new.residual < old.residual) | stuck
            point.put(rows[kept], new.take(kept))
            length[rows] = np.where(kept, 1, length[rows] / 4)
            rounds[rows] += 1
        failed = ~(point.residual <= tol)
        left = point.residual[failed][:1].sum()
        self.refuse(
            ~failed,
            f"no equilibrium found in {max_iter} rounds, what is paid and owed still differs by "
            f"{left:.1e} in logs; trade may be too thin or deficits too large",
        )
        return self.finish(point, rounds)

    def employ(self, wage) -> Equilibrium:
        """Find employment in manufacturing at given wages: a linear system."""
        self.refuse(~self.closed, "labour can be mobile only if alpha is below one")
        wage = np.broadcast_to(np.asarray(wage, float), (*self.batch, self.L.shape[-1]))
        wage = wage.reshape(self.L.shape)
        self.refuse(np.isfinite(wage) & (wage > 0), "every wage must be finite and positive")
        log_price, share = self.prices(np.log(wage), np.log(wage))
        income = wage * self.L + self.other_income + self.deficit
        sold = share.swapaxes(-1, -2)
        inputs = np.eye(self.L.shape[-1]) - (1 - self.beta)[..., None] * sold
        final = sold @ (self.alpha * self.beta * income)[..., None]
        payroll = np.linalg.solve(inputs, final)[..., 0]
        spending = (1 - self.beta) / self.beta * payroll + self.alpha * income
        paid, due = (sold @ spending[..., None])[..., 0], payroll / self.beta
        imbalance = np.log(paid / due)
        point = _Point(np.log(wage), log_price, share, income, spending, paid, due, imbalance)
        return self.finish(point, np.ones(len(wage), int), payroll / wage)

    def finish(self, point, rounds=0, labour=None) -> Equilibrium:
        """Restore the batch, and refuse worlds in which somebody has nothing to spend."""
        afford = (point.income > 0).all(-1)
        self.refuse(afford, "a country's surplus exceeds its income; lower the deficits")

        def restore(x):
            x = np.broadcast_to(x, (len(self.L), *np.shape(x)[1:]))
            return x.reshape(self.batch + x.shape[1:])

        return Equilibrium(
            wage=restore(np.exp(point.log_wage)),
            price=restore(np.exp(point.log_price)),
            share=restore(point.share),
            labour=restore(self.L if labour is None else labour),
            income=restore(point.income),
            expenditure=restore(point.expenditure),
            welfare=restore(point.income / np.exp(self.alpha * point.log_price)),
            residual=restore(point.residual),
            iterations=restore(rounds),
        )
