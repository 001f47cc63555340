"""The gate: which documents are looked at, and which are impossible as such (D§4.2.2, D§10.6)."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from canonical.failure import Finding
from canonical.money import WITHOUT_CENTS, ZERO
from canonical.order import ChannelOrder, ChannelState, Fulfiller
from erp.rules.model import RuleContext

CLOCK_SKEW = timedelta(days=1)
"""A shop's clock may be wrong by a time zone, not by more."""
MOST_DECIMALS = 2
LARGEST_AMOUNT = Decimal(10**11)
CURRENCY_LETTERS = 3


def gate(order: ChannelOrder, context: RuleContext) -> Finding | None:
    """Find the reason to skip a document that was not imported before; None lets it pass.

    What the channel sent (FBA) or the buyer took along (POS) is imported when it is done: only the invoice is missing. An
    order that waits to be accepted is not skipped for its state, it waits (`pending`).
    """
    if order.state is ChannelState.CANCELLED:
        return Finding.of("CANCELLED_BEFORE_IMPORT")
    if order.state is ChannelState.REFUNDED or 0 < order.stated.total <= order.refunded:
        return Finding.of("REFUNDED_BEFORE_IMPORT")
    is_sent_elsewhere = order.state is ChannelState.SHIPPED and is_settled_at_once(order)
    if order.channel_state not in context.settings.import_states and not is_sent_elsewhere and not order.awaits_answer:
        if order.state is ChannelState.SHIPPED:
            return Finding.of("ALREADY_SHIPPED")
        return Finding.of("STATE_FILTERED", state=order.channel_state)
    if context.start_at is not None and order.modified_at < context.start_at and not context.by_hand:
        return Finding.of("TOO_OLD", modified=order.modified_at.isoformat())
    return None


def pending(order: ChannelOrder) -> Finding | None:
    """Find that the channel waits for the merchant to accept the order: a newer version of the document releases it."""
    if not order.awaits_answer:
        return None
    until = f"{order.answer_until:%Y-%m-%d %H:%M} UTC" if order.answer_until else "–"
    return Finding.of("ACCEPTANCE_PENDING", until=until)


def leaves_later(order: ChannelOrder) -> bool:
    """Whether its goods still lie here: not sold over the counter, not sent by the channel, and not gone already."""
    return order.state is not ChannelState.SHIPPED and not is_settled_at_once(order)


def is_settled_at_once(order: ChannelOrder) -> bool:
    """Whether nobody packs anything: the channel ships it (FBA), or the buyer took it along (POS)."""
    return order.is_pos or order.fulfilled_by is Fulfiller.CHANNEL


def check_shape(order: ChannelOrder, context: RuleContext, found: list[Finding]) -> None:
    """Find what makes a document impossible: a date in the future, no lines, a line twice, amounts below the cent."""
    if order.ordered_at > context.now + CLOCK_SKEW:
        found.append(Finding.of("DATE_IN_FUTURE", date=order.ordered_at.isoformat()))
    if not order.lines:
        found.append(Finding.of("NO_LINES"))
    refs = [line.ref for line in order.lines if line.ref]
    if len(set(refs)) != len(refs):
        found.extend(Finding.of("LINE_DUPLICATE", ref=ref) for ref, times in Counter(refs).items() if times > 1)
    if len(order.currency) != CURRENCY_LETTERS:
        found.append(Finding.of("DOCUMENT_INVALID", problems=f"currency: {order.currency[:20]!r}"))
    _check_amounts(order, found)


def _check_amounts(order: ChannelOrder, found: list[Finding]) -> None:
    """Find amounts that an account cannot hold: parts of cents, of yen where there are no cents, or beyond eleven digits."""
    amounts = [amount for line in order.lines for amount in (line.net, line.tax, line.discount_net, line.discount_tax)]
    for charge in order.shipping + order.fees:
        amounts += charge.net, charge.tax
    amounts += order.stated.total, order.refunded
    amounts += [part.amount for part in order.payments]
    total = sum(map(abs, amounts), ZERO)
    places = 0 if order.currency in WITHOUT_CENTS else MOST_DECIMALS
    if total < LARGEST_AMOUNT and _decimals(total) <= places:
        return  # a sum has the finest decimals and outgrows the largest part: one look clears nearly every order
    odd = {amount for amount in amounts if not _is_money(amount, places)}
    if odd:
        values = ", ".join(sorted(str(amount)[:40] for amount in odd))
        found.append(Finding.of("DOCUMENT_INVALID", problems=f"amounts: {values}"))


def _is_money(amount: Decimal, places: int) -> bool:
    """Whether an amount fits a money column as it is; trailing zeros do no harm."""
    return abs(amount) < LARGEST_AMOUNT and (_decimals(amount) <= places or amount == round(amount, places))


def _decimals(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else MOST_DECIMALS + 1
