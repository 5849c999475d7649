"""SupCon with classes of any sizes: its minimum by a convex program, with a dual certificate (B15)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from hyperenergy.checks import integer, positive
from hyperenergy.errors import ArgumentError
from hyperenergy.theorems.known import check_room, simplex_points
from hyperenergy.theorems.sup_con_program import Classes, Floats, quotient
from hyperenergy.theorems.sup_con_solver import duality_gap, solve

# Different sizes up to which the program is solved: 420 unknowns with the dual ones.
MOST_SIZES = 20
# What is left of a zero at the minimizer; the certificate sees what is made of it.
_TOGETHER = 1e-12


@dataclass(frozen=True)
class Solution:
    """products: g_ab by the different sizes.  value, log_value: of f there.  gap: how far the minimum over all
    configurations, in any dimension, can be from that, by the dual certificate.  relative_gap: gap over the size of f's
    gradient, which at small temperatures is what tells products from others.  bound: what the minimum is at least.
    """

    classes: Classes
    products: Floats
    value: float
    log_value: float
    gap: float
    relative_gap: float

    @property
    def bound(self) -> float:
        return self.value - self.gap

    @property
    def quotient(self) -> Floats:
        return quotient(self.classes, self.products)

    def points(self, dim: int) -> tuple[Tensor, ...]:
        """Class points (count, dim) of each size.  Those of one size are a mean vector and a simplex around it, in
        directions of their own.  ArgumentError where ``dim`` is less than ``rank``."""
        if dim < self.rank:
            raise ArgumentError("dim", dim, f"must be at least {self.rank}")
        check_room(sum(self.classes.counts), dim)
        means, free = self._means, self._mean_rank
        found = []
        for a, k in enumerate(self.classes.counts):
            X = torch.zeros(k, dim, dtype=torch.float64)
            X[:, : self._mean_rank] = torch.from_numpy(means[a, : self._mean_rank])
            around = 1 - self.products[a, a] if k > 1 else 0.0
            if around > _TOGETHER:
                X[:, free : free + k - 1] = math.sqrt(around * (1 - 1 / k)) * simplex_points(k, k - 1)
                free += k - 1
            found.append(X / X.norm(dim=-1, keepdim=True))
        return tuple(found)

    @cached_property
    def _means(self) -> Floats:
        """Rows: the mean of the class points of each size, by the axes of Q, largest first."""
        values, axes = np.linalg.eigh(self.quotient)
        rows = axes * np.sqrt(values.clip(0)) / np.sqrt(self.classes.counts)[:, None]
        return np.ascontiguousarray(rows[:, ::-1])

    @property
    def _mean_rank(self) -> int:
        return int((np.linalg.eigvalsh(self.quotient) > _TOGETHER * len(self.products)).sum())

    @property
    def rank(self) -> int:
        """How many dimensions the class points take."""
        pairs = zip(self.classes.counts, np.diag(self.products), strict=True)
        return self._mean_rank + sum(k - 1 for k, g in pairs if k > 1 and 1 - g > _TOGETHER)


def least_sup_con(sizes: Sequence[int], temperature: float) -> Solution:
    """The least SupCon of classes with so many points each, and the products of the class points there.

    Raises ArgumentError for a class of fewer than two points, for fewer than two classes, and for more than ``MOST_SIZES``
    different sizes.
    """
    counted = Counter(integer("sizes", n, 2) for n in sizes)
    if counted.total() < 2:
        raise ArgumentError("sizes", list(sizes), "must be of at least two classes")
    if len(counted) > MOST_SIZES:
        raise ArgumentError("sizes", f"{len(counted)} different ones", f"at most {MOST_SIZES} are solved for")
    ordered = tuple(sorted(counted, reverse=True))
    return _solved(Classes(ordered, tuple(counted[n] for n in ordered), positive("temperature", temperature)))


@lru_cache(maxsize=256)
def _solved(classes: Classes) -> Solution:
    g = solve(classes)
    value, log_value = classes.value(g)
    relative, scale = duality_gap(classes, g)
    return Solution(classes, g, value, log_value, relative * math.exp(scale), relative)
