"""BACI in the form in which CEPII gives it out: yearly csv files or one zip of them."""

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from lib import paths
from lib.data import _baci, _baci_parquet, _store
from lib.errors import DataError

CODES = (
    '"country_code","country_name_abbreviation","country_name_full","iso_2digit_alpha",'
    '"iso_3digit_alpha"\n'
    '8,"Albania","Albania","AL","ALB"\n'
    '58,"Belgium-Luxembourg","Belgium-Luxembourg","BE","BEL"\n'
    '384,"C\xf4te d\'Ivoire","C\xf4te d\'Ivoire","CI","CIV"\n'
    '490,"Other Asia, nes","Other Asia, nes","N/A","N/A"\n'
    '516,"Namibia","Namibia","NA","NAM"\n'
    '697,"Europe EFTA, nes","Europe EFTA, nes","N/A","N/A"\n'
).encode("latin-1")

NEW_CODES = (
    b"country_code,country_name,country_iso2,country_iso3\n8,Albania,AL,ALB\n516,Namibia,NA,NAM\n"
)

HEAD = '"t","i","j","k","v","q"\n'
ROWS = HEAD + (
    '1995,8,516,10121,52.051,"       13.235"\n'
    '1995,516,8,020110,1.5,"           NA"\n'
    "1995,490,8,854140,1000,0.011\n"
    "1995,8,697,854140,447.949,1\n"
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The parquet copies of a test lie in its own folder."""
    monkeypatch.setattr(_store, "CACHE", tmp_path / "originals")
    return tmp_path / "originals" / "parquet" / "baci_hs92"


def folder(tmp_path, rows=ROWS, codes=CODES, year=1995):
    data, country = (
        tmp_path / f"BACI_HS92_Y{year}_V202201.csv",
        tmp_path / "country_codes_V202201.csv",
    )
    data.write_text(rows)
    country.write_bytes(codes)
    return {path.name: path for path in (data, country)}


def zipped(tmp_path, **years):
    path = tmp_path / "BACI_HS92_V202501.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for year, rows in years.items():
            archive.writestr(f"BACI_HS92_{year}_V202501.csv", rows)
        archive.writestr("country_codes_V202501.csv", CODES)
        archive.writestr("Readme.txt", "made up")
    return {path.name: path}


def test_codes_units_and_leading_zeros(tmp_path):
    flows = _baci.read(folder(tmp_path))
    assert flows.columns.tolist() == [
        "exporter",
        "importer",
        "year",
        "product",
        "value",
        "quantity",
    ]
    assert flows["product"].tolist() == ["010121", "020110", "854140"]
    assert flows["value"].tolist() == pytest.approx([0.052051, 0.0015, 1.0])  # million USD
    assert flows["quantity"].isna().tolist() == [False, True, False]
    assert flows["quantity"].iloc[0] == 13.235
    # Namibia's ISO2 "NA" is no missing value, and Taiwan is "Other Asia, nes".
    assert flows["exporter"].tolist() == ["ALB", "NAM", "TWN"]
    assert str(flows["exporter"].dtype) == str(flows["product"].dtype) == "str"
    assert flows["year"].unique().tolist() == [1995]


def test_codes_without_a_country_are_reported(tmp_path):
    (lost,) = _baci.read(folder(tmp_path)).attrs["dropped"]
    assert (lost["code"], lost["rows"]) == (697, 1)
    assert lost["value"] == pytest.approx(0.447949)
    assert lost["share"] == pytest.approx(447.949 / (52.051 + 1.5 + 1000 + 447.949))


def test_the_zip_gives_the_same_as_the_files(tmp_path):
    later = ROWS.replace("1995,", "1996,")
    flows = _baci.read(zipped(tmp_path, Y1995=ROWS, Y1996=later))
    assert flows.groupby("year").size().to_dict() == {1995: 3, 1996: 3}
    one = _baci.read(zipped(tmp_path, Y1995=ROWS, Y1996=later), years=1995)
    plain = _baci.read(folder(tmp_path))
    assert one.equals(plain)
    assert one.attrs == plain.attrs


def test_a_relation_is_the_frame_on_the_disk(tmp_path):
    files = zipped(tmp_path, Y1995=ROWS, Y1996=ROWS.replace("1995,", "1996,"))
    relation = _baci.read(files, form="relation")
    pd.testing.assert_frame_equal(relation.df(), _baci.read(files), check_dtype=False)
    assert relation.filter("year = 1996").count("*").fetchall() == [(3,)]
    with pytest.raises(DataError, match="form='table' does not exist; choose one of frame"):
        _baci.read(files, form="table")


def test_contents_count_every_row(tmp_path):
    """By hand: four rows, one with EFTA, one without a quantity, one with Taiwan's code."""
    (row,) = _baci.read(folder(tmp_path), form="contents").to_dict("records")
    assert (row["year"], row["edition"], row["release"], row["rows"]) == (1995, "HS92", "202201", 4)
    assert row["value"] == pytest.approx(1.501499)
    assert (row["without_quantity"], row["set_aside"]) == (1, 1)
    assert row["set_aside_value"] == pytest.approx(0.447949)
    assert row["codes_set_aside"] == "697 (line 5)"
    assert row["changed"] == "Other Asia, nes is TWN (rows: 1)"


def test_contents_tell_which_years_are_there(tmp_path):
    files = zipped(tmp_path, Y1995=ROWS, Y1997=ROWS.replace("1995,", "1997,"))
    found = _baci.read(files, years=range(1990, 1997), form="contents")
    assert found["year"].tolist() == [1995]
    with pytest.raises(DataError, match=r"no file for 2001 .*\(years there: 1995, 1997\)"):
        _baci.read(files, years=[2001, 2002], form="contents")


@pytest.mark.parametrize("blank", ["NA", '"NA"', '""', "", '"          "'])
def test_every_way_to_write_no_quantity(tmp_path, blank):
    rows = HEAD + f'1995,8,516,10121,1,{blank}\n1995,8,516,10122,1," 2.5"\n'
    assert _baci.read(folder(tmp_path, rows))["quantity"].tolist()[1] == 2.5
    assert _baci.read(folder(tmp_path, rows))["quantity"].isna().tolist() == [True, False]


# -- the parquet copy ----------------------------------------------------------------------------


def copies(cache):
    return sorted(path.name for path in cache.rglob("*.parquet"))


def test_a_source_is_converted_once_and_anew_when_it_changes(tmp_path, cache, monkeypatch):
    files = folder(tmp_path)
    first, before = _baci.read(files), copies(cache)
    with monkeypatch.context() as patch:
        patch.setattr(_baci_parquet, "_convert", lambda *_: pytest.fail("converted twice"))
        os.utime(files["BACI_HS92_Y1995_V202201.csv"])  # another time, the same content
        pd.testing.assert_frame_equal(_baci.read(files), first)
    folder(tmp_path, ROWS.replace("52.051", "53.051"))
    assert _baci.read(files)["value"][0] == pytest.approx(0.053051)
    assert len(copies(cache)) == 1 and copies(cache) != before
    folder(tmp_path, ROWS.replace("52.051", "53.051"), CODES.replace(b"NAM", b"NAQ"))
    assert "NAQ" in _baci.read(files)["importer"].tolist()


def test_a_damaged_copy_is_made_again(tmp_path, cache):
    files = folder(tmp_path)
    whole = _baci.read(files)
    (copy,) = cache.rglob("*.parquet")
    copy.write_bytes(copy.read_bytes()[:100])
    pd.testing.assert_frame_equal(_baci.read(files), whole)


KILLED = """
import sys
from pathlib import Path
from lib.data import _baci, _store
_store.CACHE = Path(sys.argv[1]) / "originals"
_baci.read({path.name: path for path in Path(sys.argv[1]).glob("*.csv")}, form="contents")
"""


@pytest.mark.slow
def test_killed_anywhere_it_resumes(tmp_path, cache):
    """Killed at any moment, every year under its final name is whole, and the next run ends."""
    rng = np.random.default_rng(0)
    for year in range(1995, 1999):
        rows = pd.DataFrame({"k": rng.choice(899_999, 300_000, replace=False) + 10_000})
        rows = rows[~rows["k"].astype(str).isin(_baci_parquet.LATER)]
        rows.insert(0, "t", year)
        rows.insert(1, "i", 8)
        rows.insert(2, "j", 516)
        path = tmp_path / f"BACI_HS92_Y{year}_V202201.csv"
        rows.assign(v=1.5, q="NA").to_csv(path, index=False)
    (tmp_path / "country_codes_V202201.csv").write_bytes(CODES)
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=paths.ROOT)
    full = time.perf_counter() - start
    left = 0
    for share in np.linspace(0.3, 0.98, 9):
        shutil.rmtree(cache)
        process = subprocess.Popen(command, cwd=paths.ROOT)
        time.sleep(share * full)
        process.send_signal(signal.SIGKILL)
        process.wait()
        left += len(list(cache.glob("year=*/.*")))
        for path in cache.rglob("*.parquet"):
            assert pq.ParquetFile(path).read().num_rows >= 299_990
        subprocess.run(command, check=True, cwd=paths.ROOT)
        assert len(copies(cache)) == 4 and not list(cache.glob("year=*/.*"))
    assert left  # some were killed in the middle of a year


def test_no_room_on_the_disk_is_said_before_the_work(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(_baci_parquet.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DataError, match=r"copy of BACI .*years: 1.* needs about .* GB are free"):
        _baci.read(folder(tmp_path))
    assert not list(tmp_path.rglob("*.parquet*"))


def test_a_folder_that_may_not_be_written(tmp_path):
    (tmp_path / "originals").write_text("a file where a folder should be")
    with pytest.raises(DataError, match="cannot be written into .*make it writable"):
        _baci.read(folder(tmp_path))


def test_the_hash_of_a_large_file_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(_store, "LARGE", 1)
    path = tmp_path / "large.zip"
    path.write_bytes(b"one")
    one = _store.remembered(path)
    with monkeypatch.context() as patch:
        patch.setattr(_store, "digest", lambda _: pytest.fail("hashed twice"))
        assert _store.remembered(path) == one
    path.write_bytes(b"another")
    assert _store.remembered(path) == _store.digest(path) != one


def test_the_country_file_of_releases_since_2023(tmp_path):
    rows = HEAD + "1995,8,516,010121,1,NA\n1995,8,842,010121,2,NA\n1995,380,8,010121,3,NA\n"
    flows = _baci.read(folder(tmp_path, rows, NEW_CODES))
    assert flows["importer"].tolist() == ["NAM", "USA", "ALB"]
    assert flows["exporter"].tolist() == ["ALB", "ALB", "ITA"]


def test_a_year_or_the_country_file_that_is_not_there(tmp_path):
    files = folder(tmp_path)
    with pytest.raises(DataError, match=r"no file for 2001 .*\(years there: 1995\)"):
        _baci.read(files, years=[1995, 2001])
    del files["country_codes_V202201.csv"]
    with pytest.raises(DataError, match=r"country_codes_V\*\.csv is missing"):
        _baci.read(files)


LINE_2 = "1995,8,516,10121,52.051"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (ROWS.replace('"k"', '"hs6"'), r" lacks the column 'k' \(it has t, i, j, hs6"),
        (ROWS.replace(",", ";"), r" lacks the column 't' \(it has t"),
        (
            ROWS.replace("10121", "10121X"),
            r", line 2, column 'k': '10121X' is not a product of six digits \(1 such line\)",
        ),
        (ROWS.replace("52.051", "many"), r", line 2, column 'v': 'many' is not a number"),
        (ROWS.replace("1.5", "1e"), r", line 3, column 'v': '1e' is not a number"),
        (ROWS.replace("0.011", "1.2.3"), r", line 4, column 'q': '1\.2\.3' is not a number"),
        (ROWS.replace("52.051", "-5"), r"column 'v': '-5' is not a trade value in thousand USD"),
        # The world's largest product flow written in USD instead of thousands.
        (ROWS.replace("52.051", "6e10"), r"column 'v': '6e10' is not a trade value in thousand"),
        (ROWS.replace("52.051", "NA"), r", line 2, column 'v': 'NA' is not a trade value"),
        (ROWS.replace("1995,8", "1996,8"), r", line 2, column 't': '1996' is not .* 1995 .*2 such"),
        (ROWS.replace("8,516", "ALB,516", 1), r", line 2, column 'i': 'ALB' is not a country num"),
        (ROWS.replace("8,516", ",516", 1), r", line 2, column 'i': '' is not a country number"),
        (ROWS.replace("8,516,", "516,", 1), r", line 2: 5 fields in place of 6 \(1 such line\)"),
        (ROWS[:-3], "stops in the middle of its last line"),
        (HEAD, "holds no row"),
        (
            ROWS + LINE_2 + ",1\n",
            r", lines 2 and 6 both hold i=8, j=516, k=010121 \(1 such line\)",
        ),
        (
            ROWS.replace("854140", "851712"),
            "holds product 851712, which exists since HS07: it is not HS92",
        ),
    ],
)
def test_what_is_not_bacis_format_is_refused(tmp_path, rows, words):
    with pytest.raises(DataError, match=r"BACI_HS92_Y1995_V202201\.csv.*" + words):
        _baci.read(folder(tmp_path, rows))
    assert not list(tmp_path.rglob("*.parquet*"))


def test_faults_are_counted_and_the_first_one_is_named(tmp_path):
    """Faults of two kinds among many lines: the earlier one is named, with its own count."""
    good = [f"1995,8,516,{10000 + n},1.5,2\n" for n in range(500)]
    for line in (120, 300, 480):
        good[line] = good[line].replace("1.5", "n.a.")
    good[200] = good[200].replace("8,516", "x,516")
    with pytest.raises(DataError, match=r"line 122, column 'v': 'n\.a\.' .*\(3 such lines\)"):
        _baci.read(folder(tmp_path, HEAD + "".join(good)))


def test_another_edition_is_refused_or_left_aside(tmp_path):
    files = folder(tmp_path)
    other = tmp_path / "BACI_HS12_Y2014_V202201.csv"
    shutil.copy(files["BACI_HS92_Y1995_V202201.csv"], other)
    both = files | {other.name: other}
    assert set(_baci.read(both)["year"]) == {1995}
    del both["BACI_HS92_Y1995_V202201.csv"]
    with pytest.raises(DataError, match=r"BACI_HS12_Y2014.* is of edition HS12, and HS92 is need"):
        _baci.read(both)


def test_a_zip_cut_short_is_refused(tmp_path):
    files = zipped(tmp_path, Y1995=ROWS)
    (path,) = files.values()
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match="is not a whole zip file .*download it again"):
        _baci.read(files)


def test_a_zip_with_a_damaged_year_is_refused(tmp_path):
    """The directory at the end is whole, the year inside is not: its check sum tells."""
    body = HEAD + "".join(f"1995,8,516,{10000 + n},{n}.5,2\n" for n in range(5000))
    (path,) = zipped(tmp_path, Y1995=body).values()
    content = bytearray(path.read_bytes())
    content[3000] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match="is not a whole zip file .*download it again"):
        _baci.read({path.name: path})
    assert not list(tmp_path.rglob("*.parquet*"))


@pytest.mark.slow
def test_a_full_year_takes_seconds(tmp_path):
    """Six million rows, about a real year, in under 30 seconds on a slow machine."""
    path = tmp_path / "BACI_HS92_Y1995_V202201.csv"
    files = folder(tmp_path)
    block = "".join(f'{10000 + k},{k}.051,"       13.235"\n' for k in range(60_000))
    lines = block.splitlines(keepends=True)
    with open(path, "w") as out:
        out.write(HEAD)
        for partner in range(1, 101):
            out.write("".join(f"1995,{900 - partner},516,{line}" for line in lines))
    start = time.perf_counter()
    contents = _baci.read(files, form="contents")
    assert contents["rows"].item() == 6_000_000
    assert time.perf_counter() - start < 30
