"""Pages that stand alone in one file: Markdown of a chapter, its mathematics and its exhibits.

Problem sheets and slides are made of these parts. Such a file needs no network and no file beside
it, so it can be mailed or printed; the book itself is rendered by Jupyter Book.
"""

import json
import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

import pandas as pd
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pybtex.database import parse_file

from lib import paths
from lib.book import display
from lib.errors import BookError

ROLE = re.compile(r"\{([a-z:-]+)\}`([^`]+)`")
TITLED = re.compile(r"\s*(.*?)\s*<[^<>]*>\s*")
OPTIONS = re.compile(r"(:[\w-]+:[^\n]*(\n|$))*\n*")
GATE = re.compile(r"\s*(?:`{3,}|:{3,})\{(exercise|solution)-(start|end)\}\s*(.*)")
EQUATION = re.compile(r"(?ms)^\$\$\s*\n?(.*?)\n?\$\$ *\(([\w:-]+)\)")
TABLE = """<div class="scroll" tabindex="0" role="region" aria-label="{label}">{table}</div>"""


# -- what a notebook holds -----------------------------------------------------------------------


@dataclass(frozen=True)
class Exercise:
    """An exercise as written, with its solution."""

    label: str
    title: str
    text: str
    solution: str


def exercises(notebook) -> list[Exercise]:
    """Return the exercises of a chapter in order; code cells inside one are quoted.

    Raises
    ------
    BookError
        If an exercise has no label, or a solution names no exercise.
    """
    texts, titles, solutions = {}, {}, {}
    into = None  # the list of lines that we are filling
    for cell in notebook.cells:
        if cell.cell_type == "code":
            lines = ["```python", *cell.source.splitlines(), "```"]
        else:
            lines = cell.source.splitlines()
        place = 0
        while place < len(lines):
            gate = GATE.match(lines[place]) if cell.cell_type == "markdown" else None
            if gate:
                head, place = _head(lines, place)
                kind, side, argument = gate.groups()
                into = None
                if side == "start" and kind == "exercise":
                    label = head.get("label")
                    if not label:
                        raise BookError(f"An exercise has no label: {lines[place - 1]!r}.")
                    into = texts.setdefault(label, [])
                    titles[label] = argument
                elif side == "start":
                    into = solutions.setdefault(argument.strip(), [])
            elif into is not None:
                into.append(lines[place])
            place += 1
    strangers = set(solutions) - set(texts)
    if strangers:
        raise BookError(f"A solution names no exercise of its chapter: {', '.join(strangers)}.")
    return [
        Exercise(k, titles[k], "\n".join(texts[k]).strip(), "\n".join(solutions.get(k, [])).strip())
        for k in texts
    ]


def _head(lines: list[str], place: int) -> tuple[dict, int]:
    """Read the options of the directive at `place`; return them and the line that closes it."""
    options, fence = {}, re.match(r"\s*([`:]{3,})", lines[place])[1]
    for end in range(place + 1, len(lines)):
        if lines[end].strip() == fence:
            return options, end
        _, name, value = lines[end].split(":", 2)
        options[name] = value.strip()
    raise BookError(f"A directive does not end: {lines[place]!r}.")


def equations(notebook) -> dict[str, str]:
    """Return label → LaTeX of the chapter's numbered equations, in order."""
    text = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    return {label: latex for latex, label in EQUATION.findall(text)}


def exhibits(live: Path) -> pd.DataFrame:
    """Return the manifest of the figures and tables that a run kept."""
    path = live / "exhibits.csv"
    columns = ["kind", "name", "file", "caption", "alt", "formats", "tier", "source"]
    return (
        pd.read_csv(path, dtype=str).fillna("") if path.is_file() else pd.DataFrame(columns=columns)
    )


def values(live: Path) -> pd.DataFrame:
    """Return the values that a run put into its text, in order: expression, text and tier."""
    path = live / "values.csv"
    columns = ["name", "expression", "nth", "text", "tier"]
    if not path.is_file():
        return pd.DataFrame(columns=columns)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    return rows[rows["name"] == ""]


@cache
def _references() -> dict[str, tuple[str, str]]:
    """Return key → (names, year) of the references, as a text cites them."""
    entries = parse_file(str(paths.BOOK / "references.bib"), "bibtex").entries

    def names(entry) -> str:
        people = [" ".join(p.prelast_names + p.last_names) for p in entry.persons.get("author", [])]
        return " and ".join(people) if len(people) < 3 else f"{people[0]} et al."

    return {k: (names(e) or e.fields.get("title", k), e.fields["year"]) for k, e in entries.items()}


def _reference(key: str) -> tuple[str, str]:
    if key not in _references():
        raise BookError(f"The text cites {key!r}, which is not among the references.")
    return _references()[key]


# -- Markdown to HTML ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """One run of a chapter, as a source of HTML."""

    notebook: dict
    live: Path

    def html(self, text: str) -> str:
        """Render the Markdown of a chapter: roles become text, directives become boxes."""
        numbers = {label: n for n, label in enumerate(equations(self.notebook), 1)}
        names = self.numbered()

        def role(match) -> str:
            name, target = match[1], match[2]
            titled = TITLED.fullmatch(target)
            if name == "eq":
                if target not in numbers:
                    raise BookError(f"The text names an equation {target!r}, which is not there.")
                return f"({numbers[target]})"
            if name.startswith("cite"):
                told = [_reference(key.strip()) for key in target.split(",")]
                if name == "cite:p":
                    return "(" + "; ".join(f"{who}, {year}" for who, year in told) + ")"
                return ", ".join(f"{who} ({year})" for who, year in told)
            return titled[1] if titled else names.get(target, target)

        def numbered(match) -> str:
            return f"$$\n{match[1]} \\tag{{{numbers[match[2]]}}}\n$$"

        return _markdown().render(ROLE.sub(role, EQUATION.sub(numbered, text)))

    def numbered(self) -> dict[str, str]:
        """Return the name of each exhibit → what the page calls it."""
        chapter, told = self.live.name[:2], {}
        manifest = exhibits(self.live)
        for kind, short, word in (("figure", "fig", "Figure"), ("table", "tbl", "Table")):
            names = manifest.loc[manifest["kind"] == kind, "name"]
            told |= {f"{short}-{chapter}-{n}": f"{word} {i}" for i, n in enumerate(names, 1)}
        return told

    def equations(self, text: str) -> str:
        """Show the numbered equations that `text` refers to."""
        known = equations(self.notebook)
        wanted = {match[2] for match in ROLE.finditer(text) if match[1] == "eq"}
        shown = [
            f'<div class="math">\\[{escape(latex)} \\tag{{{number}}}\\]</div>'
            for number, (label, latex) in enumerate(known.items(), 1)
            if label in wanted
        ]
        return "\n".join(shown)

    def exhibit(self, row, rows: int | None = None) -> str:
        """Show one figure or table of the run with its caption and source; at most some `rows`."""
        short = "fig" if row.kind == "figure" else "tbl"
        number = self.numbered()[f"{short}-{self.live.name[:2]}-{row.name}"]
        caption = f"<b>{number}.</b> " + self.html(f"{row.caption} {row.source}").strip()
        caption = caption.replace("<p>", "").replace("</p>", "")
        path = self.live / row.file
        if row.kind == "figure":
            kind = {".svg": "svg+xml", ".png": "png"}[path.suffix]
            content = b64encode(path.read_bytes()).decode()
            body = f'<img alt="{escape(row.alt)}" src="data:image/{kind};base64,{content}">'
        else:
            text = path.read_text(encoding="utf-8")
            frame = display.formatted(text, json.loads(row.formats))
            table = frame.iloc[:rows].to_html(index=False, border=0)
            body = TABLE.format(label=escape(number), table=table)
            if rows and len(frame) > rows:
                body += f'<p class="more">The first {rows} of {len(frame)} rows.</p>'
        return f"<figure>{body}<figcaption>{caption}</figcaption></figure>"


@cache
def _markdown() -> MarkdownIt:
    """Return the reader of MyST that these pages need."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.use(dollarmath_plugin, allow_labels=True, renderer=_math).use(colon_fence_plugin)
    reader.add_render_rule("fence", _fence)
    reader.add_render_rule("colon_fence", _fence)
    return reader


def _math(content: str, options: dict) -> str:
    left, right = (r"\[", r"\]") if options["display_mode"] else (r"\(", r"\)")
    return f"{left}{escape(content.strip())}{right}"


def _fence(renderer, tokens, place, options, env) -> str:
    """Show a directive as a box with its title, and code as code."""
    token = tokens[place]
    named = re.match(r"\{([\w:-]+)\}\s*(.*)", token.info.strip())
    if not named or named[1] in ("code", "code-block", "code-cell", "literalinclude"):
        return f"<pre><code>{escape(token.content)}</code></pre>\n"
    body = OPTIONS.sub("", token.content, count=1)
    if named[1] == "math":
        return f"<p>\\[{escape(body.strip())}\\]</p>\n"
    title = named[2] or named[1].capitalize()
    return f'<div class="box"><p><b>{escape(title)}</b></p>{_markdown().render(body)}</div>\n'


# -- one file ------------------------------------------------------------------------------------


def document(title: str, style: str, body: str, script: str = "") -> str:
    """Return one HTML file; mathematics is set by MathJax, shipped inside where it is needed."""
    folder = Path(__file__).parent
    scripts = script
    if r"\(" in body or r"\[" in body:
        mathjax = Path(str(files("mathjax"))) / "static" / "mathjax" / "es5" / "tex-svg.js"
        settings = 'window.MathJax = {options: {enableMenu: false}, svg: {fontCache: "local"}};'
        code = mathjax.read_text(encoding="utf-8").replace("</script", "<\\/script")
        scripts += f"</script><script>{settings}</script><script>{code}"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        f"<style>{(folder / f'{style}.css').read_text(encoding='utf-8')}</style></head>"
        f"<body>{body}<script>{scripts}</script></body></html>\n"
    )
