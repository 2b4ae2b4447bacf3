"""Every measure for many years in one call, and the identities on real tables."""

import time

import numpy as np
import pytest
from test_gvc_table import world

from lib import data, gvc
from lib.errors import BookError
from lib.io_table import InputOutput


def year(y):
    table = world(y, stocks=True)
    return InputOutput(table.Z, table.final, table.x, table.countries, table.sectors, table.uses, y)


def test_years_come_one_after_another_with_progress():
    lines = []
    result = gvc.panel((year(y) for y in (2000, 2001)), progress=lines.append)
    assert [line[:4] for line in lines] == ["2000", "2001"]
    table = gvc.Table.of(year(2001))
    np.testing.assert_array_equal(result["wwz"].loc[2001], gvc.wwz(table))
    np.testing.assert_array_equal(result["kww"].loc[2001], gvc.kww(table))
    for name, frame in result.items():
        assert frame.index.names[0] == "year", name
        assert frame.columns.is_unique, name
        assert frame.loc[2000].shape == frame.loc[2001].shape, name
    assert (
        result["country"].loc[(2000, "A"), "vax_ratio"]
        == gvc.vax_ratio(gvc.Table.of(year(2000)))["A"]
    )


def test_a_panel_needs_years():
    with pytest.raises(BookError, match="there is no table"):
        gvc.panel([])
    with pytest.raises(BookError, match="a year of its own"):
        gvc.panel([year(2000), year(2000)])
    with pytest.raises(BookError, match="a year of its own, not None"):
        gvc.panel([world(1)])


@pytest.mark.originals("wiod_2013")
@pytest.mark.parametrize("y", [1995, 1998, 2011])
def test_identities_hold_on_wiod(y):
    """On row sums exactly sixteen terms; tolerances are a 1e-12th of world output of 1e8."""
    table = gvc.Table.of(data.load("wiod_2013", year=y), balance="row_sums")
    near = {"rtol": 0, "atol": 1e-12 * table.x.sum()}
    terms, nine = gvc.wwz(table), gvc.kww(table)
    assert terms.shape == (41 * 35 * 41, 16)
    np.testing.assert_allclose(terms.sum(axis=1), gvc.gross_exports(table), **near)
    vax = gvc.value_added_exports(table).sum(axis=1)
    np.testing.assert_allclose(nine.iloc[:, :3].sum(axis=1), vax, **near)
    np.testing.assert_allclose(
        terms["RDV_INT"].groupby("exporter", sort=False).sum(),
        terms["MVA_INT"].groupby("importer", sort=False).sum(),
        **near,
    )
    vs = gvc.vertical_specialisation(table)
    np.testing.assert_allclose(vs["VS"].sum(), vs["VS1"].sum(), rtol=1e-12)
    made = table.value_added != 0
    up, length = gvc.upstreamness(table), gvc.production_length(table)["total"]
    np.testing.assert_allclose(length[made], up[made], rtol=1e-6)
    stages = table.x.sum() / table.value_added.sum()
    assert gvc.production_length(table, by="world").loc["WORLD", "total"] == pytest.approx(stages)
    source, sink = (gvc.borin_mancini(table, way) for way in ("source", "sink"))
    np.testing.assert_allclose(source.sum(axis=1), gvc.gross_exports(table), **near)
    np.testing.assert_allclose(
        source.groupby("exporter").sum(), sink.groupby("exporter").sum(), **near
    )


@pytest.mark.originals("wiod_2013")
def test_reported_output_closes_with_its_imbalance_column_on_wiod():
    """Truncated cells leave 0.04 % of output, 0.1 % of exports, unexplained in 2011."""
    table = gvc.Table.of(data.load("wiod_2013", year=2011))
    terms = gvc.wwz(table)
    np.testing.assert_allclose(
        terms.sum(axis=1), gvc.gross_exports(table), rtol=0, atol=1e-12 * table.x.sum()
    )
    assert terms["imbalance"].sum() / terms.to_numpy().sum() == pytest.approx(0.00095, abs=5e-5)
    assert gvc.vax_ratio(table, "world") == pytest.approx(0.7245, abs=5e-5)


@pytest.mark.slow
@pytest.mark.originals("wiod_2013")
def test_all_years_of_wiod_in_one_call():
    """Under 30 s on two cores, reading included: a minute of processor time."""
    began = time.process_time()
    result = gvc.panel(data.load("wiod_2013", year=y) for y in range(1995, 2012))
    assert time.process_time() - began < 60
    world_ = result["world"].droplevel(1)
    assert list(world_.index) == list(range(1995, 2012))
    assert world_["vax_ratio"].between(0.70, 0.79).all()
    assert world_["vax_ratio"][2011] < world_["vax_ratio"][1995]
