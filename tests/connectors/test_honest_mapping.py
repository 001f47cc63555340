"""Orders that a shop computed honestly, each amount rounded where the vendor rounds it: all are booked, to the cent.

A check that is stricter than rounding allows refuses a few of a hundred real orders; so there are many of them here.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

import orjson
import pytest

import connectors
from commands.orders import PreviewWorld, preview_document
from connectors.protocol import PullsOrders
from tests.connectors import test_mirakl_orders as mirakl
from tests.connectors import test_shopify_support as shopify
from tests.connectors import test_shopware6_orders as shopware6

Document = dict[str, Any]
RATES = (Decimal(19), Decimal(7))
OFF = (Decimal(0), Decimal("0.1"), Decimal("0.125"), Decimal("0.333"), Decimal(1))
HOME = {"firstName": "Anna", "street": "Hauptstr. 1", "city": "Hamburg", "country": {"iso": "DE"}}


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def tax_of(amount: Decimal, rate: Decimal, *, is_gross: bool) -> Decimal:
    return cents(amount * rate / (100 + rate) if is_gross else amount * rate / 100)


def prices(dice: random.Random, most: int) -> list[tuple[int, Decimal, Decimal]]:
    """Quantity, price of one and rate of some lines."""
    return [
        (dice.randint(1, 4), Decimal(dice.randint(1, 20000)) / 100, dice.choice(RATES))
        for _ in range(dice.randint(1, most))
    ]


def of_shopify(dice: random.Random) -> Document:
    """Discounts are shares of lines; the tax of a line is that of what is left."""
    is_gross, lines, per_rate, total = dice.random() < 0.6, [], Counter[Decimal](), Decimal(0)
    for number, (quantity, price, rate) in enumerate(prices(dice, 6), start=1):
        off = cents(price * quantity * dice.choice(OFF))
        left = price * quantity - off
        tax = tax_of(left, rate, is_gross=is_gross)
        total += left + (0 if is_gross else tax)
        per_rate[rate] += tax
        share = {"allocatedAmountSet": shopify.money(str(off)), "discountApplication": {"code": "X"}}
        fields = {"quantity": quantity, "taxLines": [shopify.tax(str(tax), float(rate))]}
        fields |= {"discountAllocations": [share] if off else []}
        lines.append(shopify.line(number, f"S{number}", str(price * quantity), **fields))
    return shopify.order(
        lines=lines,
        taxesIncluded=is_gross,
        totalPriceSet=shopify.money(str(total)),
        totalTaxSet=shopify.money(str(sum(per_rate.values()))),
        taxLines=[shopify.tax(str(tax), float(rate)) for rate, tax in per_rate.items()],
    )


def of_mirakl(dice: random.Random) -> Document:
    """Promotions are inside the price, which is no longer quantity times price of one; a free line may state no tax."""
    is_gross, lines = dice.random() < 0.6, []
    is_stated = not is_gross or dice.random() < 0.8
    for number, (quantity, one, rate) in enumerate(prices(dice, 5), start=1):
        off = cents(one * quantity * dice.choice(OFF))
        price, postage = one * quantity - off, dice.choice((Decimal(0), Decimal("4.90"), Decimal("3.33")))
        taxes = [mirakl.tax(float(tax_of(each, rate, is_gross=is_gross)), float(rate)) for each in (price, postage)]
        fields = {"quantity": quantity, "price_unit": float(one), "price": float(price)}
        fields |= {"shipping_price": float(postage), "total_price": float(price + postage)}
        fields |= {"taxes": taxes[:1] if is_stated and (price or dice.random() < 0.5) else []}
        fields |= {"shipping_taxes": taxes[1:] if is_stated and postage else []}
        fields |= {"promotions": [{"id": "P", "deduced_amount": float(off)}] if off else []}
        lines.append(mirakl.line(number, offer_sku=f"S{number}", **fields))
    return mirakl.order(*lines, order_tax_mode="TAX_INCLUDED" if is_gross else "TAX_EXCLUDED")


class Cart:
    """Shopware's cart: goods, then promotions and postage over all rates in proportion; tax rounded per amount or once."""

    def __init__(self, dice: random.Random) -> None:
        self._status = dice.choice(("gross", "net"))
        self._is_vertical = dice.random() < 0.3
        self._sums, self._taxes = Counter[Decimal](), Counter[Decimal]()
        self._lines: list[Document] = []
        for number, (quantity, price, rate) in enumerate(prices(dice, dice.choice((2, 5, 30)))):
            self._add(f"S{number}", {rate: price * quantity}, quantity, {"productNumber": f"S{number}"})
        goods = dict(self._sums)
        for number in range(dice.randint(0, 2)):
            amount = -cents(sum(goods.values()) * dice.choice(OFF[:3]))
            self._add(f"P{number}", self._spread(amount, goods), 1, {"code": f"P{number}"}, kind="promotion")
        self._postage = self._price(self._spread(dice.choice((Decimal(0), Decimal("4.99"), Decimal("3.33"))), goods))

    @staticmethod
    def _spread(amount: Decimal, goods: dict[Decimal, Decimal]) -> dict[Decimal, Decimal]:
        return {rate: amount * part / sum(goods.values()) for rate, part in goods.items()}

    def _price(self, parts: dict[Decimal, Decimal]) -> Document:
        taxes = {rate: tax_of(part, rate, is_gross=self._status == "gross") for rate, part in parts.items()}
        self._sums.update(parts)
        self._taxes.update(taxes)
        return {"totalPrice": float(cents(sum(parts.values(), Decimal(0)))), "calculatedTaxes": rows(taxes, parts)}

    def _add(
        self, name: str, parts: dict[Decimal, Decimal], quantity: int, payload: Document, kind: str = "product"
    ) -> None:
        line = {"id": name, "type": kind, "label": name, "quantity": quantity, "payload": payload}
        self._lines.append({**line, "position": len(self._lines), "price": self._price(parts)})

    def document(self) -> Document:
        taxes = dict(self._taxes)
        if self._is_vertical:
            taxes = {rate: tax_of(part, rate, is_gross=self._status == "gross") for rate, part in self._sums.items()}
        total = cents(sum(self._sums.values())) + (sum(taxes.values()) if self._status == "net" else 0)
        price = {"totalPrice": float(total), "rawTotal": float(total), "taxStatus": self._status}
        delivery = {"id": "d", "shippingCosts": self._postage, "shippingOrderAddress": HOME}
        return shopware6.document(
            lineItems=self._lines,
            amountTotal=float(total),
            price={**price, "calculatedTaxes": rows(taxes, self._sums)},
            taxCalculationType="vertical" if self._is_vertical else "horizontal",
            billingAddress=HOME,
            deliveries=[delivery],
            transactions=[{"id": "t", "stateMachineState": {"technicalName": "paid"}}],
        )


def rows(taxes: dict[Decimal, Decimal], parts: dict[Decimal, Decimal]) -> Sequence[Document]:
    return [{"tax": float(tax), "taxRate": float(rate), "price": float(parts[rate])} for rate, tax in taxes.items()]


@pytest.mark.parametrize(
    ("connector", "made"),
    [("shopify", of_shopify), ("mirakl", of_mirakl), ("shopware6", lambda dice: Cart(dice).document())],
)
def test_an_honest_order_is_never_refused(connector: str, made: Callable[[random.Random], Document]) -> None:
    reader, world = cast(PullsOrders, connectors.reader(connector)), PreviewWorld(connector)
    for seed in range(150):
        document = made(random.Random(seed))
        answer = preview_document(reader, orjson.dumps(document), world)
        assert answer["outcome"] == "import", (seed, answer["findings"])
        assert Decimal(answer["draft"]["total"]) == Decimal(answer["order"]["stated"]["total"]), seed
