"""The events made of a tree tell it from every tree that is nearly it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from tests.support.corpus import rules
from tests.support.mutants import mutants
from transpiler import ast, evaluate, regex
from transpiler.api import Compiler
from transpiler.ast import And, Cidr, Compare, Equals, Exists, Field, FieldRef, IsNull, Keyword, Match, Node, Not, Or
from transpiler.engine import Column
from transpiler.pattern import DASH, MANY, PRESENT, literal, parse, pattern, surround
from transpiler.stored import columns, stored
from transpiler.text import dump
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
    "quotes": match(F, "say \"it's\""),
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

SAME: dict[str, set[str]] = {}
"""Mutants that mean what their tree means."""


def told_apart(tree: Node, limit: int) -> Iterator[tuple[str, Node]]:
    """The mutants that no event tells from the tree."""
    events = witnesses(tree, limit=limit)
    matches = evaluate.compile(tree)
    labels = [matches(event) for event in events]
    for name, mutant in mutants(tree):
        other = evaluate.compile(mutant)
        if [other(event) for event in events] == labels:
            yield name, mutant


@pytest.mark.parametrize("name", TREES)
def test_the_events_tell_a_tree_from_its_mutants(name: str) -> None:
    left = [f"{what}: {dump(mutant)}" for what, mutant in told_apart(TREES[name], 60) if what not in SAME.get(name, ())]
    assert left == []
