r"""Splunk SPL: the ``where`` form of every leaf, for what ``search`` cannot say and what goes with it.

Sources, Splunk Enterprise 10.0 Search Reference: "where", "eval", "Comparison and Conditional functions" (F),
"Text functions" (T), "Multivalue eval functions" (V), "Date and time format variables" (D).
Where they speak:

- Comparisons and ``match()`` count letter case: ``lower(f)``, which takes fields with several values too
  (T), or ``(?i)``.
- A missing field is NULL; NULL is no value, ``where`` keeps what is true, and ``if()`` takes its last argument
  unless the condition is true (F). So ``if(x,1,0)=0`` is NOT in two values, which ``NOT x`` is not.
- ``in()`` takes strings in quotes, and no wildcards (F). ``=`` takes two numbers or two strings ("eval",
  "Operators that produce booleans").
- ``mvfilter()`` keeps the values for which an expression on one field holds (V). Nothing else is documented
  for a field with several values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from backends.base import Language, TextVisitor
from backends.regexes import pcre, pcre_pattern
from backends.splunk.remarks import RAW, say_precision, say_raw, say_raw_regex, say_unfolded, say_vanishing
from backends.splunk.text import COMPARISONS, SPECIAL, eval_name, number, quoted, quoted_regex, texts_of
from transpiler import ast
from transpiler.ast import Node
from transpiler.pattern import PRESENT
from transpiler.regex import to_python

UNITS: dict[ast.TimeUnit, tuple[str, str]] = {
    "minute": ("%M", "{:02}"),
    "hour": ("%H", "{:02}"),
    "day": ("%d", "{:02}"),
    "week": ("%V", "{:02}"),
    "month": ("%m", "{:02}"),
    "year": ("%Y", "{:04}"),
}
"""The variable for each part of a date, and how it writes a value; ``%V`` is the ISO week (D)."""


class Where(TextVisitor):
    """Renders a tree as one expression for ``where``."""

    LANGUAGE: ClassVar[Language] = Language("splunk", "Splunk SPL, where", "spl", None, ())

    def negate(self, part: str) -> str:
        """NOT that is true where a field is missing."""
        return f"if({part},1,0)=0"

    # --- text -----------------------------------------------------------------------------------------

    def match(self, node: ast.Match) -> str:
        """``lower(f)="x"``, ``in(lower(f), "x", "y")``, ``match(f, "(?i)...")``, ``isnotnull(f)``."""
        name = self._name(node.field, node)
        if PRESENT in node.patterns:
            say_vanishing(self, node, node.field)
            return f"isnotnull({name})"
        if any(pattern.kind == "equals" and not pattern.text for pattern in node.patterns):
            say_vanishing(self, node, node.field)
        if all(p.kind == "equals" and p.text.isascii() and not SPECIAL.search(p.text) for p in node.patterns):
            texts = [pattern.text if node.cased else pattern.text.lower() for pattern in node.patterns]
            return self._some(node.field, one_of(name if node.cased else f"lower({name})", texts))
        return self._some(node.field, self._matches(name, node))

    def _matches(self, name: str, node: ast.Match | ast.Keyword) -> str:
        say_unfolded(self, node)
        return self.any_of([_match(name, pcre_pattern(pattern, cased=node.cased)) for pattern in node.patterns])

    def regex(self, node: ast.Regex) -> str:
        """``match(f, "...")``."""
        if to_python(node.regex).search("") is not None:
            say_vanishing(self, node, node.field)  # the rule finds an empty value
        return self._some(node.field, _match(self._name(node.field, node), pcre(node.regex)))

    def keyword(self, node: ast.Keyword) -> str:
        """``match(_raw, "(?i)...")``."""
        if PRESENT in node.patterns:
            return f"isnotnull({RAW})"
        say_raw(self, node)
        return self._matches(RAW, node)

    def keyword_regex(self, node: ast.KeywordRegex) -> str:
        """``match(_raw, "...")``."""
        say_raw_regex(self, node)
        return _match(RAW, pcre(node.regex))

    # --- values ---------------------------------------------------------------------------------------

    def equals(self, node: ast.Equals) -> str:
        """``f="4688"``, ``in(f, "1", "2")``; booleans in any case."""
        name = self._name(node.field, node)
        texts = [text for value in node.values for text in texts_of(value)]
        boolean = any(isinstance(value, bool) for value in node.values)
        return self._some(node.field, one_of(f"lower({name})" if boolean else name, texts))

    def compare(self, node: ast.Compare) -> str:
        """``tonumber(f)>5``: NULL, and so not true, for what is no number."""
        name = self._name(node.field, node)
        say_precision(self, node)
        return self._some(node.field, f"tonumber({name}){COMPARISONS[node.op]}{number(node.value)}")

    def cidr(self, node: ast.Cidr) -> str:
        """``cidrmatch("10.0.0.0/8", f)``."""
        name = self._name(node.field, node)
        return self._some(node.field, self.any_of([f'cidrmatch("{network}", {name})' for network in node.networks]))

    def exists(self, node: ast.Exists) -> str:
        """``isnotnull(f)``."""
        say_vanishing(self, node, node.field)
        return f"isnotnull({self._name(node.field, node)})"

    def is_null(self, node: ast.IsNull) -> str:
        """``isnull(f)``."""
        say_vanishing(self, node, node.field)
        return f"isnull({self._name(node.field, node)})"

    def fieldref(self, node: ast.FieldRef) -> str:
        """``lower(f)=lower(g)``; parts of it by ``substr()`` and ``like()``."""
        one, other = self._name(node.field, node), self._name(node.other, node)
        if node.field.many or node.other.many:
            message = f"{one} or {other} may hold several values; Splunk does not say how it compares such fields"
            self.say("T614", node, message)
        say_vanishing(self, node, node.other)  # an empty value equals another and is part of every value
        length = f"len({other})"
        if not node.cased:
            one, other = f"lower({one})", f"lower({other})"
        if node.part == "equals":
            return f"{one}={other}"
        if node.part == "startswith":
            return f"substr({one}, 1, {length})={other}"
        if node.part == "endswith":
            return f"substr({one}, 0-{length})={other}"
        message = f"`%` and `_` in {node.other.name} stand for any characters and any one character"
        self.say("T615", node, message, "compare the fields whole, or by their beginning or end")
        return f'like({one}, "%".{other}."%")'

    def time_part(self, node: ast.TimePart) -> str:
        """``strftime(_time, "%H")="03"``; another field than ``_time`` is ISO 8601 text."""
        variable, form = UNITS[node.unit]
        name = self._name(node.field, node)
        if name == "_time":
            self.say("T624", node, "the time zone of the Splunk user who runs the query is UTC")
            moment = name
        else:
            # They are read and written in the same zone, which cancels out but for hours that it lacks.
            skipped = "none in an hour that the time zone of the Splunk user skips"
            self.say("T624", node, f"{name} holds dates and times in UTC, written as 2024-12-31T23:59:59, {skipped}")
            moment = f'strptime(substr({name}, 1, 19), "%Y-%m-%dT%H:%M:%S")'
        texts = [form.format(value) for value in node.values]
        return self._some(node.field, one_of(f'strftime({moment}, "{variable}")', texts))

    # --- parts ----------------------------------------------------------------------------------------

    def _name(self, field: ast.Field, node: Node) -> str:
        name = eval_name(field.name)
        if name is None:
            self.refuse("T604", node, f"Splunk has no way to write the field name {field.name!r} in an expression")
        return name

    def _some(self, field: ast.Field, expression: str) -> str:
        """The expression for at least one of the field's values."""
        return f"isnotnull(mvfilter({expression}))" if field.many else expression


def _match(name: str, regex: str) -> str:
    return f"match({name}, {quoted_regex(regex)})"


def one_of(subject: str, texts: Sequence[str]) -> str:
    """``x="a"``, ``in(x, "a", "b")``."""
    if len(texts) == 1:
        return f"{subject}={quoted(texts[0])}"
    return f"in({subject}, {', '.join(map(quoted, texts))})"
