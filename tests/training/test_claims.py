"""Planted studies: what is put into the records is what the rows say, and nothing is chosen on the test part."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace

import numpy as np
import pytest

from hyperenergy.errors import ArgumentError
from hyperenergy.training.study.claims import CLAIMS, judge
from hyperenergy.training.study.decay import Decay, decay
from hyperenergy.training.study.records import Record, gather
from hyperenergy.training.study.rows import Row
from hyperenergy.training.study.statistics import Verdict, paired

LOSSES = ("DCL", "DHEL", "InfoNCE", "KCL", "SimCLR")
TEMPERATURES = {0.1: -0.05, 0.3: 0.0, 1.0: -0.02}  # and what each loses
Plant = Callable[[Record], Record]


def study(
    plant: Plant = lambda run: run, *, noise: float = 0.0005, seeds: int = 6, batches: Iterable[int] = (16, 256)
) -> list[Record]:
    """All losses alike but for what is planted; the noise of a seed and batch is shared by them, as in paired runs."""
    rng, out = np.random.default_rng(7), []
    for batch in batches:
        for seed, shared in enumerate(rng.normal(0, 0.02, seeds)):
            for loss in LOSSES:
                for tau, lost in TEMPERATURES.items():
                    test, validation = 0.8 + lost + shared + rng.normal(0, noise, 2)
                    out.append(plant(Record("digits", loss, batch, tau, seed, test, validation)))
    return out


def shifted(by: dict[str, float]) -> Plant:
    """Some losses more accurate by so much."""

    def plant(run: Record) -> Record:
        more = by.get(run.loss, 0.0)
        return replace(run, accuracy=run.accuracy + more, validation=run.validation + more)

    return plant


def measured(*names: str, of: Callable[[Record, str], float | None]) -> Plant:
    def plant(run: Record) -> Record:
        found = {name: of(run, name) for name in names}
        return replace(run, metrics={name: x for name, x in found.items() if x is not None})

    return plant


def words(rows: list[Row]) -> set[tuple[str, str]]:
    return {(row.loss, row.verdict.value) for row in rows}


def test_what_is_claimed_is_registered() -> None:
    assert [*CLAIMS] == ["C1", "C2", "C3", "C4", "C5"] == [claim.id for claim in CLAIMS.values()]
    assert {claim.status for claim in CLAIMS.values()} == {"empirical"}
    assert [claim.smallest for claim in CLAIMS.values()] == [0.5, 0.5, 5, 0.01, 0.1]


def test_better_and_worse_losses_are_found() -> None:
    rows = judge(study(shifted({"DHEL": 0.02, "KCL": -0.02})), "C1")
    assert words(rows) == {("DHEL", "supported"), ("KCL", "refuted")} and len(rows) == 4
    for row in rows:
        assert row.statistics is not None and row.statistics.mean == pytest.approx(
            2 if row.loss == "DHEL" else -2, abs=0.2
        )
        assert (row.seeds, row.missing, row.reasons) == (6, 0, ())


def test_few_noisy_seeds_are_undecided_and_quiet_ones_equal() -> None:
    noisy = judge(study(noise=0.02, seeds=3), "C1")
    assert words(noisy) == {("DHEL", "undecided"), ("KCL", "undecided")}
    for row in noisy:
        assert row.judged.needed is None or row.judged.needed > 3
        assert row.sentence.endswith("would decide")
    assert words(judge(study(noise=0.0001, seeds=3), "C1")) == {("DHEL", "equal"), ("KCL", "equal")}


def test_noise_that_seeds_share_is_not_in_the_way() -> None:
    """A negative control: unpaired, the same records decide nothing."""
    records = study(shifted({"DHEL": 0.01}), noise=0.0001, batches=[32])
    best = {loss: [x.accuracy for x in records if (x.loss, x.temperature) == (loss, 0.3)] for loss in LOSSES}
    again = [100 * (a - b) for a, b in zip(best["DHEL"], np.roll(best["SimCLR"], 1).tolist(), strict=True)]
    assert paired(again, 0.5).p > 0.05
    assert ("DHEL", "supported") in words(judge(records, "C1"))


def test_the_temperature_is_chosen_by_validation_alone() -> None:
    """Temperature 1 would be better by 10 points on the test part, and only there."""

    def plant(run: Record) -> Record:
        return replace(run, accuracy=run.accuracy + 0.12 * (run.loss == "DHEL" and run.temperature == 1.0))

    planted = [row.statistics for row in judge(study(plant), "C1")]
    assert planted == [row.statistics for row in judge(study(), "C1")]
    seen = judge([replace(run, validation=run.accuracy) for run in study(plant)], "C1")
    assert words(seen) == {("DHEL", "supported"), ("KCL", "equal")}


def test_the_comparator_is_chosen_by_validation_alone() -> None:
    def plant(run: Record) -> Record:
        known = run.validation + 0.01 * (run.loss == "InfoNCE")
        return replace(run, accuracy=run.accuracy + 0.1 * (run.loss == "SimCLR"), validation=known)

    assert {row.comparator for row in judge(study(plant), "C1")} == {"InfoNCE"}


def test_tied_comparators_are_taken_by_name() -> None:
    runs = [replace(run, validation=0.5) for run in study()]
    assert {row.comparator for row in judge(runs[::-1], "C1")} == {"DCL"}


def test_a_sentence_says_all_of_it() -> None:
    rows = judge(
        [
            Record("digits", loss, 32, 0.1, seed, accuracy, validation)
            for loss, validation in (("DHEL", 0.9), ("SimCLR", 0.9), ("DCL", 0.8), ("InfoNCE", 0.8))
            for seed, accuracy in enumerate([0.80, 0.81, 0.83] if loss == "DHEL" else [0.80, 0.80, 0.80])
        ],
        "C1",
    )
    needed = rows[0].judged.needed
    assert [row.sentence for row in rows] == [
        "DHEL is 1.3 points [−2.5, 5.1] above SimCLR (best of three by validation) at batch 32 on digits: undecided, "
        f"{needed} seeds would decide"
    ]
    assert needed is not None and needed > 3


def test_below_the_interval_is_turned_around() -> None:
    row = judge(study(shifted({"DHEL": -0.02}), batches=[8]), "C1")[0]
    assert row.statistics is not None and row.statistics.high < 0
    low = row.sentence.partition("[")[2].partition(",")[0]
    assert "below" in row.sentence and float(low) == pytest.approx(-row.statistics.high, abs=0.06)


def test_probes_of_few_labels_are_judged_each() -> None:
    better = {"accuracy.5": 0.1, "accuracy.20": 0.0}
    plant = measured(*better, of=lambda run, name: run.accuracy - 0.2 + better[name] * (run.loss == "DHEL"))
    found = {(row.measure, row.loss): row.verdict.value for row in judge(study(plant), "C1")}
    assert len(found) == 6 and [loss for loss in found.items() if loss[1] != "equal"] == [
        (("accuracy.5", "DHEL"), "supported")
    ]


@pytest.mark.parametrize("lost", [0.03, -0.03])
def test_robustness_over_batch_sizes(lost: float) -> None:
    """The comparators, or DHEL alone, lose at the small batch size."""

    def plant(run: Record) -> Record:
        hit = run.batch == 16 and (run.loss in ("DCL", "InfoNCE", "SimCLR") if lost > 0 else run.loss == "DHEL")
        return shifted({run.loss: -abs(lost) * hit})(run)

    rows = [row for row in judge(constant(plant), "C2") if row.batch == "all"]
    told = {"DHEL": "supported", "KCL": "supported"} if lost > 0 else {"DHEL": "refuted", "KCL": "equal"}
    assert {row.loss: row.verdict.value for row in rows} == told
    assert "points" in rows[0].sentence and "over batch sizes 16, 256 on digits" in rows[0].sentence


def constant(plant: Plant) -> list[Record]:
    """Without what seeds share, which would spread over batch sizes."""

    def still(run: Record) -> Record:
        level, known = 0.8 + TEMPERATURES[run.temperature], run.accuracy % 0.001
        return plant(replace(run, accuracy=level + known, validation=level))

    return study(still)


def test_robustness_over_temperatures() -> None:
    def plant(run: Record) -> Record:
        flat = run.loss == "DHEL" and run.temperature == 0.1
        return replace(run, accuracy=run.accuracy + 0.03 * flat)

    rows = [row for row in judge(study(plant), "C2") if row.batch != "all"]
    assert words(rows) == {("DHEL", "supported"), ("KCL", "equal")} and len(rows) == 4
    one_less = [run for run in study(plant) if (run.loss, run.temperature) != ("DHEL", 1.0)]
    rows = [row for row in judge(one_less, "C2") if (row.loss, row.batch) == ("DHEL", 16)]
    assert [row.verdict for row in rows] == [Verdict.UNDECIDED]
    assert "DHEL has 2 temperatures and" in rows[0].sentence


def test_spectra_are_relative_or_of_the_dimension() -> None:
    names = ("z.effective_rank", "h.lidar", "z.small_singular_values", "z.dimension")

    def of(run: Record, name: str) -> float:
        wobble = 1 + 0.001 * math.sin(run.seed + hash((run.batch, run.temperature)) % 7)
        good = run.loss == "DHEL"
        level = {"z.effective_rank": 22 if good else 20, "h.lidar": 8 if good else 10, "z.dimension": 64}
        return level[name] * (wobble if name != "z.dimension" else 1) if name in level else 4 + 8 * good + wobble

    rows = {(row.measure, row.loss, row.batch): row for row in judge(study(measured(*names, of=of)), "C3")}
    assert len(rows) == 12
    rank, lidar, small = (rows[name, "DHEL", 16] for name in names[:3])
    assert [row.verdict.value for row in (rank, lidar, small)] == ["supported", "refuted", "refuted"]
    means = [row.statistics.mean for row in (rank, lidar, small) if row.statistics]
    assert means == pytest.approx([10, -20, -100 * 8 / 64], abs=0.5)
    assert "% of the dimension" in small.sentence and "above" in small.sentence
    assert rows["z.effective_rank", "KCL", 256].verdict is Verdict.EQUAL


def test_alignment_at_small_batches() -> None:
    """Each decoupled loss with each coupled one; the large batch is not asked."""

    def of(run: Record, name: str) -> float:
        wobble = 0.0005 * math.sin(7 * run.seed + run.batch + len(run.loss))
        return 0.01 + wobble + {"SimCLR": 0.05, "InfoNCE": 0.05, "DCL": 0.0}.get(run.loss, 0.0)

    rows = judge(study(measured("alignment_gap", of=of)), "C4")
    found = {(row.loss, row.comparator): row.verdict.value for row in rows}
    assert {row.batch for row in rows} == {16} and len(rows) == 6
    assert found["DHEL", "SimCLR"] == found["KCL", "InfoNCE"] == "supported" and found["DHEL", "DCL"] == "equal"
    assert "of the way" in rows[0].sentence and "best of" not in rows[0].sentence


def test_missing_runs_are_left_out_and_counted() -> None:
    gone = {("DHEL", 0), ("SimCLR", 1), ("DCL", 1), ("InfoNCE", 1)}
    rows = judge([run for run in study(shifted({"DHEL": 0.02})) if (run.loss, run.seed) not in gone], "C1")
    found = {row.loss: (row.seeds, row.missing, row.verdict.value) for row in rows}
    assert found == {"DHEL": (4, 2, "supported"), "KCL": (5, 1, "equal")}
    assert "(4 of 6 seeds)" in next(row.sentence for row in rows if row.loss == "DHEL")


def test_without_comparators_or_with_one_seed_nothing_is_decided() -> None:
    alone = judge([run for run in study() if run.loss in ("DHEL", "KCL")])
    assert {row.verdict for row in alone} == {Verdict.UNDECIDED} and {row.comparator for row in alone} == {""}
    assert "against no finished comparator" in alone[0].sentence
    single = judge(study(seeds=1))
    assert {row.verdict for row in single} == {Verdict.UNDECIDED}
    assert single[0].sentence.endswith("undecided, with one of the two seeds that the tests need")
    assert judge([]) == []


@pytest.mark.parametrize("field", ["accuracy", "validation"])
@pytest.mark.parametrize("loss", ["DHEL", "SimCLR"])
def test_nan_never_counts_silently(field: str, loss: str) -> None:
    def plant(run: Record) -> Record:
        run = shifted({"DHEL": 0.02, "SimCLR": 0.01})(run)
        at = (run.loss, run.batch, run.temperature, run.seed) == (loss, 16, 0.3, 2)
        failed = replace(run, accuracy=math.nan) if field == "accuracy" else replace(run, validation=math.nan)
        return failed if at else run

    rows = {(row.loss, row.batch): row for row in judge(study(plant), "C1")}
    hit = rows["DHEL", 16]
    assert (
        hit.verdict is Verdict.UNDECIDED and hit.reasons and "seed 2" in hit.sentence and "nan" not in str(hit.judged)
    )
    assert hit.judged.needed is None
    assert rows["DHEL", 256].verdict is Verdict.SUPPORTED
    assert rows["KCL", 16].verdict is (Verdict.REFUTED if loss == "DHEL" else Verdict.UNDECIDED)


def test_nan_counts_without_a_partner_too() -> None:
    """The other's run of that seed is missing, so that no difference is nan."""
    runs = [run for run in study(batches=[16]) if (run.loss, run.seed) not in {(x, 3) for x in ("DCL", "InfoNCE")}]
    runs = [run for run in runs if (run.loss, run.seed) != ("SimCLR", 3)]
    assert judge(runs, "C1")[0].verdict is Verdict.EQUAL
    failed = [replace(run, accuracy=math.nan) if (run.loss, run.seed) == ("DHEL", 3) else run for run in runs]
    found = judge(failed, "C1")[0]
    assert found.verdict is Verdict.UNDECIDED and found.reasons == ("accuracy of DHEL is not finite at seed 3",)


def test_nan_where_it_is_not_used_is_let_pass() -> None:
    def plant(run: Record) -> Record:
        return replace(run, accuracy=math.nan) if run.temperature == 1.0 else run

    assert words(judge(study(plant), "C1")) == {("DHEL", "equal"), ("KCL", "equal")}
    over = [row for row in judge(study(plant), "C2") if row.batch != "all"]
    assert {row.verdict for row in over} == {Verdict.UNDECIDED} and "not finite" in over[0].sentence


def test_dicts_are_records_and_their_order_is_nothing() -> None:
    runs = study(shifted({"KCL": 0.01}))
    shuffled = [runs[k] for k in np.random.default_rng(0).permutation(len(runs))]
    assert judge([asdict(run) for run in shuffled]) == judge(runs)
    assert judge(runs, CLAIMS["C1"]) == [row for row in judge(runs) if row.claim == "C1"]


def test_what_is_refused() -> None:
    run = study()[0]
    with pytest.raises(ArgumentError, match="each run once"):
        gather([run, run])
    with pytest.raises(ArgumentError, match=r"accuracy: got 80"):
        replace(run, accuracy=80.0)
    with pytest.raises(ArgumentError, match=r"accuracy\.5: got 80"):
        replace(run, metrics={"accuracy.5": 80.0})
    assert judge([run], "C5") == []
    with pytest.raises(ArgumentError, match="did you mean C1"):
        judge([run], "C11")


BATCHES = np.array([32, 64, 128, 256])


def distances(slope: float, ratio: float, noise: float = 0.01, seeds: int = 5) -> Decay:
    rng = np.random.default_rng(3)
    infonce = 3.0 * BATCHES ** float(slope) * np.exp(rng.normal(0, noise, (seeds, 4)))
    return decay(BATCHES, infonce, -ratio * infonce * np.exp(rng.normal(0, noise, (seeds, 4))))


@pytest.mark.parametrize(
    ("slope", "ratio", "at_slope", "at_ratio", "whole"),
    [
        (-1.0, 0.02, "supported", "supported", "supported"),
        (-0.5, 0.02, "refuted", "supported", "refuted"),
        (-1.3, 0.02, "refuted", "supported", "refuted"),
        (-1.0, 0.5, "supported", "refuted", "refuted"),
        (-1.1, 0.02, "undecided", "supported", "undecided"),
    ],
)
def test_decay_is_told(slope: float, ratio: float, at_slope: str, at_ratio: str, whole: str) -> None:
    found = distances(slope, ratio)
    assert [x.value for x in (found.at_slope, found.at_ratio, found.verdict)] == [at_slope, at_ratio, whole]
    assert found.slope is not None and found.slope.mean - 1 == pytest.approx(slope, abs=0.02)
    assert f": {whole} (5 seeds)" in found.sentence


def test_a_ratio_is_small_at_every_batch_size() -> None:
    infonce = np.ones((3, 4)) / BATCHES
    found = decay(BATCHES, infonce, infonce * [0.01, 0.01, 0.01, 0.2])
    assert (found.at_slope, found.at_ratio) == (Verdict.SUPPORTED, Verdict.REFUTED)


def test_noisy_failed_or_single_decays_are_undecided() -> None:
    assert distances(-1, 0.02, noise=1.0, seeds=3).verdict is Verdict.UNDECIDED
    assert distances(-1, 0.02, seeds=1).verdict is Verdict.UNDECIDED
    one = np.ones((3, 4))
    for broken in (one * [1, math.nan, 1, 1], one * [1, 0, 1, 1]):
        assert decay(BATCHES, broken, one).verdict is Verdict.UNDECIDED
    assert decay(BATCHES, 1 / BATCHES * one, 0 * one).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("batches", "infonce", "dhel", "name"),
    [
        ([32], [[1.0]], [[1.0]], "batches"),
        ([32, 32], [[1.0, 1]], [[1.0, 1]], "batches"),
        ([32, 64], [1.0, 1], [[1.0, 1]], "infonce"),
        ([32, 64], [[1.0, 1]], [[1.0, 1], [1.0, 1]], "dhel"),
        ([32, 64], 1.0, [[1.0, 1]], "infonce"),
    ],
)
def test_shapes_of_distances(batches: list, infonce: list, dhel: list, name: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        decay(batches, infonce, dhel)
    assert refused.value.argument == name
