"""A small project whose names are an attack on every page that shows them, trained and scored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli_projects import as_csv, changed, config, deal_rows, icp, strong, write_config, write_project

SCRIPT = "<script>document.title = 'taken'</script>"
FORMULA = "=cmd|'/c calc'!A1"
MARKUP = '"><img src=https://elsewhere.example/x onerror="document.title=\'taken\'">'
ENDING = "</script><b>bold</b>"
HOSTILE = (SCRIPT, FORMULA, MARKUP, ENDING)


def write_hostile(folder: Path) -> Path:
    """A category whose levels are hostile and go with winning, and companies with hostile names on the list."""
    write_project(folder, strong())
    rows = deal_rows(strong())
    won = [row["stage"] == "Closed Won" for row in rows]
    named = [{**row, "slogan": HOSTILE[2 * (won[k] != (k % 10 < 3)) + k % 2]} for k, row in enumerate(rows)]
    (folder / "deals.csv").write_text(as_csv(named), encoding="utf-8")
    written = config(strong())
    layers = written["attributes"]
    assert isinstance(layers, dict)
    layers.setdefault("firmographic", {})["slogan"] = "category"
    write_config(folder, {**written, "name": "hostile"})
    text = (folder / "prospects.csv").read_text(encoding="utf-8").splitlines()
    listed = [dict(zip(text[0].split(","), line.split(","), strict=False)) for line in text[1:61]]
    named_list = changed(
        [{"domain": row["domain"], "slogan": ""} for row in listed], "slogan", lambda k, _: HOSTILE[k % 4]
    )
    hostile_ids = changed(named_list, "domain", lambda k, name: HOSTILE[k] if k < len(HOSTILE) else name)
    (folder / "prospects.csv").write_text(as_csv(hostile_ids), encoding="utf-8")
    return folder


def train_and_score() -> None:
    """In the folder where the terminal is: a bundle with its page, and scored.parquet."""
    trained = icp("train", "icp.yaml", "--trials", "1")
    assert trained.code == 0, trained.err
    scored = icp("score", "prospects.csv", "-o", "scored.parquet", "--max-unscored", "1")
    assert scored.code == 0, scored.err


def kept_page(project: Path) -> Path:
    """The page that a refused training left in its run."""
    with closing(sqlite3.connect(project / "mlruns" / "mlflow.db")) as database:
        (found,) = database.execute("select artifact_uri from runs").fetchone()
    return Path(found.removeprefix("file://")) / "report.html"
