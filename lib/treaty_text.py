"""The text of a treaty as a table of articles, from ToTA's XML or from plain text."""

import re
from collections.abc import Iterable, Iterator

import pandas as pd

ARTICLE = {
    "treaty": int, "language": "str", "chapter": int, "chapter_number": "str",
    "chapter_name": "str", "article": int, "article_number": "str", "article_name": "str",
    "text": "str",
}  # fmt: skip
"""Columns and types of a table of articles."""

_HEADING = r"^[ \t]*({words})[ \t]+([\w.\-]+)[ \t]*[:.\-–]?[ \t]*(.*?)(?<![.;,])[ \t]*$"
_CHAPTERS = "chapter|title|part|capítulo|capitulo|chapitre|titre"
_ARTICLES = "article|artículo|articulo"


def table(rows: Iterable[tuple]) -> pd.DataFrame:
    """Return rows of the columns of `ARTICLE` as a table, in the order of the treaty."""
    frame = pd.DataFrame(rows, columns=list(ARTICLE)).astype(ARTICLE)
    return frame.sort_values(["treaty", "chapter", "article"], ignore_index=True)


def from_xml(root, treaty: int) -> Iterator[tuple]:
    """Yield the articles below the ``body`` of a treaty in ToTA's schema.

    A chapter without articles gives one row with article 0 and no text, so that it is seen.
    """
    language = root.findtext("meta/language") or ""
    for c, chapter in enumerate(root.iterfind("body/chapter"), start=1):
        head = treaty, language, c, chapter.get("number", ""), chapter.get("name", "")
        articles = list(chapter.iterfind("article"))
        if not articles:
            yield *head, 0, "", "", ""
        for a, article in enumerate(articles, start=1):
            heading = article.get("number", ""), article.get("name", "")
            yield *head, a, *heading, article.text or ""


def from_plain(text: str, treaty: int = 0, language: str = "en") -> Iterator[tuple]:
    """Yield the articles of a plain text whose headings stand on lines of their own.

    ``Chapter 14 Electronic Commerce`` and ``Article 14.3: Customs Duties`` are headings, in any
    case, in English, Spanish or French; a name may also be the next line, after a heading that has
    a number alone. A line that ends like a sentence is none. What stands before the first article
    of a chapter is article 0.
    """
    for c, (number, name, chapter) in enumerate(_parts(text, _CHAPTERS)):
        for a, (article, title, body) in enumerate(_parts(chapter, _ARTICLES)):
            if body.strip() or a:
                yield treaty, language, c, number, name, a, article, title, body.strip()


def _parts(text: str, words: str) -> Iterator[tuple[str, str, str]]:
    """Cut a text at its headings into number, name and what follows; the first has no heading."""
    found = list(re.finditer(_HEADING.format(words=words), text, re.IGNORECASE | re.MULTILINE))
    edges = [*(heading.start() for heading in found), len(text)]
    yield "", "", text[: edges[0]]
    for heading, end in zip(found, edges[1:], strict=True):
        name, body = heading[3], text[heading.end() : end]
        if not name:
            name, _, body = body.lstrip("\n").partition("\n")
        yield f"{heading[1].upper()} {heading[2]}", name.strip(), body
