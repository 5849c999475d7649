"""The study: grids, C5's measures against loops and theory, and planted records through the whole chain to the report."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from hyperenergy import DHEL, InfoNCE
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import random_points
from hyperenergy.laws.limits import limit, rate
from hyperenergy.training import data
from hyperenergy.training.study import folder, tables
from hyperenergy.training.study import report as reports
from hyperenergy.training.study.approach import BATCHES, LOSSES, approach
from hyperenergy.training.study.available import available
from hyperenergy.training.study.claims import CLAIMS, judge
from hyperenergy.training.study.decays import name
from hyperenergy.training.study.finished import Finished, interval, records
from hyperenergy.training.study.grid import CONTROLS, STUDIES, Cell, Part, Study, kcl, softmax
from hyperenergy.training.study.pace import Pace
from hyperenergy.training.study.report import Report
from hyperenergy.training.study.statistics import Verdict
from tests.pages import Elements

# ---- grids ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_grids_are_paired_and_even(study: Study) -> None:
    """Each loss has the same number of settings at each data set, batch size and seed, and each seed its controls."""
    for part in study.parts:
        cells = [cell for cell in study.cells() if cell.part is part]
        counts = Counter((cell.setting.loss, cell.batch, cell.seed) for cell in cells if not cell.control)
        assert len(set(counts.values())) == 1 and len(counts) == 5 * len(part.batches) * part.seeds
        assert Counter(cell.setting.loss for cell in cells if cell.control) == dict.fromkeys(CONTROLS, part.seeds)
        places = {(cell.setting.loss, cell.setting.place) for cell in cells}
        assert len(places) == len(part.settings) + len(CONTROLS)
        labels = {(cell.setting.loss, cell.setting.label) for cell in cells}
        assert len(labels) == len(places)


def test_the_part_of_one_data_set() -> None:
    whole = STUDIES["images"]
    digits, fashion = whole.of("digits").cells(), whole.of("fashion-mnist").cells()
    assert digits + fashion == whole.cells() and {cell.part.data for cell in digits} == {"digits"}
    with pytest.raises(ArgumentError, match=r"data: got 'digit'; did you mean digits"):
        whole.of("digit")


def test_sizes_are_as_registered() -> None:
    sizes = {
        study.name: [(part.data, part.limit, part.batches, len(part.settings) // 5, part.seeds) for part in study.parts]
        for study in STUDIES.values()
    }
    assert sizes["small"] == [("digits", None, (32, 256), 3, 3)]
    assert sizes["images"] == [
        ("digits", None, (32, 128, 512), 4, 5),
        ("fashion-mnist", 10_000, (32, 256), 4, 5),
    ]


# ---- C5's measures -------------------------------------------------------------------------------------------------


def pairs(count: int, dim: int, apart: float = 0.3, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    u = random_points(count, dim, generator=generator)
    return u, normalize(u + apart * random_points(count, dim, generator=generator), dim=-1)


def test_the_coefficient_is_that_of_a_naive_loop() -> None:
    """And the limit, and the distance at M = 2, where the only negative is each of the others with equal weight."""
    (u, v), tau = pairs(7, 3), 0.4
    found = approach(u, v, tau, torch.Generator().manual_seed(0), batches=(2,), draws=4000)
    for loss, other in (("infonce", v), ("dhel", u)):
        limits, slopes, losses = [], [], []
        for i in range(7):
            terms = [math.exp(float(u[i] @ other[j]) / tau) for j in range(7) if j != i]
            own, z = math.exp(float(u[i] @ v[i]) / tau), sum(terms) / 6
            rho = sum((x - z) ** 2 for x in terms) / 6 / z**2
            limits.append(math.log(z) - math.log(own))
            slopes.append((own / z - 1) * (loss == "infonce") - rho / 2)
            losses.append(sum(math.log(own * (loss == "infonce") + x) - math.log(own) for x in terms) / 6)
        assert found[loss].limit == pytest.approx(np.mean(limits), rel=1e-12)
        assert found[loss].coefficient == pytest.approx(np.mean(slopes), rel=1e-12)
        normalizer = math.log(2) if loss == "infonce" else 0.0
        exact = np.mean(losses) - normalizer - np.mean(limits)
        assert abs(found[loss].distances[2] - exact) < 5 * found[loss].errors[2] < 0.02


def test_distances_are_those_of_the_losses_on_batches() -> None:
    """Each anchor with independent draws from the others, by the losses of the package: the negative control of the
    controls, to five standard errors."""
    (u, v), tau, size = pairs(30, 4), 0.3, 6
    found = approach(u, v, tau, torch.Generator().manual_seed(0), batches=(size,), draws=64)
    generator = torch.Generator().manual_seed(1)
    for loss, of in (("infonce", InfoNCE(tau)), ("dhel", DHEL(tau))):
        first = torch.arange(30)[:, None].expand(30, 400)
        other = torch.randint(29, (30, 400, size - 1), generator=generator)
        rows = torch.cat([first[..., None], other + (other >= first[..., None])], -1)
        every = type(of)(tau, reduction="none")(u[rows].flatten(0, 1), v[rows].flatten(0, 1))[:, 0].double()
        normalizer = math.log(size) if loss == "infonce" else math.log(size - 1)
        mean, error = float(every.mean()), float(every.std()) / math.sqrt(len(every))
        assert abs(mean - normalizer - found[loss].limit - found[loss].distances[size]) < 5 * error < 0.1


@pytest.mark.parametrize("tau", [0.3, 0.7])
def test_uniform_aligned_points_have_the_rates_of_the_theory(tau: float) -> None:
    u, _ = pairs(1500, 5)
    found = approach(u, u, tau, torch.Generator().manual_seed(0))
    for loss, of in (("infonce", InfoNCE(tau)), ("dhel", DHEL(tau))):
        assert found[loss].coefficient == pytest.approx(rate(of, 5), rel=0.05)
        assert found[loss].limit == pytest.approx(limit(of, 5), abs=0.01)
        size = BATCHES[-1] - (loss == "dhel")
        assert size * found[loss].distances[256] == pytest.approx(found[loss].coefficient, rel=0.1)
        assert all(found[loss].errors[batch] < abs(found[loss].distances[batch]) / 50 for batch in BATCHES)


def test_c5_holds_for_uniform_aligned_points_at_a_moderate_temperature_and_not_at_a_small_one() -> None:
    """In eight dimensions; where e^{1/tau}/Z is far above M, the law of large M has not begun."""
    for tau, verdict in ((1.0, "supported"), (0.05, "refuted")):
        runs = []
        for seed in range(4):
            u, _ = pairs(400, 8, seed=seed)
            found = approach(u, u, tau, torch.Generator().manual_seed(seed))
            metrics = {name(loss, key): x for loss in LOSSES for key, x in found[loss].numbers().items()}
            runs.append(Finished("digits", "InfoNCE", tau, "", 32, seed, 0.9, 0.9, 0.9, metrics))
        (row,) = judge(records(runs), "C5")
        assert (row.verdict.value, row.seeds, row.missing) == (verdict, 4, 0), row.sentence
        assert row.sentence.startswith(f"embeddings of InfoNCE at batch 32, temperature {tau:g}, on digits: ")
        assert "of E2's" in row.sentence


def test_an_undecided_decay_needs_more_seeds_than_it_has() -> None:
    runs = []
    for seed, slope in enumerate((0.9, 1.1)):
        metrics = {name("infonce", size): 4 / size**slope for size in BATCHES}
        metrics |= {name("dhel", size): 0.01 / size for size in BATCHES}
        metrics |= {name("infonce", "coefficient"): 4 * 256 ** (1 - slope), name("dhel", "coefficient"): 0.01}
        runs.append(Finished("digits", "DHEL", 1.0, "", 32, seed, 0.9, 0.9, 0.9, metrics))
    (row,) = judge(records(runs), "C5")
    assert row.verdict is Verdict.UNDECIDED and row.judged.needed is not None and row.judged.needed > 2


def test_c5_is_undecided_where_a_distance_is_not_finite_or_a_seed_is_alone() -> None:
    u, _ = pairs(100, 8)
    found = approach(u, u, 1.0, torch.Generator().manual_seed(0))
    metrics = {name(loss, key): x for loss in LOSSES for key, x in found[loss].numbers().items()}
    run = Finished("digits", "DHEL", 1.0, "", 32, 0, 0.9, 0.9, 0.9, metrics)
    (row,) = judge(records([run]), "C5")
    assert (row.verdict, row.seeds) == (Verdict.UNDECIDED, 1)
    broken = replace(run, seed=1, metrics={**metrics, name("infonce", 8): math.nan})
    (row,) = judge(records([run, broken]), "C5")
    assert row.verdict is Verdict.UNDECIDED and row.reasons == ("a distance is not finite at seed 1",)


def test_what_cannot_be_approached_is_refused() -> None:
    u, v = pairs(5, 3)
    generator = torch.Generator().manual_seed(0)
    for given, argument in (((u, v[:4], 0.5), "positives"), ((u[:2], v[:2], 0.5), "positives"), ((u, v, 0.0), "tempe")):
        with pytest.raises(ArgumentError, match=argument):
            approach(*given, generator)


# ---- planted records, to the report --------------------------------------------------------------------------------

Plant = Callable[[Finished], Finished]
SETTINGS = (*softmax("SimCLR", 0.1, 0.5), *softmax("InfoNCE", 0.1, 0.5), *softmax("DCL", 0.1, 0.5),
            *softmax("DHEL", 0.1, 0.5), *kcl((1, 16), (2, 16)))  # fmt: skip
PART = Part("digits", None, (32, 256), SETTINGS, 5, 20)
STUDY = Study("tiny", "planted", (PART,))
RANKS = {"effective_rank": 40.0, "rankme": 40.0, "lidar": 30.0, "small_singular_values": 20.0, "dimension": 128.0}


def planted(plant: Plant = lambda run: run, noise: float = 0.0002) -> list[Finished]:
    """All losses alike but for what is planted; noise of a seed is shared by them."""
    rng = np.random.default_rng(5)
    shared = rng.normal(0, 0.02, PART.seeds)
    return [plant(_finished(cell, shared[cell.seed] + rng.normal(0, noise))) for cell in STUDY.cells()]


def _finished(cell: Cell, more: float) -> Finished:
    accuracy = 0.8 + more - 0.05 * (cell.setting.place == 0.1)
    metrics = {f"{layer}.{key}": x * (1 + more) for layer in "zh" for key, x in RANKS.items()}
    metrics |= {"gap": 0.3, "alignment_gap": 0.2 + more, "energy_gap": 0.1, "accuracy.5": accuracy - 0.2}
    metrics |= {"accuracy.20": accuracy - 0.1}
    if cell.setting.loss in ("InfoNCE", "DHEL"):
        for size in BATCHES:
            metrics |= {name("infonce", size): (4 + more) / size, name("dhel", size): -0.1 / size}
        metrics |= {name("infonce", "coefficient"): 4.0, name("dhel", "coefficient"): -0.1}
    if cell.setting.loss == "random":
        metrics |= {f"pixels.{key}": 0.7 for key in ("accuracy", "accuracy.5", "accuracy.20", "knn")}
    spectra = {layer: [0.9**k for k in range(10)] for layer in "zh"}
    epochs = [{"epoch": epoch, "gap": 0.5 / epoch} for epoch in (1, 10, 20)]
    found = {"accuracy": accuracy, "validation": accuracy, "knn": accuracy, "metrics": metrics}
    return Finished.of(cell, **found, spectra=spectra, epochs=epochs, seconds=1.0)


def better(by: dict[str, float]) -> Plant:
    def plant(run: Finished) -> Finished:
        more = by.get(run.loss, 0.0)
        return replace(run, accuracy=run.accuracy + more, validation=run.validation + more)

    return plant


def reported(runs: list[Finished], total: int | None = None) -> Report:
    return Report(runs, len(runs) if total is None else total, "hyperenergy study", "planted", 1.0, ["Mind <this>."])


@pytest.fixture(scope="module")
def plain() -> Report:
    """All losses alike."""
    return reported(planted())


@pytest.fixture(scope="module")
def page(plain: Report) -> str:
    return reports.page(plain)


def test_a_planted_loss_goes_through_to_the_page() -> None:
    """Better and worse, refuted and equal, all stand in the page, the text and the table."""
    report = reported(planted(better({"DHEL": 0.03, "KCL": -0.03})))
    found = {(row.loss, row.verdict.value) for row in report.rows if row.claim == "C1" and row.measure == "accuracy"}
    assert found == {("DHEL", "supported"), ("KCL", "refuted")}
    page, text = reports.page(report), reports.markdown(report)
    words = Elements(page).text
    for row in report.rows:
        assert row.sentence in words
    for shown in (page, text):
        assert all(claim.title in shown for claim in CLAIMS.values())
    verdicts = Counter(row.verdict.value for row in report.rows)
    assert set(verdicts) == {"supported", "refuted", "equal"}
    assert Counter(re.findall(r'data-verdict="(\w+)"', page)) == verdicts
    assert Counter(re.findall(r"\| (supported|refuted|equal|undecided) \| 5 \|", text)) == verdicts


def test_two_equal_losses_are_equal_or_undecided_and_never_better() -> None:
    quiet, loud = judge(records(planted()), "C1"), judge(records(planted(noise=0.02)), "C1")
    assert {row.verdict.value for row in quiet} == {"equal"}
    assert {row.verdict.value for row in loud} == {"undecided"}
    shown = tables.verdicts(loud)
    needed = [dict(zip(shown.header, line, strict=True))["seeds needed"] for line in shown.rows]
    assert all(x == "more than 10000" or int(x) > 5 for x in needed)


def test_the_summary_counts_every_verdict() -> None:
    report = reported(planted(better({"DHEL": 0.03})))
    table = tables.summary(report.rows)
    assert [line[0] for line in table.rows] == [*CLAIMS]
    assert sum(int(x) for line in table.rows for x in line[3:]) == len(report.rows)
    assert table.header[3:] == tuple(word.value for word in Verdict)


def test_the_page_makes_no_request_and_runs_nothing(page: str) -> None:
    tags = Elements(page).tags
    assert "script" not in {tag for tag, _ in tags}
    policy = next(found["content"] for tag, found in tags if tag == "meta" and "http-equiv" in found)
    assert policy is not None and policy.startswith("default-src 'none'") and "script-src" not in policy
    links = [value for _, found in tags for key, value in found.items() if key in ("src", "href", "srcset", "data")]
    assert {str(link)[0] for link in links if link != "data:,"} == {"#"}
    assert "http:" not in page.replace("http-equiv", "") and "https:" not in page and "@import" not in page
    assert not re.search(r"url\((?!#)", page) and not any(key.startswith("on") for _, found in tags for key in found)
    ids = [str(found["id"]) for _, found in tags if "id" in found]
    assert len(set(ids)) == len(ids) and {str(link)[1:] for link in links if link != "data:,"} <= set(ids)
    assert "Mind &lt;this&gt;." in page


def test_pictures_are_there_and_the_same_in_every_run(plain: Report) -> None:
    kinds = ("accuracy-temperature", "accuracy-batch", "spectra", "gaps", "epochs", "limit")
    assert [picture.name for picture in plain.pictures] == [f"{kind}-digits" for kind in kinds]
    again = reported(planted()).pictures
    assert plain.pictures == again
    text = reports.markdown(plain)
    assert all(f"](figures/{picture.name}.svg)" in text for picture in plain.pictures)


def test_controls_and_few_runs_are_told() -> None:
    runs = planted()
    table = tables.accuracies(runs)
    assert [line[1] for line in table.rows[:3]] == ["raw pixels", "untrained encoder", "supervised"]
    assert [float(x.partition(" ")[0]) for x in table.rows[0][4:]] == [70.0] * 4
    few = [run for run in runs if run.seed == 0 and run.loss in ("DHEL", "random")]
    page = reports.page(reported(few, total=len(runs)))
    assert f"{len(few)} of {len(runs)} runs are finished" in page and "undecided" in page
    nothing = reports.page(reported([], total=3))
    assert nothing.count("No finished runs to compare.") == len(CLAIMS)
    assert "No finished runs" in reports.markdown(reported([], total=3))


def test_a_failed_run_stays_in_the_report() -> None:
    def plant(run: Finished) -> Finished:
        broken = run.loss == "KCL" and run.seed == 1
        nothing = dict.fromkeys(run.metrics, math.nan)
        return replace(run, accuracy=math.nan, validation=math.nan, knn=math.nan, metrics=nothing) if broken else run

    report = reported([Finished(**json.loads(json.dumps(run.value()))) for run in planted(plant)])
    assert {row.verdict.value for row in report.rows if (row.claim, row.loss) == ("C1", "KCL")} == {"undecided"}
    assert any("nan at batch" in row.sentence for row in report.rows)
    assert "nan" not in reports.markdown(report)


def test_registered_claims_are_compared() -> None:
    before = json.loads(json.dumps(reports.registered()))
    assert reports.changed(before) == []
    before[0]["smallest"] = 0.1
    assert reports.changed(before[:-1]) == [
        f"{id} is not as it was registered before the first run (claims.json)" for id in ("C1", "C5")
    ]


def test_intervals_are_told_to_the_digit_that_they_leave() -> None:
    found = interval([0.90, 0.91, 0.92, None])
    assert found is not None and found.n == 3 and found.text(100) == "91.0 ± 2.5"
    one = interval([0.5])
    assert one is not None and (one.half, one.text()) == (math.inf, "0.5000")
    assert interval([None]) is None


def test_values_travel_as_json(tmp_path: Path) -> None:
    run = planted()[0]
    assert Finished(**json.loads(json.dumps(run.value()))) == run


# ---- the folder, what is there, and the time left ------------------------------------------------------------------


def test_claims_are_written_once_and_compared_at_the_end(tmp_path: Path, plain: Report) -> None:
    folder.register(tmp_path)
    first = (tmp_path / "claims.json").read_bytes()
    assert [claim["id"] for claim in json.loads(first)] == [*CLAIMS] and folder.changed(tmp_path) == []
    (tmp_path / "claims.json").write_bytes(first.replace(b"0.5", b"0.1"))
    folder.register(tmp_path)
    assert [line[:2] for line in folder.changed(tmp_path)] == ["C1", "C2"]
    (tmp_path / "claims.json").write_bytes(b"{")
    assert len(folder.changed(tmp_path)) == len(CLAIMS)
    written = folder.write(tmp_path, plain)
    assert written.page.name == "study.html" and written.text.read_text("utf-8") == reports.markdown(plain)
    assert {path.stem for path in (tmp_path / "figures").iterdir()} == {picture.name for picture in plain.pictures}


@pytest.mark.parametrize("name", ["study.html", "claims.json", "figures"])
def test_what_stands_in_the_way_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch() if name == "figures" else (tmp_path / name).mkdir()
    with pytest.raises(ArgumentError, match=f"out: got .*{name} is a f"):
        folder.check(tmp_path)


def test_data_that_is_not_there_is_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(given: str, root: str | None = None) -> None:
        if given != "digits":
            raise ArgumentError("root", root, "fashion-mnist needs some, not found in here; get it")

    monkeypatch.setattr(data, "load", load)
    found, notes = available(STUDIES["images"])
    assert [part.data for part in found.parts] == ["digits"] and found.name != "images"
    assert "left out" in notes[0] and "get it" in notes[0]
    with pytest.raises(ArgumentError, match=r"root: got None; .*get it"):
        available(STUDIES["full"])
    with pytest.raises(ArgumentError, match="get it"):
        available(STUDIES["images"], str(tmp_path))
    assert "--images adds Fashion-MNIST" in available(STUDIES["small"])[1][0]
    monkeypatch.setattr(data, "load", lambda *given: None)
    assert available(STUDIES["images"]) == (STUDIES["images"], []) == (available(STUDIES["images"])[0], [])


def test_time_left_goes_by_kind_and_rate() -> None:
    pace = Pace([("a", 32)] * 3 + [("a", 256)] + [("b", 32)], 100.0)
    pace.add(("a", 32), 4.0, 102.0)  # two at a time
    assert pace.left() is None and pace.done == 1
    pace.add(("b", 32), 10.0, 107.0)
    assert pace.left() == pytest.approx((2 * 4 + 4) / 2)  # batch 256 as what was seen of its data
    pace.add(("a", 256), 6.0, 110.0)
    assert pace.left() == pytest.approx(2 * 4 / 2)
    pace.add(("a", 32), 4.0, 112.0)
    pace.add(("a", 32), 4.0, 114.0)
    assert pace.left() == 0.0
