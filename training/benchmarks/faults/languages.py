"""Languages and time zones that a machine may be set to, in which the same bytes are to come out."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Language:
    """locale, zone: as LC_ALL and TZ name them. source, charset: of which glibc's localedef makes it, if it has to.

    more: what else is in the environment.
    """

    locale: str
    zone: str
    source: str = ""
    charset: str = ""
    more: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        """As the page calls it."""
        return f"{self.locale}{' without UTF-8' if self.more else ''}, {self.zone}"


PLAIN: Final = (("PYTHONUTF8", "0"), ("PYTHONCOERCECLOCALE", "0"))
LANGUAGES: Final = (
    Language("tr_TR.UTF-8", "Pacific/Kiritimati", "tr_TR", "UTF-8"),
    Language("de_DE.ISO-8859-1", "America/Adak", "de_DE", "ISO-8859-1"),
    Language("C", "Pacific/Kiritimati", more=PLAIN),
)
"""Turkish has two letters i; Germany a comma in numbers, and no UTF-8 here; C is ASCII where Python does not help.
Kiritimati is 14 hours before UTC, Adak 10 behind: one of them has another day."""


def made_locales(folder: Path) -> Path | None:
    """The languages as glibc's localedef makes them; None where this machine cannot."""
    if shutil.which("localedef") is None or not Path("/usr/share/i18n/locales/tr_TR").exists():
        return None
    folder.mkdir(parents=True, exist_ok=True)
    for each in LANGUAGES:
        if each.source:
            words = ["localedef", "-i", each.source, "-f", each.charset, str(folder / each.locale)]
            subprocess.run(words, check=False, capture_output=True)  # it warns of what it never minds
    return folder


def environment(language: Language, locales: Path | None) -> Mapping[str, str]:
    """What a process finds in its environment."""
    found = {} if locales is None else {"LOCPATH": str(locales)}
    return {**found, "LC_ALL": language.locale, "LANG": language.locale, "TZ": language.zone, **dict(language.more)}
