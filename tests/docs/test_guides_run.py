"""The guides as a person would follow them: every block of commands is typed as it stands, in its order."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests import serve_models, vendor_worlds
from tests.cli_projects import icp
from tests.docs.pages import blocks, page

SMALL_DEMO = ("demo", "-o", "demo", "--deals", "240", "--prospects", "200", "--trials", "1")


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with the terminal in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("ICP_HOME", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def typed(name: str) -> list[list[str]]:
    """The lines of each block of commands of a page, as words."""
    return [shlex.split(line, comments=True) for block in blocks(page(name), "sh") for line in block.splitlines()]


def follow(lines: list[list[str]], **names: str) -> Iterator[str]:
    """Type each line that begins with icp, with what it leaves to the reader in place; what each answers."""
    for words in lines:
        assert words[0] == "icp", words
        done = icp(*(names.get(word, word) for word in words[1:]))
        assert done.code == 0, (words, done.err)
        yield done.out


def test_the_tutorial_runs(at_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small demo in the place of the large one. Its lines are counted, so that none is passed by."""
    lines = typed("docs/tutorial.md")
    assert lines[0] == ["make", "demo"]
    assert icp(*SMALL_DEMO).code == 0
    for file in ("icp.yaml", "models/demo/v1/report.html", "report.html", "scored.parquet", "truth.json"):
        assert (at_home / "demo" / file).is_file(), file
    monkeypatch.chdir(at_home / "demo")
    first = pq.read_table("scored.parquet", columns=["domain"]).column(0)[0].as_py()
    answers = list(follow(lines[1:], DOMAIN=first))
    assert len(answers) == 7
    assert first in answers[1]
    assert "demo" in answers[-1]


def test_nightly_scoring_runs(at_home: Path) -> None:
    serve_models.write(at_home / "models" / "planted" / "v1")
    pq.write_table(serve_models.raw_list(400, 3), "list.parquet")
    assert icp("score", "list.parquet", "-o", "scored-before", "--as-of", "2025-12-31").code == 0
    (answer,) = follow(typed("docs/nightly.md"))
    assert '"by_tier"' in answer
    assert (at_home / "scored" / "_manifest.json").is_file()


def test_from_a_crm_runs(at_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One block drafts from Salesforce's files, one from HubSpot's; the rest is typed behind the first of them."""
    salesforce, hubspot, *rest = typed("docs/from-a-crm.md")
    vendor_worlds.exports("hubspot", at_home / "hubspot")
    monkeypatch.chdir(at_home / "hubspot")
    list(follow([hubspot, rest[0]]))
    vendor_worlds.exports("salesforce", at_home / "salesforce")
    monkeypatch.chdir(at_home / "salesforce")
    few = [[*words, "--trials", "1"] if words[1] == "train" else words for words in rest]
    assert [words[1] for words in few] == ["check", "train", "report", "quarter"]
    answers = list(follow([salesforce, *few], **{"30": "1"}))
    assert "nothing" in answers[-1]
    assert Path("models/icp/v1/report.html").is_file()
