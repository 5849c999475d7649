"""Large batches go by blocks: the same values and derivatives as the one expression, which tests of the losses check."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.energies import blockwise, tiles
from hyperenergy.losses import batch
from hyperenergy.losses.engine import by_rows

TAU = 0.3
PAIRS: list[he.PairLoss] = [
    he.InfoNCE(TAU),
    he.InfoNCE(TAU, symmetric=True),
    he.SimCLR(TAU),
    he.NTXent(TAU),
    he.DCL(TAU),
    he.DCL(TAU, symmetric=True),
    he.DCL(TAU, within_view=False),
    he.DHEL(TAU),
    he.DHEL(TAU, two_view=True),
    he.KCL(he.Gaussian(2)),
    he.KCL(he.Gaussian(2), two_view=True),
    he.KCL(he.InverseMultiquadric(1), gamma=2),
    he.KCL(he.Laplace(1), alignment_kernel=he.Gaussian(1)),
    he.KCL(he.RegularizedLogarithmic(1)),
    he.KCL(he.Riesz(1), alignment_kernel=he.Gaussian(1)),
    he.AlignUniform(),
    he.AlignUniform(t=40),
    he.SigLIP(5, -2),
    he.SpectralContrastive(),
    he.PhiPsi(torch.log1p, torch.exp),
]
LABELS = torch.tensor([0, 1, 0, 2, 1, 5, 0])
each = pytest.mark.parametrize("loss", PAIRS, ids=repr)


@pytest.fixture
def blocks(monkeypatch) -> Callable[[], None]:
    """From when it is called on, every batch is large, and goes three rows at a time."""

    def begin() -> None:
        monkeypatch.setattr(batch, "LARGE", 0)
        for name, value in (("_MOST_ROWS", 3), ("_LEAST_ROWS", 1)):
            monkeypatch.setattr(by_rows, name, value)
        monkeypatch.setattr(tiles, "_MOST_ROWS", 3)
        monkeypatch.setattr(blockwise, "BLOCK", 20)

    return begin


def quantities(f: Callable[..., Tensor], *tensors: Tensor) -> list[Tensor]:
    """Value, gradient, and the product of the Hessian with a vector, of a weighted sum of the values."""
    leaves = [x.detach().clone().requires_grad_(True) for x in tensors]
    values = f(*leaves)
    weights = torch.linspace(1, 2, values.numel(), dtype=values.dtype).reshape(values.shape)
    first = torch.autograd.grad((values * weights).sum(), leaves, create_graph=True)
    generator = torch.Generator().manual_seed(7)
    along = [torch.randn(x.shape, generator=generator, dtype=x.dtype) for x in leaves]
    total = torch.stack([(g * v).sum() for g, v in zip(first, along, strict=True)]).sum()
    second = torch.autograd.grad(total, leaves, allow_unused=True, materialize_grads=True)
    (without,) = torch.autograd.grad((f(*leaves) * weights).sum(), leaves[:1])
    return [values, *first, *second, without]


def close(found: list[Tensor], expected: list[Tensor]) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10 * (1 + float(other.detach().abs().max())))


@each
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_pairs(loss: he.PairLoss, reduction: Literal["mean", "sum", "none"], draw, blocks) -> None:
    loss.reduction = reduction
    U, V = draw(7, 9), draw(7, 9)
    expected = quantities(loss, U, V)
    blocks()
    close(quantities(loss, U, V), expected)
    loss.reduction = "mean"


@each
def test_ids_and_negatives(loss: he.PairLoss, draw, blocks) -> None:
    U, V, N = draw(7, 9), draw(7, 9), draw(4, 9)
    ids = torch.tensor([3, 1, 3, 2, 1, 4, 7])

    def call(u: Tensor, v: Tensor, n: Tensor) -> Tensor:
        return loss(u, v, ids=ids, **({"negatives": n} if loss.takes_negatives else {})) + 0 * n.sum()

    expected = quantities(call, U, V, N)
    blocks()
    close(quantities(call, U, V, N), expected)


@each
def test_pairs_that_are_all_alike_leave_the_alignment(loss: he.PairLoss, draw, blocks) -> None:
    """All of one id: no negatives, in one expression or by blocks, and gradients that are numbers."""
    U, V, ids = draw(7, 9), draw(7, 9), torch.zeros(7, dtype=torch.long)

    def found() -> tuple[Tensor, ...]:
        u = U.clone().requires_grad_(True)
        value = loss(u, V, ids=ids)
        return value.detach(), *torch.autograd.grad(value, u)

    expected = found()
    assert bool(expected[0].isfinite()) and bool(expected[1].isfinite().all())
    blocks()
    for one, other in zip(found(), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


@each
def test_a_batch_of_batches(loss: he.PairLoss, draw, blocks) -> None:
    U, V = draw(2, 5, 9), draw(2, 5, 9)
    expected = quantities(loss, U, V)
    blocks()
    close(quantities(loss, U, V), expected)


OTHERS: list[Callable[[Tensor], Tensor]] = [
    lambda x: he.SupCon(TAU)(x, LABELS),
    lambda x: he.SupCon(TAU, ignore=1)(x, LABELS),
    lambda x: he.SupCon(TAU, reduction="none")(x, LABELS),
    lambda x: he.MultiViewInfoNCE(TAU)(torch.stack([x, x.roll(1, 1), x.flip(1)])),
    lambda x: he.MultiViewDHEL(TAU, reduction="none")(torch.stack([x, x.roll(1, 1), x.flip(1)])),
]


@pytest.mark.parametrize("call", OTHERS)
def test_labels_and_views(call: Callable[[Tensor], Tensor], draw, blocks) -> None:
    X = draw(7, 9)
    expected = quantities(call, X)
    blocks()
    close(quantities(call, X), expected)


LEARNED: list[tuple[Callable[[Any], he.PairLoss], float]] = [
    (lambda x: he.InfoNCE(x), TAU),
    (lambda x: he.NTXent(x), TAU),
    (lambda x: he.DHEL(x, two_view=True), TAU),
    (lambda x: he.SigLIP(scale=x, bias=-2), 5.0),
    (lambda x: he.SigLIP(scale=5, bias=x), -2.0),
    (lambda x: he.AlignUniform(t=x), 2.0),
    (lambda x: he.KCL(he.Gaussian(2), gamma=x), 3.0),
    (lambda x: he.KCL(he.Gaussian(x)), 2.0),
    (lambda x: he.KCL(he.Laplace(x), alignment_kernel=he.Gaussian(1)), 2.0),
]


@pytest.mark.parametrize(("make", "start"), LEARNED)
def test_hyperparameters(make: Callable[[Any], he.PairLoss], start: float, draw, blocks) -> None:
    """Learned ones, jointly with the points, as far as the second derivative."""
    U, V = draw(7, 9), draw(7, 9)
    loss = make(torch.nn.Parameter(torch.tensor(start, dtype=torch.float64)))
    ((name, _),) = loss.named_parameters()

    def call(u: Tensor, v: Tensor, x: Tensor) -> Tensor:
        return torch.func.functional_call(loss, {name: x}, (u, v))

    given = (U, V, torch.tensor(start, dtype=torch.float64))
    expected = quantities(call, *given)
    assert float(expected[3].detach().abs()) > 1e-3
    blocks()
    close(quantities(call, *given), expected)


@each
def test_transforms(loss: he.PairLoss, draw, blocks) -> None:
    """func.grad, jvp, and vmap over batches, of the blocks and of the expression."""
    U, V, T = draw(2, 5, 9), draw(2, 5, 9), draw(2, 5, 9)

    def all_of_them() -> list[Tensor]:
        gradient = torch.func.grad(lambda u: loss(u, V[0]))(U[0])
        moved = torch.func.jvp(loss, (U[0], V[0]), (T[0], T[1]))[1]
        return [gradient, moved, torch.func.vmap(loss)(U, V), torch.func.vmap(torch.func.grad(loss))(U, V)]

    expected = all_of_them()
    torch.testing.assert_close(expected[2], loss(U, V))
    blocks()
    close(all_of_them(), expected)


@pytest.mark.parametrize("loss", [he.InfoNCE(TAU), he.KCL(he.Gaussian(2)), he.SigLIP()], ids=repr)
def test_what_is_not_there_is_an_error(loss: he.PairLoss, draw, blocks) -> None:
    """A third derivative, and any of the forward mode: never zero."""
    blocks()
    U, V = draw(7, 9).requires_grad_(True), draw(7, 9)
    (first,) = torch.autograd.grad(loss(U, V), U, create_graph=True)
    (second,) = torch.autograd.grad((first * V).sum(), U, create_graph=True)
    with pytest.raises(NotImplementedError, match=r"a third derivative .* is not implemented; take"):
        torch.autograd.grad((second * V).sum(), U)

    def forward(u: Tensor) -> Tensor:
        return torch.func.jvp(lambda x: loss(x, V), (u,), (V,))[1]

    for again in (torch.func.grad(forward), lambda u: torch.func.jvp(forward, (u,), (V,))):
        with pytest.raises(NotImplementedError, match="forward mode"):
            again(U.detach())


@pytest.fixture
def saved() -> Iterator[Callable[[], list[int]]]:
    """Numbers of each tensor that the graph keeps until it is gone."""
    alive: dict[int, int] = {}

    class Held:
        def __init__(self, tensor: Tensor) -> None:
            self.tensor = tensor
            alive[id(self)] = tensor.numel()

        def __del__(self) -> None:
            del alive[id(self)]

    with torch.autograd.graph.saved_tensors_hooks(Held, lambda held: held.tensor):
        yield lambda: list(alive.values())


@each
def test_no_square_is_kept(loss: he.PairLoss, draw, saved) -> None:
    """M = 1100, d = 16: all that is kept is less than a matrix M x M, and nothing in it is one."""
    U, V = draw(1100, 16).float().requires_grad_(True), draw(1100, 16).float().requires_grad_(True)
    value = loss(U, V)
    assert all(numbers <= 2 * 1100 * 18 for numbers in saved()) and 0 < sum(saved()) < 1100**2 / 2
    value.backward()


def test_a_square_is_seen(draw, saved) -> None:
    """The control of the test above."""
    U = draw(1100, 16).requires_grad_(True)
    value = torch.logsumexp(U @ U.mT, -1).sum()
    assert 1100**2 in saved() and value.requires_grad


@each
def test_the_same_input_gives_the_same_bits(loss: he.PairLoss, draw) -> None:
    U, V = draw(1100, 16).float(), draw(1100, 16).float()

    def run() -> tuple[Tensor, Tensor]:
        u = U.clone().requires_grad_(True)
        value = loss(u, V)
        return value.detach(), torch.autograd.grad(value, u)[0]

    one, other = run(), run()
    assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])


@pytest.mark.parametrize("tau", [0.005, 0.05, 1.0, 10.0])
@pytest.mark.parametrize("kind", [he.InfoNCE, he.NTXent, he.DCL, he.DHEL])
def test_single_precision_is_that_of_the_inner_products(kind: type, tau: float, draw) -> None:
    """Rounded inner products allow 8 eps (1 + 1/tau) max(1, |value|)."""
    U, V = draw(700, 24).float(), draw(700, 24).float()
    exact = float(kind(tau)(U.double(), V.double()))
    found = float(kind(tau)(U, V))
    assert abs(found - exact) <= 8 * 1.2e-7 * (1 + 1 / tau) * (1 + abs(exact)), math.log10(abs(found - exact))
