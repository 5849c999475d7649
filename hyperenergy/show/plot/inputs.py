"""What the figures of configurations accept: reading it, saying what is wrong with it, and drawing rows from much of it."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from hyperenergy.codes import Code
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import check_points, tensor
from hyperenergy.laws.law import Floats
from hyperenergy.search.minimum import Minimum
from hyperenergy.theorems.prediction import Prediction

# Rows whose pairs are drawn: of more, as many are drawn at random, always the same ones.
MOST_ROWS, SEED = 2000, 0

_EXAMPLES = "must be a Minimum, a Prediction, a Code, or a tensor or array (points, dim): codes.get('icosahedron')"


def rows(x: object, name: str) -> Floats:
    """The rows of a tensor (points, dim); ArgumentError unless it is one, of at least two unit rows."""
    x = tensor(x)
    check_points(x, name)
    assert isinstance(x, Tensor)
    if x.ndim != 2:
        raise ArgumentError(
            name, f"shape {tuple(x.shape)}", f"must have shape (points, dim): one configuration, {name}[0]"
        )
    return np.asarray(x.detach().cpu().double().numpy())


def points(X: object) -> Floats:
    """The points (points, dim) of what is given, the anchors where there are pairs; ArgumentError for anything else."""
    if isinstance(X, Code):
        return np.asarray(X.coordinates)
    if isinstance(X, Minimum | Prediction):
        return rows(X.anchors, "X")
    if not isinstance(X, Tensor | np.ndarray):
        raise ArgumentError("X", type(X).__name__, _EXAMPLES)
    return rows(X, "X")


def name(X: object) -> str:
    """What is drawn, for a title: empty for bare points."""
    if isinstance(X, Code):
        return X.name
    if isinstance(X, Minimum):
        return X.objective.label
    return f"prediction of {X.theorem}" if isinstance(X, Prediction) else ""


def drawn(x: Floats) -> tuple[Floats, str]:
    """At most MOST_ROWS of the rows, and how many they are, in words."""
    size, dim = x.shape
    if size <= MOST_ROWS:
        return x, f"{size} points in $\\mathbb{{R}}^{{{dim}}}$"
    chosen = np.sort(np.random.default_rng(SEED).choice(size, MOST_ROWS, replace=False))
    return x[chosen], f"{MOST_ROWS} of {size} points in $\\mathbb{{R}}^{{{dim}}}$, drawn with seed {SEED}"


def title(*lines: str) -> str:
    """The lines that are not empty."""
    return "\n".join(line for line in lines if line)
