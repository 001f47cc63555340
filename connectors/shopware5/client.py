"""Shopware 5 as a connector: the connection test and the catalogue, nothing else; it is never productive (D§7.2)."""

from collections.abc import Sequence

from canonical.catalogue import ListingPage
from canonical.check import CheckReport
from canonical.feature import Feature
from connectors.shopware5 import check
from connectors.shopware5.catalogue import Catalogue
from connectors.transport import Calls


class Shopware5:
    """One API user of one shop."""

    def __init__(self, calls: Calls, *, url: str = "", is_secure: bool = True) -> None:
        self._calls = calls
        self._is_secure = is_secure
        self._catalogue = Catalogue(calls, url)

    def check(self, features: Sequence[Feature]) -> CheckReport:  # noqa: ARG002
        """Prove reachability, credentials, version and that articles may be read; there are no features."""
        return check.run(self._calls, is_secure=self._is_secure)

    def close(self) -> None:
        """Give back connections."""
        self._calls.close()

    def fetch_listings(self, cursor: str, limit: int) -> ListingPage:
        """Fetch articles from the cursor on, a parent before its variants; raises `FailureError`."""
        return self._catalogue.fetch(cursor, limit)

    def fetch_listings_by_sku(self, skus: Sequence[str]) -> ListingPage:
        """Fetch single articles, a parent with its variants; raises `FailureError`."""
        return self._catalogue.fetch_by_sku(skus)
