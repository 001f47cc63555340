"""Routes whose answers follow from the shop's set-up: index, currency, settings, taxes, gateways, postage, status, webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.woocommerce import times
from sandbox.woocommerce.arguments import Arg
from sandbox.woocommerce.basket import EU_ZONE, PAYMENT_TITLES, REFUNDING_GATEWAYS, postage_for
from sandbox.woocommerce.errors import Json, WooError
from sandbox.woocommerce.links import API, PLACEHOLDER, item_links
from sandbox.woocommerce.routing import PAGING, Answer, Call, Endpoint, Handler, Route, paged, window
from sandbox.woocommerce.taxes import TAX_RATES
from sandbox.woocommerce.webhooks import HOOKS, shown

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

READ = ["GET"]
WRITE = ["GET", "POST", "PUT", "PATCH"]
WEBHOOK_ARGS = {
    "name": Arg(),
    "topic": Arg(required=True),
    "delivery_url": Arg(required=True),
    "secret": Arg(default=""),
    "status": Arg(enum=("active", "paused", "disabled"), default="active"),
}
WEBHOOK_CHANGE = {
    **dict.fromkeys(("name", "topic", "delivery_url", "secret"), Arg()),
    "status": Arg(enum=("active", "paused", "disabled")),
}
ZONES = ((0, "Locations not covered by your other zones"), (1, "Deutschland"), (2, "EU"))
ZONE_METHODS = {
    0: (),
    1: ((1, "flat_rate", "DE"), (2, "free_shipping", "DE"), (3, "local_pickup", "DE")),
    2: ((4, "flat_rate", "AT"),),
}
METHOD_TITLES = {
    "flat_rate": ("Flat rate", "Lets you charge a fixed rate for shipping."),
    "free_shipping": ("Free shipping", "Free shipping can be triggered with coupons and minimum spends."),
    "local_pickup": ("Local pickup", "Customers pick up orders themselves; base taxes apply."),
    "pickup_location": ("Local pickup", "Customers choose a pickup location during checkout."),
}


def routes(shop: WooShop) -> list[Route]:
    """All routes of this module."""
    api = FixedApi(shop)

    def listing(pattern: str, handler: Handler) -> Route:
        return Route(pattern, {"GET": Endpoint(handler, "list", query=PAGING)})

    return [
        Route("$", {"GET": Endpoint(api.index, "")}),
        Route("data/currencies/current", {"GET": Endpoint(api.currency, "list")}),
        Route("system_status", {"GET": Endpoint(api.system_status, "list")}),
        Route("settings/tax", {"GET": Endpoint(api.tax_settings, "list")}),
        Route("settings/products", {"GET": Endpoint(api.product_settings, "list")}),
        Route("settings/general", {"GET": Endpoint(api.general_settings, "list")}),
        listing("taxes", api.taxes),
        listing("taxes/classes", api.tax_classes),
        listing("payment_gateways", api.gateways),
        listing("shipping_methods", api.shipping_methods),
        listing("shipping/zones", api.zones),
        listing("shipping/zones/{zone}/methods", api.zone_methods),
        listing("shipping/zones/{zone}/locations", api.zone_locations),
        Route(
            "webhooks",
            {
                "GET": Endpoint(api.webhooks, "list", query=PAGING),
                "POST": Endpoint(api.create_webhook, "create", body=WEBHOOK_ARGS),
            },
        ),
        Route(
            "webhooks/{id}",
            {
                "GET": Endpoint(api.webhook, "view"),
                "PUT": Endpoint(api.update_webhook, "edit", body=WEBHOOK_CHANGE),
                "DELETE": Endpoint(api.delete_webhook, "delete", query={"force": Arg(("boolean",), default=False)}),
            },
            edits=True,
        ),
    ]


class FixedApi:
    """Handlers of these routes."""

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop

    def index(self, _call: Call) -> Answer:
        """The namespace's index; answered without a key, so it proves nothing."""
        return Answer(
            {
                "namespace": "wc/v3",
                "routes": {"/wc/v3": {"namespace": "wc/v3", "methods": READ, "endpoints": []}},
                "_links": {"up": [{"href": f"{PLACEHOLDER}/wp-json/"}]},
            }
        )

    def currency(self, _call: Call) -> Answer:
        """The shop's currency: the lightest call that needs a key."""
        links = item_links("data/currencies", "EUR", methods=READ)
        return Answer({"code": "EUR", "name": "Euro", "symbol": "&euro;", "_links": links})

    def system_status(self, _call: Call) -> Answer:
        """Version, order storage, tax and currency; keys as recorded, as far as a connector can use them."""
        shop = self._shop
        features = ["analytics", "order_attribution", "custom_order_tables"]
        if shop.fulfillments_enabled:
            features.append("fulfillments")
        return Answer(
            {
                "environment": {
                    "home_url": PLACEHOLDER,
                    "site_url": PLACEHOLDER,
                    "version": shop.version,
                    "wp_version": "7.1",
                    "wp_multisite": False,
                    "wp_cron": True,
                    "wp_environment_type": "production",
                    "language": "de_DE",
                    "server_info": "Sandbox",
                    "php_version": "8.2.36",
                    "default_timezone": "UTC",
                },
                "database": {"wc_database_version": shop.version, "database_prefix": "wp_"},
                "active_plugins": [_plugin(shop.version)],
                "inactive_plugins": [],
                "dropins_mu_plugins": {"dropins": [], "mu_plugins": []},
                "theme": {"name": "Storefront", "version": "4.6.2", "is_child_theme": False},
                "settings": {
                    "api_enabled": False,
                    "force_ssl": False,
                    "currency": "EUR",
                    "currency_symbol": "&euro;",
                    "currency_position": "right_space",
                    "thousand_separator": ".",
                    "decimal_separator": ",",
                    "number_of_decimals": 2,
                    "HPOS_enabled": True,
                    "HPOS_sync_enabled": False,
                    "enabled_features": features,
                },
                "security": {"secure_connection": shop.https, "hide_errors": True},
                "pages": [],
                "post_type_counts": [{"type": "product", "count": str(len(shop.products))}],
                "logging": {"logging_enabled": True},
            }
        )

    def tax_settings(self, _call: Call) -> Answer:
        """Whether prices contain tax, and the other tax settings."""
        yes_no = {"yes": "Yes, I will enter prices inclusive of tax", "no": "No, I will enter prices exclusive of tax"}
        entered = "yes" if self._shop.prices_include_tax else "no"
        return Answer(
            [
                _setting("tax", "woocommerce_prices_include_tax", "Prices entered with tax", entered, yes_no),
                _setting("tax", "woocommerce_tax_based_on", "Calculate tax based on", "shipping"),
                _setting("tax", "woocommerce_shipping_tax_class", "Shipping tax class", "inherit"),
                _setting("tax", "woocommerce_tax_round_at_subtotal", "Rounding", "no"),
            ]
        )

    def general_settings(self, _call: Call) -> Answer:
        """Country, currency and whether taxes are computed."""
        return Answer(
            [
                _setting("general", "woocommerce_default_country", "Country / State", "DE"),
                _setting("general", "woocommerce_calc_taxes", "Enable taxes", "yes"),
                _setting("general", "woocommerce_currency", "Currency", "EUR"),
            ]
        )

    def product_settings(self, _call: Call) -> Answer:
        """Units of weights and sizes, and whether stock is managed."""
        return Answer(
            [
                _setting("products", "woocommerce_weight_unit", "Weight unit", "kg", {"kg": "kg", "g": "g"}),
                _setting("products", "woocommerce_dimension_unit", "Dimensions unit", "cm", {"cm": "cm", "mm": "mm"}),
                _setting("products", "woocommerce_manage_stock", "Manage stock", "yes"),
            ]
        )

    def taxes(self, call: Call) -> Answer:
        """The tax table."""
        return _page(
            call,
            [
                {
                    "id": rate.id,
                    "country": rate.country,
                    "state": "",
                    "postcode": "",
                    "city": "",
                    "rate": f"{rate.percent:.4f}",
                    "name": rate.name,
                    "priority": 1,
                    "compound": False,
                    "shipping": True,
                    "order": 1,
                    "class": rate.tax_class or "standard",
                    "postcodes": [],
                    "cities": [],
                    "_links": item_links("taxes", rate.id),
                }
                for rate in TAX_RATES
            ],
        )

    def tax_classes(self, call: Call) -> Answer:
        """The tax classes."""
        names = {"standard": "Standard rate", "reduced-rate": "Reduced rate", "zero-rate": "Zero rate"}
        links = {"collection": [{"href": f"{API}/taxes/classes"}]}
        return _page(call, [{"slug": slug, "name": name, "_links": links} for slug, name in names.items()])

    def gateways(self, call: Call) -> Answer:
        """The ways to pay."""
        return _page(call, [_gateway(key, title) for key, title in PAYMENT_TITLES.items()])

    def shipping_methods(self, call: Call) -> Answer:
        """The kinds of shipping method."""
        return _page(
            call,
            [
                {
                    "id": key,
                    "title": title,
                    "description": text,
                    "_links": item_links("shipping_methods", key, methods=READ),
                }
                for key, (title, text) in METHOD_TITLES.items()
            ],
        )

    def zones(self, call: Call) -> Answer:
        """The shipping zones."""
        return _page(call, [_zone(zone_id, name) for zone_id, name in ZONES])

    def zone_methods(self, call: Call) -> Answer:
        """The methods of one zone with title and net price."""
        zone = self._zone(call)
        return _page(call, [_zone_method(zone, *method) for method in ZONE_METHODS[zone]])

    def zone_locations(self, call: Call) -> Answer:
        """The countries of one zone."""
        zone = self._zone(call)
        owner = f"{API}/shipping/zones/{zone}"
        links = {"collection": [{"href": f"{owner}/locations"}], "describes": [{"href": owner}]}
        codes = {0: [], 1: ["DE"], 2: sorted(EU_ZONE)}[zone]
        return _page(call, [{"code": code, "type": "country", "_links": links} for code in codes])

    def webhooks(self, call: Call) -> Answer:
        """The webhooks, newest first."""
        with self._shop.lock:
            return _page(call, [shown(hook) for hook in reversed(self._shop.webhooks.hooks.values())])

    def webhook(self, call: Call) -> Answer:
        """One webhook."""
        return Answer(shown(self._hook(call)))

    def create_webhook(self, call: Call) -> Answer:
        """A new webhook; its address is pinged, its topic must be one that WooCommerce has."""
        topic = call.params["topic"]
        _check_topic(topic)
        with self._shop.changes():
            webhook = self._shop.webhooks.create(call.params)
            self._shop.record("webhook", str(webhook["id"]), topic, call.request_id)
        return Answer(webhook, 201, {"Location": webhook["_links"]["self"][0]["href"]})

    def update_webhook(self, call: Call) -> Answer:
        """Change a webhook; one that is switched on again starts without failures."""
        if "topic" in call.params:
            _check_topic(call.params["topic"])
        with self._shop.changes():
            hook = {**self._hook(call), **call.params}
            resource, _, event = hook["topic"].partition(".")
            now = self._shop.clock()
            hook |= {"resource": resource, "event": event, "hooks": HOOKS.get(hook["topic"], [])}
            hook |= {"date_modified": times.local_text(now), "date_modified_gmt": times.gmt_text(now)}
            if call.params.get("status") == "active":
                hook["failures"] = 0
            self._shop.save_webhook(hook)
            self._shop.record("webhook", str(hook["id"]), hook["status"], call.request_id)
        return Answer(shown(hook))

    def delete_webhook(self, call: Call) -> Answer:
        """Remove a webhook for good; without `force` it is refused, as webhooks have no trash."""
        if not call.params["force"]:
            raise WooError(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")
        with self._shop.changes():
            hook = self._hook(call)
            self._shop.remove_webhook(hook["id"])
            self._shop.record("webhook", str(hook["id"]), "deleted", call.request_id)
        return Answer(shown(hook))

    def _hook(self, call: Call) -> Json:
        hook = self._shop.webhooks.hooks.get(call.ids["id"])
        if hook is None:
            raise WooError(404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
        return hook

    def _zone(self, call: Call) -> int:
        zone = call.ids["zone"]
        if zone not in ZONE_METHODS:
            raise WooError(404, "woocommerce_rest_shipping_zone_invalid", "Resource does not exist.")
        return zone


def _check_topic(topic: str) -> None:
    resource, _, event = topic.partition(".")
    known = {"order", "product", "customer", "coupon"}, {"created", "updated", "deleted", "restored"}
    if not (resource == "action" and event) and not (resource in known[0] and event in known[1]):
        text = "Webhook topic must be valid."
        raise WooError(400, "woocommerce_rest_shop_webhook_invalid_topic", text)


def _page(call: Call, items: list[Json]) -> Answer:
    return paged(call, [items[i] for i in window(call, range(len(items)))], len(items))


def _setting(group: str, key: str, label: str, value: str, options: dict[str, str] | None = None) -> Json:
    setting: Json = {"id": key, "label": label, "description": "", "type": "radio" if options else "text"}
    setting |= {"default": "", **({"options": options} if options else {}), "tip": "", "value": value}
    return setting | {"_links": item_links(f"settings/{group}", key, methods=WRITE)}


def _plugin(version: str) -> Json:
    return {
        "plugin": "woocommerce/woocommerce.php",
        "name": "WooCommerce",
        "version": version,
        "version_latest": version,
        "url": "https://woocommerce.com/",
        "author_name": "Automattic",
        "author_url": "https://woocommerce.com",
        "network_activated": False,
    }


def _gateway(key: str, title: str) -> Json:
    supports = ["products", "refunds"] if key in REFUNDING_GATEWAYS else ["products"]
    gateway: dict[str, Any] = {
        "id": key,
        "title": title,
        "description": "",
        "order": "",
        "enabled": True,
        "method_title": title,
        "method_description": "",
        "method_supports": supports,
        "settings": {},
        "needs_setup": False,
        "post_install_scripts": [],
        "settings_url": f"{PLACEHOLDER}/wp-admin/admin.php?page=wc-settings&tab=checkout&section={key}",
        "connection_url": None,
        "setup_help_text": None,
        "required_settings_keys": [],
        "_links": item_links("payment_gateways", key, methods=WRITE),
    }
    return gateway


def _zone(zone_id: int, name: str) -> Json:
    links = item_links("shipping/zones", zone_id)
    links["describedby"] = [{"href": f"{API}/shipping/zones/{zone_id}/locations"}]
    return {"id": zone_id, "name": name, "order": 0, "_links": links}


def _zone_method(zone: int, instance: int, method: str, country: str) -> Json:
    postage = postage_for(method, country)
    links = item_links(f"shipping/zones/{zone}/methods", instance)
    links["describes"] = [{"href": f"{API}/shipping/zones/{zone}"}]
    cost = {"id": "cost", "label": "Cost", "type": "text", "value": str(postage.net), "default": "", "placeholder": ""}
    return {
        "id": instance,
        "instance_id": instance,
        "title": postage.title,
        "order": instance,
        "enabled": True,
        "method_id": method,
        "method_title": METHOD_TITLES[method][0],
        "method_description": f"<p>{METHOD_TITLES[method][1]}</p>\n",
        "settings": {"cost": {**cost, "description": "", "tip": ""}},
        "_links": links,
    }
