"""Import distances: actual, ideal and RCA-ideal; how important a supplier is."""

from lib.trade.distance import (
    distance_measures,
    ideal_import_distance,
    import_distance,
    leading_exporters,
)
from lib.trade.flows import flows_by_class, flows_by_use, split_like
from lib.trade.suppliers import changes, import_pull, supplier_status

__all__ = [
    "changes",
    "distance_measures",
    "flows_by_class",
    "flows_by_use",
    "ideal_import_distance",
    "import_distance",
    "import_pull",
    "leading_exporters",
    "split_like",
    "supplier_status",
]
