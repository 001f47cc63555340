"""Reading a channel's articles page by page, for the initial import and for the pairing worksheet; and taking them over."""

from urllib.parse import urlsplit

from sqlmodel import Session
from temporalio import activity

import connectors
from activities.deps import Deps, open_channel
from activities.failures import reports_failures
from canonical.catalogue import ListingPage
from canonical.failure import Failure, FailureError, Kind
from canonical.lifecycle import ScanPurpose
from canonical.runs import CatalogueStep, CatalogueTask
from connectors.account import Account
from connectors.protocol import PullsCatalogue
from connectors.transport import Transport
from erp import initial_import, pairing, scans
from erp.catalogue import LARGEST_IMAGE, media_type
from erp.integrations import get

PAGE = 500
"""Articles per page and per step of the import (architecture §2)."""
IMAGES = 50
"""Images per step: at a tenth of a second each a few seconds of work."""


class CatalogueActivities:
    """Activities that read a channel's articles."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    @activity.defn(name="begin_reading")
    @reports_failures
    def begin_reading(self, task: CatalogueTask) -> None:
        """Start reading, or go on where an interrupted reading stopped."""
        with self._deps.sessions() as session:
            spec = connectors.spec_of(get(session, task.integration_id).connector)
            able = spec.imports_catalogue if task.purpose is ScanPurpose.IMPORT else spec.lists_articles
            if not able:
                raise FailureError(Failure.of("FEATURE_UNKNOWN", feature=task.purpose.value))
            scans.begin_reading(session, task.integration_id, task.purpose, task.by, afresh=task.afresh)
            session.commit()

    @activity.defn(name="read_catalogue_page")
    @reports_failures
    def read_catalogue_page(self, task: CatalogueTask) -> CatalogueStep:
        """Read one page and store it with the cursor in one transaction; a repeat reads the same page again."""
        with self._deps.sessions() as session:
            cursor = scans.scan_of(session, task.integration_id, task.purpose).cursor
            session.commit()
        with open_channel(self._deps, task.integration_id) as channel:
            if not isinstance(channel.connector, PullsCatalogue):
                raise FailureError(Failure.of("FEATURE_UNKNOWN", feature=task.purpose.value))
            if task.skus:
                page = channel.connector.fetch_listings_by_sku(task.skus)
            else:
                page = channel.connector.fetch_listings(cursor, PAGE)
        with self._deps.sessions() as session:
            scan = scans.scan_of(session, task.integration_id, task.purpose, lock=True)
            self._store(session, task, scan.round, page)
            scans.note_page(session, scan, "" if task.skus else page.cursor, len(page.articles), page.total)
            session.commit()
        left = page.more and not task.skus
        return CatalogueStep(done=len(page.articles), left=left, ask_again_after=page.ask_again_after if left else 0)

    @staticmethod
    def _store(session: Session, task: CatalogueTask, round_: int, page: ListingPage) -> None:
        if task.purpose is ScanPurpose.IMPORT:
            initial_import.store_page(session, task.integration_id, page.articles)
        else:
            pairing.store_listings(session, task.integration_id, round_, page.articles)

    @activity.defn(name="end_reading")
    @reports_failures
    def end_reading(self, task: CatalogueTask) -> None:
        """All pages are read: listings that are gone from the channel go, and pairs are proposed."""
        with self._deps.sessions() as session:
            scan = scans.end_scan(session, task.integration_id, task.purpose, scans.READ)
            if task.purpose is ScanPurpose.PAIRING:
                if not task.skus:
                    pairing.drop_unseen(session, task.integration_id, scan.round)
                session.commit()
                pairing.propose(session, task.integration_id)
            session.commit()

    @activity.defn(name="queue_articles")
    @reports_failures
    def queue_articles(self, task: CatalogueTask) -> int:
        """Queue what is to be taken over."""
        with self._deps.sessions() as session:
            queued = initial_import.queue(session, task.integration_id, task.skus)
            scans.end_scan(session, task.integration_id, ScanPurpose.IMPORT, scans.IMPORTING)
            session.commit()
        return queued

    @activity.defn(name="import_articles")
    @reports_failures
    def import_articles(self, task: CatalogueTask) -> CatalogueStep:
        """Take over the next queued articles in one transaction."""
        with self._deps.sessions() as session:
            step = initial_import.import_page(session, task.integration_id, PAGE)
            session.commit()
        return CatalogueStep(done=step.imported + step.failed, left=step.left)

    @activity.defn(name="import_images")
    @reports_failures
    def import_images(self, task: CatalogueTask) -> CatalogueStep:
        """Fetch some images of imported articles; one that cannot be had is noted at its article and keeps its address."""
        with self._deps.sessions() as session:
            wanted = initial_import.images_to_fetch(session, task.integration_id, IMAGES)
        hosts: dict[str, Transport] = {}
        try:
            for image in wanted:
                content = self._image(hosts, image.url)
                kind = media_type(content) if content else None
                with self._deps.sessions() as session:
                    initial_import.store_image(session, image, content if kind else None, kind or "")
                    session.commit()
        finally:
            for transport in hosts.values():
                transport.close()
        return CatalogueStep(done=len(wanted), left=len(wanted) == IMAGES)

    def _image(self, hosts: dict[str, Transport], url: str) -> bytes | None:
        """Fetch from wherever the shop keeps its images; private addresses are refused as for shops."""
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        try:
            if base not in hosts:
                hosts[base] = Transport(base, auth=None, limiter=Account().limiter, options=self._deps.transport)
            query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
            body = hosts[base].get(parts.path or "/", query).body
        except FailureError as error:
            if error.failure.kind is Kind.RETRY and error.failure.code in ("RATE_LIMITED", "SERVER_ERROR"):
                raise
            return None
        return body if len(body) <= LARGEST_IMAGE else None

    @activity.defn(name="end_import")
    @reports_failures
    def end_import(self, task: CatalogueTask) -> None:
        """Say how the import ended."""
        with self._deps.sessions() as session:
            scans.end_scan(session, task.integration_id, ScanPurpose.IMPORT, scans.FINISHED)
            initial_import.finish(session, task.integration_id, task.by)
            session.commit()

    @activity.defn(name="fail_catalogue")
    @reports_failures
    def fail_catalogue(self, task: CatalogueTask, failure: Failure) -> None:
        """Write why reading or importing stopped; starting it again goes on there."""
        with self._deps.sessions() as session:
            scans.fail_scan(session, task.integration_id, task.purpose, failure)
            session.commit()
