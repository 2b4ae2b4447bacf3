"""The book's own Sphinx extension: computed text in pages, and a site that needs no network."""

import re
import shutil
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

from sphinx.search.en import SearchEnglish

from lib.book import pages

MATHJAX = ("tex-chtml.js", "output/chtml/fonts/woff-v2", "input/tex/extensions")
FAULTS = re.compile(
    r'<link rel="preload" as="font"[^>]*>\s*|(?<=<section) id="(exercise|solution|proof)-content"'
    r'|(?<=<summary) aria-label="Toggle hidden content"'
    r'|(?<=<div) role="list"(?= class="citation-list")'
    r'|(?<=<button class="btn search-button-field search-button__button") title="Search"'
    r' aria-label="Search"'
)
"""What is taken out of the pages: font preloads, which fail from ``file://``; one id that every
exercise of a page carries; labels that hide a control's visible text from those who listen, and the
role of a list whose children are no items."""
HAN = r"[\u3400-\u9fff]"
FIRST_PAGE = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={page}">
<link rel="icon" href="_static/favicon.svg">
<title>{title}</title>
</head>
<body><p><a href="{page}">{title}</a></p></body>
</html>
"""


def setup(app):
    app.add_search_language(EnglishAndChinese)
    app.connect("config-inited", fill_in)
    app.connect("builder-inited", ship_mathjax)
    app.connect("html-page-context", choose_scripts, priority=900)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


class EnglishAndChinese(SearchEnglish):
    """English with its stems; Chinese as pairs of neighbouring characters.

    Written Chinese has no spaces between words. Pairs find every term of two or more characters,
    and the browser can cut a query in the same way, which it could not do with a dictionary.
    """

    js_splitter_code = f"""
var splitQuery = (query) =>
  (query.replace(/{HAN}+/g, " $& ").match(/[\\p{{L}}\\p{{N}}_]+/gu) || []).flatMap((word) =>
    /^{HAN}{{2,}}$/.test(word) ? [...word].slice(1).map((next, i) => word[i] + next) : [word]);
"""

    def split(self, input: str) -> list[str]:
        words = []
        for word in super().split(re.sub(f"{HAN}+", r" \g<0> ", input)):
            chinese = re.fullmatch(f"{HAN}{{2,}}", word)
            words += [a + b for a, b in pairwise(word)] if chinese else [word]
        return words


def fill_in(app, config) -> None:
    """Compute what the pages quote; read MathJax from beside the pages."""
    config.myst_substitutions = pages.substitutions()
    config.mathjax_path = "../mathjax/tex-chtml.js"


def ship_mathjax(app) -> None:
    """Copy MathJax out of the package that carries it, before pages take its checksum."""
    if app.builder.format != "html":
        return
    source = Path(str(files("mathjax"))) / "static" / "mathjax" / "es5"
    for part in MATHJAX:
        target = Path(app.outdir) / "mathjax" / part
        if (source / part).is_dir():
            shutil.copytree(source / part, target, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / part, target)


def choose_scripts(app, pagename, templatename, context, doctree) -> None:
    """Name each script once, and leave out the one that would fetch a kernel from elsewhere.

    Jupyter Book loads sphinx-thebe even when it is off; a second copy of its constants is an error.
    """
    scripts = dict.fromkeys(context["script_files"])
    context["script_files"] = [script for script in scripts if "thebe" not in str(script).lower()]


def finish(app, error) -> None:
    """Mend the pages and write the redirect to the first one."""
    if error or app.builder.format != "html":
        return
    out, config = Path(app.outdir), app.config
    for page in out.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if FAULTS.search(text):
            page.write_text(FAULTS.sub("", text), encoding="utf-8")
    first = FIRST_PAGE.format(
        lang=config.language, title=config.html_title, page=f"{config.root_doc}.html"
    )
    (out / "index.html").write_text(first, encoding="utf-8")
