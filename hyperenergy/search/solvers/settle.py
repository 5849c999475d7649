"""The last digits, where values have become round-off and only the gradient tells.

Near the minimum of a flat landscape the Hessian changes by as much as the gradient, in the stiff directions, is away from
zero; eigenvalues below that say nothing.  So each step solves what is certain and damps the rest: along an eigenvector of
eigenvalue w by |w| / (w^2 + damping^2), which leads downhill, with the damping that leaves the least gradient.  The stiff
directions come to rest first, and then tell the soft ones.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import project, retract
from hyperenergy.objectives.base import Objective, relative_norm
from hyperenergy.search.solvers.curvature import (
    at_once,
    coordinates,
    riemannian_hessians,
    rotations,
    tangent_bases,
    vectors,
)
from hyperenergy.search.solvers.ends import Ends
from hyperenergy.search.solvers.lbfgs import noise

# Dampings, relative to the largest number in the Hessian, from round-off on.
_DAMPINGS = [10.0**k for k in range(-14, -2)]
# Spectra, and steps with each; and what a step must leave of the gradient at most.
_MOST_SPECTRA, _MOST_STEPS, _ENOUGH = 12, 8, 0.8
# No point moves further than this (as a chord) in a step.
_LONGEST = 0.1


def settle(objective: Objective, ends: Ends, tolerance: float) -> Ends:
    """Newton steps of the starts above ``tolerance``, as long as they lessen the gradient; no value rises by more
    than round-off."""
    left = torch.nonzero((ends.gradient_norm > tolerance) & ends.value.isfinite()).squeeze(-1)
    if not len(left):
        return ends
    ends = Ends.join([ends])  # a copy
    evaluations = 0
    for some in left.split(at_once(objective, ends.z)):
        for _ in range(_MOST_SPECTRA):
            moved, count = _with_one_spectrum(objective, ends, some)
            evaluations += count * len(some)
            some = some[moved & (ends.gradient_norm[some] > tolerance)]
            if not len(some):
                break
    return replace(ends, evaluations=ends.evaluations + evaluations)


def _with_one_spectrum(objective: Objective, ends: Ends, places: Tensor) -> tuple[Tensor, int]:
    """Steps of the starts in these places; whether each moved, and how many evaluations of all it took."""
    z = ends.z[places]
    basis = tangent_bases(z)
    matrix, _, largest = riemannian_hessians(objective, z, basis)
    # Rotations have no curvature and get a large one.
    turned = rotations(z, basis)
    matrix = (matrix / largest[:, None, None]).baddbmm(turned, turned.mT)
    usable = matrix.isfinite().all(-1).all(-1)
    eigenvalues, eigenvectors = torch.linalg.eigh(torch.where(usable[:, None, None], matrix, 0.0))
    value, gradient, _ = objective.value_and_gradient(z)
    allowed = value + noise(value, ends.scale[places], z.shape[1])
    damping = torch.full_like(value, torch.nan)
    moved = torch.zeros_like(usable)
    going, evaluations = usable, 1
    for step in range(_MOST_STEPS):
        along = (eigenvectors.mT @ coordinates(basis, gradient).unsqueeze(-1)).squeeze(-1)
        best: tuple[Tensor, ...] = (z, value, gradient, ends.scale[places])
        best_norm = _ENOUGH * gradient.square().sum((-2, -1)).sqrt()
        chosen = torch.zeros_like(going)
        # The first step tries all dampings, and the next ones go on with the best.
        for candidate in _DAMPINGS if step == 0 else [None]:
            width = damping if candidate is None else torch.full_like(value, candidate)
            part = along * eigenvalues.abs() / (eigenvalues.square() + width.square().unsqueeze(-1))
            move = project(z, vectors(basis, (eigenvectors @ part.unsqueeze(-1)).squeeze(-1))) / largest[:, None, None]
            move = move * (_LONGEST / move.norm(dim=-1).amax(-1).clamp(min=_LONGEST))[:, None, None]
            trial = retract(z, -move)
            found = (trial, *objective.value_and_gradient(trial))
            evaluations += 1
            norm = found[2].square().sum((-2, -1)).sqrt()
            better = going & (norm < best_norm) & (found[1] <= allowed)
            best = _where(better, found, best)
            best_norm, damping = torch.where(better, norm, best_norm), torch.where(better, width, damping)
            chosen = chosen | better
        going = chosen
        if not bool(going.any()):
            break
        moved = moved | going
        z, value, gradient, scale = best
        at = places[going]
        ends.z[at], ends.value[at], ends.scale[at] = z[going], value[going], scale[going]
        ends.gradient_norm[at] = relative_norm(gradient, scale)[going]
    return moved, evaluations


def _where(chosen: Tensor, ours: tuple[Tensor, ...], theirs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    pairs = zip(ours, theirs, strict=True)
    return tuple(torch.where(chosen.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in pairs)
