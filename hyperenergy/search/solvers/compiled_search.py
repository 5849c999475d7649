"""Searches in compiled code, on the CPU's cores: L-BFGS for pair energies and losses, trust regions for losses."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hyperenergy import compiled, files
from hyperenergy.energies.energy import pair_weight
from hyperenergy.errors import HyperenergyError
from hyperenergy.losses.facts import KernelFacts, SoftmaxFacts, facts
from hyperenergy.objectives.base import Aligned, BatchLoss, Energy, Objective
from hyperenergy.objectives.logarithm import Logarithm
from hyperenergy.search.solvers import rules
from hyperenergy.search.solvers.ends import Ends
from hyperenergy.search.solvers.slices import slices

Floats = NDArray[np.float64]
# Told of a batch: numbers of the starts that run, their iterations, configurations, values and relative gradient norms.
See = Callable[[Tensor, int, Tensor, Tensor, Tensor], None]

# Relative gradient norm down to which sums in float32 serve; their round-off is about 1e-6.
_ROUGH = 2e-5
# Work that a thread takes at a time, in numbers: little, so that none idles long while another finishes, and enough to be
# worth handing over.
_SHARE_OF_WORK = 2_000
# Pairs whose logarithms are kept at once, and those of a loss: 64 MiB a thread.
_MOST_PAIRS = 2**22
# A search shows itself after every iteration at first, for its points move most then, and later after a third more of them:
# showing costs.  Not after more than so many, nor after more than so many numbers were passed over, a few hundredths of a
# second: who watches may want to stop it.
_DENSE, _SLICE, _UNWATCHED = 3, 80, 6e7
# Numbers that a start keeps between slices, beside its vectors.
_SCALARS = 16
# Products with the Hessian in one start: nearly degenerate landscapes take hundreds of thousands.
_MOST_PRODUCTS = 400_000
# Between compiled code and the formula: round-off is below 1e-12 (see its tests), the energies of two kernels far above.
_AGREEMENT = 1e-8
_RULES = compiled.inlined(Path(rules.__file__))
_DESCENT, _TRUST = compiled.descent(_RULES), compiled.trust(_RULES)


@dataclass(frozen=True, eq=False)
class Program:
    """An objective in compiled code.

    evaluate: of one configuration (dim, rows), with its gradient; roughly: the same in float32, None where there is none;
    multiply: the Hessian's product, None where there is none.  parameters: for all three; work: numbers of scratch.
    weight: the objective's value over the evaluator's.  logarithmic: both values are logarithms, and so the weight is added
    as one.
    """

    evaluate: Any
    roughly: Any
    multiply: Any
    parameters: Floats
    work: int
    weight: float = 1.0
    logarithmic: bool = False

    def value(self, evaluated: Any) -> Any:
        """The objective's value."""
        return evaluated + math.log(self.weight) if self.logarithmic else self.weight * evaluated

    def scale(self, evaluated: Any) -> Any:
        """The scale of the objective's gradient; that of a logarithm is relative already."""
        return evaluated if self.logarithmic else self.weight * evaluated


def possible(objective: Objective, device: torch.device, rows: int) -> bool:
    """Whether there is a compiled search for this."""
    return device.type == "cpu" and compiled.available() and _kind(objective, rows) is not None


def _kind(objective: Objective, rows: int) -> Callable[[Any, int, int], Program] | None:
    """What makes the program of an objective; by exact type, for a subclass may have another formula."""
    if type(objective) is Energy and compiled.readable(objective.kernel):
        return _energy
    if type(objective) is Logarithm and rows * rows <= _MOST_PAIRS and compiled.readable(objective.energy.kernel):
        return _log_energy
    if type(objective) in (BatchLoss, Aligned) and rows * rows <= _MOST_PAIRS:
        said = facts(objective.loss)  # type: ignore[attr-defined]
        if isinstance(said, SoftmaxFacts):
            return _softmax
        if isinstance(said, KernelFacts) and type(objective) is BatchLoss:
            plain = said.pairwise and not said.symmetrized
            smooth = plain and not (said.alignment.kinked or said.kernel.kinked or said.kernel.singular)
            return _kcl if smooth and all(map(compiled.readable, (said.kernel, said.alignment))) else None
    return None


def prepare(objectives: Sequence[Objective], rows: int, dim: int) -> None:
    """Load the code for these, and compile what there is not yet, all of it at the same time."""
    wanted = [_DESCENT]
    for objective in objectives:
        if _kind(objective, rows) is not None:
            wanted += _texts(objective, dim)
    compiled.prepare(wanted)


def _texts(objective: Objective, dim: int) -> list[compiled.Text]:
    """What an objective needs beside L-BFGS."""
    if isinstance(objective, Energy):
        return [compiled.pairs(objective.kernel, dim)]
    if isinstance(objective, Logarithm):
        return [compiled.log_pairs(objective.energy.kernel)]
    said = facts(objective.loss)  # type: ignore[attr-defined]
    if isinstance(said, KernelFacts):
        return [_TRUST, compiled.kcl(said.kernel, said.alignment)]
    return [_TRUST, compiled.softmax(isinstance(objective, Aligned))]


def program(objective: Objective, rows: int, dim: int) -> Program:
    """The compiled objective; compiles it where it is not on disk yet."""
    make = _kind(objective, rows)
    assert make is not None
    return make(objective, rows, dim)


def _energy(objective: Energy, rows: int, dim: int) -> Program:
    module = compiled.load(compiled.pairs(objective.kernel, dim))
    # The compiled sum runs over unordered pairs.
    weight = 2 * pair_weight(objective.pairs, rows)
    parameters = np.array([compiled.parameter_of(objective.kernel)])
    return Program(
        module.energy, getattr(module, "rough_energy", None), None, parameters, compiled.pair_work(rows, dim), weight
    )


def _log_energy(objective: Logarithm, rows: int, dim: int) -> Program:
    kernel = objective.energy.kernel
    module = compiled.load(compiled.log_pairs(kernel))
    parameters = np.array([compiled.parameter_of(kernel)])
    weight = 2 * pair_weight(objective.energy.pairs, rows)
    return Program(module.log_energy, None, None, parameters, rows * rows, weight, logarithmic=True)


def _softmax(objective: BatchLoss | Aligned, rows: int, dim: int) -> Program:
    loss, module = objective.loss, compiled.load(compiled.softmax(isinstance(objective, Aligned)))
    form = facts(loss)
    assert isinstance(form, SoftmaxFacts)
    # As ``softmax_loops`` wants them; what comes last are further s_i / tau.
    told = (form.temperature, *form.sides, form.own, form.across, form.within, form.views - 1)
    parameters = np.array(told, dtype=np.float64)
    points = rows if isinstance(objective, Aligned) else rows // 2
    wide, even = _filled(points, 8), _filled(dim, 2)
    work = wide * (8 * wide + 8 * even + 22)
    if isinstance(objective, Aligned):
        work += 4 * rows * dim
        return Program(module.aligned_softmax_loss, None, module.aligned_softmax_product, parameters, work)
    return Program(module.softmax_loss, None, module.softmax_product, parameters, work)


def _filled(number: int, unit: int) -> int:
    """The next multiple, up to which ``compiled.tiles`` fills up with zeros."""
    return -(-number // unit) * unit


def _kcl(objective: BatchLoss, rows: int, dim: int) -> Program:
    said = facts(objective.loss)
    assert isinstance(said, KernelFacts)
    module = compiled.load(compiled.kcl(said.kernel, said.alignment))
    sides = (float(said.views), said.weight, said.weight if said.views == 2 else 0.0)
    parameters = [compiled.parameter_of(said.kernel), compiled.parameter_of(said.alignment), *sides]
    points = rows // 2
    wide, even = _filled(points, 8), _filled(dim, 2)
    work = wide * (4 * wide + 8 * even + 8)
    return Program(module.kcl, None, module.kcl_product, np.array(parameters), work)


def refines(objective: Objective) -> bool:
    """Whether ``refine`` can finish its starts."""
    return type(objective) in (BatchLoss, Aligned)


def relative_norms(objective: Objective, z: Tensor) -> Tensor:
    """The relative gradient norms at some configurations."""
    code = program(objective, *z.shape[1:])
    found = []
    with np.errstate(invalid="ignore", over="ignore"):  # at coincident points
        for x in _columns(z):
            gradient, work = np.empty_like(x), np.empty(code.work)
            value = code.evaluate(x, gradient, code.parameters, work)
            scale = np.hypot(np.linalg.norm(gradient), (1.0 if code.logarithmic else value) / z.shape[1] ** 0.5)
            found.append(np.linalg.norm(gradient - (gradient * x).sum(0) * x) / max(scale, np.finfo(float).tiny))
    return torch.tensor(found, dtype=torch.float64)


def search(
    objective: Objective,
    z: Tensor,
    tolerance: float,
    max_iterations: int,
    memory: int,
    starts: Tensor | None = None,
    see: See | None = None,
) -> Ends:
    """L-BFGS from every start; see ``compiled.descent``.  With ``see``, in slices, of which it is told."""
    module = compiled.load(_DESCENT)
    batch, rows, dim = z.shape
    code = program(objective, rows, dim)
    size = rows * dim
    # As ``advance`` has them: the configuration, and ten or so vectors of its size that only it knows.
    blocks = np.empty((batch, size * (5 + 2 * memory) + 2 * rows + 2 * memory))
    blocks[:, :size] = _columns(z).reshape(batch, size)
    scalars = np.zeros((batch, _SCALARS))
    rough = max(tolerance, _ROUGH) if code.roughly is not None else np.inf
    evaluators = code.evaluate.address, (code.roughly or code.evaluate).address

    def advance(blocks: Floats, scalars: Floats, iterations: int) -> None:
        module.advance(
            *evaluators, blocks, scalars, dim, memory, code.parameters, np.empty(code.work), tolerance, rough,
            max_iterations, iterations, int(code.logarithmic),
        )  # fmt: skip

    def columns(blocks: Floats) -> Floats:
        return blocks[:, :size].copy().reshape(-1, dim, rows)

    if see is None:
        _each(lambda some: advance(blocks[some], scalars[some], max_iterations), batch, rows * size)
        return _confirmed(objective, _ends(code, columns(blocks), scalars))
    assert starts is not None
    at_once = -(-batch // torch.get_num_threads())  # a slice is short: handing over more shares costs
    parts = [slice(first, min(first + at_once, batch)) for first in range(0, batch, at_once)]
    sights = [0, *_sights(max_iterations, batch * rows * size)]
    found, numbers = np.empty((batch, dim, rows)), np.zeros((batch, _SCALARS))

    def step(share: int, k: int) -> tuple[tuple[Any, Floats, Floats], bool]:
        part = parts[share]
        # (Those that are done are passed over.)
        running = np.flatnonzero(scalars[part, 15] == 0) + part.start
        advance(blocks[part], scalars[part], sights[k] - sights[max(k - 1, 0)])
        now = scalars[running]
        return (running, columns(blocks[running, :size]), now), bool((now[:, 15] == 0).any()) and k + 1 < len(sights)

    for seen in slices(_pool(), len(parts), step):
        here, x, now = (np.concatenate(part) for part in zip(*seen, strict=True))
        found[here], numbers[here] = x, now
        value, norm = (torch.from_numpy(now[:, k].copy()) for k in (0, 1))
        z = torch.from_numpy(x).mT.contiguous()
        see(starts[torch.from_numpy(here)], int(now[:, 4].max()), z, code.value(value), norm)
    return _confirmed(objective, _ends(code, found, numbers))


def refine(
    objective: Objective,
    z: Tensor,
    tolerance: float,
    max_iterations: int,
    starts: Tensor | None = None,
    see: See | None = None,
    seen: int = 0,
) -> Ends:
    """Trust regions from every start, each near a stationary point, of so many steps; see ``compiled.trust``.

    ``see`` is told of each start where it ended, ``seen`` being the iterations that went before.
    """
    module = compiled.load(_TRUST)
    batch, rows, dim = z.shape
    code = program(objective, rows, dim)
    X, scalars = _columns(z), np.zeros((batch, _SCALARS))
    functions = code.evaluate.address, code.multiply.address

    def share(some: slice) -> None:
        work = np.empty(code.work)
        for k in range(*some.indices(batch)):
            module.refine(
                *functions, X[k], scalars[k], code.parameters, work, tolerance, max_iterations,
                _MOST_PRODUCTS, False,
            )  # fmt: skip

    if see is None:
        _each(share, batch, 100 * rows * rows * dim)
        return _confirmed(objective, _ends(code, X, scalars))
    assert starts is not None
    threads = torch.get_num_threads()
    for first in range(0, batch, threads):
        several = range(first, min(first + threads, batch))
        _each(lambda some, first=first: share(slice(first + some.start, first + some.stop)), len(several), at_once=1)  # type: ignore[misc]
        for k in several:
            end = _ends(code, X[k : k + 1], scalars[k : k + 1])
            see(starts[k : k + 1], seen + max(end.iterations, 1), end.z, end.value, end.gradient_norm)
    return _confirmed(objective, _ends(code, X, scalars))


def _confirmed(objective: Objective, ends: Ends) -> Ends:
    """The ends; HyperenergyError where the best of them has another value by the objective's own formula.

    Code that belongs to another objective finds minima of that one, with as good a gradient as any: nothing else in a
    search would notice.
    """
    best = int(ends.value.argmin())  # (nan comes first)
    values, _, scales = objective.value_and_gradient(ends.z[best, None])
    value, scale = float(values), float(scales)
    found, allowed = float(ends.value[best]), _AGREEMENT * (abs(value) + scale * math.sqrt(ends.z.shape[1]))
    # (What is neither finite here nor there did not converge, and is counted so.)
    if abs(found - value) <= allowed + sys.float_info.min or not (math.isfinite(found) or math.isfinite(value)):
        return ends
    raise HyperenergyError(
        f"{objective.label}: compiled code has {found:.12g} where the formula has {value:.12g}, at the same points; "
        f"compiled=False does without it, and a report of this is welcome (code kept in {files.cache()})"
    )


def _sights(most: int, work: int) -> Iterator[int]:
    """Iterations at which to show a search of so much work in each."""
    iteration, longest = 0, max(1, min(_SLICE, int(_UNWATCHED / work)))
    while iteration < most:
        iteration = min(iteration + min(longest, max(1, iteration // _DENSE)), most)
        yield iteration


def _columns(z: Tensor) -> Floats:
    return np.ascontiguousarray(z.mT.numpy(), dtype=np.float64).copy()


def _each(share: Callable[[slice], None], batch: int, work: int = 0, at_once: int | None = None) -> None:
    """All starts, some at a time, on all cores: so many, or as many as are worth handing over at this work."""
    if at_once is None:
        at_once = max(1, min(-(-batch // (4 * torch.get_num_threads())), _SHARE_OF_WORK // max(work // 100, 1) + 1))
    parts = [slice(first, min(first + at_once, batch)) for first in range(0, batch, at_once)]
    if torch.get_num_threads() == 1 or len(parts) == 1:
        for part in parts:
            share(part)
        return
    pool = _pool()
    try:
        list(pool.map(share, parts))
    except BaseException:
        # What waits is dropped, what runs ends by itself, and the next search has threads of its own.
        _pools.pop(torch.get_num_threads(), None)
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _pool() -> ThreadPoolExecutor:
    threads = torch.get_num_threads()
    return _pools.get(threads) or _pools.setdefault(threads, ThreadPoolExecutor(threads))


# Threads by their number: starting them costs as much as a search of few points.  A child process has none of them.
_pools: dict[int, ThreadPoolExecutor] = {}
os.register_at_fork(after_in_child=_pools.clear)


def _ends(code: Program, X: Floats, scalars: Floats) -> Ends:
    value, norm, scale, failed, iterations, evaluations = torch.from_numpy(scalars[:, :6].copy()).unbind(1)
    return Ends(
        z=torch.from_numpy(X).mT.contiguous(),
        value=code.value(value),
        gradient_norm=norm,
        scale=code.scale(scale),
        failed=failed.bool(),
        iterations=int(iterations.max()),
        evaluations=int(evaluations.sum()),
    )
