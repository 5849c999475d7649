"""Configurations of low loss, by descent in floating point from many starts: nothing is proved here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hyperenergy.bounds.enclosure.gauge import Floats
from hyperenergy.bounds.enclosure.potentials import Softmax


def lowest(potential: Softmax, points: int, dim: int, starts: int, further: Sequence[Floats] = ()) -> Floats:
    """The best of ``starts`` random ones and the further ones, (points, dim)."""
    rng = np.random.default_rng(0)
    tried = [_descended(potential, x) for x in (*further, *(rng.normal(size=(points, dim)) for _ in range(starts)))]
    return min(tried, key=lambda found: found[0])[1]


def _descended(potential: Softmax, start: Floats) -> tuple[float, Floats]:
    from scipy.optimize import minimize

    def value(flat: Floats) -> tuple[float, Floats]:
        z = flat.reshape(start.shape)
        lengths = np.linalg.norm(z, axis=1, keepdims=True)
        y = z / lengths
        loss, slope = _loss(potential, y)
        across = slope - (slope * y).sum(1, keepdims=True) * y
        return loss, (across / lengths).ravel()

    found = minimize(
        value, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 3000, "ftol": 0.0, "gtol": 1e-11}
    )
    z = found.x.reshape(start.shape)
    return float(found.fun), z / np.linalg.norm(z, axis=1, keepdims=True)


def _loss(potential: Softmax, y: Floats) -> tuple[float, Floats]:
    """The loss and its slopes by all coordinates."""
    tau, counts = float(potential.temperature), np.array(potential.counts, dtype=float)
    anchors = y[: len(counts)]
    a = (anchors @ y.T - 1) / tau
    top = np.where(counts > 0, a, -np.inf).max(1, keepdims=True)
    if potential.own:
        top = np.maximum(top, 0)
    terms = counts * np.exp(np.minimum(a - top, 0))
    total = terms.sum(1, keepdims=True) + potential.own * np.exp(-top)
    loss = float((np.log(total) + top).mean())
    p = terms / total
    if potential.positives is not None:
        rows, mates = np.arange(len(counts)), np.array(potential.positives)
        loss += float((1 - (anchors * y[mates]).sum(1)).mean() / tau)
        p[rows, mates] -= 1
    p /= len(counts) * tau
    slope = p.T @ anchors
    slope[: len(counts)] += p @ y
    return loss, slope
