"""The pages of documents: list, look, files, cancelling, sending again; the project's issuer; templates tried before they are saved."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from activities.paperwork import step_paperwork
from erp.documents import issue_invoices
from erp.tables import Document, Mail, Project, Template
from tests.erp.document_kit import ISSUER
from tests.web.conftest import Browser, Place, text_of

NASTY = '<script>alert(1)</script> #panic("x") Jörg 🎁'


@pytest.fixture
def session(place: Place) -> Any:
    """The pages' own database."""
    with place.world.deps.sessions() as opened:
        yield opened


@pytest.fixture
def invoice(place: Place, session: Session) -> int:
    """An invoice with its file, of a buyer with an evil name; its mail waits."""
    session.execute(text("UPDATE project SET issuer = :issuer, mails_invoices = true"), {"issuer": _json(ISSUER)})
    query = text(
        "SELECT id FROM sales_order o WHERE NOT is_cancelled AND NOT EXISTS (SELECT FROM document d WHERE d.order_id = o.id)"
        " ORDER BY id DESC LIMIT 1"
    )
    order_id = session.execute(query).scalar_one()
    session.execute(
        text("UPDATE sales_order SET billing = billing || :name WHERE id = :id"),
        {
            "name": _json({"first_name": NASTY, "last_name": "", "company": "", "email": "jo@example.com"}),
            "id": order_id,
        },
    )
    issued = issue_invoices(session, [order_id], "tester")[order_id]
    session.commit()
    while step_paperwork(place.world.deps, 50).done:
        pass
    return issued


def _json(value: object) -> str:
    import json

    return json.dumps(value)


async def test_documents_are_listed_filtered_and_shown_with_their_files(
    place: Place, anna: Browser, invoice: int, session: Session
) -> None:
    number = session.get_one(Document, invoice).number
    page = await anna.open("/documents")
    assert number in page
    assert number in await anna.open(f"/documents?kind=invoice&q={number}&state=ready&project=SHOP")
    assert "Hier sind keine Belege" in await anna.open("/documents?kind=credit_note&q=nothing")
    assert "kein Mailserver" in page
    page = await anna.open(f"/documents/{invoice}")
    assert f"Rechnung {number}" in text_of(page)
    for ending, media_type, beginning in (
        ("pdf", "application/pdf", b"%PDF"),
        ("xml", "application/xml", b"<?xml"),
        ("png", "image/png", b"\x89PNG"),
    ):
        answer = await anna.http.get(f"/documents/{invoice}.{ending}")
        assert answer.headers["content-type"] == media_type
        assert answer.content.startswith(beginning)
    assert (
        f'filename="invoice-{number}.xml"'
        in (await anna.http.get(f"/documents/{invoice}.xml")).headers["content-disposition"]
    )
    for path in (
        "/documents/999999999",
        "/documents/999999999.pdf",
        "/documents/x.pdf",
        "/documents/99999999999999999999.xml",
    ):
        await anna.open(path, status=404)


async def test_files_are_for_people_who_are_logged_in(place: Place, invoice: int) -> None:
    stranger = place.browser()
    for ending in ("pdf", "xml", "png"):
        answer = await stranger.http.get(f"/documents/{invoice}.{ending}")
        assert answer.status_code == 303
        assert b"%PDF" not in answer.content


async def test_an_evil_name_is_shown_as_text_everywhere(
    place: Place, anna: Browser, invoice: int, session: Session
) -> None:
    for path in ("/documents", f"/documents/{invoice}"):
        page = await anna.open(path)
        assert "<script>alert" not in page
    xml = (await anna.http.get(f"/documents/{invoice}.xml")).text
    assert '&lt;script&gt;alert(1)&lt;/script&gt; #panic("x") Jörg 🎁' in xml


async def test_a_mail_goes_again_to_a_better_address(
    place: Place, anna: Browser, invoice: int, session: Session
) -> None:
    mail = session.exec(select(Mail).where(Mail.document_id == invoice)).one()
    session.execute(text("UPDATE mail SET state = 'failed', code = 'MAIL_REFUSED' WHERE id = :id"), {"id": mail.id})
    session.commit()
    assert "lehnt die Mail" in await anna.open(f"/documents/{invoice}")
    await anna.send(f"/documents/{invoice}/mails/{mail.id}", recipient="new@example.com")
    session.expire_all()
    assert (session.get_one(Mail, mail.id).state, session.get_one(Mail, mail.id).recipient) == (
        "pending",
        "new@example.com",
    )
    await anna.send(f"/documents/{invoice}/mails/999999", status=404)


async def test_an_invoice_is_cancelled_once_and_issued_anew_by_hand(
    place: Place, anna: Browser, invoice: int, session: Session
) -> None:
    await anna.open(f"/documents/{invoice}")
    page = text_of(await anna.send(f"/documents/{invoice}/cancel", reason="falsche Adresse"))
    assert "Stornorechnung" in page
    again = text_of(await anna.send(f"/documents/{invoice}/cancel"))
    assert "Stornorechnung" in again
    session.expire_all()
    cancelled = session.exec(select(Document).where(Document.refers_to_id == invoice)).one()
    assert cancelled.content["reason"] == "falsche Adresse"
    assert "Rechnung stornieren" not in text_of(await anna.open(f"/documents/{invoice}"))
    order_id = session.get_one(Document, invoice).order_id
    assert "Die Rechnung ist ausgestellt." in await anna.send("/documents/invoices", order=order_id)
    await anna.send("/documents/999999/cancel", status=404)
    await anna.send("/documents/invoices", status=404, order=999999999)


async def test_a_projects_issuer_is_entered_and_what_is_missing_is_named(
    place: Place, anna: Browser, session: Session
) -> None:
    session.execute(text("UPDATE project SET issuer = '{}'"))
    session.commit()
    page = text_of(await anna.open("/settings/projects/SHOP"))
    assert "Es fehlen noch" in page
    wrong = await anna.send(
        "/settings/projects/SHOP", status=422, **ISSUER | {"country": "Deutschland", "language": "de"}
    )
    assert "Das sieht nicht richtig aus" in wrong
    assert ISSUER["street"] in wrong
    page = await anna.send(
        "/settings/projects/SHOP", **ISSUER | {"country": "de", "language": "en", "mails_invoices": "on"}
    )
    assert "Es fehlen noch" not in page
    session.expire_all()
    project = session.exec(select(Project).where(Project.code == "SHOP")).one()
    assert (project.issuer["country"], project.language, project.mails_invoices) == ("DE", "en", True)
    assert project.invoices_by_itself is False
    await anna.open("/settings/projects/NONE", status=404)


async def test_a_template_is_looked_at_refused_with_the_compilers_words_saved_and_withdrawn(
    place: Place, anna: Browser, invoice: int, session: Session
) -> None:
    assert "Unsere Vorlagen gelten" in await anna.open("/settings/templates")
    page = await anna.open("/settings/templates/edit?kind=credit_note&language=de")
    assert "letter.with(d)" in page
    form = {"kind": "credit_note", "project": "", "language": "de"}
    look = await anna.http.post(
        "/settings/templates/edit", data={"csrf": anna.token, **form, "source": "Hallo", "do": "look"}
    )
    assert (look.headers["content-type"], look.content[:4]) == ("application/pdf", b"%PDF")
    refused = await anna.send("/settings/templates/edit", status=422, **form, source="#let x = ", do="save")
    assert "expected expression" in refused
    assert session.exec(select(Template)).all() == []
    await anna.send("/settings/templates/edit", **form, source="Hallo", do="save")
    saved = session.exec(select(Template)).one()
    assert (saved.kind, saved.language, saved.source) == ("credit_note", "de", "Hallo")
    assert "Gutschrift" in await anna.open("/settings/templates")
    await anna.send(f"/settings/templates/{saved.id}/withdraw")
    assert "Unsere Vorlagen gelten" in await anna.open("/settings/templates")
    last = await anna.http.post(
        "/settings/templates/edit",
        data={
            "csrf": anna.token,
            "kind": "invoice",
            "project": "SHOP",
            "language": "",
            "source": "Hallo",
            "do": "look-last",
        },
    )
    assert last.content.startswith(b"%PDF")
    await anna.open("/settings/templates/edit?kind=nonsense", status=404)


async def test_a_mail_template_is_looked_at_and_refused_where_it_leaves_the_sandbox(
    place: Place, anna: Browser, session: Session
) -> None:
    page = await anna.open("/settings/templates/edit?kind=mail_invoice&language=de")
    assert "Im Anhang findest du" in page
    form = {"kind": "mail_invoice", "project": "", "language": "de", "subject": "Neu {{ document }}"}
    look = await anna.http.post(
        "/settings/templates/edit", data={"csrf": anna.token, **form, "source": "<b>{{ name }}", "do": "look"}
    )
    assert "&lt;b&gt;Erika Beispiel" in look.text
    refused = await anna.send("/settings/templates/edit", status=422, **form, source="{{ name.__class__ }}", do="save")
    assert "unsafe" in refused
