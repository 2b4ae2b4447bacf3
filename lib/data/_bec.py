"""Harmonized System to Broad Economic Categories, revision 4, and to end uses."""

import pandas as pd
import pandera.pandas as pa

from lib.data import _schema
from lib.data._rdata import read_r
from lib.errors import DataError

EDITIONS = {
    "HS92": "hs0",
    "HS96": "hs1",
    "HS02": "hs2",
    "HS07": "hs3",
    "HS12": "hs4",
    "HS17": "hs5",
    "HS22": "hs6",
    "HS": "hs",  # all editions together
}

USES = {
    "capital": "41 521",
    "intermediate": "111 121 21 22 31 322 42 53",
    "consumption": "112 122 522 61 62 63",
}
"""End uses of the System of National Accounts by BEC rev. 4 category (United Nations 2002)."""

_USE_OF = {code: use for use, codes in USES.items() for code in codes.split()}

MIXED = {
    "32": "processed fuels: motor spirit (321), for cars of households and firms, with 322",
    "51": "passenger cars, of households and firms",
    "7": "goods not elsewhere specified, military ones among them",
    "several": "products that the source gives to categories of different use",
}
"""Categories that the national accounts do not give to one use."""


def read(files, edition: str = "HS92", mixed: dict[str, str] | None = None) -> pd.DataFrame:
    """Read which BEC category and end use each six-digit product has.

    Parameters
    ----------
    files : mapping of str to Path
    edition : {"HS92", "HS96", "HS02", "HS07", "HS12", "HS17", "HS22", "HS"}
        Edition of the Harmonized System; "HS" is all of them together.
    mixed : dict of str to str, optional
        Use for categories without a unique one, for example ``{"51": "consumption"}``. Keys are
        "32" (motor spirit, which the source does not tell from other processed fuels where it
        writes 32), "51" (passenger cars), "7" (not specified) and "several" (products in
        categories of different use). Those not given are "unclassified".

    Returns
    -------
    DataFrame
        One row a product: `product` (text of six digits), `bec4` (category, "/" between several),
        `use` (capital, intermediate, consumption or unclassified) and `description` (of the
        category; of each, if several).

    Raises
    ------
    DataError
        For an unknown edition, or a mixed category or use that does not exist.
    """
    if edition not in EDITIONS:
        raise DataError(f"Edition {edition!r} does not exist; choose one of {', '.join(EDITIONS)}.")
    mixed = dict(mixed or {})
    for key, use in mixed.items():
        if key not in MIXED or use not in USES:
            raise DataError(
                f"mixed={{{key!r}: {use!r}}} is not possible; give one of {', '.join(MIXED)} to "
                f"one of {', '.join(USES)}."
            )
    path = files[f"{EDITIONS[edition]}_bec4.RData"]
    raw = read_r(path).astype("str")
    raw = raw.rename(columns={raw.columns[0]: "product", "BEC4_3d": "bec4"})
    raw = raw.dropna(subset=["product"])
    schema = {
        "product": pa.Column(
            str, pa.Check.str_matches(r"^\d{6}$", error="a product code of six digits")
        ),
        "bec4": pa.Column(
            str, pa.Check.str_matches(r"^[1-7]\d?\d?$", error="a BEC category"), nullable=True
        ),
    }
    raw = _schema.checked(raw, schema, path)[["product", "bec4"]]
    # The source pads categories with zeros to three digits; monetary gold is outside the BEC.
    raw["bec4"] = raw["bec4"].str.rstrip("0").fillna("")
    raw["use"] = raw["bec4"].map(_USE_OF)
    categories = read_r(files["bec4_desc.RData"]).astype("str")
    names = dict(zip(categories["code"], categories["desc"], strict=True))

    raw = raw.drop_duplicates().sort_values(["product", "bec4"])
    raw["description"] = raw["bec4"].map(names).fillna("")
    grouped = raw.groupby("product")
    frame = grouped.agg(
        bec4=("bec4", "/".join), description=("description", " / ".join), n=("bec4", "size")
    )
    single = grouped["use"].nunique(dropna=False) == 1
    kind = frame["bec4"].where(frame["n"] == 1, "several")
    chosen = kind.map(mixed).astype("str")
    frame["use"] = grouped["use"].first().where(single, chosen)
    frame["use"] = frame["use"].fillna(chosen).fillna("unclassified")
    return frame.reset_index()[["product", "bec4", "use", "description"]]
