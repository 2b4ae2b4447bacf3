"""Decks: what of a chapter they show, and that they turn by key without a network."""

import re

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import sync_playwright

from lib.book import chapters, execution, printing, roles, slides, standalone
from lib.errors import BookError

ALL = chapters.chapters()
SOURCE = r"""# Title

:::{admonition} Question
:class: tip
Who gains?
:::

Long introduction. Not shown.

## Model

Let $x. Y$ be small, see {eq}`eq-a`. More words.

$$
x = 1
$$ (eq-a)
"""
AFTER = "The line rises (by 3.5 %). It falls later.\n\n## Exercises\n\n"
EXERCISE = "```{exercise-start}\n:label: ex-1\n```\nWhy?\n```{exercise-end}\n```\n\n"
SOLVED = "```{solution-start} ex-1\n```\nSecret.\n```{solution-end}\n```\n\n## Run\n\nNot me."


@pytest.fixture
def notebook():
    shown = {"text/markdown": "```{figure} a.svg\n:name: fig-31-rise\n\nx\n```"}
    figure = new_code_cell("draw()", outputs=[new_output("display_data", data=shown)])
    cells = [new_markdown_cell(SOURCE), figure, new_markdown_cell(AFTER + EXERCISE + SOLVED)]
    return new_notebook(cells=cells)


@pytest.fixture
def manifest():
    row = {"kind": "figure", "name": "rise", "file": "rise.svg", "caption": "Rise.", "alt": "up"}
    return pd.DataFrame([row | {"formats": "{}", "data": "", "tier": "original", "source": ""}])


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("It is 3.5 % of GDP. Then.", "It is 3.5 % of GDP."),
        ("Let $a. B$ be. More", "Let $a. B$ be."),
        ("See {doc}`a. B <c>` now? Yes.", "See {doc}`a. B <c>` now?"),
        ("No end", "No end"),
        ("About e.g. this one. $x$ is.", "About e.g. this one."),
    ],
)
def test_the_first_sentence(text, first):
    assert slides.sentence(text) == first


def test_a_deck_has_question_model_figure_with_its_meaning_and_exercises(notebook, manifest):
    told = [(s.title, s.exhibit is not None, s.texts) for s in slides.outline(notebook, manifest)]
    assert told == [
        ("Title", False, ["**Question.** Who gains?"]),
        ("Model", False, ["Let $x. Y$ be small, see {eq}`eq-a`.", "$$\nx = 1\n$$ (eq-a)"]),
        ("Model", True, ["The line rises (by 3.5 %)."]),
        ("Exercise 1", False, ["Why?"]),
    ]


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_every_chapter_makes_a_deck_of_its_sources(chapter, tmp_path):
    """Headings and sentences only: what an execution adds is tested on a notebook of our own."""
    notebook = execution.to_notebook(chapter)
    for cell in notebook.cells:
        cell.source = roles.fill(cell.source, lambda _: ("1", False))
    html = slides.deck(chapter, notebook, tmp_path / chapter.name)
    shown = re.search(r"(?s)<main>.*</main>", html)[0]
    assert shown.count('class="slide"') > 5
    plain = re.sub(r"(?s)<(pre|code)>.*?</\1>|\\\(.*?\\\)|\\\[.*?\\\]", "", shown)
    assert not re.search(r"\{[a-z:]+\}|\$\$|:::|```", plain)
    assert not re.search(r'(src|href)="(http|//)', shown)


@pytest.mark.browser
def test_slides_turn_by_key_and_by_button(notebook, manifest, tmp_path):
    try:
        program = printing.chromium()
    except BookError as error:
        pytest.skip(str(error))
    live = tmp_path / "31_trade_benefit_index"
    live.mkdir()
    manifest.to_csv(live / "exhibits.csv", index=False)
    (live / "rise.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    path = tmp_path / "deck.html"
    page_of = standalone.Page(notebook, live)
    parts = [
        f'<section class="slide" id="slide-{n}">{"".join(map(page_of.html, s.texts))}</section>'
        for n, s in enumerate(slides.outline(notebook, manifest), 1)
    ]
    assert len(parts) == 4
    path.write_text(slides.bound("T", parts), encoding="utf-8")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=list(printing.FLAGS))
        page, asked = browser.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        assert page.locator(".slide:visible").count() == 1
        page.keyboard.press("ArrowRight")
        assert page.locator("#slide-2").is_visible() and not page.locator("#slide-1").is_visible()
        page.locator("#on").click()
        assert page.locator("#where").text_content() == "3 / 4"
        page.keyboard.press("End")
        page.keyboard.press("ArrowRight")
        assert page.locator("#slide-4").is_visible()
        page.keyboard.press("Home")
        assert page.locator("#slide-1").is_visible()
        assert asked == [path.as_uri()]
        browser.close()
