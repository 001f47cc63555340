"""Whatever lines, rates, discounts, shipping, fees, tips and taken-out quantities come together: the cents add up."""

from collections import defaultdict
from decimal import Decimal as D

from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.money import cents, split_in_proportion, tax_of_net
from canonical.order import ChannelOrder, Charge, ChargeKind, Discount, OrderLine
from canonical.settings import OrderSettings, ShippingTax
from erp.rules import Outcome, draft_to_json
from erp.rules.discounts import split_over_rates
from erp.rules.sold import as_sold
from tests.erp.order_kit import codes, judge, order, stated

RATES = st.sampled_from([D(19), D(7), D(0)])
AMOUNTS = st.decimals(min_value=0, max_value=5000, places=2)
UNTAXED = (ChargeKind.TIP, ChargeKind.DEPOSIT, ChargeKind.MARKETPLACE_TAX)


@st.composite
def lines(draw: st.DrawFn) -> tuple[OrderLine, ...]:
    made = []
    for n in range(draw(st.integers(1, 8))):
        net, rate = draw(AMOUNTS), draw(RATES)
        off = cents(net * draw(st.sampled_from([D(0), D("0.1"), D("0.333"), D(1)])))
        tax = tax_of_net(net, rate)
        quantity = draw(st.integers(1, 99))
        made.append(
            OrderLine(
                ref=str(n),
                sku=f"S-{n}",
                title="T",
                quantity=D(quantity),
                net=net,
                tax=tax,
                tax_rate=rate,
                discount_net=off,
                discount_tax=tax - tax_of_net(net - off, rate),
            )
        )
    return tuple(made)


@st.composite
def charges(draw: st.DrawFn, lowest: int, kinds: list[ChargeKind]) -> tuple[Charge, ...]:
    made = []
    for n in range(draw(st.integers(0, 3))):
        net, kind = draw(st.decimals(min_value=lowest, max_value=50, places=2)), draw(st.sampled_from(kinds))
        rate = None if net < 0 and draw(st.booleans()) else D(0) if kind in UNTAXED else draw(RATES)
        made.append(
            Charge(
                ref=str(n), title="C", method="flat_rate", net=net, tax=tax_of_net(net, rate or D(0)), tax_rate=rate,
                kind=kind, line_ref="0" if kind is ChargeKind.SERVICE else "",
            )
        )  # fmt: skip
    return tuple(made)


@st.composite
def orders(draw: st.DrawFn) -> ChannelOrder:
    codes = draw(st.lists(st.tuples(st.sampled_from("abcd"), AMOUNTS), max_size=3))
    return order(
        *draw(lines()),
        shipping=draw(charges(0, [ChargeKind.FEE])),
        fees=draw(charges(-20, list(ChargeKind))),
        discounts=tuple(Discount(code=name, net=net, tax=D(0)) for name, net in codes),
    )


@given(of=orders(), mode=st.sampled_from(ShippingTax))
@settings(max_examples=200, deadline=None)
def test_an_order_is_the_sum_of_its_lines_and_its_tax_the_sum_per_rate(of: ChannelOrder, mode: ShippingTax) -> None:
    decision = judge(of, shipping_tax=mode)
    if of.computed_total < 0:
        assert decision.outcome is Outcome.REJECT
        return
    assert decision.outcome is Outcome.IMPORT, decision.findings
    draft = decision.draft
    assert draft is not None
    assert draft.total == of.computed_total == sum(line.gross for line in draft.lines)
    per_rate: dict[D, D] = defaultdict(D)
    for line in draft.lines:
        assert line.gross == line.net + line.tax
        per_rate[line.tax_rate] += line.tax
    assert draft.total_tax == sum(per_rate.values())
    assert per_rate.get(D(0), D(0)) == 0
    printed = draft_to_json(draft)
    assert D(printed["total"]) == sum(D(line["gross"]) for line in printed["lines"])


@given(of=orders())
@settings(max_examples=150, deadline=None)
def test_the_channels_tax_per_rate_is_kept_where_nothing_is_left_to_us(of: ChannelOrder) -> None:
    of = of.model_copy(update={"fees": tuple(fee for fee in of.fees if fee.tax_rate is not None)})
    draft = judge(order(*of.lines, shipping=of.shipping, fees=of.fees, discounts=of.discounts)).draft
    if draft is None:
        assert of.computed_total < 0
        return
    per_rate: dict[D, D] = defaultdict(D)
    for line in draft.lines:
        per_rate[line.tax_rate] += line.tax
    expected = of.computed_taxes()
    assert {rate: tax for rate, tax in per_rate.items() if tax} == {rate: tax for rate, tax in expected.items() if tax}
    assert draft.total_tax == of.computed_tax


@given(of=orders())
@settings(max_examples=100, deadline=None)
def test_discount_lines_take_off_exactly_what_the_lines_say(of: ChannelOrder) -> None:
    draft = judge(of.model_copy(update={"fees": ()}), fix_total=True, max_total_diff=D(1000)).draft
    assert draft is not None
    taken: dict[D, D] = defaultdict(D)
    for line in draft.lines:
        if line.kind == "discount":
            taken[line.tax_rate] -= line.gross
    wanted: dict[D, D] = defaultdict(D)
    for item in of.lines:
        wanted[item.tax_rate or D(0)] += item.discount_net + item.discount_tax
    assert {rate: off for rate, off in taken.items() if off} == {rate: off for rate, off in wanted.items() if off}


@given(of=orders(), gap=st.sampled_from(["-0.05", "-0.01", "0.01", "0.05"]))
@settings(max_examples=60, deadline=None)
def test_a_fixed_total_is_the_channels_and_still_the_sum_of_the_lines(of: ChannelOrder, gap: str) -> None:
    wanted = of.stated.total + D(gap)
    of = of.model_copy(update={"stated": of.stated.model_copy(update={"total": wanted})})
    draft = judge(of, fix_total=True).draft
    if draft is None:
        assert of.computed_total < 0
        return
    assert draft.total == wanted == sum(line.gross for line in draft.lines)


@given(of=orders(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_what_was_taken_out_and_what_is_booked_add_up_to_what_was_ordered(
    of: ChannelOrder, data: st.DataObject
) -> None:
    taken = [line.model_copy(update={"removed": D(data.draw(st.integers(0, int(line.quantity))))}) for line in of.lines]
    whole = of.model_copy(update={"lines": tuple(taken), "fees": ()})
    whole = whole.model_copy(update={"stated": stated(whole)})
    decision = judge(whole)
    left = [line for line in taken if line.removed < line.quantity]
    if not left:
        assert codes(decision) == ["REFUNDED_BEFORE_IMPORT"]
        return
    draft = decision.draft
    assert draft is not None, decision.findings
    sold = as_sold(whole, OrderSettings())
    assert draft.total + sold.taken_out == whole.computed_total
    assert draft.total == sum(line.gross for line in draft.lines)
    assert [line.quantity for line in draft.lines if line.kind == "article"] == [
        line.quantity - line.removed for line in left
    ]
    per_rate: dict[D, D] = defaultdict(D)
    for line in draft.lines:
        per_rate[line.tax_rate] += line.tax
    assert {rate: tax for rate, tax in sold.order.computed_taxes().items() if tax} == {
        rate: tax for rate, tax in per_rate.items() if tax
    }


@given(of=orders(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_bundles_of_the_shop_keep_the_sum_and_the_tax_per_rate(of: ChannelOrder, data: st.DataObject) -> None:
    refs = [line.ref for line in of.lines]
    nested = [
        line.model_copy(update={"parent_ref": data.draw(st.sampled_from(["", "", *refs])), "quantity": D(2)})
        for line in of.lines
    ]
    whole = of.model_copy(update={"lines": tuple(nested), "fees": ()})
    whole = whole.model_copy(update={"stated": stated(whole)})
    draft = judge(whole).draft
    assert draft is not None
    assert draft.total == whole.computed_total == sum(line.gross for line in draft.lines)
    assert draft.total_tax == whole.computed_tax
    refs_kept = [
        ref for line in draft.lines for ref in line.line_refs or (line.line_ref,) if ref and line.kind != "shipping"
    ]
    assert sorted(ref for ref in refs_kept) == sorted(refs)


@given(of=orders(), data=st.data())
@settings(max_examples=100, deadline=None)
def test_merged_pieces_keep_the_sum_the_pieces_and_their_ids(of: ChannelOrder, data: st.DataObject) -> None:
    pieces = [
        line.model_copy(update={"ref": f"{line.ref}-{n}", "quantity": D(1)})
        for line in of.lines
        for n in range(data.draw(st.integers(1, 4)))
    ]
    whole = of.model_copy(update={"lines": tuple(pieces), "fees": ()})
    whole = whole.model_copy(update={"stated": stated(whole)})
    draft = judge(whole, merge_lines=True).draft
    assert draft is not None
    assert draft.total == whole.computed_total
    goods = [line for line in draft.lines if line.kind == "article"]
    assert sum(line.quantity for line in goods) == len(pieces)
    assert len(goods) == len({(line.sku, line.net, line.tax_rate) for line in pieces})
    assert sorted(ref for line in goods for ref in line.line_refs or (line.line_ref,)) == sorted(p.ref for p in pieces)


@given(
    amount=st.decimals(min_value=-5000, max_value=5000, places=2),
    weights=st.lists(st.decimals(min_value=0, max_value=500, places=2), min_size=1, max_size=6).filter(any),
    unit=st.sampled_from([D("0.01"), D(1)]),
)
@settings(max_examples=200, deadline=None)
def test_no_split_loses_a_cent(amount: D, weights: list[D], unit: D) -> None:
    amount = cents(amount, unit)
    parts = split_in_proportion(amount, weights, unit)
    assert sum(parts) == amount
    assert all(part == cents(part, unit) for part in parts)
    assert all(weight or not part for weight, part in zip(weights, parts, strict=True))
    rates = split_over_rates(amount, {D(n): weight for n, weight in enumerate(weights) if weight}, unit)
    assert sum(net + tax for _, net, tax in rates) == amount
    assert all(net == cents(net, unit) and tax == cents(tax, unit) for _, net, tax in rates)
