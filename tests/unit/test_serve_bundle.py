"""A bundle reads back as it was written, and anything else is refused with the file's name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.errors import BundleInvalid, ConfigError, ModelNotFound
from icp_ml.model.cells.tables import CellTables
from icp_ml.model.trees import Trees
from icp_ml.model.win_model import WinModel
from icp_ml.profile.lookalike_records import LookalikeProvenance
from icp_ml.profile.tiering import Policy
from icp_ml.serve import file_names
from icp_ml.serve import folder as files
from icp_ml.serve.bundle import as_stored, check_answering, open_bundle, read_bundle, write_bundle
from icp_ml.serve.documents import as_json_value, from_bytes, to_bytes
from icp_ml.serve.golden import UNSEEN, GoldenRows, by_members, make_golden
from icp_ml.serve.loading import load
from icp_ml.serve.manifests import manifest_of
from icp_ml.serve.plain_files import read_plain_file
from icp_ml.serve.scoring import Scorer
from tests import serve_models
from tests.definitions import definition


def reseal(folder: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> None:
    """Change the content of a bundle and make all hashes agree again, as a forger would."""
    content = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    provenance = read_bundle(folder).provenance
    shutil.rmtree(folder)
    files.write_files(folder, provenance, change(content))


def drop_first_point(text: str) -> str:
    document = json.loads(text)
    document["columns"][0]["points"].pop()
    return json.dumps(document)


def turn_first_cuts(text: str) -> str:
    document = json.loads(text)
    document["columns"][0]["thresholds"].reverse()
    return json.dumps(document)


def double_a_cut(text: str) -> str:
    document = json.loads(text)
    cuts = document["columns"][0]["thresholds"]
    cuts[1] = cuts[0]
    return json.dumps(document)


def turn_cuts(text: str) -> str:
    document = json.loads(text)
    document["cuts"]["log_odds"].reverse()
    return json.dumps(document)


def drop_golden(text: str) -> str:
    document = json.loads(text)
    for key in ("rows", "log_odds", "probability", "contributions", "probability_low", "probability_high"):
        document[key].pop()
    return json.dumps(document)


def nudge_golden(text: str, by: float) -> str:
    document = json.loads(text)
    document["contributions"][3][2] += by
    return json.dumps(document)


def same_length(text: str, key: str, value: str) -> str:
    """Overwrite the start of the first list after `key`, keeping the length, so that tree_sizes still holds."""
    start = text.index(key, text.index("Tree=0")) + len(key)
    return text[:start] + value + text[start + len(value) :]


def doubled_leaves(text: str) -> str:
    start = text.index("leaf_value=") + len("leaf_value=")
    end = text.index("\n", start)
    doubled = " ".join(repr(2 * float(value)) for value in text[start:end].split())
    changed = text[:start] + doubled + text[end:]
    sizes_start = changed.index("tree_sizes=") + len("tree_sizes=")
    sizes_end = changed.index("\n", sizes_start)
    sizes = changed[sizes_start:sizes_end].split()
    sizes[0] = str(int(sizes[0]) + len(changed) - len(text))
    return changed[:sizes_start] + " ".join(sizes) + changed[sizes_end:]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return serve_models.write(tmp_path_factory.mktemp("models") / "v1")


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(written, tmp_path / "v1"))


def test_what_is_read_is_what_was_written(written: Path) -> None:
    ours, read = serve_models.bundle(), read_bundle(written)
    assert (read.provenance, read.attributes, read.prospects) == (ours.provenance, ours.attributes, ours.prospects)
    assert (read.golden, read.model.vocabulary, read.model.stack) == (
        ours.golden,
        ours.model.vocabulary,
        ours.model.stack,
    )
    assert read.model.trees.text == ours.model.trees.text
    # NaN is no equal of itself, so profile and verdict are compared as the documents they are.
    assert as_json_value(read.verdict.model_dump()) == as_json_value(ours.verdict.model_dump())
    assert read.profile == ours.profile
    for mine, theirs in zip(ours.model.scorecard.columns, read.model.scorecard.columns, strict=True):
        assert np.array_equal(mine.points, theirs.points)
        assert np.array_equal(mine.thresholds, theirs.thresholds)


def test_writing_twice_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    again = serve_models.write(tmp_path / "again")
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in written.iterdir()
    }


def test_the_content_hash_leaves_out_who_made_it_and_when_but_not_what_it_is(written: Path, tmp_path: Path) -> None:
    ours = serve_models.bundle()
    renamed = ours.provenance.model_copy(update={"name": "other", "version": 9, "created": "2030-01-01", "run_id": "r"})
    moved = replace(ours, provenance=renamed)
    changed = replace(
        ours, golden=make_golden(ours.model, ours.attributes, serve_models.AS_OF, 8, serve_models.calibration().band)
    )
    assert write_bundle(moved, tmp_path / "moved") == open_bundle(written).content_hash == as_stored(ours).content_hash
    assert as_stored(changed).content_hash != as_stored(ours).content_hash


def test_a_report_is_no_content_and_is_vouched_for_all_the_same(tmp_path: Path) -> None:
    ours = serve_models.bundle()
    with_it, without = tmp_path / "with", tmp_path / "without"
    assert write_bundle(ours, with_it, "<!doctype html>") == write_bundle(ours, without)
    assert open_bundle(with_it).content_hash == open_bundle(without).content_hash
    (with_it / file_names.REPORT).write_text("<!doctype html>.")
    with pytest.raises(BundleInvalid, match=r"report\.html of the bundle was changed"):
        open_bundle(with_it)


def test_an_existing_folder_is_never_written_to(folder: Path) -> None:
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(ConfigError, match="exists"):
        write_bundle(serve_models.bundle(), folder)
    assert (folder / "manifest.json").read_bytes() == before


def test_the_folder_of_a_new_name_is_made_and_that_of_a_lost_project_is_not(tmp_path: Path) -> None:
    write_bundle(serve_models.bundle(), tmp_path / "models" / "icp" / "v1")
    assert read_bundle(tmp_path / "models" / "icp" / "v1").golden == serve_models.bundle().golden
    with pytest.raises(ConfigError, match=r"a folder was expected at .*lost"):
        write_bundle(serve_models.bundle(), tmp_path / "lost" / "models" / "icp" / "v1")
    assert not (tmp_path / "lost").exists()


def test_an_error_while_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(ConfigError, match="could not be written"):
        write_bundle(serve_models.bundle(), blocked / "v1")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_nothing_in_a_bundle_is_a_bare_nan(written: Path) -> None:
    bare: list[str] = []
    for path in written.glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"), parse_constant=bare.append)
    assert bare == []


def test_no_bundle_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="there is none"):
        read_bundle(tmp_path / "nowhere")
    with pytest.raises(ModelNotFound, match="manifest"):
        read_bundle(tmp_path)


@pytest.mark.parametrize("name", file_names.CONTENT_FILES)
def test_a_missing_or_linked_file_is_named(folder: Path, name: str) -> None:
    elsewhere = folder.parent / "elsewhere"
    (folder / name).rename(elsewhere)
    with pytest.raises(BundleInvalid, match=f"{name} of the bundle is missing"):
        read_bundle(folder)
    (folder / name).symlink_to(elsewhere)
    with pytest.raises(BundleInvalid, match=f"{name} of the bundle was expected to be a plain file"):
        read_bundle(folder)


def test_a_file_that_does_not_belong_is_named(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(BundleInvalid, match=r"notes\.txt"):
        read_bundle(folder)


def test_a_file_outside_the_folder_cannot_be_listed(folder: Path) -> None:
    reseal(folder, lambda content: content | {"../outside.txt": b"x"})
    with pytest.raises(BundleInvalid, match="outside"):
        read_bundle(folder)


def test_another_format_says_which_one_this_version_reads(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_bytes(to_bytes({**manifest, "format": 2}))
    with pytest.raises(BundleInvalid, match="format 2, and this version reads format 1"):
        read_bundle(folder)


@pytest.mark.parametrize(
    ("kind", "words"), [("weighted-scorecard", "a hand-weighted scorecard"), ("lookalike", "a model of resemblance")]
)
def test_a_bundle_of_another_kind_is_told_by_what_people_call_it(folder: Path, kind: str, words: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_bytes(to_bytes({**manifest, "kind": kind}))
    with pytest.raises(ConfigError, match=f"a model learned from deals was expected in .* and {words} is there"):
        read_bundle(folder)


def test_the_provenance_says_of_which_kind_a_bundle_is() -> None:
    ours = serve_models.bundle().provenance
    resembling = LookalikeProvenance(
        name="demo", version=1, created="2024-01-01", code_version="0", config_hash="0", data_hash="0", run_id=None,
        extracted=None, ledger={}, params={}, trials=1, seed=1,
    )  # fmt: skip
    assert [manifest_of(each, {}).kind for each in (ours, resembling)] == ["win-model", "lookalike"]


def test_a_manifest_that_was_edited_is_refused_even_where_it_says_the_same(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes().rstrip(b"\n") + b" ")
    with pytest.raises(BundleInvalid, match=r"manifest\.json of the bundle was changed"):
        read_bundle(folder)


# From here on the hashes agree, as they would if somebody made a bundle by hand: the shapes must be checked too.

BROKEN: dict[str, tuple[str, Callable[[str], str]]] = {
    "json that is none": ("stack.json", lambda text: text[:-3]),
    "a key twice": ("stack.json", lambda text: text.replace('"shift"', '"base_rate"')),
    "a bare NaN": ("stack.json", lambda text: text.replace('"pull_to_base": ', '"pull_to_base": NaN, "x": ')),
    "a weight over 2": ("stack.json", lambda text: text.replace('"weights": [\n  ', '"weights": [\n  9')),
    "three weights": ("stack.json", lambda text: text.replace('"weights": [', '"weights": [\n 0.5,')),
    "points too few": ("scorecard.json", drop_first_point),
    "cuts that fall": ("scorecard.json", turn_first_cuts),
    "a cut that stands twice": ("scorecard.json", double_a_cut),
    "another column": ("scorecard.json", lambda text: text.replace('"name": "demo"', '"name": "demos"')),
    "an attribute lacking": ("features.json", lambda text: text.replace('"name": "visits"', '"name": "visit"', 1)),
    "an unknown kind": ("features.json", lambda text: text.replace('"kind": "flag"', '"kind": "flog"')),
    "a category of numbers": ("features.json", lambda text: text.replace('"kind": "date"', '"kind": "category"')),
    "a number of categories": ("features.json", lambda text: text.replace('"kind": "category"', '"kind": "number"', 1)),
    "no tree": ("trees.txt", lambda text: "tree\n"),
    "not trees": ("trees.txt", lambda text: "hello"),
    "a tree cut off": ("trees.txt", lambda text: text[: len(text) // 2]),
    "sizes that lie": ("trees.txt", lambda text: text.replace("tree_sizes=", "tree_sizes=1 ")),
    "columns too few": ("trees.txt", lambda text: text.replace("max_feature_idx=13", "max_feature_idx=12")),
    "a child nowhere": ("trees.txt", lambda text: same_length(text, "left_child=", "9")),
    "a column nowhere": ("trees.txt", lambda text: same_length(text, "split_feature=", "99")),
    "a verdict of another shape": ("evaluation.json", lambda text: text.replace('"reliable": true,', "")),
    "a profile of another shape": ("profile.json", lambda text: text.replace('"target"', '"targets"')),
    "tiers that the table does not know": ("tiers.json", lambda text: text.replace('"label": "1"', '"label": "9"', 1)),
    "cuts that rise": ("tiers.json", turn_cuts),
    "drift of other columns": ("drift.json", lambda text: text.replace('"column": "demo"', '"column": "dome"', 1)),
    "too few golden rows": ("golden.json", drop_golden),
    "another golden answer": ("golden.json", lambda text: nudge_golden(text, 2e-9)),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_bundle_made_by_hand_is_refused_by_the_name_of_its_file(folder: Path, what: str) -> None:
    name, spoil = BROKEN[what]
    before = (folder / name).read_text(encoding="utf-8")
    after = spoil(before)
    assert after != before
    reseal(folder, lambda content: content | {name: after.encode()})
    with pytest.raises(BundleInvalid, match=r"bundle|vocabulary"):
        read_bundle(folder)
    with pytest.raises(BundleInvalid, match=r"bundle|vocabulary"):
        load(folder)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("a cut that stands twice", r"scorecard\.json"),
        ("cuts that fall", r"scorecard\.json"),
        ("a number of categories", "does not fit the kind of its attribute"),
    ],
)
def test_a_shape_that_is_wrong_is_refused_before_anything_is_scored_by_it(folder: Path, what: str, words: str) -> None:
    name, spoil = BROKEN[what]
    reseal(folder, lambda content: content | {name: spoil(content[name].decode()).encode()})
    with pytest.raises(BundleInvalid, match=words):
        read_bundle(folder)


def test_golden_rows_may_differ_by_rounding(folder: Path) -> None:
    text = nudge_golden((folder / "golden.json").read_text(), 5e-10)
    reseal(folder, lambda content: content | {"golden.json": text.encode()})
    assert read_bundle(folder).golden.as_of == date(2024, 6, 30)
    assert load(folder).bundle.golden.as_of == date(2024, 6, 30)


def test_other_leaves_do_not_reproduce_the_golden_rows(folder: Path) -> None:
    """Well-formed trees that answer something else: every leaf of the first tree is doubled."""
    text = doubled_leaves((folder / "trees.txt").read_text())
    reseal(folder, lambda content: content | {"trees.txt": text.encode()})
    with pytest.raises(BundleInvalid, match=r"log_odds of its golden rows: golden\.json"):
        read_bundle(folder)
    with pytest.raises(BundleInvalid, match=r"log_odds of its golden rows: golden\.json"):
        load(folder)


def test_what_scores_has_to_answer_the_golden_rows_itself(folder: Path) -> None:
    """LightGBM's answers are right in both; the second one's tables are a little off."""
    scorer = load(folder)
    assert isinstance(scorer, Scorer)
    assert isinstance(scorer.tables, CellTables)
    check_answering(scorer.bundle, scorer.row_answers)
    off = replace(scorer.tables, base=scorer.tables.base + 2e-9)
    other = Scorer(scorer.bundle)
    vars(other)["tables"] = off
    check_answering(other.bundle, by_members(other.bundle.model))
    with pytest.raises(BundleInvalid, match=r"log_odds of its golden rows: golden\.json"):
        check_answering(other.bundle, other.row_answers)


def test_every_golden_row_knows_something_and_together_they_leave_each_kind_out_once() -> None:
    golden = serve_models.bundle().golden
    assert len(golden.rows) == 10
    for row in golden.rows:
        assert set(row.values()) - {None, UNSEEN}
    for attribute in serve_models.ATTRIBUTES:
        assert len({row[attribute.column] for row in golden.rows}) > 1


def test_golden_rows_depend_on_their_seed_alone() -> None:
    def made(seed: int) -> GoldenRows:
        band = serve_models.calibration().band
        return make_golden(serve_models.win_model(), serve_models.ATTRIBUTES, serve_models.AS_OF, seed, band)

    assert made(7) == made(7) == serve_models.bundle().golden
    assert made(8).rows != made(7).rows


def test_json_keeps_floats_and_says_what_is_not_finite() -> None:
    value = {"b": 0.1 + 0.2, "a": (float("nan"), float("inf"), -float("inf"), 1e-300)}
    content = to_bytes(value)
    assert content.decode().splitlines()[1].strip() == '"a": ['  # keys are sorted
    assert from_bytes(content, "x.json") == {
        "a": ["NaN", "Infinity", "-Infinity", 1e-300],
        "b": 0.30000000000000004,
    }


def test_a_model_of_other_trees_has_another_hash() -> None:
    ours = serve_models.bundle()
    text = ours.model.trees.text + "\n"
    model = WinModel(ours.model.vocabulary, ours.model.scorecard, Trees(text), ours.model.stack)
    assert as_stored(replace(ours, model=model)).content_hash != as_stored(ours).content_hash


def test_trees_that_are_no_text_are_refused(folder: Path) -> None:
    reseal(folder, lambda content: content | {"trees.txt": b"tree\n\xff"})
    with pytest.raises(BundleInvalid, match=r"trees\.txt of the bundle was expected to be UTF-8 text, and it is not"):
        read_bundle(folder)


def test_a_rule_or_a_criterion_that_no_attribute_answers_is_refused(tmp_path: Path) -> None:
    rule = RuleSettings.model_validate({"name": "gone", "attribute": "stage", "is": ["Seed"]})
    with pytest.raises(BundleInvalid, match=r"policy\.json of the bundle cannot be used: .*'gone' asks about 'stage'"):
        write_bundle(replace(serve_models.bundle(), policy=Policy(exclusions=(rule,))), tmp_path / "rule")
    with pytest.raises(BundleInvalid, match=r"definition\.json of the bundle cannot be used: the criterion '"):
        write_bundle(replace(serve_models.bundle(), definition=definition()), tmp_path / "criterion")
    assert list(tmp_path.iterdir()) == []


def test_without_a_calibration_there_is_no_level_to_go_back_from() -> None:
    bare = replace(serve_models.bundle(), calibration=None)
    assert bare.at_base_rate(None).calibration is None


def test_a_file_that_is_there_and_cannot_be_read_is_told() -> None:
    """The memory of a process is a file that can be opened and of which the first byte cannot be read."""
    memory = Path("/proc/self/mem")
    if not memory.is_file():
        pytest.skip("this system has no such file")
    with pytest.raises(BundleInvalid, match=r"mem of the bundle cannot be read \("):
        read_plain_file(memory, 10)
