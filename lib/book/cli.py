"""The commands of the book; each `make` target is one of them."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import jupytext

from lib import data, paths
from lib.book import chapters
from lib.errors import BookError


def run(*command: str) -> None:
    """Run a tool of the environment and leave with its exit code."""
    sys.exit(subprocess.run([sys.executable, "-m", *command], cwd=paths.ROOT).returncode)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli():
    """How Global Are Global Value Chains? Build, test and re-run the book."""


@cli.command()
def book():
    """Execute what changed and render the book."""
    from lib.book import pipeline

    page = pipeline.build()
    click.echo(f"The book: {page}")


@cli.command()
def student():
    """Render an edition without solutions, for students."""
    from lib.book import editions

    click.echo(f"The students' edition: {editions.student()}")


@cli.command()
@click.option("--students", is_flag=True, help="Print the edition without solutions.")
@click.option("--code", is_flag=True, help="Print the code of the chapters too.")
def pdf(students, code):
    """Print the whole book as one PDF (needs Chromium)."""
    from lib.book import editions, pipeline, printing

    printing.chromium()  # so that its absence is told before the work
    page = editions.student() if students else pipeline.build()
    target = paths.BUILD / ("book-students.pdf" if students else "book.pdf")
    click.echo("  Printing …")
    click.echo(f"The printed book: {printing.book_pdf(page.parent, target, code=code)}")


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
def test(arguments):
    """Run the tests, a file on each core; ARGUMENTS go to pytest (-m "" runs the slow ones too)."""
    run("pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", *arguments)


@cli.command("data")
@click.argument("keys", nargs=-1)
def data_(keys):
    """Fetch the original data (all of it, or the datasets named by KEYS)."""
    data.fetch(list(keys) or None)


@cli.command()
@click.option("--check", is_flag=True, help="Only tell whether the record is current.")
def replicate(check):
    """Run every chapter on the originals and record numbers, figures and tables."""
    from lib.book import pipeline

    changed = pipeline.replicate(check=check)
    for line in changed:
        click.echo(f"  {line}")
    if check and changed:
        raise BookError("The recorded replication is stale; run `make replicate` and commit it.")
    click.echo("The recorded replication is current." if not changed else "Recorded anew.")


@cli.command()
@click.argument("name", metavar="CHAPTER")
@click.argument("assignments", nargs=-1, metavar="[PARAMETER=VALUE]…")
def chapter(name, assignments):
    """Re-execute one chapter with parameters; the book itself stays as it is."""
    from lib.book import execution, run_page

    source = chapters.find(name)
    values = source.parse(list(assignments))
    target = paths.BUILD / "runs" / f"{source.name}.ipynb"
    seconds = execution.execute(source, target, target.with_suffix(""), values)
    click.echo(f"{source.title}: done in {seconds:.1f} s")
    click.echo(f"Page to read: {run_page.write(source, target)}")
    click.echo(f"Notebook: {target}")
    click.echo(f"Figures, tables and numbers: {target.with_suffix('')}")


@cli.command()
@click.argument("name", metavar="CHAPTER")
def slides(name):
    """Make a deck of a chapter's headings, formulas, figures and tables."""
    from lib.book import slides as deck

    click.echo(f"The deck: {deck.make(chapters.find(name))}")


@cli.command("problem-set")
@click.argument("name", metavar="CHAPTER")
@click.argument("roster", type=click.Path(path_type=Path))
@click.argument("assignments", nargs=-1, metavar="[PARAMETER=VALUE]…")
@click.option("--seed", default=1, type=click.IntRange(0), show_default=True)
@click.option("--pdf", is_flag=True, help="Print the sheets too (needs Chromium).")
def problem_set(name, roster, assignments, seed, pdf):
    """Make a problem set for each student of ROSTER (csv: id,name), and the lecturer's key."""
    from lib.book import problem_sets

    source = chapters.find(name)
    folder = problem_sets.make(source, roster, seed, source.parse(list(assignments)), pdf)
    click.echo(f"Sheets to hand out: {folder / 'sheets'}")
    click.echo(f"Your key, with solutions: {folder / 'key'}")
    click.echo(f"Each student's notebook, figures and tables: {folder / 'runs'}")


@cli.command("test-settings")
@click.argument("names", nargs=-1, metavar="[CHAPTER]…")
@click.option("--tier", type=click.Choice(["original", "sample"]))
@click.option("--one", is_flag=True, help="One random setting for each chapter and tier.")
@click.option("--seed", default=1, type=click.IntRange(0), show_default=True)
def test_settings(names, tier, one, seed):
    """Run chapters at many legal settings; check their numbers by the shown cells alone."""
    from lib.book import settings

    outcomes = settings.run(list(names), tier, one, seed)
    failed = [o for o in outcomes if o.told and not o.refused]
    refused = sum(o.refused for o in outcomes)
    click.echo(f"{len(outcomes)} runs: {refused} refused, {len(failed)} failed.")
    if failed:
        raise BookError(f"{len(failed)} settings failed; see above.")


@cli.command()
def notebooks():
    """Write a plain .ipynb beside each chapter's source, for papermill or JupyterLab."""
    from lib.book import lab

    for source in chapters.chapters():
        click.echo(lab.write(source))


@cli.command()
@click.option("--port", default=8000, type=click.IntRange(0, 65535), show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 inside a container.")
def serve(port, host):
    """Serve the built book on this machine."""
    folder = paths.BUILD / "html"
    if not (folder / "index.html").is_file():
        raise BookError("There is no built book yet; run `make book` first.")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    try:
        server = http.server.ThreadingHTTPServer((host, port), handler)
    except OSError as error:
        raise BookError(f"Port {port} is taken; choose another with --port.") from error
    click.echo(f"http://{host}:{port}  (Ctrl-C stops)")
    with server:
        server.serve_forever()


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
def bench(arguments):
    """Run the benchmarks: ratios to peers, in one run each."""
    for script in sorted((paths.ROOT / "benchmarks").glob("bench_*.py")):
        click.echo(f"{script.name}")
        done = subprocess.run([sys.executable, str(script), *arguments], cwd=paths.ROOT)
        if done.returncode:
            sys.exit(done.returncode)


@cli.command()
def lint():
    """Check style and format of the code and of the chapters' code."""
    from lib.book import execution

    folder = paths.BUILD / "lint"
    folder.mkdir(parents=True, exist_ok=True)
    copies = [folder / f"{source.name}.ipynb" for source in chapters.chapters()]
    for source, copy in zip(chapters.chapters(), copies, strict=True):
        jupytext.write(execution.to_notebook(source), copy)
    ruff = [sys.executable, "-m", "ruff"]
    for places in (["."], ["--config", "pyproject.toml", *map(str, copies)]):
        # an import of a chapter may serve its text alone
        ignored = ["--ignore", "F401,B905"] if len(places) > 1 else []
        for command in (["check", *ignored], ["format", "--check"]):
            done = subprocess.run([*ruff, *command, *places], cwd=paths.ROOT)
            if done.returncode:
                sys.exit(done.returncode)


@cli.command()
def clean():
    """Remove everything that a build makes; data and environment stay."""
    from lib.book import pipeline

    for folder in (paths.BUILD, paths.LIVE):
        shutil.rmtree(folder, ignore_errors=True)
    plain = [path.with_suffix(".ipynb") for path in paths.NOTEBOOKS.glob("*.md")]
    for path in [*paths.BOOK.glob("*.ipynb"), *plain]:
        path.unlink(missing_ok=True)
    pipeline.forget()


def main() -> int:
    """Run a command; a user's mistake ends in one sentence and exit code 1."""
    os.chdir(paths.ROOT)
    try:
        cli(prog_name="python -m lib", standalone_mode=False)
    except BookError as error:
        click.echo(str(error), err=True)
        return 1
    except click.ClickException as error:
        click.echo(error.format_message(), err=True)
        return 2
    except OSError as error:
        from lib.book.pipeline import sentence

        click.echo(sentence(error), err=True)
        return 1
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped; what was finished is kept.", err=True)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
