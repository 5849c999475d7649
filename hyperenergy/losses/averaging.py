"""Which features come from an encoder whose gradients are averaged over processes."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor

# What averages: by name, so that none of them has to be loaded.
_AVERAGING = {"DistributedDataParallel", "FullyShardedDataParallel", "FSDPModule"}
_MARK = "hyperenergy: averaged over processes"
# Nodes of a graph that are looked at.
_MOST = 100_000


@functools.cache
def watch() -> None:
    """From now on, mark in the graph what comes out of modules that average."""
    torch.nn.modules.module.register_module_forward_hook(_mark)


def _mark(module: torch.nn.Module, _: Any, output: Any) -> None:
    if not _AVERAGING.isdisjoint(cls.__name__ for cls in type(module).__mro__):
        _mark_all(output)


def _mark_all(output: Any) -> None:
    if isinstance(output, Tensor) and output.grad_fn is not None:
        _metadata(output.grad_fn)[_MARK] = True
    elif isinstance(output, dict):
        _mark_all(list(output.values()))
    elif isinstance(output, list | tuple):
        for one in output:
            _mark_all(one)


def _metadata(node: Any) -> dict[str, Any]:
    found: dict[str, Any] = node.metadata  # which torch types as a method
    return found


def averages(x: Tensor) -> bool:
    """Whether x depends on what is marked."""
    waiting: list[Any] = [x.grad_fn]
    seen: set[Any] = set()
    while waiting and len(seen) < _MOST:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        if _MARK in _metadata(node):
            return True
        seen.add(node)
        waiting += [other for other, _ in node.next_functions]
    return False
