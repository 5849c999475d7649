"""One driver at a time."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from pathlib import Path

from hyperenergy.errors import ArgumentError


class Lock:
    """Held by one process until it releases it or ends, however it ends: the system's own lock on a file, which says who.

    Of a holder on another machine the system may know nothing, so its name alone locks.  Raises ArgumentError, naming the
    argument ``out``, where another one holds it, and OSError where the file cannot be written.
    """

    def __init__(self, path: Path, out: Path) -> None:
        self._path, self._out = path, out
        # Never removed: a process that has opened a removed file would hold a lock that nobody else sees.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._take()
        except BaseException:
            os.close(self._file)
            raise

    def _take(self) -> None:
        known = True
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise self._refusal(self._holder()) from None
            known = False  # a file system without locks
        holder = self._holder()
        if holder:
            here = holder.get("host") == socket.gethostname()
            if not here or (not known and _alive(holder.get("pid"))):
                raise self._refusal(holder)
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text.encode(), 0)

    def _holder(self) -> dict[str, object]:
        """Who the file names; empty for nobody."""
        try:
            found = json.loads(os.pread(self._file, 4096, 0) or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _refusal(self, holder: dict[str, object]) -> ArgumentError:
        who = f"pid {holder.get('pid', '?')} on {holder.get('host', '?')} since {holder.get('since', '?')}"
        ended = "" if holder.get("host") == socket.gethostname() else f" (if that one has ended, remove {self._path})"
        return ArgumentError(
            "out", repr(str(self._out)), f"is in use by {who}; wait for its end or choose another folder{ended}"
        )

    def release(self) -> None:
        os.ftruncate(self._file, 0)
        os.close(self._file)


def _alive(pid: object) -> bool:
    """Whether a process of this machine runs; one of another user does, too."""
    try:
        os.kill(int(str(pid)), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True
