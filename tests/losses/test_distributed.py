"""Several processes, each with a part of a batch, have the value and the gradients of one process with all of it."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch

import hyperenergy as he
from tests.losses import processes

# Seconds after which processes that wait for each other are said to hang; they take about ten.
_LIMIT = 180


@cache
def together(count: int) -> list[dict[str, Any]]:
    """What each of ``count`` processes found."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "error::UserWarning", "-m", "tests.losses.processes"]
        started = [
            subprocess.Popen([*command, str(rank), str(count), folder], stderr=subprocess.PIPE, text=True)
            for rank in range(count)
        ]
        try:
            said = [process.communicate(timeout=_LIMIT)[1] for process in started]
        finally:
            for process in started:
                process.kill()
        assert [process.returncode for process in started] == [0] * count, said
        return [torch.load(Path(folder) / f"{rank}.pt") for rank in range(count)]


# Each process loads torch: by default two.
COUNTS = pytest.mark.parametrize(
    "count", [pytest.param(n, marks=() if n == 2 else pytest.mark.slow) for n in processes.SIZES]
)


@COUNTS
def test_values_and_gradients_are_those_of_one_process(count: int) -> None:
    sizes = processes.SIZES[count]
    alone = processes.everything(processes.data(sum(sizes)), lambda loss: loss)
    found = together(count)
    for name, (value, *gradients) in alone.items():
        starts = [sum(sizes[:rank]) for rank in range(count)]
        for rank, part in enumerate(found):
            values, *slopes = part["losses"][name]
            if value.ndim:  # one per anchor: those here, of one view and then of the other where there are two
                sides = value.unflatten(0, (-1, sum(sizes)))[:, starts[rank] : starts[rank] + sizes[rank]]
                torch.testing.assert_close(values, sides.flatten(), rtol=1e-11, atol=1e-12, msg=name)
            else:
                torch.testing.assert_close(values, value, rtol=1e-11, atol=1e-12, msg=name)
            assert len(slopes) == len(gradients)
            for slope, whole in zip(slopes, gradients, strict=True):
                expected = whole if not whole.ndim else whole[starts[rank] : starts[rank] + sizes[rank]]
                torch.testing.assert_close(slope, expected, rtol=1e-10, atol=1e-11, msg=f"{name} on {rank}")


@COUNTS
def test_an_encoder_under_ddp_gets_the_gradients_of_one_process(count: int) -> None:
    expected = processes.encoder_gradients(processes.data(sum(processes.SIZES[count])), ddp=False)
    for part in together(count):
        for one, other in zip(part["encoder"], expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


@COUNTS
def test_bad_input_is_said_on_all_processes(count: int) -> None:
    for rank, part in enumerate(together(count)):
        errors = part["errors"]
        assert "at least one row" in errors["no rows"] if rank == 1 else "error on process 1" in errors["no rows"]
        assert errors["sizes"].startswith("dim by process: got [3, 4")
        assert errors["types"].startswith("type by process: got ['torch.float32', 'torch.float64'")
        assert errors["ids"].startswith("ids by process: got [False, True")
        assert "rows must be finite" in errors["nan"] if rank == 0 else "error on process 0" in errors["nan"]


# Numbers that a process sends forward per pair and dimension, as the docstring says.
SENT = {
    "info_nce": 1,
    "info_nce_symmetric": 2,
    "sim_clr": 2,
    "nt_xent": 2,
    "dcl": 2,
    "dcl_cross": 1,
    "dclw": 2,
    "dhel": 1,
    "dhel_two": 2,
    "kcl": 1,
    "align_uniform": 2,
    "sig_lip": 1,
}


@pytest.mark.parametrize("name", SENT)
def test_what_is_sent_is_what_is_said(name: str, draw, tmp_path, monkeypatch) -> None:
    """In a group of one process: features gathered forward, and as many numbers back."""
    dist = torch.distributed
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)
    sent = {"forward": 0, "back": 0}
    gather, reduce = dist.all_gather, dist.reduce

    def all_gather(parts: Any, x: torch.Tensor, **options: Any) -> None:
        sent["forward"] += x.numel() if x.is_floating_point() else 0
        gather(parts, x, **options)

    def reduce_to(x: torch.Tensor, *target: Any, **options: Any) -> None:
        sent["back"] += x.numel()
        reduce(x, *target, **options)

    try:
        monkeypatch.setattr(dist, "all_gather", all_gather)
        monkeypatch.setattr(dist, "reduce", reduce_to)
        U, V = draw(5, 3).requires_grad_(True), draw(5, 3).requires_grad_(True)
        he.Distributed(processes.PAIRS[name]())(U, V).backward()
    finally:
        dist.destroy_process_group()
    assert sent == {"forward": SENT[name] * 15, "back": SENT[name] * 15}


def test_without_a_group_it_is_the_loss_itself(draw) -> None:
    U, V = draw(5, 3), draw(5, 3)
    assert torch.equal(he.Distributed(he.DHEL(0.3))(U, V), he.DHEL(0.3)(U, V))
    with pytest.raises(he.ArgumentError, match="loss: got 3; must be a loss"):
        he.Distributed(3)  # type: ignore[arg-type]
