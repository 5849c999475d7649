"""Help and errors of usage load nothing heavy: told by the modules of a new process, not by the time that it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hyperenergy.cli.app import commands
from tests.test_package import HEAVY

COMMANDS = [command.__name__ for command in commands()]
SEARCH = ["--points", "4", "--dim", "3"]


def loaded(arguments: list[str], folder: Path) -> tuple[str, set[str], str]:
    """Exit status, the heavy modules that were loaded, and what was printed on either stream."""
    code = (
        "import sys\nfrom hyperenergy.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as end:\n    print()\n"
        f"    print('loaded', end.code, *({HEAVY!r} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=True)
    _, status, *names = done.stdout.splitlines()[-1].split()
    return status, set(names), done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([command, "--help"] for command in COMMANDS)])
def test_help_and_version(arguments: list[str], tmp_path: Path) -> None:
    status, names, said = loaded(arguments, tmp_path)
    assert (status, names) == ("0", set())
    assert "hyperenergy 0." in said if arguments == ["--version"] else "Usage:" in said


ERRORS: list[tuple[list[str], str]] = [
    ([], "Usage:"),
    (["nonsense"], f"command: got 'nonsense'; allowed: {', '.join(COMMANDS)}"),
    (["minimise"], "command: got 'minimise'; did you mean minimize?"),
    *(([command, "--bogus"], f"--bogus: no such option of `hyperenergy {command}`; ") for command in COMMANDS),
    (["verify", "--claim", "B1"], "did you mean --claims"),
    (["minimize"], "objective: got nothing; `hyperenergy minimize` needs it; see `hyperenergy minimize --help`"),
    (["minimize", "dhel", "--points", "four"], "--points: got 'four'; must be an integer"),
    (["minimize", "dhel", "--points", "9" * 5000], "must be an integer of fewer digits"),
    (["minimize", "dhel", "--temperature=warm"], "--temperature: got 'warm'; must be a number"),
    (["minimize", "dhel", "--points"], "--points: got nothing; needs a value; see `hyperenergy minimize --help`"),
    (["codes", "--prove=3"], "--prove: got '3'; takes no value"),
    (["codes", "icosahedron", "leech"], "arguments: got (leech); `hyperenergy codes` takes no more"),
    (["codes", "icosahedron", "--export", ""], "--export: got ''; must be a path"),
    (["minimize", "dhel", *SEARCH, "--out="], "--out: got ''; must be a path"),
    (["view", "icosahedron", "--out", ""], "--out: got ''; must be a path"),
    (["verify", "--claims", "F1", "--out", ""], "--out: got ''; must be a path"),
    (["minimize", "dhel", *SEARCH, "--max-iterations", "0"], "--max-iterations: got 0; must be an integer in 1.."),
    (["view", "icosahedron", "--max-iterations", "9"], "--max-iterations: got 9; goes with --minimize alone"),
    *(
        (["verify", option, number], f"{option}: got {number}; must be an integer in")
        for option in ("--restarts", "--seed")
        for number in (str(2**63), "9" * 23)
    ),
    (["minimize", "dhel"], "points: got nothing; is needed, e.g. --points 4, unless --start gives it"),
    (["minimize", "dhel", "--points", "1", "--dim", "3"], "--points: got 1; must be an integer in 2..1000000"),
    (["minimize", "dhel", "--points", str(10**30), "--dim", "3"], f"--points: got {10**30}; must be an integer in"),
    (["minimize", "dhel", "--points", "4", "--dim", "0"], "--dim: got 0; must be an integer in 1..1000000"),
    (["minimize", "dhel", *SEARCH, "--restarts", "0"], "--restarts: got 0; must be an integer in 1..1000000"),
    (["minimize", "dhel", *SEARCH, "--hops", "-1"], "--hops: got -1; must be an integer in 0..1000000"),
    (["minimize", "dhel", *SEARCH, "--seed", "-1"], "--seed: got -1; must be an integer in 0.."),
    (["minimize", "dhel", *SEARCH, "--seed", str(2**63)], f"--seed: got {2**63}; must be an integer in 0.."),
    (["minimize", "dhel", *SEARCH, "--temperature", "nan"], "--temperature: got nan; must be a finite number > 0"),
    (["minimize", "dhel", *SEARCH, "--temperature=inf"], "--temperature: got inf; must be a finite number > 0"),
    (["minimize", "dhel", *SEARCH, "--path", "driect"], "--path: got 'driect'; did you mean direct? allowed: auto"),
    (["minimize", "dhel", *SEARCH, "--out", "no/m.json"], "--out: got 'no/m.json'; must be a .json file in a"),
    (["minimize", "dhel", *SEARCH, "--out", "m.txt"], "--out: got 'm.txt'; must be a .json file"),
    (["minimize", "dhel", "--start", "m.json", "--seed", "0"], "--seed: got 0; goes with random starts"),
    (["minimize", "dhel", "--start", "m.json", "--restarts", "2"], "--restarts: got 2; goes with random starts"),
    (["codes", "--export", "x.csv"], "--export: got 'x.csv'; needs the name of a code"),
    (["view"], "source: got None; give either a file or the name of a code, or --minimize"),
    (["view", "icosahedron", "--seed", "1"], "--seed: got 1; goes with --minimize alone"),
    (["view", "icosahedron", "--out", "a.txt"], "--out: got 'a.txt'; must be a .html or .htm file"),
    (["view", "--minimize", "dhel", "--points", "4"], "dim: got None; --minimize needs it, e.g. --dim 4"),
    (["view", "--minimize", "dhel", *SEARCH, "--hops", "-2"], "--hops: got -2"),
    (["verify", "--restarts", "0"], "--restarts: got 0"),
    (["verify", "--seed", "-1"], "--seed: got -1"),
    (["explore", "--port", "70000"], "--port: got 70000; must be an integer in 0..65535"),
]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, set[str], str]]:
    """Of each of ERRORS, as ``loaded``: one after the other in one process, which has then loaded what the first loads that
    loads too much."""
    folder = tmp_path_factory.mktemp("usage")
    code = (
        "import sys\nfrom hyperenergy.cli import main\n"
        f"for arguments in {[arguments for arguments, _ in ERRORS]!r}:\n"
        "    status = None\n"
        "    try:\n        main(arguments)\n    except SystemExit as end:\n        status = end.code\n"
        "    sys.stdout.flush()\n"
        f"    print('\\nloaded', status, *({HEAVY!r} & sys.modules.keys()), file=sys.stderr, flush=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        check=True,
    )
    assert list(folder.iterdir()) == []
    found: list[tuple[str, set[str], str]] = []
    lines: list[str] = []
    for line in done.stdout.splitlines():
        if line.startswith("loaded "):
            _, status, *names = line.split()
            found.append((status, set(names), "\n".join(lines)))
            lines = []
        else:
            lines.append(line)
    return found


@pytest.mark.parametrize("number", range(len(ERRORS)), ids=lambda i: " ".join(ERRORS[i][0])[:60] or "nothing")
def test_errors_of_usage(number: int, said: list[tuple[str, set[str], str]]) -> None:
    (arguments, message), (status, names, text) = ERRORS[number], said[number]
    assert (status, names) == ("2", set()) and len(said) == len(ERRORS)
    assert message in text and "Traceback" not in text
    if arguments:
        (line,) = (line for line in text.splitlines() if line)
        assert line.startswith("error: ")


def test_work_loads_what_it_needs_and_no_server(tmp_path: Path) -> None:
    """The control, in part."""
    status, names, _ = loaded(["codes", "icosahedron"], tmp_path)
    assert status == "0" and "torch" in names and not names & {"starlette", "uvicorn"}
