"""Order import: decide every document of a page, book the good ones as one set, keep every outcome (D§4.2)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlmodel import Session

from canonical.failure import Failure, FailureError, Finding, Severity
from canonical.order import ChannelOrder
from canonical.push import AnswerKind
from canonical.runs import Counts
from canonical.settings import AdvancedSettings, OrderSettings
from erp import journal
from erp.booking import FEATURE, OvertakenError, book
from erp.bulk import Row, packed
from erp.database import failure_of
from erp.links import renew_stock
from erp.mappings import note_unknown
from erp.master_data import booked_orders, load_for
from erp.order_changes import changed_order, note_changes
from erp.order_replies import Reply, request_replies
from erp.payments import UNPAID, ChannelPayment, note_paid_in_channel
from erp.rules import Decision, MasterData, Outcome, RuleContext, decide
from erp.rules.changes import findings_after_import
from erp.rules.gate import leaves_later
from erp.rules.model import BookedOrder
from erp.rules.own_tax import at_booked_rates
from erp.rules.payments import received, reference_of
from erp.rules.sold import as_sold

HOLD = "cancelled_in_channel"
CHANGES = ("CANCELLED_IN_CHANNEL", "CHANGED_IN_CHANNEL")
"""The findings that tell people about an order that is booked already."""
WAITING = ("open", "partial")
"""The payment states in which money is still to come."""


@dataclass(frozen=True)
class ImportContext:
    """What is the same for all documents of a run; the settings are the revision that the run pinned."""

    integration_id: str
    settings: OrderSettings
    settings_revision: int
    advanced: AdvancedSettings
    now: datetime
    start_at: datetime | None
    run_id: str


@dataclass(frozen=True)
class ReadDocument:
    """A stored document as the connector read it: an order, or why it cannot be read."""

    inbox_id: int
    external_id: str
    number: str
    by_hand: bool
    order: ChannelOrder | None
    failure: Failure | None


@dataclass(frozen=True)
class _Before:
    """The inbox row as it was before this decision."""

    state: str = "new"
    findings: Sequence[Any] = ()
    waits_for: Sequence[str] = ()
    attempts: int = 0


@dataclass
class _Case:
    """One document on its way through the import; the decision changes when booking finds more."""

    document: ReadDocument
    before: _Before
    decision: Decision
    order_id: int | None = None
    booked: BookedOrder | None = None
    """The order that was there before."""

    @property
    def is_decided_elsewhere(self) -> bool:
        """Whether another worker decided this very version while this one waited for the row."""
        return self.before.state not in ("new", "parked")

    def is_news(self, finding: Finding) -> bool:
        """Whether the journal lacks this; an order that parks every hour with the same problem must not fill it."""
        if finding.code not in CHANGES and (self.document.by_hand or self.before.attempts == 0):
            return True
        return _printed(finding) not in self.before.findings


def import_documents(session: Session, context: ImportContext, documents: Sequence[ReadDocument]) -> Counts:
    """Decide documents, book the good ones as one set, and write inbox, open mappings and journal; never commits.

    When the database refuses the set because of a value or a constraint, it is halved down to the culprit, which is parked
    as BOOKING_FAILED; other database errors are raised: the transient ones are cured by trying the transaction again, and
    a mistake of ours must not park every order. Idempotent: an order that is booked is only found ALREADY_IMPORTED, and
    noted where the channel changed it since.
    """
    before = _lock(session, documents)
    orders = [document.order for document in documents if document.order is not None]
    master = load_for(session, context.integration_id, context.settings, context.advanced, orders)
    cases = [
        _Case(document, before.get(document.inbox_id, _Before()), _decide(document, context, master))
        for document in documents
    ]
    for case in cases:
        if (known := master.already_imported.get(case.document.external_id)) is not None:
            case.order_id, case.booked = known.id, known
    leaders = _newest(cases)
    _book(session, context, [case for case in leaders.values() if case.decision.draft is not None])
    for case in cases:
        _follow(case, leaders[case.document.external_id])
    _write(session, context, cases)
    outcomes = Counter(case.decision.outcome for case in cases)
    return Counts(good=outcomes[Outcome.IMPORT], skipped=outcomes[Outcome.SKIP], parked=outcomes[Outcome.REJECT])


def _lock(session: Session, documents: Sequence[ReadDocument]) -> dict[int, _Before]:
    """Hold the inbox rows until the transaction ends, in one order for all workers; a second worker waits here."""
    query = text(
        "SELECT id, state, findings, waits_for, attempts FROM inbox_document WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"
    )
    rows = session.execute(query, {"ids": [document.inbox_id for document in documents]})
    return {id: _Before(state, findings, waits_for, attempts) for id, state, findings, waits_for, attempts in rows}


def _decide(document: ReadDocument, context: ImportContext, master: MasterData) -> Decision:
    if document.order is None:
        failure = document.failure or Failure.of("DOCUMENT_INVALID", problems="")
        unreadable = Finding(code=failure.code, severity=Severity.REJECT, params=failure.params)
        return Decision(Outcome.REJECT, (unreadable,))
    rules = RuleContext(
        settings=context.settings,
        advanced=context.advanced,
        settings_revision=context.settings_revision,
        now=context.now,
        start_at=context.start_at,
        by_hand=document.by_hand,
    )
    return decide(document.order, rules, master)


def _newest(cases: Sequence[_Case]) -> dict[str, _Case]:
    """Choose one document per order, should a page hold two: the newest version is the one that counts."""
    newest: dict[str, _Case] = {}
    for case in cases:
        other = newest.setdefault(case.document.external_id, case)
        if case.document.order and (not other.document.order or _is_newer(case, other)):
            newest[case.document.external_id] = case
    return newest


def _is_newer(case: _Case, other: _Case) -> bool:
    mine, theirs = case.document.order, other.document.order
    return mine is not None and theirs is not None and mine.modified_at > theirs.modified_at


def _follow(case: _Case, leader: _Case) -> None:
    """Let a second document of the same order share what became of the first."""
    if case is leader:
        return
    case.order_id = leader.order_id
    known = Decision(Outcome.SKIP, (Finding.of("ALREADY_IMPORTED"),))
    case.decision = known if leader.decision.outcome is Outcome.IMPORT else leader.decision


# --- booking --------------------------------------------------------------------------------------------------------


def _book(session: Session, context: ImportContext, cases: Sequence[_Case]) -> None:
    """Book the drafts as one set; the savepoint takes back a set that fails, and its halves are tried alone."""
    drafts = [case.decision.draft for case in cases if case.decision.draft is not None]
    try:
        with session.begin_nested():
            booked = book(session, context, drafts)
    except OvertakenError as error:
        _book(session, context, _not_overtaken(session, context, cases, error.external_ids))
    except (DataError, IntegrityError) as error:
        if len(cases) == 1:
            cases[0].decision = Decision(Outcome.REJECT, (_refused(error),))
            return
        middle = len(cases) // 2
        _book(session, context, cases[:middle])
        _book(session, context, cases[middle:])
    else:
        for case in cases:
            case.order_id = booked[case.document.external_id]


def _not_overtaken(
    session: Session, context: ImportContext, cases: Sequence[_Case], external_ids: set[str]
) -> list[_Case]:
    """Tell orders apart that another worker booked in the meantime; the others remain to be booked."""
    known = booked_orders(session, context.integration_id, external_ids)
    if not known:
        raise FailureError(Failure.of("CONFLICT"))
    remaining = []
    for case in cases:
        booked, order = known.get(case.document.external_id), case.document.order
        if booked is None or order is None:
            remaining.append(case)
        else:
            case.order_id, case.booked = booked.id, booked
            case.decision = Decision(Outcome.SKIP, findings_after_import(order, booked, context.settings))
    return remaining


def _refused(error: DBAPIError) -> Finding:
    """Name the refusal by its SQLSTATE and constraint; the message itself may hold a customer's data."""
    diagnosis = getattr(error.orig, "diag", None)
    place = getattr(diagnosis, "constraint_name", None) or getattr(diagnosis, "column_name", None) or ""
    return Finding.of("BOOKING_FAILED", reason=f"{failure_of(error).params['error']} {place}".strip())


# --- what is kept ---------------------------------------------------------------------------------------------------


def _write(session: Session, context: ImportContext, cases: Sequence[_Case]) -> None:
    """Write what became of every document: inbox row, open mappings, holds of changed orders, journal."""
    rows = [_inbox_row(case, context) for case in cases if not _is_settled(case)]
    if rows:
        session.execute(_KEEP, {"rows": packed(rows)})
    unknown = Counter(
        (kind, value)
        for case in cases
        for kind, value in case.decision.unknown_values
        if f"{kind.value}:{value}" not in case.before.waits_for
    )
    note_unknown(session, context.integration_id, unknown)
    _hold_cancelled(session, cases)
    _note_changes(session, context, cases)
    _note_payments(session, context, cases)
    _reply(session, context, cases)
    _renew_stock(session, context, cases)
    journal.write(session, [event for case in cases for event in _events(case, context)])


_KEEP = text(
    "UPDATE inbox_document d SET state = r.state, code = r.code, findings = r.findings, waits_for = r.waits_for,"
    " order_id = r.order_id, decided_at = r.decided_at, settings_revision = r.settings_revision, attempts = d.attempts + 1"
    " FROM json_populate_recordset(NULL::inbox_document, CAST(:rows AS json)) r WHERE d.id = r.id"
)


def _is_settled(case: _Case) -> bool:
    """Whether another worker kept the outcome already and this one has nothing to add."""
    return case.is_decided_elsewhere and not any(finding.code in CHANGES for finding in case.decision.findings)


def _inbox_row(case: _Case, context: ImportContext) -> Row:
    decision = case.decision
    is_rejected = decision.outcome is Outcome.REJECT
    deciding = [finding.code for finding in decision.findings if _decides(finding, decision.outcome)]
    if case.order_id is not None:
        state, deciding = "booked", [finding.code for finding in decision.findings if finding.code in CHANGES]
    else:
        state = "parked" if is_rejected else "skipped"
    keys = [key for finding in decision.findings for key in finding.waits_for] if is_rejected else []
    return {
        "id": case.document.inbox_id,
        "state": state,
        "code": deciding[0] if deciding else "",
        "findings": [_printed(finding) for finding in decision.findings],
        "waits_for": list(dict.fromkeys(keys)),
        "order_id": case.order_id,
        "decided_at": context.now,
        "settings_revision": context.settings_revision,
    }


def _decides(finding: Finding, outcome: Outcome) -> bool:
    return finding.severity is (Severity.REJECT if outcome is Outcome.REJECT else Severity.SKIP)


def _hold_cancelled(session: Session, cases: Sequence[_Case]) -> None:
    """Stop shipping of orders that the channel cancelled; once per finding, so that a lifted hold stays lifted."""
    ids = [
        case.order_id
        for case in cases
        for finding in case.decision.findings
        if finding.code == "CANCELLED_IN_CHANNEL" and _printed(finding) not in case.before.findings
    ]
    if ids:
        session.execute(
            text(
                "UPDATE sales_order SET autoship = false, holds = array_append(array_remove(holds, :hold), :hold)"
                " WHERE id = ANY(:ids)"
            ),
            {"ids": ids, "hold": HOLD},
        )


def _note_changes(session: Session, context: ImportContext, cases: Sequence[_Case]) -> None:
    """Keep what the shop changed of booked orders for a person's decision, set against what was booked."""
    changes = []
    for case in cases:
        document, booked = case.document.order, case.booked
        is_changed = any(finding.code == "CHANGED_IN_CHANNEL" for finding in case.decision.findings)
        if is_changed and document is not None and booked is not None:
            sold = at_booked_rates(as_sold(document, context.settings).order, booked)
            changes.append(changed_order(sold.model_copy(update={"stated": document.stated}), booked))
    if changes:
        note_changes(session, changes)


def _renew_stock(session: Session, context: ImportContext, cases: Sequence[_Case]) -> None:
    """Have the shop told the stock of orders that it changed: it counts back by itself, whatever is decided here."""
    changed = {
        case.document.external_id
        for case in cases
        if case.booked is not None
        for finding in case.decision.findings
        if finding.code in CHANGES and _printed(finding) not in case.before.findings
    }
    renew_stock(session, context.integration_id, changed)


def _note_payments(session: Session, context: ImportContext, cases: Sequence[_Case]) -> None:
    """Record what has come in for booked orders by now, so that a prepaid order that waited may ship (D§10.4).

    Only what the books lack is added, whoever noted the rest: money is never counted twice.
    """
    payments = [
        ChannelPayment(
            order_id=booked.id,
            reference=reference_of(order),
            at=order.payment.paid_at or context.now,
            came=received(order, booked.total + (order.stated.total - booked.channel_total)),
        )
        for case in cases
        if (booked := case.booked) is not None and booked.payment_state in UNPAID
        if (order := case.document.order) is not None and (order.payments or order.payment.paid_at)
    ]
    if payments:
        note_paid_in_channel(session, payments, run_id=context.run_id)


def _reply(session: Session, context: ImportContext, cases: Sequence[_Case]) -> None:
    """Ask for what the settings say the channel is told by itself: accepted while it waits for that, in progress once booked.

    Nothing about orders whose goods do not leave from here.
    """
    settings = context.settings
    accepts, reports = getattr(settings, "auto_accept", False), getattr(settings, "report_in_progress", False)
    notify = bool(getattr(settings, "mail_on_in_progress", False))
    replies = []
    for case in cases:
        order, decision = case.document.order, case.decision
        if order is None or not leaves_later(order):
            continue
        if reports and decision.outcome is Outcome.IMPORT:
            replies.append(Reply(order.external_id, AnswerKind.IN_PROGRESS, notify=notify))
        elif accepts and any(finding.code == "ACCEPTANCE_PENDING" for finding in decision.findings):
            replies.append(Reply(order.external_id, AnswerKind.ACCEPT, tuple(line.ref for line in order.lines)))
    request_replies(session, context.integration_id, replies)


def _events(case: _Case, context: ImportContext) -> list[Row]:
    """Make the journal's events: why it parked, that it was skipped, what to look at on a booked order."""
    outcome = case.decision.outcome
    events = []
    for finding in case.decision.findings:
        if outcome is Outcome.REJECT and finding.severity is Severity.REJECT:
            event, status = "parked", "error"
        elif finding.severity is Severity.SKIP:
            event, status = "skipped", "skipped"
        elif outcome is not Outcome.REJECT:
            event, status = "noticed", "info"
        else:
            continue
        if (case.is_decided_elsewhere and event == "skipped") or not case.is_news(finding):
            continue
        events.append(
            journal.event(
                context.integration_id,
                FEATURE,
                event,
                hop="hub_to_erp",
                status=status,
                record=case.document.external_id,
                code=finding.code,
                params={name: value.replace("\x00", "") for name, value in finding.params.items()},
                run_id=context.run_id,
            )
        )
    return events


def _printed(finding: Finding) -> dict[str, Any]:
    return finding.model_dump(mode="json")
