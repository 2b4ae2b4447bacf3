"""Depth of digital trade rules, from the texts of treaties."""

from lib.agreements.rule_depth._panel import PILLARS, depth, depth_panel, evidence, scored
from lib.agreements.rule_depth._reliability import coded, reliability
from lib.agreements.rule_depth._score import CODEBOOK, LANGUAGES, RULES, score

__all__ = [
    "CODEBOOK",
    "LANGUAGES",
    "PILLARS",
    "RULES",
    "coded",
    "depth",
    "depth_panel",
    "evidence",
    "reliability",
    "score",
    "scored",
]
