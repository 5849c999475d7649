"""Searches for pair energies from many starts, in compiled code on the CPU's cores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from hyperenergy import compiled
from hyperenergy.energy import pair_weight
from hyperenergy.objectives import Energy, Objective
from hyperenergy.solvers.ends import Ends

# Compiling takes seconds; a batched search whose evaluation has fewer numbers than this takes less.
_WORTHWHILE = 10**6
# Starts that a thread takes at a time: few, so that none idles long while another finishes.
_SHARE = 4
# Relative gradient norm down to which sums in float32 serve; their round-off is about 1e-6.
_ROUGH = 1e-4


def possible(objective: Objective, z: Tensor) -> bool:
    """Whether there is a compiled search for this."""
    return isinstance(objective, Energy) and z.device.type == "cpu" and compiled.available()


def worthwhile(objective: Objective, z: Tensor) -> bool:
    """Whether it also repays its compilation."""
    starts, points, dim = z.shape
    return starts * points * points * dim >= _WORTHWHILE and possible(objective, z)


def search(objective: Energy, z: Tensor, tolerance: float, max_iterations: int, memory: int) -> Ends:
    """L-BFGS from every start; see ``compiled_lbfgs``."""
    from hyperenergy.solvers.compiled_lbfgs import search_each

    profile = compiled.compile_profile(objective.kernel)
    rough_profile = compiled.compile_profile(objective.kernel, np.float32)
    columns = z.mT.contiguous().numpy().copy()
    starts = len(columns)
    found = np.zeros((starts, 6))

    def share(first: int) -> None:
        some = slice(first, first + _SHARE)
        search_each(
            profile,
            rough_profile,
            columns[some],
            tolerance,
            max(tolerance, _ROUGH),
            max_iterations,
            memory,
            found[some],
        )

    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        try:
            list(pool.map(share, range(0, starts, _SHARE)))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)  # wait for what runs alone, not for all shares
            raise
    value, norm, scale, failed, iterations, evaluations = torch.from_numpy(found).unbind(1)
    # The compiled sum runs over unordered pairs.
    weight = 2 * pair_weight(objective.pairs, z.shape[1])
    return Ends(
        z=torch.from_numpy(columns).mT.contiguous(),
        value=weight * value,
        gradient_norm=norm,
        scale=weight * scale,
        failed=failed.bool(),
        iterations=int(iterations.max()),
        evaluations=int(evaluations.sum()),
    )
