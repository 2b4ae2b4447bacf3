"""Problem sets: rosters, draws that others cannot change, and sheets without solutions."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lib.book import chapters, execution, problem_sets, roles, standalone
from lib.errors import BookError

ALL = chapters.chapters()
THETA = chapters.Parameter("theta", "float", 4.0, "elasticity", low=1.5, high=12.0)
YEAR = chapters.Parameter("year", "int", 2011, "year", low=1995, high=2011)
RULE = chapters.Parameter("rule", "str", "rca", "rule", choices=("rca", "largest", "none"))
WORD = chapters.Parameter("word", "str", "any", "free text")
DRAWS = chapters.Parameter("draws", "int", 999, "size", low=99, high=9999, personal=False)


def chapter(*parameters):
    return replace(chapters.find("31"), parameters=parameters)


def first(*parameters, seed=1, student="S1", held=None):
    return next(problem_sets.draws(chapter(*parameters), seed, student, held or {}))


# -- rosters -------------------------------------------------------------------------------------


@pytest.fixture
def roster(tmp_path):
    def write(content):
        path = tmp_path / "students.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def faults(path) -> dict[int, str]:
    with pytest.raises(BookError) as caught:
        problem_sets.read_roster(path)
    found = re.findall(r"^  line (\d+): (.+)$", str(caught.value), re.MULTILINE)
    return {int(number): told for number, told in found}


def test_a_good_roster_is_read(roster):
    text = '\ufeffid,Name,email\r\nS1,"López, Ana",ana@uni.edu\r\n\r\n2021_7,李明,\r\n'
    assert problem_sets.read_roster(roster(text)) == [
        problem_sets.Student("S1", "López, Ana", "ana@uni.edu"),
        problem_sets.Student("2021_7", "李明", ""),
    ]


def test_every_fault_is_told_with_its_line(roster):
    text = "id,name\nS1,Ana\n,Ben\nS3\ns1,Dee\nS5,Eve,x\nS 6,Fay\nS7,\n../x,Gil\nS9,Hal\n"
    told = faults(roster(text))
    assert sorted(told) == [3, 4, 5, 6, 7, 8, 9]
    assert "id is empty" in told[3]
    assert "1 fields where the first line has 2" in told[4]
    assert "that of line 2" in told[5]  # file names differ in case alone on no Windows machine
    assert "3 fields" in told[6]
    assert "other signs" in told[7] and "other signs" in told[9]
    assert "name is empty" in told[8]


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("name\nAna\n", 1, "column 'id' is missing"),
        ("id;name\nS1;Ana\n", 1, "column 'id' is missing"),
        ("id,name,id\nS1,Ana,S1\n", 1, "'id' comes twice"),
        ("id,name,group\nS1,Ana,2\n", 1, "'group' is no column"),
        ("", 1, "column 'id' is missing"),
        ("id,name\n", 2, "no student"),
        ("id,name,email\nS1,Ana,ana at home\n", 2, "no e-mail address"),
        ('id,name\nS1,"Ana"x\n', 2, "not CSV"),
    ],
)
def test_a_bad_roster_is_refused(roster, text, line, told):
    assert told in faults(roster(text))[line]


def test_each_line_that_is_not_utf8_is_told(roster):
    content = "id,name\nS1,Lopez\nS2,López\nS3,李\n".encode().replace(b"\xc3\xb3", b"\xf3")
    assert faults(roster(content)) == {3: "is not UTF-8"}
    assert set(faults(roster("id,name\nS1,李明\n".encode("utf-16")))) >= {1}


def test_an_absent_roster_is_one_sentence(tmp_path):
    with pytest.raises(BookError, match="needs a roster"):
        problem_sets.read_roster(Path(""))  # make without ROSTER=…
    with pytest.raises(BookError, match="cannot be read: No such file"):
        problem_sets.read_roster(tmp_path / "none.csv")


# -- draws ---------------------------------------------------------------------------------------


def test_the_draw_is_that_of_seed_student_and_chapter():
    """Recomputed by hand: one uniform number per parameter from the documented seed."""
    code = int(hashlib.sha256(b"S1").hexdigest(), 16)
    u = np.random.default_rng([1, code, 31]).random(3)
    assert first(THETA, YEAR, RULE) == {
        "theta": round(1.5 + 10.5 * u[0], 1),
        "year": 1995 + int(17 * u[1]),
        "rule": RULE.choices[int(3 * u[2])],
    }


def test_seed_student_and_chapter_each_matter():
    drawn = [first(THETA, YEAR, seed=s, student=i) for s in (1, 2) for i in ("S1", "S2", "s1")]
    assert len({tuple(d.values()) for d in drawn}) == 6


def test_draws_cover_the_range_and_every_choice():
    drawn = [first(THETA, YEAR, RULE, student=f"S{i}") for i in range(400)]
    assert {d["year"] for d in drawn} == set(range(1995, 2012))
    assert {d["rule"] for d in drawn} == set(RULE.choices)
    theta = [d["theta"] for d in drawn]
    assert min(theta) < 2 and max(theta) > 11.5 and len(set(theta)) > 60
    assert all(1.5 <= t <= 12 and t == round(t, 1) for t in theta)


def test_held_and_impersonal_parameters_stay_and_move_nothing_else():
    free, held = first(THETA, YEAR, DRAWS), first(THETA, YEAR, DRAWS, held={"theta": 7.0})
    assert free["draws"] == held["draws"] == 999
    assert held["theta"] == 7.0 and held["year"] == free["year"]
    assert first(WORD, YEAR)["word"] == "any"


def test_no_student_gets_the_books_own_parameters_or_one_combination_twice():
    for i in range(20):
        drawn = [d["rule"] for d in problem_sets.draws(chapter(RULE), 1, f"S{i}", {})]
        assert sorted(drawn) == ["largest", "none"]


@pytest.mark.parametrize("source", ALL, ids=lambda c: c.name)
def test_every_draw_of_a_chapter_is_one_that_it_declares(source):
    known = {p.name: p for p in source.parameters}
    for i in range(30):
        drawn = next(problem_sets.draws(source, 1, f"S{i}", {}))
        assert {n: known[n].parse(str(v)) for n, v in drawn.items()} == drawn


# -- what a sheet is made of ---------------------------------------------------------------------

TEXT = r"""
$$
x = \frac{a}{b} < 1
$$ (eq-one)

```{exercise-start} A title
:label: ex-1
:class: easy
```
Show {eq}`eq-one` and read {cite:t}`gao_li_zhu_2021`, {doc}`chapter 21 <21_x>`, {numref}`fig-31-map`
and −0.5: $a<b$.

:::{hint}
:class: dropdown
Divide.
:::
```{exercise-end}
```

```{solution-start} ex-1
:class: dropdown
```
Secret.
```{solution-end}
```
"""


@pytest.fixture
def page(tmp_path):
    live = tmp_path / "31_x"
    live.mkdir()
    (live / "map.csv").write_text("a,b\n<x>,0.25\n")
    (live / "exhibits.csv").write_text(
        "kind,name,file,caption,alt,formats,data,tier,source\n"
        "figure,map,map.svg,A map.,,{},,sample,\n"
        'table,map,map.csv,T.,,"{""b"": ""{:.1f}""}",,sample,'
    )
    return standalone.Page(new_notebook(cells=[new_markdown_cell(TEXT)]), live)


def test_exercises_are_read_with_title_and_solution(page):
    (one,) = standalone.exercises(page.notebook)
    assert (one.label, one.title, one.solution) == ("ex-1", "A title", "Secret.")
    assert "Show" in one.text and "Divide." in one.text and "Secret" not in one.text


def test_code_between_the_gates_belongs_to_the_exercise():
    start = "```{exercise-start}\n:label: ex-1\n```\nLook:"
    cells = [new_markdown_cell(start), new_code_cell("x = 1")]
    cells.append(new_markdown_cell("```{exercise-end}\n```\nNot this."))
    (one,) = standalone.exercises(new_notebook(cells=cells))
    assert one.text == "Look:\n```python\nx = 1\n```"


def test_roles_become_text_and_mathematics_stays(page):
    (one,) = standalone.exercises(page.notebook)
    html = page.html(one.text)
    assert "Show (1) and read Gao et al. (2021), chapter 21, Figure 1" in html
    assert "−0.5" in html and r"\(a&lt;b\)" in html
    assert "<b>Hint</b>" in html and "Divide." in html and "dropdown" not in html
    assert r"\frac{a}{b} &lt; 1 \tag{1}" in page.equations(one.text)


def test_a_table_is_formatted_and_escaped(page):
    _, row = standalone.exhibits(page.live).itertuples()
    html = page.exhibit(row)
    assert "<td>&lt;x&gt;</td>" in html and "<td>0.2</td>" in html and "<b>Table 1.</b>" in html


@pytest.mark.parametrize("role", ["{eq}`no_such`", "{cite:t}`no_such`"])
def test_a_reference_to_nothing_is_told(page, role):
    with pytest.raises(BookError, match="'no_such'"):
        page.html(role)


def test_mathjax_is_shipped_in_the_file_only_where_it_is_needed():
    plain = standalone.document("T", "sheet", "<p>No formula.</p>")
    assert len(plain) < 10_000
    typeset = standalone.document("T", "sheet", r"<p>\(x\)</p>")
    assert len(typeset) > 1_000_000 and not re.search(r'(src|href)="http', typeset[:5000])


@pytest.mark.parametrize("source", ALL, ids=lambda c: c.name)
def test_every_exercise_of_the_book_can_be_put_on_a_sheet(source, tmp_path):
    """With its references resolved, and no markup left over."""
    notebook = execution.to_notebook(source)
    text = source.path.read_text(encoding="utf-8")
    for cell in notebook.cells:
        cell.source = roles.fill(cell.source, lambda _: ("1", False))
    page = standalone.Page(notebook, tmp_path / source.name)
    tasks = standalone.exercises(notebook)
    assert [t.label for t in tasks] == re.findall(r"\{exercise-start\}.*\n:label: (\S+)", text)
    for task in tasks:
        assert task.text and bool(task.solution) == (f"{{solution-start}} {task.label}\n" in text)
        html = page.html(task.text) + page.html(task.solution)
        plain = re.sub(r"(?s)<(pre|code)>.*?</\1>|\\\(.*?\\\)|\\\[.*?\\\]", "", html)
        assert not re.search(r"\{[a-z:]+\}|`|\$|:::", plain), plain
