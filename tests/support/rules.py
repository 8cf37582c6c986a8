"""Small rules to test with, and what the compiler says about them.

A text shows where a diagnostic must point: ``condition: a and «b»``.
"""

from __future__ import annotations

from transpiler.api import Compiler, Outcome
from transpiler.diagnostics import Diagnostic
from transpiler.passes import normalise
from transpiler.span import Span
from transpiler.text import dump

HEAD = "title: T\nlogsource: {product: windows}\ndetection:\n"


def rule(selections: str, condition: str = "s") -> str:
    """A rule with these selections, each line indented by two blanks."""
    lines = "".join(f"  {line}\n" for line in selections.splitlines())
    return f"{HEAD}{lines}  condition: {condition}\n"


def outcomes(text: str | bytes, *targets: str, schema: str = "none") -> list[Outcome]:
    """What becomes of each document."""
    return list(Compiler(targets, schema=schema).compile("rule.yml", text))


def diagnostics(text: str | bytes, *targets: str, schema: str = "none") -> list[Diagnostic]:
    """Everything that is said, in order."""
    made = outcomes(text, *targets, schema=schema)
    return [each for outcome in made for each in outcome.diagnostics]


def codes(text: str | bytes) -> list[str]:
    """The codes of everything that is said."""
    return [each.code for each in diagnostics(text)]


def trees(text: str) -> list[str]:
    """The rule's conditions as text, normalised; the rule must be right."""
    (outcome,) = outcomes(text)
    assert outcome.rule is not None, outcome.diagnostics
    return [dump(normalise(condition.tree)) for condition in outcome.rule.conditions]


def tree(selections: str, condition: str = "s") -> str:
    """The condition of a small rule as text, without the last newline."""
    (text,) = trees(rule(selections, condition))
    return text.removesuffix("\n")


def marked(text: str) -> tuple[str, Span]:
    """A text without its marks, and the span of what they enclosed."""
    before, _, rest = text.partition("«")
    inside, closing, after = rest.partition("»")
    assert closing, "the text has no marks"
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return before + inside + after, Span("rule.yml", line, column, len(inside))


Pointed = list[tuple[str, Span]]
"""Codes and spans."""


def pointed(code: str, text: str) -> tuple[Pointed, Pointed]:
    """What is said of a marked text, and what must be: the code alone, at what the text marks."""
    plain, span = marked(text)
    return [(each.code, each.span) for each in diagnostics(plain)], [(code, span)]
