"""Microsoft's own parser and binder of Kusto, where node and its npm package are at hand.

The package is ``@kusto/language-service-next`` (MIT), looked for in the folder that the environment
variable SIGMAQ_NODE_MODULES names, and in those of NODE_PATH. It runs nothing; it says what
Microsoft's products would say to a query before they run it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from backends.engines.kusto_rows import parsed, top_of
from transpiler.engine import CannotRun, Column

PACKAGE = "@kusto/language-service-next"

SCRIPT = Path(__file__).with_suffix(".js")

TYPES = {"int": "long", "float": "real", "bool": "bool", "datetime": "datetime", "dynamic": "dynamic"}
"""Column type -> Kusto's; the others are strings."""

Tables = Mapping[str, Mapping[str, str]]
"""Table -> column -> type, as Kusto names it."""


def columns_of(columns: Mapping[str, Column]) -> dict[str, str]:
    """The columns of a Kusto table, a path into a dynamic one by its column."""
    found = {}
    for name, column in columns.items():
        kind = "string" if parsed(name) else TYPES.get(column.type, "string")
        found[top_of(name) if column.type == "dynamic" else name] = kind
    return found


def home() -> Path | None:
    """The package's folder, or None if it is not installed."""
    folders = [os.environ.get("SIGMAQ_NODE_MODULES", ""), *os.environ.get("NODE_PATH", "").split(os.pathsep)]
    found = [Path(each) / PACKAGE for each in folders if each]
    return next((each for each in found if (each / "package.json").is_file()), None)


class Parser:
    """The parser, in a node process that ends when its input does."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def start(self, folder: Path | None = None) -> str:
        """Its name and version. Raises CannotRun where node or the package is missing.

        ``folder``: the package's, where :func:`home` is not to be asked.
        """
        node, folder = shutil.which("node"), folder or home()
        if node is None or folder is None:
            raise CannotRun(f"{'node' if node is None else PACKAGE} is not installed")
        self._process = subprocess.Popen(  # noqa: S603 - node, found on the path, and files of ours
            [node, str(SCRIPT), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        return f"Kusto.Language {self._answer()}"

    def problem(self, text: str, tables: Tables) -> str | None:
        """What is against a query over these tables, or None. Raises CannotRun if the parser has died."""
        assert self._process
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps({"text": text, "tables": tables}) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise CannotRun("Microsoft's parser has ended") from None
        return self._answer()

    def _answer(self) -> str | None:
        assert self._process
        assert self._process.stdout
        try:
            answer: str | None = json.loads(self._process.stdout.readline())
        except ValueError:
            raise CannotRun("Microsoft's parser has ended") from None
        return answer

    def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdout
            with suppress(OSError):
                process.communicate()
