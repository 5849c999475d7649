"""Kernels of lines."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import sympy
import torch
from scipy import integrate

import hyperenergy as he
from hyperenergy import compiled
from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.arithmetic.namespaces import MpmathNamespace, NumpyNamespace, SympyNamespace
from hyperenergy.geometry.sphere import random_points
from hyperenergy.laws.spectrum import spectrum
from hyperenergy.objectives.logarithm import logarithmic
from hyperenergy.search.solvers import compiled_search

INNER = [he.Riesz(1), he.Riesz(3), he.Gaussian(2), he.Logarithmic(), he.Laplace(1), he.InverseMultiquadric(1)]
LINES = [he.Projective(k, sine) for k in INNER for sine in (False, True)]
ALL = [*LINES, he.FramePotential()]


def formula(kernel: he.Kernel, t: float) -> float:
    """In the inner product."""
    if isinstance(kernel, he.FramePotential):
        return t * t
    assert isinstance(kernel, he.Projective)
    r = 1 - t * t if kernel.sine else 2 - 2 * abs(t)
    return float(kernel.kernel(torch.tensor(r, dtype=torch.float64)))


def axes() -> torch.Tensor:
    """One of each pair of corners of the icosahedron."""
    x = he.codes.get("icosahedron").points
    first = [i for i in range(12) if all(float(x[i] @ x[j]) > -0.99 for j in range(i))]
    return x[first]


@pytest.mark.parametrize("kernel", ALL, ids=lambda k: k.label)
def test_formulas_in_every_namespace(kernel: he.Kernel) -> None:
    import mpmath

    for t in (-0.9, -0.5, 0.1, 0.3, 0.8):
        r, expected = 2 - 2 * t, formula(kernel, t)
        assert float(kernel(torch.tensor(r, dtype=torch.float64))) == pytest.approx(expected, rel=1e-13)
        assert float(kernel.profile(np.array([r]), NumpyNamespace)[0]) == pytest.approx(expected, rel=1e-13)
        assert float(kernel.profile(mpmath.mpf(r), MpmathNamespace(mpmath.mp))) == pytest.approx(expected, rel=1e-13)
        symbol = sympy.Symbol("r", positive=True)
        assert float(kernel.profile(symbol, SympyNamespace).subs(symbol, r)) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("kernel", ALL, ids=lambda k: k.label)
def test_signs_do_not_matter(kernel: he.Kernel) -> None:
    x = random_points(7, 4, generator=torch.Generator().manual_seed(0))
    flipped = x * torch.tensor([1.0, -1, 1, -1, -1, 1, 1], dtype=torch.float64)[:, None]
    assert float(he.energy(flipped, kernel)) == pytest.approx(float(he.energy(x, kernel)), rel=1e-13)


@pytest.mark.parametrize("kernel", ALL, ids=lambda k: k.label)
@pytest.mark.parametrize("points", [6, 700])
def test_gradients_against_finite_differences(kernel: he.Kernel, points: int) -> None:
    """In one expression, and by blocks."""
    x = random_points(points, 3, generator=torch.Generator().manual_seed(3))
    if points > 6:  # few pairs close enough that steps would be seen
        x = x[torch.arange(points)]
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(he.energy(leaf, kernel), leaf)
    assert bool(gradient.isfinite().all())
    objective = he.Energy(kernel)
    _, forces = objective.value_and_derivative(x[None])
    torch.testing.assert_close(forces[0], gradient, rtol=1e-9, atol=1e-7)
    if points == 6:
        v, h = random_points(6, 3, generator=torch.Generator().manual_seed(4)), 1e-5
        up, down = (float(objective.value((x + s * h * v)[None])[0]) for s in (1, -1))
        assert float((gradient * v).sum()) == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-7)
        H = torch.func.hessian(lambda z: objective.value(z.reshape(1, 6, 3))[0])(x.reshape(-1))
        torch.testing.assert_close(objective.hessians(x[None])[0].reshape(18, 18), H, rtol=1e-9, atol=1e-9)


def test_singular_lines_do_not_meet_their_own_antipode() -> None:
    """Pairs of a point with itself are dropped, and at 4 the kernel is infinite: neither value nor gradient sees it."""
    for dtype, dim in ((torch.float64, 3), (torch.float32, 12), (torch.float64, 12)):
        x = random_points(9, dim, generator=torch.Generator().manual_seed(1)).to(dtype)
        value, gradient, _ = he.Energy(he.Projective(he.Riesz(2))).value_and_gradient(x[None])
        assert bool(value.isfinite().all()) and bool(gradient.isfinite().all())
    meeting = torch.tensor([[1.0, 0.0], [-1.0, 0.0]], dtype=torch.float64)
    assert float(he.energy(meeting, he.Projective(he.Riesz(2)))) == math.inf


@pytest.mark.parametrize("kernel", ALL, ids=lambda k: k.label)
@pytest.mark.parametrize("dim", [3, 4, 9])
def test_means_under_the_uniform_law(kernel: he.Kernel, dim: int) -> None:
    """Against SciPy's adaptive quadrature in the angle between lines."""
    if not kernel.integrable(dim):
        with pytest.raises(he.ArgumentError, match="infinite"):
            he.uniform_energy(kernel, dim)
        return
    weight, _ = integrate.quad(lambda a: math.sin(a) ** (dim - 2), 0, math.pi / 2, epsabs=0, epsrel=1e-12)
    total, _ = integrate.quad(
        lambda a: math.sin(a) ** (dim - 2) * formula(kernel, math.cos(a)), 1e-9, math.pi / 2, epsabs=0, epsrel=1e-10
    )
    assert he.uniform_energy(kernel, dim) == pytest.approx(total / weight, rel=1e-6)
    found = spectrum(kernel, dim, 8)
    assert found.eigenvalues[0] == pytest.approx(he.uniform_energy(kernel, dim), rel=1e-12)
    assert not found.eigenvalues[1::2].any()


def test_spectra_sum_to_the_kernel() -> None:
    """An infinitely smooth kernel of lines is the sum of its expansion; the frame potential has two terms."""
    t = np.linspace(-1, 1, 11)
    for kernel, degree in ((he.Projective(he.Gaussian(1), sine=True), 24), (he.FramePotential(), 4)):
        for dim in (2, 3, 7):
            expected = [formula(kernel, x) for x in t]
            np.testing.assert_allclose(spectrum(kernel, dim, degree)(t), expected, atol=1e-11)
    P = list(itertools.islice(gegenbauer(sympy.Symbol("t"), 5), 3))
    a, _, c = he.FramePotential().eigenvalues(5, 2)
    assert sympy.expand(sympy.nsimplify(a) + 14 * sympy.nsimplify(c) * P[2] - sympy.Symbol("t") ** 2) == 0


def test_facts() -> None:
    for kernel in LINES:
        assert isinstance(kernel, he.Projective)
        inner = kernel.kernel
        for fact in ("positive", "singular", "cusp_slope", "kinked"):
            assert getattr(kernel, fact) == getattr(inner, fact)
        assert not (kernel.completely_monotone or kernel.decreasing or kernel.strictly_convex_decreasing)
    frame = he.FramePotential()
    assert not (frame.completely_monotone or frame.decreasing or frame.positive or frame.singular)
    value, slope = frame.with_slope(torch.tensor([0.5, 2.0, 3.0]))
    assert value.tolist() == [0.5625, 0.0, 0.25] and slope.tolist() == [-0.75, 0.0, 0.5]
    assert he.Projective(he.Riesz(1)).steeper(2) == he.Projective(he.Riesz(2))
    assert he.Projective(he.Riesz(1), sine=True).label == "Projective(kernel=Riesz(s=1), sine=True)"


def test_compiled_code_reads_the_smooth_ones_alone() -> None:
    assert not compiled.readable(he.Projective(he.Riesz(1))) and not compiled.readable(he.FramePotential())
    assert not compiled_search.possible(he.Energy(he.FramePotential()), torch.device("cpu"), 6)
    sine = he.Projective(he.Riesz(1), sine=True)
    assert compiled.readable(sine)
    if compiled.available():
        x = random_points(30, 3, generator=torch.Generator().manual_seed(0))
        value, forces = compiled.pair_sum(x, sine)
        expected, force = he.Energy(sine, "ordered").value_and_derivative(x[None])
        assert float(value) == pytest.approx(float(expected[0]), rel=1e-12)
        torch.testing.assert_close(forces, force[0], rtol=1e-9, atol=1e-9)


def test_steep_ones_do_not_look_at_the_antipode() -> None:
    """Where kernels of lines are infinite: their logarithms are read at right angles."""
    steep = he.Energy(he.Projective(he.Riesz(100)))
    assert logarithmic(steep) is not steep
    assert logarithmic(he.Energy(he.Projective(he.Riesz(1)))) == he.Energy(he.Projective(he.Riesz(1)))


@pytest.mark.parametrize(
    "kernel",
    [he.Projective(he.Riesz(s), sine=True) for s in (1, 2, 4)]
    + [he.Projective(he.Riesz(s)) for s in (4, 6)]
    + [he.Projective(he.Gaussian(3), sine=True)],
    ids=lambda k: k.label,
)
def test_six_lines_are_the_axes_of_the_icosahedron(kernel: he.Kernel) -> None:
    found = he.minimize(he.Energy(kernel), 6, 3, restarts=6, seed=0, path="direct", compiled=False)
    gram = (found.points @ found.points.T).abs().fill_diagonal_(1 / math.sqrt(5))
    assert float((gram - 1 / math.sqrt(5)).abs().amax()) < 1e-7
    assert found.value == pytest.approx(float(he.energy(axes(), kernel)), rel=1e-12)
    # Whichever ends stand for the lines, it is one minimum.
    assert found.hits >= 3 and abs(found.minima[0].count - found.hits) == 0


@pytest.mark.parametrize(("s", "better"), [(1, True), (2, True), (3, False), (4, False)])
def test_under_soft_kernels_of_the_distance_they_are_not(s: int, better: bool) -> None:
    """The six lines through the corners of a cuboctahedron have three right angles, where the kernel has its kink, and 12 of
    60 degrees: 12 + 3/2^{s/2}."""
    signs = [(1, 1, 0), (1, -1, 0), (1, 0, 1), (1, 0, -1), (0, 1, 1), (0, 1, -1)]
    cuboctahedron = torch.tensor(signs, dtype=torch.float64) / math.sqrt(2)
    kernel = he.Projective(he.Riesz(s))
    value = float(he.energy(cuboctahedron, kernel))
    assert value == pytest.approx(12 + 3 * 2 ** (-s / 2), rel=1e-14)
    assert (value < float(he.energy(axes(), kernel))) == better
    if s == 1:
        found = he.minimize(
            he.Energy(kernel), 6, 3, restarts=3, seed=0, path="direct", max_iterations=200, throw=False, compiled=False
        )
        assert found.value == pytest.approx(value, abs=1e-2) and found.value > value - 1e-12


@pytest.mark.parametrize(("points", "dim"), [(3, 3), (4, 3), (5, 3), (7, 3), (9, 5), (16, 4), (40, 8), (2, 3), (4, 7)])
def test_the_frame_potential(points: int, dim: int) -> None:
    """Over ordered pairs and the diagonal: N^2/d for N >= d, and N below; at tight frames."""
    found = he.minimize(he.Energy(he.FramePotential(), "ordered"), points, dim, restarts=3, seed=0)
    total = found.value + points
    least = points**2 / dim if points >= dim else points
    assert total == pytest.approx(least, rel=1e-12)
    assert total == pytest.approx(float((found.points.T @ found.points).square().sum()), rel=1e-12)
    if points >= dim:
        frame = found.points.T @ found.points
        torch.testing.assert_close(frame, points / dim * torch.eye(dim, dtype=torch.float64), rtol=0, atol=1e-6)
    assert found.value >= -1e-12
    # A negative control: a frame that is not tight has more.
    uneven = torch.eye(dim, dtype=torch.float64)[[0] * 2 + list(range(1, min(points, dim)))]
    assert float((uneven.T @ uneven).square().sum()) > len(uneven) ** 2 / dim + 1e-9


def test_specs_names_and_the_command_line() -> None:
    from hyperenergy.objectives.naming import parse_kernel

    for kernel in ALL:
        objective = he.Energy(kernel, "mean")
        again = he.from_spec(objective.spec())
        assert again == objective and hash(again) == hash(objective)
    assert parse_kernel("projective:kernel=riesz:s=2,sine=true") == he.Projective(he.Riesz(2), sine=True)
    assert parse_kernel("frame-potential") == he.FramePotential()


def test_no_theorem_for_energies_speaks_of_lines() -> None:
    for kernel in LINES:
        for points, dim in ((3, 3), (4, 3), (6, 3), (12, 3), (5, 2), (240, 8)):
            assert he.predict(he.Energy(kernel), points, dim) is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: he.Projective("riesz"), "kernel: got 'riesz'; must be a kernel of points"),  # type: ignore[arg-type]
        (lambda: he.Projective(he.Projective(he.Riesz(1))), "must be a kernel of points"),
        (lambda: he.Projective(he.Riesz(1), sine=1), "sine: got 1; allowed: True, False"),  # type: ignore[arg-type]
    ],
)
def test_bad_input(make, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        make()
