"""What one of several processes does in the tests of distributed losses: ``python -m tests.losses.processes``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor

import hyperenergy as he

TAU, DIM = 0.3, 6
SIZES: dict[int, tuple[int, ...]] = {2: (3, 5), 3: (4, 1, 6), 4: (2, 3, 1, 2)}


def learned(value: float) -> Any:
    return torch.nn.Parameter(torch.tensor(value, dtype=torch.float64))


PAIRS: dict[str, Callable[[], he.PairLoss]] = {
    "info_nce": lambda: he.InfoNCE(learned(TAU)),
    "info_nce_symmetric": lambda: he.InfoNCE(he.Temperature(TAU).double(), symmetric=True),
    "sim_clr": lambda: he.SimCLR(learned(TAU)),
    "nt_xent": lambda: he.NTXent(TAU),
    "dcl": lambda: he.DCL(TAU, symmetric=True),
    "dcl_cross": lambda: he.DCL(TAU, within_view=False),
    "dclw": lambda: he.DCLW(TAU, learned(0.5)),
    "dhel": lambda: he.DHEL(TAU),
    "dhel_two": lambda: he.DHEL(TAU, two_view=True),
    "kcl": lambda: he.KCL(he.Gaussian(2), gamma=learned(3.0)),
    "kcl_width": lambda: he.KCL(he.Gaussian(learned(2.0)), two_view=True),
    "kcl_cusp": lambda: he.KCL(he.Laplace(1), alignment_kernel=he.Gaussian(1)),
    "align_uniform": lambda: he.AlignUniform(t=learned(2.0)),
    "sig_lip": lambda: he.SigLIP(learned(5.0), learned(-2.0)),
    "spectral": lambda: he.SpectralContrastive(),
    "phi_psi": lambda: he.PhiPsi(torch.log1p, torch.exp),
}
CALLS = ("mean", "sum", "none", "ids", "negatives")


def data(pairs: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(3)
    found = {name: torch.randn(pairs, DIM, generator=generator, dtype=torch.float64) for name in ("U", "V", "N")}
    return found | {"ids": torch.arange(pairs) % 4, "labels": torch.arange(pairs) % 3}


def outcome(loss: torch.nn.Module, call: Callable[..., Tensor], *features: Tensor) -> list[Tensor]:
    """Values, then gradients by the features and by what is learned."""
    leaves = [x.clone().requires_grad_(True) for x in features]
    value = call(*leaves)
    value.sum().backward()
    return [value.detach(), *(x.grad for x in (*leaves, *loss.parameters()) if x.grad is not None)]


def everything(part: dict[str, Tensor], wrap: Callable[[Any], Callable[..., Tensor]]) -> dict[str, list[Tensor]]:
    found = {}
    for name, make in PAIRS.items():
        for how in CALLS:
            loss = make()
            if how == "negatives" and not loss.takes_negatives:
                continue
            loss.reduction = how if how in ("mean", "sum", "none") else "mean"  # type: ignore[assignment]
            outer = wrap(loss)
            options = {"ids": part["ids"]} if how == "ids" else {}

            def call(
                u: Tensor, v: Tensor, n: Tensor, how: str = how, outer: Any = outer, options: Any = options
            ) -> Tensor:
                further = {"negatives": n} if how == "negatives" else {}
                return outer(u, v, **options, **further)

            found[f"{name} {how}"] = outcome(loss, call, part["U"], part["V"], part["N"])
    reductions: tuple[Literal["mean", "none"], ...] = ("mean", "none")
    for reduction in reductions:
        for ignore in (None, 1):
            labeled = he.SupCon(learned(TAU), ignore=ignore, reduction=reduction)
            outer = wrap(labeled)
            found[f"sup_con {reduction} {ignore}"] = outcome(
                labeled, lambda u, outer=outer: outer(u, part["labels"]), part["U"]
            )
        for kind in (he.MultiViewInfoNCE, he.MultiViewDHEL):
            views = kind(learned(TAU), reduction=reduction)
            outer = wrap(views)
            found[f"{kind.__name__} {reduction}"] = outcome(
                views, lambda u, v, n, outer=outer: outer(torch.stack([u, v, n])), part["U"], part["V"], part["N"]
            )
    return found


def encoder_gradients(part: dict[str, Tensor], ddp: bool) -> list[Tensor]:
    """Of an encoder and a temperature, after a step of DistributedDataParallel or of one process."""
    torch.manual_seed(0)
    encoder: torch.nn.Module = torch.nn.Linear(DIM, 4, dtype=torch.float64)
    loss = he.InfoNCE(he.Temperature(TAU).double(), symmetric=True)
    objective: torch.nn.Module = loss
    if ddp:
        encoder, objective = torch.nn.parallel.DistributedDataParallel(encoder), he.Distributed(loss)
    objective(encoder(part["U"]), encoder(part["V"])).backward()
    return [x.grad.clone() for x in (*encoder.parameters(), *loss.parameters()) if x.grad is not None]


# Each is wrong on one process or between them; all are to say so.
BAD: dict[str, Callable[[int], Any]] = {
    "no rows": lambda rank: he.Distributed(he.DHEL())(*[torch.ones(0 if rank == 1 else 3, 2)] * 2),
    "sizes": lambda rank: he.Distributed(he.DHEL())(*[torch.eye(3, 3 + rank)] * 2),
    "types": lambda rank: he.Distributed(he.DHEL())(
        *[torch.eye(3, dtype=(torch.float32, torch.float64)[rank % 2])] * 2
    ),
    "ids": lambda rank: he.Distributed(he.DHEL())(*[torch.eye(3)] * 2, ids=torch.arange(3) if rank else None),
    "nan": lambda rank: he.Distributed(he.DHEL())(torch.eye(3) / rank, torch.eye(3)),
}


def messages(rank: int) -> dict[str, str]:
    found = {}
    for name, call in BAD.items():
        try:
            found[name] = f"no error: {call(rank)}"
        except he.ArgumentError as error:
            found[name] = str(error)
    return found


def main(rank: int, count: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=count)
    sizes = SIZES[count]
    start = sum(sizes[:rank])
    whole = data(sum(sizes))
    part = {name: x[start : start + sizes[rank]] for name, x in whole.items()}
    found = {
        "losses": everything(part, he.Distributed),
        "encoder": encoder_gradients(part, ddp=True),
        "errors": messages(rank),
    }
    torch.save(found, folder / f"{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
