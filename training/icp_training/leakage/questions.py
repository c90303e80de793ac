"""The verdicts on what a configuration names, and the questions that stand in the way of training.

A question is answered by the configuration itself:

    seats: number                          judged; where the verdict is ask or drop, training is refused
    seats: {kind: number, known: at_open}  answered: it was known when the deal opened
    seats: {kind: number, use: yes}        answered likewise
    seats: {kind: number, known: after}    answered: it was not, and is not learned from
    seats: {kind: number, use: no}         the safe answer; the question stays open, and `--strict` asks it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from icp_ml.deals.settings import AttributeSettings
from icp_ml.errors import LeakageQuestion
from icp_ml.profile.records import ColumnLeak
from icp_training.config import Config
from icp_training.leakage.records import ColumnVerdict
from icp_training.leakage.sources import judged_as, read_sources
from icp_training.leakage.verdicts import judge_columns

Place = Literal["in use", "left out", "not in the configuration", "outcome field", "the deal's own"]
SHOWN = 5
"""Columns that a refusal tells in full; a sentence with more is no longer read."""


@dataclass(frozen=True)
class ColumnLeakage:
    """The verdict on one column of the sources, and where the configuration puts it.

    answered: whether somebody has said when it is known; then the evidence still stands, and no question does.
    """

    verdict: ColumnVerdict
    place: Place
    answered: bool


def judge_config(config: Config, root: Path, *, strict: bool = False) -> tuple[ColumnLeakage, ...]:
    """One row for each column of the deals and of the tables beside them, the deal's own first.

    strict: what stands on the deal's row without a history is asked about. Raises what reading raises.
    """
    sources = read_sources(config, root)
    declared = {judged_as(name, settings): settings for name, settings in _attributes(config).items()}
    own = (ColumnVerdict(name, "drop", (), (), f"it is the deal's {part}") for name, part in _own(config))
    rows = [ColumnLeakage(verdict, "the deal's own", answered=True) for verdict in own]
    for verdict in judge_columns(sources.read(), sources.facts, strict=strict):
        rows.append(_row(verdict, declared.get(verdict.column), config))
    return tuple(rows)


def question_of(rows: Sequence[ColumnLeakage], *, strict: bool = False) -> LeakageQuestion | None:
    """What has to be answered before training; None where nothing has.

    strict: also for columns that the configuration leaves out without an answer.
    """
    places = ("in use", "left out") if strict else ("in use",)
    asked = [row.verdict for row in rows if row.place in places and row.verdict.is_accused and not row.answered]
    if not asked:
        return None
    told = "; ".join(f"'{verdict.column}': {verdict.reasons}" for verdict in asked[:SHOWN])
    more = f"; and {len(asked) - SHOWN} more" if len(asked) > SHOWN else ""
    return LeakageQuestion(
        f"expected attributes that were known when the deal opened, found {len(asked)} that may not have been "
        f"({told}{more}); for each write 'known: before' or 'known: at_open' if it was, else 'known: after', or "
        f"'use: no' to train without it"
    )


def refuse_questions(config: Config, root: Path) -> tuple[ColumnLeakage, ...]:
    """The verdicts, where none of them stands in the way.

    Raises `LeakageQuestion` where an attribute in use may have been filled in too late and nobody has answered.
    """
    rows = judge_config(config, root)
    question = question_of(rows)
    if question is not None:
        raise question
    return rows


def leakage_record(rows: Sequence[ColumnLeakage]) -> tuple[ColumnLeak, ...]:
    """What a bundle keeps: the attributes that the configuration names."""
    return tuple(
        ColumnLeak(
            column=row.verdict.column,
            answer=row.verdict.answer,
            told=row.verdict.reasons if row.verdict.is_accused else "",
            is_learned_from=row.place == "in use",
            is_answered=row.answered,
        )
        for row in rows
        if row.place in ("in use", "left out")
    )


def _attributes(config: Config) -> Mapping[str, AttributeSettings]:
    return {name: declared for _, layer in config.attributes.layers() for name, declared in layer.items()}


def _own(config: Config) -> list[tuple[str, str]]:
    """The columns that are the deal's own, each once, and what it is."""
    deals = config.deals
    parts = {
        deals.id: "id",
        deals.account: "account",
        deals.opened: "opening date",
        deals.closed: "closing date",
        deals.outcome.column: "outcome",
    }
    return [(name, part) for name, part in parts.items() if name is not None]


def _row(verdict: ColumnVerdict, declared: AttributeSettings | None, config: Config) -> ColumnLeakage:
    if verdict.column in config.known_after():
        said = "the configuration names it as a part of the outcome"
        return ColumnLeakage(replace(verdict, answer="drop", sentence=said), "outcome field", answered=True)
    if declared is None:
        return ColumnLeakage(verdict, "not in the configuration", answered=False)
    in_use = declared.use and declared.known in config.use_known
    return ColumnLeakage(verdict, "in use" if in_use else "left out", answered=_is_answered(declared))


def _is_answered(declared: AttributeSettings) -> bool:
    written = declared.model_fields_set
    return "known" in written or ("use" in written and declared.use)
