"""Nearest accounts and layers on the command line: in the file, on the page, and refused where there are none."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.console import Console, RenderableType

from icp_ml.cli.layers_page import layers_page, yardsticks_page
from icp_ml.cli.lists import open_list
from icp_ml.cli.neighbours_page import neighbours_page
from icp_ml.cli.scoring_job import Job, run
from icp_ml.profile.layers_added import LayerStep
from icp_ml.profile.likeness import Likeness, NeighbourBook
from icp_ml.profile.neighbours import place
from icp_ml.profile.records import Interval
from icp_ml.profile.yardsticks_of_tiers import TierYardsticks, Yardstick
from icp_ml.serve.neighbour_columns import NEAREST, NEIGHBOUR_FIELDS, NOTHING
from icp_ml.serve.output_rows import OutputRows
from icp_ml.serve.previous import CHANGE_FIELDS, read_previous
from tests import serve_models, sold_accounts
from tests.cli_projects import refusal
from tests.unit.test_serve_neighbour_columns import compare

ROWS = 60


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    serve_models.write(tmp_path / "models" / "planted" / "v1")
    serve_models.frame(ROWS, 5).to_csv(tmp_path / "list.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return tmp_path


def job(project: Path, output: str, *, previous: str | None = None) -> Job:
    scorer = serve_models.scorer()
    opened = open_list(
        project / "list.csv", scorer, id_column=None, columns=[], delimiter=None, encoding=None, sheet=None
    )  # fmt: skip
    return Job(
        scorer=scorer,
        model=project / "models" / "planted" / "v1",
        prospects=opened,
        output=project / output,
        as_of=serve_models.AS_OF,
        reasons=1,
        batch_rows=17,
        max_unscored=0.5,
        wanted=OutputRows(),
        previous=None if previous is None else read_previous(project / previous, opened.id),
        comparer=compare(),
    )


def page(parts: Iterable[RenderableType]) -> str:
    console = Console(width=220, record=True, file=io.StringIO())
    for part in parts:
        console.print(part)
    return console.export_text()


def compared(**values: str | None) -> Likeness:
    book = NeighbourBook(sold_accounts.model(), sold_accounts.ATTRIBUTES, sold_accounts.neighbours())
    return book.compare(place(sold_accounts.model(), sold_accounts.one(**values)))


def test_the_file_has_the_accounts_of_every_row_of_the_first_tier(project: Path) -> None:
    assert run(job(project, "out.parquet")).rows_out == ROWS
    found = pq.read_table(project / "out.parquet")
    assert found.schema.names[-len(NEIGHBOUR_FIELDS) :] == [field.name for field in NEIGHBOUR_FIELDS]
    first = [tier == "1" for tier in found.column("tier").to_pylist()]
    assert 3 < sum(first) < ROWS
    for name in (*NEAREST, NOTHING):
        assert [value is not None for value in found.column(name).to_pylist()] == first


def test_changes_follow_the_accounts(project: Path) -> None:
    run(job(project, "before.parquet"))
    run(job(project, "after.parquet", previous="before.parquet"))
    before, after = (pq.read_table(project / f"{name}.parquet") for name in ("before", "after"))
    assert after.schema.names == [*before.schema.names, *(field.name for field in CHANGE_FIELDS)]
    assert after.select(before.schema.names).to_pylist() == before.to_pylist()


def test_a_bundle_that_names_no_account_is_refused_before_anything_is_written(project: Path) -> None:
    code, said = refusal(
        "score", "list.csv", "-o", "out.csv", "--neighbours", "--as-of", serve_models.AS_OF.isoformat()
    )
    assert code == 2
    assert "the bundle holds no neighbours.json" in said
    assert not (project / "out.csv").exists()


def test_the_page_of_a_usual_company() -> None:
    found = compared(employees="50", industry="Software", demo="yes", region="north")
    told = page(neighbours_page(found))
    assert all(each.account in told for each in (*found.won, *found.lost))
    assert "The nearest account is 0.00 away in log-odds" in told
    assert "resembles nothing" not in told


def test_the_page_of_a_stranger() -> None:
    found = compared(employees="5000", industry="Software", demo="no", region="north")
    told = page(neighbours_page(found))
    assert f"It resembles nothing that was sold to before: the nearest account is {found.distance:.2f} away" in told
    assert found.because[0] in told


def test_the_page_names_values_that_no_account_had() -> None:
    told = page(neighbours_page(compared(employees="9000000", industry="Energy", demo="no", region="north")))
    assert "No account had this" in told
    assert "9M, where accounts had 40 to 5,990" in told


def test_layers_are_rows_and_a_list_is_a_column() -> None:
    figure = Interval(value=0.61, low=0.5, high=0.7)
    step = LayerStep(
        layer="firmographic", auc=figure, auc_gained=figure, log_loss=figure, log_loss_saved=figure, above=0,
        share_above=figure, win_rate=Interval(value=float("nan"), low=0.0, high=1.0), list_above=0.25,
    )  # fmt: skip
    told = page(layers_page((step, step.model_copy(update={"layer": "behavioural", "above": 30})), "beware"))
    rows = [line for line in told.splitlines() if "graphic  " in line or "behavioural  " in line]
    assert len(rows) == 2
    assert "none" in rows[0]
    assert all(line.rstrip().endswith("25%") for line in rows)
    assert "Warning: beware" in told
    assert page(layers_page((step,))).strip() == ""  # one layer alone adds to nothing


def test_yardsticks_are_sentences() -> None:
    each = Yardstick(measured="discriminates", found=None, answer="not known", sentence="Nobody knows.")
    told = page(yardsticks_page(TierYardsticks(base_rate=0.7, yardsticks=(each,), notes=("Read the odds ratio.",))))
    assert "Nobody knows." in told
    assert "Read the odds ratio." in told
