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
from icp_ml.watch.campaign_files import plan_of, record_path
from icp_ml.watch.campaign_record import fingerprint_of
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


SEEDS = ("1", "2")
OF_A_PLAN = (("new plan waits", ".waiting.json", 0), ("new assignment", "drawn.csv", 0), ("new plan", "drawn.json", 1))
"""Of `icp plan`: what is about to take its name, how that name ends, and which of the two campaigns stands then."""


def seed_and_rows(root: Path) -> tuple[int, str]:
    """What the campaign is by its plan, and by its assignment."""
    return plan_of(root / "drawn.csv").seed, (root / "drawn.csv").read_text()


@pytest.mark.parametrize(("ending", "stands"), [each[1:] for each in OF_A_PLAN], ids=[each[0] for each in OF_A_PLAN])
def test_a_campaign_that_is_killed_is_the_old_one_or_the_new_one(
    scored: Path, monkeypatch: pytest.MonkeyPatch, ending: str, stands: int
) -> None:
    monkeypatch.chdir(scored)
    whole = []
    for seed in SEEDS:
        assert planned(scored, "-o", "drawn.csv", "--seed", seed, "--force") == 0
        whole.append(seed_and_rows(scored))
    assert [str(seed) for seed, _ in whole] == list(SEEDS)
    assert whole[0][1] != whole[1][1]
    assert planned(scored, "-o", "drawn.csv", "--seed", SEEDS[0], "--force") == 0
    killed = planned(scored, "-o", "drawn.csv", "--seed", SEEDS[1], "--force", dying=("os.rename", ending))
    assert killed == -signal.SIGKILL
    assert seed_and_rows(scored) == whole[stands]
    for _ in ("a first look", "another, after it was written down"):
        assert icp("plan", "drawn.csv", "--result", "outcomes.csv").code == 0
    assert plan_of(scored / "drawn.csv").seed == whole[stands][0]
    assert len(plan_of(scored / "drawn.csv").looks_taken) == 1
    assert planned(scored, "-o", "drawn.csv", "--seed", SEEDS[1], "--force") == 0
    assert seed_and_rows(scored) == whole[1]
    assert sorted(path.name for path in scored.glob(".*.waiting.json")) == []


@pytest.mark.parametrize("ending", [each[1] for each in OF_A_PLAN])
def test_a_first_campaign_that_is_killed_is_whole_or_not_there(scored: Path, tmp_path: Path, ending: str) -> None:
    path = tmp_path / "drawn.csv"
    killed = planned(scored, "-o", str(path), dying=("os.rename", ending))
    assert killed == -signal.SIGKILL
    assert not record_path(path).exists()
    assert path.exists() is (ending == "drawn.json")
    if path.exists():
        assert plan_of(path).list == "scored.csv"
    else:
        assert planned(scored, "-o", str(path)) == 0
        assert record_path(path).exists()


def test_a_plan_beside_an_assignment_that_it_did_not_draw_is_refused(
    scored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when one of the two files was copied without the other; a plan of nobody that waits there changes nothing."""
    monkeypatch.chdir(scored)
    for seed in SEEDS:
        assert planned(scored, "-o", f"drawn{seed}.csv", "--seed", seed) == 0
    (scored / "drawn1.csv").replace("drawn2.csv")
    (scored / ".drawn2.0123456789abcdef.waiting.json").write_text("{}")
    (scored / ".drawn2.fedcba9876543210.waiting.json").write_bytes((scored / "drawn2.json").read_bytes())
    code, sentence = refusal("plan", "drawn2.csv", "--result", "outcomes.csv")
    assert code == InputError.exit_code
    assert "100 accounts that the plan beside it drew" in sentence


def test_a_campaign_that_cannot_be_written_leaves_what_was_there(
    scored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scored)
    path = tmp_path / "drawn.csv"
    assert planned(scored, "-o", str(path), "--seed", "1") == 0
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}

    def full(_file: int) -> None:
        if any(each.name.endswith(".waiting.json") for each in tmp_path.iterdir()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    words = ("plan", "scored.csv", "--arms", "1,3", "--rate", "0.1", "--per-arm", "50", "-o", path, "--force")
    code, sentence = refusal(*words, "--seed", "2")
    assert code == ConfigError.exit_code
    assert "drawn.csv could not be written (No space left on device)" in sentence
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before


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
