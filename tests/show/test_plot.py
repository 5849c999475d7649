"""What the figures draw: the numbers computed, the predictions, the particles."""

from __future__ import annotations

import math
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

import hyperenergy as he
from hyperenergy.errors import ArgumentError
from hyperenergy.laws import expected_uniform, limit, normalizer, rate, spectrum
from hyperenergy.losses.families import PairLoss
from hyperenergy.search.best_law import Law, first_variation
from hyperenergy.show import plot
from hyperenergy.show.plot import style

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.usefixtures("closed_figures")


@pytest.fixture
def ax() -> Axes:
    return pyplot.subplots()[1]


def curves(ax: Axes, linestyle: str) -> list[np.ndarray]:
    """The y-data of the lines of a style, empty ones (legend entries) left out."""
    lines = [line for line in ax.get_lines() if line.get_linestyle() == linestyle]
    return [y for line in lines if len(y := np.asarray(line.get_ydata()))]


def labels(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def polygon(sides: int, weights: list[float] | None = None, loss: PairLoss | None = None, batch: int = 3) -> Law:
    """A law on a regular polygon, with the value and first variation that a Law states made up: they are not drawn."""
    angles = 2 * math.pi / sides * torch.arange(sides, dtype=torch.float64) + 0.3
    points = torch.stack([angles.cos(), angles.sin()], -1)
    w = (
        torch.full((sides,), 1 / sides, dtype=torch.float64)
        if weights is None
        else torch.tensor(weights, dtype=torch.float64)
    )
    return Law(loss or he.DHEL(0.2), batch, points, w, -2.948005819, 0.0, points[0])


def octahedron() -> Law:
    points = torch.cat([torch.eye(3), -torch.eye(3)]).double()
    return Law(he.DHEL(0.2), 4, points, torch.full((6,), 1 / 6, dtype=torch.float64), -2.3734, 0.0, points[0])


def particles(ax: Axes) -> PathCollection:
    (found,) = [one for one in ax.collections if isinstance(one, PathCollection)]
    return found


# Convergence


def test_convergence_draws_distances_and_predictions(ax: Axes) -> None:
    losses, sizes = [he.InfoNCE(0.5), he.DHEL(0.5, two_view=True)], [4, 16, 64, 256]
    assert plot.convergence(losses, 3, sizes, ax=ax) is ax
    solid, dashed = curves(ax, "-"), curves(ax, "--")
    assert len(solid) == len(dashed) == 2
    for loss, error, predicted in zip(losses, solid, dashed, strict=True):
        exact = [abs(expected_uniform(loss, M, 3) - normalizer(loss, M) - limit(loss, 3)) for M in sizes]
        np.testing.assert_allclose(error, exact, rtol=1e-12)
        np.testing.assert_allclose(predicted[0], abs(rate(loss, 3)) / 4, rtol=1e-14)
        slopes = np.diff(np.log(predicted)) / np.diff(np.log(sizes))
        np.testing.assert_allclose(slopes, -1, rtol=1e-12)
        assert error[-1] == pytest.approx(predicted[-1], rel=0.05)  # E2
        assert abs(error[0] - predicted[0]) > 0.05 * predicted[0]  # and only for large M
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert "nats" in ax.get_ylabel()
    assert labels(ax) == [losses[0].label, losses[1].label, "predicted: |rate|/M"]


def test_a_prediction_has_the_color_of_its_loss() -> None:
    ax = plot.convergence([he.InfoNCE(0.5), he.DCL(0.5)], 3, [2, 8])
    colors = [line.get_color() for line in ax.get_lines() if np.size(line.get_xdata())]
    assert colors == [style.PALETTE[0], style.PALETTE[0], style.PALETTE[1], style.PALETTE[1]]


def test_batches_are_sorted_and_distinct(ax: Axes) -> None:
    plot.convergence([he.DHEL(0.5)], 3, iter([64, 4, 16, 4]), ax=ax)
    assert np.asarray(ax.get_lines()[0].get_xdata()).tolist() == [4, 16, 64]


def test_a_loss_at_its_limit_has_a_legend_entry_and_no_line(ax: Axes) -> None:
    plot.convergence([he.KCL(he.Gaussian(2), gamma=4)], 3, [2, 8], ax=ax)
    assert curves(ax, "-") == curves(ax, "--") == []
    assert len(labels(ax)) == 1 and labels(ax)[0].endswith("(at its limit at every M)")


def test_differences_within_round_off_are_not_drawn(ax: Axes) -> None:
    plot.convergence([he.DHEL(1e4)], 3, [2, 10**6], ax=ax)  # |rate|/M = 1.7e-15 at the second
    (error,) = curves(ax, "-")
    assert error[0] > 1e-9 and np.isnan(error[1])


@pytest.mark.parametrize(
    ("losses", "dim", "batches", "argument"),
    [
        ([], 3, [2], "losses"),
        (he.DHEL(0.5), 3, [2], "losses"),
        (["DHEL"], 3, [2], "loss"),
        ([he.AlignUniform()], 3, [2], "loss"),
        ([he.DHEL(0.5)], 1, [2], "dim"),
        ([he.DHEL(0.5)], 3, [], "batches"),
        ([he.DHEL(0.5)], 3, [1], "batches"),
        ([he.DHEL(0.5)], 3, 8, "batches"),
    ],
)
def test_convergence_rejects(losses: Any, dim: int, batches: Any, argument: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{argument}: got"):
        plot.convergence(losses, dim, batches)
    assert pyplot.get_fignums() == []


# Laws


def test_law_draws_particles_by_weight(ax: Axes) -> None:
    best = polygon(3, [0.5, 0.3, 0.2])
    assert plot.law(best, ax=ax) is ax
    found = particles(ax)
    np.testing.assert_allclose(np.asarray(found.get_offsets()), best.points.numpy(), atol=1e-15)
    sizes = np.asarray(found.get_sizes())
    np.testing.assert_allclose(sizes / sizes.sum(), [0.5, 0.3, 0.2], rtol=1e-14)


def radii(ax: Axes) -> tuple[np.ndarray, np.ndarray]:
    """Points and radii of the curve of the first variation."""
    (curve,) = [line for line in ax.get_lines() if str(line.get_label()).startswith("first variation")]
    xy = np.asarray(curve.get_xydata())
    return xy, np.linalg.norm(xy, axis=1)


def test_the_curve_is_the_first_variation(ax: Axes) -> None:
    best = polygon(3)
    plot.law(best, ax=ax)
    xy, radius = radii(ax)
    h = first_variation(best.loss, 3, best.points, best.weights, torch.tensor(xy / radius[:, None])).numpy()
    scale = (radius.max() - 1) / h.max()
    np.testing.assert_allclose(radius - 1, scale * h, atol=1e-12)
    np.testing.assert_allclose(xy[0], xy[-1], atol=1e-12)  # closed
    assert radius.min() > 1 - 1e-9  # nowhere less than 0, and 0 at the three particles
    assert (radius < 1 + 1e-9).sum() == 3
    assert ax.texts[0].get_text() == f"h from 0\nto {h.max():.2g} nats"


def test_a_law_that_is_not_best_shows_it(ax: Axes) -> None:
    best = polygon(2)
    plot.law(Law(best.loss, 3, best.points, best.weights, -2.0, -1.0, best.direction), ax=ax)
    assert radii(ax)[1].min() < 0.7
    assert "\N{MINUS SIGN}" in ax.texts[0].get_text()


def test_round_off_is_not_scaled_up(ax: Axes) -> None:
    """On an equal-weight polygon of 8 the spectral loss, of degree 2, has the first variation of the uniform law: none."""
    plot.law(polygon(8, loss=he.SpectralContrastive()), ax=ax)
    assert abs(radii(ax)[1] - 1).max() < 1e-12
    assert ax.texts[0].get_text() == "h = 0"


def test_title_tells_the_values_apart(ax: Axes) -> None:
    plot.law(polygon(3), ax=ax)
    assert f"{expected_uniform(he.DHEL(0.2), 3, 2):.4g}" == "-2.835"
    assert ax.get_title().endswith("best \N{MINUS SIGN}2.948, uniform \N{MINUS SIGN}2.835 (nats)")


def test_title_without_a_uniform_value(ax: Axes) -> None:
    plot.law(polygon(3, loss=he.AlignUniform()), ax=ax)
    assert "uniform" not in ax.get_title().split("\n")[1]


def test_on_the_sphere_back_particles_are_faded(ax: Axes) -> None:
    best = octahedron()
    assert plot.law(best, ax=ax) is ax
    found = particles(ax)
    offsets, alpha = np.asarray(found.get_offsets()), np.asarray(found.get_facecolor())[:, 3]
    # Opposite points: at opposite places, one faded and drawn first; an orthographic image of a frame has total square 2.
    assert len(offsets) == 6
    assert (alpha[:3] < 0.5).all() and (alpha[3:] == 1).all()
    np.testing.assert_allclose(offsets[:3], -offsets[:2:-1], atol=1e-15)
    assert (offsets**2).sum() == pytest.approx(2 * 2)


@pytest.mark.parametrize("best", [None, torch.eye(2), "triangle"])
def test_law_rejects_what_is_none(best: Any) -> None:
    with pytest.raises(ArgumentError, match=r"(?s)^best: got .* must be a Law"):
        plot.law(best)


def test_law_rejects_other_dimensions() -> None:
    points = torch.eye(4, dtype=torch.float64)
    best = Law(he.DHEL(0.2), 3, points, torch.full((4,), 0.25, dtype=torch.float64), -2.0, 0.0, points[0])
    with pytest.raises(
        ArgumentError, match=r"a law in R\^4; only d = 2 and d = 3 can be drawn: best_law\(..., dim=3\)"
    ):
        plot.law(best)
    assert pyplot.get_fignums() == []


# Spectra


def test_spectra_draws_eigenvalues(ax: Axes) -> None:
    kernels = [he.Gaussian(2), he.Laplace(1)]
    assert plot.spectra(kernels, 3, degree=12, ax=ax) is ax
    drawn = curves(ax, "-")
    for kernel, values in zip(kernels, drawn, strict=True):
        np.testing.assert_array_equal(values, spectrum(kernel, 3, 12).eigenvalues)
    assert ax.get_yscale() == "log"
    assert labels(ax) == ["Gaussian(t=2)", "Laplace(t=1)"]


def test_spectra_end_at_the_accuracy_of_quadrature(ax: Axes) -> None:
    """A polynomial of degree 3 has no eigenvalues beyond: quadrature gives round-off, some of it positive."""
    exact = spectrum(he.Polynomial(3), 3, 30).eigenvalues
    plot.spectra([he.Polynomial(3)], 3, ax=ax)
    (values,) = curves(ax, "-")
    assert (exact[4:] > 0).any()
    np.testing.assert_array_equal(values[:4], exact[:4])
    assert np.isnan(values[4:]).all()
    (level,) = curves(ax, ":")
    np.testing.assert_allclose(level, 1e-13 * exact.max(), rtol=1e-12)
    assert labels(ax)[1:] == ["accuracy of the quadrature ends"]


def test_round_off_of_quadrature_is_not_drawn(ax: Axes) -> None:
    """It stays below the stated accuracy; the eigenvalues themselves decrease."""
    exact = spectrum(he.RegularizedLogarithmic(0.3), 2, 30)
    assert (abs(exact.eigenvalues[20:]) < exact.accuracy * abs(exact.eigenvalues).max()).all()
    plot.spectra([he.RegularizedLogarithmic(0.3)], 2, ax=ax)
    (values,) = curves(ax, "-")
    assert np.isnan(values[20:]).all() and (np.diff(values[1:16]) < 0).all()
    assert labels(ax)[0].endswith("at k = 0)")


def test_relative_spectra_go_further_down(ax: Axes) -> None:
    plot.spectra([he.Gaussian(2)], 3, ax=ax)
    (values,) = curves(ax, "-")
    assert values[30] < 1e-25
    assert curves(ax, ":") == []


def test_negative_eigenvalues_are_named(ax: Axes) -> None:
    plot.spectra([he.Riesz(-2.5), he.Logarithmic()], 3, ax=ax)
    riesz, logarithmic = labels(ax)
    assert riesz.endswith("at k = 0, 2, 3, \N{HORIZONTAL ELLIPSIS})") and logarithmic.endswith("at k = 0)")
    first, second = curves(ax, "-")
    assert np.isfinite(first).sum() == 1 and np.isfinite(second).sum() == 30


@pytest.mark.parametrize(
    ("kernels", "dim", "degree", "argument"),
    [
        ([], 3, 30, "kernels"),
        (he.Gaussian(2), 3, 30, "kernels"),
        ("gaussian", 3, 30, "kernels"),
        ([2.0], 3, 30, "kernel"),
        ([he.Gaussian(2)], 1, 30, "dim"),
        ([he.Gaussian(2)], 3, 0, "degree"),
        ([he.Riesz(2)], 3, 30, "kernel"),
    ],
)
def test_spectra_rejects(kernels: Any, dim: int, degree: int, argument: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{argument}: got"):
        plot.spectra(kernels, dim, degree)
    assert pyplot.get_fignums() == []


# All of them


@pytest.mark.parametrize("name", ["convergence", "law", "spectra"])
def test_without_axes_a_figure_is_made_and_nothing_global_changes(name: str) -> None:
    before = dict(matplotlib.rcParams)
    calls = {
        "convergence": lambda ax: plot.convergence([he.DHEL(0.5)], 3, [2, 8], ax=ax),
        "law": lambda ax: plot.law(polygon(3), ax=ax),
        "spectra": lambda ax: plot.spectra([he.Gaussian(2)], 3, ax=ax),
    }
    ax = calls[name](None)
    assert len(pyplot.get_fignums()) == 1
    ax.figure.canvas.draw()
    assert dict(matplotlib.rcParams) == before
    for bad in ("ax", pyplot.figure().add_subplot(projection="polar")):
        with pytest.raises(ArgumentError, match="ax: got"):
            calls[name](bad)


@pytest.mark.parametrize(
    ("module", "loaded"), [("hyperenergy, hyperenergy.search.best_law", "False"), ("hyperenergy.show.plot", "True")]
)
def test_the_package_alone_does_not_load_matplotlib(module: str, loaded: str) -> None:
    code = f"import sys, {module}; print('matplotlib' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == loaded


def test_example_of_finite_batch_laws(tmp_path: Path) -> None:
    example = runpy.run_path(str(ROOT / "examples" / "finite_batch_laws.py"))
    assert example["run"]() == pytest.approx(-2.948005819033, abs=1e-9)
    assert abs(expected_uniform(he.DHEL(0.2), 3, 2) + 2.948005819033) > 0.1
    example["save"](str(tmp_path / "laws.png"))
    assert (tmp_path / "laws.png").read_bytes().startswith(b"\x89PNG")


def test_example_of_limits_and_spectra() -> None:
    run = runpy.run_path(str(ROOT / "examples" / "limits_and_spectra.py"))["run"]
    assert 1e-4 < abs(run() - 1) < 1e-3
