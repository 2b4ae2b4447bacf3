"""Exports and their value added by final absorber, from the 2016 release of WIOD."""

import numpy as np
import pandas as pd

from lib.data import _schema
from lib.data._codes import RETIRED
from lib.data._stata import read_stata
from lib.errors import DataError

AGREEMENTS = ["cu", "fta", "psa", "eia", "cueia", "ftaeia", "psaeia"]

_NAMES = {"dva": "value", "gtrade": "exports"}
_FLOWS = {
    "exporter": _schema.code(),
    "importer": _schema.code(),
    "year": _schema.number(2000, 2014),
    # China's exports of 2014, all partners together, are 2.4 million million USD.
    "dva": _schema.number(0, 2e6, "million USD"),
    "gtrade": _schema.number(0, 2e6, "million USD"),
}
_GRAVITY = _FLOWS | {
    **{name: _schema.dummy() for name in [*AGREEMENTS, "contig", "comlang_off", "col45"]},
    # No two places are farther apart than half the equator, 20,038 km.
    "dist": _schema.number(0, 20_040, "km"),
}


def read(files, years=None) -> pd.DataFrame:
    r"""Read where the exports of 44 economies, and their own value added in them, end up.

    The importer is the country whose final demand absorbs the value, through however many borders,
    not the first buyer: `value` summed over its importers other than the exporter is the exporter's
    value-added exports. The row of a country with itself is what leaves and comes home in the end.

    Parameters
    ----------
    files : mapping of str to Path
    years : int or iterable of int, optional
        Years to keep out of 2002, 2005, 2008, 2011 and 2014; all five if not given.

    Returns
    -------
    DataFrame
        `exporter`, `importer` (the final absorber), `year`; `value`, the exporter's value added,
        and `exports`, gross exports, in million USD at current prices. 43 economies and ROW, each
        with itself too.

    Raises
    ------
    DataError
        If a year is not there, a pair is missing or given twice, or a column, code or unit is not
        as documented.

    Notes
    -----
    With X the output that each absorber's final demand Y needs, and s the exporter,

    .. math::
        e_{sj} = \sum_{t \neq s} A_{st} X_{tj} + [s \neq j] \, Y_{sj}, \qquad
        \text{value}_{sj} = V_s (I - A_{ss})^{-1} e_{sj}.

    Computed with the Stata package icio from the 2016 release by the source of the copy.
    """
    return tidy(read_stata(files.only), files.only, years)


def tidy(raw: pd.DataFrame, file, years=None) -> pd.DataFrame:
    """Return the canonical flows from the source's own columns."""
    return _flows(_schema.checked(raw, _FLOWS, file), list(_FLOWS), file, years)


def read_gravity(files, years=None) -> pd.DataFrame:
    """Read the flows of :func:`read` between 43 economies with agreements and distance.

    Parameters
    ----------
    files : mapping of str to Path
    years : int or iterable of int, optional
        Years to keep out of 2002, 2005, 2008, 2011 and 2014; all five if not given.

    Returns
    -------
    DataFrame
        * `exporter`, `importer`, `year`, `value`, `exports` as in :func:`read`, without ROW;
        * dummies of the agreements in force: `cu` customs union, `fta` free-trade agreement, `psa`
          partial-scope agreement, `eia` economic integration agreement (services), and `cueia`,
          `ftaeia`, `psaeia` for those that are both. They do not exclude each other: a pair inside
          the European Union has `cueia` and `eia`, one of the European Economic Area `fta` and
          `eia`. Free trade in goods is `cu`, `fta`, `cueia` or `ftaeia`;
        * `dist` between the most populated cities in km, `contig`, `comlang_off`, `col45` as in
          GeoDist. A country's row with itself has no agreement.

    Raises
    ------
    DataError
        As :func:`read`.
    """
    return tidy_gravity(read_stata(files.only), files.only, years)


def tidy_gravity(raw: pd.DataFrame, file, years=None) -> pd.DataFrame:
    """Return the canonical pairs from the source's own columns."""
    return _flows(_schema.checked(raw, _GRAVITY, file), list(_GRAVITY), file, years)


def _flows(frame: pd.DataFrame, columns: list[str], file, years) -> pd.DataFrame:
    """Rename, keep the years asked for and make sure that every pair is there once."""
    frame = frame[columns].astype({"year": int}).rename(columns=_NAMES)
    frame[["exporter", "importer"]] = frame[["exporter", "importer"]].replace(RETIRED).astype("str")
    if years is not None:
        years = np.atleast_1d(years).tolist()
        if absent := sorted(set(years) - set(frame["year"])):
            known = ", ".join(map(str, sorted(set(frame["year"]))))
            raise DataError(f"{file} has no year {absent[0]}; choose from {known}.")
        frame = frame[frame["year"].isin(years)]
    frame = frame.sort_values(["year", "exporter", "importer"], ignore_index=True)
    pairs = pd.MultiIndex.from_frame(frame[["exporter", "importer", "year"]])
    economies = sorted({*frame["exporter"], *frame["importer"]})
    wanted = pd.MultiIndex.from_product([economies, economies, frame["year"].unique()])
    odd = {"twice": pairs[pairs.duplicated()], "nowhere": wanted.difference(pairs)}
    for where, (pair, *_) in ((key, found) for key, found in odd.items() if len(found)):
        raise DataError(
            f"{file} has the flow from {pair[0]} to {pair[1]} of {pair[2]} {where}; replace it "
            "with the documented file."
        )
    return frame
