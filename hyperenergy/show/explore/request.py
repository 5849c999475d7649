"""What a person can ask for: the choices of the form, and what it sent."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hyperenergy.checks import integer, positive
from hyperenergy.errors import ArgumentError
from hyperenergy.objectives.base import Objective, check_configuration
from hyperenergy.objectives.naming import KERNELS, LOSSES, parse_number, parse_objective

# Sizes that a page shows while they move.
MOST_POINTS, MOST_DIM, MOST_RESTARTS = 500, 64, 64
# What is filled in where a class has no default of its own.
_FILLED = {"kernel": "gaussian:t=2"}


# Searches worth watching: what the form is filled with, beside the defaults of the objective.
EXAMPLES: dict[str, dict[str, str]] = {
    "DHEL: four pairs become a tetrahedron": {"objective": "dhel", "points": "4", "dim": "3", "temperature": "0.5"},
    "InfoNCE: twelve pairs become an icosahedron": {
        "objective": "info-nce",
        "points": "12",
        "dim": "3",
        "temperature": "0.5",
    },
    "DCL pulls five pairs apart": {"objective": "dcl", "points": "5", "dim": "3", "temperature": "0.1"},
    "24 charges on a sphere": {"objective": "riesz", "points": "24", "dim": "3", "parameters": "s=1"},
    "120 points in four dimensions: the 600-cell": {
        "objective": "riesz",
        "points": "120",
        "dim": "4",
        "parameters": "s=2",
    },
}


@dataclass(frozen=True)
class Choice:
    """A loss or kernel to pick: whether it takes a temperature, and its other parameters as one would type them."""

    name: str
    label: str
    temperature: bool
    parameters: str


def choices() -> dict[str, list[Choice]]:
    """Losses and kernels, each with parameters that work."""
    return {
        "Losses": [_choice(name, cls) for name, cls in LOSSES.items()],
        "Kernels": [_choice(name, cls) for name, cls in KERNELS.items()],
    }


def _choice(name: str, cls: type) -> Choice:
    parameters = {k: p for k, p in inspect.signature(cls).parameters.items() if p.kind is not p.KEYWORD_ONLY}
    shown = []
    for key, parameter in parameters.items():
        value = _FILLED.get(key) if parameter.default is parameter.empty else parameter.default
        if key != "temperature" and value is not None:
            shown.append(f"{key}={str(value).lower() if isinstance(value, bool) else value}")
    return Choice(name, cls.__name__, "temperature" in parameters, ",".join(shown))


@dataclass(frozen=True)
class Request:
    """A search."""

    objective: Objective
    points: int
    dim: int
    restarts: int
    seed: int

    @staticmethod
    def parse(form: Mapping[str, Any]) -> Request:
        """From the texts of the form.  ArgumentError, with the name of the field, for what cannot be searched."""
        temperature = _text(form, "temperature")
        options: dict[str, Any] = {}
        if temperature:
            options["temperature"] = positive("temperature", parse_number("temperature", temperature))
        objective = parse_objective(f"{_text(form, 'objective')}:{_text(form, 'parameters')}", **options)
        points = integer("points", _integer(form, "points"), 2, MOST_POINTS)
        dim = integer("dim", _integer(form, "dim"), 1, MOST_DIM)
        check_configuration(objective, points, dim)
        return Request(
            objective,
            points,
            dim,
            integer("restarts", _integer(form, "restarts"), 1, MOST_RESTARTS),
            integer("seed", _integer(form, "seed"), 0, 2**31),
        )


def _text(form: Mapping[str, Any], key: str) -> str:
    value = form.get(key, "")
    if not isinstance(value, str) or len(value) > 200:
        raise ArgumentError(key, repr(value)[:40], "must be a short text")
    return value.strip()


def _integer(form: Mapping[str, Any], key: str) -> object:
    return parse_number(key, _text(form, key))
