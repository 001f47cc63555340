"""`connect order preview`: the rules' answer for a vendor document, as one JSON line, without writing anything."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli import app

OUTCOMES = {"import", "skip", "reject"}


def arguments(file: Path, *more: str) -> list[str]:
    return ["order", "preview", "--connector", "woocommerce", str(file), "--json", *more]


def preview(file: Path, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does, in a process of its own."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "CONNECT_DATA": str(folder / "var"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-m", "cli", *arguments(file, *more)]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def preview_here(file: Path, folder: Path, *more: str) -> Result:
    """Run the same command in this process: what it answers is asked, not how it starts."""
    return CliRunner().invoke(app, arguments(file, *more), env={"CONNECT_DATA": str(folder / "var")})


def only_line(output: str) -> Any:
    (line,) = output.splitlines()
    return json.loads(line)


def answer_of(file: Path, folder: Path) -> Any:
    done = preview(file, folder)
    assert done.returncode == 0, done.stderr
    return only_line(done.stdout)


def answer_here(file: Path, folder: Path) -> Any:
    done = preview_here(file, folder)
    assert done.exit_code == 0, done.stderr
    return only_line(done.stdout)


@pytest.fixture
def documents(shared: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((shared / "fixtures/woocommerce_real/orders_all.json").read_bytes())
    return loaded


def written(document: Any, folder: Path) -> Path:
    file = folder / "order.json"
    file.write_text(json.dumps(document))
    return file


def test_every_recorded_order_has_an_outcome_and_its_total_to_the_cent(shared: Path, tmp_path: Path) -> None:
    file = shared / "fixtures/woocommerce_real/orders_all.json"
    answers, documents = answer_of(file, tmp_path), json.loads(file.read_bytes())
    assert len(answers) == len(documents) == 39
    for answer, document in zip(answers, documents, strict=True):
        assert answer["outcome"] in OUTCOMES
        assert answer["order"]["total"] == document["total"]
        assert (answer["draft"] is not None) == (answer["outcome"] == "import")
        if answer["draft"]:
            assert Decimal(answer["draft"]["total"]) == Decimal(document["total"])
        for finding in answer["findings"]:
            assert set(finding) == {"code", "params", "hint"}


def test_a_single_document_gives_a_single_answer_and_nothing_is_written(documents: Any, tmp_path: Path) -> None:
    answer = answer_of(written(documents[0], tmp_path), tmp_path)
    assert set(answer) == {"outcome", "findings", "order", "draft"}
    assert answer["outcome"] == "import"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["order.json"]


def test_one_cent_more_on_a_line_rejects_the_document(documents: Any, tmp_path: Path) -> None:
    line = documents[0]["line_items"][0]
    line["total"] = line["subtotal"] = str(Decimal(line["total"]) + Decimal("0.01"))
    answer = answer_here(written(documents[0], tmp_path), tmp_path)
    assert answer["outcome"] == "reject"
    assert "TOTAL_MISMATCH" in {finding["code"] for finding in answer["findings"]}
    assert answer["draft"] is None
    assert answer["order"] is not None


def test_what_is_no_order_is_rejected_with_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    for body in (b"", b"<html>maintenance</html>", b"{}", b'"text"', b"\xff\xfe"):
        file.write_bytes(body)
        answer = answer_here(file, tmp_path)
        assert answer["outcome"] == "reject"
        assert answer["findings"][0]["code"] == "DOCUMENT_INVALID"
        assert answer["order"] is None


def test_a_missing_file_and_an_unknown_connector_are_named(tmp_path: Path) -> None:
    missing = preview(tmp_path / "nothing.json", tmp_path)
    assert missing.returncode == 1
    assert "cannot be read" in json.loads(missing.stdout)["error"]
    unknown = preview_here(tmp_path / "nothing.json", tmp_path, "--connector", "ebay")
    assert unknown.exit_code == 1
    assert "woocommerce" in json.loads(unknown.stdout)["error"]
