"""Jinja environments, one per language, with the filters and words that all templates share."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from canonical.codes import CODES, Language
from erp import journal
from web import i18n, places, words
from web.i18n import Texts

TEMPLATES = Path(__file__).parent / "templates"


class Templates:
    """Renders templates in a language; autoescape is on for all of them."""

    def __init__(self, texts: Texts) -> None:
        self._environments = {language: _environment(language, texts) for language in i18n.LANGUAGES}

    def render(self, language: Language, template: str, context: Mapping[str, Any]) -> str:
        """Render one template."""
        return self._environments[language].get_template(template).render(context)


def _environment(language: Language, texts: Texts) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(texts.catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    say = partial(texts.say, language)
    environment.filters |= {
        "money": lambda amount, currency: i18n.money(amount, currency, language),
        "number": lambda value: i18n.number(value, language),
        "exact": lambda moment: i18n.exact(moment, language),
        "clock": i18n.clock,
        "relative": lambda moment: i18n.relative(moment, language),
        "ago": lambda moment: _time_tag(moment, language),
        "day": lambda value: i18n.day(value, language),
        "duration": lambda seconds: i18n.duration(seconds, language),
        "code_text": lambda code, params: CODES[code].say(language, params) if code in CODES else code,
        "code_hint": lambda code: CODES[code].hint(language) if code in CODES else "",
        "describe": lambda event: journal.describe(event, language),
        "say": say,
        "sent": lambda value: _sent(value, say),
        "pretty": _pretty,
        "urlencode_query": lambda values: urlencode({key: value for key, value in values.items() if value}),
    }
    environment.globals |= {
        "language": language,
        "word": lambda kind, value: say(words.word(kind, str(value))),
        "state_of": words.state,
        "icon_of": words.icon,
        "repair_of": places.repair,
        "places": places,
    }
    return environment


def _time_tag(moment: datetime | None, language: Language) -> Markup:
    """A relative time with the exact one on hover."""
    if moment is None:
        return Markup("–")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.isoformat(), i18n.exact(moment, language), i18n.relative(moment, language)
    )


def _sent(value: str, say: Callable[[str], str]) -> str:
    """What a channel confirmed, its first word in the visitor's language; a quantity stays as it is."""
    first, _, rest = value.partition(" ")
    return " ".join((say(words.WORDS["fulfilment"].get(first, first)), rest)).strip()


def _pretty(document: bytes) -> str:
    """A stored document for reading; what is not JSON is shown as it came."""
    try:
        return json.dumps(json.loads(document), indent=2, ensure_ascii=False)
    except ValueError:
        return document.decode("utf-8", "replace")
