"""Pair energies on a CPU in compiled code, for who has Numba; everything works without it, slower."""

from __future__ import annotations

import functools
import importlib.util
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from hyperenergy.compiled.profile_code import profile_source
from hyperenergy.kernels import Kernel


@functools.cache
def available() -> bool:
    """Whether Numba is installed."""
    return importlib.util.find_spec("numba") is not None


@functools.cache
def compile_profile(kernel: Kernel, number: type = float) -> Any:
    """The compiled ``profile(r)`` of a kernel, which returns kappa(r) and 2 kappa'(r); number: float or numpy.float32."""
    import math

    from hyperenergy.compiled.pairs import jit

    scope: dict[str, Any] = {"math": math, "T": number}
    exec(profile_source(kernel), scope)
    return jit(scope["profile"])


def pair_sum(x: Tensor, kernel: Kernel) -> tuple[float, Tensor]:
    """Energy over ordered pairs of one configuration (points, dim), and its ambient gradient; float64, on the CPU.

    Rows are dealt out to the threads in turns, because row i has points - i - 1 partners; each thread adds up forces of
    its own, so that memory is threads * points * dim.
    """
    from hyperenergy.compiled.pairs import TILE, add_rows

    profile = compile_profile(kernel)
    points = x.shape[0]
    columns = x.T.contiguous().numpy()
    threads = torch.get_num_threads()

    def share(first: int) -> tuple[float, Tensor]:
        forces = torch.zeros(x.shape[1], points, dtype=torch.float64)
        scratch = torch.empty(TILE, dtype=torch.float64).numpy()
        return add_rows(profile, columns, forces.numpy(), first, threads, scratch), forces

    with ThreadPoolExecutor(threads) as pool:
        shares = list(pool.map(share, range(threads)))
    total = sum(value for value, _ in shares)
    forces = torch.stack([forces for _, forces in shares]).sum(0)
    return 2 * total, 2 * forces.T
