"""Country codes: from what a source writes to ISO 3166 alpha-3."""

RETIRED = {
    "ROM": "ROU",
    "ZAR": "COD",
    "TMP": "TLS",
    "PAL": "PSE",
    "YUG": "SRB",
    "ADO": "AND",
    "KSV": "XKX",
    "WBG": "PSE",
}
"""Codes of CEPII and the World Bank that stand for an economy of today under another code.

YUG is the exception to "of today": CEPII's YUG has the coordinates of Belgrade and serves for
Serbia and Montenegro, so it becomes SRB and Montenegro has no row of its own.
"""

# fmt: off
GROUPS = {
    "AFE", "AFW", "ARB", "CEB", "CHI", "CSS", "EAP", "EAR", "EAS", "ECA", "ECS", "EMU", "EUU",
    "FCS", "HIC", "HPC", "IBD", "IBT", "IDA", "IDB", "IDX", "LAC", "LCN", "LDC", "LIC", "LMC",
    "LMY", "LTE", "MEA", "MIC", "MNA", "NAC", "OED", "OSS", "PRE", "PSS", "PST", "SAS", "SSA",
    "SSF", "SST", "TEA", "TEC", "TLA", "TMN", "TSA", "TSS", "UMC", "WLD",
}
# fmt: on
"""Codes of the World Bank for regions, income groups and the Channel Islands: no ISO codes."""
