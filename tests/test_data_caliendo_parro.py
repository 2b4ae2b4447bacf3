"""The reader of Caliendo and Parro's data: form, units, and its agreement with a second copy."""

import numpy as np
import pytest

from lib import data
from lib.data import _caliendo_parro as reader
from lib.data._catalogue import dataset
from lib.data._rdata import read_r
from lib.data._store import Files
from lib.errors import BookError, DataError

N, J, K = 31, 20, 40


@pytest.fixture
def files(tmp_path):
    """Made-up numbers in the form and the units of the real files."""
    rng = np.random.default_rng(0)
    square = 1 - np.eye(N)
    tables = {
        "xbilat1993": rng.uniform(1e4, 1e6, (J, N, N)) * square,
        "tariffs1993": rng.uniform(0, 30, (J, N, N)) * square,
        "tariffs2005": rng.uniform(0, 20, (J, N, N)) * square,
        "GO": rng.uniform(2e10, 6e10, (K, N)),
        "B": rng.uniform(0.3, 0.7, (K, N)),
        "IO": rng.uniform(0, 1, (N * K, K)),
        "T": rng.uniform(2, 9, J),
    }
    paths = {}
    for name, table in tables.items():
        path = tmp_path / f"CP2015_{name}.txt"
        np.savetxt(path, table.reshape(-1, table.shape[-1]) if table.ndim > 1 else table)
        paths[path.name] = path
    return tables, paths


def test_axes_and_units(files):
    tables, paths = files
    seen = reader.read(paths)
    usa, mexico = seen.countries.index("USA"), seen.countries.index("MEX")
    # rows are sector × importer, columns exporters; thousand USD become million
    assert seen.trade[3, usa, mexico] == pytest.approx(tables["xbilat1993"][3, usa, mexico] / 1e3)
    assert seen.tariff[2005][0, 1, 2] == pytest.approx(tables["tariffs2005"][0, 1, 2] / 100)
    assert seen.output[usa, 39] == pytest.approx(tables["GO"][39, usa] / 1e6)
    assert seen.inputs[4, 7, 9] == pytest.approx(tables["IO"][4 * K + 7, 9])
    assert seen.value_added[4, 7] == pytest.approx(tables["B"][7, 4])
    assert (seen.theta[J:] == 8.22).all() and len(seen.traded) == J
    assert len(set(seen.sectors)) == K and seen.countries[-1] == "ROW"


def test_a_truncated_file_is_refused(files):
    _, paths = files
    lines = paths["CP2015_B.txt"].read_text().splitlines()
    paths["CP2015_B.txt"].write_text("\n".join(lines[:-1]))
    with pytest.raises(DataError, match=r"CP2015_B\.txt is not a table of 40 × 31 numbers"):
        reader.read(paths)


def test_output_in_another_unit_is_refused(files):
    tables, paths = files
    np.savetxt(paths["CP2015_GO.txt"], tables["GO"] / 1e3)
    with pytest.raises(DataError, match="must be in USD"):
        reader.read(paths)


def test_trade_at_home_is_refused(files):
    tables, paths = files
    np.savetxt(paths["CP2015_xbilat1993.txt"], np.ones((J * N, N)))
    with pytest.raises(BookError, match="trade has sales at home"):
        reader.read(paths)


@pytest.mark.originals("caliendo_parro_2015")
def test_the_authors_files_equal_the_copy_in_the_r_package():
    """The package cp2015 carries the same data with labels, after its own preparation."""
    seen = data.load("caliendo_parro_2015", tier="original")
    other = read_r(Files(dataset("caliendo_parro_2015"))["cp2015_nafta.rda"])
    regions, sectors = (list(map(str, other["sets"][name])) for name in ("regions", "sectors"))
    names = data.load("countries").set_index("country")["name"]
    short = {"KOR": "Korea", "GBR": "UK", "USA": "USA", "ROW": "Row", "TUR": "Turkey"}
    assert regions == [short.get(c) or names[c] for c in seen.countries]
    rows = other["trade"].set_index(["sector", "importer", "exporter"])
    order = [(s, i, e) for s in sectors[:J] for i in regions for e in regions]
    rows = rows.loc[order]
    abroad = 1 - np.eye(N)
    theirs = rows["value"].to_numpy().reshape(J, N, N) / 1e6 * abroad
    np.testing.assert_allclose(seen.trade, theirs, rtol=1e-12)
    tariff = rows["tariff"].to_numpy().reshape(J, N, N)
    np.testing.assert_allclose(seen.tariff[1993], tariff, atol=1e-12)
    theta = other["theta"].set_index("sector")["value"].loc[sectors]
    np.testing.assert_array_equal(seen.theta, theta)
    added = other["value_added"].set_index(["region", "sector"])["value"]
    added = added.loc[[(r, s) for r in regions for s in sectors]].to_numpy().reshape(N, K)
    exports = np.zeros((N, K))
    exports[:, :J] = seen.trade.sum(1).T
    ours = seen.value_added * np.maximum(seen.output, exports)
    np.testing.assert_allclose(ours, added / 1e6, rtol=1e-9)
