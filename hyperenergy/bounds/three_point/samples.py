"""Triples of inner products at which the program looks, and those where (3) is violated most."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Slack = Callable[[Floats], Floats]

_STEPS, _DESCENTS = 40, 96


def triples(angles: Floats) -> Floats:
    """(n, 3) angles (a, b, c) to (cos a, cos b, cos a cos b + sin a sin b cos c): a map onto all Gram triples, whose
    boundary is c = 0 and c = pi."""
    a, b, c = angles.T
    u, v = np.cos(a), np.cos(b)
    # 1 - t by half angles: near (1,1,1) the plain formula has no digits left.
    t = 1 - 2 * (np.sin((a - b) / 2) ** 2 + np.sin(a) * np.sin(b) * np.sin(c / 2) ** 2)
    return np.stack([u, v, np.clip(t, -1, 1)], -1)


def start(count: int, rng: np.random.Generator, most: float = 1.0) -> Floats:
    """(n, 3) angles: a grid of the boundary and random ones, a quarter of them near (1,1,1) or near an edge of it at scales
    uniform in the logarithm."""
    angles = rng.uniform(0, np.pi, (count, 3))
    part = count // 8
    scale = 10 ** rng.uniform(-3, 0, (part, 1))
    angles[:part, :2] = rng.uniform(0, np.pi, (part, 2)) * scale
    angles[part : 2 * part, 1:] *= np.hstack([np.ones((part, 1)), 10 ** rng.uniform(-3, 0, (part, 1))])
    near = angles[part : 2 * part]
    near[:, 1] = near[:, 0] + (near[:, 1] - near[:, 0]) * 10 ** rng.uniform(-3, 0, part)
    angles[2 * part : 4 * part, 2] = np.pi * rng.integers(0, 2, 2 * part)
    return angles[(triples(angles) <= most).all(1)]


def descended(slack: Slack, angles: Floats) -> tuple[Floats, Floats]:
    """Local minima of the slack by a compass search from the lowest of the given angles, lowest first, and their values."""
    values = slack(triples(angles))
    best = np.argsort(values)[:_DESCENTS]
    here, low, step = angles[best], values[best], np.full(len(best), 0.1)
    compass = np.concatenate([np.eye(3), -np.eye(3)])
    for _ in range(_STEPS):
        tried = here[:, None] + compass * step[:, None, None]
        found = slack(triples(tried.reshape(-1, 3))).reshape(-1, 6)
        k = found.argmin(1)
        each = np.arange(len(k))
        better = found[each, k] < low
        here = np.where(better[:, None], tried[each, k], here)
        low = np.where(better, found[each, k], low)
        step = np.where(better, step * 1.3, step * 0.4)
    order = np.argsort(low)
    return here[order], low[order]


def clustered(angles: Floats, rng: np.random.Generator) -> Floats:
    """With neighbors at distances that fall geometrically: minima alone would leave the optimum between them."""
    offsets = [rng.normal(size=angles.shape) * 0.2 * 0.3**j for j in range(6)]
    return np.concatenate([angles, *(angles + x for x in offsets)])
