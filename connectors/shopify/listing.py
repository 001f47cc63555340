"""From Shopify's product to listed articles: a simple one, or a parent and its variants. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from canonical.catalogue import (
    ArticleContent,
    DataType,
    ListedArticle,
    NamedValue,
    OptionAxis,
    Picture,
    PriceTier,
    Structure,
    TaxCategory,
    Words,
)
from connectors.shopify.graph import mapping, nodes, number_of
from connectors.shopify.variants import Ref

CONTAINER = "Container-"
"""A parent has no number in the shop; where we gave it none, it gets one with this word (D§1.6)."""
KILOGRAMS = {
    "KILOGRAMS": Decimal(1),
    "GRAMS": Decimal("0.001"),
    "POUNDS": Decimal("0.45359237"),
    "OUNCES": Decimal("0.028349523125"),
}
SENT = frozenset({DataType.MASTER_DATA, DataType.VARIANTS, DataType.IMAGES, DataType.TAGS})


def listed(
    product: dict[str, Any], variants: Sequence[dict[str, Any]], media: Sequence[dict[str, Any]], shop: dict[str, Any]
) -> list[ListedArticle]:
    """The articles of one product, a parent before its variants."""
    ref = Ref(number_of(product.get("id")))
    shared = _shared(product, media)
    if product.get("hasOnlyDefaultVariant") is True and variants:
        return [_of_variant(variants[0], ref, shared | {"structure": Structure.SIMPLE}, shop)]
    sku = _value(product.get("number")) or f"{CONTAINER}{ref.product}"
    axes = tuple(
        OptionAxis(
            name=_text(each.get("name")),
            values=tuple(_text(value.get("name")) for value in nodes(each.get("optionValues"))),
        )
        for each in nodes(product.get("options"))
    )
    parent = ArticleContent(key="", sku=sku, ref=str(ref), **shared | {"structure": Structure.PARENT, "axes": axes})
    found = [ListedArticle(content=parent)]
    own = shared | {"structure": Structure.VARIANT, "parent_sku": sku, "parent_ref": str(ref), "images": ()}
    return found + [_of_variant(variant, ref, own, shop) for variant in variants]


def _text(value: object) -> str:
    return value.replace("\x00", "").strip() if isinstance(value, str) else ""


def _value(metafield: object) -> str:
    return _text(mapping(metafield).get("value"))


def _shared(product: dict[str, Any], media: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What a product says of all of its variants."""
    seo = mapping(product.get("seo"))
    pictures = [
        (_text(mapping(mapping(each.get("preview")).get("image")).get("url")), _text(each.get("alt"))) for each in media
    ]
    tags = product.get("tags")
    return {
        "sends": SENT,
        "words": Words(
            language="",
            name=_text(product.get("title")),
            description=_text(product.get("descriptionHtml")),
            meta_title=_text(seo.get("title")),
            meta_description=_text(seo.get("description")),
        ),
        "manufacturer": _text(product.get("vendor")),
        "category": _text(product.get("productType")),
        "unit": _value(product.get("unit")),
        "is_active": product.get("status") == "ACTIVE",
        "tags": tuple(map(str, tags)) if isinstance(tags, list) else (),
        "images": tuple(
            Picture(url=url, description=alt, position=position) for position, (url, alt) in enumerate(pictures) if url
        ),
    }


def _of_variant(variant: dict[str, Any], product: Ref, shared: dict[str, Any], shop: dict[str, Any]) -> ListedArticle:
    item = mapping(variant.get("inventoryItem"))
    ref = Ref(product.product, number_of(variant.get("id")), number_of(item.get("id")))
    options = tuple(
        NamedValue(name=_text(each.get("name")), value=_text(each.get("value")))
        for each in nodes(variant.get("selectedOptions"))
    )
    content = ArticleContent(
        key="",
        sku=_text(variant.get("sku")),
        ref=str(ref),
        ean=_text(variant.get("barcode")),
        weight=_weight(item),
        customs_number=_text(item.get("harmonizedSystemCode")),
        origin_country=_text(item.get("countryCodeOfOrigin")),
        tax_category=TaxCategory.EXEMPT if variant.get("taxable") is False else TaxCategory.NORMAL,
        is_stock_article=item.get("tracked") is not False,
        options=options if shared["structure"] is Structure.VARIANT else (),
        **shared,
    )
    quantity = variant.get("inventoryQuantity")
    return ListedArticle(
        content=content,
        prices=_prices(variant, shop),
        quantity=Decimal(quantity) if isinstance(quantity, int) else None,
    )


def _weight(item: dict[str, Any]) -> Decimal | None:
    """In kg; none where the shop says zero, which is what it says of every variant that nobody weighed."""
    weight = mapping(mapping(item.get("measurement")).get("weight"))
    factor = KILOGRAMS.get(str(weight.get("unit")))
    value = Decimal(str(weight.get("value") or 0))
    return value * factor if factor and value else None


def _prices(variant: dict[str, Any], shop: dict[str, Any]) -> tuple[PriceTier, ...]:
    price, pseudo = variant.get("price"), variant.get("compareAtPrice")
    if price is None:
        return ()
    return (
        PriceTier(
            amount=Decimal(str(price)),
            currency=str(shop.get("currencyCode") or "EUR"),
            is_gross=shop.get("taxesIncluded") is not False,
            pseudo_amount=Decimal(str(pseudo)) if pseudo is not None else None,
        ),
    )
