"""A shop's products, changed by the mutations as the documentation says, and articles to send there."""

from typing import Any

from canonical.catalogue import (
    ArticleContent,
    DataType,
    NamedValue,
    OptionAxis,
    Structure,
    Words,
)
from canonical.push import PushAnswer
from connectors.shopify.client import Shopify
from connectors.shopify.settings import ShopifyArticleSettings
from tests.connectors.test_shopify_support import FakeShop

ALL = frozenset(DataType)
NO_MORE = {"hasNextPage": False, "endCursor": None}


class Catalogue:
    """The shop's products, changed by the mutations as the documentation says."""

    def __init__(self, shop: FakeShop) -> None:
        self.products: dict[str, dict[str, Any]] = {}
        self.metafields: dict[tuple[str, str], str] = {}
        self.published: list[tuple[str, list[str]]] = []
        self.translations: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self.refused: dict[str, str] = {}
        self._next = 0
        definitions = [
            definition("Farbton", "custom", "shade", "single_line_text_field"),
            definition("Gewicht netto", "custom", "net", "number_decimal"),
            definition("Vegan", "custom", "vegan", "boolean"),
        ]
        shop.scripts |= {
            "FindProduct": self.by_handle,
            "FindVariants": self.find,
            "LoadProduct": lambda asked: {"product": self.shown(asked["id"])},
            "CreateProduct": self.create,
            "UpdateProduct": self.update,
            "DeleteProduct": self.delete,
            "CreateVariants": self.create_variants,
            "UpdateVariants": self.update_variants,
            "DeleteVariants": self.delete_variants,
            "AddMedia": self.add_media,
            "ChangeFiles": self.change_files,
            "Definitions": lambda _: {"metafieldDefinitions": {"nodes": definitions, "pageInfo": NO_MORE}},
            "SetMetafields": self.set_metafields,
            "DeleteMetafields": self.delete_metafields,
            "Publish": self.publish,
            "Translatable": lambda _: {
                "translatableResource": {
                    "translatableContent": [{"key": "title", "digest": "t"}, {"key": "body_html", "digest": "b"}]
                }
            },
            "Translate": self.translate,
        }

    def number(self) -> int:
        self._next += 1
        return self._next

    def add(self, *skus: str, options: tuple[str, ...] = ()) -> str:
        """A product made by hand: simple without options."""
        ref = f"gid://shopify/Product/{self.number()}"
        self.products[ref] = {"id": ref, "title": "von Hand", "options": list(options), "variants": [], "media": []}
        for sku in skus:
            chosen = dict.fromkeys(options, sku) or {"Title": "Default Title"}
            self.products[ref]["variants"].append(self.variant(sku, chosen))
        return ref.rpartition("/")[2]

    def variant(self, sku: str, options: dict[str, str]) -> dict[str, Any]:
        number = self.number()
        return {
            "id": f"gid://shopify/ProductVariant/{number}",
            "sku": sku,
            "item": f"gid://shopify/InventoryItem/9{number}",
            "options": options,
            "input": {},
        }

    def only(self) -> dict[str, Any]:
        assert len(self.products) == 1, self.products
        return next(iter(self.products.values()))

    def skus(self, product: dict[str, Any]) -> list[str]:
        return [variant["sku"] for variant in product["variants"]]

    def shown(self, ref: str) -> dict[str, Any] | None:
        product = self.products.get(ref)
        if product is None:
            return None
        stored = self.metafields.get((ref, "connect.images"))
        return {
            "id": ref,
            "hasOnlyDefaultVariant": not product["options"],
            "options": [{"id": f"o{name}", "name": name} for name in product["options"] or ["Title"]],
            "images": {"value": stored} if stored else None,
            "variants": {"nodes": [self.shown_variant(each) for each in product["variants"]], "pageInfo": NO_MORE},
        }

    @staticmethod
    def shown_variant(row: dict[str, Any]) -> dict[str, Any]:
        selected = [{"name": name, "value": value} for name, value in row["options"].items()]
        return {"id": row["id"], "sku": row["sku"], "selectedOptions": selected, "inventoryItem": {"id": row["item"]}}

    def by_handle(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = [ref for ref, product in self.products.items() if product.get("handle") == asked["handle"]]
        return {"productByIdentifier": {"id": found[0]} if found else None}

    def find(self, asked: dict[str, Any]) -> dict[str, Any]:
        terms = {term.removeprefix("sku:").strip('"') for term in asked["query"].split(" OR ")}
        rows = [
            {
                "id": variant["id"],
                "sku": variant["sku"],
                "product": {"id": ref, "hasOnlyDefaultVariant": not product["options"]},
                "inventoryItem": {"id": variant["item"], "tracked": True},
            }
            for ref, product in self.products.items()
            for variant in product["variants"]
            if variant["sku"] in terms
        ]
        return {"productVariants": {"nodes": rows}}

    def create(self, asked: dict[str, Any]) -> dict[str, Any]:
        made = asked["product"]
        ref = f"gid://shopify/Product/{self.number()}"
        options = made.get("productOptions", [])
        first = {each["name"]: each["values"][0]["name"] for each in options} or {"Title": "Default Title"}
        variant = self.variant("", first)
        self.products[ref] = {
            "id": ref,
            **made,
            "options": [each["name"] for each in options],
            "variants": [variant],
            "media": [],
        }
        for field in made["metafields"]:
            self.metafields[ref, f"{field['namespace']}.{field['key']}"] = field["value"]
        node = {"id": ref, "variants": {"nodes": [self.shown_variant(variant)]}}
        return {"productCreate": {"product": node, "userErrors": []}}

    def update(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "title" in self.refused:
            return {
                "productUpdate": {
                    "product": None,
                    "userErrors": [{"field": ["title"], "message": self.refused["title"]}],
                }
            }
        self.products[asked["product"]["id"]].update(asked["product"])
        return {"productUpdate": {"product": {"id": asked["product"]["id"]}, "userErrors": []}}

    def delete(self, asked: dict[str, Any]) -> dict[str, Any]:
        del self.products[asked["input"]["id"]]
        return {"productDelete": {"deletedProductId": asked["input"]["id"], "userErrors": []}}

    def create_variants(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"productVariantsBulkCreate": self.changed(asked, is_new=True)}

    def update_variants(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"productVariantsBulkUpdate": self.changed(asked, is_new=False)}

    def changed(self, asked: dict[str, Any], *, is_new: bool) -> dict[str, Any]:
        product = self.products[asked["product"]]
        done, problems = [], []
        for index, change in enumerate(asked["variants"]):
            sku = change.get("inventoryItem", {}).get("sku")
            if sku in self.refused:
                problems.append(
                    {"field": ["variants", str(index), "barcode"], "message": self.refused[sku], "code": None}
                )
                continue
            options = {each["optionName"]: each["name"] for each in change.get("optionValues", ())}
            row = (
                self.variant(sku or "", options)
                if is_new
                else next(each for each in product["variants"] if each["id"] == change["id"])
            )
            row["sku"] = sku if sku is not None else row["sku"]
            row["options"] = options or row["options"]
            row["input"] |= change
            done.append(row)
        if is_new and not problems:
            product["variants"] += done
        rows = [] if is_new and problems else [self.shown_variant(row) for row in done]
        return {"productVariants": rows, "userErrors": problems}

    def delete_variants(self, asked: dict[str, Any]) -> dict[str, Any]:
        product = self.products[asked["product"]]
        product["variants"] = [each for each in product["variants"] if each["id"] not in asked["variants"]]
        return {"productVariantsBulkDelete": {"product": {"id": product["id"]}, "userErrors": []}}

    def add_media(self, asked: dict[str, Any]) -> dict[str, Any]:
        product = self.products[asked["product"]["id"]]
        for each in asked["media"]:
            product["media"].append(
                {"__typename": "MediaImage", "id": f"gid://shopify/MediaImage/{self.number()}", **each}
            )
        nodes = product["media"][-asked["count"] :]
        return {"productUpdate": {"product": {"id": product["id"], "media": {"nodes": nodes}}, "userErrors": []}}

    def change_files(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.files += asked["files"]
        return {"fileUpdate": {"files": [], "userErrors": []}}

    def set_metafields(self, asked: dict[str, Any]) -> dict[str, Any]:
        for each in asked["metafields"]:
            self.metafields[each["ownerId"], f"{each['namespace']}.{each['key']}"] = each["value"]
        return {"metafieldsSet": {"metafields": [], "userErrors": []}}

    def delete_metafields(self, asked: dict[str, Any]) -> dict[str, Any]:
        for each in asked["metafields"]:
            self.metafields.pop((each["ownerId"], f"{each['namespace']}.{each['key']}"), None)
        return {"metafieldsDelete": {"deletedMetafields": [], "userErrors": []}}

    def publish(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.published.append((asked["id"], [each["publicationId"] for each in asked["channels"]]))
        node = {"__typename": "Product", "availablePublicationsCount": {"count": 1}}
        return {"publishablePublish": {"publishable": node, "userErrors": []}}

    def translate(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.translations += asked["translations"]
        done = [{"key": each["key"], "locale": each["locale"]} for each in asked["translations"]]
        return {"translationsRegister": {"translations": done, "userErrors": []}}


def definition(name: str, namespace: str, key: str, kind: str) -> dict[str, Any]:
    return {"id": key, "name": name, "namespace": namespace, "key": key, "type": {"name": kind}}


def connect(shop: FakeShop, **settings: Any) -> Shopify:
    return shop.connect(articles=ShopifyArticleSettings.model_validate(settings))


def article(sku: str = "MUG", **fields: Any) -> ArticleContent:
    words = Words(
        language="de",
        name=f"Becher {sku}",
        description="<p>Blau</p>",
        meta_title="Becher",
        meta_description="Ein Becher",
    )
    return ArticleContent(**{"key": f"A-{sku}", "sku": sku, "sends": ALL, "words": words, **fields})


SIZES = (OptionAxis(name="Größe", values=("S", "M", "L")),)


def parent(sku: str = "TEE", **fields: Any) -> ArticleContent:
    return article(sku, structure=Structure.PARENT, **{"axes": SIZES, **fields})


def variant(sku: str, size: str, **fields: Any) -> ArticleContent:
    options = (NamedValue(name="Größe", value=size),)
    made = {"structure": Structure.VARIANT, "parent_key": "A-TEE", "parent_sku": "TEE", "options": options}
    return article(sku, **{**made, **fields})


FAMILY = (parent(), variant("TEE-S", "S"), variant("TEE-M", "M"), variant("TEE-L", "L"))


def codes(answer: PushAnswer) -> list[str]:
    return [result.failure.code if result.failure else result.outcome.value for result in answer.results]
