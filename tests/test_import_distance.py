"""Import distances against a plain pandas reference, a hand-worked world, and identities."""

import importlib.util
import shutil

import duckdb
import numpy as np
import pandas as pd
import pytest

from benchmarks import baci_files
from lib.data import _baci, _store
from lib.errors import BookError
from lib.io_table import FINAL_USES, InputOutput
from lib.trade import (
    distance_measures,
    flows_by_class,
    flows_by_use,
    ideal_import_distance,
    import_distance,
    import_pull,
    leading_exporters,
    split_like,
)


def pairs(matrix, names):
    return pd.DataFrame(
        [
            {"exporter": a, "importer": b, "distcap": float(matrix[i][j])}
            for i, a in enumerate(names)
            for j, b in enumerate(names)
        ]
    )


@pytest.fixture
def line():
    """Three countries on a line, 100 km apart; A leads in p, C in q."""
    distance = pairs([[0, 100, 200], [100, 0, 100], [200, 100, 0]], "ABC")
    rows = [
        ("A", "B", "p", 60.0),
        ("A", "C", "p", 30.0),
        ("B", "A", "p", 10.0),
        ("C", "A", "q", 50.0),
        ("B", "C", "q", 40.0),
    ]
    flows = pd.DataFrame(rows, columns=["exporter", "importer", "product", "value"])
    return flows.assign(year=2000), distance


@pytest.fixture(params=range(4))
def world(request):
    """A random world: 9 countries, 6 products, 2 years, holes, one pair without a distance."""
    rng = np.random.default_rng(request.param)
    names = list("ABCDEFGHI")
    points = rng.uniform(0, 10_000, (9, 2))
    across = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    distance = pairs(across + np.diag(rng.uniform(50, 500, 9)), names)
    index = pd.MultiIndex.from_product(
        [names, names, [2000, 2001], list("pqrstu")],
        names=["exporter", "importer", "year", "product"],
    )
    flows = pd.Series(rng.lognormal(0, 2, len(index)), index, name="value").reset_index()
    flows = flows[(rng.uniform(size=len(flows)) < 0.6) & (flows["exporter"] != flows["importer"])]
    gap = (distance["exporter"] == "I") & (distance["importer"] == "B")
    return flows.reset_index(drop=True), distance.mask(gap).dropna()


def reference_actual(flows, distance, by, weights="value", floor=0.0):
    joined = flows[flows["value"] > floor].merge(distance, on=["exporter", "importer"])
    if weights == "simple":
        return joined.groupby(by)["distcap"].mean()
    return (joined["value"] * joined["distcap"]).groupby([joined[b] for b in by]).sum() / (
        joined.groupby(by)["value"].sum()
    )


def reference_ideal(flows, distance, by, rule, own, weights="value"):
    flows = flows.merge(distance[["exporter", "importer"]], on=["exporter", "importer"])
    km = distance.set_index(["exporter", "importer"])["distcap"]
    exports = flows.groupby(["year", "product", "exporter"])["value"].sum().unstack("exporter")
    exports = exports.fillna(0.0)
    if rule == "rca":
        share = exports.div(exports.groupby("year").sum(), level="year")
        world = exports.sum(axis=1)
        score = share.div(world / world.groupby("year").sum(), axis=0)
    else:
        score = exports
    rows = []
    for (year, product, importer), value in (
        flows.groupby(["year", "product", "importer"])["value"].sum().items()
    ):
        order = exports.loc[(year, product)].sort_values(ascending=False, kind="stable").index
        ranking = (
            score.loc[(year, product), order].sort_values(ascending=False, kind="stable").index
        )
        supplier = ranking[0]
        if supplier == importer:
            if own == "drop":
                continue
            source = {"internal": importer, "second": ranking[1]}.get(own)
            distance_km = 0.0 if own == "zero" else km.get((source, importer), np.nan)
        else:
            distance_km = km.get((supplier, importer), np.nan)
        rows.append((year, product, importer, value, distance_km))
    frame = pd.DataFrame(rows, columns=["year", "product", "importer", "value", "km"]).dropna()
    if weights == "simple":
        return frame.groupby(by)["km"].mean()
    return (frame["value"] * frame["km"]).groupby([frame[b] for b in by]).sum() / (
        frame.groupby(by)["value"].sum()
    )


def test_hand_worked_actual_distance(line):
    """(60·100 + 30·200 + 10·100 + 50·200 + 40·100) / 190 km."""
    flows, distance = line
    assert import_distance(flows, distance)["km"].item() == pytest.approx(27_000 / 190, rel=1e-14)


@pytest.mark.parametrize(
    ("own", "km"),
    [
        ("zero", (60 * 100 + 30 * 200 + 10 * 0 + 50 * 200 + 40 * 0) / 190),
        ("drop", (60 * 100 + 30 * 200 + 50 * 200) / 140),
        ("second", (60 * 100 + 30 * 200 + 10 * 100 + 50 * 200 + 40 * 100) / 190),
    ],
)
def test_hand_worked_ideal_distance(line, own, km):
    """A leads in p and buys it; C leads in q and buys it: the three conventions by hand."""
    flows, distance = line
    ideal = ideal_import_distance(flows, distance, own=own)
    assert ideal["km"].item() == pytest.approx(km, rel=1e-14)


def test_share_on_which_the_convention_decides(line):
    flows, distance = line
    assert ideal_import_distance(flows, distance)["own_share"].item() == pytest.approx(50 / 190)


@pytest.mark.parametrize("by", [["year"], ["importer", "year"], ["year", "product"]])
@pytest.mark.parametrize("weights", ["value", "simple"])
def test_actual_equals_pandas(world, by, weights):
    """Two engines, one answer; 1e-12 allows for another order of summation."""
    flows, distance = world
    ours = import_distance(flows, distance, by=by, weights=weights, floor=0.5).set_index(by)["km"]
    expected = reference_actual(flows, distance, by, weights, floor=0.5)
    pd.testing.assert_series_equal(ours, expected, check_names=False, rtol=1e-12)


@pytest.mark.parametrize("rule", ["largest_exporter", "rca"])
@pytest.mark.parametrize("own", ["zero", "internal", "drop", "second"])
@pytest.mark.parametrize("weights", ["value", "simple"])
def test_ideal_equals_pandas(world, rule, own, weights):
    flows, distance = world
    by = ["importer", "year"]
    ours = ideal_import_distance(flows, distance, rule=rule, own=own, by=by, weights=weights)
    expected = reference_ideal(flows, distance, by, rule, own, weights)
    pd.testing.assert_series_equal(
        ours.set_index(by)["km"], expected, check_names=False, rtol=1e-12
    )


def test_conventions_are_ordered(world):
    """Buying at home can only shorten the average; the second-best lies somewhere beyond home."""
    flows, distance = world
    km = {own: ideal_import_distance(flows, distance, own=own)["km"] for own in ("zero", "second")}
    assert (km["zero"] <= km["second"]).all()


def test_scale_of_value_does_not_matter(world):
    flows, distance = world
    scaled = flows.assign(value=flows["value"] * 1e6)
    for measure in (import_distance, ideal_import_distance):
        np.testing.assert_allclose(
            measure(flows, distance)["km"], measure(scaled, distance)["km"], rtol=1e-12
        )


def test_one_supplier_world_is_already_ideal(line):
    """If every product has one exporter, the actual distance is the ideal one."""
    flows, distance = line
    sole = flows[((flows["exporter"] == "A") & (flows["product"] == "p"))]
    assert import_distance(sole, distance)["km"].item() == pytest.approx(
        ideal_import_distance(sole, distance)["km"].item()
    )


def test_coverage_reports_trade_without_distance(world):
    flows, distance = world
    covered = import_distance(flows, distance, by=["importer", "year"]).set_index(
        ["importer", "year"]
    )["covered"]
    np.testing.assert_allclose(covered.drop("B"), 1, rtol=1e-12)
    assert (covered["B"] < 1).all()


def test_leaders_are_the_largest_exporters(world):
    flows, _ = world
    first = leading_exporters(flows).query("rank == 1").set_index(["year", "product"])["exporter"]
    largest = flows.groupby(["year", "product", "exporter"])["value"].sum()
    largest = largest.unstack("exporter").idxmax(axis=1)
    assert (first == largest.reindex(first.index)).all()


def test_unknown_options_and_columns_are_refused(line):
    flows, distance = line
    with pytest.raises(BookError, match="own='third' is not one of zero, internal, drop, second"):
        ideal_import_distance(flows, distance, own="third")
    with pytest.raises(BookError, match="rule='best' is not one of"):
        ideal_import_distance(flows, distance, rule="best")
    with pytest.raises(BookError, match="weights='gdp' is not one of"):
        import_distance(flows, distance, weights="gdp")
    with pytest.raises(BookError, match="flows lacks the column value"):
        import_distance(flows.drop(columns="value"), distance)


def test_flows_by_use_add_up_to_the_table():
    """International intermediates, investment and consumption of a random 3×2 table."""
    rng = np.random.default_rng(1)
    z, y = rng.uniform(size=(6, 6)), rng.uniform(size=(6, 3, 5))
    x = z.sum(axis=1) + y.sum(axis=(1, 2))
    table = InputOutput(z, y, x, ("AAA", "BBB", "ROW"), ("c1", "c2"), FINAL_USES, 2000)
    flows = flows_by_use(table)
    home = np.kron(np.eye(3), np.ones((2, 2))).astype(bool)
    totals = flows.groupby("use")["value"].sum()
    assert totals["intermediate"] == pytest.approx(z[~home].sum(), rel=1e-12)
    abroad = ~np.kron(np.eye(3), np.ones((2, 1))).astype(bool)
    assert totals["capital"] == pytest.approx(y[abroad][:, 3].sum(), rel=1e-12)
    assert totals["final"] == pytest.approx(y[abroad][:, :3].sum(), rel=1e-12)
    cell = flows.query("exporter == 'AAA' and importer == 'ROW' and product == 'c2:capital'")
    assert cell["value"].item() == pytest.approx(y[1, 2, 3])


def test_imports_are_divided_among_the_sources_of_other_flows():
    """By hand: A buys 10 of x, which come 3 to 1 from B and C there; nobody there sells z."""
    columns = ["exporter", "importer", "year", "product", "value"]
    bought = pd.DataFrame(
        [("B", "A", 2000, "x", 4.0), ("D", "A", 2000, "x", 6.0), ("B", "A", 2000, "z", 5.0)],
        columns=columns,
    )
    elsewhere = pd.DataFrame(
        [("B", "A", 2000, "x", 30.0), ("C", "A", 2000, "x", 10.0), ("C", "D", 2000, "x", 9.0)],
        columns=columns,
    )
    split = split_like(bought, elsewhere)
    assert split[columns].values.tolist() == [
        ["B", "A", 2000, "x", 7.5],
        ["C", "A", 2000, "x", 2.5],
    ]


# -- every measure in one pass -------------------------------------------------------------------

CLASSES = pd.DataFrame({"product": list("pqrst"), "use": ["a", "a", "b", "b", "unclassified"]})
"""Product u has no class."""


def reference_pull(flows, distance, leave_out):
    """Equation 19 in plain pandas, product by product."""
    joined = flows.merge(distance, on=["exporter", "importer"])
    rows = []
    for (importer, year), mine in joined.groupby(["importer", "year"]):
        world = joined[joined["year"] == year]
        world = world[world["importer"] != importer] if leave_out else world
        sums = {
            product: (part["value"] @ part["distcap"]) / part["value"].sum()
            for product, part in world.groupby("product")
        }
        bought = mine.groupby("product")["value"].sum()
        bought = bought[bought.index.isin(list(sums))]
        if len(bought):
            km = sum(v * sums[p] for p, v in bought.items()) / bought.sum()
            rows.append((importer, year, km))
    return pd.DataFrame(rows, columns=["importer", "year", "km"]).set_index(["importer", "year"])


@pytest.mark.parametrize("leave_out", [False, True])
def test_pull_equals_pandas(world, leave_out):
    flows, distance = world
    ours = import_pull(flows, distance, leave_out=leave_out).set_index(["importer", "year"])["km"]
    expected = reference_pull(flows, distance, leave_out)["km"]
    pd.testing.assert_series_equal(ours, expected, check_names=False, rtol=1e-12)


def class_of(flows, use):
    """The flows of one class; products without one are unclassified."""
    if use == "all":
        return flows
    classed = flows.merge(CLASSES, on="product", how="left").fillna({"use": "unclassified"})
    return classed[classed["use"] == use].drop(columns="use")


@pytest.mark.parametrize("own", ["zero", "internal", "drop", "second"])
def test_one_pass_equals_pandas(world, own):
    """Every column of every class equals its own reference on the flows of the class alone."""
    flows, distance = world
    found = distance_measures(flows, distance, CLASSES, own=own, floor=0.5)
    assert set(found["use"]) == {"all", "a", "b", "unclassified"}
    for use, part in found.groupby("use"):
        alone = class_of(flows, use)
        for by, here in (
            (["year"], part[part["importer"] == "WLD"]),
            (["importer", "year"], part[part["importer"] != "WLD"]),
        ):
            expected = {
                "actual": reference_actual(alone, distance, by),
                "simple": reference_actual(alone, distance, by, "simple", floor=0.5),
                "ideal": reference_ideal(alone, distance, by, "largest_exporter", own),
                "rca_ideal": reference_ideal(alone, distance, by, "rca", own),
                "push": reference_ideal(
                    alone, distance, by, "largest_exporter", "drop", weights="simple"
                ),
            }
            if by != ["year"]:
                expected["pull"] = reference_pull(alone, distance, False)["km"]
                expected["pull_others"] = reference_pull(alone, distance, True)["km"]
            here = here.set_index(by)
            for column, series in expected.items():
                pd.testing.assert_series_equal(
                    here[column].dropna().sort_index(),
                    series.dropna().sort_index(),
                    check_names=False,
                    rtol=1e-12,
                )


def test_one_pass_has_the_shares_of_the_measures(world):
    flows, distance = world
    found = distance_measures(flows, distance, own="second")
    assert set(found["use"]) == {"all"}
    total = found[found["importer"] == "WLD"].set_index("year")
    actual = import_distance(flows, distance).set_index("year")
    ideal = ideal_import_distance(flows, distance, own="second").set_index("year")
    for column, expected in (
        ("value", actual["value"]),
        ("covered", actual["covered"]),
        ("own_share", ideal["own_share"]),
    ):
        pd.testing.assert_series_equal(total[column], expected, check_names=False, rtol=1e-12)


def test_a_table_on_the_disk_gives_the_same(world, tmp_path):
    """A DuckDB relation over one parquet file a year, read a year at a time, leaves no table."""
    flows, distance = world
    for year, part in flows.groupby("year"):
        part.drop(columns="year").to_parquet(tmp_path / f"year={year}.parquet")
    engine = duckdb.connect()
    parts = [
        f"SELECT *, {y} AS year FROM '{tmp_path}/year={y}.parquet'" for y in flows["year"].unique()
    ]
    relation = engine.sql(" UNION ALL ".join(parts))
    for measure, more in (
        (import_distance, {"by": ["importer", "year"]}),
        (ideal_import_distance, {"by": ["importer", "year"], "rule": "rca"}),
        (import_pull, {}),
        (distance_measures, {"classes": CLASSES, "floor": 0.5}),
    ):
        one, other = measure(relation, distance, **more), measure(flows, distance, **more)
        pd.testing.assert_frame_equal(one, other, check_dtype=False, rtol=1e-12)
    one, other = flows_by_class(relation, CLASSES), flows_by_class(flows, CLASSES)
    pd.testing.assert_frame_equal(one, other, check_dtype=False, rtol=1e-12)
    assert not engine.sql("SELECT * FROM duckdb_tables()").fetchall()


@pytest.mark.slow
def test_from_files_to_every_measure(tmp_path, monkeypatch):
    """Made-up BACI files of two years: the one pass over parquet equals the pandas reference."""
    monkeypatch.setattr(_store, "CACHE", tmp_path / "originals")
    files = baci_files.write(tmp_path, [1995, 1996], rows=5_000)
    relation = _baci.read({path.name: path for path in files}, form="relation")
    distance, classes = baci_files.distances(baci_files.economies()), baci_files.classes()
    found = distance_measures(relation, distance, classes, floor=0.01)
    for use in ("all", "intermediate"):
        part = found[(found["use"] == use) & (found["importer"] != "WLD")]
        part = part.set_index(["importer", "year"])
        alone = relation.df().merge(classes, on="product")
        alone = alone if use == "all" else alone[alone["use"] == use]
        flows, by = alone.drop(columns=["use", "quantity"]), ["importer", "year"]
        for column, expected in (
            ("actual", reference_actual(flows, distance, by)),
            ("simple", reference_actual(flows, distance, by, "simple", floor=0.01)),
            ("ideal", reference_ideal(flows, distance, by, "largest_exporter", "zero")),
            ("rca_ideal", reference_ideal(flows, distance, by, "rca", "zero")),
        ):
            pd.testing.assert_series_equal(
                part[column].dropna().sort_index(), expected, check_names=False, rtol=1e-12
            )


def test_flows_by_class_add_up(world):
    flows, _ = world
    found = flows_by_class(flows, CLASSES)
    assert set(found["use"]) == {"a", "b", "unclassified"}
    for use, part in found.groupby("use"):
        assert part["value"].sum() == pytest.approx(class_of(flows, use)["value"].sum())
    assert not found.duplicated(["exporter", "importer", "year", "use"]).any()


def test_what_would_count_a_flow_twice_is_refused(world):
    flows, distance = world
    twice = pd.concat([distance, distance.iloc[[3]]])
    with pytest.raises(BookError, match="distance holds A D twice"):
        import_distance(flows, twice)
    with pytest.raises(BookError, match="classes holds p twice"):
        distance_measures(flows, distance, pd.concat([CLASSES, CLASSES]))
    with pytest.raises(BookError, match="classes calls a class 'all'"):
        distance_measures(flows, distance, CLASSES.assign(use="all"))
    with pytest.raises(BookError, match="classes lacks the column use"):
        distance_measures(flows, distance, CLASSES[["product"]])


HAS_SPARK = bool(importlib.util.find_spec("pyspark") and shutil.which("java"))


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.mark.slow
@pytest.mark.parametrize("world", [0], indirect=True)
@pytest.mark.filterwarnings("ignore")  # Spark's own
@pytest.mark.skipif(not HAS_SPARK, reason="needs pyspark and java")
def test_a_cluster_gives_the_same(world, spark):
    """The same text of SQL on Spark; its sums are not Kahan's, so 1e-11."""
    flows, distance = world
    remote = spark.createDataFrame(flows)
    before = {table.name for table in spark.catalog.listTables()}
    for measure, more in (
        (import_distance, {"by": ["importer", "year"], "weights": "simple", "floor": 0.5}),
        (ideal_import_distance, {"by": ["importer", "year"], "rule": "rca", "own": "second"}),
        (import_pull, {"leave_out": True}),
        (distance_measures, {"classes": CLASSES, "floor": 0.5}),
    ):
        one, other = measure(remote, distance, **more), measure(flows, distance, **more)
        pd.testing.assert_frame_equal(one, other, check_dtype=False, rtol=1e-11)
    one, other = flows_by_class(remote, CLASSES), flows_by_class(flows, CLASSES)
    pd.testing.assert_frame_equal(one, other, check_dtype=False, rtol=1e-11)
    assert {table.name for table in spark.catalog.listTables()} == before
