"""What is known of a channel besides orders: tokens, option lists, webhooks, listings, initial import, categories of marketplaces."""

from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, Numeric, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from erp.tables.base import (
    Moment,
    filled_now,
    flag,
    json_list,
    json_object,
    measure,
    moment,
    number,
    prose,
    texts,
    word,
)


class AccessToken(SQLModel, table=True):
    """An account's access token, sealed like its credentials."""

    __tablename__ = "access_token"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    key_id: str = Field(max_length=20)
    sealed: bytes = Field(sa_type=LargeBinary)
    expires_at: Moment | None = moment()


class Authorization(SQLModel, table=True):
    """A grant on its way: the merchant is at the vendor's page; `state` comes back with the answer and is used once."""

    __tablename__ = "authorization"

    state: str = Field(primary_key=True, max_length=64)
    integration_id: str = Field(foreign_key="integration.id", max_length=40, index=True)
    grant_kind: str = Field(max_length=20)
    key_id: str = Field(max_length=20)
    sealed: bytes = Field(sa_type=LargeBinary)
    """The form that was entered before, and what the vendor answered."""
    begun_by: str = word(120)
    begun_at: Moment = filled_now()
    answered_at: Moment | None = moment()
    code: str = word(40)
    """Why it failed."""
    params: dict[str, Any] = json_object()


class ChannelOption(SQLModel, table=True):
    """One entry of an option list fetched from the channel ("reload options")."""

    __tablename__ = "channel_option"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    kind: str = Field(primary_key=True, max_length=40)
    value: str = Field(primary_key=True, max_length=200)
    label: str = Field(max_length=300)
    position: int = number()
    fetched_at: Moment = filled_now()


class Webhook(SQLModel, table=True):
    """An integration's webhooks: where they come in, with which secret, and what the watch found last."""

    __tablename__ = "webhook"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    token: str = Field(unique=True, max_length=64)
    """In the address; nobody can guess it."""
    key_id: str = Field(max_length=20)
    sealed: bytes = Field(sa_type=LargeBinary)
    """The secret that deliveries are signed with."""
    is_wanted: bool = flag(True)
    active: list[str] = texts()
    checked_at: Moment | None = moment()
    healed_at: Moment | None = moment()
    healed: list[str] = texts()
    """Subscriptions that the watch made or mended last."""
    code: str = word(40)
    params: dict[str, Any] = json_object()
    received_at: Moment | None = moment()
    received: int = number()
    refused: int = number()


class WebhookDelivery(SQLModel, table=True):
    """A delivery that was seen; a second one of the same id changes nothing. Kept for some days."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index("ix_webhook_delivery_at", "at"),)

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    delivery_id: str = Field(primary_key=True, max_length=80)
    topic: str = Field(max_length=80)
    at: Moment = filled_now()


class Listing(SQLModel, table=True):
    """An article as it is in a channel, for the pairing worksheet; `article_id` is the proposal or what is confirmed."""

    __tablename__ = "listing"
    __table_args__ = (
        UniqueConstraint("integration_id", "ref"),
        Index("ix_listing_sku", "integration_id", "sku"),
        Index("ix_listing_state", "integration_id", "state", "id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    ref: str = Field(max_length=120)
    parent_ref: str = word(120)
    sku: str = word(200)
    ean: str = word(40)
    name: str = word(500)
    structure: str = word(10, "simple")
    options: list[Any] = json_list()
    price: Decimal | None = measure()
    currency: str = word(3)
    quantity: Decimal | None = measure()
    url: str = prose()
    is_active: bool = flag(True)
    seen_at: Moment = filled_now()
    scan: int = number()
    """The round of the scan that saw it last; those of earlier scans are gone from the channel."""
    article_id: int | None = Field(default=None, foreign_key="article.id", sa_type=BigInteger, index=True)
    how: str = word(20)
    """foreign_number, sku, ean, name or hand."""
    confidence: Decimal = Field(
        default=Decimal(0), sa_type=Numeric(4, 3), nullable=False, sa_column_kwargs={"server_default": "0"}
    )
    """0 to 1."""
    state: str = word(20, "open")
    """open, paired (by number already), proposed, conflict, confirmed or ignored."""
    conflict: str = word(40)
    """The code of what speaks against the proposal."""


class Scan(SQLModel, table=True):
    """Reading from a channel: articles for the worksheet (`pairing`) or the initial import (`import`), resumable by cursor, or `tasks`."""

    __tablename__ = "scan"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    purpose: str = Field(primary_key=True, max_length=20)
    round: int = number()
    state: str = word(20, "idle")
    """idle, reading, read, importing, finished or failed."""
    cursor: str = prose()
    seen: int = number()
    total: int | None = None
    settings: dict[str, Any] = json_object()
    """Of the import: project, rates, gross or net (D§1.6)."""
    started_by: str = word(120)
    started_at: Moment | None = moment()
    ended_at: Moment | None = moment()
    code: str = word(40)
    params: dict[str, Any] = json_object()


class ImportItem(SQLModel, table=True):
    """An article of the shop on its way into the ERP (D§1.6): identified, then imported, each with its status."""

    __tablename__ = "import_item"
    __table_args__ = (
        UniqueConstraint("integration_id", "ref"),
        Index("ix_import_item_state", "integration_id", "state", "id"),
        Index("ix_import_item_parent", "integration_id", "parent_ref"),
        Index("ix_import_item_sku", "integration_id", "sku"),
        Index("ix_import_item_queued", "integration_id", "structure", "id", postgresql_where=text("state = 'queued'")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    ref: str = Field(max_length=120)
    parent_ref: str = word(120)
    sku: str = word(200)
    name: str = word(500)
    structure: str = word(10, "simple")
    state: str = word(20, "proposed")
    """proposed, queued, imported, unchanged, failed or skipped."""
    code: str = word(40)
    params: dict[str, Any] = json_object()
    content: dict[str, Any] = json_object()
    """The article as it was read (`ListedArticle`)."""
    digest: str = word(64)
    article_id: int | None = Field(default=None, foreign_key="article.id", sa_type=BigInteger)
    images_left: int = number()
    """Images that were not fetched yet."""
    changed_at: Moment = filled_now()


class OrderReply(SQLModel, table=True):
    """What a channel is to be told about an order before goods leave: accepted, refused, in progress."""

    __tablename__ = "order_reply"
    __table_args__ = (UniqueConstraint("integration_id", "external_id", "kind"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    external_id: str = Field(max_length=120)
    kind: str = Field(max_length=20)
    lines: list[str] = texts()
    notify: bool = flag()
    actor: str = word(120)
    at: Moment = filled_now()


class CrossSelling(SQLModel, table=True):
    """An article shown beside another one in shops."""

    __tablename__ = "cross_selling"

    article_id: int = Field(primary_key=True, foreign_key="article.id", sa_type=BigInteger)
    other_id: int = Field(primary_key=True, foreign_key="article.id", index=True, sa_type=BigInteger)
    position: int = number()


class TaxonomyNode(SQLModel, table=True):
    """A category of a marketplace, as fetched."""

    __tablename__ = "taxonomy_node"
    __table_args__ = (Index("ix_taxonomy_node_parent", "integration_id", "parent_code"),)

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    code: str = Field(primary_key=True, max_length=120)
    label: str = Field(max_length=300)
    parent_code: str = word(120)
    is_leaf: bool = flag(True)
    fetched_at: Moment = filled_now()


class TaxonomyAttribute(SQLModel, table=True):
    """An attribute of a marketplace's category, as fetched."""

    __tablename__ = "taxonomy_attribute"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    category_code: str = Field(primary_key=True, max_length=120)
    code: str = Field(primary_key=True, max_length=120)
    label: str = Field(max_length=300)
    kind: str = word(20, "text")
    requirement: str = word(20, "optional")
    values_code: str = word(120)
    is_variant_axis: bool = flag()
    description: str = prose()
    position: int = number()


class TaxonomyValue(SQLModel, table=True):
    """A permitted value of an attribute, as fetched."""

    __tablename__ = "taxonomy_value"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    list_code: str = Field(primary_key=True, max_length=120)
    code: str = Field(primary_key=True, max_length=200)
    label: str = Field(max_length=300)


class CategoryMapping(SQLModel, table=True):
    """Which category of a marketplace the articles of one of ours are in (Kategorienmapping)."""

    __tablename__ = "category_mapping"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    category_id: int = Field(primary_key=True, foreign_key="category.id", ondelete="CASCADE")
    code: str = Field(max_length=120)
    mapped_by: str = word(120)
    mapped_at: Moment = filled_now()


class AttributeMapping(SQLModel, table=True):
    """Where an attribute of a marketplace gets its value from: a field, property or custom field of ours, or a constant."""

    __tablename__ = "attribute_mapping"
    __table_args__ = (UniqueConstraint("integration_id", "category_code", "attribute_code"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    category_code: str = word(120)
    """Empty: for all categories that have the attribute."""
    attribute_code: str = Field(max_length=120)
    source: str = Field(max_length=20)
    """field, property, custom_field or constant."""
    value: str = word(300)
    """The name of the field, property or custom field, or the constant itself."""
    mapped_by: str = word(120)


class ValueMapping(SQLModel, table=True):
    """Which permitted value of a marketplace's list one of our values is."""

    __tablename__ = "value_mapping"
    __table_args__ = (
        Index("ix_value_mapping_open", "integration_id", "list_code", postgresql_where=text("code = ''")),
    )

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    list_code: str = Field(primary_key=True, max_length=120)
    own_value: str = Field(primary_key=True, max_length=300)
    code: str = word(200)
    """Empty: seen, but not mapped yet."""


class ChannelTaskRow(SQLModel, table=True):
    """What a person must look after at a channel's order: an incident, an open acceptance."""

    __tablename__ = "channel_task"

    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    order_ref: str = Field(primary_key=True, max_length=120)
    kind: str = Field(primary_key=True, max_length=40)
    text: str = prose()
    due_at: Moment | None = moment()
    seen_at: Moment = filled_now()
    closed_at: Moment | None = moment()
