"""Images come out of files pixel by pixel, broken files are named, and no image is in two parts."""

from __future__ import annotations

import gzip
import hashlib
import re
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from hyperenergy.errors import ArgumentError, MissingExtra
from hyperenergy.training.data import NAMES, Images, load, split
from hyperenergy.training.data.stratify import chosen, shares

PACKAGED = Path("/usr/share/datasets/fashion-mnist")
IDX = tuple(f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))
PIXELS = np.random.default_rng(7)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYPERENERGY_DATA", raising=False)


def pixels(*shape: int) -> NDArray[np.uint8]:
    return PIXELS.integers(0, 256, shape, dtype=np.uint8)


def words(value: str | bytes) -> str:
    """A name for a parameter: of a file's bytes, how many."""
    return value if isinstance(value, str) else str(len(value))


def refused(message: str, name: str, root: Path | None, **more: int) -> None:
    with pytest.raises(ArgumentError, match=re.escape(message)) as error:
        load(name, root, **more)
    assert error.value.argument == "root"


def agree(images: Images, train: object, labels: object, test: object, test_labels: object) -> None:
    """Bit by bit, in the dtypes that are promised, in memory that may be written to."""
    for found, meant in zip((images.train, images.test), (train, test), strict=True):
        assert found.dtype == torch.uint8 and found.is_contiguous()
        np.testing.assert_array_equal(found.numpy(), meant)
    for found, meant in zip((images.train_labels, images.test_labels), (labels, test_labels), strict=True):
        assert found.dtype == torch.int64
        np.testing.assert_array_equal(found.numpy(), meant)


# Names.


def test_names_are_those_that_load() -> None:
    assert NAMES == ("digits", "fashion-mnist", "cifar10", "cifar100", "stl10", "folder")
    with pytest.raises(ArgumentError, match=r"data: got 'cifar-10'; did you mean cifar10"):
        load("cifar-10")
    with pytest.raises(ArgumentError, match="size: got 8; only images of a folder are resized"):
        load("digits", size=8)
    with pytest.raises(ArgumentError, match="root: got '/x'; digits come with scikit-learn"):
        load("digits", "/x")


# Digits.


@pytest.fixture(scope="module")
def digits() -> Images:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    return load("digits")


def test_digits_are_scikit_learns_each_once(digits: Images) -> None:
    from sklearn.datasets import load_digits  # type: ignore[import-untyped,unused-ignore]

    rows, labels = load_digits(return_X_y=True)
    meant = sorted((int(y), *(int(v * 255 / 16 + 0.5) for v in row)) for row, y in zip(rows, labels, strict=True))
    both = ((digits.train, digits.train_labels), (digits.test, digits.test_labels))
    found = [(int(k), *image.flatten().tolist()) for x, y in both for image, k in zip(x, y, strict=True)]
    assert sorted(found) == meant and len({*meant}) == 1797  # no two are alike, so that none is in both parts
    assert digits.train.shape == (1437, 1, 8, 8) and digits.test.shape == (360, 1, 8, 8)
    assert (digits.channels, digits.size, digits.classes[3], digits.unlabeled) == (1, 8, "3", None)


def test_digits_have_the_same_parts_always(digits: Images) -> None:
    """Today, and on every machine: the hash is of the test images as they were when this was written."""
    again = load("digits")
    agree(again, digits.train, digits.train_labels, digits.test, digits.test_labels)
    counts = torch.bincount(digits.train_labels) + torch.bincount(digits.test_labels)
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert torch.bincount(digits.test_labels).tolist() == [36, 37, 35, 37, 36, 36, 36, 36, 35, 36]
    assert hashlib.sha256(digits.test.numpy().tobytes()).hexdigest()[:16] == "36adb962e227fc90"


def test_digits_say_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingExtra, match=re.escape("digits needs scikit-learn: pip install 'hyperenergy[train]'")):
        load("digits")


# Fashion-MNIST.


def idx(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def idx_folder(folder: Path, **other: bytes) -> list[NDArray[np.uint8]]:
    """Four files, the labels gzipped, of which ``other`` replaces some, by train, train_labels, t10k, t10k_labels."""
    arrays = [pixels(4, 28, 28), np.array([0, 9, 3, 3], np.uint8), pixels(2, 28, 28), np.array([7, 1], np.uint8)]
    folder.mkdir(exist_ok=True)
    for name, array, key in zip(IDX, arrays, ("train", "train_labels", "t10k", "t10k_labels"), strict=True):
        raw = other.get(key, idx(array))
        zipped = "labels" in key
        (folder / (name + ".gz" * zipped)).write_bytes(gzip.compress(raw) if zipped else raw)
    return arrays


def test_idx_files_are_read_plain_and_gzipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train, labels, test, test_labels = idx_folder(tmp_path / "fashion-mnist")
    meant = train[:, None], labels, test[:, None], test_labels
    found = load("fashion-mnist", tmp_path / "fashion-mnist")
    agree(found, *meant)
    assert found.channels == 1 and found.size == 28 and found.classes[9] == "Ankle boot" and len(found.classes) == 10
    agree(load("fashion-mnist", str(tmp_path / "fashion-mnist")), *meant)
    monkeypatch.setenv("HYPERENERGY_DATA", str(tmp_path))
    agree(load("fashion-mnist"), *meant)


BAD_IDX = [
    ("train", idx(pixels(4, 28, 28))[:-1], "truncated: 3135 bytes of the 3136 that its header says"),
    ("train", idx(pixels(4, 28, 28)) + b"\0", "has 1 bytes after the 3136"),
    ("train", b"\0\0\x08", "truncated: 3 bytes are less than the header of 16"),
    ("train", b"", "truncated: 0 bytes"),
    ("train", idx(pixels(4, 784)), "begins with 0x00000802; an IDX file of 3 axes begins with 0x00000803"),
    ("train", b"\0\0\x0d\x03" + idx(pixels(4, 28, 28))[4:], "begins with 0x00000d03"),  # of floats
    ("train", struct.pack(">4I", 0x803, *[2**32 - 1] * 3), "truncated: 0 bytes of the"),
    ("t10k", idx(pixels(2, 27, 28)), "has 2 images of 27x28 pixels; must be some, of 28x28"),
    ("t10k", idx(pixels(0, 28, 28)), "has 0 images"),
    ("train_labels", idx(pixels(4, 28, 28)), "begins with 0x00000803"),
    ("train_labels", idx(np.zeros(3, np.uint8)), f"has 3 labels, and {IDX[0]} has 4 images"),
    ("t10k_labels", idx(np.array([1, 10], np.uint8)), "label 10 of image 1 is not in 0..9"),
]


@pytest.mark.parametrize(("key", "raw", "message"), BAD_IDX, ids=words)
def test_a_bad_idx_file_is_named(tmp_path: Path, key: str, raw: bytes, message: str) -> None:
    idx_folder(tmp_path, **{key: raw})
    name = dict(zip(("train", "train_labels", "t10k", "t10k_labels"), IDX, strict=True))[key]
    path = tmp_path / (name + ".gz" * ("labels" in key))
    refused(f"root: got {str(path)!r}; {message}", "fashion-mnist", tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw[:-1], "truncated: the gzip stream has no end"),
        (lambda raw: raw[: len(raw) // 2], "truncated: the gzip stream has no end"),
        (lambda raw: raw[:-8] + bytes(4) + raw[-4:], "is no sound gzip file (CRC check failed"),
        (lambda raw: raw + b"tail", "is no sound gzip file (Not a gzipped file"),
        (lambda raw: b"<html>", "is no sound gzip file (Not a gzipped file"),
        (lambda raw: raw[:10] + b"\xff" * len(raw), "is no sound gzip file (Error -3"),
        (lambda raw: b"", "truncated: 0 bytes are less than the header of 8"),
    ],
)
def test_a_bad_gzip_file_is_named(tmp_path: Path, change, message: str) -> None:
    idx_folder(tmp_path)
    path = tmp_path / f"{IDX[1]}.gz"
    path.write_bytes(change(path.read_bytes()))
    refused(f"root: got {str(path)!r}; {message}", "fashion-mnist", tmp_path)


def test_missing_files_are_named_with_how_to_get_them(tmp_path: Path) -> None:
    idx_folder(tmp_path)
    (tmp_path / IDX[2]).unlink()
    refused(f"fashion-mnist needs {IDX[2]}[.gz], not found in {tmp_path}; `apt-get", "fashion-mnist", tmp_path)
    for name, how in [
        ("fashion-mnist", "`apt-get install dataset-fashion-mnist` brings them, or give the folder"),
        ("cifar10", "cifar10 needs data_batch_1.bin, data_batch_2.bin"),
        ("cifar10", "unpack cifar-10-binary.tar.gz, from the data set's page"),
        ("cifar100", "cifar100 needs train.bin, test.bin, not found in"),
        ("cifar100", "unpack cifar-100-binary.tar.gz"),
        ("stl10", "unpack stl10_binary.tar.gz"),
    ]:
        refused(how, name, tmp_path / "none")
    refused(
        "root: got None; stl10 needs train_X.bin, train_y.bin, test_X.bin, test_y.bin, not found in $", "stl10", None
    )


@pytest.mark.skipif(not PACKAGED.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_fashion_mnist_is_as_published() -> None:
    found = load("fashion-mnist")
    assert found.train.shape == (60000, 1, 28, 28) and found.test.shape == (10000, 1, 28, 28)
    assert torch.bincount(found.train_labels).tolist() == [6000] * 10
    assert torch.bincount(found.test_labels).tolist() == [1000] * 10
    assert found.train_labels[:5].tolist() == [9, 0, 0, 3, 0]
    # What others normalize with: 0.2860 and 0.3530.
    values = found.train.double() / 255
    assert values.mean().item() == pytest.approx(0.2860, abs=5e-5)
    assert values.std().item() == pytest.approx(0.3530, abs=5e-5)


# CIFAR.


def cifar_record(image: NDArray[np.uint8], *labels: int) -> bytes:
    """Labels, then the rows of red, of green and of blue."""
    values = [int(image[c, i, j]) for c in range(3) for i in range(32) for j in range(32)]
    return struct.pack(f"{len(labels)}B3072B", *labels, *values)


def cifar10_folder(folder: Path) -> tuple[NDArray[np.uint8], list[int], NDArray[np.uint8], list[int]]:
    folder.mkdir(parents=True)
    train, test, labels = pixels(10, 3, 32, 32), pixels(3, 3, 32, 32), [3, 1, 4, 1, 5, 9, 2, 6, 5, 0]
    for k in range(5):
        raw = b"".join(cifar_record(train[i], labels[i]) for i in (2 * k, 2 * k + 1))
        (folder / f"data_batch_{k + 1}.bin").write_bytes(raw)
    (folder / "test_batch.bin").write_bytes(b"".join(map(cifar_record, test, [8, 0, 7])))
    return train, labels, test, [8, 0, 7]


def test_cifar10_is_read_from_its_folder_or_the_one_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cifar10" / "cifar-10-batches-bin"
    meant = cifar10_folder(folder)
    found = load("cifar10", folder)
    agree(found, *meant)
    assert (found.channels, found.size, found.classes[9], len(found.classes)) == (3, 32, "truck", 10)
    agree(load("cifar10", folder.parent), *meant)
    monkeypatch.setenv("HYPERENERGY_DATA", str(tmp_path))
    agree(load("cifar10"), *meant)


def test_cifar100_has_fine_labels(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-100-binary"
    folder.mkdir()
    train, test = pixels(3, 3, 32, 32), pixels(2, 3, 32, 32)
    (folder / "train.bin").write_bytes(b"".join(map(cifar_record, train, [19, 0, 5], [99, 42, 0])))
    (folder / "test.bin").write_bytes(b"".join(map(cifar_record, test, [1, 2], [50, 98])))
    for root in (folder, tmp_path):
        agree(load("cifar100", root), train, [99, 42, 0], test, [50, 98])
    names = load("cifar100", folder).classes
    assert len(names) == 100 and list(names) == sorted({*names})
    (folder / "test.bin").write_bytes(cifar_record(test[0], 0, 100))
    refused("label 100 of image 0 is not in 0..99", "cifar100", tmp_path)


def test_a_bad_cifar_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-bin"
    cifar10_folder(folder)
    path = folder / "data_batch_4.bin"
    good = path.read_bytes()
    for raw, message in [
        (good[:-1], "truncated: 6145 bytes are no whole number of records of 3073"),
        (good + b"\0", "truncated: 6147 bytes are no whole"),
        (b"", "truncated: 0 bytes are no whole"),
        (good[:3073] + b"\x0a" + good[3074:], "label 10 of image 1 is not in 0..9"),
    ]:
        path.write_bytes(raw)
        refused(f"root: got {str(path)!r}; {message}", "cifar10", tmp_path)
    path.unlink()
    refused(f"cifar10 needs data_batch_4.bin, not found in {tmp_path}", "cifar10", tmp_path)


# STL-10.


def stl_image(image: NDArray[np.uint8]) -> bytes:
    """The columns of red, of green and of blue."""
    return bytes(int(image[c, i, j]) for c in range(3) for j in range(96) for i in range(96))


def stl_folder(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    folder.mkdir()
    train, test = pixels(3, 3, 96, 96), pixels(2, 3, 96, 96)
    (folder / "train_X.bin").write_bytes(b"".join(map(stl_image, train)))
    (folder / "train_y.bin").write_bytes(bytes([1, 10, 5]))
    (folder / "test_X.bin").write_bytes(b"".join(map(stl_image, test)))
    (folder / "test_y.bin").write_bytes(bytes([2, 1]))
    return train, test


def test_stl10_is_turned_and_its_labels_begin_at_zero(tmp_path: Path) -> None:
    folder = tmp_path / "stl10_binary"
    train, test = stl_folder(folder)
    found = load("stl10", tmp_path)
    agree(found, train, [0, 9, 4], test, [1, 0])
    assert (found.channels, found.size, found.classes[9], found.unlabeled) == (3, 96, "truck", None)
    more = pixels(4, 3, 96, 96)
    (folder / "unlabeled_X.bin").write_bytes(b"".join(map(stl_image, more)))
    unlabeled = load("stl10", folder).unlabeled
    assert unlabeled is not None
    np.testing.assert_array_equal(unlabeled.numpy(), more)


@pytest.mark.parametrize(
    ("file", "raw", "message"),
    [
        ("train_y.bin", bytes([1, 0, 5]), "label 0 of image 1 is not in 1..10"),
        ("test_y.bin", bytes([1, 11]), "label 11 of image 1 is not in 1..10"),
        ("test_y.bin", bytes([1]), "has 1 labels, and test_X.bin has 2 images"),
        ("test_X.bin", bytes(27647), "truncated: 27647 bytes are no whole number of records of 27648"),
        ("unlabeled_X.bin", bytes(1), "truncated: 1 bytes"),
    ],
    ids=words,
)
def test_a_bad_stl_file_is_named(tmp_path: Path, file: str, raw: bytes, message: str) -> None:
    stl_folder(tmp_path / "stl10_binary")
    path = tmp_path / "stl10_binary" / file
    path.write_bytes(raw)
    refused(f"root: got {str(path)!r}; {message}", "stl10", tmp_path)


# A folder of one's own.


def png(path: Path, array: NDArray[np.uint8], mode: str | None = None) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed").fromarray(array)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.convert(mode or image.mode).save(path)


def own_folder(root: Path, *shape: int, cats: int = 10) -> dict[bytes, str]:
    """Ten cats, seven dogs; each image with its class."""
    arrays = {f"{name}/{k:02}": pixels(*shape) for name, count in (("dog", 7), ("cat", cats)) for k in range(count)}
    for key, array in arrays.items():
        png(root / f"{key}.png", array)
    return {array.tobytes(): key for key, array in arrays.items()}


def test_a_folder_is_read_as_it_is(tmp_path: Path) -> None:
    known = own_folder(tmp_path, 6, 6, 3)
    (tmp_path / ".cache").mkdir()
    (tmp_path / "README.md").write_text("own")
    (tmp_path / "cat" / ".hidden").write_text("x")
    found = load("folder", tmp_path, size=6)
    assert found.classes == ("cat", "dog") and (found.channels, found.size) == (3, 6)
    assert torch.bincount(found.train_labels).tolist() == [8, 6] and torch.bincount(found.test_labels).tolist() == [
        2,
        1,
    ]
    both = ((found.train, found.train_labels), (found.test, found.test_labels))
    seen = [
        (known[x.permute(1, 2, 0).numpy().tobytes()], found.classes[int(k)])
        for xs, ys in both
        for x, k in zip(xs, ys, strict=True)
    ]
    assert sorted(key for key, _ in seen) == sorted(known.values())
    assert all(key.startswith(name) for key, name in seen)
    again = load("folder", str(tmp_path), size=6)
    agree(again, found.train, found.train_labels, found.test, found.test_labels)


def test_a_gray_folder_has_one_channel_and_one_color_makes_three(tmp_path: Path) -> None:
    own_folder(tmp_path, 5, 5)
    png(tmp_path / "cat" / "x.png", pixels(5, 5), "RGBA")
    assert load("folder", tmp_path).train.shape[1:] == (1, 32, 32)
    png(tmp_path / "cat" / "y.png", pixels(5, 5, 3))
    assert load("folder", tmp_path).train.shape[1:] == (3, 32, 32)


def test_images_are_resized_by_means(tmp_path: Path) -> None:
    """A checkerboard of single pixels becomes gray, where four neighbors alone would leave it black or white."""
    board = (np.indices((63, 126)).sum(0) % 2 * 255).astype(np.uint8)
    for k in range(10):
        png(tmp_path / "ab"[k % 2] / f"{k}.JPEG", board)
    found = load("folder", tmp_path, size=9)
    assert found.train.shape == (8, 1, 9, 9)
    assert (abs(found.train.double() - 127.5) < 12).all()


def test_photographs_are_turned_and_palettes_read(tmp_path: Path) -> None:
    pil = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    own_folder(tmp_path, 8, 8)
    half = np.zeros((8, 8, 3), np.uint8)
    half[:4, :, 0] = 255
    image = pil.fromarray(half)
    exif = image.getexif()
    exif[0x0112] = 6  # the top of the scene is at the right
    (tmp_path / "red").mkdir()
    for k in range(5):
        image.save(tmp_path / "red" / f"{k}.png", exif=exif)
    image.quantize(4).save(tmp_path / "red" / "5.png", transparency=bytes([0, 128]), exif=exif)
    found = load("folder", tmp_path, size=8)
    reds = torch.cat([found.train[found.train_labels == 2], found.test[found.test_labels == 2]])
    np.testing.assert_array_equal(reds.numpy(), np.broadcast_to(half.transpose(2, 1, 0)[:, :, ::-1], (6, 3, 8, 8)))


@pytest.mark.parametrize(
    ("file", "raw", "message"),
    [
        ("cat/x.png", b"no image", "is no sound image (cannot identify image file"),
        ("cat/x.png", b"", "is no sound image (cannot identify image file"),
        ("cat/x.txt", b"notes", "is no image; a class's folder must have PNG and JPEG files only"),
        ("cat/more/x.png", b"", "is no image"),
        ("x.jpg", b"", "is in no class; move it"),
        ("few/1.png", b"", "class 'few' has 1 images; each must have 5 at least"),
    ],
)
def test_what_is_no_image_is_named(tmp_path: Path, file: str, raw: bytes, message: str) -> None:
    own_folder(tmp_path, 5, 5)
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw)
    named = {"cat/more/x.png": path.parent, "few/1.png": path.parent}.get(file, path)
    refused(f"root: got {str(named)!r}; {message}", "folder", tmp_path)


def test_truncated_deep_and_huge_images_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pil = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    own_folder(tmp_path, 9, 9, 3)
    path = tmp_path / "dog" / "03.png"
    good = path.read_bytes()
    path.write_bytes(good[:80])
    refused(f"root: got {str(path)!r}; is no sound image (", "folder", tmp_path)
    pil.fromarray(np.full((9, 9), 1000, np.uint16)).save(path)
    refused(f"root: got {str(path)!r}; is of mode I", "folder", tmp_path)
    path.write_bytes(good)
    for most in (50, 20):  # of Pillow's two limits, the first only warns
        monkeypatch.setattr(pil, "MAX_IMAGE_PIXELS", most)
        refused("is no sound image (Image size (81 pixels) exceeds limit of", "folder", tmp_path)


def test_a_folder_must_be_there_with_two_classes(tmp_path: Path) -> None:
    refused("root: got None; must be a folder that has one folder of images a class", "folder", None)
    refused("must be a folder", "folder", tmp_path / "none")
    refused("must have two folders at least, one a class; it has none", "folder", tmp_path)
    (tmp_path / "cat").mkdir()
    refused("must have two folders at least, one a class; it has cat", "folder", tmp_path)
    with pytest.raises(ArgumentError, match="size: got 0; must be an integer >= 1"):
        load("folder", tmp_path, size=0)


def test_a_folder_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_folder(tmp_path, 5, 5)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingExtra, match=re.escape("folder needs pillow: pip install 'hyperenergy[train]'")):
        load("folder", tmp_path)


# Splits.


def numbered(*counts: int) -> Images:
    """So many training images of each class, as many tests, shuffled; each image is its number."""
    labels = torch.from_numpy(np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts)))
    numbers = torch.arange(len(labels))
    x = torch.stack([numbers // 256, numbers % 256], -1).to(torch.uint8).reshape(-1, 1, 1, 2)
    names = tuple(f"class {k}" for k in range(len(counts)))
    return Images("numbered", names, x, labels, x, labels)


def places(x: torch.Tensor) -> list[int]:
    return [int(image[0, 0, 0]) * 256 + int(image[0, 0, 1]) for image in x]


def test_parts_share_no_image_and_leave_none_out() -> None:
    images = numbered(50, 30, 20)
    parts = split(images)
    fit, tune = places(parts.fit), places(parts.validation)
    assert sorted(fit + tune) == list(range(100)) and fit == sorted(fit) and tune == sorted(tune)
    assert torch.bincount(parts.fit_labels).tolist() == [40, 24, 16]
    assert torch.bincount(parts.validation_labels).tolist() == [10, 6, 4]
    assert torch.equal(parts.fit_labels, images.train_labels[fit])
    assert torch.equal(parts.validation_labels, images.train_labels[tune])
    assert parts.test is images.test and parts.test_labels is images.test_labels


def test_a_limit_is_drawn_first_and_leaves_the_tests_alone() -> None:
    images = numbered(500, 300, 200)
    parts = split(images, limit=100, validation=0.3)
    fit, tune = places(parts.fit), places(parts.validation)
    assert len({*fit, *tune}) == 100 and len(fit) == 70
    assert torch.bincount(parts.fit_labels).tolist() == [35, 21, 14]
    assert torch.bincount(parts.validation_labels).tolist() == [15, 9, 6]
    assert len(parts.test) == 1000
    larger = split(images, limit=200)
    assert {*fit, *tune} < {*places(larger.fit), *places(larger.validation)}
    everything, none = split(images, limit=1000), split(images)
    assert torch.equal(everything.fit, none.fit) and torch.equal(everything.validation, none.validation)


def test_a_seed_is_a_split() -> None:
    images = numbered(50, 30, 20)
    for limit in (None, 60):
        first, again, other = (split(images, seed=seed, limit=limit) for seed in (3, 3, 4))
        assert torch.equal(first.fit, again.fit) and torch.equal(first.validation, again.validation)
        assert not torch.equal(first.validation, other.validation)
        assert len(other.fit) == len(first.fit)


def test_what_cannot_be_split_is_refused() -> None:
    images = numbered(40, 30, 2)
    for more, message in [
        ({"limit": 73}, "limit: got 73; numbered has 72 training images; take at most so many"),
        ({"limit": 0}, "limit: got 0; must be an integer >= 1"),
        ({"limit": 2}, "limit: got 2; no image of class 'class 2' is among so many of 72 training images"),
        ({"seed": -1}, "seed: got -1; must be an integer >= 0"),
        ({"validation": 1.0}, "validation: got 1.0; must be in (0, 1)"),
        ({"validation": 0}, "validation: got 0; must be a finite number > 0"),
        ({"validation": float("nan")}, "validation: got nan"),
        ({"validation": 0.1}, "no image of class 'class 2' is among the 7 of 72 images left to validate on"),
        ({"validation": 0.9}, "no image of class 'class 2' is among the 7 of 72 images left to train on"),
        (
            {"limit": 40},
            "validation: got 0.2; no image of class 'class 2' is among the 8 of 40 images left to validate",
        ),
    ]:
        with pytest.raises(ArgumentError, match=re.escape(message)):
            split(images, **more)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="images: got 'numbered'; no image of class 'class 1' is among its 7 train"):
        split(numbered(4, 0, 3))


@pytest.mark.parametrize("total", [0, 1, 7, 10, 36, 37])
def test_shares_are_exact_but_for_rounding(total: int) -> None:
    counts = np.array([1, 20, 3, 13])
    found = shares(counts, total)
    assert found.sum() == total
    assert (abs(found - counts * total / 37) < 1).all() and (found <= counts).all()
    labels = np.repeat(np.arange(4), counts)
    np.testing.assert_array_equal(np.bincount(labels[chosen(labels, total, 5)], minlength=4), found)


def test_every_image_of_a_class_is_drawn_as_often() -> None:
    """Of 20 images 5 a draw, 400 draws: each 100 times, give or take five standard deviations of 8.7."""
    labels = np.zeros(20, np.int64)
    times = np.sum([chosen(labels, 5, (seed, 0)) for seed in range(400)], axis=0)
    assert times.sum() == 2000 and (abs(times - 100) < 44).all()


def test_the_example_of_the_package_holds(digits: Images) -> None:
    parts = split(digits, limit=500)
    assert (len(parts.fit), len(parts.validation), len(parts.test)) == (400, 100, 360)
