"""Expected losses of a finite batch of aligned uniform pairs, by quadrature.

The losses with a logarithm are -1/tau + E log S with a sum S of independent terms: m (M-1 of them) times e^{T/tau}, and
perhaps the anchor's own e^{1/tau}.  By Frullani's integral log S = int_0^inf (e^{-s} - e^{-sS}) ds/s, so that

    E log S = log c + int (exp(-e^u) - E exp(-e^u S/c)) du,      c = E S, s = e^u,

and the expectation of the exponential is a product of one-dimensional ones.  The integrand is analytic and decays
exponentially at both ends, where the trapezoidal rule converges geometrically.
"""

from __future__ import annotations

import math

import numpy as np

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.laws.law import InnerProductLaw
from hyperenergy.laws.limits import known, limit, log_partition, normalizer
from hyperenergy.losses.facts import SoftmaxFacts
from hyperenergy.losses.families import PairLoss

# The trapezoidal rule in u, with its step, from where the integrand is below 1e-17 on.
_STEP, _LEFT = 0.05, -45.0


def expected_uniform(loss: PairLoss, batch: int, dim: int) -> float:
    """The expected loss of ``batch`` aligned pairs drawn iid from the uniform law on S^{dim-1}; error about 1e-12 of
    max(1, 1/tau) for temperatures down to 0.02.

    Law: normalizer + limit + rate/batch + O(1/batch^2).  Raises ArgumentError for losses without a formula here.
    """
    form = known(loss)
    batch, dim = integer("batch", batch, 2), integer("dim", dim, 2)
    if form.pairwise:
        return limit(loss, dim)
    if not isinstance(form, SoftmaxFacts):
        raise ArgumentError(
            "loss", loss.label, "its mean over pairs is inside the logarithm: no product of expectations"
        )
    value = _log_sum(form.temperature, batch - 1, form.copies, form.own, dim)
    return form.views * value - 1 / form.temperature


def distance_to_limit(loss: PairLoss, batch: int, dim: int) -> float:
    """How far the expected loss of a uniform batch, less its normalizer, is from its limit: rate/batch + O(1/batch^2).

    Raises ArgumentError as ``expected_uniform``.
    """
    return expected_uniform(loss, batch, dim) - normalizer(loss, batch) - limit(loss, dim)


def _log_sum(temperature: float, terms: int, copies: int, own: bool, dim: int) -> float:
    """E log(own e^{1/tau} + copies sum_j e^{T_j/tau}) over ``terms`` independent T_j."""
    if terms == 1 and not own:
        return math.log(copies)  # E T = 0
    log_z = log_partition(temperature, dim)
    # exp(-s e^{t/tau}) changes within tau.
    t, weights = InnerProductLaw(dim).quadrature(min(2000, max(400, int(16 / temperature))))
    log_mean = log_z + math.log(copies * terms)
    if own:
        log_mean = float(np.logaddexp(1 / temperature, log_mean))
    # In units of the mean: one term, and the anchor's own.
    term = copies * np.exp(t / temperature - log_mean)
    # Until the least sum that there can be has made its exponential vanish.
    least = 1 / temperature if own else math.log(copies * terms) - 1 / temperature
    u = np.arange(_LEFT, max(5.0, log_mean - least + 5.0), _STEP)
    s = np.exp(u)
    # 1 - E exp(-s term), which is of the order of 1/terms where it matters, so that its power keeps its digits.
    missing = -np.expm1(-np.minimum(np.outer(s, term), 745.0)) @ weights
    with np.errstate(divide="ignore"):
        transform = np.exp(terms * np.log1p(-np.minimum(missing, 1.0)))
    if own:
        transform = transform * np.exp(-np.minimum(s * math.exp(1 / temperature - log_mean), 745.0))
    return log_mean + float((np.exp(-np.minimum(s, 745.0)) - transform).sum()) * _STEP
