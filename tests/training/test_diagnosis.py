"""What is missing is found, in parts that were put there, beside marks that are known."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import random_points
from hyperenergy.laws.finite import expected_uniform
from hyperenergy.training.diagnosis import measures
from hyperenergy.training.diagnosis.sentence import Evidence, sentence
from tests.command import inside


def points(n: int, dim: int, seed: int = 0) -> Tensor:
    return random_points(n, dim, generator=torch.Generator().manual_seed(seed))


def shaken(u: Tensor, size: float, seed: int = 1) -> Tensor:
    return he.normalize(u + size * torch.randn(u.shape, generator=torch.Generator().manual_seed(seed), dtype=u.dtype))


U = points(1200, 8)


# ---- the loss and its parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss",
    [he.InfoNCE(0.2), he.SimCLR(0.2), he.NTXent(0.2), he.DCL(0.2), he.DHEL(0.2), he.KCL(he.Gaussian(2.0), 4.0)],
    ids=lambda loss: loss.label,
)
def test_aligned_uniform_points_have_no_gap(loss: he.PairLoss) -> None:
    """Over fresh uniform points the mean is the expected loss: the gap is 0 to within four errors of points and batches."""
    values = [he.diagnose(points(900, 8, seed), points(900, 8, seed), loss, batch=64, seed=seed) for seed in range(4)]
    for d in values:
        assert d.alignment_gap == 0 and d.gap is not None and d.energy_gap is not None and d.losses is not None
        assert d.attainable is not None and d.attainable.mean == expected_uniform(loss, 64, 8)
        assert abs(d.gap) < 0.015
    found = np.array([d.value for d in values], dtype=np.float64)
    error = float(found.std(ddof=1)) / 2
    assert abs(found.mean() - expected_uniform(loss, 64, 8)) < 6 * error + 1e-3


@pytest.mark.parametrize("loss", [he.InfoNCE(0.2), he.DHEL(0.2), he.SimCLR(0.5)], ids=lambda loss: loss.label)
def test_the_parts_are_those_of_a_naive_loop(loss: he.PairLoss) -> None:
    v = shaken(U, 0.2)
    d = he.diagnose(U, v, loss, batch=100, batches=12, seed=3)
    generator = torch.Generator().manual_seed(3)
    # The baseline draws its two views first.
    for _ in range(2):
        torch.randn(1200, 8, generator=generator, dtype=torch.float32)
    order = torch.randperm(1200, generator=generator)
    pairs = [(U[order[100 * k : 100 * k + 100]], v[order[100 * k : 100 * k + 100]]) for k in range(12)]
    values = [float(loss(a, b)) for a, b in pairs]
    aligned = [float(loss(a, a)) for a, _ in pairs]
    assert d.losses is not None and d.attainable is not None and d.baseline is not None and d.gaps is not None
    assert d.value == pytest.approx(np.mean(values), abs=1e-9)
    assert d.losses.value.error == pytest.approx(np.std(values, ddof=1) / math.sqrt(12), rel=1e-6)
    way = d.baseline.mean - d.attainable.mean
    assert d.alignment_gap == pytest.approx((np.mean(values) - np.mean(aligned)) / way, abs=1e-9)
    assert d.energy_gap == pytest.approx((np.mean(aligned) - d.attainable.mean) / way, abs=1e-9)
    assert d.gap == pytest.approx(d.gaps.alignment + d.gaps.energy, abs=1e-12)


def test_the_baseline_of_unrelated_pairs_is_what_its_mean_says() -> None:
    """Of DHEL: the energy of uniform points, and alignment 0 on average."""
    d = he.diagnose(U, U, he.DHEL(0.5), batch=64)
    assert d.baseline is not None
    exact = expected_uniform(he.DHEL(0.5), 64, 8) + 1 / 0.5
    assert abs(d.baseline.mean - exact) < 4 * d.baseline.error and 0 < d.baseline.error < 0.02
    # Unrelated pairs are all of the way short, in alignment.
    far = he.diagnose(points(1200, 8), points(1200, 8, 5), he.DHEL(0.5), batch=64)
    assert far.gap == pytest.approx(1, abs=0.05) and far.energy_gap == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("loss", [he.InfoNCE(0.2), he.DCL(0.2), he.DHEL(0.2), he.NTXent(0.5)], ids=lambda x: x.label)
@pytest.mark.parametrize("batch", [5, 64])
def test_no_batch_is_below_the_least(loss: he.PairLoss, batch: int) -> None:
    """B1's value, also where the simplex has no room; where it has, a simplex attains it."""
    d = he.diagnose(U, U, loss, batch=batch, batches=30)
    assert d.least is not None and d.value is not None and d.losses is not None and d.attainable is not None
    assert (
        d.least.mean < d.attainable.mean
        and d.value > d.least.mean
        and ("not attained" in d.least.source) == (batch > 9)
    )
    simplex = he.codes.simplex(5, 8).points
    five = he.diagnose(simplex, simplex, loss, batch=5)
    assert five.least is not None and five.value == pytest.approx(five.least.mean, abs=1e-12)
    assert five.gap is not None and five.gap < 0


def test_what_was_made_worse_is_what_is_short() -> None:
    squeezed = he.normalize(U * torch.tensor([1.0, 1, 1, 0.01, 0.01, 0.01, 0.01, 0.01]))
    crowded = he.diagnose(squeezed, squeezed, he.DHEL(0.2))
    apart = he.diagnose(U, shaken(U, 0.3), he.DHEL(0.2))
    place = torch.zeros(1200, 8, dtype=torch.float64)
    place[:, 0] = 1
    collapsed = he.diagnose(shaken(place, 0.01), shaken(place, 0.01, 2), he.DHEL(0.2))
    for d, name in ((crowded, "energy"), (apart, "alignment"), (collapsed, "energy")):
        gaps = {"alignment": d.alignment_gap, "energy": d.energy_gap}
        short = gaps.pop(name)
        (other,) = gaps.values()
        assert short is not None and other is not None and short > 0.1 and abs(other) < 0.05
    assert "augmentations are too strong" in apart.sentence
    assert "keep to few directions" in crowded.sentence and "has collapsed" in collapsed.sentence


def test_pulling_pairs_apart_is_seen() -> None:
    """B5: the misaligned minimizer of one-sided DCL at (5, 3) has a lower loss than its own anchors aligned."""
    best = he.minimize(he.DCL(0.1), 5, 3, restarts=32)
    d = he.diagnose(best.anchors, best.positives, he.DCL(0.1), batch=5, batches=2)
    assert d.alignment_gap is not None and d.alignment_gap < 0 and d.losses is not None
    assert d.losses.apart.mean == pytest.approx(best.value - float(he.DCL(0.1)(best.anchors, best.anchors)), abs=1e-9)
    # With the same anchors DHEL never has that (B3).
    other = he.diagnose(best.anchors, best.positives, he.DHEL(0.1), batch=5, batches=2)
    assert other.alignment_gap is not None and other.alignment_gap > 0


def test_a_baseline_that_is_given() -> None:
    v = shaken(U, 0.2)
    base = shaken(U, 1.0, 4), shaken(U, 1.0, 5)
    d = he.diagnose(U, v, he.InfoNCE(0.2), baseline=base)
    whole = he.diagnose(*base, he.InfoNCE(0.2))
    assert d.baseline is not None and whole.value is not None and whole.losses is not None
    assert abs(d.baseline.mean - whole.value) < 4 * math.hypot(d.baseline.error, whole.losses.value.error)
    assert d.baseline_name == "the baseline that was given"
    by = {m.name: m for m in d.measures}
    assert by["alignment"].baseline is not None
    assert by["alignment"].baseline.value == pytest.approx(float(he.metrics.alignment(*base)), abs=1e-9)
    # Beside itself everything is as far as the baseline, and beside what is better there is no way to go.
    same = he.diagnose(*base, he.InfoNCE(0.2), baseline=base)
    assert same.gap == pytest.approx(1, abs=0.02)
    simplex = he.codes.simplex(9, 8).points
    none = he.diagnose(U, v, he.InfoNCE(0.2), batch=9, baseline=(simplex, simplex))
    assert none.gap is None and none.alignment_gap is None and "no worse than what is attainable" in none.table()


def test_one_view_has_no_alignment() -> None:
    d = he.diagnose(U, loss=he.DHEL(0.2))
    assert d.alignment_gap == 0 and d.gap is not None and abs(d.gap) < 0.02 and "one view" in d.sentence
    assert d.baseline is not None and d.baseline.source == "all points in one place"
    assert d.baseline.mean == pytest.approx(math.log(255))  # log (M-1) e^{1/tau} - 1/tau


def test_labels() -> None:
    """Classes on a simplex are what SupCon asks for (B7); unrelated points are as far as the baseline."""
    labels = torch.arange(1200) % 5
    simplex = he.codes.simplex(5, 8).points[labels]
    d = he.diagnose(simplex, loss=he.SupCon(0.5, singletons="skip"), labels=labels, batch=60)
    assert d.gap == pytest.approx(0, abs=0.02) and d.attainable is not None and "B7" in d.attainable.source
    far = he.diagnose(U, loss=he.SupCon(0.5), labels=labels, batch=60)
    assert far.gap == pytest.approx(1, abs=0.1) and far.alignment_gap is not None and far.alignment_gap > 0.5
    words = he.diagnose(U, loss=he.SupCon(0.5), labels=[f"class {k}" for k in labels.tolist()], batch=60)
    assert words.gap == far.gap and words.classes == 5
    two = he.diagnose(simplex, shaken(simplex, 0.1), he.SupCon(0.5), labels, batch=60)
    assert two.alignment_gap is not None and two.energy_gap is not None and two.alignment_gap > abs(two.energy_gap)


@pytest.mark.parametrize(
    "loss",
    [he.AlignUniform(), he.SigLIP(), he.SpectralContrastive(), he.MultiViewDHEL(0.2), he.MultiViewInfoNCE(0.2)],
    ids=lambda loss: type(loss).__name__,
)
def test_losses_without_a_formula_are_drawn(loss: Any) -> None:
    d = he.diagnose(U, U, loss, batch=64)
    assert d.attainable is not None and d.gap is not None and abs(d.gap) < 0.05
    assert ("drawn" in d.attainable.source) == (d.attainable.error > 0)


@pytest.mark.parametrize("tau", [0.001, 0.005, 0.01])
def test_cold_losses_have_marks_all_the_same(tau: float) -> None:
    """Where the exact expectation keeps no digits, batches are drawn; sums of many exponents stay finite."""
    for loss in (he.DHEL(tau), he.InfoNCE(tau)):
        d = he.diagnose(U, shaken(U, 0.2), loss, batch=64)
        assert d.attainable is not None and d.gap is not None and math.isfinite(d.gap) and 0 < d.gap < 1
        json.dumps(d.record(), allow_nan=False)


def test_errors_of_gaps_are_those_of_a_repetition() -> None:
    """A baseline equal to the embeddings has gap 1: over seeds the deviation is what the errors say."""
    v = shaken(U, 0.5)
    found = [he.diagnose(U[:60], v[:60], he.DHEL(0.2), batch=20, baseline=(U[:60], v[:60]), seed=k) for k in range(12)]
    off = [(d.gap - 1) / d.gaps.errors[0] for d in found if d.gap is not None and d.gaps is not None]
    assert len(off) == 12 and 0.3 < float(np.std(off)) < 2 and abs(float(np.mean(off))) < 1.5


# ---- metrics -------------------------------------------------------------------------------------------------------


def test_every_metric_is_that_of_the_metrics() -> None:
    v = shaken(U, 0.2)
    d = he.diagnose(U, v)
    by = {m.name: m for m in d.measures}
    m = he.metrics
    expected = {
        "alignment": m.alignment(U, v), "uniformity": m.uniformity(U), "w2_uniformity": m.w2_uniformity(U),
        "wasserstein_uniformity": m.wasserstein_uniformity(U), "rank": m.rank(U), "effective_rank": m.effective_rank(U),
        "rankme": m.rankme(U), "stable_rank": m.stable_rank(U), "alpha_req": m.alpha_req(U),
        "lidar": m.lidar(torch.stack([U, v])),
    }  # fmt: skip
    assert {*by} == {*expected, "small_singular_values"}
    for name, value in expected.items():
        assert by[name].found.value == pytest.approx(float(value), rel=1e-9, abs=1e-9) and by[name].found.error is None
        optimum = m.optimum(name, points=1200, dim=8)
        assert by[name].uniform == optimum.uniform and by[name].best == optimum.bound
    s = torch.linalg.svdvals(U) / math.sqrt(1200)
    np.testing.assert_allclose(d.found.singular, s, rtol=1e-10)
    products = (U @ U.T)[~torch.eye(1200, dtype=torch.bool)].clamp(-1, 1).numpy()
    counts = np.histogram(products, np.linspace(-1, 1, 201))[0]
    np.testing.assert_allclose(d.found.histogram, counts / counts.sum(), atol=1e-5)
    assert d.value is None and d.gap is None and "spread as uniform ones are" in d.sentence


def test_small_singular_values_are_counted() -> None:
    flat = he.normalize(U * torch.tensor([1.0, 1, 1, 1, 1, 1, 1e-3, 1e-4]))
    by = {m.name: m.found.value for m in he.diagnose(flat).measures}
    assert by["small_singular_values"] == 2 and by["rank"] == 8


def test_of_many_points_a_sample_says_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over seeds the deviation of the sampled uniformity from that of all points is what the error says."""
    every = float(he.metrics.uniformity(U))
    monkeypatch.setattr(measures, "MOST_PAIRED", 400)
    off = []
    for seed in range(12):
        d = he.diagnose(U, seed=seed)
        by = {m.name: m for m in d.measures}
        error = by["uniformity"].found.error
        assert error is not None and error > 0 and by["wasserstein_uniformity"].found.error is not None
        assert by["effective_rank"].found.error is None and any("400 of the 1200" in note for note in d.notes)
        off.append((by["uniformity"].found.value - every) / error)
    # Without replacement and of few parts: between a half and twice.
    assert 0.4 < float(np.std(off)) < 2.2


def test_where_to_look() -> None:
    u, labels = points(300, 8), torch.arange(300) % 3
    v = u.clone()
    v[18] = -u[18]
    u[40:60] = shaken(u[40].expand(20, 8), 0.01)
    v[40:60] = u[40:60]
    u[labels == 2] = shaken(u[labels == 1], 0.01)
    v[labels == 2] = u[labels == 2]
    d = he.diagnose(u, v, labels=labels)
    assert d.furthest[0].row == 18 and d.furthest[0].distance == pytest.approx(2)
    assert {c.row for c in d.crowded[:3]} <= {*range(40, 60)} and d.crowded[0].density > 1.2
    assert {(o.one, o.other) for o in d.overlaps[:2]} == {("1", "2"), ("2", "1")} and d.overlaps[0].share > 0.8
    assert d.overlaps[0].similarity > 0.9
    density = torch.exp(4 * (u @ u.T) - 4).fill_diagonal_(0).sum(-1) / 299
    law = math.exp(float(he.metrics.optimum("uniformity", points=300, dim=8).uniform))
    assert d.crowded[0].density == pytest.approx(float(density.amax()) / law, rel=1e-9)


def test_types_and_files_on_a_disk(tmp_path: Path) -> None:
    """Half and single precision, arrays, a mapped file: the same to their digits; what is on the disk stays as it is."""
    v = shaken(U, 0.2)
    exact = he.diagnose(U, v, he.DHEL(0.2), batch=64)
    assert exact.value is not None
    for kind, allowed in ((torch.float32, 1e-5), (torch.float16, 2e-2), (torch.bfloat16, 0.1)):
        d = he.diagnose(U.to(kind), v.to(kind), he.DHEL(0.2), batch=64, normalize=True)
        assert d.value == pytest.approx(exact.value, abs=allowed)
    np.save(tmp_path / "z.npy", 3 * U.numpy())
    mapped = np.load(tmp_path / "z.npy", mmap_mode="r")
    assert he.diagnose(mapped, v, he.DHEL(0.2), batch=64, normalize=True).value == pytest.approx(exact.value, abs=1e-12)


# ---- the sentence --------------------------------------------------------------------------------------------------

NOTHING = Evidence(0.0, 0.0, 0.001, 0.001, 8.0, 8.0, -3.9, -3.9, True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "this is what the loss asks for"),
        ({"alignment": 0.04, "energy": 0.05}, "this is what the loss asks for"),
        (
            {"alignment": 0.18, "energy": 0.02},
            "alignment is 0.18 of the way short, energy 0.02: augmentations are too strong",
        ),
        ({"alignment": 0.18, "energy": 0.1}, "both are short"),
        ({"alignment": 0.1, "energy": 0.3}, "the points crowd: the temperature is too large"),
        ({"alignment": 0.1, "energy": 0.3, "rank": 3.0}, "keep to few directions (effective rank 3.0 of 8)"),
        ({"alignment": 0.1, "energy": 0.8, "rank": 1.2}, "the encoder has collapsed"),
        ({"alignment": -0.03}, "pairs that are apart have a lower loss"),
        ({"alignment": -0.03, "alignment_error": 0.02}, "this is what the loss asks for"),
        ({"alignment": 0.18, "alignment_error": 0.1}, "undecided, for standard errors as large"),
        ({"alignment": None, "energy": None, "judged": True}, "the baseline is no worse than what is attainable"),
        ({"alignment": 0.0, "energy": 0.0, "paired": False}, "energy is 0.00 of the way short (one view"),
        ({"alignment": 0.3, "supervised": True}, "classes are spread out"),
        ({"alignment": None, "energy": None}, "spread as uniform ones are"),
        ({"alignment": None, "energy": None, "uniformity": -1.0, "rank": 1.5}, "the encoder has collapsed"),
        ({"alignment": None, "energy": None, "rank": 3.0}, "keep to few directions"),
        ({"alignment": None, "energy": None, "uniformity": -3.0}, "the points crowd"),
    ],
)
def test_each_rule_of_the_sentence(changes: dict[str, Any], words: str) -> None:
    assert words in sentence(replace(NOTHING, **changes))
    assert "-0.00" not in sentence(replace(NOTHING, alignment=-1e-9, energy=-1e-9))


# ---- what is refused -----------------------------------------------------------------------------------------------

BAD: list[tuple[dict[str, Any], str]] = [
    ({"anchors": 2 * U}, "anchors: got row 0 of norm 2; must be unit vectors; normalize=True takes any length"),
    ({"anchors": U[:1]}, r"anchors: got shape (1, 8); at least 2 rows are needed"),
    (
        {"anchors": torch.where(torch.arange(1200)[:, None] == 7, torch.nan, U)},
        "a row without a direction at 7; zero, or not",
    ),
    ({"anchors": U * (torch.arange(1200)[:, None] != 3)}, "a row without a direction at 3"),
    ({"anchors": "z.npy"}, "anchors: got str; must be a tensor or array (N, d)"),
    ({"positives": U[:5]}, "positives: got shape (5, 8); must match the anchors' (1200, 8)"),
    ({"labels": torch.arange(3)}, "labels: got int64 of shape (3,); must be (1200,)"),
    ({"labels": torch.rand(1200)}, "labels: got float32 of shape (1200,)"),
    ({"loss": he.DHEL(0.1), "batch": 5000}, "batch: got 5000; is larger than the data: 1200 points"),
    ({"batch": 50}, "batch: got 50; goes with a loss"),
    ({"loss": he.SupCon(0.1)}, "labels: got none; SupCon"),
    ({"loss": he.SupCon(0.1, singletons="error"), "labels": torch.arange(1200)}, "singletons"),
    ({"loss": he.DHEL(0.1, reduction="sum")}, "must have reduction='mean'"),
    ({"loss": "dhel"}, "loss: got 'dhel'; must be a loss such as he.DHEL(temperature=0.1)"),
    ({"baseline": points(9, 3)}, "baseline: got 3 dimensions; must have the embeddings' 8"),
    ({"baseline": U, "positives": U}, "baseline: got one view; must have as many views"),
    ({"baseline": "x"}, "baseline: got str"),
    (
        {"baseline": points(9, 8), "loss": he.DHEL(0.1)},
        "baseline: got 9 points; a loss changes with the batch: at least 256",
    ),
    ({"seed": 2**64}, "seed: got 18446744073709551616; must be an integer in 0.."),
    ({"anchors": U.to_sparse()}, "anchors: got a tensor of torch.sparse_coo, torch.float64; must be dense"),
    ({"labels": [None, *range(1199)]}, "labels: got some that are missing"),
    ({"baseline_labels": torch.arange(3)}, "baseline_labels: got some; go with a baseline"),
    (
        {"loss": he.KCL(he.Gaussian(1), alignment_kernel=he.Laplace(1)), "batch": 1},
        "batch: got 1; must be an integer >= 2",
    ),
]


@pytest.mark.parametrize(("given", "message"), BAD)
def test_bad_input_is_one_line(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        he.diagnose(**{"anchors": U, **given})
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_a_kernel_that_cannot_align_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"[Rr]iesz"):
        he.diagnose(U, U, he.KCL(he.Gaussian(1), alignment_kernel=he.Riesz(1)))


# ---- page, record, command -----------------------------------------------------------------------------------------


def test_page_asks_nobody(tmp_path: Path) -> None:
    labels = [f"<b>{k}</b>" for k in range(3)] * 400
    d = he.diagnose(U, shaken(U, 0.2), he.InfoNCE(0.2), labels, name="<script>alert(1)</script>")
    html = d.page(tmp_path / "z.html").read_text("utf-8")
    assert "<script" not in html and "&lt;script&gt;" in html and "&lt;b&gt;0&lt;/b&gt;" in html
    assert "default-src 'none'" in html and "http://" not in html and "https://" not in html and "url(http" not in html
    assert html.count("<svg") == 3 and len(html) < 1_000_000
    for word in (*d.sentence.split()[:6][1:], "effective rank", "RankMe", "Pairs furthest apart", "attainable"):
        assert word in html
    with pytest.raises(ArgumentError, match=r"must be a \.html or \.htm file"):
        d.page(tmp_path / "z.txt")
    assert len([*tmp_path.iterdir()]) == 1


def test_record_is_plain_data() -> None:
    d = he.diagnose(U, shaken(U, 0.2), he.InfoNCE(0.2), torch.arange(1200) % 4)
    record = json.loads(json.dumps(d.record(), allow_nan=False))
    assert record["gap"] == d.gap and record["metrics"]["alignment"]["value"] == d.measures[0].found.value
    assert len(record["singular_values"]) == 8 and sum(record["inner_products"]["shares"]) == pytest.approx(1)
    assert len(record["furthest"]) == 10 and record["batch"] == 256


def test_the_same_seed_says_the_same() -> None:
    v = shaken(U, 0.2)
    one, two = (he.diagnose(U, v, he.InfoNCE(0.2), seed=1) for _ in range(2))
    assert one.record() == two.record() and one.record() != he.diagnose(U, v, he.InfoNCE(0.2), seed=2).record()


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    z = 3 * U.numpy()
    np.savez(tmp_path / "z.npz", anchors=z, positives=z + 0.1, labels=np.arange(1200) % 4)
    words = ["diagnose", "z.npz", "--loss", "dhel", "--temperature", "0.2", "--batch", "64", "--normalize"]
    done = inside(capfd, *words, "--out", "z.html", "--json", "z.json")
    assert done.returncode == 0 and "of the way short" in done.stdout and "DHEL(temperature=0.2)" in done.stdout
    found = json.loads((tmp_path / "z.json").read_text())
    d = he.diagnose(z, z + 0.1, he.DHEL(0.2), np.arange(1200) % 4, batch=64, normalize=True)
    assert found["gap"] == d.gap and (tmp_path / "z.html").exists()
    np.save(tmp_path / "u.npy", z)
    (tmp_path / "y.txt").write_text("".join(f"{k % 4}\n" for k in range(1200)))
    np.save(tmp_path / "base.npy", np.random.default_rng(0).standard_normal((500, 8)))
    np.savez(tmp_path / "base.npz", z=np.random.default_rng(0).standard_normal((500, 8)), y=np.arange(500) % 4)
    more = ["--labels", "y.txt", "--loss", "sup-con", "--batch", "64", "--normalize", "--baseline", "base.npz"]
    done = inside(capfd, "diagnose", "u.npy", *more)
    assert done.returncode == 0 and "4 classes" in done.stdout and "the baseline that was given" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.npy"], "there is no such file"),
        (["z.npy"], "row 0 of norm 3"),
        (["z.npy", "--temperature", "0.2"], "--temperature: got 0.2; goes with --loss"),
        (["z.npy", "--loss", "dhell"], "did you mean dhel"),
        (
            ["z.npy", "--loss", "dhel", "--batch", "99", "--normalize"],
            "--batch: got 99; is larger than the data: 20 points",
        ),
        (["z.npy", "--out", "z.png"], "must be a .html or .htm file"),
        (["bad.npy", "--normalize"], "row 3 has no direction"),
        (["z.npy", "--labels", "y.txt", "--normalize"], "labels: got"),
    ],
)
def test_command_says_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    z = 3 * points(20, 4).numpy()
    np.save(tmp_path / "z.npy", z)
    z[2] = np.nan
    np.save(tmp_path / "bad.npy", z)
    (tmp_path / "y.txt").write_text("0\n1\n")
    done = inside(capfd, "diagnose", *words)
    assert done.returncode == 2 and not done.stdout and message in done.stderr and "Traceback" not in done.stderr


def test_command_drops_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    z = points(50, 4).numpy()
    z[2] = 0
    np.save("z.npy", z)
    done = inside(capfd, "diagnose", "z.npy", "--drop")
    assert done.returncode == 0 and "49 points in R^4" in done.stdout
    assert "1 rows without a direction are left out" in done.stderr
    Path("y.txt").write_text("".join(f"{k % 3}\n" for k in range(50)))
    done = inside(capfd, "diagnose", "z.npy", "--drop", "--labels", "y.txt")
    assert done.returncode == 0 and "3 classes" in done.stdout
