"""Where the starts of a search ended."""

from __future__ import annotations

from dataclasses import dataclass, fields

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

    @staticmethod
    def join(parts: list[Ends]) -> Ends:
        """The starts of several searches one after another."""
        tensors = {f.name: torch.cat([getattr(p, f.name) for p in parts]) for f in fields(Ends) if f.type == "Tensor"}
        return Ends(
            **tensors,
            iterations=max(p.iterations for p in parts),
            evaluations=sum(p.evaluations for p in parts),
        )
