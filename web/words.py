"""The words that pages use for stored values, and the state that each of them means."""

from collections.abc import Mapping

from web.i18n import N_

WORDS: Mapping[str, Mapping[str, str]] = {
    "feature": {
        "articles": N_("Articles"),
        "categories": N_("Categories"),
        "stock": N_("Stock"),
        "prices": N_("Prices"),
        "orders": N_("Orders"),
        "shipments": N_("Status & tracking"),
        "documents": N_("Documents"),
        "refunds": N_("Refunds"),
    },
    "feature_help": {
        "articles": N_("Names, texts and pictures of articles go to the shop."),
        "categories": N_("The category tree goes to the shop."),
        "stock": N_("The quantity that may be sold goes to the shop."),
        "prices": N_("Prices go to the shop."),
        "orders": N_("New orders of the shop come into the ERP."),
        "shipments": N_("Shipping and tracking numbers go back to the shop."),
        "documents": N_("Invoices go to the shop."),
        "refunds": N_("Refunds of the ERP go to the shop."),
    },
    "direction": {"to_erp": N_("Shop → ERP"), "to_channel": N_("ERP → shop")},
    "connector_kind": {"shop": N_("Shops"), "marketplace": N_("Marketplaces"), "classic": N_("Classic")},
    "mode": {
        "development": N_("Development mode"),
        "migration": N_("Migration mode"),
        "productive": N_("Productive mode"),
        "deleted": N_("Deleted"),
    },
    "document": {
        "new": N_("waiting"),
        "booked": N_("imported"),
        "skipped": N_("skipped"),
        "parked": N_("parked"),
        "ignored": N_("ignored"),
    },
    "link": {
        "never": N_("not yet sent"),
        "waiting": N_("waiting to be sent"),
        "sent": N_("confirmed"),
        "failed": N_("failed"),
    },
    "run": {
        "running": N_("running"),
        "done": N_("done"),
        "idle": N_("nothing to do"),
        "deferred": N_("deferred"),
        "blocked": N_("blocked"),
        "failed": N_("failed"),
        "lost": N_("cut off"),
        "terminated": N_("terminated"),
        "canceled": N_("cancelled"),
        "timed_out": N_("timed out"),
        "continued_as_new": N_("continued"),
        "completed": N_("done"),
    },
    "run_type": {
        "PullRun": N_("Fetch"),
        "PushRun": N_("Send"),
        "TestConnection": N_("Connection test"),
        "BuildArticleList": N_("Article list"),
        "GoLive": N_("Go live"),
        "InstallConnector": N_("Install connector"),
        "HouseRun": N_("House work"),
        "Integration": N_("Integration"),
    },
    "event": {
        "ok": N_("done"),
        "pending": N_("waiting"),
        "skipped": N_("skipped"),
        "error": N_("error"),
        "info": N_("note"),
    },
    "hop": {
        "channel_to_hub": N_("Shop → Connect"),
        "hub_to_erp": N_("Connect → ERP"),
        "erp_to_hub": N_("ERP → Connect"),
        "hub_to_channel": N_("Connect → shop"),
        "lifecycle": N_("Integration"),
    },
    "trigger": {
        "schedule": N_("schedule"),
        "hand": N_("by hand"),
        "hint": N_("hint"),
        "webhook": N_("webhook"),
        "go_live": N_("go-live"),
        "resolve": N_("resolved"),
        "retry": N_("again"),
    },
    "check": {
        "reachable": N_("Shop can be reached"),
        "certificate": N_("Certificate is valid"),
        "credentials": N_("Credentials are accepted"),
        "version": N_("Version is supported"),
        "permission": N_("Permission"),
    },
    "permission": {"read": N_("read"), "write": N_("write"), "fulfillments": N_("fulfillments")},
    "step": {
        "basics": N_("Basics"),
        "credentials": N_("Credentials"),
        "features": N_("Features"),
        "create": N_("Create"),
    },
    "step_help": {
        "basics": N_("Give the integration a name."),
        "credentials": N_("Enter the access to the shop and test it."),
        "features": N_("Choose what is exchanged."),
        "create": N_("Schedules are set up."),
    },
    "working": {
        "test_connection": N_("The connection is being tested"),
        "go_live": N_("Productive mode is being switched on"),
        "article_list": N_("The article list is being built"),
    },
    "check_state": {"ok": N_("ok"), "failed": N_("failed"), "skipped": N_("not checked"), "running": N_("checking …")},
    "ready": {
        "credentials": N_("The connection is tested"),
        "feature_active": N_("At least one feature is switched on"),
        "mandatory": N_("Mandatory settings are filled in"),
        "foreign_number_label": N_("The label of the foreign numbers is set"),
        "project": N_("The project exists"),
        "postage_article": N_("The postage article carries its flag"),
        "discount_article": N_("The discount article carries its flag"),
        "surcharge_article": N_("The surcharge article is no stock article"),
        "payment_mapping": N_("Payment methods are mapped or have a default"),
        "shipping_mapping": N_("Shipping methods are mapped or have a default"),
        "article_list": N_("The article list is built"),
        "tried": N_("A run by hand was successful"),
    },
    "section": {
        "selection": N_("Selection"),
        "project": N_("Project"),
        "payment": N_("Payment"),
        "shipping": N_("Shipping"),
        "tax": N_("Tax and totals"),
        "lines": N_("Lines, discounts and comments"),
        "customers": N_("Customers"),
        "stock": N_("Quantity"),
        "shipments": N_("Report to the shop"),
        "advanced": N_("Advanced"),
    },
    "choice": {
        "standard": N_("Standard"),
        "invoice_and_delivery_note": N_("Invoice and delivery note"),
        "delivery_note": N_("Delivery note only"),
        "invoice": N_("Invoice only"),
        "none": N_("None"),
        "erp": N_("From the ERP"),
        "ignore": N_("Ignore"),
        "free_text": N_("Into the free text"),
        "internal_label": N_("Into the internal label"),
        "match": N_("Look for an existing customer"),
        "default_customer": N_("All to the default customer"),
        "create": N_("Always create"),
        "customer_number": N_("Customer number"),
        "email": N_("E-mail"),
        "name_and_address": N_("Name and address"),
        "reject": N_("Do not import"),
        "customer_note": N_("Note to the buyer"),
        "fulfillments": N_("Fulfillments of the shop"),
        "order_meta": N_("Field of a tracking plug-in"),
    },
    "article_kind": {"simple": N_("simple"), "matrix": N_("matrix"), "variant": N_("variant")},
    "article_field": {
        "number": N_("Article number"),
        "name": N_("Name"),
        "kind": N_("Type"),
        "category": N_("Category"),
        "manufacturer": N_("Manufacturer"),
        "ean": N_("EAN"),
        "tax_category": N_("Tax category"),
        "price_gross": N_("Price (gross)"),
        "stock_correction": N_("Stock correction"),
        "pseudo_stock": N_("Pseudo stock"),
    },
    "format": {"text": N_("text"), "number": N_("number"), "list": N_("list")},
    "line_kind": {
        "article": N_("Article"),
        "shipping": N_("Postage"),
        "discount": N_("Discount"),
        "surcharge": N_("Surcharge"),
        "rounding": N_("Rounding"),
    },
    "payment_state": {"open": N_("open"), "paid": N_("paid"), "partly": N_("partly paid"), "refunded": N_("refunded")},
    "fulfilment": {
        "open": N_("to be shipped"),
        "partial": N_("partly shipped"),
        "partly": N_("partly shipped"),
        "shipped": N_("shipped"),
        "hold": N_("on hold"),
        "cancelled": N_("cancelled"),
    },
    "tax_kind": {
        "domestic": N_("domestic"),
        "eu": N_("EU delivery"),
        "export": N_("export"),
        "reverse_charge": N_("reverse charge"),
    },
    "tax_category": {"normal": N_("normal"), "reduced": N_("reduced"), "exempt": N_("tax-free")},
    "movement": {
        "opening": N_("opening stock"),
        "receipt": N_("receipt"),
        "shipment": N_("shipment"),
        "correction": N_("correction"),
        "count": N_("stock count"),
    },
    "role": {"admin": N_("Administrator")},
}

_STATES: Mapping[str, Mapping[str, str]] = {
    "document": {"new": "running", "booked": "done", "skipped": "skipped", "parked": "parked", "ignored": "skipped"},
    "link": {"never": "none", "waiting": "running", "sent": "done", "failed": "failed"},
    "run": {
        "running": "running", "done": "done", "completed": "done", "idle": "skipped", "continued_as_new": "done",
        "deferred": "parked", "blocked": "failed", "failed": "failed", "lost": "failed", "terminated": "failed",
        "timed_out": "failed", "canceled": "skipped",
    },
    "event": {"ok": "done", "pending": "running", "skipped": "skipped", "error": "failed", "info": "none"},
    "check_state": {"ok": "done", "failed": "failed", "skipped": "skipped", "running": "running"},
    "payment_state": {"open": "none", "paid": "done", "partly": "parked", "refunded": "skipped"},
    "fulfilment": {
        "open": "none", "partial": "parked", "partly": "parked", "shipped": "done", "hold": "parked",
        "cancelled": "skipped",
    },
    "mode": {"development": "none", "migration": "parked", "productive": "done", "deleted": "skipped"},
}  # fmt: skip

_ICONS: Mapping[str, str] = {
    "articles": "fa-tag",
    "categories": "fa-sitemap",
    "stock": "fa-boxes-stacked",
    "prices": "fa-euro-sign",
    "orders": "fa-cart-shopping",
    "shipments": "fa-truck",
    "documents": "fa-file-invoice",
    "refunds": "fa-rotate-left",
}


def word(kind: str, value: str) -> str:
    """The English word for a stored value, to be translated; a value that nobody named is made readable."""
    return WORDS[kind].get(value) or value.replace("_", " ").replace("-", " ")


def state(kind: str, value: str) -> str:
    """Which of the six states a stored value means: done, running, skipped, parked, failed or none."""
    return _STATES[kind].get(value, "none")


def icon(feature: str) -> str:
    """The icon of a feature."""
    return _ICONS.get(feature, "fa-circle")
