"""Figures of searches and of verifications, and what all figures have in common."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import pyplot
from matplotlib.axes import Axes
from torch import Tensor

import hyperenergy as he
from hyperenergy import codes
from hyperenergy.errors import ArgumentError
from hyperenergy.show import plot
from hyperenergy.show.plot import style
from tests.figures import UNIT_SQUARE, image, labels, line, result

pytestmark = pytest.mark.usefixtures("closed_figures")


# Traces


def test_trace_draws_best_and_spread() -> None:
    values: list[Any] = [torch.tensor([5.0, 3.0]), torch.tensor([2.0, math.nan]), np.array([2.5]), 1.5]
    ax = plot.trace(values, 1.0)
    k, best = line(ax, "best so far")
    np.testing.assert_array_equal(k, [0, 1, 2, 3])
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
    he.minimize(he.DHEL(0.5), 3, 2, restarts=2, callback=lambda progress: values.append(progress.value))
    ax = plot.trace(values, prediction)
    _, best = line(ax, "best so far")
    # What L-BFGS leaves to the trust region is seen, its square in the value, and then the end.
    assert best[0] > 1e-3 and np.nanmin(best) < 1e-5
    assert "(B1)" in ax.get_title()


def test_a_constant_trace_is_drawn() -> None:
    plot.trace([[1.0], [1.0]], 1.0)
    pyplot.gcf().canvas.draw()


# Atlases


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
        (lambda: plot.configuration(UNIT_SQUARE, "V"), "positives: got str"),  # type: ignore[arg-type]
        (lambda: plot.inner_products(torch.tensor([[1.0], [-1.0]])), r"X: got .*dim >= 2"),
        (lambda: plot.inner_products(UNIT_SQUARE, codes.simplex(5, 4)), r"prediction: got one of shape \(5, 4\)"),
        (lambda: plot.inner_products(UNIT_SQUARE, 0.5), "prediction: got 0.5; .* predict"),  # type: ignore[arg-type]
        (lambda: plot.trace([]), "values: got nothing"),
        (lambda: plot.trace([[]]), r"values: got \[\] at iteration 0"),
        (lambda: plot.trace([[1.0], torch.ones(2, 2)]), r"values: got shape \(2, 2\) at iteration 1"),
        (lambda: plot.trace(["one"]), "values: got 'one'"),
        (lambda: plot.trace([[math.nan]]), "values: got no finite number"),
        (lambda: plot.trace([[1.0]], math.nan), "prediction: got nan"),
        (lambda: plot.trace([[1.0]], "B1"), "prediction: got 'B1'"),  # type: ignore[arg-type]
        (lambda: plot.atlas([]), "results: got nothing"),
        (lambda: plot.atlas(["{}"]), r"results: got '{}'; must be Results"),  # type: ignore[list-item]
        (lambda: plot.atlas([result(2, 3, None)]), "results: got none with a value_gap"),
        (lambda: plot.atlas([result(2, 3, 0.0)], "gaps"), "quantity: got 'gaps'; did you mean gap"),  # type: ignore[arg-type]
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
