"""Published numbers, our numbers, and the rule that compares them."""

import json
import math
import os
import re
from functools import cache

import pandas as pd

from lib import paths
from lib.book import downloads
from lib.errors import BookError

KEY = ["paper", "item", "row", "column", "stat"]
PUBLISHED_COLUMNS = [*KEY, "value", "stars", "unit", "chapter", "kind", "where"]
NUMBER_COLUMNS = [*KEY, "value", "se", "n", "status", "sample", "difference", "diagnosis"]
NUMBER_COLUMNS += ["data", "tier", "chapter", "cell"]
PAPERS = {
    "li_chen_2023": "Li & Chen (2023)",
    "ni_2018": "Ni (2018)",
    "gao_li_zhu_2021": "Gao, Li & Zhu (2021)",
    "dang_yin_2024": "Dang & Yin (2024)",
    "caliendo_parro_2015": "Caliendo & Parro (2015)",
    "eaton_kortum_2002": "Eaton & Kortum (2002)",
}
STATUSES = [
    "exact",
    "close",
    "same sign and significance",
    "same sign",
    "differs",
    "needs data",
    "not attempted",
]
SAMPLES = ["same", "nearest", "different"]
MODULES = "modules.txt"
"""File of a run that lists the modules which it loaded."""
BESIDE = {"numbers.csv", downloads.FOLDER, MODULES}
"""What a run keeps that is not part of its chapter's own record."""
DISCRETE = {"year", "rank", "count"}


@cache
def published() -> pd.DataFrame:
    """Every number that the papers print: one row each, values as printed (strings)."""
    frames = [_read(paths.PUBLISHED / f"{p}.csv") for p in PAPERS]
    return pd.concat(frames, ignore_index=True)


def recorded() -> pd.DataFrame:
    """Our recorded results on the original data, under the keys of :func:`published`."""
    frames = [read_numbers(path) for path in sorted(paths.REPLICATED.glob("*.csv"))]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=NUMBER_COLUMNS)


def printed_digits(text: str) -> int:
    """Return how many decimals a printed number shows."""
    return len(text.partition(".")[2])


def is_exact(value: float, text: str) -> bool:
    """Tell whether `value`, rounded as the paper rounds, is the printed number."""
    return math.isclose(round(value, printed_digits(text)), float(text), rel_tol=0, abs_tol=1e-12)


def status(
    value, text, *, stat="value", unit="", published_se=None, stars=None, significant=None
) -> str:
    """Compare one of our numbers with the printed one.

    Parameters
    ----------
    value : float
        Our number.
    text : str
        The number as printed.
    stat : str
        A number that the paper calls approximate ("about") is never *exact*.
    unit : str
        A year, a rank or a count is met or missed; nothing is *close* to it.
    published_se : float, optional
        The published standard error; half of it is within reach of *close*.
    stars : str, optional
        The printed stars; ``None`` where the number is no coefficient.
    significant : bool, optional
        Whether our coefficient differs from zero at 10 %.

    Returns
    -------
    str
        One of the first five of ``STATUSES``.
    """
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise BookError(f"The published value {text!r} is no decimal number; mend data/published.")
    if not math.isfinite(value):
        raise BookError(f"Our number beside the published {text} is {value}; mend the chapter.")
    target = float(text)
    if stat != "about" and is_exact(value, text):
        return "exact"
    if unit in DISCRETE:
        return "differs"
    near = abs(value - target) <= max(0.05 * abs(target), (published_se or 0) / 2)
    if near and (value * target > 0 or value == target):
        return "close"
    if value * target <= 0:
        return "differs"
    if stars is not None and significant is not None:
        return "same sign and significance" if bool(stars) == significant else "same sign"
    return "same sign" if stars is not None else "differs"


def lookup(paper: str, item: str, row: str, column: str, stat: str) -> pd.Series:
    """Return the published row with this key; refuse a key that the paper does not have."""
    frame = published()
    key = dict(zip(KEY, (paper, item, row, column, stat), strict=True))
    hit = frame[(frame[KEY] == pd.Series(key)).all(axis=1)]
    if len(hit) != 1:
        raise BookError(f"No published number has the key {key}; see data/published/{paper}.csv.")
    return hit.iloc[0]


def published_se(row: pd.Series) -> float | None:
    """Return the standard error that belongs to a printed coefficient, if one can be had.

    Where no error is printed it follows from the t value as coef / t, which is as rough as the
    digits of the coefficient: one printed as 0.000 has none.
    """
    frame = published()
    same = frame[(frame[KEY[:-1]] == row[KEY[:-1]]).all(axis=1)].set_index("stat")["value"]
    if "se" in same:
        return float(same["se"])
    if row["stat"] != "coef" or float(same.get("t", 0)) == 0:
        return None
    return abs(float(row["value"]) / float(same["t"])) or None


def as_printed(value: float, printed: str) -> str:
    """Write our number with one decimal more than the printed one has.

    Beside a whole number ours is whole too, unless it is a small fraction.
    """
    digits = printed_digits(printed)
    small = not digits and abs(value) < 10 and value != round(value)
    grouping = "" if 1900 <= float(printed) <= 2100 else ","
    return f"{value:{grouping}.{2 if small else digits + 1 if digits else 0}f}"


def item_title(item: str) -> str:
    """``table_1`` → Table 1, ``text_3_2`` → Text § 3.2."""
    kind, _, rest = item.partition("_")
    if kind != "text":
        return f"{kind.capitalize()} {rest}"
    if rest[0].isdigit():
        return f"Text § {rest.replace('_', '.')}"
    return f"Text, {rest.replace('_', ' ')}"


def label(row) -> str:
    """Name a published number for a reader: what, of what, and where it stands."""
    parts = [row["row"], *([row["column"]] if row["column"] != "all" else [])]
    text = ", ".join(part.replace("_", " ") for part in parts)
    return f"{text} ({item_title(row['item'])})".replace("_", " ")


def scoreboard() -> pd.DataFrame:
    """Join published and recorded numbers; what nobody recomputed yet is *not attempted*."""
    ours = recorded().rename(columns={"value": "ours", "chapter": "made_in"})
    board = published().merge(ours, on=KEY, how="left")
    board["status"] = board["status"].replace("", None).fillna("not attempted")
    return board


def merge(chapter, numbers) -> None:
    """Put a chapter's fresh numbers into ``data/replicated/<paper>.csv``, in the paper's order."""
    path = paths.REPLICATED / f"{chapter.paper}.csv"
    rows = [read_numbers(numbers)] if numbers.is_file() else []
    if path.is_file():
        old = read_numbers(path)
        rows.insert(0, old[old["chapter"] != str(chapter.number)])
    if not rows:
        return
    frame = pd.concat(rows, ignore_index=True)
    order = published().reset_index().set_index(KEY)["index"]
    frame = frame.iloc[order.loc[pd.MultiIndex.from_frame(frame[KEY])].argsort().to_numpy()]
    fresh = path.with_suffix(".new")
    frame[NUMBER_COLUMNS].to_csv(fresh, index=False, lineterminator="\n")
    os.replace(fresh, path)


def seconds(chapter) -> int | None:
    """Return how long a chapter ran when it was recorded, ``None`` where no record says so."""
    path = paths.REPLICATED / chapter.name / "stamp.json"
    return json.loads(path.read_text()).get("seconds") if path.is_file() else None


def timing(chapter, took: float) -> int:
    """Return the seconds to put into a chapter's stamp: fives, and the old ones while they hold.

    Timing is noise. What was recorded holds until a run takes over twice as long or under half.
    """
    fresh, old = max(5, 5 * round(took / 5)), seconds(chapter)
    return old if old and old / 2 <= fresh <= old * 2 else fresh


def read_numbers(path) -> pd.DataFrame:
    """Read a file of recorded or live numbers; only `value` is a number, the rest stays text."""
    frame = _read(path)
    frame["value"] = pd.to_numeric(frame["value"]).astype(float)
    return frame


def _read(path) -> pd.DataFrame:
    """Read every cell as text, an empty one as "" and Namibia's NA as itself."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def differences(chapter, live) -> list[str]:
    """Say where the record of a chapter differs from its live results, a line each.

    Numbers may differ by 1e-8 in relative terms, which another processor's rounding explains;
    everything else must be equal, and drawn coordinates within half a point.
    """
    kept = paths.REPLICATED / chapter.name
    if not (kept / "stamp.json").is_file():
        return [f"{chapter.name}: never recorded"]
    names = {p.name for p in live.iterdir()} - BESIDE
    problems = [
        f"{chapter.name}: {name} is in one of record and build only"
        for name in sorted(names ^ ({p.name for p in kept.iterdir()} - {"stamp.json"}))
    ]
    for name in sorted(names & {p.name for p in kept.iterdir()}):
        if not name.endswith(".png") and not _same_file(kept / name, live / name):
            problems.append(f"{chapter.name}: {name} has changed")
    old = _numbers(paths.REPLICATED / f"{chapter.paper}.csv", chapter)
    new = _numbers(live / "numbers.csv", chapter)
    for key in dict.fromkeys([*old, *new]):
        if not _same_text(old.get(key, ""), new.get(key, "")):
            problems.append(f"{chapter.name}: {' '.join(key[1:])} has changed")
    return problems


def _numbers(path, chapter) -> dict[tuple, str]:
    """Return a chapter's recorded or live numbers, with all that is said of each, by key."""
    if not path.is_file():
        return {}
    rows = _read(path)
    rows = rows[rows["chapter"] == str(chapter.number)]
    keys, said = rows[KEY].to_numpy(), rows[NUMBER_COLUMNS[len(KEY) :]].to_numpy()
    return {tuple(key): "|".join(texts) for key, texts in zip(keys, said, strict=True)}


NUMBER = re.compile(r"-?\d+\.?\d*(?:[eE][-+]?\d+)?")
SVG_ID = re.compile(r"(?<=#|\")[a-z]?[0-9a-f]{10}(?=[\")])")
"""matplotlib's names of clip paths and markers: hashes, which a last digit changes."""


def _same_file(a, b) -> bool:
    one, two = a.read_text(encoding="utf-8"), b.read_text(encoding="utf-8")
    if a.suffix == ".svg":
        return _same_text(SVG_ID.sub("id", one), SVG_ID.sub("id", two), 0.5)
    return _same_text(one, two)


def _same_text(one: str, two: str, tolerance: float = 1e-12) -> bool:
    if one == two:
        return True
    if NUMBER.sub("#", one) != NUMBER.sub("#", two):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(two), strict=True)
    return all(math.isclose(float(x), float(y), rel_tol=1e-8, abs_tol=tolerance) for x, y in pairs)
