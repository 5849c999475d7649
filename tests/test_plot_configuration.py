"""What the figures of configurations and searches draw: points, edges, inner products, differences, worst cases."""

from __future__ import annotations

import math
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from torch import Tensor

import hyperenergy as he
from hyperenergy import codes, plot
from hyperenergy.errors import ArgumentError
from hyperenergy.expectation import InnerProductLaw
from hyperenergy.layout import neighbor_pairs
from hyperenergy.plot import style
from hyperenergy.plot.configuration import principal
from hyperenergy.plot.style import VIEW
from hyperenergy.prediction import Prediction
from hyperenergy.sphere import random_points
from hyperenergy.verify.grid import Result

matplotlib.use("Agg")
EXAMPLES = Path(__file__).parent.parent / "examples"
UNIT_SQUARE = torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, -1]], dtype=torch.float64)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    pyplot.close("all")


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def rotation(dim: int, generator: torch.Generator) -> Tensor:
    return torch.linalg.qr(torch.randn(dim, dim, generator=generator, dtype=torch.float64))[0]


def drawn(ax: Axes, gid: str) -> np.ndarray:
    """Places of the markers of a kind, what is behind first."""
    parts = [one for one in ax.collections if isinstance(one, PathCollection) and one.get_gid() == gid]
    return np.concatenate([np.asarray(one.get_offsets()) for one in parts])


def segments(ax: Axes, gid: str) -> np.ndarray:
    parts = [one for one in ax.collections if isinstance(one, LineCollection) and one.get_gid() == gid]
    return np.concatenate([np.asarray(one.get_segments()) for one in parts]) if parts else np.empty((0, 2, 2))


def labels(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def line(ax: Axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    (found,) = [one for one in ax.get_lines() if one.get_label() == label]
    return np.asarray(found.get_xdata(), dtype=float), np.asarray(found.get_ydata(), dtype=float)


def image(ax: Axes) -> np.ma.MaskedArray[Any, Any]:
    (found,) = [one for one in ax.get_images() if isinstance(one, AxesImage)]
    return np.ma.asarray(found.get_array())


def bars(ax: Axes) -> list[Rectangle]:
    return [one for one in ax.patches if isinstance(one, Rectangle)]


def same_set(x: np.ndarray, y: np.ndarray) -> bool:
    return len(x) == len(y) and bool((abs(x[:, None] - y[None]).max(-1).min(1) < 1e-12).all())


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
    assert not (np.asarray(x @ x.T) > 0.5)[0, :4].all()
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
    two = Prediction("x", "theorem", 0.0, points, points, True)
    np.testing.assert_allclose(verticals(plot.inner_products(octahedron, two)), [-1, 0], atol=1e-14)


def test_on_the_circle_the_poles_of_the_density_do_not_dwarf_the_rest() -> None:
    ax = plot.inner_products(codes.get("polygon-7"))
    highest = max(bar.get_height() for bar in bars(ax))
    assert highest < ax.get_ylim()[1] < 1.2 * highest


# Traces


def test_trace_draws_best_and_spread() -> None:
    values: list[Any] = [torch.tensor([5.0, 3.0]), torch.tensor([2.0, math.nan]), np.array([2.5]), 1.5]
    ax = plot.trace(values, 1.0)
    k, best = line(ax, "best so far")
    np.testing.assert_array_equal(k, [1, 2, 3, 4])
    np.testing.assert_allclose(best, [2, 1, 1, 0.5])  # 2.5 alone is no progress
    assert ax.get_yscale() == "log" and "predicted value" in ax.get_ylabel() and ax.get_xlabel() == "iteration"
    band = ax.collections[0].get_paths()[0].vertices
    assert np.asarray(band)[:, 1].max() == 4 and np.asarray(band)[:, 1].min() == 0.5


def test_trace_without_a_prediction_goes_to_the_least_value() -> None:
    ax = plot.trace([[3.0], [2.0], [1.0]])
    np.testing.assert_array_equal(line(ax, "best so far")[1], [2, 1, math.nan])
    assert "least value" in ax.get_ylabel() and ax.get_title() == "Least value 1"


def test_values_below_a_prediction_are_shown_and_round_off_is_not() -> None:
    below = "best so far, below the prediction"
    np.testing.assert_allclose(line(plot.trace([[3.0], [0.9]], 1), below)[1], [math.nan, 0.1])
    assert below not in labels(plot.trace([[3.0], [1 - 1e-14]], 1))


def test_trace_of_a_minimization_comes_down_to_the_theorem() -> None:
    values: list[Tensor] = []
    prediction = he.predict(he.DHEL(0.5), 3, 2)
    he.minimize(he.DHEL(0.5), 3, 2, restarts=2, callback=lambda z, value: values.append(value))
    ax = plot.trace(values, prediction)
    _, best = line(ax, "best so far")
    assert best[0] > 1e-3 and np.nanmin(best) < 1e-10
    assert "(B1)" in ax.get_title()


def test_a_constant_trace_is_drawn() -> None:
    plot.trace([[1.0], [1.0]], 1.0)
    pyplot.gcf().canvas.draw()


# Atlases


def result(M: int, d: int, gap: float | None, misalignment: float | None = None) -> Result:
    return Result("B1", "x", M, d, {}, he.Outcome.CONSISTENT, "", 0.0, value_gap=gap, misalignment=misalignment)


def test_atlas_shows_the_worst_of_each_cell() -> None:
    results = [result(2, 3, 1e-9), result(2, 3, -1e-5), result(4, 3, 0.0), result(4, 8, 1e-3), result(9, 9, None)]
    ax = plot.atlas(results)
    cells = image(ax)
    np.testing.assert_allclose(cells.filled(-1), [[1e-5, -1], [1e-16, 1e-3]])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["3", "8"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["2", "4"]
    assert "(hatched: no result)" in ax.get_xlabel() and ax.patch.get_hatch()
    assert ax.get_images()[0].norm.vmin == 1e-16 and ax.get_images()[0].norm.vmax == 1e-3
    assert "prediction" in ax.figure.axes[1].get_ylabel()


def test_atlas_of_misalignment_keeps_what_is_not_finite() -> None:
    ax = plot.atlas([result(2, 3, 1.0, 1e-8), result(2, 4, None, math.nan)], "misalignment")
    np.testing.assert_array_equal(image(ax), [[1e-8, math.inf]])
    assert "hatched" not in ax.get_xlabel() and "misalignment" in ax.figure.axes[1].get_ylabel()
    pyplot.gcf().canvas.draw()


def test_many_cells_have_few_labels() -> None:
    ax = plot.atlas([result(M, 3, 1e-9) for M in range(2, 102)])
    assert [text.get_text() for text in ax.get_yticklabels()] == [str(M) for M in range(2, 102, 5)]


# All of them

CALLS: dict[str, Callable[[Any], Axes]] = {
    "configuration": lambda ax: plot.configuration(codes.get("icosahedron"), ax=ax),
    "gram": lambda ax: plot.gram(codes.get("icosahedron"), ax=ax),
    "inner_products": lambda ax: plot.inner_products(codes.get("icosahedron"), ax=ax),
    "trace": lambda ax: plot.trace([[2.0], [1.0]], ax=ax),
    "atlas": lambda ax: plot.atlas([result(2, 3, 1e-9)], ax=ax),
}


@pytest.mark.parametrize("name", list(CALLS))
def test_axes_are_the_reader_s_and_nothing_global_changes(name: str) -> None:
    before = dict(matplotlib.rcParams)
    CALLS[name](None)
    assert len(pyplot.get_fignums()) == 1
    pyplot.gcf().canvas.draw()
    own = pyplot.subplots()[1]
    assert CALLS[name](own) is own
    assert dict(matplotlib.rcParams) == before
    with pytest.raises(ArgumentError, match=r"^ax: got"):
        CALLS[name]("ax")


@pytest.mark.parametrize("figure", [plot.configuration, plot.gram, plot.inner_products])
@pytest.mark.parametrize(
    ("X", "fix"),
    [
        ("icosahedron", r"X: got str; must be .*codes.get\('icosahedron'\)"),
        (torch.eye(3)[None], r"X: got shape \(1, 3, 3\); must have shape \(points, dim\)"),
        (torch.eye(3)[0], r"X: got shape \(3,\)"),
        (2 * torch.eye(3), r"X: got a row of norm 2 .*see normalize"),
        (torch.eye(3)[:1], r"X: got 1 points; at least 2"),
        (torch.eye(3).int(), "X: got torch.int32"),
    ],
)
def test_configurations_are_checked(figure: Callable[..., Axes], X: object, fix: str) -> None:
    with pytest.raises(ArgumentError, match=fix):
        figure(X)
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    ("call", "fix"),
    [
        (lambda: plot.configuration(UNIT_SQUARE, torch.eye(2)), r"positives: got shape \(2, 2\); must be \(4, 2\)"),
        (lambda: plot.configuration(UNIT_SQUARE, 2 * UNIT_SQUARE), "positives: got a row of norm 2"),
        (lambda: plot.configuration(UNIT_SQUARE, "V"), "positives: got str"),
        (lambda: plot.inner_products(torch.tensor([[1.0], [-1.0]])), r"X: got .*dim >= 2"),
        (lambda: plot.inner_products(UNIT_SQUARE, codes.simplex(5, 4)), r"prediction: got one of shape \(5, 4\)"),
        (lambda: plot.inner_products(UNIT_SQUARE, 0.5), "prediction: got 0.5; .* predict"),
        (lambda: plot.trace([]), "values: got nothing"),
        (lambda: plot.trace([[]]), r"values: got \[\] at iteration 0"),
        (lambda: plot.trace([[1.0], torch.ones(2, 2)]), r"values: got shape \(2, 2\) at iteration 1"),
        (lambda: plot.trace(["one"]), "values: got 'one'"),
        (lambda: plot.trace([[math.nan]]), "values: got no finite number"),
        (lambda: plot.trace([[1.0]], math.nan), "prediction: got nan"),
        (lambda: plot.trace([[1.0]], "B1"), "prediction: got 'B1'"),
        (lambda: plot.atlas([]), "results: got nothing"),
        (lambda: plot.atlas(["{}"]), r"results: got '{}'; must be Results"),
        (lambda: plot.atlas([result(2, 3, None)]), "results: got none with a value_gap"),
        (lambda: plot.atlas([result(2, 3, 0.0)], "gaps"), "quantity: got 'gaps'; did you mean gap"),
    ],
)
def test_wrong_arguments_are_named_with_the_fix(call: Callable[[], Axes], fix: str) -> None:
    with pytest.raises(ArgumentError, match=fix):
        call()
    assert pyplot.get_fignums() == []


def test_colors_come_from_the_palette() -> None:
    ax = plot.configuration(codes.get("polygon-3"))
    (points,) = [one for one in ax.collections if one.get_gid() == "points"]
    assert matplotlib.colors.to_hex(np.asarray(points.get_facecolor())[0]) == style.PALETTE[0].lower()


# Examples


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("simplex_from_dhel", -1e-12, 1e-12),
        ("dcl_loses_alignment", 0.0289, 0.0290),
        ("snub_cube", 223.3470740515, 223.3470740525),
    ],
)
def test_examples(name: str, least: float, most: float, tmp_path: Path) -> None:
    example = runpy.run_path(str(EXAMPLES / f"{name}.py"))
    assert least <= example["run"]() <= most
    example["save"](str(tmp_path / "figure.png"))
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_the_minimum_is_the_snub_cube() -> None:
    """Five neighbors each: four triangles and a square."""
    best = runpy.run_path(str(EXAMPLES / "snub_cube.py"))["minimum"]()
    pairs = neighbor_pairs(best.points.numpy())
    assert len(pairs) == 60 and (np.bincount(pairs.ravel()) == 5).all()
    assert best.value < he.Energy(he.Riesz(1))(random_points(24, 3, generator=torch.Generator().manual_seed(0)))
