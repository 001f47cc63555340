"""What people move in the warehouse: goods received, corrections, and transfers from one warehouse to another."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp import numbers
from erp.scanning import stock_article
from erp.stock import Movement, Reason, post_movements
from erp.tables import StockTransfer, Warehouse

Pieces = Annotated[Decimal, Field(max_digits=14, decimal_places=4)]


class StockEntry(BaseModel):
    """Goods that came, or a difference that was found; in pieces, a correction with its sign."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    kind: Literal["receipt", "correction"]
    article: str = Field(min_length=1, max_length=80)
    """What was typed or scanned: number, EAN or a scannable number."""
    warehouse: str = Field(min_length=1, max_length=40)
    quantity: Pieces
    reference: str = Field(min_length=1, max_length=80)
    """The delivery note, or a name that the form made up: the same reference twice is the same entry."""
    note: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _moves_something(self) -> Self:
        if self.quantity == 0 or (self.kind == "receipt" and self.quantity < 0):
            raise ValueError("a receipt has a quantity above zero, and a correction one other than zero")
        return self


class TransferForm(BaseModel):
    """Goods that move from one warehouse to another; `key` names the transfer, so that a second click is no second move."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    key: str = Field(min_length=1, max_length=80)
    source: str = Field(min_length=1, max_length=40)
    target: str = Field(min_length=1, max_length=40)
    lines: tuple[tuple[str, Annotated[Pieces, Field(gt=0)]], ...] = Field(min_length=1)
    """Articles as typed or scanned, with pieces."""
    note: str = Field(default="", max_length=200)


def book_entry(session: Session, entry: StockEntry, by: str) -> bool:
    """Book a receipt or a correction; returns False, and moves nothing, where it was booked before.

    Raises `FailureError` ARTICLE_UNKNOWN, NO_STOCK_ARTICLE, WHOLE_PIECES_ONLY, WAREHOUSE_UNKNOWN, and STOCK_MISSING when
    a correction takes more than is there.
    """
    article = stock_article(session, entry.article, entry.quantity)
    moved = post_movements(
        session,
        [
            Movement(
                article.number, entry.warehouse, entry.quantity, Reason(entry.kind), entry.reference, entry.note, by
            )
        ],
    )
    return bool(moved)


def transfer(session: Session, form: TransferForm, by: str) -> str:
    """Move goods between two warehouses at once and return the transfer's number; the same key again changes nothing.

    Two movements per article carry the number, from the range `transfer`. Raises `FailureError` SAME_WAREHOUSE,
    WAREHOUSE_UNKNOWN, ARTICLE_UNKNOWN, NO_STOCK_ARTICLE, WHOLE_PIECES_ONLY and STOCK_MISSING.
    """
    # Two clicks at once take turns, so that the second finds what the first has done.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"stock_transfer/{form.key}"})
    done = session.exec(select(StockTransfer.number).where(col(StockTransfer.key) == form.key)).first()
    if done is not None:
        return done
    if form.source == form.target:
        raise FailureError(Failure.of("SAME_WAREHOUSE", warehouse=form.source))
    ids = [_warehouse_id(session, code) for code in (form.source, form.target)]
    wanted = _summed(session, form.lines)
    number = numbers.draw(session, None, "transfer", 1)[0]
    session.add(
        StockTransfer(
            number=number, key=form.key, source_id=ids[0], target_id=ids[1], note=form.note, moved_by=by[:120]
        )
    )
    session.flush()
    post_movements(
        session,
        [
            Movement(article, warehouse, quantity * sign, Reason.TRANSFER, number, form.note, by)
            for article, quantity in wanted.items()
            for warehouse, sign in ((form.source, -1), (form.target, 1))
        ],
    )
    return number


def _warehouse_id(session: Session, code: str) -> int:
    found = session.exec(select(Warehouse.id).where(col(Warehouse.code) == code)).first()
    if found is None:
        raise FailureError(Failure.of("WAREHOUSE_UNKNOWN", warehouse=code))
    return found


def _summed(session: Session, lines: Sequence[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """The quantity per article number; an article on two lines moves once with the sum."""
    wanted: dict[str, Decimal] = {}
    for code, quantity in lines:
        number = stock_article(session, code, quantity).number
        wanted[number] = wanted.get(number, Decimal(0)) + quantity
    return wanted
