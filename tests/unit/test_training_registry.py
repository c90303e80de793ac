"""What is live changes as a whole or not at all, whoever is killed or comes at the same time; with a real MLflow."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from icp_ml.errors import BundleInvalid, GateNotPassed, Locked, ModelNotFound
from icp_ml.serve import ledger
from icp_ml.serve.bundle import open_bundle
from icp_training import promotion, versions
from icp_training.promotion import INTENT, STEPS
from icp_training.registry import Registry, register
from icp_training.registry_lock import LOCK, Asker, is_live, locked
from icp_training.tracking import closing_run, open_run
from tests.registry_projects import (
    KILLED,
    NAME,
    NOW,
    OTHERS,
    NewProject,
    add_bundle,
    add_version,
    asker,
    in_another_process,
    live_everywhere,
    moved,
    promote_in_rounds,
    promote_until,
    registry,
    with_three_versions,
)

LATER = "2025-01-01T09:00:00+00:00"
IN_YEARS = "2045-01-01T09:00:00+00:00"
HERE = socket.gethostname()
STEP_NAMES = [name for name, _ in STEPS]


@pytest.fixture(scope="module")
def made(new_project: NewProject) -> Path:
    """Versions 1, 2 and 3; 1 is live, 3 is the challenger. Nobody works in it."""
    return with_three_versions(new_project("made"))


@pytest.fixture
def three(made: Path, new_project: NewProject) -> Path:
    """The same in a folder of its own."""
    return moved(made, new_project("three"))


def roles(here: Registry) -> dict[str, int]:
    """The bundle's version behind each alias."""
    by_number = {each.number: each.version for each in here.versions()}
    return {alias: by_number[number] for alias, number in here.aliases().items()}


def events(here: Registry) -> list[tuple[str, int]]:
    return [(each.action, each.version) for each in here.entries()]


def test_a_training_is_a_version_with_its_hash_its_number_and_its_data_and_the_challenger(
    new_project: NewProject,
) -> None:
    root = new_project("one")
    first, second = add_version(root, 4), add_version(root, 7)
    here = registry(root)
    assert [each.version for each in here.versions()] == [4, 7]
    assert roles(here) == {"challenger": 7}
    tags = here.client.get_model_version(NAME, second.number).tags
    stored = open_bundle(root / "models" / NAME / "v7")
    assert tags == {
        "content_hash": stored.content_hash,
        "bundle_version": "7",
        "data_cut": "2024-06-30",
        "expires_after": "91",
    }
    assert first.content_hash != second.content_hash == stored.content_hash
    assert here.client.get_run(second.run_id or "").info.status == "FINISHED"


def test_a_project_that_was_moved_knows_nothing_of_where_it_was(made: Path, three: Path) -> None:
    before, after = registry(made), registry(three)
    assert roles(after) == roles(before) == {"champion": 1, "challenger": 3}
    assert after.entries() == before.entries()
    sources = [after.client.get_model_version(NAME, each.number).source for each in after.versions()]
    assert all(str(three) in str(source) and str(made) not in str(source) for source in sources)
    with closing(sqlite3.connect(three / "mlruns" / "mlflow.db")) as database:
        assert [line for line in database.iterdump() if str(made) in line] == []
    kept = [path for path in three.rglob("*") if path.is_file() and path.suffix != ".db"]
    assert [path for path in kept if str(made).encode() in path.read_bytes()] == []


def test_promotions_and_rollbacks_move_the_roles_and_the_ledger_tells_the_story(three: Path) -> None:
    here = registry(three)
    assert roles(here) == {"champion": 1, "challenger": 3}
    assert promotion.promote(here, "@challenger", asker(reason="better")).live.version == 3
    assert roles(here) == {"champion": 3, "previous": 1}
    promotion.promote(here, "v2", asker())
    assert roles(here) == {"champion": 2, "previous": 3}
    promotion.rollback(here, asker())
    assert roles(here) == {"champion": 3, "previous": 2}
    promotion.rollback(here, asker())
    assert roles(here) == {"champion": 2, "previous": 3}
    told = [("promote", 1), ("promote", 3), ("promote", 2), ("rollback", 3), ("rollback", 2)]
    assert events(here) == told
    assert ledger.entries(three / "models") == here.entries()
    assert here.entries()[1].reason == "better"
    assert here.entries()[1].content_hash == open_bundle(three / "models" / NAME / "v3").content_hash


def test_what_is_live_already_is_no_event(three: Path) -> None:
    here = registry(three)
    assert promotion.promote(here, "v1", asker()).entry is None
    assert events(here) == [("promote", 1)]


def test_a_bundle_that_two_people_registered_is_made_live_once(three: Path) -> None:
    """Each found that no registry knew it; the second promotion is no event, and `previous` stays what it was."""
    here, folder = registry(three), three / "models" / NAME / "v2"
    first = here.need("v2").number
    run = open_run(three, NAME, {})
    with closing_run(run):
        twin = register(run, here, folder)
    assert twin.number != first
    assert promotion.promote(here, first, asker()).entry is not None
    assert promotion.promote(here, twin.number, asker()).entry is None
    assert (roles(here)["champion"], roles(here)["previous"]) == (2, 1)
    assert events(here) == [("promote", 1), ("promote", 2)]


@pytest.mark.parametrize("step", STEP_NAMES)
def test_killed_before_any_step_the_old_state_holds_or_the_new_one(three: Path, step: str) -> None:
    promotion.promote(registry(three), "v2", asker())
    assert in_another_process(promote_until, three, "v3", step) == KILLED
    found = versions.history(three, asker())
    here = registry(three)
    if STEP_NAMES.index(step) > STEP_NAMES.index("champion"):
        assert live_everywhere(three) == ("3", 3, 3)
        assert roles(here) == {"champion": 3, "previous": 2}
    else:
        assert live_everywhere(three) == ("2", 2, 2)
        assert roles(here) == {"champion": 2, "previous": 1, "challenger": 3}
    assert INTENT not in here.tags()
    assert found == here.entries() == ledger.entries(three / "models")
    assert [each.version for each in found] == [1, 2, 3][: roles(here)["champion"]]


@pytest.mark.parametrize("step", ["previous", "entry"])
def test_the_next_writer_settles_what_was_left_and_goes_on(three: Path, step: str) -> None:
    assert in_another_process(promote_until, three, "v2", step) == KILLED
    promotion.promote(registry(three), "v3", asker())
    assert live_everywhere(three) == ("3", 3, 3)
    story = {"previous": [1, 3], "entry": [1, 2, 3]}[step]
    assert [version for _, version in events(registry(three))] == story


def test_two_processes_at_once_lose_no_promotion(new_project: NewProject, tmp_path: Path) -> None:
    root = new_project("two at once")
    for version in (1, 2, 3, 4):
        add_version(root, version)
    rounds = 50
    start = OTHERS.Barrier(2)
    told = [tmp_path / "a", tmp_path / "b"]
    wanted = (("v1", "v2"), ("v3", "v4"))
    both = [
        OTHERS.Process(target=promote_in_rounds, args=(root, each, start, rounds, path))
        for each, path in zip(wanted, told, strict=True)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    answers = [path.read_text().split("\n") for path in told]
    assert [len(each) for each in answers] == [rounds, rounds]
    succeeded = [each for lines in answers for each in lines if each not in ("75", "live already")]
    assert len(succeeded) >= rounds
    assert sorted(succeeded) == [each.id for each in registry(root).entries()]
    assert registry(root).entries() == ledger.entries(root / "models")
    champion, in_registry, in_file = live_everywhere(root)
    assert champion == str(in_registry) == str(in_file)


@pytest.mark.parametrize(
    ("owner", "until", "live"),
    [
        (f"ana@{HERE}:{os.getppid()}", LATER, True),  # another process of this machine, at work
        (f"ana@{HERE}:999999999", LATER, False),  # a number that no process can have
        (f"ana@{HERE}:{os.getppid()}", NOW, False),  # at work, and out of time
        (f"ana@{HERE}:its-number", LATER, True),  # nobody can ask for it
        ("ana@elsewhere:999999999", LATER, True),  # nobody can look there
        ("ana@elsewhere:1", NOW, False),
        ("ana@elsewhere:1", IN_YEARS, False),  # its clock was wrong: nobody may have to wait for that
        (f"ana@{HERE}:{os.getppid()}", IN_YEARS, True),  # our clock was set back, and it is at work
    ],
)
def test_a_lock_counts_while_its_owner_may_be_at_work(tmp_path: Path, owner: str, until: str, *, live: bool) -> None:
    assert is_live(owner, until, asker()) is live
    before = datetime.fromisoformat(until) - timedelta(minutes=10)  # so long is it held
    with locked(tmp_path, Asker(owner, before.isoformat())) as first:
        if live:
            with pytest.raises(Locked, match=owner), locked(tmp_path, asker()):
                pass
            first.check()
        else:
            with locked(tmp_path, asker()), pytest.raises(Locked, match="expired"):
                first.check()


def test_a_lock_is_free_again_when_its_work_is_done_or_failed(tmp_path: Path) -> None:
    other = Asker(f"bob@{HERE}:{os.getppid()}", NOW)
    with pytest.raises(ZeroDivisionError), locked(tmp_path, other):
        raise ZeroDivisionError
    with locked(tmp_path, asker()) as held:
        held.check()
    assert (tmp_path / LOCK).is_file()


def test_while_somebody_is_at_work_writers_are_told_so_and_readers_see_the_old_state(three: Path) -> None:
    with locked(three / "models", Asker("ana@elsewhere:1", NOW)):
        with pytest.raises(Locked):
            promotion.promote(registry(three), "v2", asker())
        with pytest.raises(Locked):
            promotion.rollback(registry(three), asker())
        assert [each.version for each in versions.history(three, asker())] == [1]
    assert live_everywhere(three) == ("1", 1, 1)


def test_an_intent_of_somebody_at_work_elsewhere_is_left_alone(three: Path) -> None:
    """As seen from another machine with a models/ of its own, whose lock knows nothing of the first."""

    def look(step: str) -> None:
        if step == "champion":
            shutil.move(three / "models" / LOCK, three / "hidden")
            with pytest.raises(Locked, match="ana@elsewhere:1"):
                promotion.promote(registry(three), "v3", asker())
            versions.history(three, asker())
            shutil.move(three / "hidden", three / "models" / LOCK)

    promotion.promote(registry(three), "v2", Asker("ana@elsewhere:1", NOW), look)
    assert live_everywhere(three) == ("2", 2, 2)


def test_whoever_lost_the_lock_stops_before_the_next_step(three: Path) -> None:
    def take_over(step: str) -> None:
        if step == "champion":
            with locked(three / "models", asker(LATER)):
                pass

    with pytest.raises(Locked, match="somebody else took it"):
        promotion.promote(registry(three), "v2", Asker("ana@elsewhere:1", NOW), take_over)
    versions.history(three, asker(LATER))
    assert live_everywhere(three) == ("1", 1, 1)


def test_a_bundle_that_is_gone_is_brought_from_the_registry_as_it_was(three: Path) -> None:
    folder = three / "models" / NAME / "v2"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(folder)
    promotion.promote(registry(three), "v2", asker())
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    shutil.rmtree(folder)
    assert promotion.promote(registry(three), "v2", asker()).entry is None
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("when", ["at first", "bundle"])
def test_a_bundle_that_is_not_the_registered_one_is_refused_and_the_old_state_holds(three: Path, when: str) -> None:
    def swap(step: str) -> None:
        if step == when:
            shutil.rmtree(three / "models" / NAME / "v2")
            shutil.copytree(three / "models" / NAME / "v3", three / "models" / NAME / "v2")

    swap("at first")
    with pytest.raises(BundleInvalid, match="was expected in"):
        promotion.promote(registry(three), "v2", asker(), swap)
    assert live_everywhere(three) == ("1", 1, 1)
    assert INTENT not in registry(three).tags()
    assert roles(registry(three)) == {"champion": 1, "challenger": 3}


def test_a_ledger_file_that_is_lost_is_rebuilt_from_the_registry(three: Path) -> None:
    promotion.promote(registry(three), "v2", asker())
    file = three / "models" / ledger.LEDGER
    before = file.read_bytes()
    file.unlink()
    versions.history(three, asker())
    assert file.read_bytes() == before
    shutil.rmtree(three / "models")
    assert [each.version for each in versions.history(three, asker(), NAME)] == [1, 2]
    assert file.read_bytes() == before


def test_a_registry_that_is_lost_loses_no_line_of_the_ledger(three: Path, new_project: NewProject) -> None:
    before = ledger.entries(three / "models")
    shutil.rmtree(three / "mlruns")
    assert versions.history(three, asker()) == before
    fresh = without_its_registry(three, new_project("fresh"))
    versions.promote(fresh, f"{NAME}/v2", asker())
    after = ledger.entries(fresh / "models")
    assert after[:-1] == before
    assert (after[-1].version, after[-1].id[:6]) == (2, "000002")


def without_its_registry(project: Path, elsewhere: Path) -> Path:
    """The models of a project in another one, whose registry knows nothing of them."""
    shutil.copytree(project / "models", elsewhere / "models")
    return elsewhere


def test_a_registry_that_is_lost_still_knows_what_is_live_and_what_was_before(
    three: Path, new_project: NewProject
) -> None:
    versions.promote(three, f"{NAME}/v2", asker())
    add_bundle(three, 9, reliable=False)
    fresh = without_its_registry(three, new_project("fresh"))
    with pytest.raises(GateNotPassed):
        versions.promote(fresh, f"{NAME}/v9", asker())
    assert live_everywhere(fresh)[2] == 2
    assert versions.rollback(fresh, None, asker()).live.version == 1
    assert versions.rollback(fresh, None, asker()).live.version == 2
    assert [each.version for each in ledger.entries(fresh / "models")] == [1, 2, 1, 2]


def test_a_registry_that_is_lost_lets_the_gate_compare_with_what_is_live(three: Path, new_project: NewProject) -> None:
    fresh = without_its_registry(three, new_project("fresh"))
    gates = {gate.name: gate for gate in versions.promote(fresh, f"{NAME}/v2", asker()).gates}
    assert "it was not compared with what is live" in gates["skill"].sentence


def test_a_bundle_that_the_registry_does_not_know_is_registered_when_it_is_promoted(three: Path) -> None:
    folder = add_bundle(three, 9)
    assert versions.promote(three, str(folder), asker()).live.version == 9
    assert live_everywhere(three) == ("9", 9, 9)
    assert [each.version for each in registry(three).versions()] == [1, 2, 3, 9]
    versions.promote(three, f"{NAME}/v1", asker())
    versions.promote(three, str(folder), asker())
    assert [each.version for each in registry(three).versions()] == [1, 2, 3, 9]


@pytest.mark.parametrize(
    ("model", "version"),
    [(None, 3), (NAME, 3), (f"{NAME}/v2", 2), (f"models:/{NAME}/2", 2), (f"models:/{NAME}@challenger", 3)],
)
def test_a_model_is_what_a_person_calls_it(three: Path, model: str | None, version: int) -> None:
    assert versions.promote(three, model, asker()).live.version == version


@pytest.mark.parametrize("model", ["another", f"{NAME}/v8", f"models:/{NAME}/8", f"models:/{NAME}@best", "a/b/c"])
def test_a_model_that_is_not_there_is_told(three: Path, model: str) -> None:
    with pytest.raises(ModelNotFound):
        versions.promote(three, model, asker())
    assert live_everywhere(three) == ("1", 1, 1)


def test_nothing_can_be_rolled_back_to_before_a_second_promotion(three: Path) -> None:
    with pytest.raises(ModelNotFound, match="a previous of planted"):
        versions.rollback(three, None, asker())


def test_a_clock_that_was_set_back_does_not_turn_the_ledger_round(three: Path) -> None:
    promotion.promote(registry(three), "v2", asker("1999-01-01T00:00:00+00:00"))
    assert live_everywhere(three) == ("2", 2, 2)
    assert [each.time for each in ledger.entries(three / "models")] == [NOW, NOW]


def test_a_model_that_does_not_pass_leaves_the_old_state(new_project: NewProject) -> None:
    root = new_project("gate")
    add_version(root, 1, skill=0.3)
    promotion.promote(registry(root), "v1", asker())
    add_version(root, 2, skill=0.1)
    add_version(root, 3, reliable=False)
    for wanted in ("v2", "v3"):
        with pytest.raises(GateNotPassed):
            promotion.promote(registry(root), wanted, asker())
    assert live_everywhere(root) == ("1", 1, 1)
    assert roles(registry(root)) == {"champion": 1, "challenger": 3}
