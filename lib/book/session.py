"""What a chapter calls while it runs: its opening, the published numbers beside ours, refusals.

Everything else that a reader sees is an ordinary output of a cell; see :mod:`lib.book.engine`.
"""

import ast
import importlib
import os
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd
from IPython import get_ipython
from IPython.display import display as show

from lib import paths
from lib.book import chapters, display, exhibits, replication, style
from lib.errors import Refused

COMPARE = "application/x.gvc-book.compare+json"
"""Content type of a comparison, which the engine makes after the last cell."""
ENGINE = "GVC_BOOK_ENGINE"
"""Set where the engine runs a chapter, which then fills in what a reader alone would compute."""


def start(name: str) -> "Session":
    """Open a chapter: check its parameters, set the house style, and show what it rests on.

    Raises
    ------
    BookError
        If papermill passed a parameter that the chapter does not have, or a value that is not
        legal.
    """
    chapter, shell = chapters.find(name), get_ipython()
    names = shell.user_ns if shell else {}
    parameters = chapter.check(_injected(names.get("In", [])))
    style.use()
    if shell:
        display.register(shell)
    parameters |= {p.name: names[p.name] for p in chapter.parameters if p.name in names}
    run = exhibits.Run(chapter, None, chapter.check(parameters))
    markdown = f"{_opening(chapter)}\n\n{_banner(run)}"
    show({"text/markdown": markdown, "text/html": _plain(run)}, raw=True)
    return Session(chapter)


def refuse(condition: object, sentence: str) -> None:
    """Refuse parameters that are legal one by one but make no sense together.

    Raises
    ------
    Refused
        With `sentence`, if the condition holds.
    """
    if condition:
        raise Refused(sentence)


@dataclass(frozen=True)
class Session:
    """A running chapter."""

    chapter: chapters.Chapter

    def _ipython_display_(self) -> None:
        """Show nothing where a cell ends with :func:`start`."""

    def compare(self, items=None, statuses=None) -> "Comparison":
        """Show what the chapter puts on record beside the published numbers.

        Parameters
        ----------
        items, statuses : sequence of str, optional
            Only numbers of these tables of the paper, and of these statuses.
        """
        return Comparison(self.chapter, items and list(items), statuses and list(statuses))


@dataclass(frozen=True)
class Comparison:
    """Published numbers and ours; the engine fills it in, and JupyterLab shows what is known."""

    chapter: chapters.Chapter
    items: list | None
    statuses: list | None

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        asked = {"items": self.items, "statuses": self.statuses}
        if os.environ.get(ENGINE):
            return {COMPARE: asked, "text/plain": "published and recomputed"}
        from lib.book import records

        rows = records.evaluate(self.chapter, get_ipython().user_ns)
        shown = [_beside(self.chapter, row) for row in rows]
        frame = pd.DataFrame(shown, columns=["item", "number", "published", "this run"])
        frame = frame[frame["item"].isin(self.items)] if self.items else frame
        html = frame.drop(columns="item").to_html(index=False, border=0)
        return {"text/html": html, "text/plain": frame.to_string(index=False)}


def _beside(chapter: chapters.Chapter, row: dict) -> dict:
    target = replication.lookup(chapter.paper, *row["key"])
    ours = replication.as_printed(row["value"], target["value"])
    return {
        "item": row["key"][0],
        "number": replication.label(target),
        "published": target["value"],
        "this run": ours,
    }


def _injected(history: list[str]) -> dict:
    """Return what papermill put into the notebook: the assignments of the last such cell."""
    cells = [code for code in history if code.startswith("# Parameters\n")]
    values = {}
    for node in ast.parse(cells[-1]).body if cells else ():
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = ast.literal_eval(node.value)
    return values


def modules() -> list[str]:
    """Return the files of this project that the running process has loaded, as paths below it."""
    found = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    files = [Path(file).resolve() for file in found if file]
    inside = [file for file in files if file.is_relative_to(paths.ROOT / "lib")]
    return sorted({file.relative_to(paths.ROOT).as_posix() for file in inside})


def loads() -> list[str]:
    """Return the keys of the datasets that were loaded since the last call of this function."""
    log = importlib.import_module("lib.data").LOADED
    keys = list(dict.fromkeys(log))
    log.clear()
    return keys


# -- the opening ---------------------------------------------------------------------------------


def _opening(chapter: chapters.Chapter) -> str:
    """Return what to know before, what to learn, how long it takes, and a Chinese abstract."""
    goals = [f"- {goal}" for goal in chapter.goals]
    needs = [_link(need) for need in chapter.needs]
    took = replication.seconds(chapter)
    lines = [
        *["Afterwards you can", "", *goals, ""],
        *([f"Read or know before: {', '.join(needs)}.", ""] if needs else []),
        f"To read: about {chapter.minutes_to_read} minutes."
        + (f" To run: {_duration(took)} on the machine that made the record." if took else ""),
    ]
    body = "\n".join(lines)
    return (
        f":::{{admonition}} Before you start\n:class: note dropdown toggle-shown\n\n{body}\n:::"
        f"\n\n:::{{admonition}} 摘要\n:class: note dropdown language-zh\n\n"
        f"{chapter.abstract_zh}\n:::"
    )


def _banner(run: exhibits.Run) -> str:
    """Return, for a reader, which parameters are not the book's, and which data are original."""
    rows = [
        {
            "dataset": p.title,
            "this build": f"*{p.tier}*" if p.tier in exhibits.STANDS_IN else p.tier,
            "version": p.version,
            "sha-256": f"`{p.sha256}`" if p.sha256 else "",
        }
        for p in run.provenance.values()
    ]
    table = pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)
    box = f":::{{admonition}} {_tiers(run)}\n:class: note dropdown data-banner\n\n{table}\n:::"
    if not run.provenance:
        box = ""
    if run.recorded:
        return box
    told = ", ".join(f"`{said}`" for said in _other(run))
    warning = (
        f"This run has {told}. Its text, figures and tables are its own; the book's recorded "
        "results are those of other parameters and are not shown."
    )
    head = ":::{admonition} Other parameters than the book's\n:class: warning"
    return f"{head}\n\n{warning}\n:::\n\n{box}"


def _other(run: exhibits.Run) -> list[str]:
    """Name the parameters of a run that are not the book's."""
    defaults = {p.name: p.default for p in run.chapter.parameters}
    return [
        f"{name}={value} (book: {defaults[name]})"
        for name, value in run.parameters.items()
        if value != defaults[name]
    ]


def _tiers(run: exhibits.Run) -> str:
    """Say in one line how many of a run's datasets are original."""
    stand_ins = sum(p.tier in exhibits.STANDS_IN for p in run.provenance.values())
    if not run.provenance:
        return "This chapter uses no data"
    if stand_ins == 0:
        return "Every number below is computed from original data"
    if stand_ins == len(run.provenance):
        head = "This build computes on a *made-up* world"
    else:
        head = f"{stand_ins} of {len(run.provenance)} datasets are a *made-up* world in this build"
    return f"{head}; recorded results come first" if run.recorded else head


def _plain(run: exhibits.Run) -> str:
    """Return the opening as JupyterLab shows it: one line each on data and on parameters."""
    lines = [_tiers(run).replace("; recorded results come first", "").replace("*", "")]
    if not run.recorded:
        lines.append(f"Other parameters than the book's: {', '.join(_other(run))}")
    return "".join(f"<p><b>{escape(line)}.</b></p>" for line in lines)


def _link(need: int | str) -> str:
    """Name what to know before; a chapter with a link to it."""
    if isinstance(need, str):
        return need
    return f"{{doc}}`chapter {need} <{chapters.find(str(need)).name}>`"


def _duration(seconds: int) -> str:
    """Name a duration: seconds up to a minute and a half, minutes above."""
    return f"{seconds} seconds" if seconds <= 90 else f"{round(seconds / 60)} minutes"
