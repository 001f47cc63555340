"""The marketplace's files: CSV with semicolons, every field quoted, UTF-8; and multipart bodies around them."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence

from connectors.transport import Upload

CSV = "text/csv"


def write_table(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    """Write a table; a row's missing column is empty. Raises `ValueError` where a row has a column that the header lacks."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text, columns, restval="", delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n", extrasaction="raise"
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def read_table(body: bytes) -> list[dict[str, str]]:
    """Read a report as it comes: semicolons, commas or tabs, whichever its first line has most of; no table gives no rows."""
    text = body.decode("utf-8-sig", errors="replace")
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    if not head.count(delimiter):
        return []
    # A NUL, or a field larger than the reader takes, makes it give up: what came before is still a report.
    found: list[dict[str, str]] = []
    try:
        for row in csv.DictReader(io.StringIO(text), delimiter=delimiter):
            found.append({str(name).strip(): str(value or "").strip() for name, value in row.items() if name})
    except csv.Error:
        return found
    return found


def form(fields: Mapping[str, str], files: Sequence[tuple[str, str, str, bytes]]) -> Upload:
    """A multipart body: plain fields, then parts as (field, file name, media type, content); names are US-ASCII.

    A part without a file name is data of that media type. The boundary is a digest of the content, so the same body is the same bytes and cannot contain it by accident.
    """
    digest = hashlib.sha256(b"\0".join(content for *_, content in files)).hexdigest()
    boundary = f"form-{digest[:40]}"
    parts = [
        f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, file_name, media_type, content in files:
        plain = file_name.translate({ord('"'): "%22", ord("\r"): None, ord("\n"): None})
        named = f'; filename="{plain}"' if plain else ""
        head = f'content-disposition: form-data; name="{name}"{named}\r\ncontent-type: {media_type}'
        parts += [f"--{boundary}\r\n{head}\r\n\r\n".encode(), content, b"\r\n"]
    body = b"".join((*parts, f"--{boundary}--\r\n".encode()))
    return Upload(body, f"multipart/form-data; boundary={boundary}")
