"""Amounts in the shop's currency and in the buyer's side by side, so that both add up to the cent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def rounded(amount: Decimal) -> Decimal:
    """The amount in whole cents, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def decimal_text(amount: Decimal) -> str:
    """An amount as the `Decimal` scalar shows it: no trailing zeros but at least one digit behind the point."""
    text = f"{amount.normalize():f}"
    return text if "." in text else f"{text}.0"


@dataclass(frozen=True, slots=True)
class Bag:
    """One amount in both currencies of an order; the two are added and split independently of each other."""

    shop: Decimal
    presentment: Decimal
    currency: str = "EUR"
    presentment_currency: str = "EUR"

    def __add__(self, other: Bag) -> Bag:
        return self.of(self.shop + other.shop, self.presentment + other.presentment)

    def __sub__(self, other: Bag) -> Bag:
        return self.of(self.shop - other.shop, self.presentment - other.presentment)

    def __bool__(self) -> bool:
        return bool(self.shop or self.presentment)

    def of(self, shop: Decimal, presentment: Decimal) -> Bag:
        """Other amounts in the same currencies."""
        return Bag(shop, presentment, self.currency, self.presentment_currency)

    def zero(self) -> Bag:
        """Nothing in the same currencies."""
        return self.of(Decimal(0), Decimal(0))

    def times(self, factor: Decimal | int) -> Bag:
        """Both amounts times a factor, in whole cents."""
        return self.of(rounded(self.shop * factor), rounded(self.presentment * factor))

    def share(self, part: int, whole: int) -> Bag:
        """What `part` of `whole` pieces amount to; shares of consecutive pieces add up to the bag."""
        return self.times(Decimal(part) / Decimal(whole)) if whole else self.zero()

    def pieces(self, before: int, count: int, whole: int) -> Bag:
        """What `count` pieces cost after `before` of `whole` are gone, so that the cents of all of them add up."""
        return self.share(before + count, whole) - self.share(before, whole)

    def at_most(self, limit: Bag) -> Bag:
        """The smaller of the two, currency by currency."""
        return self.of(min(self.shop, limit.shop), min(self.presentment, limit.presentment))


def total(bags: Iterable[Bag], zero: Bag) -> Bag:
    """The sum of bags, `zero` where there are none."""
    for bag in bags:
        zero = zero + bag
    return zero


def gross_part(bag: Bag, rate: Decimal) -> Bag:
    """The tax contained in a gross amount, in whole cents."""
    return bag.of(*(rounded(amount - amount / (1 + rate)) for amount in (bag.shop, bag.presentment)))
