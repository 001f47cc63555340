"""Customers, companies with their locations, and catalogues."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.lists import Listing, connection
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
CUSTOMER_ORDERS = {"PROCESSED_AT": "processedAt", "UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt"}


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
    "QueryRoot.catalogs": _catalogs,
    "QueryRoot.catalog": lambda call, _source, args: (
        call.shop.store.get(args["id"]) if kind_of(args["id"]) in CATALOG_KINDS.values() else None
    ),
    "QueryRoot.customers": lambda call, _source, args: connection(call, CUSTOMERS, args),
    "QueryRoot.customer": lambda call, _source, args: call.shop.store.table("Customer").get(args["id"]),
    "QueryRoot.companies": lambda call, _source, args: connection(call, COMPANIES, args),
    "QueryRoot.company": lambda call, _source, args: call.shop.store.table("Company").get(args["id"]),
    "QueryRoot.companyLocations": lambda call, _source, args: connection(call, COMPANY_LOCATIONS, args),
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
