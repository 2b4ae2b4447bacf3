"""Import distances: actual, ideal and RCA-ideal."""

from lib.trade.distance import ideal_import_distance, import_distance, leading_exporters
from lib.trade.flows import flows_by_use, split_like

__all__ = [
    "flows_by_use",
    "ideal_import_distance",
    "import_distance",
    "leading_exporters",
    "split_like",
]
