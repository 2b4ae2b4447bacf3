"""The students' edition: every exercise is there, and nothing of a solution."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lib.book import chapters, editions, execution
from lib.errors import BookError

ALL = chapters.chapters()


def written(*cells: str) -> list[str]:
    """The cells that are left of a notebook; a cell that starts with # is code."""
    new = [new_code_cell(c) if c.startswith("#") else new_markdown_cell(c) for c in cells]
    return [c.source for c in editions.without_solutions(new_notebook(cells=new)).cells]


GATED = "```{solution-start} ex\n:class: dropdown\n```\nSecret.\n```{solution-end}\n```"


def test_a_gated_solution_goes_and_what_surrounds_it_stays():
    assert written(f"Before.\n{GATED}\nAfter.") == ["Before.\nAfter."]


def test_code_inside_a_solution_goes_with_it():
    start, end = GATED.split("Secret.")
    assert written("Text.", start, "# secret code", "Secret.", end + "\nMore.", "# code") == [
        "Text.",
        "More.",
        "# code",
    ]


def test_code_fences_inside_a_solution_do_not_end_it():
    inner = GATED.replace("Secret.", "```python\nsecret\n```\nSecret.")
    assert written(f"{inner}\nAfter.") == ["After."]


@pytest.mark.parametrize("fence", ["```", "````", ":::", "::::"])
def test_a_solution_in_one_directive_goes(fence):
    text = f"Before.\n{fence}{{solution}} ex\n:class: dropdown\nSecret.\n{fence}\nAfter."
    assert written(text) == ["Before.\nAfter."]


def test_directives_inside_a_solution_go_with_it():
    text = "::::{solution} ex\n:::{note}\nSecret.\n:::\nSecret.\n::::\nAfter."
    assert written(text) == ["After."]


@pytest.mark.parametrize("text", [GATED.rpartition("\n")[0], GATED.partition("Secret.")[0]])
def test_a_solution_without_an_end_is_refused(text):
    with pytest.raises(BookError, match="does not end"):
        written(text)


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_of_each_chapter_the_exercises_stay_and_the_solutions_go(chapter):
    whole = execution.to_notebook(chapter)
    source = chapter.path.read_text(encoding="utf-8")
    left = "\n".join(c.source for c in editions.without_solutions(whole).cells)
    assert len(re.findall(r"\{solution", source)) > 0 == len(re.findall(r"\{solution", left))
    exercises = re.findall(r":label: (ex-\S+)", source)
    assert exercises == re.findall(r":label: (ex-\S+)", left)
    solutions = re.findall(r"(?s)\{solution-start\}.*?\n```\n(.*?)\n```\{solution-end\}", source)
    lines = {line for text in solutions for line in text.splitlines() if len(line) > 20}
    assert lines and not [line for line in lines if line in left]


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_stripping_leaves_a_valid_notebook_and_its_source_alone(chapter):
    whole = execution.to_notebook(chapter)
    before = nbformat.writes(whole)
    nbformat.validate(editions.without_solutions(whole))
    assert nbformat.writes(whole) == before
