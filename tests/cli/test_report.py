"""Diagnostics for people."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.cli.support import rule
from transpiler.api import Outcome
from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.report import MESSAGE, WIDTH, Report, Tally, excerpt, shorten
from transpiler.span import Span

SOURCE = ["title: A", "detection:", "    A|contains: b"]


def show(*found: Diagnostic, lines: list[str] = SOURCE, apart: bool = False, **options: bool) -> str:
    written: list[str] = []
    report = Report(written.append, lambda _, number: lines[number - 1] if number <= len(lines) else None, **options)
    report.add(found)
    report.close(apart=apart)
    return "".join(written)


def found(
    code: str, message: str = "message", *, target: str | None = None, line: int = 3, column: int = 7, length: int = 8
) -> Diagnostic:
    return diagnostic(code, message, Span("r.yml", line, column, length), hint="a way out", target=target)


def test_the_line_and_a_caret() -> None:
    assert show(found("T602", target="kibana")) == (
        "error[T602]: message\n"
        " --> r.yml:3:7\n"
        "  |\n"
        "3 |     A|contains: b\n"
        "  |       ^^^^^^^^\n"
        "  = target: kibana\n"
        "  = hint: a way out\n\n"
    )


def test_a_note_is_short_unless_all_is_wanted() -> None:
    assert show(found("F504")) == "note[F504]: message\n --> r.yml:3:7\n  = hint: a way out\n\n"
    assert "A|contains" in show(found("F504"), verbose=True)


def test_without_a_place() -> None:
    assert show(diagnostic("U801", "message", hint="h")) == "error[U801]: message\n  = hint: h\n\n"


def test_a_line_that_is_gone() -> None:
    assert show(found("T602", line=9)) == "error[T602]: message\n --> r.yml:9:7\n  = hint: a way out\n\n"


def test_one_finding_on_several_targets_is_one() -> None:
    text = show(found("T602", target="a"), found("T602", target="b"), found("T602", target="b"), verbose=True)
    assert text.count("T602") == 1
    assert "= target: a, b\n" in text


def test_one_target_needs_no_name() -> None:
    assert "target" not in show(found("T602", target="a"), name_targets=False)


def test_repeats_are_folded_by_code() -> None:
    text = show(
        found("T602", "first", target="b"),
        found("T602", "second", target="a"),
        found("T602", "third", target="a"),
        found("T601", "other"),
    )
    assert text.count("error[") == 2
    assert "first" in text
    assert "second" not in text
    assert "= 3 of these in all (a 2, b 1); -v shows each\n" in text


def test_repeats_of_one_target_are_counted_once() -> None:
    text = show(found("T602", "first", target="a"), found("T602", "second", target="a"))
    assert "= 2 of these in all; -v shows each\n" in text


def test_verbose_shows_every_one_as_it_comes() -> None:
    text = show(found("T602", "first"), found("F504", "second"), found("T602", "third"), verbose=True)
    assert re.findall("first|second|third", text) == ["first", "second", "third"]
    assert "in all" not in text


def test_errors_stand_nearest_to_the_prompt() -> None:
    text = show(found("T602"), found("T611"), found("F504"), found("C302"))
    assert re.findall(r"\[(\w+)\]", text) == ["F504", "T611", "C302", "T602"]


def test_apart_is_an_empty_line_only_before_something() -> None:
    assert show(found("F504"), apart=True).startswith("\nnote")
    assert show(apart=True) == ""


def test_colours_only_when_asked_for() -> None:
    assert "\x1b" not in show(found("T602"))
    text = show(found("T602"), color=True)
    assert "\x1b[1;31merror[T602]\x1b[0m" in text
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == show(found("T602"))


@given(st.text(), st.text(), st.integers(1, 400), st.integers(0, 400))
def test_nothing_of_a_rule_reaches_the_terminal_as_control(line: str, message: str, column: int, length: int) -> None:
    text = show(found("T602", message, target=None, line=1, column=column, length=length), lines=[line], verbose=True)
    assert all(char == "\n" or not "\x00" <= char < " " for char in text)
    assert not re.search("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert len(text.splitlines()) == text.count("\n")


def test_excerpt_of_a_long_line_is_a_window_around_the_column() -> None:
    line = "x" * 500 + "HERE" + "y" * 500
    shown, before, marked = excerpt(line, 501, 4)
    assert len(shown) == WIDTH + 2
    assert shown[before : before + marked] == "HERE"
    assert shown[0] == shown[-1] == "…"
    assert excerpt("x" * 500, 1, 1)[1] == 0
    assert excerpt("x" * 500, 500, 1)[0].endswith("x")


def test_excerpt_counts_cells() -> None:
    assert excerpt("日本 x", 4, 1) == ("日本 x", 5, 1)
    assert excerpt("\tx", 2, 1) == ("    x", 4, 1)
    assert excerpt("e\u0301x", 3, 1) == ("e\u0301x", 1, 1)
    assert excerpt("日", 1, 1) == ("日", 0, 2)


def test_excerpt_beyond_the_end_of_the_line() -> None:
    assert excerpt("abc", 9, 3) == ("abc", 3, 1)


def test_a_long_message_is_cut() -> None:
    assert len(shorten("m" * 5000)) == MESSAGE
    assert shorten("a\nb") == "a b"


def test_tally() -> None:
    error = diagnostic("T601", "message")
    note = diagnostic("C307", "message")
    made = rule()
    tally = Tally()
    assert tally.summary() == "0 rules: none; 0 queries"
    assert not tally.failed
    query = object()
    tally.add([Outcome("a", made, queries=(query,), diagnostics=(note,))])  # type: ignore[arg-type]
    assert not tally.failed
    assert tally.summary() == "1 rule: 1 converted; 1 query"
    tally.add(
        [
            Outcome("a", made, queries=(query, query), diagnostics=(error,)),  # type: ignore[arg-type]
            Outcome("a", diagnostics=(error,)),
            Outcome("a", made, skipped=True),
        ]
    )
    assert tally.failed
    assert tally.summary() == "4 rules: 1 converted, 1 converted in part, 1 refused, 1 not selected; 3 queries"
