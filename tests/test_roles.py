"""Numbers in prose: where a role stands, what the text says for it, and how it is marked."""

import pytest

from lib.book import roles
from lib.book.display import typeset
from lib.errors import BookError


def filled(text, made_up=()):
    return roles.fill(text, lambda e: (e, e in made_up))


def test_roles_are_found_in_order_and_not_in_code_that_is_shown():
    text = "A {eval}`x` and {eval}` y `.\n\n```python\n{eval}`no`\n```\n\n:::{tip}\n{eval}`z`\n:::"
    assert roles.expressions(text) == ["x", "y", "z"]


def test_a_role_inside_a_directive_of_backticks_counts():
    assert roles.expressions("```{note}\nSee {eval}`x`.\n```") == ["x"]


@pytest.mark.parametrize(
    ("text", "set_"),
    [
        ("-0.05", "−0.05"),
        ("-0.00", "0.00"),
        ("-0", "0"),
        ("-0.0 % and -1,234", "0.0 % and −1,234"),
        ("1996-2016", "1996-2016"),
        ("1e-15", "1e-15"),
        ("(-3.2)", "(−3.2)"),
        ("−0.001", "−0.001"),
        ("two-way", "two-way"),
    ],
)
def test_a_number_is_set_as_print_does(text, set_):
    assert typeset(text) == set_


@pytest.mark.parametrize(
    ("shown", "text"), [("'-2 km'", "−2 km"), ("7", "7"), ("'it\\'s'", "it's")]
)
def test_a_reply_becomes_text(shown, text):
    assert roles.value("e", {"status": "ok", "data": {"text/plain": shown}}) == text


@pytest.mark.parametrize("shown", ["np.float64(3.1)", "3.1", "[1]", "True", "<object at 0x1>"])
def test_a_value_that_is_no_text_is_refused(shown):
    with pytest.raises(BookError, match="use an f-string"):
        roles.value("e", {"status": "ok", "data": {"text/plain": shown}})


def test_an_expression_that_fails_is_told_with_its_error():
    reply = {"status": "error", "ename": "NameError", "evalue": "name 'km' is not defined"}
    with pytest.raises(BookError, match="`km` fails with NameError: name 'km' is not defined"):
        roles.value("km", reply)


def test_markup_in_a_value_stays_text():
    assert roles.fill("{eval}`x`", lambda _: ("a*b_c <b>|", False)) == r"a\*b\_c \<b\>\|"


def test_a_block_of_the_made_up_world_says_so_once_and_others_do_not():
    text = "One {eval}`a` and\n{eval}`b`.\n\nTwo {eval}`c`."
    lead = roles.MADE_UP
    assert filled(text, "ab") == f"{lead}One a and\nb.\n\nTwo c."
    assert filled(text, "c") == f"One a and\nb.\n\n{lead}Two c."


def test_the_mark_stands_behind_a_list_marker_and_inside_a_box():
    lead = roles.MADE_UP
    assert filled("- {eval}`a`\n- b {eval}`c`", "ac") == f"- {lead}a\n- {lead}b c"
    box = ":::{tip} Title\n:class: x\n\n{eval}`a`\n:::"
    assert filled(box, "a") == f":::{{tip}} Title\n:class: x\n\n{lead}a\n:::"


def test_a_row_of_a_table_is_marked_at_the_value():
    assert filled("| a | {eval}`b` |", "b") == "| a | b (made up) |"
