"""The events made of a tree tell it from every tree that is nearly it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from tests.support.corpus import ROOT
from tests.support.tree_mutants import mutants
from transpiler import ast, evaluate, regex
from transpiler.ast import And, Cidr, Compare, Equals, Exists, Field, FieldRef, IsNull, Keyword, Match, Node, Not, Or
from transpiler.pattern import DASH, MANY, PRESENT, parse, pattern, surround
from transpiler.stored import columns, stored
from transpiler.witness import near, witnesses

F, G, H = Field("f"), Field("g"), Field("h")


def match(field: Field, *texts: str, cased: bool = False) -> Match:
    return Match(field, tuple(map(parse, texts)), cased)


def keyword(*texts: str, cased: bool = False) -> Keyword:
    return Keyword(tuple([surround(parse(text), before=True, after=True) for text in texts]), cased)


def re_(source: str, flags: str = "") -> ast.Regex:
    return ast.Regex(F, regex.parse(source, flags))


def nets(*texts: str) -> Cidr:
    return Cidr(F, tuple(map(ip_network, texts)))


TREES: dict[str, Node] = {
    # --- patterns
    "equals": match(F, "Kiss me"),
    "equals, two": match(F, "alpha", "beta"),
    "equals, cased": match(F, "Alpha", cased=True),
    "empty": match(F, ""),
    "empty or a": match(F, "", "a"),
    "startswith": match(F, r"C:\Users*"),
    "endswith": match(F, r"*\cmd.exe"),
    "contains": match(F, "*-enc*"),
    "contains, cased": match(F, "*-Enc*", cased=True),
    "shapes": match(F, "a1", "b2*", "*c3", "*d4*"),
    "any": Match(F, (PRESENT,)),
    "inner star": match(F, "a*bc"),
    "star inside contains": match(F, "*a*bc*"),
    "question mark": match(F, "a?c"),
    "only a question mark": match(F, "?"),
    "star and question mark": match(F, "*a?c*d"),
    "literal star": match(F, r"a\*c"),
    "literal question mark": match(F, r"*a\?c*"),
    "backslashes": match(F, r"\\srv\share\\"),
    "quotes": match(F, 'say "it\'s"'),
    "slashes and dots": match(F, "*/usr/a.b*"),
    "dash": Match(F, (pattern(MANY, " ", DASH, "enc", MANY),)),
    "dashes": Match(F, (pattern(DASH, "a ", DASH, "b"),)),
    "beyond ASCII": match(F, "*Éclair*"),
    "newline": match(F, "a\nb"),
    # --- other leaves
    "number": Equals(F, (4688,)),
    "numbers": Equals(F, (1, 7, 4688)),
    "number below zero": Equals(F, (-5,)),
    "fraction": Equals(F, (1.5,)),
    "true": Equals(F, (True,)),
    "boolean or number": Equals(F, (False, 2)),
    **{op: Compare(F, op, 10) for op in ("lt", "lte", "gt", "gte")},  # type: ignore[arg-type]
    "gt, fraction": Compare(F, "gt", 0.5),
    "range": And((Compare(F, "gte", 10), Compare(F, "lt", 20))),
    "network": nets("10.20.0.0/16"),
    "networks": nets("10.0.0.0/8", "192.168.4.0/22", "fe80::/10"),
    "one address": nets("10.1.2.3/32"),
    "regex": re_(r"ab+c[0-9]{2}"),
    "regex, anchored": re_(r"^ab.c$"),
    "regex, dot with s": re_(r"a.c", "s"),
    "regex, i": re_(r"power(shell|point)", "i"),
    "regex, boundaries": re_(r"\bcmd\b"),
    "regex, look-around": re_(r"foo(?!bar)(?=b)"),
    "regex, reference": re_(r"([a-z])x\1"),
    "fieldref": FieldRef(F, G),
    "fieldref, cased": FieldRef(F, G, "equals", True),
    **{f"fieldref {part}": FieldRef(F, G, part) for part in ("startswith", "endswith", "contains")},  # type: ignore[arg-type]
    "exists": Exists(F),
    "null": IsNull(F),
    "hour": ast.TimePart(F, "hour", (9, 13)),
    "minute": ast.TimePart(F, "minute", (7,)),
    "day": ast.TimePart(F, "day", (31,)),
    "week": ast.TimePart(F, "week", (33,)),
    "month": ast.TimePart(F, "month", (2,)),
    "year": ast.TimePart(F, "year", (2019,)),
    "keyword": keyword("mimi katz"),
    "keywords": keyword("sekurlsa", r"lsa\*dump"),
    "keyword, cased": keyword("Dump", cased=True),
    "keyword regex": ast.KeywordRegex(regex.parse(r"pass(word)?\d")),
    # --- trees
    "and": And((match(F, "a1"), match(G, "b2"), match(H, "c3"))),
    "or": Or((match(F, "a1"), match(G, "b2"), match(H, "c3"))),
    "and not": And((match(F, "*a1"), Not(match(G, "*b2")))),
    "and not or": And((match(F, "*a1"), Not(Or((match(G, "*b2"), match(H, "c3*")))))),
    "and not and": And((match(F, "*a1"), Not(And((match(G, "*b2"), match(H, "c3*")))))),
    "filters": And((match(F, "a1*"), Not(IsNull(G)), Not(match(G, "")), Not(match(H, "x*", "y*")))),
    "or of and": Or((And((match(F, "a1"), match(G, "b2"))), And((match(F, "c3"), Not(match(H, "d4")))))),
    "nested nots": Not(And((match(F, "a1"), Not(Or((match(G, "b2"), Not(match(H, "c3")))))))),
    "all on one field": And((match(F, "*one*"), match(F, "*two*"), match(F, "*.three"), Not(match(F, "*four*")))),
    "ends on one field": And((match(F, "C:*"), match(F, "*.exe"), Not(match(F, "*temp*")))),
    "overlapping values": And((match(F, "*cmd.exe*"), match(F, "*\\cmd.exe"))),
    "regex and text": And((match(F, "*one*", "*two*"), re_(r"\d{3}x"), Not(match(F, "*three*")))),
    "regexes": And((re_(r"\s-[^-\s]{0,20}i"), re_(r"\s-[^-\s]{0,20}d"), match(F, "* /"))),
    "cased and not": And((match(F, "*abc*"), Not(match(F, "*abc*", cased=True)))),
    "fieldref and text": And((FieldRef(F, G), match(F, "*a1*"), match(G, "*b2*"))),
    "not fieldref": And((match(F, "*a1*"), Not(FieldRef(F, G)))),
    "keyword and field": And((keyword("mimi"), match(F, "a1"), Not(keyword("katz")))),
    "keywords, all": And((keyword("mimi"), keyword("katz"))),
    "numbers and networks": And((Equals(F, (3,)), Not(Cidr(G, (ip_network("10.0.0.0/8"),))))),
    "time parts": And((ast.TimePart(F, "week", (9,)), ast.TimePart(F, "hour", (22,)), ast.TimePart(F, "month", (3,)))),
}

SAME: dict[str, set[str]] = {
    "empty": {"case"},
    "any": {"case"},
    "only a question mark": {"case"},
    "regex, anchored": {"anchored at its start", "anchored at its end"},
    "regexes": {"case"},
    "fieldref": {"the other way round"},
    "fieldref, cased": {"the other way round"},
    "fieldref and text": {"the other way round"},
    "not fieldref": {"the other way round"},
    "filters": {"is null or empty", "case"},
    "overlapping values": {
        *("child 0 dropped", "end", "first character lost", "last character lost", ". as a wildcard"),
    },
}
"""Mutants that mean what their tree means."""


def told_apart(tree: Node, limit: int) -> Iterator[tuple[str, bool]]:
    """What was done to each mutant, and whether an event tells it from the tree."""
    events = witnesses(tree, limit=limit)
    matches = evaluate.compile(tree)
    labels = [matches(event) for event in events]
    for name, mutant in mutants(tree):
        other = evaluate.compile(mutant)
        yield name, [other(event) for event in events] != labels


@pytest.mark.parametrize("name", TREES)
def test_the_events_tell_a_tree_from_its_mutants(name: str) -> None:
    left = [what for what, told in told_apart(TREES[name], 120) if not told]
    assert set(left) == SAME.get(name, set())


def test_few_events_miss_few_mutants() -> None:
    found = [
        told for name, tree in TREES.items() for what, told in told_apart(tree, 60) if what not in SAME.get(name, ())
    ]
    assert sum(found) / len(found) > 0.995


# --- what is promised -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TREES)
def test_an_event_matches_and_another_does_not(name: str) -> None:
    tree = TREES[name]
    labels = [evaluate.matches(tree, event) for event in witnesses(tree)]
    assert labels[0], "the first event matches"
    assert not all(labels)


@pytest.mark.parametrize("name", TREES)
def test_events_are_few_flat_different_and_json(name: str) -> None:
    events = witnesses(TREES[name])
    assert 8 <= len(events) <= 60
    texts = [json.dumps(event, sort_keys=True, allow_nan=False) for event in events]
    assert len(set(texts)) == len(texts)
    assert [json.loads(text) for text in texts] == events
    for event in events:
        assert all(not isinstance(value, dict) for value in event.values())
        "".join(texts).encode()


def test_the_same_tree_gives_the_same_events() -> None:
    code = "import tests.test_witness as t; print([t.witnesses(tree) for tree in t.TREES.values()])"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("limit", [1, 2, 5, 17, 200])
def test_the_limit_is_kept(limit: int) -> None:
    assert len(witnesses(TREES["and not or"], limit=limit)) <= limit


def shown(tree: Node, name: str) -> list[Any]:
    """The values of a field, ABSENT where it is missing."""
    return [event.get(name, ABSENT) for event in witnesses(tree, limit=200)]


ABSENT = object()


def test_what_is_shown_of_a_text() -> None:
    values = shown(match(F, "Kiss ass"), "f")
    for value in (ABSENT, None, "", "Kiss ass", "kISS ASS", "KISS ASS", "kiss ass", "xKiss ass", "Kiss assx"):
        assert value in values
    for value in ("\nKiss ass", "Kiss ass\n", "\u212aiss ass", "K\u0131ss ass", "Ki\u00df ass", "Kiss ", "Kissxass"):
        assert value in values or any(isinstance(each, str) and value in each for each in values), value
    assert ["other", "Kiss ass"] in values
    assert [] in values


def test_what_is_shown_of_wildcards() -> None:
    values = shown(match(F, "a*b?c"), "f")
    for value in ("abxc", "a\nbxc", "axb\nc", "axbc", "axbxyc", "axb\U0001f600c", "axb?c", "a*bxc"):
        assert value in values, value


def test_what_is_shown_of_literal_wildcards() -> None:
    values = shown(match(F, r"a\*b\?c"), "f")
    for value in ("axb?c", "ab?c", "a*bxc", "a*bc"):
        assert value in values, value


def test_every_dash_is_shown() -> None:
    values = [value for value in shown(TREES["dash"], "f") if isinstance(value, str)]
    for dash in "-/\u2013\u2014\u2015":
        assert any(f" {dash}enc" in value for value in values)
    assert any(" xenc" in value for value in values)


def test_what_is_shown_of_networks() -> None:
    values = shown(nets("10.20.0.0/16"), "f")
    for value in ("10.20.0.0", "10.20.255.255", "10.19.255.255", "10.21.0.0", "::ffff:10.20.127.255", "10.20.127.255x"):
        assert value in values, value


def test_what_is_shown_of_a_bound() -> None:
    values = shown(Compare(F, "gte", 10), "f")
    for value in (9, 10, 11, "9", "10", 10.5, None, ABSENT, ""):
        assert value in values, value


def test_what_is_shown_of_a_number() -> None:
    values = shown(Equals(F, (4688,)), "f")
    for value in (4688, 4687, 4689, "4688", "04688", "4688.0", 46880, -4688):
        assert value in values, value


def test_what_is_shown_of_keywords() -> None:
    events = witnesses(keyword("mimi"), limit=200)
    texts = [set(event.values()) for event in events if all(isinstance(value, str) for value in event.values())]
    assert {"mimi"} in texts
    assert {"xmimix"} in texts
    assert {" mimi "} in texts
    assert len({name for event in events for name in event}) == 2, "the word is in one field or another"


def test_keywords_are_put_where_the_query_looks() -> None:
    tree = And((keyword("mimi"), match(F, "a")))
    assert {name for event in witnesses(tree, keyword_fields=["raw"]) for name in event} == {"f", "raw"}
    assert {name for event in witnesses(tree, keyword_fields=["raw", "log"]) for name in event} == {"f", "raw", "log"}
    taken = And((keyword("mimi"), *[match(Field(name), "a") for name in ("message", "details", "text_1")]))
    assert {"text_2"} < {name for event in witnesses(taken) for name in event}


def test_many_values_are_shown_each_while_there_is_room() -> None:
    words = [f"w{n}q" for n in range(25)]
    tree = match(F, *words)
    values = {str(value).lower() for value in shown_by_default(tree)}
    assert values >= set(words)


def shown_by_default(tree: Node) -> list[Any]:
    return [event.get("f") for event in witnesses(tree)]


def test_the_odd_one_of_many_values_is_shown_first() -> None:
    words = [f"w{n}q" for n in range(500)]
    tree = match(F, *words, r"a\\b", 'c"d', "e*", "*f*", "g?h")
    values = [str(value).lower() for value in shown_by_default(tree)]
    for sign in ("\\", '"', "g", "h", "e", "f"):
        assert any(sign in value for value in values)


def test_values_that_are_hard_to_find() -> None:
    hard = {
        "an order of parts": And((match(F, "*b*"), match(F, "a*"), match(F, "*c"), Not(match(F, "*ba*")))),
        "only one of many": And((Or((match(F, "a"), match(F, "b"), match(F, "c"))), Not(match(F, "a", "b")))),
        "a far option": And((Or(tuple([match(F, f"v{n}") for n in range(30)])), match(F, "*29"))),
        "two choices that meet": And(
            (
                Or((match(F, "a"), match(F, "b"))),
                Or((match(G, "a"), match(G, "b"))),
                Not(And((match(F, "a"), match(G, "a")))),
                Not(And((match(F, "b"), match(G, "b")))),
                Not(And((match(F, "a"), match(G, "b")))),
            )
        ),
        "a list alone": And((match(F, "a"), match(F, "b"))),
        "between numbers": And((Compare(F, "gt", 10), Compare(F, "lt", 12), Not(Equals(F, (11.5,))))),
        "a hole in a network": And((nets("10.0.0.0/30"), Not(nets("10.0.0.0/31")), Not(nets("10.0.0.2/32")))),
        "three searches": And((re_("[0-9]{4}"), re_("^a.*z$"), re_("q{2}"), match(F, "*mm*"))),
        "letters in one case": And((match(F, "*ab*"), Not(re_("a")), Not(re_("B")))),
        "equal and long": And((FieldRef(F, G, "startswith"), match(F, "ab*"), match(G, "a*"), Not(match(G, "a")))),
        "a week of a month": And((ast.TimePart(F, "week", (1, 53)), ast.TimePart(F, "month", (12,)))),
        "present and no text": And((Exists(F), Not(Match(F, (PRESENT,))))),
        "not a keyword": And((match(F, "*a*"), Not(keyword("x")), Not(keyword("other")))),
        "leap day": And((ast.TimePart(F, "day", (29,)), ast.TimePart(F, "month", (2,)))),
        "exists and missing": Or((And((Exists(F), Not(Exists(F)))), And((Exists(G), Not(Exists(F)))))),
    }
    missed = [name for name, tree in hard.items() if not any(evaluate.matches(tree, e) for e in witnesses(tree))]
    assert missed == []


def test_a_tree_that_nothing_satisfies_gives_events_that_do_not_match() -> None:
    tree = And((Exists(F), Not(Exists(F))))
    events = witnesses(tree)
    assert events
    assert not any(evaluate.matches(tree, event) for event in events)


# --- columns --------------------------------------------------------------------------------------------

TYPED: dict[str, tuple[Node, type | tuple[type, ...]]] = {
    "int": (And((Equals(Field("f", "int"), (4688, 1)), Not(Compare(Field("f", "int"), "gt", 5000)))), int),
    "digits": (Match(Field("f", "int"), (parse("46*"), parse("*8"), parse("1?3"))), int),
    "float": (Or((Equals(Field("f", "float"), (1.5, 2)), Compare(Field("f", "float"), "lt", -0.5))), (int, float)),
    "bool": (Equals(Field("f", "bool"), (True,)), bool),
    "ip": (Cidr(Field("f", "ip"), (ip_network("10.0.0.0/8"), ip_network("fe80::/10"))), str),
    "ip, text": (Match(Field("f", "ip"), (parse("10.1.*"), parse("*.7"), parse("::1"))), str),
    "datetime": (ast.TimePart(Field("f", "datetime"), "hour", (9,)), str),
    "string": (Match(Field("f", "string"), (parse("4688"), parse("true"), parse("*a*"))), str),
}


@pytest.mark.parametrize("name", TYPED)
def test_values_fit_their_column(name: str) -> None:
    tree, kind = TYPED[name]
    events = witnesses(tree)
    assert [event for event in events if stored(event, columns(tree)) is None] == []
    values = [event["f"] for event in events if event.get("f") is not None]
    assert all(isinstance(value, kind) for value in values)
    labels = [evaluate.matches(tree, event) for event in events]
    assert True in labels
    assert False in labels


def test_lists_are_for_columns_that_have_several_values() -> None:
    for field, expected in ((F, True), (Field("f", "string", many=True), True), (Field("f", "string"), False)):
        assert any(isinstance(value, list) for value in shown(Match(field, (parse("abc"),)), "f")) is expected


def test_a_list_is_the_last_resort_in_any_column() -> None:
    f = Field("f", "string")
    assert {"f": ["a", "b"]} in witnesses(And((Match(f, (parse("a"),)), Match(f, (parse("b"),)))))


def test_lists_of_a_typed_column_hold_one_type() -> None:
    for tree in (Equals(Field("f", "int", many=True), (7,)), IsNull(Field("f", "string", many=True))):
        lists = [value for value in shown(tree, "f") if isinstance(value, list)]
        assert any(len(value) > 1 for value in lists) or isinstance(tree, IsNull)
        assert all(len(set(map(type, value))) <= 1 and None not in value for value in lists)


def test_a_folded_copy_is_beside_its_column() -> None:
    for event in witnesses(Match(Field("f", "string", folded="f.low"), (parse("Abc"),))):
        assert event.get("f", ABSENT) is event.get("f.low", ABSENT)


def test_a_column_of_addresses_and_text_holds_text() -> None:
    tree = Or((Cidr(Field("f", "ip"), (ip_network("10.0.0.0/8"),)), Match(Field("f", "string"), (parse("host*"),))))
    values = shown(tree, "f")
    assert any(str(value).startswith("host") for value in values)
    assert any(str(value).startswith("10.") for value in values)


# --- events of a user -------------------------------------------------------------------------------------


def test_near_misses_of_an_event() -> None:
    tree = And((match(F, "*-enc *"), match(G, r"*\cmd.exe"), Not(match(H, "root"))))
    event = {"f": "cmd -enc aGk=", "g": r"C:\Windows\cmd.exe", "h": "me", "unrelated": 1}
    found = near(tree, event)
    assert 40 <= len(found) <= 60
    labels = [evaluate.matches(tree, each) for each in found]
    assert True in labels
    assert False in labels
    assert all("unrelated" not in each for each in found)
    same = {name: value for name, value in event.items() if name != "unrelated"}
    for each in found:
        assert sum(each.get(name, ABSENT) != same.get(name, ABSENT) for name in "fgh") <= 1
    assert {**same, "f": "cmd -ENC aGk="} in found
    assert {name: same[name] for name in "gh"} in found


def test_near_misses_look_into_nested_events_and_keep_what_keywords_need() -> None:
    tree = And((match(Field("a.b"), "x"), keyword("mimi")))
    found = near(tree, {"a": {"b": "x"}, "log": "the mimi"})
    assert all(each["log"] == "the mimi" for each in found if each.get("a.b") != "x")
    assert any(each.get("a.b") == "X" for each in found)


@pytest.mark.parametrize("value", ["no such thing", None, "", 7, True, 1.5, [], ["a", 1, None], {"a": 1}])
def test_near_misses_of_an_event_that_fits_nothing(value: object) -> None:
    for tree in TREES.values():
        assert len(near(tree, {"f": value})) <= 60
        assert len(near(tree, {})) <= 60


def test_near_misses_of_every_kind_of_leaf() -> None:
    for name, tree in TREES.items():
        event = witnesses(tree)[3 if name == "nested nots" else 0]
        found = near(tree, event)
        assert found, name
        assert {evaluate.matches(tree, each) for each in found} == {True, False}, name


# --- bounds -------------------------------------------------------------------------------------------------


@pytest.mark.no_cover
def test_hostile_trees_give_few_and_short_events() -> None:
    deep: Node = match(F, "a")
    for _ in range(120):
        deep = And((Not(deep), Or((match(G, "b"), match(H, "c")))))
    hostile: dict[str, Node] = {
        "deep": deep,
        "long": match(F, "a" * 100_000),
        "wide": And(tuple([match(Field(f"f{n}"), "a") for n in range(800)])),
        "many values": match(F, *[f"v{n}" for n in range(10_000)]),
        "many stars": match(F, "a*" * 3_000),
        "many parts": And(tuple([match(F, f"*p{n}p*") for n in range(300)])),
        "counts": re_("((a{1000}){1000}){1000}"),
        "repetitions": re_("^(a+)+(b|b)*(c*)*$"),
        "long number": Equals(F, (10**5_000, 10**400)),
        "fractions": Equals(F, (1e300, 5e-324)),
        "all of Unicode": re_(r"[^\x{0}-\x{D7FF}][\x{E000}-\x{10FFFF}]"),
        "no character": re_(r"[^\x{0}-\x{10FFFF}]"),
    }
    for name, tree in hostile.items():
        events = witnesses(tree)
        text = json.dumps(events)
        assert len(text) < 2_500_000, name
        text.encode()
        assert any(not evaluate.matches(tree, event) for event in events), name
