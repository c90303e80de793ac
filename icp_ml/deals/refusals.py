"""From a validator's findings about a configuration to the one sentence that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from icp_ml.deals.words import nearest, suggestion
from icp_ml.errors import ConfigError

_LONGEST_SHOWN = 60  # characters of a wrong value that a sentence can carry


def config_error(model_class: type[BaseModel], error: ValidationError) -> ConfigError:
    """The first mistake as one sentence, and how many more there are."""
    found = sorted(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
    others = len(found) - 1
    more = f" ({others} more after this one)" if others else ""
    return ConfigError(_sentence(model_class, found[0]) + more)


def _sentence(model_class: type[BaseModel], detail: ErrorDetails) -> str:
    place = _dotted(detail["loc"])
    if detail["type"] == "extra_forbidden":
        known = _known_keys(model_class, detail["loc"][:-1])
        return f"{place} is not a known key; {suggestion(str(detail['loc'][-1]), known)}"
    if detail["type"] == "missing":
        return f"{place} is required and was not found; add it to the configuration"
    if detail["type"] == "value_error":
        return f"{place}: {detail['msg'].removeprefix('Value error, ')}; correct it"
    return f"{place}: expected {_expected(detail)}, found {_shown(detail['input'])}{_fix(detail)}"


def _dotted(place: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in place if not _is_mark(part)) or "the configuration"


def _is_mark(part: int | str) -> bool:
    """What the validator adds to a place: that a key is meant, or which of several forms."""
    return isinstance(part, str) and part.startswith("[")


def _expected(detail: ErrorDetails) -> str:
    if detail["type"] == "literal_error":
        return str(detail.get("ctx", {}).get("expected", "another value"))
    if detail["type"].startswith("date"):
        return "a date such as 2024-12-31"
    if detail["type"] in ("model_type", "dict_type", "model_attributes_type"):
        return "keys and values"
    text = detail["msg"].removeprefix("Input should be ").removeprefix("Value should ")
    return text[:1].lower() + text[1:]


def _fix(detail: ErrorDetails) -> str:
    if isinstance(detail["input"], bool):
        return "; where a word is meant, put it in quotes"
    if detail["type"] != "literal_error":
        return "; correct it"
    choices = str(detail.get("ctx", {}).get("expected", "")).replace(" or ", ", ").split(", ")
    near = nearest(str(detail["input"]), [choice.strip("'") for choice in choices])
    return f"; did you mean '{near}'?" if near else "; choose one of these"


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _known_keys(model_class: type[BaseModel], place: Sequence[int | str]) -> list[str]:
    """The keys that are valid at a place, found by walking the declared types."""
    here: object = model_class
    for part in place:
        here = here if _is_mark(part) else _step(here, part)
    found = _as_model(here)
    return [field.alias or name for name, field in found.model_fields.items()] if found else []


def _step(annotation: object, part: int | str) -> object:
    found = _as_model(annotation)
    if found is not None:
        fields = {field.alias or name: field.annotation for name, field in found.model_fields.items()}
        return fields.get(str(part))
    for option in _options(annotation):
        arguments = get_args(option)
        if arguments and get_origin(option) in (dict, Mapping):
            return arguments[1]
        if arguments and get_origin(option) in (list, tuple):
            return arguments[0]
    return None


def _as_model(annotation: object) -> type[BaseModel] | None:
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _options(annotation: object) -> tuple[object, ...]:
    if get_origin(annotation) is Annotated:
        return _options(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(option for member in get_args(annotation) for option in _options(member))
    return (annotation,)
