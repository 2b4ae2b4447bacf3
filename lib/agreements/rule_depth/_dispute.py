"""Which articles on digital trade the dispute settlement of an agreement covers."""

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lib.agreements.rule_depth._text import COMMERCE, DIGITAL

_SETTLEMENT = re.compile(
    r"dispute\s*settlement|settlement\s*of\s*(?:the\s*)?disputes?|arbitra(?:l|tion)\b"
    r"|soluci[óo]n\s*de\s*(?:controversias|diferencias)|r[èe]glement\s*des\s*diff[ée]rends",
    re.IGNORECASE,
)
_INVESTORS = re.compile(r"invest|telecom|financ|inversi|suppliers", re.IGNORECASE)
_NOT = re.compile(
    r"shall\s*not\s*(?:apply|be\s*(?:subject|applicable|applied))|(?:does|do|will)\s*not\s*apply"
    r"|(?:not|no|neither\s*party\s*(?:shall|may|will))\s*have\s*recourse|be\s*excluded\s*from"
    r"|no\s*party\s*(?:shall|may)\s*have\s*recourse|is\s*not\s*applicable|non-application"
    r"|(?:nothing|no\s*provision)\s*(?:in|of)\s*this\s*chapter\s*shall\s*be\s*subject"
    r"|no\s*(?:se\s*)?(?:aplicar|podr|ser[áa]|estar[áa])\w*|ne\s*s[’']appliqu\w*\s*pas",
    re.IGNORECASE,
)
_TEMPORARY = re.compile(
    r"for\s*a\s*period\s*of|until\s*the\s*date|durante\s*un|por\s*un\s*per[íi]odo\s*de",
    re.IGNORECASE,
)
_NUMBER = (
    r"(?:chapter|cap[íi]tulo|chapitre)s?\s*"
    r"(?:\d+(?:\s*\([^)]*\))?(?:\s*(?:,|and|or|y|et))+\s*)*({})(?!t?een|[\w.]*\d)"
)
"""A chapter by its number, also as one of several; "seven" is not the start of "seventeen"."""
_SPELLED = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_LISTED = re.compile(
    r"\bart(?:icles?|[íi]culos?)\s*((?:\d[\d.]*(?:\s*(?:,|and|y|to|or)\s*)*)+)", re.IGNORECASE
)
_THIS_ARTICLE = re.compile(r"\b(?:this|este|présent)\s*art[ií]c(?:le|ulo)\b", re.IGNORECASE)
_THIS_CHAPTER = re.compile(r"\b(?:this|este|présent)\s*(?:chap|cap)", re.IGNORECASE)
_SENTENCES = re.compile(r"[^.;]*(?:\.\d[^.;]*)*(?:[.;]|$)")


@dataclass(frozen=True)
class Coverage:
    """What dispute settlement covers.

    Attributes
    ----------
    exists : bool
        Whether the text has dispute settlement at all.
    clause : str
        The sentence that excludes digital trade or parts of it; empty if there is none.
    only : set of str or None
        Numbers of the articles that the clause names: those excluded, or, with `kept`, those that
        stay covered. None: the whole chapter.
    kept : bool
    place : tuple of int
        Chapter and article of the clause.
    chapters : set of int
        Chapters of digital trade, which the clause is about.
    """

    exists: bool
    clause: str = ""
    only: frozenset | None = None
    kept: bool = False
    place: tuple = ()
    chapters: frozenset = field(default_factory=frozenset)

    def covers(self, passage) -> bool:
        """Tell whether dispute settlement covers a passage."""
        if not self.exists:
            return False
        if not self.clause or passage.chapter not in self.chapters:
            return True
        if self.only is None:
            return False
        named = _last_number(passage.number) in self.only
        return named if self.kept else not named


def coverage(articles: pd.DataFrame) -> Coverage:
    """Read from the articles of one treaty what its dispute settlement covers."""
    settles = _says(articles["chapter_name"], _SETTLEMENT)
    titled = _says(articles["article_name"], _SETTLEMENT)
    titled &= ~_says(articles["article_name"], _INVESTORS)
    titled &= ~_says(articles["chapter_name"], _INVESTORS)
    if not (settles | titled).any():
        return Coverage(exists=False)
    digital = articles[_says(articles["chapter_name"], DIGITAL)]
    heads = articles.drop_duplicates("chapter")["chapter_number"]
    twice = set(heads[heads.duplicated()])  # chapters are counted anew in each title
    about = _chapter_pattern(digital, twice), _chapter_pattern(articles[settles], twice)
    inside = frozenset(digital["chapter"])
    numbers = {_last_number(head) for head in digital["chapter_number"]} - {""}
    for row, settling in zip(articles.itertuples(), settles, strict=True):
        own = row.chapter in inside
        if not _concerns(row.text, own, settling, *about):
            continue
        for found in _SENTENCES.finditer(row.text):
            if _excludes(found[0], own, settling, *about):
                clause = re.sub(r"\s+", " ", found[0]).strip()
                kept, only = _named(clause, row.article_number if own else None, numbers)
                return Coverage(True, clause, only, kept, (row.chapter, row.article), inside)
    return Coverage(exists=True)


def _says(texts: pd.Series, pattern: re.Pattern) -> np.ndarray:
    """Tell for each text whether it has the pattern; pandas parses a pattern anew at each call."""
    return np.array([bool(pattern.search(text)) for text in texts])


def _concerns(text: str, own: bool, settling: bool, digital, settlement) -> bool:
    """Tell whether a text speaks of dispute settlement and of digital trade, or stands there."""
    if settling and own:
        return False
    of_settlement = _SETTLEMENT.search(text) or (settlement and settlement.search(text))
    return bool(settling or of_settlement) and bool(
        own or COMMERCE.search(text) or (digital and digital.search(text))
    )


def _excludes(sentence: str, own: bool, settling: bool, digital, settlement) -> bool:
    """Tell whether a sentence keeps dispute settlement away from digital trade."""
    if not _NOT.search(sentence) or _TEMPORARY.search(sentence):
        return False
    return _concerns(sentence, own, settling, digital, settlement)


def _chapter_pattern(articles: pd.DataFrame, twice: set):
    """Return a pattern that finds "Chapter 14" for the chapters of these articles."""
    heads = articles.drop_duplicates("chapter")["chapter_number"]
    heads = heads[heads.str.contains("chap|cap", case=False) & ~heads.isin(twice)]
    numbers = {_last_number(head) for head in heads} - {""}
    spelled = {word for n, word in enumerate(_SPELLED.split(), start=1) if str(n) in numbers}
    named = "|".join(sorted(numbers | spelled))
    return re.compile(_NUMBER.format(named), re.IGNORECASE) if named else None


def _named(clause: str, at: str | None, chapters: set) -> tuple[bool, frozenset | None]:
    """Return the articles that a clause names, and whether it names those that stay covered.

    `at` is the article with the clause, None if it is outside the digital `chapters`. An article
    of another chapter, say of the one on dispute settlement, is not one that the clause is about.
    """
    own = at is not None
    if own and _THIS_ARTICLE.search(clause) and not _THIS_CHAPTER.search(clause):
        return False, frozenset({_last_number(at)})
    plain = re.sub(r"\([^)]*\)", "", clause)
    listed = " ".join(found[1] for found in _LISTED.finditer(plain))
    numbers = set()
    for chapter, article in re.findall(r"(?:(\d+)\.)?(\d+)(?:\.\d+)*", listed):
        if chapter in chapters or (own and not (chapter and chapters)):
            numbers.add(article)
    kept = bool(re.search(r"except|other\s*than|salvo|con\s*excepci", plain, re.IGNORECASE))
    return kept and bool(numbers), frozenset(numbers) or None


def _last_number(text: str) -> str:
    """Return the last number in "ARTICLE 14.3": "3"."""
    found = re.findall(r"\d+", text)
    return found[-1] if found else ""
