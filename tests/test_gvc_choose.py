"""The guide to the measures names real ones and finds them by a question."""

import pytest

from lib import gvc
from lib.errors import BookError


def test_every_entry_is_a_public_measure_and_every_measure_has_one():
    guide = gvc.which_measure()
    assert guide.index.is_unique
    assert guide.notna().all().all()
    helpers = {"Table", "panel", "which_measure", "gross_exports", "value_added_absorbed"}
    helpers |= {"forward_linkages", "backward_linkages", "production_decomposition"}
    helpers |= {"trade_account", "trade_benefit_panel", "index_change", "link_releases", "TERMS"}
    assert set(guide.index) == set(gvc.__all__) - helpers


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Who finally pays for a country's value added?", "value_added_exports"),
        ("bilateral decomposition in sixteen terms", "wwz"),
        ("nine terms", "kww"),
        ("how many jobs are in exports?", "factor_content"),
        ("How far is an industry from final use?", "upstreamness"),
        ("double counting that adds over partners", "borin_mancini"),
        ("is the world getting longer", "production_length"),
    ],
)
def test_a_question_finds_its_measure(question, first):
    assert gvc.which_measure(question).index[0] == first


def test_a_question_about_something_else_is_refused():
    with pytest.raises(BookError, match="No measure matches 'weather tomorrow'"):
        gvc.which_measure("weather tomorrow")
