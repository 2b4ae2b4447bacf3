"""Globalisation in the sample world: estimators recover the effect that was put in."""

import numpy as np
import pandas as pd
import pytest
from linearmodels.panel import PanelOLS

from lib import data, gvc, sample
from lib.data import _country_panels as originals
from lib.errors import DataError
from lib.sample.globalisation import _trade
from lib.sample.world import REAL, YEARS, solve

TRUTH = sample.globalisation_parameters()
EMBEDDED = {name: data.load(name) for name in ("pwt_91", "capitals")}
KEYS = ("kof_2018", "kof_2023", "pwt_90", "pwt_1001", "wgi", "inflation", "gdp")


def test_the_index_is_that_of_the_samples_tables():
    """Two ways to one number: by absorber here, V̂BY from the full inverse in lib.gvc."""
    index, openness = _trade(solve(EMBEDDED["pwt_91"], EMBEDDED["capitals"], 2005))
    table = gvc.Table.of(data.load("wiod_2013", tier="sample", year=2005))
    np.testing.assert_allclose(index, gvc.trade_benefit_index(table)[list(REAL)], atol=1e-12)
    gross = gvc.gross_exports(table)
    trade = gross.groupby("exporter").sum() + gross.groupby("importer").sum()
    gdp = pd.Series(table.V * table.x, table.rows).groupby(level=0).sum()
    np.testing.assert_allclose(openness, (trade / gdp)[list(REAL)], rtol=1e-10)


def test_effects_of_wholes_are_means_of_effects_of_parts():
    assert TRUTH.effect("KOFEcGIdj", developed=False) == (24 + 18) / 2
    assert TRUTH.effect("KOFGIdj", developed=False) == (24 + 18) / 2 / 3
    assert TRUTH.effect("KOFGIdj", developed=True) == 9 / 3
    assert TRUTH.effect("KOFSoGIdj", developed=True) == 0


@pytest.mark.parametrize(
    ("key", "columns"),
    [("pwt_90", originals._PWT_90), ("pwt_1001", originals._PWT_1001), ("gdp", ["gdp_usd"])],
)
def test_tables_have_the_columns_of_their_originals(key, columns):
    panel = data.load(key, tier="sample")
    assert set(panel.columns) == {"country", "year", *columns}
    assert panel.set_index(["country", "year"]).index.is_unique
    assert set(panel["country"]) == set(REAL) and set(panel["year"]) == set(YEARS)


def test_capital_is_named_as_in_each_release():
    stock = EMBEDDED["pwt_91"].set_index(["country", "year"]).loc[("DEU", 2010)]
    old, new = (data.load(key, tier="sample") for key in ("pwt_90", "pwt_1001"))
    old, new = (t.set_index(["country", "year"]).loc[("DEU", 2010)] for t in (old, new))
    assert (old["ck"], old["rkna"]) == (stock["cn"], stock["rnna"])
    assert (new["ck"], new["cn"], new["rnna"]) == (stock["ck"], stock["cn"], stock["rnna"])


@pytest.fixture(scope="module")
def panels():
    return {key: data.load(key, tier="sample") for key in KEYS}


@pytest.fixture(scope="module")
def merged(panels):
    """One row per country and year with the paper's variables."""
    frame = sample.trade_benefit(**EMBEDDED)[["country", "year", "tbi"]]
    for key in ("kof_2018", "pwt_90", "inflation"):
        frame = frame.merge(panels[key], on=["country", "year"])
    frame = frame.merge(panels["wgi"], on=["country", "year"], how="left")
    frame = frame.rename(columns={"regulatory_quality": "RQ", "rtfpna": "TFP", "inflation": "INFR"})
    logs = {"lnEXR": "xr", "lnCK": "rkna", "lnGDP": "rgdpna", "lnPOP": "pop"}
    frame = frame.assign(**{name: np.log(frame[column]) for name, column in logs.items()})
    return frame.assign(developed=frame["country"].isin(sample.DEVELOPED))


def fit(frame, y, x):
    frame = frame.set_index(["country", "year"])[[y, *x]].dropna()
    model = PanelOLS(frame[y], frame[x], entity_effects=True, time_effects=True)
    return model.fit(cov_type="clustered", cluster_entity=True)


CONTROLS = ["RQ", "lnEXR", "TFP", "INFR", "lnCK", "lnGDP", "lnPOP"]


@pytest.mark.slow
class TestPanels:
    def test_the_schema_of_the_originals(self, panels):
        assert list(panels["kof_2018"].columns) == ["country", "year", *originals.KOF_COLUMNS]
        assert list(panels["kof_2018"].columns) == list(panels["kof_2023"].columns)
        assert list(panels["wgi"].columns)[2:] == ["regulatory_quality", "std_error", "sources"]
        assert list(panels["inflation"].columns)[2:] == ["inflation", "trade_to_gdp", "population"]
        assert not {1995, 1997, 1999, 2001} & set(panels["wgi"]["year"])
        for panel in panels.values():
            assert str(panel["country"].dtype) == "str" and panel["year"].dtype == int

    @pytest.mark.parametrize("key", ["kof_2018", "kof_2023"])
    def test_indices_stay_in_their_bounds(self, panels, key):
        """A cut at 1 or 100 would bend the linear rule."""
        values = panels[key].iloc[:, 2:].to_numpy()
        assert values.min() > 1 and values.max() < 100

    def test_wholes_are_means_of_parts(self, panels):
        kof = panels["kof_2018"]
        for side in ("df", "dj"):
            economic = kof[[f"KOFTrGI{side}", f"KOFFiGI{side}"]].mean(axis=1)
            np.testing.assert_allclose(kof[f"KOFEcGI{side}"], economic)
            parts = kof[[f"KOF{part}GI{side}" for part in ("Ec", "So", "Po")]].mean(axis=1)
            np.testing.assert_allclose(kof[f"KOFGI{side}"], parts)
        np.testing.assert_allclose(kof["KOFGI"], kof[["KOFGIdf", "KOFGIdj"]].mean(axis=1))

    def test_the_later_edition_adds_noise_of_the_stated_size(self, panels):
        gap = panels["kof_2023"].iloc[:, 2:] - panels["kof_2018"].iloc[:, 2:]
        assert gap.stack().std() == pytest.approx(TRUTH.revision_sd, rel=0.02)

    def test_the_order_of_the_inputs_does_not_matter(self, panels):
        shuffled = {name: frame.sample(frac=1, random_state=1) for name, frame in EMBEDDED.items()}
        pd.testing.assert_frame_equal(sample.kof_2018(**shuffled), panels["kof_2018"])

    def test_the_sample_has_one_governance_indicator(self):
        with pytest.raises(DataError, match="has regulatory_quality only, not 'rule_of_law'"):
            data.load("wgi", tier="sample", indicator="rule_of_law")


@pytest.mark.slow
class TestRecovery:
    """Three clustered standard errors: one false alarm in some hundred under normality."""

    @pytest.mark.parametrize("developed", [True, False])
    @pytest.mark.parametrize(
        "index", ["KOFGIdj", "KOFEcGIdj", "KOFTrGIdj", "KOFFiGIdj", "KOFPoGIdj", "KOFSoGIdj"]
    )
    def test_effects_by_group(self, merged, index, developed):
        group = merged[merged["developed"] == developed]
        found = fit(group, index, ["tbi", *CONTROLS])
        gap = found.params["tbi"] - TRUTH.effect(index, developed)
        assert abs(gap) < 3 * found.std_errors["tbi"]
        assert found.std_errors["tbi"] < 3  # or the test could not fail

    def test_effects_in_one_regression_with_an_interaction(self, merged):
        frame = merged.assign(extra=merged["tbi"] * ~merged["developed"])
        found = fit(frame, "KOFEcGIdj", ["tbi", "extra", *CONTROLS])
        assert abs(found.params["tbi"]) < 3 * found.std_errors["tbi"]
        assert found.params["extra"] == pytest.approx(21, abs=3 * found.std_errors["extra"])

    def test_controls(self, merged):
        found = fit(merged, "KOFCuGIdj", ["tbi", *CONTROLS])
        z = (found.params[CONTROLS] - pd.Series(TRUTH.controls)) / found.std_errors[CONTROLS]
        assert z.abs().max() < 3.5

    def test_leaving_the_controls_out_biases_upwards(self, merged):
        """RQ rises with the index and raises globalisation; so do the others on balance."""
        group = merged[merged["developed"]]
        alone = fit(group, "KOFPoGIdj", ["tbi"])
        assert alone.params["tbi"] > TRUTH.effect("KOFPoGIdj", True) + 3

    def test_de_facto_indices_have_no_effect(self, merged):
        for index in ("KOFTrGIdf", "KOFPoGIdf", "KOFGIdf"):
            found = fit(merged, index, ["tbi"])
            assert abs(found.params["tbi"]) < 3 * found.std_errors["tbi"]

    def test_errors_are_autocorrelated(self, merged):
        """So standard errors that ignore it are too small."""
        residuals = fit(merged, "KOFInGIdj", ["tbi", *CONTROLS]).resids.unstack()
        pairs = residuals[range(2002, 2014)], residuals[range(2003, 2015)]
        found = np.corrcoef(*(part.to_numpy().ravel() for part in pairs))[0, 1]
        # The within transformation pulls the autocorrelation of 20 years down by about 0.1.
        assert found == pytest.approx(TRUTH.persistence, abs=0.2)
