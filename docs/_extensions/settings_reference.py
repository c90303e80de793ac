"""Writes `reference/configuration.md`: every key of a configuration, from the settings that read it.

A class of settings becomes a section: its docstring, then a row for each key with its type, its default, and what
values it takes. Nothing is written by hand, so that no key is missing and none is told that does not exist.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sphinx.application import Sphinx

from icp_ml.deals.lookalikes import LookalikeSettings
from icp_ml.deals.weighted_settings import WeightedSettings
from icp_training.config import Config

PAGE = "reference/configuration.md"
GLOSSARY = "reference/glossary.md"
"""A copy of the project's, which lies above the documentation's folder."""
ROOTS: tuple[type[BaseModel], ...] = (Config, WeightedSettings, LookalikeSettings)


def page() -> str:
    """The whole page."""
    lines = [
        "# The configuration, key by key",
        "",
        "Written from the settings themselves when the documentation is built. A key that does not exist is refused",
        "with the nearest one that does.",
    ]
    for each in classes():
        lines += ["", f"## {each.__name__}", "", *docstring(each), "", "| key | type | default |", "|---|---|---|"]
        lines += [row(name, field) for name, field in each.model_fields.items()]
    return "\n".join(lines) + "\n"


def classes() -> list[type[BaseModel]]:
    """The settings that a configuration can hold, each after the one that holds it first."""
    found: dict[type[BaseModel], None] = {}
    waiting = list(ROOTS)
    while waiting:
        each = waiting.pop(0)
        if each not in found:
            found[each] = None
            waiting += [inner for field in each.model_fields.values() for inner in _models_in(field.annotation)]
    return list(found)


def docstring(each: type[BaseModel]) -> list[str]:
    """What the class says of itself, as paragraphs; its names in other code are no links."""
    text = inspect.cleandoc(each.__doc__ or "")
    return text.replace("<", "&lt;").splitlines()


def row(name: str, field: FieldInfo) -> str:
    """A key with its alias, where a file writes it so, its type, and its default."""
    written = field.alias if isinstance(field.alias, str) else name
    return f"| `{written}` | {_cell(type_words(field.annotation))} | {_cell(_default(field))} |"


def type_words(annotation: Any) -> str:
    """A type as a person would say it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_words(inner[0])
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(type_words(each) for each in inner if each is not type(None)))
    return _plain_words(annotation) if origin is None else _holder_words(origin, inner)


def _holder_words(origin: object, inner: tuple[Any, ...]) -> str:
    """Of what holds others: several of a kind, or one for each name."""
    if origin in (tuple, list, frozenset, set):
        return f"list of {type_words(inner[0])}" if inner else "list"
    return f"mapping to {type_words(inner[-1])}"


def _plain_words(annotation: Any) -> str:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    names = {str: "text", int: "whole number", float: "number", bool: "yes or no"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True)
    if value is None or value == ():
        return "none"
    if isinstance(value, BaseModel):
        return "the defaults below"
    return f"`{'yes' if value is True else 'no' if value is False else value}`"


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _write(app: Sphinx) -> None:
    docs = Path(app.srcdir)
    glossary = (docs.parent / "GLOSSARY.md").read_text(encoding="utf-8")
    for name, made in ((PAGE, page()), (GLOSSARY, glossary)):
        place = docs / name
        place.parent.mkdir(exist_ok=True)
        if not place.exists() or place.read_text(encoding="utf-8") != made:
            place.write_text(made, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True}
