"""The hand-coded reference of digital rules, and texts of treaties from files of one's own."""

import hashlib
import tomllib

import pytest

from lib import data, treaty_text
from lib.errors import DataError
from lib.paths import ROOT
from lib.sample import rule_texts

CODEBOOK = tomllib.loads((ROOT / "lib/agreements/rule_depth/codebook.toml").read_text("utf-8"))
RULES = list(CODEBOOK["rules"])
PLAIN = """An agreement

Chapter 1 General
Article 1.1 Aim
The Parties want trade.

CHAPTER 2
Electronic Commerce
Article 2.1: Customs Duties
No Party shall levy duties.
See Article 2.2 for more.
Article 2.2
Signatures
A signature is valid.
"""


class TestCodebook:
    def test_has_the_rules_of_the_paper(self):
        groups, rules = CODEBOOK["groups"], CODEBOOK["rules"].values()
        assert len(rules) == 23 and sum("deepening" in rule for rule in rules) == 12
        assert {rule["group"] for rule in rules} <= set(groups)
        pillars = [groups[rule["group"]]["pillar"] for rule in rules]
        assert [pillars.count(p) for p in CODEBOOK["pillars"]] == [12, 5, 6]

    @pytest.mark.parametrize("rule", RULES)
    def test_says_what_counts(self, rule):
        entry = CODEBOOK["rules"][rule]
        assert entry["english"] and entry["chinese"] and entry["counts"] and entry["example"]
        assert ("deepening" in entry) == ("deep_counts" in entry) == ("deepening_chinese" in entry)


@pytest.fixture(scope="module")
def coding():
    return data.load("digital_rules_coding")


class TestCoding:
    def test_covers_agreements_of_every_style_twice(self, coding):
        assert coding.groupby("coding")["treaty"].nunique().to_dict() == dict(
            reference=31, A=31, B=31
        )
        assert coding["style"].nunique() >= 7
        assert set(coding["half"]) == {"tuning", "held out"} and coding["half"].notna().all()
        assert not coding.duplicated(["coding", "treaty", "rule"]).any()
        assert set(coding["rule"]) <= set(RULES)

    def test_only_rules_with_a_deepening_form_reach_it(self, coding):
        deepened = set(coding.loc[coding["deepening"] == 1, "rule"])
        assert deepened <= {r for r in RULES if "deepening" in CODEBOOK["rules"][r]}
        assert coding.loc[coding["deepening"] == 1, "deep_sha256"].notna().all()

    def test_the_reference_differs_from_the_first_coding_only_with_a_reason(self, coding):
        judged = ["present", "binding", "dispute", "deepening"]
        wide = coding.set_index(["treaty", "rule", "coding"])[judged].unstack("coding").fillna(0)
        other = (wide.xs("reference", axis=1, level=1) != wide.xs("A", axis=1, level=1)).any(axis=1)
        said = coding[(coding["coding"] == "reference") & coding["why"].notna()]
        assert set(other.index[other]) <= set(said.set_index(["treaty", "rule"]).index)

    @pytest.mark.originals("tota")
    def test_every_locator_finds_its_words(self, coding):
        texts = data.load("tota", texts=True).set_index(["treaty", "chapter", "article"])["text"]
        for deep in ("", "deep_"):
            found = coding[coding[f"{deep}sha256"].notna()]
            for row in found.to_dict("records"):
                text = texts[row["treaty"], row[f"{deep}chapter"], row[f"{deep}article"]]
                start = row[f"{deep}start"]
                words = text[start : start + row[f"{deep}length"]]
                assert hashlib.sha256(words.encode()).hexdigest()[:12] == row[f"{deep}sha256"], row


class TestTextsOfOnesOwn:
    def test_plain_text(self, tmp_path):
        (tmp_path / "mine.txt").write_text(PLAIN, encoding="utf-8")
        frame = data.read_treaty(tmp_path / "mine.txt")
        assert list(frame) == list(treaty_text.ARTICLE)
        rows = frame[frame["article"] > 0]
        assert rows["chapter_name"].tolist() == ["General", *["Electronic Commerce"] * 2]
        assert rows["article_name"].tolist() == ["Aim", "Customs Duties", "Signatures"]
        assert rows["article_number"].tolist() == ["ARTICLE 1.1", "ARTICLE 2.1", "ARTICLE 2.2"]
        assert rows["text"].tolist()[2] == "A signature is valid."

    def test_a_reference_in_a_sentence_is_no_heading(self, tmp_path):
        (tmp_path / "mine.txt").write_text(PLAIN, encoding="utf-8")
        frame = data.read_treaty(tmp_path / "mine.txt")
        assert "See Article 2.2 for more." in frame["text"].tolist()[-2]

    def test_xml_and_plain_text_give_the_same_articles(self, tmp_path):
        xml = rule_texts.texts()["listed"]
        lines = []
        for row in xml.itertuples():
            lines += [f"{row.chapter_number} {row.chapter_name}"] * (row.article == 1)
            lines += [f"{row.article_number} {row.article_name}", row.text]
        (tmp_path / "listed.txt").write_text("\n".join(lines), encoding="utf-8")
        frame = data.read_treaty(tmp_path / "listed.txt")
        columns = ["chapter_number", "chapter_name", "article", "article_number", "text"]
        assert frame[columns].equals(xml[columns])

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("a.txt", "No heading at all.", "No article was found"),
            ("a.xml", "<treaty><body>", "not well-formed"),
            ("a.pdf", "%PDF", r"neither \.xml nor \.txt"),
        ],
    )
    def test_refused(self, tmp_path, name, content, said):
        (tmp_path / name).write_text(content)
        with pytest.raises(DataError, match=said):
            data.read_treaty(tmp_path / name)

    def test_absent_or_in_another_encoding(self, tmp_path):
        with pytest.raises(DataError, match="There is no file"):
            data.read_treaty(tmp_path / "none.txt")
        (tmp_path / "latin.txt").write_bytes("Artículo 1 Ámbito".encode("latin-1"))
        with pytest.raises(DataError, match="not UTF-8"):
            data.read_treaty(tmp_path / "latin.txt")


class TestSampleTexts:
    def test_cover_every_rule_at_every_score(self):
        truth = rule_texts.truth()
        reached = truth.groupby("rule")["score"].agg(set)
        for rule in RULES:
            deepest = {4} if "deepening" in CODEBOOK["rules"][rule] else set()
            assert {1, 2, 3} | deepest <= reached[rule], rule

    def test_a_chapter_without_articles_is_seen(self):
        empty = rule_texts.texts()["empty"]
        assert (empty["article"] == 0).sum() == 1
