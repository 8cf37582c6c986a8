"""sigmaq: Sigma detection rules -> SIEM queries that mean what the rule means.

    >>> from transpiler import transpile
    >>> [query.text for query in transpile(rule_text, target="lucene", schema="none")]

The stable interface is what ``__all__`` lists; everything else may change between versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transpiler.api import Compiler, Outcome, Result, compile, transpile  # noqa: A004
    from transpiler.diagnostics import Diagnostic
    from transpiler.errors import SigmaError
    from transpiler.query import Options, Query

__all__ = ["Compiler", "Diagnostic", "Options", "Outcome", "Query", "Result", "SigmaError", "compile", "transpile"]

_HOMES = {
    **dict.fromkeys(("Compiler", "Outcome", "Result", "compile", "transpile"), "transpiler.api"),
    **dict.fromkeys(("Options", "Query"), "transpiler.query"),
    "Diagnostic": "transpiler.diagnostics",
    "SigmaError": "transpiler.errors",
}


def __getattr__(name: str) -> Any:
    """Import on first use: ``import transpiler`` alone costs nothing (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
