"""What a diagnosis is of: one view or two, labels, as they are given; read a block after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hyperenergy.checks import not_unit
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.reading.embeddings import without_direction
from hyperenergy.geometry.sphere import tensor
from hyperenergy.losses.calls import on_sphere

# Numbers of a block, 128 MiB in float64.
_BLOCK = 2**24
_WIDE = {torch.float16: torch.float32, torch.bfloat16: torch.float32}


@dataclass(frozen=True, eq=False)
class Views:
    """anchors, and positives or None: (N, d), as they were given, perhaps on a disk.  labels: (N,) classes 0..K-1, or None;
    names: of the classes.  normalize: whether rows are put on the sphere as they are read."""

    anchors: Tensor
    positives: Tensor | None
    labels: Tensor | None
    names: tuple[str, ...]
    normalize: bool

    @property
    def points(self) -> int:
        return len(self.anchors)

    @property
    def dim(self) -> int:
        return self.anchors.shape[1]

    def rows(self, index: Any) -> tuple[Tensor, Tensor]:
        """Unit rows of both views in float32 or float64; the second is the first where there is one."""
        u = self._read(self.anchors[index])
        return u, u if self.positives is None else self._read(self.positives[index])

    def blocks(self) -> Iterator[tuple[slice, Tensor, Tensor]]:
        """All rows, in order."""
        size = max(1, _BLOCK // self.dim)
        for start in range(0, self.points, size):
            chosen = slice(start, min(start + size, self.points))
            yield chosen, *self.rows(chosen)

    def _read(self, x: Tensor) -> Tensor:
        x = x.to(_WIDE.get(x.dtype, x.dtype))
        return on_sphere(x) if self.normalize else x


def views_of(anchors: Any, positives: Any = None, labels: Any = None, *, normalize: bool = False) -> Views:
    """The views, checked.  Raises ArgumentError for rows that are not finite, zero, or, without ``normalize``, no unit
    vectors; for views of different shape; for labels that are not as many."""
    u = _rows(anchors, "anchors", normalize)
    v = None if positives is None else _rows(positives, "positives", normalize)
    if v is not None and v.shape != u.shape:
        raise ArgumentError(
            "positives", f"shape {tuple(v.shape)}", f"must match the anchors' {tuple(u.shape)}: row i with row i"
        )
    if labels is None:
        return Views(u, v, None, (), normalize)
    classes, names = _classes(labels, len(u))
    return Views(u, v, classes, names, normalize)


def _rows(given: Any, name: str, normalize: bool) -> Tensor:
    x = tensor(given)
    if not isinstance(x, Tensor) or x.ndim != 2 or x.is_complex() or x.dtype == torch.bool:
        shape = f"{x.dtype} of shape {tuple(x.shape)}" if isinstance(x, Tensor) else type(given).__name__
        raise ArgumentError(name, shape, "must be a tensor or array (N, d) of numbers")
    if x.layout != torch.strided or x.is_quantized:
        raise ArgumentError(name, f"a tensor of {x.layout}, {x.dtype}", "must be dense: x.to_dense(), x.dequantize()")
    if len(x) < 2 or not x.shape[1]:
        raise ArgumentError(name, f"shape {tuple(x.shape)}", "at least 2 rows are needed")
    if x.shape[1] < 2:
        raise ArgumentError(name, f"shape {tuple(x.shape)}", "rows need at least 2 dimensions")
    x = x.detach() if x.is_floating_point() else x.double()
    bad = without_direction(x)
    if bool(bad.any()):
        row, count = int(bad.long().argmax()), int(bad.sum())
        raise ArgumentError(
            name,
            f"a row without a direction at {row}",
            f"zero, or not finite; {count} such of {len(x)}: leave them out, as drop=True does where a file is read",
        )
    if not normalize:
        _check_unit(x, name)
    return x


def _check_unit(x: Tensor, name: str) -> None:
    allowed = max(1e-4, min(1000 * torch.finfo(x.dtype).eps, 0.04))
    size = max(1, _BLOCK // x.shape[1])
    for start in range(0, len(x), size):
        block = x[start : start + size]
        if wrong := not_unit(block.to(_WIDE.get(block.dtype, block.dtype)).norm(dim=-1), allowed):
            (row,), norm = wrong
            raise ArgumentError(
                name, f"row {start + row} of norm {norm:.6g}", "must be unit vectors; normalize=True takes any length"
            )


def _classes(given: Any, points: int) -> tuple[Tensor, tuple[str, ...]]:
    labels = np.asarray(given.detach().cpu() if isinstance(given, Tensor) else given)
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels == np.round(labels)).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "O" and any(label is None or label != label for label in labels.ravel().tolist()):
        raise ArgumentError("labels", "some that are missing", "every row needs one; leave the others out")
    if labels.ndim != 1 or len(labels) != points or labels.dtype.kind not in "iubUSO":
        raise ArgumentError(
            "labels",
            f"{labels.dtype} of shape {labels.shape}",
            f"must be ({points},): one whole number or word a row, and no header",
        )
    kinds: NDArray[Any]
    kinds, codes = np.unique(labels.astype(str) if labels.dtype.kind == "O" else labels, return_inverse=True)
    return torch.from_numpy(codes.astype(np.int64)), tuple(str(kind) for kind in kinds.tolist())
