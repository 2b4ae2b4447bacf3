"""Readers turn each source's own form into the canonical frame and refuse what is not that form."""

import numpy as np
import pandas as pd
import pytest
import rdata

from lib.data import _bec, _bilateral, _geodist, wiod
from lib.data._rdata import read_r
from lib.errors import DataError


class Folder(dict):
    """Files by name, as lib.data hands them to a reader."""

    @property
    def only(self):
        (path,) = self.values()
        return path


def write_r(path, **objects):
    rdata.write_rda(path, objects)
    return path


def geodist_rows():
    """Return two old codes, one of today and the gaps of the real file, in GeoDist's columns."""
    pairs = [(a, b) for a in ("ROM", "YUG", "FRA") for b in ("ROM", "YUG", "FRA")]
    frame = pd.DataFrame(pairs, columns=["iso_o", "iso_d"], dtype=object)
    for tie in _geodist.TIES:
        frame[tie] = 0.0
    frame["dist"] = frame["distcap"] = np.where(frame["iso_o"] == frame["iso_d"], 183.0, 1500.5)
    # rdata writes text from object columns only.
    frame["distw"] = frame["distwces"] = pd.Series(["1480.25"] * 8 + ["."], dtype=object)
    return frame


class TestGeoDist:
    def test_old_codes_and_gaps(self, tmp_path):
        path = write_r(tmp_path / "dist_cepii.rda", dist_cepii=geodist_rows())
        pairs = _geodist.read(Folder(dist=path))
        assert list(pairs.columns) == ["exporter", "importer", *_geodist.TIES, *_geodist.DISTANCES]
        assert set(pairs["exporter"]) == set(pairs["importer"]) == {"ROU", "SRB", "FRA"}
        assert pairs["distw"].isna().sum() == 1
        assert pairs["distw"].dtype == pairs["distcap"].dtype == float
        assert str(pairs["exporter"].dtype) == "str"

    def test_a_missing_column_is_refused(self):
        with pytest.raises(DataError, match=r"dist\.csv lacks the column 'distcap' \(it has iso_o"):
            _geodist.tidy(geodist_rows().drop(columns="distcap"), "dist.csv")

    def test_metres_are_refused_with_an_example(self):
        metres = geodist_rows().assign(dist=geodist_rows()["dist"] * 1000)
        words = r"dist\.csv, column 'dist': 183000\.0 is not a number from 0 to 20040 km"
        with pytest.raises(DataError, match=words):
            _geodist.tidy(metres, "dist.csv")

    def test_a_code_of_two_letters_is_refused(self):
        rows = geodist_rows().replace({"iso_d": {"FRA": "FR"}})
        words = r"dist\.csv, column 'iso_d': 'FR' is not a code of three capital letters"
        with pytest.raises(DataError, match=words):
            _geodist.tidy(rows, "dist.csv")


def panel_rows():
    return pd.DataFrame(
        {
            "exp": ["BLX", "FRA", "MNT", "FRA", "FRA"],
            "imp": ["FRA", "UNS", "ROM", "SVU", "BLX"],
            "time": ["2008", "2008", "2008", "1988", "2008"],
            "export": [2e9, 5e8, 0.0, 1e9, 1.5e9],
            "id": [7.0, 0.0, 0.0, 0.0, 7.0],
            "agreement": ["EC/EU", "", "", "", "EC/EU"],
            "cp_prov_23": [1.0, 0.0, 0.0, 0.0, 1.0],
        }
    )


class TestBilateralPanel:
    def test_codes_units_and_the_report_of_what_was_dropped(self):
        panel = _bilateral.tidy(panel_rows(), "trade.rda")
        got = panel.set_index(["exporter", "importer", "year"])["value"].to_dict()
        assert got == {  # USD become million USD; a recorded zero stays
            ("BEL", "FRA", 2008): 2000.0,
            ("MNE", "ROU", 2008): 0.0,
            ("FRA", "SUN", 1988): 1000.0,
            ("FRA", "BEL", 2008): 1500.0,
        }
        assert panel["agreement_id"].tolist() == [7, 0, 0, 7]
        assert panel.attrs["dropped"] == [
            {"code": "UNS", "what": "unspecified", "rows": 1, "value": 500.0, "share": 0.1}
        ]

    def test_one_year(self):
        assert set(_bilateral.tidy(panel_rows(), "trade.rda", years=2008)["year"]) == {2008}
        with pytest.raises(DataError, match=r"trade\.rda has no year 1999; choose from 1988, 2008"):
            _bilateral.tidy(panel_rows(), "trade.rda", years=[1999])

    def test_cents_are_refused(self):
        cents = panel_rows().assign(export=panel_rows()["export"] * 1e3)
        with pytest.raises(DataError, match=r"column 'export': 2000000000000\.0 is not .* USD"):
            _bilateral.tidy(cents, "trade.rda")

    def test_every_recoded_code_is_legal_and_no_code_is_both(self):
        assert not _bilateral.RECODED.keys() & _bilateral.NOWHERE.keys()
        assert all(code.isalpha() and len(code) == 3 for code in _bilateral.RECODED.values())


def wiot(year=2000, **changes):
    """Return a table of 2 countries × 2 sectors in the form of the WIOD files."""
    table = {
        "year": np.array([year], dtype=np.int32),
        "countries": np.array(["ROM", "RoW"]),
        "industries": np.array(["c1", "c2"]),
        "final": np.arange(40, dtype=np.int32).reshape(4, 10),
        "output": np.array([100, 200, 300, 400], dtype=np.int32),
        "inter": np.arange(16, dtype=np.int32).reshape(4, 4),
    }
    return table | changes


class TestWiod:
    def test_a_table_is_country_major_and_uses_are_last(self, tmp_path):
        path = write_r(tmp_path / "wiot_2000.RData", wiot_2000=wiot())
        table = wiod.read_2013({"wiot_2000.RData": path}, year=2000)
        assert table.countries == ("ROU", "ROW")
        assert table.Z[2, 1] == 9  # second country's first sector to first country's second
        # Column 7 of the source is the second country's third use, government.
        assert table.Y[1, 1, table.uses.index("government")] == 17
        assert table.x.tolist() == [100, 200, 300, 400]
        assert table.Z.dtype == table.Y.dtype == float

    def test_a_year_that_the_release_has_not(self):
        with pytest.raises(DataError, match="no year 2012; choose one from 1995 to 2011"):
            wiod.read_2013({}, year=2012)

    def test_a_table_of_another_shape_or_year_is_refused(self, tmp_path):
        path = write_r(tmp_path / "a.RData", t=wiot(final=np.zeros((4, 2), dtype=np.int32)))
        with pytest.raises(DataError, match=r"a\.RData: final has shape \(4, 2\)"):
            wiod.read_2013({"wiot_2000.RData": path}, year=2000)
        path = write_r(tmp_path / "b.RData", t=wiot(year=2001))
        with pytest.raises(DataError, match=r"b\.RData holds the year 2001"):
            wiod.read_2013({"wiot_2000.RData": path}, year=2000)

    def test_sectors_partition_the_economy(self):
        sectors = wiod.wiod_sectors()
        assert sectors.index.tolist() == [f"c{i}" for i in range(1, 36)]
        assert sectors["nace"].is_unique and sectors["name"].is_unique
        assert sectors["group"].value_counts().to_dict() == {
            "services": 19,
            "manufacturing": 14,
            "agriculture": 1,
            "mining": 1,
        }


@pytest.fixture
def bec(tmp_path):
    pairs = [
        ("010119", "111"),
        ("010111", "111"),
        ("010111", "410"),
        ("271000", "320"),
        ("840110", "410"),
        ("870321", "510"),
        ("871110", "522"),
        ("930200", "700"),
        ("220300", "122"),
        ("220300", "112"),
        ("710820", None),
    ]
    frame = pd.DataFrame(pairs, columns=["HS0_6d", "BEC4_3d"], dtype=object)
    names = pd.DataFrame({"code": ["41", "51"], "desc": ["Capital goods", "Passenger motor cars"]})
    return {
        "hs0_bec4.RData": write_r(tmp_path / "hs0_bec4.RData", hs0_bec4=frame),
        "bec4_desc.RData": write_r(tmp_path / "d.RData", bec4_desc=names.astype(object)),
    }


class TestBec:
    def test_end_uses_of_the_national_accounts(self, bec):
        table = _bec.read(bec).set_index("product")
        assert table["use"].to_dict() == {
            "010111": "unclassified",  # intermediate and capital
            "010119": "intermediate",
            "220300": "consumption",  # two categories of one use
            "271000": "unclassified",
            "710820": "unclassified",
            "840110": "capital",
            "870321": "unclassified",
            "871110": "consumption",
            "930200": "unclassified",
        }
        assert table.loc["010111", "bec4"] == "111/41"
        assert table.loc["840110", "description"] == "Capital goods"

    def test_mixed_categories_go_where_the_caller_says(self, bec):
        mixed = {"51": "consumption", "32": "intermediate", "several": "capital"}
        use = _bec.read(bec, mixed=mixed).set_index("product")["use"]
        assert use[["870321", "271000", "010111"]].tolist() == [
            "consumption",
            "intermediate",
            "capital",
        ]
        assert use["930200"] == "unclassified"

    def test_bad_arguments_name_the_valid_ones(self, bec):
        with pytest.raises(DataError, match="Edition 'HS88' does not exist; choose one of HS92"):
            _bec.read(bec, edition="HS88")
        with pytest.raises(DataError, match="is not possible; give one of 32, 51, 7, several"):
            _bec.read(bec, mixed={"41": "consumption"})

    def test_every_category_has_one_use_or_is_mixed(self):
        classified = [code for codes in _bec.USES.values() for code in codes.split()]
        assert len(classified) == len(set(classified))
        assert not set(classified) & set(_bec.MIXED)


def test_a_file_that_is_not_r_data_is_refused(tmp_path):
    path = tmp_path / "x.rda"
    path.write_bytes(b"not R")
    with pytest.raises(DataError, match=r"x\.rda is not a readable R data file"):
        read_r(path)
