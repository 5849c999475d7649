"""Each room imports only rooms above it, there are no circles, and importing the package stays light."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "hyperenergy"

# From the ground up: a folder, or a module at the top, is a room, and imports only from rooms above it in this list.
ROOMS = [
    "errors",
    "files",
    "arithmetic",
    "checks",
    "kernels",
    "geometry",
    "codes",
    "compiled",
    "energies",
    "losses",
    "laws",
    "objectives",
    "bounds",
    "search",
    "theorems",
    "metrics",
    "runs",
    "verify",
    "show",
    "training",
    "cli",
]
# What imports the package and is no part of it.
AROUND = ["proofs_check", "benchmarks"]
# So many at most: rooms, floors (the longest chain of imports), and pairs of rooms of which one imports the other.
MOST_ROOMS, MOST_FLOORS, MOST_ARROWS = 23, 15, 147


def named(path: Path, root: Path) -> str:
    """hyperenergy/losses/formulas.py -> hyperenergy.losses.formulas; a folder's own file is the folder."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def modules(root: Path = PACKAGE.parent) -> dict[str, Path]:
    """The files of the package and around it, by name."""
    folders = [root / folder for folder in ("hyperenergy", *AROUND)]
    return {named(path, root): path for folder in folders for path in folder.rglob("*.py")}


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules among the known ones that a file imports, at the top or inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else str(node.module) for name in whole]
        found |= {name for name in names if name in known}
    return found


def room(module: str) -> str:
    """hyperenergy.losses.formulas -> losses."""
    parts = module.split(".")
    return parts[1] if parts[0] == "hyperenergy" and len(parts) > 1 else parts[0]


def graph(root: Path = PACKAGE.parent) -> dict[str, set[str]]:
    """Which module imports which, but for the package's own file, which re-exports everything."""
    known = modules(root)
    return {name: imports(path, known) - {"hyperenergy", name} for name, path in known.items() if name != "hyperenergy"}


def arrows(root: Path = PACKAGE.parent) -> set[tuple[str, str]]:
    """Rooms, and what they import."""
    pairs = {(room(name), room(other)) for name, others in graph(root).items() for other in others}
    return {(a, b) for a, b in pairs if a != b}


def upward(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The arrows that go up."""
    rank = {name: k for k, name in enumerate([*ROOMS, *AROUND])}
    return {(a, b) for a, b in pairs if rank[b] > rank[a]}


def circles(links: dict[str, set[str]]) -> list[list[str]]:
    """Modules that import one another, in some order around the circle."""
    from graphlib import CycleError, TopologicalSorter

    found = []
    links = {name: set(others) for name, others in links.items()}
    while True:
        try:
            TopologicalSorter(links).prepare()
        except CycleError as error:
            circle = error.args[1][::-1]
            found.append(circle)
            links[circle[0]].discard(circle[1])
        else:
            return found


def floors(pairs: set[tuple[str, str]]) -> int:
    """The longest chain of imports, in rooms."""
    below: dict[str, set[str]] = {}
    for a, b in pairs:
        below.setdefault(a, set()).add(b)

    @functools.cache
    def height(name: str) -> int:
        return 1 + max(map(height, below.get(name, ())), default=0)

    return max(map(height, below))


def test_every_room_has_its_place() -> None:
    assert {room(name) for name in graph()} == {*ROOMS, *AROUND}


def test_imports_go_down() -> None:
    assert upward(arrows()) == set()


def test_there_are_no_circles() -> None:
    """Neither among rooms, which follows from the order, nor among the modules of one."""
    assert circles(graph()) == []


def test_the_house_stays_small() -> None:
    rooms, pairs = len(ROOMS) + len(AROUND), arrows()
    print(f"{rooms} rooms, {floors(pairs)} floors, {len(pairs)} arrows")
    assert rooms <= MOST_ROOMS and floors(pairs) <= MOST_FLOORS and len(pairs) <= MOST_ARROWS


def test_an_upward_import_and_a_circle_are_seen(tmp_path: Path) -> None:
    kernels = tmp_path / "hyperenergy" / "kernels"
    search = tmp_path / "hyperenergy" / "search"
    for folder in (kernels, search):
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
    (kernels / "base.py").write_text("def f():\n    from hyperenergy.search import minimize\n")
    (search / "minimize.py").write_text("from hyperenergy.search import ways\nimport hyperenergy.kernels.base\n")
    (search / "ways.py").write_text("from hyperenergy.search.minimize import x\n")
    assert upward(arrows(tmp_path)) == {("kernels", "search")}
    assert floors({("cli", "show"), ("show", "search"), ("cli", "search")}) == 3
    around = circles(graph(tmp_path))
    assert [{*circle} for circle in around if len({*circle}) == 2]
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_import_is_light() -> None:
    """No heavy library is loaded beyond torch's own; how long it takes is the benchmarks' to say."""
    heavy = {"scipy", "sympy", "matplotlib", "plotly", "flint", "typer", "rich"}
    code = (
        "import sys, torch; before = set(sys.modules); import hyperenergy; "
        f"print(*sorted({heavy!r} & (set(sys.modules) - before)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == []
