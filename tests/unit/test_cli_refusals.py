"""What verbs refuse or warn of before and after the work, in a sentence, an exit code, and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from icp_ml.cli import places
from icp_ml.cli.score import _tell_of_tables
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.model.cells.compiling import NotCompiled
from icp_ml.profile.closed_won_records import ClosedWon, Segments, WinsMinusLosses
from icp_ml.profile.clusters import Clusters
from icp_ml.profile.records import Interval
from icp_ml.serve import amending, parts
from icp_ml.serve.bundle import write_bundle
from icp_ml.serve.loading import AnyBundle
from icp_ml.serve.scoring import Scorer
from tests import forked_cli, icp_bundles, serve_models
from tests.cli_projects import files_in, icp, refusal
from tests.definitions import definition
from tests.page_texts import squeezed

DAY = ("--as-of", serve_models.AS_OF.isoformat())
ROWS = 60
ASKED = ("score", "list.csv", "-o", "out", "--part-rows", "20", "--batch-rows", "20", *DAY)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One model that says where customers stand, one that does not, a list, and deals."""
    folder = tmp_path_factory.mktemp("project")
    write_bundle(icp_bundles.earlier(), folder / "models" / "planted" / "v1")
    write_bundle(serve_models.bundle(), folder / "bare")
    serve_models.frame(ROWS, 5).to_csv(folder / "list.csv", index=False)
    (folder / "deals.csv").write_text("site,stage\nc1.example,Won\nc2.example,Open\n", encoding="utf-8")
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same in a folder of its own, and the terminal in it."""
    root = tmp_path / "project"
    shutil.copytree(made, root)
    monkeypatch.chdir(root)
    for name in ("ICP_HOME", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    return root


# --- who is known -----------------------------------------------------------------------------------------------------


def test_customers_that_are_nowhere_are_told_with_the_way_out(project: Path) -> None:
    code, said = refusal("score", "list.csv", "-o", "x.csv", "--model", "bare", "--known", "deals.csv", *DAY)
    assert (code, "the model's configuration has no 'known' to say which columns to read" in said) == (2, True)
    (project / "deals.csv").unlink()
    code, said = refusal("score", "list.csv", "-o", "x.csv", *DAY)
    assert code == 2
    assert said == (
        f"customers and open deals were expected in {project / 'deals.csv'}, and there is no such file; name it with "
        "--known, or say --no-known"
    )
    assert not (project / "x.csv").exists()
    assert icp("score", "list.csv", "-o", "x.csv", "--no-known", *DAY).code == 0


def test_an_outcome_that_no_deal_has_is_told_of(project: Path) -> None:
    (project / "deals.csv").write_text("site,stage\nc1.example,Won\n", encoding="utf-8")
    done = icp("score", "list.csv", "-o", "x.csv", *DAY)
    assert done.code == 0
    assert "ATTENTION: no deal in deals.csv has the outcome Open." in done.err.splitlines()


def test_without_an_id_nobody_is_recognised_and_an_empty_list_has_no_size(project: Path) -> None:
    nameless = replace(icp_bundles.earlier(), prospects=ProspectsSettings())
    write_bundle(nameless, project / "nameless")
    serve_models.frame(ROWS, 5).drop(columns="domain").to_csv("plain.csv", index=False)
    code, said = refusal("size", "plain.csv", "--model", "nameless", *DAY)
    assert code == 2
    assert said == (
        "customers and contacted accounts are recognised by their id, and the list has no id column; name one with "
        "--id, or leave out --contacted and say --no-known"
    )
    assert icp("size", "plain.csv", "--model", "nameless", "--no-known", *DAY).code == 0
    serve_models.frame(ROWS, 5).iloc[:0].to_parquet("empty.parquet", index=False)
    code, said = refusal("size", "empty.parquet", "--no-known", *DAY)
    assert (code, "empty.parquet: expected rows below the header, found none" in said) == (3, True)


# --- scoring ----------------------------------------------------------------------------------------------------------


def test_what_does_not_go_together_is_refused_before_any_row_is_read(project: Path) -> None:
    code, said = refusal("score", "list.csv", "-o", "x.csv", "--changed-only", *DAY)
    assert (code, said) == (
        2, "--changed-only was expected beside --previous, and there is none; name an earlier output",
    )  # fmt: skip
    code, said = refusal("score", "list.csv", "-o", "x.csv", "--unusable", str(project / "x.csv"), *DAY)
    assert (code, said) == (2, "the output and --unusable are both x.csv; name another file for one of them")
    assert not (project / "x.csv").exists()


def test_parts_of_which_too_few_rows_were_scored_are_not_kept(project: Path) -> None:
    """One row of 60 says nothing, and none may."""
    frame = serve_models.frame(ROWS, 5)
    frame.iloc[33, 1:] = None
    frame.to_csv("list.csv", index=False)
    code, said = refusal(*ASKED, "--unusable", "left.csv", "--max-unscored", "0")
    assert (code, "1 of 60" in said) == (10, True)
    assert files_in(project / "out") == {}
    assert not (project / "out").exists()
    assert pd.read_csv("left.csv")["domain"].tolist() == ["c33.example"]


@pytest.fixture
def stopped(project: Path) -> Path:
    """A job that was stopped before its third part of 20 rows was whole."""
    add = parts.add

    def stop(folder: Path, number: int, written: parts.Written) -> parts.FinishedPart:
        if number == 2:
            raise KeyboardInterrupt
        return add(folder, number, written)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "add", stop)
        assert icp(*ASKED).code != 0
    assert sorted(path.name for path in (project / "out").glob("part-*")) == [
        "part-00000.parquet",
        "part-00001.parquet",
    ]
    return project


def test_a_stopped_job_goes_on_after_the_rows_that_are_done(stopped: Path) -> None:
    done = icp(*ASKED, "--resume")
    assert done.code == 0, done.err
    assert "60 rows in (40 by an earlier job), 60 rows out" in done.out
    assert icp("score", "list.csv", "-o", "whole", *ASKED[4:]).code == 0
    resumed, whole = (files_in(stopped / name) for name in ("out", "whole"))
    names = [f"part-0000{number}.parquet" for number in range(3)]
    assert [resumed[name] for name in names] == [whole[name] for name in names]


def test_a_list_that_lost_rows_which_were_scored_already_is_told_of(stopped: Path) -> None:
    """Of its size and date nothing is seen: the 31st row is as long as the 30 that are gone."""
    path = stopped / "list.csv"
    before, text = path.stat(), path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    kept = "".join(lines[:31])
    path.write_text(f"{kept}{'x' * (len(text) - len(kept) - 11)}{10 * ','}\n", encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    code, said = refusal(*ASKED, "--resume")
    assert code == 3
    assert said == (
        "expected at least 40 rows, which were scored already, found 31; the list has changed, so begin anew with "
        "--force instead of --resume"
    )


def with_java_in(home: str) -> None:
    os.environ["JAVA_HOME"] = home
    os.environ.pop("PYSPARK_PYTHON", None)


def test_a_java_that_does_not_start_is_told_with_the_one_that_would(project: Path) -> None:
    """In a process of its own, as another may have a session already."""
    pytest.importorskip("pyspark")
    java = project / "jdk" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    java.chmod(0o755)
    pq.write_table(serve_models.raw_list(9, 5), project / "list.parquet")
    words = ("score", "list.parquet", "-o", "out", "--engine", "spark", "--no-known", *DAY)
    done = forked_cli.run(project, words, partial(with_java_in, str(project / "jdk")))
    assert done.code == 2
    assert [line for line in done.err.splitlines() if line.startswith("icp: ")] == [
        "icp: --engine spark could not start the Java that is here; install Java 17 or newer and put it on the PATH, "
        "or name its folder in JAVA_HOME"
    ]
    assert not (project / "out").exists()


def test_a_model_without_tables_says_that_it_is_slow_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    scorer = Scorer(serve_models.bundle())
    _tell_of_tables(scorer)
    assert capsys.readouterr().err == ""
    vars(scorer)["tables"] = NotCompiled("its trees are too deep")
    _tell_of_tables(scorer)
    said = "ATTENTION: LightGBM explains each row, which is slow, because its trees are too deep.\n"
    assert capsys.readouterr().err == said


# --- a new version ----------------------------------------------------------------------------------------------------


def test_approving_and_banning_on_the_command_line_are_what_the_file_says(project: Path) -> None:
    proposals = definition().proposals
    known = replace(icp_bundles.earlier(), definition=icp_bundles.of(icp_bundles.SIZE, icp_bundles.DEMO).model_copy(
        update={"proposals": proposals}))  # fmt: skip
    write_bundle(known, project / "models" / "planted" / "v2")
    words = ("--approve", "old companies", "--ban", "demo", "--reason", "the board")
    by_words = json.loads(icp("amend", "planted", *words, "--json").out)
    (project / "changes.yaml").write_text(
        "approve: [old companies]\ncriteria: {ban: [{factor: demo, reason: the board}]}\n", encoding="utf-8"
    )
    by_file = json.loads(icp("amend", "planted/v2", "--changes", "changes.yaml", "--reason", "the board", "--json").out)
    assert by_words["changes"] == by_file["changes"]
    shown = json.loads(icp("show", by_words["bundle"], "--json").out)
    assert [rule["name"] for rule in shown["policy"]["exclusions"]] == ["old companies"]
    assert [each["factor"] for each in shown["definition"]["left_out"] if each["banned"]] == ["demo"]
    assert [each["name"] for each in shown["definition"]["criteria"]] == ["size"]


def test_a_bundle_that_is_lost_while_it_is_amended_leaves_no_version(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a share that is unmounted between the reading and the writing."""
    folder = project / "models" / "planted" / "v1"
    change = amending.amended

    def losing(bundle: AnyBundle, wanted: amending.Amendment, version: int, now: str, reason: str) -> AnyBundle:
        shutil.rmtree(folder)
        return change(bundle, wanted, version, now, reason)

    monkeypatch.setattr(amending, "amended", losing)
    code, said = refusal("amend", "--cut", "1=0.6", "--reason", "more leads")
    assert (code, said) == (
        2, f"the bundle in {folder} was read, and the folder is gone; bring it back, and try again",
    )  # fmt: skip
    assert list((project / "models" / "planted").iterdir()) == []


def test_models_that_predict_another_thing_or_have_no_criteria_are_not_compared(project: Path) -> None:
    other = serve_models.provenance().model_copy(update={"target": "won and kept", "version": 2})
    write_bundle(replace(serve_models.bundle(), provenance=other), project / "kept")
    told = icp("diff", "models/planted/v1", "kept").out.splitlines()
    assert told == [
        "planted version 1 -> planted version 2",
        "ATTENTION: the old model predicts 'won', the new one 'won and kept'.",
        "One of the two models was made before there was a definition: criteria cannot be compared.",
    ]
    assert json.loads(icp("diff", "bare", "kept", "--json").out)["definition"] is None


def test_where_an_export_cannot_go_is_told(project: Path) -> None:
    (project / "file").touch()
    code, said = refusal("export", "planted", "-o", "file", "--to", "yaml")
    assert (code, said) == (2, "a folder was expected at file, and it is a file; name a folder")
    long = "x" * 250
    code, said = refusal("export", "planted", "-o", long, "--to", "yaml")
    assert (code, said) == (2, f"{long} could not be written (File name too long); name a place that can be written")
    assert not any(path.name.startswith(".") for path in project.iterdir())


# --- showing ----------------------------------------------------------------------------------------------------------


def analysed() -> ClosedWon:
    segments = Segments(deals=1_400, won=300, accounts=1_200, whole={}, dimensions=())
    return ClosedWon(
        segments=segments,
        wins_minus_losses=WinsMinusLosses(
            target="won", deals=1_400, accounts=1_200, tested=12, verdicts=(), boundary=()
        ),
    )


def test_segments_are_shown_where_they_were_analysed_and_refused_where_not(project: Path) -> None:
    code, said = refusal("show", "bare", "--segments")
    assert (code, "it was made before there was one" in said) == (8, True)
    write_bundle(replace(serve_models.bundle(), closed_won=analysed()), project / "analysed")
    done = icp("show", "analysed", "--segments")
    assert done.code == 0
    lines = squeezed(done.out)
    assert lines[0].startswith("1,400 closed deals of 1,200 accounts, 300 won.")
    assert "Of 12 conditions none tells wins from losses beyond chance." in lines
    assert lines[-1] == "Bundle: analysed"
    note = "No combination of conditions wins more often than chance would have it."
    nothing = Clusters(win_rate=Interval(value=0.2, low=0.1, high=0.3), tried=7, clusters=(), note=note)
    searched = analysed().model_copy(update={"clusters": nothing})
    write_bundle(replace(serve_models.bundle(), closed_won=searched), project / "searched")
    assert squeezed(icp("show", "searched", "--segments").out) == [*lines[:-1], note, "Bundle: searched"]


def test_stability_is_shown_alone(project: Path) -> None:
    assert icp("show", "bare", "--stability").out.splitlines() == [
        "This model was made before the stability of its attributes was measured; train anew to see it.",
        "Bundle: bare",
    ]


def test_tiers_that_cannot_be_told_apart_have_no_odds(project: Path) -> None:
    whole = serve_models.bundle()
    table = whole.tiering.table.model_copy(update={"first_to_last_odds_ratio": None})
    write_bundle(replace(whole, tiering=replace(whole.tiering, table=table)), project / "alike")
    assert "Odds of winning in tier" in icp("show", "bare").out
    assert "Odds of winning in tier" not in icp("show", "alike").out


# --- planning, and who asks -------------------------------------------------------------------------------------------


def test_the_rate_of_a_campaign_is_the_base_rate_that_was_stated(project: Path) -> None:
    assert icp("amend", "planted", "--base-rate", "0.02", "--reason", "cold").code == 0
    told = squeezed(icp("plan", "--model", "planted", "--difference", "0.05").out)
    assert any(line.startswith("Assumed: a rate of 2%, the base rate stated for planted version 2;") for line in told)


def test_whoever_has_no_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs as a number."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)
    assert places.asker().owner.startswith("unknown@")
    monkeypatch.setenv("LOGNAME", "ana")
    assert places.asker().owner.startswith("ana@")
