"""A user's pySigma pipelines: rule -> pySigma's rule -> pipelines -> our trees.

Imported only where a pipeline is asked for. pySigma applies the pipelines; what it makes of the rule is
read back with the rule's positions, and compiled like any rule: passes, schema, backend. What pySigma
would do to the text of a query later has no place here, and is said.
"""

from __future__ import annotations

from transpiler.pipeline.apply import Pipelines, Processed
from transpiler.pipeline.find import Installed, installed

__all__ = ["Installed", "Pipelines", "Processed", "installed"]
