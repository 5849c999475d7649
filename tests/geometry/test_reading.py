"""Files that people have, and rows as they have them in memory."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import io

import hyperenergy as he
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.reading.embeddings import read_embeddings_file, read_labels
from tests.pages import random_rows

ICOSAHEDRON = he.codes.get("icosahedron").coordinates


def rows_of(x: np.ndarray, form: str = "{:.12f}") -> str:
    return "".join(" ".join(form.format(entry) for entry in row) + "\n" for row in x)


def xyz(x: np.ndarray, name: str = "LA ") -> str:
    return f"{len(x)}\nenergy of something\n" + "".join(f"{name}{a:.12f} {b:.12f}  {c:.12f}\n" for a, b, c in x)


def off(x: np.ndarray) -> str:
    lines = "\n".join(" ".join(f"{entry:.12f}" for entry in row) for row in x)
    return f"OFF # an icosahedron\n{len(x)} 1 0\n\n{lines}\n3 0 1 2\n"


def angles_of(x: np.ndarray) -> str:
    return "".join(f"{math.acos(c):.15f} {math.atan2(b, a):.15f}\n" for a, b, c in x)


def table(path: Path, columns: dict[str, Any]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    parquet.write_table(pyarrow.table(columns), path)


TEXTS: list[tuple[str, str, dict[str, Any]]] = [
    ("cohn.txt", rows_of(ICOSAHEDRON), {}),
    ("sloane.txt", rows_of(ICOSAHEDRON.reshape(-1, 1)), {"dim": 3}),
    ("sloane.dat", rows_of(ICOSAHEDRON.reshape(-1, 1)), {"dim": 3}),
    ("one_row.txt", rows_of(ICOSAHEDRON.reshape(1, -1)), {"dim": 3}),
    ("wales.xyz", xyz(ICOSAHEDRON), {}),
    ("plain.xyz", xyz(ICOSAHEDRON, ""), {}),
    ("bare.xyz", rows_of(ICOSAHEDRON), {}),
    ("radius.xyz", xyz(3.7 * ICOSAHEDRON, "C   "), {"normalize": True}),
    ("radius.csv", rows_of(1e-3 * ICOSAHEDRON, "{:.17g}"), {"normalize": True}),
    ("fortran.xyz", xyz(ICOSAHEDRON).replace("0.", "0.").replace("\n", "\r\n"), {}),
    ("qhull.off", off(ICOSAHEDRON), {}),
    ("angles.txt", angles_of(ICOSAHEDRON), {"angles": True}),
]


@pytest.mark.parametrize(("name", "text", "options"), TEXTS, ids=[name for name, _, _ in TEXTS])
def test_text_that_people_have(tmp_path: Path, name: str, text: str, options: dict[str, Any]) -> None:
    (tmp_path / name).write_bytes(text.encode())
    x = he.read_points(tmp_path / name, **options)
    assert x.dtype == torch.float64 and x.shape == (12, 3)
    np.testing.assert_allclose(x.numpy(), ICOSAHEDRON, atol=2e-12)
    np.testing.assert_allclose(np.linalg.norm(x.numpy(), axis=1), 1, atol=1e-15)


def save(path: Path, x: np.ndarray) -> None:
    match path.suffix:
        case ".npy":
            np.save(path, x)
        case ".npz":
            np.savez(path, some_name=x)
        case ".mat":
            io.savemat(path, {"some_name": x})
        case ".pt":
            torch.save({"some_name": torch.tensor(x)}, path)
        case ".parquet":
            table(path, {f"x{k}": x[:, k] for k in range(x.shape[1])})


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".mat", ".pt", ".parquet"])
def test_arrays(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    save(path, ICOSAHEDRON)
    np.testing.assert_allclose(he.read_points(path).numpy(), ICOSAHEDRON, atol=1e-15)
    z = he.read_embeddings(path)
    assert z.dtype == torch.float64 and np.array_equal(z.numpy(), ICOSAHEDRON)


@pytest.mark.parametrize("suffix", [".npz", ".mat"])
def test_the_array_that_is_meant(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    arrays: dict[str, Any] = {"first": ICOSAHEDRON, "second": -ICOSAHEDRON[:5]}
    np.savez(path, **arrays) if suffix == ".npz" else io.savemat(path, arrays)
    assert len(he.read_points(path, array="second")) == 5
    with pytest.raises(ArgumentError, match="holds the arrays first, second; say which"):
        he.read_points(path)
    with pytest.raises(ArgumentError, match="has no array 'secnd'; did you mean second"):
        he.read_points(path, array="secnd")


def test_angles_of_every_dimension(tmp_path: Path) -> None:
    """Against the definition, one coordinate after the other; one angle is that of the circle."""
    angles = np.array([[0.3, 1.1, -2.0], [2.9, 0.2, 1.0]])
    path = tmp_path / "a.txt"
    path.write_text(rows_of(angles, "{:.17g}"))
    for (a, b, c), x in zip(angles, he.read_points(path, angles=True).tolist(), strict=True):
        s = math.sin(a) * math.sin(b)
        expected = [s * math.cos(c), s * math.sin(c), math.sin(a) * math.cos(b), math.cos(a)]
        assert x == pytest.approx(expected, abs=1e-15)
    path.write_text("0\n1.5\n")
    assert he.read_points(path, angles=True).tolist()[1] == pytest.approx([math.cos(1.5), math.sin(1.5)], abs=1e-15)
    path.write_text("90 45\n10 0\n")
    with pytest.raises(ArgumentError, match=r"row 1 has angles \[90\. 45\.\]; must be in radians.*pi/180"):
        he.read_points(path, angles=True)


BAD: list[tuple[str, str | bytes, dict[str, Any], str]] = [
    (
        "a.txt",
        "0.5\n0.5\n0.1\n",
        {},
        "row 1 has length 0.5; rows must be finite unit vectors; where a point is several",
    ),
    ("a.txt", "1\n0\n0\n1\n", {"dim": 3}, "holds 4 numbers, which are no whole number of points in R^3"),
    ("a.txt", "1 0\n0 1\n", {"dim": 3}, "has 2 numbers a row, and dim 3 was asked for"),
    ("a.txt", "2 0\n0 2\n", {}, "row 1 has length 2; rows must be finite unit vectors; --normalize"),
    ("a.txt", "0 0\n0 2\n", {"normalize": True}, "row 1 has no direction"),
    ("a.txt", "1 0\n", {}, "must be (points, dim) with at least 2 points"),
    ("a.xyz", "3\nx\nC 1 0 0\nC 0 1 0\n", {}, "says 3 points and holds 2: it is cut off"),
    ("a.xyz", "1\nx\nC 1 0 0\n1\nx\nC 0 1 0\n", {}, "line 4 is beyond the 1 points that it says; of several frames"),
    ("a.xyz", "2\nx\nC 1 0 0\nC 0 1\n", {}, "line 4: 'C 0 1' must be 3 finite numbers"),
    ("a.xyz", "2\nx\nC 1 0 0\nC 0 nan 1\n", {}, "line 4: 'C 0 nan 1' must be 3 finite numbers"),
    ("a.xyz", "", {}, "is empty"),
    ("a.xyz", b"\xff\xfe", {}, "is not text in UTF-8"),
    ("a.off", "PLY\n", {}, "does not begin with OFF"),
    ("a.off", "OFF\n3 1 0\n1 0 0\n", {}, "says 3 vertices and holds 1: it is cut off"),
    ("a.off", "OFF\nx\n", {}, "must have the numbers of vertices"),
    ("a.npy", b"nothing", {}, "is no .npy file of plain numbers"),
    ("a.npy", b"", {}, "is no .npy file of plain numbers"),
    ("a.mat", b"nothing here at all", {}, "is no MATLAB file that can be read"),
    ("a.pt", b"nothing", {}, "is no file of torch.save"),
    ("a.pt", b"", {}, "is no file of torch.save"),
    ("a.txt", "1 0\n0 1\n", {"array": "x"}, "array: got 'x'; .txt files have no named arrays"),
    ("a.npz", b"", {"header": True}, "only rows of numbers in text have one"),
]


@pytest.mark.parametrize(("name", "content", "options", "message"), BAD)
def test_what_is_refused_is_named(
    tmp_path: Path, name: str, content: str | bytes, options: dict[str, Any], message: str
) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ArgumentError, match=re.escape(message)) as refused:
        he.read_points(tmp_path / name, **options)
    assert "\n" not in str(refused.value)


class Code:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (Path("/nowhere/at/all"),)


def test_a_pt_that_holds_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    torch.save({"z": torch.eye(3), "more": Code()}, path)
    for read in (he.read_points, he.read_embeddings):
        with pytest.raises(ArgumentError, match="holds more than tensors, which would be code to run"):
            read(path)
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(ArgumentError, match="holds more than tensors"):
        he.read_embeddings(path)
    whole = tmp_path / "b.pt"
    torch.save(torch.eye(300), whole)
    whole.write_bytes(whole.read_bytes()[:-500])
    with pytest.raises(ArgumentError, match=r"is no file of torch\.save, or is cut off"):
        he.read_embeddings(whole)


def test_a_truncated_npy_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.eye(50))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ArgumentError, match=r"is no \.npy file of plain numbers; it is cut off"):
        he.read_points(path)
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ArgumentError, match=r"is no \.npy file of plain numbers"):
        he.read_embeddings(path)


def test_views_and_labels(tmp_path: Path) -> None:
    u, v, labels = random_rows(6, 4).astype(np.float32), random_rows(6, 4, 1).astype(np.float32), np.arange(6) % 2
    path = tmp_path / "z.npz"
    for names in (("anchors", "positives"), ("z1", "z2"), ("z_i", "z_j")):
        views: dict[str, Any] = {names[0]: u, names[1]: v}
        np.savez(path, **views, labels=labels)
        read = read_embeddings_file(path)
        assert read.positives is not None and read.labels is not None
        assert np.array_equal(read.anchors, u) and np.array_equal(read.positives, v)
        assert read.anchors.dtype == torch.float32 and read.labels.tolist() == labels.tolist()
        with pytest.raises(ArgumentError, match="holds two views"):
            he.read_embeddings(path)
    np.savez(path, views=np.stack([u, v]))
    both = read_embeddings_file(path)
    assert both.positives is not None and np.array_equal(both.positives, v) and both.labels is None
    np.savez(path, anchors=u, positives=v[:5])
    with pytest.raises(ArgumentError, match=r"has views of different shape: \(6, 4\) and \(5, 4\)"):
        read_embeddings_file(path)
    np.savez(path, features=u, labels=labels[:5])
    with pytest.raises(ArgumentError, match="has 5 labels and 6 rows"):
        read_embeddings_file(path)
    np.savez(path, features=u, labels=labels / 2)
    with pytest.raises(ArgumentError, match="must be one whole number or word a row"):
        read_embeddings_file(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_rows_without_a_direction(tmp_path: Path, bad: float) -> None:
    u = random_rows(6, 4)
    u[2] = bad
    path = tmp_path / "z.npz"
    np.savez(path, features=u, labels=np.arange(6))
    with pytest.raises(ArgumentError, match=r"row 3 has no direction: .*\(1 such of 6\); --drop"):
        he.read_embeddings(path)
    read = read_embeddings_file(path, drop=True)
    assert read.dropped == 1 and read.labels is not None and read.labels.tolist() == [0, 1, 3, 4, 5]
    assert np.array_equal(read.anchors, u[[0, 1, 3, 4, 5]])
    np.savez(path, features=u[1:3])
    with pytest.raises(ArgumentError, match="has 1 rows with a direction; at least 2 are needed"):
        he.read_embeddings(path, drop=True)
    np.savez(path, features=u[:1])
    with pytest.raises(ArgumentError, match="has one row; at least 2 are needed"):
        he.read_embeddings(path)


def test_numbers_stay_on_the_disk(tmp_path: Path) -> None:
    """Writing to them changes no file."""
    path = tmp_path / "z.npy"
    np.save(path, random_rows(100, 8).astype(np.float16))
    before = path.read_bytes()
    z = he.read_embeddings(path)
    assert z.dtype == torch.float16
    z.zero_()
    assert path.read_bytes() == before


def test_types_that_torch_does_not_have(tmp_path: Path) -> None:
    x = random_rows(5, 3)
    for kind in (">f8", "<f4", "f2", "i4"):
        np.save(tmp_path / "z.npy", (100 * x).astype(kind))
        assert np.array_equal(he.read_embeddings(tmp_path / "z.npy").numpy(), (100 * x).astype(kind))
    torch.save(torch.from_numpy(x).bfloat16(), tmp_path / "z.pt")
    assert he.read_embeddings(tmp_path / "z.pt").dtype == torch.float32


def test_labels_from_files(tmp_path: Path) -> None:
    path = tmp_path / "y.txt"
    path.write_text("cat\ndog\ncat\n")
    assert read_labels(path).tolist() == ["cat", "dog", "cat"]
    np.save(tmp_path / "y.npy", np.array([[1], [2]]))
    assert read_labels(tmp_path / "y.npy").tolist() == [1, 2]
    with pytest.raises(ArgumentError, match="there is no such file"):
        read_labels(tmp_path / "nowhere.txt")
    np.save(tmp_path / "y.npy", np.array([1.0, 2.0]))  # MATLAB's
    assert read_labels(tmp_path / "y.npy").tolist() == [1, 2]
    for content, message in (
        (b"1,0\n2,1\n", r"line 1: '1,0' must be one label"),
        (b"1\n\n2\n", r"line 2: '' must be one label"),
        (b"\xff\xfe\n", "is not text in UTF-8"),
    ):
        path.write_bytes(content)
        with pytest.raises(ArgumentError, match=message):
            read_labels(path)


def test_what_was_not_asked_for_is_in_nobodys_way(tmp_path: Path) -> None:
    """A sparse tensor, an array of objects, a column of words: beside the one that is read."""
    x = random_rows(5, 3)
    torch.save({"z": torch.from_numpy(x), "more": torch.eye(3).to_sparse()}, tmp_path / "a.pt")
    assert np.array_equal(he.read_embeddings(tmp_path / "a.pt").numpy(), x)
    with pytest.raises(ArgumentError, match=r"more is a tensor of torch\.float32, torch\.sparse_coo; save it dense"):
        he.read_embeddings(tmp_path / "a.pt", array="more")
    np.savez(tmp_path / "a.npz", z=x, names=np.array(["a", None], dtype=object))
    assert np.array_equal(he.read_embeddings(tmp_path / "a.npz").numpy(), x)
    table(tmp_path / "a.parquet", {"v": x.tolist(), "tags": [["a"], ["b", "c"], [], ["d"], ["e"]]})
    assert np.array_equal(he.read_embeddings(tmp_path / "a.parquet", array="v").numpy(), x)
    with pytest.raises(ArgumentError, match="column tags: rows must have as many numbers each"):
        he.read_embeddings(tmp_path / "a.parquet", array="tags")
    table(tmp_path / "b.parquet", {"label": [0.0, 1.0, 0.0, 1.0, 0.0], **{f"c{k}": x[:, k] for k in range(3)}})
    read = read_embeddings_file(tmp_path / "b.parquet")
    assert read.anchors.shape == (5, 3) and read.labels is not None and read.labels.tolist() == [0, 1, 0, 1, 0]


def test_columns_and_lists(tmp_path: Path) -> None:
    x = random_rows(5, 3)
    path = tmp_path / "z.parquet"
    table(path, {"id": list(range(5)), "vector": x.tolist(), "label": ["a", "b", "a", "b", "a"]})
    read = read_embeddings_file(path, array="vector")
    assert np.array_equal(read.anchors, x) and read.labels is not None and read.labels.tolist() == list("ababa")
    table(path, {"label": [0, 1, 0, 1, 0], **{f"c{k}": x[:, k] for k in range(3)}})
    read = read_embeddings_file(path)
    assert np.array_equal(read.anchors, x) and read.labels is not None and read.labels.tolist() == [0, 1, 0, 1, 0]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ArgumentError, match=r"is no \.parquet file, or is cut off"):
        he.read_embeddings(path)


# ---- rows in memory ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decimals", [12, 9])
def test_rows_of_written_digits_are_unit_vectors(decimals: int) -> None:
    """Sloane's tables have 12 decimals.  A value is as exact as the rows are."""
    written: Any = np.round(ICOSAHEDRON, decimals)
    assert abs(np.linalg.norm(written, axis=1) - 1).max() > 10.0 ** -(decimals + 1)
    exact = float(he.energy(torch.from_numpy(ICOSAHEDRON.copy()), he.Riesz(1)))
    assert float(he.energy(written, he.Riesz(1))) == pytest.approx(exact, rel=12 * 10.0**-decimals)
    match = he.congruent(written, torch.tensor(ICOSAHEDRON))
    assert match.congruent and match.residual < 2 * 10.0**-decimals
    best = he.minimize(he.Energy(he.Riesz(1)), 12, 3, start=written)
    assert best.value == pytest.approx(exact, abs=1e-12)
    assert he.DHEL(0.5)(written, written).item() == pytest.approx(
        he.DHEL(0.5)(torch.tensor(ICOSAHEDRON), torch.tensor(ICOSAHEDRON)).item()
    )


def test_rows_of_few_digits_are_refused_with_the_digits_that_matter() -> None:
    written: Any = np.round(ICOSAHEDRON, 6)
    with pytest.raises(ArgumentError, match=r"a row of norm 1 [+-] \d\.\de-0\d at \[\d+\]; .* see normalize"):
        he.energy(written, he.Riesz(1))


def test_arrays_are_taken_wherever_tensors_are() -> None:
    """As they lie: read-only, reversed, of the other byte order; without a copy where that can be."""
    x: Any = random_rows(8, 3)
    u = torch.from_numpy(x)
    odd: list[Any] = [x, x[::-1][::-1], np.asfortranarray(x), x.astype(">f8")]
    odd[1].flags.writeable = False
    for y in odd:
        assert he.energy(y, he.Gaussian(1)).item() == he.energy(u, he.Gaussian(1)).item()
        assert he.InfoNCE(0.5)(y, y).item() == he.InfoNCE(0.5)(u, u).item()
        assert he.metrics.uniformity(y).item() == he.metrics.uniformity(u).item()
        assert he.metrics.effective_rank(y).item() == he.metrics.effective_rank(u).item()
        assert torch.equal(he.normalize(3 * y), he.normalize(3 * u))
        assert he.congruent(y, u).congruent
    labels = np.arange(8) % 2
    found = he.SupCon(0.5)(x, labels).item()
    assert found == he.SupCon(0.5)(u, torch.from_numpy(labels)).item()
    same = he.DHEL(0.5)(x, x, ids=labels).item()
    assert same == he.DHEL(0.5)(u, u, ids=torch.from_numpy(labels)).item()
    assert he.functional.dhel(x, x, temperature=0.5).item() == he.functional.dhel(u, u, temperature=0.5).item()


def test_a_big_endian_header(tmp_path: Path) -> None:
    """Bytes by hand: what NumPy writes is what is read."""
    header = "{'descr': '>f8', 'fortran_order': False, 'shape': (2, 2), }".ljust(117) + "\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
    (tmp_path / "a.npy").write_bytes(content + struct.pack(">4d", 1, 0, 0, 1))
    assert he.read_points(tmp_path / "a.npy").tolist() == [[1, 0], [0, 1]]
