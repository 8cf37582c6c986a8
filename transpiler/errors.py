"""The one exception tree of the compiler.

SigmaError                  carries the Diagnostic that explains it
├── SourceError             a file or its YAML cannot be read
├── RuleError               the YAML is not a rule the specification allows
│   ├── ConditionError      the condition does not parse or names nothing
│   └── ModifierError       a modifier is unknown or does not fit its value
├── SchemaError             a schema file is wrong, or does not know a field or log source
├── PipelineError           a pySigma pipeline is wrong, or refuses a rule
├── Unsupported             the target's language cannot say this
└── UsageError              an option or a name given by the caller is wrong
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transpiler.diagnostics import Diagnostic


class SigmaError(Exception):
    """A rule, file, schema or option was refused.

    ``diagnostic`` is the whole story: code, message, position and a way out.
    """

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic


class SourceError(SigmaError):
    """A file or its YAML cannot be read."""


class RuleError(SigmaError):
    """The YAML is not a rule the specification allows."""


class ConditionError(RuleError):
    """The condition does not parse, or names a selection that is not there."""


class ModifierError(RuleError):
    """A modifier is unknown, or does not fit its value."""


class SchemaError(SigmaError):
    """A schema file is wrong, or does not know a field or a log source."""


class PipelineError(SigmaError):
    """A pySigma pipeline is wrong, refuses a rule, or makes of it what cannot be carried over."""


class Unsupported(SigmaError):
    """The target's language cannot say what the rule says."""


class UsageError(SigmaError):
    """An option or a name given by the caller is wrong."""
