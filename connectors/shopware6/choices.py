"""What can be chosen in the shop: sales channels, taxes, currencies, rules, folders … (D§2, "reload options")."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from canonical.channel import ChannelChoice
from connectors.shopware6.search import Row, find_all, text
from connectors.transport import Calls

RULE, GROUP = "rule:", "group:"
"""How the value of a price rule tells a rule from a customer group."""


@dataclass(frozen=True)
class Listing:
    """Where a list comes from: the entity, its label, and what is put before the id."""

    entity: str
    label: Callable[[Row], str] = text
    prefix: str = ""
    value: str = "id"


def _rate(row: Row) -> str:
    rate = f"{row.get('taxRate', 0):g} %"
    return rate if text(row) in ("", rate) else f"{text(row)} ({rate})"


def _currency(row: Row) -> str:
    return f"{row.get('isoCode') or ''} {text(row)}".strip()


def _path(row: Row) -> str:
    """A category with its ancestors: names repeat in a tree."""
    crumbs = row.get("breadcrumb")
    return " › ".join(str(crumb) for crumb in crumbs) if isinstance(crumbs, list) and crumbs else text(row)


def _field(row: Row) -> str:
    return str(row.get("name") or "")


LISTS: Mapping[str, tuple[Listing, ...]] = {
    "sales_channels": (Listing("sales-channel"),),
    "taxes": (Listing("tax", _rate),),
    "currencies": (Listing("currency", _currency),),
    "price_rules": (Listing("rule", prefix=RULE), Listing("customer-group", prefix=GROUP)),
    "media_folders": (Listing("media-folder"),),
    "delivery_times": (Listing("delivery-time"),),
    "cms_layouts": (Listing("cms-page"),),
    "categories": (Listing("category", _path),),
    "property_groups": (Listing("property-group", value="name"),),
    "custom_fields": (Listing("custom-field", _field, value="name"),),
}


def fetch(calls: Calls, kind: str) -> Sequence[ChannelChoice]:
    """Fetch one list, sorted by label; raises `FailureError`."""
    found = []
    for listing in LISTS[kind]:
        criteria = (
            {"filter": [{"type": "equals", "field": "type", "value": "product_detail"}]}
            if kind == "cms_layouts"
            else {}
        )
        for row in find_all(calls, listing.entity, **criteria):
            value = text(row) if listing.value == "name" else str(row.get("id") or "")
            if value:
                found.append(ChannelChoice(value=f"{listing.prefix}{value}", label=listing.label(row) or value))
    return sorted(found, key=lambda choice: choice.label.casefold())
