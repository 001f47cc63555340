"""The REST API: login, resources and answers. Only reading is simulated; writes are answered as unknown resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.shopware5 import errors, rendering
from sandbox.shopware5.catalogue import GROUPS, Article, Detail
from sandbox.shopware5.listing import listed, parameters

if TYPE_CHECKING:
    from sandbox.shopware5.shop import Shopware5Shop

Json = dict[str, Any]
API = "/api/"
OOPS = "<html><body><h1>Ups! Ein Fehler ist aufgetreten!</h1></body></html>"
PRIVILEGES = {
    "articles": "article",
    "variants": "article",
    "categories": "category",
    "manufacturers": "manufacturer",
    "media": "media",
    "customerGroups": "customergroup",
    "translations": "translation",
    "shops": "shop",
}


class RestApi:
    """The API behind the faults."""

    def __init__(self, shop: Shopware5Shop) -> None:
        self._shop = shop
        self._resources: dict[str, Callable[[str, Json], Json]] = {
            "version": self._version,
            "articles": self._articles,
            "variants": self._variants,
            "categories": self._categories,
            "manufacturers": self._manufacturers,
            "media": self._media,
            "customerGroups": self._customer_groups,
            "translations": self._translations,
            "shops": self._shops,
        }

    def shown_path(self, scope: Any) -> str | None:
        """The path of a call to the API."""
        path: str = scope.get("path", "")
        return path if path.startswith(API) else None

    def fault_response(self, fault: Any) -> Response:
        """What the shop or the server before it answers while something is wrong."""
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        status = 200 if fault.mode == "html" else int(fault.mode)
        return Response(OOPS, status, headers, "text/html")

    def answer(self, request: Request, body: bytes, request_id: str) -> Response:
        """Answer one request."""
        del request_id  # nothing is written, so there are no effects to name it in
        try:
            return _json(self._answer(request, body), 200)
        except errors.ApiError as error:
            if self._shop.throws_exceptions:
                return Response(OOPS, 500, media_type="text/html")
            response = _json(error.body, error.status)
            if error.status == 401:
                for challenge in self._shop.gate.challenges(request.headers.get("user-agent", "")):
                    response.headers.append("WWW-Authenticate", challenge)
            return response

    def _answer(self, request: Request, body: bytes) -> Json:
        query = request.url.query
        target = request.url.path + (f"?{query}" if query else "")
        agent = request.headers.get("user-agent", "")
        with self._shop.lock:
            if not self._shop.gate.user(request.headers.get("authorization", ""), request.method, target, agent):
                raise errors.no_auth()
            given = parameters(parse_qsl(query, keep_blank_values=True), _parsed(body))
            resource, _, row_id = request.url.path.removeprefix(API).strip("/").partition("/")
            handler = self._resources.get(resource)
            if handler is None or request.method != "GET" or "/" in row_id:
                raise errors.no_resource()
            privilege = PRIVILEGES.get(resource)
            if privilege in self._shop.withheld:
                raise errors.missing_privilege(privilege or "")
            return handler(row_id, given)

    # --- resources ------------------------------------------------------------------------------------------------------

    def _version(self, _row_id: str, _given: Json) -> Json:
        return {"data": {"version": self._shop.version, "revision": "202312150800"}, "success": True}

    def _articles(self, row_id: str, given: Json) -> Json:
        catalogue = self._shop.contents
        if not row_id:
            rows = [
                {**rendering.head(one), "mainDetail": {"number": one.details[0].number}}
                for one in catalogue.articles.values()
            ]
            page = listed(rows, given, "Article\\Article")
            return {**page, "data": [{k: v for k, v in row.items() if k != "mainDetail"} for row in page["data"]]}
        article = self._by_number(row_id)[0] if _uses_number(given) else catalogue.articles.get(_number(row_id))
        if article is None:
            raise errors.ApiError(404, f"Article by id {row_id} not found")
        is_gross = _is_true(given.get("considerTaxInput"))
        return {"data": rendering.whole(catalogue, article, is_gross=is_gross), "success": True}

    def _variants(self, row_id: str, given: Json) -> Json:
        if not row_id:
            raise errors.no_resource()
        if _uses_number(given):
            article, detail = self._by_number(row_id)
        else:
            wanted = _number(row_id)
            every = ((one, detail) for one in self._shop.contents.articles.values() for detail in one.details)
            found = next((pair for pair in every if pair[1].id == wanted), None)
            if found is None:
                raise errors.ApiError(404, f"Variant by id {row_id} not found")
            article, detail = found
        shown = rendering.detail(self._shop.contents, article, detail, is_gross=_is_true(given.get("considerTaxInput")))
        shown["attribute"] = rendering.attribute(article, detail)
        return {"data": {**shown, "article": rendering.head(article)}, "success": True}

    def _by_number(self, number: str) -> tuple[Article, Detail]:
        found = self._shop.contents.details.get(number)
        if found is None:
            raise errors.ApiError(404, f"Article by number {number} not found")
        return found

    def _categories(self, row_id: str, given: Json) -> Json:
        catalogue = self._shop.contents
        if not row_id:
            rows = [rendering.category(catalogue, row) for row in catalogue.categories.values()]
            return listed(rows, given, "Category\\Category")
        row = catalogue.categories.get(_number(row_id))
        if row is None:
            raise errors.ApiError(404, f"Category by id {row_id} not found")
        return {"data": _whole_category(rendering.category(catalogue, row)), "success": True}

    def _manufacturers(self, row_id: str, given: Json) -> Json:
        return _of_table(self._shop.contents.suppliers, row_id, given, "Manufacturer", "Article\\Supplier")

    def _media(self, row_id: str, given: Json) -> Json:
        return _of_table(self._shop.contents.media, row_id, given, "Media", "Media\\Media")

    def _customer_groups(self, row_id: str, given: Json) -> Json:
        rows = {group["id"]: {**group, "discounts": []} for group in GROUPS.values()}
        return _of_table(rows, row_id, given, "CustomerGroup", "Customer\\Group")

    def _shops(self, row_id: str, given: Json) -> Json:
        rows = {row["id"]: row for row in _shop_rows(self._shop.base_url)}
        return _of_table(rows, row_id, given, "Shop", "Shop\\Shop")

    def _translations(self, row_id: str, given: Json) -> Json:
        if row_id:
            raise errors.no_resource()
        rows = [
            {
                "type": "article",
                "data": {"name": one.english},
                "key": one.id,
                "shopId": rendering.ENGLISH_SHOP,
                "shop": _shop_rows(self._shop.base_url)[1],
            }
            for one in self._shop.contents.articles.values()
            if one.english
        ]
        return listed(rows, given, "Translation\\Translation")


def _of_table(table: dict[int, Json], row_id: str, given: Json, name: str, model: str) -> Json:
    if not row_id:
        return listed(list(table.values()), given, model)
    row = table.get(_number(row_id))
    if row is None:
        raise errors.ApiError(404, f"{name} by id {row_id} not found")
    return {"data": row, "success": True}


def _whole_category(row: Json) -> Json:
    texts = dict.fromkeys(("metaTitle", "metaKeywords", "metaDescription", "cmsHeadline", "cmsText", "template"))
    return {**row, **texts, "blog": False, "path": "|3|", "external": "", "hideTop": False, "translations": []}


def _shop_rows(address: str) -> list[Json]:
    host = address.partition("://")[2]
    shared = {"mainId": None, "title": None, "host": host, "basePath": None, "hosts": "", "secure": False}
    currency = {"id": 1, "currency": "EUR", "name": "Euro", "default": 1, "factor": 1, "symbol": "&euro;"}
    more = {"alwaysSecure": False, "secureHost": None, "secureBasePath": None, "active": True, "customerScope": False}
    german = {"id": 1, "name": "Deutsch", "categoryId": 3, "position": 0, "baseUrl": None, "default": True}
    english = {"id": 2, "name": "English", "categoryId": 3, "position": 1, "baseUrl": "/en", "default": False}
    locales = ({"id": 1, "locale": "de_DE", "language": "Deutsch"}, {"id": 2, "locale": "en_GB", "language": "English"})
    return [
        {**shared, **more, **row, "currency": currency, "locale": {**locale, "territory": ""}}
        for row, locale in zip((german, {**english, "mainId": 1}), locales, strict=True)
    ]


def _number(text: str) -> int:
    """PHP reads the digits a text begins with."""
    digits = text[: next((i for i, sign in enumerate(text) if not sign.isdigit()), len(text))]
    return int(digits or 0)


def _uses_number(given: Json) -> bool:
    return _is_true(given.get("useNumberAsId"))


def _is_true(value: Any) -> bool:
    """PHP takes every text but "" and "0" for true, "false" included."""
    return value not in (None, "", "0", 0, False)


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body) if body.strip() else {}
    except orjson.JSONDecodeError:
        raise errors.bad_json() from None


def _json(content: Json, status: int) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
