"""Readers of trade agreements: ToTA's texts and DESTA's pairs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib import data
from lib.data import _desta, _tota
from lib.errors import DataError

TREATY = """<?xml version="1.0" encoding="UTF-8"?>
<treaty><meta>
<name>{name}</name><type>{type}</type><wto_rta_id>{number}</wto_rta_id>
<treaty_identifier>{number}</treaty_identifier><status>In Force</status><notification/>
<date_signed>{signed}</date_signed><date_into_force>2001-07-01</date_into_force>
<date_notification/><end_implementation/><date_inactive/>
<parties_original><partyisocode n="1">{a}</partyisocode><partyisocode n="2">{b}</partyisocode>
</parties_original><parties><partyisocode/></parties>
<composition>Bilateral</composition><region>Europe</region><crossregional>No</crossregional>
<language>en</language><related_agreement_wto_id>7</related_agreement_wto_id>
<related_agreement_wto_id>8</related_agreement_wto_id>
</meta><body>
<chapter name="Preamble"><article>We agree.</article></chapter>
<chapter number="I" name="Goods"><article number="1" name="Duties">None.</article>
<article number="2">Ägypten &amp; Öl.</article></chapter>
</body></treaty>
"""
GOOD = {"name": "A - B", "type": "Free Trade Agreement &amp; Economic Integration Agreement"}
GOOD |= {"number": 1, "signed": "2000-01-31", "a": "ALB", "b": "RKS"}


@pytest.fixture
def folder(tmp_path):
    def put(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.xml").write_text(text, encoding="utf-8")
        return {f"{name}.xml": tmp_path / f"{name}.xml" for name in texts}

    return put


class TestTota:
    def test_metadata(self, folder):
        second = GOOD | {"number": 0, "type": "Partial Scope Agreement"}
        files = folder(x=TREATY.format(**GOOD), y=TREATY.format(**second))
        treaties = _tota.read(files)
        assert treaties["treaty"].tolist() == [0, 1]  # in order of number, whatever the file
        assert treaties["kind"].tolist() == ["partial scope", "free trade"]
        assert treaties["services"].tolist() == [0, 1]
        last = treaties.iloc[1]
        assert last["signed"] == pd.Timestamp(2000, 1, 31)
        assert pd.isna(last["inactive"])
        assert last["parties_original"] == "ALB XKX"  # Kosovo under the code of this book
        assert last["parties"] == ""
        assert last["related"] == "7 8"
        assert treaties.attrs["unreadable"] == []

    def test_articles_in_their_order(self, folder):
        articles = _tota.read(folder(x=TREATY.format(**GOOD)), texts=True)
        assert articles["text"].tolist() == ["We agree.", "None.", "Ägypten & Öl."]
        assert articles["chapter"].tolist() == [1, 2, 2]
        assert articles["article"].tolist() == [1, 1, 2]
        assert articles["chapter_number"].tolist() == ["", "I", "I"]
        assert articles["article_name"].tolist() == ["", "Duties", ""]

    @pytest.mark.parametrize("texts", [False, True])
    def test_a_truncated_file_is_named_and_the_rest_is_read(self, folder, texts):
        whole = TREATY.format(**GOOD)
        found = _tota.read(folder(x=whole, cut=whole[:700]), texts=texts)
        assert set(found["treaty"]) == {1}
        (report,) = found.attrs["unreadable"]
        assert report["file"] == "cut.xml" and "line" in report["why"]
        with pytest.raises(DataError, match="None of the 1 treaties is well-formed XML"):
            _tota.read(folder(cut=whole[:700]))

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"type": "Treaty"}, "'type': 'Treaty' is not a type with one of Customs Union"),
            ({"signed": "31.1.2000"}, r"'date_signed': '31\.1\.2000' is not a date like 1994"),
            ({"a": "AL"}, "'parties_original': 'AL XKX' is not codes of three capital letters"),
            ({"number": "one"}, "x.xml has no treaty_identifier"),
            ({"name": ""}, "'name': '' is not a name"),
        ],
    )
    def test_what_is_not_as_documented_is_refused(self, folder, wrong, message):
        with pytest.raises(DataError, match=message):
            _tota.read(folder(x=TREATY.format(**GOOD | wrong)))

    def test_two_files_with_one_treaty_are_refused(self, folder):
        with pytest.raises(DataError, match="Two files hold treaty 1"):
            _tota.read(folder(x=TREATY.format(**GOOD), y=TREATY.format(**GOOD)))


def dyads(*rows):
    names = ["iso1", "iso2", "number", "base_treaty", "entry_type", "year", "entryforceyear"]
    return pd.DataFrame(rows, columns=names).assign(name=" A B ")


def contents():
    raw = pd.DataFrame({"number": ["1", "2a"], "base_treaty": [1, 2], "year": [1990, 1999]})
    raw = raw.assign(name="A B", entry_type=["base_treaty", "consolidated"], full_fta=[0, 1])
    return raw.assign(**dict.fromkeys(_desta.INDICES[1:], 1))


BASE = (56, 250, "1", 1, "base_treaty", 1990, 1991.0)


def withdrawal(marks, members=(56, 250, 276)):
    """Return a withdrawal in the source's shape: each member's row twice, marks of who leaves."""
    rows = [{"iso1": code} for code in (*members, *members)]
    frame = pd.DataFrame(rows).assign(number="1_1", base_treaty=1, name="A B", year=2000)
    frame = frame.assign(entry_type="withdrawal", entryforceyear=np.nan)
    return frame.assign(
        **{f"c{i}": code for i, code in enumerate(members, 1)},
        **{f"mc{i}": mark for i, mark in enumerate(marks, 1)},
    )


def read_dyads(raw, left):
    return _desta.dyads(raw, left, _desta.treaties(contents(), "t.csv"), "d.csv", "w.csv")


class TestDesta:
    def test_events_by_pair(self):
        later = (56, 276, "1+1", 1, "accession", 1995, np.nan)
        raw = dyads(BASE, later, (250, 900, "2a", 2, "consolidated", 1999, 2000))
        frame = read_dyads(raw, withdrawal([2, 2, 1]))
        assert frame["event"].tolist() == [
            "base_treaty", "accession", "withdrawal", "withdrawal", "consolidated",
        ]  # fmt: skip
        assert frame["country"].tolist() == ["BEL", "BEL", "DEU", "DEU", "FRA"]
        assert frame["partner"].tolist() == ["FRA", "DEU", "BEL", "FRA", "XKX"]
        assert frame["in_force"].tolist()[0] == 1991 and frame["in_force"].isna().sum() == 3
        # The second treaty has a coded text, but not that of its base treaty.
        assert frame["full_fta"].tolist()[:4] == [0, 0, 0, 0] and pd.isna(frame["full_fta"][4])
        assert set(frame["name"]) == {"A B"}

    def test_two_that_leave_together_part_once(self):
        left = read_dyads(dyads(BASE), withdrawal([1, 2, 1])).query("event == 'withdrawal'")
        pairs = {frozenset(pair) for pair in zip(left["country"], left["partner"], strict=True)}
        assert len(left) == 3
        assert pairs == {frozenset(p) for p in [("BEL", "DEU"), ("BEL", "FRA"), ("DEU", "FRA")]}

    def test_a_withdrawal_without_a_leaver_is_refused(self):
        with pytest.raises(DataError, match=r"w\.csv does not say who left with withdrawal 1_1"):
            read_dyads(dyads(BASE), withdrawal([2, 2, 2]))

    def test_what_is_not_as_documented_is_refused(self):
        left = withdrawal([1, 2, 2])
        with pytest.raises(DataError, match="country 999, which ISO 3166 does not know"):
            read_dyads(dyads((999, *BASE[1:])), left)
        with pytest.raises(DataError, match="'entry_type': 'amended' is not one of base_treaty"):
            read_dyads(dyads((*BASE[:4], "amended", *BASE[5:])), left)
        with pytest.raises(DataError, match="'year': 19.0 is not a number from 1940 to 2030"):
            read_dyads(dyads((*BASE[:5], 19, 1991)), left)
        with pytest.raises(DataError, match=r"t\.csv, column 'full_fta': 2 is not 0 or 1"):
            _desta.treaties(contents().assign(full_fta=2), "t.csv")

    def test_files(self, tmp_path):
        files = {name: tmp_path / name for name in [*_desta.TABLES.values(), _desta._WITHDRAWALS]}
        tables = dyads(BASE), contents(), withdrawal([2, 1, 2])
        for path, table in zip(files.values(), tables, strict=True):
            table.to_csv(path, index=False, encoding="utf-8-sig")
        assert _desta.read(files)["event"].tolist() == ["base_treaty", "withdrawal", "withdrawal"]
        texts = _desta.read(files, table="treaties")
        assert texts["number"].tolist() == ["1", "2a"] and texts["full_fta"].tolist() == [0, 1]
        with pytest.raises(DataError, match="no table 'depth'; choose one of dyads, treaties"):
            _desta.read(files, table="depth")
        Path(files["cz_desta.csv"]).write_bytes(b"\xff\xfe\x00")
        with pytest.raises(DataError, match=r"cz_desta\.csv is not a readable csv file"):
            _desta.read(files)


@pytest.mark.slow
@pytest.mark.originals("tota")
class TestTotaOriginals:
    def test_treaties(self):
        treaties = data.load("tota", tier="original").set_index("treaty")
        assert len(treaties) == 450 and treaties.attrs["unreadable"] == []
        kinds = treaties["kind"].value_counts()
        assert kinds.to_dict() == {
            "free trade": 399, "customs union": 30, "partial scope": 19, "services": 2,
        }  # fmt: skip
        assert treaties["in_force"].dt.year.min() == 1949
        assert (treaties["parties_original"] != "").all()
        known = set(data.load("countries")["country"]) | {"ANT", "YUG"}
        codes = " ".join(treaties["parties_original"] + " " + treaties["parties"])
        assert set(codes.split()) <= known
        nafta = treaties.loc[112]
        assert (nafta["parties"], nafta["in_force"].year) == ("CAN MEX USA", 1994)
        assert treaties["language"].value_counts().to_dict() == {"en": 424, "es": 24, "fr": 2}

    def test_articles(self):
        articles = data.load("tota", tier="original", texts=True)
        assert articles["treaty"].nunique() == 450 and len(articles) == 40_993
        assert not articles.duplicated(["treaty", "chapter", "article"]).any()
        trade = "electronic commerce|e-commerce|comercio electrónico"
        titled = articles["chapter_name"].str.contains(trade, case=False)
        assert articles.loc[titled, "treaty"].nunique() == 58
        chile = articles[articles["treaty"] == 53]
        # The text of the agreement has 24 chapters; the file stops in the thirteenth.
        assert "THIRTEEN" in chile["chapter_number"].iloc[-1]
        assert articles.attrs["incomplete"].keys() == {53}


@pytest.mark.originals("desta")
class TestDestaOriginals:
    def test_events(self):
        frame = data.load("desta", tier="original")
        counts = frame["event"].value_counts()
        assert counts.to_dict()["base_treaty"] == 14_440 and counts["accession"] == 3391
        assert frame["signed"].min() == 1948 and frame["signed"].max() == 2021
        assert (frame["country"] != frame["partner"]).all()
        assert frame["in_force"].isna().sum() - counts["withdrawal"] < 1600
        left = frame[frame["event"] == "withdrawal"]
        efta = left.query("treaty == 375 and signed == 1973")
        assert set(efta["country"]) == {"DNK", "GBR"}
        # Two leavers with six others, and with each other.
        assert len(efta) == 2 * 6 + 1
        assert set(left.query("number == '672_1'")["country"]) == {"SYC"}

    def test_contents(self):
        texts = data.load("desta", tier="original", table="treaties")
        assert len(texts) == 692
        parts = texts[_desta.INDICES[:-2]].sum(axis=1)
        assert (parts == texts["depth_index"]).all()  # the documented sum of seven
