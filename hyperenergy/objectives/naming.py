"""Losses, kernels and lists from the words of a command line.

A name is a class name in lower case with dashes (``dhel``, ``nt-xent``, ``inverse-multiquadric``; dashes may be left
out), followed by parameters: ``riesz:s=1``, ``dcl:temperature=0.5,within_view=false``.
"""

from __future__ import annotations

import inspect
import re
from fractions import Fraction
from typing import Any, cast

from hyperenergy import kernels, losses
from hyperenergy.energies.energy import Pairs, pair_weight
from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.kernels.base import Kernel
from hyperenergy.losses.base import Loss
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.phi_psi import PhiPsi
from hyperenergy.objectives.base import BatchLoss, Energy, Objective
from hyperenergy.objectives.packing import Packing, SoftmaxCode


def command_name(cls: type) -> str:
    """The class name in lower case with dashes: InverseMultiquadric -> inverse-multiquadric, NTXent -> nt-xent."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", cls.__name__).lower()


# The (phi,psi)-family takes functions, which have no place on a command line.
LOSSES = {command_name(cls): cls for cls in losses.LOSSES.values() if issubclass(cls, PairLoss) and cls is not PhiPsi}
ALL_LOSSES = {command_name(cls): cls for cls in losses.LOSSES.values() if cls is not PhiPsi}
KERNELS = {command_name(cls): cls for cls in kernels.KERNELS.values()}
LARGEST_TERMS: dict[str, type] = {command_name(cls): cls for cls in (Packing, SoftmaxCode)}


def parse_kernel(text: str) -> Kernel:
    """``gaussian:t=2`` -> Gaussian(t=2)."""
    kernel = _build("kernel", text, KERNELS, {})
    assert isinstance(kernel, Kernel)
    return kernel


def parse_objective(text: str, *, pairs: str = "unordered", **options: Any) -> Objective:
    """A loss, or the energy of a kernel in the given pair convention.  Options that are None are not given."""
    pair_weight(pairs, 2)
    given = {key: value for key, value in options.items() if value is not None}
    if _plain(text.partition(":")[0]) in map(_plain, KERNELS):
        if given:
            raise ArgumentError(
                next(iter(given)), next(iter(given.values())), f"the energy of {text} has no such option"
            )
        return Energy(parse_kernel(text), cast(Pairs, pairs))  # pair_weight let it pass
    if pairs != "unordered":
        raise ArgumentError("pairs", repr(pairs), "goes with the energy of a kernel; a loss has its own average")
    found = _build("objective", text, {**LOSSES, **KERNELS, **LARGEST_TERMS}, given)
    return found if isinstance(found, Objective) else BatchLoss(found)


def parse_loss(text: str, *, argument: str = "loss", **options: Any) -> Loss:
    """A loss of any kind: of pairs, of labeled points, of several views.  Options that are None are not given."""
    given = {key: value for key, value in options.items() if value is not None}
    loss = _build(argument, text, ALL_LOSSES, given)
    assert isinstance(loss, Loss)
    return loss


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _build(argument: str, text: str, classes: dict[str, type], options: dict[str, Any]) -> Any:
    name, _, rest = text.partition(":")
    known = {_plain(key): cls for key, cls in classes.items()}
    cls = known.get(_plain(name))
    if cls is None:
        raise unknown_name(argument, name, classes)
    parameters = {k: p for k, p in inspect.signature(cls).parameters.items() if p.kind is not p.KEYWORD_ONLY}
    given = dict(options)
    for part in filter(None, rest.split(",")):
        key, _, value = part.partition("=")
        if key in given:
            raise ArgumentError(f"{argument} {name}", part, f"{key} is given already, as {given[key]}")
        given[key] = value
    unknown = sorted(set(given) - set(parameters))
    if unknown:
        raise ArgumentError(
            f"{argument} {name}",
            f"{unknown[0]}={given[unknown[0]]}",
            f"its parameters are: {', '.join(parameters) or 'none'}",
        )
    missing = [k for k, p in parameters.items() if p.default is p.empty and k not in given]
    if missing:
        raise ArgumentError(missing[0], "nothing", f"{name} needs it, e.g. {missing[0]}=gaussian:t=2")
    return cls(**{key: _value(key, value, parameters[key].default) for key, value in given.items()})


def _value(key: str, value: Any, default: Any) -> Any:
    """A parameter from its text, in the type of the default."""
    if not isinstance(value, str):
        return value
    if key.endswith("kernel"):
        return parse_kernel(value)
    if isinstance(default, bool):
        if value.lower() not in ("true", "false"):
            raise ArgumentError(key, repr(value), "allowed: true, false")
        return value.lower() == "true"
    return parse_number(key, value)


def parse_number(argument: str, text: str) -> int | float | Fraction:
    """An integer, a fraction such as -1/2, or a decimal."""
    for kind in (int, float, Fraction):
        try:
            return kind(text)
        except (ValueError, ZeroDivisionError):
            continue
    raise ArgumentError(argument, repr(text), "must be a number")


def parse_integers(argument: str, text: str | None) -> tuple[int, ...] | None:
    """``2,3,5`` or ``2..8`` or a mixture."""
    if text is None:
        return None
    numbers: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,30})(?:\.\.(\d{1,30}))?\s*", part)
        if match is None:
            raise ArgumentError(argument, repr(text), "must be integers such as 2,3,5 or a range such as 2..8")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first > 10_000:
            raise ArgumentError(argument, repr(text), f"the range {part.strip()} is empty or too long")
        numbers += range(first, last + 1)
    return tuple(dict.fromkeys(numbers))


def parse_decimals(argument: str, text: str | None) -> tuple[float, ...] | None:
    """``0.1,0.5``."""
    if text is None:
        return None
    return tuple(float(parse_number(argument, part.strip())) for part in text.split(","))
