"""The ``{eval}`` role: where it stands in a text, and what the text says in its place.

JupyterLab with its MyST extension and mystmd evaluate the role themselves. MyST-NB does not while
execution is off, and papermill does not run cells of text, so the engine of the book does it.
"""

import ast
import re
from collections.abc import Callable

from lib.book.display import typeset
from lib.errors import BookError

ROLE = re.compile(r"\{eval\}`([^`]+)`")
FENCE = re.compile(r"(?ms)^ {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)\n.*?^ {0,3}(?P=fence)")
SPECIAL = re.compile(r"([\\*_\[\]<>$`|{}~])")
LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
NOT_TEXT = re.compile(r"\s*(?:`{3,}|:{3,}|:[\w-]+:|\([\w-]+\)=|\+\+\+|\$\$)")
MADE_UP = "*In the made-up world:* "
"""What opens a block of text that quotes numbers of the sample world."""


def expressions(text: str) -> list[str]:
    """Return the expressions of a text's roles in order; code that is shown holds none."""
    return [match[1].strip() for match in _roles(text)]


def _roles(text: str) -> list[re.Match]:
    shown = [m.span() for m in FENCE.finditer(text) if not m["info"].lstrip().startswith("{")]
    return [m for m in ROLE.finditer(text) if not any(a <= m.start() < b for a, b in shown)]


def value(expression: str, reply: dict) -> str:
    """Return the text of a kernel's reply to one expression.

    Parameters
    ----------
    reply : dict
        What ``user_expressions`` of Jupyter's protocol answers: a status, and data or an error.

    Raises
    ------
    BookError
        If the expression failed, or gave neither text nor a whole number.
    """
    if reply["status"] != "ok":
        told = f"{reply.get('ename', 'an error')}: {reply.get('evalue', '')}"
        raise BookError(f"The text's expression `{expression}` fails with {told}.")
    try:
        found = ast.literal_eval(reply["data"]["text/plain"])
    except (ValueError, SyntaxError, KeyError):
        found = None
    if not isinstance(found, str | int) or isinstance(found, bool):
        raise BookError(f"The text's expression `{expression}` gives no text; use an f-string.")
    return typeset(str(found))


def escape(text: str) -> str:
    """Escape what Markdown would take for markup."""
    return SPECIAL.sub(r"\\\1", text)


def fill(text: str, say: Callable[[str], tuple[str, bool]]) -> str:
    """Put values in the place of a text's roles.

    Parameters
    ----------
    say : callable
        Called with each expression in order; returns its text, and whether it is of the made-up
        world. A block of text that holds such a value says so once, a row of a table at the value.
    """
    edits = {}  # place in the text → (end of what is replaced, what stands there)
    for match in _roles(text):
        told, made_up = say(match[1].strip())
        start = _block(text, match.start())
        row = text[start:].startswith("|")
        edits[match.start()] = (
            match.end(),
            escape(told) + (" (made up)" if made_up and row else ""),
        )
        if made_up and not row:
            end, words = edits.get(start, (start, ""))
            edits[start] = (end, words if words.startswith(MADE_UP) else MADE_UP + words)
    parts, place = [], 0
    for start, (end, words) in sorted(edits.items()):
        parts += [text[place:start], words]
        place = end
    return "".join([*parts, text[place:]])


def _block(text: str, place: int) -> int:
    """Return where the block of text that holds `place` begins, after its list marker."""
    start = text.rfind("\n", 0, place) + 1
    while True:
        line = text[start : text.find("\n", start) if "\n" in text[start:] else len(text)]
        item = LIST_ITEM.match(line)
        if item:
            return start + item.end()
        above = text.rfind("\n", 0, max(start - 1, 0)) + 1
        before = text[above : max(start - 1, 0)]
        if start == 0 or not before.strip() or NOT_TEXT.match(before):
            return start + len(line) - len(line.lstrip())
        start = above
