"""Query -> text under a header, JSON object, file name, attribution.

Architecture invariant: nothing that a rule says (title, author, id) can leave the comment it stands
in, name a file outside the output folder, or break a line of JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transpiler.diagnostics import Diagnostic
from transpiler.model import Rule
from transpiler.query import Query

if TYPE_CHECKING:
    from transpiler.registry import Language

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
"""Where the templates are: beside this package, whatever the working folder holds."""

NOT_STATED = "not stated in the rule"


# --- text that stays on its line ----------------------------------------------------------------

_SPACE = re.compile(r"[ \t\n\v\f\r\x85\u2028\u2029]")
_SPACES = re.compile(_SPACE.pattern + "+")
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # control characters
    r"\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # direction marks, invisible characters
    r"\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e0fff]"  # lone surrogates, annotations, tags
)


def one_line(text: str) -> str:
    """A rule's text on one line: runs of white space are a blank, unprintable characters U+FFFD."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return _UNSAFE.sub("\ufffd", _SPACES.sub(" ", text)).strip()


def visible(text: str) -> str:
    """A text for a terminal, as long as before: line ends are a blank, unprintable characters U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub("\ufffd", _SPACE.sub(" ", text))


_IN_BLOCK = str.maketrans({"`": "'", '"': "'", "[": "(", "]": ")", "*": "\u2217"})
"""What a block comment's text must not hold: its own end, or what a reader might still balance."""


def comment(language: Language, text: str) -> str:
    """A comment line of the language; ``#`` where it has no comments (a heading for people)."""
    text = one_line(text)
    if language.comment_end:
        return f"{language.comment} {text.translate(_IN_BLOCK)} {language.comment_end}"
    return f"{language.comment or '#'} {text}"


# --- text ---------------------------------------------------------------------------------------


def named_in(rule: Rule) -> str:
    """Who is to be named when the rule is shared, on one line."""
    return f"id: {rule.id or NOT_STATED}; author: {rule.author or NOT_STATED}; license: {rule.license or NOT_STATED}"


def header(language: Language, query: Query, *, named: bool = False) -> str:
    """The comment lines above a query: the title, then id, author and licence; each with its line end.

    ``named`` puts the target before the title.
    """
    rule = query.rule
    title = f"{language.name}: {rule.title}" if named else rule.title
    if query.which:
        title += f" ({query.which})"
    return f"{comment(language, title)}\n{comment(language, named_in(rule))}\n"


# --- JSON ---------------------------------------------------------------------------------------


def query_object(query: Query) -> dict[str, Any]:
    """The JSON object of a query; its warnings and notes are inside."""
    rule = query.rule
    return {
        "kind": "query",
        "path": rule.path,
        "rule_id": rule.id,
        "title": rule.title,
        "target": query.target,
        "schema": query.schema,
        "query": str(query.text),
        "warnings": [diagnostic_object(each, query) for each in query.diagnostics],
    }


def diagnostic_object(
    found: Diagnostic, query: Query | None = None, *, path: str = "", rule_id: str | None = None
) -> dict[str, Any]:
    """The JSON object of a diagnostic. The other parameters say whose it is where it does not."""
    span = found.span
    return {
        "kind": "diagnostic",
        "severity": found.severity,
        "code": found.code,
        "message": found.message,
        "hint": found.hint,
        "path": span.path or (query.rule.path if query else path) or None,
        "line": span.line or None,
        "column": span.column or None,
        "rule_id": found.rule_id or (query.rule_id if query else rule_id),
        "target": found.target or (query.target if query else None),
    }


# --- file names ---------------------------------------------------------------------------------

MAX_STEM = 120
"""The longest stem of a file name, in UTF-8 bytes; file systems take 255 for the whole name."""

_NOT_IN_NAMES = re.compile(r"[^\w-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)\Z", re.IGNORECASE)
"""What Windows keeps for devices, whatever the extension."""


def slug(text: str) -> str:
    """A text as the stem of a file name: letters, digits, ``_`` and ``-``."""
    if not text.isascii():
        from unicodedata import normalize

        text = normalize("NFKC", text)
    text = _NOT_IN_NAMES.sub("_", text).strip("_-")
    text = text.encode("utf-8", "ignore")[:MAX_STEM].decode("utf-8", "ignore").rstrip("_-")
    return f"rule_{text}" if _RESERVED.match(text) else text or "rule"


class Names:
    """Gives each rule its own file name stem.

    The rule file's own stem; for one of several rules in a file, and for standard input, the title
    and the first part of the id. When that is taken (letter case ignored) the id is added, then a
    number. The same rules in the same order give the same names.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def stem(self, rule: Rule, *, alone: bool = True) -> str:
        """A stem that no earlier rule got. ``alone``: the rule is the only one of its file."""
        short = slug(rule.id)[:8] if rule.id else ""
        if alone and rule.path != "-":
            base = slug(Path(rule.path).stem)
            choices = [base, f"{base}_{short}"] if short else [base]
        else:
            base = slug(rule.title)
            choices = [f"{base}_{short}"] if short else [base]
        number = 1
        for choice in choices:
            if self._take(choice):
                return choice
        while not self._take(choice := f"{choices[-1]}_{(number := number + 1)}"):
            pass
        return choice

    def _take(self, stem: str) -> bool:
        key = stem.casefold()
        if key in self._taken:
            return False
        self._taken.add(key)
        return True


def file_name(stem: str, query: Query, extension: str) -> str:
    """The file of a query; numbered (``stem.2.spl``; a stem has no dot) when the rule has several."""
    number = f".{query.number}" if query.which else ""
    return f"{stem}{number}.{extension}"


# --- attribution --------------------------------------------------------------------------------

ATTRIBUTION = "ATTRIBUTION"
"""The file beside queries whose language has no comments."""

_INTRODUCTION = "The queries in this folder were made from Sigma rules. Keep this file with them: it names the authors."


def attribution(entries: Mapping[str, str]) -> str:
    """The text of an ATTRIBUTION file from what each query file's entry is."""
    return "\n\n".join([_INTRODUCTION, *(entries[name] for name in sorted(entries))]) + "\n"


def attribution_entry(name: str, rule: Rule) -> str:
    """The entry of a query file: its name, then who is to be named."""
    facts = (
        ("title", rule.title),
        ("id", rule.id),
        ("author", rule.author),
        ("license", rule.license),
    )
    return "\n".join([name, *(f"  {key}: {one_line(value or NOT_STATED)}" for key, value in facts)])


def attribution_entries(text: str) -> Iterable[tuple[str, str]]:
    """The entries of an ATTRIBUTION file, each with the file it is about."""
    for block in text.strip().split("\n\n")[1:]:
        yield block.partition("\n")[0], block
