"""Asking channels what a person must look after there: a house task, so that no order run waits for a minute's permission."""

from datetime import UTC, datetime

import connectors
from activities.deps import Deps, open_channel
from canonical.failure import FailureError
from canonical.runs import HouseDone
from connectors.protocol import ReportsTasks
from erp import channel_tasks

ASKED_AT_ONCE = 5
"""Integrations per step: each is a call or two."""


def ask_for_tasks(deps: Deps, _limit: int) -> HouseDone:
    """Ask some productive integrations that are due, and keep what they tell; repeating it asks only those still due.

    One that cannot be asked keeps nobody waiting: its page says why, and it is asked again at the next round.
    """
    now = datetime.now(UTC)
    keys = [key for key in connectors.specs() if isinstance(connectors.reader(key), ReportsTasks)]
    with deps.sessions() as session:
        ids = channel_tasks.due(session, keys, now, ASKED_AT_ONCE)
    for integration_id in ids:
        _ask(deps, integration_id)
    return HouseDone(done=0, left=len(ids) == ASKED_AT_ONCE)


def _ask(deps: Deps, integration_id: str) -> None:
    try:
        with open_channel(deps, integration_id) as channel:
            told = channel.connector.fetch_tasks() if isinstance(channel.connector, ReportsTasks) else ()
    except FailureError as error:
        with deps.sessions() as session:
            channel_tasks.note_failure(session, integration_id, error.failure, datetime.now(UTC))
            session.commit()
        return
    with deps.sessions() as session:
        channel_tasks.store_tasks(session, integration_id, told, datetime.now(UTC))
        session.commit()
