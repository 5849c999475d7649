"""The two numbers of the field: alignment of pairs, and uniformity of points."""

from __future__ import annotations

import math

from hyperenergy.checks import positive
from hyperenergy.geometry.sphere import Points, squared_distance
from hyperenergy.laws import uniform
from hyperenergy.losses import align_uniform, calls
from hyperenergy.losses.align_uniform import AlignUniform
from hyperenergy.metrics.optimum import Optimum, optimum_of
from hyperenergy.metrics.rows import Metric, unit
from hyperenergy.theorems import predict


def alignment(anchors: Points, positives: Points, *, alpha: float = 2.0, normalize: bool = False) -> Metric:
    """mean_i |u_i - v_i|^alpha: 0 where every pair coincides, 2^alpha at most, 2 on average of independent uniform points
    for alpha = 2.  Source: Wang and Isola 2020."""
    u, v = unit(anchors, "anchors", normalize), unit(positives, "positives", normalize)
    calls.check_same(u, v)
    return align_uniform.distance_power(squared_distance(u, v), positive("alpha", alpha)).mean(-1)


def uniformity(X: Points, *, t: float = 2.0, normalize: bool = False) -> Metric:
    """log mean_{i<j} exp(-t |x_i-x_j|^2), in [-4t, 0]: 0 where all coincide.  Source: Wang and Isola 2020.

    Law: in expectation over iid uniform points its exponential is ``uniform_energy(Gaussian(t), dim)``, and that of no
    points is larger than it has to be (B6).
    """
    return align_uniform.uniformity(unit(X, "X", normalize, 2), t=positive("t", t))


@optimum_of("alignment")
def _alignment(points: int, dim: int, alpha: float = 2.0) -> Optimum:
    apart = -uniform.uniform_energy(AlignUniform(alpha=alpha).theory().alignment, dim)
    return Optimum(0.0, 0.0, apart, (0.0, 2.0**alpha), "pairs that coincide; the uniform law of independent pairs")


@optimum_of("uniformity")
def _uniformity(points: int, dim: int, t: float = 2.0) -> Optimum:
    loss = AlignUniform(t=t)  # which at its minimum is aligned, so that the rest of it is the uniformity
    law = uniform.log_uniform_energy(loss.theory().kernel, dim)
    found = predict(loss, points, dim)
    best = found.value if found is not None and found.status == "theorem" else None
    # B6: the least mean energy is at least I - (1 - I)/(N-1).
    energy = math.exp(law)
    least = energy - (1 - energy) / (points - 1)
    bound = math.log(least) if least > 0 else -4.0 * t
    at = f"{found.theorem}: a universally optimal code" if best is not None and found else "not known; bounded by B6"
    return Optimum(best, bound if best is None else best, law, (-4.0 * t, 0.0), at)
