"""Chapters: front matter, parameters, and the promise that a chapter defines no algorithm."""

import ast
import re
import statistics

import jupytext
import pytest

from lib import data
from lib.book import chapters, provenance, replication, roles
from lib.errors import BookError

ALL = chapters.chapters()

FRONT = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
book:
  title: A chapter
  goals:
    - Compute a thing.
    - Explain the thing.
    - Judge who needs the thing.
  needs: [21, matrix algebra]
  abstract_zh: >-
    本章说明怎样计算一件东西，并解释它的含义，最后讨论谁会用到它。
    读者将看到计算的每一步，以及哪些结论依赖于未曾说明的设定，
    哪些结论在其他设定之下仍然成立，并可以自己重做全部的计算。
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


def write(folder, text):
    """Write a chapter 91 with this text, beside a chapter 21 that it needs."""
    (folder / "21_before.md").touch()
    path = folder / "91_a_chapter.md"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def chapter(tmp_path):
    return chapters.read(write(tmp_path, FRONT))


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
        FRONT.replace("goals:", "aims:"),
        FRONT.replace("needs:", "wants:"),
        FRONT.replace("abstract_zh:", "abstract_en:"),
    ],
)
def test_broken_front_matter_is_one_sentence_that_names_the_file(tmp_path, text):
    path = write(tmp_path, text)
    with pytest.raises(BookError, match=r"front matter of 91_a_chapter\.md") as caught:
        chapters.read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    - Compute a thing.\n", "", "three to five sentences, not 2"),
        ("- Compute a thing.", "- 5", "goals must be a list of sentences"),
        ("Compute a thing.", "Compute a thing", "'Compute a thing' must be one short sentence"),
        ("Compute a", "compute a", "'compute a thing.' must be one short sentence"),
        ("Compute a thing.", f"Compute {'a ' * 60}thing.", "must be one short sentence"),
        ("[21, matrix algebra]", "21", "needs must be a list"),
        ("[21, matrix algebra]", "[2.5]", "needs must be a list"),
        ("[21, matrix algebra]", "[true]", "needs must be a list"),
        ("[21, matrix algebra]", "[22]", "needs names 22, which is no earlier chapter"),
        ("[21, matrix algebra]", "[91]", "needs names 91, which is no earlier chapter"),
        ("[21, matrix algebra]", "[a, b, c, d]", "at most three topics"),
        ("[21, matrix algebra]", "[21, 21]", "nothing twice"),
        ("本章说明怎样计算一件东西，", "", "80 to 140 characters, not 7"),
        ("一件东西", "5 件东西", "must hold no number"),
        (">-\n    本", "[]\n  rest: 本", "abstract_zh must be text"),
    ],
)
def test_goals_needs_and_abstract_are_refused_with_the_reason(tmp_path, old, new, told):
    assert old in FRONT
    with pytest.raises(BookError, match=r"front matter of 91_a_chapter\.md") as caught:
        chapters.read(write(tmp_path, FRONT.replace(old, new)))
    assert told in str(caught.value)


def test_goals_needs_and_abstract_are_read(chapter):
    assert chapter.goals[0] == "Compute a thing." and len(chapter.goals) == 3
    assert chapter.needs == (21, "matrix algebra")
    assert chapter.abstract_zh.startswith("本章") and " " not in chapter.abstract_zh


@pytest.mark.parametrize(
    ("body", "minutes"),
    [
        ("word " * 900, 5),  # 4.5 minutes
        ("word " * 1100, 10),
        ("word " * 900 + "\n```{code-cell}\n" + "code " * 900 + "\n```\n", 5),
        ("word " * 900 + "\n$$\n" + "x " * 900 + "\n$$\n", 5),
        ("word " * 900 + "\n```{code-cell}\n    name: fig-1\n  name: tbl-2\n```\n", 10),
    ],
    ids=["words", "more words", "code", "formula", "figure and table"],
)
def test_minutes_to_read_count_prose_and_exhibits(tmp_path, body, minutes):
    front = FRONT.replace("# A chapter\n", "")
    assert chapters.read(write(tmp_path, front + body)).minutes_to_read == minutes


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
    path = write(tmp_path, re.sub(r"  parameters:.*?(?=---)", "", FRONT, flags=re.DOTALL))
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
    named = set(re.findall(r"[\"'](\w+)[\"']", code))  # a parameter may choose among some
    assert loaded <= set(chapter.datasets) <= named


def test_the_catalogue_says_which_chapters_use_a_dataset():
    """Chapters that are written; an entry may announce others."""
    written = {str(c.number) for c in ALL}
    for key, entry in data.catalogue().items():
        use = {str(c.number) for c in ALL if key in c.datasets}
        assert set(entry.chapters) & written == use, key


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_a_chapter_opens_with_its_question_and_one_folded_cell(chapter):
    notebook = jupytext.read(chapter.path)
    first = notebook.cells[0].source
    assert first.startswith("# ") and "{admonition} Question" in first and "\n## " not in first
    opening = [c for c in cells(chapter) if "book.start(" in c.source]
    assert len(opening) == 1 and opening[0].metadata["tags"] == ["hide-input"]
    assert f'book.start("{chapter.name}")' in opening[0].source
    imports = [c.source for c in cells(chapter) if re.search(r"(?m)^(import|from) ", c.source)]
    assert imports == [opening[0].source]


def visible(chapter):
    """Return the code cells that a reader sees, without the parameters."""
    tags = [(c, c.metadata.get("tags", [])) for c in cells(chapter)]
    return [
        c for c, t in tags if "parameters" not in t and not any(x.startswith("hide") for x in t)
    ]


def lines(cell) -> int:
    return sum(bool(line.strip()) for line in cell.source.splitlines())


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_a_chapter_shows_its_economics(chapter):
    """Shown cells are short and many; one answers, and none records, labels or glues."""
    shown, text = visible(chapter), chapter.path.read_text(encoding="utf-8")
    assert len(shown) >= 6
    assert max(map(lines, shown)) <= 20
    tags = [tag for c in jupytext.read(chapter.path).cells for tag in c.metadata.get("tags", [])]
    assert "answer" in tags
    for old in ("chapter.value", "{glue:", "chapter.figure", "chapter.record", "(sample)"):
        assert old not in text


def test_the_book_shows_its_economics():
    sizes = [lines(cell) for chapter in ALL for cell in visible(chapter)]
    assert len(sizes) >= 120 and statistics.median(sizes) <= 8
    code = sum(lines(cell) for chapter in ALL for cell in cells(chapter))
    assert code <= 4500


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_a_folded_cell_defines_nothing_that_is_used_elsewhere(chapter):
    """Numbers of the text, the record and later cells come from cells that a reader sees."""
    notebook = jupytext.read(chapter.path)
    folded = [
        c for c in cells(chapter) if c not in visible(chapter) and "book.start(" not in c.source
    ]
    folded = [c for c in folded if "parameters" not in c.metadata.get("tags", [])]
    made = {n for c in folded for n in provenance._stored(ast.parse(c.source))}
    shown = visible(chapter)
    seen = {n for c in shown for n in provenance._stored(ast.parse(c.source))}
    texts = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    read = {n for t in texts for e in roles.expressions(t) for n in provenance._free(ast.parse(e))}
    read |= {n for c in shown for n in provenance._free(ast.parse(c.source))}
    assert not (made & read) - seen


LEVELS = ["Recall", "Derive", "Re-run", "Compute", "Research"]
EXERCISE = re.compile(r"^```\{exercise-start\} ?(.*)\n:label: (\S+)\n```\n", re.MULTILINE)
SOLUTION = re.compile(r"^```\{solution-start\} (\S+)\n:class: dropdown\n```\n", re.MULTILINE)


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_exercises_go_from_recall_to_research_and_have_solutions(chapter):
    """Four to seven; one re-executes the chapter, the last is open and alone has no solution."""
    text = chapter.path.read_text(encoding="utf-8")
    exercises, solved = EXERCISE.findall(text), SOLUTION.findall(text)
    assert len(exercises) == text.count("{exercise-start}") == text.count("{exercise-end}")
    assert len(solved) == text.count("{solution-start}") == text.count("{solution-end}")
    levels, labels = zip(*exercises, strict=True)
    assert 4 <= len(labels) <= 7
    assert list(levels) == sorted(levels, key=LEVELS.index)
    assert levels[0] == "Recall" and "Re-run" in levels and levels.count("Research") == 1
    assert all(label.startswith(f"ex-{chapter.number}-") for label in labels)
    assert list(labels[:-1]) == solved and len(set(labels)) == len(labels)


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_an_exercise_re_runs_its_chapter_with_valid_parameters(chapter):
    text = chapter.path.read_text(encoding="utf-8")
    tasks = re.split(r"^```\{exercise-start\} ", text, flags=re.MULTILINE)[1:]
    told = [task.partition("```{exercise-end}")[0] for task in tasks if task.startswith("Re-run")]
    values = " ".join(" ".join(re.findall(r"`([a-z_]+=[^`]+)`", task)) for task in told)
    assert values
    for value in values.split():
        chapter.parse([value])


def depth(node) -> int:
    """Return how many `for` statements lie within each other, at most, below a syntax node."""
    below = max(map(depth, ast.iter_child_nodes(node)), default=0)
    return below + isinstance(node, ast.For)


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_a_chapter_defines_no_algorithm(chapter):
    """A chapter calls the library: no class, no `while`, short functions, loops at most three deep.

    A cell has fifteen lines at most, and a function fits into one. What waits for convergence is an
    algorithm and belongs to the library, where it is tested.
    """
    for cell in cells(chapter):
        tree = ast.parse(cell.source)
        assert depth(tree) <= 3, cell.source
        for node in ast.walk(tree):
            assert not isinstance(node, ast.ClassDef | ast.While), cell.source
            if isinstance(node, ast.FunctionDef):
                statements = [n for n in ast.walk(node) if isinstance(n, ast.stmt)]
                assert len(statements) <= 13, cell.source
