"""Which articles deal with digital trade, cut into the sentences that are the units of evidence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

DIGITAL = re.compile(
    r"electronic\s*(?:commerce|technologies\s*in\s*trade)|e-commerce|digital\s*(?:trade|products?)\b"
    r"|paperless\s*(?:trad|communication|customs)|comercio\s*(?:electr[oó]nico|sin\s*papel)"
    r"|productos?\s*digital|comercio\s*digital|commerce\s*(?:[eé]lectronique|sans\s*papier)",
    re.IGNORECASE,
)
"""What a title says if its chapter or article is in scope."""

COMMERCE = re.compile(
    r"electronic\s*commerce|e-commerce|comercio\s*electr[oó]nico|commerce\s*[eé]lectronique",
    re.IGNORECASE,
)
_WIDE = re.compile(r"services|establishment|servicios|establecimiento|établissement", re.IGNORECASE)
_APART = re.compile(r"definition|definicion|définition|exception|excepcion", re.IGNORECASE)
_HINTS = ("commerc", "comerc", "electronic", "electrónic", "digital", "paperless")
_OTHER = re.compile(r"committee|automated", re.IGNORECASE)
_HEADING = re.compile(
    r"^[ \t]*(?:article|art[ií]culo)[ \t]+(\d[\w.]*)[ \t]*[:.\-–]?[ \t]*\n*"
    r"[ \t]*(\w[^\n.;]{2,100})$",
    re.IGNORECASE | re.MULTILINE,
)
_MARKER = re.compile(r"\s*(\d{1,2}(?:\.\d{1,2})*\.?(?=\s)|\([a-z]{1,4}\)|[a-z]\)|[•–-](?=\s))")
_ROMAN = re.compile(r"\(?(?:i{1,3}|iv|v|vi{1,3}|ix|x)\)")
_PARAGRAPH = re.compile(r"\n[ \t]*(?:\n[ \t]*)+|\n(?=\d{1,2}\.\s+[A-Z])")
_SENTENCE = re.compile(r"(?<=[.;])(?<!Art\.)(?<!No\.)(?<!\d\.)\s+(?=[A-ZÁÉÍÓÚ“\"])")


@dataclass(frozen=True)
class Passage:
    """An article, or what stands under a heading inside of one: its title and its place."""

    chapter: int
    article: int
    title: str
    number: str
    offset: int
    text: str


@dataclass(frozen=True)
class Unit:
    """A sentence, or an item of a list with the words that introduce the list.

    Attributes
    ----------
    text : str
        The words, with single blanks.
    start, length : int
        Place of the sentence or item in the text of the article.
    listed : bool
        Whether it is an item.
    passage : Passage
    """

    text: str
    start: int
    length: int
    listed: bool
    passage: Passage


def in_scope(articles: pd.DataFrame) -> list[Passage]:
    """Return the passages of one treaty that the codebook puts in scope, without definitions."""
    rows = (row for row in articles.itertuples() if _may_belong(row))
    found = [p for row in rows for p in _passages(row) if _belongs(p, row)]
    return [p for p in found if p.text.strip() and not _APART.search(p.title)]


def _may_belong(row) -> bool:
    """Rule out at once what has no word of `DIGITAL` anywhere: nearly all of most treaties."""
    text = f"{row.chapter_name}\n{row.article_name}\n{row.text}".lower()
    return any(word in text for word in _HINTS) and bool(DIGITAL.search(text))


def _passages(row) -> Iterator[Passage]:
    """Cut an article at the headings of other articles that were glued into it."""
    inner = [h for h in _HEADING.finditer(row.text) if h[2][0].isupper()]
    heads = [(row.article_name, row.article_number, 0)]
    heads += [(h[2], f"ARTICLE {h[1]}", h.end()) for h in inner]
    ends = [*(h.start() for h in inner), len(row.text)]
    for (title, number, start), end in zip(heads, ends, strict=True):
        yield Passage(row.chapter, row.article, title, number, start, row.text[start:end])


def _belongs(passage: Passage, row) -> bool:
    """Tell whether title or chapter put a passage in scope."""
    if DIGITAL.search(passage.title) and not _OTHER.search(passage.title):
        return True
    if not DIGITAL.search(row.chapter_name):
        return False
    wide = _WIDE.search(row.chapter_name)
    return not wide or bool(COMMERCE.search(passage.text + passage.title))


def units(passage: Passage) -> Iterator[Unit]:
    """Cut a passage into sentences; an item of a list carries the words that introduce it."""
    leads: list[tuple[str, str]] = []
    for start, text in _paragraphs(passage.text):
        kind = _kind(text, leads)
        while leads and kind in ("", *(k for k, _ in leads)):
            leads.pop()
        lead = " ".join(words for _, words in leads)
        for place, sentence in _sentences(text):
            words = re.sub(r"\s+", " ", sentence).strip()
            where = passage.offset + start + place
            yield Unit(f"{lead} {words}".strip(), where, len(sentence), bool(lead), passage)
        if re.search(r"[:—]\s*\d{0,2}$", text):
            leads.append((kind, words))


def _kind(text: str, leads) -> str:
    """Return the kind of marker with which a paragraph starts; none if it has none."""
    found = _MARKER.match(text)
    if not found:
        return ""
    marker = found[1]
    if marker[0].isdigit():
        return "number"
    letters = any(kind == "letter" for kind, _ in leads)
    return "roman" if _ROMAN.fullmatch(marker) and letters else "letter"


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield paragraphs with their places, those joined that a page break or footnote has torn."""
    edges = [0, *(gap.end() for gap in _PARAGRAPH.finditer(text)), len(text)]
    start = 0
    for end in edges[1:]:
        rest = text[end:].lstrip()
        torn = rest[:1].islower() and not _MARKER.match(rest)
        if end < len(text) and torn and not text[start:end].rstrip().endswith((".", ";", ":")):
            continue
        if text[start:end].strip():
            yield start, text[start:end].rstrip()
        start = end


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for gap in _SENTENCE.finditer(text):
        yield start, text[start : gap.start()]
        start = gap.end()
    yield start, text[start:]
