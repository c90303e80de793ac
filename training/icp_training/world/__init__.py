"""A synthetic company history with a known truth, made from a seed; it knows nothing of icp_ml.

Settings and a seed give a climate (what companies there are), a population (companies with their history),
planted conditions (what decides deals), deals, the CRM's tables as it sees them, and a prospect list. `truth`
says what was planted.
"""

from icp_training.world.kinds_of_world import (
    make_drifting_world,
    make_null_world,
    make_planted_world,
    make_strong_world,
)
from icp_training.world.settings import WorldSettings
from icp_training.world.truth import Planted, Truth
from icp_training.world.world import World, make_world
from icp_training.world.writing import world_config, write_world

__all__ = [
    "Planted",
    "Truth",
    "World",
    "WorldSettings",
    "make_drifting_world",
    "make_null_world",
    "make_planted_world",
    "make_strong_world",
    "make_world",
    "world_config",
    "write_world",
]
