"""Answers in JSON, as a web-reading agent writes them into a cell, spoilt: values, structure, bytes, and no JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.fuzz.json_values import Node, spoilt_value
from benchmarks.fuzz.mutations import HUGE, TOKENS, Rng, chosen, spoilt

PATHS: Final = ("motion", "site", "tools", "seen", "staff", "since", "band", "read", "trigger")
"""Keys that some attribute reads."""
RAW: Final[Sequence[str]] = (
    "NaN",
    "-Infinity",
    "1e999",
    "-1e999",
    "1e-999",
    "-0",
    "-0.0",
    "9" * 400,
    "9" * 5_000,
    "-" + "9" * 5_000,
    "1e308",
    "0.1" + "0" * 5_000,
    "01",
    "1.",
    "0x10",
    "true",
    "nul",
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '"\\u001b[2J"',
    '"\\u202e"',
    '"\\x41"',
    '"a\nb"',
    '"a\tb"',
    '"\x00"',
    "[]",
    "{}",
    "[[]]",
    "[null]",
    '[null, "a"]',
    '["a", "b"]',
    '["\\ud800"]',
    '[1, true, "x", 1e999]',
    '[{"a": 1}]',
    '{"staff": {"staff": 1}}',
    '{"": 1}',
    '"2025-02-30"',
    '"9999-12-31"',
    '"10-50"',
    '"$10M-1e400"',
    '"many"',
    '""',
    '"(other)"',
    '"(missing)"',
    '"-"',
)
"""What may stand in the place of a value; some of it is no JSON."""
DEEP: Final = (50, 400, 2_000, 100_000)
FENCES: Final = (
    "```json\n{}\n```",
    "```\n{}",
    "{}\n```",
    "```JSON   \n\n{}```",
    "```json\n[]\n```\n```json\n{}\n```",
    "Here:\n```json\n{}\n```\n" * 3,
    "```python\n{}\n```",
)


def spoilt_answer(text: str, rng: Rng) -> str:
    """A cell that held `text`, spoilt in one way."""
    return chosen(rng, _CHANGES)(text, rng)


def _values(text: str, rng: Rng) -> str:
    """Some values are others, and it stays JSON, or nearly."""
    changed = spoilt_value(_document(text), rng)
    return json.dumps(changed, ensure_ascii=bool(rng.random() < 0.5))


def _raw(text: str, rng: Rng) -> str:
    """A value, as it is written, is one that other readers stumble over."""
    return _with(text, chosen(rng, RAW), rng)


def _deep(text: str, rng: Rng) -> str:
    """Lists or objects within one another without end."""
    depth = int(chosen(rng, DEEP))
    opening, closing = chosen(rng, (("[", "]"), ('{"a":', "}"), ('{"site":', "}"), ("[", "")))
    deep = opening * depth + ("1" if closing else "") + closing * depth
    return deep if rng.random() < 0.3 else _with(text, deep, rng)


def _huge(text: str, rng: Rng) -> str:
    """A cell of hundreds of kilobytes."""
    inside = (
        json.dumps("x" * HUGE),
        json.dumps("\x00" * (HUGE // 6)),
        "[" + "1," * (HUGE // 2) + "1]",
        json.dumps([f"t{place}" for place in range(HUGE // 10)]),
        json.dumps({f"k{place}": place for place in range(HUGE // 15)}),
        "9" * HUGE,
        "0." + "0" * HUGE + "1",
    )
    outside = (
        "x" * HUGE,
        "```" * (HUGE // 3),
        "```" + " " * HUGE,
        "```" + "\t" * HUGE + "x",
        "```json" + "\n" * HUGE,
        "```json\n" * (HUGE // 8),
        "``` ```\n" * (HUGE // 8),
        " " * HUGE + text,
        '"' * HUGE,
        "\\" * HUGE,
        "{" * HUGE,
    )
    return _with(text, chosen(rng, inside), rng) if rng.random() < 0.6 else chosen(rng, outside)


def _twice(text: str, rng: Rng) -> str:
    """Keys that stand twice."""
    key, value = chosen(rng, PATHS), chosen(rng, RAW)
    opening, _, rest = text.partition("{")
    return f'{opening}{{"{key}": {value}, "{key}": {chosen(rng, RAW)}, {rest}'


def _other_type(text: str, rng: Rng) -> str:
    """The whole answer, or what is on the way to a value, is no object."""
    if rng.random() < 0.5:
        return chosen(rng, RAW)
    document = _document(text)
    if isinstance(document, dict):
        key = chosen(rng, list(document))
        value = document[key]
        others: Sequence[Node] = ([value], [[value]], str(value), {key: value})
        document[key] = chosen(rng, others)
    return json.dumps(document)


def _fenced(text: str, rng: Rng) -> str:
    return chosen(rng, FENCES).replace("{}", text)


def _bytes(text: str, rng: Rng) -> str:
    return spoilt(text.encode(), rng).decode("utf-8", "replace")


def _token(text: str, rng: Rng) -> str:
    """No JSON, or JSON with something before or after it."""
    token = chosen(rng, TOKENS).decode("utf-8", "replace")
    return chosen(rng, (token, token + text, text + token, json.dumps(dict.fromkeys(PATHS, token))))


def _cut(text: str, rng: Rng) -> str:
    return text[: int(rng.integers(len(text) + 1))]


def _with(text: str, value: str, rng: Rng) -> str:
    """The answer with `value` as it is written in the place of one of its values, wherever that is."""
    mark = "(here)"
    document = _document(text)
    holder = document
    if isinstance(document, dict):
        inner = [each for each in document.values() if isinstance(each, dict)]
        holder = chosen(rng, [document, *inner])
    if isinstance(holder, dict) and holder:
        holder[chosen(rng, list(holder))] = mark
    return json.dumps(document).replace(json.dumps(mark), value)


def _document(text: str) -> Node:
    found: Node = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return found


_CHANGES: Final[Sequence[Callable[[str, Rng], str]]] = (
    _values,
    _values,
    _values,
    _raw,
    _raw,
    _raw,
    _deep,
    _huge,
    _twice,
    _other_type,
    _fenced,
    _bytes,
    _bytes,
    _token,
    _cut,
)
