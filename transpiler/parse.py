"""Documents -> rules: the parts a rule has, and what they must be.

Source: Sigma specification 2.1.0, "Rules".
"""

from __future__ import annotations

from transpiler import condition as conditions
from transpiler.ast import And, Keyword, KeywordRegex, Match, Node, Not, Or, Regex
from transpiler.condition import ConditionFault
from transpiler.detection import Pair, pairs, selection, untagged, value_of
from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.errors import ConditionError, RuleError
from transpiler.model import LEVELS, STATUSES, Condition, LogSource, Rule
from transpiler.source import MAX_CHARACTERS, Document, MappingNode, ScalarNode, SequenceNode
from transpiler.source import Node as Yaml

Pairs = dict[str, Pair]
"""Key -> (key, key node, value node)."""


def rule(document: Document) -> tuple[Rule, list[Diagnostic]]:
    """The rule a document holds, its conditions already trees, and the notes it deserves.

    Raises RuleError, ConditionError or ModifierError at the line at fault.
    """
    root = document.root
    if not isinstance(root, MappingNode):
        raise RuleError(diagnostic("R201", "the document is not a map", document.span(root)))
    parts = pairs(document, root)
    _refuse_other_kinds(document, parts)
    notes: list[Diagnostic] = []
    title = _text(document, parts, "title")
    if title is None:
        raise _missing(document, root, "title", parts)
    logsource = _logsource(document, parts, root)
    selections, found = _detection(document, parts, root, notes)
    made = Rule(
        title,
        logsource,
        found,
        selections,
        document.span(root),
        **{key: _text(document, parts, key) for key in _TEXTS},  # type: ignore[arg-type] # by construction
        **{key: _texts(document, parts, key) for key in _LISTS},  # type: ignore[arg-type]
    )
    _check_words(document, parts, made, notes)
    return made, notes


def _refuse_other_kinds(document: Document, parts: Pairs) -> None:
    for key, code in (("correlation", "R206"), ("filter", "R207"), ("action", "R208")):
        if key in parts:
            message = {"R206": "this is a correlation rule", "R207": "this is a filter"}.get(
                code, "this document is a part of a collection (`action`)"
            )
            raise RuleError(diagnostic(code, message, document.span(parts[key][1])))
    if not parts.keys() & {"title", "logsource", "detection"}:
        raise RuleError(
            diagnostic("R201", "the map has no title, logsource or detection", document.span(document.root))
        )


def _missing(document: Document, node: Yaml, key: str, parts: Pairs) -> RuleError:
    misspelt = next((name for name in parts if name.lower() == key), "")
    hint = f"`{misspelt}` must be written `{key}`" if misspelt else ""
    return RuleError(diagnostic("R202", f"the rule has no `{key}`", document.span(node), hint=hint))


_TEXTS = ("id", "name", "status", "level", "description", "author", "license", "date", "modified")
_LISTS = ("references", "tags", "falsepositives", "fields")


# --- metadata -----------------------------------------------------------------------------------------


def _text(document: Document, parts: Pairs, key: str) -> str | None:
    """A metadata text as written; None when absent or empty."""
    if key not in parts:
        return None
    node = parts[key][2]
    if not isinstance(node, ScalarNode):
        value_of(document, node, f"`{key}`")
    return node.value or None


def _texts(document: Document, parts: Pairs, key: str) -> tuple[str, ...]:
    """A list of texts; a single text is a list of one."""
    if key not in parts:
        return ()
    node = parts[key][2]
    if isinstance(node, SequenceNode):
        for each in node.value:
            if not isinstance(each, ScalarNode):
                value_of(document, each, f"an entry of `{key}`")
        return tuple([each.value for each in node.value])
    one = _text(document, parts, key)
    return (one,) if one else ()


def _check_words(document: Document, parts: Pairs, made: Rule, notes: list[Diagnostic]) -> None:
    for key, value, words in (("level", made.level, LEVELS), ("status", made.status, STATUSES)):
        if value is not None and value not in words:
            message = f"`{value}` is no {key}; the specification has {', '.join(words)}"
            notes.append(diagnostic("R209", message, document.span(parts[key][2])))


def _logsource(document: Document, parts: Pairs, root: Yaml) -> LogSource:
    if "logsource" not in parts:
        raise _missing(document, root, "logsource", parts)
    node = parts["logsource"][2]
    if not isinstance(node, MappingNode):
        raise RuleError(diagnostic("R203", "`logsource` must be a map", document.span(node)))
    inside = pairs(document, node)
    category, product, service = [_text(document, inside, key) for key in ("category", "product", "service")]
    if not (category or product or service):
        raise RuleError(diagnostic("R202", "`logsource` has no category, product or service", document.span(node)))
    definition = _text(document, inside, "definition")
    return LogSource(category, product, service, definition, document.span(node))


# --- detection ----------------------------------------------------------------------------------------


def _detection(
    document: Document, parts: Pairs, root: Yaml, notes: list[Diagnostic]
) -> tuple[dict[str, Node], tuple[Condition, ...]]:
    if "detection" not in parts:
        raise _missing(document, root, "detection", parts)
    _, key_node, node = parts["detection"]
    if not isinstance(node, MappingNode):
        raise RuleError(diagnostic("R203", "`detection` must be a map", document.span(node)))
    selections: dict[str, Node] = {}
    places: dict[str, Yaml] = {}
    texts: Yaml | None = None
    for name, name_node, value in pairs(document, node).values():
        if name == "condition":
            texts = value
        elif name == "timeframe":
            message = "`timeframe` belongs to aggregations, which correlations replace; it changes nothing here"
            notes.append(diagnostic("R211", message, document.span(name_node)))
        else:
            places[name] = name_node
            selections[name] = selection(document, name, value)
    if texts is None:
        raise RuleError(diagnostic("R202", "the detection has no `condition`", document.span(key_node)))
    if not selections:
        raise RuleError(diagnostic("R204", "the detection has no selection", document.span(key_node)))
    used: set[str] = set()
    found = _conditions(document, texts, selections, used, notes)
    notes += [
        diagnostic("C307", f"the condition does not use `{name}`", document.span(places[name]))
        for name in selections
        if name not in used
    ]
    return selections, found


def _conditions(
    document: Document, node: Yaml, selections: dict[str, Node], used: set[str], notes: list[Diagnostic]
) -> tuple[Condition, ...]:
    nodes = [node]
    if isinstance(node, SequenceNode):
        untagged(document, node)
        nodes = node.value
    if not nodes:
        raise RuleError(diagnostic("R204", "`condition` is an empty list", document.span(node)))
    _bound(document, node, nodes, selections)
    odd = frozenset([name for name in selections if name.lower() in ("and", "or", "not", "of")])
    return tuple([_condition(document, each, selections, odd, used, notes) for each in nodes])


MAX_CONDITION = 64 * 1024
"""How many characters the conditions of a rule may have together."""

MAX_USES = MAX_CHARACTERS
"""How many characters the selections may amount to, each counted as often as the conditions name it."""

_SURELY_SMALL = 4 * 1024 * 1024
"""Characters of the conditions times characters of the document: below this no use of a selection is counted."""


def _bound(document: Document, node: Yaml, nodes: list[Yaml], selections: dict[str, Node]) -> None:
    """Refuse conditions that repeat large selections so often that the query would have no end (R210)."""
    texts = [each.value for each in nodes if isinstance(each, ScalarNode)]
    length = sum(map(len, texts))
    if length > MAX_CONDITION:
        message = f"the condition has more than {MAX_CONDITION:,} characters"
        raise RuleError(diagnostic("R210", message, document.span(node)))
    root = document.root
    if length * (root.end_mark.index - root.start_mark.index) > _SURELY_SMALL:
        sizes = {name: _size(tree) for name, tree in selections.items()}
        if conditions.amount(texts, sizes, MAX_USES) > MAX_USES:
            message = f"what the condition names amounts to more than {MAX_USES // 2**20} MiB"
            raise RuleError(diagnostic("R210", message, document.span(node)))


def _size(node: Node) -> int:
    """About how many characters a tree's values have."""
    if isinstance(node, (And, Or)):
        return sum(map(_size, node.children))
    if isinstance(node, Not):
        return _size(node.child)
    if isinstance(node, (Match, Keyword)):
        return sum([8 + len(str(each)) for each in node.patterns])
    if isinstance(node, (Regex, KeywordRegex)):
        return len(node.regex.source)
    return 8 * len(getattr(node, "values", ()) or getattr(node, "networks", ()) or "1")


def _condition(
    document: Document,
    node: Yaml,
    selections: dict[str, Node],
    odd: frozenset[str],
    used: set[str],
    notes: list[Diagnostic],
) -> Condition:
    text = value_of(document, node, "`condition`")
    if not isinstance(text, str) or not isinstance(node, ScalarNode):
        raise RuleError(diagnostic("R203", "`condition` must be text", document.span(node)))
    span = document.span(node)
    try:
        parsed = conditions.parse(text, odd)
        tree = conditions.resolve(parsed.expression, selections, span, used)
    except ConditionFault as fault:
        place = document.word(node, fault.word, conditions.WORD)
        raise ConditionError(diagnostic(fault.code, str(fault), place, hint=fault.hint)) from None
    if parsed.capitals:
        place = document.word(node, parsed.capitals[0], conditions.WORD)
        notes.append(diagnostic("C306", "an operator in capitals", place))
    return Condition(text, tree, span)
