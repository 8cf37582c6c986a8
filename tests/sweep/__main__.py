"""Runs the sweep; see the package."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.support import corpus
from tests.sweep import engines, fuzz, page, part, rules
from tests.sweep.grammars import grammars
from tests.sweep.tally import Key, Tally, merged
from transpiler import registry


def main() -> int:
    """Run what the options ask for; 1 if something did not hold, or did not run that should."""
    options = _options()
    targets = options.targets.split(",") if options.targets else registry.targets()
    paths = corpus.rules() + sorted((corpus.ROOT / "examples").glob("*.yml"))
    seed = rules.tree_hash()
    if options.sample:
        paths = rules.sample(paths, options.sample, seed)
        sys.stderr.write(f"{len(paths)} rules, drawn by {seed[:12]}\n")
    runs = {}
    for title, kind in (("witnesses", "witnesses"), ("recorded events", "recorded")):
        if options.kind in (None, kind):
            start = time.monotonic()
            runs[title] = _run(paths, targets, kind, options.jobs)
            sys.stderr.write(f"{title}: {time.monotonic() - start:.0f} s\n")
    checks = []
    if options.kind == "grammars" or (options.kind is None and not options.sample):
        checks = grammars(targets)
    tried = fuzz.fuzzed() if options.kind == "fuzz" or (options.kind is None and not options.sample) else None
    absent = engines.absent(targets)
    text = page.page(runs, checks, absent, tried)
    sys.stdout.write(text)
    if options.write or not (options.sample or options.kind or options.targets):
        (corpus.ROOT / "docs" / "verification.md").write_text(text, "utf-8", newline="\n")
    for tallies in runs.values():
        for tally in tallies.values():
            for example in tally.examples:
                sys.stderr.write(f"\nmismatch: {example}\n")
    failed = page.failures(runs, checks, absent, tried, shares=not options.sample)
    sys.stderr.write("".join([f"{each}\n" for each in failed]))
    return bool(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sweep", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="only N rules, drawn by a hash of the code")
    parser.add_argument("--targets", metavar="T,T...", help="only these targets")
    parser.add_argument("--kind", choices=["witnesses", "recorded", "grammars", "fuzz"], help="only this part")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes")
    parser.add_argument("--write", action="store_true", help="write docs/verification.md whatever was asked for")
    return parser.parse_args()


def _run(paths: Sequence[Path], targets: Sequence[str], kind: str, jobs: int) -> dict[Key, Tally]:
    """The tallies of the rules, each process taking every nth of them."""
    parts = [paths[number::jobs] for number in range(jobs)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return merged(pool.map(part.part, parts, [targets] * jobs, [kind] * jobs))


if __name__ == "__main__":
    raise SystemExit(main())
