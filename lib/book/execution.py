"""Execute one chapter: its source becomes an executed notebook, whole or not at all."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError

from lib import paths
from lib.book import chapters, engine
from lib.errors import BookError, Refused

WORK = paths.BUILD / "work"


def to_notebook(chapter: chapters.Chapter, shown: bool = False) -> nbformat.NotebookNode:
    """Convert a source to a notebook, the same one every time.

    With `shown`, folded cells of code are left out, but for the one that opens the chapter; of an
    exhibit its caption stays, as text.
    """
    notebook = jupytext.read(chapter.path)
    notebook.metadata["book"]["name"] = chapter.name
    for position, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{position:03d}"
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = chapter.parameter_cell
    if shown:
        notebook.cells = [
            _words(cell) if is_folded(cell) and not opens(cell) else cell for cell in notebook.cells
        ]
    return notebook


def _words(cell) -> nbformat.NotebookNode:
    """Return what an exhibit says in words, in the place of the cell that draws it."""
    meta = cell.metadata
    figure, table = meta.get("mystnb", {}).get("figure", {}), meta.get("table", {})
    alt = meta.get("mystnb", {}).get("image", {}).get("alt", "")
    caption = figure.get("caption", "") or table.get("caption", "")
    return nbformat.v4.new_markdown_cell(f"{caption}\n\n{alt}", id=cell["id"])


def is_folded(cell) -> bool:
    """Tell whether the book folds a cell of code away."""
    return any(tag.startswith("hide") for tag in cell.metadata.get("tags", []))


def opens(cell) -> bool:
    """Tell whether a cell is the one that opens its chapter: imports, and ``book.start``."""
    return "book.start(" in cell.source


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a child process: it imports the `lib` of this very checkout.

    Linear algebra runs on one thread: chapters share the cores, and the last digits of a result
    depend on the number of threads.
    """
    single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return os.environ | single | {"PYTHONPATH": str(paths.ROOT), "PYTHONHASHSEED": "0"} | more


def execute(chapter: chapters.Chapter, target: Path, live: Path, parameters=None) -> float:
    """Execute a chapter with papermill; `target` and `live` appear whole or not at all.

    Each run has a scratch folder of its own, which the kernel of a killed run cannot reach.

    Returns
    -------
    float
        Seconds it took.

    Raises
    ------
    BookError
        In one sentence: the user's mistake that a cell reported, or the cell that failed.
    Refused
        If the chapter does not accept these parameters together.
    """
    import matplotlib.font_manager  # noqa: F401 - builds its cache here, not noisily in a kernel

    began = time.perf_counter()
    place = WORK / target.parent.name
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True) as scratch:
        fresh, result = Path(scratch, "live"), Path(scratch, "out.ipynb")
        fresh.mkdir()
        run(chapter, result, fresh, parameters or {})
        clean(chapter, result, fresh, Path(os.path.relpath(live, target.parent)))
        for folder in (live.parent, target.parent):
            folder.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # first, so that no old notebook vouches for new figures
        shutil.rmtree(live, ignore_errors=True)
        os.replace(fresh, live)
        os.replace(result, target)
    return time.perf_counter() - began


def run(
    chapter: chapters.Chapter,
    result: Path,
    live: Path,
    parameters: dict,
    starts: int = 2,
    shown: bool = False,
) -> None:
    """Let papermill execute a chapter into `result`; turn what goes wrong into one sentence.

    A kernel picks its ports before it binds them, and another process may be quicker: one that dies
    before its first word, when no cell has run, is started again.
    """
    source = result.with_name("in.ipynb")
    nbformat.write(to_notebook(chapter, shown), source)
    try:
        papermill.execute_notebook(
            source,
            result,
            parameters=parameters,
            engine_name=engine.NAME,
            progress_bar=False,
            live=live,
            env=environment(GVC_BOOK_LIVE=str(live), IPYTHONDIR=str(result.with_name("ipython"))),
        )
    except PapermillExecutionError as error:
        told = " ".join(error.evalue.split())
        if error.ename in {"BookError", "DataError", "Refused"}:
            kind = Refused if error.ename == "Refused" else BookError
            raise kind(f"{chapter.name}: {told}") from error
        kept = keep_failure(result, chapter)
        raise BookError(
            f"{chapter.name} failed in cell {error.exec_count} with {error.ename}: {told} "
            f"(the notebook with the traceback: {kept})"
        ) from error
    except RuntimeError as error:  # DeadKernelError is one, and a kernel that does not start
        if starts > 1 and "kernel_info" in str(error):
            return run(chapter, result, live, parameters, starts - 1, shown)
        told = "the kernel died, perhaps for want of memory"
        raise BookError(f"{chapter.name}: {told} ({error}).") from error
    except CellTimeoutError as error:
        raise BookError(f"{chapter.name}: a cell ran for over {engine.TIMEOUT} s.") from error


def keep_failure(result: Path, chapter: chapters.Chapter) -> Path:
    """Keep a failed notebook where nothing takes it for a chapter."""
    kept = paths.BUILD / "failed" / f"{chapter.name}.ipynb"
    kept.parent.mkdir(exist_ok=True)
    os.replace(result, kept)
    return kept


def clean(chapter: chapters.Chapter, path: Path, fresh: Path, live: Path) -> None:
    """Drop what differs from run to run, hide injected parameters, refuse warnings.

    Figures written to the folder `fresh` will lie in `live` beside the notebook.
    """
    text = path.read_text(encoding="utf-8").replace(fresh.as_posix(), live.as_posix())
    notebook = nbformat.reads(text, as_version=4)
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.metadata["tags"].append("remove-cell")
            cell["id"] = "injected-parameters"
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                told = " ".join(output.text.split())[:300]
                raise BookError(f"{chapter.name}: a cell writes to stderr: {told}")
    nbformat.write(notebook, path)
