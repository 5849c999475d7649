"""The rules by which descents accept, shorten, turn and end: the same lines for tensors of all starts in torch, and for the
numbers of one start in compiled code, which begins with this text.

So they are arithmetic and comparisons alone, with & and | for and, or.  Sources: see ``lbfgs`` and ``trust_region``.
"""

# mypy: ignore-errors

from __future__ import annotations

# Armijo's and the curvature constant of the Wolfe conditions; the usual values for quasi-Newton methods.
DECREASE, CURVATURE = 1e-4, 0.9
# The first displacement of the point with the steepest gradient.
FIRST_STEP = 0.1
# No point moves further than this (as a chord) in one trial: beyond, the quadratic model means nothing.
LONGEST_STEP = 0.5
# A rejected step is shortened to this part at least, and at most.
SHORTEST, LONGEST = 0.1, 0.5
# Rejected trials after which a line search has failed.
MOST_REJECTIONS = 25
# Accepted steps without any progress beyond round-off after which there is none to be had.
MOST_IDLE = 100
# A gradient norm below this part of the least one is progress.
BETTER = 0.9
# Cosines: between a direction and the gradient, and between a displacement and the change of the gradient along it.
LEAST_DESCENT, LEAST_CURVATURE = 1e-8, 1e-10
# Units of round-off in a value.
UNITS = 4
# Radii of the trust region, of the step length over all points.
FIRST_RADIUS, LARGEST_RADIUS = 0.1, 1.0
# A step is accepted above the first ratio of actual to predicted decrease; radii shrink, to a quarter of the step, below the
# second, and double above the third: the usual values.
ACCEPT, SHRINK, GROW = 0.1, 0.25, 0.75


def round_off(value, scale, spread, eps):
    """In the value: a perturbation eps of each unit vector changes it by |ambient gradient| sqrt(rows) eps; spread is that
    root."""
    return UNITS * eps * (abs(value) + scale * spread)


def accepts(trial, value, step, slope, along, floor):
    """Armijo's condition, or at the level of round-off the approximate Wolfe condition on slopes: along is the one at the
    trial."""
    armijo = trial <= value + DECREASE * step * slope
    flat = (trial <= value + floor) & (abs(along) <= CURVATURE * abs(slope))
    return armijo | flat


def progresses(trial, value, floor, norm, least):
    """Of an accepted trial, of this relative gradient norm."""
    return (trial < value - floor) | (norm < BETTER * least)


def parabola(trial, value, step, slope):
    """The part of a rejected step at which the parabola through value, slope and the rejected value is least.  What is not
    positive says nothing."""
    return -slope * step / (2 * (trial - value - step * slope))


def curved(sy, length):
    """Whether displacement and change of gradient, of this product of lengths, tell of a positive curvature."""
    return sy > LEAST_CURVATURE * length


def descends(slope, length):
    """Whether a direction, of this product of lengths with the gradient, clearly leads down."""
    return slope <= -LEAST_DESCENT * length
