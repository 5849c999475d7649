"""Metrics of more rows than there is room for, over batches of them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hyperenergy.checks import positive
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import squared_distance
from hyperenergy.losses import align_uniform, calls
from hyperenergy.metrics import spectrum
from hyperenergy.metrics.rows import unit


class Streaming:
    """What can be said of all rows from sums over batches: exactly what the metric of all of them would be.

    ``update(U, V)`` or ``update(U)``, any number of times; ``merge(other)``, of another process or worker; ``compute()``, a
    dictionary: alignment (where there were positives), rank, effective_rank, rankme, stable_rank, alpha_req and
    w2_uniformity of the anchors.  Uniformity and the Wasserstein-1 distance are of all pairs, and need them all.
    Kept are a triangle of dim x dim for the rows and one for the centered ones.  Raises ArgumentError for rows of another
    dimension.
    """

    def __init__(self, *, alpha: float = 2.0, normalize: bool = False) -> None:
        self.alpha, self.normalize = positive("alpha", alpha), normalize
        self.points = 0
        self._pairs, self._alignment, self._tolerance = 0, 0.0, 0.0
        self._rows: Tensor | None = None
        self._centered: Tensor | None = None
        self._mean = torch.zeros(0, dtype=torch.float64)

    def update(self, anchors: Tensor, positives: Tensor | None = None) -> None:
        """One more batch: anchors (points, dim), and positives of the same shape or none."""
        u = unit(anchors, "anchors", self.normalize).detach()
        if u.ndim != 2 or (self._rows is not None and u.shape[-1] != self._rows.shape[-1]):
            dim = "dim" if self._rows is None else self._rows.shape[-1]
            raise ArgumentError("anchors", f"shape {tuple(u.shape)}", f"must be (points, {dim})")
        if positives is not None:
            v = unit(positives, "positives", self.normalize).detach()
            calls.check_same(u, v)
            powers = align_uniform.distance_power(squared_distance(u.double(), v.double()), self.alpha)
            self._alignment += float(powers.sum())
            self._pairs += len(u)
        eps = spectrum.default_tolerance(anchors) / max(anchors.shape[-2:])
        half = anchors.dtype in (torch.float16, torch.bfloat16)
        self._tolerance = max(self._tolerance, 4 * torch.finfo(anchors.dtype).eps if half else eps)
        wide = u.double()
        mean = wide.mean(0)
        self._join(spectrum.triangle(wide), spectrum.triangle(wide - mean), mean, len(u))

    def merge(self, other: Streaming) -> None:
        """The batches that another one has seen, too."""
        self._alignment += other._alignment
        self._pairs += other._pairs
        self._tolerance = max(self._tolerance, other._tolerance)
        if other._rows is not None and other._centered is not None:
            self._join(other._rows, other._centered, other._mean, other.points)

    def _join(self, rows: Tensor, centered: Tensor, mean: Tensor, points: int) -> None:
        if self._rows is None or self._centered is None:
            self._rows, self._centered, self._mean, self.points = rows, centered, mean, points
            return
        # Around the mean of both, squares add up with n m/(n+m) times that of the difference of the means.
        together = self.points + points
        apart = math.sqrt(self.points * points / together) * (mean - self._mean)
        self._rows = spectrum.triangle(rows, self._rows)
        self._centered = spectrum.triangle(torch.cat([centered, apart.unsqueeze(0)]), self._centered)
        self._mean = self._mean + (mean - self._mean) * (points / together)
        self.points = together

    def compute(self) -> dict[str, float]:
        """The metrics of all rows so far.  Raises ArgumentError before there are any."""
        if self._rows is None or self._centered is None:
            raise ArgumentError("update", "no batch", "call update with one first")
        dim = self._rows.shape[-1]
        s, centered = (torch.linalg.svdvals(x)[: min(self.points, dim)] for x in (self._rows, self._centered))
        tolerance = max(self.points, dim) * self._tolerance
        found = {"alignment": self._alignment / self._pairs} if self._pairs else {}
        return found | {
            "rank": int(spectrum.rank_of(s, tolerance)),
            "effective_rank": float(spectrum.entropy_rank(s, 0.0)),
            "rankme": float(spectrum.entropy_rank(s, spectrum.EPSILON)),
            "stable_rank": float(spectrum.stable_rank_of(s)),
            "alpha_req": float(spectrum.alpha_of(centered, tolerance, 1, len(centered))),
            "w2_uniformity": float(spectrum.w2_of(centered, self.points, dim)),
        }
