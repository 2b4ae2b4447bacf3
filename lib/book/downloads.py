"""What a reader takes away: every table as CSV and LaTeX, every figure as SVG and PNG."""

import re
import unicodedata
from pathlib import Path

import pandas as pd
import resvg_py

FOLDER = "downloads"
"""Where a run puts formats beside those that it records."""
LONG = 45
"""Rows above which a table breaks over pages."""
LETTERS = "αβγδεζηθκλμνξπρστφχψωΔΘΛΠΣΦΨΩ"
GREEK = {sign: unicodedata.name(sign).split()[-1].replace("LAMDA", "LAMBDA") for sign in LETTERS}
GREEK = {sign: n.capitalize() if sign.isupper() else n.lower() for sign, n in GREEK.items()}
SIGNS = {"×": "times", "·": "cdot", "±": "pm", "≤": "le", "≥": "ge", "≠": "ne", "≈": "approx"}
SIGNS |= {"→": "to", "∞": "infty", "√": "surd", "∈": "in", "∅": "emptyset"} | GREEK
MARKS = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
    **{"−": "$-$", "–": "--", "—": "---", "²": "$^2$", "³": "$^3$"},
    **{sign: rf"$\{name}$" for sign, name in SIGNS.items()},
    **{chr(0x2080 + n): f"$_{n}$" for n in range(10)},
}
MYST = re.compile(
    r"\$(?P<math>[^$]+)\$|\[(?P<link>[^\]]+)\]\([^)]*\)|\*\*(?P<bold>[^*]+)\*\*"
    r"|\*(?P<italic>\w[^*]*)\*|`(?P<code>[^`]+)`"
)


def tex(text) -> str:
    """Write a cell or a caption in LaTeX; what marks it up in the book marks it up here."""

    def escaped(plain: str) -> str:
        return "".join(MARKS.get(sign, sign) for sign in plain)

    parts, place, text = [], 0, str(text)
    for match in MYST.finditer(text):
        parts.append(escaped(text[place : match.start()]))
        kind, inner = match.lastgroup, match[match.lastgroup]
        marks = {"bold": r"\textbf{%s}", "italic": r"\emph{%s}", "code": r"\texttt{%s}"}
        parts.append(f"${inner}$" if kind == "math" else marks.get(kind, "%s") % escaped(inner))
        place = match.end()
    return "".join([*parts, escaped(text[place:])])


def latex(frame: pd.DataFrame, align: list[str], caption: str, label: str) -> str:
    """Return a table as LaTeX with booktabs; a long one as a longtable.

    Parameters
    ----------
    frame : DataFrame
        Text, formatted for a reader.
    align : list of {"left", "right"}
        One for each column.
    """
    long = len(frame) > LONG
    style = frame.style.hide(axis="index").format(tex).format_index(tex, axis="columns")
    body = style.to_latex(
        column_format="".join(side[0] for side in align),
        caption=tex(caption),
        label=label,
        hrules=True,
        environment="longtable" if long else None,
        position_float=None if long else "centering",
    )
    packages = "booktabs and longtable" if long else "booktabs"
    return f"% needs the packages {packages}\n{body}"


def png(svg: Path, target: Path) -> Path:
    """Draw an SVG as a PNG of twice its size on white."""
    image = resvg_py.svg_to_bytes(
        svg_path=str(svg), dpi=96, zoom=2, background="white", skip_system_fonts=True
    )
    target.write_bytes(bytes(image))
    return target
