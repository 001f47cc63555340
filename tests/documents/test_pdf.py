"""PDFs are looked at: rendered to pixels and text; they are PDF/A-3 with their data; templates are confined."""

import io
import socket
from decimal import Decimal

import pypdf
import pypdfium2
import pytest
from facturx import get_xml_from_pdf

from canonical.document import DocumentContent, DocumentKind, PostalAddress, References
from canonical.failure import FailureError
from documents import confined
from documents.pdf import check_source, produce, render
from tests.documents.kit import BUYER, document, line

MIXED = (line("59.97", quantity="3"), line("10.70", "7"), line("4.90", kind="shipping"), line("-5.00", kind="discount"))
PAGE = (595, 842)
"""A4 in points."""


def pages(pdf: bytes) -> list[str]:
    reader = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_bounded().replace("\u200b", "") for page in reader]


def ink(pdf: bytes, page: int, region: tuple[int, int, int, int]) -> int:
    """How many pixels of a region (in points from the top left) are not white."""
    left, top, right, bottom = region
    bitmap = pypdfium2.PdfDocument(pdf)[page].render(grayscale=True)
    data = bytes(bitmap.buffer)
    return sum(
        value < 200
        for y in range(top, min(bottom, bitmap.height))
        for value in data[y * bitmap.stride + left : y * bitmap.stride + min(right, bitmap.width)]
    )


def failed(source: str) -> str:
    with pytest.raises(FailureError) as caught:
        check_source(document(*MIXED), source)
    assert caught.value.failure.code == "TEMPLATE_INVALID"
    return caught.value.failure.params["reason"]


def test_an_invoice_shows_number_address_lines_and_total_in_their_places() -> None:
    pdf = render(document(*MIXED))
    (said,) = pages(pdf)
    for expected in (
        "Rechnung RE100042",
        "Jörg Müller",
        "Kaffeebecher „Häfen“",
        "19,99",
        "70,57",
        "IBAN DE02 1203",
        "Seite 1/1",
    ):
        assert expected in said
    # The address lies in the window of an envelope (DIN 5008: 20 to 105 mm from the left, 45 to 90 mm from the top).
    assert ink(pdf, 0, (57, 128, 298, 255)) > 200
    # Nothing is printed in the margins, where printers cut; the marks for folding are 4 mm from the edge.
    assert ink(pdf, 0, (0, 0, 10, PAGE[1])) == ink(pdf, 0, (540, 0, PAGE[0], PAGE[1])) == 0


def test_an_invoice_is_pdf_a_3b_with_its_data_attached() -> None:
    pdf, xml = produce(document(*MIXED))
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    metadata = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in metadata
    assert list(reader.attachments) == ["factur-x.xml"]
    assert get_xml_from_pdf(pdf, check_xsd=True)[0] == "factur-x.xml"
    assert reader.attachments["factur-x.xml"][0] == xml
    (attached,) = reader.trailer["/Root"]["/AF"]
    assert attached.get_object()["/AFRelationship"] == "/Data"
    assert reader.trailer["/Root"]["/OutputIntents"]
    assert {font.get_object()["/Type"] for page in reader.pages for font in page["/Resources"]["/Font"].values()}


def test_delivery_notes_have_no_data_and_no_prices() -> None:
    note = document(
        line("59.97", quantity="3"), kind=DocumentKind.DELIVERY_NOTE, number="LS7", due=Decimal(0), due_on=None
    )
    pdf, xml = produce(note)
    assert xml is None
    assert not pypdf.PdfReader(io.BytesIO(pdf)).attachments
    (said,) = pages(pdf)
    assert "Lieferschein LS7" in said
    assert "19,99" not in said
    assert "59,97" not in said


def test_sixty_lines_go_over_pages_with_head_and_page_numbers() -> None:
    many = [line("9.99", title=f"Artikel {n}", line_id=n) for n in range(1, 61)]
    pdf = render(document(*many))
    said = pages(pdf)
    assert len(said) > 2
    for number, text in enumerate(said, 1):
        assert f"Seite {number}/{len(said)}" in text
        assert "Rechnung RE100042" in text
    assert all("Bezeichnung" in text for text in said[:-1])
    for n in range(1, 61):
        assert sum(f"Artikel {n}\r" in text or f"Artikel {n}\n" in text for text in said) == 1
    assert "599,40" in said[-1]


def test_long_words_stay_within_their_columns() -> None:
    endless = "X" * 150
    buyer = PostalAddress(company=endless, name=endless, street=endless, postcode="1", city=endless, country="AT")
    pdf = render(document(line("10.00", title=endless, article=endless), buyer=buyer, notes=(endless,)))
    for page in range(len(pages(pdf))):
        assert ink(pdf, page, (540, 0, PAGE[0], PAGE[1])) == 0
    assert ink(pdf, 0, (299, 130, 320, 250)) == 0  # between address and information


def test_a_document_speaks_its_language_and_abroad_names_the_country() -> None:
    buyer = PostalAddress(name="Amélie", street="1 rue X", postcode="75011", city="Paris", country="FR")
    (said,) = pages(render(document(*MIXED, language="en", buyer=buyer)))
    assert "Invoice RE100042" in said
    assert "FRANCE" in said
    assert "€70.57" in said
    (said,) = pages(render(document(*MIXED, language="fr", buyer=buyer)))
    assert "Invoice RE100042" in said


@pytest.mark.parametrize("kind", [DocumentKind.CREDIT_NOTE, DocumentKind.CANCELLATION])
def test_what_takes_back_names_the_invoice(kind: DocumentKind) -> None:
    content = document(*MIXED, kind=kind, references=References(order="AU1", invoice="RE1"), due_on=None)
    (said,) = pages(render(content))
    assert "RE1" in said
    assert "Zu erstatten" in said


def test_net_prices_add_up_to_the_total_on_a_business_invoice() -> None:
    (said,) = pages(render(document(*MIXED, shows_gross=False)))
    for expected in ("Nettosumme", "60,31", "USt. 19 % auf 50,31", "70,57"):
        assert expected in said


def test_what_people_write_is_printed_as_it_is_and_never_run() -> None:
    nasty = '#panic("x") *bold* $x$ <script>alert(1)</script> \\ "quoted" Ümläut'
    (said,) = pages(render(document(line("10.00", title=nasty), notes=(nasty,))))
    assert said.replace("\r\n", " ").count('#panic("x") *bold* $x$ <script>') == 2
    assert "Ümläut" in said


def test_characters_that_no_font_has_are_left_out_instead_of_failing() -> None:
    (said,) = pages(
        render(
            document(line("10.00", title="Tasse 🎁\x07 rot"), buyer=BUYER.model_copy(update={"name": "𓀀 Ivan Жуков"}))
        )
    )
    assert "rot" in said
    assert "Ivan Жуков" in said
    assert "🎁" not in said


OWN = '#import "/letter.typ": *\n#let d = data()\n#show: letter.with(d, accent: red)\nHallo #d.number\n#sums(d)'


def test_an_own_template_is_used_and_may_build_on_ours() -> None:
    (said,) = pages(render(document(*MIXED), OWN))
    assert "Hallo RE100042" in said


def test_a_template_that_does_not_compile_is_refused_with_the_compilers_message() -> None:
    said = failed("= Title\n#let x = \n#unknown(1)")
    assert "expected expression" in said
    assert "2:8" in said
    assert "templates" not in said
    with pytest.raises(FailureError) as caught:
        render(document(*MIXED), "#unknown")
    assert caught.value.failure.code == "TEMPLATE_FAILED"
    assert "unknown variable" in caught.value.failure.params["reason"]


@pytest.mark.parametrize(
    "source",
    [
        '#read("/etc/passwd")',
        '#read("../../../etc/passwd")',
        '#read("../pdf.py")',
        '#import "@preview/example:0.1.0": *',
        '#image("file:///etc/passwd")',
    ],
)
def test_a_template_reads_nothing_of_this_machine_and_loads_no_packages(source: str) -> None:
    said = failed(source)
    assert "root:" not in said
    assert "import" not in said.split("│")[0]


def test_a_template_is_given_no_way_to_the_network_even_where_this_machine_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setattr(confined, "_child", type(confined._child)())
        failed('#import "@preview/example:0.1.0": *')
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_template_that_takes_too_long_or_too_much_is_stopped_and_the_next_one_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(confined, "LONGEST", 1.0)
    loop = "#let n = 0\n#for a in range(5000) { for b in range(5000) { n = n + 1 } }\n#n"
    assert failed(loop) == "> 1 s"
    monkeypatch.undo()
    (said,) = pages(render(document(*MIXED), OWN))
    assert "Hallo RE100042" in said


def test_the_same_document_gives_the_same_pdf() -> None:
    content: DocumentContent = document(*MIXED)
    assert render(content) == render(content)
