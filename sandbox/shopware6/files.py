"""What a media row says about its file."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def file_values(name: str, extension: str, mime: str, size: int, media_id: str) -> Json:
    """The fields of a media row that has a file."""
    path = f"media/{media_id[:2]}/{media_id[2:4]}/{name}.{extension}"
    return {
        "fileName": name,
        "fileExtension": extension,
        "mimeType": mime,
        "fileSize": size,
        "hasFile": True,
        "path": path,
        "url": f"/{path}",
    }
