"""The sample world: accounting identities, targets, determinism, known parameters."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linearmodels.iv import AbsorbingLS

from lib import sample
from lib.data import load
from lib.errors import BookError
from lib.io_table import FINAL_USES, InputOutput
from lib.models import caliendo_parro
from lib.sample.geography import UNKNOWN
from lib.sample.world import products, solve, structure, targets

ROOT = Path(__file__).resolve().parents[1]
YEAR = 2005
G, N, GOODS = 25, 35, 16
# Accounting holds by construction: what is left is rounding of one linear solve (about 1e-15).
EXACT = {"rtol": 1e-9}


@pytest.fixture(scope="module")
def embedded():
    return {"pwt_91": load("pwt_91"), "capitals": load("capitals")}


@pytest.fixture(scope="module")
def table(embedded):
    return sample.wiod_2013(**embedded, year=YEAR)


@pytest.fixture(scope="module")
def flows(embedded):
    return sample.baci_hs92(**embedded, years=[YEAR])


@pytest.fixture(scope="module")
def target(embedded):
    return targets(embedded["pwt_91"], YEAR)


def exports_imports(table):
    """International sales of each country, and purchases, all uses together."""
    trade = table.Z.reshape(G, N, G, N).sum((1, 3)) + table.Y.reshape(G, N, G, -1).sum((1, 3))
    np.fill_diagonal(trade, 0)
    return trade.sum(1), trade.sum(0)


def test_table_has_the_schema_of_wiod(table):
    assert isinstance(table, InputOutput)
    assert table.countries[-1] == "ROW" and len(table.countries) == G
    assert list(table.countries[:-1]) == sorted(table.countries[:-1])
    assert table.sectors == tuple(f"c{s}" for s in range(1, 36))
    assert table.uses == FINAL_USES and table.year == YEAR
    assert (table.Z >= 0).all() and (table.Y >= 0).all()


def test_rows_add_up_to_output(table):
    np.testing.assert_allclose(table.Z.sum(1) + table.Y.sum((1, 2)), table.x, **EXACT)


def test_columns_and_value_added_add_up_to_gdp(table, target):
    value_added = (table.x - table.Z.sum(0)).reshape(G, N)
    assert (value_added > 0).all()
    np.testing.assert_allclose(value_added.sum(1), target["gdp"], **EXACT)


def test_trade_balances_are_those_of_the_penn_world_table(table, target):
    exports, imports = exports_imports(table)
    # relative to trade: a balance itself can be near zero
    np.testing.assert_allclose(
        (exports - imports) / exports, target["balance"] / exports, atol=1e-9
    )
    assert abs((exports - imports).sum()) < 1e-9 * exports.sum()
    assert target.index[-1] == "ROW" and 0.1 < target["gdp"]["ROW"] / target["gdp"].sum() < 0.4


def test_final_use_splits_as_in_the_penn_world_table(table, target):
    spending = table.Y.sum(0)
    shares = spending / spending.sum(1, keepdims=True)
    np.testing.assert_allclose(shares[:, :2].sum(1), target["household"], **EXACT)
    np.testing.assert_allclose(shares[:, 2], target["government"], **EXACT)
    np.testing.assert_allclose(shares[:, 3], target["gfcf"], **EXACT)
    assert (shares[:, 4] == 0).all()


def test_targets_are_the_nominal_values_of_the_penn_world_table(embedded, target):
    """The United States in 2000: GDP 10.25 trillion; goods exports and imports of UN Comtrade."""
    usa = targets(embedded["pwt_91"], 2000).loc["USA"]
    assert usa["gdp"] == pytest.approx(10.252e6, rel=1e-3)
    assert usa["balance"] == pytest.approx(780_332 - 1_258_080, rel=1e-4)
    assert target["balance"].sum() == pytest.approx(0, abs=1e-6)


def test_product_flows_add_up_to_the_table(table, flows, embedded):
    sectors = solve(*embedded.values(), YEAR).economy.sector
    codes = sample.hs_bec4().set_index("product").index
    assert set(flows["product"]) == set(codes)
    sector = products().set_index("product")["sector"]
    sums = flows.assign(sector=flows["product"].map(sector)).groupby(
        ["exporter", "sector", "importer"]
    )["value"]
    cells = table.Z.reshape(G, N, G, N).sum(3) + table.Y.sum(2).reshape(G, N, G)
    index = pd.MultiIndex.from_product([table.countries, table.sectors, table.countries])
    wanted = pd.Series(cells.ravel(), index).loc[lambda s: s.index.isin(sums.sum().index)]
    assert len(wanted) == 24 * 23 * GOODS and len(sectors) == len(codes) + N - GOODS
    np.testing.assert_allclose(sums.sum().loc[wanted.index], wanted, **EXACT)


def test_flows_left_out_with_the_rest_of_the_world_are_reported(table, flows):
    goods = (table.Z.reshape(G, N, G, N).sum(3) + table.Y.sum(2).reshape(G, N, G))[:, :GOODS].sum(1)
    np.fill_diagonal(goods, 0)
    kept = flows["value"].sum()
    (row,) = flows.attrs["dropped"]
    assert row["code"] == "ROW" and row["value"] == pytest.approx(goods.sum() - kept, rel=1e-9)
    assert row["share"] == pytest.approx(1 - kept / goods.sum(), rel=1e-9)
    assert row["rows"] == 2 * 24 * flows["product"].nunique()
    assert 0.1 < row["share"] < 0.35


def test_frames_are_canonical(flows, embedded):
    panel = sample.bilateral_panel(**embedded)
    assert list(flows) == ["exporter", "importer", "year", "product", "value", "quantity"]
    assert list(panel) == ["exporter", "importer", "year", "value", "agreement_id", "agreement"]
    assert flows["quantity"].isna().all()
    assert ((panel["agreement_id"] == 0) == (panel["agreement"] == "")).all()
    for frame in (flows, panel):
        kinds = frame.dtypes.astype(str).to_dict()
        assert kinds["exporter"] == kinds["importer"] == "str"
        assert kinds["year"] == "int64" and kinds["value"] == "float64"
        assert (frame["exporter"] != frame["importer"]).all() and (frame["value"] > 0).all()
        assert "ROW" not in set(frame["exporter"]) | set(frame["importer"])
        keys = [c for c in ("exporter", "importer", "year", "product") if c in frame]
        assert not frame.duplicated(keys).any()
    assert flows["product"].str.fullmatch(r"\d{6}").all()
    assert sorted(panel["year"].unique()) == [1996, 2000, 2004, 2008, 2012]
    one = sample.baci_hs92(**embedded, years=2004).groupby(["exporter", "importer"])["value"].sum()
    year = panel[panel["year"] == 2004].set_index(["exporter", "importer"])["value"]
    np.testing.assert_allclose(year, one.loc[year.index], **EXACT)


def test_products_cover_every_goods_sector_and_use():
    bec = sample.hs_bec4()
    assert list(bec) == ["product", "bec4", "use", "description"] and bec["product"].is_unique
    assert set(bec["use"]) == {"capital", "consumption", "intermediate"}
    goods = products().dropna(subset="bec4")
    assert set(goods["product"]) == set(bec["product"]) and goods["name"].is_unique
    per_sector = goods["sector"].value_counts()
    assert set(per_sector.index) == {f"c{s}" for s in range(1, GOODS + 1)}
    assert per_sector.min() >= 8
    with pytest.raises(BookError, match="HS92 codes only, not HS12"):
        sample.hs_bec4("HS12")


@pytest.mark.originals("hs_bec4")
def test_products_are_genuine_and_classified_as_in_the_original():
    """Codes, classes and uses agree; the words for a class are ours."""
    ours, original = sample.hs_bec4(), load("hs_bec4", tier="original")
    assert list(ours) == list(original)
    known = original.merge(ours[["product"]], on="product")
    columns = ["product", "bec4", "use"]
    pd.testing.assert_frame_equal(ours[columns], known[columns])


def test_the_world_is_a_caliendo_parro_equilibrium(embedded):
    """Prices solved from wages and technologies alone give back shares, at the product level."""
    world = solve(*embedded.values(), YEAR)
    e, found = world.economy, world.equilibrium
    _, price, share = caliendo_parro.prices(e, found.wage)
    np.testing.assert_allclose(share, found.share, rtol=1e-8)
    np.testing.assert_allclose(price, found.price, rtol=1e-8)
    income = found.wage * e.L + e.D
    spending = e.alpha * income[:, None] + np.einsum("jkh,jh->jk", e.gamma_in, found.output)
    np.testing.assert_allclose(found.expenditure, spending, **EXACT)
    sales = np.einsum("kji,jk->ik", found.share, found.expenditure)
    output = np.stack([sales[:, e.sector == h].sum(1) for h in range(N)], 1)
    np.testing.assert_allclose(found.output, output, **EXACT)


def test_gravity_recovers_the_distance_elasticity(flows, embedded):
    """Exporter-product and importer-product effects absorb everything but trade costs.

    What is left is distance and the pair components, so errors are clustered by pair of countries.
    """
    places = embedded["capitals"].assign(area=np.nan)
    distance = sample.geodist(capitals=places, borders=pd.DataFrame({"a": [], "b": []}))
    data = flows.merge(distance[["exporter", "importer", "dist"]], on=["exporter", "importer"])
    ends = np.sort(data[["exporter", "importer"]].to_numpy(str), axis=1)
    pair = pd.Series(ends[:, 0]) + ends[:, 1]
    absorb = pd.DataFrame(
        {side: pd.Categorical(data[side] + data["product"]) for side in ("exporter", "importer")}
    )
    fit = AbsorbingLS(
        np.log(data["value"]), np.log(data[["dist"]]), absorb=absorb, drop_absorbed=False
    ).fit(cov_type="clustered", clusters=pd.Series(pd.factorize(pair)[0]))
    truth = sample.parameters().distance_elasticity
    assert abs(-fit.params["dist"] - truth) < 2 * fit.std_errors["dist"]
    assert fit.std_errors["dist"] < 0.05
    assert -fit.params["dist"] == pytest.approx(truth, rel=0.05)


def test_trade_costs_are_the_stated_function_of_distance():
    p = sample.parameters()
    assert set(p.theta) == set(sample.SECTORS)
    assert all(p.delta[s] * p.theta[s] == pytest.approx(p.distance_elasticity) for s in p.theta)
    assert min(p.theta.values()) > p.sigma - 1


def test_every_trade_cost_abroad_is_above_one_and_so_a_pure_power_of_distance(embedded):
    for year in (1995, 2014):
        tau = solve(*embedded.values(), year).economy.tau
        abroad = tau[:, ~np.eye(G, dtype=bool)]
        assert abroad.min() > 1


def test_borders_thin_over_time(embedded):
    """Exports over world GDP rise by more than a twentieth from the first to the last year."""
    openness = []
    for year in (1995, 2014):
        table = sample.wiod_2013(**embedded, year=year)
        openness.append(exports_imports(table)[0].sum() / (table.x - table.Z.sum(0)).sum())
    assert openness[1] > 1.05 * openness[0]


def test_richer_countries_are_better_at_sophisticated_products(embedded, target):
    """The income slope is recovered from technology and cost, two-way effects removed.

    Draws are independent over countries and products, so the conventional error applies.
    """
    world = solve(*embedded.values(), YEAR)
    e, found = world.economy, world.equilibrium
    advantage = np.log(e.T) - e.theta * np.log(found.unit_cost[:, e.sector])
    income = np.log(target["gdp"] / target["population"]).to_numpy()
    x, y = (
        m - m.mean(0) - m.mean(1, keepdims=True) + m.mean()
        for m in (np.outer(income, structure().sophistication), advantage)
    )
    slope = (x * y).sum() / (x**2).sum()
    error = (y - slope * x).std() / np.sqrt((x**2).sum())
    assert abs(slope - sample.parameters().income_slope) < 2 * error
    assert error < 0.03


def test_largest_exporters_vary_and_change(embedded):
    flows = sample.baci_hs92(**embedded, years=[1995, 2014])
    exports = flows.groupby(["year", "product", "exporter"])["value"].sum()
    top = exports.groupby(["year", "product"]).idxmax().str[2]
    first, last = top[1995], top[2014]
    assert first.nunique() >= 10 and last.nunique() >= 10
    assert first.value_counts(normalize=True).max() < 0.35
    assert 0.2 < (first == last).mean() < 0.9
    assert (last == "CHN").sum() > 2 * (first == "CHN").sum()


def digest(table, flows):
    parts = (table.Z, table.Y, table.x, flows["value"].to_numpy())
    return hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest()


def test_another_process_makes_the_same_world_bit_for_bit(table, flows):
    code = f"""
from lib import sample
from lib.data import load
from tests.test_sample import digest
e = {{"pwt_91": load("pwt_91"), "capitals": load("capitals")}}
sample.wiod_2013(**e, year=2000)  # the order of years does not matter
print(digest(sample.wiod_2013(**e, year={YEAR}), sample.baci_hs92(**e, years=[{YEAR}])))
"""
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert out.strip() == digest(table, flows)


def test_geodist_has_the_schema_of_cepii(embedded):
    capitals = embedded["capitals"]
    pairs = sample.geodist(
        capitals=capitals, borders=pd.DataFrame({"a": ["FRA", "PRT"], "b": ["DEU", "ESP"]})
    )
    known = ["dist", "distcap", "distw", "distwces"]
    assert list(pairs) == ["exporter", "importer", "contig", *UNKNOWN, *known]
    table = pairs.set_index(["exporter", "importer"])
    # city to city 344 and 7,940 km; the source gives positions to the minute of arc at best
    assert table.loc[("GBR", "FRA"), "distcap"] == pytest.approx(344, abs=10)
    assert table.loc[("JPN", "AUS"), "distcap"] == pytest.approx(7940, abs=20)
    assert table.loc[("DEU", "FRA"), "contig"] == table.loc[("FRA", "DEU"), "contig"] == 1
    assert table.loc[("DEU", "ESP"), "contig"] == 0
    assert pairs[list(UNKNOWN)].isna().all(axis=None)
    square = table["distcap"].unstack()
    np.testing.assert_allclose(square, square.T)
    assert square.max(axis=None) < 20_016  # half the circumference of the sphere
    area = capitals.set_index("country").loc["FRA", "area"]
    assert square.loc["FRA", "FRA"] == pytest.approx(0.67 * np.sqrt(area / np.pi))
    bare = sample.geodist(
        capitals=capitals.drop(columns="area"), borders=pd.DataFrame(columns=[0, 1])
    )
    own = bare[bare["exporter"] == bare["importer"]]
    assert (own["dist"] == 0).all()  # unknown area


@pytest.mark.parametrize("year", [1994, 2015])
def test_years_outside_are_refused(embedded, year):
    for make in (sample.baci_hs92, sample.bilateral_panel):
        with pytest.raises(BookError, match=f"covers 1995–2014, not {year}"):
            make(**embedded, years=[year])
    with pytest.raises(BookError, match=f"covers 1995–2014, not {year}"):
        sample.wiod_2013(**embedded, year=year)


def test_broken_inputs_are_refused_by_name(embedded):
    without = embedded["pwt_91"][embedded["pwt_91"]["country"] != "VNM"]
    with pytest.raises(BookError, match="no row for VNM in 2005"):
        sample.wiod_2013(pwt_91=without, capitals=embedded["capitals"], year=YEAR)
    nowhere = embedded["capitals"][embedded["capitals"]["country"] != "CHL"]
    with pytest.raises(BookError, match="no position for CHL"):
        sample.wiod_2013(pwt_91=embedded["pwt_91"], capitals=nowhere, year=YEAR)


def test_shapes_of_a_table_are_checked():
    fields = {"countries": ("A", "B"), "sectors": ("c1",), "uses": ("all",), "year": 1}
    good = {"Z": np.zeros((2, 2)), "Y": np.zeros((2, 2, 1)), "x": np.zeros(2)}
    InputOutput(**good, **fields)
    with pytest.raises(BookError, match=r"Y has shape \(2, 2\), but 2 countries"):
        InputOutput(**good | {"Y": np.zeros((2, 2))}, **fields)
    with pytest.raises(BookError, match="x has missing or infinite cells"):
        InputOutput(**good | {"x": np.array([1, np.nan])}, **fields)
    with pytest.raises(BookError, match="countries holds a label twice"):
        InputOutput(**good, **fields | {"countries": ("A", "A")})


@pytest.mark.slow
def test_all_years_take_seconds(embedded):
    """Every identity in every year; twenty years are one call."""
    flows = sample.baci_hs92(**embedded)
    assert flows["year"].nunique() == 20
    for year in sample.YEARS:
        table = sample.wiod_2013(**embedded, year=year)
        want = targets(embedded["pwt_91"], year)
        exports, imports = exports_imports(table)
        np.testing.assert_allclose(table.Z.sum(1) + table.Y.sum((1, 2)), table.x, **EXACT)
        gdp = (table.x - table.Z.sum(0)).reshape(G, N).sum(1)
        np.testing.assert_allclose(gdp, want["gdp"], **EXACT)
        np.testing.assert_allclose(
            (exports - imports) / exports, want["balance"] / exports, atol=1e-9
        )
