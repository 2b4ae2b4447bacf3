"""What the engine makes of a run: text, exhibits, marks and record, without a kernel."""

import base64
import json
import re
from dataclasses import replace

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from lib import paths
from lib.book import chapters, display, engine, exhibits, records, replication, session
from lib.errors import BookError

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="6"><path d="M1 1h5"/></svg>'
LOAD = 'from lib import data\nkm = data.load("geodist")'
FIGURE = {
    "tags": ["hide-input"],
    "mystnb": {
        "figure": {"name": "fig-11-series", "caption": "Live {eval}`f'{km}'`."},
        "image": {"alt": "a line"},
    },
}
TABLE = {"table": {"name": "tbl-11-means", "caption": "Live."}}


class Kernel:
    """Answers expressions from a namespace of its own."""

    def __init__(self, **names):
        self.names = names

    def __call__(self, *expressions):
        return [self.answer(e) for e in expressions]

    def answer(self, expression):
        if expression.startswith("__import__"):
            kind = "'[]'" if "dumps" in expression else "[]"
            return {"status": "ok", "data": {"text/plain": kind}}
        try:
            return {"status": "ok", "data": {"text/plain": repr(eval(expression, self.names))}}
        except Exception as error:
            name = type(error).__name__
            return {"status": "error", "ename": name, "evalue": str(error)}


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Begin a run of chapter 11 with GeoDist on the given tier."""
    monkeypatch.setattr(paths, "REPLICATED", tmp_path / "record")
    (tmp_path / "live").mkdir()

    def begin(tier="original", kernel=None, live=True, **parameters):
        chapter = replace(chapters.find("11"), values={})
        own = {p.name: p.default for p in chapter.parameters} | parameters
        run = exhibits.Run(chapter, tmp_path / "live" if live else None, own)
        for key, p in run.provenance.items():
            run.provenance[key] = replace(p, tier=tier if key == "geodist" else "original")
        pages = engine.Pages(run, kernel or Kernel(km=4711))
        pages.code(new_code_cell(LOAD))
        return pages

    return begin


@pytest.fixture
def keep(tmp_path):
    """Write a record of one value, one figure and one table."""

    def write(text="4,800", tier="original", expression="f'{km}'"):
        folder = tmp_path / "record" / "11_import_distance"
        folder.mkdir(parents=True)
        value = {"name": "", "expression": expression, "nth": 1, "text": text, "tier": tier}
        pd.DataFrame([value]).to_csv(folder / "values.csv", index=False)
        rows = [
            {"kind": "figure", "name": "series", "file": "series.svg", "caption": "Kept."},
            {"kind": "table", "name": "means", "file": "means.csv", "caption": "Kept."},
        ]
        more = {"alt": "a line", "formats": "{}", "tier": tier, "source": "Data: X."}
        pd.DataFrame([r | more for r in rows]).to_csv(folder / "exhibits.csv", index=False)
        (folder / "means.csv").write_text("km\n4800\n")
        (folder / "series.svg").write_text(SVG)
        (folder / "stamp.json").write_text(json.dumps({"date": "2026-01-02"}))

    return write


def say(pages, text="It is {eval}`f'{km}'` km.", *tags):
    cell = new_markdown_cell(text, metadata={"tags": list(tags)})
    pages.text(cell)
    return cell


def show(pages, meta, data, source="km"):
    cell = new_code_cell(source, metadata=json.loads(json.dumps(meta)))
    cell.outputs = [new_output("display_data", data=data)]
    pages.code(cell)
    return cell.outputs[-1].data


def figure(pages):
    return show(pages, FIGURE, {"image/svg+xml": SVG, "text/plain": "a figure"})


def table(pages, frame=None):
    bundle = display.table(frame if frame is not None else pd.DataFrame({"km": [1.0]}))
    return show(pages, TABLE, bundle._repr_mimebundle_())


# -- text ----------------------------------------------------------------------------------------


def test_text_on_originals_is_the_runs_own_whatever_is_recorded(make, keep):
    keep()
    assert say(make()).source == "It is 4711 km."


def test_text_quotes_the_record_where_the_build_has_the_made_up_world(make, keep):
    keep()
    assert say(make("sample")).source == "It is 4,800 km."


def test_without_a_record_the_made_up_world_is_named(make):
    assert say(make("sample")).source == "*In the made-up world:* It is 4711 km."


def test_a_run_with_other_parameters_speaks_of_itself(make, keep):
    """The record is of other parameters, so nothing of it is shown."""
    keep()
    assert say(make("sample", own="second")).source == "*In the made-up world:* It is 4711 km."


def test_a_recorded_value_of_the_made_up_world_keeps_its_mark(make, keep):
    keep(tier="sample")
    assert say(make("sample")).source == "*In the made-up world:* It is 4,800 km."


def test_the_second_use_of_an_expression_has_a_record_of_its_own(make, keep):
    keep()
    pages = make("sample")
    say(pages)
    assert "4711" in say(pages).source  # only the first was recorded


@pytest.mark.parametrize(
    ("tier", "recorded", "parameters", "left"),
    [
        ("original", False, {}, "finding"),
        ("original", False, {"own": "second"}, "neutral"),
        ("sample", False, {}, "neutral"),
        ("sample", True, {}, "finding"),
        ("sample", True, {"floor": 2.0}, "neutral"),
    ],
)
def test_a_finding_stands_only_where_it_was_found(make, keep, tier, recorded, parameters, left):
    if recorded:
        keep()
    pages = make(tier, **parameters)
    cells = [say(pages, "It is {eval}`f'{km}'` km.", tag) for tag in ("finding", "neutral")]
    [cell] = [c for c in pages.finish(cells) if "drop" not in c.metadata.tags]
    assert left in cell.metadata.tags


def test_an_expression_that_fails_names_the_chapter(make):
    with pytest.raises(BookError, match=r"11_import_distance.md: .*`f'{no}'` fails with NameError"):
        say(make(), "{eval}`f'{no}'`")


def test_answers_move_behind_the_question_and_keep_their_order():
    cells = [new_markdown_cell(str(n), metadata={"tags": []}) for n in range(5)]
    for n in (2, 4):
        cells[n].metadata["tags"] = ["answer"]
    assert [c.source for c in engine.in_order(cells)] == ["0", "2", "4", "1", "3"]


# -- exhibits ------------------------------------------------------------------------------------


def test_figure_and_table_on_originals_stand_alone(make, keep):
    keep()
    pages = make()
    drawn, shown = figure(pages)["text/markdown"], table(pages)["text/markdown"]
    assert "tab-set" not in drawn + shown
    assert ":name: fig-11-series" in drawn and ":alt: a line" in drawn and "Live 4711." in drawn
    assert ":name: tbl-11-means" in shown


def test_figure_and_table_of_the_made_up_world_come_second(make, keep):
    keep()
    pages = make("sample")
    for data, name in ((figure(pages), "fig-11-series"), (table(pages), "tbl-11-means")):
        recorded, live = data["text/markdown"].split("This build, made-up world")
        assert "On originals, 2026-01-02" in recorded
        assert "Kept." in recorded and f":name: {name}" in recorded
        assert "Live" in live and "*made-up*" in live
        assert "{figure}" not in live and "{table}" not in live  # a second one has no number


def test_recorded_exhibits_do_not_stand_beside_a_run_with_other_parameters(make, keep):
    keep()
    pages = make("sample", own="second")
    shown = figure(pages)["text/markdown"] + table(pages)["text/markdown"]
    assert "Kept." not in shown and shown.count("Live") == 2


def test_every_exhibit_offers_its_files_and_they_are_there(make, keep, tmp_path):
    keep()
    pages = make("sample")
    roots = {"_live/11_import_distance": tmp_path / "live"}
    roots["../data/replicated/11_import_distance"] = tmp_path / "record" / "11_import_distance"
    for data, kinds in ((figure(pages), ["SVG", "PNG"]), (table(pages), ["CSV", "LaTeX"])):
        text = data["text/markdown"]
        found = re.findall(r"\{download\}`(\w+) <(.*?11_import_distance)/([^>]+)>`", text)
        assert [kind for kind, _, _ in found] == kinds * 2  # the recorded one, then this build's
        assert all((roots[root] / name).stat().st_size for _, root, name in found)
        assert len({(root, name) for _, root, name in found}) == 4


def test_a_heavy_figure_is_a_bitmap_with_its_vectors_beside_it(make, tmp_path):
    png = base64.b64encode(b"png").decode()
    pages = make()
    data = show(pages, FIGURE, {"image/svg+xml": SVG, "image/png": png})
    assert "series.png" in data["text/markdown"]
    assert (tmp_path / "live" / "series.png").read_bytes() == b"png"
    assert (tmp_path / "live" / "downloads" / "series.svg").read_text() == SVG


def test_in_jupyter_an_exhibit_has_its_caption_source_and_mark(make):
    for data in (figure(make("sample")), table(make("sample", live=False))):
        assert "<figcaption>Live" in data["text/html"]
        assert "Data: the made-up world." in data["text/html"]


def test_a_table_keeps_full_precision_and_escapes_what_would_end_a_cell(make, tmp_path):
    frame = pd.DataFrame({"who": ["a|b", "<script>", "NA"], "km": [1 / 3, -1.0, None]})
    bundle = display.table(frame, {"km": "{:.1f}"})._repr_mimebundle_()
    text = show(make(), TABLE, bundle)["text/markdown"]
    assert r"a\|b" in text and "&lt;script>" in text and "<script" not in text and "NA" in text
    assert "−1.0" in text and "0.3 |" in text
    assert "0.3333333333333333" in (tmp_path / "live" / "means.csv").read_text()


def test_a_format_for_no_column_is_refused():
    with pytest.raises(BookError, match="no column miles"):
        display.table(pd.DataFrame({"km": [1]}), {"miles": "{}"})


def test_other_outputs_of_the_made_up_world_say_so(make):
    cell = new_code_cell("km", outputs=[new_output("execute_result", data={"text/plain": "4711"})])
    make("sample").code(cell)
    assert cell.outputs[-1].data["text/markdown"] == "*Of the made-up world.*"
    cell = new_code_cell("km", outputs=[new_output("execute_result", data={"text/plain": "4711"})])
    make().code(cell)
    assert len(cell.outputs) == 1


@pytest.mark.parametrize(
    ("meta", "told"),
    [
        ({"table": {"name": "tbl-12-x", "caption": "C."}}, "begins with tbl-11-"),
        ({"table": {"name": "tbl-11-x"}}, "a caption"),
        ({"mystnb": {"figure": {"name": "fig-11-x", "caption": "C."}}}, "alternative text"),
        (TABLE, "shows 0 tables"),
    ],
)
def test_an_incomplete_exhibit_is_refused(make, meta, told):
    with pytest.raises(BookError, match=told):
        show(make(), meta, {"text/plain": "x"})


def test_data_that_the_chapter_does_not_declare_are_refused(make):
    with pytest.raises(BookError, match="loads kof_2018 but does not declare it"):
        make().code(new_code_cell('x = data.load("kof_2018")'))


# -- the record ----------------------------------------------------------------------------------

GROUP = {"cell": "fig-11-series", "sample": "nearest", "difference": "from {year}"}
KEY = "figure_3/import_distance/all/about"


@pytest.fixture
def written(tmp_path):
    """Write a table of records beside a chapter; return the chapter."""

    def write(*groups):
        path = tmp_path / "11_import_distance.md"
        path.with_suffix(".yml").write_text(json.dumps(groups))
        return replace(chapters.find("11"), path=path)

    return write


def test_a_record_is_evaluated_with_its_texts(written):
    chapter = written(GROUP | {"numbers": {KEY: {"value": "km / 2", "n": "7", "se": "0.5"}}})
    [row] = records.evaluate(chapter, {"km": 9600, "year": 1995})
    assert (row["value"], row["n"], row["se"], row["difference"]) == (4800, 7, 0.5, "from 1995")
    assert row["key"] == KEY.split("/") and row["cell"] == "fig-11-series"


def test_a_group_is_left_out_where_its_condition_does_not_hold(written):
    chapter = written(GROUP | {"when": "six", "numbers": {KEY: "1"}})
    assert records.evaluate(chapter, {"six": False, "year": 1}) == []


@pytest.mark.parametrize(
    ("group", "told"),
    [
        (GROUP | {"sample": "alike"}, "'alike' sample must name its difference"),
        (GROUP | {"difference": ""}, "must name its difference"),
        (GROUP | {"cell": ""}, "names no cell"),
        (GROUP | {"colour": "red"}, "has no colour"),
        (GROUP | {"numbers": {"figure_3/all": "1"}}, "is not item/row/column/stat"),
        (GROUP | {"numbers": {KEY: {"value": "1", "data": "x"}}}, "has no data"),
    ],
)
def test_a_table_of_records_with_a_fault_is_refused(written, group, told):
    chapter = written({"numbers": {KEY: "1"}} | group)
    with pytest.raises(BookError, match=r"11_import_distance.yml cannot be read") as caught:
        records.read(chapter)
    assert told in str(caught.value)


def test_an_expression_that_fails_names_its_number(written):
    chapter = written(GROUP | {"numbers": {KEY: "no"}})
    with pytest.raises(BookError, match=f"record of {KEY} fails in `no`: NameError"):
        records.evaluate(chapter, {"year": 1})


class Estimate:
    params = pd.Series({"tbi": 11.0})
    std_errors = pd.Series({"tbi": 6.0})
    tstats = params / std_errors
    pvalues = pd.Series({"tbi": 0.07})
    nobs, r2_within = 615, 0.1


def test_every_printed_number_of_a_column_is_recorded():
    published = replication.published()
    mine = published[(published["paper"] == "gao_li_zhu_2021") & (published["item"] == "table_3")]
    column = mine["column"].iloc[0]
    rows = mine[mine["column"] == column]
    names = rows.loc[rows["stat"] == "coef", "row"].unique()
    estimate = Estimate()
    for kind in ("params", "std_errors", "tstats", "pvalues"):
        value = getattr(Estimate, kind)["tbi"]
        setattr(estimate, kind, pd.Series(dict.fromkeys(names, value)))
    said = {"cell": "c", "sample": "same", "diagnosis": {"n": "more", "default": "other"}}
    entry = records.Entry(("table_3", column), "e", said)
    found = list(records._column("gao_li_zhu_2021", entry, column, estimate))
    assert {(f["key"][1], f["key"][3]) for f in found} == set(
        rows[["row", "stat"]].itertuples(index=False, name=None)
    )
    whys = {f["key"][3]: f["diagnosis"] for f in found}
    assert whys["n"] == "more" and whys["coef"] == "other"
    assert all(f["significant"] for f in found if f["key"][3] == "coef")


def number(pages, value, **more):
    row = {"entry": 0, "key": KEY.split("/"), "value": value, "se": None, "n": None}
    row |= {"significant": None, "sample": "nearest", "difference": "d", "diagnosis": ""}
    records.keep(pages.run, [row | {"cell": "c"} | more], [frozenset(["geodist"])])
    return pages.run.rows["numbers.csv"][-1]


def test_a_number_of_the_made_up_world_needs_data_and_is_never_compared(make):
    row = number(make("sample"), 4800.0)
    assert row["status"] == "needs data" and row["difference"] == "needs geodist"


def test_a_number_that_differs_without_a_diagnosis_stops_no_run(make):
    row = number(make(), 9999.0)
    assert (row["status"], row["diagnosis"]) == ("differs", "")


def test_every_recorded_number_that_differs_has_its_diagnosis():
    """The rule of the record, which a reader's run is not held to."""
    rows = replication.recorded()
    assert (rows.loc[rows["status"] == "differs", "diagnosis"] != "").all()


def test_a_comparison_has_a_status_only_at_the_recorded_parameters(make):
    pages = make()
    number(pages, 4801.0)
    columns = list(records.comparison(pages.run))
    assert columns[:4] == ["number", "published", "recorded", "this build"] and "status" in columns
    pages = make(own="second")
    number(pages, 4801.0)
    assert list(records.comparison(pages.run)) == ["number", "published", "this run"]


def test_a_comparison_marks_the_made_up_world(make):
    pages = make("sample")
    number(pages, 4801.0)
    [row] = records.comparison(pages.run).to_dict("records")
    assert row["this build"] == "4,801 (made up)" and row["published"] == "4800 km"


def test_a_number_that_no_paper_prints_is_refused(make):
    with pytest.raises(BookError, match="No published number has the key"):
        number(make(), 1.0, key=["table_99", "x", "y", "coef"])


# -- the opening ---------------------------------------------------------------------------------


def test_the_banner_tells_the_tier_of_every_dataset_and_the_parameters_that_differ(make):
    banner = session._banner(make("sample").run)
    assert "1 of 7 datasets are a *made-up* world" in banner
    assert banner.count("| original") == 6 and "Other parameters" not in banner
    other = session._banner(make("sample", own="second").run)
    assert "`own=second (book: zero)`" in other and "recorded results come first" not in other


def test_the_opening_says_what_to_know_and_how_long_it_takes(make):
    chapter = replace(make().run.chapter, goals=("Count.",), needs=(21, "matrix algebra"))
    text = session._opening(chapter)
    assert "- Count." in text and "matrix algebra" in text and "language-zh" in text
    assert "{doc}`chapter 21 <21_input_output_accounting>`" in text
    assert f"about {chapter.minutes_to_read} minutes" in text
    assert "To run" not in text  # nobody has recorded a run


@pytest.mark.parametrize(
    ("seconds", "told"), [(5, "5 seconds"), (90, "90 seconds"), (130, "2 minutes")]
)
def test_the_opening_quotes_the_time_of_the_recorded_run(make, keep, tmp_path, seconds, told):
    keep()
    stamp = {"date": "2026-01-02", "seconds": seconds}
    (tmp_path / "record" / "11_import_distance" / "stamp.json").write_text(json.dumps(stamp))
    text = session._opening(make().run.chapter)
    assert f"To run: {told} on the machine that made the record." in text


@pytest.mark.parametrize(
    ("old", "took", "kept"),
    [(None, 12.4, 10), (None, 0.4, 5), (20, 12.4, 20), (20, 38.0, 20), (20, 43.0, 45), (20, 6, 5)],
)
def test_a_recorded_time_holds_until_a_run_is_twice_as_long_or_half(
    make, keep, tmp_path, old, took, kept
):
    keep()
    if old:
        path = tmp_path / "record" / "11_import_distance" / "stamp.json"
        path.write_text(json.dumps({"seconds": old}))
    assert replication.timing(make().run.chapter, took) == kept


def test_what_papermill_injects_is_found_among_the_cells_that_ran():
    history = ["", "theta = 4", '# Parameters\nown = "second"\nfloor = -2.5\n', "x = 1"]
    assert session._injected(history) == {"own": "second", "floor": -2.5}
    assert session._injected(["x = 1"]) == {}


def test_parameters_that_are_not_legal_are_refused_where_a_chapter_starts():
    chapter = chapters.find("11")
    with pytest.raises(BookError, match="no parameter 'onw'"):
        chapter.check({"onw": "second"})
    with pytest.raises(BookError, match="1000 is out of range"):
        chapter.check({"floor": 1000.0})
    with pytest.raises(BookError, match="'one' is not a valid value"):
        chapter.check({"floor": "one"})
    with pytest.raises(BookError, match="True is not a valid value"):
        chapter.check({"floor": True})
    assert chapter.check({"floor": 2}) == {"floor": 2.0}


def test_an_interactive_part_carries_its_data_and_asks_for_nothing_else():
    html = display.interactive("chain_explorer", {"told": "</script><b>"}).data
    assert not re.search(r"(?:src|href)\s*=|url\(|@import|fetch\(|__DATA__", html)
    block = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', html, re.S)
    assert json.loads(block.group(1)) == {"told": "</script><b>"}
    assert re.search(r'<div class="chain-explorer"[^>]* hidden>', html)  # nothing without scripts
