"""Values kept in another form: a leaf in the platform's columns means what it means on the whole value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transpiler import evaluate
from transpiler.ast import Cidr, Exists, Field, IsNull, Match, Node, Or, Regex
from transpiler.errors import SchemaError
from transpiler.mapping import NEVER
from transpiler.pattern import MANY, ONE, Pattern, literal, pattern, surrounded
from transpiler.regex import parse
from transpiler.text import dump
from transpiler.transforms import Hashes, Joined, RegistryData, RegistryPath

WHOLE = Field("whole")
DOMAIN, NAME = Field("domain", "string"), Field("name", "string")
ACCOUNT = Joined((DOMAIN, NAME), "\\", 0)
PATH = Joined((DOMAIN, NAME))
REGISTRY = RegistryPath((DOMAIN, NAME))
KEY = RegistryPath((DOMAIN,))
DATA = RegistryData((NAME,), Match(DOMAIN, (literal("REG_BINARY"),), True))
MD5, SHA256, IMPHASH = Field("md5", "string"), Field("sha256", "string"), Field("imp", "string")
HASHES = Hashes({"MD5": MD5, "SHA256": SHA256, "IMPHASH": IMPHASH})

texts = st.text("ab\\", max_size=6)
patterns = st.lists(st.one_of(texts, st.sampled_from([MANY, MANY, ONE])), min_size=1, max_size=5).map(
    lambda tokens: pattern(*tokens)
)


def holds(node: Node, event: dict[str, Any]) -> bool:
    return evaluate.matches(node, event)


def match(*given_patterns: Pattern) -> Match:
    return Match(WHOLE, given_patterns)


@given(st.text("ab", min_size=1, max_size=3), st.text("ab\\", min_size=1, max_size=5), patterns)
def test_two_parts_match_what_the_whole_matches(name: str, folder: str, asked: Pattern) -> None:
    whole = f"{folder}\\{name}"
    if ONE not in asked.tokens:  # `?` never stands for the separator here: a path's patterns spell it
        assert holds(PATH.leaf(match(asked)), dict(PATH.store(whole))) == holds(match(asked), {"whole": whole})


@given(st.text("ab", min_size=1, max_size=3), st.text("ab", max_size=3), patterns)
def test_a_missing_domain_leaves_the_name(name: str, domain: str, asked: Pattern) -> None:
    whole = f"{domain}\\{name}" if domain else name
    if ONE not in asked.tokens:
        assert holds(ACCOUNT.leaf(match(asked)), dict(ACCOUNT.store(whole))) == holds(match(asked), {"whole": whole})


@given(st.text("ab\\", max_size=4), st.text("ab\\", max_size=4), patterns)
def test_what_is_found_in_a_registry_path_is_there(key: str, value: str, asked: Pattern) -> None:
    whole = f"{key}\\{value}" if value else key
    event = {"domain": key, "name": value} if value else {"domain": key}
    found, wanted = holds(REGISTRY.leaf(match(asked)), event), holds(match(asked), {"whole": whole})
    if ONE not in asked.tokens:
        assert found == wanted if "\\" not in value else found <= wanted


def written(transform: Any, value: str, before: bool = False, after: bool = False) -> str:
    return " ".join(dump(transform.leaf(match(surrounded(value, before, after)))).split())


SAID = {
    "path, endswith": (PATH, r"\run\x", True, False, r'and domain<string> endswith "\\run" name<string> equals "x"'),
    "account": (ACCOUNT, r"NT\SYSTEM", False, False, 'and domain<string> equals "NT" name<string> equals "SYSTEM"'),
    "a hive": (KEY, r"HKLM\Software", False, True, r'domain<string> startswith "HKEY_LOCAL_MACHINE\\Software"'),
    "a hive, somewhere": (KEY, "hku\\x", True, True, r'domain<string> contains "HKEY_USERS\\x"'),
    "no hive": (KEY, "HKU", False, True, 'domain<string> startswith "HKU"'),
    "a number": (DATA, "DWORD (0x0000000a)", False, False, 'name<string> equals "10"'),
    "a number's end": (DATA, "(0x0000000a)", True, False, 'name<string> equals "10"'),
    "a long number": (DATA, "QWORD (0x00000001-0x00000000)", False, False, 'name<string> equals "4294967296"'),
    "binary": (DATA, "Binary Data", False, False, 'domain<string> cased equals "REG_BINARY"'),
    "nothing": (DATA, "(Empty)", False, False, 'name<string> equals ""'),
    "a word": (DATA, "calc", True, True, 'name<string> contains "calc"'),
    "a hash": (HASHES, f"IMPHASH={'0A' * 16}", True, True, f'imp<string> equals "{"0A" * 16}"'),
    "the beginning of one": (HASHES, "MD5=0a", True, True, 'md5<string> startswith "0a"'),
    "some hash": (HASHES, "IMPHASH=", True, True, "imp<string> like *"),
    "of any algorithm": (
        HASHES,
        "0a" * 20,
        True,
        True,
        f'sha256<string> contains "{"0a" * 20}"',
    ),
    "two hashes": (
        HASHES,
        f"MD5={'0' * 32},IMPHASH={'1' * 32}",
        False,
        False,
        f'and md5<string> equals "{"0" * 32}" imp<string> equals "{"1" * 32}"',
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_what_a_leaf_becomes(name: str) -> None:
    transform, value, before, after, wanted = SAID[name]
    assert written(transform, value, before, after) == wanted


def test_events_of_values_alone_need_no_word_on_keys() -> None:
    said = RegistryPath((DOMAIN, NAME), None, True).leaf(match(surrounded(r"\Run\x", True, False)))
    assert " ".join(dump(said).split()) == r'and domain<string> endswith "\\Run" name<string> equals "x"'


@pytest.mark.parametrize("name", ["(Default)", "", None])
def test_a_default_value_may_have_no_name(name: str | None) -> None:
    leaf = REGISTRY.leaf(match(surrounded(r"\x\(Default)", True, False)))
    event = {"domain": "HKEY_USERS\\x", **({} if name is None else {"name": name})}
    assert holds(leaf, event)
    assert not holds(leaf, event | {"name": "y"})


def test_what_no_column_holds_never_matches() -> None:
    only = Hashes({"MD5": MD5})
    assert only.leaf(match(literal(f"IMPHASH={'0' * 32}"))) == NEVER
    assert only.leaf(match(literal(f"MD5={'0' * 32}"), literal("SHA1=0"))) == Or(
        (Match(MD5, (literal("0" * 32),)), NEVER)
    )
    assert RegistryData((NAME,)).leaf(match(literal("Binary Data"))) == NEVER


@pytest.mark.parametrize("transform", [PATH, ACCOUNT, REGISTRY, HASHES, KEY, DATA])
def test_presence_is_presence_of_a_part(transform: Any) -> None:
    for event in ({}, {"domain": "x"}, {"name": "x"}, {"md5": "x"}):
        present = bool(event.keys() & {column.name for column in transform.columns})
        assert holds(transform.leaf(Exists(WHOLE)), event) == present
        assert holds(transform.leaf(IsNull(WHOLE)), event) != present


@pytest.mark.parametrize("transform", [PATH, REGISTRY, KEY, HASHES])
def test_what_cannot_be_put_in_parts_is_refused(transform: Any) -> None:
    for leaf in (Regex(WHOLE, parse("a.b")), Cidr(WHOLE, ())):
        with pytest.raises(SchemaError, match="F503"):
            transform.leaf(leaf)


@pytest.mark.parametrize("value", ["SHA1=zz", "a b", ""])
def test_what_is_no_hash_is_refused(value: str) -> None:
    with pytest.raises(SchemaError, match="F503"):
        HASHES.leaf(match(literal(value)))


def test_the_case_of_hashes_is_refused() -> None:
    with pytest.raises(SchemaError, match="F503"):
        HASHES.leaf(match(literal("MD5=0A"))._replace(cased=True))


@pytest.mark.parametrize(
    ("transform", "value", "kept"),
    [
        (PATH, r"C:\a\b", {"domain": r"C:\a", "name": "b"}),
        (ACCOUNT, "SYSTEM", {"name": "SYSTEM"}),
        (REGISTRY, r"HKLM\a\b", {"domain": r"HKEY_LOCAL_MACHINE\a", "name": "b"}),
        (KEY, r"\REGISTRY\x", {"domain": r"\REGISTRY\x"}),
        (DATA, "DWORD (0x00000001)", {"name": "1"}),
        (HASHES, "MD5=0a,SHA1=1b,IMPHASH=2c", {"md5": "0a", "imp": "2c"}),
    ],
)
def test_what_the_platform_keeps(transform: Any, value: str, kept: dict[str, str]) -> None:
    assert transform.store(value) == kept


@pytest.mark.parametrize(
    ("transform", "event", "value"),
    [
        (PATH, {"domain": r"C:\a", "name": "b"}, r"C:\a\b"),
        (ACCOUNT, {"name": ["SYSTEM"]}, "SYSTEM"),
        (REGISTRY, {"domain": r"HKEY_LOCAL_MACHINE\a", "name": "b"}, r"HKLM\a\b"),
        (KEY, {"domain": r"HKEY_OTHER\a"}, r"HKEY_OTHER\a"),
        (KEY, {}, None),
        (DATA, {"name": "1"}, "1"),
        (HASHES, {"md5": "0a", "imp": "2c"}, "MD5=0a,IMPHASH=2c"),
        (HASHES, {}, None),
    ],
)
def test_what_the_rule_would_see(transform: Any, event: dict[str, Any], value: str | None) -> None:
    assert transform.read(event) == value
