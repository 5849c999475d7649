"""`hyperenergy train`: its tables, its files, what it goes on from, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hyperenergy.geometry.reading.embeddings import read_embeddings_file
from tests.command import inside

TINY = ("--limit", "200", "--batch", "64", "--epochs", "2", "--width", "4", "--device", "cpu")


def test_a_run_with_its_baselines(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "z.npz"
    done = inside(capfd, "train", "--temperature", "0.2", *TINY, "--out", str(out))
    assert done.returncode == 0, done.stderr
    for word in ("DHEL(temperature=0.2) on digits", "linear probe", "kNN", "raw pixels", "untrained encoder", "lidar"):
        assert word in done.stdout
    assert "epoch 2/2, loss " in done.stderr and "s left" in done.stderr
    with np.load(out) as file:
        assert {name: file[name].shape for name in file} == {
            "anchors": (360, 128),
            "positives": (360, 128),
            "labels": (360,),
        }
        norms = np.linalg.norm(file["anchors"], axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-5)
    read = read_embeddings_file(out)
    assert read.positives is not None and read.labels is not None


def test_it_goes_on_from_a_checkpoint(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = ("--checkpoint", str(tmp_path / "run.pt"))
    first = inside(capfd, "train", *TINY, *path)
    again = inside(capfd, "train", *TINY, *path)
    assert first.returncode == again.returncode == 0 and first.stdout == again.stdout
    assert "epoch" in first.stderr and "epoch" not in again.stderr
    other = inside(capfd, "train", *TINY, *path, "--seed", "1")
    assert other.returncode == 2 and "--checkpoint: got" in other.stderr and "seed: 1, 0" in other.stderr


def test_controls_and_kernels(capfd: pytest.CaptureFixture[str]) -> None:
    random = inside(capfd, "train", "--loss", "random", *TINY)
    assert random.returncode == 0 and "random on digits" in random.stdout and random.stderr == ""
    kernel = inside(capfd, "train", "--loss", "kcl", "--kernel", "gaussian:t=2", "--gamma", "4", *TINY)
    assert kernel.returncode == 0 and "KCL(kernel=Gaussian(t=2), gamma=4" in kernel.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--loss", "dhell"), "error: --loss: got 'dhell'; did you mean dhel"),
        (("--data", "mnist"), "error: --data: got 'mnist'; did you mean fashion-mnist"),
        (("--encoder", "vgg"), "error: --encoder: got 'vgg'; "),
        (("--batch", "4000"), "error: --batch: got 4000; there are"),
        (("--lr", "nan"), "error: --lr: got nan; must be a finite number"),
        (("--loss", "kcl", "--kernel", "riesz:s=1"), "error: --kernel: got Riesz(s=1); diverges at u = v"),
        (("--loss", "kcl"), "error: kernel: got nothing; kcl needs it"),
        (("--preset", "resnet"), "error: --preset: got 'resnet'; did you mean resnet18"),
        (("--out", "z.pt"), "error: --out: got 'z.pt'; must be a .npz file"),
        (("--checkpoint", "z.npz"), "error: --checkpoint: got 'z.npz'; must be a .pt file"),
        (("--root", "here"), "error: --root: got 'here'; digits come with scikit-learn"),
        (("--limit", "5000"), "error: --limit: got 5000; digits has 1437"),
        (("--seed", "-1"), "error: --seed: got -1; must be an integer in 0.."),
    ],
)
def test_what_is_refused(capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    done = inside(capfd, "train", *arguments)
    assert done.returncode == 2 and done.stderr.startswith(message), done.stderr
    assert done.stdout == "" and done.stderr.count("\n") == 1
