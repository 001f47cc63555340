"""Names and files keep to the house's style, and nothing names the machine it was written on."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_BEHIND = {"var", "build", "dist"}
EMPTY_WORDS = re.compile(r"(Manager|Helper|Helpers|Util|Utils|Base)$")
LONGEST_FILE = 420
"""About 400 (house style); a limit that one more line breaks would only lead to shorter comments."""
# Put together here, so that this file does not find itself.
MACHINE = re.compile(r"(?<![\w.\-/])/(?:" + "|".join(("work", "ro" + "ot")) + r")(?:/|\b)")
REGISTRY = re.compile("|".join(("py" + "pi", "python" + "hosted", "npm" + "js", "arti" + "factory")), re.IGNORECASE)


def files() -> Iterator[Path]:
    """The files of the project, without what tools and running instances leave behind."""
    for entry in sorted(ROOT.iterdir()):
        is_ours = entry.name == ".ci" or not (entry.name.startswith(".") or entry.name.endswith(".egg-info"))
        if entry.is_file():
            yield entry
        elif is_ours and entry.name not in LEFT_BEHIND:
            yield from (file for file in sorted(entry.rglob("*")) if file.is_file() and file.suffix != ".pyc")


def modules() -> Iterator[tuple[str, ast.Module, int]]:
    """Our modules without tests: name, tree, number of lines."""
    for file in files():
        name = file.relative_to(ROOT).as_posix()
        if file.suffix == ".py" and not name.startswith("tests/"):
            text = file.read_text()
            yield name, ast.parse(text), text.count("\n")


def texts() -> Iterator[tuple[str, str]]:
    """Every file that can be read as text."""
    for file in files():
        try:
            yield file.relative_to(ROOT).as_posix(), file.read_text()
        except UnicodeDecodeError:
            continue


def test_nothing_names_the_machine_it_was_written_on() -> None:
    """Paths of one machine do not exist on the next."""
    found = [f"{name}: {match.group()}" for name, text in texts() for match in MACHINE.finditer(text)]
    assert found == []


def test_nothing_names_a_package_registry() -> None:
    """Where packages come from is the business of whoever installs."""
    found = [f"{name}: {match.group()}" for name, text in texts() for match in REGISTRY.finditer(text)]
    assert found == []


def test_no_class_has_an_empty_word_for_a_name() -> None:
    """A name says what a thing is."""
    found = [
        f"{name}: {node.name}"
        for name, tree, _ in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and EMPTY_WORDS.search(node.name)
    ]
    assert found == []


def test_files_stay_readable() -> None:
    """A long file is a package that nobody has made yet; a migration is written once."""
    found = [f"{name}: {lines}" for name, _, lines in modules() if lines > LONGEST_FILE and "/migrations/" not in name]
    assert found == []


def test_every_module_and_every_public_name_says_what_it_is() -> None:
    """One sentence at least."""
    found = []
    for name, tree, _ in modules():
        if tree.body and ast.get_docstring(tree) is None:
            found.append(name)
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                is_public = not node.name.startswith("_") and "migrations/" not in name
                if is_public and ast.get_docstring(node) is None:
                    found.append(f"{name}: {node.name}")
    assert found == []
