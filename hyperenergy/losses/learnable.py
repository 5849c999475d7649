"""Hyperparameters that are learned: parameters, modules such as ``Temperature``, and kernels that hold them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from hyperenergy.checks import positive
from hyperenergy.errors import ArgumentError
from hyperenergy.kernels.base import Kernel

# A hyperparameter as it is given: a number, a parameter or tensor of one, or a module that returns one.
Learnable = float | Tensor | torch.nn.Module


class Temperature(torch.nn.Module):
    """A temperature that is learned: least + e^theta, always above ``least``, with theta the parameter ``log_excess``.

    In log space steps are relative to what the temperature is; and as it approaches its bound they fade out, where a clamp
    would leave it without a gradient.  ``InfoNCE(temperature=Temperature())``; ``float(t)`` is its value now.
    initial: what it starts from, greater than least >= 0.  Radford et al. 2021 start from 0.07 and allow 0.01.
    Raises ArgumentError for other numbers.
    """

    def __init__(self, initial: float = 0.07, least: float = 0.01) -> None:
        super().__init__()
        start = positive("initial", initial)
        self.least = 0.0 if least == 0 else positive("least", least)
        if start <= self.least:
            raise ArgumentError("initial", repr(initial), f"must be greater than least, {self.least}")
        self.log_excess = torch.nn.Parameter(torch.tensor(math.log(start - self.least)))

    def forward(self) -> Tensor:
        return self.least + self.log_excess.exp()

    def __float__(self) -> float:
        return float(self.forward().detach())

    def extra_repr(self) -> str:
        return f"{float(self):.4g}, least={self.least}"


def parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What torch has to know of a hyperparameter, with the name under which it does: a kernel's width t is kernel_t."""
    if isinstance(value, torch.nn.Parameter | torch.nn.Module):
        yield name, value
    elif isinstance(value, Kernel):
        for field in dataclasses.fields(value):
            if isinstance(part := getattr(value, field.name), torch.nn.Parameter):
                yield f"{name}_{field.name}", part


class Held:
    """In place of what torch holds; a class, which copies and pickles leave what it is."""


def current(module: torch.nn.Module, name: str, value: Any) -> Any:
    """The hyperparameter as it is now, learned ones as tensors without axes.  They are read off the module by name, which is
    where parameters, replaced ones, and what a parametrization makes of them are."""
    if value is Held:
        value = getattr(module, name)
    if isinstance(value, torch.nn.Module):
        return scalar(value())
    if isinstance(value, Kernel):
        learned = {}
        for key, _ in parts(name, value):
            learned[key.removeprefix(f"{name}_")] = scalar(getattr(module, key))
        return value.moved(**learned) if learned else value
    return scalar(value)


def scalar(value: Any) -> Any:
    """A tensor of one number without axes, so that it changes the shape of no loss; anything else as it is."""
    return value.reshape(()) if isinstance(value, Tensor) and value.ndim else value
