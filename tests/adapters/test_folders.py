"""Folders for exchanging files: no way out, no half file, nothing overwritten, nothing too large."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.folders import complete_files, inside, move_into, read_limited, write_whole
from canonical.failure import FailureError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The exchange folder, with a neighbour that nobody may reach."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_bytes(b"secret")
    folder = tmp_path / "exchange"
    folder.mkdir()
    return folder


def _code(raised: pytest.ExceptionInfo[FailureError]) -> str:
    return raised.value.failure.code


@pytest.mark.parametrize("name", ["../secret", "/etc", "a/../../secret", "a\\..\\b", "a\0b", ".."])
def test_a_name_that_leads_out_of_the_root_is_refused(root: Path, name: str) -> None:
    with pytest.raises(FailureError) as raised:
        inside(root, name)
    assert _code(raised) == "FOLDER_INVALID"


def test_a_symbolic_link_out_of_the_root_is_refused_wherever_it_is_in_the_name(root: Path) -> None:
    (root / "link").symlink_to(root.parent / "secret")
    for name in ("link", "link/key", "link/new"):
        with pytest.raises(FailureError) as raised:
            inside(root, name)
        assert _code(raised) == "FOLDER_INVALID", name


def test_names_below_the_root_are_found_whether_they_exist_or_not(root: Path) -> None:
    (root / "here").mkdir()
    (root / "alias").symlink_to(root / "here")
    assert inside(root, "partner/out") == root / "partner" / "out"
    assert inside(root, "alias/new.xml") == root / "here" / "new.xml"
    assert inside(root, "") == root


def test_a_written_file_is_whole_and_leaves_nothing_beside_it(root: Path) -> None:
    path = root / "deep" / "er" / "file.xml"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [each.name for each in path.parent.iterdir()] == ["file.xml"]


def test_a_write_that_fails_says_why_and_leaves_the_old_file(root: Path) -> None:
    path = root / "file.xml"
    write_whole(path, b"old")
    (root / "taken").mkdir()
    with pytest.raises(FailureError) as raised:
        write_whole(root / "taken", b"new")  # a folder is in the way
    assert _code(raised) == "FOLDER_BROKEN" and raised.value.failure.params["reason"] == "EISDIR"
    with pytest.raises(FailureError) as raised:
        write_whole(path / "below.xml", b"new")  # a file where a folder should be
    assert _code(raised) == "FOLDER_BROKEN"
    assert path.read_bytes() == b"old"
    assert sorted(each.name for each in root.iterdir()) == ["file.xml", "taken"]


def test_a_full_disk_is_named_and_leaves_no_half_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A size limit of the process is the full disk that needs no rights: the system refuses the write itself.
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(FailureError) as raised:
            write_whole(root / "large.xml", b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert _code(raised) == "FOLDER_FULL"
    assert list(root.iterdir()) == []


def test_only_complete_files_are_listed_oldest_first(root: Path) -> None:
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def put(name: str, seconds_ago: int) -> None:
        (root / name).write_bytes(b"x")
        moment = (now - timedelta(seconds=seconds_ago)).timestamp()
        os.utime(root / name, (moment, moment))

    put("second.xml", 50)
    put("first.csv", 90)
    put("growing.xml", 3)
    for unfinished in ("upload.xml.tmp", "upload.PART", ".hidden.xml", "up.filepart"):
        put(unfinished, 900)
    (root / "folder").mkdir()
    (root / "link.xml").symlink_to(root.parent / "secret" / "key")
    assert [file.name for file in complete_files(root, 10, now=now)] == ["first.csv", "second.xml"]
    assert [file.name for file in complete_files(root, 1, now=now)] == ["first.csv"]
    later = now + timedelta(minutes=1)
    assert [file.name for file in complete_files(root, 10, now=later)] == ["first.csv", "second.xml", "growing.xml"]
    assert complete_files(root / "missing", 10) == []


def test_a_file_over_the_limit_is_refused_before_it_is_read(root: Path) -> None:
    with (root / "huge.xml").open("wb") as file:
        file.truncate(1 << 30)  # one gigabyte without a block on the disk
    with pytest.raises(FailureError) as raised:
        read_limited(root / "huge.xml", 50_000_000)
    assert _code(raised) == "FILE_TOO_LARGE" and raised.value.failure.params == {"file": "huge.xml", "megabytes": "50"}
    (root / "just.xml").write_bytes(b"x" * 10)
    assert read_limited(root / "just.xml", 10) == b"x" * 10


def test_what_is_no_plain_file_is_not_read(root: Path) -> None:
    (root / "link.xml").symlink_to(root.parent / "secret" / "key")
    (root / "folder").mkdir()
    for name in ("link.xml", "folder", "missing"):
        with pytest.raises(FailureError) as raised:
            read_limited(root / name, 100)
        assert _code(raised) in {"FOLDER_BROKEN", "FOLDER_INVALID"}, name


def test_moving_never_overwrites_what_is_there(root: Path) -> None:
    for content in (b"1", b"2", b"3"):
        (root / "t.xml").write_bytes(content)
        move_into(root / "t.xml", root / "done")
    assert {each.name: each.read_bytes() for each in (root / "done").iterdir()} == {
        "t.xml": b"1", "t-2.xml": b"2", "t-3.xml": b"3",
    }  # fmt: skip
    with pytest.raises(FailureError):
        move_into(root / "t.xml", root / "done")  # gone: no empty placeholder stays
    assert len(list((root / "done").iterdir())) == 3
