"""B17: closed forms for the family, kernel losses with and without replacement, partitions; where it is silent."""

from __future__ import annotations

import dataclasses
import itertools
import math

import pytest
import torch

import hyperenergy as he
from hyperenergy.theorems.designs import projective_plane

SIMCLR = [he.SimCLR, he.NTXent]


def all_subsets(loss: he.PairLoss, batch: int) -> he.Expected:
    return he.Expected(loss, batch, replace=False)


def closed(loss: he.PairLoss, B: int, N: int, tau: float) -> float:
    """The formulas of the statement."""
    q = -N / ((N - 1) * tau)
    if type(loss) in SIMCLR:
        return math.log1p(2 * (B - 1) * math.exp(q))
    if isinstance(loss, he.DHEL) and loss.two_view:
        return 2 * math.log(B - 1) - (N + 1) / ((N - 1) * tau)
    return math.log((2 if isinstance(loss, he.DCL) and loss.within_view else 1) * (B - 1)) + q


FAMILY = [
    lambda tau: he.SimCLR(tau),
    lambda tau: he.NTXent(tau),
    lambda tau: he.DCL(tau),
    lambda tau: he.DCL(tau, symmetric=True),
    lambda tau: he.DCL(tau, within_view=False),
    lambda tau: he.DHEL(tau),
    lambda tau: he.DHEL(tau, two_view=True),
]


@pytest.mark.parametrize("make", FAMILY)
@pytest.mark.parametrize(("B", "N", "dim"), [(2, 3, 2), (2, 4, 3), (3, 5, 4), (4, 5, 6)])
def test_all_subsets(make, B: int, N: int, dim: int) -> None:
    tau = 0.5
    objective = all_subsets(make(tau), B)
    prediction = he.predict(objective, N, dim)
    assert prediction is not None and prediction.theorem == "B17"
    assert prediction.value == pytest.approx(closed(objective.loss, B, N, tau), rel=1e-14, abs=1e-15)
    assert prediction.unique is (type(objective.loss) in SIMCLR or B > 2 or N == 3)
    best = he.minimize(objective, N, dim, restarts=3)
    assert best.value == pytest.approx(prediction.value, rel=1e-11, abs=1e-11)
    assert he.compare(best, prediction).outcome is he.Outcome.CONSISTENT
    wrong = dataclasses.replace(prediction, value=prediction.value + 1e-8)
    assert he.compare(best, wrong).outcome is he.Outcome.REFUTED


def test_pairs_of_four_points_ask_for_centered_sets_alone() -> None:
    """Two antipodal pairs at right angles, in a plane: as good as the simplex for DHEL and DCL, and not for SimCLR."""
    square = torch.tensor([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], dtype=torch.float64)
    for loss, as_good in ((he.DHEL(0.5), True), (he.DCL(0.5), True), (he.SimCLR(0.5), False)):
        excess = float(all_subsets(loss, 2)(square, square)) - he.predict(all_subsets(loss, 2), 4, 3).value  # type: ignore[union-attr]
        assert abs(excess) < 1e-14 if as_good else excess > 1e-3


@pytest.mark.parametrize("two_view", [False, True])
@pytest.mark.parametrize(("N", "dim"), [(4, 3), (6, 3), (7, 2), (12, 3)])
def test_kernel_losses(N: int, dim: int, two_view: bool) -> None:
    """With e_N from the sum over pairs of the code, -K_A(0) + gamma e_N and -K_A(0) + gamma [(1-1/N) e_N + K_U(0)/N]."""
    kernel = he.Gaussian(2)
    loss = he.KCL(kernel, gamma=3.0, two_view=two_view)
    whole = he.predict(loss, N, dim)
    assert whole is not None
    energy = float(he.energy(whole.anchors, kernel, "mean"))
    views = 2 if two_view else 1
    for replace, mean in ((False, energy), (True, (1 - 1 / N) * energy + 1 / N)):
        objective = he.Expected(loss, 3, replace=replace)
        prediction = he.predict(objective, N, dim)
        assert prediction is not None and prediction.theorem == "B17" and prediction.unique
        assert prediction.value == pytest.approx(views * (3 * mean - 1), rel=1e-12)
        attained = objective(prediction.anchors, prediction.positives)
        assert float(attained) == pytest.approx(prediction.value, rel=1e-12)
        if N <= 6:
            # Views that are paired wrongly are a local minimum of the two-view form.
            best = he.minimize(objective, N, dim, restarts=16)
            assert he.compare(best, prediction).outcome is he.Outcome.CONSISTENT
            assert best.value == pytest.approx(prediction.value, rel=1e-11)


def test_kernel_losses_over_a_design_and_at_any_batch() -> None:
    loss = he.KCL(he.Laplace(1), gamma=2.0)
    whole = he.predict(loss, 7, 6)
    assert whole is not None
    subjects = [he.Expected(loss, 3, batches=projective_plane(2))]
    subjects += [he.Expected(loss, B, replace=False) for B in (2, 5, 7)]
    for objective in subjects:
        prediction = he.predict(objective, 7, 6)
        assert prediction is not None and prediction.value == pytest.approx(whole.value, rel=1e-14)
    drawn = {B: he.predict(he.Expected(loss, B), 7, 6) for B in (2, 3, 50)}
    assert len({p.value for p in drawn.values() if p is not None}) == 1
    equal = he.Expected(loss, 3, weights=torch.full((7,), 1 / 7))
    assert he.predict(equal, 7, 6).value == drawn[2].value  # type: ignore[union-attr]
    singular = he.Expected(he.KCL(he.Riesz(1), alignment_kernel=he.Gaussian(1)), 3, replace=False)
    assert he.predict(singular, 12, 3) is not None


@pytest.mark.parametrize("options", [{"partition": True}, {"partition": [(0, 3, 4), (1, 2, 5)]}])
@pytest.mark.parametrize("make", FAMILY)
def test_partitions(make, options: dict) -> None:
    objective = he.Expected(make(0.5), 3, **options)
    prediction = he.predict(objective, 6, 2)
    assert prediction is not None and prediction.theorem == "B17" and not prediction.unique
    assert prediction.value == pytest.approx(closed(objective.loss, 3, 3, 0.5), rel=1e-14, abs=1e-15)
    assert float(objective(prediction.anchors, prediction.positives)) == pytest.approx(prediction.value, rel=1e-13)
    listed = he.Expected(make(0.5), 3, batches=objective.parts(6))
    assert he.predict(listed, 6, 2).value == prediction.value  # type: ignore[union-attr]


def test_partitions_into_unequal_parts_and_of_kernel_losses() -> None:
    loss = he.DHEL(0.5)
    prediction = he.predict(he.Expected(loss, 2, partition=[(0, 1), (2, 3, 4)]), 5, 2)
    assert prediction is not None
    assert prediction.value == pytest.approx((closed(loss, 2, 2, 0.5) + closed(loss, 3, 3, 0.5)) / 2, rel=1e-14)
    kcl = he.KCL(he.Gaussian(2))
    octahedra = he.predict(he.Expected(kcl, 6, partition=True), 12, 3)
    assert octahedra is not None and octahedra.value == pytest.approx(he.predict(kcl, 6, 3).value, rel=1e-14)  # type: ignore[union-attr]
    info = he.predict(he.Expected(he.InfoNCE(0.5), 3, batches=[(0, 1, 2), (3, 4, 5)]), 6, 2)
    assert info is not None and info.value == he.predict(he.Expected(he.InfoNCE(0.5), 3, partition=True), 6, 2).value  # type: ignore[union-attr]


def test_values_beyond_float64_are_said_in_logarithms() -> None:
    for objective, points, log in (
        (all_subsets(he.SimCLR(1e-4), 2), 3, math.log(2) - 1.5e4),
        (he.Expected(he.SimCLR(1e-4), 3, partition=[(0, 1), (2, 3, 4)]), 5, math.log(4) - 1.5e4 - math.log(2)),
    ):
        assert he.predict(objective, points, 2) is None
        said = he.theorems.unpredicted(objective, points, 2)
        assert "B17 gives leaves the range of float64" in said
        assert float(said.rpartition(" ")[2]) == pytest.approx(log, rel=1e-13)


class SubDHEL(he.DHEL):
    pass


def test_where_it_is_silent() -> None:
    b17 = he.theorems.get("B17")
    silent = [
        (he.Expected(he.DHEL(0.5), 3), 4, 3),  # iid: open (E4)
        (all_subsets(he.DHEL(0.5), 3), 6, 4),  # N > d+1
        (he.Expected(he.DHEL(0.5), 2, replace=False, enumerate=1, samples=16), 4, 3),  # sampled
        (all_subsets(he.InfoNCE(0.5), 3), 5, 4),  # B8's
        (he.Expected(he.InfoNCE(0.5), 3, partition=True), 6, 4),
        (all_subsets(SubDHEL(0.5), 3), 4, 3),
        (all_subsets(he.KCL(he.Gaussian(2)), 3), 5, 3),  # no theorem for five points
        (all_subsets(he.KCL(he.Riesz(-3)), 3), 4, 3),  # F1
        (he.Expected(he.KCL(he.Gaussian(2)), 3, weights=[0.1, 0.2, 0.3, 0.4]), 4, 3),  # type: ignore[arg-type]
        (he.Expected(he.KCL(he.Gaussian(2)), 3, batches=projective_plane(2)[:-1]), 7, 6),  # no design
        (he.Expected(he.AlignUniform(), 3, replace=False), 4, 3),  # the logarithm is of the batch
        (he.Expected(he.DHEL(0.5), 4, partition=True), 8, 2),
    ]
    for objective, points, dim in silent:
        assert b17.predict(objective, points, dim) is None, objective.label


def test_iid_draws_of_other_losses_are_lower_elsewhere() -> None:
    """The negative control: with replacement the value of the simplex is not that formula."""
    X = he.codes.simplex(4).points
    drawn = float(he.Expected(he.DHEL(0.5), 3)(X, X))
    assert abs(drawn - closed(he.DHEL(0.5), 3, 4, 0.5)) > 0.1


def test_subsets_by_hand() -> None:
    """The mean over all subsets of the simplex, by a loop."""
    X = he.codes.simplex(5).points
    for make in FAMILY:
        loss = make(0.3)
        values = [float(loss(X[list(s)], X[list(s)])) for s in itertools.combinations(range(5), 3)]
        assert sum(values) / len(values) == pytest.approx(closed(loss, 3, 5, 0.3), rel=1e-13)
