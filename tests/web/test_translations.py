"""Both languages are whole: every text has a German one, with the same values in it, and none is left over."""

import re
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import web
from canonical.settings import AdvancedSettings, FeatureSettings
from connectors import specs
from erp.checklist import Item
from web import words

FOLDER = Path(web.__file__).parent
OPTIONS = {"templates/**.html": {"extensions": "jinja2.ext.do", "newstyle_gettext": "true"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
VALUES = re.compile(r"%\((\w+)\)|\{(\w+)\}")


def used() -> dict[str, str]:
    """Every text of templates and code, plural forms under their singular, with the file it is in."""
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    found = extract_from_dir(FOLDER, methods, OPTIONS, keywords=KEYWORDS)
    return {(message if isinstance(message, str) else message[0]): file for file, _, message, _, _ in found}


def german() -> Catalog:
    """The German catalogue: all areas' files together."""
    together = Catalog(locale="de")
    for path in sorted((FOLDER / "locale" / "de" / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if message.id:
                    assert message.id not in together, f"{path.name}: {message.id} is in another file, too"
                    together[message.id] = message
    return together


def strings(message: Message) -> list[str]:
    """A message's German texts: one, or one per plural form."""
    found = message.string if isinstance(message.string, tuple | list) else [message.string]
    return [str(text or "") for text in found]


def test_every_text_has_a_german_one() -> None:
    catalogue = german()
    missing = [
        f"{file}: {msgid}"
        for msgid, file in used().items()
        if not (found := catalogue.get(msgid)) or not all(strings(found))
    ]
    assert missing == []


def test_a_german_text_has_the_same_values_in_it() -> None:
    for message in german():
        msgid = str(message.id if isinstance(message.id, str) else message.id[1])
        for text in strings(message):
            assert set(VALUES.findall(text)) == set(VALUES.findall(msgid)), msgid


def test_no_german_text_is_left_over() -> None:
    known = set(used())
    ids = (message.id if isinstance(message.id, str) else message.id[0] for message in german() if message.id)
    assert [msgid for msgid in ids if msgid not in known] == []


def test_every_row_of_the_readiness_report_has_words() -> None:
    assert {item.value for item in Item} <= words.WORDS["ready"].keys()


def test_every_setting_has_words_in_both_languages() -> None:
    models: list[type[FeatureSettings]] = [
        AdvancedSettings,
        *(offer.settings for spec in specs().values() for offer in spec.features.values()),
    ]
    for model in models:
        for name, info in model.model_fields.items():
            meta = FeatureSettings.meta(info)
            assert info.title and meta["title_de"], name
            assert meta["section"] in words.WORDS["section"], name
            assert bool(info.description) == bool(meta["help_de"]), name
