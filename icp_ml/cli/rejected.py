"""The file of rejected rows, which `icp check` and `icp train` write when they are asked to."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

HEADER = ("line", "deal", "reason")


def check_rejected_place(path: Path, config: Path, *, force: bool) -> None:
    """Raise `ConfigError` where the file would take the place of the configuration, or of a file that exists."""
    from icp_ml.serve.writing import check_keeps, check_place

    check_keeps(config, path, "the configuration")
    check_place(path, "replace" if force else "refuse")


def write_rejected(rows: Iterable[tuple[int, str, str]], path: Path, sources: Iterable[str]) -> None:
    """Write line, deal and reason of each row. Raises `ConfigError` where the file is one of the `sources`."""
    from icp_ml.serve.writing import check_keeps, write_text

    for source in sources:
        check_keeps(Path(source), path, "a source of the configuration")
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows(rows)
    write_text(path, text.getvalue())
