"""Objectives in compiled code on a CPU: evaluators of one configuration, and searches, kept on disk between processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from hyperenergy.compiled import pair_code, store
from hyperenergy.compiled.pair_code import work as pair_work
from hyperenergy.compiled.profile_code import (
    curved_profile_source,
    family,
    log_profile_source,
    parameter,
    readable,
)
from hyperenergy.compiled.store import available
from hyperenergy.kernels import Kernel

__all__ = [
    "available",
    "descent_module",
    "kcl_module",
    "kernel_module",
    "log_kernel_module",
    "pair_sum",
    "pair_work",
    "parameter_of",
    "readable",
    "share_module",
    "softmax_module",
    "trust_module",
]


def parameter_of(kernel: Kernel) -> float:
    """The number that the evaluators of this kernel take as its parameter; 0 where they need none."""
    value = parameter(kernel)
    return abs(value) if value is not None else 0.0


def kernel_module(kernel: Kernel, dim: int) -> Any:
    """The module with ``energy`` of this kernel, and ``rough_energy`` where float32 makes it faster."""
    return store.load(f"pairs_{family(kernel)}{pair_code.suffix(dim)}", lambda: pair_code.sums(kernel, dim))


def share_module(kernel: Kernel, dim: int) -> Any:
    """The module with ``share``, the rows of one thread, of this kernel."""
    return store.load(
        f"share_{family(kernel)}{pair_code.suffix(dim)}",
        lambda: pair_code.rows(kernel, dim) + store.text("share_loops"),
    )


def log_kernel_module(kernel: Kernel) -> Any:
    """The module with ``log_energy`` of a kernel that is positive."""
    return store.load(
        f"log_pairs_{family(kernel)}",
        lambda: store.text("elementary") + log_profile_source(kernel) + store.text("log_pair_loops"),
    )


def softmax_module() -> Any:
    """The module with the losses that are logarithms of sums over negatives, and their Hessians' products."""
    return store.load("softmax", lambda: store.text("elementary") + store.text("tiles") + store.text("softmax_loops"))


def kcl_module(kernel: Kernel, alignment: Kernel) -> Any:
    """The module with KCL of two smooth kernels, and its Hessian's product."""

    def source() -> str:
        profiles = curved_profile_source(kernel, "energy_profile")
        profiles += curved_profile_source(alignment, "alignment_profile")
        return store.text("elementary") + store.text("tiles") + profiles + store.text("kcl_loops")

    return store.load(f"kcl_{family(kernel)}_{family(alignment)}", source)


def descent_module(rules: str) -> Any:
    """The module with L-BFGS under these rules (see ``solvers.compiled_search``)."""
    return store.load("descent", lambda: rules + store.text("vectors") + store.text("descent"), compare=True)


def trust_module() -> Any:
    """The module with trust regions."""
    return store.load("trust", lambda: store.text("vectors") + store.text("trust"))


def pair_sum(x: Tensor, kernel: Kernel) -> tuple[float, Tensor]:
    """Energy over ordered pairs of one configuration (points, dim), and its ambient gradient; float64, on the CPU.

    Rows are dealt out to the threads in turns, because row i has points - i - 1 partners; each thread adds up forces of
    its own, so that memory is threads * points * dim.
    """
    import numpy as np

    points, dim = x.shape
    module, parameters = share_module(kernel, dim), np.array([parameter_of(kernel)])
    columns = x.T.contiguous().numpy()
    threads = torch.get_num_threads()

    def share(first: int) -> tuple[float, Tensor]:
        forces = torch.empty(dim, points, dtype=torch.float64)
        scratch = np.empty(pair_work(points, dim))
        return module.share(columns, forces.numpy(), first, threads, parameters, scratch), forces

    with ThreadPoolExecutor(threads) as pool:
        shares = list(pool.map(share, range(threads)))
    total = sum(value for value, _ in shares)
    forces = torch.stack([forces for _, forces in shares]).sum(0)
    return 2 * total, 2 * forces.T
