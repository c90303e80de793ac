"""The page."""

from collections.abc import Iterator, Sequence

from benchmarks.faults.records import Row


def page_of(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        yield f"{row.kind} {row.seed} {row.where} | {row.ended} {row.code} {row.state} again {row.again} same {row.same} {row.lost}/{row.doubled} left {row.left} | {row.said} | {row.again_said}"
