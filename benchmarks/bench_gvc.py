"""The sixteen terms and the rest of lib.gvc against one dense inverse, and against pymrio.

Prints, for random tables from 10 × 10 to the 71 × 45 of the OECD ICIO, the time of all sixteen
terms (their own inverse included) over the faster of numpy's and scipy's dense inverse of the same
matrix, and the peak memory of the process (each size runs in one of its own); then every measure
for all years of WIOD; then the measures that pymrio offers too, with the largest difference, where
it is installed.

Run: python -m benchmarks.bench_gvc [G N]
"""

import importlib.util
import json
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import scipy.linalg

from lib import data, gvc

SIZES = [(10, 10), (20, 20), (41, 35), (44, 56), (71, 45)]
TIMES, GIB = 4.0, 1.5  # limits of the sixteen terms at 44 × 56


def random_table(G: int, N: int, seed: int = 0) -> gvc.Table:
    """A dense random table: inputs are half of output on average, every cell is traded."""
    rng = np.random.default_rng(seed)
    A = rng.random((G * N, G * N))
    A *= rng.uniform(0.2, 0.8, G * N) / A.sum(0)
    Y = rng.random((G * N, G))
    x = np.linalg.solve(np.eye(G * N) - A, Y.sum(1))
    A *= x
    return gvc.Table(A, Y, [f"C{g:02d}" for g in range(G)], [f"s{n:02d}" for n in range(N)])


def clock(*functions, rounds: int = 5) -> list[float]:
    """Best time of each function in seconds, run in turn so that a busy machine hits all alike."""
    times = []
    for _ in range(rounds):
        for function in functions:
            began = time.perf_counter()
            function()
            times.append(time.perf_counter() - began)
    return [min(times[i :: len(functions)]) for i in range(len(functions))]


def peak() -> float:
    """Peak memory of this process in GiB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (2**30 if sys.platform == "darwin" else 2**20)


def fresh(table: gvc.Table) -> gvc.Table:
    """The same table with nothing cached."""
    return gvc.Table(table.Z, table.Y, table.countries, table.sectors, year=2000)


def one_size(G: int, N: int) -> dict:
    """Time the sixteen terms, their memory, then a dense inverse and every other measure."""
    table = random_table(G, N)
    base = peak()
    gvc.wwz(fresh(table))
    memory = peak()
    M = np.eye(G * N) - table.A
    terms, *inverses = clock(
        lambda: gvc.wwz(fresh(table)), lambda: np.linalg.inv(M), lambda: scipy.linalg.inv(M)
    )
    (rest,) = clock(lambda: gvc.panel([fresh(table)]), rounds=1)
    return dict(inverse=min(inverses), terms=terms, base=base, memory=memory, all=rest)


def growth() -> None:
    print("countries × sectors   inverse   16 terms   ratio   peak memory   every measure")
    for G, N in SIZES:
        out = subprocess.run(
            [sys.executable, "-m", "benchmarks.bench_gvc", str(G), str(N)],
            check=True,
            capture_output=True,
            text=True,
        )
        row = json.loads(out.stdout)
        print(
            f"{G:>9} × {N:<9} {row['inverse']:8.3f} s {row['terms']:8.3f} s "
            f"{row['terms'] / row['inverse']:6.1f} × {row['memory']:8.2f} GiB {row['all']:10.2f} s"
        )
        if (G, N) == (44, 56):
            held = row["terms"] <= TIMES * row["inverse"] and row["memory"] <= GIB
            print(f"{'':22}limits {TIMES:g} × and {GIB:g} GiB: {'held' if held else 'MISSED'}")


def years() -> None:
    """All measures of all years in one call, reading included."""
    tier = data.provenance("wiod_2013").tier
    began, worked = time.perf_counter(), time.process_time()
    gvc.panel(data.load("wiod_2013", year=y) for y in range(1995, 2012))
    print(
        f"17 years, every measure, {tier} WIOD: {time.perf_counter() - began:.1f} s, limit 30 s "
        f"({time.process_time() - worked:.1f} s of processor time)"
    )


def against_pymrio(G: int = 44, N: int = 56) -> None:
    """Inverse, Ghosh inverse and value-added exports, in the same run."""
    if importlib.util.find_spec("pymrio") is None:
        print("pymrio is not installed: no comparison")
        return
    import pymrio
    from pymrio.tools import iomath

    table = random_table(G, N)
    Z = pd.DataFrame(table.Z, table.rows, table.rows)
    columns = pd.MultiIndex.from_product([table.countries, ["final"]])
    Y = pd.DataFrame(table.Y, table.rows, columns)
    for frame in (Z, Y):
        frame.index.names = ["region", "sector"]
        frame.columns.names = ["region", frame.columns.names[1] or "category"]
    Z.columns.names = ["region", "sector"]

    def theirs():
        system = pymrio.IOSystem(Z=Z.copy(), Y=Y.copy())
        added = pd.DataFrame([table.value_added.to_numpy()], ["va"], Z.columns)
        system.va = pymrio.Extension(name="va", F=added)
        return system.calc_all()

    def ours():
        new = fresh(table)
        return new.B, gvc.value_added_exports(new)

    system = theirs()
    B, vax = ours()
    ghosh = iomath.calc_G(iomath.calc_B(Z, system.x))
    exports = system.va.D_exp.T.groupby("region", sort=False).sum()["va"]
    for name, one, other in (
        ("Leontief inverse", B, system.L),
        ("Ghosh inverse", table.ghosh, ghosh),
        ("value-added exports", vax.sum(axis=1), exports),
    ):
        difference = np.abs(np.asarray(one) - np.asarray(other)).max()
        print(f"{name}: largest difference from pymrio {difference:.1e}")
    t_theirs, t_ours = clock(theirs, ours, rounds=2)
    print(
        f"inverse and value-added exports at {G} × {N}: pymrio {t_theirs:.2f} s, ours "
        f"{t_ours:.2f} s, ratio {t_theirs / t_ours:.1f}"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(one_size(*map(int, sys.argv[1:]))))
    else:
        growth()
        years()
        against_pymrio()
