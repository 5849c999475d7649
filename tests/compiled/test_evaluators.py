"""Compiled evaluators, Hessian products and elementary functions, against autograd and against 50 digits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.compiled import store
from hyperenergy.objectives.base import Aligned, BatchLoss, Objective
from hyperenergy.objectives.logarithm import Logarithm
from hyperenergy.search.solvers import compiled_search, newton
from tests.cases import COMPILED

pytestmark = COMPILED

TAUS = (0.05, 0.5, 2.0)
SOFTMAX = [
    loss
    for tau in TAUS
    for loss in (
        he.InfoNCE(tau),
        he.InfoNCE(tau, symmetric=True),
        he.SimCLR(tau),
        he.NTXent(tau),
        he.DCL(tau),
        he.DCL(tau, symmetric=True),
        he.DCL(tau, within_view=False),
        he.DCL(tau, within_view=False, symmetric=True),
        he.DHEL(tau),
        he.DHEL(tau, two_view=True),
    )
]
# Exponentials relative to that of 1 would underflow.
SOFTMAX += [
    he.DCL(0.002),
    he.DCL(0.002, symmetric=True),
    he.DCL(0.002, within_view=False, symmetric=True),
    he.DHEL(0.002, two_view=True),
]
KCL = [
    he.KCL(he.Gaussian(2)),
    he.KCL(he.Gaussian("1/3"), gamma=0.5, two_view=True),
    he.KCL(he.InverseMultiquadric(0.7), alignment_kernel=he.Gaussian(1)),
    he.KCL(he.RegularizedLogarithmic(2), two_view=True),
]
STEEP = [he.Riesz(300), he.Riesz("5/2"), he.Gaussian(1000), he.InverseMultiquadric(0.2)]


def configurations(objective: Objective, points: int, dim: int, draw) -> Iterator[Tensor]:
    """At random, and where formulas are likely to break: aligned, antipodal, coincident."""
    z = draw(objective.rows(points), dim)
    yield z
    if objective.rows(points) == 2 * points:
        u = z[:points]
        met = u.clone()
        met[0] = met[1]
        yield from (torch.cat(pair) for pair in ((u, u), (u, -u), (met, z[points:]), (u[:1].expand_as(u), u)))
    else:
        opposite = z.clone()
        opposite[0] = -opposite[1]
        yield opposite


def compare(objective: Objective, z: Tensor, spoil: float = 0.0) -> None:
    """Value, ambient gradient, and the Hessian's product with some direction, where there is one."""
    code = compiled_search.program(objective, *z.shape)
    X = np.ascontiguousarray(z.T.numpy())
    # What is not written stays nan, and no comparison holds of that.
    G, H, work = np.full_like(X, np.nan), np.full_like(X, np.nan), np.full(code.work, np.nan)
    value = code.evaluate(X, G, code.parameters, work)
    x = z.clone().requires_grad_(True)
    expected = objective.value(x[None])[0]
    (gradient,) = torch.autograd.grad(expected, x, create_graph=True)
    scale = float(gradient.detach().norm()) + 1e-6
    assert code.value(value) + spoil == pytest.approx(float(expected.detach()), rel=1e-12)
    np.testing.assert_allclose(code.scale(G.T), gradient.detach(), rtol=0, atol=1e-11 * scale)
    if code.multiply is not None:
        D = np.random.default_rng(0).standard_normal(X.shape)
        code.multiply(X, D, H, code.parameters, work)
        (product,) = torch.autograd.grad((gradient * torch.from_numpy(D.T.copy())).sum(), x)
        np.testing.assert_allclose(H.T, product, rtol=0, atol=1e-10 * float(product.norm()))


@pytest.mark.parametrize("loss", [*SOFTMAX, *KCL], ids=lambda loss: loss.label)
def test_losses_and_their_hessians(loss: he.PairLoss, draw) -> None:
    for points, dim in ((2, 3), (7, 2), (5, 4), (19, 3)):
        for z in configurations(BatchLoss(loss), points, dim, draw):
            compare(BatchLoss(loss), z)


@pytest.mark.parametrize("loss", SOFTMAX[:10], ids=lambda loss: loss.label)
def test_aligned_losses_and_their_hessians(loss: he.PairLoss, draw) -> None:
    for points, dim in ((2, 3), (6, 3)):
        for z in configurations(Aligned(loss), points, dim, draw):
            compare(Aligned(loss), z)


@pytest.mark.parametrize("kernel", STEEP, ids=lambda kernel: kernel.label)
def test_logarithms_of_energies(kernel: he.Kernel, draw) -> None:
    objective = Logarithm(he.Energy(kernel, "mean"))
    for points, dim in ((2, 3), (9, 3), (5, 2)):
        for z in configurations(objective, points, dim, draw):
            compare(objective, z)
            assert float(objective.value(z[None])) == pytest.approx(exact_log(kernel, z), rel=1e-12, abs=1e-12)


def exact_log(kernel: he.Kernel, z: Tensor) -> float:
    """log of the mean over pairs in 50 digits, from the squared distances in float64 of what the formula is of."""
    from hyperenergy.arithmetic.namespaces import MpmathNamespace

    context = mpmath.mp.clone()
    context.dps = 50
    i, j = np.triu_indices(len(z), 1)
    r = ((z[i] - z[j]) ** 2).sum(-1).tolist()
    terms = [kernel.profile(context.mpf(x), MpmathNamespace(context)) for x in r]
    return float(context.log(context.fsum(terms) / len(terms)))


def test_a_wrong_value_is_noticed(draw) -> None:
    """The control of all of the above."""
    with pytest.raises(AssertionError):
        compare(BatchLoss(he.DHEL(0.5)), draw(10, 3), spoil=1e-9)


def test_coincident_points_of_a_singular_kernel_have_infinite_energy(draw) -> None:
    z = draw(4, 3)
    z[0] = z[1]
    for objective in (he.Energy(he.Riesz(1)), Logarithm(he.Energy(he.Riesz(300)))):
        code = compiled_search.program(objective, 4, 3)
        X = np.ascontiguousarray(z.T.numpy())
        assert code.evaluate(X, np.empty_like(X), code.parameters, np.empty(code.work)) == np.inf


ELEMENTARY = """
@entry(numba.void(VECTOR, VECTOR, VECTOR))
def both(x, e, l):
    for k in range(len(x)):
        e[k], l[k] = exp(x[k]), log(abs(x[k]))
"""


def test_elementary_functions_are_within_two_units_in_the_last_place() -> None:
    """Against 50 digits, at arguments of all sizes, beside powers of two, and beside 1, where the logarithm vanishes."""
    module = store.load(store.Text("elementary_test", lambda: store.text("elementary") + ELEMENTARY))
    rng = np.random.default_rng(0)
    x = np.concatenate(
        [
            rng.uniform(-707, 709, 2000),
            rng.uniform(-1, 1, 1000) * 10.0 ** rng.uniform(-12, 0, 1000),
            1 + rng.uniform(-1, 1, 1000) * 10.0 ** rng.uniform(-12, -0.6, 1000),
            *(2.0**k * (1 + np.arange(-2, 3) * 2.0**-52) for k in (-60, -3, -1, 0, 1, 4)),
            *(0.5**0.5 * 2.0**k * (1 + np.arange(-3, 4) * 2.0**-52) for k in (-1, 0, 1)),
            10.0 ** rng.uniform(-290, 2.8, 500),
        ]
    )
    e, logs = np.empty_like(x), np.empty_like(x)
    module.both(x, e, logs)
    with mpmath.workdps(50):
        exact = [(mpmath.exp(mpmath.mpf(a)), mpmath.log(abs(mpmath.mpf(a)))) for a in x.tolist()]
        errors = [
            [
                float(abs(mpmath.mpf(found) - true) / np.spacing(abs(float(true))))
                for found, true in zip(*pair, strict=True)
            ]
            for pair in zip(zip(e.tolist(), logs.tolist(), strict=True), exact, strict=True)
        ]
    worst = np.max(errors, axis=0)
    assert (worst <= 2).all() and (worst > 0).all()
    # The control: a function in single precision is not.
    assert abs(np.exp(x[2000].astype(np.float32)) - np.exp(x[2000])) / np.spacing(np.exp(x[2000])) > 2


def test_elementary_functions_at_the_ends() -> None:
    module = store.load(store.Text("elementary_test", lambda: store.text("elementary") + ELEMENTARY))
    x = np.array([0.0, -0.0, np.inf, -np.inf, -745.0, -1e300, 710.0, 1e300, np.nan])
    e, logs = np.empty_like(x), np.empty_like(x)
    module.both(x, e, logs)
    np.testing.assert_array_equal(e, [1, 1, np.inf, 0, 0, 0, np.inf, np.inf, np.nan])
    assert np.isneginf(logs[:2]).all() and np.isposinf(logs[2:4]).all() and np.isnan(logs[-1])
    np.testing.assert_allclose(logs[4:8], np.log(abs(x[4:8])), rtol=1e-15)


ROOTS = """
@entry(numba.void(VECTOR, VECTOR))
def roots(x, s):
    for k in range(len(x)):
        s[k] = rsqrt(x[k])
"""


def test_reciprocal_roots_are_within_two_units_in_the_last_place() -> None:
    """Of all squared distances of points of the sphere, and beyond; nearer than float32 tells, points are coincident."""
    module = store.load(store.Text("roots_test", lambda: store.text("elementary") + ROOTS))
    x = 10.0 ** np.random.default_rng(0).uniform(-37.9, 30, 3000)
    s = np.empty_like(x)
    module.roots(x, s)
    with mpmath.workdps(50):
        errors = [float(abs(mpmath.mpf(b) * mpmath.sqrt(mpmath.mpf(a)) - 1)) for a, b in zip(x, s, strict=True)]
    assert 0 < np.max(errors) <= 2 * np.finfo(float).eps
    assert abs(1 / np.sqrt(x.astype(np.float32)) * np.sqrt(x) - 1).max() > 1e-8  # the control: float32 alone
    ends = np.array([0.0, 1e-39, 4.0, np.nan])
    found = np.empty_like(ends)
    module.roots(ends, found)
    np.testing.assert_array_equal(found, [np.inf, np.inf, 0.5, np.nan])


PLACED = [
    (he.Energy(he.Riesz(1)), 47, 3),
    (he.Energy(he.Riesz(2)), 47, 6),
    (he.Energy(he.Gaussian(2)), 19, 3),
    (Logarithm(he.Energy(he.Riesz(300))), 19, 3),
    (BatchLoss(he.DHEL(0.5)), 26, 3),
    (BatchLoss(he.NTXent(0.1)), 26, 5),
    (Aligned(he.DHEL(0.5)), 13, 3),
    (BatchLoss(he.KCL(he.Gaussian(2))), 26, 4),
]


@pytest.mark.parametrize(("objective", "rows", "dim"), PLACED, ids=lambda x: getattr(x, "label", str(x)))
def test_results_do_not_depend_on_where_the_arrays_lie(objective: Any, rows: int, dim: int, draw) -> None:
    """To the last bit: a loop that finds its arrays too near to each other adds up in another order."""
    code = compiled_search.program(objective, rows, dim)
    x, v = (np.ascontiguousarray(draw(rows, dim).T.numpy()) for _ in range(2))
    rng = np.random.default_rng(0)

    def run() -> tuple[bytes, ...]:
        memory, at = rng.standard_normal(5 * x.size + code.work + 200), 0
        placed: dict[str, np.ndarray] = {}
        shapes = {"X": x.shape, "V": x.shape, "G": x.shape, "H": x.shape, "work": (code.work,)}
        for name in rng.permutation(list(shapes)).tolist():
            size = int(np.prod(shapes[name]))
            placed[name] = memory[at : at + size].reshape(shapes[name])
            at += size + int(rng.integers(0, 20))
        placed["X"][:], placed["V"][:] = x, v
        found = [code.evaluate(placed["X"], placed["G"], code.parameters, placed["work"]), placed["G"].tobytes()]
        if code.multiply is not None:
            code.multiply(placed["X"], placed["V"], placed["H"], code.parameters, placed["work"])
            found.append(placed["H"].tobytes())
        if code.roughly is not None:
            found += [code.roughly(placed["X"], placed["G"], code.parameters, placed["work"]), placed["G"].tobytes()]
        return tuple(found)

    assert len({run() for _ in range(60)}) == 1


@pytest.mark.parametrize("points", [2, 3, 7, 8, 9, 16, 17, 100, 1023, 1024, 1025, 2050])
@pytest.mark.parametrize("dim", [2, 3, 4, 5, 9])
def test_rows_of_all_lengths_are_summed(points: int, dim: int) -> None:
    """Padded rows, tiles and unrolled coordinates, in both precisions, against NumPy's sums over all pairs."""
    code = compiled_search.program(he.Energy(he.Riesz(1)), points, dim)
    rng = np.random.default_rng(points * dim)
    X = rng.standard_normal((dim, points))
    if dim == 2:  # random ones on a circle come nearer to each other than float32 can tell
        turns = (np.arange(points) + rng.uniform(-0.3, 0.3, points)) * 2 * np.pi / points
        X = np.array([np.cos(turns), np.sin(turns)])
    X /= np.linalg.norm(X, axis=0)
    difference = X[:, :, None] - X[:, None, :]
    r = (difference**2).sum(0)
    np.fill_diagonal(r, np.inf)
    value, forces = (r**-0.5).sum() / 2, -(difference * r**-1.5).sum(-1)
    for evaluate, tolerance in ((code.evaluate, 1e-12), (code.roughly, 2e-4)):
        G, work = np.full_like(X, np.nan), np.full(code.work, np.nan)
        assert evaluate(X, G, code.parameters, work) == pytest.approx(value, rel=tolerance)
        np.testing.assert_allclose(G, forces, rtol=0, atol=tolerance * abs(forces).max())


@pytest.mark.parametrize("loss", [he.InfoNCE(0.05), he.SimCLR(0.05), he.NTXent(0.02)], ids=lambda loss: loss.label)
def test_hessians_of_cold_losses_keep_their_digits(loss: he.PairLoss) -> None:
    """Two aligned antipodal pairs: a value of 1e-18, and a Hessian of 1e-15 between terms of 1/tau^2.  The compiled products
    and the closed form in torch agree, and so no minimum is taken for a saddle."""
    u = torch.tensor([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]], dtype=torch.float64)
    z = torch.cat([u, u])
    objective = BatchLoss(loss)
    compare(objective, z)
    code = compiled_search.program(objective, *z.shape)
    X, work = np.ascontiguousarray(z.T.numpy()), np.empty(code.work)
    code.evaluate(X, np.empty_like(X), code.parameters, work)
    columns = []
    for k in range(z.numel()):
        D, H = np.zeros_like(X), np.empty_like(X)
        D.T[divmod(k, 3)] = 1.0
        code.multiply(X, D, H, code.parameters, work)
        columns.append(H.T.ravel())
    closed = objective.gradient_and_hessian(z)[1].numpy()
    assert 0 < abs(closed).max() < 1e-12
    np.testing.assert_allclose(closed, np.array(columns), rtol=0, atol=1e-12 * abs(closed).max())
    signature = newton.polish(objective, z)[1]
    assert signature is not None and (signature.index, signature.zero_modes, signature.orbit) == (0, 2, 2)
