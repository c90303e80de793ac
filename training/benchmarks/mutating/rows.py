"""What came of each fault, as it is kept: of this run, and of the runs before tests were added."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel

HERE: Final = Path(__file__).resolve().parent
BEFORE: Final = HERE / "before.json"
JUDGED: Final = HERE / "judged.yaml"

Fate = Literal["noticed", "out of time", "survived"]
Verdict = Literal["equivalent", "tested", "mended", "left"]


class Row(BaseModel, frozen=True):
    """A fault and its fate. draw: of which draw it is. text, was, now: as in `mutants.Fault`."""

    group: str
    module: str
    draw: int
    line: int
    text: str
    was: str
    now: str
    fate: Fate
    seconds: float

    @property
    def name(self) -> tuple[str, str, str, str]:
        """What tells it from all other faults, wherever its line moves to."""
        return (self.module, self.text, self.was, self.now)


class Before(BaseModel, frozen=True):
    """The faults of each draw as they were before tests were added for it. commits: by draw, whose tests these were."""

    commits: dict[int, str]
    rows: tuple[Row, ...]


class Judgement(BaseModel, frozen=True):
    """What was made of a fault that no test noticed.

    because: why it is equivalent, which test was added, what was mended, or why it was left.
    """

    module: str
    text: str
    was: str
    now: str
    verdict: Verdict
    because: str

    @property
    def name(self) -> tuple[str, str, str, str]:
        """As of a row."""
        return (self.module, self.text, self.was, self.now)
