"""How InfoNCE and DHEL approach their limits: their mean over random batches of trained pairs, and what E2 says of it.

The law is that of a sample of N pairs: an anchor is each of them, and its negatives are independent draws from the
others, so that E1 and E2 hold for it.  With Z_i and rho_i the mean and the relative variance of e^{s_ij/tau} over
j != i, and own_i = e^{s_i/tau}/Z_i for InfoNCE and 0 for DHEL, the mean loss of M pairs, less normalizer and limit, is

    mean_i [ log((own_i + M-1)/n) + E log(1 + x_i) ],    x_i = sum of M-1 draws of (e^{s_ij/tau}/Z_i - 1) / (own_i + M-1),

n = M for InfoNCE and M-1 for DHEL.  Only E log(1 + x) is sampled, with x and x^2, whose means are known, as controls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.checks import integer, positive
from hyperenergy.errors import ArgumentError

Points = Float[Tensor, "pairs dim"]

BATCHES = (8, 16, 32, 64, 128, 256)
# Batches that each pair is the anchor of.
_DRAWS = 16
LOSSES = ("infonce", "dhel")


@dataclass(frozen=True)
class Approach:
    """One loss.  distances: by batch size, of its mean from normalizer plus limit; errors: standard ones, of the sampling.

    limit: F of E1.  coefficient: of E2, by which distance is coefficient/M + O(M^-2) (1/(M-1) for DHEL).
    """

    distances: Mapping[int, float]
    errors: Mapping[int, float]
    limit: float
    coefficient: float

    def numbers(self) -> dict[str, float]:
        """By the names that records have: "8", "error.8", "limit", "coefficient"."""
        found = {str(batch): x for batch, x in self.distances.items()}
        found |= {f"error.{batch}": x for batch, x in self.errors.items()}
        return {**found, "limit": self.limit, "coefficient": self.coefficient}


def approach(
    anchors: Points,
    positives: Points,
    temperature: float,
    generator: torch.Generator,
    *,
    batches: Sequence[int] = BATCHES,
    draws: int = _DRAWS,
) -> dict[str, Approach]:
    """Of "infonce" and "dhel", from unit rows.

    draws: batches that each pair is the anchor of; of two or more there are standard errors.
    Laws: of uniform aligned points coefficients tend to ``laws.limits.rate`` as there are more; the same state of the
    generator gives the same.  Raises ArgumentError for shapes that differ, and fewer than three pairs.
    """
    u, v = anchors.detach().double(), positives.detach().double()
    if u.ndim != 2 or u.shape != v.shape or len(u) < 3:
        raise ArgumentError("positives", f"shape {tuple(v.shape)}", "must be (pairs >= 3, dim), as that of anchors is")
    tau, draws = positive("temperature", temperature), integer("draws", draws, 2)
    for batch in batches:
        integer("batches", batch, 2)
    cosine = (u * v).sum(-1)
    own = ((cosine - 1) / tau).exp()
    first = _one(u @ v.mT, own, cosine, tau, [*batches], draws, generator)
    return {"infonce": first, "dhel": _one(u @ u.mT, torch.zeros_like(own), cosine, tau, [*batches], draws, generator)}


def _one(
    similarity: Tensor,
    own: Tensor,
    cosine: Tensor,
    tau: float,
    batches: list[int],
    draws: int,
    generator: torch.Generator,
) -> Approach:
    """own: e^{(s_i - 1)/tau}, or zeros where the positive is not in the denominator."""
    n = len(similarity)
    # (Less 1/tau in every exponent, so that none is large; it comes back with the limit.)
    terms = ((similarity - 1) / tau).exp().fill_diagonal_(0)
    z = terms.sum(-1) / (n - 1)
    ratio = (terms / z[:, None]).fill_diagonal_(1)
    rho, own, coupled = (ratio - 1).square().sum(-1) / (n - 1), own / z, bool((own > 0).any())
    limit = float(((1 - cosine) / tau + z.log()).mean())
    sums = _sums(ratio - 1, [batch - 1 for batch in batches], draws, generator)
    distances, errors = {}, {}
    for k, batch in enumerate(batches):
        total = own + (batch - 1)
        exact = (total / (batch if coupled else batch - 1)).log().mean()
        square = (batch - 1) * rho / total.square()
        mean, error = _mean_log(sums[k] / total[:, None], square[:, None])
        distances[batch], errors[batch] = float(exact) + mean, error
    return Approach(distances, errors, limit, float(((own - 1) * coupled - rho / 2).mean()))


def _sums(terms: Tensor, counts: list[int], draws: int, generator: torch.Generator) -> Tensor:
    """(counts, N, draws): sums of so many independent draws among the others of each row."""
    n, most = len(terms), max(counts, default=0)
    row = torch.arange(n, device=terms.device)[:, None]
    found = terms.new_empty(len(counts), n, draws)
    for k in range(draws):
        other = torch.randint(n - 1, (n, most), generator=generator, device=generator.device).to(terms.device)
        running = terms.gather(1, other + (other >= row)).cumsum(1)
        for c, count in enumerate(counts):
            found[c, :, k] = running[:, count - 1]
    return found


def _mean_log(x: Tensor, square: Tensor) -> tuple[float, float]:
    """Mean of log(1 + x) over (N, draws), and its standard error; x has mean 0, and x^2 the mean ``square`` of its row."""
    y = x.log1p()
    controls = torch.stack([x, x.square() - square], -1).flatten(0, 1)
    centered = controls - controls.mean(0)
    # By the pseudoinverse: where a control does not vary it controls nothing.
    weights = torch.linalg.pinv(centered.mT @ centered, hermitian=True) @ (centered.mT @ y.flatten())
    rest = y - (controls @ weights).view_as(y)
    return float(rest.mean()), float((rest.var(-1).mean() / rest.numel()).sqrt())
