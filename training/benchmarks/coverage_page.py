"""Which branches do the tests take? Reads what `make coverage` measured; writes docs/coverage.md.

Each gap has a reason in a file of training/benchmarks/branches/reasons/, or is told here and counted on the page.

    python training/benchmarks/coverage_page.py build/coverage/report.json
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import yaml
from pydantic import TypeAdapter

from benchmarks.bench_model.code import ROOT, code_hash
from benchmarks.branches.gaps import gaps_of, measured_in
from benchmarks.branches.page import Reason, needless, page_of, unexplained

PAGE: Final = ROOT / "docs" / "coverage.md"
REASONS: Final = Path(__file__).resolve().parent / "branches" / "reasons"
REASONS_OF_A_FILE: Final = TypeAdapter(tuple[Reason, ...])


def code() -> str:
    """The hash of all that is measured and all that measures."""
    paths = [*(ROOT / "icp_ml").rglob("*.py"), *(ROOT / "training" / "icp_training").rglob("*.py")]
    modules = (".".join(path.relative_to(ROOT).with_suffix("").parts).removeprefix("training.") for path in paths)
    return code_hash((*sorted(modules), "benchmarks.coverage_page"), ("icp_ml", "icp_training", "benchmarks"))


def reasons_in(folder: Path) -> tuple[Reason, ...]:
    """All reasons, a file for each part of the code."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml")))
    return tuple(reason for text in texts for reason in REASONS_OF_A_FILE.validate_python(yaml.safe_load(text)))


def main() -> None:
    """Write the page and say what has no reason, and which reasons are of no use any more."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, help="the JSON that coverage wrote")
    measured = measured_in(parser.parse_args().report, ROOT)
    gaps = gaps_of(measured, ROOT)
    reasons = reasons_in(REASONS)
    PAGE.write_text("\n".join(page_of(measured, gaps, reasons, code())) + "\n", encoding="utf-8")
    for gap in unexplained(gaps, reasons):
        print(f"{gap.path}:{gap.line}: {gap.at}\n    -> {gap.to}")
    for reason in needless(gaps, reasons):
        print(f"no such gap any more: {reason.path}: {reason.at} -> {reason.to}")
    print(f"\nThe page: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
