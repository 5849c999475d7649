"""Compiled pair sums and searches against torch."""

from __future__ import annotations

import math

import pytest
import torch

import hyperenergy as he
from hyperenergy import compiled
from hyperenergy.solvers.lbfgs import LBFGS
from hyperenergy.sphere import random_points
from tests.cases import COMPILED, KERNELS
from tests.zoo import THOMSON

# ---- compiled code ----


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_profile_source_is_the_formula_and_its_derivative(kernel: he.Kernel) -> None:
    """The generated lines, run as plain Python, against autograd."""
    scope = {"math": math, "T": float}
    exec(compiled.profile_source(kernel), scope)
    for r in (1e-2, 0.7, 3.9):
        x = torch.tensor(r, dtype=torch.float64, requires_grad=True)
        value = kernel(x)
        (slope,) = torch.autograd.grad(value, x)
        found = scope["profile"](r)
        assert found == pytest.approx((float(value.detach()), 2 * float(slope)), rel=1e-13)


@COMPILED
@pytest.mark.parametrize("kernel", [he.Riesz(1), he.Gaussian(2)], ids=lambda k: k.label)
def test_compiled_pair_sum_is_the_energy(kernel: he.Kernel, draw) -> None:
    x = draw(37, 4)
    value, forces = compiled.pair_sum(x, kernel)
    y = x.clone().requires_grad_(True)
    expected = he.energy(y, kernel, "ordered")
    (gradient,) = torch.autograd.grad(expected, y)
    assert value == pytest.approx(float(expected.detach()), rel=1e-13)
    torch.testing.assert_close(forces, gradient, rtol=1e-11, atol=1e-11)


@COMPILED
def test_large_energies_go_through_compiled_code(draw, monkeypatch) -> None:
    import sys

    x = draw(2, 60, 3).requires_grad_(True)
    direct = he.energy(x, he.Riesz(1))
    (expected,) = torch.autograd.grad(direct.sum(), x)
    module = sys.modules["hyperenergy.blockwise"]
    monkeypatch.setattr(module, "BLOCK", 100)
    monkeypatch.setattr(module, "COMPILED", 100)
    calls = []
    pair_sum = compiled.pair_sum
    monkeypatch.setattr(compiled, "pair_sum", lambda *a: calls.append(1) or pair_sum(*a))
    found = he.energy(x, he.Riesz(1))
    assert len(calls) == 2
    torch.testing.assert_close(found, direct, rtol=1e-13, atol=0)
    torch.testing.assert_close(torch.autograd.grad(found.sum(), x)[0], expected, rtol=1e-10, atol=1e-10)


@COMPILED
def test_compiled_search_takes_the_same_path_as_torch() -> None:
    """Value and gradient norm after each of the first 25 steps, which round-off has not yet driven apart."""
    from hyperenergy.solvers.compiled_lbfgs import search

    objective = he.Energy(he.Riesz(1))
    z = random_points(1, 20, 3, generator=torch.Generator().manual_seed(1))
    solver = LBFGS(objective)
    state = solver.init(z)
    profile = compiled.compile_profile(objective.kernel)
    for step in range(1, 26):
        state = solver.step(state)
        columns = z[0].T.contiguous().numpy().copy()
        value, norm, scale, *_ = search(profile, profile, columns, 1e-30, math.inf, step, solver.memory)
        assert value == pytest.approx(float(state.value), rel=1e-10)
        assert norm == pytest.approx(float(solver.gradient_norm(state)), rel=1e-5)
        assert scale == pytest.approx(float(state.scale), rel=1e-10)


@COMPILED
@pytest.mark.parametrize("kernel", [he.Riesz(1), he.Riesz(60), he.Gaussian(90)], ids=lambda k: k.label)
def test_float32_on_the_way_leaves_no_trace_at_the_end(kernel: he.Kernel, monkeypatch) -> None:
    """Also where float32 overflows (Riesz s = 60 at close points) or underflows (exp(-90 r) at r > 1)."""
    from hyperenergy.solvers import compiled_search

    objective = he.Energy(kernel)
    z = random_points(16, 12, 3, generator=torch.Generator().manual_seed(2))
    single = compiled_search.search(objective, z, 1e-11, 3000, 5)
    value, gradient, scale = objective.value_and_gradient(single.z)
    torch.testing.assert_close(single.value, value, rtol=1e-12, atol=0)
    reached = single.gradient_norm <= 1e-11
    torch.testing.assert_close(
        single.gradient_norm[reached], (gradient.norm(dim=(1, 2)) / scale)[reached], rtol=0, atol=1e-13
    )
    monkeypatch.setattr(compiled_search, "_ROUGH", math.inf)
    double = compiled_search.search(objective, z, 1e-11, 3000, 5)
    assert float(single.value.min()) == pytest.approx(float(double.value.min()), rel=1e-12)
    assert bool((double.gradient_norm <= 1e-11).equal(reached))


@COMPILED
@pytest.mark.parametrize("kernel", [he.Riesz(1), he.Gaussian(2)], ids=lambda k: k.label)
def test_both_codes_find_the_same_minima(kernel: he.Kernel) -> None:
    found = [he.minimize(he.Energy(kernel, "mean"), 16, 3, restarts=24, compiled=c) for c in (True, False)]
    assert found[0].value == pytest.approx(found[1].value, rel=1e-13)
    assert he.congruent(found[0].points, found[1].points).congruent
    assert [m.count for m in found[0].minima] == [m.count for m in found[1].minima]
    again = he.minimize(he.Energy(kernel, "mean"), 16, 3, restarts=24, compiled=True)
    assert torch.equal(again.rows, found[0].rows)


def test_compiled_code_is_refused_where_it_cannot_be() -> None:
    with pytest.raises(he.ArgumentError, match="compiled: got True; needs Numba, a CPU and a pair energy"):
        he.minimize(he.DHEL(0.5), 4, 3, compiled=True)


def test_without_numba_everything_works(monkeypatch) -> None:
    monkeypatch.setattr(compiled, "available", lambda: False)
    best = he.minimize(he.Energy(he.Riesz(1)), 64, 3, restarts=128, max_iterations=60, throw=False)
    assert best.value < THOMSON[64] * 1.001
