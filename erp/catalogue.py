"""What channels show of an article: texts per language and shop, images, properties, free fields and tags."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.article import ArticleKind
from canonical.failure import Failure, FailureError
from erp.article_lookup import find_article, note
from erp.bulk import insert_rows
from erp.links import mark_dirty, mark_family_dirty
from erp.tables import Article, ArticleImage, ArticleProperty, ArticleText

LARGEST_IMAGE_MB = 5
LARGEST_IMAGE = LARGEST_IMAGE_MB * 1024 * 1024


@dataclass(frozen=True)
class Texts:
    """The texts of an article for one language and shop; a field is empty when nobody wrote it."""

    name: str = ""
    short_text: str = ""
    description: str = ""
    meta_title: str = ""
    meta_description: str = ""
    meta_keywords: str = ""


class TextForm(BaseModel):
    """Texts of an article in one language, for one shop or, without an integration, for all."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    language: str = Field(pattern="^[a-z]{2}(-[A-Z]{2})?$")
    integration_id: str = Field(default="", max_length=40)
    name: str = Field(default="", max_length=300)
    short_text: str = ""
    description: str = ""
    meta_title: str = Field(default="", max_length=300)
    meta_description: str = ""
    meta_keywords: str = ""


class PropertyForm(BaseModel):
    """A property of an article; `is_option` marks those that tell the variants of a matrix article apart."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=120)
    value: str = Field(min_length=1, max_length=500)
    is_option: bool = False


class ImageForm(BaseModel):
    """An image: the bytes of a file, or an address; exactly one of the two."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    title: str = Field(default="", max_length=300)
    url: str = Field(default="", max_length=2000)
    content: bytes = b""


@dataclass(frozen=True)
class Arranged:
    """Where an image stands, counted from one, and its title."""

    image_id: int
    position: int
    title: str


def text_for(texts: Iterable[ArticleText], article: Article, language: str, integration_id: str | None) -> Texts:
    """Choose an article's texts by the priority of D§2.1, field by field; pure.

    First the texts with this shop, then those without a shop, both in the language; then the article's own, where the shop
    description wins over the description. An empty field counts as not written, so that no shop shows an empty name.
    """
    own = Texts(article.name, article.short_text, article.shop_description or article.description)
    return _first_of([written_for(texts, language, integration_id), own])


def written_for(texts: Iterable[ArticleText], language: str, integration_id: str | None) -> Texts:
    """What is written in a language, field by field: for this shop, else for all; pure."""
    written = [row for row in texts if row.language == language]
    shop = [row for row in written if row.integration_id is not None and row.integration_id == integration_id]
    general = [row for row in written if row.integration_id is None]
    return _first_of([*shop, *general])


def _first_of(sources: Sequence[Any]) -> Texts:
    names = [field.name for field in fields(Texts)]
    return Texts(*(next((value for row in sources if (value := getattr(row, name))), "") for name in names))


def store_text(session: Session, article_number: str, form: TextForm, by: str) -> None:
    """Store an article's texts in one language for one shop or all; texts that are all empty are deleted. Idempotent.

    Marks the article as to be sent. Raises `FailureError` ARTICLE_UNKNOWN, SHOP_UNKNOWN.
    """
    article = find_article(session, article_number)
    key = {"article_id": article.id, "language": form.language, "integration_id": form.integration_id or None}
    values = form.model_dump(exclude={"language", "integration_id"})
    if any(values.values()):
        _refuse_unknown_shop(session, form.integration_id)
        statement = insert(ArticleText).values(**key, **values)
        session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))
    else:
        row = col(ArticleText.article_id) == article.id, col(ArticleText.language) == form.language
        shop = col(ArticleText.integration_id).is_not_distinct_from(form.integration_id or None)
        session.execute(delete(ArticleText).where(*row, shop))
    _changed(session, article, "texts_stored", by, language=form.language)


def _refuse_unknown_shop(session: Session, integration_id: str) -> None:
    query = text("SELECT 1 FROM integration WHERE id = :id AND deleted_at IS NULL")
    if integration_id and session.execute(query, {"id": integration_id}).first() is None:
        raise FailureError(Failure.of("SHOP_UNKNOWN", shop=integration_id))


def media_type(content: bytes) -> str | None:
    """Say what an image is by its first bytes: the name of a file proves nothing; pure."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def add_image(session: Session, article_number: str, form: ImageForm, by: str) -> int:
    """Add an image behind the others and return its id; the same file or address again changes nothing.

    Marks the article as to be sent. Raises `FailureError` IMAGE_MISSING, IMAGE_TOO_LARGE, IMAGE_FORMAT, IMAGE_ADDRESS,
    ARTICLE_UNKNOWN.
    """
    values = _image(form)
    article = find_article(session, article_number, lock=True)
    twin = select(ArticleImage.id).where(
        col(ArticleImage.article_id) == article.id, col(ArticleImage.digest) == values["digest"]
    )
    known = session.exec(twin).first()
    if known is not None:
        return known
    last = select(func.max(ArticleImage.position)).where(col(ArticleImage.article_id) == article.id)
    position = (session.exec(last).one() or 0) + 1
    image = ArticleImage(article_id=article.id or 0, position=position, title=form.title, **values)
    session.add(image)
    session.flush()
    _changed(session, article, "images_changed", by)
    return image.id or 0


def _image(form: ImageForm) -> dict[str, Any]:
    if bool(form.url) == bool(form.content):
        raise FailureError(Failure.of("IMAGE_MISSING"))
    if form.url:
        return {"url": _address(form.url), "digest": hashlib.sha256(form.url.encode()).hexdigest()}
    if len(form.content) > LARGEST_IMAGE:
        raise FailureError(Failure.of("IMAGE_TOO_LARGE", limit=LARGEST_IMAGE_MB))
    kind = media_type(form.content)
    if kind is None:
        raise FailureError(Failure.of("IMAGE_FORMAT"))
    return {"media_type": kind, "content": form.content, "digest": hashlib.sha256(form.content).hexdigest()}


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_good = parts.scheme == "https" and bool(parts.hostname) and not parts.username and url.isprintable()
    except ValueError:
        is_good = False
    if not is_good:
        raise FailureError(Failure.of("IMAGE_ADDRESS", value=url[:80]))
    return url


_ARRANGE = text("""
    WITH given AS (
        SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:positions AS int[]), CAST(:titles AS text[])) AS g(id, position, title)),
    ordered AS (
        SELECT i.id, left(coalesce(g.title, i.title), 300) AS title,
            row_number() OVER (ORDER BY coalesce(g.position, i.position), i.position, i.id) AS position
        FROM article_image i LEFT JOIN given g ON g.id = i.id WHERE i.article_id = :article)
    UPDATE article_image i SET title = ordered.title, position = ordered.position FROM ordered WHERE i.id = ordered.id
""")


def arrange_images(session: Session, article_number: str, wanted: Sequence[Arranged], by: str) -> None:
    """Give an article's images their order and titles, in one statement; images of other articles are left alone.

    Marks the article as to be sent. Raises `FailureError` ARTICLE_UNKNOWN.
    """
    article = find_article(session, article_number, lock=True)
    given = {
        "ids": [one.image_id for one in wanted],
        "positions": [one.position for one in wanted],
        "titles": [one.title.strip() for one in wanted],
    }
    session.execute(_ARRANGE, given | {"article": article.id})
    _changed(session, article, "images_changed", by)


def delete_image(session: Session, article_number: str, image_id: int, by: str) -> None:
    """Delete an image of an article; one that is gone already changes nothing. Marks the article as to be sent."""
    article = find_article(session, article_number, lock=True)
    of_article = col(ArticleImage.article_id) == article.id
    session.execute(delete(ArticleImage).where(col(ArticleImage.id) == image_id, of_article))
    _changed(session, article, "images_changed", by)


def store_properties(session: Session, article_number: str, wanted: Sequence[PropertyForm], by: str) -> None:
    """Replace an article's properties by these, in their order, and mark the article as to be sent, parent and variants too.

    Raises `FailureError` PROPERTY_TWICE, and OPTIONS_TAKEN when another variant of the same matrix article has the same
    options: shops could not tell them apart. Case does not count there, because shops differ on it (D§3.1).
    """
    seen: set[tuple[str, str]] = set()
    for one in wanted:
        if (one.name, one.value) in seen:
            raise FailureError(Failure.of("PROPERTY_TWICE", name=one.name, value=one.value))
        seen.add((one.name, one.value))
    article = find_article(session, article_number, lock=True)
    _refuse_same_options(session, article, _options((one.name, one.value) for one in wanted if one.is_option))
    session.execute(delete(ArticleProperty).where(col(ArticleProperty.article_id) == article.id))
    rows = [{"article_id": article.id, "position": place} | one.model_dump() for place, one in enumerate(wanted, 1)]
    insert_rows(session, ArticleProperty, rows)
    mark_family_dirty(session, {article.id or 0})
    note(session, "properties_stored", article.number, by)


def _options(pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset((name.casefold(), value.casefold()) for name, value in pairs)


def _refuse_same_options(session: Session, article: Article, options: frozenset[tuple[str, str]]) -> None:
    if article.kind != ArticleKind.VARIANT.value or not options:
        return
    # The matrix article is locked: two variants that get the same options at the same moment take turns.
    session.exec(select(Article.id).where(col(Article.id) == article.parent_id).with_for_update())
    query = (
        select(Article.number, ArticleProperty.name, ArticleProperty.value)
        .join(ArticleProperty, col(ArticleProperty.article_id) == col(Article.id))
        .where(
            col(Article.parent_id) == article.parent_id,
            col(Article.id) != article.id,
            ~col(Article.is_deleted),
            col(ArticleProperty.is_option),
        )
    )
    siblings: dict[str, list[tuple[str, str]]] = {}
    for number, name, value in session.exec(query):
        siblings.setdefault(number, []).append((name, value))
    for number, pairs in sorted(siblings.items()):
        if _options(pairs) == options:
            raise FailureError(Failure.of("OPTIONS_TAKEN", sku=article.number, other=number))


def store_fields(
    session: Session, article_number: str, custom_fields: Mapping[str, str], tags: Sequence[str], by: str
) -> None:
    """Replace an article's free fields and tags, and mark the article as to be sent; a field without a name is left out.

    Tags lose blanks and doubles. Raises `FailureError` ARTICLE_UNKNOWN.
    """
    article = find_article(session, article_number, lock=True)
    article.custom_fields = {name.strip(): value.strip() for name, value in custom_fields.items() if name.strip()}
    article.tags = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    session.add(article)
    session.flush()
    _changed(session, article, "article_changed", by)


def _changed(session: Session, article: Article, event: str, by: str, **params: str) -> None:
    mark_dirty(session, "articles", {article.id or 0})
    note(session, event, article.number, by, **params)
