"""`icp.yaml`: the ICP as one file that people read and programs check, with the version that it is of.

Its JSON Schema is docs/icp.schema.json, made from `DefinitionFile` by

    python -c "from icp_ml.serve.exports.definition_file import json_schema; print(json_schema(), end='')"
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

import yaml
from pydantic import Field, ValidationError

from icp_ml.deals.policy import ActionsSettings, TierActions
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.errors import InputError
from icp_ml.profile.definition import Assumed, Breadth, Criterion, Definition, LeftOut, Match, PointsScorecard, Proposal
from icp_ml.profile.records import Interval, Record
from icp_ml.profile.tiering import Policy
from icp_ml.serve.exports.stamp import Exported, TierStart, stamp_lines

NAME: Final = "icp.yaml"
FORMAT: Final = 1
_READABLE: Final = (
    "The Ideal Customer Profile.",
    "A company matches where it meets at least match.least of the criteria, is not known to miss a boundary, and hits",
    "no exclusion. What is not known about it meets no criterion, and neither puts it outside nor excludes it.",
    "Ages are in years. Win rates and gaps stand with their 95 % interval. Proposals count once approved.",
)
_EXACT: Final = frozenset({"over", "at_least", "under", "at_most", "score_from"})
"""Numbers that decide something. All others are figures, and stand with `_DECIMALS`; the bundle has them in full."""
_DECIMALS: Final = 4
_FIRST: Final = ("name", "attribute")
_LINE: Final = 120
_WHOLE_BELOW: Final = 1e15
"""Doubles below it that are whole are written without a point, and read back as the same."""


class VersionRecord(Record):
    """Which version of which model this is. made: ISO date and time. deals_until: ISO day, None where not known."""

    name: str
    version: int
    content_hash: str
    made: str
    deals_until: str | None = None


class TierRecord(Record):
    """A tier of the model; `TierStart` says what its fields are."""

    label: str
    score_from: float
    probability_from: float | None = None


class DefinitionFile(Record):
    """What stands in icp.yaml. format: of this file. actions: by tier, one text or one for each quadrant."""

    format: int = Field(ge=FORMAT, le=FORMAT)
    icp: VersionRecord
    target: str
    deals: int
    accounts: int
    win_rate: Interval
    breadth: Breadth
    breadth_sentence: str
    match: Match | None = None
    criteria: tuple[Criterion, ...]
    boundary: tuple[RuleSettings, ...] = ()
    exclusions: tuple[RuleSettings, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    points: PointsScorecard | None = None
    tiers: tuple[TierRecord, ...] = ()
    actions: dict[str, str | TierActions] = Field(default_factory=dict)
    assumed: Assumed | None = None

    def definition(self) -> Definition:
        """The definition, without what people decided and without what only a bundle needs."""
        return Definition(**{name: getattr(self, name) for name in _held()})

    def policy(self) -> Policy:
        """What people decided. Where known accounts stand is not in the file."""
        actions = {tier: done if isinstance(done, str) else done.model_dump() for tier, done in self.actions.items()}
        return Policy(
            actions=ActionsSettings.model_validate(actions), exclusions=self.exclusions, boundary=self.boundary
        )


def definition_file(exported: Exported) -> dict[str, bytes]:
    """The file by its name, UTF-8. Nothing that says nothing is written. Numbers that decide are exact."""
    document = _document(exported).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    head = "".join(f"# {line}\n" for line in (*_READABLE, *stamp_lines(exported)))
    body = yaml.dump(
        _plain(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_LINE, default_flow_style=False
    )
    return {NAME: f"{head}{body}".encode()}


def read_definition_file(content: bytes, name: str = NAME) -> DefinitionFile:
    """The file as records. name: what it is called, for errors.

    Raises `InputError` where it is not YAML of this format, saying the first place that differs.
    """
    try:
        return DefinitionFile.model_validate(yaml.safe_load(content.decode("utf-8")))
    except (UnicodeDecodeError, yaml.YAMLError):
        raise InputError(f"{name} was expected to be YAML in UTF-8, and it cannot be read; export it anew") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "its top level"
        raise InputError(
            f"{name} is not an ICP of format {FORMAT} at {place}: {first['msg']}; correct it, or export it anew"
        ) from None


def json_schema() -> str:
    """The JSON Schema of icp.yaml, ending in a line end."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **DefinitionFile.model_json_schema(by_alias=True),
        "title": "An Ideal Customer Profile",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _document(exported: Exported) -> DefinitionFile:
    definition, policy = exported.definition, exported.policy
    return DefinitionFile(
        format=FORMAT,
        icp=VersionRecord(
            name=exported.name,
            version=exported.version,
            content_hash=exported.content_hash,
            made=exported.created,
            deals_until=exported.extracted,
        ),
        boundary=policy.boundary,
        exclusions=policy.exclusions,
        tiers=tuple(_tier(each) for each in exported.tiers),
        actions=dict(_actions(policy.actions)),
        **{name: getattr(definition, name) for name in _held()},
    )


def _held() -> Iterator[str]:
    """The fields of a definition that the file has too."""
    yield from (name for name in Definition.model_fields if name in DefinitionFile.model_fields)


def _tier(tier: TierStart) -> TierRecord:
    return TierRecord(label=tier.label, score_from=tier.score_from, probability_from=tier.probability_from)


def _actions(actions: ActionsSettings) -> Iterator[tuple[str, str | TierActions]]:
    """What is done in each tier; one text where it is the same in every quadrant."""
    for name, field in ActionsSettings.model_fields.items():
        done: TierActions = getattr(actions, name)
        texts = set(done.model_dump().values())
        yield field.alias or name, texts.pop() if len(texts) == 1 else done


def _plain(value: object, key: str = "") -> object:
    """The same as people write it: what a thing is called first, figures rounded, whole numbers without a point."""
    if isinstance(value, Mapping):
        ordered = sorted(value, key=lambda each: _FIRST.index(each) if each in _FIRST else len(_FIRST))
        return {each: _plain(value[each], each) for each in ordered}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, float):
        return value
    written = value if key in _EXACT else round(value, _DECIMALS)
    return int(written) if written.is_integer() and abs(written) < _WHOLE_BELOW else written


class _Dumper(yaml.SafeDumper):
    """Block style with list items indented; an interval stands on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002 - PyYAML's own signature
        super().increase_indent(flow, indentless=False)


_INTERVAL: Final = tuple(Interval.model_fields)


def _mapping(dumper: _Dumper, value: dict[str, object]) -> yaml.MappingNode:
    flow = tuple(value) == _INTERVAL
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=flow)


_Dumper.add_representer(dict, _mapping)
