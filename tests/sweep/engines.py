"""The engines of a sweep: those that users have, and the servers that only the tests start."""

from __future__ import annotations

from collections.abc import Sequence

from tests import servers
from transpiler import registry
from transpiler.engine import CannotRun, Engine


def of(targets: Sequence[str], *, light: bool = False) -> dict[str, list[type[Engine]]]:
    """Target -> the engines that run its queries, a real server first; ``light``: without the servers."""
    found: dict[str, list[type[Engine]]] = {}
    for target in targets:
        own = [registry.engine(name) for name in registry.engines(target)]
        real = [] if light else [each for each in servers.ENGINES if target in each.TARGETS and not why_not(each)]
        found[target] = real + own
    return found


def why_not(engine: type[Engine]) -> str:
    """Why an engine cannot start here; empty if it can."""
    one = engine()
    try:
        one.start()
    except CannotRun as reason:
        return str(reason)
    finally:
        one.stop()
    return ""


def absent(targets: Sequence[str]) -> dict[str, str]:
    """Engine -> why it did not run here."""
    wanted = [registry.engine(name) for name in registry.engines()] + servers.ENGINES
    reasons = {each.__name__: why_not(each) for each in wanted if set(targets) & set(each.TARGETS)}
    return {name: why for name, why in reasons.items() if why}
