"""The way by which MLflow's own tools open a bundle: a loader module, so that nothing is pickled and nothing runs.

    mlflow models serve -m models:/icp@champion --env-manager local
    mlflow.pyfunc.load_model("models:/icp@champion").predict(frame, params={"as_of": "2025-06-30"})

MLflow itself is not imported here: it imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from icp_ml.errors import ConfigError
from icp_ml.serve.list_scorer import REASONS
from icp_ml.serve.loading import AnyScorer, load
from icp_ml.serve.lookalike_scoring import RESEMBLANCE, LookalikeScorer
from icp_ml.serve.outgoing import PROBABILITY
from icp_ml.serve.scoring import Scorer

AS_OF: Final = "as_of"
HOW_MANY: Final = "reasons"
SCORE: Final = "score"
DEFAULTS: Final[Mapping[str, str | int]] = {AS_OF: "", HOW_MANY: REASONS}
"""The parameters of a request and what they are unless they are given. An empty as_of is none."""

ColumnType = Literal["double", "string"]


@dataclass(frozen=True)
class ServedModel:
    """A bundle as MLflow calls it."""

    scorer: AnyScorer

    def predict(self, model_input: pd.DataFrame, params: Mapping[str, object] | None = None) -> pd.DataFrame:
        """The columns of `ListScorer.score`, `main_column` first, one row for each row of `model_input`.

        params: `as_of`, the ISO day to which ages count, required where the model uses a date or year; `reasons`,
        how many for and against. Texts are plain texts. A text or an effect that is not there is None, so that it is
        null in a reply; a probability or resemblance, its log-odds and a scorecard's score are always floats, NaN where
        a row is not scored.

        Raises `ConfigError` for a parameter that cannot be used, `InputError` where no attribute's column is there.
        """
        given = {**DEFAULTS, **(params or {})}
        scored = self.scorer.score(model_input, as_of=_day(given[AS_OF]), reasons=_count(given[HOW_MANY]))
        main = main_column(self.scorer)
        first = [main, *(name for name in scored.columns if name != main)]
        return pd.DataFrame({name: _plain(scored[name], main) for name in first}, index=scored.index)


def _load_pyfunc(data_path: str) -> ServedModel:
    """What MLflow calls. data_path: the bundle folder. Raises as `load` does."""
    return ServedModel(load(Path(data_path)))


def main_column(scorer: AnyScorer) -> str:
    """The column that other tools look for: the probability, or the resemblance or score of a model that has none."""
    if isinstance(scorer, LookalikeScorer):
        return RESEMBLANCE
    return PROBABILITY if isinstance(scorer, Scorer) else SCORE


def input_columns(scorer: AnyScorer) -> dict[str, ColumnType]:
    """The columns that a request may hold, each with its type: a number is a double, all else is a string.

    They are the columns of the attributes that the model uses, the names that the bundle's map gives them, and the id.
    """
    types: dict[str, ColumnType] = {column: "string" for each in scorer.attributes for column in each.columns}
    types |= {each.column: "double" for each in scorer.attributes if each.kind == "number" and each.answer is None}
    settings = scorer.bundle.prospects
    mapped = {name: types[column] for name, column in settings.map.items() if column in types}
    ids = [] if settings.id is None else [name for name, to in settings.map.items() if to == settings.id]
    named: dict[str, ColumnType] = dict.fromkeys([*ids, *([settings.id] if settings.id else [])], "string")
    return {**named, **types, **mapped}


def _day(value: object) -> date | None:
    if value == "" or value is None:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ConfigError(
            f"the parameter as_of was expected to be a day such as 2025-06-30, and it is '{value}'"
        ) from None


def _count(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise ConfigError(f"the parameter reasons was expected to be a whole number, and it is '{value}'") from None


def _plain(column: pd.Series, main: str) -> pd.Series:
    if column.name in (main, "log_odds") or column.dtype.kind in "iu":
        return column
    texts = column.astype(object)
    return texts.where(texts.notna(), None)
