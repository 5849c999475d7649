"""Figures of configurations, Gram matrices and inner products, and the examples."""

from __future__ import annotations

import math
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

import hyperenergy as he
from hyperenergy import codes
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import random_points
from hyperenergy.laws import InnerProductLaw
from hyperenergy.show import plot
from hyperenergy.show.layout import neighbor_pairs
from hyperenergy.show.plot.configuration import principal
from hyperenergy.show.plot.style import VIEW
from hyperenergy.theorems.prediction import Prediction
from tests.figures import EXAMPLES, UNIT_SQUARE, bars, drawn, image, labels, line, rotation, same_set, segments
from tests.pages import MOST_BYTES, Elements, payload

pytestmark = pytest.mark.usefixtures("closed_figures")


# Configurations


def test_on_the_circle_points_are_where_they_are() -> None:
    ax = plot.configuration(codes.get("polygon-7"))
    np.testing.assert_array_equal(drawn(ax, "points"), codes.get("polygon-7").coordinates)
    assert segments(ax, "edges").size == 0
    assert ax.get_title() == "polygon-7\n7 points in $\\mathbb{R}^{2}$"
    assert labels(ax) == ["points"]


@pytest.mark.parametrize(("name", "edges"), [("simplex-4", 6), ("cross-polytope-3", 12), ("icosahedron", 30)])
def test_on_the_sphere_neighbors_are_joined(name: str, edges: int) -> None:
    code = codes.get(name)
    ax = plot.configuration(code)
    flat = code.coordinates @ VIEW.T
    assert same_set(drawn(ax, "points"), flat[:, :2])
    found = segments(ax, "edges")
    assert len(found) == edges
    assert same_set(np.unique(found.reshape(-1, 2).round(12), axis=0), np.unique(flat[:, :2].round(12), axis=0))


def test_what_is_behind_is_faded_and_below() -> None:
    ax = plot.configuration(codes.get("icosahedron"))
    behind, front = [one for one in ax.collections if isinstance(one, PathCollection)]
    depth = codes.get("icosahedron").coordinates @ VIEW[2]
    assert len(np.asarray(behind.get_offsets())) == (depth < 0).sum() == 6
    assert np.asarray(behind.get_facecolor()).min() > np.asarray(front.get_facecolor()).min()
    edges = [one for one in ax.collections if one.get_gid() == "edges"]
    assert edges[0].get_zorder() < behind.get_zorder() < edges[1].get_zorder() < front.get_zorder()
    assert labels(ax) == ["points (faded: behind)"]


def test_neighbors_are_the_same_in_any_frame_and_order(generator: torch.Generator) -> None:
    x = codes.get("icosahedron").points
    order = torch.randperm(12, generator=generator)
    turned = (x @ rotation(3, generator))[order].numpy()
    pairs = {frozenset(pair) for pair in neighbor_pairs(x.numpy()).tolist()}
    assert {frozenset(order[pair].tolist()) for pair in neighbor_pairs(turned)} == pairs
    # Opposite points are no neighbors, and of coincident ones the least distance is not 0.
    assert all(abs(x[list(pair)].sum(0)).max() > 0.1 for pair in pairs)
    assert len(neighbor_pairs(np.concatenate([x.numpy()] * 2))) == 4 * 30
    assert len(neighbor_pairs(np.ones((3, 1)))) == 0


def test_many_points_are_not_joined(generator: torch.Generator) -> None:
    x = random_points(401, 3, generator=generator)
    assert segments(plot.configuration(x), "edges").size == 0
    assert segments(plot.configuration(x[:400]), "edges").size > 0


def test_positives_are_joined_to_their_anchors() -> None:
    angle = torch.tensor([0.4, 0.3, 0.0, -0.1], dtype=torch.float64)
    turned = torch.stack([angle.cos(), angle.sin()], -1)
    V = turned * UNIT_SQUARE[:, :1] + turned.flip(-1) * torch.tensor([-1.0, 1.0]) * UNIT_SQUARE[:, 1:]
    ax = plot.configuration(UNIT_SQUARE, V)
    np.testing.assert_allclose(drawn(ax, "anchors"), UNIT_SQUARE, atol=1e-15)
    np.testing.assert_allclose(drawn(ax, "positives"), V, atol=1e-15)
    np.testing.assert_allclose(segments(ax, "misalignment"), torch.stack([UNIT_SQUARE, V], 1), atol=1e-15)
    assert f"= {2 * math.sin(0.2):.2g}" in ax.get_title()
    assert labels(ax) == ["anchors u", "positives v"]


@pytest.mark.parametrize(("apart", "factor"), [(0.2, 1), (0.14, 2), (0.029, 10), (0.06, 5), (1e-4, 2000), (1e-12, 1)])
def test_small_misalignments_are_magnified_and_said_to_be(apart: float, factor: int) -> None:
    V = UNIT_SQUARE.clone()
    V[0] = torch.tensor([math.cos(apart), math.sin(apart)], dtype=torch.float64)
    ax = plot.configuration(UNIT_SQUARE, V)
    np.testing.assert_allclose(drawn(ax, "positives"), UNIT_SQUARE + factor * (V - UNIT_SQUARE), atol=1e-12)
    assert labels(ax)[1] == ("positives v" if factor == 1 else f"positives, at u + {factor} (v \N{MINUS SIGN} u)")


def test_positives_that_are_the_points_are_not_drawn() -> None:
    assert labels(plot.configuration(UNIT_SQUARE, UNIT_SQUARE.clone())) == ["points"]
    prediction = he.predict(he.DHEL(0.5), 4, 3)
    assert prediction is not None
    ax = plot.configuration(prediction)
    assert ax.get_title().startswith("prediction of B1") and len(segments(ax, "edges")) == 6


def test_a_minimum_brings_its_positives_and_value() -> None:
    best = he.minimize(he.DCL(0.1), 5, 3, restarts=2)
    ax = plot.configuration(best)
    U, V = best.anchors.numpy(), best.positives.numpy()
    assert same_set(drawn(ax, "positives"), ((U + 10 * (V - U)) @ VIEW.T)[:, :2])
    assert best.objective.label in ax.get_title() and f"{best.value:.9g}"[1:] in ax.get_title()
    with pytest.raises(ArgumentError, match=r"positives: got some .* pass X.anchors"):
        plot.configuration(best, best.positives)


def test_beyond_space_points_are_projected_on_principal_directions(generator: torch.Generator) -> None:
    x = he.normalize(torch.randn(30, 5, generator=generator, dtype=torch.float64) * torch.tensor([9, 3, 1, 1, 1.0]))
    ax = plot.configuration(x)
    singular = torch.linalg.svdvals(x)
    flat = drawn(ax, "points")
    np.testing.assert_allclose(np.linalg.svd(flat)[1], singular[:2], rtol=1e-12)
    share = 100 * float(singular[:2].square().sum()) / 30
    assert f"two leading principal directions\n({share:.0f}% of the sum of squares)" in ax.get_title()
    # Up to a reflection of each direction, it is the same in any frame.
    turned = drawn(plot.configuration(x @ rotation(5, generator)), "points")
    np.testing.assert_allclose(abs(turned), abs(flat), atol=1e-12)


def test_where_directions_tie_no_points_cover_each_other() -> None:
    """The four coordinates of the 24-cell have equal moments; on two of them only 9 places would be seen."""
    x = codes.get("24-cell").coordinates
    frame, share = principal(x)
    np.testing.assert_allclose(frame.T @ frame, np.eye(2), atol=1e-14)
    assert share == pytest.approx(0.5)
    assert len(np.unique((x @ frame).round(9), axis=0)) == 24
    assert len(np.unique(x[:, :2].round(9), axis=0)) < 24


def test_a_line_of_two_points() -> None:
    ax = plot.configuration(torch.tensor([[1.0], [-1.0]]))
    np.testing.assert_array_equal(drawn(ax, "points"), [[1, 0], [-1, 0]])


# Gram matrices


def test_gram_is_a_permutation_that_gathers_clusters(generator: torch.Generator) -> None:
    x = he.normalize(torch.eye(3).double().repeat(4, 1) + 0.01 * torch.randn(12, 3, generator=generator).double())
    ax = plot.gram(x)
    shown = image(ax)
    np.testing.assert_allclose(np.sort(shown.ravel()), np.sort((x @ x.T).numpy().ravel()), atol=1e-15)
    near = np.asarray(shown) > 0.5
    np.testing.assert_array_equal(near, np.kron(np.eye(3), np.ones((4, 4))) > 0)  # as given, rows take turns
    assert ((x @ x.T)[0, :4] <= 0.5).any()
    (picture,) = ax.get_images()
    assert picture.get_clim() == (-1, 1)
    colorbar = ax.figure.axes[1]
    assert "inner product" in colorbar.get_ylabel()


def test_gram_has_the_same_entries_in_any_frame(generator: torch.Generator) -> None:
    x = random_points(9, 4, generator=generator)
    first, second = image(plot.gram(x)), image(plot.gram(x @ rotation(4, generator)))
    np.testing.assert_allclose(first, second, atol=1e-14)


def test_of_many_points_some_are_drawn_always_the_same_ones() -> None:
    code = codes.get("leech-4600")
    for figure in (plot.gram, plot.inner_products):
        assert "2000 of 4600 points" in figure(code).get_title() and "seed 0" in figure(code).get_title()
    heights = [[bar.get_height() for bar in bars(plot.inner_products(code))] for _ in range(2)]
    assert heights[0] == heights[1]


# Inner products


def test_histogram_and_density_have_area_one(generator: torch.Generator) -> None:
    ax = plot.inner_products(random_points(60, 4, generator=generator))
    assert sum(bar.get_height() * bar.get_width() for bar in bars(ax)) == pytest.approx(1)
    t, density = line(ax, "uniform law")
    np.testing.assert_array_equal(density, InnerProductLaw(4).pdf(t))
    assert (np.diff(t) * (density[1:] + density[:-1]) / 2).sum() == pytest.approx(1, abs=1e-4)
    assert "predicted" not in labels(ax)


def test_round_off_does_not_split_an_inner_product() -> None:
    code = codes.get("e8-roots")
    ax = plot.inner_products(code, code)
    filled = [bar for bar in bars(ax) if bar.get_height() > 0]
    assert len(filled) == 4
    for bar, (value, count) in zip(filled, code.inner_products.items(), strict=True):
        left, width = bar.get_x(), bar.get_width()
        assert left <= float(value) <= left + width
        assert bar.get_height() * width == pytest.approx(count / 239)


def verticals(ax: Axes) -> list[float]:
    return [float(np.asarray(one.get_xdata())[0]) for one in ax.get_lines() if one.get_linestyle() == "--"]


def test_predictions_are_vertical_lines() -> None:
    x = random_points(5, 4, generator=torch.Generator().manual_seed(1))
    prediction = he.predict(he.InfoNCE(0.5), 5, 4)
    np.testing.assert_allclose(verticals(plot.inner_products(x, prediction)), [-0.25], atol=1e-14)
    np.testing.assert_allclose(verticals(plot.inner_products(x, codes.simplex(5, 4))), [-0.25], atol=1e-14)
    octahedron = codes.cross_polytope(3)
    points = octahedron.points
    two = Prediction("x", "theorem", he.Energy(he.Riesz(-1)), 0.0, (points, points), unique=True)
    np.testing.assert_allclose(verticals(plot.inner_products(octahedron, two)), [-1, 0], atol=1e-14)


def test_on_the_circle_the_poles_of_the_density_do_not_dwarf_the_rest() -> None:
    ax = plot.inner_products(codes.get("polygon-7"))
    highest = max(bar.get_height() for bar in bars(ax))
    assert highest < ax.get_ylim()[1] < 1.2 * highest


# Examples


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("simplex_from_dhel", -1e-12, 1e-12),
        ("dcl_loses_alignment", 0.0289, 0.0290),
        ("snub_cube", 223.3470740515, 223.3470740525),
        ("turning_600_cell", 5395 - 1e-9, 5395 + 1e-9),
    ],
)
def test_examples(name: str, least: float, most: float, tmp_path: Path) -> None:
    example = runpy.run_path(str(EXAMPLES / f"{name}.py"))
    assert least <= example["run"]() <= most
    example["save"](str(tmp_path / "figure.png"))
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_the_600_cell_becomes_a_page(tmp_path: Path) -> None:
    runpy.run_path(str(EXAMPLES / "turning_600_cell.py"))["save"](str(tmp_path / "page.html"))
    html = (tmp_path / "page.html").read_text("utf-8")
    assert len(html.encode()) <= MOST_BYTES and len(payload(html)["moments"]) > 10
    assert "order 14400" in Elements(html).text


def test_the_minimum_is_the_snub_cube() -> None:
    """Five neighbors each: four triangles and a square."""
    best = runpy.run_path(str(EXAMPLES / "snub_cube.py"))["minimum"]()
    pairs = neighbor_pairs(best.points.numpy())
    assert len(pairs) == 60 and (np.bincount(pairs.ravel()) == 5).all()
    assert best.value < he.Energy(he.Riesz(1))(random_points(24, 3, generator=torch.Generator().manual_seed(0)))
