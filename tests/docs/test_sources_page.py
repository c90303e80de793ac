"""The page about sources shows configurations that are one, and names no other kind of database than there is."""

from __future__ import annotations

import re

import pytest
import yaml

from icp_ml.deals.settings import (
    AttributesSettings,
    DealsSettings,
    ProspectsSettings,
    Settings,
    TablesSettings,
    parse_settings,
)
from icp_ml.deals.sql_drivers import can_answer
from tests.docs.pages import blocks, page

PAGE = page("docs/sources.md")
PARTS: dict[str, type[Settings]] = {
    "deals": DealsSettings,
    "tables": TablesSettings,
    "prospects": ProspectsSettings,
    "attributes": AttributesSettings,
}


@pytest.mark.parametrize("block", blocks(PAGE, "yaml"))
def test_every_configuration_that_is_shown_is_one(block: str) -> None:
    shown = yaml.safe_load(block)
    assert shown
    for part, written in shown.items():
        parse_settings(PARTS[part], written)


def test_every_url_that_is_shown_can_be_asked() -> None:
    urls = re.findall(r"`(\w+://[^`]+)`", PAGE)
    assert len(urls) == 3
    assert all(map(can_answer, urls))
