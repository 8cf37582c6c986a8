"""Files of recorded events: what they hold is read, and what is no event is named."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import corpus, evtx
from transpiler import events
from transpiler.diagnostics import Diagnostic
from transpiler.errors import UsageError

Event = dict[str, Any]
LINES = '{"EventID": 1, "A": "x"}\n{"EventID": 2}\n'
READ = [{"EventID": 1, "A": "x"}, {"EventID": 2}]


def read(path: Path, **limits: int) -> tuple[list[Event], list[Diagnostic]]:
    said: list[Diagnostic] = []
    return events.read(events.find([str(path)]), said.append, **limits), said


def events_of(path: Path, content: str | bytes, name: str = "e.ndjson") -> tuple[list[Event], list[Diagnostic]]:
    file = path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(file)


def said_of(found: list[Diagnostic]) -> list[tuple[str, int, str]]:
    return [(each.code, each.span.line, each.message) for each in found]


# --- finding ------------------------------------------------------------------------------------


def test_a_folder_gives_its_event_files_sorted(tmp_path: Path) -> None:
    for name in (
        "b.jsonl",
        "a/z.JSON",
        "c.ndjson.gz",
        ".hidden.json",
        ".git/x.json",
        "rule.yml",
        "x.evtx.gz",
        "d.EVTX",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = events.find([str(tmp_path), str(tmp_path / "b.jsonl")])
    assert [str(Path(each).relative_to(tmp_path)) for each in found] == ["a/z.JSON", "b.jsonl", "c.ndjson.gz", "d.EVTX"]


@pytest.mark.parametrize("name", ["rule.yml", "none.ndjson", "folder", "packed.evtx.gz", "ndjson"])
def test_what_is_no_event_file_is_wrong_usage(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "rule.yml").touch()
    (tmp_path / "packed.evtx.gz").touch()
    with pytest.raises(UsageError) as error:
        events.find([str(tmp_path / name)])
    assert (error.value.diagnostic.code, name in error.value.diagnostic.message) == ("V904", True)


# --- layouts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["e.ndjson", "e.jsonl", "e.json", "E.NDJSON"])
@pytest.mark.parametrize(
    "content", [LINES, LINES.strip(), f"\n{LINES}\r\n\n", "\ufeff" + LINES, LINES.replace("\n", "\r\n")]
)
def test_an_event_a_line(name: str, content: str, tmp_path: Path) -> None:
    assert events_of(tmp_path, content, name) == (READ, [])


@pytest.mark.parametrize(
    "content", [json.dumps(READ), json.dumps(READ, indent=2), json.dumps(READ[0], indent=1) + "\n" + LINES[25:]]
)
def test_a_json_file_in_any_layout(content: str, tmp_path: Path) -> None:
    assert events_of(tmp_path, content, "e.json") == (READ, [])


@pytest.mark.parametrize("name", ["e.ndjson", "e.json"])
def test_what_other_systems_write(name: str, tmp_path: Path) -> None:
    assert events_of(tmp_path, LINES.encode("utf-16"), name) == (READ, [])


def test_packed_files(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard") if not corpus.REQUIRED else __import__("zstandard")
    assert events_of(tmp_path, gzip.compress(LINES.encode()), "e.json.gz") == (READ, [])
    halves = [zstandard.compress(line.encode()) for line in LINES.splitlines(keepends=True)]
    assert events_of(tmp_path, halves[0] + halves[1], "e.ndjson.zst") == (READ, [])


@pytest.mark.parametrize("name", ["e.ndjson", "e.json", "e.ndjson.gz"])
def test_empty_files(name: str, tmp_path: Path) -> None:
    assert events_of(tmp_path, b"", name) == ([], [])


# --- what is no event ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "not JSON: Expecting property name enclosed in double quotes at column 2"),
        ('{"a": 1} {"b": 2}', "not JSON: Extra data at column 10"),
        ("[1]", "an event is a JSON object, not a list"),
        ('"text"', "an event is a JSON object, not a string"),
        ("1", "an event is a JSON object, not a number"),
        ("null", "an event is a JSON object, not null"),
        ('{"a": NaN}', "NaN is beyond any number that is stored"),
        ('{"a": 1e999}', "1e999 is beyond any number that is stored"),
        ('{"a": "\\ud800"}', "a string holds half of a surrogate pair, which is no text"),
        ('{"a": ["\\ud800"]}', "a string holds half of a surrogate pair, which is no text"),
        ('{"\\ud800": 1}', "a string holds half of a surrogate pair, which is no text"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 70 + "1" + "}" * 70, "objects are nested more than 64 deep"),
    ],
)
def test_a_line_that_is_no_event_is_named_and_left_out(line: str, why: str, tmp_path: Path) -> None:
    found, said = events_of(tmp_path, f'{{"EventID": 1, "A": "x"}}\n{line}\n{{"EventID": 2}}\n')
    assert (found, said_of(said)) == (READ, [("V901", 2, why)])
    assert (said[0].severity, said[0].span.path) == ("warning", str(tmp_path / "e.ndjson"))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    found, said = events_of(tmp_path, b'{"EventID": 1, "A": "x"}\n{"A": "\xff"}\n{"EventID": 2}')
    assert (found, said_of(said)) == (READ, [("V901", 2, "not UTF-8 text")])
    found, said = events_of(tmp_path, b'{"A": "\xff"}\n{"EventID": 2}', "e.json")
    assert (found, said_of(said)) == (READ[1:], [("V901", 1, "not UTF-8 text")])


def test_faults_in_a_json_file_are_named_by_line(tmp_path: Path) -> None:
    content = '[\n{"EventID": 1, "A": "x"},\nfault,\n{"EventID": 2},\n{"a": }'
    found, said = events_of(tmp_path, content, "e.json")
    assert found == READ
    assert [(each.code, each.span.line) for each in said] == [("V901", 3), ("V901", 5)]


def test_a_json_file_that_is_none_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_BROKEN", 3)
    _, said = events_of(tmp_path, "a line of text\n" * 100, "e.json")
    assert [each.code for each in said] == ["V901", "V901", "V901", "V903"]
    assert said[-1].message == "3 places are no JSON: the rest is not read"


@pytest.mark.parametrize("end", ["\n", ""])
def test_an_event_that_is_too_long(end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_LINE", 30)
    found, said = events_of(tmp_path, f'{LINES}{{"a": "{"x" * 100}"}}{end}')
    assert (found, said_of(said)) == (READ, [("V901", 3, "longer than 30 characters")])


def test_a_json_file_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_DOCUMENT", len(LINES))
    assert events_of(tmp_path, LINES, "e.json") == (READ, [])
    found, said = events_of(tmp_path, LINES + " {}", "e.json")
    assert (found, [each.code for each in said]) == (READ, ["V903"])


def test_no_more_than_fits(tmp_path: Path) -> None:
    file = tmp_path / "e.ndjson"
    file.write_text(LINES * 3)
    found, said = read(file, most=3)
    assert (len(found), said_of(said)) == (3, [("V902", 4, "more than 3 events: what follows is left out")])
    found, said = read(file, most_text=45)
    assert (len(found), said_of(said)) == (2, [("V902", 3, "more than 45 characters: what follows is left out")])


def test_files_that_break_off(tmp_path: Path) -> None:
    packed = gzip.compress(LINES.encode() * 1000)
    found, said = events_of(tmp_path, packed[: len(packed) // 2], "e.ndjson.gz")
    assert [each.code for each in said] == ["V903"] or said[-1].code == "V903"
    assert len(found) < 2000
    assert events_of(tmp_path, b"no gzip", "e.ndjson.gz")[1][0].code == "V903"
    assert events_of(tmp_path, b"no zstd", "e.ndjson.zst")[1][0].code == "V903"
    assert events_of(tmp_path, b"no log", "e.evtx")[1][0].code == "V903"


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "gone.json").touch()
    files = events.find([str(tmp_path)])
    (tmp_path / "gone.json").unlink()
    said: list[Diagnostic] = []
    assert events.read(files, said.append) == []
    assert (said[0].code, said[0].message) == ("V903", "cannot be read: No such file or directory")


@pytest.mark.parametrize(
    ("name", "module", "extra"), [("e.ndjson.zst", "zstandard", "verify"), ("e.evtx", "evtx", "evtx")]
)
def test_a_package_that_is_missing(
    name: str, module: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError) as error:
        events_of(tmp_path, b"", name)
    assert error.value.diagnostic.code == "V905"
    assert error.value.diagnostic.hint == f"pip install 'sigmaq[{extra}]'"


# --- flat names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "flat"),
    [
        ({"a": {"b": 1, "c": {"d": "x"}}}, {"a.b": 1, "a.c.d": "x"}),
        ({"a": {"b": 1}, "a.b": 2}, {"a.b": 2}),
        ({"a": {"b": {"c": 1}}, "a.b": {"c": 2}}, {"a.b.c": 2}),
        ({"a": [1, [2, "x"]]}, {"a": [1, 2, "x"]}),
        ({"a": []}, {"a": []}),
        ({"a": [{"b": 1}, {"b": [2, 3]}, [{"c": 4}]]}, {"a.b": [1, 2, 3], "a.c": [4]}),
        ({"a": [1, {"b": 2}]}, {"a": [1], "a.b": [2]}),
        ({"a": {}, "b": None}, {"b": None}),
    ],
)
def test_objects_become_dotted_names(event: Event, flat: Event) -> None:
    assert events.flatten(event) == flat


@pytest.mark.parametrize(
    "event", [{"a": {"b": 1}, "a.b": 2}, {"a": {"b": {"c": 1}}, "a.b": {"c": 2}}, {"a": [{"b": 1}, [{"b": 2}]]}]
)
def test_a_flat_event_holds_what_is_looked_up_in_the_other(event: Event) -> None:
    from transpiler.evaluate import lookup

    flat = events.flatten(event)
    for name, value in flat.items():
        looked_up = lookup(event, name)
        assert list(_elements(looked_up)) == list(_elements(value))


def _elements(value: object) -> Any:
    if isinstance(value, list):
        for each in value:
            yield from _elements(each)
    else:
        yield value


def test_equal_values_are_one_object_and_different_ones_are_not(tmp_path: Path) -> None:
    found, _ = events_of(tmp_path, '{"a": "x y", "b": [1, "z"], "c": 1, "d": 1.0, "e": true}\n' * 2)
    first, second = found
    assert all(first[name] is second[name] for name in "abcde")
    assert len({id(first[name]) for name in "cde"}) == 3


# --- Windows event logs ---------------------------------------------------------------------------

RECORD: evtx.Element = (
    "Event",
    {},
    [
        (
            "System",
            {},
            [
                ("Provider", {"Name": "Microsoft-Windows-Security-Auditing", "Guid": "{5484}"}, ""),
                ("EventID", {"Qualifiers": "16384"}, "4688"),
                ("TimeCreated", {"SystemTime": "2024-05-06T07:08:09Z"}, ""),
                ("Execution", {"ProcessID": "4", "ThreadID": "8"}, ""),
                ("Channel", {}, "Security"),
                ("Computer", {}, "host.example"),
                ("Security", {}, ""),
            ],
        ),
        (
            "EventData",
            {},
            [
                ("Data", {"Name": "NewProcessName"}, "C:\\Windows\\System32\\sc.exe"),
                ("Data", {"Name": "Channel"}, "not the event's"),
                ("Data", {"Name": "Empty"}, ""),
            ],
        ),
    ],
)
FLAT = {
    "Provider_Name": "Microsoft-Windows-Security-Auditing",
    "Provider_Guid": "{5484}",
    "EventID": "4688",
    "EventID_Qualifiers": "16384",
    "SystemTime": "2024-05-06T07:08:09Z",
    "Execution_ProcessID": "4",
    "Execution_ThreadID": "8",
    "Channel": "Security",
    "Computer": "host.example",
    "NewProcessName": "C:\\Windows\\System32\\sc.exe",
    "Empty": "",
}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    if "evtx" not in sys.modules:
        try:
            __import__("evtx")
        except ImportError:
            corpus.not_run("the package evtx is not installed")
    path = tmp_path / "Security.evtx"
    evtx.write(path, [RECORD, RECORD])
    return path


def test_a_record_gets_sigmas_names(log: Path) -> None:
    assert read(log) == ([FLAT, FLAT], [])


def test_a_record_that_cannot_be_read_is_named(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(log.read_bytes())
    at = content.index(b"**\0\0") + 24
    content[at + 30 : at + 60] = b"\xff" * 30
    log.write_bytes(content)
    found, said = read(log)
    assert (len(found), said[0].code, said[0].message.startswith("record 1: ")) == (1, "V901", True)
    monkeypatch.setattr(events, "MAX_BROKEN", 1)
    found, said = read(log)
    assert [each.code for each in said] == ["V901", "V903"]


def test_json_that_was_made_from_a_log(tmp_path: Path) -> None:
    record = {
        "Event": {
            "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
            "System": {"EventID": {"#text": 7045}, "Channel": "System", "Level": None},
            "EventData": {"#attributes": {"Name": "x"}, "Data": {"#text": ["one", "two"]}, "Nothing": None},
        }
    }
    found, said = events_of(tmp_path, json.dumps(record))
    assert (found, said) == ([{"EventID": 7045, "Channel": "System", "Data": "one\ntwo", "Nothing": ""}], [])


def test_user_data_is_flat_by_its_innermost_names(tmp_path: Path) -> None:
    inner = {"#attributes": {"xmlns": "x"}, "PolicyName": "DLL", "File": {"#attributes": {"n": "1"}, "#text": "a.dll"}}
    record = {"Event": {"System": {"EventID": 8003}, "UserData": {"RuleAndFileData": inner}}}
    assert events_of(tmp_path, json.dumps(record)) == ([{"EventID": 8003, "PolicyName": "DLL", "File": "a.dll"}], [])


def test_an_object_named_event_need_not_be_a_record(tmp_path: Path) -> None:
    assert events_of(tmp_path, '{"Event": {"a": 1}}') == ([{"Event.a": 1}], [])
