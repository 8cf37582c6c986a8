"""Regular expressions, wildcard patterns and texts for them, made by hypothesis."""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

from transpiler.pattern import DASH, MANY, ONE, pattern
from transpiler.regex.letters import members
from transpiler.regex.tree import Choice, Edge, Node, OneOf, Repeat, Text, children

ALPHABET = 'abAB_19-. \n\\/"#&~éÉ'
texts = st.text(ALPHABET, max_size=7)
flags = st.sets(st.sampled_from("ims")).map(lambda letters: "".join(sorted(letters)))

WILDCARD_ALPHABET = "aA.\n*-é\\$"
patterns = st.lists(
    st.one_of(st.text(WILDCARD_ALPHABET, max_size=2), st.sampled_from([MANY, ONE, DASH])), max_size=5
).map(lambda tokens: pattern(*tokens))
wildcard_texts = st.text(WILDCARD_ALPHABET + "\u2013", max_size=6)

CHARACTERS = [
    *("a", "b", "A", "_", "1", "-", "é", r"\.", r"\\", ".", "/", r"\/", "#", "@", "~", "<", ">", "&", "ab", " ", '"'),
    *(r"\n", r"\x41", r"\x{e9}", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S"),
    *("[ab]", "[^a]", "[a-z]", "[A-b]", r"[\W_]", "[-a]", "[a-]", "[&-~]", r"[\\-a]", r"[^\n]", r"[\s\d]", "[é-ü]"),
    *("[[:alpha:]]", "[[:^digit:]_]", "[]a]", "[^]a]"),
]
MORE = [
    *("(?=a)", "(?!b)", "(?<=a|bc)", "(?<!_)", "(?>a|ab)", "a*+", "[ab]++", r"\h", r"\v"),
    *("(?i)", "(?m:^)", "(?s:.)", "(?-i:a)", r"(a|b).?\1", r"(?<n>a)\k<n>"),
]
"""What engines with memory can do beside."""

EDGES = ["^", "$", r"\b", r"\B", r"\A", r"\z", r"\Z"]
QUANTIFIERS = ["", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?"]


def expressions(extra: list[str] | None = None, edges: list[str] | None = None) -> st.SearchStrategy[str]:
    """Sources of expressions; ``extra`` are parts that may stand beside the usual ones."""
    characters = st.sampled_from(CHARACTERS)
    quantified = st.builds(
        lambda part, quantifier: part + quantifier if len(part) == 1 or part[0] in "\\[" else f"(?:{part}){quantifier}",
        characters,
        st.sampled_from(QUANTIFIERS),
    )
    parts = [quantified, st.sampled_from(EDGES if edges is None else edges or ["a"])]
    if extra:
        parts.append(st.sampled_from(extra))

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        rows = st.lists(inner, min_size=1, max_size=3).map("".join)
        groups = st.builds(
            lambda rows, opening, quantifier: f"{opening}{'|'.join(rows)}){quantifier}",
            st.lists(rows, min_size=1, max_size=3),
            st.sampled_from(["(?:", "("]),
            st.sampled_from(QUANTIFIERS),
        )
        return st.one_of(rows, groups)

    return st.recursive(st.one_of(parts), larger, max_leaves=8)


def written(node: Node, random: Random) -> str:
    """A text that the node matches where its edges hold: any option, any count that is not long."""
    if isinstance(node, Text):
        return node.text
    if isinstance(node, OneOf):
        printable = [code for code in range(32, 127) if any(low <= code <= high for low, high in members(node))]
        return chr(random.choice(printable or [members(node)[0][0]]))
    if isinstance(node, Edge):
        return ""
    if isinstance(node, Choice):
        return written(random.choice(node.options), random)
    count = 1
    if isinstance(node, Repeat):
        count = random.randint(node.low, max(node.low, min(node.low + 3, node.high or node.low + 3)))
    return "".join([written(child, random) for _ in range(count) for child in children(node)])


def changed(text: str, random: Random) -> str:
    """The text with something before, after or inside it, or with something taken away."""
    at = random.randint(0, len(text))
    other = random.choice(["\n", " ", "a", "7", "_", "-", '"', "\\", "/", "é", ""])
    return random.choice([other + text, text + other, text[:at] + other + text[at + 1 :], text.swapcase(), text[:at]])
