"""Facts that a class declares of itself, and that its subclasses do not inherit.

A subclass may have another formula.  What was proved of its parent then says nothing about it, so it starts from the
cautious defaults of the base class and declares its own facts.
"""

from __future__ import annotations

from collections.abc import Iterable


def forget(cls: type, base: type, names: Iterable[str]) -> None:
    """Give ``cls`` the defaults of ``base`` for all of the facts that it does not declare in its own body."""
    for name in names:
        if name not in cls.__dict__:
            setattr(cls, name, base.__dict__[name])
