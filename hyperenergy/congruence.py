"""Congruence of configurations: the orthogonal map and permutation that carry one onto the other.

The search individualizes points.  Inner products are grouped into classes of values closer than a resolution; points
get colors from the classes of their inner products with the points chosen so far.  A frame of linearly independent
points of X is chosen one by one, and for each every point of Y of the same color is tried, as long as the colorings
of X and Y have the same histogram.  A frame fixes the map; it is then fitted to all points (Procrustes) and judged by
the residual alone, so that the classes only steer the search.  In a highly symmetric configuration nearly every choice
extends, in an asymmetric one few are offered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.kernels import positive
from hyperenergy.sphere import check_points

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

DEFAULT_TOLERANCE = 1e-6
# Frames tried, and points individualized, per resolution before the search settles for the best map found.
_MOST_FRAMES, _MOST_NODES = 200, 5000


class CongruenceOutcome(StrEnum):
    """What is known of two configurations: a map within the tolerance, a proof that there is none, or neither."""

    CONGRUENT = "congruent"
    DIFFERENT = "different"
    UNDECIDED = "undecided"


@dataclass(frozen=True, eq=False)
class Congruence:
    """The best map found: y[permutation[i]] is rotation @ x[i] up to the residual, the largest distance of a point.

    outcome: congruent where residual <= tolerance; different only where it is proved that no map comes within ten times the
    tolerance; undecided otherwise.  residual: an upper bound on the distance of the configurations; of pairs, the largest
    distance of an anchor or a positive.  mirrored: rotation has determinant -1; a rotation is taken where one is found that
    does as well, as always for points that span less than R^dim.
    """

    outcome: CongruenceOutcome
    residual: float
    rotation: Float[Tensor, "dim dim"]
    permutation: Int[Tensor, "points"]
    mirrored: bool
    tolerance: float

    @property
    def congruent(self) -> bool:
        return self.outcome is CongruenceOutcome.CONGRUENT


def congruent(
    X: Float[Tensor, "points dim"],
    Y: Float[Tensor, "points dim"],
    *,
    positives: tuple[Float[Tensor, "points dim"], Float[Tensor, "points dim"]] | None = None,
    proper: bool = False,
    tolerance: float = DEFAULT_TOLERANCE,
) -> Congruence:
    """Carry X onto Y by an orthogonal map and a permutation, as well as possible.

    positives: those of X and of Y; one map and one permutation must then carry both.
    proper: admit rotations alone, no map of determinant -1.

    Law: ``X @ m.rotation.T`` equals ``Y[m.permutation]`` up to ``m.residual`` per point.  With the default tolerance
    1e-6, a perturbation of 1e-9 is congruent and one of 1e-3 is not.
    Raises ArgumentError unless X and Y, and the positives, are unit rows of one shape.
    """
    tolerance = positive("tolerance", tolerance)
    x, y = _items(X, Y, positives)
    best: tuple[float, Array, Labels] | None = None
    # From the finest resolution, which decides congruence, to coarse ones, which only measure how far apart X and Y are.
    # Points that moved by the tolerance change an inner product by up to twice as much.
    for resolution in (2.5 * tolerance, 100 * tolerance, 0.03, 0.3):
        for rotation in _candidates(x, y, resolution):
            found = _fit(x, y, rotation, proper)
            if best is None or found[0] < best[0]:
                best = found
            if best[0] <= tolerance:
                break
        if best is not None and best[0] <= max(tolerance, resolution):
            break
    if best is None:
        best = min((_fit(x, y, q, proper) for q in _principal_axes(x, y)), key=lambda found: found[0])
    residual, rotation, permutation = best
    outcome = CongruenceOutcome.UNDECIDED
    if residual <= tolerance:
        outcome = CongruenceOutcome.CONGRUENT
    elif np.abs(np.sort(_gram(x), axis=None) - np.sort(_gram(y), axis=None)).max() > 25 * tolerance:
        outcome = CongruenceOutcome.DIFFERENT
    mirrored = bool(np.linalg.det(rotation) < 0)
    return Congruence(outcome, residual, torch.from_numpy(rotation), torch.from_numpy(permutation), mirrored, tolerance)


def _items(X: Tensor, Y: Tensor, positives: tuple[Tensor, Tensor] | None) -> tuple[Array, Array]:
    """(points, views, dim) of each configuration: one view, or anchors and positives."""
    named = [("X", X), ("Y", Y)]
    if positives is not None:
        if not isinstance(positives, tuple | list) or len(positives) != 2:
            raise ArgumentError("positives", type(positives).__name__, "must be two tensors: those of X and those of Y")
        named += [("positives[0]", positives[0]), ("positives[1]", positives[1])]
    for name, rows in named:
        check_points(rows, name, least=1)
        if rows.shape != X.shape or rows.ndim != 2:
            raise ArgumentError(
                name, f"shape {tuple(rows.shape)}", f"must have one shape (points, dim), X's is {tuple(X.shape)}"
            )
    arrays = [rows.detach().cpu().double().numpy() for _, rows in named]
    return np.stack(arrays[::2], axis=1), np.stack(arrays[1::2], axis=1)


def _gram(items: Array) -> Array:
    """Inner products of all views of one item with all of another, (items, items, views^2)."""
    gram = np.einsum("iad,jbd->ijab", items, items, optimize=True)
    return gram.reshape(*gram.shape[:2], -1)


def _candidates(x: Array, y: Array, resolution: float) -> Iterator[Array]:
    """Orthogonal maps that carry a frame of x onto one of y with inner products of the same classes."""
    gram_x, gram_y = _gram(x), _gram(y)
    class_x, class_y = _classes(gram_x, gram_y, resolution)
    frame = _frame(x)
    frames = nodes = 0
    everything = np.zeros(len(x), dtype=np.int64)
    start = _refine(everything, everything, *_common_labels(np.sort(class_x, 1), np.sort(class_y, 1)))
    # Depth-first with an explicit stack: images of the frame so far, and the colors that they leave.
    stack: list[tuple[list[int], tuple[Labels, Labels]]] = [([], start)] if start is not None else []
    while stack and frames < _MOST_FRAMES and nodes < _MOST_NODES:
        images, (color_x, color_y) = stack.pop()
        nodes += 1
        if len(images) == len(frame):
            frames += 1
            yield procrustes(_flat(x[frame]), _flat(y[images]))
            continue
        point = frame[len(images)]
        # Classes may chain many values together where points are many; the frame's own inner products do not.
        fits = color_y == color_x[point]
        for before, image in zip(frame, images, strict=False):
            fits &= (np.abs(gram_y[image] - gram_x[before, point]) <= resolution).all(1)
        branches = []
        for image in np.flatnonzero(fits)[:_MOST_NODES]:
            refined = _refine(color_x, color_y, class_x[point], class_y[image])
            if refined is not None:
                branches.append(([*images, int(image)], refined))
        stack += reversed(branches)


def _classes(gram_x: Array, gram_y: Array, resolution: float) -> tuple[Labels, Labels]:
    """Numbers for the values of both Gram matrices: sorted values that differ by more than the resolution part."""
    values = np.concatenate([gram_x.ravel(), gram_y.ravel()])
    order = np.argsort(values)
    label = np.empty(len(values), dtype=np.int64)
    label[order] = np.concatenate([[0], np.cumsum(np.diff(values[order]) > resolution)])
    n = gram_x.size
    if gram_x.shape[2] == 1:
        return label[:n].reshape(gram_x.shape[:2]), label[n:].reshape(gram_y.shape[:2])
    _, label = np.unique(label.reshape(-1, gram_x.shape[2]), axis=0, return_inverse=True)
    label = label.reshape(2, *gram_x.shape[:2])
    return label[0], label[1]


def _common_labels(rows_x: Labels, rows_y: Labels) -> tuple[Labels, Labels]:
    """Numbers for rows, equal for equal rows."""
    _, label = np.unique(np.concatenate([rows_x, rows_y]), axis=0, return_inverse=True)
    label = label.reshape(-1)
    return label[: len(rows_x)], label[len(rows_x) :]


def _refine(color_x: Labels, color_y: Labels, new_x: Labels, new_y: Labels) -> tuple[Labels, Labels] | None:
    """Colors split by new labels; None if x and y then have different numbers of a color."""
    width = 1 + max(int(new_x.max()), int(new_y.max()))
    x, y = color_x * width + new_x, color_y * width + new_y
    colors, label = np.unique(np.concatenate([x, y]), return_inverse=True)
    x, y = label[: len(x)], label[len(x) :]
    same = np.array_equal(np.bincount(x, minlength=len(colors)), np.bincount(y, minlength=len(colors)))
    return (x, y) if same else None


def _frame(x: Array) -> list[int]:
    """Indices of points that span, each the farthest from the span of those before."""
    rest = x.copy()
    frame: list[int] = []
    while len(frame) < x.shape[2]:
        norms = np.linalg.norm(rest, axis=2)
        point = int(norms.max(1).argmax())
        if norms[point].max() < 1e-4:
            break
        frame.append(point)
        for view in range(x.shape[1]):
            norm = np.linalg.norm(rest[point, view])
            if norm >= 1e-4:
                direction = rest[point, view] / norm
                rest -= (rest @ direction)[..., None] * direction
    return frame


def procrustes(x: Array, y: Array, proper: bool = False) -> Array:
    """The orthogonal Q with least sum |Q x_i - y_i|^2 (Schoenemann 1966), or the best of determinant 1 (Kabsch 1976)."""
    left, _, right = np.linalg.svd(y.T @ x)
    if proper and np.linalg.det(left) * np.linalg.det(right) < 0:
        left[:, -1] *= -1
    return left @ right


def _flat(items: Array) -> Array:
    return items.reshape(-1, items.shape[-1])


def _fit(x: Array, y: Array, rotation: Array, proper: bool) -> tuple[float, Array, Labels]:
    """Match all points under the map, fit the map to the matching, and so on while the residual falls."""
    from scipy.optimize import linear_sum_assignment

    best: tuple[float, Array, Labels] | None = None
    while True:
        _, permutation = linear_sum_assignment(-np.einsum("iad,jad->ij", x @ rotation.T, y, optimize=True))
        fits = [procrustes(_flat(x), _flat(y[permutation]), p) for p in ((True,) if proper else (True, False))]
        residuals = [float(np.linalg.norm(x @ q.T - y[permutation], axis=2).max()) for q in fits]
        # Of points that span less, the rotation is as good up to round-off.
        k = 0 if residuals[0] <= residuals[-1] + 1e-12 else 1
        if best is not None and residuals[k] >= best[0]:
            return best
        best = residuals[k], fits[k], permutation.astype(np.int64)


def _principal_axes(x: Array, y: Array) -> Iterator[Array]:
    """Maps between the principal axes, for configurations that no resolution pairs; few signs suffice for a bound."""
    axes_x, axes_y = (np.linalg.svd(_flat(a))[2] for a in (x, y))
    dim = x.shape[2]
    for signs in range(2 ** min(dim, 6)):
        flip = np.array([1.0 - 2 * (signs >> k & 1) for k in range(dim)])
        yield axes_y.T @ (flip[:, None] * axes_x)
