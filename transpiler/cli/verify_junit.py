"""Verdicts as JUnit XML, for what shows the results of tests.

One suite a target, one case a verdict. A mismatch is a failure, a rule that gave no query an error, a
query that was not verified is skipped (where verification is required, a failure). The same verdicts
give the same bytes: no time, no machine. Whatever a rule or an event holds, the file is XML.
"""

from __future__ import annotations

import json
import re
from xml.sax.saxutils import escape, quoteattr

from transpiler.api import Outcome
from transpiler.cli.verify_text import difference_lines, found_line
from transpiler.output import one_line
from transpiler.verify import Verdict

_NOT_XML = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 does not allow (Char) or advises against; a carriage return would be read as a line feed."""


def xml_text(text: str) -> str:
    """A text that XML can hold: other characters as JSON escapes them."""
    return _NOT_XML.sub(lambda found: json.dumps(found[0])[1:-1], text)


class JUnit:
    """Collects the cases of each target's suite."""

    def __init__(self, targets: list[str], *, require_verified: bool = False) -> None:
        self._required = require_verified
        self._cases: dict[str, list[str]] = {target: [] for target in targets}
        self._counts: dict[str, dict[str, int]] = {target: dict.fromkeys(_COUNTED, 0) for target in targets}
        self._engines: dict[str, dict[str, None]] = {target: {} for target in targets}

    def add(self, verdict: Verdict) -> None:
        """Take a verdict."""
        rule = verdict.query.rule
        name = f"{rule.title} ({verdict.query.which})" if verdict.query.which else rule.title
        if verdict.engine:
            self._engines[verdict.query.target][_engine(verdict)] = None
        if verdict.status == "mismatch":
            lines = [line for each in verdict.differences for line in difference_lines(each)]
            body = _element("failure", verdict.reason, "\n".join(["query:", str(verdict.query.text), *lines]))
        elif verdict.status == "not verified":
            body = _element("failure" if self._required else "skipped", verdict.reason)
        else:
            body = f"<system-out>{escape(xml_text(found_line(verdict)))}</system-out>"
        self._case(verdict.query.target, rule.path, name, body)

    def refused(self, outcome: Outcome) -> None:
        """Take a document that gave no query for some target."""
        name = outcome.rule.title if outcome.rule else outcome.path
        for found in outcome.diagnostics:
            if found.severity == "error":
                for target in [found.target] if found.target else self._cases:
                    self._case(target, outcome.path, name, _element("error", f"{found.code}: {found.message}"))

    def _case(self, target: str, path: str, name: str, body: str) -> None:
        counts = self._counts[target]
        counts["tests"] += 1
        for kind, plural in _PLURALS.items():
            counts[plural] += body.startswith(f"<{kind} ")
        self._cases[target].append(
            f"<testcase classname={_attribute(path)} name={_attribute(one_line(name))}>{body}</testcase>"
        )

    def text(self) -> str:
        """The whole file."""
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
        for target, cases in self._cases.items():
            counts = " ".join(f'{name}="{count}"' for name, count in self._counts[target].items())
            lines.append(f"<testsuite name={_attribute(f'sigmaq.{target}')} {counts}>")
            engines = ", ".join(self._engines[target])
            if engines:
                lines.append(f'<properties><property name="engine" value={_attribute(engines)}/></properties>')
            lines += [*cases, "</testsuite>"]
        return "\n".join([*lines, "</testsuites>", ""])


_PLURALS = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_COUNTED = ("tests", *_PLURALS.values())


def _engine(verdict: Verdict) -> str:
    return f"{verdict.engine} (ours)" if verdict.ours else verdict.engine


def _attribute(text: str) -> str:
    return quoteattr(xml_text(text))


def _element(name: str, message: str, text: str = "") -> str:
    return f"<{name} message={_attribute(message)}>{escape(xml_text(text))}</{name}>"
