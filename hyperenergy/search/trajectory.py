"""The way of one start through a search, recorded by a callback."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from hyperenergy.checks import integer
from hyperenergy.geometry.sphere import normalize
from hyperenergy.objectives.base import Objective, relative_norm
from hyperenergy.search.minimum import Minimum, Progress

# When it was seen, after how many iterations of the start, the label of what was minimized there, and the rows.
Sight = tuple[int, int, str, NDArray[np.float32]]
# What a recorder keeps at most, before it drops every second sight: 2^24 float32 are 64 MiB.
_MOST_NUMBERS = 2**24


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Configurations in the order of the search, the last one being the minimum.

    objective: the one that is meant; values, gradient_norms (relative, as in ``Minimum``) are of it, also where the search
    went by way of another.  iterations: of that start, from 0 on, through all its descents; each begins where the one before
    it ended, or where a hop led from there.  stages: the label of what was being minimized.  rows: unit rows.
    """

    objective: Objective
    iterations: tuple[int, ...]
    stages: tuple[str, ...]
    rows: Float[Tensor, "frames rows dim"]
    values: Float[Tensor, "frames"]
    gradient_norms: Float[Tensor, "frames"]


class Recorder:
    """A callback for ``minimize`` that keeps what it sees, at first all of it, then every second, fourth, ... sight, and
    the first and the last one of each start.

    >>> import hyperenergy as he
    >>> recorder = he.Recorder()
    >>> best = he.minimize(he.DHEL(0.5), points=4, dim=3, restarts=2, callback=recorder)
    >>> bool(recorder.trajectory(best).values[0] > best.value)
    True
    """

    def __init__(self) -> None:
        self._sights: list[tuple[int, str, NDArray[np.int64], list[int], NDArray[np.float32]]] = []
        self._first: dict[int, Sight] = {}
        self._last: dict[int, Sight] = {}
        # Of each start the iterations before its present descent.
        self._before: dict[int, int] = {}
        self._ticks, self._stride, self._numbers = 0, 1, 0

    def __call__(self, progress: Progress) -> None:
        if progress.finishing:
            return  # seen before, as the last of its descent
        tick, label = self._ticks, progress.objective.label
        self._ticks += 1
        starts, z = progress.starts.cpu().numpy(), progress.z.float().cpu().numpy().copy()
        numbers = starts.tolist()
        if progress.iteration == 0:
            self._before |= {k: self._last[k][1] for k in numbers if k in self._last}
        done = [self._before.get(k, 0) + progress.iteration for k in numbers]
        now: dict[int, Sight] = {k: (tick, n, label, rows) for k, n, rows in zip(numbers, done, z, strict=True)}
        self._first = now | self._first
        self._last |= now
        if tick % self._stride:
            return
        self._sights.append((tick, label, starts, done, z))
        self._numbers += z.size
        while self._numbers > _MOST_NUMBERS and len(self._sights) > 1:
            self._stride *= 2
            self._sights = [sight for sight in self._sights if not sight[0] % self._stride]
            self._numbers = sum(z.size for *_, z in self._sights)

    def trajectory(self, minimum: Minimum, frames: int = 120) -> Trajectory:
        """The way of the start that came nearest to the minimum, up to there, in at most so many frames (2 or more), denser
        at the beginning, where the points move most.  With hops, that is all that the start did, also in vain.  Only the
        minimum itself where nothing was seen.

        Raises ArgumentError for an impossible number of frames.
        """
        frames = integer("frames", frames, 2)
        sights = self._way(minimum.rows.cpu().numpy())
        # Squares of equal steps: the last step is about twice the mean one.
        at = np.unique(np.rint((len(sights) - 1) * np.linspace(0, 1, frames - 1) ** 2).astype(int))
        kept = [sights[k] for k in at] if sights else []
        rows = torch.stack([normalize(torch.from_numpy(z).double()) for *_, z in kept] + [minimum.rows.cpu()])
        target = minimum.objective
        seen = [target.value_and_gradient(z[None].to(minimum.rows.device)) for z in rows]
        last = sights[-1][1] + 1 if sights else 0  # what Newton's method adds
        return Trajectory(
            objective=target,
            iterations=(*(done for _, done, *_ in kept), last),
            stages=(*(label for *_, label, _ in kept), target.label),
            rows=rows,
            values=torch.cat([value for value, *_ in seen]).cpu(),
            gradient_norms=torch.cat([relative_norm(gradient, scale) for _, gradient, scale in seen]).cpu(),
        )

    def _way(self, end: NDArray[np.float64]) -> list[Sight]:
        """Sights of one start.  The last one of a descent is so near to what Newton's method makes of it that no other start
        can be taken for it; it is always kept, but for those that a hop in vain came after."""
        sights = [
            (int(number), (tick, n, label, rows))
            for tick, label, starts, done, z in self._sights
            for number, n, rows in zip(starts, done, z, strict=True)
        ]
        sights += [*self._first.items(), *self._last.items()]
        if not sights:
            return []
        distance = [abs(rows - end).max() for _, (*_, rows) in sights]
        number, (stop, *_) = sights[int(np.argmin(distance))]
        way = {sight[0]: sight for other, sight in sights if other == number and sight[0] <= stop}
        return [way[tick] for tick in sorted(way)]
