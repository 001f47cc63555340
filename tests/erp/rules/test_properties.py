"""Whatever lines, rates, discounts, shipping and fees come together: the cents add up."""

from collections import defaultdict
from decimal import Decimal as D

from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.money import cents, tax_of_net
from canonical.order import ChannelOrder, Charge, Discount, OrderLine
from erp.rules import Outcome, draft_to_json
from tests.erp.order_kit import judge, order

RATES = st.sampled_from([D(19), D(7), D(0)])
AMOUNTS = st.decimals(min_value=0, max_value=5000, places=2)


@st.composite
def lines(draw: st.DrawFn) -> tuple[OrderLine, ...]:
    made = []
    for n in range(draw(st.integers(1, 8))):
        net, rate = draw(AMOUNTS), draw(RATES)
        off = cents(net * draw(st.sampled_from([D(0), D("0.1"), D("0.333"), D(1)])))
        tax = tax_of_net(net, rate)
        made.append(
            OrderLine(
                ref=str(n),
                sku=f"S-{n}",
                title="T",
                quantity=D(draw(st.integers(1, 99))),
                net=net,
                tax=tax,
                tax_rate=rate,
                discount_net=off,
                discount_tax=tax - tax_of_net(net - off, rate),
            )
        )
    return tuple(made)


@st.composite
def charges(draw: st.DrawFn, lowest: int) -> tuple[Charge, ...]:
    made = []
    for n in range(draw(st.integers(0, 3))):
        net, rate = draw(st.decimals(min_value=lowest, max_value=50, places=2)), draw(RATES)
        made.append(
            Charge(ref=str(n), title="C", method="flat_rate", net=net, tax=tax_of_net(net, rate), tax_rate=rate)
        )
    return tuple(made)


@st.composite
def orders(draw: st.DrawFn) -> ChannelOrder:
    codes = draw(st.lists(st.tuples(st.sampled_from("abcd"), AMOUNTS), max_size=3))
    return order(
        *draw(lines()),
        shipping=draw(charges(0)),
        fees=draw(charges(-20)),
        discounts=tuple(Discount(code=name, net=net, tax=D(0)) for name, net in codes),
    )


@given(of=orders())
@settings(max_examples=150, deadline=None)
def test_the_draft_adds_up_to_the_cent_in_total_and_per_rate(of: ChannelOrder) -> None:
    decision = judge(of)
    assert decision.outcome is Outcome.IMPORT, decision.findings
    draft = decision.draft
    assert draft is not None
    assert draft.total == of.computed_total == sum(line.gross for line in draft.lines)
    assert draft.total_tax == of.computed_tax == sum(line.tax for line in draft.lines)
    assert all(line.gross == line.net + line.tax for line in draft.lines)
    per_rate: dict[D, D] = defaultdict(D)
    for line in draft.lines:
        per_rate[line.tax_rate] += line.tax
    expected = of.computed_taxes()
    assert {rate: tax for rate, tax in per_rate.items() if tax} == {rate: tax for rate, tax in expected.items() if tax}
    printed = draft_to_json(draft)
    assert D(printed["total"]) == sum(D(line["gross"]) for line in printed["lines"])


@given(of=orders(), gap=st.sampled_from(["-0.05", "-0.01", "0.01", "0.05"]))
@settings(max_examples=60, deadline=None)
def test_a_fixed_total_is_the_channels_and_still_the_sum_of_the_lines(of: ChannelOrder, gap: str) -> None:
    wanted = of.stated.total + D(gap)
    of = of.model_copy(update={"stated": of.stated.model_copy(update={"total": wanted})})
    draft = judge(of, fix_total=True).draft
    assert draft is not None
    assert draft.total == wanted == sum(line.gross for line in draft.lines)
