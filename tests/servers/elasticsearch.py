"""Queries of Elastic's languages on a real Elasticsearch node: the vendor's own parser, types and execution.

The node is installed by tests/servers/elasticsearch.sh from the parts of Elasticsearch that are published
under the Elastic License; it opens no port. ES|QL is there; EQL, Painless and the field type `wildcard`
are not, for their modules are not published. A column of `wildcard` is one of `keyword` here: Elastic
documents field types in families, whose types differ in space and speed and not in what a search finds,
and both are in the family `keyword` (Elasticsearch reference, "Field data types").
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from tests.servers.node import Node
from transpiler.ast import FieldType, Strings
from transpiler.engine import Answer, Asked, CannotRun, Column, Row

_MOST = 10_000
"""The most hits that a search gives (index.max_result_window)."""


class Elasticsearch:
    """An engine (transpiler.engine) for tests."""

    TARGETS: ClassVar[tuple[str, ...]] = ("lucene", "dsl", "esql")
    OURS: ClassVar[bool] = False

    NAME: ClassVar[str] = "elasticsearch"
    MISSING: ClassVar[Mapping[str, str]] = {
        '"script"': "Painless is not among the published parts of Elasticsearch",
    }
    STRINGS: ClassVar[Mapping[Strings, Mapping[str, Any]]] = {
        "keyword": {"type": "keyword"},
        "wildcard": {"type": "keyword"},
        "text": {"type": "text"},
        "folded": {"type": "keyword", "normalizer": "lowercase"},
    }
    ROOT: ClassVar[Mapping[str, Any]] = {"subobjects": False}

    def __init__(self) -> None:
        self._node: Node | None = None
        self._index = ""
        self._indexed: tuple[str, bytes] | None = None
        self._refused: dict[int, str] = {}
        """Row number -> why the node did not take it: a term of more than 32,766 bytes, say."""

    def start(self) -> str:
        self._node = Node(self.NAME)
        self._index = ""
        self._indexed = None
        self._refused = {}
        return f"{type(self).__name__} {self._node.version}"

    def stop(self) -> None:
        if self._node is not None:
            self._node.stop()
            self._node = None

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        for sign, reason in self.MISSING.items():
            if sign in asked.text:
                raise CannotRun(reason)
        if len(rows) > _MOST:
            raise CannotRun(f"more than {_MOST} rows")
        if self._node is None or not self._node.running():
            self.stop()
            self.start()  # a query ended it
        self._load(asked, rows)
        found = self._esql(asked.text) if asked.target == "esql" else self._search(asked)
        return [None if self._beyond(asked, number, row) else number in found for number, row in enumerate(rows)]

    def _beyond(self, asked: Asked, number: int, row: Row) -> bool:
        """Whether there is no answer for a row: ES|QL's comparisons are null on several values."""
        if number in self._refused:
            return True
        lists = [name for name, value in row.items() if isinstance(value, list)]
        return asked.target == "esql" and any(not asked.columns[name].many for name in lists)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | bytes = b"") -> dict[str, Any]:
        assert self._node is not None
        return self._node.ask(method, path, body)

    def mapping(self, columns: Mapping[str, Column]) -> dict[str, Any]:
        """The index mapping of a table. A folded column beside the one it is made of is a field of that one."""
        properties: dict[str, Any] = {}
        for name, column in columns.items():
            found = self.STRINGS[column.strings] if column.type in _TEXTS else {"type": _TYPES[column.type]}
            properties[name] = dict(found)
        for name in list(properties):
            parent = name.rpartition(".")[0]
            if columns[name].strings == "folded" and parent in properties:
                properties[parent].setdefault("fields", {})[name.rpartition(".")[2]] = properties.pop(name)
        return {**self.ROOT, "dynamic": False, "properties": properties}

    def _load(self, asked: Asked, rows: Sequence[Row]) -> None:
        """Make an index of the rows, the only one there is; the same again is kept."""
        mapping = self.mapping(asked.columns)
        name = _name(asked.text) if asked.target == "esql" else self._index or "events"
        lines = _bulk(rows, mapping["properties"])
        wanted = json.dumps([name, mapping]), lines
        if wanted == self._indexed:
            return
        if self._index:
            self._indexed, index, self._index = None, self._index, ""
            self._ask("DELETE", f"/{index}")
        self._ask("PUT", f"/{name}", {"settings": _SETTINGS, "mappings": mapping})
        self._index = name
        items = self._ask("POST", f"/{name}/_bulk?refresh=true&filter_path=items.*.error,items.*._id", lines)["items"]
        self._refused = {
            int(item["index"]["_id"]): item["index"]["error"] for item in items if "error" in item["index"]
        }
        self._indexed = wanted

    def _search(self, asked: Asked) -> set[int]:
        query = {"query_string": {"query": asked.text}} if asked.target == "lucene" else json.loads(asked.text)["query"]
        body = {"query": query, "size": _MOST, "_source": False}
        answer = self._ask("POST", f"/{self._index}/_search?filter_path=hits.hits._id,_shards.failed", body)
        if answer["_shards"]["failed"]:
            raise CannotRun("a shard failed")
        return {int(hit["_id"]) for hit in answer.get("hits", {}).get("hits", [])}

    def _esql(self, text: str) -> set[int]:
        answer = self._ask("POST", "/_query?allow_partial_results=false", {"query": text})
        number = [column["name"] for column in answer["columns"]].index("_id")
        return {int(row[number]) for row in answer["values"]}


_SETTINGS = {
    "number_of_shards": 1,
    "number_of_replicas": 0,
    "refresh_interval": -1,
    "translog.durability": "async",
}

_TEXTS = {"string", "unknown", "dynamic"}
_TYPES: dict[FieldType, str] = {
    "int": "long",
    "float": "double",
    "bool": "boolean",
    "ip": "ip",
    "datetime": "date",
}


def _bulk(rows: Sequence[Row], properties: Mapping[str, Any]) -> bytes:
    lines = []
    for number, row in enumerate(rows):
        lines.append(f'{{"index":{{"_id":"{number}"}}}}')
        lines.append(json.dumps({name: _json(value) for name, value in row.items() if name in properties}))
    return "".join(line + "\n" for line in lines).encode()


def _json(value: Any) -> Any:
    if isinstance(value, list):
        return [_json(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _name(text: str) -> str:
    """The name of an index that the query's source stands for."""
    found = re.match(r"FROM (\"[^\"]+\"|[^\s,]+)", text)
    return "events" if found is None else found[1].strip('"').replace("*", "1").strip("-_+") or "events"
