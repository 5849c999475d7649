"""What all losses share: a torch.nn.Module that stores hyperparameters, and how it is called."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from hyperenergy.kernels import Kernel, declared
from hyperenergy.losses import learnable
from hyperenergy.losses.batch import Batch
from hyperenergy.losses.checks import Check, declaration, hyperparameters, one_of, switch

Reduction = Literal["mean", "sum", "none"]


# How any loss is called, which is no part of what it is.
_COMMON = declaration(normalize=switch, reduction=one_of("mean", "sum", "none"))


class Loss(torch.nn.Module, ABC):
    """A loss of points on the sphere, with its hyperparameters in ``options``.

    normalize: put features of any length on the sphere (rows of zeros stay what they are, with gradient 0); False trusts
    that the rows are unit vectors, unchecked.  reduction: "mean" over what "none" has one by one, or "sum".
    A number, a parameter or ``he.Temperature`` will do for a hyperparameter; what is learnable is read at every call.
    """

    # Values lie in (0, inf) and are computed to full relative accuracy, however small.
    positive: ClassVar[bool] = False
    normalize: bool
    reduction: Reduction
    # What each hyperparameter must be, as in declaration(margin=positive_number).
    hyperparameters: ClassVar[Mapping[str, Check]] = declaration()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declared.forget(cls, Loss, ("positive",))

    def __init__(self, *, normalize: bool = True, reduction: Reduction = "mean", **options: Any) -> None:
        super().__init__()
        self.normalize, self.reduction = normalize, reduction
        self._store(self.checked_options(options), options)

    @classmethod
    def checked_options(cls, options: dict[str, Any]) -> dict[str, Any]:
        """The options as they are kept: numbers as floats, tensors as scalars.  Raises ArgumentError."""
        return hyperparameters(cls.__name__, cls.hyperparameters, options)

    @abstractmethod
    def parsed(self, *features: Any, **options: Any) -> tuple[tuple[Tensor, ...], Batch]:
        """What a call was given, checked and placed, and who is a negative of whom."""

    @abstractmethod
    def of(self, *tensors: Any) -> Tensor:
        """The loss of rows that are placed already, and of a Batch, which comes last."""

    def _store(self, checked: dict[str, Any], given: dict[str, Any]) -> None:
        """Keep numbers and kernels, and leave what is learnable to torch's own lists of parameters and modules."""
        self.__dict__["_given"] = {}
        for name, value in given.items():
            for known in [key for key in self._parameters if key == name or key.startswith(f"{name}_")]:
                del self._parameters[known]
            self._modules.pop(name, None)
            for key, part in learnable.parts(name, value):
                if isinstance(part, torch.nn.Module):
                    self.add_module(key, part)
                else:
                    self.register_parameter(key, part)
        held = [name for name in checked if name in self._parameters or name in self._modules]
        self.__dict__["_given"] = checked | dict.fromkeys(held, learnable.Held)

    @property
    def options(self) -> dict[str, Any]:
        """The hyperparameters by name, learnable ones as scalars.  They are read from where torch keeps parameters, so
        that ``torch.func.functional_call`` and the loading of a state reach the formula."""
        found = {}
        for name, value in self.__dict__["_given"].items():
            found[name] = learnable.current(self, name, value)
        return found

    def __getattr__(self, name: str) -> Any:
        given = self.__dict__.get("_given", {})
        if name in given and given[name] is not learnable.Held:
            return learnable.current(self, name, given[name])
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Hyperparameters can be changed as attributes, with the same checks as at the start."""
        if name in self.__dict__.get("_given", {}):
            given = {**self.__dict__["_given"], **self._parameters, **self._modules}
            given = {key: given[key] for key in self.__dict__["_given"]} | {name: value}
            self._store(self.checked_options(given), given)
        elif (check := _COMMON.get(name)) is not None:
            super().__setattr__(name, check(name, value))
        else:
            super().__setattr__(name, value)

    @property
    def label(self) -> str:
        """Name and hyperparameters as one would type them."""
        options = self.options.items()
        given = [f"{name}={shown(value)}" for name, value in options if value is not None and value is not False]
        return f"{type(self).__name__}({', '.join(given)})"

    def extra_repr(self) -> str:
        usual = [] if self.normalize else ["normalize=False"]
        usual += [] if self.reduction == "mean" else [f"reduction={self.reduction!r}"]
        return ", ".join(filter(None, [self.label.partition("(")[2][:-1], *usual]))


def shown(value: Any) -> Any:
    """A hyperparameter as one would type it."""
    if isinstance(value, Kernel):
        return value.label
    return value.item() if isinstance(value, Tensor) else getattr(value, "__name__", value)
