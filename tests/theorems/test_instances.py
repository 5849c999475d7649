"""The instances that test each result: of its own claim, told apart by their labels, and where it says something."""

from __future__ import annotations

import pytest

from hyperenergy import ArgumentError, theorems
from hyperenergy.objectives.base import as_objective, check_configuration
from hyperenergy.theorems.instances import Grid, How, Instance

GRIDS = {
    "default": Grid(),
    "full": Grid(full=True),
    "chosen": Grid(dims=(2, 3), points=(3, 4, 5, 7), temperatures=(0.3,)),
}


def instances(id: str, grid: Grid) -> list[tuple[How, Instance]]:
    return list(theorems.get(id).instances(grid))


def test_how_many_there_are() -> None:
    """No fewer than README and benchmarks say: a result that is lost would be seen."""
    assert sum(len(instances(id, Grid())) for id in theorems.names()) >= 4052


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("id", theorems.names())
def test_each_is_of_its_claim_and_alone(id: str, grid: Grid) -> None:
    found = instances(id, grid)
    assert all(instance.claim == id and isinstance(how, How) for how, instance in found)
    labels = [(how, instance.label) for how, instance in found]
    assert len(set(labels)) == len(labels)
    for _, instance in found:
        check_configuration(as_objective(instance.subject), instance.points, instance.dim)
    if grid.dims is not None:
        assert {instance.dim for _, instance in found} <= set(grid.dims)


@pytest.mark.parametrize("id", theorems.names())
def test_a_full_grid_has_more(id: str) -> None:
    few, many = ({(how, i.label) for how, i in instances(id, GRIDS[name])} for name in ("default", "full"))
    assert few and (few <= many or len(many) > len(few))


@pytest.mark.parametrize("id", theorems.names())
def test_what_is_compared_is_predicted(id: str) -> None:
    predict = theorems.get(id).predict
    for how, instance in instances(id, Grid()):
        said = predict(as_objective(instance.subject), instance.points, instance.dim)
        if how in (How.PREDICTION, How.UNIVERSAL_OPTIMUM):
            assert said is not None and said.theorem == id, instance.label


def test_seeds_are_an_instances_own() -> None:
    seeds = [instance.seed(0) for id in theorems.names() for _, instance in instances(id, Grid())]
    assert len(set(seeds)) == len(seeds)
    _, one = instances("B1", Grid())[0]
    assert one.seed(0) != one.seed(1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dims": (0,)}, "dims: got 0; must be integers in 1..256"),
        ({"points": (1,)}, "points: got 1; must be integers in 2..1000"),
        ({"temperatures": (0.0,)}, "temperatures: got 0.0"),
        ({"restarts": 0}, "restarts: got 0"),
        ({"seed": -1}, "seed: got -1"),
    ],
)
def test_grids_that_are_none(options: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Grid(**options)  # type: ignore[arg-type]
