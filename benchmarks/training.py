"""Losses as training uses them: forward and backward of a large batch, beside the shortest expression of each in torch.

Each case and side is a process of its own: seconds are the best of some calls after a first one, memory is the most that the
process had resident in a call, above what it had before: gradients count, inputs do not.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import hyperenergy as he

POINTS, DIM, TAU = 8192, 128, 0.1
# Calls that are timed, after one that is not; rows of a block of bare products.
CALLS, ROWS = 3, 512
# More than this times the bare products counts as a miss, and memory above this share of the expression's.
BARE, MEMORY = 1.25, 0.03

Pair = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Case:
    """ours and the shortest expression, of unit rows; products: of M x M by d, that ours cannot do without; faster: how many
    times as fast as the expression it is to be."""

    ours: Callable[[], Pair]
    theirs: Pair
    products: float
    faster: float = 1.0


def masked(x: Tensor) -> Tensor:
    return x.fill_diagonal_(-math.inf)


def info_nce(u: Tensor, v: Tensor) -> Tensor:
    return F.cross_entropy(u @ v.T / TAU, torch.arange(len(u), device=u.device))


def symmetric(u: Tensor, v: Tensor) -> Tensor:
    x, own = u @ v.T / TAU, torch.arange(len(u), device=u.device)
    return (F.cross_entropy(x, own) + F.cross_entropy(x.T, own)) / 2


def sim_clr(u: Tensor, v: Tensor) -> Tensor:
    return F.cross_entropy(torch.cat([u @ v.T, masked(u @ u.T)], 1) / TAU, torch.arange(len(u), device=u.device))


def nt_xent(u: Tensor, v: Tensor) -> Tensor:
    z, M = torch.cat([u, v]), len(u)
    return F.cross_entropy(masked(z @ z.T) / TAU, torch.arange(2 * M, device=u.device).roll(M))


def dcl(u: Tensor, v: Tensor) -> Tensor:
    x = torch.cat([masked(u @ v.T), masked(u @ u.T)], 1) / TAU
    return (torch.logsumexp(x, 1) - (u * v).sum(1) / TAU).mean()


def dhel(u: Tensor, v: Tensor) -> Tensor:
    return (torch.logsumexp(masked(u @ u.T) / TAU, 1) - (u * v).sum(1) / TAU).mean()


def kcl(kernel: Callable[[Tensor], Tensor], alignment: Callable[[Tensor], Tensor] | None = None) -> Pair:
    def loss(u: Tensor, v: Tensor) -> Tensor:
        apart = (alignment or kernel)((u - v).square().sum(1)).mean()
        r = (2 - 2 * u @ u.T).clamp(min=1e-12)
        return 16 * (kernel(r).sum() - kernel(r.diagonal()).sum()) / (len(u) * (len(u) - 1)) - apart

    return loss


def align_uniform(u: Tensor, v: Tensor) -> Tensor:
    spread = sum(torch.pdist(x).pow(2).mul(-2).exp().mean().log() for x in (u, v))
    return (u - v).square().sum(1).mean() + spread / 2


def sig_lip(u: Tensor, v: Tensor) -> Tensor:
    x = 10 * u @ v.T - 10
    return -F.logsigmoid((2 * torch.eye(len(u), device=u.device) - 1) * x).sum() / len(u)


def spectral(u: Tensor, v: Tensor) -> Tensor:
    x, M = u @ v.T, len(u)
    own = x.diagonal()
    return (x.square().sum() - own.square().sum()) / (M * (M - 1)) - 2 * own.mean()


def sup_con(u: Tensor, v: Tensor) -> Tensor:
    z, labels = u, torch.arange(len(u), device=u.device) % 32
    same = (labels[:, None] == labels).float().fill_diagonal_(0)
    x = z @ z.T / TAU
    logs = x - torch.logsumexp(masked(x.clone()), 1, keepdim=True)
    return -((logs * same).sum(1) / same.sum(1)).mean()


def cases() -> dict[str, Case]:
    labels = torch.arange(POINTS) % 32

    def labeled() -> Pair:
        loss = he.SupCon(TAU, normalize=False)
        return lambda u, v: loss(u, labels[: len(u)].to(u.device))

    def laplacian() -> Pair:
        return he.KCL(he.Laplace(1), alignment_kernel=he.Gaussian(2), normalize=False)

    laplace = kcl(lambda r: (-r.sqrt()).exp(), lambda r: (-2 * r).exp())
    return {
        "InfoNCE": Case(lambda: he.InfoNCE(TAU, normalize=False), info_nce, 3, 1.7),
        "InfoNCE symmetric": Case(lambda: he.InfoNCE(TAU, symmetric=True, normalize=False), symmetric, 4),
        "SimCLR": Case(lambda: he.SimCLR(TAU, normalize=False), sim_clr, 6),
        "NT-Xent": Case(lambda: he.NTXent(TAU, normalize=False), nt_xent, 8, 2.0),
        "DCL": Case(lambda: he.DCL(TAU, normalize=False), dcl, 6),
        "DHEL": Case(lambda: he.DHEL(TAU, normalize=False), dhel, 2, 2.0),
        "KCL Gaussian": Case(lambda: he.KCL(he.Gaussian(2), normalize=False), kcl(lambda r: (-2 * r).exp()), 1.5, 2.0),
        "KCL inverse multiquadric": Case(
            lambda: he.KCL(he.InverseMultiquadric(1), normalize=False), kcl(lambda r: (1 + r).rsqrt()), 1.5, 2.0
        ),
        "KCL Laplace": Case(laplacian, laplace, 1.5, 2.0),
        "AlignUniform": Case(lambda: he.AlignUniform(normalize=False), align_uniform, 3),
        "SigLIP": Case(lambda: he.SigLIP(10, -10, normalize=False), sig_lip, 3),
        "spectral": Case(lambda: he.SpectralContrastive(normalize=False), spectral, 0.0, 2.0),
        "SupCon": Case(labeled, sup_con, 2),
    }


# The case, the module, and the most pairs that it is asked for: at 512 pytorch-metric-learning takes 17 GiB.
PEERS = {
    "linear_cross_entropy": ("InfoNCE", "torch", POINTS),
    "lightly": ("NT-Xent", "lightly", POINTS),
    "pytorch-metric-learning": ("NT-Xent", "pytorch_metric_learning", 256),
}


def peer(name: str) -> Pair:
    if name == "linear_cross_entropy":
        function = torch.nn.functional.linear_cross_entropy  # type: ignore[attr-defined]  # of torch 2.13, not in its stubs

        def fused(u: Tensor, v: Tensor) -> Tensor:
            own = torch.arange(len(u), device=u.device)
            return function(u / TAU, v, own)  # type: ignore[no-any-return]  # for the same reason

        return fused
    if name == "lightly":
        from lightly.loss import NTXentLoss

        loss = NTXentLoss(temperature=TAU)
        return lambda u, v: loss(u, v)
    from pytorch_metric_learning.losses import NTXentLoss as Learned

    learned = Learned(temperature=TAU)
    return lambda u, v: learned(torch.cat([u, v]), torch.arange(len(u), device=u.device).repeat(2))


def bare(products: float, u: Tensor, v: Tensor) -> None:
    """So many products of M x M by d, a block of rows after the other, in one place."""
    M, buffer, out = len(u), torch.empty(ROWS, len(u), device=u.device, dtype=u.dtype), torch.zeros_like(u)
    for start in range(0, M, ROWS):
        rows = slice(start, start + ROWS)
        torch.mm(u[rows], v.T, out=buffer)
        torch.mm(buffer, v, out=out[rows])
        out.addmm_(buffer.T, u[rows])


def resident(what: str) -> float:
    """MiB that are (VmRSS), or at most were (VmHWM), resident."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def run(name: str, side: str, points: int) -> dict[str, float]:
    """Seconds and MiB of one side of a case, in this process."""
    torch.manual_seed(0)
    u = F.normalize(torch.randn(points, DIM), dim=-1)
    v = F.normalize(u + torch.randn(points, DIM) / DIM**0.5, dim=-1)
    if side == "bare":
        for _ in range(2):
            began = time.perf_counter()
            bare(3, u, v)
            seconds = time.perf_counter() - began
        return {"seconds": seconds * cases()[name].products / 3, "mebibytes": math.nan}
    sides: dict[str, Callable[[], Pair]] = {"ours": cases()[name].ours, "theirs": lambda: cases()[name].theirs}
    loss = sides.get(side, lambda: he.InfoNCE(TAU) if side == "default" else peer(side))()

    def call(a: Tensor, b: Tensor) -> float:
        a, b = a.detach().requires_grad_(True), b.detach().requires_grad_(True)
        began = time.perf_counter()
        value = loss(a, b)
        value.backward()
        assert a.grad is not None and bool(value.isfinite())
        return time.perf_counter() - began

    call(u[:64], v[:64])
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the most resident begins anew
    call(u, v)
    most = resident("VmHWM") - before
    return {"seconds": min(call(u, v) for _ in range(CALLS)), "mebibytes": most}


def fresh(name: str, side: str, points: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.training", name, side, str(points)]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        return {"seconds": math.nan, "mebibytes": math.nan}
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def measure(say: Callable[[str], None], points: int = POINTS) -> bool:
    say(f"\nlosses in training: forward and backward, float32, M={points}, d={DIM}; MiB above the inputs")
    say(
        f"{'loss':<26} {'s':>6} {'bare':>6} {'ratio':>6} {'torch':>6} {'faster':>7} {'MiB':>6} {'torch':>6} {'share':>6}"
    )
    good = True
    for name, case in cases().items():
        ours, theirs, products = (fresh(name, side, points) for side in ("ours", "theirs", "bare"))
        ratio = ours["seconds"] / products["seconds"] if case.products else math.nan
        faster, share = theirs["seconds"] / ours["seconds"], ours["mebibytes"] / theirs["mebibytes"]
        misses = [] if ratio <= BARE or not case.products else [f"ratio above {BARE}"]
        misses += [] if faster >= case.faster else [f"faster below {case.faster}"]
        misses += [] if share <= MEMORY else [f"memory above {MEMORY:.0%}"]
        good = good and not misses
        say(
            f"{name:<26} {ours['seconds']:>6.3f} {products['seconds']:>6.3f} {ratio:>6.2f} {theirs['seconds']:>6.3f} "
            f"{faster:>6.1f}x {ours['mebibytes']:>6.0f} {theirs['mebibytes']:>6.0f} {share:>6.1%} {', '.join(misses)}"
        )
    say(f"\n{'peer':<26} {'M':>6} {'s':>6} {'MiB':>6}   ours: s, MiB")
    for name, (case_name, module, most) in PEERS.items():
        if importlib.util.find_spec(module) is None:
            say(f"{name:<26} is not installed")
            continue
        size = min(points, most)
        theirs, ours = fresh(case_name, name, size), fresh(case_name, "ours", size)
        good = good and ours["seconds"] <= 1.1 * theirs["seconds"] and ours["mebibytes"] < theirs["mebibytes"]
        say(
            f"{name:<26} {size:>6} {theirs['seconds']:>6.3f} {theirs['mebibytes']:>6.0f}   {case_name}: "
            f"{ours['seconds']:.3f}, {ours['mebibytes']:.0f}"
        )
    usual = fresh("InfoNCE", "default", points)
    say(f"\nInfoNCE of raw features, as it is by default: {usual['seconds']:.3f} s, {usual['mebibytes']:.0f} MiB")
    large = fresh("DHEL", "ours", 65536)
    say(f"DHEL, M=65536: {large['seconds']:.1f} s, {large['mebibytes']:.0f} MiB above the inputs (bar: 1024)")
    return good and large["mebibytes"] <= 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=list(cases()))
    parser.add_argument("side")
    parser.add_argument("points", type=int)
    given: Any = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    print(json.dumps(run(given.name, given.side, given.points)))
