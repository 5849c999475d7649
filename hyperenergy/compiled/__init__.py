"""Objectives in compiled code on a CPU: evaluators of one configuration, and searches, kept on disk between processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from hyperenergy.compiled import pair_code
from hyperenergy.compiled.pair_code import work as pair_work
from hyperenergy.compiled.profile_code import curved_profile_source, family, log_profile_source, parameter, readable
from hyperenergy.compiled.store import Text, available, inlined, load, prepare, text
from hyperenergy.kernels.base import Kernel

__all__ = [
    "Text",
    "available",
    "descent",
    "inlined",
    "kcl",
    "load",
    "log_pairs",
    "pair_sum",
    "pair_work",
    "pairs",
    "parameter_of",
    "prepare",
    "readable",
    "shares",
    "softmax",
    "trust",
]


def parameter_of(kernel: Kernel) -> float:
    """The number that the evaluators of this kernel take as its parameter; 0 where they need none."""
    value = parameter(kernel)
    return abs(value) if value is not None else 0.0


def pairs(kernel: Kernel, dim: int) -> Text:
    """Of the module with ``energy`` of this kernel, and ``rough_energy`` where float32 makes it faster."""
    return Text(f"pairs_{family(kernel)}{pair_code.suffix(dim)}", lambda: pair_code.sums(kernel, dim))


def shares(kernel: Kernel, dim: int) -> Text:
    """Of the module with ``share``, the rows of one thread, of this kernel."""
    name = f"share_{family(kernel)}{pair_code.suffix(dim)}"
    return Text(name, lambda: pair_code.rows(kernel, dim) + text("share_loops"))


def log_pairs(kernel: Kernel) -> Text:
    """Of the module with ``log_energy`` of a kernel that is positive."""
    name = f"log_pairs_{family(kernel)}"
    return Text(name, lambda: text("elementary") + log_profile_source(kernel) + text("log_pair_loops"))


def softmax(aligned: bool) -> Text:
    """Of the module with the losses that are logarithms of sums over negatives, and their Hessians' products; aligned: of
    positives equal to anchors."""
    names = ["elementary", "tiles", "softmax_loops", *(["aligned_softmax_loops"] if aligned else [])]
    return Text("aligned_softmax" if aligned else "softmax", lambda: "".join(map(text, names)))


def kcl(kernel: Kernel, alignment: Kernel) -> Text:
    """Of the module with KCL of two smooth kernels, and its Hessian's product."""

    def source() -> str:
        profiles = curved_profile_source(kernel, "energy_profile")
        profiles += curved_profile_source(alignment, "alignment_profile")
        return text("elementary") + text("tiles") + profiles + text("kcl_loops")

    return Text(f"kcl_{family(kernel)}_{family(alignment)}", source)


def descent(rules: str) -> Text:
    """Of the module with L-BFGS under these rules (see ``solvers.compiled_search``)."""
    return Text("descent", lambda: rules + text("vectors") + text("descent"), compare=True)


def trust(rules: str) -> Text:
    """Of the module with trust regions under these rules."""
    return Text("trust", lambda: rules + text("vectors") + text("trust"), compare=True)


def pair_sum(x: Tensor, kernel: Kernel) -> tuple[float, Tensor]:
    """Energy over ordered pairs of one configuration (points, dim), and its ambient gradient; float64, on the CPU.

    Rows are dealt out to the threads in turns, because row i has points - i - 1 partners; each thread adds up forces of
    its own, so that memory is threads * points * dim.
    """
    import numpy as np

    points, dim = x.shape
    module, parameters = load(shares(kernel, dim)), np.array([parameter_of(kernel)])
    columns = x.T.contiguous().numpy()
    threads = torch.get_num_threads()

    def share(first: int) -> tuple[float, Tensor]:
        forces = torch.empty(dim, points, dtype=torch.float64)
        scratch = np.empty(pair_work(points, dim))
        return module.share(columns, forces.numpy(), first, threads, parameters, scratch), forces

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(share, range(threads)))
    total = sum(value for value, _ in found)
    forces = torch.stack([forces for _, forces in found]).sum(0)
    return 2 * total, 2 * forces.T
