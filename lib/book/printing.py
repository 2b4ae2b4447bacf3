"""From a page to paper: Chromium prints HTML as PDF with outline, links and page numbers."""

import os
import shutil
from collections.abc import Iterable
from html import escape
from pathlib import Path

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
}"""


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
        page = browser.new_page()
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
