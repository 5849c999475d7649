"""The store alone: keys, shards that are torn and garbled, two drivers, and what is moved aside."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hyperenergy.errors import ArgumentError
from hyperenergy.runs import shard
from hyperenergy.runs.store import Store
from hyperenergy.runs.task import Plan, Record, Task
from hyperenergy.runs.version import code_version

PLAN = Plan({"seed": 0, "dims": [3]}, "1+abc", ["a", "b", "c"], {})
VALUE = {"x": 0.1, "nan": float("inf"), "text": "Γ\n"}


def filled(out: Path, keys: str = "abc") -> Path:
    """A store with a record per key; its shard."""
    with Store(out) as store:
        store.begin(PLAN)
        mine = shard.Shard(store.place)
        for key in keys:
            mine.append(key, VALUE)
        mine.close()
    return max(store.place.folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)


# ---- keys ----------------------------------------------------------------------------------------------------------


def test_a_key_is_of_the_data_and_of_the_code() -> None:
    task = Task("k", {"a": 1, "b": [0.1]}, 0)
    assert task.key("1") == Task("k", {"b": [0.1], "a": 1}, 0).key("1")
    others = [Task("l", task.parameters, 0), Task("k", {"a": 1, "b": [0.2]}, 0), Task("k", task.parameters, 1)]
    assert len({task.key("1"), task.key("2"), *(other.key("1") for other in others)}) == 5


def test_the_code_is_told_by_its_files(tmp_path: Path) -> None:
    for name in ("a.py", "show/b.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")

    def digest() -> str:
        code_version.cache_clear()
        return code_version(("show",), tmp_path)

    before = digest()
    (tmp_path / "show" / "b.py").write_text("2")
    assert digest() == before  # what shows results does not make them
    (tmp_path / "a.py").write_text("2")
    changed = digest()
    (tmp_path / "a.py").rename(tmp_path / "c.py")
    assert len({before, changed, digest()}) == 3
    code_version.cache_clear()


# ---- shards --------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read(tmp_path: Path) -> None:
    filled(tmp_path)
    contents = Store(tmp_path).read()
    assert contents.damage == [] and {key: r.value for key, r in contents.records.items()} == dict.fromkeys(
        "abc", VALUE
    )


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_torn_tail_costs_its_line_alone(cut: int, tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    contents = Store(tmp_path).read()
    assert set(contents.records) == {"a", "b"}
    assert contents.damage == [f"{path}: 1 line torn off at the end"]


@pytest.mark.parametrize(
    "garble",
    [
        lambda line: b"\x00" * len(line),
        lambda line: b"\xff\xfe" + line,
        lambda line: line.replace(b"0.1", b"0.2"),  # still JSON: the checksum tells
        lambda line: line[: len(line) // 2],
        lambda line: b"[" * 100_000,
        lambda line: b"",
        lambda line: b"null",
        lambda line: b'{"crc": 1, "record": {"key": "b"}}',
    ],
)
def test_a_garbled_line_costs_itself_alone(garble, tmp_path: Path) -> None:
    path = filled(tmp_path)
    lines = path.read_bytes().splitlines()
    lines[1] = garble(lines[1])
    path.write_bytes(b"\n".join(lines) + b"\n")
    contents = Store(tmp_path).read()
    assert set(contents.records) == {"a", "c"} and contents.damage == [f"{path}: 1 garbled line"]


def test_both_are_told_together(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.write_bytes(b"x\ny\n" + path.read_bytes()[:-5])
    assert Store(tmp_path).read().damage == [f"{path}: 2 garbled lines and 1 line torn off at the end"]


# ---- one table of all ----------------------------------------------------------------------------------------------


def compacted(out: Path) -> Path:
    filled(out)
    with Store(out) as store:
        store.compact()
    return out / "store" / "records.sqlite"


def test_shards_become_one_table_and_more_is_added(tmp_path: Path) -> None:
    path = compacted(tmp_path)
    before = filled(tmp_path, "d")
    assert list(before.parent.iterdir()) == [before]
    contents = Store(tmp_path).read()
    assert contents.damage == [] and {key: r.value for key, r in contents.records.items()} == dict.fromkeys(
        "abcd", VALUE
    )
    with Store(tmp_path) as store:
        mine = shard.Shard(store.place)
        mine.append("e", {"gap": 0.25, "outcome": "Γ"})
        mine.close()
        store.compact()
    with contextlib.closing(sqlite3.connect(path)) as table:
        query = (
            "select key, json_extract(value, '$.gap'), json_extract(value, '$.outcome') from records where key = 'e'"
        )
        assert table.execute(query).fetchall() == [("e", 0.25, "Γ")]
        assert table.execute("select count(*) from records").fetchone() == (5,)


def test_a_damaged_table_is_told_and_the_rest_is_used(tmp_path: Path) -> None:
    path = compacted(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as table, table:
        table.execute("update records set value = replace(value, '0.1', '0.2') where key = 'b'")
        table.execute("update records set value = '[' where key = 'c'")
    contents = Store(tmp_path).read()
    assert set(contents.records) == {"a"} and contents.damage == [f"{path}: 2 garbled lines"]
    path.write_bytes(b"no table" * 100)
    contents = Store(tmp_path).read()
    assert contents.records == {} and "records.sqlite: not all of it can be read (" in contents.damage[0]


def test_without_room_for_a_table_the_shards_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path)

    def full(path: Path, records: object) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hyperenergy.runs.table.write", full)
    with Store(tmp_path) as store:
        store.compact()
    assert set(Store(tmp_path).read().records) == set("abc") and path.exists()
    assert sorted(p.name for p in (tmp_path / "store").iterdir()) == ["lock", "run.json", "shards"]


def test_of_what_was_done_twice_it_is_the_first(tmp_path: Path) -> None:
    """By time, whatever the names of the files are."""
    lines = {name: shard.to_line(Record("a", {"x": name}, "s", t)) for name, t in (("z", 1.0), ("y", 2.0))}
    with Store(tmp_path) as store:
        for name, line in lines.items():
            (store.place.folder / f"{name}.jsonl").write_bytes(line)
        assert store.read().records["a"].value == {"x": "z"}
        store.compact()
        assert store.read().records["a"].value == {"x": "z"}


# ---- arrays --------------------------------------------------------------------------------------------------------


def with_arrays(out: Path) -> Record:
    with Store(out) as store:
        store.begin(PLAN)
        mine = shard.Shard(store.place)
        record = mine.append("a", {"x": 0.5, "points": np.eye(3), "none": np.empty((0, 2)), "list": [1.0]})
        mine.close()
        store.compact()
    return record


def test_arrays_lie_beside_and_come_back(tmp_path: Path) -> None:
    with_arrays(tmp_path)
    store = Store(tmp_path)
    record = store.read().records["a"]
    assert record.value == {"x": 0.5, "list": [1.0]} and record.arrays == ["points", "none"]
    found = store.arrays(record)
    np.testing.assert_array_equal(found["points"], np.eye(3))
    assert found["none"].shape == (0, 2) and [path.name for path in store.place.arrays.iterdir()] == ["a.npz"]
    assert store.arrays(Record("b", {}, "s", 0.0)) == {}


@pytest.mark.parametrize("cut", [0, 100])
def test_a_record_without_its_arrays_is_none(cut: int, tmp_path: Path) -> None:
    with_arrays(tmp_path)
    path = tmp_path / "store" / "arrays" / "a.npz"
    if cut:
        path.write_bytes(path.read_bytes()[:-cut])
    else:
        path.unlink()
    contents = Store(tmp_path).read()
    assert contents.records == {} and contents.damage == [f"{path.parent}: the arrays of a are missing or torn"]


def test_arrays_in_which_a_digit_changed_are_refused(tmp_path: Path) -> None:
    record = with_arrays(tmp_path)
    path = tmp_path / "store" / "arrays" / "a.npz"
    one = np.float64(1.0).tobytes()
    path.write_bytes(path.read_bytes().replace(one, np.float64(2.0).tobytes(), 1))
    with pytest.raises(ArgumentError, match="holds arrays of a that cannot be read"):
        Store(tmp_path).arrays(record)


# ---- disks that are full, read-only, or in use ---------------------------------------------------------------------


def test_a_disk_that_is_full_leaves_no_part_of_a_line(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from hyperenergy.runs import shard\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (250, 250))\n"
        "mine = shard.Shard(shard.Place(Path(sys.argv[1]), 's', 0.0))\n"
        "try:\n    for k in range(9): mine.append(str(k), {})\n"
        "except shard.Unwritable as error: print(error.strerror)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    (path,) = tmp_path.iterdir()
    records, wrong = shard.read(path)
    assert done.stdout == "File too large\n" and wrong is None and [r.key for r in records] == ["0", "1"]


def test_sessions_add_up(tmp_path: Path) -> None:
    (tmp_path / "store" / "shards").mkdir(parents=True)
    records = [Record("a", {}, "one", 3.0), Record("b", {}, "one", 5.0), Record("c", {}, "two", 2.0)]
    text = b"".join(map(shard.to_line, records))
    (tmp_path / "store" / "shards" / "x.jsonl").write_bytes(text)
    assert Store(tmp_path).read().seconds == 7.0


# ---- plans ---------------------------------------------------------------------------------------------------------


def test_the_same_plan_goes_on(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    with Store(tmp_path) as store:
        store.begin(PLAN)
        assert set(store.read().records) == {"a"}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Plan({"seed": 1, "dims": [3]}, "1+abc", ["d"], {}), "differs in seed (0 there, 1 here); --fresh"),
        (Plan({"seed": 0, "dims": None}, "1+abc", ["d"], {}), "differs in dims (3 there, not given here); --fresh"),
        (Plan(PLAN.what, "1+abd", ["d"], {}), "differs in code (1+abc there, 1+abd here); --fresh"),
        (Plan(PLAN.what, "1+abc", ["d"], {}), "differs in tasks (3 there, 1 here); --fresh"),
    ],
)
def test_another_plan_is_refused(other: Plan, said: str, tmp_path: Path) -> None:
    filled(tmp_path, "a")
    with Store(tmp_path) as store, pytest.raises(ArgumentError) as error:
        store.begin(other)
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_a_damaged_plan_is_named(text: bytes, tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "store" / "run.json").write_bytes(text)
    with Store(tmp_path) as store, pytest.raises(ArgumentError, match=r"run\.json is damaged; --fresh moves it aside"):
        store.begin(PLAN)


def test_nothing_is_deleted_when_a_run_is_moved_aside(tmp_path: Path) -> None:
    path = filled(tmp_path)
    whole = path.read_bytes()
    (tmp_path / "report.md").write_text("earlier")
    (tmp_path / "mine.txt").write_text("mine")
    with Store(tmp_path) as store:
        aside = store.move_aside(["report.md", "report.html"])
        assert aside is not None and store.plan() is None and store.read().records == {}
        assert store.move_aside(["report.md"]) is None
    assert (aside / "report.md").read_text() == "earlier" and (tmp_path / "mine.txt").read_text() == "mine"
    assert (aside / "store" / "shards" / path.name).read_bytes() == whole
    assert (aside / "store" / "run.json").exists() and aside.name.startswith("earlier-")


# ---- one driver ----------------------------------------------------------------------------------------------------


def test_a_second_driver_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hyperenergy.runs.store import Store\nwith Store(Path(sys.argv[1])):"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{code}\n    print(1, flush=True); input()", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None and holder.stdout is not None
    holder.stdout.readline()
    try:
        with pytest.raises(ArgumentError) as error, Store(tmp_path):
            pass
        assert f"is in use by pid {holder.pid} on {socket.gethostname()} since 2" in str(error.value)
        assert "\n" not in str(error.value)
    finally:
        holder.kill()  # it cannot say that it ends
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()
    lock = tmp_path / "store" / "lock"
    assert json.loads(lock.read_text())["pid"] == holder.pid
    with Store(tmp_path):
        assert json.loads(lock.read_text())["pid"] == os.getpid()
    assert lock.read_text() == ""


def test_a_holder_on_another_machine_is_believed(tmp_path: Path) -> None:
    filled(tmp_path)
    lock = tmp_path / "store" / "lock"
    lock.write_text(json.dumps({"pid": 1, "host": "elsewhere", "since": "2026-01-01 00:00:00"}))
    with (
        pytest.raises(ArgumentError, match=r"pid 1 on elsewhere since 2026.*if that one has ended, remove"),
        Store(tmp_path),
    ):
        pass
    lock.write_text("garbled")
    with Store(tmp_path):
        pass


# ---- folders -------------------------------------------------------------------------------------------------------


def test_a_folder_that_may_only_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path)
    for path in (tmp_path, tmp_path / "store", tmp_path / "store" / "lock"):
        path.chmod(0o555)
    monkeypatch.chdir(tmp_path)
    user = os.geteuid()
    if user == 0:  # root writes everywhere
        os.seteuid(65534)
    try:
        for out in (".", "new"):
            with (
                pytest.raises(ArgumentError, match=r"must be a folder that can be written \(Permission"),
                Store(Path(out)),
            ):
                pass
    finally:
        os.seteuid(user)
        tmp_path.chmod(0o755)
        (tmp_path / "store").chmod(0o755)


@pytest.mark.parametrize("place", ["/proc/nowhere", "/sys/nowhere", "file/nowhere"])
def test_a_folder_that_cannot_be_made(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArgumentError, match="must be a folder that can be written"), Store(tmp_path / place):
        pass


def test_errors_travel_between_processes() -> None:
    error = ArgumentError("out", 3, "must be 4")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and again.argument == "out"
