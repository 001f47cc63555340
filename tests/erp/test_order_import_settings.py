"""For every setting: change it, import the same order, and see a different order booked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal as D
from typing import Any

import pytest
from sqlmodel import Session

from canonical.order import Address, ChannelOrder, Payment, Property
from canonical.settings import (
    AdvancedSettings,
    AutoshipDocuments,
    CommentTarget,
    CustomerMode,
    DescriptionSource,
    MatchCriterion,
    NoMatch,
    OrderSettings,
    ShippingTax,
)
from erp.tables import Customer, ForeignNumber
from tests.erp.order_kit import ANNA, Importer, charge, discounted, line, order, stating

See = Callable[[Importer, str], Any]


def of_order(name: str) -> See:
    """A column of the booked order."""
    return lambda importer, external_id: getattr(importer.booked(external_id), name)


def of_line(name: str, kind: str) -> See:
    """A column of the first booked line of a kind."""
    return lambda importer, external_id: next(
        getattr(item, name) for item in importer.lines(external_id) if item.kind == kind
    )


def article_of(kind: str) -> See:
    """The number of the article on the first line of a kind."""

    def see(importer: Importer, external_id: str) -> str:
        numbers = {article.id: article.number for article in importer.articles()}
        return numbers[of_line("article_id", kind)(importer, external_id)]

    return see


def code_of(name: str) -> See:
    """The code of a master-data row that the booked order names."""
    return lambda importer, external_id: importer.code_of(name, getattr(importer.booked(external_id), f"{name}_id"))


def outcome(importer: Importer, external_id: str) -> tuple[str, str]:
    """State and code of the inbox row."""
    row = importer.inbox(external_id)
    assert row is not None
    return row.state, row.code


def customer(importer: Importer, external_id: str) -> str:
    """The name of the order's customer."""
    booked = importer.booked(external_id)
    assert booked is not None
    found = importer.session.get(Customer, booked.customer_id)
    assert found is not None
    return found.name


@dataclass
class Case:
    """One setting: the value to try, what is seen before and after, and the order and settings that show it."""

    setting: str
    value: Any
    see: See
    before: Any
    after: Any
    of: ChannelOrder = field(default_factory=order)
    base: dict[str, Any] = field(default_factory=dict)


def paying(method: str, **values: Any) -> ChannelOrder:
    return order(payment=Payment(method=method), **values)


def to_france(rate: str, vat_id: str = "") -> ChannelOrder:
    address = ANNA.model_copy(update={"country": "FR", "vat_id": vat_id})
    return order(line(rate=rate), shipping=(charge("1.00", rate),), billing=address, delivery=address)


HONEST = order()
OFF_BY_3 = stating(HONEST, total=HONEST.stated.total + D("0.03"))
FEE = order(fees=(charge("2.00", title="COD", ref="f1"),))
REBATE = order(discounted("A-1", "20.00", "19", "2.00"))
BY_ROCKET = order(shipping=(charge("4.12", method="rocket"),))
SILENT = order(shipping=(charge("4.12", method=""),))
TALKING = order(comment="ring twice")
AT_THE_COUNTER = order(
    line("FILE"), shipping=(), billing=Address(), delivery=Address(), is_pos=True, payment=Payment(method="paypal"),
)  # fmt: skip
ENGRAVED = order(line(properties=(Property(name="Engraving", value="For Jo", is_personal=True),)))
UNSAID = order(line(rate=None), shipping=())
MIXED = order(line("A-1", "10.00", "19"), line("A-2", "10.00", "7"), shipping=(charge("4.00", "7"),))

CASES = [
    Case("import_states", frozenset({"pending"}), outcome, ("booked", ""), ("skipped", "STATE_FILTERED")),
    Case("clerk_name", "Erna", of_order("clerk"), "", "Erna"),
    Case("default_project", "B2B", code_of("project"), "SHOP", "B2B"),
    Case("payment_map", {"paypal": "card"}, code_of("payment_method"), "paypal", "card"),
    Case("default_payment", "card", outcome, ("parked", "VALUE_EMPTY_NO_DEFAULT"), ("booked", ""), paying("")),
    Case(
        "default_payment_if_unmapped", True, outcome, ("parked", "PAYMENT_UNMAPPED"), ("booked", ""), paying("moon"),
        {"default_payment": "card"},
    ),
    Case("payments_without_autoship", frozenset({"paypal"}), of_order("autoship"), True, False),
    Case("shipping_map", {"flat_rate": "express"}, code_of("shipping_method"), "standard", "express"),
    Case("default_shipping", "express", code_of("shipping_method"), "standard", "express", SILENT),
    Case(
        "default_shipping_if_unmapped", True, outcome, ("parked", "SHIPPING_UNMAPPED"), ("booked", ""), BY_ROCKET,
    ),
    Case("delivery_term", "DAP", code_of("delivery_term"), None, "DAP"),
    Case("fast_lane_shipping", frozenset({"standard"}), of_order("fast_lane"), False, True),
    Case("autoship_documents", AutoshipDocuments.INVOICE, of_order("autoship_documents"), "standard", "invoice"),
    Case("shipping_article", "PORTO2", article_of("shipping"), "PORTO", "PORTO2"),
    Case("warehouse_country", "FR", of_order("tax_kind"), "eu", "domestic", to_france("20")),
    Case("vat_id_trusted", True, of_order("holds"), ["vat_id_unchecked"], [], to_france("0", "FR40303265045")),
    Case("tax_at_origin", True, of_order("tax_country"), "FR", "DE", to_france("20")),
    Case("exempt_if_tax_missing", True, outcome, ("parked", "TAX_MISSING"), ("booked", ""), UNSAID),
    Case("shipping_tax", ShippingTax.HIGHEST, of_line("tax_rate", "shipping"), D(7), D(19), MIXED),
    Case("calc_net", True, of_order("prices_include_tax"), True, False),
    Case("fix_total", True, outcome, ("parked", "TOTAL_MISMATCH"), ("booked", ""), OFF_BY_3),
    Case("max_total_diff", D("0.02"), of_order("holds"), [], ["total_difference"], OFF_BY_3, {"fix_total": True}),
    Case("discount_article", "RABATT2", article_of("discount"), "RABATT", "RABATT2", REBATE),
    Case("surcharge_article", "ZUSCHLAG2", article_of("surcharge"), "ZUSCHLAG", "ZUSCHLAG2", FEE),
    Case("name_from_erp", True, of_line("title", "article"), "Article A-1", "ERP name of A-1"),
    Case("description_source", DescriptionSource.ERP, of_line("description", "article"), "", "About A-1"),
    Case("comment_target", CommentTarget.INTERNAL_LABEL, of_order("internal_label"), "", "ring twice", TALKING),
    Case("comment_stops_autoship", True, of_order("autoship"), True, False, TALKING),
    Case("customer_mode", CustomerMode.CREATE, customer, "Erna", "Anna Weiß", order(customer_ref="5")),
    Case("guest_mode", CustomerMode.CREATE, customer, "Erna", "Anna Weiß"),
    Case("match_criteria", frozenset({MatchCriterion.NAME_AND_ADDRESS}), customer, "Erna", "Anna Weiß"),
    Case(
        "no_match", NoMatch.REJECT, outcome, ("booked", ""), ("parked", "CUSTOMER_NOT_FOUND"),
        base={"match_criteria": frozenset({MatchCriterion.CUSTOMER_NUMBER})},
    ),
    Case("match_in_project", True, customer, "Erna", "Anna Weiß", base={"default_project": "B2B"}),
    Case(
        "default_customer", "K2", customer, "Erna", "Olga",
        base={"guest_mode": CustomerMode.DEFAULT_CUSTOMER, "default_customer": "K1"},
    ),
    Case("pos_customer", "K2", customer, "Erna", "Olga", AT_THE_COUNTER, {"pos_customer": "K1"}),
    Case(
        "billing_from_shipping", True, outcome, ("parked", "NO_BILLING_ADDRESS"), ("booked", ""),
        order(billing=Address(email="anna@example.org")),
    ),
    Case(
        "channel_project_map", {"amazon-de": "B2B"}, code_of("project"), "SHOP", "B2B", order(sales_channel="amazon-de"),
    ),
    Case("tag_project_map", {"b2b": "B2B"}, code_of("project"), "SHOP", "B2B", order(tags=("new", "b2b"))),
    Case("language_map", {"nl-BE": "fr"}, of_order("language"), "nl-BE", "fr", order(language="nl-BE")),
    Case("merge_lines", True, of_line("quantity", "article"), D(1), D(2), order(line(ref="1"), line(ref="2"))),
    Case("personalised_stops_autoship", False, of_order("autoship"), False, True, ENGRAVED),
]  # fmt: skip


@pytest.fixture
def importer(session: Session) -> Importer:
    """The sample world, which knows two customers of the first project."""
    made = Importer(session, MIXED)
    session.add(Customer(number="K1", name="Erna", project_id=1, email_key="anna@example.org"))
    session.add(Customer(number="K2", name="Olga", project_id=1))
    session.commit()
    return made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.setting)
def test_a_changed_setting_books_a_different_order(case: Case, importer: Importer) -> None:
    for external_id, changes in (("before", {}), ("after", {case.setting: case.value})):
        of = case.of.model_copy(update={"external_id": external_id, "number": external_id})
        importer.run(of, **(case.base | changes))
    assert case.see(importer, "before") == case.before
    assert case.see(importer, "after") == case.after


def test_every_setting_has_such_a_case() -> None:
    assert {case.setting for case in CASES} == set(OrderSettings.model_fields)
    assert set(ADVANCED_CASES) == set(AdvancedSettings.model_fields)


ADVANCED_CASES = {
    "foreign_numbers": AdvancedSettings(foreign_number_label="Woo"),
    "foreign_number_label": AdvancedSettings(foreign_numbers=True, foreign_number_label="woo"),
}


@pytest.mark.parametrize("setting", ADVANCED_CASES)
def test_foreign_numbers_pair_only_when_they_are_on_and_by_exactly_their_label(
    setting: str, importer: Importer
) -> None:
    ids = {article.number: article.id for article in importer.articles()}
    importer.session.add(ForeignNumber(article_id=ids["METRE"], integration_id="shop-1", label="Woo", number="A-1"))
    importer.session.commit()
    for external_id, advanced in (
        ("on", AdvancedSettings(foreign_numbers=True, foreign_number_label="Woo")),
        ("changed", ADVANCED_CASES[setting]),
    ):
        importer.advanced = advanced
        importer.run(order(external_id=external_id))
    see = article_of("article")
    assert (see(importer, "on"), see(importer, "changed")) == ("METRE", "A-1")


def test_an_inactive_foreign_number_pairs_nothing(importer: Importer) -> None:
    ids = {article.number: article.id for article in importer.articles()}
    importer.session.add(
        ForeignNumber(article_id=ids["METRE"], integration_id="shop-1", label="Woo", number="A-1", is_active=False)
    )
    importer.advanced = AdvancedSettings(foreign_numbers=True, foreign_number_label="Woo")
    importer.run(order())
    assert article_of("article")(importer, "100") == "A-1"
