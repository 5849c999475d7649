"""The claims that can be verified: the instances of each, and the checks that they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hyperenergy import theorems
from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.search.starts import MOST_SIGNS
from hyperenergy.theorems import Theorem
from hyperenergy.theorems.instances import How
from hyperenergy.verify import checks, designs, expectation, free_bias, hessians, not_least, views
from hyperenergy.verify.grid import Grid, Instance, Result

Check = Callable[[Instance, Grid], Result]

CHECKS: dict[How, Check] = {
    How.PREDICTION: checks.check_prediction,
    How.UNIVERSAL_OPTIMUM: checks.check_universal_optimum,
    How.FIXED_ANCHORS: checks.check_fixed_anchors,
    How.MIXED_BLOCK: checks.check_mixed_block,
    How.ALIGNMENT: checks.check_alignment,
    How.MONOTONE: checks.check_monotone,
    How.SMALL_TEMPERATURE: checks.check_small_temperature,
    How.LIMIT: expectation.check_limit,
    How.ABOVE_LIMIT: expectation.check_above_limit,
    How.RATE: expectation.check_rate,
    How.BATCH_INDEPENDENCE: expectation.check_batch_independence,
    How.UNIFORM_IS_BEST: expectation.check_uniform_is_best,
    How.NOT_LEAST: not_least.check_not_least,
    How.HIGH_TEMPERATURE: designs.check_high_temperature,
    How.COVARIANCE: designs.check_covariance,
    How.FREE_BIAS: free_bias.check_free_bias,
    How.EQUAL_VIEWS: views.check_equal_views,
    How.HESSIAN: hessians.check_hessian,
}


@dataclass(frozen=True)
class Claim:
    """A result with the instances that a grid gives it."""

    id: str

    @property
    def theorem(self) -> Theorem:
        return theorems.get(self.id)

    def instances(self, grid: Grid) -> Iterator[tuple[Check, Instance]]:
        """(check, instance), one after the other."""
        for how, instance in self.theorem.instances(grid):
            yield CHECKS[how], instance


CLAIMS = {id: Claim(id) for id in theorems.names()}


def select(ids: list[str] | None) -> list[Claim]:
    """The claims of these ids, in any case; "B2" means all of B2a, B2b, ....  ArgumentError for a name that none has."""
    chosen: list[Claim] = []
    for id in ids or CLAIMS:
        asked = id.lower()
        parts = re.compile("B2[a-z]" if asked == "b2" else "$^")
        matching = [c for c in CLAIMS.values() if c.id.lower() == asked or parts.fullmatch(c.id)]
        if not matching:
            raise unknown_name("claims", id, CLAIMS)
        chosen += [c for c in matching if c not in chosen]
    return chosen


def tasks(claims: list[Claim], grid: Grid) -> list[tuple[Check, Instance]]:
    """All instances of the claims.  ArgumentError where the grid leaves a claim without any."""
    found = []
    for claim in claims:
        # S^0 is searched exhaustively or not at all.
        mine = [task for task in claim.instances(grid) if task[1].dim > 1 or 2 * (task[1].points + 1) <= MOST_SIGNS]
        if not mine:
            raise ArgumentError(
                "claims", claim.id, "it has no instance at the chosen dims and points; widen them or leave it out"
            )
        found += mine
    return found
