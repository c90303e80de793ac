"""One contestant in a process of its own:

    python -m benchmarks.bench_score.contest streaming --model FOLDER --list LIST --out OUT --threads 1

`icp score` is a contestant without being here: it is called as people call it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.bench_score.stopwatch import Stopwatch


def main() -> None:
    """Run the contestant that is named. Each is imported only when it runs: what it does not use costs it nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contestant", choices=["naive", "streaming", "woodelf", "floor", "icp-ml by stage"])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--list", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--answers", type=Path, help="of the floor: rows to be written")
    parser.add_argument("--stages", type=Path, help="where seconds by stage go")
    asked = parser.parse_args()
    watch = Stopwatch()
    run(asked, watch)
    watch.write(asked.stages)


def run(asked: argparse.Namespace, watch: Stopwatch) -> None:
    """Score the list."""
    if asked.contestant == "floor":
        from benchmarks.bench_score.floor import copy  # noqa: PLC0415

        copy(asked.model, asked.list, asked.out, asked.answers, watch)
    elif asked.contestant == "naive":
        from benchmarks.bench_score import naive  # noqa: PLC0415

        naive.score(asked.model, asked.list, asked.out, asked.threads, watch)
    elif asked.contestant == "icp-ml by stage":
        from benchmarks.bench_score import stages  # noqa: PLC0415

        stages.score(asked.model, asked.list, asked.out, watch)
    else:
        from benchmarks.bench_score import streaming  # noqa: PLC0415

        contest = streaming.score if asked.contestant == "streaming" else streaming.score_by_woodelf
        contest(asked.model, asked.list, asked.out, asked.threads, watch)


if __name__ == "__main__":
    main()
