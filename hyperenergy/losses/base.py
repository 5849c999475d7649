"""What all losses share: a torch.nn.Module that stores hyperparameters."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from hyperenergy.kernels import Kernel, declared
from hyperenergy.losses.checks import Check, declaration, hyperparameters, scalar


class Loss(torch.nn.Module, ABC):
    """A loss of unit vectors, with its hyperparameters in ``options``."""

    # Values lie in (0, inf) and are computed to full relative accuracy, however small.
    positive: ClassVar[bool] = False
    # What each hyperparameter must be, as in declaration(margin=positive_number).
    hyperparameters: ClassVar[Mapping[str, Check]] = declaration()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declared.forget(cls, Loss, ("positive",))

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self._store(self.checked_options(options), options)

    @classmethod
    def checked_options(cls, options: dict[str, Any]) -> dict[str, Any]:
        """The options as they are kept: numbers as floats, tensors as scalars.  Raises ArgumentError."""
        return hyperparameters(cls.__name__, cls.hyperparameters, options)

    def _store(self, checked: dict[str, Any], given: dict[str, Any]) -> None:
        """Keep numbers and kernels, and leave what is learnable to torch's own list of parameters."""
        self.__dict__["_given"] = {}
        for name, value in given.items():
            self._parameters.pop(name, None)
            if isinstance(value, torch.nn.Parameter):
                self.register_parameter(name, value)
        self.__dict__["_given"] = checked | dict.fromkeys(self._parameters)

    @property
    def options(self) -> dict[str, Any]:
        """The hyperparameters by name, learnable ones as scalars.  They are read from where torch keeps parameters, so
        that ``torch.func.functional_call`` and the loading of a state reach the formula."""
        return {name: scalar(self._parameters.get(name, value)) for name, value in self.__dict__["_given"].items()}

    def __getattr__(self, name: str) -> Any:
        given = self.__dict__.get("_given", {})
        return given[name] if name in given and name not in self._parameters else super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Hyperparameters can be changed as attributes, with the same checks as at the start."""
        if name in self.__dict__.get("_given", {}):
            given = {**self.__dict__["_given"], **self._parameters, name: value}
            self._store(self.checked_options(given), given)
        else:
            super().__setattr__(name, value)

    @property
    def label(self) -> str:
        """Name and hyperparameters as one would type them."""
        options = self.options.items()
        given = [f"{name}={shown(value)}" for name, value in options if value is not None and value is not False]
        return f"{type(self).__name__}({', '.join(given)})"

    def extra_repr(self) -> str:
        return self.label.partition("(")[2][:-1]


def shown(value: Any) -> Any:
    """A hyperparameter as one would type it."""
    if isinstance(value, Kernel):
        return value.label
    return value.item() if isinstance(value, Tensor) else getattr(value, "__name__", value)
