"""The pairing worksheet of a whole channel: listings stored page by page, then found by number, EAN and name; every pair is checked."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest.mock import patch

from pydantic import BaseModel
from sqlalchemy import text
from sqlmodel import Session

from activities.catalogue import PAGE
from bench import BenchError
from bench.invented import SHOP, seeded_store
from bench.world import temporary_folder
from canonical.catalogue import ArticleContent, ListedArticle, Words
from erp import pairing
from erp.bulk import packed
from erp.database import make_engine, make_sessions
from erp.merchant_seed import Size

_WORDS = (
    "Tasse Becher Teller Schale Kanne Pfanne Topf Messer Löffel Brett Lampe Kissen Decke Handtuch Vorhang Teppich Regal Stuhl"
    " Hocker Tisch Bank Korb Vase Uhr Spiegel Rahmen Kerze Schürze Mütze Schal Jacke Hose Hemd Bluse Kleid Rock Socken Gürtel"
    " Tasche Rucksack Koffer Börse Schirm Handschuh Stiefel Sandale",
    "schwarz weiß grau anthrazit silber gold rot dunkelrot rosa orange gelb beige braun oliv grün dunkelgrün türkis blau"
    " hellblau marine violett natur",
    "Baumwolle Leinen Wolle Leder Eiche Buche Kiefer Stahl Edelstahl Kupfer Glas Porzellan Keramik Kork Bambus",
    "XS S M L XL XXL 20cm 30cm 40cm 60cm 80cm 120cm 250ml 330ml 500ml 1l 2l",
)
KINDS, COLOURS, MATERIALS, SIZES = (words.split() for words in _WORDS)
PER_SERIES = 20
"""Articles that share the name of a series, the one word that is rare."""
STRANGE = 10
"""Of the listings that only a name could pair, every tenth has no article here."""
RIGHT, WRONG = 0.9, 0.02
"""The share of names that must be found at least, and of wrong proposals among all names that is let pass."""


class PairingResult(BaseModel):
    """Seconds per step, and what the proposals are worth."""

    listings: int
    articles: int
    store_seconds: float
    """All pages, each in a transaction of its own."""
    exact_seconds: float
    """Finding by foreign number, SKU and EAN."""
    names_seconds: float
    """By similarity of the name, for what is left."""
    written_seconds: float
    """Finding conflicts, and writing what was found to the listings."""
    by_sku: int
    by_ean: int
    by_name: int
    names: int
    """Listings that have a counterpart which only the name tells."""
    names_right: int
    names_wrong: int
    """Proposed another article, or one for a listing that has none."""

    def text(self) -> str:
        """The result for a person."""
        return "\n".join((
            f"{self.listings:,} listings, {self.articles:,} articles",
            f"stored in {self.store_seconds:.1f} s, exact matches in {self.exact_seconds:.2f} s,"
            f" names in {self.names_seconds:.1f} s, written in {self.written_seconds:.1f} s",
            f"by SKU {self.by_sku:,}, by EAN {self.by_ean:,}: all right; by name {self.by_name:,}:"
            f" {self.names_right:,} of {self.names:,} right, {self.names_wrong:,} wrong; none doubled",
        ))  # fmt: skip


def measure(*, listings: int) -> PairingResult:
    """Pair as many listings with as many articles; raises `BenchError` when a pair is wrong or an article is proposed twice."""
    names = made_up_names(listings, Random(1))
    with temporary_folder() as folder, seeded_store(folder, Size(articles=0, customers=1)) as url:
        engine = make_engine(url, pool=2)
        with make_sessions(engine)() as session:
            _fill(session, names)
            storing = _store(session, names)
            exact, by_name, writing = _propose(session)
            result = _judge(session, listings)
        engine.dispose()
    seconds = {"store_seconds": storing, "exact_seconds": exact, "names_seconds": by_name, "written_seconds": writing}
    return result.model_copy(update=seconds)


def made_up_names(count: int, random: Random) -> list[str]:
    """Distinct names of articles: kind, series, material, colour, size; twenty of a series."""
    found: dict[str, None] = {}
    while len(found) < count:
        series = "".join(random.choice("bdfgklmnprstvw") + random.choice("aeiou") for _ in range(random.randint(2, 4)))
        for _ in range(PER_SERIES):
            words = (random.choice(KINDS), series.title(), random.choice(MATERIALS), random.choice(COLOURS))
            found[" ".join((*words, random.choice(SIZES)))] = None
    return list(found)[:count]


def _mistyped(name: str, random: Random) -> str:
    """A name as another person wrote it: words in another order, and in one word a letter too few, too many or exchanged."""
    words = name.split()
    if random.random() < 0.5:
        random.shuffle(words)
    place = random.randrange(len(words))
    word = words[place]
    at = random.randrange(max(1, len(word) - 1))
    words[place] = random.choice((
        word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
    ))  # fmt: skip
    return " ".join(filter(None, words))


def _fill(session: Session, names: Sequence[str]) -> None:
    rows = [{"number": f"A{n}", "name": name, "ean": f"4{n:012}"} for n, name in enumerate(names)]
    session.execute(
        text(
            "INSERT INTO article (number, name, description, kind, category, manufacturer, ean, tax_category, is_stock_article,"
            " is_postage, is_discount, is_surcharge, allows_decimals, is_locked, is_deleted, syncs_stock, stock_correction)"
            " SELECT number, name, '', 'simple', '', '', ean, 'normal', true, false, false, false, false, false, false, true, 0"
            " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS g(number text, name text, ean text)"
        ),
        {"rows": packed(rows)},
    )
    session.commit()
    session.execute(text("ANALYZE"))
    session.commit()


def _listing(n: int, name: str, random: Random) -> ListedArticle:
    """A third has our SKU, a third our EAN; of the rest every tenth is an article that is not here."""
    sku, ean = (f"A{n}", "") if n % 3 == 0 else (f"X{n}", f"4{n:012}" if n % 3 == 1 else "")
    name = f"Ersatzteil {random.randrange(10**9)}" if _is_strange(n) else _mistyped(name, random)
    return ListedArticle(
        content=ArticleContent(key="", ref=f"L{n}", sku=sku, ean=ean, words=Words(language="de", name=name))
    )


def _is_strange(n: int) -> bool:
    return n % 3 == 2 and n // 3 % STRANGE == 0


def _store(session: Session, names: Sequence[str]) -> float:
    random = Random(2)
    listed = [_listing(n, name, random) for n, name in enumerate(names)]
    began = time.perf_counter()
    for start in range(0, len(listed), PAGE):
        pairing.store_listings(session, SHOP, 1, listed[start : start + PAGE])
        session.commit()
    pairing.drop_unseen(session, SHOP, 1)
    session.commit()
    return round(time.perf_counter() - began, 2)


def _propose(session: Session) -> tuple[float, float, float]:
    """Propose as the activity does; seconds before, for and after the names."""
    with _names_timed() as moments:
        began = time.perf_counter()
        pairing.propose(session, SHOP)
        session.commit()
        ended = time.perf_counter()
    begin, end = moments
    return round(begin - began, 2), round(end - begin, 2), round(ended - end, 2)


@contextmanager
def _names_timed() -> Iterator[list[float]]:
    """Note from outside when the real comparison of names begins and ends, for as long as the context lasts."""
    moments: list[float] = []
    compare = pairing._propose_by_name

    def timed(*given: Any) -> None:
        moments.append(time.perf_counter())
        compare(*given)
        moments.append(time.perf_counter())

    with patch.object(pairing, "_propose_by_name", timed):
        yield moments


def _judge(session: Session, count: int) -> PairingResult:
    found = session.execute(
        text(
            "SELECT substr(l.ref, 2)::int AS n, l.how, l.state, substr(a.number, 2)::int AS article"
            " FROM listing l LEFT JOIN article a ON a.id = l.article_id WHERE l.integration_id = :id"
        ),
        {"id": SHOP},
    ).all()
    pairs = {row.n: row for row in found}
    exact = [n for n in range(count) if n % 3 != 2]
    wrong = [n for n in exact if (pairs[n].article, pairs[n].how) != (n, ("sku", "ean")[n % 3])]
    proposed = [row.article for row in found if row.article is not None and row.state != "conflict"]
    by_name = [row for row in found if row.how == "name"]
    names = [n for n in range(count) if n % 3 == 2 and not _is_strange(n)]
    right = sum(row.article == row.n and not _is_strange(row.n) for row in by_name)
    if len(found) != count or wrong:
        raise BenchError(
            f"{len(found)} of {count} listings; {len(wrong)} exact ones are wrong, such as L{min(wrong, default=0)}"
        )
    if len(set(proposed)) != len(proposed):
        raise BenchError(f"{len(proposed) - len(set(proposed))} articles are proposed twice")
    if right < RIGHT * len(names) or len(by_name) - right > WRONG * len(names):
        raise BenchError(f"of {len(names)} names {right} were found and {len(by_name) - right} proposals are wrong")
    return PairingResult(
        listings=count, articles=count, store_seconds=0, exact_seconds=0, names_seconds=0, written_seconds=0,
        by_sku=sum(row.how == "sku" for row in found), by_ean=sum(row.how == "ean" for row in found),
        by_name=len(by_name), names=len(names), names_right=right, names_wrong=len(by_name) - right,
    )  # fmt: skip
