"""From Shopify's order to the canonical one: pure functions, without clock, network or session."""

from collections.abc import Sequence
from decimal import Decimal

import orjson
from pydantic import ValidationError

from canonical.failure import Failure, FailureError
from canonical.money import HUNDRED, ZERO, cents, tax_in_gross, unit_of
from canonical.order import (
    Address,
    ChannelOrder,
    ChannelState,
    Charge,
    ChargeKind,
    Discount,
    LineKind,
    OrderLine,
    Property,
    StatedTax,
    StatedTotals,
)
from connectors.shopify.envelopes import orders_in
from connectors.shopify.graph import gid, number_of
from connectors.shopify.models import RawAddress, RawLine, RawOrder, RawTax
from connectors.shopify.money import paid_by, parts_of
from connectors.shopify.rest import as_graphql, is_rest
from connectors.shopify.selections import completed

VAT_ID_KEYS = frozenset(
    ["vat_id", "vatid", "vat_number", "vat", "ust_id", "ustid", "ust-idnr", "ust-idnr.", "tax_id", "eu_vat_id", "umsatzsteuer-id"]
)  # fmt: skip
"""Names of the order's own fields that themes and apps write; case, blanks and underscores do not count."""

MOST_PROBLEMS = 5
GONE = frozenset({"VOIDED", "EXPIRED"})
"""Financial states of an order that nobody will pay any more."""
FULFILLED = "FULFILLED"


def read_order(body: bytes) -> ChannelOrder:
    """Read one stored document, also the form of REST and webhooks and an answer that holds one order.

    Raises `FailureError` DOCUMENT_INVALID naming the fields.
    """
    try:
        document = orders_in(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise FailureError(Failure.of("DOCUMENT_INVALID", problems="document: no JSON")) from error
    try:
        node = as_graphql(document) if is_rest(document) else document
        order = RawOrder.model_validate(completed(node) if isinstance(node, dict) else node)
    except ValidationError as error:
        raise FailureError(Failure.of("DOCUMENT_INVALID", problems=_problems(error))) from error
    return _Reading(order).result()


def _problems(error: ValidationError) -> str:
    """Name the fields and reasons, never the values: an order holds personal data."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    named = [
        f"{'.'.join(str(part) for part in problem['loc']) or 'document'}: {problem['msg']}" for problem in problems
    ]
    rest = [f"+{len(named) - MOST_PROBLEMS}"] if len(named) > MOST_PROBLEMS else []
    return "; ".join(named[:MOST_PROBLEMS] + rest)


class _Reading:
    """One order while it is read; amounts of the shop's own currency."""

    def __init__(self, order: RawOrder) -> None:
        self._order = order
        self._unit = unit_of(order.currency_code)

    def result(self) -> ChannelOrder:
        """The canonical order."""
        order = self._order
        vat_id = self._vat_id()
        billing = self._address(order.billing_address, vat_id)
        delivery = self._address(order.shipping_address, "")
        lines, tips = self._lines_and_tips()
        read = ChannelOrder(
            external_id=gid("Order", order.legacy_resource_id),
            number=order.name.removeprefix("#") or order.legacy_resource_id,
            state=self._state(),
            channel_state=self._channel_state(),
            sales_channel=order.source_name,
            ordered_at=order.ordered_at,
            modified_at=order.modified_at,
            currency=order.currency_code,
            prices_include_tax=order.taxes_included,
            customer_ref=number_of(order.customer.id),
            billing=billing,
            delivery=billing if delivery.is_empty else delivery,
            payment=paid_by(order),
            lines=lines,
            shipping=tuple(self._shipping()),
            fees=(*tips, *self._fees()),
            discounts=tuple(self._discounts()),
            refunded=abs(order.total_refunded_set.amount),
            comment=order.note,
            language=order.customer_locale,
            tags=order.tags,
            is_pos=order.source_name == "pos",
            is_tax_owed_by_channel=self._is_tax_owed_by_channel(),
            payments=parts_of(order),
            stated=self._stated_zero(),
        )
        return _with_other_total(_with_rounding(_with_stated(read), order), order)

    # --- state --------------------------------------------------------------------------------------------------------

    def _state(self) -> ChannelState:
        order = self._order
        if order.cancelled_at is not None or order.display_financial_status in GONE:
            return ChannelState.CANCELLED
        if order.display_financial_status == "REFUNDED":
            return ChannelState.REFUNDED
        return ChannelState.SHIPPED if order.display_fulfillment_status == FULFILLED else ChannelState.OPEN

    def _channel_state(self) -> str:
        """The financial state; of an order that is shipped already, that: nobody packs it, whoever has paid."""
        if self._state() is ChannelState.SHIPPED:
            return FULFILLED
        return self._order.display_financial_status or "PENDING"

    def _is_tax_owed_by_channel(self) -> bool:
        taxes = [tax for line in self._order.line_items for tax in line.tax_lines if tax.price_set.amount]
        return bool(taxes) and all(tax.channel_liable for tax in taxes)

    # --- addresses ----------------------------------------------------------------------------------------------------

    def _vat_id(self) -> str:
        """The company's own number (Shopify Plus), else the order's own field for it."""
        buyer = self._order.purchasing_entity
        if buyer and buyer.location and buyer.location.tax_settings and buyer.location.tax_settings.tax_registration_id:
            return buyer.location.tax_settings.tax_registration_id
        named = {
            field.key.lower().replace(" ", "_").lstrip("_"): field.value for field in self._order.custom_attributes
        }
        return next((value for key, value in named.items() if key in VAT_ID_KEYS and value), "")

    def _address(self, raw: RawAddress, vat_id: str) -> Address:
        return Address(
            first_name=raw.first_name,
            last_name=raw.last_name,
            company=raw.company,
            street=raw.address1,
            street2=raw.address2,
            postcode=raw.zip,
            city=raw.city,
            state=raw.province_code,
            country=raw.country_code.upper(),
            email=self._order.email,
            phone=raw.phone or self._order.phone,
            vat_id=vat_id,
        )

    # --- lines and charges --------------------------------------------------------------------------------------------

    def _lines_and_tips(self) -> tuple[tuple[OrderLine, ...], tuple[Charge, ...]]:
        """A tip is a line at the till and a sum of the order besides; it is booked once."""
        tip = self._order.total_tip_received_set.amount
        is_tip = [line.is_tip or (tip > 0 and _looks_like_tip(line, tip)) for line in self._order.line_items]
        lines = tuple(self._line(line) for line, tips in zip(self._order.line_items, is_tip, strict=True) if not tips)
        tip = tip or sum((each.original_total_set.amount for each in self._order.line_items if each.is_tip), ZERO)
        if tip <= 0:
            return lines, ()
        return lines, (Charge(ref="tip", title="Tip", net=tip, tax=ZERO, tax_rate=ZERO, kind=ChargeKind.TIP),)

    def _line(self, raw: RawLine) -> OrderLine:
        total = raw.original_total_set.amount
        taken_off = sum((each.allocated_amount_set.amount for each in raw.discount_allocations), ZERO)
        tax = sum((each.price_set.amount for each in raw.tax_lines), ZERO)
        rate = _rate(raw.tax_lines, tax, is_untaxed=not raw.taxable or raw.is_gift_card or self._order.tax_exempt)
        net = total - taken_off - (tax if self._order.taxes_included else ZERO)
        off_net, off_tax = self._taken_off(total, taken_off, rate, net, tax)
        current = raw.quantity if raw.current_quantity is None else raw.current_quantity
        return OrderLine(
            ref=number_of(raw.id) or raw.id,
            sku=raw.sku,
            title=raw.name,
            quantity=raw.quantity,
            net=net + off_net,
            tax=tax + off_tax,
            tax_rate=rate,
            tax_parts=max(1, len(raw.tax_lines)),
            discount_net=off_net,
            discount_tax=off_tax,
            properties=tuple(_properties(raw)),
            product_ref=_product_ref(raw),
            kind=LineKind.GIFT_CARD if raw.is_gift_card else LineKind.GOODS,
            removed=max(raw.quantity - current, Decimal(0)),
        )

    def _taken_off(
        self, total: Decimal, amount: Decimal, rate: Decimal | None, net: Decimal, tax: Decimal
    ) -> tuple[Decimal, Decimal]:
        """Net and tax of all that was taken off a line: what the tax of its full price is more than that of the rest.

        So both are rounded once; a discount that is rounded by itself would leave the full price a cent off its rate.
        """
        if not amount or rate is None:
            return self._shares(amount, rate, net, tax)
        if self._order.taxes_included:
            off_tax = tax_in_gross(total, rate, self._unit) - tax
            return amount - off_tax, off_tax
        return amount, cents(total * rate / HUNDRED, self._unit) - tax

    def _shares(self, amount: Decimal, rate: Decimal | None, net: Decimal, tax: Decimal) -> tuple[Decimal, Decimal]:
        """Net and tax of a discount; without a rate in the proportion that the line has."""
        if not amount:
            return ZERO, ZERO
        if rate is None:
            rate = cents(tax * HUNDRED / net) if net > 0 and tax > 0 else ZERO
        if self._order.taxes_included:
            off_tax = tax_in_gross(amount, rate, self._unit)
            return amount - off_tax, off_tax
        return amount, cents(amount * rate / HUNDRED, self._unit)

    def _charge(self, ref: str, title: str, amount: Decimal, taxes: Sequence[RawTax], method: str = "") -> Charge:
        tax = sum((each.price_set.amount for each in taxes), ZERO)
        net = amount - tax if self._order.taxes_included else amount
        rate = _rate(taxes, tax, is_untaxed=self._order.tax_exempt or not amount)
        parts = max(1, len(taxes))
        return Charge(ref=ref, title=title, method=method, net=net, tax=tax, tax_rate=rate, parts=parts)

    def _shipping(self) -> list[Charge]:
        """Shipping lines at what remains after discounts, taxed on that."""
        found = []
        for line in self._order.shipping_lines:
            if line.is_removed:
                continue
            paid = line.discounted_price_set if line.discounted_price_set is not None else line.original_price_set
            ref = number_of(line.id) or line.id
            found.append(self._charge(ref, line.title, paid.amount, line.tax_lines, line.title or line.code))
        return found

    def _fees(self) -> list[Charge]:
        """Additional fees, and duties that the buyer pays on top."""
        fees = [
            self._charge(number_of(fee.id) or fee.id, fee.name, fee.price.amount, fee.tax_lines)
            for fee in self._order.additional_fees
        ]
        duties = self._order.original_total_duties_set.amount
        if duties > 0 and not self._order.duties_included:
            fees.append(Charge(ref="duties", title="Duties", net=duties, tax=ZERO, tax_rate=ZERO))
        return fees

    def _discounts(self) -> list[Discount]:
        """What was taken off the lines by each discount, by its code or title."""
        sums: dict[str, tuple[Decimal, Decimal]] = {}
        for line in self._order.line_items:
            tax = sum((each.price_set.amount for each in line.tax_lines), ZERO)
            total = line.original_total_set.amount
            off = sum((each.allocated_amount_set.amount for each in line.discount_allocations), ZERO)
            net = total - off - (tax if self._order.taxes_included else ZERO)
            for each in line.discount_allocations:
                rate = _rate(line.tax_lines, tax, is_untaxed=True)
                off_net, off_tax = self._shares(each.allocated_amount_set.amount, rate, net, tax)
                name = each.discount_application.code or each.discount_application.title
                before = sums.get(name, (ZERO, ZERO))
                sums[name] = (before[0] + off_net, before[1] + off_tax)
        return [Discount(code=name, net=net, tax=tax) for name, (net, tax) in sums.items() if net or tax]

    def _stated_zero(self) -> StatedTotals:
        order = self._order
        return StatedTotals(
            total=order.total_price_set.amount,
            total_tax=order.total_tax_set.amount,
            shipping_net=ZERO,
            discount_net=ZERO,
            discount_tax=ZERO,
            taxes=_stated_taxes(order),
        )


def _with_stated(read: ChannelOrder) -> ChannelOrder:
    """The shop's own sums. It states discounts and shipping only gross or only net, so those are taken from the lines.

    An order edit lowers the total by what it takes out, a refund does not: both come as a smaller quantity. Lines are read
    as ordered, so what an edit took out is added to the total again.
    """
    stated = read.stated
    taken = [line for line in read.lines if line.removed > 0]
    unit = unit_of(read.currency)
    gone = [(line, line.net + line.tax - line.discount_net - line.discount_tax) for line in taken]
    gross = sum((_share(line, amount, unit) for line, amount in gone), ZERO)
    tax = sum((_share(line, line.tax - line.discount_tax, unit) for line in taken), ZERO)
    changes: dict[str, object] = {
        "shipping_net": sum((charge.net for charge in read.shipping), ZERO),
        "discount_net": sum((line.discount_net for line in read.lines), ZERO),
        "discount_tax": sum((line.discount_tax for line in read.lines), ZERO),
    }
    if taken and read.computed_total != stated.total and read.computed_total == stated.total + gross:
        changes |= {"total": stated.total + gross, "total_tax": stated.total_tax + tax, "taxes": ()}
    return read.model_copy(update={"stated": stated.model_copy(update=changes)})


def _share(line: OrderLine, amount: Decimal, unit: Decimal) -> Decimal:
    return cents(amount * line.removed / line.quantity, unit) if line.quantity else ZERO


def _with_rounding(read: ChannelOrder, order: RawOrder) -> ChannelOrder:
    """What a payment in cash was rounded by becomes a fee, where it is part of the total."""
    rounded = order.total_cash_rounding_adjustment.payment_set.amount if order.total_cash_rounding_adjustment else ZERO
    if not rounded or read.stated.total - read.computed_total != rounded:
        return read
    fee = Charge(ref="rounding", title="Cash rounding", net=rounded, tax=ZERO, tax_rate=ZERO, kind=ChargeKind.PAYMENT)
    return read.model_copy(update={"fees": (*read.fees, fee)})


def _with_other_total(read: ChannelOrder, order: RawOrder) -> ChannelOrder:
    """Of two totals that differ, the one counts that the lines do not give: such a document cannot be booked."""
    again = order.total_price_again.amount if order.total_price_again else order.total_price_set.amount
    if again == order.total_price_set.amount or read.computed_total != read.stated.total:
        return read
    return read.model_copy(update={"stated": read.stated.model_copy(update={"total": again})})


def _looks_like_tip(line: RawLine, tip: Decimal) -> bool:
    is_free_line = not line.sku and not line.product.id and not line.requires_shipping and not line.taxable
    return is_free_line and line.original_total_set.amount == tip


def _rate(taxes: Sequence[RawTax], tax: Decimal, *, is_untaxed: bool) -> Decimal | None:
    """The percent rate; several taxes add up. None where the shop says neither tax nor why there is none."""
    percents = [each.percent for each in taxes]
    known = [percent for percent in percents if percent is not None]
    if taxes and len(known) == len(percents):
        return sum(known, Decimal(0))
    return None if tax or not is_untaxed else Decimal(0)


def _stated_taxes(order: RawOrder) -> tuple[StatedTax, ...]:
    """The sums per rate; none where the shop's list does not hold all of the tax, or a line bears several taxes at once."""
    bearing = [line.tax_lines for line in order.line_items] + [line.tax_lines for line in order.shipping_lines]
    sums: dict[Decimal, Decimal] = {}
    for each in order.tax_lines:
        if each.percent is not None:
            sums[each.percent] = sums.get(each.percent, ZERO) + each.price_set.amount
    if any(len(taxes) > 1 for taxes in bearing) or sum(sums.values(), ZERO) != order.total_tax_set.amount:
        return ()
    return tuple(StatedTax(rate=rate, tax=tax) for rate, tax in sums.items())


def _properties(line: RawLine) -> list[Property]:
    """What the buyer entered; fields that begin with an underscore are notes of themes and apps."""
    shown = (field for field in line.custom_attributes if field.key and field.value and not field.key.startswith("_"))
    return [Property(name=field.key, value=field.value, is_personal=True) for field in shown]


def _product_ref(line: RawLine) -> str:
    """The product in the terms of the other features; empty when the shop has deleted it."""
    product, variant = number_of(line.product.id), number_of(line.variant.id)
    return f"{product}/{variant}" if product and variant else product
