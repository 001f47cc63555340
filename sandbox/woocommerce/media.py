"""The shop's media library: pictures that it fetches from an address when a product is saved, each time as a new one."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.woocommerce import times
from sandbox.woocommerce.errors import Json, WooError
from sandbox.woocommerce.links import PLACEHOLDER

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif"})
UNREACHABLE = ".invalid"
"""Hosts below this domain answer nobody (RFC 6761), so a picture there cannot be fetched. No other is fetched really."""


class Media:
    """Pictures by id; writes belong inside the shop's `changes()`."""

    def __init__(self, shop: WooShop) -> None:
        self.pictures: dict[int, Json] = {}
        self._shop = shop

    def image(self, given: Json) -> Json:
        """A picture of the library by `id`, or a new one from `src`; name and alternative text are taken over."""
        picture = self._known(given["id"]) if given.get("id") else self._fetched(str(given.get("src") or ""))
        for field in ("name", "alt"):
            if isinstance(given.get(field), str):
                picture = {**picture, field: given[field]}
        self.pictures[picture["id"]] = picture
        self._shop.note_change("pictures", str(picture["id"]), picture)
        return picture

    def images(self, given: list[Json]) -> list[Json]:
        """The pictures of a product in their order; the first one is the main picture."""
        return [self.image(entry) for entry in given]

    def restore(self, change: Json) -> None:
        """Do again what one line of the state file says."""
        for key, record in change.get("pictures", {}).items():
            self.pictures[int(key)] = record

    def _known(self, picture_id: int) -> Json:
        found = self.pictures.get(picture_id)
        if found is None:
            text = f"#{picture_id} is an invalid image ID."
            raise WooError(400, "woocommerce_product_invalid_image_id", text)
        return found

    def _fetched(self, src: str) -> Json:
        parts = urlsplit(src)
        path = PurePosixPath(parts.path)
        problem = ""
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            problem = f"Invalid URL {src}."
        elif parts.hostname.endswith(UNREACHABLE):
            problem = f"Error getting remote image {src}. Error: Could not resolve host: {parts.hostname}"
        elif path.suffix.lower() not in SUFFIXES:
            problem = "Invalid image: Sorry, you are not allowed to upload this file type."
        if problem:
            raise WooError(400, "woocommerce_product_image_upload_error", problem)
        now = self._shop.clock()
        picture_id = self._shop.next_id("post")
        return {
            "id": picture_id,
            "date_created": times.local_text(now),
            "date_created_gmt": times.gmt_text(now),
            "date_modified": times.local_text(now),
            "date_modified_gmt": times.gmt_text(now),
            "src": f"{PLACEHOLDER}/wp-content/uploads/{now:%Y/%m}/{path.stem}-{picture_id}{path.suffix}",
            "name": path.name,
            "alt": "",
        }
