"""`icp score` taken apart, in one process and one thread, through the library's public names alone.

The parts are timed one after the other on the same batches, and the whole (`score_stream`) once more beside them, so
that what no part accounts for (reasons, output columns, marks, notes) shows as the rest. The kernel here gives all
contributions of each row, which is what a peer's contributions are; scoring itself keeps only what is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from benchmarks.bench_score.reading import ROWS
from benchmarks.bench_score.sizes import AS_OF
from benchmarks.bench_score.stopwatch import Stopwatch
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.prospects import batches_of, open_prospects
from icp_ml.model.cells.contributing import FastContributions, fast_contributions
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.scoring import Scorer

WHOLE: Final = "score_stream"
WARM_UP_ROWS: Final = 10


@dataclass(frozen=True)
class _Parts:
    """What the parts are timed with."""

    scorer: Scorer
    explaining: FastContributions
    watch: Stopwatch

    def take_apart(self, batch: NamedBatch) -> None:
        """The parts of scoring one batch, one after the other."""
        model, watch = self.scorer.bundle.model, self.watch
        with watch.stage("parse"):
            parsed = parse_attributes(batch.records, self.scorer.read_attributes, None)
        with watch.stage("encode"):
            encoded = model.vocabulary.encode(parsed)
        with watch.stage("kernel"):
            effects = self.explaining.of(encoded).values
        with watch.stage("tiers"):
            book = self.scorer.tier_book
            book.answer(book.base + effects.sum(axis=1), book.summed(effects))

    def warm_up(self, batch: NamedBatch) -> None:
        """Load the machine code, or compile it where it is not kept yet, on a few rows."""
        few = NamedBatch(batch.records.slice(0, WARM_UP_ROWS), batch.id, batch.absent)
        list(self.scorer.score_stream([few], as_of=date.fromisoformat(AS_OF)))
        self.explaining.of(
            self.scorer.vocabulary.encode(parse_attributes(few.records, self.scorer.read_attributes, None))
        )


def score(folder: Path, source: Path, out: Path, watch: Stopwatch) -> None:
    """Score `source` with the bundle in `folder`, timing each part."""
    with watch.stage("once: open and verify"):
        scorer = Scorer.load(folder / "bundle")
    with watch.stage("once: tables"):
        parts = _Parts(scorer, fast_contributions(scorer.bundle.model), watch)
    day, writer = date.fromisoformat(AS_OF), None
    for batch in watch.each("read", _named(scorer, source)):
        if writer is None:
            with watch.stage("once: machine code"):
                parts.warm_up(batch)
        parts.take_apart(batch)
        with watch.stage(WHOLE):
            (scored,) = scorer.score_stream([batch], as_of=day)
        with watch.stage("write"):
            writer = writer or pq.ParquetWriter(out, scored.records.schema)
            writer.write_batch(scored.records)
    with watch.stage("write"):
        if writer is not None:
            writer.close()


def _named(scorer: Scorer, source: Path) -> Iterator[NamedBatch]:
    opened = open_prospects(source, scorer.bundle.prospects, scorer.read_attributes)
    for batch in batches_of(opened, scorer.read_attributes, batch_rows=ROWS):
        yield NamedBatch(batch, opened.id, frozenset(opened.absent))
