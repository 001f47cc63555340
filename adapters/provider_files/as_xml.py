"""Provider files as XML; what comes in is read without DTD, entities or anything from elsewhere, piece by piece."""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.parsers import expat

from lxml import etree

from adapters.provider_files.records import Collected, RawRecord
from adapters.provider_files.texts import DELIVERY, moment, plain, quantity
from canonical.failure import Failure, FailureError
from canonical.partner import HandedOrder, OrderFile, ReadTracking

VERSION = "1"
PIECE = 65_536
MOST_PARTS = 2_000
"""Elements inside one record: it is the only part of the file that is a tree in memory."""
_NAMES = {"post_number": "postNumber"}
_VALUES = {
    "shipment": {"order": "order", "deliveryNote": "delivery_note", "carrier": "carrier", "shippedAt": "shipped_at"},
    "refusal": {"order": "order", "reason": "reason"},
}
_PARTS = {
    "parcel": {"trackingNumber": "tracking_number", "trackingUrl": "tracking_url"},
    "line": {"id": "line_id", "article": "article", "quantity": "quantity"},
}
_Element = Any
"""lxml ships no types."""


def write_xml(file: OrderFile) -> bytes:
    """Write orders and cancellations; UTF-8."""
    root = etree.Element("orders", version=VERSION, partner=plain(file.partner), number=str(file.number))
    for order in file.orders:
        _order(root, order)
    for number in file.cancellations:
        _add(etree.SubElement(root, "cancellation"), "order", number)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _add(parent: _Element, name: str, value: str) -> None:
    """An element with a text; an empty one is left out."""
    if text := plain(value):
        etree.SubElement(parent, name).text = text


def _order(root: _Element, order: HandedOrder) -> None:
    element = etree.SubElement(root, "order")
    _add(element, "number", order.number)
    _add(element, "orderedAt", moment(order.ordered_at))
    _add(element, "shippingMethod", order.shipping_method)
    delivery = etree.SubElement(element, "delivery")
    for part in DELIVERY:
        _add(delivery, _NAMES.get(part, part), getattr(order.delivery, part))
    for line in order.lines:
        row = etree.SubElement(element, "line")
        _add(row, "id", str(line.line_id))
        _add(row, "article", line.article)
        _add(row, "ean", line.ean)
        _add(row, "name", line.name)
        _add(row, "quantity", quantity(line.quantity))


def read_xml(data: bytes) -> ReadTracking:
    """Read a tracking file; raises `FailureError` FILE_UNREADABLE, FILE_FORBIDDEN, FILE_OTHER_KIND, FILE_TOO_MANY."""
    _refuse_declarations(data)
    collected = Collected()
    for element in _children(data):
        collected.take(_record(element))
    return collected.result()


class _RootReached(Exception):
    """The root element begins: no document type can follow."""


def _refuse_declarations(data: bytes) -> None:
    """Refuse a document type before anything in it is read: entities grow (billion laughs) or open files and addresses."""

    def on_doctype(*_: object) -> None:
        raise FailureError(Failure.of("FILE_FORBIDDEN"))

    def on_root(*_: object) -> None:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = on_doctype
    parser.StartElementHandler = on_root
    try:
        for piece in _pieces(data):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except _RootReached:
        return
    except (expat.ExpatError, LookupError, ValueError):
        raise _unreadable(parser.CurrentLineNumber) from None


def _pieces(data: bytes) -> Iterator[bytes]:
    view = memoryview(data)
    for start in range(0, len(view), PIECE):
        yield bytes(view[start : start + PIECE])


def _unreadable(line: int) -> FailureError:
    return FailureError(Failure.of("FILE_UNREADABLE", format="XML", line=line))


def _children(data: bytes) -> Iterator[_Element]:
    """The root's children, each thrown away when it has been read, so that memory does not grow with the file."""
    parser = etree.XMLPullParser(
        events=("start", "end"),
        remove_comments=True,
        remove_pis=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
    )
    depth = parts = 0
    try:
        for piece in _pieces(data):
            parser.feed(piece)
            for event, element in parser.read_events():
                if event == "start":
                    depth, parts = depth + 1, parts + 1
                    if depth == 1:
                        _check_root(element)
                    if parts > MOST_PARTS:
                        raise FailureError(Failure.of("FILE_TOO_MANY", most=MOST_PARTS))
                    continue
                depth -= 1
                if depth == 1:
                    yield element
                    parts = 0
                    element.clear()
        parser.close()
    except etree.XMLSyntaxError as error:
        raise _unreadable(error.lineno or 1) from None


def _check_root(root: _Element) -> None:
    found = f"{root.tag} {root.get('version', '')}".strip()
    expected = f"tracking {VERSION}"
    if found != expected:
        raise FailureError(Failure.of("FILE_OTHER_KIND", found=plain(found)[:80], expected=expected))


def _record(element: _Element) -> RawRecord:
    names: Mapping[str, str] | None = _VALUES.get(str(element.tag))
    raw = RawRecord(element.sourceline or 0)
    if names is None:
        raw.unknown = _name(element)
        return raw
    for child in element:
        if child.tag in names and names[child.tag] not in raw.values:
            raw.values[names[child.tag]] = _text(child, raw)
        elif element.tag == "shipment" and child.tag == "parcel":
            raw.parcels.append(_part(child, raw))
        elif element.tag == "shipment" and child.tag == "line":
            raw.lines.append(_part(child, raw))
        else:
            raw.unknown = raw.unknown or _name(child)
    return raw


def _part(element: _Element, raw: RawRecord) -> dict[str, str]:
    names = _PARTS[element.tag]
    found: dict[str, str] = {}
    for child in element:
        if child.tag in names and names[child.tag] not in found:
            found[names[child.tag]] = _text(child, raw)
        else:
            raw.unknown = raw.unknown or _name(child)
    return found


def _text(element: _Element, raw: RawRecord) -> str:
    """The text of an element that has only text."""
    for child in element:
        raw.unknown = raw.unknown or _name(child)
    return "".join(element.xpath("text()"))


def _name(element: _Element) -> str:
    return str(element.tag)
