"""Runs in the environment that holds Elastic's grammar: one JSON line a query in, one line a verdict out."""

import json
import sys

import esql  # type: ignore[import-not-found]


def verdict(version: str, query: str, fields: dict[str, str] | None) -> str | None:
    """What the grammar of a version says against a query, and with fields its checks of names and types."""
    try:
        with esql.ParserConfig(min_stack_version=version):
            tree = esql.parse_query(query)
            if fields is not None:
                esql.analyze(tree, esql.Schema(fields))
        commands = [type(command).__name__ for command in tree.commands]
        if set(commands[1:]) != {"WhereCommand"} or commands[0] != "FromCommand":
            return f"read as {commands}"
    except esql.EsqlError as error:
        return f"{type(error).__name__}: {error}".replace("\n", " ")
    return None


for line in sys.stdin:
    print(json.dumps(verdict(*json.loads(line))), flush=True)
