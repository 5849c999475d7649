"""Many starts by several ways, in rounds, until enough is known: what ``minimize`` runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from hyperenergy.objectives.base import Objective
from hyperenergy.search.landscape import Shapes, by_value, near_stationary, same_value_tolerance, summarize
from hyperenergy.search.local import Search, attained
from hyperenergy.search.minimum import Minimum, Stop
from hyperenergy.search.options import Options
from hyperenergy.search.solvers.ends import Ends
from hyperenergy.search.solvers.newton import Signature
from hyperenergy.search.unseen import Unseen, unseen
from hyperenergy.search.ways import DIRECT, HOPS, Way, turn

# Numbers in a batch of configurations: 2^22 float64 are 32 MiB, of which a search keeps a few dozen copies.
_BATCH = 2**22
# Starts of the first round of a search that is left open, which tells what one costs, and of further ones, of which there
# are the more the more there were: taking stock after each costs more than the starts where these are many and cheap.
_FIRST, _FEW, _ROUND, _GROWTH = 16, 4, 48, 2
# Numbers in one pass over the pairs from which a start is dear, so that few tell what one costs; and where they are few,
# that many numbers, or starts, go at once, for all of them cost no more than what goes on around them.
_DEAR, _CHEAP, _MANY = 20_000, 3e5, 256
# Evaluations of a descent, about.
_DESCENT = 200
# Evaluations that an open search may spend: so many numbers passed over (under a second of compiled sums), within bounds.
_NUMBERS, _LEAST_BUDGET, _MOST_BUDGET = 5e9, 2_000, 200_000
# Where fewer than this share of the starts reach the best value, hops pay: so many, of the better half.
_RARE, _HOPS, _FRACTION = 0.2, 8, 2
# Jumps from the best minimum, after which it counts as looked around from.
_PROBES = 32


def default_budget(objective: Objective, points: int, dim: int) -> int:
    """Evaluations of one configuration that an open search may spend."""
    # Expected losses pass over more than their pairs.
    numbers = max(objective.rows(points) ** 2 * dim, objective.temporaries(points, dim))
    return int(min(max(_NUMBERS / numbers, _LEAST_BUDGET), _MOST_BUDGET))


class Multistart:
    """Runs rounds of starts; afterwards ``ends`` has where they ended, ``stop`` why the search did."""

    def __init__(self, objective: Objective, points: int, dim: int, options: Options) -> None:
        self.objective, self.options = objective, options
        self.budget = options.budget or default_budget(objective, points, dim) if options.open else None
        self._dim = dim
        self._rows = objective.rows(points)
        self._numbers = self._rows * self._rows * dim
        self._at_once = max(1, _BATCH // objective.temporaries(points, dim))
        self.search: Search
        self._turn = torch.tensor(turn(options.ways))
        self._parts: list[Ends] = []
        self._way: list[Tensor] = []  # of each start, the number of its way
        self._before: list[Tensor] = []  # of each start, its value before it hopped
        self._probed = torch.inf
        self.stop = Stop.EXHAUSTED

    def run(self) -> Ends:
        """All rounds.  Returns where the starts ended."""
        for z in self._batches():
            z = z.to(self.options.device)
            if not self._parts:
                self.search = Search(self.objective, z, self.options)
            self._round(z)
            if self._finished():
                break
        return self._ends()

    def _ends(self) -> Ends:
        if len(self._parts) > 1:
            self._parts = [Ends.join(self._parts)]
        return self._parts[0]

    def _batches(self) -> Iterator[Tensor]:
        if self.options.given is not None:
            yield from self.options.given.split(self._at_once)
            return
        left = self.options.restarts
        if left is not None:
            while left > 0:
                yield self._drawn(min(left, self._at_once))
                left -= self._at_once
            return
        first = min(max(int(_CHEAP / self._numbers), _FIRST), _MANY) if self._numbers <= _DEAR else _FEW
        assert self.budget is not None
        yield self._drawn(max(1, min(first, self.budget // _DESCENT, self._at_once)))
        while True:
            ends = self._ends()
            affordable = (self.budget - ends.evaluations) * len(ends.value) // max(ends.evaluations, 1)
            several = max(_ROUND, len(ends.value) // _GROWTH)
            yield self._drawn(max(1, min(several, affordable, self._at_once)))

    def _drawn(self, count: int) -> Tensor:
        return self.options.draw(count, self._rows, self._dim)

    def _round(self, z: Tensor) -> None:
        first = sum(len(way) for way in self._way)
        numbers = torch.arange(first, first + len(z), device=z.device)
        way = self._turn[numbers.cpu() % len(self._turn)]
        order, parts = [], []
        for k, route in enumerate(self.options.ways):
            chosen = torch.nonzero(way == k).squeeze(-1)
            if len(chosen):
                parts.append(self.search.along(route.stages, z[chosen.to(z.device)], numbers[chosen.to(z.device)]))
                order.append(chosen)
        ends = Ends.join(parts).take(torch.cat(order).argsort().to(z.device))
        self._way.append(way)
        self._before.append(ends.value.clone())
        best = min([float(part.value.min()) for part in self._parts], default=torch.inf)
        if self.options.hops:
            ends = self.search.hop(ends, numbers, self.options.hops, best)
        elif self.options.hops is None and self.options.open:
            ends = self._hop_where_it_pays(ends, numbers, best)
        self._parts.append(ends)

    def _hop_where_it_pays(self, ends: Ends, numbers: Tensor, best: float) -> Ends:
        """The better half of the starts above the best value, where few reach it."""
        best = min(best, float(ends.value.min()))
        allowed = same_value_tolerance(self.objective, best)
        behind = torch.nonzero(ends.value > best + allowed).squeeze(-1)
        if len(behind) <= (1 - _RARE) * len(ends.value):
            return ends
        behind = behind[ends.value[behind].argsort(stable=True)[: max(1, len(behind) // _FRACTION)]]
        return self.search.hop(ends, numbers, _HOPS, best, behind)

    def _finished(self) -> bool:
        """Whether there is a reason to stop; sets which."""
        ends = self._ends()
        best = float(ends.value.min())
        allowed = same_value_tolerance(self.objective, best)
        if self.options.lower_bound is not None and attained(self.objective, best, self.options.lower_bound):
            self.stop = Stop.BOUND
        elif self.options.enough is not None and int((ends.value <= best + allowed).sum()) >= self.options.enough:
            self.stop = Stop.HITS
        elif self.options.open and self._seen_enough():
            self.stop = Stop.SEEN
        elif self.budget is not None and self._ends().evaluations >= self.budget:
            self.stop = Stop.BUDGET
        return self.stop is not Stop.EXHAUSTED

    def _seen_enough(self) -> bool:
        """Whether little is left unseen by more starts, nor by a look around from the best minimum."""
        account = self.unseen(self._ends())
        if account is None or account.upper >= self.options.unseen:
            return False
        return self.options.hops is not None or not self._improved_by_probes()

    def _improved_by_probes(self) -> bool:
        """Jump from the best minimum, once for each that was the best; whether that found a lower one."""
        ends = self._ends()
        best = float(ends.value.min())
        allowed = same_value_tolerance(self.objective, best)
        if not best < self._probed - allowed:
            return False
        there = torch.nonzero(ends.value <= best + allowed).squeeze(-1)
        who = there[torch.arange(_PROBES, device=there.device) % len(there)]
        numbers = torch.arange(len(ends.value), device=ends.z.device)
        self._parts = [self.search.probe(ends, numbers, who)]
        self._probed = best
        return float(self._parts[0].value.min()) < best - allowed

    def unseen(self, ends: Ends) -> Unseen | None:
        """The account of these ends; starts that are not finished count as alone.  None where starts were given.

        Minima of one value are one here: some objectives have a continuum of them, and each start ends elsewhere.
        """
        if self.options.given is not None:
            return None
        near = near_stationary(self.objective, ends, self.options.tolerance)
        counts = [len(group) for group in by_value(self.objective, ends, near)]
        return unseen(counts + [1] * int((~near).sum()))

    def by_way(self, reached: Callable[[Tensor], Tensor], changed: Tensor) -> tuple[Way, ...]:
        """Starts and hits of each way, before they hopped; jumps and their hits.  reached: which values are hits; changed:
        those of the starts after those that sat on saddles went on."""
        way, value = torch.cat(self._way), torch.cat(self._before).cpu()
        if not self.search.hops:
            value = torch.minimum(value, changed)
        hit = reached(value)
        label = DIRECT if self.options.given is None or self.options.given.shape[-1] == 1 else "from the given starts"
        found = [
            Way(route.label if route.stages else label, int((way == k).sum()), int((hit & (way == k)).sum()))
            for k, route in enumerate(self.options.ways)
        ]
        if self.search.hops:
            landed = torch.cat(self.search.landed)
            found.append(Way(HOPS, self.search.hops, int(reached(landed).sum())))
        return tuple(w for w in found if w.starts)

    def account(self, ends: Ends, signatures: dict[int, Signature], shapes: Shapes) -> Minimum:
        """Of the best configuration, when all are finished."""
        options, found = self.options, summarize(self.objective, ends, signatures, shapes, self.options.tolerance)
        best = found.value + same_value_tolerance(self.objective, found.value)
        return Minimum(
            objective=self.objective,
            value=found.value,
            rows=found.rows,
            status=found.status,
            gradient_norm=found.gradient_norm,
            restarts=found.restarts,
            hits=found.hits,
            minima=found.minima,
            ways=self.by_way(lambda value: value <= best, ends.value.cpu()),
            path=tuple(stage.label for stage in options.ways[0].stages) if len(options.ways) == 1 else (),
            unseen=self.unseen(ends),
            iterations=ends.iterations,
            evaluations=ends.evaluations,
            budget=self.budget,
            seed=options.seed,
            origin=options.origin,
            hops=self.search.hops,
            stop=self.stop,
        )
