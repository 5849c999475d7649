"""Searches: paths, starts, hops, stops, and faults."""

from __future__ import annotations

import math

import pytest
import torch

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points
from hyperenergy.objectives.base import BatchLoss, Objective, relative_norm
from hyperenergy.search.minimum import Origin, Status, Stop
from hyperenergy.search.solvers import loop, trust_region
from hyperenergy.search.solvers.ends import Ends
from hyperenergy.search.solvers.lbfgs import LBFGS
from hyperenergy.search.starts import draw, jump
from tests.cases import COMPILED
from tests.zoo import THOMSON

# ---- paths, starts, hops, stops ----


def test_soft_kernels_are_reached_through_the_harmonic_one() -> None:
    """The 600-cell under Gaussian(2): reached from none of 8 starts directly, from nearly all by way of s = 2."""
    objective = he.Energy(he.Gaussian(2))
    prediction = he.predict(objective, 120, 4)
    assert prediction is not None
    by_way, straight, *_ = he.minimize(objective, 120, 4, restarts=16, throw=False).ways
    assert by_way.label == "by way of Riesz(s=2)" and straight.label == "direct"
    assert by_way.hits > straight.hits and by_way.starts == straight.starts == 4
    best = he.minimize(objective, 120, 4, restarts=4, path=[he.Energy(he.Riesz(2))])
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
    # Of those at the best value every eighth hops, too.
    above = 64 - without.hits
    assert without.hits < with_hops.hits and without.hops == 0 and 4 * 8 <= with_hops.hops <= 4 * (above + 8)
    assert with_hops.value == pytest.approx(without.value, rel=1e-14)


def test_jumps_keep_to_the_sphere_and_to_their_seed(draw) -> None:
    z = draw(3, 10, 4)
    one = torch.ones(3, dtype=torch.float64)
    a, b, c = (jump(z, 1, scale * one, torch.Generator().manual_seed(5)) for scale in (1, 1, 0.1))
    assert torch.equal(a, b) and not torch.equal(a, z)
    assert 5 * (c - z).norm() < (a - z).norm()
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

    monkeypatch.setattr(sys.modules["hyperenergy.search.multistart"], "_BATCH", 4 * 10 * 36)  # four starts at a time
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


class Unknown(he.Riesz):
    """One of which nothing is declared, not even that it is positive: it has no logarithm."""


def test_a_kernel_that_overflows_at_the_start_is_not_called_converged() -> None:
    """Two points at distance 1e-4: (1e-8)^-150 is beyond float64, but its logarithm is not."""
    a = 1e-4
    start = torch.tensor([[[1.0, 0.0], [math.cos(a), math.sin(a)], [0.0, 1.0]]], dtype=torch.float64)
    start = he.normalize(start)
    best = he.minimize(he.Energy(Unknown(300)), 3, 2, start=start, throw=False)
    assert best.status is Status.NOT_FINITE and best.minima == ()
    best = he.minimize(he.Energy(he.Riesz(300)), 3, 2, start=start)
    assert best.value == pytest.approx(3 * 3**-150, rel=1e-12)


class Hungry(he.DHEL):
    """A loss that runs out of memory with more than four starts at once."""

    def formula(self, anchors: torch.Tensor, positives: torch.Tensor) -> torch.Tensor:  # type: ignore[override]  # takes no batch
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
        ({"hops": -1}, "hops: got -1; must be an integer in 0.."),
        ({"enough_hits": 0}, "enough_hits: got 0"),
        ({"path": "sideways"}, "path: got 'sideways'; .*allowed: auto, direct"),
        ({"path": [he.DHEL(0.5)]}, "path: got .*allowed"),
        ({"path": [BatchLoss(he.DHEL(0.5))]}, "path: got DHEL.*has 10 unit vectors, not 5"),
        ({"starts": "antipodal"}, "starts: got 'antipodal'; needs an even number of points; here are 5"),
        ({"starts": "symmetric"}, "starts: got 'symmetric'; .*allowed: antipodal, random"),
    ],
)
def test_bad_input(options: dict, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        he.minimize(he.Energy(he.Riesz(1)), 5, 3, **options)


# ---- flat landscapes ----

TAUS = (0.1, 0.5)
FLAT: list[tuple[Objective, int, int]] = [
    (BatchLoss(loss), 14, 5)
    for tau in TAUS
    for loss in (he.DHEL(tau), he.InfoNCE(tau), he.DCL(tau), he.NTXent(tau), he.SigLIP(1 / tau, -2.0))
]
FLAT += [
    (BatchLoss(he.KCL(he.Gaussian(2))), 14, 5),
    (BatchLoss(he.AlignUniform()), 14, 5),
    (BatchLoss(he.SpectralContrastive()), 14, 5),
    (he.Energy(he.Riesz(1)), 30, 3),
    *((he.Supervised(he.SupCon(tau), [i // 3 for i in range(15)]), 15, 3) for tau in TAUS),
    *((he.MultiView(he.MultiViewDHEL(tau), 3), 8, 3) for tau in TAUS),
]


def coarse(objective: Objective, points: int, dim: int, starts: int = 4) -> Ends:
    z = random_points(starts, objective.rows(points), dim, generator=torch.Generator().manual_seed(0))
    return loop.run(LBFGS(objective, 1e-4), z, 2000)


@pytest.mark.parametrize("most_dense", [10**4, 0], ids=["corrected Hessian", "products alone"])
@pytest.mark.parametrize(
    ("objective", "points", "dim"),
    [pytest.param(*one, marks=() if k % 3 == 0 else pytest.mark.slow) for k, one in enumerate(FLAT)],
    ids=lambda x: getattr(x, "label", str(x)),
)
def test_second_order_methods_end_at_stationary_points(
    objective: Objective, points: int, dim: int, most_dense: int, monkeypatch
) -> None:
    monkeypatch.setattr(trust_region, "_MOST_DENSE", most_dense)
    before = coarse(objective, points, dim)
    assert float(before.gradient_norm.max()) > 1e-7
    ends = trust_region.refine(objective, before.z, 1e-12)
    value, gradient, scale = objective.value_and_gradient(ends.z)
    assert bool((relative_norm(gradient, scale) <= 1e-12).all())
    torch.testing.assert_close(ends.value, value, rtol=1e-14, atol=1e-15)
    torch.testing.assert_close(ends.gradient_norm, relative_norm(gradient, scale))
    assert bool((ends.value <= before.value + 1e-14).all()) and not bool(ends.failed.any())


@pytest.mark.parametrize(
    "loss",
    [he.DHEL(0.5), *(pytest.param(x, marks=pytest.mark.slow) for x in (he.InfoNCE(0.5), he.KCL(he.Gaussian(2))))],
    ids=lambda x: x.label,
)
def test_bent_valleys_of_fifty_pairs_in_space(loss: he.PairLoss) -> None:
    """Where 5000 steps of L-BFGS end at 1e-7, or round-off stops them."""
    objective = BatchLoss(loss)
    before = coarse(objective, 50, 3, starts=2)
    ends = trust_region.refine(objective, before.z, 1e-12)
    assert float(ends.gradient_norm.max()) <= 1e-12
    plain = loop.run(LBFGS(objective, 1e-12), before.z, ends.iterations)
    assert float(plain.gradient_norm.min()) > 1e-9  # the negative control


def test_every_start_has_its_own_radius_and_its_own_end() -> None:
    """Together as alone, up to round-off in sums."""
    objective = BatchLoss(he.DHEL(0.1))
    z = coarse(objective, 14, 5).z
    solver = trust_region.TrustRegion(objective)
    together = loop.run(solver, z, 100, housekeeping=1)
    for k in range(len(z)):
        alone = loop.run(solver, z[k : k + 1], 100, housekeeping=1)
        assert float(alone.value[0]) == pytest.approx(float(together.value[k]), rel=1e-12)
        assert float((alone.z[0] - together.z[k]).abs().max()) < 1e-6
    state = solver.init(z)
    state = solver.step(state)
    assert (
        len(set(state.products.tolist())) > 1 and state.take(torch.tensor([True, False, True, False])).z.shape[0] == 2
    )


def test_few_products_leave_a_start_where_it_has_come_to() -> None:
    objective = BatchLoss(he.DHEL(0.5))
    before = coarse(objective, 50, 3, starts=2)
    seen: list[list[int]] = []
    ends = trust_region.refine(objective, before.z, 1e-12, 3, see=lambda _, running: seen.append(running.tolist()))
    assert ends.iterations == 3 and seen == [[0, 1]] * 4
    assert bool((ends.value < before.value).all()) and float(ends.gradient_norm.min()) > 1e-12


def test_the_way_down_in_single_precision_ends_in_double() -> None:
    objective = he.Energy(he.Riesz(1))
    z = random_points(8, 12, 3, generator=torch.Generator().manual_seed(0))
    seen: list[torch.dtype] = []
    ends = loop.descend(objective, z, 1e-10, 1000, see=lambda state, _: seen.append(state.z.dtype))
    assert ends.z.dtype == ends.value.dtype == torch.float64 and {torch.float32, torch.float64} == set(seen)
    assert float(ends.gradient_norm.max()) <= 1e-10
    assert ends.value.tolist() == pytest.approx([THOMSON[12]] * 8, abs=1e-8)
    # (1e-3)^-15 is beyond float32.
    steep, tight = he.Energy(he.Riesz(15)), z.clone()
    tight[:, 1] = he.normalize(tight[:, 0] + 1e-3 * tight[:, 2])
    assert not bool(steep.value(tight.float()).isfinite().any()) and bool(steep.value(tight).isfinite().all())
    found, double = loop.descend(steep, tight, 1e-6, 200), loop.run(LBFGS(steep, 1e-6), tight, 200)
    assert torch.equal(found.z, double.z) and bool(found.value.isfinite().all())


# ---- nearly constant kernels ----


@pytest.mark.parametrize("compiled_code", [False, pytest.param(True, marks=COMPILED)])
@pytest.mark.parametrize("kernel", [he.InverseMultiquadric(1e4), he.Laplace(1e-8)], ids=lambda k: k.label)
def test_a_start_under_a_nearly_constant_kernel_is_not_stationary(kernel: he.Kernel, compiled_code: bool) -> None:
    """The gradient is 1e-8 of the value everywhere; the triangular bipyramid has the energy of the limit kernel."""
    best = he.minimize(he.Energy(kernel), 5, 3, compiled=compiled_code, throw=False)
    other = he.minimize(he.Energy(he.Riesz(-2 if isinstance(kernel, he.InverseMultiquadric) else -1)), 5, 3)
    assert best.iterations > 0
    assert isinstance(other.objective, he.Energy)
    limit = float(he.energy(best.points, other.objective.kernel))
    assert limit == pytest.approx(other.value, abs=1e-3)


@COMPILED
def test_a_search_cut_short_in_float32_returns_float64() -> None:
    best = he.minimize(he.Energy(he.Riesz(1)), 12, 3, restarts=8, max_iterations=3, compiled=True, throw=False)
    assert best.value == pytest.approx(float(he.energy(best.points, he.Riesz(1))), rel=1e-14)
