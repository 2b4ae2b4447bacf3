"""The trade benefit index: published cells, closed forms and identities in four accounts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_gvc_table import quick, world, worlds

from lib import data, gvc, paths
from lib.errors import BookError


@pytest.fixture(scope="module")
def assembly():
    """A sells parts for 8 to B, B sells the assembled good for 10 to C, C services for 10 to A."""
    Z = np.array([[0, 8.0, 0], [0, 0, 0], [0, 0, 0]])
    Y = np.array([[5.0, 0, 0], [0, 0, 10.0], [10.0, 0, 4.0]])
    return gvc.Table(Z, Y, "ABC", ["all"], year=2000)


@pytest.mark.parametrize(
    ("account", "cells", "index"),
    [
        # C absorbs the 8 of A and the 2 of B; C's 10 stay in A.
        ("absorbed", {"AC": 8, "BC": 2, "CA": 10}, [-2 / 18, 1, 0]),
        ("gross", {"AB": 8, "BC": 10, "CA": 10}, [-2 / 18, 2 / 18, 0]),
        # B passes on what it buys from A, so its imports of value exceed what it absorbs.
        ("dva", {"AB": 8, "BC": 2, "CA": 10}, [-2 / 18, -6 / 10, 8 / 12]),
        ("dva_returned", {"AB": 8, "BC": 2, "CA": 10}, [-2 / 18, -6 / 10, 8 / 12]),
    ],
)
def test_a_world_of_three_by_hand(assembly, account, cells, index):
    flows = gvc.trade_account(assembly, account)
    found = flows.stack()
    assert {a + b: v for (a, b), v in found[found > 1e-12].items()} == pytest.approx(cells)
    assert gvc.trade_benefit_index(flows).tolist() == pytest.approx(index)
    panel = gvc.trade_benefit_panel([assembly], account)
    assert panel["index"].tolist() == pytest.approx(index)
    assert (panel["country"].tolist(), set(panel["year"])) == (list("ABC"), {2000})


@quick
@given(worlds)
def test_accounts_agree_where_theory_says(table):
    """By exporter, dva is absorbed value added; gross balances are value-added balances."""
    flows = {account: gvc.trade_account(table, account) for account in gvc.trade_benefit.ACCOUNTS}
    near = {"rtol": 1e-8, "atol": 1e-10}
    for matrix in flows.values():
        assert list(matrix.index) == list(matrix.columns) == list(table.countries)
        assert (np.diag(matrix) == 0).all()
    sold = {account: matrix.sum(axis=1) for account, matrix in flows.items()}
    bought = {account: matrix.sum() for account, matrix in flows.items()}
    np.testing.assert_allclose(sold["dva"], sold["absorbed"], **near)
    np.testing.assert_allclose(
        sold["gross"] - bought["gross"], sold["absorbed"] - bought["absorbed"], **near
    )
    # Domestic value added of any destination is what the local inverse gives.
    first_time = (table.local_left(table.V)[:, None] * table.E).reshape(table.G, table.N, -1)
    np.testing.assert_allclose(sold["dva_returned"], first_time.sum((1, 2)), **near)
    # The same balance over a smaller volume: never nearer to zero.
    index = {a: gvc.trade_benefit_index(flows[a]) for a in ("gross", "absorbed")}
    farther = index["absorbed"].abs() >= index["gross"].abs() - 1e-9
    assert (farther | index["absorbed"].isna()).all()  # NaN: a country without trade


@quick
@given(worlds)
def test_bounds_and_world_sum(table):
    panel = gvc.trade_benefit_panel([_dated(table)])
    volume = panel["exports"] + panel["imports"]
    assert panel["index"].dropna().between(-1, 1).all()
    assert abs((panel["index"] * volume).sum()) < 1e-8 * volume.sum() + 1e-12


def _dated(table, year=2000):
    table.year = year
    return table


@quick
@given(worlds)
def test_trade_benefit_index(table):
    """A frame in any order gives what the table gives."""
    index = gvc.trade_benefit_index(table)
    absorbed = gvc.value_added_absorbed(table, "country")
    np.testing.assert_allclose(
        gvc.trade_benefit_index(absorbed.loc[:, absorbed.columns[::-1]]), index, rtol=1e-12
    )
    with pytest.raises(BookError, match="same countries"):
        gvc.trade_benefit_index(absorbed.iloc[1:])


def flows_of(table, year):
    flows = gvc.value_added_absorbed(table, "country").rename_axis(index="exporter")
    flows = flows.rename_axis(columns="importer").stack().rename("value").reset_index()
    return flows.assign(year=year)


def test_flows_and_tables_give_one_panel():
    tables = [_dated(world(seed), year) for seed, year in ((1, 2001), (2, 2000))]
    flows = pd.concat([flows_of(table, table.year) for table in tables])
    from_flows = gvc.trade_benefit_panel(flows.sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(from_flows, gvc.trade_benefit_panel(tables))
    assert from_flows["year"].tolist() == [2000] * 3 + [2001] * 3
    # Home sales may be absent, a pair abroad may not.
    home = flows["exporter"] == flows["importer"]
    pd.testing.assert_frame_equal(gvc.trade_benefit_panel(flows[~home]), from_flows)
    with pytest.raises(BookError, match="2000 has no flow from C to B"):
        gvc.trade_benefit_panel(flows.query("exporter != 'C' or importer != 'B'"))
    with pytest.raises(BookError, match="a pair of 2000 is given twice"):
        gvc.trade_benefit_panel(pd.concat([flows, flows.query("year == 2000").tail(1)]))


def test_bad_requests_are_refused():
    with pytest.raises(BookError, match="account='net' is not one of absorbed, gross, dva, dva_r"):
        gvc.trade_account(world(1), "net")
    with pytest.raises(BookError, match="needs a year of its own"):
        gvc.trade_benefit_panel([world(1)])
    with pytest.raises(BookError, match="needs a year of its own"):
        gvc.trade_benefit_panel([_dated(world(1)), _dated(world(2))])
    with pytest.raises(BookError, match="no table and no flow"):
        gvc.trade_benefit_panel([])


positive = st.lists(st.floats(1e-3, 1e6), min_size=4, max_size=4)


@given(positive)
def test_contributions_add_up_to_the_change(numbers):
    before, after = (
        pd.DataFrame({"exports": [x], "imports": [m]}, ["A"]) for x, m in (numbers[:2], numbers[2:])
    )
    split = gvc.index_change(before, after).loc["A"]
    start, end = ((f["exports"] - f["imports"]) / f.sum(axis=1) for f in (before, after))
    # Both sides lose up to 1e-9 of a change that is itself a difference of like numbers.
    assert split["change"] == pytest.approx((end - start)["A"], abs=1e-7)
    assert split["change"] == pytest.approx(split["exports"] + split["imports"])
    # More exports raise the index, more imports lower it.
    assert np.sign(split["exports"]) == np.sign(after["exports"] - before["exports"])["A"]
    assert np.sign(split["imports"]) == -np.sign(after["imports"] - before["imports"])["A"]


def test_the_same_revision_of_both_sides_cancels():
    before = pd.DataFrame({"exports": [90.0], "imports": [110.0]}, ["A"])
    split = gvc.index_change(before, 1.1 * before).loc["A"]
    # Ten per cent more exports alone: the index is tanh of half the log ratio, so about
    # (1 - 0.1²) / 2 · ln 1.1.
    assert split["exports"] == pytest.approx(0.99 / 2 * np.log(1.1))
    assert split["change"] == pytest.approx(0, abs=1e-12)


def test_contributions_need_comparable_rows():
    frame = pd.DataFrame({"exports": [1.0], "imports": [1.0]}, ["A"])
    with pytest.raises(BookError, match="the same rows"):
        gvc.index_change(frame, frame.rename(index={"A": "B"}))
    with pytest.raises(BookError, match="must be positive"):
        gvc.index_change(frame, 0 * frame)


@pytest.mark.originals("wiod_2016_absorption")
def test_the_index_equals_the_published_table():
    """Gao, Li and Zhu (2021), Table 1: all four printed digits, 8 economies, 5 years."""
    panel = gvc.trade_benefit_panel(data.load("wiod_2016_absorption", tier="original"))
    index = panel.set_index(["country", "year"])["index"]
    published = pd.read_csv(paths.PUBLISHED / "gao_li_zhu_2021.csv", dtype=str)
    published = published[published["item"] == "table_1"].astype({"column": int})
    published = published[published["column"].isin(panel["year"])]
    ours = [f"{index[r.row.upper(), r.column]:.4f}" for r in published.itertuples()]
    assert ours == published["value"].tolist()
    assert len(ours) == 40
