"""Input that means harm, and what it costs: ``python -m tests.support.hostile`` compiles it all,
``... hostile NAME...`` some of it, ``... hostile -`` the cases that standard input names, a line each.

Each case runs in a process of its own with a limit on processor time, so that a case that never
ends is found out. One line of JSON tells what became of it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

SECONDS = 10
"""Processor time a case may take: ten times what it is meant to, for slow and busy machines."""

MEGABYTES = 200
"""Memory a case may take, the interpreter and all seven backends included."""

HEAD = "title: T\nlogsource: {product: p}\n"
GOOD = f"{HEAD}detection:\n  s: {{f: x}}\n  condition: s\n"

Text = str | bytes


def rule(selection: str, condition: str = "s") -> str:
    return f"{HEAD}detection:\n  s:\n    {selection}\n  condition: {condition}\n"


def bomb(last: str, levels: int = 12) -> str:
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 10)}]\n" for n in range(levels)]
    return "".join(lines) + last


def merge_bomb() -> str:
    lines = [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 50)}]}}\n" if n else "a0: &a0 {}\n" for n in range(6)]
    return "".join(lines) + rule("<<: *a5\n    f: x")


def wide_and_deep(values: int) -> str:
    """Two large selections under alternating operators, 60 deep: a tree dear to compare."""
    large = [f"  {name}: {{f: [{', '.join(f'{name}{n}' for n in range(values))}]}}\n" for name in "ab"]
    condition = "not (a and b or " * 30 + "a" + ")" * 30
    return f"{HEAD}detection:\n{''.join(large)}  condition: {condition}\n"


LONG = "7" * 5_000
QUERY = ""
"""The code of a case that must give a query."""

CASES: dict[str, tuple[Callable[[], Text], str]] = {
    # --- YAML
    "nothing": (lambda: "", "S108"),
    "a comment": (lambda: "# nothing\n", "S108"),
    "broken": (lambda: "title: [", "S104"),
    "a tab": (lambda: "title: T\n\tlogsource: x\n", "S104"),
    "NUL": (lambda: rule("f: 'a\0b'"), "S103"),
    "NUL bytes": (lambda: b"\0" * 1_000_000, "S103"),
    "random bytes": (lambda: bytes(range(256)) * 1_000, "S103"),
    "UTF-16 without a mark": (lambda: GOOD.encode("utf-16-le"), "S103"),
    "UTF-16": (lambda: GOOD.encode("utf-16"), QUERY),
    "half a UTF-16 text": (lambda: GOOD.encode("utf-16")[:-1], "S103"),
    "a mark": (lambda: b"\xef\xbb\xbf" + GOOD.encode(), QUERY),
    "a mark in a text": (lambda: "\ufeff" + GOOD, QUERY),
    "a mark in the middle": (lambda: rule("f: 'a\ufeffb'"), QUERY),
    "old line ends": (lambda: GOOD.replace("\n", "\r"), QUERY),
    "half a surrogate pair": (lambda: rule("f: '\ud800'"), "S103"),
    "half a surrogate pair, escaped": (lambda: rule('f: "\\ud800"'), "S104"),
    "a file of 50 MB": (lambda: "x" * 50_000_000, "S102"),
    "50 MB of bytes": (lambda: b"x" * 50_000_000, "S102"),
    "a comment of 16 MB": (lambda: "# " + "x" * 16_000_000 + "\n" + GOOD, QUERY),
    "a title of 16 MB": (lambda: GOOD.replace("T", "\U0001f600" * 4_000_000, 1), "S102"),
    "a title of 1 MB": (lambda: GOOD.replace("T", "x" * 1_000_000, 1), QUERY),
    "10,000 broken documents": (lambda: "a: [\n---\n" * 10_000 + GOOD, "S104"),
    "a million broken documents": (lambda: "a: [\n---\n" * 1_000_000 + GOOD, "S104"),
    "a document broken at its end": (lambda: "a: b\n" * 200_000 + "[", "S1"),
    "one broken of three": (lambda: f"{GOOD}---\na: 'x\n---\n{GOOD}", "S104"),
    "broken documents at the end of a large file": (
        lambda: "# x\n" * 2_000_000 + "---\na: [\n" * 15_000,
        "S104",
    ),
    "a quote that is never closed": (lambda: f"{GOOD}---\n'" + "x\n" * 400_000, "S104"),
    # --- depth
    "lists, 10,000 deep": (lambda: rule("[" * 10_000 + "]" * 10_000), "S105"),
    "lists, 10,000 deep, open": (lambda: "[" * 10_000, "S105"),
    "maps, 10,000 deep": (lambda: "{a: " * 10_000, "S105"),
    "dashes, 10,000 deep": (lambda: rule("- " * 10_000 + "x"), "S105"),
    "keys, 10,000 deep": (lambda: "? " * 10_000, "S105"),
    "lists, 900 deep": (lambda: rule("[" * 900 + "x" + "]" * 900), "S105"),
    "maps merged, 900 deep": (lambda: rule("<<: " + "{<<: " * 900 + "{}" + "}" * 900), "S105"),
    "blocks, 5,000 deep": (lambda: "".join(" " * n + "a:\n" for n in range(5_000)), "S105"),
    "not, 10,000 deep": (lambda: rule("f: x", "not " * 10_000 + "s"), "C305"),
    "parentheses, 10,000 deep": (lambda: rule("f: x", "(" * 10_000 + "s" + ")" * 10_000), "C305"),
    # --- aliases
    "a bomb in the metadata": (lambda: bomb(GOOD), "S106"),
    "a bomb in the references": (lambda: bomb(GOOD + "references: *a11\n"), "S106"),
    "a bomb in a selection": (lambda: bomb(rule("f: *a11")), "S106"),
    "a bomb of empty maps": (merge_bomb, "S106"),
    "a bomb of long texts": (
        lambda: f"a: &a '{'a*' * 50_000}'\n{rule('f|contains: [' + ', '.join(['*a'] * 500) + ']')}",
        "S106",
    ),
    "an alias in itself": (lambda: rule("&a [*a]"), "S106"),
    "a merge of itself": (lambda: rule("&a {<<: *a, f: x}"), "S106"),
    "a value that is its map": (lambda: rule("&a {f: *a}"), "S106"),
    "many anchors": (lambda: "".join(f"a{n}: &a{n} x\n" for n in range(20_000)) + GOOD, QUERY),
    "merge keys": (lambda: f"a: &a {{f: x}}\n{rule('<<: *a')}", QUERY),
    # --- tags and types
    "a tag on a selection": (lambda: rule("!!python/object/apply:os.system ['true']"), "R203"),
    "a tag on a map": (lambda: rule("!!python/object:os.system {f: x}"), "R203"),
    "a tag on text": (lambda: rule("f: !!binary aGk="), "R203"),
    "a tag on a list of values": (lambda: rule("f: !!python/object/apply:os.system ['true']"), "R203"),
    "a tag on a list of conditions": (lambda: rule("f: x", "!!python/tuple [s]"), "R203"),
    "a date": (lambda: rule("f: 2024-01-01"), QUERY),
    "infinity": (lambda: rule("f: [.inf, -.inf, .nan, 1e999, 1.0e+999]"), QUERY),
    "infinity under gt": (lambda: rule("f|gt: 1.0e+999"), "M402"),
    "infinity by tag": (lambda: rule("f: !!int 1.0e+999"), "R203"),
    "5,000 digits": (lambda: rule(f"f: [{LONG}, -{LONG}, 0x{LONG}, 0{LONG}, {LONG}.0, '{LONG}']"), QUERY),
    "5,000 digits under gt": (lambda: rule(f"f|gt: {LONG}"), "M402"),
    "5,000 digits of an event id": (lambda: rule(f"EventID: ['{LONG}', {LONG}]"), QUERY),
    "390 digits of an event id": (lambda: rule(f"EventID: ['{LONG[:390]}', 1]"), QUERY),
    "290 digits": (lambda: rule(f"f: [{LONG[:290]}, 1.5]"), QUERY),
    "290 digits under gt": (lambda: rule(f"f|gt: {LONG[:290]}"), QUERY),
    "5,000 digits of an hour": (lambda: rule(f"f|hour: {LONG}"), "M402"),
    "the smallest fraction": (lambda: rule("f: [5.0e-324, 1.7e+308, -0.0]"), QUERY),
    "a network of 5,000 digits": (lambda: rule(f"f|cidr: 10.0.0.0/{LONG}"), "M405"),
    # --- size
    "40 dashes": (lambda: rule("f|windash|contains: '" + " -a" * 40 + "'"), QUERY),
    "40 dashes to encode": (lambda: rule("f|windash|base64offset: '" + " -a" * 40 + "'"), "M402"),
    "4 dashes to encode, 5,000 times": (
        lambda: rule("f|windash|base64offset:\n" + "      - ' -a -b -c -d'\n" * 5_000),
        "R210",
    ),
    "100,000 values": (lambda: rule("f: [" + "x," * 100_000 + "]"), "S102"),
    "20,000 values": (lambda: rule("f|contains: [" + ",".join(f"x{n}" for n in range(20_000)) + "]"), QUERY),
    "20,000 fields": (lambda: rule("{" + ",".join(f"f{n}: x" for n in range(20_000)) + "}"), QUERY),
    "a million wildcards": (lambda: rule("f: '" + "a*" * 500_000 + "'"), QUERY),
    "a field name of 1 MB": (lambda: rule("? " + "f" * 1_000_000 + "\n    : x"), QUERY),
    "500,000 modifiers": (lambda: rule("? f" + "|all" * 250_000 + "\n    : [x, y]"), "M409"),
    "a modifier of 1 MB": (lambda: rule("? f|" + "a" * 1_000_000 + "\n    : x"), "M401"),
    "a condition of 1 MB": (lambda: rule("f: x", "s" + " or s" * 200_000), "R210"),
    "capitals": (lambda: rule("f: x", "s" + " OR s" * 12_000), QUERY),
    "all of them, 3,000 times": (
        lambda: (
            f"{HEAD}detection:\n"
            + "".join(f"  s{n}: {{f{n}: x}}\n" for n in range(3_000))
            + "  condition:\n"
            + "  - all of them\n" * 3_000
        ),
        "R210",
    ),
    "a pattern that is slow as an expression": (
        lambda: f"{HEAD}detection:\n  {'a' * 1_000}: {{f: x}}\n  condition: 1 of {'*a' * 50}b\n",
        "C303",
    ),
    "wide and deep": (lambda: wide_and_deep(1_200), QUERY),
    "too wide for its depth": (lambda: wide_and_deep(5_000), "R210"),
    # --- regular expressions
    "an expression that is slow": (lambda: rule(r"f|re: '^(a+)+(b|b)*(c*)*$'"), QUERY),
    "an expression, 10,000 deep": (lambda: rule("f|re: '" + "(" * 5_000 + "a" + ")" * 4_999 + "'"), "M404"),
    "an expression of 1 MB": (lambda: rule("f|re: '" + "a" * 1_000_000 + "'"), "M404"),
    "counts of counts": (lambda: rule(r"f|re: '((((a{1000}){1000}){1000}){1000})'"), QUERY),
    "a count too high": (lambda: rule("f|re: 'a{99999999999999999999}'"), "M404"),
    "all of Unicode": (lambda: rule("f|re|i: '[\\x{0}-\\x{10FFFF}][^\\x{1}-\\x{10FFFE}]\\W\\S'"), QUERY),
    "5,000 alternatives": (lambda: rule("f|re|i: '" + "|".join(f"a{n}" for n in range(1_500)) + "'"), QUERY),
    "a look-behind in a look-ahead": (lambda: rule("f|re: '" + "(?=(?<!a)" * 20 + "b" + ")" * 20 + "'"), QUERY),
}


def attempt(name: str, targets: list[str]) -> dict[str, object]:
    """Compile one case for all targets, and say what came of it and what it took."""
    from transpiler.api import Compiler

    text = CASES[name][0]()
    begin = time.process_time()
    try:
        found = [*Compiler(targets, schema="none").compile("bad.yml", text)]
    except BaseException as error:  # noqa: BLE001 - this is what must not happen
        return {"raised": repr(error)[:300]}
    seconds = time.process_time() - begin
    said = [each for outcome in found for each in outcome.diagnostics]
    return {
        "queries": sum(len(outcome.queries) for outcome in found),
        "codes": sorted({each.code for each in said if each.severity == "error"}),
        "nowhere": sum(each.span.line < 1 or each.span.column < 1 for each in said if each.severity == "error"),
        "first": str(said[0])[:300] if said else "",
        "seconds": round(seconds, 2),
        "megabytes": peak(),
    }


def peak() -> int:
    """This process's own peak memory; ``ru_maxrss`` would count the one that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def main(names: list[str]) -> None:
    from transpiler import registry

    targets = registry.targets()
    for target in targets:
        registry.backend(target)
    registry.schema("none")
    asked = map(str.rstrip, iter(sys.stdin.readline, "")) if names == ["-"] else names or CASES
    for name in asked:
        sys.stdout.flush()
        child = os.fork()
        if not child:
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
            print(json.dumps({"name": name, **attempt(name, targets)}))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            why = f"killed (status {status}): it took more than {SECONDS} s"
            print(json.dumps({"name": name, "raised": why}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
