"""Jobs on a cluster of Dask: of this machine and at an address, that dies, that does not answer, that cannot do the work."""

from __future__ import annotations

import functools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from distributed import LocalCluster

from hyperenergy.errors import ArgumentError, HyperenergyError
from hyperenergy.runs import cluster as clusters
from hyperenergy.runs.cluster import Cluster
from hyperenergy.runs.drive import drive
from hyperenergy.runs.interrupt import Interrupt
from hyperenergy.runs.shard import Place, Unwritable
from hyperenergy.runs.store import Store
from hyperenergy.runs.task import Job
from tests.command import inside
from tests.runs.commands import arguments
from tests.runs.test_drive import JOBS, die, die_once, die_while_it_is_written, nothing

# Dask's own: sockets of processes that were killed, and what its event loop leaves behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler with two workers, which tests of this module share."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0) as found:
        yield found.scheduler_address


def logged(folder: str, k: int) -> dict[str, int]:
    """Leaves a file each time."""
    Path(folder, f"{k}-{time.time_ns()}").touch()
    return {"k": k}


def ask(parent: int, times: int) -> dict[str, int]:
    for _ in range(times):
        os.kill(parent, signal.SIGTERM)
        time.sleep(1)
    return {}


def refuse() -> None:
    raise HyperenergyError("it has other code")


def fail() -> dict[str, int]:
    raise ZeroDivisionError("of the work itself")


def work(jobs: list[Job], out: Path, where: str, said: list[str] | None = None) -> tuple[list[str], Interrupt]:
    with Cluster(where, 2) as cluster, Interrupt() as interrupt, Store(out) as store:
        lines = [] if said is None else said
        found = drive(jobs, store, interrupt, workers=2, prepare=nothing, say=lines.append, cluster=cluster)
        return [record.key for record in found], interrupt


# ---- work ----------------------------------------------------------------------------------------------------------


def test_what_is_finished_is_not_done_again(address: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.mkdir()
    jobs = [Job(f"j{k}", functools.partial(logged, str(log), k)) for k in range(40)]
    assert sorted(work(jobs[:30], tmp_path, address)[0]) == sorted(job.key for job in jobs[:30])
    assert sorted(work(jobs, tmp_path, address)[0]) == sorted(job.key for job in jobs[30:])
    assert work(jobs, tmp_path, address)[0] == []
    records = Store(tmp_path).read().records
    assert {key: record.value for key, record in records.items()} == {f"j{k}": {"k": k} for k in range(40)}
    assert len(list(log.iterdir())) == 40
    assert [path.name for path in (tmp_path / "store").iterdir() if path.name.startswith("sitting")] == []


def test_a_worker_that_dies_costs_what_it_had_begun_and_nothing_else(tmp_path: Path) -> None:
    """What it had finished of the same task is not done again, and what tore is."""
    log = tmp_path / "log"
    log.mkdir()
    jobs = [Job(f"j{k}", functools.partial(logged, str(log), k)) for k in range(40)]
    jobs.insert(3, Job("dies", functools.partial(die_once, str(tmp_path / "once"))))
    jobs.insert(8, Job("torn", functools.partial(die_while_it_is_written, str(tmp_path / "twice"))))
    found, _ = work(jobs, tmp_path / "out", "local")
    assert sorted(found) == sorted(job.key for job in jobs) and len(list(log.iterdir())) == 40
    contents = Store(tmp_path / "out").read()
    assert contents.records["torn"].value == {"k": -2} and len(contents.damage) == 1


def test_work_that_kills_every_worker_ends_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_ALLOWED_FAILURES", 0)
    with pytest.raises(HyperenergyError, match=r"processes died 3 times in a row .* \d of 7 results are kept in"):
        work([Job("dies", die), *JOBS], tmp_path, "local")


def test_an_error_of_the_work_is_the_users(address: str, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="of the work itself"):
        work([Job("fails", fail)], tmp_path, address)


def test_a_chunk_ends_in_time_and_gives_the_rest_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_CHUNK", -1.0)
    place = Place(tmp_path / "shards", "s", 0.0)
    place.folder.mkdir()
    place.desk.mkdir()
    assert clusters._perform("a", JOBS[:3], place, nothing) == ["j0"]
    assert clusters._perform("a", JOBS[:3], place, nothing) == ["j0", "j1"]  # begun before: another worker died of it
    (place.desk / "stop").touch()
    assert clusters._perform("b", JOBS[3:], place, nothing) == []


def test_a_disk_without_room_for_a_file_is_told_by_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path / "shards", "s", 0.0)
    place.folder.mkdir()
    place.desk.mkdir()

    def full(path: Path, exist_ok: bool = True) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "touch", full)
    with pytest.raises(Unwritable, match="No space left"):
        clusters._perform("a", JOBS, place, nothing)


@pytest.mark.parametrize("times", [1, 2])
def test_interrupts(times: int, tmp_path: Path) -> None:
    """The first lets jobs end that have begun, the second does not."""
    jobs = [Job(f"ask{k}", functools.partial(ask, os.getpid(), times)) for k in range(2)]
    jobs += [Job(f"s{k}", _sleep) for k in range(1000)]
    found, interrupt = work(jobs, tmp_path, "local")
    assert interrupt.status == 143 and len(found) < 500
    assert interrupt.urgent == (times == 2) == ("ask0" not in found)


# ---- clusters that are of no use -----------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["", "nowhere", "tcp://host", "tcp://host:99999", "local:", "tcp://:80", "http//a:1"])
def test_what_is_no_address(where: str) -> None:
    with pytest.raises(
        ArgumentError, match=r"dask: got '.*'; must be local, or a scheduler's address such as tcp://HOST:"
    ):
        Cluster(where, 1)


def test_nobody_listens_or_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_ANSWER", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        for listening in (False, True):
            if listening:
                silent.listen()
            with (
                pytest.raises(ArgumentError, match=r"dask: got 'tcp://.*'; no scheduler answers there \(within 1 s\)"),
                Cluster(f"tcp://127.0.0.1:{silent.getsockname()[1]}", 1),
            ):
                pass


def test_somebody_else_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_ANSWER", 2)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with (
            pytest.raises(ArgumentError, match=r"no scheduler answers there \("),
            Cluster(f"tcp://127.0.0.1:{server.server_address[1]}", 1),
        ):
            pass
        server.shutdown()


def test_the_command_says_it_in_one_line_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert clusters._ANSWER == 10
    monkeypatch.setattr(clusters, "_ANSWER", 1)
    done = inside(capfd, *arguments(tmp_path / "out", "--dask", "tcp://127.0.0.1:9"))
    assert done.returncode == 2 and done.stdout == "" and not (tmp_path / "out").exists()
    assert done.stderr == "error: --dask: got 'tcp://127.0.0.1:9'; no scheduler answers there (within 1 s)\n"


def test_a_cluster_without_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_ANSWER", 2)
    with LocalCluster(n_workers=0, dashboard_address=":0") as found:
        with pytest.raises(ArgumentError, match=r"the cluster has no workers \(after 2 s\)"):
            work(JOBS, tmp_path, found.scheduler_address)


def test_workers_with_other_code_or_without_the_folder(address: str, tmp_path: Path) -> None:
    with Cluster(address, 1) as cluster, Interrupt() as interrupt, Store(tmp_path) as store:
        with pytest.raises(HyperenergyError, match=r"worker tcp://.* cannot work for this run: it has other code"):
            list(cluster.records(JOBS, store.place, interrupt, refuse))
    missing = clusters._greeted(tmp_path / "elsewhere", nothing)
    assert missing is not None and "must lie on a file system that all workers share" in missing


def test_a_cluster_that_ends_in_the_middle(tmp_path: Path) -> None:
    """Its scheduler is killed: one line, and what was finished is kept."""
    code = (
        "import time; from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    found = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=':0', scheduler_port=0)\n"
        "    print(found.scheduler_address, flush=True)\n"
        "    time.sleep(300)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as scheduler:
        assert scheduler.stdout is not None
        where = scheduler.stdout.readline().strip()
        killed = functools.partial(os.kill, scheduler.pid, signal.SIGKILL)
        jobs = [JOBS[0], Job("kills", functools.partial(_after, killed)), *(Job(f"s{k}", _sleep) for k in range(400))]
        with pytest.raises(HyperenergyError, match=r"has ended; the same command goes on"):
            work(jobs, tmp_path, where)
    assert "j0" in Store(tmp_path).read().records


def _sleep() -> dict[str, int]:
    time.sleep(0.1)
    return {}


def _after(act: functools.partial[None]) -> dict[str, int]:
    time.sleep(1)
    act()
    return {}


def test_gpus_are_not_for_clusters(tmp_path: Path) -> None:
    from hyperenergy.cli.commands.verify import _cluster

    with pytest.raises(ArgumentError, match="dask: got 'local'; a cluster works on CPUs, not on cuda"):
        _cluster("local", "cuda")


def test_the_report_does_not_say_who_worked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from hyperenergy.cli.commands.verify import _without_folder

    given = arguments(tmp_path, "--dask", "local", "--dask=tcp://a:1", "--fresh")
    assert list(_without_folder(given)) == arguments(tmp_path)[:-2]
