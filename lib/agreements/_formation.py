"""Pairs of economies over gaps of years: who became a partner, and what else had changed."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from lib import trade
from lib.errors import BookError

SIDES = ("exporter", "importer", "country")


def pair_changes(
    flows: pd.DataFrame,
    network: pd.DataFrame,
    distance: pd.DataFrame,
    years: Sequence[int],
    *,
    column: str = "distcap",
    absent: str = "zero",
) -> pd.DataFrame:
    r"""Return what happened to each pair over each gap: agreements, shares, distance.

    Parameters
    ----------
    flows : DataFrame
        ``exporter, importer, year, use, value`` (million USD).
    network : DataFrame
        ``exporter, importer, year, fta, n`` as from :func:`lib.agreements.network`, with all of
        `years`; a pair without a row has no agreement.
    distance : DataFrame
        ``exporter, importer`` and `column` in km. Pairs without a distance are left out.
    years : sequence of int
        Ends of the gaps, at least two, in order.
    column : str
        Which distance.
    absent : {"zero", "missing"}
        What a pair without a flow is, as in :func:`lib.trade.supplier_status`.

    Returns
    -------
    DataFrame
        One row for each directed pair and gap, with the columns of :func:`lib.trade.changes`
        (shares in per cent, their changes in percentage points, `fta` and `n` among them), and

        * `pair`: the two codes in one, exporter first;
        * `ln_d`: log of the distance in km;
        * `changed`: 1 if the pair has an agreement at one end of the gap only;
        * `formed`: 1 if it has none at the start and one at the end;
        * `more`: by how many agreements its number rose; zero if it fell.

    Raises
    ------
    BookError
        As the two functions named, and if a column or a year of the network is absent.

    Notes
    -----
    The outcomes and regressors of Li & Chen (2023), eq. 17.
    """
    keys = ["exporter", "importer", "year"]
    for name, frame, needed in (
        ("network", network, {*keys, "fta", "n"}),
        ("distance", distance, {*keys[:2], column}),
    ):
        if missing := needed - set(frame.columns):
            raise BookError(f"{name} lacks the column {', '.join(sorted(missing))}.")
    if lacking := sorted(set(years) - set(network["year"])):
        raise BookError(f"The network has no year {lacking[0]}; make it for all years of the gaps.")
    known = distance.loc[distance["exporter"] != distance["importer"], [*keys[:2], column]].dropna()
    known = known.assign(ln_d=np.log(known[column])).drop(columns=column)
    status = trade.supplier_status(flows[flows["year"].isin(years)], absent=absent)
    tied = status.merge(network[[*keys, "fta", "n"]], how="left").fillna({"fta": 0, "n": 0})
    found = trade.changes(tied, years).merge(known)
    return found.assign(
        pair=found["exporter"] + found["importer"],
        changed=found["d_fta"].ne(0).astype(int),
        formed=found["d_fta"].gt(0).astype(int),
        more=found["d_n"].clip(lower=0),
    )


def without(frame: pd.DataFrame, countries: Collection[str]) -> pd.DataFrame:
    """Return the rows in which none of some countries appears, on either side of a pair.

    Parameters
    ----------
    frame : DataFrame
        With ``exporter`` and ``importer``, or ``country``.

    Raises
    ------
    BookError
        If it has none of these columns.
    """
    sides = [side for side in SIDES if side in frame]
    if not sides:
        raise BookError(f"The frame has none of the columns {', '.join(SIDES)}.")
    return frame[~frame[sides].isin(list(countries)).any(axis=1)]
