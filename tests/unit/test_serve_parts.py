"""A folder of parts is begun, gone on with or begun anew, and says in a sentence why it cannot be."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from icp_ml.errors import ConfigError, InputError
from icp_ml.serve import parts
from icp_ml.serve.parts import FinishedPart, JobRecord, ListFile, Written

FACTS = {"model": "icp/v1", "reasons": "3"}


def file(name: str, rows: int = 2, size: int = 10) -> ListFile:
    return ListFile(name=name, size=size, changed=1, rows=rows)


def job(*files: ListFile, part_rows: int = 2, **facts: str) -> JobRecord:
    return JobRecord(part_rows=part_rows, facts={**FACTS, **facts}, files=files or (file("a.csv"), file("b.csv")))


def add(folder: Path, number: int) -> FinishedPart:
    """A part of two rows, as a job leaves it."""
    hidden = parts.hidden(folder, number)
    hidden.write_bytes(b"rows of part %d" % number)
    return parts.add(folder, number, Written(hidden, rows_in=2, rows=2, said={}))


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """An output of which the first part is finished and the second is not."""
    folder = tmp_path / "scored"
    folder.mkdir()
    assert parts.begun(folder, job(), resume=False, replace=False) == ()
    add(folder, 0)
    return folder


def resumed(folder: Path, asked: JobRecord) -> Sequence[FinishedPart]:
    return parts.begun(folder, asked, resume=True, replace=False)


def test_what_was_finished_is_kept_and_the_rest_is_made(begun: Path) -> None:
    [first] = resumed(begun, job())
    assert first.part.sha256 == hashlib.sha256(b"rows of part 0").hexdigest()
    assert (first.part.rows_in, first.part.rows) == (2, 2)
    parts.finish(begun, job(), (first, add(begun, 1)))
    assert [each.part.name for each in resumed(begun, job())] == ["part-00000.parquet", "part-00001.parquet"]


def test_an_output_that_is_there_is_not_begun_anew_unasked(begun: Path) -> None:
    with pytest.raises(ConfigError, match="it holds the output of a job that did not finish; go on with --resume"):
        parts.begun(begun, job(), resume=False, replace=False)
    parts.finish(begun, job(), (*resumed(begun, job()), add(begun, 1)))
    with pytest.raises(ConfigError, match="it holds a finished output; go on with --resume, begin anew with"):
        parts.begun(begun, job(), resume=False, replace=False)
    assert parts.begun(begun, job(), resume=False, replace=True) == ()
    assert not (begun / "part-00000.parquet").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (job(part_rows=5), r"part_rows differs \(2 then, 5 now\)"),
        (job(reasons="1"), r"reasons differs \(3 then, 1 now\)"),
        (job(more="x"), r"more differs \(not said then, x now\)"),
    ],
)
def test_another_job_is_not_gone_on_with(begun: Path, asked: JobRecord, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        resumed(begun, asked)


@pytest.mark.parametrize("files", [(file("a.csv", size=11), file("b.csv")), (file("b.csv"),), ()])
def test_a_file_whose_rows_were_scored_has_to_be_as_it_was(begun: Path, files: tuple[ListFile, ...]) -> None:
    changed = JobRecord(part_rows=2, facts=FACTS, files=files)
    with pytest.raises(ConfigError, match=r"a\.csv was expected as it was when 2 rows were scored, and it has changed"):
        resumed(begun, changed)


def test_a_file_that_nobody_came_to_may_have_been_mended(begun: Path) -> None:
    assert len(resumed(begun, job(file("a.csv"), file("b.csv", size=99)))) == 1


@pytest.mark.parametrize("spoiled", [b"other rows", None])
def test_a_part_that_is_not_as_it_was_left_is_told(begun: Path, spoiled: bytes | None) -> None:
    part = begun / "part-00000.parquet"
    part.unlink()
    if spoiled is not None:
        part.write_bytes(spoiled)
    with pytest.raises(InputError, match=r"part-00000\.parquet was expected as the job left it, and it is not; begin"):
        resumed(begun, job())


def test_a_record_that_cannot_be_read_is_told(begun: Path) -> None:
    (begun / parts.JOB).write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"_job\.json was expected to say how far the job came, and it cannot be read"):
        resumed(begun, job())


def test_what_a_job_made_is_removed_and_what_it_did_not_make_stays(begun: Path) -> None:
    (begun / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"a folder of scored parts was expected at .*, and it holds 'notes\.txt'"):
        parts.discard(begun)
    assert [path.name for path in begun.iterdir()] == ["notes.txt"]
    (begun / "notes.txt").unlink()
    with parts.held(begun):
        parts.discard(begun)
    assert not begun.exists(), "it goes with the hold on it"
