"""Second derivatives of losses of pairs in closed form, where there is one."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.energies import blockwise
from hyperenergy.losses import softmax
from hyperenergy.losses.base import Loss
from hyperenergy.losses.facts import KernelFacts, facts


def closed_form(loss: Loss, z: Float[Tensor, "batch rows dim"]) -> Float[Tensor, "batch rows dim rows dim"] | None:
    """Second derivatives by the coordinates of z, anchors over positives; None for a loss that has no formula here."""
    form = softmax.softmax_form(loss, z.shape[1] // 2)
    if form is not None:
        return softmax.hessians(form, z)
    # On a kink second derivatives are what automatic differentiation says.
    given = facts(loss)
    if isinstance(given, KernelFacts) and given.pairwise and not given.alignment.kinked:
        return _kernels(given, z)
    return None


def _kernels(form: KernelFacts, z: Tensor) -> Tensor:
    """weight times the energy's, and for K_A(|u-v|^2) with e = u-v the block 2 K_A' I + 4 K_A'' e e^T of u with itself and
    of v, and minus that of u with v."""
    batch, rows, dim = z.shape
    points = rows // 2
    result = z.new_zeros(batch, rows, dim, rows, dim)
    views = (slice(0, points), slice(points, rows))
    for view in views[: form.views]:
        energy = blockwise.hessians(z[:, view], form.kernel)
        result[:, view, :, view] = form.weight / (points * (points - 1)) * energy
    e = z[:, :points] - z[:, points:]
    _, first, second = blockwise.derivatives(form.alignment, e.square().sum(-1), 2)
    eye = torch.eye(dim, dtype=z.dtype, device=z.device)
    block = 2 * first[..., None, None] * eye + 4 * second[..., None, None] * e.unsqueeze(-1) * e.unsqueeze(-2)
    block = block.transpose(0, 1) * (-form.views / points)
    pair = torch.arange(points, device=z.device)
    # An index on either side of a slice moves to the front.
    result[:, pair, :, pair] += block
    result[:, pair + points, :, pair + points] += block
    result[:, pair, :, pair + points] -= block
    result[:, pair + points, :, pair] -= block
    return result
