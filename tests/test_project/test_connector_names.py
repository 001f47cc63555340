"""No workflow, activity, page, command or module of the store knows a connector by name: a new one changes none of them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import connectors

ROOT = Path(__file__).parents[2]
PACKAGES = ("workflows", "activities", "web", "erp", "canonical", "commands", "documents", "adapters", "embedded")
MODULES = ("cli.py", "settings.py", "worker.py")
EXCEPTIONS = {
    ("commands/demo.py", "*"): "The demo starts certain sandboxes and connects them, one of each.",
    ("commands/demo_shops.py", "*"): "The demo's sandboxes.",
    ("commands/orders.py", "woocommerce"): "What `order preview` takes a file for that comes without --connector.",
    ("connectors/__init__.py", "*"): "The registry: the one place that lists them.",
    ("erp/rules/customer.py", "notification.mirakl.net"): (
        "A domain of a mail relay, in one list with those of marketplaces that have no connector."
    ),
}
"""File and text, `*` for all of a file, with the reason why a name may stand there."""


@cache
def names() -> tuple[str, ...]:
    """Keys, packages and titles of all connectors and brands, in small letters."""
    specs = connectors.specs().values()
    return tuple({word.lower() for spec in specs for word in (spec.key, spec.title, spec.implementation)})


def has_name(text: str) -> bool:
    """Whether a connector's name is in a text, in any case."""
    small = text.lower()
    return any(name in small for name in names())


def files() -> list[Path]:
    """The modules that must not know a connector, those shared by the connectors included."""
    inside = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    return [*inside, *(ROOT / "connectors").glob("*.py"), *(ROOT / name for name in MODULES)]


def texts(source: str) -> Iterator[str]:
    """Text constants, names and imports of a module; documentation may give examples."""
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)) and id(node) not in told:
            yield node.value if isinstance(node.value, str) else node.value.decode(errors="replace")
        yield from (
            str(name)
            for field in ("id", "attr", "name", "arg", "module", "asname")
            if isinstance(name := getattr(node, field, None), str)
        )


def found(file: Path) -> set[tuple[str, str]]:
    """The texts of a file with a connector's name in them."""
    place, source = file.relative_to(ROOT).as_posix(), file.read_text()
    # Most files do not even have one in their documentation: they need not be parsed.
    return {(place, text) for text in texts(source) if has_name(text)} if has_name(source) else set()


def test_no_module_beside_the_connectors_knows_one_by_name() -> None:
    known = {each for file in files() for each in found(file)}
    assert {each for each in known if each not in EXCEPTIONS and (each[0], "*") not in EXCEPTIONS} == set()


def test_no_template_script_or_translation_knows_a_connector_by_name() -> None:
    kinds = ("html", "js", "css", "typ", "txt", "po")
    pages = [file for part in ("web", "documents") for kind in kinds for file in (ROOT / part).rglob(f"*.{kind}")]
    assert len(pages) > 50
    assert [file.name for file in pages if has_name(file.read_text())] == []


def test_every_exception_is_needed_and_has_a_reason() -> None:
    for (place, text), reason in EXCEPTIONS.items():
        there = found(ROOT / place)
        assert ((place, text) in there if text != "*" else there) and len(reason) > 15, place


@pytest.mark.parametrize(
    "source",
    [
        'if key == "shopify": pass',
        'title = f"{x} of Shopware 6"',
        "from connectors import mirakl",
        "import connectors.woocommerce.client as client",
        "import connectors.spec as shopware5",
        "def send_to_mirakl(order): ...",
        "shop.woocommerce_id = 5",
        'send(brand="mirakl-douglas")',
        'row["MediaMarkt/Saturn"]',
        "call(shopify=True)",
        'KEY = b"woocommerce"',
    ],
)
def test_a_name_is_found_however_it_is_used(source: str) -> None:
    assert any(has_name(text) for text in texts(source))


def test_documentation_may_give_an_example() -> None:
    assert not any(has_name(text) for text in texts('"""Such as Shopify."""\n\ndef f():\n    """Mirakl."""\n'))
