"""Addresses: what must be there, parcel lockers, and the snapshot that the order keeps (D§4.2.5, D§10.1)."""

import re
from collections.abc import Iterable, Mapping

from canonical.failure import Finding, Severity
from canonical.order import Address, ChannelOrder
from canonical.settings import MappingKind, OrderSettings
from erp.rules.methods import LONGEST_VALUE, Unknown
from erp.rules.texts import clip

COUNTRY_LETTERS = 2

LOCKER = re.compile(r"\b(packstation|postfiliale|paketshop)\s*(nr\.?\s*)?\d{1,4}\b", re.IGNORECASE)
POST_NUMBER = re.compile(r"(?<!\d)\d{6,10}(?!\d)")


def snapshot(address: Address) -> dict[str, str]:
    """Copy an address as the order keeps it; master data may change later, the order may not."""
    return {name: clip(value, 300) for name, value in vars(address).items() if value}


def delivery_of(order: ChannelOrder) -> Address:
    """Choose the address of delivery: the order's own, else the billing address."""
    return order.billing if order.delivery.is_empty else order.delivery


def complete(order: ChannelOrder, settings: OrderSettings) -> dict[str, Address]:
    """Say which addresses are to be used instead of the order's; empty for nearly every order.

    A country that the channel names in its own way is translated where the connector has a mapping table for that (D§2.5).
    A missing billing address is taken from the delivery where the settings say so, but its e-mail and VAT id stay. What is
    sold over the counter is handed over in the country of the warehouse. A parcel locker's post number gets its own field.
    """
    billing, delivery = order.billing, order.delivery
    if settings.billing_from_shipping and billing.is_empty and not delivery.is_empty:
        own = {name: value for name, value in vars(billing).items() if value and name != "country"}
        billing = delivery.model_copy(update=own)
    if order.is_pos and not delivery_of(order).country:
        billing = billing.model_copy(update={"country": settings.warehouse_country})
    table = country_table(settings) or {}
    billing, delivery = (with_post_number(_in_country(address, table)) for address in (billing, delivery))
    changed = {}
    if billing is not order.billing:
        changed["billing"] = billing
    if delivery is not order.delivery:
        changed["delivery"] = delivery
    return changed


def country_table(settings: OrderSettings) -> Mapping[str, str] | None:
    """The mapping table of countries, of connectors that have one."""
    return getattr(settings, "country_map", None)


def _in_country(address: Address, table: Mapping[str, str]) -> Address:
    mapped = table.get(address.country, "")
    return address.model_copy(update={"country": mapped.strip().upper()}) if mapped else address


def with_post_number(address: Address) -> Address:
    """Read a parcel locker's post number from the lines where people write it; nothing is taken out of them."""
    if address.post_number or not is_locker(address):
        return address
    written = POST_NUMBER.search(LOCKER.sub(" ", _lines(address)))
    return address.model_copy(update={"post_number": written.group()}) if written else address


def is_locker(address: Address) -> bool:
    """Whether a parcel locker or a post office is meant instead of a house."""
    return LOCKER.search(_lines(address)) is not None


def check_addresses(order: ChannelOrder, settings: OrderSettings, found: list[Finding], unknown: Unknown) -> None:
    """Find what billing and delivery lack; a customer needs a name and street, city, country.

    A country that has a name but no ISO code waits for its row of the mapping table, where the connector has one. Only who buys over the counter may stay unnamed. A parcel locker without a post number is nobody's.
    """
    if order.is_pos and order.billing.is_empty:
        return
    if order.billing.is_empty:
        found.append(Finding.of("NO_BILLING_ADDRESS"))
        return
    if not (order.billing.name.strip() or order.billing.company.strip()):
        found.append(Finding.of("CUSTOMER_NO_NAME"))
    has_table = country_table(settings) is not None
    if has_table:
        _check_countries((order.billing, order.delivery), found, unknown)
    if missing := _missing(order.billing, has_table=has_table):
        found.append(Finding.of("CUSTOMER_ADDRESS_INCOMPLETE", missing=missing))
    delivery = delivery_of(order)
    if not delivery.post_number and is_locker(delivery):
        found.append(Finding.of("POST_NUMBER_MISSING", severity=Severity.WARNING))
    if order.delivery.is_empty or order.delivery == order.billing:
        return
    if missing := _missing(order.delivery, has_table=has_table):
        found.append(Finding.of("DELIVERY_ADDRESS_INCOMPLETE", missing=missing))


def _lines(address: Address) -> str:
    return f"{address.street}\n{address.street2}\n{address.company}"


def _check_countries(addresses: Iterable[Address], found: list[Finding], unknown: Unknown) -> None:
    named = {address.country[:LONGEST_VALUE] for address in addresses if len(address.country) > COUNTRY_LETTERS}
    for value in sorted(named):
        unknown.append((MappingKind.COUNTRY, value))
        found.append(Finding.of("COUNTRY_UNMAPPED", value=value, waits_for=(f"{MappingKind.COUNTRY.value}:{value}",)))


def _missing(address: Address, *, has_table: bool) -> str:
    missing = [name for name in ("street", "city") if not getattr(address, name).strip()]
    is_named = has_table and len(address.country) > COUNTRY_LETTERS
    if len(address.country) != COUNTRY_LETTERS and not is_named:
        missing.append("country")
    return ", ".join(missing)
