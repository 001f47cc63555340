"""Printing: which document or label goes to which printer, once each, with a log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import delete, text
from sqlmodel import Session, col, select

from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from erp.tables import Printer, PrintJob, PrintRule

KINDS = ("pick_list", "delivery_note", "label", "invoice", "cancellation_invoice", "credit_note")
"""What can be printed by itself, in the order of a packing table."""
TEST_PAGE = "test"
"""The kind of a test print; its record is the printer."""
MOST_ATTEMPTS = 8
"""With the waits between them about four hours: a printer that is out of paper overnight is a person's business."""
LEASE = timedelta(minutes=5)
"""How long a claimed job is left to its worker; after a crash it is printed again: better twice than not at all."""


@dataclass(frozen=True, slots=True)
class PrintRequest:
    """Something that was made and may be printed; `record_id` is the document's id, or the parcel's for a label."""

    kind: str
    record_id: int
    project_id: int


# A project's own rules for a kind take the place of the general ones.
_QUEUE = text(
    """
    INSERT INTO print_job (printer_id, kind, record_id, run, copies, state, attempts, code, params, created_at)
    SELECT r.printer_id, g.kind, g.record_id, 0, r.copies, 'pending', 0, '', '{}', now()
    FROM unnest(:kinds ::text[], :records ::bigint[], :projects ::integer[]) AS g(kind, record_id, project_id)
    JOIN print_rule r ON r.kind = g.kind AND (r.project_id = g.project_id OR (r.project_id IS NULL AND NOT EXISTS (
        SELECT FROM print_rule own WHERE own.kind = g.kind AND own.project_id = g.project_id)))
    JOIN printer p ON p.id = r.printer_id AND p.is_active
    ON CONFLICT (printer_id, kind, record_id, run) DO NOTHING
    """
)


def queue_prints(session: Session, requests: Sequence[PrintRequest]) -> None:
    """Queue a print job for each rule that a request meets, in one statement.

    Idempotent: a document or label is queued once per printer, however often it is asked for. A project's own rules
    take the place of the general ones. The job waits until its file is there.
    """
    if requests:
        session.execute(
            _QUEUE,
            {
                "kinds": [each.kind for each in requests],
                "records": [each.record_id for each in requests],
                "projects": [each.project_id for each in requests],
            },
        )


class PrinterForm(BaseModel):
    """A printer as a person enters it: a folder below the exchange folder, `ipp://host/path`, or `lpr://host/queue`."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    code: str = Field(min_length=1, max_length=40)
    name: str = Field(min_length=1, max_length=120)
    adapter: Literal["folder", "ipp", "lpr"]
    address: str = Field(min_length=1, max_length=300)

    @model_validator(mode="after")
    def _fits(self) -> "PrinterForm":
        schemes = {"ipp": ("ipp://", "ipps://", "http://", "https://"), "lpr": ("lpr://",)}.get(self.adapter, ())
        if schemes and not self.address.lower().startswith(schemes):
            raise ValueError("address")
        if not schemes and "://" in self.address:
            raise ValueError("address")
        return self


class RuleForm(BaseModel):
    """What goes to a printer by itself, and how often; without a project for all."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["pick_list", "delivery_note", "label", "invoice", "cancellation_invoice", "credit_note"]
    printer_id: int
    project_id: int | None = None
    copies: int = Field(default=1, ge=1, le=20)


def add_printer(session: Session, form: PrinterForm) -> Printer:
    """Add a printer; raises `FailureError` CODE_TAKEN."""
    if session.exec(select(Printer.id).where(col(Printer.code) == form.code)).first() is not None:
        raise FailureError(Failure.of("CODE_TAKEN", value=form.code))
    printer = Printer(**form.model_dump())
    session.add(printer)
    session.flush()
    return printer


def set_printer_active(session: Session, printer_id: int, is_active: bool) -> None:
    """Switch a printer on or off; switched off it gets no new jobs, and those that wait stay. Raises `LookupError`."""
    printer = session.get(Printer, printer_id, with_for_update=True, populate_existing=True)
    if printer is None:
        raise LookupError(printer_id)
    printer.is_active = is_active
    session.add(printer)
    session.flush()


def add_rule(session: Session, form: RuleForm) -> None:
    """Add a rule; the same rule again changes the number of copies. Raises `LookupError` for an unknown printer."""
    if session.get(Printer, form.printer_id) is None:
        raise LookupError(form.printer_id)
    session.execute(
        text(
            "INSERT INTO print_rule (kind, printer_id, project_id, copies) VALUES (:kind, :printer_id, :project_id, :copies)"
            " ON CONFLICT (project_id, kind, printer_id) DO UPDATE SET copies = excluded.copies"
        ),
        form.model_dump(),
    )


def remove_rule(session: Session, rule_id: int) -> None:
    """Remove a rule; what was queued by it stays."""
    session.execute(delete(PrintRule).where(col(PrintRule.id) == rule_id))


def print_again(session: Session, job_id: int) -> int:
    """Print what a job printed once more and return the new job's id; raises `LookupError`.

    A job that has not printed yet is tried again itself, so that nothing is printed twice.
    """
    job = session.get(PrintJob, job_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise LookupError(job_id)
    if job.state != "printed":
        job.state, job.attempts, job.next_try_at, job.code, job.params = "pending", 0, None, "", {}
        session.add(job)
        session.flush()
        return job_id
    return _next_run(session, job.printer_id, job.kind, job.record_id, job.copies)


def print_test(session: Session, printer_id: int) -> int:
    """Queue a test page for a printer and return the job's id; raises `LookupError`."""
    if session.get(Printer, printer_id) is None:
        raise LookupError(printer_id)
    return _next_run(session, printer_id, TEST_PAGE, printer_id, 1)


def _next_run(session: Session, printer_id: int, kind: str, record_id: int, copies: int) -> int:
    """The printer's row is held meanwhile, so that two persons who print again at once get two runs."""
    session.execute(text("SELECT 1 FROM printer WHERE id = :id FOR UPDATE"), {"id": printer_id})
    made: int = session.execute(
        text(
            """
            INSERT INTO print_job (printer_id, kind, record_id, run, copies, state, attempts, code, params, created_at)
            SELECT :printer, CAST(:kind AS text), :record, coalesce(max(run) + 1, 0), :copies, 'pending', 0, '', '{}', now()
            FROM print_job WHERE printer_id = :printer AND kind = :kind AND record_id = :record
            RETURNING id
            """
        ),
        {"printer": printer_id, "kind": kind, "record": record_id, "copies": copies},
    ).scalar_one()
    return made


@dataclass(frozen=True, slots=True)
class ClaimedPrint:
    """A job that is on its way to its printer, with what is printed."""

    id: int
    adapter: str
    address: str
    title: str
    """Speaks to people: what it is and its number."""
    copies: int
    media_type: str
    data: bytes


# Labels and documents wait until their file is ready; a failed one keeps its job waiting for the next try of the file.
_CLAIM = text(
    """
    WITH due AS (
        SELECT j.id FROM print_job j JOIN printer p ON p.id = j.printer_id AND p.is_active
        WHERE j.state = 'pending' AND (j.next_try_at IS NULL OR j.next_try_at <= :now) AND (
            j.kind = 'test'
            OR (j.kind = 'label' AND EXISTS (SELECT FROM parcel c WHERE c.id = j.record_id AND c.label_state = 'ready' AND c.label IS NOT NULL))
            OR EXISTS (SELECT FROM document_file f JOIN document d ON d.id = f.document_id AND d.kind = j.kind
                       WHERE f.document_id = j.record_id AND f.state = 'ready'))
        ORDER BY j.id LIMIT :limit FOR UPDATE OF j SKIP LOCKED),
    claimed AS (
        UPDATE print_job j SET attempts = j.attempts + 1, next_try_at = :lease FROM due WHERE j.id = due.id
        RETURNING j.id, j.printer_id, j.kind, j.record_id, j.copies)
    SELECT c.id, p.adapter, p.address, c.kind, p.code AS printer, c.copies, d.number, f.pdf,
        parcel.tracking_number, parcel.label, parcel.label_media_type
    FROM claimed c JOIN printer p ON p.id = c.printer_id
    LEFT JOIN document d ON c.kind NOT IN ('label', 'test') AND d.id = c.record_id
    LEFT JOIN document_file f ON f.document_id = d.id
    LEFT JOIN parcel ON c.kind = 'label' AND parcel.id = c.record_id
    ORDER BY c.id
    """
)


def claim(session: Session, limit: int, now: datetime) -> list[ClaimedPrint]:
    """Take due jobs whose file is there, oldest first; the caller commits before it prints, and settles each.

    A claimed job is nobody else's for `LEASE`; one that is never settled is printed again after that.
    """
    rows = session.execute(_CLAIM, {"limit": limit, "now": now, "lease": now + LEASE})
    return [_claimed(row) for row in rows]


def _claimed(row: Any) -> ClaimedPrint:
    if row.kind == TEST_PAGE:
        return ClaimedPrint(row.id, row.adapter, row.address, f"test-{row.printer}", row.copies, "", b"")
    if row.kind == "label":
        title, media_type, data = f"label-{row.tracking_number}", row.label_media_type, bytes(row.label)
    else:
        title, media_type, data = f"{row.kind}-{row.number}", "application/pdf", bytes(row.pdf)
    return ClaimedPrint(row.id, row.adapter, row.address, title, row.copies, media_type, data)


def settle(session: Session, job_id: int, failure: Failure | None, now: datetime) -> None:
    """Write what became of a claimed job.

    A failure that may pass is tried again after 2, 4, 8 … minutes, at most `MOST_ATTEMPTS` times; any other waits for a
    person at once.
    """
    job = session.get(PrintJob, job_id, with_for_update=True, populate_existing=True)
    if job is None or job.state == "printed":
        return
    if failure is None:
        job.state, job.printed_at, job.next_try_at, job.code, job.params = "printed", now, None, "", {}
    else:
        job.code, job.params = failure.code, failure.params
        goes_on = failure.kind is Kind.RETRY and job.attempts < MOST_ATTEMPTS
        job.state = "pending" if goes_on else "failed"
        job.next_try_at = now + timedelta(minutes=2**job.attempts) if goes_on else None
    session.add(job)
    session.flush()
