"""Messages between workflows and activities: ids, cursors and counts, never documents, settings or secrets."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from canonical.failure import Failure
from canonical.feature import Feature
from canonical.lifecycle import ScanPurpose


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class RunRef(_Frozen):
    """Which feature of which integration a run serves."""

    integration_id: str
    feature: Feature


class RunOutcome(StrEnum):
    """How a run ended (style.md): never waiting for a person."""

    DONE = "done"
    DEFERRED = "deferred"
    BLOCKED = "blocked"
    IDLE = "idle"


class Counts(_Frozen):
    """What became of the records of a run."""

    good: int = 0
    skipped: int = 0
    parked: int = 0
    failed: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """Add up."""
        return Counts(
            good=self.good + other.good,
            skipped=self.skipped + other.skipped,
            parked=self.parked + other.parked,
            failed=self.failed + other.failed,
        )


class RunPlan(_Frozen):
    """What `begin_run` decided: whether to run, with which settings revision, and for whom."""

    run_id: str
    goes: bool
    reason: str = ""
    trigger: str = "schedule"
    settings_revision: int = 0
    records: tuple[str, ...] = ()


class PageTask(_Frozen):
    """One step of a run."""

    ref: RunRef
    run_id: str
    settings_revision: int = 0
    records: tuple[str, ...] = ()
    is_first: bool = False
    batch_id: int = 0
    ticket: str = ""


class Fetched(_Frozen):
    """What one fetch stored; `waiting` tells that undecided documents lie in the inbox, `replies` that orders wait for an answer."""

    documents: int
    waiting: bool
    more: bool
    replies: bool = False
    ask_again_after: float = 0


class Applied(_Frozen):
    """What one apply decided; `left` tells that more documents wait, `replies` that the channel is to be told something."""

    counts: Counts
    left: bool
    replies: bool = False


class Collected(_Frozen):
    """A batch to send, 0 when nothing is dirty."""

    batch_id: int
    size: int


class Sent(_Frozen):
    """Whether the answers are there, or a ticket must be asked for later."""

    ticket: str = ""
    ask_again_after: float = 0


class Settled(_Frozen):
    """What the answers meant; `repeat_failure` is set when part of the batch must be tried again later."""

    counts: Counts
    repeat_failure: Failure | None = None


class RunEnd(_Frozen):
    """How a run ended, for its row and the journal."""

    ref: RunRef
    run_id: str
    outcome: RunOutcome
    counts: Counts
    failure: Failure | None = None


class Built(_Frozen):
    """What building the article list found."""

    matched: int
    added: int
    removed: int


class ScheduleNote(_Frozen):
    """A feature's schedule and why it is held."""

    ref: RunRef
    note: str = ""


AUTO_SHIP, LOST_RUNS = "auto-ship", "lost-runs"
"""House tasks: shipping released orders, and finding runs that ended without a trace."""
PAPERWORK, PARTNERS = "paperwork", "partners"
"""House tasks: labels, PDFs, prints and mails; and the files of fulfilment providers."""
UNPAID, RETENTION = "unpaid", "retention"
"""House tasks: reminding and expiring unpaid orders; and erasing what has been kept long enough."""
WEBHOOKS = "webhooks"
"""House task: looking after the subscriptions at shops."""
CHANNEL_TASKS = "channel-tasks"
"""House task: asking channels what a person must look after there."""


class HouseTask(_Frozen):
    """One house task by name, with its largest number of records per step."""

    name: str
    limit: int = 200


class HouseDone(_Frozen):
    """What a house task's step did; `left` tells that more waits."""

    done: int
    left: bool


class CatalogueTask(_Frozen):
    """One step of reading or taking over a channel's articles."""

    integration_id: str
    purpose: ScanPurpose
    skus: tuple[str, ...] = ()
    afresh: bool = False
    by: str = ""


class CatalogueWork(_Frozen):
    """What a workflow with a channel's articles is to do; `goes_on` after it continued as new."""

    task: CatalogueTask
    takes_over: bool = False
    goes_on: bool = False


class CatalogueStep(_Frozen):
    """What a step did; `left` tells that more waits."""

    done: int
    left: bool
    ask_again_after: float = 0


class Ordered(_Frozen):
    """A lifecycle command on its way to the database."""

    integration_id: str
    command: str
    payload: dict[str, Any] = Field(default_factory=dict)


class Productive(_Frozen):
    """Going productive, and from which moment orders count."""

    integration_id: str
    start_at: datetime
    by: str
