"""Where the outcomes of a run go: one text, lines of JSON, or a folder of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from transpiler import files, output
from transpiler.api import Outcome
from transpiler.output import Names
from transpiler.query import Query
from transpiler.registry import Language


class Sink(Protocol):
    """Takes the outcomes one by one, in order; ``close`` ends a run that was not broken off."""

    several_lines: int
    """How many queries broke the promise of one query a line."""

    def take(self, outcomes: list[Outcome]) -> None:
        """Write the outcomes of one file."""

    def close(self) -> None:
        """Write what is known only at the end."""


class Text:
    """Queries one below the other in one stream.

    Each stands under its header. Where the only target has no comments a query is one line alone
    (but a query may itself hold a line break).
    """

    def __init__(self, write: Callable[[str], object], languages: Mapping[str, Language]) -> None:
        self._write = write
        self._languages = languages
        self._named = len(languages) > 1
        self._bare = not self._named and all(language.comment is None for language in languages.values())
        self._started = False
        self.several_lines = 0

    def take(self, outcomes: list[Outcome]) -> None:
        """Write the queries."""
        for outcome in outcomes:
            for query in outcome.queries:
                self._write(self._block(query))

    def _block(self, query: Query) -> str:
        if self._bare:
            self.several_lines += "\n" in query.text or "\r" in query.text
            return f"{query.text}\n"
        space = "\n" if self._started else ""
        self._started = True
        return f"{space}{output.header(self._languages[query.target], query, named=self._named)}{query.text}\n"

    def close(self) -> None:
        """Nothing is left to write."""


class Json:
    """Queries and diagnostics as JSON, one object a line."""

    several_lines = 0

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def take(self, outcomes: list[Outcome]) -> None:
        """Write the queries."""
        for outcome in outcomes:
            for query in outcome.queries:
                self._write(json_line(output.query_object(query)))
            for found in outcome.diagnostics:
                rule_id = outcome.rule.id if outcome.rule else None
                self._write(json_line(output.diagnostic_object(found, path=outcome.path, rule_id=rule_id)))

    def close(self) -> None:
        """Nothing is left to write."""


class Folder:
    """A file for each query, in a folder for each target; an ATTRIBUTION file where there are no comments.

    With ``as_json`` the files hold JSON, and ``diagnostics.jsonl`` beside the folders what belongs
    to no query.
    """

    several_lines = 0

    def __init__(self, path: str, languages: Mapping[str, Language], *, as_json: bool = False) -> None:
        self._path = Path(path)
        self._languages = languages
        self._as_json = as_json
        self._names = Names()
        self._credits: dict[str, dict[str, str]] = {}
        self._diagnostics: list[str] = []
        files.make_folder(path)
        self._made: set[str] = set()

    def take(self, outcomes: list[Outcome]) -> None:
        """Write the files of the queries."""
        alone = len(outcomes) == 1
        for outcome in outcomes:
            for found in outcome.diagnostics if self._as_json else ():
                rule_id = outcome.rule.id if outcome.rule else None
                self._diagnostics.append(json_line(output.diagnostic_object(found, path=outcome.path, rule_id=rule_id)))
            if outcome.rule is None or outcome.skipped:
                continue
            stem = self._names.stem(outcome.rule, alone=alone)
            for query in outcome.queries:
                self._save(query, stem)

    def _save(self, query: Query, stem: str) -> None:
        language = self._languages[query.target]
        folder = output.slug(language.name)
        name = output.file_name(stem, query, "json" if self._as_json else language.extension)
        if folder not in self._made:
            files.make_folder(str(self._path / folder))
            self._made.add(folder)
        if self._as_json:
            text = json_line(output.query_object(query))
        elif language.comment is None:
            text = f"{query.text}\n"
            self._credits.setdefault(folder, {})[name] = output.attribution_entry(name, query.rule)
        else:
            text = f"{output.header(language, query)}{query.text}\n"
        files.write(str(self._path / folder / name), text)

    def close(self) -> None:
        """Write the ATTRIBUTION files, and the diagnostics when they are wanted as JSON."""
        for folder, new in self._credits.items():
            path = str(self._path / folder / output.ATTRIBUTION)
            files.write(path, output.attribution(self._kept(folder, path) | new))
        if self._as_json:
            files.write(str(self._path / "diagnostics.jsonl"), "".join(self._diagnostics))

    def _kept(self, folder: str, path: str) -> dict[str, str]:
        """The entries of an earlier run whose query files are still there."""
        entries = output.attribution_entries(files.read_text(path))
        return {name: entry for name, entry in entries if (self._path / folder / name).exists()}


def json_line(value: dict[str, Any]) -> str:
    """One line of JSON. A text that UTF-8 cannot say (an undecodable path) is escaped."""
    import json

    line = json.dumps(value, ensure_ascii=False)
    if not line.isascii():
        try:
            line.encode("utf-8")
        except UnicodeEncodeError:
            line = json.dumps(value)
    return line.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085") + "\n"
