"""Orders made up from a seeded merchant's articles, and a store to book them in, for measurements without a shop."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from random import Random

from sqlalchemy import text
from sqlmodel import Session

from canonical.money import HUNDRED, ZERO, cents
from canonical.order import Address, ChannelOrder, ChannelState, Charge, OrderLine, Payment, StatedTotals
from canonical.runs import Counts
from canonical.settings import AdvancedSettings, OrderSettings
from embedded import EmbeddedServers
from erp.bulk import insert_rows
from erp.database import make_engine, make_sessions, migrate
from erp.merchant_seed import Size, seed_merchant
from erp.order_import import ImportContext, ReadDocument, import_documents
from erp.tables import InboxDocument, Integration

SHOP = "bench"
SETTINGS = OrderSettings(
    import_states=frozenset({"paid"}),
    default_project="SHOP",
    default_payment="paypal",
    default_shipping="dhl",
    shipping_article="PORTO",
    discount_article="RABATT",
    surcharge_article="ZUSCHLAG",
)
RATES = {"normal": Decimal(19), "reduced": Decimal(7), "exempt": ZERO}
ISSUER = '{"name": "Bench GmbH", "street": "Weg 1", "postcode": "20095", "city": "Hamburg", "country": "DE", "vat_id": "DE136695976"}'


@dataclass(frozen=True, slots=True)
class Offer:
    """An article that made-up orders sell."""

    number: str
    name: str
    gross: Decimal
    tax_category: str


@contextmanager
def seeded_store(folder: Path, size: Size) -> Iterator[str]:
    """Start a database with a made-up merchant and an integration; gives its address."""
    with EmbeddedServers(folder / "var") as servers:
        migrate(servers.database_url)
        engine = make_engine(servers.database_url, pool=2)
        with make_sessions(engine).begin() as session:
            seed_merchant(session, size)
            session.add(Integration(id=SHOP, connector="bench", name="Bench"))
            session.execute(text("UPDATE project SET issuer = CAST(:issuer AS jsonb)"), {"issuer": ISSUER})
        engine.dispose()
        yield servers.database_url


def offers(session: Session) -> list[Offer]:
    """The articles that can be sold, by number."""
    query = text(
        "SELECT a.number, a.name, p.amount, a.tax_category FROM article a JOIN price p ON p.article_id = a.id"
        " AND p.customer_group_id IS NULL AND p.from_quantity = 1"
        " WHERE a.kind IN ('simple', 'variant', 'jit', 'bundle') AND NOT a.is_gift_card ORDER BY a.number"
    )
    return [Offer(number, name, cents(gross), tax) for number, name, gross, tax in session.execute(query)]


def orders(count: int, sold: Sequence[Offer], random: Random, prefix: str, *, paid: bool = True) -> list[ChannelOrder]:
    """Make up orders of one to four lines with shipping, gross prices of Germany; what is stated is what lines give."""
    return [_order(f"{prefix}-{index}", sold, random, paid=paid) for index in range(count)]


def _order(external_id: str, sold: Sequence[Offer], random: Random, *, paid: bool) -> ChannelOrder:
    now = datetime.now(UTC).replace(microsecond=0)
    lines = tuple(
        _line(str(position), random.choice(sold), random.randint(1, 3)) for position in range(random.randint(1, 4))
    )
    net, tax = _split(Decimal("4.90"), RATES["normal"])
    shipping = Charge(ref="s", title="DHL", method="", net=net, tax=tax, tax_rate=RATES["normal"])
    buyer = random.randrange(100_000)
    address = Address(
        first_name="Kim", last_name=f"Muster {buyer}", street=f"Weg {buyer % 90 + 1}", postcode="20095", city="Hamburg",
        country="DE", email=f"kim{buyer}@example.com",
    )  # fmt: skip
    return ChannelOrder(
        external_id=external_id,
        number=external_id,
        state=ChannelState.OPEN,
        channel_state="paid",
        ordered_at=now - timedelta(minutes=5),
        modified_at=now,
        currency="EUR",
        prices_include_tax=True,
        billing=address,
        delivery=address,
        payment=Payment(method="", paid_at=now if paid else None, transaction_id=external_id),
        lines=lines,
        shipping=(shipping,),
        stated=StatedTotals(
            total=sum((line.net + line.tax for line in lines), ZERO) + net + tax,
            total_tax=sum((line.tax for line in lines), ZERO) + tax,
            shipping_net=net,
            discount_net=ZERO,
            discount_tax=ZERO,
        ),
    )


def _line(ref: str, offer: Offer, quantity: int) -> OrderLine:
    rate = RATES[offer.tax_category]
    net, tax = _split(offer.gross * quantity, rate)
    return OrderLine(
        ref=ref, sku=offer.number, title=offer.name, quantity=Decimal(quantity), net=net, tax=tax, tax_rate=rate
    )


def _split(gross: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
    net = cents(gross * HUNDRED / (HUNDRED + rate))
    return net, gross - net


def receive(session: Session, made: Sequence[ChannelOrder]) -> list[ReadDocument]:
    """Put orders into the inbox as a fetch does, without a body."""
    rows = [
        {
            "integration_id": SHOP, "feature": "orders", "external_id": order.external_id, "number": order.number,
            "digest": "\\x" + blake2b(order.external_id.encode(), digest_size=16).hexdigest(), "key_id": "k1", "body": "\\x",
            "state": "new", "code": "", "findings": [], "waits_for": [], "attempts": 0, "by_hand": False,
            "settings_revision": 0, "received_at": "now",
        }
        for order in made
    ]  # fmt: skip
    ids = insert_rows(session, InboxDocument, rows, ending="RETURNING id")
    return [
        ReadDocument(id, order.external_id, order.number, False, order, None)
        for id, order in zip(ids, made, strict=True)
    ]


def take_in(session: Session, made: Sequence[ChannelOrder], settings: OrderSettings = SETTINGS) -> Counts:
    """Receive and import orders as one page; never commits."""
    context = ImportContext(
        integration_id=SHOP, settings=settings, settings_revision=1, advanced=AdvancedSettings(), now=datetime.now(UTC),
        start_at=None, run_id="bench",
    )  # fmt: skip
    return import_documents(session, context, receive(session, made))
