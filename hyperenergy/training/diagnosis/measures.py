"""Every metric of one representation, beside what the best points have, the uniform law, and a baseline."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hyperenergy import metrics
from hyperenergy.laws.law import InnerProductLaw
from hyperenergy.metrics import similarities
from hyperenergy.training.diagnosis.views import Views

# Of more points, what is of all pairs is of a random sample of so many, and its standard error from so many parts of it.
MOST_PAIRED, _PARTS = 16384, 8
_CELLS = 2**14
# Singular values below this share of the largest are counted as collapsed dimensions.
SMALL = 0.01
EDGES = np.linspace(-1, 1, 201)

Floats = NDArray[np.float64]
Told = Callable[[str, float], None]


@dataclass(frozen=True)
class Measured:
    """A value, and its standard error where it is of a sample of the points."""

    value: float
    error: float | None = None

    def __str__(self) -> str:
        return f"{self.value:.4g}" if self.error is None else f"{self.value:.4g} ± {self.error:.1g}"


@dataclass(frozen=True)
class Measure:
    """One metric: best is what the best N points in R^d have, or are known not to surpass (``certain``: whether that is
    attained); uniform what the uniform law has; baseline what the baseline has."""

    name: str
    found: Measured
    best: float | None
    certain: bool
    uniform: float | None
    baseline: Measured | None
    range: tuple[float, float] | None
    at: str


@dataclass(frozen=True, eq=False)
class Representation:
    """values by name; singular: (min(N, d),) singular values of the rows over sqrt N, largest first; histogram: shares
    of the inner products of pairs in the cells of EDGES; sample: the rows that stand for all in what is of pairs."""

    values: dict[str, Measured]
    singular: Floats
    histogram: Floats
    sample: Tensor | None


def represent(views: Views, generator: torch.Generator, tell: Told) -> Representation:
    """Metrics of all rows, exactly, but for those of all pairs where there are more than MOST_PAIRED points."""
    streaming = metrics.Streaming()
    for chosen, u, v in views.blocks():
        streaming.update(_unit(u), _unit(v) if views.positives is not None else None)
        tell("metrics of all rows", chosen.stop / views.points)
    values = {name: Measured(float(value)) for name, value in streaming.compute().items()}
    rows, centered = streaming.singular_values()
    largest = centered[:1].clamp(min=torch.finfo(torch.float64).tiny)
    values["small_singular_values"] = Measured(float((centered < SMALL * largest).sum()))
    index = sampled(views.points, generator)
    chosen_rows = torch.arange(views.points) if index is None else index
    u, v = views.rows(chosen_rows)
    x = _unit(u)
    tell("metrics of pairs", 0.0)
    parts = () if index is None else x.chunk(_PARTS)
    values["uniformity"] = Measured(float(metrics.uniformity(x)), _error([float(metrics.uniformity(y)) for y in parts]))
    # Of the parts' distances only the scatter counts, for which few cells do.
    apart = [similarities.counted(y, _CELLS) for y in parts]
    values["wasserstein_uniformity"] = Measured(float(metrics.wasserstein_uniformity(x)), _error(apart))
    if views.positives is not None:
        values["lidar"] = Measured(float(metrics.lidar(torch.stack([x, _unit(v)]))), None)
    singular = (rows / math.sqrt(views.points)).numpy()
    return Representation(values, singular, _histogram(x), index)


def _error(parts: list[float]) -> float | None:
    """Of the value of all, from those of equal parts: to first order their mean is as good."""
    return float(np.std(parts, ddof=1)) / math.sqrt(len(parts)) if parts else None


def sampled(points: int, generator: torch.Generator) -> Tensor | None:
    """Rows drawn without replacement, in random order; None where all are taken."""
    return None if points <= MOST_PAIRED else torch.randperm(points, generator=generator)[:MOST_PAIRED]


def measures(found: Representation, baseline: Representation, points: int, dim: int) -> tuple[Measure, ...]:
    """Each metric with its marks, in the order in which they are told."""
    return tuple(_marked(name, value, baseline.values.get(name), points, dim) for name, value in found.values.items())


def _marked(name: str, value: Measured, baseline: Measured | None, points: int, dim: int) -> Measure:
    if name == "small_singular_values":
        most = float(min(points, dim))
        at = "singular values of the centered rows below 1 % of the largest"
        return Measure(name, value, 0.0, points > dim, 0.0, baseline, (0.0, most), at)
    # Objects of which LiDAR is: as many as pairs.
    optimum = metrics.optimum(name, points=min(points, MOST_PAIRED) if name == "lidar" else points, dim=dim)
    best = optimum.bound if optimum.best is None else optimum.best
    return Measure(name, value, best, optimum.best is not None, optimum.uniform, baseline, optimum.range, optimum.at)


def law_histogram(dim: int) -> Floats:
    """The shares that the uniform law has in the cells of EDGES."""
    return np.asarray(np.diff(InnerProductLaw(dim).cdf(EDGES)))


def _histogram(x: Tensor) -> Floats:
    """Shares of the inner products x_i.x_j, i != j."""
    counts = np.zeros(len(EDGES) - 1)
    for start in range(0, len(x), 512):
        products = x[start : start + 512] @ x.mT
        counts += torch.histc(products.clamp_(-1, 1), len(counts), -1.0, 1.0).double().numpy()
    counts[-1] -= len(x)  # each with itself
    return np.asarray(counts / counts.sum())


def _unit(x: Tensor) -> Tensor:
    """To round-off: rows of a file are unit vectors to within its digits."""
    return x / x.norm(dim=-1, keepdim=True)
