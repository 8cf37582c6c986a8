"""A search node in a process of its own that speaks its REST interface on standard input and output."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.corpus import ROOT
from transpiler.engine import CannotRun

FOLDER = Path(os.environ.get("SIGMAQ_VENDORS") or ROOT / ".vendors")
"""Where tests/servers/*.sh install what they install."""


class Node:
    """Started on the installation ``name``; ``ask`` it. Raises CannotRun when it is not installed or does not start."""

    def __init__(self, name: str) -> None:
        home = FOLDER / name
        if not (home / "main" / "main.jar").exists():
            raise CannotRun(f"tests/servers/{name}.sh was not run")
        if shutil.which("java") is None:
            raise CannotRun("there is no java")
        self._data = tempfile.mkdtemp(prefix=f"{name}-", dir=_MEMORY)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        command = ["java", *_JAVA, "-cp", f"{home}/main/main.jar:{home}/lib/*", "Main", str(home / "home"), self._data]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, cwd=self._data
        )
        answer = self.ask("GET", "/_nodes?filter_path=nodes.*.version")
        ((_, node),) = answer["nodes"].items()
        self.version: str = node["version"]

    def ask(self, method: str, path: str, body: Mapping[str, Any] | bytes = b"") -> dict[str, Any]:
        """The node's answer. Raises CannotRun with its reason if it is an error."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(f"{method} {path} {len(content)}\n".encode() + content)
            stdin.flush()
        except BrokenPipeError:
            raise CannotRun(f"the node stopped: {self._last_words()}") from None
        head = stdout.readline().split()
        if not head:
            raise CannotRun(f"the node stopped: {self._last_words()}")
        answer: dict[str, Any] = json.loads(stdout.read(int(head[1])))
        if int(head[0]) >= 400:
            raise CannotRun(_reason(answer))
        return answer

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process and remove its data. Never raises."""
        self._process.kill()
        self._process.communicate()
        self._log.close()
        shutil.rmtree(self._data, ignore_errors=True)

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").splitlines()
        return next((line for line in lines if _FATAL.match(line)), "it said nothing")


_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A folder in memory: a node waits for its disk, and its data are gone with it anyway."""

_FATAL = re.compile(r"(Exception in thread .*|[\w.]+(Error|Exception)\b)")

_JAVA = ("-Xmx2500m", "-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def _reason(answer: Mapping[str, Any]) -> str:
    """The innermost cause of an error, in one line."""
    error = answer.get("error", answer)
    if not isinstance(error, dict):
        return str(error)
    found = error
    for key in ("failed_shards", "root_cause"):
        if error.get(key):
            found = error[key][0].get("reason", found) if key == "failed_shards" else error[key][0]
            break
    while isinstance(found.get("caused_by"), dict):
        found = found["caused_by"]
    return " ".join(f"{found.get('type')}: {found.get('reason')}".split())
