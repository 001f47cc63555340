"""Payment, shipping and delivery term: the resolution rule of D§2.5.3, the same for each."""

from collections.abc import Mapping
from typing import TypeVar

from canonical.failure import Finding
from canonical.order import ChannelOrder
from canonical.settings import MappingKind, OrderSettings
from erp.rules.model import MasterData, PaymentInfo, ShippingInfo, TermInfo
from erp.rules.payments import by_gift_cards, main_method

Unknown = list[tuple[MappingKind, str]]
Method = TypeVar("Method")

LONGEST_VALUE = 200
"""The length of a channel's value in the mapping table."""


def resolve_payment(
    order: ChannelOrder, settings: OrderSettings, master: MasterData, found: list[Finding], unknown: Unknown
) -> PaymentInfo | None:
    """Find our payment method for the channel's; an order of 0.00, or one that gift cards paid, may name none."""
    value = main_method(order)[:LONGEST_VALUE]
    target = settings.payment_map.get(value, "")
    if not target and (not value or settings.default_payment_if_unmapped):
        target = settings.default_payment
    if not target and not value and by_gift_cards(order) >= order.stated.total:
        return None
    if not target:
        found.append(_unresolved(MappingKind.PAYMENT, value, "payment method", unknown))
        return None
    return _existing(master.payment_methods, target, "payment method", MappingKind.PAYMENT, found)


def shipping_value(order: ChannelOrder) -> str:
    """Read the channel's shipping method; an order with several is sent by the first that is named."""
    return next((charge.method[:LONGEST_VALUE] for charge in order.shipping if charge.method), "")


def resolve_shipping(
    order: ChannelOrder,
    settings: OrderSettings,
    master: MasterData,
    found: list[Finding],
    unknown: Unknown,
    *,
    payment: PaymentInfo | None,
    has_goods: bool,
) -> ShippingInfo | None:
    """Find our shipping method for the channel's.

    Cash forces self pick-up where there is one (D§4.2.7). An order that names none and has nothing to send needs none.
    """
    if payment is not None and payment.is_cash:
        pickups = [method for method in master.shipping_methods.values() if method.is_pickup]
        if pickups:
            return min(pickups, key=lambda method: method.id)
    value = shipping_value(order)
    target = settings.shipping_map.get(value, "")
    if not target and (not value or settings.default_shipping_if_unmapped):
        target = settings.default_shipping
    if not target:
        if value or has_goods:
            found.append(_unresolved(MappingKind.SHIPPING, value, "shipping method", unknown))
        return None
    return _existing(master.shipping_methods, target, "shipping method", MappingKind.SHIPPING, found)


def resolve_term(settings: OrderSettings, master: MasterData, found: list[Finding]) -> TermInfo | None:
    """Find the delivery term that the settings choose for all orders."""
    code = settings.delivery_term
    if not code:
        return None
    term = master.delivery_terms.get(code)
    if term is None:
        keys = (f"delivery_term:{code}", "settings")
        found.append(Finding.of("MASTER_DATA_MISSING", what="delivery term", value=code, waits_for=keys))
    return term


def _unresolved(kind: MappingKind, value: str, what: str, unknown: Unknown) -> Finding:
    if not value:
        return Finding.of("VALUE_EMPTY_NO_DEFAULT", what=what, waits_for=("settings",))
    unknown.append((kind, value))
    code = "PAYMENT_UNMAPPED" if kind is MappingKind.PAYMENT else "SHIPPING_UNMAPPED"
    return Finding.of(code, value=value, waits_for=(f"{kind.value}:{value}", "settings"))


def _existing(
    methods: Mapping[str, Method], code: str, what: str, kind: MappingKind, found: list[Finding]
) -> Method | None:
    method = methods.get(code)
    if method is None:
        keys = (f"{kind.value}_method:{code}", "settings")
        found.append(Finding.of("MASTER_DATA_MISSING", what=what, value=code, waits_for=keys))
    return method
