"""The interactive page: loading, geometry, facts, and what is in it."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from plotly.offline import get_plotlyjs

import hyperenergy as he
from hyperenergy import codes
from hyperenergy.codes.export import export
from hyperenergy.errors import ArgumentError
from hyperenergy.objectives.record import record
from hyperenergy.show.layout import neighbor_pairs
from hyperenergy.show.view import Configuration, facts, load, page
from hyperenergy.show.view.facts import numerical_strength, products
from hyperenergy.show.view.geometry import coincident, frames, surface
from tests.pages import MOST_BYTES, Elements, payload, random_rows, saved

# ---- loading -------------------------------------------------------------------------------------------------------


def test_a_code_by_name_and_by_file_is_the_same(tmp_path: Path) -> None:
    code = codes.get("icosahedron")
    for suffix in (".npz", ".csv"):
        export(code, tmp_path / f"ico{suffix}")
        read = load(tmp_path / f"ico{suffix}")
        assert read.name == f"ico{suffix}" and read.positives is None
        np.testing.assert_allclose(read.anchors, load("icosahedron").anchors, atol=1e-15)


def test_what_minimize_writes_is_read(tmp_path: Path) -> None:
    read = load(saved(tmp_path))
    assert read.objective == "DHEL(temperature=0.5)" and read.value == 1.0
    assert read.positives is None  # the same rows twice are points, not pairs
    other = random_rows(4, 3).tolist()
    positives = load(saved(tmp_path, positives=other)).positives
    assert positives is not None
    np.testing.assert_allclose(positives, other, atol=1e-15)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"anchors": ...}, 'must be an object with "anchors"'),
        ({"anchors": [[1, 0], [0, 1, 0]]}, "rows must have as many numbers"),
        ({"anchors": "abc"}, "must be rows of numbers"),
        ({"anchors": [["<b>", "x"]]}, "must be rows of numbers"),
        ({"anchors": [[True, False], [False, True]]}, "must be rows of numbers"),
        ({"anchors": [1, 0, 0]}, "has shape (3,)"),
        ({"anchors": [[1, 0, 0]]}, "at least 2 points"),
        ({"anchors": []}, "has shape (0,)"),
        ({"anchors": [[1, 0], [0, 2]], "points": 2, "dim": 2}, "row 2 has length 2"),
        ({"anchors": [[1, 0], [0, float("nan")]], "points": 2, "dim": 2}, "row 2 has length nan"),
        ({"anchors": [[10**400, 0], [0, 1]]}, "must be rows of numbers"),
        ({"points": 5}, 'says "points": 5, but its anchors have 4'),
        ({"dim": "3"}, "says \"dim\": '3'"),
        ({"positives": [[1, 0, 0], [0, 1, 0]]}, "positives of shape (2, 3)"),
        ({"value": "low"}, '"value" must be a finite number'),
        ({"value": float("inf")}, '"value" must be a finite number'),
        ({"value": 10**400}, '"value" must be a finite number'),
        ({"objective": 3}, '"objective" must be text'),
        ({"spec": "DHEL"}, '"spec" must be an object'),
        ({"rows": [[1, 0], [2, 0]]}, "rows: row 2 has length 2"),
    ],
)
def test_bad_records(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(message)):
        load(saved(tmp_path, **changes))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b"{", "is not JSON"),
        ("a.json", b"\xff\xfe\x00", "is not JSON"),
        ("a.json", b"[" * 100_000, "is not JSON"),
        ("a.json", b"[1, 2]", "must be an object"),
        ("a.csv", b"", "has shape (0, 0)"),
        ("a.csv", b"x,y\n1,0\n0,1,0\n", "line 3: '0,1,0' has 3 numbers, and line 2 has 2"),
        ("a.csv", b"1,0\nhello,1\n", "line 2: 'hello,1' is no row of numbers: 'hello' in it"),
        ("a.csv", b"\xff\xff", "is not text"),
        ("a.npz", b"PK\x03\x04 broken", "is not an .npz archive"),
        ("a.npz", pickle.dumps([1, 2]), "is not an .npz archive"),
        ("a.npz", b"", "is not an .npz archive"),
        ("a.docx", b"1,0", "must be a file that ends in one of .json, .csv, .tsv, .txt, .dat, .xyz, .off, .npy, .npz"),
    ],
)
def test_files_that_are_no_configurations(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ArgumentError, match=re.escape(message)):
        load(tmp_path / name)


def test_an_archive_is_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, coordinates=np.array([{"a": 1}, {"b": 2}], dtype=object))
    with pytest.raises(ArgumentError, match="plain arrays of numbers"):
        load(path)
    np.savez(path, other=np.eye(2), another=np.eye(2))
    with pytest.raises(ArgumentError, match="holds the arrays other, another; say which are the points: --array"):
        load(path)
    np.savez(path, other=np.eye(2))  # of a single one it is clear
    assert load(path).anchors.tolist() == np.eye(2).tolist()


def test_names_that_are_neither() -> None:
    with pytest.raises(ArgumentError, match=r"neither a file .* nor a code; did you mean icosahedron"):
        load("icosaedron")
    with pytest.raises(ArgumentError, match="there is no such file"):
        load("nowhere.json")


# ---- geometry and numbers ------------------------------------------------------------------------------------------


def test_neighbors_do_not_count_diagonals_of_faces() -> None:
    cube = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 3**0.5
    found = surface(cube)
    assert found is not None and (found.neighbors == 3).all()
    ico = surface(codes.get("icosahedron").coordinates)
    assert ico is not None and (ico.neighbors == 5).all() and len(ico.hull) == 20


def test_defects_add_up_to_twelve() -> None:
    """Euler: the sum of 6 minus the number of neighbors is 12."""
    found = surface(random_rows(80, 3))
    assert found is not None and (6 - found.neighbors).sum() == 12


def test_no_surface_where_there_is_none() -> None:
    triangle = np.pad(codes.polygon(3).coordinates, ((0, 0), (0, 1)))
    assert surface(triangle) is None
    assert surface(np.repeat(np.eye(3), 2, axis=0)) is None
    assert coincident(np.repeat(np.eye(3), 2, axis=0)) == [(0, 1), (2, 3), (4, 5)]
    assert coincident(np.eye(3)[[2, 0, 2, 1, 2]]) == [(0, 2), (0, 4)] and coincident(random_rows(9, 3)) == []


def test_cells_where_the_hull_misses_the_center() -> None:
    """The outward normal of each triangle has no point nearer than its corners, on whichever side the center is."""
    for seed in range(3):
        cap = random_rows(20, 3, seed)
        cap[:, 2] = 0.2 + abs(cap[:, 2])
        cap /= np.linalg.norm(cap, axis=1, keepdims=True)
        found = surface(cap)
        assert found is not None and len(found.hull) == 2 * 20 - 4
        a, b, c = (cap[found.hull[:, k]] for k in range(3))
        normal = np.cross(b - a, c - a)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        nearness = normal @ cap.T
        np.testing.assert_allclose(nearness.max(1), (normal * a).sum(1), atol=1e-12)
        assert ((normal * a).sum(1) < 0).any()  # a cap of more than half of the sphere


def test_neighbor_pairs() -> None:
    assert len(neighbor_pairs(codes.get("600-cell").coordinates)) == 720
    assert len(neighbor_pairs(codes.get("e8-roots").coordinates)) == 6720
    assert neighbor_pairs(np.array([[1.0, 0], [1, 0], [0, 1]])).tolist() == [[0, 2], [1, 2]]  # not the coincident ones


@pytest.mark.parametrize("x", [codes.get("600-cell").coordinates, random_rows(9, 5), random_rows(3, 7)])
def test_frames_are_orthonormal(x: np.ndarray) -> None:
    for frame in frames(x):
        np.testing.assert_allclose(frame.axes @ frame.axes.T, np.eye(x.shape[1]), atol=1e-10)


@pytest.mark.parametrize(("name", "number"), [("600-cell", 30), ("e8-roots", 30), ("24-cell", 6)])
def test_the_coxeter_plane_of_a_root_system(name: str, number: int) -> None:
    """The Coxeter element turns it by 2 pi / h, so that the projection is invariant under that rotation."""
    x = codes.get(name).coordinates
    plane = next(frame for frame in frames(x) if frame.plane).axes[:2]
    z = (x @ plane.T) @ np.array([1, 1j])
    turned = z * np.exp(2j * np.pi / number)
    assert abs(turned[:, None] - z[None]).min(1).max() < 1e-8


@pytest.mark.parametrize(("name", "strength"), [("icosahedron", 5), ("cross-polytope-4", 3), ("600-cell", 11)])
def test_numerical_design_strength(name: str, strength: int) -> None:
    assert numerical_strength(codes.get(name).coordinates) == strength
    assert numerical_strength(random_rows(12, 3)) == 0


def test_products_count_every_pair() -> None:
    for source in ("icosahedron", "polygon-6", "leech"):
        code = codes.get(source)
        found = products(Configuration(source, code.coordinates, code=code))
        assert found.counts.sum() == pytest.approx(code.size * (code.size - 1) / 2)
        assert found.uniform is not None and found.uniform.sum() == pytest.approx(found.counts.sum())
    x = codes.get("icosahedron").coordinates
    distinct = products(Configuration("x", x)).distinct
    assert distinct is not None
    assert [(round(v, 6), n) for v, n in distinct] == [(-1, 6), (-0.447214, 30), (0.447214, 30)]


# ---- the page ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def icosahedron() -> str:
    return page(load("icosahedron"))


def test_nothing_from_outside(icosahedron: str) -> None:
    for tag, attributes in Elements(icosahedron).tags:
        for key in ("src", "href", "srcset", "action", "data"):
            assert re.match(r"data:|#|$", attributes.get(key) or ""), (tag, attributes)
    assert "default-src 'none'" in icosahedron and icosahedron.count("<script") >= 3
    own = icosahedron.replace(get_plotlyjs(), "")
    assert "http" not in own.replace("http-equiv", "") and "@@" not in own


def test_facts_of_a_code(icosahedron: str) -> None:
    text = Elements(icosahedron).text
    for word in ("12 in R^3", "yes, a theorem", "design strength5", "Cohn and Kumar", "-0.44721360"):
        assert word in text
    assert payload(icosahedron)["histogram"]["predicted"] == [-1.0, -0.447214, 0.447214]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("icosahedron", "I_h, order 120; all points are alike"),
        ("600-cell", "order 14400; all points are alike"),
        ("leech-4600", "every point sees the same inner products"),
    ],
)
def test_symmetry_of_a_code(name: str, words: str) -> None:
    assert words in dict(facts.rows(load(name))[0])["symmetry"]


def test_symmetry_of_a_file() -> None:
    x = codes.get("icosahedron").coordinates
    pole = np.concatenate([x, x[:1] * 0.6 + x[1:2] * 0.4])
    pole[-1] /= np.linalg.norm(pole[-1])
    assert dict(facts.rows(Configuration("x", pole))[0])["symmetry"] == "C_s, order 2; 9 kinds of points"
    noisy = x + 2e-5 * random_rows(12, 3)
    noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)  # between what is a symmetry and what is none
    said = dict(facts.rows(Configuration("x", noisy))[0])
    assert said["symmetry"].startswith("undecided") and "chirality" not in said


def test_facts_of_a_minimum(tmp_path: Path) -> None:
    value = he.predict(he.DHEL(0.5), 4, 3)
    assert value is not None
    text = Elements(page(load(saved(tmp_path, value=value.value)))).text
    assert "(B1, theorem)" in text and "consistent: value and configuration agree" in text
    assert "value, computed again" not in text


def test_a_wrong_value_and_another_configuration_are_seen(tmp_path: Path) -> None:
    rows = random_rows(4, 3).tolist()
    text = Elements(page(load(saved(tmp_path, anchors=rows, positives=rows)))).text
    assert "value, computed again" in text and "inconclusive: the search stopped above the prediction" in text


def test_pairs(tmp_path: Path) -> None:
    u = torch.from_numpy(random_rows(4, 3))
    moved = torch.nn.functional.normalize(u + 0.05 * torch.from_numpy(random_rows(4, 3, 1)), dim=-1)
    html = page(load(saved(tmp_path, anchors=u.tolist(), positives=moved.tolist())))
    assert "misalignment" in Elements(html).text and payload(html)["moments"][0]["positives"]


def test_an_unknown_objective_is_only_shown(tmp_path: Path) -> None:
    text = Elements(page(load(saved(tmp_path, objective="MyLoss(a=1)", spec=None)))).text
    assert "MyLoss(a=1)" in text and "the file names the objective and has no spec of it" in text
    text = Elements(page(load(saved(tmp_path, spec={"type": "MyLoss"})))).text
    assert "the objective cannot be made again (spec: got 'MyLoss'; " in text
    three = he.MultiView(he.MultiViewDHEL(0.5), 3).spec()
    text = Elements(page(load(saved(tmp_path, spec=three, rows=[[1, 0], [0, 1]])))).text
    assert "cannot be evaluated at this configuration" in text


@pytest.mark.parametrize(
    "objective",
    [
        he.Energy(he.Riesz(1), "mean"),
        he.Expected(he.InfoNCE(0.5), batch=2, replace=False),
        he.Supervised(he.SupCon(0.5), [0, 0, 1, 1]),
        he.MultiView(he.MultiViewDHEL(0.5), 3),
    ],
)
def test_what_a_search_finds_comes_back_with_its_verdict(objective: he.Objective, tmp_path: Path) -> None:
    best = he.minimize(objective, 4, 3, restarts=2)
    path = tmp_path / "m.json"
    path.write_text(json.dumps(record(best.objective, best.rows, best.value)), "utf-8")
    said = dict(facts.rows(load(path))[0])
    assert said["objective"] == objective.label and said["verdict"] == "consistent: value and configuration agree"
    assert "value, computed again" not in said


def test_text_is_escaped(tmp_path: Path) -> None:
    bad = "</script><script>alert(1)</script><img src=x onerror=alert(1)>@@data@@&"
    path = saved(tmp_path, objective=bad).rename(tmp_path / "<img src=x onerror=alert(2)> & '\".json")
    html = page(load(path))
    elements = Elements(html)
    assert bad in elements.text and path.name in elements.text
    assert "<script>alert" not in html and "<img src" not in html.replace(get_plotlyjs(), "")
    assert not [tag for tag, attributes in elements.tags if tag == "img" or "onerror" in attributes]


def test_600_points_are_small(tmp_path: Path) -> None:
    for dim in (3, 4, 30):
        x = random_rows(600, dim)
        html = page(Configuration("x", x, random_rows(600, dim, 1)))
        assert len(html.encode()) <= MOST_BYTES
    data = payload(html)
    assert data["gram"]["notes"] == ["A random sample of 400 of the 600 rows and columns is shown."]
    assert data["notes"] == ["The rotation goes through the first 24 of 30 axes of each frame."]


def test_many_points_are_sampled_and_said_so() -> None:
    html = page(load("leech"))
    assert len(html.encode()) <= MOST_BYTES
    assert payload(html)["notes"][0].startswith("A random sample of 1000 of the 196560 points is drawn")
    assert "9154782000" in Elements(html).text
    assert html == page(load("leech"))  # the same seed, the same page


@pytest.mark.parametrize("name", ["cross-polytope-1", "simplex-2", "polygon-5", "simplex-3", "simplex-4", "24-cell"])
def test_small_dimensions(name: str) -> None:
    html = page(load(name))
    assert "NaN" not in json.dumps(payload(html))


def test_coincident_points() -> None:
    x = np.repeat(np.eye(3)[:2], 2, axis=0)
    assert payload(page(Configuration("x", x)))["notes"] == [
        "Points coincide: 1 = 2, 3 = 4.",
        "No hull and no cells: points coincide.",
    ]
    assert page(Configuration("x", np.repeat(np.eye(5)[:1], 3, axis=0)))


def test_readable(icosahedron: str) -> None:
    """One column by default, dark where asked for, and every control a native element with a name."""
    for word in ("prefers-color-scheme: dark", "width=device-width", "min-width: 60rem", 'lang="en"'):
        assert word in icosahedron
    for tag, attributes in Elements(icosahedron).tags:
        if "data-turn" in attributes:
            assert tag == "button" and attributes["aria-label"]
        if attributes.get("role") in ("img", "group", "region"):
            assert attributes["aria-label"]
