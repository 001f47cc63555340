"""Money in Shopware's order: parts per tax rate, promotions spread over the lines, taxes rounded once per rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from canonical.money import ZERO, cents, unit_of
from canonical.order import OrderLine, StatedTax
from connectors.shopware6.models import NOISE, CalculatedTax, Price


class TaxStatus(StrEnum):
    """Whether the order's amounts hold the tax; `calculatedTaxes` are stated in the same way."""

    GROSS = "gross"
    NET = "net"
    TAX_FREE = "tax-free"

    @classmethod
    def of(cls, text: str) -> "TaxStatus":
        """Read the shop's word; an unknown one is taken as gross, and the sums then tell."""
        return cls(text) if text in frozenset(cls) else cls.GROSS


@dataclass(frozen=True)
class Part:
    """The part of an amount that bears one rate (percent)."""

    net: Decimal
    tax: Decimal
    rate: Decimal

    @property
    def gross(self) -> Decimal:
        """Net plus tax."""
        return self.net + self.tax


@dataclass(frozen=True)
class Reckoning:
    """How amounts of one order are read: with or without tax, rounded to its currency's unit."""

    status: TaxStatus
    currency: str

    @property
    def unit(self) -> Decimal:
        """The smallest amount of the currency."""
        return unit_of(self.currency)

    def round(self, amount: Decimal) -> Decimal:
        """An amount as the books hold it; PHP's numbers have more decimals."""
        return cents(amount, self.unit)

    def payable(self, amount: Decimal) -> Decimal:
        """What the buyer pays, without the noise of PHP's numbers; an amount finer than the currency stays, and is refused."""
        rounded = self.round(amount)
        return rounded if abs(rounded - amount) < NOISE else amount

    def parts(self, price: Price) -> list[Part]:
        """A price by rate; what rounding leaves between the parts and the whole is in the last one."""
        total = self.round(price.total)
        if self.status is TaxStatus.TAX_FREE or not price.taxes:
            return [Part(total, ZERO, ZERO)]
        found = [self._part(tax) for tax in price.taxes]
        whole = sum((part.gross if self.status is TaxStatus.GROSS else part.net for part in found), ZERO)
        last = found[-1]
        return [*found[:-1], Part(last.net + total - whole, last.tax, last.rate)]

    def _part(self, tax: CalculatedTax) -> Part:
        amount, share = self.round(tax.price), self.round(tax.tax)
        net = amount - share if self.status is TaxStatus.GROSS else amount
        return Part(net, share, rate_of(tax))

    def stated(self, taxes: Sequence[CalculatedTax]) -> tuple[StatedTax, ...]:
        """The order's own tax sums per rate."""
        if self.status is TaxStatus.TAX_FREE:
            return ()
        return tuple(StatedTax(rate=rate_of(tax), tax=self.round(tax.tax)) for tax in taxes)


def rate_of(tax: CalculatedTax) -> Decimal:
    """The percent rate without the zeros of a float: 19.0 is 19, so that equal rates are equal texts, too."""
    return Decimal(format(tax.rate.normalize(), "f"))


def spread(lines: list[OrderLine], part: Part, unit: Decimal) -> bool:
    """Take a negative part off the lines of its rate, in proportion to what is left of them (D§10.3); False: there are none.

    The part is rounded by itself, and so is each line's share of it: a line's tax is then made of two amounts more.
    """
    places = [index for index, line in enumerate(lines) if line.tax_rate == part.rate]
    weights = [max(_left(lines[index]), ZERO) for index in places]
    if not sum(weights, ZERO):
        return False
    nets, taxes = _shared(-part.net, weights, unit), _shared(-part.tax, weights, unit)
    for index, net, tax in zip(places, nets, taxes, strict=True):
        line = lines[index]
        lines[index] = line.model_copy(
            update={
                "discount_net": line.discount_net + net,
                "discount_tax": line.discount_tax + tax,
                "tax_parts": line.tax_parts + 2,
            }
        )
    return True


def _shared(amount: Decimal, weights: Sequence[Decimal], unit: Decimal) -> list[Decimal]:
    """Share an amount out so that no share is off by a unit, however many there are: what they add up to is rounded."""
    whole = sum(weights, ZERO)
    shares, weight, shared = [], ZERO, ZERO
    for each in weights:
        weight += each
        up_to = cents(amount * weight / whole, unit)
        shares.append(up_to - shared)
        shared = up_to
    return shares


def _left(line: OrderLine) -> Decimal:
    return line.net + line.tax - line.discount_net - line.discount_tax


def round_once(
    lines: list[OrderLine],
    computed: dict[Decimal, Decimal],
    stated: Sequence[StatedTax],
    reckoning: Reckoning,
) -> None:
    """Where the shop rounds tax once per rate ("vertical"), give the cents to the largest lines of that rate.

    A difference that rounding cannot explain stays, so that the totals show it.
    """
    for entry in stated:
        difference = entry.tax - computed.get(entry.rate, ZERO)
        places = [index for index, line in enumerate(lines) if line.tax_rate == entry.rate]
        places.sort(key=lambda index: abs(_left(lines[index])), reverse=True)
        steps = int(abs(difference) / reckoning.unit)
        if not steps or steps > len(places):
            continue
        step = reckoning.unit if difference > 0 else -reckoning.unit
        for index in places[:steps]:
            line = lines[index]
            net = line.net - step if reckoning.status is TaxStatus.GROSS else line.net
            parts = line.tax_parts + 1
            lines[index] = line.model_copy(update={"net": net, "tax": line.tax + step, "tax_parts": parts})
