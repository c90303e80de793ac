"""Tools under their several names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from icp_ml.deals.point_in_time_settings import TechnologiesSettings
from icp_ml.deals.taxonomy import merged, read_taxonomy, shipped_tools
from icp_ml.deals.technologies import taxonomy_of, with_taxonomy
from icp_ml.errors import InputError

OWN = "tool,category,aliases,legacy\nWidgetron,dialer,Widge;W-Tron,\nSalesforce,own kind,,yes\n"


def declared(**changes: object) -> TechnologiesSettings:
    return TechnologiesSettings.model_validate(
        {"source": "t.csv", "account": "who", "tool": "tool", "first_seen": "first", **changes}
    )


def test_every_shipped_name_means_one_tool() -> None:
    """A name that stood for two tools would be one or the other by accident."""
    own = [{name.casefold() for name in (entry.tool, *entry.aliases)} for entry in shipped_tools()]
    names = Counter(name for names in own for name in names)
    assert [name for name, count in names.items() if count > 1] == []
    assert all(entry.category for entry in shipped_tools())
    assert any(entry.legacy for entry in shipped_tools())


def test_a_name_is_found_whatever_its_case() -> None:
    taxonomy = merged(shipped_tools())
    assert {taxonomy.name(name) for name in ("sfdc", " Salesforce CRM ", "SALESFORCE")} == {"Salesforce"}
    assert taxonomy.name("Homemade") == "Homemade"
    assert taxonomy.entry("Homemade") is None


def test_an_own_file_adds_to_the_shipped_tools_and_wins_over_them(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(OWN, encoding="utf-8")
    taxonomy = taxonomy_of(declared(taxonomy="own.csv"), tmp_path)
    salesforce, added = taxonomy.entry("Salesforce"), taxonomy.entry("w-tron")
    assert salesforce is not None
    assert added is not None
    assert (salesforce.category, salesforce.legacy, added.tool) == ("own kind", True, "Widgetron")
    assert taxonomy.name("G Suite") == "Google Workspace"
    alone = taxonomy_of(declared(taxonomy="own.csv", shipped=False), tmp_path)
    assert alone.name("G Suite") == "G Suite"


def test_what_a_bundle_carries_needs_no_file(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(OWN, encoding="utf-8")
    settings = declared(taxonomy="own.csv")
    carried = with_taxonomy(settings, tmp_path)
    (tmp_path / "own.csv").unlink()
    read_back = TechnologiesSettings.model_validate(carried.model_dump(mode="json", exclude_defaults=True))
    there = taxonomy_of(read_back, tmp_path)
    assert {there.name(name) for name in ("widge", "W-TRON")} == {"Widgetron"}
    assert there.name("SFDC") == "SFDC"  # the own entry took the place of the shipped one, its other names with it


@pytest.mark.parametrize(("text", "said"), [("name,category\nA,b\n", "'tool'"), ("tool,category\nA,b\n,c\n", "row 3")])
def test_a_file_of_tools_that_cannot_be_used_says_why(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_taxonomy(tmp_path / "own.csv")
