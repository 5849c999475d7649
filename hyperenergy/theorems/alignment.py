"""Which losses have aligned minimizers, by their form."""

from __future__ import annotations

from hyperenergy.losses import modules as losses


def decoupled(loss: losses.PairLoss) -> bool:
    """The energy part depends on each view alone: the mixed block d^2 L / du_i dv_j, j != i, is identically zero."""
    return type(loss) in (losses.DHEL, losses.KCL, losses.AlignUniform)


def aligns(loss: losses.PairLoss) -> bool:
    """Decoupled, and no pair is better than one that coincides: aligned configurations are among the minimizers."""
    return decoupled(loss) and (type(loss) is not losses.KCL or loss.alignment.decreasing)


def strictly_aligns(loss: losses.PairLoss) -> bool:
    """And every other pair is worse: all minimizers are aligned."""
    return decoupled(loss) and (type(loss) is not losses.KCL or loss.alignment.strictly_decreasing)
