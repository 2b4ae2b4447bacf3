"""Eaton–Kortum worlds solved in one batch, one at a time, and by two independent solvers.

Prints the time of a batch of 10-country worlds over a loop of single calls, over Caliendo–Parro's
solver on the same worlds with one sector, and over scipy's `root` on the labour-market equations
written out plainly, which does not find every one; with the largest difference in wages. Peers take
the first worlds of the batch, and times are per world. Then how the time grows with the number of
countries.

Run: python -m benchmarks.bench_eaton_kortum
"""

import timeit

import numpy as np
from scipy.optimize import root

from lib.models import caliendo_parro
from lib.models.eaton_kortum import solve

WORLDS, FEW, LIMIT = 10_000, 200, 10.0  # limit in seconds for the whole batch


def worlds(size: int, n: int, seed: int = 0) -> dict:
    rng = np.random.default_rng(seed)
    tau = 1 + rng.uniform(0.1, 1.5, (size, n, n))
    tau[:, np.arange(n), np.arange(n)] = 1
    T, L = rng.lognormal(0, 1, (2, size, n))
    return {"T": T, "tau": tau, "theta": rng.uniform(2, 9, size), "L": L}


def one(w: dict, i: int) -> dict:
    return {name: values[i] for name, values in w.items()}


def with_caliendo_parro(T, tau, theta, L):
    ones = np.ones((len(T), 1))
    world = caliendo_parro.Economy(
        T=T[:, None],
        tau=tau[None],
        theta=theta[None],
        gamma=ones,
        gamma_in=np.zeros((len(T), 1, 1)),
        alpha=ones,
        L=L,
    )
    return caliendo_parro.equilibrium(world).wage


def with_scipy(T, tau, theta, L):
    def excess(log_wage):
        wage = np.exp(log_wage)
        offer = T * (wage * tau) ** -theta
        sales = (offer / offer.sum(1, keepdims=True)).T @ (wage * L)
        return np.append((sales / (wage * L) - 1)[:-1], wage @ L - 1)

    return np.exp(root(excess, np.full(len(T), -np.log(L.sum())), tol=1e-13).x)


def clock(function, rounds=3) -> float:
    return min(timeit.repeat(function, "import gc; gc.enable()", number=1, repeat=rounds))


def main() -> None:
    w = worlds(WORLDS, 10)
    found = solve(**w)
    batch = clock(lambda: solve(**w))
    held = "held" if batch <= LIMIT and found.residual.max() < 1e-10 else "MISSED"
    print(
        f"{WORLDS:,} worlds of 10 countries: {batch:.2f} s, largest residual "
        f"{found.residual.max():.0e}, at most {found.iterations.max()} rounds; limit {LIMIT:g} s "
        f"and 1e-10: {held}"
    )
    peers = {
        "a loop of single calls": lambda **x: solve(**x).wage,
        "lib.models.caliendo_parro": with_caliendo_parro,
        "scipy.optimize.root": with_scipy,
    }
    for name, function in peers.items():
        wages = np.array([function(**one(w, i)) for i in range(FEW)])
        took = clock(lambda f=function: [f(**one(w, i)) for i in range(FEW)], rounds=2) / FEW
        gap = abs(wages / found.wage[:FEW] - 1).max(1)
        print(
            f"{name:26} {1e3 * took:7.3f} ms a world, {took / (batch / WORLDS):6.0f} × the batch; "
            f"{(gap < 1e-7).sum()} of {FEW} the same, by {gap[gap < 1e-7].max():.0e} in wages"
        )
    for n in (2, 5, 10, 20, 40, 80):
        size = max(20, 20_000 // n**2)
        w = worlds(size, n)
        took = clock(lambda w=w: solve(**w)) / size
        print(f"{n:3} countries: {1e3 * took:8.3f} ms a world")


if __name__ == "__main__":
    main()
