"""Expected losses of aligned batches of independent uniform pairs: limits as the batch grows, and rates.

With Z = E e^{T/tau}, T the inner product of independent uniform points, and rho = Var(e^{T/tau})/Z^2, the expected loss of
M pairs is normalizer(M) + limit + rate/M + O(1/M^2).  Sources: Wang and Isola 2020 and Koromilas et al. 2024 for the
limits (E1); the rates are the second-order delta method (E2), proved in ``proofs_check``.
"""

from __future__ import annotations

import math

import torch

from hyperenergy.arithmetic.special import log_0f1
from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.laws.uniform import log_uniform_energy, uniform_energy
from hyperenergy.losses.facts import Facts, FrameFacts, SoftmaxFacts, facts
from hyperenergy.losses.families import PairLoss


def log_partition(temperature: float, dim: int) -> float:
    """log E e^{T/tau} = log 0F1(; d/2; 1/(4 tau^2)), T the inner product of two uniform points of S^{dim-1}."""
    return float(log_0f1(dim / 2, 0.25 / float(temperature) ** 2))


def normalizer(loss: PairLoss, batch: int) -> float:
    """What the expected loss of a batch is measured from: log M, log(2M-1), log 2(M-1), log(M-1) or 0, by loss."""
    form, batch = known(loss), integer("batch", batch, 2)
    return form.normalizer(batch) if isinstance(form, SoftmaxFacts) else 0.0


def limit(loss: PairLoss, dim: int) -> float:
    """The limit, as M -> infinity, of the expected loss less its normalizer, for aligned pairs under the uniform law.

    For the losses with a temperature it is -1/tau + log Z (two-view DHEL: twice log Z), which no other law undercuts
    (E1); for KCL, at every M, -K_A(0) + gamma I(sigma) (E3).
    Raises ArgumentError for a loss without a known limit, dim < 2, or an infinite energy.
    """
    form, dim = known(loss), integer("dim", dim, 2)
    if isinstance(form, FrameFacts):
        return 1 / dim - form.attraction  # E T^2 = 1/d
    if isinstance(form, SoftmaxFacts):
        return form.views * log_partition(form.temperature, dim) - 1 / form.temperature
    coincident = float(form.alignment(torch.zeros((), dtype=torch.float64)))
    energy = (log_uniform_energy if form.logarithm else uniform_energy)(form.kernel, dim)
    return form.views * (-coincident + form.weight * energy)


def rate(loss: PairLoss, dim: int) -> float:
    """The coefficient of 1/M in the expected loss of M aligned uniform pairs, less normalizer and limit.

    -rho/2 for DHEL (twice that in two views) and DCL; e^{1/tau}/Z - 1 - rho/2 for InfoNCE; half of e^{1/tau}/Z - 1, less
    rho/2, for SimCLR and NT-Xent; 0 for KCL and the spectral loss.
    Raises ArgumentError as ``limit``, and where a term leaves the range of float64 (temperatures below about 0.0014).
    """
    form, dim = known(loss), integer("dim", dim, 2)
    if form.pairwise:
        return 0.0
    if not isinstance(form, SoftmaxFacts):
        raise ArgumentError("loss", loss.label, "no rate is known: its mean over pairs is inside the logarithm")
    temperature = form.temperature
    log_z = log_partition(temperature, dim)
    try:
        # 1 + rho = E e^{2T/tau} / Z^2 = 0F1(; d/2; 1/tau^2) / Z^2.
        half = math.expm1(log_partition(temperature / 2, dim) - 2 * log_z) / 2
        own = math.expm1(1 / temperature - log_z)
    except OverflowError:
        raise ArgumentError(
            "temperature", temperature, "is so small that the rate exceeds the range of float64"
        ) from None
    return form.own / form.copies * own - form.views * half


def known(loss: object) -> Facts:
    """The facts of a loss of pairs that has a known limit."""
    form = facts(loss)
    if form is None or not isinstance(loss, PairLoss):
        label = loss.label if isinstance(loss, PairLoss) else repr(loss)
        kinds = ", ".join(kind.__name__ for kind in PairLoss.__subclasses__() if "theory" in kind.__dict__)
        raise ArgumentError("loss", label, f"has no known limit; allowed: {kinds}")
    return form
