"""Pages in a headless Chromium; the tests that need one skip where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from benchmarks.browser import CHROMIUM, FLAGS

# What a page that works from disk may ask for.
_LOCAL = ("file:", "data:", "blob:")


@contextmanager
def chromium(*flags: str) -> Iterator[Any]:
    """A browser (Playwright's ``Browser``), with further flags."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Any, url: str, width: int = 1280, scheme: str = "light", allowed: Sequence[str] = _LOCAL
) -> Iterator[Any]:
    """A tab (Playwright's ``Page``) with the page; when the block ends well, asserts that there was no error on the
    console, none uncaught, and no request but to what is allowed."""
    problems: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    context.set_default_timeout(120_000)  # ms: the first search of a kind compiles, beside other tests
    tab = context.new_page()
    tab.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("request", lambda r: None if r.url.startswith(tuple(allowed)) else problems.append(r.url))
    tab.goto(url)
    yield tab
    context.close()
    assert problems == [], problems
