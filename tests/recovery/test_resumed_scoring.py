"""A scoring job killed again and again, and finished: the same bytes as one that nobody disturbed. Real processes."""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icp_ml.serve.bundle import write_bundle
from tests import forked_cli, serve_models
from tests.cli_projects import Outcome

ROWS, FILES, PART, BATCH = 24_000, 3, 3_000, 500
OPTIONS = ("--as-of", "2024-06-30", "--batch-rows", str(BATCH), "--part-rows", str(PART), "--threads", "2")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle, a list in three files with ids that come twice, and what an undisturbed job makes of it."""
    root = tmp_path_factory.mktemp("nightly")
    write_bundle(serve_models.bundle(), root / "models" / "planted" / "v1")
    (root / "list").mkdir()
    for number in range(FILES):
        table = serve_models.raw_list(ROWS // FILES, seed=number)  # ids start anew in each file
        pq.write_table(table, root / "list" / f"{number}.parquet", row_group_size=5_000)
    assert run(root, "whole").code == 0
    return root


def words(output: str, *more: str, options: Sequence[str] = OPTIONS) -> list[str]:
    asked = ["score", "list", "-o", output, "--unusable", f"{output}.csv", "--model", "models/planted/v1"]
    return [*asked, *options, *more]


def run(root: Path, output: str, *more: str) -> Outcome:
    return forked_cli.run(root, words(output, *more))


def parts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("part-*.parquet"))}


def begin(root: Path, output: str, *more: str) -> forked_cli.Job:
    """A job that is under way: it is left alone until it has begun to write."""
    job = forked_cli.begin(root, words(output, *more))
    while job.is_running and not (root / output / "_job.json").exists():
        time.sleep(0.005)
    return job


def test_a_job_killed_ten_times_ends_with_the_same_bytes(project: Path) -> None:
    """At moments drawn at random from the time that the rest of the job takes; resumed each time."""
    moments = random.Random(7)
    kills = 0
    more: tuple[str, ...] = ()
    for _ in range(10):
        job = begin(project, "killed", *more)
        time.sleep(moments.uniform(0.0, 0.25))
        job.signal(signal.SIGKILL)
        ended = job.wait()
        kills += ended.code == -signal.SIGKILL
        assert not (project / "killed" / "_manifest.json").exists() or ended.code == 0
        more = ("--resume",)
    assert kills >= 5
    done = run(project, "killed", "--resume", "--json")
    assert done.code == 0, done.err
    assert parts(project / "killed") == parts(project / "whole")
    assert (project / "killed.csv").read_bytes() == (project / "whole.csv").read_bytes()
    said = json.loads(done.out)
    assert said["rows_in"] == said["rows_out"] == ROWS
    assert said["by_status"] == json.loads(run(project, "whole", "--resume", "--json").out)["by_status"]


def test_the_rows_are_those_of_one_file_each_once_and_in_order(project: Path) -> None:
    one = run(project, "one.parquet")
    assert one.code == 0, one.err
    whole = pq.read_table(project / "one.parquet")
    in_parts = pa.concat_tables([pq.read_table(path) for path in sorted((project / "whole").glob("part-*"))])
    assert in_parts.num_rows == ROWS
    assert in_parts.to_pandas().astype(str).equals(whole.to_pandas().astype(str))
    repeated = in_parts.to_pandas()["status"] == "repeated account"
    assert repeated.sum() > ROWS // 2


def test_neither_threads_nor_the_size_of_batches_change_an_answer(project: Path) -> None:
    other = ("--as-of", "2024-06-30", "--batch-rows", "777", "--part-rows", str(PART), "--threads", "1")
    done = forked_cli.run(project, words("other", options=other))
    assert done.code == 0
    for name in parts(project / "whole"):
        ours, theirs = (pq.read_table(project / folder / name).to_pandas().astype(str) for folder in ("whole", "other"))
        assert ours.equals(theirs)


def test_two_jobs_on_one_output_refuse_each_other(project: Path) -> None:
    job = begin(project, "held")
    job.signal(signal.SIGSTOP)
    try:
        other = run(project, "held", "--resume")
        assert other.code == 75
        assert "another job is writing to held" in other.err
    finally:
        job.signal(signal.SIGCONT)
        assert job.wait().code == 0
    assert parts(project / "held") == parts(project / "whole")


def test_a_damaged_file_in_the_middle_is_told_and_the_job_goes_on_once_it_is_mended(
    project: Path, tmp_path: Path
) -> None:
    shutil.copytree(project / "models", tmp_path / "models")
    shutil.copytree(project / "list", tmp_path / "list")
    second = tmp_path / "list" / "1.parquet"
    whole = second.read_bytes()
    second.write_bytes(whole[: len(whole) // 2])
    broken = run(tmp_path, "scored")
    assert broken.code == 3
    assert "1.parquet" in broken.err
    assert "Traceback" not in broken.err
    assert not (tmp_path / "scored" / "_manifest.json").exists()
    second.write_bytes(whole)
    assert run(tmp_path, "scored", "--resume").code == 0
    assert parts(tmp_path / "scored") == parts(project / "whole")


def files_up_to(limit: int) -> None:
    """Writing beyond so many bytes of a file fails."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def test_a_full_disk_is_told_and_the_job_goes_on_once_there_is_room(project: Path, tmp_path: Path) -> None:
    """A limit on the size of a file stands in for the disk: writing beyond it fails the same way."""
    shutil.copytree(project / "models", tmp_path / "models")
    shutil.copytree(project / "list", tmp_path / "list")
    limit = max(len(content) for content in parts(project / "whole").values()) // 2

    full = forked_cli.run(tmp_path, words("scored"), partial(files_up_to, limit))
    assert full.code == 2
    assert "could not be written" in full.err
    assert "Traceback" not in full.err
    assert not (tmp_path / "scored" / "_manifest.json").exists()
    assert run(tmp_path, "scored", "--resume").code == 0
    assert parts(tmp_path / "scored") == parts(project / "whole")


def test_another_job_is_not_resumed(project: Path) -> None:
    other = run(project, "whole", "--resume", "--reasons", "1")
    assert other.code == 2
    assert "reasons differs (3 then, 1 now)" in other.err
    assert run(project, "whole").code == 2
    assert (project / "whole" / "_manifest.json").exists()


def test_a_part_that_was_changed_is_not_taken_for_what_the_job_left(project: Path) -> None:
    job = begin(project, "touched")
    while not (project / "touched" / "part-00001.parquet").exists():
        time.sleep(0.005)
    job.signal(signal.SIGKILL)
    job.wait()
    first = project / "touched" / "part-00000.parquet"
    first.write_bytes(first.read_bytes()[:-1] + b"x")
    done = run(project, "touched", "--resume")
    assert done.code == 3
    assert "begin anew with --force" in done.err
    assert run(project, "touched", "--force").code == 0
    assert parts(project / "touched") == parts(project / "whole")


def test_an_unfinished_folder_is_not_read_as_an_earlier_list(project: Path) -> None:
    (project / "begun").mkdir(exist_ok=True)
    shutil.copy(project / "whole" / "_job.json", project / "begun" / "_job.json")
    done = run(project, "next", "--previous", "begun")
    assert done.code == 3
    assert "did not finish" in done.err
