"""Chapters: front matter, parameters, and the promise that a chapter defines no algorithm."""

import ast
import re

import jupytext
import pytest

from lib import data
from lib.book import chapters, replication
from lib.errors import BookError

ALL = chapters.chapters()

FRONT = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
book:
  title: A chapter
  paper: ni_2018
  datasets: [countries]
  parameters:
    theta:
      type: float
      default: 4.0
      range: [1.0, 20.0]
      meaning: trade elasticity
    rule:
      type: str
      default: rca
      choices: [rca, largest]
      meaning: how a source is chosen
    steps:
      type: int
      default: 5
      range: [2, 9]
      meaning: points of the grid
---

# A chapter
"""


@pytest.fixture
def chapter(tmp_path):
    path = tmp_path / "91_a_chapter.md"
    path.write_text(FRONT, encoding="utf-8")
    return chapters.read(path)


def cells(source):
    """Return the code cells of a chapter's source."""
    return [c for c in jupytext.read(source.path).cells if c.cell_type == "code"]


# -- front matter --------------------------------------------------------------------------------


def test_front_matter_is_read(chapter):
    assert (chapter.number, chapter.name, chapter.title) == (91, "91_a_chapter", "A chapter")
    assert (chapter.paper, chapter.datasets) == ("ni_2018", ("countries",))
    assert [p.name for p in chapter.parameters] == ["theta", "rule", "steps"]
    assert chapter.parameter_cell == (
        "theta: float = 4.0  # trade elasticity\n"
        'rule: str = "rca"  # how a source is chosen\n'
        "steps: int = 5  # points of the grid"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# no front matter\n",
        FRONT.replace("book:", "other:"),
        FRONT.replace("title:", "name:"),
        FRONT.replace("title: A chapter", "title: [unclosed"),
        FRONT.replace("[countries]", "5"),
        FRONT.replace("default: 4.0", "usual: 4.0"),
        FRONT.replace("range: [2, 9]", "range: 2"),
    ],
)
def test_broken_front_matter_is_one_sentence_that_names_the_file(tmp_path, text):
    path = tmp_path / "91_a_chapter.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BookError, match=r"front matter of 91_a_chapter\.md") as caught:
        chapters.read(path)
    assert "\n" not in str(caught.value)


# -- parameters from the command line ------------------------------------------------------------


def test_good_assignments_become_values_of_the_declared_type(chapter):
    values = chapter.parse(["theta=8", "rule=largest", "steps=3"])
    assert values == {"theta": 8.0, "rule": "largest", "steps": 3}
    assert [type(v) for v in values.values()] == [float, str, int]


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("sigma=4", "no parameter 'sigma=4'"),
        ("theta", "no parameter 'theta'"),
        ("=4", "no parameter '=4'"),
        ("theta=four", "'four' is not a valid value"),
        ("theta=", "'' is not a valid value"),
        ("theta=0.5", "0.5 is out of range"),
        ("theta=21", "21 is out of range"),
        ("theta=nan", "nan is out of range"),
        ("theta=inf", "inf is out of range"),
        ("steps=2.5", "'2.5' is not a valid value"),
        ("rule=RCA", "'RCA' is not a valid value"),
    ],
)
def test_a_bad_assignment_is_refused_with_what_is_valid(chapter, assignment, told):
    with pytest.raises(BookError) as caught:
        chapter.parse([assignment])
    message = str(caught.value)
    assert told in message and "\n" not in message
    name = assignment.partition("=")[0]
    for parameter in chapter.parameters:
        if parameter.name == name or "no parameter" in told:
            assert parameter.describe() in message


def test_a_chapter_without_parameters_says_none(tmp_path):
    path = tmp_path / "91_a_chapter.md"
    path.write_text(re.sub(r"  parameters:.*?(?=---)", "", FRONT, flags=re.DOTALL))
    with pytest.raises(BookError, match="valid ones: none"):
        chapters.read(path).parse(["theta=4"])


# -- the book's own chapters ---------------------------------------------------------------------


def test_a_chapter_is_found_by_number_and_by_full_name():
    for chapter in ALL:
        assert chapters.find(str(chapter.number)) is chapter
        assert chapters.find(chapter.name) is chapter


@pytest.mark.parametrize("query", ["99", "1", "011", "import", ""])
def test_an_unknown_chapter_is_refused_with_the_list(query):
    with pytest.raises(BookError) as caught:
        chapters.find(query)
    message = str(caught.value)
    assert f"no chapter {query!r}" in message and "\n" not in message
    assert all(c.name in message and str(c.number) in message for c in ALL)


def test_numbers_and_titles_are_unique():
    assert len({c.number for c in ALL}) == len({c.title for c in ALL}) == len(ALL) > 0


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_front_matter_agrees_with_paper_catalogue_and_parameters(chapter):
    assert chapter.paper in replication.PAPERS
    assert set(chapter.datasets) <= set(data.catalogue())
    assert len(set(chapter.datasets)) == len(chapter.datasets)
    for parameter in chapter.parameters:
        assert type(parameter.default) is chapters.TYPES[parameter.type], parameter.name
        assert parameter.parse(str(parameter.default)) == parameter.default
        assert parameter.choices or parameter.type == "str" or parameter.low is not None, (
            f"{parameter.name}: a number needs a range"
        )


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_the_parameters_cell_is_what_the_front_matter_declares(chapter):
    tagged = [c.source for c in cells(chapter) if "parameters" in c.metadata.get("tags", [])]
    assert tagged == ([chapter.parameter_cell] if chapter.parameters else [])


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_a_chapter_loads_what_it_declares_and_declares_what_it_loads(chapter):
    code = "\n".join(c.source for c in cells(chapter))
    loaded = set(re.findall(r"data\.load\(\s*[\"'](\w+)[\"']", code))
    assert loaded == set(chapter.datasets)


def test_the_catalogue_says_which_chapters_use_a_dataset():
    """Chapters that are written; an entry may announce others."""
    written = {str(c.number) for c in ALL}
    for key, entry in data.catalogue().items():
        use = {str(c.number) for c in ALL if key in c.datasets}
        assert set(entry.chapters) & written == use, key


def depth(node) -> int:
    """Return how many `for` statements lie within each other, at most, below a syntax node."""
    below = max(map(depth, ast.iter_child_nodes(node)), default=0)
    return below + isinstance(node, ast.For)


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_a_chapter_defines_no_algorithm(chapter):
    """A chapter calls the library: no class, no `while`, short functions, loops at most two deep.

    Panels and lines of a figure are two loops. What has three, or waits for convergence, is an
    algorithm and belongs to the library, where it is tested.
    """
    for cell in cells(chapter):
        tree = ast.parse(cell.source)
        assert depth(tree) <= 2, cell.source
        for node in ast.walk(tree):
            assert not isinstance(node, ast.ClassDef | ast.While), cell.source
            if isinstance(node, ast.FunctionDef):
                statements = [n for n in ast.walk(node) if isinstance(n, ast.stmt)]
                assert len(statements) <= 7, cell.source  # its own line and six more
