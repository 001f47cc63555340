"""Removes the rules one by one, in a copy of the tree, and shows that the test named for each one then fails.

    python -m tests.test_project.rule_removal              all rules, a minute per twenty
    python -m tests.test_project.rule_removal oss tax_     rules whose file or test has one of these words in it

The checkout is never touched. `tests/test_project/test_edge_cases.py` keeps the list from rotting.
"""

import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.test_project.rule_list import RULES, Rule

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info", "img")
LOG = "rule_removal.log"
LIBRARIES = (
    "alembic",
    "fastapi",
    "hypothesis",
    "jinja2",
    "orjson",
    "playwright.sync_api",
    "psycopg",
    "pydantic_settings",
    "sqlmodel",
    "stdnum.eu.vat",
    "temporalio.client",
)
"""Loaded once before the forks: most of the time of a test run is importing them."""
FAILED = 1
"""Pytest's exit code for tests that ran and failed; an import that breaks is another one and proves nothing."""


def copied(folder: Path) -> Path:
    """Copy the tree, and what lies beside it that tests read."""
    shared = ROOT.parent / "shared"
    if shared.is_dir():
        (folder / "shared").symlink_to(shared)
    return Path(shutil.copytree(ROOT, folder / "tree", ignore=LEFT_OUT))


def run(tree: Path, tests: Sequence[str]) -> int:
    """Run tests of a tree in a fork that has the libraries but nothing of ours, and give pytest's exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 99
    try:
        os.chdir(tree)
        sys.dont_write_bytecode = True
        sys.path[:] = [str(tree), *(path for path in sys.path if path and Path(path) != ROOT)]
        for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
            del sys.modules[name]
        log = os.open(tree / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        code = pytest.main(["-n", "0", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests])
        sys.stdout.flush()
    finally:
        os._exit(int(code))


def tried(tree: Path, rule: Rule) -> str:
    """Remove one rule, run its test, put the rule back; say what came of it."""
    file = tree / rule.file
    whole = file.read_text()
    if whole.count(rule.text) != 1:
        return "the text is not there"
    file.write_text(whole.replace(rule.text, rule.instead))
    try:
        code = run(tree, [rule.test])
    finally:
        file.write_text(whole)
    return "fails" if code == FAILED else "STILL PASSES" if code == 0 else f"breaks ({code})"


def outcomes(tree: Path, rules: Sequence[Rule]) -> Iterator[tuple[Rule, str]]:
    """Try rule after rule, each as soon as it is asked for."""
    for rule in rules:
        yield rule, tried(tree, rule)


def main(words: Sequence[str]) -> int:
    """Print a table; 0 when every test passes with all rules, and fails without its own."""
    rules = [rule for rule in RULES if not words or any(word in f"{rule.file} {rule.test}" for word in words)]
    begun = time.monotonic()
    for library in LIBRARIES:
        importlib.import_module(library)
    with tempfile.TemporaryDirectory() as folder:
        tree = copied(Path(folder))
        if run(tree, sorted({rule.test for rule in rules})):
            print((tree / LOG).read_text()[-3000:])
            print("With all rules in place tests fail already.")
            return 1
        print(f"{len({rule.test for rule in rules})} tests pass with all rules in place. Without the rule:")
        wrong = 0
        for rule, outcome in outcomes(tree, rules):
            wrong += outcome != "fails"
            print(f"{outcome:<14} {rule.file:<32} {rule.test.rpartition('::')[2]}", flush=True)
    print(f"{len(rules)} rules removed, {len(rules) - wrong} noticed, in {time.monotonic() - begun:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
