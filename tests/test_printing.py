"""The printed book: pages joined into one, and what Chromium makes of it."""

import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from lib import paths
from lib.book import printing
from lib.errors import BookError

PAGE = """<!DOCTYPE html><html><head><title>{name}</title>
<link rel="stylesheet" href="../_static/book.css?v=1"><script src="../_static/other.js"></script>
</head><body><nav><a href="#top">outside</a></nav><article class="bd-article">
<section id="top"><h1>{name}<a class="headerlink" href="#top">#</a></h1>{body}</section>
<script>alert(1)</script></article></body></html>"""
INTRO = PAGE.format(name="Book", body='<p><a href="11_one.html#far">far</a></p>')
ONE = PAGE.format(
    name="One",
    body="""<h2 id="far">Far</h2><p><a href="#top">up</a> <a href="intro.html">home</a>
<a href="../search.html">search</a> <a href="https://example.org">out</a></p>
<div class="sd-tab-set"><input type="radio"><label>Recorded</label>
<div class="sd-tab-content">kept</div><input type="radio"><label>This build</label>
<div class="sd-tab-content">second</div></div>
<details class="hide above-input"><summary>code</summary>
<div class="cell_input">x = 1</div></details>
<details><summary>Answer</summary><p>folded words</p></details>
<p style="break-before: page">中 <img alt="a picture" src="../_images/a.svg"></p>""",
)
TOC = """format: jb-book
root: book/intro
parts:
  - caption: First part
    chapters:
      - file: book/11_one
"""


@pytest.fixture
def html(tmp_path, monkeypatch):
    """A book of two pages, as Jupyter Book leaves it."""
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "_config.yml").write_text("title: The Book\n")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    (tmp_path / "html" / "book").mkdir(parents=True)
    (tmp_path / "html" / "book" / "intro.html").write_text(INTRO, encoding="utf-8")
    (tmp_path / "html" / "book" / "11_one.html").write_text(ONE, encoding="utf-8")
    return tmp_path / "html"


def test_links_between_pages_become_links_inside_the_one(html):
    whole = printing.combine(html, code=False)
    links = re.findall(r'<a href="([^"]+)"', whole)
    assert set(links) == {
        "#11_one",
        "#11_one--far",
        "#11_one--top",
        "#intro",
        "https://example.org",
    }
    ids = re.findall(r'\sid="([^"]+)"', whole)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert "search" in whole  # the word stays where its page is not printed


def test_headings_stand_below_their_part(html):
    whole = printing.combine(html, code=False)
    told = re.findall(r"<(h\d)[^>]*>([^<]+)</h\d>", whole)
    assert told == [
        ("h1", "Book"),
        ("h1", "Contents"),
        ("h1", "First part"),
        ("h2", "One"),
        ("h3", "Far"),
    ]


def test_the_recorded_tab_is_printed_and_the_code_only_on_demand(html):
    whole = printing.combine(html, code=False)
    assert "kept" in whole and "second" not in whole and "This build" not in whole
    assert "folded words" in whole and "x = 1" not in whole
    assert "x = 1" in printing.combine(html, code=True)


def test_files_are_found_from_another_folder_and_scripts_are_left_out(html):
    whole = printing.combine(html, code=False)
    assert f'src="{(html / "_images" / "a.svg").as_uri()}"' in whole
    assert f'href="{(html / "_static" / "book.css").as_uri()}"' in whole
    assert "<script" not in whole


def test_without_a_browser_it_says_which_one_is_needed(monkeypatch):
    monkeypatch.setattr(printing.shutil, "which", lambda name: None)
    with pytest.raises(BookError, match="needs Chromium, Chrome or Edge"):
        printing.chromium()


def with_chromium():
    try:
        return printing.chromium()
    except BookError as error:
        pytest.skip(str(error))


def inner_links(reader: PdfReader) -> int:
    notes = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    return sum("/Dest" in note for note in notes if note["/Subtype"] == "/Link")


def titles(outline) -> list:
    return [titles(entry) if isinstance(entry, list) else entry.title for entry in outline]


@pytest.mark.slow
def test_the_pdf_has_an_outline_links_and_what_is_folded(html, tmp_path):
    with_chromium()
    (html / "_images").mkdir()
    (html / "_images" / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (html / "_static").mkdir()
    (html / "_static" / "book.css").write_text("")
    reader = PdfReader(printing.book_pdf(html, tmp_path / "book.pdf"))
    assert titles(reader.outline) == ["Book", "Contents", "First part", ["One", ["Far"]]]
    assert inner_links(reader) == 4
    text = [page.extract_text() for page in reader.pages]
    assert any("folded words" in page for page in text)
    assert [page.split()[-1] for page in text] == [str(n) for n in range(1, len(text) + 1)]
    assert not list(Path(tmp_path).glob("*.new"))


@pytest.mark.browser
def test_the_whole_book_prints(tmp_path):
    """Every page of the built book is in the outline, and every link inside it arrives."""
    with_chromium()
    html = paths.BUILD / "html"
    if not (html / "index.html").is_file():
        pytest.skip("there is no built book; run `make book` first")
    reader = PdfReader(printing.book_pdf(html, tmp_path / "book.pdf"))
    parts = printing.order()
    found = titles(reader.outline)
    assert [t for t in found if isinstance(t, str)][2:] == [caption for caption, _ in parts[1:]]
    pages = [[t for t in entry if isinstance(t, str)] for entry in found if isinstance(entry, list)]
    assert [len(p) for p in pages[-len(parts) + 1 :]] == [len(files) for _, files in parts[1:]]
    links = re.findall(r'<a [^>]*href="#([^"]+)"', printing.combine(html, code=False))
    ids = set(re.findall(r'\sid="([^"]+)"', printing.combine(html, code=False)))
    assert not [link for link in links if link not in ids]
    assert inner_links(reader) >= len(links)  # a link that breaks over two lines counts twice
    sheet = reader.pages[0].mediabox
    assert {tuple(page.mediabox) for page in reader.pages} == {tuple(sheet)}
