"""The hypothesis of B1 on the (phi,psi)-family, which the user declares: samples can refute it."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.losses.phi_psi import PhiPsi

_SAMPLES, _MOST_NEGATIVES = 256, 8
_ROUND_OFF = 1e-12
# Below the least distance of -M/(M-1) from a kink at -1, for M up to 10^5.
_STEP = 1e-6
# A quarter of the way from the simplex of five pairs to a kink at -1.
_NEAR = 1 / 16


def check_convexity(loss: PhiPsi, negatives: int) -> None:
    """Raise ArgumentError where G(x) = phi(sum_j psi(x_j)) decreases somewhere, lies above a chord, or is declared strictly
    convex across differences and is linear to round-off; x_j in [-2, 2] are the similarities relative to the positive's."""
    generator = torch.Generator().manual_seed(0)
    size = min(negatives, _MOST_NEGATIVES)
    x, y = 4 * torch.rand(2, _SAMPLES, size, generator=generator, dtype=torch.float64) - 2
    at_x, at_y, middle = (_G(loss, z) for z in (x, y, (x + y) / 2))
    raised = _G(loss, x + 0.1 * torch.nn.functional.one_hot(torch.tensor(0), size))
    level = _G(loss, x.mean(-1, keepdim=True).expand_as(x))
    against = None
    if _some(raised < at_x, raised, at_x):
        against = "it decreases in a negative similarity"
    elif _some(middle > (at_x + at_y) / 2, middle, at_x, at_y):
        against = "it lies above a chord"
    elif loss.convexity == "strict" and size > 1 and not bool(((at_x - level).abs() > 4e-16 * at_x.abs()).any()):
        against = "it is linear across differences"
    if against is not None:
        raise ArgumentError("convexity", f"{loss.convexity!r} of {loss.label}", f"{against}: give what holds, or None")


def strictly_increases(loss: PhiPsi, negatives: int) -> bool:
    """Whether G(x, ..., x) grows from x = -M/(M-1), the least mean difference that there is, M = negatives + 1.

    A convex G that never decreases is constant up to some x and strictly increases beyond: where it is constant there, the
    aligned simplex is one minimizer among many, some of them with pairs apart.
    """
    x = torch.tensor([0.0, _STEP], dtype=torch.float64) - (negatives + 1) / negatives
    with torch.no_grad():
        at_least, above = loss.phi(negatives * loss.psi(x)).tolist()
    return bool(above > at_least)


def strictly_convex_there(loss: PhiPsi, negatives: int) -> bool:
    """Whether G(x) > G(m, ..., m) for samples x of mean m = -M/(M-1), M = negatives + 1, as near to m as ``_NEAR``.

    There alone strictness decides whether the aligned simplex is the only minimizer: where G is linear around it, as of
    psi(x) = x + relu(x+1), other centered aligned batches have its value.
    """
    generator = torch.Generator().manual_seed(0)
    size = min(negatives, _MOST_NEGATIVES)
    spread = 2 * torch.rand(_SAMPLES, size, generator=generator, dtype=torch.float64) - 1
    middle = torch.full_like(spread, -(negatives + 1) / negatives)
    at_middle, around = _G(loss, middle), _G(loss, middle + _NEAR * (spread - spread.mean(-1, keepdim=True)))
    return bool((around - at_middle > 4e-16 * at_middle.abs()).any())


def _G(loss: PhiPsi, x: Tensor) -> Tensor:
    with torch.no_grad():
        return loss.phi(loss.psi(x).sum(-1))


def _some(wrong: Tensor, *values: Tensor) -> bool:
    """Whether an inequality is violated beyond round-off where all values are finite and none has underflowed."""
    stacked = torch.stack(values)
    size = stacked.abs().amax(0)
    clear = (stacked[0] - stacked[1:].mean(0)).abs() > _ROUND_OFF * size
    return bool((wrong & clear & stacked.isfinite().all(0) & (size > 1e-290)).any())
