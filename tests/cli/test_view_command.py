"""The command that writes the page, and the page in a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hyperenergy.errors import ArgumentError
from hyperenergy.show.view import load, page, write
from tests.browser import chromium, opened
from tests.command import inside

# ---- files and the command -----------------------------------------------------------------------------------------


def test_write_leaves_nothing_behind(tmp_path: Path) -> None:
    assert write("<p>", tmp_path / "a.html") == (tmp_path / "a.html").resolve()
    assert [p.name for p in tmp_path.iterdir()] == ["a.html"]
    (tmp_path / "b.html").mkdir()
    for bad in ("a.txt", "b.html", "none/a.html"):
        with pytest.raises(ArgumentError, match=r"must be a .html or .htm file in a folder that exists"):
            write("<p>", tmp_path / bad)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hyperenergy.cli", "view", *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=env)


def test_command(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    done = run("icosahedron", "--out", str(out), "--no-open")
    assert done.returncode == 0 and f"page: {out}" in done.stdout
    assert out.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_browser_that_is_missing(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    done = run("simplex-4", "--out", str(out), PATH=str(tmp_path), BROWSER="no-such-browser")
    assert done.returncode == 0 and f"page: {out}" in done.stdout and "no browser was found" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_header_that_is_unclear(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    table, out = tmp_path / "a.csv", tmp_path / "page.html"
    table.write_text("0,1\n1,0\n0.6,0.8\n-0.8,0.6\n")
    done = inside(capfd, "view", str(table), "--out", str(out), "--no-open")
    assert done.returncode == 2 and "say --no-header or --header" in done.stderr and not out.exists()
    for option, points in (("--header", 3), ("--no-header", 4)):
        assert inside(capfd, "view", str(table), option, "--out", str(out), "--no-open").returncode == 0
        assert f"{points} in R^2" in out.read_text("utf-8")
    done = inside(capfd, "view", "icosahedron", "--header", "--no-open")
    assert done.returncode == 2 and "header: got True; goes with a file of rows" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.json"], "source: got 'nothing.json'; there is no such file"),
        (["icosaedron"], "did you mean icosahedron"),
        (["icosahedron", "--out", "a.txt"], "out: got 'a.txt'; must be a .html or .htm file"),
    ],
)
def test_command_errors(arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    done = inside(capfd, "view", *arguments, "--no-open")
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


def test_plotly_is_loaded_only_for_a_page() -> None:
    code = "import sys, hyperenergy.show.view; print('plotly' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


# ---- in a browser --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("icosahedron", 1280, "light"),
        ("24-cell", 390, "dark"),
        pytest.param("icosahedron", 390, "dark", marks=pytest.mark.slow),
        pytest.param("24-cell", 1280, "light", marks=pytest.mark.slow),
    ],
)
def test_in_a_browser(tmp_path: Path, name: str, width: int, scheme: str) -> None:
    """From disk, without a request or an error, no wider than the screen; the picture turns by keys and by itself."""
    out = write(page(load(name)), tmp_path / "page.html")
    with chromium() as browser, opened(browser, out.as_uri(), width, scheme) as tab:
        for plot in ("#sphere canvas", "#histogram .main-svg", "#gram .main-svg"):
            tab.wait_for_selector(plot, state="attached")
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        eye = "() => document.getElementById('sphere').layout.scene.camera.eye"
        before = tab.evaluate(eye)
        tab.focus("#sphere")
        tab.keyboard.press("ArrowLeft")
        tab.wait_for_function(f"x => ({eye})().x !== x", arg=before["x"])
        for option in range(tab.locator("#view option").count()):
            tab.select_option("#view", str(option))
        if name == "24-cell":
            tab.click("#play")
            tab.wait_for_function("() => +document.getElementById('angle').value > 3")
            tab.click("#play")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)" if scheme == "light" else "rgb(15, 19, 24)"
        )


def test_no_other_script_runs(tmp_path: Path) -> None:
    html = page(load("simplex-4")).replace("</body>", "<script>document.title = 'ran'</script></body>")
    out = write(html, tmp_path / "page.html")
    with chromium() as browser, pytest.raises(AssertionError, match="Content Security Policy"):  # on the console
        with opened(browser, out.as_uri()) as tab:
            assert tab.title() == "simplex-4 - hyperenergy"


@pytest.mark.parametrize("script", ["console.error('x')", "throw Error('x')", "fetch('http://127.0.0.1:9/x')"])
def test_errors_and_requests_are_seen(tmp_path: Path, script: str) -> None:
    """The negative control of the other tests in the browser."""
    out = write(f"<p><script>{script}</script>", tmp_path / "bad.html")
    with chromium() as browser, pytest.raises(AssertionError), opened(browser, out.as_uri()) as tab:
        tab.wait_for_timeout(200)
