"""`icp init` as a person runs it: several files, a prospect list, and what it says of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli_projects import icp, refusal
from tests.vendor_worlds import exports

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "data" / "fivetran-sfdc-seeds"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    exports("salesforce", tmp_path)
    (tmp_path / "list.csv").write_text(
        "Domain,Name,Primary Industry,Slug\nash.example,Ash,Mills,ash\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_says_what_each_file_was_taken_for_and_how_many_deals_are_left_out(folder: Path) -> None:
    files = sorted(path.name for path in folder.glob("*s.csv"))
    assert files == ["accounts.csv", "contacts.csv", "opportunities.csv"]
    done = icp("init", *files, "--prospects", "list.csv")
    assert done.code == 0
    said = done.out.splitlines()
    assert [line.split(":")[0] for line in said[:4]] == [*files, "list.csv"]
    assert "read as the accounts" in said[0]
    assert "read as the deals" in said[2]
    assert "read as the prospect list" in said[3]
    assert "deals are left out as no new business" in said[4]
    assert icp("check", "icp.yaml").code == 0


def test_a_list_alone_is_mapped_to_the_configuration_that_is_there(folder: Path) -> None:
    icp("init", "opportunities.csv", "accounts.csv")
    before = Path("icp.yaml").read_bytes()
    done = icp("init", "--prospects", "list.csv")
    assert (done.code, Path("icp.yaml").read_bytes()) == (0, before)
    assert "    Primary Industry: Industry  # both say: industry" in done.out.splitlines()


def test_what_is_missing_is_said(folder: Path) -> None:
    assert refusal("init") == (2, "expected the export of deals, found no file named; run: icp init deals.csv")
    assert refusal("init", "--prospects", "list.csv", "-o", "none.yaml")[0] == 2
    code, said = refusal("init", "accounts.csv", "opportunities.csv", "-o", "accounts.csv", "--force")
    assert (code, "is the export itself" in said) == (2, True)


@pytest.mark.shared_data
@pytest.mark.skipif(not SEEDS.is_dir(), reason="the shared data sets are not in ../shared/data beside the project")
def test_an_export_of_ten_hashed_rows_is_understood_and_refused_for_too_few_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    drafted = icp("init", *sorted(SEEDS.glob("sf_[aco]*_data.csv")))
    assert drafted.code == 0, drafted.err
    assert "Salesforce opportunities (snake_case): 36 of 36 columns recognised" in drafted.out
    for verb in ("check", "train"):
        code, said = refusal(verb, "icp.yaml")
        assert code == 4
        assert "expected at least 30 accounts with a won deal, found" in said


def test_where_nothing_is_asked_nothing_is_to_be_answered(folder: Path) -> None:
    """Employees of a company do not depend on how a deal ended."""
    rows = "\n".join(f"d{k},a{k},2024-01-{k % 28 + 1:02d},{('Won', 'Lost')[k % 2]},{10 * k}" for k in range(40))
    (folder / "plain.csv").write_text(f"deal_id,account_id,opened,stage,employees\n{rows}\n", encoding="utf-8")
    done = icp("init", "plain.csv", "-o", "plain.yaml")
    assert done.code == 0, done.err
    assert "Drafted plain.yaml: 1 attributes in use, 0 left out until you answer." in done.out.splitlines()
    assert "# asked" not in done.out
    assert done.out.splitlines()[-1] == "Next: icp check plain.yaml, then icp train plain.yaml"
