"""Sending prices: each product's variants in one call, and customer groups' prices to the B2B catalogues of their name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from canonical.catalogue import ArticlePrices, PriceTier
from canonical.failure import Failure
from canonical.push import Outcome, PushAnswer, PushResult
from connectors.shopify import variants
from connectors.shopify.graph import (
    MOST_ITEMS,
    Document,
    Graph,
    UserError,
    gid,
    mapping,
    next_page,
    nodes,
    user_errors,
)
from connectors.shopify.settings import ShopifyPriceSettings
from connectors.shopify.variants import Variant

GONE = frozenset({"PRODUCT_DOES_NOT_EXIST", "PRODUCT_VARIANT_DOES_NOT_EXIST"})
ROUNDS = 4

UPDATE_PRICES = Document(
    """
mutation UpdatePrices($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: true) {
    productVariants { id price compareAtPrice }
    userErrors { field message code }
  }
}
""",
    cost=13,
)
CATALOGS = Document(
    """
query Catalogs($first: Int!, $after: String) {
  catalogs(first: $first, after: $after, type: COMPANY_LOCATION) {
    nodes { id title status priceList { id currency } }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    cost=200,
)
ADD_FIXED_PRICES = Document(
    """
mutation AddFixedPrices($list: ID!, $prices: [PriceListPriceInput!]!) {
  priceListFixedPricesAdd(priceListId: $list, prices: $prices) {
    prices { price { amount } }
    userErrors { field message code }
  }
}
""",
    cost=14,
)
DELETE_FIXED_PRICES = Document(
    """
mutation DeleteFixedPrices($list: ID!, $variants: [ID!]!) {
  priceListFixedPricesDelete(priceListId: $list, variantIds: $variants) {
    deletedFixedPriceVariantIds
    userErrors { field message code }
  }
}
""",
    cost=12,
)
QUANTITY_PRICES = Document(
    """
mutation QuantityPrices($list: ID!, $input: QuantityPricingByVariantUpdateInput!) {
  quantityPricingByVariantUpdate(priceListId: $list, input: $input) {
    productVariants { id }
    userErrors { field message code }
  }
}
""",
    cost=13,
)


@dataclass
class _Row:
    """One article's prices on their way."""

    prices: ArticlePrices
    variant: Variant | None = None
    failure: Failure | None = None
    is_stale: bool = False

    @property
    def variant_id(self) -> str:
        """The global id; empty where the variant is not found."""
        return gid("ProductVariant", self.variant.ref.variant) if self.variant else ""

    def fail(self, failure: Failure) -> None:
        """Refuse the article; the first reason stays."""
        self.failure = self.failure or failure


@dataclass(frozen=True)
class PriceList:
    """The price list of a B2B catalogue."""

    id: str
    currency: str


@dataclass
class PriceSender:
    """Sends prices to one shop; remembers its catalogues."""

    graph: Graph
    settings: ShopifyPriceSettings
    _lists: dict[str, PriceList] | None = field(default=None, init=False)

    def send(self, prices: Sequence[ArticlePrices]) -> PushAnswer:
        """Send one batch; absolute values. Raises `FailureError` of the network, after which all may be sent again."""
        rows = [_Row(each) for each in prices]
        self._resolve(rows, by_ref=True)
        self._update(rows)
        stale = [row for row in rows if row.is_stale]
        if stale:
            for row in stale:
                row.variant, row.failure = None, None
            self._resolve(stale, by_ref=False)
            self._update(stale)
        if self.settings.advanced_prices:
            for group in sorted(self.settings.b2b_groups):
                self._send_group(group, [row for row in rows if row.failure is None])
        return PushAnswer(results=tuple(map(_result, rows)))

    def _resolve(self, rows: Sequence[_Row], *, by_ref: bool) -> None:
        """Find the variants; a price belongs to a variant, so a parent has none."""
        wanted = [(row.prices.key, row.prices.sku, row.prices.ref if by_ref else "") for row in rows]
        found = variants.resolve(self.graph, wanted, needs_item=False)
        for row in rows:
            row.variant = found.variants.get(row.prices.key)
            if row.variant is None:
                row.fail(found.failures[row.prices.key])

    def _update(self, rows: Iterable[_Row]) -> None:
        by_product: dict[str, list[_Row]] = {}
        for row in rows:
            if row.variant is not None:
                by_product.setdefault(row.variant.ref.product, []).append(row)
        for product, group in by_product.items():
            for start in range(0, len(group), MOST_ITEMS):
                self._update_product(product, group[start : start + MOST_ITEMS])

    def _update_product(self, product: str, rows: Sequence[_Row]) -> None:
        inputs = [self._input(row) for row in rows]
        variables = {"product": gid("Product", product), "variants": inputs}
        payload = self.graph.run(UPDATE_PRICES, variables).part("productVariantsBulkUpdate")
        confirmed = {row.get("id"): row for row in nodes(payload.get("productVariants"))}
        refused: dict[int, UserError] = {}
        for error in user_errors(payload):
            for index in [error.index] if error.index is not None else range(len(rows)):
                refused.setdefault(index, error)
        for index, row in enumerate(rows):
            sku = row.prices.sku
            problem = refused.get(index)
            if problem is not None and problem.code in GONE:
                row.is_stale = bool(row.prices.ref) and str(row.variant and row.variant.ref) == row.prices.ref
                row.fail(Failure.of("NOT_IN_SHOP", sku=sku))
            elif problem is not None:
                row.fail(Failure.of("ITEM_REFUSED", record=sku, reason=problem.message or problem.code))
            elif not _is_same(confirmed.get(row.variant_id), inputs[index]):
                row.fail(Failure.of("ITEM_REFUSED", record=sku, reason="not confirmed"))

    def _input(self, row: _Row) -> dict[str, Any]:
        base = row.prices.base
        price: dict[str, Any] = {"id": row.variant_id, "price": str(base.amount)}
        if self.settings.send_pseudo_price:
            price["compareAtPrice"] = None if base.pseudo_amount is None else str(base.pseudo_amount)
        return price

    # --- groups -------------------------------------------------------------------------------------------------------

    def _send_group(self, group: str, rows: Sequence[_Row]) -> None:
        """One group's prices as they shall be: those there are, those that are no more, and the scales."""
        target = self._catalogs().get(group)
        today = datetime.now(UTC).date()
        tiers = {row.variant_id: _tiers(row.prices, group, today) for row in rows}
        if target is None:
            for row in rows:
                if tiers[row.variant_id]:
                    row.fail(Failure.of("NO_GROUP_MAP", group=group))
            return
        for start in range(0, len(rows), MOST_ITEMS):
            self._send_list(target, rows[start : start + MOST_ITEMS], tiers)

    def _send_list(self, target: PriceList, rows: Sequence[_Row], tiers: dict[str, list[PriceTier]]) -> None:
        fitting: list[_Row] = []
        for row in rows:
            wrong = next((t for t in tiers[row.variant_id] if t.currency != target.currency), None)
            if wrong is not None:
                row.fail(Failure.of("NO_CURRENCY_MAP", currency=wrong.currency))
            elif tiers[row.variant_id] and not _of_one(tiers[row.variant_id]):
                # The shop keeps a scale only above a fixed price of one piece.
                group = tiers[row.variant_id][0].group
                row.fail(Failure.of("FIELD_INVALID", field=f"{group} 1+", record=row.prices.sku, reason="∅"))
            else:
                fitting.append(row)
        priced = [row for row in fitting if _of_one(tiers[row.variant_id])]
        unpriced = [row for row in fitting if not _of_one(tiers[row.variant_id])]
        added = {row.variant_id: self._fixed(row, _of_one(tiers[row.variant_id])) for row in priced}
        self._each_once(ADD_FIXED_PRICES, priced, target, "prices", added)
        ids = {row.variant_id: row.variant_id for row in unpriced}
        self._each_once(DELETE_FIXED_PRICES, unpriced, target, "variants", ids)
        # Also without a scale: the one of before stays otherwise. With the fixed price it goes by itself.
        breaks = {row.variant_id: _breaks(row, tiers[row.variant_id]) for row in priced}
        for part in _parts([row for row in priced if row.failure is None], breaks):
            self._scale(target, part, breaks)

    def _fixed(self, row: _Row, tier: PriceTier | None) -> dict[str, Any]:
        if tier is None:
            return {}
        price = {
            "variantId": row.variant_id,
            "price": {"amount": str(tier.amount), "currencyCode": tier.currency},
        }
        if self.settings.send_pseudo_price and tier.pseudo_amount is not None:
            price["compareAtPrice"] = {"amount": str(tier.pseudo_amount), "currencyCode": tier.currency}
        return price

    def _each_once(
        self, document: Document, rows: Sequence[_Row], target: PriceList, argument: str, values: dict[str, Any]
    ) -> None:
        """Send entries; what the shop refuses is left out of the next try. A price that was not there is removed already."""
        left = list(rows)
        for _ in range(ROUNDS):
            if not left:
                return
            entries = [values[row.variant_id] for row in left]
            reply = self.graph.run(document, {"list": target.id, argument: entries})
            payload = mapping(next(iter(reply.data.values()), None))
            errors = user_errors(payload)
            if payload and not errors:
                return
            if not errors:
                break
            done: set[int] = set()
            for index, error in _by_entry(errors, len(left)):
                done.add(index)
                if error.code != "PRICE_NOT_FIXED":
                    left[index].fail(_refused(left[index], error))
            left = [row for index, row in enumerate(left) if index not in done]
        _not_confirmed(left)

    def _scale(self, target: PriceList, rows: Sequence[_Row], breaks: dict[str, list[dict[str, Any]]]) -> None:
        """Replace the scales of some rows. The shop does all or nothing, so what it refuses is left out of the next try."""
        left = list(rows)
        for _ in range(ROUNDS):
            if not left:
                return
            added = [(row, entry) for row in left for entry in breaks[row.variant_id]]
            change = {
                "pricesToAdd": [],
                "pricesToDeleteByVariantId": [],
                "quantityRulesToAdd": [],
                "quantityRulesToDeleteByVariantId": [],
                "quantityPriceBreaksToDelete": [],
                "quantityPriceBreaksToDeleteByVariantId": [row.variant_id for row in left],
                "quantityPriceBreaksToAdd": [entry for _, entry in added],
            }
            reply = self.graph.run(QUANTITY_PRICES, {"list": target.id, "input": change})
            payload = reply.part("quantityPricingByVariantUpdate")
            errors = user_errors(payload)
            if payload and not errors:
                return
            if not errors:
                break
            for error in errors:
                owners = [row for row, _ in added] if "quantityPriceBreaksToAdd" in error.path else left
                exact = error.index is not None and error.index < len(owners)
                for row in [owners[error.index or 0]] if exact else left:
                    row.fail(_refused(row, error))
            left = [row for row in left if row.failure is None]
        _not_confirmed(left)

    def _catalogs(self) -> dict[str, PriceList]:
        """The price lists of B2B catalogues by the catalogue's title."""
        if self._lists is None:
            self._lists = {}
            after = ""
            while True:
                connection = self.graph.run(CATALOGS, {"first": 100, "after": after or None}).data.get("catalogs")
                for row in nodes(connection):
                    prices = mapping(row.get("priceList"))
                    if row.get("status") == "ACTIVE" and prices:
                        self._lists.setdefault(
                            str(row.get("title")), PriceList(str(prices["id"]), str(prices["currency"]))
                        )
                after = next_page(connection)
                if not after:
                    break
        return self._lists


def _tiers(prices: ArticlePrices, group: str, today: date) -> list[PriceTier]:
    """A group's prices that hold today: Shopify's lists know no dates."""
    return [
        tier
        for tier in prices.tiers
        if tier.group == group
        and (tier.valid_from is None or tier.valid_from <= today)
        and (tier.valid_to is None or tier.valid_to >= today)
    ]


def _of_one(tiers: Sequence[PriceTier]) -> PriceTier | None:
    return next((tier for tier in tiers if tier.from_quantity <= 1), None)


def _breaks(row: _Row, tiers: Sequence[PriceTier]) -> list[dict[str, Any]]:
    """A variant's scale above one piece."""
    return [
        {
            "variantId": row.variant_id,
            "minimumQuantity": int(tier.from_quantity),
            "price": {"amount": str(tier.amount), "currencyCode": tier.currency},
        }
        for tier in tiers
        if tier.from_quantity > 1
    ]


def _parts(rows: Sequence[_Row], breaks: dict[str, list[dict[str, Any]]]) -> Iterable[list[_Row]]:
    """Rows in parts whose scales together are no more entries than one call may have."""
    part: list[_Row] = []
    size = 0
    for row in rows:
        more = len(breaks[row.variant_id])
        if part and size + more > MOST_ITEMS:
            yield part
            part, size = [], 0
        part.append(row)
        size += more
    if part:
        yield part


def _by_entry(errors: Iterable[UserError], count: int) -> Iterable[tuple[int, UserError]]:
    """Each error with the entry that it is about; one that names none of them is about all."""
    for error in errors:
        exact = error.index is not None and error.index < count
        for index in [error.index or 0] if exact else range(count):
            yield index, error


def _refused(row: _Row, error: UserError) -> Failure:
    return Failure.of("ITEM_REFUSED", record=row.prices.sku, reason=error.message or error.code)


def _not_confirmed(rows: Iterable[_Row]) -> None:
    """Refuse what the shop neither took nor named."""
    for row in rows:
        row.fail(Failure.of("ITEM_REFUSED", record=row.prices.sku, reason="not confirmed"))


def _is_same(confirmed: dict[str, Any] | None, sent: dict[str, Any]) -> bool:
    return confirmed is not None and Decimal(str(confirmed.get("price"))) == Decimal(sent["price"])


def _result(row: _Row) -> PushResult:
    ref = str(row.variant.ref) if row.variant else ""
    if row.failure is not None:
        return PushResult(key=row.prices.key, outcome=Outcome.REJECTED, ref=ref, failure=row.failure)
    return PushResult(key=row.prices.key, outcome=Outcome.ACCEPTED, ref=ref)
