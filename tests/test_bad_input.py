"""Whatever a file holds, it gives a query or a diagnostic with a position, soon and in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.hostile import CASES, GOOD, MEGABYTES, QUERY
from tests.support.rules import rule
from transpiler import registry
from transpiler.api import Compiler
from transpiler.errors import UsageError
from transpiler.modifiers import LIST_MODIFIERS, MODIFIERS

Attempt = Callable[[str], dict[str, Any]]

ROOT = Path(__file__).resolve().parents[1]


def loadable() -> list[str]:
    """The targets whose backend can be imported."""
    found = []
    for target in registry.targets():
        try:
            registry.backend(target)
        except UsageError:
            continue
        found.append(target)
    return found


@pytest.fixture(scope="module")
def attempt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attempt]:
    """Tries a case, in a process of its own with a limit on processor time.

    The process that starts those has the backends loaded and nothing else; it is asked for one case at a
    time, so that test processes running side by side share the cases.
    """
    errors = tmp_path_factory.mktemp("hostile") / "errors"
    command = [sys.executable, "-m", "tests.support.hostile", "-"]
    with (
        errors.open("wb") as sink,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, text=True, cwd=ROOT
        ) as starter,
    ):
        assert starter.stdin
        assert starter.stdout

        def ask(name: str) -> dict[str, Any]:
            print(name, file=starter.stdin, flush=True)
            found: dict[str, Any] = json.loads(starter.stdout.readline())  # type: ignore[union-attr]
            assert found["name"] == name
            return found

        yield ask
        starter.stdin.close()
        assert starter.wait() == 0
    assert not errors.read_text()


@pytest.mark.parametrize("name", CASES)
def test_hostile_input(name: str, attempt: Attempt) -> None:
    found, wanted = attempt(name), CASES[name][1]
    assert "raised" not in found, found["raised"]
    assert "U899" not in found["codes"], found["first"]
    assert found["nowhere"] == 0, found["first"]
    assert found["megabytes"] < MEGABYTES
    if wanted == QUERY:
        assert found["queries"], found["first"]
        assert all(code[0] == "T" for code in found["codes"]), "only a target may refuse it"
    else:
        assert found["first"], "silence"
        assert any(code.startswith(wanted) for code in found["codes"]), found["first"]


def test_what_surrounds_a_broken_document_is_compiled() -> None:
    for bad in ("a: [", "'", "\0", "- x", "a: *x", "[" * 5_000, rule("s: {f|nope: x}"), f"{GOOD}x: &a [*a]"):
        found = [*Compiler(["kusto"], schema="none").compile("r.yml", f"{GOOD}---\n{bad}\n---\n{GOOD}")]
        assert [len(outcome.queries) for outcome in found] == [1, 0, 1], bad[:20]
        assert found[1].diagnostics[0].severity == "error"
        assert found[1].diagnostics[0].span.line > 5


# --- rules with some bytes changed ------------------------------------------------------------------------


def seed(selections: str, condition: str = "s") -> str:
    """A rule whose log source and fields every schema knows."""
    return rule(selections, condition).replace("windows}", "windows, category: process_creation}")


SEEDS = [
    seed("a: {Image|endswith: '\\x.exe', CommandLine|contains|all: [a, ' -b']}\nb: {User: null}", "a and not b"),
    seed("s:\n  - Image|re|i: '^a+(b|c)?$'\n    Company|cased: A*b?c\n  - CommandLine|windash|contains: [' -x', /y]"),
    seed("a: [word, 'two words', 5]\n_b: {'|all': [x, y]}", "all of them or _b"),
    seed("s: {Image|base64offset|contains: 'abc', Product|wide|base64: 'é', CommandLine|utf16|base64: x}"),
    seed("s: {Image|fieldref|neq: ParentImage, CommandLine|fieldref|contains|cased: Image}"),
    seed("s:\n  a|cidr: [10.0.0.0/8, 'fe80::/10']\n  ProcessId|gte: 1.5\n  Image|exists: true\n  b|hour: 5"),
    seed("s:\n  EventID: [1, '2']\n  ProcessId: [1, '2*', '']\nt: {ProcessId: ['7', 8]}", "1 of *"),
    seed("s: &x {Image: [1, true, 'null', ~x, 2024-01-01], Product|expand: a}\nt: {<<: *x, Company: ''}", "[s, not t]"),
    "# one\n" + GOOD + "---\nid: 1\nstatus: test\nlevel: high\ntags:\n  - a.b\nreferences: [x]\n" + GOOD,
    seed("a: {Image: 1}\nb: {ProcessId: 2}", "|\n    a\n    and not\n    (b or a)"),
    seed("a: {Image: a}", '"a\n\n    AND a"').replace("title: T", "title: >-\n  T\n  U"),
]
TOKENS = [
    *("|", ":", "-", "- ", "'", '"', "\\", "*", "?", "%", "%x%", "&a ", "*a", "<<: ", "!!binary ", "!!int ", "{", "}"),
    *("[", "]", ",", "#", "\n", "\n---\n", "\n...\n", "\t", "  ", "\r", "\0", "\x85", "\u2028", "\ufeff", "é", "😀"),
    *("(", ")", "not ", " and ", " or ", "1 of ", "them", "null", "~", "true", ".inf", "1e9", "0x", "00", "1.0e+400"),
    *("|re", "|all", "|contains", "|cidr", "|windash", "|base64", "|exists", "|neq", "|i", "|cased", "|gt", "|expand"),
    *("(?i)", "\\d", "{2}", "[a-", "$", "^", ".*", "(a+)+", "condition: ", "detection:", "title: "),
]
places = st.integers(0, 600)
edit = st.tuples(st.sampled_from(["drop", "double", "put", "over"]), places, places, st.sampled_from(TOKENS))
edits = st.lists(edit, max_size=5)
COMPILERS = [Compiler(loadable(), schema="none"), Compiler(loadable())]


def changed(text: str, edits: list[tuple[str, int, int, str]]) -> str:
    for how, place, length, token in edits:
        at = place % (len(text) + 1)
        end = min(len(text), at + length % 12)
        middle = {"drop": "", "double": text[at:end] * 2, "put": token + text[at:end], "over": token}[how]
        text = text[:at] + middle + text[end:]
    return text


@given(st.sampled_from(SEEDS), edits)
def test_no_change_of_bytes_raises_or_is_silent(seed: str, edits: list[tuple[str, int, int, str]]) -> None:
    text = changed(seed, edits)
    for compiler in COMPILERS:
        found = [*compiler.compile("r.yml", text)]
        assert found
        for outcome in found:
            assert outcome.queries or outcome.diagnostics
            for each in outcome.diagnostics:
                assert each.code != "U899", each
                assert each.span.line >= 1, each
                assert each.span.column >= 1, each
            for query in outcome.queries:
                assert query.text.strip()


VALUES = [
    *("a", "", "*", "?", "a*b", "-a /b", " -a -b", "\\", "a\\*", "a\nb", "é€😀", "\0", "\x7f\u2028", "a'b\"c`d|e"),
    *("1", "-1", "1.5", "10.0.0.0/8", "::1/64", "%x%", "(a+)+$", "^[a-z]{2,3}?(?=b)\\d", "a|b", "Image", "true"),
    *(1, 0, -1, 23, 2**31, 2**63, 10**30, 1.5, -0.0, 1e9, True, False, None),
]
NAMES = ["Image", "ProcessId", "EventID", "f", "", "f g", "f.g", "f'g", 'f"g', "f`g", "f\ng", "é", "1", "and"]
values = st.sampled_from(VALUES)
chains = st.lists(st.sampled_from([*MODIFIERS, *LIST_MODIFIERS]), max_size=3, unique=True)
fields = st.tuples(st.sampled_from(NAMES), chains, st.one_of(values, st.lists(values, max_size=3)))


@given(st.lists(fields, min_size=1, max_size=3), st.booleans())
def test_no_mix_of_modifiers_and_values_raises(made: list[tuple[str, list[str], Any]], negated: bool) -> None:
    selection = json.dumps({"|".join([name, *chain]): value for name, chain, value in made})
    text = seed(f"s: {selection}", "not s" if negated else "s")
    for compiler in COMPILERS:
        (outcome,) = compiler.compile("r.yml", text)
        assert outcome.queries or outcome.diagnostics
        assert all(each.code != "U899" for each in outcome.diagnostics), outcome.diagnostics
        assert all(each.span.line >= 2 for each in outcome.diagnostics), outcome.diagnostics


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    for outcome in Compiler([]).compile("r.yml", data):
        assert all(each.code != "U899" for each in outcome.diagnostics)


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    for outcome in Compiler([]).compile("r.yml", text):
        assert all(each.code != "U899" for each in outcome.diagnostics)


def test_the_seeds_are_rules() -> None:
    for seed in SEEDS:
        assert all(outcome.rule for outcome in Compiler([]).compile("r.yml", seed)), seed
