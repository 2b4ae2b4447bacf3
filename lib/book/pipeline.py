"""Execute chapters and render the book; pytask decides what has changed."""

import hashlib
import json
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import jupytext
import nbformat
import papermill
import pytask
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError
from pytask_parallel import ParallelBackend

from lib import data, paths
from lib.book import chapters, downloads, engine, pages, replication
from lib.errors import BookError, Refused

HTML = paths.BUILD / "html"
WORK = paths.BUILD / "work"
UNFINISHED = paths.BUILD / "unfinished"
"""Here while pages are being written: what a killed or failed render left is not the book."""
SECONDS = paths.BUILD / "seconds"
"""How long each chapter took when it was last executed."""


# -- inputs of a chapter, as one hash each -------------------------------------------------------


def tree_hash(*folders: Path, pattern: str = "*") -> str:
    """Hash names and contents of the files below `folders`, compiled files left out."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(paths.ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def code_hash() -> str:
    """Hash what every chapter depends on: the shared library and the locked environment."""
    lock = (paths.ROOT / "requirements.txt").read_bytes()
    return tree_hash(paths.ROOT / "lib") + hashlib.sha256(lock).hexdigest()


def data_state(chapter: chapters.Chapter) -> str:
    """Tier and hash of every dataset of a chapter, and what was recorded of it."""
    used = [data.provenance(key) for key in chapter.datasets]
    state = [f"{p.key} {p.tier} {p.version} {p.sha256}" for p in used]
    recorded = replication.recorded()
    numbers = recorded[recorded["chapter"] == str(chapter.number)].to_csv()
    kept = [tree_hash(paths.REPLICATED / chapter.name), numbers, tree_hash(paths.PUBLISHED)]
    return "\n".join([*state, *kept])


# -- one chapter ---------------------------------------------------------------------------------


def to_notebook(chapter: chapters.Chapter) -> nbformat.NotebookNode:
    """Convert a source to a notebook, the same one every time."""
    notebook = jupytext.read(chapter.path)
    notebook.metadata["book"]["name"] = chapter.name
    for position, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{position:03d}"
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = chapter.parameter_cell
    return notebook


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
        live.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # first, so that no old notebook vouches for new figures
        shutil.rmtree(live, ignore_errors=True)
        os.replace(fresh, live)
        os.replace(result, target)
    return time.perf_counter() - began


def run(
    chapter: chapters.Chapter, result: Path, live: Path, parameters: dict, starts: int = 2
) -> None:
    """Let papermill execute a chapter into `result`; turn what goes wrong into one sentence.

    A kernel picks its ports before it binds them, and another process may be quicker: one that dies
    before its first word, when no cell has run, is started again.
    """
    source = result.with_name("in.ipynb")
    nbformat.write(to_notebook(chapter), source)
    try:
        papermill.execute_notebook(
            source,
            result,
            parameters=parameters,
            engine_name=engine.NAME,
            progress_bar=False,
            live=live,
            env=environment(IPYTHONDIR=str(result.with_name("ipython"))),
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
            return run(chapter, result, live, parameters, starts - 1)
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


# -- the whole book ------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, flush=True)


def chapter_task(chapter: chapters.Chapter, code: str):
    """A pytask task that executes one chapter when its source, code or data have changed."""
    target, live = paths.BOOK / f"{chapter.name}.ipynb", paths.LIVE / chapter.name
    if not live.is_dir():  # its figures are gone, and pytask watches the notebook alone
        target.unlink(missing_ok=True)
    state = pytask.PythonNode(value=code + data_state(chapter), hash=True)

    @pytask.task(id=chapter.name)
    def task_chapter(
        source: Path = chapter.path,
        inputs=state,
        produces: Path = target,
    ):
        say(f"  {chapter.number} {chapter.title}: executing …")
        seconds = execute(chapter, target, live)
        SECONDS.mkdir(exist_ok=True)
        (SECONDS / chapter.name).write_text(f"{seconds:.1f}")
        say(f"  {chapter.number} {chapter.title}: done in {seconds:.1f} s")

    return task_chapter


def render_task(code: str):
    """A pytask task that renders the executed chapters and pages with Jupyter Book."""
    if UNFINISHED.exists():
        (HTML / "index.html").unlink(missing_ok=True)
    texts = [*paths.BOOK.glob("*.md"), *paths.BOOK.glob("*.bib"), *paths.BOOK.glob("static/*")]
    settings = [paths.ROOT / "_config.yml", paths.ROOT / "_toc.yml"]
    notebooks = [paths.BOOK / f"{c.name}.ipynb" for c in chapters.chapters()]
    state = code + tree_hash(paths.REPLICATED, paths.PUBLISHED)
    state += "".join(f"{p.key}{p.tier}{p.sha256}" for p in map(data.provenance, used()))
    node = pytask.PythonNode(value=state, hash=True)

    @pytask.task(id="book")
    def task_render(
        sources: list[Path] = [*texts, *settings, *notebooks],  # noqa: B006
        inputs=node,
        produces: Path = HTML / "index.html",
    ):
        began = time.perf_counter()
        say("  Rendering the pages …")
        render()
        say(f"  Rendering: done in {time.perf_counter() - began:.1f} s")

    return task_render


def used() -> list[str]:
    """Every dataset that a chapter declares."""
    return sorted({key for chapter in chapters.chapters() for key in chapter.datasets})


# Jupyter Book in a process that ends with this one, however this one ends: its stdin closes then.
JUPYTER_BOOK = """
import os, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
import sys
from jupyter_book.cli.main import main
main(["build", *sys.argv[1:], "-W", "--keep-going"])
"""


def run_tied(command: list[str]) -> tuple[int, str]:
    """Run a child that watches its stdin; return its exit code and all that it wrote."""
    with subprocess.Popen(
        command,
        cwd=paths.ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as child:
        output = child.stdout.read()
        return child.wait(), output


def render() -> None:
    """Run Jupyter Book with warnings as errors, into an empty folder.

    What Sphinx has read is used again, unless a render was cut short.
    """
    if UNFINISHED.exists():
        shutil.rmtree(paths.BUILD / ".doctrees", ignore_errors=True)
    UNFINISHED.touch()
    shutil.rmtree(HTML, ignore_errors=True)
    jupyter_book(".")
    UNFINISHED.unlink()


def jupyter_book(*arguments: str) -> None:
    """Run Jupyter Book on the sources that `arguments` name; tell what it found wrong."""
    code, output = run_tied([sys.executable, "-c", JUPYTER_BOOK, *arguments])
    if code:
        lines = output.splitlines()
        marks = ("WARNING", "ERROR", "(exception: ")
        told = [line for line in lines if any(m in line for m in marks)] or lines[-15:]
        raise BookError("The pages could not be rendered:\n" + "\n".join(told[:20]))


def build(rendered: bool = True) -> Path:
    """Bring the book up to date; return its first page. Not `rendered`, only the chapters.

    Raises
    ------
    BookError
        With the sentence of every chapter that failed.
    """
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with alone():
        shutil.rmtree(WORK / paths.BOOK.name, ignore_errors=True)
        code = code_hash()
        tasks = [chapter_task(chapter, code) for chapter in chapters.chapters()]
        tasks += [render_task(code)] if rendered else []
        session = run_tasks(tasks)
        if session.exit_code == pytask.ExitCode.CONFIGURATION_FAILED:
            forget()  # its record of finished work is damaged: do all of it again
            session = run_tasks(tasks)
    failures = [r for r in session.collection_reports if r.outcome is pytask.CollectionOutcome.FAIL]
    for report in sorted(session.execution_reports, key=lambda r: label(r.task)):
        if report.outcome is pytask.TaskOutcome.SKIP_UNCHANGED:
            say(f"  {label(report.task)}: unchanged")
        elif report.outcome is pytask.TaskOutcome.FAIL:
            failures.append(report)
    if failures:
        raise BookError("\n".join(sentence(report.exc_info[1]) for report in failures))
    if session.exit_code != pytask.ExitCode.OK:
        raise BookError(f"The build could not start ({session.exit_code!r}).")
    return HTML / "index.html"


def run_tasks(tasks: list) -> pytask.Session:
    """Let pytask run what is out of date."""
    pytask.console.quiet = True
    return pytask.build(
        tasks=tasks,
        paths=paths.ROOT,
        config=paths.ROOT / "pyproject.toml",
        capture="no",
        n_workers=max(2, os.cpu_count() or 2),
        parallel_backend=ParallelBackend.THREADS,
    )


def label(task: pytask.PTask) -> str:
    """Name a task as its progress lines do."""
    source = task.depends_on.get("source")
    if source is None:
        return "Rendering"
    chapter = chapters.find(source.path.stem)
    return f"{chapter.number} {chapter.title}"


def sentence(error: BaseException) -> str:
    """Put an error into one sentence."""
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror}{where}; nothing was half-written."
    return str(error)


@contextmanager
def alone():
    """Refuse a second build in this folder; the lock ends with its process, however that ends.

    Ctrl-C ends the process at once: what is finished is kept, the rest was never begun.
    """
    paths.BUILD.mkdir(exist_ok=True)
    lock = sqlite3.connect(paths.BUILD / "lock.sqlite3", timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise BookError("Another build is at work in this folder; wait until it ends.") from error
    before = signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        lock.close()


def forget() -> None:
    """Drop pytask's record of what is up to date."""
    shutil.rmtree(paths.ROOT / ".pytask", ignore_errors=True)
    for path in paths.ROOT.glob("pytask.lock*"):
        path.unlink()


# -- the recorded replication --------------------------------------------------------------------


def replicate(check: bool = False) -> list[str]:
    """Bring ``data/replicated`` up to date with a run on originals; return what had changed.

    With `check`, only tell.
    """
    catalogue = data.catalogue()
    stand_ins = [k for k in used() if data.provenance(k).tier == "sample" and catalogue[k].files]
    if stand_ins:
        raise BookError(
            f"The record is made on original data, and {', '.join(stand_ins)} is absent; "
            "run `make data` first."
        )
    build(rendered=False)
    changed = []
    for chapter in chapters.chapters():
        problems = replication.differences(chapter, paths.LIVE / chapter.name)
        untimed = replication.seconds(chapter) is None and (SECONDS / chapter.name).is_file()
        if (problems or untimed) and not check:
            record(chapter)
        changed += problems
    readme = paths.ROOT / "README.md"
    if readme.read_text(encoding="utf-8") != pages.readme():
        changed.append("README.md: its tables have changed")
        if not check:
            readme.write_text(pages.readme(), encoding="utf-8")
    return changed


def record(chapter: chapters.Chapter) -> None:
    """Replace one chapter's record by its live results."""
    target = paths.REPLICATED / chapter.name
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    beside = shutil.ignore_patterns("numbers.csv", downloads.FOLDER)
    shutil.copytree(paths.LIVE / chapter.name, fresh, ignore=beside)
    versions = {
        p.key: {"tier": p.tier, "version": p.version, "sha256": p.sha256}
        for p in map(data.provenance, chapter.datasets)
    }
    stamp = {"date": date.today().isoformat(), "data": versions}
    if (SECONDS / chapter.name).is_file():
        took = float((SECONDS / chapter.name).read_text())
        stamp["seconds"] = replication.timing(chapter, took)
    (fresh / "stamp.json").write_text(json.dumps(stamp, indent=1) + "\n")
    shutil.rmtree(target, ignore_errors=True)
    os.replace(fresh, target)
    replication.merge(chapter, paths.LIVE / chapter.name / "numbers.csv")
