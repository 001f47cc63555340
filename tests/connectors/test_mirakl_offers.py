"""Offers of a Mirakl marketplace: stock, prices and new offers go out as files, outcomes come back by ticket."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import connectors
from canonical.catalogue import (
    ArticlePrices,
    InitialFile,
    NewOffer,
    PriceTier,
)
from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.push import Outcome, PushAnswer, PushResult, StockLevel
from connectors.mirakl import SPEC
from connectors.mirakl.tables import read_table
from connectors.mirakl.tickets import Entry, Ticket
from connectors.protocol import MakesInitialFiles
from tests.connectors.test_mirakl_support import Market, answer, market

__all__ = ["market"]


def level(sku: str, quantity: int = 7) -> StockLevel:
    return StockLevel(key=f"A-{sku.strip()}", sku=sku, quantity=quantity)


def prices(sku: str = "MUG", amount: str = "11.90", *tiers: PriceTier, **base: Any) -> ArticlePrices:
    tier = PriceTier(amount=Decimal(amount), **base)
    return ArticlePrices(key=f"A-{sku}", sku=sku, base=tier, tiers=tiers, tax_rate=Decimal(19))


def tier(amount: str, **fields: Any) -> PriceTier:
    return PriceTier(amount=Decimal(amount), **fields)


def outcomes(found: PushAnswer) -> dict[str, str]:
    return {entry.key: entry.failure.code if entry.failure else entry.outcome.value for entry in found.results}


def offer(number: int, **fields: Any) -> dict[str, Any]:
    known = {
        "shop_sku": f"S{number}",
        "product_title": f"Becher {number}",
        "price": 11.9,
        "quantity": 3,
        "active": True,
        "currency_iso_code": "EUR",
    }
    return known | {"product_references": [{"reference_type": "EAN", "reference": "4006381333931"}]} | fields


def status(state: str = "COMPLETE", *, errors: int = 0, **more: Any) -> dict[str, Any]:
    return {"status": state, "lines_in_error": errors, "has_error_report": errors > 0, **more}


# --- stock -----------------------------------------------------------------------------------------------------------


@pytest.mark.proves("mirakl", "stock")
def test_stock_goes_out_as_a_file_and_comes_back_per_article(market: Market) -> None:
    report = b'"Line";"Reason";"offer-sku";"quantity"\n"3";"Unknown offer";"NO";"7"\n'
    market.answers(
        answer({"import_id": "i-1"}, 201), answer(status("RUNNING")), answer(status(errors=1)), answer(report)
    )
    market.server.answers[4:4] = [answer({"offers": [], "total_count": 0})]
    connector = market.connect()
    sent = connector.send_stock([level("MUG"), level("NO"), level('A"B;C')])
    assert sent.results == () and sent.ticket and sent.ask_again_after >= 15
    assert market.requests[0].table() == [
        {"offer-sku": sku, "quantity": "7", "warehouse-code": "", "update-delete": ""} for sku in ("MUG", "NO", 'A"B;C')
    ]
    waiting = connector.check_ticket(sent.ticket)
    assert (waiting.results, waiting.ticket) == ((), sent.ticket)
    done = connector.check_ticket(sent.ticket)
    assert outcomes(done) == {"A-MUG": "accepted", "A-NO": "NOT_IN_SHOP", 'A-A"B;C': "accepted"}
    assert done.results[0].ref == "MUG" and not done.ticket
    assert market.calls == ["STO01", "STO02", "STO02", "STO03", "OF21"]


def test_levels_without_a_number_are_refused_at_once(market: Market) -> None:
    market.answers(answer({"import_id": "i-1"}, 201))
    sent = market.connect().send_stock([level("  "), level("MUG")])
    assert [entry.key for entry in Ticket.parse(sent.ticket).sent] == ["A-MUG"]
    market.answers(answer(status()))
    assert outcomes(market.connect().check_ticket(sent.ticket)) == {"A-": "NOT_IN_SHOP", "A-MUG": "accepted"}
    assert outcomes(market.connect().send_stock([level("")])) == {"A-": "NOT_IN_SHOP"} and len(market.requests) == 2


def test_an_instance_without_stock_imports_gets_a_partial_update(market: Market) -> None:
    report = b'"sku";"quantity";"update-delete";"error-line";"error-message"\n"NO";"7";"update";"2";"Unknown"\n'
    done = status(errors=1, import_id=77)
    market.answers(answer({"message": "no"}, 404), answer({"import_id": 77}, 201), answer(done), answer(report))
    connector = market.connect()
    sent = connector.send_stock([level("MUG"), level("NO")])
    assert market.requests[1].parts()["import_mode"][1] == b"PARTIAL_UPDATE"
    assert market.requests[1].table()[0] == {"sku": "MUG", "quantity": "7", "update-delete": "update"}
    assert outcomes(connector.check_ticket(sent.ticket)) == {"A-MUG": "accepted", "A-NO": "ITEM_REFUSED"}
    assert market.calls == ["STO01", "OF01", "OF02", "OF03"]


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (b"nonsense", "ITEM_REFUSED"),
        (b"", "ITEM_REFUSED"),
        (b'"a";"b"\n"1";"x"\n', "ITEM_REFUSED"),
        (b'"x";"y";"z"\n"2";"bad";"MUG"\n', "ITEM_REFUSED"),
        (b"line,reason,offer-sku\n2,bad,MUG\n", "ITEM_REFUSED"),
    ],
)
def test_what_an_unreadable_report_leaves_open_does_not_count_as_done(
    market: Market, report: bytes, expected: str
) -> None:
    market.answers(answer(status(errors=1)), answer(report))
    ticket = str(Ticket("STO01", "i", (Entry("A-MUG", "MUG"),)))
    assert outcomes(market.connect().check_ticket(ticket)) == {"A-MUG": expected}


def test_an_import_that_failed_refuses_all(market: Market) -> None:
    market.answers(answer(status("FAILED", reason_status="wrong header")))
    found = market.connect().check_ticket(str(Ticket("STO01", "i", (Entry("1", "1"), Entry("2", "2")))))
    assert outcomes(found) == {"1": "ITEM_REFUSED", "2": "ITEM_REFUSED"}
    assert found.results[0].failure is not None and found.results[0].failure.params["reason"] == "wrong header"


@pytest.mark.parametrize("operation", ["STO01", "PRI01", "OF01", "P41"])
def test_an_import_that_is_gone_refuses_all(market: Market, operation: str) -> None:
    market.answers(answer({"data": []}) if operation == "PRI01" else answer({"message": "unknown"}, 404))
    found = market.connect().check_ticket(str(Ticket(operation, "7", (Entry("1", "1"),), "2026-01-01T00:00:00+00:00")))
    assert outcomes(found) == {"1": "ITEM_REFUSED"} and not found.ticket


def test_a_ticket_is_short_and_keeps_every_key() -> None:
    entries = tuple(Entry(f"ART-{n:05}", f"ART-{n:05}" if n % 2 else f"K{n}") for n in range(5000))
    text = str(Ticket("STO01", "i-1", entries, "2026-03-01T00:00:00+00:00"))
    assert Ticket.parse(text).entries == entries and len(text) < 30 * 5000 / 2
    with pytest.raises(FailureError) as caught:
        Ticket.parse("kein Ticket")
    assert caught.value.failure.code == "UNCLASSIFIED"


def test_an_answer_without_an_import_id_confirms_nothing(market: Market) -> None:
    market.answers(answer({}, 201))
    with pytest.raises(FailureError) as caught:
        market.connect().send_stock([level("MUG")])
    assert (caught.value.failure.code, caught.value.failure.kind) == ("NOT_JSON", Kind.RETRY)


# --- prices ----------------------------------------------------------------------------------------------------------


@pytest.mark.proves("mirakl", "prices")
def test_prices_go_out_as_a_file_and_come_back_per_article(market: Market) -> None:
    report = b'"line";"error";"offer-sku";"price"\n"2";"Too low";"CUP";"1.00"\n'
    rows = {"data": [{"import_id": "other", "status": "FAILED"}, {"import_id": "p-1", **status(errors=1)}]}
    there = answer({"offers": [offer(1, shop_sku="CUP")], "total_count": 1})
    market.answers(answer({"importId": "p-1"}, 201), answer({"data": []}), answer(rows), answer(report), there)
    connector = market.connect()
    sent = connector.send_prices([prices(), prices("CUP", "1"), prices("  ")])
    assert market.requests[0].table()[0] == {
        "offer-sku": "MUG", "price": "11.90", "discount-price": "", "discount-start-date": "", "discount-end-date": "",
    }  # fmt: skip
    assert connector.check_ticket(sent.ticket).ticket == sent.ticket
    done = connector.check_ticket(sent.ticket)
    assert outcomes(done) == {"A-MUG": "accepted", "A-CUP": "ITEM_REFUSED", "A-  ": "NOT_IN_SHOP"}
    assert done.results[1].failure is not None and done.results[1].failure.params["reason"] == "Too low"
    assert market.calls == ["PRI01", "PRI02", "PRI02", "PRI03", "OF21"]


def sent_prices(market: Market, article: ArticlePrices, **settings: Any) -> list[dict[str, str]]:
    market.answers(answer({"import_id": "p-1"}, 201))
    market.connect(prices=settings).send_prices([article])
    return [{name: value for name, value in row.items() if value} for row in market.requests[-1].table()]


@pytest.mark.proves("mirakl", "pseudo_price")
def test_a_pseudo_price_becomes_the_price_and_the_sales_price_its_discount(market: Market) -> None:
    article = prices(pseudo_amount=Decimal("14.90"), valid_from=date(2026, 3, 1), valid_to=date(2026, 3, 31))
    assert sent_prices(market, article, send_pseudo_price=True) == [
        {
            "offer-sku": "MUG",
            "price": "14.90",
            "discount-price": "11.90",
            "discount-start-date": "2026-03-01",
            "discount-end-date": "2026-03-31",
        }
    ]
    assert sent_prices(market, article) == [{"offer-sku": "MUG", "price": "11.90"}]
    lower = prices(pseudo_amount=Decimal("9.90"))
    assert sent_prices(market, lower, send_pseudo_price=True) == [{"offer-sku": "MUG", "price": "11.90"}]


@pytest.mark.proves("mirakl", "group_prices")
def test_every_price_of_an_offer_is_sent_because_the_others_are_deleted(market: Market) -> None:
    article = prices(
        "MUG",
        "11.90",
        tier("9.90", from_quantity=Decimal(10)),
        tier("10.90", from_quantity=Decimal(5)),
        tier("8.90", group="Händler"),
        tier("7.90", valid_from=date(2026, 3, 1), valid_to=date(2026, 3, 2)),
    )
    assert sent_prices(market, article, group_map={"Händler": "B2B"}) == [
        {"offer-sku": "MUG", "price": "11.90", "price-ranges": "1|11.90,5|10.90,10|9.90"},
        {"offer-sku": "MUG", "price": "8.90", "customer-group-ids": "B2B"},
        {"offer-sku": "MUG", "price": "7.90", "start-date": "2026-03-01", "end-date": "2026-03-02"},
    ]


def test_a_group_without_a_counterpart_refuses_the_article_alone(market: Market) -> None:
    market.answers(answer({"import_id": "p-1"}, 201))
    sent = market.connect().send_prices([prices("MUG", "1", tier("2", group="Händler")), prices("CUP")])
    assert Ticket.parse(sent.ticket).entries[0].known == PushResult(
        key="A-MUG", outcome=Outcome.REJECTED, failure=Failure.of("NO_GROUP_MAP", group="Händler")
    ) and [row["offer-sku"] for row in market.requests[0].table()] == ["CUP"]


def test_net_and_gross_follow_the_settings(market: Market) -> None:
    assert sent_prices(market, prices(amount="10", is_gross=False))[0]["price"] == "11.90"
    assert sent_prices(market, prices(amount="11.90"), prices_net=True)[0]["price"] == "10.00"
    assert sent_prices(market, prices(amount="10", is_gross=False), prices_net=True)[0]["price"] == "10.00"


def test_too_many_prices_of_one_offer_are_refused_here(market: Market) -> None:
    tiers = [tier("1", valid_from=date(2026, 1, 1), valid_to=date.fromordinal(740000 + n)) for n in range(50)]
    assert outcomes(market.connect().send_prices([prices("MUG", "2", *tiers)])) == {"A-MUG": "FIELD_INVALID"}


# --- new offers ------------------------------------------------------------------------------------------------------


def new_offer(sku: str = "MUG", *tiers: PriceTier, **fields: Any) -> NewOffer:
    known: dict[str, Any] = {"gtin": "4006381333931", "product_number": "MP-7", "quantity": 3}
    return NewOffer(prices=prices(sku, "11.9", *tiers, **fields.pop("base", {})), **known | fields)


def initial(offers: list[NewOffer], **settings: dict[str, Any]) -> InitialFile:
    """The initial file of offers, as a reader makes it: without a network."""
    features = SPEC.features
    chosen = {Feature(name): features[Feature(name)].settings(**values) for name, values in settings.items()}
    made = connectors.reader("mirakl")
    assert isinstance(made, MakesInitialFiles)
    return made.initial_offer_file(chosen, iter(offers))


def refused_at_once(market: Market, offers: list[NewOffer], **settings: Any) -> dict[str, str]:
    """The results of what could not even be handed over."""
    return outcomes(market.connect(**settings).create_offers(offers))


@pytest.mark.parametrize(
    ("match", "kind", "product"), [("gtin", "EAN", "4006381333931"), ("marketplace_number", "SKU", "MP-7")]
)
def test_new_offers_find_their_product_as_the_settings_say(market: Market, match: str, kind: str, product: str) -> None:
    market.answers(answer({"import_id": 5}, 201))
    connector = market.connect(stock={"offer_match": match, "new_offer_state": "1"})
    connector.create_offers([new_offer()])
    row = {"sku": "MUG", "product-id": product, "product-id-type": kind, "price": "11.90", "quantity": "3"}
    assert market.requests[0].table() == [row | {"state": "1", "update-delete": "update"}]
    found = initial([new_offer()], stock={"offer_match": match, "new_offer_state": "1"})
    assert (read_table(found.content), found.count) == (market.requests[0].table(), 1)
    assert market.requests[0].parts()["import_mode"][1] == b"NORMAL"


def test_a_new_offer_says_what_it_lacks_and_the_others_are_created(market: Market) -> None:
    nothing = {"gtin": " ", "product_number": ""}
    assert refused_at_once(market, [new_offer(**nothing)]) == {"A-MUG": "OFFER_EAN_MISSING"}
    by_number = {"stock": {"offer_match": "marketplace_number"}}
    assert refused_at_once(market, [new_offer(**nothing)], **by_number) == {"A-MUG": "OFFER_NUMBER_MISSING"}
    assert refused_at_once(market, [new_offer("  ")]) == {"A-  ": "NOT_IN_SHOP"}
    unmapped = new_offer("MUG", tier("2", group="Händler"))
    assert refused_at_once(market, [unmapped]) == {"A-MUG": "NO_GROUP_MAP"}
    market.answers(answer({"import_id": 5}, 201))
    sent = market.connect().create_offers([new_offer(**nothing), new_offer("CUP")])
    assert [entry.key for entry in Ticket.parse(sent.ticket).sent] == ["A-CUP"]
    found = initial([new_offer(**nothing), new_offer("  "), new_offer("CUP")])
    assert [row["sku"] for row in read_table(found.content)] == ["CUP"]
    assert {key: failure.code for key, failure in found.left_out} == {
        "A-MUG": "OFFER_EAN_MISSING",
        "A-  ": "SKU_MISSING",
    }


def test_without_a_condition_for_new_offers_none_is_created(market: Market) -> None:
    assert refused_at_once(market, [new_offer()], stock={"new_offer_state": ""}) == {"A-MUG": "NOT_IN_SHOP"}
    assert market.requests == []
    with pytest.raises(FailureError, match="SETTINGS_INCOMPLETE"):
        initial([new_offer()], stock={"new_offer_state": ""})


def test_a_new_offers_price_follows_the_price_settings() -> None:
    net = new_offer(base={"is_gross": False, "pseudo_amount": Decimal("14.9")})
    assert read_table(initial([net], prices={"prices_net": True}).content)[0]["price"] == "11.90"
    (row,) = read_table(initial([net], prices={"send_pseudo_price": True}).content)
    assert (row["price"], row["discount-price"]) == ("17.73", "14.16"), "gross, by the rate of the settings"


def test_a_marketplace_without_any_offer_is_asked_once_and_not_for_each(market: Market) -> None:
    skus = [f"S{number}" for number in range(300)]
    rows = "".join(f'"{number}";"Unknown";"{sku}"\n' for number, sku in enumerate(skus))
    nothing = answer({"offers": [], "total_count": 0})
    market.answers(answer(status(errors=300)), answer(f'"line";"error";"offer-sku"\n{rows}'.encode()), nothing)
    ticket = str(Ticket("STO01", "i", tuple(Entry(sku, sku) for sku in skus)))
    assert set(outcomes(market.connect().check_ticket(ticket)).values()) == {"NOT_IN_SHOP"}
    assert market.calls == ["STO02", "STO03", "OF21"]


def test_offers_that_are_there_are_found_by_pages_where_that_is_fewer_calls(market: Market) -> None:
    skus = [f"S{number}" for number in range(4)]
    rows = "".join(f'"{number}";"Refused";"{sku}"\n' for number, sku in enumerate(skus))
    there = (range(100, 200), [2])
    pages = [answer({"offers": [offer(number) for number in page], "total_count": 101}) for page in there]
    market.answers(answer(status(errors=4)), answer(f'"line";"error";"offer-sku"\n{rows}'.encode()), *pages)
    ticket = str(Ticket("STO01", "i", tuple(Entry(sku, sku) for sku in skus)))
    found = outcomes(market.connect().check_ticket(ticket))
    assert [sku for sku, code in found.items() if code == "ITEM_REFUSED"] == ["S2"]
    assert market.calls == ["STO02", "STO03", "OF21", "OF21"]


def test_where_offers_cannot_be_looked_at_none_counts_as_absent(market: Market) -> None:
    report = b'"line";"error";"offer-sku"\n"2";"Unknown";"S1"\n"3";"Unknown";"S2"\n'
    market.answers(answer(status(errors=2)), answer(report), answer({"message": "later"}, 503))
    ticket = str(Ticket("STO01", "i", (Entry("S1", "S1"), Entry("S2", "S2"))))
    assert set(outcomes(market.connect().check_ticket(ticket)).values()) == {"ITEM_REFUSED"}
