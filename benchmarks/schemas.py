"""What a schema costs: converting a folder of rules with each, against the rules' own names (`-s none`).

    python benchmarks/schemas.py DIR

CPU seconds of the conversions alone, in turn and in one process; the median of the ratios. A rule that a schema
refuses is left out for both.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from pathlib import Path

from transpiler import registry
from transpiler.api import Compiler


def seconds(compiler: Compiler, texts: list[tuple[str, bytes]]) -> float:
    """The CPU time of compiling the texts."""
    gc.collect()
    start = time.process_time()
    for path, text in texts:
        for _ in compiler.compile(path, text):
            pass
    return time.process_time() - start


def converted(compiler: Compiler, texts: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """The texts that the compiler makes queries of."""
    return [(path, text) for path, text in texts if all(each.queries for each in compiler.compile(path, text))]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    texts = [(str(path), path.read_bytes()) for path in sorted(options.folder.rglob("*.yml"))]
    print(f"{'schema':<14}{'target':<9}{'rules':>6}{'none':>8}{'schema':>8}{'ratio':>8}")
    for name in registry.schemas():
        schema = registry.schema(name)
        for target in () if schema.keep else schema.targets:
            ours, plain = Compiler([target], schema=name), Compiler([target], schema="none")
            both = converted(plain, converted(ours, texts))
            pairs = [(seconds(plain, both), seconds(ours, both)) for _ in range(options.runs)]
            without, with_it = (statistics.median(each) for each in zip(*pairs, strict=True))
            ratio = statistics.median(b / a for a, b in pairs)
            print(f"{name:<14}{target:<9}{len(both):>6}{without:>8.2f}{with_it:>8.2f}{ratio:>7.2f}x")


if __name__ == "__main__":
    main()
