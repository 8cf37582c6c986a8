"""docs/schemas.md, written from what the schemas make of the public rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import version

from tests.schemas.coverage import TARGETS, THEIRS, Coverage
from transpiler import registry
from transpiler.codes import CODES

HEAD = """\
# Schemas

What each shipped schema makes of the {rules:,} public SigmaHQ rules. Written by `python -m tests.schemas`, never by
hand. A schema of your own: [schema-format.md](schema-format.md). What a schema says, field by field:

    sigmaq schemas show ecs -l windows/process_creation
    sigmaq fields rules/ -s ecs

"""


def page(found: Mapping[str, Coverage]) -> str:
    """The page."""
    rules = next(iter(found.values())).rules.total()
    parts = [HEAD.format(rules=rules), *_summary(found, rules), *_sources(found), *_refused(found), *_left_out(found)]
    return "".join(parts)


def _summary(found: Mapping[str, Coverage], rules: int) -> Iterator[str]:
    yield (
        f"`pySigma` is what sigma-cli's libraries (pySigma {version('pysigma')}) make of the same files in the "
        "same run, with the pipeline that converts most; a query that it gives counts, whether or not it means the "
        "rule.\n\n"
    )
    yield "| schema | platform | converted | of them with a warning | pySigma | its pipeline |\n"
    yield "|---|---|---|---|---|---|\n"
    for name, each in found.items():
        share = f"{each.converted.total():,} ({100 * each.converted.total() / rules:.1f} %)"
        theirs = f"{each.theirs.total():,} ({100 * each.theirs.total() / rules:.1f} %)"
        pipeline = ", ".join([which.rpartition(".")[2] for which in THEIRS[name].pipelines])
        title = registry.schema(name).title
        yield f"| {name} | {title} | {share} | {each.warned:,} | {theirs} | {pipeline} |\n"
    languages = ", ".join([f"{name}: {target}" for name, target in TARGETS.items()])
    yield f"\nThe languages they were converted to: {languages}.\n\n"


def _sources(found: Mapping[str, Coverage]) -> Iterator[str]:
    names = list(found)
    yield "## Log sources\n\nFor each schema, rules converted; in brackets pySigma's. "
    yield "`-`: the platform does not record it.\n\n"
    yield f"| log source (product/category/service) | rules | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}\n"
    rules = next(iter(found.values())).rules
    for source, count in sorted(rules.items(), key=lambda item: (-item[1], item[0])):
        cells = [_cell(each, source) for each in found.values()]
        yield f"| {source} | {count:,} | {' | '.join(cells)} |\n"


def _cell(each: Coverage, source: str) -> str:
    own = "-" if source in each.why_not else f"{each.converted[source]:,}"
    return f"{own} ({each.theirs[source]:,})"


def _refused(found: Mapping[str, Coverage]) -> Iterator[str]:
    yield "\n## Refused, by reason\n\n| schema | code | reason | rules |\n|---|---|---|---|\n"
    for name, each in found.items():
        for code, count in sorted(each.refused.items()):
            yield f"| {name} | {code} | {CODES[code].title} | {count:,} |\n"


def _left_out(found: Mapping[str, Coverage]) -> Iterator[str]:
    yield "\n## What a platform does not record\n\n| schema | log sources | why |\n|---|---|---|\n"
    for name, each in found.items():
        reasons: dict[str, list[str]] = {}
        for source, why in sorted(each.why_not.items()):
            reasons.setdefault(why, []).append(source)
        for why, sources in reasons.items():
            yield f"| {name} | {', '.join(sources)} | {why} |\n"
