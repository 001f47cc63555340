"""Provider files: what is described is what is written and read; what is wrong is refused with its place, in flat memory."""

import re
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from adapters.folders import read_limited
from adapters.provider_files import LARGEST, read_tracking, write_orders
from canonical.failure import FailureError
from canonical.order import Address
from canonical.partner import HandedLine, HandedOrder, OrderFile, TrackedLine, TrackedParcel

ROOT = Path(__file__).parents[2]
SCHEMA = etree.XMLSchema(etree.parse(ROOT / "adapters" / "schemas" / "provider.xsd"))
EXAMPLES = re.findall(r"```(xml|csv)\n(.*?)```", (ROOT / "docs" / "provider-files.md").read_text(), re.DOTALL)
PACKSTATION = Address(
    first_name="Anna", last_name="Weiß", street="Packstation 145", post_number="123456789", postcode="20095",
    city="Hamburg", country="DE", email="anna@example.org", phone="040 1",
)  # fmt: skip
FILE = OrderFile(
    partner="LOGI",
    number=17,
    orders=(
        HandedOrder(
            number="A100123",
            ordered_at=datetime(2026, 11, 22, 8, 15, tzinfo=UTC),
            shipping_method="dhl",
            delivery=PACKSTATION,
            lines=(
                HandedLine(
                    line_id=4711, article="TSHIRT-M", ean="4006381333931", name="T-shirt, medium", quantity=Decimal("2.0000")
                ),
            ),
        ),
    ),
    cancellations=("A100119",),
)  # fmt: skip


def example(kind: str, index: int) -> bytes:
    return [text for found, text in EXAMPLES if found == kind][index].encode()


def lines_of(data: bytes) -> list[str]:
    return [line.strip() for line in data.decode().replace("'", '"').splitlines()]


def tracking(inner: str) -> bytes:
    return f'<tracking version="1">{inner}</tracking>'.encode()


def shipment(inner: str) -> bytes:
    return tracking(
        f"<shipment><order>A1</order><parcel><trackingNumber>T1</trackingNumber></parcel>{inner}</shipment>"
    )


def code_of(format: str, data: bytes) -> str:
    with pytest.raises(FailureError) as raised:
        read_tracking(format, data)
    return raised.value.failure.code


def test_the_written_files_are_the_examples_of_the_description() -> None:
    assert lines_of(write_orders("xml", FILE)) == lines_of(example("xml", 0))
    assert lines_of(write_orders("csv", FILE)) == lines_of(example("csv", 0))
    rows = [line.split(";") for line in lines_of(example("csv", 0))]
    assert {len(row) for row in rows} == {18}


def test_the_examples_keep_to_the_schema() -> None:
    for index in (0, 1):
        SCHEMA.assertValid(etree.fromstring(example("xml", index)))
    SCHEMA.assertValid(etree.fromstring(write_orders("xml", FILE)))


def test_neither_prices_nor_mail_addresses_nor_phone_numbers_leave_the_house() -> None:
    for kind in ("xml", "csv"):
        written = write_orders(kind, FILE)
        assert b"123456789" in written
        assert b"example.org" not in written and b"040 1" not in written


def test_a_name_with_a_line_break_or_a_control_character_stays_one_line() -> None:
    address = Address(last_name='Weiß; "GmbH"\nund\x00Co\x0b', city="Köln", country="DE")
    order = FILE.orders[0].model_copy(update={"delivery": address})
    file = FILE.model_copy(update={"orders": (order,)})
    written = etree.fromstring(write_orders("xml", file))
    SCHEMA.assertValid(written)
    assert written.findtext("order/delivery/name") == 'Weiß; "GmbH" und Co'
    assert '"Weiß; ""GmbH"" und Co"' in write_orders("csv", file).decode().splitlines()[1]


def test_the_examples_of_tracking_are_read() -> None:
    for kind in ("xml", "csv"):
        found = read_tracking(kind, example(kind, 1))
        assert found.refused == ()
        shipped, refused = found.records
        assert (shipped.order, shipped.shipped_at) == ("A100123", datetime(2026, 11, 22, 15, 40, tzinfo=UTC))
        assert [parcel.number for parcel in shipped.parcels] == ["00340434161094042557", "00340434161094042564"]
        assert {parcel.carrier for parcel in shipped.parcels} == {"DHL"}
        assert shipped.lines == (TrackedLine(line_id=4711, quantity=Decimal(1)),)
        assert (refused.order, refused.refusal) == ("A100124", "damaged in the warehouse")


def test_windows_1252_is_read_as_it_was_written() -> None:
    text = "order;tracking_number;reason\nA1;;beschädigt für „immer“\n"
    for encoding in ("cp1252", "utf-8", "utf-8-sig"):
        (record,) = read_tracking("csv", text.encode(encoding)).records
        assert record.refusal == "beschädigt für „immer“"
    declared = '<?xml version="1.0" encoding="windows-1252"?><tracking version="1"><refusal><order>A1</order><reason>für</reason></refusal></tracking>'
    assert read_tracking("xml", declared.encode("cp1252")).records[0].refusal == "für"


def test_a_good_record_is_taken_beside_refused_ones_and_each_names_its_line() -> None:
    data = b"""<tracking version="1">
<shipment><order>A1</order><parcel><trackingNumber>T1</trackingNumber></parcel></shipment>
<shipment><order>A2</order></shipment>
<shipment><parcel><trackingNumber>T3</trackingNumber></parcel></shipment>
<parcelShipment/>
</tracking>"""
    found = read_tracking("xml", data)
    assert [record.order for record in found.records] == ["A1"]
    assert [(bad.line, bad.order, bad.failure.code) for bad in found.refused] == [
        (3, "A2", "FIELD_MISSING"), (4, "", "FIELD_MISSING"), (5, "", "FIELD_UNKNOWN"),
    ]  # fmt: skip
    rows = b"order;tracking_number;quantity;line_id\nA1;T1;;\nA2;;;\nA3;T3;0;1\nA4;T4;1;1;1\n"
    found = read_tracking("csv", rows)
    assert [record.order for record in found.records] == ["A1"]
    assert [(bad.line, bad.order, bad.failure.code) for bad in found.refused] == [
        (3, "A2", "FIELD_MISSING"), (4, "A3", "PROVIDER_FIELD_INVALID"), (5, "A4", "FIELD_UNKNOWN"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("<line><id>1</id><quantity>0</quantity></line>", "PROVIDER_FIELD_INVALID"),
        ("<line><id>1</id><quantity>-1</quantity></line>", "PROVIDER_FIELD_INVALID"),
        ("<line><id>1</id><quantity>1e9</quantity></line>", "PROVIDER_FIELD_INVALID"),
        ("<line><id>x</id><quantity>1</quantity></line>", "PROVIDER_FIELD_INVALID"),
        ("<line><id>99999999999999999999</id><quantity>1</quantity></line>", "PROVIDER_FIELD_INVALID"),
        ("<line><quantity>1</quantity></line>", "FIELD_MISSING"),
        ("<line><id>1</id></line>", "FIELD_MISSING"),
        ("<shippedAt>yesterday</shippedAt>", "PROVIDER_FIELD_INVALID"),
        ("<shippedAt>2026-11-22T10:00:00</shippedAt>", "PROVIDER_FIELD_INVALID"),
        ("<shippedAt>2999-01-01</shippedAt>", "PROVIDER_FIELD_INVALID"),
        ("<parcel><trackingNumber> </trackingNumber></parcel>", "FIELD_MISSING"),
        ("<parcel><trackingNumber>" + "1" * 81 + "</trackingNumber></parcel>", "PROVIDER_FIELD_INVALID"),
        (
            "<parcel><trackingNumber>1</trackingNumber><trackingUrl>javascript:alert(1)</trackingUrl></parcel>",
            "PROVIDER_FIELD_INVALID",
        ),
        ("<parcel><trackingNumber>1<b/></trackingNumber></parcel>", "FIELD_UNKNOWN"),
        ("<order>A2</order>", "FIELD_UNKNOWN"),
        ("<weight>1</weight>", "FIELD_UNKNOWN"),
    ],
)  # fmt: skip
def test_a_record_with_an_impossible_value_is_refused(inner: str, code: str) -> None:
    found = read_tracking("xml", shipment(inner))
    assert found.records == ()
    assert [bad.failure.code for bad in found.refused] == [code]


def test_a_parcel_named_twice_is_one_and_quantities_of_a_line_add_up() -> None:
    rows = b"order;tracking_number;article;quantity\nA1;T1;X;1\nA1;T1;X;1,5\nA1;T2;;\n"
    (record,) = read_tracking("csv", rows).records
    assert record.parcels == (TrackedParcel(number="T1"), TrackedParcel(number="T2"))
    assert record.lines == (TrackedLine(article="X", quantity=Decimal("2.5")),)


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("xml", b"", "FILE_UNREADABLE"),
        ("xml", b"<tracking version='1'><shipment><order>A1</order>", "FILE_UNREADABLE"),
        ("xml", b"order;tracking_number\nA1;T1\n", "FILE_UNREADABLE"),
        ("xml", b"<?xml version='1.0' encoding='utf-7'?><tracking version='1'/>", "FILE_UNREADABLE"),
        ("xml", b"<tracking version='1'>\xff</tracking>", "FILE_UNREADABLE"),
        ("xml", b"<orders version='1'/>", "FILE_OTHER_KIND"),
        ("xml", b"<tracking version='2'/>", "FILE_OTHER_KIND"),
        ("csv", b"", "COLUMNS_WRONG"),
        ("csv", b"order,tracking_number\nA1,T1\n", "COLUMNS_WRONG"),
        ("csv", b"order;tracking_number;quantitiy\n", "COLUMNS_WRONG"),
        ("csv", b"order;tracking_number;order\n", "COLUMNS_WRONG"),
        ("csv", b'order;tracking_number\n"A1;T1\n', "FILE_UNREADABLE"),
        ("csv", b"order;tracking_number\n\x81;T1\n", "FILE_UNREADABLE"),
        ("csv", b"order;tracking_number\n" + b"A1;" + b"1" * 200_000, "FILE_UNREADABLE"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_should_be_is_refused_whole(kind: str, data: bytes, code: str) -> None:
    assert code_of(kind, data) == code


BOMB = "".join(["<!DOCTYPE t [<!ENTITY a0 'ha'>", *(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(20)), "]>"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252"])
@pytest.mark.parametrize(
    "declaration",
    [
        BOMB,
        "<!DOCTYPE t [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>",
        "<!DOCTYPE t SYSTEM 'http://127.0.0.1:9/x.dtd'>",
        "<!DOCTYPE t [<!ENTITY % p SYSTEM 'file:///etc/hostname'>%p;]>",
        "<!DOCTYPE t>",
    ],
    ids=["laughs", "file", "network", "parameter", "empty"],
)
def test_a_document_type_is_refused_before_it_is_read(declaration: str, encoding: str) -> None:
    inner = "<shipment><order>&a20;</order><parcel><trackingNumber>T</trackingNumber></parcel></shipment>"
    text = f'<?xml version="1.0" encoding="{encoding}"?><!-- x -->{declaration}<tracking version="1">{inner}</tracking>'
    assert code_of("xml", text.encode(encoding)) == "FILE_FORBIDDEN"


def test_a_file_of_a_gigabyte_is_refused_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.xml").open("wb") as file:
        file.write(b'<tracking version="1">')
        file.truncate(1 << 30)
    tracemalloc.start()
    try:
        with pytest.raises(FailureError, match="FILE_TOO_LARGE"):
            read_limited(tmp_path / "huge.xml", LARGEST)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_too_many_records_or_parts_or_rows_are_refused_where_the_limit_is_reached() -> None:
    one = "<refusal><order>A1</order><reason>no</reason></refusal>"
    assert len(read_tracking("xml", tracking(one * 10_000)).records) == 10_000
    assert code_of("xml", tracking(one * 10_001)) == "FILE_TOO_MANY"
    assert code_of("xml", shipment("<line><id>1</id><quantity>1</quantity></line>" * 1_000)) == "FILE_TOO_MANY"
    head = "order;tracking_number;reason\n"
    assert code_of("csv", (head + "".join(f"A{n};;no\n" for n in range(10_001))).encode()) == "FILE_TOO_MANY"
    assert code_of("csv", (head + "\n" * 1_000_000).encode()) == "FILE_TOO_MANY"


READS_A_LARGE_FILE = """
import resource
from adapters.provider_files import read_tracking
data = bytearray(b'<tracking version="1">')
for n in range(9_000):
    data += b"<refusal><order>A%d</order><reason>%bno</reason></refusal>%b" % (n, b" " * 4_500, b"<!---->" * 100)
data += b"</tracking>"
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert len(read_tracking("xml", data).records) == 9_000
print(len(data) // 1_000, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_reading_a_large_file_takes_memory_for_its_records_only() -> None:
    """In a process of its own, because the parser's memory is not Python's: a million comments and the records before are not held."""
    ran = subprocess.run(
        [sys.executable, "-c", READS_A_LARGE_FILE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    kilobytes, grown = (int(each) for each in ran.stdout.split())
    assert kilobytes > 40_000
    assert grown < 25_000


def test_control_characters_never_reach_the_database() -> None:
    found = read_tracking("csv", b"order;tracking_number\nA1\x00;T1\n")
    assert [(bad.order, bad.failure.code) for bad in found.refused] == [("A1�", "PROVIDER_FIELD_INVALID")]
    assert found.refused[0].failure.params["value"] == "A1�"
