"""Numbers a + b sqrt(D) with rational a, b: the field in which the catalogue's inner products lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sympy

Rational = int | Fraction


@dataclass(frozen=True)
class Quadratic:
    """a + b sqrt(D), D >= 2 without square factors; b = 0 for a rational number, whatever D.

    Law: arithmetic and comparisons are exact.  Two irrational numbers of different D do not mix: ValueError.
    """

    a: Fraction
    b: Fraction = Fraction(0)
    D: int = 2

    def _with(self, other: Quadratic | Rational) -> tuple[Quadratic, int]:
        """The other number as one of this kind, and the D that they share."""
        number = other if isinstance(other, Quadratic) else Quadratic(Fraction(other))
        if self.b and number.b and self.D != number.D:
            raise ValueError(f"sqrt({self.D}) and sqrt({number.D}) lie in different fields")
        return number, self.D if self.b else number.D

    def __add__(self, other: Quadratic | Rational) -> Quadratic:
        x, D = self._with(other)
        return Quadratic(self.a + x.a, self.b + x.b, D)

    def __neg__(self) -> Quadratic:
        return Quadratic(-self.a, -self.b, self.D)

    def __sub__(self, other: Quadratic | Rational) -> Quadratic:
        return self + -self._with(other)[0]

    def __rsub__(self, other: Rational) -> Quadratic:
        return -self + other

    def __mul__(self, other: Quadratic | Rational) -> Quadratic:
        x, D = self._with(other)
        return Quadratic(self.a * x.a + D * self.b * x.b, self.a * x.b + self.b * x.a, D)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Quadratic | Rational) -> Quadratic:
        """By the conjugate: 1/(a + b sqrt D) = (a - b sqrt D)/(a^2 - D b^2).  ZeroDivisionError for 0."""
        x, D = self._with(other)
        norm = x.a**2 - D * x.b**2
        return self * Quadratic(x.a / norm, -x.b / norm, D)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quadratic | int | Fraction) and (self - other).sign == 0

    def __hash__(self) -> int:
        return hash((self.a, self.b, self.D)) if self.b else hash(self.a)

    @property
    def sign(self) -> int:
        """-1, 0 or 1.  Where a and b have opposite signs, a^2 against D b^2 decides."""
        a, b = (self.a > 0) - (self.a < 0), (self.b > 0) - (self.b < 0)
        if a * b >= 0:
            return a or b
        return a if self.a**2 > self.D * self.b**2 else b

    def __lt__(self, other: Quadratic | Rational) -> bool:
        return (self - other).sign < 0

    def __le__(self, other: Quadratic | Rational) -> bool:
        return (self - other).sign <= 0

    def __gt__(self, other: Quadratic | Rational) -> bool:
        return (self - other).sign > 0

    def __ge__(self, other: Quadratic | Rational) -> bool:
        return (self - other).sign >= 0

    def __float__(self) -> float:
        return float(self.a) + float(self.b) * math.sqrt(self.D)

    def __str__(self) -> str:
        if not self.b:
            return str(self.a)
        root = f"sqrt({self.D})" if abs(self.b) == 1 else f"{abs(self.b)}*sqrt({self.D})"
        sign = "-" if self.b < 0 else "+" if self.a else ""
        return f"{self.a or ''}{sign}{root}"

    def symbol(self) -> sympy.Expr:
        """The same number for SymPy."""
        import sympy

        a, b = (sympy.Rational(x.numerator, x.denominator) for x in (self.a, self.b))
        return a + b * sympy.sqrt(self.D)
