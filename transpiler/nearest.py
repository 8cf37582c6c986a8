"""Names that a misspelt name may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """At most so many of the known names, the most alike first; letter case does not count."""
    from difflib import get_close_matches  # only a mistake needs it

    spellings = {each.lower(): each for each in known}
    return [spellings[each] for each in get_close_matches(name.lower(), spellings, most)]


def did_you_mean(name: str, known: Iterable[str], most: int = 1) -> str:
    """A hint that names them, or an empty text."""
    found = nearest(name, known, most)
    return f"did you mean {' or '.join(f'`{each}`' for each in found)}?" if found else ""
