"""A YAML file that a person wrote, as plain values. What is in it is checked elsewhere, by `parse_settings`."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import yaml

from icp_ml.deals.words import suggestion
from icp_ml.errors import ConfigError

_FLAG, _TEXT = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:str"


class _EachKeyOnce(yaml.SafeLoader):
    """YAML without tags, in which a key that stands twice is a mistake and not a silent replacement.

    A key is a text as it is written: `on`, `no` (Norway) and the like are not true or false there.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:  # noqa: FBT001, FBT002 - PyYAML's own signature
        keys = [key for key, _ in node.value]
        earlier = [{key.value for key in keys[:place]} for place in range(len(keys))]
        twice = next((key for key, before in zip(keys, earlier, strict=True) if key.value in before), None)
        if twice is not None:
            raise ConfigError(
                f"the key '{twice.value}' stands twice, again at line {twice.start_mark.line + 1}; keep one of them"
            )
        for key in keys:
            if key.tag == _FLAG:
                key.tag = _TEXT
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:  # noqa: FBT001, FBT002 - as above
        try:
            return super().construct_object(node, deep=deep)
        except ValueError:
            raise ConfigError(
                f"expected a date or number that exists, found '{node.value}' at line {node.start_mark.line + 1}; "
                "correct it"
            ) from None


def parse_yaml(text: str) -> object:
    """What stands in a text. Raises `yaml.YAMLError`; `ConfigError` for a key twice, and a day that does not exist."""
    return yaml.load(text, Loader=_EachKeyOnce)


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
