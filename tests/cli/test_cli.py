"""The command line as a user sees it: exit status, streams and files; the first of a kind in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hyperenergy.objectives.naming import KERNELS, LOSSES
from tests.command import inside


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hyperenergy.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_verify_small_grid(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    done = run("verify", "--claims", "B1,F1,B4", "--dims", "3", "--temperatures", "0.3", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "every claim came out as its status says" in done.stdout
    for word in ("B1", "consistent", "F1", "refuted", "B4", "supported"):
        assert word in done.stdout
    assert "proved, and consistent" in done.stdout and "the refutation is proved" in done.stdout
    # Plain lines in a pipe: no bar, no escape codes.
    assert "verify: " in done.stderr and "s left" in done.stderr and "\x1b" not in done.stderr + done.stdout
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert {line["claim"] for line in lines} == {"B1", "F1", "B4"}
    assert "# Verification report" in (out / "report.md").read_text()


def test_verify_fails_where_a_false_claim_stands(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """At M = d+1 alone F2 finds no counterexample, so the claim does not come out as its status says."""
    done = inside(capfd, "verify", "--claims", "F2", "--dims", "3", "--points", "4", "--out", str(tmp_path))
    assert done.returncode == 1
    assert "not as stated: F2" in done.stdout and "no counterexample found" in done.stdout


@pytest.mark.slow
def test_interrupt_keeps_what_was_finished(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hyperenergy.cli", "verify", "--restarts", "64", "--out", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    shards = tmp_path / "store" / "shards"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and sum(path.stat().st_size for path in shards.glob("*")) < 4000:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "interrupted: " in err and "Traceback" not in err
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    assert len(lines) > 3 and all(json.loads(line)["outcome"] for line in lines)
    assert "Interrupted" in (tmp_path / "report.md").read_text()


def test_minimize_shows_value_and_prediction(tmp_path: Path) -> None:
    target = tmp_path / "ico.json"
    done = run("minimize", "riesz:s=1", "--points", "12", "--dim", "3", "--restarts", "8", "--out", str(target))
    assert done.returncode == 0, done.stderr
    for word in ("49.1652530576", "B2c, theorem", "consistent", "pairs=unordered"):
        assert word in done.stdout
    record = json.loads(target.read_text())
    assert record["value"] == pytest.approx(49.165253058, abs=1e-9) and len(record["anchors"]) == 12


def test_a_folder_in_the_way_is_seen_before_the_work(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report.md").mkdir()
    done = inside(capfd, "verify", "--claims", "F1", "--out", str(tmp_path))
    assert done.returncode == 2 and "report.md is a folder" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]
    (tmp_path / "d.json").mkdir()
    done = inside(capfd, "minimize", "dhel", "--points", "3", "--dim", "2", "--out", str(tmp_path / "d.json"))
    assert done.returncode == 2 and done.stdout == ""


def test_fractions_are_numbers(capfd: pytest.CaptureFixture[str]) -> None:
    done = inside(capfd, "minimize", "dcl:temperature=1/2", "--points", "3", "--dim", "2")
    assert done.returncode == 0 and "DCL(temperature=0.5)" in done.stdout


def test_minimize_says_where_nothing_is_known(capfd: pytest.CaptureFixture[str]) -> None:
    done = inside(capfd, "minimize", "dcl", "--temperature", "0.1", "--points", "5", "--dim", "3", "--restarts", "4")
    assert done.returncode == 0 and "no theorem or conjecture names the minimum here" in done.stdout


def test_minimize_with_kernel_option(capfd: pytest.CaptureFixture[str]) -> None:
    done = inside(
        capfd, "minimize", "kcl:gamma=4", "--kernel", "inverse-multiquadric:c=2", "--points", "4", "--dim", "3"
    )
    assert done.returncode == 0 and "KCL(kernel=InverseMultiquadric(c=2), gamma=4.0)" in done.stdout


def test_codes(capfd: pytest.CaptureFixture[str]) -> None:
    done = inside(capfd, "codes")
    assert done.returncode == 0
    for word in ("600-cell", "1/4 + sqrt(5)/4 (12x)", "24-cell", "e8-roots"):
        assert word in done.stdout.replace("\n", "")
    one = inside(capfd, "codes", "cross-polytope-6")
    assert one.returncode == 0 and "-1 (1x), 0 (10x)" in one.stdout and "Cohn and Kumar" in one.stdout


def test_names_are_class_names_with_dashes() -> None:
    assert {"dhel", "nt-xent", "info-nce", "sim-clr", "dcl", "kcl", "align-uniform"} <= set(LOSSES)
    assert {"gaussian", "inverse-multiquadric", "riesz", "regularized-logarithmic"} <= set(KERNELS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify", "--claims", "B1x"], "claims: got 'B1x'; did you mean"),
        (["verify", "--dims", "0"], "dims: got 0; must be integers in 1..256"),
        (["verify", "--dims", "two"], "dims: got 'two'; must be integers such as 2,3,5"),
        (["verify", "--dims", "8..2"], "dims: got '8..2'"),
        (["verify", "--points", "1"], "points: got 1; must be integers in 2..1000"),
        (["verify", "--temperatures", "0"], "temperatures: got 0"),
        (["verify", "--temperatures", "nan"], "temperatures: got nan"),
        (["verify", "--temperatures", "warm"], "temperatures: got 'warm'; must be a number"),
        (["verify", "--restarts", "0"], "restarts: got 0"),
        (["verify", "--device", "tpu"], "device: got 'tpu'; not available here"),
        (
            ["verify", "--claims", "F1", "--out", "/proc/none"],
            "out: got '/proc/none'; must be a folder that can be written",
        ),
        (["minimize", "dhell", "--points", "4", "--dim", "3"], "objective: got 'dhell'; did you mean dhel"),
        (["minimize", "dhel", "--points", "1", "--dim", "3"], "points: got 1"),
        (["minimize", "dhel", "--points", "4", "--dim", "0"], "dim: got 0"),
        (["minimize", "dhel", "--points", "4", "--dim", "3", "--temperature", "-1"], "temperature: got -1.0"),
        (["minimize", "dhel:beta=2", "--points", "4", "--dim", "3"], "objective dhel: got beta=2; its parameters are"),
        (["minimize", "riesz:s=x", "--points", "4", "--dim", "3"], "s: got 'x'; must be a number"),
        (["minimize", "riesz:s=0", "--points", "4", "--dim", "3"], "s: got 0; must be non-zero"),
        (["minimize", "kcl", "--points", "4", "--dim", "3"], "kernel: got nothing; kcl needs it"),
        (["minimize", "kcl:gamma=0", "--kernel", "gaussian", "--points", "4", "--dim", "3"], "gamma: got 0"),
        (["minimize", "kcl", "--kernel", "riesz:s=1", "--points", "4", "--dim", "3"], "unbounded below"),
        (["minimize", "dcl:within_view=maybe", "--points", "4", "--dim", "3"], "within_view: got 'maybe'"),
        (["minimize", "riesz", "--pairs", "both", "--points", "4", "--dim", "3"], "pairs: got 'both'"),
        (["minimize", "riesz", "--temperature", "1", "--points", "4", "--dim", "3"], "has no such option"),
        (
            ["minimize", "riesz", "--points", "4", "--dim", "3", "--out", "/nowhere/x.json"],
            "out: got '/nowhere/x.json'",
        ),
        (["verify", "--dims", "99999"], "dims: got 99999; must be integers in 1..256"),
        (["minimize", "dhel", "--points", "4", "--dim", "3", "--seed", "-1"], "seed: got -1; must be an integer in 0"),
        (
            ["minimize", "dhel", "--points", "4", "--dim", "3", "--device", "meta"],
            "device: got 'meta'; not available here",
        ),
        (["minimize", "dhel", "--pairs", "foo", "--points", "4", "--dim", "3"], "pairs: got 'foo'"),
        (
            ["minimize", "dhel", "--pairs", "mean", "--points", "4", "--dim", "3"],
            "pairs: got 'mean'; goes with the energy",
        ),
        (
            ["minimize", "riesz:s=1,s=2", "--points", "4", "--dim", "3"],
            "kernel riesz: got s=2; s is given already, as 1",
        ),
        (
            ["minimize", "dhel:temperature=1", "--temperature", "2", "--points", "4", "--dim", "3"],
            "objective dhel: got temperature=1; temperature is given already, as 2.0",
        ),
        (["codes", "simplex-30000"], "points: got 30000; must be an integer in 2..2000"),
        (["codes", "icosahedrn"], "code: got 'icosahedrn'; did you mean icosahedron"),
        (["codes", "polygon-1"], "points: got 1"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: list[str], message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    if arguments[0] == "verify" and "--out" not in arguments:
        arguments = [*arguments, "--out", str(out)]
    done = inside(capfd, *arguments)
    assert done.returncode == 2
    assert message in done.stderr and done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1 and done.stdout == ""
    assert not out.exists()


def test_a_process_ends_with_that_line_and_status() -> None:
    done = run("verify", "--claims", "B1x")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: --claims: got 'B1x'; did you mean") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["minimize"], ["view", "--no-open", "--minimize"]])
def test_ctrl_c_ends_a_search_and_says_that_nothing_is_left(command: list[str], tmp_path: Path) -> None:
    """Hops without end, since the starts do not all come to the best minimum."""
    arguments = [*command, "riesz:s=1", "--points", "300", "--dim", "3", "--restarts", "16", "--hops", "1000000"]
    whole = [sys.executable, "-m", "hyperenergy.cli", *arguments]
    with subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        time.sleep(4)  # it is in the search then, or still compiling; nothing on a stream tells when it begins
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and errors.splitlines()[-1] == "interrupted: nothing was written"
    assert out == "" and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["verify", "--bogus"], ["nonsense"], ["minimize", "dhel", "--points", "four"]])
def test_unknown_options_are_status_2_without_traceback(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    done = inside(capfd, *arguments)
    assert done.returncode == 2 and "Traceback" not in done.stderr and done.stderr
