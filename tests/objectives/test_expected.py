"""Expected losses over batches: enumeration against brute force, estimates against enumeration, and their minima."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points
from hyperenergy.objectives.expected import Expected

LOSSES = [
    he.InfoNCE(0.5),
    he.NTXent(0.5),
    he.DCL(0.5, within_view=False),
    he.DHEL(0.3),
    he.KCL(he.Gaussian(2)),
    he.SigLIP(5.0, -2.0),
    he.AlignUniform(),
]


def label(x: object) -> str:
    return getattr(x, "label", str(x))


@pytest.fixture
def pairs(draw) -> tuple[torch.Tensor, torch.Tensor]:
    return draw(4, 3), draw(4, 3)


@pytest.mark.parametrize("loss", LOSSES, ids=label)
def test_iid_draws_against_all_sequences(loss, pairs) -> None:
    """The naive loop: every sequence of three out of four pairs, 64 of them; with weights, too."""
    U, V = pairs
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    total = weighted = 0.0
    for index in itertools.product(range(4), repeat=3):
        value = float(loss(U[list(index)], V[list(index)]))
        total += value / 64
        weighted += value * math.prod(float(weights[i]) for i in index)
    assert float(Expected(loss, 3)(U, V)) == pytest.approx(total, rel=1e-13)
    assert float(Expected(loss, 3, weights=weights)(U, V)) == pytest.approx(weighted, rel=1e-13)
    assert float(Expected(loss, 3, weights=torch.full((4,), 0.25))(U, V)) == pytest.approx(total, rel=1e-13)


@pytest.mark.parametrize("loss", LOSSES, ids=label)
def test_subsets_and_partitions_against_loops(loss, pairs) -> None:
    U, V = pairs
    subsets = list(itertools.combinations(range(4), 3))
    mean = sum(float(loss(U[list(s)], V[list(s)])) for s in subsets) / len(subsets)
    assert float(Expected(loss, 3, replace=False)(U, V)) == pytest.approx(mean, rel=1e-13)
    blocks = (float(loss(U[:2], V[:2])) + float(loss(U[2:], V[2:]))) / 2
    assert float(Expected(loss, 2, partition=True)(U, V)) == pytest.approx(blocks, rel=1e-13)
    assert Expected(loss, 2, partition=True).estimate(U, V).batches == 2
    crossed = (float(loss(U[[0, 3]], V[[0, 3]])) + float(loss(U[[1, 2]], V[[1, 2]]))) / 2
    assert float(Expected(loss, 2, partition=[(0, 3), (1, 2)])(U, V)) == pytest.approx(crossed, rel=1e-13)


def test_batch_dimensions_and_gradients(draw) -> None:
    U, V = draw(2, 4, 3), draw(2, 4, 3)
    objective = Expected(he.DHEL(0.5), 3)
    together = objective(U, V)
    assert together.shape == (2,)
    assert float(together[1]) == pytest.approx(float(objective(U[1], V[1])), rel=1e-14)
    free = (U.requires_grad_(True), V.requires_grad_(True))
    assert torch.autograd.gradcheck(objective._value, free)
    sampled = Expected(he.DHEL(0.5), 3, enumerate=1, samples=50)
    assert torch.autograd.gradcheck(sampled._value, free)


@pytest.mark.parametrize("kernel", [he.Gaussian(2), he.Laplace(1), he.InverseMultiquadric(1), he.Riesz(-1)], ids=label)
def test_kcl_does_not_depend_on_the_batch(kernel: he.Kernel, draw) -> None:
    """E3: values relative 1e-14 for all M in 2..64, every batch enumerated; DHEL is the negative control."""
    U, V = draw(3, 5), draw(3, 5)
    values = [float(Expected(he.KCL(kernel), M)(U, V)) for M in range(2, 65)]
    assert np.ptp(values) <= 1e-14 * abs(values[0])
    dhel = [float(Expected(he.DHEL(0.5), M)(U, V)) for M in (2, 3, 4)]
    assert np.ptp(dhel) > 0.1


def test_the_variance_of_kcl_falls_with_the_batch(draw) -> None:
    """The value stays, the spread over batches falls like 1/M."""
    U, V = draw(12, 3), draw(12, 3)
    loss = he.KCL(he.Gaussian(2), gamma=1.0)
    spreads = []
    for M in (64, 128, 256):
        index = torch.randint(12, (1000, M), generator=torch.Generator().manual_seed(M))
        spreads.append(float(loss(U[index], V[index]).var()) * M)
    # The second-order part, of the order 1/M^2, and the error of a variance from 1000 batches, 5 %.
    assert np.max(spreads) < 1.4 * np.min(spreads)


@pytest.mark.parametrize("loss", [he.InfoNCE(0.5), he.SimCLR(0.5), he.DHEL(0.5), he.DCL(0.5)], ids=label)
@pytest.mark.parametrize("replace", [True, False])
def test_estimates_against_enumeration(loss, replace: bool, draw) -> None:
    """Within five standard errors, and the control variate makes these smaller."""
    U, V = draw(9, 3), draw(9, 3)
    exact = Expected(loss, 4, replace=replace).estimate(U, V)
    assert exact.exact and exact.standard_error == 0
    rough = Expected(loss, 4, replace=replace, enumerate=1, samples=4000)
    found = rough.estimate(U, V)
    assert not found.exact and abs(found.value - exact.value) < 5 * found.standard_error
    index, _ = rough._batches(9)
    plain = float(loss(U[index], V[index]).std()) / 4000**0.5
    assert found.standard_error < 0.6 * plain
    assert rough.estimate(U, V).value == pytest.approx(found.value, rel=1e-12)  # common random numbers
    other = Expected(loss, 4, replace=replace, enumerate=1, samples=4000, seed=1).estimate(U, V)
    assert abs(other.value - found.value) > 1e-9


@pytest.mark.parametrize("options", [{"replace": True}, {"replace": False}], ids=str)
def test_estimates_are_unbiased_where_controls_do_not_vary(options: dict, draw) -> None:
    """Aligned pairs have s_i = 1, and at small tau the mean over negatives underflows: neither may disturb the estimate."""
    X = draw(30, 3)
    for loss in (he.SigLIP(5.0, -2.0), he.DHEL(0.005), he.AlignUniform()):
        rough = Expected(loss, 2, enumerate=1, samples=2000, **options).estimate(X, X)
        exact = Expected(loss, 2, **options).estimate(X, X)
        assert exact.exact and abs(rough.value - exact.value) < 5 * rough.standard_error


def test_an_estimate_without_spread_is_not_called_exact() -> None:
    X = he.codes.simplex(4).points
    found = Expected(he.DHEL(0.5), 3, replace=False, enumerate=1, samples=50).estimate(X, X)
    assert found.standard_error < 1e-15 and not found.exact


def test_large_batches_of_few_weighted_pairs() -> None:
    """Multinomial coefficients beyond float64: the probabilities of 1101 multisets of 1100 draws from two pairs."""
    for weights in ([0.5, 0.5], [0.9, 0.1]):
        index, probability = Expected(he.DHEL(0.5), 1100, weights=weights)._batches(2)  # type: ignore[arg-type]
        assert probability is not None and float(probability.sum()) == pytest.approx(1, rel=1e-10)
        firsts = (index == 0).sum(1).double()
        assert float(firsts @ probability) == pytest.approx(1100 * weights[0], rel=1e-10)
    X = he.codes.polygon(2).points
    assert float(Expected(he.DHEL(0.5), 2, weights=torch.tensor([0.1, 0.9]))(X, X)) < 0  # float32


def test_pairwise_losses_are_exact_at_any_batch(draw) -> None:
    """Also beyond the number of batches that are enumerated, with and without replacement."""
    X, Y = draw(300, 3), draw(300, 3)
    kernel = he.Gaussian(2)
    for replace in (True, False):
        found = Expected(he.KCL(kernel), 17, replace=replace).estimate(X, Y)
        pairs = kernel((X[:, None] - X[None]).square().sum(-1))
        energy = pairs.mean() if replace else he.energy(X, kernel, "mean")
        expected = 16 * energy - kernel((X - Y).square().sum(-1)).mean()
        assert found.exact and found.value == pytest.approx(float(expected), rel=1e-12)
    U, V = draw(20, 3), draw(20, 3)
    found = Expected(he.KCL(he.Gaussian(2)), 1000).estimate(U, V)
    assert found.exact and found.value == pytest.approx(float(Expected(he.KCL(he.Gaussian(2)), 2)(U, V)), rel=1e-14)


# ---- minima ----


def test_a_triangle_beats_the_uniform_law() -> None:
    """E4: d = 2, DHEL, M = 3, tau = 0.2, from random starts; nine points end on three."""
    best = he.minimize(Expected(he.DHEL(0.2), 3, aligned=True), 6, 2, restarts=16)
    assert best.value == pytest.approx(-2.948005819, abs=1e-8)
    uniform = he.expectation.expected_uniform(he.DHEL(0.2), 3, 2)
    assert uniform == pytest.approx(-2.8351339, abs=1e-6) and best.value < uniform - 0.1
    gram = best.points @ best.points.T
    assert set(gram.mul(2).round().flatten().tolist()) == {2.0, -1.0}


def test_a_pentagon_beats_the_uniform_law() -> None:
    best = he.minimize(Expected(he.InfoNCE(0.5), 3), 5, 2, restarts=8)
    assert best.value <= 0.4388 and best.misalignment < 1e-6
    assert he.expectation.expected_uniform(he.InfoNCE(0.5), 3, 2) == pytest.approx(0.4394, abs=5e-5)


@pytest.mark.slow
def test_expected_kernel_losses_are_minimized_to_the_end(monkeypatch) -> None:
    """Newton's method takes second derivatives of all batches at once, which go in blocks."""
    monkeypatch.setattr(
        "hyperenergy.objectives.base._AT_ONCE", 2**18
    )  # as with batches of five: a few products at once
    kernel = he.Gaussian(2)
    best = he.minimize(Expected(he.KCL(kernel), batch=4), 6, 3, restarts=2)
    assert best.gradient_norm <= 1e-12
    # The expectation of 16 kappa over two draws of six, 1/6 of them alike, less 1 for aligned pairs: at the octahedron.
    octahedron = he.codes.cross_polytope(3).points
    expected = 16 * (1 + 5 * float(he.energy(octahedron, kernel, "mean"))) / 6 - 1
    assert best.value == pytest.approx(expected, rel=1e-12)
    law = he.best_law(he.KCL(kernel), 4, 3, particles=6, restarts=2)
    assert law.value <= expected + 1e-12


@pytest.mark.parametrize(("options", "points"), [({"replace": False}, 6), ({"partition": True}, 3)])
def test_mini_batches_of_a_data_set(options: dict, points: int) -> None:
    """B8: N = 6, B = 3, d = 5."""
    objective = Expected(he.InfoNCE(0.5), 3, **options)
    best = he.minimize(objective, 6, 5, restarts=4)
    assert best.value == pytest.approx(math.log1p(2 * math.exp(-points / ((points - 1) * 0.5))), abs=1e-10)
    prediction = he.predict(objective, 6, 5)
    assert prediction is not None and prediction.theorem == "B8"
    assert he.compare(best, prediction).outcome is he.Outcome.CONSISTENT
    other = he.predict(Expected(he.InfoNCE(0.5), 2, replace=False), 6, 5)
    with pytest.raises(he.ArgumentError, match=r"prediction: got one of Expected\(.*batch=2"):
        he.compare(best, other)


def test_where_b8_is_silent() -> None:
    assert he.predict(Expected(he.InfoNCE(0.5), 3), 6, 5) is None
    other = he.predict(Expected(he.DHEL(0.5), 3, replace=False), 6, 5)
    assert other is not None and other.theorem == "B17"
    assert he.predict(Expected(he.InfoNCE(0.5), 3, replace=False), 7, 5) is None
    assert he.predict(Expected(he.InfoNCE(0.5), 4, partition=True), 8, 2) is None
    # A sampled objective has another minimum.
    assert he.predict(Expected(he.InfoNCE(0.5), 2, replace=False, enumerate=1, samples=16), 4, 3) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X: Expected(he.Gaussian(1), 3), "loss: got .*must be a loss of pairs"),  # type: ignore[arg-type]
        (lambda X: Expected(he.DHEL(0.5), 1), "batch: got 1"),
        (lambda X: Expected(he.DHEL(0.5), 5, replace=False)(X, X), "batch: got 5; must be at most 4"),
        (lambda X: Expected(he.DHEL(0.5), 3, partition=True)(X, X), "batch: got 3; must divide the 4 pairs"),
        (lambda X: Expected(he.DHEL(0.5), 2, partition=[(0, 1), (2, 2)])(X, X), "partition: got .*each of 0..3 once"),
        (lambda X: Expected(he.DHEL(0.5), 2, partition=[(0,), (1, 2, 3)])(X, X), "two or more"),
        (lambda X: Expected(he.DHEL(0.5), 2, weights=[0.5, 0.6]), r"weights: got a sum of 1.1; must sum to 1"),  # type: ignore[arg-type]
        (lambda X: Expected(he.DHEL(0.5), 2, weights=[1.5, -0.5]), "weights: got .*must be numbers >= 0"),  # type: ignore[arg-type]
        (lambda X: Expected(he.DHEL(0.5), 2, weights=[0.5, 0.5])(X, X), "weights: got 2 of them; must be 4"),  # type: ignore[arg-type]
        (lambda X: Expected(he.DHEL(0.5), 2, weights=[1.0], replace=False), "only iid draws have weights"),  # type: ignore[arg-type]
        (lambda X: Expected(he.DHEL(0.5), 2, weights="ab"), "weights: got 'ab'; must be numbers"),  # type: ignore[arg-type]
        (lambda X: Expected(he.DHEL(0.5), 2, partition=None), "partition: got None; must be True or index tuples"),  # type: ignore[arg-type]
        (lambda X: Expected(he.DHEL(0.5), 2).estimate(X[None], X[None]), "anchors: got shape .*one configuration"),
        (lambda X: Expected(he.DHEL(0.5), 2, replace="no"), "replace: got 'no'"),  # type: ignore[arg-type]
        (
            lambda X: Expected(he.KCL(he.Riesz(1), alignment_kernel=he.Gaussian(1)), 2),
            "iid draws repeat a pair, where its kernel is; use replace=False",
        ),
        (lambda X: he.minimize(Expected(he.DHEL(0.5), 5, replace=False), 4, 3), "batch: got 5"),
        (lambda X: Expected(he.DHEL(0.5), 2)(X, 2 * X), "positives"),
    ],
)
def test_bad_input(call, message: str) -> None:
    X = random_points(4, 3, generator=torch.Generator().manual_seed(0))
    with pytest.raises(he.ArgumentError, match=message):
        call(X)
