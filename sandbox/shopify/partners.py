"""Customers, companies with their locations, catalogues and price lists."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.errors import Refused
from sandbox.shopify.lines import money
from sandbox.shopify.lists import Listing, connection
from sandbox.shopify.money import rounded
from sandbox.shopify.mutating import MAX_INPUT, mutation
from sandbox.shopify.paging import listed
from sandbox.shopify.read_shop import ID, constant, reference
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.search import Field
from sandbox.shopify.store import Json, gid, kind_of, number_of

CATALOG_KINDS = {"COMPANY_LOCATION": "CompanyLocationCatalog", "MARKET": "MarketCatalog"}
CUSTOMERS = Listing(
    "Customer",
    {
        "id": ID,
        "email": Field("text", lambda d: d["email"]),
        "tag": Field("words", lambda d: d["tags"]),
        "updated_at": Field("time", lambda d: d["updatedAt"]),
    },
    lambda d: f"{d['displayName']} {d['email']}",
    {"ID": lambda d: number_of(d["id"]), "NAME": lambda d: d["displayName"], "UPDATED_AT": lambda d: d["updatedAt"]},
)
COMPANIES = Listing(
    "Company",
    {"id": ID, "name": Field("text", lambda d: d["name"])},
    lambda d: d["name"],
    {"ID": lambda d: number_of(d["id"])},
)
COMPANY_LOCATIONS = Listing("CompanyLocation", {"id": ID}, lambda d: d["name"], {"ID": lambda d: number_of(d["id"])})
PRICE_LISTS = Listing("PriceList", {}, lambda d: d["name"], {"ID": lambda d: number_of(d["id"])})
CUSTOMER_ORDERS = {"PROCESSED_AT": "processedAt", "UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt"}


# --- price lists ------------------------------------------------------------------------------------------------------------


def _price_list(call: Call, list_id: str) -> Json:
    found = call.shop.store.table("PriceList").get(list_id)
    if found is None:
        raise Refused("Price list does not exist.", "priceListId", code="PRICE_LIST_NOT_FOUND")
    return {**found, "prices": dict(found["prices"])}


def _add_prices(call: Call, args: Json) -> Json:
    price_list = _price_list(call, args["priceListId"])
    if len(args["prices"]) > MAX_INPUT:
        raise Refused(f"The input array size is greater than the maximum allowed of {MAX_INPUT}.", "prices")
    problems = []
    for index, row in enumerate(args["prices"]):
        path = ["prices", str(index)]
        if call.shop.store.table("ProductVariant").get(row["variantId"]) is None:
            message, code, field = "The specified variant does not exist.", "VARIANT_NOT_FOUND", "variantId"
        elif row["price"]["currencyCode"] != price_list["currency"]:
            message, code, field = "Currency must match the price list.", "PRICE_LIST_CURRENCY_MISMATCH", "price"
        else:
            continue
        problems.append({"field": [*path, field], "message": message, "code": code})
    if problems:
        return {"userErrors": problems}
    for row in args["prices"]:
        compare = row.get("compareAtPrice")
        price = [str(row["price"]["amount"]), str(compare["amount"]) if compare else None]
        price_list["prices"][row["variantId"]] = price
        sku = call.shop.store.table("ProductVariant")[row["variantId"]]["sku"]
        call.shop.record("price", f"{sku}@{price_list['name']}", price[0], call.request_id)
    call.shop.store.put(price_list)
    return {"prices": [_price(call, price_list, row["variantId"]) for row in args["prices"]]}


def _remove_prices(call: Call, args: Json) -> Json:
    price_list = _price_list(call, args["priceListId"])
    for index, variant_id in enumerate(args["variantIds"]):
        if variant_id not in price_list["prices"]:
            message = "Only fixed prices can be deleted."
            raise Refused(message, "variantIds", str(index), code="PRICE_NOT_FIXED")
    for variant_id in args["variantIds"]:
        del price_list["prices"][variant_id]
        variant = call.shop.store.get(variant_id) or {"sku": variant_id}
        call.shop.record("price", f"{variant['sku']}@{price_list['name']}", "removed", call.request_id)
    call.shop.store.put(price_list)
    return {"deletedFixedPriceVariantIds": args["variantIds"]}


def _price(call: Call, price_list: Json, variant_id: str) -> Json:
    """A variant's price in a list: fixed, or the shop's changed by the list's percentage."""
    variant, currency = call.shop.store.table("ProductVariant")[variant_id], price_list["currency"]
    fixed = price_list["prices"].get(variant_id)
    if fixed is None:
        factor = 1 - Decimal(str(price_list["percent"])) / 100
        price, compare = rounded(Decimal(variant["price"]) * factor), variant["compareAtPrice"]
    else:
        price, compare = Decimal(fixed[0]), fixed[1]
    return {
        "originType": "RELATIVE" if fixed is None else "FIXED",
        "price": money(price, currency),
        "compareAtPrice": money(Decimal(compare), currency) if compare else None,
        "variant": variant,
    }


def _prices(call: Call, source: Json, args: Json) -> Json:
    wanted = args.get("originType")
    known = call.shop.store.table("ProductVariant")
    ids = [v for v in known if wanted is None or (v in source["prices"]) == (wanted == "FIXED")]
    page = listed([{"id": variant_id} for variant_id in ids], args)
    return {**page, "nodes": [_price(call, source, row["id"]) for row in page["nodes"]]}


def _catalogs(call: Call, _source: Any, args: Json) -> Json:
    wanted = args.get("type")
    kinds = CATALOG_KINDS.values() if wanted is None else [CATALOG_KINDS.get(wanted, "")]
    found = [c for kind in kinds for c in call.shop.store.table(kind).values()]
    text = (args.get("query") or "").partition("title:")[2].strip("\"' ").casefold()
    return listed([c for c in found if text in c["title"].casefold()], args)


def _market(_call: Call, _source: Any, args: Json) -> Json:
    row = {"id": gid("Market", 1), "name": "Schweiz", "handle": "schweiz", "status": "ACTIVE", "type": "REGION"}
    return listed([row], args)


# --- customers and companies ------------------------------------------------------------------------------------------------


def _protected(name: str) -> Resolver:
    return lambda call, source, _args: source[name] if call.shop.protected_data else None


def _locations_of(call: Call, source: Json, args: Json) -> Json:
    found = call.shop.store.table("CompanyLocation").values()
    return listed([row for row in found if row["companyId"] == source["id"]], args)


def _orders_of(call: Call, source: Json, args: Json) -> Json:
    found = [o for o in call.shop.store.table("Order").values() if o["customerId"] == source["id"]]
    key = CUSTOMER_ORDERS.get(args.get("sortKey") or "", "createdAt")
    return listed(sorted(found, key=lambda o: str(o[key])), args)


def _wrapped(name: str, field: str, **more: Any) -> Resolver:
    def read(call: Call, source: Json, _args: Json) -> Json | None:
        value = source[name] if call.shop.protected_data else None
        return {field: value, **more} if value else None

    return read


def new_customer(shop: Any, first: str, last: str, email: str, address: Json) -> Json:
    """Somebody opens an account; call it inside `shop.changes()`."""
    moment = shop.moment()
    customer: Json = {
        "id": shop.store.next_id("Customer"),
        "firstName": first,
        "lastName": last,
        "displayName": f"{first} {last}",
        "email": email,
        "phone": address.get("phone"),
        "locale": "de",
        "note": None,
        "tags": [],
        "taxExempt": False,
        "state": "ENABLED",
        "verifiedEmail": True,
        "createdAt": moment,
        "updatedAt": moment,
        "defaultAddress": {"id": shop.store.next_id("MailingAddress"), "name": f"{first} {last}", **address},
        "metafields": [],
    }
    shop.store.put(customer)
    return customer


def new_company(shop: Any, name: str, address: Json, vat_id: str) -> Json:
    """A company with one location; returns the location. Call it inside `shop.changes()`."""
    moment = shop.moment()
    company = {"id": shop.store.next_id("Company"), "name": name, "externalId": None, "note": None, "metafields": []}
    company |= {"createdAt": moment, "updatedAt": moment}
    kept = {
        field: address.get(field) for field in ("firstName", "lastName", "address1", "address2", "city", "zip", "phone")
    }
    place = {"id": shop.store.next_id("CompanyAddress"), "companyName": name, **kept}
    place |= {"country": address.get("country"), "countryCode": address["countryCodeV2"], "recipient": None}
    location: Json = {
        "id": shop.store.next_id("CompanyLocation"),
        "companyId": company["id"],
        "name": name,
        "externalId": None,
        "note": None,
        "phone": None,
        "locale": "de",
        "currency": "EUR",
        "billingAddress": place,
        "shippingAddress": place,
        "taxSettings": {"taxExempt": False, "taxRegistrationId": vat_id or None},
        "metafields": [],
    }
    shop.store.put(company)
    shop.store.put(location)
    return location


RESOLVERS: dict[str, Resolver] = {
    "Mutation.priceListFixedPricesAdd": mutation(_add_prices),
    "Mutation.priceListFixedPricesDelete": mutation(_remove_prices),
    "QueryRoot.priceLists": lambda call, _source, args: connection(call, PRICE_LISTS, args),
    "QueryRoot.priceList": lambda call, _source, args: call.shop.store.table("PriceList").get(args["id"]),
    "QueryRoot.catalogs": _catalogs,
    "QueryRoot.catalog": lambda call, _source, args: (
        call.shop.store.get(args["id"]) if kind_of(args["id"]) in CATALOG_KINDS.values() else None
    ),
    "QueryRoot.customers": lambda call, _source, args: connection(call, CUSTOMERS, args),
    "QueryRoot.customer": lambda call, _source, args: call.shop.store.table("Customer").get(args["id"]),
    "QueryRoot.companies": lambda call, _source, args: connection(call, COMPANIES, args),
    "QueryRoot.company": lambda call, _source, args: call.shop.store.table("Company").get(args["id"]),
    "QueryRoot.companyLocations": lambda call, _source, args: connection(call, COMPANY_LOCATIONS, args),
    "PriceList.catalog": reference("catalogId"),
    "PriceList.parent": lambda _call, source, _args: {
        "adjustment": {"type": "PERCENTAGE_DECREASE", "value": source["percent"]}
    },
    "PriceList.fixedPricesCount": lambda _call, source, _args: len(source["prices"]),
    "PriceList.prices": _prices,
    **{f"{kind}.priceList": reference("priceListId") for kind in CATALOG_KINDS.values()},
    **{f"{kind}.publication": reference("publicationId") for kind in CATALOG_KINDS.values()},
    "MarketCatalog.markets": _market,
    "CompanyLocationCatalog.companyLocations": lambda call, _source, args: connection(call, COMPANY_LOCATIONS, args),
    "CompanyLocationCatalog.companyLocationsCount": lambda call, _source, _args: {
        "count": len(call.shop.store.table("CompanyLocation")),
        "precision": "EXACT",
    },
    **{f"Customer.{name}": _protected(name) for name in ("firstName", "lastName", "email", "phone")},
    "Customer.displayName": lambda call, source, _args: source["displayName"] if call.shop.protected_data else "",
    "Customer.defaultEmailAddress": _wrapped("email", "emailAddress", validFormat=True),
    "Customer.defaultPhoneNumber": _wrapped("phone", "phoneNumber"),
    "Customer.companyContactProfiles": constant([]),
    "Customer.orders": _orders_of,
    "Customer.numberOfOrders": lambda call, source, _args: str(
        sum(o["customerId"] == source["id"] for o in call.shop.store.table("Order").values())
    ),
    "Company.locations": _locations_of,
    "Company.contacts": lambda _call, _source, args: listed([], args),
    "CompanyLocation.company": reference("companyId"),
    "CompanyLocation.catalogs": lambda call, _source, args: listed(
        list(call.shop.store.table("CompanyLocationCatalog").values()), args
    ),
}
