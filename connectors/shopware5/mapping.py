"""From an article of Shopware 5 to listed articles of ours: pure functions; lengths are taken as centimetres, weights as kilograms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from canonical.catalogue import (
    ArticleContent,
    CategoryPlace,
    DataType,
    ListedArticle,
    NamedValue,
    OptionAxis,
    Picture,
    PriceTier,
    Structure,
    Words,
)
from connectors.shopware5.answers import part, rows, text

Row = dict[str, Any]
END_CUSTOMER = "EK"
"""The customer group that everybody is in."""
MEASURES = {"weight": "weight", "length": "len", "width": "width", "height": "height"}
CONTAINER = "Container"
"""A parent has no number of its own in Shopware 5; it gets its main variant's with this word (D§1.6)."""


@dataclass
class Known:
    """What articles name only by id."""

    files: dict[int, str] = field(default_factory=dict)
    paths: dict[int, tuple[str, ...]] = field(default_factory=dict)
    groups: set[int] = field(default_factory=set)
    options: dict[int, str] = field(default_factory=dict)
    languages: dict[int, str] = field(default_factory=dict)
    """ISO 639-1 by shop."""


def articles_of(article: Row, known: Known) -> list[ListedArticle]:
    """One article; with a configurator a parent and its variants, of which the main one is the first."""
    main = part(article, "mainDetail")
    names = {group.get("id"): text(group.get("name")) for group in rows(part(article, "configuratorSet").get("groups"))}
    if not names:
        return [_listed(article, main, known, Structure.SIMPLE, sku=text(main.get("number")))]
    details = [main, *(each for each in rows(article.get("details")) if each.get("id") != main.get("id"))]
    variants = [each for each in details if rows(each.get("configuratorOptions"))]
    sku = f"{text(main.get('number'))}-{CONTAINER}"
    parent = _listed(article, main, known, Structure.PARENT, sku=sku, axes=_axes(variants, names))
    return [parent, *(_variant(article, each, known, sku, names) for each in variants)]


def _variant(article: Row, detail: Row, known: Known, parent_sku: str, names: dict[Any, str]) -> ListedArticle:
    options = tuple(
        NamedValue(name=names.get(option.get("groupId"), ""), value=text(option.get("name")))
        for option in _in_order(detail, names)
    )
    listed = _listed(article, detail, known, Structure.VARIANT, sku=text(detail.get("number")), options=options)
    above = {"parent_sku": parent_sku, "parent_ref": f"article/{article.get('id')}"}
    return listed.model_copy(update={"content": listed.content.model_copy(update=above)})


def _in_order(detail: Row, names: dict[Any, str]) -> list[Row]:
    """A variant's options in the order of the groups."""
    order = list(names)
    options = rows(detail.get("configuratorOptions"))
    return sorted(options, key=lambda each: order.index(each.get("groupId")) if each.get("groupId") in order else 99)


def _axes(variants: Sequence[Row], names: dict[Any, str]) -> tuple[OptionAxis, ...]:
    """What tells the variants apart: the values that occur, in the shop's own order."""
    found: dict[Any, dict[str, int]] = {group: {} for group in names}
    for option in (option for each in variants for option in rows(each.get("configuratorOptions"))):
        if option.get("groupId") in found:
            found[option["groupId"]].setdefault(text(option.get("name")), int(option.get("position") or 0))
    return tuple(
        OptionAxis(name=names[group], values=tuple(sorted(values, key=lambda value, at=values: at[value])))  # type: ignore[misc]
        for group, values in found.items()
        if values
    )


def _listed(
    article: Row,
    detail: Row,
    known: Known,
    structure: Structure,
    *,
    sku: str,
    axes: tuple[OptionAxis, ...] = (),
    options: tuple[NamedValue, ...] = (),
) -> ListedArticle:
    is_parent, is_variant = structure is Structure.PARENT, structure is Structure.VARIANT
    content = ArticleContent(
        key="",
        sku=sku,
        ref=f"article/{article.get('id')}" if not is_variant else f"variant/{detail.get('id')}",
        structure=structure,
        sends=frozenset(DataType),
        words=_words(article),
        translations=_translations(article, known),
        manufacturer=text(part(article, "supplier").get("name")),
        manufacturer_number=text(detail.get("supplierNumber")),
        ean="" if is_parent else text(detail.get("ean")),
        **{ours: _decimal(detail.get(theirs)) for ours, theirs in MEASURES.items()},
        delivery_time=text(detail.get("shippingTime")),
        min_order_quantity=_decimal(detail.get("minPurchase")),
        is_active=bool(article.get("active")) and (is_parent or bool(detail.get("active"))),
        is_closeout=bool(detail.get("lastStock", article.get("lastStock"))),
        categories=() if is_variant else tuple(_places(article, known)),
        properties=() if is_variant else tuple(_properties(article, known)),
        custom_fields=tuple(_custom_fields(part(detail, "attribute"))),
        axes=axes,
        options=options,
        images=tuple(_pictures(article, detail if is_variant else None, known)),
    )
    return ListedArticle(
        content=content,
        prices=tuple(_prices(detail)),
        quantity=None if is_parent else _decimal(detail.get("inStock")),
        tax_rate=_decimal(part(article, "tax").get("tax")),
    )


def _decimal(value: object) -> Decimal | None:
    """A number that PHP wrote as a number or as a text; none for what is empty."""
    if isinstance(value, bool) or value in (None, ""):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _words(article: Row, language: str = "de") -> Words:
    return Words(
        language=language,
        name=text(article.get("name")),
        short_text=text(article.get("description")),
        description=text(article.get("descriptionLong")),
        meta_title=text(article.get("metaTitle")),
        meta_keywords=text(article.get("keywords")),
    )


def _translations(article: Row, known: Known) -> tuple[Words, ...]:
    found = {}
    for row in rows(article.get("translations")):
        language = known.languages.get(row.get("shopId") or 0, "")
        if language not in ("", "de") and text(row.get("name")):
            found[language] = _words(row, language)
    return tuple(found.values())


def _places(article: Row, known: Known) -> Iterable[CategoryPlace]:
    for category in rows(article.get("categories")):
        path = known.paths.get(category.get("id") or 0) or (text(category.get("name")),)
        yield CategoryPlace(key="", path=path, ref=str(category.get("id")))


def _properties(article: Row, known: Known) -> Iterable[NamedValue]:
    """Properties whose names the shop told; a value alone says nothing."""
    for row in rows(article.get("propertyValues")):
        name = known.options.get(row.get("optionId") or 0) or text(part(row, "option").get("name"))
        if name and text(row.get("value")):
            yield NamedValue(name=name, value=text(row["value"]))


def _custom_fields(attribute: Row) -> Iterable[NamedValue]:
    """The free text fields that are filled; ids and keys of other records are none."""
    for name, value in attribute.items():
        if name != "id" and not name.lower().endswith("id") and text(value):
            yield NamedValue(name=name, value=text(value))


def _pictures(article: Row, variant: Row | None, known: Known) -> Iterable[Picture]:
    """The article's images, the main one first; a variant has only those that are its own."""
    found = rows(variant.get("images")) if variant is not None else rows(article.get("images"))
    own = [image for image in found if variant is not None or image.get("articleDetailId") is None]
    own.sort(key=lambda image: (image.get("main") != 1, image.get("position") or 0))
    for position, image in enumerate(own):
        url = known.files.get(image.get("mediaId") or 0, "")
        if url:
            yield Picture(url=url, title=text(image.get("description")), position=position)


def _prices(detail: Row) -> Iterable[PriceTier]:
    """Prices per customer group and from which quantity on; Shopware 5 knows one currency in its backend, the shop's own."""
    for row in rows(detail.get("prices")):
        amount = _decimal(row.get("price"))
        if amount is None:
            continue
        group = part(row, "customerGroup")
        key = text(row.get("customerGroupKey"))
        is_gross = group.get("taxInput") is not False
        pseudo = _decimal(row.get("pseudoPrice"))
        yield PriceTier(
            amount=_rounded(amount, is_gross=is_gross),
            is_gross=is_gross,
            pseudo_amount=_rounded(pseudo, is_gross=is_gross) if pseudo else None,
            from_quantity=_decimal(row.get("from")) or Decimal(1),
            group="" if key == END_CUSTOMER else text(group.get("name")) or key,
        )


def _rounded(amount: Decimal, *, is_gross: bool) -> Decimal:
    """A gross price to the cent; a net one keeps four decimals, from which its gross price comes back."""
    return amount.quantize(Decimal("0.01") if is_gross else Decimal("0.0001"))
