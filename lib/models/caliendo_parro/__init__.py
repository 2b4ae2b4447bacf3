"""Eaton–Kortum with many sectors and input–output linkages (Caliendo and Parro 2015).

In levels (:func:`equilibrium` of an :class:`Economy`), in changes from data
(:func:`calibrate`, :func:`counterfactual`, :func:`nafta`), with elasticities estimated from tariffs
(:func:`elasticities`) and trade costs read from trade (:func:`trade_costs`, :func:`free_trade`).
"""

from lib.models.caliendo_parro._changes import (
    NAFTA,
    Calibrated,
    Change,
    calibrate,
    counterfactual,
    flows,
    nafta,
)
from lib.models.caliendo_parro._elasticity import elasticities
from lib.models.caliendo_parro._frictions import (
    TradeCosts,
    competitiveness,
    free_trade,
    head_ries,
    hold_out,
    trade_costs,
)
from lib.models.caliendo_parro._levels import (
    Economy,
    Equilibrium,
    equilibrium,
    evaluate,
    invert,
    prices,
    sales,
)

__all__ = [
    "NAFTA",
    "Calibrated",
    "Change",
    "Economy",
    "Equilibrium",
    "TradeCosts",
    "calibrate",
    "competitiveness",
    "counterfactual",
    "elasticities",
    "equilibrium",
    "evaluate",
    "flows",
    "free_trade",
    "head_ries",
    "hold_out",
    "invert",
    "nafta",
    "prices",
    "sales",
    "trade_costs",
]
