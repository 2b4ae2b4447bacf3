"""Execute chapters and render the book; pytask decides what has changed."""

import json
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytask
from pytask_parallel import ParallelBackend

from lib import data, paths
from lib.book import chapters, execution, inputs, pages, replication
from lib.errors import BookError

HTML = paths.BUILD / "html"
UNFINISHED = paths.BUILD / "unfinished"
"""Here while pages are being written: what a killed or failed render left is not the book."""
SECONDS = paths.BUILD / "seconds"
"""How long each chapter took when it was last executed."""


# -- the whole book ------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, flush=True)


def chapter_task(chapter: chapters.Chapter, hashes: dict[str, str]):
    """A pytask task that executes one chapter when its source, code or data have changed."""
    target, live = paths.BOOK / f"{chapter.name}.ipynb", paths.LIVE / chapter.name
    if not live.is_dir():  # its figures are gone, and pytask watches the notebook alone
        target.unlink(missing_ok=True)

    def state(known: str) -> str:  # after a run it names the modules which that run loaded
        return inputs.digest((known + inputs.code_state(chapter, hashes)).encode())

    node = pytask.PythonNode(value=inputs.data_state(chapter), hash=state)

    @pytask.task(id=chapter.name)
    def task_chapter(
        source: Path = chapter.path,
        uses=node,
        produces: Path = target,
    ):
        say(f"  {chapter.number} {chapter.title}: executing …")
        seconds = execution.execute(chapter, target, live)
        SECONDS.mkdir(exist_ok=True)
        (SECONDS / chapter.name).write_text(f"{seconds:.1f}")
        say(f"  {chapter.number} {chapter.title}: done in {seconds:.1f} s")

    return task_chapter


def render_task():
    """A pytask task that renders the executed chapters and pages with Jupyter Book."""
    if UNFINISHED.exists():
        (HTML / "index.html").unlink(missing_ok=True)
    texts = [*paths.BOOK.glob("*.md"), *paths.BOOK.glob("*.bib"), *paths.BOOK.glob("static/*")]
    settings = [paths.ROOT / "_config.yml", paths.ROOT / "_toc.yml"]
    notebooks = [paths.BOOK / f"{c.name}.ipynb" for c in chapters.chapters()]
    code = [paths.ROOT / "lib" / room for room in ("book", "data")]
    state = inputs.tree_hash(*code, paths.REPLICATED, paths.PUBLISHED)
    state += inputs.digest((paths.ROOT / "requirements.txt").read_bytes())
    state += "".join(f"{p.key}{p.tier}{p.sha256}" for p in map(data.provenance, used()))
    node = pytask.PythonNode(value=state, hash=True)

    @pytask.task(id="book")
    def task_render(
        sources: list[Path] = [*texts, *settings, *notebooks],  # noqa: B006
        uses=node,
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
        env=execution.environment(),
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
        shutil.rmtree(execution.WORK / paths.BOOK.name, ignore_errors=True)
        hashes = inputs.snapshot()
        tasks = [chapter_task(chapter, hashes) for chapter in chapters.chapters()]
        tasks += [render_task()] if rendered else []
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
    beside = shutil.ignore_patterns(*replication.BESIDE)
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
