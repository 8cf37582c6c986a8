"""What the compiler has to say about a rule, as data.

A diagnostic has a code from :data:`CODES`, a message, a position and a hint, the way out.
``error``: nothing was emitted. ``warning``: a query was emitted and its meaning is weaker or wider
than the rule's. ``note``: the query means the rule under an assumption that the note states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from transpiler.codes import CODES
from transpiler.span import NOWHERE, Span

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: ``code`` is a key of CODES, ``hint`` says what to do about it."""

    code: str
    message: str
    span: Span = NOWHERE
    hint: str = ""
    severity: Severity = "error"
    rule_id: str | None = None
    target: str | None = None

    def __str__(self) -> str:
        place = f"{self.span}: " if self.span.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.severity}[{self.code}]: {self.message}{hint}"


def diagnostic(
    code: str,
    message: str,
    span: Span = NOWHERE,
    *,
    hint: str = "",
    rule_id: str | None = None,
    target: str | None = None,
) -> Diagnostic:
    """Make a diagnostic; its severity and, when none is given, its hint are those of the code.

    Raises KeyError for a code that is not in CODES.
    """
    entry = CODES[code]
    return Diagnostic(code, message, span, hint or entry.hint, entry.severity, rule_id, target)
