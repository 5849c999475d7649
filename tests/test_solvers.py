"""Compiled code against torch, Newton's finish and its signatures, paths, hops, early stops, and faults."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy import compiled, sphere
from hyperenergy.minimum import Origin, Status, Stop
from hyperenergy.objectives import BatchLoss, Objective
from hyperenergy.solvers import newton
from hyperenergy.solvers.lbfgs import LBFGS
from hyperenergy.sphere import random_points
from hyperenergy.starts import draw, jump
from tests.cases import KERNELS
from tests.zoo import THOMSON

COMPILED = pytest.mark.skipif(not compiled.available(), reason="needs Numba, which is not installed")


# ---- compiled code ----


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_profile_source_is_the_formula_and_its_derivative(kernel: he.Kernel) -> None:
    """The generated lines, run as plain Python, against autograd."""
    scope = {"math": math, "T": float}
    exec(compiled.profile_source(kernel), scope)
    for r in (1e-2, 0.7, 3.9):
        x = torch.tensor(r, dtype=torch.float64, requires_grad=True)
        value = kernel(x)
        (slope,) = torch.autograd.grad(value, x)
        found = scope["profile"](r)
        assert found == pytest.approx((float(value.detach()), 2 * float(slope)), rel=1e-13)


@COMPILED
@pytest.mark.parametrize("kernel", [he.Riesz(1), he.Gaussian(2)], ids=lambda k: k.label)
def test_compiled_pair_sum_is_the_energy(kernel: he.Kernel, draw) -> None:
    x = draw(37, 4)
    value, forces = compiled.pair_sum(x, kernel)
    y = x.clone().requires_grad_(True)
    expected = he.energy(y, kernel, "ordered")
    (gradient,) = torch.autograd.grad(expected, y)
    assert value == pytest.approx(float(expected.detach()), rel=1e-13)
    torch.testing.assert_close(forces, gradient, rtol=1e-11, atol=1e-11)


@COMPILED
def test_large_energies_go_through_compiled_code(draw, monkeypatch) -> None:
    import sys

    x = draw(2, 60, 3).requires_grad_(True)
    direct = he.energy(x, he.Riesz(1))
    (expected,) = torch.autograd.grad(direct.sum(), x)
    module = sys.modules["hyperenergy.energy"]
    monkeypatch.setattr(module, "_BLOCK", 100)
    monkeypatch.setattr(module, "_COMPILED", 100)
    calls = []
    pair_sum = compiled.pair_sum
    monkeypatch.setattr(compiled, "pair_sum", lambda *a: calls.append(1) or pair_sum(*a))
    found = he.energy(x, he.Riesz(1))
    assert len(calls) == 2
    torch.testing.assert_close(found, direct, rtol=1e-13, atol=0)
    torch.testing.assert_close(torch.autograd.grad(found.sum(), x)[0], expected, rtol=1e-10, atol=1e-10)


@COMPILED
def test_compiled_search_takes_the_same_path_as_torch() -> None:
    """Value and gradient norm after each of the first 25 steps, which round-off has not yet driven apart."""
    from hyperenergy.solvers.compiled_lbfgs import search

    objective = he.Energy(he.Riesz(1))
    z = random_points(1, 20, 3, generator=torch.Generator().manual_seed(1))
    solver = LBFGS(objective)
    state = solver.init(z)
    profile = compiled.compile_profile(objective.kernel)
    for step in range(1, 26):
        state = solver.step(state)
        columns = z[0].T.contiguous().numpy().copy()
        value, norm, scale, *_ = search(profile, profile, columns, 1e-30, math.inf, step, solver.memory)
        assert value == pytest.approx(float(state.value), rel=1e-10)
        assert norm == pytest.approx(float(solver.gradient_norm(state)), rel=1e-5)
        assert scale == pytest.approx(float(state.scale), rel=1e-10)


@COMPILED
@pytest.mark.parametrize("kernel", [he.Riesz(1), he.Riesz(60), he.Gaussian(90)], ids=lambda k: k.label)
def test_float32_on_the_way_leaves_no_trace_at_the_end(kernel: he.Kernel, monkeypatch) -> None:
    """Also where float32 overflows (Riesz s = 60 at close points) or underflows (exp(-90 r) at r > 1)."""
    from hyperenergy.solvers import compiled_search

    objective = he.Energy(kernel)
    z = random_points(16, 12, 3, generator=torch.Generator().manual_seed(2))
    single = compiled_search.search(objective, z, 1e-11, 3000, 5)
    value, gradient, scale = objective.value_and_gradient(single.z)
    torch.testing.assert_close(single.value, value, rtol=1e-12, atol=0)
    reached = single.gradient_norm <= 1e-11
    torch.testing.assert_close(
        single.gradient_norm[reached], (gradient.norm(dim=(1, 2)) / scale)[reached], rtol=0, atol=1e-13
    )
    monkeypatch.setattr(compiled_search, "_ROUGH", math.inf)
    double = compiled_search.search(objective, z, 1e-11, 3000, 5)
    assert float(single.value.min()) == pytest.approx(float(double.value.min()), rel=1e-12)
    assert bool((double.gradient_norm <= 1e-11).equal(reached))


@COMPILED
@pytest.mark.parametrize("kernel", [he.Riesz(1), he.Gaussian(2)], ids=lambda k: k.label)
def test_both_codes_find_the_same_minima(kernel: he.Kernel) -> None:
    found = [he.minimize(he.Energy(kernel, "mean"), 16, 3, restarts=24, compiled=c) for c in (True, False)]
    assert found[0].value == pytest.approx(found[1].value, rel=1e-13)
    assert he.congruent(found[0].points, found[1].points).congruent
    assert [m.count for m in found[0].minima] == [m.count for m in found[1].minima]
    again = he.minimize(he.Energy(kernel, "mean"), 16, 3, restarts=24, compiled=True)
    assert torch.equal(again.rows, found[0].rows)


def test_compiled_code_is_refused_where_it_cannot_be() -> None:
    with pytest.raises(he.ArgumentError, match="compiled: got True; needs Numba, a CPU and a pair energy"):
        he.minimize(he.DHEL(0.5), 4, 3, compiled=True)


def test_without_numba_everything_works(monkeypatch) -> None:
    monkeypatch.setattr(compiled, "available", lambda: False)
    best = he.minimize(he.Energy(he.Riesz(1)), 64, 3, restarts=128, max_iterations=60, throw=False)
    assert best.value < THOMSON[64] * 1.001


# ---- Newton's method ----


@pytest.mark.parametrize(
    "objective",
    [he.Energy(he.Riesz(1)), he.Energy(he.Gaussian(2), "mean"), he.Energy(he.Riesz(-2)), he.Energy(he.Laplace(1))],
    ids=lambda o: o.label,
)
def test_energy_hessian_is_the_second_derivative(objective: he.Energy, draw) -> None:
    z = draw(6, 3)
    for found, expected in zip(
        objective.gradient_and_hessian(z), Objective.gradient_and_hessian(objective, z), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


def test_riemannian_hessian_is_the_second_derivative_along_geodesics(draw) -> None:
    """d^2/dt^2 f(exp(t v)) by central differences, at a point where the gradient does not vanish."""
    objective = BatchLoss(he.DCL(0.3))
    z = draw(8, 3)
    hessian, _, basis = newton.riemannian_hessian(objective, z)
    coordinates = torch.randn(16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    v = torch.einsum("iap,ip->ia", basis, coordinates.reshape(8, 2))
    length = v.norm(dim=-1, keepdim=True)

    def along(t: float) -> float:
        return float(objective.value((z * (t * length).cos() + v / length * (t * length).sin())[None]))

    h = 1e-4
    second = (along(h) - 2 * along(0) + along(-h)) / h**2
    assert float(coordinates @ hessian @ coordinates) == pytest.approx(second, rel=1e-5)


def test_newton_converges_quadratically() -> None:
    """Errors e, e^2, e^4 from a point 1e-2 beside the icosahedron, down to round-off."""
    objective = he.Energy(he.Riesz(1))
    noise = random_points(12, 3, generator=torch.Generator().manual_seed(0))
    z = he.normalize(he.codes.get("icosahedron").points + 1e-2 * noise)
    norms = []
    for _ in range(4):
        hessian, gradient, basis = newton.riemannian_hessian(objective, z)
        norms.append(float(gradient.norm()))
        step = -torch.linalg.pinv(hessian, rtol=1e-6) @ gradient
        z = sphere.retract(z, torch.einsum("iap,ip->ia", basis, step.reshape(12, 2)))
    assert norms[2] < 10 * norms[1] ** 2 / norms[0] and norms[3] < 1e-10
    polished, signature = newton.polish(objective, z)
    value, gradient, scale = objective.value_and_gradient(polished[None])
    assert float(gradient.norm() / scale) < 1e-15 * 10
    assert (signature.index, signature.zero_modes, signature.orbit) == (0, 3, 3)
    assert float(value) >= THOMSON[12] - 1e-9


@pytest.mark.parametrize(("points", "dim", "orbit"), [(3, 3, 3), (3, 5, 7), (12, 3, 3), (2, 4, 3)])
def test_zero_modes_are_the_rotations(points: int, dim: int, orbit: int) -> None:
    """Dimension of the orbit of r independent vectors under SO(d): d(d-1)/2 - (d-r)(d-r-1)/2, with r = N-1 here or d."""
    best = he.minimize(he.Energy(he.Riesz(1)), points, dim, restarts=4)
    signature = best.minima[0].signature
    assert signature is not None and (signature.index, signature.zero_modes, signature.orbit) == (0, orbit, orbit)


def test_a_degenerate_minimum_shows_its_other_zero_modes() -> None:
    """Four points of s = -2 need only be centered: many more zero modes than rotations."""
    signature = he.minimize(he.Energy(he.Riesz(-2)), 4, 3, restarts=4).minima[0].signature
    assert signature is not None and signature.index == 0 and signature.zero_modes > signature.orbit


def test_saddles_are_left_and_never_listed() -> None:
    """A square on the equator is a saddle of four charges in space, and a fixed point of every descent that starts there."""
    angles = torch.arange(4, dtype=torch.float64) * torch.pi / 2
    square = torch.stack([angles.cos(), angles.sin(), torch.zeros(4).double()], 1)
    objective = he.Energy(he.Riesz(1))
    assert newton.polish(objective, square)[1].index > 0
    best = he.minimize(objective, 4, 3, start=square[None])
    assert best.value == pytest.approx(THOMSON[4], abs=1e-9)
    assert all(m.signature is not None and m.signature.index == 0 for m in best.minima)


def test_rotations_beside_a_minimum_are_not_taken_for_descent() -> None:
    """At a relative gradient of 1e-7 rotations have eigenvalues of that size, of either sign, above round-off."""
    noise = random_points(120, 4, generator=torch.Generator().manual_seed(0))
    z = he.normalize(he.codes.get("600-cell").points + 1e-6 * noise)
    polished, signature = newton.polish(he.Energy(he.Gaussian(2)), z)
    assert signature is not None and (signature.index, signature.zero_modes) == (0, 6)
    assert he.congruent(polished, he.codes.get("600-cell").points).residual < 1e-12


def test_a_saddle_that_cannot_be_left_is_called_one(monkeypatch) -> None:
    import sys

    angles = torch.arange(4, dtype=torch.float64) * torch.pi / 2
    square = torch.stack([angles.cos(), angles.sin(), torch.zeros(4).double()], 1)
    monkeypatch.setattr(sys.modules["hyperenergy.landscape"], "_MOST_ESCAPES", 0)
    best = he.minimize(he.Energy(he.Riesz(1)), 4, 3, start=square[None], throw=False)
    assert best.status is Status.SADDLE and best.minima == () and best.hits == 0


@pytest.mark.parametrize("name", ["icosahedron", "clebsch", "schlaefli"])
@pytest.mark.parametrize("kernel", [he.Gaussian(1), he.Riesz(1), he.Logarithmic()], ids=lambda k: k.label)
def test_nothing_is_found_below_a_proved_optimum(name: str, kernel: he.Kernel) -> None:
    code = he.codes.get(name)
    objective = he.Energy(kernel, "mean")
    prediction = he.predict(objective, code.size, code.dim)
    assert prediction is not None and prediction.status == "theorem"
    best = he.minimize(objective, code.size, code.dim, restarts=16, hops=2)
    for minimum in best.minima:
        # Round-off of a mean of N^2 terms: a few units.
        assert minimum.value >= prediction.value - 1e-13 * max(1, abs(prediction.value))
    assert best.value == pytest.approx(prediction.value, rel=1e-13, abs=1e-14)


def test_minima_of_one_value_are_kept_apart_unless_congruent() -> None:
    """s = -2 has a continuum of minimizers; Riesz(1) at 7 points has one, which turned copies do not multiply."""
    flat = he.minimize(he.Energy(he.Riesz(-2)), 5, 3, restarts=6)
    assert len(flat.minima) > 1 and flat.hits == 6
    assert not he.congruent(flat.minima[0].rows, flat.minima[1].rows).congruent
    assert len(he.minimize(he.Energy(he.Riesz(1)), 7, 3, restarts=16).minima) == 1


# ---- paths, starts, hops, stops ----


def test_soft_kernels_are_reached_through_the_harmonic_one() -> None:
    """The 600-cell under Gaussian(2): reached from none of 8 starts directly, from nearly all by way of s = 2."""
    objective = he.Energy(he.Gaussian(2))
    prediction = he.predict(objective, 120, 4)
    assert prediction is not None
    best = he.minimize(objective, 120, 4, restarts=4)
    assert best.path == ("Energy(Riesz(s=2), pairs=unordered)",)
    assert best.value == pytest.approx(prediction.value, rel=1e-13) and best.hits >= 2
    direct = he.minimize(objective, 120, 4, restarts=4, path="direct", throw=False)
    assert direct.path == () and direct.hits < 4


def test_cold_losses_are_reached_by_hops_or_by_a_warmer_one_if_asked() -> None:
    """Not by themselves: at the heptagon the way through warmer temperatures would miss what F3 is about."""
    loss = he.DHEL(0.05, two_view=True)
    warm = [BatchLoss(he.DHEL(0.3, two_view=True))]
    direct, by_path, by_hops = (he.minimize(loss, 12, 3, restarts=32, **k) for k in ({}, {"path": warm}, {"hops": 4}))
    assert direct.path == () and direct.hits < 32
    assert by_path.path == ("DHEL(temperature=0.3, two_view=True)",) and by_path.hits == 32
    assert by_hops.hits >= 29


def test_paths_of_ones_own() -> None:
    path = [he.Energy(he.Logarithmic()), he.Energy(he.Riesz(3))]
    best = he.minimize(he.Energy(he.Gaussian(1)), 12, 3, restarts=4, path=path)
    assert best.path == tuple(stage.label for stage in path) and best.hits == 4


def test_hops_free_starts_from_local_minima() -> None:
    objective = he.Energy(he.Riesz(1))
    without, with_hops = (he.minimize(objective, 16, 3, restarts=64, hops=hops) for hops in (0, 4))
    assert without.hits < with_hops.hits and with_hops.hops == 4
    assert with_hops.value == pytest.approx(without.value, rel=1e-14)


def test_jumps_keep_to_the_sphere_and_to_their_seed(draw) -> None:
    z = draw(3, 10, 4)
    a, b = (jump(z, 1, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(a, b) and not torch.equal(a, z)
    assert (a.norm(dim=-1) - 1).abs().max() < 1e-15


def test_antipodal_starts_are_labelled() -> None:
    z = draw("antipodal", 2, 12, 3, torch.Generator().manual_seed(0))
    assert torch.equal(z[:, :6], -z[:, 6:])
    objective = he.Energy(he.Riesz(1))
    assert he.minimize(objective, 12, 3, restarts=4, starts="antipodal").origin is Origin.ANTIPODAL
    assert he.minimize(objective, 12, 3, restarts=4).origin is Origin.RANDOM
    assert he.minimize(objective, 12, 3, start=z).origin is Origin.GIVEN


def test_search_stops_at_a_bound_or_at_enough_hits_and_says_so(monkeypatch) -> None:
    import sys

    monkeypatch.setattr(sys.modules["hyperenergy.minimize"], "_BATCH", 4 * 10 * 36)  # four starts at a time
    objective = he.Energy(he.Riesz(1))
    bound = he.minimize(objective, 12, 3, restarts=32, lower_bound=49.1652530576)
    assert bound.stop is Stop.BOUND and bound.restarts == 4
    hits = he.minimize(objective, 12, 3, restarts=32, enough_hits=6)
    assert hits.stop is Stop.HITS and hits.restarts == 8
    below = he.minimize(objective, 12, 3, restarts=8, lower_bound=49.0)
    assert below.stop is Stop.EXHAUSTED and below.restarts == 8


# ---- faults ----


def test_steep_kernels_do_not_overflow() -> None:
    best = he.minimize(he.Energy(he.Riesz(200)), 12, 3, restarts=4)
    prediction = he.predict(he.Energy(he.Riesz(200)), 12, 3)
    assert prediction is not None and best.value == pytest.approx(prediction.value, rel=1e-11)


def test_a_kernel_that_overflows_at_the_start_is_not_called_converged() -> None:
    """Two points at distance 1e-4: (1e-8)^-150 is beyond float64."""
    a = 1e-4
    start = torch.tensor([[[1.0, 0.0], [math.cos(a), math.sin(a)], [0.0, 1.0]]], dtype=torch.float64)
    start = he.normalize(start)
    best = he.minimize(he.Energy(he.Riesz(300)), 3, 2, start=start, throw=False)
    assert best.status is Status.NOT_FINITE and best.minima == ()


class Hungry(he.DHEL):
    """A loss that runs out of memory with more than four starts at once."""

    def formula(self, anchors: torch.Tensor, positives: torch.Tensor) -> torch.Tensor:
        if anchors.ndim == 3 and len(anchors) > 4:
            raise torch.OutOfMemoryError("no memory")
        return super().formula(anchors, positives)


def test_out_of_memory_goes_on_with_smaller_batches_and_says_so() -> None:
    with pytest.warns(UserWarning, match="out of memory with 8 starts at once: going on with half as many"):
        best = he.minimize(Hungry(0.5), 4, 3, restarts=8)
    assert best.restarts == 8 and best.value == pytest.approx(he.minimize(he.DHEL(0.5), 4, 3).value, rel=1e-13)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hops": -1}, "hops: got -1; must be an integer >= 0"),
        ({"enough_hits": 0}, "enough_hits: got 0"),
        ({"path": "sideways"}, "path: got 'sideways'; allowed: 'auto', 'direct'"),
        ({"path": [he.DHEL(0.5)]}, "path: got .*allowed"),
        ({"path": [BatchLoss(he.DHEL(0.5))]}, "path: got DHEL.*has 10 unit vectors, not 5"),
        ({"starts": "antipodal"}, "starts: got 'antipodal'; needs an even number of points; here are 5"),
        ({"starts": "symmetric"}, "starts: got 'symmetric'; .*allowed: antipodal, random"),
    ],
)
def test_bad_input(options: dict, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        he.minimize(he.Energy(he.Riesz(1)), 5, 3, **options)


# ---- scale ----


@pytest.mark.slow
@COMPILED
def test_a_hundred_thousand_points_within_a_gibibyte() -> None:
    import subprocess
    import sys

    code = """
import resource, torch, hyperenergy as he
from hyperenergy.sphere import random_points
x = random_points(100_000, 3, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
value = he.energy(x, he.Riesz(1))
value.backward()
mean = float(value.detach()) / (100_000 * 99_999 / 2)
print(mean, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    mean, gibibytes = map(float, shown.stdout.split())
    assert gibibytes < 1
    assert mean == pytest.approx(1.0, abs=2e-3)  # the energy of the uniform law; the sampling error is 1/N of that


@pytest.mark.slow
@COMPILED
def test_energy_of_the_leech_vectors() -> None:
    from hyperenergy.codes.leech import leech

    counts = {-1.0: 1, -0.5: 4600, -0.25: 47104, 0.0: 93150, 0.25: 47104, 0.5: 4600}
    exact = 196560 / 2 * math.fsum(m * math.exp(-(2 - 2 * t)) for t, m in counts.items())
    assert float(he.energy(torch.from_numpy(leech().floats()), he.Gaussian(1))) == pytest.approx(exact, rel=1e-12)


def test_leech_vectors_are_minimal_vectors() -> None:
    from hyperenergy.codes.leech import golay, leech

    words = golay()
    weights, counts = np.unique(words.sum(1), return_counts=True)
    assert dict(zip(weights.tolist(), counts.tolist(), strict=True)) == {0: 1, 8: 759, 12: 2576, 16: 759, 24: 1}
    vectors = leech().a
    assert vectors.shape == (196560, 24) and set((vectors**2).sum(1).tolist()) == {32}
    for k in (0, 100_000, 196_000):  # one of each shape
        products, counts = np.unique(vectors @ vectors[k], return_counts=True)
        assert dict(zip(products.tolist(), counts.tolist(), strict=True)) == {
            -32: 1,
            -16: 4600,
            -8: 47104,
            0: 93150,
            8: 47104,
            16: 4600,
            32: 1,
        }


# ---- nearly constant kernels ----


@pytest.mark.parametrize("compiled_code", [False, pytest.param(True, marks=COMPILED)])
@pytest.mark.parametrize("kernel", [he.InverseMultiquadric(1e4), he.Laplace(1e-8)], ids=lambda k: k.label)
def test_a_start_under_a_nearly_constant_kernel_is_not_stationary(kernel: he.Kernel, compiled_code: bool) -> None:
    """The gradient is 1e-8 of the value everywhere; the triangular bipyramid has the energy of the limit kernel."""
    best = he.minimize(he.Energy(kernel), 5, 3, compiled=compiled_code, throw=False)
    other = he.minimize(he.Energy(he.Riesz(-2 if isinstance(kernel, he.InverseMultiquadric) else -1)), 5, 3)
    assert best.iterations > 0
    limit = float(he.energy(best.points, other.objective.kernel))
    assert limit == pytest.approx(other.value, abs=1e-3)


@COMPILED
def test_a_search_cut_short_in_float32_returns_float64() -> None:
    best = he.minimize(he.Energy(he.Riesz(1)), 12, 3, restarts=8, max_iterations=3, compiled=True, throw=False)
    assert best.value == pytest.approx(float(he.energy(best.points, he.Riesz(1))), rel=1e-14)


# ---- GPU ----

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device, and there is none here")


@GPU
def test_gpu_finds_the_thomson_minimum() -> None:
    best = he.minimize(he.Energy(he.Riesz(1)), 32, 3, restarts=2048, hops=2, device="cuda")
    assert best.value == pytest.approx(THOMSON[32], abs=1e-9) and best.hits > 1500


@GPU
def test_a_million_points_on_the_gpu() -> None:
    generator = torch.Generator(device="cuda").manual_seed(0)
    X = random_points(1_000_000, 3, generator=generator).requires_grad_(True)
    value = he.energy(X, he.Riesz(1), "mean")
    (gradient,) = torch.autograd.grad(value, X)
    assert float(value.detach()) == pytest.approx(1.0, abs=1e-3) and bool(gradient.isfinite().all())
