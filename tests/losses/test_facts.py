"""What the losses declare of themselves, against their own values."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

import hyperenergy as he
from hyperenergy.arithmetic.namespaces import Namespace
from hyperenergy.losses.facts import Facts, FrameFacts, KernelFacts, SoftmaxFacts, facts

SOFTMAX = [
    *(he.InfoNCE(0.3, symmetric=s) for s in (False, True)),
    he.SimCLR(0.3),
    he.NTXent(0.3),
    *(he.DCL(0.3, within_view=w, symmetric=s) for w in (False, True) for s in (False, True)),
    *(he.DHEL(0.3, two_view=t) for t in (False, True)),
]
KERNELS = [
    he.KCL(he.Gaussian(1.5), 3.0),
    he.KCL(he.Gaussian(1.5), 3.0, alignment_kernel=he.Riesz(-1.0), two_view=True),
    he.KCL(he.Riesz(1.0), 0.5, alignment_kernel=he.Riesz(-2.0)),
    he.AlignUniform(1.5, 3.0, 0.7),
]
DECLARED = [*SOFTMAX, *KERNELS, he.SpectralContrastive()]


class Flat(he.Kernel):
    """Of which nothing is known."""

    singular = kinked = False

    def profile(self, r: Any, m: Namespace) -> Any:
        return 0 * r


def label(loss: he.PairLoss) -> str:
    return loss.label


def pairs() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    U, V = torch.nn.functional.normalize(torch.randn(2, 5, 3, dtype=torch.float64, generator=generator), dim=-1)
    return U, V


def naive(form: Facts, U: torch.Tensor, V: torch.Tensor) -> float:
    """The loss by loops, from nothing but the facts."""
    M = len(U)
    others = [(i, j) for i in range(M) for j in range(M) if i != j]
    if isinstance(form, FrameFacts):
        return (
            sum(float(U[i] @ V[j]) ** 2 for i, j in others) / len(others) - form.attraction * float((U * V).sum()) / M
        )
    if isinstance(form, KernelFacts):
        energies = [
            sum(float(form.kernel(((X[i] - X[j]) ** 2).sum())) for i, j in others) / len(others) for X in (U, V)
        ]
        if form.logarithm:
            energies = [math.log(energy) for energy in energies]
        shares = (0.5, 0.5) if form.symmetrized else (1, form.views - 1)
        aligned = sum(float(form.alignment(((u - v) ** 2).sum())) for u, v in zip(U, V, strict=True)) / M
        return form.weight * sum(a * b for a, b in zip(shares, energies, strict=True)) - form.views * aligned
    total = -float((U * V).sum()) / M / form.temperature
    for side, X, Y in ((form.sides[0], U, V), (form.sides[1], V, U)):
        for i in range(M):
            terms = [X[i] @ Y[i]] * form.own
            for j in range(M):
                if j != i:
                    terms += [X[i] @ X[j]] * form.within + [X[i] @ Y[j]] * form.across
            total += side * math.log(sum(math.exp(float(x) / form.temperature) for x in terms)) / M
    return total


@pytest.mark.parametrize("loss", DECLARED, ids=label)
def test_facts_are_those_of_the_formula(loss: he.PairLoss) -> None:
    form, (U, V) = facts(loss), pairs()
    assert form is not None
    assert math.isclose(naive(form, U, V), float(loss(U, V)), rel_tol=1e-12)


@pytest.mark.parametrize("loss", SOFTMAX, ids=label)
def test_normalizer_and_aligned_value(loss: he.PairLoss) -> None:
    form, M = facts(loss), 4
    assert isinstance(form, SoftmaxFacts)
    # U, V in orthogonal planes: all similarities are 0.
    eye = torch.eye(2 * M, dtype=torch.float64)
    assert math.isclose(form.normalizer(M), float(loss(eye[:M], eye[M:])), rel_tol=1e-13)
    simplex = he.codes.simplex(M, 3).points
    a = math.log(M - 1) - M / (M - 1) / 0.3
    assert math.isclose(form.aligned(a), float(loss(simplex, simplex)), rel_tol=1e-12)


@pytest.mark.parametrize("loss", DECLARED, ids=label)
def test_alignment(loss: he.PairLoss) -> None:
    """Decoupled losses, and no others, fall for positives that go to the anchors, at any anchors and by every path."""
    form, (U, V) = facts(loss), pairs()
    assert form is not None and form.strictly_aligning == form.aligning == form.decoupled
    u, v = U.clone().requires_grad_(), V.clone().requires_grad_()
    (by_v,) = torch.autograd.grad(loss(u, v), v, create_graph=True)
    (mixed,) = torch.autograd.grad(by_v[0].sum(), u)
    assert bool(mixed[1:].abs().max() < 1e-12) == form.decoupled


def test_a_kernel_that_does_not_align() -> None:
    form = facts(he.KCL(he.Gaussian(1.0), alignment_kernel=he.Polynomial(2)))
    assert form is not None and form.strictly_aligning
    flat = facts(he.KCL(he.Gaussian(1.0), alignment_kernel=Flat()))
    assert flat is not None and flat.decoupled and not flat.aligning


def test_subclasses_declare_their_own() -> None:
    class Other(he.DHEL):
        pass

    class Known(he.DHEL):
        def theory(self) -> SoftmaxFacts:
            return SoftmaxFacts(float(self.temperature), own=False, within=True, across=False)

    assert facts(Other(0.5)) is None and facts(he.SigLIP()) is None and facts(he.Gaussian(1.0)) is None
    assert facts(Known(0.5)) == facts(he.DHEL(0.5))
    with pytest.raises(he.ArgumentError, match=r"loss: got Other.*has no known limit"):
        he.limit(Other(0.5), 3)
    assert he.limit(Known(0.5), 3) == he.limit(he.DHEL(0.5), 3)
