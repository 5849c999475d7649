"""A command as its function in this process, for what a process of its own would not show better."""

from __future__ import annotations

from subprocess import CompletedProcess

import pytest

from hyperenergy.cli.app import run


def inside(capfd: pytest.CaptureFixture[str], *arguments: str) -> CompletedProcess[str]:
    """Exit status, standard output and error."""
    capfd.readouterr()
    status = run(list(arguments))
    return CompletedProcess(list(arguments), status, *capfd.readouterr())
