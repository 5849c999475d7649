"""The claims that can be verified: the instances of each, and how they are checked."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from hyperenergy import codes, theorems
from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.kernels import (
    Gaussian,
    InverseMultiquadric,
    Kernel,
    Laplace,
    Logarithmic,
    Polynomial,
    RegularizedLogarithmic,
    Riesz,
)
from hyperenergy.losses import modules as losses
from hyperenergy.losses.structured_modules import MultiViewDHEL, MultiViewInfoNCE, SupCon
from hyperenergy.objectives.base import BatchLoss, Energy
from hyperenergy.objectives.structured import MultiView, Supervised
from hyperenergy.search.starts import MOST_SIGNS
from hyperenergy.theorems import Theorem
from hyperenergy.verify import checks, expectation
from hyperenergy.verify.grid import Grid, Instance, Result
from hyperenergy.verify.subjects import dhel, one_sided, symmetrized

Check = Callable[[Instance, Grid], Result]

DIMS = (2, 3, 4, 5, 6, 7, 8)
TEMPERATURES = (0.05, 0.1, 0.5, 1.0)


@dataclass(frozen=True)
class Claim:
    """A result with the instances that a grid gives it.  ``instances`` yields (check, instance)."""

    id: str
    instances: Callable[[Grid], Iterator[tuple[Check, Instance]]]

    @property
    def theorem(self) -> Theorem:
        return theorems.get(self.id)


@dataclass(frozen=True)
class Exp:
    """psi = exp(x / temperature), as a class so that it has a name and travels between processes."""

    temperature: float

    @property
    def __name__(self) -> str:
        return f"exp(x/{self.temperature})"

    def __call__(self, x: Tensor) -> Tensor:
        return (x / self.temperature).exp()


def phi_psi(tau: float) -> list[losses.PairLoss]:
    """DHEL and InfoNCE as members of the family: log-sum-exp is strictly convex across differences."""
    return [
        losses.PhiPsi(torch.log, Exp(tau), convexity="strict"),
        losses.PhiPsi(torch.log1p, Exp(tau), negatives="cross", convexity="strict"),
    ]


KERNELS: tuple[Kernel, ...] = (
    Gaussian(2),
    Gaussian(Fraction(1, 2)),
    Laplace(1),
    InverseMultiquadric(1),
    Riesz(1),
    Riesz(-1),
    Logarithmic(),
    RegularizedLogarithmic(1),
)
SMOOTH_ALIGNMENT = Gaussian(2)


def kernel_losses(kernel: Kernel) -> list[losses.PairLoss]:
    """KCL in both forms; singular kernels cannot align and get a Gaussian for that."""
    alignment = SMOOTH_ALIGNMENT if kernel.singular else None
    return [losses.KCL(kernel, alignment_kernel=alignment, two_view=two) for two in (False, True)]


def _b1(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    for dim in grid.pick_dims(DIMS):
        for points in grid.pick_points(range(2, dim + 2)):
            yield checks.check_prediction, Instance("B1", losses.AlignUniform(), points, dim)
            yield checks.check_prediction, Instance("B1", losses.AlignUniform(alpha=1.0), points, dim)
            for tau in grid.pick_temperatures(TEMPERATURES):
                for loss in (*one_sided(tau), *symmetrized(tau), *dhel(tau), *phi_psi(tau)):
                    yield checks.check_prediction, Instance("B1", loss, points, dim)


def _b2a(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    extra = (Riesz(Fraction(-1, 2)), Riesz(Fraction(-3, 2)), Riesz(4), Polynomial(3, c=2)) if grid.full else ()
    for dim in grid.pick_dims(DIMS):
        for points in grid.pick_points(range(2, dim + 2)):
            for kernel in (*KERNELS, *extra):
                for subject in (Energy(kernel), *kernel_losses(kernel)):
                    yield checks.check_prediction, Instance("B2a", subject, points, dim)
            mixed = losses.KCL(Gaussian(2), gamma=1.0, alignment_kernel=Riesz(Fraction(-1, 2)))
            yield checks.check_prediction, Instance("B2a", mixed, points, dim)


def _b2b(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    for dim in grid.pick_dims(DIMS):
        for points in grid.pick_points((2 * dim,) if dim > 1 else ()):
            for kernel in KERNELS:
                for subject in (Energy(kernel), kernel_losses(kernel)[0]):
                    yield checks.check_prediction, Instance("B2b", subject, points, dim)


# The universal optima of up to 600 points beyond simplices and cross-polytopes: (dim, points).
_OPTIMA = (
    *((2, N) for N in (5, 6, 7, 9)),
    *((3, 12), (4, 120), (5, 16), (6, 27), (7, 56), (8, 240)),
    *((21, 112), (21, 162), (22, 100), (22, 275), (23, 552), (52, 325)),
)


def _b2c(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    for dim, points in _chosen(_OPTIMA, grid):
        if points >= 100:
            kernels: tuple[Kernel, ...] = (Gaussian(2), *((Riesz(dim - 2),) if dim <= 8 or grid.full else ()))
            kernels += (Logarithmic(),) if grid.full else ()
        else:
            kernels = (Gaussian(1), InverseMultiquadric(1), Riesz(max(1, dim - 2)), Logarithmic())
        for kernel in kernels:
            yield checks.check_universal_optimum, Instance("B2c", Energy(kernel), points, dim)
        if points < 50:
            for loss in (losses.KCL(Gaussian(1)), losses.KCL(Laplace(1)), losses.AlignUniform(t=1)):
                yield checks.check_universal_optimum, Instance("B2c", loss, points, dim)


def _b2d(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    for dim, points in _chosen(((10, 40), (14, 64)), grid):
        for kernel in (Gaussian(1), InverseMultiquadric(1), Riesz(dim - 2), Logarithmic()):
            yield checks.check_prediction, Instance("B2d", Energy(kernel), points, dim)
        if points < 50 or grid.full:
            yield checks.check_prediction, Instance("B2d", losses.KCL(Gaussian(1)), points, dim)


def _chosen(cases: tuple[tuple[int, int], ...], grid: Grid) -> Iterator[tuple[int, int]]:
    """The cases (dim, points) less those that the user did not choose."""
    for dim, points in cases:
        if dim in grid.pick_dims((dim,)) and grid.pick_points((points,)):
            yield dim, points


def _b3(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    smooth, cusped = (Gaussian(2), InverseMultiquadric(1), RegularizedLogarithmic(1)), (Laplace(1), Riesz(-1))
    kcl = [losses.KCL(kernel) for kernel in (*smooth, *cusped)]
    for dim in grid.pick_dims((2, 3, 8)):
        for points in grid.pick_points((3, 7, 20)):
            decoupled = [*kcl, *(losses.DHEL(tau) for tau in grid.pick_temperatures((0.05, 0.5)))]
            for loss in decoupled if dim > 1 else ():  # on S^0 nothing can move
                yield checks.check_fixed_anchors, Instance("B3", loss, points, dim, {"part": "fixed anchors"})
            for loss in (*decoupled, losses.DHEL(0.5, two_view=True), losses.KCL(Gaussian(2), two_view=True)):
                yield checks.check_mixed_block, Instance("B3", loss, points, dim, {"part": "mixed block"})
            for loss in (*one_sided(0.5), *symmetrized(0.5)):
                yield checks.check_mixed_block, Instance("B3", loss, points, dim, {"part": "mixed block"})
            for loss in (losses.DHEL(0.5, two_view=True), losses.KCL(Gaussian(2), two_view=True)):
                yield checks.check_alignment, Instance("B3", loss, points, dim, {"part": "joint minimum"})


def _b4(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    cases = [(2, 4), (2, 5), (3, 6), (4, 8), (3, 12)]
    if grid.full:
        cases += [(2, 6), (2, 8), (5, 10), (6, 12), (5, 16), (6, 27)]
    yield from _at_universal_optima("B4", cases, grid)


def _f3(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    yield from _at_universal_optima("F3", [(2, N) for N in (6, 7, 8, 10)], grid)


def _at_universal_optima(id: str, cases: list[tuple[int, int]], grid: Grid) -> Iterator[tuple[Check, Instance]]:
    """The losses about which the claim says something there."""
    for dim, points in _chosen(tuple(cases), grid):
        for tau in grid.pick_temperatures((0.05, 0.3, 1.0)):
            for loss in (*one_sided(tau), *symmetrized(tau), *dhel(tau)):
                if theorems.get(id).predict(BatchLoss(loss), points, dim) is not None:
                    yield checks.check_prediction, Instance(id, loss, points, dim)


def _off_optima(grid: Grid, default: tuple[tuple[int, int], ...], full: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """(dim, points) with points > dim+1 at which no universal optimum is known."""
    if grid.dims or grid.points or grid.full:
        cases = [(d, M) for d in grid.pick_dims((3, 4, 5)) for M in grid.pick_points(grid.points or full)]
    else:
        cases = list(default)
    for dim, points in cases:
        if points > dim + 1 and codes.universal_optimum(points, dim) is None:
            yield dim, points


_MISALIGNED_CASES = ((3, 5), (3, 7), (3, 9), (4, 6), (4, 7), (4, 9), (5, 7), (5, 14))


def _b5(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    for dim, points in _off_optima(grid, _MISALIGNED_CASES, tuple(range(5, 21))):
        for tau in grid.pick_temperatures((0.1, 0.25, 0.5), (0.05, 0.1, 0.25, 0.5, 1.0)):
            for loss in (*one_sided(tau), losses.DHEL(tau)):
                yield checks.check_alignment, Instance("B5", loss, points, dim)
        for kernel in (Gaussian(2), InverseMultiquadric(1)):
            yield checks.check_alignment, Instance("B5", losses.KCL(kernel), points, dim)


def _b5s(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    for dim, points in _off_optima(grid, _MISALIGNED_CASES, tuple(range(5, 21))):
        for tau in grid.pick_temperatures((0.1, 0.25), (0.05, 0.1, 0.25, 0.5, 1.0)):
            for loss in symmetrized(tau):
                yield checks.check_alignment, Instance("B5s", loss, points, dim)


def _b6(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    bounded = (Gaussian(2), Laplace(1), InverseMultiquadric(1))
    for dim in (d for d in grid.pick_dims((2, 3, 4)) if d > 1):  # S^0 has no uniform density
        for points in grid.pick_points(range(2, 20 if grid.full else 11)):
            for kernel in (*bounded, Riesz(Fraction(1, 2)), Logarithmic(), RegularizedLogarithmic(1)):
                # The logarithms are positive definite only up to a constant: the upper bound is not claimed for them.
                parameters = {"bounded": kernel in bounded}
                yield checks.check_monotone, Instance("B6", Energy(kernel, "mean"), points, dim, parameters)


def _b7(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    for dim in grid.pick_dims((2, 3, 5), (2, 3, 4, 5, 8)):
        for classes, size in itertools.product(range(2, dim + 2), (2, 3, 5) if grid.full else (2, 3)):
            if not grid.pick_points((classes * size,)):
                continue
            # Two distant classes repel with e^(-2/tau), beside which log(n-1) > 0 leaves no digits at small tau.
            for tau in grid.pick_temperatures((0.1, 0.5) if size == 2 else (0.25, 1.0)):
                subject = Supervised(SupCon(tau), [c for c in range(classes) for _ in range(size)])
                yield checks.check_prediction, Instance("B7", subject, classes * size, dim)


def _b9(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    """Scales 1/tau; the biases make pairs aligned, partly aligned and antipodal.  Beyond d = N only where B9 speaks."""
    for dim in grid.pick_dims((2, 3, 5), (2, 3, 4, 5, 8)):
        for points in grid.pick_points(range(2, dim + 3)):
            for tau in grid.pick_temperatures((0.1, 0.5), (0.1, 0.2, 0.5, 1.0)):
                for bias in (-4, -1, 0, 3):
                    subject = losses.SigLIP(1 / tau, bias)
                    if theorems.get("B9").predict(BatchLoss(subject), points, dim) is not None:
                        yield checks.check_prediction, Instance("B9", subject, points, dim)


def _b10(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    for dim in grid.pick_dims((2, 3, 5), (2, 3, 4, 5, 8)):
        for points in grid.pick_points(range(2, dim + 2)):
            for views, tau in itertools.product((2, 4), grid.pick_temperatures((0.1, 0.5), TEMPERATURES)):
                for loss in (MultiViewInfoNCE(tau), MultiViewDHEL(tau)):
                    yield checks.check_prediction, Instance("B10", MultiView(loss, views), points, dim)


def _b11(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    temperatures = list(grid.pick_temperatures((0.2, 0.1, 0.05, 0.02, 0.01)))
    for dim in grid.pick_dims((2, 3, 4)):
        for points in grid.pick_points((3, 4, 5, 6, 7, 8, 10, 12)):
            subject = losses.DHEL(min(temperatures))
            yield checks.check_small_temperature, Instance("B11", subject, points, dim, {"temperatures": temperatures})


def _f1(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    for dim in grid.pick_dims((2, 3, 4)):
        for points in grid.pick_points(range(3, dim + 2)):
            for s in (Fraction(-5, 2), -3, -4):
                yield checks.check_prediction, Instance("F1", Energy(Riesz(s), "mean"), points, dim)


def _f2(grid: Grid) -> Iterator[tuple[Check, Instance]]:
    for dim in grid.pick_dims((2, 3, 4, 5)):
        for points in grid.pick_points(range(2, dim + 2)):
            yield checks.check_prediction, Instance("F2", losses.SpectralContrastive(), points, dim)


CLAIMS = {
    claim.id: claim
    for claim in (
        Claim("B1", _b1),
        Claim("B2a", _b2a),
        Claim("B2b", _b2b),
        Claim("B2c", _b2c),
        Claim("B2d", _b2d),
        Claim("B3", _b3),
        Claim("B4", _b4),
        Claim("B5", _b5),
        Claim("B5s", _b5s),
        Claim("B6", _b6),
        Claim("B7", _b7),
        Claim("B8", expectation.b8),
        Claim("B9", _b9),
        Claim("B10", _b10),
        Claim("B11", _b11),
        Claim("E1", expectation.e1),
        Claim("E2", expectation.e2),
        Claim("E3", expectation.e3),
        Claim("E4", expectation.e4),
        Claim("F1", _f1),
        Claim("F2", _f2),
        Claim("F3", _f3),
    )
}


def select(ids: list[str] | None) -> list[Claim]:
    """The claims of these ids, in any case; "B2" means B2a to B2d.  ArgumentError for a name that none has."""
    chosen: list[Claim] = []
    for id in ids or CLAIMS:
        asked = id.lower()
        matching = [c for c in CLAIMS.values() if c.id.lower() == asked or (asked == "b2" and c.id.startswith("B2"))]
        if not matching:
            raise unknown_name("claims", id, CLAIMS)
        chosen += [c for c in matching if c not in chosen]
    return chosen


def tasks(claims: list[Claim], grid: Grid) -> list[tuple[Check, Instance]]:
    """All instances of the claims.  ArgumentError where the grid leaves a claim without any."""
    found = []
    for claim in claims:
        # S^0 is searched exhaustively or not at all.
        mine = [task for task in claim.instances(grid) if task[1].dim > 1 or 2 * (task[1].points + 1) <= MOST_SIGNS]
        if not mine:
            raise ArgumentError(
                "claims", claim.id, "it has no instance at the chosen dims and points; widen them or leave it out"
            )
        found += mine
    return found
