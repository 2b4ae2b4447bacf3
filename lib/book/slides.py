"""A deck for the lecture: a chapter's headings, key sentences, formulas, figures and tables.

The deck is one HTML file that needs no network: arrow keys, buttons or a finger turn its slides,
and printed it gives one slide a sheet.
"""

import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import nbformat

from lib import data, paths
from lib.book import chapters, editions, execution, standalone
from lib.book.exhibits import STANDS_IN

NAME = re.compile(r":name: (fig|tbl)-\d+-(\S+)")
HEADING = re.compile(r"(#{1,4}) (.+)")
QUESTION = re.compile(r"(?s):::\{admonition\} (.+?)\n(?::\w+:[^\n]*\n)*(.*?)\n:::")
PROSE = re.compile(r"(?!```)([^\W_]|[*$\[“\"{`(])")
BLOCK = re.compile(r"\n\s*\n")
ROWS = 12
"""Rows of a table that a slide holds."""


@dataclass
class Slide:
    """A title, sentences and formulas as Markdown, and at most one exhibit."""

    title: str
    texts: list[str] = field(default_factory=list)
    exhibit: object = None


def sentence(text: str) -> str:
    """Return the first sentence of a paragraph; a full stop inside a formula or role ends none."""
    text = " ".join(text.split())
    hidden = re.sub(r"\$[^$]+\$|`[^`]+`", lambda match: "X" * len(match[0]), text)
    end = re.search(r"[.!?。][\"”)]*(?= [A-ZÀ-Þ(\"“{*$`\d]|$)", hidden)
    return text[: end.end()] if end else text


def outline(notebook, manifest) -> list[Slide]:
    """Return the slides of a chapter; exercises come last and without solutions."""
    rows = {({"figure": "fig", "table": "tbl"}[r.kind], r.name): r for r in manifest.itertuples()}
    slides, level = [], {}
    for cell in editions.without_solutions(notebook).cells:
        if cell.cell_type == "code":
            shown = "\n".join(o.get("data", {}).get("text/markdown", "") for o in cell.outputs)
            found = [rows[key] for key in NAME.findall(shown) if key in rows]
            slides += [Slide(slides[-1].title, exhibit=row) for row in found]
            continue
        for block in BLOCK.split(cell.source.strip()):
            heading = HEADING.match(block)
            if heading and heading[2].strip() == "Exercises":
                return [*filter(_says_something, slides), *_exercises(notebook)]
            if heading:
                level = {k: v for k, v in level.items() if k < len(heading[1])}
                level[len(heading[1])] = heading[2].strip()
                below = [level[k] for k in sorted(level) if k > 1]
                slides.append(Slide(": ".join(below) or heading[2]))
            elif slides:
                _add(slides[-1], block)
    return [*filter(_says_something, slides)]


def _says_something(slide: Slide) -> bool:
    return bool(slide.texts or slide.exhibit is not None)


def _add(slide: Slide, block: str) -> None:
    """Add to a slide what matters of a block: a formula, a question, or its first sentence."""
    question = QUESTION.match(block)
    if standalone.EQUATION.match(block):
        slide.texts.append(block)
    elif question:
        slide.texts.append(f"**{question[1]}.** {question[2]}")
    elif (
        not slide.texts and re.match(r"[^\W_]|[*$\[“\"{`(]", block) and not block.startswith("```")
    ):
        slide.texts.append(sentence(block))


def _exercises(notebook) -> list[Slide]:
    tasks = standalone.exercises(notebook)
    return [Slide(f"Exercise {n}", [task.text]) for n, task in enumerate(tasks, 1)]


def deck(chapter: chapters.Chapter, notebook, live: Path) -> str:
    """Return the deck of an executed chapter as one HTML file."""
    recorded = paths.REPLICATED / chapter.name
    sample = any(data.provenance(key).tier in STANDS_IN for key in chapter.datasets)
    folder = recorded if sample and (recorded / "exhibits.csv").is_file() else live
    page = standalone.Page(notebook, folder)
    slides = outline(notebook, standalone.exhibits(folder))
    parts = []
    for number, slide in enumerate(slides, 1):
        head = "h1" if number == 1 else "h2"
        body = "".join(page.html(text) for text in slide.texts)
        if slide.exhibit is not None:
            body = page.exhibit(slide.exhibit, rows=ROWS) + body
        parts.append(
            f'<section class="slide" id="slide-{number}" aria-label="Slide {number} of '
            f'{len(slides)}"><{head}>{page.html(slide.title)[3:-5]}</{head}>{body}</section>'
        )
    return bound(f"{chapter.number} · {chapter.title}", parts)


def bound(title: str, parts: list[str]) -> str:
    """Bind slides into one HTML file that turns them."""
    script = (Path(__file__).parent / "slides.js").read_text(encoding="utf-8")
    bar = (
        '<nav aria-label="Slides"><button type="button" id="back" aria-label="Back">‹</button>'
        '<span id="where" aria-live="polite"></span>'
        '<button type="button" id="on" aria-label="On">›</button></nav>'
    )
    body = f"<main>{''.join(parts)}</main><footer>{escape(title)}</footer>{bar}"
    return standalone.document(title, "slides", body, script)


def make(chapter: chapters.Chapter) -> Path:
    """Execute a chapter if need be, and write its deck into ``_build/slides``."""
    live = paths.BUILD / "slides" / "runs" / chapter.name
    target = live.with_suffix(".ipynb")
    book = paths.BOOK / f"{chapter.name}.ipynb"
    if book.is_file() and (paths.LIVE / chapter.name).is_dir():
        target, live = book, paths.LIVE / chapter.name
    else:
        execution.execute(chapter, target, live)
    notebook = nbformat.read(target, as_version=4)
    deck_file = paths.BUILD / "slides" / f"{chapter.name}.html"
    deck_file.parent.mkdir(parents=True, exist_ok=True)
    deck_file.write_text(deck(chapter, notebook, live), encoding="utf-8")
    return deck_file
