"""Regular expressions, wildcard patterns and texts for them, made by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from transpiler.pattern import DASH, MANY, ONE, pattern

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
