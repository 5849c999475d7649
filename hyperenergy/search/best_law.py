"""Which law is best at a finite batch size: expected losses minimized over laws of aligned pairs.

A law of K particles with weights w has the expected loss F(w, x) = E[loss of a batch of M iid draws], a polynomial of
degree M in the weights.  Its first variation at the law is h(x) = M (E[loss | one pair is x] - F): moving a little mass
to x changes F at that rate.  Where h >= 0 on the whole sphere, and so h = 0 on the particles, no small change of the law
helps.  That is a necessary condition; F is not convex, so that many starts are needed, and "best" means best found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy import codes
from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import random_points
from hyperenergy.laws import expected_uniform
from hyperenergy.losses.families import PairLoss
from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.expected import Expected, multiset_orders, pair_mean
from hyperenergy.search.minimize import minimize

# Particles closer than this are one, weights below this are none, and a first variation above minus this (relative to
# max(1, |value|)) counts as nonnegative: the square root of what moves the value by round-off.
_SAME, _NO_WEIGHT, _STATIONARY = 1e-5, 1e-9, 1e-7
_ROUNDS = 12


@dataclass(frozen=True, eq=False)
class Law:
    """points: (particles, dim), unit rows; weights: (particles,), of sum 1, largest first; value: the expected loss.

    first_variation: its least value found on the sphere; direction: where.  stationary: whether it is nonnegative to within
    the stated tolerance.
    """

    loss: PairLoss
    batch: int
    points: Float[Tensor, "particles dim"]
    weights: Float[Tensor, " particles"]
    value: float
    first_variation: float
    direction: Float[Tensor, " dim"]

    @property
    def stationary(self) -> bool:
        return self.first_variation >= -_STATIONARY * max(1.0, abs(self.value))


def best_law(
    loss: PairLoss, batch: int, dim: int, *, particles: int | None = None, restarts: int = 16, seed: int = 0
) -> Law:
    """The law of aligned pairs with the least expected loss that is found from random particles of equal weight.

    Without ``particles`` several numbers of them are tried, from 2 to 2 * batch + 2 and those of universal optima.  From
    the best of these, positions and weights are improved in turns, and a particle is added where the first variation is
    negative.
    Raises ArgumentError for dim < 2 or a batch so large that its draws cannot be enumerated.
    """
    batch, dim, restarts = integer("batch", batch, 2), integer("dim", dim, 2), integer("restarts", restarts, 1)
    sizes = _sizes(batch, dim) if particles is None else (integer("particles", particles, 2),)
    found = []
    for size in sizes:
        objective = _expected(loss, batch, None)
        if math.comb(size + batch - 1, batch) > objective.enumerate:
            if particles is None:
                break
            raise ArgumentError("particles", size, f"has too many batches of {batch} to enumerate; choose fewer")
        best = minimize(objective, size, dim, restarts=restarts, seed=seed, throw=False)
        found.append((best.value, best.points))
    if not found:
        raise ArgumentError("batch", batch, "has too many batches to enumerate even for two particles")
    points = min(found, key=lambda pair: pair[0])[1]
    law = _judged(loss, batch, *_merged(points, torch.full((len(points),), 1 / len(points), dtype=torch.float64)))
    for _ in range(_ROUNDS):
        if law.stationary:
            break
        better = _improved(law)
        if not better.value < law.value - 1e-14 * max(1.0, abs(law.value)):
            break
        law = better
    return law


def _sizes(batch: int, dim: int) -> list[int]:
    """Numbers of particles: few, and up to 12 those at which there are universal optima."""
    few = range(2, 2 * batch + 3)
    return [size for size in range(2, 13) if size in few or codes.universal_optimum(size, dim) is not None]


def first_variation(loss: PairLoss, batch: int, points: Tensor, weights: Tensor, x: Tensor) -> Tensor:
    """h at each of x (n, dim): batch * (expected loss given that one pair is x, less the expected loss)."""
    if pair_mean(loss):
        batch = 2  # h does not depend on the batch: the share of the pairs that contain x is 2/M
    objective = _expected(loss, batch, weights)
    value = objective.value(points)
    if batch == 2:
        index, probability = torch.arange(len(points))[:, None], weights
    else:
        index, exact = _expected(loss, batch - 1, weights)._batches(len(points))
        assert exact is not None
        probability = exact
    rest = points[index]
    X = torch.cat([x[:, None, None, :].expand(-1, len(index), 1, -1), rest.expand(len(x), -1, -1, -1)], 2)
    return batch * ((loss.formula(X, X) * probability).sum(-1) - value)


def _expected(loss: PairLoss, batch: int, weights: Tensor | None) -> Expected:
    return Expected(loss, batch, aligned=True, weights=weights)


def _judged(loss: PairLoss, batch: int, points: Tensor, weights: Tensor) -> Law:
    """The law with its value and the least first variation: on a grid, then by a search from the best of it."""
    value = float(_expected(loss, batch, weights).value(points))
    dim = points.shape[1]
    grid = random_points(512 * dim, dim, generator=torch.Generator().manual_seed(0))
    grid = torch.cat([grid, points])
    h = torch.cat([first_variation(loss, batch, points, weights, x) for x in grid.split(64)])

    # Several points at once, which do not see each other.
    start = grid[h.argsort()[:4]]
    objective = _FirstVariation(loss, batch, points, weights)
    found = minimize(objective, len(start), dim, start=start[None], throw=False, max_iterations=200).points
    candidates = torch.cat([start, found])
    h = first_variation(loss, batch, points, weights, candidates)
    order = weights.argsort(descending=True)
    return Law(loss, batch, points[order], weights[order], value, float(h.min()), candidates[h.argmin()])


@dataclass(frozen=True, eq=False)
class _FirstVariation(Objective):
    """The sum of h over points that do not interact, for ``minimize`` to go down from each."""

    loss: PairLoss
    batch: int
    points: Tensor
    weights: Tensor

    def value(self, z: Tensor) -> Tensor:
        h = first_variation(self.loss, self.batch, self.points, self.weights, z.flatten(0, -2))
        return h.reshape(z.shape[:-1]).sum(-1)

    @property
    def label(self) -> str:
        return f"first variation of {self.loss.label} at batches of {self.batch}"


def _merged(points: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Coincident particles as one, and those without weight dropped."""
    kept: list[int] = []
    total: list[float] = []
    for k in range(len(points)):
        if weights[k] < _NO_WEIGHT:
            continue
        same = next((i for i, j in enumerate(kept) if float((points[j] - points[k]).norm()) < _SAME), None)
        if same is None:
            kept.append(k)
            total.append(float(weights[k]))
        else:
            total[same] += float(weights[k])
    merged = torch.tensor(total, dtype=torch.float64)
    return points[kept], merged / merged.sum()


def _improved(law: Law) -> Law:
    """One round: a new particle where h is least, then weights, then positions, then weights."""
    if not _expected(law.loss, law.batch, None).exact(len(law.points) + 1):
        return law  # no room for one more
    share = 0.02
    points = torch.cat([law.points, law.direction[None]])
    weights = torch.cat([law.weights * (1 - share), torch.tensor([share], dtype=torch.float64)])
    weights = _best_weights(law, points, weights)
    points, weights = _merged(points, weights)
    objective = _expected(law.loss, law.batch, weights)
    best = minimize(objective, len(points), points.shape[1], start=points[None], throw=False, max_iterations=300)
    points, weights = _merged(best.points, _best_weights(law, best.points, weights))
    return _judged(law.loss, law.batch, points, weights)


def _best_weights(law: Law, points: Tensor, weights: Tensor) -> Tensor:
    """Weights on given points: a polynomial on the simplex, by sequential quadratic programming from the given ones."""
    from scipy.optimize import minimize as local_search

    index, _ = _expected(law.loss, law.batch, weights)._batches(len(points))
    values = law.loss.formula(points[index], points[index])
    counts = torch.nn.functional.one_hot(index, len(points)).sum(1).double()
    orders = torch.tensor(multiset_orders(index), dtype=torch.float64)

    def function(w: Any) -> tuple[float, Any]:
        x = torch.tensor(np.clip(w, 0, None), dtype=torch.float64, requires_grad=True)
        value = (orders * values * (x**counts).prod(1)).sum()
        (gradient,) = torch.autograd.grad(value, x)
        return float(value.detach()), gradient.numpy()

    end = local_search(
        function,
        weights.numpy(),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * len(points),
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones_like(w)},
        options={"ftol": 1e-15, "maxiter": 500},
    )
    found = torch.tensor(np.clip(end.x, 0, None), dtype=torch.float64)
    found = found / found.sum()
    better = function(found.numpy())[0] <= function(weights.numpy())[0]
    return found if better else weights


def gap_to_uniform(law: Law) -> float:
    """How far the law lies below the uniform one."""
    return expected_uniform(law.loss, law.batch, law.points.shape[1]) - law.value
