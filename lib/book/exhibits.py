"""Figures and tables of a run, as numbered exhibits with caption, source and downloads.

What a cell showed is written to the run's *live* folder. `make replicate` copies the live folder of
a run on the original data to `data/replicated/`; a build on the sample then shows both. Recorded
results stand beside a run's own only where its parameters are the recorded ones.
"""

import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path

import pandas as pd

from lib import data, paths
from lib.book import chapters, display, downloads
from lib.errors import BookError

STANDS_IN = {"sample", "absent"}
LONG = 30
"""Rows above which a comparison is folded."""
KINDS = {"figure": "fig", "table": "tbl"}


@dataclass
class Run:
    """One run of a chapter: its parameters, its data, and the folder for what it leaves.

    Attributes
    ----------
    live : Path or None
        ``None`` where nothing is kept, as when papermill is called directly.
    parameters : dict
        The value of every parameter.
    """

    chapter: chapters.Chapter
    live: Path | None
    parameters: dict
    rows: dict[str, list[dict]] = field(default_factory=dict)

    @cached_property
    def provenance(self) -> dict[str, data.Provenance]:
        return {key: data.provenance(key) for key in self.chapter.datasets}

    @property
    def recorded(self) -> bool:
        """Whether the parameters are those of the record."""
        return self.parameters == {p.name: p.default for p in self.chapter.parameters}

    def made_up(self, keys) -> bool:
        """Tell whether any of these datasets is the sample world in this run."""
        unknown = set(keys) - set(self.provenance)
        if unknown:
            name = self.chapter.path.name
            raise BookError(f"{name} loads {', '.join(sorted(unknown))} but does not declare it.")
        return any(self.provenance[key].tier in STANDS_IN for key in keys)

    def tier(self, keys) -> str:
        return "sample" if self.made_up(keys) else "original"

    def source(self, keys) -> str:
        """Return the source line of an exhibit: each dataset, or the made-up world."""
        names = []
        for key in sorted(keys, key=self.chapter.datasets.index):
            real = self.provenance[key].tier not in STANDS_IN
            names.append(data.catalogue()[key].short if real else "the *made-up* world")
        return f"Data: {'; '.join(dict.fromkeys(names))}." if names else ""

    def keep(self, file: str, row: dict) -> None:
        """Add a row to one of the run's files."""
        self.rows.setdefault(file, []).append(row)

    def write(self) -> None:
        """Write the run's files."""
        for file, rows in self.rows.items() if self.live else ():
            pd.DataFrame(rows).to_csv(self.live / file, index=False, lineterminator="\n")

    def record(self, file: str) -> pd.DataFrame:
        """Return what was recorded in a file; empty where the run's parameters are others."""
        path = paths.REPLICATED / self.chapter.name / file
        if not (self.recorded and path.is_file()):
            return pd.DataFrame()
        return pd.read_csv(path, dtype=str, keep_default_na=False)


@dataclass(frozen=True)
class Exhibit:
    """A figure or table that a cell declares in its metadata, and what the cell showed.

    Attributes
    ----------
    kind : {"figure", "table"}
    label : str
        What the text refers to, such as ``fig-11-world-series``.
    """

    kind: str
    label: str
    caption: str
    alt: str = ""
    fold: str = ""

    @property
    def name(self) -> str:
        return self.label.split("-", 2)[2]


def declared(cell, chapter: chapters.Chapter) -> Exhibit | None:
    """Return the exhibit that a cell's metadata declare; refuse one without name or caption."""
    meta = cell.metadata
    figure, table = meta.get("mystnb", {}).get("figure"), meta.get("table")
    if not figure and not table:
        return None
    kind, said = ("figure", figure) if figure else ("table", table)
    alt = meta.get("mystnb", {}).get("image", {}).get("alt", "")
    label = said.get("name", "")
    start = f"{KINDS[kind]}-{chapter.number}-"
    if not (label.startswith(start) and said.get("caption")) or (figure and not alt):
        raise BookError(
            f"{chapter.path.name}: the {kind} {label!r} needs a name that begins with {start}, "
            "a caption and, as a figure, alternative text."
        )
    return Exhibit(kind, label, " ".join(said["caption"].split()), alt, said.get("fold", ""))


class Shelf:
    """Where a run's exhibits are made: files into its live folder, MyST and HTML for its cells."""

    def __init__(self, run: Run):
        self.run = run
        self.recorded = paths.REPLICATED / run.chapter.name
        if run.live:
            (run.live / downloads.FOLDER).mkdir(parents=True, exist_ok=True)

    def output(self, exhibit: Exhibit, bundle: dict, keys) -> dict:
        """Return what a cell shows in the place of a figure or table: MyST and HTML.

        Parameters
        ----------
        bundle : dict
            Content type → content, as the kernel sent it.
        keys : set of str
            Datasets that the exhibit rests on.
        """
        source = self.run.source(keys)
        caption = f"{exhibit.caption} {source}".strip()
        if exhibit.kind == "figure":
            content = _image(bundle)
            inner = f'<img alt="{escape(exhibit.alt)}" src="{_uri(*content)}">'
        else:
            inner = bundle["text/html"]
        html = figure(inner, caption)
        if not self.run.live:
            return {"text/html": html}
        row = self._keep(exhibit, bundle, keys)
        return {"text/markdown": self._tabs(row, exhibit.fold), "text/html": html}

    # -- files -----------------------------------------------------------------------------------

    def _keep(self, exhibit: Exhibit, bundle: dict, keys) -> dict:
        """Write an exhibit to the live folder and note it in the manifest."""
        live, formats = self.run.live, "{}"
        if exhibit.kind == "figure":
            kind, content = _image(bundle)
            path = live / f"{exhibit.name}.{kind}"
            path.write_bytes(content)
            if kind == "png":  # the vectors weigh too much for a page
                vectors = live / downloads.FOLDER / f"{exhibit.name}.svg"
                vectors.write_text(bundle["image/svg+xml"], encoding="utf-8")
        else:
            path, table = live / f"{exhibit.name}.csv", bundle[display.TABLE]
            path.write_text(table["csv"], encoding="utf-8")
            formats = json.dumps(table["formats"])
        row = {
            "kind": exhibit.kind,
            "name": exhibit.name,
            "file": path.name,
            "caption": exhibit.caption,
            "alt": exhibit.alt,
            "formats": formats,
            "data": "; ".join(sorted(keys, key=self.run.chapter.datasets.index)),
            "tier": self.run.tier(keys),
            "source": self.run.source(keys),
        }
        self.run.keep("exhibits.csv", row)
        return row

    # -- MyST ------------------------------------------------------------------------------------

    def _tabs(self, row: dict, fold: str) -> str:
        """Return the MyST of an exhibit, the recorded one first where this run has the sample."""
        live = (self.run.live, f"_live/{self.run.chapter.name}")
        kept = self.run.record("exhibits.csv")
        if len(kept):
            kept = kept[(kept["kind"] == row["kind"]) & (kept["name"] == row["name"])]
        real = len(kept) and kept["tier"].iloc[0] == "original"
        if row["tier"] == "original" or not real:
            return folded(self._directive(row, *live, named=True), fold)
        stamp = json.loads((self.recorded / "stamp.json").read_text())
        place = (self.recorded, f"../data/replicated/{self.run.chapter.name}")
        first = folded(self._directive(kept.iloc[0], *place, named=True), fold)
        second = folded(self._directive(row, *live, named=False), fold)
        return (
            "::::::{tab-set}\n"
            f":::::{{tab-item}} On originals, {stamp['date']}\n{first}\n:::::\n"
            f":::::{{tab-item}} This build, made-up world\n{second}\n:::::\n::::::"
        )

    def _directive(self, row, folder: Path, url: str, named: bool) -> str:
        """Return the MyST of an exhibit and its downloads; only the named of a pair is numbered."""
        caption = f"{row['caption']} {row['source']}".strip()
        path, name = folder / row["file"], f"{self.run.chapter.number}-{row['name']}"
        stem = row["name"] if folder == self.run.live else f"{row['name']}-recorded"
        if row["kind"] == "table":
            text = path.read_text(encoding="utf-8")
            body = display.formatted(text, json.loads(row["formats"]))
            links = [("CSV", path), ("LaTeX", self.latex(body, stem, caption))]
            shown = table(body, f"tbl-{name}" if named else "", caption)
            return f"{shown}\n\n{self.links(links)}"
        alt = " ".join(row["alt"].split())  # an option is one line
        options = f":alt: {alt}\n:width: 100%\n"
        shown = f"```{{image}} {url}/{row['file']}\n{options}```\n\n{caption}"
        if named:
            head = f"```{{figure}} {url}/{row['file']}\n:name: fig-{name}\n"
            shown = f"{head}{options}\n{caption}\n```"
        extra = self.run.live / downloads.FOLDER
        vectors = path if path.suffix == ".svg" else extra / f"{stem}.svg"
        links = [("SVG", vectors)] if vectors.is_file() else []
        bitmap = path if path.suffix == ".png" else extra / f"{stem}.png"
        links.append(("PNG", bitmap if bitmap == path else downloads.png(path, bitmap)))
        return f"{shown}\n\n{self.links(links)}"

    def latex(self, frame: pd.DataFrame, stem: str, caption: str) -> Path:
        path = self.run.live / downloads.FOLDER / f"{stem}.tex"
        label = f"tbl-{self.run.chapter.number}-{stem}"
        path.write_text(downloads.latex(frame, alignment(frame), caption, label), encoding="utf-8")
        return path

    def links(self, files: list[tuple[str, Path]]) -> str:
        """Return the line below an exhibit that offers its files."""
        roots = {self.run.live: f"_live/{self.run.chapter.name}"}
        roots[self.recorded] = f"../data/replicated/{self.run.chapter.name}"
        links = []
        for kind, path in files:
            root = next(root for root in roots if path.is_relative_to(root))
            links.append(
                f"{{download}}`{kind} <{roots[root]}/{path.relative_to(root).as_posix()}>`"
            )
        return f":::{{container}} downloads\n{' · '.join(links)}\n:::"


def figure(inner: str, caption: str) -> str:
    """Return an exhibit as HTML; marks of emphasis, which only MyST reads, are left out."""
    plain = escape(re.sub(r"[*\\]", "", caption))
    return f"<figure>{inner}<figcaption>{plain}</figcaption></figure>"


def _image(bundle: dict) -> tuple[str, bytes]:
    """Return the kind and the content of a figure: the bitmap where there is one."""
    if "image/png" in bundle:
        return "png", b64decode(bundle["image/png"])
    return "svg", bundle["image/svg+xml"].encode()


def _uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind.replace('svg', 'svg+xml')};base64,{b64encode(content).decode()}"


def table(frame: pd.DataFrame, name: str, caption: str) -> str:
    """Return the MyST directive of a table; without a name it is not numbered.

    Cells may hold Markdown; what would end a cell or open HTML is escaped.
    """
    frame = frame.map(lambda cell: str(cell).replace("|", r"\|").replace("<", "&lt;"))
    text = frame.to_markdown(index=False, disable_numparse=True, colalign=alignment(frame))
    if not name:
        return f"{caption}\n\n{text}"
    return f":::{{table}} {caption}\n:name: {name}\n\n{text}\n:::"


def folded(markdown: str, title: str) -> str:
    return f"::::{{dropdown}} {title}\n{markdown}\n::::" if title else markdown


def alignment(frame: pd.DataFrame) -> list[str]:
    """Right-align the columns of numbers."""

    def numeric(column) -> bool:
        cells = [c.replace(",", "").rstrip("%").strip() for c in column if c not in ("", "–")]
        return bool(cells) and all(c.lstrip("+-−").replace(".", "", 1).isdigit() for c in cells)

    return ["right" if numeric(frame[c]) else "left" for c in frame]
