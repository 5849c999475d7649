"""Searches that are watched: the same as without a callback, by the same code, and soon to stop."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.explore.request import Request
from hyperenergy.explore.run import Run
from hyperenergy.solvers import compiled_search
from hyperenergy.solvers import slices as slices_module
from tests.cases import COMPILED
from tests.pages import FORM

pytestmark = COMPILED

OBJECTIVES = [
    (he.Energy(he.Riesz(1)), 24),  # in float32 at first
    (he.Energy(he.Gaussian(2), "mean"), 16),
    (he.Energy(he.Riesz(200)), 9),  # its logarithm
    (he.NTXent(0.3), 8),  # with trust regions
    (he.KCL(he.Gaussian(2)), 8),
]


@pytest.mark.parametrize("options", [{}, {"restarts": 6, "hops": 2}], ids=["open", "given"])
@pytest.mark.parametrize(("objective", "points"), OBJECTIVES, ids=lambda x: getattr(x, "label", str(x)))
def test_watching_changes_nothing(objective: Any, points: int, options: dict[str, Any]) -> None:
    """To the last bit, with the same work; by compiled code, which torch's would not equal."""
    seen: list[he.Progress] = []
    alone = he.minimize(objective, points, 3, **options)
    watched = he.minimize(objective, points, 3, callback=seen.append, **options)
    assert torch.equal(alone.rows, watched.rows) and alone.value == watched.value
    assert (alone.evaluations, alone.iterations, alone.hits) == (watched.evaluations, watched.iterations, watched.hits)
    assert (alone.ways, alone.unseen, alone.stop) == (watched.ways, watched.unseen, watched.stop)
    assert len(seen) > 10 and {number for p in seen for number in p.starts.tolist()} == {*range(alone.restarts)}


def test_torch_would_end_elsewhere_in_the_last_bits() -> None:
    """The control."""
    a, b = (he.minimize(he.Energy(he.Riesz(1)), 24, 3, restarts=6, compiled=c) for c in (True, False))
    assert a.value == pytest.approx(b.value, rel=1e-13) and not torch.equal(a.rows, b.rows)


def test_what_is_seen_is_where_the_starts_are() -> None:
    """Unit rows of the values told, falling, until each start's last sight is where it ended."""
    last: dict[int, he.Progress] = {}
    worst = 0.0

    def see(progress: he.Progress) -> None:
        nonlocal worst
        found = progress.objective.value(progress.z)
        # At first sums are in float32.
        worst = max(worst, float((found / progress.value - 1).abs().max()))
        assert float((progress.z.norm(dim=-1) - 1).abs().max()) < 1e-12
        last.update({k: progress for k in progress.starts.tolist()} if not progress.finishing else {})

    best = he.minimize(he.Energy(he.Riesz(1)), 12, 3, restarts=5, callback=see)
    assert worst < 1e-5 and len(last) == 5
    for number, progress in last.items():
        at = progress.starts.tolist().index(number)
        assert float(progress.value[at]) == pytest.approx(best.value, rel=1e-11)  # all end at the icosahedron
        assert float(progress.gradient_norm[at]) <= 1e-7


def test_slices_grow_and_are_short_where_an_iteration_is_long() -> None:
    cheap, dear = (list(compiled_search._sights(400, work)) for work in (1000, 4_000_000))
    assert cheap[:10] == [1, 2, 3, 4, 5, 6, 8, 10, 13, 17] and cheap[-1] == dear[-1] == 400
    gaps = [b - a for a, b in itertools.pairwise(cheap)]
    assert gaps[:-1] == sorted(gaps[:-1]) and np.max(gaps) == 80
    assert np.max(np.diff(dear)) == 15
    assert list(compiled_search._sights(7, 10**9)) == [*range(1, 8)]


@pytest.mark.parametrize("objective", [he.Energy(he.Riesz(1)), he.DHEL(0.1)], ids=["energy", "loss"])
def test_a_watcher_stops_a_long_search_soon(objective: Any) -> None:
    """No slice is begun after it, and few before: each share of the starts is ahead by so many at most."""
    calls = 0

    def stop(progress: he.Progress) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise InterruptedError

    made: list[tuple[int, int]] = []
    original = compiled_search.slices

    def counted(pool: Any, shares: int, step: Any) -> Any:
        def counting(share: int, k: int) -> Any:
            made.append((share, k))
            return step(share, k)

        return original(pool, shares, counting)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_search, "slices", counted)
        with pytest.raises(InterruptedError):
            he.minimize(objective, 300 if isinstance(objective, he.Energy) else 40, 3, restarts=64, callback=stop)
        compiled_search._pool().submit(int).result()  # what still ran has ended
    shares = len({share for share, _ in made})
    assert calls == 5 and 5 * shares <= len(made) <= (6 + slices_module._AHEAD) * shares
    assert np.max([k for _, k in made]) <= 4 + slices_module._AHEAD


def test_slices_wait_for_nobody() -> None:
    """What there is to see is complete and in order, however long a share takes, also where shares end early; the others go
    on meanwhile, but not beyond what may be ahead."""
    log: list[tuple[int, int]] = []

    def step(share: int, k: int) -> tuple[tuple[int, int], bool]:
        if share == 0:
            time.sleep(0.02)
        log.append((share, k))
        return (share, k), k < 3 + share

    with ThreadPoolExecutor(2) as pool:
        seen = list(slices_module.slices(pool, 3, step))
    assert seen == [[(share, k) for share in range(3) if k <= 3 + share] for k in range(6)]
    before = log[: log.index((0, 3))]
    assert (2, 3) in before and np.max([k for _, k in before]) <= 2 + slices_module._AHEAD


def test_what_a_slice_raises_is_raised_and_ends_the_others() -> None:
    made: list[int] = []

    def step(share: int, k: int) -> tuple[int, bool]:
        made.append(k)
        if k == 2 and share == 1:
            raise ZeroDivisionError
        return k, True

    with ThreadPoolExecutor(2) as pool, pytest.raises(ZeroDivisionError):
        list(slices_module.slices(pool, 2, step))
    assert np.max(made) <= 2 + slices_module._AHEAD


def test_trust_regions_are_seen_one_start_after_another() -> None:
    """With one thread, each before the next one begins."""
    seen: list[he.Progress] = []
    he.minimize(he.DHEL(0.5), 8, 3, restarts=5, path="direct", callback=seen.append)
    alone = [p.starts.tolist() for p in seen if len(p.starts) == 1 and not p.finishing][-5:]
    assert alone == [[0], [1], [2], [3], [4]]


def test_explore_does_the_work_of_a_search_alone() -> None:
    """The local page, with 100 charges: the same evaluations, in few slices."""
    asked = {"objective": "riesz", "parameters": "s=1", "temperature": "", "points": "100", "restarts": "8"}
    calls: list[str] = []
    alone = he.minimize(he.Energy(he.Riesz(1)), 100, 3, restarts=8, seed=0)
    found: list[he.Minimum] = []
    module = __import__("hyperenergy.explore.run", fromlist=["run"])
    original = module.minimize

    def kept(*arguments: Any, **options: Any) -> he.Minimum:
        see = options["callback"]

        def counted(progress: he.Progress) -> None:
            calls.append(progress.objective.label)
            see(progress)

        found.append(original(*arguments, **(options | {"callback": counted})))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "minimize", kept)
        run = Run(Request.parse(FORM | asked), lambda message: None, slow=False)
        run.run()
    assert run.found is not None and found[0].evaluations == alone.evaluations and found[0].value == alone.value
    assert len(calls) < alone.evaluations / 5
