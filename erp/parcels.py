"""Parcels: what is packed into how many, by weight; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Packed:
    """Pieces of one article that leave; `weight` is that of one piece in kilogrammes, None where nobody weighed it."""

    quantity: Decimal
    weight: Decimal | None


def split(goods: Sequence[Packed], most: Decimal | None) -> list[Decimal | None]:
    """Split goods into parcels of at most `most` kilogrammes and return the parcels' weights; pure.

    Without a limit there is one parcel. The heaviest pieces are packed first, each into the first parcel with room, so
    that few parcels are needed. A piece is never cut: one that is heavier than the limit gets a parcel of its own, which
    the traffic lights ask a person about before. Pieces without a weight count nothing; a parcel of such pieces alone has
    no weight.
    """
    if not goods:
        return []
    weighed = sorted(((each.weight, each.quantity) for each in goods if each.weight), reverse=True)
    if not weighed:
        return [None]
    if most is None:
        return [sum((weight * quantity for weight, quantity in weighed), ZERO)]
    parcels: list[Decimal] = []
    for weight, quantity in weighed:
        _pack(parcels, weight, quantity, most)
    return list(parcels)


def _pack(parcels: list[Decimal], weight: Decimal, quantity: Decimal, most: Decimal) -> None:
    """Put pieces into the parcels that have room, and the rest into new ones; half a piece weighs half."""
    rest = quantity
    for index, packed in enumerate(parcels):
        fits = min(rest, (most - packed) // weight if packed < most else ZERO)
        parcels[index] += fits * weight
        rest -= fits
    per_parcel = max(most // weight, Decimal(1))
    while rest > 0:
        fits = min(rest, per_parcel)
        parcels.append(fits * weight)
        rest -= fits
