"""Messages of the integration's lifecycle: commands sent as workflow updates, and the state that answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from canonical.failure import Failure
from canonical.feature import Feature, Mode


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class CreateIntegration(_Frozen):
    """Wizard step 1: a name for a connection of an installed connector; begins in development mode."""

    id: str
    connector: str
    name: str = Field(min_length=1, max_length=120)
    by: str


class By(_Frozen):
    """A command that needs nothing but who gave it."""

    by: str


class Rename(_Frozen):
    """Give the integration another name."""

    name: str = Field(min_length=1, max_length=120)
    by: str


class ChooseFeatures(_Frozen):
    """Wizard step 3: the features that take part; each gets a schedule, paused."""

    features: tuple[Feature, ...]
    by: str


class Configure(_Frozen):
    """Save a feature's settings as a new revision; without a feature: the integration's advanced settings. Never holds secrets."""

    feature: Feature | None = None
    values: dict[str, Any]
    by: str


class ForFeature(_Frozen):
    """A command about one feature."""

    feature: Feature
    by: str


class Pause(_Frozen):
    """Hold one feature, with the reason for colleagues."""

    feature: Feature
    note: str = Field(default="", max_length=300)
    by: str


class RunNow(_Frozen):
    """Run one feature at once; with `records` only these order numbers or article numbers."""

    feature: Feature
    records: tuple[str, ...] = ()
    trigger: str = "hand"
    by: str


class GoLive(_Frozen):
    """Stage 2 of go-live: productive mode; orders changed before `start_at` are not imported (default: now)."""

    start_at: datetime | None = None
    by: str


class ApplyFilter(_Frozen):
    """Store the article filter and build the list anew; rules are field, operator, value, format (D§3.1)."""

    rules: tuple[dict[str, Any], ...]
    by: str


class GrantAnswered(_Frozen):
    """The vendor answered a grant; `state` names it, the answer itself lies sealed in the database."""

    state: str
    by: str


class ScanPurpose(StrEnum):
    """What a channel's articles are read for."""

    IMPORT = "import"
    """The initial import: identify, preview, take over (D§1.6)."""
    PAIRING = "pairing"
    """The pairing worksheet."""


class ReadCatalogue(_Frozen):
    """Read the channel's articles, all or by SKU; goes on where an interrupted reading stopped unless `afresh`."""

    purpose: ScanPurpose
    skus: tuple[str, ...] = ()
    afresh: bool = False
    by: str


class TakeOverArticles(_Frozen):
    """Import what was identified: all, or the articles of these SKUs."""

    skus: tuple[str, ...] = ()
    by: str


class Delete(_Frozen):
    """Delete the integration; `confirm` must be its name."""

    confirm: str
    by: str


class FeatureState(_Frozen):
    """Where one chosen feature stands."""

    feature: Feature
    is_active: bool = False
    paused_note: str = ""
    is_paused: bool = False
    blocked: Failure | None = None
    blocked_at: datetime | None = None


class ReadinessItem(_Frozen):
    """One line of the readiness report (D§6.1)."""

    name: str
    ok: bool
    is_required: bool = True
    feature: Feature | None = None
    params: dict[str, str] = Field(default_factory=dict)


class Readiness(_Frozen):
    """What must be green before go-live."""

    items: tuple[ReadinessItem, ...]

    @property
    def ok(self) -> bool:
        """Whether every required item is green."""
        return all(item.ok or not item.is_required for item in self.items)


class IntegrationState(_Frozen):
    """What the entity workflow knows; all of it can be rebuilt from the database."""

    id: str
    connector: str = ""
    name: str = ""
    mode: Mode = Mode.DEVELOPMENT
    wizard_step: str = "credentials"
    features: tuple[FeatureState, ...] = ()
    working_on: str = ""
    """The step that runs at this moment, for the progress display; empty when nothing runs."""
    steps_done: tuple[str, ...] = ()
    problem: Failure | None = None
    """Why the last long step failed."""

    def feature(self, feature: Feature) -> FeatureState | None:
        """The state of one feature, None when it is not chosen."""
        return next((state for state in self.features if state.feature is feature), None)

    def runs_by_itself(self, feature: Feature) -> bool:
        """D§1.8: productive, chosen, active, neither paused nor blocked."""
        state = self.feature(feature)
        return bool(
            self.mode is Mode.PRODUCTIVE and state and state.is_active and not state.is_paused and not state.blocked
        )
