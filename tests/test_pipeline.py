"""The build, driven from outside as a reader drives it, in a checkout of two tiny chapters."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
import papermill
import pytest

from lib import paths
from lib.book import chapters, execution
from lib.errors import BookError

pytestmark = pytest.mark.slow

CHAPTER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
book:
  title: {title}
  goals: [Compute a thing., Explain the thing., Judge who needs the thing.]
  needs: [matrix algebra]
  abstract_zh: {abstract}
  paper: ni_2018
  datasets: [countries]
  parameters:
    theta:
      type: float
      default: 4.0
      range: [1.0, 20.0]
      meaning: trade elasticity
    rule:
      type: str
      default: rca
      choices: [rca, largest]
      meaning: how a source is chosen
---

# {title}

```{{code-cell}} ipython3
:tags: [parameters]

theta: float = 4.0  # trade elasticity
rule: str = "rca"  # how a source is chosen
```

```{{code-cell}} ipython3
import os
import time
from pathlib import Path

import lib

def tell(word):
    with open(os.environ["DIARY"], "a") as diary:
        diary.write(f"{number} {{word}} {{time.time()}}\\n")

live = Path(os.environ["GVC_BOOK_LIVE"])
tell("start")
```

```{{code-cell}} ipython3
(live / "half.csv").write_text("half")
time.sleep(1.5)
(live / "half.csv").write_text(f"theta,rule\\n{{theta}},{{rule}}\\n")
print("2 theta =", 2 * theta, "by", rule, "from", Path(lib.__file__).parents[1].name)
tell("end")
```

## Exercises

```{{exercise-start}}
:label: ex-{number}
```
What is twice theta?
```{{exercise-end}}
```

```{{solution-start}} ex-{number}
:class: dropdown
```
Beyond doubt it is doubled.
```{{solution-end}}
```
"""
ABSTRACT = "本章说明怎样计算一件东西，解释它的含义，并讨论谁会用到它。" * 3
MAKEFILE = (paths.ROOT / "Makefile").read_text()
TOC = (
    "format: jb-book\nroot: book/intro\nchapters:\n- file: book/11_first\n- file: book/21_second\n"
)


class Checkout:
    """A small copy of the project and the commands run in it.

    Commands go to the program behind ``python -m lib``, past the part that installs packages.
    """

    def __init__(self, root: Path):
        self.root, self.diary = root, root / "diary.txt"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("GVC_BOOK", "PYTHON"))}
        # Python itself leaves half a compiled file on a full disk, so let it write none.
        self.env |= {"DIARY": str(self.diary), "PYTHONDONTWRITEBYTECODE": "1"}

    def popen(self, *command, **options):
        return subprocess.Popen(
            [sys.executable, "-m", "lib.book.cli", *command],
            cwd=self.root,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )

    def run(self, *command, code=0, **options):
        """Run a command to its end; return standard output and error."""
        process = self.popen(*command, **options)
        out, err = process.communicate(timeout=300)
        assert process.returncode == code, out + err
        assert "Traceback" not in out + err
        return out, err

    def build(self, **options):
        return self.run("book", **options)

    def executed(self) -> list[str]:
        """Numbers of the chapters that ran to their end since the last call."""
        lines = self.diary.read_text().splitlines() if self.diary.exists() else []
        self.diary.unlink(missing_ok=True)
        return sorted(line.split()[0] for line in lines if " end " in line)

    def edit(self, path, old, new):
        path = self.root / path
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def contents(self, folder) -> dict[str, bytes]:
        top = self.root / folder
        return {str(p.relative_to(top)): p.read_bytes() for p in top.rglob("*") if p.is_file()}

    def results(self) -> dict[str, bytes]:
        """What a reader gets: executed notebooks, figures, pages."""
        return {f"book/{k}": v for k, v in self.contents("book").items()} | {
            f"html/{k}": v for k, v in self.contents("_build/html").items()
        }


def same(one: dict, two: dict) -> None:
    """Compare two sets of results by name, then by content."""
    assert sorted(one) == sorted(two)
    assert [name for name in one if one[name] != two[name]] == []


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The folder of a checkout where nothing has been built."""
    root = tmp_path_factory.mktemp("source") / "book-one"
    made = [".*", "_build", "_live", "*.ipynb", "__pycache__", "*.egg-info", "pytask.lock*"]
    other = ["notebooks", "tests", "benchmarks", "originals", "replicated"]
    shutil.copytree(paths.ROOT, root, ignore=shutil.ignore_patterns(*made, *other))
    for page in (root / "book").glob("*.md"):
        page.unlink()
    (root / "book" / "intro.md").write_text("# Start\n\n{{ n_published }} numbers are published.\n")
    (root / "_toc.yml").write_text(TOC)
    (root / "notebooks").mkdir()
    for number, title in ((11, "First"), (21, "Second")):
        text = CHAPTER.format(number=number, title=title, abstract=ABSTRACT)
        (root / "notebooks" / f"{number}_{title.lower()}.md").write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def built(source, tmp_path_factory):
    """A checkout that was built once; tests work on copies of it."""
    checkout = Checkout(shutil.copytree(source, tmp_path_factory.mktemp("built") / "book-one"))
    checkout.output = checkout.build()[0]
    checkout.diary_text = checkout.diary.read_text()
    checkout.diary.unlink()
    checkout.reference = checkout.results()
    return checkout


@pytest.fixture
def checkout(built, tmp_path):
    """A built checkout of one's own, at another place on the disk."""
    return Checkout(shutil.copytree(built.root, tmp_path / "book-one"))


@pytest.fixture
def fresh(source, tmp_path):
    """A checkout of one's own where nothing has been built."""
    return Checkout(shutil.copytree(source, tmp_path / "book-one"))


# -- what a build does ---------------------------------------------------------------------------


def test_a_build_makes_the_pages_and_says_where(built):
    page = built.root / "_build" / "html" / "book" / "11_first.html"
    assert "2 theta = 8.0 by rca from book-one" in page.read_text(encoding="utf-8")
    assert built.output.splitlines()[-1] == f"The book: {built.root}/_build/html/index.html"
    assert re.search(r"\d+ numbers are published", (page.parent / "intro.html").read_text())


def test_each_chapter_has_a_progress_line_with_its_time(built):
    for chapter in ("11 First", "21 Second"):
        assert f"  {chapter}: executing …" in built.output
        assert re.search(rf"  {chapter}: done in \d+\.\d s", built.output)
    assert re.search(r"  Rendering: done in \d+\.\d s", built.output)


def test_chapters_run_side_by_side(built):
    times = {
        tuple(line.split()[:2]): float(line.split()[2]) for line in built.diary_text.splitlines()
    }
    assert max(times["11", "start"], times["21", "start"]) < min(
        times["11", "end"], times["21", "end"]
    )


def test_an_unchanged_build_executes_and_renders_nothing(checkout):
    before = checkout.results()
    began = time.perf_counter()
    out, err = checkout.build()
    assert time.perf_counter() - began < 10
    assert checkout.executed() == [] and err == ""
    assert re.findall(r"  (.*): unchanged", out) == ["11 First", "21 Second", "Rendering"]
    same(checkout.results(), before)


def test_only_the_chapter_that_changed_is_executed(checkout):
    os.utime(checkout.root / "notebooks" / "21_second.md")  # touched, not changed
    checkout.edit("notebooks/11_first.md", "2 theta =", "twice theta =")
    out, _ = checkout.build()
    assert checkout.executed() == ["11"]
    assert "21 Second: unchanged" in out
    html = checkout.contents("_build/html")
    assert b"twice theta = 8.0" in html["book/11_first.html"]


@pytest.mark.parametrize("file", ["lib/errors.py", "requirements.txt"])
def test_library_and_lock_are_inputs_of_every_chapter(checkout, file):
    with open(checkout.root / file, "a") as stream:
        stream.write("# one more line\n")
    checkout.build()
    assert checkout.executed() == ["11", "21"]


@pytest.mark.parametrize("file", ["lib/book/print.css", "lib/gvc/table.py", "lib/book/pages.py"])
def test_a_style_sheet_a_page_or_a_room_that_no_chapter_uses_executes_nothing(checkout, file):
    with open(checkout.root / file, "a") as stream:
        stream.write("\n")
    checkout.build()
    assert checkout.executed() == []


def test_what_was_recorded_of_a_chapter_is_an_input_of_it_alone(checkout):
    published = checkout.root / "data" / "published" / "ni_2018.csv"
    key = ",".join(published.read_text().splitlines()[1].split(",")[:5])
    rest = "0.5,,,differs,nearest,years,it is a test,countries,original,21,tbl-21-x"
    header = "paper,item,row,column,stat,value,se,n,status,sample,difference,diagnosis"
    (checkout.root / "data" / "replicated").mkdir()
    record = checkout.root / "data" / "replicated" / "ni_2018.csv"
    record.write_text(f"{header},data,tier,chapter,cell\n{key},{rest}\n")
    checkout.build()
    assert checkout.executed() == ["21"]


def test_a_notebook_or_its_figures_that_went_missing_are_made_again(checkout, built):
    (checkout.root / "book" / "11_first.ipynb").unlink()
    shutil.rmtree(checkout.root / "book" / "_live" / "21_second")
    checkout.build()
    assert checkout.executed() == ["11", "21"]
    same(checkout.results(), built.reference)


def test_two_executions_give_the_same_bytes(fresh, built):
    """Neither times, ids, paths nor the folder of the checkout show in a result."""
    fresh.build()
    assert fresh.executed() == ["11", "21"]
    same(fresh.results(), built.reference)
    for name, content in fresh.results().items():
        assert str(fresh.root).encode() not in content, name


def test_a_figure_in_a_notebook_is_found_beside_it(checkout):
    """The kernel writes into a scratch folder; the notebook names the place where figures stay."""
    checkout.edit("notebooks/11_first.md", "print(", "print(live / 'half.csv');print(")
    checkout.build()
    notebook = (checkout.root / "book" / "11_first.ipynb").read_text()
    assert "_live/11_first/half.csv" in notebook and "_build" not in notebook
    assert (checkout.root / "book" / "_live" / "11_first" / "half.csv").is_file()


# -- a killed build ------------------------------------------------------------------------------


def wait_for(happened, process, timeout=60):
    """Wait until something has happened in a running build."""
    end = time.monotonic() + timeout
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def kernels(root: Path) -> list[str]:
    """Processes that still work on a checkout."""
    mark, found = str(root).encode(), []
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (proc / "environ").read_bytes() or mark in (proc / "cmdline").read_bytes():
                found.append(proc.name)
        except OSError:
            continue
    return found


MOMENTS = {
    "at once": lambda c: True,
    "first chapter running": lambda c: c.diary.exists() and "start" in c.diary.read_text(),
    "first chapter done": lambda c: any((c.root / "book").glob("*.ipynb")),
    "rendering begun": lambda c: (c.root / "_build" / "unfinished").exists(),
    "pages half written": lambda c: any((c.root / "_build" / "html").glob("**/*.html")),
}


@pytest.mark.parametrize(
    ("moment", "who"),
    [*[(m, "group") for m in MOMENTS], ("first chapter running", "it"), ("rendering begun", "it")],
)
def test_a_killed_build_leaves_nothing_that_passes_for_finished(fresh, built, moment, who):
    """Killed with its children or alone; the next build begins at once, while orphans still die."""
    process = fresh.popen("book")
    wait_for(lambda: MOMENTS[moment](fresh), process)
    (os.killpg if who == "group" else os.kill)(process.pid, signal.SIGKILL)
    process.communicate()
    for path in (fresh.root / "book").glob("*.ipynb"):
        assert path.read_bytes() == built.reference[f"book/{path.name}"]
    fresh.build()
    same(fresh.results(), built.reference)


def test_a_killed_build_keeps_what_it_finished(fresh):
    fresh.edit("notebooks/21_second.md", "time.sleep(1.5)", "time.sleep(60)")
    process = fresh.popen("book")
    wait_for(lambda: MOMENTS["first chapter done"](fresh), process)
    time.sleep(1)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    fresh.edit("notebooks/21_second.md", "time.sleep(60)", "time.sleep(0)")
    fresh.executed()
    fresh.build()
    assert fresh.executed() == ["21"]


def test_a_kill_between_figures_and_notebook_is_seen_even_when_the_source_is_put_back(checkout):
    """Live results of an edited source must not stand beside the notebook of the old one."""
    stop = "        os.replace(result, target)\n"
    checkout.edit(
        "lib/book/execution.py", stop, f"        os.environ.get('STOP') and os._exit(9)\n{stop}"
    )
    checkout.build()
    before = checkout.contents("book")
    checkout.edit("notebooks/11_first.md", "rule\\n{theta}", "rule\\n-{theta}")
    checkout.env["STOP"] = "1"
    checkout.build(code=9)
    checkout.edit("notebooks/11_first.md", "rule\\n-{theta}", "rule\\n{theta}")
    checkout.env.pop("STOP")
    checkout.build()
    same(checkout.contents("book"), before)


def test_a_killed_render_is_seen_even_when_the_page_is_put_back(checkout, built):
    """Pages of an edited source must not stay where the old source is said to be up to date."""
    checkout.edit("book/intro.md", "# Start", "# Begin")
    process = checkout.popen("book")
    page = checkout.root / "_build" / "html" / "book" / "intro.html"
    wait_for(lambda: page.is_file() and b"Begin" in page.read_bytes(), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    checkout.edit("book/intro.md", "# Begin", "# Start")
    checkout.build()
    same(checkout.results(), built.reference)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
@pytest.mark.parametrize("moment", ["first chapter running", "rendering begun"])
def test_no_process_outlives_a_killed_build(fresh, moment):
    process = fresh.popen("book")
    wait_for(lambda: MOMENTS[moment](fresh), process)
    os.kill(process.pid, signal.SIGKILL)  # the build alone: its children notice by themselves
    process.communicate()
    end = time.monotonic() + 10
    while kernels(fresh.root) and time.monotonic() < end:
        time.sleep(0.2)
    assert kernels(fresh.root) == []


def test_an_interrupt_ends_the_build_at_once(fresh):
    fresh.edit("notebooks/21_second.md", "time.sleep(1.5)", "time.sleep(60)")
    process = fresh.popen("book")
    wait_for(lambda: MOMENTS["first chapter running"](fresh), process)
    os.killpg(process.pid, signal.SIGINT)
    began = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert process.returncode == 130 and "Traceback" not in out + err


def test_a_second_build_at_the_same_time_is_refused(fresh, built):
    process = fresh.popen("book")
    wait_for(lambda: MOMENTS["first chapter running"](fresh), process)
    _, err = fresh.build(code=1)
    assert err.strip() == "Another build is at work in this folder; wait until it ends."
    process.communicate(timeout=120)
    assert process.returncode == 0
    same(fresh.results(), built.reference)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (".pytask/file_hashes.json", b'{"_pytask.path.hash_path:2abc": "a6'),
        (".pytask/file_hashes.json", b"\xff\xfe"),
        (".pytask/pytask.sqlite3", b"half a database" * 100),
        ("pytask.lock", b'lock-version = "1"\n\n[[task]]\nid = "lib'),
        ("pytask.lock.journal", b'{"lock-version": "1", "id": "lib/bo'),
    ],
)
def test_a_damaged_record_of_finished_work_is_survived(checkout, built, file, content):
    (checkout.root / file).write_bytes(content)
    _, err = checkout.build()
    assert err == ""
    same(checkout.results(), built.reference)


# -- a build that fails --------------------------------------------------------------------------


def one_sentence(text: str) -> str:
    assert len(text.strip().splitlines()) == 1, text
    return text.strip()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("1 / 0", "21_second failed in cell 2 with ZeroDivisionError: division by zero"),
        (
            "from lib.errors import DataError; raise DataError('The file x.csv lacks column y.')",
            "21_second: The file x.csv lacks column y.",
        ),
        ("import sys; print('a warning', file=sys.stderr)", "21_second: a cell writes to stderr"),
        ("import warnings; warnings.warn('old')", "21_second: a cell writes to stderr: "),
        ("os.kill(os.getpid(), 9)", "21_second: the kernel died"),
    ],
)
def test_a_chapter_that_fails_ends_in_one_sentence(fresh, code, told):
    fresh.edit("notebooks/21_second.md", 'tell("start")', f'tell("start"); {code}')
    out, err = fresh.build(code=1)
    assert told in one_sentence(err)
    assert "11 First: done in" in out and "Rendering" not in out
    # The other chapter's result is kept; of the failed one there is nothing.
    assert sorted(p.name for p in (fresh.root / "book").glob("*.ipynb")) == ["11_first.ipynb"]
    assert [p.name for p in (fresh.root / "book" / "_live").iterdir()] == ["11_first"]
    assert list((fresh.root / "_build" / "work" / "book").iterdir()) == []


def test_a_failed_chapter_keeps_its_traceback_and_is_executed_when_mended(fresh, built):
    fresh.edit("notebooks/21_second.md", 'tell("start")', 'tell("start"); 1 / 0')
    _, err = fresh.build(code=1)
    kept = re.search(r"traceback: (.*)\)", err)[1]
    assert "ZeroDivisionError" in Path(kept).read_text()
    fresh.edit("notebooks/21_second.md", "; 1 / 0", "")
    fresh.executed()
    fresh.build()
    assert fresh.executed() == ["21"]
    same(fresh.results(), built.reference)


def test_a_warning_of_the_pages_stops_the_build_and_names_the_page(checkout, built):
    checkout.edit("book/intro.md", "# Start", "# Start\n\n{doc}`nowhere`")
    _, err = checkout.build(code=1)
    assert "could not be rendered" in err and "intro.md" in err and "nowhere" in err
    checkout.edit("book/intro.md", "\n\n{doc}`nowhere`", "")
    checkout.build()
    same(checkout.results(), built.reference)


def blocked(checkout, name):
    """Put a plain file where a folder belongs, which stops the superuser too."""
    shutil.rmtree(checkout.root / name, ignore_errors=True)
    (checkout.root / name).write_text("")


@pytest.mark.parametrize("name", ["_build", "book/_live"])
def test_a_target_that_cannot_be_written_is_one_sentence(fresh, name):
    blocked(fresh, name)
    _, err = fresh.build(code=1)
    for line in err.strip().splitlines():  # a line for each of the two chapters
        assert name in line and "Errno" not in line
    assert not list((fresh.root / "book").glob("*.ipynb"))


def full_disk():
    """Let every write beyond 20 kB fail, as on a full disk."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on file sizes")
def test_a_full_disk_is_no_traceback_and_leaves_nothing_half_written(fresh, built):
    fresh.build(code=1, preexec_fn=full_disk)
    for path in (fresh.root / "book").glob("*.ipynb"):
        assert path.read_bytes() == built.reference[f"book/{path.name}"]
    fresh.build()
    same(fresh.results(), built.reference)


def test_a_missing_page_is_named(checkout):
    (checkout.root / "_toc.yml").unlink()
    _, err = checkout.build(code=1)
    assert "_toc.yml" in err


# -- one chapter with parameters, plain notebooks, other commands --------------------------------


def test_parameters_reach_the_chapter_and_leave_the_book_alone(checkout):
    before = checkout.results()
    out, err = checkout.run("chapter", "11", "theta=8", "rule=largest")
    target = checkout.root / "_build" / "runs" / "11_first.ipynb"
    assert str(target) in out and err == ""
    notebook = nbformat.read(target, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code[-1].outputs[0].text.startswith("2 theta = 16.0 by largest")
    injected = [c for c in notebook.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert [c.metadata["tags"] for c in injected] == [["injected-parameters", "remove-cell"]]
    assert (target.with_suffix("") / "half.csv").read_text() == "theta,rule\n8.0,largest\n"
    same(checkout.results(), before)


def test_a_chapter_answers_to_its_full_name(checkout):
    checkout.run("chapter", "21_second")
    assert checkout.executed() == ["21"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["99"], "no chapter '99'; valid ones: 11 (11_first), 21 (21_second)"),
        (["11", "sigma=4"], "no parameter 'sigma=4'; valid ones: theta (float, from 1.0 to 20.0"),
        (["11", "theta=four"], "'four' is not a valid value"),
        (["11", "theta=-4"], "-4 is out of range; expected theta (float, from 1.0 to 20.0"),
        (["11", "rule=best"], "one of rca, largest"),
        (["11", "theta=8", "rule"], "no parameter 'rule'"),
    ],
)
def test_a_bad_name_or_value_is_refused_before_anything_is_written(checkout, arguments, told):
    before = checkout.contents(".")
    out, err = checkout.run("chapter", *arguments, code=1)
    assert told in one_sentence(err) and out == ""
    same(checkout.contents("."), before)


def test_plain_notebooks_run_with_plain_papermill(checkout, tmp_path):
    out, _ = checkout.run("notebooks")
    plain = [checkout.root / "notebooks" / f"{n}.ipynb" for n in ("11_first", "21_second")]
    assert out.split() == [str(path) for path in plain]
    result = tmp_path / "result.ipynb"
    program = [sys.executable, "-m", "papermill", str(plain[0]), str(result), "-p", "theta", "8"]
    env = checkout.env | {"GVC_BOOK_LIVE": str(tmp_path), "PYTHONPATH": str(checkout.root)}
    subprocess.run(program, cwd=checkout.root, env=env, check=True, capture_output=True)
    assert "2 theta = 16 by rca" in json.dumps(nbformat.read(result, as_version=4))
    assert papermill.inspect_notebook(str(plain[0]))["theta"] == {
        "name": "theta",
        "inferred_type_name": "float",
        "default": "4.0",
        "help": "trade elasticity",
    }


def test_clean_removes_what_a_build_makes_and_nothing_else(checkout):
    (checkout.root / "notebooks" / "my_own.ipynb").write_text("{}")
    checkout.run("notebooks")
    checkout.run("clean")
    left = set(checkout.contents("."))
    assert not any(name.startswith(("_build", "book/_live", "pytask", ".pytask")) for name in left)
    assert {name for name in left if name.endswith(".ipynb")} == {"notebooks/my_own.ipynb"}
    assert {"notebooks/11_first.md", "book/intro.md", "data/catalogue.toml"} <= left


def test_an_unknown_command_is_one_sentence(checkout):
    _, err = checkout.run("bok", code=2)
    assert "bok" in one_sentence(err)


def test_help_lists_every_command(checkout):
    out, _ = checkout.run("--help")
    listed = re.findall(r"^  ([\w-]+)  ", out, flags=re.MULTILINE)
    rules = set(re.findall(r"^([a-z][a-z-]+):", MAKEFILE, re.MULTILINE)) - {"help"}
    assert set(listed) == rules | set(re.search(r"TARGETS = (.*)", MAKEFILE)[1].split())


def test_the_students_edition_holds_no_solution_in_any_file(checkout):
    """Neither on a page, nor in the sources or the search index behind it."""
    before = checkout.results()
    out, _ = checkout.run("student")
    assert checkout.executed() == []
    assert out.splitlines()[-1].endswith(f"{checkout.root}/_build/student/index.html")
    given = checkout.contents("_build/student")
    assert b"What is twice theta?" in given["book/11_first.html"]
    assert b"Beyond doubt" in before["html/book/11_first.html"]
    assert not [name for name, content in given.items() if b"Beyond doubt" in content]
    assert b"doubt" in before["html/searchindex.js"] and b"doubt" not in given["searchindex.js"]
    same(checkout.results(), before)


def test_serving_without_a_book_is_one_sentence(fresh):
    _, err = fresh.run("serve", code=1)
    assert one_sentence(err) == "There is no built book yet; run `make book` first."


# -- problem sets --------------------------------------------------------------------------------

SETS = "_build/problem-sets/11-1"
REFUSAL = """from lib import book
book.refuse(rule == "rca" and theta != 4, "rca and theta do not go together.")
"""


@pytest.fixture
def course(fresh):
    """A checkout with a roster, whose chapter refuses some combinations of parameters."""
    fresh.edit("notebooks/11_first.md", "import os\n", f"import os\n{REFUSAL}")
    (fresh.root / "students.csv").write_text("id,name\nS1,Ana\nS2,李明\n", encoding="utf-8")
    return fresh


def hand_out(course, code=0):
    return course.run("problem-set", "11", "students.csv", code=code)


def test_a_problem_set_has_sheets_a_key_and_draws_that_the_chapter_accepts(course):
    out, _ = hand_out(course)
    assert course.executed() == ["11"] * 3  # two students and the book's own parameters
    assert len(re.findall(r"\d of 3  \w+ \(theta=.*\): done in \d", out)) == 3
    made = course.contents(SETS)
    given = {name for name in made if name.startswith("sheets")}
    assert given == {"sheets/11_S1.html", "sheets/11_S2.html"}
    for name in given:
        assert b"What is twice theta?" in made[name] and b"Beyond doubt" not in made[name]
        assert b"Beyond doubt" in made[name.replace("sheets", "key")]
    assert "李明" in made["sheets/11_S2.html"].decode()
    key = pd.read_csv(course.root / SETS / "key" / "parameters.csv").set_index("id")
    assert set(key["rule"]) == {"largest"}  # what the chapter refused was drawn again …
    assert (key["draw"] > 1).any() == key["refused"].notna().any()  # … and is told
    for student, row in key.iterrows():
        kept = made[f"runs/{student}/11_first/half.csv"].decode()
        assert kept == f"theta,rule\n{row.theta},{row['rule']}\n"


def test_a_student_more_changes_nobody_elses_sheet_and_reruns_nobody(course):
    hand_out(course)
    before = course.contents(SETS)
    course.executed()
    text = "id,name\nS2,李明\nS0,Zoe\nS1,Ana\n"
    (course.root / "students.csv").write_text(text, encoding="utf-8")
    out, _ = hand_out(course)
    assert course.executed() == ["11"]
    assert out.count("unchanged") == 3
    after = course.contents(SETS)
    same_now = [name for name in before if not name.endswith(".csv") or name.startswith("runs")]
    assert [name for name in same_now if before[name] != after[name]] == []
    assert "sheets/11_S0.html" in after


def test_a_killed_problem_set_goes_on_where_it_was_and_shows_nothing_half_done(course):
    process = course.popen("problem-set", "11", "students.csv")
    diary = course.diary
    wait_for(lambda: diary.exists() and " end " in diary.read_text(), process)
    time.sleep(2)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    folder = course.root / SETS
    assert not (folder / "sheets").exists() and not (folder / "key").exists()
    hand_out(course)
    again = course.contents(SETS)
    shutil.rmtree(folder)
    hand_out(course)
    same(course.contents(SETS), again)


def test_a_student_whose_run_fails_is_told_and_no_sheet_is_written(course):
    course.edit("notebooks/11_first.md", "import os\n", "import os\nassert theta == 4, 'broken'\n")
    _, err = hand_out(course, code=1)
    assert err.count("AssertionError: broken") == 2
    assert not (course.root / SETS / "sheets").exists()


def test_combinations_that_a_chapter_never_accepts_end_in_a_sentence(course):
    course.edit("notebooks/11_first.md", 'rule == "rca" and theta != 4', "theta != 4")
    (course.root / "students.csv").write_text("id,name\nS1,Ana\n")
    _, err = course.run("problem-set", "11", "students.csv", "rule=rca", code=1)
    assert re.match(r"S1: no combination .* in 20 tries\. .* do not go", one_sentence(err))


def test_a_bad_roster_writes_nothing(course):
    (course.root / "students.csv").write_text("id,name\nS1,Ana\nS1,Ben\n,Cleo\n")
    _, err = hand_out(course, code=1)
    assert "line 3: the id 'S1' is that of line 2" in err and "line 4: the id is empty" in err
    assert not (course.root / "_build" / "problem-sets").exists()


def test_a_kernel_that_dies_before_its_first_word_is_started_once_more(tmp_path, monkeypatch):
    """Simulated: another process took a port between choice and use."""
    said = []

    def dies(*args, **kwargs):
        said.append("start")
        raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(execution.papermill, "execute_notebook", dies)
    with pytest.raises(BookError, match="the kernel died"):
        execution.run(chapters.find("21"), tmp_path / "out.ipynb", tmp_path, {})
    assert said == ["start"] * 2
