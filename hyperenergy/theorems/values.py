"""Values of aligned configurations from their inner products alone.

In a distance-invariant code every point sees the same inner products x with the same multiplicities m(x).  Aligned,
each loss is then a function of that distribution: with A = log sum_x m(x) e^{(x-1)/tau}, InfoNCE is log(1 + e^A) and
so on.  The closed forms of B1 are the case of the simplex, x = -1/(M-1) with m = M-1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from hyperenergy.energy import pair_weight
from hyperenergy.kernels import Kernel
from hyperenergy.losses import modules as losses
from hyperenergy.namespaces import NumpyNamespace
from hyperenergy.objectives import Aligned, BatchLoss, Energy, Objective

# Inner product -> multiplicity per point.
Distribution = Mapping[float, int]


def mean_energy(kernel: Kernel, distribution: Distribution) -> float:
    """Mean over ordered pairs of the kernel."""
    x, m = np.array(list(distribution)), np.array(list(distribution.values()))
    return float((m * kernel.profile(2 - 2 * x, NumpyNamespace)).sum() / m.sum())


def aligned_value(objective: Objective, distribution: Distribution) -> float | None:
    """The value at the aligned code of that distribution; None for objectives without a formula here."""
    if isinstance(objective, Energy):
        points = 1 + sum(distribution.values())
        total = points * (points - 1) * mean_energy(objective.kernel, distribution)
        return pair_weight(objective.pairs, points) * total
    if isinstance(objective, BatchLoss | Aligned):
        return _loss_value(objective.loss, distribution)
    return None


def _loss_value(loss: Any, distribution: Distribution) -> float | None:
    """By the exact type: a subclass may have another formula, and inherits no theorem."""
    kind = type(loss)
    if kind is losses.InfoNCE:
        return math.log1p(math.exp(_log_negatives(loss.temperature, distribution)))
    if kind in (losses.SimCLR, losses.NTXent):
        return math.log1p(2 * math.exp(_log_negatives(loss.temperature, distribution)))
    if kind is losses.DCL:
        return _log_negatives(loss.temperature, distribution) + (math.log(2) if loss.within_view else 0.0)
    if kind is losses.DHEL:
        a = _log_negatives(loss.temperature, distribution)
        # Twice the energy, a + 1/tau, and once the alignment.
        return 2 * a + 1 / float(loss.temperature) if loss.two_view else a
    if kind is losses.KCL:
        coincident = float(loss.alignment(torch.zeros((), dtype=torch.float64)))
        value = -coincident + loss.gamma * mean_energy(loss.kernel, distribution)
        return 2 * value if loss.two_view else value
    if kind is losses.AlignUniform:
        # e^{-t r} = e^{(x-1) 2t}: the sum over negatives at the temperature 1/(2t).
        return loss.weight * (_log_negatives(1 / (2 * loss.t), distribution) - math.log(sum(distribution.values())))
    if kind is losses.PhiPsi:
        x = torch.tensor(list(distribution), dtype=torch.float64)
        m = torch.tensor(list(distribution.values()), dtype=torch.float64)
        return float(loss.phi((m * loss.psi(x - 1)).sum()))
    if kind is losses.SpectralContrastive:
        return sum(m * x * x for x, m in distribution.items()) / sum(distribution.values()) - 2
    return None


def _log_negatives(temperature: float, distribution: Distribution) -> float:
    """log sum_x m(x) e^{(x-1)/tau}, by its largest term."""
    temperature = float(temperature)
    exponents = [math.log(m) + (x - 1) / temperature for x, m in distribution.items()]
    top = max(exponents)
    return top + math.log(sum(math.exp(e - top) for e in exponents))
