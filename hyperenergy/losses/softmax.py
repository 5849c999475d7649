"""Second derivatives of softmax losses in closed form.

The losses with a temperature are, with the anchors stacked over the positives in z (2M, dim), i' the partner of i, and
a_ij = z_i.(z_j - z_i')/tau, means over the anchors i, with weights w_i of sum 1,

    sum_i w_i log( own + sum_{j in J_i} exp(a_ij) ),

own 1 where the positive is in the denominator and 0 where not, each with its sets J of negatives.  With
P_ij = w_i exp(a_ij) / (own + sum_j exp(a_ij)), the second derivative along dz is

    sum_ij P_ij da_ij^2 - sum_i 1/w_i (sum_j P_ij da_ij)^2 + 2/tau sum_ij P_ij dz_i.(dz_j - dz_i'),
    da_ij = ( dz_i.(z_j - z_i') + z_i.(dz_j - dz_i') ) / tau,

all of it products of matrices.  As P is small where the loss is, it has full relative accuracy, too.  With own = 0, where
sum_j P_ij = w_i, the first two terms do not depend on z_i', which is left out of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from hyperenergy.losses.base import Loss
from hyperenergy.losses.facts import SoftmaxFacts, facts
from hyperenergy.losses.log_space import log_one_plus_exp

Blocks = Float[Tensor, "batch rows dim rows dim"]


@dataclass(frozen=True)
class Softmax:
    """weights (2M,); seen (2M, 2M): whether j is in J_i; own: whether the positive is in the denominator.

    attraction: the sum of the weights with which -s_i/tau occurs, which for two-view DHEL is not that of the energies.
    """

    weights: Float[Tensor, " rows"]
    seen: Bool[Tensor, "rows rows"]
    own: bool
    temperature: float
    attraction: float = 1.0


def softmax_form(loss: Loss, points: int) -> Softmax | None:
    """What a loss of ``points`` pairs is in the form above; None where it is not of it."""
    form = facts(loss)
    if not isinstance(form, SoftmaxFacts):
        return None
    others = ~torch.eye(points, dtype=torch.bool)
    within, across = others & form.within, others & form.across
    seen = torch.cat([torch.cat([within, across], 1), torch.cat([across, within], 1)])
    weights = torch.tensor(form.sides, dtype=torch.float64).repeat_interleave(points) / points
    return Softmax(weights, seen, form.own, form.temperature)


def hessians(form: Softmax, z: Float[Tensor, "batch rows dim"]) -> Blocks:
    """Second derivatives by the coordinates of z."""
    batch, rows, dim = z.shape
    tau, points = form.temperature, rows // 2
    partners = torch.arange(rows, device=z.device).roll(points)
    active = torch.nonzero(form.weights).squeeze(-1).to(z.device)
    weights, seen = form.weights.to(z)[active], form.seen.to(z.device)[active]
    mates = partners[active]

    a = (z[:, active] @ z.mT - (z[:, active] * z[:, mates]).sum(-1, keepdim=True)) / tau
    a = a.masked_fill(~seen, -math.inf)
    total = torch.logsumexp(a, -1, keepdim=True)
    p = weights.unsqueeze(-1) * (a - (log_one_plus_exp(total) if form.own else total)).exp()
    P = z.new_zeros(batch, rows, rows)
    P[:, active] = p
    sums, means = P.sum(-1, keepdim=True), P @ z  # of each anchor over what it sees
    partner = z[:, partners]

    row, coordinate = (torch.arange(k, device=z.device) for k in (rows, dim))
    squares = (z.unsqueeze(-1) * z.unsqueeze(-2)).flatten(-2)

    # P_ij da_ij^2 in units of 1/tau^2: half of what is symmetric, the blocks (i, j) and, on the diagonal, (i, i) and (j, j).
    half = torch.einsum("nij,nja,nib->niajb", P, z, z)
    by_row = half.permute(0, 1, 3, 2, 4)
    own = ((P + P.mT) @ squares).reshape(batch, rows, dim, dim)
    pulled, attraction = means, z.new_full((batch, rows), form.attraction / rows)
    if form.own:
        # The partner in it: the blocks (i, j), (j, i'), (i, i'), and (i, i), (i', i').
        pulled, attraction = means - sums * partner, sums.squeeze(-1)
        half -= torch.einsum("nij,nia,nib->niajb", P, partner, z)
        half -= torch.einsum("nij,nja,njb->niajb", P[:, partners].mT, partner, partner)
        by_row[:, row, partners] -= pulled.unsqueeze(-1) * z.unsqueeze(-2)
        own += (sums * squares)[:, partners].reshape(own.shape)
        own -= means.unsqueeze(-1) * partner.unsqueeze(-2) + partner.unsqueeze(-1) * pulled.unsqueeze(-2)
    by_row[:, row, row] += own / 2
    half /= tau**2

    # sum_j P_ij dz_i.(dz_j - dz_i') / tau
    linear = P / tau
    linear[:, row, partners] -= attraction / tau
    by_row[..., coordinate, coordinate] += linear.unsqueeze(-1)

    # sum_j P_ij da_ij for each anchor.
    q = torch.einsum("nij,nia->nija", p, z[:, active])
    anchor = torch.arange(len(active), device=z.device)
    q[:, anchor, active] += pulled[:, active]
    if form.own:
        q[:, anchor, mates] -= sums[:, active] * z[:, active]
    q = (q / (weights.sqrt() * tau)[:, None, None]).reshape(batch, len(active), rows * dim)
    matrix = half.reshape(batch, rows * dim, rows * dim)
    return (matrix + matrix.mT).baddbmm(q.mT, q, alpha=-1).reshape(half.shape)
