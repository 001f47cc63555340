"""Use a connector for all that it can do against its sandbox, with everything noted that goes over the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import connectors
from canonical.catalogue import (
    ArticleContent,
    ArticlePrices,
    CategoryNode,
    DataType,
    NamedValue,
    NewOffer,
    OptionAxis,
    Picture,
    PriceTier,
    Structure,
    Words,
)
from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.push import AnswerKind, LocationLevel, OrderStatus, ShippedLine, StatusKind, StockLevel
from connectors.account import Account
from connectors.transport import TransportOptions
from sandbox.shop import Exchange
from tests.connectors.kits import EAN, SENDERS, SKU, START, UnderTest, answer, document, send, served, shipped

SINCE = "2026-02-01T00:00:00Z"
HOOK = "https://connect.example/hooks/1"
PICTURE = Picture(url="https://bilder.example/a.jpg", digest="a", title="A", description="B")
OPTIONS: Mapping[str, Mapping[str, Any]] = {"woocommerce": {"fulfillments_enabled": True}}
"""What a shop must have switched on for calls that only then are made."""


@dataclass(frozen=True)
class Run:
    """What one connector said to its sandbox, and what it was answered."""

    key: str
    exchanges: tuple[Exchange, ...]


def exercise(key: str) -> Run:
    """Make every kind of call that a connector can make; the same calls each time."""
    with served(key, **OPTIONS.get(key, {})) as account:
        account.shop.traffic = []
        account.shop.seed(articles=30, orders=4)
        account.stocked()
        _read(account)
        if account.spec.features:
            _push(account)
        EXTRAS.get(key, lambda _: None)(account)
        exchanges, account.shop.traffic = account.shop.traffic, None
        return Run(key, tuple(exchanges))


def adjusted(account: UnderTest, settings: Mapping[Feature, Mapping[str, Any]]) -> Any:
    """The connector with some settings changed, as a person would change them."""
    chosen = account.settings()
    for feature, values in settings.items():
        model = type(chosen[feature])
        chosen = chosen | {feature: model.model_validate({**chosen[feature].model_dump(), **values})}
    return account._build(chosen, account.shop.credentials())


def _read(account: UnderTest) -> None:
    """The connection test, the lists of choices, orders, listings, webhooks, the taxonomy."""
    spec, connector = account.spec, account.connect()
    connector.check(list(spec.features))
    for kind in spec.choices:
        # A list that a plan does not have is refused, which is an answer, too.
        with suppress(FailureError):
            connector.list_choices(kind)
    if Feature.ORDERS in spec.features:
        account.place(3)
        page = connector.fetch_orders(connector.first_cursor(SINCE), 3)
        connector.fetch_orders(page.cursor, 100)
        connector.fetch_orders_by_number(["1001", "X-1"])
    if spec.lists_articles or spec.imports_catalogue:
        _list(connector)
        connector.fetch_listings_by_sku([SKU])
    if spec.has_webhooks:
        for secret in ("first-secret-of-this-test", "second-secret-of-this-test"):
            connector.ensure_webhooks(HOOK, secret)
        connector.remove_webhooks(HOOK)
    if spec.has_taxonomy:
        connector.fetch_taxonomy()


def _list(connector: Any, size: int = 500) -> None:
    cursor = ""
    for _ in range(40):
        page = connector.fetch_listings(cursor, size)
        cursor = page.cursor
        if not page.more:
            return
    raise AssertionError("listing does not end")


def _push(account: UnderTest) -> None:
    """A good and a bad record of each feature, the good one twice; an order cancelled and one answered."""
    connector = account.connect()
    order, repeated, answered = account.place(3)
    if account.spec.answers_orders:
        for kind in AnswerKind:
            connector.answer_orders([answer(answered, kind)])
    for feature in SENDERS:
        if feature not in account.spec.features:
            continue
        record = account.sample(connector, feature, order)
        for each in (record, account.sample(connector, feature, order, bad=True), _again(record)):
            send(connector, feature, [each])
    cancelled = OrderStatus(key="ST-1", order_ref=repeated, kind=StatusKind.CANCELLED)
    send(connector, Feature.SHIPMENTS, [cancelled])


def _again(record: Any) -> Any:
    return record.model_copy(update={"is_repeat": True} if "is_repeat" in type(record).model_fields else {})


# --- articles with all that they can have --------------------------------------------------------------------------------


def family(**fields: Any) -> list[ArticleContent]:
    """A parent with two variants and a simple article, with everything that a shop may take of them."""
    common: dict[str, Any] = {
        "sends": frozenset(DataType),
        "manufacturer": "Küste",
        "weight": Decimal("0.35"),
        "length": Decimal(10),
        "unit": "Stück",
        "delivery_time": "2-5 Tage neu",
        "tags": ("Neu",),
        "images": (PICTURE,),
        "properties": (NamedValue(name="Stoff", value="Leinen"),),
        "custom_fields": (NamedValue(name="Pflege", value="30"),),
        "cross_selling": (SKU,),
        "translations": (Words(language="en", name="Shirt"),),
        **fields,
    }
    words = Words(language="de", name="Hemd", short_text="k", description="l", meta_title="t", meta_keywords="a, b")
    axes = (OptionAxis(name="Größe", values=("S", "M")),)
    parent = ArticleContent(key="H", sku="HEMD", structure=Structure.PARENT, axes=axes, words=words, **common)
    variants = [
        ArticleContent(
            key=f"H-{size}", sku=f"HEMD-{size}", structure=Structure.VARIANT, parent_key="H", parent_sku="HEMD",
            options=(NamedValue(name="Größe", value=size),), words=words, **common,
        )
        for size in ("S", "M")
    ]  # fmt: skip
    return [parent, *variants, ArticleContent(key="T", sku="TUCH", words=words, **common)]


def _articles(connector: Any, articles: Iterable[ArticleContent]) -> None:
    """Create, change and delete articles."""
    made = list(articles)
    refs = {result.key: result.ref for result in send(connector, Feature.ARTICLES, made)}
    known = [each.model_copy(update={"ref": refs[each.key]}) for each in made]
    emptied = (NamedValue(name="Pflege", value=""),)
    bare: dict[str, Any] = {"images": (), "tags": (), "properties": (), "custom_fields": emptied, "cross_selling": ()}
    send(connector, Feature.ARTICLES, [each.model_copy(update=bare) for each in known])
    renamed = [each.model_copy(update={"sku": f"{each.sku}-2", "parent_sku": "HEMD-2"}) for each in known]
    send(connector, Feature.ARTICLES, renamed)
    for each in (renamed[2], renamed[3], renamed[0]):
        send(connector, Feature.ARTICLES, [each.model_copy(update={"is_deleted": True})])


def _categories(connector: Any) -> None:
    """Create, rename and delete a branch of the category tree."""
    tree = [CategoryNode(key="a", name="A"), CategoryNode(key="b", name="B", parent_key="a")]
    refs = {result.key: result.ref for result in send(connector, Feature.CATEGORIES, tree)}
    for change in ({"name": "C"}, {"is_deleted": True}):
        send(connector, Feature.CATEGORIES, [tree[0].model_copy(update={"ref": refs["a"], **change})])


def _scaled(sku: str, group: str, *steps: int) -> ArticlePrices:
    tiers = tuple(PriceTier(amount=Decimal(9), group=group, from_quantity=Decimal(step)) for step in steps)
    return ArticlePrices(
        key=sku, sku=sku, tax_rate=Decimal(19), tiers=tiers,
        base=PriceTier(amount=Decimal(12), pseudo_amount=Decimal(15)),
    )  # fmt: skip


def _lines(connector: Any, order: str) -> tuple[ShippedLine, ...]:
    """One piece of each line of an order."""
    page = connector.fetch_orders(connector.first_cursor(SINCE), 500)
    body = next(each.body for each in page.documents if each.external_id == order)
    return tuple(ShippedLine(line_ref=line.ref, quantity=Decimal(1)) for line in connector.read_order(body).lines)


def _part_cancelled(connector: Any, order: str) -> None:
    """One piece of each line is cancelled; a repeat finds it so, and another report cancels another piece."""
    part = OrderStatus(key="S-1", order_ref=order, kind=StatusKind.CANCELLED, lines=_lines(connector, order))
    for each in (part, _again(part), part.model_copy(update={"key": "S-2"})):
        send(connector, Feature.SHIPMENTS, [each])


# --- what only one system has ----------------------------------------------------------------------------------------------


def _woocommerce(account: UnderTest) -> None:
    """Each way of tracking, categories, articles, and refunds that are looked for after a lost reply."""
    order = account.place(1)[0]
    for way in ("customer_note", "fulfillments", "order_meta"):
        connector = adjusted(account, {Feature.SHIPMENTS: {"tracking_way": way}})
        connector.check([Feature.SHIPMENTS])
        for is_repeat in (False, True):
            send(connector, Feature.SHIPMENTS, [shipped(order, f"LS-{way}", is_repeat=is_repeat)])
    connector = adjusted(account, {Feature.ARTICLES: {"meta_texts": True}})
    _categories(connector)
    _articles(connector, family())
    repeated = account.sample(connector, Feature.REFUNDS, order).model_copy(update={"is_repeat": True})
    send(connector, Feature.REFUNDS, [repeated])


def _shopware6(account: UnderTest) -> None:
    """Articles with all that they can have, prices of groups, the tree, a part shipped and completed."""
    chosen = {kind: [c.value for c in account.connect().list_choices(kind)] for kind in account.spec.choices}
    group = next(value for value in chosen["price_rules"] if "group:" in value)
    connector = adjusted(
        account,
        {
            Feature.ARTICLES: {
                "media_folder": chosen["media_folders"][0], "cms_layout": chosen["cms_layouts"][0],
                "variant_listing": "expand", "media_mode": "add_and_delete", "meta_texts": True,
            },
            Feature.PRICES: {"advanced_prices": True, "group_map": {"Händler": group}},
            Feature.CATEGORIES: {"auto_delete_categories": True},
            Feature.DOCUMENTS: {"mark_as_sent": True},
            Feature.SHIPMENTS: {"notify_customer": True},
        },
    )  # fmt: skip
    _categories(connector)
    _articles(connector, family())
    for steps in ((1, 10), ()):
        send(connector, Feature.PRICES, [_scaled(SKU, "Händler", *steps)])
    order = account.place(1)[0]
    for number, completes in enumerate((False, True)):
        part = shipped(order, f"LS-{number}").model_copy(update={"completes_order": completes})
        send(connector, Feature.SHIPMENTS, [part])
    send(connector, Feature.DOCUMENTS, [document(order).model_copy(update={"key": "RE-2", "number": "RE-2"})])
    _signed_in(account)


def _signed_in(account: UnderTest, **keys: str) -> None:
    """A connector that has no token yet asks for one."""
    form = account.spec.credentials.model_validate({**account.shop.credentials(), **keys})
    connector = connectors.build(
        account.key, form, account.settings(), Account(), TransportOptions(allow_private=True, timeout=5)
    )
    connector.check([Feature.ORDERS])


def _shopify(account: UnderTest) -> None:
    """Articles with all that they can have, prices of a catalogue, a second location, a return, a corrected number."""
    _metafield(account)
    connector = account.connect()
    channel = connector.list_choices("publications")[0].value
    catalogs = [choice.label for choice in connector.list_choices("catalogs")]
    connector = adjusted(
        account,
        {
            Feature.ARTICLES: {
                "sales_channels": [channel], "translation_languages": ["en"], "meta_texts": True,
                "media_mode": "add_and_delete",
            },
            Feature.PRICES: {"advanced_prices": True, "b2b_groups": catalogs},
            Feature.SHIPMENTS: {"send_returns": True},
        },
    )  # fmt: skip
    _articles(connector, family())
    _many_variants(connector)
    for group in catalogs:
        for steps in ((1, 10), (1,), ()):
            send(connector, Feature.PRICES, [_scaled(SKU, group, *steps)])
    elsewhere = LocationLevel(location_ref=connector.list_choices("locations")[-1].value, quantity=3)
    send(connector, Feature.STOCK, [StockLevel(key=SKU, sku=SKU, quantity=3, locations=(elsewhere,))])
    _part_cancelled(connector, account.shop.buy([(SKU, 2)], at=START))
    _sent_back(account, connector)
    _signed_in(account, token="")
    _webhook_changed_by_hand(account, connector)


def _metafield(account: UnderTest) -> None:
    """The merchant has defined a metafield of the same name as a custom field."""
    shop: Any = account.shop
    with shop.changes():
        defined = {
            "id": shop.store.next_id("MetafieldDefinition"),
            "name": "Pflege",
            "namespace": "custom",
            "key": "care",
        }
        described = {"description": None, "ownerType": "PRODUCT", "type": "single_line_text_field"}
        shop.store.put({**defined, **described, "pinnedPosition": None})


def _many_variants(connector: Any) -> None:
    """A family that is read in several parts, by pages and, being one of many products, from a file."""
    parent, variant, *_ = family(images=(), translations=())
    sizes = tuple(str(number) for number in range(120))
    whole = parent.model_copy(update={"key": "V", "sku": "VIELE", "axes": (OptionAxis(name="Größe", values=sizes),)})
    own = {"parent_key": "V", "parent_sku": "VIELE"}
    variants = [
        variant.model_copy(
            update={
                "key": f"V-{size}",
                "sku": f"VIELE-{size}",
                "options": (NamedValue(name="Größe", value=size),),
                **own,
            }
        )
        for size in sizes
    ]
    send(connector, Feature.ARTICLES, [whole, *variants])
    send(connector, Feature.ARTICLES, [whole, *variants])
    _list(connector)
    with patch("connectors.shopify.catalogue.BULK_FROM", 1):
        _list(connector)


def _sent_back(account: UnderTest, connector: Any) -> None:
    """An order of many lines that leaves in one parcel, gets another number, and of which a piece comes back."""
    order = account.shop.buy([(SKU, 1)] * 60, at=START)
    lines = _lines(connector, order)
    first = shipped(order, "LS-1").model_copy(update={"lines": lines[:1], "completes_order": False})
    corrected = first.model_copy(update={"parcels": shipped(order, "LS-2").parcels})
    back = OrderStatus(key="RT-1", order_ref=order, kind=StatusKind.RETURNED, lines=lines[:1])
    for each in (first, corrected, shipped(order, "LS-3"), back, _again(back)):
        send(connector, Feature.SHIPMENTS, [each])


def _webhook_changed_by_hand(account: UnderTest, connector: Any) -> None:
    """A subscription that somebody changed is mended."""
    connector.ensure_webhooks(HOOK, "secret-of-this-test")
    shop: Any = account.shop
    with shop.changes():
        row = next(iter(shop.store.table("WebhookSubscription").values()))
        shop.store.put({**row, "includeFields": []})
    connector.ensure_webhooks(HOOK, "secret-of-this-test")
    connector.remove_webhooks(HOOK)


def _mirakl(account: UnderTest) -> None:
    """Acceptance, a part cancelled, several shipments, new offers, and the reports of imports with errors."""
    shop: Any = account.shop
    connector = account.connect()
    shop.needs_acceptance = True
    taken, refused = account.place(2)
    connector.answer_orders([answer(taken, AnswerKind.ACCEPT), answer(refused, AnswerKind.REFUSE)])
    shop.needs_acceptance = False
    parted, shipped_twice = (shop.buy([(SKU, 2)], at=START) for _ in range(2))
    _part_cancelled(connector, parted)
    shop.multi_shipment = True
    several = adjusted(account, {Feature.SHIPMENTS: {"multi_shipment": True}})
    half = {"lines": _lines(connector, shipped_twice), "completes_order": False}
    for each in (shipped(shipped_twice, "LS-1").model_copy(update=half), shipped(shipped_twice, "LS-2")):
        send(several, Feature.SHIPMENTS, [each])
        send(several, Feature.SHIPMENTS, [_again(each)])
    new = [NewOffer(prices=_scaled(sku, ""), gtin=gtin) for sku, gtin in (("MUG-2", EAN), ("MUG-3", "0000"))]
    found = connector.create_offers(new)
    while found.ticket:
        found = connector.check_ticket(found.ticket)
    good = account.article()
    wrong = [
        good.model_copy(update={"key": "2", "sku": "W-2", "channel_category": "NOWHERE"}),
        good.model_copy(update={"key": "3", "sku": "W-3", "channel_attributes": good.channel_attributes[:1]}),
    ]
    managed = adjusted(account, {Feature.ARTICLES: {"catalog_manager": True}})
    for catalogue in (connector, managed):
        send(catalogue, Feature.ARTICLES, [good, *wrong])
    shop.open_incident(taken, shop.orders[taken]["order_lines"][0]["order_line_id"])
    connector.fetch_tasks()
    unreasoned = adjusted(account, {Feature.SHIPMENTS: {"cancel_reason": ""}})
    unwanted = OrderStatus(key="C", order_ref=account.place(1)[0], kind=StatusKind.CANCELLED)
    send(unreasoned, Feature.SHIPMENTS, [unwanted])
    untracked = shipped(shop.buy([(SKU, 2)], at=START), "LS-3")
    pieces = _lines(connector, untracked.order_ref)
    whole = {"lines": tuple(line.model_copy(update={"quantity": Decimal(2)}) for line in pieces)}
    send(several, Feature.SHIPMENTS, [untracked.model_copy(update={"parcels": (), **whole})])
    send(several, Feature.SHIPMENTS, [_again(untracked).model_copy(update=whole)])


EXTRAS: Mapping[str, Callable[[UnderTest], None]] = {
    "woocommerce": _woocommerce,
    "shopware6": _shopware6,
    "shopify": _shopify,
    "mirakl": _mirakl,
}
