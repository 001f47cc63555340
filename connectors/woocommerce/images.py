"""Images of products: those that the shop has already are kept, told by digests remembered in a field of the product."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from operator import attrgetter
from typing import Any

from canonical.catalogue import ArticleContent, Picture, Structure
from canonical.failure import Failure, FailureError
from canonical.settings import MediaMode
from connectors.woocommerce.answers import Row

MEMORY = "_connect_images"
"""The product's field that holds, in the order of its images, the digest and the id of each; digest "" for others' images."""


@dataclass(frozen=True)
class ImagePlan:
    """The images to send, None to leave them, and what is remembered of them; an id 0 is not known yet."""

    images: tuple[dict[str, Any], ...] | None
    digests: tuple[str, ...] = ()

    @property
    def uploads(self) -> int:
        """How many images the shop must fetch."""
        return sum("src" in image for image in self.images or ())

    def memory(self, ids: Sequence[int] = ()) -> list[dict[str, Any]]:
        """What to remember, with the ids that the shop gave in its answer, or else those that were sent."""
        known = ids or [int(image.get("id", 0)) for image in self.images or ()]
        return [{"digest": digest, "id": image_id} for digest, image_id in zip(self.digests, known, strict=True)]


def plan(article: ArticleContent, row: Row | None, mode: MediaMode) -> ImagePlan:
    """Compare an article's images with those of the shop; raises `FailureError` IMAGE_NOT_PUBLIC.

    Only images that were sent from here are ever removed. A variant has one image in the shop: its first.
    """
    current = images_of(row or {})
    ours = _remembered(row or {}, [int(image["id"]) for image in current])
    ids = {digest: image_id for image_id, digest in ours.items()}
    pictures = {digest_of(picture): picture for picture in sorted(article.images, key=attrgetter("position"))}
    is_variant = article.structure is Structure.VARIANT
    chosen = list(pictures.items())[: 1 if is_variant else None]
    wanted = [(digest, _image(article, picture, ids.get(digest))) for digest, picture in chosen]
    used = {image.get("id") for _, image in wanted}
    if not is_variant:
        for image in current:
            digest = ours.get(int(image["id"]), "")
            if image["id"] not in used and (not digest or mode is MediaMode.ADD):
                wanted.append((digest, {"id": int(image["id"])}))
    images = tuple(image for _, image in wanted)
    if _is_same(images, current) or (is_variant and not images):
        return ImagePlan(None)
    return ImagePlan(images, tuple(digest for digest, _ in wanted))


def digest_of(picture: Picture) -> str:
    """What tells a picture from another; without a digest, its address."""
    return picture.digest or hashlib.sha256(picture.url.encode()).hexdigest()


def images_of(row: Row) -> list[Row]:
    """The images of a product, or the one of a variation, whichever way the shop shows it."""
    shown = row.get("images")
    if not isinstance(shown, list):
        shown = [row.get("image")]
    return [
        image for image in shown if isinstance(image, dict) and isinstance(image.get("id"), int) and image["id"] > 0
    ]


def _remembered(row: Row, current: Sequence[int]) -> Mapping[int, str]:
    """The digests of the shop's images that were sent from here.

    An id that was never confirmed, because an answer was lost, is taken by its place, as long as nothing else has moved.
    """
    metas = [meta for meta in row.get("meta_data") or () if isinstance(meta, dict) and meta.get("key") == MEMORY]
    value = metas[0].get("value") if metas else None
    entries = [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
    stored = [entry.get("id") or 0 for entry in entries]
    is_in_place = len(stored) == len(current) and all(old in (0, new) for old, new in zip(stored, current, strict=True))
    ids = current if is_in_place else stored
    return {
        image_id: str(entry["digest"])
        for image_id, entry in zip(ids, entries, strict=True)
        if image_id in current and entry.get("digest")
    }


def _image(article: ArticleContent, picture: Picture, image_id: int | None) -> dict[str, Any]:
    texts = {"name": picture.title, "alt": picture.description}
    image: dict[str, Any] = {name: text for name, text in texts.items() if text}
    if image_id:
        return {"id": image_id, **image}
    if not picture.url.startswith(("http://", "https://")):
        raise FailureError(Failure.of("IMAGE_NOT_PUBLIC", position=picture.position, sku=article.sku))
    return {"src": picture.url, **image}


def _is_same(images: Sequence[Row], current: Sequence[Row]) -> bool:
    if [image.get("id") for image in images] != [image["id"] for image in current]:
        return False
    pairs = zip(images, current, strict=True)
    return all(
        unescape(str(shown.get(name) or "")) == text
        for image, shown in pairs
        for name, text in image.items()
        if name != "id"
    )
