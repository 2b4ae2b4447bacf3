"""What a chapter shows: the word *sample* where it belongs, recorded results before sample ones."""

import json
import re
from dataclasses import replace

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from lib import data, paths
from lib.book import chapters, pages, replication, session
from lib.errors import BookError

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="6"><path d="M1 1h5"/></svg>'
KEY = ("figure_3", "import_distance", "all", "about")


@pytest.fixture
def shown(monkeypatch):
    """Collect what the chapter displays, as MyST."""
    texts = []
    monkeypatch.setattr(
        session, "display", lambda bundle, raw: texts.append(bundle["text/markdown"])
    )
    monkeypatch.setattr(session, "glue", lambda name, text, display: texts.append(text))
    return texts


@pytest.fixture
def make(tmp_path, monkeypatch, shown):
    """Open chapter 11 with GeoDist on the given tier, and a record that the test may fill."""
    record = tmp_path / "record"
    record.mkdir()
    monkeypatch.setattr(paths, "REPLICATED", record)
    monkeypatch.setenv("GVC_BOOK_LIVE", str(tmp_path / "live"))

    def open_chapter(tier):
        chapter = session.Session(chapters.find("11"))
        for key, p in chapter.provenance.items():
            chapter.provenance[key] = replace(p, tier=tier if key == "geodist" else "original")
        return chapter

    return open_chapter


def keep(chapter, text="4,800 km", tier="original"):
    """Write a record of one value, one figure and one table."""
    chapter.recorded.mkdir(parents=True)
    pd.DataFrame([{"name": "mean", "text": text, "tier": tier}]).to_csv(
        chapter.recorded / "values.csv", index=False
    )
    rows = [
        {"kind": "figure", "name": "series", "file": "series.svg", "caption": "Kept."},
        {"kind": "table", "name": "means", "file": "means.csv", "caption": "Kept."},
    ]
    rows = [
        r | {"alt": "a line", "formats": "{}", "tier": tier, "source": "Data: X."} for r in rows
    ]
    pd.DataFrame(rows).to_csv(chapter.recorded / "exhibits.csv", index=False)
    (chapter.recorded / "means.csv").write_text("km\n4800\n")
    (chapter.recorded / "series.svg").write_text(SVG)
    (chapter.recorded / "stamp.json").write_text(json.dumps({"date": "2026-01-02"}))


def draw():
    fig, ax = plt.subplots()
    ax.plot([0, 1], [0, 1])
    return fig


def test_a_value_on_originals_is_shown_as_it_is(make, shown):
    make("original").value("mean", -4711.2, "{:,.0f} km", data=["geodist"])
    assert shown == ["−4,711 km"]


def test_a_sample_value_without_a_record_says_sample(make, shown):
    make("sample").value("mean", 4711.2, "{:,.0f} km", data=["geodist"])
    assert shown == ["4,711 km (sample)"]


def test_text_quotes_the_record_where_the_build_has_only_the_sample(make, shown):
    chapter = make("sample")
    keep(chapter)
    chapter.value("mean", 4711.2, "{:,.0f} km", data=["geodist"])
    assert shown == ["4,800 km"]


def test_a_figure_and_a_table_of_one_name_keep_their_own_records(make, shown):
    chapter = make("sample")
    keep(chapter)
    options = {"caption": "Live.", "data": ["geodist"]}
    chapter.table(pd.DataFrame({"km": [4711]}), "series", **options)
    assert "Kept." not in shown[-1]  # the record has a figure of that name only
    chapter.figure(draw(), "series", alt="a line", **options)
    assert "Kept." in shown[-1] and "(_live" not in shown[-1].split("tab-item")[1]


def test_a_recorded_sample_value_keeps_its_word(make, shown):
    """A record can itself rest on the sample, where no original can be fetched."""
    chapter = make("sample")
    keep(chapter, tier="sample")
    chapter.value("mean", 4711.2, "{:,.0f} km", data=["geodist"])
    assert shown == ["4,711 km (sample)"]


def test_figure_and_table_on_originals_stand_alone(make, shown):
    chapter = make("original")
    keep(chapter)
    chapter.figure(draw(), "series", caption="Live.", alt="a line", data=["geodist"])
    chapter.table(pd.DataFrame({"km": [1.0]}), "means", caption="Live.", data=["geodist"])
    assert not any("tab-set" in text for text in shown)
    assert ":name: fig-11-series" in shown[0] and ":alt: a line" in shown[0]
    assert ":name: tbl-11-means" in shown[1]


def test_every_exhibit_offers_its_files_and_they_are_there(make, shown):
    chapter = make("sample")
    keep(chapter)
    chapter.figure(draw(), "series", caption="Live.", alt="a line", data=["geodist"])
    chapter.table(pd.DataFrame({"km": [1.0]}), "means", caption="Live.", data=["geodist"])
    roots = {"_live/11_import_distance": chapter.live}
    roots["../data/replicated/11_import_distance"] = chapter.recorded
    for text, kinds in zip(shown, [["SVG", "PNG"], ["CSV", "LaTeX"]], strict=True):
        found = re.findall(r"\{download\}`(\w+) <(.*?11_import_distance)/([^>]+)>`", text)
        assert [kind for kind, _, _ in found] == kinds * 2  # the recorded one, then this build's
        assert all((roots[root] / name).stat().st_size for _, root, name in found)
        assert len({(root, name) for _, root, name in found}) == 4
    record = "On originals"
    assert "series-recorded.png" in shown[0].partition("This build")[0].partition(record)[2]


def test_figure_and_table_on_the_sample_come_second(make, shown):
    chapter = make("sample")
    keep(chapter)
    chapter.figure(draw(), "series", caption="Live.", alt="a line", data=["geodist"])
    chapter.table(pd.DataFrame({"km": [1.0]}), "means", caption="Live.", data=["geodist"])
    for text, name in zip(shown, ["fig-11-series", "tbl-11-means"], strict=True):
        recorded, live = text.split("This build, sample")
        assert "On originals, 2026-01-02" in recorded
        assert "Kept." in recorded and f":name: {name}" in recorded
        assert "Live." in live and "*sample*" in live
        assert "{figure}" not in live and "{table}" not in live  # a second one has no number


def test_a_sample_number_needs_data_and_is_never_compared(make):
    chapter = make("sample")
    chapter.record(*KEY, 4800.0, data=["geodist"], sample="nearest", difference="d", cell="c")
    row = replication.read_numbers(chapter.live / "numbers.csv").iloc[0]
    assert row["status"] == "needs data" and row["tier"] == "sample"
    assert row["difference"] == "needs geodist"


def test_the_comparison_marks_sample_numbers(make, shown):
    chapter = make("sample")
    chapter.record(*KEY, 4801.0, data=["geodist"], sample="nearest", difference="d", cell="c")
    chapter.compare("published", caption="Beside.")
    assert "4,801 (sample)" in shown[-1] and "4800 km" in shown[-1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": 9999.0}, "differs without a diagnosis"),
        ({"difference": ""}, "must name its difference"),
        ({"sample": "alike"}, "must name its difference"),
        ({"data": ["kof_2018"]}, "does not declare it"),
    ],
)
def test_a_record_without_its_explanation_is_refused(make, changes, message):
    arguments = {"value": 4800.0, "sample": "nearest", "difference": "d", "cell": "c"}
    arguments = arguments | {"data": ["geodist"]} | changes
    with pytest.raises(BookError, match=message):
        make("original").record(*KEY, arguments.pop("value"), **arguments)


def test_a_number_that_no_paper_prints_is_refused(make):
    with pytest.raises(BookError, match="No published number has the key"):
        make("original").record(
            "table_99", "x", "y", "coef", 1.0, data=["geodist"], sample="same", cell="c"
        )


def test_the_banner_tells_the_tier_of_every_dataset(make, shown):
    make("sample").banner()
    assert "1 of 7 datasets are the *sample* world" in shown[0]
    assert shown[0].count("| original") == 6


def test_the_opening_says_what_to_know_and_how_long_it_takes(make, shown):
    chapter = make("sample")
    needs = (21, "matrix algebra")
    chapter.chapter = replace(chapter.chapter, goals=("Count.",), needs=needs, abstract_zh="摘")
    chapter.opening()
    assert "- Count." in shown[0] and "matrix algebra" in shown[0]
    assert "{doc}`chapter 21 <21_input_output_accounting>`" in shown[0]
    assert f"about {chapter.chapter.minutes_to_read} minutes" in shown[0]
    before, chinese = shown[0].split("摘要")
    assert "language-zh" in chinese and "\n摘\n" in chinese
    assert "To run" not in before  # nobody has recorded a run


@pytest.mark.parametrize(
    ("seconds", "told"), [(5, "5 seconds"), (90, "90 seconds"), (130, "2 minutes")]
)
def test_the_opening_quotes_the_time_of_the_recorded_run(make, shown, seconds, told):
    chapter = make("sample")
    keep(chapter)
    stamp = {"date": "2026-01-02", "seconds": seconds}
    (chapter.recorded / "stamp.json").write_text(json.dumps(stamp))
    chapter.opening()
    assert f"To run: {told} on the machine that made the record." in shown[0]


@pytest.mark.parametrize(
    ("old", "took", "kept"),
    [
        (None, 12.4, 10),
        (None, 0.4, 5),
        (20, 12.4, 20),
        (20, 38.0, 20),
        (20, 43.0, 45),
        (20, 6.0, 5),
    ],
)
def test_a_recorded_time_holds_until_a_run_is_twice_as_long_or_half(make, old, took, kept):
    chapter = make("original")
    keep(chapter)
    if old:
        (chapter.recorded / "stamp.json").write_text(json.dumps({"seconds": old}))
    assert replication.timing(chapter.chapter, took) == kept


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


def test_an_interactive_part_carries_its_data_and_asks_for_nothing_else(make, monkeypatch):
    chapter, parts = make("original"), []
    monkeypatch.setattr(session, "display", lambda bundle, raw: parts.append(bundle["text/html"]))
    chapter.interactive("chain_explorer", {"told": "</script><b>"})
    (html,) = parts
    assert not re.search(r"(?:src|href)\s*=|url\(|@import|fetch\(|__DATA__", html)
    block = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', html, re.S)
    assert json.loads(block.group(1)) == {"told": "</script><b>"}
    assert re.search(r'<div class="chain-explorer"[^>]* hidden>', html)  # nothing without scripts


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
