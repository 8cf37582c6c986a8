"""Times sigmaq against sigma-cli on the same rule files, in one run.

    python benchmarks/corpus.py DIR [--sigma PATH] [--runs 3]

DIR holds Sigma rules (*.yml). PATH is the `sigma` command of sigma-cli 3.1.0, in an environment that
has pysigma-backend-splunk, -elasticsearch and -kusto too. A rule that sigma-cli cannot convert to a
target would stop its whole batch, so such rules are found first, one by one, and left out for both.

Printed: CPU and wall seconds and peak memory of each command, the median of the ratios pair by
pair, the cost of all targets together, of one rule, and of 1, 2 and 4 times the files.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TARGETS = ("splunk", "lucene", "eql", "esql", "kusto")
OURS = (*TARGETS, "kibana", "dsl")

FAILURES = """
import sys
from sigma.collection import SigmaCollection
from sigma.plugins import InstalledSigmaPlugins
backend = InstalledSigmaPlugins.autodiscover().backends[sys.argv[1]]()
for path in sys.stdin.read().splitlines():
    try:
        text = open(path, encoding="utf-8").read()
        found = backend.convert(SigmaCollection.from_yaml(text))
        if not found or not all(found):
            raise ValueError
    except Exception:
        print(path)
"""


@dataclass(frozen=True)
class Cost:
    """What one run of a command took: seconds, seconds, MiB of the largest process."""

    cpu: float
    wall: float
    memory: float


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end, its output thrown away."""
    start = time.perf_counter()
    with Path(os.devnull).open("wb") as sink:
        child = subprocess.Popen(command, stdout=sink, stderr=sink)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command[:6])} ... ended with {child.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / 1024)


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in ("cpu", "wall", "memory")))


def interpreter(sigma: str) -> str:
    """The Python that a console script starts with."""
    first = Path(sigma).read_text("utf-8", "replace").splitlines()[0]
    return first.removeprefix("#!").strip()


def failures(sigma: str, target: str, files: Sequence[Path]) -> set[Path]:
    """The files that sigma-cli's backend cannot convert, tried one by one."""
    done = subprocess.run(
        [interpreter(sigma), "-c", FAILURES, target],
        input="\n".join(map(str, files)),
        capture_output=True,
        text=True,
        check=True,
    )
    return {Path(line) for line in done.stdout.splitlines()}


def copy(files: Sequence[Path], folder: Path, times: int = 1) -> Path:
    """The files, so many times, in a new folder."""
    folder.mkdir()
    for number in range(times):
        for index, path in enumerate(files):
            shutil.copyfile(path, folder / f"{number}_{index:05}_{path.name}")
    return folder


def sigma_command(sigma: str, target: str, folder: Path) -> list[str]:
    """How sigma-cli converts a folder; `-s` skips what it cannot convert."""
    return [sigma, "convert", "-t", target, "--without-pipeline", "-s", str(folder)]


def our_command(ours: str, targets: Sequence[str], path: Path) -> list[str]:
    """How sigmaq converts a file or folder, names as in the rules."""
    return [ours, "convert", "-s", "none", *(word for target in targets for word in ("-t", target)), str(path)]


def show(name: str, ours: Sequence[Cost], theirs: Sequence[Cost], figure: str = "cpu") -> None:
    """One row: both commands' medians, and the median of their ratios pair by pair."""
    mine, other = median(ours), median(theirs)
    ratio = statistics.median(getattr(b, figure) / getattr(a, figure) for a, b in zip(ours, theirs, strict=True))
    print(
        f"{name:<28}{mine.cpu:>8.2f}{mine.wall:>8.2f}{mine.memory:>7.0f}"
        f"{other.cpu:>10.2f}{other.wall:>8.2f}{other.memory:>7.0f}{ratio:>9.1f}x ({figure})"
    )


def pairs(ours: list[str], theirs: list[list[str]], runs: int) -> tuple[list[Cost], list[Cost]]:
    """Our command and the sum of theirs, in turn."""
    mine, other = [], []
    for _ in range(runs):
        mine.append(run(ours))
        parts = [run(command) for command in theirs]
        other.append(Cost(sum(p.cpu for p in parts), sum(p.wall for p in parts), max(p.memory for p in parts)))
    return mine, other


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sigma", default=shutil.which("sigma"), help="the sigma command of sigma-cli 3.1.0")
    parser.add_argument("--sigmaq", default=str(Path(sys.executable).with_name("sigmaq")))
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    if not given.sigma:
        parser.error("no `sigma` command; give --sigma PATH")
    files = sorted(given.folder.rglob("*.yml"))
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        print(f"{len(files)} files, {given.runs} runs each, medians")
        print(f"{'':<28}{'sigmaq':>15}{'':>8}{'sigma-cli':>17}")
        print(f"{'':<28}{'cpu s':>8}{'wall s':>8}{'MiB':>7}{'cpu s':>10}{'wall s':>8}{'MiB':>7}{'ratio':>10}")
        folders = {}
        for target in TARGETS:
            failed = failures(given.sigma, target, files)
            folders[target] = copy([path for path in files if path not in failed], work / target)
            mine, other = pairs(
                our_command(given.sigmaq, [target], folders[target]),
                [sigma_command(given.sigma, target, folders[target])],
                given.runs,
            )
            show(f"{target} ({len(files) - len(failed)} rules)", mine, other)
        whole = copy(files, work / "all")
        every = [sigma_command(given.sigma, target, folders[target]) for target in TARGETS]
        mine, other = pairs(our_command(given.sigmaq, OURS, whole), every, given.runs)
        show("all: our 7, their 5", mine, other)
        one = next(path for path in sorted(folders["lucene"].iterdir()))
        mine, other = pairs(
            our_command(given.sigmaq, ["lucene"], one), [sigma_command(given.sigma, "lucene", one)], 3 * given.runs
        )
        show("one rule, lucene", mine, other, "wall")
        base = median([run(our_command(given.sigmaq, OURS, whole)) for _ in range(given.runs)])
        print(f"\nall 7 targets, 1x: {base.cpu:.2f} s cpu, {base.memory:.0f} MiB")
        for times in (2, 4):
            folder = copy(files, work / f"times{times}", times)
            cost = median([run(our_command(given.sigmaq, OURS, folder)) for _ in range(given.runs)])
            print(f"all 7 targets, {times}x: {cost.cpu:.2f} s cpu ({cost.cpu / base.cpu:.2f}x), {cost.memory:.0f} MiB")


if __name__ == "__main__":
    main()
