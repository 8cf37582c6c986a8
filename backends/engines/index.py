"""Rows as an index in memory: each column is laid out as Elasticsearch's mapping would have it.

Sources: Elastic docs, "Field data types" (keyword, text, numeric, boolean, ip); "exists query".
Everything a query can ask about a row is in a term or a point of Lucene's own, so that what finds a
row is Lucene.

========  =================================================================================
keyword   one term, the whole value; letter case kept (``wildcard`` fields the same)
folded    one term, the whole value as the ``lowercase`` normalizer leaves it
text      the words of the ``standard`` analyzer
int       a point of 64 bits; float: of a double
bool      the term ``T`` or ``F``
ip        a point of 128 bits, in which IPv4 addresses are ``::ffff:a.b.c.d``
datetime  nothing but its presence
========  =================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from ipaddress import ip_address
from typing import Any

from backends.engines.jvm import java, lucene
from transpiler.engine import Column, Row

PRESENT = "\x00present"
"""A field that holds the names of the fields a row has; its name is none that a query can write."""

TOGETHER = {"keyword": "\x00keyword", "folded": "\x00folded"}
"""Fields that hold the values of all columns of a kind, so that a term without a field is looked up once."""

LONGEST = 32766
"""Bytes of a term; a longer value of a keyword field is refused ("ignore_above")."""

Kind = str
"""One of the kinds of the table above."""


def kind_of(column: Column) -> Kind:
    """How a column is laid out."""
    if column.type in ("int", "float", "bool", "ip", "datetime"):
        return column.type
    return "keyword" if column.strings == "wildcard" else column.strings


@cache
def analyzer(kind: Kind) -> Any:
    """The analyzer of whole values, or of the words of a text field."""
    words = "analysis.standard.StandardAnalyzer" if kind == "text" else "analysis.core.KeywordAnalyzer"
    return lucene(words)()


class Index:
    """Rows that queries can be run on. Use it as a context manager: it holds memory of Java's.

    ``together``: whether terms without a field will be asked for.
    """

    def __init__(self, rows: Sequence[Row], columns: Mapping[str, Column], *, together: bool = False) -> None:
        self._makers = {name: _maker(name, kind_of(column), together) for name, column in columns.items()}
        self._fields: dict[Any, list[Any]] = {}
        self._numbers: list[int] = []
        """The row of each document."""
        self.unfit: set[int] = set()
        """The rows that an index refuses."""
        self._held: list[Any] = []
        try:
            self._searcher = self._open([self._document(number, row) for number, row in enumerate(rows)])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory back."""
        while self._held:
            self._held.pop().close()

    def find(self, query: Any) -> set[int]:
        """The rows that a query of Lucene finds."""
        every = lucene("search.ConstantScoreQuery")(query)
        hits = self._searcher.search(every, max(1, len(self._numbers))).scoreDocs
        return {self._numbers[hit.doc] for hit in hits}

    def _open(self, documents: list[Any]) -> Any:
        asked = [document for document in documents if document is not None]
        directory = lucene("store.ByteBuffersDirectory")()
        self._held.append(directory)
        config = lucene("index.IndexWriterConfig")(analyzer("text"))
        config.setUseCompoundFile(False)
        config.setCommitOnClose(False)
        config.setMergePolicy(lucene("index.NoMergePolicy").INSTANCE)
        writer = lucene("index.IndexWriter")(directory, config)
        self._held.append(writer)
        writer.addDocuments(java("java.util.Arrays").asList(asked))
        reader = lucene("index.DirectoryReader").open(writer)
        self._held.append(reader)
        searcher = lucene("search.IndexSearcher")(reader)
        searcher.setQueryCache(None)
        return searcher

    def _document(self, number: int, row: Row) -> Any:
        """A row as a document; None if the index refuses it."""
        fields: list[Any] = []
        try:
            for name, value in row.items():
                for each in value if isinstance(value, list) else (value,):
                    fields += self._values(name, each)
        except ValueError:
            self.unfit.add(number)
            return None
        self._numbers.append(number)
        return java("java.util.Arrays").asList(_array()(fields))

    def _values(self, name: str, value: Any) -> list[Any]:
        """A value's fields; rows share them, for most rows of a question differ in one value."""
        key = (name, value, value.__class__)
        found = self._fields.get(key)
        if found is None:
            found = self._fields[key] = self._makers[name](value)
        return found


@cache
def _array() -> Any:
    """The class of arrays of fields."""
    return import_module("jpype").JArray(lucene("index.IndexableField"))


def _maker(name: str, kind: Kind, together: bool) -> Callable[[Any], list[Any]]:
    """What makes the fields of a value: those that answer for it, and the one that says it is there."""
    present = lucene("document.StringField")(PRESENT, name, _unstored())
    names = [name, TOGETHER[kind]] if together and kind in TOGETHER else [name]
    make = _MAKERS[kind]

    def fields(value: Any) -> list[Any]:
        return [present, *(field for each in names for field in make(each, value))]

    return fields


@cache
def _unstored() -> Any:
    return lucene("document.Field$Store").NO


def _whole(name: str, value: str) -> list[Any]:
    if len(value) > LONGEST // 4 and len(value.encode()) > LONGEST:
        raise ValueError("the value is longer than a term can be")
    return [lucene("document.StringField")(name, value, _unstored())]


def _normalized(name: str, value: str) -> list[Any]:
    return _whole(name, lower(name, value))


def _words(name: str, value: str) -> list[Any]:
    return [lucene("document.TextField")(name, value, _unstored())]


def _number(name: str, value: int) -> list[Any]:
    return [lucene("document.LongPoint")(name, value)]


def _fraction(name: str, value: float) -> list[Any]:
    return [lucene("document.DoublePoint")(name, float(value))]


def _truth(name: str, value: bool) -> list[Any]:
    return [lucene("document.StringField")(name, "T" if value else "F", _unstored())]


def _place(name: str, value: str) -> list[Any]:
    return [lucene("document.InetAddressPoint")(name, inet(value))]


def _nothing(_: str, __: object) -> list[Any]:
    return []


_MAKERS: dict[Kind, Callable[[str, Any], list[Any]]] = {
    "keyword": _whole,
    "folded": _normalized,
    "text": _words,
    "int": _number,
    "float": _fraction,
    "bool": _truth,
    "ip": _place,
    "datetime": _nothing,
}


def lower(name: str, text: str) -> str:
    """Text in lower case, as Lucene's filter of that name has it."""
    return str(analyzer("text").normalize(name, text).utf8ToString())


def inet(text: str) -> Any:
    """An address of Java's. Raises ValueError."""
    return java("java.net.InetAddress").getByAddress(ip_address(text).packed)
