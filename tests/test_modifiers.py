r"""Every modifier of Sigma 2.1: what it makes of a value, and what it refuses."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.rules import diagnostics, pointed, rule, tree
from transpiler import modifiers as mods
from transpiler.modifiers import LIST_MODIFIERS, MODIFIERS, Misfit, Wrong
from transpiler.pattern import DASH, DASHES, Pattern, parse, variants

MEANS = {
    # --- text: wildcards are tokens
    "f: x": 'f equals "x"',
    "f: ''": 'f equals ""',
    "f: '*'": "f like *",
    r"f: 'a\*b'": 'f equals "a*b"',
    r"f|contains: '\Temp\'": r'f contains "\\Temp\\"',
    r"f|contains: 'a\\'": r'f contains "a\\"',
    r"f|startswith: 'C:\'": r'f startswith "C:\\"',
    "f|endswith: '*a'": 'f endswith "a"',
    "f|contains: 'a*b'": 'f like * "a" * "b" *',
    "f|contains: ''": "f like *",
    "f|contains: [x, y]": 'f contains "x" or "y"',
    "f|contains|all: [x, y]": 'and\n  f contains "x"\n  f contains "y"',
    "f|all|contains: [x, y]": 'and\n  f contains "x"\n  f contains "y"',
    # --- case
    "f|cased: X": 'f cased equals "X"',
    "f|contains|cased: X": 'f cased contains "X"',
    "f|cased|startswith: X": 'f cased startswith "X"',
    "f|windash|cased: ' -x'": 'f cased like " " ~ "x"',
    # --- numbers, booleans, null
    "f: 4688": "f is 4688",
    "f: '4688'": 'f equals "4688"',
    "f: true": "f is true",
    "f: 'true'": 'f equals "true"',
    "f: null": "f is null",
    "f: [null]": "f is null",
    "f: [1, x, 2.5, y]": 'or\n  f is 1 or 2.5\n  f equals "x" or "y"',
    "f|lt: 1": "f lt 1",
    "f|lte: -1": "f lte -1",
    "f|gt: 1.5": "f gt 1.5",
    "f|gte: 0x10": "f gte 16",
    "f|gt: [1, 2]": "or\n  f gt 1\n  f gt 2",
    # --- none of them
    "f|neq: x": 'not\n  f equals "x"',
    "f|neq: [x, y]": 'not\n  f equals "x" or "y"',
    "f|neq|contains|all: [x, y]": 'not\n  and\n    f contains "x"\n    f contains "y"',
    "f|neq: null": "not\n  f is null",
    "f|neq|gt: 5": "not\n  f gt 5",
    # --- presence
    "f|exists: true": "f exists",
    "f|exists: no": "not\n  f exists",
    "f|exists|neq: true": "not\n  f exists",
    # --- networks
    "f|cidr: 10.0.0.0/8": "f in 10.0.0.0/8",
    "f|cidr: [10.0.0.0/8, 'fe80::/10', ' 192.168.1.1 ']": "f in 10.0.0.0/8 or fe80::/10 or 192.168.1.1/32",
    "f|cidr|all: [10.0.0.0/8, 10.1.0.0/16]": "and\n  f in 10.0.0.0/8\n  f in 10.1.0.0/16",
    # --- other fields
    "f|fieldref: g": "f equals field g",
    "f|fieldref|startswith: g": "f startswith field g",
    "f|fieldref|endswith: g": "f endswith field g",
    "f|fieldref|contains|cased: g": "f cased contains field g",
    "f|fieldref|neq: g": "not\n  f equals field g",
    "f|fieldref: [g, h]": "or\n  f equals field g\n  f equals field h",
    r"f|fieldref: 'g\*'": 'f equals field "g*"',
    # --- regular expressions
    r"f|re: '^a\\b$'": r'f matches "^a\\\\b$"',
    "f|re|i: a": 'f matches "a" i',
    "f|re|ignorecase|multiline|dotall: a": 'f matches "a" ims',
    "f|re: '(?i)a'": 'f matches "(?i)a" i',
    "f|re|contains: a": 'f matches "a"',
    "f|re: [a, b]": 'or\n  f matches "a"\n  f matches "b"',
    "f|re|all: [a, b]": 'and\n  f matches "a"\n  f matches "b"',
    # --- dates
    "f|minute: 59": "minute of f is 59",
    "f|hour: [0, 23]": "hour of f is 0 or 23",
    "f|day: 31": "day of f is 31",
    "f|week: 53": "week of f is 53",
    "f|month: 12": "month of f is 12",
    "f|year: 2024": "year of f is 2024",
    # --- placeholders
    "f|expand: plain": 'f equals "plain"',
    "f|expand|contains: '100%'": 'f contains "100%"',
    # --- encodings
    "f|base64: foobar": 'f equals "Zm9vYmFy"',
    "f|base64|contains: é": 'f contains "w6k="',
    "f|wide|base64: ab": 'f equals "YQBiAA=="',
    "f|utf16le|base64: ab": 'f equals "YQBiAA=="',
    "f|utf16be|base64: ab": 'f equals "AGEAYg=="',
    "f|utf16|base64: ab": 'f equals "//5hAGIA"',
    "f|base64offset: /bin": 'f equals "L2Jpb" or "9iaW" or "vYmlu"',
    "f|windash|base64: '-a'": 'f equals "LWE=" or "L2E=" or "4oCTYQ==" or "4oCUYQ==" or "4oCVYQ=="',
    r"f|base64: 'a\*'": 'f equals "YSo="',
    # --- keywords
    "'|all': [a, b]": 'and\n  any value contains "a"\n  any value contains "b"',
    "'|contains': a": 'any value contains "a"',
    "'|cased': a": 'any value cased contains "a"',
    "'|neq': [a, b]": 'not\n  any value contains "a" or "b"',
    "'|re|i': a": 'any value matches "a" i',
    "'|base64': foobar": 'any value contains "Zm9vYmFy"',
}


@pytest.mark.parametrize("field", MEANS)
def test_what_a_modifier_makes(field: str) -> None:
    assert tree(f"s:\n  {field}") == MEANS[field]


REFUSED = {
    # --- names: the modifier itself is shown
    "unknown": ("M401", "f|«contians»: x"),
    "unknown, the second of three": ("M401", "f|contains|«contians»|all: [x, y]"),
    "unknown, in a quoted key": ("M401", '"f|«Contains»": x'),
    "twice": ("M409", "f|contains|«contains»: x"),
    "twice, apart": ("M409", "f|all|contains|«all»: [x, y]"),
    # --- order and company
    "wide alone": ("M403", "f|«wide»: x"),
    "wide after base64": ("M403", "f|base64|«wide»: x"),
    "utf16 with contains alone": ("M403", "f|«utf16»|contains: x"),
    "re not first": ("M403", "f|contains|«re»: x"),
    "cidr not first": ("M403", "f|re|«cidr»: x"),
    "re and startswith": ("M403", "f|re|«startswith»: x"),
    "contains and startswith": ("M403", "f|contains|«startswith»: x"),
    "startswith and endswith of a reference": ("M403", "f|fieldref|startswith|«endswith»: x"),
    "base64 after cased": ("M403", "f|cased|«base64»: x"),
    "contains between wide and base64": ("M403", "f|wide|«contains»|base64: x"),
    "two comparisons": ("M403", "f|lt|«gt»: 5"),
    "a reference under windash": ("M403", "f|fieldref|«windash»: g"),
    "a keyword that begins something": ("M403", "'|«startswith»': x"),
    "a keyword under gt": ("M403", "'|«gt»': 5"),
    "a keyword under exists": ("M403", "'|«exists»': true"),
    "a keyword under fieldref": ("M403", "'|«fieldref»': g"),
    # --- values that a modifier cannot take: the modifier is shown
    "a number under contains": ("M402", "f|«contains»: [x, 5]"),
    "a boolean under endswith": ("M402", "f|«endswith»: true"),
    "null under contains": ("M402", "f|«contains»: null"),
    "a number under re": ("M402", "f|«re»: 5"),
    "a number under base64": ("M402", "f|«base64»: 5"),
    "a number under cased": ("M402", "f|«cased»: 5"),
    "a number under cidr": ("M402", "f|«cidr»: 5"),
    "a quoted number under gt": ("M402", "f|«gt»: '5'"),
    "a boolean under gt": ("M402", "f|«gt»: true"),
    "infinity under gt": ("M402", "f|«gt»: .inf"),
    "a number too large for any engine under gt": ("M402", "f|«gt»: 1.0e+999"),
    "a quoted boolean under exists": ("M402", "f|«exists»: 'true'"),
    "a number under exists": ("M402", "f|«exists»: 1"),
    "a reference with a wildcard": ("M402", "f|«fieldref»: g*"),
    "a reference to nothing": ("M402", "f|«fieldref»: ''"),
    "contains before fieldref": ("M402", "f|contains|«fieldref»: g"),
    "minute 60": ("M402", "f|«minute»: 60"),
    "hour -1": ("M402", "f|«hour»: -1"),
    "day 0": ("M402", "f|«day»: 0"),
    "week 54": ("M402", "f|«week»: 54"),
    "month 13": ("M402", "f|«month»: [1, 13]"),
    "month 1.5": ("M402", "f|«month»: 1.5"),
    "month true": ("M402", "f|«month»: true"),
    "a quoted month": ("M402", "f|«month»: '1'"),
    "a wildcard under base64": ("M402", "f|«base64»: a*"),
    "a wildcard under base64offset": ("M402", "f|«base64offset»|contains: '?a'"),
    "one byte under base64offset": ("M402", "f|«base64offset»|contains: [ab, a]"),
    "nothing under base64offset": ("M402", "f|«base64offset»|contains: ''"),
    "too many dashes to encode": ("M402", "f|windash|«base64»: '-a -b -c -d -e'"),
    # --- values that are wrong by themselves
    "a regular expression": ("M404", "f|re: [x, «'('»]"),
    "a regular expression as a keyword": ("M404", "'|re': «'['»"),
    "a network": ("M405", "f|cidr: [10.0.0.0/8, «10.0.0.0/33»]"),
    "a network with a mask": ("M405", "f|cidr: «10.0.0.0/255.0.0.0»"),
    "a network with a zone": ("M405", "f|cidr: «'fe80::1%eth0/64'»"),
    "an address inside a network": ("M405", "f|cidr: [10.0.0.0/8, «10.0.0.1/8»]"),
    "an address inside a network of version 6": ("M405", "f|cidr: «'fe80::1/10'»"),
    "a placeholder": ("M406", "f|expand: [x, «'%users%'»]"),
    "a placeholder in an expression": ("M406", "f|re|expand: «'a%users%b'»"),
    "all on one value": ("M407", "f|contains|«all»: x"),
    "all on a list of one": ("M407", "f|«all»: [x]"),
    "all on a list of none": ("M407", "f|«all»: []"),
    "all on one keyword": ("M407", "'|«all»': x"),
    "null in a list": ("M408", "f: [x, «null»]"),
    "null in a list under all": ("M408", "f|all: [x, «~»]"),
    "null in a list of keywords": ("M408", "'|all': [x, «null»]"),
    "a list as a value": ("R203", "f|contains: [x, «[y]»]"),
    "a map as a value": ("R203", "f: «{g: x}»"),
    "a tag": ("R203", "f: «!!binary aGk=»"),
    "an empty list": ("R204", "f|contains: «[]»"),
    "an empty keyword": ("R204", "'|contains': «''»"),
    "a keyword of wildcards": ("R204", "'|cased': [x, «'**'»]"),
    "null as a keyword": ("R205", "'': «null»"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_and_where(name: str) -> None:
    code, field = REFUSED[name]
    found, wanted = pointed(code, rule(f"s:\n  {field}"))
    assert found == wanted


def test_the_message_says_which_value_of_several() -> None:
    (found,) = diagnostics(rule("s:\n  f|contains:\n  - x\n  - 5"))
    assert found.message == "the value of `f` on line 7, `5`: `contains` needs text, not a number"


def test_an_address_inside_a_network_has_two_ways_out() -> None:
    (found,) = diagnostics(rule("s: {f|cidr: ' 10.0.0.1/8'}"))
    assert found.message.endswith("10.0.0.1/8 is an address inside the network 10.0.0.0/8")
    assert found.hint == "write 10.0.0.0/8 for the network, or 10.0.0.1 for the address"
    assert tree("s: {f|cidr: [10.0.0.0/8, 10.0.0.1]}") == "f in 10.0.0.0/8 or 10.0.0.1/32"


def test_a_modifier_without_a_name() -> None:
    assert [str(each.span) for each in diagnostics(rule("s:\n  f|contains|: x"))] == ["rule.yml:5:16"]


def test_a_key_on_several_lines_is_shown_whole() -> None:
    found, wanted = pointed("M401", rule('s:\n  ? «"»f|contains\n     |nope"\n  : x'))
    assert found == wanted


def test_a_misspelt_modifier_is_corrected() -> None:
    with pytest.raises(Wrong) as caught:
        mods.plan(("Contains",))
    assert "`contains`" in caught.value.hint


def test_every_modifier_is_tried() -> None:
    tried = {name for field in MEANS for name in field.split(":")[0].strip("'").split("|")[1:]}
    assert tried >= {*MODIFIERS, *LIST_MODIFIERS} - {"i", "m", "s"}


@given(st.lists(st.sampled_from([*MODIFIERS, *LIST_MODIFIERS]), max_size=4), st.one_of(st.text("a-/ *%1.", max_size=5)))
def test_every_chain_applies_or_says_why_not(names: list[str], value: str) -> None:
    for given_value in (value, 5, 1.5, True, None):
        try:
            assert mods.apply(mods.plan(tuple(names)), given_value)
        except Misfit as misfit:
            assert misfit.code[0] == "M"
            said = str(misfit)
            assert not re.search(r"needs (text|a number), not \1$", said)


def test_half_a_surrogate_pair_cannot_be_encoded() -> None:
    with pytest.raises(Misfit, match="surrogate"):
        mods.apply(mods.plan(("base64",)), "\ud800")


# --- dashes -----------------------------------------------------------------------------------------

DASHED = {
    "-a": (DASH, "a"),
    "/a": (DASH, "a"),
    "–a": (DASH, "a"),
    "—a": (DASH, "a"),
    "―a": (DASH, "a"),
    "a-b": ("a-b",),
    "a/b": ("a/b",),
    " -a -b": (" ", DASH, "a ", DASH, "b"),
    "--a": ("-", DASH, "a"),
    "- a": ("- a",),
    "a -": ("a -",),
    "http://a": ("http:/", DASH, "a"),
    "-é": (DASH, "é"),
    "-_": (DASH, "_"),
    "-.": ("-.",),
    "−a": ("−a",),  # the minus sign is none of the five
}


@pytest.mark.parametrize("text", DASHED)
def test_a_dash_at_the_start_of_a_word(text: str) -> None:
    assert mods.windash(parse(text)) == mods.windash(mods.windash(parse(text)))
    (made,) = mods.apply(mods.plan(("windash",)), text)
    assert isinstance(made, Pattern)
    assert made.tokens == DASHED[text]


@given(st.text("-/–—―a .", min_size=1, max_size=6))
def test_the_rule_itself_is_one_of_the_spellings(text: str) -> None:
    made = mods.windash(parse(text))
    assert isinstance(made, Pattern)
    spellings = variants(made)
    assume(spellings is not None)
    assert parse(text) in (spellings or ())
    assert all(mods.windash(each) == made for each in spellings or ())


def test_forty_dashes_are_forty_tokens() -> None:
    made = mods.windash(parse(" -a" * 40))
    assert isinstance(made, Pattern)
    assert made.tokens.count(DASH) == 40
    assert len(DASHES) == 5


# --- base64offset: computed on bytes -------------------------------------------------------------------


@given(st.text("aé€\U0001f600 \x7f", min_size=2, max_size=6), st.binary(max_size=4), st.binary(max_size=4))
@pytest.mark.parametrize("encoding", ["", "wide", "utf16be", "utf16"])
def test_base64offset_is_found_at_every_offset(encoding: str, text: str, before: bytes, after: bytes) -> None:
    names = (encoding, "base64offset") if encoding else ("base64offset",)
    data = {
        "": text.encode(),
        "wide": text.encode("utf-16-le"),
        "utf16be": text.encode("utf-16-be"),
        "utf16": b"\xff\xfe" + text.encode("utf-16-le"),
    }[encoding]
    forms = [made.text for made in mods.apply(mods.plan(names), text) if isinstance(made, Pattern)]
    assert len(forms) == 3
    assert "" not in forms
    assert forms[len(before) % 3] in b64encode(before + data + after).decode()
