"""Scalars and short lists as YAML text, for files that carry comments, which no YAML library writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable


def quoted(text: str) -> str:
    """A YAML scalar; JSON's quoting is YAML's where a plain word would be read as something else."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ ./-]*[A-Za-z0-9_/-]|[A-Za-z_]", text)
    reserved = text.lower() in ("yes", "no", "true", "false", "null", "on", "off", "y", "n")
    return text if plain and not reserved else json.dumps(text, ensure_ascii=False)


def flow(values: Iterable[str]) -> str:
    """A list of scalars on one line."""
    return f"[{', '.join(map(quoted, values))}]"


def said(text: str) -> str:
    """Text for a comment: on one line, and without characters that no YAML file may hold."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
