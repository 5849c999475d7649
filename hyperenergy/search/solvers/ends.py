"""Where the starts of a search ended."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Ends:
    """One entry per start, in their order: configuration, value, gradient norm over scale, scale, and whether round-off
    stopped it.  iterations: of the longest start; evaluations: of all together."""

    z: Tensor
    value: Tensor
    gradient_norm: Tensor
    scale: Tensor
    failed: Tensor
    iterations: int = 0
    evaluations: int = 0

    def replace(self, where: Tensor, other: Ends, better: Tensor) -> Ends:
        """``other``, which has the starts ``where``, in the places where it is better; counts add up."""
        changed = {}
        for field in fields(self):
            ours, theirs = getattr(self, field.name), getattr(other, field.name)
            if isinstance(ours, Tensor):
                changed[field.name] = ours.clone()
                changed[field.name][where[better]] = theirs[better]
        return Ends(
            **changed,
            iterations=self.iterations + other.iterations,
            evaluations=self.evaluations + other.evaluations,
        )

    def with_counts(self, *before: Ends) -> Ends:
        """With the iterations and evaluations of what led here, too."""
        return replace(
            self,
            iterations=self.iterations + sum(ends.iterations for ends in before),
            evaluations=self.evaluations + sum(ends.evaluations for ends in before),
        )

    def take(self, which: Tensor) -> Ends:
        """Some of the starts; the counts stay those of all."""
        return replace(self, **{f.name: getattr(self, f.name)[which] for f in fields(self) if f.type == "Tensor"})

    @staticmethod
    def join(parts: list[Ends]) -> Ends:
        """The starts of several searches one after another."""
        tensors = {f.name: torch.cat([getattr(p, f.name) for p in parts]) for f in fields(Ends) if f.type == "Tensor"}
        return Ends(
            **tensors,
            iterations=max(p.iterations for p in parts),
            evaluations=sum(p.evaluations for p in parts),
        )
