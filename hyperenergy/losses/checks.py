"""What the losses require of their arguments."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ParamSpec

from torch import Tensor

from hyperenergy.checks import finite, positive
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import check_points
from hyperenergy.kernels.base import Kernel

P = ParamSpec("P")


def check_pair(anchors: object, positives: object) -> None:
    """Raise ArgumentError unless both are unit rows of one shape (*batch, M, dim), M >= 2, and one type."""
    check_points(anchors, "anchors")
    check_points(positives, "positives")
    assert isinstance(anchors, Tensor) and isinstance(positives, Tensor)
    if anchors.shape != positives.shape or anchors.dtype != positives.dtype or anchors.device != positives.device:
        raise ArgumentError(
            "positives",
            f"shape {tuple(positives.shape)}, {positives.dtype}, {positives.device}",
            f"must match the anchors' shape {tuple(anchors.shape)}, {anchors.dtype}, {anchors.device}",
        )


def check_labeled(features: object, labels: object) -> None:
    """Raise ArgumentError unless features are unit rows (*batch, M, dim) and labels integers (M,) or (*batch, M), each
    of which at least two rows have."""
    check_points(features, "features")
    assert isinstance(features, Tensor)
    if not isinstance(labels, Tensor) or labels.is_floating_point() or labels.is_complex():
        given = f"{labels.dtype} tensor" if isinstance(labels, Tensor) else type(labels).__name__
        raise ArgumentError("labels", given, "must be a tensor of integers, one per feature")
    rows = features.shape[:-1]
    if labels.shape not in (rows, rows[-1:]):
        raise ArgumentError("labels", f"shape {tuple(labels.shape)}", f"must be {tuple(rows[-1:])} or {tuple(rows)}")
    if labels.device != features.device:
        raise ArgumentError("labels", f"device {labels.device}", f"must be the features' {features.device}")
    alone = (labels.unsqueeze(-1) == labels.unsqueeze(-2)).sum(-1) < 2
    if bool(alone.any()):
        label = labels[alone][0].item()
        raise ArgumentError(
            "labels", f"a single feature of class {label}", "each class needs at least two: no positive"
        )


def check_views(views: object) -> None:
    """Raise ArgumentError unless ``views`` has shape (*batch, views, M, dim), views >= 2, M >= 2, with unit rows."""
    check_points(views, "views")
    assert isinstance(views, Tensor)
    if views.ndim < 3 or views.shape[-3] < 2:
        raise ArgumentError(
            "views", f"shape {tuple(views.shape)}", "must be (*batch, views, points, dim) with at least 2 views"
        )


def checked(
    formula: Callable[P, Tensor],
    options_of: Callable[[dict[str, Any]], dict[str, Any]],
    check: Callable[..., None] = check_pair,
) -> Callable[P, Tensor]:
    """The formula of a loss behind the checks of its arguments; ``check`` is for the tensors, and names them."""

    signature = inspect.signature(formula)
    tensors = tuple(inspect.signature(check).parameters)

    @functools.wraps(formula)
    def loss(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        given = signature.bind(*args, **kwargs).arguments
        check(*(given[name] for name in tensors))
        options = {name: value for name, value in given.items() if name not in tensors}
        return formula(*(given[name] for name in tensors), **options_of(options))

    return loss


# What a hyperparameter must be: from its name and what was given, what is kept.
Check = Callable[[str, Any], Any]


def declaration(**checks: Check) -> Mapping[str, Check]:
    """The hyperparameters of a class, each with its check."""
    return MappingProxyType(checks)


def positive_number(name: str, given: Any) -> Any:
    """A number > 0, kept as a float; a tensor of one number, such as a learnable temperature, as it is."""
    return _number(name, given, positive)


def number(name: str, given: Any) -> Any:
    """As ``positive_number``, of any sign."""
    return _number(name, given, finite)


def _number(name: str, given: Any, check: Callable[[str, Any], float]) -> Any:
    if isinstance(given, Tensor) and given.numel() != 1:
        raise ArgumentError(name, f"a tensor of shape {tuple(given.shape)}", "must be one number")
    value = check(name, given)
    return scalar(given) if isinstance(given, Tensor) else value


def switch(name: str, given: Any) -> bool:
    if not isinstance(given, bool):
        raise ArgumentError(name, repr(given), "allowed: True, False")
    return given


def one_of(*allowed: str | None) -> Check:
    def check(name: str, given: Any) -> Any:
        if given not in allowed:
            raise ArgumentError(name, repr(given), f"allowed: {', '.join(map(repr, allowed))}")
        return given

    return check


def elementwise(name: str, given: Any) -> Any:
    if not callable(given):
        raise ArgumentError(name, repr(given), "must be a function of tensors, elementwise")
    return given


def a_kernel(name: str, given: Any) -> Kernel:
    if not isinstance(given, Kernel):
        raise ArgumentError(name, repr(given), "must be a kernel such as Gaussian(t=2)")
    return given


def kernel_or_none(name: str, given: Any) -> Kernel | None:
    return None if given is None else a_kernel(name, given)


def hyperparameters(owner: str, declared: Mapping[str, Check], options: dict[str, Any]) -> dict[str, Any]:
    """The options as they are kept.  Raises ArgumentError for one that is not as declared, or not declared at all."""
    for name in options:
        if name not in declared:
            raise ArgumentError(
                name, repr(options[name]), f"is not declared: {owner}.hyperparameters must say what it can be"
            )
    return options | {name: check(name, options[name]) for name, check in declared.items() if name in options}


def scalar(value: Any) -> Any:
    """A tensor of one number without axes, so that it changes the shape of no loss; anything else as it is."""
    return value.reshape(()) if isinstance(value, Tensor) and value.ndim else value


def check_alignment_kernel(alignment_kernel: Kernel | None, kernel: Kernel) -> None:
    """-K_A must be bounded below at u = v: neither Riesz with s > 0 nor the logarithm can align."""
    name = "kernel" if alignment_kernel is None else "alignment_kernel"
    chosen = kernel if alignment_kernel is None else alignment_kernel
    if chosen.singular:
        raise ArgumentError(
            name,
            chosen.label,
            "diverges at u = v, so that the loss is unbounded below; "
            + ("give an alignment_kernel" if alignment_kernel is None else "choose one")
            + " that is finite there, such as Gaussian(t=2) or Riesz(s=-1)",
        )
