"""Source code of a kernel's profile and its derivative, from the one formula that the kernel has."""

from __future__ import annotations

import functools
import hashlib
import math
from dataclasses import fields
from fractions import Fraction
from typing import Any

import torch

from hyperenergy.arithmetic.namespaces import SympyNamespace
from hyperenergy.arithmetic.numbers import Number, to_float
from hyperenergy.kernels.base import Kernel, examined
from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric
from hyperenergy.kernels.laplace import Laplace
from hyperenergy.kernels.projective import Projective
from hyperenergy.kernels.regularized_logarithmic import RegularizedLogarithmic
from hyperenergy.kernels.riesz import Riesz

# Kernels of one parameter, whose code serves all its values; of others, and of subclasses, the numbers stand in the code.
_PARAMETERS = {Gaussian: "t", Laplace: "t", InverseMultiquadric: "c", RegularizedLogarithmic: "t", Riesz: "s"}
# Riesz exponents with code of their own: natural powers of 1/|x-y| need no pow.
_NATURAL = 12


def parameter(kernel: Kernel) -> float | None:
    """The number that the code of this kernel takes as its parameter; None where it takes none."""
    name = _PARAMETERS.get(type(kernel))
    if name is None:
        return None
    value = to_float(getattr(kernel, name))
    natural = type(kernel) is Riesz and value == int(value) and abs(value) <= _NATURAL
    return None if natural else value


def family(kernel: Kernel) -> str:
    """A name, fit for a file, of all kernels that share this one's code.

    Numbers that stand in the code enter by a digest of the label; of a kernel that is not this package's, whose class may
    change under the same name, the whole formula does.
    """
    name = type(kernel).__name__
    if parameter(kernel) is not None:
        return f"{name}{'_negative' if type(kernel) is Riesz and _negative(kernel) else ''}"
    if type(kernel) is Riesz:
        return f"Riesz_{to_float(kernel.s):.0f}".replace("-", "minus_")
    if examined(kernel) is None:
        return f"own_{name}_{_own(kernel)}"
    return f"{name}_{_digest(kernel.label)}" if fields(kernel) else name


def readable(kernel: Kernel) -> bool:
    """Whether the kernel's formula can be written as code: always of this package's, but of lines by distance, whose formula
    has cases, and of kernels with a unit, of which compiled searches do not know; and of others if it takes a symbol for r,
    as it does unless it calls functions of tensors or arrays."""
    if kernel.unit:
        return False
    if isinstance(kernel, Projective):
        return kernel.sine and readable(kernel.kernel)
    return examined(kernel) is not None or _own(kernel) is not None


def _own(kernel: Kernel) -> str | None:
    """A digest of a kernel's formula; None where it cannot be read, or reads otherwise than on tensors."""
    try:
        return _own_cached(kernel)
    except TypeError:  # fields that cannot be hashed
        return _own_uncached(kernel)


def _own_uncached(kernel: Kernel) -> str | None:
    import sympy

    r = sympy.Symbol("r", positive=True)
    try:
        value = sympy.sympify(_expression(kernel, r))
        scope: dict[str, Any] = {"math": math, "exp": math.exp, "log": math.log, "rsqrt": lambda x: x**-0.5}
        scope["jit"] = lambda f: f
        exec(_source(value, r, "profile", "float"), scope)
        for x in (0.3, 1.7, 3.9):
            number = float(kernel(torch.tensor(x, dtype=torch.float64)))
            if not math.isclose(scope["profile"](x, 0.0)[0], number, rel_tol=1e-9):
                return None
    except Exception:  # whatever a formula may do with a symbol
        return None
    return _digest(sympy.srepr(value))


_own_cached = functools.lru_cache(maxsize=256)(_own_uncached)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _negative(kernel: Riesz) -> bool:
    return to_float(kernel.s) < 0


class _Parametrized(SympyNamespace):
    """Numbers as rational multiples of the symbol p of a kernel's one parameter."""

    def __init__(self, value: Number) -> None:
        self._value = Fraction(value)

    def number(self, value: Number) -> Any:  # type: ignore[override]
        import sympy

        ratio = Fraction(value) / self._value
        return (
            sympy.Rational(ratio.numerator, ratio.denominator)
            * sympy.Symbol("p", positive=True)
            * (1 if self._value > 0 else -1)
        )

    def power(self, x: Any, exponent: Number) -> Any:  # type: ignore[override]
        return x ** self.number(exponent)


def _expression(kernel: Kernel, r: Any) -> Any:
    """kappa(r), in the symbol p (the absolute value of the parameter) where the kernel's code has one."""
    if parameter(kernel) is None:
        return kernel.profile(r, SympyNamespace)
    return kernel.profile(r, _Parametrized(getattr(kernel, _PARAMETERS[type(kernel)])))


def transcendental(source: str) -> bool:
    """Whether a profile takes exponentials or logarithms, which float32 makes no faster."""
    return "exp(" in source or "log(" in source


def profile_source(kernel: Kernel, name: str = "profile", number: str = "float") -> str:
    """Python source of ``name(r, p)``, which returns kappa(r) and 2 kappa'(r), with common subexpressions shared.

    Where r occurs under a root, the formula is rewritten in s = sqrt(r), or in s = 1/sqrt(r) if its powers are negative,
    which leaves natural powers of s; and 2 kappa'(r) = (d kappa/ds) 2 ds/dr.  Numbers are wrapped in ``number``, the type
    in which the profile computes.
    """
    import sympy

    r = sympy.Symbol("r", positive=True)
    return _source(_expression(kernel, r), r, name, number)


def curved_profile_source(kernel: Kernel, name: str) -> str:
    """Python source of ``name(r, p)``: kappa(r), 2 kappa'(r) and 4 kappa''(r), of a smooth kernel."""
    import sympy

    r = sympy.Symbol("r", positive=True)
    value = _expression(kernel, r)
    shared, found = sympy.cse([value, 2 * sympy.diff(value, r), 4 * sympy.diff(value, r, 2)])
    lines = [f"{symbol} = {_code(expression)}" for symbol, expression in shared]
    lines.append(f"return {', '.join(_code(expression) for expression in found)}")
    body = "\n    ".join(line.replace("T(", "float(") for line in lines)
    return f"@jit\ndef {name}(r, p):\n    {body}\n"


def log_profile_source(kernel: Kernel) -> str:
    """Python source of ``log_profile(r, p)``: log kappa(r) and twice its derivative, for a kernel that is positive."""
    import sympy

    r = sympy.Symbol("r", positive=True)
    return _source(sympy.expand_log(sympy.log(_expression(kernel, r)), force=True), r, "log_profile", "float")


def _source(value: Any, r: Any, name: str, number: str) -> str:
    import sympy

    s = sympy.Symbol("s", positive=True)
    powers = {power for power in value.atoms(sympy.Pow) if power.base == r}
    if all(power.exp.is_number is False or power.exp.is_integer for power in powers):
        lines, slope = [], 2 * sympy.diff(value, r)
    else:
        elsewhere = value.xreplace({power: sympy.Dummy() for power in powers}).has(r)
        reciprocal = not elsewhere and all(power.exp < 0 for power in powers)
        root = "rsqrt(r)" if number == "float" else "T(1.0)/math.sqrt(r)"
        lines = [f"s = {root}" if reciprocal else "s = math.sqrt(r)"]
        value = sympy.powdenest(value.subs(r, s**-2 if reciprocal else s**2))
        slope = sympy.diff(value, s) * (-(s**3) if reciprocal else 1 / s)
    shared, (value, slope) = sympy.cse([value, sympy.powsimp(slope)])
    lines += [f"{symbol} = {_code(expression)}" for symbol, expression in shared]
    lines.append(f"return {_code(value)}, {_code(slope)}")
    body = "\n    ".join(line.replace("T(", f"{number}(") for line in lines)
    return f"@jit\ndef {name}(r, p):\n    {body}\n"


def _code(expression: Any) -> str:
    """Numbers as literals of type T, integer powers as products, exp and log from ``elementary``."""
    import sympy
    from sympy.printing.pycode import PythonCodePrinter

    class Printer(PythonCodePrinter):
        def _print_Rational(self, number: Any) -> str:
            return f"T({float(number)!r})"

        def _print_exp(self, call: Any) -> str:
            return f"exp({self._print(call.args[0])})"

        def _print_log(self, call: Any) -> str:
            return f"log({self._print(call.args[0])})"

        _print_Integer = _print_Zero = _print_One = _print_NegativeOne = _print_Half = _print_Rational

        def _print_Pow(self, power: Any, rational: bool = False) -> str:
            base, exponent = power.args
            if exponent.is_Integer and 1 < abs(int(exponent)) <= 12:
                return _integer_power(self.parenthesize(base, 1000), int(exponent))
            text = self.parenthesize(base, 1000)
            if exponent == -1:
                return f"(T(1.0)/{text})"
            if exponent.is_Rational and exponent.q == 2 and abs(int(exponent.p)) <= 12:
                whole = _integer_power(text, abs(int(exponent.p)) // 2)
                root = f"({whole}*math.sqrt({text}))" if abs(exponent.p) > 1 else f"math.sqrt({text})"
                return root if exponent > 0 else f"(T(1.0)/{root})"
            # Positive bases alone: squared distances.  Cheaper than a call of pow, and vectorizes.
            return f"exp({self.parenthesize(exponent, 1000)}*log({text}))"

    return Printer({"fully_qualified_modules": True}).doprint(sympy.sympify(expression))


def _integer_power(base: str, exponent: int) -> str:
    product = "(" + "*".join([base] * max(abs(exponent), 1)) + ")"
    return product if exponent > 0 else f"(T(1.0)/{product})"
