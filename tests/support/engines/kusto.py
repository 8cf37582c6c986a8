"""Kusto, run by the engine that is shipped, on the events that a question can be held to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from backends.engines.kusto import Kusto
from tests.support.engines.question import Answer, Event, Question, beyond, columns, has_keywords, refuse_weaker, stored
from transpiler.engine import Asked, Column


@lru_cache(maxsize=1)
def _engine() -> Kusto:
    engine = Kusto()
    engine.start()
    return engine


def kusto(question: Question, events: Sequence[Event]) -> list[Answer]:
    refuse_weaker(question)
    types = columns(question.tree)
    rows = {
        number: kept
        for number, event in enumerate(events)
        if not beyond(question, event) and (kept := stored(event, question.tree)) is not None
    }
    if has_keywords(question.tree):
        types = dict.fromkeys([name for row in rows.values() for name in row], "string") | types
    table = {name: Column(kind) for name, kind in types.items()}  # type: ignore[arg-type]
    found = _engine().run(Asked(question.query.text, "kusto", table), list(rows.values()))
    answers = dict(zip(rows, found, strict=True))
    return [answers.get(number) for number in range(len(events))]
