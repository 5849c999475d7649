"""What the proof checks say of claims.  They belong to the repository, and run beside the instances in their own process."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from enum import Enum


class Proof(Enum):
    """What is known of the proof of a claim, or of its refutation; the value is the word for it."""

    PROVED = "every step of its check holds"
    FAILED = "a step of its check does not hold"
    NONE = "there is none here"
    UNCHECKED = "it was not checked"


class Checks:
    """The checks of the proofs of these claims, begun at once; ``ended`` waits for them.  Then ``in_words`` has, by id, the
    steps that are arguments in words.

    Where ``proofs_check`` is not installed, nothing is checked: a wheel has no proofs.
    """

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids, self.in_words = list(ids), dict[str, list[str]]()
        self._process = None
        if importlib.util.find_spec("proofs_check") is not None:
            command = [sys.executable, "-m", "proofs_check", "--kept", *self.ids]
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def __enter__(self) -> Checks:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            self._process.communicate()

    def ended(self, *, wait: bool = True) -> dict[str, Proof]:
        """Id -> what its check says; unchecked, all of them, where they are not to be waited for."""
        if self._process is not None and not wait:
            self._process.kill()
        out = "" if self._process is None else self._process.communicate()[0]
        try:
            said = json.loads(out)
        except ValueError:  # it was ended from outside, or could not run
            return dict.fromkeys(self.ids, Proof.UNCHECKED)
        self.in_words = said.get("in words", {})
        words = {True: Proof.PROVED, False: Proof.FAILED, None: Proof.NONE}
        return {id: words[said[id]] for id in self.ids}
