"""Every chapter runs at the ends of its parameters' ranges, as a reader with papermill would."""

import pytest

from lib.book import chapters, pipeline
from lib.errors import BookError

pytestmark = pytest.mark.slow


def end(parameter, place: int, low: bool):
    """The lowest or highest value; of choices one that no neighbouring parameter takes."""
    if parameter.choices:
        return parameter.choices[(place if low else -1 - place) % len(parameter.choices)]
    return chapters.TYPES[parameter.type](parameter.low if low else parameter.high)


@pytest.fixture(autouse=True)
def sample(monkeypatch):
    monkeypatch.setenv("GVC_BOOK_TIER", "sample")


@pytest.mark.parametrize("low", [True, False], ids=["low", "high"])
@pytest.mark.parametrize("chapter", chapters.chapters(), ids=lambda c: c.name)
def test_chapter_runs_at_the_ends_of_its_parameters(chapter, low, tmp_path):
    values = {p.name: end(p, i, low) for i, p in enumerate(chapter.parameters)}
    assert chapter.parse([f"{name}={value}" for name, value in values.items()]) == values
    target = tmp_path / "runs" / f"{chapter.name}.ipynb"
    execution.execute(chapter, target, target.with_suffix(""), values)
    assert (target.with_suffix("") / "exhibits.csv").is_file()


def test_a_country_has_no_balance_with_itself(tmp_path):
    target = tmp_path / "runs" / "x.ipynb"
    with pytest.raises(BookError, match="two different economies"):
        execution.execute(
            chapters.find("21"), target, tmp_path / "live", {"country": "USA", "partner": "USA"}
        )
    assert not target.exists()
