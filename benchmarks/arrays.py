"""The losses of ``loss_loops`` in NumPy's arrays and its BLAS, which pay where there are many points in many dimensions."""

from __future__ import annotations

import numpy as np

Floats = np.ndarray


def softmax(x: Floats, dim: int, tau: float, both: bool, own: bool, cross: bool, within: bool) -> tuple[float, Floats]:
    """Value and gradient with respect to free vectors x (2 M dim); see ``loss_loops.softmax``."""
    u, norm = _directions(x, dim)
    points = len(u) // 2
    gradient, value = np.zeros_like(u), 0.0
    first, second = slice(0, points), slice(points, 2 * points)
    for a, b in ((first, second), (second, first))[: 2 if both else 1]:
        value += _one_side(
            u[a], u[b], gradient[a], gradient[b], (0.5 if both else 1.0) / points, tau, own, cross, within
        )
    return value, _of_directions(gradient, u, norm)


def _one_side(
    A: Floats, B: Floats, GA: Floats, GB: Floats, weight: float, tau: float, own: bool, cross: bool, within: bool
) -> float:
    points = len(A)
    s = (A * B).sum(1) / tau
    top = s if own else np.full(points, -np.inf)
    others = [C for C, used in ((B, cross), (A, within)) if used]
    logits = []
    for C in others:
        P = A @ (C.T / tau)
        P.ravel()[:: points + 1] = -np.inf
        top = np.maximum(top, P.max(1))
        logits.append(P)
    mass: Floats = np.zeros(points)
    for P in logits:
        P -= top[:, None]
        np.exp(P, out=P)
        mass += P.sum(1)
    positive = np.exp(s - top) if own else 0.0
    # Where the positive is nearly all of the sum, the logarithm keeps the digits of the rest.
    log = np.where(top == s, np.log1p(mass), np.log(positive + mass)) if own else np.log(mass)
    factor = weight / (tau * (positive + mass))
    for P, C, GC in zip(logits, others, [G for G, used in ((GB, cross), (GA, within)) if used], strict=True):
        P *= factor[:, None]
        GA += P @ C
        GC += P.T @ A
    c = (factor * mass)[:, None]
    GA -= c * B
    GB -= c * A
    return float(weight * (top - s + log).sum())


def kcl(x: Floats, dim: int, t: float, gamma: float) -> tuple[float, Floats]:
    """Value and gradient with respect to free vectors; see ``loss_loops.kcl``."""
    u, norm = _directions(x, dim)
    points = len(u) // 2
    U, V = u[:points], u[points:]
    aligned = np.exp(-2 * t * (1 - (U * V).sum(1))) / points
    K = np.exp(-2 * t * (1 - U @ U.T))
    K.ravel()[:: points + 1] = 0.0
    K *= gamma / (points * (points - 1))
    gradient = np.empty_like(u)
    gradient[:points] = 4 * t * (K @ U) - 2 * t * aligned[:, None] * V
    gradient[points:] = -2 * t * aligned[:, None] * U
    return float(K.sum() - aligned.sum()), _of_directions(gradient, u, norm)


def _directions(x: Floats, dim: int) -> tuple[Floats, Floats]:
    rows = x.reshape(-1, dim)
    norm = np.sqrt((rows * rows).sum(1, keepdims=True))
    return rows / norm, norm


def _of_directions(gradient: Floats, u: Floats, norm: Floats) -> Floats:
    return ((gradient - (gradient * u).sum(1, keepdims=True) * u) / norm).ravel()
