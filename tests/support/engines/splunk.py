"""SPL, run by the reader of tests/backends, which follows Splunk's documents. It is no Splunk."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from tests.backends import spl
from tests.support.engines.question import Answer, CannotRun, Event, Question, many, several
from transpiler.values import text_of


def splunk(question: Question, event: Event) -> Answer:
    """Splunk drops empty values. The raw event is its values, one a line."""
    texts = {name: [_spl_text(each) for each in many(value)] for name, value in event.items()}
    fields = {name: kept for name, values in texts.items() if (kept := [each for each in values if each])}
    fields["_raw"] = ["\n".join([each for values in texts.values() for each in values])]
    text = _INDEX.sub("", question.query.text)
    try:
        return spl.matches(text, fields)
    except KeyError as error:
        raise CannotRun(f"the reader has no function {error}") from None
    except spl.SplError:
        if several(event) and "| where" in question.query.text:
            return None  # nothing is documented for several values there
        raise


_INDEX = re.compile(r"^index(=\S+| IN \([^)]*\)) ")
"""Where a query looks; the events are there."""


def _spl_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(text_of(value))
