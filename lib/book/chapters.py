"""The chapters: one Jupytext source each, its front matter, and its parameters."""

import json
import math
import numbers
import re
from dataclasses import dataclass
from functools import cache
from math import floor, log10
from pathlib import Path

import yaml

from lib import paths
from lib.errors import BookError

TYPES = {"int": int, "float": float, "str": str}
CODE = re.compile(r"^```\{code-cell\}.*?^```$", re.DOTALL | re.MULTILINE)
DISPLAY = re.compile(r"^\$\$\n.*?^\$\$", re.DOTALL | re.MULTILINE)
EXHIBIT = re.compile(r"(?m)^ +name: (?:fig|tbl)-")
WORDS_A_MINUTE = 200


@dataclass(frozen=True)
class Parameter:
    """One papermill parameter, as declared in a chapter's front matter."""

    name: str
    type: str
    default: object
    meaning: str
    choices: tuple = ()
    low: float | None = None
    high: float | None = None
    personal: bool = True
    """Whether a problem set may draw it for each student."""

    def describe(self) -> str:
        if self.choices:
            values = "one of " + ", ".join(map(str, self.choices))
        elif self.low is not None:
            values = f"from {self.low} to {self.high}"
        else:
            values = "any value"
        return f"{self.name} ({self.type}, {values}, default {self.default}): {self.meaning}"

    def draw(self, rng):
        """Return a value at random: any choice, or a round number of the range.

        A text without choices keeps its default, and so does what is not personal; each takes one
        draw all the same, so that no parameter's value depends on what is declared of another.
        """
        share = rng.random()
        if not self.personal:
            return self.default
        if self.choices:
            return self.choices[int(share * len(self.choices))]
        if self.low is None:
            return self.default
        if self.type == "int":
            return int(self.low + int(share * (self.high - self.low + 1)))
        digits = 1 - floor(log10((self.high - self.low) / 2))  # at least twenty steps
        value = round(self.low + share * (self.high - self.low), digits)
        return float(min(max(value, self.low), self.high))

    def parse(self, text: str):
        """Return `text` as a value of this parameter, or refuse it with the list of valid ones."""
        try:
            return self.check(TYPES[self.type](text))
        except ValueError:
            raise BookError(f"{text!r} is not a valid value; expected {self.describe()}.") from None

    def check(self, value):
        """Return `value` in this parameter's type, or refuse it with the list of valid ones."""
        kinds = {"int": numbers.Integral, "float": numbers.Real, "str": str}
        right = isinstance(value, kinds[self.type]) and not isinstance(value, bool)
        if not right or (self.choices and value not in self.choices):
            raise BookError(f"{value!r} is not a valid value; expected {self.describe()}.")
        if self.low is not None and not self.low <= value <= self.high:
            raise BookError(f"{value:g} is out of range; expected {self.describe()}.")
        return TYPES[self.type](value)


@dataclass(frozen=True)
class Chapter:
    """A chapter's source and what its front matter declares."""

    path: Path
    number: int
    title: str
    paper: str
    datasets: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    goals: tuple[str, ...]
    """What a student can do afterwards, a sentence each."""
    needs: tuple[int | str, ...]
    """Chapters to read before, by number, and topics to know."""
    abstract_zh: str
    values: dict[str, str]
    """What other pages quote: name → expression that gives its text."""

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def minutes_to_read(self) -> int:
        """Words of the prose at 200 a minute and half a minute for each exhibit, up to fives."""
        source = self.path.read_text(encoding="utf-8").split("---\n", 2)[2]
        words = len(DISPLAY.sub("", CODE.sub("", source)).split())
        exhibits = sum(len(EXHIBIT.findall(cell)) for cell in CODE.findall(source))
        return 5 * math.ceil((words / WORDS_A_MINUTE + exhibits / 2) / 5)

    @property
    def parameter_cell(self) -> str:
        """The text of the cell tagged `parameters`: an annotated assignment for each parameter."""
        return "\n".join(
            f"{p.name}: {p.type} = {json.dumps(p.default)}  # {p.meaning}" for p in self.parameters
        )

    def parse(self, assignments: list[str]) -> dict:
        """Turn ``["theta=4", …]`` into papermill parameters, refusing what is not declared."""
        known = {p.name: p for p in self.parameters}
        values = {}
        for assignment in re.sub(r"\s*=\s*", "=", " ".join(assignments)).split():
            name, equals, text = assignment.partition("=")
            self._known(name if equals else "", assignment)
            values[name] = known[name].parse(text)
        return values

    def check(self, values: dict) -> dict:
        """Return parameters in their types, refusing what is not declared and what is not legal."""
        known = {p.name: p for p in self.parameters}
        for name in values:
            self._known(name, name)
        return {name: known[name].check(value) for name, value in values.items()}

    def _known(self, name: str, said: str) -> None:
        if name not in {p.name for p in self.parameters}:
            listing = "; ".join(p.describe() for p in self.parameters) or "none"
            raise BookError(
                f"Chapter {self.number} has no parameter {said!r}; valid ones: {listing}."
            )


def read(path: Path) -> Chapter:
    """Read the front matter of a chapter's source."""
    try:
        _, header, _ = path.read_text(encoding="utf-8").split("---\n", 2)
        meta = yaml.safe_load(header)["book"]
        parameters = tuple(
            Parameter(
                name=name,
                type=spec["type"],
                default=spec["default"],
                meaning=spec["meaning"],
                choices=tuple(spec.get("choices", ())),
                low=spec.get("range", (None, None))[0],
                high=spec.get("range", (None, None))[1],
                personal=spec.get("personal", True),
            )
            for name, spec in meta.get("parameters", {}).items()
        )
        return Chapter(
            path=path,
            number=int(path.stem[:2]),
            title=meta["title"],
            paper=meta["paper"],
            datasets=tuple(meta["datasets"]),
            parameters=parameters,
            goals=goals(meta["goals"]),
            needs=needs(meta["needs"], path),
            abstract_zh=abstract(meta["abstract_zh"]),
            values=values(meta.get("values", {})),
        )
    except (AttributeError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())
        raise BookError(f"The front matter of {path.name} cannot be read ({told}).") from error


def values(items) -> dict[str, str]:
    """Check the values that other pages quote: names of expressions."""
    if not isinstance(items, dict) or not all(isinstance(v, str) for v in items.values()):
        raise ValueError("values must map names to expressions")
    return {name: expression.strip() for name, expression in items.items()}


def goals(items) -> tuple[str, ...]:
    """Check what a student can do afterwards."""
    if not isinstance(items, list) or not all(isinstance(i, str) for i in items):
        raise ValueError("goals must be a list of sentences")
    if not 3 <= len(items) <= 5:
        raise ValueError(f"goals must be three to five sentences, not {len(items)}")
    for item in items:
        if not (item[:1].isupper() and item.endswith(".") and len(item) <= 100):
            raise ValueError(f"goal {item!r} must be one short sentence, from capital to stop")
    return tuple(items)


def needs(items, path: Path) -> tuple[int | str, ...]:
    """Check what to read and to know before: earlier chapters and at most three topics."""
    if not isinstance(items, list) or not all(type(i) in (int, str) for i in items):
        raise ValueError("needs must be a list of chapter numbers and topics")
    topics = [item for item in items if isinstance(item, str)]
    if len(topics) > 3 or len(set(items)) < len(items):
        raise ValueError("needs must name at most three topics, and nothing twice")
    for number in sorted(set(items) - set(topics)):
        if number >= int(path.stem[:2]) or not list(path.parent.glob(f"{number}_*.md")):
            raise ValueError(f"needs names {number}, which is no earlier chapter")
    return tuple(items)


def abstract(text) -> str:
    """Check a Chinese abstract, which holds no result, and drop the breaks of its lines."""
    if not isinstance(text, str):
        raise ValueError("abstract_zh must be text")
    text = "".join(text.split())
    if not 80 <= len(text) <= 140:
        raise ValueError(f"abstract_zh must have 80 to 140 characters, not {len(text)}")
    if re.search(r"\d", text):
        raise ValueError("abstract_zh must hold no number, since numbers are computed")
    return text


@cache
def chapters() -> tuple[Chapter, ...]:
    """Return all chapters in order."""
    return tuple(read(path) for path in sorted(paths.NOTEBOOKS.glob("[0-9][0-9]_*.md")))


def find(query: str) -> Chapter:
    """Return the chapter with this number or full name."""
    for chapter in chapters():
        if query in (str(chapter.number), chapter.name):
            return chapter
    valid = ", ".join(f"{c.number} ({c.name})" for c in chapters())
    raise BookError(f"There is no chapter {query!r}; valid ones: {valid}.")
