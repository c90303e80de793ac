"""What campaigns show so far, as part of a review.

A review takes no look of its own: each look spends part of the level, and `icp plan --result` keeps count of them.
"""

from __future__ import annotations

from pathlib import Path

from icp_ml.watch.campaign_files import plan_of
from icp_ml.watch.campaign_result import campaign_result, pair_sentence
from icp_ml.watch.review_records import CampaignReview


def read_campaign(assignment: Path) -> CampaignReview:
    """What the looks that were taken show. assignment: the file that `icp plan` wrote, its plan beside it.

    Raises as `plan_of` and `campaign_result` do; without any look there is no result, and that is said.
    """
    plan = plan_of(assignment)
    if not plan.looks_taken:
        planned = sum(arm.accounts for arm in plan.arms)
        said = f"{assignment.name}: no outcome of its {planned:,} accounts has been read; icp plan --result reads them."
        return CampaignReview(assignment=assignment.name, plan=plan, result=None, sentences=(said,))
    result = campaign_result(plan)
    return CampaignReview(
        assignment=assignment.name,
        plan=plan,
        result=result,
        sentences=tuple(pair_sentence(pair) for pair in result.pairs),
    )
