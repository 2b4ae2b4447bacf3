"""Panel estimators with fixed effects, and inference for few clusters and weak instruments."""

from lib.estimation.attempts import coefficient, columns
from lib.estimation.fixed_effects import Estimate, hdfe, two_way
from lib.estimation.formulas import estimates, fit
from lib.estimation.glm import GLMEstimate, glm
from lib.estimation.inference import (
    Permutation,
    leave_one_out,
    randomisation_inference,
    wild_bootstrap,
)
from lib.estimation.instruments import IVEstimate, iv
from lib.estimation.power import power
from lib.estimation.ppml import PPMLEstimate, ppml
from lib.estimation.slopes import omitted, slopes
from lib.estimation.staggered import ImputationEstimate, imputation
from lib.estimation.trends import break_year
from lib.estimation.weak import (
    ConfidenceSet,
    anderson_rubin_set,
    overidentification,
    two_stage,
)

__all__ = [
    "ConfidenceSet",
    "Estimate",
    "GLMEstimate",
    "IVEstimate",
    "ImputationEstimate",
    "PPMLEstimate",
    "Permutation",
    "anderson_rubin_set",
    "break_year",
    "coefficient",
    "columns",
    "estimates",
    "fit",
    "glm",
    "hdfe",
    "imputation",
    "iv",
    "leave_one_out",
    "omitted",
    "overidentification",
    "power",
    "ppml",
    "randomisation_inference",
    "slopes",
    "two_stage",
    "two_way",
    "wild_bootstrap",
]
