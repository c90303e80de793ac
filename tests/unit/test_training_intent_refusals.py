"""What can be refreshed and compared, and what is said where it cannot: nothing is learned here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from icp_ml.deals.settings import WindowSettings
from icp_ml.deals.table import DealTable
from icp_ml.errors import ConfigError, ModelNotFound, TooFewDeals
from icp_ml.serve import ledger
from icp_ml.serve.bundle import StoredBundle, open_bundle
from icp_ml.serve.ledger import Entry
from icp_training.comparing import ground_of, live_model
from icp_training.config import Config, load_config
from icp_training.intent_points import intent_ground
from icp_training.pipeline import read
from icp_training.turning import turn_since
from tests import profiled_bundles, serve_models
from tests.cli_projects import strong, write_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("refusals"), strong())


@pytest.fixture(scope="module")
def config(project: Path) -> Config:
    return load_config(project / "icp.yaml")


@pytest.fixture(scope="module")
def deals(project: Path, config: Config) -> DealTable:
    return read(config, project)


def live(**changes: object) -> StoredBundle:
    """What is live, of an extract of the end of 2023 where nothing else is said."""
    made = serve_models.bundle()
    provenance = made.provenance.model_copy(update={"extracted": "2023-12-31"})
    return StoredBundle(replace(made, **{"provenance": provenance, **changes}), "content", "model")  # type: ignore[arg-type]


def test_without_a_live_version_there_is_no_intent_side_to_refresh(
    config: Config, project: Path, deals: DealTable
) -> None:
    told = "a live version of strong that learned from deals was expected, and there is none; icp quarter without"
    with pytest.raises(ModelNotFound, match=told):
        intent_ground(config, project, deals, None)


def test_several_icps_and_another_target_are_trained_anew(config: Config, project: Path, deals: DealTable) -> None:
    with pytest.raises(ConfigError, match="the live version has several ICPs"):
        intent_ground(config, project, deals, live(profiles=profiled_bundles.bundle(2).profiles))
    graded = serve_models.provenance().model_copy(update={"target": "won, grade A"})
    with pytest.raises(ConfigError, match="the live version predicts 'won, grade A', and this configuration 'won'"):
        intent_ground(config, project, deals, live(provenance=graded))


def test_a_model_without_an_intent_side_or_without_points_cannot_be_refreshed(
    config: Config, project: Path, deals: DealTable
) -> None:
    """`demo` and `visits` are the intent side. A direction that somebody asked for could be broken by a step."""
    model = serve_models.win_model()
    asked = tuple(replace(each, monotone=1) if each.axis == "intent" else each for each in model.vocabulary.columns)
    directed = replace(model, vocabulary=replace(model.vocabulary, columns=asked))
    with pytest.raises(
        ConfigError, match="without a direction asked of it, was expected in the live version of strong"
    ):
        intent_ground(config, project, deals, live(model=directed))
    first, *others = model.stack.weights
    no_points = replace(model, stack=replace(model.stack, weights=(0.0, first + sum(others))))
    with pytest.raises(ConfigError, match="the live version's scorecard counts for nothing"):
        intent_ground(config, project, deals, live(model=no_points))


def test_too_few_deals_since_are_counted_and_deals_without_dates_are_said_to_have_none(
    config: Config, project: Path, deals: DealTable
) -> None:
    late = serve_models.provenance().model_copy(update={"extracted": "2025-01-31"})
    with pytest.raises(TooFewDeals, match="100 matured deals with both outcomes, opened after 2025-01-31 by accounts"):
        intent_ground(config, project, deals, live(provenance=late))
    undated = serve_models.provenance().model_copy(update={"extracted": None})
    with pytest.raises(TooFewDeals, match=r"^dates were expected, by which deals are known to be newer"):
        intent_ground(config, project, deals, live(provenance=undated))


def test_attributes_that_the_deals_have_no_more_are_named(config: Config, project: Path, deals: DealTable) -> None:
    """Of the ten attributes of the live version the deals' file has some columns, and `demo` is none of them."""
    long_ago = serve_models.provenance().model_copy(update={"extracted": "2022-01-01"})
    with pytest.raises(ConfigError, match=r"of them cannot be read \(.*demo.*\); train anew with icp quarter"):
        intent_ground(config, project, deals, live(provenance=long_ago))


def test_what_is_live_and_spoilt_is_as_good_as_nothing(tmp_path: Path) -> None:
    folder = serve_models.write(tmp_path / "models" / "planted" / "v1")
    assert live_model(tmp_path, "planted") is None, "nobody made it live"
    stored = open_bundle(folder)
    entry = Entry(
        id="000001-0",
        time="2025-01-01T00:00:00+00:00",
        action="promote",
        name="planted",
        version=1,
        content_hash=stored.content_hash,
        run_id=None,
        reason="",
        by="ana@crm:1",
    )
    (tmp_path / "models" / ledger.LEDGER).write_text(ledger.entry_line(entry) + "\n", encoding="utf-8")
    found = live_model(tmp_path, "planted")
    assert found is not None
    assert found.content_hash == stored.content_hash
    (folder / "profile.json").write_text("{}", encoding="utf-8")
    assert live_model(tmp_path, "planted") is None


def test_deals_that_no_window_cut_are_not_read_again(project: Path, config: Config) -> None:
    """And those that one cut are, so that a comparison has the deals of the champion's day."""
    whole = config.model_copy(update={"deals": config.deals.model_copy(update={"window": WindowSettings(months=None)})})
    everything = read(whole, project)
    same_config, same, _ = ground_of(whole, project, everything, live())
    assert same is everything
    assert same_config is whole
    short = config.model_copy(update={"deals": config.deals.model_copy(update={"window": WindowSettings(months=12)})})
    _, again, _ = ground_of(short, project, read(short, project), live())
    assert again.ids.tolist() == everything.ids.tolist()


def test_no_turn_is_seen_by_a_version_that_predicts_something_else(
    config: Config, project: Path, deals: DealTable
) -> None:
    graded = serve_models.provenance().model_copy(update={"target": "won, grade A"})
    assert turn_since(config, project, deals, live(provenance=graded)) == (None, False)
    undated = serve_models.provenance().model_copy(update={"extracted": None})
    assert turn_since(config, project, deals, live(provenance=undated)) == (None, False)
