"""No step compares a thing with itself: once the claims are written out, its two sides differ by more than order and
brackets, so that an identity is left to be computed."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from proofs_check.registry import load, names

# A sum: signs by products, and a product its sorted factors as text.
Terms = Counter[tuple[str, ...]]

_TWO_SIDES = {"equal", "equal_logs", "equal_in_exponentials"}
_DEEPEST = 30


class Reader:
    """The comparisons of a proof's source, without what names and calls mean: claims, and names that are assigned once, are
    written out; sums and products lose order and brackets, and nothing is computed."""

    def __init__(self, source: str) -> None:
        self.tree = ast.parse(source)
        self.claims: dict[str, ast.expr] = {}
        self.assigned: dict[str, ast.expr] = {}
        times = Counter[str]()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "CLAIMS":
                self.claims = _dictionary(node.value)
            if isinstance(node, ast.Assign):
                for name, value in _pairs(node.targets[0], node.value):
                    times[name] += 1
                    self.assigned[name] = value
        self.assigned = {name: value for name, value in self.assigned.items() if times[name] == 1}

    def of_itself(self) -> Iterator[int]:
        """The lines where a comparison has the same on both sides."""
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            terms: Terms | None = None
            if node.func.id in _TWO_SIDES and len(node.args) == 2:
                terms = self._sum(node.args[0], 1)
                terms.update(self._sum(node.args[1], -1))
            elif node.func.id == "is_zero" and len(node.args) == 1:
                terms = self._sum(node.args[0], 1)
            if terms is not None and not any(terms.values()):
                yield node.lineno

    def _sum(self, node: ast.expr, sign: int, depth: int = 0) -> Terms:
        node = self._written_out(node)
        match node:
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                found = self._sum(left, sign, depth + 1)
                found.update(self._sum(right, sign if isinstance(op, ast.Add) else -sign, depth + 1))
                return found
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._sum(operand, -sign, depth + 1)
            case ast.Constant(value=0):
                return Counter()
        negative, factors = self._product(node, depth + 1)
        return Counter({tuple(sorted(factors)): -sign if negative else sign})

    def _product(self, node: ast.expr, depth: int) -> tuple[bool, list[str]]:
        """Whether there is a minus in front, and the factors."""
        node = self._written_out(node)
        match node:
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                (one, first), (other, second) = self._product(left, depth + 1), self._product(right, depth + 1)
                if isinstance(op, ast.Div):
                    second = [f"1/{factor}" for factor in second]
                return one != other, first + second
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                negative, factors = self._product(operand, depth + 1)
                return not negative, factors
            case ast.Constant(value=1):
                return False, []
        return False, [self._text(node, depth)]

    def _text(self, node: ast.expr, depth: int = 0) -> str:
        node = self._written_out(node)
        if depth > _DEEPEST:
            return ast.unparse(node)
        match node:
            case ast.BinOp(op=ast.Add() | ast.Sub()) | ast.UnaryOp():
                return str(sorted(self._sum(node, 1, depth + 1).items()))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"{self._text(left, depth + 1)}**{self._text(right, depth + 1)}"
            case ast.BinOp():
                return str(self._product(node, depth + 1))
            case ast.Call(func=func, args=args, keywords=[]) if not isinstance(func, ast.Attribute):
                return f"{ast.unparse(func)}({', '.join(self._text(a, depth + 1) for a in args)})"
        return ast.unparse(node)

    def _written_out(self, node: ast.expr) -> ast.expr:
        for _ in range(_DEEPEST):
            match node:
                case ast.Subscript(value=ast.Name(id="claims" | "CLAIMS"), slice=ast.Constant(value=str(key))):
                    found = self.claims.get(key)
                case ast.Subscript(value=value, slice=ast.Constant(value=int(k))):
                    inner = self._written_out(value)
                    found = inner.elts[k] if isinstance(inner, ast.Tuple | ast.List) else None
                case ast.Name(id=name):
                    found = self.assigned.get(name)
                case ast.Call(func=ast.Name(id="Integer") | ast.Attribute(attr="Integer"), args=[value]):
                    found = value
                case ast.BinOp(left=value, op=ast.Mult() | ast.Div(), right=right) if self._is_one(right):
                    found = value
                case ast.BinOp(left=left, op=ast.Mult(), right=value) if self._is_one(left):
                    found = value
                case ast.Call(func=ast.Name(id="Rational"), args=[top, bottom]):
                    found = ast.BinOp(top, ast.Div(), bottom)
                case _:
                    found = None
            if found is None:
                return node
            node = found
        return node

    def _is_one(self, node: ast.expr) -> bool:
        found = self._written_out(node)
        return isinstance(found, ast.Constant) and found.value == 1


def _dictionary(node: ast.expr | None) -> dict[str, ast.expr]:
    """Of the dict inside of MappingProxyType(...)."""
    inner = node.args[0] if isinstance(node, ast.Call) else node
    if not isinstance(inner, ast.Dict):
        return {}
    pairs = zip(inner.keys, inner.values, strict=True)
    return {k.value: v for k, v in pairs if isinstance(k, ast.Constant) and isinstance(k.value, str)}


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, part in zip(target.elts, value.elts, strict=True):
            yield from _pairs(one, part)


def of_itself(source: str) -> list[int]:
    return sorted(Reader(source).of_itself())


@pytest.mark.parametrize("name", names())
def test_none_compares_a_thing_with_itself(name: str) -> None:
    assert of_itself(Path(str(load(name).__file__)).read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("comparison", "found"),
    [
        ('equal(claims["negatives"], M - 1)', True),
        ('equal(-1 + M, claims["negatives"])', True),
        ('equal((M - 1) + x - (M - 1) * y, claims["negatives"] + (x - (M - 1) * y))', True),
        ('is_zero(claims["negatives"] - (M - 1))', True),
        ("equal(within, M - 1)", True),
        ("equal(within**2 / y, (M - 1) ** 2 * (1 / y))", True),
        ('equal(claims["pair"][1], x * M)', True),
        ('equal(claims["pair"][1], -(-M) * x)', True),
        ('equal_logs(log(M - 1), log(claims["negatives"]))', True),
        ('equal(Integer(2), claims["two"])', True),
        ('equal(Integer(1) * claims["negatives"] / 1, M - 1)', True),
        ("equal((x + 1) ** 2, x**2 + 2 * x + 1)", False),
        ('equal(sympy.diff(x**2, x), claims["pair"][0])', False),
        ('equal(claims["negatives"], M)', False),
        ("is_zero(1 + (M - 1) * (-1 / (M - 1)))", False),
        ("is_zero((x - y) * (x + y) - x**2 + y**2)", False),
        ('equal(claims["two"], 1 + 1)', False),
    ],
)
def test_what_counts(comparison: str, found: bool) -> None:
    claims = 'CLAIMS: Claims = MappingProxyType({"negatives": M - 1, "pair": (2 * x, x * M), "two": 2})'
    assert bool(of_itself(f"{claims}\nwithin = M - 1\nstep = lambda: {comparison}\n")) is found


def test_the_steps_that_did() -> None:
    """b1's Jensen step once was this: M - 1 on both sides, and what cancels."""
    b1 = Path(str(load("b1").__file__)).read_text("utf-8")
    step = 'lambda: equal((M - 1) + total - (M - 1) * mean, claims["dimension of the span"] + (total - (M - 1) * mean))'
    assert len(of_itself(f"{b1}\nstep = {step}\n")) == 1
