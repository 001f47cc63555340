"""The table of edge cases says what the tests say, and every row has a rule whose removal is noticed."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.test_project.rule_list import RULES, Rule

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "edge-cases.md"
TESTS = re.compile(r"`(test_\w+)`")
OPEN = "## Not in this version"


@cache
def known_tests() -> frozenset[str]:
    """The names of all tests."""
    found = (re.findall(r"^ *(?:async )?def (test_\w+)\(", file.read_text(), re.MULTILINE) for file in files())
    return frozenset(name for names in found for name in names)


def files() -> list[Path]:
    return sorted((ROOT / "tests").rglob("test_*.py"))


def rows() -> list[tuple[str, list[str]]]:
    """Each case with its tests."""
    built = PAGE.read_text().partition(OPEN)[0]
    cells = [line.strip("|").split(" | ") for line in built.splitlines() if line.startswith("| ")]
    return [(row[0].strip(), TESTS.findall(row[-1])) for row in cells if row[0].strip() != "Case"]


def test_the_table_is_read_whole() -> None:
    assert len(rows()) > 70
    assert len({case for case, _ in rows()}) == len(rows())
    assert f"{len(RULES)} rules removed" in PAGE.read_text()


@pytest.mark.parametrize(("case", "tests"), rows(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_row_has_tests_that_exist_and_a_rule_that_can_be_removed(case: str, tests: list[str]) -> None:
    assert tests
    assert [test for test in tests if test not in known_tests()] == []
    assert set(tests) & {rule.test.rpartition("::")[2] for rule in RULES}, "no rule is removed for it"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.test.rpartition("::")[2])
def test_every_rule_of_the_list_is_still_there_with_its_test(rule: Rule) -> None:
    assert (ROOT / rule.file).read_text().count(rule.text) == 1, rule.text
    file, _, name = rule.test.partition("::")
    assert re.search(rf"def {name}\(", (ROOT / file).read_text())
