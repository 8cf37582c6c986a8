r"""How the dialects write a character, as tables."""

from __future__ import annotations

from collections.abc import Callable

from transpiler.regex.letters import cases


class Escapes(dict[str, str]):
    """A table that works out how each character is written when it first meets it."""

    def __init__(self, escape: Callable[[str], str]) -> None:
        super().__init__()
        self.escape = escape

    def __missing__(self, character: str) -> str:
        text = self[character] = self.escape(character)
        return text

    def of(self, text: str) -> str:
        """The text, each character as the table writes it (``str.translate`` takes half as long again)."""
        return "".join(map(self.__getitem__, text))


# --- Lucene -------------------------------------------------------------------------------------------

_OPERATORS = frozenset('.?+*|{}[]()"\\#@&<>~/')


def _exact(character: str) -> str:
    return f"\\{character}" if character in _OPERATORS else character


def _both(character: str) -> str:
    letters = cases(character)
    return f"[{letters}]" if len(letters) > 1 else _exact(character)


LUCENE = Escapes(_exact)
"""Text, letter case as it is."""

LUCENE_BOTH = Escapes(_both)
"""Text, each letter as the class of its cases."""

LUCENE_BEYOND_ASCII = Escapes(lambda character: _exact(character) if character.isascii() else _both(character))
"""Text for an engine that ignores the case of ASCII letters: the others as classes of their cases."""

LUCENE_MEMBER = Escapes(lambda character: f"\\{character}" if character in "^-" else _exact(character))
"""Characters of a class."""


# --- PCRE and Kusto -------------------------------------------------------------------------------------

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\f": r"\f"}


def _perl(character: str, special: str) -> str:
    if character in special:
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 256 else f"\\x{{{code:x}}}")


PERL = Escapes(lambda character: _perl(character, "\\.+*?()|[]{}^$"))
"""Text outside a class."""

PERL_MEMBER = Escapes(lambda character: _perl(character, "\\]^[-&~"))
"""Characters of a class; ``&&``, ``--`` and ``~~`` are operators of Kusto's dialect there."""


def _perl_caseless(character: str) -> str:
    if character.isascii() or character.lower() == character.upper():
        return PERL[character]
    return f"(?-i:[{''.join([PERL_MEMBER[each] for each in cases(character)])}])"


_PERL_CASELESS = Escapes(_perl_caseless)


def perl_caseless(text: str) -> str:
    """Text under the flag i of an engine that folds as Unicode does.

    There letters beyond ASCII meet others than in the rule, so that these are spelled.
    """
    return _PERL_CASELESS.of(text).replace("])(?-i:[", "][")
