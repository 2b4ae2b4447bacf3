"""From a page to paper: Chromium prints HTML as PDF with outline, links and page numbers."""

import os
import shutil
from collections.abc import Iterable
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from lxml.html import HTMLParser, parse, tostring

from lib import paths
from lib.errors import BookError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FOOTER = (
    '<div style="font: 8px sans-serif; width: 100%; padding: 0 16mm; display: flex; '
    'justify-content: space-between"><span>{left}</span><span class="pageNumber"></span></div>'
)
READY = """async () => {
  document.querySelectorAll("details").forEach((e) => { e.open = true; });
  document.querySelectorAll("img[loading=lazy]").forEach((e) => { e.loading = "eager"; });
  await window.MathJax?.startup?.promise;
  await Promise.all([...document.images].map((e) => e.decode().catch(() => {})));
  await document.fonts.ready;
  const room = document.body.getBoundingClientRect().right + 1;
  document.querySelectorAll("table").forEach((e) => {
    if (e.getBoundingClientRect().right > room) e.classList.add("tight");
  });
}"""
SHEET = {"width": 673, "height": 980}
"""What an A4 sheet holds between the margins, in CSS pixels."""


def chromium() -> str:
    """Return the program that prints: Chromium, Chrome or Edge, or the one that CHROMIUM names.

    Raises
    ------
    BookError
        If there is none.
    """
    named = os.environ.get("CHROMIUM")
    found = [named] if named else [*map(shutil.which, BROWSERS), *filter(os.path.isfile, PLACES)]
    for program in filter(None, found):
        if shutil.which(program):
            return program
    raise BookError(
        "Printing needs Chromium, Chrome or Edge, and none was found; install one "
        "(Debian: apt-get install chromium) or let CHROMIUM name its program."
    )


def to_pdf(pages: Iterable[tuple[Path, Path, str]], *, outline: bool = False) -> None:
    """Print each page (HTML file, PDF file, text of the footer); what is folded is printed open.

    A PDF takes its name when it is whole.
    """
    from playwright.sync_api import Error, sync_playwright

    program = chromium()
    with sync_playwright() as play:
        try:
            browser = play.chromium.launch(executable_path=program, args=list(FLAGS))
        except Error as error:
            raise BookError(f"{program} does not start: {str(error).splitlines()[0]}") from error
        page = browser.new_page(viewport=SHEET)
        page.set_default_timeout(600_000)
        for source, target, left in pages:
            page.goto(source.resolve().as_uri())
            page.emulate_media(media="print")
            page.evaluate(READY)
            half = target.with_suffix(".new")
            page.pdf(
                path=half,
                format="A4",
                prefer_css_page_size=True,
                print_background=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOTER.format(left=escape(left)),
                margin={"top": "16mm", "bottom": "18mm", "left": "16mm", "right": "16mm"},
                outline=outline,
                tagged=True,
            )
            os.replace(half, target)
        browser.close()


# -- the whole book ------------------------------------------------------------------------------


def book_pdf(html: Path, target: Path, *, code: bool = False) -> Path:
    """Print the rendered book in `html` as one PDF; without its code, unless asked for."""
    whole = target.with_suffix(".html")
    whole.write_text(combine(html, code=code), encoding="utf-8")
    settings = yaml.safe_load((paths.ROOT / "_config.yml").read_text(encoding="utf-8"))
    to_pdf([(whole, target, settings["title"])], outline=True)
    whole.unlink()
    return target


def order() -> list[tuple[str, list[str]]]:
    """Return the parts of the book with the pages of each; the first page has a part of its own."""
    toc = yaml.safe_load((paths.ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = toc.get("parts") or [{"chapters": toc.get("chapters", [])}]
    pages = [(part.get("caption", ""), [c["file"] for c in part["chapters"]]) for part in parts]
    return [("", [toc["root"]]), *pages]


def combine(html: Path, *, code: bool) -> str:
    """Join the pages of the rendered book into one; links between pages become links inside it."""
    parts = order()
    names = {(html / f"{file}.html").resolve(): _key(file) for _, files in parts for file in files}
    body, contents = [], []
    for caption, files in parts:
        entries = []
        if caption:
            body.append(f'<h1 class="part">{escape(caption)}</h1>')
        for file in files:
            page = html / f"{file}.html"
            article = _article(page, names, deeper=bool(caption), code=code)
            title = article.xpath("string(.//h1|.//h2)").rstrip("#").strip()
            entries.append(f'<li><a href="#{_key(file)}">{escape(title)}</a></li>')
            body.append(tostring(article, encoding="unicode", method="html"))
        entries = "".join(entries)
        contents.append(f"<li>{escape(caption)}<ol>{entries}</ol></li>" if caption else "")
    body.insert(1, f'<nav class="contents"><h1>Contents</h1><ol>{"".join(contents)}</ol></nav>')
    style = (Path(__file__).parent / "print.css").read_text(encoding="utf-8")
    head = _head(html / f"{parts[0][1][0]}.html")
    return (
        f'<!DOCTYPE html>\n<html lang="en" data-theme="light">{head}<body><style>{style}</style>'
        f'<main class="bd-content">{"".join(body)}</main></body></html>'
    )


def _key(file: str) -> str:
    return Path(file).name


def _head(page: Path) -> str:
    """Return a page's head with its styles and MathJax, and none of its other scripts."""
    head = parse(str(page), HTMLParser(encoding="utf-8")).getroot().find("head")
    for element in list(head):
        kept = element.tag in ("title", "meta") or element.get("rel") == "stylesheet"
        mathjax = "MathJax" in (element.text or "") or "mathjax" in (element.get("src") or "")
        if not (kept or (element.tag == "script" and mathjax)):
            head.remove(element)
    _from_anywhere(head, page)
    return tostring(head, encoding="unicode", method="html")


def _from_anywhere(tree, page: Path) -> None:
    """Name pictures, styles and scripts so that a page in another folder finds them."""
    for element in tree.xpath(".//*[@src]|.//link[@href]"):
        name = "src" if element.get("src") else "href"
        address = urlsplit(element.get(name))
        if not address.scheme:
            element.set(name, (page.parent / unquote(address.path)).resolve().as_uri())


def _article(page: Path, names: dict[Path, str], *, deeper: bool, code: bool):
    """Return the text of a page, ready to stand beside others: ids, links, headings, tabs."""
    (article,) = parse(str(page), HTMLParser(encoding="utf-8")).getroot().xpath("//article")
    key = names[page.resolve()]
    gone = ".//script|.//a[contains(@class, 'headerlink')]|.//button|.//*[@data-screen-only]"
    if not code:
        gone += "|.//details[contains(@class, 'hide')]|.//div[contains(@class, 'cell_input')]"
    for element in article.xpath(gone):
        if element.getparent() is not None:
            element.drop_tree()
    for tabs in article.xpath(".//*[contains(concat(' ', @class, ' '), ' sd-tab-set ')]"):
        for element in tabs.xpath(
            "./input|./*[contains(@class, 'sd-tab-content')][position() > 1]"
        ):
            element.drop_tree()
        for label in tabs.xpath("./label[position() > 1]"):
            label.drop_tree()
    for element in article.xpath(".//*[@id]"):
        element.set("id", f"{key}--{element.get('id')}")
    for link in article.xpath(".//a[@href]"):
        address = urlsplit(link.get("href"))
        if address.scheme:
            continue
        goal = (page.parent / unquote(address.path)).resolve() if address.path else page.resolve()
        if goal in names:
            link.set(
                "href", f"#{names[goal]}" + (f"--{address.fragment}" if address.fragment else "")
            )
        else:
            link.attrib.pop("href")
    _from_anywhere(article, page)
    if deeper:
        for level in range(5, 0, -1):
            for heading in article.xpath(f".//h{level}"):
                heading.tag = f"h{level + 1}"
    article.set("id", key)
    return article
