"""Where several terms of an objective are largest at once: the contacts of a packing, and what they hold fast."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from jaxtyping import Float, Int
from torch import Tensor


class Isolation(Enum):
    """Whether a minimum is alone, up to isometry and rattlers; the value is the message."""

    FIRST_ORDER = "isolated: no motion keeps the contacts to first order"
    SECOND_ORDER = "isolated: what moves to first order loses to second order"
    NOT_ISOLATED = "not isolated: another configuration beside it has the value"
    UNDECIDED = "undecided: there are motions that neither first nor second order rules out"

    @property
    def isolated(self) -> bool | None:
        """None where it is undecided."""
        if self is Isolation.UNDECIDED:
            return None
        return self is not Isolation.NOT_ISOLATED


@dataclass(frozen=True, eq=False)
class Contacts:
    """The terms of ``LargestTerm`` that are largest at a minimum, and the proof that there is no way down.

    pairs: (i, j) of each, of a softmax code anchor and negative; weights: >= 0, of sum 1, with which the derivatives of the
    terms cancel (Lagrange multipliers; not the only ones where there are more contacts than freedoms), and residual, by how
    much they do not.  spread: by how much the terms differ.  rattlers: points without a contact, which move freely.
    isolation: of the others.
    """

    pairs: Int[Tensor, "contacts 2"]
    weights: Float[Tensor, " contacts"]
    residual: float
    spread: float
    rattlers: tuple[int, ...]
    isolation: Isolation

    def __str__(self) -> str:
        loose = f"; rattlers: {', '.join(map(str, self.rattlers))}" if self.rattlers else "; no rattlers"
        bearing = int((self.weights > 1e-9).sum())
        return f"{len(self.pairs)}, {bearing} of them bearing{loose}"
