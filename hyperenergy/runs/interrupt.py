"""An end that is asked for, and comes where it does no harm."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """While active, Ctrl-C or SIGTERM only asks for an end, so that it cannot strike in the middle of a write or a lock;
    a second one asks for it at once."""

    def __init__(self) -> None:
        self.requested = self.urgent = False
        self.status = 0
        self._breakable = False

    def __enter__(self) -> Interrupt:
        self._previous = {number: signal.getsignal(number) for number in _SIGNALS}
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                signal.signal(number, self._ask)
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.urgent = self.requested
        self.requested = True
        self.status = self.status or 128 + number
        if self.urgent and self._breakable:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def breakable(self) -> Iterator[None]:
        """Work in this process that nothing is lost by: an end at once raises KeyboardInterrupt in it."""
        self._breakable = True
        try:
            yield
        finally:
            self._breakable = False

    def __exit__(self, *error: object) -> None:
        if threading.current_thread() is threading.main_thread():
            for number, handler in self._previous.items():
                signal.signal(number, handler)
