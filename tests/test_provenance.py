"""What a name rests on: the data that were loaded into it, and never less."""

import pytest

from lib.book.provenance import Provenance

CODE = """
import pandas as pd
from lib import data
near = data.load("geodist")
flows = data.load("wiod_2013", year=year)
"""


def rests(code, expression, loads=()):
    trace = Provenance(["year"])
    trace.cell(CODE)
    trace.cell(code, loads)
    return trace.of(expression)


BOTH = {"geodist", "wiod_2013"}


@pytest.mark.parametrize(
    ("code", "expression", "keys"),
    [
        ("a = near", "a", {"geodist"}),
        ("a = near\na = 3", "a", set()),
        ("a = near\na += 3", "a", {"geodist"}),
        ("a, b = near, flows", "a", BOTH),
        ("a = [x for x in flows]", "a", {"wiod_2013"}),
        ("x = near\na = [x for x in flows]", "x", {"geodist"}),
        ("a = {}\na['k'] = flows", "a", {"wiod_2013"}),
        ("a = near.copy()\na.loc[0, 'k'] = flows", "a", BOTH),
        ("a = []\na.append(flows)", "a", {"wiod_2013"}),
        ("a = []\nfor y in near:\n    a.append(flows)", "a", BOTH),
        ("def f(x):\n    return x + near", "f(1)", {"geodist"}),
        ("def f(x):\n    return later + x\nlater = flows", "f(1)", {"wiod_2013"}),
        ("def f():\n    return g()\ndef g():\n    return f() + near.sum()", "f()", {"geodist"}),
        ("a = (lambda near: near)(3)", "a", set()),
        ("if year > 3:\n    a = near\nelse:\n    a = 1", "a", {"geodist"}),
        ("with open('x') as h:\n    a = near", "a", {"geodist"}),
        ("a = 1", "a + year", set()),
        ("a = len('x')", "a", set()),
        ("a = pd.DataFrame()", "a", set()),
        ("b = (a := near)", "a", {"geodist"}),
    ],
)
def test_a_name_rests_on_what_it_was_made_of(code, expression, keys):
    assert rests(code, expression) == keys


def test_a_name_nobody_made_rests_on_everything_loaded():
    assert rests("", "unheard_of") == BOTH


def test_a_key_that_is_no_plain_string_is_what_the_cell_was_seen_to_load():
    assert rests("k = 'x'\na = data.load(k)", "a", ["kof_2018"]) == {"kof_2018"}


def test_a_cell_shows_what_it_reads():
    trace = Provenance()
    trace.cell(CODE)
    assert trace.cell("ax = draw(near)\nax.set(x=1)") == BOTH  # `draw` is not known
    assert trace.cell("import x\nx.draw(near)") == {"geodist"}
