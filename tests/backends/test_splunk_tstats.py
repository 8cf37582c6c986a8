"""Splunk's data models: what goes into tstats, what into the later stage, and what the query finds."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.splunk import Splunk
from tests.backends.spl_trees import found, match, one_of
from tests.backends.test_splunk_meaning import EVENTS, TREES
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
    Node,
    Not,
    Or,
    Regex,
    TimePart,
)
from transpiler.errors import Unsupported
from transpiler.evaluate import compile as reference
from transpiler.pattern import MANY, ONE, pattern
from transpiler.query import Options, Source
from transpiler.regex import parse

MODEL = "Endpoint.Processes"
P, Q, N = Field("Processes.p"), Field("Processes.q"), Field("Processes.n", "int")
HASHES = Field("Processes.h", many=True)
A, B = one_of("a", field=P), one_of("b", field=Q)
NODE = one_of("Web.Proxy", field=Field("nodename"))


def render(node: Node, *entities: str, model: str = MODEL, index: str | None = None) -> str:
    return Splunk.render(node, Source(model=model, entities=entities), Options(index=index))[0]


def codes(node: Node) -> list[str]:
    return [said.code for said in Splunk.render(node, Source(model=MODEL), Options())[1]]


def where(node: Node) -> str:
    """What stands between WHERE and BY."""
    return render(node).partition(" where ")[2].rpartition(" by ")[0]


# --- exact texts -----------------------------------------------------------------------------------------


def test_a_condition_that_search_can_say_is_one_command() -> None:
    assert render(And((A, Not(B))), "Processes.dest", "Processes.p") == (
        '| tstats summariesonly=false fillnull_value="null" count min(_time) as firstTime max(_time) as lastTime '
        'from datamodel=Endpoint.Processes where Processes.p="a" NOT Processes.q="b" '
        "by Processes.dest Processes.p Processes.q"
    )


FILTERS: list[tuple[Node, str]] = [
    (Or((A, B)), 'Processes.p="a" OR Processes.q="b"'),
    (match(MANY, "x y", MANY, field=P), 'Processes.p="*x y*"'),
    (one_of("a", "b", field=P), 'Processes.p IN ("a", "b")'),
    (IsNull(P), "NOT Processes.p=*"),
    (Exists(P), "Processes.p=*"),
    (Equals(N, (1, 2)), "Processes.n IN (1, 2)"),
    (Compare(N, "gt", 5), "Processes.n>5"),
    (And((one_of("x", field=Field("source")), A)), 'source="x" Processes.p="a"'),
]


@pytest.mark.parametrize(("node", "text"), FILTERS)
def test_the_filter_is_what_search_says(node: Node, text: str) -> None:
    assert where(node) == text
    assert " | " not in render(node)[1:]


LATER: list[tuple[Node, str]] = [
    (match("a", ONE, field=P), """by Processes.p | where match('Processes.p', "(?is)^a.\\\\z")"""),
    (match("Ab", cased=True, field=P), """by Processes.p | where 'Processes.p'="Ab\""""),
    (Regex(P, parse("a+")), """by Processes.p | where match('Processes.p', "a+")"""),
    (
        And((B, Regex(P, parse("a+")))),
        """where Processes.q="b" by Processes.q Processes.p | where match('Processes.p', "a+")""",
    ),
    (
        Not(Or((B, Regex(P, parse("a+"))))),
        """where NOT Processes.q="b" by Processes.q Processes.p | where if(match('Processes.p', "a+"),1,0)=0""",
    ),
]


@pytest.mark.parametrize(("node", "ending"), LATER)
def test_the_later_stage_has_its_fields_in_by(node: Node, ending: str) -> None:
    assert render(node).endswith(ending)


def test_a_network_is_looked_for_in_both_stages() -> None:
    node = Cidr(P, (ip_network("10.0.0.0/8"),))
    assert render(node).endswith(
        """where Processes.p="10.0.0.0/8" by Processes.p | where cidrmatch("10.0.0.0/8", 'Processes.p')"""
    )
    assert where(And((A, Not(node)))) == 'Processes.p="a"'


def test_a_missing_value_is_told_from_its_stand_in_where_a_leaf_would_take_the_one_for_the_other() -> None:
    stand_in = """if('Processes.p'="null",null(),'Processes.p')"""
    for node, text in (
        (Regex(P, parse("^n")), f'match({stand_in}, "^n")'),
        (Or((IsNull(P), Regex(Q, parse("x")))), f"isnull({stand_in}) OR match('Processes.q', \"x\")"),
        (match("n", ONE, "ll", field=P), f'match({stand_in}, "(?is)^n.ll\\\\z")'),
        (
            FieldRef(P, Q),
            f"lower({stand_in})=lower({stand_in.replace('.p', '.q')})",
        ),
    ):
        assert render(node).endswith(f" | where {text}")
        assert "T624" in codes(node)
    assert "T624" not in codes(Regex(P, parse("^x")))


def test_a_field_of_several_values_is_looked_at_in_the_events() -> None:
    assert render(And((A, Regex(HASHES, parse("x")))), index="win") == (
        "| datamodel Endpoint Processes search strict_fields=false "
        """| search index=win Processes.p="a" | where isnotnull(mvfilter(match('Processes.h', "x")))"""
    )
    assert codes(And((A, Regex(HASHES, parse("x"))))) == ["T620"]
    assert render(match(MANY, "x", MANY, field=HASHES)).startswith("| tstats ")


def test_the_time_of_an_event_is_looked_at_in_the_events() -> None:
    node = TimePart(Field("_time", "datetime"), "hour", (3,))
    assert render(node).startswith("| datamodel Endpoint Processes search strict_fields=false | search * | where ")


def test_an_index_is_part_of_the_filter() -> None:
    assert " where index=win Processes.p=" in render(A, index="win")


def test_the_name_of_a_dataset_is_no_field_of_the_rows() -> None:
    query = render(And((NODE, one_of("x", field=Field("Web.url")))), "Web.src", model="Web.Web")
    assert query.endswith('where nodename="Web.Proxy" Web.url="x" by Web.src Web.url')


# --- what cannot be said -----------------------------------------------------------------------------------


@pytest.mark.parametrize("node", [Keyword((pattern(MANY, "x", MANY),)), KeywordRegex(parse("x"))])
@pytest.mark.parametrize("beside", [A, Regex(P, parse("x"))])
def test_a_keyword_is_refused(node: Node, beside: Node) -> None:
    for tree in (node, And((beside, node)), Or((beside, Not(node)))):
        with pytest.raises(Unsupported) as refused:
            render(tree)
        assert refused.value.diagnostic.code == "T601"


def test_a_field_of_several_values_beside_a_dataset_is_refused() -> None:
    with pytest.raises(Unsupported) as refused:
        render(And((NODE, Regex(HASHES, parse("x")))))
    assert refused.value.diagnostic.code == "T601"


def test_a_condition_for_the_later_stage_alone_says_that_it_is_slow() -> None:
    assert codes(Regex(P, parse("x"))) == ["T620"]


# --- the same meaning ----------------------------------------------------------------------------------------


def in_model(node: Any) -> Node:
    """A tree on the fields of the data model."""
    if isinstance(node, And | Or):
        return type(node)(tuple(map(in_model, node.children)))
    if isinstance(node, Not):
        return Not(in_model(node.child))
    own = {"field": _in_model(node.field)}
    if isinstance(node, FieldRef):
        own["other"] = _in_model(node.other)
    return node._replace(**own)  # type: ignore[no-any-return]


def _in_model(field: Field) -> Field:
    return field._replace(name=f"Processes.{field.name}")


def event_in_model(event: Mapping[str, Any]) -> dict[str, Any]:
    return {f"Processes.{name}": value for name, value in event.items()}


@given(tree=TREES.map(in_model), events=st.lists(EVENTS.map(event_in_model), min_size=1, max_size=5))
def test_the_query_means_the_tree(tree: Node, events: list[dict[str, Any]]) -> None:
    query = render(tree, "Processes.dest")
    expected = reference(tree)
    for event in events:
        answer = found(query, event)
        # Whether text that is no address is in a network is not said of tstats, and looked at again.
        assert answer == expected(event) or (answer is None and event.get("Processes.ip") == "x"), query
