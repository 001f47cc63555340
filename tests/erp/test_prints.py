"""Print jobs: once per document and printer, when the file is there, with a log; again by a person."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from activities.deps import Deps
from activities.prints import step_prints
from canonical.failure import Failure, FailureError
from connectors.transport import TransportOptions
from erp import prints
from erp.autoship import ship_released
from erp.database import make_sessions
from erp.prints import PrinterForm, PrintRequest, RuleForm
from erp.secrets import Keyring
from erp.tables import Document, PrintJob, Project

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def printer(session: Session, code: str = "P1", **values: Any) -> int:
    form = {"code": code, "name": code, "adapter": "folder", "address": code}
    return prints.add_printer(session, PrinterForm(**(form | values))).id or 0


def rule(session: Session, kind: str, printer_id: int, **values: Any) -> None:
    prints.add_rule(session, RuleForm.model_validate({"kind": kind, "printer_id": printer_id} | values))


def jobs(session: Session) -> list[PrintJob]:
    session.expire_all()
    return list(session.exec(select(PrintJob).order_by(PrintJob.id)))


@pytest.fixture
def shipped(session: Session, shop: Any) -> Any:
    """A shipped order with its documents, printed by the rules that the test has made before; returns a function."""

    def ship() -> None:
        shop.article("A-1")
        shop.stock(5, "A-1")
        shop.order({"A-1": 1})
        assert ship_released(session, 10).done == 1
        session.execute(text("UPDATE document_file SET state = 'ready', pdf = '%PDF-'"))
        found = session.exec(select(Document).order_by(Document.id.desc()))  # type: ignore[union-attr]
        prints.queue_prints(session, [PrintRequest(each.kind, each.id or 0, each.project_id) for each in found])
        session.commit()

    return ship


@pytest.fixture
def deps(engine: Engine, tmp_path: Path) -> Deps:
    """What the step is given; the exchange folder is the test's own."""
    keyring = Keyring({"k1": bytes(range(32))})
    return Deps(sessions=make_sessions(engine), keyring=keyring, transport=TransportOptions(), exchange=tmp_path)


def test_what_a_rule_names_is_printed_and_nothing_else(
    session: Session, shop: Any, shipped: Any, deps: Deps, tmp_path: Path
) -> None:
    rule(session, "pick_list", printer(session, "table"), copies=2)
    rule(session, "invoice", printer(session, "office"))
    shipped()
    assert step_prints(deps, 10).done == 2
    assert step_prints(deps, 10).done == 0
    assert sorted((job.kind, job.state) for job in jobs(session)) == [("invoice", "printed"), ("pick_list", "printed")]
    names = sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.pdf"))
    number = session.exec(select(Document.number).where(Document.kind == "invoice")).one()
    assert [name.split("-")[0] for name in names] == ["office/invoice", "table/pick_list", "table/pick_list"]
    assert number in names[0]


def test_a_request_is_queued_once_per_printer(session: Session, shop: Any) -> None:
    for code in ("P1", "P2"):
        rule(session, "invoice", printer(session, code))
    for _ in range(2):
        prints.queue_prints(session, [PrintRequest("invoice", 1, shop.project.id)])
    assert [(job.printer_id, job.run) for job in jobs(session)] == [(1, 0), (2, 0)]


def test_a_projects_own_rules_take_the_place_of_the_general_ones(session: Session, shop: Any) -> None:
    general, special = printer(session, "P1"), printer(session, "P2")
    rule(session, "invoice", general)
    rule(session, "invoice", special, project_id=shop.project.id)
    other = shop.add(Project(code="B", name="B"))
    requests = [PrintRequest("invoice", 1, shop.project.id), PrintRequest("invoice", 2, other.id)]
    prints.queue_prints(session, requests)
    assert [(job.record_id, job.printer_id) for job in jobs(session)] == [(1, special), (2, general)]


def test_a_printer_that_is_switched_off_gets_no_jobs(session: Session, shop: Any) -> None:
    off = printer(session)
    rule(session, "invoice", off)
    prints.set_printer_active(session, off, False)
    prints.queue_prints(session, [PrintRequest("invoice", 1, shop.project.id)])
    assert jobs(session) == []


def test_a_job_waits_until_its_file_is_ready(session: Session, shipped: Any, deps: Deps) -> None:
    rule(session, "invoice", printer(session))
    shipped()
    session.execute(text("UPDATE document_file SET state = 'pending', pdf = NULL"))
    session.commit()
    assert step_prints(deps, 10).done == 0
    session.execute(text("UPDATE document_file SET state = 'ready', pdf = '%PDF-'"))
    session.commit()
    assert step_prints(deps, 10).done == 1


def test_a_claimed_job_is_nobody_elses_until_its_lease_is_over(session: Session, shipped: Any) -> None:
    rule(session, "invoice", printer(session))
    shipped()
    now = datetime.now(UTC)
    assert len(prints.claim(session, 10, now)) == 1
    assert prints.claim(session, 10, now) == []
    assert len(prints.claim(session, 10, now + prints.LEASE + timedelta(seconds=1))) == 1


def test_a_failure_that_passes_is_tried_again_later_and_not_for_ever(session: Session, shipped: Any) -> None:
    rule(session, "invoice", printer(session))
    shipped()
    busy = Failure.of("PRINTER_UNREACHABLE", printer="P1")
    waits, now = [], NOW
    for _ in range(prints.MOST_ATTEMPTS):
        (claimed,) = prints.claim(session, 10, now)
        prints.settle(session, claimed.id, busy, now)
        (job,) = jobs(session)
        if job.next_try_at:
            waits.append(int((job.next_try_at - now).total_seconds() / 60))
            now = job.next_try_at
    assert waits == [2, 4, 8, 16, 32, 64, 128]
    assert (jobs(session)[0].state, jobs(session)[0].code) == ("failed", "PRINTER_UNREACHABLE")


def test_a_refusal_waits_for_a_person_who_tries_the_same_job_again(session: Session, shipped: Any, deps: Deps) -> None:
    place = printer(session, address="../outside")
    rule(session, "invoice", place)
    shipped()
    assert step_prints(deps, 10).done == 1
    (job,) = jobs(session)
    assert (job.state, job.code, job.attempts) == ("failed", "FOLDER_INVALID", 1)
    session.execute(text("UPDATE printer SET address = 'inside'"))
    assert prints.print_again(session, job.id or 0) == job.id, "nothing was printed yet, so it is the same job"
    session.commit()
    assert step_prints(deps, 10).done == 1
    assert jobs(session)[0].state == "printed"


def test_printing_again_is_a_job_of_its_own(session: Session, shipped: Any, deps: Deps) -> None:
    rule(session, "invoice", printer(session), copies=3)
    shipped()
    step_prints(deps, 10)
    (job,) = jobs(session)
    assert prints.print_again(session, job.id or 0) != job.id
    session.commit()
    assert step_prints(deps, 10).done == 1
    assert [(each.run, each.copies, each.state) for each in jobs(session)] == [(0, 3, "printed"), (1, 3, "printed")]


def test_a_test_page_prints_as_often_as_somebody_asks(session: Session, deps: Deps, tmp_path: Path) -> None:
    place = printer(session)
    for _ in range(2):
        prints.print_test(session, place)
    session.commit()
    assert step_prints(deps, 10).done == 2
    assert all(file.read_bytes().startswith(b"%PDF") for file in (tmp_path / "P1").iterdir())


@pytest.mark.parametrize(
    ("adapter", "address"),
    [("ipp", "printer"), ("lpr", "ipp://printer/x"), ("folder", "ipp://printer/x"), ("folder", "")],
)
def test_an_address_must_fit_its_adapter(adapter: str, address: str) -> None:
    with pytest.raises(ValidationError):
        PrinterForm.model_validate({"code": "P", "name": "P", "adapter": adapter, "address": address})


def test_a_code_is_taken_once(session: Session) -> None:
    printer(session)
    with pytest.raises(FailureError, match="CODE_TAKEN"):
        printer(session)


def test_what_is_not_there_cannot_be_printed(session: Session) -> None:
    for service in (prints.print_again, prints.print_test):
        with pytest.raises(LookupError):
            service(session, 4711)
