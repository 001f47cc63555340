"""A Shopware 6 shop and its connector, in the words of these tests."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from canonical.catalogue import (
    ArticleContent,
    ArticlePrices,
    DataType,
    NamedValue,
    OptionAxis,
    Picture,
    PriceTier,
    Structure,
    Words,
)
from canonical.feature import Feature
from canonical.settings import FeatureSettings
from connectors import shopware6
from connectors.account import Account
from connectors.shopware6.client import Shopware6
from connectors.shopware6.search import find_all, joined
from connectors.shopware6.settings import Shopware6Credentials
from connectors.transport import TransportOptions
from sandbox.server import SandboxServer
from sandbox.shopware6 import Shopware6Shop

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SINCE = "2026-02-01T00:00:00Z"


class Laden:
    """A running shop."""

    def __init__(self, shop: Shopware6Shop, url: str) -> None:
        self.shop, self.url = shop, url

    def connect(self, *, account: Account | None = None, read_only: bool = False, **settings: Any) -> Shopware6:
        """Build the connector; keyword arguments are the settings of the features that they are named after."""
        keys = self.shop.credentials(read_only=read_only)
        credentials = Shopware6Credentials(
            url=self.url, client_id=keys["client_id"], client_secret=SecretStr(keys["client_secret"])
        )
        chosen: dict[Feature, FeatureSettings] = {
            Feature(name): shopware6.SPEC.features[Feature(name)].settings.model_validate(values)
            for name, values in settings.items()
        }
        made = shopware6.build(
            credentials, chosen, account or Account(), TransportOptions(allow_private=True, timeout=10)
        )
        assert isinstance(made, Shopware6)
        return made

    def place(self, count: int, *, start: datetime = START, step: timedelta = timedelta(seconds=7)) -> list[str]:
        """Let customers buy; returns the orders' ids."""
        if not list(self.shop.store.pointing("product", "productNumber", "MUG")):
            self.shop.add_article("MUG", "Becher", "11.90", stock=100_000)
        return [self.shop.buy([("MUG", 1)], at=start + step * index) for index in range(count)]

    def read(self, entity: str, *associations: str) -> list[dict[str, Any]]:
        """What the shop tells of an entity, with its texts."""
        calls = self.connect()._calls
        return find_all(calls, entity, associations=joined(*associations))

    def product(self, sku: str) -> dict[str, Any]:
        """What the shop tells of one product."""
        return next(row for row in self.read("product") if row["productNumber"] == sku)

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """What the shop has of an entity in its tables, without texts."""
        return list(self.shop.store.tables[entity].values())


def running(**options: Any) -> Iterator[Laden]:
    """Serve a shop for one test."""
    shop = Shopware6Shop(**options)
    with SandboxServer(shop) as server:
        yield Laden(shop, server.url)


def codes(answer: Any) -> list[str]:
    """What became of each record: a code, or the outcome."""
    return [result.failure.code if result.failure else result.outcome.value for result in answer.results]


EVERYTHING = frozenset(DataType)
EUR = "b7d2554b0ce847cd82f3ac9bd1c0dfca"


def shop_taxes(laden: Laden) -> dict[str, str]:
    return {f"{row['taxRate']:g}": row["id"] for row in laden.rows("tax")}


def connected(laden: Laden, *, owns_tree: bool = False, **settings: Any) -> Shopware6:
    taxes = shop_taxes(laden)
    articles = {"tax_normal": taxes["19"], "tax_reduced": taxes["7"], "meta_texts": True, **settings}
    return laden.connect(articles=articles, **({"categories": {}} if owns_tree else {}))


def article(sku: str, **fields: Any) -> ArticleContent:
    made = {"key": f"K-{sku}", "sku": sku, "words": Words(language="de", name=f"Name {sku}"), "sends": EVERYTHING}
    return ArticleContent(**made | fields)


def matrix(sizes: str = "SM", **fields: Any) -> list[ArticleContent]:
    """A shirt with sizes."""
    axis = OptionAxis(name="Größe", values=tuple(sizes))
    parent = article("SHIRT", structure=Structure.PARENT, axes=(axis,), **fields)
    variants = [
        article(
            f"SHIRT-{size}",
            structure=Structure.VARIANT,
            parent_key=parent.key,
            parent_sku="SHIRT",
            words=Words(language="de"),
            options=(NamedValue(name="Größe", value=size),),
        )
        for size in sizes
    ]
    return [parent, *variants]


def names(laden: Laden, entity: str) -> list[str]:
    return sorted(str(row.get("name")) for row in laden.read(entity.replace("_", "-")))


def prices(sku: str, amount: str, *tiers: PriceTier, **base: Any) -> ArticlePrices:
    made = PriceTier(amount=Decimal(amount), **base)
    return ArticlePrices(key=f"K-{sku}", sku=sku, tax_rate=Decimal(19), base=made, tiers=tiers)


def picture(images: str, name: str, **fields: Any) -> Picture:
    return Picture(url=f"{images}/{name}.png", digest=name, **fields)
