"""The modifiers of Sigma 2.1: one small function each, from a value to what it becomes.

A modifier is given a draft, what the modifiers before it made of the rule's value, and gives the
next draft. Which drafts a modifier takes is said by its row in MODIFIERS. ``all`` and ``neq`` speak
about the list of values and have no function.

Source: Sigma specification 2.1.0, appendix "Modifiers".
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from transpiler import pattern as patterns
from transpiler.ast import Comparison, Part, TimeUnit
from transpiler.nearest import did_you_mean
from transpiler.pattern import DASH, DASHES, Pattern
from transpiler.source import Scalar

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from transpiler.regex import Regex


class Raw(str):
    """Text as the rule has it, escapes not read: what ``re``, ``cidr`` and ``expand`` need."""

    __slots__ = ()


class Encoded(NamedTuple):
    """Bytes that a later ``base64`` will encode."""

    data: bytes


class Expression(NamedTuple):
    """The text of a regular expression and its flags, parsed when all modifiers are read."""

    text: str
    flags: str = ""


class Cased(NamedTuple):
    """A pattern whose letter case counts."""

    pattern: Pattern


class Reference(NamedTuple):
    """The name of another field."""

    name: str
    part: Part = "equals"
    cased: bool = False


class Threshold(NamedTuple):
    """A numeric comparison."""

    op: Comparison
    value: int | float


class Presence(NamedTuple):
    """``exists``: true or false."""

    present: bool


class Moment(NamedTuple):
    """A part of a date and its value."""

    unit: TimeUnit
    value: int


class Network(NamedTuple):
    """A range of addresses."""

    network: IPv4Network | IPv6Network


Draft: TypeAlias = (
    "Raw | Pattern | Encoded | Expression | Cased | Reference | Threshold | Presence | Moment | Network"
    " | bool | int | float | None"
)


class Misfit(Exception):
    """A modifier cannot be applied; ``code`` is that of the diagnostic, ``str()`` its message."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


# --- text -----------------------------------------------------------------------------------------


def _surround(draft: Draft, part: Part, *, before: bool, after: bool) -> Draft:
    if isinstance(draft, Pattern):
        return patterns.surround(draft, before, after)
    if isinstance(draft, Cased):
        return Cased(patterns.surround(draft.pattern, before, after))
    if isinstance(draft, Reference):
        return draft._replace(part=part)
    if isinstance(draft, Expression) and part != "contains":
        anchor = "^" if part == "startswith" else "$"
        raise Misfit("M403", f"`{part}` cannot follow `re`", f"write {anchor} in the expression")
    return draft


def contains(draft: Draft) -> Draft:
    """``*`` before and after; a regular expression is searched for anyway."""
    return _surround(draft, "contains", before=True, after=True)


def startswith(draft: Draft) -> Draft:
    """``*`` after."""
    return _surround(draft, "startswith", before=False, after=True)


def endswith(draft: Draft) -> Draft:
    """``*`` before."""
    return _surround(draft, "endswith", before=True, after=False)


def cased(draft: Draft) -> Draft:
    """Letter case counts."""
    if isinstance(draft, Reference):
        return draft._replace(cased=True)
    return Cased(draft) if isinstance(draft, Pattern) else draft


_WORD_DASH = re.compile(rf"\B[{DASHES[1:]}\-]\b")


def windash(draft: Draft) -> Draft:
    """Each dash at the beginning of a word becomes any of the five dashes, as one token."""
    given = draft.pattern if isinstance(draft, Cased) else draft
    if not isinstance(given, Pattern):
        return draft
    tokens: list[patterns.Token] = []
    for token in given.tokens:
        if isinstance(token, str):
            *before, last = _WORD_DASH.split(token)
            for piece in before:
                tokens += (piece, DASH)
            tokens.append(last)
        else:
            tokens.append(token)
    dashed = patterns.pattern(*tokens)
    return Cased(dashed) if isinstance(draft, Cased) else dashed


# --- encodings ------------------------------------------------------------------------------------


def _bytes(draft: Draft, encoding: str = "utf-8") -> list[bytes]:
    """What an encoder encodes: one value, or every spelling of a dashed one."""
    if isinstance(draft, Encoded):
        return [draft.data]
    assert isinstance(draft, Pattern)
    spellings = patterns.variants(draft)
    if spellings is None:
        raise Misfit("M402", "the dashes have too many spellings to encode", "drop `windash`")
    if any(spelling.kind != "equals" for spelling in spellings):
        raise Misfit("M402", "wildcards cannot be encoded", r"escape them: \* \?")
    try:
        return [spelling.text.encode(encoding) for spelling in spellings]
    except UnicodeEncodeError:
        raise Misfit("M402", "the text holds half of a surrogate pair and cannot be encoded") from None


def _utf16(encoding: str, bom: bytes = b"") -> Callable[[Draft], list[Draft]]:
    def encode(draft: Draft) -> list[Draft]:
        return [Encoded(bom + data) for data in _bytes(draft, encoding)]

    return encode


def base64(draft: Draft) -> list[Draft]:
    """The Base64 of the text's UTF-8 bytes, or of the bytes an encoding before it made."""
    return [patterns.literal(_base64(data)) for data in _bytes(draft)]


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


def base64offset(draft: Draft) -> list[Draft]:
    """The three forms the text has inside Base64, by its offset modulo 3.

    At each end the characters that also hold bits of a neighbouring byte are cut off; computed on
    bytes, so that text outside ASCII is right too.
    """
    found = _bytes(draft)
    if min(map(len, found)) < 2:
        # One byte at offset 1 leaves no character of its own: the rule would look for nothing.
        raise Misfit("M402", "`base64offset` needs at least two bytes")
    return [patterns.literal(_at_offset(data, offset)) for data in found for offset in (0, 1, 2)]


def _at_offset(data: bytes, offset: int) -> str:
    encoded = _base64(b"\0" * offset + data)
    end = (None, -3, -2)[(len(data) + offset) % 3]
    return encoded[(0, 2, 3)[offset] : end]


# --- regular expressions --------------------------------------------------------------------------


def re_(draft: Draft) -> Draft:
    """The value is a regular expression."""
    return Expression(str(draft)) if isinstance(draft, Raw) else draft


def _flag(letter: Literal["i", "m", "s"]) -> Callable[[Draft], Draft]:
    def add(draft: Draft) -> Draft:
        assert isinstance(draft, Expression)
        return Expression(draft.text, draft.flags + letter)

    return add


# --- numbers, networks, fields, dates --------------------------------------------------------------


_NETWORK = re.compile(r"\s*([0-9A-Fa-f.:]+(?:/[0-9]{1,3})?)\s*\Z", re.ASCII)


def cidr(draft: Draft) -> Draft:
    """The value is an IPv4 or IPv6 network; an address alone is a network of one."""
    from ipaddress import ip_network

    found = _NETWORK.match(str(draft))  # ip_network also takes masks and zones, which no target knows
    text = found[1] if found else ""
    try:
        return Network(ip_network(text))
    except ValueError:
        raise _no_network(str(draft), text) from None


def _no_network(value: str, text: str) -> Misfit:
    from ipaddress import ip_network

    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return Misfit("M405", f"{value!r} is not a network in CIDR notation")
    # pySigma refuses it too: whether the network is meant or the one address, nobody knows.
    hint = f"write {network} for the network, or {text.partition('/')[0]} for the address"
    return Misfit("M405", f"{text} is an address inside the network {network}", hint)


def _threshold(op: Comparison) -> Callable[[Draft], Draft]:
    def compare(draft: Draft) -> Draft:
        assert isinstance(draft, (int, float))
        return Threshold(op, draft)

    return compare


def fieldref(draft: Draft) -> Draft:
    """The value is the name of another field."""
    assert isinstance(draft, Pattern)
    if draft.kind != "equals" or not draft.text:
        raise Misfit("M402", "a field reference is one field name, without wildcards")
    return Reference(draft.text)


def exists(draft: Draft) -> Draft:
    """The value says whether the field is there."""
    assert isinstance(draft, bool)
    return Presence(draft)


_PLACEHOLDER = re.compile(r"(?<!\\)%([^%\s]+)%")


def placeholder(value: Scalar) -> str | None:
    """The first placeholder ``%name%`` of a value under ``expand``, or None."""
    found = _PLACEHOLDER.search(value) if isinstance(value, str) else None
    return found[1] if found else None


_RANGES: dict[TimeUnit, tuple[int, int]] = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "week": (1, 53),
    "month": (1, 12),
    "year": (1, 9999),
}


def _moment(unit: TimeUnit) -> Callable[[Draft], Draft]:
    low, high = _RANGES[unit]

    def part(draft: Draft) -> Draft:
        if not isinstance(draft, int) or not low <= draft <= high:
            raise Misfit("M402", f"`{unit}` needs a whole number from {low} to {high}")
        return Moment(unit, draft)

    return part


# --- the table --------------------------------------------------------------------------------------


class Modifier(NamedTuple):
    """``takes``: classes of drafts it applies to; ``says``: them in words, for the diagnostic."""

    apply: Callable[[Draft], Draft | list[Draft]]
    takes: tuple[type, ...]
    says: str


_TEXT = (Pattern, Cased)
_SEARCHABLE = (Pattern, Cased, Reference, Expression)
_ENCODABLE = (Pattern, Encoded)
_NUMBERS = (int, float)

MODIFIERS: dict[str, Modifier] = {
    "contains": Modifier(contains, _SEARCHABLE, "text"),
    "startswith": Modifier(startswith, _SEARCHABLE, "text"),
    "endswith": Modifier(endswith, _SEARCHABLE, "text"),
    "cased": Modifier(cased, (Pattern, Reference), "text"),
    "windash": Modifier(windash, _TEXT, "text"),
    "wide": Modifier(_utf16("utf-16-le"), (Pattern,), "text"),
    "utf16le": Modifier(_utf16("utf-16-le"), (Pattern,), "text"),
    "utf16be": Modifier(_utf16("utf-16-be"), (Pattern,), "text"),
    "utf16": Modifier(_utf16("utf-16-le", b"\xff\xfe"), (Pattern,), "text"),
    "base64": Modifier(base64, _ENCODABLE, "text"),
    "base64offset": Modifier(base64offset, _ENCODABLE, "text"),
    "re": Modifier(re_, (Raw,), "text"),
    "i": Modifier(_flag("i"), (Expression,), "a regular expression (`re` before it)"),
    "m": Modifier(_flag("m"), (Expression,), "a regular expression (`re` before it)"),
    "s": Modifier(_flag("s"), (Expression,), "a regular expression (`re` before it)"),
    "cidr": Modifier(cidr, (Raw,), "text"),
    "lt": Modifier(_threshold("lt"), _NUMBERS, "a number, unquoted"),
    "lte": Modifier(_threshold("lte"), _NUMBERS, "a number, unquoted"),
    "gt": Modifier(_threshold("gt"), _NUMBERS, "a number, unquoted"),
    "gte": Modifier(_threshold("gte"), _NUMBERS, "a number, unquoted"),
    "fieldref": Modifier(fieldref, (Pattern,), "the name of a field"),
    "exists": Modifier(exists, (bool,), "true or false"),
    **{unit: Modifier(_moment(unit), (int,), "a whole number") for unit in _RANGES},
}
MODIFIERS |= {long: MODIFIERS[short] for long, short in {"ignorecase": "i", "multiline": "m", "dotall": "s"}.items()}

LIST_MODIFIERS = ("all", "neq", "expand")
"""Modifiers about the list of values: all of them instead of any; none of them; placeholders."""

NEED_FIELD = frozenset(
    {"startswith", "endswith", "cidr", "fieldref", "exists", "lt", "lte", "gt", "gte", *_RANGES},
)
"""Modifiers that say nothing without a field."""

_PARTS = frozenset({"contains", "startswith", "endswith"})
_NEEDS_RAW = frozenset({"re", "cidr"})
_ENCODERS = frozenset({"wide", "utf16", "utf16le", "utf16be"})


class Plan(NamedTuple):
    """What a chain of modifiers does: ``steps`` to each value, the last three to the list."""

    names: tuple[str, ...]
    steps: tuple[Modifier, ...]
    raw: bool
    all_: bool
    negated: bool
    expand: bool
    wildcards: tuple[bool, bool] | None
    """``*`` before, after: all that the steps do to text. None: they do something else."""


_WILDCARDS: dict[tuple[str, ...], tuple[bool, bool]] = {
    (): (False, False),
    ("contains",): (True, True),
    ("startswith",): (False, True),
    ("endswith",): (True, False),
}


def plan(names: tuple[str, ...]) -> Plan:
    """Read a chain of modifiers. Raises Wrong, which knows the number of the modifier at fault."""
    steps: list[str] = []
    for index, name in enumerate(names):
        if name not in MODIFIERS and name not in LIST_MODIFIERS:
            raise Wrong(
                index, "M401", f"there is no modifier `{name}`", did_you_mean(name, [*MODIFIERS, *LIST_MODIFIERS])
            )
        if name in names[:index]:
            raise Wrong(index, "M409", f"`{name}` stands twice")
        if name in LIST_MODIFIERS:
            continue
        if name in _PARTS and (other := _PARTS.intersection(steps)):
            raise Wrong(index, "M403", f"`{name}` and `{min(other)}` exclude each other", "write two fields")
        if name in _NEEDS_RAW and steps:
            raise Wrong(index, "M403", f"`{name}` must be the first modifier", f"write it before `{steps[0]}`")
        steps.append(name)
    for index, name in enumerate(names):
        if name in _ENCODERS and not {"base64", "base64offset"} & set(names[index:]):
            # Specification 2.1, modifiers: the UTF-16 modifiers are for use with base64 only.
            raise Wrong(index, "M403", f"`{name}` needs `base64` or `base64offset` after it")
    return Plan(
        names,
        tuple([MODIFIERS[name] for name in steps]),
        bool(steps) and steps[0] in _NEEDS_RAW,
        "all" in names,
        "neq" in names,
        "expand" in names,
        None if "expand" in names else _WILDCARDS.get(tuple(steps)),
    )


class Wrong(Misfit):
    """A chain of modifiers is wrong at the modifier of number ``index``."""

    def __init__(self, index: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.index = index


def draft(value: Scalar, *, raw: bool) -> Draft:
    """A rule's value before any modifier."""
    if isinstance(value, str):
        return Raw(value) if raw else patterns.parse(value)
    return value


def unresolved(name: str) -> Misfit:
    """What is wrong with a placeholder that has no value."""
    return Misfit("M406", f"the placeholder %{name}% has no value")


def apply(chain: Plan, value: Scalar, *, placeholders: bool = False) -> list[Draft]:
    """Apply a chain to one value of the rule. Raises Misfit for the value, Wrong for a modifier of the chain.

    ``placeholders``: they are left as they are, for a pipeline to fill in.
    """
    if chain.expand and not placeholders and (name := placeholder(value)):
        raise unresolved(name)
    drafts: list[Draft] = [draft(value, raw=chain.raw)]
    for index, step in enumerate(chain.steps):
        following: list[Draft] = []
        for each in drafts:
            if not isinstance(each, step.takes) or (type(each) is bool and bool not in step.takes):
                code = "M403" if type(each) in _MADE else "M402"
                at = _place(chain, index)
                raise Wrong(at, code, f"`{chain.names[at]}` needs {step.says}, not {_kind(each)}")
            try:
                result = step.apply(each)
            except Misfit as misfit:
                if misfit.code in ("M402", "M403"):
                    raise Wrong(_place(chain, index), misfit.code, str(misfit), misfit.hint) from None
                raise
            if isinstance(result, list):
                following += result
            else:
                following.append(result)
        drafts = following
    return drafts


def _place(chain: Plan, step: int) -> int:
    """The number, among all modifiers of the chain, of the one that is that step."""
    return [number for number, name in enumerate(chain.names) if name not in LIST_MODIFIERS][step]


def _kind(each: Draft) -> str:
    if each is None:
        return "null"
    if isinstance(each, bool):
        return "a boolean"
    if isinstance(each, (int, float)):
        return "a number"
    return _MADE.get(type(each), "text")


_MADE: dict[type, str] = {
    Encoded: "encoded text",
    Cased: "text whose letter case counts",
    Expression: "a regular expression",
    Reference: "a field reference",
    Threshold: "a comparison",
    Presence: "a question for the field's presence",
    Moment: "a part of a date",
    Network: "a network",
}
"""What a modifier makes of a value, in words; the value itself was right."""


def expression(given: Expression) -> Regex:
    """Parse a regular expression. Raises Misfit (M404)."""
    from transpiler import regex

    try:
        return regex.parse(given.text, given.flags)
    except regex.RegexError as error:
        raise Misfit("M404", f"regular expression: {error}") from None
