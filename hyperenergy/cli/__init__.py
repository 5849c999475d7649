"""The command line: options in, tables out; the work is done by the modules below.

Nothing but the standard library is loaded here, so that Ctrl-C is heard from the beginning.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hyperenergy.cli import interrupts
from hyperenergy.cli.streams import escape_unknown, flushed, lost, reopen_closed


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: errors that users can mend print one line and exit with status 2, streams that fail end it with 1."""
    interrupts.at_once()
    reopen_closed()
    escape_unknown()
    given = list(arguments) if arguments is not None else sys.argv[1:]
    try:
        from hyperenergy.cli.app import run

        status = flushed(run(given))
    except OSError as error:
        status = lost(error)
    except KeyboardInterrupt as error:
        interrupts.leave(error)
    finally:
        interrupts.by_exception()
    sys.exit(status)
