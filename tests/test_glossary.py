"""The glossary: both languages for every term, and links from first uses alone."""

import re
import types
import unicodedata

import pytest
from docutils import nodes
from sphinx import addnodes

from lib import paths
from lib.book import sphinx_ext

TEXT = (paths.BOOK / "glossary.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r"(?m)^(\S.*)\n  \*\*(.+?)\*\* · (.+?) · (.+)$", TEXT)
APP = types.SimpleNamespace(srcdir=paths.ROOT)


def test_every_term_has_chinese_pinyin_meaning_and_source():
    assert [entry[0] for entry in ENTRIES] == sphinx_ext.glossary(APP) and len(ENTRIES) > 100
    for term, chinese, pinyin, meaning in ENTRIES:
        assert re.fullmatch(r"[\u4e00-\u9fff]+", chinese), term
        assert re.search(r"\((Li & Chen|Ni|Gao et al\.|Dang & Yin|this book|, )+\)$", meaning), term
        assert len(meaning) < 200 and pinyin


def test_pinyin_has_a_syllable_for_each_character():
    """Vowel groups, counted without tones; an apostrophe parts two that would run together."""
    for term, chinese, pinyin, _ in ENTRIES:
        plain = unicodedata.normalize("NFD", pinyin)
        plain = "".join(c for c in plain if not unicodedata.combining(c)).lower()
        syllables = re.findall(r"[bpmfdtnlgkhjqxrzcsyw]*h?[aeiou]+(?:ng|n|r)?", plain)
        assert len(syllables) == len(chinese), (term, pinyin)


def test_terms_are_unique_in_both_languages():
    for column in (0, 1):
        names = [entry[column].lower() for entry in ENTRIES]
        assert len(set(names)) == len(names)


# -- links from first use ------------------------------------------------------------------------


def linked(*paragraphs, docname="book/11_import_distance") -> list[tuple[str, str]]:
    """What is linked in a page of these paragraphs: the text, and the term that it leads to."""
    page = nodes.section("", nodes.title("", "Import distance"))
    page += [p if isinstance(p, nodes.Node) else nodes.paragraph("", p) for p in paragraphs]
    before = page.astext()
    app = types.SimpleNamespace(srcdir=paths.ROOT, env=types.SimpleNamespace(docname=docname))
    sphinx_ext.link_terms(app, page)
    assert page.astext() == before  # the words stay as they are
    return [(x.astext(), x["reftarget"]) for x in page.findall(addnodes.pending_xref)]


def test_only_the_first_use_is_linked():
    found = linked("The import distance grows.", "An import distance again.")
    assert found == [("import distance", "import distance")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Import distances fell.", [("Import distances", "import distance")]),
        ("The ideal import distance", [("ideal import distance", "ideal import distance")]),
        ("an input-output table", [("input-output table", "input–output table")]),
        ("reimport distance", []),
        ("a lag of openness", []),  # words of every day
    ],
)
def test_terms_are_found_as_people_write_them(text, found):
    assert linked(text) == found


def test_two_terms_in_one_sentence_are_both_linked():
    assert [t for _, t in linked("A free trade agreement cuts trade costs.")] == [
        "free trade agreement",
        "trade cost",
    ]


def test_headings_links_code_and_other_pages_are_left_alone():
    link = nodes.paragraph("", "", nodes.reference("", "import distance", refuri="x"))
    code = nodes.paragraph("", "", nodes.literal("", "import distance"))
    assert linked(link, code) == []
    assert linked("The import distance.", docname="book/intro") == []
