"""What an order's lines amount to: totals, discounts, taxes, and the shares that fall to some of their pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.shopify.money import Bag, decimal_text, total
from sandbox.shopify.store import Json

TIP, GIFT_CARD = "tip", "gift_card"


def original(line: Json) -> Bag:
    """Unit price times pieces as ordered."""
    bag: Bag = line["unit"].times(line["quantity"])
    return bag


def allocated(line: Json, wanted: Callable[[Json], bool] = lambda _: True) -> Bag:
    """The discounts that fall to a line, or those of them that are wanted."""
    bag: Bag = line["unit"] if "unit" in line else line["originalPriceSet"]
    return total((a["amount"] for a in line["allocations"] if wanted(a)), bag.zero())


def discounted(line: Json) -> Bag:
    """The line's amount after all discounts, as ordered; gross where the order's taxes are included."""
    return original(line) - allocated(line)


def tax(line: Json) -> Bag:
    """The line's taxes as ordered."""
    bag: Bag = line["unit"] if "unit" in line else line["originalPriceSet"]
    return total((t["priceSet"] for t in line["taxLines"]), bag.zero())


def current_quantity(line: Json) -> int:
    """Pieces neither refunded nor removed."""
    return int(line["quantity"] - line["refunded"] - line["removed"])


def gone(line: Json) -> int:
    """Pieces refunded or removed."""
    return int(line["refunded"] + line["removed"])


def current(bag: Bag, line: Json) -> Bag:
    """The part of a line's amount that the pieces left account for."""
    return bag.pieces(gone(line), current_quantity(line), line["quantity"])


def goods(order: Json) -> list[Json]:
    """The lines that count for the subtotal: all but tips."""
    return [line for line in order["lineItems"] if line["kind"] != TIP]


def tip(order: Json) -> Bag:
    """The sum of tips."""
    return total((original(line) for line in order["lineItems"] if line["kind"] == TIP), order["zero"])


def shipping_after_discount(line: Json) -> Bag:
    """A shipping line's price after its discounts."""
    bag: Bag = line["originalPriceSet"] - allocated(line)
    return bag


def merged_taxes(lines: Iterable[tuple[Json, Bag]]) -> list[Json]:
    """Tax lines added up by title and rate."""
    found: dict[tuple[str, Any], Json] = {}
    for tax_line, amount in lines:
        key = (tax_line["title"], tax_line["rate"])
        if key in found:
            found[key]["priceSet"] = found[key]["priceSet"] + amount
        else:
            found[key] = {**tax_line, "priceSet": amount}
    return list(found.values())


def money(amount: Any, currency: str) -> Json:
    """An amount as `MoneyV2`."""
    return {"__typename": "MoneyV2", "amount": decimal_text(amount), "currencyCode": currency}
