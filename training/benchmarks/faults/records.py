"""What came of one fault."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel

Ended = Literal["done", "one sentence", "killed", "crashed", "traceback", "other", "hung"]
State = Literal["old", "new", "each whole", "none", "neither"]

DONE: Final = 0
BUG: Final = 1
BAD_ENDS: Final = ("traceback", "other", "hung")


class Row(BaseModel):
    """One fault. kind, seed: which. where: the step, moment or amount. ended: how the command did. code: its exit code,
    less than 0 for a signal. said: its last line of errors. Of two at once all three are of the one that did worse.

    state: what stood there before anything was mended: the old, the new, of several files some old and some new and
    each whole, none where the old was given up and the new is not there yet, or neither. again: the exit code of the
    rerun. same: whether in the end there is what an undisturbed one makes. lost, doubled: rows in the output after
    the fault or after the rerun. left: hidden files after the rerun. note: what was found in the place of old and new,
    or how a bad end looked.
    """

    kind: str
    seed: int
    where: str
    ended: Ended
    code: int
    said: str
    state: State
    again: int
    again_said: str = ""
    same: bool
    lost: int = 0
    doubled: int = 0
    left: int = 0
    note: str = ""

    @property
    def command(self) -> str:
        """Of the command line, as the page calls it."""
        return self.kind.partition(": ")[0]

    @property
    def fault(self) -> str:
        """As the page calls it."""
        return self.kind.partition(": ")[2]

    @property
    def is_wrong(self) -> bool:
        """Whether anything is that must not be."""
        return (
            self.ended in BAD_ENDS
            or self.state == "neither"
            or self.again != DONE
            or not self.same
            or self.lost + self.doubled > 0
        )


def ended_as(code: int, err: str) -> Ended:
    """How a command ended, by its exit code and what it wrote on standard error."""
    sentences = [line for line in err.splitlines() if line.startswith("icp: ")]
    if "Traceback (most recent call last)" in err:
        return "traceback"
    if code == DONE:
        return "done"
    if code < 0:
        return "killed" if code == -9 else "crashed"
    return "one sentence" if len(sentences) == 1 and code != BUG else "other"
