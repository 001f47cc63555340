"""CSV files of people: encoding and delimiter are found out, and no cell becomes a formula in a spreadsheet."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from canonical.failure import Failure, FailureError

DELIMITERS = ";,\t"
_NOT_WINDOWS = bytes((0x00, 0x81, 0x8D, 0x8F, 0x90, 0x9D))
"""Bytes that Windows-1252 does not know; NUL is in no text at all (UTF-16 is full of it)."""
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class CsvFile:
    """A CSV file that is being read: its header, and the other lines with their numbers, one at a time."""

    header: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]
    encoding: str
    delimiter: str


def open_csv(file: BinaryIO) -> CsvFile:
    """Read a CSV file of any size as a stream: UTF-8 (with or without a mark) or Windows-1252; `;`, `,` or tab.

    Blank lines are left out, cells come without blanks around them and without the escape of `escape`. Raises
    `FailureError` CSV_ENCODING at once, and CSV_BROKEN while reading.
    """
    encoding = _encoding(file)
    file.seek(0)
    lines = _lines(file, encoding)
    first = next(lines, "").removeprefix("\ufeff")
    delimiter = max(DELIMITERS, key=first.count)
    rows = _rows(chain([first], lines), delimiter)
    header = next(rows, (1, []))[1]
    return CsvFile(tuple(header), rows, encoding, delimiter)


def _lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    """Decode line by line; a line without an end is refused before it fills the memory."""
    for number, line in enumerate(iter(lambda: file.readline(_CHUNK), b""), 1):
        if len(line) == _CHUNK:
            raise FailureError(Failure.of("CSV_BROKEN", line=number))
        yield line.decode(encoding)


def _encoding(file: BinaryIO) -> str:
    """Read the file once: what is valid UTF-8 to the end is UTF-8, because texts in Windows-1252 hardly ever are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, is_windows = True, True
    file.seek(0)
    while is_utf8 or is_windows:
        chunk = file.read(_CHUNK)
        if b"\0" in chunk:
            raise FailureError(Failure.of("CSV_ENCODING"))
        is_windows = is_windows and len(chunk.translate(None, _NOT_WINDOWS)) == len(chunk)
        try:
            if is_utf8:
                decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            is_utf8 = False
        if not chunk:
            break
    if not is_utf8 and not is_windows:
        raise FailureError(Failure.of("CSV_ENCODING"))
    return "utf-8" if is_utf8 else "cp1252"


def _rows(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    begun = 1
    try:
        for row in reader:
            if any(cells := [_plain(cell) for cell in row]):
                yield begun, cells
            begun = reader.line_num + 1
    except csv.Error as error:
        raise FailureError(Failure.of("CSV_BROKEN", line=begun)) from error


def _plain(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _ESCAPED.match(cell) else cell


def escape(cell: str) -> str:
    """Make a cell harmless for spreadsheets, which run what begins like a formula; reading it again gives the same."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def write_csv(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Write rows as CSV in UTF-8 with a mark and semicolons, as spreadsheets in German expect it; a stream of pieces."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    buffer.write("\ufeff")
    for row in rows:
        writer.writerow([escape(cell) for cell in row])
        if buffer.tell() > _CHUNK >> 3:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
