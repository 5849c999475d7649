"""The local server: one page, and one conversation for each tab that has it open."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.show.explore.request import EXAMPLES, MOST_DIM, MOST_POINTS, MOST_RESTARTS, Request, choices
from hyperenergy.show.explore.run import Message, Run
from hyperenergy.show.markup import fill
from hyperenergy.show.view.document import document
from hyperenergy.show.view.load import Configuration
from hyperenergy.show.view.page import page

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.websockets import WebSocket

HOST = "127.0.0.1"
# Seconds that searches which were asked to stop get at the end of the program.
_PATIENCE = 3.0
_NAMES = (HOST, "localhost")


def bind(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; 0 is any free port.  ArgumentError for a port that is in use or not allowed."""
    port = integer("port", port, 0, 65535)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        why = (error.strerror or str(error)).lower()
        raise ArgumentError("port", port, f"{why}; choose another, or 0 for any free one") from None
    return listening


def serve(listening: socket.socket) -> None:
    """Answer until interrupted (Ctrl-C)."""
    import uvicorn

    config = uvicorn.Config(application(), log_level="warning", lifespan="off", ws_max_size=2**16)
    # uvicorn raises KeyboardInterrupt again, once all is closed.
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is ending
    runs = [thread for thread in threading.enumerate() if isinstance(thread, Run)]
    for run in runs:
        run.stop()
    deadline = time.monotonic() + _PATIENCE
    for run in runs:
        run.join(max(0.0, deadline - time.monotonic()))
    if any(run.is_alive() for run in runs):
        # An interpreter that ends while a thread is inside of torch is aborted.
        sys.stdout.flush()
        os._exit(0)


def application() -> Starlette:
    """The page at /, and the conversations at /socket.  Pages of other hosts get no answer: neither by a name of their own
    for this machine nor by opening a socket across origins."""
    from starlette.applications import Starlette
    from starlette.requests import Request as HttpRequest
    from starlette.responses import HTMLResponse
    from starlette.routing import Host, Route, Router, WebSocketRoute

    html = _html()

    async def index(request: HttpRequest) -> HTMLResponse:
        return HTMLResponse(html, headers={"Content-Security-Policy": "frame-ancestors 'none'"})

    answers = Router([Route("/", index), WebSocketRoute("/socket", _converse)])
    return Starlette(routes=[Host(name, answers) for name in _NAMES])


def _html() -> str:
    own = files("hyperenergy.show.explore")
    groups = "".join(
        f'<optgroup label="{group}">'
        + "".join(
            f'<option value="{c.name}" data-temperature="{int(c.temperature)}" data-parameters="{escape(c.parameters)}"'
            f"{' selected' if c.name == 'dhel' else ''}>{c.label}</option>"
            for c in members
        )
        + "</optgroup>"
        for group, members in choices().items()
    )
    examples = "".join(
        f'<option data-form="{escape(json.dumps(form))}">{escape(name)}</option>' for name, form in EXAMPLES.items()
    )
    fields = {
        "examples": examples,
        "objectives": groups,
        "points": MOST_POINTS,
        "dim": MOST_DIM,
        "restarts": MOST_RESTARTS,
    }
    return document(
        name="Explore",
        form=fill(own / "form.html", {key: str(value) for key, value in fields.items()}),
        script=(own / "explore.js").read_text("utf-8"),
        connect=" ".join(f"ws://{name}:*" for name in _NAMES),
    )


class _Outbox:
    """Messages from the thread of a search to its tab.  Of moments that wait, only the last is kept: a slow tab skips
    some, and delays nothing."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._messages: deque[tuple[str, str]] = deque()
        self._some = asyncio.Event()

    def put(self, message: Message) -> None:
        """From any thread."""
        text = json.dumps(message, separators=(",", ":"), allow_nan=False)
        with contextlib.suppress(RuntimeError):  # the server has ended meanwhile
            self._loop.call_soon_threadsafe(self._add, message["kind"], text)

    def _add(self, kind: str, text: str) -> None:
        if kind == "moment" and self._messages and self._messages[-1][0] == "moment":
            self._messages.pop()
        self._messages.append((kind, text))
        self._some.set()

    async def send_all(self, socket: WebSocket) -> None:
        from starlette.websockets import WebSocketDisconnect

        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the tab has gone meanwhile
            while True:
                await self._some.wait()
                self._some.clear()
                while self._messages:
                    await socket.send_text(self._messages.popleft()[1])


async def _converse(socket: WebSocket) -> None:
    """Run, stop and show what the tab asks for; when it goes, its search ends."""
    origin = socket.headers.get("origin")
    if origin is not None and origin != f"http://{socket.headers.get('host')}":
        await socket.close(1008)
        return
    await socket.accept()
    outbox = _Outbox()
    sending = asyncio.create_task(outbox.send_all(socket))
    run: Run | None = None
    found: Configuration | None = None  # what the tab shows
    saving: set[asyncio.Task[None]] = set()
    try:
        while (event := await socket.receive())["type"] == "websocket.receive":
            match asked := _message(event.get("text")):
                case {"kind": "run"}:
                    try:
                        request = Request.parse(asked)
                    except ArgumentError as error:
                        outbox.put({"kind": "error", "message": str(error), "argument": error.argument})
                        continue
                    if run is not None:
                        run.stop()
                        await asyncio.to_thread(run.join)
                        found = run.found or found
                    run = Run(request, outbox.put, slow=asked.get("slow") is True)
                    run.start()
                case {"kind": "stop"} if run is not None:
                    run.stop()
                case {"kind": "pace"} if run is not None:
                    run.slow = asked.get("slow") is True
                case {"kind": "page"} if run is not None and (shown := run.found or found):
                    saving.add(task := asyncio.create_task(_save(shown, outbox)))
                    task.add_done_callback(saving.discard)
    finally:
        if run is not None:
            run.stop()
        sending.cancel()


async def _save(found: Configuration, outbox: _Outbox) -> None:
    """Make the page beside the conversation, which goes on."""
    outbox.put({"kind": "page", "name": found.name, "html": await asyncio.to_thread(page, found)})


def _message(text: str | None) -> dict[str, Any]:
    """What a tab sent; nothing where it is no object, or no text."""
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
