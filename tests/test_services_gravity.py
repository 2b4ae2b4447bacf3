"""The panel and the columns of Dang and Yin (2024), against their tables and by hand."""

import numpy as np
import pandas as pd
import pytest

from lib import data, estimation
from lib.errors import BookError
from lib.models import services_gravity as gravity
from lib.sample import services

SIZE = {"economies": 14}


def part(name):
    return data.load("dang_yin_2024", tier="sample", part=name, **SIZE)


@pytest.fixture(scope="module")
def found():
    return gravity.panel(part("linkages"), part("rules"), part("economies"), services.DIGITAL)


def test_an_equation_is_the_regression_that_it_reads_as(found):
    """By names: constant, product, part of the cells, and clusters, against hdfe itself."""
    two = gravity.sides(found.pairs, part("economies"), "tfp").mean(axis=1)
    panel = found.join(tfp=two)
    ours = gravity.fit(
        panel, "ln_vs ~ 1 + rule + rule:tfp | ikt + jkt + ijk", "year >= 2005", cluster="pair"
    )
    cells = part("linkages").reset_index(drop=True)
    frame = cells.assign(rule=panel["rule"], product=panel["rule"] * two.to_numpy()[panel.at])
    frame = frame[frame["year"] >= 2005]
    effects = [
        ("exporter", "sector", "year"),
        ("importer", "sector", "year"),
        ("exporter", "importer", "sector"),
    ]
    expected = estimation.hdfe(
        frame, "ln_vs", ["rule", "product"], effects, ("exporter", "importer"), constant=True
    )
    assert list(ours.params.index) == ["rule", "interaction_rule_tfp", "constant"]
    np.testing.assert_allclose(ours.params, expected.params, rtol=1e-6)
    np.testing.assert_allclose(ours.std_errors, expected.std_errors, rtol=1e-6)


def test_a_third_part_of_an_equation_is_the_instrument(found):
    """An instrument that is the regressor itself gives least squares."""
    panel = found.join(same=found.pairs["rule"])
    plain = gravity.fit(found, "ln_vs ~ rule + ln_msize | ikt + jkt + ijk")
    two_stages = gravity.fit(panel, "ln_vs ~ ln_msize | ikt + jkt + ijk | rule ~ same")
    assert two_stages.params.index[0] == "rule"
    np.testing.assert_allclose(two_stages.params[plain.params.index], plain.params, rtol=1e-6)


def test_conditions_are_on_pairs_and_years_or_on_cells(found):
    cells = part("linkages")
    np.testing.assert_array_equal(found.where("importer == 'CHN'"), cells["importer"] == "CHN")
    digital = cells["sector"].isin(services.DIGITAL)
    np.testing.assert_array_equal(found.where("~digital"), ~digital)
    odd = (cells["year"] - cells["year"].min()) % 2 == 1
    np.testing.assert_array_equal(found.where("(year - year.min()) % 2 == 1"), odd)


def test_what_cannot_be_estimated_keeps_its_reason(found):
    fits = gravity.fits(found, {"a": "ln_vs ~ rule | ikt", "b": "ln_vs ~ ln_vs1:rule + tariff"})
    assert isinstance(fits["b"], BookError) and "no column 'tariff'" in str(fits["b"])
    assert list(gravity.estimated(fits)) == ["a"]
    assert gravity.estimated({"a": fits["a"]}, but=fits) == {}
    assert gravity.attempt(lambda: 3) == 3
    with pytest.raises(BookError, match="written y ~ x"):
        gravity.fit(found, "ln_vs rule")


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
        "ikt": ["exporter", "sector", "year"],
        "jkt": ["importer", "sector", "year"],
        "ijk": ["exporter", "importer", "sector"],
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


def test_a_trait_of_the_exporter_is_refused(found):
    panel = found.join_cells(length=found["ikt"].astype(float))
    with pytest.raises(BookError, match="'length' does not vary"):
        gravity.fit(panel, "ln_vs ~ rule + length | ikt + jkt + ijk")


def test_rows_given_twice_are_refused():
    cells, rules, size = part("linkages"), part("rules"), part("economies")
    with pytest.raises(BookError, match="given twice"):
        gravity.panel(pd.concat([cells, cells[:1]]), rules, size, [])
    with pytest.raises(BookError, match="name a pair and year twice"):
        gravity.panel(cells, pd.concat([rules, rules[:1]]), size, [])
    with pytest.raises(BookError, match="size of a pair of"):
        gravity.panel(cells, rules, size[size["country"] != "USA"], [])


def test_likeness_is_that_of_the_footnote():
    """Equal sizes: ln(1 − 1/4 − 1/4) = −ln 2; sizes 1 and 3: ln(1 − 1/16 − 9/16)."""
    two = pd.DataFrame({"exporter": [70.0, 1.0], "importer": [70.0, 3.0]})
    np.testing.assert_allclose(gravity.similarity(two), [-np.log(2), np.log(6 / 16)])


def test_institutional_distance_is_a_mean_of_squared_gaps_over_variances():
    traits = pd.DataFrame(
        {"country": ["A", "B", "C"], "year": 2010, "law": [0.0, 1.0, 2.0], "voice": [0.0, 3.0, 0.0]}
    )
    pairs = gravity.pairs_of("ABC", [2010])
    expected = {"A": {"B": 1.0 + 3.0, "C": 4.0}, "B": {"C": 1.0 + 3.0}}  # variances 1 and 3
    found = gravity.institutional_distance(pairs, traits, ["law", "voice"])
    for i, j, value in zip(pairs["exporter"], pairs["importer"], found, strict=True):
        assert value == pytest.approx(expected[min(i, j)][max(i, j)] / 2)


def test_fitted_values_are_those_of_a_regression_without_constant_traits():
    rng = np.random.default_rng(1)
    traits = pd.DataFrame({"a": rng.normal(size=50), "one": 1.0, "b": rng.normal(size=50)})
    y = 2 + 3 * traits["a"] - traits["b"]
    np.testing.assert_allclose(gravity.fitted(y, traits), y)


def test_a_lag_skips_a_year_that_the_panel_lacks():
    cells = part("linkages")
    cells = cells[cells["year"] != 2005]
    panel = gravity.panel(cells, part("rules"), part("economies"), [])
    missing = pd.Series(np.isnan(panel["lag1_ln_vs"])).groupby(panel["year"]).all()
    assert missing[2006] and not missing[2007] and not missing[2004]
