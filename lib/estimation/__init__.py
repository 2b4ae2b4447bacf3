"""Panel estimators with fixed effects, and inference for few clusters."""

from lib.estimation.fixed_effects import Estimate, hdfe, two_way
from lib.estimation.inference import (
    Permutation,
    leave_one_out,
    randomisation_inference,
    wild_bootstrap,
)
from lib.estimation.instruments import IVEstimate, iv
from lib.estimation.trends import break_year

__all__ = [
    "Estimate",
    "IVEstimate",
    "Permutation",
    "break_year",
    "hdfe",
    "iv",
    "leave_one_out",
    "randomisation_inference",
    "two_way",
    "wild_bootstrap",
]
