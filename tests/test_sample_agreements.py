"""Agreements of the sample world: their schemas, and estimators that recover the rule."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from lib import agreements, data, sample, treaty_text
from lib.data import _desta, _tota
from lib.errors import DataError
from lib.sample.world import REAL
from lib.trade import flows_by_use

TRUTH = sample.agreement_parameters()
EMBEDDED = {name: data.load(name) for name in ("pwt_91", "capitals")}
SLOPES = {
    "log_distance": TRUTH.distance,
    "log_size": TRUTH.size,
    "d_share": TRUTH.importance,
    "near_share": TRUTH.interaction,
    "held": TRUTH.again,
    "d_capital": 0.0,
    "near_capital": 0.0,
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def formation():
    return sample.agreement_formation(**EMBEDDED)


@pytest.fixture(scope="module")
def sources():
    return {key: data.load(key, tier="sample") for key in ("tota", "desta")}


def logit(formation, x=tuple(SLOPES)):
    """Fit the rule: formed on `x` and an effect of each period after the first."""
    later = formation[formation["year"] > TRUTH.years[0]]
    later = later.assign(
        near_share=later["d_share"] * later["log_distance"],
        near_capital=later["d_capital"] * later["log_distance"],
    )
    periods = pd.get_dummies(later["year"], dtype=float)
    regressors = later[list(x)].astype(float).join(periods.set_axis(list("abcd"), axis=1))
    return sm.Logit(later["formed"], regressors).fit(disp=0)


class TestSchema:
    def test_tota(self, sources):
        frame = sources["tota"]
        assert list(frame) == _tota._COLUMNS
        assert set(frame["kind"]) == {"free trade", "partial scope"}
        assert frame["treaty"].is_unique and (frame["treaty"] < 0).all()
        assert frame["name"].str.contains(" - ").all() and frame.attrs["unreadable"] == []
        for column in ("signed", "in_force", "inactive", "notified", "end_implementation"):
            assert str(frame[column].dtype).startswith("datetime64")

    def test_texts(self, sources):
        articles = data.load("tota", tier="sample", texts=True)
        assert list(articles) == list(treaty_text.ARTICLE)
        assert set(articles["treaty"]) == set(sources["tota"]["treaty"])
        assert set(articles["language"]) == {"en", "es", "fr"}

    def test_desta(self, sources):
        assert list(sources["desta"]) == _desta._COLUMNS
        contents = data.load("desta", tier="sample", table="treaties")
        assert list(contents) == ["treaty", "number", "name", "event", "signed", *_desta.INDICES]
        parts = contents[_desta.INDICES[:-2]]
        assert (parts.sum(axis=1) == contents["depth_index"]).all()
        with pytest.raises(DataError, match="no table 'depth'"):
            data.load("desta", tier="sample", table="depth")

    def test_it_does_not_change(self, sources):
        again = data.load("tota", tier="sample")
        pd.testing.assert_frame_equal(again, sources["tota"])
        shuffled = {name: frame.sample(frac=1, random_state=1) for name, frame in EMBEDDED.items()}
        pd.testing.assert_frame_equal(sample.tota(**shuffled), sources["tota"])


class TestNetwork:
    def test_it_is_the_one_that_was_drawn(self, formation, sources):
        """Read back through the rules for real treaties, which leave an invented world alone."""
        found = agreements.network(sources["tota"], TRUTH.years, REAL)
        drawn = formation.assign(
            n=formation.groupby(["country", "partner"])["formed"].cumsum()
        ).rename(columns={"country": "exporter", "partner": "importer"})
        both = drawn.merge(found, on=["exporter", "importer", "year"], suffixes=("_drawn", ""))
        assert len(both) == 276 * 5 and (both["n"] == both["n_drawn"]).all()
        moved = agreements.changes(found)
        first = drawn.query("formed == 1 and held == 0 and year > 1995")
        assert moved["formed"].sum() == 2 * len(first)
        assert moved["ended"].sum() == 0

    def test_the_second_source_is_late_where_it_differs(self, sources):
        one, other = (agreements.network(sources[k], range(1995, 2016)) for k in ("tota", "desta"))
        odd = agreements.compare(one, other)
        assert len(odd) and set(odd["held_by"]) == {"one"} and set(odd["years"]) == {1}
        assert set(odd["cause"]) <= {"starts later", "partial scope"}
        share = agreements.agreement(one, other, REAL)["share"]
        assert 0.99 < share.min() < 1

    def test_dummies_and_panel_have_the_same_agreements(self, sources):
        flows = data.load("wiod_2016_gravity", tier="sample")
        dummies = agreements.from_dummies(flows)
        found = agreements.network(sources["tota"], [2002, 2005, 2008, 2011, 2014])
        odd = agreements.compare(found, dummies)
        assert odd.empty
        both = dummies.merge(found, on=["exporter", "importer", "year"], suffixes=("", "_found"))
        assert (both["services"] == both["services_found"]).all()
        panel = data.load("bilateral_panel", tier="sample")
        found = agreements.network(sources["tota"], panel["year"].unique())
        both = panel.merge(found, on=["exporter", "importer", "year"], how="left").fillna(0)
        tied = (both["fta"] == 1) | (both["partial_scope"] == 1)
        assert (tied == (both["agreement_id"] > 0)).all() and 0.1 < tied.mean() < 0.6


class TestRule:
    def test_shares_are_those_of_the_input_output_tables(self, formation):
        """The rule's own arithmetic against the public tables, built another way."""
        shares = {}
        for year in (2005, 2010):
            flows = flows_by_use(data.load("wiod_2013", tier="sample", year=year))
            for use in ("intermediate", "capital"):
                of_use = flows[flows["use"] == use]
                value = (
                    of_use.groupby(["exporter", "importer"])["value"].sum().unstack(fill_value=0)
                )
                shares[year, use] = 100 * value / value.sum()
        period = formation[formation["year"] == 2010]
        for use, column in (("intermediate", "d_share"), ("capital", "d_capital")):
            change = shares[2010, use] - shares[2005, use]
            known = [
                change.at[i, j] + change.at[j, i]
                for i, j in period[["country", "partner"]].to_numpy()
            ]
            np.testing.assert_allclose(period[column], known, atol=1e-9)

    def test_the_logit_of_pairs_recovers_the_parameters(self, formation):
        """Within three standard errors; the interaction is told from zero."""
        found = logit(formation)
        gap = (found.params[list(SLOPES)] - pd.Series(SLOPES)) / found.bse[list(SLOPES)]
        assert gap.abs().max() < 3
        assert found.params["near_share"] / found.bse["near_share"] < -3

    def test_over_many_draws_estimates_lie_around_the_truth(self):
        """Thirty worlds: mean standardised gaps within three of their own standard errors.

        Logit's bias in a sample of 1,104 with 115 events is of the order of a fifth of a standard
        error, which the bound leaves room for.
        """
        gaps = []
        for seed in range(30):
            found = logit(sample.agreement_formation(**EMBEDDED, seed=seed))
            gaps.append((found.params - pd.Series(SLOPES)) / found.bse)
        gaps = pd.DataFrame(gaps)[list(SLOPES)]
        assert gaps.mean().abs().max() < 3 / np.sqrt(30)
        assert gaps.std().between(0.75, 1.35).all()

    def test_without_its_main_effects_the_interaction_is_another_number(self, formation):
        """As printed, distance in km: the interaction stands in for the change of the share."""
        later = formation.assign(
            printed=formation["d_share"]
            * (formation["log_distance"] + np.log(TRUTH.reference_km))
        )  # fmt: skip
        found = logit(later, ("printed",))
        gap = found.params["printed"] - TRUTH.interaction
        assert gap > 5 * found.bse["printed"]
        period = later[later["year"] > TRUTH.years[0]]
        assert np.corrcoef(period["printed"], period["d_share"])[0, 1] > 0.97
