"""Documents -> rules: the parts a rule has, what they must be, and where they are wrong."""

from __future__ import annotations

import pytest

from tests.support.rules import codes, diagnostics, outcomes, pointed, rule, tree
from transpiler.model import LEVELS, STATUSES, LogSource, Rule
from transpiler.span import Span

DETECTION = "detection:\n  s: {f: x}\n  condition: s\n"
HEAD = "title: T\nlogsource: {product: p}\n"

FULL = """\
title: A title
id: 00000000-0000-4000-8000-000000000001
name: a_name
status: test
description: |
  Two
  lines
license: MIT
author: A, B
date: 2024-01-02
modified: 2024-02-03
references:
  - https://example.org/a
tags: [attack.t1059, 7]
logsource:
  category: c
  product: p
  service: s
  definition: d
detection:
  s: {f: x}
  condition: s
fields: [f]
falsepositives: none known
level: high
custom: {any: [thing]}
"""


def read(text: str) -> Rule:
    (outcome,) = outcomes(text)
    assert outcome.rule is not None, outcome.diagnostics
    return outcome.rule


def test_every_part() -> None:
    found = read(FULL)
    assert codes(FULL) == []
    assert (found.title, found.id, found.name) == ("A title", "00000000-0000-4000-8000-000000000001", "a_name")
    assert (found.status, found.level, found.license, found.author) == ("test", "high", "MIT", "A, B")
    assert (found.description, found.date, found.modified) == ("Two\nlines\n", "2024-01-02", "2024-02-03")
    assert (found.references, found.tags, found.fields) == (("https://example.org/a",), ("attack.t1059", "7"), ("f",))
    assert found.falsepositives == ("none known",)
    assert found.logsource == LogSource("c", "p", "s", "d", Span("rule.yml", 16, 3, 1))
    assert (found.path, found.span) == ("rule.yml", Span("rule.yml", 1, 1, 1))
    (condition,) = found.conditions
    assert (condition.text, condition.span) == ("s", Span("rule.yml", 22, 14, 1))
    assert condition.tree == found.selections["s"]


def test_what_may_be_absent() -> None:
    found = read(HEAD + DETECTION)
    absent = (found.id, found.name, found.status, found.level, found.description, found.author, found.date)
    assert set(absent) == {None}
    assert (found.references, found.tags, found.falsepositives, found.fields) == ((), (), (), ())
    assert found.logsource[:4] == (None, "p", None, None)


def test_metadata_is_text_as_written() -> None:
    found = read(f"{HEAD}id: 0x10\nauthor: true\ndate: 2024-1-1\nlicense: ''\nstatus:\n{DETECTION}")
    assert (found.id, found.author, found.date, found.license, found.status) == ("0x10", "true", "2024-1-1", None, None)


@pytest.mark.parametrize("word", [*LEVELS, *STATUSES])
def test_the_words_of_the_specification(word: str) -> None:
    key = "level" if word in LEVELS else "status"
    assert codes(f"{HEAD}{key}: {word}\n{DETECTION}") == []


WRONG = {
    # --- no rule
    "a list": ("R201", "«-» a\n"),
    "text": ("R201", "«words»\n"),
    "a number": ("R201", "«42»\n"),
    "another map": ("R201", "«a»: b\n"),
    "a correlation": ("R206", "title: T\n«correlation»: {type: event_count}\n"),
    "a filter": ("R207", "title: T\nlogsource: {product: p}\n«filter»: {rules: any}\n"),
    "a collection": ("R208", "title: T\n«action»: global\n"),
    # --- parts that are missing
    "no title": ("R202", "«l»ogsource: {product: p}\n" + DETECTION),
    "an empty title": ("R202", "«t»itle:\nlogsource: {product: p}\n" + DETECTION),
    "no logsource": ("R202", "«t»itle: T\n" + DETECTION),
    "an empty logsource": ("R202", "title: T\nlogsource: «{definition: d}»\n" + DETECTION),
    "no detection": ("R202", "«t»itle: T\nlogsource: {product: p}\n"),
    "no condition": ("R202", HEAD + "«detection»:\n  s: {f: x}\n"),
    # --- parts of another type
    "a title that is a list": ("R203", "title: «[T]»\nlogsource: {product: p}\n" + DETECTION),
    "an id that is a map": ("R203", HEAD + "id: «{a: b}»\n" + DETECTION),
    "a tag that is a list": ("R203", HEAD + "tags: [a, «[b]»]\n" + DETECTION),
    "references that are a map": ("R203", HEAD + "references: «{a: b}»\n" + DETECTION),
    "a logsource that is text": ("R203", "title: T\nlogsource: «windows»\n" + DETECTION),
    "a product that is a list": ("R203", "title: T\nlogsource: {product: «[p]»}\n" + DETECTION),
    "a detection that is a list": ("R203", HEAD + "detection:\n  «-» s\n"),
    "a condition that is a map": ("R203", HEAD + "detection:\n  s: {f: x}\n  condition: «{s: s}»\n"),
    "a condition in a list that is a list": ("R203", HEAD + "detection:\n  s: {f: x}\n  condition: [s, «[s]»]\n"),
    "a key that is a list": ("R203", HEAD + "detection:\n  s: {f: x}\n  ? «[a]»\n  : b\n  condition: s\n"),
    "a detection with a tag": ("R203", HEAD + "detection: «!!python/object:os.system {s: {f: x}, condition: s}»\n"),
    "a selection with a tag": ("R203", rule("s: «!!set {f: x}»")),
    "a list with a tag": ("R203", rule("s: «!!omap [{f: x}]»")),
    # --- nothing to look for
    "an empty selection": ("R204", rule("s: «{}»")),
    "an empty list": ("R204", rule("s: «[]»")),
    "an empty map in a list": ("R204", rule("s: [{f: x}, «{}»]")),
    "an empty list in a list": ("R204", rule("s: [{f: x}, «[]»]")),
    "no selection": ("R204", HEAD + "«detection»:\n  condition: s\n"),
    "no condition in the list": ("R204", rule("s: {f: x}", "«[]»")),
    "an empty keyword": ("R204", rule("s: [x, «''»]")),
    "nothing": ("R205", rule("s: «null»")),
    "null in a list of maps": ("R205", rule("s: [{f: x}, «null»]")),
    # --- the same key twice
    "a field twice": ("S107", rule("s:\n  f: x\n  «f»: y")),
    "a selection twice": ("S107", rule("s: {f: x}\n«s»: {f: y}")),
    "a part twice": ("S107", HEAD + DETECTION + "«title»: U\n"),
    "two conditions": ("S107", rule("s: {f: x}") + "  «condition»: s\n"),
    # --- depth
    "lists in lists": ("S105", rule("s: " + "[" * 65 + "«[x]»" + "]" * 65)),
    "merges in merges": ("S105", rule("s: " + "{<<: " * 64 + "{<<: «{a: b}»}" + "}" * 64)),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_and_where(name: str) -> None:
    code, text = WRONG[name]
    found, wanted = pointed(code, text)
    assert found == wanted


NOTES = {
    "an unknown level": ("R209", HEAD + "level: «severe»\n" + DETECTION),
    "a level in capitals": ("R209", HEAD + "level: «High»\n" + DETECTION),
    "an unknown status": ("R209", HEAD + "status: «done»\n" + DETECTION),
    "a timeframe": ("R211", rule("«timeframe»: 5m\ns: {f: x}")),
}


@pytest.mark.parametrize("name", NOTES)
def test_what_deserves_a_note(name: str) -> None:
    code, text = NOTES[name]
    found, wanted = pointed(code, text)
    assert found == wanted
    assert [each.severity for each in diagnostics(text.replace("«", "").replace("»", ""))] == ["note"]


def test_a_misspelt_part_is_shown() -> None:
    (found,) = diagnostics(HEAD + DETECTION.replace("detection", "Detection"))
    assert (found.code, "`Detection`" in found.hint) == ("R202", True)


def test_the_first_use_of_a_key_is_named() -> None:
    (found,) = diagnostics(rule("s:\n  f: x\n  g: y\n  f: z"))
    assert "line 5" in found.message


SELECTIONS = {
    "{f: x, g: y}": 'and\n  f equals "x"\n  g equals "y"',
    "[{f: x}, {g: y}]": 'or\n  f equals "x"\n  g equals "y"',
    "[{f: x, g: y}, {f: z}]": 'or\n  and\n    f equals "x"\n    g equals "y"\n  f equals "z"',
    "[{f: x}]": 'f equals "x"',
    "x": 'any value contains "x"',
    "[x, y]": 'any value contains "x" or "y"',
    "[x, {f: y}]": 'or\n  any value contains "x"\n  f equals "y"',
    "[[x], [{f: y}]]": 'or\n  any value contains "x"\n  f equals "y"',
    "[1, true, 1.5, 1.0e+20]": 'any value contains "1" or "true" or "1.5" or "100000000000000000000"',
    "['*x', 'x*', 'x?y']": 'any value contains "x" or like * "x" ? "y" *',
    "{'|all': [x, y], f: z}": 'and\n  any value contains "x"\n  any value contains "y"\n  f equals "z"',
    "{4688: x, true: y, null: z}": 'and\n  4688 equals "x"\n  true equals "y"\n  null equals "z"',
    "{f g: x, 'f:g': y, and: z}": 'and\n  "f g" equals "x"\n  "f:g" equals "y"\n  "and" equals "z"',
    "{<<: {f: x, g: y}, f: z}": 'and\n  f equals "z"\n  g equals "y"',
    "{<<: [{f: x}, {f: y, g: z}]}": 'and\n  f equals "x"\n  g equals "z"',
    "{'<<': x}": '"<<" equals "x"',
    "!!map {f: !!str 1}": 'f equals "1"',
}


@pytest.mark.parametrize("selection", SELECTIONS)
def test_what_a_selection_means(selection: str) -> None:
    assert tree(f"s: {selection}") == SELECTIONS[selection]


def test_aliases_are_followed() -> None:
    assert tree("a: &a {f: x}\ns: {<<: *a, g: &g [y, z], h: *g}", "s and a") == "\n".join(
        ["and", '  g equals "y" or "z"', '  h equals "y" or "z"', '  f equals "x"']
    )


def test_what_merging_needs() -> None:
    found, wanted = pointed("R203", rule("s: {<<: «text»}"))
    assert found == wanted


def test_spellings_are_bounded() -> None:
    values = ["    - ' -a -b -c -d'\n"] * 60
    values[53] = "    - «' -a -b -c -d'»\n"  # 53 times 1,875 spellings are fewer than 100,000
    found, wanted = pointed("R210", rule(f"s:\n  f|windash|base64offset|contains:\n{''.join(values)}"))
    assert found == wanted


def test_an_error_names_the_rule() -> None:
    assert [each.rule_id for each in diagnostics(f"id: abc\n{HEAD}")] == ["abc"]
    assert [each.rule_id for each in diagnostics(f"id: abc\n{rule('a: {f: x}', 'b')}")] == ["abc"]
    assert [each.rule_id for each in diagnostics(f"id: abc\nlevel: x\n{HEAD}{DETECTION}")] == ["abc"]
    assert [each.rule_id for each in diagnostics("just text")] == [None]
