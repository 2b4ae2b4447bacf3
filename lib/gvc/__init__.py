"""Measures of global value chains on inter-country input–output tables.

Ask :func:`which_measure` which one answers a question.
"""

from lib.gvc.choose import which_measure
from lib.gvc.exports import (
    TERMS,
    borin_mancini,
    factor_content,
    five_groups,
    gvc_trade,
    kww,
    wwz,
)
from lib.gvc.linkage import first_mover_gap, linkage
from lib.gvc.panel import panel
from lib.gvc.position import (
    average_propagation_length,
    border_crossings,
    downstreamness,
    gvc_position,
    participation,
    production_decomposition,
    production_length,
    stages,
    upstreamness,
    value_added_propagation_length,
)
from lib.gvc.releases import link_releases
from lib.gvc.table import Table
from lib.gvc.trade_benefit import (
    index_change,
    trade_account,
    trade_benefit_index,
    trade_benefit_panel,
)
from lib.gvc.value_added import (
    backward_linkages,
    forward_linkages,
    gross_exports,
    hummels,
    value_added_absorbed,
    value_added_exports,
    value_added_flows,
    value_added_in_exports,
    vax_ratio,
    vertical_specialisation,
)

__all__ = [
    "TERMS",
    "Table",
    "average_propagation_length",
    "backward_linkages",
    "border_crossings",
    "borin_mancini",
    "downstreamness",
    "factor_content",
    "first_mover_gap",
    "five_groups",
    "forward_linkages",
    "gross_exports",
    "gvc_position",
    "gvc_trade",
    "hummels",
    "index_change",
    "kww",
    "link_releases",
    "linkage",
    "panel",
    "participation",
    "production_decomposition",
    "production_length",
    "stages",
    "trade_account",
    "trade_benefit_index",
    "trade_benefit_panel",
    "upstreamness",
    "value_added_absorbed",
    "value_added_exports",
    "value_added_flows",
    "value_added_in_exports",
    "value_added_propagation_length",
    "vax_ratio",
    "vertical_specialisation",
    "which_measure",
    "wwz",
]
