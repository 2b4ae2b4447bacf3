"""Suppliers' importance, its changes, and predicted distances, on worlds worked by hand."""

import numpy as np
import pandas as pd
import pytest

from lib.agreements import partner_distance
from lib.errors import BookError
from lib.trade import changes, import_distance, import_pull, supplier_status


def flows(rows, columns=("exporter", "importer", "year", "use", "value")):
    return pd.DataFrame(rows, columns=list(columns))


def line(names="ABC", step=100.0):
    """Countries on a line, `step` km apart."""
    rows = [(a, b, step * abs(i - j)) for i, a in enumerate(names) for j, b in enumerate(names)]
    return pd.DataFrame(rows, columns=["exporter", "importer", "distcap"])


@pytest.fixture
def small():
    return flows(
        [
            ("A", "C", 2000, "intermediate", 30.0),
            ("B", "C", 2000, "intermediate", 10.0),
            ("A", "C", 2000, "capital", 5.0),
            ("C", "A", 2000, "capital", 15.0),
            ("C", "A", 2000, "intermediate", 60.0),
            ("C", "C", 2000, "intermediate", 999.0),
        ]
    )


def test_shares_by_hand(small):
    found = supplier_status(small).set_index(["exporter", "importer"])
    assert found.loc[("A", "C"), "share_intermediate"] == pytest.approx(75)
    assert found.loc[("B", "C"), "share_intermediate"] == pytest.approx(25)
    assert found.loc[("A", "C"), "share_capital"] == pytest.approx(100)
    assert found.loc[("B", "C"), "share_capital"] == 0
    assert found.loc[("C", "A"), "export_intermediate"] == pytest.approx(60)
    assert found.loc[("B", "A"), "share_intermediate"] == 0  # a pair without a flow
    assert np.isnan(found.loc[("A", "B"), "share_capital"])  # B imports nothing
    assert ("C", "C") not in found.index and len(found) == 6


def test_unknown_pairs_get_no_row_where_absence_is_no_zero(small):
    found = supplier_status(small, absent="missing")
    assert len(found) == 3
    with pytest.raises(BookError, match="absent='no'"):
        supplier_status(small, absent="no")
    with pytest.raises(BookError, match="lacks the column use"):
        supplier_status(small.drop(columns="use"))


@pytest.mark.parametrize("seed", range(3))
def test_shares_of_an_importer_and_of_the_world_sum_to_one_hundred(seed):
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product([list("ABCDEF")] * 2 + [[2000, 2005], ["x", "y"]])
    world = index.to_frame(False, name=["exporter", "importer", "year", "use"])
    world = world.assign(value=rng.lognormal(size=len(world)))
    world = world[world["exporter"] != world["importer"]]
    found = supplier_status(world)
    for use in ("x", "y"):
        shares = found.groupby(["importer", "year"])[f"share_{use}"].sum()
        np.testing.assert_allclose(shares, 100)
        world_shares = found.drop_duplicates(["exporter", "year"]).groupby("year")
        np.testing.assert_allclose(world_shares[f"export_{use}"].sum(), 100)
        own = found.groupby(["exporter", "year"])[f"export_{use}"].nunique()
        assert (own == 1).all()


def test_changes_carry_start_change_and_the_change_before():
    levels = flows(
        [
            ("A", "B", 2000, 1.0),
            ("A", "B", 2005, 4.0),
            ("A", "B", 2010, 2.0),
            ("B", "A", 2005, 7.0),
            ("B", "A", 2010, 7.5),
        ],
        ("exporter", "importer", "year", "s"),
    )
    found = changes(levels, [2000, 2005, 2010]).set_index(["exporter", "importer", "year"])
    assert len(found) == 3  # B to A is unknown in 2000
    assert found.loc[("A", "B", 2005), ["s_start", "d_s", "gap"]].tolist() == [1, 3, 5]
    assert np.isnan(found.loc[("A", "B", 2005), "lag_d_s"])
    assert found.loc[("A", "B", 2010), ["s_start", "d_s", "lag_d_s"]].tolist() == [4, -2, 3]
    assert found.loc[("B", "A", 2010), "d_s"] == 0.5
    assert np.isnan(found.loc[("B", "A", 2010), "lag_d_s"])


@pytest.mark.parametrize(
    ("years", "told"),
    [([2000], "two or more"), ([2005, 2000], "rising order"), ([2000, 2001], "no year 2001")],
)
def test_years_that_make_no_gap_are_refused(years, told):
    levels = flows(
        [("A", "B", y, 1.0) for y in (2000, 2005)], ("exporter", "importer", "year", "s")
    )
    with pytest.raises(BookError, match=told):
        changes(levels, years)


PRODUCTS = ("exporter", "importer", "year", "product", "value")


@pytest.fixture
def two_products():
    """A–B–C on a line. p: A sells 60 to B, 40 to C (120 km a unit). q: C sells 50 to B only."""
    rows = [("A", "B", 2000, "p", 60.0), ("A", "C", 2000, "p", 40.0), ("C", "B", 2000, "q", 50.0)]
    return flows(rows, PRODUCTS)


def test_pull_by_hand(two_products):
    found = import_pull(two_products, line()).set_index("importer")["km"]
    world = (60 * 100 + 40 * 200) / 100
    assert found["B"] == pytest.approx((60 * world + 50 * 100) / 110)
    assert found["C"] == pytest.approx(world)


def test_pull_without_the_importer_itself_by_hand(two_products):
    """B predicts p with what C pays the way for; nobody else imports q, so it drops out."""
    found = import_pull(two_products, line(), leave_out=True).set_index("importer")["km"]
    assert found["B"] == pytest.approx(200)
    assert found["C"] == pytest.approx(100)


def test_pull_weighted_by_imports_is_the_world_s_import_distance():
    """Summed over importers, mixes times world distances give back the world's trade."""
    rng = np.random.default_rng(3)
    index = pd.MultiIndex.from_product([list("ABCDE")] * 2 + [[2000, 2001], list("pqr")])
    world = index.to_frame(False, name=["exporter", "importer", "year", "product"])
    world = world.assign(value=rng.lognormal(0, 2, len(world)))
    world = world[(world["exporter"] != world["importer"]) & (rng.uniform(size=len(world)) < 0.8)]
    distance = line("ABCDE").assign(distcap=lambda d: d["distcap"] ** 1.1)
    pull = import_pull(world, distance)
    imports = world.groupby(["importer", "year"], as_index=False)["value"].sum()
    both = pull.merge(imports)
    mean = (both["km"] * both["value"]).groupby(both["year"]).sum()
    mean /= both.groupby("year")["value"].sum()
    expected = import_distance(world, distance).set_index("year")["km"]
    pd.testing.assert_series_equal(mean, expected, check_names=False)


# -- partners of agreements ----------------------------------------------------------------------


@pytest.fixture
def network():
    """A–B and A–D since 2000, B–C in 2001; E is alone."""
    ties = {2000: ["AB", "AD"], 2001: ["AB", "AD", "BC"]}
    rows = [
        (a, b, year, int(a + b in tied or b + a in tied))
        for year, tied in ties.items()
        for a in "ABCDE"
        for b in "ABCDE"
        if a != b
    ]
    return pd.DataFrame(rows, columns=["exporter", "importer", "year", "fta"])


def test_partner_distance_by_hand(network):
    found = partner_distance(network, line("ABCDE")).set_index(["country", "year"])
    assert found.loc[("A", 2000)].tolist() == [200, 2]
    assert found.loc[("B", 2001)].tolist() == [100, 2]
    assert ("C", 2000) not in found.index and found.loc[("C", 2001), "km"] == 100
    assert "E" not in found.index.get_level_values(0)


def test_partners_that_do_not_count_or_have_no_distance(network):
    found = partner_distance(network, line("ABCDE"), among=list("ABC")).set_index(
        ["country", "year"]
    )
    assert found.loc[("A", 2000)].tolist() == [100, 1]
    gap = line("ABCDE")
    gap.loc[(gap["exporter"] == "D") & (gap["importer"] == "A"), "distcap"] = np.nan
    found = partner_distance(network, gap).set_index(["country", "year"])
    assert found.loc[("A", 2000)].tolist() == [100, 1]
    assert found.loc[("D", 2000)].tolist() == [300, 1]


def test_a_country_without_partner_is_left_out_or_zero_by_name(network):
    found = partner_distance(network, line("ABCDE"), none="zero").set_index(["country", "year"])
    assert found.loc[("E", 2000)].tolist() == [0, 0] and len(found) == 10
    with pytest.raises(BookError, match="none='skip'"):
        partner_distance(network, line("ABCDE"), none="skip")
    with pytest.raises(BookError, match="network lacks the column fta"):
        partner_distance(network.drop(columns="fta"), line())
