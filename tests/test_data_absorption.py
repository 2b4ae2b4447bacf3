"""Exports and their value added by final absorber: the reader, the stand-in, the real file."""

import itertools

import numpy as np
import pandas as pd
import pytest

from lib import data, gvc, sample
from lib.data import _absorption
from lib.errors import DataError


def rows(years=(2002, 2005)):
    """Return three economies in the source's columns, ROW before ROM as in a list by name."""
    cells = itertools.product(["FRA", "ROW", "ROM"], ["FRA", "ROW", "ROM"], years)
    frame = pd.DataFrame(cells, columns=["exporter", "importer", "year"])
    frame["gtrade"] = np.arange(1.0, len(frame) + 1)
    return frame.assign(dva=frame["gtrade"] / 2).astype({"year": "int32"})


def gravity_rows():
    dummies = [*_absorption.AGREEMENTS, "contig", "comlang_off", "col45"]
    return rows().assign(**dict.fromkeys(dummies, 0), dist=np.float32(1500.5))


class Folder(dict):
    @property
    def only(self):
        return self["x.dta"]


class TestReader:
    def test_names_codes_and_order(self, tmp_path):
        rows().to_stata(tmp_path / "x.dta", write_index=False)
        flows = _absorption.read(Folder({"x.dta": tmp_path / "x.dta"}))
        assert list(flows) == ["exporter", "importer", "year", "value", "exports"]
        assert flows["exporter"].unique().tolist() == ["FRA", "ROU", "ROW"]
        cell = flows.query("exporter == 'ROU' and importer == 'FRA' and year == 2005")
        assert cell["exports"].item() == 14  # the fourteenth row above
        assert cell["value"].item() == 7
        assert str(flows["exporter"].dtype) == "str" and flows["year"].dtype == "int64"

    def test_years(self):
        assert set(_absorption.tidy(rows(), "x.dta", 2005)["year"]) == {2005}
        with pytest.raises(DataError, match=r"x\.dta has no year 2003; choose from 2002, 2005"):
            _absorption.tidy(rows(), "x.dta", [2002, 2003])

    def test_a_missing_or_double_pair_is_named(self):
        with pytest.raises(DataError, match="flow from ROW to ROU of 2002 nowhere"):
            _absorption.tidy(rows().drop(index=10), "x.dta")
        with pytest.raises(DataError, match="flow from ROW to ROU of 2002 twice"):
            _absorption.tidy(rows().loc[[*range(18), 10]], "x.dta")

    def test_dollars_and_gaps_are_refused(self):
        usd = rows().assign(gtrade=rows()["gtrade"] * 1e6)
        with pytest.raises(DataError, match=r"'gtrade': .* is not a number from 0 to .* million"):
            _absorption.tidy(usd, "x.dta")
        with pytest.raises(DataError, match="column 'dva'"):
            _absorption.tidy(rows().assign(dva=np.nan), "x.dta")
        with pytest.raises(DataError, match="lacks the column 'gtrade'"):
            _absorption.tidy(rows().drop(columns="gtrade"), "x.dta")

    def test_a_file_that_is_not_stata_is_refused(self, tmp_path):
        for content in (b"", b"exporter,importer\n"):
            (tmp_path / "x.dta").write_bytes(content)
            with pytest.raises(DataError, match=r"x\.dta is not a readable Stata file"):
                _absorption.read(Folder({"x.dta": tmp_path / "x.dta"}))

    def test_agreements_are_dummies(self, tmp_path):
        gravity_rows().to_stata(tmp_path / "x.dta", write_index=False)
        pairs = _absorption.read_gravity(Folder({"x.dta": tmp_path / "x.dta"}))
        assert list(pairs)[5:12] == _absorption.AGREEMENTS
        assert pairs["dist"].unique().tolist() == [1500.5]
        with pytest.raises(DataError, match=r"column 'fta': 2 is not 0 or 1"):
            _absorption.tidy_gravity(gravity_rows().assign(fta=2), "x.dta")


@pytest.fixture(scope="module")
def embedded():
    return {"pwt_91": data.load("pwt_91"), "capitals": data.load("capitals")}


class TestSample:
    def test_it_is_what_the_gvc_room_computes_from_the_sample_tables(self, embedded):
        """Value added by absorber, exports in sum; what comes home is value added twice crossed."""
        flows = sample.wiod_2016_absorption(**embedded, years=2008)
        table = gvc.Table.of(sample.wiod_2013(**embedded, year=2008))
        value = flows.pivot(index="exporter", columns="importer", values="value")
        known = gvc.value_added_exports(table).loc[value.index, value.columns]
        abroad = ~np.eye(len(value), dtype=bool)
        np.testing.assert_allclose(value.to_numpy()[abroad], known.to_numpy()[abroad], rtol=1e-9)
        exports = flows.groupby("exporter")["exports"].sum()
        known = gvc.gross_exports(table).groupby("exporter").sum()
        np.testing.assert_allclose(exports, known[exports.index], rtol=1e-9)
        home = gvc.kww(table)[["RDV_FIN", "RDV_INT"]].sum(axis=1)
        np.testing.assert_allclose(np.diag(value), home[value.index], rtol=1e-9)

    def test_it_has_the_form_of_the_original(self, embedded):
        flows = sample.wiod_2016_absorption(**embedded)
        assert sorted(flows["year"].unique()) == [2002, 2005, 2008, 2011, 2014]
        cells = flows.rename(columns={"value": "dva", "exports": "gtrade"})
        pd.testing.assert_frame_equal(_absorption.tidy(cells, "the sample"), flows)
        with pytest.raises(DataError, match="covers 1995–2014, not 2015"):
            sample.wiod_2016_absorption(**embedded, years=2015)

    def test_pairs_with_distance_leave_out_the_rest_of_the_world(self, embedded):
        pairs = sample.wiod_2016_gravity(**embedded, borders=data.load("borders"), years=2008)
        assert len(pairs) == 24**2 and "ROW" not in set(pairs["exporter"])
        assert pairs[["cu", "cueia", "eia"]].eq(0).all(axis=None)  # such it does not have
        pairs = pairs.set_index(["exporter", "importer"])
        assert pairs.loc[("FRA", "DEU"), "contig"] == 1 and pairs["dist"].notna().all()


@pytest.mark.originals("wiod_2016_absorption", "wiod_2013")
def test_the_importer_is_the_absorber_and_not_the_first_buyer():
    """The 2013 release, another edition of the same accounts, has the same flows by absorber.

    Forty economies, 2011. Editions differ by a fifth in the median pair (sectors, revised accounts,
    cells cut to whole millions); by first buyer, gross exports would differ by two fifths.
    """
    flows = data.load("wiod_2016_absorption", tier="original", years=2011)
    table = gvc.Table.of(data.load("wiod_2013", tier="original", year=2011), balance="row_sums")
    countries = [c for c in table.countries if c != "ROW"]
    abroad = ~np.eye(len(countries), dtype=bool)

    def pairs(frame):
        return frame.loc[countries, countries].to_numpy()[abroad]

    def apart(one, other):
        return np.median(np.abs(np.log(one / other)))

    value, exports = (
        flows.pivot(index="exporter", columns="importer", values=v) for v in ("value", "exports")
    )
    assert apart(pairs(value), pairs(gvc.value_added_exports(table))) < 0.25
    gross = gvc.gross_exports(table).groupby(["exporter", "importer"]).sum().unstack()
    assert apart(pairs(exports), np.maximum(pairs(gross), 1)) > 0.35
    assert (value < exports).all(axis=None)


@pytest.mark.originals("wiod_2016_gravity", "wiod_2016_absorption")
def test_agreements_of_well_known_pairs():
    pairs = data.load("wiod_2016_gravity", tier="original")
    flows = data.load("wiod_2016_absorption", tier="original")
    keys = ["exporter", "importer", "year"]
    joined = pairs.merge(flows, on=keys, suffixes=("", "_all"))
    assert len(joined) == len(pairs) == 43 * 43 * 5
    assert joined["value"].equals(joined["value_all"])
    assert joined["exports"].equals(joined["exports_all"])
    free = pairs.set_index(keys)[["cu", "fta", "cueia", "ftaeia"]].any(axis=1)
    assert free["USA", "MEX", 2002] and free["TUR", "DEU", 2002] and free["NOR", "FRA", 2002]
    assert not free["POL", "AUS", 2014] and not free["USA", "CHN", 2014]
    # The Korea–United States agreement is of 2012.
    assert not free["KOR", "USA", 2011] and free["KOR", "USA", 2014]
    assert not free[free.index.get_level_values(0) == free.index.get_level_values(1)].any()
