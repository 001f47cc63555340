"""Files of media rows: uploaded as bytes, or as an address that the shop would fetch (here it is only looked at)."""

from __future__ import annotations

from typing import Any

from sandbox.shopware6 import errors, times
from sandbox.shopware6.api import Answer, Call
from sandbox.shopware6.files import file_values

Json = dict[str, Any]
TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
}
FETCHED_SIZE = 1024


def upload_media(call: Call) -> Answer:
    """`POST /_action/media/{id}/upload?extension=&fileName=`: bytes, or JSON with an http(s) `url`."""
    call.rights.require_all(["media:update"])
    shop, media_id = call.shop, call.words[2]
    row = shop.store.tables["media"].get(media_id)
    if row is None:
        raise errors.refusal(404, "CONTENT__MEDIA_NOT_FOUND", f"Media for id {media_id} not found.", mediaId=media_id)
    extension, name = call.query.get("extension", "").lower(), call.query.get("fileName") or media_id
    if not extension:
        detail = (
            'No file extension provided. Please use the "extension" query parameter to specify the extension of the '
            "uploaded file."
        )
        raise errors.refusal(400, "CONTENT__MEDIA_MISSING_FILE_EXTENSION", detail)
    if extension not in TYPES:
        detail = f'The file extension "{extension}" for media object with id {media_id} is not supported.'
        raise errors.refusal(400, "CONTENT__MEDIA_FILE_TYPE_NOT_SUPPORTED", detail, mediaId=media_id)
    _refuse_taken_name(call, name, extension, media_id)
    content = _content(call)
    moment = times.text(shop.clock())
    with shop.store.transaction():
        values = file_values(name, extension, TYPES[extension], len(content) or FETCHED_SIZE, media_id)
        shop.store.put("media", {**row, **values, "uploadedAt": moment, "updatedAt": moment})
        if content:
            shop.keep_file(media_id, content)
        shop.record("image", f"#{media_id}", f"{name}.{extension}", call.request_id)
    return Answer(None, 204, {"Location": f"{shop.base_url}/api/media/{media_id}"})


def _refuse_taken_name(call: Call, name: str, extension: str, media_id: str) -> None:
    for other in call.shop.store.tables["media"].values():
        same = (other.get("fileName"), other.get("fileExtension")) == (name, extension)
        if same and other["id"] != media_id and not other.get("private"):
            detail = f'A file with the name "{name}.{extension}" already exists.'
            raise errors.refusal(409, "CONTENT__MEDIA_DUPLICATED_FILE_NAME", detail, fileName=name)


def _content(call: Call) -> bytes:
    if "json" not in call.headers.get("content-type", ""):
        if not call.raw:
            raise errors.refusal(400, "CONTENT__MEDIA_EMPTY_FILE", "Empty file.")
        return call.raw
    url = call.body.get("url") if isinstance(call.body, dict) else None
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise errors.refusal(400, "CONTENT__MEDIA_ILLEGAL_URL", f'Provided URL "{url}" is not allowed.', url=url)
    return b""
