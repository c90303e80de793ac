"""What people assemble: pandas, the booster, `shap.TreeExplainer`, and reasons row by row with `DataFrame.apply`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import lightgbm as lgb
import numpy as np
import pandas as pd
import shap

from benchmarks.bench_score.recipe import TREES, Recipe, RecipeColumn, read_recipe
from benchmarks.bench_score.stopwatch import Stopwatch

Cell: TypeAlias = Any
"""What pandas holds in a cell: a text, a number, a truth value, or one of its ways to say that there is none."""

REASONS = 3
SMALLEST = 1e-9


def score(folder: Path, source: Path, out: Path, threads: int, watch: Stopwatch) -> None:
    """Score the list `source` with the model in `folder`."""
    recipe = read_recipe(folder)
    booster = lgb.Booster(model_file=str(folder / TREES))
    with watch.stage("read"):
        frame = pd.read_parquet(source)
    with watch.stage("encode"):
        encoded = pd.DataFrame({column.name: _encoded(frame[column.name], column) for column in recipe.columns})
        points = pd.DataFrame({column.name: _points(encoded[column.name], column) for column in recipe.columns})
    with watch.stage("predict"):
        on_card = recipe.scorecard_base + points.sum(axis=1)
        on_trees = np.asarray(booster.predict(encoded, raw_score=True, num_threads=threads))
    with watch.stage("contributions"):
        values = np.asarray(shap.TreeExplainer(booster).shap_values(encoded))
    effects = recipe.weights[0] * points + recipe.weights[1] * values
    with watch.stage("tiers"):
        log_odds = (
            recipe.base_rate
            + recipe.shift
            + recipe.weights[0] * (on_card - recipe.base_rate)
            + recipe.weights[1] * (on_trees - recipe.base_rate)
        )
        result = _tiers(recipe, frame[recipe.id], log_odds, effects)
    with watch.stage("reasons"):
        said = partial(_reasons_of, frame=frame, columns=recipe.columns)
        result[_reason_names()] = effects.apply(said, axis=1, result_type="expand")
        result["attributes_missing"] = frame[[column.name for column in recipe.columns]].isna().sum(axis=1)
        result["status"] = result["attributes_missing"].apply(_status, of=len(recipe.columns))
    with watch.stage("write"):
        result.to_parquet(out, index=False)


def _reason_names() -> list[str]:
    ranks = [f"reason_{side}_{rank}" for side in ("for", "against") for rank in range(1, REASONS + 1)]
    return [name for rank in ranks for name in (rank, f"{rank}_effect")]


def _encoded(series: pd.Series, column: RecipeColumn) -> pd.Series:
    if column.kind == "category":
        codes = {level: code for code, level in enumerate(column.levels, 2)}
        return series.astype(object).map(codes).fillna(1.0).where(series.notna(), 0.0)
    numbers = series.astype(float)
    return numbers if column.fill is None else numbers.fillna(column.fill)


def _points(encoded: pd.Series, column: RecipeColumn) -> pd.Series:
    if column.kind == "category":
        return encoded.map(dict(enumerate(column.points)))
    bins = np.searchsorted(np.array(column.thresholds), encoded.to_numpy(), side="left")
    places = np.where(encoded.isna(), len(column.thresholds) + 1, bins)
    return pd.Series(np.array(column.points)[places], index=encoded.index)


def _tiers(recipe: Recipe, ids: pd.Series, log_odds: pd.Series, effects: pd.DataFrame) -> pd.DataFrame:
    result = pd.DataFrame({recipe.id: ids})
    result["tier"] = log_odds.apply(_tier, recipe=recipe)
    result["score"] = np.interp(log_odds, recipe.knots, recipe.scores)
    gained = result["score"] - np.interp(recipe.base, recipe.knots, recipe.scores)
    by_axis = {axis: effects[_of(recipe, axis)].sum(axis=1) for axis in ("fit", "intent")}
    quadrant = 2 * (by_axis["fit"] < 0).astype(int) + (by_axis["intent"] < 0).astype(int)
    place = result["tier"].map({label: place for place, label in enumerate(recipe.tiers)})
    result["action"] = [recipe.actions[tier][each] for tier, each in zip(place, quadrant, strict=True)]
    result["quadrant"] = quadrant.map(dict(enumerate(recipe.quadrants)))
    result["probability"] = 1 / (1 + np.exp(-(log_odds + recipe.anchor)))
    result["log_odds"] = log_odds
    for part in recipe.parts:
        result[f"score_{part}"] = effects[_of(recipe, part)].sum(axis=1) * gained / (log_odds - recipe.base)
    return result


def _of(recipe: Recipe, part: str) -> list[str]:
    return [column.name for column in recipe.columns if part in (column.layer, column.axis)]


def _tier(log_odds: float, recipe: Recipe) -> str:
    for bound, tier in zip(recipe.bounds, recipe.tiers, strict=False):
        if log_odds >= bound:
            return tier
    return recipe.tiers[-1]


def _reasons_of(effects: pd.Series, frame: pd.DataFrame, columns: tuple[RecipeColumn, ...]) -> list[str | float | None]:
    """Words and effect of the strongest, for the row and then against it."""
    found: list[str | float | None] = []
    for sign in (1.0, -1.0):
        values = sign * effects.to_numpy()
        for place in np.argsort(-values, kind="stable")[:REASONS]:
            if values[place] > SMALLEST:
                column = columns[place]
                found += [_words(frame.at[effects.name, column.name], column), sign * float(values[place])]
            else:
                found += [None, None]
    return found


def _words(value: Cell, column: RecipeColumn) -> str:
    if bool(pd.isna(value)):
        return column.labels[0 if column.kind == "category" else -1]
    if column.kind == "category":
        return column.labels[column.levels.index(str(value)) + 2 if value in column.levels else 1]
    return column.labels[int(np.searchsorted(column.thresholds, [float(value)], side="left")[0])]


def _status(missing: int, of: int) -> str:
    return f"scored with {missing} of {of} attributes missing" if missing else "scored"
