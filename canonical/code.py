"""What a code is: a kind, a place of repair, and texts with hints in two languages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from canonical.wording import in_german

Language = Literal["de", "en"]


class Kind(StrEnum):
    """What a code does to a run (style.md, Errors); a note only informs."""

    RETRY = "retry"
    REJECT = "reject"
    SKIP = "skip"
    OPERATOR = "operator"
    NOTE = "note"


class Repair(StrEnum):
    """Where a person repairs it."""

    MAPPING = "mapping"
    ARTICLE = "article"
    SETTINGS = "settings"
    CREDENTIALS = "credentials"
    CHANNEL = "channel"
    MASTER_DATA = "master_data"
    NONE = "none"


class _Tolerant(dict[str, str]):
    """Leaves an unknown placeholder visible instead of failing on it: an error text must never fail."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


@dataclass(frozen=True)
class Code:
    """One code with its texts."""

    kind: Kind
    repair: Repair
    de: str
    en: str
    hint_de: str
    hint_en: str
    words: str = ""
    """The param whose value is made of words of `canonical/wording.py`; data holds them in English."""

    def say(self, language: Language, params: dict[str, str]) -> str:
        """Fill the text with values, words in the reader's language."""
        if language != "de":
            return self.en.format_map(_Tolerant(params))
        if self.words in params:
            params = params | {self.words: in_german(params[self.words])}
        return self.de.format_map(_Tolerant(params))

    def hint(self, language: Language) -> str:
        """Say what to do now."""
        return self.hint_de if language == "de" else self.hint_en
