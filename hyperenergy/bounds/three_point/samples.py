"""Triples of inner products at which the program looks, and those where (3) is violated most."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Slack = Callable[[Floats], Floats]

# What rounding may put an inner product beyond its limit.
SLIP = 1e-12
_STEPS, _DESCENTS, _CELL = 40, 128, 0.2


def triples(angles: Floats) -> Floats:
    """(n, 3) angles (a, b, c) to (cos a, cos b, cos a cos b + sin a sin b cos c): a map onto all Gram triples, whose
    boundary is c = 0 and c = pi."""
    a, b, c = angles.T
    u, v = np.cos(a), np.cos(b)
    # 1 - t by half angles: near (1,1,1) the plain formula has no digits left.
    t = 1 - 2 * (np.sin((a - b) / 2) ** 2 + np.sin(a) * np.sin(b) * np.sin(c / 2) ** 2)
    return np.stack([u, v, np.clip(t, -1, 1)], -1)


def angles(triples: Floats) -> Floats:
    """(n, 3) triples to angles that are mapped to them, up to rounding."""
    a, b = np.arccos(triples[:, 0]), np.arccos(triples[:, 1])
    product = np.maximum(np.sin(a) * np.sin(b), 1e-12)
    return np.stack([a, b, np.arccos(np.clip((triples[:, 2] - np.cos(a) * np.cos(b)) / product, -1, 1))], -1)


def start(count: int, rng: np.random.Generator, most: float) -> Floats:
    """(n, 3) angles of triples that are at most ``most``: random ones, a quarter of them on the boundary of the Gram
    triples; a quarter near (1,1,1) or near an edge to it at scales uniform in the logarithm, or, where ``most`` is
    less, on faces and edges of the cube."""
    found = rng.uniform(0, np.pi, (count, 3))
    part = count // 8
    scale = 10 ** rng.uniform(-3, 0, (2 * part, 1))
    if most < 1:
        found[: 3 * part, 0] = found[:part, 1] = np.arccos(most)
        found[2 * part : 4 * part, 2] = np.pi * rng.integers(0, 2, 2 * part)
    else:
        found[:part, :2] *= scale[:part]
        found[part : 2 * part, 1] = (
            found[part : 2 * part, 0] + (found[part : 2 * part, 1] - np.pi / 2) * scale[part:, 0]
        )
        found[part : 2 * part, 2] *= scale[part:, 0]
        found[2 * part : 4 * part, 2] = np.pi * rng.integers(0, 2, 2 * part)
    return within(found[rng.permutation(count)], most)


def within(angles: Floats, most: float) -> Floats:
    return angles[(triples(angles) <= most + SLIP).all(1)]


def descended(slack: Slack, angles: Floats) -> tuple[Floats, Floats]:
    """Local minima of the slack by a compass search from the lowest of the angles, lowest first, and their values."""
    at = triples(angles)
    values = slack(at)
    order = np.argsort(values)
    # One start per cell, so that a wide valley does not take them all.
    _, first = np.unique(np.floor(np.sort(at[order], axis=1) / _CELL), axis=0, return_index=True)
    best = order[np.sort(first)[:_DESCENTS]]
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


def distinct(angles: Floats) -> Floats:
    """One of each triple, whatever its order, up to 1e-3."""
    ordered = np.round(np.sort(triples(angles), axis=1), 3)
    _, first = np.unique(ordered, axis=0, return_index=True)
    return angles[np.sort(first)]


def clustered(angles: Floats, rng: np.random.Generator) -> Floats:
    """With neighbors at distances that fall geometrically: minima alone would leave the optimum between them."""
    offsets = [rng.normal(size=angles.shape) * 0.2 * 0.3**j for j in range(6)]
    return np.concatenate([angles, *(angles + x for x in offsets)])
