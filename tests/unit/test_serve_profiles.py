"""Several ICPs in one bundle: written, read and tampered with; and the best of them answers for each row."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.special import logit

from benchmarks.fuzz.bundle_texts import sealed, stored_in, write_stored
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.errors import BundleInvalid, ConfigError
from icp_ml.profile.several import notes_on
from icp_ml.profile.tiering import Policy
from icp_ml.serve.amending import Amendment, amended
from icp_ml.serve.bundle import Profiles, open_bundle, write_bundle
from icp_ml.serve.explaining import explain, find_row
from icp_ml.serve.loading import load
from icp_ml.serve.profiled_scoring import ProfiledScorer
from tests import profiled_bundles as made
from tests import serve_models
from tests.serve_models import AS_OF

ROWS = 300


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(made.bundle(), tmp_path / "v1")
    return tmp_path / "v1"


def scored(rows: int = ROWS, seed: int = 5) -> pd.DataFrame:
    return made.scorer().score(serve_models.frame(rows, seed), as_of=AS_OF)


def test_what_is_read_is_what_was_written(folder: Path) -> None:
    stored, written = open_bundle(folder).bundle.profiles, made.bundle().profiles
    assert stored is not None
    assert written is not None
    assert stored.record == written.record
    assert list(stored.by_name()) == ["large", "small", "product"]
    assert isinstance(load(folder), ProfiledScorer)


def test_the_card_of_the_whole_says_what_there_is_of_each_profile(folder: Path) -> None:
    profiles = made.bundle().profiles
    assert profiles is not None
    said = [f"- {each.sentence}" for each in profiles.record.profiles]
    card, of_one = ((folder / name).read_text(encoding="utf-8") for name in ("card.md", "profiles/small/card.md"))
    assert [line for line in card.splitlines() if line in said] == said
    assert not [line for line in of_one.splitlines() if line in said]


def test_each_profile_is_a_bundle_of_its_own(folder: Path) -> None:
    """The same answers as beside the others, but for its own columns."""
    beside = scored()
    alone = load(folder / "profiles" / "product").score(serve_models.frame(ROWS, 5), as_of=AS_OF)
    answered = beside["profile"] == "product"
    assert answered.any()
    for name in alone.columns:
        pd.testing.assert_series_equal(alone[name][answered].astype(object), beside[name][answered].astype(object))


@pytest.mark.parametrize("file", ["trees.txt", "manifest.json", "card.md"])
def test_a_changed_byte_in_a_profile_is_refused(folder: Path, file: str) -> None:
    path = folder / "profiles" / "small" / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(BundleInvalid, match=r"profiles/small/"):
        open_bundle(folder)


def test_a_profile_that_is_gone_and_one_that_does_not_belong_are_refused(folder: Path) -> None:
    (folder / "profiles" / "small").rename(folder / "profiles" / "other")
    with pytest.raises(BundleInvalid, match=r"profiles/small/"):
        open_bundle(folder)


def test_a_link_in_the_place_of_a_profile_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "profiles" / "small").rename(tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", folder / "profiles" / "small")
    with pytest.raises(BundleInvalid):
        open_bundle(folder)


def test_another_profile_makes_another_bundle(tmp_path: Path) -> None:
    three = write_bundle(made.bundle(), tmp_path / "v1")
    two = write_bundle(made.bundle(2), tmp_path / "v2")
    none = write_bundle(serve_models.bundle(), tmp_path / "v3")
    assert len({three, two, none}) == 3
    hashes = {open_bundle(tmp_path / version).model_hash for version in ("v1", "v2", "v3")}
    assert len(hashes) == 1


def test_the_profile_with_the_highest_probability_answers_for_each_row() -> None:
    """The second route: each profile's scorer row by row, and which companies it may be sold to by their size."""
    found, frame = scored(), serve_models.frame(ROWS, 5)
    employees = frame["employees"].str.replace(",", "").astype(float)
    is_open = {"large": ~(employees < 200), "small": ~(employees >= 400), "product": employees.notna() | True}
    alone = {name: each.score(frame, as_of=AS_OF) for name, each in made.scorer().profiles.items()}
    for row in range(ROWS):
        chances = {name: alone[name]["probability"][row] for name in alone if is_open[name][row]}
        best = max(chances, key=lambda name: chances[name])
        assert found["profile"][row] == best
        assert found["probability"][row] == chances[best]
        for name in alone:
            told = found[f"profile_{name}_probability"][row]
            assert told == chances[name] if name in chances else np.isnan(told)
    assert found["profile"].nunique() == 3


def test_sub_scores_add_to_the_score_from_the_base_of_the_profile_that_answers() -> None:
    found = scored()
    bases = {name: each.tier_book.base_score for name, each in made.scorer().profiles.items()}
    layers = [f"score_{part}" for part in made.scorer().tier_book.parts if part not in ("fit", "intent")]
    total = found[layers].sum(axis=1) + found["profile"].astype(str).map(bases)
    assert np.allclose(total, found["score"], atol=1e-9)


def test_batches_and_single_rows_get_the_answers_of_the_whole_list() -> None:
    table = serve_models.raw_list(40, 9)
    whole = made.scorer().score(table, as_of=AS_OF).to_pandas().astype(object)
    for size in (1, 7):
        batches = made.scorer().score(iter(table.to_batches(max_chunksize=size)), as_of=AS_OF)
        pd.testing.assert_frame_equal(pa.Table.from_batches(batches).to_pandas().astype(object), whole)


def test_marked_rows_are_answered_by_the_model_of_all_deals() -> None:
    """An excluded industry, and an account met twice: no tier, no profile; what each profile would say still stands."""
    rule = RuleSettings.model_validate({"name": "retail", "attribute": "industry", "is": ["Retail"]})
    bundle = made.bundle()
    assert bundle.profiles is not None
    policy = Policy(exclusions=(rule,))
    ruled = ProfiledScorer(replace(bundle, policy=policy, profiles=bundle.profiles.under(policy)))
    frame = serve_models.frame(ROWS, 5)
    frame["domain"] = [*frame["domain"][:10], frame["domain"][9], *frame["domain"][11:]]
    found = ruled.score(frame, as_of=AS_OF)
    retail = frame["industry"] == "Retail"
    assert found.loc[retail, ["tier", "profile", "profile_product_tier"]].isna().all(axis=None)
    assert found.loc[retail, "score"].notna().all()
    assert found.loc[retail, "profile_product_score"].notna().all()
    assert set(found.loc[retail, "status"]) == {"excluded: retail"}
    assert found.loc[10, "status"] == ("excluded: retail" if retail[10] else "repeated account")
    assert found["profile"].isna()[10]


def test_a_row_outside_of_every_profile_is_answered_by_the_model_of_all_deals() -> None:
    bundle = made.bundle(2)
    large_only = ProfiledScorer(replace(bundle, profiles=_first(bundle.profiles)))
    frame = serve_models.frame(ROWS, 5)
    found, plain = large_only.score(frame, as_of=AS_OF), serve_models.scorer().score(frame, as_of=AS_OF)
    outside = frame["employees"].str.replace(",", "").astype(float) < 200
    assert found.loc[outside, "profile"].isna().all()
    assert (found.loc[outside, "score"] == plain.loc[outside, "score"]).all()
    assert (found.loc[outside, "tier"].astype(str) == plain.loc[outside, "tier"].astype(str)).all()


def _first(profiles: Profiles | None) -> Profiles:
    assert profiles is not None
    record = profiles.record.model_copy(update={"profiles": profiles.record.profiles[:1]})
    return replace(profiles, record=record, bundles=profiles.bundles[:1])


def test_a_row_is_explained_by_the_profile_that_answers_for_it() -> None:
    found = scored()
    table = serve_models.raw_list(ROWS, 5)
    for row in (0, 1, 2, 3):
        batch = find_row(made.scorer()._incoming.batches(table), str(found["domain"][row]))
        told = explain(made.scorer(), batch, AS_OF)
        assert told.profile == found["profile"][row]
        assert told.score == found["score"][row]
        total = told.base_log_odds + sum(each.effect for each in (*told.speaks_for, *told.against))  # type: ignore[operator]
        assert total == pytest.approx(told.log_odds, abs=1e-7)


def test_a_stated_base_rate_moves_every_profile_by_as_much_and_no_score() -> None:
    moved = made.scorer().with_level(0.02)
    assert isinstance(moved, ProfiledScorer)
    frame = serve_models.frame(ROWS, 5)
    before, after = scored(), moved.score(frame, as_of=AS_OF)
    shift = serve_models.scorer().with_level(0.02).bundle.model.shift
    for name in made.scorer().profiles:
        is_open = before[f"profile_{name}_probability"].notna()
        old, new = (_logit(each.loc[is_open, f"profile_{name}_probability"]) for each in (before, after))
        assert np.allclose(new - old, shift, atol=1e-6)
        assert before[f"profile_{name}_score"].equals(after[f"profile_{name}_score"])


def _logit(p: pd.Series) -> NDArray[np.float64]:
    return np.asarray(logit(p.to_numpy()))


def test_intervals_are_those_of_the_profile_that_answers() -> None:
    found = made.scorer().with_level(intervals=True).score(serve_models.frame(50, 5), as_of=AS_OF)
    assert (found["probability_low"] <= found["probability"]).all()
    assert (found["probability"] <= found["probability_high"]).all()


def test_an_amendment_reaches_the_profiles_too() -> None:
    rule = {"name": "retail", "attribute": "industry", "is": ["Retail"]}
    changes = Amendment.model_validate({"exclusions": [rule]})
    after = amended(made.bundle(), changes, 2, "2025-01-01T00:00:00", "policy")
    assert after.profiles is not None
    for bundle in after.profiles.bundles:
        assert bundle.policy.exclusions == after.policy.exclusions
        assert bundle.provenance.version == 2
    assert [rule.name for rule in after.profiles.by_name()["large"].policy.boundary] == ["profile large"]


def test_notes_name_what_to_beware_of() -> None:
    many = tuple(made.record(made.LARGE.model_copy(update={"name": f"p{k}"})) for k in range(4))
    assert any("4 profiles" in note for note in notes_on(many, 400, 0))
    pair = (made.record(made.LARGE, deals=100, shared=25), made.record(made.SMALL, deals=300, shared=25))
    found = notes_on(pair, 400, 12)
    assert any("25 deals, 25% of the smaller one" in note for note in found)
    assert any(note.startswith("12 of 400 deals") for note in found)
    assert any("holds all deals" in note for note in notes_on((made.record(made.LARGE, deals=400),), 400, 0))


def test_a_list_whose_id_is_called_like_an_output_column_is_refused() -> None:
    frame = serve_models.frame(3, 5).rename(columns={"domain": "profile"})
    prospects = made.bundle().prospects.model_copy(update={"id": "profile"})
    with pytest.raises(ConfigError, match="'profile'"):
        ProfiledScorer(replace(made.bundle(), prospects=prospects)).score(frame, as_of=date(2024, 6, 30))


def test_who_is_known_is_the_wholes_to_say() -> None:
    """The profiles do not ask again: a customer is one whatever profile it would belong to."""
    assert all(each.known is None for each in made.scorer().profiles.values())


def forged(folder: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> Path:
    """The bundle with other content, its hashes made to agree."""
    stored = stored_in(folder)
    content = change(dict(stored.content))
    made_anew = folder.parent / "forged"
    made_anew.mkdir()
    return write_stored(made_anew, sealed(stored, content), content)


def without(content: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {each: data for each, data in content.items() if each != name}


FORGERIES: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "another profile in its place": (
        lambda content: {
            **without(content, "profiles/small/manifest.json"),
            **{
                name.replace("/large/", "/small/"): data
                for name, data in content.items()
                if name.startswith("profiles/large/")
            },
        },
        "the profile 'small' in the bundle is not the one that profiles.json names",
    ),
    "one that is not named": (
        lambda content: {
            **content,
            **{
                name.replace("/large/", "/huge/"): data
                for name, data in content.items()
                if name.startswith("profiles/large/")
            },
        },
        "profiles.json of the bundle was expected to name each profile in it once, and it does not",
    ),
    "one without a manifest": (
        lambda content: without(content, "profiles/small/manifest.json"),
        "the profile 'small' of the bundle has no manifest.json",
    ),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_profiles_that_do_not_belong_together_are_refused_though_all_hashes_agree(folder: Path, what: str) -> None:
    change, said = FORGERIES[what]
    with pytest.raises(BundleInvalid, match=re.escape(said)):
        open_bundle(forged(folder, change))


def test_at_another_level_no_profile_is_compiled_again_and_answers_are_those_of_a_new_scorer() -> None:
    frame = serve_models.frame(20, 5)
    warm = ProfiledScorer(made.bundle())
    warm.score(frame, as_of=AS_OF)
    moved = warm.with_level(0.02)
    assert isinstance(moved, ProfiledScorer)
    for name, each in warm.profiles.items():
        assert moved.profiles[name].tables is each.tables
    anew = ProfiledScorer(made.bundle()).with_level(0.02).score(frame, as_of=AS_OF)
    pd.testing.assert_frame_equal(moved.score(frame, as_of=AS_OF), anew)


def test_a_scorer_of_several_profiles_needs_a_bundle_of_several() -> None:
    with pytest.raises(ConfigError, match="a bundle with several profiles was expected, and this one has none"):
        _ = ProfiledScorer(serve_models.bundle()).profiles
