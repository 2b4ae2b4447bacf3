"""Value chain linkage: closed forms, what adds up, and what happens to empty cells."""

import numpy as np
import pandas as pd
import pytest
from test_gvc_table import world

from lib import gvc
from lib.errors import BookError


@pytest.fixture(scope="module")
def terms():
    return gvc.wwz(world(3))


def shares(frame):
    return np.expm1(frame.set_index(["exporter", "sector", "importer"]).filter(like="ln_"))


def test_without_chains_nothing_links():
    """One stage: goods are made at home from nothing foreign and sold to final users abroad."""
    Z = np.diag([10.0, 5.0, 4.0])
    Y = np.array([[50.0, 20, 5], [10, 40, 5], [1, 2, 60]])
    found = gvc.linkage(gvc.wwz(gvc.Table(Z, Y, ["A", "B", "C"], ["s"])))
    np.testing.assert_allclose(found.filter(like="ln_"), 0, atol=1e-12)


def test_a_chain_of_three_countries_by_hand():
    """A sells 10 of inputs to B, which finishes and sells 10 + its own 5 to C; all else is local.

    A's exports to B go on to C in full: DVA_INTrexF = 10, linkage 1. B's exports are final and
    hold 10 of A's value, which is neither B's nor the importer's: linkage 0, of all foreign 2/3.
    """
    Z = np.zeros((3, 3))
    Z[0, 1] = 10.0
    Y = np.array([[20.0, 0, 0], [0, 8, 15], [0, 0, 30]])
    Y[1, 1] = 0.0
    table = gvc.wwz(gvc.Table(Z, Y, ["A", "B", "C"], ["s"]))
    one = shares(gvc.linkage(table))
    assert one.loc[("A", "s", "B"), "ln_vs"] == pytest.approx(1)
    assert one.loc[("A", "s", "B"), "ln_vsfor"] == pytest.approx(1)
    assert one.loc[("B", "s", "C"), "ln_vs"] == pytest.approx(0, abs=1e-12)
    every = shares(gvc.linkage(table, foreign="all"))
    assert every.loc[("B", "s", "C"), "ln_vsback"] == pytest.approx(2 / 3)


def test_forward_and_backward_add_up_and_double_counting_is_the_rest(terms):
    found = shares(gvc.linkage(terms))
    np.testing.assert_allclose(found["ln_vs"], found["ln_vsfor"] + found["ln_vsback"])
    cells = terms.reorder_levels(["exporter", "sector", "importer"]).loc[found.index]
    twice = cells[["DDC_FIN", "DDC_INT", "MDC"]].sum(axis=1) / cells.sum(axis=1)
    np.testing.assert_allclose(found["ln_vs"] - found["ln_vs1"], twice)
    assert (found["ln_vs2"] <= found["ln_vs1"] + 1e-12).all()


def test_with_all_foreign_value_what_is_left_is_absorbed_by_the_importer(terms):
    """1 − vs is then DVA_FIN + DVA_INT: domestic value that ends where it is sold."""
    found = shares(gvc.linkage(terms, foreign="all"))
    cells = terms.loc[found.index]
    direct = cells[["DVA_FIN", "DVA_INT"]].sum(axis=1) / cells.sum(axis=1)
    np.testing.assert_allclose(1 - found["ln_vs"], direct)
    assert (found["ln_vs"] >= shares(gvc.linkage(terms))["ln_vs"] - 1e-12).all()


def test_cells_without_exports_are_dropped_or_zero_and_counted(terms):
    empty = terms.copy()
    abroad = terms.index.get_level_values(0) != terms.index.get_level_values(2)
    gone = terms.index[abroad][:4]
    empty.loc[gone] = 0.0
    dropped, kept = (gvc.linkage(empty, zeros=how) for how in ("drop", "zero"))
    assert dropped.attrs["zeros"] == kept.attrs["zeros"] == 4
    assert len(kept) == abroad.sum() and len(dropped) == abroad.sum() - 4
    assert (shares(kept).loc[gone] == 0).all(axis=None)
    floor = np.sort(kept["exports"])[10]
    assert gvc.linkage(empty, floor=floor).attrs["zeros"] == 11


def test_rounding_does_not_decide_at_a_floor_of_whole_millions(terms):
    """Cells of one million, a hair more or less by rounding, are all at the floor."""
    whole = terms.div(terms.sum(axis=1), axis=0)
    noise = 1 + 1e-14 * np.where(np.arange(len(whole)) % 2, 1, -1)
    assert gvc.linkage(whole.mul(noise, axis=0), floor=1.0).empty


def test_years_stay_apart(terms):
    two = pd.concat({2000: terms, 2001: 2 * terms}, names=["year"])
    found = gvc.linkage(two)
    assert list(found.columns[:4]) == ["exporter", "importer", "sector", "year"]
    first, second = (g.drop(columns=["year", "exports"]) for _, g in found.groupby("year"))
    pd.testing.assert_frame_equal(
        first.reset_index(drop=True), second.reset_index(drop=True), rtol=1e-9
    )


def test_the_gap_to_the_first_is_zero_for_the_first(terms):
    frame = gvc.linkage(terms)
    gap = gvc.first_mover_gap(frame, within=("importer", "sector"))
    first = frame.groupby(["importer", "sector"])["ln_vs"].transform("max") == frame["ln_vs"]
    assert (gap[first] == 0).all() and (gap[~first] > 0).all()


@pytest.mark.parametrize(
    ("options", "told"),
    [({"foreign": "exporter"}, "foreign='exporter'"), ({"zeros": "keep"}, "zeros='keep'")],
)
def test_unknown_arguments_are_refused(terms, options, told):
    with pytest.raises(BookError, match=told):
        gvc.linkage(terms, **options)


def test_nine_terms_are_refused():
    with pytest.raises(BookError, match="The terms lack"):
        gvc.linkage(gvc.wwz(world(3)).drop(columns="MDC"))
