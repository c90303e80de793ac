"""`train.adapt_to` and `monotone`, from the configuration to the card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from icp_ml.serve.bundle import open_bundle
from tests.cli_projects import icp, refusal
from tests.unit.test_training_ideal import write_project


def asking(root: Path, source: str | None, **sections: object) -> Path:
    """The configuration with sections added, and the size asked to be monotone."""
    path = root / "icp.yaml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    written["attributes"]["firmographic"]["size"] = {"kind": "number", "monotone": "up"}
    written["prospects"] = {"id": "site", **({"source": source} if source else {})}
    path.write_text(yaml.safe_dump({**written, **sections}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(new_project: Callable[[str], Path]) -> Path:
    """A model adapted to a list of which half the rows say nothing but their address."""
    root = write_project(new_project("robust"))
    rows = [f"c{k}.example" + (",100,wood" if k % 2 else ",,") for k in range(40)]
    (root / "list.csv").write_text("\n".join(["site,size,trade", *rows]) + "\n", encoding="utf-8")
    done = icp("train", asking(root, "list.csv", train={"adapt_to": "prospects"}), "--trials", 1)
    assert done.code == 0, done.err
    assert "Adapted to the list: beside a model of the deals alone" in done.out
    return root / "models" / "ideal" / "v1"


def test_the_verdict_says_what_adapting_brought(trained: Path) -> None:
    bundle = open_bundle(trained).bundle
    assert bundle.verdict.adapted is not None
    assert {"not adapted", "not adapted as empty as the list"} < set(bundle.verdict.figures)
    assert bundle.verdict.adapted.sentence in (trained / "card.md").read_text(encoding="utf-8")
    assert bundle.verdict.adapted.sentence in icp("show", trained).out


def test_what_the_list_lacks_has_an_answer_though_no_deal_lacked_it(trained: Path) -> None:
    vocabulary = open_bundle(trained).bundle.model.vocabulary
    assert [column.fill for column in vocabulary.columns if column.attribute == "size"] == [None]


def test_what_was_asked_is_on_the_card_and_in_the_model(trained: Path) -> None:
    bundle = open_bundle(trained).bundle
    asked = {each.attribute: each.asked for each in bundle.profile.attributes}
    assert asked == {"size": "asked to be monotone: more never hurts", "trade": ""}
    assert "asked to be monotone: more never hurts" in (trained / "card.md").read_text(encoding="utf-8")
    place = [column.name for column in bundle.model.vocabulary.columns].index("size")
    rows = np.zeros((100, len(bundle.model.vocabulary.columns)))
    rows[:, place] = np.linspace(0.0, 500.0, 100)
    assert (np.diff(bundle.model.log_odds(rows)) >= -1e-9).all()


def test_without_a_list_there_is_nothing_to_adapt_to(tmp_path: Path) -> None:
    root = write_project(tmp_path)
    code, sentence = refusal("train", asking(root, None, train={"adapt_to": "prospects"}))
    assert code == 2
    assert "train.adapt_to is set, but prospects.source names no list" in sentence
