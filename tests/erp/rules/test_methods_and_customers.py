"""Payment, shipping, project, and whose order it is."""

from dataclasses import replace

import pytest

from canonical.order import Address, ChannelOrder, Payment
from canonical.settings import CustomerMode, MappingKind, MatchCriterion, NoMatch
from erp.rules import CustomerInfo, DraftCustomer, Outcome, decide
from erp.rules.customer import email_key, name_key
from erp.rules.model import Decision
from tests.erp.order_kit import ANNA, charge, codes, context, judge, line, order, world

ERNA = CustomerInfo(41, "K41", 1)
OLGA = CustomerInfo(42, "K42", 2)


def paying(method: str) -> ChannelOrder:
    return order(payment=Payment(method=method))


def shipped_by(method: str) -> ChannelOrder:
    return order(shipping=(charge("4.12", method=method),))


def test_an_unmapped_value_parks_the_order_and_is_handed_over_for_mapping() -> None:
    payment, shipping = judge(paying("moon")), judge(shipped_by("rocket"))
    assert (codes(payment), payment.unknown_values) == (["PAYMENT_UNMAPPED"], ((MappingKind.PAYMENT, "moon"),))
    assert (codes(shipping), shipping.unknown_values) == (["SHIPPING_UNMAPPED"], ((MappingKind.SHIPPING, "rocket"),))
    assert payment.findings[0].waits_for == ("payment:moon", "settings")


def test_spelling_and_blanks_count() -> None:
    assert codes(judge(paying("PayPal"))) == ["PAYMENT_UNMAPPED"]
    assert codes(judge(paying("paypal "))) == ["PAYMENT_UNMAPPED"]


def test_the_default_takes_unmapped_values_only_when_the_switch_is_on() -> None:
    assert codes(judge(paying("moon"), default_payment="card")) == ["PAYMENT_UNMAPPED"]
    allowed = judge(paying("moon"), default_payment="card", default_payment_if_unmapped=True)
    assert allowed.draft is not None
    assert allowed.draft.payment_method is not None
    assert (allowed.draft.payment_method.code, allowed.draft.payment_value) == ("card", "moon")
    assert allowed.unknown_values == ()


def test_an_empty_value_takes_the_default_or_is_refused() -> None:
    assert judge(paying(""), default_payment="card").outcome is Outcome.IMPORT
    refused = judge(paying(""))
    assert codes(refused) == ["VALUE_EMPTY_NO_DEFAULT"]
    assert refused.findings[0].waits_for == ("settings",)


def test_an_order_of_nothing_needs_no_payment_method() -> None:
    assert judge(order(line(net="0.00"), shipping=(), payment=Payment(method=""))).outcome is Outcome.IMPORT


def test_a_target_that_is_gone_is_named() -> None:
    payment = judge(order(), payment_map={"paypal": "gone"})
    assert [(f.code, f.params["value"]) for f in payment.findings] == [("MASTER_DATA_MISSING", "gone")]
    assert codes(judge(order(), delivery_term="gone")) == ["MASTER_DATA_MISSING"]
    assert codes(judge(order(), shipping_map={"flat_rate": "gone"})) == ["MASTER_DATA_MISSING"]


def test_goods_need_a_shipping_method_and_files_do_not() -> None:
    master, settings = world(order())
    none = settings.model_copy(update={"default_shipping": ""})
    assert codes(decide(order(shipping=()), context(none), master)) == ["VALUE_EMPTY_NO_DEFAULT"]
    files = decide(order(line("FILE"), shipping=()), context(none), master)
    assert files.draft is not None
    assert files.draft.shipping_method is None


def test_cash_forces_self_pick_up() -> None:
    decision = judge(paying("bar"), payment_map={"bar": "cash"})
    assert decision.draft is not None
    assert decision.draft.shipping_method is not None
    assert decision.draft.shipping_method.code == "pickup"


def test_the_first_named_of_several_shipping_methods_counts() -> None:
    of = order(shipping=(charge("1.00", method=""), charge("2.00", method="local_pickup", ref="s2")))
    draft = judge(of).draft
    assert draft is not None
    assert (draft.shipping_value, draft.shipping_method and draft.shipping_method.code) == ("local_pickup", "pickup")


def test_a_project_must_be_chosen_and_exist() -> None:
    assert codes(judge(order(), default_project="")) == ["VALUE_EMPTY_NO_DEFAULT"]
    assert codes(judge(order(), default_project="GONE")) == ["MASTER_DATA_MISSING"]


@pytest.mark.parametrize(
    ("changes", "code", "missing"),
    [
        ({"first_name": "", "last_name": " "}, "CUSTOMER_NO_NAME", None),
        ({"street": "", "country": ""}, "CUSTOMER_ADDRESS_INCOMPLETE", "street, country"),
        ({"city": "  "}, "CUSTOMER_ADDRESS_INCOMPLETE", "city"),
        ({"country": "Deutschland"}, "CUSTOMER_ADDRESS_INCOMPLETE", "country"),
    ],
)
def test_a_customer_needs_a_name_and_an_address(changes: dict[str, str], code: str, missing: str | None) -> None:
    decision = judge(order(billing=ANNA.model_copy(update=changes)))
    assert code in codes(decision)
    assert decision.findings[0].params.get("missing") == missing


def test_a_company_is_a_name() -> None:
    company = ANNA.model_copy(update={"first_name": "", "last_name": "", "company": "Muster GmbH"})
    assert judge(order(billing=company, delivery=company)).outcome is Outcome.IMPORT


def test_an_order_without_billing_address_is_refused_with_one_finding() -> None:
    assert codes(judge(order(billing=Address(email="a@b.example")))) == ["NO_BILLING_ADDRESS"]


def test_a_half_delivery_address_is_refused() -> None:
    decision = judge(order(delivery=ANNA.model_copy(update={"street": ""})))
    assert [(f.code, f.params) for f in decision.findings] == [("DELIVERY_ADDRESS_INCOMPLETE", {"missing": "street"})]


def test_keys_ignore_case_and_spelling_of_streets() -> None:
    assert email_key(" Anna@Example.ORG ") == email_key("anna@example.org") == "anna@example.org"
    one = ANNA.model_copy(update={"street": "Hauptstraße 1"})
    other = ANNA.model_copy(update={"street": "HAUPTSTR.  1", "last_name": "weiss"})
    assert name_key(one) == name_key(other) != ""


def test_a_name_alone_is_no_key() -> None:
    assert name_key(Address(first_name="Anna", last_name="Weiß")) == ""
    assert name_key(Address(street="Hauptstr. 1", city="Hamburg", country="DE")) == ""


@pytest.mark.parametrize(
    "email", ["x1@marketplace.amazon.de", "u@members.ebay.com", "a@notification.mirakl.net", "no", ""]
)
def test_an_anonymous_address_is_no_key(email: str) -> None:
    assert email_key(email) == ""


def found(of: ChannelOrder, **changes: object) -> Decision:
    """Decide in a world that knows Erna by every criterion, and Olga of another project by the same name."""
    master, settings = world(of)
    key = name_key(ANNA)
    master = replace(
        master,
        customers_by_number={"K41": ERNA, "K42": OLGA},
        customers_by_email={"anna@example.org": (ERNA,)},
        customers_by_name={key: (OLGA, ERNA)},
    )
    return decide(of, context(settings.model_copy(update=changes)), master)


def customer(decision: Decision) -> DraftCustomer:
    assert decision.draft is not None, decision.findings
    return decision.draft.customer


NUMBER, EMAIL, NAME = MatchCriterion.CUSTOMER_NUMBER, MatchCriterion.EMAIL, MatchCriterion.NAME_AND_ADDRESS


def test_the_criteria_are_tried_in_their_fixed_order() -> None:
    of = order(customer_ref="K42")
    assert customer(found(of, match_criteria=frozenset({EMAIL, NUMBER, NAME}))).number == "K42"
    assert customer(found(of, match_criteria=frozenset({EMAIL, NAME}))).number == "K41"
    assert customer(found(of, match_criteria=frozenset({NAME}))).number == "K42"
    assert customer(found(of, match_criteria=frozenset())).id is None


def test_matching_stays_within_the_project_where_it_must() -> None:
    assert customer(found(order(), match_criteria=frozenset({NAME}), match_in_project=True)).number == "K41"


def test_guests_and_accounts_have_policies_of_their_own() -> None:
    changes = {"guest_mode": CustomerMode.CREATE, "customer_mode": CustomerMode.MATCH}
    assert customer(found(order(), **changes)).id is None
    assert customer(found(order(customer_ref="9"), **changes)).number == "K41"


def test_always_create_shares_no_customer_even_within_a_page() -> None:
    assert customer(found(order(), guest_mode=CustomerMode.CREATE)).match == ()


def test_all_to_the_default_customer() -> None:
    assert customer(found(order(), guest_mode=CustomerMode.DEFAULT_CUSTOMER, default_customer="K42")).number == "K42"
    assert codes(found(order(), guest_mode=CustomerMode.DEFAULT_CUSTOMER)) == ["VALUE_EMPTY_NO_DEFAULT"]
    gone = found(order(), guest_mode=CustomerMode.DEFAULT_CUSTOMER, default_customer="K99")
    assert codes(gone) == ["MASTER_DATA_MISSING"]


def test_no_match_is_refused_created_or_given_to_the_default() -> None:
    of = order(billing=ANNA.model_copy(update={"email": "new@example.org"}))
    assert codes(found(of, no_match=NoMatch.REJECT)) == ["CUSTOMER_NOT_FOUND"]
    assert customer(found(of, no_match=NoMatch.CREATE)).email == "new@example.org"
    assert customer(found(of, no_match=NoMatch.DEFAULT_CUSTOMER, default_customer="K42")).number == "K42"
