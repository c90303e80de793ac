"""Answers that a web-reading agent gave as JSON in a column, and free phrases that stand for categories.

One column holds one JSON object a row; an attribute names the path of its own answer in it. Everything else in the
object, such as the reasons that the agent gave, is never read.

    AI Research: {"sales_motion": "Enterprise sales", "visible_trigger": null, "why": "has a sales team of 40"}

    sales motion: {kind: category, column: AI Research, answer: sales_motion, phrases: {sales-led: [enterprise sales]}}
        becomes "sales-led"
    trigger:      {kind: flag, column: AI Research, answer: visible_trigger}
        is missing

What is not JSON, or not an object, is unreadable in every attribute of the column; an answer with half of a character
in it is unreadable. A key that is not there, null, an empty text and the words of `NOT_ANSWERED` are missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from icp_ml.deals.texts import Column, Ints, Texts, Trouble, encode_texts, gather, trouble_of

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Phrases: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""Categories, each with the phrases that stand for it."""

OTHER = "(other)"
"""The category of a phrase that none is declared for. The vocabulary's level for what is rare or unseen."""

NOT_ANSWERED = ("", "unknown", "not known", "not found", "n/a", "na", "nan", "null", "-")
"""Texts by which an agent says that it does not know, whatever their case. We chose them; "none" is not among them,
because it answers the question which one is in use. An attribute's `missing` takes more."""

_LONGEST_EXAMPLE = 60  # characters of an answer that a sentence can carry
_FENCE = "```"
_FENCED = re.compile(r"```[ \t]*+(?:json)?+[^\S\n]*+\n", re.IGNORECASE)
"""How a block begins. Nothing is tried twice: a cell of blanks would be as many times as it is long."""
_HALF = re.compile("[\ud800-\udfff]")
"""Half of a character, which JSON can spell and no text can hold."""
_NO_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Documents:
    """codes: int32[n] into `objects`, -1 where nothing is written. objects: None where the text is no JSON object.

    trouble: the texts that are none.
    """

    codes: Ints
    objects: tuple[dict[str, Json] | None, ...]
    trouble: Trouble


@dataclass(frozen=True)
class ReadAnswers:
    """values: one a row, null where missing: texts, or lists of texts where those were asked for."""

    values: Column
    trouble: Trouble


@dataclass(frozen=True)
class Sorted:
    """codes: int32[n] into `levels`, -1 where missing. unmapped: the phrases that no category is declared for."""

    codes: Ints
    levels: tuple[str, ...]
    unmapped: Trouble


def read_documents(column: Column) -> Documents:
    """Parse each distinct text of a column once; a fenced block of JSON counts as what is inside its fence."""
    texts = encode_texts(column)
    objects = tuple(map(_object, texts.distinct))
    bad = np.array([each is None for each in objects], dtype=bool)
    shown = [_short(text) if wrong else "" for text, wrong in zip(texts.distinct, bad, strict=True)]
    trouble = trouble_of(Texts(texts.codes, shown), gather(bad, texts.codes, 0))
    return Documents(texts.codes, objects, trouble)


def _object(text: str) -> dict[str, Json] | None:
    try:
        value = _DECODER.decode(_unfenced(text))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _unfenced(text: str) -> str:
    """What is inside the first fenced block, else the whole text."""
    opening = _FENCED.search(text) if _FENCE in text else None
    end = -1 if opening is None else text.find(_FENCE, opening.end())
    return text if opening is None or end < 0 else text[opening.end() : end]


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def read_answers(documents: Documents, path: str, separator: str | None = None) -> ReadAnswers:
    """The answers at a path, for every row.

    path: keys from the outside in, with a dot between them. separator: what stands between the members of a set
    where one text lists them; None where a single value is expected, and then a list of several is unreadable.
    """
    found = _found(documents, path.split("."))
    read = [_answer(value, single=separator is None) for value in found.values]
    bad = np.array([answer is _UNREADABLE for answer in read], dtype=bool)
    kept = [None if answer is _UNREADABLE else answer for answer in read]
    if separator is None:
        pool = pa.array([None if each is None else each[0] for each in kept], pa.string())
    else:
        pool = pa.array([None if each is None else _members(each, separator) for each in kept], pa.list_(pa.string()))
    codes = gather(found.codes, documents.codes, -1)
    shown = [_short(json.dumps(value)) if wrong else "" for value, wrong in zip(found.values, bad, strict=True)]
    trouble = documents.trouble.and_then(trouble_of(Texts(codes, shown), gather(bad, codes, 0)))
    return ReadAnswers(pool.take(pa.array(codes, mask=codes < 0)), trouble)


_UNREADABLE: tuple[str, ...] = ("(unreadable)",)


@dataclass(frozen=True)
class _Found:
    """codes: int32, one for each object, into `values`, so that each distinct answer is looked at once; -1 for none."""

    codes: Ints
    values: list[Json]


def _found(documents: Documents, keys: Sequence[str]) -> _Found:
    place_of: dict[object, int] = {}
    values: list[Json] = []
    codes = np.full(len(documents.objects), -1, dtype=np.int32)
    for place, each in enumerate(documents.objects):
        value = _at(each, keys)
        if value is None:
            continue
        key = repr(value) if isinstance(value, list | dict) else (type(value), value)
        code = place_of.setdefault(key, len(values))
        if code == len(values):
            values.append(value)
        codes[place] = code
    return _Found(codes, values)


def _at(value: Json, keys: Sequence[str]) -> Json:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _answer(value: Json, *, single: bool) -> tuple[str, ...] | None:
    """The texts of an answer, None where there is none. An empty list of members says that there are none."""
    if isinstance(value, dict):
        return _UNREADABLE
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, dict | list) for item in items):
        return _UNREADABLE
    texts = tuple(text for text in map(_text, items) if text.casefold() not in NOT_ANSWERED)
    if any(_HALF.search(text) for text in texts):
        return _UNREADABLE
    if not texts:
        return () if not single and value == [] else None
    return _UNREADABLE if single and len(texts) > 1 else texts


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value)


def _members(texts: Iterable[str], separator: str) -> list[str]:
    return [member.strip() for text in texts for member in text.split(separator) if member.strip()]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_EXAMPLE else f"{text[:_LONGEST_EXAMPLE]}..."


def column_of(table: Column, column: str, path: str | None) -> Column:
    """A column of a table, or the single answers at a path in it."""
    found = table.column(column)
    return found if path is None else read_answers(read_documents(found), path).values


def answer_texts(table: Column, column: str, path: str) -> Column:
    """The answers at a path as texts, to tell rows apart by what was answered and not by how it was reasoned."""
    return read_answers(read_documents(table.column(column)), path, separator="\n").values


def sort_phrases(texts: Texts, phrases: Phrases) -> Sorted:
    """Each text as the category that it stands for, case and punctuation aside; `OTHER` where it fits none."""
    category_of = _category_of(phrases)
    meant = [category_of.get(_plain(text), OTHER) for text in texts.distinct]
    levels = sorted(set(meant))
    place_of = {level: place for place, level in enumerate(levels)}
    codes = gather(np.array([place_of[level] for level in meant], dtype=np.int32), texts.codes, -1)
    unmapped = gather(np.array([_plain(text) not in category_of for text in texts.distinct], bool), texts.codes, 0)
    shown = Texts(texts.codes, [_short(text) for text in texts.distinct])
    return Sorted(codes, tuple(levels), trouble_of(shown, unmapped))


def check_phrases(phrases: Mapping[str, Sequence[str]]) -> None:
    """Raise ValueError where a phrase holds no letter or digit, or stands for two categories."""
    seen: dict[str, str] = {}
    for category, named in phrases.items():
        for phrase in (category, *named):
            plain = _plain(phrase)
            if not plain:
                raise ValueError(f"expected phrases with letters or digits, found '{phrase}' under '{category}'")
            other = seen.setdefault(plain, category)
            if other != category:
                both = f"'{other}' and '{category}'"
                raise ValueError(f"expected '{phrase}' to stand for one category, found it under {both}")


def _category_of(phrases: Phrases) -> dict[str, str]:
    """A category's own name stands for it too, and so does the word "other"."""
    declared = {_plain(phrase): category for category, named in phrases for phrase in (category, *named)}
    return {_plain(OTHER): OTHER, **declared}


def _plain(text: str) -> str:
    return _NO_LETTERS.sub(" ", text.casefold()).strip()
