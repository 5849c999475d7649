"""The objective that a label in a file means, and how its configuration compares with the prediction."""

from __future__ import annotations

import re
from typing import Any

import torch

from hyperenergy.errors import ArgumentError
from hyperenergy.objectives.base import Objective, relative_norm
from hyperenergy.objectives.naming import parse_objective
from hyperenergy.search.landscape import STATIONARY
from hyperenergy.search.minimum import Minimum, Origin, Status, Stop
from hyperenergy.show.view.load import Configuration
from hyperenergy.theorems import predict
from hyperenergy.theorems.compare import Match, compare
from hyperenergy.theorems.prediction import Prediction

# The comparison of configurations holds their whole Gram matrices, several times.
MOST_COMPARED = 1000


def objective(label: str) -> Objective | None:
    """``Energy(Riesz(s=1), pairs=unordered)`` or ``DHEL(temperature=0.5)`` read back; None for what is neither.

    Law: ``objective(label).label == label`` wherever it is not None.
    """
    energy = re.fullmatch(r"Energy\((.*), pairs=(\w+)\)", label)
    inner, pairs = energy.groups() if energy else (label, "unordered")
    whole = re.fullmatch(r"(\w+)\((.*)\)", inner)
    if not whole:
        return None
    options: dict[str, Any] = {}
    for part in filter(None, re.split(r", (?![^()]*\))", whole[2])):
        key, _, value = part.partition("=")
        nested = re.fullmatch(r"(\w+)\((.*)\)", value)
        options[key] = f"{nested[1]}:{nested[2].replace(', ', ',')}" if nested else value
    try:
        if energy:
            text = ",".join(f"{key}={value}" for key, value in options.items())
            found = parse_objective(f"{whole[1]}:{text}", pairs=pairs)
        else:
            found = parse_objective(whole[1], **options)
    except (ArgumentError, TypeError, ValueError):
        return None
    return found if found.label == label else None


def judge(configuration: Configuration, target: Objective) -> tuple[float, Prediction | None, Match | None]:
    """The value of the configuration, the prediction, and the verdict: that of ``compare``, with the configuration in
    the place of a minimum that was found.  Raises ArgumentError where the objective does not fit the configuration."""
    anchors = torch.from_numpy(configuration.anchors.copy())
    positives = anchors if configuration.positives is None else torch.from_numpy(configuration.positives)
    points, dim = anchors.shape
    rows = target.assemble(anchors, positives)
    values, gradient, scale = target.value_and_gradient(rows[None])
    value = float(values[0])
    if points > MOST_COMPARED:
        return value, None, None
    prediction = predict(target, points, dim)
    if prediction is None:
        return value, None, None
    relative = float(relative_norm(gradient, scale)[0])
    status = Status.ROUND_OFF if relative <= STATIONARY else Status.STALLED
    given = Minimum(
        objective=target,
        value=value,
        rows=rows,
        status=status,
        gradient_norm=relative,
        restarts=1,
        hits=1,
        minima=(),
        iterations=0,
        evaluations=1,
        seed=None,
        origin=Origin.GIVEN,
        path=(),
        hops=0,
        stop=Stop.EXHAUSTED,
    )
    return value, prediction, compare(given, prediction)
