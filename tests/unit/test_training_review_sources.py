"""What a review reads besides deals and lists: contacts, and the versions that scored the lists."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.settings import parse_settings
from icp_ml.errors import ConfigError, InputError
from icp_ml.serve.bundle import StoredBundle
from icp_ml.serve.loading import open_any
from icp_ml.watch.followed import NOT_KNOWN
from icp_training.backtest.as_known import read_history
from icp_training.config import Config, load_weighted
from icp_training.review_contacts import read_contacts
from icp_training.review_settings import OutreachSettings
from icp_training.review_versions import MET, NOT_MET, as_given, criteria_met, hand_points, versions_of
from icp_training.weighing import weigh_into
from tests import icp_bundles
from tests.cli_projects import config, deal_rows, strong, write_project
from tests.followed_deals import Company, followed_of, given_list
from tests.weighted_projects import write_weighted

EXTRACTED = np.datetime64("2025-06-30")
NAMED = {"source": "outreach.csv", "account": "who", "contacted": "sent", "replied": "replied", "meeting": "met"}


def settings(**changes: str) -> OutreachSettings:
    return parse_settings(OutreachSettings, {**NAMED, **changes})


def test_contacts_are_days_or_yes_and_no_and_tell_up_to_their_last_news(tmp_path: Path) -> None:
    """A contact after the deals' export is left out, and so is one without a day; the last news is a reply of May."""
    rows = ["a,2025-01-10,2025-05-20,yes", "b,2025-01-11,,", "c,2025-07-01,,no", "d,,2025-02-01,yes"]
    (tmp_path / "outreach.csv").write_text("\n".join(["who,sent,replied,met", *rows]), encoding="utf-8")
    found = read_contacts(settings(), tmp_path, EXTRACTED)
    assert [str(day) for day in found.on] == ["2025-01-10", "2025-01-11"]
    assert found.replied is not None
    assert found.met is not None
    assert (found.replied.tolist(), found.met.tolist(), found.channel) == ([True, False], [True, False], None)
    assert found.until == EXTRACTED
    (tmp_path / "outreach.csv").write_text("\n".join(["who,sent,replied,met", *rows[:2]]), encoding="utf-8")
    assert str(read_contacts(settings(), tmp_path, EXTRACTED).until) == "2025-05-20"


def test_yes_and_no_are_as_of_the_deals(tmp_path: Path) -> None:
    (tmp_path / "outreach.csv").write_text(
        "who,sent,replied,met\na,2025-01-10,,yes\nb,2025-01-10,,no\n", encoding="utf-8"
    )
    assert read_contacts(settings(), tmp_path, EXTRACTED).until == EXTRACTED


def test_a_contact_has_the_channel_that_its_row_names(tmp_path: Path) -> None:
    """The row without a day is left out with its channel."""
    rows = ["a,2025-01-10,,yes,mail", "b,,,no,call", "c,2025-01-11,,no,", "d,2025-01-12,,no,call"]
    (tmp_path / "outreach.csv").write_text("\n".join(["who,sent,replied,met,by", *rows]), encoding="utf-8")
    found = read_contacts(settings(channel="by"), tmp_path, EXTRACTED)
    assert found.channel is not None
    assert found.channel.tolist() == ["mail", "", "call"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,soon,,", "expected days in the column 'sent', found 'soon'"),
        ("a,2025-01-10,perhaps,", "expected days, or yes and no, in the column 'replied', found 'perhaps'"),
        ("a,,,", "expected days in the column 'sent', found none"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, row: str, said: str) -> None:
    (tmp_path / "outreach.csv").write_text(f"who,sent,replied,met\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_contacts(settings(), tmp_path, EXTRACTED)


def test_contacts_of_which_nothing_is_asked_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected 'replied' or 'meeting'"):
        parse_settings(OutreachSettings, {name: NAMED[name] for name in ("source", "account", "contacted")})


def test_a_scorecard_is_found_by_what_its_lists_say(tmp_path: Path) -> None:
    """Industry 60 and size 20 are firmographic, the person's 20 are engagement. Another hash is another scorecard."""
    weigh_into(tmp_path, load_weighted(write_weighted(tmp_path) / "start.yaml"), 1, "2025-01-06T08:00:00")
    lists = [given_list([Company("a", None)], content_hash="another")]
    assert versions_of(tmp_path, lists) == {}
    (folder,) = (tmp_path / "models").glob("*/v1")
    known = open_any(folder).content_hash
    found = versions_of(tmp_path, [given_list([Company("a", None)], content_hash=known)])
    assert hand_points(found) == {known: {"firmographic": 80.0, "engagement": 20.0}}


def test_criteria_are_those_of_the_version_that_scored_and_of_what_was_known_at_the_opening(tmp_path: Path) -> None:
    write_project(tmp_path, strong())
    made = parse_settings(Config, config(strong()))
    history = read_history(made, tmp_path)
    asked = ConditionSettings.model_validate({"attribute": "ownership", "is": ["public"]})
    criterion = icp_bundles.INDUSTRY.model_copy(update={"condition": asked, "words": "ownership: public"})
    bundle = replace(icp_bundles.earlier(), attributes=made.resolved(), definition=icp_bundles.of(criterion))
    met = criteria_met(made, tmp_path, history, {"hash": StoredBundle(bundle, "hash", "model")})["hash"]
    labels = met["ownership: public"]
    said = {"": NOT_KNOWN, "public": MET}
    expected = {row["deal_id"]: said.get(row["ownership"].strip(), NOT_MET) for row in deal_rows(strong())}
    assert labels[: len(history.deals.ids)].tolist() == [expected[each] for each in history.deals.ids]
    assert history.still_open is not None
    assert len(labels) == len(history.deals.ids) + len(history.still_open.opened)


def test_a_version_is_found_among_others_and_one_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    """Version 1 and 2 of the name and version 1 of another one stand there; the list was scored by version 1."""
    icp_bundles.write_project(tmp_path)
    folder = tmp_path / "models" / "planted" / "v1"
    shutil.copytree(folder, tmp_path / "models" / "another" / "v1")
    stored = open_any(folder)
    given = replace(given_list([Company("a", None)], content_hash=stored.content_hash), model="planted version 1")
    found = versions_of(tmp_path, [given])
    assert list(found) == [stored.content_hash]
    assert found[stored.content_hash].content_hash == stored.content_hash
    assert versions_of(tmp_path, [replace(given, model="planted version 3")]) == {}
    (folder / "profile.json").write_text("{}", encoding="utf-8")
    assert versions_of(tmp_path, [given]) == {}


def test_of_open_deals_a_criterion_is_known_only_where_its_attribute_is_read_as_it_was(tmp_path: Path) -> None:
    """The attribute is an ordered one now, and was a category when the version was made: of decided deals it is read
    once more as it was, and of open ones nothing is said. Without open deals there are no more labels.
    """
    write_project(tmp_path, strong())
    made = parse_settings(Config, config(strong()))
    history = read_history(made, tmp_path)
    asked = ConditionSettings.model_validate({"attribute": "ownership", "is": ["public"]})
    criterion = icp_bundles.INDUSTRY.model_copy(update={"condition": asked, "words": "ownership: public"})
    then = tuple(replace(each, missing=("private",)) if each.name == "ownership" else each for each in made.resolved())
    bundle = replace(icp_bundles.earlier(), attributes=then, definition=icp_bundles.of(criterion))
    versions = {"hash": StoredBundle(bundle, "hash", "model")}
    labels = criteria_met(made, tmp_path, history, versions)["hash"]["ownership: public"]
    decided = len(history.deals.ids)
    assert history.still_open is not None
    assert set(labels[decided:]) == {NOT_KNOWN}
    assert len(labels) == decided + len(history.still_open.opened)
    said = {"": NOT_KNOWN, "private": NOT_KNOWN, "public": MET}
    expected = {row["deal_id"]: said.get(row["ownership"].strip(), NOT_MET) for row in deal_rows(strong())}
    assert labels[:decided].tolist() == [expected[each] for each in history.deals.ids]
    closed = criteria_met(made, tmp_path, replace(history, still_open=None), versions)["hash"]["ownership: public"]
    assert closed.tolist() == labels[:decided].tolist()


def test_a_deal_has_the_criteria_of_its_own_list_alone() -> None:
    """B stood on no list, and has none."""
    followed = followed_of(
        [Company("a", won=True), Company("b", won=True, is_listed=False)],
        given_list([Company("a", None)], content_hash="hash"),
    )
    every = {"hash": {"industry: Software": np.array(["not met", "met", "not known"], dtype=object)}}
    rows = np.array([1, 2])
    assert as_given(every, followed.lists, followed.given, rows)["industry: Software"].tolist() == ["met", ""]
    assert as_given({"other": every["hash"]}, followed.lists, followed.given, rows) == {}
