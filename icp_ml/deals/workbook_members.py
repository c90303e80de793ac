"""What a zipped workbook holds, looked at before it is handed to what reads it.

That reader makes a whole rectangle of a sheet's cells, and ends the process where memory does not suffice: two cells in
two corners are enough. So every member that can hold cells is unpacked within bounds and read once as XML, and the
reader is handed a zip of these members alone.

    members of more than `LARGEST` bytes together       refused at the first byte too many
    a sheet or its texts beyond `BOUNDS`                refused where the cell begins that is too many
    a document type                                     refused, whatever it defines
    images, macros                                      left where they are, packed
"""

from __future__ import annotations

import io
import itertools
import re
import zipfile
import zlib
from pathlib import Path
from typing import Final
from xml.parsers import expat

from icp_ml.deals.sheet_spans import Bounds, NotWholeError, TooLargeError, check_span, text_lengths
from icp_ml.errors import InputError

LARGEST: Final = 512 << 20
"""Bytes of all members that are read, unpacked: 12 million cells as Excel writes them. We chose it."""
BOUNDS: Final = Bounds(cells=20_000_000, characters=256 << 20)
"""Of a sheet. So many cells take a gigabyte even where most of them are empty. We chose it."""
MOST_MEMBERS: Final = 10_000

_START: Final = 1 << 16
_PIECE: Final = 1 << 24
_TEXTS: Final = re.compile(rb"[<:]si[ />\t\r\n]")
"""A text that cells share begins, whatever the member is called."""
_NO_XML: Final = (".bin", "mimetype")
"""How names of members end that are no XML and are read all the same."""
_DAMAGED: Final = (
    NotWholeError,
    expat.ExpatError,
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What reading a zip raises of itself: damage, places outside of the file, a packing or a password that is not read."""


def looked_at(path: Path) -> io.BytesIO:
    """A zip of the members of the workbook at `path` that can hold cells, none of them packed.

    Raises `InputError` where it is no zip, is damaged, or stands for more than may be read.
    """
    made = io.BytesIO()
    try:
        with zipfile.ZipFile(path) as file, zipfile.ZipFile(made, "w") as copy:
            _copy(file, copy)
    except TooLargeError as error:
        raise InputError(
            f"{path.name}: expected a workbook of at most {error}, found more; save the sheet as CSV, or remove the "
            "cells far from the others"
        ) from None
    except _DAMAGED:
        raise no_workbook(path) from None
    made.seek(0)
    return made


def no_workbook(path: Path) -> InputError:
    """The refusal of what is no workbook, or a damaged one."""
    return InputError(
        f"{path.name}: expected an Excel workbook or text, found another archive, a damaged workbook or one with a "
        "password; unpack it, or save the sheet as CSV"
    )


def _copy(file: zipfile.ZipFile, copy: zipfile.ZipFile) -> None:
    members = {each.filename: each for each in file.infolist()}
    if len(members) > MOST_MEMBERS:
        raise TooLargeError(f"{MOST_MEMBERS:,} members")
    left, held = LARGEST, dict[str, bytearray]()
    for name, member in members.items():
        content = _content(file, member, left)
        if content is not None:
            left -= len(content)
            held[name] = content
    # How long the texts are that cells share has to be known before the cells are counted.
    lengths = [text_lengths(content) for content in held.values() if _TEXTS.search(content)]
    texts = [max(each) for each in itertools.zip_longest(*lengths, fillvalue=0)]
    for name in list(held):
        content = held.pop(name)
        if not name.lower().endswith(_NO_XML):
            check_span(content, texts, BOUNDS)
        copy.writestr(zipfile.ZipInfo(name), content)


def _content(file: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> bytearray | None:
    """The bytes of a member; None of one that is neither XML nor read. Raises `TooLargeError` beyond `left` of them."""
    member.file_size = left + 2 * _PIECE  # what it says of its size is no bound
    with file.open(member) as stream:
        content = bytearray(stream.read(_START))
        is_xml = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        if not (is_xml or member.filename.lower().endswith(_NO_XML)):
            return None
        while len(content) <= left and (piece := stream.read(_PIECE)):
            content += piece
    if len(content) > left:
        raise TooLargeError(f"{LARGEST:,} bytes when it is unpacked")
    return content
