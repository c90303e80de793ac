"""The files of a bundle's folder, by name, and which of them say what.

Names with a folder before them belong to a profile's own bundle, which lies within that of all deals.
"""

from __future__ import annotations

import re
from typing import Final

FORMAT: Final = 1
"""The number of the way in which a bundle is written; see `docs/bundle.md`."""
MANIFEST: Final = "manifest.json"
FEATURES: Final = "features.json"
SCORECARD: Final = "scorecard.json"
TREES: Final = "trees.txt"
STACK: Final = "stack.json"
PROFILE: Final = "profile.json"
EVALUATION: Final = "evaluation.json"
GOLDEN: Final = "golden.json"
TIERS: Final = "tiers.json"
POLICY: Final = "policy.json"
DRIFT: Final = "drift.json"
CALIBRATION: Final = "calibration.json"
WEIGHTED: Final = "weighted.json"
POTENTIAL: Final = "potential.json"
POTENTIAL_ACV: Final = "potential_acv.txt"
POTENTIAL_CYCLE: Final = "potential_cycle.txt"
RESEMBLANCE: Final = "resemblance.json"
NEIGHBOURS: Final = "neighbours.json"
NEIGHBOUR_ACCOUNTS: Final = "neighbours.csv"
DEFINITION: Final = "definition.json"
CLOSED_WON: Final = "closed_won.json"
DEPENDENCE: Final = "dependence.json"
REPRESENTATIVENESS: Final = "representativeness.json"
PROFILES: Final = "profiles.json"
PROFILES_FOLDER: Final = "profiles"
SIGNATURE: Final = "signature.json"
"""Who vouches for the bundle, where somebody does. It signs the manifest, and so stands beside what that lists."""
CARD: Final = "card.md"
REPORT: Final = "report.html"
"""The page for people. No content: it is drawn from the other files, and a bundle without it is the same bundle."""
MODEL_FILES: Final = (FEATURES, SCORECARD, STACK, TREES)
"""What log-odds and contributions come from; an amendment leaves them as they are."""
CONTENT_FILES: Final = (*MODEL_FILES, EVALUATION, GOLDEN, PROFILE, TIERS, POLICY, DRIFT, CALIBRATION)
"""What the content hash covers: all but the manifest and the card, which repeats name, version and dates."""
POTENTIAL_FILES: Final = (POTENTIAL, POTENTIAL_ACV, POTENTIAL_CYCLE)
EVIDENCE_FILES: Final = (DEFINITION, CLOSED_WON, DEPENDENCE, REPRESENTATIVENESS)
"""What the page shows and nothing scores by."""
OPTIONAL_FILES: Final = (*POTENTIAL_FILES, *EVIDENCE_FILES, NEIGHBOURS, NEIGHBOUR_ACCOUNTS, PROFILES)
"""Deal potential where it was asked for; the ICP, closed deals, how attributes act and accounts to compare with, which
older ones lack; the prospect list beside the deals, where one was named; and what is said of several ICPs, where there
are several."""
NESTED: Final = re.compile(rf"{PROFILES_FOLDER}/([a-z0-9][a-z0-9_-]*)/([a-z_]+\.[a-z]+)")
"""A file of a profile's own bundle: the profile's name, and the file's."""
WEIGHTED_MODEL_FILES: Final = (FEATURES, WEIGHTED)
WEIGHTED_CONTENT_FILES: Final = (*WEIGHTED_MODEL_FILES, GOLDEN, TIERS, POLICY)
LATER_FILES: Final = frozenset({CALIBRATION})
"""What came to format 1 later: a bundle that was made without them is whole."""
LOOKALIKE_CONTENT_FILES: Final = (*MODEL_FILES, EVALUATION, GOLDEN, PROFILE, TIERS, POLICY, DRIFT, RESEMBLANCE)

ANEW: Final = "copy or export the bundle anew"
"""What to do about a bundle that does not agree with itself: nobody repairs one by hand."""
