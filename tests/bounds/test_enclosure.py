"""True critical points near those that were found: exact energies, saddles told from minima, and nothing claimed of flat
ones; misaligned configurations proved to be below aligned ones."""

from __future__ import annotations

import itertools
import math
import re
import subprocess
import sys
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
import torch
from flint import arb
from scipy.optimize import minimize

import hyperenergy as he
from hyperenergy import codes
from hyperenergy.arithmetic.namespaces import MpmathNamespace
from hyperenergy.bounds.enclosure import circle, gauge, krawczyk
from hyperenergy.bounds.enclosure.circle import Circle
from hyperenergy.bounds.enclosure.counterexample import Counterexample, counterexample
from hyperenergy.bounds.enclosure.derivatives import gradient, hessian, jet_at, place
from hyperenergy.bounds.enclosure.enclose import Enclosure, enclose
from hyperenergy.bounds.enclosure.krawczyk import NotDecided
from hyperenergy.bounds.enclosure.potentials import Pairs, Potential, Softmax
from hyperenergy.theorems.balance import forces

torch.set_num_threads(1)
Floats = np.ndarray[Any, np.dtype[np.float64]]
KERNELS: list[he.Kernel] = [
    he.Riesz(1),
    he.Riesz(3),
    he.Riesz("1/2"),
    he.Riesz(-1),
    he.Logarithmic(),
    he.Gaussian(2),
    he.Laplace(1),
    he.InverseMultiquadric(1),
    he.RegularizedLogarithmic(1),
    he.Polynomial(5, 1),
]
# Inner products of pairs, and how many have them: exact.
ROOT = mpmath.MPContext()
ROOT.dps = 60
PAIRS: dict[str, list[tuple[Any, int]]] = {
    "simplex-5": [(-ROOT.mpf(1) / 4, 10)],
    "cross-polytope-4": [(ROOT.mpf(0), 24), (ROOT.mpf(-1), 4)],
    "icosahedron": [(1 / ROOT.sqrt(5), 30), (-1 / ROOT.sqrt(5), 30), (ROOT.mpf(-1), 6)],
}
TRIANGLE = np.array([[math.cos(a), math.sin(a)] for a in 2 * np.pi * np.arange(3) / 3])
BIPYRAMID = np.vstack([np.pad(TRIANGLE, ((0, 0), (0, 1))), [[0, 0, 1], [0, 0, -1]]])
CUBE = np.array(list(itertools.product((-1.0, 1.0), repeat=3))) / math.sqrt(3)
HEAPS = np.array([[0.0, 0, 1]] * 3 + [[0.0, 0, -1]] * 3)


def read(text: str) -> tuple[Any, Any]:
    """Value and error."""
    found = re.fullmatch(r"\[(\S+) \+/- (\S+)\]", text)
    return (ROOT.mpf(found[1]), ROOT.mpf(found[2])) if found else (ROOT.mpf(text), ROOT.mpf(0))


def disturbed(x: Floats, size: float, seed: int = 0) -> Floats:
    y = x + size * np.random.default_rng(seed).normal(size=x.shape)
    return np.asarray(y / np.linalg.norm(y, axis=1, keepdims=True))


def polygon(points: int, dim: int) -> Floats:
    angles = 2 * np.pi * np.arange(points) / points
    return np.pad(np.stack([np.cos(angles), np.sin(angles)], 1), ((0, 0), (0, dim - 2)))


# ---- energies ----


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.label)
@pytest.mark.parametrize("name", PAIRS)
def test_energies_of_codes(name: str, kernel: he.Kernel) -> None:
    """To 25 digits, from inner products and mpmath."""
    found = enclose(codes.get(name).points, kernel)
    value, error = read(found.energy)
    exact = sum(count * kernel.profile(2 - 2 * t, MpmathNamespace(ROOT)) for t, count in PAIRS[name])
    assert abs(value - exact) <= error and error <= abs(exact) * ROOT.mpf(10) ** -24
    assert found.critical and found.minimum is True and found.radius < 1e-15


@pytest.mark.parametrize(("points", "published"), [(7, "14.452977414"), (32, "412.261274651")])
def test_thomson(points: int, published: str) -> None:
    """The best known energies, as tables have them to nine digits."""
    best = he.minimize(he.Energy(he.Riesz(1)), points, 3, restarts=4, seed=0)
    found = enclose(best.points, he.Riesz(1))
    value, error = read(found.energy)
    assert found.critical and found.minimum is True and found.radius < 1e-8
    assert abs(value - ROOT.mpf(published)) <= 6e-10 and error < 1e-21


@pytest.mark.slow
def test_thomson_of_a_hundred() -> None:
    best = he.minimize(he.Energy(he.Riesz(1)), 100, 3, restarts=8, seed=0, throw=False)
    found = enclose(best.points, he.Riesz(1))
    assert found.minimum is True and abs(read(found.energy)[0] - ROOT.mpf("4448.350634331")) <= 6e-10


@pytest.mark.parametrize(("points", "dim"), [(2, 2), (2, 3), (2, 5), (3, 2), (3, 3), (3, 6), (5, 2), (7, 2)])
def test_few_points_and_few_dimensions(points: int, dim: int) -> None:
    """Simplices whose points leave rotations that fix them, and polygons."""
    found = enclose(polygon(points, dim), he.Riesz(1))
    value, error = read(found.energy)
    exact = sum(points / (4 * ROOT.sin(ROOT.pi * k / points)) for k in range(1, points))
    assert found.minimum is True and abs(value - exact) <= error <= 1e-23


def test_rotations_and_reflections_change_nothing() -> None:
    x = codes.get("icosahedron").points.numpy()
    rng = np.random.default_rng(0)
    for _ in range(5):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        found = enclose(x[rng.permutation(12)] @ turn, he.Logarithmic())
        (value, error), (other, _) = read(found.energy), read(enclose(x, he.Logarithmic()).energy)
        assert found.minimum is True and abs(value - other) <= 2 * error


@pytest.mark.parametrize("size", [1e-12, 1e-6, 1e-3])
def test_disturbed_points_are_refined_and_the_radius_is_true(size: float) -> None:
    """No rotation brings them nearer than the one of least squares, whose mean distance the largest one exceeds."""
    x = codes.get("icosahedron").points.numpy()
    y = disturbed(x, size)
    found = enclose(y, he.Riesz(1))
    left, _, right = np.linalg.svd(x.T @ y)
    least = float(np.sqrt(((x @ left @ right - y) ** 2).sum(1).mean()))
    assert found.minimum is True and least * (1 - 1e-3) <= found.radius <= 10 * size
    assert found.energy == enclose(x, he.Riesz(1)).energy


def test_far_points_are_refused() -> None:
    x = disturbed(np.zeros((12, 3)), 1.0)
    found = enclose(x, he.Riesz(1))
    energy = sum(1 / np.linalg.norm(a - b) for a, b in itertools.combinations(x, 2))
    assert (found.critical, found.minimum, found.radius) == (False, None, math.inf)
    assert float(read(found.energy)[0]) == pytest.approx(energy, rel=1e-13) and "not decided" in found.reason


# ---- what is no minimum, and what is not decided ----


@pytest.mark.parametrize(
    ("x", "kernel", "ways"),
    [
        (CUBE, he.Riesz(1), 2),
        (CUBE, he.Logarithmic(), 2),
        (polygon(7, 3), he.Riesz(1), 4),
        (BIPYRAMID, he.Riesz(30), 2),
        (HEAPS, he.Gaussian(2), 8),
    ],
)
def test_saddles_are_no_minima(x: Floats, kernel: he.Kernel, ways: int) -> None:
    found = enclose(x, kernel)
    assert found.critical and found.minimum is False and f"{ways} independent directions" in found.reason
    here = float(read(found.energy)[0])
    naive = energy(kernel, x.shape, abs(here))
    below = minimize(naive, disturbed(x, 1e-2).ravel(), jac=True, method="BFGS", options={"gtol": 1e-7}).fun
    assert below < math.copysign(1, here) - 1e-4


def energy(kernel: he.Kernel, shape: tuple[int, ...], unit: float) -> Any:
    def value(flat: Floats) -> tuple[float, Floats]:
        z = torch.tensor(flat.reshape(shape), requires_grad=True)
        y = z / z.norm(dim=1, keepdim=True)
        i, j = torch.triu_indices(len(y), len(y), 1)
        total = kernel((y[i] - y[j]).square().sum(-1)).sum()
        total.backward()
        assert z.grad is not None
        return total.item() / unit, z.grad.numpy().ravel() / unit

    return value


@pytest.mark.parametrize(
    ("x", "kernel"),
    [
        (BIPYRAMID, he.Riesz(-2)),  # every configuration with its center at 0 has the same energy
        (CUBE, he.Riesz(-2)),
        (CUBE, he.Polynomial(2, 1)),  # a tight frame among many
        (HEAPS, he.Polynomial(1, 1)),
        (HEAPS, he.Polynomial(2, 1)),
        (HEAPS, he.Riesz(-2)),
        (polygon(6, 3), he.Polynomial(1, 1)),
    ],
)
def test_flat_ones_are_not_decided(x: Floats, kernel: he.Kernel) -> None:
    for y in (x, disturbed(x, 1e-9)):
        found = enclose(y, kernel)
        assert (found.critical, found.minimum) == (False, None) and "not decided" in found.reason


def test_between_minimum_and_saddle_lies_what_is_not_decided() -> None:
    """The bipyramid's second derivatives vanish at one power of the distance, near 21.15."""
    low, high, found = Fraction(20), Fraction(22), None
    assert enclose(BIPYRAMID, he.Riesz(low)).minimum is True
    for _ in range(60):
        middle = (low + high) / 2
        found = enclose(BIPYRAMID, he.Riesz(middle)).minimum
        if found is None:
            break
        low, high = (middle, high) if found else (low, middle)
    assert found is None and high - low < 1e-6 and 21.1 < low < 21.2


def test_points_that_are_not_critical_are_not_proved_to_be() -> None:
    """Without Newton's method, from 1e-30 on: the test itself refuses."""
    x, potential = codes.get("icosahedron").points.numpy(), Pairs("Riesz", {"s": Fraction(1)})
    with flint.ctx.workprec(192):
        rows, pivots = gauge.rotation(x)
        at = krawczyk.refined(potential, gauge.sliced(x, rows, pivots))
        assert krawczyk.prove(potential, at).descending == 0
        assert krawczyk.prove(potential, at.moved([arb(2) ** -100] * len(at.owners))).descending == 0
        for size in (arb(2) ** -20, arb(2) ** -8):
            with pytest.raises(NotDecided):
                krawczyk.prove(potential, at.moved([size] * len(at.owners)))


def test_slices_that_leave_rotations_are_seen() -> None:
    x = codes.get("icosahedron").points.numpy()
    with flint.ctx.workprec(128):
        rows, pivots = gauge.rotation(x)
        at = gauge.sliced(x, rows, pivots)
        points = place(at).points
        assert gauge.transverse(at, points) and len(at.owners) == 21 and len(pivots) == 2
        second = [list(y) for y in points]
        second[pivots[1]] = [arb(1), arb(0, 1e-9), arb(0)]
        assert not gauge.transverse(at, second)
        again = gauge.Slice(at.centers, (*at.tangents[:-1], at.tangents[-2]), at.owners, at.pivots)
        assert not gauge.transverse(again, points)
        assert gauge.turned_by(rows) < 1e-30 and gauge.turned_by([[1, 0], [arb("0.01"), 1]]) > 0.01


@pytest.mark.parametrize(
    "potential",
    [
        Pairs("Riesz", {"s": Fraction(1)}),
        Pairs("Polynomial", {"degree": Fraction(3), "c": Fraction(1)}),
        Softmax([[2 * (i != j) for j in range(5)] for i in range(5)], 1, Fraction(1, 3)),
        Softmax([[0, 1, 2, 1, 0], [1, 0, 0, 1, 1]], 0, Fraction(1, 3), [2, 3]),
    ],
    ids=lambda x: type(x).__name__,
)
def test_derivatives(potential: Potential) -> None:
    """Against automatic differentiation in the same coordinates."""
    x = disturbed(np.zeros((5, 3)), 1.0)
    with flint.ctx.workprec(128):
        rows, pivots = gauge.rotation(x)
        at = gauge.sliced(x, rows, pivots)
        box = [arb(k - 3) / 50 for k in range(len(at.owners))]
        where = place(at, box)
        jet = jet_at(potential, where)
        slopes = np.array([float(a) for a in gradient(at, where, jet)])
        bends = np.array([[float(a) for a in row] for row in hessian(at, where, jet).table()])
        value = float(jet.value)
    centers, tangents = (
        torch.tensor([[float(a) for a in row] for row in table], dtype=torch.float64)
        for table in (at.centers, at.tangents)
    )
    w = torch.tensor([float(a) for a in box], dtype=torch.float64)

    def formula(w: torch.Tensor) -> torch.Tensor:
        z = centers.index_add(0, torch.tensor(at.owners), w[:, None] * tangents)
        y = z / z.norm(dim=1, keepdim=True)
        return naive(potential, y @ y.mT)

    exact = [torch.func.hessian(formula)(w).numpy(), torch.func.grad(formula)(w).numpy(), float(formula(w))]
    for found, expected in zip((bends, slopes, value), exact, strict=True):
        assert np.abs(found - expected).max() <= 1e-13 * np.abs(expected).max()


def naive(potential: Potential, t: torch.Tensor) -> torch.Tensor:
    if isinstance(potential, Pairs):
        i, j = torch.triu_indices(len(t), len(t), 1)
        kernel: he.Kernel = he.Riesz(1) if potential.name == "Riesz" else he.Polynomial(3, 1)
        return kernel(2 - 2 * t[i, j]).sum()
    assert isinstance(potential, Softmax)
    counts, tau = torch.tensor(potential.counts, dtype=torch.float64), float(potential.temperature)
    n = len(counts)
    total = (potential.own * math.exp(1 / tau) + (counts * (t[:n] / tau).exp()).sum(1)).log() - 1 / tau
    if potential.positives is not None:
        total = total + 1 / tau - t[range(n), list(potential.positives)] / tau
    return total.mean()


# ---- input ----


class Own(he.Riesz):
    """Not the package's own."""


@pytest.mark.parametrize(
    ("x", "kernel", "message"),
    [
        ([[1.0, 0], [1, 0], [0, 1]], he.Riesz(1), r"points: got rows 0 and 1 that coincide; .* move one"),
        ([[0.0, 1], [1, 0], [1, 1e-12]], he.Laplace(1), r"points: got rows 1 and 2 that coincide"),
        ([[1.0, 1], [1, 0]], he.Riesz(1), r"points: got a row of norm 1.41421"),
        ([[math.nan, 1], [1, 0]], he.Riesz(1), r"points: got a row of norm nan"),
        ([[1.0], [-1]], he.Riesz(1), r"points: got shape \(2, 1\); must be one configuration"),
        ([[[1.0, 0], [-1, 0]]], he.Riesz(1), r"points: got shape \(1, 2, 2\); must be one configuration"),
        ([[1.0, 0], [-1, 0]], he.Riesz(-3), r"kernel: got Riesz\(s=-3\); has no rigorous evaluation; s >= -2"),
        ([[1.0, 0], [-1, 0]], Own(1), r"kernel: got Own.*has no rigorous evaluation; these have: Riesz"),
        ([[1.0, 0], [-1, 0]], "Riesz", r"kernel: got str; must be a kernel"),
    ],
)
def test_bad_input(x: Any, kernel: Any, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        enclose(np.array(x), kernel)


def test_the_global_precision_is_put_back() -> None:
    before = flint.ctx.prec
    assert isinstance(enclose(BIPYRAMID, he.Riesz(1)), Enclosure)
    with pytest.raises(he.ArgumentError):
        enclose(BIPYRAMID[[0, 0, 1]], he.Riesz(1))
    assert flint.ctx.prec == before


def test_what_proves_imports_neither_torch_nor_a_solver() -> None:
    code = (
        "import sys; from hyperenergy.bounds.enclosure import near, circle; "
        "print(sorted({'torch', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


# ---- counterexamples ----

LOSSES = {
    "InfoNCE": lambda tau: he.InfoNCE(tau),
    "DCL": lambda tau: he.DCL(tau),
    "cross-view DCL": lambda tau: he.DCL(tau, within_view=False),
    "SimCLR": lambda tau: he.SimCLR(tau),
}


@pytest.mark.parametrize(
    ("loss", "points", "dim", "tau", "apart"),
    [
        ("cross-view DCL", 5, 3, 0.1, 0.134),
        ("DCL", 5, 3, 0.1, 0.0289),
        ("InfoNCE", 5, 3, 0.1, 3.2936e-6),
        ("SimCLR", 9, 3, 0.1, 1.0250e-4),
    ],
)
def test_counterexamples(loss: str, points: int, dim: int, tau: float, apart: float) -> None:
    """Misaligned by what ``test_b5`` finds in another way; values and forces those of the loss."""
    found = counterexample(loss, points, dim, tau)
    assert found.proved and found.forced and found.aligned_minimum and not found.none_aligned
    assert "no critical point of the loss" in found.verdict
    formula = LOSSES[loss](tau).formula
    U, u, v = (torch.tensor(x, dtype=torch.float64) for x in (found.aligned_points, found.anchors, found.positives))
    assert float(read(found.aligned)[0]) == pytest.approx(float(formula(U, U)), rel=1e-12)
    assert float(read(found.misaligned)[0]) == pytest.approx(float(formula(u, v)), rel=1e-12)
    assert float(read(found.apart)[0]) == pytest.approx(apart, rel=2e-3)
    force = float(forces(U, LOSSES[loss](tau)).norm(dim=-1).max())
    assert float(read(found.force)[0]) == pytest.approx(force, rel=1e-6)
    gap, error = read(found.gap)
    assert gap - error > 0 and abs(read(found.aligned)[0] - read(found.misaligned)[0] - gap) < 1e-23


@pytest.mark.parametrize(
    ("loss", "points", "dim", "tau"), [("cross-view DCL", 4, 3, "1/10"), ("InfoNCE", 5, 3, "1/4"), ("DCL", 6, 3, "1/2")]
)
def test_where_alignment_is_best_there_is_none(loss: str, points: int, dim: int, tau: str) -> None:
    """A simplex, which B1 proves to be best, the bipyramid, and the octahedron."""
    found = counterexample(loss, points, dim, tau)
    assert not found.proved and not found.forced and not found.none_aligned
    assert found.verdict == "no misaligned configuration is proved to be lower"


def test_no_minimizer_on_the_circle_is_aligned() -> None:
    """The hexagon is balanced, but a saddle; and no other aligned configuration is as low as a misaligned one."""
    found = counterexample("cross-view DCL", 6, 2, "1/10")
    assert found.proved and found.none_aligned and not found.forced
    assert found.verdict.endswith("lower than all aligned ones: no minimizer is aligned")


def test_what_is_refused() -> None:
    with pytest.raises(he.ArgumentError, match=r"loss_name: got 'DLC'; did you mean DCL\?"):
        counterexample("DLC", 5, 3, 0.1)
    with pytest.raises(he.ArgumentError, match="temperature: got 0; must be a finite number > 0"):
        counterexample("DCL", 5, 3, 0)
    with pytest.raises(he.ArgumentError, match="points: got 2; must be an integer >= 3"):
        counterexample("DCL", 2, 3, 0.1)
    assert issubclass(NotDecided, ArithmeticError) and Counterexample.__doc__ is not None


@pytest.mark.parametrize(("points", "tau", "own", "copies"), [(4, 1.0, 1, 1), (5, 0.3, 0, 1), (6, 0.1, 0, 2)])
def test_the_bound_on_the_circle_is_below_all_aligned(points: int, tau: float, own: int, copies: int) -> None:
    """Polygons, points at random, heaps on polygons and those at random; not by much."""
    with flint.ctx.workprec(128):
        bound = float(Circle(points, Fraction(tau), own, copies, parts=50, finer=6, cuts=(2, 5)).least())
    rng = np.random.default_rng(0)
    some = [2 * np.pi * np.arange(points) / points]
    some += [rng.uniform(0, 2 * np.pi, points) for _ in range(300)]
    some += [2 * np.pi * rng.integers(0, k, points) / k for k in range(2, 8) for _ in range(50)]
    values = []
    for angles in some:
        x = np.exp((np.cos(angles[:, None] - angles) - 1) / tau) * (1 - np.eye(points))
        values.append(float(np.log(own + copies * x.sum(1)).mean()))
    least = float(np.sort(values)[0])
    assert bound <= least < bound + 0.6


def test_logarithms_are_rounded_down() -> None:
    x = np.random.default_rng(0).integers(1, 2**40, 1000) * 2 ** np.arange(1000) % 2**49 + 1
    found, exact = circle._logs(x) / 1e9, np.log(x.astype(float)) - 46 * math.log(2)
    assert (found <= exact + 1e-9).all() and (found > exact - 3e-4).all()
