"""Treaty texts written for this book, with digital rules whose scores are known.

They cover every rule at every score, every deepening form and the phrasings that mislead a reader:
duties that a word takes back, dispute settlement excluded for a chapter, for some articles or in
another chapter, rules named only in a cross-reference or a definition, articles glued together, a
chapter without a name or without articles, Spanish and French.
"""

from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from lib import treaty_text

_FOLDER = Path(__file__).parent / "treaties"

PERIODS = {
    1900: ("silent",),
    2000: ("silent", "alone", "soft", "listed"),
    2005: ("alone", "soft", "listed", "elsewhere", "european", "southern"),
    2010: ("european", "southern", "francophone", "firm_excluded", "firm", "deep"),
}
"""First year → the texts that a treaty of the sample world may have from then on."""


@cache
def texts() -> dict[str, pd.DataFrame]:
    """Return the texts by name, each a table of articles as ``load("tota", texts=True)`` gives."""
    return {path.stem: _read(path) for path in sorted(_FOLDER.glob("*.xml"))}


def truth() -> pd.DataFrame:
    """Return the score of each rule that a text has: `treaty` (name of the text), `rule`, `score`.

    What is not listed scores 0.
    """
    return pd.read_csv(_FOLDER / "truth.csv", dtype={"treaty": "str", "rule": "str"})


def drawn(treaty: pd.Series, entry: pd.Series, rng) -> pd.DataFrame:
    """Give each treaty a text of its time and return all articles.

    Parameters
    ----------
    treaty, entry : Series of int
        Number and year of entry into force.
    rng : numpy.random.Generator
    """
    starts = np.array(list(PERIODS))
    period = starts[np.searchsorted(starts, entry, "right") - 1]
    names = [PERIODS[year][rng.integers(len(PERIODS[year]))] for year in period]
    frame = pd.concat(
        [texts()[name].assign(treaty=number) for name, number in zip(names, treaty, strict=True)]
    )
    frame = frame.sort_values(["treaty", "chapter", "article"], ignore_index=True)
    frame.attrs |= {"incomplete": {}, "unreadable": []}
    return frame


def _read(path: Path) -> pd.DataFrame:
    root = ElementTree.parse(path).getroot()
    return treaty_text.table(
        treaty_text.from_xml(root, int(root.findtext("meta/treaty_identifier")))
    )
