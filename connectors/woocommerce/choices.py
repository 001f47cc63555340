"""The lists that settings choose from, read from the shop."""

from collections.abc import Callable, Mapping
from html import unescape

from canonical.channel import ChannelChoice
from connectors.transport import Calls
from connectors.woocommerce.answers import rows_of
from connectors.woocommerce.shop_facts import ShopFacts

TAX_CLASSES, CATEGORIES, ORDER_STATUSES = "tax_classes", "categories", "order_statuses"


def of(kind: str, calls: Calls, facts: ShopFacts) -> tuple[ChannelChoice, ...]:
    """One of the lists of `SPEC.choices`; raises `FailureError`, and `KeyError` for a list that is not declared."""
    makers: Mapping[str, Callable[[], tuple[ChannelChoice, ...]]] = {
        TAX_CLASSES: lambda: _named(calls, "/taxes/classes"),
        CATEGORIES: lambda: _categories(facts),
        ORDER_STATUSES: lambda: _named(calls, "/orders/statuses"),
    }
    return makers[kind]()


def _named(calls: Calls, path: str) -> tuple[ChannelChoice, ...]:
    rows = [row for row in rows_of(calls.get(path)) if isinstance(row, dict) and row.get("slug")]
    return tuple(
        ChannelChoice(value=str(row["slug"]), label=unescape(str(row.get("name") or row["slug"]))) for row in rows
    )


def _categories(facts: ShopFacts) -> tuple[ChannelChoice, ...]:
    """By their path from the root."""
    paths = sorted(facts.category_paths.items(), key=lambda each: each[1])
    return tuple(ChannelChoice(value=str(category_id), label=" › ".join(path)) for category_id, path in paths)
