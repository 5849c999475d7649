"""What the starts of a search of a steep objective say of the largest term that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from hyperenergy.objectives.base import Objective
from hyperenergy.objectives.logarithm import logarithmic
from hyperenergy.objectives.packing import LargestTerm
from hyperenergy.search.contacts import Contacts
from hyperenergy.search.landscape import Shapes, groups, same_value_tolerance
from hyperenergy.search.local import Search
from hyperenergy.search.minimum import LocalMinimum, Minimum, Status
from hyperenergy.search.multistart import Multistart
from hyperenergy.search.packing.isolation import settled
from hyperenergy.search.packing.newton import Solution
from hyperenergy.search.packing.steepening import finished
from hyperenergy.search.packing.terms import Terms
from hyperenergy.search.solvers.ends import Ends
from hyperenergy.search.starts import jump
from hyperenergy.search.ways import DIRECT, Route, Way

# Distinct minima of the steep objective that are finished, those of the lowest values of the largest term first: so many,
# and no more than this many operations allow at n^3 for each of the equations of n coordinates.
_MOST_FINISHED, _MOST_OPERATIONS = 24, 1e8
# A look around: from so many of the best so many jumps a round, of lengths from and to these parts of what jumps are, until
# so many rounds in a row find nothing lower.
AROUND = "jumps from what was found"
_FROM, _JUMPS, _LENGTHS, _PATIENCE, _MOST_ROUNDS = 6, 48, (0.2, 1.6), 2, 6


@dataclass(frozen=True, eq=False)
class _Finished:
    """starts: the numbers of those that ended at one minimum of the steep objective; solution: where that leads; jumps: how
    many led there instead, from what was found before."""

    starts: Tensor
    solution: Solution
    jumps: int = 0


def account(run: Multistart, ends: Ends, target: LargestTerm, points: int) -> Minimum:
    """Of the best configuration, with its contacts; of what did not finish, as it is, with the status that says so."""
    ends = Ends.join([ends])
    largest = target.value(ends.z.cpu())
    dim = ends.z.shape[-1]
    if dim == 1:
        return _of_signs(run, ends, target, largest)
    terms = Terms(target, points, dim)
    found = _finish(terms, target, _kinds(run.objective, ends, largest), ends)
    jumps = 0
    if found:  # the starts may have been led to a saddle
        k = min(range(len(found)), key=lambda k: found[k].solution.largest)
        found[k] = replace(found[k], solution=settled(terms, found[k].solution)[0])
    if found and (run.options.hops or (run.options.hops is None and run.options.open)):
        jumps = _look_around(run, target, terms, found)
    if not found:
        best = int(largest.argmin())
        return _minimum(run, ends, target, Status.STALLED, ends.z[best].cpu(), lambda value: value < -torch.inf, ())
    lowest = min(one.solution.largest for one in found)
    hits = [one for one in found if one.solution.largest <= lowest + _same(target)]
    best_one = max(hits, key=lambda one: (len(one.starts), one.jumps))
    solution, isolation = settled(terms, best_one.solution)
    if solution.largest < lowest - _same(target):
        hits = [best_one]
    contacts = Contacts(
        pairs=torch.from_numpy(terms.pairs[solution.active]),
        weights=torch.from_numpy(solution.weights),
        residual=solution.residual,
        spread=solution.spread,
        rattlers=terms.loose(solution.active),
        isolation=isolation,
    )
    levels = torch.tensor([float(ends.value[one.starts[0]]) for one in hits if len(one.starts)], dtype=torch.float64)

    def reached(value: Tensor) -> Tensor:
        near = [same_value_tolerance(run.objective, level) for level in levels.tolist()]
        return ((value[:, None] - levels).abs() <= torch.tensor(near, dtype=torch.float64)).any(-1)

    found = [_Finished(one.starts, solution, one.jumps) if one is best_one else one for one in found]
    minima = _distinct(target, found, best_one.starts)
    around = Way(AROUND, jumps, sum(one.jumps for one in hits))
    z = torch.from_numpy(solution.z)
    status = Status.CONVERGED if solution.residual <= run.options.tolerance else Status.ROUND_OFF
    reached_by = sum(len(one.starts) for one in hits)
    told = _minimum(run, ends, target, status, z, reached, minima, contacts, reached_by)
    return replace(told, ways=(*told.ways, around)) if jumps else told


def _same(target: LargestTerm) -> float:
    return same_value_tolerance(target, 0.0)


def _kinds(steep: Objective, ends: Ends, largest: Tensor) -> list[Tensor]:
    """The starts by the minimum of the steep objective that they ended at, the best ones for the target first."""
    members = ends.value.isfinite() & ends.z.isfinite().flatten(1).all(-1)
    kinds = groups(steep, ends, members, Shapes(ends.z))
    return sorted(kinds, key=lambda kind: float(largest[kind.cpu()].min()))


def _look_around(run: Multistart, target: LargestTerm, terms: Terms, found: list[_Finished]) -> int:
    """Jump from the best configurations into basins of a steeper objective, and add what they lead to; how many jumps."""
    steeper, options = logarithmic(target.steep(around=True)), replace(run.options, ways=(Route(DIRECT),))
    made, fruitless = 0, 0
    for _ in range(_MOST_ROUNDS):
        best = sorted(found, key=lambda one: one.solution.largest)[:_FROM]
        z = torch.stack([torch.from_numpy(best[j % len(best)].solution.z) for j in range(_JUMPS)])
        z = jump(z, 0, torch.linspace(*_LENGTHS, _JUMPS, dtype=torch.float64), run.options.generator)
        search = Search(steeper, z.to(run.options.device), options)
        ends = search.down(z.to(run.options.device), torch.arange(_JUMPS, device=run.options.device))
        made += _JUMPS
        kinds = _kinds(steeper, ends, target.value(ends.z.cpu()))
        new = _finish(terms, target, kinds, ends, around=True)
        lowest = min([one.solution.largest for one in new], default=torch.inf)
        improved = lowest < best[0].solution.largest - _same(target)
        found += new
        fruitless = 0 if improved else fruitless + 1
        if fruitless >= _PATIENCE:
            break
    return made


def _finish(
    terms: Terms, target: LargestTerm, kinds: list[Tensor], ends: Ends, around: bool = False
) -> list[_Finished]:
    most = max(1, min(_MOST_FINISHED, int(_MOST_OPERATIONS / terms.freedoms**3)))
    found = []
    for kind in kinds[:most]:
        z = ends.z[kind[int(ends.gradient_norm[kind].argmin())]].cpu().numpy()
        solution = finished(terms, z, target.temperature(float(terms.values(z).max()), around))
        if solution is not None:
            found.append(_Finished(kind[:0], solution, len(kind)) if around else _Finished(kind, solution))
    return found


def _distinct(target: LargestTerm, found: list[_Finished], first: Tensor) -> tuple[LocalMinimum, ...]:
    """Local minima with their counts, best first; of one value that which is shown first."""
    z = torch.stack([torch.from_numpy(one.solution.z) for one in found])
    value = target.value(z)
    nothing = torch.zeros_like(value)
    ends = Ends(z, value, nothing, nothing + 1, torch.zeros(len(z), dtype=torch.bool))
    shown = next(k for k, one in enumerate(found) if one.starts is first)
    same = groups(target, ends, value.isfinite(), Shapes(z))
    minima = []
    for group in sorted(same, key=lambda group: shown not in group.tolist()):
        k = shown if shown in group.tolist() else int(group[0])
        count = sum(len(found[member].starts) + found[member].jumps for member in group.tolist())
        minima.append(LocalMinimum(float(value[k]), count, z[k], None))
    return tuple(minima)


def _of_signs(run: Multistart, ends: Ends, target: LargestTerm, value: Tensor) -> Minimum:
    """On S^0 all configurations were tried."""
    best = int(value.argmin())
    hits = value <= value[best] + _same(target)
    minimum = LocalMinimum(float(value[best]), int(hits.sum()), ends.z[best].cpu(), None)
    return _minimum(
        run, ends, target, Status.CONVERGED, minimum.rows, lambda _: hits, (minimum,), None, int(hits.sum())
    )


def _minimum(
    run: Multistart,
    ends: Ends,
    target: LargestTerm,
    status: Status,
    rows: Tensor,
    reached: Callable[[Tensor], Tensor],
    minima: tuple[LocalMinimum, ...],
    contacts: Contacts | None = None,
    hits: int = 0,
) -> Minimum:
    options = run.options
    residual = contacts.residual if contacts is not None else 0.0 if minima else float("inf")
    return Minimum(
        objective=target,
        value=float(target.value(rows)),
        rows=rows,
        status=status,
        gradient_norm=residual,
        restarts=len(ends.value),
        hits=hits,
        minima=minima,
        ways=run.by_way(reached, ends.value.cpu()),
        path=tuple(stage.label for stage in options.ways[0].stages) if len(options.ways) == 1 else (),
        unseen=run.unseen(ends),
        iterations=ends.iterations,
        evaluations=ends.evaluations,
        budget=run.budget,
        seed=options.seed,
        origin=options.origin,
        hops=run.search.hops,
        stop=run.stop,
        contacts=contacts,
    )
