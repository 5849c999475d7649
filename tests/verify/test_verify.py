from __future__ import annotations

import dataclasses
import itertools
import json
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy import theorems
from hyperenergy.runs.store import Store
from hyperenergy.search import minimum
from hyperenergy.theorems.compare import VALUE_TOLERANCE
from hyperenergy.theorems.prediction import Outcome, Prediction, Status
from hyperenergy.theorems.registry import Theorem
from hyperenergy.theorems.subjects import Exp
from hyperenergy.verify import checks
from hyperenergy.verify.claims import CLAIMS, select, tasks
from hyperenergy.verify.grid import Grid, Instance, Result
from hyperenergy.verify.report import Summary, by_objective, markdown, summarize, table
from hyperenergy.verify.run import collect, run_one

SMALL = Grid(dims=(3,), restarts=4)


def test_default_grid_has_all_claims_and_more_than_400_instances() -> None:
    todo = tasks(select(None), Grid())
    assert len(todo) >= 400
    assert {i.claim for _, i in todo} == set(CLAIMS) == set(theorems.names())
    names = [(i.claim, i.label) for _, i in todo]
    assert len(set(names)) == len(names)


def test_b1_runs_over_all_smooth_losses_dims_sizes_and_temperatures() -> None:
    b1 = [i for _, i in tasks(select(["B1"]), Grid())]
    assert {i.dim for i in b1} == set(range(2, 9))
    assert all({i.points for i in b1 if i.dim == d} == set(range(2, d + 2)) for d in range(2, 9))
    temperatures = {i.subject.options["temperature"] for i in b1 if "temperature" in i.subject.options}
    assert temperatures == {0.05, 0.1, 0.5, 1.0}
    families = {type(i.subject) for i in b1}
    assert families == {he.InfoNCE, he.SimCLR, he.NTXent, he.DCL, he.DHEL, he.PhiPsi}
    assert he.AlignUniform in {type(i.subject) for _, i in tasks(select(["B2a"]), Grid())}


@pytest.mark.parametrize("claim", CLAIMS)
def test_each_claim_comes_out_as_stated_on_a_sample(claim: str) -> None:
    """About eight instances per claim of the default grid; the whole of it is `hyperenergy verify`."""
    todo = tasks(select([claim]), Grid(points=tuple(range(2, 60))))
    sample = list(itertools.islice(todo, 0, None, max(1, len(todo) // 8)))
    results = [run_one(check, instance, Grid()) for check, instance in sample]
    (summary,) = summarize([claim], results)
    assert summary.as_stated, [r for r in results if r.outcome is not Outcome.CONSISTENT]
    words = {Status.THEOREM: "consistent", Status.CONJECTURE: "supported", Status.FALSE: "refuted"}
    # Numbers do not prove; the codes of B2c have an exact proof.
    assert summary.conclusion.split()[0] == ("proved" if claim == "B2c" else words[summary.theorem.status])
    if claim in ("B1", "B2a"):
        assert summary.worst_gap is not None and summary.worst_gap <= 1e-11
        assert summary.worst_residual is not None and summary.worst_residual <= 1e-6


def test_results_are_the_same_for_the_same_seed() -> None:
    check, instance = tasks(select(["B5"]), Grid())[3]
    a, b = (dataclasses.replace(run_one(check, instance, Grid()), seconds=0.0) for _ in range(2))
    assert a == b
    assert instance.seed(0) != instance.seed(1)


def test_a_result_survives_its_line() -> None:
    check, instance = tasks(select(["F1"]), SMALL)[-1]
    result = run_one(check, instance, SMALL)
    assert result.outcome is Outcome.REFUTED and result.anchors is not None
    assert Result.from_json(result.to_json()) == result
    # The counterexample can be checked by anyone: the energy of the stored points.
    X = torch.tensor(result.anchors, dtype=torch.float64)
    assert float(instance.subject(X)) == pytest.approx(result.value, rel=1e-13)


def test_a_configuration_that_agrees_is_kept_unless_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    check, instance = tasks(select(["B1"]), SMALL)[0]
    result = run_one(check, instance, SMALL)
    assert result.outcome is Outcome.CONSISTENT and np.shape(np.array(result.anchors)) == (
        instance.points,
        instance.dim,
    )
    monkeypatch.setattr("hyperenergy.verify.checks._MOST_KEPT", instance.points * instance.dim - 1)
    assert run_one(check, instance, SMALL).anchors is None
    check, instance = tasks(select(["F1"]), SMALL)[-1]
    assert run_one(check, instance, SMALL).anchors is not None  # a counterexample always is


# ---- negative controls ----


def falsified(claim: str, monkeypatch: pytest.MonkeyPatch, change) -> Instance:
    """Make the theorem predict something else; returns an instance of it."""
    theorem = theorems.get(claim)

    def predict(objective: he.Objective, points: int, dim: int) -> Prediction | None:
        prediction = theorem.predict(objective, points, dim)
        return prediction and change(prediction)

    monkeypatch.setitem(theorems._ALL, claim, dataclasses.replace(theorem, predict=predict))
    return tasks(select([claim]), SMALL)[0][1]


@pytest.mark.parametrize("error", [1e-6, -1e-6])
@pytest.mark.parametrize("claim", ["B1", "B2a", "B2b", "B2c", "B4"])
def test_a_value_falsified_by_1e_6_is_seen(claim: str, error: float, monkeypatch) -> None:
    instance = falsified(claim, monkeypatch, lambda p: dataclasses.replace(p, value=p.value + error))
    result = checks.check_prediction(instance, SMALL)
    assert result.outcome is Outcome.REFUTED
    (summary,) = summarize([claim], [result])
    assert not summary.as_stated


def test_another_code_is_seen(monkeypatch) -> None:
    def replace(p: Prediction) -> Prediction:
        wrong = torch.roll(p.anchors, 1, 0)
        wrong = he.normalize(wrong + 0.1 * torch.eye(*wrong.shape, dtype=torch.float64))
        return dataclasses.replace(p, configuration=(wrong, wrong))

    instance = falsified("B1", monkeypatch, replace)
    assert checks.check_prediction(instance, SMALL).outcome is Outcome.REFUTED


def test_a_lost_alignment_is_seen_where_it_was_denied() -> None:
    """B3's joint minimum, asked of a loss that is not decoupled."""
    wrong = Instance("B3", he.DCL(0.1), 5, 3, {"part": "joint minimum"})
    assert checks.check_alignment(wrong, SMALL).outcome is Outcome.REFUTED


class Coupled(he.DHEL):
    """A loss that claims to be DHEL and couples the views by a hair."""

    def formula(self, anchors: torch.Tensor, positives: torch.Tensor) -> torch.Tensor:  # type: ignore[override]  # takes no batch
        return super().formula(anchors, positives) + 1e-9 * (anchors @ positives.mT).square().sum((-2, -1))


def test_a_mixed_block_of_1e_9_is_seen(monkeypatch) -> None:
    monkeypatch.setattr(checks, "facts", lambda loss: he.DHEL.theory(loss))
    assert checks.check_mixed_block(Instance("B3", he.DHEL(0.5), 5, 3), SMALL).outcome is Outcome.CONSISTENT
    assert checks.check_mixed_block(Instance("B3", Coupled(0.5), 5, 3), SMALL).outcome is Outcome.REFUTED


def test_fixed_anchors_reject_a_loss_that_misaligns(monkeypatch) -> None:
    """DHEL plus a force on the positives: they no longer go to the anchors."""

    class Pushed(he.DHEL):
        theory = he.DHEL.theory  # a false declaration of one's own

        def formula(self, anchors: torch.Tensor, positives: torch.Tensor) -> torch.Tensor:  # type: ignore[override]  # takes no batch
            return super().formula(anchors, positives) + 0.1 * positives[..., 0].mean(-1)

    instance = Instance("B3", Pushed(0.5), 5, 3, {"part": "fixed anchors"})
    assert checks.check_fixed_anchors(instance, SMALL).outcome is Outcome.REFUTED


def test_monotone_energies_reject_a_wrong_limit(monkeypatch) -> None:
    instance = Instance("B6", he.Energy(he.Gaussian(2), "mean"), 5, 3, {"bounded": True})
    assert checks.check_monotone(instance, SMALL).outcome is Outcome.CONSISTENT
    true = he.uniform_energy(he.Gaussian(2), 3)
    monkeypatch.setattr(checks, "uniform_energy", lambda kernel, dim: true + 0.2)
    assert checks.check_monotone(instance, SMALL).outcome is Outcome.REFUTED
    monkeypatch.setattr(checks, "uniform_energy", lambda kernel, dim: 0.01 * true)
    assert checks.check_monotone(instance, SMALL).outcome is Outcome.INCONCLUSIVE


def test_small_temperature_rejects_a_wrong_limit(monkeypatch) -> None:
    instance = Instance("B11", he.DHEL(0.05), 5, 3, {"temperatures": [0.2, 0.05]})
    assert checks.check_small_temperature(instance, SMALL).outcome is Outcome.CONSISTENT
    limit = checks._small_temperature_limit
    for error in (0.1, -0.1):  # above the values, or too far below them
        monkeypatch.setattr(checks, "_small_temperature_limit", lambda U, V, e=error: limit(U, V) + e)
        assert checks.check_small_temperature(instance, SMALL).outcome is Outcome.REFUTED


def test_an_unsuccessful_search_is_inconclusive(monkeypatch) -> None:
    def unfinished(*a: object, **k: object) -> he.Minimum:
        return dataclasses.replace(he.minimize(*a, **k), status=minimum.Status.MAX_ITERATIONS)  # type: ignore[arg-type]

    monkeypatch.setattr(checks, "minimize", unfinished)
    for check, instance in (
        (checks.check_prediction, Instance("B1", he.DHEL(0.5), 4, 3)),
        (checks.check_alignment, Instance("B5s", he.NTXent(0.1), 5, 3)),
    ):
        assert check(instance, SMALL).outcome is Outcome.INCONCLUSIVE


# ---- conclusions ----


def summary(status: Status, *outcomes: Outcome) -> Summary:
    theorem = Theorem("X", "", "", status, "", instances=lambda grid: iter(()), formula="")
    results = tuple(Result("X", f"o{k}", 2, 2, {}, outcome, "", 0.0) for k, outcome in enumerate(outcomes))
    return Summary(theorem, results)


OK, NO, UNDECIDED = Outcome.CONSISTENT, Outcome.REFUTED, Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("status", "outcomes", "as_stated", "conclusion"),
    [
        (Status.THEOREM, [OK, OK], True, "consistent"),
        (Status.THEOREM, [OK, NO], False, "refuted (1 counterexample)"),
        (Status.THEOREM, [OK, UNDECIDED], False, "inconclusive (1 undecided)"),
        (Status.THEOREM, [Outcome.PROVED], True, "proved"),
        (Status.THEOREM, [Outcome.PROVED, OK], True, "consistent"),
        (Status.THEOREM, [], False, "no instance finished"),
        (Status.CONJECTURE, [OK], True, "supported"),
        (Status.CONJECTURE, [Outcome.PROVED], True, "supported"),
        (Status.CONJECTURE, [OK, NO], False, "refuted (1 counterexample)"),
        (Status.FALSE, [OK, NO, NO], True, "refuted (2 counterexamples)"),
        (Status.FALSE, [OK, OK], False, "no counterexample found"),
        (Status.FALSE, [], False, "no instance finished"),
    ],
)
def test_conclusions(status: Status, outcomes: list[Outcome], as_stated: bool, conclusion: str) -> None:
    found = summary(status, *outcomes)
    assert (found.as_stated, found.conclusion) == (as_stated, conclusion)


def test_b5_names_the_losses_that_lose_alignment_and_those_that_never_do() -> None:
    todo = [(c, i) for c, i in tasks(select(["B5"]), Grid()) if (i.points, i.dim) == (5, 3)]
    (found,) = summarize(["B5"], [run_one(check, instance, Grid()) for check, instance in todo])
    lower = {name: count for name, _, count, _ in by_objective(found)}
    assert lower["DCL"] > 0 and lower["InfoNCE"] > 0
    assert lower["DHEL"] == 0 and all(n == 0 for name, n in lower.items() if name.startswith("KCL"))


def test_report_shows_every_claim_and_every_counterexample(tmp_path: Path) -> None:
    todo = tasks(select(["F1", "B2c"]), Grid(dims=(3,), restarts=8))
    seen: list[Result] = []
    with Store(tmp_path) as store:
        found = collect(todo, Grid(restarts=8), store, seen.append, workers=1)
    results = found.results
    assert found.complete and len(seen) == len(results) == len(todo)
    assert [(r.claim, r.label) for r in results] == [(i.claim, i.label) for _, i in todo]
    assert found.as_run == seen  # results.jsonl has them in the order in which they run
    found.write(tmp_path)
    summaries = summarize(["B2c", "F1"], results)
    text = markdown(summaries, "hyperenergy verify", 1.0, True)
    for row in table(summaries):
        assert "| " + " | ".join(row) + " |" in text
    assert text.count("refuted | ") >= sum(r.outcome is Outcome.REFUTED for r in results) > 0
    assert "Interrupted" in markdown(summaries, "", 1.0, False)
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    assert {json.loads(line)["objective"] for line in lines} == {r.objective for r in results}
    assert {path.name for path in tmp_path.iterdir()} == {"results.jsonl", "store"}


def test_an_interrupt_keeps_what_was_finished(tmp_path: Path) -> None:
    todo = tasks(select(["F1"]), SMALL)

    def interrupt(result: Result) -> None:
        calls.append(result)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)

    calls: list[Result] = []
    handler = signal.getsignal(signal.SIGINT)
    with Store(tmp_path) as store:
        found = collect(todo, SMALL, store, interrupt, workers=1)
    assert not found.complete and found.results == sorted(calls, key=found.results.index) and len(calls) == 2
    assert signal.getsignal(signal.SIGINT) is handler
    assert len(found.write(tmp_path).read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Grid(dims=(0,)), "dims: got 0; must be integers in 1..256"),
        (lambda: Grid(points=(1,)), "points: got 1; must be integers in 2..1000"),
        (lambda: Grid(temperatures=(0.0,)), "temperatures: got 0.0"),
        (lambda: Grid(restarts=0), "restarts: got 0"),
        (lambda: select(["B99"]), "claims: got 'B99'; did you mean"),
        (lambda: tasks(select(["B2b"]), Grid(dims=(3,), points=(5,))), "claims: got B2b; it has no instance"),
    ],
)
def test_bad_grids(call, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        call()


def test_parts_are_selected_by_their_common_id() -> None:
    assert [c.id for c in select(["B2", "B2a"])] == ["B2a", "B2b", "B2c", "B2d", "B2e"]


@pytest.mark.parametrize("dim", [1, 2])
def test_low_dimensions_run(dim: int) -> None:
    grid = Grid(dims=(dim,), restarts=2, temperatures=(0.5,))
    for claim in CLAIMS.values():
        try:
            todo = tasks([claim], grid)
        except he.ArgumentError as error:
            assert "has no instance" in str(error)
            continue
        for check, instance in todo[::7]:
            assert run_one(check, instance, grid).outcome in Outcome


def test_exp_is_what_it_says() -> None:
    assert Exp(0.5).__name__ == "exp(x/0.5)"
    assert float(Exp(0.5)(torch.tensor(1.0))) == pytest.approx(7.389056, rel=1e-6)
    assert VALUE_TOLERANCE == 1e-11


@pytest.mark.slow
def test_full_grid_of_every_claim(tmp_path: Path) -> None:
    """Everything, on the larger grids."""
    grid = Grid(full=True, restarts=16)
    with Store(tmp_path) as store:
        found = collect(tasks(select(None), grid), grid, store, lambda result: None)
    assert found.complete
    assert [s.theorem.id for s in summarize(list(CLAIMS), found.results) if not s.as_stated] == []


def test_a_wrong_code_is_not_proved(monkeypatch) -> None:
    """The verdict of B2c rests on the exact proof: without it, no numbers make it "proved"."""
    import dataclasses

    from hyperenergy import codes
    from hyperenergy.kernels.gaussian import Gaussian

    instance = Instance("B2c", he.Energy(Gaussian(1)), 12, 3)
    assert checks.check_universal_optimum(instance, SMALL).outcome is Outcome.PROVED
    code = codes.get("icosahedron")
    assert code.vectors is not None
    a = code.vectors.a.copy()
    a[3] = -a[3]
    tampered = dataclasses.replace(code, vectors=dataclasses.replace(code.vectors, a=a))
    monkeypatch.setattr(codes, "universal_optimum", lambda points, dim: tampered)
    result = checks.check_universal_optimum(instance, SMALL)
    assert result.outcome is Outcome.INCONCLUSIVE and result.reason.startswith("the exact proof fails at ['norm'")


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys
    import time

    command = [sys.executable, "-m", "hyperenergy.cli", "verify", "--claims", "B1", "--out", str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    children: list[int] = []

    def alive() -> list[int]:
        return [pid for pid in children if os.path.exists(f"/proc/{pid}")]

    try:
        for _ in range(300):
            listed = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
            children = [int(pid) for pid in listed]
            if len(children) >= 2:
                break
            time.sleep(0.1)
        assert children
        time.sleep(3)
    finally:
        parent.kill()
        parent.wait()
    for _ in range(100):
        if not alive():
            break
        time.sleep(0.1)
    assert alive() == []
