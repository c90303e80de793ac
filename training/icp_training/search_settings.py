"""How long parameters are searched for, and where trials are kept.

search: {trials: 50}                                # instead of 30
search: {minutes: 20}                               # end early; the result then depends on the machine
search: {storage: env:STUDIES_URL}                  # a database that several machines share, instead of mlruns/
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from icp_ml.deals.settings import Settings
from icp_ml.deals.source_settings import names_a_variable


class SearchSettings(Settings):
    """trials: parameter sets to try. minutes: end earlier, or None; both can be said on the command line instead.

    storage: the environment variable that holds the URL of a database for trials, as SQLAlchemy reads it; None for
    the project's own, mlruns/studies.db.
    """

    trials: int = Field(default=30, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    storage: Annotated[str, BeforeValidator(names_a_variable)] | None = None

    @property
    def variable(self) -> str | None:
        """The name of the environment variable."""
        return None if self.storage is None else self.storage.removeprefix("env:")
