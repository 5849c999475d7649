"""The report as one HTML page, and the configurations beside it: what is in them, without a browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from hyperenergy import theorems
from hyperenergy.cli.commands.verify import _without_folder
from hyperenergy.errors import ArgumentError
from hyperenergy.show import report
from hyperenergy.show.report.figure import inlined, svg
from hyperenergy.show.report.formulas import mathml
from hyperenergy.show.report.records import file_name, is_own
from hyperenergy.show.report.rows import COLUMNS, rows
from hyperenergy.show.report.telling import kept, worst
from hyperenergy.show.view import load
from hyperenergy.theorems.prediction import Outcome
from tests.pages import Elements, payload
from tests.reports import HOSTILE, TRIANGLE, hostile, html, refuted, result, summary

# ---- formulas ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", theorems.names())
def test_every_result_has_a_formula(name: str) -> None:
    lines = mathml(theorems.get(name).formula)
    assert lines and all(line.startswith("<math") and "\\" not in line and "merror" not in line for line in lines)


@pytest.mark.parametrize("latex", [r"a = \nosuchcommand", r"a \\ {", "a_", r"\left( a"])
def test_what_does_not_convert_is_refused(latex: str) -> None:
    with pytest.raises(ArgumentError, match="formula: got"):
        mathml(latex)


def test_the_text_of_a_formula_is_escaped() -> None:
    (line,) = mathml(r"a < b \text{<img src=x>}")
    assert [tag for tag, _ in Elements(line).tags if not tag.startswith("m")] == []


# ---- text ----------------------------------------------------------------------------------------------------------


def test_names_with_markup_are_text() -> None:
    page, plain = html(hostile()), html(summary(refuted(), result("B5")))
    tags = Counter(tag for tag, _ in Elements(page).tags)
    assert tags == Counter(tag for tag, _ in Elements(plain).tags)
    assert Elements(page).text.count("<img src=x") >= 5  # title, statement, source, caption, list
    row = payload(page)["rows"][0]
    assert row[1] == HOSTILE and row[15] == HOSTILE
    # The negative control: markup that is not escaped is seen.
    assert Counter(tag for tag, _ in Elements(page.replace("&lt;", "<", 1)).tags) != tags


def test_commands_with_markup_are_text() -> None:
    assert HOSTILE not in html(summary(result()), command=HOSTILE)


def test_every_claim_has_its_section() -> None:
    page = html(*(summary(claim=name) for name in theorems.names()))
    text = re.sub(r"\s+", " ", Elements(page).text)
    for name in theorems.names():
        theorem = theorems.get(name)
        assert f'id="claim-{name}"' in page
        assert theorem.title in text and theorem.statement in text and theorem.source in text
    assert page.count("<math") == sum(len(mathml(theorems.get(name).formula)) for name in theorems.names())


def test_status_and_conclusion() -> None:
    good = html(summary(refuted(), result("B5")))
    assert "Every claim came out as its status says" in good and "refuted (1 counterexample)" in good
    assert "Interrupted" not in good
    bad = html(summary(result("B5")), complete=False)
    assert "Not as stated: B5" in bad and "no counterexample found" in bad and "Interrupted" in bad
    by_objective = html(summary(refuted(objective="InfoNCE(temperature=0.5)"))).split(
        "<caption>By objective</caption>"
    )[1]
    assert "InfoNCE" in by_objective.split("</table>")[0]


def test_rows_have_all_numbers_and_stay_valid_json() -> None:
    odd = result(
        value=float("nan"), prediction=None, value_gap=float("-inf"), parameters={"part": 1}, hits=3, restarts=8
    )
    (row,) = rows([odd], {id(odd): "B1-1.json"})
    shown = dict(zip((name for name, _ in COLUMNS), row, strict=True))
    assert (shown["value"], shown["claimed"], shown["gap"], shown["hits"]) == ("nan", "", "-inf", "3")
    assert (shown["parameters"], shown["configuration"]) == ("part=1", "B1-1.json")
    assert payload(html(summary(odd)))["rows"][0][:4] == ["B1", "DHEL(temperature=0.5)", "3", "2"]


# ---- the worst instance --------------------------------------------------------------------------------------------


def test_the_clearest_counterexample_is_the_worst() -> None:
    # Relative to max(1, |claimed|), the second is the clearest; without a configuration, it would go behind.
    some = [refuted(gap=0.5), refuted(gap=0.9), refuted(gap=5.0, prediction=-50.0), result("B5", value_gap=9.0)]
    found = worst(summary(*some))
    assert found is not None and found.result is some[1]
    assert found.why == "the counterexample with the largest gap, of 3"
    some[1] = refuted(gap=0.9, anchors=None, positives=None)
    found = worst(summary(*some))
    assert found is not None and found.result is some[0] and "whose configuration is stored" in found.why
    assert kept(summary(*some)) == [some[0], some[2]]


def test_the_worst_of_those_that_agree() -> None:
    some = [result(value_gap=1e-15), result(congruence=1e-9), result(value_gap=1e-12)]
    found = worst(summary(*some))
    assert found is not None and found.result is some[1] and "gap or residual" in found.why
    free = [
        some[0],
        result(congruence=1.0, unique=False, reason="the minimizer is not claimed to be unique"),
        some[2],
    ]
    found = worst(summary(*free))
    assert found is not None and found.result is some[2]
    assert kept(summary(*some)) == [] and "No configuration of it is stored" in html(summary(*some))
    stored = result(value_gap=1e-14, anchors=TRIANGLE, positives=TRIANGLE)
    assert kept(summary(*some, stored)) == [stored]
    undecided = result(outcome=Outcome.INCONCLUSIVE, value_gap=1e-3)
    found = worst(summary(*some, undecided))
    assert found is not None and found.result is undecided
    nothing = result("E1", prediction=None, value_gap=None, misalignment=None, congruence=None)
    assert worst(summary(nothing)) is None and "No instance has a gap" in html(summary(nothing))


# ---- figures -------------------------------------------------------------------------------------------------------


def ids(page: str) -> list[str]:
    return [str(attributes["id"]) for _, attributes in Elements(page).tags if "id" in attributes]


def test_ids_are_unique_and_references_meet_them() -> None:
    claims = [summary(refuted(claim)) for claim in ("B5", "F3", "E4")]
    page = html(*claims)
    assert page.count("<svg") == 3
    assert len(set(ids(page))) == len(ids(page))
    references = re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', page)
    assert references and {a or b for a, b in references} <= set(ids(page))
    # The negative control: with one prefix for two, they clash.
    twice = "".join(svg(refuted(), "same", "x") for _ in range(2))
    assert len(set(ids(twice))) < len(ids(twice))


def test_a_figure_brings_no_rules_for_the_page() -> None:
    root = "<svg xmlns='http://www.w3.org/2000/svg'><style>*{color:red}</style><metadata/><g id='a'/>"
    root += "<use xmlns:x='http://www.w3.org/1999/xlink' x:href='#a' clip-path='url(#a)'/></svg>"
    found = inlined(root, "p", 'a "label" <b>')
    assert "style" not in found and "metadata" not in found and "xmlns" not in found
    assert 'id="p-a"' in found and 'href="#p-a"' in found and "url(#p-a)" in found
    assert [tag for tag, _ in Elements(found).tags] == ["svg", "g", "use"]


# ---- files ---------------------------------------------------------------------------------------------------------


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_configurations_open_in_the_view(tmp_path: Path) -> None:
    counterexamples = [refuted(gap=gap) for gap in (0.1, 0.4, 0.3, 0.2)]
    law = refuted("E4", points=4, positives=TRIANGLE, law=True)
    out = report.write(tmp_path, [summary(*counterexamples), summary(law)], "verify", 1.0, True)
    assert out == tmp_path / "report.html"
    found = [f"configurations/{name}.json" for name in ("B5-1", "B5-2", "B5-3", "E4-1")]
    assert names(tmp_path) == [*found, "report.html"]
    page = out.read_text("utf-8")
    links = re.findall(r'<a href="(configurations/[^"]*)"', page)
    assert links == found and all(f"hyperenergy view {tmp_path.name}/{name}" in page for name in found)
    assert str(tmp_path) not in page
    best = load(tmp_path / found[0])
    assert (best.value, best.objective) == (-2.4, "DHEL(temperature=0.5)") and best.positives is not None
    # Of a law there are as many points as it has, and the value is not the loss of those.
    objective = load(tmp_path / found[3]).objective
    assert objective == "expected DHEL(temperature=0.5), iid batches of 4"
    assert sorted(row[-1] for row in payload(page)["rows"]) == ["", "B5-1.json", "B5-2.json", "B5-3.json", "E4-1.json"]


def test_configurations_of_an_earlier_run_go_and_others_stay(tmp_path: Path) -> None:
    report.write(tmp_path, [summary(refuted("F3")), summary(refuted(), refuted())], "verify", 1.0, True)
    for own in ("mine.json", "B5-x.json", "my-1.json"):
        (tmp_path / "configurations" / own).write_text("{}")
    report.write(tmp_path, [summary(refuted())], "verify", 1.0, True)
    found = [f"configurations/{name}.json" for name in ("B5-1", "B5-x", "mine", "my-1")]
    assert names(tmp_path) == [*found, "report.html"]


def test_a_failure_leaves_the_earlier_report_as_it_is(tmp_path: Path) -> None:
    report.write(tmp_path, [summary(refuted())], "verify", 1.0, True)
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    with pytest.raises(ArgumentError):
        report.write(tmp_path, [summary(refuted("F3")), summary(refuted(gap=0.7), formula=r"\nosuch")], "", 1.0, True)
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_what_stands_in_the_way_is_named(tmp_path: Path) -> None:
    report.check_folder(tmp_path / "new")
    (tmp_path / "configurations").write_text("")
    with pytest.raises(ArgumentError, match=r"out: got .*\(configurations is a file\)"):
        report.check_folder(tmp_path)
    (tmp_path / "configurations").unlink()
    (tmp_path / "report.html").mkdir()
    with pytest.raises(ArgumentError, match=r"out: got .*\(report.html is a folder\)"):
        report.check_folder(tmp_path)


def test_file_names_are_safe() -> None:
    assert file_name("B5s", 2) == "B5s-2.json"
    assert file_name("../x\0 <b>", 1) == "___x___b_-1.json"
    assert all(is_own(file_name(name, 3)) for name in theorems.names())
    assert not any(map(is_own, ("mine.json", "B5-0.json", "B5-1.json.bak", "B5.json", "xB5-1.json", "B5-1.json\n")))


# ---- the command ---------------------------------------------------------------------------------------------------


def test_the_command_writes_the_report_and_keeps_paths_to_itself(tmp_path: Path) -> None:
    out = tmp_path / "runs"
    command = [sys.executable, "-m", "hyperenergy.cli", "verify", "--claims", "F1", "--dims", "3", "--restarts", "4"]
    done = subprocess.run([*command, "--out", str(out)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert f"report:  {out / 'report.html'}" in done.stdout
    page = (out / "report.html").read_text("utf-8")
    assert "hyperenergy verify --claims F1 --dims 3 --restarts 4<" in page and str(tmp_path) not in page
    assert str(tmp_path) not in (out / "report.md").read_text("utf-8")
    assert len(payload(page)["rows"]) == len((out / "results.jsonl").read_text().splitlines())
    assert json.loads((out / "configurations" / "F1-1.json").read_text())["claim"] == "F1"


def test_a_folder_in_the_way_is_seen_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    command = [sys.executable, "-m", "hyperenergy.cli", "verify", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2 and "report.html is a folder" in done.stderr
    assert names(tmp_path) == []


def test_the_folder_is_left_out_of_the_command() -> None:
    assert list(_without_folder(["verify", "--out", "/a b", "--dims", "3"])) == ["verify", "--dims", "3"]
    assert list(_without_folder(["verify", "--out=/a", "--full", "--out"])) == ["verify", "--full"]
