"""How a configuration from a file compares with the prediction of the objective that the file names."""

from __future__ import annotations

import torch

from hyperenergy.errors import ArgumentError
from hyperenergy.objectives.base import Objective, relative_norm
from hyperenergy.search.landscape import STATIONARY
from hyperenergy.search.minimum import Status
from hyperenergy.show.view.load import Configuration
from hyperenergy.theorems import predict
from hyperenergy.theorems.compare import Given, Match, compare
from hyperenergy.theorems.prediction import Prediction

# The comparison of configurations holds their whole Gram matrices, several times.
MOST_COMPARED = 1000


def judge(configuration: Configuration, target: Objective) -> tuple[float, Prediction | None, Match | None]:
    """The value of the configuration, the prediction, and the verdict: that of ``compare``, with the configuration in
    the place of a minimum that was found.  Raises ArgumentError where the objective does not fit the configuration."""
    anchors = torch.from_numpy(configuration.anchors.copy())
    positives = anchors if configuration.positives is None else torch.from_numpy(configuration.positives)
    points, dim = anchors.shape
    whole = configuration.rows
    rows = target.assemble(anchors, positives) if whole is None else torch.from_numpy(whole)
    if rows.shape != (target.rows(points), dim):
        raise ArgumentError("rows", tuple(rows.shape), f"must be {(target.rows(points), dim)}")
    values, gradient, scale = target.value_and_gradient(rows[None])
    value = float(values[0])
    if points > MOST_COMPARED:
        return value, None, None
    prediction = predict(target, points, dim)
    if prediction is None:
        return value, None, None
    relative = float(relative_norm(gradient, scale)[0])
    status = Status.ROUND_OFF if relative <= STATIONARY else Status.STALLED
    given = Given(target, value, rows, status)
    return value, prediction, compare(given, prediction)
