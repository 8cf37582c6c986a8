"""Options of the test command, and which tests do not count for coverage."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# The same tree gives the same examples, on slow days too: a run that passed passes again. The sweep looks for new ones.
settings.register_profile(
    "repeatable", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the golden files; refused for a query that an engine runs and that does not mean its rule",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave properties out of coverage: what generated values happen to pass by is not tested by it.

    Without the tracer they take a quarter of the time. Tests over the whole corpus say ``no_cover`` themselves.
    """
    for item in items:
        if item.get_closest_marker("hypothesis"):
            item.add_marker("no_cover")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
