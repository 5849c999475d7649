"""Certified lower bounds of what is minimized."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, cast, get_args

from hyperenergy import codes
from hyperenergy.bounds import certificates, checking
from hyperenergy.bounds.certificates import Certificate, NoBoundError
from hyperenergy.bounds.checking import FORMAT, KERNEL_LOSS, LOGARITHM, SOFTMAX_LOSS
from hyperenergy.bounds.three_point import checking as three_point
from hyperenergy.checks import integer, positive
from hyperenergy.errors import ArgumentError
from hyperenergy.files import replacing
from hyperenergy.kernels import Kernel
from hyperenergy.losses.base import Loss
from hyperenergy.losses.facts import KernelFacts, SoftmaxFacts, facts
from hyperenergy.objectives.base import Aligned, BatchLoss, Energy, Objective

Method = Literal["auto", "linear", "universal", "three-point"]
# Relative error of a value in float64, whose terms are added in pairs.
_ROUND_OFF = 1e-14


@dataclass(frozen=True)
class Bound:
    """A lower bound that was proved, and its certificate.

    value: float64, rounded down, in the objective's own pair convention; of a kernel, the sum over i < j.  objective: its
    label.  method: "linear", "universal" (Levenshtein's quadrature), "code" (a universally optimal code's interpolant),
    "three-point", "convexity" (B1's value, which holds at any size), or "logarithm" (a linear program whose solution bounds
    the logarithms of DHEL, too: B21).  certificate: what ``check_certificate`` takes; of an energy, that of the sum over
    i < j.
    """

    value: float
    objective: str
    points: int
    dim: int
    method: str
    certificate: Mapping[str, Any]

    def gap(self, value: float) -> float:
        """(value - bound) relative to the larger one of both; 0 within the round-off of a sum in float64.  It is negative
        where the value lies below what is proved: of a configuration that is none, or of another objective."""
        scale = max(abs(value), abs(self.value))
        gap = value - self.value
        return 0.0 if abs(gap) <= _ROUND_OFF * scale else gap / scale

    def save(self, path: str | Path) -> None:
        """The certificate as a .json file.  ArgumentError where it cannot be written."""
        with replacing("path", path, (".json",)) as beside:
            beside.write_text(json.dumps(self.certificate, indent=1) + "\n", "utf-8")


def lower_bound(
    objective: Objective | Loss | Kernel,
    points: int,
    dim: int,
    *,
    method: Method = "auto",
    degree: int | None = None,
    tolerance: float = 1e-7,
) -> Bound:
    """A certified lower bound of the minimum over ``points`` points, or pairs, of R^dim.

    objective: a kernel (sum over i < j), an ``Energy``, a kernel loss such as KCL, or a loss of the InfoNCE family.  method:
    "universal", the universal lower bound, at once; "linear", by linear programming; "auto" takes the better one, and at
    the size of a universally optimal code its own, which is attained; "three-point", of energies alone, is higher and takes
    a minute (extra ``bounds``).  degree: of the polynomial (three-point: 6); without one it grows
    until more gains less than ``tolerance``, relative to the bound; from 1e-5 on it is chosen by the size alone.

    Law: value <= min <= value of any configuration; equal up to rounding at universally optimal codes.
    Raises ArgumentError for a kernel that is not completely monotone, or has no rigorous evaluation, fewer than two points
    or dimensions; NoBoundError where no certificate could be proved.
    Source: Delsarte and Yudin; Cohn and Kumar 2007; Boyvalenkov et al. 2016.
    """
    points, dim = integer("points", points, 2), integer("dim", dim, 2)
    if method not in get_args(Method):
        raise ArgumentError("method", repr(method), f"allowed: {', '.join(get_args(Method))}")
    if degree is not None:
        degree = integer("degree", degree, 1, checking.MOST_DEGREE)
    ask = _Ask(points, dim, method, degree, positive("tolerance", tolerance))
    if isinstance(objective, Kernel):
        return ask.energy(objective, "unordered", objective.label)
    if type(objective) is Energy:
        return ask.energy(objective.kernel, objective.pairs, objective.label)
    loss = objective.loss if isinstance(objective, BatchLoss | Aligned) else objective
    told = facts(loss)
    if isinstance(told, KernelFacts):
        return ask.kernel_loss(told, cast(Loss, loss).label)
    if isinstance(told, SoftmaxFacts):
        return ask.softmax_loss(told, cast(Loss, loss).label)
    shown = getattr(objective, "label", repr(objective))
    raise ArgumentError(
        "objective", shown, "has no certified bounds; kernels, energies, KCL and the InfoNCE family have"
    )


def known_bound(objective: Objective, points: int, dim: int) -> Bound | None:
    """``lower_bound`` where there is one, soon made, else None."""
    try:
        return lower_bound(objective, points, dim, tolerance=1e-5)
    except (ArgumentError, ArithmeticError):  # NoBoundError, and numbers that leave float64
        return None


def check_certificate(certificate: str | Path | Mapping[str, Any]) -> float:
    """What a certificate, or a .json file with one, proves, rounded down; by a check of its own that trusts no solver.  Of a
    certificate of a code it is the inner product that some two of so many points exceed.

    Raises CertificateError, with the field and the reason, where it does not prove what it claims.
    """
    if isinstance(certificate, str | Path):
        try:
            certificate = json.loads(Path(certificate).read_text("utf-8"))
        except OSError as error:
            raise ArgumentError("certificate", repr(str(certificate)), f"cannot be read ({error.strerror})") from None
        except (ValueError, RecursionError) as error:
            raise checking.CertificateError(f"certificate: {certificate} is no JSON ({error})") from None
    kind = certificate.get("kind") if isinstance(certificate, dict) else None
    if kind in (three_point.ENERGY, three_point.CODE):
        return rounded_down(three_point.proved(certificate))
    return rounded_down(checking.proved(certificate))


def rounded_down(x: Fraction) -> float:
    """The largest float64 that is no larger."""
    try:
        found = float(x)
    except OverflowError:
        return math.copysign(math.inf, x) if x < 0 else math.nextafter(math.inf, 0)
    return found if Fraction(found) <= x else math.nextafter(found, -math.inf)


@dataclass(frozen=True)
class _Ask:
    points: int
    dim: int
    method: Method
    degree: int | None
    tolerance: float

    def energy(self, kernel: Kernel, pairs: str, label: str) -> Bound:
        certificate, method = self._best(kernel)
        value = Fraction(certificate["bound"])
        count = self.points * (self.points - 1) // 2
        value = {"unordered": value, "ordered": 2 * value, "mean": value / count}[pairs]
        return Bound(rounded_down(value), label, self.points, self.dim, method, certificate)

    def _best(self, kernel: Kernel) -> tuple[Certificate, str]:
        certificates.described(kernel)
        if self.method == "three-point":
            from hyperenergy.bounds.three_point import proposal

            return proposal.three_point(kernel, self.points, self.dim, self.degree or 6), self.method
        if self.method == "auto" and (code := codes.universal_optimum(self.points, self.dim)) is not None:
            with contextlib.suppress(NoBoundError):  # a polygon of more corners than degrees are checked
                return certificates.of_code(kernel, code, self.tolerance), "code"
        found: dict[str, Certificate] = {}
        problems: list[NoBoundError] = []
        makers = {
            "universal": lambda: certificates.universal(kernel, self.points, self.dim, self.tolerance),
            "linear": lambda: certificates.linear(kernel, self.points, self.dim, self.degree, self.tolerance),
        }
        for name, make in makers.items():
            if self.method in ("auto", name):
                try:
                    found[name] = make()
                except NoBoundError as error:
                    problems.append(error)
        if not found:
            raise problems[-1]
        best = max(found, key=lambda name: Fraction(found[name]["bound"]))
        return found[best], best

    def kernel_loss(self, told: KernelFacts, label: str) -> Bound:
        if self.method == "three-point":
            raise ArgumentError("method", repr(self.method), "goes with energies alone")
        energy, method = self._best(told.kernel)
        sides = 1 if told.symmetrized else told.views
        certificate = {
            "format": FORMAT,
            "kind": KERNEL_LOSS,
            "attraction": str(told.views),
            "weight": str(Fraction(told.weight) * sides),
            "logarithm": told.logarithm,
            "alignment": certificates.described(told.alignment, decreasing=True),
            "energy": energy,
        }
        return self._claimed(certificate, label, method)

    def softmax_loss(self, told: SoftmaxFacts, label: str) -> Bound:
        certificate = {
            "format": FORMAT,
            "kind": SOFTMAX_LOSS,
            "points": self.points,
            "temperature": str(Fraction(told.temperature)),
            "views": told.views,
            "own": told.own,
            "within": told.within,
            "across": told.across,
        }
        convex = self._claimed(certificate, label, "convexity")
        if not told.decoupled or told.symmetrized:
            return convex
        try:
            energy = certificates.logarithmic(Fraction(told.temperature), self.points, self.dim, self.degree)
        except NoBoundError:
            return convex
        certificate = {
            "format": FORMAT,
            "kind": LOGARITHM,
            "temperature": str(Fraction(told.temperature)),
            "views": told.views,
            "energy": energy,
        }
        found = self._claimed(certificate, label, "logarithm")
        return found if found.value > convex.value else convex

    def _claimed(self, certificate: Certificate, label: str, method: str) -> Bound:
        """With the bound that it proves as its claim."""
        certificate["bound"] = certificates.decimal(checking.proves(certificate))
        return Bound(rounded_down(Fraction(certificate["bound"])), label, self.points, self.dim, method, certificate)
