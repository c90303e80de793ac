"""What is learned from, beyond the deals as they are.

train: {adapt_to: prospects}     # also from deals as empty as the list
"""

from __future__ import annotations

from typing import Literal

from icp_ml.deals.settings import Settings


class TrainSettings(Settings):
    """`adapt_to`: learn from each deal twice, as it is and as empty as a row of the list.

    It is judged both ways too, beside a model that learned from the deals alone.
    """

    adapt_to: Literal["prospects"] | None = None
