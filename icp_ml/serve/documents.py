"""JSON as a bundle holds it: one value, one sequence of bytes.

Keys are sorted, floats are their shortest text that reads back to the same number, the encoding is UTF-8
and the last byte is a line end. A number that is not finite has no place in JSON; it is written as the text
"NaN", "Infinity" or "-Infinity", which reads back into a float and, unlike null, cannot be taken for "there
is none".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias, TypeVar

from pydantic import TypeAdapter, ValidationError

from icp_ml.errors import BundleInvalid

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
T = TypeVar("T")

DEEPEST: Final = 64
"""Lists and objects within one another; we chose it. What a bundle holds is a dozen deep."""
_HALF_OF_A_CHARACTER: Final = re.compile(r"\\u[dD][89a-fA-F]")


def to_bytes(value: object) -> bytes:
    """`value` (mappings, lists, tuples and plain values) as canonical JSON."""
    text = json.dumps(as_json_value(value), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"


def as_json_value(value: object) -> object:
    """`value` with JSON types only: tuples as lists, numbers that are not finite as texts."""
    if isinstance(value, Mapping):
        return {str(key): as_json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def from_bytes(content: bytes, file: str) -> Json:
    """The value of a JSON file.

    Raises `BundleInvalid`, naming `file`, where it is not JSON, says a key twice, holds half a character, is too deep.
    """
    try:
        text = content.decode("utf-8")
        value: Json = json.loads(text, object_pairs_hook=_each_key_once, parse_constant=_no_constant)
        _check_depth(value)
        if _HALF_OF_A_CHARACTER.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BundleInvalid(
            f"{file} of the bundle was expected to be JSON, and it cannot be read ({error}); export the bundle anew"
        ) from None
    return value


def _each_key_once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _check_depth(value: Json) -> None:
    """Level by level, so that the depth of a file is not that of a call."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inner(each)]
    if level:
        raise ValueError(f"lists and objects stand more than {DEEPEST} deep within one another")


def _inner(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def document_in(content: Mapping[str, bytes], file: str, adapter: TypeAdapter[T]) -> T:
    """The JSON file `file` as the declared type. Raises as `from_bytes` and `checked` do."""
    return checked(adapter, from_bytes(content[file], file), file)


def checked(adapter: TypeAdapter[T], value: object, file: str) -> T:
    """`value` as the declared type. Raises `BundleInvalid` with the first place that differs."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "its top level"
        more = f" ({error.error_count() - 1} more after it)" if error.error_count() > 1 else ""
        raise BundleInvalid(
            f"{file} of the bundle is not as this version writes it at {place}: {first['msg']}{more}; "
            "export the bundle anew"
        ) from None
