"""The sixteen terms and the rest of lib.gvc against one dense inverse, and against pymrio.

Prints, for random tables from 10 × 10 to the 71 × 45 of the OECD ICIO, the time of all sixteen
terms (their own inverse included) over the faster of numpy's and scipy's dense inverse of the same
matrix, and the peak memory of the process (each size runs in one of its own, on one thread as the
chapters do); then every measure for all years of WIOD; then the measures that pymrio offers too,
with the largest difference, where it is installed.

Run: python -m benchmarks.bench_gvc [--write | G N]; --write keeps the first table in
data/replicated/benchmarks/gvc_growth.csv.
"""

import importlib.util
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import scipy.linalg

from benchmarks.machine import machine
from lib import data, gvc, paths

SIZES = [(10, 10), (20, 20), (30, 30), (41, 35), (44, 56), (71, 45)]
KEPT = paths.REPLICATED / "benchmarks" / "gvc_growth.csv"
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
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


def growth() -> pd.DataFrame:
    """Every size in a process of its own, printed as it comes."""
    print("countries × sectors   inverse   16 terms   ratio   peak memory   every measure")
    rows = []
    for G, N in SIZES:
        out = subprocess.run(
            [sys.executable, "-m", "benchmarks.bench_gvc", str(G), str(N)],
            check=True,
            capture_output=True,
            text=True,
            cwd=paths.ROOT,
            env=os.environ | ONE_THREAD,
        )
        row = json.loads(out.stdout)
        ratio = row["terms"] / row["inverse"]
        print(
            f"{G:>9} × {N:<9} {row['inverse']:8.3f} s {row['terms']:8.3f} s {ratio:6.1f} × "
            f"{row['memory']:8.2f} GiB {row['all']:10.2f} s"
        )
        if (G, N) == (44, 56):
            held = ratio <= TIMES and row["memory"] <= GIB
            print(f"{'':22}limits {TIMES:g} × and {GIB:g} GiB: {'held' if held else 'MISSED'}")
        rows.append(
            {
                "countries": G,
                "sectors": N,
                "inverse_seconds": row["inverse"],
                "terms_seconds": row["terms"],
                "ratio": ratio,
                "table_gib": row["base"],
                "peak_gib": row["memory"],
                "every_measure_seconds": row["all"],
            }
        )
    return pd.DataFrame(rows)


def write(table: pd.DataFrame) -> None:
    """Keep the growth table, three digits, with the machine in words."""
    KEPT.parent.mkdir(exist_ok=True)
    table.assign(machine=machine("numpy", "scipy", use="one thread")).to_csv(
        KEPT, index=False, float_format="%.3g"
    )
    print(f"kept in {KEPT.relative_to(paths.ROOT)}")


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
    """Inverses and the accounts of two factors by country, in the same run."""
    if importlib.util.find_spec("pymrio") is None:
        print("pymrio is not installed: no comparison")
        return
    import pymrio
    from pymrio.tools import iomath

    table = random_table(G, N)
    jobs = pd.Series(np.random.default_rng(1).random(G * N), table.rows) * table.output
    factors = {"value added": table.value_added, "jobs": jobs}
    Z = pd.DataFrame(table.Z, table.rows, table.rows)
    columns = pd.MultiIndex.from_product([table.countries, ["final"]])
    Y = pd.DataFrame(table.Y, table.rows, columns)
    for frame in (Z, Y):
        frame.index.names = ["region", "sector"]
        frame.columns.names = ["region", "sector" if frame is Z else "category"]

    def theirs():
        system = pymrio.IOSystem(Z=Z.copy(), Y=Y.copy())
        amounts = pd.DataFrame([f.to_numpy() for f in factors.values()], [*factors], Z.columns)
        system.factors = pymrio.Extension(name="factors", F=amounts)
        return system.calc_all()

    def ours():
        new = fresh(table)
        return new, {k: gvc.value_added_absorbed(new, "country", f) for k, f in factors.items()}

    system, (new, absorbed) = theirs(), ours()
    pairs = {
        "input coefficients": (new.A, system.A),
        "Leontief inverse": (new.B, system.L),
        "Ghosh inverse": (new.ghosh, iomath.calc_G(iomath.calc_B(Z, system.x))),
    }
    accounts = system.factors
    for name, flows in absorbed.items():
        home = np.diag(flows)
        pairs |= {
            f"{name} made (D_pba)": (flows.sum(axis=1), accounts.D_pba_reg.loc[name]),
            f"{name} absorbed (D_cba)": (flows.sum(), accounts.D_cba_reg.loc[name]),
            f"{name} exported (D_exp)": (flows.sum(axis=1) - home, accounts.D_exp_reg.loc[name]),
            f"{name} imported (D_imp)": (flows.sum() - home, accounts.D_imp_reg.loc[name]),
        }
    for name, (one, other) in pairs.items():
        one, other = np.asarray(one), np.asarray(other)
        difference = np.abs(one - other).max() / np.abs(other).max()
        print(f"{name}: largest difference from pymrio {difference:.1e} of the largest value")
    t_theirs, t_ours = clock(theirs, ours, rounds=2)
    print(
        f"inverse and the accounts of two factors at {G} × {N}: pymrio {t_theirs:.2f} s, ours "
        f"{t_ours:.2f} s, ratio {t_theirs / t_ours:.1f}"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(one_size(*map(int, sys.argv[1:]))))
    else:
        table = growth()
        if "--write" in sys.argv:
            write(table)
        years()
        against_pymrio()
