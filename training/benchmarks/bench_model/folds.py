"""Outer folds on disk: encoded once for each set and seed, read by every method.

.cache/bench-model/folds/<set>-<seed>-<hash of code>/
    plan.json               how the set is judged, and for each fold the hash of all that a method sees of it
    <fold>/ours.npz         encoded rows for icp-ml; vocabulary.json is their meaning
    <fold>/train.parquet    the same for peers: numbers with gaps, categories as texts; won, group, inner fold
    <fold>/test.parquet     without the outcome
    <fold>/columns.json     which columns are categories
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet
from pydantic import BaseModel

from benchmarks.bench_model.hand_weighted import hand_scores, scorecards_hash
from benchmarks.bench_model.places import CACHE
from benchmarks.bench_model.sets import SETS, BenchSet, data_hash
from icp_ml.deals.contract import DealTable
from icp_ml.deals.sufficiency import account_floor, check_floors
from icp_ml.deals.vocabulary import Vocabulary
from icp_ml.errors import TooFewDeals
from icp_ml.model.judgement import JudgementKind, plan_judgement
from icp_ml.model.splits import Fold, grouped_folds
from icp_ml.model.win_model import INNER_FOLDS, TrainingRows
from icp_training.evaluation import rows_to_learn_from

Floats = NDArray[np.float64]
Beside = Mapping[str, NDArray[np.int8] | NDArray[np.int64]]


class FoldPlan(BaseModel):
    """digest: of training rows, outcomes, groups and test rows; a cell of a method holds as long as it does. hand: that
    and the hand-weighted scores, for the cells of the scorecards.
    """

    digest: str
    hand: str
    train: int
    test: int


class Plan(BaseModel):
    """kind: how the set is judged. widening: see `Judgement.widening`. enough: whether `icp train` would not refuse for
    too few accounts of one outcome. deals, accounts: of the whole set. scorecards: hand-weighted ones that fit it.
    """

    kind: JudgementKind
    widening: float
    enough: bool
    deals: int
    accounts: int
    scorecards: list[str]
    folds: list[FoldPlan]


@dataclass(frozen=True)
class BenchFold:
    """What is on disk of one fold. hand: hand-weighted scores 0 to 100 by scorecard, of training and test rows."""

    data: TrainingRows
    test: Floats
    test_won: NDArray[np.int8]
    test_groups: NDArray[np.int64]
    hand: dict[str, tuple[Floats, Floats]]


def folder_of(name: str, seed: int) -> Path:
    """Where the folds of a set and seed are."""
    return CACHE / "folds" / f"{name}-{seed}-{data_hash()}-{scorecards_hash()}"


def prepared(name: str, seed: int) -> Plan:
    """The plan of a set and seed; folds are made where they are not there yet."""
    folder = folder_of(name, seed)
    if not (folder / "plan.json").exists():
        made = folder.with_suffix(".part")
        shutil.rmtree(made, ignore_errors=True)
        plan = _write_folds(SETS[name], seed, made)
        (made / "plan.json").write_text(plan.model_dump_json(indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    return Plan.model_validate_json((folder / "plan.json").read_text(encoding="utf-8"))


def all_prepared(wanted: Sequence[tuple[str, int]], workers: int) -> Iterator[tuple[tuple[str, int], Plan]]:
    """The plans of sets and seeds, made side by side where they are not there."""
    with ProcessPoolExecutor(workers) as pool:
        found = [(each, pool.submit(prepared, *each)) for each in wanted]
        for each, future in found:
            yield each, future.result()


def _write_folds(wanted: BenchSet, seed: int, folder: Path) -> Plan:
    deals = wanted.read(seed)
    judgement = plan_judgement(deals, seed)
    groups = deals.groups()
    scores = hand_scores(deals)
    folds = [
        _write_fold(deals, scores, fold, seed, folder / str(number)) for number, fold in enumerate(judgement.folds)
    ]
    return Plan(
        kind=judgement.kind,
        widening=judgement.widening,
        enough=_enough(deals),
        deals=len(deals.won),
        accounts=len(np.unique(groups)),
        scorecards=list(scores),
        folds=folds,
    )


def _enough(deals: DealTable) -> bool:
    try:
        check_floors(account_floor(deals.won, deals.accounts))
    except TooFewDeals:
        return False
    return True


def _write_fold(deals: DealTable, scores: dict[str, Floats], fold: Fold, seed: int, folder: Path) -> FoldPlan:
    folder.mkdir(parents=True)
    data = rows_to_learn_from(deals, fold.train)
    test = data.vocabulary.encode(deals.parsed.take(fold.test))
    hand_train, hand_test = (_side_by_side(scores, rows) for rows in (fold.train, fold.test))
    test_won, test_groups = deals.won[fold.test], deals.groups()[fold.test]
    np.savez(
        folder / "ours.npz",
        rows=data.rows,
        won=data.won,
        groups=data.groups,
        test=test,
        test_won=test_won,
        test_groups=test_groups,
        hand_names=np.array(list(scores), dtype=np.str_),
        hand_train=hand_train,
        hand_test=hand_test,
    )
    (folder / "vocabulary.json").write_text(json.dumps(data.vocabulary.to_json()), encoding="utf-8")
    write_for_peers(data, test, seed, folder)
    meaning = json.dumps(data.vocabulary.to_json(), sort_keys=True).encode()
    seen: Sequence[NDArray[np.generic]] = (data.rows, data.won, data.groups, test, test_won, test_groups)
    digest = _digest(meaning, seen)
    hand = _digest(digest.encode(), [hand_train, hand_test])
    return FoldPlan(digest=digest, hand=hand, train=len(fold.train), test=len(fold.test))


def _side_by_side(scores: Mapping[str, Floats], rows: NDArray[np.intp]) -> Floats:
    """(scorecards, rows)."""
    return np.array([values[rows] for values in scores.values()]).reshape(len(scores), len(rows))


def _digest(meaning: bytes, arrays: Sequence[NDArray[np.generic]]) -> str:
    digest = hashlib.sha256(meaning)
    for array in arrays:
        digest.update(str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def write_for_peers(data: TrainingRows, test: Floats, seed: int, folder: Path) -> None:
    """The files of a fold that peers read."""
    inner = np.empty(len(data.won), dtype=np.int64)
    for number, rows in enumerate(grouped_folds(data.groups, data.won, INNER_FOLDS, seed)):
        inner[rows] = number
    learnt: Beside = {"won": data.won, "group": data.groups, "inner": inner}
    parquet.write_table(_as_table(data.vocabulary, data.rows, learnt), folder / "train.parquet")
    parquet.write_table(_as_table(data.vocabulary, test, {}), folder / "test.parquet")
    kinds = {f"c{j}": "category" if c.is_category else "number" for j, c in enumerate(data.vocabulary.columns)}
    (folder / "columns.json").write_text(json.dumps(kinds), encoding="utf-8")


def _as_table(vocabulary: Vocabulary, rows: Floats, beside: Beside) -> pa.Table:
    columns: dict[str, pa.Array] = {}
    for j, column in enumerate(vocabulary.columns):
        if column.is_category:
            codes = pa.array(rows[:, j].astype(np.int32))
            columns[f"c{j}"] = pa.DictionaryArray.from_arrays(codes, pa.array(column.levels))
        else:
            columns[f"c{j}"] = pa.array(rows[:, j])
    return pa.table({**columns, **{name: pa.array(values) for name, values in beside.items()}})


def read_fold(folder: Path) -> BenchFold:
    """A fold from its folder."""
    vocabulary = Vocabulary.from_json(json.loads((folder / "vocabulary.json").read_text(encoding="utf-8")))
    with np.load(folder / "ours.npz") as file:
        arrays = dict(file)
    return BenchFold(
        data=TrainingRows(vocabulary, arrays["rows"], arrays["won"], arrays["groups"]),
        test=arrays["test"],
        test_won=arrays["test_won"],
        test_groups=arrays["test_groups"],
        hand={
            str(name): (arrays["hand_train"][at], arrays["hand_test"][at])
            for at, name in enumerate(arrays["hand_names"])
        },
    )


def read_judged(folder: Path) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Outcomes and account groups of a fold's test rows."""
    with np.load(folder / "ours.npz") as file:
        return file["test_won"], file["test_groups"]
