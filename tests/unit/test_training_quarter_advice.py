"""What the quarterly loop advises, by what is live, what was made and what the gates say; nothing is trained here."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icp_ml.errors import NoSignal
from icp_ml.profile.definition import Definition
from icp_ml.serve.bundle import open_bundle, write_bundle
from icp_training import promotion, quarter
from icp_training.backtest.as_known import read_history
from icp_training.config import Config, load_config, load_weighted
from icp_training.pipeline import data_digest
from icp_training.quarter import Asked, Quarter, due, run_quarter
from icp_training.registry import Registered, register, registry_of
from icp_training.reviewing import drift_since
from icp_training.search import Budget
from icp_training.tracking import closing_run, open_run
from icp_training.training import Trained
from icp_training.weighing import weigh_into
from tests import icp_bundles, serve_models
from tests.cli_projects import config, deal_rows, strong, write_config, write_project
from tests.registry_projects import NewProject, about, asker
from tests.weighted_projects import write_weighted

NAME = "strong"
TODAY = datetime.now(UTC).isoformat(timespec="seconds")
ASKED = Asked(Budget(1))


@pytest.fixture
def project(new_project: NewProject) -> Path:
    """Deals and their configuration, with an empty record of runs."""
    return write_project(new_project("advice"), strong())


def read(project: Path) -> Config:
    return load_config(project / "icp.yaml")


def add(
    project: Path,
    version: int,
    *,
    reliable: bool = True,
    skill: float = 0.1,
    icp: Definition | None = None,
    extracted: str | None = "2024-06-30",
) -> Registered:
    """A version as if this configuration had made it of these deals."""
    made, asked = serve_models.bundle(), read(project)
    provenance = made.provenance.model_copy(
        update={
            "name": NAME,
            "version": version,
            "created": TODAY,
            "extracted": extracted,
            "config_hash": asked.digest(),
            "data_hash": data_digest(asked, project),
        }
    )
    verdict = made.verdict.model_copy(
        update={"reliable": reliable, "skill": skill, "gain": about(skill), "warnings": (f"version {version}",)}
    )
    folder = project / "models" / NAME / f"v{version}"
    write_bundle(replace(made, provenance=provenance, verdict=verdict, definition=icp), folder)
    run = open_run(project, NAME, {})
    with closing_run(run):
        return register(run, registry_of(project, NAME), folder)


def loop(project: Path, *, promote: bool = False) -> Quarter:
    return run_quarter(project / "icp.yaml", replace(ASKED, promote=promote), asker(TODAY))


def make_live(project: Path, version: int) -> None:
    promotion.promote(registry_of(project, NAME), f"v{version}", asker(TODAY))


def test_a_version_that_passes_is_to_be_promoted_and_is_then_live(project: Path) -> None:
    add(project, 1)
    first = loop(project)
    assert first.due == ("Nothing is live yet.",)
    assert first.recommendation == "Promote strong version 1: every gate is green. icp promote does it."
    assert (first.was_there, first.changed, first.promotion) == (True, None, None)
    done = loop(project, promote=True)
    assert done.recommendation == "strong version 1 passed every gate and is live."
    assert done.promotion is not None
    again = loop(project, promote=True)
    assert again.recommendation == "strong version 1 is live already, and nothing is newer."
    assert (again.gates, again.promotion, again.changed) == ((), None, None)


def test_a_version_that_a_gate_refuses_is_not_promoted_and_what_is_live_stays(project: Path) -> None:
    add(project, 1, reliable=False)
    found = loop(project, promote=True)
    assert found.recommendation == "Keep what is live: strong version 1 is refused (enough evidence)."
    assert found.promotion is None
    assert registry_of(project, NAME).find("@champion") is None


def test_a_version_of_which_a_gate_cannot_tell_waits_for_a_person(project: Path) -> None:
    """Nobody has compared it with what is live; and what is live has no ICP that it could be set beside."""
    add(project, 1)
    make_live(project, 1)
    add(project, 2, icp=icp_bundles.of(icp_bundles.SIZE))
    found = loop(project, promote=True)
    assert found.recommendation.startswith("Look at strong version 2 before you promote it: ")
    assert found.recommendation.endswith("could not be told or wants a person's eye.")
    assert (found.promotion, found.changed) == (None, None)
    live = registry_of(project, NAME).find("@champion")
    assert live is not None
    assert live.version == 1


def test_what_changed_is_told_where_both_versions_have_an_icp(project: Path) -> None:
    add(project, 1, icp=icp_bundles.of(icp_bundles.SIZE, icp_bundles.DEMO))
    make_live(project, 1)
    add(project, 2, icp=icp_bundles.of(icp_bundles.DEMO))
    changed = loop(project).changed
    assert changed is not None
    assert [(each.factor, each.kind) for each in changed.changed()] == [("employees", "went")]


def test_customers_won_since_are_counted_where_the_live_version_says_since_when(project: Path) -> None:
    """The deals of 2024 and later are after its extract, if it has one."""
    add(project, 1)
    make_live(project, 1)
    (said,) = due(project / "icp.yaml", asker(TODAY))
    assert re.fullmatch(r"\d+ customers were won since its deals were extracted on 2024-06-30\.", said)
    add(project, 2, extracted=None)
    make_live(project, 2)
    assert due(project / "icp.yaml", asker(TODAY)) == ()


def test_the_lists_that_are_named_are_reviewed_where_there_are_any(project: Path) -> None:
    write_config(project, {**config(strong()), "refresh": {"scored": "given/*.parquet"}})
    made = add(project, 1, icp=icp_bundles.of(icp_bundles.SIZE))
    assert loop(project).reviewed is None
    (project / "given").mkdir()
    accounts = sorted({row["account_id"] for row in deal_rows(strong())})
    count = len(accounts)
    given = pa.table({"domain": accounts, "tier": ["1"] * count, "score": [80.0] * count, "status": ["scored"] * count})
    told = {"icp.as_of": "2024-06-03", "icp.model": "strong version 1", "icp.content_hash": made.content_hash}
    pq.write_table(given.replace_schema_metadata(told), project / "given" / "june.parquet")
    found = loop(project).reviewed
    assert found is not None
    assert [(each.name, str(each.day)) for each in found.lists] == [("june.parquet", "2024-06-03")]
    assert not any("Criteria are not shown" in line for line in found.absent)
    assert found.drift == (), "nothing is live that the deals since could have left"


def test_the_deals_since_the_live_versions_extract_are_held_against_those_that_it_learned_from(project: Path) -> None:
    """One an account, the first; and none where nobody knows since when to count."""
    add(project, 1)
    stored = open_bundle(project / "models" / NAME / "v1")
    history = read_history(read(project), project)
    found = drift_since(read(project), project, history, stored, 60)
    ended = [row for row in deal_rows(strong()) if row["stage"] in ("Closed Won", "Closed Lost")]
    since = {row["account_id"] for row in ended if row["opened_at"] > "2024-06-30"}
    assert {each.deals for each in found if each.kind == "attributes"} == {len(since)}
    undated = stored.bundle.provenance.model_copy(update={"extracted": None})
    stored = replace(stored, bundle=replace(stored.bundle, provenance=undated))
    assert drift_since(read(project), project, history, stored, 60) == ()


def add_by_hand(project: Path, version: int) -> None:
    """A hand-weighted scorecard of the same name."""
    settings = load_weighted(write_weighted(project) / "start.yaml").model_copy(update={"name": NAME})
    folder = weigh_into(project, settings, version, TODAY).folder
    run = open_run(project, NAME, {})
    with closing_run(run):
        register(run, registry_of(project, NAME), folder)


@pytest.mark.parametrize("newest", ["spoilt", "by hand"])
def test_a_newest_version_that_is_no_model_of_these_deals_is_made_anew(
    project: Path, newest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where that makes none, the advice is to keep what is live, or, where the world has turned, not to use it."""
    trained: list[Path] = []
    refusal = NoSignal("no reliable signal; bring more deals")

    def refuse(path: Path, *_: object, **__: object) -> Trained:
        trained.append(path)
        return Trained(serve_models.bundle().verdict, "a run", refusal=refusal, period=turned)

    monkeypatch.setattr(quarter, "train", refuse)
    add(project, 1)
    if newest == "spoilt":
        (project / "models" / NAME / "v1" / "profile.json").write_text("{}", encoding="utf-8")
    else:
        add_by_hand(project, 2)
    turned = None
    found = loop(project)
    assert trained == [project / "icp.yaml"]
    assert found.recommendation == "No version was made: keep what is live, and bring what the refusal asks for."
    assert (found.version, found.refusal, found.gates) == (None, refusal, ())
    turned = "Since 2024 other things decide."
    assert loop(project).recommendation == (
        "No version was made, and what is live may mislead: do not choose companies by its order, and bring what the "
        "refusal asks for."
    )
