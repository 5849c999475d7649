"""The losses with a logarithm, by how they treat the two views: what most claims run over."""

from __future__ import annotations

from hyperenergy.losses import modules as losses


def one_sided(tau: float) -> list[losses.PairLoss]:
    """The losses of B1 that treat anchors and positives differently."""
    return [losses.InfoNCE(tau), losses.SimCLR(tau), losses.DCL(tau), losses.DCL(tau, within_view=False)]


def symmetrized(tau: float) -> list[losses.PairLoss]:
    """The mean over both directions of each of them."""
    return [
        losses.InfoNCE(tau, symmetric=True),
        losses.NTXent(tau),
        losses.DCL(tau, symmetric=True),
        losses.DCL(tau, within_view=False, symmetric=True),
    ]


def dhel(tau: float) -> list[losses.PairLoss]:
    return [losses.DHEL(tau), losses.DHEL(tau, two_view=True)]
