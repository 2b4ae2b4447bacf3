"""Country codes: from what a source writes to ISO 3166 alpha-3."""

RETIRED = {
    "ROM": "ROU",
    "ZAR": "COD",
    "TMP": "TLS",
    "PAL": "PSE",
    "YUG": "SRB",
}
"""Codes of CEPII and the World Bank that stand for an economy of today under another code.

YUG is the exception to "of today": CEPII's YUG has the coordinates of Belgrade and serves for
Serbia and Montenegro, so it becomes SRB and Montenegro has no row of its own.
"""
