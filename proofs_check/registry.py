"""The proofs by name."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import proofs_check
from hyperenergy import theorems
from hyperenergy.errors import unknown_name

_MACHINERY = {"__main__", "exact", "kept", "registry", "rules", "steps"}


def names() -> list[str]:
    """Ids in lower case, as the modules are named."""
    return sorted(
        module.name for module in pkgutil.iter_modules(proofs_check.__path__) if module.name not in _MACHINERY
    )


def load(name: str) -> ModuleType:
    """The module of a result, "B1" or "b1".  ArgumentError, with near matches, for others."""
    if name.lower() not in names():
        raise unknown_name("proof", name, names())
    return importlib.import_module(f"proofs_check.{name.lower()}")


def said(name: str) -> tuple[str, str]:
    """What is proved, and whose result it is: by ``hyperenergy.theorems``, or by the module of what is not among them."""
    ids = {id.lower(): id for id in theorems.names()}
    if name.lower() in ids:
        theorem = theorems.get(ids[name.lower()])
        return theorem.statement, theorem.source
    module = load(name)
    return module.STATEMENT, module.SOURCE
