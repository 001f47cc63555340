"""German and English: catalogues read from the .po files at start, and Babel's formats for money, numbers and times."""

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from babel.support import NullTranslations, Translations

from canonical.codes import Language

LANGUAGES: tuple[Language, ...] = ("de", "en")
LOCALE = Path(__file__).parent / "locale"


def N_(msgid: str) -> str:
    """Mark a text for translation where it is only stored; it is translated where it is shown."""
    return msgid


def load_catalogue(folder: Path) -> Translations:
    """Compile a language's .po files in memory, so that no build step can be forgotten; one file per area of the pages."""
    catalogue = Translations()
    for path in sorted(folder.glob("*.po")):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file))
        compiled.seek(0)
        catalogue.add(Translations(compiled))
    return catalogue


class Texts:
    """The catalogues by language; English texts are their own keys."""

    def __init__(self) -> None:
        self._catalogues: dict[Language, NullTranslations] = {
            "de": load_catalogue(LOCALE / "de" / "LC_MESSAGES"),
            "en": NullTranslations(),
        }

    def catalogue(self, language: Language) -> NullTranslations:
        """One language's catalogue."""
        return self._catalogues[language]

    def say(self, language: Language, msgid: str, **params: object) -> str:
        """Translate a text and fill in values."""
        said = str(self._catalogues[language].gettext(msgid)) if msgid else ""
        return said % params if params else said


@dataclass(frozen=True)
class Voice:
    """The catalogues with the language of one visitor."""

    texts: Texts
    language: Language

    def say(self, msgid: str, **params: object) -> str:
        """Translate a text and fill in values."""
        return self.texts.say(self.language, msgid, **params)


def pick(wanted: str, default: Language = "de") -> Language:
    """One of our languages from a cookie, an account or a browser's `Accept-Language`."""
    for part in wanted.lower().replace("_", "-").split(","):
        for language in LANGUAGES:
            if part.strip().startswith(language):
                return language
    return default


def money(amount: Decimal | None, currency: str, language: Language) -> str:
    """An amount with its currency."""
    return "" if amount is None else str(format_currency(amount, currency or "EUR", locale=language))


def number(value: Decimal | int | None, language: Language) -> str:
    """A number in the language's own signs, without needless zeros."""
    if value is None:
        return ""
    return (
        str(format_decimal(value, locale=language, decimal_quantization=False))
        if isinstance(value, int)
        else str(
            format_decimal(value.normalize() if value else Decimal(0), locale=language, decimal_quantization=False)
        )
    )


def exact(moment: datetime, language: Language) -> str:
    """A moment to the second, where the server stands, with its offset."""
    local = moment.astimezone()
    return f"{format_datetime(local, 'medium', locale=language)} ({local:%z})"


def clock(moment: datetime) -> str:
    """The time of day to the second, where the server stands."""
    return f"{moment.astimezone():%H:%M:%S}"


def relative(moment: datetime, language: Language) -> str:
    """How long ago, or how soon."""
    return str(format_timedelta(moment - datetime.now(UTC), add_direction=True, locale=language))


def day(value: date | datetime, language: Language) -> str:
    """A date."""
    local = value.astimezone() if isinstance(value, datetime) else value
    return str(format_date(local, "medium", locale=language))


def duration(seconds: float, language: Language) -> str:
    """How long something took."""
    if seconds < 60:
        return f"{format_decimal(round(seconds, 1), locale=language)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
