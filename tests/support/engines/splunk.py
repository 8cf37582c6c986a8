"""SPL, run by the engine that is shipped, on the events that a question can be held to."""

from __future__ import annotations

from collections.abc import Sequence

from backends.engines.spl import Spl
from tests.support.engines.question import Answer, Event, Question, beyond, columns, refuse_weaker, stored
from transpiler.engine import Asked, Column


def splunk(question: Question, events: Sequence[Event]) -> list[Answer]:
    refuse_weaker(question)
    table = {name: Column(kind) for name, kind in columns(question.tree).items()}  # type: ignore[arg-type]
    rows = [None if beyond(question, event) else stored(event, question.tree) for event in events]
    kept = [row for row in rows if row is not None]
    answers = iter(Spl().run(Asked(question.query.text, "splunk", table), kept))
    return [None if row is None else next(answers) for row in rows]
