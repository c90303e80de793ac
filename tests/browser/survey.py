"""Pages of every kind of model in a real browser: how large, how soon ready, and what is wrong with them.

    python -m tests.browser.survey [--kind demo]...     all kinds, and docs/report-pages.md, unless some are named

A kind is trained once and kept in .cache/report-pages; remove its folder to have it made anew. The set of 78,025 deals
and the one without dates are a third party's, expected in ../shared/data.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import pyarrow as pa
from playwright.sync_api import Browser
from pyarrow import csv

from benchmarks.speed import write_moved
from tests.browser import chromium
from tests.cli_projects import as_csv, deal_rows, icp, null, strong, write_project
from tests.docs.pages import ROOT
from tests.reported_projects import kept_page, write_hostile

CACHE: Final = ROOT / ".cache" / "report-pages"
PAGE: Final = ROOT / "docs" / "report-pages.md"
CONFIGS: Final = ROOT / "training" / "configs"
COUNTED: Final[Mapping[str, str]] = {
    "figures": ".chart",
    "prospects": "tr.prospect",
    "sections": ", ".join(f"section#{each}" for each in chromium.SECTIONS),
}
TRIALS: Final = "2"
OPENINGS: Final = 3
ID: Final = "domain"
NARROW: Final = 390


@dataclass(frozen=True)
class Look:
    """One page as it was met. counts: of what `COUNTED` names. ready: seconds until it can be used, the median."""

    kind: str
    about: str
    bytes: int
    counts: Mapping[str, int]
    ready: float
    said: tuple[str, ...]
    outside: tuple[str, ...]
    width: int
    violations: tuple[str, ...]


def _demo(folder: Path) -> Path:
    _typed("demo", "-o", str(folder / "demo"), "--trials", TRIALS)
    return folder / "demo" / "report.html"


def _third_party(config: str, folder: Path) -> Path:
    """A configuration of the project's, moved to a folder of its own; its own deals are the list."""
    deals = write_moved(CONFIGS / f"{config}.yaml", folder)["deals"]
    read = csv.ParseOptions(delimiter=deals.get("delimiter", ","))
    table = csv.read_csv(deals["source"], parse_options=read)
    # A third party's rows have nothing to be told apart by.
    names = pa.array([f"row {place}" for place in range(1, table.num_rows + 1)])
    csv.write_csv(table.add_column(0, ID, names), folder / "prospects.csv")
    return _trained(folder)


def _few(folder: Path) -> Path:
    """Thirty won and thirty lost deals of as many accounts, the least that is taken."""
    write_project(folder, strong())
    rows = {row["account_id"]: row for row in deal_rows(strong())}.values()
    kept = [row for stage in ("Closed Won", "Closed Lost") for row in [r for r in rows if r["stage"] == stage][:30]]
    (folder / "deals.csv").write_text(as_csv(kept), encoding="utf-8")
    return _trained(folder)


def _hostile(folder: Path) -> Path:
    return _trained(write_hostile(folder))


def _refused(folder: Path) -> Path:
    return _trained(write_project(folder, null()))


KINDS: Final[Mapping[str, tuple[str, Callable[[Path], Path]]]] = {
    "demo": ("the demo: 2,000 made-up deals, 36 attributes, dates, leaks left out", _demo),
    "large": ("78,025 deals of a third party", lambda folder: _third_party("ibm-deal", folder)),
    "few": ("60 made-up deals", _few),
    "refused": ("200 made-up deals in which nothing decides: a refusal", _refused),
    "no dates": (
        "448 deals of a third party, without dates or accounts",
        lambda folder: _third_party("bohanec", folder),
    ),
    "hostile": ("240 made-up deals and a list whose names are attacks", _hostile),
}


def _trained(folder: Path) -> Path:
    """Train, score prospects.csv where there is a model, and draw the page; a refusal has left its own."""
    with chdir(folder):
        if not _typed("train", "icp.yaml", "--trials", TRIALS, may_refuse=True):
            return kept_page(folder)
        _typed("score", "prospects.csv", "-o", "scored.parquet", "--id", ID, "--max-unscored", "1")
        _typed("report", "-o", "page.html", "--scored", "scored.parquet")
    return folder / "page.html"


def _typed(*words: str, may_refuse: bool = False) -> bool:
    """Type it; whether a model came of it."""
    done = icp(*words)
    if done.code and not (may_refuse and done.code == 5):
        sys.exit(f"icp {' '.join(words)} ended with {done.code}: {done.err}")
    return done.code == 0


def page_of(kind: str) -> Path:
    """The page of a kind, made where it is not kept."""
    kept = CACHE / f"{kind.replace(' ', '-')}.html"
    if not kept.exists():
        sys.stderr.write(f"{kind}: training\n")
        folder = CACHE / kind.replace(" ", "-")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(KINDS[kind][1](folder), kept)
    return kept


def looked_at(browser: Browser, kind: str) -> Look:
    """Open a page as people do: three times, narrow, and in light and dark with a judge of accessibility."""
    path = page_of(kind)
    ready, said, outside, counts = [], list[str](), list[str](), dict[str, int]()
    for _ in range(OPENINGS):
        with chromium.opened(browser, path) as found:
            ready.append(float(found.page.evaluate("performance.now()")) / 1000)
            chromium.look_at_all(found.page)
            counts = {what: found.page.locator(where).count() for what, where in COUNTED.items()}
            said += found.said
            outside += [each for each in found.asked_for if each != path.as_uri()]
    with chromium.opened(browser, path, width=NARROW) as found:
        chromium.look_at_all(found.page)
        width = int(found.page.evaluate("document.documentElement.scrollWidth"))
    violations = tuple(each for dark in (False, True) for each in chromium.serious(browser, path, dark=dark))
    size = path.stat().st_size
    return Look(kind, KINDS[kind][0], size, counts, median(ready), tuple(said), tuple(outside), width, violations)


def table_of(looks: list[Look]) -> Iterator[str]:
    """The page's lines."""
    yield "# Pages of every kind of model, measured"
    yield ""
    yield (
        "`make report-pages` trains a model of each kind, draws its page and opens it in Debian's Chromium. *Ready* "
        f"is the median of {OPENINGS} openings, in seconds from asking for the file until the page can be used, on "
        f"{os.cpu_count()} cores. *Messages* are what the browser's console said, *outside* is what was asked of a "
        f"network, *width* what a screen of {NARROW} pixels has to show, *serious* what axe finds serious or critical "
        "in light and dark."
    )
    yield ""
    yield "| page | MB | figures | prospects | ready | sections | messages | outside | width | serious |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for each in looks:
        counts, size = each.counts, f"{each.bytes / 1e6:.1f}"
        cells = (each.about, size, counts["figures"], counts["prospects"], f"{each.ready:.1f}")
        more = (f"{counts['sections']} of {len(chromium.SECTIONS)}", len(each.said), len(each.outside), each.width)
        yield f"| {' | '.join(map(str, (*cells, *more, len(each.violations))))} |"
    yield ""
    yield "A refusal has two sections: why there is no model, and how that was judged. The target for the size is 6 MB."
    for each in looks:
        yield from (f"\n{each.kind}: {line}" for line in (*each.said, *each.outside, *each.violations))


def main() -> None:
    """Look at the kinds that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", action="append", choices=list(KINDS), dest="kinds")
    kinds = parser.parse_args().kinds or list(KINDS)
    if chromium.executable() is None:
        sys.exit("Chromium was expected, and none is on this machine; install it.")
    for name in ("MLFLOW_TRACKING_URI", "ICP_HOME"):
        os.environ.pop(name, None)
    for kind in kinds:
        page_of(kind)
    with chromium.started() as browser:
        lines = "\n".join(table_of([looked_at(browser, kind) for kind in kinds])) + "\n"
    sys.stdout.write(lines)
    if kinds == list(KINDS):
        PAGE.write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    main()
