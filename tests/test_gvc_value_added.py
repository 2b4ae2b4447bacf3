"""Value-added trade: sums, balances and the published index."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from test_gvc_table import quick, unbalanced, world, worlds

from lib import gvc
from lib.errors import BookError


@quick
@given(worlds)
def test_value_added_is_absorbed_somewhere_and_final_demand_is_somebodys(table):
    absorbed = gvc.value_added_absorbed(table)
    np.testing.assert_allclose(absorbed.sum(axis=1), table.value_added, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(absorbed.sum(), table.Y.sum(0), rtol=1e-9)
    flows = sum(gvc.value_added_flows(table, c).to_numpy() for c in table.countries)
    np.testing.assert_allclose(flows, gvc.value_added_flows(table), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(flows.sum(0), table.Y.sum(1), rtol=1e-9, atol=1e-12)


@quick
@given(worlds)
def test_trade_balances_are_the_same_gross_and_in_value_added(table):
    """Bilateral balances differ; a country's balance with the world does not."""
    vax = gvc.value_added_exports(table)
    gross = gvc.gross_exports(table).groupby(["exporter", "importer"]).sum().unstack()
    np.testing.assert_allclose(
        vax.sum(axis=1) - vax.sum(), gross.sum(axis=1) - gross.sum(), rtol=1e-8, atol=1e-10
    )
    assert (np.diag(vax) == 0).all()


@quick
@given(unbalanced)
def test_the_imbalance_takes_the_rest_of_value_added(table):
    taken = table.V * (table.B @ table.discrepancy)
    np.testing.assert_allclose(
        gvc.value_added_absorbed(table).sum(axis=1) + taken, table.value_added, atol=1e-10
    )


@quick
@given(worlds)
def test_linkages_are_margins_of_the_flow_matrix(table):
    flows = gvc.value_added_flows(table)
    forward, backward = gvc.forward_linkages(table), gvc.backward_linkages(table)
    np.testing.assert_allclose(
        forward["home"] + forward["abroad"], flows.sum(axis=1), rtol=1e-9, atol=1e-12
    )
    by_source = flows.groupby(level="country").sum().T
    np.testing.assert_allclose(backward, by_source, rtol=1e-9, atol=1e-12)
    vax = gvc.value_added_exports(table).sum(axis=1)
    np.testing.assert_allclose(forward["abroad"].groupby("country").sum(), vax, atol=1e-10)


@quick
@given(worlds)
def test_vertical_specialisation(table):
    """ΣVS = ΣVS1; they are the margins of VBE; Hummels' formula adds the domestic double count."""
    vs = gvc.vertical_specialisation(table)
    np.testing.assert_allclose(vs["VS"].sum(), vs["VS1"].sum(), rtol=1e-9)
    content = gvc.value_added_in_exports(table, "country")
    np.testing.assert_allclose(content.sum(), vs["exports"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        gvc.value_added_in_exports(table).groupby("country").sum().T.groupby("country").sum().T,
        content,
        atol=1e-10,
    )
    np.testing.assert_allclose(content.sum(axis=1) - np.diag(content), vs["VS1"], atol=1e-10)
    twice = vs["VS_hummels"] - vs["VS"]
    np.testing.assert_allclose(twice, gvc.kww(table)["DDC"], atol=1e-10)


@quick
@given(worlds)
def test_a_single_countrys_table_gives_the_same_hummels_measure(table):
    domestic = table.own_blocks(table.Z)[0]
    bought = table.Z[:, : table.N].sum(0)
    world_ = gvc.vertical_specialisation(table)["VS_hummels"].iloc[0]
    imported = np.diag(bought - domestic.sum(0))
    share = gvc.hummels(domestic, imported, table.E[: table.N].sum(1), table.x[: table.N])
    np.testing.assert_allclose(share.sum(), world_, rtol=1e-9, atol=1e-12)


def test_hummels_refuses_what_does_not_fit():
    with pytest.raises(BookError, match="must be N × N"):
        gvc.hummels(np.eye(2), np.eye(3), np.ones(2), np.ones(2))
    with pytest.raises(BookError, match="output is negative"):
        gvc.hummels(np.eye(2), np.eye(2), np.ones(2), -np.ones(2))


def test_without_trade_in_inputs_value_added_trade_is_gross_trade():
    table = world(11)
    Z = table.Z - table.A_foreign * table.x
    final_only = gvc.Table(Z, table.Y, table.countries, table.sectors)
    np.testing.assert_allclose(gvc.vax_ratio(final_only), 1.0)
    np.testing.assert_allclose(gvc.vertical_specialisation(final_only)["VS"], 0.0, atol=1e-12)
    assert gvc.vax_ratio(final_only, "world") == pytest.approx(1.0)


def test_vax_ratio_levels():
    """A sector that sells through others can export more value added than goods."""
    Z = np.array([[0, 0, 0, 0], [8.0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    Y = np.array([[0, 10.0], [0, 1.0], [5.0, 0], [0, 5.0]])
    table = gvc.Table(Z, Y, ("A", "B"), ("goods", "services"))
    ratio = gvc.vax_ratio(table, "sector")
    assert ratio["A", "services"] == pytest.approx(9.0)
    assert ratio["A", "goods"] == pytest.approx(0.2)
    assert np.isnan(ratio["B", "services"])
    assert gvc.vax_ratio(table)["A"] == pytest.approx(1.0)
    assert gvc.vax_ratio(table, "pair").loc["A", "B"] == pytest.approx(1.0)
    assert np.isnan(gvc.vax_ratio(table, "pair").loc["A", "A"])


def test_a_country_without_exports_has_no_ratio_but_a_deficit():
    table = world(12, hermit=True)
    assert np.isnan(gvc.vax_ratio(table)["A"])
    assert (gvc.value_added_exports(table).loc["A"] == 0).all()
    assert gvc.trade_benefit_index(table)["A"] == -1


def test_names_are_checked():
    table = world(13)
    with pytest.raises(BookError, match="'Z' is not one of A, B, C"):
        gvc.value_added_flows(table, "Z")
    with pytest.raises(BookError, match="'firm' is not one of"):
        gvc.value_added_absorbed(table, "firm")


def test_factors_flow_like_value_added():
    """Value added given as a factor is value added; a factor by country scales with it."""
    table = world(14)
    np.testing.assert_allclose(
        gvc.value_added_exports(table, table.value_added), gvc.value_added_exports(table)
    )
    gdp = table.value_added.groupby("country").sum()
    np.testing.assert_allclose(
        gvc.value_added_exports(table, 2 * gdp), 2 * gvc.value_added_exports(table)
    )
    assert isinstance(gvc.value_added_in_exports(table, factor=gdp), pd.DataFrame)
