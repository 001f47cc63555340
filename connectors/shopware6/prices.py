"""Sending prices: gross and net together per currency, and tiers as prices that a rule of the shop chooses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from canonical.catalogue import ArticlePrices, PriceTier
from canonical.failure import Failure, FailureError
from canonical.money import HUNDRED, cents, unit_of
from canonical.push import Outcome, PushAnswer, PushResult
from connectors.shopware6.choices import GROUP, RULE
from connectors.shopware6.products import by_id, by_sku
from connectors.shopware6.search import Row, find_all, items, part
from connectors.shopware6.settings import Shopware6PriceSettings
from connectors.shopware6.sync import Change, Refusal, made_id, write
from connectors.transport import Calls

STANDARD = "Standardpreis"
"""What the tiers of everybody are called in the table of groups (D§2.4)."""
AWAITS_PRICE = "connect_awaits_price"
"""The custom field of a product that we created: Shopware demands a price, so it is hidden until it has its real one."""
PLACES = Decimal("0.0000000001")


def pair(amount: Decimal, *, is_gross: bool, rate: Decimal, currency: str) -> tuple[Decimal, Decimal]:
    """Gross and net of a price at a percent rate; the net of a gross price keeps its fractions, so that gross comes back."""
    factor = (HUNDRED + rate) / HUNDRED
    if is_gross:
        return amount, (amount / factor).quantize(PLACES).normalize()
    return cents(amount * factor, unit_of(currency)), amount


def send(calls: Calls, settings: Shopware6PriceSettings, prices: Sequence[ArticlePrices]) -> PushAnswer:
    """Send the prices of one batch; products are read first, because their prices in other currencies must stay."""
    batch = _Batch(calls, settings, prices)
    changes = [change for article in prices if (change := batch.change(article)) is not None]
    refused = write(calls, [*batch.rules, *changes])
    return PushAnswer(results=tuple(batch.result(article, refused) for article in prices))


@dataclass
class _Batch:
    """Prices on their way, with what the shop has of their products."""

    calls: Calls
    settings: Shopware6PriceSettings
    prices: Sequence[ArticlePrices]
    products: dict[str, Row] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    made_rules: dict[str, Change] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read products and currencies."""
        paths = ("prices", "tax", "parent.tax")
        known = by_id(self.calls, [article.ref for article in self.prices], *paths)
        missing = [article.sku for article in self.prices if article.ref not in known]
        found = by_sku(self.calls, missing, *paths) if missing else {}
        for article in self.prices:
            row = known.get(article.ref) or found.get(article.sku.strip())
            if row is not None:
                self.products[article.key] = row
        self.currencies = dict(self.settings.currency_map)
        if not self.currencies:
            rows = find_all(self.calls, "currency")
            self.currencies = {str(row.get("isoCode")): str(row["id"]) for row in rows if row.get("id")}

    @property
    def rules(self) -> list[Change]:
        """The rules that customer groups need first."""
        return list(self.made_rules.values())

    def change(self, article: ArticlePrices) -> Change | None:
        """What is written for an article; None where it cannot be, with the reason noted."""
        product = self.products.get(article.key)
        if product is None:
            self.failures[article.key] = Failure.of("NOT_IN_SHOP", sku=article.sku)
            return None
        try:
            return self._change(article, product)
        except FailureError as error:
            self.failures[article.key] = error.failure
            return None

    def _change(self, article: ArticlePrices, product: Row) -> Change:
        rate = article.tax_rate if article.tax_rate is not None else _rate(product)
        ref = str(product["id"])
        own = self._price(article.base, rate)
        others = [price for price in items(product, "price") if price.get("currencyId") != own["currencyId"]]
        kept = [_written(price) for price in others]
        row: Row = {"id": ref, "price": [*kept, own]}
        fields = product.get("customFields")
        if isinstance(fields, dict) and fields.get(AWAITS_PRICE):
            row |= {"active": True, "customFields": {AWAITS_PRICE: None}}
        change = Change(article.key, article.sku, upserts=[("product", row)])
        parent = part(product, "parent")
        parents_fields = parent.get("customFields")
        if isinstance(parents_fields, dict) and parents_fields.get(AWAITS_PRICE):
            shown = {"id": str(parent["id"]), "active": True, "customFields": {AWAITS_PRICE: None}}
            change.upserts.append(("product", shown))
        if self.settings.advanced_prices:
            self._tiers(change, article, product, rate)
        return change

    def _price(self, tier: PriceTier, rate: Decimal) -> Row:
        currency = self.currencies.get(tier.currency)
        if not currency:
            raise FailureError(Failure.of("NO_CURRENCY_MAP", currency=tier.currency))
        made = _amounts(tier.amount, tier, rate) | {"currencyId": currency}
        if self.settings.send_pseudo_price and tier.pseudo_amount is not None and tier.pseudo_amount > tier.amount:
            made["listPrice"] = _amounts(tier.pseudo_amount, tier, rate) | {"currencyId": currency}
        return made

    def _tiers(self, change: Change, article: ArticlePrices, product: Row, rate: Decimal) -> None:
        """The tiers of today, each up to where the next one of its rule begins; tiers that are gone are removed."""
        ref = str(product["id"])
        by_rule: dict[str, dict[int, list[Row]]] = {}
        for tier in article.tiers:
            if _holds(tier, datetime.now(UTC).date()):
                steps = by_rule.setdefault(self._rule(tier.group), {})
                steps.setdefault(max(int(tier.from_quantity), 1), []).append(self._price(tier, rate))
        wanted = set()
        for rule, steps in by_rule.items():
            starts = sorted(steps)
            for start, following in zip(starts, [*starts[1:], None], strict=True):
                tier_id = made_id("product_price", ref, rule, str(start))
                wanted.add(tier_id)
                row = {
                    "id": tier_id,
                    "productId": ref,
                    "ruleId": rule,
                    "quantityStart": start,
                    "quantityEnd": following - 1 if following is not None else None,
                    "price": steps[start],
                }
                change.upserts.append(("product_price", row))
        for old in items(product, "prices"):
            if old.get("id") not in wanted and old.get("ruleId") in self._own_rules():
                change.deletes.append(("product_price", {"id": old["id"]}))

    def _own_rules(self) -> frozenset[str]:
        """The rules that we fill; prices of others are the merchant's own."""
        return frozenset(_rule_id(value) for value in self.settings.group_map.values())

    def _rule(self, group: str) -> str:
        """The rule of a group; for a customer group of the shop one is made, because prices know only rules."""
        value = self.settings.group_map.get(group or STANDARD)
        if not value:
            raise FailureError(Failure.of("NO_GROUP_MAP", group=group or STANDARD))
        rule = _rule_id(value)
        if value.startswith(GROUP) and rule not in self.made_rules:
            self.made_rules[rule] = _group_rule(rule, value.removeprefix(GROUP), group or STANDARD)
        return rule

    def result(self, article: ArticlePrices, refused: dict[str, Refusal]) -> PushResult:
        """What became of an article's prices."""
        ref = str(self.products[article.key]["id"]) if article.key in self.products else ""
        failure = refused[article.key].failure if article.key in refused else self.failures.get(article.key)
        if failure is not None:
            return PushResult(key=article.key, outcome=Outcome.REJECTED, ref=ref, failure=failure)
        return PushResult(key=article.key, outcome=Outcome.ACCEPTED, ref=ref)


def _rule_id(value: str) -> str:
    """The id of a rule of the shop, or of the one that we make for a customer group."""
    return made_id("rule", value.removeprefix(GROUP)) if value.startswith(GROUP) else value.removeprefix(RULE)


def _group_rule(rule: str, group_id: str, name: str) -> Change:
    """A rule that holds for the customers of one group."""

    def condition(kind: str, **fields: object) -> Row:
        return {"id": made_id("condition", rule, kind), "ruleId": rule, "type": kind, **fields}

    member = condition("customerCustomerGroup", value={"operator": "=", "customerGroupIds": [group_id]})
    tree = condition("orContainer", children=[condition("andContainer", children=[member])])
    row = {"id": rule, "name": f"Connect: {name}", "priority": 100, "conditions": [tree]}
    return Change(f"rule:{rule}", name, upserts=[("rule", row)])


def _amounts(amount: Decimal, tier: PriceTier, rate: Decimal) -> Row:
    gross, net = pair(amount, is_gross=tier.is_gross, rate=rate, currency=tier.currency)
    return {"gross": float(gross), "net": float(net), "linked": True}


def _written(price: Row) -> Row:
    """A price as it is written: what is read has more in it."""
    kept: Row = {name: price[name] for name in ("currencyId", "gross", "net", "linked") if name in price}
    listed = part(price, "listPrice")
    return {**kept, "listPrice": _written(listed)} if listed else kept


def _rate(product: Row) -> Decimal:
    """The percent rate of the product's own tax; a variant has its parent's."""
    rates: Iterable[object] = (part(each, "tax").get("taxRate") for each in (product, part(product, "parent")))
    return next((Decimal(str(rate)) for rate in rates if rate is not None), Decimal(0))


def _holds(tier: PriceTier, today: date) -> bool:
    """Whether a tier is valid today; what begins later is sent then."""
    return (tier.valid_from is None or tier.valid_from <= today) and (tier.valid_to is None or today <= tier.valid_to)
