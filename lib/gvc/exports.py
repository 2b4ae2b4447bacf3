r"""Decompositions of gross exports.

Notation: s exports, r imports, t and u are any countries; :math:`\#` multiplies element by element;
V value added per unit of output, A input coefficients, B the Leontief inverse of the world, L the
local inverse :math:`(I - A_{ss})^{-1}`, Y final demand, X output, :math:`E_{r*}` all exports of r.

A table whose reported output differs from its row sums gets one more column, ``imbalance``: what
the output that nobody is recorded to use would have contributed. With it the terms still sum to
exports.
"""

import numpy as np
import pandas as pd

from lib.errors import BookError
from lib.gvc.table import Table
from lib.gvc.value_added import content_by_source

GROUPS = {
    "DVA": ("DVA_FIN", "DVA_INT", "DVA_INTrexI1", "DVA_INTrexF", "DVA_INTrexI2"),
    "RDV": ("RDV_INT", "RDV_FIN", "RDV_FIN2"),
    "DDC": ("DDC_FIN", "DDC_INT"),
    "FVA": ("OVA_FIN", "MVA_FIN", "OVA_INT", "MVA_INT"),
    "FDC": ("ODC", "MDC"),
}
TERMS = {
    "DVA_FIN": "own value in final goods",
    "DVA_INT": "own, in inputs absorbed by the importer",
    "DVA_INTrexI1": "own, in inputs sent on, for a third country's own use",
    "DVA_INTrexF": "own, in the importer's final goods for third countries",
    "DVA_INTrexI2": "own, in inputs sent on, for final goods sold abroad",
    "RDV_INT": "own, returned in inputs",
    "RDV_FIN": "own, returned in final goods of the importer",
    "RDV_FIN2": "own, returned in final goods of third countries",
    "OVA_FIN": "third countries' value in final goods",
    "MVA_FIN": "the importer's value in final goods",
    "OVA_INT": "third countries' value in inputs",
    "MVA_INT": "the importer's value in inputs",
    "DDC_FIN": "own, counted again, from final exports",
    "DDC_INT": "own, counted again, from inputs",
    "ODC": "third countries' value, sent on by the importer",
    "MDC": "the importer's value, sent on by the importer",
}
"""The sixteen terms in words, in the order of the columns of :func:`wwz`."""


def wwz(table: Table, factor=None) -> pd.DataFrame:
    r"""Split bilateral sector exports into the sixteen terms of Wang, Wei and Zhu.

    Parameters
    ----------
    table : Table
    factor : optional
        Amounts of another factor than value added; see :func:`factor_content`.

    Returns
    -------
    DataFrame by (exporter, sector, importer)
        Sixteen columns in the unit of the table; a row sums to the gross exports of the cell. Cells
        of a country with itself are zero. On an unbalanced table a seventeenth column,
        ``imbalance``, belongs to the sum.

    Notes
    -----
    Exports of intermediates :math:`A_{sr}X_r` are traced by :math:`X_r = \sum_{t,u} B_{rt} Y_{tu}`
    to the country t that finishes and the country u that absorbs:

    ============== =================================================================================
    DVA_FIN        :math:`(V_s B_{ss})' \# Y_{sr}`
    DVA_INT        :math:`(V_s L_{ss})' \# A_{sr} B_{rr} Y_{rr}`
    DVA_INTrexI1   :math:`(V_s L_{ss})' \# A_{sr} \sum_{t \neq s,r} B_{rt} Y_{tt}`
    DVA_INTrexF    :math:`(V_s L_{ss})' \# A_{sr} B_{rr} \sum_{t \neq s,r} Y_{rt}`
    DVA_INTrexI2   :math:`(V_s L_{ss})' \# A_{sr} \sum_{t \neq s,r} B_{rt} \sum_{u \neq s,t} Y_{tu}`
    RDV_INT        :math:`(V_s L_{ss})' \# A_{sr} B_{rs} Y_{ss}`
    RDV_FIN        :math:`(V_s L_{ss})' \# A_{sr} B_{rr} Y_{rs}`
    RDV_FIN2       :math:`(V_s L_{ss})' \# A_{sr} \sum_{t \neq s,r} B_{rt} Y_{ts}`
    OVA_FIN        :math:`(\sum_{t \neq s,r} V_t B_{ts})' \# Y_{sr}`
    MVA_FIN        :math:`(V_r B_{rs})' \# Y_{sr}`
    OVA_INT        :math:`(\sum_{t \neq s,r} V_t B_{ts})' \# A_{sr} L_{rr} Y_{rr}`
    MVA_INT        :math:`(V_r B_{rs})' \# A_{sr} L_{rr} Y_{rr}`
    DDC_FIN        :math:`(V_s L_{ss})' \# A_{sr} B_{rs} \sum_{t \neq s} Y_{st}`
    DDC_INT        :math:`(V_s B_{ss} - V_s L_{ss})' \# A_{sr} X_r`
    ODC            :math:`(\sum_{t \neq s,r} V_t B_{ts})' \# A_{sr} L_{rr} E_{r*}`
    MDC            :math:`(V_r B_{rs})' \# A_{sr} L_{rr} E_{r*}`
    ============== =================================================================================

    Wang, Wei and Zhu (2013), NBER 19677. Value is foreign double counting here when the *importer*
    exports it again, an arbitrary line that :func:`borin_mancini` redraws.
    """
    t = table
    V = t.coefficients(factor)
    g = np.arange(t.G)
    B_Y = _finished_and_absorbed(t)  # t, r, n, u
    finished, absorbed = B_Y.sum(3), B_Y.sum(0).transpose(2, 0, 1)  # by t, by u
    total, from_r = finished.sum(0), finished[g, g]
    Y_rr, Y_rs = B_Y[g, g, :, g], B_Y[g, g].transpose(2, 0, 1)  # B_rr Y_rr, B_rr Y_rs
    Y_ss = B_Y[g, :, :, g]  # B_rs Y_ss by s, r, n

    rexI1 = Y_ss.sum(0) - Y_rr - Y_ss
    rdv_fin2 = absorbed - Y_ss - Y_rs
    L_Y = t.local(_own(t, t.Y)).reshape(t.G, t.N)
    L_E = t.local(t.E.sum(1)).reshape(t.G, t.N)
    sold = _sold(
        t,
        DVA_INT=Y_rr,
        DVA_INTrexI1=rexI1,
        DVA_INTrexF=from_r - Y_rr - Y_rs,
        DVA_INTrexI2=total - finished - from_r - rexI1 - rdv_fin2,
        RDV_INT=Y_ss,
        RDV_FIN=Y_rs,
        RDV_FIN2=rdv_fin2,
        DDC_FIN=finished - Y_ss,
        X=t.x.reshape(t.G, t.N),
        FVA=L_Y,
        FDC=L_E,
        first=(t.B @ t.discrepancy).reshape(t.G, t.N),
        last=t.local(t.discrepancy).reshape(t.G, t.N),
    )

    V_L, V_B, mva, ova = _weights(t, V)
    Y = t.Y.reshape(t.G, t.N, t.G)
    terms = {
        "DVA_FIN": V_B * Y,
        **{name: V_L * sold[name] for name in GROUPS["DVA"][1:]},
        **{name: V_L * sold[name] for name in GROUPS["RDV"]},
        "OVA_FIN": ova * Y,
        "MVA_FIN": mva * Y,
        "OVA_INT": ova * sold["FVA"],
        "MVA_INT": mva * sold["FVA"],
        "DDC_FIN": V_L * sold["DDC_FIN"],
        "DDC_INT": (V_B - V_L) * sold["X"],
        "ODC": ova * sold["FDC"],
        "MDC": mva * sold["FDC"],
        "imbalance": V_L * sold["first"] + (ova + mva) * sold["last"],
    }
    return _bilateral(t, terms)


def five_groups(terms: pd.DataFrame) -> pd.DataFrame:
    """Return the five-group reading of the sixteen terms.

    Parameters
    ----------
    terms : DataFrame
        From :func:`wwz`, or sums of its rows.

    Returns
    -------
    DataFrame
        ``DVA`` domestic value added absorbed abroad; ``RDV`` domestic value added that returns and
        is absorbed at home; ``DDC`` domestic value counted twice; ``FVA`` foreign value added;
        ``FDC`` foreign value counted twice; and ``imbalance`` where the terms carry it.
    """
    groups = pd.DataFrame({name: terms[list(parts)].sum(axis=1) for name, parts in GROUPS.items()})
    return groups.assign(imbalance=terms["imbalance"]) if "imbalance" in terms else groups


def kww(table: Table) -> pd.DataFrame:
    r"""Split a country's exports into the nine terms of Koopman, Wang and Wei.

    Returns
    -------
    DataFrame by country
        Nine columns; a row sums to the country's gross exports. The first three sum to its
        value-added exports, the first five to the domestic value added in its exports. The formula
        holds for countries only: for sectors and partners use :func:`wwz`.

    Notes
    -----
    ============ =======================================================================
    DVA_FIN      :math:`V_s \sum_{r \neq s} B_{ss} Y_{sr}`
    DVA_INT      :math:`V_s \sum_{r \neq s} B_{sr} Y_{rr}`
    DVA_INTrex   :math:`V_s \sum_{r \neq s} \sum_{t \neq s,r} B_{sr} Y_{rt}`
    RDV_FIN      :math:`V_s \sum_{r \neq s} B_{sr} Y_{rs}`
    RDV_INT      :math:`V_s \sum_{r \neq s} B_{sr} A_{rs} L_{ss} Y_{ss}`
    DDC          :math:`V_s \sum_{r \neq s} B_{sr} A_{rs} L_{ss} E_{s*}`
    FVA_FIN      :math:`\sum_{t \neq s} V_t B_{ts} \sum_{r \neq s} Y_{sr}`
    FVA_INT      :math:`\sum_{t \neq s} V_t B_{ts} \sum_{r \neq s} A_{sr} L_{rr} Y_{rr}`
    FDC          :math:`\sum_{t \neq s} V_t B_{ts} \sum_{r \neq s} A_{sr} L_{rr} E_{r*}`
    ============ =======================================================================

    Koopman, Wang and Wei (2014), eq. 36, with :math:`\sum_{r \neq s} B_{sr} A_{rs} L_{ss} =
    B_{ss} - L_{ss}`.
    """
    t = table
    g = np.arange(t.G)
    content = content_by_source(t, t.V).reshape(t.G, t.G, t.N)
    VBY = np.matmul(content.transpose(1, 0, 2), t.Y.reshape(t.G, t.N, t.G)).transpose(1, 0, 2)
    finished_here, consumed_there = VBY[g, g], VBY[:, g, g]  # s, u and s, r
    own, returned = finished_here[g, g], VBY[g, :, g].sum(1)

    V_B = content[g, g]
    V_L = t.local_left(t.V).reshape(t.G, t.N)
    foreign = content.sum(0) - V_B
    domestic_final = _own(t, t.Y).reshape(t.G, t.N)
    exported_final = t.Y.sum(1).reshape(t.G, t.N) - domestic_final
    gap = t.discrepancy
    L_Y, L_E, L_d = (t.local(v.ravel()) for v in (domestic_final, t.E.sum(1), gap))

    def summed(weights, values):
        return (weights * values.reshape(t.G, t.N)).sum(1)

    terms = {
        "DVA_FIN": finished_here.sum(1) - own,
        "DVA_INT": consumed_there.sum(1) - own,
        "DVA_INTrex": VBY.sum((1, 2))
        - finished_here.sum(1)
        - (consumed_there.sum(1) - own)
        - (returned - own),
        "RDV_FIN": returned - own,
        "RDV_INT": summed(V_B - V_L, domestic_final),
        "DDC": summed(V_B - V_L, t.E.sum(1)),
        "FVA_FIN": summed(foreign, exported_final),
        "FVA_INT": summed(foreign, t.A_foreign @ L_Y),
        "FDC": summed(foreign, t.A_foreign @ L_E),
        "imbalance": summed(1.0, t.V * (t.B @ gap - L_d)) + summed(foreign, t.A_foreign @ L_d),
    }
    return _without_empty_imbalance(t, pd.DataFrame(terms, t.countries_index()))


def borin_mancini(table: Table, approach: str = "source", factor=None) -> pd.DataFrame:
    r"""Split bilateral sector exports with double counting drawn at the exporter's border.

    Parameters
    ----------
    table : Table
    approach : {"source", "sink"}
        Count value as value added the first time it crosses the exporter's border (as close as
        possible to where it is made) or the last time (to where it is absorbed).
    factor : optional
        See :meth:`Table.coefficients`.

    Returns
    -------
    DataFrame by (exporter, sector, importer)
        ``VAX`` domestic value added absorbed abroad; ``REF`` reflected: domestic value added
        absorbed at home; ``DDC`` domestic double counting; ``FVA`` foreign value added; ``FDC``
        foreign double counting; ``imbalance`` on an unbalanced table. A row sums to the gross
        exports of the cell.

    Raises
    ------
    BookError
        If `approach` is neither.

    Notes
    -----
    With :math:`B^{\not s}` the Leontief inverse of the world in which s exports no intermediates,
    :math:`B^{\not s}_{ts} = B_{ts} B_{ss}^{-1} L_{ss}` and
    :math:`B^{\not s}_{rj} = B_{rj} - B_{rs} B_{ss}^{-1} B_{sj}`. Source:

    .. math::
        VAX &= (V_s L_{ss})' \# [Y_{sr} + A_{sr} \textstyle\sum_{u \neq s} \sum_t B_{rt} Y_{tu}] \\
        REF &= (V_s L_{ss})' \# A_{sr} \textstyle\sum_t B_{rt} Y_{ts} \\
        DDC &= (V_s B_{ss} - V_s L_{ss})' \# E_{sr} \\
        FVA &= \textstyle(\sum_{t \neq s} V_t B^{\not s}_{ts})' \# E_{sr} \\
        FDC &= \textstyle(\sum_{t \neq s} V_t B_{ts} - V_t B^{\not s}_{ts})' \# E_{sr}

    Sink, with :math:`a_{sr} = \sum_{u \neq s} \sum_{j \neq s} B^{\not s}_{rj} Y_{ju}` absorbed
    abroad and :math:`h_{sr} = \sum_{j \neq s} B^{\not s}_{rj} Y_{js} + B^{\not s}_{rs} Y_{ss}` at
    home, both without crossing the border of s again:

    .. math::
        VAX &= (V_s B_{ss})' \# [Y_{sr} + A_{sr} a_{sr}], \quad
        REF = (V_s B_{ss})' \# A_{sr} h_{sr}, \quad
        DDC = (V_s B_{ss})' \# A_{sr} B^{\not s}_{rs} E_{s*} \\
        FVA &= \textstyle(\sum_{t \neq s} V_t B_{ts})' \# [Y_{sr} + A_{sr} (a_{sr} + h_{sr})], \quad
        FDC = (\sum_{t \neq s} V_t B_{ts})' \# A_{sr} B^{\not s}_{rs} E_{s*}

    Borin and Mancini (2019), World Bank WPS 8804, exporting-country perimeter. Summed over partners
    the two agree term by term, and VAX, REF, DDC with the nine-term version; FVA and FDC do not,
    because Koopman, Wang and Wei draw the line at the importer's border.
    """
    t = table
    V = t.coefficients(factor)
    V_L, V_B, mva, ova = _weights(t, V)
    foreign = mva + ova
    Y, E = (M.reshape(t.G, t.N, t.G) for M in (t.Y, t.E))
    B_Y = t.BY.reshape(t.G, t.N, t.G)
    at_home = B_Y.transpose(2, 0, 1)  # absorbed in s, by s, r, n
    abroad = B_Y.sum(2) - at_home
    gap = (t.B @ t.discrepancy).reshape(t.G, t.N)
    if approach == "source":
        sold = _sold(t, VAX=abroad, REF=at_home, imbalance=gap)
        once = _per_s(foreign, np.linalg.solve(t.own_blocks(t.B), t.L))
        terms = {
            "VAX": V_L * (Y + sold["VAX"]),
            "REF": V_L * sold["REF"],
            "DDC": (V_B - V_L) * E,
            "FVA": once * E,
            "FDC": (foreign - once) * E,
            "imbalance": V_L * sold["imbalance"],
        }
    elif approach == "sink":
        local_Y, local_E, local_d = (
            t.local(v).reshape(t.G, t.N) for v in (_own(t, t.Y), t.E.sum(1), t.discrepancy)
        )
        own_home, own_abroad = _of_s(at_home), _of_s(abroad)
        again = _returning(t, own_abroad, own_home - local_Y, local_E, gap - local_d)
        sold = _sold(
            t,
            VAX=abroad - again[0],
            REF=at_home - again[1],
            DDC=again[2],
            imbalance=gap - again[3],
        )
        terms = {
            "VAX": V_B * (Y + sold["VAX"]),
            "REF": V_B * sold["REF"],
            "DDC": V_B * sold["DDC"],
            "FVA": foreign * (Y + sold["VAX"] + sold["REF"]),
            "FDC": foreign * sold["DDC"],
            "imbalance": (V_B + foreign) * sold["imbalance"],
        }
    else:
        raise BookError(f"approach={approach!r} is not one of source, sink.")
    return _bilateral(t, terms)


def gvc_trade(table: Table) -> pd.DataFrame:
    r"""Return the part of exports that crosses more than one border.

    Returns
    -------
    DataFrame by (exporter, sector, importer)
        ``traditional``: domestic value added that only crosses the border between s and r and is
        absorbed there (DAVAX); ``forward``: other domestic value on its first crossing;
        ``backward``: value that had crossed a border before. A row sums to the gross exports of
        the cell; ``forward + backward`` over it is GVC participation in trade.

    Notes
    -----
    .. math::
        DAVAX &= (V_s L_{ss})' \# (Y_{sr} + A_{sr} L_{rr} Y_{rr}) \\
        forward &= (V_s L_{ss})' \# E_{sr} - DAVAX \\
        backward &= (u' - V_s L_{ss})' \# E_{sr}

    Borin and Mancini (2019), World Bank WPS 8804.
    """
    t = table
    V_L = t.local_left(t.V).reshape(t.G, t.N, 1)
    sold = _sold(t, direct=t.local(_own(t, t.Y)).reshape(t.G, t.N))["direct"]
    Y, E = (M.reshape(t.G, t.N, t.G) for M in (t.Y, t.E))
    direct = V_L * (Y + sold)
    return _bilateral(
        t, {"traditional": direct, "forward": V_L * E - direct, "backward": (1 - V_L) * E}
    )


def factor_content(table: Table, factor) -> pd.DataFrame:
    r"""Return the factor content of exports in the sixteen terms, such as jobs or emissions.

    Parameters
    ----------
    table : Table
    factor : Series by (country, sector) or by country, or ndarray (G*N,)
        Amounts used in production. An amount by country is spread over sectors in proportion to
        value added.

    Returns
    -------
    DataFrame by (exporter, sector, importer)
        As :func:`wwz` with factor per unit of output in the place of V, in the unit of `factor`. A
        row sums to :math:`(\sum_t F_t B_{ts})' \# E_{sr}`. For flows from factor to absorber use
        :func:`value_added_exports` with `factor`.

    Notes
    -----
    Ni (2018), section 2.2: replace the value-added coefficients by those of the factor.
    """
    return wwz(table, factor)


def _finished_and_absorbed(t: Table) -> np.ndarray:
    """Return B_rt Y_tu, output of r by who finishes and who absorbs it, shape (t, r, n, u)."""
    B = t.B.reshape(-1, t.G, t.N).transpose(1, 0, 2)
    return np.matmul(B, t.Y.reshape(t.G, t.N, t.G)).reshape(t.G, t.G, t.N, t.G)


def _sold(t: Table, **parts) -> dict[str, np.ndarray]:
    """Return A_sr w for parts w of the importer's output, (r, n) or (s, r, n), as (s, n, r)."""
    shape = (t.G, t.G, t.N)
    stack = np.stack([np.broadcast_to(part, shape) for part in parts.values()], axis=-1)
    A = t.A.reshape(t.G, t.N, t.G, t.N).transpose(0, 2, 1, 3)
    sold = np.matmul(A, stack).transpose(3, 0, 2, 1)
    return dict(zip(parts, sold, strict=True))


def _returning(t: Table, *values) -> np.ndarray:
    """Return B_rs B_ss^-1 w for vectors w of s, each (s, n), as (part, s, r, n)."""
    w = np.linalg.solve(t.own_blocks(t.B), np.stack(values, axis=-1))
    B = t.B.reshape(-1, t.G, t.N).transpose(1, 0, 2)
    return np.matmul(B, w).reshape(t.G, t.G, t.N, -1).transpose(3, 0, 1, 2)


def _weights(t: Table, V: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return V_s L_ss, V_s B_ss, V_r B_rs and Σ_{t≠s,r} V_t B_ts, each (s, n, 1 or r)."""
    content = content_by_source(t, V).reshape(t.G, t.G, t.N)
    V_L = t.local_left(V).reshape(t.G, t.N, 1)
    V_B = _of_s(content)[..., None]
    mva = content.transpose(1, 2, 0)
    return V_L, V_B, mva, content.sum(0)[..., None] - V_B - mva


def _of_s(M: np.ndarray) -> np.ndarray:
    """Return the slices of (s, r, n) with r = s."""
    g = np.arange(len(M))
    return M[g, g]


def _per_s(weights: np.ndarray, M: np.ndarray) -> np.ndarray:
    """Multiply row vectors of s, (s, n, any r alike), by one matrix of each s, (s, n, n)."""
    return np.matmul(weights[:, None, :, 0], M).transpose(0, 2, 1)


def _own(t: Table, M: np.ndarray) -> np.ndarray:
    """Return each industry's cell for its own country of a (G*N, G) matrix."""
    return M[np.arange(len(M)), np.repeat(np.arange(t.G), t.N)]


def _bilateral(t: Table, terms: dict[str, np.ndarray]) -> pd.DataFrame:
    """Label terms of shape (s, n, r); a country exports nothing to itself."""
    values = np.stack(list(terms.values()), axis=-1)
    g = np.arange(t.G)
    values[g, :, g] = 0.0
    index = pd.MultiIndex.from_product(
        [t.countries, t.sectors, t.countries], names=["exporter", "sector", "importer"]
    )
    frame = pd.DataFrame(values.reshape(-1, len(terms)), index, list(terms), copy=False)
    return _without_empty_imbalance(t, frame)


def _without_empty_imbalance(t: Table, frame: pd.DataFrame) -> pd.DataFrame:
    carried = "imbalance" not in frame or t.discrepancy.any()
    return frame if carried else frame.drop(columns="imbalance")
