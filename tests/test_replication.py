"""The rule that compares our numbers with printed ones, and the files it works on."""

import re
import shutil
from types import SimpleNamespace

import pandas as pd
import pytest

from lib import paths
from lib.book import pipeline, replication
from lib.errors import BookError

status = replication.status


# -- the rule ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (0.4966, "0.497"),
        (0.45, "0.450"),  # trailing zeros are digits
        (-0.1234, "-0.123"),
        (-0.0004, "0.000"),  # rounds to zero
        (4794.49, "4794"),
        (2011, "2011"),
        (0.0, "0"),
    ],
)
def test_equal_at_the_printed_digits_is_exact(value, printed):
    assert status(value, printed) == "exact"


def test_a_trailing_zero_is_a_printed_digit():
    assert status(0.454, "0.45") == "exact"
    assert status(0.454, "0.450") == "close"


@pytest.mark.parametrize(
    ("value", "printed", "expected"),
    [
        (104.9, "100", "close"),
        (105.1, "100", "differs"),
        (-104.9, "-100", "close"),
        (-105.1, "-100", "differs"),
        (-100, "100", "differs"),
    ],
)
def test_close_is_within_five_per_cent_on_the_same_side_of_zero(value, printed, expected):
    assert status(value, printed) == expected


def test_close_is_also_within_half_a_published_standard_error():
    assert status(0.118, "0.100", published_se=0.04) == "close"
    assert status(0.122, "0.100", published_se=0.04) == "differs"
    # Within half a standard error, yet on the other side of zero.
    assert status(-0.001, "0.010", published_se=0.04) == "differs"


@pytest.mark.parametrize("unit", ["year", "rank", "count"])
def test_nothing_is_close_to_a_year_a_rank_or_a_count(unit):
    assert status(2010, "2011", unit=unit) == "differs"
    assert status(2011, "2011", unit=unit) == "exact"


def test_an_approximate_claim_is_never_met_exactly():
    assert status(4800, "4800", stat="about") == "close"


@pytest.mark.parametrize(
    ("value", "stars", "significant", "expected"),
    [
        (0.5, "***", True, "same sign and significance"),
        (0.5, "", False, "same sign and significance"),  # both indistinct from zero
        (0.5, "***", False, "same sign"),
        (0.5, "", True, "same sign"),
        (0.5, "***", None, "same sign"),
        (-0.5, "***", True, "differs"),
        (0.0, "***", False, "differs"),
    ],
)
def test_a_coefficient_out_of_reach_keeps_sign_and_perhaps_significance(
    value, stars, significant, expected
):
    assert status(value, "0.100", stars=stars, significant=significant) == expected


def test_the_sign_of_what_is_no_coefficient_earns_nothing():
    assert status(0.5, "0.100") == "differs"


@pytest.mark.parametrize("printed", ["", "1,234", "4.5%", "n.a.", "1e3", "½"])
def test_a_published_text_that_is_no_decimal_number_is_refused(printed):
    with pytest.raises(BookError, match="no decimal number"):
        status(1.0, printed)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_of_ours_that_is_none_is_refused(value):
    with pytest.raises(BookError, match="mend the chapter"):
        status(value, "0.100", stars="*", significant=True)


# -- the published numbers -----------------------------------------------------------------------


def test_every_published_number_has_one_key_and_a_decimal_value():
    published = replication.published()
    assert list(published.columns) == replication.PUBLISHED_COLUMNS
    repeated = published[published.duplicated(replication.KEY, keep=False)]
    assert repeated[replication.KEY].to_numpy().tolist() == []
    decimal = published["value"].str.fullmatch(r"-?\d+(\.\d+)?")
    assert published.loc[~decimal, "value"].tolist() == []
    assert set(published["stars"]) <= {"", "*", "**", "***"}
    assert set(published["kind"]) == {"result", "setting", "cited"}
    assert not (published[["item", "row", "column", "stat", "where"]] == "").any(axis=None)


def test_all_tables_and_claims_of_the_papers_are_there():
    published = replication.published()
    assert published["paper"].unique().tolist() == list(replication.PAPERS)
    assert len(published) > 600


def test_every_standard_error_belongs_to_one_coefficient():
    published = replication.published()
    tested = published[published["stat"] == "t"][replication.KEY[:-1]].agg("|".join, axis=1)
    coefficients = published[published["stat"] == "coef"]
    keys = coefficients[replication.KEY[:-1]].agg("|".join, axis=1)
    errors = [
        replication.published_se(row) for _, row in coefficients[~keys.isin(tested)].iterrows()
    ]
    assert sum(error is not None for error in errors) == (published["stat"] == "se").sum()


def test_an_error_follows_from_a_printed_t_value():
    """Dang and Yin print 0.004 (6.03) for cooperation, −0.039 (−4.61) for productivity."""
    row = replication.lookup(
        "dang_yin_2024", "table_5", "rule3_cooperation", "3_cooperation", "coef"
    )
    assert replication.published_se(row) == pytest.approx(0.004 / 6.03)
    row = replication.lookup(
        "dang_yin_2024", "table_8", "interaction_rule_ln_tfp", "4_productivity", "coef"
    )
    assert replication.published_se(row) == pytest.approx(0.039 / 4.61)


@pytest.mark.parametrize(
    ("table", "variable", "column", "stat"),
    [
        ("table_6", "rule", "2_backward", "coef"),  # printed as 0.000: no digit to divide
        ("table_6", "rule", "1_forward", "t"),  # a t value has no error of its own
        ("table_3", "r2", "2_fixed_effects", "r2"),
    ],
)
def test_no_error_where_none_can_be_had(table, variable, column, stat):
    row = replication.lookup("dang_yin_2024", table, variable, column, stat)
    assert replication.published_se(row) is None


def test_an_unknown_key_is_refused_by_name():
    with pytest.raises(BookError, match=r"No published number.*ni_2018\.csv"):
        replication.lookup("ni_2018", "table_9", "nowhere", "all", "value")


# -- the recorded numbers ------------------------------------------------------------------------


def test_every_recorded_number_answers_a_published_one():
    recorded, published = replication.recorded(), replication.published()
    keys = set(map(tuple, published[replication.KEY].to_numpy()))
    assert [k for k in map(tuple, recorded[replication.KEY].to_numpy()) if k not in keys] == []
    assert not recorded.duplicated(replication.KEY).any()


def test_a_recorded_status_is_what_the_rule_says():
    """A status by hand, or by an older rule, would be found here (significance is not kept)."""
    recorded = replication.recorded()
    made = recorded[(recorded["tier"] == "original")]
    for _, row in made.iterrows():
        target = replication.lookup(*row[replication.KEY])
        stars = target["stars"] if row["stat"] == "coef" else None
        said = status(
            row["value"],
            target["value"],
            stat=row["stat"],
            unit=target["unit"],
            published_se=replication.published_se(target),
            stars=stars,
        )
        assert row["status"].removesuffix(" and significance") == said, row[replication.KEY]


def test_what_differs_is_diagnosed_and_what_is_not_the_same_sample_says_how():
    recorded = replication.recorded()
    assert set(recorded["status"]) <= set(replication.STATUSES)
    assert set(recorded["sample"]) <= set(replication.SAMPLES)
    differs = recorded[recorded["status"] == "differs"]
    assert (differs["diagnosis"] != "").all()
    assert (recorded.loc[recorded["sample"] != "same", "difference"] != "").all()


def test_the_scoreboard_has_each_published_number_once():
    board = replication.scoreboard()
    assert len(board) == len(replication.published())
    assert set(board["status"]) <= set(replication.STATUSES)


# -- keeping a record ----------------------------------------------------------------------------


@pytest.fixture
def record(tmp_path, monkeypatch):
    """A record of two chapters of one paper, and the live folder of the first."""
    monkeypatch.setattr(paths, "REPLICATED", tmp_path / "replicated")
    kept, live = tmp_path / "replicated" / "91_one", tmp_path / "live"
    kept.mkdir(parents=True)
    (kept / "table.csv").write_text("country,km\nDEU,4794.25\n")
    (kept / "figure.svg").write_text(
        '<svg><path id="m5de7fa03d5" d="M 1.5 2.25"/><use xlink:href="#m5de7fa03d5"/></svg>'
    )
    shutil.copytree(kept, live)
    (live / "downloads").mkdir()  # other formats of what is recorded are made, not kept
    (live / "downloads" / "table.tex").write_text("made anew")
    (kept / "stamp.json").write_text("{}")
    keys = replication.published()
    keys = keys[keys["paper"] == "gao_li_zhu_2021"].iloc[:6]
    rows = keys[replication.KEY].assign(**dict.fromkeys(replication.NUMBER_COLUMNS[5:], ""))
    rows["value"] = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0]
    rows["chapter"] = ["91", "92"] * 3
    rows.to_csv(tmp_path / "replicated" / "gao_li_zhu_2021.csv", index=False)
    rows[rows["chapter"] == "91"].to_csv(live / "numbers.csv", index=False)
    chapter = SimpleNamespace(name="91_one", number=91, paper="gao_li_zhu_2021", datasets=())
    return SimpleNamespace(chapter=chapter, live=live, rows=rows)


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_an_equal_run_leaves_the_record_current(record):
    assert replication.differences(record.chapter, record.live) == []


def test_rounding_of_another_processor_leaves_the_record_current(record):
    change(record.live / "numbers.csv", "0.125", "0.12500000001")
    change(record.live / "table.csv", "4794.25", "4794.250000001")
    change(record.live / "figure.svg", "1.5 2.25", "1.6 2.24")
    change(record.live / "figure.svg", "m5de7fa03d5", "m0123456789")  # a hash of the drawing
    assert replication.differences(record.chapter, record.live) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("numbers.csv", "0.125", "0.126", "has changed"),
        ("numbers.csv", ",91,", ",91,fig-other", "has changed"),  # said of it, not the number
        ("table.csv", "4794.25", "4794.26", "table.csv has changed"),
        ("table.csv", "DEU", "FRA", "table.csv has changed"),
        ("figure.svg", "1.5 2.25", "2.5 2.25", "figure.svg has changed"),
        ("figure.svg", "path", "line", "figure.svg has changed"),
    ],
)
def test_what_moved_is_named(record, file, old, new, told):
    change(record.live / file, old, new)
    problems = replication.differences(record.chapter, record.live)
    assert problems and all(told in line and "91_one" in line for line in problems)


@pytest.mark.parametrize("side", ["live", "kept"])
@pytest.mark.parametrize("name", ["table.csv", "figure.svg"])
def test_an_exhibit_on_one_side_only_is_named(record, side, name):
    folder = record.live if side == "live" else paths.REPLICATED / "91_one"
    (folder / name).unlink()
    (problem,) = replication.differences(record.chapter, record.live)
    assert re.search(f"{name} is in one of", problem)


def test_a_number_no_longer_made_is_named(record):
    gone = record.rows[record.rows["chapter"] == "91"].iloc[1:]
    gone.to_csv(record.live / "numbers.csv", index=False)
    assert len(replication.differences(record.chapter, record.live)) == 1


def test_a_chapter_without_a_record_says_so(record):
    (paths.REPLICATED / "91_one" / "stamp.json").unlink()
    assert replication.differences(record.chapter, record.live) == ["91_one: never recorded"]


def test_a_chapter_that_records_no_number_is_current(record):
    """Its paper may have numbers of other chapters."""
    rows = record.rows[record.rows["chapter"] != "91"]
    rows.to_csv(paths.REPLICATED / f"{record.chapter.paper}.csv", index=False)
    (record.live / "numbers.csv").unlink()
    assert replication.differences(record.chapter, record.live) == []


def test_merge_replaces_the_rows_of_its_chapter_and_keeps_the_papers_order(record):
    fresh = record.rows[record.rows["chapter"] == "91"].iloc[[2, 0]].assign(value=[50.0, 12.5])
    fresh.to_csv(record.live / "numbers.csv", index=False)
    replication.merge(record.chapter, record.live / "numbers.csv")
    merged = replication.recorded()
    # Rows 0, 2, 4 were chapter 91's; it no longer makes row 2.
    assert merged["value"].tolist() == [12.5, 0.25, 1.0, 50.0, 4.0]
    pd.testing.assert_series_equal(
        merged["row"], record.rows["row"].iloc[[0, 1, 3, 4, 5]], check_index=False
    )
    replication.merge(record.chapter, record.live / "numbers.csv")
    pd.testing.assert_frame_equal(replication.recorded(), merged)


def test_a_row_called_na_keeps_its_name(record):
    """Pandas reads NA, Namibia's code, as nothing unless told otherwise."""
    path = paths.REPLICATED / "gao_li_zhu_2021.csv"
    change(path, record.rows["row"].iloc[0], "NA")
    assert "NA" in set(replication.recorded()["row"])


def test_the_stamp_keeps_the_seconds_of_the_run(record, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "LIVE", tmp_path / "all")
    monkeypatch.setattr(pipeline, "SECONDS", tmp_path / "seconds")
    shutil.copytree(record.live, tmp_path / "all" / "91_one")
    (tmp_path / "seconds").mkdir()
    for took, kept in (("12.4", 10), ("19.0", 10), ("31.0", 30)):
        (tmp_path / "seconds" / "91_one").write_text(took)
        pipeline.record(record.chapter)
        assert replication.seconds(record.chapter) == kept
