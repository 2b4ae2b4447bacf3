"""Input–output tables in the formats in which they are given out.

Fixtures are random tables written at run time in the layout of each source. The originals cannot be
had by a program; the layouts are those that public code for these files relies on.
"""

import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
import rdata
from rdata.conversion import to_r

from lib import data, gvc
from lib.data import _oecd_icio, _store, _wiod_2016
from lib.errors import DataError
from lib.io_table import FINAL_USES, InputOutput

COUNTRIES = ("AUS", "CHN", "MEX", "ROU", "ROW")
SECTORS = ("A01", "C10-C12", "U")
USES = (*FINAL_USES, "purchases_abroad")


def random_table(uses=FINAL_USES, year=2014, seed=1) -> InputOutput:
    """A balanced table with an idle sector and negative inventories, as the originals have."""
    rng = np.random.default_rng(seed)
    g, n, f = len(COUNTRIES), len(SECTORS), len(uses)
    Z = rng.random((g * n, g * n)) * 100
    Y = rng.random((g * n, g, f)) * 400
    Y[4, 1, uses.index("inventories")] = -7.25
    Z[-1] = Z[:, -1] = Y[-1] = 0.0
    x = Z.sum(1) + Y.sum((1, 2))
    return InputOutput(Z, Y, x, COUNTRIES, SECTORS, uses, year)


def same(one: InputOutput, other: InputOutput, **tolerance) -> None:
    labels = ("countries", "sectors", "uses", "year")
    assert [getattr(one, k) for k in labels] == [getattr(other, k) for k in labels]
    for name in ("Z", "Y", "x"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), **tolerance)


# -- WIOD 2016 -----------------------------------------------------------------------------------

WIOD_USES = ["CONS_h", "CONS_np", "CONS_g", "GFCF", "INVEN"]
TOTALS = ["II_fob", "TXSP", "EXP_adj", "PURR", "PURNR", "VA", "IntTTM", "GO"]


def wiod_frame(table: InputOutput) -> pd.DataFrame:
    """The columns and the rows of totals of the R file; what the totals hold must not matter."""
    g, n, f = len(table.countries), len(table.sectors), len(table.uses)
    names = [f"{c}{i}" for c in table.countries for i in range(1, n + 1)]
    names += [f"{c}{i}" for c in table.countries for i in range(n + 1, n + f + 1)]
    cells = np.hstack([table.Z, table.Y.reshape(g * n, -1)])
    cells = np.vstack([cells, np.full((len(TOTALS), cells.shape[1]), 1e6)])
    frame = pd.DataFrame(cells, columns=names)
    frame.insert(0, "IndustryCode", [*table.sectors * g, *TOTALS])
    frame.insert(1, "IndustryDescription", "some words")
    frame.insert(2, "Country", [*np.repeat(table.countries, n), *["TOT"] * len(TOTALS)])
    frame.insert(3, "RNr", [*[*range(1, n + 1)] * g, 65, 66, 67, 68, 69, 70, 71, 73])
    frame.insert(4, "Year", table.year)
    return frame.assign(TOT=[*table.x, *[1e6] * len(TOTALS)])


class DataTable(pd.DataFrame):
    """Written as R's data.table, the class of the object in some copies of the R files."""


def data_table(frame, converter):
    written = to_r.dataframe_constructor(frame, converter)
    words = ["data.table", "data.frame"]
    kind = converter.convert_to_r_attributes({"class": np.array(words, dtype="U")})
    rest = written.attributes.value[1]
    rest.value = (kind.value[0], rest.value[1])
    return written


def write_wiod_r(path, table, kind=pd.DataFrame):
    frame = wiod_frame(table)
    text = ["IndustryCode", "IndustryDescription", "Country"]
    frame = kind(frame.astype(dict.fromkeys(text, object)))
    maps = {**to_r.DEFAULT_CLASS_MAP, DataTable: data_table}
    rdata.write_rda(path, {"wiot": frame}, constructor_dict=maps)
    return path


def write_wiod_stata(path, table):
    frame = wiod_frame(table).astype({"RNr": "int8", "Year": "int16"})
    cells = {name: f"v{name}" for name in frame.columns[5:-1]}
    frame.rename(columns=cells).to_stata(path, write_index=False, version=118)
    return path


def wiod_sheet(table) -> list[list]:
    """The lines of the sheet: four of title with the heads of the columns, two more, the rows."""
    frame = wiod_frame(table)
    names = frame.columns[5:-1]
    items = dict(enumerate([*table.sectors, *WIOD_USES], 1))
    numbers = [int(name[3:]) for name in names]
    heads = [
        [items[k] for k in numbers] + ["GO"],
        [f"words on {k}" for k in numbers] + ["Total output"],
        [name[:3] for name in names] + ["TOT"],
        [f"c{k}" for k in numbers] + ["c62"],
    ]
    titles = ["Intercountry Input-Output Table", "current prices", "(industry-by-industry)",
              "(millions of US$)", None, None]  # fmt: skip
    lines = [[title, None, None, None] for title in titles]
    heads = [[None] * len(heads[0])] * 2 + heads
    lines = [line + head for line, head in zip(lines, heads, strict=True)]
    labels = frame[["IndustryCode", "IndustryDescription", "Country"]].to_numpy().tolist()
    cells = frame[[*names, "TOT"]].to_numpy().tolist()
    numbered = zip(labels, frame["RNr"], cells, strict=True)
    return lines + [[*label, f"r{k}", *row] for label, k, row in numbered]


def record(kind: int, body: bytes = b"") -> bytes:
    """One record of Excel's binary format [MS-XLSB 2.1.4]: type and size in groups of 7 bits."""
    head = b""
    for number in (kind, len(body)):
        while number > 127:
            head += bytes([number & 127 | 128])
            number >>= 7
        head += bytes([number])
    return head + body


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def write_xlsb(path, lines):
    """A binary workbook of one sheet: texts are BrtCellSt (6), numbers BrtCellReal (5)."""
    cells = bytearray()
    for r, line in enumerate(lines):
        cells += record(0, struct.pack("<IIH3sI", r, 0, 300, b"", 0))
        for c, value in enumerate(line):
            if value is not None:
                text = isinstance(value, str)
                content = wide(value) if text else struct.pack("<d", value)
                cells += record(6 if text else 5, struct.pack("<II", c, 0) + content)
    size = struct.pack("<4I", 0, len(lines) - 1, 0, max(map(len, lines)) - 1)
    sheet = record(129) + record(148, size) + record(145) + bytes(cells) + record(146) + record(130)
    bundle = record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("2014"))
    book = record(131) + record(143) + bundle + record(144) + record(132)
    office = "http://schemas.openxmlformats.org"
    relation = (
        f'<Relationships xmlns="{office}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument/2006/relationships/%s" Target="%s"/></Relationships>'
    )
    types = (
        f'<Types xmlns="{office}/package/2006/content-types"><Default Extension="bin" '
        'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", relation % ("officeDocument", "xl/workbook.bin"))
        archive.writestr("xl/_rels/workbook.bin.rels", relation % ("worksheet", "worksheets/1.bin"))
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/worksheets/1.bin", sheet)
    return path


class TestWiod2016:
    table = random_table()

    def read(self, *paths, year=2014):
        return _wiod_2016.read({path.name: path for path in paths}, year=year)

    @pytest.mark.parametrize("kind", [pd.DataFrame, DataTable])
    def test_r(self, tmp_path, kind):
        path = write_wiod_r(tmp_path / "WIOT2014_October16_ROW.RData", self.table, kind)
        same(self.read(path), self.table, rtol=0)

    def test_stata(self, tmp_path):
        path = write_wiod_stata(tmp_path / "WIOT2014_October16_ROW.dta", self.table)
        same(self.read(path), self.table, rtol=0)

    def test_excel(self, tmp_path):
        pytest.importorskip("python_calamine")
        path = write_xlsb(tmp_path / "WIOT2014_Nov16_ROW.xlsb", wiod_sheet(self.table))
        same(self.read(path), self.table, rtol=0)

    def test_excel_sheet(self, tmp_path, monkeypatch):
        """The same without the package that opens the file: from the cells on."""
        sheet = pd.DataFrame(wiod_sheet(self.table))
        monkeypatch.setattr(pd, "read_excel", lambda path, **options: sheet)
        path = tmp_path / "WIOT2014_Nov16_ROW.xlsb"
        same(self.read(path), self.table, rtol=0)
        sheet.iat[7, 6] = "n.a."
        with pytest.raises(DataError, match=r"row AUS_C10-C12, column AUS3: 'n\.a\.' is not a num"):
            self.read(path)

    def test_a_zip_and_a_loose_file(self, tmp_path):
        """One year comes out of the zip; a loose file of that year goes before it."""
        path = write_wiod_stata(tmp_path / "WIOT2014_October16_ROW.dta", self.table)
        packed = tmp_path / "WIOTS_in_STATA.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(path, "WIOTS_in_STATA/" + path.name)
        same(self.read(packed), self.table, rtol=0)
        other = random_table(seed=2)
        write_wiod_stata(path, other)
        same(self.read(packed, path), other, rtol=0)
        packed.write_bytes(packed.read_bytes()[:500])
        with pytest.raises(DataError, match=r"STATA\.zip is not a whole zip file"):
            self.read(packed)

    def test_a_year_that_is_not_there(self, tmp_path):
        with pytest.raises(DataError, match="no year 2015; choose one from 2000 to 2014"):
            self.read(year=2015)
        path = write_wiod_stata(tmp_path / "WIOT2014_October16_ROW.dta", self.table)
        with pytest.raises(DataError, match=r"no file of 2013 among WIOT2014_.*put WIOT2013_Oct"):
            self.read(path, year=2013)
        path.rename(tmp_path / "WIOT2013_October16_ROW.dta")
        with pytest.raises(DataError, match=r"WIOT2013_October16_ROW\.dta holds the year 2014"):
            self.read(tmp_path / "WIOT2013_October16_ROW.dta", year=2013)

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda f: f.drop(columns="TOT"), "has not the columns IndustryCode, Country and TOT"),
            (lambda f: f.drop(index=4), "lacks the row CHN_C10-C12; every country needs"),
            (lambda f: f.drop(columns="MEX5"), "lacks the column MEX_npish; every country needs"),
            (lambda f: f.drop(columns="MEX2"), "lacks the column MEX_C10-C12, though there is"),
            (lambda f: f.rename(columns={"ROW8": "ROW9"}), "column 'ROW9', which is not a country"),
            (lambda f: f.assign(AUS2=np.nan), "row AUS_A01, column AUS_C10-C12: nan is not a val"),
            (lambda f: f.assign(TOT=np.inf), "row AUS_A01, column output: inf is not a value"),
            (lambda f: pd.concat([f.iloc[:1], f]), "has the row AUS_A01 twice"),
        ],
    )
    def test_another_layout_is_refused(self, spoil, words):
        with pytest.raises(DataError, match=f"w\\.dta.* {words}"):
            _wiod_2016.tidy(spoil(wiod_frame(self.table)), "w.dta", 2014)

    def test_files_that_cannot_be_read(self, tmp_path):
        for name in ("October16_ROW.RData", "October16_ROW.dta", "Nov16_ROW.xlsb"):
            path = tmp_path / f"WIOT2014_{name}"
            path.write_bytes(b"<html>not found</html>")
            with pytest.raises(DataError, match=f"{name}.*(not a readable|python-calamine)"):
                self.read(path)


# -- OECD ICIO -----------------------------------------------------------------------------------

SUFFIXES = {2018: "P33", 2021: "DPABR", 2023: "DPABR"}


def icio_frame(table: InputOutput, edition=2023, split=()) -> pd.DataFrame:
    """The rows and columns of a yearly csv; `split` countries fall into two parts at the end.

    The rows and the intermediate columns of a split country itself are zero, as in the originals;
    shares of its parts are random for each cell, so that deliveries run between the parts too.
    """
    rng = np.random.default_rng(3)
    g, n = len(table.countries), len(table.sectors)
    industries = [f"{c}_{s}" for c in table.countries for s in table.sectors]
    suffixes = ["HFCE", "NPISH", "GGFC", "GFCF", "INVNT", SUFFIXES[edition]]
    final = [f"{c}_{u}" for c in table.countries for u in suffixes]
    cells = pd.DataFrame(np.hstack([table.Z, table.Y.reshape(g * n, -1)]), industries,
                         industries + final)  # fmt: skip
    for whole in split:
        cells = in_two(in_two(cells, whole, rng).T, whole, rng).T
    uses = [c for c in cells if c in final]
    cells = cells[[c for c in cells if c not in final] + uses]
    out = cells.sum(axis=1)
    made = pd.DataFrame(0.0, ["TLS", "VA", "OUT"], cells.columns)
    if edition < 2023:
        made.index = ["AUS_TAXSUB", "VALU", "OUTPUT"]
    made.iloc[2] = out.reindex(cells.columns).to_numpy()  # nothing under final use
    made.iloc[1] = made.iloc[2] - cells.sum()
    frame = pd.concat([cells, made])
    frame["OUT" if edition == 2023 else "TOTAL"] = frame.sum(axis=1)
    return frame


def in_two(cells, whole, rng):
    """Move the rows of a country to two parts of it below all others."""
    rows = [r for r in cells.index if r.startswith(whole) and r[4:] in SECTORS]
    share = rng.random((len(rows), cells.shape[1]))
    parts = [cells.loc[rows] * share, cells.loc[rows] * (1 - share)]
    for part, code in zip(parts, (f"{whole[:2]}1", f"{whole[:2]}2"), strict=True):
        part.index = [code.replace("ME", "MX").replace("CH", "CN") + r[3:] for r in rows]
    cells = cells.copy()
    cells.loc[rows] = 0.0
    return pd.concat([cells, *parts])


class TestIcio:
    table = random_table(uses=USES, year=2018)

    def read(self, path, **which):
        return _oecd_icio.read({path.name: path}, year=2018, **which)

    @pytest.mark.parametrize(
        ("name", "edition"),
        [("2018_SML.csv", 2023), ("ICIO2021_2018.csv", 2021), ("ICIO2018_2018.CSV", 2018)],
    )
    def test_regular_editions(self, tmp_path, name, edition):
        icio_frame(self.table, edition).to_csv(tmp_path / name, index_label="V1")
        same(self.read(tmp_path / name), self.table, rtol=1e-14)

    @pytest.mark.parametrize("edition", [2021, 2023])
    def test_china_and_mexico_become_one_again(self, tmp_path, edition):
        """Rows, columns and the deliveries between parts add up to what was split at random."""
        frame = icio_frame(self.table, edition, split=("CHN", "MEX"))
        assert frame.loc["CN1_A01", "CN2_A01"] > 0 and frame.loc["CN1_A01", "CHN_HFCE"] > 0
        assert frame.loc["CN2_U", "MX1_A01"] > 0 and frame.loc["CHN_A01", "AUS_A01"] == 0
        frame.to_csv(tmp_path / "2018.CSV")
        same(self.read(tmp_path / "2018.CSV"), self.table, rtol=1e-12)

    def test_gaps_under_final_use_do_not_matter(self, tmp_path):
        frame = icio_frame(self.table)
        frame.loc[["TLS", "VA", "OUT"], [c for c in frame if c[4:] in _oecd_icio.USES]] = np.nan
        frame.to_csv(tmp_path / "2018_SML.csv")
        same(self.read(tmp_path / "2018_SML.csv"), self.table, rtol=1e-14)

    def test_output_is_the_row_of_output(self, tmp_path):
        frame = icio_frame(self.table)
        frame.loc["OUT", "AUS_A01"] += 5
        frame.to_csv(tmp_path / "2018_SML.csv")
        read = self.read(tmp_path / "2018_SML.csv")
        assert read.x[0] == pytest.approx(self.table.x[0] + 5)

    def test_two_files_of_one_year(self, tmp_path):
        old, new = tmp_path / "ICIO2021_2018.csv", tmp_path / "2016-2020_SML.zip"
        icio_frame(random_table(USES, 2018, seed=5), 2021).to_csv(old)
        with zipfile.ZipFile(new, "w") as archive:
            archive.writestr("2018_SML.csv", icio_frame(self.table).to_csv())
            archive.writestr("2019_SML.csv", "x")
        files = {path.name: path for path in (old, new)}
        with pytest.raises(DataError, match=r"several files of 2018 \(ICIO2021_2018\.csv, 20"):
            _oecd_icio.read(files, year=2018)
        same(_oecd_icio.read(files, year=2018, file="2018_SML.csv"), self.table, rtol=1e-14)
        with pytest.raises(DataError, match=r"no file of 2017 among .*; put 2017_SML\.csv"):
            _oecd_icio.read(files, year=2017)

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda f: f.drop(index="OUT"), "has no single row of output, OUT or OUTPUT; only the"),
            (lambda f: f.assign(DISC=0.0), "column label 'DISC', which is not .* 2018 to 2025"),
            (lambda f: f.rename(columns={"AUS_HFCE": "HFCE_AUS"}), "'HFCE_AUS', which is not"),
            (lambda f: f.rename(columns={"AUS_HFCE": "AUS_NPS"}), "AUS_NPS, which is no industry"),
            (lambda f: f.drop(columns="ROU_GFCF"), "lacks the column ROU_gfcf; every country"),
            (lambda f: f.drop(index="ROU_U"), "has the column ROU_U, which is no industry"),
            (lambda f: f.drop(columns="ROU_U"), "lacks the column ROU_U, though there is such"),
            (lambda f: f.replace({"MEX_A01": {f.loc["AUS_U", "MEX_A01"]: np.nan}}),
             "row AUS_U, column MEX_A01: nan is not a value"),
        ],
    )  # fmt: skip
    def test_another_layout_is_refused(self, spoil, words):
        with pytest.raises(DataError, match=f"2018_SML.csv.* {words}"):
            _oecd_icio.tidy(spoil(icio_frame(self.table)), "2018_SML.csv", 2018)

    def test_a_split_country_keeps_its_gaps(self):
        frame = icio_frame(self.table, split=("CHN",))
        frame.loc["CN1_A01", "CN2_U"] = np.nan
        with pytest.raises(DataError, match="row CN1_A01, column CN2_U: nan is not a value"):
            _oecd_icio.tidy(frame, "2018.CSV", 2018)


# -- a table of one's own ------------------------------------------------------------------------

OWN = """label,FRA_A,FRA_B,ROW_A,ROW_B,FRA_household,FRA_gfcf,ROW_household,ROW_gfcf,output
FRA_A,10,5,1,0,20,4,2,1,43
FRA_B,3,15,0,1,25,2,1,0,47
ROW_A,0,1,12,4,1,0,30,3,51
ROW_B,1,0,3,10,2,1,20,2,39
"""


class TestOwnTable:
    def write(self, tmp_path, text=OWN, name="own.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    def test_the_documented_example(self, tmp_path):
        """The example of the docstring, cell by cell."""
        assert OWN.splitlines() == [
            line.strip() for line in data.read_table.__doc__.splitlines() if line.count(",") > 8
        ]
        table = data.read_table(self.write(tmp_path), 2020)
        assert (table.countries, table.sectors) == (("FRA", "ROW"), ("A", "B"))
        assert (table.uses, table.year) == (("household", "gfcf"), 2020)
        assert table.Z.tolist() == [[10, 5, 1, 0], [3, 15, 0, 1], [0, 1, 12, 4], [1, 0, 3, 10]]
        assert table.Y[0].tolist() == [[20, 4], [2, 1]]
        assert table.x.tolist() == [43, 47, 51, 39]
        whole = gvc.Table.of(table)
        np.testing.assert_allclose(whole.discrepancy, 0, atol=1e-12)

    def test_the_order_of_lines_and_columns_does_not_matter(self, tmp_path):
        frame = pd.read_csv(self.write(tmp_path))
        mixed = frame.iloc[::-1, [0, *range(9, 0, -1)]]
        mixed.to_csv(tmp_path / "mixed.csv", index=False)
        one, other = data.read_table(tmp_path / "own.csv", 1), data.read_table(
            tmp_path / "mixed.csv", 1
        )  # fmt: skip
        assert other.countries == ("ROW", "FRA") and other.uses == ("gfcf", "household")
        back = [3, 2, 1, 0]
        np.testing.assert_array_equal(other.Z[np.ix_(back, back)], one.Z)
        np.testing.assert_array_equal(other.Y[back][:, ::-1, ::-1], one.Y)
        np.testing.assert_array_equal(other.x[back], one.x)

    def test_parquet_is_the_same(self, tmp_path):
        frame = pd.read_csv(self.write(tmp_path), index_col=0)
        frame.to_parquet(tmp_path / "own.parquet")  # the labels become the last column
        frame.reset_index().astype({"label": "category"}).to_parquet(tmp_path / "cat.parquet")
        for name in ("own", "cat"):
            same(
                data.read_table(tmp_path / f"{name}.parquet", 1),
                data.read_table(tmp_path / "own.csv", 1),
            )

    def test_a_random_table_goes_round(self, tmp_path):
        table = random_table(uses=("consumption", "capital_formation", "inventories"))
        rows = pd.Index([f"{c}_{s}" for c in COUNTRIES for s in SECTORS])
        columns = [f"{c}_{u}" for c in COUNTRIES for u in table.uses]
        frame = pd.DataFrame(table.Z, rows, rows)
        frame[columns] = table.Y.reshape(len(rows), -1)
        frame["output"] = table.x
        frame.to_csv(tmp_path / "t.csv")
        same(data.read_table(tmp_path / "t.csv", 2014), table, rtol=0)

    def test_codes_are_brought_up_to_date(self, tmp_path):
        text = OWN.replace("FRA", "ROM").replace("ROW", "RoW")
        assert data.read_table(self.write(tmp_path, text), 1).countries == ("ROU", "ROW")

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (
                lambda t: t.replace(",43", ',"1,043"'),
                "row FRA_A, column output: '1,043' is not a",
            ),
            (lambda t: t.replace("A,10,5", "A,10,x"), "row FRA_A, column FRA_B: 'x' is not a numb"),
            (lambda t: t.replace("A,10,5", "A,10,"), "row FRA_A, column FRA_B: nan is not a value"),
            (lambda t: t.replace("A,10,5", "A,10,inf"), "row FRA_A, column FRA_B: inf is not a va"),
            (lambda t: t.replace(",43", ","), "row FRA_A, column output: nan is not a value"),
            (lambda t: t.replace("output", "total"), "lacks the column 'output', gross output"),
            (lambda t: t.replace("FRA_A", "FR_A"), "row label 'FR_A', which is not a country code"),
            (lambda t: t.replace("_household", ""), "column label 'FRA', which is not a country"),
            (lambda t: t + "VA" + ",1" * 9 + "\n", "row label 'VA', which is not a country code"),
            (lambda t: t + "ROW_VA" + ",1" * 9 + "\n", "lacks the row FRA_VA; every country needs"),
            (lambda t: t.replace("ROW_B,1", "ROW_A,1"), "has the row 'ROW_A' twice"),
            (lambda t: t.replace("ROW_gfcf", "FRA_gfcf"), "has the column 'FRA_gfcf' twice"),
            (lambda t: t.replace("ROW_gfcf", "ROW_gcf"), "lacks the column FRA_gcf; every country"),
            (lambda t: t.replace("ROW_gfcf", "DEU_gfcf"), "column DEU_gfcf, whose country has no"),
            (lambda t: t.replace("A,FRA_B", "A,FRA_b", 1), "lacks the column FRA_B, though there"),
            (lambda t: t.replace(",", ";"), "has no column of row labels beside columns of numb"),
            (lambda t: t.replace("20,2,39", "20,2"), "cannot be read .*Expected 10 columns, got 9"),
            (lambda t: "", "cannot be read .*Empty CSV file"),
        ],
    )
    def test_a_malformed_file_is_refused(self, tmp_path, spoil, words):
        path = self.write(tmp_path, spoil(OWN))
        with pytest.raises(DataError, match=rf"own\.csv.* {words}") as refusal:
            data.read_table(path, 2020)
        assert "\n" not in str(refusal.value) and str(refusal.value).endswith(".")

    def test_a_table_without_final_use(self, tmp_path):
        frame = pd.read_csv(self.write(tmp_path), index_col=0)
        frame[["FRA_A", "FRA_B", "ROW_A", "ROW_B", "output"]].to_csv(tmp_path / "own.csv")
        with pytest.raises(DataError, match="has no column of final use; add one"):
            data.read_table(tmp_path / "own.csv", 1)

    def test_other_files(self, tmp_path):
        with pytest.raises(DataError, match=r"own\.xlsx is neither a \.csv nor a \.parquet file"):
            data.read_table(tmp_path / "own.xlsx", 1)
        with pytest.raises(DataError, match=r"gone\.csv cannot be read"):
            data.read_table(tmp_path / "gone.csv", 1)
        with pytest.raises(DataError, match=r"own\.parquet cannot be read"):
            data.read_table(self.write(tmp_path, OWN, "own.parquet"), 1)
        frame = pd.read_csv(self.write(tmp_path)).assign(output=[True, False, True, True])
        frame.to_parquet(tmp_path / "t.parquet")
        with pytest.raises(DataError, match="row FRA_A, column output: 'True' is not a number"):
            data.read_table(tmp_path / "t.parquet", 1)


# -- through the catalogue -----------------------------------------------------------------------


def test_files_put_by_hand_are_loaded_and_the_sample_stands_in(tmp_path, monkeypatch):
    monkeypatch.delenv("GVC_BOOK_DATA", raising=False)
    monkeypatch.delenv("GVC_BOOK_TIER", raising=False)
    monkeypatch.setattr(_store, "CACHE", tmp_path)
    for key in ("wiod_2016", "oecd_icio"):
        assert data.provenance(key).tier == "sample"
        assert data.load(key, year=2010).countries[-1] == "ROW"
    wiod, icio = random_table(), random_table(USES, 2018)
    (tmp_path / "tables").mkdir()
    write_wiod_stata(tmp_path / "tables" / "WIOT2014_October16_ROW.dta", wiod)
    icio_frame(icio).to_csv(tmp_path / "2018_SML.csv")
    same(data.load("wiod_2016", year=2014), wiod, rtol=0)
    same(data.load("oecd_icio", year=2018), icio, rtol=1e-14)
    assert data.provenance("wiod_2016").tier == data.provenance("oecd_icio").tier == "original"
