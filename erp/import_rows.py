"""From an article as a shop has it to rows of ours: planned by pure functions, booked as sets."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from canonical.article import ArticleKind
from canonical.catalogue import ListedArticle, PriceTier, Structure, TaxCategory, Words
from canonical.failure import Failure
from canonical.settings import ImportSettings
from erp.articles import is_ean
from erp.bulk import insert_rows
from erp.tables import Article, ArticleImage, ArticleProperty, ArticleText, Price

KINDS = {
    Structure.SIMPLE: ArticleKind.SIMPLE,
    Structure.PARENT: ArticleKind.MATRIX,
    Structure.VARIANT: ArticleKind.VARIANT,
}
CONTAINER = "Container"


@dataclass(frozen=True)
class Known:
    """What is here already: articles by number with id and kind, taken-over parents by the channel's id, groups by name."""

    articles: Mapping[str, tuple[int, ArticleKind]]
    parents: Mapping[str, int]
    groups: Mapping[str, int]
    twice: frozenset[str] = frozenset()
    """Numbers that several articles of the shop have."""


@dataclass(frozen=True)
class Planned:
    """The rows of one article; `known_id` where its number is here already and nothing is written."""

    number: str
    known_id: int = 0
    article: Mapping[str, Any] = field(default_factory=dict)
    texts: Sequence[Mapping[str, Any]] = ()
    prices: Sequence[Mapping[str, Any]] = ()
    properties: Sequence[Mapping[str, Any]] = ()
    images: Sequence[Mapping[str, Any]] = ()


def number_of(article: ListedArticle) -> str:
    """The number that an article gets here: its SKU; a parent without one gets one with the word Container (D§1.6)."""
    sku = article.content.sku.strip()
    return sku or f"{article.content.ref}-{CONTAINER}"


def numbers_of(article: ListedArticle) -> set[str]:
    """The numbers that may stand for an article here."""
    return {number_of(article)}


def plan(article: ListedArticle, settings: ImportSettings, known: Known) -> Planned | Failure:
    """Decide one article; pure. A failure names what is wrong and where it is mended."""
    content = article.content
    number, kind = number_of(article), KINDS[content.structure]
    if len(number) > 80:
        return Failure.of("FIELD_TOO_LONG", field="SKU", record=number[:80], length=len(number), most=80)
    if number in known.twice:
        return Failure.of("SKU_TWICE", sku=number)
    here = known.articles.get(number)
    if here is not None:
        fits = here[1] is kind or (kind is ArticleKind.SIMPLE and here[1] in (ArticleKind.BUNDLE, ArticleKind.JIT))
        return Planned(number, here[0]) if fits else Failure.of("STRUCTURE_CONFLICT", sku=number, here=here[1].value)
    if kind is ArticleKind.VARIANT and content.parent_ref not in known.parents:
        return Failure.of("PARENT_FAILED", sku=number)
    category = _tax_category(article, settings)
    if category is None:
        return Failure.of("TAX_CATEGORY_UNKNOWN", sku=number, rate=article.tax_rate)
    prices = _prices(article, settings, known)
    if isinstance(prices, Failure):
        return prices
    return Planned(
        number,
        article=_article_row(article, number, kind, category, known),
        texts=[_text_row(words) for words in (content.words, *content.translations) if _has_words(words)],
        prices=prices,
        properties=_property_rows(article),
        images=[
            _image_row(image.url, image.title, image.description, place) for place, image in enumerate(content.images)
        ]
        if settings.with_images
        else [],
    )


def _tax_category(article: ListedArticle, settings: ImportSettings) -> TaxCategory | None:
    """By the rate that the channel names, else by what it says of the article."""
    rate = article.tax_rate
    if rate is None:
        return article.content.tax_category
    if rate == 0:
        return TaxCategory.EXEMPT
    return {settings.tax_normal: TaxCategory.NORMAL, settings.tax_reduced: TaxCategory.REDUCED}.get(rate)


def _article_row(
    article: ListedArticle, number: str, kind: ArticleKind, category: TaxCategory, known: Known
) -> dict[str, Any]:
    content = article.content
    ean = content.ean.replace(" ", "").replace("-", "")
    return {
        "number": number,
        "name": (content.words.name or number)[:300],
        "description": content.words.description,
        "short_text": content.words.short_text,
        "kind": kind.value,
        "parent_id": known.parents.get(content.parent_ref),
        "category": content.category[:120],
        "manufacturer": content.manufacturer[:120],
        "manufacturer_number": content.manufacturer_number[:80],
        "ean": ean if is_ean(ean) else "",
        "unit": content.unit[:20],
        "weight": _measure(content.weight),
        "length": _measure(content.length),
        "width": _measure(content.width),
        "height": _measure(content.height),
        "customs_number": "".join(c for c in content.customs_number if c.isdigit() or c == " ")[:20],
        "origin_country": content.origin_country if len(content.origin_country) == 2 else "",
        "delivery_time": content.delivery_time[:80],
        "min_order_quantity": _measure(content.min_order_quantity),
        "tax_category": category.value,
        "is_stock_article": content.is_stock_article and kind is not ArticleKind.MATRIX,
        "is_postage": False,
        "is_discount": False,
        "is_surcharge": False,
        "allows_decimals": False,
        "is_locked": False,
        "is_deleted": False,
        "is_inactive": not content.is_active,
        "remaining_stock_only": content.is_closeout,
        "syncs_stock": True,
        "stock_correction": "0",
        "tags": list(content.tags),
        "custom_fields": {each.name: each.value for each in content.custom_fields},
        "shop_description": "",
        "net_weight": None,
        "pseudo_stock": None,
        "is_gift_card": False,
    }


def _measure(value: Decimal | None) -> str | None:
    """A weight or length; nonsense of a shop (a negative or a vast one) is nothing."""
    return str(value) if value is not None and 0 <= value < Decimal(10) ** 9 else None


def _has_words(words: Words) -> bool:
    return bool(words.meta_title or words.meta_description or words.meta_keywords) or words.language != "de"


def _text_row(words: Words) -> dict[str, Any]:
    return {
        "language": words.language[:5],
        "integration_id": None,
        "name": words.name[:300],
        "short_text": words.short_text,
        "description": words.description,
        "meta_title": words.meta_title[:300],
        "meta_description": words.meta_description,
        "meta_keywords": words.meta_keywords,
    }


def _prices(article: ListedArticle, settings: ImportSettings, known: Known) -> list[dict[str, Any]] | Failure:
    """The standard price and those of groups that exist here; a parent has none of its own (its variants have)."""
    if not settings.with_prices:
        return []
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for price in article.prices:
        if price.group and price.group not in known.groups:
            continue
        if price.currency != settings.currency:
            return Failure.of("CURRENCY_DIFFERS", sku=number_of(article), currency=price.currency)
        row = _price_row(price, known)
        found[(row["customer_group_id"], row["from_quantity"], row["valid_from"])] = row
    return list(found.values())


def _price_row(price: PriceTier, known: Known) -> dict[str, Any]:
    return {
        "customer_group_id": known.groups.get(price.group),
        "currency": price.currency,
        "from_quantity": str(price.from_quantity),
        "amount": str(price.amount),
        "pseudo_amount": None if price.pseudo_amount is None else str(price.pseudo_amount),
        "is_gross": price.is_gross,
        "valid_from": price.valid_from.isoformat() if price.valid_from else None,
        "valid_to": price.valid_to.isoformat() if price.valid_to else None,
    }


def _property_rows(article: ListedArticle) -> list[dict[str, Any]]:
    content = article.content
    pairs = [(each.name, each.value, True) for each in content.options]
    pairs += [(each.name, each.value, False) for each in content.properties]
    unique = {(name[:120], value[:500]): is_option for name, value, is_option in reversed(pairs) if name and value}
    return [
        {"position": place, "name": name, "value": value, "is_option": is_option}
        for place, ((name, value), is_option) in enumerate(reversed(unique.items()))
    ]


def _image_row(url: str, title: str, description: str, place: int) -> dict[str, Any]:
    return {
        "position": place,
        "title": title[:300],
        "description": description,
        "url": url,
        "media_type": "",
        "digest": hashlib.sha256(url.encode()).hexdigest(),
    }


def book(session: Session, plans: Sequence[tuple[int, Planned]]) -> dict[int, int]:
    """Write the rows of a set in five statements; returns the article per item, negative where it was here already.

    The caller owns the transaction and halves the set when the database refuses it.
    """
    new = {plan.number: plan for _, plan in plans if not plan.known_id}
    insert_rows(session, Article, [dict(plan.article) for plan in new.values()], ending="RETURNING id")
    ids = _ids(session, list(new))
    for model, part in (
        (ArticleText, "texts"),
        (Price, "prices"),
        (ArticleProperty, "properties"),
        (ArticleImage, "images"),
    ):
        rows = [{**row, "article_id": ids[number]} for number, plan in new.items() for row in getattr(plan, part)]
        insert_rows(session, model, rows)
    return {item: -plan.known_id if plan.known_id else ids[plan.number] for item, plan in plans}


def _ids(session: Session, numbers: Sequence[str]) -> dict[str, int]:
    rows = session.exec(select(Article.number, Article.id).where(col(Article.number).in_(numbers))).all()
    return {number: id or 0 for number, id in rows}
