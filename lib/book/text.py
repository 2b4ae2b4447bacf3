"""Words for numbers and names in a chapter's prose."""

from collections.abc import Iterable, Sized
from functools import cache

from lib import data

SMALL = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
SMALL += ["eleven", "twelve"]
THE = {"ARE", "BHS", "CAF", "COD", "COG", "COM", "CYM", "DOM", "FRO", "GBR", "GMB", "MDV"}
THE |= {"MHL", "NLD", "PHL", "SLB", "SYC", "TCA", "USA", "VIR"}
"""Countries whose name takes an article in a sentence."""


def listed(items: Iterable[object]) -> str:
    """Join names for a sentence: "Germany, Japan and Sweden"."""
    names = [str(item) for item in items]
    if not names:
        return "none"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def word(count: int) -> str:
    """Write a count up to twelve as a word, a larger one in digits."""
    return SMALL[count] if 0 <= count < len(SMALL) else f"{count:,}"


def share(count: int, total: int | Sized) -> str:
    """Say how many of all: "none of the five", "three of the five", "all five"."""
    total = total if isinstance(total, int) else len(total)
    if count == total:
        return f"all {word(total)}" if total != 1 else "the only one"
    return f"{word(count) if count else 'none'} of the {word(total)}"


@cache
def _names() -> dict[str, str]:
    frame = data.load("countries")
    names = dict(zip(frame["country"], frame["name"], strict=True))
    return names | {"ROW": "the rest of the world", "WLD": "the world"}


def country(code: str) -> str:
    """Return a country's name as a sentence has it: "the United States"; unknown codes stay."""
    name = _names().get(code, code)
    return f"the {name}" if code in THE else name


def countries(codes: Iterable[str]) -> str:
    """Name countries in a sentence: "Germany, Japan and the United States"."""
    return listed(country(code) for code in codes)
