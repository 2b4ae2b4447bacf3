"""Scoring the digital rules of all treaties, against reading their files.

Prints for 50, 150 and all treaties, each best of three rounds, the time to score 23 rules with
their sentences and to bring the scores to pairs and years; the yardstick is reading the XML. Needs
the texts of ToTA; on the sample world it times the treaties of the sample.

Run: python -m benchmarks.bench_rule_depth [--write]; --write keeps the table in
data/replicated/benchmarks/rule_depth.csv.
"""

import resource
import sys
import timeit

import numpy as np
import pandas as pd

from benchmarks.machine import machine
from lib import data, paths
from lib.agreements import rule_depth

KEPT = paths.REPLICATED / "benchmarks" / "rule_depth.csv"
LIMIT = 20.0  # seconds for all texts


def best(function) -> float:
    """Seconds of the best of three rounds, garbage collected as it is in use."""
    return min(timeit.repeat(function, "import gc; gc.enable()", number=1, repeat=3))


def main(write: bool) -> None:
    treaties, texts = data.load("tota"), data.load("tota", texts=True)
    reading = best(lambda: data.load("tota", texts=True))
    numbers = np.sort(texts["treaty"].unique())
    rows = []
    for size in (50, 150, len(numbers)):
        part = texts[texts["treaty"].isin(numbers[:size])]
        scoring = best(lambda part=part: rule_depth.evidence(part))
        scored = rule_depth.scored(treaties, rule_depth.evidence(part))
        panel = best(lambda scored=scored: rule_depth.depth_panel(scored, range(1995, 2019)))
        rows.append(
            {
                "treaties": size,
                "million_characters": round(part["text"].str.len().sum() / 1e6, 1),
                "scoring_seconds": round(scoring, 2),
                "panel_seconds": round(panel, 2),
                "seconds_per_100": round(100 * scoring / size, 2),
                "scoring_over_reading": round(scoring / (reading * size / len(numbers)), 2),
            }
        )
    table = pd.DataFrame(rows)
    table["peak_gib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)
    print(table.to_string(index=False))
    total = rows[-1]["scoring_seconds"]
    print(f"all texts: {total:.1f} s, limit {LIMIT:g} s: {'held' if total < LIMIT else 'MISSED'}")
    if write:
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        table.assign(machine=machine("pandas", use="one process")).to_csv(
            KEPT, index=False, lineterminator="\n"
        )


if __name__ == "__main__":
    main("--write" in sys.argv[1:])
