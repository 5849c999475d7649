"""Compiled pair sums and searches against torch."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

import hyperenergy as he
from hyperenergy import compiled
from hyperenergy.compiled import parameter_of
from hyperenergy.compiled.profile_code import curved_profile_source, family, log_profile_source, profile_source
from hyperenergy.geometry.sphere import random_points
from hyperenergy.objectives.base import BatchLoss, Objective
from hyperenergy.objectives.logarithm import Logarithm
from hyperenergy.search.solvers import compiled_search
from hyperenergy.search.solvers.lbfgs import LBFGS
from tests.cases import COMPILED, KERNELS
from tests.zoo import THOMSON

# ---- compiled code ----


def lines(source: str, name: str, kernel: he.Kernel):
    """The generated lines, run as plain Python, as a function of r."""
    scope: dict[str, Any] = {"math": math, "exp": math.exp, "log": math.log, "rsqrt": lambda x: x**-0.5}
    scope["jit"] = lambda function: function
    exec(source, scope)
    return lambda r: scope[name](r, parameter_of(kernel))


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.label)
def test_profile_source_is_the_formula_and_its_derivatives(kernel: he.Kernel) -> None:
    """kappa, 2 kappa', 4 kappa'', and the same of log kappa, against autograd."""
    plain = lines(profile_source(kernel), "profile", kernel)
    curved = lines(curved_profile_source(kernel, "f"), "f", kernel)
    for r in (1e-2, 0.7, 3.9):
        x = torch.tensor(r, dtype=torch.float64, requires_grad=True)
        value = kernel(x)
        (slope,) = torch.autograd.grad(value, x, create_graph=True)
        (second,) = torch.autograd.grad(slope, x)
        expected = (float(value.detach()), 2 * float(slope.detach()), 4 * float(second))
        assert plain(r) == pytest.approx(expected[:2], rel=1e-13)
        assert curved(r) == pytest.approx(expected, rel=1e-12)
        if kernel.positive:
            log = lines(log_profile_source(kernel), "log_profile", kernel)
            assert log(r) == pytest.approx((math.log(expected[0]), expected[1] / expected[0]), rel=1e-12, abs=1e-13)


def test_code_is_shared_where_the_formula_is_and_nowhere_else() -> None:
    """ "11/5" and "11.5" differ by a sign that no file name keeps; a class may change its formula under its name."""
    shared = [(he.Gaussian(1), he.Gaussian("1/3")), (he.Riesz(2.5), he.Riesz(60)), (he.Riesz(-1.5), he.Riesz("-1/2"))]
    apart = [
        (he.Polynomial(3, c="11/5"), he.Polynomial(3, c="11.5")),
        (he.Riesz(2), he.Riesz(-2)),
        (he.Riesz(2.5), he.Riesz(-2.5)),
        (he.Riesz(1), he.Riesz(2)),
        (own("1"), own("2")),
        (own("1"), he.Gaussian(1)),
    ]
    assert all(family(a) == family(b) for a, b in shared)
    assert all(family(a) != family(b) for a, b in apart) and family(own("1")) == family(own("1"))


def own(rate: str) -> he.Kernel:
    """Of a class made anew, as in a notebook, each time under the same name."""

    class Mine(he.Gaussian):
        def profile(self, r, m):
            return m.exp(-m.number(rate) * r) + 1 / (1 + r)

    return Mine(1)


class OfTensors(he.Kernel):
    """A formula that no symbol goes through."""

    def profile(self, r, m):
        return (-r.clamp(max=3.5)).exp()


class Otherwise(he.Kernel):
    """One that reads otherwise with symbols than with tensors."""

    def profile(self, r, m):
        return m.exp(-r) if isinstance(r, torch.Tensor) else m.exp(-2 * r)


@COMPILED
@pytest.mark.parametrize(
    ("kernel", "code"),
    [
        (own("3"), True),
        pytest.param(own("4"), True, marks=pytest.mark.slow),
        (OfTensors(), False),
        pytest.param(Otherwise(), False, marks=pytest.mark.slow),
    ],
)
def test_kernels_of_ones_own(kernel: he.Kernel, code: bool) -> None:
    """In compiled code where their formula can be read, and minimized all the same where it cannot."""
    objective = he.Energy(kernel)
    assert compiled_search.possible(objective, torch.device("cpu"), 6) == code
    best = he.minimize(objective, 6, 3, restarts=4)
    assert best.value == pytest.approx(float(he.energy(best.points, kernel)), rel=1e-14)
    assert best.value == pytest.approx(float(he.energy(he.codes.cross_polytope(3).points, kernel)), rel=1e-12)
    if not code:
        with pytest.raises(he.ArgumentError, match="compiled: got True"):
            he.minimize(objective, 6, 3, restarts=4, compiled=True)


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
    module = sys.modules["hyperenergy.energies.blockwise"]
    monkeypatch.setattr(module, "BLOCK", 100)
    monkeypatch.setattr(module, "COMPILED", 100)
    calls, pair_sum = [], compiled.pair_sum

    def noted(*arguments):
        calls.append(1)
        return pair_sum(*arguments)

    monkeypatch.setattr(compiled, "pair_sum", noted)
    found = he.energy(x, he.Riesz(1))
    assert len(calls) == 2
    torch.testing.assert_close(found, direct, rtol=1e-13, atol=0)
    torch.testing.assert_close(torch.autograd.grad(found.sum(), x)[0], expected, rtol=1e-10, atol=1e-10)


@COMPILED
@pytest.mark.parametrize(
    ("objective", "steps"),
    [
        (he.Energy(he.Riesz(1)), 25),
        (BatchLoss(he.NTXent(0.3)), 25),
        (BatchLoss(he.KCL(he.Gaussian(2))), 9),
        (Logarithm(he.Energy(he.Riesz(90))), 5),
    ],
    ids=lambda o: getattr(o, "label", None),
)
def test_compiled_search_takes_the_same_path_as_torch(
    objective: Objective, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Value and gradient norm after each of the first steps, which round-off has not yet driven apart; up to the first step
    that is rejected, for which torch gives up the oldest pair of its history."""
    monkeypatch.setattr(compiled_search, "_ROUGH", math.inf)  # in float64 throughout
    z = random_points(1, 20, 3, generator=torch.Generator().manual_seed(1))
    solver = LBFGS(objective)
    state = solver.init(z)
    for step in range(1, steps + 1):
        state = solver.step(state)
        found = compiled_search.search(objective, z, 1e-30, step, solver.memory)
        assert found.iterations == step and int(state.rejections) == 0
        assert float(found.value) == pytest.approx(float(state.value), rel=1e-10)
        assert float(found.gradient_norm) == pytest.approx(float(solver.gradient_norm(state)), rel=1e-5)
        assert float(found.scale) == pytest.approx(float(state.scale), rel=1e-10)


@COMPILED
@pytest.mark.parametrize("kernel", [he.Riesz(1), he.Riesz(60), he.Gaussian(90)], ids=lambda k: k.label)
def test_float32_on_the_way_leaves_no_trace_at_the_end(kernel: he.Kernel, monkeypatch) -> None:
    """Also where float32 overflows (Riesz s = 60 at close points) or underflows (exp(-90 r) at r > 1)."""
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
    with pytest.raises(he.ArgumentError, match="compiled: got True; needs Numba, a CPU and an objective with compiled"):
        he.minimize(he.AlignUniform(), 4, 3, compiled=True)
    assert he.minimize(he.AlignUniform(), 4, 3, restarts=2).hits == 2


def test_without_numba_everything_works(monkeypatch) -> None:
    monkeypatch.setattr(compiled, "available", lambda: False)
    best = he.minimize(he.Energy(he.Riesz(1)), 64, 3, restarts=128, max_iterations=60, throw=False)
    assert best.value < THOMSON[64] * 1.001


def test_a_search_gives_the_same_to_the_last_bit_wherever_its_memory_lies() -> None:
    """For odd numbers of points, whose rows lie at all distances from each other."""
    energy, z = he.Energy(he.Riesz(2)), random_points(6, 47, 3, generator=torch.Generator().manual_seed(7))
    ends, kept = [], []
    for k in range(40):
        kept.append(torch.empty(100 + 37 * k))  # so that new arrays come to lie elsewhere
        ends.append(compiled_search.search(energy, z, 1e-7, 5000, 5))
    assert all(torch.equal(ends[0].z, end.z) and ends[0].evaluations == end.evaluations for end in ends)


def test_no_two_texts_share_a_name() -> None:
    """An exponent in all dimensions, and a dimension for all exponents: Riesz(4) beyond unrolled rows and Riesz(1/2) in R^4
    once had one file."""
    from hyperenergy.compiled import pairs

    texts: dict[str, str] = {}
    for s in ("1/2", "-1/2", 1, 2, 3, 4, 5, 6, -1, -3, -4):
        for dim in (2, 3, 4, 5, 8):
            one = pairs(he.Riesz(s), dim)
            assert texts.setdefault(one.name, one.make()) == one.make(), one.name


@pytest.mark.parametrize("path", ["direct", "auto"])
def test_code_of_another_kernel_ends_the_search(path: str, monkeypatch) -> None:
    """As when two texts share a file's name: every start converges, to minima of something else."""
    right, mine = compiled.pairs, he.Riesz("1/2")
    monkeypatch.setattr(compiled, "pairs", lambda kernel, dim: right(he.Riesz(4) if kernel == mine else kernel, dim))
    with pytest.raises(
        he.HyperenergyError, match=r"Riesz.*compiled code has \d.* where the formula has \d.* at the same"
    ):
        he.minimize(he.Energy(mine), 8, 4, path=path)  # type: ignore[arg-type]
    assert he.minimize(he.Energy(mine), 8, 4, restarts=8, compiled=False).hits


def test_parameters_of_another_loss_end_the_search(monkeypatch) -> None:
    right = compiled_search._softmax
    monkeypatch.setattr(
        compiled_search, "_softmax", lambda objective, rows, dim: right(BatchLoss(he.DHEL(0.51)), rows, dim)
    )
    with pytest.raises(he.HyperenergyError, match=r"DHEL.*compiled code has"):
        he.minimize(he.DHEL(0.5), 5, 3)


def test_values_that_cancel_or_underflow_are_confirmed() -> None:
    """Sums near zero, denormal numbers, a maximum of a concave profile: right code is never refused."""
    for kernel in (he.Logarithmic(), he.Gaussian(700), he.Riesz(-1), he.Riesz(-3), he.Riesz(300)):
        for points in (2, 3, 6):
            assert he.minimize(he.Energy(kernel), points, 3, restarts=4, compiled=True, throw=False).value < math.inf
