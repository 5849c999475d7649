"""``python -m proofs_check [ID ...]``: print the steps; exit status 0 only where all hold."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
import time
from collections.abc import Sequence

from proofs_check.kept import known
from proofs_check.registry import load, names, said
from proofs_check.steps import Kind, Step, counted

_KINDS = {Kind.CITED: "cites a lemma", Kind.WORDS: "an argument in words"}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m proofs_check", description="Check the proofs, step by step.")
    parser.add_argument("ids", nargs="*", metavar="ID", help=f"some of {', '.join(names())}; all if left out")
    parser.add_argument(
        "--full", action="store_true", help="also what takes minutes, such as all pairs of Leech vectors"
    )
    parser.add_argument(
        "--kept",
        action="store_true",
        help='only say, as JSON, which of these hold, and null where there is no proof, and under "in words" which of '
        "their steps are arguments in words; what is known is not checked again",
    )
    options = parser.parse_args(arguments)
    if options.kept:
        asked = {id: id.lower() for id in options.ids or names()}
        found = known([name for name in asked.values() if name in names()])
        holds = {id: found[name].holds if name in found else None for id, name in asked.items()}
        told = {id: found[name].in_words for id, name in asked.items() if name in found and found[name].in_words}
        print(json.dumps({**holds, "in words": told}))
        return 0 if all(one.holds for one in found.values()) else 1
    start = time.perf_counter()
    failed: list[str] = []
    everything: list[Step] = []
    words: list[str] = []
    for name in options.ids or names():
        module = load(name)
        print("{}  {}\n    Source: {}".format(name.upper(), *said(name)))
        print(textwrap.indent((module.__doc__ or "").partition("\n\n")[2], "    "), flush=True)
        steps = module.check(full=True) if options.full and getattr(module, "HAS_FULL", False) else module.check()
        for step in steps:
            rests = f"  [from: {'; '.join(step.needs)}]" if step.needs else ""
            kind = "" if step.kind is Kind.DECIDED else f" ({_KINDS[step.kind]})"
            print(f"  {step.verdict:<9} {step.name}{kind}: {step.establishes}{rests}", flush=True)
            if not step.holds:
                print(f"            {step.reason}")
        print(f"  {counted(steps)}")
        everything += steps
        failed += [f"{name}: {step.name}" for step in steps if not step.holds]
        words += [f"{name.upper()}: {step.name}" for step in steps if step.kind is Kind.WORDS]
    print(f"in words: {'; '.join(words) or 'none'}")
    print(
        f"{time.perf_counter() - start:.0f} s; {counted(everything)}; "
        + (f"NOT PROVED: {'; '.join(failed)}" if failed else "all steps hold")
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
