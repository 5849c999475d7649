"""The examples of README.md's command line, each a whole process, with the time that it may take."""

from __future__ import annotations

import os
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Seconds that a command may take; those that begin so may take longer.
BAR, LONGER = 5.0, {"hyperenergy verify --claims B1,B5 --dims 3,4 --temperatures 0.1": 30.0}
# What a command says when it compiles code that is not on disk yet; it is then timed again.
_COMPILES = "hyperenergy: compiling"
# What README says of a time is rounded, and of another machine: it may take so many times as long.
_SLACK = 1.5
# Seconds of the whole suite, once its code is on disk.
VERIFY = 180.0
_PAGE = re.compile(r"page: http://\S+")


@dataclass(frozen=True)
class Timed:
    """A command, the seconds that it took and may take (None: no bar), what went wrong, if anything did, and the seconds of
    processor time, which tell more where others use the machine."""

    command: str
    seconds: float
    bar: float | None
    problem: str = ""
    processor: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.problem and (self.bar is None or self.seconds <= self.bar)


def examples(readme: Path = ROOT / "README.md") -> list[str]:
    """Lines of README's code blocks that begin with "hyperenergy "."""
    found, inside = [], False
    for line in readme.read_text("utf-8").splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside and line.startswith("hyperenergy "):
            found.append(line)
    return found


def run(line: str, folder: Path) -> Timed:
    """Run an example in that folder.  A comment such as "# ...: 15 s" sets its bar."""
    command, _, comment = line.partition("#")
    command = command.strip()
    promised = re.search(r"([\d.]+) s\b", comment)
    bar = _SLACK * float(promised.group(1)) if promised else LONGER.get(command, BAR)
    arguments = [str(Path(sys.executable).with_name("hyperenergy")), *shlex.split(command)[1:]]
    if arguments[1] == "explore":
        return _until_page(command, [*arguments, "--no-open", "--port", "0"], folder)
    if arguments[1] == "view":
        arguments.append("--no-open")
    for _ in range(2):
        begin, before = time.perf_counter(), _processor()
        done = subprocess.run(arguments, cwd=folder, env=_environment(), capture_output=True, text=True)
        seconds, spent = time.perf_counter() - begin, _processor() - before
        if _COMPILES not in done.stderr:
            break
    problem = "" if done.returncode == 0 else f"exit status {done.returncode}: {_last(done.stderr or done.stdout)}"
    return Timed(command, seconds, bar, problem, spent)


def _processor() -> float:
    """Processor time of all processes that have ended, children of this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _until_page(command: str, arguments: list[str], folder: Path) -> Timed:
    """`explore` serves until it is interrupted: the time until it names its page."""
    begin = time.perf_counter()
    with subprocess.Popen(
        arguments, cwd=folder, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - begin
        process.terminate()
    return Timed(command, seconds, None, "" if _PAGE.match(line) else f"no page: {line.strip()}")


def _environment() -> dict[str, str]:
    """This package, whatever is installed, and as many threads as there are cores."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**{k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}, "PYTHONPATH": path}


def _last(text: str) -> str:
    return next(iter(text.strip().splitlines()[-1:]), "nothing said")[:100]


def measure(say: Callable[[str], None]) -> bool:
    """Says the lines of the table; returns whether every command kept within its bar."""
    lines = examples()
    if not lines:
        raise RuntimeError("README.md has no examples that begin with 'hyperenergy '")
    failed = 0
    say(f"\n{'command (a whole process, code on disk)':<84} {'seconds':>7} {'bar':>4} {'processor':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for line in lines:
            done = run(line, Path(folder))
            failed += not done.passed
            bar = "" if done.bar is None else f"{done.bar:g}"
            word = "FAILED" if not done.passed else "ok" if done.bar is not None else ""
            say(
                f"{done.command:<84} {done.seconds:>7.2f} {bar:>4} {done.processor:>9.2f} {word} {done.problem}".rstrip()
            )
    say(f"{len(lines) - failed} of {len(lines)} commands without a failure")
    return not failed


def verify(say: Callable[[str], None]) -> bool:
    """The whole suite, beside README's table of it: time, and the same claims, instances and verdicts."""
    say("\nhyperenergy verify")
    with tempfile.TemporaryDirectory() as folder:
        done = run("hyperenergy verify --out found", Path(folder))
        text = (Path(folder) / "found" / "report.md").read_text("utf-8")
    expected, found = _verdicts((ROOT / "README.md").read_text("utf-8")), _verdicts(text.replace("|", " "))
    for claim in sorted(set(expected) | set(found)):
        if expected.get(claim) != found.get(claim):
            say(f"  {claim}: README has {expected.get(claim)}, found {found.get(claim)}")
    same = bool(expected) and expected == found and not done.problem
    say(f"  {done.seconds:.0f} s (at most {VERIFY:g}), verdicts {'as in README' if same else f'differ {done.problem}'}")
    return same and done.seconds <= VERIFY


def _verdicts(text: str) -> dict[str, str]:
    """Claim -> status, and the numbers of instances, of which consistent, refuted, undecided."""
    rows = re.findall(r"^\s*([A-Z]\d+[a-z]?)\s+(theorem|conjecture|false)\s+((?:\d+\s+){3}\d+)\b", text, re.MULTILINE)
    return {claim: " ".join([status, *numbers.split()]) for claim, status, numbers in rows}
