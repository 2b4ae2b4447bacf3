"""Pages and README: what they quote is known, and their plans name every chapter."""

import re

import pytest

from lib import data, paths
from lib.book import chapters, pages
from lib.errors import BookError


def test_the_readme_is_current():
    """Its tables of data, steps and exhibits are those of catalogue and record."""
    assert pages.readme() == (paths.ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_keeps_its_prose(tmp_path, monkeypatch):
    """It has the sections of a replication package; one without its marks is refused."""
    text = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    sections = re.findall("^## (.+)$", text, re.MULTILINE)
    wanted = ["Two commands", "Data availability", "Computational requirements"]
    assert sections[:4] == [*wanted, "Figures, tables and the cells that make them"]
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    (tmp_path / "README.md").write_text("")
    with pytest.raises(BookError, match="README.md has lost its part between <!-- data -->"):
        pages.readme()


def test_every_page_value_is_recorded():
    """A name between double braces on a page is one that the build knows."""
    known = pages.substitutions()
    for page in paths.BOOK.glob("*.md"):
        for name in re.findall(r"\{\{\s*(\w+)\s*\}\}", page.read_text(encoding="utf-8")):
            assert name in known, f"{page.name}: {name}"


def test_the_download_size_counts_no_embedded_file():
    entries = data.catalogue().values()
    size = sum(f.bytes for e in entries if not e.embedded for f in e.files)
    assert pages.download_size() == f"{size / 1e6:.0f} MB"


def test_the_lecturers_table_names_every_chapter_and_what_it_fetches():
    table = pages.teaching_table()
    for chapter in chapters.chapters():
        (row,) = [line for line in table.splitlines() if f"<{chapter.name}>" in line]
        for key in chapter.datasets:
            entry = data.catalogue()[key]
            assert (entry.short in row) != entry.embedded, key
        for parameter in chapter.parameters:
            assert (f"`{parameter.name}`" in row) == parameter.personal


def test_the_plans_name_every_chapter():
    """Twelve weeks cover the book; four sessions name only chapters that there are."""
    text = (paths.BOOK / "teaching.md").read_text(encoding="utf-8")
    weeks, sessions = re.findall(r"(?ms)^\| (?:week|session) .*?\n\n", text)
    names = {chapter.name for chapter in chapters.chapters()}
    chosen = re.compile(r"<(\d\d_\w+)>")
    assert set(chosen.findall(weeks)) == names >= set(chosen.findall(sessions))
    assert weeks.count("\n| ") == 12 and sessions.count("\n| ") == 4
