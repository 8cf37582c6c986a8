"""The evaluator of SPL on data models: facts of Splunk's documents, and what has no answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines.test_spl import answers
from transpiler.engine import Answer, CannotRun

COUNT = "| tstats count from datamodel=Endpoint.Processes"


def one(query: str, **fields: Any) -> Answer:
    """Whether a query finds an event with these fields of the dataset."""
    event = {f"Processes.{name}": value for name, value in fields.items()}
    return answers(query, event, columns=("Processes.p", "Processes.q", "nodename"))[0]


FACTS: list[tuple[str, dict[str, Any], Answer]] = [
    # "You can use the optional WHERE clause to filter queries with the tstats command in much the same ways as you
    # use it with the search command" ("Filtering data using the WHERE clause")
    ('where Processes.p="*A b*"', {"p": "xa By"}, True),
    ("where Processes.p=a Processes.q=b", {"p": "a"}, False),
    ("where NOT Processes.p=a", {}, True),
    ("where Processes.p IN (a, b)", {"p": "B"}, True),
    ("where (Processes.p=a OR Processes.q=b)", {"q": "b"}, True),
    ('where Processes.p="a by b"', {"p": "a by b"}, True),
    ('where Processes.p="a by b" by Processes.p', {"p": "a by b"}, True),
    ('where Processes.p="a \\" by b" by Processes.p', {"p": 'a " by b'}, True),
    # "If you do not provide a fillnull_value argument, tstats omits rows for events with one or more null field
    # values from its results" ("fillnull_value")
    ("where Processes.p=a by Processes.p Processes.q", {"p": "a"}, False),
    ("where Processes.p=a by Processes.p, Processes.q", {"p": "a", "q": "b"}, True),
    ("", {}, True),
    ("by Processes.p", {}, False),
    # a later stage sees the fields of BY alone
    ("where Processes.q=b by Processes.p | where isnull('Processes.q')", {"p": "a", "q": "b"}, True),
    ("where Processes.q=b by Processes.p | where 'Processes.p'=\"a\"", {"p": "a", "q": "b"}, True),
    ("by Processes.p | search Processes.p=A", {"p": "a"}, True),
    # "the tstats search may return more results than you want if the source data contains mixed IP and non-IP data"
    # ("Limitations of CIDR matching with tstats")
    ("where Processes.p=10.0.0.0/8", {"p": "10.1.2.3"}, True),
    ("where Processes.p=10.0.0.0/8", {"p": "11.1.2.3"}, False),
    ("where Processes.p=10.0.0.0/8", {"p": "host"}, None),
    ("where Processes.p=10.0.0.0/8 Processes.q=b", {"p": "host", "q": "c"}, False),
    (
        "where Processes.p=10.0.0.0/8 by Processes.p | where cidrmatch(\"10.0.0.0/8\", 'Processes.p')",
        {"p": "host"},
        False,
    ),
    # how the values of such a field come into rows is not said
    ("by Processes.p", {"p": ["a", "b"]}, True),
    ("by Processes.p | where 'Processes.p'=\"a\"", {"p": ["a", "b"]}, None),
    ("by Processes.p Processes.q | where 'Processes.q'=\"c\"", {"p": ["a", "b"], "q": "d"}, False),
]


@pytest.mark.parametrize(("rest", "event", "found"), FACTS)
def test_tstats(rest: str, event: dict[str, Any], found: Answer) -> None:
    assert one(f"{COUNT} {rest}".strip(), **event) is found


def test_a_missing_value_is_replaced_in_the_fields_of_by() -> None:
    query = '| tstats summariesonly=false fillnull_value="-" count min(_time) as a from datamodel=Endpoint.Processes'
    later = f"{query} by Processes.p Processes.q | where 'Processes.q'=\"-\""
    assert one(later, p="a")
    assert one(later, p="a", q="b") is False


def test_a_null_of_eval_is_a_missing_value() -> None:
    query = f"{COUNT} by Processes.p | where isnull(if('Processes.p'=\"a\",null(),'Processes.p'))"
    assert one(query, p="a")
    assert one(query, p="b") is False


def test_a_dataset_and_a_source_are_asked_for_by_name() -> None:
    event = {"nodename": "Web.Proxy", "source": "s", "Web.url": "x"}
    for text, found in (("nodename=Web.Proxy", True), ("nodename=Web.Storage", False), ("source=t", False)):
        query = f"| tstats count from datamodel=Web.Web where {text} Web.url=x"
        assert answers(query, event, columns=("nodename", "source"))[0] is found


EVENTS: list[tuple[str, dict[str, Any], Answer]] = [
    ("search Processes.p=a", {"p": "A"}, True),
    ("search Processes.p=a", {}, False),
    ("where isnotnull(mvfilter('Processes.p'=\"a\"))", {"p": ["b", "a"]}, True),
    # whether the event as it was logged is there is not said
    ('search "*a*"', {"p": "a"}, None),
]


@pytest.mark.parametrize(("rest", "event", "found"), EVENTS)
def test_datamodel(rest: str, event: dict[str, Any], found: Answer) -> None:
    assert one(f"| datamodel Endpoint Processes search strict_fields=false | {rest}", **event) is found


REFUSED = [
    (f"{COUNT} where word", "cannot read: 'word' without a field, in tstats"),
    (f"{COUNT} where p=a", "the server finds nothing: p is no field of Processes"),
    (f"{COUNT} where Other.p=a", "the server finds nothing: Other.p is no field of Processes"),
    (f"{COUNT} by p", "the server finds nothing: p is no field of Processes"),
    (f"{COUNT} by nodename", "the server finds nothing: nodename is no field of Processes"),
    (f"{COUNT} where Processes.p=a by Processes.*", "cannot read:"),
    ("| tstats prestats=true count from datamodel=Endpoint.Processes", "cannot read: tstats prestats="),
    ("| tstats avg(Processes.p) from datamodel=Endpoint.Processes", "cannot read: tstats 'avg"),
    ("| tstats count where index=x", "cannot read: tstats 'count where"),
    ("| datamodel Endpoint Processes search", "cannot read: datamodel 'Endpoint Processes search'"),
    ("| datamodel Endpoint", "cannot read: datamodel 'Endpoint'"),
    ("f=a | tstats count from datamodel=Endpoint.Processes", "cannot read: the command 'tstats'"),
]


@pytest.mark.parametrize(("query", "reason"), REFUSED)
def test_what_it_cannot_run(query: str, reason: str) -> None:
    with pytest.raises(CannotRun) as refused:
        one(query, p="a")
    assert str(refused.value).startswith(reason)
