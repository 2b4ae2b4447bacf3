"""Depth of digital trade rules, from the texts of treaties."""

from lib.agreements.rule_depth._panel import (
    PILLARS,
    codebook,
    depth,
    depth_panel,
    evidence,
    scored,
)
from lib.agreements.rule_depth._reliability import coded, differences, reliability
from lib.agreements.rule_depth._score import CODEBOOK, LANGUAGES, RULES, score

__all__ = [
    "CODEBOOK",
    "LANGUAGES",
    "PILLARS",
    "RULES",
    "codebook",
    "coded",
    "depth",
    "depth_panel",
    "differences",
    "evidence",
    "reliability",
    "score",
    "scored",
]
