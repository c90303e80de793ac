"""Reading one file of a folder that somebody else made."""

from __future__ import annotations

from pathlib import Path

from icp_ml.errors import BundleInvalid
from icp_ml.serve.file_names import ANEW


def read_plain_file(path: Path, most: int) -> bytes:
    """Its bytes; of a file with more than `most` of them, one more than that, by which the caller knows it.

    A link could lead out of the folder, and then a hash would vouch for something that is not in it. Raises
    `BundleInvalid` where the path is no plain file or cannot be read.
    """
    if path.is_symlink() or not path.is_file():
        raise BundleInvalid(f"{path.name} of the bundle was expected to be a plain file, and it is not; {ANEW}")
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise BundleInvalid(f"{path.name} of the bundle cannot be read ({error.strerror}); {ANEW}") from error
