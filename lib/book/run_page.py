"""A run of a chapter as one page: text, code, numbers and figures in a file of its own."""

import re
from html import escape
from pathlib import Path

import nbformat

from lib.book import chapters, standalone

GATES = (
    (re.compile(r"(?m)^\([\w-]+\)=\n"), ""),
    (re.compile(r"(?m)^```\{(exercise|solution)-end\}\n```$"), ""),
    (re.compile(r"(?m)^```\{exercise-start\} ?(.*)\n(?::.*\n)*```$"), r"**Exercise. \1**"),
    (re.compile(r"(?m)^```\{solution-start\} .*\n(?::.*\n)*```$"), "**Solution**"),
)
"""What only the book's own pages understand, and what stands for it here."""


def write(chapter: chapters.Chapter, notebook: Path) -> Path:
    """Write the page of an executed chapter beside its notebook; return where it lies."""
    target = notebook.with_suffix(".html")
    run = nbformat.read(notebook, as_version=4)
    page = standalone.Page(run, notebook.with_suffix(""))
    body = "\n".join(part for cell in run.cells for part in cells(cell, page))
    title = f"{chapter.number} · {chapter.title}"
    target.write_text(standalone.document(title, "sheet", body), encoding="utf-8")
    return target


def cells(cell, page: standalone.Page) -> list[str]:
    """Return a cell as HTML: its text, or its code, folded where the book folds it, and output."""
    if cell.cell_type != "code":
        source = cell.source
        for pattern, words in GATES:
            source = pattern.sub(words, source)
        return [page.html(source)]
    tags = cell.metadata.get("tags", [])
    code = f"<pre><code>{escape(cell.source)}</code></pre>"
    if any(tag.startswith("hide") for tag in tags):
        code = f"<details><summary>Code</summary>{code}</details>"
    parts = [] if "remove-cell" in tags and "injected-parameters" not in tags else [code]
    return parts + [output(found) for found in cell.outputs]


def output(found) -> str:
    """Return one output as HTML, in a box that scrolls where it is wide."""
    if found.output_type == "stream":
        return f"<pre>{escape(found.text)}</pre>"
    kinds = found.get("data", {})
    shown = kinds.get("text/html") or f"<pre>{escape(kinds.get('text/plain', ''))}</pre>"
    return f'<div class="scroll">{shown}</div>'
