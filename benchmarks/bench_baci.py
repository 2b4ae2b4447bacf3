"""Full-size BACI: csv to parquet, every import distance from it, and the same in plain pandas.

Writes made-up files in BACI's format, converts them and computes all measures over 1, 5, 10 and 20
years, each step in a process of its own that reports its time and its highest memory. Plain pandas
then computes the same on one year, and the answers are compared. On a shared machine the time on
the clock says little, so the time of the processors stands beside it.

Run: python -m benchmarks.bench_baci [--full FOLDER [--write]]. Without --full it takes two years of
half a million rows. --full takes 20 years of 6.5 million rows, written into FOLDER unless they are
there (5.5 GB, and 1.2 GB of parquet); --write keeps the tables in data/replicated/benchmarks.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import baci_files
from benchmarks.bench_gvc import peak
from benchmarks.machine import machine
from lib import paths
from lib.data import _baci, _store
from lib.trade import distance_measures

KEPT = paths.REPLICATED / "benchmarks"
YEARS = (1, 5, 10, 20)
FLOOR = 0.05  # million USD
LIMITS = {"convert_seconds": 180, "measures_seconds": 75, "peak_gib": 3}


# -- what is measured, each in a process of its own ----------------------------------------------


def files(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in folder.glob("*.csv")}


def arguments() -> tuple[pd.DataFrame, pd.DataFrame]:
    return baci_files.distances(baci_files.economies()), baci_files.classes()


def convert(folder: Path, years: range) -> int:
    return int(_baci.read(files(folder), years, form="contents")["rows"].sum())


def measures(folder: Path, years: range) -> pd.DataFrame:
    flows = _baci.read(files(folder), years, form="relation")
    return distance_measures(flows, *arguments(), floor=FLOOR)


def in_pandas(folder: Path, years: range) -> pd.DataFrame:
    """The same measures as one would write them in pandas, a year and a class at a time."""
    distance, classes = arguments()
    parts = []
    for year in years:
        (path,) = _store.CACHE.glob(f"parquet/baci_hs92/year={year}/*.parquet")
        columns = ["exporter", "importer", "product", "value"]
        flows = pd.read_parquet(path, columns=columns, partitioning=None)
        flows = flows[flows["value"] > 0].merge(distance, on=["exporter", "importer"])
        flows = flows.merge(classes, on="product").rename(columns={"distcap": "km"})
        for use in ["all", *baci_files.USES]:
            part = flows if use == "all" else flows[flows["use"] == use]
            parts.append(_pandas_class(part, distance).assign(year=year, use=use))
    return pd.concat(parts).reset_index()


def _pandas_class(flows: pd.DataFrame, distance: pd.DataFrame) -> pd.DataFrame:
    exports = flows.groupby(["product", "exporter"], as_index=False)["value"].sum()
    share = exports["value"] / exports.groupby("exporter")["value"].transform("sum")
    world = exports.groupby("product")["value"].transform("sum") / exports["value"].sum()
    flows = flows.assign(value_km=flows["value"] * flows["km"])
    large = flows["value"] > FLOOR
    flows = flows.assign(n=large, n_km=flows["km"].where(large))
    sums = ["value", "value_km", "n", "n_km"]
    cells = flows.groupby(["importer", "product"], as_index=False)[sums].sum()
    columns = _means(cells, ("value_km", "value", "actual"), ("n_km", "n", "simple"))
    for name, score in (("ideal", exports["value"]), ("rca_ideal", share / world)):
        order = exports.assign(score=score).sort_values(
            ["score", "value", "exporter"], ascending=[False, False, True]
        )
        leader = order.drop_duplicates("product")[["product", "exporter"]]
        bought = cells[["importer", "product", "value"]].merge(leader, on="product")
        bought = bought.merge(distance, on=["exporter", "importer"])
        home = bought["importer"] == bought["exporter"]
        bought["km"] = bought["distcap"].mask(home, 0.0) * bought["value"]
        columns |= _means(bought, ("km", "value", name))
        if name == "ideal":
            bought["push"], bought["abroad"] = bought["distcap"].mask(home), ~home
            columns |= _means(bought, ("push", "abroad", "push"))
    total = cells.groupby("product")[["value", "value_km"]].transform("sum")
    others = total["value"] - cells["value"]
    some = others > 1e-9 * cells["value"]
    pull = cells["value"] * total["value_km"] / total["value"]
    pull_others = cells["value"] * (total["value_km"] - cells["value_km"]) / others
    cells = cells.assign(pull=pull, pull_others=pull_others.where(some))
    cells = cells.assign(weight=cells["value"].where(some))
    columns |= _means(cells, ("pull", "value", "pull"), ("pull_others", "weight", "pull_others"))
    return pd.DataFrame(columns)


def _means(frame: pd.DataFrame, *ratios) -> dict[str, pd.Series]:
    """Ratios of sums by importer and for the world."""
    names = sorted({name for ratio in ratios for name in ratio[:2]})
    sums = frame.groupby("importer")[names].sum()
    sums.loc["WLD"] = sums.sum()
    return {name: sums[above] / sums[below] for above, below, name in ratios}


# -- running and keeping it ----------------------------------------------------------------------

JOBS = {"convert": convert, "measures": measures, "pandas": in_pandas}


def child(job: str, folder: str, cache: str, years: str, answer: str) -> None:
    """Do one job and print its seconds, processor seconds and peak memory."""
    _store.CACHE = Path(cache)
    began = time.perf_counter()
    result = JOBS[job](Path(folder), range(1995, 1995 + int(years)))
    seconds = time.perf_counter() - began
    use = resource.getrusage(resource.RUSAGE_SELF)
    if isinstance(result, pd.DataFrame):
        result.to_parquet(answer)
        result = len(result)
    row = {"seconds": seconds, "processor": use.ru_utime + use.ru_stime, "gib": peak()}
    print(json.dumps(row | {"result": result}))


def run(job: str, folder: Path, cache: Path, years: int, rounds: int = 1) -> dict:
    """Run a job in processes of their own; least time of them, and most memory."""
    answer = cache / f"{job}.parquet"
    command = [sys.executable, "-m", "benchmarks.bench_baci", "child", job]
    command += [str(folder), str(cache), str(years), str(answer)]
    rows = []
    for _ in range(rounds):
        out = subprocess.run(command, check=True, capture_output=True, text=True, cwd=paths.ROOT)
        rows.append(json.loads(out.stdout))
    table = pd.DataFrame(rows)
    return table.min().to_dict() | {"gib": table["gib"].max(), "answer": answer}


def growth(folder: Path, cache: Path, steps) -> pd.DataFrame:
    """Cost over more and more years, from the csv files and from parquet."""
    rows = []
    for years in steps:
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir()
        first = run("convert", folder, cache, years)
        then = run("measures", folder, cache, years, rounds=2)
        n = first["result"]
        rows.append(
            {
                "years": years,
                "million_rows": n / 1e6,
                "convert_seconds": first["seconds"],
                "convert_processor_seconds": first["processor"],
                "measures_seconds": then["seconds"],
                "measures_processor_seconds": then["processor"],
                "processor_µs_per_row": 1e6 * (first["processor"] + then["processor"]) / n,
                "peak_gib": max(first["gib"], then["gib"]),
            }
        )
        print(pd.DataFrame(rows[-1:]).round(2).to_string(index=False), flush=True)
    return pd.DataFrame(rows)


def against_pandas(folder: Path, cache: Path) -> pd.DataFrame:
    """One year in both, in turn; the answers must be equal."""
    found = {"this library": run("measures", folder, cache, 1, rounds=2)}
    found["plain pandas"] = run("pandas", folder, cache, 1)
    keys = ["year", "use", "importer"]
    ours, theirs = (pd.read_parquet(f["answer"]).set_index(keys) for f in found.values())
    for name in theirs:
        both = pd.concat([ours[name], theirs[name]], axis=1, join="inner").to_numpy()
        assert len(both) == len(ours) == len(theirs)
        np.testing.assert_allclose(both[:, 0], both[:, 1], rtol=1e-9, err_msg=name)
    rows = [
        {
            "one_year_with": name,
            "clock_seconds": f["seconds"],
            "processor_seconds": f["processor"],
            "peak_gib": f["gib"],
        }
        for name, f in found.items()
    ]
    table = pd.DataFrame(rows)
    times = table["clock_seconds"][1] / table["clock_seconds"][0]
    work = table["processor_seconds"][1] / table["processor_seconds"][0]
    memory = table["peak_gib"][1] / table["peak_gib"][0]
    print(
        f"plain pandas: {times:.1f} × the time, {work:.1f} × the processor time, "
        f"{memory:.1f} × the memory; answers equal"
    )
    return table


def main(full: Path | None, keep: bool) -> None:
    load = os.getloadavg()[1]
    with tempfile.TemporaryDirectory(dir=full) as scratch:
        folder, cache = full or Path(scratch) / "files", Path(scratch) / "cache"
        last, rows = (max(YEARS), baci_files.ROWS) if full else (2, 500_000)
        wanted = [y for y in range(1995, 1995 + last) if not list(folder.glob(f"*_Y{y}_*"))]
        if wanted:
            baci_files.write(folder, wanted, rows)
        table = growth(folder, cache, YEARS if full else (1, 2))
        pandas = against_pandas(folder, cache)
    if full:
        worst = table.iloc[-1]
        for name, limit in LIMITS.items():
            word = "held" if worst[name] <= limit else "MISSED"
            print(f"{name} {worst[name]:.1f}, limit {limit}: {word} (load before: {load:.1f})")
    if keep:
        KEPT.mkdir(exist_ok=True)
        words = machine("numpy", "scipy", use=f"two threads, load before the run {load:.1f}")
        for name, frame in (("baci_growth", table), ("baci_pandas", pandas)):
            path = KEPT / f"{name}.csv"
            frame.assign(machine=words).to_csv(path, index=False, float_format="%.3g")
            print(f"kept in {path.relative_to(paths.ROOT)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:])
    else:
        place = Path(sys.argv[sys.argv.index("--full") + 1]) if "--full" in sys.argv else None
        main(place, "--write" in sys.argv)
