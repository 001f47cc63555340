"""What is sent to a channel about articles: texts, pictures, places and structure of each listed one (D§2.1)."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import or_, text
from sqlmodel import Session, col, select

from canonical.article import ArticleKind
from canonical.catalogue import ArticleContent, DataType, NamedValue, OptionAxis, Picture, Structure, TaxCategory, Words
from canonical.failure import Failure
from canonical.settings import ArticleSettings
from erp import category_mapping
from erp.article_facts import ArticleFacts, Row, load_facts
from erp.catalogue import Texts, text_for, written_for
from erp.push_context import PushContext
from erp.tables import Article, ArticleImage, Link

IS_PARENT = col(Link.record_id).in_(select(col(Article.id)).where(col(Article.kind) == ArticleKind.MATRIX.value))
PASSES = (IS_PARENT, ~IS_PARENT)
"""Parents go out before their variants, whichever link came first."""
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
"""Of the addresses of stored images: vendors judge what a file is by its name."""
STRUCTURES = {ArticleKind.MATRIX.value: Structure.PARENT, ArticleKind.VARIANT.value: Structure.VARIANT}


def links_of(session: Session, integration_id: str, records: Sequence[str]) -> list[int]:
    """Find the article links that a person means by article numbers; a matrix article brings its variants (D§5.5)."""
    named = select(col(Article.id)).where(col(Article.number).in_(list(records)))
    meant = select(col(Article.id)).where(or_(col(Article.id).in_(named), col(Article.parent_id).in_(named)))
    query = select(col(Link.id)).where(
        col(Link.integration_id) == integration_id, col(Link.kind) == "articles", col(Link.record_id).in_(meant)
    )
    return [link_id for link_id in session.exec(query) if link_id is not None]


def payloads(
    session: Session, context: PushContext[ArticleSettings], links: Sequence[Link]
) -> dict[int, ArticleContent | Failure]:
    """Say per link id what is sent now, parents first; where a marketplace's categories are mapped, in its own terms.

    What nobody mapped yet keeps an article here (`category_mapping.apply`); values of lists are noted as open rows.
    """
    found = category_mapping.apply(session, context.integration_id, plain_payloads(session, context, links))
    if DataType.MASTER_DATA in context.settings.data_types:
        return found
    placeless = {"categories": ()}
    return {
        link_id: each.model_copy(update=placeless) if isinstance(each, ArticleContent) else each
        for link_id, each in found.items()
    }


def plain_payloads(
    session: Session, context: PushContext[ArticleSettings], links: Sequence[Link]
) -> dict[int, ArticleContent | Failure]:
    """Say per link id what our articles are, parents first; a link without an entry is not to be sent.

    Only articles in the integration's list, never those that stand for postage, discounts or surcharges, and variants only
    where that data type is chosen. An article that was deleted here is sent once as deleted with `auto_delete`, where no
    foreign numbers are used. A failure keeps an article here: PARENT_NOT_IN_FILTER, IMAGE_NOT_PUBLIC. A fixed number of
    statements for any number of links.
    """
    facts = load_facts(session, context, [link.record_id for link in links])
    found: list[tuple[bool, int, ArticleContent | Failure]] = []
    for link in links:
        row = facts.rows.get(link.record_id)
        payload = _payload(row, link, facts, context) if row is not None else None
        if row is not None and payload is not None and link.id is not None:
            found.append((row.article.kind != ArticleKind.MATRIX.value, link.id, payload))
    return {link_id: payload for _, link_id, payload in sorted(found, key=lambda each: each[0])}


def _payload(
    row: Row, link: Link, facts: ArticleFacts, context: PushContext[ArticleSettings]
) -> ArticleContent | Failure | None:
    article, settings = row.article, context.settings
    if article.is_deleted:
        is_known = bool(link.external_ref) or link.sent_at is not None
        if not (settings.auto_delete and is_known) or context.advanced.foreign_numbers:
            return None
        return _head(row, link, facts, settings).model_copy(update={"is_deleted": True, "sends": frozenset()})
    is_special = article.is_postage or article.is_discount or article.is_surcharge
    is_variant = article.kind == ArticleKind.VARIANT.value
    if not row.is_listed or is_special or (is_variant and DataType.VARIANTS not in settings.data_types):
        return None
    if is_variant and not row.parent_is_listed:
        return Failure.of("PARENT_NOT_IN_FILTER", parent=row.parent, sku=article.number)
    images = facts.images.get(article.id or 0, ())
    hidden = next((image for image in images if not image.url and not context.public_url), None)
    if hidden is not None:
        return Failure.of("IMAGE_NOT_PUBLIC", position=hidden.position, sku=article.number)
    return content_of(row, link, facts, context)


def _head(row: Row, link: Link, facts: ArticleFacts, settings: ArticleSettings) -> ArticleContent:
    """What names an article and places it, whatever is sent of it."""
    article = row.article
    return ArticleContent(
        key=link.record,
        sku=facts.skus.get(link.record_id, article.number),
        ref=link.external_ref,
        structure=STRUCTURES.get(article.kind, Structure.SIMPLE),
        parent_key=row.parent,
        parent_sku=facts.skus.get(article.parent_id or 0, row.parent),
        parent_ref=row.parent_ref,
        words=Words(language=settings.language),
        tax_category=TaxCategory(article.tax_category),
        is_stock_article=article.is_stock_article or article.kind == ArticleKind.JIT.value,
        is_active=not row.is_hidden,
        is_closeout=row.is_closeout,
    )


def content_of(row: Row, link: Link, facts: ArticleFacts, context: PushContext[ArticleSettings]) -> ArticleContent:
    """Everything that is sent about one listed article: only the chosen data types, the others stay empty.

    Its categories stand in it whatever is sent: a marketplace's own one is found by them.
    Links below are ours, the numbers of other articles are those of the channel. An article that is locked or inactive in
    this shop is not active there (D§3.1).
    """
    settings, article_id = context.settings, link.record_id
    sends = settings.data_types
    values: dict[str, Any] = {"sends": sends, "categories": tuple(facts.categories.get(article_id, ()))}
    if DataType.MASTER_DATA in sends:
        values |= _master_data(row, facts, context)
    if DataType.TRANSLATIONS in sends:
        values["translations"] = _translations(row, facts, context)
    if DataType.VARIANTS in sends:
        values["axes"] = tuple(facts.axes.get(article_id, ())) if row.article.kind == ArticleKind.MATRIX.value else ()
        values["options"] = _options(row, facts)
    if DataType.IMAGES in sends:
        values["images"] = tuple(_picture(image, context.public_url) for image in facts.images.get(article_id, ()))
    if DataType.TAGS in sends:
        values["tags"] = tuple(row.article.tags)
    if DataType.PROPERTIES in sends:
        given = facts.properties.get(article_id, ())
        values["properties"] = tuple(NamedValue(name=p.name, value=p.value) for p in given if not p.is_option)
    if DataType.CUSTOM_FIELDS in sends:
        fields = sorted(row.article.custom_fields.items())
        values["custom_fields"] = tuple(NamedValue(name=name, value=str(value)) for name, value in fields)
    if DataType.CROSS_SELLING in sends:
        values["cross_selling"] = tuple(facts.skus[other] for other in facts.cross_selling.get(article_id, ()))
    return _head(row, link, facts, settings).model_copy(update=values)


def _master_data(row: Row, facts: ArticleFacts, context: PushContext[ArticleSettings]) -> dict[str, Any]:
    article, settings = row.article, context.settings
    article_id = article.id or 0
    words = text_for(facts.texts.get(article_id, ()), article, settings.language, context.integration_id)
    return {
        "words": _words(words, settings.language, settings),
        "manufacturer": article.manufacturer,
        "manufacturer_number": article.manufacturer_number,
        "ean": article.ean,
        "unit": article.unit,
        "weight": _plain(article.net_weight if settings.use_net_weight else article.weight),
        "length": _plain(article.length),
        "width": _plain(article.width),
        "height": _plain(article.height),
        "customs_number": article.customs_number,
        "origin_country": article.origin_country,
        "delivery_time": article.delivery_time,
        "min_order_quantity": _plain(article.min_order_quantity),
        "category": article.category,
        "components": tuple(
            NamedValue(name=facts.skus[part], value=f"{_plain(quantity):f}")
            for part, quantity in facts.components.get(article_id, ())
        ),
    }


def _words(texts: Texts, language: str, settings: ArticleSettings) -> Words:
    meta = {
        "meta_title": texts.meta_title,
        "meta_description": texts.meta_description,
        "meta_keywords": texts.meta_keywords,
    }
    return Words(
        language=language,
        name=texts.name,
        short_text=texts.short_text,
        description=texts.description,
        **(meta if settings.meta_texts else {}),
    )


def _translations(row: Row, facts: ArticleFacts, context: PushContext[ArticleSettings]) -> tuple[Words, ...]:
    """What is written in the other languages; the article's own texts never pose as a translation."""
    settings = context.settings
    found = []
    for language in sorted(settings.translation_languages - {settings.language}):
        written = written_for(facts.texts.get(row.article.id or 0, ()), language, context.integration_id)
        if written != Texts():
            found.append(_words(written, language, settings))
    return tuple(found)


def _options(row: Row, facts: ArticleFacts) -> tuple[NamedValue, ...]:
    """A variant's values, in the order of its parent's axes."""
    article = row.article
    if article.kind != ArticleKind.VARIANT.value:
        return ()
    own = {p.name: p.value for p in facts.properties.get(article.id or 0, ()) if p.is_option}
    axes: Sequence[OptionAxis] = facts.axes.get(article.parent_id or 0, ())
    return tuple(NamedValue(name=axis.name, value=own[axis.name]) for axis in axes if axis.name in own)


def _picture(image: ArticleImage, public_url: str) -> Picture:
    return Picture(
        url=image.url or f"{public_url}/media/{image.digest}.{ENDINGS[image.media_type]}",
        digest=image.digest,
        title=image.title,
        description=image.description,
        position=image.position,
    )


def _plain(value: Decimal | None) -> Decimal | None:
    """A measure without the zeros of its column."""
    return None if value is None else value.normalize() + 0


def fingerprint(content: ArticleContent) -> str:
    """What tells that an article says something new: neither the channel's own ids, nor where our images can be fetched.

    A category counts by the channel's id once it is known: renaming it concerns the category, not its articles.
    """
    said = content.model_dump(mode="json", exclude={"ref", "parent_ref"}, exclude_defaults=True)
    said["sends"] = sorted(content.sends)
    said["categories"] = [place.ref or list(place.path) for place in content.categories]
    said["images"] = [[image.digest, image.title, image.description, image.position] for image in content.images]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def shown(content: ArticleContent) -> str:
    """An article in a few words for the journal."""
    if content.is_deleted:
        return "deleted"
    return content.words.name[:300] or content.sku


_RELEASE = text(
    """
    UPDATE link SET dirty_at = clock_timestamp(), state = 'never', attempts = 0, next_try_at = NULL
    FROM article v WHERE v.parent_id = ANY(:ids) AND link.record_id = v.id AND link.kind = 'articles'
      AND link.integration_id = :integration AND link.state = 'failed'
      AND link.code IN ('PARENT_NOT_EXPORTED', 'PARENT_UNREGISTERED', 'PARENT_NOT_IN_FILTER')
    """
)


# What is under way is marked too: its answer may be one from before, and must not settle it.
_RELEASE_VALUES = text(
    """
    UPDATE link SET dirty_at = clock_timestamp(), attempts = 0, next_try_at = NULL,
        state = CASE WHEN state = 'failed' THEN 'never' ELSE state END
    WHERE integration_id = :integration AND kind IN ('stock', 'prices') AND record_id = ANY(:ids) AND state <> 'sent'
      AND (state <> 'failed' OR code IN ('NOT_IN_SHOP', 'ITEM_REFUSED', 'OFFER_NUMBER_MISSING'))
    """
)


def release_dependent(session: Session, integration_id: str, article_ids: Sequence[int]) -> None:
    """Mark what waited for articles which the channel knows from now on: their variants, their stock and their prices."""
    values = {"ids": list(article_ids), "integration": integration_id}
    session.execute(_RELEASE, values)
    session.execute(_RELEASE_VALUES, values)


def release_listed(session: Session, integration_id: str) -> None:
    """Mark the variants that waited for their matrix article to be listed, and now it is; one statement."""
    session.execute(_LISTED, {"integration": integration_id})


_LISTED = text(
    """
    UPDATE link SET dirty_at = clock_timestamp(), state = 'never', attempts = 0, next_try_at = NULL
    FROM article v JOIN article_list_entry e ON e.article_id = v.parent_id AND e.removed_at IS NULL
    WHERE e.integration_id = :integration AND link.record_id = v.id AND link.kind = 'articles'
      AND link.integration_id = :integration AND link.state = 'failed' AND link.code = 'PARENT_NOT_IN_FILTER'
    """
)
