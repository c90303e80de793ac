"""`icp`: the verbs, and what a person sees when something is wrong.

A mistake that a person can mend is one sentence and an exit code. Anything else is our bug and keeps its traceback.
"""

from __future__ import annotations

import errno
import re
import sys
from typing import Final

import typer
from typer.exceptions import TyperException

from icp_ml.cli.amend import amend
from icp_ml.cli.backtest import backtest
from icp_ml.cli.check import check
from icp_ml.cli.compare import compare
from icp_ml.cli.demo import demo
from icp_ml.cli.diff import diff
from icp_ml.cli.explain import explain
from icp_ml.cli.export import export
from icp_ml.cli.history import history
from icp_ml.cli.init import init
from icp_ml.cli.plan import plan
from icp_ml.cli.promote import promote
from icp_ml.cli.quarter import quarter
from icp_ml.cli.report import report
from icp_ml.cli.review import review
from icp_ml.cli.rollback import rollback
from icp_ml.cli.score import score
from icp_ml.cli.show import show
from icp_ml.cli.sign import sign, verify
from icp_ml.cli.size import size
from icp_ml.cli.train import train
from icp_ml.errors import IcpError

USAGE: Final = 2
STOPPED: Final = 130
TRY_AGAIN: Final = 75
_NO_MEMORY: Final = ("cannot allocate memory", "failed to map segment", "bad_alloc")
"""How the system says it where a library is loaded, and C++ anywhere."""
_DISK_FAILS: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE}
"""A full disk, a full share of it, one that is read-only, broken, or a network's that is gone: never our bug."""
_DAYS: Final = re.compile(r"('[^']*') does not match the formats? '%Y-%m-%d'")

app = typer.Typer(
    name="icp",
    help="Learn from won and lost deals which companies are worth selling to, why, and how sure one can be.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    demo,
    init,
    check,
    train,
    backtest,
    show,
    report,
    amend,
    compare,
    promote,
    rollback,
    history,
    score,
    explain,
    size,
    diff,
    review,
    quarter,
    plan,
    export,
    sign,
    verify,
):
    app.command()(verb)


def main() -> None:
    """Run a verb and leave with its exit code (see errors.py)."""
    try:
        code = app(prog_name="icp", standalone_mode=False)
    except IcpError as error:
        sys.stderr.write(f"icp: {error.sentence}\n")
        sys.exit(error.exit_code)
    except (MemoryError, OSError, ImportError) as error:
        lacking = _what_the_machine_lacks(error)
        if lacking is None:
            raise
        sys.stderr.write(f"icp: {lacking}\n")
        sys.exit(TRY_AGAIN)
    except TyperException as mistake:
        if said := _sentence(mistake):
            sys.stderr.write(f"icp: {said}\n")
        sys.exit(USAGE)
    if code == STOPPED:  # how the parser of the command line passes on Ctrl-C
        sys.stderr.write("icp: stopped; nothing half-written was left behind\n")
    sys.exit(code or 0)


def _what_the_machine_lacks(error: BaseException) -> str | None:
    """A sentence about memory or a disk; None for what may be our bug."""
    text = str(error).lower()
    if isinstance(error, MemoryError) or any(words in text for words in _NO_MEMORY):
        return (
            "more memory was expected than this process may use, and it ran out; nothing half-written was left behind; "
            "close other programs, or give icp more, and try again"
        )
    if isinstance(error, OSError) and error.errno in _DISK_FAILS:
        place = f" with {error.filename}" if error.filename else ""
        return (
            f"a disk{place} that can be written to was expected, and it cannot ({error.strerror}); nothing "
            "half-written was left behind; see to it, and try again"
        )
    return None


def _sentence(mistake: TyperException) -> str:
    """What the parser of the command line found wrong, with the way to what would be right.

    Empty where no verb was given: then the help was shown.
    """
    context = getattr(mistake, "ctx", None)
    found = mistake.format_message() if hasattr(mistake, "format_message") else str(mistake)
    if not found:
        return ""
    found = _DAYS.sub(r"expected a day such as 2025-06-30, found \1", found.replace("Value error, ", ""))
    found = found[:1].lower() + found[1:]
    ending = "" if found.endswith("?") else ";"
    return f"{found.removesuffix('.')}{ending} see `{context.command_path if context else 'icp'} --help`"


if __name__ == "__main__":
    main()
