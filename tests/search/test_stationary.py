"""Losses beyond the theorems: flat landscapes, in which every start is to end at a stationary point."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.objectives.base import Aligned, BatchLoss, relative_norm
from hyperenergy.search.minimum import Status

CASES = [
    (he.DHEL(0.5), 50, 3),
    (he.InfoNCE(0.5), 50, 3),
    (he.KCL(he.Gaussian(2)), 50, 3),
    (he.DCL(0.5), 20, 3),
    (he.NTXent(0.5), 20, 3),
    (he.SimCLR(0.2), 14, 5),
    (he.KCL(he.InverseMultiquadric(0.5), two_view=True), 20, 4),
]


def ends(objective: object, points: int, dim: int, **options) -> tuple[he.Minimum, dict[int, tuple[float, float]]]:
    """The minimum, and of each start value and relative gradient norm where it was seen last."""
    last: dict[int, tuple[float, float]] = {}

    def see(progress: he.Progress) -> None:
        for number, value, norm in zip(
            progress.starts.tolist(), progress.value.tolist(), progress.gradient_norm.tolist(), strict=True
        ):
            last[number] = (value, norm)

    return he.minimize(objective, points, dim, callback=see, **options), last


def independent_norm(best: he.Minimum, rows: torch.Tensor) -> float:
    """By torch, not by the code that minimized."""
    _, gradient, scale = best.objective.value_and_gradient(rows[None])
    return float(relative_norm(gradient, scale))


@pytest.mark.parametrize(("loss", "points", "dim"), CASES, ids=lambda x: getattr(x, "label", str(x)))
def test_every_start_is_stationary(loss: he.PairLoss, points: int, dim: int) -> None:
    best, last = ends(loss, points, dim, restarts=4)
    assert len(last) == 4 and np.max([norm for _, norm in last.values()]) <= 1e-12
    assert best.status is Status.CONVERGED and sum(m.count for m in best.minima) == 4
    for minimum in best.minima:
        assert independent_norm(best, minimum.rows) <= 1e-12
        assert minimum.signature is None or minimum.signature.index == 0
    # Another seed's value, which no start of this one undercuts by more than what tells minima apart here.
    other = he.minimize(loss, points, dim, restarts=2, seed=1)
    assert best.value == pytest.approx(other.value, rel=1e-7)
    if isinstance(loss, he.DHEL | he.KCL):  # all pairs align (B3)
        assert best.misalignment < 1e-6


@pytest.mark.parametrize("loss", [he.DHEL(0.5), he.NTXent(0.2)], ids=lambda loss: loss.label)
def test_aligned_configurations_too(loss: he.PairLoss) -> None:
    best, last = ends(Aligned(loss), 20, 3, restarts=4)
    assert np.max([norm for _, norm in last.values()]) <= 1e-12
    free = he.minimize(loss, 20, 3, restarts=4)
    assert best.value == pytest.approx(free.value, rel=1e-9)


@pytest.mark.slow
def test_128_pairs_at_a_low_temperature() -> None:
    best, last = ends(he.DHEL(0.1), 128, 3, restarts=8)
    assert np.max([norm for _, norm in last.values()]) <= 1e-12 and best.status is Status.CONVERGED


def test_quasi_newton_steps_alone_creep() -> None:
    """The control: what trust regions are for.  After as many evaluations L-BFGS has not arrived."""
    from hyperenergy.geometry.sphere import random_points
    from hyperenergy.search.solvers import compiled_search

    objective = BatchLoss(he.KCL(he.Gaussian(2)))
    z = random_points(4, 100, 3, generator=torch.Generator().manual_seed(0))
    begun = compiled_search.search(objective, z, 1e-3, 5000, 5)
    refined = compiled_search.refine(objective, begun.z, 1e-12, 5000)
    alone = compiled_search.search(objective, begun.z, 1e-12, refined.evaluations // 4, 5)
    assert float(refined.gradient_norm.max()) <= 1e-12 < float(alone.gradient_norm.max())
    assert bool((refined.value <= begun.value).all())


def test_the_whole_hessian_saves_products() -> None:
    """Nearly degenerate: by conjugate gradients alone a start takes 40000 products."""
    from hyperenergy.geometry.sphere import random_points
    from hyperenergy.search.solvers import compiled_search

    objective = BatchLoss(he.DHEL(0.5))
    z = random_points(2, 100, 3, generator=torch.Generator().manual_seed(0))
    refined = compiled_search.refine(objective, compiled_search.search(objective, z, 1e-4, 5000, 6).z, 1e-12, 5000)
    assert float(refined.gradient_norm.max()) <= 1e-12
    assert refined.evaluations < 2 * 15_000


def test_trust_regions_leave_saddles() -> None:
    """From beside a saddle: a square on the equator, and its antipodal copy, of four aligned pairs."""
    from hyperenergy.search.solvers import compiled_search

    angles = torch.arange(4, dtype=torch.float64) * torch.pi / 2
    square = torch.stack([angles.cos(), angles.sin(), torch.zeros(4).double()], 1)
    noise = torch.randn(8, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    z = he.normalize(torch.cat([square, square]) + 1e-3 * noise)
    end = compiled_search.refine(BatchLoss(he.DHEL(0.5)), z[None], 1e-12, 5000)
    prediction = he.predict(he.DHEL(0.5), 4, 3)
    assert prediction is not None and float(end.value) == pytest.approx(prediction.value, abs=1e-12)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("loss", [he.InfoNCE(0.5), he.KCL(he.Gaussian(2))], ids=lambda loss: loss.label)
def test_both_codes_find_the_same(loss: he.PairLoss, compiled: bool) -> None:
    best = he.minimize(loss, 9, 3, restarts=4, compiled=compiled)
    other = he.minimize(loss, 9, 3, restarts=4, compiled=not compiled)
    assert best.value == pytest.approx(other.value, rel=1e-12) and best.hits == other.hits


@pytest.mark.parametrize(
    "objective",
    [he.Energy(he.Riesz(1)), he.DHEL(0.5), he.AlignUniform()],
    ids=["energy", "loss", "loss in torch"],
)
def test_what_was_found_is_not_lost(objective: object) -> None:
    with pytest.raises(he.ConvergenceError, match="in the exception's minimum, or by throw=False") as raised:
        he.minimize(objective, 30, 3, restarts=3, max_iterations=1)
    found = raised.value.minimum
    again = he.minimize(objective, 30, 3, restarts=3, max_iterations=1, throw=False)
    assert isinstance(found, he.Minimum) and found.value == again.value and found.minima == ()
    assert found.status is Status.MAX_ITERATIONS and found.hits == 0 and np.isfinite(found.value)
    assert float(found.objective.value(found.rows[None])) == pytest.approx(found.value, rel=1e-12)
    assert (found.points.norm(dim=-1) - 1).abs().max() < 1e-15


def test_an_exception_may_go_between_processes() -> None:
    import pickle

    with pytest.raises(he.ConvergenceError) as raised:
        he.minimize(he.Energy(he.Riesz(1)), 12, 3, restarts=2, max_iterations=1)
    sent = pickle.loads(pickle.dumps(raised.value))
    assert str(sent) == str(raised.value) and sent.minimum.value == raised.value.minimum.value
