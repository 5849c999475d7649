"""One configuration of each distinct minimum, finished by Newton's method, which tells minima from saddles."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.geometry.sphere import normalize, random_points
from hyperenergy.objectives.base import relative_norm
from hyperenergy.search.landscape import Shapes, groups, near_stationary
from hyperenergy.search.local import Search
from hyperenergy.search.solvers import newton
from hyperenergy.search.solvers.ends import Ends
from hyperenergy.search.solvers.newton import Signature

# Distinct minima that are finished and classified, best first: so many, and no more than this many operations allow at n^3
# for the spectrum of n coordinates, a fraction of a second beyond the best one.  Attempts to leave a saddle.
_MOST_MINIMA, _MOST_OPERATIONS, _MOST_ESCAPES = 16, 1e8, 3


def _examined(z: Tensor) -> int:
    """How many distinct minima are finished and classified; the best one always."""
    return max(1, min(_MOST_MINIMA, int(_MOST_OPERATIONS / (z.shape[1] * z.shape[2]) ** 3)))


def finish(search: Search, ends: Ends) -> tuple[Ends, dict[int, Signature], Shapes]:
    """The ends, with one of each distinct minimum finished; starts that sit on saddles go on from beside them.  Returns the
    signatures by the index of the start, and the starts' shapes."""
    objective = search.target
    ends = Ends.join([ends])
    shapes = Shapes(ends.z, objective.of_lines)
    signatures: dict[int, Signature] = {}
    for attempt in range(_MOST_ESCAPES + 1):
        near = near_stationary(objective, ends, search.tolerance)
        saddles = []
        for group in groups(objective, ends, near, shapes)[: _examined(ends.z)]:
            chosen = int(group[ends.gradient_norm[group].argmin()])
            if chosen in signatures or not newton.applicable(objective, ends.z[chosen]):
                continue
            search.see_end(ends, chosen)
            z, signature = newton.polish(objective, ends.z[chosen])
            if signature is None:
                continue
            signatures[chosen] = signature
            if signature.index:
                saddles.append(group)
                continue
            one = objective.value_and_gradient(z[None])
            ends.z[chosen], ends.value[chosen], ends.scale[chosen] = z, one[0][0], one[2][0]
            ends.gradient_norm[chosen] = relative_norm(one[1], one[2])[0]
        if not saddles or attempt == _MOST_ESCAPES:
            break
        stuck = torch.cat(saddles)
        beside = random_points(*ends.z[stuck].shape, generator=search.generator).to(ends.z.device)
        again = search.down(normalize(ends.z[stuck] + 1e-2 * beside), stuck)
        ends = ends.replace(stuck, again, torch.ones_like(stuck, dtype=torch.bool))
        shapes = Shapes(ends.z, objective.of_lines)
        for k in stuck.tolist():
            signatures.pop(k, None)
    return ends, signatures, shapes
