"""Trade agreements: who has one with whom, and since when."""

from lib.agreements._compare import CAUSES, agreement, compare
from lib.agreements._formation import pair_changes, without
from lib.agreements._groups import groups
from lib.agreements._memberships import memberships
from lib.agreements._network import changes, from_dummies, network, pairs
from lib.agreements._partners import partner_distance

__all__ = [
    "CAUSES",
    "agreement",
    "changes",
    "compare",
    "from_dummies",
    "groups",
    "memberships",
    "network",
    "pair_changes",
    "pairs",
    "partner_distance",
    "without",
]
