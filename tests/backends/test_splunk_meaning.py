"""What the Splunk backend's queries find, as Splunk's documents state it."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.engines.spl_text import EVAL, SEARCH, commands, tokens
from tests.backends.spl_trees import ODD, A, F, G, N, codes, found, match, one_of, render
from transpiler.ast import (
    And,
    Cidr,
    Compare,
    Equals,
    Exists,
    Field,
    FieldRef,
    IsNull,
    Keyword,
    KeywordRegex,
    Match,
    Node,
    Not,
    Or,
    Regex,
)
from transpiler.errors import Unsupported
from transpiler.evaluate import compile as reference
from transpiler.pattern import DASH, MANY, ONE, Token, pattern
from transpiler.regex import parse


def folds(text: str) -> bool:
    """Whether the text has letters beyond ASCII that have case: Splunk's documents say nothing of theirs."""
    return any(each.lower() != each.upper() for each in text if not each.isascii())


# --- hostile text stays data -------------------------------------------------------------------------------

HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("\"'\\|`[]()=*?$%, \n\t\x00ABab/-\u2013\u00c4"), st.characters(exclude_categories=("Cs",))
    ),
    max_size=12,
)
KINDS: list[tuple[tuple[Token, ...], tuple[Token, ...]]] = [((), ()), ((MANY,), ()), ((), (MANY,)), ((MANY,), (MANY,))]


@given(text=HOSTILE, kind=st.sampled_from(KINDS), cased=st.booleans())
def test_a_value_is_one_string(text: str, kind: tuple[tuple[Token, ...], tuple[Token, ...]], cased: bool) -> None:
    before, after = kind
    query = render(match(*before, text, *after, cased=cased))
    assert query.splitlines() == [query]
    terms, *stage = commands(query)
    if not stage:
        if text or (before, after) == ((), ()):
            value = "*" * len(before) + text + "*" * len(after)
            assert tokens(terms, SEARCH) == [("word", "f"), ("mark", "="), ("string", value)]
        return
    (where,) = stage
    strings = [token for token in tokens(where.removeprefix("where "), EVAL) if token.kind == "string"]
    assert len(strings) == 1
    assert terms == "*"
    assert found(query, {"f": text, "_raw": "x"}) in {bool(text), None if folds(text) else bool(text)}


@given(text=HOSTILE.filter(bool))
def test_a_keyword_is_one_string(text: str) -> None:
    query = render(Keyword((pattern(MANY, text, MANY),)))
    assert found(query, {"_raw": f"<{text}>"})
    assert found(query, {"_raw": "", "f": ""}) is False


@given(name=HOSTILE.filter(lambda name: name != "_raw"))
def test_a_field_name_is_one_name(name: str) -> None:
    for node, value in ((one_of("x", field=Field(name)), "x"), (match("x", ONE, field=Field(name)), "xx")):
        try:
            query = render(node)
        except Unsupported as refused:
            assert refused.diagnostic.code == "T604"
            continue
        assert found(query, {name: value, "_raw": "x"})
        assert found(query, {f"{name}!": value, "_raw": "x"}, name) is False


@given(texts=st.lists(HOSTILE, min_size=2, max_size=4, unique=True))
def test_a_list_of_values_is_that_list(texts: list[str]) -> None:
    *listed, _ = texts
    query = render(And((A, one_of(*listed))))
    for text in texts:
        expected = reference(one_of(*listed))({"f": text})
        answer = found(query, {"a": "a", "f": text, "_raw": "x"})
        assert answer is (expected and bool(text)) or (answer is None and folds(text))


# --- the same meaning ----------------------------------------------------------------------------------------


MANYFOLD = Field("m", many=True)
ODD_NAME = Field("x y.z")
PIECES = st.one_of(
    st.sampled_from(["a", "B", "ab", "*", "?", "\\", '"', "/", "-", "b a", "|", "\n", "%", "_"]),
    st.sampled_from([MANY, ONE, DASH]),
)
VALUES = st.text(alphabet='aAbB*?\\"/- |\n%_\u2013', min_size=1, max_size=4)
PATTERNS = st.lists(PIECES, min_size=1, max_size=4).map(lambda tokens: pattern(*tokens))
TEXT_FIELDS = st.sampled_from([F, G, MANYFOLD, ODD_NAME])
NETWORKS = st.sampled_from([ip_network("10.0.0.0/8"), ip_network("192.168.1.0/24"), ip_network("fe80::/10")])
LEAVES = st.one_of(
    st.builds(Match, TEXT_FIELDS, st.lists(PATTERNS, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(Equals, st.sampled_from([N, MANYFOLD]), st.lists(st.integers(-2, 3), min_size=1, max_size=2).map(tuple)),
    st.builds(Compare, st.just(N), st.sampled_from(["lt", "lte", "gt", "gte"]), st.integers(-2, 2)),
    st.builds(Cidr, st.just(Field("ip")), st.lists(NETWORKS, min_size=1, max_size=2).map(tuple)),
    st.builds(
        FieldRef,
        st.just(F),
        st.sampled_from([G, ODD_NAME]),
        st.sampled_from(["equals", "startswith", "endswith"]),
        st.booleans(),
    ),
    st.builds(Exists, TEXT_FIELDS),
    st.builds(IsNull, TEXT_FIELDS),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda children: And(tuple(children))),
        st.lists(inner, min_size=2, max_size=3).map(lambda children: Or(tuple(children))),
        inner.map(Not),
    ),
    max_leaves=6,
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "f": VALUES,
        "g": VALUES,
        "x y.z": VALUES,
        "m": st.lists(st.one_of(VALUES, st.integers(-2, 3)), min_size=1, max_size=3),
        "n": st.integers(-3, 3),
        "ip": st.sampled_from(["10.1.2.3", "192.168.1.9", "8.8.8.8", "fe80::1", "x"]),
    },
)


@given(tree=TREES, events=st.lists(EVENTS, min_size=1, max_size=5))
def test_the_query_means_the_tree(tree: Node, events: list[dict[str, object]]) -> None:
    query = render(tree)
    expected = reference(tree)
    for event in events:
        assert found(query, event) == expected(event), query


@given(
    keyword=st.lists(PIECES, min_size=1, max_size=3), cased=st.booleans(), event=st.fixed_dictionaries({"f": VALUES})
)
def test_a_keyword_means_an_occurrence(keyword: list[Token], cased: bool, event: dict[str, object]) -> None:
    node = Keyword((pattern(MANY, *keyword, MANY),), cased)
    assert found(render(node), event) == reference(node)(event)
    assert found(render(Not(node)), event) != reference(node)(event)


EXPRESSIONS = [
    (r"^C:\\Users\\[^\\]+\\", "i", ["C:\\Users\\me\\x", "c:\\users\\me\\", "C:\\Users\\\\x"]),
    (r"\d{2,}\s[\w-]+$", "", ["a 12 b-c", "1 b", "12 b!"]),
    ('say "(hi|ho)"', "", ['say "hi"', 'say "HI"', "say hi"]),
    (r"`\w`|```", "", ["`a`", "```", "``"]),
    (r"a.b", "", ["a\nb", "a-b"]),
    (r"a.b", "s", ["a\nb", "a-b"]),
    (r"^b$", "m", ["a\nb\nc", "ab"]),
    (r"\.\./|\x00|\t", "", ["../", "\x00", "\t", "t"]),
    ("[–—]x", "", ["–x", "-x"]),
]


@pytest.mark.parametrize(("source", "flags", "texts"), EXPRESSIONS)
@pytest.mark.parametrize("field", [F, Field("m", many=True)])
def test_an_expression_means_the_expression(source: str, flags: str, texts: list[str], field: Field) -> None:
    node = Regex(field, parse(source, flags))
    query = render(And((A, node)))
    assert query.isprintable()
    for text in texts:
        assert found(query, {"a": "a", field.name: text}) == reference(node)({field.name: text}), query


def test_an_expression_without_a_field_is_tried_on_the_raw_event() -> None:
    node = And((A, KeywordRegex(parse(r"b\d+\b"))))
    assert render(node) == r'a="a" | where match(_raw, "b\\d+\\b")'
    assert codes(node) == ["T624"]
    assert codes(And((A, KeywordRegex(parse("^b"))))) == ["T624", "T615"]
    assert codes(And((A, KeywordRegex(parse("b$"))))) == ["T624", "T615"]


MISSING: list[Node] = [A, ODD, FieldRef(F, G), Compare(N, "gt", 1), Cidr(F, (ip_network("10.0.0.0/8"),))]


@pytest.mark.parametrize("node", MISSING)
def test_not_finds_events_without_the_field(node: Node) -> None:
    for query in (
        render(Not(node)),
        render(Not(And((node, ODD)))),
        render(And((Not(IsNull(Field("k"))), Not(Or((node, ODD)))))),
    ):
        assert found(query, {"k": "v"})
