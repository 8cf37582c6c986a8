r"""SPL as text: the commands of a pipeline, and the tokens of a ``search`` and of an eval expression.

Source: Splunk Enterprise 10.0 Search Reference, "search", section "Quotes and escaping characters", and
"Understanding SPL syntax"; "eval", section "Field names".
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from transpiler.engine import CannotRun


class Token(NamedTuple):
    """A piece of a command; ``kind`` is string, name (in single quotes), word, number, mark or end."""

    kind: str
    text: str


END = Token("end", "")

_QUOTED = r'"(?:\\.|[^"\\])*"'
_PIPE = re.compile(rf"""{_QUOTED}|'[^']*'|(\|)|([`\[\]])|[^"'|`\[\]]""", re.DOTALL)

SEARCH = re.compile(
    rf"""\s+|(?P<string>{_QUOTED})|(?P<mark><=|>=|!=|[=<>(),])|(?P<word>[^\s"'`\[\]|=<>!(),]+)""", re.DOTALL
)
"""What ``search`` reads. A name or value with other characters stands in double quotes."""

EVAL = re.compile(
    rf"""\s+|(?P<string>{_QUOTED})|'(?P<name>[^']+)'|(?P<number>\d+(?:\.\d+)?(?![\w.]))|(?P<word>[A-Za-z_]\w*)"""
    r"""|(?P<mark><=|>=|!=|==|[=<>(),.-])""",
    re.DOTALL | re.ASCII,
)
"""What eval reads: strings in double quotes, names with other than letters, digits and ``_`` in single quotes."""


def commands(query: str) -> list[str]:
    """The commands of a pipeline: split at the pipes outside quotes.

    "Quotation marks must be balanced" ("Quotes and escaping characters"). Raises CannotRun where they are
    not, and for what no query of ours holds outside them: back-quotes (a macro, or a comment) and brackets
    (a subsearch).
    """
    cuts, end = [-1], 0
    while end < len(query):
        found = _PIPE.match(query, end)
        if not found:
            raise CannotRun("the server refuses it: unbalanced quotation marks")
        if found[2]:
            raise CannotRun("cannot read: a macro, a comment or a subsearch")
        if found[1]:
            cuts.append(end)
        end = found.end()
    return [query[start + 1 : stop].strip() for start, stop in pairwise([*cuts, len(query)])]


_CONTROL = re.compile(r'"(?:[^\\]|\\[^nrt])*\\[nrt]', re.DOTALL).match
r"""A string of eval with a single backslash before n, r or t. "The \t in the path is interpreted as a tab"
(Search Manual, "Types of expressions"), though it is no sequence that "search" lists."""

_ESCAPE = re.compile(r'\\(["\\|])')


def unescape(quoted: str) -> str:
    r"""What a string in double quotes holds.

    "The sequence \| as part of a search sends a pipe character to the command", \" "a literal quotation
    mark", \\ "a literal backslash". "Unrecognized backslash sequences are not altered": \s in a search "is
    available as \s to the command", and so is \\s ("Quotes and escaping characters").
    """
    return _ESCAPE.sub(r"\1", quoted[1:-1])


def tokens(text: str, grammar: re.Pattern[str]) -> list[Token]:
    """The tokens of one command. Raises CannotRun where it cannot be read."""
    found, end = [], 0
    while end < len(text):
        match = grammar.match(text, end)
        if not match:
            raise CannotRun(f"cannot read: {text[end : end + 30]!r}")
        if match.lastgroup:
            piece = match[match.lastgroup]
            if grammar is EVAL and _CONTROL(piece):
                raise CannotRun(rf"cannot read: {piece[:30]}, for the documents disagree on \n, \r and \t")
            found.append(Token(match.lastgroup, unescape(piece) if match.lastgroup == "string" else piece))
        end = match.end()
    return found


class Reader:
    """Tokens, taken from left to right."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0

    def peek(self) -> Token:
        """The next token; END after the last."""
        return self.tokens[self.at] if self.at < len(self.tokens) else END

    def take(self, kind: str, text: str | None = None) -> Token | None:
        """The next token if it is such a one, else None and nothing is taken."""
        token = self.peek()
        if token.kind != kind or (text is not None and token.text != text):
            return None
        self.at += 1
        return token

    def need(self, kind: str, text: str | None = None) -> Token:
        """The next token, which must be such a one. Raises CannotRun."""
        token = self.take(kind, text)
        if token is None:
            raise CannotRun(f"cannot read: {self.peek().text or 'the end'!r} where {text or f'a {kind}'} is expected")
        return token

    def finish(self) -> None:
        """Nothing is left over. Raises CannotRun."""
        if self.peek() is not END:
            raise CannotRun(f"cannot read: {self.peek().text!r} is left over")
