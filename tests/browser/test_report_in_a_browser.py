"""The page that people review in a real browser: it is quiet, whole, usable, and shows hostile names as names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from icp_ml.serve.bundle import as_stored
from icp_training.report.drawing import report
from tests import serve_models
from tests.browser import chromium
from tests.cli_projects import icp, null, write_project
from tests.lookalike_projects import write_project as write_look
from tests.reported_projects import HOSTILE, kept_page, train_and_score, write_hostile

pytestmark = pytest.mark.skipif(chromium.executable() is None, reason="no Chromium on this machine")

PAGES = ("hostile", "refused", "before definitions", "resemblance")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Of hostile names and their list, of a refusal, of a bundle that lacks what came later, of resemblance."""
    root = tmp_path_factory.mktemp("reported")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("ICP_HOME", raising=False)
        patch.chdir(write_hostile(root / "hostile"))
        train_and_score()
        assert icp("report", "-o", "page.html", "--scored", "scored.parquet").code == 0
        patch.chdir(write_project(root / "refused", null()))
        assert icp("train", "icp.yaml", "--trials", "1").code == 5
        patch.chdir(lookalike_project(root))
        assert icp("train", "look.yaml", "--trials", "1").code == 0
    old = root / "old.html"
    old.write_text(report(as_stored(serve_models.bundle())), encoding="utf-8")
    return {
        "hostile": root / "hostile" / "page.html",
        "refused": kept_page(root / "refused"),
        "before definitions": old,
        "resemblance": root / "look" / "models" / "look" / "v1" / "report.html",
    }


def lookalike_project(root: Path) -> Path:
    """A folder with won accounts and a universe."""
    (root / "look").mkdir()
    return write_look(root / "look", alike=1.0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.started() as browser:
        yield browser


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_said_and_nothing_asked_for(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with chromium.opened(browser, pages[name]) as found:
        chromium.look_at_all(found.page)
        figures = found.page.locator(".chart").count()
        assert found.page.locator(".chart .main-svg").count() >= figures
        assert found.said == []
        assert found.asked_for == [pages[name].as_uri()]


@pytest.mark.parametrize("name", ["hostile", "before definitions"])
def test_every_section_is_there_and_says_something(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with chromium.opened(browser, pages[name]) as found:
        for section in chromium.SECTIONS:
            within = found.page.locator(f"section#{section}")
            assert within.count() == 1, section
            assert within.locator("p, table, figure, li").count() > 0, section
        assert "may be used" in found.page.locator("section#answer").inner_text()


def test_a_refusal_says_so_first_and_what_would_be_needed(browser: Browser, pages: dict[str, Path]) -> None:
    with chromium.opened(browser, pages["refused"]) as found:
        said = found.page.locator("section#answer").inner_text()
        assert "may not be used" in said
        assert "bring attributes that say more" in said


def test_hostile_names_stay_names(browser: Browser, pages: dict[str, Path]) -> None:
    with chromium.opened(browser, pages["hostile"]) as found:
        chromium.look_at_all(found.page)
        assert found.page.title().startswith("Who to sell to: hostile")
        assert found.page.locator("img, iframe, object, b").count() == 0
        text = found.page.locator("body").text_content() or ""
        assert all(name in text for name in HOSTILE)
        assert found.page.locator(".chart a").count() == 0


def test_the_list_of_prospects_is_searched_sorted_and_opened(browser: Browser, pages: dict[str, Path]) -> None:
    with chromium.opened(browser, pages["hostile"]) as found:
        rows = found.page.locator("tr.prospect")
        scores = [float(text) for text in rows.locator("td:nth-child(3)").all_inner_texts()]
        assert scores == sorted(scores, reverse=True)
        header = found.page.locator("#prospect-rows th").nth(2)
        header.locator("button").click()
        header.locator("button").click()
        assert header.get_attribute("aria-sort") == "ascending"
        assert [float(text) for text in rows.locator("td:nth-child(3)").all_inner_texts()] == sorted(scores)
        name = rows.first.locator("button").inner_text()
        rows.first.locator("button").click()
        more = found.page.locator("tr.more:visible")
        assert more.count() == 1
        assert more.locator(".waterfall .main-svg").count() > 0
        found.page.fill("#find", name)
        assert found.page.locator("tr.prospect:visible").count() == 1
        found.page.fill("#find", "no company is called that")
        assert found.page.locator("tr.prospect:visible, tr.more:visible").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_screen_needs_no_scrolling_sideways(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with chromium.opened(browser, pages[name], width=390) as found:
        chromium.look_at_all(found.page)
        assert found.page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(browser: Browser, pages: dict[str, Path], name: str, *, dark: bool) -> None:
    assert chromium.serious(browser, pages[name], dark=dark) == []
