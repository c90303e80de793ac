"""The model itself as files: features, scorecard, trees and stack, and back, with every shape checked.

What comes back has been proved to fit together: each column of the vocabulary has its attribute, its points
and its place in the trees. After this nothing about a bundle can go out of range.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import numpy as np
from pydantic import Field, FiniteFloat, TypeAdapter

from icp_ml.deals.attributes import Attribute, attribute_document
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.deals.vocabulary import FIRST_VALUE_CODE, ModelColumn, Vocabulary
from icp_ml.errors import BundleInvalid
from icp_ml.model.scorecard import ColumnPoints, Scorecard
from icp_ml.model.stack import HEAVIEST, Stack
from icp_ml.model.trees import Trees
from icp_ml.model.win_model import WinModel
from icp_ml.profile.records import Record
from icp_ml.serve.documents import checked, from_bytes, to_bytes
from icp_ml.serve.file_names import ANEW, FEATURES, SCORECARD, STACK, TREES
from icp_ml.serve.tree_text import check_tree_text

MEMBERS: Final = 2
"""Scorecard and trees: a stack of format 1 weighs these two, in this order."""

Finite = tuple[FiniteFloat, ...]


@dataclass(frozen=True)
class Features:
    """How raw values become the model's columns."""

    attributes: tuple[Attribute, ...]
    prospects: ProspectsSettings
    vocabulary: Vocabulary
    tables: DatedTables


class _FeaturesDocument(Record):
    attributes: tuple[Attribute, ...]
    prospects: ProspectsSettings
    vocabulary: object
    tables: DatedTables = DatedTables()


class _PointsDocument(Record):
    name: str
    thresholds: Finite
    points: Finite
    mean: FiniteFloat
    is_category: bool


class _ScorecardDocument(Record):
    base: FiniteFloat
    columns: tuple[_PointsDocument, ...]


class _StackDocument(Record):
    base_rate: FiniteFloat
    shift: FiniteFloat
    weights: Annotated[
        tuple[Annotated[float, Field(ge=0.0, le=HEAVIEST)], ...],
        Field(min_length=MEMBERS, max_length=MEMBERS),
    ]
    pull_to_base: Annotated[FiniteFloat, Field(ge=0.0)]
    anchor: FiniteFloat


_FEATURES_DOCUMENT: Final = TypeAdapter(_FeaturesDocument)
_SCORECARD_DOCUMENT: Final = TypeAdapter(_ScorecardDocument)
_STACK_DOCUMENT: Final = TypeAdapter(_StackDocument)


def model_to_files(
    model: WinModel, attributes: Sequence[Attribute], prospects: ProspectsSettings, tables: DatedTables
) -> dict[str, bytes]:
    """The four files that are the model, by name."""
    dated = tables.model_dump(mode="json", exclude_defaults=True)
    features = {
        "attributes": [attribute_document(attribute) for attribute in attributes],
        "prospects": prospects.model_dump(mode="json"),
        "vocabulary": model.vocabulary.to_json(),
    }
    return {
        FEATURES: to_bytes({**features, "tables": dated} if dated else features),
        SCORECARD: to_bytes(_scorecard_document(model)),
        TREES: model.trees.text.encode("utf-8"),
        STACK: to_bytes({**asdict(model.stack), "anchor": model.anchor}),
    }


def _scorecard_document(model: WinModel) -> dict[str, object]:
    pairs = zip(model.vocabulary.columns, model.scorecard.columns, strict=True)
    return {"base": model.scorecard.base, "columns": [_points_document(*pair) for pair in pairs]}


def _points_document(column: ModelColumn, points: ColumnPoints) -> dict[str, object]:
    return {
        "name": column.name,
        "thresholds": points.thresholds.tolist(),
        "points": points.points.tolist(),
        "mean": points.mean,
        "is_category": points.is_category,
    }


def read_features(content: bytes) -> Features:
    """`features.json` as attributes, settings and vocabulary that belong together; else `BundleInvalid`."""
    document = checked(_FEATURES_DOCUMENT, from_bytes(content, FEATURES), FEATURES)
    features = Features(
        document.attributes, document.prospects, Vocabulary.from_json(document.vocabulary), document.tables
    )
    kinds = {attribute.name: attribute.kind for attribute in features.attributes}
    _require(len(kinds) == len(features.attributes), FEATURES, "an attribute stands twice")
    _require(bool(features.vocabulary.columns), FEATURES, "the vocabulary has no column")
    for column in features.vocabulary.columns:
        _require(column.attribute in kinds, FEATURES, f"no attribute is declared for the column '{column.name}'")
        fits = _kind_fits(column, kinds[column.attribute])
        _require(fits, FEATURES, f"the column '{column.name}' does not fit the kind of its attribute")
    return features


def _kind_fits(column: ModelColumn, kind: str) -> bool:
    if column.is_category:
        return kind == "category" and len(column.levels) >= FIRST_VALUE_CODE
    if column.kind in ("member", "count"):
        return kind == "set"
    return kind not in ("category", "set")


def model_from_files(features: Features, content: Mapping[str, bytes]) -> WinModel:
    """The model of these files.

    Raises `BundleInvalid`, naming the file, where the shapes do not fit together.
    """
    columns = features.vocabulary.columns
    stack, anchor = _read_stack(content[STACK])
    return WinModel(
        vocabulary=features.vocabulary,
        scorecard=_read_scorecard(content[SCORECARD], columns),
        trees=_read_trees(content[TREES], len(columns)),
        stack=stack,
        anchor=anchor,
    )


def _read_scorecard(content: bytes, columns: Sequence[ModelColumn]) -> Scorecard:
    document = checked(_SCORECARD_DOCUMENT, from_bytes(content, SCORECARD), SCORECARD)
    names = [column.name for column in columns]
    _require(
        [points.name for points in document.columns] == names,
        SCORECARD,
        "its columns are not the vocabulary's",
    )
    return Scorecard(document.base, tuple(_read_points(*pair) for pair in zip(document.columns, columns, strict=True)))


def _read_points(document: _PointsDocument, column: ModelColumn) -> ColumnPoints:
    cuts = document.thresholds
    expected = len(column.levels) if column.is_category else len(cuts) + 2
    rising = all(a < b for a, b in itertools.pairwise(cuts))
    fits = (
        document.is_category == column.is_category
        and len(document.points) == expected
        and rising
        and not (column.is_category and cuts)
    )
    _require(fits, SCORECARD, f"cut points and points of '{column.name}' do not fit together")
    return ColumnPoints(
        np.array(cuts, dtype=np.float64), np.array(document.points), document.mean, document.is_category
    )


def _read_trees(content: bytes, columns: int) -> Trees:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise BundleInvalid(f"{TREES} of the bundle was expected to be UTF-8 text, and it is not; {ANEW}") from None
    check_tree_text(text, columns, TREES)
    return Trees(text)


def _read_stack(content: bytes) -> tuple[Stack, float]:
    """The stack, and the anchor of the probability."""
    document = checked(_STACK_DOCUMENT, from_bytes(content, STACK), STACK)
    stack = Stack(document.base_rate, document.shift, document.weights, document.pull_to_base)
    return stack, document.anchor


def _require(holds: object, file: str, otherwise: str) -> None:
    if not holds:
        raise BundleInvalid(f"{file} of the bundle cannot be used: {otherwise}; {ANEW}")
