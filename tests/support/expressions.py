"""Regular expressions and texts for them, made by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

ALPHABET = 'abAB_19-. \n\\/"#&~éÉ'
texts = st.text(ALPHABET, max_size=7)

CHARACTERS = [
    *("a", "b", "A", "_", "1", "-", "é", r"\.", r"\\", ".", "/", r"\/", "#", "@", "~", "<", ">", "&", "ab", " ", '"'),
    *(r"\n", r"\x41", r"\x{e9}", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S"),
    *("[ab]", "[^a]", "[a-z]", "[A-b]", r"[\W_]", "[-a]", "[a-]", "[&-~]", r"[\\-a]", r"[^\n]", r"[\s\d]", "[é-ü]"),
    *("[[:alpha:]]", "[[:^digit:]_]", "[]a]", "[^]a]"),
]
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
