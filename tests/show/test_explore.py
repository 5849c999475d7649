"""The local page: what can be asked for, one search told as messages, and the conversations of the server."""

from __future__ import annotations

import json
import re
import sys
import time
from typing import Any

import numpy as np
import pytest

import hyperenergy as he
from hyperenergy.search.landscape import summarize
from hyperenergy.show.explore.request import EXAMPLES, Request, choices
from hyperenergy.show.explore.run import Message, Run
from hyperenergy.show.view.page import page
from tests.pages import FORM, payload

# ---- what can be asked for -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", [c for members in choices().values() for c in members], ids=lambda c: c.name)
def test_every_choice_works_as_it_is_filled_in(choice: Any) -> None:
    temperature = "0.5" if choice.temperature else ""
    form = FORM | {"objective": choice.name, "parameters": choice.parameters, "temperature": temperature}
    assert choice.label in Request.parse(form).objective.label


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_every_example_works(example: dict[str, str]) -> None:
    """And all but Thomson's problem and the pairs that DCL pulls apart have a prediction."""
    asked = Request.parse(FORM | {"temperature": ""} | example)
    silent = he.predict(asked.objective, asked.points, asked.dim) is None
    assert silent == (example["objective"] == "dcl" or example["points"] == "24")


def test_the_form_is_read() -> None:
    asked = Request.parse(FORM | {"objective": "kcl", "temperature": "", "parameters": "kernel=laplace:t=1,gamma=4"})
    assert asked.objective.label == he.KCL(he.Laplace(1), gamma=4).label
    assert (asked.points, asked.dim, asked.restarts, asked.seed) == (4, 3, 3, 0)


@pytest.mark.parametrize(
    ("changes", "argument", "message"),
    [
        ({"objective": "dhell"}, "objective", "did you mean dhel"),
        ({"points": "1"}, "points", "points: got 1"),
        ({"points": "501"}, "points", "points: got 501"),
        ({"points": "four"}, "points", "must be a number"),
        ({"points": ""}, "points", "must be a number"),
        ({"points": 4}, "points", "must be a short text"),
        ({"dim": "0"}, "dim", "dim: got 0"),
        ({"dim": "65"}, "dim", "dim: got 65"),
        ({"temperature": "0"}, "temperature", "temperature: got 0"),
        ({"temperature": "nan"}, "temperature", "temperature: got nan"),
        ({"parameters": "beta=2"}, "objective dhel", "its parameters are: temperature, two_view"),
        ({"parameters": "x" * 300}, "parameters", "must be a short text"),
        ({"objective": "kcl", "temperature": ""}, "kernel", "kcl needs it"),
        ({"restarts": "1000"}, "restarts", "restarts: got 1000"),
        ({"seed": "-1"}, "seed", "seed: got -1"),
    ],
)
def test_what_cannot_be_searched(changes: dict[str, Any], argument: str, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=re.escape(message)) as raised:
        Request.parse(FORM | changes)
    assert raised.value.argument == argument


# ---- one search ----------------------------------------------------------------------------------------------------


def told(asked: dict[str, Any], slow: bool = False) -> list[Message]:
    messages: list[Message] = []
    run = Run(Request.parse(FORM | asked), messages.append, slow)
    run.run()
    return messages


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow motion, with every iteration, but without its waits."""
    monkeypatch.setattr("hyperenergy.show.explore.run._SLOW", 0.0)


def test_a_search_is_told_from_start_to_end(quick: None) -> None:
    start, *moments, end = (m for m in told({"restarts": "8"}, slow=True) if m["kind"] != "others")
    assert start["kind"] == "start" and end["kind"] == "end" and {m["kind"] for m in moments} == {"moment"}
    prediction = he.predict(he.DHEL(0.5), 4, 3)
    assert prediction is not None
    assert start["page"]["reference"]["value"] == prediction.value and dict(start["facts"])["prediction"]
    values = [m["moment"]["value"] for m in moments]
    iterations = [m["moment"]["iteration"] for m in moments]
    assert values[0] > values[-1] and iterations == sorted(iterations) and iterations[:5] == [*range(1, 6)]
    assert end["page"]["moments"][-1]["value"] == pytest.approx(prediction.value, abs=1e-12)
    assert dict(end["facts"])["verdict"].startswith("consistent") and dict(end["facts"])["starts that reached it"]
    json.dumps([start, *moments, end], allow_nan=False)


def test_values_on_the_way_are_those_of_what_was_asked_for(quick: None) -> None:
    """Of a soft kernel the search goes by way of the harmonic one first."""
    asked = {"objective": "gaussian", "parameters": "t=2", "points": "16", "temperature": ""}
    start, *moments, end = (m for m in told(asked, slow=True) if m["kind"] != "others")
    stages = [m["moment"]["stage"] for m in moments]
    assert end["kind"] == "end" and "on the way by" in stages[0] and stages[-1] == ""
    assert np.min([m["moment"]["value"] for m in moments]) >= end["page"]["moments"][-1]["value"] * (1 - 1e-9)
    assert start["page"]["moments"][0]["value"] > end["page"]["moments"][-1]["value"]


def test_no_prediction_is_said() -> None:
    start, *_, end = told({"points": "9"})
    assert start["page"]["reference"] is None and end["page"]["reference"] is None
    said = dict(start["facts"])["prediction"]
    assert said.startswith("no theorem") and "all pairs align is a theorem (B3)" in said
    start, *_ = told({"objective": "dcl", "points": "9"})
    assert "B3" not in dict(start["facts"])["prediction"]


def test_what_goes_on_beside_the_first_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hyperenergy.show.explore.run._FAST", 0.0)
    start, *others, end = [m for m in told({"points": "9", "restarts": "8"}) if m["kind"] != "moment"]
    texts = [m["text"] for m in others]
    assert {m["kind"] for m in others} == {"others"} and start["kind"] == "start" and end["kind"] == "end"
    assert texts[-1] == "Finishing the minima by Newton's method."
    found = [re.fullmatch(r"Waiting for (one|\d+) other start(s?)\.", text) for text in texts if "Waiting" in text]
    assert all(match and (match[1] == "one") != bool(match[2]) for match in found)
    waiting = [1 if match[1] == "one" else int(match[1]) for match in found if match]
    assert waiting and all(0 < k < 8 for k in waiting)


def test_stop_ends_a_search() -> None:
    messages: list[Message] = []
    run = Run(Request.parse(FORM | {"points": "60"}), messages.append)
    run.start()
    deadline = time.monotonic() + 30
    while not any(m["kind"] == "moment" for m in messages):
        assert run.is_alive() and time.monotonic() < deadline
        time.sleep(0.01)
    run.stop()
    run.join(10)
    assert not run.is_alive() and messages[-1]["kind"] == "stopped" and run.found is None


@pytest.mark.parametrize("after", [0, 1])
def test_stop_is_heard_after_the_last_iteration(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In Newton's method, and while the page is made."""
    messages: list[Message] = []
    run = Run(Request.parse(FORM), messages.append, slow=False)
    name = "hyperenergy.search.finish.groups" if after == 0 else "hyperenergy.show.view.facts.rows"
    module, _, function = name.rpartition(".")
    original = getattr(sys.modules[module], function)

    def stopping(*arguments: Any) -> Any:
        run.stop()
        return original(*arguments)

    monkeypatch.setattr(name, stopping)
    finished: list[str] = []
    multistart = sys.modules["hyperenergy.search.multistart"]

    def noted(*arguments):
        finished.append("search")
        return summarize(*arguments)

    monkeypatch.setattr(multistart, "summarize", noted)
    run.run()
    assert messages[-1]["kind"] == "stopped" and run.found is None
    assert finished == ["search"][:after]  # Newton's method is not waited for


def test_slow_motion_may_be_left_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an hour between two moments, it would not end."""
    monkeypatch.setattr("hyperenergy.show.explore.run._SLOW", 3600.0)
    messages: list[Message] = []
    run = Run(Request.parse(FORM), messages.append, slow=True)

    def tell(message: Message) -> None:
        messages.append(message)
        run.slow = False

    run.tell = tell
    run.start()
    run.join(30)
    assert not run.is_alive() and messages[-1]["kind"] == "end"


def test_what_is_not_finite_is_told() -> None:
    """Of four charges on two points two coincide: an infinite energy, and no number of JSON."""
    asked = {"objective": "riesz", "parameters": "s=1", "dim": "1", "temperature": ""}
    *_, end = told(asked)
    assert end["kind"] == "end" and end["page"]["moments"][-1]["value"] is None
    assert "not finite" in dict(end["facts"])["search"]
    json.dumps(end, allow_nan=False)


def test_errors_are_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object, **__: object) -> None:
        raise he.ConvergenceError("no start")

    monkeypatch.setattr("hyperenergy.show.explore.run.minimize", fail)
    assert told({})[-1] == {"kind": "error", "message": "no start", "argument": None}
    monkeypatch.setattr("hyperenergy.show.explore.run.minimize", None)
    assert "the search failed" in told({})[-1]["message"] and "a search failed" in caplog.text


def test_what_was_found_is_a_page() -> None:
    run = Run(Request.parse(FORM), lambda message: None, slow=False)
    run.run()
    assert run.found is not None and len(payload(page(run.found))["moments"]) > 10
