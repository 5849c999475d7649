"""Metrics of the singular values, against naive loops over the eigenvalues of NumPy, and against closed values."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points
from hyperenergy.metrics import spectrum

SHAPES = [(5, 8), (8, 8), (40, 3), (200, 6)]


def eigenvalues(X: Tensor, center: bool) -> np.ndarray:
    """Of (1/N) sum x x^T, largest first, from a loop over the rows."""
    rows = X.double().numpy()
    rows = rows - rows.mean(0) if center else rows
    total = np.zeros((rows.shape[1], rows.shape[1]))
    for row in rows:
        total += np.outer(row, row)
    return np.linalg.eigvalsh(total / len(rows))[::-1].clip(0)[: min(rows.shape)]


def entropy_rank(p: np.ndarray) -> float:
    return math.exp(-sum(x * math.log(x) for x in p if x > 0))


@pytest.mark.parametrize("shape", SHAPES)
def test_against_loops(shape: tuple[int, int], draw) -> None:
    X = draw(*shape)
    lam, cov = eigenvalues(X, False), eigenvalues(X, True)
    s = np.sqrt(lam) / np.sqrt(lam).sum()
    close: dict[str, Any] = {"rel": 1e-6}  # the oracle squares, which halves digits
    assert float(he.metrics.effective_rank(X)) == pytest.approx(entropy_rank(s), **close)
    assert float(he.metrics.rankme(X)) == pytest.approx(entropy_rank(s + 1e-7), **close)
    assert float(he.metrics.stable_rank(X)) == pytest.approx(lam.sum() / lam[0], **close)
    expected = 2 - 2 / math.sqrt(shape[1]) * np.sqrt(cov).sum()
    assert float(he.metrics.w2_uniformity(X)) == pytest.approx(expected, abs=1e-6)
    used = cov[cov > 1e-14 * cov[0]]
    slope = np.polyfit(np.log(np.arange(1, len(used) + 1)), np.log(used), 1)[0]
    assert float(he.metrics.alpha_req(X)) == pytest.approx(-slope, rel=1e-6)


def test_alpha_of_a_power_law_is_its_exponent() -> None:
    k = torch.arange(1, 33, dtype=torch.float64)
    X = torch.diag(k**-0.75)
    assert float(he.metrics.alpha_req(X, center=False)) == pytest.approx(1.5, rel=1e-12)
    assert float(he.metrics.alpha_req(X, center=False, first=4, last=20)) == pytest.approx(1.5, rel=1e-12)
    assert math.isnan(float(he.metrics.alpha_req(X[:1], center=False)))


@pytest.mark.parametrize(("points", "dim"), [(4, 3), (5, 7), (12, 3), (120, 4)])
def test_w2_uniformity_attains_its_bound_at_simplices_and_designs(points: int, dim: int) -> None:
    """Theorem U1, and its control: no random points do."""
    codes = {(12, 3): "icosahedron", (120, 4): "600-cell"}
    code = he.codes.get(codes[points, dim]) if (points, dim) in codes else he.codes.simplex(points, dim)
    optimum = he.metrics.optimum("w2_uniformity", points=points, dim=dim)
    assert optimum.best == pytest.approx(2 - 2 * math.sqrt(min(points - 1, dim) / dim), rel=1e-15)
    assert float(he.metrics.w2_uniformity(code.points)) == pytest.approx(optimum.best, abs=1e-13)
    other = random_points(points, dim, generator=torch.Generator().manual_seed(0))
    assert float(he.metrics.w2_uniformity(other)) > optimum.bound + 1e-3


def test_w2_uniformity_of_the_second_moment_would_break_its_bound() -> None:
    """Not centered, an orthonormal basis would have 0, below 2 - 2 sqrt((d-1)/d)."""
    X = torch.eye(5, dtype=torch.float64)
    bound = he.metrics.optimum("w2_uniformity", points=5, dim=5).bound
    second_moment = 2 - 2 / math.sqrt(5) * np.sqrt(eigenvalues(X, False)).sum()
    assert second_moment == pytest.approx(0, abs=1e-12) and bound > 0.2
    assert float(he.metrics.w2_uniformity(X)) > bound
    assert he.metrics.optimum("w2_uniformity", points=5, dim=3).best is None  # no 2-design of d + 2 points, d odd


@given(seed=st.integers(0, 2**32 - 1), N=st.integers(2, 30), d=st.integers(2, 6))
def test_no_points_beat_an_optimum(seed: int, N: int, d: int) -> None:
    X = random_points(N, d, generator=torch.Generator().manual_seed(seed))
    for name, value in {
        "effective_rank": -he.metrics.effective_rank(X),
        "stable_rank": -he.metrics.stable_rank(X),
        "rankme": -he.metrics.rankme(X),
        "rank": -he.metrics.rank(X),
        "w2_uniformity": he.metrics.w2_uniformity(X),
        "uniformity": he.metrics.uniformity(X),
        "wasserstein_uniformity": he.metrics.wasserstein_uniformity(X),
        "lidar": -he.metrics.lidar(torch.stack([X, X.roll(1, 1)])),
        "alignment": he.metrics.alignment(X, X.flip(0)),
    }.items():
        optimum = he.metrics.optimum(name, points=N, dim=d)
        sign = -1 if name in ("effective_rank", "stable_rank", "rankme", "rank", "lidar") else 1
        assert float(value) >= sign * optimum.bound - 1e-9, name
        assert optimum.range[0] - 1e-9 <= sign * float(value) <= optimum.range[1] + 1e-3, name


@pytest.mark.parametrize(
    ("points", "dim", "name"), [(4, 3, None), (6, 3, "cross"), (12, 3, "icosahedron"), (27, 6, "schlaefli")]
)
def test_the_best_uniformity_is_that_of_the_code(points: int, dim: int, name: str | None) -> None:
    code = {None: lambda: he.codes.simplex(4, 3), "cross": lambda: he.codes.cross_polytope(3)}.get(
        name,
        lambda: he.codes.get(name),
    )()
    for t in (1.0, 2.0):
        best = he.metrics.optimum("uniformity", points=points, dim=dim, t=t).best
        assert best is not None and float(he.metrics.uniformity(code.points, t=t)) == pytest.approx(best, rel=1e-12)
    unknown = he.metrics.optimum("uniformity", points=11, dim=3)
    assert unknown.best is None and unknown.bound < unknown.uniform


def test_lidar_against_a_loop(draw) -> None:
    W = draw(3, 9, 4)
    means = W.mean(0).numpy()
    between = np.cov(means.T, bias=True)
    within = sum(np.outer(e, e) for view in W for e in (view.numpy() - means)) / 27 + 1e-4 * np.eye(4)
    lam = np.linalg.eigvals(np.linalg.solve(within, between)).real
    assert float(he.metrics.lidar(W)) == pytest.approx(entropy_rank(lam / lam.sum() + 1e-7), rel=1e-9)
    simplex = he.codes.simplex(5, 4).points
    best = he.metrics.optimum("lidar", points=5, dim=4).best
    assert float(he.metrics.lidar(torch.stack([simplex, simplex]))) == pytest.approx(best, rel=1e-9)
    with pytest.raises(he.ArgumentError, match=r"views: got shape \(9, 4\); must be \(\*batch, views >= 2"):
        he.metrics.lidar(W[0])


def test_streaming_is_exact_against_the_whole(draw) -> None:
    U, V = draw(300, 7), draw(300, 7)
    whole = {
        "alignment": float(he.metrics.alignment(U, V)),
        **{
            name: float(getattr(he.metrics, name)(U))
            for name in ("rank", "effective_rank", "rankme", "stable_rank", "alpha_req", "w2_uniformity")
        },
    }
    one, other = he.metrics.Streaming(), he.metrics.Streaming()
    for start, stop in ((0, 3), (3, 100), (100, 101), (101, 200)):
        one.update(U[start:stop], V[start:stop])
    other.update(U[200:], V[200:])
    one.merge(other)
    assert one.compute() == pytest.approx(whole, rel=1e-12, abs=1e-12) and one.points == 300
    with pytest.raises(he.ArgumentError, match=r"anchors: got shape \(2, 3\); must be \(points, 7\)"):
        one.update(draw(2, 3))
    with pytest.raises(he.ArgumentError, match="update: got no batch"):
        he.metrics.Streaming().compute()


MATRICES: dict[str, Callable[[Tensor], Tensor]] = {
    "effective_rank": he.metrics.effective_rank,
    "rankme": he.metrics.rankme,
    "stable_rank": he.metrics.stable_rank,
}


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_of_zeros_in_a_stack(name: str, draw) -> None:
    X = torch.stack([torch.zeros(6, 4, dtype=torch.float64), draw(6, 4)]).requires_grad_(True)
    value = MATRICES[name](X)
    (gradient,) = torch.autograd.grad(value.sum(), X)
    assert float(value.detach()[0]) == 0 and float(value.detach()[1]) > 1
    assert bool(gradient.isfinite().all()) and float(gradient[0].abs().max()) == 0
    assert he.metrics.rank(X).tolist() == [0, 4]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_of_degenerate_points_are_finite(dtype: torch.dtype, draw) -> None:
    collapsed = draw(1, 4).to(dtype).repeat(7, 1)
    poles = torch.cat([collapsed, -collapsed])
    for X in (collapsed, poles, draw(3, 4).to(dtype).repeat(3, 1)):
        for function in (*MATRICES.values(), he.metrics.w2_uniformity, he.metrics.uniformity):
            x = X.clone().requires_grad_(True)
            (gradient,) = torch.autograd.grad(function(x), x)
            assert bool(gradient.isfinite().all()), function
        for alpha in (0.5, 1.0, 1.5):
            x = X.clone().requires_grad_(True)
            (gradient,) = torch.autograd.grad(he.metrics.alignment(x, X, alpha=alpha), x)
            assert bool(gradient.isfinite().all())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype: torch.dtype, draw) -> None:
    """Values of the rounded rows, to what rounding them allows; ranks of what was there before."""
    low = torch.cat([draw(600, 3), torch.zeros(600, 13, dtype=torch.float64)], -1)
    half = low.to(dtype)
    eps = torch.finfo(dtype).eps
    for name in ("uniformity", "w2_uniformity", "effective_rank", "stable_rank", "rankme"):
        function = getattr(he.metrics, name)
        exact = float(function(low))
        assert float(function(half)) == pytest.approx(exact, abs=8 * eps * (1 + abs(exact))), name
        assert function(half).dtype == torch.float32
    assert int(he.metrics.rank(half)) == int(he.metrics.rank(low)) == 3


def test_any_length_with_normalize(draw) -> None:
    X, Y = draw(9, 4), draw(9, 4)
    for name in ("uniformity", "w2_uniformity", "wasserstein_uniformity"):
        function = getattr(he.metrics, name)
        assert float(function(3 * X, normalize=True)) == pytest.approx(float(function(X)), rel=1e-12)
        with pytest.raises(he.ArgumentError, match="X: got a row of norm 3"):
            function(3 * X)
    expected = float(he.metrics.alignment(X, Y))
    assert float(he.metrics.alignment(2 * X, Y / 3, normalize=True)) == pytest.approx(expected, rel=1e-12)


def test_inner_products_that_are_counted_are_near_to_those_that_are_sorted(draw, monkeypatch) -> None:
    from hyperenergy.metrics import similarities

    X = draw(300, 5)
    sorted_ones = float(he.metrics.wasserstein_uniformity(X))
    monkeypatch.setattr(similarities, "_SORTED", 10)
    monkeypatch.setattr(similarities, "_BLOCK", 1000)
    assert float(he.metrics.wasserstein_uniformity(X)) == pytest.approx(sorted_ones, abs=5e-7)


def test_a_triangle_goes_by_blocks(draw) -> None:
    X = draw(2, 100, 3)
    R = spectrum.triangle(X)
    assert R.shape == (2, 3, 3)
    torch.testing.assert_close(R.mT @ R, X.mT @ X, rtol=1e-12, atol=1e-12)


def test_uniformity_of_many_points_takes_little_memory() -> None:
    """16384 rows in a fresh process: within 100 MiB above the inputs; all pairs at once would be 69 GB."""
    code = """
import resource, torch, hyperenergy as he
X = he.normalize(torch.randn(16384, 128, generator=torch.Generator().manual_seed(0)))
he.metrics.uniformity(X[:2000])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
value = float(he.metrics.uniformity(X))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, value)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    mebibytes, value = map(float, ran.stdout.split())
    assert mebibytes < 100
    assert value == pytest.approx(math.log(he.uniform_energy(he.Gaussian(2), 128)), abs=1e-3)


def test_other_names_and_parameters() -> None:
    with pytest.raises(he.ArgumentError, match="name: got 'uniformty'; did you mean uniformity"):
        he.metrics.optimum("uniformty", points=4, dim=3)
    with pytest.raises(he.ArgumentError, match=r"parameters: got \['q'\]; those of uniformity are: t"):
        he.metrics.optimum("uniformity", points=4, dim=3, q=1)
