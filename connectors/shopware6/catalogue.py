"""Listing products for the initial import and for pairing: main products by their own numbers, each with its variants behind it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from canonical.catalogue import (
    ArticleContent,
    CategoryPlace,
    DataType,
    ListedArticle,
    ListingPage,
    NamedValue,
    OptionAxis,
    Picture,
    PriceTier,
    Structure,
    Words,
)
from connectors.shopware6.products import by_sku
from connectors.shopware6.search import MOST, Row, beyond, equals, find, find_by, items, joined, part, rows_of, text
from connectors.transport import Calls

PAGE = 50
MILLIMETRES = Decimal(10)
ASSOCIATIONS = joined(
    "manufacturer",
    "unit",
    "tax",
    "deliveryTime",
    "cover",
    "media.media",
    "categories",
    "tags",
    "properties.group",
    "options.group",
    "configuratorSettings.option.group",
    "prices.rule",
)
NUMBERED = [{"field": "autoIncrement", "order": "ASC"}]


def fetch(calls: Calls, cursor: str, limit: int) -> ListingPage:
    """Fetch main products after the number in the cursor, with their variants; the numbers never change, so none is skipped."""
    after = int(cursor or 0)
    total = _total(calls) if not cursor else None
    size = max(1, min(PAGE, limit))
    filters = [equals("parentId", None), *([beyond("autoIncrement", gt=after)] if after else [])]
    mains = find(calls, "product", {"limit": size, "filter": filters, "sort": NUMBERED, "associations": ASSOCIATIONS})
    numbers = [number for row in mains if isinstance(number := row.get("autoIncrement"), int)]
    further = max([after, *numbers])
    more = len(mains) == size and further > after
    return ListingPage(
        articles=_listed(calls, mains), cursor=str(further) if further else cursor, more=more, total=total
    )


def fetch_by_sku(calls: Calls, skus: Sequence[str]) -> ListingPage:
    """Fetch single products; a variant's number brings its parent with all variants."""
    rows = list(by_sku(calls, skus, includes={"product": ["id", "parentId", "productNumber"]}).values())
    ids = [str(row.get("parentId") or row["id"]) for row in rows]
    mains = find_by(calls, "product", "id", ids, associations=ASSOCIATIONS, sort=NUMBERED)
    return ListingPage(articles=_listed(calls, mains), cursor="", more=False)


def _total(calls: Calls) -> int | None:
    """How many products there are with variants, where the shop counts."""
    body = calls.post("/search/product", {"limit": 1, "total-count-mode": 1, "includes": {"product": ["id"]}})
    stated: Any = body.json()
    total = stated.get("total") if isinstance(stated, dict) else None
    # A shop that does not understand the mode states the number of rows in the answer.
    return total if isinstance(total, int) and (total > 1 or not rows_of(body)) else None


def _listed(calls: Calls, rows: Sequence[Row]) -> tuple[ListedArticle, ...]:
    mains = [row for row in rows if row.get("id")]
    currencies = (
        {str(row.get("id")): str(row.get("isoCode") or "") for row in find(calls, "currency", {})} if mains else {}
    )
    language = _own_language(calls) if mains else ""
    below = _variants(calls, [str(row["id"]) for row in mains if row.get("childCount")])
    found = []
    for main in mains:
        variants = below.get(str(main.get("id")), [])
        found.append(_article(main, None, currencies, language, has_variants=bool(variants)))
        found += [_article(row, main, currencies, language, has_variants=False) for row in variants]
    return tuple(found)


def _variants(calls: Calls, parents: Sequence[str]) -> dict[str, list[Row]]:
    """The variants of some products, in the order of their numbers; a product may have hundreds."""
    found: dict[str, list[Row]] = {}
    after = 0
    while parents:
        filters = [{"type": "equalsAny", "field": "parentId", "value": list(parents)}]
        filters += [beyond("autoIncrement", gt=after)] if after else []
        rows = find(calls, "product", {"filter": filters, "sort": NUMBERED, "associations": ASSOCIATIONS})
        for row in rows:
            found.setdefault(str(row.get("parentId")), []).append(row)
        further = max([after, *(number for row in rows if isinstance(number := row.get("autoIncrement"), int))])
        if len(rows) < MOST or further == after:
            break
        after = further
    return found


def _own_language(calls: Calls) -> str:
    """The language of the shop's plain texts (ISO 639-1)."""
    criteria = {"filter": [equals("id", "2fbb5fe2e29a4d70aa5854ce7ce3e20b")], "associations": {"locale": {}}}
    rows = find(calls, "language", criteria)
    return _code(rows[0]) if rows else "de"


def _code(language: Row) -> str:
    return str(part(language, "locale").get("code") or "de").partition("-")[0].lower()


def _article(
    row: Row, parent: Row | None, currencies: dict[str, str], language: str, *, has_variants: bool
) -> ListedArticle:
    """A product; what a variant leaves empty it has from its parent."""
    structure = Structure.VARIANT if parent else Structure.PARENT if has_variants else Structure.SIMPLE
    tax = part(row, "tax") or part(parent or {}, "tax")
    content = ArticleContent(
        key="",
        sku=_plain(row.get("productNumber")),
        ref=str(row.get("id") or ""),
        structure=structure,
        parent_sku=_plain(parent.get("productNumber")) if parent else "",
        parent_ref=str(parent.get("id") or "") if parent else "",
        sends=frozenset(DataType),
        words=_words(row, parent or {}, language),
        manufacturer=text(_inherited(row, parent, "manufacturer")),
        manufacturer_number=_plain(row.get("manufacturerNumber")),
        ean=_plain(row.get("ean")),
        unit=text(_inherited(row, parent, "unit")),
        weight=_decimal(row, parent, "weight"),
        **{side: _centimetres(row, parent, side) for side in ("length", "width", "height")},
        delivery_time=text(_inherited(row, parent, "deliveryTime")),
        min_order_quantity=_decimal(row, parent, "minPurchase"),
        is_active=(parent or {}).get("active") is not False if row.get("active") is None else row["active"] is True,
        is_closeout=row.get("isCloseout") is True,
        categories=tuple(_place(each) for each in items(row, "categories")),
        tags=tuple(name for tag in items(row, "tags") if (name := text(tag))),
        properties=_named(items(row, "properties")),
        custom_fields=_custom_fields(row),
        axes=_axes(row) if has_variants else (),
        options=_named(items(row, "options")) if parent else (),
        images=_pictures(row),
    )
    rate = tax.get("taxRate")
    return ListedArticle(
        content=content,
        prices=_prices(row, currencies) or (_prices(parent, currencies) if parent else ()),
        quantity=Decimal(str(row["stock"])) if isinstance(row.get("stock"), int | float) else None,
        tax_rate=Decimal(str(rate)) if rate is not None else None,
    )


def _plain(value: object) -> str:
    return str(value).replace("\x00", "").strip() if isinstance(value, str | int) else ""


def _inherited(row: Row, parent: Row | None, field: str) -> Row:
    return part(row, field) or part(parent or {}, field)


def _decimal(row: Row, parent: Row | None, field: str) -> Decimal | None:
    value = row.get(field) if row.get(field) is not None else (parent or {}).get(field)
    return Decimal(str(value)) if isinstance(value, int | float) else None


def _centimetres(row: Row, parent: Row | None, field: str) -> Decimal | None:
    """Shopware keeps lengths in millimetres."""
    value = _decimal(row, parent, field)
    return value / MILLIMETRES if value is not None else None


def _words(row: Row, parent: Row, language: str) -> Words:
    def said(field: str) -> str:
        return text(row, field) or text(parent, field)

    return Words(
        language=language,
        name=said("name"),
        description=said("description"),
        meta_title=said("metaTitle"),
        meta_description=said("metaDescription"),
        meta_keywords=said("keywords"),
    )


def _place(category: Row) -> CategoryPlace:
    crumbs = category.get("breadcrumb")
    path = tuple(str(crumb) for crumb in crumbs) if isinstance(crumbs, list) else (text(category),)
    return CategoryPlace(key="", path=path, ref=str(category.get("id") or ""))


def _named(options: Sequence[Row]) -> tuple[NamedValue, ...]:
    """Options with the names of their groups."""
    return tuple(NamedValue(name=text(part(option, "group")), value=text(option)) for option in options if text(option))


def _axes(row: Row) -> tuple[OptionAxis, ...]:
    """What tells the variants apart, by the configurator."""
    settings = sorted(items(row, "configuratorSettings"), key=lambda setting: setting.get("position") or 0)
    values: dict[str, list[str]] = {}
    for setting in settings:
        option = part(setting, "option")
        values.setdefault(text(part(option, "group")), []).append(text(option))
    return tuple(OptionAxis(name=name, values=tuple(dict.fromkeys(found))) for name, found in values.items() if name)


def _custom_fields(row: Row) -> tuple[NamedValue, ...]:
    stated = row.get("customFields")
    fields = stated if isinstance(stated, dict) else {}
    return tuple(
        NamedValue(name=str(name), value=str(value))
        for name, value in fields.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    )


def _pictures(row: Row) -> tuple[Picture, ...]:
    """Images in their order, the cover first."""
    cover = row.get("coverId")
    media = sorted(items(row, "media"), key=lambda each: (each.get("id") != cover, each.get("position") or 0))
    found = [part(each, "media") for each in media]
    return tuple(
        Picture(
            url=str(each["url"]),
            digest=_plain(each.get("fileHash")),
            title=text(each, "title"),
            description=text(each, "alt"),
            position=index,
        )
        for index, each in enumerate(each for each in found if each.get("url"))
    )


def _prices(row: Row, currencies: dict[str, str]) -> tuple[PriceTier, ...]:
    """The gross prices of a product, and its tiers under the names of their rules."""
    found = [tier for price in items(row, "price") if (tier := _tier(price, currencies))]
    for advanced in items(row, "prices"):
        start = Decimal(str(advanced.get("quantityStart") or 1))
        update = {"group": text(part(advanced, "rule")), "from_quantity": start}
        found += [
            tier.model_copy(update=update) for price in items(advanced, "price") if (tier := _tier(price, currencies))
        ]
    return tuple(found)


def _tier(price: Row, currencies: dict[str, str]) -> PriceTier | None:
    gross, currency = price.get("gross"), currencies.get(str(price.get("currencyId")), "")
    if not isinstance(gross, int | float) or not currency:
        return None
    listed = part(price, "listPrice").get("gross")
    pseudo = Decimal(str(listed)) if isinstance(listed, int | float) and listed else None
    return PriceTier(amount=Decimal(str(gross)), currency=currency, is_gross=True, pseudo_amount=pseudo)
