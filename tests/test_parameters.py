"""Chapters at legal settings: they run, and their shown cells alone make every number."""

import pandas as pd
import pytest

from lib import paths
from lib.book import chapters, execution, settings
from lib.errors import BookError

ALL = chapters.chapters()


@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_settings_are_legal_and_reach_both_ends(chapter):
    tried = settings.settings(chapter)
    assert all(chapter.check(setting) == setting for setting in tried)
    assert tried[0] == {p.name: p.default for p in chapter.parameters}
    for parameter in chapter.parameters:
        values = {setting[parameter.name] for setting in tried}
        ends = parameter.choices[:1] + parameter.choices[-1:] or (parameter.low, parameter.high)
        assert set(ends) <= values or ends == (None, None)


def test_what_a_chapters_commands_and_exercises_ask_for_is_tried():
    chapter = chapters.find("11")
    own = {p.name: p.default for p in chapter.parameters}
    assert own | {"own": "second", "last_year": 2005} in settings.settings(chapter)


def write(folder, text):
    folder.mkdir()
    (folder / "values.csv").write_text(f"name,expression,nth,text,tier\n{text}\n")
    return folder


@pytest.mark.parametrize(("shown", "problems"), [(",e,1,5,x", 0), (",e,1,6,x", 1), (",f,1,5,x", 2)])
def test_a_number_that_shown_cells_do_not_make_is_told(tmp_path, shown, problems):
    whole = write(tmp_path / "whole", ",e,1,5,x")
    assert len(settings.differences(whole, write(tmp_path / "shown", shown))) == problems


@pytest.mark.settings
@pytest.mark.originals
@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_the_cells_that_a_reader_sees_make_every_recorded_number(chapter, tmp_path):
    """Executed alone, with the opening cell, at the book's own parameters on originals."""
    if "original" not in settings.tiers():
        pytest.skip("needs the original data")
    execution.run(chapter, tmp_path / "out.ipynb", tmp_path, {}, shown=True)
    kept = paths.REPLICATED / chapter.name / "values.csv"
    columns = ["name", "expression", "nth", "text"]
    ours, record = (pd.read_csv(f, dtype=str)[columns] for f in (tmp_path / "values.csv", kept))
    pd.testing.assert_frame_equal(ours, record)


@pytest.mark.settings
@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_a_chapter_runs_on_the_made_up_world_at_a_setting_drawn_at_random(chapter, monkeypatch):
    monkeypatch.setenv("GVC_BOOK_TIER", "sample")
    [setting] = settings.draws(chapter, seed=1, count=1)
    outcome = settings.check(chapter, setting, "sample")
    assert outcome.refused or not outcome.told


@pytest.mark.settings
@pytest.mark.originals
@pytest.mark.parametrize("chapter", ALL, ids=lambda c: c.name)
def test_a_chapter_runs_on_originals_at_a_setting_drawn_at_random(chapter, tmp_path):
    if "original" not in settings.tiers():
        pytest.skip("needs the original data")
    [setting] = settings.draws(chapter, seed=1, count=1)
    execution.execute(chapter, tmp_path / "runs" / "x.ipynb", tmp_path / "live", setting)


@pytest.mark.slow
def test_a_country_has_no_balance_with_itself(tmp_path):
    target = tmp_path / "runs" / "x.ipynb"
    with pytest.raises(BookError, match="two different economies"):
        execution.execute(
            chapters.find("21"), target, tmp_path / "live", {"country": "USA", "partner": "USA"}
        )
    assert not target.exists()
