"""From Shopware's order to the canonical one: pure functions, without clock, network or session."""

from datetime import datetime
from decimal import Decimal

import orjson
from pydantic import ValidationError

from canonical.failure import Failure, FailureError
from canonical.money import ZERO
from canonical.order import (
    Address,
    ChannelOrder,
    ChannelState,
    Charge,
    Payment,
    StatedTotals,
)
from connectors.envelopes import written
from connectors.shopware6.amounts import Reckoning, TaxStatus, round_once
from connectors.shopware6.envelopes import orders_in
from connectors.shopware6.goods import Basket
from connectors.shopware6.models import Delivery, Order, OrderAddress, Transaction

MOST_PROBLEMS = 5
COMPLETED = "completed"
"""What is chosen by to import also what the shop has sent already; nobody packs that, whoever has paid."""
SENT = frozenset({"shipped", "returned", "returned_partially"})
PAID = frozenset({"paid", "refunded_partially"})
"""States in which the whole amount has come in."""
REFERENCES = (
    "swag_paypal_resource_id",
    "swag_paypal_order_id",
    "stripe_payment_intent_id",
    "mollie_payments",
    "transactionId",
)
"""Where the usual payment plug-ins note the provider's number; Shopware has no field for it."""


def read_order(body: bytes) -> ChannelOrder:
    """Read one stored document, as the search or the single record has it; raises `FailureError` with `DOCUMENT_INVALID`."""
    order = _parse(body)
    reckoning = Reckoning(TaxStatus.of(order.price.status or order.tax_status), order.currency.iso)
    basket = Basket(reckoning)
    basket.fill(order.lines)
    deliveries = _deliveries(order)
    transaction = _transaction(order)
    billing, delivery = _addresses(order, deliveries)
    total = reckoning.payable(order.price.total if order.amount_total is None else order.amount_total)
    state = _state(order, deliveries, transaction)
    read = ChannelOrder(
        external_id=order.id,
        number=order.number or order.id,
        state=state,
        channel_state=COMPLETED if state is ChannelState.SHIPPED else _channel_state(transaction, total),
        sales_channel=order.sales_channel.key if order.sales_channel else order.sales_channel_id,
        ordered_at=order.ordered_at,
        modified_at=_modified_at(order),
        currency=order.currency.iso,
        prices_include_tax=reckoning.status is TaxStatus.GROSS,
        customer_ref=_customer_ref(order),
        billing=billing,
        delivery=delivery,
        payment=_payment(transaction, total, order.ordered_at),
        lines=tuple(basket.lines),
        shipping=tuple(charge for each in deliveries for charge in _shipping(each, reckoning)),
        fees=(*basket.fees, *_rounding(order, reckoning)),
        discounts=tuple(basket.discounts),
        refunded=total if state is ChannelState.REFUNDED else _refunded(order, reckoning),
        comment=order.comment,
        language=_language(order),
        tags=tuple(tag.title for tag in order.tags if tag.title),
        stated=_stated(order, deliveries, basket, total),
    )
    return _rounded_once(read, reckoning) if order.tax_calculation == "vertical" else read


def _parse(body: bytes) -> Order:
    """Read leniently; a single record comes wrapped in `data`, and as JSON:API with its associations beside it."""
    try:
        document = orjson.loads(body)
        order = orders_in(document)
        return Order.model_validate_json(body if order is document else written(order))
    except orjson.JSONDecodeError as error:
        raise FailureError(Failure.of("DOCUMENT_INVALID", problems="document: no JSON")) from error
    except ValidationError as error:
        raise FailureError(Failure.of("DOCUMENT_INVALID", problems=_problems(error))) from error


def _problems(error: ValidationError) -> str:
    """Name the fields and reasons, never the values: an order holds personal data."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    named = [
        f"{'.'.join(str(part) for part in problem['loc']) or 'document'}: {problem['msg']}" for problem in problems
    ]
    rest = [f"+{len(named) - MOST_PROBLEMS}"] if len(named) > MOST_PROBLEMS else []
    return "; ".join(named[:MOST_PROBLEMS] + rest)


def _rounded_once(read: ChannelOrder, reckoning: Reckoning) -> ChannelOrder:
    lines = list(read.lines)
    round_once(lines, read.computed_taxes(), read.stated.taxes, reckoning)
    return read.model_copy(update={"lines": tuple(lines)})


def _deliveries(order: Order) -> list[Delivery]:
    """The delivery that goods are sent with first: the primary one (6.7), else the dearest; discounts come last."""
    return sorted(order.deliveries, key=lambda each: (each.id != order.primary_delivery_id, -each.costs.total))


def _transaction(order: Order) -> Transaction | None:
    """The try to pay that counts: the primary one (6.7), else the newest."""
    primary = [each for each in order.transactions if each.id and each.id == order.primary_transaction_id]
    by_age = sorted(order.transactions, key=lambda each: each.created_at or order.ordered_at)
    found = primary or by_age
    return found[-1] if found else None


def _state(order: Order, deliveries: list[Delivery], transaction: Transaction | None) -> ChannelState:
    if order.state.technical_name == "cancelled":
        return ChannelState.CANCELLED
    if transaction is not None and transaction.state_name == "refunded":
        return ChannelState.REFUNDED
    sent = deliveries[0].state.technical_name if deliveries and deliveries[0].state else ""
    if order.state.technical_name == COMPLETED or sent in SENT:
        return ChannelState.SHIPPED
    return ChannelState.OPEN


def _channel_state(transaction: Transaction | None, total: Decimal) -> str:
    """The payment's state, by which orders are chosen (D§8.2); an order that costs nothing has no payment and is paid."""
    if transaction is None:
        return "open" if total else "paid"
    return transaction.state_name or "open"


def _payment(transaction: Transaction | None, total: Decimal, ordered_at: datetime) -> Payment:
    if transaction is None:
        return Payment(method="", paid_at=None if total else ordered_at)
    method = transaction.method
    changed = transaction.updated_at or transaction.created_at or ordered_at
    return Payment(
        method=method.key if method else "",
        title=method.title if method else "",
        transaction_id=_reference(transaction),
        paid_at=changed if transaction.state_name in PAID else None,
    )


def _reference(transaction: Transaction) -> str:
    fields = transaction.custom_fields
    return next((value for name in REFERENCES if isinstance(value := fields.get(name), str) and value), "")


def _modified_at(order: Order) -> datetime:
    """When it changed last: itself, or the state of its payment."""
    moments = [order.updated_at, order.created_at, *(each.updated_at for each in order.transactions)]
    return max((moment for moment in moments if moment), default=order.ordered_at)


def _customer_ref(order: Order) -> str:
    """The account's number; a guest has a record in the shop, too, but no account."""
    customer = order.customer
    if customer is None or (customer.account is not None and customer.account.guest):
        return ""
    return customer.number or customer.customer_id


def _addresses(order: Order, deliveries: list[Delivery]) -> tuple[Address, Address]:
    """Billing and delivery; without a delivery (downloads) the goods go to the billing address."""
    by_id = {address.id: address for address in order.addresses}
    billed = order.billing or by_id.get(order.billing_address_id)
    sent = next((each.address for each in deliveries if each.address), None)
    customer = order.customer
    vat_id = next((number for number in customer.vat_ids if number), "") if customer else ""
    email = customer.email if customer else ""
    billing = _address(billed, email=email, vat_id=vat_id) if billed else Address()
    return billing, _address(sent, email="", vat_id="") if sent else billing


def _address(raw: OrderAddress, *, email: str, vat_id: str) -> Address:
    extra = [part for part in (raw.department, raw.line1, raw.line2) if part]
    return Address(
        first_name=raw.first_name,
        last_name=raw.last_name,
        company=raw.company,
        street=raw.street,
        street2=", ".join(extra),
        postcode=raw.zipcode,
        city=raw.city,
        state=raw.country_state.title if raw.country_state else "",
        country=raw.country.code if raw.country else "",
        email=email,
        phone=raw.phone,
        vat_id=raw.vat_id or vat_id,
    )


def _shipping(delivery: Delivery, reckoning: Reckoning) -> list[Charge]:
    """The costs of a delivery, a charge per rate."""
    method = delivery.method
    return [
        Charge(
            ref=delivery.id,
            title=method.title if method else "",
            method=method.key if method else "",
            net=part.net,
            tax=part.tax,
            tax_rate=part.rate,
        )
        for part in reckoning.parts(delivery.costs)
    ]


def _rounding(order: Order, reckoning: Reckoning) -> list[Charge]:
    """What the shop's rounding of the total changes, as in Switzerland to five cents."""
    if order.price.raw_total is None:
        return []
    difference = reckoning.round(order.price.total) - reckoning.round(order.price.raw_total)
    if not difference:
        return []
    return [Charge(ref="rounding", title="Rundung", net=difference, tax=ZERO, tax_rate=ZERO)]


def _refunded(order: Order, reckoning: Reckoning) -> Decimal:
    """What was given back through the payment provider; a refund that was only noted has no amount."""
    refunds = [refund for each in order.transactions for capture in each.captures for refund in capture.refunds]
    done = [refund for refund in refunds if refund.state and refund.state.technical_name == "completed"]
    return sum((reckoning.round(refund.amount.total) for refund in done), ZERO)


def _language(order: Order) -> str:
    """The locale's language (de of de-DE)."""
    locale = order.language.locale if order.language else None
    return locale.code.partition("-")[0].lower() if locale else ""


def _stated(order: Order, deliveries: list[Delivery], basket: Basket, total: Decimal) -> StatedTotals:
    """The shop's own sums: of the order, of its shipping costs, and of its promotion lines."""
    reckoning = basket.reckoning
    taxes = reckoning.stated(order.price.taxes)
    costs = [order.shipping_costs] if order.shipping_costs else [each.costs for each in deliveries]
    shipping = sum((part.net for price in costs for part in reckoning.parts(price)), ZERO)
    return StatedTotals(
        total=total,
        total_tax=sum((entry.tax for entry in taxes), ZERO),
        shipping_net=shipping,
        discount_net=-sum((part.net for part in basket.lowered), ZERO),
        discount_tax=-sum((part.tax for part in basket.lowered), ZERO),
        taxes=taxes,
    )
