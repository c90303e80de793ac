"""What a peer has to know to score with a bundle's model without icp-ml: plain values, read from one JSON file.

The standard library alone, so that a peer's own environment can read it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

Json: TypeAlias = Any
"""What the standard library reads from a JSON file; a wrong key does not fit the records below."""
RECIPE: Final = "recipe.json"
TREES: Final = "trees.txt"


@dataclass(frozen=True)
class RecipeColumn:
    """One column. kind: number, category or flag. levels: of a category, from code 2 on; 0 is missing and 1 is other.

    fill: in place of a gap, None where gaps stay. thresholds, points: the scorecard, centred; points by bin (of the
    thresholds strictly below a value), then missing; or by code. labels: the words of each bin or code.
    """

    name: str
    kind: str
    layer: str
    axis: str
    levels: tuple[str, ...]
    fill: float | None
    thresholds: tuple[float, ...]
    points: tuple[float, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Recipe:
    """A model of two members. scorecard_base, trees_base: mean log-odds of each. weights: of scorecard and trees.

    base_rate, shift: of the stack. anchor: added for the probability alone. knots, scores: the score between them,
    rising. bounds, tiers: falling lower bounds of the tiers but the last. actions: text by tier, then by quadrant.
    quadrants: texts of both high, fit alone, intent alone, neither. parts: names of the sub-scores.
    """

    id: str
    columns: tuple[RecipeColumn, ...]
    weights: tuple[float, float]
    scorecard_base: float
    trees_base: float
    base_rate: float
    shift: float
    anchor: float
    knots: tuple[float, ...]
    scores: tuple[float, ...]
    bounds: tuple[float, ...]
    tiers: tuple[str, ...]
    actions: tuple[tuple[str, ...], ...]
    quadrants: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def base(self) -> float:
        """Mean log-odds of the whole."""
        members = (self.scorecard_base, self.trees_base)
        weighed = sum(w * (z - self.base_rate) for w, z in zip(self.weights, members, strict=True))
        return self.base_rate + self.shift + weighed

    def names(self, kind: str) -> list[str]:
        """The columns of a kind."""
        return [column.name for column in self.columns if column.kind == kind]


def write_recipe(recipe: Recipe, folder: Path) -> None:
    """Write it into `folder`."""
    (folder / RECIPE).write_text(json.dumps(asdict(recipe)), encoding="utf-8")


def read_recipe(folder: Path) -> Recipe:
    """The recipe in `folder`."""
    document = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
    columns = tuple(RecipeColumn(**_frozen(column)) for column in document.pop("columns"))
    return Recipe(columns=columns, **_frozen(document))


def _frozen(document: dict[str, Json]) -> dict[str, Json]:
    return {name: _tuples(value) for name, value in document.items()}


def _tuples(value: Json) -> Json:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
