"""Sending stock per location: absolute values, so that sending twice is harmless."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from canonical.failure import Failure, FailureError
from canonical.push import Outcome, PushAnswer, PushResult, StockLevel
from connectors.shopify import variants
from connectors.shopify.graph import MOST_ITEMS, Document, Graph, UserError, gid, mapping, nodes, number_of, user_errors
from connectors.shopify.settings import ShopifyStockSettings
from connectors.shopify.variants import Variant

ROUNDS = 6
"""How often a batch is sent without the entries that the shop refused; each round names all of them."""
RETRIED = frozenset({"IDEMPOTENCY_CONCURRENT_REQUEST", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"})
QUANTITY_CODES = frozenset({"INVALID_QUANTITY_NEGATIVE", "INVALID_QUANTITY_TOO_HIGH", "INVALID_QUANTITY_TOO_LOW"})

SET_QUANTITIES = Document(
    """
mutation SetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { field message code }
  }
}
""",
    cost=13,
)
ACTIVATE = Document(
    """
mutation Activate($item: ID!, $location: ID!, $available: Int!, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: $available) @idempotent(key: $key) {
    inventoryLevel { id }
    userErrors { field message }
  }
}
""",
    cost=13,
)
ITEM_AT_LOCATION = Document(
    """
query ItemAtLocation($items: [ID!]!, $location: ID!) {
  location(id: $location) { id isActive }
  nodes(ids: $items) { ... on InventoryItem { id tracked inventoryLevel(locationId: $location) { id } } }
}
""",
    cost=501,
)


@dataclass(frozen=True)
class Entry:
    """One quantity at one location."""

    level: StockLevel
    item: str
    location: str
    quantity: int

    @property
    def spot(self) -> tuple[str, str]:
        """The shop takes each only once in a call."""
        return self.item, self.location


def send(graph: Graph, settings: ShopifyStockSettings, levels: Sequence[StockLevel]) -> PushAnswer:
    """Send the levels; a ref that the shop no longer knows is looked up once more by SKU.

    Raises `FailureError` NO_LOCATION_MAP where no location is mapped, or of the network; all may then be sent again.
    """
    if not settings.location_map and not any(level.locations for level in levels):
        raise FailureError(Failure.of("NO_LOCATION_MAP"))
    run = _Run(graph, settings)
    run.send([(level, level.ref) for level in levels])
    stale = [level for level in levels if level.key in run.stale]
    if stale:
        run.stale.clear()
        run.send([(level, "") for level in stale])
    return PushAnswer(results=tuple(run.result(level) for level in levels))


class _Run:
    """One call of the feature."""

    def __init__(self, graph: Graph, settings: ShopifyStockSettings) -> None:
        self._graph = graph
        self._locations = sorted(set(settings.location_map.values()))
        self._found: dict[str, Variant] = {}
        self._failures: dict[str, Failure] = {}
        self.stale: set[str] = set()

    def send(self, wanted: Sequence[tuple[StockLevel, str]]) -> None:
        """Resolve and send levels, each by a ref or by its SKU."""
        found = variants.resolve(self._graph, [(level.key, level.sku, ref) for level, ref in wanted], needs_item=True)
        self._found |= found.variants
        self._failures |= found.failures
        entries: dict[tuple[str, str], Entry] = {}
        for level, _ in wanted:
            for entry in self._entries(level):
                if entries.setdefault(entry.spot, entry) is not entry:
                    self._fail(level, Failure.of("SKU_TWICE", sku=level.sku))
        rows = list(entries.values())
        for start in range(0, len(rows), MOST_ITEMS):
            self._send_batch(rows[start : start + MOST_ITEMS])

    def result(self, level: StockLevel) -> PushResult:
        """What became of a level."""
        failure = self._failures.get(level.key)
        variant = self._found.get(level.key)
        ref = str(variant.ref) if variant else ""
        if failure is not None:
            return PushResult(key=level.key, outcome=Outcome.REJECTED, ref=ref, failure=failure)
        return PushResult(key=level.key, outcome=Outcome.ACCEPTED, ref=ref)

    def _fail(self, level: StockLevel, failure: Failure) -> None:
        self._failures.setdefault(level.key, failure)

    def _entries(self, level: StockLevel) -> list[Entry]:
        variant = self._found.get(level.key)
        if variant is None:
            return []
        if not variant.is_tracked:
            self._fail(level, Failure.of("STOCK_NOT_MANAGED", sku=level.sku))
            return []
        if level.locations:
            return [Entry(level, variant.ref.item, at.location_ref, at.quantity) for at in level.locations]
        if len(self._locations) != 1:
            self._fail(level, Failure.of("NO_LOCATION_MAP"))
            return []
        return [Entry(level, variant.ref.item, self._locations[0], level.quantity)]

    def _send_batch(self, entries: Sequence[Entry]) -> None:
        """Set quantities; the shop refuses a call as a whole and names the entries, so the others are sent again."""
        left = list(entries)
        for _ in range(ROUNDS):
            errors = self._set(left) if left else []
            if not errors:
                return
            bad = {error.index: error for error in errors if error.index is not None and error.index < len(left)}
            if not bad:
                self._refuse(left, errors[0])
                return
            self._mend([(left[index], error) for index, error in bad.items()])
            left = [entry for index, entry in enumerate(left) if index not in bad]
        self._refuse(left, UserError((), "too many refused entries", ""))

    def _set(self, entries: Sequence[Entry]) -> list[UserError]:
        quantities = [
            {
                "inventoryItemId": gid("InventoryItem", entry.item),
                "locationId": gid("Location", entry.location),
                "quantity": entry.quantity,
                # What counts is what lies in our warehouses, whatever the shop believes; it must be sent all the same.
                "changeFromQuantity": None,
            }
            for entry in entries
        ]
        # The key is new for each call: the shop answers a known one without doing anything, and 5, 7, 5 are three
        # intentions though the first and the last look alike.
        variables = {
            "input": {"name": "available", "reason": "correction", "quantities": quantities},
            "key": str(uuid4()),
        }
        payload = self._graph.run(SET_QUANTITIES, variables).part("inventorySetQuantities")
        errors = user_errors(payload)
        if any(error.code in RETRIED for error in errors):
            raise FailureError(Failure.of("CONFLICT"))
        if not payload:
            raise FailureError(Failure.of("NOT_JSON", host=self._graph.host, content_type="null"))
        return errors

    def _refuse(self, entries: Sequence[Entry], error: UserError) -> None:
        for entry in entries:
            self._fail(
                entry.level, Failure.of("ITEM_REFUSED", record=entry.level.sku, reason=error.message or error.code)
            )

    def _mend(self, refused: Sequence[tuple[Entry, UserError]]) -> None:
        """Activate items at the location where they are not; the rest is refused for its own reason."""
        asked: dict[str, list[tuple[Entry, UserError]]] = {}
        for entry, error in refused:
            if error.code == "NON_MUTABLE_INVENTORY_ITEM":
                self._fail(entry.level, Failure.of("STOCK_NOT_MANAGED", sku=entry.level.sku))
            elif error.code in QUANTITY_CODES:
                self._refuse([entry], error)
            else:
                asked.setdefault(entry.location, []).append((entry, error))
        for location, entries in asked.items():
            self._mend_at(location, entries)

    def _mend_at(self, location: str, entries: Sequence[tuple[Entry, UserError]]) -> None:
        items = list(dict.fromkeys(gid("InventoryItem", entry.item) for entry, _ in entries))
        reply = self._graph.run(ITEM_AT_LOCATION, {"items": items, "location": gid("Location", location)})
        is_there = reply.part("location").get("isActive") is True
        there = {number_of(item.get("id")): item for item in nodes(reply.data.get("nodes"))}
        for entry, error in entries:
            item = there.get(entry.item)
            if not is_there:
                self._fail(entry.level, Failure.of("LOCATION_GONE", location=location, sku=entry.level.sku))
            elif item is None:
                self._forget(entry.level)
            elif item.get("tracked") is False:
                self._fail(entry.level, Failure.of("STOCK_NOT_MANAGED", sku=entry.level.sku))
            elif item.get("inventoryLevel"):
                self._refuse([entry], error)
            else:
                self._activate(entry)

    def _forget(self, level: StockLevel) -> None:
        """The item is gone: a stored ref is looked up again; one just found is reported."""
        if level.ref and str(self._found[level.key].ref) == level.ref:
            self.stale.add(level.key)
        else:
            self._fail(level, Failure.of("NOT_IN_SHOP", sku=level.sku))

    def _activate(self, entry: Entry) -> None:
        variables: Mapping[str, object] = {
            "item": gid("InventoryItem", entry.item),
            "location": gid("Location", entry.location),
            "available": entry.quantity,
            "key": str(uuid4()),
        }
        payload = self._graph.run(ACTIVATE, variables).part("inventoryActivate")
        if user_errors(payload) or not mapping(payload.get("inventoryLevel")):
            self._fail(entry.level, Failure.of("LOCATION_GONE", location=entry.location, sku=entry.level.sku))
