"""A shop for the connector's own tests that keeps products, terms, webhooks and refunds in the forms of WooCommerce's answers."""

import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

import connectors
from canonical.catalogue import ArticleContent, NamedValue, OptionAxis, Structure, Words
from canonical.feature import Feature
from canonical.settings import FeatureSettings
from connectors.account import Account
from connectors.transport import TransportOptions
from connectors.woocommerce.settings import WooArticleSettings, WooCredentials

Json = dict[str, Any]
Refusal = tuple[int, Json]
SETTINGS = {
    "products": {"woocommerce_weight_unit": "kg", "woocommerce_dimension_unit": "cm"},
    "tax": {"woocommerce_prices_include_tax": "yes"},
}
TAX_CLASSES = [{"slug": "standard", "name": "Standard"}, {"slug": "reduced-rate", "name": "Reduced &amp; low"}]
STATUSES = [{"slug": "processing", "name": "Processing"}, {"slug": "on-hold", "name": "On hold"}]


def error(code: str, status: int = 400, **data: Any) -> Refusal:
    return status, {"code": code, "message": f"refused: {code}", "data": {"status": status, **data}}


class KitShop:
    """The shop; `requests` are what came, `rules` are asked first and may answer in its place."""

    def __init__(self) -> None:
        self.products: dict[int, Json] = {}
        self.tags: dict[int, Json] = {}
        self.categories: dict[int, Json] = {}
        self.webhooks: dict[int, Json] = {}
        self.orders: dict[int, Json] = {}
        self.refunds: dict[int, list[Json]] = {}
        self.attributes: list[Json] = []
        self.settings = {group: dict(values) for group, values in SETTINGS.items()}
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        self.rules: list[Callable[[str, str, Any], Any]] = []
        self.last_id = 100
        self.url = ""

    # --- for tests ------------------------------------------------------------------------------------------------------

    def connect(self, settings: Mapping[Feature, FeatureSettings] | None = None) -> Any:
        credentials = WooCredentials.model_validate(
            {"url": self.url, "consumer_key": "ck_1", "consumer_secret": "cs_1"}
        )
        options = TransportOptions(allow_private=True, timeout=5)
        return connectors.build("woocommerce", credentials, settings or {}, Account(), options)

    def add(self, sku: str, **fields: Any) -> int:
        return int(self._create(self.products, {"sku": sku, "type": "simple", **fields})["id"])

    def by_sku(self, sku: str) -> Json:
        return next(product for product in self.products.values() if product["sku"] == sku)

    def sent(self, path: str, method: str = "POST") -> list[Any]:
        return [body for each, where, _, body in self.requests if each == method and re.fullmatch(path, where)]

    def fail(self, path: str, status: int, body: Any, *, times: int = 1) -> None:
        """Answer the next `times` writes to a path so, after nothing was done."""
        left = [times]

        def rule(method: str, where: str, _body: Any) -> Any:
            if method == "GET" or not re.fullmatch(path, where) or not left[0]:
                return None
            left[0] -= 1
            return status, body

        self.rules.append(rule)

    def lose(self, path: str) -> None:
        """Do what the next write to a path asks for, and answer it with a broken gateway."""
        left = [1]

        def rule(method: str, where: str, body: Any) -> Any:
            if method == "GET" or not re.fullmatch(path, where) or not left[0]:
                return None
            left[0] -= 1
            self._answer(method, where, {}, body)
            return 502, {"code": "bad_gateway"}

        self.rules.append(rule)

    # --- answering ------------------------------------------------------------------------------------------------------

    def handle(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        self.requests.append((method, path, query, body))
        for rule in self.rules:
            if (answer := rule(method, path, body)) is not None:
                return answer  # type: ignore[no-any-return]
        answer = self._answer(method, path, query, body)
        return answer if isinstance(answer, tuple) else (200, answer)

    def _answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        parts = path.strip("/").split("/")
        for answerer in (self._of_products, self._of_batches, self._of_webhooks, self._of_orders, self._of_itself):
            answer = answerer(method, parts, query, body)
            if answer is not None:
                return answer
        return error("rest_no_route", 404)

    def _of_products(self, method: str, parts: list[str], query: dict[str, str], _body: Any) -> Any:
        match method, parts:
            case "GET", ["products"]:
                return self._listed(query)
            case "GET", ["products", "categories"]:
                return self._page(list(self.categories.values()), query)
            case "GET", ["products", "attributes"]:
                return self.attributes
            case "GET", ["products", number]:
                return self.products.get(int(number)) or error("woocommerce_rest_product_invalid_id", 404)
            case "GET", ["products", parent, "variations"] if int(parent) not in self.products:
                return error("woocommerce_rest_product_invalid_id", 404)
            case "GET", ["products", parent, "variations"]:
                rows = [each for each in self.products.values() if each.get("parent_id") == int(parent)]
                return self._page([row for row in rows if _included(row, query)], query)
        return None

    def _of_batches(self, method: str, parts: list[str], _query: dict[str, str], body: Any) -> Any:
        match method, parts:
            case "POST", ["orders", "batch"]:
                return {}
            case "POST", ["products", "batch"]:
                return self._batch(self.products, body, {"type": "simple", "parent_id": 0}, "product_invalid_id")
            case "POST", ["products", parent, "variations", "batch"]:
                fields = {"type": "variation", "parent_id": int(parent)}
                return self._batch(self.products, body, fields, "product_variation_invalid_id")
            case "POST", ["products", "tags", "batch"]:
                return self._batch(self.tags, body, {"slug": ""}, "term_invalid")
            case "POST", ["products", "categories", "batch"]:
                return self._batch(self.categories, body, {"parent": 0}, "term_invalid")
        return None

    def _of_itself(self, method: str, parts: list[str], _query: dict[str, str], _body: Any) -> Any:
        match method, parts:
            case "GET", [""]:
                return {"namespace": "wc/v3"}
            case "GET", ["system_status"]:
                return {"environment": {"version": "11.0.1", "home_url": self.url}}
            case "GET", ["settings", group]:
                return [{"id": key, "value": value} for key, value in self.settings[group].items()]
            case "GET", ["data", "currencies", "current"]:
                return {"code": "EUR", "name": "Euro", "symbol": "€"}
            case "GET", ["taxes", "classes"]:
                return TAX_CLASSES
        return None

    def _of_webhooks(self, method: str, parts: list[str], query: dict[str, str], body: Any) -> Any:
        match method, parts:
            case "GET", ["webhooks"]:
                return self._page(list(self.webhooks.values()), query)
            case "POST", ["webhooks"]:
                return self._create(self.webhooks, body)
            case "PUT", ["webhooks", number]:
                return self._change(self.webhooks[int(number)], body)
            case "DELETE", ["webhooks", number]:
                return self.webhooks.pop(int(number), None) or error("woocommerce_rest_shop_webhook_invalid_id", 404)
        return None

    def _of_orders(self, method: str, parts: list[str], query: dict[str, str], body: Any) -> Any:
        match method, parts:
            case "GET", ["orders", "statuses"]:
                return STATUSES
            case "GET", ["orders"]:
                return list(self.orders.values())
            case _, ["orders", number, *_] if int(number) not in self.orders:
                return error("woocommerce_rest_shop_order_invalid_id", 404)
            case "GET", ["orders", number]:
                return self.orders[int(number)]
            case "GET", ["orders", number, "refunds"]:
                return self._page(self.refunds.get(int(number), []), query)
            case "POST", ["orders", number, "refunds"]:
                return self._refund(int(number), body)
        return None

    def _listed(self, query: dict[str, str]) -> list[Json]:
        rows = [row for row in self.products.values() if row.get("status") != "trash"]
        if "sku" in query:
            return [row for row in rows if row["sku"] in query["sku"].split(",")]
        heads = [row for row in rows if not row.get("parent_id") and _included(row, query)]
        return self._page(sorted(heads, key=lambda row: int(row["id"])), query)

    def _page(self, rows: list[Json], query: dict[str, str]) -> list[Json]:
        size = int(query.get("per_page", 10))
        start = int(query.get("offset", size * (int(query.get("page", 1)) - 1)))
        return rows[start : start + size]

    def _batch(self, rows: dict[int, Json], body: Json, fields: Json, unknown: str) -> Json:
        def one(part: str, item: Any) -> Any:
            number = item if part == "delete" else item.get("id", 0)
            if part != "create" and number not in rows:
                return {"id": number, "error": error(f"woocommerce_rest_{unknown}")[1]}
            if part == "delete":
                return rows.pop(number)
            if refusal := self._refusal(rows, item, part == "create"):
                return {"id": 0, "error": refusal[1]}
            return self._create(rows, {**fields, **item}) if part == "create" else self._change(rows[number], item)

        return {part: [one(part, item) for item in items] for part, items in body.items()}

    def _refusal(self, rows: dict[int, Json], item: Json, is_new: bool) -> Refusal | None:
        """A number is unique in the shop; a term's name among its siblings."""
        for other in rows.values():
            if other["id"] == item.get("id"):
                continue
            if rows is self.products and item.get("sku") and other["sku"] == item["sku"]:
                return error("product_invalid_sku", resource_id=other["id"])
            if rows is not self.products and is_new:
                same_name = other["name"].casefold() == item["name"].casefold()
                if same_name and other.get("parent") == item.get("parent", other.get("parent")):
                    return error("term_exists", resource_id=other["id"])
        return None

    def _create(self, rows: dict[int, Json], fields: Json) -> Json:
        self.last_id += 1
        rows[self.last_id] = {"id": self.last_id}
        return self._change(rows[self.last_id], fields)

    def _change(self, row: Json, fields: Json) -> Json:
        """Store the fields; images get ids, meta fields are merged by their key."""
        metas = {meta["key"]: meta for meta in [*row.get("meta_data", []), *fields.get("meta_data", [])]}
        row.update(fields)
        row["meta_data"] = list(metas.values())
        if "images" in fields:
            row["images"] = [self._image(image) for image in fields["images"]]
        if "image" in fields:
            row["image"] = self._image(fields["image"])
            row["images"] = [row["image"]]
        return row

    def _image(self, image: Json) -> Json:
        self.last_id += "src" in image
        return {"name": "", "alt": "", **image, "id": image.get("id") or self.last_id}

    def _refund(self, order: int, body: Json) -> Json:
        self.last_id += 1
        refund = {"id": self.last_id, **body}
        self.refunds.setdefault(order, []).append(refund)
        return refund


def _included(row: Json, query: dict[str, str]) -> bool:
    return "include" not in query or str(row["id"]) in query["include"].split(",")


class KitServer:
    """The shop behind a socket of its own."""

    def __init__(self, shop: KitShop) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet per answer, or each would wait for an acknowledgement

            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = orjson.loads(self.rfile.read(length)) if length else None
                parts = urlsplit(self.path)
                query = {name: value for name, value in parse_qsl(parts.query) if not name.startswith("oauth_")}
                path = parts.path.removeprefix("/wp-json/wc/v3")
                status, content = shop.handle(self.command, path, query, body)
                text = orjson.dumps(content)
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        shop.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> None:
        serve = self._server.serve_forever
        threading.Thread(target=serve, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


# --- what tests send ---------------------------------------------------------------------------------------------------

ALL = WooArticleSettings().data_types
SIZES = (OptionAxis(name="Größe", values=("S", "M")),)


def article(sku: str = "MUG", **fields: Any) -> ArticleContent:
    words = Words(language="de", name="Becher", short_text="Kurz", description="<p>Lang</p>")
    return ArticleContent(**{"key": f"A-{sku}", "sku": sku, "sends": ALL, "words": words, **fields})


def parent(**fields: Any) -> ArticleContent:
    return article("SHIRT", structure=Structure.PARENT, axes=SIZES, **fields)


def variant(size: str, **fields: Any) -> ArticleContent:
    options = (NamedValue(name="Größe", value=size),)
    own = {"structure": Structure.VARIANT, "parent_key": "A-SHIRT", "parent_sku": "SHIRT", "options": options}
    return article(f"SHIRT-{size}", **{**own, **fields})


def push(shop: KitShop, *articles: ArticleContent, **settings: Any) -> list[Any]:
    return list(connect(shop, **settings).send_articles(articles).results)


def connect(shop: KitShop, **settings: Any) -> Any:
    return shop.connect({Feature.ARTICLES: WooArticleSettings.model_validate(settings)})


def codes(results: list[Any]) -> list[str]:
    return [result.failure.code if result.failure else result.outcome.value for result in results]
