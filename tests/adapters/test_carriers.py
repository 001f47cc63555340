"""Labels by file exchange: what is written, what is read, and what is set aside."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.carriers import ReadAnswer, read_answers, set_aside, write_request
from canonical.failure import FailureError
from canonical.label import LabelRequest, Recipient

REQUEST = LabelRequest(
    key="P1", shipment="LS/1", order="AU1", method="dhl", recipient=Recipient(name="Anna Weiß", country="DE")
)
GOOD = {"key": "P1", "tracking_number": "JD1"}


def put(root: Path, name: str, content: Any) -> None:
    folder = root / "dhl" / "in"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def later(minutes: int = 1) -> datetime:
    """When what lies there now has settled; asked at the moment, because a run of all tests takes longer than a minute."""
    return datetime.now(UTC) + timedelta(minutes=minutes)


def read(root: Path, **values: Any) -> list[ReadAnswer]:
    return list(read_answers(root, "dhl", 10, **({"now": later()} | values)))


def test_a_request_is_one_file_that_can_be_read_by_anybody(tmp_path: Path) -> None:
    write_request(tmp_path, "dhl", REQUEST)
    write_request(tmp_path, "dhl", REQUEST)
    (file,) = (tmp_path / "dhl" / "out").iterdir()
    assert file.name == "LS_1-P1.json"
    assert json.loads(file.read_text())["recipient"]["name"] == "Anna Weiß"


@pytest.mark.parametrize("folder", ["../elsewhere", "/etc", "a/../../b"])
def test_a_folder_outside_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(FailureError, match="FOLDER_INVALID"):
        write_request(tmp_path, folder, REQUEST)


@pytest.mark.parametrize(
    ("label", "media_type"), [(b"%PDF-1.7 ...", "application/pdf"), (b"\n^XA^FO^XZ", "application/zpl")]
)
def test_an_answer_comes_with_its_label(tmp_path: Path, label: bytes, media_type: str) -> None:
    put(tmp_path, "p1.bin", label)
    put(tmp_path, "p1.json", GOOD | {"label": "p1.bin"})
    (found,) = read(tmp_path)
    assert found.answer is not None
    assert (found.answer.tracking_number, found.answer.label, found.answer.media_type) == ("JD1", label, media_type)
    set_aside(tmp_path, "dhl", found, None)
    assert {file.name for file in (tmp_path / "dhl" / "done").iterdir()} == {"p1.bin", "p1.json"}
    assert read(tmp_path) == []


def test_an_answer_may_come_without_a_label_or_with_a_reason(tmp_path: Path) -> None:
    put(tmp_path, "1.json", GOOD)
    put(tmp_path, "2.json", {"key": "P2", "error": "No such street"})
    found = [each.answer for each in read(tmp_path)]
    assert [(answer.key, answer.tracking_number, answer.error) for answer in found if answer] == [
        ("P1", "JD1", ""),
        ("P2", "", "No such street"),
    ]


def test_a_label_that_is_on_its_way_is_waited_for_and_not_for_ever(tmp_path: Path) -> None:
    put(tmp_path, "p1.json", GOOD | {"label": "p1.pdf"})
    assert read(tmp_path) == []
    (found,) = read(tmp_path, now=later(11))
    assert found.failure is not None
    assert found.failure.code == "LABEL_ANSWER_INVALID"


def test_a_file_that_is_still_being_written_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path, "p1.json", GOOD)
    assert read(tmp_path, now=datetime.now(UTC)) == []
    put(tmp_path, ".p2.json", GOOD)
    put(tmp_path, "p3.json.part", GOOD)
    assert len(read(tmp_path)) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"not json", b"[]", b'{"key": "P1"}', b'{"tracking_number": "JD1"}', {"key": "P1", "tracking_number": "J" * 81},
        GOOD | {"label": "../../secret.pdf"}, GOOD | {"label": ".hidden.pdf"}, b"\xff\xfe", b" " * 70_000,
    ],
)  # fmt: skip
def test_a_bad_answer_is_set_aside_with_a_report(tmp_path: Path, content: Any) -> None:
    put(tmp_path, "bad.json", content)
    (found,) = read(tmp_path)
    assert found.answer is None
    assert found.failure is not None
    set_aside(tmp_path, "dhl", found, found.failure)
    assert {file.name for file in (tmp_path / "dhl" / "bad").iterdir()} == {"bad.json", "bad.json.txt"}
    report = (tmp_path / "dhl" / "bad" / "bad.json.txt").read_text()
    assert found.failure.text("de") in report
    assert found.failure.text("en") in report


@pytest.mark.parametrize("label", [b"MZ\x90 no label", b"", b"%PDF" + b"x" * 5_000_000])
def test_what_is_no_label_is_not_taken_as_one(tmp_path: Path, label: bytes) -> None:
    put(tmp_path, "p1.pdf", label)
    put(tmp_path, "p1.json", GOOD | {"label": "p1.pdf"})
    (found,) = read(tmp_path)
    assert found.answer is None


def test_a_link_instead_of_a_label_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"%PDF secret")
    put(tmp_path, "p1.json", GOOD | {"label": "p1.pdf"})
    (tmp_path / "dhl" / "in" / "p1.pdf").symlink_to(secret)
    (found,) = read(tmp_path)
    assert found.answer is None
