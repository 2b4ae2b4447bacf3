"""papermill's engine for chapters: it runs the code, and the text as well.

Text cells are evaluated after the code that stands before them, figures and tables become numbered
exhibits, and after the last cell the chapter's record is made. Only the executed notebook changes;
the source keeps its roles. ``papermill --engine gvc-book`` does the same for a notebook of
``make notebooks``, and leaves everything inside the notebook.
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from lib.book import (
    chapters,
    display,
    downloads,
    exhibits,
    provenance,
    records,
    replication,
    roles,
    session,
)
from lib.errors import BookError

NAME = "gvc-book"
TIMEOUT = 3600
"""Seconds that one cell may run."""
SHOWN = {"text/html", "text/plain", "image/png", "image/svg+xml"}
MAGIC = re.compile(r"(?m)^\s*[%!].*$")


class ThisPython(AsyncKernelManager):
    """Kernels of the Python that runs the engine, whatever other kernels a machine offers."""

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


class ChapterEngine(NBClientEngine):
    """Run a chapter and let it speak of this very run."""

    @classmethod
    def nb_kernel_name(cls, nb, name=None):
        return "python3"

    @classmethod
    def nb_language(cls, nb, language=None):
        return "python"

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, env=None, live=None, **kwargs):
        """Execute a notebook.

        Parameters
        ----------
        env : dict, optional
            Environment of the kernel.
        live : path, optional
            Folder for exhibits, values and numbers. Without one they stay in the notebook, as HTML.

        Raises
        ------
        BookError
            In one sentence: illegal parameters, or an expression of the text that fails.
        """
        chapter = of_notebook(nb_man.nb)
        given = chapter.check(dict(nb_man.nb.metadata.papermill.get("parameters", {})))
        own = {p.name: p.default for p in chapter.parameters} | given
        run = exhibits.Run(chapter, Path(live) if live else None, own)
        client = Client(
            nb_man,
            run=run,
            kernel_manager_class=ThisPython,
            timeout=TIMEOUT,
            extra_arguments=["--log-level=ERROR"],
        )
        # A kernel that shuts down may complain of its sockets; what cells write goes another way.
        client.execute(env={**(env or os.environ), session.ENGINE: "1"}, stderr=subprocess.DEVNULL)


papermill_engines.register(NAME, ChapterEngine)


def of_notebook(notebook) -> chapters.Chapter:
    """Return the chapter that a notebook was made of."""
    name = notebook.metadata.get("book", {}).get("name")
    if not name:
        raise BookError("This notebook is no chapter of the book; `make notebooks` writes them.")
    return chapters.find(name)


class Client(PapermillNotebookClient):
    """Executes cells of code, and answers the expressions of cells of text."""

    def __init__(self, nb_man, run: exhibits.Run, **more):
        super().__init__(nb_man, **more)
        self.run = run

    def papermill_execute_cells(self) -> None:
        """Execute the cells in order; stop at one that fails, and keep its traceback."""
        pages = Pages(self.run, self.ask)
        for index, cell in enumerate(self.nb.cells):
            try:
                self.nb_man.cell_start(cell, index)
                if cell.cell_type == "code":
                    self.execute_cell(cell, index)
                    pages.code(cell)
                else:
                    pages.text(cell)
            except CellExecutionError as error:
                self.nb_man.cell_exception(self.nb.cells[index], cell_index=index, exception=error)
                return
            finally:
                self.nb_man.cell_complete(self.nb.cells[index], cell_index=index)
        self.nb.cells = pages.finish(self.nb.cells)

    def ask(self, *expressions: str) -> list[dict]:
        """Evaluate expressions in the kernel; return its reply to each."""
        wanted = {str(n): expression for n, expression in enumerate(expressions)}
        message = self.kc.execute("", store_history=False, user_expressions=wanted)
        content = self.wait_for_reply(message)["content"]
        answers = content.get("user_expressions", {})
        failed = {"status": "error", "ename": "KernelError", "evalue": content["status"]}
        return [answers.get(n, failed) for n in wanted]


class Pages:
    """Turns the cells of a run into what a reader sees.

    Parameters
    ----------
    ask : callable
        Evaluates expressions in the kernel and returns a reply to each.
    """

    def __init__(self, run: exhibits.Run, ask):
        self.run, self.ask = run, ask
        self.shelf = exhibits.Shelf(run)
        self.rests = provenance.Provenance(p.name for p in run.chapter.parameters)
        self.nth = Counter()
        self.stood = run.recorded
        kept = run.record("values.csv")
        self.kept = {}
        if "expression" in kept:
            self.kept = {
                (row.expression, int(row.nth)): row for row in kept.itertuples() if not row.name
            }
        self.comparisons = []

    # -- cells -----------------------------------------------------------------------------------

    def code(self, cell) -> None:
        """Trace what a cell of code loads, and make an exhibit of what it declares as one."""
        loads = set(self._own("loads()")) & set(self.run.chapter.datasets)
        keys = self.rests.cell(MAGIC.sub("", cell.source), loads)
        declared = exhibits.declared(cell, self.run.chapter)
        if declared:
            texts = (declared.caption, declared.alt)  # the source line names the made-up world
            caption, alt = (self._say(text, mark=False)[0] for text in texts)
            declared = exhibits.Exhibit(declared.kind, declared.label, caption, alt, declared.fold)
            self._exhibit(cell, declared, keys)
        elif self.run.made_up(keys) and any(_says_something(o) for o in cell.outputs):
            told = "Of the made-up world."
            data = {"text/markdown": f"*{told}*", "text/html": f"<p><i>{told}</i></p>"}
            cell.outputs.append(nbformat.v4.new_output("display_data", data))
        for key in ("mystnb", "table"):
            cell.metadata.pop(key, None)

    def _exhibit(self, cell, declared: exhibits.Exhibit, keys: frozenset[str]) -> None:
        """Replace the output that a declared exhibit is made of."""
        kinds = {
            "figure": ("image/svg+xml", "image/png"),
            "table": (display.TABLE, session.COMPARE),
        }
        hits = [
            o for o in cell.outputs if any(k in o.get("data", {}) for k in kinds[declared.kind])
        ]
        if len(hits) != 1:
            name = self.run.chapter.path.name
            raise BookError(
                f"{name}: the cell of {declared.label} shows {len(hits)} {declared.kind}s, not one."
            )
        output = nbformat.v4.new_output("display_data")
        if session.COMPARE in hits[0].data:
            self.comparisons.append((output, declared, dict(hits[0].data[session.COMPARE])))
        else:
            output.data.update(self.shelf.output(declared, hits[0].data, keys))
        rest = [o for o in cell.outputs if o is not hits[0] and o.output_type != "execute_result"]
        cell.outputs = [*rest, output]

    def text(self, cell) -> None:
        """Evaluate the roles of a cell of text; note whether it may stand in this run."""
        cell.source, said, certain = self._say(cell.source)
        tags = set(cell.metadata.get("tags", []))
        if "caption" in tags:  # the exhibit says it
            cell.metadata["tags"] = [*tags, "drop"]
            return
        if "neutral" not in tags:  # which stands where the finding before it does not
            self.stood = self.run.recorded and certain
        stands = self.stood
        if tags & {"finding", "neutral"} and stands != ("finding" in tags):
            cell.metadata["tags"] = [*tags, "drop"]
            return
        if said:
            cell.metadata["user_expressions"] = [
                {"expression": e, "result": {"status": "ok", "data": {"text/plain": t}}}
                for e, t in said
            ]

    def _say(self, source: str, mark: bool = True) -> tuple[str, list[tuple[str, str]], bool]:
        """Evaluate the roles of a text; `mark` what is of the made-up world.

        Returns
        -------
        text : str
        said : list of (expression, text)
        certain : bool
            Whether every value is of original data, or recorded.
        """
        wanted = roles.expressions(source)
        if not wanted:
            return source, [], True
        told = [self._value(e, r) for e, r in zip(wanted, self.ask(*wanted), strict=True)]
        queue, said = iter(told), [(e, t[0]) for e, t in zip(wanted, told, strict=True)]

        def say(_: str) -> tuple[str, bool]:
            words, made_up, _ = next(queue)
            return words, made_up and mark

        text = roles.fill(source, say)
        return text, said, all(t[2] for t in told)

    def _value(self, expression: str, reply: dict) -> tuple[str, bool, bool]:
        """Return what the text says for an expression, whether that is of the made-up world, and
        whether it is certain: a number of this run's original data, or a recorded one."""
        name = self.run.chapter.path.name
        try:
            text = roles.value(expression, reply)
        except BookError as error:
            raise BookError(f"{name}: {error}") from error
        made_up = self.run.made_up(self.rests.of(expression))
        nth = self.nth[expression] = self.nth[expression] + 1
        tier = "sample" if made_up else "original"
        row = {"name": "", "expression": expression, "nth": nth, "text": text, "tier": tier}
        self.run.keep("values.csv", row)
        kept = self.kept.get((expression, nth)) if made_up else None
        if kept is not None:
            return kept.text, kept.tier == "sample", True
        return text, made_up, not made_up

    # -- after the last cell ---------------------------------------------------------------------

    def finish(self, cells: list) -> list:
        """Make the record and what is shown of it; return the cells in a reader's order."""
        chapter = self.run.chapter
        [reply] = self.ask(_in_kernel("records", f"dumps({chapter.name!r}, globals())"))
        if reply["status"] != "ok":
            raise BookError(f"{chapter.name}: {reply.get('evalue', 'the record failed')}")
        rows = json.loads(ast.literal_eval(reply["data"]["text/plain"]))
        rests = [
            frozenset().union(*(self.rests.of(e) for e in entry.expressions))
            for entry in records.read(chapter)
        ]
        records.keep(self.run, rows, rests)
        for output, declared, asked in self.comparisons:
            self._compare(output, declared, asked)
        self._quoted()
        self.run.write()
        if self.run.live:
            loaded = "\n".join(self._own("modules()"))
            (self.run.live / replication.MODULES).write_text(loaded + "\n", encoding="utf-8")
        return in_order([c for c in cells if "drop" not in c.metadata.get("tags", [])])

    def _compare(self, output, declared: exhibits.Exhibit, asked: dict) -> None:
        frame = records.comparison(self.run, asked["items"], asked["statuses"])
        html = frame.to_html(index=False, border=0)
        output.data["text/html"] = (
            f"<figure>{html}<figcaption>{declared.caption}</figcaption></figure>"
        )
        if self.run.live:
            csv = self.run.live / downloads.FOLDER / f"{declared.name}.csv"
            frame.to_csv(csv, index=False, lineterminator="\n")
            tex = self.shelf.latex(frame, declared.name, declared.caption)
            shown = exhibits.table(frame, declared.label, declared.caption)
            shown = f"{shown}\n\n{self.shelf.links([('CSV', csv), ('LaTeX', tex)])}"
            long = f"{len(frame)} numbers" if len(frame) > exhibits.LONG else ""
            output.data["text/markdown"] = exhibits.folded(shown, declared.fold or long)

    def _quoted(self) -> None:
        """Keep the values that other pages quote."""
        names, wanted = list(self.run.chapter.values), list(self.run.chapter.values.values())
        replies = self.ask(*wanted) if wanted else []
        for name, expression, reply in zip(names, wanted, replies, strict=True):
            text = roles.value(expression, reply)
            tier = self.run.tier(self.rests.of(expression))
            row = {"name": name, "expression": expression, "nth": 1, "text": text, "tier": tier}
            self.run.keep("values.csv", row)

    def _own(self, call: str) -> list[str]:
        """Ask the kernel for a list that this project's own functions keep."""
        [reply] = self.ask(_in_kernel("session", call))
        return ast.literal_eval(reply["data"]["text/plain"]) if reply["status"] == "ok" else []


def _in_kernel(module: str, call: str) -> str:
    return f"__import__('lib.book.{module}', fromlist=['x']).{call}"


def _says_something(output) -> bool:
    data = output.get("data", {})
    return output.output_type == "stream" or (
        bool(SHOWN & set(data)) and "text/markdown" not in data
    )


def in_order(cells: list) -> list:
    """Put the cells tagged `answer` behind the first one, which asks the question."""
    answer = [c for c in cells if "answer" in c.metadata.get("tags", [])]
    rest = [c for c in cells if "answer" not in c.metadata.get("tags", [])]
    return [*rest[:1], *answer, *rest[1:]]
