"""B18: what the spectral loss asks for."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

from hyperenergy.losses.spectral_contrastive import SpectralContrastive
from hyperenergy.objectives.base import Aligned, Objective
from hyperenergy.theorems.cases import chosen
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.known import check_room
from hyperenergy.theorems.prediction import Status, Views
from hyperenergy.theorems.registry import Said, Stated, Theorem, say
from hyperenergy.theorems.values import Value, pair_loss


def harmonic_frame(points: int, dim: int) -> Tensor:
    """A unit-norm tight frame of points >= dim: cosines and sines of the frequencies 1..d/2, and for odd d a constant.

    For even d = points the last frequency would have no sine; any orthonormal basis does then.
    """
    check_room(points, dim)
    if points == dim:
        return torch.eye(points, dtype=torch.float64)
    # Exact angles: the index times the frequency modulo the number of points.
    index = torch.arange(points).unsqueeze(-1) * torch.arange(1, dim // 2 + 1) % points
    angles = index.double() * (2 * math.pi / points)
    parts = [angles.cos() * math.sqrt(2 / dim), angles.sin() * math.sqrt(2 / dim)]
    if dim % 2:
        parts.append(torch.full((points, 1), 1 / math.sqrt(dim), dtype=torch.float64))
    X = torch.cat(parts, -1)
    return X / X.norm(dim=-1, keepdim=True)


def _aligned(points: int, dim: int) -> Views:
    check_room(points, dim)
    X = torch.eye(points, dim, dtype=torch.float64) if points < dim else harmonic_frame(points, dim)
    return X, X


def least_value(points: int, dim: int) -> float:
    return -2.0 if points <= dim else -2 + (points - dim) / (dim * (points - 1))


def _say(objective: Objective, points: int, dim: int) -> Said:
    if type(pair_loss(objective)) is not SpectralContrastive:
        return None
    value, build = Value(least_value(points, dim)), partial(_aligned, points, dim)
    # Beyond d points a changed sign of one vector gives another frame.
    return say("B18", Status.THEOREM, objective, value, build, unique=points <= dim, aligned=True)


def _instances(grid: Grid) -> Instances:
    cases: tuple[tuple[int, int], ...] = ((2, 3), (3, 2), (3, 3), (3, 4), (3, 5), (3, 7), (4, 4), (4, 9), (5, 6))
    if grid.dims or grid.points or grid.full:
        cases = tuple((d, M) for d in grid.pick_dims((2, 3, 4, 5, 8)) for M in grid.pick_points((2, 3, 4, 5, 7, 9, 14)))
    for dim, points in chosen(cases, grid):
        for subject in (SpectralContrastive(), Aligned(SpectralContrastive())):
            yield How.PREDICTION, Instance("B18", subject, points, dim)


THEOREM = Theorem(
    "B18",
    "The spectral loss asks for tight frames",
    "Let M >= 2 pairs lie in dimension d. The minimum of -2 mean s_i + mean_{i!=j} (u_i.v_j)^2 is -2 for M <= d, "
    "attained exactly by aligned orthonormal sets, and -2 + (M-d)/(d(M-1)) for M >= d, attained exactly by aligned "
    "unit-norm tight frames, sum_i u_i u_i^T = (M/d) 1, which exist for all M >= d. For M = d+1 these are the simplex "
    "and what changes of signs make of it (F2).",
    Status.THEOREM,
    "Benedetto and Fickus, Finite Normalized Tight Frames, 2003 (the frame potential); the loss: HaoChen et al., "
    "Provable Guarantees for Self-Supervised Deep Learning with Spectral Contrastive Loss, NeurIPS 2021",
    Stated(_say),
    instances=_instances,
    formula=r"\min\limits_{U,V} \, [ \, -\frac{2}{M} \sum_i u_i \cdot v_i + \frac{1}{M(M-1)} \sum_{i \ne j} (u_i \cdot "
    r"v_j)^2 \, ] = -2 + \frac{\max(M-d, 0)}{d(M-1)}",
)
