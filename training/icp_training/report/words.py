"""Words that the page uses and explains in place. Each is a word of the project's glossary, said here for anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TERMS: Final[Mapping[str, str]] = {
    "tier": "A band of companies by score. Tier 1 is approached first; below the last tier a company is out of scope.",
    "win rate": "The share of closed deals that were won.",
    "interval": (
        "Where the true figure may lie, given how few or many deals there are; 95 in 100 such ranges hold it, "
        "unless another share is named."
    ),
    "criterion": "One condition of the profile. A company meets it, does not, or it is not known.",
    "points": "What a criterion is worth in a scorecard that anybody can add up; 100 where all are met.",
    "found again": "In how many of 100 redrawn sets of the same accounts the condition came out again.",
    "exclusion": "A rule that leaves a company out whatever its score.",
    "boundary": "What nearly all won and lost companies have in common: it bounds the market and selects nobody.",
    "contribution": (
        "How far one attribute moves a company's log-odds away from the average deal's. All of them add up to "
        "the score that is used."
    ),
    "log-odds": (
        "The scale on which contributions add up. Each step of 0.7 doubles the odds of winning, and each step "
        "of -0.7 halves them."
    ),
    "layer": (
        "The family of an attribute: firmographic and technographic (what a company is: fit), behavioural and "
        "engagement (what it does: intent)."
    ),
    "score": "A number from 0 to 100 for the order of companies; each tier starts at a stated score.",
    "odds ratio": "How much larger the odds of winning are here than there; 1 is no difference.",
    "segment": "The deals that one condition holds for.",
    "wins minus losses": "The share of won accounts with a condition, less the share of lost accounts with it.",
    "lift": "The win rate of a group over that of all deals.",
    "forward in time": "Judged on deals that opened after all the deals that were learned from.",
    "calibration": "Whether of the deals that were given 30 %, 30 % were won.",
    "log loss": "How surprised a forecast was by what happened; lower is better.",
    "AUC": "In how many of 100 pairs of a won and a lost deal the won one comes first; 0.5 is chance.",
    "bundle": "The folder that holds a model, its evidence and this page's figures.",
    "content hash": "A number that says which model this is: two with the same one are the same.",
}
