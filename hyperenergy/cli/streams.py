"""Standard output and error that cannot be written end a command with one line, not with a traceback."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys


def reopen_closed() -> None:
    """Have a stream that the caller closed fail when it is written, as a full one does.

    Python leaves None in its place, to which all is said in vain; and the next file that is opened would get its number.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDONLY), "w"))


def escape_unknown() -> None:
    """Have standard output show bytes of names that are no text as escapes, as standard error does, and not fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def flushed(status: int) -> int:
    """The status, once all that was said has gone out; that of ``lost`` where it cannot."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:
        return lost(error)
    return status


def lost(error: OSError) -> int:
    """The exit status after an error of the system that nobody handled, nearly always of a stream: a pipe that was closed
    ends the command without a word, as it does others; anything else is said in one line, if that is possible."""
    with contextlib.suppress(OSError, ValueError):
        if error.errno != errno.EPIPE:
            what = "the output" if error.filename is None else str(error.filename)
            print(f"error: {what} cannot be written or read ({error.strerror or error})", file=sys.stderr, flush=True)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # What is left in the buffer goes nowhere: the interpreter would flush it at its end, and complain.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(nowhere, stream.fileno())
    return 1
