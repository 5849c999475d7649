"""Pages of searches: the command, the moments, and their replay in a browser."""

from __future__ import annotations

import base64
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hyperenergy as he
from hyperenergy.show.view import Configuration, load, page, write
from hyperenergy.show.view.document import document
from hyperenergy.show.view.payload import payload as contents
from tests.browser import chromium, opened
from tests.cli.test_view_command import run
from tests.pages import MOST_BYTES, Elements, payload, random_rows


def searched(objective: object, points: int, dim: int, **options: Any) -> tuple[he.Minimum, str]:
    recorder = he.Recorder()
    best = he.minimize(objective, points, dim, callback=recorder, **options)
    return best, page(Configuration.of(best, recorder.trajectory(best)))


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<i2") / 32767


def test_moments_lead_to_the_minimum() -> None:
    best, html = searched(he.DHEL(0.5), 4, 3, restarts=3)
    data = payload(html)
    first, *_, last = data["moments"]
    assert len(data["moments"]) > 10 and first["iteration"] == 0
    assert last["value"] == best.value < first["value"]
    # Half a step of the 16-bit integers.
    np.testing.assert_allclose(unpacked(last["anchors"]).reshape(4, 3), best.anchors, atol=0.5 / 32767)
    np.testing.assert_allclose(unpacked(last["positives"]).reshape(4, 3), best.positives, atol=0.5 / 32767)
    assert abs(unpacked(first["anchors"]).reshape(4, 3) - best.anchors.numpy()).max() > 0.1
    assert all(sum(m["counts"]) == 6 for m in data["moments"])
    prediction = he.predict(he.DHEL(0.5), 4, 3)
    assert prediction is not None and data["reference"]["value"] == prediction.value
    text = Elements(html).text
    assert "gap to the proven minimum" in text and "consistent" in text and "3 of 3" in text


def test_a_stage_on_the_way_is_named() -> None:
    _, html = searched(he.Energy(he.Riesz(1)), 8, 3, restarts=2, path=[he.Energy(he.Gaussian(1))])
    moments = payload(html)["moments"]
    assert "Gaussian(t=1)" in moments[0]["stage"] and moments[-1]["stage"] == ""


@pytest.mark.parametrize("dim", [3, 4])
def test_a_replay_of_600_points_is_small(dim: int) -> None:
    """Not run to its end: what counts is the number of moments."""
    _, html = searched(he.Energy(he.Riesz(1)), 600, dim, restarts=1, max_iterations=60, throw=False)
    assert len(payload(html)["moments"]) >= 12 and len(html.encode()) <= MOST_BYTES


def test_frames_in_many_dimensions_share_their_coordinates() -> None:
    """Of 100 dimensions the 48 that two frames show are sent; inner products with their axes stay what they are."""
    x = random_rows(5, 100)
    data = payload(page(Configuration("x", x)))
    sent = unpacked(data["moments"][0]["anchors"]).reshape(5, -1)
    assert sent.shape[1] == 48
    for frame in data["scene"]["frames"]:
        axes = unpacked(frame["axes"]).reshape(frame["count"], -1)
        np.testing.assert_allclose(axes @ axes.T, np.eye(24), atol=1e-3)
    # The points span five dimensions, and the principal axes come first: nothing is lost.
    np.testing.assert_allclose(sent @ sent.T, x @ x.T, atol=1e-3)


# ---- the command ---------------------------------------------------------------------------------------------------


def test_command(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    done = run(
        "--minimize", "dhel", "--temperature", "0.5", "--points", "4", "--dim", "3", "--out", str(out), "--no-open"
    )
    assert done.returncode == 0 and f"page: {out}" in done.stdout
    html = out.read_text("utf-8")
    assert "DHEL(temperature=0.5): 4 pairs in R^3" in html and len(payload(html)["moments"]) > 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "source: got None; give either a file or the name of a code, or --minimize"),
        (["icosahedron", "--minimize", "dhel"], "source: got 'icosahedron'; give either"),
        (["icosahedron", "--dim", "3"], "dim, normalize, angles and array go with one"),
        (["icosahedron", "--points", "0"], "points: got 0; goes with --minimize alone"),
        (["icosahedron", "--temperature", "0.1"], "temperature: got 0.1; goes with --minimize alone"),
        (["icosahedron", "--pairs", "mean"], "pairs: got 'mean'; goes with --minimize alone"),
        (["--minimize", "dhel", "--dim", "3"], "points: got None; --minimize needs it, e.g. --points 4"),
        (["--minimize", "dhell", "--points", "4", "--dim", "3"], "did you mean dhel"),
        (["--minimize", "dhel", "--points", "4", "--dim", "3", "--out", "x.txt"], "must be a .html or .htm file"),
    ],
)
def test_command_errors(arguments: list[str], message: str) -> None:
    done = run(*arguments, "--no-open")
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


# ---- in a browser --------------------------------------------------------------------------------------------------

# Coordinates of the trace of points.
POINTS = """() => {
    const t = document.getElementById('sphere').data.find((t) => t.name === 'points' || t.name === 'anchors');
    return [t.x, t.y, t.z];
}"""
CELLS = """() => {
    const t = document.getElementById('sphere').data.find((t) => t.type === 'mesh3d');
    return { p: [t.x, t.y, t.z], triangles: [t.i, t.j, t.k], color: t.facecolor };
}"""
LEGEND = """() => document.getElementById('sphere').data.filter((t) => / neighbors /.test(t.name))
    .map((t) => [t.marker.color, t.name])"""


def test_the_slider_moves_the_points(tmp_path: Path) -> None:
    best, html = searched(he.DHEL(0.5), 4, 3, restarts=3)
    out = write(html, tmp_path / "page.html")
    with chromium() as browser, opened(browser, out.as_uri(), 390, "dark") as tab:
        tab.wait_for_selector("#sphere canvas", state="attached")
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        np.testing.assert_allclose(np.array(tab.evaluate(POINTS)).T, best.anchors, atol=1e-4)
        tab.focus("#time")
        tab.keyboard.press("Home")
        tab.wait_for_function("() => document.getElementById('time-note').textContent.startsWith('iteration 0,')")
        tab.wait_for_function(f"x => Math.abs(({POINTS})()[0][0] - x) > 1e-3", arg=float(best.anchors[0, 0]))
        first = np.array(tab.evaluate(POINTS)).T
        np.testing.assert_allclose(first, unpacked(payload(html)["moments"][0]["anchors"]).reshape(4, 3), atol=1e-4)
        marked = "() => document.getElementById('energy').data[1].x[0]"
        assert tab.evaluate(marked) == 0
        counts = [payload(html)["moments"][k]["counts"] for k in (0, -1)]
        bars = "document.getElementById('histogram').data[0].y"
        assert tab.evaluate(bars) == counts[0] != counts[1]
        tab.click("#replay")
        tab.wait_for_function("() => +document.getElementById('time').value === +document.getElementById('time').max")
        tab.wait_for_function("() => document.getElementById('replay').textContent === 'Replay'")
        assert tab.evaluate(marked) == payload(html)["moments"][-1]["iteration"] and tab.evaluate(bars) == counts[1]
        tab.wait_for_function(f"x => Math.abs(({POINTS})()[0][0] - x) < 1e-3", arg=float(best.anchors[0, 0]))


def test_without_webgl_all_but_the_picture_is_there(tmp_path: Path) -> None:
    _, html = searched(he.DHEL(0.5), 4, 3, restarts=2)
    out = write(html, tmp_path / "page.html")
    with chromium("--disable-webgl", "--disable-webgl2") as browser, opened(browser, out.as_uri()) as tab:
        tab.wait_for_selector("#gram .main-svg", state="attached")
        assert "no WebGL" in tab.inner_text("#no-picture") and tab.is_hidden("#sphere")
        assert tab.is_hidden("#turning-keys")
        tab.focus("#time")
        tab.keyboard.press("Home")
        tab.wait_for_function("() => document.getElementById('energy').data[1].x[0] === 0")
        assert "consistent" in tab.inner_text("#facts")


def test_a_circle_is_seen_from_above(tmp_path: Path) -> None:
    out = write(page(load("polygon-6")), tmp_path / "page.html")
    with chromium() as browser, opened(browser, out.as_uri()) as tab:
        tab.wait_for_function(
            "() => document.getElementById('sphere').layout?.scene.camera.projection?.type === 'orthographic'"
        )
        assert tab.is_hidden("#no-picture")
        assert tab.evaluate("document.getElementById('sphere').data.map((t) => t.mode)") == [
            "lines",
            "lines",
            "markers",
        ]


def test_values_below_the_prediction_are_drawn_apart(tmp_path: Path) -> None:
    """As if the conjecture or the theorem were wrong: not hidden as round-off."""
    recorder = he.Recorder()
    best = he.minimize(he.DHEL(0.5), 4, 3, restarts=2, callback=recorder)
    prediction = he.predict(he.DHEL(0.5), 4, 3)
    assert prediction is not None
    shown = Configuration.of(best, recorder.trajectory(best))
    lines = "() => document.getElementById('energy').data.map((t) => [t.name, t.y.filter((y) => y !== null)])"
    with chromium() as browser:
        for off in (0.0, 0.01):
            data = contents(shown, dataclasses.replace(prediction, value=prediction.value + off))
            out = write(document(name="x", data=data), tmp_path / "page.html")
            with opened(browser, out.as_uri()) as tab:
                tab.wait_for_selector("#energy .main-svg", state="attached")
                found = dict(tab.evaluate(lines))
            assert (found["below the prediction"] != []) == (off > 0)
            if off:
                assert np.max(found["below the prediction"]) == pytest.approx(off) and np.min(found["value"]) > 0


@pytest.mark.parametrize("way", ["ArrowLeft", "+", "-"])
def test_a_plane_is_turned_and_seen_nearer(tmp_path: Path, way: str) -> None:
    out = write(page(load("24-cell")), tmp_path / "page.html")
    camera = "() => document.getElementById('sphere')._fullLayout.scene._scene.getCamera()"
    scale = "() => document.getElementById('sphere').layout.scene.aspectratio.x"
    with chromium() as browser, opened(browser, out.as_uri()) as tab:
        tab.wait_for_selector("#sphere canvas", state="attached")
        tab.select_option("#view", "1")
        tab.wait_for_function(f"() => Math.abs(({camera})().up.y - 1) < 1e-6")
        tab.wait_for_timeout(300)
        before = tab.evaluate(scale)
        tab.focus("#sphere")
        tab.keyboard.press(way)
        tab.wait_for_timeout(300)
        up, ratio = tab.evaluate(camera)["up"], tab.evaluate(scale) / before
        if way == "ArrowLeft":
            assert ratio == 1 and abs(up["y"]) < 0.9
        else:
            assert ratio == pytest.approx(1.15 if way == "+" else 1 / 1.15) and up["y"] == pytest.approx(1)


@pytest.mark.parametrize("name", ["cross-polytope-3", "random"])
def test_cells_are_the_voronoi_cells(tmp_path: Path, name: str) -> None:
    """The areas of all cells of one color, against SciPy's; corners are as good as coordinates of 16 bits over the sides of
    small triangles, and a triangle given to the wrong cell would be a tenth of one."""
    from scipy.spatial import SphericalVoronoi

    from hyperenergy.show.view.geometry import surface

    shown = Configuration(name, random_rows(110, 3)) if name == "random" else load(name)
    out = write(page(shown), tmp_path / "page.html")
    with chromium() as browser, opened(browser, out.as_uri()) as tab:
        tab.wait_for_selector("#sphere canvas", state="attached")
        drawn, legend = tab.evaluate(CELLS), dict(tab.evaluate(LEGEND))
    found = surface(shown.anchors)
    assert found is not None
    areas = SphericalVoronoi(shown.anchors, threshold=1e-9).calculate_areas()
    expected = {
        f"{k} neighbors ({(found.neighbors == k).sum()})": areas[found.neighbors == k].sum()
        for k in set(found.neighbors)
    }
    assert sorted(legend.values()) == sorted(expected)
    p = np.array(drawn["p"], float).T
    a, b, c = (p[np.array(corner)] for corner in drawn["triangles"])
    # Solid angle of a triangle of unit vectors (Van Oosterom and Strackee 1983).
    volume = np.einsum("ij,ij->i", a, np.cross(b, c))
    angle = 2 * np.arctan2(abs(volume), 1 + (a * b + b * c + c * a).sum(1))
    for color, name in legend.items():
        of_color = np.array(drawn["color"]) == color
        assert angle[of_color].sum() == pytest.approx(expected[name], rel=1e-2)
