"""The page about adding a connector, followed to the letter: its blocks become a distribution of their own, which then works."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

import orjson
import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding-a-connector.md"
FOLDER = "connect-tinyshop/"
BLOCK = re.compile(rf"^### `{FOLDER}([\w./-]+)`$(?:(?!^###).)*?^```\w+$\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONFORMANCE = "tests/connectors/test_conformance.py"
PROMISED = (
    "test_a_connector_satisfies_exactly_the_protocols_of_its_features[tinyshop]",
    "test_the_declaration_is_whole[tinyshop]",
    "test_every_setting_has_its_words_in_both_languages_and_its_list_of_choices[tinyshop]",
    "test_a_reader_has_no_network[tinyshop]",
    "test_paging_ends_and_brings_every_order_with_its_total_to_the_cent[tinyshop]",
    "test_another_process_goes_on_from_the_stored_cursor[tinyshop]",
    "test_orders_that_change_while_paging_are_not_skipped[tinyshop]",
    "test_a_limit_says_when_to_come_back[tinyshop-orders]",
    "test_a_limit_says_when_to_come_back[tinyshop-stock]",
    "test_an_outage_is_tried_again_and_is_no_wrong_password[500-tinyshop-orders]",
    "test_an_outage_is_tried_again_and_is_no_wrong_password[lose_reply-tinyshop-stock]",
    "test_a_revoked_key_in_mid_run_needs_a_person[tinyshop-orders]",
    "test_a_revoked_key_in_mid_run_needs_a_person[tinyshop-stock]",
    "test_secrets_and_buyers_are_in_no_log_and_no_failure[tinyshop]",
    "test_one_bad_record_is_rejected_alone[tinyshop-stock]",
    "test_a_lost_reply_at_any_request_doubles_nothing[tinyshop-stock]",
    "test_a_good_account_passes_and_nothing_is_changed[tinyshop]",
    "test_a_recorded_order_is_read_to_the_cent",
    "test_an_order_without_an_id_is_kept_and_fails_alone",
    "test_a_token_without_a_right_is_told_which_one",
)
"""What the page promises, in the names of the tests that show it."""


def blocks() -> dict[str, str]:
    """The page's files by their path inside the distribution."""
    return dict(BLOCK.findall(PAGE.read_text()))


def install(target: Path, files: Mapping[str, str]) -> None:
    """Put a distribution where pip's `--target` would: its files, and the entry points of its pyproject as metadata."""
    for name, text in files.items():
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    info = target / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = (
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text("\n".join(groups))


def run(target: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own that sees this checkout and what is installed in the target."""
    environment = {**os.environ, "PYTHONPATH": f"{target}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


def suite(target: Path, *files: str | Path, only: str = "tinyshop") -> tuple[dict[str, bool], str]:
    """Run the conformance suite in a process of its own: whether each test passed, and what pytest printed."""
    report = target / "report.xml"
    # The suite needs none of our fixtures, and reading their modules takes longer than all its tests.
    plain = ("-m", "pytest", "--noconftest", "-n", "0", "-q", "-p", "no:cacheprovider")
    options = (*plain, f"--junitxml={report}", "-k", only)
    done = run(target, *options, CONFORMANCE, *files)
    cases = Xml.parse(report).getroot().iter("testcase")
    return {case.get("name", ""): len(_marks(case)) == 0 for case in cases}, done.stdout[-6000:]


def _marks(case: Xml.Element) -> Sequence[Xml.Element]:
    """What a test that did not pass has: a failure, an error or a skip."""
    return [mark for mark in case if mark.tag in ("failure", "error", "skipped")]


@dataclass(frozen=True)
class Installed:
    """The page's distribution, installed, with what the suite said of it."""

    target: Path
    passed: Mapping[str, bool]
    output: str


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The page followed once for all tests."""
    target = tmp_path_factory.mktemp("target")
    install(target, blocks())
    passed, output = suite(target, target / "test_tinyshop.py")
    return Installed(target, passed, output)


def test_the_conformance_suite_and_the_pages_own_tests_pass(installed: Installed) -> None:
    assert installed.passed and all(installed.passed.values()), installed.output
    assert set(PROMISED) - set(installed.passed) == set(), sorted(installed.passed)


LOOK = """
import sys
import orjson
import connectors
from connectors.account import Account
from connectors.transport import TransportOptions
from docs.generate import pages
spec = connectors.spec_of("tinyshop")
made = connectors.build(
    "tinyshop",
    spec.credentials(url="https://shop.example", token="0123456789abcdef"),
    {feature: offer.settings() for feature, offer in spec.features.items()},
    Account(),
    TransportOptions(),
)
made.close()
told = {
    "keys": list(connectors.specs()),
    "features": list(spec.features),
    "capabilities": len(spec.capabilities),
    "made": type(made).__module__,
    "in_docs": [name for name, page in pages().items() if "Tinyshop" in page],
}
sys.stdout.buffer.write(orjson.dumps(told))
"""


def test_another_process_finds_it_by_its_entry_point_and_the_docs_name_it(installed: Installed) -> None:
    done = run(installed.target, "-c", LOOK)
    assert done.returncode == 0, done.stderr
    told = orjson.loads(done.stdout)
    assert told["keys"][-1] == "tinyshop" and "woocommerce" in told["keys"]
    assert told["features"] == ["orders", "stock"] and told["capabilities"] > 0
    assert told["made"] == "tinyshop.client"
    assert told["in_docs"] == ["settings.md", "feature-matrix.md"]


def test_finding_it_imports_no_client(installed: Installed) -> None:
    code = (
        "import sys, connectors; connectors.specs(); print(sorted(set(sys.modules) & {'tinyshop', 'tinyshop.client'}))"
    )
    assert run(installed.target, "-c", code).stdout.strip() == "['tinyshop']"


def test_without_the_distribution_nothing_knows_it(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", "import connectors; print('tinyshop' in connectors.specs())")
    assert done.stdout.strip() == "False", done.stderr


def test_a_key_of_ours_cannot_be_taken_over(tmp_path: Path) -> None:
    files = blocks()
    files["pyproject.toml"] = files["pyproject.toml"].replace('tinyshop = "tinyshop"', 'woocommerce = "tinyshop"')
    install(tmp_path, files)
    done = run(tmp_path, "-c", "import connectors; print(connectors.spec_of('woocommerce').title)")
    assert done.stdout.strip() == "WooCommerce", done.stderr


def test_the_suite_notices_what_a_connector_of_another_distribution_does_wrong(tmp_path: Path) -> None:
    files = blocks()
    right = 'cursor=f"after={page.next}" if page.orders else cursor'
    assert right in files["tinyshop/client.py"]
    files["tinyshop/client.py"] = files["tinyshop/client.py"].replace(right, "cursor=cursor")
    install(tmp_path, files)
    passed, output = suite(tmp_path, only="tinyshop and another_process")
    assert list(passed.values()) == [False], output


def test_the_pages_code_is_in_the_style_of_the_house(installed: Installed) -> None:
    program = Path(sys.executable).with_name("ruff")
    files = [installed.target / name for name in blocks() if name.endswith(".py")]
    common = ("--no-cache", "--config", ROOT / "pyproject.toml")
    for command in (("check",), ("format", "--check")):
        done = subprocess.run(
            [program, *command, *common, *files], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
