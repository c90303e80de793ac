"""What goes wrong for a person, in one sentence that says what to do, with the exit code that a job reads.

Every error that a user can cause is an `IcpError`. Anything else that escapes is our bug and keeps its traceback.
"""

from __future__ import annotations

from typing import Final

LONGEST_SENTENCE: Final = 1_000
"""Characters of a sentence; we chose it. What is longer repeats a name or value that nobody would read to its end."""


class IcpError(Exception):
    """Base of every error that a person can act on.

    `sentence` says what was expected, what was found, in how many rows, and what to do. It is one line: what it repeats
    of a file is cut where it is long, and what a terminal would obey in place of showing it is written as an escape.
    """

    exit_code = 1

    def __init__(self, sentence: str) -> None:
        self.sentence = _one_line(sentence)
        super().__init__(self.sentence)


def _one_line(sentence: str) -> str:
    """The end is kept, because it says what to do. An escape is longer than what it stands for."""
    sentence = _cut(sentence)
    if sentence.isprintable():
        return sentence
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in sentence)
    return _cut("".join(shown))


def _cut(sentence: str) -> str:
    if len(sentence) <= LONGEST_SENTENCE:
        return sentence
    return f"{sentence[: LONGEST_SENTENCE * 2 // 3]} ... {sentence[-LONGEST_SENTENCE // 4 :]}"


class ConfigError(IcpError):
    """The command line or the configuration file cannot be used as written."""

    exit_code = 2


class InputError(IcpError):
    """A file cannot be read, or breaks the contract that the configuration declares for it."""

    exit_code = 3


class TooFewDeals(IcpError):
    """There are fewer accounts with a known outcome than anything could be learned from."""

    exit_code = 4


class NoSignal(IcpError):
    """The attributes do not rank later deals better than chance would."""

    exit_code = 5


class LeakageQuestion(IcpError):
    """A column may have been filled in after the outcome, and only a person can say."""

    exit_code = 6


class BundleInvalid(IcpError):
    """A bundle is incomplete, altered, does not reproduce its golden rows, or is not signed where that is demanded."""

    exit_code = 7


class ModelNotFound(IcpError):
    """There is no model where one was asked for."""

    exit_code = 8


class GateNotPassed(IcpError):
    """A model is not fit to take the place of the one in use."""

    exit_code = 9


class TooManyUnusable(IcpError):
    """More rows of a list could not be scored than the job allows."""

    exit_code = 10


class Locked(IcpError):
    """Somebody else is writing there now; trying again later will work."""

    exit_code = 75


class SourceUnavailable(IcpError):
    """A database cannot be reached, or broke off before its last row; trying again later may work."""

    exit_code = 75
