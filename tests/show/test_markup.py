"""Templates, data and tables of pages."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from hyperenergy.show.layout import sample
from hyperenergy.show.markup import embedded, fill, script_hash, table
from tests.pages import Elements


def test_values_are_not_searched_for_names(tmp_path: Path) -> None:
    template = tmp_path / "t.html"
    template.write_text("<p>@@a@@ and @@b@@</p>", "utf-8")
    assert fill(template, {"a": "@@b@@", "b": "2"}) == "<p>@@b@@ and 2</p>"
    with pytest.raises(KeyError):
        fill(template, {"a": "1"})


def test_data_do_not_end_their_script() -> None:
    data = {"x": "</script><script>alert(1)</script>", "y": "ä"}
    text = embedded(data)
    assert "<" not in text and json.loads(text) == data
    with pytest.raises(ValueError, match="JSON compliant"):
        embedded([float("inf")])


def test_a_hash_is_of_the_script_alone() -> None:
    wanted = base64.b64encode(hashlib.sha256("x = 'ä';".encode()).digest()).decode()
    assert script_hash("x = 'ä';") == f"'sha256-{wanted}'" != script_hash("x = 'a';")


def test_tables_escape_their_words_and_mark_numbers() -> None:
    html = table(["<i>", "n"], [["<b>bold</b>", "1"]], ["n"], caption="a < b")
    found = Elements(html)
    assert "<i>" in found.text and "a < b" in found.text and ("b", {}) in found.tags
    assert [attributes.get("class") for tag, attributes in found.tags if tag == "td"] == [None, "number"]
    assert ("div", {"class": "wide", "tabindex": "0", "role": "region", "aria-label": "a < b"}) in found.tags
    with pytest.raises(ValueError, match="zip"):
        table(["one"], [["1", "2"]])


def test_samples_are_sorted_and_nested() -> None:
    small, large = sample(1000, 10, 3).tolist(), sample(1000, 100, 3).tolist()
    assert small == sorted(small) and len(set(small)) == 10 and set(small) < set(large)
    assert sample(5, 10, 0).tolist() == [0, 1, 2, 3, 4] and sample(1000, 10, 4).tolist() != small
