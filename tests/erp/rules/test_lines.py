"""Lines: articles, quantities, discounts, shipping and fees."""

from dataclasses import replace
from decimal import Decimal as D

from canonical.settings import AdvancedSettings
from erp.rules import ArticleInfo, OrderDraft, Outcome, ProjectInfo, decide
from tests.erp.order_kit import charge, code, codes, context, discounted, judge, line, order, stated, world


def drafted(decision: object) -> OrderDraft:
    draft = getattr(decision, "draft", None)
    assert draft is not None, decision
    return draft


def test_all_unknown_numbers_of_an_order_stand_in_one_finding() -> None:
    of = order(line("X-1"), line("X-2"), line("X-1", ref="again"))
    master, settings = world()
    decision = decide(of, context(settings), master)
    assert decision.findings[0].params == {"skus": "X-1, X-2"}
    assert decision.findings[0].waits_for == ("article:X-1", "article:X-2")


def test_a_number_of_spaces_is_no_number() -> None:
    assert codes(judge(order(line("   ")))) == ["PRODUCT_WITHOUT_SKU"]


def test_blanks_around_a_number_make_it_another_number() -> None:
    master, settings = world(order(line("A-1")))
    assert codes(decide(order(line("A-1 ")), context(settings), master)) == ["PRODUCT_UNKNOWN"]


def test_a_locked_article_is_refused_and_waited_for() -> None:
    of = order(line("A-1"))
    master, settings = world(of)
    locked = dict(master.articles_by_sku) | {"A-1": replace(master.articles_by_sku["A-1"], is_usable=False)}
    decision = decide(of, context(settings), replace(master, articles_by_sku=locked))
    assert codes(decision) == ["ARTICLE_LOCKED"]
    assert decision.findings[0].waits_for == ("article:A-1",)


def test_foreign_numbers_come_first_and_own_numbers_are_noted() -> None:
    of = order(line("A-1"), line("A-2"))
    master, settings = world(of)
    master = replace(master, articles_by_foreign_number={"A-1": ArticleInfo(500, "OURS")})
    on = AdvancedSettings(foreign_numbers=True, foreign_number_label="Woo")
    decision = decide(of, context(settings, on), master)
    draft = drafted(decision)
    assert [item.article.number for item in draft.lines[:2] if item.article] == ["OURS", "A-2"]
    assert [(f.code, f.params) for f in decision.findings] == [("OWN_NUMBER_USED", {"skus": "A-2"})]
    off = drafted(decide(of, context(settings), master))
    assert [item.article.number for item in off.lines[:2] if item.article] == ["A-1", "A-2"]


def test_a_quantity_must_be_positive_and_whole_unless_the_article_allows_parts() -> None:
    assert codes(judge(order(line(quantity="0")))) == ["QUANTITY_INVALID"]
    assert codes(judge(order(line(quantity="-1")))) == ["QUANTITY_INVALID"]
    assert codes(judge(order(line(quantity="1.5")))) == ["QUANTITY_INVALID"]
    assert codes(judge(order(line("METRE", quantity="0.00001")))) == ["QUANTITY_INVALID"]
    assert judge(order(line(quantity="2.0"))).outcome is Outcome.IMPORT
    master, settings = world()
    metres = order(line("METRE", quantity="1.5"))
    assert drafted(decide(metres, context(settings), master)).lines[0].quantity == D("1.5")


def test_two_hundred_lines_and_emoji_are_an_ordinary_order() -> None:
    of = order(*(line(f"S-{n}", ref=str(n), title="Tasse 🫖 „Größe“") for n in range(200)))
    draft = drafted(judge(of))
    assert len(draft.lines) == 201
    assert draft.lines[0].title == "Tasse 🫖 „Größe“"


def test_an_endless_title_is_cut_visibly_and_a_nul_is_dropped() -> None:
    draft = drafted(judge(order(line(title="a\x00b" + "x" * 900))))
    assert draft.lines[0].title.startswith("abx")
    assert draft.lines[0].title.endswith("…")
    assert len(draft.lines[0].title) == 500


def test_a_discount_is_one_negative_line_per_rate_with_the_exact_sums() -> None:
    of = order(
        discounted("A-1", "34.56", "7", "3.46"),
        discounted("A-2", "13.99", "19", "1.39"),
        discounted("A-3", "10.00", "19", "1.00"),
        discounts=(code("WELCOME10", "5.85"),),
    )
    lines = [item for item in drafted(judge(of)).lines if item.kind == "discount"]
    assert [(item.title, item.tax_rate, item.net, item.article and item.article.number) for item in lines] == [
        ("WELCOME10", D(7), D("-3.46"), "RABATT"),
        ("WELCOME10", D(19), D("-2.39"), "RABATT"),
    ]
    assert sum(item.tax for item in lines) == -sum(item.discount_tax for item in of.lines)


def test_several_codes_share_each_rate_in_proportion_and_the_last_takes_the_cent() -> None:
    of = order(
        discounted("A-1", "100.00", "19", "10.00"),
        discounts=(code("ONE", "3.33"), code("TWO", "3.33"), code("THREE", "3.34")),
    )
    lines = [item for item in drafted(judge(of)).lines if item.kind == "discount"]
    assert [item.title for item in lines] == ["ONE", "TWO", "THREE"]
    assert [item.net for item in lines] == [D("-3.33"), D("-3.33"), D("-3.34")]
    assert sum(item.tax for item in lines) == D("-1.90")


def test_a_discount_without_a_code_is_named_in_the_orders_language() -> None:
    german, english = (
        order(discounted("A-1", "10.00", "19", "1.00")),
        order(discounted("A-1", "10.00", "19", "1.00"), language="en"),
    )
    assert drafted(judge(german)).lines[1].title == "Rabatt"
    assert drafted(judge(english)).lines[1].title == "Discount"


def test_what_no_code_explains_is_a_discount_of_its_own() -> None:
    of = order(discounted("A-1", "100.00", "19", "14.00"), discounts=(code("FOUR", "4.00"),))
    lines = [item for item in drafted(judge(of)).lines if item.kind == "discount"]
    assert [(item.title, item.net) for item in lines] == [("FOUR", D("-4.00")), ("Rabatt", D("-10.00"))]


def test_a_code_without_an_amount_makes_no_line() -> None:
    assert [item.kind for item in drafted(judge(order(discounts=(code("ZERO", "0", "0"),)))).lines] == [
        "article",
        "shipping",
    ]


def test_the_discount_article_must_carry_its_flag() -> None:
    of = order(discounted("A-1", "10.00", "19", "1.00"))
    assert codes(judge(of, discount_article="PORTO")) == ["DISCOUNT_ARTICLE_INVALID"]
    assert judge(order(), discount_article="PORTO").outcome is Outcome.IMPORT


def test_the_postage_article_must_carry_its_flag() -> None:
    assert codes(judge(order(), shipping_article="RABATT")) == ["POSTAGE_ARTICLE_INVALID"]


def test_a_negative_fee_is_a_discount_and_a_positive_one_a_surcharge() -> None:
    of = order(fees=(charge("5.00", title="COD"), charge("-2.00", title="Skonto", ref="f2")))
    lines = drafted(judge(of)).lines[2:]
    assert [(item.kind, item.title, item.net, item.article and item.article.number) for item in lines] == [
        ("surcharge", "COD", D("5.00"), "ZUSCHLAG"),
        ("discount", "Skonto", D("-2.00"), "RABATT"),
    ]


def test_fees_without_a_usable_surcharge_article_are_refused_by_name() -> None:
    of = order(line("A-1"), fees=(charge("5.00", title="COD"),))
    for article in ("", "NOBODY", "A-1"):
        decision = judge(of, surcharge_article=article)
        assert codes(decision) == ["SURCHARGE_ARTICLE_MISSING"], article
        assert decision.findings[0].params == {"names": "COD"}


def test_free_shipping_is_a_line_of_zero_only_where_the_project_asks_for_it() -> None:
    of = order(shipping=(charge("0.00", title="Free", method="free_shipping"),))
    master, settings = world(of)
    assert [item.kind for item in drafted(decide(of, context(settings), master)).lines] == ["article"]
    always = replace(master, projects={"SHOP": ProjectInfo(1, "SHOP", always_postage_line=True)})
    assert [
        (item.kind, item.title, item.gross) for item in drafted(decide(of, context(settings), always)).lines[1:]
    ] == [("shipping", "Free", D("0.00"))]
    bare = of.model_copy(update={"shipping": ()})
    bare = bare.model_copy(update={"stated": stated(bare)})
    assert [item.title for item in drafted(decide(bare, context(settings), always)).lines] == ["Article A-1", "Versand"]
