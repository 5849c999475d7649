"""The report in a headless Chromium: from disk, with a mouse, with keys, on a phone, in the dark, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hyperenergy import theorems
from hyperenergy.show import report
from hyperenergy.theorems.prediction import Outcome
from tests.browser import chromium, opened
from tests.reports import HOSTILE, hostile, refuted, result, summary

MANY = 250


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One for all tests here; where there is none they skip."""
    with chromium() as found:
        yield found


def written(folder: Path, *summaries: Any) -> str:
    return report.write(folder, summaries, "hyperenergy verify", 1.0, True).as_uri()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """All claims; B1 with many instances, B2a with values to sort, B5 with counterexamples and a third outcome."""
    values = [10.0, 9.0, float("nan"), -2.0, 1e-30, float("inf")]
    parts = {
        "B1": [result(objective=f"DHEL(temperature={k})", seconds=k) for k in range(1, MANY + 1)],
        "B2a": [result("B2a", value=value, objective="Energy(Gaussian(t=2), pairs=mean)") for value in values],
        "B5": [refuted(), refuted(), result("B5"), result("B5", Outcome.INCONCLUSIVE)],
    }
    claims = [summary(*parts.get(name, [result(name)]), claim=name) for name in theorems.names()]
    return written(tmp_path_factory.mktemp("report"), *claims)


def column(tab: Any, name: str) -> list[str]:
    """What the rows that are shown have in a column."""
    return tab.evaluate(
        """name => {
            const table = document.getElementById("table");
            const k = [...table.tHead.rows[0].cells].findIndex(cell => cell.textContent === name);
            return [...table.tBodies[0].rows].map(row => row.cells[k].textContent);
        }""",
        name,
    )


def header(tab: Any, name: str) -> Any:
    return tab.get_by_role("button", name=name, exact=True)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_it_loads_from_disk_and_fits(browser: Any, url: str, width: int, scheme: str) -> None:
    with opened(browser, url, width, scheme) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        sizes = tab.evaluate(
            "[...document.querySelectorAll('math')].map(m => Object.values(m.getBoundingClientRect().toJSON()))"
        )
        assert len(sizes) >= len(theorems.names()) and all(
            width > 20 and height > 10 for _, _, width, height, *_ in sizes
        )
        assert tab.locator("figure svg").count() == 1 and tab.locator("figure svg").bounding_box()["width"] > 200
        back = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert back == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(15, 19, 24)")
        # The picture has dark lines, and lies on white in the dark, too.
        assert tab.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") == "rgb(255, 255, 255)"
        # No outcome by color alone.
        marks = tab.evaluate("[...document.querySelectorAll('[data-mark]')].map(mark => mark.textContent)")
        assert marks and all(mark[0] in "\N{CHECK MARK}\N{BALLOT X}?" and len(mark) > 3 for mark in marks)


def test_sorting(browser: Any, url: str) -> None:
    with opened(browser, url) as tab:
        tab.select_option("#claim", "B2a")
        given = column(tab, "value")
        assert given == ["10", "9", "nan", "-2", "1e-30", "inf"]
        header(tab, "value").click()
        assert column(tab, "value") == ["-2", "1e-30", "9", "10", "inf", "nan"]
        assert sorted(given) != column(tab, "value")  # the order of numbers, not of text
        tab.keyboard.press("Enter")  # the button keeps the focus
        assert column(tab, "value") == ["inf", "10", "9", "1e-30", "-2", "nan"]
        states = tab.evaluate("[...document.querySelectorAll('#table th')].map(th => th.ariaSort)")
        assert states.count("none") == len(states) - 1 and states[5] == "descending"
        tab.select_option("#claim", "")
        header(tab, "claim").focus()
        tab.keyboard.press("Space")
        tab.keyboard.press("Space")
        assert column(tab, "claim")[:5] == ["U1", "L3", "L2", "L1", "F5"]
        tab.fill("#search", "B1")
        assert column(tab, "claim")[:2] == ["B19", "B18"]  # not after B2, as text would be


def test_searching_and_filters(browser: Any, url: str) -> None:
    instances = MANY + 6 + 4 + len(theorems.names()) - 3
    with opened(browser, url) as tab:
        assert tab.get_by_role("status").inner_text() == f"{instances} instances; the first 200 are shown"
        assert len(column(tab, "claim")) == 200
        tab.click("#all")
        assert len(column(tab, "claim")) == instances and not tab.is_visible("#all")
        tab.fill("#search", "dhel(temperature=17  b1")  # all words, anywhere, in any case
        assert column(tab, "objective") == [f"DHEL(temperature={k})" for k in (17, *range(170, 180))]
        assert tab.get_by_role("status").inner_text() == f"11 of {instances} instances match"
        tab.fill("#search", "dhel(temperature=17 nowhere")
        assert column(tab, "objective") == []
        tab.click("a[data-claim=B5]")
        assert (tab.input_value("#search"), tab.input_value("#claim")) == ("", "B5")
        assert column(tab, "outcome") == ["\N{BALLOT X} refuted"] * 2 + ["\N{CHECK MARK} consistent", "? inconclusive"]
        tab.select_option("#outcome", "refuted")
        assert column(tab, "configuration") == ["B5-1.json", "B5-2.json"]
        link = tab.locator("#table a").first.evaluate("a => a.href")
        assert link == url.replace("report.html", "configurations/B5-1.json")


def test_without_a_mouse(browser: Any, url: str) -> None:
    with opened(browser, url, width=390) as tab:
        seen = set()
        for _ in range(240):
            tab.keyboard.press("Tab")
            seen.add(tab.evaluate("document.activeElement.id || document.activeElement.textContent"))
        assert {"search", "claim", "outcome", "value", "all", "B1", "B5-1.json"} <= seen
        boxes = "[...document.querySelectorAll('.formula, .wide')]"
        assert tab.evaluate(f"{boxes}.every(box => box.scrollWidth <= box.clientWidth || box.tabIndex === 0)")


def test_markup_stays_text(browser: Any, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, hostile())) as tab:
        assert tab.evaluate("window.pwned") is None
        assert column(tab, "objective") == [HOSTILE] * 2
        assert HOSTILE in tab.inner_text("h2 >> nth=1")


@pytest.mark.parametrize(
    "extra", ["<img src=x onerror='pwned=1'>", "<script>pwned=1</script>", "<script src='a.js'></script>"]
)
def test_what_is_not_the_page_s_own_does_not_run(browser: Any, tmp_path: Path, extra: str) -> None:
    """The negative control: markup that got in is an error that ``opened`` sees, and still does nothing."""
    path = tmp_path / "report.html"
    written(tmp_path, summary(result()))
    path.write_text(path.read_text("utf-8").replace("</main>", extra + "</main>"), "utf-8")
    with pytest.raises(AssertionError), opened(browser, path.as_uri()) as tab:
        ran = tab.evaluate("window.pwned")
    assert ran is None


def test_on_paper(browser: Any, url: str) -> None:
    with opened(browser, url, scheme="dark") as tab:
        assert tab.is_visible("#search")
        tab.emulate_media(media="print")
        assert not tab.is_visible("#search") and tab.is_visible("figure svg") and tab.is_visible("#claim-F3")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert tab.pdf().startswith(b"%PDF")


def test_without_javascript(browser: Any, url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(url)
    assert tab.is_visible("noscript p") and not tab.is_visible("#listing")
    assert tab.is_visible("#claim-B5 .formula") and tab.is_visible("#claim-B5 figure svg")
    context.close()
