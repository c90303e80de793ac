"""Ids of accounts that only those can read who hold the key: HMAC-SHA256 of the id, sixteen hexadecimal digits.

A hash without a key hides nothing: whoever holds a list of companies hashes all of them and compares.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

import numpy as np

from icp_ml.deals.table import Names
from icp_ml.errors import ConfigError

KEY: Final = "ICP_ID_KEY"
"""The variable of the environment that holds the key."""
LEAST_LENGTH: Final = 16
"""Characters of a key that is not guessed by trying."""
DIGITS: Final = 16
"""64 bits: of 10,000 accounts two share one with a chance of three in a million million."""


def key_in(environment: Mapping[str, str]) -> bytes:
    """Raises `ConfigError` where there is no key or one that is too short; what it is is not repeated."""
    key = environment.get(KEY, "")
    if len(key) < LEAST_LENGTH:
        found = "is not set" if not key else f"holds {len(key)}"
        raise ConfigError(
            f"neighbours: hashed needs a key of at least {LEAST_LENGTH} characters in the environment variable {KEY}, "
            f"which {found}; set it to a secret that is kept with the deals"
        )
    return key.encode()


def hashed(ids: Names, key: bytes) -> Names:
    """object[n]: each id by its hash; equal ids stay equal."""
    names, place = np.unique(ids.astype(str), return_inverse=True)
    hashes = [hmac.new(key, str(name).encode(), hashlib.sha256).hexdigest()[:DIGITS] for name in names]
    return np.array(hashes, dtype=object)[place]
