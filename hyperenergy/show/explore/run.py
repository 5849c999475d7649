"""One search in a thread of its own, told as messages: start, moments, end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from hyperenergy.errors import HyperenergyError
from hyperenergy.search.minimize import minimize
from hyperenergy.search.minimum import Progress
from hyperenergy.search.trajectory import Recorder
from hyperenergy.show.explore.request import Request
from hyperenergy.show.view import facts
from hyperenergy.show.view.load import Configuration
from hyperenergy.show.view.payload import finite, on_the_way, payload
from hyperenergy.show.view.scene import Scene
from hyperenergy.theorems import get, predict, unpredicted
from hyperenergy.theorems.prediction import Prediction

Message = dict[str, Any]
# Seconds between two moments: of slow motion, one for each sight; otherwise of what a browser keeps up with.
_SLOW, _FAST = 0.15, 0.08


class Stopped(Exception):
    """Raised in the midst of a search that is to end."""


class Run(threading.Thread):
    """Minimizes, and tells of it.

    Messages: ``start`` with the page of the first configuration and what is predicted; a ``moment`` of the first start
    whenever the search shows it in slow motion, else now and then; ``others`` with a word on what goes on beside it;
    at last ``end`` with the page of the minimum, which replays the way to it, or ``stopped``, or ``error``.  ``tell`` is
    called in this thread.
    """

    def __init__(self, request: Request, tell: Callable[[Message], None], slow: bool = True) -> None:
        super().__init__(daemon=True)
        self.request, self.tell, self.slow = request, tell, slow
        self.found: Configuration | None = None
        self._stopping = threading.Event()
        self._scene: Scene | None = None
        self._prediction: Prediction | None = None
        # Iterations of the first start before its present descent, and in it.
        self._before, self._iteration, self._shown = 0, 0, 0.0
        self._recorder = Recorder()

    def stop(self) -> None:
        """Ask for an end: at the next iteration, or before the next step of what follows the last one."""
        self._stopping.set()

    def run(self) -> None:
        try:
            self._search()
        except Stopped:
            self.tell({"kind": "stopped"})
        except HyperenergyError as error:
            self.tell({"kind": "error", "message": str(error), "argument": getattr(error, "argument", None)})
        except Exception as error:  # whatever it is, the tab must not wait for ever
            logging.getLogger(__name__).exception("a search failed")
            self.tell({"kind": "error", "message": f"the search failed: {error}", "argument": None})

    def _search(self) -> None:
        r = self.request
        self._prediction = predict(r.objective, r.points, r.dim)
        best = minimize(r.objective, r.points, r.dim, restarts=r.restarts, seed=r.seed, throw=False, callback=self._see)
        found = Configuration.of(best, self._recorder.trajectory(best))
        self._recorder = Recorder()  # what it kept is many times what the page needs
        self._check()
        lines, prediction = facts.rows(found)
        self._check()
        page = payload(found, prediction)
        self._check()
        self.found = found
        self.tell({"kind": "end", "page": page, "facts": lines})

    def _check(self) -> None:
        if self._stopping.is_set():
            raise Stopped

    def _see(self, progress: Progress) -> None:
        self._check()
        if progress.finishing:
            self.tell({"kind": "others", "text": "Finishing the minima by Newton's method."})
            return
        self._recorder(progress)
        followed = (progress.starts == 0).nonzero().flatten()
        if not len(followed):
            if self._due(slow=False):
                left = len(progress.starts)
                others = f"{left} other starts" if left > 1 else "one other start"
                self.tell({"kind": "others", "text": f"Waiting for {others}."})
            return
        if progress.iteration == 0:
            self._before += self._iteration
        self._iteration = progress.iteration
        if self._scene is not None and not self._due(self.slow):
            return
        rows = progress.z[followed[0]].cpu()
        anchors, positives = self.request.objective.views(rows)
        x = anchors.numpy()
        y = None if anchors is positives else positives.numpy()
        target = self.request.objective
        about = {
            "iteration": self._before + self._iteration,
            "value": finite(float(target.value(rows[None]))),
            "stage": on_the_way(progress.objective.label, target),
        }
        if self._scene is None:
            self._scene = Scene.of(x, y is not None)
            page = payload(Configuration("start", x, y), self._prediction)
            page["moments"][0] |= about
            page["gram"]["notes"] = ["Of the start; that of the minimum comes at the end."]
            self.tell({"kind": "start", "page": page, "facts": _announced(self.request, self._prediction)})
        else:
            moment = self._scene.moment(x, y, counts=facts.histogram(x).tolist(), **about)
            self.tell({"kind": "moment", "moment": moment})

    def _due(self, slow: bool) -> bool:
        """Whether to tell of this moment; in slow motion, of all, each in its time."""
        left = self._shown + (_SLOW if slow else _FAST) - time.monotonic()
        if left > 0 and (not slow or self._stopping.wait(left)):
            return False
        self._shown = time.monotonic()
        return True


def _announced(request: Request, prediction: Prediction | None) -> list[facts.Row]:
    kind = "points" if request.objective.rows(request.points) == request.points else "pairs"
    lines = [(kind, f"{request.points} in R^{request.dim}"), ("objective", request.objective.label)]
    if prediction is None:
        return [*lines, ("prediction", unpredicted(request.objective, request.points, request.dim))]
    said = f"{prediction.value:.12g} ({prediction.standing})"
    return [*lines, ("prediction", said), ("statement", get(prediction.theorem).statement)]
