"""Other editions of the book: one without solutions, for students, and one to print.

An edition is rendered from a copy of the sources of its own. The book itself stays as it is.
"""

import os
import re
import shutil
from pathlib import Path

import nbformat

from lib import paths
from lib.book import execution, pipeline
from lib.errors import BookError

STUDENT = paths.BUILD / "student"
SOLUTION = re.compile(r"\s*(?P<fence>`{3,}|:{3,})\{solution(?P<gate>-start|-end)?\}")


def without_solutions(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop every solution from a notebook, with the cells that lie inside one.

    Both forms of sphinx-exercise are known: one directive ``solution``, and a pair
    ``solution-start``, ``solution-end`` which may enclose cells of code.

    Raises
    ------
    BookError
        If a solution does not end.
    """
    cells, until = [], ""  # what ends the solution that we are in: "-end", or a fence
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            cells += [] if until else [cell]
            continue
        kept = []
        for line in cell.source.splitlines():
            gate = SOLUTION.match(line)
            if until in ("", "-end"):
                if not until and not gate:
                    kept.append(line)
                if gate and (not until or gate["gate"] == until):
                    until = "-end" if gate["gate"] == "-start" else gate["fence"]
            elif line.strip().startswith(until) and set(line.strip()) == {until[0]}:
                until = ""
        cell = nbformat.from_dict(cell | {"source": "\n".join(kept)})
        cells += [cell] if cell.source.strip() else []
    if until:
        raise BookError("A solution begins and does not end.")
    return nbformat.from_dict(notebook | {"cells": cells})


def stage(name: str, solutions: bool = True) -> Path:
    """Copy everything that is rendered into a folder of its own; return it."""
    folder = execution.WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for settings in ("_config.yml", "_toc.yml"):
        shutil.copy2(paths.ROOT / settings, folder)
    shutil.copytree(paths.BOOK, folder / "book")
    if paths.REPLICATED.is_dir():
        shutil.copytree(paths.REPLICATED, folder / "data" / "replicated")
    for path in [] if solutions else (folder / "book").glob("*.ipynb"):
        try:
            nbformat.write(without_solutions(nbformat.read(path, as_version=4)), path)
        except BookError as error:
            raise BookError(f"{path.stem}: {error}") from error
    return folder


def student() -> Path:
    """Render the book without solutions into ``_build/student``; return its first page."""
    pipeline.build(rendered=False)
    with pipeline.alone():
        folder = stage("student", solutions=False)
        pipeline.say("  Rendering the pages without solutions …")
        pipeline.jupyter_book(str(folder))
        shutil.rmtree(STUDENT, ignore_errors=True)
        os.replace(folder / "_build" / "html", STUDENT)
        shutil.rmtree(folder)
    return STUDENT / "index.html"
