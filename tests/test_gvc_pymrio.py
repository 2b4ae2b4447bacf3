"""The measures that pymrio offers too, on one small table.

The reference numbers are pymrio 0.7.0's output for the table below (`IOSystem.calc_all` with an
extension of two factors), printed to twelve decimals: agreement is asked to half a unit of the last
and the rounding of sums, 1e-13 of a value. The benchmark repeats the comparison on
large tables where pymrio is installed.
"""

import numpy as np
import pytest

from lib import gvc

# fmt: off
Z = [[12, 3, 5, 0, 2, 1], [4, 20, 1, 6, 0, 3], [7, 2, 15, 4, 3, 0],
     [1, 5, 6, 25, 2, 8], [0, 1, 2, 3, 9, 4], [2, 0, 1, 7, 5, 14]]
Y = [[30, 8, 5], [41, 2, 9], [6, 28, 4], [10, 52, 7], [3, 1, 22], [5, 9, 33]]
JOBS = np.array([5.0, 3, 8, 2, 9, 4])

LEONTIEF = """
1.244027136989 0.062615845972 0.121653776612 0.014594249430 0.084285622838 0.030415663898
0.108445636215 1.317066188668 0.047538641422 0.095917957698 0.026364472093 0.079555576648
0.175600680098 0.054575801023 1.307543288474 0.066918972304 0.125519388726 0.022205764782
0.059754739297 0.108304200636 0.160346170585 1.306707558664 0.114582889570 0.182204183368
0.013527709657 0.025595220351 0.056360191911 0.053009447664 1.270933792027 0.090292324518
0.055592403649 0.014792928313 0.047285099427 0.105609442022 0.186938648725 1.253106472898
"""
GHOSH = """
1.244027136989 0.081590344752 0.127183493731 0.025650498997 0.057467470117 0.035024097822
0.083225720816 1.317066188668 0.038141468117 0.129377710383 0.013795363304 0.070304928200
0.167965867920 0.068022012869 1.307543288474 0.112501460685 0.081860470908 0.024458523528
0.033998386152 0.080294493575 0.095378325607 1.306707558664 0.044450258885 0.119375154620
0.019840640830 0.048915310003 0.086418960930 0.136646576201 1.270933792027 0.152493703631
0.048277613695 0.016739366249 0.042929892901 0.161193358876 0.110687357798 1.253106472898
"""
MADE = {"va": [95, 110, 70], "jobs": [8, 10, 13]}  # D_pba_reg
ABSORBED = {  # D_cba_reg
    "va": [95, 100, 80], "jobs": [9.328061576269, 9.929847122494, 11.742091301237],
}
EXPORTED = {  # D_exp, by industry
    "va": [15.049173250600, 17.283835987476, 15.300249983838,
           25.163653099531, 7.021497297905, 17.670858392690],
    "jobs": [1.881146656325, 0.942754690226, 3.138512817198,
             0.708835298578, 2.633061486714, 1.536596381973],
}
IMPORTED = {  # D_imp_reg
    "va": [32.333009238076, 30.463903083370, 34.692355690595],
    "jobs": [4.151962922820, 3.777195238270, 2.911749169924],
}
BY_PRODUCT = {  # D_cba, by consuming country and product
    "va": [39, 56, 37, 63, 31, 49],
    "jobs": [5.689032128302, 3.639029447967, 6.300222212471,
             3.629624910023, 7.674140700374, 4.067950600863],
}
# fmt: on

DIGITS = {"rtol": 1e-13, "atol": 5e-13}
FACTORS = pytest.mark.parametrize(("name", "factor"), [("va", None), ("jobs", JOBS)])


@pytest.fixture
def table():
    countries, sectors = ("FRA", "IND", "ROW"), ("goods", "services")
    return gvc.Table(np.array(Z, float), np.array(Y, float), countries, sectors)


def test_inverses(table):
    for ours, theirs in ((table.B, LEONTIEF), (table.ghosh, GHOSH)):
        reference = np.array(theirs.split(), float).reshape(6, 6)
        np.testing.assert_allclose(ours, reference, **DIGITS)


@FACTORS
def test_accounts_by_country(table, name, factor):
    """Production-based, consumption-based, and imports of value added or jobs."""
    flows = gvc.value_added_absorbed(table, "country", factor)
    np.testing.assert_allclose(flows.sum(axis=1), MADE[name], **DIGITS)
    np.testing.assert_allclose(flows.sum(), ABSORBED[name], **DIGITS)
    trade = gvc.value_added_exports(table, factor)
    np.testing.assert_allclose(trade.sum(), IMPORTED[name], **DIGITS)


@FACTORS
def test_exports_by_industry(table, name, factor):
    flows = gvc.value_added_absorbed(table, factor=factor)
    home = [flows.loc[row, row[0]] for row in flows.index]
    exported = flows.sum(axis=1) - home
    np.testing.assert_allclose(exported, EXPORTED[name], **DIGITS)
    if name == "va":
        abroad = gvc.forward_linkages(table)["abroad"]
        np.testing.assert_allclose(abroad, EXPORTED[name], **DIGITS)


@FACTORS
def test_footprints_by_product(table, name, factor):
    """What a country's final demand for a product takes: multipliers times final demand."""
    multipliers = table.coefficients(factor) @ table.B
    footprint = (multipliers[:, None] * table.Y).reshape(3, 2, 3).sum(0).T
    np.testing.assert_allclose(footprint.ravel(), BY_PRODUCT[name], **DIGITS)
