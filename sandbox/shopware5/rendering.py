"""Articles, variants and the tables around them as the API shows them, quirks included: numbers as texts, maps by id."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopware5.catalogue import DEALER_DISCOUNT, ENDLESS, GROUPS, TAXES, Article, Catalogue, Detail, moment

Json = dict[str, Any]
ENGLISH_SHOP = 2


def head(article: Article) -> Json:
    """An article as a list shows it."""
    return {
        "id": article.id,
        "mainDetailId": article.details[0].id,
        "supplierId": article.supplier,
        "taxId": TAXES[article.tax][0],
        "priceGroupId": None,
        "filterGroupId": None,
        "configuratorSetId": article.id if article.details[0].options else None,
        "name": article.name,
        "description": article.description,
        "descriptionLong": f"<p>{article.description}</p>" if article.description else "",
        "added": moment(article.added),
        "active": True,
        "pseudoSales": 0,
        "highlight": False,
        "keywords": "",
        "metaTitle": None,
        "changed": moment(article.added),
        "priceGroupActive": False,
        "lastStock": False,
        "crossBundleLook": 0,
        "notification": False,
        "template": "",
        "mode": 0,
        "availableFrom": None,
        "availableTo": None,
    }


def whole(catalogue: Catalogue, article: Article, *, is_gross: bool) -> Json:
    """An article with everything; the main detail stands apart from the other variants."""
    main, *others = article.details
    rate = TAXES[article.tax][1]
    shown = {
        **head(article),
        "mainDetail": {
            **detail(catalogue, article, main, is_gross=is_gross),
            "attribute": attribute(article, main),
        },
        "tax": {"id": TAXES[article.tax][0], "tax": f"{rate:.2f}", "name": f"{rate:g}%"},
        "propertyValues": [],
        "supplier": catalogue.suppliers[article.supplier],
        "propertyGroup": None,
        "customerGroups": [],
        "images": [] if article.image is None else [image(catalogue, article, article.image)],
        "configuratorSet": _configurator_set(catalogue, article),
        "links": [],
        "downloads": [],
        # PHP keys this list by id; an empty one is a plain list.
        "categories": {str(one): {"id": one, "name": catalogue.categories[one]["name"]} for one in article.categories}
        or [],
        "similar": [],
        "related": [],
        "details": [detail(catalogue, article, one, is_gross=is_gross) for one in others],
        "seoCategories": [],
    }
    if article.english:
        shown["translations"] = {str(ENGLISH_SHOP): {"name": article.english, "shopId": ENGLISH_SHOP}}
    return shown


def detail(catalogue: Catalogue, article: Article, one: Detail, *, is_gross: bool) -> Json:
    """A variant; `kind` is 1 for the main one and 2 for the others."""
    is_main = one is article.details[0]
    return {
        "id": one.id,
        "articleId": article.id,
        "unitId": None,
        "number": one.number,
        "supplierNumber": "",
        "kind": 1 if is_main else 2,
        "additionalText": " / ".join(one.options.values()),
        "active": 1,
        "inStock": one.stock,
        "stockMin": 0,
        "weight": one.weight,
        "width": None,
        "len": None,
        "height": None,
        "ean": one.ean,
        "position": 0,
        "minPurchase": 1,
        "purchaseSteps": None,
        "maxPurchase": None,
        "purchaseUnit": None,
        "referenceUnit": None,
        "packUnit": "",
        "shippingFree": False,
        "releaseDate": None,
        "shippingTime": "",
        "prices": _prices(article, one, is_gross=is_gross),
        "configuratorOptions": [catalogue.option(group, option) for group, option in one.options.items()],
    }


def attribute(article: Article, one: Detail) -> Json:
    """The twenty free fields."""
    return {
        "id": one.id,
        "articleId": article.id,
        "articleDetailId": one.id,
        **{f"attr{number}": "" for number in range(1, 21)},
    }


def image(catalogue: Catalogue, article: Article, media: int) -> Json:
    """A picture of an article; the path has no folder."""
    row = catalogue.media[media]
    return {
        "id": media,
        "articleId": article.id,
        "articleDetailId": None,
        "description": "",
        "path": row["name"],
        "main": 1,
        "position": 1,
        "width": 0,
        "height": 0,
        "relations": "",
        "extension": row["extension"],
        "parentId": None,
        "mediaId": media,
    }


def category(catalogue: Catalogue, row: Json) -> Json:
    """A category as a list shows it."""
    return {
        "id": row["id"],
        "active": True,
        "name": row["name"],
        "position": 0,
        "parentId": row["parentId"],
        "childrenCount": sum(one["parentId"] == row["id"] for one in catalogue.categories.values()),
        "articleCount": sum(row["id"] in article.categories for article in catalogue.articles.values()),
    }


def _prices(article: Article, one: Detail, *, is_gross: bool) -> list[Json]:
    """Net prices per group; `considerTaxInput` makes those of groups that enter gross prices gross."""
    factor = 1 + TAXES[article.tax][1] / 100
    found = []
    for number, (key, group) in enumerate(GROUPS.items()):
        gross = one.gross if key == "EK" else one.gross * DEALER_DISCOUNT
        price = gross if is_gross and group["taxInput"] else gross / factor
        found.append(
            {
                "id": one.id * 2 + number,
                "articleId": article.id,
                "articleDetailsId": one.id,
                "customerGroupKey": key,
                "from": 1,
                "to": ENDLESS,
                "price": float(round(price, 12)) if price != Decimal(0) else 0,
                "pseudoPrice": 0,
                "basePrice": 0,
                "percent": 0,
                "regulationPrice": 0,
                "customerGroup": group,
            }
        )
    return found


def _configurator_set(catalogue: Catalogue, article: Article) -> Json | None:
    if not article.details[0].options:
        return None
    groups = [catalogue.group(name) for name in article.details[0].options]
    return {"id": article.id, "name": f"Set-{article.id}", "public": False, "type": 0, "groups": groups}
