"""Orders whose channel states gross prices and no tax: the tax comes from the article and the place of delivery."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from typing import Any

from canonical.order import ChannelOrder, Charge, LineKind, OrderLine
from canonical.settings import OrderSettings, ShippingTax
from erp.rules import BookedLine, BookedOrder, Decision, OrderDraft, OssInfo, Outcome, decide
from erp.rules.amounts import Amounts, LineAmounts
from erp.rules.changes import changed_parts
from erp.rules.own_tax import at_rates
from tests.erp.order_kit import ANNA, NOW, codes, context, line, order, world

NORMAL, REDUCED = (None, D(19)), (None, D(7))
RATES = {
    ("DE", "normal"): (NORMAL,),
    ("DE", "reduced"): (REDUCED,),
    ("AT", "normal"): ((None, D(20)),),
    ("AT", "reduced"): ((None, D(10)), (None, D(13))),
    ("DK", "normal"): ((None, D(25)),),
}


def untaxed(sku: str = "A-1", gross: str = "11.90", **values: Any) -> OrderLine:
    """A line of which the channel says only what the buyer pays."""
    return line(sku, gross, None, **values)


def shipped(gross: str) -> Charge:
    return Charge(ref="s1", title="DHL", method="flat_rate", net=D(gross), tax=D(0), tax_rate=None)


def left(*lines: OrderLine, country: str = "DE", **values: Any) -> ChannelOrder:
    """An order that leaves the tax to the seller."""
    place = ANNA.model_copy(update={"country": country, "phone": "1"})
    given = {"billing": place, "delivery": place, "shipping": (), "is_tax_left_to_seller": True}
    return order(*(lines or (untaxed(),)), **(given | values))


def judged(
    of: ChannelOrder, *, reduced: tuple[str, ...] = (), master: dict[str, Any] | None = None, **changes: Any
) -> Decision:
    """Decide with a table of rates; `reduced` are the articles of that category."""
    known, settings = world(of)
    articles = {
        sku: replace(article, tax_category="reduced") if sku in reduced else article
        for sku, article in known.articles_by_sku.items()
    }
    given: dict[str, Any] = {"articles_by_sku": articles, "category_rates": RATES} | (master or {})
    return decide(of, context(settings.model_copy(update=changes)), replace(known, **given))


def drafted(decision: Decision) -> OrderDraft:
    assert decision.draft is not None, decision.findings
    return decision.draft


def amounts(draft: OrderDraft) -> list[tuple[str, D, D, D]]:
    return [(item.kind, item.net, item.tax, item.tax_rate) for item in draft.lines]


def test_the_tax_is_taken_out_of_the_gross_price_at_the_articles_rate() -> None:
    decision = judged(left(untaxed("A-1", "11.90"), untaxed("A-2", "10.70")), reduced=("A-2",))
    assert amounts(drafted(decision)) == [("article", D(10), D("1.90"), 19), ("article", D(10), D("0.70"), 7)]
    assert [(each.code, each.params) for each in decision.findings] == [
        ("TAX_FROM_ARTICLE", {"rates": "7 %, 19 %", "country": "DE"})
    ]
    draft = drafted(decision)
    assert (draft.total, draft.total_tax, draft.tax_kind, draft.holds) == (D("22.60"), D("2.60"), "domestic", ())
    assert draft.autoship and draft.prices_include_tax


def test_a_discount_bears_the_tax_of_its_line_and_the_total_stays_to_the_cent() -> None:
    of = left(untaxed(gross="35.70", quantity="3", discount_net=D("5.70")))
    draft = drafted(judged(of))
    assert (draft.total, draft.total_tax) == (D("30.00"), D("4.79"))
    assert [(item.kind, item.net, item.tax) for item in draft.lines] == [
        ("article", D(30), D("5.70")),
        ("discount", D("-4.79"), D("-0.91")),
    ]


def test_postage_and_fees_bear_the_highest_rate_of_the_goods_or_what_the_settings_say() -> None:
    fee = shipped("1.19").model_copy(update={"ref": "f1", "title": "Eco", "method": ""})
    of = left(untaxed("A-1", "11.90"), untaxed("A-2", "107.00"), shipping=(shipped("4.76"),), fees=(fee,))
    draft = drafted(judged(of, reduced=("A-2",)))
    assert [(item.kind, item.tax) for item in draft.lines if item.kind in ("shipping", "surcharge")] == [
        ("shipping", D("0.76")),
        ("surcharge", D("0.19")),
    ]
    share = drafted(judged(of, reduced=("A-2",), shipping_tax=ShippingTax.LARGEST_SHARE))
    assert [(item.tax, item.tax_rate) for item in share.lines if item.kind == "shipping"] == [(D("0.31"), 7)]
    assert draft.total == share.total == D("124.85")


def test_the_country_of_delivery_decides_unless_the_origin_still_does() -> None:
    abroad = left(untaxed(gross="12.00"), country="AT")
    assert (drafted(judged(abroad)).total_tax, drafted(judged(abroad)).tax_country) == (D("2.00"), "AT")
    origin = drafted(judged(abroad, tax_at_origin=True))
    assert (origin.total_tax, origin.tax_kind, origin.tax_country) == (D("1.92"), "eu_origin", "DE")
    crossed = {"oss": OssInfo(applies_from=date(2026, 1, 1))}
    assert drafted(judged(abroad, tax_at_origin=True, master=crossed)).tax_country == "AT"


def test_an_export_and_a_business_abroad_stay_without_tax() -> None:
    export = judged(left(country="CH"))
    assert (drafted(export).total_tax, drafted(export).tax_kind, codes(export)) == (0, "export", [])
    buyer = ANNA.model_copy(update={"country": "AT", "vat_id": "ATU13585627"})
    business = drafted(judged(left(billing=buyer, delivery=buyer)))
    assert (business.total_tax, business.tax_kind) == (0, "reverse_charge")


def test_an_articles_own_rate_in_the_country_beats_the_table() -> None:
    of = left(untaxed(gross="113.00"), country="AT")
    article = world(of)[0].articles_by_sku["A-1"]
    own = judged(of, master={"article_rates": {(article.id, "AT"): D(13)}}, reduced=("A-1",))
    assert (drafted(own).total_tax, codes(own)) == (D("13.00"), ["TAX_FROM_ARTICLE"])


def test_of_several_reduced_rates_none_is_guessed() -> None:
    decision = judged(left(untaxed("A-1"), untaxed("A-2", "5.00"), country="AT"), reduced=("A-2",))
    missing = [each.params["line"] for each in decision.findings if each.code == "TAX_MISSING"]
    assert (decision.outcome, missing) == (Outcome.REJECT, ["Article A-2"])


def test_a_country_without_a_reduced_rate_taxes_everything_at_its_normal_one() -> None:
    draft = drafted(judged(left(untaxed(gross="12.50"), country="DK"), reduced=("A-1",)))
    assert (draft.total_tax, draft.lines[0].tax_rate) == (D("2.50"), 25)


def test_the_rate_of_the_day_of_the_order_counts() -> None:
    since = NOW - timedelta(days=1)
    table = {("DE", "normal"): (NORMAL, (since, D(16)))}
    new = left(untaxed(gross="11.60"))
    assert drafted(judged(new, master={"category_rates": table})).total_tax == D("1.60")
    old = left(ordered_at=since - timedelta(days=1))
    assert drafted(judged(old, master={"category_rates": table})).total_tax == D("1.90")
    assert drafted(judged(left(ordered_at=datetime(2026, 1, 1, tzinfo=UTC)))).total_tax == D("1.90")


def test_gift_cards_and_exempt_articles_bear_none() -> None:
    card = untaxed("A-1", "50.00", kind=LineKind.GIFT_CARD)
    known = world(left(card))[0].articles_by_sku
    articles = {"articles_by_sku": dict(known) | {"A-1": replace(known["A-1"], is_stock_article=False)}}
    assert drafted(judged(left(card, untaxed("EXEMPT", "3.00")), master=articles)).total_tax == 0
    sold = replace(known["A-1"], is_stock_article=False, is_gift_card=True)
    by_article = {"articles_by_sku": dict(known) | {"A-1": sold}}
    assert drafted(judged(left(untaxed("A-1", "50.00")), master=by_article)).total_tax == 0


def test_zero_percent_where_the_settings_say_so() -> None:
    decision = judged(left(), exempt_if_tax_missing=True)
    assert (drafted(decision).total_tax, codes(decision)) == (0, [])


def test_a_channel_that_states_tax_or_no_gross_prices_is_never_helped_out() -> None:
    decision = judged(left(is_tax_left_to_seller=False))
    assert (decision.outcome, codes(decision)) == (Outcome.REJECT, ["TAX_MISSING", "TAX_FREE_UNEXPLAINED"])


def test_an_unknown_article_is_all_that_is_wrong() -> None:
    of = left(untaxed("A-1"), untaxed("A-2"))
    known = {sku: article for sku, article in world(of)[0].articles_by_sku.items() if sku != "A-2"}
    assert "TAX_MISSING" not in codes(judged(of, master={"articles_by_sku": known}))


def test_what_the_lines_do_not_give_is_still_refused() -> None:
    of = left()
    stated = of.stated.model_copy(update={"total": of.stated.total + D("0.01")})
    assert "TOTAL_MISMATCH" in codes(judged(of.model_copy(update={"stated": stated})))


def test_a_currency_without_cents_is_taxed_in_whole_units() -> None:
    of = at_rates(left(untaxed(gross="1000.00"), currency="JPY"), {"l-A-1": D(19)})
    assert (of.lines[0].net, of.lines[0].tax) == (D(840), D(160))


# --- a newer version of a booked order -----------------------------------------------------------------------------------


def booked(of: ChannelOrder, decision: Decision) -> BookedOrder:
    """The order as booking stores it."""
    lines = drafted(decision).lines
    return BookedOrder(
        id=1,
        channel_total=of.stated.total,
        refunded=D(0),
        billing={name: value for name, value in vars(of.billing).items() if value},
        delivery={name: value for name, value in vars(of.delivery).items() if value},
        is_cancelled=False,
        is_shipped=False,
        lines=frozenset(
            BookedLine(each.line_ref, each.quantity, each.net, each.tax, (), at) for at, each in enumerate(lines)
        ),
        amounts=tuple(
            LineAmounts(at, each.kind, each.tax_rate, Amounts(each.quantity, each.net, each.tax, each.gross))
            for at, each in enumerate(lines)
        ),
    )


def test_the_same_prices_again_are_no_change_and_other_prices_are() -> None:
    of = left(untaxed("A-1", "11.90"), untaxed("A-2", "10.70"))
    here = booked(of, judged(of, reduced=("A-2",)))
    assert changed_parts(of, here, OrderSettings()) == []
    dearer = left(untaxed("A-1", "11.90"), untaxed("A-2", "10.80"))
    assert "lines" in changed_parts(dearer, here, OrderSettings())


def test_master_data_without_a_table_parks_the_order() -> None:
    assert "TAX_MISSING" in codes(judged(left(), master={"category_rates": {}}))
