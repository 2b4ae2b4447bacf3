"""The reference coding of digital trade rules, made by hand for this book."""

import pandas as pd
import pandera.pandas as pa

from lib.data import _schema

CODINGS = ("reference", "A", "B")
HALVES = ("tuning", "held out")
_PLACE = ["chapter", "article", "start", "length"]


def read(files) -> pd.DataFrame:
    """Read which of the 23 rules 31 agreements have, coded twice and then decided.

    Returns
    -------
    DataFrame
        One row for each coding, treaty (ToTA's number) and rule that one of the codings found:

        * `coding`: "A", "B", or "reference", which is A where the two give the same score and a
          decision elsewhere, with the reason in `why`;
        * `present`, `binding`, `dispute` (dispute settlement covers it), `deepening`: 0 or 1, each
          judged by itself. A rule without a row is absent;
        * where the deciding words are: `chapter` and `article` (counted as in the texts of ToTA),
          `start` and `length` (characters of the article's text) and `sha256` (its first 12 digits,
          of these characters). `deep_chapter` … `deep_sha256`: the words that meet the deepening
          form;
        * `half` of the treaty ("tuning" or "held out") and the `style` it follows.
    """
    by_name = {name.rsplit("_", 1)[-1]: files[name] for name in files}
    options = {"keep_default_na": False, "na_values": [""]}
    coding = pd.read_csv(by_name["coding.csv"], **options)
    treaties = pd.read_csv(by_name["agreements.csv"], **options)
    place = {
        f"{deep}{c}": pa.Column("Int64", nullable=True) for deep in ("", "deep_") for c in _PLACE
    }
    hashed = pa.Column(str, pa.Check.str_matches("^[0-9a-f]{12}$"), nullable=True, coerce=True)
    schema = {
        "coding": pa.Column(str, pa.Check.isin(CODINGS, error="reference, A or B")),
        "treaty": pa.Column(int),
        "rule": pa.Column(str),
        **{c: _schema.dummy() for c in ("present", "binding", "dispute", "deepening")},
    }
    coding = coding.astype({name: "Int64" for name in place})
    coding = _schema.checked(coding, schema | place | {"sha256": hashed}, by_name["coding.csv"])
    parts = {"treaty": pa.Column(int, unique=True), "half": pa.Column(str, pa.Check.isin(HALVES)),
             "style": pa.Column(str)}  # fmt: skip
    treaties = _schema.checked(treaties, parts, by_name["agreements.csv"])
    return coding.merge(treaties, on="treaty", how="left", validate="many_to_one")
