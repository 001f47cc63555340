"""Labels of carriers with file exchange: requests out, answers in; safe to repeat at any point."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from activities.deps import Deps
from adapters import carriers
from canonical.failure import Failure, FailureError
from canonical.runs import HouseDone
from erp import labels

log = logging.getLogger(__name__)


def step_labels(deps: Deps, limit: int) -> HouseDone:
    """Request wanted labels and take the carriers' answers, at most `limit` of each.

    Requests are written before they are noted and have a name of their own, so a crash in between writes the same file
    again; answers are noted before their files are moved, so a crash in between reads an answer that is known already.
    """
    requested, is_full = _request(deps, limit)
    taken = [_take(deps, folder, limit) for folder in _folders(deps)]
    done = requested + sum(taken)
    return HouseDone(done=done, left=bool(done) and (is_full or max(taken, default=0) >= limit))


def _request(deps: Deps, limit: int) -> tuple[int, bool]:
    with deps.sessions() as session:
        wanted = labels.wanted(session, limit)
    written: list[int] = []
    failures: dict[int, Failure] = {}
    for each in wanted:
        try:
            carriers.write_request(deps.exchange, each.folder, each.request)
            written.append(each.parcel_id)
        except FailureError as error:
            failures[each.parcel_id] = error.failure
    if wanted:
        with deps.sessions.begin() as session:
            labels.note_requested(session, written, datetime.now(UTC))
            labels.note_unwritten(session, failures)
    return len(written), len(wanted) == limit


def _folders(deps: Deps) -> list[str]:
    with deps.sessions() as session:
        return labels.folders(session)


def _take(deps: Deps, folder: str, limit: int) -> int:
    """Take what lies in one carrier's folder; a folder that cannot be read does not stop the others."""
    try:
        found = _one_each(carriers.read_answers(deps.exchange, folder, limit))
    except FailureError as error:
        log.warning("labels: folder %s: %s", folder, error.failure.code)
        return 0
    answers = [read.answer for read in found if read.answer]
    with deps.sessions.begin() as session:
        refused = labels.take_answers(session, answers, datetime.now(UTC))
    for read in found:
        failure = read.failure or (refused.get(read.answer.key) if read.answer else None)
        carriers.set_aside(deps.exchange, folder, read, failure)
    return len(found)


def _one_each(answers: Iterable[carriers.ReadAnswer]) -> list[carriers.ReadAnswer]:
    """The first answer of each parcel; another one for the same parcel is judged in the next step, when the first stands."""
    found: dict[str, carriers.ReadAnswer] = {}
    for read in answers:
        found.setdefault(read.answer.key if read.answer else read.names[0], read)
    return list(found.values())
