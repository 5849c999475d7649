"""Kernels: functions kappa(r) of the squared distance r = |x-y|^2 in [0, 4].

Each kernel is a frozen dataclass with one formula, ``profile(r, m)``, that reads tensors, arrays, symbols or balls
depending on the namespace ``m``.  Parameters are kept as given (int, Fraction, float, or a string such as "1/3").

A kernel is *completely monotone* (CM) if (-1)^k kappa^(k) >= 0 on (0, 4] for all k; adding a constant changes neither
minimizers nor the sign of any derivative, so "up to a constant" is left out below.

A kernel of one's own is a frozen dataclass, too.  What theorems need to know of it, it declares in its own body, for
example ``strictly_completely_monotone = True``; a declaration that samples of the profile contradict is refused where the
kernel is made.  Subclasses of a kernel inherit none of its facts: they may have another formula.
"""

from __future__ import annotations

import copy
import functools
import inspect
from abc import ABCMeta, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from hyperenergy.arithmetic.namespaces import Namespace, TorchNamespace
from hyperenergy.arithmetic.numbers import Number
from hyperenergy.errors import ArgumentError
from hyperenergy.kernels import declared, sampling

Floats = NDArray[np.float64]


def tidy(number: float) -> Number:
    """An int where it is one: labels read Riesz(s=2), not s=2.0."""
    return int(number) if number == int(number) else number


# Closed forms that belong to a formula.
METHODS = ("log_profile", "integrable", "log_uniform_mean", "uniform_mean", "eigenvalues", "with_slope")
# What a class may declare of itself: constants or properties, and these.
FACTS = (
    "strictly_completely_monotone",
    "completely_monotone",
    "strictly_convex_decreasing",
    "strictly_decreasing",
    "decreasing",
    "positive",
    "singular",
    "cusp_slope",
    "kinked",
    *METHODS,
)


class _Examined(ABCMeta):
    """Kernels come into being only with declarations that samples do not contradict."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        # Scalars of NumPy are numbers, whose labels and fractions are those of Python's.
        args = tuple(x.item() if isinstance(x, np.generic) else x for x in args)
        kwargs = {name: x.item() if isinstance(x, np.generic) else x for name, x in kwargs.items()}
        kernel = super().__call__(*args, **kwargs)
        if examined(kernel) is None:
            _examine(kernel)
        return kernel

    @property
    def __signature__(cls) -> inspect.Signature:
        """Of the parameters, which the call above hides from help and from the command line."""
        whole = inspect.signature(cls.__init__)  # type: ignore[misc]
        return whole.replace(parameters=list(whole.parameters.values())[1:], return_annotation=cls)


def examined(kernel: Kernel) -> Kernel | None:
    """The kernel itself where its class is one of this folder's, whose facts and closed forms are proved; None for any
    other, a subclass too."""
    return kernel if type(kernel).__module__.rpartition(".")[0] == __package__ else None


def _examine(kernel: Kernel) -> None:
    """Raise ArgumentError where samples contradict what the class declares."""
    own = type(kernel).__dict__
    facts = {name: getattr(kernel, name) for name in FACTS if name in own and own[name] is not Kernel.__dict__[name]}
    facts = {name: value for name, value in facts.items() if name not in METHODS}
    against = sampling.contradiction(kernel.profile, facts) if facts else None
    if against is not None:
        raise ArgumentError(
            "kernel", f"{kernel.label}, which declares {against}", "declare of a kernel only what holds on (0, 4]"
        )


@dataclass(frozen=True)
class Kernel(metaclass=_Examined):
    """A function of the squared distance.  ``kernel(r)`` maps a tensor of r to a tensor of the same shape.

    The facts are those that its class declares.  Of what nobody declared, what holds at r = 0 is read off the formula, and
    what would have to hold everywhere is taken not to hold, so that no theorem speaks of a kernel that was not examined.
    """

    # The squared distance in (0, 4] at which it is least, where it decreases up to there.
    farthest: ClassVar[float] = 4.0
    # Whether it takes x and -x for one.
    of_lines: ClassVar[bool] = False
    # What counts as its unit where the sum over all pairs may vanish with all of its derivatives; else the sum is one.
    unit: ClassVar[float] = 0.0

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declared.forget(cls, Kernel, FACTS)

    @abstractmethod
    def profile(self, r: Any, m: Namespace) -> Any:
        """kappa(r) in the number system of ``m``."""

    def log_profile(self, r: Any, m: Namespace) -> Any:
        """log kappa(r) of a positive kernel; closed forms are right also where kappa leaves the range of ``m``."""
        return m.log(self.profile(r, m))

    def __call__(self, r: Tensor) -> Tensor:
        return self.profile(r, TorchNamespace)

    def with_slope(self, r: Tensor) -> tuple[Tensor, Tensor] | None:
        """kappa(r) and kappa'(r) in closed form, in fewer steps than automatic differentiation takes; None where there is
        none.  Law: what automatic differentiation of the profile finds."""
        return None

    def integrable(self, dim: int) -> bool:
        """Whether the mean over two independent uniform points of S^{dim-1} is finite: of kernels that grow like |x-y|^{-s},
        for s < dim - 1."""
        return self._at_zero.order < dim - 1

    def log_uniform_mean(self, dim: int) -> float | None:
        """log of that mean of a positive kernel, in closed form; None where there is none."""
        return None

    def uniform_mean(self, dim: int) -> float | None:
        """That mean in closed form; None where there is none."""
        return None

    def eigenvalues(self, dim: int, degree: int) -> Floats | None:
        """E[kappa(2-2T) P_k(T)] for k = 0..degree, T the inner product of uniform points, in closed form and to relative
        accuracy; None where there is none.  See ``laws.spectrum``."""
        return None

    def moved(self, **parameters: Any) -> Kernel:
        """The kernel with other parameters, which are not looked at: those that are learned, at a step."""
        kernel = copy.copy(self)
        kernel.__dict__.pop("_at_zero", None)
        kernel.__dict__.update(parameters)
        return kernel

    def steeper(self, factor: float) -> Kernel | None:
        """The kernel of the same family that is steeper by this factor (softer below 1), if there is one."""
        return None

    @property
    def strictly_completely_monotone(self) -> bool:
        """All derivatives alternate strictly in sign: the hypothesis of Cohn and Kumar, with uniqueness."""
        return False

    @property
    def completely_monotone(self) -> bool:
        """The derivatives alternate weakly in sign."""
        return self.strictly_completely_monotone

    @property
    def strictly_convex_decreasing(self) -> bool:
        """The hypothesis on the energy kernel of B2(a)."""
        return self.strictly_completely_monotone

    @property
    def strictly_decreasing(self) -> bool:
        """The hypothesis on the alignment kernel of B2 and B3: pairs that coincide are strictly better."""
        return self.strictly_convex_decreasing

    @property
    def decreasing(self) -> bool:
        """Weakly so: no pair is better than one that coincides, though others may be as good."""
        return self.strictly_decreasing or self.completely_monotone

    @property
    def positive(self) -> bool:
        """kappa > 0 everywhere: energies can be compared relatively, however small."""
        return False

    @property
    def singular(self) -> bool:
        """kappa(r) -> +infinity as r -> 0."""
        return self._at_zero.singular

    @property
    def cusp_slope(self) -> float:
        """-d kappa / d|x-y| at |x-y| = 0+: 0 for a smooth kernel, > 0 (perhaps infinite) where there is a cusp."""
        return self._at_zero.slope

    @property
    def kinked(self) -> bool:
        """d kappa / dr is infinite at r = 0: the second derivative in the points, if not the first, does not exist."""
        return self.cusp_slope > 0 or self._at_zero.kinked

    @functools.cached_property
    def _at_zero(self) -> sampling.AtZero:
        return sampling.at_zero(self.profile)

    @property
    def label(self) -> str:
        """Name and parameters as one would type them."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        parameters = ", ".join(f"{k}={x.item() if isinstance(x, Tensor) else x}" for k, x in values.items())
        return f"{type(self).__name__}({parameters})"
