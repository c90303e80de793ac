"""What the pages list is what there is: no verb, option, exit code, column, status or file more or less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from icp_ml import errors
from icp_ml.cli.main import app
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.profile.tiering import Policy
from icp_ml.serve.file_names import CARD, CONTENT_FILES, FORMAT, MANIFEST
from icp_ml.serve.marks import make_marker
from icp_ml.serve.outgoing import StatusBook
from icp_ml.serve.previous import CHANGE_FIELDS
from tests import serve_models
from tests.docs.pages import ROOT, first_cells, headings, in_backticks, page, section

WITHOUT_AN_ERROR = {0, 1, 130}  # done, a bug's traceback, and Ctrl-C
ANY_RANK = re.compile(r"(reason_(?:for|against))_\d+")


def options_by_verb() -> dict[str, set[str]]:
    """Long and short names of every verb's options, without those of --help."""
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    names = {verb: [name for option in found.params for name in option.opts] for verb, found in group.commands.items()}
    return {verb: {name for name in found if name.startswith("-")} - {"--help", "-h"} for verb, found in names.items()}


VERBS = options_by_verb()


def test_every_verb_has_its_paragraph_and_no_other_is_named() -> None:
    titled = {title.split()[1] for title in headings(page("docs/cli.md"))}
    assert titled == set(VERBS)


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_option_of_a_verb_is_listed_and_no_other(name: str) -> None:
    text = page("docs/cli.md")
    title = next(found for found in headings(text) if found.split()[1] == name)
    listed = {word for cell in first_cells(section(text, title)) for word in in_backticks(cell)}
    assert listed == VERBS[name]


@pytest.mark.parametrize("path", ["README.md", "GLOSSARY.md", "CHANGELOG.md", *sorted(
    str(found.relative_to(ROOT)) for found in (ROOT / "docs").rglob("*.md")
)])  # fmt: skip
def test_no_page_names_a_verb_that_does_not_exist(path: str) -> None:
    named = {words.split()[1] for words in in_backticks(page(path)) if re.match(r"icp [a-z]", words)}
    assert named <= set(VERBS)


def test_every_exit_code_is_in_the_readme() -> None:
    codes = {found.exit_code for found in errors.IcpError.__subclasses__()}
    table = first_cells(section(page("README.md"), "What it refuses"))
    assert {int(cell) for cell in table} == codes | WITHOUT_AN_ERROR


def test_every_column_of_a_scored_list_is_explained() -> None:
    scored = serve_models.scorer().score(serve_models.raw_list(5, 1), as_of=serve_models.AS_OF)
    explained = in_backticks(page("docs/output.md"))
    names = [*scored.schema.names[1:], *(field.name for field in CHANGE_FIELDS)]
    of_any_rank = {ANY_RANK.sub(r"\1_1", name) for name in names}
    assert scored.schema.names[0] == "domain"
    assert of_any_rank <= explained


def test_every_status_is_explained_and_no_other() -> None:
    rules = [(RuleSettings(name="NAME", attribute="industry", missing=True),), ()]
    policies = [Policy(exclusions=one, boundary=other) for one, other in (rules, reversed(rules))]
    marks = tuple(text for each in policies for text in make_marker(each, serve_models.ATTRIBUTES).texts)
    found = {re.sub(r"\d+ of \d+", "K of N", text) for text in StatusBook(3, (), marks).texts}
    listed = {word for cell in first_cells(section(page("docs/output.md"), "Status")) for word in in_backticks(cell)}
    assert listed == found


def test_every_file_of_a_bundle_is_explained_and_no_other(tmp_path: Path) -> None:
    serve_models.write(tmp_path / "v1")
    text = page("docs/bundle.md")
    listed = {word for cell in first_cells(text) for word in in_backticks(cell)}
    assert listed == {found.name for found in (tmp_path / "v1").iterdir()} == {*CONTENT_FILES, CARD, MANIFEST}
    assert f"format {FORMAT}" in text.partition("\n")[0]


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"\]\((\d{4}-[^)]+)\)", page("docs/decisions/README.md")))
    assert listed == {found.name for found in folder.glob("[0-9]*.md")}


@pytest.mark.parametrize("path", ["README.md", *sorted(
    str(found.relative_to(ROOT)) for found in (ROOT / "docs").rglob("*.md")
)])  # fmt: skip
def test_every_link_leads_somewhere(path: str) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page(path))
    assert [link for link in links if not ((ROOT / path).parent / link).exists()] == []
