"""Workbooks in the binary forms, .xls and .xlsb, read by a process of their own.

What reads them takes a file at its word: a count in it becomes memory, and a wrong one ends the process. So that
process is another one, within bounds, and what comes back from it is texts:

    its end by an error or a signal        a refusal here
    `MEMORY`, `SECONDS`                    bounds that the system keeps, where it has any
    the answer                             lines of JSON: the name of the sheet, and one for each row
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

from icp_ml.deals.workbook_texts import Texts, sheet_texts
from icp_ml.errors import InputError

if sys.platform != "win32":
    import resource


MEMORY: Final = 6 << 30
"""Bytes of address space: enough for a sheet with as many cells as may be read. We chose it."""
SECONDS: Final = 15
"""Of computing, and one more for each megabyte of the file: twice what such a sheet takes. We chose it."""

_BOOK: Final = "workbook.bin"
_ROOT: Final = str(Path(__file__).parents[2])
_READER: Final = f"import sys; sys.path.insert(0, sys.argv[1]); from {__name__} import answer; answer()"
"""With `-P` nothing of the working folder is imported."""


def is_binary(path: Path) -> bool:
    """Whether an existing workbook is not known to be of XML alone; a damaged zip is not, and is refused over there."""
    try:
        with zipfile.ZipFile(path) as file:
            return any(name.lower().endswith(_BOOK) for name in file.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):  # what listing a damaged zip raises
        return True


def texts_apart(path: Path, sheet: str | None) -> tuple[str, Texts]:
    """As `sheet_texts`, by another process. Raises `InputError` also for whatever ends that process."""
    asked = json.dumps({"path": os.fspath(path.absolute()), "sheet": sheet})
    ended = subprocess.run(
        [sys.executable, "-P", "-c", _READER, _ROOT], input=asked.encode(), capture_output=True, check=False
    )
    if ended.returncode:
        raise InputError(
            f"{path.name}: expected an Excel workbook or text, found a damaged workbook, one with a password "
            "or one with cells far from the others; save the sheet as .xlsx or CSV"
        )
    first, *rows = ended.stdout.splitlines()
    said = json.loads(first)
    if "refused" in said:
        raise InputError(said["refused"])
    return said["sheet"], [json.loads(row) for row in rows]


def answer() -> None:
    """What that other process does: read what its standard input asks for, within bounds, and write what it found."""
    asked = json.load(sys.stdin)
    path = Path(asked["path"])
    _bound(SECONDS + (path.stat().st_size >> 20))
    try:
        name, rows = sheet_texts(path, asked["sheet"])
    except InputError as error:
        sys.stdout.write(json.dumps({"refused": error.sentence}))
    else:
        sys.stdout.writelines(json.dumps(each) + "\n" for each in ({"sheet": name}, *rows))


def _bound(seconds: int) -> None:
    if sys.platform == "win32":  # it keeps no bounds for a process: this one ends when the system's own memory does
        return
    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, seconds)):
        allowed = [limit for limit in resource.getrlimit(kind) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(kind, (min([most, *allowed]),) * 2)
