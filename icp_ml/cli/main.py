"""`icp`: the verbs, and what a person sees when something is wrong.

A mistake that a person can mend is one sentence and an exit code. Anything else is our bug and keeps its traceback.
"""

from __future__ import annotations

import sys

import typer

from icp_ml.cli.amend import amend
from icp_ml.cli.check import check
from icp_ml.cli.demo import demo
from icp_ml.cli.explain import explain
from icp_ml.cli.history import history
from icp_ml.cli.init import init
from icp_ml.cli.promote import promote
from icp_ml.cli.rollback import rollback
from icp_ml.cli.score import score
from icp_ml.cli.show import show
from icp_ml.cli.train import train
from icp_ml.errors import IcpError

STOPPED = 130

app = typer.Typer(
    name="icp",
    help="Learn from won and lost deals which companies are worth selling to, why, and how sure one can be.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (demo, init, check, train, show, amend, promote, rollback, history, score, explain):
    app.command()(verb)


def main() -> None:
    """Run a verb and leave with its exit code (see errors.py)."""
    try:
        app(prog_name="icp")
    except IcpError as error:
        sys.stderr.write(f"icp: {error.sentence}\n")
        sys.exit(error.exit_code)
    except SystemExit as leaving:
        if leaving.code == STOPPED:  # how the parser of the command line passes on Ctrl-C
            sys.stderr.write("icp: stopped; nothing half-written was left behind\n")
        raise


if __name__ == "__main__":
    main()
