"""A page in a real browser: Debian's Chromium, driven by Playwright, with nothing but the page itself within reach."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

SECTIONS = ("answer", "criteria", "anti-icp", "attributes", "tiers", "closed-deals", "trust", "card")
"""Those of the page of every accepted model."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic"),
)


def executable() -> str | None:
    """Where the system's browser is; None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name)) is not None), None)


@contextmanager
def started() -> Iterator[Browser]:
    # Chromium refuses to run as root within its own sandbox.
    args = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=args)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Opened:
    """A page that is ready, and what went on while it was opened and since."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)


@contextmanager
def opened(
    browser: Browser, path: Path, *, width: int = 1200, dark: bool = False, judged: bool = False
) -> Iterator[Opened]:
    """judged: whether a judge is to be brought into the page, which its own policy forbids."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", bypass_csp=judged
    )
    found = Opened(context.new_page())
    found.page.on("console", lambda message: found.said.append(message.text))
    found.page.on("pageerror", lambda error: found.said.append(str(error)))
    found.page.on("request", lambda request: found.asked_for.append(request.url))
    found.page.goto(path.as_uri())
    found.page.wait_for_selector("html[data-ready=yes]")
    yield found
    context.close()


def look_at_all(page: Page) -> None:
    """Scroll from top to bottom, so that every figure is drawn."""
    for top in range(0, int(page.evaluate("document.documentElement.scrollHeight")), 700):
        page.evaluate(f"scrollTo(0, {top})")
        page.wait_for_timeout(30)


def serious(browser: Browser, path: Path, *, dark: bool) -> list[str]:
    """What axe finds serious or critical on the whole page: the rule, and the beginning of where it is broken."""
    with opened(browser, path, dark=dark, judged=True) as found:
        look_at_all(found.page)
        violations = Axe().run(found.page).response["violations"]
        worst = [each for each in violations if each["impact"] in ("serious", "critical")]
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in worst]
