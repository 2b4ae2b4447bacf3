"""The panel and the columns of Dang and Yin (2024), against their tables and by hand."""

import numpy as np
import pandas as pd
import pytest

from lib import data, gvc
from lib.book import replication
from lib.errors import BookError
from lib.models import services_gravity as gravity
from lib.sample import services

SIZE = {"economies": 14}


def part(name):
    return data.load("dang_yin_2024", tier="sample", part=name, **SIZE)


@pytest.fixture(scope="module")
def found():
    cells, economies = part("linkages"), part("economies")
    panel = gravity.panel(cells, part("rules"), economies, services.DIGITAL)
    rich = economies.loc[economies["developed"] == 1, "country"].unique()
    wgi = {f"wgi_{m}": economies for m in range(1, 7)}
    return gravity.with_traits(
        panel,
        stages=rich,
        gap=gvc.first_mover_gap(cells).to_numpy(),
        lengths=np.random.default_rng(0).random(len(cells)),
        productivity=economies,
        culture=data.load("cultural_distance", tier="sample"),
        internet=data.load("internet_users", tier="sample"),
        regulation=data.load("oecd_digital_stri", tier="sample"),
        institutions=wgi,
        globalisation=economies,
        telephones=data.load("telephones_1990", tier="sample"),
    )


def test_every_column_of_the_paper_is_stated_with_its_rows():
    """The names of coefficients are those of the published rows, for all seven tables."""
    printed = replication.published().query("paper == 'dang_yin_2024' and stat == 'coef'")
    printed = printed[printed["item"].isin(gravity.TABLES)]
    for (item, column), rows in printed.groupby(["item", "column"])["row"]:
        stated = gravity.TABLES[item][column]
        assert set(rows) <= {*stated.x, *(["constant"] if stated.constant else [])}, (item, column)
    assert printed.groupby(["item", "column"]).ngroups == sum(map(len, gravity.TABLES.values()))


def test_every_column_can_be_estimated(found):
    for columns in gravity.TABLES.values():
        for column in columns.values():
            estimate = gravity.estimate(found, column)
            assert np.isfinite(estimate.std_errors).all() and estimate.nobs > 1000


def test_lags_are_those_of_the_pair_and_missing_in_the_first_years(found):
    pairs = found.pairs.set_index(["exporter", "importer", "year"])
    rules = part("rules").set_index(["exporter", "importer", "year"])["depth"]
    for name, back in {"lag1_rule": 1, "lag2_rule": 2, "lead1_rule": -1}.items():
        for (i, j, t), value in pairs[name].sample(200, random_state=1).items():
            expected = rules.get((i, j, t - back), 0.0) if (i, j, t - back) in pairs.index else None
            assert np.isnan(value) if expected is None else value == expected
    assert pairs["lag2_rule"].isna().groupby("year").all().loc[:2002].tolist() == [
        True,
        True,
        False,
    ]


def test_the_lagged_linkage_is_last_years(found):
    cells = part("linkages").astype({"exporter": "str", "importer": "str", "sector": "str"})
    keys = ["exporter", "importer", "sector"]
    expected = cells.sort_values("year").groupby(keys)["ln_vs"].shift()
    np.testing.assert_array_equal(found["lag1_ln_vs"], expected.reindex(cells.index))


def test_size_is_the_log_of_the_sum_in_dollars(found):
    gdp = part("economies").set_index(["country", "year"])["gdp_usd"]
    row = found.pairs.iloc[100]
    total = gdp[row["exporter"], row["year"]] + gdp[row["importer"], row["year"]]
    assert row["ln_msize"] == pytest.approx(np.log(total * 1e6))


def test_effects_are_told_apart(found):
    cells = part("linkages")
    for name, keys in {
        "exporter_sector_year": ["exporter", "sector", "year"],
        "importer_sector_year": ["importer", "sector", "year"],
        "pair_sector": ["exporter", "importer", "sector"],
        "pair": ["exporter", "importer"],
    }.items():
        groups = cells.groupby(keys, observed=True).ngroup()
        assert len(pd.DataFrame({"a": groups, "b": found[name]}).drop_duplicates()) == (
            groups.nunique()
        )


def test_a_union_is_left_out_from_the_year_of_entry():
    cells = pd.DataFrame(
        [("AUT", "POL", 2003), ("AUT", "POL", 2004), ("POL", "USA", 2010), ("FRA", "GBR", 2020)],
        columns=["exporter", "importer", "year"],
    )
    spells = {"AUT": (1995, 9999), "POL": (2004, 9999), "FRA": (1958, 9999), "GBR": (1973, 2020)}
    assert gravity.within_union(cells, spells).tolist() == [False, True, False, False]


def test_the_fitted_union_gives_the_papers_rows():
    frame = pd.MultiIndex.from_product(
        [services.ECONOMIES, services.ECONOMIES, services.YEARS],
        names=["exporter", "importer", "year"],
    ).to_frame(index=False)
    frame = frame[frame["exporter"] != frame["importer"]]
    left = frame[~gravity.within_union(frame, gravity.fitted_union())]
    assert 19 * len(left) == 1_292_000
    assert 19 * (left["year"] >= 2002).sum() == 1_143_040


def test_a_trait_of_the_exporter_is_refused_and_an_unknown_column_too(found):
    absorbed = gravity.Column(("rule", "production_length"))
    with pytest.raises(BookError, match="'production_length' does not vary"):
        gravity.estimate(
            found.join_cells(production_length=found["exporter_sector_year"].astype(float)),
            absorbed,
        )
    with pytest.raises(BookError, match="no column 'tariff'"):
        gravity.estimate(found, gravity.Column(("rule", "tariff")))
    with pytest.raises(BookError, match="No trait 'tariff'"):
        gravity.with_traits(found, tariff=1)


def test_rows_given_twice_are_refused():
    cells, rules, size = part("linkages"), part("rules"), part("economies")
    with pytest.raises(BookError, match="given twice"):
        gravity.panel(pd.concat([cells, cells[:1]]), rules, size, [])
    with pytest.raises(BookError, match="name a pair and year twice"):
        gravity.panel(cells, pd.concat([rules, rules[:1]]), size, [])
    with pytest.raises(BookError, match="size of a pair of"):
        gravity.panel(cells, rules, size[size["country"] != "USA"], [])


def test_the_distance_in_globalisation_is_that_of_the_footnote():
    """Equal economies: |ln(1 − 1/4 − 1/4)| = ln 2; the more unequal, the larger."""
    cells = part("linkages")
    level = part("economies")[["country", "year"]].assign(globalisation=70.0)
    made = gravity.with_globalisation(
        gravity.panel(cells, part("rules"), part("economies"), []), level
    )
    np.testing.assert_allclose(made.pairs["globalisation_distance"], np.log(2))
