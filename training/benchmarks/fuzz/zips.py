"""Zips that lie about what is in them, and zips of which one member unpacks to gigabytes."""

from __future__ import annotations

import bz2
import lzma
import re
import struct
import zlib
from collections.abc import Mapping
from functools import cache
from typing import Final

from benchmarks.fuzz.mutations import Rng, chosen
from benchmarks.fuzz.sheets import BOOK, SHEET, TEXTS, zipped

BLOCK: Final = 1 << 24
BOMB: Final = 3 << 30
"""Bytes of a member that unpacks to gigabytes."""


def with_other_headers(data: bytes, rng: Rng) -> bytes:
    """A zip that lies about a member, or about where its list of members is."""
    mark, size = chosen(rng, ((b"PK\x03\x04", 30), (b"PK\x01\x02", 46), (b"PK\x01\x02", 46), (b"PK\x05\x06", 22)))
    places = [found.start() for found in re.finditer(re.escape(mark), data)]
    if not places:
        return data
    start = chosen(rng, places) + int(rng.integers(4, size - 1))
    width, number = chosen(rng, (("<H", 0xFFFF), ("<H", 0), ("<H", 1), ("<H", 12), ("<H", 99), ("<H", 8)))
    if start + 4 <= len(data) and rng.random() < 0.4:
        width, number = chosen(rng, (("<I", 0xFFFFFFFF), ("<I", 0x7FFFFFFF), ("<I", 0), ("<I", len(data))))
    return data[:start] + struct.pack(width, number) + data[start + struct.calcsize(width) :]


def with_bomb(parts: Mapping[str, bytes], rng: Rng) -> bytes:
    """A zip of which one member unpacks to gigabytes, and that may say it is small, or is packed in another way."""
    name = chosen(rng, (SHEET, TEXTS, BOOK, "xl/media/image1.png"))
    fill = chosen(rng, (b" ", b"<row/>  ", b"\x00", b"<si><t>x</t></si>"))
    whole = zipped({key: data for key, data in parts.items() if key != name})
    method, packed = 8, _unpacking_to(fill, BOMB)
    if rng.random() < 0.1:
        method, packed = chosen(rng, ((12, bz2.compress(fill * 10_000)), (14, lzma.compress(fill * 10_000))))
    stated = chosen(rng, (BOMB, 1_000, 0))
    return _with_member(whole, name.encode(), (method, packed, stated))


@cache
def _unpacking_to(fill: bytes, size: int) -> bytes:
    """Deflated bytes that unpack to about `size`: one block again and again, each of which stands for itself."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(fill * (BLOCK // len(fill))) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (size // BLOCK) + packer.flush(zlib.Z_FINISH)


def _with_member(data: bytes, name: bytes, member: tuple[int, bytes, int]) -> bytes:
    """The zip with one more member. member: how it is packed, its packed bytes, and how large it says that it is."""
    method, packed, stated = member
    end = data.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack("<HII", data[end + 10 : end + 20])
    fields = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 0x21, 0, len(packed), stated, len(name), 0)
    local = b"PK\x03\x04" + fields + name
    listed = b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, start) + name
    directory = data[start:end] + listed
    tail = struct.pack("<HHHHIIH", 0, 0, count + 1, count + 1, size + len(listed), start + len(local) + len(packed), 0)
    return data[:start] + local + packed + directory + b"PK\x05\x06" + tail
