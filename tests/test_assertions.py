"""No assertion of these tests holds of what is not a number: nan differs from all, and the built-in max and min skip it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_CLOSE = {"allclose", "isclose", "approx", "equal", "array_equal"}


def name(node: ast.AST) -> str:
    """Of the function that a call calls, without its module; "" for what is no call."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def satisfied_by_nan(claim: ast.expr) -> Iterator[str]:
    """Why a claim, or a part of it, may hold of nan.  ``not torch.equal(x, y)`` of two tensors is taken as meant."""
    for node in ast.walk(claim):
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = node.operand
            if isinstance(inner, ast.Compare) and any(isinstance(op, _ORDERS) for op in inner.ops):
                yield "the negation of an order"
            if name(inner) in ("allclose", "isclose"):
                yield "the negation of closeness"
            inside = [op for x in ast.walk(inner) if isinstance(x, ast.Compare) for op in x.ops]
            if name(inner) in ("any", "all") and any(isinstance(op, _ORDERS) for op in inside):
                yield "the negation of an order of arrays"
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(isinstance(op, ast.NotEq) for op in node.ops) and any(
                name(side) in ("float", "item", *_CLOSE) for side in sides
            ):
                yield "a number that differs"
            for side in sides:
                if any(name(x) in ("max", "min") and _built_in(x) for x in ast.walk(side)):
                    yield "the built-in max or min of a sequence"


def _built_in(call: ast.AST) -> bool:
    assert isinstance(call, ast.Call)
    alone = len(call.args) == 1 and not any(keyword.arg == "key" for keyword in call.keywords)
    return isinstance(call.func, ast.Name) and alone


def found(text: str) -> list[str]:
    claims = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assert)]
    return [f"line {claim.lineno}: {why}" for claim in claims for why in satisfied_by_nan(claim.test)]


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.rglob("*.py")), ids=lambda path: path.name)
def test_nan_satisfies_no_assertion(path: Path) -> None:
    assert found(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "assert float(x) != 0",
        "assert x is not None and x.grad.item() != 0",
        "assert run() != pytest.approx(1)",
        "assert not x > 1e-9",
        "assert not np.allclose(x, y)",
        "assert not (x > 1).any()",
        "assert max(errors) < 1",
        "assert max(map(abs, errors)) < 1e-8 * size",
        "assert value <= min(seen) + 1e-12",
    ],
)
def test_such_an_assertion_is_seen(text: str) -> None:
    assert len(found(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "assert abs(x) > 0",
        "assert np.max(errors) < 1",
        "assert x.max() < 1",
        "assert abs(gap) < 1e-9 * max(1, abs(value))",
        "assert names != []",
        "assert not torch.equal(a, b)",
    ],
)
def test_others_are_let_pass(text: str) -> None:
    assert found(text) == []
