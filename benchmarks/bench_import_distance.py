"""Import distances by the one relational expression against plain pandas, in one run.

Prints the ratio of times: how many times faster the expression is than pandas on the same flows.
"""

import sys
import time

import numpy as np
import pandas as pd

from lib.trade import ideal_import_distance, import_distance


def world(rows: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Random flows among 200 economies in 5,000 products, and distances."""
    rng = np.random.default_rng(seed)
    names = np.array([f"C{i:03d}" for i in range(200)])
    exporter, importer = rng.integers(0, 200, (2, rows))
    flows = pd.DataFrame(
        {
            "exporter": names[exporter],
            "importer": names[importer],
            "year": 2000,
            "product": np.array([f"{p:06d}" for p in range(5000)])[rng.integers(0, 5000, rows)],
            "value": rng.lognormal(0, 2, rows),
        }
    )
    flows = flows[flows["exporter"] != flows["importer"]]
    flows = flows.drop_duplicates(["exporter", "importer", "product"])
    pairs = pd.MultiIndex.from_product([names, names], names=["exporter", "importer"])
    return flows, pd.Series(rng.uniform(0, 2e4, len(pairs)), pairs, name="distcap").reset_index()


def pandas_distances(flows, distance) -> tuple[float, float]:
    """Actual and ideal distance of the world in plain pandas (own products at distance zero)."""
    joined = flows.merge(distance, on=["exporter", "importer"])
    actual = (joined["value"] * joined["distcap"]).sum() / joined["value"].sum()
    exports = flows.groupby(["product", "exporter"], as_index=False)["value"].sum()
    leader = exports.loc[exports.groupby("product")["value"].idxmax(), ["product", "exporter"]]
    imports = flows.groupby(["product", "importer"], as_index=False)["value"].sum()
    ideal = imports.merge(leader, on="product").merge(distance, on=["exporter", "importer"])
    km = ideal["distcap"].where(ideal["exporter"] != ideal["importer"], 0.0)
    return actual, (ideal["value"] * km).sum() / ideal["value"].sum()


def clock(function, *arguments):
    began = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - began, result


def main(rows: int = 2_000_000) -> None:
    flows, distance = world(rows)

    def ours(f, d):
        return import_distance(f, d)["km"].item(), ideal_import_distance(f, d)["km"].item()

    times = [
        (clock(pandas_distances, flows, distance), clock(ours, flows, distance)) for _ in range(3)
    ]
    pandas_time = min(one[0] for one, _ in times)
    our_time = min(two[0] for _, two in times)
    np.testing.assert_allclose(times[0][0][1], times[0][1][1], rtol=1e-9)
    print(
        f"{len(flows):,} flows: pandas {pandas_time:.2f} s, ours {our_time:.2f} s, "
        f"ratio {pandas_time / our_time:.1f}; answers equal"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
