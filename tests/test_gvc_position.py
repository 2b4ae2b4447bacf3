"""Lengths: identities, power series and the extremes of Ni's propagation length."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from test_gvc_table import quick, world, worlds

from lib import gvc
from lib.errors import BookError


def series(A, weight, rounds=2000):
    """Σ_k weight(k) A^(k-1), added up round by round."""
    total, power = np.zeros_like(A), np.eye(len(A))
    for k in range(1, rounds + 1):
        total += weight(k) * power
        power = power @ A
        if power.max() < 1e-16:
            break
    return total


@quick
@given(worlds)
def test_upstreamness_is_forward_length_and_the_ghosh_row_sum(table):
    up = gvc.upstreamness(table)
    np.testing.assert_allclose(up, table.ghosh.sum(1), rtol=1e-9)
    assert (up >= 1 - 1e-12).all()
    length = gvc.production_length(table)["total"]
    made = table.x > 0
    np.testing.assert_allclose(length[made], up[made], rtol=1e-8)


@quick
@given(worlds)
def test_downstreamness_is_backward_length_and_the_leontief_column_sum(table):
    down = gvc.downstreamness(table)
    np.testing.assert_allclose(down, table.B.sum(0), rtol=1e-12)
    length = gvc.production_length(table, "backward")["total"]
    sold = np.abs(table.Y.sum(1)) > 1e-6
    np.testing.assert_allclose(length[sold], down[sold], rtol=1e-6)


@quick
@given(worlds)
def test_world_averages_are_output_over_value_added(table):
    """Both ends of all chains are equally far apart, and VAX over exports is not its inverse."""
    stages = table.x.sum() / table.value_added.sum()
    final = table.Y.sum(1)
    assert (gvc.upstreamness(table) @ table.value_added) / table.value_added.sum() == pytest.approx(
        stages
    )
    assert (gvc.downstreamness(table) @ final) / final.sum() == pytest.approx(stages)
    for direction in ("forward", "backward"):
        total = gvc.production_length(table, direction, "world").loc["WORLD", "total"]
        assert total == pytest.approx(stages)
    whole = gvc.value_added_propagation_length(table, "world", "world").iloc[0, 0]
    assert whole == pytest.approx(stages)


@settings(quick, max_examples=10)
@given(worlds)
def test_lengths_are_averages_over_rounds_of_production(table):
    """Brute force: count each round of the power series, weigh by what it carries."""
    A = table.A
    once, counted = series(A, lambda k: 1.0), series(A, lambda k: float(k))
    y, v = table.Y.sum(1), table.V
    flow, steps = v[:, None] * once * y, v[:, None] * counted * y
    ours = gvc.value_added_propagation_length(table).to_numpy()
    carried = np.abs(flow) > 1e-9
    np.testing.assert_allclose(ours[carried], (steps / np.where(carried, flow, 1))[carried], 1e-6)
    country = np.repeat(np.arange(table.G), table.N)
    P = country == np.arange(table.G)[:, None]
    ours = gvc.value_added_propagation_length(table, "country", "world").to_numpy()[:, 0]
    carried = (P @ flow).sum(1)
    made = carried > 1e-9
    np.testing.assert_allclose(ours[made], ((P @ steps).sum(1)[made] / carried[made]), rtol=1e-8)
    apl = gvc.average_propagation_length(table).to_numpy()
    indirect = once - np.eye(len(A))
    linked = indirect > 1e-9
    np.testing.assert_allclose(
        apl[linked], ((counted - once) / np.where(linked, indirect, 1))[linked], rtol=1e-6
    )


@quick
@given(worlds)
def test_average_propagation_length_is_its_formula_and_at_least_one(table):
    identity = np.eye(len(table.x))
    apl = gvc.average_propagation_length(table).to_numpy()
    linked = table.B - identity > 1e-9
    formula = (table.B @ (table.B - identity)) / np.where(linked, table.B - identity, 1)
    np.testing.assert_allclose(apl[linked], formula[linked], rtol=1e-9)
    assert (apl[linked] >= 1 - 1e-9).all()


@quick
@given(worlds)
def test_propagation_length_has_upstreamness_and_downstreamness_at_its_ends(table):
    up = gvc.value_added_propagation_length(table, "point", "world")["WORLD"]
    down = gvc.value_added_propagation_length(table, "world", "point").loc["WORLD"]
    made, sold = table.x > 0, np.abs(table.Y.sum(1)) > 1e-6
    np.testing.assert_allclose(up[made], gvc.upstreamness(table)[made], rtol=1e-8)
    np.testing.assert_allclose(down[sold], gvc.downstreamness(table)[sold], rtol=1e-8)


@quick
@given(worlds)
def test_propagation_length_of_a_group_averages_its_points(table):
    """Groups weigh points with the value added that flows between them."""
    points = gvc.value_added_propagation_length(table)
    flow = gvc.value_added_flows(table)
    steps = (points * flow).fillna(0.0)
    group = pd.Series(["odd" if i % 2 else "even" for i in range(len(table.x))], table.rows)
    sums = [part.groupby(group).sum().T.groupby(group).sum().T for part in (steps, flow)]
    ours = gvc.value_added_propagation_length(table, group, group)
    valued = np.abs(sums[1]) > 1e-6
    np.testing.assert_allclose(ours.where(valued), (sums[0] / sums[1]).where(valued), rtol=1e-6)


@quick
@given(worlds)
def test_production_decomposition_matches_its_matrices(table):
    """VBY = VLY_D + VLY_F + VLA_F LY_D + VLA_F (BY − LY_D), rows and columns."""
    L = np.zeros_like(table.B)
    for g in range(table.G):
        rows = slice(g * table.N, (g + 1) * table.N)
        L[rows, rows] = table.L[g]
    y = table.Y.sum(1)
    y_D = table.Y[np.arange(len(y)), np.repeat(np.arange(table.G), table.N)]
    V, A_F, B = np.diag(table.V), table.A_foreign, table.B
    parts = [
        V @ L @ np.diag(y_D),
        V @ L @ np.diag(y - y_D),
        V @ L @ A_F @ L @ np.diag(y_D),
        V @ L @ A_F @ (B @ np.diag(y) - L @ np.diag(y_D)),
    ]
    np.testing.assert_allclose(sum(parts), gvc.value_added_flows(table), atol=1e-10)
    for axis, direction in ((1, "forward"), (0, "backward")):
        frame = gvc.production_decomposition(table, direction)
        np.testing.assert_allclose(
            frame[["pure_domestic", "traditional", "simple", "complex"]].T,
            [part.sum(axis) for part in parts],
            atol=1e-10,
        )


@quick
@given(worlds)
def test_lengths_of_parts_average_to_the_total(table):
    for direction in ("forward", "backward"):
        value = gvc.production_decomposition(table, direction).groupby("country").sum()
        length = gvc.production_length(table, direction, "country").fillna(0.0)
        names = ["pure_domestic", "traditional", "simple", "complex"]
        np.testing.assert_allclose(
            (value[names] * length[names]).sum(axis=1),
            value[names].sum(axis=1) * length["total"],
            rtol=1e-7,
            atol=1e-9,
        )


@quick
@given(worlds)
def test_domestic_stages_stop_at_the_border(table):
    """A closed country has no international stages; all parts add up."""
    stages = gvc.stages(table)
    for name in ("upstreamness", "downstreamness"):
        total = stages[f"{name}_domestic"] + stages[f"{name}_international"]
        np.testing.assert_allclose(total, stages[name], rtol=1e-12)
        assert (stages[f"{name}_domestic"] >= 1 - 1e-12).all()
        assert (stages[f"{name}_international"] >= -1e-9).all()
    closed = gvc.Table(
        table.Z - table.A_foreign * table.x, table.final, table.countries, table.sectors
    )
    alone = gvc.stages(closed)
    np.testing.assert_allclose(alone["upstreamness_international"], 0.0, atol=1e-9)
    np.testing.assert_allclose(alone["downstreamness_international"], 0.0, atol=1e-9)


def test_a_line_of_three_is_as_long_as_it_looks():
    """Ore, steel, cars; each only sells to the next."""
    Z = np.array([[0, 2.0, 0], [0, 0, 5.0], [0, 0, 0]])
    Y = np.array([[0.0, 0, 0], [0, 0, 0], [0, 0, 9.0]])
    table = gvc.Table(Z, Y, ("MIN", "MEL", "MAK"), ("goods",))
    assert gvc.upstreamness(table).tolist() == pytest.approx([3, 2, 1])
    assert gvc.downstreamness(table).tolist() == pytest.approx([1, 1 + 2 / 5, 1 + 5 / 9 * 1.4])
    apl = gvc.average_propagation_length(table).to_numpy()
    assert apl[0, 1:].tolist() == pytest.approx([1, 2])
    assert np.isnan(apl[1, 0]) and np.isnan(apl[0, 0])
    shares = gvc.participation(table).droplevel("sector")
    assert shares.loc["MIN", "complex"] == pytest.approx(1)
    assert shares.loc["MEL", "simple"] == pytest.approx(1)
    assert shares.loc["MAK", "pure_domestic"] == pytest.approx(1)
    lengths = gvc.production_length(table).droplevel("sector")
    assert lengths.loc["MIN", "gvc"] == pytest.approx(3)
    assert np.isnan(lengths.loc["MIN", "simple"])


def test_a_closed_economy_has_no_value_chain_abroad():
    table = world(31, hermit=True)
    shares = gvc.participation(table).loc["A"]
    np.testing.assert_allclose(shares["pure_domestic"], 1.0)
    assert not shares[["traditional", "simple", "complex", "gvc"]].to_numpy().any()
    assert gvc.production_length(table).loc["A", "gvc"].isna().all()


def test_inventories_hide_part_of_the_distance():
    """Goods put on stock count as final use; without them the sector sells inputs only."""
    Z = np.array([[0.0, 6.0], [0.0, 0.0]])
    Y = np.zeros((2, 2, 2))
    Y[0, 0] = [0.0, 2.0]
    Y[1, 1] = [9.0, 0.0]
    table = gvc.Table(Z, Y, ("A", "B"), ("goods",), uses=("household", "inventories"))
    assert gvc.upstreamness(table)["A", "goods"] == pytest.approx(1 + 6 / 8)
    assert gvc.upstreamness(table, inventory_correction=True)["A", "goods"] == pytest.approx(2)


def test_a_sector_that_only_fills_stocks_is_at_the_end():
    Z, Y = np.zeros((2, 2)), np.zeros((2, 2, 2))
    Z[0, 0], Y[0, 0, 0], Y[1, 1, 1] = 1.0, 3.0, 5.0
    table = gvc.Table(Z, Y, ("A", "B"), ("goods",), uses=("household", "inventories"))
    assert gvc.upstreamness(table, inventory_correction=True).tolist() == pytest.approx([4 / 3, 1])


@quick
@given(worlds)
def test_inventory_correction_is_the_net_table(table):
    """The correction equals plain upstreamness of the table without inventories."""
    net = table.Z.sum(1) + table.final[:, :, 0].sum(1)
    delta = np.divide(table.Z, net[:, None], out=np.zeros_like(table.Z), where=net[:, None] > 0)
    expected = np.linalg.inv(np.eye(len(net)) - delta).sum(1)
    ours = gvc.upstreamness(table, inventory_correction=True)
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_what_cannot_be_measured_is_refused():
    table = world(32)
    plain = gvc.Table(table.Z, table.Y, table.countries, table.sectors)
    with pytest.raises(BookError, match="needs final demand by use"):
        gvc.upstreamness(plain, inventory_correction=True)
    with pytest.raises(BookError, match="'both' is not one of forward, backward"):
        gvc.participation(table, "both")
    with pytest.raises(BookError, match="'firm' is not one of"):
        gvc.value_added_propagation_length(table, "firm")
    with pytest.raises(BookError, match="one label for each"):
        gvc.value_added_propagation_length(table, pd.Series(["x"] * 6))
    Z = np.array([[0.0, 6.0], [0.0, 0.0]])
    Y = np.zeros((2, 2, 2))
    Y[0, 0] = [-6.0, 8.0]
    Y[1, 1] = [9.0, 0.0]
    stocked = gvc.Table(Z, Y, ("A", "B"), ("goods",), uses=("household", "inventories"))
    with pytest.raises(BookError, match="Inventories of A goods"):
        gvc.upstreamness(stocked, inventory_correction=True)


def test_position_is_forward_over_backward_length():
    table = world(33, G=4, N=3)
    forward, backward = (
        gvc.production_length(table, way)["gvc"] for way in ("forward", "backward")
    )
    np.testing.assert_allclose(gvc.gvc_position(table), forward / backward)


@quick
@given(worlds)
def test_border_crossings_sum_to_world_exports(table):
    """Each dollar of exports is some value added crossing one border, whichever way it is told."""
    value = {}
    for direction in ("forward", "backward"):
        world = gvc.border_crossings(table, direction, "world").loc["WORLD"]
        assert world["crossings"] == pytest.approx(table.E.sum(), rel=1e-9)
        value[direction] = world["value"]
        parts = gvc.production_decomposition(table, direction)
        crosses = parts["traditional"] + parts["gvc"]
        found = gvc.border_crossings(table, direction)["value"]
        np.testing.assert_allclose(found, crosses, rtol=1e-8, atol=1e-9 * table.x.max())
    assert value["forward"] == pytest.approx(value["backward"], rel=1e-9)


def test_border_crossings_count_the_paths_of_a_dollar():
    """Against sums over paths that carry their number of crossings along, round by round."""
    table = world(seed=3, G=3, N=2)
    owner = np.repeat(np.arange(table.G), table.N)
    abroad = owner[:, None] != owner
    final_abroad = owner[:, None] != np.arange(table.G)
    reached, crossed = np.diag(table.V), np.zeros_like(table.A)
    used, crossings = np.zeros(len(owner)), np.zeros(len(owner))
    for _ in range(400):
        used += reached @ table.Y.sum(1)
        crossings += crossed @ table.Y.sum(1) + reached @ (table.Y * final_abroad).sum(1)
        reached, crossed = reached @ table.A, crossed @ table.A + reached @ (table.A * abroad)
    found = gvc.border_crossings(table)
    np.testing.assert_allclose(used, table.value_added, rtol=1e-9)
    np.testing.assert_allclose(found["crossings"], crossings, rtol=1e-9)


def test_a_part_that_goes_round_crosses_as_often_as_it_is_shipped():
    """A makes parts, B assembles them, C buys: A's value crosses twice, B's once."""
    Z = np.array([[0, 10, 0], [0, 0, 0], [0, 0, 0]], float)
    Y = np.array([[0, 0, 0], [0, 0, 25], [4, 0, 1]], float)
    found = gvc.border_crossings(gvc.Table(Z, Y, "ABC", ["all"]), by="country")
    assert found["average"].tolist() == pytest.approx([2, 1, 1])
    assert found["value"].tolist() == pytest.approx([10, 15, 4])
