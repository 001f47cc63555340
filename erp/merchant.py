"""A lifelike merchant made up from a seed: articles of every kind, customers in groups; the same seed gives the same merchant."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

GROUPS: Mapping[str, str] = {"haendler": "Händler", "stamm": "Stammkunden"}
WAREHOUSES: Mapping[str, str] = {"HAUPT": "Hauptlager", "LADEN": "Ladengeschäft"}

# Prefix, name, category, lowest and highest price in cents, tax category, lowest and highest weight in grammes.
THINGS = (
    ("BE", "Becher", "Küche", 690, 1990, "normal", 250, 600),
    ("KB", "Kochbuch", "Bücher", 1290, 3990, "reduced", 400, 1500),
    ("RK", "Röstkaffee", "Lebensmittel", 690, 2490, "reduced", 250, 1000),
    ("LA", "Lampe", "Wohnen", 2990, 14900, "normal", 800, 4000),
    ("KI", "Kissen", "Wohnen", 1290, 4990, "normal", 300, 900),
    ("HO", "Honig", "Lebensmittel", 450, 1290, "reduced", 300, 700),
    ("NB", "Notizbuch", "Papier", 490, 1990, "normal", 150, 500),
    ("WZ", "Werkzeug", "Garten", 1990, 17900, "normal", 500, 8000),
    ("SE", "Seife", "Bad", 390, 990, "normal", 80, 200),
    ("SA", "Saatgut", "Garten", 190, 590, "reduced", 20, 80),
)
CLOTHES = (
    ("TS", "T-Shirt", 1990, {"Größe": ("S", "M", "L", "XL"), "Farbe": ("Rot", "Blau", "Sand")}),
    ("PU", "Pullover", 4990, {"Größe": ("S", "M", "L"), "Farbe": ("Grau", "Oliv")}),
    ("SO", "Socken", 750, {"Größe": ("36-39", "40-43", "44-46")}),
)
WORDS = (
    "Alster", "Anker", "Bernstein", "Brise", "Deich", "Düne", "Elbe", "Förde", "Hafen", "Heide", "Kliff", "Kogge", "Kompass",
    "Leuchtturm", "Lotse", "Möwe", "Muschel", "Nordlicht", "Priel", "Strandgut", "Sylt", "Treibholz", "Watt",
)  # fmt: skip
MAKERS = ("Hansewerk", "Elbtal Manufaktur", "Küstenkontor", "Nordglas", "Deichwolle")
FIRST = ("Anna", "Björn", "Çağla", "Emil", "Jürgen", "Lena", "Łukasz", "Maria", "Mehmet", "Søren", "Ulrike", "Zoë")
LAST = (
    "Bäcker",
    "Dreßler",
    "Fischer",
    "Görlitz",
    "Jansen",
    "Kowalski",
    "Müller",
    "O'Neill",
    "Petersen",
    "Schröder",
    "Yılmaz",
)
TRADES = ("Kontor", "Handel", "Design", "Gastro", "Technik")
STREETS = ("Am Deich", "Hafenstraße", "Lindenallee", "Marktplatz", "Ringstraße", "Schulweg")
# Country, postcode and city; the first is drawn most often.
PLACES = (
    ("DE", "20095", "Hamburg"), ("DE", "10115", "Berlin"), ("DE", "80331", "München"), ("DE", "50667", "Köln"),
    ("AT", "1010", "Wien"), ("FR", "75001", "Paris"), ("NL", "1012", "Amsterdam"), ("CH", "8001", "Zürich"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """One made-up article; prices gross in EUR, weight in kilogrammes."""

    number: str
    name: str
    kind: str
    category: str
    tax_category: str
    price: Decimal | None
    weight: Decimal
    manufacturer: str
    ean: str
    is_stock_article: bool = True
    is_gift_card: bool = False
    parent: str = ""
    options: tuple[tuple[str, str], ...] = ()
    components: tuple[tuple[str, int], ...] = ()
    scale: tuple[tuple[int, Decimal], ...] = ()
    """From how many pieces on which price."""
    group_price: Decimal | None = None
    """Of dealers."""
    stock: tuple[tuple[str, int], ...] = ()
    """Pieces by warehouse."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """One made-up customer."""

    number: str
    name: str
    company: str
    email: str
    street: str
    postcode: str
    city: str
    country: str
    vat_id: str
    group: str


def articles(count: int, seed: int) -> Iterator[Piece]:
    """Make up articles: of a hundred about 66 simple, 24 in matrices, 4 JIT, 2 bundles, 3 services, 1 gift card."""
    random = Random(f"articles {seed}")  # noqa: S311 - nothing secret
    simple: list[str] = []
    made = 0
    while made < count:
        position = made % 100
        if position < 24 and count - made > 13:
            pieces: Sequence[Piece] = _matrix(random, made)
        elif position in (95, 97) and len(simple) > 4:
            pieces = [_set(random, made, "bundle", simple)]
        elif 90 <= position < 95 and len(simple) > 4:
            pieces = [_set(random, made, "jit", simple)]
        elif position in (96, 98):
            pieces = [_service(random, made)]
        elif position == 99:
            pieces = [_gift_card(made)]
        else:
            pieces = [_simple(random, made)]
            simple.append(pieces[0].number)
        yield from pieces
        made += len(pieces)


def _simple(random: Random, index: int) -> Piece:
    prefix, noun, category, low, high, tax, light, heavy = random.choice(THINGS)
    price = _money(random.randint(low, high))
    has_scale = random.random() < 0.15
    return Piece(
        number=f"{prefix}-{index:06d}",
        name=f"{noun} {random.choice(WORDS)}",
        kind="simple",
        category=category,
        tax_category=tax,
        price=price,
        weight=_weight(random.randint(light, heavy)),
        manufacturer=random.choice(MAKERS),
        ean=ean13(index),
        scale=((10, _cents(price * Decimal("0.9"))), (50, _cents(price * Decimal("0.8")))) if has_scale else (),
        group_price=_cents(price * Decimal("0.75")) if random.random() < 0.2 else None,
        stock=_stock(random),
    )


def _matrix(random: Random, index: int) -> Sequence[Piece]:
    prefix, noun, cents, options = random.choice(CLOTHES)
    number, name = f"{prefix}-{index:06d}", f"{noun} {random.choice(WORDS)}"
    price, maker = _money(cents + random.randint(-300, 900)), random.choice(MAKERS)
    parent = Piece(
        number, name, "matrix", "Kleidung", "normal", price, Decimal("0.3"), maker, "", is_stock_article=False
    )
    variants: list[tuple[tuple[str, str], ...]] = [()]
    for option, values in options.items():
        variants = [(*chosen, (option, value)) for chosen in variants for value in values]
    return [
        parent,
        *(
            Piece(
                number=f"{number}-{position:02d}",
                name=f"{name} {' '.join(value for _, value in chosen)}",
                kind="variant",
                category="Kleidung",
                tax_category="normal",
                price=price,
                weight=Decimal("0.3"),
                manufacturer=maker,
                ean=ean13(index + position),
                parent=number,
                options=chosen,
                stock=_stock(random),
            )
            for position, chosen in enumerate(variants, start=1)
        ),
    ]


def _set(random: Random, index: int, kind: str, simple: Sequence[str]) -> Piece:
    chosen = random.sample(simple, k=random.randint(2, min(4, len(simple))))
    prefix, noun = ("JT", "Set") if kind == "jit" else ("BU", "Geschenkkorb")
    return Piece(
        number=f"{prefix}-{index:06d}",
        name=f"{noun} {random.choice(WORDS)}",
        kind=kind,
        category="Sets",
        tax_category="normal",
        price=_money(random.randint(2990, 8990)),
        weight=_weight(random.randint(600, 5000)),
        manufacturer=random.choice(MAKERS),
        ean=ean13(index),
        is_stock_article=kind == "bundle",
        components=tuple((number, random.randint(1, 3)) for number in chosen),
        stock=_stock(random) if kind == "bundle" else (),
    )


def _service(random: Random, index: int) -> Piece:
    price = _money(random.randint(490, 4990))
    return Piece(
        f"DL-{index:06d}", f"Gravur {random.choice(WORDS)}", "simple", "Dienste", "normal", price, Decimal(0), "", "",
        is_stock_article=False,
    )  # fmt: skip


def _gift_card(index: int) -> Piece:
    price = _money((index % 4 + 1) * 2500)
    return Piece(
        f"GS-{index:06d}", f"Gutschein {price:.0f} Euro", "simple", "Gutscheine", "exempt", price, Decimal(0), "", "",
        is_stock_article=False, is_gift_card=True,
    )  # fmt: skip


def _stock(random: Random) -> tuple[tuple[str, int], ...]:
    """Most articles lie in the main warehouse, some in the store too, one in twenty is sold out."""
    if random.random() < 0.05:
        return ()
    main = (("HAUPT", random.randint(1, 400)),)
    return (*main, ("LADEN", random.randint(1, 20))) if random.random() < 0.3 else main


def customers(count: int, seed: int) -> Iterator[Buyer]:
    """Make up customers: one in eight a company, dealers with a VAT id, three in five from Germany."""
    random = Random(f"customers {seed}")  # noqa: S311 - nothing secret
    for index in range(count):
        first, last = random.choice(FIRST), random.choice(LAST)
        country, postcode, city = PLACES[random.randrange(4)] if random.random() < 0.6 else random.choice(PLACES)
        is_company = random.random() < 0.125
        yield Buyer(
            number=f"S{seed}-{index:06d}",
            name=f"{first} {last}",
            company=f"{last} {random.choice(TRADES)} GmbH" if is_company else "",
            email=f"kunde{index}.s{seed}@example.com",
            street=f"{random.choice(STREETS)} {random.randint(1, 120)}",
            postcode=postcode,
            city=city,
            country=country,
            vat_id=f"ATU{random.randint(10_000_000, 99_999_999)}" if is_company and country == "AT" else "",
            group="haendler" if is_company else "stamm" if random.random() < 0.1 else "",
        )


def ean13(index: int) -> str:
    """Make an EAN of the range kept for own use (200…), with its check digit."""
    digits = f"2{index:011d}"
    total = sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


def _weight(grammes: int) -> Decimal:
    return Decimal(grammes).scaleb(-3)
