"""The initial import of a large shop: read page by page over HTTP, killed and gone on with, taken over; every article is checked."""

import multiprocessing
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session
from temporalio.testing import ActivityEnvironment

import connectors
from activities.catalogue import CatalogueActivities
from activities.deps import Deps
from bench import BenchError
from bench.invented import SHOP, seeded_store
from bench.world import temporary_folder
from canonical.lifecycle import ScanPurpose
from canonical.runs import CatalogueTask
from canonical.settings import ImportSettings
from connectors.transport import TransportOptions
from erp import scans
from erp.credentials import store_credentials
from erp.database import make_engine, make_sessions
from erp.merchant_seed import Size
from erp.secrets import Keyring
from erp.tables import Scan
from sandbox.server import SandboxServer
from sandbox.shopify import ShopifyShop

CONNECTOR = "shopify"
TASK = CatalogueTask(integration_id=SHOP, purpose=ScanPurpose.IMPORT, by="bench")
KILLED_AFTER = 0.2
"""The share of the articles after which the first reading is killed."""
LONGEST_WAIT = 0.2
"""Seconds between two looks at a file that the shop prepares; in earnest the shop is asked less often."""
BUCKET, RESTORE_RATE = 20_000, 1000.0
"""The points of the largest plan: what is measured is our work, not the shop's limit."""


class ImportResult(BaseModel):
    """What reading and taking over gave."""

    articles: int
    """With variants and their parents."""
    kept: int
    """Articles that the killed reading had stored, and that were not read again."""
    read_per_second: int
    """Of the reading that went on, from its first to its last page."""
    imported_per_second: int
    cpu_seconds: float
    """Of the process that reads and takes over, Temporal not included."""
    peak_memory_mb: int

    def text(self) -> str:
        """The result for a person."""
        return "\n".join((
            f"{self.articles:,} articles: read {self.read_per_second:,}/s, taken over {self.imported_per_second:,}/s;"
                f" {self.cpu_seconds:.1f} CPU seconds, at most {self.peak_memory_mb} MB",
            f"killed after {self.kept:,} and gone on there; each article once, with its price and its parent",
        ))  # fmt: skip


def measure(*, articles: int) -> ImportResult:
    """Import a shop of about so many articles; raises `BenchError` when one is missing, doubled or wrong."""
    with (
        temporary_folder() as folder,
        _served(articles) as shop,
        seeded_store(folder, Size(articles=0, customers=1)) as url,
    ):
        engine = make_engine(url, pool=4)
        sessions = make_sessions(engine)
        _prepare(sessions, folder, shop["credentials"])
        kept = _read_and_die(sessions, url, folder, articles)
        before = time.process_time()
        read = _read_on(sessions, _activities(sessions, folder), kept)
        imported = _take_over(_activities(sessions, folder))
        spent = time.process_time() - before
        count = _check(sessions, shop["articles"])
        engine.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return ImportResult(
        articles=count, kept=kept, read_per_second=read, imported_per_second=imported, cpu_seconds=round(spent, 1),
        peak_memory_mb=peak,
    )  # fmt: skip


def _prepare(sessions: sessionmaker[Session], folder: Path, pasted: Mapping[str, Any]) -> None:
    """Connect the shop as the wizard does; images are left where they are."""
    form = connectors.spec_of(CONNECTOR).credentials.model_validate(pasted)
    with sessions.begin() as session:
        session.execute(text("UPDATE integration SET connector = :key"), {"key": CONNECTOR})
        store_credentials(session, Keyring.in_folder(folder), SHOP, form)
        scans.store_settings(session, SHOP, ImportSettings(with_images=False).model_dump(mode="json"))


def _activities(sessions: sessionmaker[Session], folder: Path) -> CatalogueActivities:
    return CatalogueActivities(Deps(sessions, Keyring.in_folder(folder), TransportOptions(allow_private=True)))


def _scan(sessions: sessionmaker[Session]) -> Scan:
    with sessions() as session:
        return scans.scan_of(session, SHOP, ScanPurpose.IMPORT)


def _pages(activities: CatalogueActivities) -> Iterator[int]:
    """Read page by page as the workflow does; gives how many articles each brought."""
    environment = ActivityEnvironment()
    environment.run(activities.begin_reading, TASK)
    while True:
        step = environment.run(activities.read_catalogue_page, TASK)
        yield step.done
        if not step.left:
            break
        time.sleep(min(step.ask_again_after, LONGEST_WAIT))


def _read_in_a_process(url: str, folder: Path) -> None:
    for _ in _pages(_activities(make_sessions(make_engine(url, pool=2)), folder)):
        pass


def _read_and_die(sessions: sessionmaker[Session], url: str, folder: Path, articles: int) -> int:
    """Read in a process that is killed without a word between two pages or within one; gives what is stored."""
    process = multiprocessing.get_context("spawn").Process(target=_read_in_a_process, args=(url, folder), daemon=True)
    process.start()
    while (seen := _scan(sessions).seen) < articles * KILLED_AFTER and process.is_alive():
        time.sleep(0.01)
    process.kill()
    process.join()
    scan = _scan(sessions)
    if scan.seen < seen or not scan.cursor or scan.state != scans.READING:
        raise BenchError(
            f"after the kill {scan.seen} articles are stored, the scan is {scan.state}: nothing to go on with"
        )
    return scan.seen


def _read_on(sessions: sessionmaker[Session], activities: CatalogueActivities, kept: int) -> int:
    """Go on where the killed process was; gives articles per second. What was kept must not be read again."""
    read, began, round_ = 0, time.perf_counter(), _scan(sessions).round
    for done in _pages(activities):
        read += done
    seconds = time.perf_counter() - began
    ActivityEnvironment().run(activities.end_reading, TASK)
    with sessions() as session:
        stored = session.execute(text("SELECT count(*) FROM import_item")).scalar_one()
    scan = _scan(sessions)
    if scan.round != round_ or stored != kept + read or scan.seen != stored:
        raise BenchError(f"kept {kept} and read {read}, but {stored} are stored: it did not go on where it was")
    return round(read / seconds)


def _take_over(activities: CatalogueActivities) -> int:
    environment, done, began = ActivityEnvironment(), 0, time.perf_counter()
    environment.run(activities.queue_articles, TASK)
    left = True
    while left:
        step = environment.run(activities.import_articles, TASK)
        done, left = done + step.done, step.left
    environment.run(activities.end_import, TASK)
    return round(done / (time.perf_counter() - began))


def _check(sessions: sessionmaker[Session], wanted: Mapping[str, tuple[str, str]]) -> int:
    """Compare with the shop's books: each number once, with its price, and variants of one product under one parent."""
    query = text(
        "SELECT a.number, a.kind, coalesce(a.parent_id, 0) AS parent, p.amount FROM article a JOIN import_item i ON i.article_id = a.id"
        " LEFT JOIN price p ON p.article_id = a.id AND p.customer_group_id IS NULL AND p.from_quantity = 1"
    )
    with sessions() as session:
        rows = session.execute(query).all()
        failed = session.execute(text("SELECT count(*) FROM import_item WHERE state <> 'imported'")).scalar_one()
    found = {row.number: row for row in rows if row.kind != "matrix"}
    parents = {(wanted[number][1], row.parent) for number, row in found.items() if number in wanted}
    wrong = [n for n, (price, _) in wanted.items() if n not in found or found[n].amount != Decimal(price)]
    if wrong or failed or len(found) != len(wanted) or len({row.number for row in rows}) != len(rows):
        raise BenchError(f"{len(found)} of {len(wanted)} articles, {failed} not imported, wrong: {sorted(wrong)[:3]}")
    families = {name for name, _ in parents if name}
    if len([pair for pair in parents if pair[0]]) != len(families) or len({id for _, id in parents}) != len(
        {n for n, _ in parents}
    ):
        raise BenchError(f"the variants of {len(families)} products are under {len(parents)} parents")
    return len(rows)


# --- the shop in a process of its own -----------------------------------------------------------------------------------


@contextmanager
def _served(articles: int) -> Iterator[dict[str, Any]]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(articles, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(120):
            raise BenchError("the shop did not start")
        yield ours.recv()
    finally:
        process.kill()
        process.join()


def _serve(articles: int, line: Connection) -> None:
    """Serve until killed; tells what a person would paste, and price and parent by number of what is in the shop."""
    shop = ShopifyShop(bucket=BUCKET, restore_rate=RESTORE_RATE)
    shop.seed(articles=articles, orders=0)
    books = {
        each["sku"]: (each["price"], each["parent_sku"] or "") for each in shop.catalogue() if each["kind"] != "matrix"
    }
    with SandboxServer(shop):
        line.send({"credentials": shop.credentials(), "articles": books})
        line.recv()
