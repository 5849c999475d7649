"""Starts that go several ways: values that one way misses with all its starts, and how they are counted."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.search.ways import routes
from tests.cases import KERNELS

COULOMB = he.Energy(he.Riesz(1))


def pyramid(s: float) -> float:
    """The least Riesz energy of square pyramids: of the height h of the base below the equator alone.

    For s above 15.048 they are better than the triangular bipyramid (Schwartz, The phase transition in 5 point energy
    minimization, 2016).
    """

    def energy(h: mpmath.mpf) -> mpmath.mpf:
        squares = [(4, 2 + 2 * h), (4, 2 - 2 * h * h), (2, 4 - 4 * h * h)]
        return mpmath.fsum(count * r ** (-mpmath.mpf(s) / 2) for count, r in squares)

    with mpmath.workdps(30):
        return float(energy(mpmath.findroot(lambda h: mpmath.diff(energy, h), 0.1)))


def rhombic_dodecahedron(t: float) -> float:
    """The energy of a cube's and an octahedron's vertices on one sphere under exp(-t r), from their inner products."""
    root = 1 / math.sqrt(3)
    counts = {1 / 3: 12, -1 / 3: 12, -1: 4 + 3, 0: 12, root: 24, -root: 24}
    assert sum(counts.values()) == 14 * 13 // 2
    return math.fsum(count * math.exp(-t * (2 - 2 * x)) for x, count in counts.items())


# Kernel, points, and the least value: of a configuration named here, or the best that 512 starts straight down and 8 hops of
# each led to, which no search should miss.
CASES = [
    (he.Riesz(15.1), 5, pyramid(15.1)),
    (he.Riesz(16), 5, pyramid(16)),
    (he.Riesz(21), 5, pyramid(21)),
    (he.Gaussian(1), 14, rhombic_dodecahedron(1)),
    (he.Gaussian(20), 14, 7.1324542512e-07),
    (he.Riesz(40), 13, 141.86373489),
    (he.Riesz(320), 14, 8.6995438880e10),
]


@pytest.mark.parametrize(("kernel", "points", "least"), CASES, ids=lambda x: getattr(x, "label", str(x)))
def test_the_default_search_finds_what_the_way_by_coulomb_misses(kernel: he.Kernel, points: int, least: float) -> None:
    best = he.minimize(he.Energy(kernel), points, 3)
    assert best.value == pytest.approx(least, rel=1e-9)
    # The control: all of one way, unanimous and wrong; which is why the ways are counted.
    wrong = he.minimize(he.Energy(kernel), points, 3, path=[COULOMB], restarts=32)
    assert wrong.value > least * (1 + 1e-6) and len(wrong.ways) == 1
    coulomb = next(way for way in best.ways if way.label == "by way of Riesz(s=1)")
    assert coulomb.starts > 0 and coulomb.hits == 0


def test_the_values_of_the_pyramid_and_of_the_dodecahedron() -> None:
    assert pyramid(16) == pytest.approx(0.02381078190, abs=5e-12)
    assert rhombic_dodecahedron(1) == pytest.approx(17.0791179, abs=5e-8)
    # Below the transition the triangular bipyramid is better: 6 pairs at a right angle, 3 at 120 degrees, 1 antipodal.
    bipyramid = [6 * 2 ** (-s / 2) + 3 * 3 ** (-s / 2) + 4 ** (-s / 2) for s in (15.0, 15.1)]
    assert bipyramid[0] < pyramid(15.0) and pyramid(15.1) < bipyramid[1]


def test_the_rhombic_dodecahedron_has_the_symmetry_of_the_cube() -> None:
    best = he.minimize(he.Energy(he.Gaussian(1)), 14, 3)
    cube = torch.tensor(list(product((-1.0, 1.0), repeat=3)), dtype=torch.float64) / 3**0.5
    assert he.congruent(best.points, torch.cat([cube, he.codes.cross_polytope(3).points])).residual < 1e-9
    assert he.symmetry(best.points).name == "O_h"


@pytest.mark.parametrize("seed", range(3))
def test_the_24_cell(seed: int) -> None:
    """Straight down 7 % of the starts reach it; all of 32 may miss it."""
    best = he.minimize(he.Energy(he.Riesz(2)), 24, 4, seed=seed)
    assert best.value == pytest.approx(167.0, rel=1e-12)


def test_ways_count_all_starts_and_jumps() -> None:
    best = he.minimize(he.Energy(he.Riesz(16)), 5, 3, restarts=22, hops=1)
    *ways, hops = best.ways
    assert sum(way.starts for way in ways) == best.restarts == 22
    assert np.ptp([way.starts for way in ways]) <= 1  # dealt out in turn
    assert hops.label == "hops" and hops.starts == best.hops > 0
    assert all(0 <= way.hits <= way.starts for way in best.ways)
    # Without hops what each way reached is what was reached.
    plain = he.minimize(he.Energy(he.Riesz(16)), 5, 3, restarts=22)
    assert sum(way.hits for way in plain.ways) == plain.hits and "hops" not in {way.label for way in plain.ways}


def test_which_ways_there_are() -> None:
    def labels(objective: object, points: int = 14, dim: int = 3, path: object = "auto") -> list[str]:
        return [route.label for route in routes(objective, points, dim, path)]  # type: ignore[arg-type]

    assert labels(he.Energy(he.Gaussian(2), "mean")) == [
        "by way of Riesz(s=1)",
        "direct",
        "by way of Gaussian(t=0.5), Gaussian(t=1)",
        "by way of Gaussian(t=4)",
    ]
    assert labels(BatchLoss(he.DHEL(0.1))) == [
        "direct",
        "by way of DHEL(temperature=0.4), DHEL(temperature=0.2)",
        "by way of DHEL(temperature=0.05)",
    ]
    # A loss whose formula is another's knows no warmer ones; on two points there is nothing to go by.
    assert labels(BatchLoss(he.KCL(he.Gaussian(2)))) == labels(he.Energy(he.Riesz(1)), dim=1) == ["direct"]
    assert labels(he.Energy(he.Riesz(1)), path="direct") == labels(he.Energy(he.Riesz(1)), path=[]) == ["direct"]


def test_warmer_losses_keep_their_options() -> None:
    loss = he.DCL(0.1, within_view=False, symmetric=True)
    _, warmer, _ = routes(BatchLoss(loss), 5, 3, "auto")
    assert [stage.label for stage in warmer.stages] == [
        "DCL(temperature=0.4, within_view=False, symmetric=True)",
        "DCL(temperature=0.2, within_view=False, symmetric=True)",
    ]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.label)
def test_every_kernel_has_ways_however_its_parameter_is_written(kernel: he.Kernel) -> None:
    """As 3/2, as Fraction(3, 2), or as a string of either."""
    given = {name: value if name == "degree" else str(Fraction(str(value))) for name, value in vars(kernel).items()}
    labels = [
        [route.label for route in routes(he.Energy(one), 8, 3, "auto")] for one in (kernel, type(kernel)(**given))
    ]
    assert len(labels[0]) == len(labels[1]) > 0
