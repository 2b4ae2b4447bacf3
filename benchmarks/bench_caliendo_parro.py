"""NAFTA in changes against a plain numpy reference, and its growth with countries × sectors.

The reference is the textbook algorithm of Caliendo and Parro (2015), appendix: guess wages, iterate
prices, compute shares, solve the linear system of expenditures, move wages with the trade balance.
Both solve the same two worlds (no deficits; no deficits and the new tariffs) to the same tolerance,
in turn, so that a busy machine hits both alike. Processor time of one core.

Run: OMP_NUM_THREADS=1 python -m benchmarks.bench_caliendo_parro
"""

import os
import time

import numpy as np

from lib import data
from lib.models import caliendo_parro as cp
from lib.sector_trade import SectorTrade

LIMIT, TOLERANCE = 3.0, 1e-9
SIZES = [(10, 10), (20, 20), (31, 40), (44, 56), (71, 45)]


def reference(e, tariff_then):
    """Wages relative to the data, without deficits, under `tariff_then`; a loop over guesses."""
    K, N, _ = e.access.shape
    kappa = (1 + tariff_then) / (1 + e.tariff)
    wage, price = np.ones(N), np.ones((N, K))
    target = e.L.sum()
    for _ in range(100_000):
        while True:
            cost = np.exp(
                e.gamma * np.log(wage)[:, None] + np.einsum("nkh,nk->nh", e.gamma_in, np.log(price))
            )
            offers = e.access * (cost.T[:, None, :] * kappa) ** -e.theta[:, None, None]
            new = (offers.sum(2) ** (-1 / e.theta[:, None])).T
            moved = abs(new - price).max()
            price = new
            if moved < TOLERANCE / 100:
                break
        share = offers / offers.sum(2, keepdims=True)
        net = share / (1 + tariff_then)
        # X = alpha (wL + R) + gamma_in Y, with Y and R linear in X
        system = np.eye(N * K).reshape(N, K, N, K)
        for n in range(N):
            revenue = 1 - net[:, n].sum(1)
            system[n, :, n] -= e.alpha[n][:, None] * revenue
            for k in range(K):
                system[n, :, :, k] -= e.gamma_in[n, :, k][:, None] * net[k, :, n]
        income = e.alpha * (wage * e.L)[:, None]
        X = np.linalg.solve(system.reshape(N * K, N * K), income.ravel()).reshape(N, K)
        flow = net * X.T[:, :, None]
        gap = (flow.sum((0, 1)) - flow.sum((0, 2))) / (wage * e.L)
        if abs(gap).max() < TOLERANCE:
            return wage
        wage = wage * (1 + 0.2 * gap)
        wage *= target / (wage @ e.L)
    raise RuntimeError("the reference does not converge")


def clock(function):
    began = time.process_time()
    result = function()
    return result, time.process_time() - began


def random_data(N, K, seed=0):
    """Sectors of which half are traded, each importer buying half of its goods at home."""
    rng = np.random.default_rng(seed)
    J, abroad = K // 2, 1 - np.eye(N)
    weight = rng.lognormal(0, 1, (J, N, N)) * abroad
    size = rng.lognormal(0, 1, N)
    trade = weight * size[:, None] * size
    tariff = rng.uniform(0, 0.2, (J, N, N)) * abroad
    output = np.concatenate([2 * trade.sum(1), np.outer(np.full(K - J, trade.sum() / N), size)])
    return SectorTrade(
        countries=("CAN", "MEX", "USA", *(f"C{i:02d}" for i in range(N - 4)), "ROW"),
        sectors=tuple(f"s{k}" for k in range(K)),
        year=1993,
        trade=trade,
        tariff={1993: tariff, 2005: tariff / 2},
        output=output.T,
        value_added=rng.uniform(0.4, 0.6, (N, K)),
        inputs=rng.dirichlet(np.ones(K), (N, K)).transpose(0, 2, 1),
        theta=rng.uniform(2, 10, K),
    )


def main():
    if os.environ.get("OMP_NUM_THREADS") != "1":
        print("set OMP_NUM_THREADS=1: the limits are for one core")
    tier = data.provenance("caliendo_parro_2015").tier
    seen = data.load("caliendo_parro_2015")
    cp.nafta(seen)  # imports and caches
    change, ours = min((clock(lambda: cp.nafta(seen)) for _ in range(3)), key=lambda r: r[1])
    e = cp.calibrate(seen)
    after = change.economies[1].tariff
    plain, theirs = clock(lambda: (reference(e, e.tariff), reference(e, after)))
    apart = abs(np.array(plain) / [change.before.wage, change.after.wage] - 1).max()
    N, K = len(seen.countries), len(seen.sectors)
    print(f"NAFTA, {N} × {K}, {tier} data: {ours:.2f} s, residual {change.residual:.0e}")
    print(f"plain numpy reference: {theirs:.2f} s, wages agree within {apart:.0e}")
    held = "held" if ours < LIMIT and change.residual < TOLERANCE else "MISSED"
    print(f"ratio {theirs / ours:.1f}; limit {LIMIT:g} s at {TOLERANCE:g}: {held}")
    print("\ncountries × sectors      time   evaluations   residual")
    for n, k in SIZES:
        made = random_data(n, k)
        change, seconds = clock(lambda made=made: cp.nafta(made, scope="all"))
        calls = change.before.evaluations + change.after.evaluations
        print(f"{n:>9} × {k:<9} {seconds:8.2f} s {calls:>11} {change.residual:>12.0e}")


if __name__ == "__main__":
    main()
