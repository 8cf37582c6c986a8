"""What the engines of Elastic's languages share: rows in an index of Lucene's, and a query run on it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from backends.engines import jvm
from backends.engines.index import Index
from backends.engines.mapped import Mapped
from transpiler.engine import Answer, Asked, CannotRun, Row


class OnLucene:
    """An engine that makes a query of Lucene's from a text, and runs it on the real Lucene."""

    TARGETS: ClassVar[tuple[str, ...]]
    OURS: ClassVar[bool] = False
    READS: ClassVar[str] = ""
    """What of the work is not Lucene's, as the engine's name says it."""

    def start(self) -> str:
        """Start Java. Raises CannotRun."""
        return f"Lucene {jvm.start()}{self.READS}"

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        """For each row, whether the query finds it; None for one that an index would refuse. Raises CannotRun."""
        jvm.start()
        mapped = Mapped(asked.columns, rows)
        try:
            query = self.query(asked.text, mapped)
            with Index(rows, asked.columns, together=mapped.together) as index:
                found = index.find(query)
        except jvm.failure() as error:
            raise CannotRun(f"Lucene: {error}") from error
        except RecursionError:
            raise CannotRun("the query is nested too deeply") from None
        except UnicodeEncodeError:
            raise CannotRun("the query holds half of a character") from None
        return [None if number in index.unfit else number in found for number in range(len(rows))]

    @abstractmethod
    def query(self, text: str, mapped: Mapped) -> Any:
        """The query of Lucene's that a text is. Raises CannotRun."""

    def stop(self) -> None:
        """Nothing: Java ends with the process."""
