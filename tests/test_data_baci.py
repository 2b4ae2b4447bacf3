"""BACI in the form in which CEPII gives it out: yearly csv files or one zip of them."""

import time
import zipfile

import pytest

from lib.data import _baci
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


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (ROWS.replace('"k"', '"hs6"'), r"lacks the column 'k' \(it has t, i, j, hs6"),
        (ROWS.replace("10121", "10121X"), r"column 'k': '10121X' is not a product of six digits"),
        (ROWS.replace("52.051", "many"), r"column 'v': 'many' is not a number"),
        (ROWS.replace("52.051", "-5"), r"column 'v': -5\.0 is not a trade value in thousand USD"),
        # The world's largest product flow written in USD instead of thousands.
        (ROWS.replace("52.051", "6e10"), r"column 'v': 60000000000\.0 is not a trade value"),
        (ROWS.replace("52.051", "NA"), r"column 'v': NA is not a trade value"),
        (ROWS.replace("1995,8,516", "1996,8,516"), r"column 't': holds \[1996, 1995\] where its"),
        (ROWS.replace("1995,8,516", "1995,ALB,516"), r"is not in BACI's format \(.*'ALB'"),
        (ROWS.replace(",", ";"), r"lacks the column 't' \(it has t"),
    ],
)
def test_what_is_not_bacis_format_is_refused(tmp_path, rows, words):
    with pytest.raises(DataError, match=r"BACI_HS92_Y1995_V202201\.csv.*" + words):
        _baci.read(folder(tmp_path, rows))


def test_a_zip_cut_short_is_refused(tmp_path):
    files = zipped(tmp_path, Y1995=ROWS)
    (path,) = files.values()
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match="is not a whole zip file .*download it again"):
        _baci.read(files)


@pytest.mark.slow
def test_a_full_year_takes_seconds(tmp_path):
    """Six million rows, about a real year, in under 30 seconds on a slow machine."""
    block = "".join(f'1995,8,516,{10000 + i},{i}.051,"       13.235"\n' for i in range(60_000))
    path = tmp_path / "BACI_HS92_Y1995_V202201.csv"
    files = folder(tmp_path)
    path.write_text(HEAD + block * 100)
    start = time.perf_counter()
    flows = _baci.read(files)
    assert len(flows) == 6_000_000
    assert time.perf_counter() - start < 30
