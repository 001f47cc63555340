"""The answer of a connection test: one line per thing proved; nothing is transferred."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from canonical.failure import Failure
from canonical.feature import Feature


class CheckState(StrEnum):
    """The outcome of one check."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


class CheckItem(BaseModel):
    """One thing checked: `reachable`, `certificate`, `credentials`, `version`, `permission` or `history`.

    A skipped one with a failure is an advice: it works, and may be less than wanted.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    state: CheckState
    detail: str = ""
    feature: Feature | None = None
    failure: Failure | None = None


class CheckReport(BaseModel):
    """All checks of one connection test, in the order they ran."""

    model_config = ConfigDict(frozen=True)

    items: tuple[CheckItem, ...]
    shop_title: str = ""
    version: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(item.state is not CheckState.FAILED for item in self.items)

    def permits(self, feature: Feature) -> bool:
        """Whether no check speaks against this feature."""
        general = [item for item in self.items if item.feature in (None, feature)]
        return all(item.state is not CheckState.FAILED for item in general)
