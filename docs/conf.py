"""How the documentation is built: `make docs`. Pages are Markdown, and are read as well where they lie."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_extensions")]

project = "icp-ml"
author = "the icp-ml developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "settings_reference"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
html_theme = "pydata_sphinx_theme"
html_title = "icp-ml"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": True}
autodoc_typehints = "description"
