"""Customers, addresses, projects and languages of an order (D§10.1)."""

from dataclasses import replace

import pytest

from canonical.order import Address, ChannelOrder
from canonical.settings import CustomerMode, MappingKind, MatchCriterion
from erp.rules import CustomerInfo, Decision, OrderDraft, Outcome, ProjectInfo, decide
from erp.rules.customer import name_key
from tests.erp.order_kit import ANNA, codes, context, judge, line, order, world

LOCKER = ANNA.model_copy(update={"street": "Packstation 145"})


def draft_of(decision: Decision) -> OrderDraft:
    assert decision.draft is not None, decision.findings
    return decision.draft


def knowing(of: ChannelOrder, *customers: CustomerInfo, **changes: object) -> Decision:
    """Decide in a world that knows customers by Anna's e-mail, name and address, and by their numbers."""
    master, settings = world(of)
    master = replace(
        master,
        customers_by_number={customer.number: customer for customer in customers},
        customers_by_email={"anna@example.org": customers},
        customers_by_name={name_key(ANNA): customers},
    )
    return decide(of, context(settings.model_copy(update=changes)), master)


# --- customers ------------------------------------------------------------------------------------------------------


def test_a_guest_is_never_merged_by_name_alone() -> None:
    namesake = ANNA.model_copy(update={"email": "", "street": "Gasse 5"})
    erna = CustomerInfo(41, "K41", 1)
    by_name = frozenset({MatchCriterion.EMAIL, MatchCriterion.NAME_AND_ADDRESS})
    assert draft_of(knowing(order(billing=namesake), erna, match_criteria=by_name)).customer.id is None
    assert draft_of(knowing(order(), erna, match_criteria=by_name)).customer.id == 41


def test_the_orders_of_a_locked_customer_wait_for_a_person() -> None:
    decision = knowing(order(), CustomerInfo(41, "K41", 1, is_locked=True, lock_reason="chargebacks"))
    assert codes(decision) == ["CUSTOMER_LOCKED"]
    assert "chargebacks" in decision.findings[0].text("de")
    draft = draft_of(decision)
    assert (draft.customer.id, draft.holds, draft.autoship) == (41, ("customer_locked",), False)


def test_an_unnamed_buyer_at_the_counter_is_the_pos_customer() -> None:
    walk_in = order(line("FILE"), shipping=(), is_pos=True, billing=Address(), delivery=Address())
    counter = CustomerInfo(7, "POS", 1)
    draft = draft_of(knowing(walk_in, counter, pos_customer="POS"))
    assert (draft.customer.number, draft.is_pos, draft.tax_kind, draft.reserves_stock) == (
        "POS",
        True,
        "domestic",
        False,
    )
    assert codes(knowing(walk_in, counter)) == ["VALUE_EMPTY_NO_DEFAULT"]
    assert codes(knowing(walk_in, counter, pos_customer="GONE")) == ["MASTER_DATA_MISSING"]
    named = walk_in.model_copy(update={"billing": ANNA})
    assert draft_of(knowing(named, counter, pos_customer="POS", guest_mode=CustomerMode.CREATE)).customer.id is None


def test_an_order_of_the_counter_needs_no_shipping_method() -> None:
    master, settings = world(order())
    bare = settings.model_copy(update={"default_shipping": ""})
    of = order(is_pos=True, shipping=())
    assert draft_of(decide(of, context(bare), master)).shipping_method is None


def test_only_a_vat_id_makes_an_order_business_to_business() -> None:
    company = ANNA.model_copy(update={"company": "Muster GmbH"})
    assert not draft_of(judge(order(billing=company, delivery=company))).is_b2b
    registered = company.model_copy(update={"vat_id": "DE136695976"})
    draft = draft_of(judge(order(billing=registered, delivery=registered), vat_id_trusted=True))
    assert (draft.is_b2b, draft.vat_id, draft.vat_id_trusted) == (True, "DE136695976", True)


# --- addresses ------------------------------------------------------------------------------------------------------


def test_a_missing_billing_address_is_the_delivery_address_only_where_the_settings_say_so() -> None:
    of = order(billing=Address(email="anna@example.org", vat_id="DE136695976"))
    assert codes(judge(of)) == ["NO_BILLING_ADDRESS"]
    billing = draft_of(judge(of, billing_from_shipping=True)).billing
    assert (billing["street"], billing["email"], billing["vat_id"]) == (
        "Hauptstr. 1",
        "anna@example.org",
        "DE136695976",
    )


@pytest.mark.parametrize(
    "lines",
    [
        {"street": "Packstation 145", "street2": "12345678"},
        {"street": "Packstation 145", "street2": "Postnummer: 12345678"},
        {"street": "Packstation 145 12345678"},
        {"street": "12345678", "street2": "DHL Packstation Nr. 145"},
        {"street": "packstation 145", "company": "12345678"},
        {"street": "Postfiliale 512", "street2": "12345678"},
    ],
)
def test_a_post_number_is_found_wherever_people_write_it_and_no_text_is_lost(lines: dict[str, str]) -> None:
    address = ANNA.model_copy(update=lines)
    decision = judge(order(billing=address, delivery=address))
    delivery = draft_of(decision).delivery
    assert (codes(decision), delivery["post_number"]) == ([], "12345678")
    assert {name: delivery[name] for name in lines} == lines


def test_a_parcel_locker_without_a_post_number_waits_for_a_person() -> None:
    decision = judge(order(delivery=LOCKER))
    assert (codes(decision), draft_of(decision).holds) == (["POST_NUMBER_MISSING"], ("post_number_missing",))
    assert codes(judge(order(billing=LOCKER))) == [], "a bill does not go to a parcel locker"


def test_a_house_number_is_no_post_number() -> None:
    house = ANNA.model_copy(update={"street": "Hauptstr. 145", "company": "4711471100"})
    assert "post_number" not in draft_of(judge(order(delivery=house))).delivery


def test_a_deviating_delivery_address_is_kept_in_the_order_beside_the_billing_address() -> None:
    elsewhere = ANNA.model_copy(update={"street": "Nebenstr. 2", "vat_id": ""})
    draft = draft_of(judge(order(delivery=elsewhere)))
    assert (draft.billing["street"], draft.delivery["street"]) == ("Hauptstr. 1", "Nebenstr. 2")
    assert draft.customer.street == "Hauptstr. 1"


# --- project and language -------------------------------------------------------------------------------------------


def test_a_tag_beats_the_sales_channel_and_that_the_default() -> None:
    tables = {"tag_project_map": {"vip": "B2B"}, "channel_project_map": {"de": "SHOP", "fr": "B2B"}}
    for values, expected in (
        ({}, "SHOP"),
        ({"sales_channel": "fr"}, "B2B"),
        ({"sales_channel": "de", "tags": ("other", "vip")}, "B2B"),
        ({"tags": ("other",)}, "SHOP"),
    ):
        assert draft_of(judge(order(**values), **tables)).project.code == expected, values


def test_an_unknown_sales_channel_parks_the_order_and_is_handed_over_for_mapping() -> None:
    decision = judge(order(sales_channel="it"), channel_project_map={"fr": "B2B"})
    assert (codes(decision), decision.unknown_values) == (["PROJECT_UNMAPPED"], ((MappingKind.CHANNEL, "it"),))
    assert decision.findings[0].waits_for == ("channel:it", "settings")
    assert judge(order(sales_channel="it")).outcome is Outcome.IMPORT, "nothing is mapped, so channels mean nothing"


@pytest.mark.parametrize(
    ("said", "country", "expected"),
    [
        ("fr", "DE", "fr"),
        ("de_AT", "DE", "de-AT"),
        ("klingon", "FR", "fr"),
        ("", "AT", "de"),
        ("", "GB", "en"),
        ("", "JP", "pl"),
    ],
)
def test_documents_speak_the_shops_language_else_the_billing_countrys_else_the_projects(
    said: str, country: str, expected: str
) -> None:
    abroad = ANNA.model_copy(update={"country": country})
    of = order(line(rate="0"), shipping=(), language=said, billing=abroad, delivery=ANNA)
    master, settings = world(of)
    master = replace(master, projects={"SHOP": ProjectInfo(1, "SHOP", language="pl")})
    assert draft_of(decide(of, context(settings), master)).language == expected


def test_a_mapped_language_beats_the_shops() -> None:
    assert draft_of(judge(order(language="gsw"), language_map={"gsw": "de"})).language == "de"
    assert draft_of(judge(order(language="en"), language_map={"en": "fr"})).language == "fr"
