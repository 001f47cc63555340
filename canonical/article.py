"""Articles and their listings in a channel."""

from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class ArticleKind(StrEnum):
    """How an article is built (D§0.3)."""

    SIMPLE = "simple"
    MATRIX = "matrix"
    VARIANT = "variant"


class Listing(BaseModel):
    """An article as a channel lists it; `ref` names it in the channel's own terms."""

    model_config = ConfigDict(frozen=True)

    ref: str
    sku: str
    title: str
    kind: ArticleKind
    parent_sku: str = ""
    ean: str = ""
    price: Decimal | None = None
    stock: Decimal | None = None
