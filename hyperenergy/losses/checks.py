"""What hyperparameters of losses must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from hyperenergy.checks import finite, integer, positive
from hyperenergy.errors import ArgumentError
from hyperenergy.kernels.base import Kernel
from hyperenergy.losses.learnable import scalar

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
    if isinstance(given, torch.nn.Module) and hasattr(given, "__float__"):
        return given
    if isinstance(given, Tensor) and given.numel() != 1:
        raise ArgumentError(name, f"a tensor of shape {tuple(given.shape)}", "must be one number")
    value = check(name, given)
    return scalar(given) if isinstance(given, Tensor) else value


def switch(name: str, given: Any) -> bool:
    if not isinstance(given, bool):
        raise ArgumentError(name, repr(given), "allowed: True, False")
    return given


def one_of(*allowed: str | bool | None) -> Check:
    def check(name: str, given: Any) -> Any:
        if given not in allowed:
            raise ArgumentError(name, repr(given), f"allowed: {', '.join(map(repr, allowed))}")
        return given

    return check


def integer_or_none(name: str, given: Any) -> int | None:
    return None if given is None else integer(name, given, -(2**63), 2**63 - 1)


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
