"""The files of fulfilment providers: orders out and tracking in, each step safe to repeat wherever it was cut off."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from temporalio import activity

from activities.deps import Deps
from activities.failures import reports_failures
from adapters.exchange import Exchange, FolderExchange, Folders, prepare_folders
from adapters.provider_files import LARGEST, read_tracking, write_orders
from adapters.sftp import HostKeyUnknownError, Server, SftpExchange, fingerprint
from canonical.failure import Failure, FailureError, Kind
from canonical.partner import PartnerCheck, RefusedRecord, TrackingRecord
from canonical.runs import HouseDone
from connectors.addresses import is_public
from erp import partner_orders, partner_tracking, partners
from erp.database import failure_of
from erp.partner_tracking import Outcome
from erp.partners import PartnerAccess

MOST_FILES = 20
"""Files taken per provider and step; more wait for the next step."""
PATIENCE = 180.0
"""Seconds after which a step begins nothing new, so that it ends before its time limit; the next run goes on."""
TRIES = 3
"""How often a record is tried that another transaction crossed."""

log = logging.getLogger(__name__)


class PartnerActivities:
    """What the provider's page asks for."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    @activity.defn(name="check_partner")
    @reports_failures
    def check_partner(self, partner_id: int) -> PartnerCheck:
        """Sign in, look into the folders, say what waits; transfers nothing. Only folders of our own are created."""
        try:
            access = _access(self._deps, partner_id)
            if access.transport == "folder":
                prepare_folders(self._deps.exchange, access.folder, _folders(access))
            with _opened(self._deps, access) as exchange:
                return PartnerCheck(files=tuple(file.name for file in exchange.waiting(MOST_FILES)))
        except HostKeyUnknownError as error:
            shown = error.host_key
            return PartnerCheck(failure=error.failure, host_key=shown, fingerprint=fingerprint(shown))
        except FailureError as error:
            return PartnerCheck(failure=error.failure)


def exchange_files(deps: Deps, limit: int) -> HouseDone:
    """Assign released orders to providers, then exchange files with each; the step of the house task.

    What stops one provider is kept at that provider and stops no other.
    """
    until = time.monotonic() + PATIENCE
    with deps.sessions() as session:
        assigned = partner_orders.assign_orders(session, limit)
        due = partners.due_partners(session)
        session.commit()
    done, left = assigned, assigned == limit
    for partner_id in due:
        if time.monotonic() > until:
            break
        try:
            moved, more = _exchange(deps, partner_id, limit, until)
            done, left = done + moved, left or more
            failure = None
        except FailureError as error:
            failure = error.failure
        except DBAPIError:
            raise
        except Exception as error:
            log.exception("exchange with partner %s", partner_id)
            failure = Failure.of("UNCLASSIFIED", where="exchange", error=type(error).__name__)
        _note(deps, partner_id, failure)
    return HouseDone(done=done, left=left)


def _note(deps: Deps, partner_id: int, failure: Failure | None) -> None:
    with deps.sessions() as session:
        if failure is None:
            partners.note_success(session, partner_id)
        else:
            partners.note_failure(session, partner_id, failure)
        session.commit()


def _exchange(deps: Deps, partner_id: int, limit: int, until: float) -> tuple[int, bool]:
    """Do what is possible without the provider's server first: booking what was taken; then fetch, then hand over."""
    access = _access(deps, partner_id)
    done = _apply_taken(deps, access)
    with _opened(deps, access) as exchange:
        taken, more = _take(deps, access, exchange, until)
        handed, left = _hand_over(deps, access, exchange, limit)
    return done + taken + handed, more or left


def _access(deps: Deps, partner_id: int) -> PartnerAccess:
    with deps.sessions() as session:
        return partners.access_of(session, deps.keyring, partner_id)


def _folders(access: PartnerAccess) -> Folders:
    return Folders(access.out_folder, access.in_folder, access.done_folder, access.bad_folder)


@contextmanager
def _opened(deps: Deps, access: PartnerAccess) -> Iterator[Exchange]:
    exchange: Exchange
    if access.transport == "sftp":
        server = Server(access.host, access.port, access.user, access.secret, access.host_key)
        exchange = SftpExchange(server, _folders(access), _dial(allow_private=deps.transport.allow_private))
    else:
        exchange = FolderExchange(deps.exchange, access.folder, _folders(access))
    try:
        yield exchange
    finally:
        exchange.close()


def _dial(*, allow_private: bool) -> Callable[[str, int, float], socket.socket]:
    """Connect to a server that a person typed: like a shop's address it must not lead into our own network."""

    def dial(host: str, port: int, patience: float) -> socket.socket:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise OSError(host) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        # Judged and called is the same address: a second answer of the name server is never asked for.
        if not allow_private and not all(is_public(address) for address in addresses):
            raise FailureError(Failure.of("ADDRESS_REFUSED", host=host))
        return socket.create_connection((addresses[0], port), patience)

    return dial


# --- in -----------------------------------------------------------------------------------------------------------------


def _take(deps: Deps, access: PartnerAccess, exchange: Exchange, until: float) -> tuple[int, bool]:
    """Write each waiting file down, book it, put it away; cut off in between, the next run finds it where it is."""
    waiting = exchange.waiting(MOST_FILES)
    done = 0
    for file in waiting:
        if time.monotonic() > until:
            return done, False
        with deps.sessions() as session:
            try:
                body = exchange.read(file.name, LARGEST)
            except FailureError as error:
                if error.failure.code != "FILE_TOO_LARGE":
                    raise
                row = partner_tracking.set_aside(session, access.partner_id, file.name, file.size, error.failure)
            else:
                if body is None:
                    continue
                row = partner_tracking.take_file(session, access.partner_id, file.name, body)
            session.commit()
        if row.state == "taken":
            done += _apply(deps, access, row.id or 0, row.body or b"")
            with deps.sessions() as session:
                session.add(row)
                session.refresh(row)
        exchange.put_away(file.name, is_good=row.state != "bad")
    return done, len(waiting) == MOST_FILES


def _apply_taken(deps: Deps, access: PartnerAccess) -> int:
    """Book the files that were taken and not booked: after a crash, or because a person wants it once more."""
    with deps.sessions() as session:
        files = partner_tracking.files_to_apply(session, access.partner_id, MOST_FILES)
    return sum(_apply(deps, access, file_id, body) for file_id, body in files)


def _apply(deps: Deps, access: PartnerAccess, file_id: int, body: bytes) -> int:
    """Book a file record by record, each in its own transaction, and write the report; returns how many were booked."""
    try:
        read = read_tracking(access.format, body)
    except FailureError as error:
        with deps.sessions() as session:
            partner_tracking.settle_bad(session, file_id, error.failure)
            session.commit()
        return 0
    outcomes: list[Outcome] = []
    refused = list(read.refused)
    for record in read.records:
        try:
            outcomes.append(_book(deps, access.partner_id, record))
        except FailureError as error:
            refused.append(RefusedRecord(line=record.line, order=record.name, failure=error.failure))
    with deps.sessions() as session:
        partner_tracking.settle_file(session, file_id, outcomes, refused)
        session.commit()
    return outcomes.count("booked")


def _book(deps: Deps, partner_id: int, record: TrackingRecord) -> Outcome:
    """One transaction: locks are taken in the one order that all keep, and held for one order only."""
    for attempt in range(1, TRIES + 1):
        try:
            with deps.sessions() as session:
                outcome = partner_tracking.apply_record(session, partner_id, record)
                session.commit()
            return outcome
        except DBAPIError as error:
            if failure_of(error).code != "CONFLICT" or attempt == TRIES:
                raise
        except FailureError as error:
            if error.failure.kind is not Kind.RETRY or attempt == TRIES:
                raise
    raise AssertionError("unreachable")  # pragma: no cover


# --- out ----------------------------------------------------------------------------------------------------------------


def _hand_over(deps: Deps, access: PartnerAccess, exchange: Exchange, limit: int) -> tuple[int, bool]:
    """Freeze a file with the waiting orders, then write every frozen file: same name, same bytes, however often."""
    with deps.sessions() as session:
        draft = partner_orders.draft_file(session, access.partner_id, limit)
        if draft is not None:
            name = f"orders-{draft.content.number:06}.{access.format}"
            partner_orders.freeze_file(session, draft, name, write_orders(access.format, draft.content))
        session.commit()
        files = partner_orders.files_to_write(session, access.partner_id)
    for file_id, name, body in files:
        exchange.put(name, body)
        with deps.sessions() as session:
            partner_orders.mark_written(session, file_id)
            session.commit()
    is_full = draft is not None and limit in (len(draft.order_ids), len(draft.withdrawn_ids))
    return len(files), is_full
