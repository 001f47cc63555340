"""Parts of an order's lines: whatever is taken in whatever steps, the cents add up and no sign turns around."""

from collections.abc import Sequence
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.money import ZERO, cents
from erp.rules.amounts import Amounts, LineAmounts, discount_share, part_of, remaining, taken, total_of

RATES = st.sampled_from([D(19), D(7), D("5.5"), D(0)])
GROSS = st.decimals(min_value=0, max_value=3000, places=2)


def amounts(gross: str, rate: str = "19", quantity: str = "1") -> Amounts:
    """A line whose tax is contained in its gross price."""
    tax = cents(D(gross) * D(rate) / (100 + D(rate)))
    return Amounts(D(quantity), D(gross) - tax, tax, D(gross))


def line(id: int, gross: str, rate: str = "19", quantity: str = "1", kind: str = "article") -> LineAmounts:
    return LineAmounts(id, kind, D(rate), amounts(gross, rate, quantity))


def summed(parts: Sequence[Amounts]) -> tuple[D, D, D]:
    total = total_of(dict(enumerate(parts)))
    return total.net, total.tax, total.gross


@st.composite
def lines_and_steps(draw: st.DrawFn) -> tuple[Amounts, list[D]]:
    steps = [
        D(step) / draw(st.sampled_from([1, 1, 4]))
        for step in draw(st.lists(st.integers(0, 40), min_size=1, max_size=9))
    ]
    gross, rate = draw(GROSS), draw(RATES)
    sign = draw(st.sampled_from([1, -1]))
    tax = cents(gross * rate / (100 + rate))
    return Amounts(sum(steps, D(0)), sign * (gross - tax), sign * tax, sign * gross), steps


@settings(deadline=None)
@given(lines_and_steps())
def test_parts_taken_one_after_the_other_add_up_to_the_line_and_keep_its_sign(
    given_line: tuple[Amounts, list[D]],
) -> None:
    whole, steps = given_line
    parts, before = [], D(0)
    for step in steps:
        parts.append(part_of(whole, step, before))
        before += step
    if whole.quantity:
        assert summed(parts) == (whole.net, whole.tax, whole.gross)
        assert sum(part.quantity for part in parts) == whole.quantity
    for part in parts:
        assert part.net + part.tax == part.gross
        for amount, of in ((part.net, whole.net), (part.tax, whole.tax), (part.gross, whole.gross)):
            assert amount * of >= 0


@settings(deadline=None)
@given(st.lists(st.tuples(GROSS, st.integers(1, 9), st.integers(0, 9), RATES), min_size=1, max_size=6), GROSS)
def test_what_is_left_and_what_came_back_are_the_whole_order_with_its_discounts(
    goods: list[tuple[D, int, int, D]], off: D
) -> None:
    goods = [*goods, (D("9.99"), 3, 1, D(19))]
    order = [line(n, str(gross), str(rate), str(count)) for n, (gross, count, _, rate) in enumerate(goods)]
    order.append(LineAmounts(90, "discount", D(19), Amounts(D(1), -off, ZERO, -off)))
    order.append(line(91, "4.90", kind="shipping"))
    back = {n: D(min(returned, count)) for n, (_, count, returned, _) in enumerate(goods)}
    rest = {n: D(count) - back[n] for n, (_, count, _, _) in enumerate(goods)} | {91: D(1)}
    first, second = taken(order, back), taken(order, rest, back)
    both = [*first.values(), *second.values()]
    assert summed(both) == summed([one.booked for one in order]) == summed([*remaining(order).values()])


def test_three_for_ten_give_ten() -> None:
    parts = [part_of(amounts("10.00", quantity="3"), D(1), D(n)) for n in range(3)]
    assert [part.gross for part in parts] == [D("3.33"), D("3.34"), D("3.33")]
    assert summed(parts) == (D("8.40"), D("1.60"), D("10.00"))


def test_half_of_a_price_with_tax_is_half_of_it() -> None:
    assert part_of(amounts("20.00", quantity="2"), D(1)) == Amounts(D(1), D("8.40"), D("1.60"), D("10.00"))


def test_two_roundings_never_turn_a_net_amount_around() -> None:
    screws = Amounts(D(100), D("0.05"), D("0.01"), D("0.06"))
    parts = [part_of(screws, D(1), D(n)) for n in range(100)]
    assert all(part.net >= 0 and part.tax >= 0 and part.gross >= 0 for part in parts)
    assert summed(parts) == (D("0.05"), D("0.01"), D("0.06"))


@pytest.mark.parametrize(("quantity", "before"), [("4", "0"), ("2", "2"), ("-1", "2"), ("1", "-1")])
def test_a_part_outside_the_line_is_refused(quantity: str, before: str) -> None:
    with pytest.raises(ValueError, match="of 3"):
        part_of(amounts("10.00", quantity="3"), D(quantity), D(before))


def test_a_discount_falls_on_the_goods_of_its_rate_in_proportion_to_their_gross() -> None:
    order = [line(1, "30.00", quantity="3"), line(2, "10.00"), line(3, "50.00", "7"), line(4, "-4.00", kind="discount")]
    parts = taken(order, {1: D(1), 3: D(1)})
    assert parts[4].gross == D("-1.00")
    assert taken(order, {3: D(1)}).keys() == {3}


def test_shares_of_a_discount_add_up_to_it() -> None:
    discount = amounts("-1.00")
    shares = [discount_share(discount, D(30), D(10), D(n)) for n in (0, 10, 20)]
    assert summed(shares) == (discount.net, discount.tax, discount.gross)
    with pytest.raises(ValueError, match="of 30"):
        discount_share(discount, D(30), D(20), D(20))
    assert discount_share(discount, D(0), D(0)).gross == 0


def test_what_is_left_keeps_the_postage_and_the_discount_on_it() -> None:
    goods = LineAmounts(1, "article", D(19), amounts("30.00", quantity="3"), cancelled=D(2))
    order = [
        goods,
        line(2, "5.00", "7", kind="shipping"),
        line(3, "-2.00", "7", kind="discount"),
        line(4, "-3.00", kind="discount"),
    ]
    left = remaining(order)
    assert {id: part.gross for id, part in left.items()} == {1: D("10.00"), 2: D("5.00"), 3: D("-2.00"), 4: D("-1.00")}
    assert total_of(left).gross == D("12.00")
    assert left[1].quantity == 1
