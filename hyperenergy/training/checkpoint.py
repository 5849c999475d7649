"""A training on the disk, whole after every epoch, from which it goes on bit for bit."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path
from typing import Any

import torch

from hyperenergy import files
from hyperenergy.errors import ArgumentError, HyperenergyError
from hyperenergy.training.settings import Settings
from hyperenergy.training.state import State

_KEYS = ("settings", "mark", "modules", "moves", "generator", "epoch", "step", "losses", "seconds")


def write(
    path: Path,
    settings: Settings,
    mark: dict[str, Any],
    state: State,
    moves: torch.optim.Optimizer,
    generator: torch.Generator,
) -> None:
    """Weights, buffers, optimizer, generator and settings; ArgumentError where the file cannot be written.

    The weights' generator has done its work before the first epoch, and has no place in it.
    mark: numbers and texts by name, that must be the same where the training goes on.
    """
    given = {
        "settings": json.dumps(settings.record()),
        "mark": mark,
        "modules": state.modules.state_dict(),
        "moves": moves.state_dict(),
        "generator": generator.get_state(),
        "epoch": state.epoch,
        "step": state.step,
        "losses": state.losses,
        "seconds": state.seconds,
    }
    # (torch says of a full disk what it says of its own mistakes.)
    buffer = io.BytesIO()
    torch.save(given, buffer)
    with files.replacing("checkpoint", path, (".pt",)) as beside:
        beside.write_bytes(buffer.getbuffer())


def read(
    path: Path,
    settings: Settings,
    mark: dict[str, Any],
    state: State,
    moves: torch.optim.Optimizer,
    generator: torch.Generator,
) -> None:
    """Put everything back where it was.

    Only tensors and plain values are read; a file that holds code is refused.  Raises ArgumentError, and changes nothing,
    for a file that is no checkpoint or is cut short, and for one of other settings, which says what differs.
    """
    given = _given(path, state.device)
    other = [*_differences(settings, given["settings"], path)]
    other += [f"{name}: {x!r}, {given['mark'].get(name)!r}" for name, x in mark.items() if given["mark"].get(name) != x]
    if other:
        fix = "give another file, or remove it to begin anew"
        raise ArgumentError(
            "checkpoint", repr(str(path)), f"is of other settings (now, then): {'; '.join(other)}; {fix}"
        )
    state.modules.load_state_dict(given["modules"])
    moves.load_state_dict(given["moves"])
    generator.set_state(given["generator"].cpu())
    state.epoch, state.step, state.seconds = given["epoch"], given["step"], given["seconds"]
    state.losses[:] = given["losses"]


def _given(path: Path, device: torch.device) -> dict[str, Any]:
    try:
        content = io.BytesIO(path.read_bytes())
    except OSError as error:
        raise ArgumentError("checkpoint", repr(str(path)), f"cannot be read ({error.strerror})") from None
    try:
        given = torch.load(content, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError):
        raise _broken(path) from None
    if not isinstance(given, dict) or set(given) != set(_KEYS):
        raise _broken(path)
    return given


def _differences(settings: Settings, text: str, path: Path) -> list[str]:
    try:
        return settings.differences(Settings.of(json.loads(text)))
    except (HyperenergyError, TypeError, ValueError):
        raise _broken(path) from None


def _broken(path: Path) -> ArgumentError:
    fix = "remove it to begin anew"
    return ArgumentError("checkpoint", repr(str(path)), f"is no checkpoint of a training, or is cut short; {fix}")
