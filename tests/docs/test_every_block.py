"""Every block of code on every page: configurations are ones, commands can be typed, and each page's are run somewhere.

Blocks of commands are `sh`, of commands with their answers `console`; formulae, pictures and files are `text`.
"""

from __future__ import annotations

import ast
import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
import sqlglot
import typer
from pydantic import TypeAdapter

from icp_ml.cli.main import app
from icp_ml.deals.lookalike_settings import LookalikeSettings
from icp_ml.deals.settings import Settings, parse_settings
from icp_ml.deals.weighted_settings import WeightedSettings
from icp_ml.deals.yaml_files import parse_yaml
from icp_ml.serve.amending import Amendment
from icp_training.config import Config
from tests.conftest import AT_THE_END
from tests.docs.pages import ROOT, blocks, languages, page, pages

LANGUAGES: Final = {"sh", "console", "yaml", "python", "json", "sql", "text", "{toctree}", "{eval-rst}"}
OTHERWISE: Final[Mapping[str, type[Settings]]] = {
    "docs/cli.md": Amendment,
    "docs/lookalike.md": LookalikeSettings,
    "docs/scorecards.md": WeightedSettings,
}
"""Pages that show a file of another kind."""
NO_CONFIGURATION: Final = {"docs/exports.md", "docs/quarter.md"}
"""Pages that show YAML for others besides: a definition (tests/docs/test_exports_page.py), a workflow."""
RUN_BY: Final = {
    "README.md": "tests/docs/test_readme_runs.py",
    "docs/backtest.md": "tests/docs/test_commands_of_pages.py",
    "docs/diff.md": "tests/docs/test_commands_of_pages.py",
    "docs/exports.md": "tests/docs/test_commands_of_pages.py",
    "docs/from-a-crm.md": "tests/docs/test_guides_run.py",
    "docs/micro-campaigns.md": "tests/docs/test_commands_of_pages.py",
    "docs/model-sql.md": "tests/docs/test_commands_of_pages.py",
    "docs/nightly.md": "tests/docs/test_guides_run.py",
    "docs/own-export.md": "tests/docs/test_readme_runs.py",
    "docs/point-in-time.md": "tests/docs/test_commands_of_pages.py",
    "docs/presets.md": "tests/docs/test_commands_of_pages.py",
    "docs/quarter.md": "tests/unit/test_cli_quarter.py",
    "docs/report.md": "tests/docs/test_readme_runs.py",
    "docs/signing.md": "tests/docs/test_commands_of_pages.py",
    "docs/size.md": "tests/docs/test_commands_of_pages.py",
    "docs/tutorial.md": "tests/docs/test_guides_run.py",
}
"""Which test takes the commands and the Python off a page, and runs them."""
DONE_BY: Final = {
    "docs/bench-model.md": "tests/unit/test_training_bench_model.py",
    "docs/registry.md": "tests/parity/test_mlflow_tools.py",
    "docs/review.md": "tests/unit/test_cli_review.py",
    "docs/scoring-databases.md": "tests/recovery/test_scoring_into_tables.py",
    "docs/search.md": "tests/recovery/test_interrupted_search.py",
    "docs/spark.md": "tests/parity/test_spark.py",
}
"""Which test does what a page's commands do with words of its own: they name servers, or take hours."""
TO_RUN: Final = ("sh", "console", "python")


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every `icp` that a page types, as words, with its page. Leaves out what a page says before and behind it."""
    for name in pages():
        text = page(name)
        lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
        asked = [line for block in blocks(text, "console") for line in block.splitlines() if line.startswith("$ ")]
        for line in [*lines, *(each.removeprefix("$ ") for each in asked)]:
            words = shlex.split(line, comments=True)
            if words and words[0] == "icp":
                yield name, words[1:]


def configurations() -> Iterator[tuple[str, dict[str, dict[str, object]]]]:
    """Every configuration that a page shows, or a part of one."""
    for name in pages():
        for block in blocks(page(name), "yaml"):
            shown = parse_yaml(block)
            assert isinstance(shown, dict)
            if name not in NO_CONFIGURATION or set(shown) <= set(Config.model_fields) - {"name", "criteria"}:
                yield name, shown


@pytest.mark.parametrize("name", pages())
def test_every_block_says_what_language_it_is_in(name: str) -> None:
    assert set(languages(page(name))) <= LANGUAGES


def test_every_command_that_is_shown_can_be_typed() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    typed = list(commands())
    assert len(typed) > 40
    for _, words in typed:
        group.commands[words[0]].make_context(words[0], words[1:])  # raises where an option or a value is none


@pytest.mark.parametrize(("name", "shown"), [pytest.param(*each, id=each[0]) for each in configurations()])
def test_every_configuration_that_is_shown_is_one(name: str, shown: dict[str, dict[str, object]]) -> None:
    if name in OTHERWISE:
        parse_settings(OTHERWISE[name], shown)
        return
    fields = Config.model_fields
    assert set(shown) <= set(fields), name
    for key, value in shown.items():
        if key != "deals" or {"source", "outcome"} <= set(value):  # of the deals a page may show one key alone
            TypeAdapter(fields[key].rebuild_annotation()).validate_python(value)


def test_everything_else_that_is_shown_can_be_read() -> None:
    for name in pages():
        text = page(name)
        assert all(json.loads(block) for block in blocks(text, "json"))
        assert all(ast.parse(block).body for block in blocks(text, "python"))
        assert all(all(sqlglot.parse(block)) for block in blocks(text, "sql"))


def test_what_a_page_has_a_reader_run_is_run_by_a_test() -> None:
    asking = {name for name in pages() if set(languages(page(name))) & set(TO_RUN)}
    assert asking == {*RUN_BY, *DONE_BY}
    assert all((ROOT / test).is_file() for test in DONE_BY.values())
    unread = [name for name, test in RUN_BY.items() if Path(name).name not in (ROOT / test).read_text("utf-8")]
    assert unread == []


def test_how_many_blocks_there_are(record_property: Callable[[str, object], None]) -> None:
    """The count is shown at the end of a run of the tests."""
    counts = Counter(language for name in pages() for language in languages(page(name)))
    assert counts.total() > 80
    shown = ", ".join(f"{count} {language}" for language, count in sorted(counts.items()) if "{" not in language)
    record_property(AT_THE_END, f"Blocks of code in the documentation, read or run by the tests: {shown}.")
