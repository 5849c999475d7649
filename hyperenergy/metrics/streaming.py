"""Metrics of more rows than there is room for, over batches of them."""

from __future__ import annotations

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
    Kept is the triangle R of the rows with a 1 in front of each: with it R[:, 1:] has the rows' singular values, and what is
    below the first row, which is sqrt N times the mean, those of the centered rows.
    Raises ArgumentError for rows of another dimension.
    """

    def __init__(self, *, alpha: float = 2.0, normalize: bool = False) -> None:
        self.alpha, self.normalize = positive("alpha", alpha), normalize
        self.points = 0
        self._pairs, self._alignment, self._tolerance = 0, 0.0, 0.0
        self._triangle: Tensor | None = None

    def update(self, anchors: Tensor, positives: Tensor | None = None) -> None:
        """One more batch: anchors (points, dim), and positives of the same shape or none."""
        u = unit(anchors, "anchors", self.normalize).detach()
        if u.ndim != 2 or (self._triangle is not None and u.shape[-1] != self._triangle.shape[-1] - 1):
            dim = "dim" if self._triangle is None else self._triangle.shape[-1] - 1
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
        self._triangle = spectrum.triangle(torch.cat([u.new_ones(len(u), 1), u], -1), self._triangle)
        self.points += len(u)

    def merge(self, other: Streaming) -> None:
        """The batches that another one has seen, too."""
        self._alignment += other._alignment
        self._pairs += other._pairs
        self._tolerance = max(self._tolerance, other._tolerance)
        if other._triangle is not None:
            self._triangle = spectrum.triangle(other._triangle, self._triangle)
            self.points += other.points

    def singular_values(self) -> tuple[Tensor, Tensor]:
        """Of the rows, and of the rows less their mean, (min(points, dim),) each, the largest first.  Raises ArgumentError
        before there are any."""
        if self._triangle is None:
            raise ArgumentError("update", "no batch", "call update with one first")
        count = min(self.points, self._triangle.shape[-1] - 1)
        rows, centered = self._triangle[:, 1:], self._triangle[1:, 1:]
        whole = torch.linalg.svdvals(rows)[:count]
        below = torch.linalg.svdvals(centered) if centered.numel() else whole.new_zeros(0)
        # Of fewer rows than dimensions one dimension goes with the mean.
        return whole, torch.nn.functional.pad(below, (0, max(0, count - len(below))))[:count]

    def compute(self) -> dict[str, float]:
        """The metrics of all rows so far.  Raises ArgumentError before there are any."""
        s, centered = self.singular_values()
        assert self._triangle is not None
        dim = self._triangle.shape[-1] - 1
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
