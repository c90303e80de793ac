"""A YAML file that a person wrote, as plain values. What is in it is checked elsewhere, by `parse_settings`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Final

import yaml

from icp_ml.deals.words import suggestion
from icp_ml.errors import ConfigError

_FLAG, _TEXT = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:str"

MOST_CHARACTERS: Final = 200_000
"""Of a file; we chose it. It is a hundred times our examples, and takes seconds to read."""
MOST_VALUES: Final = 100_000
"""Values of a file once every alias is written out; we chose it. Ten lines of aliases can stand for ten billion."""
DEEPEST: Final = 50
"""Lists and mappings within one another; we chose it."""
_UNREADABLE: Final = (ValueError, AttributeError, KeyError, IndexError, OverflowError)
"""What PyYAML raises for a value that is not what its tag or its look says, such as `!!bool x`."""


class _EachKeyOnce(yaml.SafeLoader):
    """YAML without tags, in which a key that stands twice is a mistake and not a silent replacement.

    A key is a text as it is written: `on`, `no` (Norway) and the like are not true or false there.
    """

    def construct_document(self, node: yaml.Node) -> object:
        _check_extent(node)
        return super().construct_document(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:  # noqa: FBT001, FBT002 - PyYAML's own signature
        keys = [key for key, _ in node.value] if node.id == "mapping" else []  # !!set leads a list here
        _check_keys(keys)
        for key in keys:
            if key.tag == _FLAG:
                key.tag = _TEXT
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:  # noqa: FBT001, FBT002 - as above
        if not isinstance(node, yaml.ScalarNode):
            return super().construct_object(node, deep=deep)
        try:
            node.value.encode()
            return super().construct_object(node, deep=deep)
        except UnicodeEncodeError:
            raise ConfigError(
                f"expected text, found half of a character ('{node.value}') at line {node.start_mark.line + 1}; write "
                "the whole character"
            ) from None
        except _UNREADABLE:
            raise ConfigError(
                f"expected a date or number that exists, found '{node.value}' at line {node.start_mark.line + 1}; "
                "correct it"
            ) from None


def _check_keys(keys: Sequence[yaml.Node]) -> None:
    """A key is a word or a number, and stands once."""
    before: set[str] = set()
    for key in keys:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"expected a word as a key, found a list or a mapping at line {line}; write a word there")
        if key.value in before:
            raise ConfigError(f"the key '{key.value}' stands twice, again at line {line}; keep one of them")
        before.add(key.value)


def _check_extent(root: yaml.Node) -> None:
    """Raise `ConfigError` where the values are too many or too deep once every alias is written out.

    Each node is visited once, whatever points to it; one within itself has no end.
    """
    extents: dict[int, tuple[int, int]] = {}

    def extent(node: yaml.Node) -> tuple[int, int]:
        """Values and depth."""
        if isinstance(node, yaml.ScalarNode):
            return 1, 0
        if id(node) not in extents:
            extents[id(node)] = (1, DEEPEST + 1)  # what is met again on its own way down is within itself
            found = [extent(inner) for inner in _inner(node)]
            extents[id(node)] = (
                1 + sum(values for values, _ in found),
                1 + max((deep for _, deep in found), default=0),
            )
        return extents[id(node)]

    values, depth = extent(root)
    if values > MOST_VALUES:
        raise ConfigError(
            f"expected at most {MOST_VALUES:,} values, found {values:,} once every alias is written out; write fewer"
        )
    if depth > DEEPEST:
        raise _too_deep()


def _inner(node: yaml.Node) -> Sequence[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [inner for pair in node.value for inner in pair]
    return list(node.value)


def _too_deep() -> ConfigError:
    return ConfigError(
        f"expected at most {DEEPEST} lists and mappings within one another, found more, or one that holds itself; "
        "write them less deep"
    )


def parse_yaml(text: str) -> object:
    """What stands in a text.

    Raises `yaml.YAMLError`; `ConfigError` for a key twice, a day that does not exist, and what is too long or too deep.
    """
    if len(text) > MOST_CHARACTERS:
        raise ConfigError(f"expected at most {MOST_CHARACTERS:,} characters of YAML, found {len(text):,}; write less")
    try:
        return yaml.load(text, Loader=_EachKeyOnce)
    except RecursionError:
        raise _too_deep() from None


def read_yaml(path: Path, what: str, keys: str, start: str = "write some") -> dict[str, object]:
    """The keys and values of a YAML file.

    what: what the file is, as in "a configuration file". keys: some that it may have, for the error. start: how one
    comes by such a file. Raises `ConfigError`: not there, not YAML, a key twice, or no keys at all.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        there = [found.name for found in path.parent.glob("*.y*ml")]
        raise ConfigError(f"expected {what} at {path}, found none; {suggestion(path.name, there)} ({start})") from None
    except IsADirectoryError:
        raise ConfigError(f"expected {what} at {path}, found a folder; name the file in it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as UTF-8 text ({error}); save it again as UTF-8") from None
    try:
        written = parse_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path} is not valid YAML{place}; check indentation, colons and quotes there") from None
    if not isinstance(written, dict):
        raise ConfigError(f"{path}: expected keys such as {keys}, found none; {start}")
    return {str(key): value for key, value in written.items()}
