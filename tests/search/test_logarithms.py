"""Energies beyond the range of float64: their logarithms, against exact codes, best packings and 50 digits."""

from __future__ import annotations

import itertools
import math
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.arithmetic.namespaces import MpmathNamespace
from hyperenergy.cli import found
from hyperenergy.objectives.logarithm import logarithmic, steep
from hyperenergy.search.minimum import Status

CONTEXT = mpmath.mp.clone()
CONTEXT.dps = 50
STEEP = [he.Riesz(1000), he.Riesz(10_000), he.Gaussian(10_000), he.Gaussian(1_000_000)]
# Squared distances of pairs, with their numbers, of codes that are optimal for every completely monotone kernel.
ROOT = CONTEXT.sqrt(5)
EXACT = {
    2: [(1, 4)],
    4: [(6, CONTEXT.mpf(8) / 3)],
    6: [(12, 2), (3, 4)],
    12: [(30, 2 - 2 / ROOT), (30, 2 + 2 / ROOT), (6, 4)],
}
# The largest least angles of N points, in degrees: 5 and 6 elementary, 7 to 9 Schütte and van der Waerden 1951, 10 and 11
# Danzer 1986, 13 and 14 Musin and Tarasov 2012 and 2015, 24 Robinson 1961.
ANGLES = {
    5: 90.0,
    7: 77.8695421,
    8: 74.8584922,
    9: 70.5287794,
    10: 66.1468220,
    11: 63.4349488,
    13: 57.1367031,
    14: 55.6705700,
    24: 43.6907671,
}


def log_sum(kernel: he.Kernel, pairs: list[tuple[int, object]]) -> mpmath.mpf:
    """log of the energy over unordered pairs, in 50 digits."""
    m = MpmathNamespace(CONTEXT)
    return CONTEXT.log(CONTEXT.fsum(count * kernel.profile(CONTEXT.mpf(r), m) for count, r in pairs))


def squares(X: Tensor) -> list[tuple[int, object]]:
    """Squared distances, in 50 digits, of the rows at length 1 in 50 digits."""
    rows = [[CONTEXT.mpf(x) for x in row] for row in X.tolist()]
    lengths = [CONTEXT.sqrt(CONTEXT.fsum(x * x for x in row)) for row in rows]
    units = [[x / length for x in row] for row, length in zip(rows, lengths, strict=True)]
    pairs = itertools.combinations(units, 2)
    return [(1, CONTEXT.fsum((x - y) ** 2 for x, y in zip(a, b, strict=True))) for a, b in pairs]


def close(found: float | None, exact: mpmath.mpf) -> bool:
    return found is not None and abs(found - exact) <= 1e-10 * max(1, abs(exact))


@pytest.mark.parametrize("kernel", STEEP, ids=lambda kernel: kernel.label)
@pytest.mark.parametrize("points", EXACT)
def test_exact_codes(points: int, kernel: he.Kernel) -> None:
    best = he.minimize(he.Energy(kernel), points, 3)
    assert close(best.log_value, log_sum(kernel, EXACT[points])) and best.status.stationary
    # The control: 1e-8 more is noticed.
    assert not close(best.log_value * (1 + 1e-8), log_sum(kernel, EXACT[points]))  # type: ignore[operator]


@pytest.mark.parametrize("kernel", STEEP[1::2], ids=lambda kernel: kernel.label)
@pytest.mark.parametrize(
    "points", [7, pytest.param(8, marks=pytest.mark.slow), 13, pytest.param(24, marks=pytest.mark.slow)]
)
def test_other_numbers_of_points(points: int, kernel: he.Kernel) -> None:
    """The logarithm is that of the configuration, and lies between what the best packing admits: some pair is no further
    apart than its least distance, and in that packing no pair is nearer."""
    best = he.minimize(he.Energy(kernel), points, 3, throw=False)
    pairs = squares(best.points)
    assert close(best.log_value, log_sum(kernel, pairs)) and best.status in (Status.CONVERGED, Status.ROUND_OFF)
    least = 4 * math.sin(math.radians(ANGLES[points] / 2)) ** 2
    assert np.min([float(r) for _, r in pairs]) <= least + 1e-7  # type: ignore[arg-type]
    one = float(log_sum(kernel, [(1, least)]))
    assert best.log_value is not None
    # The table has nine digits.
    doubt = 1e-9 * float(abs(one)) * 3 + 1e-9
    assert one - doubt <= best.log_value <= one + math.log(math.comb(points, 2)) + doubt


def test_24_points_are_nearly_the_snub_cube() -> None:
    """Its vertices are (1, 1/t, t) in even permutations with an even number of minus signs, and in odd ones with an odd
    number, t the tribonacci constant; no search should end above it."""
    t = float(mpmath.findroot(lambda x: x**3 - x**2 - x - 1, 1.84))
    rows = []
    for order in itertools.permutations(range(3)):
        odd = sum(a > b for a, b in itertools.combinations(order, 2)) % 2
        for signs in itertools.product((1, -1), repeat=3):
            if signs.count(-1) % 2 == odd:
                rows.append([signs[k] * (1, 1 / t, t)[order[k]] for k in range(3)])
    snub = he.normalize(torch.tensor(rows, dtype=torch.float64))
    assert len(snub) == 24
    distance = torch.pdist(snub).min()
    assert 2 * math.degrees(math.asin(float(distance) / 2)) == pytest.approx(ANGLES[24], abs=1e-7)
    for kernel in (he.Riesz(1280), he.Riesz(10_000)):
        best = he.minimize(he.Energy(kernel), 24, 3)
        assert best.log_value is not None and best.log_value <= float(log_sum(kernel, squares(snub))) * (1 + 1e-13)
        assert best.log_value > -kernel.s * math.log(float(distance))  # type: ignore[operator]


def test_values_that_leave_float64_say_so() -> None:
    above, below = (
        he.minimize(he.Energy(k), n, 3, restarts=8) for k, n in ((he.Riesz(10_000), 24), (he.Gaussian(1e6), 4))
    )
    assert above.value == math.inf and below.value == 0.0 and above.minima and below.minima
    assert above.minima[0].value == math.inf and above.objective.label == "Energy(Riesz(s=10000), pairs=unordered)"
    for best, value in ((above, "inf"), (below, "0")):
        shown = dict(found.rows(best))
        assert shown["value"] == value and float(shown["log of the value"]) == pytest.approx(best.log_value, rel=1e-14)
    inside = he.minimize(he.Energy(he.Riesz(1)), 4, 3, restarts=2)
    assert "log of the value" not in dict(found.rows(inside))
    assert inside.log_value == pytest.approx(math.log(inside.value), rel=1e-15)
    assert he.minimize(he.Energy(he.Logarithmic()), 4, 3, restarts=2).log_value is None


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("pairs", ["ordered", "mean"])
def test_pair_conventions(pairs: Any, compiled: bool) -> None:
    """All minima are in the convention of the objective, those that Newton's method finished and those that it did not."""
    best = he.minimize(he.Energy(he.Riesz(200), pairs), 7, 3, restarts=12, compiled=compiled)
    assert best.value == pytest.approx(float(he.energy(best.points, he.Riesz(200), pairs)), rel=1e-11)
    plain = he.minimize(he.Energy(he.Riesz(200)), 7, 3, restarts=12, compiled=compiled)
    assert best.hits == plain.hits > 1
    factor = {"ordered": 2.0, "mean": 1 / 21}[pairs]
    assert best.value == pytest.approx(factor * plain.value, rel=1e-10)


def test_which_energies_are_minimized_by_their_logarithm() -> None:
    """Where the kernel spans e^40; not where it is not positive, or not known to be."""

    class Unknown(he.Riesz):
        pass

    assert steep(he.Riesz(30)) and steep(he.Gaussian(20)) and not steep(he.Riesz(4)) and not steep(he.Gaussian(2))
    assert not steep(he.Logarithmic()) and not steep(Unknown(100)) and not steep(he.Riesz(-3))
    assert logarithmic(he.Energy(he.Riesz(30))).logarithmic and not logarithmic(he.Energy(he.Riesz(1))).logarithmic


def test_the_gradient_norm_is_that_of_the_energy() -> None:
    """Relative norms agree, so that the tolerance means the same."""
    z = he.normalize(torch.randn(1, 9, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    energy = he.Energy(he.Riesz(30))
    norms = []
    for objective in (energy, logarithmic(energy)):
        _, gradient, scale = objective.value_and_gradient(z)
        norms.append(float(gradient.norm() / scale))
    assert norms[0] == pytest.approx(norms[1], rel=1e-12) and 0 < norms[0] < 1


def test_a_lower_bound_of_a_steep_energy_ends_the_search() -> None:
    exact = float(CONTEXT.exp(log_sum(he.Riesz(200), EXACT[12])))
    best = he.minimize(he.Energy(he.Riesz(200)), 12, 3, lower_bound=exact)
    assert best.stop.name == "BOUND" and best.value == pytest.approx(exact, rel=1e-10)
