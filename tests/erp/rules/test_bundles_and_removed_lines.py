"""Bundles, merged lines, what was taken out before the import, gift cards and personal texts (D§10.2)."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal as D

import pytest

from canonical.order import ChannelOrder, ChannelState, Fulfiller, LineKind, OrderLine, Property
from erp.rules import ArticleInfo, Decision, OrderDraft, Outcome, decide
from erp.rules.model import DraftLine
from tests.erp.order_kit import codes, context, discounted, judge, line, order, stated, stating, world

CUP, SAUCER = ArticleInfo(810, "CUP", "Cup"), ArticleInfo(811, "SAUCER", "Saucer")
SET = ArticleInfo(812, "SET", "Tea set", kind="jit", is_stock_article=False)
CHEST = ArticleInfo(813, "CHEST", "Chest", kind="jit", is_stock_article=False)
BOX = ArticleInfo(814, "BOX", "Box", kind="bundle")
CARD = ArticleInfo(815, "CARD", "Gift card", is_stock_article=False, is_gift_card=True, tax_category="exempt")
PARTS = {SET.id: ((CUP, D(2)), (SAUCER, D(1)))}


def draft_of(decision: Decision) -> OrderDraft:
    assert decision.draft is not None, decision.findings
    return decision.draft


def selling(
    of: ChannelOrder, components: Mapping[int, tuple[tuple[ArticleInfo, D], ...]] = PARTS, **changes: object
) -> Decision:
    """Decide in a world with tea sets."""
    master, settings = world(of)
    articles = {item.number: item for item in (CUP, SAUCER, SET, CHEST, BOX, CARD)}
    master = replace(master, articles_by_sku=dict(master.articles_by_sku) | articles, components=components)
    return decide(of, context(settings.model_copy(update=changes)), master)


def shown(lines: tuple[DraftLine, ...]) -> list[tuple[str, str, D, D, int | None]]:
    return [
        (item.kind, item.article.number if item.article else "–", item.quantity, item.gross, item.parent)
        for item in lines
        if item.kind in ("article", "component")
    ]


def part(sku: str, of: str, net: str = "0.00", **values: object) -> OrderLine:
    """A line that is a part of a bundle."""
    return line(sku, net, ref=f"p-{sku}", parent_ref=of, **values)


# --- bills of materials ---------------------------------------------------------------------------------------------


def test_a_just_in_time_bundle_keeps_its_price_and_its_components_are_booked_at_nothing() -> None:
    draft = draft_of(selling(order(line("A-1", "5.00"), line("SET", "30.00", quantity="3"), line("CUP", "4.00"))))
    assert shown(draft.lines) == [
        ("article", "A-1", D(1), D("5.95"), None),
        ("article", "SET", D(3), D("35.70"), None),
        ("component", "CUP", D(6), D(0), 1),
        ("component", "SAUCER", D(3), D(0), 1),
        ("article", "CUP", D(1), D("4.76"), None),
    ]
    assert draft.total == sum(item.gross for item in draft.lines)


def test_a_bundle_within_a_bundle_is_taken_apart_down_to_what_lies_in_stock() -> None:
    components = PARTS | {CHEST.id: ((SET, D(2)), (ArticleInfo(1, "RIBBON"), D("0.5")))}
    assert shown(draft_of(selling(order(line("CHEST")), components)).lines)[1:] == [
        ("component", "CUP", D(4), D(0), 0),
        ("component", "SAUCER", D(2), D(0), 0),
        ("component", "RIBBON", D("0.5"), D(0), 0),
    ]


def test_a_bundle_that_contains_itself_ends() -> None:
    components = {SET.id: ((CHEST, D(1)), (CUP, D(1))), CHEST.id: ((SET, D(1)),)}
    assert [row[1] for row in shown(draft_of(selling(order(line("SET")), components)).lines)] == ["SET", "CUP"]


def test_a_just_in_time_bundle_needs_components_that_can_be_sold() -> None:
    assert codes(selling(order(line("SET")), {})) == ["JIT_WITHOUT_COMPONENTS"]
    locked = {SET.id: ((replace(CUP, is_usable=False), D(1)),)}
    decision = selling(order(line("SET")), locked)
    assert (codes(decision), decision.findings[0].waits_for) == (["ARTICLE_LOCKED"], ("article:CUP",))


def test_a_just_in_time_bundle_alone_needs_a_shipping_method() -> None:
    assert codes(selling(order(line("SET"), shipping=()), default_shipping="")) == ["VALUE_EMPTY_NO_DEFAULT"]


def test_the_marketplace_cannot_ship_a_just_in_time_bundle() -> None:
    decision = selling(order(line("SET"), line("A-1"), fulfilled_by=Fulfiller.CHANNEL))
    assert codes(decision) == ["JIT_WITH_FBA"]
    assert decision.findings[0].params == {"skus": "SET"}


def test_a_bundle_with_stock_of_its_own_is_one_line() -> None:
    assert shown(draft_of(selling(order(line("BOX")), {BOX.id: ((CUP, D(2)),)})).lines) == [
        ("article", "BOX", D(1), D("11.90"), None)
    ]


# --- bundles of the shop --------------------------------------------------------------------------------------------


def test_a_single_part_replaces_the_shops_bundle() -> None:
    of = order(line("VIRTUAL", "20.00", ref="h"), part("CUP", "h", quantity="2"))
    [head] = shown(draft_of(selling(of)).lines)
    assert head == ("article", "CUP", D(2), D("23.80"), None)
    booked = draft_of(selling(of)).lines[0]
    assert (booked.line_ref, booked.line_refs) == ("h", ("h", "p-CUP"))


def test_the_price_stays_on_the_head_and_several_parts_stand_at_nothing() -> None:
    of = order(line("A-1", "20.00", ref="h"), part("CUP", "h"), line("A-2", "1.00"), part("SAUCER", "h"))
    assert shown(draft_of(selling(of)).lines) == [
        ("article", "A-1", D(1), D("23.80"), None),
        ("component", "CUP", D(1), D(0), 0),
        ("component", "SAUCER", D(1), D(0), 0),
        ("article", "A-2", D(1), D("1.19"), None),
    ]


def test_prices_of_the_parts_move_to_the_head() -> None:
    of = order(line("A-1", "0.00", ref="h"), part("CUP", "h", "15.00"), part("SAUCER", "h", "5.00"))
    assert [row[3] for row in shown(draft_of(selling(of)).lines)] == [D("23.80"), D(0), D(0)]


def test_prices_of_the_parts_that_repeat_the_heads_price_are_not_added_twice() -> None:
    head, parts = line("A-1", "20.00", ref="h"), (part("CUP", "h", "15.00"), part("SAUCER", "h", "5.00"))
    honest = order(head, *(item.model_copy(update={"net": D(0), "tax": D(0)}) for item in parts))
    of = order(head, *parts, stated=honest.stated)
    draft = draft_of(selling(of))
    assert [row[3] for row in shown(draft.lines)] == [D("23.80"), D(0), D(0)]
    assert codes(selling(stating(of, total=of.stated.total + 1))) == ["TOTAL_MISMATCH"]


def test_a_part_at_another_tax_rate_keeps_its_price() -> None:
    of = order(line("A-1", "20.00", ref="h"), part("CUP", "h", "5.00", rate="7"), part("SAUCER", "h"))
    assert [row[3] for row in shown(draft_of(selling(of)).lines)] == [D("23.80"), D("5.35"), D(0)]


def test_what_a_bundle_with_stock_of_its_own_contains_is_named_and_not_delivered() -> None:
    of = order(line("BOX", "20.00", ref="h"), part("UNKNOWN", "h"), part("CUP", "h"))
    assert [row[:2] for row in shown(draft_of(selling(of)).lines)] == [
        ("article", "BOX"), ("component", "–"), ("component", "–"),
    ]  # fmt: skip


def test_parts_that_the_shop_names_are_not_taken_apart_again() -> None:
    of = order(line("SET", "20.00", ref="h"), part("CUP", "h", quantity="5"), part("SAUCER", "h"))
    assert [row[1:3] for row in shown(draft_of(selling(of)).lines)] == [("SET", D(1)), ("CUP", D(5)), ("SAUCER", D(1))]


def test_a_part_whose_head_is_not_in_the_order_is_an_ordinary_line() -> None:
    assert shown(draft_of(selling(order(part("CUP", "gone", "5.00")))).lines) == [
        ("article", "CUP", D(1), D("5.95"), None)
    ]


# --- merged lines ---------------------------------------------------------------------------------------------------

PIECES = order(
    line(ref="1"), line("A-2", ref="2"), line(ref="3"), line(ref="4", net="9.00"), line(ref="5", quantity="2")
)


def test_single_pieces_of_one_article_at_one_price_become_one_line_with_all_ids() -> None:
    lines = draft_of(judge(PIECES, merge_lines=True)).lines[:-1]
    assert [(item.line_ref, item.line_refs, item.quantity, item.net) for item in lines] == [
        ("1", ("1", "3"), D(2), D("20.00")),
        ("2", (), D(1), D("10.00")),
        ("4", (), D(1), D("9.00")),
        ("5", (), D(2), D("10.00")),
    ]
    assert len(draft_of(judge(PIECES)).lines) == 6


def test_pieces_with_different_texts_or_rates_stay_apart() -> None:
    engraved = line(ref="2", properties=(Property(name="Engraving", value="Jo", is_personal=True),))
    of = order(line(ref="1"), engraved, line(ref="3", rate="7"))
    assert len(draft_of(judge(of, merge_lines=True)).lines) == 4


# --- what was taken out ---------------------------------------------------------------------------------------------


def test_a_removed_line_is_left_out_with_a_note() -> None:
    of = order(
        line("A-1", "10.00"),
        line("GONE", "5.00", quantity="2", removed=D(2)),
        payment=order().payment.model_copy(update={"paid_at": None}),
    )
    decision = judge(of)
    draft = draft_of(decision)
    assert [(finding.code, finding.params) for finding in decision.findings] == [
        ("LINES_REMOVED", {"lines": "2 × Article GONE"})
    ]
    assert shown(draft.lines) == [("article", "A-1", D(1), D("11.90"), None)]
    assert (draft.total, draft.channel_total, draft.autoship) == (of.stated.total - D("5.95"), of.stated.total, True)


def test_a_removed_line_with_an_unknown_number_stops_nothing() -> None:
    of = order(line("A-1"), line("NEVER-HEARD", removed=D(1)))
    master, settings = world(order())
    assert decide(of, context(settings), master).outcome is Outcome.IMPORT


def test_of_a_line_that_is_partly_removed_the_rest_is_imported_in_proportion_to_the_cent() -> None:
    of = order(discounted("A-1", "10.00", "19", "1.00", quantity="3", removed=D(1)), refunded=D("3.57"))
    draft = draft_of(judge(of))
    goods = draft.lines[0]
    assert (goods.quantity, goods.net, goods.tax) == (D(2), D("6.67"), D("1.27"))
    assert [(item.net, item.tax) for item in draft.lines if item.kind == "discount"] == [(D("-0.67"), D("-0.13"))]
    assert draft.total == of.stated.total - D("3.57")
    assert draft.holds == ()


def test_a_refund_that_what_was_removed_does_not_explain_waits_for_a_person() -> None:
    of = order(line("A-1"), line("A-2", "5.00", removed=D(1)), refunded=D("4.00"))
    decision = judge(of)
    assert codes(decision) == ["LINES_REMOVED", "REFUND_MISMATCH"]
    assert decision.findings[1].params == {"removed": "5.95", "refunded": "4.00"}
    assert draft_of(decision).holds == ("partly_refunded",)
    outstanding = judge(of.model_copy(update={"refunded": D(0)}))
    assert codes(outstanding) == ["LINES_REMOVED", "REFUND_MISMATCH"], "it is paid, and nothing went back yet"


def test_a_refund_in_part_that_names_no_lines_waits_for_a_person() -> None:
    decision = judge(order(refunded=D("3.00")))
    assert (codes(decision), draft_of(decision).holds) == (["PARTIALLY_REFUNDED"], ("partly_refunded",))


def test_an_order_of_which_nothing_is_left_is_skipped() -> None:
    of = order(line("A-1", quantity="2", removed=D(2)), line("A-2", removed=D(1)))
    decision = judge(of)
    assert (decision.outcome, codes(decision)) == (Outcome.SKIP, ["REFUNDED_BEFORE_IMPORT"])


def test_a_line_of_nothing_at_no_price_is_ignored_and_other_quantities_below_one_are_refused() -> None:
    empty = line("A-2", "0.00", quantity="0")
    assert len(draft_of(judge(order(line("A-1"), empty))).lines) == 2
    assert codes(judge(order(line("A-1", removed=D(-1))))) == ["QUANTITY_INVALID"]


def test_with_a_bundle_its_parts_are_removed() -> None:
    of = order(
        line("A-1", "20.00", ref="h", quantity="2", removed=D(1)), part("CUP", "h", quantity="4"), part("SAUCER", "h", quantity="2"),
    )  # fmt: skip
    assert [row[1:4] for row in shown(draft_of(selling(of)).lines)] == [
        ("A-1", D(1), D("11.90")), ("CUP", D(2), D(0)), ("SAUCER", D(1), D(0)),
    ]  # fmt: skip


# --- gift cards, free gifts, personal texts -------------------------------------------------------------------------


def test_a_sold_gift_card_is_untaxed_and_needs_no_stock() -> None:
    of = order(line("CARD", "50.00", "0"), shipping=())
    decision = selling(of)
    assert (codes(decision), draft_of(decision).holds, draft_of(decision).autoship) == ([], (), True)
    assert draft_of(decision).lines[0].article == CARD


def test_a_gift_card_sold_with_tax_waits_for_a_person() -> None:
    for of in (order(line("CARD", "50.00")), order(line("FILE", "50.00", kind=LineKind.GIFT_CARD))):
        decision = selling(of)
        assert codes(decision) == ["GIFT_CARD_TAXED"]
        assert draft_of(decision).holds == ("gift_card_taxed",)


def test_a_gift_card_is_no_stock_article() -> None:
    of = order(line("A-1", "50.00", "0", kind=LineKind.GIFT_CARD), line("A-2"))
    assert codes(selling(of)) == ["GIFT_CARD_STOCKED"]


def test_a_free_gift_is_a_line_of_nothing() -> None:
    draft = draft_of(judge(order(line("A-1"), line("A-2", "0.00"))))
    assert shown(draft.lines)[1] == ("article", "A-2", D(1), D("0.00"), None)


def test_a_personalised_line_keeps_its_text_and_stops_auto_ship_unless_switched_off() -> None:
    words = Property(name="Engraving", value="For Jo", is_personal=True)
    of = order(line(properties=(words,)))
    decision = judge(of)
    assert (codes(decision), draft_of(decision).autoship) == (["PERSONALISED"], False)
    assert draft_of(decision).lines[0].properties == (("Engraving", "For Jo"),)
    assert judge(of, personalised_stops_autoship=False).findings == ()
    option = order(line(properties=(Property(name="Size", value="M"),)))
    assert judge(option).findings == (), "a variant's option is nothing personal"


# --- who ships ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [{"fulfilled_by": Fulfiller.CHANNEL}, {"is_pos": True}])
def test_what_the_channel_ships_or_the_buyer_took_along_is_imported_when_it_is_done_and_reserves_nothing(
    values: dict[str, object],
) -> None:
    of = order(state=ChannelState.SHIPPED, channel_state="completed", shipping=(), **values)
    of = of.model_copy(update={"stated": stated(of)})
    decision = judge(of, default_shipping="")
    draft = draft_of(decision)
    assert (codes(decision), draft.holds, draft.reserves_stock) == ([], (), False)
    assert (draft.fulfilled_by, draft.is_pos) == (of.fulfilled_by.value, of.is_pos)


def test_what_was_refused_before_it_was_charged_is_neither_paid_nor_refunded() -> None:
    gone = {"removed": D(1), "was_charged": False}
    decision = judge(order(line("A-1", "10.00"), line("A-2", "20.00", **gone), shipping=()))
    draft = draft_of(decision)
    assert (codes(decision), draft.total, [payment.amount for payment in draft.payments]) == (
        ["LINES_REMOVED"],
        D("11.90"),
        [D("11.90")],
    )
