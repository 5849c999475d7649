"""Source code of a kernel's profile and its derivative, from the one formula that the kernel has."""

from __future__ import annotations

from typing import Any

from hyperenergy.kernels import Kernel
from hyperenergy.namespaces import SympyNamespace


def profile_source(kernel: Kernel) -> str:
    """Python source of ``profile(r)``, which returns kappa(r) and 2 kappa'(r), with common subexpressions shared.

    Where r occurs under a root, the formula is rewritten in s = sqrt(r), or in s = 1/sqrt(r) if its powers are negative,
    which leaves natural powers of s; and 2 kappa'(r) = (d kappa/ds) 2 ds/dr.  Numbers are wrapped in ``T``, the type in
    which the profile computes.
    """
    import sympy

    r, s = sympy.symbols("r s", positive=True)
    value = kernel.profile(r, SympyNamespace)
    powers = {power for power in value.atoms(sympy.Pow) if power.base == r}
    if all(power.exp.is_integer for power in powers):
        lines, slope = [], 2 * sympy.diff(value, r)
    else:
        elsewhere = value.xreplace({power: sympy.Dummy() for power in powers}).has(r)
        reciprocal = not elsewhere and all(power.exp < 0 for power in powers)
        lines = ["s = T(1.0)/math.sqrt(r)" if reciprocal else "s = math.sqrt(r)"]
        value = sympy.powdenest(value.subs(r, s**-2 if reciprocal else s**2))
        slope = sympy.diff(value, s) * (-(s**3) if reciprocal else 1 / s)
    shared, (value, slope) = sympy.cse([value, sympy.powsimp(slope)])
    lines += [f"{name} = {_code(expression)}" for name, expression in shared]
    lines.append(f"return {_code(value)}, {_code(slope)}")
    return "def profile(r):\n    " + "\n    ".join(lines)


def _code(expression: Any) -> str:
    """Numbers as literals of type T, integer powers as products, functions from math."""
    import sympy
    from sympy.printing.pycode import PythonCodePrinter

    class Printer(PythonCodePrinter):
        def _print_Rational(self, number: Any) -> str:
            return f"T({float(number)!r})"

        _print_Integer = _print_Zero = _print_One = _print_NegativeOne = _print_Half = _print_Rational

        def _print_Pow(self, power: Any, rational: bool = False) -> str:
            base, exponent = power.args
            if exponent.is_Integer and 1 < abs(int(exponent)) <= 12:
                return _integer_power(self.parenthesize(base, 1000), int(exponent))
            if exponent == -1:
                return f"(T(1.0)/{self.parenthesize(base, 1000)})"
            return super()._print_Pow(power, rational)

    return Printer({"fully_qualified_modules": True}).doprint(sympy.sympify(expression))


def _integer_power(base: str, exponent: int) -> str:
    product = "(" + "*".join([base] * abs(exponent)) + ")"
    return product if exponent > 0 else f"(T(1.0)/{product})"
