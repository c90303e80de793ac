"""The ledger says what is live: the last line of a name, and nothing where it cannot be believed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from icp_ml.errors import BundleInvalid, InputError, ModelNotFound
from icp_ml.serve import ledger
from icp_ml.serve.ledger import Entry


def event(number: int, version: int, name: str = "icp", time: str = "2025-01-01T00:00:00+00:00") -> Entry:
    return Entry(
        id=f"{number:06d}-0",
        time=time,
        action="promote",
        name=name,
        version=version,
        content_hash=f"{version}" * 64,
        run_id=None,
        reason='said "so", ümlaut',
        by="ana@crm:1",
    )


def write(models: Path, *events: Entry) -> Path:
    (models / ledger.LEDGER).write_text("".join(f"{ledger.entry_line(each)}\n" for each in events), encoding="utf-8")
    return models


def make_bundle(models: Path, name: str, version: int, content_hash: str) -> Path:
    folder = models / name / f"v{version}"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"content_hash": content_hash}))
    return folder


def test_what_is_written_is_read(tmp_path: Path) -> None:
    events = (event(1, 1), event(2, 2), event(3, 1))
    assert ledger.entries(write(tmp_path, *events)) == events


def test_without_a_ledger_nothing_is_live(tmp_path: Path) -> None:
    assert ledger.entries(tmp_path) == ()
    assert ledger.live(tmp_path) is None
    assert ledger.live_folder(tmp_path, "icp") is None


def test_the_last_line_of_a_name_is_live(tmp_path: Path) -> None:
    write(tmp_path, event(1, 1), event(1, 7, "other"), event(2, 2), event(3, 1))
    assert ledger.live(tmp_path, "icp") == event(3, 1)
    assert ledger.live(tmp_path, "other") == event(1, 7, "other")
    assert ledger.live(tmp_path, "third") is None


def test_of_two_names_one_must_be_said(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="2 models are live"):
        ledger.live(write(tmp_path, event(1, 1), event(1, 7, "other")))


def test_the_live_folder_is_the_one_that_holds_the_model_that_was_promoted(tmp_path: Path) -> None:
    write(tmp_path, event(1, 1), event(2, 2))
    with pytest.raises(ModelNotFound, match="icp promote icp/v2"):
        ledger.live_folder(tmp_path)
    folder = make_bundle(tmp_path, "icp", 2, "1" * 64)
    with pytest.raises(BundleInvalid, match=r"222222222222 was expected .* 111111111111 was found"):
        ledger.live_folder(tmp_path)
    (folder / "manifest.json").write_text(json.dumps({"content_hash": "2" * 64}))
    assert ledger.live_folder(tmp_path) == folder


@pytest.mark.parametrize(
    "line", ["no json", "{}", '{"id": 1}', ledger.entry_line(event(1, 1)).replace("promote", "guess"), "[1]"]
)
def test_a_line_that_is_no_event_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    write(tmp_path, event(1, 1))
    with (tmp_path / ledger.LEDGER).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=r"ledger.jsonl, line 2"):
        ledger.live(tmp_path)


def test_events_are_in_the_order_of_time_and_within_a_name_of_their_number() -> None:
    late = "2025-02-01T00:00:00+00:00"
    shuffled = [event(2, 5, time=late), event(1, 9, "other", time=late), event(3, 4, time=late), event(1, 8)]
    assert [(each.name, each.version) for each in ledger.in_order(shuffled)] == [
        ("icp", 8),
        ("icp", 5),
        ("icp", 4),
        ("other", 9),
    ]


def test_the_example_is_a_ledger(tmp_path: Path) -> None:
    example = Path(__file__).resolve().parents[2] / "models" / "ledger.example.jsonl"
    shutil.copy(example, tmp_path / ledger.LEDGER)
    events = ledger.entries(tmp_path)
    assert "".join(f"{ledger.entry_line(each)}\n" for each in events) == example.read_text(encoding="utf-8")
    assert ledger.in_order(events) == events
    found = ledger.live(tmp_path)
    assert found is not None
    assert (found.action, found.version) == ("rollback", 1)


def test_a_ledger_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ledger.LEDGER).write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="was expected to be a text that can be read, and it is not"):
        ledger.entries(tmp_path)
    (tmp_path / ledger.LEDGER).unlink()
    (tmp_path / ledger.LEDGER).mkdir()
    with pytest.raises(InputError, match="was expected to be a text that can be read, and it is not"):
        ledger.entries(tmp_path)


def test_a_folder_whose_manifest_cannot_be_read_is_not_the_live_one(tmp_path: Path) -> None:
    write(tmp_path, event(1, 1))
    folder = make_bundle(tmp_path, "icp", 1, "1" * 64)
    assert ledger.live_folder(tmp_path, "icp") == folder
    (folder / "manifest.json").write_text("{")
    with pytest.raises(BundleInvalid, match="says that it is live, and none was found"):
        ledger.live_folder(tmp_path, "icp")
