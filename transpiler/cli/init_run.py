"""What ``sigmaq init`` does."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

from transpiler import files
from transpiler.cli.run import guarded
from transpiler.diagnostics import diagnostic
from transpiler.errors import UsageError


class Choice(NamedTuple):
    """A platform: its schema, and the languages it is asked in, the usual one first."""

    schema: str
    targets: tuple[str, ...]


PLATFORMS = {
    "splunk": Choice("splunk", ("splunk",)),
    "splunk-cim": Choice("splunk_cim", ("splunk",)),
    "elastic": Choice("ecs", ("lucene", "esql", "eql", "kibana", "dsl")),
    "sentinel": Choice("sentinel", ("kusto",)),
    "asim": Choice("asim", ("kusto",)),
    "defender": Choice("defender_xdr", ("kusto",)),
}

TEXT = """\
# What `sigmaq convert` and `sigmaq verify` use where the command line says nothing; docs/configuration.md.
rules = [{rules}]
targets = [{target}]
schema = {schema}
{telemetry}
# strings = "folded"    # the deployment's indices fold the case of strings: shorter queries
# index = "logs-*"      # the index to search; `table` for Kusto
# unmapped = "pass"     # keep the names of fields that the schema lacks, with a warning
"""


def run(platform: str, target: str, rules: str, telemetry: str | None, output: str, *, force: bool) -> int:
    """Write the file; gives the exit code."""
    return guarded(lambda: _run(platform, target, rules, telemetry, output, force), as_json=False)


def _run(platform: str, target: str, rules: str, telemetry: str | None, output: str, force: bool) -> int:
    chosen = PLATFORMS[platform]
    if target not in chosen.targets:
        hint = f"{platform} can use {', '.join(chosen.targets)}"
        raise UsageError(diagnostic("U801", f"`{target}` is no language of {platform}", hint=hint))
    if Path(output).exists() and not force:
        raise UsageError(diagnostic("U809", f"{output} is there already"))
    said = f"telemetry = {_quoted(telemetry)}" if telemetry else '# telemetry = "sysmon"  # how events are recorded'
    text = TEXT.format(rules=_quoted(rules), target=_quoted(target), schema=_quoted(chosen.schema), telemetry=said)
    with files.Output(output) as file:
        file.write(text)
    sys.stdout.write(f"{output} written; try: sigmaq convert\n")
    return 0


def _quoted(text: str) -> str:
    """A basic string of TOML, which writes what JSON writes in ASCII."""
    return json.dumps(text)
