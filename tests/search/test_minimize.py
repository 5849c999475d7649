from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.geometry import sphere
from hyperenergy.geometry.sphere import random_points
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.search.minimum import Status
from hyperenergy.search.solvers.lbfgs import LBFGS
from hyperenergy.search.solvers.rules import LONGEST_STEP
from tests.cases import COMPILED
from tests.zoo import HARMONIC_OTHER, THOMSON


@pytest.mark.parametrize("points", [2, 3, 5, 7, 12, 24, 32])
def test_thomson(points: int) -> None:
    best = he.minimize(he.Energy(he.Riesz(1)), points, 3, restarts=16)
    assert best.value == pytest.approx(THOMSON[points], abs=1e-9)
    # No energy below the best known one: the table has nine digits.
    assert best.value > THOMSON[points] - 1e-9
    assert best.status is Status.CONVERGED and best.gradient_norm <= 1e-12
    assert best.points.shape == (points, 3) and best.points.dtype == torch.float64
    assert (best.points.norm(dim=-1) - 1).abs().max() < 1e-15
    assert float(he.energy(best.points, he.Riesz(1))) == pytest.approx(best.value, rel=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("points", sorted(THOMSON))
def test_thomson_all(points: int) -> None:
    best = he.minimize(he.Energy(he.Riesz(1)), points, 3, restarts=32)
    assert best.value == pytest.approx(THOMSON[points], abs=1e-9)


@pytest.mark.parametrize("key", HARMONIC_OTHER, ids=str)
def test_harmonic(key: tuple[int, int]) -> None:
    dim, points = key
    best = he.minimize(he.Energy(he.Riesz(dim - 2)), points, dim, restarts=16)
    assert best.value == pytest.approx(HARMONIC_OTHER[key], abs=1e-9)


def test_same_seed_same_result() -> None:
    a, b, c = (he.minimize(he.DHEL(0.3), 6, 3, restarts=4, seed=seed) for seed in (5, 5, 6))
    assert a.value == b.value and torch.equal(a.rows, b.rows) and a.minima[0].count == b.minima[0].count
    assert not torch.equal(a.rows, c.rows)


def test_global_random_state_is_neither_read_nor_changed() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = he.minimize(he.DHEL(0.3), 5, 3, restarts=2, seed=0)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(he.minimize(he.DHEL(0.3), 5, 3, restarts=2, seed=0).rows, first.rows)


def test_generators_and_starts_are_taken() -> None:
    generator = torch.Generator().manual_seed(3)
    start = random_points(2, 12, 3, generator=generator)
    best = he.minimize(he.Energy(he.Riesz(1)), 12, 3, start=start)
    assert best.restarts == 2 and best.value == pytest.approx(THOMSON[12], abs=1e-9)
    # Given starts go straight down; drawn ones, several ways.
    drawn = {
        path: he.minimize(he.Energy(he.Riesz(1)), 12, 3, restarts=2, path=path, seed=torch.Generator().manual_seed(3))
        for path in ("direct", "auto")
    }
    assert torch.equal(best.rows, drawn["direct"].rows) and not torch.equal(best.rows, drawn["auto"].rows)


def test_hits_and_minima_count_the_starts() -> None:
    """16 points have two Thomson minima, 92.911655 and 92.920354 (Erber and Hockney 1991)."""
    best = he.minimize(he.Energy(he.Riesz(1)), 16, 3, restarts=64)
    assert best.hits == best.minima[0].count < 64
    assert sum(m.count for m in best.minima) == best.restarts == 64
    assert [m.value for m in best.minima[:2]] == pytest.approx([92.911655302, 92.920353962], abs=1e-8)
    for minimum in best.minima:
        assert float(he.energy(minimum.rows, he.Riesz(1))) == pytest.approx(minimum.value, rel=1e-14)


@pytest.mark.parametrize("tau", [0.05, 0.1])
@pytest.mark.parametrize("loss", [he.InfoNCE, he.NTXent])
def test_stopping_is_free_of_scale(loss: type[he.PairLoss], tau: float) -> None:
    """A loss of 4e-18 is minimized to full relative accuracy, although all its gradients are tiny."""
    best = he.minimize(loss(tau), 2, 3, restarts=8)  # type: ignore[call-arg, arg-type]
    negatives = 2 if loss is he.NTXent else 1
    assert best.value == pytest.approx(math.log1p(negatives * math.exp(-2 / tau)), rel=1e-12)
    assert best.hits == 8


def test_stationarity_is_measured_where_the_forces_cancel() -> None:
    """Two-view DHEL at a hexagon and small tau: alignment and energy cancel, and the ambient gradient nearly vanishes."""
    best = he.minimize(he.DHEL(0.05, two_view=True), 6, 2, restarts=16)
    assert best.status is Status.CONVERGED
    hexagon = he.codes.polygon(6).points
    _, gradient, scale = best.objective.value_and_gradient(torch.cat([hexagon, hexagon])[None])
    assert float(gradient.norm()) <= 1e-12 * float(scale)


def test_scaling_the_objective_changes_nothing() -> None:
    """The path of the solver does not depend on the unit of the energy, up to round-off."""
    ordered = he.minimize(he.Energy(he.Riesz(1), "ordered"), 10, 3, restarts=4)
    mean = he.minimize(he.Energy(he.Riesz(1), "mean"), 10, 3, restarts=4)
    assert ordered.value / 90 == pytest.approx(mean.value, rel=1e-14)
    assert ordered.iterations == mean.iterations


@pytest.mark.parametrize(
    "loss",
    [
        he.KCL(he.Laplace(1)),
        he.KCL(he.Riesz(-1)),
        he.KCL(he.Riesz("-1/2")),
        he.KCL(he.Laplace(1), two_view=True),
        he.KCL(he.Gaussian(2), alignment_kernel=he.Riesz("-3/4"), gamma=1.0),
        he.AlignUniform(alpha=1.0, t=1.0),
    ],
    ids=lambda loss: loss.label,
)
def test_cusps_are_reached_exactly(loss: he.PairLoss) -> None:
    best = he.minimize(loss, 4, 3, restarts=8)
    prediction = he.predict(loss, 4, 3)
    assert prediction is not None
    assert best.value == pytest.approx(prediction.value, rel=1e-13, abs=1e-13)
    assert torch.equal(best.anchors, best.positives)


def test_least_subgradient_lets_pairs_part_where_that_pays() -> None:
    """A weak cusp against a strong force: for u = v the subgradient of least norm is what is left of the force."""
    objective = BatchLoss(he.AlignUniform(alpha=1.0, t=1.0, weight=20.0))
    e = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
    z = torch.cat([e, e])[None]
    _, gradient, _ = objective.value_and_gradient(z)
    gu, gv = objective.views(gradient)
    assert torch.allclose(gu, gv)  # the force is the same on both: nothing parts them
    one_sided = BatchLoss(he.KCL(he.Laplace(0.01), gamma=50.0))
    _, gradient, _ = one_sided.value_and_gradient(z)
    gu, gv = one_sided.views(gradient)
    # The energy pulls the anchor alone with more than the slope 0.01/2 of the cusp can hold.
    assert float((gu - gv).norm(dim=-1).max()) > 0.01


def test_smooth_gradient_is_the_derivative_along_geodesics(draw) -> None:
    objective = BatchLoss(he.SimCLR(0.3))
    z, v = draw(1, 8, 3), draw(1, 8, 3)
    v = sphere.project(z, v)
    _, gradient, scale = objective.value_and_gradient(z)
    h = 1e-5
    plus, minus = (objective.value(sphere.retract(z, s * h * v)) for s in (1, -1))
    assert float((plus - minus) / (2 * h)) == pytest.approx(float((gradient * v).sum()), rel=1e-8)
    assert float(scale) >= float(gradient.norm())


def test_rate_of_convergence() -> None:
    """At a nondegenerate minimum the method is R-linear: each ten steps gain at least two digits, down to round-off."""
    solver = LBFGS(he.Energy(he.Riesz(1)))
    state = solver.init(random_points(1, 12, 3, generator=torch.Generator().manual_seed(0)))
    norms = []
    while not bool(solver.done(state)):
        state = solver.step(state)
        norms.append(float(solver.gradient_norm(state)))
    gains = [math.log10(norms[k] / norms[k + 10]) for k in (-31, -21, -11)]
    assert np.min(gains) > 2


def test_on_the_sphere_of_two_points_everything_is_tried() -> None:
    best = he.minimize(he.InfoNCE(0.5), 3, 1, restarts=1)
    brute = min(
        float(he.InfoNCE(0.5)(u, v))
        for signs in range(2**6)
        for u, v in [torch.tensor([[1.0 - 2 * (signs >> k & 1)] for k in range(6)], dtype=torch.float64).split(3)]
    )
    assert best.value == pytest.approx(brute, rel=1e-14) and best.restarts == 64


def test_aligned_and_fixed_anchor_objectives(draw) -> None:
    U = draw(5, 3)
    best = he.minimize(he.FixedAnchors(he.DHEL(0.2), U), 5, 3, restarts=4)
    torch.testing.assert_close(best.positives, U, rtol=0, atol=1e-8)
    assert torch.equal(best.anchors, U)
    aligned = he.minimize(he.Aligned(he.DCL(0.1)), 5, 3, restarts=8)
    free = he.minimize(he.DCL(0.1), 5, 3, restarts=8)
    assert torch.equal(aligned.anchors, aligned.positives) and free.value < aligned.value - 1e-3


def test_failure_is_a_value_or_an_error_as_asked() -> None:
    objective = he.Energy(he.Riesz(1))
    with pytest.raises(he.ConvergenceError, match=r"no start of 2 reached a local minimum.*iteration limit"):
        he.minimize(objective, 30, 3, restarts=2, max_iterations=3)
    best = he.minimize(objective, 30, 3, restarts=2, max_iterations=3, throw=False)
    assert best.status is Status.MAX_ITERATIONS and best.hits == 0 and best.minima == ()
    assert math.isfinite(best.value)


def test_the_lowest_value_is_returned_even_if_another_start_is_stationary() -> None:
    seen = []
    best = he.minimize(
        he.DHEL(0.5),
        64,
        16,
        restarts=2,
        max_iterations=300,
        throw=False,
        callback=lambda progress: seen.append(float(progress.value.min())),
    )
    assert best.value <= np.min(seen) + 1e-12


def test_underflow_is_not_called_converged() -> None:
    best = he.minimize(he.InfoNCE(1e-4), 5, 3, restarts=2, throw=False)
    assert best.status is Status.UNDERFLOW and not best.status.stationary


@pytest.mark.parametrize("loss", [he.KCL(he.Gaussian(2), gamma=0.01), he.KCL(he.Gaussian(2), gamma=1e-3)], ids=str)
def test_ill_conditioned_losses_are_minimized(loss: he.PairLoss) -> None:
    best, prediction = he.minimize(loss, 4, 3, restarts=8), he.predict(loss, 4, 3)
    assert prediction is not None and best.value == pytest.approx(prediction.value, abs=1e-11)


@pytest.mark.parametrize(
    "loss", [he.AlignUniform(alpha=1.1), he.KCL(he.Riesz("-3/2")), he.KCL(he.Riesz(-1.1))], ids=str
)
def test_kinks_in_the_second_derivative(loss: he.PairLoss) -> None:
    best, prediction = he.minimize(loss, 4, 3, restarts=8), he.predict(loss, 4, 3)
    assert prediction is not None and best.value == pytest.approx(prediction.value, rel=1e-11)
    assert torch.equal(best.anchors, best.positives)


def test_numpy_integers_and_no_booleans() -> None:
    import numpy as np

    assert len(he.minimize(he.DHEL(0.5), np.int64(4), np.int32(3), restarts=np.int64(2)).points) == 4  # type: ignore[arg-type]
    with pytest.raises(he.ArgumentError, match="restarts: got True"):
        he.minimize(he.DHEL(0.5), 4, 3, restarts=True)


def test_tiny_energies_are_compared_relatively() -> None:
    """Gaussian(40): two local minima of 1e-24 and 1e-26, which no absolute tolerance tells apart."""
    best = he.minimize(he.Energy(he.Gaussian(40)), 16, 5, restarts=16, seed=5, throw=False)
    assert best.minima[0].value * 2 < best.minima[-1].value or len(best.minima) == 1


def test_coincident_starts_are_not_called_converged() -> None:
    start = torch.zeros(1, 4, 3, dtype=torch.float64)
    start[..., 0] = 1
    with pytest.raises(he.ArgumentError, match="start: got coincident points; must be distinct under Riesz"):
        he.minimize(he.Energy(he.Riesz(1)), 4, 3, start=start)
    with pytest.raises(he.ConvergenceError, match="value or gradient is not finite"):
        he.minimize(he.KCL(he.Riesz(1), alignment_kernel=he.Gaussian(1)), 2, 3, start=start)


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=COMPILED)])
def test_callback_sees_the_search(compiled: bool) -> None:
    """Without compiled code every iteration, and else all of them at first; what it sees is what is there."""
    seen: list[he.Progress] = []
    loss, start = he.DHEL(0.5), random_points(3, 8, 3, generator=torch.Generator().manual_seed(0))
    best = he.minimize(loss, 4, 3, start=start, callback=seen.append, compiled=compiled)
    # All three end at one minimum, so that Newton's method finishes one of them.
    *on_the_way, end = seen
    assert end.finishing and not any(progress.finishing for progress in on_the_way)
    assert len(best.minima) == len(end.z) == 1 and float((end.z[0] - best.rows).norm(dim=-1).max()) < 1e-5
    iterations = [progress.iteration for progress in on_the_way]
    assert iterations[:6] == [*range(6)] and float(end.value.min()) <= float(seen[0].value.min())
    assert compiled or iterations == [*range(best.iterations + 1)]
    assert torch.equal(seen[0].z, start) and seen[0].starts.tolist() == [0, 1, 2]
    for progress in seen[:: len(seen) // 4]:
        value, gradient, scale = progress.objective.value_and_gradient(progress.z)
        torch.testing.assert_close(progress.value, value, rtol=1e-13, atol=0)
        torch.testing.assert_close(
            progress.gradient_norm, gradient.square().sum((1, 2)).sqrt() / scale, rtol=1e-9, atol=1e-13
        )


def leaps(points: int, **options: Any) -> tuple[int, set[int], list[he.Objective]]:
    """How often a start is seen further from where it was than a step leads; the numbers and the objectives seen."""
    last: dict[int, torch.Tensor] = {}
    found, objectives = 0, []

    def see(progress: he.Progress) -> None:
        nonlocal found
        objectives.append(progress.objective)
        for number, z in zip(progress.starts.tolist(), progress.z, strict=True):
            found += number in last and float((z - last[number]).norm(dim=-1).max()) > LONGEST_STEP
            last[number] = z

    he.minimize(he.Energy(he.Riesz(1)), points, 3, restarts=7, callback=see, **options)
    return found, set(last), objectives


def test_callback_knows_each_start_through_batches_and_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the numbers mixed up, a start would seem to leap; as it does where it hops (the control)."""
    target, easier = he.Energy(he.Riesz(1)), he.Energy(he.Gaussian(1))
    with monkeypatch.context() as small:
        small.setattr(sys.modules["hyperenergy.search.multistart"], "_BATCH", 2 * target.temporaries(11, 3))
        found, numbers, objectives = leaps(11, path=[easier])
    assert found == 0 and numbers == {*range(7)}
    assert objectives[0] is easier and {o.label for o in objectives} == {easier.label, target.label}
    assert leaps(16, hops=3)[0] > 0


def test_what_a_callback_raises_ends_the_search() -> None:
    def stop(progress: he.Progress) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        he.minimize(he.DHEL(0.5), 4, 3, restarts=3, callback=stop)


GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device, and there is none here")


@GPU
@pytest.mark.parametrize(
    "objective", [he.Energy(he.Riesz(1)), he.DHEL(0.3), he.KCL(he.Laplace(1))], ids=lambda o: o.label
)
def test_gpu_finds_what_the_cpu_finds(objective) -> None:
    cpu = he.minimize(objective, 12, 3, restarts=16, device="cpu")
    gpu = he.minimize(objective, 12, 3, restarts=16, device="cuda")
    assert gpu.value == pytest.approx(cpu.value, rel=1e-11)
    assert gpu.rows.device.type == "cpu"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: he.minimize(he.DHEL(0.5), 1, 3), "points: got 1; must be an integer in 2.."),
        (lambda: he.minimize(he.DHEL(0.5), 4, 0), "dim: got 0; must be an integer in 1.."),
        (lambda: he.minimize(he.DHEL(0.5), 4, 3, restarts=0), "restarts: got 0; must be an integer in 1.."),
        (lambda: he.minimize(he.DHEL(0.5), 4, 3, tolerance=0), "tolerance: got 0"),
        (lambda: he.minimize(he.DHEL(0.5), 4, 3, device="cuda:7"), "device: got 'cuda:7'; not available here"),
        (lambda: he.minimize(he.Gaussian(1), 4, 3), r"objective: got Gaussian\(t=1\); a kernel has no pair convention"),
        (lambda: he.minimize(he.DHEL(0.5), 4, 3, seed=None), "seed: got None; must be an integer in 0"),  # type: ignore[arg-type]
        (lambda: he.minimize(he.DHEL(0.5), 4, 3, device=None), "device: got 'None'; not available"),  # type: ignore[arg-type]
        (lambda: he.minimize(he.DHEL(0.5), 4, 3, start=torch.zeros(0, 8, 3).double()), r"start: got shape \(0, 8, 3\)"),
        (lambda: he.minimize(he.DHEL(0.5), 9, 1), r"dim: got 1; S\^0 is searched exhaustively"),
        (
            lambda: he.minimize(he.Energy(he.Riesz(-1)), 2, 2, start=torch.tensor([[[1.0, 0], [1, 0]]]).double()),
            "start: got coincident points",
        ),
        (lambda: he.Aligned(he.Energy(he.Riesz(1))), r"loss: got .*must be a loss"),  # type: ignore[arg-type]
        (lambda: he.energy(torch.eye(3).double(), "gaussian"), "kernel: got 'gaussian'"),  # type: ignore[arg-type]
        (lambda: he.minimize("dhel", 4, 3), "objective: got 'dhel'; must be a loss"),
        (
            lambda: he.minimize(he.DHEL(0.5), 4, 3, start=torch.eye(3).double()[None]),
            r"start: got shape \(1, 3, 3\); must be \(starts, 8, 3\)",
        ),
        (
            lambda: he.minimize(he.FixedAnchors(he.DHEL(0.5), torch.eye(3).double()), 4, 3),
            r"anchors: got shape \(3, 3\); must be \(4, 3\)",
        ),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        call()


@pytest.mark.parametrize(
    ("objective", "points"),
    [(he.SpectralContrastive(), 6), (he.Energy(he.Polynomial(2)), 9), (he.Energy(he.Riesz(-2)), 6)],
)
def test_of_minima_of_one_value_the_one_that_is_shown_comes_first(objective: object, points: int) -> None:
    """Many configurations attain the least value."""
    best = he.minimize(objective, points, 3, restarts=16)
    assert len(best.minima) > 1 and best.minima[1].value == pytest.approx(best.value, rel=1e-9, abs=1e-9)
    gram = [(z @ z.T).exp().mean(-1).sort().values for z in (best.rows, best.minima[0].rows, best.minima[1].rows)]
    assert float((gram[0] - gram[1]).abs().max()) < 1e-4 < float((gram[0] - gram[2]).abs().max())
