"""E-invoices are valid by schema and by every rule of EN 16931, checked offline, and a wrong one is refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from canonical.document import DocumentContent, DocumentKind, Issuer, PostalAddress, References, TaxCategory
from canonical.failure import FailureError
from canonical.money import ZERO
from documents.einvoice import einvoice, unit_price
from documents.validation import check
from tests.documents.kit import BUYER, ISSUER, document, line

NAMES = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
}


def told(content: DocumentContent, tag: str) -> list[str]:
    tree = etree.fromstring(einvoice(content))
    return [each.text for each in tree.iterfind(f".//ram:{tag}", NAMES)]


def valid(content: DocumentContent) -> bytes:
    xml = einvoice(content)
    check(xml)
    return xml


def refused(xml: bytes) -> str:
    with pytest.raises(FailureError) as caught:
        check(xml)
    assert caught.value.failure.code == "EINVOICE_INVALID"
    return caught.value.failure.params["reason"]


MIXED = (line("59.97", quantity="3"), line("10.70", "7"), line("4.90", kind="shipping"), line("-5.00", kind="discount"))


def test_an_invoice_over_mixed_rates_with_postage_and_discount_is_valid() -> None:
    content = document(*MIXED)
    valid(content)
    assert told(content, "GrandTotalAmount") == ["70.57"]
    assert told(content, "ChargeTotalAmount") == ["4.12"]
    assert told(content, "AllowanceTotalAmount") == ["4.20"]


def test_a_wrong_grand_total_is_refused() -> None:
    xml = valid(document(*MIXED))
    assert "BR-CO-15" in refused(xml.replace(b"GrandTotalAmount>70.57<", b"GrandTotalAmount>70.58<"))


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (b"BasisAmount>10.00<", b"BasisAmount>11.00<", "BR-S-08"),
        (b"TaxTotalAmount currencyID=\"EUR\">10.26<", b"TaxTotalAmount currencyID=\"EUR\">10.36<", "BR-CO-14"),
        (b"LineTotalAmount>60.39<", b"LineTotalAmount>60.40<", "BR-CO-10"),
        (b"TypeCode>380<", b"TypeCode>999<", "TypeCode' is not allowed"),
        (b"<ram:Name>Muster &amp; S\xc3\xb6hne GmbH</ram:Name>", b"", "BR-06"),
        (b"CountryID>DE<", b"CountryID>XX<", "CountryID' is not allowed"),
        (b"<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", b"", "XSD"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused_with_the_rules_name(before: bytes, after: bytes, rule: str) -> None:
    xml = valid(document(*MIXED))
    assert before in xml
    assert rule in refused(xml.replace(before, after))


def test_paid_rounded_and_due_agree() -> None:
    content = document(line("10.00"), line("0.02", "0", kind="rounding"), paid=Decimal("4.00"))
    valid(content)
    for tag, amount in (
        ("GrandTotalAmount", "10.00"), ("RoundingAmount", "0.02"), ("TotalPrepaidAmount", "4.00"), ("DuePayableAmount", "6.02"),
    ):  # fmt: skip
        assert told(content, tag) == [amount]


ABROAD = BUYER.model_copy(update={"country": "AT", "company": "Wiener Laden GmbH"})
EXEMPTIONS: tuple[tuple[TaxCategory, str, dict[str, Any]], ...] = (
    (TaxCategory.INTRA_COMMUNITY, "VATEX-EU-IC", {"buyer": ABROAD, "buyer_vat_id": "ATU12345678"}),
    (TaxCategory.REVERSE_CHARGE, "VATEX-EU-AE", {"buyer_vat_id": "DE987654321"}),
    (TaxCategory.EXPORT, "VATEX-EU-G", {"buyer": BUYER.model_copy(update={"country": "CH"})}),
)


@pytest.mark.parametrize(("category", "code", "values"), EXEMPTIONS)
def test_an_untaxed_invoice_says_by_which_law(category: TaxCategory, code: str, values: dict[str, Any]) -> None:
    goods = (line("100.00", "0", category=category), line("4.90", "0", kind="shipping", category=category))
    content = document(*goods, exemption="steuerfrei", **values)
    valid(content)
    assert told(content, "ExemptionReasonCode") == [code]


def test_an_intra_community_supply_without_the_buyers_vat_id_is_refused() -> None:
    goods = line("100.00", "0", category=TaxCategory.INTRA_COMMUNITY)
    content = document(goods, exemption="steuerfrei", buyer=ABROAD)
    assert "BR-IC-02" in refused(einvoice(content))


def test_a_marketplace_sale_is_exempt_and_still_names_our_vat_id() -> None:
    content = document(line("20.00", "0", category=TaxCategory.EXEMPT), exemption="Der Marktplatz schuldet die Steuer")
    assert b"DE123456789" in valid(content)


def test_a_sale_to_france_has_the_french_rate() -> None:
    content = document(
        line("24.00", "20"), line("10.55", "5.5"), buyer=BUYER.model_copy(update={"country": "FR"}), tax_country="FR"
    )
    valid(content)
    assert sorted(set(told(content, "RateApplicablePercent"))) == ["20.00", "5.50"]


@pytest.mark.parametrize("kind", [DocumentKind.CREDIT_NOTE, DocumentKind.CANCELLATION])
def test_what_takes_an_invoice_back_is_a_credit_note_with_positive_amounts_that_names_it(kind: DocumentKind) -> None:
    refers = References(order="AU1", invoice="RE100041", return_number="RT1")
    content = document(*MIXED, kind=kind, references=refers, due_on=None, reason="zu klein")
    valid(content)
    assert told(content, "TypeCode")[0] == "381"
    assert told(content, "DuePayableAmount") == ["70.57"]
    assert "RE100041" in told(content, "IssuerAssignedID")


def test_a_credit_note_over_postage_alone_has_it_as_its_line() -> None:
    content = document(line("4.90", kind="shipping"), kind=DocumentKind.CREDIT_NOTE, due_on=None)
    valid(content)
    assert told(content, "LineTotalAmount") == ["4.12", "4.12"]


def test_a_seller_without_vat_id_is_named_by_the_tax_number() -> None:
    content = document(line("10.00"), issuer=ISSUER.model_copy(update={"vat_id": ""}))
    assert b"27/123/45678" in valid(content)


def test_a_bundle_names_its_parts_in_its_description() -> None:
    head = line("30.00", line_id=1, title="Set")
    part = line("0.00", quantity="2.0000", kind="component", line_id=2, parent_id=1, title="Becher")
    content = document(head, part)
    valid(content)
    assert told(content, "Description")[0] == "2 × Becher"
    assert told(content, "LineID") == ["1"]


def test_what_people_write_is_text_and_never_markup() -> None:
    nasty = '<script>&amp;]]>"\x0b\x00🎁 Ümläut'
    buyer = PostalAddress(name=nasty, street=nasty, city=nasty, country="DE")
    xml = valid(document(line("10.00", title=nasty), buyer=buyer, notes=(nasty,)))
    name = etree.fromstring(xml).findtext(".//ram:BuyerTradeParty/ram:Name", None, NAMES)
    assert name == nasty.replace("\x0b", "").replace("\x00", "")


@pytest.mark.parametrize(
    ("net", "quantity", "expected"),
    [
        ("30.00", "3", ("10.00", "1")),
        ("10.00", "3", ("10.00", "3")),
        ("0.99", "4", ("0.2475", "1")),
        ("7.50", "0.5", ("15.00", "1")),
        ("5.00", "0", ("5.00", "1")),
    ],
)
def test_a_unit_price_times_the_quantity_is_the_amount_exactly(
    net: str, quantity: str, expected: tuple[str, str]
) -> None:
    price, per = unit_price(Decimal(net), Decimal(quantity))
    assert (str(price), str(per)) == expected


AMOUNTS = st.decimals(min_value=0, max_value=5000, places=2)
RATES = st.sampled_from(["19", "7", "20", "5.5", "21", "0"])
QUANTITIES = st.decimals(min_value=Decimal("0.25"), max_value=500, places=2)


@st.composite
def orders(draw: Any) -> DocumentContent:
    goods = [
        line(str(draw(AMOUNTS)), draw(RATES), str(draw(QUANTITIES)), line_id=n)
        for n in range(1, draw(st.integers(1, 8)) + 1)
    ]
    extra = []
    for n, each in enumerate(goods):
        rate = f"{each.tax_rate}"
        if draw(st.booleans()):
            part = (each.gross * draw(st.integers(0, 100)) / 100).quantize(Decimal("0.01"))
            extra.append(line(f"-{part}", rate, kind="discount", line_id=100 + n))
        if draw(st.booleans()):
            extra.append(
                line(str(draw(AMOUNTS)), rate, kind=draw(st.sampled_from(["shipping", "surcharge"])), line_id=200 + n)
            )
    if draw(st.booleans()):
        extra.append(line(draw(st.sampled_from(["0.01", "-0.01", "0.03"])), "0", kind="rounding", line_id=300))
    zero = [
        each.model_copy(update={"category": TaxCategory.ZERO}) if not each.tax_rate else each for each in goods + extra
    ]
    content = document(*zero, kind=draw(st.sampled_from(list(DocumentKind)[:3])))
    if content.kind is not DocumentKind.INVOICE:
        return content
    paid = (max(content.total, ZERO) * draw(st.integers(0, 100)) / 100).quantize(Decimal("0.01"))
    return content.model_copy(update={"paid": paid, "due": content.total - paid})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(orders())
def test_any_mix_of_lines_rates_discounts_and_charges_is_valid(content: DocumentContent) -> None:
    valid(content)


def test_the_issuer_names_what_an_invoice_lacks() -> None:
    assert Issuer().missing() == ("name", "street", "postcode", "city", "country", "vat_id")
    home = ISSUER.model_copy(update={"vat_id": ""})
    assert home.missing() == ()
    assert home.missing(crosses_border=True) == ("vat_id",)
