"""How the formulas of the losses are written: in log space and without argument checks.

U (anchors) and V (positives) have shape (*batch, M, dim), rows of unit norm; the value has shape (*batch,).
s_i = u_i.v_i, tau the temperature.  Negatives enter relative to s_i: with a = logsumexp over the negatives of
(similarity - s_i)/tau, a softmax loss is log(1 + e^a) and a decoupled one is a.  So written, a loss of 1e-18 keeps
full relative accuracy, and none overflows at small temperatures.

Source of the table: Koromilas et al., "Bridging Mini-Batch and Asymptotic Analysis in Contrastive Learning"
(ICML 2024, arXiv 2405.18045), and the paper named per loss.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

# One value per batch, or with reduction="none" per anchor, too.
Loss = Float[Tensor, "..."]


def log_one_plus_exp(a: Tensor) -> Tensor:
    """log(1 + e^a) for every a.  Beyond 40 it is a to round-off of any type; torch's own threshold of 20 costs digits.
    Not by logaddexp, whose second derivative is not a number below -710."""
    return torch.nn.functional.softplus(a, threshold=40.0)
