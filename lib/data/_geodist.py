"""CEPII GeoDist: bilateral distances and ties."""

import pandas as pd

from lib.data import _schema
from lib.data._codes import RETIRED
from lib.data._rdata import read_r

TIES = ["contig", "comlang_off", "comlang_ethno", "colony", "comcol", "curcol", "col45", "smctry"]
DISTANCES = ["dist", "distcap", "distw", "distwces"]

_SCHEMA = {
    "iso_o": _schema.code(),
    "iso_d": _schema.code(),
    **{tie: _schema.dummy() for tie in TIES},
    # No two places are farther apart than half the equator, 20,038 km.
    "dist": _schema.number(0, 20_040, "km"),
    "distcap": _schema.number(0, 20_040, "km"),
    "distw": _schema.number(0, 20_040, "km", nullable=True),
    "distwces": _schema.number(0, 20_040, "km", nullable=True),
}


def tidy(raw: pd.DataFrame, file) -> pd.DataFrame:
    """Return the canonical pairs from GeoDist's own columns."""
    raw = raw.astype({name: "str" for name in ("iso_o", "iso_d") if name in raw})
    gaps = [name for name in ("distw", "distwces") if name in raw]  # written as "."
    raw = raw.assign(**{name: pd.to_numeric(raw[name].replace(".", None)) for name in gaps})
    frame = _schema.checked(raw, _SCHEMA, file)
    frame = frame.rename(columns={"iso_o": "exporter", "iso_d": "importer"})
    frame[["exporter", "importer"]] = frame[["exporter", "importer"]].replace(RETIRED)
    return frame[["exporter", "importer", *TIES, *DISTANCES]].reset_index(drop=True)


def read(files) -> pd.DataFrame:
    """Read GeoDist's 224 × 224 pairs, each country with itself included.

    Retired codes are brought up to date: ROM → ROU, ZAR → COD, TMP → TLS, PAL → PSE and
    YUG → SRB, whose coordinates are Belgrade's. MNE, LIE, XKX, MCO and SSD are not in the source;
    the Netherlands Antilles (ANT) still are.

    Returns
    -------
    DataFrame
        `exporter`, `importer`; `contig` (common border), `comlang_off`, `comlang_ethno` (common
        official language; one spoken by 9 % in both), `colony` (ever in a colonial tie), `comcol`
        (common coloniser after 1945), `curcol` (colony now), `col45` (after 1945), `smctry` (same
        country once), each 0 or 1; `dist` (between the main cities), `distcap` (capitals),
        `distw`, `distwces` (population-weighted over cities, arithmetic and harmonic mean), in
        km. The weighted ones are missing for pairs with CCK, CXR, MAC, MSR or PCN.

    References
    ----------
    Mayer and Zignago (2011), Notes on CEPII's distances measures, CEPII working paper 2011-25.
    """
    return tidy(read_r(files.only), files.only)
