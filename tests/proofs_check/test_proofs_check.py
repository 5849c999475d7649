"""The proofs hold, and no step of any of them can hold under a wrong claim."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType

import pytest
import sympy

import hyperenergy as he
from hyperenergy import theorems
from hyperenergy.arithmetic.steps import Fails, Proof, Undecided
from hyperenergy.errors import ArgumentError
from proofs_check import exact
from proofs_check.__main__ import main
from proofs_check.registry import load, names, said
from proofs_check.steps import replaced

# The codes of B2c take seconds to build and do not depend on each other: their mutations are tried all at once.
TOGETHER = {"b2c": tuple(load("b2c").TABLE)}
MUTATIONS = [(name, (step,)) for name in names() for step in load(name).MUTATIONS if step not in TOGETHER.get(name, ())]
MUTATIONS += [(name, tuple(steps)) for name, steps in TOGETHER.items()]


def test_every_result_has_a_proof() -> None:
    wanted = {"b1", "b2a", "b2b", "b2c", "b3", "b6", "b7", "b8", "b9", "b10", "b11", "f1", "f2", "f3", "g1", "g2", "cm"}
    assert wanted <= set(names())


@pytest.mark.parametrize("name", names())
def test_holds(name: str) -> None:
    module = load(name)
    steps = module.check()
    assert [(step.name, step.verdict, step.reason) for step in steps if not step.holds] == []
    statement, source = said(name)
    assert len(statement) > 60 and source
    assert {step.name for step in steps} == set(module.MUTATIONS)  # none that cannot fail
    assert all(step.establishes for step in steps)


# Each carries out the whole proof again: the default run changes one step in six, the slow one all.
TRIED = [
    pytest.param(name, steps, marks=pytest.mark.slow if k % 6 else ()) for k, (name, steps) in enumerate(MUTATIONS)
]


@pytest.mark.parametrize(("name", "steps"), TRIED, ids=lambda x: x if isinstance(x, str) else x[0])
def test_a_wrong_claim_is_noticed(name: str, steps: tuple[str, ...]) -> None:
    module = load(name)
    changes = {claim: value for step in steps for claim, value in module.MUTATIONS[step].items()}
    verdicts = {step.name: step.verdict for step in module.check(replaced(module.CLAIMS, **changes))}
    assert {verdicts[step] for step in steps} == {"fails"}


@pytest.mark.parametrize("id", he.theorems.names())
def test_a_result_is_stated_once(id: str) -> None:
    if id.lower() in names():
        module = load(id)
        assert not hasattr(module, "STATEMENT") and not hasattr(module, "SOURCE")
        assert said(id.lower()) == said(id) == (he.theorems.get(id).statement, he.theorems.get(id).source)


@pytest.mark.parametrize("name", names())
def test_no_floats(name: str) -> None:
    """Neither in the claims nor among the numbers of the source."""
    module = load(name)
    for value in module.CLAIMS.values():
        assert not isinstance(value, float)
        if isinstance(value, sympy.Basic):
            assert not value.atoms(sympy.Float)
    source = Path(str(module.__file__)).read_text("utf-8")
    code = re.sub(r'"""[^"]*"""|"[^"\n]*"|#.*', "", source)
    assert not re.search(r"\b\d+\.\d|\bfloat\(|\bevalf\b|\.n\(\)|numpy|torch", code)


def test_command_line(capsys) -> None:
    assert main(["F1", "b1"]) == 0
    shown = capsys.readouterr().out
    assert "all steps hold" in shown and shown.index("F1") < shown.index("B1  ")
    assert "[from: " in shown and "Source: Koromilas" in shown


def test_command_line_reports_failure(capsys, monkeypatch) -> None:
    module = load("b1")
    wrong = replaced(module.CLAIMS, movers=sympy.factorial(sympy.Symbol("n", integer=True, positive=True)))
    check = module.check
    monkeypatch.setattr(module, "check", lambda: check(wrong))
    assert main(["B1"]) == 1
    shown = capsys.readouterr().out
    assert "NOT PROVED: B1: symmetrization" in shown and "blocked" in shown


def test_unknown_proof() -> None:
    with pytest.raises(ArgumentError, match="proof: got 'B99'; allowed: b1, "):
        main(["B99"])


def test_statements_of_the_registry_have_a_proof_or_none_is_claimed() -> None:
    """A theorem that predicts minima is proved here."""
    for id in theorems.names():
        theorem = theorems.get(id)
        if theorem.status.value == "theorem" and id not in ("B11",):  # a limit, stated in the text alone
            assert id.lower() in names()


# ---- the machinery ----


def test_steps() -> None:
    proof = Proof()

    def undecided() -> bool:
        raise Undecided("open")

    def wrong() -> bool:
        raise Fails("because")

    assert proof.step("a", "", lambda: True) and not proof.step("b", "", lambda: False, ("a",))
    proof.step("c", "", lambda: True, ("a", "b"))
    proof.step("d", "", undecided)
    proof.step("e", "", wrong)
    assert [(s.verdict, s.reason) for s in proof.steps] == [
        ("holds", ""),
        ("fails", "its decision is False"),
        ("blocked", "rests on b"),
        ("undecided", "open"),
        ("fails", "because"),
    ]
    with pytest.raises(ValueError, match="exists already"):
        proof.step("a", "", lambda: True)
    with pytest.raises(KeyError):
        proof.step("f", "", lambda: True, ("z",))
    with pytest.raises(TypeError, match="True or False"):
        proof.step("g", "", lambda: sympy.true)


def test_claims() -> None:
    claims = MappingProxyType({"a": 1, "b": 2})
    assert replaced(claims, b=3) == {"a": 1, "b": 3} and claims["b"] == 2
    with pytest.raises(KeyError, match="no claim named"):
        replaced(claims, c=3)


def test_exact_decisions() -> None:
    x, p = sympy.Symbol("x", real=True), sympy.Symbol("p", positive=True)
    n = sympy.Symbol("n", nonnegative=True)
    assert exact.is_zero((x + 1) ** 2 - x**2 - 2 * x - 1) and not exact.is_zero(x**2 - x)
    assert exact.equal(sympy.sin(x) ** 2, 1 - sympy.cos(x) ** 2)
    assert exact.is_positive(p + 1) and not exact.is_positive(p - 1) and not exact.is_positive(n)
    assert exact.is_nonnegative(n) and not exact.is_nonnegative(n - 1) and not exact.is_nonnegative(x**3)
    assert exact.is_sum_of_squares(x**2 + 2 * x + 3, [(1, x + 1), (2, 1)])
    assert not exact.is_sum_of_squares(x**2 - 1, [(1, x), (-1, 1)])
    assert exact.equal_logs(sympy.log(2 * p), sympy.log(2) + sympy.log(p))
    with pytest.raises(Undecided):
        exact.is_zero(sympy.Function("f")(x) - sympy.Function("g")(x))
    with pytest.raises(Undecided):
        exact.is_nonnegative((x - sympy.Rational(1, 3)) ** 2 - sympy.Rational(1, 10**9))
