"""What can come of one case, and how it is found out.

A case is answered, or refused by one of the project's own errors in one sentence. Anything else is a fault: another
exception, more time or memory than a case may take, a dead process, a row that is neither answered nor refused, a
sentence that is none, or something done outside: a file written, a process started.
"""

from __future__ import annotations

import inspect
import resource
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from icp_ml.errors import IcpError

Fate = Literal["answered", "refused", "exception", "hang", "crash", "lost", "sentence", "outside"]
FAULTS: Final = ("exception", "hang", "crash", "lost", "sentence", "outside")
SECONDS_A_CASE: Final = 20.0
"""Of processor time that a case may take: a thousand times what it usually takes."""
LONGEST_SENTENCE: Final = 2_000
"""Characters that a person may be asked to read."""
_NO_LETTERS: Final = ("Cc", "Cs", "Zl", "Zp")
_TURNS: Final = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WRITES: Final = frozenset(
    {
        "os.mkdir",
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.link",
        "os.symlink",
        "os.chmod",
        "os.truncate",
        "os.system",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.putenv",
        "subprocess.Popen",
        "socket.connect",
        "socket.bind",
        "pickle.find_class",
        "shutil.rmtree",
        "shutil.copyfile",
        "shutil.move",
    }
)
_FILE_MODES: Final = frozenset("wax+")

Ready = Callable[[], str]
"""A case that was made: it answers with some words on what was answered, or raises."""


class RowsLostError(Exception):
    """A row went in and neither came out nor was refused, or one came out that never went in."""


class RefusedError(Exception):
    """Somebody else's refusal, in words, before anything of ours was reached."""


class _TooLongError(BaseException):
    """The time of a case is over. No code that is tried catches it."""


@dataclass(frozen=True)
class Outcome:
    """What came of a case. words: the answer, the sentence, or what went wrong."""

    fate: Fate
    words: str


def outcome_of(case: Ready, watch: Watch) -> Outcome:
    """Try one case, its time bounded and what it does outside watched."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        with _bounded(SECONDS_A_CASE), watch.armed():
            words = case()
    except IcpError as error:
        found = _of_sentence(error)
    except RefusedError as error:
        found = Outcome("refused", str(error))
    except RowsLostError as error:
        found = Outcome("lost", str(error))
    except _TooLongError:
        found = Outcome("hang", f"no answer within {SECONDS_A_CASE:.0f} s")
    except Exception as error:  # noqa: BLE001 - what escapes is what is counted here
        found = Outcome("exception", f"{type(error).__name__} in {_place_of(error)}: {str(error)[:300]}")
    else:
        found = Outcome("answered", words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime > SECONDS_A_CASE:
        found = Outcome("hang", f"a process of ours was at work for more than {SECONDS_A_CASE:.0f} s")
    return Outcome("outside", watch.seen[0]) if watch.seen else found


def _of_sentence(error: IcpError) -> Outcome:
    """A refusal is one line of bounded length that a terminal shows as it is written."""
    sentence = error.sentence
    kind = f"{type(error).__name__} in {_place_of(error)}"
    if len(sentence) > LONGEST_SENTENCE:
        return Outcome("sentence", f"{kind}: {len(sentence):,} characters: {sentence[:100]!r}")
    if not sentence or any(unicodedata.category(c) in _NO_LETTERS or c in _TURNS for c in sentence):
        return Outcome("sentence", f"{kind}: {sentence[:300]!r}")
    return Outcome("refused", f"{kind}: {sentence}")


def _place_of(error: BaseException) -> str:
    """The last line of our own code that an exception passed, else the last line at all."""
    places, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append((code.co_filename, code.co_name, trace.tb_lineno))
        trace = trace.tb_next
    ours = [place for place in places if "/icp_ml/" in place[0] or "/icp_training/" in place[0]]
    file, name, line = (ours or places or [("?", "?", 0)])[-1]
    return f"{file.rpartition('/')[2]}:{name}:{line}"


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    def end(_number: int, _frame: object) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGPROF, end)
    # Again each second: an exception that is raised while something is cleaned up is lost.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


class Watch:
    """Sees what Python does outside while a case is tried. An audit hook stays as long as its process."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._is_armed = False
        sys.addaudithook(self._look)

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Watch from here to the end of the block."""
        self.seen, self._is_armed = [], True
        try:
            yield
        finally:
            self._is_armed = False

    def _look(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._is_armed:
            return
        opened = event == "open" and bool(_FILE_MODES & set(str(arguments[1] or "")))
        if (opened or event in _WRITES) and not _is_meant():
            self.seen.append(f"{event} {arguments!r:.200}")


_MEANT: Final = ("numba/core/caching.py", "icp_ml/deals/binary_workbooks.py")
"""Numba keeps what it compiled of our functions beside them, as pickles that it reads at the first call. Binary
workbooks are read by a process of our own."""


def _is_meant() -> bool:
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_filename.endswith(_MEANT):
            return True
        frame = frame.f_back
    return False
