"""F4, a false claim: that the simplex minimizes the mean over a list of batches only if the list has all subsets.

Refuted by B16 at the lines of two planes.
"""

from __future__ import annotations

from functools import partial
from itertools import combinations
from types import MappingProxyType
from typing import Any

import sympy
from sympy import binomial, exp, log

from proofs_check.b16 import AFFINE, FANO, B, N, copies, tau
from proofs_check.b16 import CLAIMS as DESIGN
from proofs_check.exact import equal_logs, is_positive
from proofs_check.steps import Claims, Proof, Step

CLAIMS: Claims = MappingProxyType(
    {
        "Fano": (FANO, 7, 35),  # lines, points, all triples
        "affine": (AFFINE, 9, 84),
        "value": lambda points: log(1 + 2 * exp(-sympy.Rational(points, points - 1) / tau)),
    }
)


def check(claims: Claims = CLAIMS) -> tuple[Step, ...]:
    proof = Proof()
    for name in ("Fano", "affine"):
        proof.step(
            name,
            "the lines hold every two points once and are fewer than all triples: by B16 the simplex minimizes the mean "
            "InfoNCE over them, alone",
            partial(_leaves_some_out, *claims[name]),
        )
    proof.step(
        "value",
        "with the value of all triples, log(1 + 2 e^{-N/((N-1) tau)}): the bound of B16 at o = 1, c = 1, B = 3",
        lambda: all(_is_value(claims["value"], points) for points in (7, 9)),
        needs=("Fano", "affine"),
    )
    return proof.steps


def _leaves_some_out(lines: Any, points: int, triples: int) -> bool:
    met = sorted(pair for line in lines for pair in combinations(sorted(line), 2))
    return (
        met == list(combinations(range(points), 2))
        and binomial(points, 3) == triples
        and is_positive(sympy.Integer(triples - len(lines)))
    )


def _is_value(value: Any, points: int) -> bool:
    bound = DESIGN["phi"](1, DESIGN["least difference"]).subs(copies, 1)
    return equal_logs(bound.subs(N - B, points - 3).subs(B - 2, 1), value(points))


# Step -> a change of the claims that makes it fail.
MUTATIONS: dict[str, dict[str, Any]] = {
    "Fano": {"Fano": (FANO[:-1], 7, 35)},
    "affine": {"affine": (AFFINE, 9, 12)},
    "value": {"value": lambda points: log(1 + 2 * exp(-sympy.Rational(3, 2) / tau))},  # of a partition
}
