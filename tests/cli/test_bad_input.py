"""Bad input: never a traceback, never the end of the batch, always a code and a position, soon and in little memory."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.cli.support import GOOD, convert, python

HEAD = "title: T\nlogsource: {product: p}\n"


def detection(selection: str, condition: str = "s") -> str:
    return f"{HEAD}detection:\n  s:\n    {selection}\n  condition: {condition}\n"


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join([*lines, HEAD, "detection: {s: {A: *a11}, condition: s}", ""])


CASES: dict[str, tuple[str | bytes, str]] = {
    "broken YAML": ("title: [", "S104"),
    "tabs": ("title: T\n\tlogsource: x\n", "S104"),
    "a list": ("- 1\n- 2\n", "R201"),
    "text": ("just words\n", "R201"),
    "a number": ("42\n", "R201"),
    "nothing": ("", "S108"),
    "only a comment": ("# nothing\n", "S108"),
    "no detection": (HEAD, "R202"),
    "no condition": (f"{HEAD}detection: {{s: {{A: b}}}}\n", "R202"),
    "a detection that is text": (f"{HEAD}detection: oops\n", "R203"),
    "a title that is a list": ("title: [a]\nlogsource: {product: p}\ndetection: {s: {A: b}, condition: s}\n", "R203"),
    "an empty selection": (f"{HEAD}detection: {{s: {{}}, condition: s}}\n", "R204"),
    "a key twice": (detection("A: b\n    A: c"), "S107"),
    "an unknown modifier": (detection("A|contians: b"), "M401"),
    "a number under contains": (detection("A|cidr: 5"), "M4"),
    "a text under gt": (detection("A|gt: five"), "M402"),
    "a bad expression": (detection("A|re: '('"), "M404"),
    "a bad network": (detection("A|cidr: 300.0.0.0/8"), "M405"),
    "a placeholder": (detection("A|expand: '%users%'"), "M406"),
    "a missing selection": (detection("A: b", "s and t"), "C302"),
    "a broken condition": (detection("A: b", "s and"), "C301"),
    "an aggregation": (detection("A: b", "s | count() > 5"), "C3"),
    "not, 10,000 deep": (detection("A: b", "not " * 10_000 + "s"), "C305"),
    "parentheses, 10,000 deep": (detection("A: b", "(" * 10_000 + "s" + ")" * 10_000), "C305"),
    "lists, 10,000 deep": ("[" * 10_000, "S105"),
    "maps, 10,000 deep": ("".join(" " * n + "a:\n" for n in range(10_000)), "S1"),
    "an alias bomb": (bomb(), ""),
    "an alias to itself": ("title: &a [*a]\n", ""),
    "NUL": (b"title: a\x00b\n", "S103"),
    "a control character": (b"title: a\x1bb\n", "S103"),
    "Latin-1": ("title: Müller\n".encode("latin-1"), "S103"),
    "half a UTF-16 file": (b"\xff\xfet\x00i", "S1"),
    "bytes": (bytes(range(256)) * 10, "S103"),
    "a wild tag": ("title: !!python/object/apply:os.system [true]\n", ""),
    "a correlation": ("title: T\ncorrelation: {type: event_count}\n", "R206"),
    "a filter": ("title: T\nlogsource: {product: p}\nfilter: {rules: any}\n", "R207"),
    "a collection": ("action: global\ntitle: T\n", "R208"),
}


@pytest.mark.parametrize("name", CASES)
def test_one_bad_file(tmp_path: Path, name: str) -> None:
    content, code = CASES[name]
    (tmp_path / "bad.yml").write_bytes(content.encode() if isinstance(content, str) else content)
    (tmp_path / "good.yml").write_text(GOOD)
    begin = time.process_time()
    result = convert(tmp_path, "-t", "kusto", "-s", "none", "--json")
    assert time.process_time() - begin < 1
    assert result.exit_code == 1
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    errors = [each for each in objects if each["kind"] == "diagnostic" and each["severity"] == "error"]
    assert errors
    assert errors[0]["code"].startswith(code)
    assert errors[0]["code"] != "U899"
    assert errors[0]["path"] == str(tmp_path / "bad.yml")
    assert errors[0]["line"] >= 1
    assert errors[0]["column"] >= 1
    assert [each["title"] for each in objects if each["kind"] == "query"] == ["Printer Spooler Restarted"]
    people = convert(tmp_path, "-t", "kusto", "-s", "none")
    assert f"error[{errors[0]['code']}]" in people.stderr
    assert all(char.isprintable() or char == "\n" for char in people.stderr)


def test_many_dashes_are_bounded(tmp_path: Path) -> None:
    dashes = " ".join(f"-{letter}" for letter in "abcdefghijklmnopqrstuvwxyzabcdefghijklmn")
    (tmp_path / "dashes.yml").write_text(detection(f"A|windash|contains: '{dashes}'"))
    begin = time.process_time()
    result = convert(tmp_path, "-t", "all", "-s", "none", "--json")
    assert time.process_time() - begin < 1
    for line in result.stdout.splitlines():
        found = json.loads(line)
        assert found["kind"] == "query" or found["code"] == "T602", found


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_byte_order_marks_are_read(tmp_path: Path, encoding: str) -> None:
    text = GOOD.replace("A. Tester", "Zoë")
    data = text.encode(encoding)
    (tmp_path / "r.yml").write_bytes(b"\xfe\xff" + data if encoding == "utf-16-be" else data)
    result = convert(tmp_path / "r.yml", "-t", "kusto", "-s", "none")
    assert (result.exit_code, "author: Zoë" in result.stdout) == (0, True)


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "good.yml").write_text(GOOD)
    (tmp_path / "loop.yml").symlink_to("loop.yml")
    (tmp_path / "gone.yml").symlink_to("nowhere")
    (tmp_path / "around").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "zero.yml").symlink_to("/dev/zero")
    with (tmp_path / "large.yml").open("wb") as large:
        large.truncate(50 * 1024 * 1024)
    begin = time.process_time()
    result = convert(tmp_path, "-t", "kusto", "-s", "none", "--json")
    assert time.process_time() - begin < 2
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    codes = {Path(each["path"]).name: each.get("code") for each in objects}
    assert codes == {
        "good.yml": None,
        "loop.yml": "S101",
        "gone.yml": "S101",
        "pipe.yml": "S108",
        "zero.yml": "S102",
        "large.yml": "S102",
    }


def test_all_of_it_in_little_memory(tmp_path: Path) -> None:
    for number, (content, _) in enumerate(CASES.values()):
        (tmp_path / f"{number:02}.yml").write_bytes(content.encode() if isinstance(content, str) else content)
    result = python(
        """
        import sys
        from pathlib import Path
        from transpiler.cli.run import Job, run
        code = run(Job((sys.argv[1],), ("kusto", "eql"), schema="none"))
        # VmHWM is this program's own; ru_maxrss would count the process that started it.
        (peak,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
        print(code, int(peak.split()[1]) // 1024)
        """,
        tmp_path,
    )
    code, megabytes = map(int, result.stdout.split()[-2:])
    assert code == 1
    assert megabytes < 200
    assert "Traceback" not in result.stderr


def test_a_defect_of_ours_is_told_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from backends.kusto import Kusto

    real = Kusto.render.__func__  # type: ignore[attr-defined]

    def render(cls: type[Kusto], node: object, *others: object) -> object:
        if "net.exe" in str(node):
            raise RuntimeError("unforeseen")
        return real(cls, node, *others)

    monkeypatch.setattr(Kusto, "render", classmethod(render))
    (tmp_path / "a.yml").write_text(GOOD)
    (tmp_path / "b.yml").write_text(GOOD.replace("net.exe", "other.exe"))
    result = convert(tmp_path, "-t", "kusto", "-s", "none")
    assert result.exit_code == 1
    assert "error[U899]: RuntimeError: unforeseen" in result.stderr
    assert "other.exe" in result.stdout


HOSTILE = "a`b\"c'd|e//f/*g*/h\\i```j\nk\rl\u2028m\u202en#o--p[q]"


@pytest.mark.parametrize("target", ["splunk", "lucene", "eql", "esql", "kibana", "dsl", "kusto"])
def test_hostile_titles_stay_in_the_header(tmp_path: Path, target: str) -> None:
    def body(title: str) -> list[str]:
        quoted = json.dumps(title)
        text = GOOD.replace("Printer Spooler Restarted", quoted).replace("A. Tester", quoted)
        (tmp_path / "r.yml").write_text(text, "utf-8")
        return convert(tmp_path / "r.yml", "-t", target, "-s", "none").stdout.split("\n")

    plain, hostile = body("plain"), body(HOSTILE)
    lines = 0 if target in ("lucene", "kibana", "dsl") else 2
    assert len(hostile) == len(plain)
    assert hostile[lines:] == plain[lines:]
