"""How a model is judged, beyond what is always done.

evaluate: {missing_as: prospects}     # also on deals that know as little as the list does
"""

from __future__ import annotations

from typing import Literal

from icp_ml.deals.settings import Settings


class EvaluateSettings(Settings):
    """`missing_as`: take values away from judged deals, by luck, until attributes are known as seldom as on the list.

    The figures are reported beside the others. Nothing that is learned changes.
    """

    missing_as: Literal["prospects"] | None = None
