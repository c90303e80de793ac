"""What became of the deals in each state of an attribute: the count behind a reason.

    tools: HubSpot (41 of 96 won, 24 % overall)

The states are the reasons' own (see `wording`), so that each reason finds its count by its text. These are plain counts
of all deals, of every state alike: nothing was searched for among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable
from icp_ml.model.win_model import TrainingRows, WinModel
from icp_ml.profile.definition import ObservedState
from icp_ml.profile.wording import label_codes, label_texts


def observed_states(
    model: WinModel, attributes: Sequence[Attribute], data: TrainingRows, parsed: ParsedTable
) -> tuple[ObservedState, ...]:
    """One entry for each state that some deal is in. data, parsed: the same deals, row by row."""
    by_name = {each.name: each for each in attributes}
    found: dict[str, ObservedState] = {}
    pairs = zip(model.vocabulary.columns, model.scorecard.columns, strict=True)
    for place, (column, points) in enumerate(pairs):
        texts = label_texts(by_name[column.attribute], column, points)
        codes = label_codes(column, points, data.rows[:, place], parsed.missing(column.attribute))
        found.update(_counted(texts, codes, data.won))
    return tuple(found.values())


def observed_words(states: Sequence[ObservedState], win_rate: float) -> Mapping[str, str]:
    """For the text of each state the same with its count. win_rate: of all deals."""
    return {each.text: f"{each.text} ({each.won:,} of {each.deals:,} won, {win_rate:.0%} overall)" for each in states}


def _counted(
    texts: Sequence[str], codes: NDArray[np.intp], won: NDArray[np.int8]
) -> Iterator[tuple[str, ObservedState]]:
    deals = np.bincount(codes, minlength=len(texts))
    wins = np.bincount(codes, weights=won, minlength=len(texts))
    for text, of_state, won_of_state in zip(texts, deals.tolist(), wins.tolist(), strict=True):
        if of_state:
            yield text, ObservedState(text=text, deals=of_state, won=int(won_of_state))
