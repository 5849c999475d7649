from __future__ import annotations

import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points

NAMES = ["simplex-5", "cross-polytope-8", "polygon-17", "icosahedron", "24-cell", "600-cell", "e7-56", "e8-roots"]


def disguise(X: Tensor, generator: torch.Generator, size: float = 0.0) -> Tensor:
    """The points in another order, turned (perhaps reflected), each moved by up to about ``size``."""
    points, dim = X.shape
    Q = torch.linalg.qr(torch.randn(dim, dim, generator=generator, dtype=torch.float64))[0]
    Y = (X @ Q.T)[torch.randperm(points, generator=generator)]
    return he.normalize(Y + size * random_points(points, dim, generator=generator))


def configuration(name: str, generator: torch.Generator) -> Tensor:
    if name == "random":
        return random_points(100, 5, generator=generator)
    if name == "antipodal pairs":
        e = torch.eye(3, dtype=torch.float64)[:1]
        return torch.cat([e, e, -e, -e])
    return he.codes.get(name).points


@pytest.mark.parametrize("name", [*NAMES, "random", "antipodal pairs"])
def test_disguised_configurations_are_congruent_and_near_misses_are_not(name: str) -> None:
    generator = torch.Generator().manual_seed(7)
    X = configuration(name, generator)
    for size, expected in ((0.0, True), (1e-9, True), (1e-3, False), (0.1, False)):
        Y = disguise(X, generator, size)
        m = he.congruent(X, Y)
        assert m.congruent is expected, (size, m.residual)
        assert m.tolerance == 1e-6
        # The law: the map does what it says.
        torch.testing.assert_close(m.rotation @ m.rotation.T, torch.eye(X.shape[1]).double(), rtol=0, atol=1e-12)
        assert sorted(m.permutation.tolist()) == list(range(len(X)))
        distance = float((X @ m.rotation.T - Y[m.permutation]).norm(dim=-1).max())
        assert distance == pytest.approx(m.residual, abs=1e-12)
        if expected:
            assert m.residual <= 3 * size + 1e-13


def test_symmetric_near_misses_get_their_distance() -> None:
    generator = torch.Generator().manual_seed(1)
    X = he.codes.get("icosahedron").points
    assert 2e-4 < he.congruent(X, disguise(X, generator, 1e-3)).residual < 2e-3


def test_same_inner_products_and_yet_not_congruent() -> None:
    """Two sets on a circle with the same multiset of distances (a homometric pair), which sorting alone confuses."""
    n = 12

    def circle(steps: list[int]) -> Tensor:
        angles = 2 * torch.pi * torch.tensor(steps, dtype=torch.float64) / n
        return torch.stack([angles.cos(), angles.sin()], 1)

    X, Y = circle([0, 1, 4, 6]), circle([0, 1, 3, 7])
    i, j = torch.triu_indices(4, 4, 1)
    sorted_products = [((A @ A.T)[i, j]).sort().values for A in (X, Y)]
    if torch.allclose(sorted_products[0], sorted_products[1], atol=1e-12):
        assert not he.congruent(X, Y).congruent
    else:
        pytest.fail("the example is not homometric")


def test_many_points_without_symmetry() -> None:
    """Where inner products are so dense that their classes merge, the frame alone must decide."""
    generator = torch.Generator().manual_seed(4)
    X = random_points(800, 4, generator=generator)
    assert he.congruent(X, disguise(X, generator, 6e-7)).congruent


def test_many_dimensions() -> None:
    X = he.codes.simplex(300).points
    assert he.congruent(X, disguise(X, torch.Generator().manual_seed(0))).congruent


def test_different_codes_of_one_size() -> None:
    square = he.codes.polygon(4).points
    twice = torch.cat([he.codes.polygon(2).points] * 2)
    m = he.congruent(square, twice)
    assert not m.congruent and m.residual > 0.5


def test_bad_input() -> None:
    X = torch.eye(3, dtype=torch.float64)
    with pytest.raises(he.ArgumentError, match="Y: got shape"):
        he.congruent(X, X[:2])
    with pytest.raises(he.ArgumentError, match="X: got a row of norm"):
        he.congruent(2 * X, X)
    with pytest.raises(he.ArgumentError, match="tolerance: got nan"):
        he.congruent(X, X, tolerance=float("nan"))


def test_pairs_are_carried_by_one_map() -> None:
    generator = torch.Generator().manual_seed(3)
    X = he.codes.get("24-cell").points
    V = he.normalize(X + 0.2 * random_points(24, 4, generator=generator))
    Q = torch.linalg.qr(torch.randn(4, 4, generator=generator, dtype=torch.float64))[0]
    p, other = (torch.randperm(24, generator=generator) for _ in range(2))
    m = he.congruent(X, (X @ Q.T)[p], positives=(V, (V @ Q.T)[p]))
    assert m.congruent and m.outcome == "congruent" and m.residual < 1e-13
    torch.testing.assert_close(V @ m.rotation.T, (V @ Q.T)[p][m.permutation], rtol=0, atol=1e-12)
    # Anchors agree, and so do the positives by themselves, but not together.
    for W in ((V @ Q.T)[other], V[p]):
        m = he.congruent(X, (X @ Q.T)[p], positives=(V, W))
        assert not m.congruent and m.residual > 0.1
    with pytest.raises(he.ArgumentError, match=r"positives\[1\]: got shape"):
        he.congruent(X, X, positives=(V, V[:5]))


def test_a_chiral_configuration_is_its_mirror_image_by_a_reflection_alone() -> None:
    generator = torch.Generator().manual_seed(5)
    X = random_points(9, 3, generator=generator)
    Y = X * torch.tensor([1.0, 1, -1])
    m = he.congruent(X, Y)
    assert m.congruent and m.mirrored and torch.linalg.det(m.rotation) < 0
    m = he.congruent(X, Y, proper=True)
    assert not m.congruent and not m.mirrored and m.residual > 1e-3 and torch.linalg.det(m.rotation) > 0
    assert m.outcome == "different"
    # Of all maps of a chiral configuration with symmetries, none is a rotation.
    ring = [[1.0, 0, 0.4], [-1, 0, 0.4], [0.6, 0.8, -0.4], [-0.6, -0.8, -0.4]]
    snub = he.normalize(torch.tensor(ring, dtype=torch.float64))
    assert he.congruent(snub, -snub, proper=True).outcome == "different"
    m = he.congruent(snub, -snub)
    assert m.congruent and m.mirrored
    # In a larger space a rotation turns it over.
    X, Y = (torch.nn.functional.pad(A, (0, 1)) for A in (X, Y))
    for proper in (False, True):
        m = he.congruent(X, Y, proper=proper)
        assert m.congruent and not m.mirrored and torch.linalg.det(m.rotation) > 0


@pytest.mark.parametrize("name", [*NAMES, "higman-sims", "random", "doubled"])
def test_between_the_tolerance_and_ten_times_it_nothing_is_claimed(name: str) -> None:
    """Whatever the size of a perturbation: congruent below the tolerance, never different below ten times it."""
    generator = torch.Generator().manual_seed(11)
    X = random_points(7, 3, generator=generator) if name == "doubled" else configuration(name, generator)
    X = torch.cat([X, X[:3]]) if name == "doubled" else X
    for size, expected in ((4e-7, {"congruent"}), (5e-6, {"undecided"}), (2e-5, {"undecided", "different"})):
        m = he.congruent(X, disguise(X, generator, size))
        assert m.outcome in expected and (m.residual <= 1e-6) is (m.outcome == "congruent")
        assert m.residual <= 3 * size


@pytest.mark.parametrize("name", NAMES)
def test_symmetric_configurations_are_their_mirror_images_by_a_rotation(name: str) -> None:
    generator = torch.Generator().manual_seed(12)
    X = he.codes.get(name).points
    Y = X.clone()
    Y[:, 0] *= -1
    m = he.congruent(X, Y[torch.randperm(len(X), generator=generator)], proper=True)
    assert m.congruent and not m.mirrored and torch.linalg.det(m.rotation) > 0
