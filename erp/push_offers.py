"""Offers that a channel does not have yet: created from the price batch that found them missing (D§2.3).

Prices create, and nothing else does: an offer cannot be without a price, but may be sold out. It is created with the quantity
that the stock export would send, and what that export said of the article in vain is said again. Stock that finds an offer
missing has the prices sent again. What became of a record is kept with its batch, so that a crash at any point repeats a call
that is safe to repeat, and asks nothing twice.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.catalogue import ArticlePrices, NewOffer
from canonical.failure import FailureError
from canonical.push import Outcome, PushAnswer, PushResult
from canonical.settings import LocationStockSettings, StockSettings
from erp import push_stock
from erp.push_batches import answered_in, locked, store_answer
from erp.push_context import PushContext
from erp.tables import Link, PushBatch

MISSING = "NOT_IN_SHOP"
SETTLES_WITHIN = timedelta(hours=1)
"""A marketplace may take its time to show a new offer; until then stock that does not find it asks for no other one."""


class Step(StrEnum):
    """How far the offer of a record is."""

    WANTED = "wanted"
    ASKED = "asked"
    MADE = "made"
    """It is there, with its price for everybody; the others are on their way."""


def note_answer(session: Session, batch_id: int, answer: PushAnswer) -> None:
    """Store an answer to prices or to new offers, but keep open what is not done with it.

    What lacks an offer is to be created, once per batch. Of an offer that was made, stock is sent again; and where an article
    has more prices than the one for everybody, they are sent again, too.
    """
    batch = locked(session, batch_id)
    steps, answered = _steps(batch), answered_in(batch)
    new = [result for result in answer.results if result.key not in answered]
    missing = [each.key for each in new if _is_missing(each) and steps.get(each.key, Step.WANTED) is Step.WANTED]
    made = [each.key for each in new if each.outcome is Outcome.ACCEPTED and steps.get(each.key) is Step.ASKED]
    more = {item["payload"]["key"] for item in batch.items if item["payload"].get("tiers")}
    _note(batch, missing, Step.WANTED)
    _note(batch, made, Step.MADE)
    _release_stock(session, batch.integration_id, made)
    session.add(batch)
    session.flush()
    open_keys = {*missing, *more.intersection(made)}
    done = tuple(result for result in answer.results if result.key not in open_keys)
    store_answer(session, batch_id, answer.model_copy(update={"results": done}), open_keys)


def wanted(session: Session, batch_id: int) -> list[ArticlePrices]:
    """The prices of the records whose offers are to be created now."""
    batch = locked(session, batch_id)
    steps, answered = _steps(batch), answered_in(batch)
    payloads = {item["payload"]["key"]: item["payload"] for item in batch.items}
    return [
        ArticlePrices.model_validate(payloads[key])
        for key, step in steps.items()
        if step is Step.WANTED and key not in answered and key in payloads
    ]


def note_created(session: Session, batch_id: int, answer: PushAnswer) -> None:
    """Store what the channel said when the wanted offers were handed over: results, or the ticket to ask for later."""
    batch = locked(session, batch_id)
    _note(batch, [key for key, step in _steps(batch).items() if step is Step.WANTED], Step.ASKED)
    session.add(batch)
    session.flush()
    note_answer(session, batch_id, answer)


def ask_prices(session: Session, integration_id: str, answer: PushAnswer) -> None:
    """Have the prices sent of articles whose stock found no offer though prices did: so the offer is created anew."""
    keys = sorted(result.key for result in answer.results if _is_missing(result))
    if keys:
        values = {"id": integration_id, "keys": keys, "within": SETTLES_WITHIN}
        session.execute(_ASK_PRICES, values)


def new_offers(
    session: Session,
    prices: Sequence[ArticlePrices],
    context: PushContext[StockSettings | LocationStockSettings],
) -> list[NewOffer]:
    """What creates the offers of these articles: EAN, the channel's number of the product, and the quantity to be sold.

    The number is that of the articles' export where the channel told one, else the article's foreign number. A fixed number
    of statements for any number of articles.
    """
    numbers = [each.key for each in prices]
    rows = session.execute(_PRODUCTS, {"id": context.integration_id, "numbers": numbers})
    known = {row.number: (row.ean, row.ref) for row in rows}
    quantities = _quantities(session, context, numbers)
    found = []
    for each in prices:
        ean, ref = known.get(each.key, ("", ""))
        told = ref if ref not in ("", each.sku) else ""
        number = told or (each.sku if each.sku != each.key else "")
        found.append(NewOffer(prices=each, gtin=ean, product_number=number, quantity=quantities.get(each.key, 0)))
    return found


def _quantities(
    session: Session, context: PushContext[StockSettings | LocationStockSettings], numbers: Sequence[str]
) -> Mapping[str, int]:
    """What the stock export would say; nothing where its settings do not allow to compute it."""
    mine = col(Link.integration_id) == context.integration_id, col(Link.kind) == "stock"
    links = session.exec(select(Link).where(*mine, col(Link.record).in_(numbers))).all()
    try:
        levels = push_stock.payloads(session, context, links) if links else {}
    except FailureError:
        return {}
    return {level.key: level.quantity for level in levels.values()}


_PRODUCTS = text(
    """
    SELECT a.number, a.ean, coalesce(l.external_ref, '') AS ref FROM article a
    LEFT JOIN link l ON l.integration_id = :id AND l.kind = 'articles' AND l.record_id = a.id
    WHERE a.number = ANY(:numbers)
    """
)
# The mark is renewed on all of them: a batch with the old answer may be on its way, and must not settle the record.
_RELEASE = text(
    """
    WITH locked AS MATERIALIZED (
        SELECT id FROM link WHERE integration_id = :id AND kind = 'stock' AND record = ANY(:keys) ORDER BY id FOR NO KEY UPDATE)
    UPDATE link l SET dirty_at = clock_timestamp(), fingerprint = '', attempts = 0, next_try_at = NULL,
        state = CASE WHEN state = 'failed' AND code = 'NOT_IN_SHOP' THEN 'never' ELSE state END
    FROM locked WHERE l.id = locked.id
    """
)
_ASK_PRICES = text(
    """
    WITH locked AS MATERIALIZED (
        SELECT id FROM link WHERE integration_id = :id AND kind = 'prices' AND record = ANY(:keys)
          AND state = 'sent' AND dirty_at IS NULL AND sent_at < clock_timestamp() - :within ORDER BY id FOR NO KEY UPDATE)
    UPDATE link l SET dirty_at = clock_timestamp(), fingerprint = '', attempts = 0, next_try_at = NULL
    FROM locked WHERE l.id = locked.id
    """
)


def _release_stock(session: Session, integration_id: str, keys: Sequence[str]) -> None:
    if keys:
        session.execute(_RELEASE, {"id": integration_id, "keys": list(keys)})


def _is_missing(result: PushResult) -> bool:
    return result.failure is not None and result.failure.code == MISSING


def _steps(batch: PushBatch) -> dict[str, Step]:
    return {row["key"]: Step(row["offer"]) for row in batch.results if "offer" in row}


def _note(batch: PushBatch, keys: Sequence[str], step: Step) -> None:
    batch.results = [*batch.results, *({"key": key, "offer": step.value} for key in keys)]
