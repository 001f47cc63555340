"""Images: Shopware fetches each from its address once; what an image is called by is made of its digest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from canonical.catalogue import ArticleContent, DataType, Picture
from canonical.failure import Failure
from canonical.settings import MediaMode
from connectors.answers import RefusedError
from connectors.shopware6.answers import complaints, reason_of
from connectors.shopware6.search import Row, find_by, items
from connectors.shopware6.settings import Shopware6ArticleSettings
from connectors.shopware6.sync import Change, made_id, write
from connectors.transport import Calls

_EXTENSION = re.compile(r"jpe?g|png|gif|webp|avif|svg|bmp|tiff?")


@dataclass(frozen=True)
class Album:
    """The images that one product is to have, and those that it has."""

    content: ArticleContent
    product_id: str
    there: Sequence[Row]
    cover_id: str | None

    def link_id(self, picture: Picture) -> str:
        """The id of the image at this product."""
        media = media_id(picture)
        found = (str(row["id"]) for row in self.there if row.get("mediaId") == media and row.get("id"))
        return next(found, made_id("product_media", self.product_id, media))


def media_id(picture: Picture) -> str:
    """The same image has the same id, at whichever product; without a digest, the same address."""
    return made_id("media", picture.digest or picture.url)


def send(calls: Calls, settings: Shopware6ArticleSettings, albums: Sequence[Album]) -> dict[str, Failure]:
    """Bring the images of some products to what they are to be; what failed by article. Raises `FailureError`."""
    wanted = [album for album in albums if DataType.IMAGES in album.content.sends]
    pictures = {media_id(each): each for album in wanted for each in album.content.images}
    rows = {str(row.get("id")): row for row in find_by(calls, "media", "id", list(pictures))}
    changes = [_change(album, settings, rows) for album in wanted]
    failures = {key: refusal.failure for key, refusal in write(calls, changes).items()}
    sent: dict[str, Failure | None] = {}
    for album in wanted:
        for picture in album.content.images:
            ref = media_id(picture)
            if album.content.key in failures or _has_file(rows.get(ref)):
                continue
            if ref not in sent:
                sent[ref] = _upload(calls, album.content, picture)
            if (failure := sent[ref]) is not None:
                failures[album.content.key] = failure
    covers = [_cover(album) for album in wanted if album.content.key not in failures]
    return failures | {key: refusal.failure for key, refusal in write(calls, covers).items()}


def _has_file(row: Row | None) -> bool:
    return row is not None and bool(row.get("hasFile") or row.get("fileName") or row.get("mimeType"))


def _change(album: Album, settings: Shopware6ArticleSettings, rows: dict[str, Row]) -> Change:
    """The images' records and their places at the product; with "add and delete" those that are no longer ours go."""
    change = Change(album.content.key, album.content.sku)
    linked = {row.get("mediaId"): row.get("position") for row in album.there}
    for position, picture in enumerate(album.content.images):
        ref = media_id(picture)
        media: Row = {"id": ref, "title": picture.title or None, "alt": picture.description or None}
        if ref not in rows and settings.media_folder:
            media["mediaFolderId"] = settings.media_folder
        if ref not in rows or any((rows[ref].get(name) or None) != media[name] for name in ("title", "alt")):
            change.upserts.append(("media", media))
        if linked.get(ref, -1) != position:
            link = {"id": album.link_id(picture), "productId": album.product_id, "mediaId": ref, "position": position}
            change.upserts.append(("product_media", link))
    if settings.media_mode is MediaMode.ADD_AND_DELETE:
        kept = {media_id(picture) for picture in album.content.images}
        gone = [row for row in album.there if row.get("mediaId") not in kept and row.get("id")]
        change.deletes += [("product_media", {"id": row["id"]}) for row in gone]
    return change


def _cover(album: Album) -> Change:
    change = Change(album.content.key, album.content.sku)
    if album.content.images:
        cover = album.link_id(album.content.images[0])
        if cover != album.cover_id:
            change.upserts.append(("product", {"id": album.product_id, "coverId": cover}))
    return change


def _upload(calls: Calls, content: ArticleContent, picture: Picture) -> Failure | None:
    """Let the shop fetch an image; None when it has. File names are unique in a shop, so ours holds the image's id."""
    path = PurePosixPath(urlsplit(picture.url).path)
    extension = path.suffix.lstrip(".").lower()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", content.sku).strip("-")[:80]
    params = {
        "extension": extension if _EXTENSION.fullmatch(extension) else "jpg",
        "fileName": f"{slug or 'image'}-{media_id(picture)[:12]}",
    }
    try:
        calls.post(f"/_action/media/{media_id(picture)}/upload", {"url": picture.url}, params)
    except RefusedError as error:
        if error.answer.status not in (400, 404, 409, 415, 422):
            raise
        return Failure.of("IMAGE_REFUSED", sku=content.sku, reason=reason_of(error.answer, complaints(error.answer)))
    return None


def album_of(content: ArticleContent, product_id: str, there: Row | None) -> Album:
    """The album of an article whose product is in the shop, or was just created."""
    row = there or {}
    cover = row.get("coverId")
    return Album(content, product_id, items(row, "media"), cover if isinstance(cover, str) else None)
