"""Figures of the expectation level: convergence to the limits, best laws of a finite batch, spectra of kernels."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.ticker import MaxNLocator

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.kernels.base import Kernel
from hyperenergy.laws import distance_to_limit, expected_uniform, limit, rate, spectrum
from hyperenergy.laws.law import Floats
from hyperenergy.losses.families import PairLoss
from hyperenergy.search.best_law import Law, first_variation
from hyperenergy.show.plot import style

_BATCHES = tuple(2**k for k in range(1, 11))
# Expected losses carry this error, relative to max(1, |limit|).
_ACCURACY = 1e-12
# Of a particle of weight 1, in square points; the height of the first variation over the unit circle; angles drawn.
_AREA, _HEIGHT, _ANGLES = 600.0, 0.4, 720
# Less first variation than this, relative to max(1, |value|), is drawn as none.
_FLAT = 1e-12


def convergence(
    losses: Iterable[PairLoss], dim: int, batches: Iterable[int] = _BATCHES, ax: Axes | None = None
) -> Axes:
    """|expected loss - normalizer - limit| of M aligned pairs of the uniform law on S^{dim-1} against M, on log axes; in
    the same color, dashed, the prediction |rate|/M (E2).

    Losses that are at their limit at every M (KCL, E3) have an entry in the legend and no line; differences within the
    accuracy of the expected losses are left out.  Returns the Axes, a new one if none is given.
    Raises ArgumentError for an empty list, a loss without a known rate, dim < 2, or a batch < 2.
    """
    given = style.listed("losses", losses, "[InfoNCE(0.5), DHEL(0.5)]")
    dim = integer("dim", dim, 2)
    sizes = np.array(sorted({integer("batches", M, 2) for M in style.listed("batches", batches, "[2, 8, 32]")}))
    # All numbers first, so that an error leaves the Axes as it was.
    slopes = [rate(loss, dim) for loss in given]
    errors = [_distances(loss, dim, sizes) for loss in given]
    ax = style.canvas(ax, (5.6, 3.8))
    style.curves(ax)
    for index, (loss, slope, error) in enumerate(zip(given, slopes, errors, strict=True)):
        look = style.look(index)
        if slope == 0 and np.isnan(error).all():
            ax.plot([], [], **{**look, "linestyle": "none"}, label=f"{loss.label}\n(at its limit at every M)")
            continue
        ax.plot(sizes, error, **look, label=loss.label)
        if slope:
            ax.plot(sizes, abs(slope) / sizes, linestyle="--", linewidth=1.0, color=look["color"])
    if any(slopes):
        ax.plot([], [], linestyle="--", linewidth=1.0, color=style.GRAY, label="predicted: |rate|/M")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("pairs per batch, M")
    ax.set_ylabel("|expected loss \N{MINUS SIGN} normalizer \N{MINUS SIGN} limit|  (nats)")
    ax.set_title(f"Uniform law in $\\mathbb{{R}}^{{{dim}}}$", fontsize="medium")
    ax.legend(frameon=False, fontsize="small")
    return ax


def _distances(loss: PairLoss, dim: int, sizes: Floats) -> Floats:
    """From the limit, less the normalizer, at each batch size; nan where within round-off."""
    error = np.array([abs(distance_to_limit(loss, int(M), dim)) for M in sizes])
    return np.asarray(np.where(error > _ACCURACY * max(1, abs(limit(loss, dim))), error, np.nan))


def law(best: Law, ax: Axes | None = None) -> Axes:
    """A law of ``best_law`` on the circle or the sphere, with its value and that of the uniform law in the title.

    Particles have areas proportional to their weights.  At d = 2 the thin circle is the uniform law, and the curve around
    it, at radius 1 + a multiple of h, is the first variation h, least where the particles are; its range is written
    inside.  At d = 3 the sphere is seen from afar (orthographic projection), with the particles on its back faded.
    Returns the Axes, a new one if none is given.
    Raises ArgumentError for what is not a Law, and for d > 3.
    """
    if not isinstance(best, Law):
        raise ArgumentError("best", repr(best), "must be a Law: best_law(DHEL(0.2), batch=3, dim=2)")
    dim = best.points.shape[1]
    if dim not in (2, 3):
        raise ArgumentError("best", f"a law in R^{dim}", "only d = 2 and d = 3 can be drawn: best_law(..., dim=3)")
    points, weights = best.points.detach().cpu().numpy(), best.weights.detach().cpu().numpy()
    title = _law_title(best)
    radius, h = _variation(best) if dim == 2 else (np.ones(1), np.zeros(1))
    ax = style.canvas(ax, (4.2, 4.6))
    depth = np.ones(len(points))
    if dim == 3:
        points = points @ style.VIEW.T
        # Far ones first, so that near ones cover them.
        order = points[:, 2].argsort(kind="stable")
        points, weights, depth = points[order, :2], weights[order], points[order, 2]
    _circle(ax, dim)
    if dim == 2:
        _draw_variation(ax, best, radius, h)
    ax.scatter(
        points[:, 0],
        points[:, 1],
        s=_AREA * weights,
        c=[to_rgba(style.PALETTE[0], 1.0 if z >= 0 else 0.25) for z in depth],
        linewidths=0,
        zorder=3,
    )
    label = "particles, area \N{PROPORTIONAL TO} weight" + (" (faded: behind)" if dim == 3 else "")
    ax.plot([], [], linestyle="none", marker="o", markeredgewidth=0, color=style.PALETTE[0], label=label)
    if dim == 3:
        state = "\N{GREATER-THAN OR EQUAL TO} 0" if best.stationary else f"= {style.number(best.first_variation, 2)}"
        ax.plot([], [], linestyle="none", label=f"least first variation {state}")
    edge = 1.1 + (_HEIGHT if dim == 2 else 0)
    ax.set(xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal")
    ax.set_axis_off()
    ax.set_title(title, fontsize="medium")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.02), frameon=False, fontsize="small", borderaxespad=0)
    return ax


def _law_title(best: Law) -> str:
    """Values to as many digits as tell the two apart."""
    name = f"{best.loss.label}, M = {best.batch}, d = {best.points.shape[1]}"
    try:
        uniform = expected_uniform(best.loss, best.batch, best.points.shape[1])
    except ArgumentError:  # a loss without a formula for it
        return f"{name}\nexpected loss {style.number(best.value, 6)}"
    gap, size = abs(uniform - best.value), max(abs(uniform), abs(best.value))
    digits = 4 if gap <= _ACCURACY * size else min(12, max(4, math.ceil(math.log10(size / gap)) + 1))
    return f"{name}\nbest {style.number(best.value, digits)}, uniform {style.number(uniform, digits)} (nats)"


def _angles(best: Law) -> Floats:
    """Of a closed curve that meets every particle."""
    own = np.arctan2(best.points[:, 1].cpu().numpy(), best.points[:, 0].cpu().numpy()) % (2 * math.pi)
    grid = np.linspace(0, 2 * math.pi, _ANGLES, endpoint=False)
    angles = np.unique(np.concatenate([grid, own]))
    return np.append(angles, angles[0] + 2 * math.pi)


def _variation(best: Law) -> tuple[Floats, Floats]:
    """The closed curve (angles, 2) of the first variation around the unit circle, and h itself."""
    angles = _angles(best)
    circle = np.stack([np.cos(angles), np.sin(angles)], -1)
    at = torch.as_tensor(circle).to(best.points)
    h = first_variation(best.loss, best.batch, best.points, best.weights, at).detach().cpu().numpy()
    top = abs(h).max()
    scale = _HEIGHT / top if top > _FLAT * max(1.0, abs(best.value)) else 0.0
    return (1 + scale * h)[:, None] * circle, h


def _draw_variation(ax: Axes, best: Law, curve: Floats, h: Floats) -> None:
    color = style.PALETTE[1]
    circle = curve / np.linalg.norm(curve, axis=1, keepdims=True)
    band = np.concatenate([curve, circle[::-1]])
    ax.fill(band[:, 0], band[:, 1], color=color, alpha=0.15, linewidth=0)
    ax.plot(curve[:, 0], curve[:, 1], color=color, linewidth=1.3, label="first variation h, outward from 0")
    least = 0.0 if best.stationary else float(h.min())
    top = float(h.max())
    if abs(h).max() <= _FLAT * max(1.0, abs(best.value)):
        note = "h = 0"
    else:
        note = f"h from {style.number(least, 2)}\nto {style.number(top, 2)} nats"
    ax.text(0, 0, note, ha="center", va="center", color=color, fontsize="small")


def _circle(ax: Axes, dim: int) -> None:
    angles = np.linspace(0, 2 * math.pi, _ANGLES + 1)
    label = "uniform law" if dim == 2 else None
    ax.plot(np.cos(angles), np.sin(angles), color=style.GRAY, linewidth=0.8, solid_capstyle="round", label=label)


def spectra(kernels: Iterable[Kernel], dim: int, degree: int = 30, ax: Axes | None = None) -> Axes:
    """The positive eigenvalues of kernels on S^{dim-1} against the degree, 0..degree, on a log axis.

    Where a spectrum comes from quadrature, what is below its accuracy is left out, and a dotted line continues
    at that level.  Degrees with eigenvalues below zero, which (but for degree 0) spoil the optimality of the uniform law
    (E3), are named in the legend.  Returns the Axes, a new one if none is given.
    Raises ArgumentError for an empty list, what is not a kernel, dim < 2, degree < 1, and Riesz s >= dim-1.
    """
    given = style.listed("kernels", kernels, "[Gaussian(2), Laplace(1)]")
    dim, degree = integer("dim", dim, 2), integer("degree", degree, 1)
    found = [spectrum(kernel, dim, degree) for kernel in given]
    ax = style.canvas(ax, (5.6, 3.8))
    style.curves(ax)
    k = np.arange(degree + 1)
    ends = False
    for index, one in enumerate(found):
        values, look = one.eigenvalues, style.look(index)
        floor = 0.0 if one.relative else one.accuracy * float(abs(values).max())
        drawn = np.where((values > floor) & (values > 0), values, np.nan)
        ax.plot(k, drawn, **look, label=one.kernel.label + _negative(k[values < -floor].tolist()))
        lost = k[abs(values) <= floor]
        if not one.relative and len(lost):
            ax.plot([lost[0], degree], [floor, floor], linestyle=":", linewidth=1.3, color=look["color"])
            ends = True
    if ends:
        ax.plot([], [], linestyle=":", linewidth=1.3, color=style.GRAY, label="accuracy of the quadrature ends")
    ax.set_yscale("log")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("degree k")
    ax.set_ylabel("eigenvalue $\\lambda_k$  (units of the kernel)")
    ax.set_title(f"Spectra in $\\mathbb{{R}}^{{{dim}}}$", fontsize="medium")
    ax.legend(frameon=False, fontsize="small")
    return ax


def _negative(degrees: list[int]) -> str:
    """Names the degrees, the first three of them."""
    if not degrees:
        return ""
    shown = ", ".join(str(k) for k in degrees[:3]) + (", \N{HORIZONTAL ELLIPSIS}" if len(degrees) > 3 else "")
    return f"\n($\\lambda_k < 0$ at k = {shown})"
