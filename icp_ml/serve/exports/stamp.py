"""What is exported, and the stamp by which every exported file says which version it is of.

icp 3 of icp, content hash 5f2c..., made 2025-06-30T09:00:00+00:00
learned from deals up to 2025-06-30
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.profile.definition import Definition
from icp_ml.profile.tiering import Policy

_STAMP: Final = re.compile(
    r"icp (?P<version>\d+) of (?P<name>[a-z0-9][a-z0-9_-]*), "
    r"content hash (?P<hash>[0-9a-f]+), made (?P<made>[0-9T:.+Z-]+)"
)


@dataclass(frozen=True)
class TierStart:
    """A tier of the model. score_from: the score, 0 to 100, at which it starts; the lowest one starts at 0.

    probability_from: the same as a probability, at the level that the bundle states; None for the lowest tier.
    """

    label: str
    score_from: float
    probability_from: float | None


@dataclass(frozen=True)
class Exported:
    """The ICP of one version of a model, with all that a format may need.

    attributes: those the model was trained with, as declared. prospects: how a list is read; its `map` leads from a
    column of the list to the source column of an attribute. created: ISO date and time. extracted: the ISO day to which
    the deals reach. tiers: best first.
    """

    definition: Definition
    policy: Policy
    attributes: tuple[Attribute, ...]
    prospects: ProspectsSettings
    name: str
    version: int
    content_hash: str
    created: str
    extracted: str | None = None
    tiers: tuple[TierStart, ...] = ()


@dataclass(frozen=True)
class Stamp:
    """Which version of which model a file was made of."""

    name: str
    version: int
    content_hash: str
    created: str


def stamp_lines(exported: Exported) -> tuple[str, ...]:
    """The lines of the stamp, without the signs of a comment. The first one alone is enough for `read_stamp`."""
    until = () if exported.extracted is None else (f"learned from deals up to {exported.extracted}",)
    return (stamp_line(stamp_of(exported)), *until)


def stamp_line(stamp: Stamp) -> str:
    """The line that `read_stamp` finds."""
    return f"icp {stamp.version} of {stamp.name}, content hash {stamp.content_hash}, made {stamp.created}"


def stamp_of(exported: Exported) -> Stamp:
    """What `read_stamp` finds in a file made of `exported`."""
    return Stamp(exported.name, exported.version, exported.content_hash, exported.created)


def read_stamp(text: str) -> Stamp | None:
    """The first stamp in a text, None where there is none."""
    found = _STAMP.search(text)
    return None if found is None else Stamp(found["name"], int(found["version"]), found["hash"], found["made"])
