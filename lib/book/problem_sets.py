"""Problem sets that differ by student: a chapter, run once for each with parameters of their own.

What a student gets depends on the seed, the chapter and their own id alone: a longer roster, or one
in another order, changes nobody's problem set.
"""

import csv
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from html import escape
from itertools import islice
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd

from lib import paths
from lib.book import chapters, editions, execution, inputs, pipeline, printing, standalone
from lib.errors import BookError, Refused

REQUIRED, OPTIONAL = ("id", "name"), ("email",)
ID = re.compile(r"\w([\w.-]{0,62}\w)?")
ATTEMPTS = 20
"""Combinations tried for a student before the chapter is held to be at fault."""
AT_A_TIME = 2


# -- the roster ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Student:
    id: str
    name: str
    email: str = ""


def read_roster(path: Path) -> list[Student]:
    """Read a roster: CSV in UTF-8 with the columns ``id,name`` and, if wanted, ``email``.

    Raises
    ------
    BookError
        With every fault of the file, a line each.
    """
    if path.is_dir():
        raise BookError("A problem set needs a roster, a csv file: ROSTER=students.csv.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BookError(f"The roster {path} cannot be read: {error.strerror}.") from error
    lines = content.removeprefix(b"\xef\xbb\xbf").splitlines()
    faults = {n: "is not UTF-8" for n, line in enumerate(lines, 1) if not _decodes(line)}
    if faults:
        raise BookError(_told(path, faults, "Save it as CSV in UTF-8."))
    rows = {}
    for number, line in enumerate(lines, 1):
        try:
            fields = next(csv.reader([line.decode()], strict=True), [])
            rows[number] = [field.strip() for field in fields]
        except csv.Error as error:
            faults[number] = f"is not CSV ({error})"
    rows = {n: fields for n, fields in rows.items() if any(fields)}
    head = rows.pop(min(rows), []) if rows and min(rows) == 1 else []
    columns = [name.lower() for name in head]
    wrong = [f"the column {n!r} is missing" for n in REQUIRED if n not in columns]
    wrong += [f"{n!r} is no column of a roster" for n in columns if n not in REQUIRED + OPTIONAL]
    wrong += [f"the column {n!r} comes twice" for n in set(columns) if columns.count(n) > 1]
    if wrong:
        faults[1] = "; ".join(wrong)
        raise BookError(_told(path, faults, "Its first line must be id,name or id,name,email."))
    students = []
    first: dict[str, int] = {}
    for number, fields in rows.items():
        told, student = _student(columns, fields, first, number)
        if told:
            faults[number] = told
        else:
            students.append(student)
    if not students and not faults:
        faults[2] = "no student follows"
    if faults:
        raise BookError(_told(path, faults, "Nothing was written."))
    return students


def _decodes(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in line


def _student(columns, fields, first, number) -> tuple[str, Student | None]:
    """Return what is wrong with a line, and the student on it."""
    if len(fields) != len(columns):
        return f"has {len(fields)} fields where the first line has {len(columns)}", None
    row = dict(zip(columns, fields, strict=True))
    wrong = [f"the {name} is empty" for name in REQUIRED if not row[name]]
    if row["id"] and not ID.fullmatch(row["id"]):
        wrong.append(f"the id {row['id']!r} has other signs than letters, digits, '_', '-' and '.'")
    if row.get("email") and not re.fullmatch(r"[^@\s]+@[^@\s]+", row["email"]):
        wrong.append(f"{row['email']!r} is no e-mail address")
    earlier = first.setdefault(row["id"].casefold(), number)
    if row["id"] and earlier != number:
        wrong.append(f"the id {row['id']!r} is that of line {earlier}")
    return "; ".join(wrong), Student(**row)


def _told(path: Path, faults: dict[int, str], way_out: str) -> str:
    lines = "\n".join(f"  line {number}: {told}" for number, told in sorted(faults.items()))
    return f"The roster {path} cannot be used:\n{lines}\n{way_out}"


# -- parameters ----------------------------------------------------------------------------------


def draws(chapter: chapters.Chapter, seed: int, student: str, held: dict) -> Iterator[dict]:
    """Yield combinations of parameters for a student, each once; never the book's own.

    Parameters
    ----------
    held : dict
        Parameters that are the same for all.
    """
    code = int.from_bytes(hashlib.sha256(student.encode()).digest())
    rng = np.random.default_rng([seed, code, chapter.number])
    seen = [{p.name: p.default for p in chapter.parameters} | held]
    for _ in range(100 * ATTEMPTS):
        drawn = {p.name: p.draw(rng) for p in chapter.parameters} | held
        if drawn not in seen:
            seen.append(drawn)
            yield drawn


# -- runs ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """One problem set: a chapter, a seed, and the folder for everything that it makes."""

    chapter: chapters.Chapter
    seed: int
    held: dict

    @property
    def folder(self) -> Path:
        return paths.BUILD / "problem-sets" / f"{self.chapter.number}-{self.seed}"

    def run_of(self, student: str) -> Path:
        """Folder of a student's run: the executed notebook, its exhibits, and what we know."""
        return self.folder / "runs" / student

    @property
    def default(self) -> Path:
        """Folder of the run with the book's own parameters."""
        return self.folder / "default"

    def live(self, run: Path) -> Path:
        return run / self.chapter.name

    def notebook(self, run: Path) -> Path:
        return run / f"{self.chapter.name}.ipynb"

    @property
    def state(self) -> str:
        """Hash of everything that a run depends on, but for the student."""
        parts = [
            inputs.tree_hash(paths.ROOT / "lib"),
            inputs.data_state(self.chapter),
            json.dumps(self.held),
        ]
        whole = "\n".join(parts).encode() + self.chapter.path.read_bytes()
        return hashlib.sha256(whole).hexdigest()

    def finished(self, run: Path, state: str) -> dict | None:
        """Return what is known of a run, if it is there and nothing has changed since."""
        try:
            known = json.loads((run / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        made = self.notebook(run).is_file() and self.live(run).is_dir()
        return known if made and known["state"] == state else None

    def run(self, run: Path, state: str, combinations: Iterable[dict]) -> dict:
        """Run the chapter with the first combination that it accepts; keep what was refused."""
        (run / "run.json").unlink(missing_ok=True)
        refused = []
        for parameters in islice(combinations, ATTEMPTS):
            try:
                seconds = execution.execute(
                    self.chapter, self.notebook(run), self.live(run), parameters
                )
            except Refused as error:
                refused.append({"parameters": parameters, "told": str(error)})
                continue
            known = {"state": state, "parameters": parameters, "refused": refused}
            half = run / "run.new"
            half.write_text(json.dumps(known, ensure_ascii=False, indent=1), encoding="utf-8")
            os.replace(half, run / "run.json")
            return known | {"seconds": seconds}
        last = f" The last refusal: {refused[-1]['told']}" if refused else ""
        raise BookError(
            f"{run.name}: no combination of parameters was accepted in {len(refused)} tries.{last}"
        )


def make(
    chapter: chapters.Chapter, roster: Path, seed: int = 1, held: dict | None = None, pdf=False
) -> Path:
    """Make a problem set for every student of a roster, and the lecturer's key; return its folder.

    With `pdf`, every sheet is printed too.

    Finished runs are kept: a second call goes on where the first was stopped. Sheets and key appear
    when all runs are done.

    Raises
    ------
    BookError
        With the faults of the roster, or the sentence of every run that failed.
    """
    students = read_roster(roster)
    job = Job(chapter, seed, held or {})
    free = [p.name for p in chapter.parameters if p.personal and p.name not in job.held]
    if not free:
        raise BookError(f"Chapter {chapter.number} has no parameter left to draw for each student.")
    if pdf:
        printing.chromium()  # so that its absence is told before the work
    with pipeline.alone():
        known = run_all(job, students)
        write(job, students, known, pdf)
    return job.folder


def run_all(job: Job, students: list[Student]) -> dict[str, dict]:
    """Run the chapter with the book's own parameters and with every student's, some at a time."""
    state, failures, known = job.state, [], {}
    own = {p.name: p.default for p in job.chapter.parameters} | job.held
    plans = {job.default: [own]}
    for student in students:
        plans[job.run_of(student.id)] = draws(job.chapter, job.seed, student.id, job.held)

    def work(run: Path, combinations: Iterable[dict]) -> dict:
        return job.finished(run, state) or job.run(run, state, combinations)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        tasks = {pool.submit(work, *plan): plan[0] for plan in plans.items()}
        for count, task in enumerate(as_completed(tasks), 1):
            line = f"  {count} of {len(tasks)}  {tasks[task].name}"
            try:
                done = known[tasks[task]] = task.result()
            except BookError as error:
                failures.append(str(error))
                pipeline.say(f"{line}: failed")
                continue
            told = f"done in {done['seconds']:.1f} s" if "seconds" in done else "unchanged"
            pipeline.say(f"{line} ({say(done['parameters'])}): {told}")
    if failures:
        raise BookError("\n".join(failures))
    return {student.id: known[job.run_of(student.id)] for student in students}


def say(parameters: dict) -> str:
    """Write parameters as a command line takes them."""
    return " ".join(f"{name}={value}" for name, value in parameters.items())


# -- sheets and key ------------------------------------------------------------------------------


def write(job: Job, students: list[Student], known: dict[str, dict], pdf: bool) -> None:
    """Write the students' sheets and the lecturer's key; each folder appears whole."""
    sheets, key = job.folder / "sheets.new", job.folder / "key.new"
    for folder in (sheets, key):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    parameters, values, tables = [], [], []
    for student in students:
        run = known[student.id]
        who = {"id": student.id, "name": student.name}
        refused = "; ".join(f"{say(r['parameters'])} ({r['told']})" for r in run["refused"])
        parameters.append(
            who
            | {"email": student.email}
            | run["parameters"]
            | {"draw": len(run["refused"]) + 1, "refused": refused}
        )
        said = standalone.values(job.live(job.run_of(student.id))).drop(columns="name")
        values += [who | row for row in said.to_dict("records")]
        tables += [who | cell for cell in cells(job, job.live(job.run_of(student.id)))]
        name = f"{job.chapter.number}_{student.id}"
        for folder, solved in ((sheets, False), (key, True)):
            html = sheet(job, student, run["parameters"], solved)
            (folder / f"{name}.html").write_text(html, encoding="utf-8")
    if pdf:
        pipeline.say("  Printing the sheets …")
        files = [p for folder in (sheets, key) for p in sorted(folder.glob("*.html"))]
        printing.to_pdf((path, path.with_suffix(".pdf"), path.stem) for path in files)
    for name, rows in (("parameters", parameters), ("values", values), ("tables", tables)):
        pd.DataFrame(rows).to_csv(
            key / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8-sig"
        )
    for fresh, target in ((sheets, job.folder / "sheets"), (key, job.folder / "key")):
        shutil.rmtree(target, ignore_errors=True)
        os.replace(fresh, target)


def personal(job: Job, live: Path) -> pd.DataFrame:
    """Return the exhibits of a run that the book's own parameters do not give."""
    rows = standalone.exhibits(live)

    def same(file: str) -> bool:
        twin = job.live(job.default) / file
        return twin.is_file() and twin.read_bytes() == (live / file).read_bytes()

    return rows[[not same(file) for file in rows["file"]]]


def cells(job: Job, live: Path) -> Iterator[dict]:
    """Yield every cell of a run's own tables: table, row, column and value."""
    for row in personal(job, live).itertuples():
        if row.kind == "table":
            frame = pd.read_csv(live / row.file, dtype=str, keep_default_na=False)
            for label, line in frame.set_index(frame.columns[0]).iterrows():
                for column, value in line.items():
                    yield {"table": row.name, "row": label, "column": column, "value": value}


def sheet(job: Job, student: Student, parameters: dict, solved: bool) -> str:
    """Return a student's problem sheet as one HTML file, or with the solutions if `solved`."""
    run = job.run_of(student.id)
    live, notebook = job.live(run), nbformat.read(job.notebook(run), as_version=4)
    tasks = standalone.exercises(notebook)
    page = standalone.Page(editions.without_solutions(notebook), live)
    title = f"Problem set {job.chapter.number}: {job.chapter.title}"
    rows = "".join(
        f"<tr><th scope='row'>{escape(p.name)}</th><td>{escape(str(parameters[p.name]))}</td>"
        f"<td>{escape(p.meaning)}</td></tr>"
        for p in job.chapter.parameters
    )
    body = [
        f"<header class='who'><h1>{escape(title)}</h1>",
        f"<p><b>{escape(student.name)}</b> ({escape(student.id)})",
        f"{' · with solutions' if solved else ''}</p></header>",
        "<h2>Your parameters</h2>",
        "<table><thead><tr><th>name</th><th>value</th><th>meaning</th></tr></thead>",
        f"<tbody>{rows}</tbody></table>",
        f"<p>They are yours alone. To run the chapter with them:</p><pre>make chapter CH="
        f'{job.chapter.number} P="{escape(say(parameters))}"</pre>',
        "<h2>Problems</h2>",
    ]
    for number, task in enumerate(tasks, 1):
        heading = f"Problem {number}{': ' if task.title else ''}{task.title}"
        body += [f"<h3>{escape(heading)}</h3>", page.html(task.text)]
        if solved:
            answer = page.html(task.solution or "Research: no solution is given.")
            body.append(f"<div class='solution'>{answer}</div>")
    quoted = "\n".join(t.text + (t.solution if solved else "") for t in tasks)
    formulas = page.equations(quoted)
    body += ["<h2>Formulas</h2>", formulas] if formulas else []
    shown = personal(job, live)
    body += ["<h2>Figures and tables for your parameters</h2>"] if len(shown) else []
    body += [page.exhibit(row) for row in shown.itertuples()]
    return standalone.document(f"{title}, {student.name}", "sheet", "\n".join(body))
