"""What is handed to a loss: which tensors are taken, how features come onto the sphere, and what is said of the others.

What can be told from types and shapes is refused at every call.  What depends on numbers is looked at on a
CPU alone, and not while a graph is compiled: no call waits for a GPU.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import check_points, tensor
from hyperenergy.losses.base import Loss
from hyperenergy.losses.batch import Batch

# float32 is what half precision is computed in.
_WIDE = {torch.float16: torch.float32, torch.bfloat16: torch.float32}
_TYPES = (torch.float64, torch.float32, *_WIDE)


def check_features(x: object, name: str, axes: int = 2) -> Tensor:
    """Raise ArgumentError unless ``x`` is a tensor of numbers, of shape (*batch, ..., points, dim)."""
    x = tensor(x)
    if not isinstance(x, Tensor):
        raise ArgumentError(name, type(x).__name__, "must be a tensor or NumPy array of floating-point numbers")
    if x.dtype not in _TYPES:
        raise ArgumentError(name, x.dtype, "must be float16, bfloat16, float32 or float64, for example by x.float()")
    if x.device.type == "meta" and not torch.compiler.is_compiling():
        raise ArgumentError(name, "a tensor on the device meta", "has no values; put it on a CPU or a GPU")
    if x.ndim < axes or x.shape[-1] < 1:
        shape = "(*batch, views, points, dim)" if axes == 3 else "(*batch, points, dim)"
        raise ArgumentError(name, f"shape {tuple(x.shape)}", f"must have shape {shape} with dim >= 1")
    if x.shape[-2] < 1 or not x.numel():
        raise ArgumentError(name, f"shape {tuple(x.shape)}", "at least one row is needed")
    return x


def check_alike(x: Tensor, name: str, like: Tensor, other: str) -> None:
    """Raise ArgumentError unless both are of one type, on one device, and of one dimension."""
    if x.dtype != like.dtype or x.device != like.device or x.shape[-1] != like.shape[-1]:
        raise ArgumentError(
            name,
            f"shape {tuple(x.shape)}, {x.dtype}, {x.device}",
            f"must match {other}: shape {tuple(like.shape)}, {like.dtype}, {like.device}",
        )


def check_pair(anchors: object, positives: object) -> None:
    """Raise ArgumentError unless both are unit rows of one shape (*batch, M, dim), M >= 1, and one type."""
    check_points(anchors, "anchors", 1)
    check_points(positives, "positives", 1)
    assert isinstance(anchors, Tensor) and isinstance(positives, Tensor)
    check_same(anchors, positives)


def check_same(anchors: Tensor, positives: Tensor) -> None:
    """Raise ArgumentError unless both are of one shape, type and device."""
    if anchors.shape != positives.shape or anchors.dtype != positives.dtype or anchors.device != positives.device:
        raise ArgumentError(
            "positives",
            f"shape {tuple(positives.shape)}, {positives.dtype}, {positives.device}",
            f"must match the anchors' shape {tuple(anchors.shape)}, {anchors.dtype}, {anchors.device}",
        )


def check_labels(features: Tensor, labels: object) -> Tensor:
    """Raise ArgumentError unless labels are integers, (M,) or (*batch, M), one per feature."""
    labels = tensor(labels)
    rows = tuple(features.shape[:-1])
    allowed = f"must be {rows[-1:]}" if len(rows) == 1 else f"must be {rows[-1:]} or {rows}"
    if (
        not isinstance(labels, Tensor)
        or labels.is_floating_point()
        or labels.is_complex()
        or labels.dtype == torch.bool
    ):
        given = f"{labels.dtype} tensor" if isinstance(labels, Tensor) else type(labels).__name__
        raise ArgumentError("labels", given, "must be a tensor of integers, one per feature")
    if labels.shape == (*rows, 1) and labels.shape != rows:
        raise ArgumentError("labels", f"shape {tuple(labels.shape)}", f"{allowed}; take labels.squeeze(-1)")
    if labels.ndim == len(rows) + 1 or (labels.ndim == 2 and len(rows) == 1):
        raise ArgumentError(
            "labels", f"shape {tuple(labels.shape)}", f"{allowed}: one class each; masks of several are not implemented"
        )
    if labels.shape not in (rows, rows[-1:]):
        raise ArgumentError("labels", f"shape {tuple(labels.shape)}", allowed)
    if labels.device != features.device:
        raise ArgumentError("labels", f"device {labels.device}", f"must be the features' {features.device}")
    return labels


def check_ids(ids: object, anchors: Tensor) -> Tensor:
    """Raise ArgumentError unless ids are integers (M,), one per pair."""
    ids = tensor(ids)
    if not isinstance(ids, Tensor) or ids.is_floating_point() or ids.is_complex():
        given = f"{ids.dtype} tensor" if isinstance(ids, Tensor) else type(ids).__name__
        raise ArgumentError("ids", given, "must be a tensor of integers, one per pair")
    if ids.shape != anchors.shape[-2:-1]:
        raise ArgumentError("ids", f"shape {tuple(ids.shape)}", f"must be {tuple(anchors.shape[-2:-1])}: one per pair")
    if ids.device != anchors.device:
        raise ArgumentError("ids", f"device {ids.device}", f"must be the anchors' {anchors.device}")
    return ids


def placed(x: Tensor, name: str, normalize: bool) -> Tensor:
    """The features in the type of the computation, on the sphere where ``normalize``; rows that are no numbers are named."""
    x = x.to(_WIDE.get(x.dtype, x.dtype))
    look(x, name)
    return on_sphere(x) if normalize else x


def look(x: Tensor, name: str) -> None:
    """Raise ArgumentError for rows that are not finite, where looking costs no waiting."""
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        return
    try:
        bad = not bool(x.detach().isfinite().all())
    except RuntimeError:  # under vmap no number is there to be looked at
        return
    if bad:
        row = (~x.detach().isfinite().all(-1)).nonzero()[0].tolist()
        raise ArgumentError(name, f"{x.detach()[tuple(row)].tolist()[:4]}... at row {row}", "rows must be finite")


def on_sphere(x: Tensor) -> Tensor:
    """Rows of unit length; those of zeros as they are, with gradient 0.  Law: on_sphere(c x) = on_sphere(x) for c > 0."""
    # By the largest entry first, so that the squares neither overflow nor underflow; as a constant, for which the derivative
    # is right, too.
    largest = x.detach().abs().amax(-1, keepdim=True)
    zero = largest == 0
    x = (x / largest.masked_fill(zero, 1.0)).masked_fill(zero, 0.0)
    return x / x.square().sum(-1, keepdim=True).masked_fill(zero, 1.0).sqrt()


def check_learned(loss: Loss) -> None:
    """Raise ArgumentError where a learned hyperparameter has left what it can be, such as a temperature below 0."""
    if torch.compiler.is_compiling():
        return
    for name, value in loss.options.items():
        if isinstance(value, Tensor) and value.device.type == "cpu" and (check := loss.hyperparameters.get(name)):
            try:
                check(name, value)
            except ArgumentError as error:
                raise ArgumentError(name, value.item(), f"{error.allowed}; he.Temperature() stays there") from None
            except RuntimeError:  # under vmap
                continue


@contextmanager
def exact(x: Tensor) -> Iterator[None]:
    """Without autocast: sums of half precision are in float32."""
    with torch.autocast(x.device.type, enabled=False):
        yield


def pairs(
    loss: Loss, anchors: object, positives: object, ids: object, negatives: object
) -> tuple[Tensor, Tensor, Batch]:
    """Anchors and positives (*batch, M, dim) as they are computed with, and who is a negative of whom.

    Without positives the anchors are stacked over them, (2M, dim).  Positives beyond the M-th are further negatives.
    """
    check_learned(loss)
    u = check_features(anchors, "anchors")
    if positives is None:
        if u.shape[-2] % 2:
            raise ArgumentError(
                "anchors", f"{u.shape[-2]} rows and no positives", "a stacked batch has 2M: anchors, then positives"
            )
        u, v = u.chunk(2, -2)
    else:
        v = check_features(positives, "positives")
    M = u.shape[-2]
    check_alike(v, "positives", u, "the anchors'" if v.shape[-1] == u.shape[-1] else "the anchors")
    if v.shape[:-2] != u.shape[:-2] or v.shape[-2] < M:
        raise ArgumentError(
            "positives", f"shape {tuple(v.shape)}", f"must match the anchors' shape {tuple(u.shape)}, or have more rows"
        )
    u, v = placed(u, "anchors", loss.normalize), placed(v, "positives", loss.normalize)
    more = [v[..., M:, :]] if v.shape[-2] > M else []
    if negatives is not None:
        n = check_further(negatives, u, anchors if isinstance(anchors, Tensor) else u)
        more += [placed(n, "negatives", loss.normalize)] if n.shape[-2] else []
    if len(more) > 1:
        lead = torch.broadcast_shapes(*(y.shape[:-2] for y in more))
        more = [torch.cat([y.expand(*lead, *y.shape[-2:]) for y in more], -2)]
    some = None if ids is None else check_ids(ids, u)
    cast = torch.is_autocast_enabled(u.device.type)
    return u, v[..., :M, :], Batch(some, more[0] if more else None, loss.reduction, cast)


def check_further(negatives: object, u: Tensor, given: Tensor) -> Tensor:
    """Raise ArgumentError unless further negatives are (K, dim) or (*batch, K, dim), as the anchors are; K may be 0."""
    if isinstance(negatives, Tensor) and negatives.ndim >= 2 and not negatives.shape[-2]:
        return negatives
    n = check_features(negatives, "negatives")
    check_alike(n, "negatives", given, "the anchors")
    if n.ndim > 2 and n.shape[:-2] != u.shape[:-2]:
        raise ArgumentError(
            "negatives", f"shape {tuple(n.shape)}", f"must be (K, dim) or {tuple(u.shape[:-2])} + (K, dim)"
        )
    return n


def checked(
    formula: Callable[..., Tensor],
    options_of: Callable[[dict[str, Any]], dict[str, Any]],
    check: Callable[..., None] = check_pair,
) -> Callable[..., Tensor]:
    """The formula of a loss behind the checks of its arguments; ``check`` is for the tensors, and names them."""
    whole = inspect.signature(formula)
    signature = whole.replace(parameters=[p for name, p in whole.parameters.items() if name != "batch"])
    tensors = tuple(inspect.signature(check).parameters)

    @functools.wraps(formula)
    def loss(*args: Any, **kwargs: Any) -> Tensor:
        given = {name: tensor(value) for name, value in signature.bind(*args, **kwargs).arguments.items()}
        check(*(given[name] for name in tensors))
        options = {name: value for name, value in given.items() if name not in tensors}
        first = given[tensors[0]]
        if first.dtype not in _WIDE:
            return formula(*(given[name] for name in tensors), **options_of(options))
        wide = (y.to(_WIDE.get(y.dtype, y.dtype)) for y in (given[name] for name in tensors))
        with exact(first):
            return formula(*wide, **options_of(options))

    loss.__signature__ = signature  # type: ignore[attr-defined]  # functools.wraps shows the formula's, with its batch
    return loss


def check_views(views: Tensor) -> Tensor:
    """Raise ArgumentError unless there are at least two views."""
    if views.shape[-3] < 2:
        raise ArgumentError(
            "views", f"shape {tuple(views.shape)}", "must be (*batch, views, points, dim) with >= 2 views"
        )
    return views


def check_labeled(features: object, labels: object) -> None:
    """Raise ArgumentError unless features are unit rows and labels integers, one per feature."""
    check_points(features, "features", 1)
    assert isinstance(features, Tensor)
    check_labels(features, labels)


def check_unit_views(views: object) -> None:
    """Raise ArgumentError unless ``views`` has shape (*batch, views, M, dim), views >= 2, M >= 1, with unit rows."""
    check_points(views, "views", 1)
    assert isinstance(views, Tensor)
    check_views(check_features(views, "views", axes=3))
