"""What a cell of a chapter shows: a table at full precision, a figure in house style, a page part.

Each is an ordinary display of IPython, so it shows in JupyterLab as it stands. The engine finds the
full content in the output, and makes the numbered exhibit with caption and downloads of it.
"""

import io
import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import HTML
from matplotlib.figure import Figure
from PIL import Image

from lib.errors import BookError

TABLE = "application/x.gvc-book.table+json"
"""Content type of a table: its cells at full precision as CSV, and how to format them."""
LARGEST = 100_000
"""Bytes above which a figure is shown as a bitmap; its vectors are then a download."""


@dataclass(frozen=True)
class Table:
    """A table for readers; see :func:`table`."""

    frame: pd.DataFrame
    formats: dict[str, str] = field(default_factory=dict)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        csv = self.frame.to_csv(index=False, lineterminator="\n")
        shown = formatted(csv, self.formats)
        return {
            TABLE: {"csv": csv, "formats": self.formats},
            "text/html": shown.to_html(index=False, border=0),
            "text/plain": shown.to_string(index=False),
        }


def table(frame: pd.DataFrame, formats: dict[str, str] | str | None = None) -> Table:
    """Show a frame as a table for readers; its CSV keeps full precision.

    Parameters
    ----------
    frame : DataFrame
        Columns named as a reader should see them. The index is not shown.
    formats : dict or str, optional
        Column → format string, e.g. ``{"gap (km)": "{:,.0f}"}``; a single format string holds for
        every column of numbers.

    Raises
    ------
    BookError
        If a format names a column that is not there.
    """
    if isinstance(formats, str):
        formats = dict.fromkeys(frame.select_dtypes("number").columns, formats)
    strangers = set(formats or {}) - set(frame.columns)
    if strangers:
        raise BookError(f"A table has no column {', '.join(map(str, strangers))} to format.")
    return Table(frame, formats or {})


def formatted(csv: str, formats: dict[str, str]) -> pd.DataFrame:
    """Read a table's CSV and format its numbers for a reader; an empty cell stays empty."""
    frame = pd.read_csv(io.StringIO(csv), dtype=str, keep_default_na=False)
    for column, pattern in formats.items():
        frame[column] = [typeset(pattern.format(float(c))) if c else "" for c in frame[column]]
    return frame


MINUS = re.compile(r"(?<![\w.–−-])-(?=[\d.])")
ZERO = re.compile(r"(?<![\w.])[−](?=0(?:\.0+)?(?![\d.]*\d))")


def typeset(text: str) -> str:
    """Set a number as print does: a minus sign for a hyphen, and no sign before a zero."""
    return ZERO.sub("", MINUS.sub("−", text))


def interactive(template: str, values: dict) -> HTML:
    """Show a page part that a reader can play with; it needs no network and no file beside it.

    Parameters
    ----------
    template : str
        Name of an HTML file of this room, which holds ``__DATA__`` where its data go. Its script
        shows it; where scripts are off nothing is shown, so put a figure before it.
    values : dict
        What the script reads, as JSON.
    """
    html = (Path(__file__).parent / f"{template}.html").read_text(encoding="utf-8")
    content = json.dumps(values, separators=(",", ":")).replace("</", "<\\/")
    return HTML(html.replace("__DATA__", content))


def draw(figure: Figure, include=None, exclude=None) -> dict:
    """Return a figure as SVG; as PNG beside it where the vectors would weigh more than 100 kB."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    bundle = {"image/svg+xml": buffer.getvalue(), "text/plain": "a figure"}
    if len(buffer.getvalue().encode()) > LARGEST:
        bundle["image/png"] = b64encode(bitmap(figure)).decode()
    return bundle


def bitmap(figure: Figure) -> bytes:
    """Return a figure as PNG in 128 shades, which weigh a third of true colour."""
    for dpi in (200, 160, 120, 100, 80):
        full, small = io.BytesIO(), io.BytesIO()
        figure.savefig(full, format="png", dpi=dpi, metadata={"Software": None})
        with Image.open(full) as image:
            image.convert("RGB").quantize(128).save(small, "png", optimize=True)
        if len(small.getvalue()) <= LARGEST:
            break
    return small.getvalue()


def register(shell) -> None:
    """Let a running IPython show figures as :func:`draw` makes them, and in no other format."""
    plt.figure().clear()  # IPython sets its own formats with the first figure
    plt.close("all")
    for formatter in shell.display_formatter.formatters.values():
        formatter.type_printers.pop(Figure, None)
    shell.display_formatter.mimebundle_formatter.for_type(Figure, draw)
