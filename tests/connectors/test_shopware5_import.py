"""Shopware 5: the account, Digest, the connection test, and articles for the initial import."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
import pytest
from pydantic import SecretStr, ValidationError

from canonical.catalogue import ListedArticle, NamedValue, OptionAxis, Structure
from canonical.check import CheckState
from canonical.failure import FailureError
from connectors import shopware5
from connectors.account import Account
from connectors.protocol import Connector, PullsCatalogue
from connectors.shopware5.settings import Shopware5Credentials, clean_url
from connectors.transport import TransportOptions

USER, KEY = "anna", "SchluesselDerApiVonAnna0123456789abcdef0"
REALM, NONCE = "Shopware REST-API", "0f1e2d3c4b5a"


@dataclass
class OldShop:
    """A shop that answers documents by path to whoever answers its Digest challenge."""

    documents: dict[str, Any] = field(default_factory=dict)
    articles: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    challenges: int = 0
    forbidden: str = ""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        self.requests.append((path, query))
        if self.forbidden and path.startswith(self.forbidden):
            return 403, {"success": False, "message": "User is not allowed"}
        if path == "/api/articles":
            after, limit = int(query.get("filter[0][value]", 0)), int(query.get("limit", 1000))
            is_exact = query.get("filter[0][expression]") == "="
            rows = [row for row in self.articles if not is_exact and row["id"] > after][:limit]
            listed = [{"id": row["id"], "name": row["name"]} for row in rows]
            return 200, {"data": listed, "total": len(self.articles), "success": True}
        if path.startswith("/api/variants/") and query.get("useNumberAsId") == "true":
            number = unquote(path.rpartition("/")[2])
            for row in self.articles:
                if number in [each["number"] for each in (row["mainDetail"], *row["details"])]:
                    return 200, {"data": {"id": 1, "articleId": row["id"], "number": number}, "success": True}
        found = next((row for row in self.articles if path == f"/api/articles/{row['id']}"), self.documents.get(path))
        if found is None:
            return 404, {"success": False, "message": "Not found"}
        return 200, {"data": found, "success": True}

    def admits(self, header: str, method: str, uri: str) -> bool:
        """RFC 2617 with `auth`."""
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
        ha1 = hashlib.md5(f"{USER}:{REALM}:{KEY}".encode()).hexdigest()
        ha2 = hashlib.md5(f"{method}:{uri}".encode()).hexdigest()
        parts = (ha1, given.get("nonce", ""), given.get("nc", ""), given.get("cnonce", ""), given.get("qop", ""), ha2)
        expected = hashlib.md5(":".join(parts).encode()).hexdigest()
        return header.startswith("Digest ") and given.get("nonce") == NONCE and given.get("response") == expected


@pytest.fixture
def old_shop() -> Iterator[OldShop]:
    shop = OldShop(documents={"/api/version": {"version": "5.7.19", "revision": "x"}})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            admitted = shop.admits(self.headers.get("authorization", ""), "GET", self.path)
            if admitted:
                status, body = shop.answer(parts.path, dict(parse_qsl(parts.query)))
            else:
                shop.challenges += 1
                status, body = 401, {"success": False, "message": "Invalid or missing auth"}
            content = orjson.dumps(body)
            self.send_response(status)
            if not admitted:
                challenge = f'Digest realm="{REALM}", qop="auth", nonce="{NONCE}", algorithm=MD5'
                self.send_header("www-authenticate", challenge)
                self.send_header("set-cookie", "session=1")
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    shop.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield shop
    server.shutdown()
    server.server_close()
    thread.join()


def connected(url: str, key: str = KEY) -> Any:
    credentials = Shopware5Credentials(url=url, user=USER, api_key=SecretStr(key))
    return shopware5.build(credentials, {}, Account(), TransportOptions(allow_private=True, timeout=5))


def detail(number: str, **fields: Any) -> dict[str, Any]:
    group = {"id": 1, "key": "EK", "name": "Shopkunden", "tax": True, "taxInput": True}
    price = {
        "customerGroupKey": "EK",
        "from": 1,
        "to": "beliebig",
        "price": 19.9,
        "pseudoPrice": 0,
        "customerGroup": group,
    }
    made = {"id": sum(number.encode()), "number": number, "active": 1, "inStock": 3, "weight": "0.500", "len": "12.5"}
    return made | {"prices": [price], "configuratorOptions": [], "attribute": {"id": 1, "attr1": "Pflege"}} | fields


def article(article_id: int, main: dict[str, Any], **fields: Any) -> dict[str, Any]:
    made = {"id": article_id, "name": f"Artikel {article_id}", "active": True, "mainDetail": main, "details": []}
    made |= {"tax": {"id": 1, "tax": "19.00"}, "supplier": {"id": 2, "name": "Küste"}, "configuratorSet": None}
    return made | fields


def shirt(article_id: int = 7) -> dict[str, Any]:
    """A configurator article: two groups, three variants, of which the main one is no detail."""

    def chosen(size: str, colour: str) -> list[dict[str, Any]]:
        sizes = {"id": 1, "groupId": 10, "name": size, "position": "SML".index(size)}
        return [{"id": 2, "groupId": 11, "name": colour, "position": 0}, sizes]

    groups = [{"id": 10, "name": "Größe"}, {"id": 11, "name": "Farbe"}]
    details = [
        detail("HEMD.1", configuratorOptions=chosen("S", "Rot")),
        detail("HEMD.2", configuratorOptions=chosen("L", "Rot")),
    ]
    main = detail("HEMD", configuratorOptions=chosen("M", "Rot"))
    return article(article_id, main, details=details, configuratorSet={"id": 1, "groups": groups})


# --- the account ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        ("shop.example/", "https://shop.example"),
        ("https://shop.example/backend", "https://shop.example"),
        ("https://shop.example/api/articles", "https://shop.example"),
        ("https://shop.example/shopware.php", "https://shop.example"),
        ("http://shop.example/laden/backend/#", "http://shop.example/laden"),
    ],
)
def test_the_address_is_made_of_what_people_paste(pasted: str, url: str) -> None:
    assert clean_url(pasted) == url


@pytest.mark.parametrize(
    ("entered", "code"),
    [
        ({"url": "ftp://x"}, "URL_INVALID"),
        ({"user": " "}, "KEY_INVALID"),
        ({"user": "a:b"}, "KEY_INVALID"),
        ({"api_key": "kurz"}, "KEY_INVALID"),
    ],
)
def test_wrong_entries_are_refused_and_never_repeated(entered: dict[str, str], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Shopware5Credentials.model_validate({"url": "shop.example", "user": USER, "api_key": KEY, **entered})
    assert [error["type"] for error in caught.value.errors()] == [code]
    assert KEY not in str(caught.value) and "kurz" not in str(caught.value)


def test_it_is_only_for_the_initial_import() -> None:
    spec, reader = shopware5.SPEC, shopware5.reader()
    assert not spec.is_productive and spec.imports_catalogue and not spec.features
    assert isinstance(reader, Connector) and isinstance(reader, PullsCatalogue)
    with pytest.raises(FailureError) as caught:
        reader.fetch_listings("", 10)
    assert caught.value.failure.code == "CREDENTIALS_MISSING"


# --- connection ----------------------------------------------------------------------------------------------------------


def test_the_challenge_is_answered_once_and_its_nonce_kept(old_shop: OldShop) -> None:
    old_shop.articles = [article(number, detail(f"A-{number}")) for number in range(1, 4)]
    assert len(connected(old_shop.url).fetch_listings("", 100).articles) == 3
    assert old_shop.challenges == 1


def states(report: Any) -> dict[str, CheckState]:
    return {item.name: item.state for item in report.items}


def test_a_good_account_is_proved_without_reading_an_article(old_shop: OldShop) -> None:
    old_shop.articles = [article(1, detail("A"))]
    report = connected(old_shop.url).check([])
    assert report.ok and report.version == "5.7.19"
    assert states(report)["certificate"] is CheckState.SKIPPED
    assert [path for path, _ in old_shop.requests] == ["/api/version", "/api/articles"]


def test_a_wrong_key_a_missing_right_and_an_old_shop_are_told_apart(old_shop: OldShop) -> None:
    wrong = connected(old_shop.url, "f" * 40).check([])
    assert states(wrong)["reachable"] is CheckState.OK and states(wrong)["credentials"] is CheckState.FAILED
    assert states(wrong)["permission"] is CheckState.SKIPPED
    old_shop.forbidden = "/api/articles"
    denied = connected(old_shop.url).check([])
    assert states(denied)["permission"] is CheckState.FAILED
    old_shop.documents["/api/version"] = {"version": "4.3.7"}
    codes = [item.failure.code for item in connected(old_shop.url).check([]).items if item.failure]
    assert codes == ["VERSION_OUTDATED"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>", "NOT_JSON"),
        (b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", "SERVER_ERROR"),
        (b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", "NOT_FOUND"),
    ],
)
def test_an_outage_is_no_wrong_password(raw_server: Any, answer: bytes, code: str) -> None:
    raw_server.answers = [answer]
    report = connected(raw_server.url).check([])
    assert [item.failure.code for item in report.items if item.failure] == [code]
    assert all(item.state is CheckState.SKIPPED for item in report.items[1:])


def test_basic_is_not_used_where_everybody_could_read_the_key(raw_server: Any) -> None:
    raw_server.answers = [b'HTTP/1.1 401 No\r\nwww-authenticate: Basic realm="x"\r\ncontent-length: 0\r\n\r\n']
    report = connected(raw_server.url).check([])
    assert states(report)["credentials"] is CheckState.FAILED
    assert b"authorization" not in raw_server.requests[0].lower() and len(raw_server.requests) == 1


# --- articles ------------------------------------------------------------------------------------------------------------


def listed(old_shop: OldShop) -> list[ListedArticle]:
    return list(connected(old_shop.url).fetch_listings("", 100).articles)


@pytest.mark.proves("shopware5", "import_articles", "import_prices", "import_media")
def test_the_vendors_own_example_is_read(old_shop: OldShop, shared: Path) -> None:
    examples = orjson.loads((shared / "specs" / "shopware5" / "rest-api-examples.json").read_bytes())
    old_shop.articles = [examples["examples"]["examples/article"][0]["body"]["data"]]
    old_shop.documents |= {
        "/api/media/8": {"id": 8, "path": "media/image/aperitif.jpg"},
        "/api/propertyGroups/1": {"id": 1, "options": [{"id": 2, "name": "Inhalt"}, {"id": 4, "name": "Farbe"}]},
        "/api/categories": [
            {"id": 1, "name": "Root", "parentId": None},
            {"id": 3, "name": "Deutsch", "parentId": 1},
            {"id": 14, "name": "Edelbrände", "parentId": 3},
        ],
        "/api/shops/2": {"id": 2, "locale": {"locale": "en_GB"}},
    }
    (found,) = listed(old_shop)
    content = found.content
    assert (content.sku, content.structure, content.manufacturer) == (
        "SW10003",
        Structure.SIMPLE,
        "Feinbrennerei Sasse",
    )
    assert content.words.name == "Münsterländer Aperitif 16%" and content.words.description.startswith("<p>")
    assert (found.tax_rate, found.quantity, found.prices[0].is_gross) == (Decimal(19), Decimal(25), True)
    assert content.images[0].url == f"{old_shop.url}/media/image/aperitif.jpg"
    assert ("Deutsch", "Edelbrände") in {place.path for place in content.categories} and len(content.categories) == 3
    assert content.properties == (NamedValue(name="Inhalt", value="0,7 Liter"), NamedValue(name="Farbe", value="rot"))
    assert [(words.language, words.name) for words in content.translations] == [("en", "Munsterland Aperitif 16%")]


def test_a_configurator_article_is_a_parent_with_all_its_variants(old_shop: OldShop) -> None:
    old_shop.articles = [shirt()]
    parent, *variants = listed(old_shop)
    assert (parent.content.sku, parent.content.structure) == ("HEMD-Container", Structure.PARENT)
    assert parent.content.axes == (
        OptionAxis(name="Größe", values=("S", "M", "L")),
        OptionAxis(name="Farbe", values=("Rot",)),
    )
    assert [each.content.sku for each in variants] == ["HEMD", "HEMD.1", "HEMD.2"]
    assert variants[1].content.options == (NamedValue(name="Größe", value="S"), NamedValue(name="Farbe", value="Rot"))
    assert {each.content.parent_sku for each in variants} == {"HEMD-Container"}
    assert {each.content.parent_ref for each in variants} == {parent.content.ref}
    assert parent.quantity is None and variants[0].quantity == 3
    assert variants[0].content.weight == Decimal("0.500") and variants[0].content.length == Decimal("12.5")


def test_prices_keep_group_scale_and_whether_they_are_gross(old_shop: OldShop) -> None:
    trade = {"id": 2, "key": "H", "name": "Händler", "taxInput": False}
    rows = [
        *detail("A")["prices"],
        {"customerGroupKey": "EK", "from": 10, "price": 17.5, "pseudoPrice": 24.9, "customerGroup": {"taxInput": True}},
        {"customerGroupKey": "H", "from": "1", "price": 12.563025210084, "customerGroup": trade},
        {"customerGroupKey": "H", "from": 5, "price": None},
    ]
    old_shop.articles = [article(1, detail("A", prices=rows))]
    prices = listed(old_shop)[0].prices
    assert [(each.group, each.from_quantity, each.amount, each.is_gross) for each in prices] == [
        ("", 1, Decimal("19.90"), True),
        ("", 10, Decimal("17.50"), True),
        ("Händler", 1, Decimal("12.5630"), False),
    ]
    assert [each.pseudo_amount for each in prices] == [None, Decimal("24.90"), None]


def test_pages_follow_the_ids_and_a_vanished_article_is_passed_over(old_shop: OldShop) -> None:
    old_shop.articles = [article(number, detail(f"A-{number}")) for number in range(1, 121)]
    connector, cursor, found, totals = connected(old_shop.url), "", [], []
    for _ in range(10):
        page = connector.fetch_listings(cursor, 500)
        found += [each.content.sku for each in page.articles]
        totals.append(page.total)
        cursor = page.cursor
        if cursor == "50":
            old_shop.articles = [row for row in old_shop.articles if row["id"] != 60]
        if not page.more:
            break
    assert found == [f"A-{number}" for number in range(1, 121) if number != 60]
    assert totals[0] == 120 and not any(totals[1:])


def test_a_single_article_is_found_by_any_of_its_numbers(old_shop: OldShop) -> None:
    old_shop.articles = [shirt(7), article(8, detail("MUG"))]
    page = connected(old_shop.url).fetch_listings_by_sku(["HEMD.2", "NOPE", "MUG", "HEMD"])
    assert [each.content.sku for each in page.articles] == ["HEMD-Container", "HEMD", "HEMD.1", "HEMD.2", "MUG"]


def test_an_empty_shop_is_one_empty_page(old_shop: OldShop) -> None:
    page = connected(old_shop.url).fetch_listings("", 100)
    assert (page.articles, page.more, page.cursor, page.total) == ((), False, "", 0)


def test_the_fields_that_are_read_are_those_of_the_vendors_tables(shared: Path) -> None:
    tables = orjson.loads((shared / "specs" / "shopware5" / "rest-api-tables.json").read_bytes())["tables"]
    named: dict[str, set[str]] = {}
    for table in [
        *tables["models"],
        *tables["api-resource-article"],
        *tables["api-resource-media"],
        *tables["api-resource-property-group"],
    ]:
        fields = {str(row["Field"]).partition(" ")[0] for row in table["rows"] if "Field" in row}
        named.setdefault(table["under"].partition(" >")[0], set()).update(fields)
    article_fields = {"name", "description", "descriptionLong", "metaTitle", "keywords", "active", "lastStock", "tax"}
    article_fields |= {
        "mainDetail",
        "details",
        "supplier",
        "images",
        "categories",
        "configuratorSet",
        "translations",
        "filterGroupId",
    }
    assert article_fields <= named["Structure"]
    detail_fields = {
        "number",
        "supplierNumber",
        "weight",
        "width",
        "len",
        "height",
        "ean",
        "shippingTime",
        "minPurchase",
    }
    detail_fields |= {"prices", "configuratorOptions", "attribute", "inStock", "active"}
    assert detail_fields <= named["Article Detail"]
    assert {"customerGroupKey", "customerGroup", "from", "price", "pseudoPrice"} <= named["Price"]
    assert {"main", "position", "mediaId", "articleDetailId", "description"} <= named["Image"]
    assert {"groupId", "name", "position"} <= named["Configurator Option"] and "groups" in named["Configurator Set"]
    assert {"path"} <= named["GET"] and "options" in named["GET"]
