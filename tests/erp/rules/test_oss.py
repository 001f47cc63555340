"""Which tax an order has: EU consumers, thresholds, registrations, businesses, territories, marketplaces."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest

from canonical.order import Address, ChannelOrder, Charge, ChargeKind
from canonical.settings import OrderSettings
from erp.rules import Decision, OssInfo, decide
from erp.rules.model import OrderDraft
from erp.rules.oss import is_taxed_at_origin
from erp.rules.places import place_of
from erp.rules.vat_ids import is_well_formed, vat_country
from tests.erp.order_kit import ANNA, NOW, codes, context, line, order, world

TODAY = NOW.date()
CALLED = ANNA.model_copy(update={"phone": "+49 40 1234"})
FRENCH, AUSTRIAN, NORTHERN = "FR40303265045", "ATU13585627", "XI110305878"


def to(country: str, rate: str = "0", *, postcode: str = "20095", vat_id: str = "", **values: object) -> ChannelOrder:
    address = CALLED.model_copy(update={"country": country, "postcode": postcode, "vat_id": vat_id})
    return order(line(rate=rate), **({"shipping": (), "billing": address, "delivery": address} | values))


def judged(of: ChannelOrder, oss: OssInfo | None = None, **changes: object) -> Decision:
    master, settings = world(of)
    own = changes.pop("article_rates", {})
    return decide(
        of,
        context(OrderSettings.model_validate(settings.model_dump() | changes)),
        replace(master, oss=oss or OssInfo(), article_rates=own),
    )


def drafted(decision: Decision) -> OrderDraft:
    assert decision.draft is not None, decision.findings
    return decision.draft


def taxed(of: ChannelOrder, oss: OssInfo | None = None, **changes: object) -> tuple[str, str]:
    """Kind and country of an order's tax."""
    draft = drafted(judged(of, oss, **changes))
    return draft.tax_kind, draft.tax_country


def test_eu_consumers_are_taxed_in_their_country() -> None:
    decision = judged(to("FR", "20"))
    assert (taxed(to("FR", "20")), codes(decision)) == (("eu", "FR"), [])


def test_a_small_seller_below_the_threshold_keeps_the_tax_of_the_warehouse() -> None:
    of = to("FR", "19")
    assert (taxed(of, tax_at_origin=True), codes(judged(of, tax_at_origin=True))) == (("eu_origin", "DE"), [])


def test_tax_at_origin_concerns_consumers_in_the_eu_only() -> None:
    assert taxed(to("US"), tax_at_origin=True) == ("export", "US")
    assert taxed(to("FR", vat_id=FRENCH), tax_at_origin=True) == ("reverse_charge", "FR")


def test_from_the_day_the_threshold_was_crossed_the_destination_counts() -> None:
    crossed = OssInfo(applies_from=TODAY)
    before = to("FR", "19", ordered_at=NOW - timedelta(days=1))
    assert taxed(before, crossed, tax_at_origin=True) == ("eu_origin", "DE")
    assert taxed(to("FR", "20"), crossed, tax_at_origin=True) == ("eu", "FR")


def test_the_day_of_the_order_is_the_day_in_utc() -> None:
    crossed = OssInfo(applies_from=date(2026, 11, 22))
    last = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
    assert is_taxed_at_origin(last, crossed, tax_at_origin=True)
    assert not is_taxed_at_origin(last + timedelta(minutes=1), crossed, tax_at_origin=True)
    assert not is_taxed_at_origin(last, crossed, tax_at_origin=False)


def test_an_own_warehouse_with_a_vat_id_in_the_country_makes_it_domestic_there() -> None:
    polish = OssInfo(registrations=frozenset({"PL"}))
    of = to("PL", "23")
    assert (taxed(of, polish), codes(judged(of, polish))) == (("domestic", "PL"), [])
    assert taxed(to("FR", "20"), polish) == ("eu", "FR")


def test_the_origins_rate_although_oss_applies_is_a_mismatch() -> None:
    decision = judged(to("FR", "19"))
    assert [(finding.code, finding.params) for finding in decision.findings] == [
        ("OSS_RATE_MISMATCH", {"rate": "19", "charged": "DE", "country": "FR"})
    ]
    assert (drafted(decision).holds, drafted(decision).autoship) == (("tax_country",), False)


def test_the_destinations_rate_although_origin_still_applies_is_a_mismatch() -> None:
    decision = judged(to("FR", "20"), tax_at_origin=True)
    assert [(finding.code, finding.params) for finding in decision.findings] == [
        ("ORIGIN_RATE_MISMATCH", {"rate": "20", "charged": "FR", "country": "DE"})
    ]
    assert drafted(decision).holds == ("tax_country",)


def test_a_rate_that_neither_country_knows_is_unknown() -> None:
    assert codes(judged(to("FR", "18"))) == ["TAX_RATE_UNKNOWN"]


def test_an_articles_own_rate_in_a_country_beats_the_table() -> None:
    of = to("FR", "8.5")
    article = world(of)[0].articles_by_sku["A-1"]
    assert codes(judged(of)) == ["TAX_RATE_UNKNOWN"]
    assert codes(judged(of, article_rates={(article.id, "FR"): D("8.5")})) == []
    wrong = judged(to("FR", "20"), article_rates={(article.id, "FR"): D("8.5")})
    assert [(finding.code, finding.params) for finding in wrong.findings] == [
        ("ARTICLE_RATE_MISMATCH", {"sku": "A-1", "rate": "20", "expected": "8.5", "country": "FR"})
    ]
    assert drafted(wrong).holds == ("tax_rate_unknown",)
    assert codes(judged(to("FR", "20"), article_rates={(article.id, "IT"): D("8.5")})) == []


def test_a_business_in_another_eu_country_is_billed_by_reverse_charge() -> None:
    decision = judged(to("AT", vat_id=AUSTRIAN), vat_id_trusted=True)
    assert (drafted(decision).tax_kind, codes(decision)) == ("reverse_charge", [])


def test_a_business_that_the_shop_taxed_stays_taxed() -> None:
    assert taxed(to("AT", "20", vat_id=AUSTRIAN)) == ("eu", "AT")


def test_a_vat_id_of_the_warehouses_country_frees_nothing_abroad() -> None:
    decision = judged(to("FR", vat_id="DE136695976"))
    assert (drafted(decision).tax_kind, codes(decision)) == ("eu", ["TAX_FREE_UNEXPLAINED"])


def test_a_malformed_vat_id_on_an_untaxed_order_is_held_even_if_the_shop_is_trusted() -> None:
    decision = judged(to("FR", vat_id="FR123"), vat_id_trusted=True)
    assert [(finding.code, finding.params) for finding in decision.findings] == [
        ("VAT_ID_INVALID", {"vat_id": "FR123"})
    ]
    assert (drafted(decision).holds, drafted(decision).autoship) == (("vat_id_invalid",), False)
    assert codes(judged(to("FR", "20", vat_id="FR123"))) == []


def test_another_delivery_address_leaves_the_vat_id_on_the_order() -> None:
    """Reverse charge is decided anew for the place of delivery, with the id of the bill."""
    in_france = ANNA.model_copy(update={"country": "FR"})
    draft = drafted(judged(to("AT", vat_id=AUSTRIAN, delivery=in_france)))
    assert (draft.vat_id, draft.tax_kind, draft.tax_country) == (AUSTRIAN, "reverse_charge", "FR")
    assert drafted(judged(to("AT", "19", vat_id=AUSTRIAN, delivery=ANNA))).tax_kind == "domestic"


def test_an_order_is_business_to_business_exactly_when_it_has_a_vat_id() -> None:
    company = ANNA.model_copy(update={"company": "Weiß GmbH"})
    with_id = company.model_copy(update={"vat_id": "DE136695976"})
    kinds = [drafted(judged(order(billing=buyer, delivery=buyer))).is_b2b for buyer in (company, with_id)]
    assert kinds == [False, True]


@pytest.mark.parametrize(
    ("vat_id", "country", "is_possible"),
    [
        (FRENCH, "FR", True), ("FR 40 303 265 045", "FR", True), ("40303265045", "FR", True), (AUSTRIAN, "AT", True),
        ("ATU13585626", "AT", False), ("DE136695976", "DE", True), ("DE136695975", "DE", False),
        ("EL094259216", "GR", True), (NORTHERN, "XI", True), ("", "FR", False), ("U13585627", "AT", True),
        ("FR40303265045", "AT", True),
    ],
)  # fmt: skip
def test_a_vat_id_has_the_format_of_its_country(vat_id: str, country: str, is_possible: bool) -> None:
    assert is_well_formed(vat_id, country) is is_possible


def test_a_vat_id_belongs_to_the_country_of_its_prefix() -> None:
    assert [vat_country(id, "IT") for id in ("ATU1", "EL1", "xi1", "12345")] == ["AT", "GR", "XI", "IT"]


def test_a_third_country_is_an_export_by_the_delivery_address() -> None:
    swiss = ANNA.model_copy(update={"country": "CH"})
    assert taxed(to("DE", delivery=swiss)) == ("export", "CH")
    assert taxed(to("CH", "19", delivery=ANNA)) == ("domestic", "DE")
    assert codes(judged(to("CH"))) == []
    assert codes(judged(to("CH", "19"))) == ["TAX_RATE_UNKNOWN"]


def test_a_parcel_abroad_without_a_phone_number_is_noted() -> None:
    swiss = ANNA.model_copy(update={"country": "CH"})
    decision = judged(to("CH", billing=swiss, delivery=swiss))
    assert (codes(decision), drafted(decision).autoship) == (["PHONE_MISSING"], True)
    assert codes(judged(to("CH", billing=swiss, delivery=swiss.model_copy(update={"phone": "1"})))) == []
    assert codes(judged(to("FR", "20", billing=ANNA.model_copy(update={"country": "FR"})))) == []
    master, settings = world()
    file = order(line("FILE", rate="0"), shipping=(), billing=swiss, delivery=swiss)
    assert codes(decide(file, context(settings), master)) == []


def test_tax_follows_the_country_of_delivery_and_not_of_the_bill() -> None:
    italian = ANNA.model_copy(update={"country": "IT"})
    assert taxed(to("FR", "22", delivery=italian)) == ("eu", "IT")


def test_an_empty_delivery_address_is_taxed_as_the_billing_address() -> None:
    assert taxed(to("FR", "20", delivery=Address())) == ("eu", "FR")


@pytest.mark.parametrize(
    ("country", "postcode"),
    [
        ("ES", "35001"), ("ES", "38670"), ("ES", "51001"), ("FI", "22100"), ("FI", "AX-22100"), ("DE", "27498"),
        ("DE", "D-78266"), ("IT", "23041"), ("FR", "97410"), ("GR", "630 87"),
    ],
)  # fmt: skip
def test_territories_outside_the_vat_area_are_exports(country: str, postcode: str) -> None:
    of = to(country, postcode=postcode)
    assert (taxed(of), codes(judged(of))) == (("export", country), [])


def test_tax_on_an_export_to_a_territory_is_held() -> None:
    assert codes(judged(to("ES", "21", postcode="35001"))) == ["TAX_RATE_UNKNOWN"]
    assert codes(judged(to("DE", "19", postcode="27498"))) == ["TAX_RATE_UNKNOWN"]


@pytest.mark.parametrize(
    ("country", "postcode", "rate"),
    [("ES", "28001", "21"), ("FI", "00100", "25.5"), ("DE", "20095", "19"), ("FR", "75001", "20"), ("IT", "20121", "22")],
)  # fmt: skip
def test_the_rest_of_those_countries_is_taxed(country: str, postcode: str, rate: str) -> None:
    assert codes(judged(to(country, rate, postcode=postcode))) == []
    assert not place_of(ANNA.model_copy(update={"country": country, "postcode": postcode})).is_territory


def test_monaco_is_taxed_as_france() -> None:
    assert taxed(to("MC", "20", postcode="98000")) == ("eu", "FR")


def test_northern_ireland_belongs_to_the_eu_at_british_rates() -> None:
    of = to("GB", "20", postcode="BT1 1AA")
    assert (taxed(of), codes(judged(of))) == (("eu", "XI"), [])
    assert taxed(to("GB", postcode="BT1 1AA", vat_id=NORTHERN)) == ("reverse_charge", "XI")
    assert taxed(to("GB", postcode="SW1A 1AA")) == ("export", "GB")
    assert taxed(to("GB", "20", postcode="BT1 1AA"), warehouse_country="GB")[0] == "domestic"


def test_a_marketplace_that_owes_the_tax_leaves_none_on_our_invoice() -> None:
    for country in ("DE", "FR"):
        of = to(country, is_tax_owed_by_channel=True)
        assert (taxed(of), codes(judged(of))) == (("marketplace", country), [])


def test_tax_on_an_order_whose_tax_the_marketplace_owes_is_held() -> None:
    decision = judged(to("FR", "20", is_tax_owed_by_channel=True))
    assert [(finding.code, finding.params) for finding in decision.findings] == [
        ("MARKETPLACE_TAX_STATED", {"tax": "2.00"})
    ]
    assert drafted(decision).holds == ("tax_country",)


@pytest.mark.parametrize(("net", "tax"), [("2.00", "0.00"), ("0.00", "2.00")])
def test_tax_that_the_marketplace_collects_is_a_line_of_its_own_and_not_our_turnover_tax(net: str, tax: str) -> None:
    gst = Charge(ref="g", title="", net=D(net), tax=D(tax), tax_rate=None, kind=ChargeKind.MARKETPLACE_TAX)
    decision = judged(to("GB", is_tax_owed_by_channel=True, fees=(gst,), language="en"))
    draft = drafted(decision)
    assert (codes(decision), draft.total, draft.total_tax) == ([], D("12.00"), D("0.00"))
    assert [(item.kind, item.title, item.gross, item.tax, item.tax_rate) for item in draft.lines[1:]] == [
        ("surcharge", "Tax paid by the marketplace", D("2.00"), D("0.00"), D(0))
    ]
