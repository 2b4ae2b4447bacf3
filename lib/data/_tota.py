"""Texts of Trade Agreements: who signed what and when, and what it says by article."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pandera.pandas as pa

from lib import treaty_text
from lib.data import _schema
from lib.errors import DataError

KINDS = {
    "Customs Union": "customs union",
    "Free Trade Agreement": "free trade",
    "Partial Scope Agreement": "partial scope",
    "Economic Integration Agreement": "services",
}
"""What the WTO calls a type → what an agreement covers; the first word that fits decides."""

STATUSES = ["In Force", "Inactive", "Early announcement-Signed"]
INCOMPLETE = {53: "stops in its thirteenth chapter, on telecommunications"}
"""Treaties whose text is known to stop early."""

_RECODED = {"RKS": "XKX"}  # Kosovo
_TEXT = [
    "name", "status", "composition", "notification", "region", "crossregional", "language",
]  # fmt: skip
_DATES = {
    "date_signed": "signed",
    "date_into_force": "in_force",
    "date_inactive": "inactive",
    "date_notification": "notified",
    "end_implementation": "end_implementation",
}
_COLUMNS = [
    "treaty", "wto_id", "name", "kind", "services", "status", *_DATES.values(), "parties_original",
    "parties", "composition", "notification", "region", "crossregional", "language", "related",
]  # fmt: skip


def read(files, texts=False) -> pd.DataFrame:
    """Read 450 trade agreements signed from 1949 to 2016.

    Parameters
    ----------
    files : mapping of str to Path
        One XML file for each treaty.
    texts : bool
        Return the articles instead of the treaties.

    Returns
    -------
    DataFrame
        One row for each treaty:

        * `treaty` (ToTA's number), `wto_id` (of the WTO's database), `name`;
        * `kind`: "customs union", "free trade", "partial scope", or "services" if it covers nothing
          else; `services`, 0 or 1, whether it is (also) an economic integration agreement;
        * `status`: "In Force", "Inactive" or "Early announcement-Signed", in 2016;
        * dates `signed`, `in_force`, `inactive`, `notified`, `end_implementation`;
        * `parties_original`, `parties` (current): codes with a blank between them. Treaties that
          have ended mostly have no current parties. States and territories that are gone keep the
          codes that ISO 3166-3 reserves for them (ANT, YUG);
        * `composition` ("Bilateral", "Plurilateral; One Party is an RTA", …), `notification`,
          `region`, `crossregional`, `language` (en, es, fr) and `related` (WTO ids), as in the
          source, empty if missing.

        Or, with `texts`, one row for each article: `treaty`, `language`, `chapter` and `article`
        (counted from 1 in each treaty and chapter), `chapter_number`, `chapter_name`,
        `article_number`, `article_name` (as printed, empty if missing) and `text`. A chapter
        without articles has one row, article 0, without text. Annexes are not in the source.
        ``attrs["incomplete"]`` says which texts are known to stop early.

        In both, ``attrs["unreadable"]`` lists the files that are not well-formed XML, with the
        reason; the others are read.

    Raises
    ------
    DataError
        If no file can be read, or a kind, code or date is not as documented.

    References
    ----------
    Alschner, Seiermann and Skougarevskiy (2017), Text-as-data analysis of preferential trade
    agreements: mapping the PTA landscape, UNCTAD research paper 5.
    """
    trees, unreadable = {}, []
    for name in sorted(files):
        try:
            trees[name] = ElementTree.parse(files[name]).getroot()
        except ElementTree.ParseError as error:
            unreadable.append({"file": name, "why": str(error)})
    if not trees:
        raise DataError(f"None of the {len(files)} treaties is well-formed XML; get them again.")
    frame = articles(trees) if texts else treaties(trees)
    frame.attrs["unreadable"] = unreadable
    return frame


def treaties(trees: dict) -> pd.DataFrame:
    """Return one row for each treaty."""
    where = "the treaties"
    raw = pd.DataFrame([_head(name, root) for name, root in trees.items()])
    raw = _schema.checked(raw, _SCHEMA, where)
    frame = raw.rename(columns=_DATES)
    for column in _DATES.values():
        frame[column] = pd.to_datetime(frame[column].replace("", None), format="%Y-%m-%d")
    frame["kind"] = frame["type"].map(lambda words: next(k for t, k in KINDS.items() if t in words))
    frame["services"] = frame["type"].str.contains("Economic Integration").astype(int)
    if frame["treaty"].duplicated().any():
        twice = frame.loc[frame["treaty"].duplicated(), "treaty"].iloc[0]
        raise DataError(f"Two files hold treaty {twice}; keep one of them.")
    return frame.sort_values("treaty", ignore_index=True)[_COLUMNS]


def articles(trees: dict) -> pd.DataFrame:
    """Return one row for each article."""
    frame = treaty_text.table(
        row
        for name, root in trees.items()
        for row in treaty_text.from_xml(root, _identifier(name, root))
    )
    frame.attrs["incomplete"] = {t: why for t, why in INCOMPLETE.items() if t in set(frame.treaty)}
    return frame


def read_treaty(path) -> pd.DataFrame:
    """Read the text of a treaty of your own from one file.

    Parameters
    ----------
    path : str or Path
        An ``.xml`` file in ToTA's schema, or a ``.txt`` file (UTF-8) with lines such as
        ``Chapter 14 Electronic Commerce`` and ``Article 14.3 Customs Duties`` above the text.

    Returns
    -------
    DataFrame
        One row for each article, as ``load("tota", texts=True)``; treaty 0 if the file gives no
        number. The language of a plain text is taken as English unless its headings are not.

    Raises
    ------
    DataError
        If the file is absent, not UTF-8, not well-formed, or has no article.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no file {path}; name the text of a treaty, .xml or .txt.")
    if path.suffix == ".xml":
        try:
            root = ElementTree.parse(path).getroot()
        except ElementTree.ParseError as error:
            raise DataError(f"{path} is not well-formed XML: {error}.") from None
        number = root.findtext("meta/treaty_identifier") or ""
        rows = treaty_text.from_xml(root, int(number) if number.isdigit() else 0)
    elif path.suffix == ".txt":
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise DataError(f"{path} is not UTF-8; save it in that encoding.") from None
        rows = treaty_text.from_plain(text, language=_language(text))
    else:
        raise DataError(f"{path} is neither .xml nor .txt; save the treaty as one of them.")
    frame = treaty_text.table(rows)
    if not (frame["article"] > 0).any():
        raise DataError(
            f"No article was found in {path}; give each a heading line like 'Article 3 Duties'."
        )
    return frame


def _language(text: str) -> str:
    """Tell the language from the word for an article in the headings."""
    words = {"es": r"^\s*art[íi]culo\b", "fr": r"^\s*chapitre\b"}
    flags = re.IGNORECASE | re.MULTILINE
    return next((code for code, word in words.items() if re.search(word, text, flags)), "en")


def _head(name: str, root) -> dict:
    """Return the treaty's metadata as written, missing ones as empty text."""
    meta = root.find("meta")
    if meta is None:
        raise DataError(f"{name} has no metadata; replace it with the documented file.")
    found = {tag: (meta.findtext(tag) or "").strip() for tag in [*_TEXT, *_DATES, "type"]}
    parties = {side: _parties(meta.find(side)) for side in ("parties_original", "parties")}
    related = " ".join(e.text for e in meta.findall("related_agreement_wto_id") if e.text)
    wto_id = meta.findtext("wto_rta_id") or None
    numbers = {"treaty": _identifier(name, root), "wto_id": wto_id, "related": related}
    return found | parties | numbers


def _parties(element) -> str:
    if element is None:
        return ""
    codes = [(e.text or "").strip() for e in element.findall("partyisocode")]
    return " ".join(_RECODED.get(code, code) for code in codes if code)


def _identifier(name: str, root) -> int:
    number = root.findtext("meta/treaty_identifier") or ""
    if not number.isdigit():
        raise DataError(f"{name} has no treaty_identifier; replace it with the documented file.")
    return int(number)


def _text(pattern: str, what: str) -> pa.Column:
    return pa.Column(str, pa.Check.str_matches(pattern, error=what))


_CODES = _text(r"^([A-Z]{3}( [A-Z]{3})*)?$", "codes of three capital letters")
_SCHEMA = {
    "treaty": pa.Column(int),
    "wto_id": pa.Column("Int64", nullable=True, coerce=True),
    "name": _text(r".", "a name"),
    "type": _text("|".join(KINDS), f"a type with one of {', '.join(KINDS)}"),
    "status": _text(f"^({'|'.join(STATUSES)})$", f"one of {', '.join(STATUSES)}"),
    "parties_original": _CODES,
    "parties": _CODES,
    **{name: _text(r"^(\d{4}-\d\d-\d\d)?$", "a date like 1994-01-01") for name in _DATES},
}
