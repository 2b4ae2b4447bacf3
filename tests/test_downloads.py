"""What a reader takes away: LaTeX that says what the table says, and a PNG of every drawing."""

import re
import struct
import unicodedata

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from lib.book import downloads, style


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("5 % of A&B_c #1 {x}", r"5 \% of A\&B\_c \#1 \{x\}"),
        ("a\\b^c~d", r"a\textbackslash{}b\textasciicircum{}c\textasciitilde{}d"),
        ("−0.5 – 3 × θ ≥ 2²", r"$-$0.5 -- 3 $\times$ $\theta$ $\ge$ 2$^2$"),
        ("$x_1 % y$ and 5 %", r"$x_1 % y$ and 5 \%"),
        ("the *sample* world", r"the \emph{sample} world"),
        ("**bold_x** `code_y`", r"\textbf{bold\_x} \texttt{code\_y}"),
        ("[a_b](https://x.org/c_d)", r"a\_b"),
        ("−0.28***", "$-$0.28***"),
        ("3 * 4 * 5", "3 * 4 * 5"),
        (12.5, "12.5"),
    ],
)
def test_text_becomes_latex(text, told):
    assert downloads.tex(text) == told


def test_no_greek_letter_is_left_to_a_font():
    for code in range(0x0391, 0x03CA):
        sign = chr(code)
        if unicodedata.category(sign).startswith("L") and sign in downloads.MARKS:
            name = unicodedata.name(sign).rpartition(" ")[2].replace("LAMDA", "LAMBDA")
            assert downloads.tex(sign).lower() == rf"$\{name.lower()}$"
    assert {"θ", "λ", "Δ", "Ω"} <= set(downloads.MARKS)


@pytest.mark.parametrize(("rows", "environment"), [(3, "tabular"), (60, "longtable")])
def test_a_table_has_every_cell_in_its_place(rows, environment):
    frame = pd.DataFrame({"name & co": [f"n_{i}" for i in range(rows)], "x": ["1.5"] * rows})
    text = downloads.latex(frame, ["left", "right"], "A % caption.", "tbl-31-x")
    assert rf"\begin{{{environment}}}{{lr}}" in text
    assert r"\caption{A \% caption.}" in text and r"\label{tbl-31-x}" in text
    assert r"\toprule" in text and r"\bottomrule" in text
    cells = re.findall(r"^(n\\_\d+) & (1\.5) \\\\$", text, re.MULTILINE)
    assert cells == [(rf"n\_{i}", "1.5") for i in range(rows)]
    assert r"name \& co & x \\" in text


def test_a_drawing_becomes_a_bitmap_of_twice_its_size(tmp_path):
    style.use()
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.plot([0, 1], [0, 1])
    svg = style.save(fig, tmp_path / "line", vectors=tmp_path)
    content = downloads.png(svg, tmp_path / "line.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (3 * 96 * 2, 2 * 96 * 2)
    picture = plt.imread(tmp_path / "line.png")
    assert picture[0, 0].tolist() == [1, 1, 1, 1] and picture[..., :3].min() < 0.3


def test_vectors_too_heavy_for_a_page_are_kept_to_take_away(tmp_path):
    (tmp_path / "more").mkdir()
    fig, ax = plt.subplots()
    ax.plot(range(30_000), [i * 7919 % 1000 for i in range(30_000)], ".")
    path = style.save(fig, tmp_path / "cloud", vectors=tmp_path / "more")
    assert path.suffix == ".png" and path.stat().st_size <= style.LARGEST
    assert (tmp_path / "more" / "cloud.svg").stat().st_size > style.LARGEST
    assert not (tmp_path / "cloud.svg").exists()
