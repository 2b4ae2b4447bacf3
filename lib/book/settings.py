"""Every chapter at many legal settings: does it run, and do its shown cells make its numbers?

A setting is a value for every parameter. Tried are both ends and the middle of each parameter, what
the chapter's own commands and exercises ask for, and random combinations.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lib import data, paths
from lib.book import chapters, execution, replication
from lib.errors import BookError, Refused

FOLDER = paths.BUILD / "settings"
TIERS = ("original", "sample")
COMMAND = re.compile(r'make chapter CH=(\d+) P="([^"]*)"')
ASKED = re.compile(r"`((?:\w+=[\w.\-]+\s*)+)`")


@dataclass(frozen=True)
class Outcome:
    """What became of one run."""

    chapter: int
    tier: str
    setting: str
    told: str
    """Empty where all is well; else what went wrong, or why the setting was refused."""
    refused: bool
    seconds: float


def settings(chapter: chapters.Chapter, seed: int = 1, drawn: int = 2) -> list[dict]:
    """Return the settings that are tried, each once, in order; the book's own comes first."""
    own = {p.name: p.default for p in chapter.parameters}
    found = [own, *({**own, p.name: v} for p in chapter.parameters for v in _ends(p))]
    found += [own | values for values in _asked(chapter)]
    found += list(draws(chapter, seed, drawn))
    return [s for n, s in enumerate(found) if s not in found[:n]]


def draws(chapter: chapters.Chapter, seed: int, count: int) -> Iterator[dict]:
    """Yield random combinations of every parameter."""
    rng = np.random.default_rng([seed, chapter.number])
    for _ in range(count):
        yield {p.name: p.draw(rng) for p in chapter.parameters}


def _ends(parameter: chapters.Parameter) -> list:
    if parameter.choices:
        every = parameter.choices
        return [every[0], every[len(every) // 2], every[-1]]
    if parameter.low is None:
        return []
    middle = (parameter.low + parameter.high) / 2
    kind = chapters.TYPES[parameter.type]
    return [kind(parameter.low), kind(middle), kind(parameter.high)]


def _asked(chapter: chapters.Chapter) -> Iterator[dict]:
    """Yield what the chapter's commands and its exercises ask a reader to run."""
    source = chapter.path.read_text(encoding="utf-8")
    for number, assignments in COMMAND.findall(source):
        if int(number) == chapter.number:
            yield chapter.parse([assignments])
    for assignments in ASKED.findall(source):
        try:
            yield chapter.parse([assignments])
        except BookError:
            continue  # an expression of the text, not a setting


# -- runs ----------------------------------------------------------------------------------------


def check(chapter: chapters.Chapter, setting: dict, tier: str) -> Outcome:
    """Run a chapter at a setting, and again by its shown cells alone; compare every number."""
    began = time.perf_counter()
    told, refused = "", False
    said = " ".join(f"{name}={value}" for name, value in setting.items())
    place = FOLDER / f"{chapter.number}-{tier}-{abs(hash(said)):x}"
    try:
        whole, alone = (place / part for part in ("whole", "shown"))
        for folder, shown in ((whole, False), (alone, True)):
            folder.mkdir(parents=True, exist_ok=True)
            target = folder / "out.ipynb"
            execution.run(chapter, target, folder, setting, shown=shown)
            execution.clean(chapter, target, folder, Path("live"))
        told = "; ".join(differences(whole, alone))
    except Refused as error:
        told, refused = str(error), True
    except BookError as error:
        told = str(error)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    seconds = time.perf_counter() - began
    return Outcome(chapter.number, tier, said, told, refused, seconds)


def differences(whole: Path, shown: Path) -> list[str]:
    """Say where the shown cells alone give other numbers than the whole chapter."""
    problems = []
    for file, keys in (
        ("values.csv", ["name", "expression", "nth"]),
        ("numbers.csv", replication.KEY),
    ):
        a, b = (_texts(folder / file, keys) for folder in (whole, shown))
        named = sorted(set(a) ^ set(b)) + sorted(k for k in set(a) & set(b) if a[k] != b[k])
        problems += [
            f"{' '.join(key)}: {a.get(key)} and, by shown cells, {b.get(key)}" for key in named
        ]
    return problems


def _texts(path: Path, keys: list[str]) -> dict[tuple, str]:
    if not path.is_file():
        return {}
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    text = rows["text"] if "text" in rows else rows["value"].astype(float).map("{:.6g}".format)
    return dict(zip(rows[keys].itertuples(index=False, name=None), text, strict=True))


def tiers() -> tuple[str, ...]:
    """Return the tiers that this machine can run: originals only where they are."""
    catalogue = data.catalogue()
    used = {key for chapter in chapters.chapters() for key in chapter.datasets}
    there = [data.available(k) for k in used if catalogue[k].files and not catalogue[k].embedded]
    return TIERS if there and all(there) else ("sample",)


def run(numbers: list[str], tier: str | None, one: bool, seed: int, say=print) -> list[Outcome]:
    """Check chapters at their settings, two at a time, and tell of each as it ends.

    Parameters
    ----------
    numbers : list of str
        Chapters; all if empty.
    tier : {"original", "sample"}, optional
    one : bool
        Only one random setting for each chapter and tier.
    """
    wanted = [chapters.find(n) for n in numbers] or chapters.chapters()
    outcomes = []
    for tier_now in [tier] if tier else tiers():
        os.environ["GVC_BOOK_TIER"] = "sample" if tier_now == "sample" else "auto"
        jobs = [
            (chapter, setting, tier_now)
            for chapter in wanted
            for setting in (draws(chapter, seed, 1) if one else settings(chapter, seed))
        ]
        with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
            for number, done in enumerate(pool.map(lambda job: check(*job), jobs), 1):
                outcomes.append(done)
                word = "refused" if done.refused else "FAILED" if done.told else "ok"
                head = f"{number}/{len(jobs)} {done.tier} {done.chapter} {done.setting}"
                say(f"{head}: {word} {done.seconds:.0f} s {done.told}".rstrip(), flush=True)
    return outcomes
