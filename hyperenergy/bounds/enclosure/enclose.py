"""Whether a configuration that was found is near a true minimum, and which energy that has."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
from flint import arb

from hyperenergy.bounds.certificates import exact
from hyperenergy.bounds.enclosure import gauge
from hyperenergy.bounds.enclosure.derivatives import inner_products
from hyperenergy.bounds.enclosure.gauge import Floats
from hyperenergy.bounds.enclosure.krawczyk import NotDecided
from hyperenergy.bounds.enclosure.near import BITS, proof, shown
from hyperenergy.bounds.enclosure.potentials import Pairs, Potential
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import check_points, tensor
from hyperenergy.kernels import Kernel

# Distances below which points count as one: what a search leaves of them.
_ONE = 1e-9


@dataclass(frozen=True)
class Enclosure:
    """What was proved about a configuration.

    critical: whether a true critical point of the energy is near.  radius: an upper bound of the largest distance between
    a point that was given and its true place, after a rotation or reflection of all; infinite without a critical point.
    minimum: True for a strict local minimum, up to rotations; False for a critical point that is none, as a direction
    descends; None where it is not decided.  energy: the sum over i < j at the critical point as "[value +/- error]", the
    error proved, 25 digits where that many are known, the value alone where it is exact; without a critical point that of
    the points given, scaled to unit length.  reason: one line in words.
    """

    critical: bool
    radius: float
    minimum: bool | None
    energy: str
    reason: str


def enclose(points: Any, kernel: Kernel) -> Enclosure:
    """Proves that a critical point of the pair energy lies near ``points``, and what it is, in ball arithmetic.

    points: one configuration, (points, dim), dim >= 2, as ``he.minimize`` finds it; Newton's method refines it in 192 bits.
    kernel: one that certificates know: Riesz with s >= -2, logarithmic, Gaussian, Laplace, inverse multiquadric, regularized
    logarithmic, polynomial; with its parameters as the exact numbers that they are.

    Law: where ``critical``, a true critical point exists within ``radius``; a minimum is never claimed of a saddle, nor
    where more directions than rotations are flat, which is not decided (rattlers; families of equal energy).
    Raises ArgumentError for other kernels, rows that are no unit vectors, and points that coincide where the kernel has no
    two derivatives.
    Source: Krawczyk 1969; Rump, Verification methods, Acta Numerica 19, 2010.
    """
    potential, x = _pairs(kernel), _checked(points, kernel)
    with flint.ctx.workprec(BITS):
        return _enclosed(potential, x)


def _enclosed(potential: Potential, x: Floats) -> Enclosure:
    try:
        found, radius = proof(potential, x)
    except NotDecided as reason:
        return Enclosure(False, math.inf, None, shown(_energy(potential, x)), f"not decided: {reason}")
    energy, down = shown(found.jet.value), found.descending
    if down:
        ways = "one direction descends" if down == 1 else f"{down} independent directions descend"
        return Enclosure(True, radius, False, energy, f"a critical point, but no minimum: {ways}")
    return Enclosure(True, radius, True, energy, "a strict local minimum, up to rotations")


def _energy(potential: Potential, x: Floats) -> arb:
    points = [gauge.unit([arb(float(a)) for a in row]) for row in x]
    return potential.jet(inner_products(points)).value


def _pairs(kernel: Kernel) -> Pairs:
    if not isinstance(kernel, Kernel):
        raise ArgumentError("kernel", type(kernel).__name__, "must be a kernel, such as he.Riesz(1)")
    name, numbers = exact(kernel)
    if name == "Riesz" and numbers["s"] < -2:
        raise ArgumentError("kernel", kernel.label, "has no rigorous evaluation; s >= -2 for Riesz")
    return Pairs(name, numbers)


def _checked(points: Any, kernel: Kernel) -> Floats:
    points = tensor(points)
    check_points(points)
    if points.ndim != 2 or points.shape[1] < 2:
        raise ArgumentError(
            "points", f"shape {tuple(points.shape)}", "must be one configuration, (points, dim), of dimension 2 or more"
        )
    x = np.array(points.detach().cpu().double().numpy())
    if kernel.singular or kernel.kinked:
        apart = np.linalg.norm(x[:, None] - x, axis=2) + 4 * np.eye(len(x))
        i, j = np.unravel_index(int(apart.argmin()), apart.shape)
        if apart[i, j] <= _ONE:
            raise ArgumentError(
                "points", f"rows {i} and {j} that coincide", f"where {kernel.label} has no derivatives; move one"
            )
    return x
