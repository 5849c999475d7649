"""Ctrl-C ends a command with one line and status 130, whatever it is at: also while libraries are loaded, and in compiled
code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn, TypeVar

STATUS = 130
# Seconds after which a reader wonders.
_PATIENCE = 2.0
T = TypeVar("T")


def at_once() -> None:
    """From here on there is nothing to keep: Ctrl-C ends the process where it is.

    An exception would not do: some libraries swallow it while they are loaded, or tell of it in many lines.
    """
    if _in_main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _quit)


def by_exception() -> None:
    """From here on Ctrl-C is a KeyboardInterrupt again: there is something to finish or to keep."""
    if _in_main_thread() and signal.getsignal(signal.SIGINT) is _quit:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def aside(work: Callable[[], T], slow: str = "") -> T:
    """The work, in a thread of its own; KeyboardInterrupt, with a word on what is left, leaves it where it is.

    slow: what to say where it takes longer than a few seconds.
    The main thread hears of Ctrl-C only between two steps of Python, and a call of compiled code may take minutes.
    """
    ends: list[Callable[[], T]] = []
    done = threading.Event()

    def run() -> None:
        try:
            value = work()
            ends.append(lambda: value)
        except BaseException as error:
            ends.append(lambda error=error: _raise(error))  # type: ignore[misc]
        done.set()

    by_exception()
    try:
        threading.Thread(target=run, daemon=True).start()
        if slow and not done.wait(_PATIENCE):
            print(slow, file=sys.stderr, flush=True)
        done.wait()
    except KeyboardInterrupt:
        raise KeyboardInterrupt("nothing was written") from None
    return ends[0]()


def leave(error: KeyboardInterrupt) -> NoReturn:
    """End the process now, and wait for no thread."""
    _say(": ".join(["interrupted", *map(str, error.args)]))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(STATUS)


def _quit(number: int, frame: FrameType | None) -> NoReturn:
    _say("interrupted: nothing was written")
    os._exit(STATUS)


def _say(line: str) -> None:
    # Past the buffer, which the main thread may just be writing to.
    with contextlib.suppress(OSError):
        os.write(2, f"{line}\n".encode())


def _raise(error: BaseException) -> NoReturn:
    raise error


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
