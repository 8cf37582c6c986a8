"""The command line: ``sigmaq``. One file a command; ``app`` puts them together.

Architecture invariant: starting imports typer and the options of the commands, and nothing that
compiles; a command imports what it needs when it runs.
"""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line; ends the process with its exit code."""
    gc.disable()  # nothing made while starting is garbage, and looking for it takes a tenth of the start
    from transpiler.cli.usage import INTERRUPTED, refuse
    from transpiler.errors import SigmaError

    try:
        from transpiler.cli.app import app

        app()
    except SigmaError as error:
        sys.exit(refuse(error))
    except KeyboardInterrupt:  # before or after a command, which sees to its own
        sys.exit(INTERRUPTED)
