"""What `icp init` makes of a column by its name: used in which layer, or left out until somebody answers.

Every column here is filled with the same harmless texts, so that only the name can decide.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icp_training.config import load_config
from icp_training.drafting import draft_config

DEALS = 120

USED = """
Industry                     firmographic
Region                       firmographic
Business Model               firmographic
Company Size Band            firmographic
Group Of Goods               firmographic
Sales Channel                firmographic
Rival In Place               firmographic
CRM Platform                 technographic
Technology Stack             technographic
cloud_provider               technographic
Integrations Wanted          technographic
Hiring Signal                behavioural
News Of The Quarter          behavioural
intent_topic                 behavioural
Lead Source                  engagement
demo_requested               engagement
Last Webinar                 engagement
Contact Role                 engagement
"""

ASKED = """
Elapsed Time In Pipeline
Share Of Days In Qualification
days_in_stage
Number Of Phase Changes
Win Probability
Forecast Category
Next Step
Activity Level
Loss Reason
close-reason
Is Closed
Expected Revenue Band
Sales Cycle Class
Discount Level
Renewal Type
NPS Class
Support Plan
Last Modified By
Deal Owner
Sales Rep
Account Manager
Team
deal_size
Amount Band
ACV Class
Price List
"""

# As programs write them: words that run together.
RUN_TOGETHER = """
OwnerName
DaysInStage
LossReason
NextStep
IsClosed
ForecastCategory
LastModifiedBy
"""


def drafted(folder: Path, name: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The layer of each attribute in use, and the names that were asked about."""
    rng = np.random.default_rng(4)
    columns = {
        "Deal ID": [f"D{i}" for i in range(DEALS)],
        "Stage": ["Closed Won" if i % 3 == 0 else "Closed Lost" for i in range(DEALS)],
        "Weather": rng.choice(["sun", "rain"], DEALS),
        name: rng.choice(["ash", "beech", "cedar"], DEALS),
    }
    pq.write_table(pa.table(columns), folder / "deals.parquet")
    draft = draft_config(folder / "deals.parquet", folder)
    path = folder / "icp.yaml"
    path.write_text(draft.text, encoding="utf-8")
    return {a.name: a.layer for a in load_config(path).resolved()}, draft.asked


@pytest.mark.parametrize("line", USED.strip().splitlines())
def test_what_is_known_beforehand_is_used_in_its_layer(tmp_path: Path, line: str) -> None:
    name, layer = line.rsplit(maxsplit=1)
    used, asked = drafted(tmp_path, name.strip())
    assert used == {"Weather": "firmographic", name.strip(): layer}
    assert asked == ()


@pytest.mark.parametrize("name", [*ASKED.strip().splitlines(), *RUN_TOGETHER.strip().splitlines()])
def test_what_may_be_known_too_late_is_left_out_until_somebody_answers(tmp_path: Path, name: str) -> None:
    used, asked = drafted(tmp_path, name)
    assert asked == (name,)
    assert name not in used
