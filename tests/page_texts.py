"""The lines that a page has in a pipe, on a screen wide enough for every table."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable
from unittest.mock import patch

from rich.console import RenderableType

from icp_ml.cli.pages import print_page

WIDE = {"COLUMNS": "300"}


def lines_of(parts: Iterable[RenderableType]) -> list[str]:
    """Lines with something in them, one space between words: cells of a table that are empty leave no trace."""
    out = io.StringIO()
    with patch.dict(os.environ, WIDE), contextlib.redirect_stdout(out):
        print_page(parts)
    return squeezed(out.getvalue())


def squeezed(text: str) -> list[str]:
    """The same of a text that was printed already."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
