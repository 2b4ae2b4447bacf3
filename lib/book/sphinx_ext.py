"""The book's own Sphinx extension: computed text in pages, and a site that needs no network."""

import re
import shutil
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
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
TELLING = 12
"""Letters from which a single word is a term that readers do not meet every day."""
NOT_PROSE = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.caption,
    nodes.table,
    nodes.math,
    addnodes.pending_xref,
)
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
    app.connect("doctree-read", link_terms)
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


def glossary(app) -> list[str]:
    """Return the terms of the glossary page, if the book has one."""
    path = Path(app.srcdir) / "book" / "glossary.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    blocks = re.findall(r"(?ms)^```\{glossary\}\n(.*?)^```", text)
    return [term for block in blocks for term in re.findall(r"(?m)^(\S.*)$", block)]


def link_terms(app, doctree) -> None:
    """Link the first use of each telling term in a chapter's text to the glossary.

    A term tells by its length or by having several words: "lag" and "openness" are left alone.
    """
    if not re.match(r"\d\d_", Path(app.env.docname).name):
        return
    terms = {t.lower().replace("–", "-"): t for t in glossary(app) if " " in t or len(t) >= TELLING}
    if not terms:
        return
    listed = "|".join(re.escape(t) for t in sorted(terms, key=len, reverse=True))
    pattern = re.compile(rf"\b({listed})(?:s|es)?\b".replace(r"\-", "[–-]"), re.IGNORECASE)
    for text in list(doctree.findall(nodes.Text)):
        if not in_prose(text):
            continue
        parts, place = [], 0
        for match in pattern.finditer(text):
            term = terms.pop(match[1].lower().replace("–", "-"), None)
            if term:
                parts += [nodes.Text(text[place : match.start()]), reference(app, term, match[0])]
                place = match.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(text[place:])])


def in_prose(text: nodes.Text) -> bool:
    """Tell whether a text is prose: in a paragraph, and in no heading, link, table or code."""
    above, node = [], text.parent
    while node is not None:
        above.append(node)
        node = node.parent
    return any(isinstance(n, nodes.paragraph) for n in above) and not any(
        isinstance(n, NOT_PROSE) for n in above
    )


def reference(app, term: str, shown: str) -> addnodes.pending_xref:
    """Return a link to a term of the glossary; Sphinx finds its place later."""
    inline = nodes.inline("", shown, classes=["xref", "std", "std-term"])
    return addnodes.pending_xref(
        "",
        inline,
        refdomain="std",
        reftype="term",
        reftarget=term,
        refdoc=app.env.docname,
        refexplicit=True,
        refwarn=True,
    )


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
