"""Writes docs/schemas.md; takes some minutes, most of them pySigma's."""

from __future__ import annotations

from tests.schemas.coverage import coverage
from tests.schemas.page import page
from tests.support import corpus

text = page(coverage(compare=True))
(corpus.ROOT / "docs" / "schemas.md").write_text(text, "utf-8", newline="\n")
