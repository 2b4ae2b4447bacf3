"""Decompositions of exports: against their formulas written out, and against each other."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from test_gvc_table import quick, unbalanced, world, worlds

from lib import gvc
from lib.errors import BookError
from lib.gvc.exports import GROUPS

SIXTEEN = [
    "DVA_FIN", "DVA_INT", "DVA_INTrexI1", "DVA_INTrexF", "DVA_INTrexI2", "RDV_INT", "RDV_FIN",
    "RDV_FIN2", "OVA_FIN", "MVA_FIN", "OVA_INT", "MVA_INT", "DDC_FIN", "DDC_INT", "ODC", "MDC",
]  # fmt: skip


class Blocks:
    """The table cut into country blocks, for formulas with explicit sums."""

    def __init__(self, table):
        self.g = range(table.G)
        cut = [slice(g * table.N, (g + 1) * table.N) for g in self.g]
        A, B, V, Y = table.A, table.B, table.V, table.Y
        self.A = {(s, r): A[cut[s], cut[r]] for s in self.g for r in self.g}
        self.B = {(s, r): B[cut[s], cut[r]] for s in self.g for r in self.g}
        self.Y = {(s, r): Y[cut[s], r] for s in self.g for r in self.g}
        self.V = {s: V[cut[s]] for s in self.g}
        self.X = {s: table.x[cut[s]] for s in self.g}
        self.L = {s: np.linalg.inv(np.eye(table.N) - self.A[s, s]) for s in self.g}
        self.E = {
            (s, r): self.A[s, r] @ self.X[r] + self.Y[s, r]
            for s in self.g
            for r in self.g
            if s != r
        }
        self.E_all = {s: sum(self.E[s, r] for r in self.g if r != s) for s in self.g}
        zero = np.zeros(table.N)
        self.total = lambda terms: sum(terms, zero)


def wwz_written_out(table, s, r):
    """The sixteen formulas, one sum sign at a time."""
    b = Blocks(table)
    A, B, L, V, Y = b.A, b.B, b.L, b.V, b.Y
    third = [t for t in b.g if t not in (s, r)]
    V_L, V_B = V[s] @ L[s], V[s] @ B[s, s]
    ova, mva = b.total(V[t] @ B[t, s] for t in third), V[r] @ B[r, s]
    return [
        V_B * Y[s, r],
        V_L * (A[s, r] @ B[r, r] @ Y[r, r]),
        V_L * (A[s, r] @ b.total(B[r, t] @ Y[t, t] for t in third)),
        V_L * (A[s, r] @ B[r, r] @ b.total(Y[r, t] for t in third)),
        V_L * (A[s, r] @ b.total(B[r, t] @ Y[t, u] for t in third for u in b.g if u not in (s, t))),
        V_L * (A[s, r] @ B[r, s] @ Y[s, s]),
        V_L * (A[s, r] @ B[r, r] @ Y[r, s]),
        V_L * (A[s, r] @ b.total(B[r, t] @ Y[t, s] for t in third)),
        ova * Y[s, r],
        mva * Y[s, r],
        ova * (A[s, r] @ L[r] @ Y[r, r]),
        mva * (A[s, r] @ L[r] @ Y[r, r]),
        V_L * (A[s, r] @ B[r, s] @ b.total(Y[s, t] for t in b.g if t != s)),
        (V_B - V_L) * (A[s, r] @ b.X[r]),
        ova * (A[s, r] @ L[r] @ b.E_all[r]),
        mva * (A[s, r] @ L[r] @ b.E_all[r]),
    ]


def kww_written_out(table, s):
    b = Blocks(table)
    A, B, L, V, Y = b.A, b.B, b.L, b.V, b.Y
    others = [r for r in b.g if r != s]
    foreign = b.total(V[t] @ B[t, s] for t in others)
    return [
        sum(V[s] @ B[s, s] @ Y[s, r] for r in others),
        sum(V[s] @ B[s, r] @ Y[r, r] for r in others),
        sum(V[s] @ B[s, r] @ Y[r, t] for r in others for t in others if t != r),
        sum(V[s] @ B[s, r] @ Y[r, s] for r in others),
        sum(V[s] @ B[s, r] @ A[r, s] @ L[s] @ Y[s, s] for r in others),
        sum(V[s] @ B[s, r] @ A[r, s] @ L[s] @ b.E_all[s] for r in others),
        sum(foreign @ Y[s, r] for r in others),
        sum(foreign @ A[s, r] @ L[r] @ Y[r, r] for r in others),
        sum(foreign @ A[s, r] @ L[r] @ b.E_all[r] for r in others),
    ]


def extraction_inverse(table, s):
    """The Leontief inverse of a world in which s exports no intermediates."""
    A = table.A.copy()
    rows = slice(s * table.N, (s + 1) * table.N)
    kept = A[rows, rows].copy()
    A[rows] = 0.0
    A[rows, rows] = kept
    return np.linalg.inv(np.eye(len(A)) - A)


def borin_mancini_written_out(table, approach, s, r):
    b = Blocks(table)
    A, V, Y = b.A, b.V, b.Y
    N, others = table.N, [t for t in b.g if t != s]
    full = extraction_inverse(table, s)
    without = {(t, u): full[t * N : (t + 1) * N, u * N : (u + 1) * N] for t in b.g for u in b.g}
    V_B, foreign = V[s] @ b.B[s, s], b.total(V[t] @ b.B[t, s] for t in others)
    if approach == "source":
        V_L, once = V[s] @ b.L[s], b.total(V[t] @ without[t, s] for t in others)
        absorbed = {u: b.total(b.B[r, t] @ Y[t, u] for t in b.g) for u in b.g}
        abroad = b.total(absorbed[u] for u in others)
        return [
            V_L * (Y[s, r] + A[s, r] @ abroad),
            V_L * (A[s, r] @ absorbed[s]),
            (V_B - V_L) * b.E[s, r],
            once * b.E[s, r],
            (foreign - once) * b.E[s, r],
        ]
    abroad = b.total(without[r, j] @ Y[j, u] for j in others for u in others)
    home = b.total(without[r, j] @ Y[j, s] for j in others) + without[r, s] @ Y[s, s]
    again = A[s, r] @ without[r, s] @ b.E_all[s]
    return [
        V_B * (Y[s, r] + A[s, r] @ abroad),
        V_B * (A[s, r] @ home),
        V_B * again,
        foreign * (Y[s, r] + A[s, r] @ (abroad + home)),
        foreign * again,
    ]


def close(ours, theirs, table):
    """Equal to a 1e-11th of world output: sums of that size cancel within the terms."""
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11 * table.x.sum())


@settings(quick, max_examples=15)
@given(worlds)
def test_every_term_is_its_formula(table):
    wwz, kww = gvc.wwz(table), gvc.kww(table)
    source, sink = gvc.borin_mancini(table, "source"), gvc.borin_mancini(table, "sink")
    assert list(wwz) == SIXTEEN
    for s, exporter in enumerate(table.countries):
        close(kww.loc[exporter], kww_written_out(table, s), table)
        for r, importer in enumerate(table.countries):
            if s == r:
                continue
            cell = (exporter, slice(None), importer)
            close(wwz.loc[cell, :].T, wwz_written_out(table, s, r), table)
            for frame, approach in ((source, "source"), (sink, "sink")):
                written = borin_mancini_written_out(table, approach, s, r)
                close(frame.loc[cell, :].T, written, table)


@quick
@given(worlds)
def test_every_decomposition_sums_to_exports_cell_by_cell(table):
    exports = gvc.gross_exports(table)
    for frame in (
        gvc.wwz(table),
        gvc.five_groups(gvc.wwz(table)),
        gvc.borin_mancini(table, "source"),
        gvc.borin_mancini(table, "sink"),
        gvc.gvc_trade(table),
    ):
        close(frame.sum(axis=1), exports, table)
    close(gvc.kww(table).sum(axis=1), table.by_country(table.E).sum(1), table)


@quick
@given(unbalanced)
def test_with_an_imbalance_its_column_closes_the_sum(table):
    exports = gvc.gross_exports(table)
    for frame in (
        gvc.wwz(table),
        gvc.five_groups(gvc.wwz(table)),
        gvc.borin_mancini(table, "source"),
        gvc.borin_mancini(table, "sink"),
    ):
        assert "imbalance" in frame
        close(frame.sum(axis=1), exports, table)
    close(gvc.kww(table).sum(axis=1), table.by_country(table.E).sum(1), table)
    summed = gvc.wwz(table)["imbalance"].groupby("exporter").sum()
    close(gvc.kww(table)["imbalance"], summed, table)


@quick
@given(worlds)
def test_nine_terms_are_sums_of_sixteen(table):
    sums = gvc.wwz(table).groupby("exporter").sum()
    nine = gvc.kww(table)
    for name, parts in {
        "DVA_FIN": ["DVA_FIN"],
        "DVA_INT": ["DVA_INT", "DVA_INTrexI1"],
        "DVA_INTrex": ["DVA_INTrexF", "DVA_INTrexI2"],
        "RDV_FIN": ["RDV_FIN", "RDV_FIN2"],
        "RDV_INT": ["RDV_INT"],
        "DDC": ["DDC_FIN", "DDC_INT"],
        "FVA_FIN": ["OVA_FIN", "MVA_FIN"],
        "FVA_INT": ["OVA_INT", "MVA_INT"],
        "FDC": ["ODC", "MDC"],
    }.items():
        close(nine[name], sums[parts].sum(axis=1), table)


@quick
@given(worlds)
def test_domestic_value_added_absorbed_abroad_is_value_added_exports(table):
    vax = gvc.value_added_exports(table).sum(axis=1)
    close(gvc.kww(table).iloc[:, :3].sum(axis=1), vax, table)
    sums = gvc.five_groups(gvc.wwz(table)).groupby("exporter").sum()
    close(sums["DVA"], vax, table)


@quick
@given(worlds)
def test_what_returns_home_came_from_a_partners_exports(table):
    """Σ_r RDV_INT_sr = Σ_r MVA_INT_rs: the same value seen by either side."""
    terms = gvc.wwz(table)
    returned = terms["RDV_INT"].groupby("exporter").sum()
    embodied = terms["MVA_INT"].groupby("importer").sum()
    close(returned, embodied, table)


@quick
@given(worlds)
def test_source_and_sink_agree_over_partners_and_with_the_nine_terms(table):
    """They move double counting between partners; only foreign terms depart from the nine."""
    source = gvc.borin_mancini(table, "source").groupby("exporter").sum()
    sink = gvc.borin_mancini(table, "sink").groupby("exporter").sum()
    close(source, sink, table)
    nine = gvc.kww(table)
    close(source["VAX"], nine[["DVA_FIN", "DVA_INT", "DVA_INTrex"]].sum(axis=1), table)
    close(source["REF"], nine[["RDV_FIN", "RDV_INT"]].sum(axis=1), table)
    close(source["DDC"], nine["DDC"], table)
    foreign = nine[["FVA_FIN", "FVA_INT", "FDC"]].sum(axis=1)
    close(source[["FVA", "FDC"]].sum(axis=1), foreign, table)


def test_the_importers_border_overstates_foreign_double_counting():
    """A world of three in a line: value crosses the exporter's border once, yet counts as FDC."""
    Z = np.array([[0, 4.0, 0], [0, 0, 6.0], [0, 0, 0]])
    Y = np.array([[0, 0, 0], [0, 0, 0], [9.0, 0, 0]])
    table = gvc.Table(Z, Y, ("A", "B", "C"), ("goods",))
    five = gvc.five_groups(gvc.wwz(table)).loc["B", "goods", "C"]
    modern = gvc.borin_mancini(table).loc["B", "goods", "C"]
    assert (five["FVA"], five["FDC"]) == pytest.approx((0, 4))
    assert (modern["FVA"], modern["FDC"]) == pytest.approx((4, 0))


@quick
@given(worlds)
def test_trade_that_crosses_one_border(table):
    """DAVAX is the two simplest terms; backward is Hummels' vertical specialisation."""
    trade = gvc.gvc_trade(table).groupby("exporter").sum()
    close(trade["backward"], gvc.vertical_specialisation(table)["VS_hummels"], table)
    if table.final.min() >= 0:
        vax = gvc.borin_mancini(table)["VAX"].groupby("exporter").sum()
        assert (trade["traditional"] <= vax + 1e-9).all()


@quick
@given(worlds)
def test_factor_content(table):
    """The terms of a factor sum to its content in exports, and value added is one such factor."""
    rng = np.random.default_rng(0)
    jobs = rng.random(len(table.x)) * (table.x > 0)
    content = gvc.value_added_in_exports(table, factor=jobs).sum()
    terms = gvc.factor_content(table, jobs)
    close(terms.groupby(["exporter", "sector"]).sum().sum(axis=1), content, table)
    close(gvc.factor_content(table, table.value_added), gvc.wwz(table), table)


@quick
@given(worlds)
def test_permutation_changes_nothing_but_order(table):
    rng = np.random.default_rng(table.G)
    g, n = rng.permutation(table.G), rng.permutation(table.N)
    rows = (g[:, None] * table.N + n).ravel()
    mixed = gvc.Table(
        table.Z[np.ix_(rows, rows)],
        table.final[rows][:, g],
        [table.countries[i] for i in g],
        [table.sectors[i] for i in n],
        uses=table.uses,
    )
    for measure in (gvc.wwz, gvc.borin_mancini, gvc.gvc_trade):
        ours = measure(table)
        close(measure(mixed).loc[ours.index], ours, table)
    close(gvc.kww(mixed).loc[list(table.countries)], gvc.kww(table), table)


@quick
@given(worlds)
def test_splitting_a_sector_into_twins_changes_no_sum(table):
    """Aggregation is harmless when the parts buy and sell in the same proportions."""
    share = np.array([0.3, 0.7])
    N2 = 2 * table.N
    Z = np.kron(table.Z, np.outer(share, share))
    final = np.kron(table.final.reshape(len(table.x), -1), share[:, None])
    split = gvc.Table(Z, final, table.countries, range(N2), uses=table.uses)
    assert split.N == N2
    for measure in (gvc.wwz, gvc.borin_mancini, gvc.gvc_trade):
        one, two = (measure(t).groupby(["exporter", "importer"]).sum() for t in (table, split))
        close(two, one, table)
    close(gvc.value_added_exports(split), gvc.value_added_exports(table), table)
    close(gvc.kww(split), gvc.kww(table), table)


def test_merging_countries_keeps_value_added_trade_with_the_others():
    """Borders move nothing in VBY: the trade of two regions is the sum over their members."""
    four = world(21, G=4)
    two = gvc.Table(four.Z, four.Y.reshape(8, 2, 2).sum(2), ("AB", "CD"), range(4))
    region = {"A": "AB", "B": "AB", "C": "CD", "D": "CD"}
    merged = gvc.value_added_absorbed(four, "country").groupby(region).sum()
    merged = merged.T.groupby(region).sum().T
    np.testing.assert_allclose(gvc.value_added_absorbed(two, "country"), merged, rtol=1e-10)


def test_zero_output_hermits_and_negative_stocks_in_one_table():
    """No NaN, no infinity: the awkward cells are zeros."""
    table = world(22, G=4, N=3, dead=True, hermit=True, stocks=True)
    terms = gvc.wwz(table)
    assert np.isfinite(terms).all().all()
    assert not terms.loc["A"].to_numpy().any()
    assert not terms.xs("s2", level="sector").loc["D"].to_numpy().any()
    own = terms.index.get_level_values("exporter") == terms.index.get_level_values("importer")
    assert not terms[own].to_numpy().any()
    assert not gvc.kww(table).loc["A"].any()


def test_five_groups_also_read_sums():
    terms = gvc.wwz(world(23))
    by_country = terms.groupby("exporter").sum()
    pd.testing.assert_frame_equal(
        gvc.five_groups(by_country), gvc.five_groups(terms).groupby("exporter").sum()
    )
    assert sorted(sum(GROUPS.values(), ())) == sorted(SIXTEEN)
    assert sorted(gvc.TERMS) == sorted(SIXTEEN)


def test_an_unknown_approach_is_refused():
    with pytest.raises(BookError, match="approach='both'"):
        gvc.borin_mancini(world(24), "both")
