"""The built book as a reader meets it: from a folder and from a server, wide and on a phone.

Chromium opens every page once per scheme; each test reads one property of what it saw. The tests
judge whatever lies in ``_build/html``, so build first.
"""

import functools
import http.server
import re
import shutil
import threading
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from lib import paths

pytestmark = pytest.mark.browser

HTML = paths.BUILD / "html"
PAGES = sorted(
    p.relative_to(HTML).as_posix()
    for p in HTML.rglob("*.html")
    if "_static" not in p.parts and p != HTML / "index.html"
)
CHAPTERS = [p for p in PAGES if "cell_input" in (HTML / p).read_text(encoding="utf-8")]
FIRST = "book/intro.html"
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = {"width": 1300, "height": 900}, {"width": 390, "height": 844}
WEIGHT = 3_000_000
"""Bytes that a page may load beside what all pages share."""

AXE = paths.BUILD / "axe" / "node_modules" / "axe-core" / "axe.min.js"
"""Put there by ``npm install --prefix _build/axe axe-core``; without it, its test is skipped."""
FAULTS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter((fault) => ["serious", "critical"].includes(fault.impact))
  .flatMap((fault) => fault.nodes.map((node) => `${fault.id}: ${node.target.join(" ")}`))"""

LEAKS = {
    "a MyST role": r"\{[a-z]+(:[a-z]+)?\}`|\{(glue|doc|ref|cite|eq|numref)\b",
    "a MyST fence": r":::|```",
    "a substitution": r"\{\{|\}\}",
    "mathematics as typed": r"\\[(\[]|\$\$|(?<!US)\$[^\s$][^$\n]*\$",
    "an HTML entity": r"&(nbsp|amp|lt|gt|quot|#\d+);|<nbsp>",
    "an unresolved reference": r"\?\?|\bproblematic\b",
    "a missing value": r"\bnan\b|\bNaT\b|<NA>",
}

OBSERVE = """async () => {
  await window.MathJax?.startup?.promise;
  document.querySelectorAll("img[loading=lazy]").forEach((img) => { img.loading = "eager"; });
  const images = [...document.querySelectorAll("article img")];
  await Promise.all(images.map((img) => img.decode().catch(() => {})));
  const article = document.querySelector("article") || document.body;
  const text = article.cloneNode(true);
  text.querySelectorAll("pre, code, script, style, mjx-container").forEach((e) => e.remove());
  const shown = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden";
  return {
    title: document.title,
    text: text.textContent,
    sources: article.querySelectorAll(".math").length,
    typeset: article.querySelectorAll("mjx-container").length,
    errors: article.querySelectorAll("mjx-merror").length,
    images: images.map((i) => ({src: i.src, alt: i.alt, width: i.naturalWidth})),
    bare: [...article.querySelectorAll(".cell_output pre")].map((e) => e.textContent.trim())
      .filter((e) => /^(['"<(].*|None|Ellipsis)$/s.test(e)),
    search: [...document.querySelectorAll("input[type=search]")].filter(shown).length,
    repeated: Object.entries(Object.groupBy([...document.querySelectorAll("[id]")], (e) => e.id))
      .filter(([id, elements]) => elements.length > 1 && !/^(MJX|search-input$)/.test(id))
      .map(([id]) => id),
  };
}"""

TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth + 1;
  if (document.documentElement.scrollWidth <= room) return [];
  const own = [...document.querySelectorAll("article *")]
    .filter((e) => e.getBoundingClientRect().right > room);
  return [`page ${document.documentElement.scrollWidth}`,
          ...own.slice(0, 5).map((e) => `${e.tagName}.${e.className}`)];
}"""


@dataclass
class Visit:
    """What Chromium saw on one page."""

    messages: list[str]
    failed: list[str]
    requests: list[str]
    seen: dict
    too_wide: list[str]


# -- a browser and two ways to reach the book ----------------------------------------------------


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    if not PAGES:
        pytest.skip("there is no built book; run `make book` first")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def server():
    handler = functools.partial(Quiet, directory=HTML)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(scope="module", params=["file", "http"])
def root(request, server):
    """Address of the book: a folder or a server."""
    return HTML.as_uri() if request.param == "file" else server


@pytest.fixture(scope="module")
def context(browser):
    with browser.new_context(viewport=DESKTOP, color_scheme="light") as shared:
        yield shared


@pytest.fixture(scope="module", params=PAGES or ["no page"])
def visit(request, context, root):
    """Open a page wide, then narrow it to a phone."""
    page = context.new_page()
    messages, failed, requests = [], [], []
    page.on("console", lambda m: m.type in ("error", "warning") and messages.append(m.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("requestfailed", lambda r: failed.append(f"{r.url}: {r.failure}"))
    page.on("response", lambda r: r.status >= 400 and failed.append(f"{r.url}: {r.status}"))
    page.on("request", lambda r: requests.append(r.url))
    page.goto(f"{root}/{request.param}")
    seen = page.evaluate(OBSERVE)
    too_wide = page.evaluate(TOO_WIDE)
    page.set_viewport_size(PHONE)
    too_wide += page.evaluate(TOO_WIDE)
    page.close()
    return Visit(messages, failed, requests, seen, too_wide)


@pytest.fixture
def page(browser):
    """A fresh reader: nothing stored, a wide window, a light system."""
    with browser.new_context(viewport=DESKTOP, color_scheme="light") as own:
        page = own.new_page()
        page.set_default_timeout(5_000)
        yield page


# -- every page ----------------------------------------------------------------------------------


def test_page_opens_without_an_error(visit):
    assert visit.seen["title"]
    assert not visit.messages
    assert not visit.failed


def test_page_asks_nobody_else(visit, root):
    own = (root, "data:", "blob:")
    assert not [url for url in visit.requests if not url.startswith(own)]


def test_mathematics_is_typeset(visit):
    assert visit.seen["typeset"] >= visit.seen["sources"]
    assert not visit.seen["errors"]


def test_images_load_and_say_what_they_show(visit):
    assert not [image for image in visit.seen["images"] if not image["width"]]
    assert not [image["src"] for image in visit.seen["images"] if len(image["alt"]) < 10]


def test_page_fits_wide_and_narrow(visit):
    """Tables and code may scroll inside their own box; the page may not."""
    assert not visit.too_wide


def test_no_markup_leaks_into_the_text(visit):
    found = {name: re.search(pattern, visit.seen["text"]) for name, pattern in LEAKS.items()}
    context = {
        name: visit.seen["text"][max(0, hit.start() - 40) : hit.end() + 40]
        for name, hit in found.items()
        if hit
    }
    assert not context


def test_no_cell_leaves_a_bare_value(visit):
    """The value of a cell's last line is for the one who runs it, not for a reader."""
    assert not visit.seen["bare"]


def test_page_is_light(visit, root):
    """What a page loads for itself stays small; MathJax and the theme are shared by all."""
    files = {unquote(urlsplit(url).path) for url in visit.requests if url.startswith(root)}
    below = unquote(urlsplit(root).path)
    own = [HTML / file.removeprefix(below).lstrip("/") for file in files]
    own = [file for file in own if not {"_static", "mathjax"} & set(file.relative_to(HTML).parts)]
    assert own
    assert sum(file.stat().st_size for file in own) < WEIGHT


def test_one_search_field_and_no_id_twice(visit):
    assert visit.seen["search"] <= 1
    assert not visit.seen["repeated"]


# -- links, read from the files themselves -------------------------------------------------------


@functools.cache
def source(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    return re.sub(r"(?s)<!--.*?-->|(?<=>)[^<]*</script>", "", text)


@functools.cache
def anchors(page: Path) -> set[str]:
    return {unescape(name) for name in re.findall(r'\s(?:id|name)="([^"]+)"', source(page))}


def dead(page: Path, link: str) -> bool:
    """Tell whether a link inside the book has no file or no anchor at its end."""
    address, fragment = urldefrag(unescape(link))
    address = unquote(address.partition("?")[0])
    target = (page.parent / address).resolve() if address else page
    if not target.is_file():
        return True
    return bool(fragment) and target.suffix == ".html" and unquote(fragment) not in anchors(target)


@pytest.mark.parametrize("name", ["index.html", *PAGES])
def test_every_internal_link_ends_somewhere(name, browser):
    page = HTML / name
    links = set(re.findall(r'\s(?:href|src)="([^"]*)"', source(page)))
    inside = {link for link in links if not urlsplit(link).scheme and link != "#"}
    assert inside
    assert not [link for link in sorted(inside) if dead(page, link)]


@pytest.mark.parametrize("name", PAGES)
def test_links_elsewhere_are_encrypted(name, browser):
    links = re.findall(r'<a [^>]*href="(\w+:[^"]*)"', source(HTML / name))
    assert not [link for link in links if urlsplit(link).scheme not in {"https", "mailto"}]


# -- what a reader does --------------------------------------------------------------------------


def test_first_page_leads_into_the_book(page, root):
    page.goto(f"{root}/index.html", wait_until="commit")
    page.wait_for_url(f"{root}/{FIRST}")
    expect(page.locator("article h1")).to_have_count(1)


def text_of(name: str) -> str:
    article = re.search(r"(?s)<article.*?</article>", source(HTML / name))
    return unescape(re.sub(r"<[^>]+>", "", article.group())) if article else ""


@pytest.mark.parametrize("term", ["distance", "distances", "进口距离", "全球价值链", "失衡"])
def test_search_finds_english_and_chinese(page, root, term):
    """English by its stem; Chinese wherever a page has the term, inside longer words too."""
    having = {name for name in PAGES if re.sub("s$", "", term) in text_of(name)}
    if not having:
        pytest.skip(f"no page of this book says {term}")
    page.goto(f"{root}/search.html")
    page.locator("input[type=search]:visible").fill(term)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "document.querySelector('.search-summary')?.textContent.includes('found')"
    )
    links = page.locator("#search-results ul.search li a")
    found = {urldefrag(link.evaluate("a => a.href")).url.partition("?")[0] for link in links.all()}
    assert {f"{root}/{name}" for name in having} <= found
    links.first.click()
    expect(page.locator("article h1")).to_have_count(1)


def test_search_opens_from_the_keyboard(page, root):
    page.goto(f"{root}/{FIRST}")
    page.keyboard.press("Control+k")
    page.keyboard.type("distance")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"search\.html\?q=distance"))
    page.locator("#search-results ul.search li").first.wait_for()


def test_dark_mode_keeps_figures_on_white(page, root):
    page.goto(f"{root}/{(CHAPTERS or PAGES)[0]}")
    button = page.locator(".theme-switch-button:visible").first
    for _ in range(3):
        if page.locator("html").get_attribute("data-theme") == "dark":
            break
        button.click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    ground = "e => getComputedStyle(e).backgroundColor"
    assert page.locator("body").evaluate(ground) != "rgb(255, 255, 255)"
    for image in page.locator("figure img").all():
        assert image.evaluate(ground) == "rgb(255, 255, 255)"
        assert image.evaluate("e => getComputedStyle(e).filter") == "none"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_code_folds_open(page, root):
    folded = [n for n in CHAPTERS if "hide above-input" in (HTML / n).read_text("utf-8")]
    if not folded:
        pytest.skip("no page of this book folds its code")
    page.goto(f"{root}/{folded[0]}")
    cell = page.locator("details.hide.above-input").first
    code = cell.locator(".cell_input, .highlight").first
    assert not code.is_visible()
    cell.locator("summary").click()
    assert code.is_visible()


def test_tabs_change_by_click_and_by_key(page, root):
    tabbed = [name for name in PAGES if "sd-tab-set" in (HTML / name).read_text("utf-8")]
    if not tabbed:
        pytest.skip("this build shows nothing in tabs (they appear where originals are absent)")
    page.goto(f"{root}/{tabbed[0]}")
    tabs = page.locator(".sd-tab-set").first
    contents = tabs.locator("> .sd-tab-content")
    assert contents.nth(0).is_visible() and not contents.nth(1).is_visible()
    tabs.locator("> .sd-tab-label").nth(1).click()
    assert contents.nth(1).is_visible() and not contents.nth(0).is_visible()
    tabs.locator("> input").nth(1).focus()
    page.keyboard.press("ArrowLeft")
    assert contents.nth(0).is_visible()


def test_keyboard_reaches_the_text_and_shows_where_it_is(page, root):
    page.goto(f"{root}/{FIRST}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.skip-link') !== null")
    page.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{root}/{FIRST}#main-content")
    for stop in range(8):
        page.keyboard.press("Tab")
        place, outline = page.evaluate(
            "(e => [e.closest('main') !== null, getComputedStyle(e).outlineStyle])"
            "(document.activeElement)"
        )
        assert place, f"stop {stop} after the skip link lies outside the text"
        assert outline == "solid"


def test_phone_opens_and_closes_the_contents(page, root):
    page.set_viewport_size(PHONE)
    page.goto(f"{root}/{FIRST}")
    contents = page.locator(".bd-sidebar-primary")
    assert not contents.evaluate("e => e.getBoundingClientRect().right > 1")
    page.locator(".primary-toggle:visible").first.click()
    page.wait_for_function(
        "document.querySelector('.bd-sidebar-primary').getBoundingClientRect().right > 100"
    )


def test_the_dials_of_chapter_13_move_by_keyboard_and_offline(page, root):
    """h and theta change shares and distances; the theta dial shows every elasticity it carries."""
    name = "book/13_ten_countries.html"
    if name not in PAGES:
        pytest.skip("this book has no chapter 13")
    page.goto(f"{root}/{name}")
    explorer = page.locator("#chain-explorer")
    expect(explorer).to_be_visible()
    told, h = explorer.locator(".told"), explorer.locator("[name=h]")
    regional = told.text_content()
    h.focus()
    page.keyboard.press("Home")
    expect(h.locator("xpath=following-sibling::output")).to_have_text("0.00")
    mean, ideal = re.findall(r"\d\.\d\d", told.text_content())
    assert mean == ideal != re.search(r"\d\.\d\d", regional).group()
    rows = explorer.locator(".shares rect").evaluate_all(
        "all => all.map((e) => e.style.fill || e.getAttribute('fill'))"
    )
    assert len(rows) == 100 and rows[:10] == rows[90:]  # without costs all importers are alike
    explorer.locator("[name=wages]").uncheck()
    assert re.findall(r"\d\.\d\d", told.text_content())[0] == ideal


def test_each_score_of_chapter_41_leads_to_its_sentence(page, root):
    """By mouse and keyboard; a score above zero quotes words, a zero says there are none."""
    name = "book/41_rule_depth.html"
    if name not in PAGES:
        pytest.skip("this book has no chapter 41")
    page.goto(f"{root}/{name}")
    explorer = page.locator(".rule-explorer")
    expect(explorer).to_be_visible()
    told = explorer.locator(".told")
    scored = explorer.locator("button").filter(has_text=re.compile("[1-4]"))
    scored.first.click()
    assert len(told.locator("blockquote").text_content()) > 20
    assert f"scores {scored.first.text_content()}" in told.text_content()
    explorer.locator("button", has_text="·").first.click()
    expect(told).to_contain_text("No sentence in scope")
    first = told.text_content()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert told.text_content() != first
    explorer.locator("input").fill("no such treaty")
    assert explorer.locator("tbody tr:visible").count() == 0


# -- for those who listen, and those who cannot use a mouse ---------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_fault(browser, name, scheme):
    if not AXE.is_file():
        pytest.skip("axe-core is not there (npm install --prefix _build/axe axe-core)")
    with browser.new_context(viewport=DESKTOP, color_scheme=scheme) as own:
        page = own.new_page()
        page.goto(f"{HTML.as_uri()}/{name}")
        page.evaluate("async () => { await window.MathJax?.startup?.promise; }")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert page.evaluate(FAULTS) == []


def test_a_long_table_sorts_by_key_and_comes_back(page, root):
    name = "book/data.html"
    page.goto(f"{root}/{name}")
    heading = page.locator("article th[aria-sort]").first
    column = page.locator("article table").first.locator("tbody tr td:first-child")
    before = column.all_text_contents()
    assert len(before) > 8
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    key = "(a, b) => a.localeCompare(b)"
    trimmed = "all => all.map((e) => e.textContent.trim())"
    rising = column.evaluate_all(trimmed)
    assert rising == page.evaluate(f"all => all.toSorted({key})", rising)
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert column.evaluate_all(trimmed) == rising[::-1]
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "none"
    assert column.all_text_contents() == before


def test_numbers_sort_as_numbers_with_true_minus_and_thousands(page):
    script = (paths.BOOK / "static" / "book.js").read_text(encoding="utf-8")
    cells = ["1,200", "−3.5", "12 (sample)", "–", "0.5***", "-7", "900", "5 %"]
    rows = "".join(f"<tr><td>{cell}</td></tr>" for cell in cells)
    table = f"<table><thead><tr><th>x</th></tr></thead><tbody>{rows}</tbody></table>"
    page.set_content(f"<article>{table}</article><script>{script}</script>")
    page.locator("button.sort").click()
    assert page.locator("td").all_text_contents() == [
        *["-7", "−3.5", "0.5***", "5 %", "12 (sample)", "900", "1,200"],
        "–",  # what has no number stands last
    ]


def test_every_download_is_there_and_is_what_it_says(browser):
    starts = {".csv": b"", ".tex": b"% needs", ".svg": b"<?xml", ".png": b"\x89PNG"}
    found = {
        (HTML / name).parent / unquote(link)
        for name in CHAPTERS
        for link in re.findall(
            r'<a class="reference download[^>]*href="([^"]+)"', source(HTML / name)
        )
    }
    if not found:
        pytest.skip("no page of this book offers a download")
    assert {path.suffix for path in found} <= set(starts)
    assert not [path for path in found if not path.read_bytes().startswith(starts[path.suffix])]
