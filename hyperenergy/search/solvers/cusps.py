"""Moves onto cusps: pairs u_i = v_i at which an alignment term has a kink.

A smooth method creeps towards a kink without arriving.  There the minimum is a point with zero in the
subdifferential, so the move is made at once and kept where it lowers the value; afterwards the pair moves as one
point, because ``Objective.value_and_gradient`` gives the subgradient of least norm.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import squared_distance
from hyperenergy.objectives.base import FixedAnchors, Objective

# Pairs further apart than this chord are left to the smooth method.
_REACH = 0.3


def snap(objective: Objective, z: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Configurations with their nearly coincident pairs put together where that lowers the value, and which those are.

    Tried with the pairs nearer than the reach, and then only with those nearer than a thousandth of it.
    """
    moved = torch.zeros_like(value, dtype=torch.bool)
    U, V = objective.views(z)
    r = squared_distance(U, V)
    for reach in (_REACH, _REACH / 1000):
        close = (r < reach**2) & (r > 0)
        merged = torch.where(close.unsqueeze(-1), U, V)
        trial = merged if isinstance(objective, FixedAnchors) else torch.cat([U, merged], -2)
        lower = ~moved & close.any(-1) & (objective.value(trial) <= value)
        z = torch.where(lower[:, None, None], trial, z)
        moved = moved | lower
    return z, moved
