"""The subjects of pushing: how the records of each feature are found, computed, compared and shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session

from canonical.catalogue import ArticleContent, ArticlePrices, CategoryNode
from canonical.failure import Failure
from canonical.feature import Feature
from canonical.push import OrderAnswer, OrderStatus, OutgoingDocument, Refund, StatusKind, StockLevel
from erp import (
    push_answers,
    push_articles,
    push_categories,
    push_documents,
    push_prices,
    push_refunds,
    push_shipments,
    push_stock,
)
from erp.push_context import PushContext
from erp.tables import Link

Payload = (
    StockLevel | OrderStatus | ArticleContent | ArticlePrices | CategoryNode | OutgoingDocument | Refund | OrderAnswer
)
"""A record on its way to a channel; its `key` is the link's record."""


@dataclass(frozen=True)
class Subject:
    """How the records of one feature are found, computed and compared."""

    model: type[Payload]
    links_of: Callable[[Session, str, Sequence[str]], list[int]]
    payloads: Callable[[Session, PushContext[Any], Sequence[Link]], Mapping[int, Any]]
    """What is sent now per link id, in the order of sending, or the failure that keeps it here; others are not sent."""
    fingerprint: Callable[[Any], str]
    shown: Callable[[Any], str]
    is_absolute: bool = False
    """Whether a newer value may take the place of one that was perhaps sent."""
    passes: tuple[ColumnElement[bool] | None, ...] = (None,)
    """Conditions on links, in the order in which their records must go out."""
    chunk: int = 0
    """Links looked at per statement, at least, where all must be seen together to be put in order."""
    contents: Callable[[Session, Sequence[Mapping[str, Any]]], Mapping[str, bytes]] | None = None
    """Loads by key what is too large to freeze; a record without an entry cannot be sent now."""
    missing: Callable[[Mapping[str, Any]], Failure] | None = None
    """Why a record has no content."""
    release: Callable[[Session, str, Sequence[int]], None] | None = None
    """Marks what waited for records (by their ids) that the channel knows from now on."""
    counts_back: Callable[[Mapping[str, Any]], bool] | None = None
    """Whether a channel that takes this moves the stock of the order's articles by itself."""
    about: Callable[[Mapping[str, Any]], str] = lambda payload: str(payload["key"])
    """Under which record the journal tells of it."""


SUBJECTS: Mapping[Feature, Subject] = {
    Feature.STOCK: Subject(
        StockLevel,
        push_stock.links_of,
        push_stock.payloads,
        push_stock.fingerprint,
        push_stock.shown,
        is_absolute=True,
    ),
    Feature.SHIPMENTS: Subject(
        OrderStatus,
        push_shipments.links_of,
        push_shipments.payloads,
        push_shipments.fingerprint,
        push_shipments.shown,
        counts_back=lambda payload: payload["kind"] != StatusKind.SHIPPED,
    ),
    Feature.ARTICLES: Subject(
        ArticleContent,
        push_articles.links_of,
        push_articles.payloads,
        push_articles.fingerprint,
        push_articles.shown,
        is_absolute=True,
        passes=push_articles.PASSES,
        release=push_articles.release_dependent,
    ),
    Feature.PRICES: Subject(
        ArticlePrices,
        push_prices.links_of,
        push_prices.payloads,
        push_prices.fingerprint,
        push_prices.shown,
        is_absolute=True,
    ),
    Feature.CATEGORIES: Subject(
        CategoryNode,
        push_categories.links_of,
        push_categories.payloads,
        push_categories.fingerprint,
        push_categories.shown,
        is_absolute=True,
        chunk=push_categories.WHOLE_TREE,
        release=push_categories.release_content,
    ),
    Feature.DOCUMENTS: Subject(
        OutgoingDocument,
        push_documents.links_of,
        push_documents.payloads,
        push_documents.fingerprint,
        push_documents.shown,
        contents=push_documents.contents,
        missing=push_documents.not_ready,
    ),
    Feature.REFUNDS: Subject(
        Refund,
        push_refunds.links_of,
        push_refunds.payloads,
        push_refunds.fingerprint,
        push_refunds.shown,
        counts_back=lambda payload: bool(payload["restocks"]),
    ),
    Feature.ORDERS: Subject(
        OrderAnswer,
        push_answers.links_of,
        push_answers.payloads,
        push_answers.fingerprint,
        push_answers.shown,
        about=lambda payload: str(payload.get("order_ref", payload["key"])),
    ),
}
"""By feature; of the feature orders it is the answers that go out."""
