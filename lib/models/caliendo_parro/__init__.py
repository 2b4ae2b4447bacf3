"""Eaton–Kortum with many sectors and input–output linkages (Caliendo and Parro 2015).

In levels (:func:`equilibrium` of an :class:`Economy`), in changes from data
(:func:`calibrate`, :func:`counterfactual`, :func:`nafta`).
"""

from lib.models.caliendo_parro._changes import (
    Calibrated,
    Change,
    calibrate,
    counterfactual,
    flows,
    nafta,
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
    "Calibrated",
    "Change",
    "Economy",
    "Equilibrium",
    "calibrate",
    "counterfactual",
    "equilibrium",
    "evaluate",
    "flows",
    "invert",
    "nafta",
    "prices",
    "sales",
]
