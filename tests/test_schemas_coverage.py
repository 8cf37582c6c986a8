"""What the schemas make of the public rules: the page says it, and every log source has its answer."""

from __future__ import annotations

import pytest

from tests.schemas.coverage import TARGETS, Coverage, coverage
from tests.support import corpus


@pytest.fixture(scope="module")
def found() -> dict[str, Coverage]:
    return coverage(compare=False)


@pytest.mark.no_cover
def test_the_page_is_current(found: dict[str, Coverage]) -> None:
    text = (corpus.ROOT / "docs" / "schemas.md").read_text("utf-8")
    for name, each in found.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {name} | ") and "%" in line]
        assert f"| {each.converted.total():,} (" in line, "run: python -m tests.schemas"
        for code, count in each.refused.items():
            assert any(
                line.startswith(f"| {name} | {code} |") and line.endswith(f"| {count:,} |")
                for line in text.splitlines()
            )


@pytest.mark.no_cover
@pytest.mark.parametrize("schema", TARGETS)
def test_every_log_source_converts_or_says_why_not(found: dict[str, Coverage], schema: str) -> None:
    each = found[schema]
    unknown = {source: codes["F501"] for source, codes in each.reasons.items() if codes["F501"]}
    assert {source: count for source, count in unknown.items() if source not in each.why_not} == {}


@pytest.mark.no_cover
@pytest.mark.parametrize("schema", TARGETS)
def test_no_file_of_a_schema_is_wrong(found: dict[str, Coverage], schema: str) -> None:
    assert not found[schema].refused["F505"]
