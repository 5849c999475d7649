"""`hyperenergy minimize`: where it starts, which way it goes, and what it says of a search that did not converge."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy.cli import found, main
from hyperenergy.search.unseen import Unseen
from hyperenergy.show.view import load

Run = Callable[..., tuple[int, str, str]]

# Taken before a test puts another in its place: public names are loaded when they are first asked for.
MINIMIZE = he.minimize


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Exit status, output and errors of a command, in a folder of its own and in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        out, errors = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, out, errors

    return run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command asks of the search."""
    options: dict[str, Any] = {}

    def search(*arguments: object, **given: Any) -> he.Minimum:
        options.update(given)
        return MINIMIZE(*arguments, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(sys.modules["hyperenergy.search.minimize"], "minimize", search)
    return options


def row(out: str, name: str) -> str:
    cells = [[cell.strip() for cell in line.split("│")] for line in out.splitlines()]
    (text,) = (line[2] for line in cells if len(line) == 4 and line[1] == name)
    return text


@pytest.mark.parametrize("path", ["auto", "direct"])
def test_the_way_is_passed_on_and_numbers_only_if_given(path: str, run: Run, asked: dict[str, Any]) -> None:
    status, _, _ = run("minimize", "riesz:s=1", "--points", "4", "--dim", "3", "--path", path)
    assert status == 0 and asked["path"] == path and asked["seed"] == 0 and asked["start"] is None
    assert not {"restarts", "hops"} & asked.keys()
    run("minimize", "riesz:s=1", "--points", "4", "--dim", "3", "--restarts", "3", "--hops", "2", "--seed", "5")
    assert asked["path"] == "auto" and (asked["restarts"], asked["hops"], asked["seed"]) == (3, 2, 5)


def test_a_direct_way_goes_by_no_easier_objective(run: Run) -> None:
    search = ["minimize", "gaussian:t=1", "--points", "8", "--dim", "3", "--restarts", "2"]
    assert "by way of" in run(*search)[1] and "by way of" not in run(*search, "--path", "direct")[1]


def test_a_search_goes_on_from_its_own_file(run: Run, asked: dict[str, Any]) -> None:
    assert run("minimize", "dcl", "--points", "5", "--dim", "3", "--restarts", "4", "--out", "m.json")[0] == 0
    record = json.loads(Path("m.json").read_text())
    assert record["status"] in ("converged", "round_off") and record["seed"] == 0
    status, out, _ = run("minimize", "dcl", "--start", "m.json", "--out", "again.json")
    assert status == 0 and row(out, "starts") == "given by the caller"
    assert float(row(out, "value")) == pytest.approx(record["value"], rel=1e-13)
    rows = np.concatenate([record["anchors"], record["positives"]])
    np.testing.assert_allclose(asked["start"].numpy(), rows[None], atol=1e-15)
    again = json.loads(Path("again.json").read_text())
    assert (again["points"], again["dim"], again["seed"]) == (5, 3, None)
    np.testing.assert_allclose(again["anchors"], record["anchors"], atol=1e-6)


@pytest.mark.parametrize("source", ["c.csv", "c.npz", "icosahedron"])
def test_points_start_an_energy_and_aligned_pairs(source: str, run: Run, asked: dict[str, Any]) -> None:
    if source.startswith("c."):
        assert run("codes", "icosahedron", "--export", source)[0] == 0
    points = he.codes.get("icosahedron").points
    status, out, _ = run("minimize", "riesz:s=1", "--start", source)
    assert status == 0 and float(row(out, "value")) == pytest.approx(49.1652530576, abs=1e-9)
    torch.testing.assert_close(asked["start"], points[None])
    assert run("minimize", "dhel", "--temperature", "0.5", "--start", source, "--points", "12")[0] == 0
    torch.testing.assert_close(asked["start"], torch.cat([points, points])[None])


def test_rows_twice_as_many_are_anchors_over_positives(run: Run, asked: dict[str, Any], draw) -> None:
    rows = draw(8, 3)
    np.savetxt("rows.csv", rows.numpy(), delimiter=",", fmt="%.17g")
    assert run("minimize", "dhel", "--start", "rows.csv", "--points", "4", "--dim", "3")[0] == 0
    torch.testing.assert_close(asked["start"], rows[None])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--start", "none.json"], "--start: got 'none.json'; there is no such file"),
        (["--start", "broken.json"], "--start: got 'broken.json'; is not JSON"),
        (["--start", "long.csv"], "--start: got 'long.csv'; rows: row 2 has length 2"),
        (["--start", "icosahedrn"], "--start: got 'icosahedrn'; neither a file"),
        (
            ["--start=simplex-4", "--points", "5"],
            "--start: got 'simplex-4'; holds 4 points in R^3; it must fit --points 5",
        ),
        (
            ["--start", "simplex-4", "--dim", "4"],
            "--start: got 'simplex-4'; holds 4 points in R^3; it must fit --dim 4",
        ),
        (["--start", "pairs.json"], "--start: got 'pairs.json'; holds pairs; Energy(Riesz(s=1), pairs=unordered) is"),
        (["--start", "simplex-4", "--seed", "2"], "--seed: got 2; goes with random starts"),
        (["--start", "simplex-4", "--path", "both"], "--path: got 'both'; allowed: auto, direct"),
        (["--start", "twice.csv"], "--start: got coincident points; must be distinct under Riesz(s=1)"),
    ],
)
def test_starts_that_are_refused(arguments: list[str], message: str, run: Run) -> None:
    Path("broken.json").write_text("{")
    Path("long.csv").write_text("1,0\n0,2\n")
    Path("twice.csv").write_text("1,0\n1,0\n0,1\n")
    Path("pairs.json").write_text('{"anchors": [[1, 0], [0, 1]], "positives": [[0, 1], [1, 0]]}')
    status, out, errors = run("minimize", "riesz:s=1", *arguments, "--out", "m.json")
    assert status == 2 and out == "" and errors.startswith(f"error: {message}")
    assert len(errors.splitlines()) == 1 and not Path("m.json").exists()


def test_hops_from_a_given_start_have_a_seed(run: Run, asked: dict[str, Any]) -> None:
    assert run("minimize", "riesz:s=1", "--start", "simplex-4", "--hops", "1", "--seed", "3")[0] == 0
    assert asked["seed"] == 3 and asked["hops"] == 1


def test_a_search_that_does_not_converge_is_shown_and_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    short = partial(MINIMIZE, max_iterations=3)
    monkeypatch.setattr(sys.modules["hyperenergy.search.minimize"], "minimize", short)
    status, out, errors = run("minimize", "dcl", "--points", "9", "--dim", "4", "--restarts", "2", "--out", "m.json")
    assert status == 1 and row(out, "status") == "not stationary: the iteration limit was reached"
    assert row(out, "distinct minima") == "none" and row(out, "starts that reached it") == "0 of 2"
    assert errors.startswith("not converged: no start of 2 reached a local minimum; the best is not stationary")
    assert len(errors.splitlines()) == 1
    record = json.loads(Path("m.json").read_text())
    assert record["status"] == "max_iterations" and record["value"] == pytest.approx(float(row(out, "value")))
    assert load("m.json").anchors.shape == (9, 4)
    # With predictions to compare, too.
    status, out, _ = run("minimize", "dhel", "--points", "4", "--dim", "3", "--restarts", "2")
    assert status == 1 and row(out, "verdict").startswith("inconclusive")


def test_what_the_search_says_of_itself_is_shown() -> None:
    """Ways, what was not seen, and a logarithm where the value leaves float64."""
    best = MINIMIZE(he.Energy(he.Riesz(1)), 4, 3, restarts=2)
    plain = dict(found.rows(best))
    assert plain["search ended"] == best.stop.value and {"ways", "not seen yet"} <= plain.keys()
    assert "log of the value" not in plain
    fields = {name: getattr(best, name) for name in ("objective", "misalignment", "gradient_norm", "status", "hits")}
    fields |= {name: getattr(best, name) for name in ("restarts", "origin", "path", "stop", "minima")}
    told = SimpleNamespace(
        certified=None,
        contacts=None,
        **fields,
        value=0.0,
        log_value=-1234.5,
        unseen=Unseen(estimate=0.012, upper=0.049, starts=84, alone=1, confidence=0.95),
        ways=(
            SimpleNamespace(label="direct", starts=32, hits=20),
            SimpleNamespace(label="by way of Energy(Riesz(1))", starts=32, hits=32),
        ),
    )
    shown = dict(found.rows(told))  # type: ignore[arg-type]
    assert shown["log of the value"] == "-1234.5"
    assert shown["ways"] == "direct: 20 of 32; by way of Energy(Riesz(1)): 32 of 32"
    assert shown["not seen yet"] == (
        "with 95 % confidence less than 4.9 % of further starts end in a minimum not seen so far (estimate 1.2 %)"
    )


def test_a_folder_that_takes_no_files_is_seen_before_the_search(
    run: Run, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the answer of the system: whoever runs this as root may write everywhere."""
    monkeypatch.setattr("os.access", lambda path, mode: False)
    status, out, errors = run("minimize", "dhel", "--points", "3", "--dim", "2", "--out", "m.json")
    assert status == 2 and out == "" and asked == {}
    assert errors == "error: --out: got 'm.json'; cannot be written: the folder takes no new files from this user\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["minimize", "riesz", "--points", "1000000", "--dim", "1000000", "--restarts", "1000000"], "out of memory"),
        (["view", "--minimize", "dhel", "--points", "4", "--dim", "3", "--device", "tpu"], "--device: got 'tpu'"),
    ],
)
def test_what_a_machine_does_not_have_is_one_line(arguments: list[str], said: str, run: Run) -> None:
    status, out, errors = run(*arguments)
    assert status in (1, 2) and out == "" and said in errors and len(errors.splitlines()) == 1
