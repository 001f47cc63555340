"""Addresses: what must be there, and the snapshot that the order keeps (D§4.2.5, D§10.1)."""

from canonical.failure import Finding
from canonical.order import Address, ChannelOrder
from erp.rules.texts import clip

COUNTRY_LETTERS = 2


def snapshot(address: Address) -> dict[str, str]:
    """Copy an address as the order keeps it; master data may change later, the order may not."""
    return {name: clip(value, 300) for name, value in vars(address).items() if value}


def delivery_of(order: ChannelOrder) -> Address:
    """Choose the address of delivery: the order's own, else the billing address."""
    return order.billing if order.delivery.is_empty else order.delivery


def check_addresses(order: ChannelOrder, found: list[Finding]) -> None:
    """Find what billing and delivery lack; a customer needs a name and street, city, country."""
    if order.billing.is_empty:
        found.append(Finding.of("NO_BILLING_ADDRESS"))
        return
    if not (order.billing.name.strip() or order.billing.company.strip()):
        found.append(Finding.of("CUSTOMER_NO_NAME"))
    if missing := _missing(order.billing):
        found.append(Finding.of("CUSTOMER_ADDRESS_INCOMPLETE", missing=missing))
    if order.delivery.is_empty or order.delivery == order.billing:
        return
    if missing := _missing(order.delivery):
        found.append(Finding.of("DELIVERY_ADDRESS_INCOMPLETE", missing=missing))


def _missing(address: Address) -> str:
    missing = [name for name in ("street", "city") if not getattr(address, name).strip()]
    if len(address.country) != COUNTRY_LETTERS:
        missing.append("country")
    return ", ".join(missing)
