"""The score of each rule of a treaty, with the sentence that decides it."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from lib.agreements.rule_depth import _dispute, _text, _words
from lib.errors import BookError
from lib.treaty_text import ARTICLE

_HERE = Path(__file__).parent
CODEBOOK = tomllib.loads((_HERE / "codebook.toml").read_text(encoding="utf-8"))
RULES = tuple(CODEBOOK["rules"])
LANGUAGES = ("en", "es", "fr")
TESTED = ("en", "es")
"""Languages in which the scorer was held against a coding by hand."""

FOUND = [
    "rule", "score", "present", "binding", "dispute", "deepening", "word", "sentence",
    "confidence", "chapter", "article", "start", "length", "article_number", "clause",
]  # fmt: skip
_REFERENCE = re.compile(
    r"(?:article|chapter|art[ií]culo|cap[ií]tulo)s?\s*[\d.]+\s*\([^)]*\)"
    r"(?:\s*(?:(?:,|and|or|to|y|o|a)\s*)+[\d.]+\s*\([^)]*\))*",
    re.IGNORECASE,
)
"""Cross-references with the name of what they refer to, also several in a row."""
_SAVED = re.compile(
    r"(?:this|these|paragraphs?\s*\d)[\w\s]{0,30}(?:does|do|shall)\s*not\s*apply"
    r"|nothing\s*in\s*(?:this|paragraph)|shall\s*(?:not\s*)?(?:be\s*construed|prevent|preclude)"
    r"|for\s*the\s*purposes\s*of\s*this\s*(?:chapter|article)|ninguna\s*disposici[oó]n"
    r"|\bmeans\b(?!\s*of)(?<!by\smeans)(?<!electronic\smeans)(?<!other\smeans)(?<!through\smeans)",
    re.IGNORECASE,
)
"""What makes a sentence a definition or a saving clause."""


@dataclass(frozen=True)
class Pattern:
    """What finds a rule in one language; see ``patterns.toml``."""

    topic: re.Pattern
    titled: re.Pattern | None
    title: re.Pattern | None
    other: re.Pattern | None
    deep: re.Pattern | None
    not_deep: re.Pattern | None
    lacks: re.Pattern | None
    article: re.Pattern | None
    persons: re.Pattern | None


@cache
def patterns() -> dict[str, dict[str, Pattern]]:
    """Return language → rule → pattern."""
    raw = tomllib.loads((_HERE / "patterns.toml").read_text(encoding="utf-8"))
    return {lang: {rule: _pattern(raw[lang][rule]) for rule in RULES} for lang in LANGUAGES}


def _pattern(entry: dict) -> Pattern:
    def compiled(key):
        words = entry.get(key)
        words = "|".join(words) if isinstance(words, list) else words
        glued = words and re.sub(r"(?<![\[?]) ", r"\\s*", words)
        return re.compile(glued, re.IGNORECASE | re.DOTALL) if words else None

    names = ("topic", "titled", "title", "not", "deep", "not_deep", "lacks", "article", "persons")
    return Pattern(*(compiled(name) for name in names))


def score(treaty: pd.DataFrame, deepening: str = "printed") -> pd.DataFrame:
    """Score the 23 rules of one treaty.

    Parameters
    ----------
    treaty : DataFrame
        Articles of one treaty, as ``data.load("tota", texts=True)`` has them for each treaty and
        ``data.read_treaty(path)`` gives them for a file of your own.
    deepening : {"printed", "binding"}
        Whether a deepening form scores 4 wherever it stands, as the paper's words have it, or only
        in a treaty that binds on the rule.

    Returns
    -------
    DataFrame
        Indexed by the 23 `rule`s in the order of the codebook:

        * `score` 0 to 4, and `present`, `binding`, `dispute`, `deepening` (0 or 1) behind it;
        * `word`: the binding word; `sentence`: the words that decide, with what introduces them;
        * `chapter`, `article`, `start`, `length`: where they are in the text of the treaty;
          `article_number` as printed; `clause`: what excludes dispute settlement, if anything does;
        * `confidence`: "high" (a sentence of its own in an article with the rule in its title),
          "medium" (a sentence of its own elsewhere) or "low" (an item in a list on other things).

        ``attrs["report"]`` says what could not be read: a language that is not handled or was not
        tested, a digital chapter without articles, a text known to stop early. A rule of a treaty
        in a language that is not handled has the score NaN, not 0.

    Raises
    ------
    BookError
        If the frame has other columns, more than one treaty, or the reading is not one of the two.

    Notes
    -----
    A rule scores 1 if a sentence in scope deals with it, 2 if that sentence binds and dispute
    settlement does not cover it, 3 if it does, 4 if the deepening form is met: Dang and Yin (2024),
    section 3. The tests are those of the codebook; of several sentences the one that scores highest
    counts, of equals the first.
    """
    if deepening not in ("printed", "binding"):
        raise BookError(f"No reading {deepening!r} of deepening; choose printed or binding.")
    if missing := [column for column in ARTICLE if column not in treaty]:
        raise BookError(f"The treaty has no column {missing[0]!r}; pass a table of articles.")
    if treaty["treaty"].nunique() > 1:
        raise BookError("score takes the articles of one treaty; use scored for several.")
    language = treaty["language"].iloc[0] if len(treaty) else ""
    report = _report(treaty, language)
    if language not in LANGUAGES:
        found = pd.DataFrame(index=pd.Index(RULES, name="rule"), columns=FOUND[1:])
    else:
        in_order = treaty.sort_values(["chapter", "article"], ignore_index=True)
        found = _scored(in_order, patterns()[language], language, deepening)
    found.attrs["report"] = report
    return found


def _report(treaty: pd.DataFrame, language: str) -> list[str]:
    said = []
    if language not in LANGUAGES:
        said.append(f"language {language or 'not given'} is not handled; not scored")
    elif language not in TESTED:
        said.append(f"language {language} is read, but was not tested against a coding by hand")
    heads = treaty[["chapter", "chapter_name"]].drop_duplicates("chapter")
    for chapter, name in zip(heads["chapter"], heads["chapter_name"], strict=True):
        own = "".join(treaty.loc[treaty["chapter"] == chapter, "text"])
        if _text.DIGITAL.search(name) and not own.strip():
            said.append(f"chapter {name!r} has no text")
    stops = treaty.attrs.get("incomplete", {})
    return said + [f"the text {stops[t]}" for t in treaty["treaty"].unique() if t in stops]


def _scored(treaty, rules, language, deepening) -> pd.DataFrame:
    passages = _text.in_scope(treaty)
    if not passages:
        return _frame({})
    covers = _dispute.coverage(treaty)
    units = [
        (unit, _REFERENCE.sub("", unit.text))
        for passage in passages
        for unit in _text.units(passage)
        if not _SAVED.search(_REFERENCE.sub("", unit.text))
    ]
    best = {}
    for rule, pattern in rules.items():
        cooperation = CODEBOOK["rules"][rule]["group"] == "joint_work"
        for unit, text in units:
            if _deals(unit, text, pattern):
                word = _words.binding(text, language, cooperation)
                row = _row(unit, text, word, covers, pattern, deepening)
                if rule not in best or row["score"] > best[rule]["score"]:
                    best[rule] = row
    return _frame(best)


def _deals(unit, text: str, pattern: Pattern) -> bool:
    """Tell whether a sentence deals with the subject of a rule."""
    if pattern.other and pattern.other.search(text):
        return False
    if pattern.topic.search(text):
        return True
    titled = pattern.title and pattern.title.search(unit.passage.title)
    return bool(titled and pattern.titled and pattern.titled.search(text))


def _row(unit, text, word, covers, pattern: Pattern, deepening: str) -> dict:
    dispute, binds = covers.covers(unit.passage), bool(word)
    deep = _deepened(text, unit.passage.text, binds, pattern)
    deep &= binds or deepening == "printed"
    titled = pattern.title and pattern.title.search(unit.passage.title)
    return {
        "score": 4 if deep else 1 + binds + (binds and dispute),
        "present": 1,
        "binding": int(binds),
        "dispute": int(dispute),
        "deepening": int(deep),
        "word": word,
        "sentence": unit.text,
        "confidence": "high" if titled else "low" if unit.listed else "medium",
        "chapter": unit.passage.chapter,
        "article": unit.passage.article,
        "start": unit.start,
        "length": unit.length,
        "article_number": unit.passage.number,
        "clause": covers.clause if not dispute else "",
    }


def _deepened(text: str, article: str, binds: bool, pattern: Pattern) -> bool:
    """Tell whether a sentence meets the deepening form of its rule, in words or by leaving out."""
    if pattern.deep and pattern.deep.search(text):
        return not (pattern.not_deep and pattern.not_deep.search(text))
    if not binds or not (pattern.lacks or pattern.article):
        return False
    if pattern.persons and not pattern.persons.search(text):
        return False
    named = pattern.lacks and pattern.lacks.search(text)
    return not named and not (pattern.article and pattern.article.search(article))


def _frame(best: dict) -> pd.DataFrame:
    empty = dict.fromkeys(FOUND[1:], 0) | dict.fromkeys(
        ("word", "sentence", "confidence", "article_number", "clause"), ""
    )
    frame = pd.DataFrame([{"rule": rule} | best.get(rule, empty) for rule in RULES], columns=FOUND)
    return frame.set_index("rule")
