"""Expected losses over a list of batches: against loops, through specs, minimized, and refused where they are none."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.errors import ArgumentError
from hyperenergy.objectives.batches import check_design, is_design, pair_counts
from hyperenergy.objectives.expected import Expected
from hyperenergy.theorems.designs import affine_plane, projective_plane

LOSSES = [he.InfoNCE(0.5), he.NTXent(0.5), he.DHEL(0.3), he.KCL(he.Gaussian(2)), he.SigLIP(5.0, -2.0)]
FEW = [(0, 1, 2), (2, 1, 4), (0, 1, 2)]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.label)
def test_against_a_loop(loss: he.PairLoss, draw) -> None:
    U, V = draw(5, 3), draw(5, 3)
    expected = sum(float(loss(U[list(batch)], V[list(batch)])) for batch in FEW) / 3
    objective = Expected(loss, batch=3, batches=FEW)
    assert float(objective(U, V)) == pytest.approx(expected, rel=1e-14)
    assert objective.exact(5) and objective.estimate(U, V).batches == 3 and objective.estimate(U, V).standard_error == 0
    together = objective(torch.stack([U, V]), torch.stack([V, U]))
    assert together.shape == (2,) and float(together[0]) == pytest.approx(expected, rel=1e-14)


def test_all_subsets_and_a_partition_are_lists_too(draw) -> None:
    U, V = draw(6, 3), draw(6, 3)
    loss = he.DCL(0.5)
    subsets = Expected(loss, 3, batches=list(itertools.combinations(range(6), 3)))
    assert float(subsets(U, V)) == pytest.approx(float(Expected(loss, 3, replace=False)(U, V)), rel=1e-14)
    blocks = Expected(loss, 3, batches=[[0, 1, 2], [3, 4, 5]])
    assert float(blocks(U, V)) == pytest.approx(float(Expected(loss, 3, partition=True)(U, V)), rel=1e-14)


@pytest.mark.parametrize("aligned", [False, True])
def test_through_json(aligned: bool, draw) -> None:
    U, V = draw(7, 4), draw(7, 4)
    objective = Expected(he.InfoNCE(0.5), 3, batches=projective_plane(2), aligned=aligned)
    again = he.from_spec(json.loads(json.dumps(objective.spec())))
    assert isinstance(again, Expected) and again.batches == objective.batches and again.label == objective.label
    assert float(again(U, V)) == float(objective(U, V))
    plain = Expected(he.InfoNCE(0.5), 3)
    spec = {key: value for key, value in plain.spec().items() if key != "batches"}  # as before there were lists
    assert he.from_spec(spec).label == plain.label


def test_whatever_holds_them() -> None:
    lists = [[0, 1, 2], [0, 3, 4]]
    for given in (lists, tuple(map(tuple, lists)), np.array(lists), torch.tensor(lists)):
        assert Expected(he.DHEL(0.5), 3, batches=given).batches == ((0, 1, 2), (0, 3, 4))  # type: ignore[arg-type]


def test_the_lists_say_the_size() -> None:
    told = Expected(he.DHEL(0.5), batches=FEW)
    assert told.batch == 3 and told.label == Expected(he.DHEL(0.5), 3, batches=FEW).label
    with pytest.raises(ArgumentError, match=r"\[0, 1\] as number 1; must have 3 indices, which the first says"):
        Expected(he.DHEL(0.5), batches=[[0, 1, 2], [0, 1]])
    with pytest.raises(ArgumentError, match="batch: got 0"):
        Expected(he.DHEL(0.5))


def test_labels_tell_lists_apart() -> None:
    fano, other = Expected(he.DHEL(0.5), 3, batches=projective_plane(2)), Expected(he.DHEL(0.5), 3, batches=FEW)
    assert "batches=[[" in fano.label and fano.label != other.label
    plane = affine_plane(5)
    many = [Expected(he.DHEL(0.5), 5, batches=lines) for lines in (plane, plane[1:])]
    assert many[0].label.startswith("Expected(DHEL(temperature=0.5), batch=5, batches=30 (") and len(many[0].label) < 80
    assert many[0].label != many[1].label


def test_minimized_and_recorded(draw) -> None:
    """The search, without compiled code for it, and the second derivatives of Newton's method."""
    objective = Expected(he.DHEL(0.5), 3, batches=projective_plane(2))
    best = he.minimize(objective, 7, 6, restarts=2)
    assert best.gradient_norm <= 1e-9
    free = draw(2, 7, 3).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda z: objective._value(z[0], z[1]), free)


def test_planes_are_designs() -> None:
    for p, points, lines in ((2, 4, 6), (3, 9, 12), (5, 25, 30)):
        assert len(affine_plane(p)) == lines and check_design(affine_plane(p), points) == 1
    for p, points in ((2, 7), (3, 13), (5, 31)):
        assert len(projective_plane(p)) == points and check_design(projective_plane(p), points) == 1
    assert check_design(list(itertools.combinations(range(6), 3)), 6) == 4
    assert check_design(projective_plane(2) * 2, 7) == 2
    with pytest.raises(he.ArgumentError, match="order: got 4; must be a prime"):
        affine_plane(4)


def test_what_is_no_design_says_where() -> None:
    assert not is_design(FEW, 5) and pair_counts(FEW, 5)[1, 2] == 3 and pair_counts(FEW, 5)[0, 3] == 0
    held = r"\(\[0, 1, 2\], \[2, 1, 4\], \[0, 1, 2\]\)"
    message = rf"batches: got pair \(1, 2\) in 3 of them {held} and pair \(0, 3\) in 0; a 2-design"
    with pytest.raises(he.ArgumentError, match=message):
        check_design(FEW, 5)
    broken = [*projective_plane(2)[:-1], (0, 1, 2)]
    with pytest.raises(
        he.ArgumentError, match=r"batches: got pair \(.*\) in [23] of them \(.*\) and pair \(.*\) in [01]"
    ):
        check_design(broken, 7)
    with pytest.raises(he.ArgumentError, match=r"\[1, 3, 5\] as number 0; its indices must be in 0..3"):
        check_design(projective_plane(2), 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batches": [(0, 1, 2), (0, 1)]}, r"batches: got \[0, 1\] as number 1; must have 3 indices"),
        (
            {"batches": [(0, 1, 2), (3, 4, 3)]},
            r"batches: got \[3, 4, 3\] as number 1; .*different indices; 3 is repeated",
        ),
        ({"batches": [(0, 1, -1)]}, "batches: got -1; must be an integer >= 0"),
        ({"batches": [(0, 1, 2.5)]}, "batches: got 2.5; must be an integer"),
        ({"batches": []}, r"batches: got \[\]; must be index tuples"),
        ({"batches": "012"}, "batches: got '012'; must be index tuples"),
        ({"batches": [0, 1, 2]}, r"batches: got \[0, 1, 2\]; must be index tuples"),
        ({"batches": 3}, "batches: got 3; must be index tuples"),
        ({"batches": FEW, "replace": False}, "replace: got False; batches say all"),
        ({"batches": FEW, "partition": True}, "partition: got True; batches say all"),
        ({"batches": FEW, "weights": [0.2] * 5}, "weights: got given; only iid draws"),
    ],
)
def test_bad_lists(options: dict, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        Expected(he.DHEL(0.5), 3, **options)


def test_an_index_out_of_range_is_named(draw) -> None:
    objective = Expected(he.DHEL(0.5), 3, batches=FEW)
    X = draw(4, 3)
    message = r"batches: got \[2, 1, 4\] as number 1; its indices must be in 0..3"
    for call in (lambda: objective(X, X), lambda: he.minimize(objective, 4, 3), lambda: he.predict(objective, 4, 3)):
        with pytest.raises(he.ArgumentError, match=message):
            call()


def test_a_singular_kernel_may_be_given_a_list(draw) -> None:
    """No pair is drawn twice."""
    loss = he.KCL(he.Riesz(1), alignment_kernel=he.Gaussian(1))
    assert torch.isfinite(Expected(loss, 3, batches=FEW)(draw(5, 3), draw(5, 3)))
