"""Plain notebooks for JupyterLab and papermill: the chapters as a student changes and runs them.

Text keeps its ``{eval}`` roles, which JupyterLab with its MyST extension fills in while the code
runs. Captions stand below their exhibits as text. What the book found is quoted from the record.
"""

from pathlib import Path

import nbformat
import pandas as pd

from lib import paths
from lib.book import chapters, execution, roles

QUOTED = "> *At the book's parameters, on original data:* "


def write(chapter: chapters.Chapter, target: Path | None = None) -> Path:
    """Write the notebook of a chapter beside its source, or to `target`; return where it lies."""
    target = target or chapter.path.with_suffix(".ipynb")
    nbformat.write(notebook(chapter), target)
    return target


def notebook(chapter: chapters.Chapter) -> nbformat.NotebookNode:
    """Return the notebook of a chapter for students."""
    source, kept = execution.to_notebook(chapter), _recorded(chapter)
    cells, seen = [], dict.fromkeys(kept, 0)
    for cell in source.cells:
        tags = cell.metadata.get("tags", [])
        wanted = roles.expressions(cell.source) if cell.cell_type == "markdown" else []
        texts = [_next(e, kept, seen) for e in wanted]
        if "finding" in tags:
            if not all(texts):
                continue
            queue = iter(texts)
            told = roles.fill(cell.source, lambda _, queue=queue: (next(queue), False))
            cell.source = QUOTED + "\n> ".join(told.splitlines())
        if any(tag.startswith("hide") for tag in tags):
            cell.metadata["jupyter"] = {"source_hidden": True}
        cells += [cell, *_caption(cell)]
    for position, cell in enumerate(cells):
        cell["id"] = f"cell-{position:03d}"
    source.cells = cells
    return source


def _recorded(chapter: chapters.Chapter) -> dict[str, list[str]]:
    """Return expression → its recorded texts, in order."""
    path = paths.REPLICATED / chapter.name / "values.csv"
    if not path.is_file():
        return {}
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    if "expression" not in rows:
        return {}
    return rows[rows["name"] == ""].groupby("expression")["text"].agg(list).to_dict()


def _next(expression: str, kept: dict[str, list[str]], seen: dict[str, int]) -> str:
    texts = kept.get(expression, [])
    place = seen.get(expression, 0)
    seen[expression] = place + 1
    return texts[place] if place < len(texts) else ""


def _caption(cell) -> list:
    """Return the caption of an exhibit as a cell of text; the engine, which knows it, drops it."""
    meta = cell.metadata
    for kind, said in (
        ("Figure", meta.get("mystnb", {}).get("figure")),
        ("Table", meta.get("table")),
    ):
        if said:
            text = f"*{kind}.* {' '.join(said['caption'].split())}"
            return [nbformat.v4.new_markdown_cell(text, metadata={"tags": ["caption"]})]
    return []
