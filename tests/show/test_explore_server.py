"""The server of the local page: its conversations, and the page in a browser."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import hyperenergy as he
from hyperenergy.show.explore.request import MOST_RESTARTS
from hyperenergy.show.explore.server import _Outbox, bind
from tests.browser import chromium, opened
from tests.pages import FORM, payload

# ---- the server ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of its own, ended by Ctrl-C, without a word of complaint."""
    command = [sys.executable, "-m", "hyperenergy.cli", "explore", "--port", "0", "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+/", line)
    assert found is not None, line
    yield found[0]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    said = [line for line in errors.splitlines() if not line.endswith("(once on this machine)")]
    assert process.returncode == 0 and said == []


def answer(address: str, host: str, origin: str | None = None, path: str = "/socket") -> str:
    """The status line for a handshake with these headers."""
    port = int(address.rstrip("/").rpartition(":")[2])
    lines = [f"GET {path} HTTP/1.1", f"Host: {host.format(port=port)}"]
    if path == "/socket":
        lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    if origin is not None:
        lines.append(f"Origin: {origin.format(port=port)}")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return connection.recv(100).decode().split("\r\n")[0]


def test_other_pages_get_no_answer(address: str) -> None:
    """Neither by a name of their own for this machine, nor by a socket from elsewhere."""
    assert "101" in answer(address, "127.0.0.1:{port}", "http://127.0.0.1:{port}")
    assert "101" in answer(address, "localhost:{port}", "http://localhost:{port}")
    assert "403" in answer(address, "127.0.0.1:{port}", "http://evil.example")
    assert "403" in answer(address, "evil.example", "http://evil.example")
    assert "200" in answer(address, "127.0.0.1:{port}", path="/")
    assert "404" in answer(address, "evil.example", path="/")


def test_a_slow_tab_skips_moments_and_nothing_else() -> None:
    class Slow:
        def __init__(self) -> None:
            self.got: list[Any] = []

        async def send_text(self, text: str) -> None:
            self.got.append(json.loads(text))
            await asyncio.sleep(0.05)

    async def converse() -> list[Any]:
        outbox, tab = _Outbox(), Slow()
        sending = asyncio.create_task(outbox.send_all(tab))  # type: ignore[arg-type]  # all that it uses of a socket
        for kind in ("start", *["moment"] * 20, "others", *["moment"] * 20, "end"):
            outbox.put({"kind": kind})
        await asyncio.sleep(0.5)
        sending.cancel()
        return [message["kind"] for message in tab.got]

    assert asyncio.run(converse()) == ["start", "moment", "others", "moment", "end"]


def test_only_this_machine_is_listened_to() -> None:
    with bind(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_nonsense_is_passed_over(address: str) -> None:
    from websockets.sync.client import connect

    with connect(address.replace("http", "ws") + "socket") as tab:
        tab.send(b"{}")
        for text in ("{", "[1]", '"x"', "[" * 50_000, '{"kind": "stop"}', '{"kind": "page"}', '{"kind": ["run"]}'):
            tab.send(text)
        tab.send(json.dumps({"kind": "run", "points": {}}))
        assert json.loads(tab.recv(10))["kind"] == "error"
        tab.send(json.dumps({"kind": "run", **FORM}))
        assert json.loads(tab.recv(10))["kind"] == "start"


def test_ctrl_c_ends_a_search_that_runs() -> None:
    from websockets.sync.client import connect

    command = [sys.executable, "-m", "hyperenergy.cli", "explore", "--port", "0", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        port = re.findall(r":(\d+)/", process.stdout.readline())[0]
        with connect(f"ws://127.0.0.1:{port}/socket") as tab:
            heavy = {"points": "400", "dim": "32", "restarts": "32", "temperature": "0.1"}
            tab.send(json.dumps({"kind": "run", **FORM, **heavy}))
            assert json.loads(tab.recv(60))["kind"] == "start"
            process.send_signal(signal.SIGINT)
            errors = process.stderr.read()
    assert process.returncode == 0 and "terminate" not in errors


def test_a_port_in_use() -> None:
    with bind(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(he.ArgumentError, match="address already in use; choose another, or 0 for any free one"):
            bind(port)
        command = [sys.executable, "-m", "hyperenergy.cli", "explore", "--port", str(port), "--no-open"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2 and f"port: got {port}; address already in use" in done.stderr
    with pytest.raises(he.ArgumentError, match="port: got 70000"):
        bind(70000)


def test_a_browser_that_is_missing() -> None:
    command = [sys.executable, "-m", "hyperenergy.cli", "explore", "--port", "0"]
    env = {**os.environ, "PATH": "", "BROWSER": "no-such-browser"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None and process.stderr is not None
        assert "page: http://127.0.0.1:" in process.stdout.readline()
        assert "no browser was found; open that address in one" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0


# ---- in a browser --------------------------------------------------------------------------------------------------

_ALLOWED = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
VALUE = "() => document.querySelector('#time-note').textContent"
DONE = (
    "() => !document.getElementById('run').disabled && document.getElementById('status').textContent.startsWith('Done')"
)
POINTS = """() => {
    const t = document.getElementById('sphere').data.find((t) => t.name === 'anchors');
    return [t.x, t.y, t.z];
}"""


def ask(tab: Any, slow: bool, **fields: str) -> None:
    tab.wait_for_selector("#run:enabled")
    tab.set_checked("#slow", slow)
    for name, value in fields.items():
        tab.fill(f"[name={name}]", value)
    tab.click("#run")


def test_it_runs_to_the_predicted_value(address: str, tmp_path: Any) -> None:
    with chromium() as browser, opened(browser, address, 390, "dark", _ALLOWED) as tab:
        moments: list[str] = []
        tab.on("websocket", lambda socket: socket.on("framereceived", lambda frame: moments.append(str(frame))))
        tab.reload()
        ask(tab, True, points="4", dim="3", temperature="0.5")
        assert tab.evaluate("document.activeElement.id") == "stop"  # not lost with the button that was pressed
        tab.wait_for_function(DONE)
        # They moved: what a browser without a graphics card draws of it is fewer, the slower it is.
        assert len({frame for frame in moments if re.match(r'\{"kind": ?"moment"', frame)}) > 3
        prediction = he.predict(he.DHEL(0.5), 4, 3)
        assert prediction is not None
        shown = re.search(r"value (\S+)", tab.evaluate(VALUE))
        assert shown is not None and float(shown[1]) == pytest.approx(prediction.value, abs=1e-8)
        u = np.array(tab.evaluate(POINTS)).T
        np.testing.assert_allclose(u @ u.T, (4 * np.eye(4) - 1) / 3, atol=1e-3)
        assert "consistent" in tab.inner_text("#status") and "(B1, theorem)" in tab.inner_text("#facts")
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        with tab.expect_download() as download:
            tab.click("#save")
        download.value.save_as(tmp_path / "saved.html")
        assert len(payload((tmp_path / "saved.html").read_text("utf-8"))["moments"]) > 8
        # What is shown still is what was found: after a wrong word, and after searches that end before they begin.
        early = {"parameters": "", "dim": "1", "points": "20"}
        for wrong in ({"parameters": "beta=1"}, early, early):
            ask(tab, False, **wrong)
            tab.wait_for_selector("#status.wrong")
            with tab.expect_download() as download:
                tab.click("#save")
            assert "4-pairs-in-R-3" in download.value.suggested_filename


def test_stop_and_a_second_tab(address: str) -> None:
    """A search is stopped in one tab while another goes on in a second one, to its end."""
    with (
        chromium() as browser,
        opened(browser, address, allowed=_ALLOWED) as one,
        opened(browser, address, allowed=_ALLOWED) as two,
    ):
        one.select_option("#objective", "riesz")
        ask(one, True, parameters="s=1", points="400", dim="3", restarts=str(MOST_RESTARTS))  # takes its time
        one.wait_for_function(f"() => /iteration [1-9]/.test(({VALUE})())")
        ask(two, True, points="6", dim="3", temperature="0.5")
        two.wait_for_function(f"() => /iteration [1-9]/.test(({VALUE})())")
        one.click("#stop")
        one.wait_for_function("() => document.getElementById('status').textContent.startsWith('Stopped at iteration')")
        stopped = one.evaluate(VALUE)
        two.wait_for_function(DONE)
        assert one.evaluate(VALUE) == stopped
        assert "6 in R^3" in two.inner_text("#facts") and "400 in R^3" in one.inner_text("#facts")
        ask(one, False, points="3", dim="2")  # and may run again
        one.wait_for_function(DONE)
        assert "3 in R^2" in one.inner_text("#facts") and "6 in R^3" in two.inner_text("#facts")


def test_nothing_of_a_search_stays_for_the_next(address: str) -> None:
    """The page turns and replays when the next search begins, in three dimensions instead of four."""
    with chromium() as browser, opened(browser, address, allowed=_ALLOWED) as tab:
        ask(tab, False, points="10", dim="4", temperature="0.5")
        tab.wait_for_function(DONE)
        tab.check("#stretch")
        tab.click("#play")
        tab.wait_for_function("() => +document.getElementById('angle').value > 3")
        ask(tab, False, points="4", dim="3")
        tab.wait_for_function(DONE)
        assert tab.is_hidden("#play")
        state = "() => ['angle', 'time'].map((id) => +document.getElementById(id).value)"
        assert tab.evaluate(state) == [0, tab.evaluate("+document.getElementById('time').max")]
        assert not tab.is_checked("#stretch")
        kinds = tab.evaluate("document.getElementById('sphere').data.map((t) => t.name || t.type)")
        assert kinds == ["mesh3d", "nearest neighbors", "anchors", "pairs", "positives"]
        tab.wait_for_timeout(300)
        assert tab.evaluate("document.getElementById('sphere').data[0].x.length") == 25 * 48  # the ball, untouched


def test_a_wrong_field_is_named(address: str) -> None:
    with chromium() as browser, opened(browser, address, allowed=_ALLOWED) as tab:
        ask(tab, False, parameters="two_view=<b>maybe</b>")
        tab.wait_for_selector("#status.wrong")
        assert "two_view: got '<b>maybe</b>'; allowed: true, false" in tab.inner_text("#status")
        assert tab.get_attribute("[name=parameters]", "aria-invalid") == "true" and tab.is_disabled("#save")
        tab.select_option("#example", "DHEL: four pairs become a tetrahedron")
        assert [tab.input_value(f"[name={name}]") for name in ("objective", "points", "temperature")] == [
            "dhel",
            "4",
            "0.5",
        ]
        tab.select_option("#objective", "riesz")
        assert tab.is_hidden("[name=temperature]") and tab.input_value("[name=parameters]") == "s=1.0"
        ask(tab, False, points="5", parameters="s=one")
        tab.wait_for_function("() => document.getElementById('status').textContent.includes('must be a number')")
