"""Faults that `make faults` found, each in the smallest form in which it shows; the rest of them is counted there.

Processes are killed for real, before a step that Python is about to take.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from icp_ml.cli import main as command_line
from icp_ml.errors import ConfigError, InputError
from icp_ml.serve import parts
from icp_ml.serve.parts import JobRecord, Written
from icp_ml.serve.writing import whole_file, write_text
from icp_ml.watch.campaign_record import fingerprint_of, is_left_alone, record_path
from icp_training.tracking import closing_run, open_run
from tests import forked_cli, serve_models
from tests.cli_projects import icp, refusal

NewProject = Callable[[str], Path]
JOB = JobRecord(part_rows=10, facts={"model": "m"})
PARTS = 3
STEPS = ("os.rename", "os.remove", "os.mkdir")


def die_before(event: str, ending: str) -> None:
    """The process is killed before Python does this to a file whose name ends so."""

    def hook(found: str, words: tuple[object, ...]) -> None:
        if found == event and str(words[1 if event == "os.rename" else 0]).endswith(ending):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def finished(folder: Path) -> None:
    """An output of three parts."""
    with parts.held(folder):
        parts.begun(folder, JOB, resume=False, replace=True)
        made = []
        for number in range(PARTS):
            hidden = parts.hidden(folder, number)
            hidden.write_bytes(bytes([number]))
            made.append(parts.add(folder, number, Written(hidden, 10, 10, {})))
        parts.finish(folder, JOB, tuple(made))


def begin_anew(folder: Path, step: int) -> None:
    """Clear the folder for another job, and die before the step of that number."""
    taken = [0]

    def hook(event: str, _words: tuple[object, ...]) -> None:
        if event in STEPS:
            taken[0] += 1
            if taken[0] == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    with parts.held(folder):
        parts.begun(folder, JOB, resume=False, replace=True)


def test_killed_before_any_step_of_clearing_no_output_with_a_part_gone_says_that_it_is_whole(tmp_path: Path) -> None:
    killed = 0
    for step in range(1, 30):
        folder = tmp_path / f"scored-{step}"
        finished(folder)
        process = forked_cli.SERVED.Process(target=begin_anew, args=(folder, step))
        process.start()
        process.join()
        there = len(list(folder.glob("part-*")))
        assert there == PARTS or not parts.is_finished(folder)
        finished(folder)  # nothing that was left stands in the way of beginning anew
        assert parts.is_finished(folder)
        if process.exitcode == 0:
            break
        killed += 1
    assert killed >= PARTS + 2  # the manifest, each part, the record of the job


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scored list of two tiers, and the outcomes of all that is on it."""
    root = tmp_path_factory.mktemp("faults")
    rows = [f"c{n}.example,{1 + 2 * (n % 2)},scored" for n in range(200)]
    write_text(root / "scored.csv", "\n".join(["domain,tier,status", *rows]) + "\n")
    outcomes = [f"c{n}.example,{'no' if n % 5 else 'yes'}" for n in range(200)]
    write_text(root / "outcomes.csv", "\n".join(["domain,outcome", *outcomes]) + "\n")
    return root


def planned(root: Path, *more: str, dying: tuple[str, str] | None = None) -> int:
    words = ["plan", "scored.csv", "--arms", "1,3", "--rate", "0.1", "--per-arm", "50", *more]
    return forked_cli.run(root, words, None if dying is None else partial(die_before, *dying)).code


def test_a_plan_beside_an_assignment_that_it_did_not_draw_is_refused(
    scored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the new plan has its name, and before the new assignment has."""
    monkeypatch.chdir(scored)
    assert planned(scored, "-o", "drawn.csv", "--seed", "1") == 0
    words = ("plan", "drawn.csv", "--result", "outcomes.csv")
    assert icp(*words).code == 0
    killed = planned(scored, "-o", "drawn.csv", "--seed", "2", "--force", dying=("os.rename", "drawn.csv"))
    assert killed == -signal.SIGKILL
    code, sentence = refusal(*words)
    assert code == InputError.exit_code
    assert "100 accounts that the plan beside it drew" in sentence
    assert planned(scored, "-o", "drawn.csv", "--seed", "2", "--force") == 0


def test_a_plan_whose_assignment_never_came_does_not_stop_the_next_run(scored: Path) -> None:
    killed = planned(scored, "-o", "new.csv", dying=("os.rename", "new.csv"))
    assert killed == -signal.SIGKILL
    record = record_path(scored / "new.csv")
    assert is_left_alone(record, scored / "new.csv")
    assert planned(scored, "-o", "new.csv") == 0
    assert not is_left_alone(record, scored / "new.csv")
    (scored / "other.json").write_text("{}")
    assert not is_left_alone(scored / "other.json", scored / "other.csv")


def test_the_fingerprint_knows_accounts_and_arms_and_no_order() -> None:
    assert fingerprint_of({"a": "1", "b": "2"}) == fingerprint_of({"b": "2", "a": "1"})
    assert fingerprint_of({"a": "1", "b": "2"}) != fingerprint_of({"a": "2", "b": "1"})


def test_where_the_hidden_file_cannot_be_removed_the_first_error_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system that became read-only: root is not stopped by the mode of a folder."""

    def refused(_path: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as here:
        here.setattr(Path, "unlink", refused)
        with pytest.raises(ConfigError, match="first"), whole_file(tmp_path / "out.csv"):
            raise ConfigError("first")


def test_a_record_of_runs_that_is_lost_in_the_middle_is_one_sentence(new_project: NewProject) -> None:
    root = new_project("lost")
    run = open_run(root, "spring", {})

    def lose_it() -> None:
        (root / "mlruns").rename(root / "away")
        run.client.set_tag(run.run_id, "a", "b")

    with pytest.raises(ConfigError, match="a record of runs was expected at ") as told, closing_run(run):
        lose_it()
    assert "try again" in told.value.sentence


def test_a_wrong_question_to_the_record_keeps_its_traceback(new_project: NewProject) -> None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - it takes seconds

    run = open_run(new_project("asked"), "spring", {})
    with pytest.raises(MlflowException), closing_run(run):
        run.client.set_tag(run.run_id, "", "b")


def test_a_project_that_is_gone_is_not_made_anew_for_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make it first"):
        serve_models.write(tmp_path / "gone" / "models" / "planted" / "v1")
    assert list(tmp_path.iterdir()) == []
    assert serve_models.write(tmp_path / "models" / "planted" / "v1").is_dir()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "ran out"),
        (ImportError("libx.so: failed to map segment from shared object"), "ran out"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "a disk that can be written to"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "/share/x"), "a disk with /share/x"),
        (FileNotFoundError(errno.ENOENT, "no such file", "/ours"), None),
        (ImportError("no module named ours"), None),
    ],
)
def test_what_the_machine_lacks_is_told_and_what_may_be_our_bug_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, sentence: str | None
) -> None:
    def failing(**_words: object) -> None:
        raise error

    monkeypatch.setattr(command_line, "app", failing)
    if sentence is None:
        with pytest.raises(type(error)):
            command_line.main()
        return
    with pytest.raises(SystemExit) as left:
        command_line.main()
    assert left.value.code == 75
    told = capsys.readouterr().err
    assert told.startswith("icp: ")
    assert sentence in told
    assert told.count("\n") == 1
