"""What a chapter calls while it runs: banner, figures, tables, values in the text, records.

Everything a chapter shows is also written to its *live* folder. `make replicate` copies the live
folder of a run on the original data to `data/replicated/`; a build on the sample then shows both.
"""

import json
import os
import tempfile
from base64 import b64encode
from html import escape
from pathlib import Path

import pandas as pd
from IPython import get_ipython
from IPython.display import display
from myst_nb import glue

from lib import data, paths
from lib.book import chapters, downloads, replication, style
from lib.book import display as show
from lib.errors import BookError, Refused

STANDS_IN = {"sample", "absent"}
LONG = 30
"""Rows above which a comparison is folded."""


def start(name: str) -> "Session":
    """Open a chapter: set the house style and read its front matter."""
    style.use()
    if shell := get_ipython():
        show.register(shell)
    return Session(chapters.find(name))


class Session:
    """A running chapter."""

    def __init__(self, chapter: chapters.Chapter):
        self.chapter = chapter
        self.live = Path(os.environ.get("GVC_BOOK_LIVE") or tempfile.mkdtemp(prefix="gvc-book-"))
        self.downloads = self.live / downloads.FOLDER
        self.downloads.mkdir(parents=True, exist_ok=True)
        self.recorded = paths.REPLICATED / chapter.name
        self.provenance = {key: data.provenance(key) for key in chapter.datasets}
        self._rows: dict[str, list[dict]] = {}

    # -- where the numbers come from -------------------------------------------------------------

    def tier(self, keys) -> str:
        """Return "sample" if any of these datasets is one, else "original"."""
        unknown = set(keys) - set(self.provenance)
        if unknown:
            raise BookError(f"{self.chapter.path.name} uses {unknown} but does not declare it.")
        return "sample" if any(self.provenance[k].tier in STANDS_IN for k in keys) else "original"

    def source(self, keys) -> str:
        """Return the source line of an exhibit: each dataset with its tier; none for no data."""
        parts = []
        for key in keys:
            p = self.provenance[key]
            name = data.catalogue()[key].short
            parts.append("the *sample* world" if p.tier in STANDS_IN else name)
        return f"Data: {'; '.join(dict.fromkeys(parts))}." if parts else ""

    def banner(self) -> None:
        """Show for each dataset of the chapter whether this build reads originals or the sample."""
        rows = [
            {
                "dataset": p.title,
                "this build": f"*{p.tier}*" if p.tier in STANDS_IN else p.tier,
                "version": p.version,
                "sha-256": f"`{p.sha256}`" if p.sha256 else "",
            }
            for p in self.provenance.values()
        ]
        stand_ins = sum(p.tier in STANDS_IN for p in self.provenance.values())
        if stand_ins == 0:
            head = "Every number below is computed from original data"
        elif stand_ins == len(rows):
            head = "This build computes on the *sample* world; recorded results come first"
        else:
            head = f"{stand_ins} of {len(rows)} datasets are the *sample* world in this build"
        body = pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)
        self._show(
            f":::{{admonition}} {head}\n:class: note dropdown data-banner\n\n{body}\n:::", body
        )

    def opening(self) -> None:
        """Show what to know before, what to learn, how long it takes, and a Chinese abstract."""
        goals = [f"- {goal}" for goal in self.chapter.goals]
        needs = [_link(need) for need in self.chapter.needs]
        took = replication.seconds(self.chapter)
        lines = [
            *["Afterwards you can", "", *goals, ""],
            *([f"Read or know before: {', '.join(needs)}.", ""] if needs else []),
            f"To read: about {self.chapter.minutes_to_read} minutes."
            + (f" To run: {_duration(took)} on the machine that made the record." if took else ""),
        ]
        body, chinese = "\n".join(lines), self.chapter.abstract_zh
        self._show(
            f":::{{admonition}} Before you start\n:class: note dropdown toggle-shown\n\n{body}\n:::"
            f"\n\n:::{{admonition}} 摘要\n:class: note dropdown language-zh\n\n{chinese}\n:::",
            f'<pre>{escape(body)}</pre><p lang="zh">{chinese}</p>',
        )

    # -- exhibits --------------------------------------------------------------------------------

    def figure(self, fig, name: str, *, caption: str, alt: str, data) -> None:
        """Show a figure with caption, alternative text and source line, and keep it."""
        path = style.save(fig, self.live / name, vectors=self.downloads)
        row = self._keep_exhibit("figure", name, path.name, caption, data, alt=alt)
        kind = {".svg": "svg+xml", ".png": "png"}[path.suffix]
        content = b64encode(path.read_bytes()).decode()
        html = f'<img alt="{escape(alt)}" src="data:image/{kind};base64,{content}">'
        self._exhibit(row, html)

    def table(
        self, frame: pd.DataFrame, name: str, *, caption: str, data, formats=None, fold: str = ""
    ) -> None:
        """Show a table with caption and source line, and keep it at full precision.

        Parameters
        ----------
        formats : dict, optional
            Column → format string, e.g. ``{"gap (km)": "{:,.0f}"}``.
        fold : str
            Title under which a long table is folded away until a reader asks for it.
        """
        frame.to_csv(self.live / f"{name}.csv", index=False, lineterminator="\n")
        row = self._keep_exhibit(
            "table", name, f"{name}.csv", caption, data, formats=json.dumps(formats or {})
        )
        html = formatted(self.live / f"{name}.csv", formats or {}).to_html(index=False)
        self._exhibit(row, html, fold)

    def value(self, name: str, value, fmt: str = "{}", *, data) -> None:
        """Glue a computed value for use in the text.

        The text quotes the recorded result on original data where this build has only the sample.
        """
        tier = self.tier(data)
        text = fmt.format(value)
        text = text if isinstance(value, str) else text.replace("-", "−")
        self._keep("values.csv", {"name": name, "text": text, "tier": tier})
        if tier == "sample":
            kept = self._recorded("values.csv", name=name)
            real = kept is not None and kept["tier"] == "original"
            text = kept["text"] if real else f"{text} (sample)"
        glue(name, text, display=False)

    def interactive(self, template: str, values: dict) -> None:
        """Show a page part that a reader can play with; it needs no network and no file beside it.

        Parameters
        ----------
        template : str
            Name of an HTML file of this room, which holds ``__DATA__`` where its data go. Its
            script shows it; where scripts are off nothing is shown, so put a figure before it.
        values : dict
            What the script reads, as JSON.
        """
        html = (Path(__file__).parent / f"{template}.html").read_text(encoding="utf-8")
        content = json.dumps(values, separators=(",", ":")).replace("</", "<\\/")
        display({"text/html": html.replace("__DATA__", content)}, raw=True)

    # -- the scoreboard --------------------------------------------------------------------------

    def record(
        self,
        item: str,
        row: str,
        column: str,
        stat: str,
        value: float,
        *,
        data,
        sample: str,
        cell: str,
        difference: str = "",
        diagnosis: str = "",
        se: float | None = None,
        n: int | None = None,
        significant: bool | None = None,
    ) -> None:
        """Put one of our numbers beside the published one with the same key.

        Parameters
        ----------
        sample : {"same", "nearest", "different"}
            How far our units, years and specification are the paper's.
        cell : str
            Name of the exhibit that shows the number.
        difference : str
            What sets our sample apart; required unless it is the same.
        diagnosis : str
            One sentence on why the numbers part; required where they differ.
        """
        if sample not in replication.SAMPLES or (sample != "same" and not difference):
            raise BookError(f"record {item}/{row}: a {sample!r} sample must name its difference.")
        target = replication.lookup(self.chapter.paper, item, row, column, stat)
        tier = self.tier(data)
        if tier == "sample":
            status = "needs data"
            difference = "needs " + ", ".join(
                k for k in data if self.provenance[k].tier in STANDS_IN
            )
        else:
            status = replication.status(
                float(value),
                target["value"],
                stat=stat,
                unit=target["unit"],
                published_se=replication.published_se(target),
                stars=target["stars"] if stat == "coef" else None,
                significant=significant,
            )
        if status == "differs" and not diagnosis:
            raise BookError(f"record {item}/{row}/{column}: differs without a diagnosis.")
        self._keep(
            "numbers.csv",
            dict(zip(replication.KEY, target[replication.KEY], strict=True))
            | {
                "value": float(value),
                "se": se,
                "n": n,
                "status": status,
                "sample": sample,
                "difference": difference,
                "diagnosis": diagnosis if status == "differs" else "",
                "data": "; ".join(f"{k} {self.provenance[k].sha256}" for k in data),
                "tier": tier,
                "chapter": str(self.chapter.number),
                "cell": cell,
            },
        )

    def tally(self) -> pd.Series:
        """Count what this chapter recorded so far, by status."""
        rows = pd.DataFrame(self._rows.get("numbers.csv", []), columns=replication.NUMBER_COLUMNS)
        return rows["status"].value_counts().reindex(replication.STATUSES, fill_value=0)

    def compare(self, name="", *, caption="", items=None, statuses=tuple(replication.STATUSES)):
        """Show what this chapter recorded so far: published, recorded, this build, status.

        Parameters
        ----------
        statuses : sequence of str
            Show only numbers with one of these; a chapter with hundreds of numbers shows those
            that part from the paper's and leaves the rest to the scoreboard.
        """
        if not caption:
            return None
        live = pd.DataFrame(self._rows["numbers.csv"]).drop(columns="chapter")
        kept = replication.recorded()[[*replication.KEY, "value", "tier", "status"]]
        board = replication.published().merge(live, on=replication.KEY, suffixes=("", "_live"))
        board = board.merge(kept, on=replication.KEY, how="left", suffixes=("", "_recorded"))
        rows = []
        for row in board.to_dict("records"):
            real, known = row["tier"] == "original", row["tier_recorded"] == "original"
            live_text = replication.as_printed(row["value_live"], row["value"])
            kept_text = replication.as_printed(row["value_recorded"], row["value"])
            rows.append(
                {
                    "number": replication.label(row),
                    "published": f"{row['value']} {row['unit'].replace('_', ' ')}",
                    "recorded": kept_text if known else "–",
                    "this build": live_text if real else f"{live_text} (sample)",
                    "status": row["status_recorded"] if known and not real else row["status"],
                    "sample": row["sample"],
                    "remark": row["diagnosis"] or row["difference"],
                }
            )
        shown = pd.DataFrame(rows)
        shown = shown[shown["status"].isin(statuses)]
        label = f"tbl-{self.chapter.number}-{name}"
        kept = self.downloads / f"{name}.csv"
        shown.to_csv(kept, index=False, lineterminator="\n")
        links = [("CSV", kept), ("LaTeX", self._latex(shown, name, caption))]
        table = f"{_table(shown, label, caption)}\n\n{self._links(links)}"
        fold = f"{len(shown)} numbers" if len(shown) > LONG else ""
        self._show(_folded(table, fold), shown.to_html())

    # -- keeping and showing ---------------------------------------------------------------------

    def _keep(self, file: str, row: dict) -> None:
        rows = self._rows.setdefault(file, [])
        rows.append(row)
        pd.DataFrame(rows).to_csv(self.live / file, index=False, lineterminator="\n")

    def _keep_exhibit(self, kind, name, file, caption, keys, *, alt="", formats="{}") -> dict:
        row = {
            "kind": kind,
            "name": name,
            "file": file,
            "caption": caption,
            "alt": alt,
            "formats": formats,
            "data": "; ".join(keys),
            "tier": self.tier(keys),
            "source": self.source(keys),
        }
        self._keep("exhibits.csv", row)
        return row

    def _recorded(self, file: str, **key: str) -> pd.Series | None:
        """Return the recorded row with these values; a figure and a table may share a name."""
        path = self.recorded / file
        if not path.is_file():
            return None
        rows = pd.read_csv(path, dtype=str).fillna("")
        rows = rows[(rows[list(key)] == pd.Series(key)).all(axis=1)]
        return rows.iloc[0] if len(rows) else None

    def _exhibit(self, row: dict, html: str, fold: str = "") -> None:
        live = (self.live, f"_live/{self.chapter.name}")
        recorded = self._recorded("exhibits.csv", kind=row["kind"], name=row["name"])
        if row["tier"] == "original" or recorded is None or recorded["tier"] != "original":
            self._show(_folded(self._directive(row, *live, named=True), fold), html)
            return
        stamp = json.loads((self.recorded / "stamp.json").read_text())
        kept = (self.recorded, f"../data/replicated/{self.chapter.name}")
        first = _folded(self._directive(recorded, *kept, named=True), fold)
        second = _folded(self._directive(row, *live, named=False), fold)
        self._show(
            "::::::{tab-set}\n"
            f":::::{{tab-item}} On originals, {stamp['date']}\n{first}\n:::::\n"
            f":::::{{tab-item}} This build, sample\n{second}\n:::::\n::::::",
            html,
        )

    def _directive(self, row, folder: Path, url: str, named: bool) -> str:
        """Return the MyST of an exhibit and its downloads; only the named of a pair is numbered."""
        caption = f"{row['caption']} {row['source']}".strip()
        path, name = folder / row["file"], f"{self.chapter.number}-{row['name']}"
        stem = row["name"] if folder == self.live else f"{row['name']}-recorded"
        if row["kind"] == "table":
            body = formatted(path, json.loads(row["formats"]))
            links = [("CSV", path), ("LaTeX", self._latex(body, stem, caption))]
            shown = _table(body, f"tbl-{name}" if named else "", caption)
            return f"{shown}\n\n{self._links(links)}"
        options = f":alt: {row['alt']}\n:width: 100%\n"
        shown = f"```{{image}} {url}/{row['file']}\n{options}```\n\n{caption}"
        if named:
            head = f"```{{figure}} {url}/{row['file']}\n:name: fig-{name}\n"
            shown = f"{head}{options}\n{caption}\n```"
        vectors = path if path.suffix == ".svg" else self.downloads / f"{stem}.svg"
        links = [("SVG", vectors)] if vectors.is_file() else []
        bitmap = path if path.suffix == ".png" else self.downloads / f"{stem}.png"
        links.append(("PNG", bitmap if bitmap == path else downloads.png(path, bitmap)))
        return f"{shown}\n\n{self._links(links)}"

    def _latex(self, frame: pd.DataFrame, stem: str, caption: str) -> Path:
        path = self.downloads / f"{stem}.tex"
        label = f"tbl-{self.chapter.number}-{stem}"
        path.write_text(downloads.latex(frame, _alignment(frame), caption, label), encoding="utf-8")
        return path

    def _links(self, files: list[tuple[str, Path]]) -> str:
        """Return the line below an exhibit that offers its files."""
        roots = {self.live: f"_live/{self.chapter.name}"}
        roots[self.recorded] = f"../data/replicated/{self.chapter.name}"
        links = []
        for kind, path in files:
            root = next(root for root in roots if path.is_relative_to(root))
            links.append(
                f"{{download}}`{kind} <{roots[root]}/{path.relative_to(root).as_posix()}>`"
            )
        return f":::{{container}} downloads\n{' · '.join(links)}\n:::"

    @staticmethod
    def _show(markdown: str, html: str) -> None:
        display({"text/markdown": markdown, "text/html": html}, raw=True)


def _link(need: int | str) -> str:
    """Name what to know before; a chapter with a link to it."""
    if isinstance(need, str):
        return need
    return f"{{doc}}`chapter {need} <{chapters.find(str(need)).name}>`"


def _duration(seconds: int) -> str:
    """Name a duration: seconds up to a minute and a half, minutes above."""
    return f"{seconds} seconds" if seconds <= 90 else f"{round(seconds / 60)} minutes"


def formatted(path: Path, formats: dict) -> pd.DataFrame:
    """Read a kept table and format its numbers for a reader; an empty cell stays empty."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column, fmt in formats.items():
        frame[column] = [fmt.format(float(cell)) if cell else "" for cell in frame[column]]
    return frame


def _table(frame: pd.DataFrame, name: str, caption: str) -> str:
    """Return the MyST directive of a table."""
    text = frame.to_markdown(index=False, disable_numparse=True, colalign=_alignment(frame))
    if not name:
        return f"{caption}\n\n{text}"
    return f":::{{table}} {caption}\n:name: {name}\n\n{text}\n:::"


def _folded(markdown: str, title: str) -> str:
    return f"::::{{dropdown}} {title}\n{markdown}\n::::" if title else markdown


def _alignment(frame: pd.DataFrame) -> list[str]:
    """Right-align the columns of numbers."""

    def numeric(column) -> bool:
        cells = [c.replace(",", "").rstrip("%").strip() for c in column if c not in ("", "–")]
        return bool(cells) and all(c.lstrip("+-−").replace(".", "", 1).isdigit() for c in cells)

    return ["right" if numeric(frame[c]) else "left" for c in frame]


def refuse(condition: object, sentence: str) -> None:
    """Refuse parameters that are legal one by one but make no sense together.

    Raises
    ------
    Refused
        With `sentence`, if the condition holds.
    """
    if condition:
        raise Refused(sentence)
