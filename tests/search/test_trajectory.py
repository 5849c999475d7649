"""The recorded way of a start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.search import trajectory as module
from hyperenergy.search.solvers.rules import LONGEST_STEP
from tests.cases import COMPILED

COULOMB = he.Energy(he.Riesz(1))


def found(points: int, **options: Any) -> tuple[he.Minimum, he.Trajectory]:
    recorder = he.Recorder()
    best = he.minimize(COULOMB, points, 3, callback=recorder, **options)
    return best, recorder.trajectory(best, frames=1000)


def steps(way: he.Trajectory) -> np.ndarray:
    return (way.rows[1:] - way.rows[:-1]).norm(dim=-1).amax(-1).numpy()


def test_it_is_the_way_of_one_start_to_the_minimum() -> None:
    best, way = found(16, restarts=8)
    assert torch.equal(way.rows[-1], best.points) and float(way.values[-1]) == best.value
    assert way.iterations[0] == 0 and list(way.iterations) == sorted(way.iterations)
    assert steps(way).max() <= LONGEST_STEP and steps(way)[-1] < 1e-3  # no leap, neither on the way nor at its end
    # Sums in float32 lead the way at first, and rise by their round-off at most.
    noise = 4 * torch.finfo(torch.float32).eps * best.value
    assert (way.values.diff() < noise).all() and float(way.values[0]) > best.value + 0.1
    assert float(way.gradient_norms[-1]) == pytest.approx(best.gradient_norm, abs=1e-15)
    for z, value in zip(way.rows[::9], way.values[::9], strict=True):
        assert float(value) == pytest.approx(float(he.energy(z, he.Riesz(1))), rel=1e-12)


def test_the_best_start_is_followed_and_no_other() -> None:
    """Alone, from where the way begins, the search ends at the same minimum."""
    best, way = found(16, restarts=8, seed=3, path="direct")
    again = he.minimize(COULOMB, 16, 3, start=way.rows[:1])
    assert len({round(m.value, 6) for m in best.minima}) > 1  # the control: not every start ends there
    assert again.value == pytest.approx(best.value, abs=1e-10)


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=COMPILED)])
def test_iterations_are_those_of_the_start(compiled: bool) -> None:
    """Through both descents, however seldom the search shows itself."""
    seen: list[he.Progress] = []
    recorder = he.Recorder()

    def see(progress: he.Progress) -> None:
        seen.append(progress)
        recorder(progress)

    path = [he.Energy(he.Gaussian(1))]
    best = he.minimize(COULOMB, 8, 3, restarts=1, path=path, callback=see, compiled=compiled)
    way = recorder.trajectory(best, frames=1000)
    of_stage = [[p.iteration for p in seen if p.objective == o and not p.finishing] for o in (path[0], COULOMB)]
    first = of_stage[0][-1]
    expected = [*of_stage[0], *(first + k for k in of_stage[1])]
    # The last ones look alike in float32, and the first of these is taken for the end.
    *on_the_way, end = way.iterations
    assert on_the_way == expected[: len(on_the_way)] and len(expected) - len(on_the_way) < 15
    assert end == on_the_way[-1] + 1
    assert way.stages.count(path[0].label) == len(of_stage[0])
    assert of_stage[0][0] == of_stage[1][0] == 0 and best.iterations == first + of_stage[1][-1]
    # The control: seen less often than it goes on, in slices.
    assert (len(seen) < best.iterations) == compiled


def test_stages_have_the_values_of_the_target() -> None:
    _, way = found(8, restarts=2, path=[he.Energy(he.Gaussian(1))])
    assert way.stages[0] == he.Energy(he.Gaussian(1)).label and way.stages[-1] == COULOMB.label
    assert float(way.values[0]) == pytest.approx(float(he.energy(way.rows[0], he.Riesz(1))), rel=1e-12)


def test_few_frames_and_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = he.Recorder()
    best = he.minimize(COULOMB, 24, 3, restarts=4, callback=recorder)
    assert 8 <= len(recorder.trajectory(best, frames=10).rows) <= 10
    assert len(recorder.trajectory(best, frames=2).rows) == 2
    assert len({recorder.trajectory(best, frames=n).iterations[-1] for n in (2, 3, 1000)}) == 1
    monkeypatch.setattr(module, "_MOST_NUMBERS", 4 * 24 * 3 * 20)
    small = he.Recorder()
    best = he.minimize(COULOMB, 24, 3, restarts=4, callback=small)
    kept = small.trajectory(best, frames=1000)
    assert 5 <= len(kept.rows) <= 80 and kept.iterations[0] == 0
    np.testing.assert_allclose(kept.rows[0], recorder.trajectory(best).rows[0])
    with pytest.raises(he.ArgumentError, match="frames: got 1"):
        small.trajectory(best, frames=1)


def test_nothing_seen_is_the_minimum_alone() -> None:
    best = he.minimize(COULOMB, 4, 3, restarts=2)
    way = he.Recorder().trajectory(best)
    assert torch.equal(way.rows, best.rows[None]) and way.iterations == (0,)


def test_pairs() -> None:
    recorder = he.Recorder()
    best = he.minimize(he.DHEL(0.5), 4, 3, restarts=3, callback=recorder)
    way = recorder.trajectory(best)
    assert way.rows.shape[1:] == (8, 3) and (way.rows.norm(dim=-1) - 1).abs().max() < 1e-15
