"""Second derivatives of softmax losses in closed form.

The losses with a temperature are, with the anchors stacked over the positives in z (2M, dim) and s_i = z_i.z_{i+M},

    1/M [ sum_i w_i log sum_{j in J_i} exp(z_i.z_j/tau) - sum_{i<=M} s_i/tau ],

each with its weights w and its sets J.  With P_ij = w_i/M softmax_j, and m_i = sum_j p_ij z_j the mean of the
others that i sees, the second derivative along dz is

    1/tau^2 sum_ij P_ij (dz_i.z_j + z_i.dz_j)^2 - 1/tau^2 sum_i w_i/M (dz_i.m_i + z_i.sum_j p_ij dz_j)^2
    + 2/tau sum_ij P_ij dz_i.dz_j - 2/(M tau) sum_i dz_i.dz_{i+M},

all of it products of matrices.  Where the positive is in J_i, p is 1 there but for little if the loss is cold, and what is
left of the terms of 1 would be round-off: then the loss is log(1 + sum_j exp((z_i.z_j - s_i)/tau)) of the others, whose
second derivative has terms of the size of their p alone, with z_j less the positive in the place of z_j.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from hyperenergy.losses import modules
from hyperenergy.losses.base import Loss


@dataclass(frozen=True)
class Softmax:
    """weights (2M,); seen (2M, 2M): whether j is in J_i, for the rows of weight > 0; temperature; own: whether the positive
    is in J_i, too."""

    weights: Float[Tensor, " rows"]
    seen: Bool[Tensor, "rows rows"]
    temperature: float
    own: bool


def softmax_form(loss: Loss, points: int) -> Softmax | None:
    """What a loss of ``points`` pairs is in the form above; None where it is not of it.  Of exact types: a subclass may have
    another formula."""
    own = torch.eye(points, dtype=torch.bool)
    all_, others, none = torch.ones_like(own), ~own, torch.zeros_like(own)
    kind = type(loss)
    two_sided = getattr(loss, "symmetric", False) or kind is modules.NTXent
    if kind is modules.InfoNCE:
        within, across = none, all_
    elif kind in (modules.SimCLR, modules.NTXent):
        within, across = others, all_
    elif kind is modules.DCL:
        within, across = others if loss.within_view else none, others
    elif kind is modules.DHEL:
        within, across = others, none
    else:
        return None
    seen = torch.cat([torch.cat([within, across], 1), torch.cat([across, within], 1)])
    weights = torch.zeros(2 * points, dtype=torch.float64)
    weights[:points] = 0.5 if two_sided else 1.0
    weights[points:] = 0.5 if two_sided else float(kind is modules.DHEL and loss.two_view)
    return Softmax(weights, seen, float(loss.temperature), kind in (modules.InfoNCE, modules.SimCLR, modules.NTXent))


def hessians(form: Softmax, z: Float[Tensor, "batch rows dim"]) -> Float[Tensor, "batch rows dim rows dim"]:
    """Second derivatives by the coordinates of z."""
    batch, rows, dim = z.shape
    tau, points = form.temperature, rows // 2
    active = torch.nonzero(form.weights).squeeze(-1).to(z.device)
    weights = form.weights.to(z)[active] / points
    seen = form.seen.to(z.device)[active]
    index = torch.arange(len(active), device=z.device)
    positive = (active + points) % rows
    p = (z[:, active] @ z.mT / tau).masked_fill(~seen, -math.inf).softmax(-1)

    def along(p: Tensor) -> Tensor:
        """sum_j p_ij times the derivative of z_i.z_j, by all coordinates."""
        q = torch.einsum("nij,nia->nija", p, z[:, active])
        q[:, index, active] += p @ z
        return q.reshape(batch, len(active), rows * dim)

    if form.own:
        p[:, index, positive] = 0.0
        of_positive = torch.zeros_like(p)
        of_positive[:, index, positive] = 1.0
        others, alone = along(p), along(of_positive)
        share = p.sum(-1, keepdim=True)
        p[:, index, positive] = share[..., 0]
        q = others - share * alone
    else:
        q = along(p)
    P = z.new_zeros(batch, rows, rows)
    P[:, active] = weights.unsqueeze(-1) * p
    P = P + P.mT  # of a pair, in both orders

    # Products of two coordinates of one row, for the blocks on the diagonal.
    squares = (z.unsqueeze(-1) * z.unsqueeze(-2)).flatten(-2)
    diagonal = (P @ squares / tau**2).reshape(batch, rows, dim, dim)
    result = torch.einsum("nij,nja,nib->niajb", P / tau**2, z, z)

    scale = (weights / tau**2)[:, None]
    result = result.reshape(batch, rows * dim, rows * dim).baddbmm(q.mT, scale * q, alpha=-1)
    if form.own:
        crossed = alone.mT @ (scale * others)
        result -= crossed + crossed.mT
    result = result.reshape(batch, rows, dim, rows, dim)

    linear = P / tau
    pairs = torch.arange(points, device=z.device)
    # Of a positive among the others, -share where P has the share.
    attraction = 2 * linear[:, pairs, pairs + points] if form.own else 1 / (points * tau)
    linear[:, pairs, pairs + points] -= attraction
    linear[:, pairs + points, pairs] -= attraction
    coordinate = torch.arange(dim, device=z.device)
    result.permute(0, 1, 3, 2, 4)[..., coordinate, coordinate] += linear.unsqueeze(-1)
    row = torch.arange(rows, device=z.device)
    result.permute(0, 2, 4, 1, 3)[..., row, row] += diagonal.permute(0, 2, 3, 1)
    return result
