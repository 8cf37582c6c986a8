"""The meaning of numbers, booleans, networks, dates and references: each case is a leaf, a value and the answer."""

from __future__ import annotations

import pytest

from tests.support.meaning import (
    HOUR,
    NO,
    YES,
    Case,
    F,
    check,
    cidr,
    compare,
    equals,
    match,
    reference,
    value_cases,
)
from transpiler import ast
from transpiler.values import text_of

# --- numbers and booleans -----------------------------------------------------------------------


@value_cases(
    (equals(4688), 4688, YES),
    (equals(4688), 4688.0, YES),
    (equals(4688), "4688", YES),
    (equals(4688), 46880, NO),
    (equals(4688), "46880", NO),
    (equals(4688), " 4688", NO),
    (equals(4688), "04688", NO),
    (equals(4688), "+4688", NO),
    (equals(4688), "4688.0", NO),
    (equals(4688), "0x1250", NO),
    (equals(4688), "4.688e3", NO),
    (equals(-1), "-1", YES),
    (equals(1.5), 1.5, YES),
    (equals(1.5), "1.5", YES),
    (equals(1.5), "1.50", NO),
    (equals(1.0), 1, YES),
    (equals(1.0), "1.0", YES),
    (equals(2**64), 2**64, YES),
    (equals(2**64), "18446744073709551616", YES),
    (equals(2**64), float(2**64), YES),
    (equals(2**53 + 1), float(2**53), NO),
    (equals(10**5000), "1" + "0" * 5000, YES),
    (equals(1, 2), 2, YES),
    (equals(0), "", NO),
    (equals(0), False, NO),
    (equals(1), True, NO),
    (equals(1), "true", NO),
)
def test_a_number_matches_the_number_or_its_decimal_string(case: Case) -> None:
    check(case)


@value_cases(
    (equals(True), True, YES),
    (equals(True), "true", YES),
    (equals(True), "TRUE", YES),
    (equals(True), False, NO),
    (equals(True), 1, NO),
    (equals(True), "1", NO),
    (equals(False), 0, NO),
    (equals(False), "", NO),
    (equals(True, 5), 5, YES),
    (equals(True, 5), 1, NO),
)
def test_a_boolean_matches_the_boolean_or_its_text(case: Case) -> None:
    check(case)


@value_cases(
    (match("4688"), 4688, YES),
    (match("46*"), 4688, YES),
    (match("4688"), 4688.0, NO),
    (match("1.5"), 1.5, YES),
    (match("True"), True, YES),
    (match("TRUE"), "true", YES),
    (match("True", cased=True), True, NO),
    (match("true", cased=True), True, YES),
    (match("1"), True, NO),
    (match("*"), 0, YES),
    (match("*"), False, YES),
    (match("*"), {"a": "b"}, NO),
    (match("None"), None, NO),
)
def test_quoted_numbers_and_booleans_compare_as_text(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        (4688, "4688"),
        (-7, "-7"),
        (2**64, "18446744073709551616"),
        (1.5, "1.5"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (1e3, "1000.0"),
        (1e21, "1" + "0" * 21),
        (1e-7, "0.0000001"),
        (True, "true"),
        (False, "false"),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_the_text_of_a_value(value: object, text: str | None) -> None:
    assert text_of(value) == text


@value_cases(
    (compare("lt", 5), 4, YES),
    (compare("lt", 5), 5, NO),
    (compare("lte", 5), 5, YES),
    (compare("lte", 5), 5.1, NO),
    (compare("gt", 5), 5.5, YES),
    (compare("gt", 5), 5, NO),
    (compare("gte", 5), 5, YES),
    (compare("gte", 5), 4, NO),
    (compare("gt", 5), "10", YES),
    (compare("gt", 5), "5.5", YES),
    (compare("lt", 5), "-10", YES),
    (compare("gt", 5), "010", YES),
    (compare("gt", 5), "9" * 5000, YES),
    (compare("gt", 5), " 10", NO),
    (compare("gt", 5), "0x10", NO),
    (compare("gt", 5), "1e3", NO),
    (compare("gt", 5), "ten", NO),
    (compare("gt", 5), "٩", NO),
    (compare("lt", 5), "", NO),
    (compare("gt", 0), True, NO),
    (compare("gt", 1.5), 2**60, YES),
)
def test_comparisons_need_a_number(case: Case) -> None:
    check(case)


# --- networks, fields, dates --------------------------------------------------------------------


@value_cases(
    (cidr("10.0.0.0/8"), "10.255.255.255", YES),
    (cidr("10.0.0.0/8"), "11.0.0.0", NO),
    (cidr("10.0.0.0/8", "192.168.0.0/16"), "192.168.4.4", YES),
    (cidr("127.0.0.1/32"), "127.0.0.1", YES),
    (cidr("fe80::/10"), "fe80::1", YES),
    (cidr("fe80::/10"), "FE80:0:0:0:0:0:0:1", YES),
    (cidr("::1/128"), "0:0:0:0:0:0:0:1", YES),
    (cidr("fe80::/10"), "10.0.0.1", NO),
    (cidr("10.0.0.0/8"), "::ffff:10.0.0.1", NO),
    (cidr("0.0.0.0/0"), "10.0.0.1:80", NO),
    (cidr("0.0.0.0/0"), " 10.0.0.1", NO),
    (cidr("0.0.0.0/0"), "010.0.0.1", NO),
    (cidr("0.0.0.0/0"), "host.example", NO),
    (cidr("0.0.0.0/0"), "", NO),
    (cidr("0.0.0.0/0"), 167772161, NO),
)
def test_cidr_takes_addresses_of_its_version(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "case",
    [
        (reference(), {"f": "a", "g": "A"}, YES),
        (reference(cased=True), {"f": "a", "g": "A"}, NO),
        (reference(cased=True), {"f": "A", "g": "A"}, YES),
        (reference(), {"f": "ab", "g": "a"}, NO),
        (reference("startswith"), {"f": "ABc", "g": "ab"}, YES),
        (reference("endswith"), {"f": "ABc", "g": "bC"}, YES),
        (reference("contains"), {"f": "xaBx", "g": "Ab"}, YES),
        (reference("contains"), {"f": "a", "g": "ab"}, NO),
        (reference("contains", cased=True), {"f": "xaBx", "g": "Ab"}, NO),
        (reference(), {"f": "a*", "g": "a*"}, YES),
        (reference(), {"f": "abc", "g": "a*"}, NO),
        (reference(), {"f": 4688, "g": "4688"}, YES),
        (reference(), {"f": 1, "g": 1.0}, YES),
        (reference(), {"f": True, "g": "True"}, YES),
        (reference(), {"f": True, "g": 1}, NO),
        (reference(), {"f": "", "g": ""}, YES),
        (reference(), {"f": "a"}, NO),
        (reference(), {"g": "a"}, NO),
        (reference(), {"f": None, "g": None}, NO),
        (reference(), {}, NO),
        (reference(), {"f": ["a", "b"], "g": ["c", "B"]}, YES),
        (reference(), {"f": ["a", "b"], "g": []}, NO),
    ],
)
def test_a_field_is_compared_with_another_as_text(case: Case) -> None:
    check(case)


MOMENT = "2024-12-30T23:59:58.123456789Z"


@pytest.mark.parametrize(
    ("unit", "value"), [("minute", 59), ("hour", 23), ("day", 30), ("week", 1), ("month", 12), ("year", 2024)]
)
def test_parts_of_a_date(unit: ast.TimeUnit, value: int) -> None:
    check((ast.TimePart(F, unit, (value,)), {"f": MOMENT}, YES))
    check((ast.TimePart(F, unit, (value + 1,)), {"f": MOMENT}, NO))


@value_cases(
    (HOUR, "2024-12-31T00:10:00", YES),
    (HOUR, "2024-12-31 00:10:00.5", YES),
    (HOUR, "2024-12-31", YES),
    (HOUR, "2024-12-31T01:10:00+02:00", YES),  # 23:10 UTC
    (HOUR, "2024-12-31T00:10:00+02:00", NO),  # 22:10 UTC
    (HOUR, "0001-01-01T00:00:00+10:00", NO),
    (HOUR, "2024-13-31T00:10:00", NO),
    (HOUR, "20241231", NO),
    (HOUR, "00:10", NO),
    (HOUR, "12/31/2024 00:10:00", NO),
    (HOUR, 1735603200, NO),
)
def test_dates_are_iso_texts_in_utc(case: Case) -> None:
    check(case)
