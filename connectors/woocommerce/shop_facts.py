"""What a shop says of itself, read once per connector: its units, its currency, how it enters prices, its attributes."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from html import unescape

from connectors.transport import Calls
from connectors.woocommerce.answers import Row, rows_of
from connectors.woocommerce.products import all_rows

KILOGRAMS: Mapping[str, Decimal] = {
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "lbs": Decimal("0.45359237"),
    "oz": Decimal("0.028349523125"),
}
"""How many kilograms one of the shop's weight units is; the units are the choices of WooCommerce's own setting."""
CENTIMETRES: Mapping[str, Decimal] = {
    "m": Decimal(100),
    "cm": Decimal(1),
    "mm": Decimal("0.1"),
    "in": Decimal("2.54"),
    "yd": Decimal("91.44"),
}
FINEST = Decimal("0.0001")


class ShopFacts:
    """Each fact is asked for when it is first needed; all raise `FailureError`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @cached_property
    def _units(self) -> tuple[Decimal, Decimal]:
        """Kilograms per weight unit and centimetres per unit of length."""
        values = self._settings("products")
        kilograms = KILOGRAMS.get(values.get("woocommerce_weight_unit", ""), Decimal(1))
        return kilograms, CENTIMETRES.get(values.get("woocommerce_dimension_unit", ""), Decimal(1))

    def weight_in_shop(self, kilograms: Decimal | None) -> str:
        """A weight in the shop's unit; empty without one."""
        return "" if kilograms is None else _plain(kilograms / self._units[0])

    def length_in_shop(self, centimetres: Decimal | None) -> str:
        """A length in the shop's unit; empty without one."""
        return "" if centimetres is None else _plain(centimetres / self._units[1])

    def kilograms(self, in_shop: Decimal) -> Decimal:
        """A weight of the shop in kilograms."""
        return (in_shop * self._units[0]).quantize(FINEST).normalize()

    def centimetres(self, in_shop: Decimal) -> Decimal:
        """A length of the shop in centimetres."""
        return (in_shop * self._units[1]).quantize(FINEST).normalize()

    @cached_property
    def prices_are_gross(self) -> bool:
        """Whether prices are entered with tax."""
        return self._settings("tax").get("woocommerce_prices_include_tax") == "yes"

    @cached_property
    def currency(self) -> str:
        """The currency of the shop's prices (ISO 4217)."""
        body = self._calls.get("/data/currencies/current").json()
        return str(body.get("code") or "EUR") if isinstance(body, dict) else "EUR"

    @cached_property
    def attribute_ids(self) -> Mapping[str, int]:
        """The shop's global attributes: folded name to id."""
        rows = [row for row in rows_of(self._calls.get("/products/attributes")) if isinstance(row, dict)]
        return {folded(row.get("name")): int(row["id"]) for row in rows if row.get("id")}

    @cached_property
    def category_paths(self) -> Mapping[int, tuple[str, ...]]:
        """The names of each category from the root."""
        rows = {row["id"]: row for row in all_rows(self._calls, "/products/categories", {"orderby": "id"})}
        return {category_id: _path(rows, category_id) for category_id in rows}

    def _settings(self, group: str) -> dict[str, str]:
        rows = rows_of(self._calls.get(f"/settings/{group}", {"_fields": "id,value"}))
        return {str(row.get("id")): str(row.get("value")) for row in rows if isinstance(row, dict)}


def folded(name: object) -> str:
    """A name as it is compared: without the entities of a web page, whatever its case."""
    return unescape(str(name or "")).strip().casefold()


def _path(rows: Mapping[int, Row], category_id: int) -> tuple[str, ...]:
    """Names from the root; a circle, which plug-ins can make, ends at the first repeat."""
    path: list[str] = []
    seen: set[int] = set()
    while category_id in rows and category_id not in seen:
        seen.add(category_id)
        path.insert(0, unescape(str(rows[category_id].get("name") or "")))
        category_id = rows[category_id].get("parent") or 0
    return tuple(path)


def _plain(amount: Decimal) -> str:
    """A number as the shop keeps it: at most four decimals, none that say nothing."""
    return format(amount.quantize(FINEST).normalize(), "f")
