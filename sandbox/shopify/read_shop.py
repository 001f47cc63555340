"""Reading the shop itself: its facts, granted scopes, versions, locations, channels, languages, taxonomy, jobs, any node."""

from __future__ import annotations

from typing import Any

from sandbox.shopify import catalog, stock
from sandbox.shopify.errors import access_denied, bad_request
from sandbox.shopify.lines import money
from sandbox.shopify.lists import Listing, connection
from sandbox.shopify.paging import edges, listed
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.scopes import TYPES, wording
from sandbox.shopify.search import Field
from sandbox.shopify.store import Json, gid, kind_of, number_of

VERSIONS = (
    *(("2026-01", True), ("2026-04", True), ("2026-07", True), ("2026-10", True), ("2027-01", False)),
    ("unstable", False),
)
COUNTRIES = {"DE": "Germany", "AT": "Austria", "FR": "France", "CH": "Switzerland"}
ID = Field("id", lambda d: number_of(d["id"]))


def shop_facts(call: Call, _source: Any = None, _args: Json | None = None) -> Json:
    """The shop."""
    shop = call.shop
    return {
        "id": gid("Shop", 1),
        "name": "Muster-Laden",
        "email": "laden@example.org",
        "contactEmail": "laden@example.org",
        "shopOwnerName": "Erika Mustermann",
        "myshopifyDomain": shop.domain,
        "url": f"https://{shop.domain}",
        "currencyCode": shop.currency,
        "taxesIncluded": shop.taxes_included,
        "taxShipping": True,
        "ianaTimezone": "Europe/Berlin",
        "timezoneOffset": "+0100",
        "weightUnit": "KILOGRAMS",
        "unitSystem": "METRIC_SYSTEM",
        "plan": {"publicDisplayName": "Basic", "partnerDevelopment": False, "shopifyPlus": False},
        "primaryDomain": {
            "id": gid("Domain", 1),
            "host": shop.domain,
            "sslEnabled": True,
            "url": f"https://{shop.domain}",
        },
        "enabledPresentmentCurrencies": ["EUR", "CHF"],
        "orderNumberFormatPrefix": "#",
        "orderNumberFormatSuffix": "",
        "createdAt": "2024-01-01T08:00:00Z",
        "updatedAt": shop.moment(),
    }


def _installation(call: Call, _source: Any, _args: Json) -> Json:
    return {
        "id": gid("AppInstallation", 1),
        "accessScopes": [{"handle": h, "description": h.replace("_", " ")} for h in sorted(call.granted)],
        "app": {"id": gid("App", 1), "title": "Connector", "handle": "connector", "apiKey": call.shop.tokens.client_id},
    }


def version(handle: str, *, is_supported: bool = True) -> Json:
    """A version of the API."""
    return {"handle": handle, "displayName": handle, "supported": is_supported}


def node(call: Call, global_id: str) -> Json | None:
    """Whatever has a global id, also inside orders, products and variants; None for an unknown one.

    Raises the access error for a type that the app may not read.
    """
    kind = kind_of(global_id.split("?", 1)[0])
    if not kind:
        raise bad_request(f"Invalid global id '{global_id}'")
    needed = TYPES.get(kind)
    if needed and not call.may(*needed):
        raise access_denied("node", wording(needed))
    if kind == "InventoryLevel":
        return level(call, global_id)
    document = call.shop.store.get(global_id)
    if kind == "Order" and document is not None:
        return document if document["createdAt"] >= visible_since(call) else None
    if document is not None:
        return document
    owner = call.shop.store.owner(global_id)
    return None if owner is None else embedded(owner, global_id)


def embedded(owner: Json, global_id: str) -> Json | None:
    """A part of a document by its own id."""
    if owner.get("item", {}).get("id") == global_id:
        return item_of(owner)
    for value in owner.values():
        if not isinstance(value, list):
            continue
        for item in value:
            if not isinstance(item, dict):
                continue
            if item.get("id") == global_id:
                return item
            for inner in (*item.get("lines", ()), *item.get("optionValues", ())):
                if inner.get("id") == global_id:
                    return dict(inner, parent=item)
    return None


def item_of(variant: Json) -> Json:
    """A variant's inventory item, with the variant it belongs to."""
    return {**variant["item"], "variant": variant}


def level(call: Call, global_id: str) -> Json | None:
    """An inventory level by its id, which names location and item."""
    location_id = gid("Location", number_of(global_id.split("?", 1)[0]))
    item_id = gid("InventoryItem", int(global_id.rsplit("=", 1)[-1] or 0) if "=" in global_id else 0)
    variant = call.shop.store.owner(item_id)
    return None if variant is None else level_at(variant, location_id)


def level_at(variant: Json, location_id: str, *, include_inactive: bool = False) -> Json | None:
    """The level of a variant's item at a location, None where it is not stocked there."""
    found = variant["item"]["levels"].get(location_id)
    if found is None or not (found["isActive"] or include_inactive):
        return None
    return {
        "id": stock.level_id(variant["item"]["id"], location_id),
        "level": found,
        "variant": variant,
        "locationId": location_id,
    }


def visible_since(call: Call) -> str:
    """From when on this app sees orders."""
    return call.shop.visible_since(all_orders=call.may("read_all_orders"))


def _by_id(kind: str) -> Resolver:
    def read(call: Call, _source: Any, args: Json) -> Json | None:
        return call.shop.store.get(args["id"]) if kind_of(args["id"]) == kind else None

    return read


def _nodes(call: Call, _source: Any, args: Json) -> list[Json | None]:
    return [node(call, global_id) for global_id in args["ids"]]


def reference(name: str) -> Resolver:
    """The document whose id stands in a field of the parent."""

    def read(call: Call, source: Json, _args: Json) -> Json | None:
        wanted = source.get(name)
        return call.shop.store.get(wanted) if wanted else None

    return read


def legacy_id(_call: Call, source: Json, _args: Json) -> str:
    """The number in a global id."""
    return str(number_of(source["id"]))


def _address(_call: Call, source: Json, _args: Json) -> Json:
    lines = [source["address1"], f"{source['zip']} {source['city']}", "Germany"]
    kept = {name: source[name] for name in ("address1", "zip", "city")}
    return {**kept, "country": "Germany", "countryCode": "DE", "formatted": lines}


LOCATIONS = Listing(
    "Location",
    {"id": ID, "name": Field("text", lambda d: d["name"]), "active": Field("flag", lambda d: d["isActive"])},
    lambda d: d["name"],
    {"ID": lambda d: number_of(d["id"]), "NAME": lambda d: d["name"]},
    "NAME",
)
PUBLICATIONS = Listing("Publication", {}, lambda d: d["name"], {"ID": lambda d: number_of(d["id"])})


def _locations(call: Call, _source: Any, args: Json) -> Json:
    if args.get("includeInactive"):
        return connection(call, LOCATIONS, args, None, "all")
    return connection(call, LOCATIONS, args, lambda d: d["isActive"])


def _publications(call: Call, _source: Any, args: Json) -> Json:
    wanted = args.get("catalogType")
    prefixes = {"COMPANY_LOCATION": "CompanyLocationCatalog", "MARKET": "MarketCatalog", "APP": "", "NONE": ""}
    if wanted is None:
        return connection(call, PUBLICATIONS, args)
    kind = prefixes[wanted]
    return connection(call, PUBLICATIONS, args, lambda d: kind_of(d["catalogId"] or "") == kind, wanted)


def _location(call: Call, _source: Any, args: Json) -> Json | None:
    table = call.shop.store.table("Location")
    return table.get(args["id"]) if args.get("id") else next(iter(table.values()), None)


def category(code: str) -> Json | None:
    """A category of the taxonomy by the last part of its id."""
    rows = {row: (name, parent) for row, name, parent in catalog.TAXONOMY}
    if code not in rows:
        return None
    path, at = [], code
    while at:
        path.append(at)
        at = rows[at][1] or ""
    children = [row for row, (_, parent) in rows.items() if parent == code]
    return {
        "id": taxonomy_id(code),
        "name": rows[code][0],
        "fullName": " > ".join(rows[row][0] for row in reversed(path)),
        "level": len(path),
        "isLeaf": not children,
        "isRoot": rows[code][1] is None,
        "isArchived": False,
        "parentId": taxonomy_id(path[1]) if len(path) > 1 else None,
        "ancestorIds": [taxonomy_id(row) for row in path[1:]],
        "childrenIds": [taxonomy_id(row) for row in children],
    }


def taxonomy_id(code: str) -> str:
    """A category's global id."""
    return f"gid://shopify/TaxonomyCategory/{code}"


def _categories(_call: Call, _source: Any, args: Json) -> Json:
    rows = [found for row, _, _ in catalog.TAXONOMY if (found := category(row))]
    if args.get("search"):
        rows = [row for row in rows if args["search"].casefold() in row["fullName"].casefold()]
    elif args.get("childrenOf"):
        rows = [row for row in rows if row["parentId"] == args["childrenOf"]]
    elif args.get("descendantsOf"):
        rows = [row for row in rows if args["descendantsOf"] in row["ancestorIds"]]
    else:
        rows = [row for row in rows if row["isRoot"]]
    return listed(rows, args)


def _locales(_call: Call, _source: Any, args: Json) -> list[Json]:
    rows = [
        {"locale": code, "name": name, "primary": is_primary, "published": is_published}
        for code, name, is_primary, is_published in catalog.LOCALES
    ]
    return rows if args.get("published") is None else [r for r in rows if r["published"] == args["published"]]


def amount_of(side: str) -> Resolver:
    """One side of a money bag."""

    def read(_call: Call, source: Any, _args: Json) -> Json:
        if side == "shop":
            return money(source.shop, source.currency)
        return money(source.presentment, source.presentment_currency)

    return read


def constant(value: Any) -> Resolver:
    """The same for every shop."""
    return lambda _call, _source, _args: value


def channel_number(handle: str) -> int:
    """The number in a sales channel's ids."""
    return sum(handle.encode())


def channel_app(channel: Json) -> Json:
    """The app behind a sales channel or a publication."""
    number = channel_number(channel["handle"])
    return {"id": gid("App", number), "title": channel["name"], "handle": channel["handle"], "apiKey": ""}


def _channels(_call: Call, source: Json, args: Json) -> Json:
    """The channel that a publication is for; one of a catalogue has none."""
    row = {"id": gid("Channel", channel_number(source["handle"])), "app": channel_app(source)}
    return listed([row | {"name": source["name"], "handle": source["handle"]}] if source["handle"] else [], args)


RESOLVERS: dict[str, Resolver] = {
    "*.legacyResourceId": legacy_id,
    "*.edges": edges,
    "QueryRoot.shop": shop_facts,
    "QueryRoot.currentAppInstallation": _installation,
    "QueryRoot.publicApiVersions": lambda _call, _source, _args: [version(h, is_supported=s) for h, s in VERSIONS],
    "QueryRoot.node": lambda call, _source, args: node(call, args["id"]),
    "QueryRoot.nodes": _nodes,
    "QueryRoot.locations": _locations,
    "QueryRoot.location": _location,
    "QueryRoot.publications": _publications,
    "QueryRoot.publication": _by_id("Publication"),
    "QueryRoot.taxonomy": constant({}),
    "QueryRoot.shopLocales": _locales,
    "QueryRoot.job": lambda _call, _source, args: {"id": args["id"], "done": True},
    "Job.query": constant({}),
    "Taxonomy.categories": _categories,
    "Location.address": _address,
    "Location.shipsInventory": constant(True),
    "Location.hasActiveInventory": constant(True),
    "Location.isFulfillmentService": constant(False),
    "Publication.catalog": reference("catalogId"),
    "Publication.channels": _channels,
    "Publication.autoPublish": constant(False),
    "Publication.supportsFuturePublishing": lambda _call, source, _args: source["handle"] == "web",
    "MoneyBag.shopMoney": amount_of("shop"),
    "MoneyBag.presentmentMoney": amount_of("presentment"),
}
