"""Three-point bounds: the derivation against sums over configurations, the proof against samples, and what is stored."""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mpoly_ctx, fmpq_poly

import hyperenergy as he
from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.arithmetic.namespaces import NumpyNamespace
from hyperenergy.bounds.certificates import NoBoundError
from hyperenergy.bounds.checking import FORMAT, CertificateError
from hyperenergy.bounds.three_point import boxes, checking, proposal, samples
from hyperenergy.bounds.three_point.boxes import Axis, Floats
from hyperenergy.bounds.three_point.checking import proved
from hyperenergy.errors import ArgumentError, MissingExtra

STORED: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("three_point.json").read_text("utf-8"))
# Thomson's problem: the best known energies, nine digits, as tables have them; certified relative gaps at most.
THOMSON = {
    5: (6.474691495, 1e-6),
    7: (14.452977414, 3e-4),
    8: (19.675287861, 1.2e-4),
    9: (25.759986531, 3e-4),
    10: (32.716949460, 3e-4),
    11: (40.596450508, 1.3e-3),
}
CODES = {(10, 4): Fraction(1, 6) - Fraction(1, 10**5), (288, 16): Fraction(1, 4) - Fraction(1, 1000)}


def stored(points: int, dim: int = 3) -> dict[str, Any]:
    return json.loads(json.dumps(STORED[f"{points} {dim}"]))


@pytest.mark.parametrize("points", THOMSON)
def test_thomson(points: int) -> None:
    energy, gap = THOMSON[points]
    value = float(proved(stored(points)))
    assert (1 - gap) * energy <= value <= energy + 1e-9
    assert value > he.lower_bound(he.Riesz(1), points, 3).value


@pytest.mark.parametrize(("points", "dim"), CODES)
def test_codes(points: int, dim: int) -> None:
    found = stored(points, dim)
    assert proved(found) >= CODES[points, dim]
    for changed in (
        {"points": points - 1},
        {"dim": dim + 1},
        {"bound": str(Fraction(found["bound"]) + Fraction(1, 100))},
    ):
        with pytest.raises(CertificateError):
            proved({**found, **changed})


# The derivation


def some(dim: int, points: int, size: int = 3, seed: int = 0) -> dict[str, Any]:
    """A certificate of no energy in particular."""
    rng = random.Random(seed)

    def number() -> str:
        return f"{rng.uniform(-1, 1):.3f}"

    return {
        "format": FORMAT,
        "kind": checking.ENERGY,
        "kernel": {"name": "Riesz", "s": "1"},
        "points": points,
        "dim": dim,
        "bound": "-1000",
        "coefficients": [number(), *(str(abs(float(number()))) for _ in range(4))],
        "factors": [[[number() for _ in range(size - k)] for _ in range(min(2, size - k))] for k in range(size)],
    }


def naive(certificate: dict[str, Any], u: float, v: float, t: float) -> float:
    """p by its definition: quotients, square roots, six orders."""
    dim, points = certificate["dim"], certificate["points"]

    def Y(k: int, u: float, v: float, t: float) -> Any:
        size = certificate["size"] - k
        e, g = ([x for x, _ in zip(gegenbauer(x, dim + 2 * k), range(size), strict=False)] for x in (u, v))
        w = (1 - u * u) * (1 - v * v)
        angle = next(itertools.islice(gegenbauer((t - u * v) / math.sqrt(w) if w > 0 else 0.0, dim - 1), k, None))
        return np.outer(e, g) * (w ** (k / 2) * angle)

    def G(*triple: float) -> float:
        total = 0.0
        for k, columns in enumerate(certificate["factors"]):
            L = np.array(columns, float).T
            S = sum(Y(k, *x) for x in itertools.permutations(triple)) / 6
            total += float((L @ L.T * S).sum())
        return total

    def q(u: float) -> float:
        h = sum(float(c) * P for c, P in zip(certificate["coefficients"], gegenbauer(u, dim), strict=False))
        return h + 3 * G(u, u, 1.0)

    return G(u, v, t) + (q(u) + q(v) + q(t)) / (3 * (points - 2))


def triples_of(X: Floats) -> Floats:
    """Of all ordered triples of distinct points."""
    gram = X @ X.T
    return np.array([[gram[i, j], gram[i, k], gram[j, k]] for i, j, k in itertools.permutations(range(len(X)), 3)])


@pytest.mark.parametrize("dim", [3, 4, 7])
def test_polynomial(dim: int) -> None:
    certificate = some(dim, 6)
    triples = samples.triples(np.random.default_rng(dim).uniform(0, np.pi, (8, 3)))
    expected = [naive({**certificate, "size": 3}, *x) for x in triples]
    np.testing.assert_allclose(checking.read(certificate).values()(triples), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dim", [3, 5])
def test_sums_over_configurations(dim: int) -> None:
    """(2): whatever h and F are, the sum of p over triples is at least twice (4)."""
    for seed in range(10):
        X = np.random.default_rng(seed).normal(size=(6, dim))
        X /= np.linalg.norm(X, axis=1)[:, None]
        whole = checking.read(some(dim, 6, seed=seed))
        assert whole.values()(triples_of(X)).sum() >= 2 * float(whole.energy) - 1e-12


def test_the_dimension_matters() -> None:
    """Eight points of R^7, a simplex, do not satisfy what holds in R^3."""
    X = (np.eye(8) - 1 / 8) * math.sqrt(8 / 7)
    only_h = checking.read({**some(3, 8), "coefficients": ["0", "0", "1"], "factors": []})
    assert only_h.values()(triples_of(X)).sum() < 2 * float(only_h.energy) - 1
    only_F = checking.read({**some(3, 8), "coefficients": ["0"], "factors": [[], [], [["1"]]]})
    assert only_F.values()(triples_of(X)).sum() < 2 * float(only_F.energy) - 1


# The proof


def constant(value: float) -> Any:
    return lambda c, w: Axis(np.array([value / 3, *[0.0] * 5]), 1e-15)


def symmetric(seed: int) -> Floats:
    G = np.random.default_rng(seed).normal(size=(4, 4, 4)) / (1 + np.indices((4, 4, 4)).sum(0))
    return np.asarray(sum(np.transpose(G, axes) for axes in itertools.permutations(range(3))) / 6)


@pytest.mark.parametrize("most", [1.0, 0.25])
@pytest.mark.parametrize("seed", range(3))
def test_search_against_samples(seed: int, most: float) -> None:
    G = symmetric(seed)
    rng = np.random.default_rng(seed)
    triples = samples.triples(samples.start(200_000, rng, most))
    u, v, t = (x[:, None] ** np.arange(4) for x in triples.T)
    largest = float(np.einsum("ni,nj,nk,ijk->n", u, v, t, G, optimize=True).max())
    above = boxes.search(G, constant(largest + 0.02), most, 200_000)
    assert above.shown and len(above.against) == 0
    below = boxes.search(G, constant(largest - 0.02), most, 200_000)
    assert not below.shown and len(below.against) > 0
    assert not boxes.search(G, constant(largest + 0.02), most, 3).shown


def test_multipliers() -> None:
    """det itself is nonnegative where it is asked for, and -4 at (1, 1, -1)."""
    G = np.zeros((3, 3, 3))
    G[1, 1, 1] = -2
    G[2, 0, 0] = G[0, 2, 0] = G[0, 0, 2] = 1
    assert boxes.search(G, constant(1 + 1e-6), 1.0, 10_000).shown
    assert not boxes.search(G, constant(1 - 1e-3), 1.0, 10_000).shown
    assert not boxes.search(-G, constant(-1.0), 1.0, 10_000).shown


def test_rounding() -> None:
    """Coefficients about centers against exact ones: the errors sum up to less than is allowed for them."""
    G, names = symmetric(5), fmpq_mpoly_ctx.get(("u", "v", "t"), "lex")
    exact = names.from_dict({x: fmpq(*float(G[x]).as_integer_ratio()) for x in itertools.product(range(4), repeat=3)})
    index = np.array([[0, 3, 7], [2, 2, 5], [1, 4, 6]])
    tables = boxes._Tables(G, constant(0.0), index, 0.125)
    found = tables._coefficients(np.searchsorted(tables.steps, index))
    for box, center in zip(found, tables.center(index), strict=True):
        moved = exact.compose(
            *(x * fmpq(1, 8) + fmpq(*float(c).as_integer_ratio()) for x, c in zip(names.gens(), center, strict=True))
        )
        terms = moved.to_dict()
        errors = [abs(fmpq(*float(box[x]).as_integer_ratio()) - terms.get(x, fmpq(0))) for x in np.ndindex(box.shape)]
        total = float(sum(Fraction(int(x.p), int(x.q)) for x in errors))
        assert 0 < total < 2.0**-53 * (6 * 4 + 10) * np.abs(G).sum()


@pytest.mark.parametrize("name", ["Riesz(1)", "Riesz(3)", "Riesz(-1)", "Logarithmic", "Gaussian(3)"])
def test_series_lie_below(name: str) -> None:
    kernels = {
        "Riesz(1)": (he.Riesz(1), ("Riesz", {"s": Fraction(1)})),
        "Riesz(3)": (he.Riesz(3), ("Riesz", {"s": Fraction(3)})),
        "Riesz(-1)": (he.Riesz(-1), ("Riesz", {"s": Fraction(-1)})),
        "Logarithmic": (he.Logarithmic(), ("Logarithmic", {})),
        "Gaussian(3)": (he.Gaussian(3), ("Gaussian", {"t": Fraction(3)})),
    }
    kernel, told = kernels[name]
    q = fmpq_poly([1, fmpq(1, 3), 2])
    phi = checking._phi(told, q, 10)
    for c, w in [(-0.75, 0.25), (0.5, 0.25), (0.875, 0.125), (0.0, 1.0)]:
        axis, x = phi(c, w), np.append(np.linspace(-1, 0.999, 200), 0.0)
        t = c + w * x
        f = np.asarray(kernel.profile(2 - 2 * t, NumpyNamespace)) - (1 + t / 3 + 2 * t**2)
        below = np.polynomial.polynomial.polyval(x, axis.coefficients)
        assert (below <= f + 1e-12).all() and axis.error < 1e-12
        assert below[-1] + axis.lost == pytest.approx(f[-1], abs=1e-12)
        # At t = 1 it is f at the left end, elsewhere at the center, that is met.
        met = 0 if c + w == 1 else -1
        assert below[met] == pytest.approx(f[met], abs=1e-12)


# What is refused


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": "2"}, "format: got '2'"),
        ({"kind": "two-point"}, "kind: got 'two-point'"),
        ({"kind": []}, "kind: got []"),
        ({"kernel": {"name": "Riesz", "s": "-3"}}, "f must be absolutely monotone"),
        ({"kernel": {"name": "Riesz", "s": "11/10"}}, "it fails at"),
        ({"kernel": {"name": "Polynomial", "degree": "2", "c": "1"}}, "has no three-point certificates"),
        ({"points": 2}, "must be at least 3"),
        ({"points": 5.0}, "points: got 5.0"),
        ({"dim": 2}, "must be at least 3"),
        ({"dim": 4}, "it fails at"),
        ({"coefficients": []}, "coefficients: got []"),
        ({"coefficients": ["0", "-1e-30"]}, "must be nonnegative from number 1 on"),
        ({"coefficients": ["nan"]}, "coefficients: got 'nan'"),
        ({"coefficients": ["1e31"]}, "must be at most 1e+30"),
        ({"coefficients": ["1e30"]}, "it fails at"),
        ({"factors": [[["1e-900"]]]}, "it fails at"),
        ({"coefficients": ["0"] * 100}, "must be a list of 1 to 49 numbers"),
        ({"factors": [[]] * 26}, "at most 25 matrices"),
        ({"factors": "x"}, "factors: must be a list"),
        ({"factors": [["1"]]}, "factors: number 0: got '1'"),
        ({"factors": [[["1"], ["1"]]]}, "at most 1 columns"),
        ({"factors": [[["1", "1"]]]}, "a list of 1 to 1 numbers"),
        ({"factors": [[[1.5]]]}, "got 1.5; must be an exact number as a text"),
        ({"bound": "6.4747"}, "and no more"),
    ],
)
def test_refusals(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(CertificateError) as error:
        proved({**stored(5), **changed})
    assert message in str(error.value)


@pytest.mark.parametrize("missing", stored(5))
def test_missing_fields(missing: str) -> None:
    with pytest.raises(CertificateError, match=f"{missing} is missing"):
        proved({key: value for key, value in stored(5).items() if key != missing})


def test_lifted_too_far() -> None:
    """What (3) leaves room for is little: h_0 larger by 1e-4 is refused, smaller by it is accepted and proves less."""
    found = stored(5)
    value, first = proved(found), Fraction(found["coefficients"][0])
    for sign in (1, -1):
        changed = str(first + sign * Fraction(1, 10**4))
        found["coefficients"][0], found["bound"] = changed, "0"
        if sign == 1:
            with pytest.raises(CertificateError, match="it fails at"):
                proved(found)
        else:
            assert proved(found) == value - Fraction(20, 2 * 10**4)


def changed_digit(text: str, rng: random.Random) -> str:
    places = [i for i, x in enumerate(text) if x.isdigit()]
    i = rng.choice(places)
    return text[:i] + rng.choice([x for x in "0123456789" if x != text[i]]) + text[i + 1 :]


def tampered(points: int, count: int, seed: int) -> tuple[int, int]:
    """How many certificates with one digit changed were accepted, and how many of these prove more than is true."""
    rng, accepted, wrong = random.Random(seed), 0, 0
    for _ in range(count):
        found = stored(points)
        where: list[Any] = found["coefficients"]
        if rng.random() < 0.7:
            where = rng.choice([column for columns in found["factors"] for column in columns])
        if rng.random() < 0.15:
            found["bound"] = changed_digit(found["bound"], rng)
        else:
            i = rng.randrange(len(where))
            where[i] = changed_digit(where[i], rng)
        try:
            value = proved(found)
        except CertificateError:
            continue
        accepted += 1
        wrong += value < Fraction(found["bound"]) or float(value) > THOMSON[points][0] + 1e-9
    return accepted, wrong


def test_changed_digits() -> None:
    accepted, wrong = tampered(5, 60, 1)
    assert wrong == 0 and 0 < accepted < 60


@pytest.mark.slow
def test_hundreds_of_changed_digits() -> None:
    for points in (5, 7, 9):
        accepted, wrong = tampered(points, 300, points)
        assert wrong == 0 and 0 < accepted < 300


def test_neither_torch_nor_a_solver_is_imported() -> None:
    heavy = ("torch", "scipy", "clarabel", "numba")
    code = f"import sys, hyperenergy.bounds.three_point.checking; print([x for x in {heavy} if x in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# What proposes


def test_without_clarabel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"bounds needs clarabel: pip install 'hyperenergy\[bounds\]'"):
        proposal.three_point(he.Riesz(1), 5, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((he.Polynomial(2), 5, 3), "kernel: got"),
        ((he.Riesz(-4), 5, 3), "not completely monotone"),
        ((he.Riesz(1), 2, 3), "points: got 2"),
        ((he.Riesz(1), 5, 2), "dim: got 2"),
        ((he.Riesz(1), 5, 3, 0), "degree: got 0"),
    ],
)
def test_bad_arguments(arguments: tuple[Any, ...], message: str) -> None:
    pytest.importorskip("clarabel")
    with pytest.raises(ArgumentError) as error:
        proposal.three_point(*arguments)
    assert message in str(error.value)


@pytest.mark.parametrize("inner", ["x", "1", 1.5, None, math.nan, "1/0"])
def test_bad_inner_products(inner: Any) -> None:
    with pytest.raises(ArgumentError, match="must be a number between -1 and 1"):
        proposal.three_point_code(5, 3, inner)


@pytest.mark.parametrize("name", ["Riesz(3)", "Logarithmic", "Gaussian(2)"])
def test_made_and_proved(name: str) -> None:
    """Five points, at a low degree: between the linear program and the triangular bipyramid."""
    pytest.importorskip("clarabel")
    kernel = {"Riesz(3)": he.Riesz(3), "Logarithmic": he.Logarithmic(), "Gaussian(2)": he.Gaussian(2)}[name]
    best = 6 * f_of(kernel, 0) + 3 * f_of(kernel, -0.5) + f_of(kernel, -1)
    found = proposal.three_point(kernel, 5, 3, 4, rounds=5, tolerance=1e-3)
    value = float(proved(json.loads(json.dumps(found))))
    assert he.lower_bound(kernel, 5, 3).value < value <= best + 1e-12


def f_of(kernel: he.Kernel, t: float) -> float:
    return float(np.asarray(kernel.profile(np.array(2 - 2 * t), NumpyNamespace)))


def test_a_code_made_and_refused() -> None:
    """Ten points of R^4: 1/7 at a low degree; 1/5 is more than the Petersen code's 1/6."""
    pytest.importorskip("clarabel")
    assert proved(proposal.three_point_code(10, 4, "1/7", 4)) == Fraction(1, 7)
    with pytest.raises(NoBoundError, match="inner products > 1/5 for 10 points"):
        proposal.three_point_code(10, 4, "1/5", 3)


@pytest.mark.slow
@pytest.mark.parametrize("points", THOMSON)
def test_thomson_made_anew(points: int) -> None:
    energy, gap = THOMSON[points]
    assert float(proved(proposal.three_point(he.Riesz(1), points, 3))) >= (1 - gap) * energy


@pytest.mark.slow
@pytest.mark.parametrize(("points", "dim"), CODES)
def test_codes_made_anew(points: int, dim: int) -> None:
    assert proved(proposal.three_point_code(points, dim, str(CODES[points, dim]))) == CODES[points, dim]
