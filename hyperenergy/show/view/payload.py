"""What the script shows of a configuration, as data: see ``show`` in page.js."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from hyperenergy.objectives.base import Objective
from hyperenergy.search.trajectory import Trajectory
from hyperenergy.show.layout import cluster_order, sample
from hyperenergy.show.view import facts
from hyperenergy.show.view.load import Configuration, Floats
from hyperenergy.show.view.scene import Scene, packed
from hyperenergy.theorems.compare import value_tolerance
from hyperenergy.theorems.prediction import Prediction

MOST_DRAWN = 1000
MOST_GRAM = 400
# A replay has as many moments as fit into this, of those that were recorded.
_REPLAY_BYTES = 600_000


def payload(
    configuration: Configuration,
    prediction: Prediction | None,
    seed: int = 0,
    products: facts.Products | None = None,
) -> dict[str, Any]:
    """The data.  The seed chooses the points that are drawn where there are too many for all; products are those of
    ``facts.products`` with the same seed, where they are known already."""
    x, y = configuration.anchors, configuration.positives
    drawn = sample(len(x), MOST_DRAWN, seed)
    scene = Scene.of(x[drawn], y is not None)
    products = products or facts.products(configuration, seed)
    value = None if configuration.minimum is None else finite(configuration.minimum.value)
    last = scene.moment(
        x[drawn], None if y is None else y[drawn], counts=products.counts.round(3).tolist(), value=value
    )
    moments, gram = [last], _gram(x, seed)
    if configuration.trajectory is not None:
        moments = _replay(configuration.trajectory, scene, seed, last)
        gram["notes"].append("Of the minimum, whatever moment of the search is shown.")
    notes = scene.notes(x[drawn])
    if len(drawn) < len(x):
        notes.insert(
            0, f"A random sample of {len(drawn)} of the {len(x)} points is drawn; neighbors are those within it."
        )
    return {
        "scene": scene.data(),
        "moments": moments,
        "reference": reference(prediction),
        "histogram": {
            "edges": products.edges.round(4).tolist(),
            "uniform": None if products.uniform is None else products.uniform.round(3).tolist(),
            "predicted": _predicted(configuration, prediction),
            "notes": [products.note] if products.note else [],
        },
        "gram": gram,
        "notes": notes,
    }


def finite(value: float) -> float | None:
    """JSON has no infinite numbers: None stands for them."""
    return value if math.isfinite(value) else None


def reference(prediction: Prediction | None) -> dict[str, Any] | None:
    """What values are compared with; the least difference that a double resolves, and the least that counts."""
    if prediction is None:
        return None
    unit = max(1.0, abs(prediction.value))
    return {
        "value": prediction.value,
        "name": f"prediction ({prediction.theorem})",
        "least": float(np.finfo(float).eps) * unit,
        "tolerance": value_tolerance(prediction.objective, prediction.value),
    }


def _replay(way: Trajectory, scene: Scene, seed: int, last: dict[str, Any]) -> list[dict[str, Any]]:
    """The moments of a search, as many as the page has room for; the last one is given."""
    most = max(2, _REPLAY_BYTES // len(json.dumps(last)))
    frames = np.unique(np.rint(np.linspace(0, len(way.rows) - 1, min(most, len(way.rows)))).astype(int))
    moments = []
    for k in frames:
        anchors, positives = (view.numpy() for view in way.objective.views(way.rows[k]))
        drawn = sample(len(anchors), MOST_DRAWN, seed)
        about = {
            "iteration": way.iterations[k],
            "value": finite(float(way.values[k])),
            "stage": on_the_way(way.stages[k], way.objective),
        }
        if k == frames[-1]:
            moments.append({**last, **about})
            break
        counts = facts.histogram(anchors, seed).tolist()
        shown = anchors[drawn], positives[drawn] if scene.paired else None
        moments.append(scene.moment(*shown, counts=counts, **about))
    return moments


def on_the_way(label: str, target: Objective) -> str:
    """What is said of a moment at which the objective with this label was minimized."""
    return "" if label == target.label else f"on the way by {label}"


def _gram(x: Floats, seed: int) -> dict[str, Any]:
    """The Gram matrix, ordered by clusters; of many points, that of a sample."""
    shown = x[sample(len(x), MOST_GRAM, seed)]
    order = cluster_order(shown)
    sampled = f"A random sample of {len(shown)} of the {len(x)} rows and columns is shown."
    return {
        "size": len(shown),
        "values": packed((shown @ shown.T)[np.ix_(order, order)]),
        "notes": [sampled] if len(shown) < len(x) else [],
    }


def _predicted(configuration: Configuration, prediction: Prediction | None) -> list[float]:
    """The distinct inner products that are predicted; of a code, its own."""
    if configuration.code is not None:
        values = [float(x) for x in configuration.code.inner_products]
    elif prediction is not None:
        u = prediction.anchors.numpy()
        values = np.unique((u @ u.T)[np.triu_indices(len(u), 1)].round(6)).tolist()
    else:
        return []
    return [round(x, 6) for x in values] if len(values) <= 100 else []
