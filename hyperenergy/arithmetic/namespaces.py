"""Namespaces of elementary functions, so that one formula serves several number systems.

A formula written as ``profile(r, m)`` takes exp, log, sqrt and power from ``m`` and converts its parameters with
``m.number``.  The namespaces differ from the libraries behind them only in the number conversion and, for torch,
in the derivative at zero.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from hyperenergy.arithmetic.numbers import Number, to_float


class Namespace(Protocol):
    """What a kernel profile may use."""

    def number(self, value: Number) -> Any: ...
    def exp(self, x: Any) -> Any: ...
    def log(self, x: Any) -> Any: ...
    def sqrt(self, x: Any) -> Any: ...
    def power(self, x: Any, exponent: Number) -> Any: ...


class TorchNamespace:
    """float32 and float64 tensors, differentiable twice.

    sqrt and power have derivative 0 at 0: the kernels are functions of r = |x-y|^2, whose derivative with respect to
    the points vanishes at x = y, and 0 is the smallest element of the subdifferential of |x-y| there.  Without this,
    inf * 0 would turn the gradient of every coincident pair into NaN.  A power of 1 is smooth, and has its derivative 1.
    """

    exp = staticmethod(torch.exp)
    log = staticmethod(torch.log)

    @staticmethod
    def number(value: Any) -> Any:
        """A parameter as a float, or, where it is learned, as it is."""
        return value if isinstance(value, Tensor) else to_float(value)

    @classmethod
    def sqrt(cls, x: Tensor) -> Tensor:
        return cls.power(x, Fraction(1, 2))

    @staticmethod
    def power(x: Tensor, exponent: Number) -> Tensor:
        if isinstance(exponent, Tensor):  # learned: where x = 0 its own derivative is 0, too
            apart = x > 0
            return torch.where(apart, torch.where(apart, x, 1.0) ** exponent, 0.0)
        p = to_float(exponent)
        if p <= 0 or p == 1 or p >= 2:
            return x**p
        zero = x == 0
        return torch.where(zero, torch.zeros_like(x), torch.where(zero, torch.ones_like(x), x) ** p)


class NumpyNamespace:
    """float64 arrays and scalars."""

    number = staticmethod(to_float)
    exp = staticmethod(np.exp)
    log = staticmethod(np.log)
    sqrt = staticmethod(np.sqrt)

    @staticmethod
    def power(x: Any, exponent: Number) -> Any:
        return np.asarray(x) ** to_float(exponent)


class SympyNamespace:
    """Symbolic expressions; decimals given as strings or floats become the exact rational that they denote."""

    @staticmethod
    def number(value: Number) -> Any:
        import sympy

        return sympy.Rational(Fraction(value).numerator, Fraction(value).denominator)

    @staticmethod
    def exp(x: Any) -> Any:
        import sympy

        return sympy.exp(x)

    @staticmethod
    def log(x: Any) -> Any:
        import sympy

        return sympy.log(x)

    @staticmethod
    def sqrt(x: Any) -> Any:
        import sympy

        return sympy.sqrt(x)

    @classmethod
    def power(cls, x: Any, exponent: Number) -> Any:
        return x ** cls.number(exponent)


class MpmathNamespace:
    """Numbers of an mpmath context: as many digits as it has, and no overflow."""

    def __init__(self, context: Any) -> None:
        self.exp, self.log, self.sqrt = context.exp, context.log, context.sqrt
        self._mpf = context.mpf

    def number(self, value: Number) -> Any:
        exact = Fraction(value)
        return self._mpf(exact.numerator) / exact.denominator

    def power(self, x: Any, exponent: Number) -> Any:
        return x ** self.number(exponent)
