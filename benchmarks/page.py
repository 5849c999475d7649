"""How smoothly the page of 600 points turns in a headless Chromium that draws WebGL on the processor."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import hyperenergy as he
from benchmarks.browser import chromium
from hyperenergy.show.view import Configuration, page, write

POINTS, SECONDS = 600, 5
# Large pictures and small ones: the processor fills their pixels.
SIZES = ((1280, 800), (480, 360))
_OPEN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
# Frames while the configuration turns by itself through the other dimensions.
_ROTATE = """seconds => new Promise(done => {
    document.getElementById('play').click();
    const start = performance.now();
    let frames = 0;
    requestAnimationFrame(function count() {
        frames++;
        if (performance.now() - start < 1000 * seconds) requestAnimationFrame(count);
        else { document.getElementById('play').click(); done(1000 * frames / (performance.now() - start)); }
    });
})"""
# Frames while a mouse drags the picture by some pixels in each of them.
_DRAG = """seconds => new Promise(done => {
    const canvas = document.querySelector('#sphere canvas'), box = canvas.getBoundingClientRect(), start = performance.now();
    const camera = () => document.getElementById('sphere')._fullLayout.scene._scene.getCamera().eye.x, before = camera();
    const mouse = (type, k) => canvas.dispatchEvent(new MouseEvent(type, { bubbles: true, button: 0, buttons: 1,
        clientX: box.left + box.width / 2 + 40 * Math.sin(k / 10), clientY: box.top + box.height / 2 }));
    let frames = 0;
    mouse('mousedown', 0);
    requestAnimationFrame(function drag() {
        mouse('mousemove', ++frames);
        if (performance.now() - start < 1000 * seconds) requestAnimationFrame(drag);
        else done(camera() === before ? 0 : 1000 * frames / (performance.now() - start));
    });
})"""


def measure(say: Callable[[str], None]) -> None:
    say("\npage in a headless Chromium, WebGL drawn by the processor")
    for line in smoothness():
        say(line)


def smoothness() -> Iterator[str]:
    """Lines of figures; none without a browser."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        if browser is None:
            return
        thomson = he.minimize(
            he.Energy(he.Riesz(1)), POINTS, 3, restarts=1, max_iterations=200, throw=False
        ).points.numpy()
        x, y = (_unit(random.standard_normal((POINTS, 4))) for _ in range(2))
        cases = (
            ("Coulomb minimum, cells", Configuration("benchmark", thomson), 0),
            ("Coulomb minimum, points", Configuration("benchmark", thomson), 2),
            ("random points, d = 4", Configuration("benchmark", x), 0),
            ("pairs about 0.04 apart, d = 4", Configuration("benchmark", x, _unit(x + 0.05 * y)), 0),
            ("random pairs, d = 4", Configuration("benchmark", x, y), 0),
        )
        for name, shown, view in cases:
            path = write(page(shown), Path(folder) / "page.html")
            for width, height in SIZES:
                context = browser.new_context(viewport={"width": width, "height": height})
                tab = context.new_page()
                tab.goto(path.as_uri())
                tab.wait_for_selector("#sphere canvas", state="attached")
                opened = tab.evaluate(_OPEN)
                tab.select_option("#view", str(view))
                tab.wait_for_timeout(1000)
                box = tab.locator("#sphere").bounding_box()
                found = [f"open {opened / 1000:.1f} s"]
                for what, act in (("drag", _DRAG), ("rotate", _ROTATE)):
                    if what == "drag" or shown.anchors.shape[1] > 3:
                        frames, script = _measure(context, tab, act)
                        found.append(f"{what} {frames:.0f} frames/s with {script:.1f} ms of script each")
                size = f"{path.stat().st_size / 1e6:.1f} MB, picture {box['width']:.0f} x {box['height']:.0f}"
                yield f"  {POINTS} {name}, {size}: {', '.join(found)}"
                context.close()


def _measure(context: Any, tab: Any, act: str) -> tuple[float, float]:
    """Frames a second, and milliseconds a frame spent in the page's script itself: not in calls that wait for the pixels of
    WebGL, which have no address in a profile."""
    frames = tab.evaluate(act, SECONDS)
    # Again, since to profile costs frames.
    devtools = context.new_cdp_session(tab)
    devtools.send("Profiler.enable")
    devtools.send("Profiler.setSamplingInterval", {"interval": 500})
    devtools.send("Profiler.start")
    profiled = tab.evaluate(act, SECONDS)
    profile = devtools.send("Profiler.stop")["profile"]
    own = {node["id"] for node in profile["nodes"] if node["callFrame"]["url"]}
    spent = sum(t for node, t in zip(profile["samples"], profile["timeDeltas"], strict=True) if node in own)
    return frames, spent / 1000 / (profiled * SECONDS)


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=1, keepdims=True)
