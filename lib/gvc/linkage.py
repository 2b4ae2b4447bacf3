"""How much of a pair's trade is part of longer chains: value chain linkage and its parts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.errors import BookError

CELL = ["exporter", "importer", "sector", "year"]
FORWARD = ("DVA_INTrexI1", "DVA_INTrexF", "DVA_INTrexI2", "RDV_INT", "RDV_FIN", "RDV_FIN2")
DOUBLE = ("DDC_FIN", "DDC_INT")
FOREIGN = {
    "importer": (("MVA_FIN", "MVA_INT"), ("MDC",)),
    "all": (("MVA_FIN", "MVA_INT", "OVA_FIN", "OVA_INT"), ("MDC", "ODC")),
}
ZEROS = ("drop", "zero")
ROUNDING = 1e-9
"""Tables in whole millions have many cells at a floor of whole millions; a sum of sixteen terms
misses it by rounding, which must not decide whether the cell counts."""


def linkage(
    terms: pd.DataFrame, *, foreign: str = "importer", zeros: str = "drop", floor: float = 0.0
) -> pd.DataFrame:
    r"""Return the value chain linkage of each cell of bilateral exports, in five versions.

    Parameters
    ----------
    terms : DataFrame
        From :func:`lib.gvc.wwz`, or rows of it: the sixteen terms by (exporter, sector, importer),
        with a level `year` where there are several.
    foreign : {"importer", "all"}
        Whose value added counts as foreign: that of the direct importer, as the terms MVA and MDC
        of Wang, Wei and Zhu define it, or that of every other country, with OVA and ODC as well.
    zeros : {"drop", "zero"}
        What becomes of a cell without exports, where a share does not exist: it is left out, or its
        linkage is zero.
    floor : float
        Exports, in the unit of the terms, up to which a cell counts as without.

    Returns
    -------
    DataFrame
        The cells of different countries in columns `exporter`, `importer`, `sector`, `year` (if
        there); ``exports``; and ``ln_vs``, ``ln_vs1`` without double counting, ``ln_vs2`` of the
        importer's value added alone, ``ln_vsfor`` of the exporter's value in chains that go on or
        come home, ``ln_vsback`` of foreign value. ``attrs["zeros"]`` counts the cells without
        exports.

    Raises
    ------
    BookError
        If an argument is none of its values or a term is absent.

    Notes
    -----
    With E the exports of s to r in a sector (Dang and Yin 2024, eq. 2),

    .. math::
        vs_{sr} &= (DVA\_INTrex + MVA + RDV + DDC + MDC)_{sr} / E_{sr} \\
        vs1 &= (DVA\_INTrex + MVA + RDV) / E, \quad vs2 = (MVA\_FIN + MVA\_INT) / E \\
        vsfor &= (DVA\_INTrex + RDV + DDC) / E, \quad vsback = (MVA + MDC) / E

    and each column holds ln(1 + share). The paper leaves its forward and backward versions to a
    working paper; here they add up to the whole.
    """
    for name, value, known in (("foreign", foreign, FOREIGN), ("zeros", zeros, ZEROS)):
        if value not in known:
            raise BookError(f"{name}={value!r} is not one of {', '.join(known)}.")
    value_added, counted_twice = FOREIGN[foreign]
    if absent := {*FORWARD, *DOUBLE, *FOREIGN["all"][0], *FOREIGN["all"][1]} - set(terms.columns):
        raise BookError(f"The terms lack {sorted(absent)[0]}; pass what wwz returns.")
    index = terms.index
    abroad = index.get_level_values("exporter") != index.get_level_values("importer")
    terms = terms[abroad]
    onward, double = terms[[*FORWARD]].sum(axis=1), terms[[*DOUBLE]].sum(axis=1)
    foreign_value = terms[[*value_added]].sum(axis=1)
    foreign_double = terms[[*counted_twice]].sum(axis=1)
    parts = {
        "ln_vs": onward + foreign_value + double + foreign_double,
        "ln_vs1": onward + foreign_value,
        "ln_vs2": terms["MVA_FIN"] + terms["MVA_INT"],
        "ln_vsfor": onward + double,
        "ln_vsback": foreign_value + foreign_double,
    }
    exports = terms.sum(axis=1)
    traded = exports > floor * (1 + ROUNDING)
    logs = {
        name: np.where(traded, np.log1p(part / exports.where(traded, 1.0)), 0.0)
        for name, part in parts.items()
    }
    frame = pd.DataFrame({"exports": exports, **logs}, terms.index)
    frame = frame[traded] if zeros == "drop" else frame
    frame = frame.reset_index()
    frame = frame[[*(c for c in CELL if c in frame), "exports", *parts]]
    frame.attrs["zeros"] = int((~traded).sum())
    return frame


def first_mover_gap(
    frame: pd.DataFrame,
    linkage: str = "ln_vs",
    within: Sequence[str] = ("importer", "sector", "year"),
) -> pd.Series:
    r"""Return how far each exporter's linkage lies behind the first of its market.

    Parameters
    ----------
    frame : DataFrame
        With the columns `linkage` and `within`.
    linkage : str
        A column of :func:`linkage`, in ln(1 + share).
    within : sequence of str
        What makes a market.

    Returns
    -------
    Series
        :math:`\ln(1 + \max vs - vs)`, zero for the first.

    Notes
    -----
    Dang and Yin (2024, Table 6) interact it with rule depth. It is made of the outcome: where
    effects of the market absorb the maximum, what is left is the outcome itself with the sign
    turned, which is why their regression has an R² of 0.999.
    """
    share = np.expm1(frame[linkage])
    first = share.groupby([frame[name] for name in within], observed=True).transform("max")
    return np.log1p(first - share)
