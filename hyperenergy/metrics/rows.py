"""Rows that metrics are of: checked, on the sphere where asked, and wide enough to be summed."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import check_points, tensor
from hyperenergy.losses import calls

Metric = Float[Tensor, "*batch"]


def unit(x: object, name: str, normalize: bool, least: int = 1) -> Tensor:
    """Unit rows in float32 or float64.  Raises ArgumentError for others, and for fewer than ``least``."""
    if normalize:
        rows = calls.check_features(x, name)
        if rows.shape[-2] < least:
            raise ArgumentError(name, f"{rows.shape[-2]} points", f"at least {least} are needed")
        return calls.placed(rows, name, True)
    x = tensor(x)
    check_points(x, name, least)
    assert isinstance(x, Tensor)
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def matrix(x: object) -> Tensor:
    """Any rows.  Raises ArgumentError for what is none, or not finite."""
    x = tensor(x)
    if not isinstance(x, Tensor) or not x.is_floating_point() or x.ndim < 2 or not x.numel():
        raise ArgumentError("X", repr(getattr(x, "shape", x)), "must be a floating-point tensor (*batch, points, dim)")
    if not bool(x.isfinite().all()):
        raise ArgumentError("X", "entries that are not finite", "remove them")
    return x


def result(value: Tensor, like: Tensor) -> Tensor:
    """A value of float64 in the type of results."""
    return value if like.dtype == torch.float64 else value.float()
