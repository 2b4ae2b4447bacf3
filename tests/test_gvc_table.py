"""The table: what it accepts, what it refuses, and the random worlds of the other test files."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import gvc
from lib.errors import BookError
from lib.io_table import InputOutput

USES = ("household", "inventories")
quick = settings(deadline=None, max_examples=25, database=None)


def world(seed, G=3, N=2, dead=False, hermit=False, stocks=False, gap=0.0, **options):
    """Make a random productive table that closes exactly but for a stated `gap`.

    Some cells are zero. `dead` empties one sector, `hermit` lets the first country export nothing,
    `stocks` makes some additions to inventories negative, `gap` adds a random share to output.
    """
    rng = np.random.default_rng(seed)
    GN = G * N
    A = rng.random((GN, GN)) * (rng.random((GN, GN)) < 0.7)
    Y = np.stack([rng.random((GN, G)) + 0.1, np.zeros((GN, G))], axis=2)
    if stocks:
        Y[:, :, 1] = rng.uniform(-0.9, 0.5, (GN, G)) * Y[:, :, 0]
    if dead:
        A[-1] = A[:, -1] = Y[-1] = 0.0
    if hermit:
        A[:N, N:] = Y[:N, 1:] = 0.0
    A *= rng.uniform(0.1, 0.9, GN) / np.maximum(A.sum(0), 1e-9)
    x = np.linalg.solve(np.eye(GN) - A, Y.sum((1, 2)))
    Z = A * x
    x = x * (1 + gap * rng.random(GN))
    countries = tuple("ABCDEF"[:G])
    sectors = tuple(f"s{i}" for i in range(N))
    return gvc.Table(Z, Y, countries, sectors, x, uses=USES, **options)


seeds = st.integers(0, 2**32 - 1)
flags = st.booleans()
worlds = st.builds(world, seeds, st.integers(2, 4), st.integers(1, 3), flags, flags, flags)
unbalanced = st.builds(
    world, seeds, st.integers(2, 4), st.integers(1, 3), flags, flags, flags, st.just(0.01)
)


def parts(**changes):
    table = world(1)
    return {
        "Z": table.Z,
        "Y": table.Y,
        "countries": table.countries,
        "sectors": table.sectors,
        "x": table.x,
    } | changes


def changed(name, position, value):
    array = np.array(parts()[name])
    array[position] = value
    return {name: array}


@quick
@given(worlds)
def test_accounting_identities(table):
    """Output is used up, costs and value added make it, and prices are one: VB = u'."""
    np.testing.assert_allclose(table.B @ table.Y.sum(1), table.x, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(table.Z.sum(0) + table.value_added, table.x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(table.V @ table.B, 1.0, rtol=1e-10)
    np.testing.assert_allclose(table.value_added.sum(), table.Y.sum(), rtol=1e-10)
    assert not table.imbalance.any()


@quick
@given(worlds)
def test_local_inverse_and_ghosh(table):
    own, world_ = table.own_blocks(table.A), np.eye(len(table.x))
    np.testing.assert_allclose(table.L @ (np.eye(table.N) - own) - np.eye(table.N), 0, atol=1e-12)
    delta = np.divide(
        table.Z, table.x[:, None], out=np.zeros_like(table.Z), where=table.x[:, None] > 0
    )
    np.testing.assert_allclose(table.ghosh @ (world_ - delta), world_, atol=1e-10)


def test_final_uses_may_come_flat_or_by_use():
    """GN × G, GN × (G·F) and GN × G × F of the same numbers are the same table."""
    base = world(2, stocks=True)
    shapes = [base.final, base.final.reshape(len(base.x), -1), base.Y]
    tables = [
        gvc.Table(base.Z, Y, base.countries, base.sectors, uses=uses)
        for Y, uses in zip(shapes, [USES, USES, None], strict=True)
    ]
    for table in tables:
        np.testing.assert_allclose(gvc.wwz(table), gvc.wwz(base), rtol=1e-12, atol=1e-14)


def test_of_reads_the_canonical_table():
    base = world(3, stocks=True)
    io = InputOutput(base.Z, base.final, base.x, base.countries, base.sectors, USES, 2000)
    table = gvc.Table.of(io, balance="row_sums")
    assert (table.year, table.uses, table.balance) == (2000, USES, "row_sums")
    np.testing.assert_allclose(table.x, base.x, rtol=1e-12)


def test_the_callers_arrays_stay_writable_and_the_tables_do_not():
    given_ = parts()
    Z = given_["Z"].copy()
    table = gvc.Table(**given_ | {"Z": Z})
    Z[0, 0] = Z[0, 0]
    with pytest.raises(ValueError, match="read-only"):
        table.Z[0, 0] = 1.0


def test_reported_imbalance_is_carried_and_row_sums_drop_it():
    kept = world(4, gap=0.02)
    np.testing.assert_allclose(kept.imbalance, kept.x - kept.Z.sum(1) - kept.Y.sum(1), atol=1e-14)
    assert (kept.imbalance > 0).all()
    dropped = gvc.Table(kept.Z, kept.Y, kept.countries, kept.sectors, kept.x, balance="row_sums")
    np.testing.assert_array_equal(dropped.imbalance, kept.imbalance)
    np.testing.assert_allclose(dropped.x, kept.Z.sum(1) + kept.Y.sum(1))
    assert "imbalance" in gvc.wwz(kept)
    assert "imbalance" not in gvc.wwz(dropped)


def test_row_sums_empty_the_stray_sectors_of_truncated_sources():
    """A sector that sells -1 in all, of a million, is emptied; one that matters is refused."""
    base = world(5, N=3, dead=True)
    Z, Y, x = base.Z * 1e6, base.Y * 1e6, base.x * 1e6
    Y[-1, -1] = -1.0
    with pytest.raises(BookError, match="negative output"):
        gvc.Table(Z, Y, base.countries, base.sectors, balance="row_sums")
    table = gvc.Table(Z, Y, base.countries, base.sectors, x, balance="row_sums")
    assert table.x[-1] == 0 and table.imbalance.iloc[-1] == 1.0
    np.testing.assert_allclose(gvc.wwz(table).sum(axis=1), gvc.gross_exports(table), atol=1e-6)
    Y[-1, -1] = -1e5
    with pytest.raises(BookError, match="C s2 has a negative output"):
        gvc.Table(Z, Y, base.countries, base.sectors, x, balance="row_sums")


def test_rounding_makes_no_output():
    """0.3 sold and 0.1 + 0.2 taken from stock is nothing, not a negative output."""
    base = world(8, dead=True)
    final = base.final.copy()
    final[-1, :2] = [[0.3, -0.1], [0.0, -0.2]]
    assert final[-1].sum() != 0
    table = gvc.Table(base.Z, final, base.countries, base.sectors, uses=USES)
    assert table.x[-1] == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"balance": "both"}, "balance='both'"),
        ({"countries": ("A", "B", "B")}, "countries must be unique"),
        ({"countries": ("A", "B")}, r"Z has shape \(6, 6\)"),
        ({"Y": np.ones((6, 4))}, r"Y has shape \(6, 4\)"),
        ({"Y": np.ones(6)}, r"Y has shape \(6,\)"),
        ({"x": np.ones(5)}, r"x has shape \(5,\)"),
        ({"Z": np.full((6, 6), "much")}, "Z holds something that is not a number"),
        (changed("Z", (0, 0), np.nan), "Z has missing or infinite"),
        (changed("Y", (0, 0), np.inf), "Y has missing or infinite"),
        (changed("x", 2, np.nan), "x has missing or infinite"),
        (changed("x", 2, -1.0), "B s0 has a negative output"),
        (changed("x", 2, 1e3), "beyond the tolerance of 1.00%"),
        (changed("x", 2, 0.0) | {"tolerance": np.inf}, "B s0 buys inputs but has no output"),
        ({"uses": ("household", "inventories")}, "for each final use of"),
    ],
)
def test_refusals_say_what_and_where(change, words):
    with pytest.raises(BookError, match=words):
        gvc.Table(**parts(**change))


def test_labels_of_frames_must_be_the_tables():
    base = world(6)
    Z = pd.DataFrame(base.Z, base.rows, base.rows)
    Y = pd.DataFrame(base.Y, base.rows, list(base.countries))
    x = base.output
    table = gvc.Table(Z, Y, base.countries, base.sectors, x)
    np.testing.assert_array_equal(table.B, base.B)
    for change in ({"Z": Z[::-1]}, {"Z": Z[Z.columns[::-1]]}, {"x": x[::-1]}):
        with pytest.raises(BookError, match="not countries × sectors in the table's order"):
            gvc.Table(**{"Z": Z, "Y": Y, "x": x} | change, countries="ABC", sectors=base.sectors)
    with pytest.raises(BookError, match="columns of Y are not the table's countries"):
        gvc.Table(Z, Y[["B", "A", "C"]], base.countries, base.sectors, x)


def test_an_unproductive_table_is_refused():
    """Two sectors that eat more of each other than they make have no price system."""
    Z = np.array([[0.0, 1.2], [1.2, 0.0]])
    with pytest.raises(BookError, match="not productive"):
        _ = gvc.Table(Z, np.full((2, 2), -0.1), ("A", "B"), ("s",)).B
    with pytest.raises(BookError, match="not productive"):
        _ = gvc.Table(np.eye(2), np.zeros((2, 2)), ("A", "B"), ("s",)).B
    with pytest.raises(BookError, match="not productive"):
        _ = gvc.Table(np.eye(2), np.zeros((2, 2)), ("A", "B"), ("s",)).L


def test_a_factor_by_country_is_spread_by_value_added():
    table = world(7, dead=True)
    jobs = pd.Series({"B": 20.0, "A": 10.0, "C": 5.0})
    amount = pd.Series(table.coefficients(jobs) * table.x, table.rows)
    np.testing.assert_allclose(amount.groupby("country").sum(), [10, 20, 5])
    per_value = amount / table.value_added
    np.testing.assert_allclose(per_value["A", "s0"], per_value["A", "s1"])
    with pytest.raises(BookError, match="no amount for C"):
        table.coefficients(jobs.drop("C"))
    with pytest.raises(BookError, match="C s1, which has no output"):
        table.coefficients(np.ones(6))
    with pytest.raises(BookError, match="missing or infinite"):
        table.coefficients(np.full(6, np.nan))
