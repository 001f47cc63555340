"""The files that are exchanged with a fulfilment provider, as XML and CSV; described in `docs/provider-files.md`."""

from collections.abc import Callable, Mapping

from adapters.provider_files.as_csv import read_csv, write_csv
from adapters.provider_files.as_xml import read_xml, write_xml
from canonical.partner import OrderFile, ReadTracking

LARGEST = 50_000_000
"""Bytes of a file that is taken; larger ones are refused before they are read."""

_WRITERS: Mapping[str, Callable[[OrderFile], bytes]] = {"xml": write_xml, "csv": write_csv}
_READERS: Mapping[str, Callable[[bytes], ReadTracking]] = {"xml": read_xml, "csv": read_csv}


def write_orders(format: str, file: OrderFile) -> bytes:
    """Write an order file as `xml` or `csv`, UTF-8; the same orders give the same bytes."""
    return _WRITERS[format](file)


def read_tracking(format: str, data: bytes) -> ReadTracking:
    """Read a tracking file; a record that is wrong is refused with its line, the others are returned.

    Raises `FailureError` when the file as a whole is not what it should be: FILE_UNREADABLE, FILE_FORBIDDEN,
    FILE_OTHER_KIND, FILE_TOO_MANY, COLUMNS_WRONG.
    """
    return _READERS[format](data)
