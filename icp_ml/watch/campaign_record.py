"""What was planned, as JSON beside the assignment file: whoever reads the result reads it by this and nothing else.

A look that was taken is written down too. It spent part of the level, and a second look that did not know of it would
claim too much.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from icp_ml.errors import InputError
from icp_ml.profile.records import Record
from icp_ml.serve.documents import to_bytes
from icp_ml.serve.writing import write_text
from icp_ml.watch.sample_size import Promise


class ArmCounts(Record):
    """Accounts of an arm whose outcome is known, and how many of them are a success."""

    contacted: int = Field(ge=0)
    successes: int = Field(ge=0)


class LookTaken(Record):
    """A look that was taken. day: ISO date. counts: by arm, the hold-in among them. is_final: no account followed."""

    day: str
    counts: dict[str, ArmCounts]
    is_final: bool = False


class PlannedArm(Record):
    """An arm as it was drawn: see `campaigns.DrawnArm`."""

    name: str
    candidates: int
    accounts: int
    filled: int


class CampaignPlan(Record):
    """A campaign as it was planned.

    made: ISO date. list, rows: the scored list. id_name: the id column of the assignment. content_hash: of the model
    that scored the list, None where the list did not say. by: the column that arms are of. rate, difference: assumed;
    difference None where the sizes were given. rate_from: where the rate comes from, in words. test: the test that
    reads the result. looks_taken: oldest first. drawn: the fingerprint of who is in which arm (`fingerprint_of`), None
    in a plan of an earlier version.
    """

    format: Literal[1] = 1
    made: str
    list: str
    rows: int
    id_name: str
    content_hash: str | None
    by: str
    arms: tuple[PlannedArm, ...]
    hold_in: PlannedArm | None
    low_tiers: tuple[str, ...]
    balance: tuple[str, ...]
    seed: int
    rate: float
    rate_from: str
    difference: float | None
    level: float
    power: float
    looks: int
    test: Literal["exact unconditional by mid-p, Lan-DeMets spending, Bonferroni over pairs"] = (
        "exact unconditional by mid-p, Lan-DeMets spending, Bonferroni over pairs"
    )
    looks_taken: tuple[LookTaken, ...] = ()
    drawn: str | None = None

    @property
    def promise(self) -> Promise:
        """What the campaign is to keep."""
        return Promise(len(self.arms), self.looks, self.level, self.power)

    def after(self, look: LookTaken) -> CampaignPlan:
        """The same with one look more; as it is where the last look saw the same."""
        if self.looks_taken and self.looks_taken[-1].model_copy(update={"day": look.day}) == look:
            return self
        return self.model_copy(update={"looks_taken": (*self.looks_taken, look)})


def fingerprint_of(arm_of: Mapping[str, str]) -> str:
    """Of who is in which arm, whatever the order. arm_of: the arm of each account, by its key."""
    return hashlib.sha256("\n".join(sorted(f"{key}\t{arm}" for key, arm in arm_of.items())).encode()).hexdigest()


def write_plan(path: Path, plan: CampaignPlan) -> None:
    """Write the plan, all of it or nothing. Raises `ConfigError` where that cannot be done."""
    write_text(path, to_bytes(plan.model_dump(mode="json")).decode())


def read_plan(path: Path) -> CampaignPlan:
    """Read a plan. Raises `InputError` where there is none, or it is not as `write_plan` writes it."""
    try:
        return CampaignPlan.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise InputError(
            f"the plan of a campaign was expected at {path}, found none; name the assignment file that icp plan wrote, "
            "with its .json beside it"
        ) from None
    except (OSError, ValueError) as error:
        first = error.errors(include_url=False)[0] if isinstance(error, ValidationError) else None
        found = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else str(error)
        raise InputError(
            f"{path}: expected the plan of a campaign as icp plan writes it, found another ({found}); plan again, or "
            "bring back the file"
        ) from None
